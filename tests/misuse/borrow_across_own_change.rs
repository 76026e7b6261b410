//! A borrowed state is held while the same handle changes it.
use waveletd::runtime::{Control, Executor, NodeBuilder};

fn main() {
    let mut executor = Executor::new();
    let mut node = NodeBuilder::new(1).build_exclusive(&mut executor, |_, _| Control::Broadcast);
    let first = node.borrow_mut();
    node.update(&mut executor, |state| *state += 1);
    drop(first);
}
