//! What protocols share: layouts, sequencing and arbitration, framing.

pub mod iextp;
pub mod layout;
pub mod liveness;
pub mod moldudp64;
pub mod sequenced_unit;
pub mod sequencer;

#[cfg(test)]
mod tests;

pub use liveness::Liveness;
pub use sequencer::{Offer, Sequencer, SequencerSettings};
