//! What protocols share: layouts, sequencing and arbitration, framing.

pub mod channel;
pub mod delivery;
pub mod diff_depth;
pub mod iextp;
pub mod layout;
pub mod liveness;
pub mod memoir;
pub mod moldudp64;
pub mod pitch;
pub mod rebuild;
pub mod requests;
pub mod sbe;
pub mod sequenced_unit;
pub mod sequencer;
pub mod settings;
pub mod soupbintcp;
pub mod stitch;
pub mod text;

#[cfg(test)]
mod tests;

pub use channel::SequencedChannel;
pub use delivery::SoupDelivery;
pub use liveness::Liveness;
pub use rebuild::{Rebuild, RebuildSettings};
pub use requests::RequestLinks;
pub use sequencer::{Offer, Sequencer, SequencerSettings};
pub use settings::OwnKeys;
