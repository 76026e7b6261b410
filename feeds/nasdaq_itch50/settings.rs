//! The YAML keys of this room.

use crate::contract::{FeedSettings, SettingFault, SettingKey, Value};
use crate::model::RecvTime;
use crate::model::time::{DAY_NS, days_from_civil, new_york_midnight};
use crate::session::delivery::DeliverySettings;
use crate::session::settings::{
    BACKFILL, HELD_PACKETS_MAX, REORDER_WINDOW_US, REQUEST_ATTEMPTS_MAX, REQUEST_GAP_MAX,
    REQUEST_TIMEOUT_MS, REQUESTS_WAITING_MAX, SILENCE_MS, SNAPSHOT_KEPT_MB, SNAPSHOT_RETRY_MS,
    SNAPSHOT_TIMEOUT_MS,
};
use crate::session::{OwnKeys, RebuildSettings, SequencerSettings};

/// Keys beyond the common ones.
pub const KEYS: &[SettingKey] = &[
    REORDER_WINDOW_US,
    REQUEST_TIMEOUT_MS,
    REQUEST_ATTEMPTS_MAX,
    REQUESTS_WAITING_MAX,
    REQUEST_GAP_MAX,
    HELD_PACKETS_MAX,
    BACKFILL,
    SettingKey {
        key: "session_date",
        help: "Day of a file that does not name it, as YYYY-MM-DD; without it times count from 1970-01-01.",
        example: "2020-01-30",
    },
    SNAPSHOT_TIMEOUT_MS,
    SNAPSHOT_RETRY_MS,
    SNAPSHOT_KEPT_MB,
    SettingKey {
        key: "snapshot_user",
        help: "User of the GLIMPSE servers; at most 6 characters, default empty.",
        example: "USER01",
    },
    SettingKey {
        key: "snapshot_password",
        help: "Password of the GLIMPSE servers; at most 10 characters, default empty.",
        example: "env:GLIMPSE_PASSWORD",
    },
    SettingKey {
        key: "delivery_user",
        help: "User of the SoupBinTCP servers of `delivery`; at most 6 characters, default empty.",
        example: "USER01",
    },
    SettingKey {
        key: "delivery_password",
        help: "Password of the SoupBinTCP servers of `delivery`; at most 10 characters, default empty.",
        example: "env:SOUP_PASSWORD",
    },
    SettingKey {
        key: "delivery_session",
        help: "Session to begin with over SoupBinTCP; at most 10 characters, default empty: the current one.",
        example: "0000000001",
    },
    SILENCE_MS,
];

/// What the YAML says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For the sequencer.
    pub sequencer: SequencerSettings,
    /// For rebuilding from a snapshot.
    pub rebuild: RebuildSettings,
    /// User and password of the GLIMPSE servers.
    pub login: (String, String),
    /// Where the channel comes over SoupBinTCP.
    pub delivery: DeliverySettings,
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
        let mut keys = OwnKeys::of(settings);
        keys.symbols(8, "AAPL");
        let date = keys.value("session_date");
        let file_midnight_ns = date.map_or(Some(0), midnight_of).unwrap_or_else(|| {
            keys.fault(
                "session_date",
                "is not a date".to_owned(),
                "write it as YYYY-MM-DD, for example 2020-01-30".to_owned(),
            );
            0
        });
        let sequencer = keys.sequencer_with_requests();
        let own = Settings {
            delivery: DeliverySettings {
                server_count: settings.delivery_server_count,
                user: keys.text("delivery_user", 6),
                password: keys.text("delivery_password", 10),
                session: keys.text("delivery_session", 10),
                first: u64::from(sequencer.backfill),
            },
            sequencer,
            rebuild: keys.rebuild(),
            login: (
                keys.text("snapshot_user", 6),
                keys.text("snapshot_password", 10),
            ),
            file_midnight_ns,
            silence_ns: keys.silence_ns(),
        };
        keys.finish(own)
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
