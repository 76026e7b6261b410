use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::mpsc::sync_channel;

use super::super::{
    Control, Interest, NodeBuilder, Overload, OverloadCause, SlowNode, TrySendError,
};
use super::*;
use crate::sys::clock::unix_now_ns;

/// Moves on by a step at each reading.
struct StepClock {
    now: Nanos,
    step: Duration,
}

impl Clock for StepClock {
    fn now(&mut self) -> Nanos {
        self.now = self.now.after(self.step);
        self.now
    }
}

fn stepping(step: Duration) -> RealtimeRuntime<StepClock> {
    let now = Nanos(1_000_000);
    RealtimeRuntime::with_clock(ExecutionMode::Spin, StepClock { now, step })
}

/// Times at which events of no content happened; each runs the node given.
struct Times {
    times: VecDeque<u64>,
    node: super::super::NodeId,
}

impl EventTimes for Times {
    fn next(&mut self) -> NextEvent {
        match self.times.front() {
            Some(&at) => NextEvent::At(Nanos(at)),
            None => NextEvent::End,
        }
    }

    fn deliver(&mut self, executor: &mut Executor) {
        self.times.pop_front();
        executor.schedule(self.node);
    }
}

/// A node that notes the time of each of its runs.
fn noting(executor: &mut Executor, seen: &Rc<RefCell<Vec<u64>>>) -> super::super::Node<()> {
    let seen = Rc::clone(seen);
    NodeBuilder::new(())
        .named("noting")
        .build(executor, move |(), ctx| {
            seen.borrow_mut().push(ctx.now().0);
            Control::Broadcast
        })
}

#[test]
fn defect_01_periodic_timer_broadcasts_every_period() {
    let mut rt = TestRuntime::new();
    let ex = rt.executor();
    let trigger = NodeBuilder::new(()).build(ex, |(), _| Control::Broadcast);
    assert!(
        ex.timer_every(&trigger, Duration::from_millis(10))
            .is_some()
    );
    let heard = NodeBuilder::new(0_u32)
        .triggered_by(&trigger)
        .build(ex, |count, _| {
            *count += 1;
            Control::Unchanged
        });
    for period in 1..=100 {
        let _ = rt.advance_and_run(Duration::from_millis(9));
        assert_eq!(*heard.borrow(), period - 1);
        let _ = rt.advance_and_run(Duration::from_millis(1));
        assert_eq!(*heard.borrow(), period);
    }
    assert_eq!(rt.executor().timer_periods_missed(), 0);
}

#[test]
fn defect_04_removed_node_takes_its_timers_and_sources() {
    let mut rt = TestRuntime::new();
    let ex = rt.executor();
    let other = NodeBuilder::new(0_u32).build(ex, |runs, _| {
        *runs += 1;
        Control::Unchanged
    });
    let doomed = NodeBuilder::new(()).build(ex, |(), _| Control::Unchanged);
    let (_writer, reader) = mio::unix::pipe::new().unwrap();
    let _source = ex.register_io(&doomed, reader, Interest::READABLE).unwrap();
    for at in 1..=1_000 {
        assert!(ex.timer_at(&doomed, Nanos(at)).is_some());
    }
    assert!(ex.timer_every(&doomed, Duration::from_nanos(1)).is_some());
    assert!(ex.timer_at(&other, Nanos(500)).is_some());
    assert_eq!((ex.timer_count(), ex.has_io()), (1_002, true));

    assert_eq!(ex.sweep(&doomed), 1);
    assert_eq!((ex.timer_count(), ex.has_io()), (1, false));
    assert_eq!(ex.next_deadline(), Some(Nanos(500)));
    // The slot is used again: nothing of the old node reaches the new one.
    let heir = NodeBuilder::new(0_u32).build(ex, |runs, _| {
        *runs += 1;
        Control::Unchanged
    });
    let _ = rt.advance_and_run(Duration::from_secs(1));
    assert_eq!((*other.borrow(), *heir.borrow()), (1, 0));
}

