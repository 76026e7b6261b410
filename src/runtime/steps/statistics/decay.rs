//! Averages in which older values count less and less.

use std::time::Duration;

use super::super::super::clock::{Nanos, duration_ns};
use super::super::super::step::Step;

/// How fast the past fades.
#[derive(Debug, Clone, Copy)]
enum Decay {
    /// Share of the newest value, 0 to 1.
    PerTick(f64),
    /// Nanoseconds in which the weight of a value falls to 1/e.
    Time(f64),
}

#[expect(
    clippy::cast_precision_loss,
    reason = "a span in ns: its first 53 bits decide"
)]
fn float(ns: u64) -> f64 {
    ns as f64
}

impl Decay {
    fn per_tick(share: f64) -> Self {
        let share = if share.is_nan() { 1.0 } else { share };
        Self::PerTick(share.clamp(0.0, 1.0))
    }

    fn time(constant: Duration) -> Self {
        Self::Time(float(duration_ns(constant).max(1)))
    }

    /// The share of a value that came at `now` when the one before came at `last`.
    fn share(self, last: Nanos, now: Nanos) -> f64 {
        match self {
            Self::PerTick(share) => share,
            Self::Time(constant) => -(-float(now.since(last)) / constant).exp_m1(),
        }
    }
}

/// An exponentially weighted moving average; the first value is its first result.
#[derive(Debug, Clone, Copy)]
pub struct Ewma {
    decay: Decay,
    mean: Option<(f64, Nanos)>,
}

impl Ewma {
    fn new(decay: Decay) -> Self {
        Self { decay, mean: None }
    }
}

/// Decays in time: the weight of a value falls to 1/e in `constant`.
///
/// A value that comes at the same instant as the one before has no weight.
#[must_use]
pub fn ewma(constant: Duration) -> Ewma {
    Ewma::new(Decay::time(constant))
}

/// Decays in time: the weight of a value falls to a half in `half_life`.
#[must_use]
pub fn ewma_half_life(half_life: Duration) -> Ewma {
    let constant = float(duration_ns(half_life).max(1)) / std::f64::consts::LN_2;
    Ewma::new(Decay::Time(constant))
}

/// Decays with each value: the newest has the weight `share`, held to 0 to 1.
#[must_use]
pub fn ewma_per_tick(share: f64) -> Ewma {
    Ewma::new(Decay::per_tick(share))
}

impl Step<f64> for Ewma {
    type Out = f64;

    #[inline]
    fn on(&mut self, input: &f64, now: Nanos) -> Option<f64> {
        if !input.is_finite() {
            return None;
        }
        let mean = match self.mean {
            None => *input,
            Some((mean, last)) => mean + self.decay.share(last, now) * (input - mean),
        };
        self.mean = Some((mean, now));
        Some(mean)
    }
}

/// An exponentially weighted covariance of pairs.
#[derive(Debug, Clone, Copy)]
pub struct EwmaCovariance {
    decay: Decay,
    means: Option<(f64, f64, Nanos)>,
    covariance: f64,
}

/// The covariance of pairs, decaying in time by 1/e in `constant`; 0 for the first pair.
#[must_use]
pub fn ewma_covariance(constant: Duration) -> EwmaCovariance {
    EwmaCovariance {
        decay: Decay::time(constant),
        means: None,
        covariance: 0.0,
    }
}

impl Step<(f64, f64)> for EwmaCovariance {
    type Out = f64;

    fn on(&mut self, &(x, y): &(f64, f64), now: Nanos) -> Option<f64> {
        if !(x.is_finite() && y.is_finite()) {
            return None;
        }
        let Some((mean_x, mean_y, last)) = self.means else {
            self.means = Some((x, y, now));
            return Some(0.0);
        };
        let share = self.decay.share(last, now);
        let (delta_x, delta_y) = (x - mean_x, y - mean_y);
        self.means = Some((mean_x + share * delta_x, mean_y + share * delta_y, now));
        self.covariance = (1.0 - share) * (self.covariance + share * delta_x * delta_y);
        Some(self.covariance)
    }
}

/// An exponentially weighted variance, or its root.
#[derive(Debug, Clone, Copy)]
pub struct EwmaVariance {
    covariance: EwmaCovariance,
    is_root: bool,
}

/// The variance, decaying in time by 1/e in `constant`; 0 for the first value.
#[must_use]
pub fn ewma_variance(constant: Duration) -> EwmaVariance {
    EwmaVariance {
        covariance: ewma_covariance(constant),
        is_root: false,
    }
}

/// The standard deviation, decaying in time by 1/e in `constant`; 0 for the first value.
#[must_use]
pub fn ewma_std(constant: Duration) -> EwmaVariance {
    EwmaVariance {
        is_root: true,
        ..ewma_variance(constant)
    }
}

impl Step<f64> for EwmaVariance {
    type Out = f64;

    fn on(&mut self, input: &f64, now: Nanos) -> Option<f64> {
        let variance = self.covariance.on(&(*input, *input), now)?;
        Some(if self.is_root {
            variance.sqrt()
        } else {
            variance
        })
    }
}
