//! The YAML keys of this room.

use crate::contract::{FeedSettings, SettingFault, SettingKey};
use crate::session::settings::{HELD_PACKETS_MAX, REORDER_WINDOW_US, SILENCE_MS};
use crate::session::{OwnKeys, SequencerSettings};

/// Keys beyond the common ones.
pub const KEYS: &[SettingKey] = &[REORDER_WINDOW_US, HELD_PACKETS_MAX, SILENCE_MS];

/// What the YAML says, checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// For the sequencer.
    pub sequencer: SequencerSettings,
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
            sequencer: keys.sequencer(),
            silence_ns: keys.silence_ns(),
        };
        keys.finish(own)
    }
}
