//! What nodes give, and when.

mod dynamic;
mod methods;
mod peers;
mod sources;
mod threads;

use std::time::Duration;

use super::super::steps::harness::{Bench, Input};
use super::super::{Executor, Stream};
use super::*;

const NS: fn(u64) -> Duration = Duration::from_nanos;

fn burst<T: Clone>(values: &[T]) -> Burst<T> {
    values.to_vec().into()
}

/// One cycle of two inputs: the time and what each gets.
type Pair<A, B> = (u64, Option<A>, Option<B>);

fn feed_pairs<A: Copy + 'static, B: Copy + 'static>(
    bench: &mut Bench,
    (left, right): (&mut Input<A>, &mut Input<B>),
    pairs: &[Pair<A, B>],
) {
    bench.settle();
    for &(at, a, b) in pairs {
        bench.at(at, |executor| {
            if let Some(a) = a {
                left.push(executor, a, at);
            }
            if let Some(b) = b {
                right.push(executor, b, at);
            }
        });
    }
    bench.run_to(1000);
}

/// Feeds two inputs into what `build` makes of them and compares what comes out.
#[track_caller]
fn check_pair<A, B, O>(
    build: impl FnOnce(&mut Executor, &Stream<A>, &Stream<B>) -> Stream<O>,
    pairs: &[Pair<A, B>],
    expected: &[(u64, O)],
) where
    A: Copy + 'static,
    B: Copy + 'static,
    O: Clone + std::fmt::Debug + PartialEq + 'static,
{
    let mut bench = Bench::new();
    let (mut left, mut right) = (bench.input(), bench.input());
    let stream = build(bench.executor(), left.stream(), right.stream());
    let record = bench.record(&stream);
    feed_pairs(&mut bench, (&mut left, &mut right), pairs);
    record.check(expected);
}

/// Left at 10, 30 and 50; right at 20, 30 and 40.
const PAIRS: [Pair<u64, u64>; 5] = [
    (10, Some(1), None),
    (20, None, Some(2)),
    (30, Some(3), Some(4)),
    (40, None, Some(5)),
    (50, Some(6), None),
];

#[test]
fn joins_give_once_a_cycle_and_only_complete() {
    let expected = [(20, (1, 2)), (30, (3, 4)), (40, (3, 5)), (50, (6, 5))];
    check_pair(|ex, a, b| a.both(ex, b), &PAIRS, &expected);
    check_pair(|ex, a, b| a.join(ex, b, |a, b| (*a, *b)), &PAIRS, &expected);
    check_pair(
        |ex, a, b| a.join_passive(ex, b, |a, b| (*a, *b)),
        &PAIRS,
        &[(30, (3, 4)), (50, (6, 5))],
    );
    check_pair(
        |ex, a, b| a.join3(ex, b, a, |a, b, c| a + b + c),
        &PAIRS,
        &[(20, 4), (30, 10), (40, 11), (50, 17)],
    );
}

#[test]
fn folds_over_streams_agree() {
    let sums = [(20, 3_i128), (30, 7), (40, 8), (50, 11)];
    let both = |a: &Stream<u64>, b: &Stream<u64>| [a.clone(), b.clone()];
    check_pair(|ex, a, b| sum(ex, &both(a, b)), &PAIRS, &sums);
    check_pair(
        |ex, a, b| map_n(ex, &both(a, b), |v| v.iter().map(|&v| i128::from(v)).sum()),
        &PAIRS,
        &sums,
    );
    check_pair(
        |ex, a, b| {
            unordered_fold(ex, &both(a, b), 0, |sum: &mut i128, old, new| {
                *sum += i128::from(*new) - i128::from(*old.unwrap_or(&0));
            })
        },
        &PAIRS,
        &sums,
    );
    check_pair(
        |ex, a, b| reduce_balanced(ex, &both(a, b), |a, b| a + b).unwrap(),
        &PAIRS,
        &[(20, 3), (30, 7), (40, 8), (50, 11)],
    );
    let partial = [(10, 1_i128), (20, 3), (30, 7), (40, 8), (50, 11)];
    check_pair(|ex, a, b| opt_sum(ex, &both(a, b)), &PAIRS, &partial);
    check_pair(
        |ex, a, b| {
            opt_unordered_fold(ex, &both(a, b), 0, |sum: &mut i128, old, new| {
                *sum += i128::from(*new) - i128::from(*old.unwrap_or(&0));
            })
        },
        &PAIRS,
        &partial,
    );
}

