//! Statistics that are sums: values are added and taken away again in constant time.

use super::super::super::clock::Nanos;

/// Something computed from a set of numbers that grows at one end and may shrink at the other.
///
/// Values leave in the order in which they came.
pub trait Statistic {
    /// A value comes in; the newest.
    fn add(&mut self, value: f64, at: Nanos);

    /// The oldest value leaves.
    fn remove(&mut self, value: f64, at: Nanos);

    /// Forgets all values.
    fn clear(&mut self);

    /// What it is now; `None` where the values so far do not define it.
    fn value(&self) -> Option<f64>;

    /// Whether removing values loses digits, so that it is to be made anew now and then.
    fn is_rounded(&self) -> bool {
        true
    }

    /// Told once, before the first value, that nothing will ever leave: what could only matter
    /// once something has left need not be kept.
    fn set_cumulative(&mut self) {}
}

/// A sum that carries its rounding error along.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Compensated {
    sum: f64,
    error: f64,
}

impl Compensated {
    pub(super) fn add(&mut self, value: f64) {
        let sum = self.sum + value;
        self.error += if self.sum.abs() >= value.abs() {
            (self.sum - sum) + value
        } else {
            (value - sum) + self.sum
        };
        self.sum = sum;
    }

    pub(super) fn get(self) -> f64 {
        self.sum + self.error
    }
}

/// How many values there are.
#[derive(Debug, Clone, Copy, Default)]
pub struct Count {
    count: u64,
}

/// The sum of the values; 0 of none.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sum {
    sum: Compensated,
}

/// The product of the values; 1 of none. Zeros are counted apart, so that they can leave again.
#[derive(Debug, Clone, Copy)]
pub struct Prod {
    product: f64,
    zeros: u64,
}

impl Default for Prod {
    fn default() -> Self {
        Self {
            product: 1.0,
            zeros: 0,
        }
    }
}

/// The arithmetic mean.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mean {
    sum: Compensated,
    count: u64,
}

/// The geometric mean; defined where all values are above zero.
#[derive(Debug, Clone, Copy, Default)]
pub struct GeometricMean {
    logs: Compensated,
    count: u64,
    not_positive: u64,
}

/// The first value in the window.
#[derive(Debug, Clone, Default)]
pub struct First {
    // The one after the first is known only by what leaves, so the window tells it.
    values: std::collections::VecDeque<f64>,
    is_cumulative: bool,
}

/// The last value in the window.
#[derive(Debug, Clone, Copy, Default)]
pub struct Last {
    last: Option<f64>,
    count: u64,
}

/// Central moments up to the fourth.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Moments {
    count: u64,
    mean: f64,
    m2: f64,
    m3: f64,
    m4: f64,
}

#[expect(
    clippy::cast_precision_loss,
    reason = "counts of values are far below 2^53"
)]
fn float(count: u64) -> f64 {
    count as f64
}

impl Moments {
    fn add(&mut self, value: f64) {
        let before = float(self.count);
        self.count += 1;
        let count = float(self.count);
        let delta = value - self.mean;
        let step = delta / count;
        let step2 = step * step;
        let term = delta * step * before;
        self.mean += step;
        self.m4 += term * step2 * (count * count - 3.0 * count + 3.0) + 6.0 * step2 * self.m2
            - 4.0 * step * self.m3;
        self.m3 += term * step * (count - 2.0) - 3.0 * step * self.m2;
        self.m2 += term;
    }

    /// The inverse of `add`, solved for the moments before it.
    fn remove(&mut self, value: f64) {
        if self.count <= 1 {
            *self = Self::default();
            return;
        }
        let count = float(self.count);
        let before = count - 1.0;
        let mean = (self.mean * count - value) / before;
        let delta = value - mean;
        let step = delta / count;
        let step2 = step * step;
        let term = delta * step * before;
        let m2 = (self.m2 - term).max(0.0);
        let m3 = self.m3 - term * step * (count - 2.0) + 3.0 * step * m2;
        let m4 = self.m4 - term * step2 * (count * count - 3.0 * count + 3.0) - 6.0 * step2 * m2
            + 4.0 * step * m3;
        *self = Self {
            count: self.count - 1,
            mean,
            m2,
            m3,
            m4: m4.max(0.0),
        };
    }

    fn variance(&self) -> Option<f64> {
        (self.count > 1).then(|| self.m2 / float(self.count - 1))
    }

    /// Bias-corrected (the "G1" of the textbooks); needs three values that are not all equal.
    fn skewness(&self) -> Option<f64> {
        let n = float(self.count);
        if self.count < 3 || self.m2 <= 0.0 {
            return None;
        }
        let biased = n.sqrt() * self.m3 / self.m2.powf(1.5);
        Some(biased * (n * (n - 1.0)).sqrt() / (n - 2.0))
    }

    /// Bias-corrected excess ("G2"); needs four values that are not all equal.
    fn kurtosis(&self) -> Option<f64> {
        let n = float(self.count);
        if self.count < 4 || self.m2 <= 0.0 {
            return None;
        }
        let biased = n * self.m4 / (self.m2 * self.m2) - 3.0;
        Some((n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * biased + 6.0))
    }
}

