//! A million timers: set, ended, fired; and how late a parked graph is woken by one.
//!
//! Deadlines are random within an hour. The textbook is an ordered map of deadline, order of
//! setting and node, without a graph around it; both run in turn in one process. Firing is timed
//! twice: all in one cycle, and each deadline in a cycle of its own. Time is that of the thread on
//! the processor, so a busy machine shows in misses and not in waiting.
//!
//! Then: how late timers of a parked graph run out, and what a reading of its clock costs.
//!
//! `WAVELETD_BENCH_TIMERS` (1,000,000 if not set), `WAVELETD_BENCH_RUNS` (9).
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

mod support {
    pub(crate) mod measure;
}

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use nix::time::{ClockId, clock_gettime};
use support::measure::{is_test, run_count, setting};
use waveletd::runtime::{
    Clock, Control, ExecutionMode, Executor, Nanos, Node, NodeBuilder, RealtimeClock,
    RealtimeRuntime, Timer,
};

const START_NS: u64 = 1_700_000_000_000_000_000;
const HOUR_NS: u64 = 3_600_000_000_000;
/// Nanoseconds a timer: set, ended, fired in one cycle, fired one by one.
type Figures = [f64; 4];

fn timer_count() -> usize {
    if is_test() {
        2_000
    } else {
        setting("WAVELETD_BENCH_TIMERS", 1_000_000)
    }
}

/// The same for every contender: numbers from a seed, by a multiplication and a shift.
fn random(state: &mut u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 32) ^ (*state << 13 >> 20)
}

fn deadlines(count: usize) -> Vec<u64> {
    let mut state = 7;
    (0..count)
        .map(|_| START_NS + 1 + random(&mut state).wrapping_mul(48_271) % HOUR_NS)
        .collect()
}

/// An order in which timers are ended that is not that of setting.
fn shuffled<T>(mut list: Vec<T>) -> Vec<T> {
    let mut state = 11;
    for at in (1..list.len()).rev() {
        let other = (random(&mut state) % (at as u64 + 1)) as usize;
        list.swap(at, other);
    }
    list
}

/// Time this thread has had on a processor.
fn cpu_time() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID)
        .expect("the clock is there on Linux")
        .into()
}

fn per_item(start: Duration, count: usize) -> f64 {
    (cpu_time() - start).as_nanos() as f64 / count as f64
}

/// A graph with one node that owns the timers, and ends those put on the list.
struct Graph {
    executor: Executor,
    node: Node<u64>,
    doomed: Rc<RefCell<Vec<Timer>>>,
}

impl Graph {
    fn new() -> Self {
        let mut executor = Executor::new();
        let doomed: Rc<RefCell<Vec<Timer>>> = Rc::default();
        let list = Rc::clone(&doomed);
        let node = NodeBuilder::new(0_u64).build(&mut executor, move |runs, ctx| {
            *runs += 1;
            for timer in list.borrow_mut().drain(..) {
                assert!(timer.cancel(ctx), "the timer was to fire");
            }
            Control::Unchanged
        });
        let _ = executor.cycle(Nanos(START_NS));
        Self {
            executor,
            node,
            doomed,
        }
    }

    fn set_all(&mut self, deadlines: &[u64]) -> (f64, Vec<Timer>) {
        let mut timers = Vec::with_capacity(deadlines.len());
        let start = cpu_time();
        for &deadline in deadlines {
            let timer = self.executor.timer_at(&self.node, Nanos(deadline));
            timers.push(timer.expect("the node is there"));
        }
        (per_item(start, deadlines.len()), timers)
    }
}

fn wheel(deadlines: &[u64]) -> Figures {
    let count = deadlines.len();
    let mut graph = Graph::new();
    let (_, timers) = graph.set_all(deadlines);
    *graph.doomed.borrow_mut() = shuffled(timers);
    graph.executor.schedule(&graph.node);
    let start = cpu_time();
    let _ = graph.executor.cycle(Nanos(START_NS));
    let ended = per_item(start, count);
    assert_eq!(graph.executor.timer_count(), 0);

    // Fresh tables: memory is part of the cost of setting.
    let mut graph = Graph::new();
    let (set, _) = graph.set_all(deadlines);
    let start = cpu_time();
    let _ = graph.executor.cycle(Nanos(START_NS + HOUR_NS));
    let fired = per_item(start, count);
    assert_eq!(graph.executor.timer_count(), 0);

    let mut graph = Graph::new();
    let _ = graph.set_all(deadlines);
    let start = cpu_time();
    while let Some(deadline) = graph.executor.next_deadline() {
        let _ = graph.executor.cycle(deadline);
    }
    let one_by_one = per_item(start, count);
    black_box(*graph.node.borrow());
    [set, ended, fired, one_by_one]
}

