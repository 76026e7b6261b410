//! MEMX MEMOIR Depth 1.3: Simple Binary Encoding in MEMX-UDP.
//!
//! Every displayed order of one venue, its trades and its statuses; UDP on two lines. Specification:
//! MEMX MEMOIR Depth, SBE schema 2, version 1.3. `schema.xml` has every message; `generated.rs` is
//! made of it.
//!
//! | template | message | ticks |
//! |---|---|---|
//! | 1 | instrument directory | `Definition` (round lot, test mark, tick size) |
//! | 2 | Reg SHO restriction | `Status` short-sale change, 1 as size while in effect |
//! | 3 | security trading status | `Status`; the reason as text, none for `X` |
//! | 5 | trading session status | `Status` close of all for closed; the other parts of the day none: a halt outlasts them |
//! | 10 | order added | `Add` |
//! | 11 | order deleted | `Cancel` of the whole |
//! | 12 | order reduced | `Cancel` of a part |
//! | 13 | order executed | `Trade` with price, `Cancel` executed, one event |
//! | 14 | trade | `Trade` against an order nobody saw |
//! | 15 | broken trade | `Statistic` trade broken |
//! | 16 | corrected trade | `Statistic` trade broken of what was printed, `Trade` of what it is now, one event |
//! | 18 | clear book | `Clear` |
//! | 100 | snapshot complete | none: belongs to a snapshot, counted as ignored |
//!
//! A packet of type 1 ends the session: `Status` close of all. Messages may be longer than the
//! schema says; what is behind is left alone.
//!
//! # What the tables do not say
//!
//! - The quantity of template 12 is taken for what was withdrawn, not for what is left.
//! - The number of a heartbeat is taken for the one the next message will have. Were it the last
//!   one's, a loss before silence would show one message later, and no loss would be made up.
//! - The layout of the gap fill and snapshot services, which are spoken to over a connection.
//!
//! # Recovery
//!
//! What no line brings within the reorder window is lost, and the books with it; neither gap fill
//! nor snapshots are asked for. A book is whole again when the venue clears it, or in the next
//! session. Whoever joins within a session knows neither books nor names: messages of a number
//! nobody named are counted.

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
use normalize::Depth;

/// MEMX MEMOIR Depth 1.3.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "memx_memoir_depth",
    title: "MEMX MEMOIR Depth 1.3 over MEMX-UDP",
    venue: "MEMX",
    specification: "MEMX MEMOIR Depth, SBE schema 2 version 1.3; MEMX-UDP",
    transport: Transport::Datagrams,
    book: BookKind::ByOrder,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "",
    settings: channel::KEYS,
    build: |settings| Ok(Box::new(channel::build::<Depth>(settings)?)),
    session_key: channel::session_key,
    file_message: |_| None,
    inspect: channel::inspect::<Depth>,
    simulator: || Box::new(simulator::DepthVenue::new()),
};
