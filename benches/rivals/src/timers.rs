//! A million timers beside `wavelet` and `wingfoil`: set, ended, and fired in one cycle. Deadlines are random within an hour,
//! all of one node.
//!
//! Of `wingfoil` it is the kernel alone, which its engines schedule their nodes in, with no graph around it: a node of a graph
//! can schedule only itself, and a million schedules in one cycle are no graph of it. It has no way to end one.

use crate::measure::{Contender, is_test, side_by_side};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};
use waveletd::runtime::{Control, Executor, Nanos, Node, NodeBuilder, Timer};

const HOUR: Duration = Duration::from_secs(3_600);

fn delays() -> Vec<Duration> {
    let count = if is_test() { 1_000 } else { 1_000_000 };
    let mut state = 7_u64;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            Duration::from_nanos(1 + (state >> 20) % (HOUR.as_nanos() as u64 - 1))
        })
        .collect()
}

/// An order of ending that is not that of setting: a stride that visits each once.
fn strided<T>(list: Vec<T>) -> Vec<T> {
    let count = list.len();
    let mut list: Vec<Option<T>> = list.into_iter().map(Some).collect();
    (0..count)
        .filter_map(|at| list[at * 7_919 % count].take())
        .collect()
}

/// Time of setting, of ending in another order, and of firing what is set again.
type Figures = [Duration; 3];

fn ours(delays: &[Duration]) -> Figures {
    let doomed: Rc<RefCell<Vec<Timer>>> = Rc::default();
    let list = Rc::clone(&doomed);
    let mut executor = Executor::new();
    let node: Node<u64> = NodeBuilder::new(0_u64).build(&mut executor, move |runs, ctx| {
        *runs += 1;
        for timer in list.borrow_mut().drain(..) {
            timer.cancel(ctx);
        }
        Control::Unchanged
    });
    let begin = Nanos(1_700_000_000_000_000_000);
    let _ = executor.cycle(begin);
    let set = |executor: &mut Executor| -> Vec<Timer> {
        delays
            .iter()
            .filter_map(|delay| executor.timer_at(&node, begin.after(*delay)))
            .collect()
    };
    let start = Instant::now();
    let timers = set(&mut executor);
    let registered = start.elapsed();
    *doomed.borrow_mut() = strided(timers);
    executor.schedule(&node);
    let start = Instant::now();
    let _ = executor.cycle(begin);
    let cancelled = start.elapsed();
    assert_eq!(executor.timer_count(), 0);
    set(&mut executor);
    let start = Instant::now();
    let _ = executor.cycle(begin.after(HOUR));
    let fired = start.elapsed();
    assert_eq!(executor.timer_count(), 0);
    [registered, cancelled, fired]
}

fn theirs(delays: &[Duration]) -> Figures {
    use wavelet::prelude::*;
    use wavelet::runtime::{EventDriverConfigBuilder, TestClock};
    let config = EventDriverConfigBuilder::default()
        .io_enabled(false)
        .build()
        .expect("every field has a default");
    let mut runtime = RealtimeRuntime::with_config(config, ExecutionMode::Spin);
    let executor = runtime.executor();
    let node = NodeBuilder::new(0_u64).build(executor, |runs, _| {
        *runs += 1;
        Control::Unchanged
    });
    let mut clock = TestClock::new();
    let (begin, _) = clock.current_times();
    let start = Instant::now();
    let timers: Vec<_> = delays
        .iter()
        .map(|delay| {
            executor
                .timer_driver()
                .register_timer(node.index(), begin + *delay)
        })
        .collect();
    let registered = start.elapsed();
    let timers = strided(timers);
    let start = Instant::now();
    for timer in timers {
        executor.timer_driver().deregister_timer(timer);
    }
    let cancelled = start.elapsed();
    for delay in delays {
        let _ = executor
            .timer_driver()
            .register_timer(node.index(), begin + *delay);
    }
    clock.advance(HOUR);
    let start = Instant::now();
    executor
        .cycle(&mut clock, Some(std::time::Duration::ZERO))
        .expect("there is no poller to fail");
    let fired = start.elapsed();
    [registered, cancelled, fired]
}

/// The kernel in real time, with deadlines in the past: all are due in the first cycle.
fn wingfoils(delays: &[Duration]) -> Figures {
    use wingfoil::{Kernel, NanoTime, RunFor, RunMode};
    let mut kernel = Kernel::new(RunMode::RealTime, RunFor::Forever);
    let begin = 1_700_000_000_000_000_000;
    let start = Instant::now();
    for delay in delays {
        kernel.schedule(0, NanoTime::new(begin + delay.as_nanos() as u64));
    }
    let registered = start.elapsed();
    let mut dirty = [false];
    let start = Instant::now();
    assert!(kernel.begin_cycle(&mut dirty), "the timers are due");
    kernel.end_cycle(&mut dirty);
    [registered, Duration::ZERO, start.elapsed()]
}

/// Prints the three tables.
pub(crate) fn tables() {
    let delays = delays();
    for (at, what) in ["set", "ended", "fired in one cycle"].iter().enumerate() {
        let mut contenders = vec![
            Contender::new("waveletd", delays.len(), || ours(&delays)[at]),
            Contender::new("wavelet", delays.len(), || theirs(&delays)[at]),
        ];
        // What is scheduled there cannot be ended.
        if *what != "ended" {
            contenders.push(Contender::new(
                "wingfoil, its kernel alone",
                delays.len(),
                || wingfoils(&delays)[at],
            ));
        }
        side_by_side(
            &format!("A million timers, {what}"),
            "timer",
            &mut contenders,
        );
    }
}
