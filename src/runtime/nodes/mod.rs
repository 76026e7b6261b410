//! The standard library of nodes: sources, what needs several parents, what builds nodes, and the
//! methods of [`Stream`](super::Stream) for single steps.

mod channels;
mod dynamic;
mod join;
mod logic;
mod merge;
mod outlet;
mod router;
mod select;
mod sources;
mod switch;
#[cfg(test)]
mod tests;
mod time;
mod transform;

pub use super::steps::{Bound, Burst, Lost};
pub use channels::{
    AtEnd, Handover, PooledSender, channel, channel_burst, channel_group, channel_handover,
    channel_latest, pooled_channel, take_switch,
};
pub use dynamic::{Group, GroupLimits, dynamic_group, sweep_on, terminate_on};
pub use join::{
    Synced, all_ticked, all_valid, any_ticked, array_fold, map_n, opt_sum, opt_unordered_fold,
    reduce_balanced, sample_n, sum, sync, unordered_fold,
};
pub use logic::{
    and, and_with_bootstrap, and_with_init, exists, for_all, or, or_with_bootstrap, or_with_init,
    xor, xor_with_bootstrap, xor_with_init,
};
pub use merge::{merge, merge_all, merge_bursts};
pub use outlet::combine;
pub use router::Router;
pub use sources::{
    Feedback, Input, Tick, after, at, at_intervals, constant, curve, feedback, input, never, poll,
    poll_every, step_function, ticker,
};
pub use switch::{any, if_, multiplex, switch, switch_events};
pub use transform::Timed;
