//! Both tiers of the runtime give the same values at the same times: a step as a node of its own,
//! and the same steps composed into one node.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use rand_core::Rng;
use waveletd::runtime::steps::{self, statistics};
use waveletd::runtime::{
    Context, Control, Executor, Nanos, NodeBuilder, Pipe, Step, Stream, TestRuntime, fan, push_node,
};

/// Values and the times at which they were given.
type Given = Vec<(Nanos, String)>;

/// Writes down each value of a stream.
fn record<T: std::fmt::Debug + 'static>(
    executor: &mut Executor,
    stream: &Stream<T>,
) -> Rc<RefCell<Given>> {
    let given = Rc::new(RefCell::new(Vec::new()));
    let (write, read) = (Rc::clone(&given), stream.clone());
    NodeBuilder::new(())
        .triggered_by(stream)
        .spawn(executor, move |(), ctx: &mut Context<'_>| {
            let value = format!("{:?}", read.latest().value().unwrap());
            write.borrow_mut().push((ctx.now(), value));
            Control::Unchanged
        });
    given
}

/// Feeds the inputs to what `build` makes of the source; runs a cycle for each input and each
/// deadline between them, as a historical run does.
fn run<T: std::fmt::Debug + 'static>(
    inputs: &[(u64, u64)],
    build: impl FnOnce(&mut Executor, &Stream<u64>) -> Stream<T>,
) -> Given {
    let mut runtime = TestRuntime::new();
    let executor = runtime.executor();
    let mut source = push_node(executor, 0_u64);
    let input = source.node().clone();
    let stream: Stream<u64> = NodeBuilder::new(waveletd::runtime::Latest::default())
        .triggered_by(&source)
        .build(executor, move |latest, ctx| {
            latest.give(Some(*input.borrow()), ctx.now())
        })
        .into();
    let last = build(executor, &stream);
    let given = record(executor, &last);
    let end = inputs.last().unwrap().0 + 1_000;
    let mut now = 0;
    for at in inputs.iter().map(Some).chain([None]) {
        let until = at.map_or(end, |(at, _)| *at);
        while let Some(deadline) = runtime.executor().next_deadline().filter(|d| d.0 < until) {
            // A deadline already past is due in the next cycle, at the time reached.
            let deadline = deadline.0.max(now);
            runtime.advance_clock(Duration::from_nanos(deadline - now));
            now = deadline;
            let _ = runtime.run_one_cycle();
        }
        if let Some((at, value)) = at {
            runtime.advance_clock(Duration::from_nanos(at - now));
            now = *at;
            source.push(runtime.executor(), *value);
            let _ = runtime.run_one_cycle();
        }
    }
    given.take()
}

/// Bursts, pauses and equal values, from a seed.
fn inputs(seed: u64) -> Vec<(u64, u64)> {
    let mut random = rand_pcg::Pcg64Mcg::new(u128::from(seed) * 2 + 1);
    let mut now = 1;
    (0..300)
        .map(|_| {
            now += 1 + random.next_u64() % 40;
            (now, random.next_u64() % 10)
        })
        .collect()
}

/// Passes on the latest value once the input has been quiet for a time.
struct Settle {
    quiet_ns: u64,
    held: Option<(u64, Nanos)>,
}

impl Step<u64> for Settle {
    type Out = u64;

    fn on(&mut self, input: &u64, now: Nanos) -> Option<u64> {
        let due = self.held.filter(|(_, due)| *due <= now);
        self.held = Some((*input, Nanos(now.0 + self.quiet_ns)));
        due.map(|(value, _)| value)
    }

    fn deadline(&self) -> Option<Nanos> {
        self.held.map(|(_, due)| due)
    }

    fn on_deadline(&mut self, _: Nanos) -> Option<u64> {
        self.held.take().map(|(value, _)| value)
    }
}

fn settle(quiet_ns: u64) -> Settle {
    Settle {
        quiet_ns,
        held: None,
    }
}

#[track_caller]
fn check(seed: u64, dynamic: &Given, composed: &Given) {
    assert!(!dynamic.is_empty(), "seed {seed}: nothing was given");
    assert_eq!(dynamic, composed, "seed {seed}");
}

#[test]
fn steps_without_time_are_the_same_in_both_tiers() {
    for seed in 0..20 {
        let inputs = inputs(seed);
        let odd = |n: &u64| n % 2 == 1;
        let float = |n: &u64| f64::from(u32::try_from(*n).unwrap());
        let dynamic = run(&inputs, |executor, source| {
            source
                .step(executor, steps::filter(odd))
                .step(executor, steps::map(float))
                .step(executor, statistics::rolling_std(7))
        });
        let composed = run(&inputs, |executor, source| {
            let pipe = Pipe::new(steps::filter(odd))
                .then(steps::map(float))
                .then(statistics::rolling_std(7));
            source.step(executor, pipe)
        });
        check(seed, &dynamic, &composed);
    }
}

#[test]
fn steps_with_deadlines_are_the_same_in_both_tiers() {
    for seed in 0..20 {
        let inputs = inputs(seed);
        let dynamic = run(&inputs, |executor, source| {
            source
                .step(executor, settle(17))
                .step(executor, steps::map(|n: &u64| n + 1))
                .step(executor, settle(5))
        });
        let composed = run(&inputs, |executor, source| {
            let pipe = Pipe::new(settle(17))
                .then(steps::map(|n: &u64| n + 1))
                .then(settle(5));
            source.step(executor, pipe)
        });
        check(seed, &dynamic, &composed);
    }
}

#[test]
fn a_pipe_in_a_pipe_is_the_same_as_its_steps() {
    for seed in 0..20 {
        let inputs = inputs(seed);
        let flat = run(&inputs, |executor, source| {
            let pipe = Pipe::new(settle(3)).then(settle(9)).then(settle(20));
            source.step(executor, pipe)
        });
        let nested = run(&inputs, |executor, source| {
            let inner = Pipe::new(settle(9)).then(settle(20));
            source.step(executor, Pipe::new(settle(3)).then(inner))
        });
        check(seed, &flat, &nested);
    }
}

#[test]
fn a_fan_joins_the_latest_of_both_sides_at_each_tick_of_either() {
    for seed in 0..20 {
        let inputs = inputs(seed);
        let large = |n: &u64| *n > 6;
        let dynamic = run(&inputs, |executor, source| {
            let left = source.step(executor, steps::filter(large));
            let right = source.step(executor, settle(11));
            let (l, r) = (left.clone(), right.clone());
            NodeBuilder::new(waveletd::runtime::Latest::default())
                .triggered_by(&left)
                .triggered_by(&right)
                .build(executor, move |latest, ctx| {
                    let joined = l.value().zip(r.value()).map(|(l, r)| l * 100 + r);
                    latest.give(joined, ctx.now())
                })
                .into()
        });
        let composed = run(&inputs, |executor, source| {
            let join = fan(steps::filter(large), settle(11), |l: &u64, r: &u64| {
                l * 100 + r
            });
            source.step(executor, join)
        });
        check(seed, &dynamic, &composed);
    }
}
