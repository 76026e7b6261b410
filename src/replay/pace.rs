//! The pace of a replay: as fast as it goes, or the capture's own time, faster or slower.
//!
//! Every record is due at one absolute moment, counted from the first one. Errors of single waits therefore never add up:
//! a day replayed at its own speed ends when the day would have ended.

#![allow(clippy::disallowed_methods)] // a pace is kept against this machine's clock

use feeds::model::RecvTime;
use feeds::model::decimal::{self, DecimalError};
use hdrhistogram::Histogram;
use std::fmt;
use std::num::NonZeroU64;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

/// How fast a capture is replayed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Speed {
    /// Without waiting.
    Max,
    /// At a multiple of the capture's time, in millionths: 1,000,000 is its own speed, 500,000 half of it.
    Times(NonZeroU64),
}

/// Digits behind the point of a speed.
const SPEED_SCALE: u8 = 6;
const SPEED_UNIT: u64 = 1_000_000;

impl Speed {
    /// The capture's own speed.
    pub const REAL: Speed = Speed::Times(NonZeroU64::new(SPEED_UNIT).expect("a million is not 0"));
}

/// Why a speed is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a speed is `max` or a positive number of at most six decimals, such as 1x, 10x or 0.5x")]
pub struct SpeedError;

impl From<DecimalError> for SpeedError {
    fn from(_: DecimalError) -> SpeedError {
        SpeedError
    }
}

impl FromStr for Speed {
    type Err = SpeedError;

    /// `max`, or a multiple with or without an `x`: `1x`, `0.5`, `100x`.
    fn from_str(text: &str) -> Result<Speed, SpeedError> {
        let text = text.trim();
        if text.eq_ignore_ascii_case("max") {
            return Ok(Speed::Max);
        }
        let number = text.strip_suffix(['x', 'X']).unwrap_or(text);
        let millionths = decimal::parse_unsigned(number.as_bytes(), SPEED_SCALE)?;
        Ok(Speed::Times(NonZeroU64::new(millionths).ok_or(SpeedError)?))
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Speed::Max => f.write_str("max"),
            Speed::Times(millionths) => {
                let multiple = decimal::Decimal {
                    mantissa: i128::from(millionths.get()),
                    scale: SPEED_SCALE,
                };
                write!(f, "{multiple}x")
            }
        }
    }
}

/// Sleeping stops this long before the moment; the rest is spun. Timers of an ordinary kernel are 50 µs late, a busy
/// one up to a few hundred.
const SPIN_NS: u64 = 200_000;
/// The longest sleep at once: a stop asked for in between is seen within this time.
const SLEEP_MAX: Duration = Duration::from_millis(100);
/// Largest lateness told apart; what is later counts as this.
const LATENESS_MAX_NS: u64 = 3_600_000_000_000;

/// Gives records their time.
pub struct Pacer {
    speed: Speed,
    /// The first record's moment on this machine and in the capture.
    anchor: Option<(Instant, u64)>,
    lateness_ns: Histogram<u64>,
}

/// How late records were given, against the moment they were due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScheduleError {
    /// Records that had a moment.
    pub count: u64,
    /// Half of them were at most this late, in nanoseconds.
    pub p50_ns: u64,
    /// All but a hundredth of them were at most this late, in nanoseconds.
    pub p99_ns: u64,
    /// The latest one, in nanoseconds.
    pub max_ns: u64,
}

impl Pacer {
    /// A pacer whose time starts with the first record.
    ///
    /// # Panics
    /// Never: the histogram's bounds are constants.
    pub fn new(speed: Speed) -> Pacer {
        Pacer {
            speed,
            anchor: None,
            lateness_ns: Histogram::new_with_bounds(1, LATENESS_MAX_NS, 3)
                .expect("three digits from 1 to an hour are valid bounds"),
        }
    }

    /// Whether records wait for their time at all.
    pub fn is_paced(&self) -> bool {
        self.speed != Speed::Max
    }

