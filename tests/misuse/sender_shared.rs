//! One sender is doubled, so that two threads might send at once.
use waveletd::runtime::{Control, Executor, NodeBuilder};

fn main() {
    let mut executor = Executor::new();
    let (_node, sender) = NodeBuilder::new(0).build_with_channel(
        &mut executor,
        4,
        |_, _, receiver| Control::from(receiver.try_receive() == Ok(1)),
    );
    let _second = sender.clone();
}
