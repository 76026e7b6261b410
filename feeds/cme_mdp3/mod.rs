//! CME Globex MDP 3.0: Simple Binary Encoding, schema 1, versions 5 to 13.
//!
//! UDP on two lines a channel. A packet is one number of the sequence and holds whole messages; what no line brings stays
//! missing. Specification: CME MDP 3.0 message specification, SBE schema versions 5 to 13. `schema.xml` has every template
//! and version; `generated.rs` is made of it.
//!
//! | template | message | ticks |
//! |---|---|---|
//! | 4 | channel reset | `Reset` of kind session: every book of the channel is empty |
//! | 12 | admin heartbeat | none: counted |
//! | 15 | admin login | none: counted |
//! | 16 | admin logout | `Status` close of the channel |
//! | 30 | security status | `Status` of the instrument, or of every defined one of the group and asset; the reason's number as text |
//! | 32 46 64 | book | `Level`; `Clear` for a book reset; implied levels only where `implied` asks for them; best prices of several books none |
//! | 32 46 64 | orders of a book | by order: `Add`, `Modify`, `Cancel` |
//! | 43 47 | order book | by order: the same; by level none, counted as ignored |
//! | 36 42 48 65 | trades | `Trade`; `Statistic` trade broken for a deleted one; a corrected one is counted as ignored |
//! | 33 49 | daily statistics | `Statistic` settlement and fixing price, cleared volume, open interest |
//! | 35 51 67 | session statistics | `Statistic` opening price, high and low, highest bid, lowest offer, average price |
//! | 34 50 | limits and banding | `Statistic` upper and lower limit; the variation has no place |
//! | 37 66 | volume | none: counted |
//! | 27 54, 41 55, 29 56, 57, 58, 63 | definitions | `Definition` (tick size, least volume as round lot, and as terms kind, currency, multiplier, expiry, strike, legs), `Status` |
//! | 39 60 62 | quote request, workup, collateral | none: counted |
//! | 38 52 69 | snapshots by price | on the snapshot lines, while books are rebuilt: `Clear`, `Level`, `Status`, each with `SNAPSHOT` |
//! | 44 53 | snapshots by order | by order, in their place: `Clear`, `Add`, each with `SNAPSHOT` |
//! | 59, 61 68 | snapshots of the top orders, over TCP | none: counted as ignored |
//!
//! # Recovery
//!
//! What no line brings within the reorder window is lost, and all books of the channel with it. Where the configuration names
//! `snapshot_lines` (market recovery, and instrument replay for those who join late) they are rebuilt: live packets are kept
//! until every instrument of the loop has a snapshot no older than what is kept; each instrument then goes on with the
//! packet its own snapshot names. A loop that lost a packet is completed by the next one. The lines are not arbitrated:
//! whatever comes on any of them counts. Replay over TCP is not asked for.
//!
//! # Levels
//!
//! The venue speaks of level numbers, of a book that is as deep as the instrument's definition says. `ladder` turns them
//! into absolute sizes at prices, that of the level an insertion pushes out included. "Delete thru" takes the levels from the
//! best to the one named, "delete from" those from the one named on.
//!
//! Implied levels come from other books. With `implied` each instrument has two more ids behind its own: its implied book, and
//! the one where sizes of both are added up by price. Trades and statistics are of the first id only.
//!
//! # Orders
//!
//! With `by_order` the books are built of orders, the full depth of them, and levels are read for their numbers only. An
//! order in a message of levels refers to the entry that has its instrument, side and price, by its number from 1; this is a
//! fact without a document at hand. A snapshot has one or more chunks, in order; a loop is complete when the chunks of the
//! instruments seen are as many as it says, and all of them were taken. It has no number of the last update.
//! The order of orders at a price (their priority) is not kept.
//!
//! # Numbers
//!
//! The sequence counts packets, and so do the counters of messages; how many messages there were is said by type.
//! Beside the packets, the updates of each instrument are numbered. A hole there is a gap of that instrument: counted, and
//! its next tick says that the book may be bad. Updates of instruments whose definition was not seen are counted and left out;
//! `follow_undefined` follows them under their numbers, as deep as the settings say.

mod encode;
mod feed;
mod ladder;
mod normalize;
pub mod settings;
pub mod simulator;

#[rustfmt::skip]
pub mod generated;