#[test]
fn defect_05_poll_error_ends_the_run_and_is_returned() {
    for mode in [ExecutionMode::Spin, ExecutionMode::Park] {
        let mut rt = RealtimeRuntime::with_clock(mode, TestClock::new(Nanos(1)));
        let ex = rt.executor();
        let node = NodeBuilder::new(()).build(ex, |(), _| Control::Unchanged);
        let (_writer, reader) = mio::unix::pipe::new().unwrap();
        let _source = ex.register_io(&node, reader, Interest::READABLE).unwrap();
        ex.core.io.failure = Some(io::ErrorKind::PermissionDenied);
        let error = rt.run_forever().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        // Not a loop: it was asked once.
        assert!(rt.executor().epoch() <= 2);
        rt.executor().core.io.failure = None;
        assert!(rt.executor().poll_io(Some(Duration::ZERO)).is_ok());
    }
}

#[test]
fn defect_10_idle_day_costs_nothing_and_the_end_of_data_ends_the_run() {
    const DAY_NS: u64 = 86_400_000_000_000;
    let mut rt = HistoricalRuntime::new();
    let seen = Rc::default();
    let node = noting(rt.executor(), &seen);
    let first = rt.executor().epoch();
    let mut source = Times {
        times: VecDeque::from([5, DAY_NS, 2 * DAY_NS]),
        node: node.id(),
    };
    assert_eq!(rt.run_historical(&mut source).unwrap(), Ended::EndOfData);
    assert_eq!(*seen.borrow(), [5, DAY_NS, 2 * DAY_NS]);
    assert_eq!(rt.executor().epoch() - first, 3);
}

#[test]
fn graph_goes_on_live_with_its_timers_and_its_time() {
    let mut rt = HistoricalRuntime::new();
    let seen = Rc::default();
    let node = noting(rt.executor(), &seen);
    for at in [15, 40, 60, 1_000] {
        assert!(rt.executor().timer_at(&node, Nanos(at)).is_some());
    }
    let mut source = Times {
        times: VecDeque::from([10, 50]),
        node: node.id(),
    };
    assert_eq!(rt.run_historical(&mut source).unwrap(), Ended::EndOfData);
    assert_eq!(*seen.borrow(), [10, 15, 40, 50]);

    // The clock stands before the end of the data at first.
    let mut live = rt.then_live_on(ExecutionMode::Spin, TestClock::new(Nanos(20)));
    live.executor().schedule(&node);
    assert_eq!(live.run_cycles(1).unwrap(), Ended::CyclesDone);
    live.clock().set(Nanos(70));
    assert_eq!(live.run_cycles(1).unwrap(), Ended::CyclesDone);
    live.clock().set(Nanos(1_000));
    assert_eq!(live.run_cycles(1).unwrap(), Ended::CyclesDone);
    assert_eq!(*seen.borrow(), [10, 15, 40, 50, 50, 70, 1_000]);
}

#[test]
fn recorded_events_come_first_and_the_wall_clock_after() {
    let mut rt = HistoricalRuntime::new();
    let ex = rt.executor();
    let seen: Rc<RefCell<Vec<u64>>> = Rc::default();
    let note = Rc::clone(&seen);
    let node = NodeBuilder::new(()).build(ex, move |(), ctx| {
        let mut seen = note.borrow_mut();
        seen.push(ctx.now().0);
        match seen.len() {
            2 => drop(ctx.timer_at(Nanos(1_000))),
            3 => return Control::Terminate,
            _ => {}
        }
        Control::Unchanged
    });
    let mut source = Times {
        times: VecDeque::from([10, 20]),
        node: node.id(),
    };
    let began = unix_now_ns();
    let stop = AtomicBool::new(false);
    let (ended, mut live) = rt
        .run_then_live(&mut source, ExecutionMode::Park, &stop)
        .unwrap();
    assert_eq!(ended, Ended::Terminated);
    let seen = seen.borrow();
    assert_eq!(seen[..2], [10, 20]);
    assert!(seen[2] > began / 2 && live.executor().now() == Nanos(seen[2]));
}

