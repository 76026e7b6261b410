//! Methods of a stream that move values in time, or gather them over it.

use std::time::Duration;

use super::super::builder::NodeBuilder;
use super::super::clock::Nanos;
use super::super::executor::Executor;
use super::super::node::ParentRef;
use super::super::step::Step;
use super::super::steps::{self, Backoff, Bound, Burst, Lost, Rate};
use super::super::stream::{Alarm, Latest, Stream};
use super::outlet::combine_named;

impl<T: Clone + 'static> Stream<T> {
    /// Each value `span` after it came; those that wait are bounded.
    pub fn delay(&self, executor: &mut Executor, span: Duration, bound: Bound) -> Stream<T> {
        self.step_named(executor, "delay", steps::delay(span, bound))
    }

    /// As [`Stream::delay`]; when `reset` broadcasts, what waits is forgotten and the latest value
    /// given at once.
    pub fn delay_with_reset(
        &self,
        executor: &mut Executor,
        span: Duration,
        bound: Bound,
        reset: &impl ParentRef,
    ) -> Stream<T> {
        let (input, reset_id) = (self.clone(), reset.node_id());
        let mut step = steps::delay::<T>(span, bound);
        let mut alarm = Alarm::default();
        combine_named(
            executor,
            "delay_with_reset",
            &[self, reset],
            &[],
            move |ctx| {
                let now = ctx.now();
                let given = if ctx.has_mutated(&reset_id) {
                    step.clear();
                    input.value()
                } else if input.has_ticked(ctx) {
                    input.latest().value().and_then(|value| step.on(value, now))
                } else {
                    step.on_deadline(now)
                };
                alarm.set(step.deadline(), ctx);
                given
            },
        )
    }

    /// A value, then none for `span`: what comes within it is dropped.
    pub fn throttle(&self, executor: &mut Executor, span: Duration) -> Stream<T> {
        self.step_named(executor, "throttle", steps::throttle(span))
    }

    /// A value, then at the end of each `span` the latest that came within it.
    pub fn throttle_latest(&self, executor: &mut Executor, span: Duration) -> Stream<T> {
        self.step_named(executor, "throttle_latest", steps::throttle_latest(span))
    }

    /// The latest value once none has come for `span`.
    pub fn debounce(&self, executor: &mut Executor, span: Duration) -> Stream<T> {
        self.step_named(executor, "debounce", steps::debounce(span))
    }

    /// Values as often as `rate` allows; the others are dropped and counted.
    pub fn rate_limit(&self, executor: &mut Executor, rate: Rate, lost: &Lost) -> Stream<T> {
        self.step_named(executor, "rate_limit", steps::rate_limit(rate, lost))
    }

    /// Values as often as `rate` allows; the others wait their turn, within the bound.
    pub fn rate_limit_queued(
        &self,
        executor: &mut Executor,
        rate: Rate,
        bound: Bound,
    ) -> Stream<T> {
        let step = steps::rate_limit_queued(rate, bound);
        self.step_named(executor, "rate_limit_queued", step)
    }

    /// The result of `attempt(value, failures so far)`, tried again after failures; the error once
    /// all tries have failed. See [`steps::retry`]; [`Stream::split_results`] parts the two.
    pub fn retry<O: 'static, E: 'static>(
        &self,
        executor: &mut Executor,
        backoff: Backoff,
        superseded: &Lost,
        attempt: impl FnMut(&T, u32) -> Result<O, E> + 'static,
    ) -> Stream<Result<O, E>> {
        let step = steps::retry(attempt, backoff, superseded);
        self.step_named(executor, "retry", step)
    }

    /// Once, at `at`, the latest value up to and including that time.
    pub fn snapshot_at(&self, executor: &mut Executor, at: Nanos) -> Stream<T> {
        self.step_named(executor, "snapshot_at", steps::snapshot_at(at))
    }

    /// Every `count` values as one burst.
    pub fn buffer(&self, executor: &mut Executor, count: usize) -> Stream<Burst<T>> {
        self.step_named(executor, "buffer", steps::buffer(count))
    }

    /// The values of each span of the grid of `period` as one burst, at its end.
    pub fn window(
        &self,
        executor: &mut Executor,
        period: Duration,
        bound: Bound,
    ) -> Stream<Burst<T>> {
        self.step_named(executor, "window", steps::window(period, bound))
    }

    /// The last `count` values with each new one.
    pub fn sliding(&self, executor: &mut Executor, count: usize) -> Stream<Burst<T>> {
        self.step_named(executor, "sliding", steps::sliding(count))
    }

    /// The values younger than `span` with each new one.
    pub fn sliding_time(
        &self,
        executor: &mut Executor,
        span: Duration,
        bound: Bound,
    ) -> Stream<Burst<T>> {
        self.step_named(executor, "sliding_time", steps::sliding_time(span, bound))
    }

    /// The same values, and `value` in the first cycle `after` or more after the start where none
    /// has come by then. The start is the first cycle after building; a value that was there
    /// before counts as one that has come, and is given in place of the default.
    pub fn default(&self, executor: &mut Executor, value: T, after: Duration) -> Stream<T> {
        let input = self.clone();
        let mut default = Some(value);
        let mut due: Option<Nanos> = None;
        let mut alarm = Alarm::default();
        let node = NodeBuilder::new(Latest::default())
            .named("default")
            .triggered_by(self)
            .on_init(|executor, _, id| {
                executor.schedule(id);
            })
            .build(executor, move |latest: &mut Latest<T>, ctx| {
                let now = ctx.now();
                if input.has_ticked(ctx) {
                    default = None;
                    alarm.set(None, ctx);
                    return latest.give(input.value(), now);
                }
                let due = *due.get_or_insert(now.after(after));
                if now < due {
                    alarm.set(default.as_ref().map(|_| due), ctx);
                    return latest.give(None, now);
                }
                let given = default.take().map(|value| input.value().unwrap_or(value));
                latest.give(given, now)
            });
        Stream::from(node)
    }
}

impl<T: 'static> Stream<T> {
    /// `false` with the first value, `true` once none has come for `span`, `false` with the next.
    pub fn stale(&self, executor: &mut Executor, span: Duration) -> Stream<bool> {
        self.step_named(executor, "stale", steps::stale(span))
    }

    /// As [`Stream::fold`], from `state` anew when `reset` broadcasts; the new start is given, with
    /// the value of the same cycle folded in.
    pub fn accumulate_with_reset<S: Clone + 'static>(
        &self,
        executor: &mut Executor,
        reset: &impl ParentRef,
        state: S,
        mut function: impl FnMut(&mut S, &T) + 'static,
    ) -> Stream<S> {
        let (input, reset_id) = (self.clone(), reset.node_id());
        let mut current = state.clone();
        combine_named(
            executor,
            "accumulate_with_reset",
            &[self, reset],
            &[],
            move |ctx| {
                if ctx.has_mutated(&reset_id) {
                    current = state.clone();
                }
                if input.has_ticked(ctx)
                    && let Some(value) = input.latest().value()
                {
                    function(&mut current, value);
                }
                Some(current.clone())
            },
        )
    }
}
