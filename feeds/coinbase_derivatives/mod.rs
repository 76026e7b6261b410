//! Coinbase Derivatives market data: Simple Binary Encoding over UDP, order by order, API 1.2 to 1.9.
//!
//! UDP on two lines, snapshots on two lines of their own, retransmission by unicast UDP. Specification: Coinbase Derivatives
//! Multicast UDP Market Data API 1.2 and 1.9. `schema.xml` has every template; `generated.rs` is made of it. The recorded
//! packets in `vectors/` are of 1.2 (schema 1201, version 2); what came later follows the specification alone.
//!
//! | template | message | ticks |
//! |---|---|---|
//! | 10 11 12 | definitions: outright, spread, option | `Definition` (tick size; of options the small one), `Status`, `Statistic` settlement price and limits; with kind, currency, expiry, strike and legs; the contract size is left out, its unit is not in the table |
//! | 17 | trading status | `Status`, `Statistic` upper and lower limit |
//! | 20 | order put | `Add`; `Modify` of an order that rests already |
//! | 21 | order delete | `Cancel` of the whole order: executed when the same transaction traded it |
//! | 22 | implied order update | none: counted as ignored; implied orders are kept out of the book |
//! | 30 | trade | `Trade`, its aggressor the side of the message |
//! | 33 | trade summary | none: counted as ignored; the trades it sums up are told one by one |
//! | 31 34 | amended trades | none: counted as ignored; a new price of an old trade has no place |
//! | 32 | trade bust | `Statistic` trade broken |
//! | 40 | market statistic | `Statistic` opening, closing, settlement price, high, low; `Imbalance` indicative price; a reference price has no place |
//! | 41 | session volume | `Statistic` cleared volume, average price |
//! | 42 | open interest | `Statistic` open interest |
//! | 43 | funding rate | none: counted as ignored |
//! | 110 111 112 | start of a snapshot | on the snapshot lines, while books are rebuilt: `Definition`, `Clear`, `Status`; on other lines the definition alone |
//! | 120 | order of a snapshot | `Add`, while books are rebuilt |
//! | 122 | end of a snapshot | `Statistic` as above, while books are rebuilt; implied prices and funding have no place |
//! | 124 | end of a cycle | none: says how many snapshots make a whole |
//! | 200 | retransmission request | what this side sends |
//! | 202 | retransmission reject | none: a notice with its reason |
//!
//! # Numbers
//!
//! The sequence counts messages and never begins anew. The lines may group messages differently; a packet without messages says
//! that the channel is alive, and which message is next. Beside that, the messages of each instrument are numbered, anew each
//! trading day. A hole there is a gap of that instrument: counted, and its next tick says that the book may be bad.
//! Instruments whose definition was not seen are counted and left out; `follow_undefined` follows them under their numbers.
//!
//! A number that goes back is a late copy, unless its packet was sent well after the newest one: then the venue has begun
//! again, and the books with it.
//!
//! # Recovery
//!
//! What no line brings within the reorder window is asked for, where the configuration names servers; one answer is one datagram.
//! What is missing for good takes the books with it, until the snapshot lines have told every instrument again. A snapshot
//! names the last message of the channel and of its instrument that it has; messages up to there are skipped. The end of a
//! cycle says how many instruments there are. Version 1.2 has no such message: there the round is over when its first
//! instrument comes again and nothing known is missing, at the latest the second time.
//!
//! The side of an order is not in its snapshot; it is the sign of the quantity, negative for offers.
//!
//! # End of session
//!
//! There is no message for it. The session is over when no instrument is left that is not closed or expired.

mod encode;
mod feed;
mod normalize;
pub mod settings;
pub mod simulator;
mod snapshot;
pub mod wire;

#[rustfmt::skip]
pub mod generated;

#[cfg(test)]
mod tests;

pub use encode::{Encoder, Head, Resting, TradeSaid};

use crate::contract::{
    BookKind, DecodeError, Descriptor, Form, MessageSink, Packet, SessionKey, SnapshotService,
    Transport,
};
use crate::session::sbe::HeaderShape;
use generated::{Message, MessageHeader};
use wire::Header;

/// Coinbase Derivatives market data.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "coinbase_derivatives",
    title: "Coinbase Derivatives, books by order",
    venue: "Coinbase Derivatives",
    specification: "Multicast UDP Market Data API 1.2 to 1.9, SBE schema 1201",
    transport: Transport::Datagrams,
    book: BookKind::ByOrder,
    has_retransmission: true,
    snapshot: SnapshotService::Lines,
    default_url: "",
    settings: settings::KEYS,
    build: |settings| Ok(Box::new(feed::build(settings)?)),
    session_key,
    file_message: |_| None,
    inspect,
    simulator: || Box::new(simulator::DerivativesVenue::new()),
};

fn truncated(need: usize, have: usize) -> DecodeError {
    DecodeError::Truncated {
        need_bytes: u32::try_from(need).unwrap_or(u32::MAX),
        have_bytes: u32::try_from(have).unwrap_or(u32::MAX),
    }
}

/// A channel is its number; its snapshots are a stream of their own.
fn session_key(bytes: &[u8]) -> Option<SessionKey> {
    let (header, _) = Header::split(bytes).ok()?;
    let mut key = [0; 16];
    key[..2].copy_from_slice(&header.channel.to_le_bytes());
    key[2] = u8::from(header.is_snapshot());
    Some(SessionKey(key))
}

/// Shows every message of a packet: those of the sequence have numbers of their own, those of a snapshot that of their packet.
///
/// Unknown templates and messages that contradict their own lengths are not shown.
///
/// # Errors
/// The packet is of another schema, or its last message is longer than it; the whole messages before that are shown.
fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    if packet.form != Form::Datagram {
        return Err(DecodeError::NotThisProtocol);
    }
    let (header, mut body) = Header::split(packet.bytes)?;
    let channel = header.channel.to_string();
    for index in 0..u64::from(header.count) {
        let Some((message, rest)) = wire::split_message(body) else {
            return Err(truncated(packet.bytes.len() + 1, packet.bytes.len()));
        };
        body = rest;
        let Some((head, fields)) = MessageHeader::read(message) else {
            return Err(DecodeError::NotThisProtocol);
        };
        if head.schema != generated::SCHEMA {
            return Err(DecodeError::NotThisProtocol);
        }
        let sequence = if header.is_snapshot() {
            header.sequence
        } else {
            header.sequence.saturating_add(index)
        };
        if let Some(message) = Message::read(head, fields)? {
            sink.message(&channel, Some(sequence), &message);
        }
    }
    Ok(())
}
