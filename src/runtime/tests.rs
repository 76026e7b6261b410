#![allow(clippy::unwrap_used)]

use std::cell::{Cell, RefCell};
use std::collections::HashSet;
use std::io::Write;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use proptest::prelude::*;

use super::*;

mod defects;
mod demand;
mod edges;
mod failure;
mod oracle;

type Log = Rc<RefCell<Vec<&'static str>>>;

/// A node that writes its name when it runs, and broadcasts.
fn logging(
    executor: &mut Executor,
    log: &Log,
    name: &'static str,
    triggers: &[&Node<()>],
) -> Node<()> {
    let log = Rc::clone(log);
    NodeBuilder::new(())
        .named(name)
        .triggered_by_many(triggers)
        .build(executor, move |_, _| {
            log.borrow_mut().push(name);
            Control::Broadcast
        })
}

fn run(executor: &mut Executor) -> ExecutorState {
    let now = Nanos(executor.now().0 + 1);
    executor.cycle(now)
}

#[track_caller]
fn check_log(log: &Log, expected: &[&str]) {
    assert_eq!(*log.borrow(), expected);
    log.borrow_mut().clear();
}

#[test]
fn diamond_runs_each_node_once_after_all_its_parents() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let top = logging(&mut ex, &log, "top", &[]);
    let left = logging(&mut ex, &log, "left", &[&top]);
    let right = logging(&mut ex, &log, "right", &[&left, &top]);
    let bottom = logging(&mut ex, &log, "bottom", &[&top, &left, &right, &top]);
    assert_eq!(bottom.height(), 3);
    ex.schedule(&top);
    ex.schedule(&top);
    let _ = run(&mut ex);
    check_log(&log, &["top", "left", "right", "bottom"]);
    let _ = run(&mut ex);
    check_log(&log, &[]);
}

#[test]
fn observer_sees_the_change_but_is_not_run_by_it() {
    let mut ex = Executor::new();
    let mut seen = push_node(&mut ex, 0);
    let mut trigger = push_node(&mut ex, ());
    let read = seen.node().clone();
    let node = NodeBuilder::new((0, false))
        .observer_of(&seen)
        .triggered_by(&trigger)
        .build(&mut ex, move |state, ctx| {
            *state = (*read.borrow(), ctx.has_mutated(&read));
            Control::Broadcast
        });
    seen.push(&mut ex, 1);
    let _ = run(&mut ex);
    assert_eq!(*node.borrow(), (0, false));
    trigger.push(&mut ex, ());
    let _ = run(&mut ex);
    assert_eq!(*node.borrow(), (1, false));
    trigger.push(&mut ex, ());
    seen.push(&mut ex, 2);
    let _ = run(&mut ex);
    assert_eq!(*node.borrow(), (2, true));
    assert!(ex.has_mutated(&node));
}

#[test]
fn equals_run_in_the_order_of_scheduling() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let a = logging(&mut ex, &log, "a", &[]);
    let b = logging(&mut ex, &log, "b", &[]);
    let _b_child = logging(&mut ex, &log, "under b", &[&b]);
    let _a_child = logging(&mut ex, &log, "under a", &[&a]);
    ex.schedule(&b);
    ex.schedule(&a);
    let _ = run(&mut ex);
    check_log(&log, &["b", "a", "under b", "under a"]);
    ex.schedule(&a);
    ex.schedule(&b);
    let _ = run(&mut ex);
    check_log(&log, &["a", "b", "under a", "under b"]);
}

#[test]
fn unchanged_cuts_the_change_off() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let cut = NodeBuilder::new(()).build(&mut ex, |_, _| false.into());
    let _below = logging(&mut ex, &log, "below", &[&cut]);
    ex.schedule(&cut);
    let _ = run(&mut ex);
    check_log(&log, &[]);
    assert!(!ex.has_mutated(&cut));
}

