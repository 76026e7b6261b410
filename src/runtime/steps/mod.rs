//! The standard library of steps: pure, composable, without a graph.
//!
//! Each is a [`Step`](super::Step) made by a function of its name; [`Stream`](super::Stream) has a
//! method of the same name for most of them. Rows of the catalogue, by file:
//!
//! | File | Steps |
//! |---|---|
//! | [`statistics`] | windows, weights and what to compute over them |
//! | `transform` | `map`, `map_filter`, `filter`, `scan`, `fold`, `count`, `with_time` |
//! | `transform` | `ticked_at`, `ticked_at_elapsed`, `difference`, `difference_over` |
//! | `transform` | `pairwise`, `inspect`, `delay_ticks` |
//! | `select` | `cutoff`, `distinct`, `drop_small_change`, `limit`, `skip`, `take_while` |
//! | `select` | `skip_while`, `freeze`, `filter_none`, `drop_nans`, `values`, `errors` |
//! | `time` | `delay`, `throttle`, `throttle_latest`, `debounce`, `stale`, `rate_limit` |
//! | `time` | `rate_limit_queued`, `retry`, `snapshot_at` |
//! | `window` | `buffer`, `sliding`, `sliding_time`, `window`, `accumulate` |
//! | `buffer` | `unroll`, `collapse`, `collapse_accumulate` |
//!
//! What a step keeps is within a [`Bound`]; what does not fit is counted in a [`Lost`]. No step
//! has a deadline before its first value.

mod buffer;
#[cfg(test)]
pub(crate) mod harness;
mod select;
pub mod statistics;
#[cfg(test)]
mod tests;
mod time;
mod transform;
mod window;

pub(crate) use buffer::Queue;
pub use buffer::{
    Bound, Burst, Collapse, CollapseAccumulate, Full, Lost, Unroll, collapse, collapse_accumulate,
    unroll,
};
pub use select::{
    Cutoff, DropNans, FilterNone, Freeze, Half, Limit, Skip, SkipWhile, TakeWhile, cutoff,
    distinct, drop_nans, drop_small_change, errors, filter_none, freeze, limit, skip, skip_while,
    take_while, values,
};
pub use time::{
    Backoff, Debounce, Delay, Rate, RateLimit, RateLimitQueued, Retry, SnapshotAt, Stale, Throttle,
    debounce, delay, rate_limit, rate_limit_queued, retry, snapshot_at, stale, throttle,
    throttle_latest,
};
pub use transform::{
    Count, DelayTicks, Difference, Filter, Fold, Inspect, Map, MapFilter, Number, Pairwise, Scan,
    TickedAt, TickedAtElapsed, WithTime, count, delay_ticks, difference, difference_over, filter,
    fold, inspect, map, map_filter, pairwise, scan, ticked_at, ticked_at_elapsed, with_time,
};
pub use window::{Buffer, Sliding, Window, accumulate, buffer, sliding, sliding_time, window};
