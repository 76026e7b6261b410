//! Time as the graph sees it: one reading a cycle, in nanoseconds of Unix time.

use std::fmt;
use std::time::Duration;

use super::executor::Executor;
use crate::sys::clock::CounterClock;

pub use crate::sys::clock::ClockSource;

/// A point in time: nanoseconds since 1970-01-01T00:00:00Z, up to the year 2554.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Nanos(pub u64);

impl Nanos {
    /// The start of Unix time.
    pub const ZERO: Self = Self(0);

    /// Nanoseconds from `earlier` to this point; zero where `earlier` is the later one.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// This point moved on by `ns` nanoseconds; `None` beyond the end of the range.
    #[must_use]
    pub fn checked_add(self, ns: u64) -> Option<Self> {
        self.0.checked_add(ns).map(Self)
    }

    /// This point moved on by a duration, held at the end of the range.
    #[must_use]
    pub fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration_ns(duration)))
    }
}

impl fmt::Display for Nanos {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}.{:09}",
            self.0 / 1_000_000_000,
            self.0 % 1_000_000_000
        )
    }
}

/// Whole nanoseconds of a duration, held at the end of the range.
pub(super) fn duration_ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// Where a runtime gets the time of each cycle.
pub trait Clock {
    /// The present; never less than at an earlier call.
    fn now(&mut self) -> Nanos;
}

/// The host's time: the processor's counter, held to the wall clock, with a known error.
///
/// Once a second of readings the clock is compared with the wall clock; what it is off is made
/// good by running slightly faster or slower, never back. Making the first one of a process
/// calibrates the counter, which takes up to 0.2 s. A copy goes on by itself.
#[derive(Debug, Clone, Default)]
pub struct RealtimeClock(CounterClock);

impl RealtimeClock {
    /// Anchors a clock to the wall clock as it reads now.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How far the clock may be from the wall clock at this moment.
    #[must_use]
    pub fn error_bound(&self) -> Duration {
        Duration::from_nanos(self.0.error_bound_ns())
    }

    /// Whether the error is at most 0.1 ms. It is more after the wall clock was set back.
    #[must_use]
    pub fn is_accurate(&self) -> bool {
        self.0.is_accurate()
    }

    /// Compares the clock with the wall clock now, before the next comparison is due.
    pub fn resync(&mut self) {
        self.0.resync();
    }

    /// How often the clock went forward in one step because the wall clock was set.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.0.steps()
    }

    /// What the clock counts: the processor's counter, or the monotonic clock where the processor
    /// has none that runs at one rate.
    #[must_use]
    pub fn source(&self) -> ClockSource {
        self.0.source()
    }
}

impl Clock for RealtimeClock {
    #[inline]
    fn now(&mut self) -> Nanos {
        Nanos(self.0.now_ns())
    }
}

/// A clock that moves only when told to, and never back.
#[derive(Debug, Clone, Default)]
pub struct TestClock(Nanos);

impl TestClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn new(start: Nanos) -> Self {
        Self(start)
    }

    /// Moves on by a duration.
    pub fn advance(&mut self, duration: Duration) {
        self.0 = self.0.after(duration);
    }

    /// Moves to `now`; a point in the past is ignored.
    pub fn set(&mut self, now: Nanos) {
        self.0 = self.0.max(now);
    }
}

impl Clock for TestClock {
    fn now(&mut self) -> Nanos {
        self.0
    }
}

/// What a source of recorded events says of its next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextEvent {
    /// The next event happened at this time.
    At(Nanos),
    /// Not known yet: the thread that reads the recording is behind.
    Pending,
    /// There are no more events.
    End,
}

/// A source of recorded events, which drives a historical run.
///
/// The runtime asks for the time of the next event, brings the graph to that time, has the event
/// delivered, and runs the cycle. The source node must take its event only when delivered (through
/// state, or a ring it does not read before): a node that polls a channel of its own would see the
/// event in the cycle of an earlier timer.
pub trait EventTimes {
    /// The time of the next event, without taking it.
    fn next(&mut self) -> NextEvent;

    /// Takes the next event and schedules the nodes it concerns. Called once for each
    /// [`NextEvent::At`] acted on, just before the cycle at that time.
    fn deliver(&mut self, executor: &mut Executor);
}