#[test]
fn scheduling_in_the_cycle_works_upwards_only() {
    let mut ex = Executor::new();
    let results: Rc<RefCell<Vec<Result<(), ScheduleError>>>> = Rc::default();
    let base = NodeBuilder::new(()).build(&mut ex, |_, _| Control::Broadcast);
    let lower = base.downgrade();
    let slot: Rc<RefCell<Vec<NodeId>>> = Rc::default();
    let (targets, out) = (Rc::clone(&slot), Rc::clone(&results));
    let node = NodeBuilder::new(())
        .triggered_by(&base)
        .build(&mut ex, move |_, ctx| {
            for target in targets.borrow().iter() {
                out.borrow_mut().push(ctx.schedule(target));
            }
            out.borrow_mut().push(ctx.schedule(&lower));
            out.borrow_mut().push(ctx.schedule(&ctx.current()));
            Control::Unchanged
        });
    let runs = Rc::new(Cell::new(0));
    let count = Rc::clone(&runs);
    let equal = NodeBuilder::new(())
        .observer_of(&base)
        .build(&mut ex, move |_, _| {
            count.set(count.get() + 1);
            Control::Unchanged
        });
    let count = Rc::clone(&runs);
    let upper = NodeBuilder::new(())
        .observer_of(&node)
        .build(&mut ex, move |_, _| {
            count.set(count.get() + 10);
            Control::Unchanged
        });
    let gone = NodeBuilder::new(()).build(&mut ex, |_, _| Control::Unchanged);
    ex.sweep(&gone);
    *slot.borrow_mut() = vec![equal.id(), upper.id(), upper.id(), gone.id()];
    ex.schedule(&base);
    let _ = run(&mut ex);
    let late = Err(ScheduleError::TooLate);
    let expected = vec![
        Ok(()),
        Ok(()),
        Ok(()),
        Err(ScheduleError::NotFound),
        late,
        late,
    ];
    assert_eq!(*results.borrow(), expected);
    assert_eq!(runs.get(), 11);
}

#[test]
fn yielding_node_runs_once_in_each_cycle() {
    let mut ex = Executor::new();
    let node = NodeBuilder::new(0)
        .on_init(|ex, _, id| assert!(ex.schedule(id)))
        .build(&mut ex, |runs, ctx| {
            *runs += 1;
            if *runs < 3 {
                ctx.yield_now();
                ctx.yield_now();
            }
            Control::Broadcast
        });
    for expected in [1, 2, 3, 3] {
        let _ = run(&mut ex);
        assert_eq!(*node.borrow(), expected);
    }
    assert!(ex.is_idle());
}

#[test]
fn sweep_takes_the_triggered_but_not_the_observing() {
    let mut ex = Executor::new();
    let top = NodeBuilder::new(7).build(&mut ex, |_, _| Control::Sweep);
    let below = NodeBuilder::new(())
        .triggered_by(&top)
        .build(&mut ex, |_, _| Control::Broadcast);
    let low = NodeBuilder::new(())
        .triggered_by(&below)
        .spawn(&mut ex, |_, _| Control::Broadcast);
    let beside = NodeBuilder::new(())
        .observer_of(&top)
        .build(&mut ex, |_, _| Control::Broadcast);
    ex.schedule(&top);
    let _ = run(&mut ex);
    assert!(top.is_removed() && below.is_removed() && low.upgrade().is_none());
    assert!(ex.contains(&beside));
    assert_eq!((ex.node_count(), *top.borrow()), (1, 7));
    assert!(!ex.schedule(&top));
}

#[test]
fn subgraph_is_built_after_the_cycle_and_runs_from_the_next() {
    let mut ex = Executor::new();
    let built: Rc<RefCell<Option<Node<u32>>>> = Rc::default();
    let keep = Rc::clone(&built);
    let maker = NodeBuilder::new(()).build(&mut ex, move |_, ctx| {
        let keep = Rc::clone(&keep);
        ctx.spawn_subgraph(move |ex| {
            let node = NodeBuilder::new(0)
                .on_init(|ex, _, id| assert!(ex.schedule(id)))
                .build(ex, |runs, _| {
                    *runs += 1;
                    Control::Broadcast
                });
            *keep.borrow_mut() = Some(node);
        });
        Control::Unchanged
    });
    ex.schedule(&maker);
    let _ = run(&mut ex);
    assert_eq!(*built.borrow().as_ref().unwrap().borrow(), 0);
    let _ = run(&mut ex);
    assert_eq!(*built.borrow().as_ref().unwrap().borrow(), 1);
}

