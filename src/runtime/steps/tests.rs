//! What each step gives, and when, the same in every tier.

use std::time::Duration;

use super::harness::{Bench, check_same, check_tiers};
use super::*;
use crate::runtime::{Nanos, Pipe, Step, fan};

const NS: fn(u64) -> Duration = Duration::from_nanos;

/// `1..=5` at 10, 20, 20, 30 and 50.
const FIVE: [(u64, u64); 5] = [(10, 1), (20, 2), (20, 3), (30, 4), (50, 5)];

fn burst<T: Clone>(values: &[T]) -> Burst<T> {
    values.to_vec().into()
}

#[track_caller]
fn check<S>(make: impl FnMut() -> S, expected: &[(u64, S::Out)])
where
    S: Step<u64> + 'static,
    S::Out: Clone + std::fmt::Debug + PartialEq + 'static,
{
    check_tiers(make, &FIVE, 100, expected);
}

#[test]
fn map_gives_a_function_of_each_value() {
    check(
        || map(|n: &u64| n * 10),
        &[(10, 10), (20, 20), (20, 30), (30, 40), (50, 50)],
    );
}

#[test]
fn filters_give_what_passes() {
    check(
        || filter(|n: &u64| n.is_multiple_of(2)),
        &[(20, 2), (30, 4)],
    );
    check(
        || map_filter(|n: &u64| n.checked_sub(4)),
        &[(30, 0), (50, 1)],
    );
}

#[test]
fn folds_carry_a_state() {
    let sums = [(10, 1), (20, 3), (20, 6), (30, 10), (50, 15)];
    check(|| fold(0, |sum, n| *sum += n), &sums);
    let scanned = || {
        scan(0, |sum, n| {
            *sum += n;
            *sum
        })
    };
    check(scanned, &sums);
    check(count, &[(10, 1), (20, 2), (20, 3), (30, 4), (50, 5)]);
}

#[test]
fn times_of_values_are_those_of_the_cycle() {
    check(
        ticked_at_elapsed,
        &[(10, 0), (20, 10), (20, 10), (30, 20), (50, 40)],
    );
    check_tiers(ticked_at, &[(3, 'a')], 9, &[(3, Nanos(3))]);
    check_tiers(with_time, &[(3, 'a')], 9, &[(3, (Nanos(3), 'a'))]);
}

#[test]
fn differences_have_room_for_every_pair() {
    check_tiers(
        difference,
        &[(1, u64::MAX), (2, 0), (3, 5)],
        9,
        &[(2, -i128::from(u64::MAX)), (3, 5)],
    );
    check(|| difference_over(3), &[(30, 3), (50, 3)]);
    check_tiers(difference, &[(1, 0.5), (2, 2.0)], 9, &[(2, 1.5)]);
}

#[test]
fn pairs_and_lags_look_back() {
    check(
        pairwise,
        &[(20, (1, 2)), (20, (2, 3)), (30, (3, 4)), (50, (4, 5))],
    );
    check(|| delay_ticks(2), &[(20, 1), (30, 2), (50, 3)]);
    check(|| delay_ticks(0), &FIVE);
}

#[test]
fn inspecting_changes_nothing() {
    check(|| inspect(|n: &u64, at| assert!(*n * 4 <= at.0)), &FIVE);
}

#[test]
fn cutoffs_compare_with_what_was_given_last() {
    check_tiers(
        distinct,
        &[(1, 7), (2, 7), (3, 8), (4, 7)],
        9,
        &[(1, 7), (3, 8), (4, 7)],
    );
    // 1.0 to 1.8 by small steps: each is compared with 1.0, not with the one before.
    check_tiers(
        || drop_small_change(0.5),
        &[(1, 1.0), (2, 1.4), (3, 1.8), (4, 1.5)],
        9,
        &[(1, 1.0), (3, 1.8)],
    );
    check(
        || cutoff(|a: &u64, b: &u64| b - a < 2),
        &[(10, 1), (20, 3), (50, 5)],
    );
}

#[test]
fn limits_count_and_tests_remember() {
    check(|| limit(2), &FIVE[..2]);
    check(|| limit(0), &[]);
    check(|| skip(3), &FIVE[3..]);
    check(|| take_while(|n: &u64| n % 2 == 1), &FIVE[..1]);
    check(|| skip_while(|n: &u64| *n < 3), &FIVE[2..]);
    check(|| freeze(|n: &u64| *n == 3), &FIVE[..3]);
}

#[test]
fn wrappers_are_taken_off() {
    check_tiers(filter_none, &[(1, None), (2, Some(4))], 9, &[(2, 4)]);
    check_tiers(drop_nans, &[(1, f64::NAN), (2, 4.0)], 9, &[(2, 4.0)]);
    let results = [(1, Ok('a')), (2, Err(7)), (3, Ok('b'))];
    check_tiers(values, &results, 9, &[(1, 'a'), (3, 'b')]);
    check_tiers(errors, &results, 9, &[(2, 7)]);
}

