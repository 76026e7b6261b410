#![allow(clippy::unwrap_used)]

use std::time::Duration;

use super::super::{ExecutorState, NodeBuilder, push_node};
use super::*;

/// A clock that stands still between two readings a thousand nanoseconds apart.
struct Steps(u64);

impl Clock for Steps {
    fn now(&mut self) -> Nanos {
        self.0 += 1_000;
        Nanos(self.0)
    }
}

fn run(executor: &mut Executor) {
    let now = executor.now().after(Duration::from_nanos(1));
    assert_eq!(executor.cycle(now), ExecutorState::Running);
}

#[track_caller]
fn check_ran(executor: &Executor, node: &impl NodeRef, causes: &[Cause], broadcast: bool) {
    let expected = Explanation::Ran {
        causes: causes.to_vec(),
        broadcast,
    };
    assert_eq!(executor.explain(node), expected);
}

#[test]
fn runs_and_broadcasts_are_counted_from_the_moment_of_asking() {
    let mut ex = Executor::new();
    let mut source = push_node(&mut ex, 0_u32);
    let read = source.node().clone();
    let even = NodeBuilder::new(())
        .named("even")
        .triggered_by(&source)
        .build(&mut ex, move |(), _| read.borrow().is_multiple_of(2).into());
    source.push(&mut ex, 2);
    run(&mut ex);
    assert_eq!(ex.report().node(&even).unwrap().visits, 0);
    ex.profile(Profile::Counts);
    for value in 0..5 {
        source.push(&mut ex, value);
        run(&mut ex);
    }
    // Nothing runs in it.
    run(&mut ex);
    let report = ex.report();
    assert_eq!(report.cycles, 5);
    assert_eq!(report.cycle_times, None);
    let node = report.node(&even).unwrap();
    assert_eq!((node.visits, node.broadcasts), (5, 3));
    assert_eq!((node.name.as_str(), node.height), ("even", 1));
    assert_eq!(node.times, None);
    let source = report.node(&source).unwrap();
    assert_eq!((source.visits, source.broadcasts), (5, 5));
    ex.profile(Profile::Off);
    assert_eq!(ex.report().profile, Profile::Off);
    assert_eq!(ex.report().node(&even).unwrap().visits, 0);
}

#[test]
fn one_cycle_in_n_is_timed_node_by_node() {
    let mut ex = Executor::new();
    let mut source = push_node(&mut ex, 0_u32);
    let child = NodeBuilder::new(())
        .triggered_by(&source)
        .build(&mut ex, |(), _| Control::Unchanged);
    ex.profile_with(Profile::Sampled { every: 3 }, Steps(0));
    for value in 0..7 {
        source.push(&mut ex, value);
        run(&mut ex);
    }
    let report = ex.report();
    let times = report.node(&child).unwrap().times.unwrap();
    // Cycles 1, 4 and 7; one reading from the start of the node to the end of the cycle.
    assert_eq!(times.samples, 3);
    // Read to one digit.
    assert!((940..=1_060).contains(&times.p50_ns), "{times:?}");
    assert!(times.p99_ns <= times.max_ns, "{times:?}");
    let cycle = report.cycle_times.unwrap();
    // From the first reading to the last of five, read to three digits.
    assert_eq!((cycle.samples, cycle.max_ns), (3, 4_001));
    assert_eq!(report.node(&child).unwrap().visits, 7);
}

#[test]
fn a_slot_used_again_starts_from_zero() {
    let mut ex = Executor::new();
    ex.profile(Profile::Counts);
    let first = NodeBuilder::new(()).build(&mut ex, |(), _| Control::Unchanged);
    ex.schedule(&first);
    run(&mut ex);
    let old = first.id();
    ex.sweep(&first);
    let second = NodeBuilder::new(()).build(&mut ex, |(), _| Control::Unchanged);
    assert_eq!(second.id().index(), old.index());
    assert_eq!(ex.report().node(&second).unwrap().visits, 0);
    assert_eq!(ex.report().node(&old), None);
    assert_eq!(ex.explain(&old), Explanation::NotFound);
}

#[test]
fn a_node_that_ran_is_explained_by_what_made_it_run() {
    let mut ex = Executor::new();
    let source = NodeBuilder::new(()).build(&mut ex, |(), _| Control::Broadcast);
    let other = NodeBuilder::new(()).build(&mut ex, |(), _| Control::Broadcast);
    let child = NodeBuilder::new(())
        .triggered_by(&source)
        .observer_of(&other)
        .build(&mut ex, |(), _| Control::Unchanged);
    let target = child.id();
    let (input, mut sender) =
        NodeBuilder::new(()).build_with_channel(&mut ex, 4, move |(), ctx, receiver| {
            let _ = receiver.try_receive();
            Control::from(ctx.schedule(&target).is_err())
        });
    ex.schedule(&source);
    run(&mut ex);
    assert_eq!(ex.explain(&child), Explanation::NotProfiled);
    ex.profile(Profile::Counts);
    assert_eq!(ex.explain(&child), Explanation::NotProfiled);

    ex.schedule(&source);
    run(&mut ex);
    check_ran(&ex, &source, &[Cause::Scheduled], true);
    check_ran(&ex, &child, &[Cause::Parent(source.id())], false);
    assert_eq!(ex.explain(&other), Explanation::NoCause { passive: vec![] });

    ex.schedule(&other);
    run(&mut ex);
    let passive = vec![other.id()];
    assert_eq!(ex.explain(&child), Explanation::NoCause { passive });

    sender.try_send(1).unwrap();
    let deadline = ex.now().after(Duration::from_nanos(1));
    let _timer = ex.timer_at(&source, deadline);
    run(&mut ex);
    check_ran(&ex, &input, &[Cause::Channel], false);
    check_ran(&ex, &source, &[Cause::Timer], true);
    check_ran(
        &ex,
        &child,
        &[Cause::Parent(source.id()), Cause::Node],
        false,
    );
}