#[test]
fn merge_tells_of_its_ties() {
    let lost = Lost::new();
    check_pair(
        |ex, a, b| a.merge(ex, b, &lost),
        &PAIRS,
        &[(10, 1), (20, 2), (30, 3), (40, 5), (50, 6)],
    );
    assert_eq!(lost.count(), 1);
    check_pair(
        |ex, a, b| merge_all(ex, &[a.clone(), b.clone()]),
        &PAIRS,
        &[
            (10, burst(&[1])),
            (20, burst(&[2])),
            (30, burst(&[3, 4])),
            (40, burst(&[5])),
            (50, burst(&[6])),
        ],
    );
}

#[test]
fn merged_bursts_keep_every_value() {
    check_pair(
        |ex, a, b| {
            let a = a.map(ex, |n| burst(&[*n, *n]));
            let b = b.map(ex, |n| burst(&[*n]));
            merge_bursts(ex, &[a, b])
        },
        &PAIRS[2..4],
        &[(30, burst(&[3, 3, 4])), (40, burst(&[5]))],
    );
}

#[test]
fn sampling_ticks_with_its_trigger_alone() {
    check_pair(
        |ex, a, b| a.sample(ex, b),
        &PAIRS,
        &[(20, 1), (30, 3), (40, 3)],
    );
    check_pair(
        |ex, a, b| sample_n(ex, std::slice::from_ref(a), b),
        &PAIRS[1..3],
        &[(20, vec![None]), (30, vec![Some(3)])],
    );
    check_pair(
        |ex, a, b| a.depend_on(ex, b),
        &PAIRS,
        &[(10, 1), (30, 3), (50, 6)],
    );
    check_pair(
        |ex, a, b| any(ex, &[a, b]).count(ex),
        &PAIRS,
        &[(10, 1), (20, 2), (30, 3), (40, 4), (50, 5)],
    );
}

/// A flag beside values.
const FLAGGED: [Pair<u64, bool>; 6] = [
    (10, Some(1), None),
    (20, Some(2), Some(false)),
    (30, Some(3), None),
    (40, Some(4), Some(true)),
    (50, Some(5), None),
    (60, None, Some(false)),
];

#[test]
fn flags_open_and_close() {
    check_pair(
        |ex, a, flag| a.filter_by(ex, flag),
        &FLAGGED,
        &[(40, 4), (50, 5)],
    );
    check_pair(
        |ex, a, flag| a.split(ex, flag).1,
        &FLAGGED,
        &[(20, 2), (30, 3)],
    );
    check_pair(
        |ex, a, flag| a.gate(ex, flag, Bound::drop_newest(9)),
        &FLAGGED,
        &[(40, burst(&[1, 2, 3, 4])), (50, burst(&[5]))],
    );
    let bound = Bound::drop_oldest(2);
    let lost = bound.lost();
    check_pair(
        |ex, a, flag| a.gate(ex, flag, bound),
        &FLAGGED,
        &[(40, burst(&[3, 4])), (50, burst(&[5]))],
    );
    assert_eq!(lost.count(), 2);
}

#[test]
fn a_switch_gives_the_chosen_and_its_change() {
    let selected = [
        (10, Some(1), None),
        (20, None, Some(0)),
        (30, Some(3), None),
        (40, None, Some(1)),
        (50, Some(5), None),
        (60, None, Some(7)),
        (70, Some(7), None),
    ];
    let streams = |ex: &mut Executor, a: &Stream<u64>| {
        let b = a.map(ex, |n| n * 100);
        [a.clone(), b]
    };
    check_pair(
        |ex, a, place| {
            let streams = streams(ex, a);
            switch(ex, place, &streams)
        },
        &selected,
        &[(20, 1), (30, 3), (40, 300), (50, 500)],
    );
    check_pair(
        |ex, a, place| {
            let streams = streams(ex, a);
            switch_events(ex, place, &streams)
        },
        &selected,
        &[(30, 3), (50, 500)],
    );
    check_pair(
        |ex, a, place| {
            let [a, b] = streams(ex, a);
            let key = place.map(ex, |place| ["a", "b"].get(*place).copied().unwrap_or("c"));
            multiplex(ex, &key, [("a", a), ("b", b)], true)
        },
        &selected,
        &[(20, 1), (30, 3), (40, 300), (50, 500)],
    );
    check_pair(
        |ex, a, flag| {
            let [a, b] = streams(ex, a);
            if_(ex, flag, &a, &b)
        },
        &FLAGGED,
        &[(20, 200), (30, 300), (40, 4), (50, 5), (60, 500)],
    );
}

