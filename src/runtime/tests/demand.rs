//! Lazy nodes and the guards that want them.

use super::*;

/// A lazy node that copies its parent's state and counts its runs.
fn copy(executor: &mut Executor, parent: &Node<u64>) -> Node<(u64, u32)> {
    let read = parent.clone();
    NodeBuilder::new((0, 0))
        .lazy()
        .triggered_by(parent)
        .build(executor, move |(value, runs), _| {
            *value = read.get();
            *runs += 1;
            Control::Broadcast
        })
}

#[track_caller]
fn check_push(
    ex: &mut Executor,
    top: &mut Push<u64>,
    value: u64,
    lazy: &Node<(u64, u32)>,
    expected: (u64, u32),
) {
    top.push(ex, value);
    let _ = run(ex);
    assert_eq!(lazy.get(), expected);
}

#[test]
fn lazy_node_runs_only_under_a_guard_and_once_when_it_wakes() {
    let mut ex = Executor::new();
    let mut top = push_node(&mut ex, 0);
    let source = top.node().clone();
    let lazy = copy(&mut ex, &source);
    check_push(&mut ex, &mut top, 1, &lazy, (0, 0));
    let guard = lazy.observe();
    assert!(!ex.is_idle(), "a guard is news");
    let _ = run(&mut ex);
    assert_eq!(lazy.get(), (1, 1));
    let second = lazy.observe();
    check_push(&mut ex, &mut top, 2, &lazy, (2, 2));
    drop(guard);
    check_push(&mut ex, &mut top, 3, &lazy, (3, 3));
    drop(second);
    check_push(&mut ex, &mut top, 4, &lazy, (3, 3));
    // Dropped and made again between two cycles: it slept in no cycle.
    let third = lazy.observe();
    let _ = run(&mut ex);
    assert_eq!(lazy.get(), (4, 4));
    drop(third);
    let _fourth = lazy.observe();
    let _ = run(&mut ex);
    assert_eq!(lazy.get(), (4, 4));
    assert!(ex.is_idle());
}

#[test]
fn lazy_node_is_wanted_by_any_wanted_descendant() {
    let mut ex = Executor::new();
    let mut top = push_node(&mut ex, 0);
    let source = top.node().clone();
    let lazy = copy(&mut ex, &source);
    let read = lazy.clone();
    let lower = NodeBuilder::new(0)
        .lazy()
        .observer_of(&lazy)
        .triggered_by(&top)
        .build(&mut ex, move |state, _| {
            *state = read.borrow().0 * 10;
            Control::Broadcast
        });
    check_push(&mut ex, &mut top, 1, &lazy, (0, 0));
    let eager = NodeBuilder::new(())
        .observer_of(&lower)
        .build(&mut ex, |_, _| Control::Unchanged);
    let _ = run(&mut ex);
    assert_eq!((lazy.get(), lower.get()), ((1, 1), 10));
    check_push(&mut ex, &mut top, 2, &lazy, (2, 2));
    assert_eq!(lower.get(), 20);
    ex.remove_edge(&eager, &lower).unwrap();
    check_push(&mut ex, &mut top, 3, &lazy, (2, 2));
    ex.add_observer(&eager, &lower).unwrap();
    let _ = run(&mut ex);
    assert_eq!((lazy.get(), lower.get()), ((3, 3), 30));
    drop(eager);
    let _ = run(&mut ex);
    check_push(&mut ex, &mut top, 4, &lazy, (3, 3));
}

#[test]
fn sleeping_node_is_run_by_nothing_and_keeps_no_one_busy() {
    let mut ex = Executor::new();
    let runs = Rc::new(Cell::new(0));
    let count = Rc::clone(&runs);
    let (node, mut sender) = NodeBuilder::new(0)
        .lazy()
        .on_init(|ex, _, id| assert!(ex.timer_at(&id, Nanos(1)).is_some()))
        .build_with_channel::<u64, _>(&mut ex, 4, move |sum, _, receiver| {
            count.set(count.get() + 1);
            *sum += receiver.chunk(8).into_iter().sum::<u64>();
            Control::Broadcast
        });
    assert!(sender.send_slice(&[1, 2, 3]).is_empty());
    assert!(ex.schedule(&node));
    for _ in 0..3 {
        let _ = run(&mut ex);
    }
    assert_eq!((runs.get(), ex.timer_count()), (0, 0));
    assert!(ex.is_idle(), "what waits for a sleeping node is no work");
    let guard = node.observe();
    let _ = run(&mut ex);
    assert_eq!((runs.get(), *node.borrow()), (1, 6));
    // The guard is a handle: it keeps the node.
    let id = node.id();
    drop(node);
    let _ = run(&mut ex);
    assert!(ex.contains(&guard));
    drop(guard);
    for _ in 0..2 {
        let _ = run(&mut ex);
    }
    assert!(!ex.contains(&id) && ex.is_idle());
}

#[test]
fn guards_made_and_dropped_many_times_do_not_grow_anything() {
    let mut ex = Executor::new();
    let mut top = push_node(&mut ex, 0);
    let source = top.node().clone();
    let lazy = copy(&mut ex, &source);
    for _ in 0..1_000 {
        let _ = (lazy.observe(), lazy.observe());
    }
    check_push(&mut ex, &mut top, 1, &lazy, (0, 0));
    let guard = lazy.observe();
    let _ = run(&mut ex);
    ex.sweep(&lazy);
    drop(guard);
    let _ = lazy.observe();
    assert!(ex.is_idle(), "guards of removed nodes are no news");
}
