//! Defects of the runtime that gave the model for this one, by their number in its list: none of
//! them may come in.

use super::*;

#[test]
fn defect_03_dropping_an_old_handle_does_not_delete_the_next_node_of_the_slot() {
    let mut ex = Executor::new();
    let sweeping = NodeBuilder::new(()).build(&mut ex, |_, _| Control::Sweep);
    ex.schedule(&sweeping);
    let _ = run(&mut ex);
    let (new, log) = (push_node(&mut ex, 0), Log::default());
    let below = logging(&mut ex, &log, "below", &[]);
    ex.add_trigger(&below, &new).unwrap();
    assert_eq!(new.node().id().index(), sweeping.id().index());
    // Both ways in which the old name could reach the new node: its id and its last handle.
    assert!(!ex.schedule(&sweeping));
    assert!(ex.add_trigger(&below, &sweeping).is_err());
    assert!(ex.remove_edge(&below, &sweeping).is_err());
    drop(sweeping);
    for _ in 0..3 {
        let _ = run(&mut ex);
    }
    assert!(ex.contains(&new) && ex.contains(&below));
    check_log(&log, &[]);
}

#[test]
fn defect_03_an_edge_does_not_pass_to_the_next_node_of_the_slot() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let mut top = push_node(&mut ex, 0);
    let old = NodeBuilder::new(())
        .triggered_by(&top)
        .build(&mut ex, |_, _| Control::Unchanged);
    let old_index = old.id().index();
    drop(old);
    ex.collect();
    let new = logging(&mut ex, &log, "new", &[]);
    assert_eq!(new.id().index(), old_index);
    top.push(&mut ex, 1);
    let _ = run(&mut ex);
    check_log(&log, &[]);
}

#[test]
fn defect_06_terminate_leaves_no_dirty_queue() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let top = logging(&mut ex, &log, "top", &[]);
    let ends = Rc::new(Cell::new(true));
    let flag = Rc::clone(&ends);
    let end = NodeBuilder::new(())
        .triggered_by(&top)
        .build(&mut ex, move |_, _| {
            if flag.get() {
                Control::Terminate
            } else {
                Control::Broadcast
            }
        });
    let beside = logging(&mut ex, &log, "beside", &[&top]);
    let middle = NodeBuilder::new(())
        .triggered_by(&end)
        .build(&mut ex, |_, _| Control::Broadcast);
    let _low = logging(&mut ex, &log, "low", &[&middle, &beside]);
    ex.schedule(&top);
    ex.schedule(&middle);
    assert_eq!(run(&mut ex), ExecutorState::Terminated);
    check_log(&log, &["top"]);
    assert_eq!(run(&mut ex), ExecutorState::Running);
    check_log(&log, &[]);
    ends.set(false);
    for _ in 0..2 {
        ex.schedule(&top);
        assert_eq!(run(&mut ex), ExecutorState::Running);
        check_log(&log, &["top", "beside", "low"]);
    }
}

#[test]
fn defect_06_terminate_does_what_was_put_off() {
    let mut ex = Executor::new();
    let victim = NodeBuilder::new(()).build(&mut ex, |_, _| Control::Broadcast);
    let (target, built) = (victim.id(), Rc::new(Cell::new(false)));
    let flag = Rc::clone(&built);
    let end = NodeBuilder::new(()).build(&mut ex, move |_, ctx| {
        let flag = Rc::clone(&flag);
        ctx.sweep(&target);
        ctx.spawn_subgraph(move |_| flag.set(true));
        Control::Terminate
    });
    ex.schedule(&end);
    assert_eq!(run(&mut ex), ExecutorState::Terminated);
    assert!(built.get() && victim.is_removed() && ex.is_idle());
}

#[test]
fn defect_08_a_node_that_reaches_itself_never_gets_a_second_reference() {
    let mut ex = Executor::new();
    let own: Rc<RefCell<Option<WeakNode<u64>>>> = Rc::default();
    let late = Rc::clone(&own);
    let failures: Rc<RefCell<Vec<Failure>>> = Rc::default();
    let out = Rc::clone(&failures);
    ex.on_failure(move |failure| out.borrow_mut().push(failure.clone()));
    let node = NodeBuilder::new(0).build(&mut ex, move |state, _| {
        let own = late.borrow().as_ref().unwrap().upgrade().unwrap();
        assert!(own.try_borrow().is_err());
        *state += 1;
        *state += own.get();
        Control::Broadcast
    });
    *own.borrow_mut() = Some(node.downgrade());
    ex.schedule(&node);
    let _ = run(&mut ex);
    assert_eq!(failures.borrow().len(), 1, "a borrow of oneself is a panic");
    assert_eq!(node.get(), 1, "and the state is that of before it");
    assert!(node.is_failed());
}

#[test]
fn defect_07_a_panicking_node_is_reported_and_counted() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let top = logging(&mut ex, &log, "top", &[]);
    let bad = NodeBuilder::new(())
        .named("bad")
        .triggered_by(&top)
        .build(&mut ex, |_, _| panic!("out of range"));
    let below = logging(&mut ex, &log, "below", &[&bad]);
    ex.schedule(&top);
    assert_eq!(run(&mut ex), ExecutorState::Running);
    // With no handler at all it can be counted, read and seen below.
    let failure = ex.last_failures().next().unwrap().clone();
    assert_eq!(failure.to_string(), "top > bad: panic: out of range");
    assert_eq!((ex.failures(), failure.stale_count), (1, 1));
    assert_eq!((failure.at, failure.cycle), (ex.now(), ex.epoch()));
    let (since, root) = (failure.at, bad.id());
    assert_eq!(ex.health(&below), Some(Health::Stale { since, root }));
    check_log(&log, &["top"]);
}

#[test]
fn defect_09_has_mutated_takes_every_kind_of_handle() {
    let mut ex = Executor::new();
    let mut top = push_node(&mut ex, 0);
    let guard = top.node().observe();
    let names = (top.node().id(), top.node().downgrade(), top.node().to_any());
    let seen = Rc::new(Cell::new(0));
    let (count, node) = (Rc::clone(&seen), top.node().clone());
    let watcher = NodeBuilder::new(())
        .triggered_by(&top)
        .build(&mut ex, move |_, ctx| {
            let (id, weak, any) = &names;
            let all = [
                ctx.has_mutated(id),
                ctx.has_mutated(weak),
                ctx.has_mutated(any),
                ctx.has_mutated(&node),
                ctx.has_mutated(&guard),
            ];
            count.set(all.iter().filter(|&&mutated| mutated).count());
            Control::Unchanged
        });
    top.push(&mut ex, 1);
    let _ = run(&mut ex);
    assert_eq!(seen.get(), 5);
    assert!(ex.has_mutated(&top) && !ex.has_mutated(&watcher));
    let gone = watcher.id();
    ex.sweep(&watcher);
    assert!(!ex.has_mutated(&gone) && !ex.has_mutated(&watcher));
    let nowhere = NodeId {
        index: u32::MAX,
        generation: 0,
    };
    assert!(!ex.has_mutated(&nowhere) && !ex.contains(&nowhere));
}