#[test]
fn delay_moves_each_value_by_the_same_span() {
    check(
        || delay(NS(25), Bound::drop_newest(8)),
        &[(35, 1), (45, 2), (45, 3), (55, 4), (75, 5)],
    );
    check(|| delay(NS(0), Bound::drop_newest(1)), &FIVE);
}

#[test]
fn a_value_due_with_the_next_input_is_given_with_it() {
    check_tiers(
        || delay(NS(10), Bound::drop_newest(1)),
        &[(10, 'a'), (20, 'b'), (30, 'c')],
        99,
        &[(20, 'a'), (30, 'b'), (40, 'c')],
    );
}

#[test]
fn a_full_delay_drops_and_counts() {
    let lost = Lost::new();
    let newest = || delay(NS(25), Bound::drop_newest(2).counted_by(&lost));
    check(newest, &[(35, 1), (45, 2), (75, 5)]);
    assert_eq!(lost.count(), 4 * 2, "two values in each of four tiers");
    let oldest = || delay(NS(25), Bound::drop_oldest(2));
    check(oldest, &[(45, 3), (55, 4), (75, 5)]);
}

#[test]
fn throttle_gives_the_first_of_a_span() {
    check(|| throttle(NS(15)), &[(10, 1), (30, 4), (50, 5)]);
    check(|| throttle(NS(10)), &[(10, 1), (20, 2), (30, 4), (50, 5)]);
}

#[test]
fn throttle_latest_never_withholds_the_last() {
    check(
        || throttle_latest(NS(15)),
        &[(10, 1), (25, 3), (40, 4), (55, 5)],
    );
}

#[test]
fn debounce_waits_for_quiet() {
    check(|| debounce(NS(15)), &[(45, 4), (65, 5)]);
    // At the very end of the quiet, the old value is given with the new one's arrival.
    check(|| debounce(NS(20)), &[(50, 4), (70, 5)]);
}

#[test]
fn stale_says_so_once_and_takes_it_back() {
    check(
        || stale(NS(15)),
        &[(10, false), (45, true), (50, false), (65, true)],
    );
}

#[test]
fn rate_limit_drops_beyond_the_burst() {
    let lost = Lost::new();
    let rate = Rate {
        interval: NS(20),
        burst: 2,
    };
    check(
        || rate_limit(rate, &lost),
        &[(10, 1), (20, 2), (30, 4), (50, 5)],
    );
    assert_eq!(lost.count(), 4, "one in each of four tiers");
}

#[test]
fn queued_rate_limit_spaces_values_out() {
    let rate = Rate {
        interval: NS(20),
        burst: 1,
    };
    check(
        || rate_limit_queued(rate, Bound::drop_newest(8)),
        &[(10, 1), (30, 2), (50, 3), (70, 4), (90, 5)],
    );
}

const BACKOFF: Backoff = Backoff {
    first: Duration::from_nanos(2),
    max: Duration::from_nanos(5),
    tries: 4,
};

#[track_caller]
fn check_retry(fails: u32, input: &[(u64, u64)], expected: &[(u64, Result<u64, u32>)]) -> u64 {
    let superseded = Lost::new();
    let attempt = move |n: &u64, failures| {
        if failures < fails {
            Err(failures)
        } else {
            Ok(*n)
        }
    };
    check_tiers(|| retry(attempt, BACKOFF, &superseded), input, 99, expected);
    superseded.count()
}

#[test]
fn retry_backs_off_and_gives_up() {
    check_retry(0, &[(10, 7)], &[(10, Ok(7))]);
    check_retry(2, &[(10, 7)], &[(16, Ok(7))]);
    check_retry(3, &[(10, 7)], &[(21, Ok(7))]);
    check_retry(4, &[(10, 7)], &[(21, Err(3))]);
}

#[test]
fn a_new_value_takes_over_the_tries() {
    let superseded = check_retry(1, &[(10, 7), (11, 8)], &[(13, Ok(8))]);
    assert_eq!(superseded, 4, "one in each of four tiers");
}

#[test]
fn a_snapshot_holds_the_value_of_its_time() {
    check(|| snapshot_at(Nanos(25)), &[(25, 3)]);
    check(|| snapshot_at(Nanos(30)), &[(30, 4)]);
    check(|| snapshot_at(Nanos(99)), &[(99, 5)]);
    check(|| snapshot_at(Nanos(5)), &[]);
}

#[test]
fn buffers_hold_a_count() {
    check(|| buffer(2), &[(20, burst(&[1, 2])), (30, burst(&[3, 4]))]);
    check(
        || sliding(2),
        &[
            (10, burst(&[1])),
            (20, burst(&[1, 2])),
            (20, burst(&[2, 3])),
            (30, burst(&[3, 4])),
            (50, burst(&[4, 5])),
        ],
    );
    check(
        || accumulate(Bound::drop_newest(2)),
        &[
            (10, burst(&[1])),
            (20, burst(&[1, 2])),
            (20, burst(&[1, 2])),
            (30, burst(&[1, 2])),
            (50, burst(&[1, 2])),
        ],
    );
}

