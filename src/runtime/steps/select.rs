//! Which values go on: cut-offs, limits, and tests that remember.

use super::super::clock::Nanos;
use super::super::step::Step;

/// Cuts off what has not changed enough. Made by [`cutoff`], [`distinct`], [`drop_small_change`].
#[derive(Debug, Clone, Copy)]
pub struct Cutoff<I, F> {
    last: Option<I>,
    is_same: F,
}

/// Gives the values for which `is_same(last given, value)` is false; the first always.
pub fn cutoff<I: Clone, F: FnMut(&I, &I) -> bool>(is_same: F) -> Cutoff<I, F> {
    Cutoff {
        last: None,
        is_same,
    }
}

/// Gives the values that differ from the last one given.
#[must_use]
pub fn distinct<I: Clone + PartialEq>() -> Cutoff<I, fn(&I, &I) -> bool> {
    cutoff(I::eq)
}

/// Gives the values that differ from the last one given by `threshold` or more, in the value's own
/// unit. What is not a number goes through, as does the first number after it.
pub fn drop_small_change(threshold: f64) -> Cutoff<f64, impl FnMut(&f64, &f64) -> bool + Clone> {
    cutoff(move |last: &f64, value: &f64| (value - last).abs() < threshold)
}

impl<I: Clone, F: FnMut(&I, &I) -> bool> Step<I> for Cutoff<I, F> {
    type Out = I;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<I> {
        if let Some(last) = &self.last
            && (self.is_same)(last, input)
        {
            return None;
        }
        self.last = Some(input.clone());
        Some(input.clone())
    }
}

/// The first so many values. Made by [`limit`].
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    left: u64,
}

/// Gives the first `count` values, then nothing.
#[must_use]
pub fn limit(count: u64) -> Limit {
    Limit { left: count }
}

impl<I: Clone> Step<I> for Limit {
    type Out = I;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<I> {
        self.left = self.left.checked_sub(1)?;
        Some(input.clone())
    }
}

/// All but the first so many values. Made by [`skip`].
#[derive(Debug, Clone, Copy)]
pub struct Skip {
    left: u64,
}

/// Gives the values after the first `count`.
#[must_use]
pub fn skip(count: u64) -> Skip {
    Skip { left: count }
}

impl<I: Clone> Step<I> for Skip {
    type Out = I;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<I> {
        if self.left > 0 {
            self.left -= 1;
            return None;
        }
        Some(input.clone())
    }
}

/// The values up to a test. Made by [`take_while`].
#[derive(Debug, Clone, Copy)]
pub struct TakeWhile<F> {
    passes: F,
    ended: bool,
}

/// Gives values until `passes` is false for the first time, then nothing.
pub fn take_while<I: Clone, F: FnMut(&I) -> bool>(passes: F) -> TakeWhile<F> {
    TakeWhile {
        passes,
        ended: false,
    }
}

impl<I: Clone, F: FnMut(&I) -> bool> Step<I> for TakeWhile<F> {
    type Out = I;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<I> {
        self.ended = self.ended || !(self.passes)(input);
        (!self.ended).then(|| input.clone())
    }
}

/// The values from a test on. Made by [`skip_while`].
#[derive(Debug, Clone, Copy)]
pub struct SkipWhile<F> {
    passes: F,
    begun: bool,
}

/// Gives nothing while `skips` is true, and everything from the first value for which it is not.
pub fn skip_while<I: Clone, F: FnMut(&I) -> bool>(skips: F) -> SkipWhile<F> {
    SkipWhile {
        passes: skips,
        begun: false,
    }
}

impl<I: Clone, F: FnMut(&I) -> bool> Step<I> for SkipWhile<F> {
    type Out = I;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<I> {
        self.begun = self.begun || !(self.passes)(input);
        self.begun.then(|| input.clone())
    }
}

/// Values until one to hold. Made by [`freeze`].
#[derive(Debug, Clone, Copy)]
pub struct Freeze<F> {
    when: F,
    frozen: bool,
}

/// Gives values up to and including the first for which `when` is true, then nothing: the stream
/// stays at that value.
pub fn freeze<I: Clone, F: FnMut(&I) -> bool>(when: F) -> Freeze<F> {
    Freeze {
        when,
        frozen: false,
    }
}

impl<I: Clone, F: FnMut(&I) -> bool> Step<I> for Freeze<F> {
    type Out = I;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<I> {
        if self.frozen {
            return None;
        }
        self.frozen = (self.when)(input);
        Some(input.clone())
    }
}

/// The contents of options. Made by [`filter_none`].
#[derive(Debug, Clone, Copy)]
pub struct FilterNone;

/// Gives what is inside, nothing for `None`.
#[must_use]
pub fn filter_none() -> FilterNone {
    FilterNone
}

impl<T: Clone> Step<Option<T>> for FilterNone {
    type Out = T;

    #[inline]
    fn on(&mut self, input: &Option<T>, _: Nanos) -> Option<T> {
        input.clone()
    }
}

/// Numbers that are numbers. Made by [`drop_nans`].
#[derive(Debug, Clone, Copy)]
pub struct DropNans;

/// Gives the values that are numbers; infinities are.
#[must_use]
pub fn drop_nans() -> DropNans {
    DropNans
}

impl Step<f64> for DropNans {
    type Out = f64;

    #[inline]
    fn on(&mut self, input: &f64, _: Nanos) -> Option<f64> {
        (!input.is_nan()).then_some(*input)
    }
}

/// The good or the bad half of results. Made by [`values`] and [`errors`].
#[derive(Debug, Clone, Copy)]
pub struct Half<const GOOD: bool>;

/// Gives the values of the results that are good.
#[must_use]
pub fn values() -> Half<true> {
    Half
}

/// Gives the errors of the results that are not.
#[must_use]
pub fn errors() -> Half<false> {
    Half
}

impl<T: Clone, E> Step<Result<T, E>> for Half<true> {
    type Out = T;

    #[inline]
    fn on(&mut self, input: &Result<T, E>, _: Nanos) -> Option<T> {
        input.as_ref().ok().cloned()
    }
}

impl<T, E: Clone> Step<Result<T, E>> for Half<false> {
    type Out = E;

    #[inline]
    fn on(&mut self, input: &Result<T, E>, _: Nanos) -> Option<E> {
        input.as_ref().err().cloned()
    }
}