#[test]
fn run_ends_after_its_cycles_or_its_time() {
    let mut rt = stepping(Duration::from_micros(1));
    let seen = Rc::default();
    let node = noting(rt.executor(), &seen);
    let period = Duration::from_micros(10);
    assert!(rt.executor().timer_every(&node, period).is_some());
    assert_eq!(rt.run_cycles(7).unwrap(), Ended::CyclesDone);
    assert_eq!(seen.borrow().len(), 7);
    let ended = rt.run_for(Duration::from_micros(100)).unwrap();
    assert_eq!((ended, seen.borrow().len()), (Ended::TimeIsUp, 17));
    assert_eq!(rt.run_cycles(0).unwrap(), Ended::CyclesDone);
}

#[test]
fn parked_run_sleeps_to_the_end_of_its_time_and_is_never_early() {
    let mut rt = RealtimeRuntime::new(ExecutionMode::Park);
    let seen = Rc::default();
    let node = noting(rt.executor(), &seen);
    let start = rt.clock().now();
    let deadline = start.after(Duration::from_micros(2_345));
    assert!(rt.executor().timer_at(&node, deadline).is_some());
    let ended = rt.run_for(Duration::from_micros(4_567)).unwrap();
    assert_eq!(ended, Ended::TimeIsUp);
    assert!(rt.clock().now() >= start.after(Duration::from_micros(4_567)));
    let seen = seen.borrow();
    assert!(seen.len() == 1 && seen[0] >= deadline.0);
    // Asleep, not looking: a handful of cycles for one timer and two sleeps.
    assert!(rt.executor().epoch() < 20, "{}", rt.executor().epoch());
}

#[test]
fn stop_handle_ends_a_parked_run_from_another_thread() {
    let mut rt = RealtimeRuntime::new(ExecutionMode::Park);
    let stop = rt.stop_handle();
    let other = stop.clone();
    let thread = std::thread::spawn(move || other.stop());
    assert_eq!(rt.run_forever().unwrap(), Ended::Stopped);
    thread.join().unwrap();
    assert!(stop.is_set());
    assert_eq!(rt.run_forever().unwrap(), Ended::Stopped);
}

#[test]
fn cycle_over_its_budget_is_counted_and_names_its_slowest_node() {
    let mut rt = stepping(Duration::from_millis(1));
    let told: Rc<RefCell<Vec<Overrun>>> = Rc::default();
    let list = Rc::clone(&told);
    let node = NodeBuilder::new(())
        .named("slow")
        .build(rt.executor(), |(), _| {
            // Long enough to be seen by the nodes' own clock.
            let start = unix_now_ns();
            while unix_now_ns() == start {}
            Control::Unchanged
        });
    let budget = |cycle| Budget {
        cycle,
        time_nodes: true,
    };
    rt.set_budget(budget(Duration::from_millis(1)), |_| panic!("in time"));
    rt.executor().schedule(&node);
    assert_eq!(rt.run_cycles(1).unwrap(), Ended::CyclesDone);
    assert_eq!(rt.overruns(), 0);

    rt.set_budget(budget(Duration::from_micros(999)), move |overrun| {
        list.borrow_mut().push(overrun.clone());
    });
    rt.executor().schedule(&node);
    assert_eq!(rt.run_cycles(1).unwrap(), Ended::CyclesDone);
    assert_eq!(rt.overruns(), 1);
    let told = told.borrow();
    assert_eq!(told[0].took, Duration::from_millis(1));
    assert_eq!(
        (told[0].at, told[0].epoch),
        (rt.executor.now(), rt.executor.epoch())
    );
    assert!(matches!(&told[0].slowest, Some(SlowNode { name, .. }) if name == "slow"));
}