    /// When a record is due. `None` when there is nothing to wait for: full speed, a record without a time, or one from
    /// before the first.
    pub fn due(&mut self, ts_recv: RecvTime) -> Option<Instant> {
        let Speed::Times(millionths) = self.speed else {
            return None;
        };
        let ts = ts_recv.get()?;
        let (start, first) = *self.anchor.get_or_insert_with(|| (Instant::now(), ts));
        let since = u128::from(ts.checked_sub(first)?);
        let wait = since * u128::from(SPEED_UNIT) / u128::from(millionths.get());
        start.checked_add(Duration::from_nanos(u64::try_from(wait).ok()?))
    }

    /// Waits until a record is due and says how late it then is. Zero where there is nothing to wait for.
    pub fn wait_until(&mut self, ts_recv: RecvTime) -> Duration {
        self.wait_unless(ts_recv, || false)
    }

    /// As [`Pacer::wait_until`], given up as soon as `stop` says so (asked every 100 ms at least).
    pub fn wait_unless(&mut self, ts_recv: RecvTime, stop: impl Fn() -> bool) -> Duration {
        let Some(due) = self.due(ts_recv) else {
            return Duration::ZERO;
        };
        loop {
            let now = Instant::now();
            let left = due.saturating_duration_since(now);
            if left.is_zero() {
                let late = now.duration_since(due);
                let late_ns = u64::try_from(late.as_nanos()).unwrap_or(u64::MAX);
                self.lateness_ns.saturating_record(late_ns.max(1));
                return late;
            }
            match left.checked_sub(Duration::from_nanos(SPIN_NS)) {
                Some(sleep) if !sleep.is_zero() => {
                    if stop() {
                        return Duration::ZERO;
                    }
                    thread::sleep(sleep.min(SLEEP_MAX));
                }
                _ => std::hint::spin_loop(),
            }
        }
    }

    /// How late the records were; `None` when none had a moment.
    pub fn schedule_error(&self) -> Option<ScheduleError> {
        let count = self.lateness_ns.len();
        (count > 0).then(|| ScheduleError {
            count,
            p50_ns: self.lateness_ns.value_at_quantile(0.5),
            p99_ns: self.lateness_ns.value_at_quantile(0.99),
            max_ns: self.lateness_ns.max(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let speed = text.parse::<Speed>().ok().map(|speed| speed.to_string());
        assert_eq!(speed.as_deref(), expected, "{text}");
    }

    #[test]
    fn speeds_are_exact_multiples() {
        check("max", Some("max"));
        check("MAX", Some("max"));
        check("1x", Some("1x"));
        check("0.5", Some("0.5x"));
        check("1000x", Some("1000x"));
        assert_eq!("1x".parse(), Ok(Speed::REAL));
    }

    #[test]
    fn a_speed_that_never_arrives_is_refused() {
        for text in [
            "0",
            "0x",
            "-1x",
            "x",
            "",
            "1.0000001x",
            "fast",
            "nan",
            "inf",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn every_moment_counts_from_the_first_record() {
        let mut pacer = Pacer::new("10x".parse().unwrap());
        let first = pacer.due(RecvTime(5_000_000_000)).unwrap();
        for step in 1..1_000u64 {
            let due = pacer
                .due(RecvTime(5_000_000_000 + step * 10_000_007))
                .unwrap();
            let exact = step * 10_000_007 / 10;
            assert_eq!(due - first, Duration::from_nanos(exact));
        }
    }

    #[test]
    fn nothing_waits_for_a_time_before_the_first_or_for_none() {
        let mut pacer = Pacer::new(Speed::REAL);
        pacer.due(RecvTime(100));
        assert_eq!(pacer.due(RecvTime(99)), None);
        assert_eq!(pacer.due(RecvTime::UNDEFINED), None);
        assert_eq!(Pacer::new(Speed::Max).due(RecvTime(1)), None);
    }

    #[test]
    fn a_record_is_never_early_and_its_lateness_is_reported() {
        let mut pacer = Pacer::new(Speed::REAL);
        let start = Instant::now();
        for step in 0..5 {
            pacer.wait_until(RecvTime(1_000 + step * 2_000_000));
        }
        assert!(start.elapsed() >= Duration::from_millis(8));
        let error = pacer.schedule_error().unwrap();
        assert_eq!(error.count, 5);
        assert!(error.p50_ns <= error.p99_ns && error.p99_ns <= error.max_ns);
    }
}
