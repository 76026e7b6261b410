//! Names of what can be subscribed, in the vocabulary of Tardis where it has one.

use std::fmt;

use super::record::DEPTH_MAX;

/// Longest conflation interval, in milliseconds.
pub const INTERVAL_MS_MAX: u32 = 60_000;

/// Conflation interval of [`Channel::Summary`], in milliseconds.
pub const SUMMARY_INTERVAL_MS: u32 = 250;

/// What a subscriber gets of an instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Channel {
    /// `book_snapshot_{depth}_{interval}ms`: the best levels, at most once an interval; 0 ms is after every event.
    BookSnapshot {
        /// Levels a side, 1 to [`DEPTH_MAX`].
        depth: u8,
        /// Conflation interval in milliseconds, up to [`INTERVAL_MS_MAX`].
        interval_ms: u32,
    },
    /// `book_change`: an image first, then what changed between two published books, of the levels published
    /// ([`DEPTH_MAX`] a side at most). A level that leaves that window is removed (amount 0), one that enters it is
    /// added, so that applying every message gives exactly the published book.
    BookChange,
    /// `trade`: every print.
    Trade,
    /// `signal`: every value of every signal.
    Signal,
    /// `bar`: every finished bar; its messages are named `trade_bar_1m` and the like.
    Bar,
    /// `statistics`: all there are first, then every one by itself. `statistics_{interval}ms`: the last of each kind, at
    /// most once an interval; what that passes over is counted in the `count` of its kind.
    Statistics {
        /// Conflation interval in milliseconds, up to [`INTERVAL_MS_MAX`]; 0 for none.
        interval_ms: u32,
    },
    /// `instrument`: definitions.
    Instrument,
    /// `summary`: one line an instrument, as the dashboard shows it, at most four times a second.
    Summary,
}

impl Channel {
    /// Reads a channel's name.
    ///
    /// # Errors
    /// A sentence for the subscriber.
    pub fn parse(name: &str) -> Result<Channel, String> {
        Ok(match name {
            "book_change" => Channel::BookChange,
            "trade" => Channel::Trade,
            "signal" => Channel::Signal,
            "bar" => Channel::Bar,
            "instrument" => Channel::Instrument,
            "summary" => Channel::Summary,
            "statistics" => Channel::Statistics { interval_ms: 0 },
            _ => {
                return match name.strip_prefix("statistics_") {
                    Some(interval) => {
                        let interval_ms = parse_interval(interval, || unknown(name))?;
                        Ok(Channel::Statistics { interval_ms })
                    }
                    None => Channel::parse_snapshot(name),
                };
            }
        })
    }

    fn parse_snapshot(name: &str) -> Result<Channel, String> {
        let unknown = || unknown(name);
        let rest = name.strip_prefix("book_snapshot_").ok_or_else(unknown)?;
        let (depth, interval) = rest.split_once('_').ok_or_else(unknown)?;
        let depth = parse_number(depth).ok_or_else(unknown)?;
        let interval_ms = parse_interval(interval, unknown);
        if depth == 0 || depth as usize > DEPTH_MAX {
            return Err(format!("depth {depth} is not within 1 to {DEPTH_MAX}"));
        }
        Ok(Channel::BookSnapshot {
            depth: depth as u8,
            interval_ms: interval_ms?,
        })
    }

    /// Interval within which messages of one instrument are conflated; 0 for none.
    pub const fn interval_ms(self) -> u32 {
        match self {
            Channel::BookSnapshot { interval_ms, .. } | Channel::Statistics { interval_ms } => {
                interval_ms
            }
            Channel::Summary => SUMMARY_INTERVAL_MS,
            _ => 0,
        }
    }

    /// Whether a later message of an instrument says all that an earlier one said.
    pub const fn conflates(self) -> bool {
        matches!(
            self,
            Channel::BookSnapshot { .. }
                | Channel::Statistics { interval_ms: 1.. }
                | Channel::Summary
                | Channel::Instrument
        )
    }
}

fn unknown(name: &str) -> String {
    format!(
        "unknown channel {:?}; there are book_snapshot_DEPTH_INTERVALms, book_change, trade, signal, bar, statistics, \
         statistics_INTERVALms, instrument, summary",
        name.chars().take(60).collect::<String>()
    )
}

fn parse_number(text: &str) -> Option<u32> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse::<u32>().ok()).flatten()
}

/// Milliseconds of `100ms` or `2s`.
fn parse_interval(text: &str, unknown: impl Fn() -> String) -> Result<u32, String> {
    let (digits, unit_ms) = match text.strip_suffix("ms") {
        Some(digits) => (digits, 1),
        None => (text.strip_suffix('s').ok_or_else(&unknown)?, 1_000),
    };
    let interval = parse_number(digits).ok_or_else(unknown)?;
    match interval.checked_mul(unit_ms) {
        Some(interval_ms) if interval_ms <= INTERVAL_MS_MAX => Ok(interval_ms),
        _ => Err(format!("interval is longer than {INTERVAL_MS_MAX} ms")),
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Channel::BookSnapshot { depth, interval_ms } => {
                write!(f, "book_snapshot_{depth}_{interval_ms}ms")
            }
            Channel::Statistics { interval_ms: 0 } => f.write_str("statistics"),
            Channel::Statistics { interval_ms } => write!(f, "statistics_{interval_ms}ms"),
            Channel::BookChange => f.write_str("book_change"),
            Channel::Trade => f.write_str("trade"),
            Channel::Signal => f.write_str("signal"),
            Channel::Bar => f.write_str("bar"),
            Channel::Instrument => f.write_str("instrument"),
            Channel::Summary => f.write_str("summary"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        match Channel::parse(name) {
            Ok(channel) => assert_eq!(channel.to_string(), expected),
            Err(message) => assert!(message.starts_with(expected), "{message}"),
        }
    }

    #[test]
    fn names_are_read_and_written_alike() {
        for name in [
            "book_snapshot_10_100ms",
            "book_change",
            "trade",
            "bar",
            "statistics",
            "statistics_250ms",
        ] {
            check(name, name);
        }
        check("statistics_0ms", "statistics");
        check("book_snapshot_5_2s", "book_snapshot_5_2000ms");
    }

    #[test]
    fn impossible_channels_are_refused_with_a_reason() {
        check("book_snapshot_0_0ms", "depth 0");
        check("book_snapshot_51_0ms", "depth 51");
        check("book_snapshot_5_61s", "interval");
        check("book_snapshot_5_4294967295s", "interval");
        check("statistics_61s", "interval");
        for name in [
            "",
            "trades",
            "book_snapshot_5",
            "book_snapshot_+5_0ms",
            "book_snapshot_5_ms",
            "statistics_",
            "statistics_5",
        ] {
            check(name, "unknown channel");
        }
    }
}
