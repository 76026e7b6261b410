//! Several values as one burst: by count, by time, and all of them.

use std::time::Duration;

use super::super::clock::{Nanos, duration_ns};
use super::super::step::Step;
use super::buffer::{Bound, Burst, Queue};

/// So many values as one. Made by [`buffer`].
#[derive(Debug, Clone)]
pub struct Buffer<I> {
    held: Vec<I>,
    count: usize,
}

/// Gives every `count` values (at least one) as one burst, none of them twice.
#[must_use]
pub fn buffer<I: Clone>(count: usize) -> Buffer<I> {
    Buffer {
        held: Vec::new(),
        count: count.max(1),
    }
}

impl<I: Clone> Step<I> for Buffer<I> {
    type Out = Burst<I>;

    #[inline]
    fn on(&mut self, input: &I, _: Nanos) -> Option<Burst<I>> {
        self.held.push(input.clone());
        (self.held.len() >= self.count).then(|| std::mem::take(&mut self.held).into())
    }
}

/// The last so many values. Made by [`sliding`], [`sliding_time`] and [`accumulate`].
#[derive(Debug, Clone)]
pub struct Sliding<I> {
    held: Queue<(Nanos, I)>,
    span_ns: Option<u64>,
}

/// Gives the last `count` values with each new one; fewer at the start.
#[must_use]
pub fn sliding<I: Clone>(count: usize) -> Sliding<I> {
    accumulate(Bound::drop_oldest(count))
}

/// Gives all values so far with each new one, within the bound.
///
/// Costs a copy of all that is kept for each value.
#[must_use]
pub fn accumulate<I: Clone>(bound: Bound) -> Sliding<I> {
    Sliding {
        held: Queue::new(bound),
        span_ns: None,
    }
}

/// Gives the values of the last `span` with each new one: those younger than `span`.
#[must_use]
pub fn sliding_time<I: Clone>(span: Duration, bound: Bound) -> Sliding<I> {
    Sliding {
        held: Queue::new(bound),
        span_ns: Some(duration_ns(span)),
    }
}

impl<I: Clone> Step<I> for Sliding<I> {
    type Out = Burst<I>;

    fn on(&mut self, input: &I, now: Nanos) -> Option<Burst<I>> {
        if let Some(span_ns) = self.span_ns {
            while self
                .held
                .front()
                .is_some_and(|(at, _)| now.since(*at) >= span_ns)
            {
                self.held.pop();
            }
        }
        self.held.push((now, input.clone()));
        Some(self.held.iter().map(|(_, value)| value.clone()).collect())
    }
}

/// The values of a span of time as one. Made by [`window`].
#[derive(Debug, Clone)]
pub struct Window<I> {
    held: Queue<I>,
    period_ns: u64,
    end: Nanos,
}

/// Gives the values of each span of `period` (at least one nanosecond) as one burst, at its end.
///
/// The spans stand on the grid of Unix time, so all windows of one period end together. A value at
/// the very end of a span belongs to the next. Spans without a value give nothing.
#[must_use]
pub fn window<I: Clone>(period: Duration, bound: Bound) -> Window<I> {
    Window {
        held: Queue::new(bound),
        period_ns: duration_ns(period).max(1),
        end: Nanos::ZERO,
    }
}

impl<I> Window<I> {
    fn give(&mut self) -> Option<Burst<I>> {
        (!self.held.is_empty()).then(|| self.held.drain().collect())
    }
}

impl<I: Clone> Step<I> for Window<I> {
    type Out = Burst<I>;

    fn on(&mut self, input: &I, now: Nanos) -> Option<Burst<I>> {
        let given = if now >= self.end { self.give() } else { None };
        let start = now.0 - now.0 % self.period_ns;
        self.end = Nanos(start.saturating_add(self.period_ns));
        self.held.push(input.clone());
        given
    }

    fn deadline(&self) -> Option<Nanos> {
        (!self.held.is_empty()).then_some(self.end)
    }

    fn on_deadline(&mut self, _: Nanos) -> Option<Burst<I>> {
        self.give()
    }
}
