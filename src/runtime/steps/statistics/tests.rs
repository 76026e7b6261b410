#![allow(clippy::unwrap_used, clippy::cast_precision_loss)]

use std::time::Duration;

use proptest::prelude::*;

use super::super::super::{Nanos, Step};
use super::*;

/// What a statistic gives for a list of values with their times.
fn given<S: Step<f64, Out = f64>>(mut step: S, inputs: &[(f64, u64)]) -> Vec<Option<f64>> {
    inputs
        .iter()
        .map(|&(value, at)| step.on(&value, Nanos(at)))
        .collect()
}

fn is_near(a: f64, b: f64, scale: f64) -> bool {
    (a - b).abs() <= 1e-7 * scale.max(1.0)
}

#[track_caller]
fn check_near(found: &[Option<f64>], expected: &[Option<f64>]) {
    assert_eq!(found.len(), expected.len());
    for (at, (found, expected)) in found.iter().zip(expected).enumerate() {
        match (found, expected) {
            (Some(a), Some(b)) => {
                assert!(is_near(*a, *b, b.abs()), "value {at}: {a} is not {b}");
            }
            (a, b) => assert_eq!(a, b, "value {at}"),
        }
    }
}

#[track_caller]
fn check<S: Step<f64, Out = f64>>(step: S, values: &[f64], expected: &[Option<f64>]) {
    let inputs: Vec<_> = (1..).zip(values).map(|(at, v)| (*v, at)).collect();
    check_near(&given(step, &inputs), expected);
}

fn mean(x: &[f64]) -> Option<f64> {
    (!x.is_empty()).then(|| x.iter().sum::<f64>() / x.len() as f64)
}

fn central(x: &[f64], power: i32) -> f64 {
    let mean = mean(x).unwrap();
    x.iter().map(|v| (v - mean).powi(power)).sum()
}

fn variance(x: &[f64]) -> Option<f64> {
    (x.len() > 1).then(|| central(x, 2) / (x.len() - 1) as f64)
}

fn quantile(x: &[f64], q: f64) -> Option<f64> {
    let mut x = x.to_vec();
    x.sort_by(f64::total_cmp);
    let place = q * (x.len() - 1) as f64;
    let low = *x.get(place.floor() as usize)?;
    let high = x.get(place.floor() as usize + 1).copied().unwrap_or(low);
    Some(low + (high - low) * place.fract())
}

fn correlation(pairs: &[(f64, f64)]) -> f64 {
    let (x, y): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
    let (mx, my) = (mean(&x).unwrap(), mean(&y).unwrap());
    let xy: f64 = pairs.iter().map(|(x, y)| (x - mx) * (y - my)).sum();
    xy / (central(&x, 2) * central(&y, 2)).sqrt()
}

type Naive = fn(&[f64]) -> Option<f64>;

/// Every statistic against its definition, over each window.
fn check_against_definition<S: Statistic>(inputs: &[(f64, u64)], make: fn() -> S, naive: Naive) {
    let values: Vec<f64> = inputs.iter().map(|(v, _)| *v).collect();
    let expected: Vec<_> = (1..=values.len()).map(|n| naive(&values[..n])).collect();
    check_near(&given(cumulative(make()), inputs), &expected);
    for count in [1, 2, 7] {
        let expected: Vec<_> = (1..=values.len())
            .map(|n| naive(&values[n.saturating_sub(count)..n]))
            .collect();
        check_near(&given(rolling(count, make()), inputs), &expected);
    }
    let span = 50;
    let expected: Vec<_> = (1..=values.len())
        .map(|n| {
            let now = inputs[n - 1].1;
            let from = inputs[..n].partition_point(|(_, at)| now - at >= span);
            naive(&values[from..n])
        })
        .collect();
    let step = time_windowed(Duration::from_nanos(span), make());
    check_near(&given(step, inputs), &expected);
}