#[test]
fn node_nobody_holds_is_removed_with_its_unheld_parents() {
    let mut ex = Executor::new();
    let dropped = Rc::new(Cell::new(0));
    let count = Rc::clone(&dropped);
    let parent = NodeBuilder::new(())
        .on_drop(move |()| count.set(count.get() + 1))
        .build(&mut ex, |_, _| Control::Broadcast);
    let child = NodeBuilder::new(())
        .triggered_by(&parent)
        .build(&mut ex, |_, _| false.into());
    drop(parent);
    let _ = run(&mut ex);
    assert_eq!(ex.node_count(), 2);
    let weak = child.downgrade();
    drop(child);
    let back = weak.upgrade().unwrap();
    let _ = run(&mut ex);
    assert_eq!(ex.node_count(), 2, "a handle that came back keeps the node");
    drop(back);
    assert!(!ex.is_idle());
    let _ = run(&mut ex);
    assert_eq!((ex.node_count(), dropped.get()), (0, 1));
}

#[test]
fn making_and_dropping_nodes_does_not_grow_the_graph() {
    let mut ex = Executor::new();
    let hub = NodeBuilder::new(()).build(&mut ex, |_, _| Control::Broadcast);
    for _ in 0..50_000 {
        let child = NodeBuilder::new(())
            .triggered_by(&hub)
            .on_init(|ex, _, id| assert!(ex.timer_at(&id, Nanos(u64::MAX)).is_some()))
            .build(&mut ex, |_, _| Control::Unchanged);
        drop(child);
        let _ = run(&mut ex);
    }
    assert_eq!((ex.node_count(), ex.timer_count()), (1, 0));
    assert!(ex.slot_count() <= 3, "{}", ex.slot_count());
}

#[test]
fn old_handle_does_not_reach_the_new_node_of_a_slot() {
    let mut ex = Executor::new();
    let old = NodeBuilder::new(()).build(&mut ex, |_, _| Control::Unchanged);
    let (old_id, twin) = (old.id(), old.clone());
    assert_eq!(ex.sweep(&old), 1);
    let new = NodeBuilder::new(0).build(&mut ex, |runs, _| {
        *runs += 1;
        Control::Broadcast
    });
    assert_eq!(new.id().index(), old_id.index());
    assert_ne!(new.id(), old_id);
    drop(twin);
    drop(old);
    assert!(!ex.schedule(old_id));
    assert_eq!(ex.sweep(&old_id), 0);
    let _ = run(&mut ex);
    assert!(ex.contains(&new));
    assert_eq!(*new.borrow(), 0);
}

#[test]
fn one_shot_timer_fires_once_and_not_before_its_deadline() {
    let mut rt = TestRuntime::new();
    let timer: Rc<RefCell<Option<Timer>>> = Rc::default();
    let held = Rc::clone(&timer);
    let node = NodeBuilder::new(Vec::new())
        .on_init(|ex, _, id| assert!(ex.schedule(id)))
        .build(rt.executor(), move |seen: &mut Vec<bool>, ctx| {
            let mut held = held.borrow_mut();
            let timer = held.get_or_insert_with(|| ctx.timer_after(Duration::from_nanos(100)));
            seen.push(timer.is_expired(ctx));
            Control::Broadcast
        });
    for step_ns in [0, 99, 1, 1000] {
        let _ = rt.advance_and_run(Duration::from_nanos(step_ns));
    }
    assert_eq!(*node.borrow(), [false, true]);
    assert_eq!(
        (rt.executor().timer_count(), rt.executor().next_deadline()),
        (0, None)
    );
}

