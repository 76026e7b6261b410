//! Windows: which of the values a statistic is computed from.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::super::clock::{Nanos, duration_ns};
use super::super::super::step::Step;
use super::accumulate::Statistic;

/// Most values a window in time holds.
pub const TIME_WINDOW_MAX: usize = 1 << 20;

/// Which values count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Window {
    /// All so far.
    Cumulative,
    /// The last so many.
    Count(usize),
    /// Those not older than this: a value leaves when it is exactly as old as the span, in
    /// nanoseconds.
    Time(u64),
}

/// A statistic over a window of the values given to it.
#[derive(Debug, Clone)]
pub struct Windowed<S> {
    statistic: S,
    window: Window,
    values: VecDeque<(f64, Nanos)>,
    removed: usize,
    is_expiring: bool,
    ignored: u64,
    cut_short: u64,
}

/// A statistic of all values so far.
#[must_use]
pub fn cumulative<S: Statistic>(statistic: S) -> Windowed<S> {
    Windowed::new(Window::Cumulative, statistic)
}

/// A statistic of the last `count` values (at least one).
#[must_use]
pub fn rolling<S: Statistic>(count: usize, statistic: S) -> Windowed<S> {
    Windowed::new(Window::Count(count.max(1)), statistic)
}

/// A statistic of the values of the last `span`.
#[must_use]
pub fn time_windowed<S: Statistic>(span: Duration, statistic: S) -> Windowed<S> {
    Windowed::new(Window::Time(duration_ns(span).max(1)), statistic)
}

impl<S: Statistic> Windowed<S> {
    fn new(window: Window, mut statistic: S) -> Self {
        if window == Window::Cumulative {
            statistic.set_cumulative();
        }
        Self {
            statistic,
            window,
            values: VecDeque::new(),
            removed: 0,
            is_expiring: false,
            ignored: 0,
            cut_short: 0,
        }
    }

    /// Gives a value also when values leave a window in time with none coming in, at that moment.
    #[must_use]
    pub fn expiring(mut self) -> Self {
        self.is_expiring = true;
        self
    }

    /// Inputs passed over because they were not finite.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    /// Values that left a window in time early because it was full.
    #[must_use]
    pub fn cut_short(&self) -> u64 {
        self.cut_short
    }

    /// Values in the window; 0 for a cumulative one, which keeps none.
    #[must_use]
    pub fn len(&self) -> usize {
        self.values.len()
    }

    /// Whether the window holds no value.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    fn pop(&mut self) {
        if let Some((value, at)) = self.values.pop_front() {
            self.statistic.remove(value, at);
            self.removed += 1;
        }
    }

    fn expire(&mut self, now: Nanos) {
        if let Window::Time(span) = self.window {
            while self
                .values
                .front()
                .is_some_and(|(_, at)| now.since(*at) >= span)
            {
                self.pop();
            }
        }
    }

    /// Makes the statistic anew from the window once as much was removed as it holds.
    fn refresh(&mut self) {
        if self.removed <= self.values.len() || !self.statistic.is_rounded() {
            return;
        }
        self.removed = 0;
        self.statistic.clear();
        for &(value, at) in &self.values {
            self.statistic.add(value, at);
        }
    }
}

impl<S: Statistic> Step<f64> for Windowed<S> {
    type Out = f64;

    fn on(&mut self, input: &f64, now: Nanos) -> Option<f64> {
        if !input.is_finite() {
            self.ignored += 1;
            return None;
        }
        self.expire(now);
        match self.window {
            Window::Cumulative => {}
            Window::Count(count) => {
                while self.values.len() >= count {
                    self.pop();
                }
            }
            Window::Time(_) => {
                while self.values.len() >= TIME_WINDOW_MAX {
                    self.cut_short += 1;
                    self.pop();
                }
            }
        }
        self.refresh();
        if self.window != Window::Cumulative {
            self.values.push_back((*input, now));
        }
        self.statistic.add(*input, now);
        self.statistic.value()
    }

    fn deadline(&self) -> Option<Nanos> {
        match self.window {
            Window::Time(span) if self.is_expiring => {
                let (_, at) = self.values.front()?;
                Some(Nanos(at.0.saturating_add(span)))
            }
            _ => None,
        }
    }

    fn on_deadline(&mut self, now: Nanos) -> Option<f64> {
        self.expire(now);
        self.refresh();
        self.statistic.value()
    }
}

/// A statistic across a row of numbers of one instant; each row by itself.
///
/// ```
/// use waveletd::runtime::{Nanos, Step};
/// use waveletd::runtime::steps::statistics::{Mean, cross_sectional};
///
/// let mut mean = cross_sectional(Mean::new());
/// assert_eq!(mean.on([1.0, 2.0, 6.0].as_slice(), Nanos(1)), Some(3.0));
/// ```
#[must_use]
pub fn cross_sectional<S: Statistic>(statistic: S) -> impl Step<[f64], Out = f64> {
    CrossSectional { statistic }
}

struct CrossSectional<S> {
    statistic: S,
}

impl<S: Statistic> Step<[f64]> for CrossSectional<S> {
    type Out = f64;

    fn on(&mut self, row: &[f64], now: Nanos) -> Option<f64> {
        self.statistic.clear();
        for value in row.iter().filter(|value| value.is_finite()) {
            self.statistic.add(*value, now);
        }
        self.statistic.value()
    }
}
