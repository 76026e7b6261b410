//! The YAML keys of this room.

pub use super::normalize::Told;
use crate::contract::{FeedSettings, SettingFault, SettingKey};
use crate::session::settings::{HELD_PACKETS_MAX, REORDER_WINDOW_US, SILENCE_MS, SNAPSHOT_KEPT_MB};
use crate::session::{OwnKeys, RebuildSettings, SequencerSettings};

const DEPTH_DEFAULT: SettingKey = SettingKey {
    key: "depth_default",
    help: "Levels a side of instruments whose definition was not seen or does not say; 1 to 127, default 10.",
    example: "10",
};

const FOLLOW_UNDEFINED: SettingKey = SettingKey {
    key: "follow_undefined",
    help: "Whether instruments whose definition was not seen are followed, under the venue's number; default false.",
    example: "true",
};

const IMPLIED: SettingKey = SettingKey {
    key: "implied",
    help: "Whether each instrument has two more books, `SYMBOL:implied` and `SYMBOL:consolidated`; default false.",
    example: "true",
};

/// Keys beyond the common ones.
pub const KEYS: &[SettingKey] = &[
    DEPTH_DEFAULT,
    FOLLOW_UNDEFINED,
    SettingKey::BY_ORDER,
    IMPLIED,
    REORDER_WINDOW_US,
    HELD_PACKETS_MAX,
    SNAPSHOT_KEPT_MB,
    SILENCE_MS,
];

/// What the YAML says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Levels of instruments whose definition does not say, 1 to 127.
    pub depth_default: u8,
    /// Whether instruments whose definition was not seen are followed, under the venue's number.
    pub follows_undefined: bool,
    /// What is told of the books.
    pub told: Told,
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
        let depth = keys.number(DEPTH_DEFAULT.key, 1, 127, 10);
        let is_by_order = keys.flag(SettingKey::BY_ORDER.key, false);
        let told = match (is_by_order, keys.flag(IMPLIED.key, false)) {
            (false, false) => Told::Levels,
            (false, true) => Told::AllLevels,
            (true, false) => Told::Orders,
            (true, true) => {
                let why = "is not to be had together with by_order".to_owned();
                keys.fault(IMPLIED.key, why, "leave one of them out".to_owned());
                Told::Orders
            }
        };
        let own = Settings {
            depth_default: u8::try_from(depth).unwrap_or(10),
            follows_undefined: keys.flag(FOLLOW_UNDEFINED.key, false),
            told,
            sequencer: keys.sequencer(),
            rebuild: keys.rebuild(),
            silence_ns: keys.silence_ns(),
        };
        keys.finish(own)
    }
}
