//! MEMX MEMOIR Top 1.3: Simple Binary Encoding in MEMX-UDP.
//!
//! The best price and size of each side of one venue, and its statuses; no trades. UDP on two
//! lines. Specification: MEMX MEMOIR Top, version 1.3. `schema.xml` has every message;
//! `generated.rs` is made of it.
//!
//! | template | message | ticks |
//! |---|---|---|
//! | 1 | instrument directory | `Definition` (round lot, test mark, tick size) |
//! | 2 | Reg SHO restriction | `Status` short-sale change, 1 as size while in effect |
//! | 3 | security trading status | `Status`; the reason as text, none for `X` |
//! | 4 | snapshot complete | none: belongs to a snapshot, counted as ignored |
//! | 5 | trading session status | `Status` close of all for closed; the other parts of the day none: a halt outlasts them |
//! | 10 | best bid and offer | `Quote` of the bid, then of the offer, one event |
//! | 11 13 | best bid, also short | `Quote` of the bid |
//! | 12 14 | best offer, also short | `Quote` of the offer |
//! | 15 | clear book | `Clear` |
//!
//! A side without price or size quotes nothing. A packet of type 1 ends the session: `Status` close
//! of all. Messages may be longer than the schema says; what is behind is left alone.
//!
//! # What the tables do not say
//!
//! - No recording of this feed was at hand: nothing here was compared with the venue's own bytes.
//! - The number of the schema: any is taken.
//! - Whether the short messages are shorter. The tables give them the layout of the long ones; one
//!   with a shorter block is refused and counted, never misread.
//! - The number of a heartbeat is taken for the one the next message will have.
//! - The layout of the gap fill and snapshot services, which are spoken to over a connection.
//!
//! # Recovery
//!
//! What no line brings within the reorder window is lost. The best of both sides is all there is to
//! know of a book: once both were told after the loss, by one message or by two, they are said as a
//! snapshot, which makes up for it. Whoever joins within a session does not know the names: messages
//! of a number nobody named are counted.

mod encode;
mod normalize;
pub mod simulator;

#[rustfmt::skip]
pub mod generated;

#[cfg(test)]
mod tests;

pub use encode::Encoder;

use crate::contract::{BookKind, Descriptor, SnapshotService, Transport};
use crate::session::memoir::channel;
use normalize::Top;

/// MEMX MEMOIR Top 1.3.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "memx_memoir_top",
    title: "MEMX MEMOIR Top 1.3 over MEMX-UDP",
    venue: "MEMX",
    specification: "MEMX MEMOIR Top, SBE version 1.3; MEMX-UDP",
    transport: Transport::Datagrams,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::Inline,
    default_url: "",
    settings: channel::KEYS,
    build: |settings| Ok(Box::new(channel::build::<Top>(settings)?)),
    session_key: channel::session_key,
    file_message: |_| None,
    inspect: channel::inspect::<Top>,
    simulator: || Box::new(simulator::TopVenue::new()),
};
