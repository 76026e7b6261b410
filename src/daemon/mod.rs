//! Puts the rooms together: what runs where, in what order it starts, how it stops.

pub mod replay;
pub mod run;
pub mod venues;

pub use run::{Daemon, StartError};

use crate::config::SignalConfig;
use crate::pipeline::SignalSpec;

/// Signals as the graph wants them: numbered in the order of the configuration.
pub fn signal_specs(signals: &[SignalConfig]) -> Vec<SignalSpec> {
    signals
        .iter()
        .enumerate()
        .map(|(index, signal)| SignalSpec {
            index: index as u16,
            kind: signal.kind,
            instruments: signal.instruments.clone(),
        })
        .collect()
}
