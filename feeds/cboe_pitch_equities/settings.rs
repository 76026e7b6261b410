//! The YAML keys of this room.

use crate::contract::{FeedSettings, SettingFault, SettingKey, Value};
use crate::session::SequencerSettings;

/// Keys beyond the common ones.
pub const KEYS: &[SettingKey] = &[
    SettingKey {
        key: "unit",
        help: "Unit the channel follows; 1 to 255, or 0 for the first one seen; default 0.",
        example: "1",
    },
    SettingKey {
        key: "reorder_window_us",
        help: "How long a hole may be filled by another line before it is lost; \
               0 to 10,000,000, default 2,000.",
        example: "2000",
    },
    SettingKey {
        key: "held_packets_max",
        help: "Packets kept while a hole is open; 1 to 1,048,576, default 4,096.",
        example: "4096",
    },
    SettingKey {
        key: "orders_max",
        help: "Resting orders of the unit that are remembered; beyond it new ones are left \
               out and counted; 1 to 67,108,864, default 4,194,304.",
        example: "4194304",
    },
    SettingKey {
        key: "silence_ms",
        help: "How long a line may be silent before it is reported; \
               0 never reports, at most 3,600,000, default 5,000.",
        example: "5000",
    },
];

/// What the YAML says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For the sequencer.
    pub sequencer: SequencerSettings,
    /// Unit to follow; 0 for the first one seen.
    pub unit: u8,
    /// Most orders remembered.
    pub orders_max: usize,
    /// Silence of a line that is reported, in ns; 0 for never.
    pub silence_ns: u64,
}

impl Settings {
    /// Reads the room's own keys.
    ///
    /// # Errors
    /// Every key whose value cannot be used; unknown keys are found by the caller, who knows the
    /// common ones.
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
        let unit = number("unit", 0, 255, 0);
        let window_us = number("reorder_window_us", 0, 10_000_000, 2_000);
        let held_packets_max = number("held_packets_max", 1, 1 << 20, 4_096);
        let orders_max = number("orders_max", 1, 1 << 26, 1 << 22);
        let silence_ms = number("silence_ms", 0, 3_600_000, 5_000);
        for symbol in &settings.instruments {
            if !(1..=8).contains(&symbol.trim().len()) {
                faults.push(SettingFault {
                    key: "instruments".to_owned(),
                    why: format!("`{symbol}` is not a symbol of one to eight characters"),
                    remedy: "write it as the venue does, for example AAPL".to_owned(),
                });
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Settings {
            sequencer: SequencerSettings {
                first_sequence: 1,
                server_count: 0,
                reorder_window_ns: window_us * 1_000,
                held_packets_max: held_packets_max as usize,
                backfill: false,
                // Sequence numbers are of 32 bits; half of them ahead is a damaged header.
                jump_max: 1 << 31,
                ..SequencerSettings::default()
            },
            unit: unit as u8,
            orders_max: orders_max as usize,
            silence_ns: silence_ms * 1_000_000,
        })
    }
}
