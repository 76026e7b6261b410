//! Runtimes: an executor, a clock, and the loop that brings them together.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::channel::Wake;
use super::clock::{Clock, EventTimes, Nanos, NextEvent, RealtimeClock, TestClock};
use super::executor::{Executor, ExecutorState};
use super::failure::FailurePolicy;
use super::watchdog::{Budget, Budgeting, Overrun, Watchdog};

/// Time of a spinning runtime between two looks at the I/O poller: a system call of some hundred
/// nanoseconds, so looking costs a tenth of the time at most and I/O waits so long at most.
const IO_POLL_INTERVAL: Duration = Duration::from_micros(5);
/// Cycles between two looks, for a clock that stands still.
const CYCLES_PER_IO_POLL: u32 = 1024;
/// Longest sleep of a parked runtime: how late it sees a stop flag that nobody woke it for.
const PARK_MAX: Duration = Duration::from_millis(100);
/// Cycles at one instant of a historical run before time moves on: a node that yields for ever
/// does not hold up time.
const SETTLE_CYCLES_MAX: u32 = 1024;
/// Tries of a historical run at a pending source before it sleeps.
const PENDING_SPINS_MAX: u32 = 1024;
/// Longest sleep of a historical run whose source is pending.
const PENDING_PARK_MAX: Duration = Duration::from_millis(1);

/// What a real-time runtime does when there is nothing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExecutionMode {
    /// Looks again at once: least delay, a whole core. Senders never make a system call.
    Spin,
    /// Sleeps until there is work, or a timer is due. Timers are late by what the kernel takes to
    /// wake a thread; bench `timers`.
    Park,
}

/// Why a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ended {
    /// A node returned [`super::Control::Terminate`].
    Terminated,
    /// The stop flag was set, or a signal came.
    Stopped,
    /// A historical run has delivered all events.
    EndOfData,
    /// The time of [`RealtimeRuntime::run_for`] is over.
    TimeIsUp,
    /// The cycles of [`RealtimeRuntime::run_cycles`] are run.
    CyclesDone,
}

/// Ends runs of a runtime from any thread, parked or not. It stays set.
#[derive(Debug, Clone)]
pub struct Stop {
    flag: Arc<AtomicBool>,
    wake: Arc<Wake>,
}

impl Stop {
    /// Ends the run after the cycle in progress, and every later one before its first.
    pub fn stop(&self) {
        self.flag.store(true, Ordering::Release);
        self.wake.wake();
    }

    /// Whether the run is to end.
    #[must_use]
    pub fn is_set(&self) -> bool {
        self.flag.load(Ordering::Acquire)
    }
}

/// What ends a run, apart from the graph and the flags.
#[derive(Debug, Clone, Copy, Default)]
struct Limits {
    until: Option<Nanos>,
    cycles: Option<u64>,
}

/// Runs a graph on the host's time, or on another clock that goes on by itself.
#[derive(Debug)]
pub struct RealtimeRuntime<C = RealtimeClock> {
    executor: Executor,
    clock: C,
    mode: ExecutionMode,
    stop: Arc<AtomicBool>,
    budgeting: Option<Budgeting>,
}

impl RealtimeRuntime {
    /// A runtime with an empty graph; it lives on the thread that runs it.
    #[must_use]
    pub fn new(mode: ExecutionMode) -> Self {
        Self::with_clock(mode, RealtimeClock::new())
    }
}

impl<C: Clock> RealtimeRuntime<C> {
    /// A runtime with an empty graph on a clock of the caller's.
    #[must_use]
    pub fn with_clock(mode: ExecutionMode, clock: C) -> Self {
        Self::resume(Executor::new(), mode, clock)
    }

    fn resume(executor: Executor, mode: ExecutionMode, clock: C) -> Self {
        Self {
            executor,
            clock,
            mode,
            stop: Arc::new(AtomicBool::new(false)),
            budgeting: None,
        }
    }

    /// The executor, to build the graph in.
    pub fn executor(&mut self) -> &mut Executor {
        &mut self.executor
    }

    /// The clock, to ask for its error or to move it.
    pub fn clock(&mut self) -> &mut C {
        &mut self.clock
    }

    /// What ends the run from another thread, at once.
    #[must_use]
    pub fn stop_handle(&self) -> Stop {
        Stop {
            flag: Arc::clone(&self.stop),
            wake: self.executor.wake(),
        }
    }

