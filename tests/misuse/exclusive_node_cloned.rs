//! The one handle that may change a node is doubled.
use waveletd::runtime::{Control, Executor, NodeBuilder};

fn main() {
    let mut executor = Executor::new();
    let node = NodeBuilder::new(1).build_exclusive(&mut executor, |_, _| Control::Broadcast);
    let _second = node.clone();
}
