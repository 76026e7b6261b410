//! The standard library of nodes: sources, what needs several parents, what builds nodes, and the
//! methods of [`Stream`](super::Stream) for single steps.
//!
//! - **Ticks.** A stream has at most one value a cycle; what several values of one instant must not
//!   lose travels as a [`Burst`]. A node that takes several streams says what it does in a tie.
//! - **Bounds.** What is kept is within a [`Bound`], what is lost is counted in a [`Lost`].
//! - **Life.** A stream lives as long as it is held, by a handle or by what is built on it. Nodes
//!   for their effects alone ([`Stream::for_each`](super::Stream::for_each)) are the caller's to
//!   hold.
//!
//! # Peers
//!
//! The operators of other stream runtimes by their names, and what answers to each here. Names in
//! plain type are methods of `Stream` or functions of this module.
//!
//! ## wsnl, the library of wavelet
//!
//! | There | Here |
//! |---|---|
//! | `Router`, `route` | `Router`, `Router::route`: on demand, weak, what has no route counted |
//! | `route_stream_node` | `Router::bursts` |
//! | `take_route_stream_node` | `Router::taking` of a `Handover` |
//! | `channel_route_stream_node` | `Router::channel` |
//! | `switch_stream_node` | `switch_events` |
//! | `take_switch_stream_node`, `take_switch_node` | `take_switch` |
//! | `switch_node` | `switch` |
//! | `and_node`, `and_node_with_init` | `and`, `and_with_init`, `and_with_bootstrap` |
//! | `and_node_with_bootstrap` | `and`, `and_with_init`, `and_with_bootstrap` |
//! | `or_node`, `or_node_with_init` | `or`, `or_with_init`, `or_with_bootstrap` |
//! | `or_node_with_bootstrap` | `or`, `or_with_init`, `or_with_bootstrap` |
//! | `xor_node`, `xor_node_with_init` | `xor`, `xor_with_init`, `xor_with_bootstrap` |
//! | `xor_node_with_bootstrap` | `xor`, `xor_with_init`, `xor_with_bootstrap` |
//! | `periodic_trigger_node` | `ticker` |
//! | `accumulate_stream_node` | `fold`, over bursts `collapse_accumulate` |
//! | `accumulate_stream_with_reset_node` | `accumulate_with_reset` |
//! | `deduplicate_stream_node` | `distinct`, over bursts `distinct_each` |
//! | `filter_stream_node` | `filter`, over bursts `filter_each` |
//! | `constant_node` | `constant` |
//! | `sweep_node` | `sweep_on` |
//!
//! ## wingfoil
//!
//! | There | Here |
//! |---|---|
//! | `ticker`, `constant`, `never`, `poll`, `feedback` | the same names; also `poll_every` |
//! | `external` | `input`, or `NodeBuilder::build_with_notifier` |
//! | `channel`, `channel_bounded` | `channel`, `channel_latest`, `channel_burst`: always bounded |
//! | `pooled_channel`, `pooled_channel_with` | `pooled_channel` |
//! | `source_at_start`, `spawn`, `spawn_bounded` | `spawn` |
//! | `spawn_map`, `spawn_map_bounded` | `spawn_map` |
//! | `source`, `custom_node` | `NodeBuilder` |
//! | `combine` | `combine` |
//! | `replay_results` | `curve`, or `HistoricalRuntime` with a source of events |
//! | `produce_async` | a `Sender` in the task |
//! | `consume_async` | a ring out of a node, with `Wake::with_hook` to the task |
//! | `map`, `try_map` | the same names; errors are a second stream, counted by its ticks |
//! | `map_filter` | the same names; errors are a second stream, counted by its ticks |
//! | `try_map_filter` | the same names; errors are a second stream, counted by its ticks |
//! | `with_time`, `ticked_at` | the same names; errors are a second stream, counted by its ticks |
//! | `ticked_at_elapsed` | the same names; errors are a second stream, counted by its ticks |
//! | `count`, `fold`, `scan` | the same names; errors are a second stream, counted by its ticks |
//! | `accumulate` | the same names; errors are a second stream, counted by its ticks |
//! | `join`, `join_passive`, `join3` | the same names |
//! | `try_join`, `try_join_passive`, `try_join3` | the join, then `split_results` |
//! | `filter` | `filter_by` a stream; `filter` takes a closure |
//! | `filter_value` | `filter` |
//! | `sample` | `sample` |
//! | `merge`, `merge_n` | `merge`: ties counted |
//! | `merge_all` | `merge_all` |
//! | `map_n` | `map_n` |
//! | `fan` | any number of children of one stream; in one node `fan` |
//! | `limit`, `skip`, `take_while`, `throttle`, `window`, `buffer`, `inspect` | the same names |
//! | `logged`, `distinct`, `drop_small_change`, `difference`, `pairwise`, `not` | the same names |
//! | `print`, `timed`, `delay`, `delay_with_reset` | the same names |
//! | `collapse`, `collapse_accumulate` | the same names |
//! | `for_each`, `for_each_mut` | `for_each`, whose closure may change what it holds; `finally` |
//! | `finally` | `for_each`, whose closure may change what it holds; `finally` |
//! | `split`, `filter_none` | the same names; `split_results` for results |
//! | `demux`, `demux_it`, `demux_map` | `demux`, `demux_n`, `Router::bursts` |
//! | `dynamic_group` | `dynamic_group` |
//! | `Extension` | `Context::spawn_subgraph`, `bind`, `Group::remove`, `Executor::sweep` |
//! | `add_upstream` | `Context::spawn_subgraph`, `bind`, `Group::remove`, `Executor::sweep` |
//! | `remove` | `Context::spawn_subgraph`, `bind`, `Group::remove`, `Executor::sweep` |
//! | `run_dynamic` | `Context::spawn_subgraph`, `bind`, `Group::remove`, `Executor::sweep` |
//!
//! ## csp
//!
//! | There | Here |
//! |---|---|
//! | `print`, `log` | `print`, `logged` |
//! | `sample`, `firstN`, `count`, `delay` | `sample`, `limit`, `count`, `delay` and `delay_ticks` |
//! | `diff` | `difference`, `steps::difference_over` |
//! | `merge`, `split` | `merge`, `split` |
//! | `filter` | `filter_by` |
//! | `drop_dups` | `distinct` |
//! | `unroll` | `unroll` |
//! | `collect` | `merge_all` |
//! | `flatten` | `merge`; of a stream of streams `flatten` |
//! | `default`, `gate` | `default`, `gate` |
//! | `apply` | `map` |
//! | `null_ts` | `never` |
//! | `stop_engine` | `terminate_on` |
//! | `multiplex` | `multiplex` |
//! | `demultiplex`, `dynamic_demultiplex` | `demux`, `Router`; a key of its own by `both` first |
//! | `dynamic_collect` | `Group::stream` of `dynamic_group` |
//! | `drop_nans` | `drop_nans` |
//! | `times`, `times_ns` | `ticked_at` |
//! | `accum` | `fold` |
//! | `exprtk` | a closure in `map`, `join` or `map_n` |
//! | `add`, `subtract`, `multiply`, `divide`, `pow`, `mod`, `floor`, `ceil`, `round` | a closure |
//! | `abs`, `sqrt`, `exp`, `exp2`, `ln`, `log2`, `log10`, `sin` to `arctanh` | a closure |
//! | `eq`, `ne`, `gt`, `ge`, `lt`, `le`, `pos`, `neg`, `bitwise_not` | a closure |
//! | `and_`, `or_`, `not_` | `and`, `or`, `not` |
//! | `timer` | `ticker`, `at_intervals` |
//! | `const`, `curve`, `feedback` | `constant`, `curve`, `feedback` |
//! | `sync_list`, `sync_dict` | `sync` |
//! | `sample_list`, `sample_dict` | `sample_n` |
//! | `PushMode`, `PushGroup` | `channel_latest`, `channel`, `channel_burst`; `channel_group` |
//! | `ticked` | `Stream::has_ticked`, `Stream::is_valid`; `all_ticked`, `any_ticked`, `all_valid` |
//! | `valid` | `Stream::has_ticked`, `Stream::is_valid`; `all_ticked`, `any_ticked`, `all_valid` |
//!
//! ## incremental
//!
//! | There | Here |
//! |---|---|
//! | `const` | `constant` |
//! | `map` | `map`, `join`, `join3`; `map_n` of one type, `combine` of any number and types |
//! | `map2` | `map`, `join`, `join3`; `map_n` of one type, `combine` of any number and types |
//! | `map3` | `map`, `join`, `join3`; `map_n` of one type, `combine` of any number and types |
//! | `map15` | `map`, `join`, `join3`; `map_n` of one type, `combine` of any number and types |
//! | `bind`, `bind2`, `bind4` | `bind`, of several after `both` |
//! | `join` | `flatten` |
//! | `if_` | `if_` |
//! | `freeze` | `freeze` |
//! | `depend_on` | `depend_on` |
//! | `necessary_if_alive` | none needed: what is held runs |
//! | `for_all`, `exists`, `both` | the same names |
//! | `all` | `map_n` |
//! | `array_fold`, `reduce_balanced` | the same names |
//! | `unordered_array_fold`, `opt_unordered_array_fold` | `unordered_fold`, `opt_unordered_fold` |
//! | `sum`, `opt_sum` | the same names; integers do not overflow |
//! | `Var` | `Input` |
//! | `Observer`, `on_update` | `Stream::value`, `for_each` |
//! | `Cutoff`, `set_cutoff` | `cutoff`, `distinct`; `Control::Unchanged` in a node |
//! | `memoize_fun`, `weak_memoize_fun` | `KeyedFactory`, which is weak |
//! | `at`, `after`, `at_intervals`, `step_function` | the same names |
//! | `snapshot` | `snapshot_at` |
//! | `Expert` | `NodeBuilder` and `Context` |
//! | `save_dot` | no operator: a graph is shown by the executor that has it |
//!
//! # More than the peers have
//!
//! `throttle_latest`, `debounce`, `stale`, `rate_limit`, `rate_limit_queued`, `retry`, `sliding`,
//! `sliding_time`, `skip_while`, `merge_bursts`, `channel_group` for any source, `take_map`.

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
mod threads;
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
pub use threads::{SpawnedMap, spawn};
pub use transform::Timed;