/// Statistics that are a function of the central moments.
macro_rules! of_moments {
    ($($(#[$doc:meta])* $name:ident = $value:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, Default)]
        pub struct $name {
            moments: Moments,
        }

        impl Statistic for $name {
            fn add(&mut self, value: f64, _: Nanos) {
                self.moments.add(value);
            }

            fn remove(&mut self, value: f64, _: Nanos) {
                self.moments.remove(value);
            }

            fn clear(&mut self) {
                self.moments = Moments::default();
            }

            fn value(&self) -> Option<f64> {
                let value: fn(&Moments) -> Option<f64> = $value;
                value(&self.moments)
            }
        }
    )*};
}

of_moments! {
    /// The sample variance (divided by n - 1); needs two values.
    Variance = |moments| moments.variance();
    /// The sample standard deviation; needs two values.
    StdDev = |moments| moments.variance().map(f64::sqrt);
    /// The standard error of the mean: standard deviation over the root of n; needs two values.
    StdError = |moments| moments.variance().map(|variance| (variance / float(moments.count)).sqrt());
    /// The bias-corrected sample skewness; needs three values that are not all equal.
    Skewness = Moments::skewness;
    /// The bias-corrected sample excess kurtosis; needs four values that are not all equal.
    Kurtosis = Moments::kurtosis;
}

macro_rules! makers {
    ($($name:ident)*) => {$(
        impl $name {
            /// Of no values yet.
            #[must_use]
            pub fn new() -> Self {
                Self::default()
            }
        }
    )*};
}

makers!(Count Sum Prod Mean GeometricMean Variance StdDev StdError Skewness Kurtosis Last);

impl First {
    /// Of no values yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Statistic for Count {
    fn add(&mut self, _: f64, _: Nanos) {
        self.count += 1;
    }

    fn remove(&mut self, _: f64, _: Nanos) {
        self.count -= 1;
    }

    fn clear(&mut self) {
        self.count = 0;
    }

    fn value(&self) -> Option<f64> {
        Some(float(self.count))
    }

    fn is_rounded(&self) -> bool {
        false
    }
}

impl Statistic for Sum {
    fn add(&mut self, value: f64, _: Nanos) {
        self.sum.add(value);
    }

    fn remove(&mut self, value: f64, _: Nanos) {
        self.sum.add(-value);
    }

    fn clear(&mut self) {
        self.sum = Compensated::default();
    }

    fn value(&self) -> Option<f64> {
        Some(self.sum.get())
    }
}

impl Statistic for Prod {
    fn add(&mut self, value: f64, _: Nanos) {
        if value == 0.0 {
            self.zeros += 1;
        } else {
            self.product *= value;
        }
    }

    fn remove(&mut self, value: f64, _: Nanos) {
        if value == 0.0 {
            self.zeros -= 1;
        } else {
            self.product /= value;
        }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn value(&self) -> Option<f64> {
        Some(if self.zeros > 0 { 0.0 } else { self.product })
    }
}

impl Statistic for Mean {
    fn add(&mut self, value: f64, _: Nanos) {
        self.sum.add(value);
        self.count += 1;
    }

    fn remove(&mut self, value: f64, _: Nanos) {
        self.sum.add(-value);
        self.count -= 1;
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0).then(|| self.sum.get() / float(self.count))
    }
}

impl Statistic for GeometricMean {
    fn add(&mut self, value: f64, _: Nanos) {
        self.count += 1;
        if value > 0.0 {
            self.logs.add(value.ln());
        } else {
            self.not_positive += 1;
        }
    }

    fn remove(&mut self, value: f64, _: Nanos) {
        self.count -= 1;
        if value > 0.0 {
            self.logs.add(-value.ln());
        } else {
            self.not_positive -= 1;
        }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn value(&self) -> Option<f64> {
        (self.count > 0 && self.not_positive == 0)
            .then(|| (self.logs.get() / float(self.count)).exp())
    }
}

impl Statistic for First {
    fn add(&mut self, value: f64, _: Nanos) {
        if !self.is_cumulative || self.values.is_empty() {
            self.values.push_back(value);
        }
    }

    fn remove(&mut self, _: f64, _: Nanos) {
        self.values.pop_front();
    }

    fn clear(&mut self) {
        self.values.clear();
    }

    fn value(&self) -> Option<f64> {
        self.values.front().copied()
    }

    fn set_cumulative(&mut self) {
        self.is_cumulative = true;
    }

    fn is_rounded(&self) -> bool {
        false
    }
}

impl Statistic for Last {
    fn add(&mut self, value: f64, _: Nanos) {
        self.last = Some(value);
        self.count += 1;
    }

    fn remove(&mut self, _: f64, _: Nanos) {
        self.count -= 1;
        if self.count == 0 {
            self.last = None;
        }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }

    fn value(&self) -> Option<f64> {
        self.last
    }

    fn is_rounded(&self) -> bool {
        false
    }
}