#[test]
fn watchdog_names_the_node_that_hangs() {
    let (name_sender, names) = sync_channel(1);
    let (dog_sender, dogs) = sync_channel::<Watchdog>(1);
    let seer = std::thread::spawn(move || {
        let dog = dogs.recv().unwrap();
        // Bounded by the node, which waits for no longer than this looks.
        let pulse = (0..2_000)
            .map(|_| {
                std::thread::sleep(Duration::from_millis(5));
                dog.pulse(Nanos(u64::MAX))
            })
            .find(|pulse| pulse.running.is_some());
        let _ = name_sender.send(pulse.and_then(|pulse| pulse.running));
        dog
    });
    let mut rt = RealtimeRuntime::with_clock(ExecutionMode::Spin, TestClock::new(Nanos(1_000)));
    let early = NodeBuilder::new(())
        .named("early")
        .build(rt.executor(), |(), _| Control::Unchanged);
    let dog = rt.watchdog();
    let seen = Rc::new(Cell::new(None));
    let found = Rc::clone(&seen);
    // Built after the watchdog was asked for: it learns of it all the same.
    let hung = NodeBuilder::new(())
        .named("hung")
        .build(rt.executor(), move |(), ctx| {
            let running = names.recv_timeout(Duration::from_secs(10)).ok().flatten();
            found.set(running.filter(|(id, _)| *id == ctx.current()));
            Control::Terminate
        });
    assert_eq!(
        dog.pulse(Nanos(1_500)).silent_for,
        Duration::from_nanos(500)
    );
    rt.executor().schedule(&early);
    assert_eq!(rt.run_cycles(1).unwrap(), Ended::CyclesDone);
    assert_eq!(
        (
            dog.pulse(Nanos(1_000)).cycles,
            dog.pulse(Nanos(1_000)).running
        ),
        (1, None)
    );
    rt.executor().schedule(&hung);
    dog_sender.send(dog).unwrap();
    assert_eq!(rt.run_forever().unwrap(), Ended::Terminated);
    let dog = seer.join().unwrap();
    assert_eq!(seen.take().map(|(_, name)| name).as_deref(), Some("hung"));
    assert!(dog.is_alive(Nanos(1_000), Duration::ZERO));
    assert!(!dog.is_alive(Nanos(5_000), Duration::from_nanos(3_999)));
}

#[test]
fn overloaded_graph_sheds_as_declared_until_it_is_calm() {
    let mut rt = TestRuntime::new();
    let ex = rt.executor();
    ex.set_overload(Overload {
        lag_max: Duration::from_secs(1),
        backlog_max: 8,
        calm: Duration::from_nanos(2),
    });
    // Takes one message a run; all that wait but the last when the graph is overloaded.
    let (node, mut sender) = NodeBuilder::new((0_u64, None)).build_with_channel::<u64, _>(
        ex,
        64,
        |(taken, cause), ctx, receiver| {
            *cause = ctx.overload();
            let waiting = receiver.len();
            if cause.is_some() {
                for _ in 1..waiting {
                    let _ = receiver.try_receive();
                    ctx.count_shed(1);
                }
            }
            if receiver.try_receive().is_ok() {
                *taken += 1;
            }
            let (now, left) = (ctx.now(), receiver.len());
            ctx.report_unread(now, left);
            Control::Unchanged
        },
    );
    for message in 0..20_u64 {
        assert!(!matches!(
            sender.try_send(message),
            Err(TrySendError::Full(_))
        ));
    }
    let mut causes = Vec::new();
    for _ in 0..6 {
        let _ = rt.advance_and_run(Duration::from_nanos(1));
        causes.push(rt.executor().overload().overloaded.map(|(cause, _)| cause));
    }
    let backlog = Some(OverloadCause::Backlog);
    assert_eq!(causes, [backlog, backlog, backlog, None, None, None]);
    let report = rt.executor().overload();
    assert_eq!((report.entered, report.shed, node.borrow().0), (1, 18, 2));
    assert_eq!(report.backlog_max, 19);
}
