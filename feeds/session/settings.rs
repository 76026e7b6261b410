//! What rooms share in reading their own YAML keys: ranges, defaults, all faults at once.

use super::{RebuildSettings, SequencerSettings};
use crate::contract::{FeedSettings, SettingFault, SettingKey, Value};

/// See [`OwnKeys::reorder_window_ns`].
pub const REORDER_WINDOW_US: SettingKey = SettingKey {
    key: "reorder_window_us",
    help: "How long a hole may be filled by another line before it is a gap; 0 to 10,000,000, default 2,000.",
    example: "2000",
};
/// See [`OwnKeys::held_packets_max`].
pub const HELD_PACKETS_MAX: SettingKey = SettingKey {
    key: "held_packets_max",
    help: "Packets kept while a hole is open; 1 to 1,048,576, default 4,096.",
    example: "4096",
};
/// See [`OwnKeys::silence_ns`].
pub const SILENCE_MS: SettingKey = SettingKey {
    key: "silence_ms",
    help: "How long a line may be silent before it is reported; 0 never reports, at most 3,600,000, default 5,000.",
    example: "5000",
};
/// How long an answer may take.
pub const REQUEST_TIMEOUT_MS: SettingKey = SettingKey {
    key: "request_timeout_ms",
    help: "How long a retransmission server may take to answer; 1 to 60,000, default 50.",
    example: "50",
};
/// When a gap is given up.
pub const REQUEST_ATTEMPTS_MAX: SettingKey = SettingKey {
    key: "request_attempts_max",
    help: "Requests without progress before a gap is given up; 1 to 1,000, default 10.",
    example: "10",
};
/// How many requests are under way.
pub const REQUESTS_WAITING_MAX: SettingKey = SettingKey {
    key: "requests_waiting_max",
    help: "Requests that may wait for an answer at once; 1 to 64, default 4.",
    example: "4",
};
/// What a late join asks for.
pub const BACKFILL: SettingKey = SettingKey {
    key: "backfill",
    help: "Whether a session joined in its middle is asked for from its first message; default true, or false \
           where a snapshot is to be had.",
    example: "true",
};

/// When a snapshot is the quicker way.
pub const REQUEST_GAP_MAX: SettingKey = SettingKey {
    key: "request_gap_max",
    help: "A gap of more messages is not asked for but rebuilt from a snapshot, where one is to be had; \
           1 to 1,000,000,000, default 50,000.",
    example: "50000",
};
/// When a snapshot server is left.
pub const SNAPSHOT_TIMEOUT_MS: SettingKey = SettingKey {
    key: "snapshot_timeout_ms",
    help: "How long a snapshot server may say nothing; 10 to 600,000, default 2,000.",
    example: "2000",
};
/// When the next snapshot server is asked.
pub const SNAPSHOT_RETRY_MS: SettingKey = SettingKey {
    key: "snapshot_retry_ms",
    help: "Rest before another snapshot is asked for; 1 to 600,000, default 500.",
    example: "500",
};
/// What is kept while a snapshot is awaited.
pub const SNAPSHOT_KEPT_MB: SettingKey = SettingKey {
    key: "snapshot_kept_mb",
    help: "Live messages kept while a snapshot is awaited, in MiB; beyond it a younger snapshot is needed; \
           1 to 4,096, default 64.",
    example: "64",
};

/// A room's own keys while they are read. A key that is left out has its default; a fault is noted, and the default goes on.
pub struct OwnKeys<'a> {
    settings: &'a FeedSettings,
    faults: Vec<SettingFault>,
}

impl<'a> OwnKeys<'a> {
    /// Nothing read yet.
    pub fn of(settings: &'a FeedSettings) -> OwnKeys<'a> {
        OwnKeys {
            settings,
            faults: Vec::new(),
        }
    }

    /// A whole number of a range.
    pub fn number(&mut self, key: &str, lowest: u64, highest: u64, default: u64) -> u64 {
        let range = lowest..=highest;
        match self.settings.own(key) {
            None => default,
            Some(&Value::Integer(value))
                if u64::try_from(value).is_ok_and(|value| range.contains(&value)) =>
            {
                value.unsigned_abs()
            }
            Some(_) => {
                self.fault(
                    key,
                    format!("is not a whole number from {lowest} to {highest}"),
                    format!("leave it out for {default}"),
                );
                default
            }
        }
    }

    /// Yes or no.
    pub fn flag(&mut self, key: &str, default: bool) -> bool {
        match self.settings.own(key) {
            None => default,
            Some(&Value::Bool(value)) => value,
            Some(_) => {
                self.fault(
                    key,
                    "is neither true nor false".to_owned(),
                    format!("leave it out for {default}"),
                );
                default
            }
        }
    }

    /// Any value, for the room to read.
    pub fn value(&self, key: &str) -> Option<&'a Value> {
        self.settings.own(key)
    }

