//! IEX DEEP 1.0 over IEX-TP 1.
//!
//! Price levels of one venue, its trades and its statuses; UDP on one or two lines, no retransmission here, so what no
//! line brings stays missing. Specification: IEX DEEP 1.08 and IEX Transport Protocol 1.
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
//!
//! # Restarts
//!
//! The venue may begin its sequence at 1 again within one session id. A packet numbered 1 at stream offset 0 that was
//! sent later than everything before it is such a restart: a `Reset` of kind sequence, and books stay as they are,
//! because the venue goes on to delete levels it set before. An older one is only a late copy of the first packet.

mod encode;
mod feed;
mod normalize;
pub mod settings;
pub mod simulator;
pub mod wire;

#[cfg(test)]
mod tests;

pub use encode::{Auction, Encoder};

use crate::contract::{
    BookKind, DecodeError, Descriptor, Form, MessageSink, Packet, SessionKey, SnapshotService,
    Transport,
};
use crate::session::iextp::{self, Header};

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
    settings: settings::KEYS,
    build: |settings| Ok(Box::new(feed::build(settings)?)),
    session_key,
    file_message: |_| None,
    inspect,
    simulator: || Box::new(simulator::DeepVenue::new()),
};

/// Session and channel. All lines of a channel carry the same ones.
fn session_key(bytes: &[u8]) -> Option<SessionKey> {
    let (header, _) = Header::split(bytes)?;
    (header.protocol == PROTOCOL).then(|| header.session_key())
}

/// Why bytes that are no DEEP packet are refused.
fn not_this_protocol(bytes: &[u8]) -> DecodeError {
    if bytes.len() < iextp::HEADER_BYTES {
        return DecodeError::Truncated {
            need_bytes: iextp::HEADER_BYTES as u32,
            have_bytes: bytes.len() as u32,
        };
    }
    DecodeError::NotThisProtocol
}

/// Shows every message of a packet: `channel` is session and channel, numbers run on from the header's.
///
/// Unknown types and messages that are too short are not shown.
///
/// # Errors
/// The packet is shorter than its header promises; the whole messages before that are shown.
fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    if packet.form != Form::Datagram {
        return Err(DecodeError::NotThisProtocol);
    }
    let (header, mut payload) = Header::split(packet.bytes)
        .filter(|(header, _)| header.protocol == PROTOCOL)
        .ok_or_else(|| not_this_protocol(packet.bytes))?;
    let channel = format!("{}.{}", header.session, header.channel);
    for index in 0..u64::from(header.count) {
        let (message, rest) = iextp::split_message(payload).ok_or(DecodeError::Truncated {
            need_bytes: packet.bytes.len() as u32 + 1,
            have_bytes: packet.bytes.len() as u32,
        })?;
        payload = rest;
        let sequence = header.sequence.wrapping_add(index);
        // Neither an unknown type nor a short message has fields to show.
        let _ = wire::inspect_message(message, &mut |fields| {
            sink.message(&channel, Some(sequence), fields);
        });
    }
    Ok(())
}