fn textbook(deadlines: &[u64]) -> Figures {
    let count = deadlines.len();
    let fill = || {
        let mut map = BTreeMap::new();
        let mut keys = Vec::with_capacity(count);
        let start = cpu_time();
        for (sequence, &deadline) in deadlines.iter().enumerate() {
            map.insert((deadline, sequence as u64), 0_u32);
            keys.push((deadline, sequence as u64));
        }
        (per_item(start, count), map, keys)
    };
    let (_, mut map, keys) = fill();
    let keys = shuffled(keys);
    let start = cpu_time();
    for key in &keys {
        assert!(map.remove(key).is_some());
    }
    let ended = per_item(start, count);

    let (set, mut map, _) = fill();
    let start = cpu_time();
    let mut runs = 0_u64;
    while let Some((_, node)) = map.pop_first() {
        runs += u64::from(black_box(node)) + 1;
    }
    let fired = per_item(start, count);
    assert_eq!(runs, count as u64);
    [set, ended, fired, f64::NAN]
}

fn medians(mut runs: Vec<Figures>) -> Figures {
    std::array::from_fn(|at| {
        runs.sort_by(|a, b| a[at].total_cmp(&b[at]));
        runs[runs.len() / 2][at]
    })
}

/// How late timers run out while the graph parks between them, sorted, in ns.
fn lateness(count: u32) -> Vec<u64> {
    let mut runtime = RealtimeRuntime::new(ExecutionMode::Park);
    let late: Rc<RefCell<Vec<u64>>> = Rc::default();
    let list = Rc::clone(&late);
    let mut state = 13;
    let node = NodeBuilder::new(None::<Nanos>).build(runtime.executor(), move |due, ctx| {
        if let Some(due) = due {
            list.borrow_mut().push(ctx.now().since(*due));
        }
        // Between 0.2 and 3 ms, on no grid.
        let delay = Duration::from_nanos(200_000 + random(&mut state) % 2_800_000);
        *due = Some(ctx.now().after(delay));
        let _ = ctx.timer_after(delay);
        Control::Unchanged
    });
    runtime.executor().schedule(&node);
    let ended = runtime.run_cycles(u64::from(count) + 1);
    ended.expect("the poller works");
    let mut late = late.take();
    late.sort_unstable();
    late
}

fn reading_cost(mut read: impl FnMut() -> u64) -> f64 {
    let count = if is_test() { 1_000 } else { 2_000_000 };
    let start = cpu_time();
    for _ in 0..count {
        black_box(read());
    }
    per_item(start, count)
}

fn main() {
    let deadlines = deadlines(timer_count());
    let (mut wheels, mut textbooks) = (Vec::new(), Vec::new());
    for _ in 0..run_count() {
        wheels.push(wheel(&deadlines));
        textbooks.push(textbook(&deadlines));
    }
    println!(
        "ns a timer, {} timers, medians of {}",
        deadlines.len(),
        wheels.len()
    );
    println!(
        "{:<24}{:>8}{:>8}{:>8}{:>12}",
        "", "set", "ended", "fired", "one by one"
    );
    for (name, runs) in [("executor", wheels), ("ordered map alone", textbooks)] {
        let [set, ended, fired, single] = medians(runs);
        println!("{name:<24}{set:>8.0}{ended:>8.0}{fired:>8.0}{single:>12.0}");
    }

    let late = lateness(if is_test() { 20 } else { 2_000 });
    let at = |part: usize| late[late.len() * part / 100] / 1_000;
    println!("parked timer late, us: p50 {}, p99 {}", at(50), at(99));

    let mut clock = RealtimeClock::new();
    println!(
        "reading of a clock, ns: runtime {:.1} ({:?}), monotonic {:.1}, wall {:.1}",
        reading_cost(|| clock.now().0),
        clock.source(),
        reading_cost(|| u64::from(Instant::now().elapsed().subsec_nanos())) / 2.0,
        reading_cost(|| SystemTime::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_secs())),
    );
    println!("runtime clock off by at most {:?}", clock.error_bound());
}
