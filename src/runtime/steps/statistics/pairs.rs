//! Statistics of two variables and of rows of variables.

use std::collections::VecDeque;
use std::time::Duration;

use super::super::super::clock::{Nanos, duration_ns};
use super::super::super::step::Step;
use super::window::{TIME_WINDOW_MAX, Window};

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of values are far below 2^53"
)]
fn float(count: usize) -> f64 {
    count as f64
}

/// Means and central co-moments of `width` variables.
#[derive(Debug, Clone, Default)]
struct CoMoments {
    width: usize,
    count: usize,
    means: Vec<f64>,
    /// Row by row; symmetric, kept whole.
    moments: Vec<f64>,
    deltas: Vec<f64>,
}

impl CoMoments {
    fn of(width: usize) -> Self {
        Self {
            width,
            count: 0,
            means: vec![0.0; width],
            moments: vec![0.0; width * width],
            deltas: vec![0.0; width],
        }
    }

    fn clear(&mut self) {
        self.count = 0;
        self.means.fill(0.0);
        self.moments.fill(0.0);
    }

    fn add(&mut self, row: &[f64]) {
        let before = float(self.count);
        self.count += 1;
        let count = float(self.count);
        for ((delta, mean), value) in self.deltas.iter_mut().zip(&mut self.means).zip(row) {
            *delta = value - *mean;
            *mean += *delta / count;
        }
        self.update(before / count);
    }

    fn remove(&mut self, row: &[f64]) {
        if self.count <= 1 {
            self.clear();
            return;
        }
        let count = float(self.count);
        self.count -= 1;
        let after = float(self.count);
        for ((delta, mean), value) in self.deltas.iter_mut().zip(&mut self.means).zip(row) {
            *mean = (*mean * count - value) / after;
            *delta = value - *mean;
        }
        self.update(-after / count);
    }

    fn update(&mut self, factor: f64) {
        for (i, row) in self.moments.chunks_exact_mut(self.width.max(1)).enumerate() {
            for (moment, delta) in row.iter_mut().zip(&self.deltas) {
                *moment += factor * self.deltas[i] * delta;
            }
        }
    }

    fn covariance(&self, i: usize, j: usize) -> Option<f64> {
        (self.count > 1).then(|| self.moments[i * self.width + j] / float(self.count - 1))
    }

    fn correlation(&self, i: usize, j: usize) -> Option<f64> {
        let (x, y) = (
            self.moments[i * self.width + i],
            self.moments[j * self.width + j],
        );
        (self.count > 1 && x > 0.0 && y > 0.0)
            .then(|| (self.moments[i * self.width + j] / (x * y).sqrt()).clamp(-1.0, 1.0))
    }
}

/// Rows in a window, and their co-moments.
#[derive(Debug, Clone)]
struct Rows<R> {
    window: Window,
    rows: VecDeque<(R, Nanos)>,
    moments: CoMoments,
    removed: usize,
}

impl<R: AsRef<[f64]>> Rows<R> {
    fn new(window: Window, width: usize) -> Self {
        Self {
            window,
            rows: VecDeque::new(),
            moments: CoMoments::of(width),
            removed: 0,
        }
    }

    fn pop(&mut self) {
        if let Some((row, _)) = self.rows.pop_front() {
            self.moments.remove(row.as_ref());
            self.removed += 1;
        }
    }

    /// Takes a finite row; returns whether it counted.
    fn push(&mut self, row: R, now: Nanos) -> bool {
        let values = row.as_ref();
        if values.len() != self.moments.width || !values.iter().all(|value| value.is_finite()) {
            return false;
        }
        match self.window {
            Window::Cumulative => {}
            Window::Count(count) => {
                while self.rows.len() >= count {
                    self.pop();
                }
            }
            Window::Time(span) => {
                while self.rows.len() >= TIME_WINDOW_MAX
                    || self
                        .rows
                        .front()
                        .is_some_and(|(_, at)| now.since(*at) >= span)
                {
                    self.pop();
                }
            }
        }
        // Removing loses digits: made anew once as much was removed as is left.
        if self.removed > self.rows.len() {
            self.removed = 0;
            self.moments.clear();
            for (row, _) in &self.rows {
                self.moments.add(row.as_ref());
            }
        }
        self.moments.add(row.as_ref());
        if self.window != Window::Cumulative {
            self.rows.push_back((row, now));
        }
        true
    }
}

