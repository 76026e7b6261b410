//! Edges made, cut and switched while the graph lives; feedback.

use super::*;

#[test]
fn late_trigger_lifts_the_child_and_all_that_stands_on_it() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let a = logging(&mut ex, &log, "a", &[]);
    let b = logging(&mut ex, &log, "b", &[&a]);
    let c = logging(&mut ex, &log, "c", &[&b]);
    let x = logging(&mut ex, &log, "x", &[]);
    let y = logging(&mut ex, &log, "y", &[&x]);
    let watcher = NodeBuilder::new(())
        .observer_of(&y)
        .build(&mut ex, |_, _| Control::Unchanged);
    ex.add_trigger(&x, &c).unwrap();
    assert_eq!((x.height(), y.height(), watcher.height()), (3, 4, 5));
    ex.schedule(&a);
    let _ = run(&mut ex);
    check_log(&log, &["a", "b", "c", "x", "y"]);
    ex.add_trigger(&c, &a).unwrap();
    assert_eq!(c.height(), 2, "high enough already");
    ex.schedule(&a);
    let _ = run(&mut ex);
    check_log(&log, &["a", "b", "c", "x", "y"]);
}

#[test]
fn node_below_two_lifted_parents_still_runs_once_after_both() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let deep = (0..70).fold(logging(&mut ex, &log, "deep", &[]), |above, _| {
        NodeBuilder::new(())
            .triggered_by(&above)
            .build(&mut ex, |_, _| Control::Broadcast)
    });
    let top = logging(&mut ex, &log, "top", &[]);
    let left = logging(&mut ex, &log, "left", &[&top]);
    let right = logging(&mut ex, &log, "right", &[&top]);
    let low = logging(&mut ex, &log, "low", &[&left, &right]);
    ex.add_observer(&right, &deep).unwrap();
    assert_eq!((left.height(), right.height(), low.height()), (1, 71, 72));
    ex.schedule(&top);
    let _ = run(&mut ex);
    check_log(&log, &["top", "left", "right", "low"]);
}

#[test]
fn ring_is_refused_with_the_names_along_it() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let a = logging(&mut ex, &log, "a", &[]);
    let b = logging(&mut ex, &log, "b", &[&a]);
    let c = logging(&mut ex, &log, "c", &[&b]);
    let error = ex.add_observer(&a, &c).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the edge would close a ring: `a` (0.0) > `b` (1.0) > `c` (2.0) > `a` (0.0)"
    );
    let itself = ex.add_trigger(&b, &b).unwrap_err();
    let path = vec![(b.id(), "b".to_owned())];
    assert_eq!(itself, EdgeError::Cycle { path });
    assert_eq!((a.height(), b.height(), c.height()), (0, 1, 2));
    ex.schedule(&a);
    let _ = run(&mut ex);
    check_log(&log, &["a", "b", "c"]);
}

#[test]
fn edges_of_nodes_that_are_gone_or_elsewhere_are_errors() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let mut other = Executor::new();
    let a = logging(&mut ex, &log, "a", &[]);
    let b = logging(&mut ex, &log, "b", &[]);
    let gone = logging(&mut ex, &log, "gone", &[]);
    let far = logging(&mut other, &log, "far", &[]);
    ex.sweep(&gone);
    let not_found = Err(EdgeError::NotFound(gone.id()));
    let no_edge = Err(EdgeError::NoEdge {
        child: a.id(),
        parent: b.id(),
    });
    assert_eq!(ex.add_trigger(&a, &gone), not_found);
    assert_eq!(ex.add_observer(&gone, &a), not_found);
    assert_eq!(ex.remove_edge(&a, &gone), not_found);
    assert_eq!(ex.set_active(&gone, &a, true), not_found);
    assert_eq!(ex.remove_edge(&a, &b), no_edge);
    assert_eq!(ex.set_active(&a, &b, true), no_edge);
    assert_eq!(ex.add_trigger(&a, &far), Err(EdgeError::OtherExecutor));
}

#[test]
fn cut_edge_neither_runs_the_child_nor_holds_the_parent() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let a = logging(&mut ex, &log, "a", &[]);
    // More children than a slot holds, so that both kinds of list are cut.
    let children: Vec<_> = ["b", "c", "d", "e", "f", "g"]
        .map(|name| logging(&mut ex, &log, name, &[&a]))
        .into();
    ex.remove_edge(&children[1], &a).unwrap();
    ex.schedule(&a);
    let _ = run(&mut ex);
    check_log(&log, &["a", "b", "d", "e", "f", "g"]);
    for at in [0, 4, 5] {
        ex.remove_edge(&children[at], &a).unwrap();
    }
    ex.schedule(&a);
    let _ = run(&mut ex);
    check_log(&log, &["a", "d", "e"]);
    for at in [2, 3] {
        ex.remove_edge(&children[at], &a).unwrap();
    }
    let weak = a.downgrade();
    drop(a);
    let _ = run(&mut ex);
    assert!(weak.upgrade().is_none());
    assert_eq!(ex.node_count(), children.len());
}

