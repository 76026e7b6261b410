//! Messages read in place are kept while the channel is read on.
use waveletd::runtime::{Control, Executor, NodeBuilder};

fn main() {
    let mut executor = Executor::new();
    let (_node, _sender) = NodeBuilder::new(0_u64).build_with_channel(
        &mut executor,
        4,
        |state, _ctx, receiver| {
            let chunk = receiver.chunk(2);
            let next: Option<u64> = receiver.try_receive().ok();
            *state = next.unwrap_or(0);
            chunk.commit_all();
            Control::Broadcast
        },
    );
}