    /// Stops the run on SIGTERM and SIGINT, between two cycles; parked, within 100 ms.
    ///
    /// # Errors
    ///
    /// What the operating system says of the signal handler.
    pub fn enable_graceful_shutdown(&mut self) -> io::Result<()> {
        for signal in [SIGTERM, SIGINT] {
            signal_hook::flag::register(signal, Arc::clone(&self.stop))?;
        }
        Ok(())
    }

    /// Has cycles counted that take longer than their budget, and told to `on_overrun`.
    ///
    /// Costs a reading of the clock after each cycle in which a node ran, and one for each node
    /// where nodes are timed.
    pub fn set_budget(&mut self, budget: Budget, on_overrun: impl FnMut(&Overrun) + 'static) {
        if budget.time_nodes || self.executor.core.watch.is_some() {
            let now = self.clock.now();
            self.executor.watched(now).time_nodes(budget.time_nodes);
        }
        self.budgeting = Some(Budgeting {
            budget,
            on_overrun: Box::new(on_overrun),
            overruns: 0,
        });
    }

    /// Cycles that took longer than their budget, since it was set.
    #[must_use]
    pub fn overruns(&self) -> u64 {
        self.budgeting.as_ref().map_or(0, |held| held.overruns)
    }

    /// What sees from another thread whether the graph goes on, and the node it hangs in.
    ///
    /// From the first call on, a cycle costs a reading of the clock and each run of a node a store
    /// into memory.
    pub fn watchdog(&mut self) -> Watchdog {
        let now = self.clock.now();
        self.executor.watched(now).watchdog()
    }

    /// Runs until a node terminates the graph, [`Stop`] is used, or a signal comes where that was
    /// enabled.
    ///
    /// # Errors
    ///
    /// What the operating system says of the I/O poller. It is not tried again: an error that
    /// stays would be a loop without rest.
    pub fn run_forever(&mut self) -> io::Result<Ended> {
        self.run(&AtomicBool::new(false), Limits::default())
    }

    /// As [`RealtimeRuntime::run_forever`], and until `stop` is set.
    ///
    /// A parked runtime sees the flag within 100 ms, or at once when [`Executor::wake`] is used
    /// after setting it. [`Stop`] does both.
    ///
    /// # Errors
    ///
    /// As [`RealtimeRuntime::run_forever`].
    pub fn run_until(&mut self, stop: &AtomicBool) -> io::Result<Ended> {
        self.run(stop, Limits::default())
    }

    /// As [`RealtimeRuntime::run_forever`], for at most `duration` of the runtime's clock.
    ///
    /// # Errors
    ///
    /// As [`RealtimeRuntime::run_forever`].
    pub fn run_for(&mut self, duration: Duration) -> io::Result<Ended> {
        let until = Some(self.clock.now().after(duration));
        let limits = Limits {
            until,
            cycles: None,
        };
        self.run(&AtomicBool::new(false), limits)
    }

    /// As [`RealtimeRuntime::run_forever`], for at most `count` cycles in which a node runs.
    ///
    /// # Errors
    ///
    /// As [`RealtimeRuntime::run_forever`].
    pub fn run_cycles(&mut self, count: u64) -> io::Result<Ended> {
        let limits = Limits {
            until: None,
            cycles: Some(count),
        };
        self.run(&AtomicBool::new(false), limits)
    }

