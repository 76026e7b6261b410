//! One value in, at most one value out, no notion of time.

use super::super::clock::Nanos;
use super::super::step::Step;

/// Gives a function of each value.
#[derive(Debug, Clone, Copy)]
pub struct Map<F>(F);

/// Gives `function(value)` for each value.
pub fn map<I: ?Sized, O, F: FnMut(&I) -> O>(function: F) -> Map<F> {
    Map(function)
}

impl<I: ?Sized, O, F: FnMut(&I) -> O> Step<I> for Map<F> {
    type Out = O;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<O> {
        Some((self.0)(input))
    }
}

/// Gives a function of each value where it has a result.
#[derive(Debug, Clone, Copy)]
pub struct MapFilter<F>(F);

/// Gives what `function(value)` gives, where it gives something.
pub fn map_filter<I: ?Sized, O, F: FnMut(&I) -> Option<O>>(function: F) -> MapFilter<F> {
    MapFilter(function)
}

impl<I: ?Sized, O, F: FnMut(&I) -> Option<O>> Step<I> for MapFilter<F> {
    type Out = O;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<O> {
        (self.0)(input)
    }
}

/// Gives the values that pass a test.
#[derive(Debug, Clone, Copy)]
pub struct Filter<F>(F);

/// Gives the values for which `passes` is true.
pub fn filter<I: Clone, F: FnMut(&I) -> bool>(passes: F) -> Filter<F> {
    Filter(passes)
}

impl<I: Clone, F: FnMut(&I) -> bool> Step<I> for Filter<F> {
    type Out = I;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<I> {
        (self.0)(input).then(|| input.clone())
    }
}

/// Carries a state from value to value and gives a function of both.
#[derive(Debug, Clone, Copy)]
pub struct Scan<S, F> {
    state: S,
    function: F,
}

/// Gives `function(state, value)` for each value; the function may change the state.
pub fn scan<S, I: ?Sized, O, F: FnMut(&mut S, &I) -> O>(state: S, function: F) -> Scan<S, F> {
    Scan { state, function }
}

impl<S, I: ?Sized, O, F: FnMut(&mut S, &I) -> O> Step<I> for Scan<S, F> {
    type Out = O;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<O> {
        Some((self.function)(&mut self.state, input))
    }
}
