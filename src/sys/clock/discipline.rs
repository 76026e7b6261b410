//! A counter made to read as Unix time: pure arithmetic, told of every reading.
//!
//! The time is a line over the counter. Each comparison with the wall clock bends the line, so
//! that what it was off is made good by the next comparison; it is never broken downwards. Ahead
//! of the wall clock by much, the line runs slower for as long as it takes. Behind it by much, it
//! is moved forward at once.

/// Parts of a nanosecond in a rate: 2^32.
const RATE_BITS: u32 = 32;
/// Most by which the line is bent, in millionths: 0.5 ms a second, what the kernel does itself.
const SLEW_MAX_PPM: i128 = 500;
/// Behind the wall clock by more than this, the line is moved and not bent.
const STEP_MIN_NS: i128 = 10_000_000;
/// How far the counter's rate may be off before it was measured, in billionths.
const DRIFT_UNKNOWN_PPB: u64 = 50_000;
/// How far a measured rate may change until the next comparison, in billionths, beside twice the
/// last change seen.
const DRIFT_MIN_PPB: u64 = 1_000;

/// The wall clock and the counter, read together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sample {
    pub(super) raw: u64,
    pub(super) unix_ns: u64,
    /// Half of the time the reading took: how far the two may be apart.
    pub(super) error_ns: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Discipline {
    base_raw: u64,
    base_ns: u64,
    /// Nanoseconds a tick of the counter, in 2^-32: bent, until `sync_raw`.
    rate: u64,
    /// The same as measured against the wall clock: beyond `sync_raw`.
    natural_rate: u64,
    /// What the counter is said to run at; measurements far from it are not believed.
    nominal_rate: u64,
    interval_ticks: u64,
    sync_raw: u64,
    last: Sample,
    /// What the line was off at the last comparison.
    pending_ns: u64,
    drift_ppb: u64,
    steps: u64,
}

fn scaled(ticks: u64, rate: u64) -> u64 {
    let ns = (u128::from(ticks) * u128::from(rate)) >> RATE_BITS;
    u64::try_from(ns).unwrap_or(u64::MAX)
}

impl Discipline {
    /// `rate`: nanoseconds a tick, in 2^-32; not zero.
    pub(super) fn new(first: Sample, rate: u64, interval_ns: u64) -> Self {
        let rate = rate.max(1);
        let interval_ticks = (u128::from(interval_ns) << RATE_BITS) / u128::from(rate);
        let interval_ticks = u64::try_from(interval_ticks).unwrap_or(u64::MAX).max(1);
        Self {
            base_raw: first.raw,
            base_ns: first.unix_ns,
            rate,
            natural_rate: rate,
            nominal_rate: rate,
            interval_ticks,
            sync_raw: first.raw.saturating_add(interval_ticks),
            last: first,
            pending_ns: 0,
            drift_ppb: DRIFT_UNKNOWN_PPB,
            steps: 0,
        }
    }

    /// Whether the next comparison is due.
    #[inline]
    pub(super) fn is_due(&self, raw: u64) -> bool {
        raw >= self.sync_raw
    }

    /// The time at a reading of the counter.
    #[inline]
    pub(super) fn at(&self, raw: u64) -> u64 {
        if raw <= self.sync_raw {
            let ticks = raw.saturating_sub(self.base_raw);
            return self.base_ns.saturating_add(scaled(ticks, self.rate));
        }
        // What was to be made good has been, a comparison late or not.
        let bent = scaled(self.sync_raw - self.base_raw, self.rate);
        let straight = scaled(raw - self.sync_raw, self.natural_rate);
        self.base_ns.saturating_add(bent).saturating_add(straight)
    }

    /// Bends the line towards the wall clock.
    pub(super) fn compare(&mut self, sample: Sample) {
        let Some(ticks) = sample.raw.checked_sub(self.last.raw).filter(|&t| t > 0) else {
            return;
        };
        let ours = self.at(sample.raw);
        // Shorter stretches say more of the reading than of the rate.
        if ticks >= self.interval_ticks / 2 {
            self.measure(sample, ticks);
        }
        let mut base_ns = ours;
        let mut offset = i128::from(sample.unix_ns) - i128::from(ours);
        if offset > STEP_MIN_NS {
            base_ns = sample.unix_ns;
            offset = 0;
            self.steps += 1;
        }
        let natural = i128::from(self.natural_rate);
        let most = natural * SLEW_MAX_PPM / 1_000_000;
        let bend = (offset << RATE_BITS) / i128::from(self.interval_ticks);
        let rate = natural + bend.clamp(-most, most);
        self.rate = u64::try_from(rate).unwrap_or(self.natural_rate).max(1);
        self.base_raw = sample.raw;
        self.base_ns = base_ns;
        self.sync_raw = sample.raw.saturating_add(self.interval_ticks);
        self.pending_ns = u64::try_from(offset.unsigned_abs()).unwrap_or(u64::MAX);
        self.last = sample;
    }

