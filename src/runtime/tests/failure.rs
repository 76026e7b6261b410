//! Failures, restarts and saved states.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::*;

fn broken(ex: &mut Executor, top: &Push<u64>, policy: Option<Restart>) -> Node<u64> {
    let input = top.node().clone();
    let mut builder = NodeBuilder::new(0).named("broken").triggered_by(top);
    if let Some(policy) = policy {
        builder = builder.supervised(policy, |_| 100);
    }
    builder.try_build(ex, move |state, _| {
        *state += 1;
        match input.get() {
            1 => Err("no good"),
            2 => panic!("worse"),
            _ => Ok(Control::Broadcast),
        }
    })
}

/// A node below `parent` that copies it.
fn copy(ex: &mut Executor, parent: &Node<u64>) -> Node<u64> {
    let read = parent.clone();
    NodeBuilder::new(0)
        .triggered_by(parent)
        .build(ex, move |state, _| {
            *state = read.get();
            Control::Broadcast
        })
}

fn is_stale(ex: &Executor, node: &impl NodeRef) -> bool {
    matches!(ex.health(node), Some(Health::Stale { .. }))
}

#[track_caller]
fn check_stops(value: u64, kind: FailureKind, policy: Option<Restart>, outcome: Outcome) {
    let mut ex = Executor::new();
    let mut top = push_node(&mut ex, 0);
    let node = broken(&mut ex, &top, policy);
    let below = copy(&mut ex, &node);
    let beside = copy(&mut ex, top.node());
    top.push(&mut ex, value);
    let _ = run(&mut ex);
    let failure = ex.last_failures().next().unwrap().clone();
    assert_eq!((failure.kind, failure.outcome), (kind, outcome));
    assert_eq!(ex.health(&node), Some(Health::Failed));
    assert!(node.is_failed() && is_stale(&ex, &below));
    assert_eq!(ex.health(&beside), Some(Health::Healthy));
    top.push(&mut ex, 7);
    let _ = run(&mut ex);
    assert_eq!((node.get(), below.get(), beside.get()), (1, 0, 7));
    let late = copy(&mut ex, &below);
    assert!(is_stale(&ex, &late), "a late reader is stale as well");
    ex.sweep(&node);
    assert_eq!((ex.health(&node), ex.failures()), (None, 1));
}

#[test]
fn a_failed_node_stops_and_what_is_below_is_stale() {
    for (value, kind) in [(1, FailureKind::Error), (2, FailureKind::Panic)] {
        check_stops(value, kind, None, Outcome::Stopped);
        check_stops(value, kind, Some(Restart::Never), Outcome::GaveUp);
        let none = Restart::Immediate { max: 0 };
        check_stops(value, kind, Some(none), Outcome::GaveUp);
    }
}

#[test]
fn an_immediate_restart_runs_in_the_next_cycle_and_heals_what_is_below() {
    for value in [1, 2] {
        let mut ex = Executor::new();
        let mut top = push_node(&mut ex, 0);
        let node = broken(&mut ex, &top, Some(Restart::Immediate { max: 1 }));
        let below = copy(&mut ex, &node);
        top.push(&mut ex, value);
        let _ = run(&mut ex);
        assert!(!node.is_failed() && !ex.is_idle() && is_stale(&ex, &below));
        top.push(&mut ex, 5);
        let _ = run(&mut ex);
        assert_eq!((below.get(), ex.restarts()), (101, 1));
        assert_eq!(ex.health(&below), Some(Health::Healthy));
        top.push(&mut ex, value);
        let _ = run(&mut ex);
        let last = ex.last_failures().last().unwrap();
        assert_eq!((last.outcome, node.is_failed()), (Outcome::GaveUp, true));
    }
}

#[test]
fn backoff_waits_on_the_timers_of_the_graph_and_forgets() {
    let mut ex = Executor::new();
    let policy = Restart::Backoff {
        initial: Duration::from_nanos(10),
        factor: 3.0,
        max_delay: Duration::from_nanos(50),
        max_restarts: 3,
        within: Duration::from_nanos(1_000),
    };
    let node = NodeBuilder::new(())
        .supervised(policy, |_| ())
        .try_build(&mut ex, |_, _| Err("always"));
    ex.schedule(&node);
    let _ = ex.cycle(Nanos(100));
    for at in [110, 140, 190] {
        assert_eq!(ex.next_deadline(), Some(Nanos(at)));
        let _ = ex.cycle(Nanos(at - 1));
        assert!(node.is_failed());
        let _ = ex.cycle(Nanos(at));
    }
    assert_eq!((ex.next_deadline(), ex.failures()), (None, 4));
    let outcomes: Vec<_> = ex.last_failures().map(|failure| failure.outcome).collect();
    let restarts = [110, 140, 190].map(|at| Outcome::Restarts(Nanos(at)));
    assert_eq!(outcomes[..3], restarts);
    assert_eq!(outcomes[3], Outcome::GaveUp);
}