#[test]
fn logic_gives_changes_alone() {
    let pairs = [
        (10, Some(true), None),
        (20, None, Some(true)),
        (30, Some(true), None),
        (40, Some(false), None),
        (50, None, Some(false)),
    ];
    type Logic = fn(&mut Executor, &[Stream<bool>]) -> Stream<bool>;
    let check = |logic: Logic, expected: &[(u64, bool)]| {
        check_pair(
            |ex, a, b| logic(ex, &[a.clone(), b.clone()]),
            &pairs,
            expected,
        );
    };
    check(and, &[(20, true), (40, false)]);
    check(for_all, &[(20, true), (40, false)]);
    check(or, &[(20, true), (50, false)]);
    check(exists, &[(20, true), (50, false)]);
    check(xor, &[(20, false), (40, true), (50, false)]);
    check(
        |ex, streams| and_with_init(ex, streams, true),
        &[(10, true), (40, false)],
    );
    check(
        |ex, streams| or_with_init(ex, streams, false),
        &[(10, true), (50, false)],
    );
    check(
        |ex, streams| xor_with_init(ex, streams, false),
        &[(10, true), (20, false), (40, true), (50, false)],
    );
    check(
        |ex, streams| and_with_bootstrap(ex, streams, false),
        &[(0, false), (20, true), (40, false)],
    );
    check(
        |ex, streams| or_with_bootstrap(ex, streams, true),
        &[(0, true), (50, false)],
    );
    check(
        |ex, streams| xor_with_bootstrap(ex, streams, true),
        &[(0, false), (40, true), (50, false)],
    );
    check(
        |ex, streams| streams[0].not(ex),
        &[(10, false), (30, false), (40, true)],
    );
}

#[test]
fn sync_waits_for_all_or_for_the_time() {
    let replaced = Lost::new();
    let complete = |values: [u64; 2], since| Synced {
        values: values.map(Some).to_vec(),
        since: super::super::Nanos(since),
    };
    check_pair(
        |ex, a, b| sync(ex, &[a.clone(), b.clone()], None, &replaced),
        &PAIRS,
        &[
            (20, complete([1, 2], 10)),
            (30, complete([3, 4], 30)),
            (50, complete([6, 5], 40)),
        ],
    );
    assert_eq!(replaced.count(), 0);
    let timeout = Some(NS(10));
    let pairs = [
        (10, Some(1), None),
        (15, Some(2), None),
        (40, None, Some(3)),
    ];
    let partial = |a, b, since| Synced {
        values: vec![a, b],
        since: super::super::Nanos(since),
    };
    check_pair(
        |ex, a, b| sync(ex, &[a.clone(), b.clone()], timeout, &replaced),
        &pairs,
        &[
            (20, partial(Some(2), None, 10)),
            (50, partial(None, Some(3), 40)),
        ],
    );
    assert_eq!(replaced.count(), 1);
}

#[test]
fn resets_start_anew() {
    check_pair(
        |ex, a, b| a.accumulate_with_reset(ex, b, 0, |sum, n| *sum += n),
        &PAIRS,
        &[(10, 1), (20, 0), (30, 3), (40, 0), (50, 6)],
    );
    check_pair(
        |ex, a, b| a.delay_with_reset(ex, NS(15), Bound::drop_newest(4), b),
        &PAIRS,
        // 1 is given early by the reset at 20 and forgotten at 25; likewise 3.
        &[(20, 1), (30, 3), (40, 3), (65, 6)],
    );
}

#[test]
fn a_default_stands_in_until_a_value_comes() {
    let build = |ex: &mut Executor, a: &Stream<u64>, _: &Stream<u64>| a.default(ex, 9, NS(15));
    check_pair(build, &PAIRS, &[(10, 1), (30, 3), (50, 6)]);
    check_pair(build, &PAIRS[1..], &[(15, 9), (30, 3), (50, 6)]);
    check_pair(
        |ex, a, _: &Stream<u64>| a.default(ex, 9, NS(0)),
        &PAIRS[..1],
        &[(0, 9), (10, 1)],
    );
}

#[test]
fn results_part_and_errors_are_counted() {
    let mut bench = Bench::new();
    let mut input = bench.input::<u64>();
    let (good, bad) = input
        .stream()
        .try_map(bench.executor(), |n| n.checked_sub(2).ok_or("small"));
    let some = input.stream().try_map_filter(bench.executor(), |n| {
        if *n == 3 {
            Ok(None)
        } else {
            Ok::<_, ()>(Some(*n))
        }
    });
    let (goods, bads) = (bench.record(&good), bench.record(&bad));
    let somes = bench.record(&some.0);
    bench.feed(&mut input, &[(1, 1), (2, 2), (3, 3)], 9);
    goods.check(&[(2, 0), (3, 1)]);
    bads.check(&[(1, "small")]);
    somes.check(&[(1, 1), (2, 2)]);
    assert_eq!(bad.latest().ticks(), 1);
}
