//! Methods of a stream: looking at values, and single steps.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::super::steps::harness::Record;
use super::super::super::{Executor, Nanos, Stream, steps};
use super::super::*;
use super::{Bench, NS, burst};

/// A writer that takes two lines.
struct Two(Rc<RefCell<Vec<u8>>>, u32);

impl std::io::Write for Two {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if bytes == b"\n" {
            self.1 += 1;
        }
        if self.1 > 2 {
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn lookers_see_each_value_and_the_end() {
    let mut bench = Bench::new();
    let mut input = bench.input::<u64>();
    let (written, lines, ends) = (Rc::default(), Rc::default(), Rc::default());
    let (seen, lost): (Rc<RefCell<u64>>, _) = (Rc::default(), Lost::new());
    let printed = input
        .stream()
        .print(bench.executor(), Two(Rc::clone(&written), 0), &lost);
    let log: Rc<RefCell<Vec<String>>> = Rc::clone(&lines);
    let logged = printed.logged(bench.executor(), "in", move |line| {
        log.borrow_mut().push(line.to_owned());
    });
    let sum = Rc::clone(&seen);
    let each = logged.for_each(bench.executor(), move |n, _| *sum.borrow_mut() += n);
    let end: Rc<RefCell<Vec<_>>> = Rc::clone(&ends);
    let last = logged.finally(bench.executor(), move |last| {
        end.borrow_mut().push((last, None));
    });
    let end = Rc::clone(&ends);
    let timed = logged.timed(bench.executor(), move |timed| {
        end.borrow_mut().push((None, Some(timed)));
    });
    bench.feed(&mut input, &[(1, 7), (2, 8), (5, 9)], 9);
    assert_eq!(*written.borrow(), b"7\n8\n9");
    assert_eq!(lost.count(), 1);
    assert_eq!(lines.borrow()[0], "in 0.000000001 7");
    assert_eq!(*seen.borrow(), 24);
    assert!(ends.borrow().is_empty());
    drop((each, last, timed));
    bench.settle();
    let at = Nanos;
    let timed = Timed {
        count: 3,
        first: Some(at(1)),
        last: Some(at(5)),
    };
    assert_eq!(ends.borrow().len(), 2);
    assert!(ends.borrow().contains(&(Some(9), None)));
    assert!(ends.borrow().contains(&(None, Some(timed))));
}

/// Every method of a stream for a single step gives what the step gives.
#[test]
fn methods_are_their_steps() {
    type Method = fn(&Stream<u64>, &mut Executor) -> Stream<u64>;
    let lost = Lost::new();
    let rate = steps::Rate {
        interval: NS(15),
        burst: 1,
    };
    let input = [(10, 4_u64), (20, 4), (30, 5), (40, 9)];
    let check = |method: &dyn Fn(&Stream<u64>, &mut Executor) -> Stream<u64>,
                 expected: &[(u64, u64)]| {
        let mut bench = Bench::new();
        let mut source = bench.input();
        let stream = method(source.stream(), bench.executor());
        let record: Record<u64> = bench.record(&stream);
        bench.feed(&mut source, &input, 100);
        record.check(expected);
    };
    let cases: [(Method, &[(u64, u64)]); 17] = [
        (|s, ex| s.distinct(ex), &[(10, 4), (30, 5), (40, 9)]),
        (|s, ex| s.cutoff(ex, |a, b| b - a < 2), &[(10, 4), (40, 9)]),
        (|s, ex| s.limit(ex, 1), &[(10, 4)]),
        (|s, ex| s.skip(ex, 3), &[(40, 9)]),
        (|s, ex| s.take_while(ex, |n| *n < 5), &[(10, 4), (20, 4)]),
        (|s, ex| s.skip_while(ex, |n| *n < 5), &[(30, 5), (40, 9)]),
        (|s, ex| s.freeze(ex, |n| *n == 4), &[(10, 4)]),
        (|s, ex| s.delay_ticks(ex, 2), &[(30, 4), (40, 4)]),
        (
            |s, ex| s.delay(ex, NS(1), Bound::drop_newest(1)),
            &[(11, 4), (21, 4), (31, 5), (41, 9)],
        ),
        (|s, ex| s.throttle(ex, NS(15)), &[(10, 4), (30, 5)]),
        (
            |s, ex| s.throttle_latest(ex, NS(15)),
            &[(10, 4), (25, 4), (40, 9)],
        ),
        (|s, ex| s.debounce(ex, NS(15)), &[(55, 9)]),
        (|s, ex| s.snapshot_at(ex, Nanos(35)), &[(35, 5)]),
        (
            |s, ex| s.ticked_at_elapsed(ex),
            &[(10, 0), (20, 10), (30, 20), (40, 30)],
        ),
        (
            |s, ex| {
                s.accumulate(ex, Bound::drop_oldest(9))
                    .map(ex, |b| b.len() as u64)
            },
            &[(10, 1), (20, 2), (30, 3), (40, 4)],
        ),
        (
            |s, ex| s.buffer(ex, 2).unroll(ex, Bound::drop_newest(2)),
            &[(20, 4), (20, 4), (40, 5), (40, 9)],
        ),
        (
            |s, ex| s.window(ex, NS(25), Bound::drop_newest(9)).collapse(ex),
            &[(25, 4), (50, 9)],
        ),
    ];
    for (method, expected) in cases {
        check(&method, expected);
    }
    check(&|s, ex| s.rate_limit(ex, rate, &lost), &[(10, 4), (30, 5)]);
    assert_eq!(lost.count(), 2);
    check(
        &|s, ex| s.rate_limit_queued(ex, rate, Bound::drop_newest(9)),
        &[(10, 4), (25, 4), (40, 5), (55, 9)],
    );
}

#[test]
fn bursts_are_worked_on_value_by_value() {
    let mut bench = Bench::new();
    let mut input = bench.input();
    let even = input.stream().filter_each(bench.executor(), |n| n % 2 == 0);
    let distinct = input.stream().distinct_each(bench.executor());
    let (even, distinct) = (bench.record(&even), bench.record(&distinct));
    bench.feed(
        &mut input,
        &[(1, burst(&[1, 2, 2])), (2, burst(&[2, 3]))],
        9,
    );
    even.check(&[(1, burst(&[2, 2])), (2, burst(&[2]))]);
    distinct.check(&[(1, burst(&[1, 2])), (2, burst(&[3]))]);
}