#[test]
fn windows_stand_on_the_grid_of_time() {
    check(
        || window(NS(25), Bound::drop_newest(8)),
        &[
            (25, burst(&[1, 2, 3])),
            (50, burst(&[4])),
            (75, burst(&[5])),
        ],
    );
    check(
        || sliding_time(NS(20), Bound::drop_newest(8)),
        &[
            (10, burst(&[1])),
            (20, burst(&[1, 2])),
            (20, burst(&[1, 2, 3])),
            (30, burst(&[2, 3, 4])),
            (50, burst(&[5])),
        ],
    );
}

#[test]
fn bursts_are_unrolled_at_the_instant_they_came() {
    let bursts = [(5, burst(&[1, 2, 3])), (6, burst(&[])), (7, burst(&[4]))];
    check_tiers(
        || unroll(Bound::drop_newest(8)),
        &bursts,
        9,
        &[(5, 1), (5, 2), (5, 3), (7, 4)],
    );
    check_tiers(
        || unroll(Bound::drop_oldest(2)),
        &bursts,
        9,
        &[(5, 2), (5, 3), (7, 4)],
    );
}

#[test]
fn bursts_are_collapsed() {
    let bursts = [(5, burst(&[1, 2, 3])), (6, burst(&[])), (7, burst(&[4]))];
    check_tiers(collapse, &bursts, 9, &[(5, 3), (7, 4)]);
    check_tiers(
        || collapse_accumulate(0, |sum, n| *sum += n),
        &bursts,
        9,
        &[(5, 6), (7, 10)],
    );
}

/// 300 values at times that bunch up, stand still and pause; the same for the same seed.
fn noise(seed: u64) -> Vec<(u64, u64)> {
    let mut state = seed;
    let mut at = 0;
    (0..300)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let draw = state >> 33;
            at += [0, 0, 1, 1, 2, 3, 5, 20][(draw % 8) as usize];
            (at, draw / 8 % 10)
        })
        .collect()
}

/// Steps with deadlines one after the other and side by side: nodes and one pipe agree.
#[track_caller]
fn check_noise<A, B>(first: impl Fn() -> A, second: impl Fn() -> B)
where
    A: Step<u64, Out = u64> + 'static,
    B: Step<u64, Out = u64> + 'static,
{
    for seed in 1..=8 {
        let input = noise(seed);
        let end = input.last().map_or(0, |(at, _)| at + 100);
        let given = check_same(
            Pipe::new(first()).then(second()),
            |ex, stream| {
                let middle = stream.step(ex, first());
                middle.step(ex, second())
            },
            &input,
            end,
        );
        assert!(given > 0, "nothing was compared");
        let given = check_same(
            fan(first(), second(), |a: &u64, b: &u64| (*a, *b)),
            |ex, stream| {
                let (left, right) = (stream.step(ex, first()), stream.step(ex, second()));
                left.both(ex, &right)
            },
            &input,
            end,
        );
        assert!(given > 0, "nothing was compared");
    }
}

#[test]
fn steps_with_deadlines_compose_alike_in_both_tiers() {
    let rate = Rate {
        interval: NS(3),
        burst: 2,
    };
    let later = || delay(NS(4), Bound::drop_oldest(3));
    let limited = || rate_limit_queued(rate, Bound::drop_newest(5));
    check_noise(later, || throttle_latest(NS(4)));
    check_noise(|| throttle_latest(NS(4)), later);
    check_noise(|| debounce(NS(2)), later);
    check_noise(limited, || debounce(NS(3)));
    check_noise(later, limited);
    check_noise(later, later);
    check_noise(distinct, limited);
    check_noise(limited, || fold(0, |sum, n| *sum += n));
}

#[test]
fn a_step_over_bursts_takes_every_value_and_ticks_when_it_gives_one() {
    let mut bench = Bench::new();
    let mut source = bench.input::<Burst<u64>>();
    let pipe =
        Pipe::new(filter(|n: &u64| n.is_multiple_of(2))).then(scan(0, |sum: &mut u64, n: &u64| {
            *sum += n;
            *sum
        }));
    let sums = source.stream().step_each(bench.executor(), pipe);
    let given = bench.record(&sums);
    let input = [
        (1, burst(&[1, 2, 3, 4])),
        (2, burst(&[5, 7])),
        (3, burst(&[])),
        (4, burst(&[6])),
    ];
    bench.feed(&mut source, &input, 5);
    given.check(&[(1, burst(&[2, 6])), (4, burst(&[12]))]);
    assert_eq!(sums.latest().ticks(), 2);
}

#[test]
fn a_step_over_bursts_keeps_its_last_burst_and_gives_one_of_one_when_it_is_due() {
    let mut bench = Bench::new();
    let mut source = bench.input::<Burst<u64>>();
    let late = delay(NS(10), Bound::drop_newest(8));
    let late = source.stream().step_each(bench.executor(), late);
    let given = bench.record(&late);
    bench.feed(&mut source, &[(1, burst(&[1, 2])), (15, burst(&[3]))], 30);
    let flat: Vec<_> = given
        .all()
        .into_iter()
        .map(|(at, b)| (at, b.to_vec()))
        .collect();
    assert_eq!(flat, [(11, vec![1]), (11, vec![2]), (25, vec![3])]);
    assert_eq!(late.value(), Some(burst(&[3])));
}
