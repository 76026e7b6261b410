//! Methods of a stream for steps without a notion of time, and for looking at values.

use std::fmt::{self, Write as _};
use std::io;

use super::super::builder::NodeBuilder;
use super::super::clock::Nanos;
use super::super::context::Context;
use super::super::executor::Executor;
use super::super::node::{Control, Node};
use super::super::steps::{self, Bound, Burst, Lost, Number};
use super::super::stream::Stream;

impl<T: 'static> Stream<T> {
    /// `function(value)` of each value.
    pub fn map<O: 'static>(
        &self,
        executor: &mut Executor,
        function: impl FnMut(&T) -> O + 'static,
    ) -> Stream<O> {
        self.step_named(executor, "map", steps::map(function))
    }

    /// What `function(value)` gives, where it gives something.
    pub fn map_filter<O: 'static>(
        &self,
        executor: &mut Executor,
        function: impl FnMut(&T) -> Option<O> + 'static,
    ) -> Stream<O> {
        self.step_named(executor, "map_filter", steps::map_filter(function))
    }

    /// `function(value)` of each value as two streams: of the good results and of the errors.
    ///
    /// How many errors there were is [`Latest::ticks`](super::super::Latest::ticks) of the second.
    pub fn try_map<O: Clone + 'static, E: Clone + 'static>(
        &self,
        executor: &mut Executor,
        function: impl FnMut(&T) -> Result<O, E> + 'static,
    ) -> (Stream<O>, Stream<E>) {
        self.map(executor, function).split_results(executor)
    }

    /// As [`Stream::try_map`], where a good result may be nothing.
    pub fn try_map_filter<O: Clone + 'static, E: Clone + 'static>(
        &self,
        executor: &mut Executor,
        mut function: impl FnMut(&T) -> Result<Option<O>, E> + 'static,
    ) -> (Stream<O>, Stream<E>) {
        self.map_filter(executor, move |value| function(value).transpose())
            .split_results(executor)
    }

    /// `function(state, value)` of each value; the function may change the state.
    pub fn scan<S: 'static, O: 'static>(
        &self,
        executor: &mut Executor,
        state: S,
        function: impl FnMut(&mut S, &T) -> O + 'static,
    ) -> Stream<O> {
        self.step_named(executor, "scan", steps::scan(state, function))
    }

    /// A state that `function(state, value)` changes with each value.
    pub fn fold<S: Clone + 'static>(
        &self,
        executor: &mut Executor,
        state: S,
        function: impl FnMut(&mut S, &T) + 'static,
    ) -> Stream<S> {
        self.step_named(executor, "fold", steps::fold(state, function))
    }

    /// All values so far, within the bound. Costs a copy of all that is kept for each value.
    pub fn accumulate(&self, executor: &mut Executor, bound: Bound) -> Stream<Burst<T>>
    where
        T: Clone,
    {
        self.step_named(executor, "accumulate", steps::accumulate(bound))
    }

    /// How many values there have been, from 1.
    pub fn count(&self, executor: &mut Executor) -> Stream<u64> {
        self.step_named(executor, "count", steps::count())
    }

    /// Each value with the time it came.
    pub fn with_time(&self, executor: &mut Executor) -> Stream<(Nanos, T)>
    where
        T: Clone,
    {
        self.step_named(executor, "with_time", steps::with_time())
    }

    /// The time of each value, in place of the value.
    pub fn ticked_at(&self, executor: &mut Executor) -> Stream<Nanos> {
        self.step_named(executor, "ticked_at", steps::ticked_at())
    }

    /// Nanoseconds from the first value to each value.
    pub fn ticked_at_elapsed(&self, executor: &mut Executor) -> Stream<u64> {
        self.step_named(executor, "ticked_at_elapsed", steps::ticked_at_elapsed())
    }

    /// Each value less the one before, from the second on. Cannot overflow.
    pub fn difference(&self, executor: &mut Executor) -> Stream<T::Wide>
    where
        T: Number,
        T::Wide: 'static,
    {
        self.step_named(executor, "difference", steps::difference())
    }

    /// `(the one before, value)`, from the second value on.
    pub fn pairwise(&self, executor: &mut Executor) -> Stream<(T, T)>
    where
        T: Clone,
    {
        self.step_named(executor, "pairwise", steps::pairwise())
    }

    /// The value that came `count` values before.
    pub fn delay_ticks(&self, executor: &mut Executor, count: usize) -> Stream<T>
    where
        T: Clone,
    {
        self.step_named(executor, "delay_ticks", steps::delay_ticks(count))
    }

    /// The same values; calls `look(value, time)` for each as it passes.
    pub fn inspect(
        &self,
        executor: &mut Executor,
        look: impl FnMut(&T, Nanos) + 'static,
    ) -> Stream<T>
    where
        T: Clone,
    {
        self.step_named(executor, "inspect", steps::inspect(look))
    }

    /// The same values; hands a line `label time value` to `sink` for each. The line's memory is
    /// used again.
    pub fn logged(
        &self,
        executor: &mut Executor,
        label: &'static str,
        mut sink: impl FnMut(&str) + 'static,
    ) -> Stream<T>
    where
        T: Clone + fmt::Debug,
    {
        let mut line = String::new();
        self.inspect(executor, move |value, now| {
            line.clear();
            // Writing to a string does not fail; a value that cannot be shown is shown in part.
            let _ = write!(line, "{label} {now} {value:?}");
            sink(&line);
        })
    }

    /// The same values; writes each as a line to `writer`. Lines it refuses are counted in `lost`.
    pub fn print(
        &self,
        executor: &mut Executor,
        mut writer: impl io::Write + 'static,
        lost: &Lost,
    ) -> Stream<T>
    where
        T: Clone + fmt::Display,
    {
        let lost = lost.clone();
        self.inspect(executor, move |value, _| {
            if writeln!(writer, "{value}").is_err() {
                lost.add(1);
            }
        })
    }

    /// Calls `act(value, context)` for each value, as long as the returned node is held.
    #[must_use = "the node leaves the graph when nobody holds it"]
    pub fn for_each(
        &self,
        executor: &mut Executor,
        mut act: impl FnMut(&T, &mut Context<'_>) + 'static,
    ) -> Node<()> {
        let input = self.clone();
        NodeBuilder::new(())
            .named("for_each")
            .triggered_by(self)
            .build(executor, move |(), ctx| {
                if let Some(value) = input.latest().value() {
                    act(value, ctx);
                }
                Control::Unchanged
            })
    }

    /// Calls `end` with the last value once the returned node is gone: let go, swept, or the graph
    /// dropped.
    #[must_use = "the node leaves the graph when nobody holds it"]
    pub fn finally(
        &self,
        executor: &mut Executor,
        end: impl FnOnce(Option<T>) + 'static,
    ) -> Node<Option<T>>
    where
        T: Clone,
    {
        let input = self.clone();
        NodeBuilder::new(None)
            .named("finally")
            .triggered_by(self)
            .on_drop(|last: &mut Option<T>| end(last.take()))
            .build(executor, move |last, _| {
                *last = input.value();
                Control::Unchanged
            })
    }

    /// Hands the count and times of the values to `sink` once the returned node is gone.
    #[must_use = "the node leaves the graph when nobody holds it"]
    pub fn timed(
        &self,
        executor: &mut Executor,
        sink: impl FnOnce(Timed) + 'static,
    ) -> Node<Timed> {
        NodeBuilder::new(Timed::default())
            .named("timed")
            .triggered_by(self)
            .on_drop(|timed: &mut Timed| sink(*timed))
            .build(executor, |timed, ctx| {
                timed.count += 1;
                timed.first.get_or_insert(ctx.now());
                timed.last = Some(ctx.now());
                Control::Unchanged
            })
    }
}

