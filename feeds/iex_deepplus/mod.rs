//! IEX DEEP+ 1.0 over IEX-TP 1.
//!
//! Every displayed order of one venue, its trades and its statuses; UDP on one or two lines, no
//! retransmission here, so what no line brings stays missing. Specification: IEX DEEP+ 1.05 and IEX
//! Transport Protocol 1.
//!
//! | type | message | ticks |
//! |---|---|---|
//! | `S` | system event | `Status` close of all for end of system hours and end of messages; others none |
//! | `D` | security directory | `Definition` (round lot, test flag); point-of-close price and tier have no place |
//! | `H` | trading status | `Status`; the reason as 8 bytes |
//! | `I` | retail liquidity indicator | none: counted, defines its instrument |
//! | `O` | operational halt | `Status` halt while it lasts, then the trading status again (trading if none was seen) |
//! | `P` | short sale price test | `Status` short-sale change; detail as reason, 1 as size while in effect |
//! | `E` | security event | none: counted, defines its instrument |
//! | `a` | add order | `Add` |
//! | `M` | order modify | `Modify`: new size and price; whether it keeps its priority has no place |
//! | `R` | order delete | `Cancel` of what is left |
//! | `L` | order executed | `Trade` at the message's price, then `Cancel` of the size, executed; one event |
//! | `T` | trade | `Trade` of two orders nobody saw; all sale conditions count in volume |
//! | `B` | trade break | `Statistic` trade broken |
//! | `C` | clear book | `Clear` |
//! | `r` `e` `s` `d` `x` | snapshots | none: they are asked for over TCP and never on this channel |
//!
//! No recording was at hand. The layouts are checked against the worked examples of the
//! specification. Its text at hand leaves out the message protocol id: [`PROTOCOL`] is what other
//! decoders of the venue's recorded days expect.

mod encode;
mod normalize;
pub mod simulator;
pub mod wire;

#[cfg(test)]
mod tests;

pub use encode::{Encoder, Order};

use crate::contract::{BookKind, Descriptor, SnapshotService, Transport};
use crate::session::iextp::channel;
use normalize::DeepPlus;

/// Message protocol id of DEEP+ in the IEX-TP header.
pub const PROTOCOL: u16 = 0x8005;

/// IEX DEEP+ over IEX-TP.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "iex_deepplus",
    title: "IEX DEEP+ 1.0 over IEX-TP",
    venue: "IEXG",
    specification: "IEX DEEP+ 1.05; IEX Transport Protocol 1",
    transport: Transport::Datagrams,
    book: BookKind::ByOrder,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "",
    settings: channel::KEYS,
    build: |settings| Ok(Box::new(channel::build::<DeepPlus>(settings)?)),
    session_key: channel::session_key::<DeepPlus>,
    file_message: |_| None,
    inspect: channel::inspect::<DeepPlus>,
    simulator: || Box::new(simulator::DeepPlusVenue::new()),
};
