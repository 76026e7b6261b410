//! Tests feed values at exact times and compare what comes out, value by value and time by time.
//!
//! [`check_tiers`] runs one step four ways and wants the same of all: by hand, as a chain of
//! nodes, inside a pipe in one node, and over bursts of one. [`Bench`] drives a graph with several inputs.
//!
//! Time moves as in a historical run: every deadline before an event has a cycle of its own, and a
//! deadline at the time of an event shares the event's cycle.

use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;
use std::time::Duration;

use super::super::builder::NodeBuilder;
use super::super::clock::Nanos;
use super::super::executor::Executor;
use super::super::node::{Control, ExclusiveNode};
use super::super::runtime::TestRuntime;
use super::super::step::{Pipe, Step};
use super::super::stream::{Latest, Stream};
use super::Burst;

/// More cycles than any test needs; a graph that never rests fails instead of hanging.
const CYCLES_MAX: u32 = 10_000;

/// An input of a graph under test.
pub(crate) struct Input<T>(ExclusiveNode<Latest<T>>, Stream<T>);

impl<T: 'static> Input<T> {
    pub(crate) fn stream(&self) -> &Stream<T> {
        &self.1
    }

    /// Sets the value of the next cycle.
    pub(crate) fn push(&mut self, executor: &mut Executor, value: T, at: u64) {
        let _ = self.0.borrow_mut().give(Some(value), Nanos(at));
        executor.schedule(self.0.node().id());
    }
}

/// The values of a stream with their times, as they came.
pub(crate) struct Record<T>(Rc<RefCell<Vec<(u64, T)>>>);

impl<T: Clone> Record<T> {
    pub(crate) fn all(&self) -> Vec<(u64, T)> {
        self.0.borrow().clone()
    }
}

impl<T: Clone + Debug + PartialEq> Record<T> {
    #[track_caller]
    pub(crate) fn check(&self, expected: &[(u64, T)]) {
        assert_eq!(self.all(), expected);
    }
}

/// A graph under test, and its clock.
pub(crate) struct Bench(TestRuntime);

impl Bench {
    pub(crate) fn new() -> Self {
        Self(TestRuntime::new())
    }

    pub(crate) fn executor(&mut self) -> &mut Executor {
        self.0.executor()
    }

    pub(crate) fn input<T: 'static>(&mut self) -> Input<T> {
        let node = NodeBuilder::new(Latest::default())
            .named("input")
            .build_exclusive(self.executor(), |_, _| Control::Broadcast);
        let stream = Stream::from(node.node().clone());
        Input(node, stream)
    }

    pub(crate) fn record<T: Clone + 'static>(&mut self, stream: &Stream<T>) -> Record<T> {
        let values = Rc::new(RefCell::new(Vec::new()));
        let (read, write) = (stream.clone(), Rc::clone(&values));
        NodeBuilder::new(())
            .named("record")
            .triggered_by(stream)
            .spawn(self.executor(), move |(), ctx| {
                if let Some(value) = read.value() {
                    write.borrow_mut().push((ctx.now().0, value));
                }
                Control::Unchanged
            });
        Record(values)
    }

    fn set_clock(&mut self, at: u64) {
        let by = Nanos(at).since(self.0.now());
        self.0.advance_clock(Duration::from_nanos(by));
    }

    /// Runs every deadline before `end`, each in a cycle at its own time, and what follows at once.
    fn run_before(&mut self, end: u64) {
        for _ in 0..CYCLES_MAX {
            let deadline = self.executor().next_deadline();
            if let Some(deadline) = deadline.filter(|deadline| deadline.0 < end) {
                self.set_clock(deadline.0);
                self.settle();
            } else {
                return;
            }
        }
        panic!("the graph does not rest before {end}");
    }

    /// Runs a cycle at the time of the clock, and more until nothing is left but timers.
    pub(crate) fn settle(&mut self) {
        for _ in 0..CYCLES_MAX {
            let _ = self.0.run_one_cycle();
            if self.executor().is_idle() {
                return;
            }
        }
        panic!("the graph does not settle");
    }

    /// Brings the graph to `at`, has `change` push values, and runs the cycle.
    pub(crate) fn at(&mut self, at: u64, change: impl FnOnce(&mut Executor)) {
        self.run_before(at);
        self.set_clock(at);
        change(self.executor());
        self.settle();
    }

    /// Runs every deadline up to and including `end`.
    pub(crate) fn run_to(&mut self, end: u64) {
        self.run_before(end + 1);
        self.set_clock(end);
    }

    /// Feeds one input, then runs to `end`.
    pub(crate) fn feed<T: Clone + 'static>(
        &mut self,
        input: &mut Input<T>,
        values: &[(u64, T)],
        end: u64,
    ) {
        self.settle();
        for (at, value) in values {
            self.at(*at, |executor| input.push(executor, value.clone(), *at));
        }
        self.run_to(end);
    }
}

