//! Multicast PITCH: what the markets of one operator share.
//!
//! ```text
//!  packet ─▶ Pitch (unit, session) ─▶ Normalizer: orders, trades, time, transactions ─▶ ticks
//!                                         └─▶ the market's own messages ([`Market`])
//! ```
//!
//! The messages of orders and trades begin alike in every market; what a market adds behind them,
//! how it names their fields, and everything else is in its room. Every market has a table of its
//! message types and their shortest lengths ([`wire::TypeInfo`]): a longer message is read as far as
//! it is known, a shorter one is refused.
//!
//! # Time
//!
//! The wire counts seconds since the exchange's midnight in `Time` messages, in some markets with
//! the same moment as seconds since 1970 beside them, and nanoseconds behind them elsewhere. Which
//! midnight it is follows from the receive time where no message says it. Where messages are
//! missing, one of them may have told another second: until the next `Time`, `ts_event` is
//! undefined.
//!
//! # Events
//!
//! Every message is a matching-engine event of its own, except between a transaction's begin and
//! end, which are one event: the last tick before the end closes it. The newest tick of an open
//! transaction is therefore kept back until another one or the end comes. What interrupts the
//! stream (a gap, a restart, the end of input) closes the event that is open.
//!
//! # Messages without numbers
//!
//! Definitions and symbol mappings come in packets with the number 0, again and again; they are
//! taken as often as they say anything new. Other messages without a number are counted as ignored.
//!
//! # Sessions
//!
//! The header names no session. A number that does not continue the last one opens another session
//! after an end of session, or after a minute without anything new; before that a lower one is a
//! late copy, and a higher one follows a gap.

pub mod auction;
pub mod encode;
pub mod feed;
pub mod gap;
pub mod inspect;
pub mod instruments;
pub mod normalize;
pub mod options;
pub mod settings;
pub mod simulator;
pub mod spin;
pub mod unit;
pub mod wire;

#[cfg(test)]
pub(crate) mod tests;

pub use encode::PitchEncoder;
pub use feed::build;
pub use normalize::Market;
pub use simulator::PitchVenue;
pub use unit::{At, To, Unit};