fn inputs() -> impl Strategy<Value = Vec<(f64, u64)>> {
    prop::collection::vec((-50_i32..50, 0_u64..40), 1..120).prop_map(|steps| {
        let mut now = 0;
        steps
            .into_iter()
            .map(|(value, step)| {
                now += step;
                (f64::from(value) / 4.0, now)
            })
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn statistics_equal_their_definitions(inputs in inputs()) {
        check_against_definition(&inputs, Count::new, |x| Some(x.len() as f64));
        check_against_definition(&inputs, Sum::new, |x| Some(x.iter().sum()));
        check_against_definition(&inputs, Mean::new, mean);
        check_against_definition(&inputs, Variance::new, variance);
        check_against_definition(&inputs, StdDev::new, |x| variance(x).map(f64::sqrt));
        check_against_definition(&inputs, StdError::new, |x| {
            variance(x).map(|v| (v / x.len() as f64).sqrt())
        });
        check_against_definition(&inputs, First::new, |x| x.first().copied());
        check_against_definition(&inputs, Last::new, |x| x.last().copied());
        check_against_definition(&inputs, Min::new, |x| x.iter().copied().reduce(f64::min));
        check_against_definition(&inputs, Max::new, |x| x.iter().copied().reduce(f64::max));
        check_against_definition(&inputs, Median::new, |x| quantile(x, 0.5));
        check_against_definition(&inputs, || Quantile::new(0.9), |x| quantile(x, 0.9));
        check_against_definition(&inputs, Rank::new, |x| {
            let last = x.last()?;
            Some(x.iter().filter(|v| *v < last).count() as f64)
        });
        check_against_definition(&inputs, Unique::new, |x| {
            let mut x = x.to_vec();
            x.sort_by(f64::total_cmp);
            x.dedup();
            Some(x.len() as f64)
        });
    }

    #[test]
    fn moments_of_higher_order_equal_their_definitions(inputs in inputs()) {
        // Values all different: moments of nearly equal values are nearly 0 divided by nearly 0.
        let inputs: Vec<_> = inputs.iter().enumerate()
            .map(|(at, (v, t))| (v + at as f64 * 0.37, *t)).collect();
        check_against_definition(&inputs, Skewness::new, |x| {
            let n = x.len() as f64;
            (x.len() > 2).then(|| {
                let biased = n.sqrt() * central(x, 3) / central(x, 2).powf(1.5);
                biased * (n * (n - 1.0)).sqrt() / (n - 2.0)
            })
        });
        check_against_definition(&inputs, Kurtosis::new, |x| {
            let n = x.len() as f64;
            (x.len() > 3).then(|| {
                let biased = n * central(x, 4) / central(x, 2).powi(2) - 3.0;
                (n - 1.0) / ((n - 2.0) * (n - 3.0)) * ((n + 1.0) * biased + 6.0)
            })
        });
    }

    #[test]
    fn time_weighted_statistics_equal_their_definitions(inputs in inputs()) {
        for span in [1, 30, 10_000] {
            check_weighted(&inputs, span);
        }
    }

    #[test]
    fn correlation_of_pairs_equals_its_definition(
        pairs in prop::collection::vec((-50_i32..50, -50_i32..50), 2..60)
    ) {
        let pairs: Vec<(f64, f64)> = pairs.iter().enumerate()
            .map(|(at, (x, y))| (f64::from(*x) + at as f64 * 0.01, f64::from(*y) + at as f64 * 0.3))
            .collect();
        let (mut all, mut last) = (Correlation::cumulative(), Correlation::rolling(5));
        for n in 1..=pairs.len() {
            let (a, b) = (all.on(&pairs[n - 1], Nanos(n as u64)), last.on(&pairs[n - 1], Nanos(n as u64)));
            if n > 1 {
                prop_assert!(is_near(a.unwrap(), correlation(&pairs[..n]), 1.0));
                prop_assert!(is_near(b.unwrap(), correlation(&pairs[n.saturating_sub(5)..n]), 1.0));
            }
        }
    }
}

/// Values with the time each was current within the last `span`, at the last input.
fn pieces(inputs: &[(f64, u64)], span: u64) -> Vec<(f64, u64)> {
    let now = inputs.last().unwrap().1;
    let from = now.saturating_sub(span);
    inputs
        .windows(2)
        .map(|pair| (pair[0].0, pair[1].1.max(from) - pair[0].1.max(from)))
        .filter(|piece| piece.1 > 0)
        .collect()
}

#[track_caller]
fn check_weighted(inputs: &[(f64, u64)], span: u64) {
    let window = |kind| time_windowed_time_weighted(Duration::from_nanos(span), kind);
    let mut steps = [
        Weighted::Mean,
        Weighted::Variance,
        Weighted::StdDev,
        Weighted::Median,
    ]
    .map(window);
    for n in 1..=inputs.len() {
        let (value, at) = inputs[n - 1];
        let found: Vec<f64> = steps
            .iter_mut()
            .map(|step| step.on(&value, Nanos(at)).unwrap())
            .collect();
        let mut pieces = pieces(&inputs[..n], span);
        let weight: f64 = pieces.iter().map(|p| p.1 as f64).sum();
        let (mean, variance, median) = if pieces.is_empty() {
            (value, 0.0, value)
        } else {
            let mean = pieces.iter().map(|p| p.0 * p.1 as f64).sum::<f64>() / weight;
            let m2: f64 = pieces
                .iter()
                .map(|p| (p.0 - mean).powi(2) * p.1 as f64)
                .sum();
            pieces.sort_by(|a, b| a.0.total_cmp(&b.0));
            let mut below = 0.0;
            let median = pieces.iter().find(|p| {
                below += p.1 as f64;
                below * 2.0 >= weight
            });
            (mean, m2 / weight, median.unwrap().0)
        };
        assert!(
            is_near(found[0], mean, mean.abs()),
            "mean {n}: {} {mean}",
            found[0]
        );
        assert!(
            is_near(found[1], variance, variance),
            "var {n}: {} {variance}",
            found[1]
        );
        // A root of a rounding error is larger than the error.
        assert!((found[2] - variance.sqrt()).abs() < 1e-3, "std {n}");
        assert!(
            is_near(found[3], median, 1.0),
            "median {n}: {} {median}",
            found[3]
        );
    }
}

#[test]
fn products_survive_zeros_that_come_and_go() {
    check(
        rolling(2, Prod::new()),
        &[2.0, 0.0, 3.0, 4.0],
        &[Some(2.0), Some(0.0), Some(0.0), Some(12.0)],
    );
}

#[test]
fn a_geometric_mean_needs_values_above_zero() {
    check(
        rolling(2, GeometricMean::new()),
        &[1.0, 4.0, 0.0, 9.0, 4.0],
        &[Some(1.0), Some(2.0), None, None, Some(6.0)],
    );
}

#[test]
fn extremes_say_when_they_came() {
    let values = [
        (3.0, 1_000_000_000),
        (1.0, 2_000_000_000),
        (1.0, 3_000_000_000),
    ];
    check_near(
        &given(cumulative(ArgMin::new()), &values),
        &[Some(1.0), Some(2.0), Some(2.0)],
    );
    check_near(
        &given(rolling(2, ArgMax::new()), &values),
        &[Some(1.0), Some(1.0), Some(2.0)],
    );
}

#[test]
fn what_is_not_a_number_is_passed_over_and_counted() {
    let mut sum = cumulative_sum();
    assert_eq!(sum.on(&1.0, Nanos(1)), Some(1.0));
    assert_eq!(sum.on(&f64::NAN, Nanos(2)), None);
    assert_eq!(sum.on(&f64::INFINITY, Nanos(3)), None);
    assert_eq!(sum.on(&2.0, Nanos(4)), Some(3.0));
    assert_eq!(sum.ignored(), 2);
}

#[test]
fn a_sum_of_very_different_sizes_keeps_its_digits() {
    check(
        cumulative_sum(),
        &[1e16, 1.0, 1.0, -1e16],
        &[Some(1e16), Some(1e16), Some(1e16), Some(2.0)],
    );
}

#[test]
fn an_expiring_window_says_when_its_values_leave() {
    let mut sum = time_windowed_sum(Duration::from_nanos(10)).expiring();
    assert_eq!(sum.deadline(), None);
    assert_eq!(sum.on(&5.0, Nanos(100)), Some(5.0));
    assert_eq!(sum.on(&2.0, Nanos(104)), Some(7.0));
    assert_eq!(sum.deadline(), Some(Nanos(110)));
    assert_eq!(sum.on_deadline(Nanos(110)), Some(2.0));
    assert_eq!(sum.on_deadline(Nanos(114)), Some(0.0));
    assert_eq!(sum.deadline(), None);
}

#[test]
fn a_cumulative_extreme_keeps_one_value() {
    let mut max = cumulative_max();
    for value in 0..1000 {
        max.on(&-f64::from(value), Nanos(1));
    }
    assert_eq!(max.len(), 0);
    assert_eq!(max.on(&-2000.0, Nanos(2)), Some(0.0));
}

#[test]
fn decaying_averages_follow_their_constants() {
    check(
        ewma_per_tick(0.5),
        &[8.0, 0.0, 0.0],
        &[Some(8.0), Some(4.0), Some(2.0)],
    );
    let second = 1_000_000_000;
    let halves = [(8.0, second), (0.0, 2 * second), (0.0, 4 * second)];
    check_near(
        &given(ewma_half_life(Duration::from_secs(1)), &halves),
        &[Some(8.0), Some(4.0), Some(1.0)],
    );
    let e = std::f64::consts::E;
    check_near(
        &given(ewma(Duration::from_secs(1)), &halves),
        &[Some(8.0), Some(8.0 / e), Some(8.0 / e.powi(3))],
    );
    check_near(
        &given(
            ewma_variance(Duration::from_secs(1)),
            &[(1.0, second), (1.0, 9 * second)],
        ),
        &[Some(0.0), Some(0.0)],
    );
}

#[test]
fn a_covariance_matrix_is_that_of_its_columns() {
    let mut matrix = rolling_covariance_matrix(2, 3);
    let rows = [[9.0, -4.0], [1.0, 2.0], [2.0, 4.0], [3.0, 6.0]];
    let mut last = None;
    for (at, row) in (1..).zip(rows) {
        last = matrix.on(&row.to_vec(), Nanos(at));
    }
    for (found, expected) in last.unwrap().iter().zip([1.0, 2.0, 2.0, 4.0]) {
        assert!(is_near(*found, expected, 1.0));
    }
    let mut correlations = correlation_matrix(2);
    correlations.on(&vec![1.0, 5.0], Nanos(1));
    let given = correlations.on(&vec![2.0, 5.0], Nanos(2)).unwrap();
    assert!(is_near(given[0], 1.0, 1.0) && given[1].is_nan());
    assert_eq!(correlations.on(&vec![1.0], Nanos(3)), None, "another width");
}
