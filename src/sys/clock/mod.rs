//! The host's clocks, read as plain nanoseconds.
//!
//! Three readings are offered. [`unix_now_ns`] asks the wall clock, which the host may step at any
//! moment. [`AnchoredClock`] asks the wall clock once and counts on with the monotonic clock, so it
//! never runs back and never jumps; it drifts from the wall clock as the host's oscillator does.
//! [`CounterClock`] reads the processor's time stamp counter and is compared with the wall clock
//! once a second, so it costs least, never runs back and knows how far off it may be.

mod discipline;

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use nix::time::{ClockId, clock_gettime};

use discipline::{Discipline, Sample};

/// Time between two comparisons of a [`CounterClock`] with the wall clock.
pub const RESYNC_INTERVAL_NS: u64 = 1_000_000_000;
/// Readings of one comparison; the quickest counts.
const SAMPLES: u32 = 5;
/// Error up to which a [`CounterClock`] calls itself accurate.
pub const ACCURATE_ERROR_NS: u64 = 100_000;

/// Reads the wall clock: nanoseconds since 1970-01-01T00:00:00Z, zero where the host's clock
/// stands before that date.
///
/// May run back when the host corrects its clock.
#[must_use]
pub fn unix_now_ns() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| {
            u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
        })
}

/// A monotonic clock that reads in Unix nanoseconds, anchored to the wall clock once.
///
/// Copies of one clock agree with each other, on any thread.
#[derive(Debug, Clone, Copy)]
pub struct AnchoredClock {
    instant: Instant,
    unix_ns: u64,
}

impl AnchoredClock {
    /// Anchors the monotonic clock to the wall clock as it reads now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            instant: Instant::now(),
            unix_ns: unix_now_ns(),
        }
    }

    /// Nanoseconds since the Unix epoch; never less than an earlier reading of this clock.
    #[must_use]
    #[inline]
    pub fn now_ns(&self) -> u64 {
        let elapsed = self.instant.elapsed();
        // Seconds and nanoseconds apart: a 128-bit product costs more than the reading.
        let elapsed_ns = elapsed
            .as_secs()
            .saturating_mul(1_000_000_000)
            .saturating_add(u64::from(elapsed.subsec_nanos()));
        self.unix_ns.saturating_add(elapsed_ns)
    }
}

impl Default for AnchoredClock {
    fn default() -> Self {
        Self::new()
    }
}

/// What a [`CounterClock`] counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClockSource {
    /// The processor's time stamp counter, which runs at one rate in all its states.
    Counter,
    /// The kernel's monotonic clock: the processor has no such counter.
    Monotonic,
}

/// The processor's counter as Unix time, with a known error.
///
/// The rate is calibrated when the first of these clocks of the process is made, which takes up to
/// 0.2 s. The clock is compared with the wall clock every [`RESYNC_INTERVAL_NS`] of readings: what
/// it is off is made good until the next comparison, by running up to 0.05 % faster or slower. It
/// never runs back. When the wall clock is set forward by more than 10 ms the clock follows at
/// once; when it is set back the clock stays ahead, is not accurate, and says so.
///
/// # Cost
///
/// Bench `timers`, which prints it beside the other clocks.
#[derive(Debug, Clone)]
pub struct CounterClock {
    counter: quanta::Clock,
    source: ClockSource,
    line: Discipline,
    last_ns: u64,
}

impl CounterClock {
    /// Calibrates the counter, and anchors it to the wall clock as it reads now.
    #[must_use]
    pub fn new() -> Self {
        const TICKS: u64 = 1 << 40;
        let counter = quanta::Clock::new();
        let source = source_of(&counter);
        let ns = u128::from(counter.delta_as_nanos(0, TICKS));
        let rate = u64::try_from((ns << 32) / u128::from(TICKS)).unwrap_or(u64::MAX);
        let first = sample(&counter, rate);
        Self {
            line: Discipline::new(first, rate, RESYNC_INTERVAL_NS),
            counter,
            source,
            last_ns: first.unix_ns,
        }
    }

    /// Nanoseconds since the Unix epoch; never less than an earlier reading of this clock.
    #[must_use]
    #[inline]
    pub fn now_ns(&mut self) -> u64 {
        let raw = self.counter.raw();
        if self.line.is_due(raw) {
            self.resync();
        }
        // Counters of two cores may differ by a tick or two.
        self.last_ns = self.last_ns.max(self.line.at(raw));
        self.last_ns
    }

