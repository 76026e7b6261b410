//! Moments as people write them: RFC 3339, or nanoseconds since the Unix epoch.

use feeds::model::RecvTime;
use feeds::model::decimal;
use feeds::model::time::{DAY_NS, civil, days_from_civil};
use std::fmt;

/// Why a text is no moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a time is RFC 3339, such as 2020-01-30T14:30:00Z or 2020-01-30T09:30:00.5-05:00, or nanoseconds since 1970"
)]
pub struct MomentError;

/// Reads a moment from 1970 on: RFC 3339 with any offset and up to nine decimals, a date alone (its midnight UTC), or a
/// whole number of nanoseconds.
///
/// # Errors
/// [`MomentError`]; nothing is guessed.
pub fn parse_moment(text: &str) -> Result<RecvTime, MomentError> {
    let bytes = text.trim().as_bytes();
    let moment = if bytes.iter().all(u8::is_ascii_digit) {
        decimal::parse_unsigned(bytes, 0)
            .ok()
            .filter(|ns| *ns < u64::MAX)
    } else {
        rfc3339(bytes)
    };
    moment.map(RecvTime).ok_or(MomentError)
}

fn rfc3339(bytes: &[u8]) -> Option<u64> {
    let (date, rest) = bytes.split_at_checked(10)?;
    let (year, month, day) = (
        number(&date[..4])?,
        number(&date[5..7])?,
        number(&date[8..])?,
    );
    if date[4] != b'-' || date[7] != b'-' || year < 1970 {
        return None;
    }
    let days = days_from_civil(i64::try_from(year).ok()?, month, day);
    // A day that the calendar does not have comes back as another one.
    if civil(days) != (i64::try_from(year).ok()?, month, day) {
        return None;
    }
    let midnight = days.checked_mul(DAY_NS)?;
    if rest.is_empty() {
        return Some(midnight);
    }
    let (time, rest) = rest.split_at_checked(9)?;
    if !matches!(time[0], b'T' | b't' | b' ') || time[3] != b':' || time[6] != b':' {
        return None;
    }
    let (hour, minute, second) = (
        number(&time[1..3])?,
        number(&time[4..6])?,
        number(&time[7..])?,
    );
    // A leap second is the second after, as in Unix time.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let digits = match rest {
        [b'.', fraction @ ..] => {
            1 + fraction
                .iter()
                .take_while(|byte| byte.is_ascii_digit())
                .count()
        }
        _ => 0,
    };
    let (fraction, zone) = rest.split_at(digits);
    let fraction_ns = match digits {
        0 => 0,
        1 => return None,
        _ => decimal::parse_unsigned(fraction, 9).ok()?,
    };
    let seconds = (hour * 60 + minute) * 60 + second;
    let local = midnight.checked_add(seconds * 1_000_000_000 + fraction_ns)?;
    match zone {
        b"Z" | b"z" => Some(local),
        &[sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (number(&[h1, h2])?, number(&[m1, m2])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = (hours * 60 + minutes) * 60_000_000_000;
            if sign == b'+' {
                local.checked_sub(offset)
            } else {
                local.checked_add(offset)
            }
        }
        _ => None,
    }
}

fn number(digits: &[u8]) -> Option<u64> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    decimal::parse_unsigned(digits, 0).ok()
}

/// A moment as RFC 3339 in UTC with all nine decimals; `-` when it is undefined.
#[derive(Clone, Copy, Debug)]
pub struct Rfc3339(pub RecvTime);

impl fmt::Display for Rfc3339 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(ns) = self.0.get() else {
            return f.write_str("-");
        };
        let (year, month, day) = civil(ns / DAY_NS);
        let seconds = ns % DAY_NS / 1_000_000_000;
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        let fraction = ns % 1_000_000_000;
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{fraction:09}Z"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(parse_moment(text).ok(), expected.map(RecvTime), "{text}");
    }

    #[test]
    fn moments_are_read_in_every_common_form() {
        check("1580394600000000000", Some(1_580_394_600_000_000_000));
        check("2020-01-30T14:30:00Z", Some(1_580_394_600_000_000_000));
        check("2020-01-30T09:30:00-05:00", Some(1_580_394_600_000_000_000));
        check("2020-01-30 14:30:00.25Z", Some(1_580_394_600_250_000_000));
        check("2020-01-30", Some(1_580_342_400_000_000_000));
        check("1970-01-01T00:00:00.000000001Z", Some(1));
    }

    #[test]
    fn what_the_calendar_does_not_have_is_refused() {
        for text in [
            "",
            "yesterday",
            "2020-02-30T00:00:00Z",
            "2020-13-01",
            "2020-00-01",
            "2020-01-00",
            "2020-01-30T25:00:00Z",
            "2020-01-30T14:30:00",
            "2020-01-30T14:30:00.Z",
            "2020-01-30T14:30:00.1234567891Z",
            "1970-01-01T00:00:00+01:00",
            "1969-12-31",
            "18446744073709551615",
            "2020-01-30T14:30:00é",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_moment_is_written_as_it_is_read() {
        let text = "2020-01-30T14:30:00.250000001Z";
        assert_eq!(
            parse_moment(text).map(|at| Rfc3339(at).to_string()),
            Ok(text.to_owned())
        );
        assert_eq!(Rfc3339(RecvTime::UNDEFINED).to_string(), "-");
    }
}
