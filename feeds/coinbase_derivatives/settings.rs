//! The YAML keys of this room.

use crate::contract::{FeedSettings, SettingFault, SettingKey};
use crate::session::settings::{
    HELD_PACKETS_MAX, REORDER_WINDOW_US, REQUEST_ATTEMPTS_MAX, REQUEST_GAP_MAX, REQUEST_TIMEOUT_MS,
    REQUESTS_WAITING_MAX, SILENCE_MS, SNAPSHOT_KEPT_MB,
};
use crate::session::{OwnKeys, RebuildSettings, SequencerSettings};

const FOLLOW_UNDEFINED: SettingKey = SettingKey {
    key: "follow_undefined",
    help: "Whether instruments whose definition was not seen are followed, under the venue's number; default false.",
    example: "true",
};

/// As in other rooms, but the venue says only every five seconds that it is alive.
const SILENCE: SettingKey = SettingKey {
    key: SILENCE_MS.key,
    help: "Silence of a line that is reported, in ms; 0 to 3,600,000, 0 for never, default 12,500.",
    example: "12500",
};

/// Messages asked for at once: so many orders fit into the one datagram of an answer.
const REQUEST_COUNT_MAX: u64 = 24;

/// Keys beyond the common ones.
pub const KEYS: &[SettingKey] = &[
    FOLLOW_UNDEFINED,
    REORDER_WINDOW_US,
    REQUEST_TIMEOUT_MS,
    REQUEST_ATTEMPTS_MAX,
    REQUESTS_WAITING_MAX,
    REQUEST_GAP_MAX,
    HELD_PACKETS_MAX,
    SNAPSHOT_KEPT_MB,
    SILENCE,
];

/// What the YAML says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether instruments whose definition was not seen are followed, under the venue's number.
    pub follows_undefined: bool,
    /// For the sequencer.
    pub sequencer: SequencerSettings,
    /// For rebuilding from the snapshot lines.
    pub rebuild: RebuildSettings,
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
        let own = Settings {
            follows_undefined: keys.flag(FOLLOW_UNDEFINED.key, false),
            sequencer: SequencerSettings {
                request_count_max: REQUEST_COUNT_MAX,
                // The first message is years away: no join is asked for from there.
                backfill: false,
                ..keys.sequencer_with_requests()
            },
            rebuild: keys.rebuild(),
            silence_ns: keys.number(SILENCE.key, 0, 3_600_000, 12_500) * 1_000_000,
        };
        keys.finish(own)
    }
}