    fn run(&mut self, stop: &AtomicBool, limits: Limits) -> io::Result<Ended> {
        let mut cycles_to_poll = 0;
        let mut poll_at = Nanos::ZERO;
        let mut cycles_left = limits.cycles;
        loop {
            if stop.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed) {
                return Ok(Ended::Stopped);
            }
            if cycles_left == Some(0) {
                return Ok(Ended::CyclesDone);
            }
            let now = self.clock.now();
            if self.executor.has_io() {
                if cycles_to_poll == 0 || now >= poll_at {
                    self.executor.poll_io(Some(Duration::ZERO))?;
                    cycles_to_poll = CYCLES_PER_IO_POLL;
                    poll_at = now.after(IO_POLL_INTERVAL);
                }
                cycles_to_poll -= 1;
            }
            if limits.until.is_some_and(|until| now >= until) {
                return Ok(Ended::TimeIsUp);
            }
            let runs_count = self.executor.runs_count();
            let state = self.executor.cycle(now);
            let has_run = self.executor.runs_count() != runs_count;
            self.account(now, has_run);
            if state == ExecutorState::Terminated {
                return Ok(Ended::Terminated);
            }
            if has_run {
                cycles_left = cycles_left.map(|left| left - 1);
                continue;
            }
            match self.mode {
                ExecutionMode::Spin => std::hint::spin_loop(),
                ExecutionMode::Park => {
                    self.park(stop, limits.until)?;
                    cycles_to_poll = CYCLES_PER_IO_POLL;
                    poll_at = self.clock.now().after(IO_POLL_INTERVAL);
                }
            }
        }
    }

    /// Compares a cycle with its budget, and tells the watchdogs that it is over.
    #[inline]
    fn account(&mut self, began: Nanos, has_run: bool) {
        let is_budgeted = has_run && self.budgeting.is_some();
        if is_budgeted || self.executor.core.watch.is_some() {
            self.account_at(began, is_budgeted);
        }
    }

    #[cold]
    fn account_at(&mut self, began: Nanos, is_budgeted: bool) {
        let ended = self.clock.now();
        let core = &mut self.executor.core;
        let mut slowest = None;
        if let Some(watch) = &mut core.watch {
            watch.completed(ended);
            slowest = watch.take_slowest();
        }
        let Some(budgeting) = self.budgeting.as_mut().filter(|_| is_budgeted) else {
            return;
        };
        let took = Duration::from_nanos(ended.since(began));
        if took > budgeting.budget.cycle {
            budgeting.overruns += 1;
            (budgeting.on_overrun)(&Overrun {
                epoch: core.epoch,
                at: core.now,
                took,
                slowest,
            });
        }
    }

    fn park(&mut self, stop: &AtomicBool, until: Option<Nanos>) -> io::Result<()> {
        let deadline = match (self.executor.next_deadline(), until) {
            (Some(deadline), Some(until)) => Some(deadline.min(until)),
            (deadline, until) => deadline.or(until),
        };
        let sleep = match deadline {
            Some(deadline) => Duration::from_nanos(deadline.since(self.clock.now())).min(PARK_MAX),
            None => PARK_MAX,
        };
        let own = &self.stop;
        self.executor.park_unless(Some(sleep), || {
            stop.load(Ordering::Relaxed) || own.load(Ordering::Relaxed)
        })
    }
}

/// Runs a graph on the time of recorded events: as fast as they can be worked through.
///
/// A cycle is run for each event and for each distinct deadline of a timer between two events;
/// time in which nothing happens costs nothing. The run ends with the data: timers beyond the last
/// event do not fire. The same data gives the same cycles.
#[derive(Debug, Default)]
pub struct HistoricalRuntime {
    executor: Executor,
    late_events: u64,
}

impl HistoricalRuntime {
    /// A runtime with an empty graph.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The executor, to build the graph in.
    pub fn executor(&mut self) -> &mut Executor {
        &mut self.executor
    }

    /// Goes on with the same graph on the host's time.
    ///
    /// Nodes, channels and timers stay as they are. The present never runs back: where the data
    /// ended later than the wall clock stands, it waits there. Timers that fell due between the
    /// end of the data and the present run out in the first cycle, in their order.
    #[must_use]
    pub fn then_live(self, mode: ExecutionMode) -> RealtimeRuntime {
        self.then_live_on(mode, RealtimeClock::new())
    }

    /// As [`HistoricalRuntime::then_live`], on a clock of the caller's.
    #[must_use]
    pub fn then_live_on<C: Clock>(self, mode: ExecutionMode, clock: C) -> RealtimeRuntime<C> {
        RealtimeRuntime::resume(self.executor, mode, clock)
    }

    /// Works through the recorded events, then goes on live until `stop` is set.
    ///
    /// Returns the runtime as it is at the end. A run that ends before its data does not go live.
    ///
    /// # Errors
    ///
    /// What the operating system says of the poller.
    pub fn run_then_live(
        mut self,
        source: &mut dyn EventTimes,
        mode: ExecutionMode,
        stop: &AtomicBool,
    ) -> io::Result<(Ended, RealtimeRuntime)> {
        let ended = self.run_until(source, stop)?;
        let mut live = self.then_live(mode);
        match ended {
            Ended::EndOfData => live.run_until(stop).map(|ended| (ended, live)),
            ended => Ok((ended, live)),
        }
    }

