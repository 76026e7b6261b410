//! A million timers: set, ended, fired; and how late a parked graph is woken by one.
//!
//! Deadlines are random within an hour. The textbook is an ordered map of deadline, order of
//! setting and node, without a graph around it; both run in turn in one process. Firing is timed
//! twice: all in one cycle, and each deadline in a cycle of its own.
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
use std::time::Instant;

use support::measure::{is_test, run_count, setting};
use waveletd::runtime::{Control, Executor, Nanos, Node, NodeBuilder, Timer};

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

fn per_item(start: Instant, count: usize) -> f64 {
    start.elapsed().as_nanos() as f64 / count as f64
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
        let start = Instant::now();
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
    let start = Instant::now();
    let _ = graph.executor.cycle(Nanos(START_NS));
    let ended = per_item(start, count);
    assert_eq!(graph.executor.timer_count(), 0);

    // Fresh tables: memory is part of the cost of setting.
    let mut graph = Graph::new();
    let (set, _) = graph.set_all(deadlines);
    let start = Instant::now();
    let _ = graph.executor.cycle(Nanos(START_NS + HOUR_NS));
    let fired = per_item(start, count);
    assert_eq!(graph.executor.timer_count(), 0);

    let mut graph = Graph::new();
    let _ = graph.set_all(deadlines);
    let start = Instant::now();
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
        let start = Instant::now();
        for (sequence, &deadline) in deadlines.iter().enumerate() {
            map.insert((deadline, sequence as u64), 0_u32);
            keys.push((deadline, sequence as u64));
        }
        (per_item(start, count), map, keys)
    };
    let (_, mut map, keys) = fill();
    let keys = shuffled(keys);
    let start = Instant::now();
    for key in &keys {
        assert!(map.remove(key).is_some());
    }
    let ended = per_item(start, count);

    let (set, mut map, _) = fill();
    let start = Instant::now();
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
}
