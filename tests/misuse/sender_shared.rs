//! One sender is used by two threads at once.
use waveletd::runtime::{Control, Executor, NodeBuilder};

fn main() {
    let mut executor = Executor::new();
    let (_node, mut sender) =
        NodeBuilder::new(0).build_with_channel(&mut executor, 4, |_, _, _| Control::Broadcast);
    std::thread::scope(|scope| {
        scope.spawn(|| sender.try_send(1));
        scope.spawn(|| sender.try_send(2));
    });
}
