//! Statistics of order: extremes by a monotone queue, ranks by a sorted array.

use std::collections::VecDeque;

use super::super::super::clock::Nanos;
use super::accumulate::Statistic;

/// Most values a cumulative order statistic keeps.
pub const SORTED_MAX: usize = 1 << 20;

/// Candidates for the extreme of a window, the present one in front.
///
/// A value that is not better than a later one can never be the extreme again, so it goes; equal
/// values stay, so that each can leave by itself.
#[derive(Debug, Clone, Default)]
struct Extreme {
    candidates: VecDeque<(f64, Nanos)>,
}

impl Extreme {
    fn add(&mut self, value: f64, at: Nanos, is_better: fn(f64, f64) -> bool) {
        while self
            .candidates
            .back()
            .is_some_and(|(back, _)| is_better(value, *back))
        {
            self.candidates.pop_back();
        }
        // Only values later than the best so far wait behind it, and only as long as a window can
        // still drop that one; a cumulative extreme never drops, so the queue is cut by its owner.
        self.candidates.push_back((value, at));
    }

    fn remove(&mut self, value: f64) {
        if self
            .candidates
            .front()
            .is_some_and(|(front, _)| front.total_cmp(&value).is_eq())
        {
            self.candidates.pop_front();
        }
    }
}

macro_rules! extremes {
    ($($(#[$doc:meta])* $name:ident ($better:expr, $value:expr);)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $name {
            extreme: Extreme,
            is_cumulative: bool,
        }

        impl $name {
            /// Of no values yet.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }
        }

        impl Statistic for $name {
            fn add(&mut self, value: f64, at: Nanos) {
                let is_better: fn(f64, f64) -> bool = $better;
                if self.is_cumulative {
                    if self.extreme.candidates.front().is_none_or(|(best, _)| is_better(value, *best)) {
                        self.extreme.candidates.clear();
                        self.extreme.candidates.push_back((value, at));
                    }
                } else {
                    self.extreme.add(value, at, is_better);
                }
            }

            fn remove(&mut self, value: f64, _: Nanos) {
                self.extreme.remove(value);
            }

            fn clear(&mut self) {
                self.extreme.candidates.clear();
            }

            fn value(&self) -> Option<f64> {
                let value: fn(&(f64, Nanos)) -> f64 = $value;
                self.extreme.candidates.front().map(value)
            }

            fn is_rounded(&self) -> bool {
                false
            }

            fn set_cumulative(&mut self) {
                self.is_cumulative = true;
            }
        }
    )*};
}

/// Nanoseconds of Unix time as a number; exact to about 256 ns in this century.
#[expect(
    clippy::cast_precision_loss,
    reason = "a time as a number is documented to be rounded"
)]
fn seconds(at: &Nanos) -> f64 {
    at.0 as f64 / 1e9
}

extremes! {
    /// The least value.
    Min(|value, back| value < back, |(value, _)| *value);
    /// The greatest value.
    Max(|value, back| value > back, |(value, _)| *value);
    /// When the least value came: seconds of Unix time. The earliest among equals.
    ArgMin(|value, back| value < back, |(_, at)| seconds(at));
    /// When the greatest value came: seconds of Unix time. The earliest among equals.
    ArgMax(|value, back| value > back, |(_, at)| seconds(at));
}

/// The values in order, at most [`SORTED_MAX`].
#[derive(Debug, Clone, Default)]
struct Sorted {
    values: Vec<f64>,
    last: Option<f64>,
    is_full: bool,
}

impl Sorted {
    fn place(&self, value: f64) -> usize {
        self.values
            .partition_point(|other| other.total_cmp(&value).is_lt())
    }

    fn add(&mut self, value: f64) {
        if self.values.len() >= SORTED_MAX {
            self.is_full = true;
            return;
        }
        self.last = Some(value);
        let at = self.place(value);
        self.values.insert(at, value);
    }

    fn remove(&mut self, value: f64) {
        let at = self.place(value);
        if self
            .values
            .get(at)
            .is_some_and(|found| found.total_cmp(&value).is_eq())
        {
            self.values.remove(at);
        }
    }

    /// The value at the fraction `q` of the order, between two values in proportion.
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a fraction in 0..=1 of an index below 2^20"
    )]
    fn quantile(&self, q: f64) -> Option<f64> {
        if self.is_full || self.values.is_empty() {
            return None;
        }
        let place = q * (self.values.len() - 1) as f64;
        let below = place.floor() as usize;
        let low = self.values[below];
        let high = self.values.get(below + 1).copied().unwrap_or(low);
        let part = place - place.floor();
        Some(if part > 0.0 {
            low + (high - low) * part
        } else {
            low
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "a count below 2^20")]
    fn rank(&self) -> Option<f64> {
        let last = self.last?;
        (!self.is_full && !self.values.is_empty()).then(|| self.place(last) as f64)
    }

    fn unique(&self) -> Option<f64> {
        let mut count = 0_u32;
        let mut before = None;
        for value in &self.values {
            if before != Some(*value) {
                count += 1;
            }
            before = Some(*value);
        }
        (!self.is_full).then_some(f64::from(count))
    }
}

macro_rules! sorted {
    ($($(#[$doc:meta])* $name:ident = $value:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Default)]
        pub struct $name {
            sorted: Sorted,
        }

        impl $name {
            /// Of no values yet.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }
        }

        impl Statistic for $name {
            fn add(&mut self, value: f64, _: Nanos) {
                self.sorted.add(value);
            }

            fn remove(&mut self, value: f64, _: Nanos) {
                self.sorted.remove(value);
            }

            fn clear(&mut self) {
                self.sorted = Sorted::default();
            }

            fn value(&self) -> Option<f64> {
                let value: fn(&Sorted) -> Option<f64> = $value;
                value(&self.sorted)
            }

            fn is_rounded(&self) -> bool {
                false
            }
        }
    )*};
}

sorted! {
    /// The value in the middle; the mean of the two in the middle where their number is even.
    Median = |sorted| sorted.quantile(0.5);
    /// How many values of the window are less than the newest, from 0.
    Rank = Sorted::rank;
    /// How many different values there are. Looks at all of them.
    Unique = Sorted::unique;
}

/// The value below which a fraction of the values lies, between two values in proportion.
#[derive(Debug, Clone)]
pub struct Quantile {
    sorted: Sorted,
    fraction: f64,
}

impl Quantile {
    /// The quantile at `fraction`, held to 0 (the least) to 1 (the greatest).
    #[must_use]
    pub fn new(fraction: f64) -> Self {
        let fraction = if fraction.is_nan() { 0.5 } else { fraction };
        Self {
            sorted: Sorted::default(),
            fraction: fraction.clamp(0.0, 1.0),
        }
    }
}

impl Statistic for Quantile {
    fn add(&mut self, value: f64, _: Nanos) {
        self.sorted.add(value);
    }

    fn remove(&mut self, value: f64, _: Nanos) {
        self.sorted.remove(value);
    }

    fn clear(&mut self) {
        self.sorted = Sorted::default();
    }

    fn value(&self) -> Option<f64> {
        self.sorted.quantile(self.fraction)
    }

    fn is_rounded(&self) -> bool {
        false
    }
}