/// Runs a step by hand, with no graph.
fn by_hand<I, S: Step<I>>(mut step: S, input: &[(u64, I)], end: u64) -> Vec<(u64, S::Out)> {
    let mut given = Vec::new();
    let mut now = Nanos::ZERO;
    let mut cycles = 0;
    let mut run_before = |step: &mut S, now: &mut Nanos, end: u64, given: &mut Vec<_>| {
        while let Some(deadline) = step.deadline().filter(|deadline| deadline.0 < end) {
            cycles += 1;
            assert!(cycles < CYCLES_MAX, "the step does not rest before {end}");
            *now = deadline.max(*now);
            given.extend(step.on_deadline(*now).map(|value| (now.0, value)));
        }
    };
    for (at, value) in input {
        run_before(&mut step, &mut now, *at, &mut given);
        now = now.max(Nanos(*at));
        given.extend(step.on(value, now).map(|value| (now.0, value)));
    }
    run_before(&mut step, &mut now, end + 1, &mut given);
    given
}

/// What a step gives for `input` with every deadline up to `end`; the same in all tiers, or panics.
///
/// `make` makes the step anew for each tier.
#[track_caller]
pub(crate) fn run_tiers<I, S>(
    mut make: impl FnMut() -> S,
    input: &[(u64, I)],
    end: u64,
) -> Vec<(u64, S::Out)>
where
    I: Clone + 'static,
    S: Step<I> + 'static,
    S::Out: Clone + Debug + PartialEq + 'static,
{
    let hand = by_hand(make(), input, end);

    let mut bench = Bench::new();
    let mut source = bench.input();
    let chain = source
        .stream()
        .map(bench.executor(), I::clone)
        .step(bench.executor(), make())
        .map(bench.executor(), S::Out::clone);
    let chain = bench.record(&chain);
    bench.feed(&mut source, input, end);
    assert_eq!(chain.all(), hand, "nodes differ from the bare step");

    let mut bench = Bench::new();
    let mut source = bench.input();
    let pipe = Pipe::new(super::map(I::clone))
        .then(make())
        .then(super::map(S::Out::clone));
    let pipe = source.stream().step(bench.executor(), pipe);
    let pipe = bench.record(&pipe);
    bench.feed(&mut source, input, end);
    assert_eq!(pipe.all(), hand, "a pipe differs from the bare step");

    let mut bench = Bench::new();
    let mut source = bench.input();
    let bursts = source
        .stream()
        .map(bench.executor(), |value| Burst::from(vec![I::clone(value)]))
        .step_each(bench.executor(), make())
        .step(bench.executor(), super::collapse());
    let bursts = bench.record(&bursts);
    bench.feed(&mut source, input, end);
    assert_eq!(bursts.all(), hand, "bursts differ from the bare step");
    hand
}

/// [`run_tiers`], compared with the values and times expected.
#[track_caller]
pub(crate) fn check_tiers<I, S>(
    make: impl FnMut() -> S,
    input: &[(u64, I)],
    end: u64,
    expected: &[(u64, S::Out)],
) where
    I: Clone + 'static,
    S: Step<I> + 'static,
    S::Out: Clone + Debug + PartialEq + 'static,
{
    assert_eq!(run_tiers(make, input, end), expected);
}

/// Wants of a step what `build` makes of a stream: the same values at the same times.
#[track_caller]
pub(crate) fn check_same<I, S>(
    step: S,
    build: impl FnOnce(&mut Executor, &Stream<I>) -> Stream<S::Out>,
    input: &[(u64, I)],
    end: u64,
) -> usize
where
    I: Clone + 'static,
    S: Step<I> + 'static,
    S::Out: Clone + Debug + PartialEq + 'static,
{
    let hand = by_hand(step, input, end);
    let mut bench = Bench::new();
    let mut source = bench.input();
    let stream = build(bench.executor(), source.stream());
    let record = bench.record(&stream);
    bench.feed(&mut source, input, end);
    assert_eq!(record.all(), hand, "nodes differ from the step");
    hand.len()
}
