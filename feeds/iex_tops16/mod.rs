//! IEX TOPS 1.5 and 1.6 over IEX-TP 1.
//!
//! The best price and size of each side of one venue, its trades and its statuses; UDP on one or
//! two lines, no retransmission here, so what no line brings stays missing. Specification: IEX TOPS
//! 1.66 and IEX Transport Protocol 1.
//!
//! | type | message | ticks |
//! |---|---|---|
//! | `S` | system event | `Status` close of all for end of system hours and end of messages; others none |
//! | `D` | security directory | `Definition` (round lot, test flag); point-of-close price and tier have no place |
//! | `H` | trading status | `Status`; the reason as 8 bytes |
//! | `I` | retail liquidity indicator | none: counted, defines its instrument |
//! | `O` | operational halt | `Status` halt while it lasts, then the trading status again (trading if none was seen) |
//! | `P` | short sale price test | `Status` short-sale change; detail as reason, 1 as size while in effect |
//! | `Q` | quote update | `Quote` of the bid, then of the ask, one event; its flags have no place: the statuses tell |
//! | `T` | trade report | `Trade`; all sale conditions count in volume |
//! | `X` | official price | `Statistic` opening or close price |
//! | `B` | trade break | `Statistic` trade broken |
//! | `A` | auction information | `Imbalance` ticks and a collar reference, one event |
//!
//! Both versions are read by these layouts. All recordings at hand carry the id of 1.6; that the
//! layouts of 1.5 are the same is not checked.
//!
//! A quote is the whole book of its instrument: the first one after a loss is marked as a snapshot,
//! which makes up for it.

mod encode;
mod normalize;
pub mod simulator;
pub mod wire;

#[cfg(test)]
mod tests;

pub use encode::Encoder;

use crate::contract::{BookKind, Descriptor, SnapshotService, Transport};
use crate::session::iextp::channel;
use normalize::Tops;

/// Message protocol id of TOPS 1.5 in the IEX-TP header.
pub const PROTOCOL_15: u16 = 0x8002;
/// Message protocol id of TOPS 1.6 in the IEX-TP header.
pub const PROTOCOL: u16 = 0x8003;

/// IEX TOPS 1.5 and 1.6 over IEX-TP.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "iex_tops16",
    title: "IEX TOPS 1.5 and 1.6 over IEX-TP",
    venue: "IEXG",
    specification: "IEX TOPS 1.66; IEX Transport Protocol 1",
    transport: Transport::Datagrams,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::Inline,
    default_url: "",
    settings: channel::KEYS,
    build: |settings| Ok(Box::new(channel::build::<Tops>(settings)?)),
    session_key: channel::session_key::<Tops>,
    file_message: |_| None,
    inspect: channel::inspect::<Tops>,
    simulator: || Box::new(simulator::TopsVenue::new()),
};