    /// Notes a value that cannot be used.
    pub fn fault(&mut self, key: &str, why: String, remedy: String) {
        self.faults.push(SettingFault {
            key: key.to_owned(),
            why,
            remedy,
        });
    }

    /// Checks that every symbol to follow has between one character and `longest`.
    pub fn symbols(&mut self, longest: usize, example: &str) {
        for symbol in &self.settings.instruments {
            if !(1..=longest).contains(&symbol.trim().len()) {
                self.fault(
                    "instruments",
                    format!("`{symbol}` is not a symbol of 1 to {longest} characters"),
                    format!("write it as the venue does, for example {example}"),
                );
            }
        }
    }

    /// [`REORDER_WINDOW_US`], in ns.
    pub fn reorder_window_ns(&mut self) -> u64 {
        self.number(REORDER_WINDOW_US.key, 0, 10_000_000, 2_000) * 1_000
    }

    /// [`HELD_PACKETS_MAX`].
    pub fn held_packets_max(&mut self) -> usize {
        self.number(HELD_PACKETS_MAX.key, 1, 1 << 20, 4_096) as usize
    }

    /// [`SILENCE_MS`], in ns.
    pub fn silence_ns(&mut self) -> u64 {
        self.number(SILENCE_MS.key, 0, 3_600_000, 5_000) * 1_000_000
    }

    /// The sequencer of a channel nobody can be asked about: window and bound from the keys.
    pub fn sequencer(&mut self) -> SequencerSettings {
        SequencerSettings {
            server_count: 0,
            reorder_window_ns: self.reorder_window_ns(),
            held_packets_max: self.held_packets_max(),
            backfill: false,
            ..SequencerSettings::default()
        }
    }

    /// The sequencer of a channel with retransmission servers: the request keys as well.
    pub fn sequencer_with_requests(&mut self) -> SequencerSettings {
        let has_snapshots =
            self.settings.snapshot_server_count > 0 || self.settings.has_snapshot_lines;
        let gap_max = self.number(REQUEST_GAP_MAX.key, 1, 1_000_000_000, 50_000);
        SequencerSettings {
            server_count: self.settings.server_count,
            gap_count_max: if has_snapshots { gap_max } else { u64::MAX },
            request_timeout_ns: self.number(REQUEST_TIMEOUT_MS.key, 1, 60_000, 50) * 1_000_000,
            request_attempts_max: self.number(REQUEST_ATTEMPTS_MAX.key, 1, 1_000, 10) as u32,
            requests_waiting_max: self.number(REQUESTS_WAITING_MAX.key, 1, 64, 4) as usize,
            backfill: self.flag(BACKFILL.key, !has_snapshots),
            ..self.sequencer()
        }
    }

    /// How books are rebuilt: by the servers and lines the configuration has, and the snapshot keys.
    pub fn rebuild(&mut self) -> RebuildSettings {
        let mebibytes = self.number(SNAPSHOT_KEPT_MB.key, 1, 4_096, 64);
        RebuildSettings {
            server_count: self.settings.snapshot_server_count,
            has_lines: self.settings.has_snapshot_lines,
            timeout_ns: self.number(SNAPSHOT_TIMEOUT_MS.key, 10, 600_000, 2_000) * 1_000_000,
            retry_ns: self.number(SNAPSHOT_RETRY_MS.key, 1, 600_000, 500) * 1_000_000,
            kept_bytes_max: (mebibytes << 20) as usize,
        }
    }

    /// Text, empty by default, of at most `longest` bytes.
    pub fn text(&mut self, key: &str, longest: usize) -> String {
        match self.settings.own(key) {
            None => String::new(),
            Some(Value::Text(text)) if text.len() <= longest => text.clone(),
            Some(_) => {
                self.fault(
                    key,
                    format!("is not a text of at most {longest} characters"),
                    "write it in quotes".to_owned(),
                );
                String::new()
            }
        }
    }

    /// `settings`, unless there were faults.
    ///
    /// # Errors
    /// All of them.
    pub fn finish<T>(self, settings: T) -> Result<T, Vec<SettingFault>> {
        if self.faults.is_empty() {
            Ok(settings)
        } else {
            Err(self.faults)
        }
    }
}
