//! The YAML keys of this room.

use crate::contract::{FeedSettings, SettingFault, SettingKey, Value};
use crate::model::RecvTime;
use crate::model::time::{DAY_NS, days_from_civil, new_york_midnight};
use crate::session::SequencerSettings;

/// Keys beyond the common ones.
pub const KEYS: &[SettingKey] = &[
    SettingKey {
        key: "reorder_window_us",
        help: "How long a hole may be filled by the other line before it is a gap; 0 to 10,000,000, default 2,000.",
        example: "2000",
    },
    SettingKey {
        key: "request_timeout_ms",
        help: "How long a retransmission server may take to answer; 1 to 60,000, default 50.",
        example: "50",
    },
    SettingKey {
        key: "request_attempts_max",
        help: "Requests without progress before a gap is given up; 1 to 1,000, default 10.",
        example: "10",
    },
    SettingKey {
        key: "requests_waiting_max",
        help: "Requests that may wait for an answer at once; 1 to 64, default 4.",
        example: "4",
    },
    SettingKey {
        key: "held_packets_max",
        help: "Packets kept while a hole is open; 1 to 1,048,576, default 4,096.",
        example: "4096",
    },
    SettingKey {
        key: "backfill",
        help: "Whether a session joined in its middle is asked for from its first message; default true.",
        example: "true",
    },
    SettingKey {
        key: "session_date",
        help: "Day of a file that does not name it, as YYYY-MM-DD; without it times count from 1970-01-01.",
        example: "2020-01-30",
    },
    SettingKey {
        key: "silence_ms",
        help: "How long a line may be silent before it is reported; 0 never reports, at most 3,600,000, default 5,000.",
        example: "5000",
    },
];

/// What the YAML says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For the sequencer.
    pub sequencer: SequencerSettings,
    /// Midnight in New York of the day of a file, in ns since the Unix epoch; 0 when it is not known.
    pub file_midnight_ns: u64,
    /// Silence of a line that is reported, in ns; 0 for never.
    pub silence_ns: u64,
}

impl Settings {
    /// Reads the room's own keys.
    ///
    /// # Errors
    /// Every key whose value cannot be used; unknown keys are found by the caller, who knows the common ones.
    pub fn of(settings: &FeedSettings) -> Result<Settings, Vec<SettingFault>> {
        let mut faults = Vec::new();
        let mut number = |key: &str, lowest: u64, highest: u64, default: u64| match settings
            .own(key)
        {
            None => default,
            Some(&Value::Integer(value))
                if u64::try_from(value).is_ok_and(|value| (lowest..=highest).contains(&value)) =>
            {
                value.unsigned_abs()
            }
            Some(_) => {
                faults.push(SettingFault {
                    key: key.to_owned(),
                    why: format!("is not a whole number from {lowest} to {highest}"),
                    remedy: format!("leave it out for {default}"),
                });
                default
            }
        };
        let window_us = number("reorder_window_us", 0, 10_000_000, 2_000);
        let timeout_ms = number("request_timeout_ms", 1, 60_000, 50);
        let attempts_max = number("request_attempts_max", 1, 1_000, 10);
        let waiting_max = number("requests_waiting_max", 1, 64, 4);
        let held_packets_max = number("held_packets_max", 1, 1 << 20, 4_096);
        let silence_ms = number("silence_ms", 0, 3_600_000, 5_000);
        let backfill = match settings.own("backfill") {
            None => true,
            Some(&Value::Bool(value)) => value,
            Some(_) => {
                faults.push(SettingFault {
                    key: "backfill".to_owned(),
                    why: "is neither true nor false".to_owned(),
                    remedy: "leave it out for true".to_owned(),
                });
                true
            }
        };
        let file_midnight_ns = match settings.own("session_date") {
            None => 0,
            Some(value) => midnight_of(value).unwrap_or_else(|| {
                faults.push(SettingFault {
                    key: "session_date".to_owned(),
                    why: "is not a date".to_owned(),
                    remedy: "write it as YYYY-MM-DD, for example 2020-01-30".to_owned(),
                });
                0
            }),
        };
        for symbol in &settings.instruments {
            if !(1..=8).contains(&symbol.trim().len()) {
                faults.push(SettingFault {
                    key: "instruments".to_owned(),
                    why: format!("`{symbol}` is not a symbol of one to eight characters"),
                    remedy: "write it as the stock directory has it, for example AAPL".to_owned(),
                });
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Settings {
            sequencer: SequencerSettings {
                first_sequence: 1,
                server_count: settings.server_count,
                reorder_window_ns: window_us * 1_000,
                held_packets_max: held_packets_max as usize,
                request_timeout_ns: timeout_ms * 1_000_000,
                request_attempts_max: attempts_max as u32,
                requests_waiting_max: waiting_max as usize,
                backfill,
                ..SequencerSettings::default()
            },
            file_midnight_ns,
            silence_ns: silence_ms * 1_000_000,
        })
    }
}

/// Midnight in New York of a date written `YYYY-MM-DD`.
fn midnight_of(value: &Value) -> Option<u64> {
    let Value::Text(text) = value else {
        return None;
    };
    let mut parts = text.trim().splitn(3, '-');
    let mut part = |digits: usize, lowest: u64, highest: u64| {
        let part = parts.next().filter(|part| {
            part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit())
        })?;
        part.parse()
            .ok()
            .filter(|value| (lowest..=highest).contains(value))
    };
    let (year, month, day) = (part(4, 1970, 2100)?, part(2, 1, 12)?, part(2, 1, 31)?);
    let noon_ns = days_from_civil(year as i64, month, day) * DAY_NS + 17 * (DAY_NS / 24);
    Some(new_york_midnight(RecvTime(noon_ns)))
}