    /// Compares the clock with the wall clock now.
    #[cold]
    pub fn resync(&mut self) {
        let rate = self.line.measured_rate();
        let sample = sample(&self.counter, rate);
        self.line.compare(sample);
    }

    /// How far the clock may be from the wall clock, in nanoseconds.
    ///
    /// The time the last comparison took, what was off in it, and the drift since: twice the last
    /// change of rate and a millionth, or 50 millionths before the rate was measured.
    #[must_use]
    pub fn error_bound_ns(&self) -> u64 {
        self.line.error_ns(self.counter.raw())
    }

    /// Whether the error is at most [`ACCURATE_ERROR_NS`].
    #[must_use]
    pub fn is_accurate(&self) -> bool {
        self.error_bound_ns() <= ACCURATE_ERROR_NS
    }

    /// How often the clock followed the wall clock in one step, forward.
    #[must_use]
    pub fn steps(&self) -> u64 {
        self.line.steps()
    }

    /// What the clock counts.
    #[must_use]
    pub fn source(&self) -> ClockSource {
        self.source
    }
}

impl Default for CounterClock {
    fn default() -> Self {
        Self::new()
    }
}

/// Reads the counter and the wall clock together, a few times, and keeps the quickest reading.
fn sample(counter: &quanta::Clock, rate: u64) -> Sample {
    let mut best: Option<(u64, Sample)> = None;
    for _ in 0..SAMPLES {
        let before = counter.raw();
        let unix_ns = unix_now_ns();
        let width = counter.raw().saturating_sub(before);
        if best.is_none_or(|(narrowest, _)| width < narrowest) {
            let half_ns = (u128::from(width / 2 + 1) * u128::from(rate)) >> 32;
            let sample = Sample {
                raw: before.saturating_add(width / 2),
                unix_ns,
                error_ns: u64::try_from(half_ns).unwrap_or(u64::MAX).saturating_add(1),
            };
            best = Some((width, sample));
        }
    }
    best.expect("there is at least one reading").1
}

/// Tells the counter from the monotonic clock, which is read for it where there is none.
fn source_of(counter: &quanta::Clock) -> ClockSource {
    let monotonic_ns = || {
        clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(0, |at| {
            let seconds = u64::try_from(at.tv_sec()).unwrap_or(0);
            let ns = u64::try_from(at.tv_nsec()).unwrap_or(0);
            seconds.saturating_mul(1_000_000_000).saturating_add(ns)
        })
    };
    let before = monotonic_ns();
    let raw = counter.raw();
    if (before..=monotonic_ns()).contains(&raw) {
        ClockSource::Monotonic
    } else {
        ClockSource::Counter
    }
}

/// A moment of the monotonic clock, for displays that measure ages.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room where clocks are read"
)]
pub fn instant_now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counter_clock_stands_by_its_error_and_never_runs_back() {
        let mut clock = CounterClock::new();
        let mut last_ns = 0;
        for at in 0..10_000 {
            let now_ns = clock.now_ns();
            assert!(now_ns >= last_ns);
            last_ns = now_ns;
            if at % 2_500 == 0 {
                clock.resync();
            }
        }
        // The machine may take the processor away between two readings; not five times in a row
        // for longer than this.
        let before_ns = unix_now_ns();
        let now_ns = clock.now_ns();
        let after_ns = unix_now_ns();
        let bound_ns = clock.error_bound_ns() + 1_000_000;
        assert!(now_ns + bound_ns >= before_ns && now_ns <= after_ns + bound_ns);
        assert_eq!(clock.steps(), 0);
    }

    #[test]
    fn anchored_clock_starts_at_the_wall_clock_and_never_runs_back() {
        let wall_ns = unix_now_ns();
        let clock = AnchoredClock::new();
        let mut last_ns = clock.now_ns();
        assert!(last_ns.abs_diff(wall_ns) < 1_000_000_000);
        for _ in 0..1_000 {
            let now_ns = clock.now_ns();
            assert!(now_ns >= last_ns);
            last_ns = now_ns;
        }
    }
}
