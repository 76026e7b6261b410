//! When to try again. No I/O and no clock: times are arguments.

use std::time::Duration;

use crate::runtime::Nanos;
use crate::runtime::clock::duration_ns;

/// How long a client waits between one connection and the next.
///
/// The wait starts at `initial` and is multiplied by `factor` with each failure in a row, up to
/// `cap`; a seeded draw then takes off up to `jitter_percent` of it. A connection that proved
/// itself (a frame came) sets the row back to nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconnectPolicy {
    /// Wait after the first failure.
    pub initial: Duration,
    /// Longest wait.
    pub cap: Duration,
    /// What a wait is multiplied by after each further failure; 0 counts as 1.
    pub factor: u32,
    /// Share of the wait that is left to chance, 0 to 100; more counts as 100.
    pub jitter_percent: u8,
    /// Where the draws start: the same seed gives the same waits.
    pub seed: u64,
    /// Failures in a row after which the client gives up; `None`: never.
    pub failures_max: Option<u32>,
}

impl Default for ReconnectPolicy {
    /// 100 ms, doubled up to 30 s, a fifth left to chance, never given up.
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(100),
            cap: Duration::from_secs(30),
            factor: 2,
            jitter_percent: 20,
            seed: 0,
            failures_max: None,
        }
    }
}

/// The state machine of a [`ReconnectPolicy`].
///
/// ```
/// use std::time::Duration;
/// use waveletd::runtime::Nanos;
/// use waveletd::runtime::net::{Reconnect, ReconnectPolicy};
///
/// let policy = ReconnectPolicy {
///     initial: Duration::from_nanos(10),
///     cap: Duration::from_nanos(25),
///     jitter_percent: 0,
///     failures_max: Some(3),
///     ..ReconnectPolicy::default()
/// };
/// let mut reconnect = Reconnect::new(policy);
/// assert_eq!(reconnect.on_closed(Nanos(100)), Some(Nanos(110)));
/// assert_eq!(reconnect.on_closed(Nanos(200)), Some(Nanos(220)));
/// reconnect.on_good();
/// assert_eq!(reconnect.on_closed(Nanos(300)), Some(Nanos(310)));
/// assert_eq!(reconnect.on_closed(Nanos(400)), Some(Nanos(420)));
/// assert_eq!(reconnect.on_closed(Nanos(500)), None);
/// ```
#[derive(Debug, Clone)]
pub struct Reconnect {
    policy: ReconnectPolicy,
    failures: u32,
    wait_ns: u64,
    draws: u64,
}

impl Reconnect {
    /// A machine that has seen no connection yet.
    #[must_use]
    pub fn new(policy: ReconnectPolicy) -> Self {
        Self {
            policy,
            failures: 0,
            wait_ns: 0,
            draws: policy.seed,
        }
    }

    /// Failures in a row so far.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// The connection has proved itself.
    pub fn on_good(&mut self) {
        self.failures = 0;
    }

    /// The connection has ended, or could not be made: when to try again, `None` to give up.
    pub fn on_closed(&mut self, now: Nanos) -> Option<Nanos> {
        self.failures = self.failures.saturating_add(1);
        if self
            .policy
            .failures_max
            .is_some_and(|failures_max| self.failures >= failures_max)
        {
            return None;
        }
        let cap_ns = duration_ns(self.policy.cap);
        let wait_ns = if self.failures == 1 {
            duration_ns(self.policy.initial)
        } else {
            self.wait_ns
                .saturating_mul(u64::from(self.policy.factor.max(1)))
        };
        self.wait_ns = wait_ns.min(cap_ns);
        let chance = u128::from(self.wait_ns) * u128::from(self.policy.jitter_percent.min(100));
        let chance = u64::try_from(chance / 100).unwrap_or(u64::MAX);
        let off = if chance == 0 {
            0
        } else {
            self.draw() % chance.saturating_add(1)
        };
        Some(Nanos(now.0.saturating_add(self.wait_ns - off)))
    }

    /// SplitMix64: a sequence of the seed alone.
    fn draw(&mut self) -> u64 {
        self.draws = self.draws.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.draws;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
}
