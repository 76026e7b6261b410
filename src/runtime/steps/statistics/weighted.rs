//! Statistics in which a value counts for as long as it was the current one.
//!
//! ```text
//! value   a────────b──c──────────now      weights: a 8, b 3, c 11 (the newest: up to now)
//! ```
//!
//! The newest value has no weight yet at the instant it comes, so a result speaks of the time up
//! to then. A median looks at all values of its window. While no time has passed at all the result is the value itself (a mean, a median) or 0
//! (a spread).

use std::collections::VecDeque;
use std::time::Duration;

use super::super::super::clock::{Nanos, duration_ns};
use super::super::super::step::Step;
use super::order::SORTED_MAX;
use super::window::{TIME_WINDOW_MAX, Window};

/// What is computed of the weighted values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weighted {
    /// The mean.
    Mean,
    /// The variance of the population: the weights are all there is.
    Variance,
    /// Its root.
    StdDev,
    /// The value with at least half of the weight at or below it, and half at or above.
    Median,
}

/// A value and how long it was current, in ns.
type Piece = (f64, u64);

/// A time-weighted statistic over a window.
#[derive(Debug, Clone)]
pub struct TimeWeighted {
    kind: Weighted,
    window: Window,
    /// Ended pieces, the oldest first. A cumulative mean or variance keeps none.
    pieces: VecDeque<Piece>,
    /// The same by value, for the median.
    sorted: Vec<Piece>,
    /// Time of all pieces, in ns.
    held: u64,
    current: Option<(f64, Nanos)>,
    weight: f64,
    mean: f64,
    m2: f64,
    removed: usize,
    ignored: u64,
    is_full: bool,
}

/// Over all values so far.
#[must_use]
pub fn cumulative_time_weighted(kind: Weighted) -> TimeWeighted {
    TimeWeighted::new(Window::Cumulative, kind)
}

/// Over the last `count` values (at least one), the newest included.
#[must_use]
pub fn rolling_time_weighted(count: usize, kind: Weighted) -> TimeWeighted {
    TimeWeighted::new(Window::Count(count.max(1)), kind)
}

/// Over the last `span`: a value that was current at its beginning counts from there.
#[must_use]
pub fn time_windowed_time_weighted(span: Duration, kind: Weighted) -> TimeWeighted {
    TimeWeighted::new(Window::Time(duration_ns(span).max(1)), kind)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a span in ns: its first 53 bits decide"
)]
fn float(ns: u64) -> f64 {
    ns as f64
}

impl TimeWeighted {
    fn new(window: Window, kind: Weighted) -> Self {
        Self {
            kind,
            window,
            pieces: VecDeque::new(),
            sorted: Vec::new(),
            held: 0,
            current: None,
            weight: 0.0,
            mean: 0.0,
            m2: 0.0,
            removed: 0,
            ignored: 0,
            is_full: false,
        }
    }

    /// Inputs passed over because they were not finite.
    #[must_use]
    pub fn ignored(&self) -> u64 {
        self.ignored
    }

    fn place(&self, value: f64) -> usize {
        self.sorted
            .partition_point(|(other, _)| other.total_cmp(&value).is_lt())
    }

    fn add_moments(&mut self, (value, ns): Piece) {
        let weight = float(ns);
        if weight > 0.0 {
            self.weight += weight;
            let delta = value - self.mean;
            self.mean += delta * weight / self.weight;
            self.m2 += weight * delta * (value - self.mean);
        }
    }

    fn add(&mut self, piece: Piece) {
        if self.kind == Weighted::Median {
            if self.sorted.len() >= SORTED_MAX {
                self.is_full = true;
                return;
            }
            let at = self.place(piece.0);
            match self.sorted.get_mut(at) {
                Some(found) if found.0.total_cmp(&piece.0).is_eq() => found.1 += piece.1,
                _ => self.sorted.insert(at, piece),
            }
        } else {
            self.add_moments(piece);
        }
        if self.window != Window::Cumulative {
            self.pieces.push_back(piece);
            self.held = self.held.saturating_add(piece.1);
        }
    }

    /// Takes `ns` of a value out again.
    fn take(&mut self, (value, ns): Piece) {
        self.removed += 1;
        if self.kind == Weighted::Median {
            let at = self.place(value);
            if let Some(found) = self.sorted.get_mut(at) {
                found.1 = found.1.saturating_sub(ns);
                if found.1 == 0 {
                    self.sorted.remove(at);
                }
            }
            return;
        }
        let weight = self.weight - float(ns);
        if weight <= 0.0 {
            (self.weight, self.mean, self.m2) = (0.0, 0.0, 0.0);
            return;
        }
        let mean = (self.mean * self.weight - value * float(ns)) / weight;
        self.m2 = (self.m2 - float(ns) * (value - mean) * (value - self.mean)).max(0.0);
        (self.weight, self.mean) = (weight, mean);
    }

    fn pop(&mut self) {
        if let Some(piece) = self.pieces.pop_front() {
            self.held = self.held.saturating_sub(piece.1);
            self.take(piece);
        }
    }

    fn trim(&mut self) {
        match self.window {
            Window::Cumulative => return,
            Window::Count(count) => {
                // The newest value is one of them and has no piece yet.
                while self.pieces.len() >= count {
                    self.pop();
                }
            }
            Window::Time(span) => {
                while self.held > span {
                    let Some(front) = self.pieces.front().copied() else {
                        break;
                    };
                    let over = self.held - span;
                    if front.1 <= over {
                        self.pop();
                    } else {
                        self.take((front.0, over));
                        self.pieces[0].1 -= over;
                        self.held = span;
                    }
                }
                while self.pieces.len() > TIME_WINDOW_MAX {
                    self.pop();
                }
            }
        }
        // Removing loses digits: made anew once as much was removed as is left.
        if self.removed > self.pieces.len() && self.kind != Weighted::Median {
            self.removed = 0;
            (self.weight, self.mean, self.m2) = (0.0, 0.0, 0.0);
            for at in 0..self.pieces.len() {
                self.add_moments(self.pieces[at]);
            }
        }
    }

    fn median(&self) -> Option<f64> {
        let total: u128 = self.sorted.iter().map(|piece| u128::from(piece.1)).sum();
        let mut below = 0_u128;
        for (value, ns) in &self.sorted {
            below += u128::from(*ns);
            if below * 2 >= total {
                return Some(*value);
            }
        }
        None
    }

    fn value(&self, newest: f64) -> Option<f64> {
        if self.is_full {
            return None;
        }
        let is_weightless = match self.kind {
            Weighted::Median => self.sorted.iter().all(|piece| piece.1 == 0),
            _ => self.weight <= 0.0,
        };
        match self.kind {
            Weighted::Mean | Weighted::Median if is_weightless => Some(newest),
            Weighted::Mean => Some(self.mean),
            Weighted::Median => self.median(),
            _ if is_weightless => Some(0.0),
            Weighted::Variance => Some(self.m2 / self.weight),
            Weighted::StdDev => Some((self.m2 / self.weight).sqrt()),
        }
    }
}

impl Step<f64> for TimeWeighted {
    type Out = f64;

    fn on(&mut self, input: &f64, now: Nanos) -> Option<f64> {
        if !input.is_finite() {
            self.ignored += 1;
            return None;
        }
        if let Some((value, since)) = self.current {
            self.add((value, now.since(since)));
        }
        self.current = Some((*input, now));
        self.trim();
        self.value(*input)
    }
}
