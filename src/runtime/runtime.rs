//! Runtimes: an executor, a clock, and the loop that brings them together.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};

use super::clock::{Clock, EventTimes, Nanos, NextEvent, RealtimeClock, TestClock};
use super::executor::{Executor, ExecutorState};

/// Cycles of a spinning runtime between two looks at the I/O poller, a system call.
const CYCLES_PER_IO_POLL: u32 = 32;
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
    /// Sleeps until there is work, or a timer is due. Timers can be up to a millisecond late, the
    /// grid of the system call; messages and I/O wake it at once.
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
}

/// Runs a graph on the host's time.
#[derive(Debug)]
pub struct RealtimeRuntime {
    executor: Executor,
    clock: RealtimeClock,
    mode: ExecutionMode,
    stop: Arc<AtomicBool>,
}

impl RealtimeRuntime {
    /// A runtime with an empty graph; it lives on the thread that runs it.
    #[must_use]
    pub fn new(mode: ExecutionMode) -> Self {
        Self {
            executor: Executor::new(),
            clock: RealtimeClock::new(),
            mode,
            stop: Arc::new(AtomicBool::new(false)),
        }
    }

    /// The executor, to build the graph in.
    pub fn executor(&mut self) -> &mut Executor {
        &mut self.executor
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

    /// Runs until a node terminates the graph, or a signal comes where that was enabled.
    ///
    /// # Errors
    ///
    /// What the operating system says of the I/O poller. It is not tried again: an error that
    /// stays would be a loop without rest.
    pub fn run_forever(&mut self) -> io::Result<Ended> {
        let stop = Arc::clone(&self.stop);
        self.run(&stop)
    }

    /// As [`RealtimeRuntime::run_forever`], and until `stop` is set.
    ///
    /// A parked runtime sees the flag within 100 ms, or at once when [`Executor::wake`] is used
    /// after setting it.
    ///
    /// # Errors
    ///
    /// As [`RealtimeRuntime::run_forever`].
    pub fn run_until(&mut self, stop: &AtomicBool) -> io::Result<Ended> {
        self.run(stop)
    }

    fn run(&mut self, stop: &AtomicBool) -> io::Result<Ended> {
        let mut cycles_to_poll = 0;
        loop {
            if stop.load(Ordering::Relaxed) || self.stop.load(Ordering::Relaxed) {
                return Ok(Ended::Stopped);
            }
            if self.executor.has_io() {
                if cycles_to_poll == 0 {
                    self.executor.poll_io(Some(Duration::ZERO))?;
                    cycles_to_poll = CYCLES_PER_IO_POLL;
                }
                cycles_to_poll -= 1;
            }
            let runs_count = self.executor.runs_count();
            if self.executor.cycle(self.clock.now()) == ExecutorState::Terminated {
                return Ok(Ended::Terminated);
            }
            if self.executor.runs_count() != runs_count {
                continue;
            }
            match self.mode {
                ExecutionMode::Spin => std::hint::spin_loop(),
                ExecutionMode::Park => {
                    self.park()?;
                    cycles_to_poll = CYCLES_PER_IO_POLL;
                }
            }
        }
    }

    fn park(&mut self) -> io::Result<()> {
        let sleep = match self.executor.next_deadline() {
            Some(deadline) => Duration::from_nanos(deadline.since(self.clock.now())).min(PARK_MAX),
            None => PARK_MAX,
        };
        self.executor.park(Some(sleep))
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
#[derive(Debug, Default)]
pub struct TestRuntime {
    executor: Executor,
    clock: TestClock,
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