#[test]
fn periodic_timer_keeps_its_grid_and_counts_what_it_merges() {
    let mut rt = TestRuntime::new();
    let node = NodeBuilder::new(Vec::new())
        .on_init(|ex, _, id| assert!(ex.timer_every(&id, Duration::from_nanos(10)).is_some()))
        .build(rt.executor(), |seen: &mut Vec<u64>, ctx| {
            seen.push(ctx.now().0);
            Control::Broadcast
        });
    for step_ns in [10, 13, 7, 35, 5] {
        let _ = rt.advance_and_run(Duration::from_nanos(step_ns));
    }
    assert_eq!(*node.borrow(), [10, 23, 30, 65, 70]);
    assert_eq!(rt.executor().timer_periods_missed(), 2);
    assert_eq!(rt.executor().next_deadline(), Some(Nanos(80)));
}

#[test]
fn cancelled_timers_leave_nothing_behind() {
    let mut ex = Executor::new();
    let node = NodeBuilder::new(0).build(&mut ex, |cancelled, ctx| {
        for _ in 0..1_000 {
            let timer = ctx.timer_at(Nanos(1_000_000));
            *cancelled += u32::from(timer.cancel(ctx));
        }
        Control::Unchanged
    });
    ex.schedule(&node);
    let _ = run(&mut ex);
    assert_eq!(
        (*node.borrow(), ex.timer_count(), ex.next_deadline()),
        (1_000, 0, None)
    );
}

#[test]
fn timer_of_a_removed_node_does_not_run_the_next_of_the_slot() {
    let mut rt = TestRuntime::new();
    let ex = rt.executor();
    let old = NodeBuilder::new(())
        .on_init(|ex, _, id| assert!(ex.timer_every(&id, Duration::from_nanos(5)).is_some()))
        .build(ex, |_, _| Control::Unchanged);
    ex.sweep(&old);
    let new = NodeBuilder::new(0).build(ex, |runs, _| {
        *runs += 1;
        Control::Broadcast
    });
    assert_eq!(new.id().index(), old.id().index());
    assert_eq!(ex.next_deadline(), None);
    let _ = rt.advance_and_run(Duration::from_nanos(50));
    assert_eq!(*new.borrow(), 0);
}

#[test]
fn node_that_reaches_itself_gets_an_error_not_an_alias() {
    let mut ex = Executor::new();
    let own: Rc<RefCell<Option<WeakNode<bool>>>> = Rc::default();
    let late = Rc::clone(&own);
    let node = NodeBuilder::new(false).build(&mut ex, move |refused, _| {
        let own = late.borrow().as_ref().unwrap().upgrade().unwrap();
        *refused = own.try_borrow().is_err();
        Control::Broadcast
    });
    *own.borrow_mut() = Some(node.downgrade());
    ex.schedule(&node);
    let _ = run(&mut ex);
    assert!(*node.borrow());
}

#[test]
fn panicking_node_is_reported_and_stops_alone() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let failures: Rc<RefCell<Vec<Failure>>> = Rc::default();
    let out = Rc::clone(&failures);
    ex.on_failure(move |failure| out.borrow_mut().push(failure.clone()));
    let top = logging(&mut ex, &log, "top", &[]);
    let bad = NodeBuilder::new(())
        .named("bad")
        .triggered_by(&top)
        .build(&mut ex, |_, _| {
            panic!("divided by {}", "zero");
        });
    let good = logging(&mut ex, &log, "good", &[&top]);
    let below = logging(&mut ex, &log, "below", &[&bad, &good]);
    let watcher = NodeBuilder::new(())
        .observer_of(&bad)
        .build(&mut ex, |_, _| false.into());
    ex.schedule(&top);
    assert_eq!(run(&mut ex), ExecutorState::Running);
    check_log(&log, &["top", "good", "below"]);
    let failures = failures.borrow();
    assert_eq!(
        (&*failures[0].name, &*failures[0].message),
        ("bad", "divided by zero")
    );
    assert_eq!(failures[0].stale_count, 2);
    assert!(bad.is_failed() && !watcher.is_failed() && !below.is_removed());
    ex.schedule(&top);
    let _ = run(&mut ex);
    check_log(&log, &["top", "good", "below"]);
    assert_eq!((failures.len(), ex.node_count()), (1, 5));
}