#[cfg(test)]
mod tests;

pub use encode::{Encoder, LevelUpdate, OrderUpdate, TradeUpdate};

use crate::contract::{
    BookKind, DecodeError, Descriptor, Form, MessageSink, Packet, SessionKey, SnapshotService,
    Transport,
};
use crate::session::sbe::HeaderShape;
use generated::{Message, MessageHeader};

/// CME Globex MDP 3.0.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "cme_mdp3",
    title: "CME Globex MDP 3.0, books by price or by order",
    venue: "XCME",
    specification: "CME MDP 3.0, SBE schema 1 versions 5 to 13",
    transport: Transport::Datagrams,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::Lines,
    default_url: "",
    settings: settings::KEYS,
    build: |settings| Ok(Box::new(feed::build(settings)?)),
    session_key,
    file_message: |_| None,
    inspect,
    simulator: || Box::new(simulator::CmeVenue::new()),
};

/// Bytes of a datagram's header: its number and when it was sent.
pub const PACKET_HEADER_BYTES: usize = 12;
/// Bytes of the header in front of messages that come over TCP.
pub const TCP_HEADER_BYTES: usize = 14;
/// What a TCP header begins with: messages behind it are little-endian SBE.
pub const TCP_ENCODING: u16 = 0xcafe;

/// Number, sending time in ns since the Unix epoch, and messages of a datagram.
///
/// # Errors
/// It is shorter than its header.
#[inline]
pub fn split_packet(bytes: &[u8]) -> Result<(u32, u64, &[u8]), DecodeError> {
    let Some((header, body)) = bytes.split_first_chunk::<PACKET_HEADER_BYTES>() else {
        return Err(truncated(PACKET_HEADER_BYTES, bytes.len()));
    };
    let [a, b, c, d, sent @ ..] = *header;
    Ok((
        u32::from_le_bytes([a, b, c, d]),
        u64::from_le_bytes(sent),
        body,
    ))
}

fn truncated(need: usize, have: usize) -> DecodeError {
    DecodeError::Truncated {
        need_bytes: u32::try_from(need).unwrap_or(u32::MAX),
        have_bytes: u32::try_from(have).unwrap_or(u32::MAX),
    }
}

/// Nothing in a datagram names its channel. Its lines carry the same packets though: those that begin with one packet, of one
/// number and sent at one time, are of one channel.
fn session_key(bytes: &[u8]) -> Option<SessionKey> {
    split_packet(bytes).ok()?;
    let mut key = [0; 16];
    key[..PACKET_HEADER_BYTES].copy_from_slice(bytes.get(..PACKET_HEADER_BYTES)?);
    Some(SessionKey(key))
}

/// Number and messages of bytes that came over TCP; `None` where they are something else.
fn split_tcp(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (header, body) = bytes.split_first_chunk::<TCP_HEADER_BYTES>()?;
    let [e, f, a, b, c, d, ..] = *header;
    let is_sbe = u16::from_le_bytes([e, f]) == TCP_ENCODING;
    is_sbe.then(|| (u32::from_le_bytes([a, b, c, d]), body))
}

/// Shows every message of a packet: all have the packet's number.
///
/// Unknown templates and messages that contradict their own lengths are not shown.
///
/// # Errors
/// The packet is of another schema, or its last message is longer than it; the whole messages before that are shown.
fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    let (sequence, mut body) = match packet.form {
        Form::Datagram => {
            let (sequence, _, body) = split_packet(packet.bytes)?;
            (sequence, body)
        }
        Form::Stream(_) => split_tcp(packet.bytes).ok_or(DecodeError::NotThisProtocol)?,
        _ => return Err(DecodeError::NotThisProtocol),
    };
    while !body.is_empty() {
        let Some((message, rest)) = normalize::split_message(body) else {
            return Err(truncated(packet.bytes.len() + 1, packet.bytes.len()));
        };
        body = rest;
        let Some((header, fields)) = MessageHeader::read(message) else {
            return Err(DecodeError::NotThisProtocol);
        };
        if header.schema != generated::SCHEMA {
            return Err(DecodeError::NotThisProtocol);
        }
        if let Some(message) = Message::read(header, fields)? {
            sink.message("", Some(u64::from(sequence)), &message);
        }
    }
    Ok(())
}
