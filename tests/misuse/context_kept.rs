//! The context is kept beyond the run.
#![allow(unused)]
use waveletd::runtime::{Context, Control, Executor, NodeBuilder};

fn main() {
    let mut executor = Executor::new();
    let mut kept: Option<&mut Context<'static>> = None;
    let _node = NodeBuilder::new(1).build(&mut executor, move |_, ctx| {
        kept = Some(ctx);
        Control::Broadcast
    });
}