macro_rules! of_pairs {
    ($($(#[$doc:meta])* $name:ident: $value:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone)]
        pub struct $name {
            rows: Rows<[f64; 2]>,
        }

        impl $name {
            /// Of all pairs so far.
            #[must_use]
            pub fn cumulative() -> Self {
                Self { rows: Rows::new(Window::Cumulative, 2) }
            }

            /// Of the last `count` pairs (at least one).
            #[must_use]
            pub fn rolling(count: usize) -> Self {
                Self { rows: Rows::new(Window::Count(count.max(1)), 2) }
            }

            /// Of the pairs of the last `span`.
            #[must_use]
            pub fn time_windowed(span: Duration) -> Self {
                Self { rows: Rows::new(Window::Time(duration_ns(span).max(1)), 2) }
            }
        }

        impl Step<(f64, f64)> for $name {
            type Out = f64;

            fn on(&mut self, &(x, y): &(f64, f64), now: Nanos) -> Option<f64> {
                if !self.rows.push([x, y], now) {
                    return None;
                }
                self.rows.moments.$value(0, 1)
            }
        }
    )*};
}

of_pairs! {
    /// The sample covariance of pairs (divided by n - 1); needs two pairs.
    Covariance: covariance;
    /// The correlation of pairs, -1 to 1; needs two pairs, and neither side constant.
    Correlation: correlation;
}

/// The covariances, or correlations, of the columns of rows of a fixed width.
///
/// Gives a matrix row by row in one vector of `width * width`, allocated for each result; a
/// correlation with a constant column is NaN. Rows of another width are passed over.
#[derive(Debug, Clone)]
pub struct CovarianceMatrix {
    rows: Rows<Vec<f64>>,
    is_correlation: bool,
}

/// Covariances of all rows of `width` numbers so far.
#[must_use]
pub fn covariance_matrix(width: usize) -> CovarianceMatrix {
    CovarianceMatrix {
        rows: Rows::new(Window::Cumulative, width),
        is_correlation: false,
    }
}

/// Covariances of the last `count` rows of `width` numbers.
#[must_use]
pub fn rolling_covariance_matrix(width: usize, count: usize) -> CovarianceMatrix {
    CovarianceMatrix {
        rows: Rows::new(Window::Count(count.max(1)), width),
        is_correlation: false,
    }
}

/// Correlations of all rows of `width` numbers so far.
#[must_use]
pub fn correlation_matrix(width: usize) -> CovarianceMatrix {
    CovarianceMatrix {
        is_correlation: true,
        ..covariance_matrix(width)
    }
}

/// Correlations of the last `count` rows of `width` numbers.
#[must_use]
pub fn rolling_correlation_matrix(width: usize, count: usize) -> CovarianceMatrix {
    CovarianceMatrix {
        is_correlation: true,
        ..rolling_covariance_matrix(width, count)
    }
}

impl Step<Vec<f64>> for CovarianceMatrix {
    type Out = Vec<f64>;

    fn on(&mut self, row: &Vec<f64>, now: Nanos) -> Option<Vec<f64>> {
        if !self.rows.push(row.clone(), now) || self.rows.moments.count < 2 {
            return None;
        }
        let moments = &self.rows.moments;
        let cell = |at: usize| {
            let (i, j) = (at / moments.width, at % moments.width);
            if self.is_correlation {
                moments.correlation(i, j)
            } else {
                moments.covariance(i, j)
            }
        };
        Some(
            (0..moments.width * moments.width)
                .map(|at| cell(at).unwrap_or(f64::NAN))
                .collect(),
        )
    }
}