#[test]
fn a_restart_releases_the_timers_of_the_failed_run_and_sets_new_ones() {
    let mut ex = Executor::new();
    let node = NodeBuilder::new(0)
        .on_init(|ex, _, id| {
            ex.timer_every(&id, Duration::from_nanos(10));
        })
        .supervised(Restart::Immediate { max: 1 }, |restarting| {
            let (id, at) = (restarting.node(), restarting.now().0 + 500);
            restarting.executor().timer_at(&id, Nanos(at));
            1_000 * restarting.attempt()
        })
        .try_build(&mut ex, |state, _| {
            *state += 1;
            if *state == 2 {
                Err("two")
            } else {
                Ok(Control::Broadcast)
            }
        });
    for at in [10, 20, 30, 40, 519] {
        let _ = ex.cycle(Nanos(at));
    }
    assert_eq!(node.get(), 1_001, "once for the restart");
    let _ = ex.cycle(Nanos(520));
    assert_eq!((node.get(), ex.next_deadline()), (1_002, None));
}

#[test]
fn panics_of_init_drop_and_rebuild_are_reported() {
    let mut ex = Executor::new();
    let init = NodeBuilder::new(())
        .on_init(|_, _, _| panic!("init"))
        .build(&mut ex, |_, _| Control::Broadcast);
    assert!(init.is_failed());
    let dropped = NodeBuilder::new(())
        .named("dropped")
        .on_drop(|_| panic!("drop"))
        .build(&mut ex, |_, _| Control::Broadcast);
    drop(dropped);
    let _ = run(&mut ex);
    let node = NodeBuilder::new(())
        .supervised(Restart::Immediate { max: 2 }, |_| panic!("rebuild"))
        .try_build(&mut ex, |_, _| Err("run"));
    ex.schedule(&node);
    for _ in 0..5 {
        let _ = run(&mut ex);
    }
    let phases: Vec<_> = ex.last_failures().map(|failure| failure.phase).collect();
    use FailurePhase::{Drop, Init, Restart as Rebuild, Run};
    assert_eq!(phases, [Init, Drop, Run, Rebuild, Rebuild]);
    assert_eq!(ex.last_failures().nth(1).unwrap().path, ["dropped"]);
    assert_eq!((ex.restarts(), ex.is_idle()), (0, true));
}

#[test]
fn a_supervised_subgraph_is_rebuilt_as_a_whole() {
    let mut ex = Executor::new();
    let mut top = push_node(&mut ex, 0);
    let source = top.node().clone();
    let outlet = supervise(&mut ex, Restart::Immediate { max: 1 }, move |ex| {
        let input = source.clone();
        let sum = NodeBuilder::new(0)
            .triggered_by(&source)
            .build(ex, move |sum, _| {
                *sum += input.get();
                Control::Broadcast
            });
        let read = sum.clone();
        NodeBuilder::new(0)
            .triggered_by(&sum)
            .try_build(ex, move |state, _| {
                *state = read.get();
                if *state == 13 {
                    Err("13")
                } else {
                    Ok(Control::Broadcast)
                }
            })
    });
    let read = outlet.clone();
    let reader = NodeBuilder::new(0)
        .triggered_by(&outlet)
        .build(&mut ex, move |state, _| {
            *state = read.borrow().inner().unwrap().get();
            Control::Broadcast
        });
    let nodes = ex.node_count();
    for (value, expected, stale) in [(6, 6, false), (7, 6, true), (8, 8, false), (5, 8, true)] {
        top.push(&mut ex, value);
        let _ = run(&mut ex);
        assert_eq!((reader.get(), is_stale(&ex, &reader)), (expected, stale));
        assert_eq!(ex.node_count(), nodes);
    }
    assert_eq!((ex.failures(), ex.restarts()), (2, 1));
    assert_eq!(ex.last_failures().last().unwrap().outcome, Outcome::GaveUp);
}

#[test]
fn a_million_failures_do_not_grow() {
    let mut ex = Executor::new();
    let node = NodeBuilder::new(())
        .supervised(Restart::Immediate { max: u32::MAX }, |_| ())
        .try_build(&mut ex, |_, _| Err("again"));
    let below = NodeBuilder::new(())
        .observer_of(&node)
        .build(&mut ex, |_, _| Control::Broadcast);
    ex.schedule(&node);
    for _ in 0..1_000_000 {
        let _ = run(&mut ex);
    }
    assert_eq!((ex.failures(), ex.restarts()), (1_000_000, 1_000_000));
    assert_eq!(ex.last_failures().len(), FAILURES_KEPT);
    assert_eq!(ex.core.graph.roots.len(), 1);
    assert_eq!(ex.failures.recovering.len(), 1);
    assert!(is_stale(&ex, &below));
}

