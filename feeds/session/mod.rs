//! What protocols share: layouts, sequencing and arbitration, framing.

pub mod channel;
pub mod iextp;
pub mod layout;
pub mod liveness;
pub mod memoir;
pub mod moldudp64;
pub mod pitch;
pub mod rebuild;
pub mod sbe;
pub mod sequenced_unit;
pub mod sequencer;
pub mod settings;
pub mod soupbintcp;

#[cfg(test)]
mod tests;

pub use channel::SequencedChannel;
pub use liveness::Liveness;
pub use rebuild::{Rebuild, RebuildSettings};
pub use sequencer::{Offer, Sequencer, SequencerSettings};
pub use settings::OwnKeys;
