//! Methods of a stream that choose which values go on: by themselves, or by another stream.

use super::super::executor::Executor;
use super::super::node::ParentRef;
use super::super::steps::{self, Bound, Burst, Queue};
use super::super::stream::Stream;
use super::outlet::combine_named;

impl<T: Clone + 'static> Stream<T> {
    /// The values for which `passes` is true.
    pub fn filter(
        &self,
        executor: &mut Executor,
        passes: impl FnMut(&T) -> bool + 'static,
    ) -> Stream<T> {
        self.step_named(executor, "filter", steps::filter(passes))
    }

    /// The values that come while the latest of `flag` is true.
    pub fn filter_by(&self, executor: &mut Executor, flag: &Stream<bool>) -> Stream<T> {
        let (input, open) = (self.clone(), flag.clone());
        combine_named(executor, "filter_by", &[self], &[flag], move |_| {
            if open.value()? { input.value() } else { None }
        })
    }

    /// The values that come while the latest of `flag` is true, and those while it is false; those
    /// before `flag` has a value go nowhere.
    pub fn split(&self, executor: &mut Executor, flag: &Stream<bool>) -> (Stream<T>, Stream<T>) {
        let closed = flag.not(executor);
        (
            self.filter_by(executor, flag),
            self.filter_by(executor, &closed),
        )
    }

    /// The values that differ from the last one given.
    pub fn distinct(&self, executor: &mut Executor) -> Stream<T>
    where
        T: PartialEq,
    {
        self.step_named(executor, "distinct", steps::distinct())
    }

    /// The values for which `is_same(last given, value)` is false.
    pub fn cutoff(
        &self,
        executor: &mut Executor,
        is_same: impl FnMut(&T, &T) -> bool + 'static,
    ) -> Stream<T> {
        self.step_named(executor, "cutoff", steps::cutoff(is_same))
    }

    /// The first `count` values.
    pub fn limit(&self, executor: &mut Executor, count: u64) -> Stream<T> {
        self.step_named(executor, "limit", steps::limit(count))
    }

    /// The values after the first `count`.
    pub fn skip(&self, executor: &mut Executor, count: u64) -> Stream<T> {
        self.step_named(executor, "skip", steps::skip(count))
    }

    /// Values until `passes` is false for the first time.
    pub fn take_while(
        &self,
        executor: &mut Executor,
        passes: impl FnMut(&T) -> bool + 'static,
    ) -> Stream<T> {
        self.step_named(executor, "take_while", steps::take_while(passes))
    }

    /// Values from the first for which `skips` is false.
    pub fn skip_while(
        &self,
        executor: &mut Executor,
        skips: impl FnMut(&T) -> bool + 'static,
    ) -> Stream<T> {
        self.step_named(executor, "skip_while", steps::skip_while(skips))
    }

    /// Values up to and including the first for which `when` is true.
    pub fn freeze(
        &self,
        executor: &mut Executor,
        when: impl FnMut(&T) -> bool + 'static,
    ) -> Stream<T> {
        self.step_named(executor, "freeze", steps::freeze(when))
    }

    /// The latest value, each time `trigger` broadcasts; this stream does not make it tick.
    pub fn sample(&self, executor: &mut Executor, trigger: &impl ParentRef) -> Stream<T> {
        let input = self.clone();
        combine_named(executor, "sample", &[trigger], &[self], move |_| {
            input.value()
        })
    }

    /// The same values, above `on` in the order of a cycle and keeping it alive.
    pub fn depend_on(&self, executor: &mut Executor, on: &impl ParentRef) -> Stream<T> {
        let input = self.clone();
        combine_named(executor, "depend_on", &[self], &[on], move |_| {
            input.value()
        })
    }

    /// Holds values back while the latest of `release` is not true; gives them as one burst when it
    /// turns true, and each at once while it is.
    pub fn gate(
        &self,
        executor: &mut Executor,
        release: &Stream<bool>,
        bound: Bound,
    ) -> Stream<Burst<T>> {
        let (input, open) = (self.clone(), release.clone());
        let mut held = Queue::new(bound);
        combine_named(executor, "gate", &[self, release], &[], move |ctx| {
            if input.has_ticked(ctx)
                && let Some(value) = input.value()
            {
                held.push(value);
            }
            let gives = open.value()? && !held.is_empty();
            gives.then(|| held.drain().collect())
        })
    }
}

impl<T: Clone + 'static> Stream<Option<T>> {
    /// What is inside, nothing for `None`.
    pub fn filter_none(&self, executor: &mut Executor) -> Stream<T> {
        self.step_named(executor, "filter_none", steps::filter_none())
    }
}

impl Stream<f64> {
    /// The values that are numbers.
    pub fn drop_nans(&self, executor: &mut Executor) -> Stream<f64> {
        self.step_named(executor, "drop_nans", steps::drop_nans())
    }

    /// The values that differ from the last one given by `threshold` or more.
    pub fn drop_small_change(&self, executor: &mut Executor, threshold: f64) -> Stream<f64> {
        let step = steps::drop_small_change(threshold);
        self.step_named(executor, "drop_small_change", step)
    }
}