/// A random graph of counting nodes; the outputs of all of them after each of 8 pushes.
fn outputs(edges: &[(usize, usize)], broken: &[bool]) -> (Vec<Vec<u64>>, Vec<bool>) {
    let mut ex = Executor::new();
    let mut top = push_node(&mut ex, 0_u64);
    let mut nodes = vec![top.node().clone()];
    for (at, &(one, two)) in edges.iter().enumerate() {
        let parents = [
            nodes[one % nodes.len()].clone(),
            nodes[two % nodes.len()].clone(),
        ];
        let (read, breaks) = (parents.clone(), broken[at]);
        let node = NodeBuilder::new(0_u64).triggered_by_many(&parents).build(
            &mut ex,
            move |state, ctx| {
                if breaks && ctx.epoch() == 3 + at as u64 % 5 {
                    std::panic::resume_unwind(Box::new("injected"));
                }
                let sum = read[0].get().wrapping_mul(3).wrapping_add(read[1].get());
                *state = state.wrapping_mul(5).wrapping_add(sum);
                Control::from(!(*state).is_multiple_of(3))
            },
        );
        nodes.push(node);
    }
    let mut rows = Vec::new();
    for value in 1..=8 {
        top.push(&mut ex, value);
        let _ = run(&mut ex);
        rows.push(nodes.iter().map(Node::get).collect());
    }
    let healthy = nodes
        .iter()
        .map(|node| ex.health(node) == Some(Health::Healthy));
    (rows, healthy.collect())
}

proptest! {
    #[test]
    fn nodes_not_below_a_failure_go_on_as_if_there_were_none(
        edges in proptest::collection::vec((0_usize..40, 0_usize..40), 1..40),
        seed in any::<u64>(),
    ) {
        let broken: Vec<bool> = (0..edges.len()).map(|at| seed >> (at % 64) & 7 == 0).collect();
        let (expected, all) = outputs(&edges, &vec![false; edges.len()]);
        prop_assert!(all.iter().all(|&healthy| healthy));
        let (got, healthy) = outputs(&edges, &broken);
        for (row, expected) in got.iter().zip(&expected) {
            for at in (0..row.len()).filter(|&at| healthy[at]) {
                prop_assert_eq!(row[at], expected[at]);
            }
        }
    }
}

#[test]
fn a_panic_handed_on_is_counted_first() {
    let mut ex = Executor::new();
    ex.set_failure_policy(FailurePolicy::Propagate);
    let mut top = push_node(&mut ex, 0);
    let node = broken(&mut ex, &top, None);
    top.push(&mut ex, 2);
    assert!(catch_unwind(AssertUnwindSafe(|| run(&mut ex))).is_err());
    assert_eq!((ex.failures(), node.is_failed()), (1, true));
    assert_eq!(run(&mut ex), ExecutorState::Running);
}

#[cfg(feature = "serde")]
mod state {
    use super::*;

    fn graph() -> (Executor, Push<u64>, Node<f64>) {
        let mut ex = Executor::new();
        let top = push_node(&mut ex, 0);
        let input = top.node().clone();
        let mean = NodeBuilder::new((0_u64, 0.0))
            .persistent("mean")
            .triggered_by(&top)
            .build(&mut ex, move |(count, mean), _| {
                *count += 1;
                *mean += (input.get() as f64 / 7.0 - *mean) / *count as f64;
                Control::Broadcast
            });
        let low = NodeBuilder::new(0.0)
            .persistent("low")
            .triggered_by(&mean)
            .build(&mut ex, move |low, _| {
                *low = *low * 0.9 + mean.borrow().1 * 0.1;
                Control::Broadcast
            });
        (ex, top, low)
    }

    #[test]
    fn a_restored_graph_goes_on_with_equal_outputs() {
        let (mut one, mut one_top, one_low) = graph();
        let (mut two, mut two_top, two_low) = graph();
        for value in 0..1_000 {
            one_top.push(&mut one, value * value % 101);
            let _ = run(&mut one);
        }
        let text = serde_json::to_string(&one.snapshot().unwrap()).unwrap();
        let report = two.restore(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(report.restored, ["low", "mean"]);
        assert_eq!(two_low.get(), one_low.get());
        for value in 0..1_000 {
            one_top.push(&mut one, value * 3 % 89);
            two_top.push(&mut two, value * 3 % 89);
            let _ = (run(&mut one), run(&mut two));
            assert_eq!(two_low.get().to_bits(), one_low.get().to_bits());
        }
    }

    #[test]
    fn what_does_not_fit_is_reported_by_key() {
        let (mut ex, _top, low) = graph();
        let text = r#"{"version":1,"nodes":{"low":"text","other":1}}"#;
        let report = ex.restore(&serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(
            (report.unknown, report.missing),
            (vec!["other".into()], vec!["mean".into()])
        );
        assert_eq!((&*report.mismatched[0].0, low.get()), ("low", 0.0));
        let text = r#"{"version":9,"nodes":{}}"#;
        let state = serde_json::from_str(text).unwrap();
        assert_eq!(ex.restore(&state), Err(UnknownVersion(9)));
        let twice = NodeBuilder::new(0_u8)
            .persistent("low")
            .build(&mut ex, |_, _| Control::Broadcast);
        assert_eq!(ex.snapshot(), Err(SnapshotError::Duplicate("low".into())));
        drop(twice);
        ex.collect();
        assert_eq!(ex.snapshot().unwrap().nodes.len(), 2);
    }
}
