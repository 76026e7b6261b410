//! Waiting before another attempt: capped, exponential, with full jitter.
//!
//! Each wait is drawn evenly from nothing up to a ceiling that doubles with every failure. The jitter keeps clients that
//! lost the same server from coming back in step; the cap keeps a long outage from making a long recovery.

use rand_core::{Rng as _, SeedableRng as _};
use rand_pcg::Pcg32;
use std::time::Duration;

/// Ceiling of the first wait.
pub const FIRST: Duration = Duration::from_millis(250);
/// Ceiling of every wait.
pub const CAP: Duration = Duration::from_secs(30);

/// The longest wait after `failures` failures in a row.
pub fn ceiling(failures: u32) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    FIRST.saturating_mul(1 << doublings).min(CAP)
}

/// Counts failures and draws waits. The same seed draws the same waits.
#[derive(Clone, Debug)]
pub struct Backoff {
    failures: u32,
    random: Pcg32,
}

impl Backoff {
    /// No failure yet.
    pub fn new(seed: u64) -> Backoff {
        Backoff {
            failures: 0,
            random: Pcg32::seed_from_u64(seed),
        }
    }

    /// How long to wait after one more failure.
    pub fn next_wait(&mut self) -> Duration {
        self.failures = self.failures.saturating_add(1);
        let ceiling_us = ceiling(self.failures).as_micros() as u64; // at most 30,000,000
        // The bias of the remainder is below 2^-39 of the range.
        Duration::from_micros(self.random.next_u64() % (ceiling_us + 1))
    }

    /// Failures since the last success.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The connection proved itself.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ceiling_doubles_up_to_the_cap_and_never_beyond() {
        assert_eq!(ceiling(1), FIRST);
        assert_eq!(ceiling(2), FIRST * 2);
        assert_eq!(ceiling(4), FIRST * 8);
        assert_eq!(ceiling(8), CAP);
        assert_eq!(ceiling(u32::MAX), CAP);
    }

    #[test]
    fn waits_stay_below_their_ceiling_and_repeat_with_the_seed() {
        let (mut one, mut two) = (Backoff::new(7), Backoff::new(7));
        for failure in 1..200 {
            let wait = one.next_wait();
            assert!(wait <= ceiling(failure));
            assert_eq!(wait, two.next_wait());
        }
        one.reset();
        assert!(one.next_wait() <= FIRST);
    }

    #[test]
    fn jitter_is_full() {
        let mut backoff = Backoff::new(1);
        for _ in 0..20 {
            backoff.next_wait();
        }
        let waits: Vec<Duration> = (0..100).map(|_| backoff.next_wait()).collect();
        assert!(waits.iter().any(|wait| *wait < CAP / 4));
        assert!(waits.iter().any(|wait| *wait > CAP / 4 * 3));
    }
}
