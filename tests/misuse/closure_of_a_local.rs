//! A node's closure borrows what does not live as long as the graph.
use waveletd::runtime::{Control, Executor, NodeBuilder};

fn main() {
    let mut executor = Executor::new();
    let local = 1;
    let _node = NodeBuilder::new(0).build(&mut executor, |state, _| {
        *state += local;
        Control::Broadcast
    });
}