#[test]
fn panic_to_be_handed_on_leaves_the_cycle_and_a_clean_executor() {
    let (mut ex, log) = (Executor::new(), Log::default());
    ex.set_failure_policy(FailurePolicy::Propagate);
    let bad = NodeBuilder::new(()).build(&mut ex, |_, _| panic!("no handler"));
    let other = logging(&mut ex, &log, "other", &[]);
    ex.schedule(&bad);
    ex.schedule(&other);
    let caught = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(&mut ex)));
    assert!(caught.is_err());
    let _ = run(&mut ex);
    check_log(&log, &[]);
    ex.schedule(&other);
    let _ = run(&mut ex);
    check_log(&log, &["other"]);
}

#[test]
fn terminate_ends_the_cycle_and_leaves_a_clean_executor() {
    let (mut ex, log) = (Executor::new(), Log::default());
    let victim = logging(&mut ex, &log, "victim", &[]);
    let target = victim.id();
    let built = Rc::new(Cell::new(false));
    let flag = Rc::clone(&built);
    let end = NodeBuilder::new(()).build(&mut ex, move |_, ctx| {
        let flag = Rc::clone(&flag);
        ctx.spawn_subgraph(move |_| flag.set(true));
        ctx.sweep(&target);
        Control::Terminate
    });
    let other = logging(&mut ex, &log, "other", &[]);
    let _low = logging(&mut ex, &log, "low", &[&other]);
    ex.schedule(&end);
    ex.schedule(&other);
    assert_eq!(run(&mut ex), ExecutorState::Terminated);
    check_log(&log, &[]);
    assert!(built.get() && victim.is_removed());
    ex.schedule(&other);
    assert_eq!(run(&mut ex), ExecutorState::Running);
    check_log(&log, &["other", "low"]);
}

#[test]
#[should_panic(expected = "belongs to another executor")]
fn parent_of_another_executor_is_refused() {
    let (mut one, mut two) = (Executor::new(), Executor::new());
    let parent = NodeBuilder::new(()).build(&mut one, |_, _| Control::Unchanged);
    let _ = NodeBuilder::new(())
        .triggered_by(&parent)
        .build(&mut two, |_, _| Control::Unchanged);
}

#[test]
fn channel_left_half_read_runs_its_node_again_and_tells_the_end_once() {
    let mut ex = Executor::new();
    let runs = Rc::new(Cell::new(0));
    let count = Rc::clone(&runs);
    let (node, mut sender) = NodeBuilder::new((Vec::new(), false)).build_with_channel(
        &mut ex,
        4,
        move |(got, ended): &mut (Vec<u32>, bool), _, receiver| {
            count.set(count.get() + 1);
            match receiver.try_receive() {
                Ok(message) => got.push(message),
                Err(TryReceiveError::Closed) => *ended = true,
                Err(TryReceiveError::Empty) => {}
            }
            Control::Broadcast
        },
    );
    assert!(ex.is_idle());
    assert_eq!(sender.send_slice(&[1, 2, 3, 4, 5, 6]), [5, 6]);
    assert_eq!(sender.try_send(9), Err(TrySendError::Full(9)));
    for _ in 0..2 {
        let _ = run(&mut ex);
    }
    assert_eq!(sender.slots(), 2);
    drop(sender);
    for _ in 0..10 {
        let _ = run(&mut ex);
    }
    assert_eq!(*node.borrow(), (vec![1, 2, 3, 4], true));
    assert!(ex.is_idle());
    assert_eq!(runs.get(), 5, "four messages and the end");
}

