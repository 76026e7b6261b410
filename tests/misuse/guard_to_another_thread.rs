//! A guard of a lazy node is moved to another thread.
use waveletd::runtime::{Control, Executor, NodeBuilder};

fn main() {
    let mut executor = Executor::new();
    let node = NodeBuilder::new(1).lazy().build(&mut executor, |_, _| Control::Broadcast);
    is_send(node.observe());
}

fn is_send<T: Send>(_: T) {}