#[test]
fn edge_switched_in_a_cycle_counts_from_the_next() {
    let mut ex = Executor::new();
    let mut top = push_node(&mut ex, 0);
    let child: Rc<Cell<Option<NodeId>>> = Rc::default();
    let (target, parent) = (Rc::clone(&child), top.node().id());
    let switch = NodeBuilder::new(())
        .triggered_by(&top)
        .build(&mut ex, move |_, ctx| {
            let active = ctx.epoch() % 2 == 0;
            ctx.set_active(&target.get().unwrap(), &parent, active)
                .unwrap();
            let nobody = ctx.set_active(&parent, &parent, active);
            assert!(matches!(nobody, Err(EdgeError::NoEdge { .. })));
            Control::Unchanged
        });
    let read = top.node().clone();
    let node = NodeBuilder::new(Vec::new()).triggered_by(&top).build(
        &mut ex,
        move |seen: &mut Vec<_>, _| {
            seen.push(read.get());
            Control::Unchanged
        },
    );
    child.set(Some(node.id()));
    for value in 0..6 {
        top.push(&mut ex, value);
        let _ = run(&mut ex);
    }
    assert_eq!(*node.borrow(), [0, 1, 3, 5]);
    assert_eq!(switch.height(), node.height());
}

#[test]
fn late_edge_can_be_asked_for_from_inside_a_cycle() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let top = logging(&mut ex, &log, "top", &[]);
    let late = logging(&mut ex, &log, "late", &[]);
    let (parent, child) = (top.clone(), late.id());
    let _joiner = NodeBuilder::new(())
        .triggered_by(&top)
        .build(&mut ex, move |_, ctx| {
            let parent = parent.clone();
            ctx.spawn_subgraph(move |ex| ex.add_trigger(&child, &parent).unwrap());
            Control::Unchanged
        });
    for expected in [&["top"][..], &["top", "late"], &["top", "late"]] {
        ex.schedule(&top);
        let _ = run(&mut ex);
        check_log(&log, expected);
    }
}

#[test]
fn parent_named_twice_is_one_edge_and_it_triggers() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let top = logging(&mut ex, &log, "top", &[]);
    let node = NodeBuilder::new(0)
        .observer_of(&top)
        .triggered_by(&top)
        .triggered_by(&top)
        .build(&mut ex, |runs, _| {
            *runs += 1;
            Control::Broadcast
        });
    ex.schedule(&top);
    let _ = run(&mut ex);
    assert_eq!(node.get(), 1);
    ex.set_active(&node, &top, false).unwrap();
    ex.schedule(&top);
    let _ = run(&mut ex);
    assert_eq!(node.get(), 1);
    ex.remove_edge(&node, &top).unwrap();
    assert!(ex.remove_edge(&node, &top).is_err());
}

#[test]
fn feedback_comes_in_one_cycle_later_and_counts_what_it_replaces() {
    let mut ex = Executor::new();
    let (back, send) = feedback(&mut ex, 0_u32);
    let (read, out) = (back.clone(), send.clone());
    let looped = NodeBuilder::new(Vec::new()).triggered_by(&back).build(
        &mut ex,
        move |seen: &mut Vec<(u64, u32)>, ctx| {
            let value = read.get();
            seen.push((ctx.epoch(), value));
            if value < 3 {
                assert_eq!(out.send(ctx, 100), Ok(None));
                assert_eq!(out.send(ctx, value + 1), Ok(Some(100)));
            }
            Control::Unchanged
        },
    );
    ex.schedule(&looped);
    let first = ex.epoch() + 1;
    for _ in 0..10 {
        let _ = run(&mut ex);
    }
    let expected: Vec<_> = (0..4).map(|turn| (first + u64::from(turn), turn)).collect();
    assert_eq!(*looped.borrow(), expected);
    assert_eq!(send.replaced_count(), 3);
    assert!(ex.is_idle());
    drop(looped);
    ex.sweep(&back);
    let late = NodeBuilder::new(()).build(&mut ex, move |_, ctx| {
        assert_eq!(send.send(ctx, 1), Err(ScheduleError::NotFound));
        Control::Broadcast
    });
    ex.schedule(&late);
    let _ = run(&mut ex);
    assert!(ex.has_mutated(&late));
}

/// One child is removed and its slot used by a node that is no child: neither runs, and those left
/// keep their order.
#[track_caller]
fn check_removed_child(names: &[&'static str]) {
    let (mut ex, log) = (Executor::new(), Log::default());
    let parent = logging(&mut ex, &log, "parent", &[]);
    let mut children: Vec<_> = names
        .iter()
        .map(|name| logging(&mut ex, &log, name, &[&parent]))
        .collect();
    let removed = children.remove(1);
    assert_eq!(ex.sweep(&removed), 1);
    let stranger = logging(&mut ex, &log, "stranger", &[]);
    assert_eq!(stranger.id().index(), removed.id().index());
    ex.schedule(&parent);
    let _ = run(&mut ex);
    let mut expected = vec!["parent"];
    expected.extend(names.iter().filter(|&&name| name != names[1]));
    check_log(&log, &expected);
}

#[test]
fn slot_of_a_removed_child_is_no_child_of_its_parent() {
    check_removed_child(&["a", "b"]);
    check_removed_child(&["a", "b", "c", "d", "e"]);
    check_removed_child(&["a", "b", "c", "d", "e", "f"]);
    check_removed_child(&["a", "b", "c", "d", "e", "f", "g", "h"]);
}