#[test]
fn sender_learns_that_its_node_is_gone() {
    let mut ex = Executor::new();
    let (node, mut sender) =
        NodeBuilder::new(()).build_with_channel::<u8, _>(&mut ex, 1, |_, _, _| false.into());
    assert!(!sender.is_closed());
    ex.sweep(&node);
    assert!(sender.is_closed() && ex.is_idle());
    assert_eq!(sender.try_send(1), Err(TrySendError::Closed(1)));
    assert_eq!(sender.blocking_send(2), Err(Closed(2)));
}

fn no_message_is_lost(mode: ExecutionMode, count: u64, pause_every: u64) {
    let mut rt = RealtimeRuntime::new(mode);
    let (node, mut sender) =
        NodeBuilder::new(0).build_with_channel::<u64, _>(rt.executor(), 16, |next, _, receiver| {
            for message in receiver.chunk(8) {
                assert_eq!(message, *next);
                *next += 1;
            }
            if receiver.is_closed() {
                Control::Terminate
            } else {
                Control::Unchanged
            }
        });
    let producer = std::thread::spawn(move || {
        for message in 0..count {
            sender.blocking_send(message).unwrap();
            if message % pause_every == 0 {
                std::thread::sleep(Duration::from_micros(300));
            }
        }
    });
    let start = crate::sys::clock::instant_now();
    assert_eq!(rt.run_forever().unwrap(), Ended::Terminated);
    producer.join().unwrap();
    assert_eq!(*node.borrow(), count);
    // A lost wake-up would cost a full park (100 ms) each time.
    assert!(start.elapsed() < Duration::from_secs(20));
}

#[test]
fn no_message_is_lost_while_the_graph_spins() {
    no_message_is_lost(ExecutionMode::Spin, 20_000, 5_000);
}

#[test]
fn no_message_is_lost_while_the_graph_parks() {
    no_message_is_lost(ExecutionMode::Park, 20_000, 100);
}

#[test]
fn parked_executor_is_woken_by_a_notifier() {
    let mut ex = Executor::new();
    let (node, notifier) = NodeBuilder::new(0).build_with_notifier(&mut ex, |runs, _| {
        *runs += 1;
        Control::Broadcast
    });
    let thread = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(20));
        for _ in 0..1_000 {
            notifier.notify();
        }
    });
    while ex.is_idle() {
        ex.park(None).unwrap();
    }
    thread.join().unwrap();
    let _ = run(&mut ex);
    let _ = run(&mut ex);
    assert_eq!(*node.borrow(), 1, "calls before a run are one");
}

#[test]
fn parked_runtime_stops_on_its_flag_and_fires_timers() {
    let mut rt = RealtimeRuntime::new(ExecutionMode::Park);
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    let node = NodeBuilder::new(0)
        .on_init(|ex, _, id| assert!(ex.timer_every(&id, Duration::from_millis(2)).is_some()))
        .build(rt.executor(), move |runs, _| {
            *runs += 1;
            if *runs == 5 {
                flag.store(true, Ordering::Relaxed);
            }
            Control::Unchanged
        });
    assert_eq!(rt.run_until(&stop).unwrap(), Ended::Stopped);
    assert_eq!(*node.borrow(), 5);
}

#[test]
fn io_readiness_runs_the_node_and_ends_with_it() {
    let mut ex = Executor::new();
    let (mut far, near) = std::os::unix::net::UnixStream::pair().unwrap();
    near.set_nonblocking(true).unwrap();
    let near = mio::net::UnixStream::from_std(near);
    let io: Rc<RefCell<Option<Io<mio::net::UnixStream>>>> = Rc::default();
    let held = Rc::clone(&io);
    let node = NodeBuilder::new(Vec::new()).build(&mut ex, move |bytes: &mut Vec<u8>, ctx| {
        let mut held = held.borrow_mut();
        let io = held.as_mut().unwrap();
        assert!(io.take_readiness(ctx).readable);
        assert!(!io.take_readiness(ctx).readable);
        let mut buffer = [0; 16];
        while let Ok(count @ 1..) = std::io::Read::read(&mut *io.source_mut(), &mut buffer) {
            bytes.extend_from_slice(&buffer[..count]);
        }
        Control::Broadcast
    });
    *io.borrow_mut() = Some(ex.register_io(&node, near, Interest::READABLE).unwrap());
    assert!(ex.has_io());
    far.write_all(b"abc").unwrap();
    ex.park(Some(Duration::from_secs(5))).unwrap();
    let _ = run(&mut ex);
    assert_eq!(*node.borrow(), b"abc");
    ex.sweep(&node);
    assert!(!ex.has_io());
    far.write_all(b"d").unwrap();
    ex.poll_io(Some(Duration::from_millis(10))).unwrap();
    assert!(ex.is_idle());
}

