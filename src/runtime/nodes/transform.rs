//! Methods of a stream for steps without a notion of time.

use super::super::executor::Executor;
use super::super::steps;
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

    /// The values for which `passes` is true.
    pub fn filter(
        &self,
        executor: &mut Executor,
        passes: impl FnMut(&T) -> bool + 'static,
    ) -> Stream<T>
    where
        T: Clone,
    {
        self.step_named(executor, "filter", steps::filter(passes))
    }
}