#[test]
fn a_node_that_did_not_run_is_explained_too() {
    let mut ex = Executor::new();
    ex.profile(Profile::Counts);
    let end = NodeBuilder::new(()).build(&mut ex, |(), _| Control::Terminate);
    let waiting = NodeBuilder::new(()).build(&mut ex, |(), _| Control::Unchanged);
    let lazy = NodeBuilder::new(())
        .lazy()
        .build(&mut ex, |(), _| Control::Unchanged);
    ex.schedule(&end);
    ex.schedule(&waiting);
    assert_eq!(ex.cycle(Nanos(1)), ExecutorState::Terminated);
    assert_eq!(ex.explain(&waiting), Explanation::CutShort);
    assert_eq!(ex.explain(&lazy), Explanation::Asleep);
}

#[test]
fn a_panic_ends_the_time_of_its_node_and_no_count() {
    let mut ex = Executor::new();
    ex.on_failure(|_| {});
    ex.profile_with(Profile::Sampled { every: 1 }, Steps(0));
    let bad = NodeBuilder::new(()).build(&mut ex, |(), _| panic!("on purpose"));
    let good = NodeBuilder::new(()).build(&mut ex, |(), _| Control::Broadcast);
    ex.schedule(&bad);
    ex.schedule(&good);
    run(&mut ex);
    let report = ex.report();
    let bad = report.node(&bad).unwrap();
    assert_eq!(
        (bad.visits, bad.broadcasts, bad.health),
        (1, 0, Health::Failed)
    );
    let good = report.node(&good).unwrap();
    assert_eq!((good.visits, good.broadcasts), (1, 1));
    assert_eq!(good.times.unwrap().samples, 1);
}

#[test]
fn the_run_of_a_graph_does_not_depend_on_its_profile() {
    let order = |profile| {
        let mut ex = Executor::new();
        ex.profile_with(profile, Steps(0));
        let log = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
        let nodes: Vec<_> = (0..20_u32)
            .map(|at| {
                let log = std::rc::Rc::clone(&log);
                NodeBuilder::new(()).build(&mut ex, move |(), ctx| {
                    log.borrow_mut().push((ctx.epoch(), at));
                    if at % 3 == 0 && ctx.epoch() < 6 {
                        ctx.yield_now();
                    }
                    Control::Broadcast
                })
            })
            .collect();
        for node in nodes.iter().rev() {
            ex.schedule(node);
        }
        for _ in 0..8 {
            run(&mut ex);
        }
        log.take()
    };
    let expected = order(Profile::Off);
    assert_eq!(order(Profile::Counts), expected);
    assert_eq!(order(Profile::Sampled { every: 2 }), expected);
}

#[cfg(feature = "spans")]
#[test]
fn spans_are_made_for_each_cycle_and_each_run() {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tracing::span;

    #[derive(Default)]
    struct Counting {
        cycles: AtomicUsize,
        nodes: AtomicUsize,
    }

    struct Subscriber(std::sync::Arc<Counting>);

    impl tracing::Subscriber for Subscriber {
        fn enabled(&self, _: &tracing::Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
            let count = match attributes.metadata().name() {
                "cycle" => &self.0.cycles,
                _ => &self.0.nodes,
            };
            count.fetch_add(1, Ordering::Relaxed);
            span::Id::from_u64(1)
        }
        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}
        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}
        fn event(&self, _: &tracing::Event<'_>) {}
        fn enter(&self, _: &span::Id) {}
        fn exit(&self, _: &span::Id) {}
    }

    let counting = std::sync::Arc::new(Counting::default());
    let subscriber = Subscriber(std::sync::Arc::clone(&counting));
    tracing::subscriber::with_default(subscriber, || {
        let mut ex = Executor::new();
        let mut source = push_node(&mut ex, 0_u32);
        let _child = NodeBuilder::new(())
            .triggered_by(&source)
            .build(&mut ex, |(), _| Control::Unchanged);
        for value in 0..3 {
            source.push(&mut ex, value);
            run(&mut ex);
        }
        // Nothing runs: no span.
        run(&mut ex);
    });
    assert_eq!(counting.cycles.load(Ordering::Relaxed), 3);
    assert_eq!(counting.nodes.load(Ordering::Relaxed), 6);
}
