//! Statistics of a sequence of numbers: what to compute, over which window.
//!
//! ```text
//! window      cumulative (all so far) · rolling (the last n values) · time_windowed (the last d)
//! statistic   Count Sum Prod Mean GeometricMean Variance StdDev StdError Skewness Kurtosis
//!             First Last Min Max Median Quantile Rank Unique ArgMin ArgMax
//! weights     every value once, or time_weighted: for as long as it was the current one
//! ```
//!
//! Every combination is `cumulative(Mean::new())`, `rolling(20, Mean::new())`,
//! `time_windowed(Duration::from_secs(1), Mean::new())`; the common ones have a name of their own
//! (`rolling_mean(20)`). Decaying averages are in [`ewma`] and its relatives; statistics of two
//! variables in [`Covariance`], [`Correlation`] and the matrices; of a row of numbers at one instant in
//! [`cross_sectional`].
//!
//! A step gives a value for each input for which the statistic is defined (a variance needs two
//! values). An input that is not a finite number is passed over and counted
//! ([`Windowed::ignored`]).
//!
//! # Precision
//!
//! Sums carry their rounding error along (Neumaier), moments are updated by Welford's method and
//! its inverse. Removal is where such sums lose digits, so an accumulator is made anew from
//! the window once it has removed as many values as the window holds: a constant cost a value.
//!
//! # Memory and time
//!
//! | Statistic | Cumulative | In a window of n |
//! |---|---|---|
//! | sums, moments, first, last, count | constant | 24 bytes a value, constant time |
//! | min, max, their times | constant | and 24 more, constant time amortised |
//! | median, quantile, rank, unique | 8 bytes a value, up to its limit | and 8 more, log n to find, a move of n at worst |
//!
//! A window in time holds at most [`TIME_WINDOW_MAX`] values: beyond it the oldest leaves early and is
//! counted ([`Windowed::cut_short`]). A cumulative order statistic keeps [`SORTED_MAX`] values and then
//! gives nothing more: an answer from part of the data would look like the whole.

mod accumulate;
mod decay;
mod order;
mod pairs;
mod weighted;
mod window;

#[cfg(test)]
mod tests;

pub use accumulate::{
    Count, First, GeometricMean, Kurtosis, Last, Mean, Prod, Skewness, Statistic, StdDev, StdError,
    Sum, Variance,
};
pub use decay::{
    Ewma, EwmaCovariance, EwmaVariance, ewma, ewma_covariance, ewma_half_life, ewma_per_tick,
    ewma_std, ewma_variance,
};
pub use order::{ArgMax, ArgMin, Max, Median, Min, Quantile, Rank, SORTED_MAX, Unique};
pub use pairs::{
    Correlation, Covariance, CovarianceMatrix, correlation_matrix, covariance_matrix,
    rolling_correlation_matrix, rolling_covariance_matrix,
};
pub use weighted::{
    TimeWeighted, Weighted, cumulative_time_weighted, rolling_time_weighted,
    time_windowed_time_weighted,
};
pub use window::{
    TIME_WINDOW_MAX, Window, Windowed, cross_sectional, cumulative, rolling, time_windowed,
};

use std::time::Duration;

/// Named functions of the common combinations of window and statistic.
macro_rules! named {
    ($($statistic:ident: $cumulative:ident, $rolling:ident, $time_windowed:ident, $what:literal;)*) => {$(
        #[doc = concat!("The ", $what, " of all values so far.")]
        #[must_use]
        pub fn $cumulative() -> Windowed<$statistic> {
            cumulative($statistic::new())
        }

        #[doc = concat!("The ", $what, " of the last `count` values (at least one).")]
        #[must_use]
        pub fn $rolling(count: usize) -> Windowed<$statistic> {
            rolling(count, $statistic::new())
        }

        #[doc = concat!("The ", $what, " of the values of the last `span`.")]
        #[must_use]
        pub fn $time_windowed(span: Duration) -> Windowed<$statistic> {
            time_windowed(span, $statistic::new())
        }
    )*};
}

named! {
    Sum: cumulative_sum, rolling_sum, time_windowed_sum, "sum";
    Mean: cumulative_mean, rolling_mean, time_windowed_mean, "arithmetic mean";
    Min: cumulative_min, rolling_min, time_windowed_min, "least";
    Max: cumulative_max, rolling_max, time_windowed_max, "greatest";
    Variance: cumulative_var, rolling_var, time_windowed_var, "sample variance";
    StdDev: cumulative_std, rolling_std, time_windowed_std, "sample standard deviation";
    Median: cumulative_median, rolling_median, time_windowed_median, "median";
}

/// Named functions of the time-weighted combinations.
macro_rules! named_weighted {
    ($($statistic:ident: $cumulative:ident, $rolling:ident, $time_windowed:ident, $what:literal;)*) => {$(
        #[doc = concat!("The ", $what, " of all values so far, each weighed by the time it was current.")]
        #[must_use]
        pub fn $cumulative() -> TimeWeighted {
            cumulative_time_weighted(Weighted::$statistic)
        }

        #[doc = concat!("The ", $what, " of the last `count` values, each weighed by the time it was current.")]
        #[must_use]
        pub fn $rolling(count: usize) -> TimeWeighted {
            rolling_time_weighted(count, Weighted::$statistic)
        }

        #[doc = concat!("The ", $what, " over the last `span`, each value weighed by the part of it in which it was current.")]
        #[must_use]
        pub fn $time_windowed(span: Duration) -> TimeWeighted {
            time_windowed_time_weighted(span, Weighted::$statistic)
        }
    )*};
}

named_weighted! {
    Mean: cumulative_mean_time_weighted, rolling_mean_time_weighted, time_windowed_mean_time_weighted, "mean";
    Variance: cumulative_var_time_weighted, rolling_var_time_weighted, time_windowed_var_time_weighted, "variance";
    StdDev: cumulative_std_time_weighted, rolling_std_time_weighted, time_windowed_std_time_weighted, "standard deviation";
    Median: cumulative_median_time_weighted, rolling_median_time_weighted, time_windowed_median_time_weighted, "median";
}