/// Delivers each time to one source, after some answers that it is not known yet.
struct Recorded {
    times: Vec<u64>,
    at: usize,
    pending: u32,
    source: Push<u64>,
}

impl EventTimes for Recorded {
    fn next(&mut self) -> NextEvent {
        if self.pending > 0 {
            self.pending -= 1;
            return NextEvent::Pending;
        }
        self.times
            .get(self.at)
            .map_or(NextEvent::End, |&time| NextEvent::At(Nanos(time)))
    }

    fn deliver(&mut self, executor: &mut Executor) {
        self.source.push(executor, self.times[self.at]);
        self.at += 1;
        self.pending = 1;
    }
}

#[test]
fn historical_run_fires_timers_between_events_and_ends_with_the_data() {
    let mut rt = HistoricalRuntime::new();
    let ex = rt.executor();
    let source = push_node(ex, 0);
    let day_ns = 86_400_000_000_000;
    let log: Rc<RefCell<Vec<(u64, bool)>>> = Rc::default();
    let (out, read) = (Rc::clone(&log), source.node().clone());
    let _node = NodeBuilder::new(())
        .triggered_by(&source)
        .build(ex, move |_, ctx| {
            let event = ctx.has_mutated(&read);
            out.borrow_mut().push((ctx.now().0, event));
            if event && ctx.now().0 < 100 {
                ctx.timer_after(Duration::from_nanos(10));
                ctx.timer_after(Duration::from_nanos(5));
            }
            Control::Unchanged
        });
    let times = vec![10, 12, 20, day_ns, 50];
    let mut recorded = Recorded {
        times,
        at: 0,
        pending: 1,
        source,
    };
    assert_eq!(rt.run_historical(&mut recorded).unwrap(), Ended::EndOfData);
    let expected = [
        (10, true),
        (12, true),
        (15, false),
        (17, false),
        (20, true),
        (22, false),
        (25, false),
        (30, false),
        (day_ns, true),
        (day_ns, true),
    ];
    assert_eq!(*log.borrow(), expected);
    assert_eq!(rt.late_events(), 1);
    assert!(rt.executor().epoch() < 20, "idle time costs no cycles");
}

#[test]
fn keyed_factory_shares_what_is_held_and_frees_what_is_not() {
    let mut ex = Executor::new();
    let mut factory = KeyedFactory::attach(|ex, key: &u32| {
        NodeBuilder::new(*key).build(ex, |_, _| Control::Unchanged)
    });
    let (one, same) = (factory.get(&mut ex, 1), factory.get(&mut ex, 1));
    assert_eq!(one.id(), same.id());
    for key in 0..1_000 {
        drop(factory.get(&mut ex, key));
        let _ = run(&mut ex);
    }
    assert_eq!((ex.node_count(), *one.borrow()), (1, 1));
    assert!(factory.key_count() <= 17);
    let mut single = SimpleFactory::attach(|ex| NodeBuilder::new(()).build(ex, |_, _| true.into()));
    let (first, second) = (single.get(&mut ex), single.get(&mut ex));
    assert_eq!(first.id(), second.id());
}