    /// Takes the rate of the counter from two readings of the wall clock.
    fn measure(&mut self, sample: Sample, ticks: u64) {
        let wall_ns = sample.unix_ns.saturating_sub(self.last.unix_ns);
        let rate = (u128::from(wall_ns) << RATE_BITS) / u128::from(ticks);
        let rate = u64::try_from(rate).unwrap_or(u64::MAX);
        let most = self.nominal_rate / 1_000_000 * SLEW_MAX_PPM as u64;
        if rate.abs_diff(self.nominal_rate) > most {
            // The wall clock was set in between.
            self.drift_ppb = DRIFT_UNKNOWN_PPB;
            return;
        }
        let change = u128::from(rate.abs_diff(self.natural_rate)) * 1_000_000_000;
        let change_ppb = u64::try_from(change / u128::from(self.natural_rate)).unwrap_or(u64::MAX);
        self.drift_ppb = DRIFT_MIN_PPB
            .saturating_add(change_ppb.saturating_mul(2))
            .min(DRIFT_UNKNOWN_PPB);
        self.natural_rate = rate;
    }

    /// How far the time at `raw` may be from the wall clock.
    pub(super) fn error_ns(&self, raw: u64) -> u64 {
        let since_ns = scaled(raw.saturating_sub(self.last.raw), self.natural_rate);
        let drift = u128::from(since_ns) * u128::from(self.drift_ppb) / 1_000_000_000;
        self.last
            .error_ns
            .saturating_add(self.pending_ns)
            .saturating_add(u64::try_from(drift).unwrap_or(u64::MAX))
    }

    /// Nanoseconds a tick of the counter as measured, in 2^-32.
    pub(super) fn measured_rate(&self) -> u64 {
        self.natural_rate
    }

    /// How often the line was moved forward instead of bent.
    pub(super) fn steps(&self) -> u64 {
        self.steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START_NS: u64 = 1_700_000_000_000_000_000;
    const SECOND_NS: u64 = 1_000_000_000;
    /// A counter of 2 GHz: half a nanosecond a tick.
    const RATE: u64 = 1 << (RATE_BITS - 1);

    fn sample(raw: u64, unix_ns: u64) -> Sample {
        Sample {
            raw,
            unix_ns,
            error_ns: 50,
        }
    }

    /// Runs a minute, with a comparison each second, against a wall clock that is `offset_ns` off
    /// from the first comparison on and `ppb` fast; returns the last error and the steps.
    #[track_caller]
    fn check(offset_ns: i64, ppb: i64) -> (i64, u64) {
        let wall = |raw: u64| {
            let ns = (raw / 2) as i64;
            let drift = (i128::from(ns) * i128::from(ppb) / 1_000_000_000) as i64;
            let offset = if raw == 0 { 0 } else { offset_ns };
            START_NS.wrapping_add_signed(ns + drift + offset)
        };
        let mut line = Discipline::new(sample(0, START_NS), RATE, SECOND_NS);
        let (mut last, mut off) = (0, 0);
        for step in 1..=6_000_u64 {
            let raw = step * 20_000_000;
            if line.is_due(raw) {
                line.compare(sample(raw, wall(raw)));
            }
            let now = line.at(raw);
            assert!(now >= last, "time ran back at {raw}");
            last = now;
            off = now as i64 - wall(raw) as i64;
            // The wall clock's own jump is known at the first comparison only.
            if raw > 2 * SECOND_NS {
                let bound = line.error_ns(raw);
                assert!(
                    off.unsigned_abs() <= bound,
                    "{off} ns, said at most {bound}"
                );
            }
        }
        (off, line.steps())
    }

    #[test]
    fn counter_that_drifts_is_followed() {
        let (off, steps) = check(0, 30_000);
        assert!(off.abs() < 1_000 && steps == 0, "{off} {steps}");
        let (off, steps) = check(0, -30_000);
        assert!(off.abs() < 1_000 && steps == 0, "{off} {steps}");
    }

    #[test]
    fn small_correction_of_the_wall_clock_is_slewed_either_way() {
        for offset_ns in [300_000, -300_000] {
            let (off, steps) = check(offset_ns, 0);
            assert!(off.abs() < 1_000 && steps == 0, "{off} {steps}");
        }
    }

    #[test]
    fn wall_clock_set_forward_is_followed_at_once_and_counted() {
        let (off, steps) = check(3_600_000_000_000, 0);
        assert!(off.abs() < 1_000 && steps == 1, "{off} {steps}");
    }

    #[test]
    fn wall_clock_set_back_is_approached_without_running_back() {
        let (off, steps) = check(-1_000_000_000, 0);
        // Half a millisecond a second, for most of a minute.
        assert!((960_000_000..1_000_000_000).contains(&off), "{off}");
        assert_eq!(steps, 0);
    }

    #[test]
    fn missed_comparison_ends_the_bend_in_time() {
        let mut line = Discipline::new(sample(0, START_NS), RATE, SECOND_NS);
        line.compare(sample(2_000_000_000, START_NS + SECOND_NS + 100_000));
        // The rate measured in this stretch holds the correction; an hour later it still does not
        // add up to more than that rate says.
        let raw = 2_000_000_000 + 2 * 3_600 * SECOND_NS;
        let natural = scaled(raw - line.sync_raw, line.natural_rate);
        let at_sync = line.at(line.sync_raw);
        assert_eq!(line.at(raw), at_sync + natural);
    }
}