    /// Events that carried a time before that of an earlier one; they were run at the later time.
    #[must_use]
    pub fn late_events(&self) -> u64 {
        self.late_events
    }

    /// Runs until the source has no more events or a node terminates the graph.
    ///
    /// # Errors
    ///
    /// What the operating system says of the poller, used while the source is pending.
    pub fn run_historical(&mut self, source: &mut dyn EventTimes) -> io::Result<Ended> {
        self.run_until(source, &AtomicBool::new(false))
    }

    /// As [`HistoricalRuntime::run_historical`], and until `stop` is set.
    ///
    /// # Errors
    ///
    /// As [`HistoricalRuntime::run_historical`].
    pub fn run_until(
        &mut self,
        source: &mut dyn EventTimes,
        stop: &AtomicBool,
    ) -> io::Result<Ended> {
        let mut tries = 0;
        while !stop.load(Ordering::Relaxed) {
            match source.next() {
                NextEvent::At(at) => {
                    tries = 0;
                    if at < self.executor.now() {
                        self.late_events += 1;
                    }
                    if self.advance(at) == ExecutorState::Terminated {
                        return Ok(Ended::Terminated);
                    }
                    source.deliver(&mut self.executor);
                    if self.settle(at) == ExecutorState::Terminated {
                        return Ok(Ended::Terminated);
                    }
                }
                // Timers wait as well: the next event may come before them.
                NextEvent::Pending if tries < PENDING_SPINS_MAX => {
                    tries += 1;
                    std::hint::spin_loop();
                }
                NextEvent::Pending => self.executor.park(Some(PENDING_PARK_MAX))?,
                NextEvent::End => return Ok(Ended::EndOfData),
            }
        }
        Ok(Ended::Stopped)
    }

    /// Fires the timers due before `at`, each deadline in a cycle at its own time.
    fn advance(&mut self, at: Nanos) -> ExecutorState {
        let mut past_count = 0;
        while let Some(deadline) = self.executor.next_deadline().filter(|&next| next < at) {
            // A node that sets timers in the past for ever does not hold up time either; what is
            // left fires with the event.
            past_count = if deadline <= self.executor.now() {
                past_count + 1
            } else {
                0
            };
            if past_count > SETTLE_CYCLES_MAX {
                break;
            }
            if self.settle(deadline) == ExecutorState::Terminated {
                return ExecutorState::Terminated;
            }
        }
        ExecutorState::Running
    }

    /// Runs cycles at one instant until nothing is left to do in it.
    fn settle(&mut self, now: Nanos) -> ExecutorState {
        for _ in 0..SETTLE_CYCLES_MAX {
            if self.executor.cycle(now) == ExecutorState::Terminated {
                return ExecutorState::Terminated;
            }
            if self.executor.is_idle() {
                break;
            }
        }
        ExecutorState::Running
    }
}

/// Runs a graph one cycle at a time, on a clock that moves only when told to.
///
/// Panics of nodes are handed on ([`FailurePolicy::Propagate`]), so that a node can assert.
#[derive(Debug)]
pub struct TestRuntime {
    executor: Executor,
    clock: TestClock,
}

impl Default for TestRuntime {
    fn default() -> Self {
        let mut executor = Executor::new();
        executor.set_failure_policy(FailurePolicy::Propagate);
        Self {
            executor,
            clock: TestClock::default(),
        }
    }
}

impl TestRuntime {
    /// A runtime with an empty graph, at the start of Unix time.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The executor, to build the graph in.
    pub fn executor(&mut self) -> &mut Executor {
        &mut self.executor
    }

    /// The time of the next cycle.
    pub fn now(&mut self) -> Nanos {
        self.clock.now()
    }

    /// Moves the clock on; nothing runs.
    pub fn advance_clock(&mut self, duration: Duration) {
        self.clock.advance(duration);
    }

    /// Runs one cycle at the time of the clock.
    pub fn run_one_cycle(&mut self) -> ExecutorState {
        self.executor.cycle(self.clock.now())
    }

    /// Moves the clock on and runs one cycle.
    pub fn advance_and_run(&mut self, duration: Duration) -> ExecutorState {
        self.advance_clock(duration);
        self.run_one_cycle()
    }
}

#[cfg(test)]
mod tests;