#[test]
fn removing_one_of_many_children_keeps_the_order_of_the_rest() {
    let mut ex = Executor::new();
    let log: Rc<RefCell<Vec<usize>>> = Rc::default();
    let hub = NodeBuilder::new(()).build(&mut ex, |_, _| Control::Broadcast);
    let mut children: Vec<_> = (0..20)
        .map(|name| {
            let log = Rc::clone(&log);
            Some(
                NodeBuilder::new(())
                    .triggered_by(&hub)
                    .build(&mut ex, move |_, _| {
                        log.borrow_mut().push(name);
                        Control::Unchanged
                    }),
            )
        })
        .collect();
    for gone in [3, 0, 19, 7, 8, 9, 10, 11, 12, 13, 14, 15] {
        children[gone] = None;
        let _ = run(&mut ex);
        log.borrow_mut().clear();
        ex.schedule(&hub);
        let _ = run(&mut ex);
        let left: Vec<usize> = (0..20).filter(|&at| children[at].is_some()).collect();
        assert_eq!(*log.borrow(), left);
    }
}

/// What each node does: its triggering and observed parents (indices below its own), and how often
/// it changes.
type Shape = Vec<(Vec<usize>, Vec<usize>, u64)>;

fn shapes() -> impl Strategy<Value = Shape> {
    let parents = || prop::collection::vec(any::<prop::sample::Index>(), 0..3);
    prop::collection::vec((parents(), parents(), 1..4_u64), 1..30).prop_map(|raw| {
        let below = |at: usize, picks: Vec<prop::sample::Index>| -> Vec<usize> {
            if at == 0 {
                Vec::new()
            } else {
                picks.iter().map(|pick| pick.index(at)).collect()
            }
        };
        raw.into_iter()
            .enumerate()
            .map(|(at, (triggers, observed, every))| {
                (below(at, triggers), below(at, observed), every)
            })
            .collect()
    })
}

/// The state of a node and whether it changes: a mix of its own and its parents' states.
fn step(own: u64, parents: impl Iterator<Item = u64>, every: u64) -> (u64, bool) {
    let mixed = parents.fold(own.wrapping_add(1), |sum, state| {
        sum.wrapping_mul(31).wrapping_add(state)
    });
    (mixed, mixed.is_multiple_of(every))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn graph_agrees_with_a_full_sweep_in_the_order_of_building(
        shape in shapes(),
        rounds in prop::collection::vec(prop::collection::vec(any::<prop::sample::Index>(), 0..4), 1..8),
    ) {
        let mut ex = Executor::new();
        let mut nodes: Vec<Node<u64>> = Vec::new();
        for (triggers, observed, every) in &shape {
            let pick = |list: &[usize]| list.iter().map(|&at| nodes[at].clone()).collect::<Vec<_>>();
            let (triggers, observed, every) = (pick(triggers), pick(observed), *every);
            let read: Vec<_> = triggers.iter().chain(&observed).cloned().collect();
            let node = NodeBuilder::new(0)
                .triggered_by_many(&triggers)
                .observer_of_many(&observed)
                .build(&mut ex, move |state, _| {
                    let (next, changed) = step(*state, read.iter().map(|n| *n.borrow()), every);
                    *state = next;
                    changed.into()
                });
            nodes.push(node);
        }
        let mut oracle = vec![0_u64; shape.len()];
        for round in rounds {
            let roots: HashSet<usize> = round.iter().map(|pick| pick.index(shape.len())).collect();
            let mut changed = vec![false; shape.len()];
            let mut runs_count = 0;
            for (at, (triggers, observed, every)) in shape.iter().enumerate() {
                if roots.contains(&at) || triggers.iter().any(|&parent| changed[parent]) {
                    let parents = triggers.iter().chain(observed).map(|&parent| oracle[parent]);
                    (oracle[at], changed[at]) = step(oracle[at], parents, *every);
                    runs_count += 1;
                }
            }
            for &at in &roots {
                ex.schedule(&nodes[at]);
            }
            let before = ex.runs_count();
            let _ = run(&mut ex);
            prop_assert_eq!(ex.runs_count() - before, runs_count);
            for (at, node) in nodes.iter().enumerate() {
                prop_assert_eq!(*node.borrow(), oracle[at]);
                prop_assert_eq!(ex.has_mutated(node), changed[at]);
            }
        }
    }
}
