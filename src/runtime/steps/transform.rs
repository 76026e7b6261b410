//! One value in, at most one value out, no notion of time.

use std::collections::VecDeque;

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

/// Folds values into a state and gives the state. Made by [`fold`].
#[derive(Debug, Clone, Copy)]
pub struct Fold<S, F> {
    state: S,
    function: F,
}

/// Has `function(state, value)` change the state, and gives the state after each value.
pub fn fold<S: Clone, I: ?Sized, F: FnMut(&mut S, &I)>(state: S, function: F) -> Fold<S, F> {
    Fold { state, function }
}

impl<S: Clone, I: ?Sized, F: FnMut(&mut S, &I)> Step<I> for Fold<S, F> {
    type Out = S;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<S> {
        (self.function)(&mut self.state, input);
        Some(self.state.clone())
    }
}

/// Counts values. Made by [`count`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Count(u64);

/// Gives how many values there have been, from 1.
#[must_use]
pub fn count() -> Count {
    Count::default()
}

impl<I: ?Sized> Step<I> for Count {
    type Out = u64;

    #[inline]
    fn on(&mut self, _: &I, _: Nanos) -> Option<u64> {
        self.0 += 1;
        Some(self.0)
    }
}

/// Pairs a value with its time. Made by [`with_time`].
#[derive(Debug, Clone, Copy)]
pub struct WithTime;

/// Gives each value with the time it came.
#[must_use]
pub fn with_time() -> WithTime {
    WithTime
}

impl<I: Clone> Step<I> for WithTime {
    type Out = (Nanos, I);

    #[inline]
    fn on(&mut self, input: &I, now: Nanos) -> Option<(Nanos, I)> {
        Some((now, input.clone()))
    }
}

/// The times of values. Made by [`ticked_at`].
#[derive(Debug, Clone, Copy)]
pub struct TickedAt;

/// Gives the time each value came, in place of the value.
#[must_use]
pub fn ticked_at() -> TickedAt {
    TickedAt
}

impl<I: ?Sized> Step<I> for TickedAt {
    type Out = Nanos;

    #[inline]
    fn on(&mut self, _: &I, now: Nanos) -> Option<Nanos> {
        Some(now)
    }
}

/// The times of values since the first. Made by [`ticked_at_elapsed`].
#[derive(Debug, Clone, Copy, Default)]
pub struct TickedAtElapsed(Option<Nanos>);

/// Gives the nanoseconds since the first value, 0 for the first.
#[must_use]
pub fn ticked_at_elapsed() -> TickedAtElapsed {
    TickedAtElapsed::default()
}

impl<I: ?Sized> Step<I> for TickedAtElapsed {
    type Out = u64;

    #[inline]
    fn on(&mut self, _: &I, now: Nanos) -> Option<u64> {
        Some(now.since(*self.0.get_or_insert(now)))
    }
}

/// A number whose differences and sums have room: integers widen to 128 bits, floats to 64.
pub trait Number: Copy {
    /// Holds any difference of two values, and any sum of 2^60 of them where it is an integer.
    type Wide: Copy
        + Default
        + PartialEq
        + std::ops::Add<Output = Self::Wide>
        + std::ops::Sub<Output = Self::Wide>;

    /// The same number in the wide type.
    fn widen(self) -> Self::Wide;
}

macro_rules! number {
    ($wide:ty: $($narrow:ty)*) => {$(
        impl Number for $narrow {
            type Wide = $wide;

            #[inline]
            fn widen(self) -> $wide {
                <$wide>::from(self)
            }
        }
    )*};
}

number!(i128: u8 u16 u32 u64 i8 i16 i32 i64);
number!(f64: f32 f64);

/// The change from value to value. Made by [`difference`] and [`difference_over`].
#[derive(Debug, Clone)]
pub struct Difference<I> {
    last: VecDeque<I>,
    lag: usize,
}

/// Gives each value less the one before, from the second value on. Cannot overflow.
#[must_use]
pub fn difference<I: Number>() -> Difference<I> {
    difference_over(1)
}

/// Gives each value less the one `lag` values before (at least one), once there is such a value.
#[must_use]
pub fn difference_over<I: Number>(lag: usize) -> Difference<I> {
    Difference {
        last: VecDeque::new(),
        lag: lag.max(1),
    }
}

impl<I: Number> Step<I> for Difference<I> {
    type Out = I::Wide;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<I::Wide> {
        self.last.push_back(*input);
        if self.last.len() <= self.lag {
            return None;
        }
        let before = self.last.pop_front()?;
        Some(input.widen() - before.widen())
    }
}

/// Each value with the one before. Made by [`pairwise`].
#[derive(Debug, Clone, Copy)]
pub struct Pairwise<I>(Option<I>);

/// Gives `(the one before, value)`, from the second value on.
#[must_use]
pub fn pairwise<I: Clone>() -> Pairwise<I> {
    Pairwise(None)
}

impl<I: Clone> Step<I> for Pairwise<I> {
    type Out = (I, I);

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<(I, I)> {
        let before = self.0.replace(input.clone())?;
        Some((before, input.clone()))
    }
}

/// Looks at values as they pass. Made by [`inspect`].
#[derive(Debug, Clone, Copy)]
pub struct Inspect<F>(F);

/// Calls `look(value, time)` for each value and gives the value on.
pub fn inspect<I: Clone, F: FnMut(&I, Nanos)>(look: F) -> Inspect<F> {
    Inspect(look)
}

impl<I: Clone, F: FnMut(&I, Nanos)> Step<I> for Inspect<F> {
    type Out = I;

    #[inline]
    fn on(&mut self, input: &I, now: Nanos) -> Option<I> {
        (self.0)(input, now);
        Some(input.clone())
    }
}

/// Holds values back by a count. Made by [`delay_ticks`].
#[derive(Debug, Clone)]
pub struct DelayTicks<I> {
    held: VecDeque<I>,
    count: usize,
}

/// Gives the value that came `count` values before; keeps `count` values.
#[must_use]
pub fn delay_ticks<I: Clone>(count: usize) -> DelayTicks<I> {
    DelayTicks {
        held: VecDeque::new(),
        count,
    }
}

impl<I: Clone> Step<I> for DelayTicks<I> {
    type Out = I;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<I> {
        self.held.push_back(input.clone());
        if self.held.len() <= self.count {
            return None;
        }
        self.held.pop_front()
    }
}