/// What [`Stream::timed`] reports. Times are those of cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Timed {
    /// Values seen.
    pub count: u64,
    /// When the first came; `None` where none came.
    pub first: Option<Nanos>,
    /// When the last came; `None` where none came.
    pub last: Option<Nanos>,
}

impl<T: Clone + 'static, E: Clone + 'static> Stream<Result<T, E>> {
    /// The good results and the errors as two streams.
    pub fn split_results(&self, executor: &mut Executor) -> (Stream<T>, Stream<E>) {
        (
            self.step_named(executor, "values", steps::values()),
            self.step_named(executor, "errors", steps::errors()),
        )
    }
}

impl<T: Clone + 'static> Stream<Burst<T>> {
    /// The values of bursts one a cycle, at the instant they came; those that wait are bounded.
    pub fn unroll(&self, executor: &mut Executor, bound: Bound) -> Stream<T> {
        self.step_named(executor, "unroll", steps::unroll(bound))
    }

    /// The last value of each burst.
    pub fn collapse(&self, executor: &mut Executor) -> Stream<T> {
        self.step_named(executor, "collapse", steps::collapse())
    }

    /// A state into which the values of each burst are folded, once a burst.
    pub fn collapse_accumulate<S: Clone + 'static>(
        &self,
        executor: &mut Executor,
        state: S,
        function: impl FnMut(&mut S, &T) + 'static,
    ) -> Stream<S> {
        self.step_named(
            executor,
            "collapse_accumulate",
            steps::collapse_accumulate(state, function),
        )
    }

    /// Bursts of the values for which `passes` is true; nothing where there are none.
    pub fn filter_each(
        &self,
        executor: &mut Executor,
        mut passes: impl FnMut(&T) -> bool + 'static,
    ) -> Stream<Burst<T>> {
        self.map_each(executor, move |value| passes(value).then(|| value.clone()))
    }

    /// Bursts of the values that differ from the one before, in the same burst or an earlier one.
    pub fn distinct_each(&self, executor: &mut Executor) -> Stream<Burst<T>>
    where
        T: PartialEq,
    {
        let mut last: Option<T> = None;
        self.map_each(executor, move |value| {
            if last.as_ref() == Some(value) {
                return None;
            }
            last = Some(value.clone());
            Some(value.clone())
        })
    }

    /// Bursts of what `function` gives for each value; nothing where it gives nothing.
    pub fn map_each<O: 'static>(
        &self,
        executor: &mut Executor,
        mut function: impl FnMut(&T) -> Option<O> + 'static,
    ) -> Stream<Burst<O>> {
        self.map_filter(executor, move |burst| {
            let given: Burst<O> = burst.iter().filter_map(&mut function).collect();
            (!given.is_empty()).then_some(given)
        })
    }
}
