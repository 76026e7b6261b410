//! The YAML keys of every market.

use super::normalize::Market;
use super::spin::Login;
use crate::contract::{FeedSettings, SettingFault, SettingKey};
use crate::session::settings::{
    BACKFILL, HELD_PACKETS_MAX, REORDER_WINDOW_US, REQUEST_ATTEMPTS_MAX, REQUEST_GAP_MAX,
    REQUEST_TIMEOUT_MS, REQUESTS_WAITING_MAX, SILENCE_MS, SNAPSHOT_KEPT_MB, SNAPSHOT_RETRY_MS,
    SNAPSHOT_TIMEOUT_MS,
};
use crate::session::{OwnKeys, RebuildSettings, SequencerSettings};

/// Keys beyond the common ones.
pub const KEYS: &[SettingKey] = &[
    SettingKey {
        key: "unit",
        help: "Unit the channel follows; 1 to 255, or 0 for the first one seen; default 0.",
        example: "1",
    },
    REORDER_WINDOW_US,
    HELD_PACKETS_MAX,
    SettingKey {
        key: "orders_max",
        help: "Resting orders of the unit that are remembered; beyond it new ones are left \
               out and counted; 1 to 67,108,864, default 4,194,304.",
        example: "4194304",
    },
    REQUEST_TIMEOUT_MS,
    REQUEST_ATTEMPTS_MAX,
    REQUESTS_WAITING_MAX,
    REQUEST_GAP_MAX,
    BACKFILL,
    SettingKey {
        key: "request_count_max",
        help: "Messages asked for in one request; a proxy refuses more than its own limit; \
               1 to 65,535, default 100.",
        example: "100",
    },
    SettingKey {
        key: "request_session",
        help: "Session sub id for the gap request proxies; at most 4 characters, default empty.",
        example: "0001",
    },
    SettingKey {
        key: "request_user",
        help: "User of the gap request proxies; at most 4 characters, default empty.",
        example: "USER",
    },
    SettingKey {
        key: "request_password",
        help: "Password of the gap request proxies; at most 10 characters, default empty.",
        example: "env:GRP_PASSWORD",
    },
    SNAPSHOT_TIMEOUT_MS,
    SNAPSHOT_RETRY_MS,
    SNAPSHOT_KEPT_MB,
    SettingKey {
        key: "snapshot_session",
        help: "Session sub id for the spin servers; at most 4 characters, default empty.",
        example: "0001",
    },
    SettingKey {
        key: "snapshot_user",
        help: "User of the spin servers; at most 4 characters, default empty.",
        example: "USER",
    },
    SettingKey {
        key: "snapshot_password",
        help: "Password of the spin servers; at most 10 characters, default empty.",
        example: "env:SPIN_PASSWORD",
    },
    SILENCE_MS,
];

/// What the YAML says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For the sequencer.
    pub sequencer: SequencerSettings,
    /// For rebuilding from a spin server.
    pub rebuild: RebuildSettings,
    /// For the spin servers.
    pub login: Login,
    /// For the gap request proxies.
    pub request_login: Login,
    /// Unit to follow; 0 for the first one seen.
    pub unit: u8,
    /// Most orders remembered.
    pub orders_max: usize,
    /// Silence of a line that is reported, in ns; 0 for never.
    pub silence_ns: u64,
}

impl Settings {
    /// Reads the own keys of a market.
    ///
    /// # Errors
    /// Every key whose value cannot be used; unknown keys are found by the caller, who knows the
    /// common ones.
    pub fn of<M: Market>(settings: &FeedSettings) -> Result<Settings, Vec<SettingFault>> {
        let mut keys = OwnKeys::of(settings);
        keys.symbols(M::NAME_BYTES, M::NAME_EXAMPLE);
        if settings.server_count > 0 && !settings.has_gap_lines {
            keys.fault(
                "retransmit",
                "is asked in vain: answers come on lines of their own".to_owned(),
                "name them in gap_lines: { a: \"…\", b: \"…\" }".to_owned(),
            );
        }
        let own = Settings {
            sequencer: SequencerSettings {
                // Sequence numbers are of 32 bits; half of them ahead is a damaged header.
                jump_max: 1 << 31,
                request_count_max: keys.number("request_count_max", 1, 65_535, 100),
                answers_in_parts: true,
                ..keys.sequencer_with_requests()
            },
            rebuild: keys.rebuild(),
            login: Login {
                session: keys.text("snapshot_session", 4),
                user: keys.text("snapshot_user", 4),
                password: keys.text("snapshot_password", 10),
            },
            request_login: Login {
                session: keys.text("request_session", 4),
                user: keys.text("request_user", 4),
                password: keys.text("request_password", 10),
            },
            unit: keys.number("unit", 0, 255, 0) as u8,
            orders_max: keys.number("orders_max", 1, 1 << 26, 1 << 22) as usize,
            silence_ns: keys.silence_ns(),
        };
        keys.finish(own)
    }
}
