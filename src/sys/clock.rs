//! The host's clocks, read as plain nanoseconds.
//!
//! Two readings are offered. [`unix_now_ns`] asks the wall clock, which the host may step at any
//! moment. [`AnchoredClock`] asks the wall clock once and counts on with the monotonic clock, so it
//! never runs back and never jumps; it drifts from the wall clock as the host's oscillator does.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

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
