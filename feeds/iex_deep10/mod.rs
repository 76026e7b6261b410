//! IEX DEEP 1.0 over IEX-TP 1.
//!
//! Price levels of one venue, its trades and its statuses; UDP on one or two lines, no
//! retransmission here, so what no line brings stays missing. Specification: IEX DEEP 1.08 and IEX
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
//! | `8` `5` | price level updates | `Level`, `LAST` when the venue says that the event is complete |
//! | `T` | trade report | `Trade`; all sale conditions count in volume |
//! | `X` | official price | `Statistic` opening or close price |
//! | `B` | trade break | `Statistic` trade broken |
//! | `A` | auction information | `Imbalance` ticks and a collar reference, one event |

mod encode;
mod normalize;
pub mod simulator;
pub mod wire;

#[cfg(test)]
mod tests;

pub use encode::Encoder;

use crate::contract::{BookKind, Descriptor, SnapshotService, Transport};
use crate::session::iextp::channel;
use normalize::Deep;

/// Message protocol id of DEEP 1.0 in the IEX-TP header.
pub const PROTOCOL: u16 = 0x8004;

/// IEX DEEP 1.0 over IEX-TP.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "iex_deep10",
    title: "IEX DEEP 1.0 over IEX-TP",
    venue: "IEXG",
    specification: "IEX DEEP 1.08; IEX Transport Protocol 1",
    transport: Transport::Datagrams,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "",
    settings: channel::KEYS,
    build: |settings| Ok(Box::new(channel::build::<Deep>(settings)?)),
    session_key: channel::session_key::<Deep>,
    file_message: |_| None,
    inspect: channel::inspect::<Deep>,
    simulator: || Box::new(simulator::DeepVenue::new()),
};
