//! Nasdaq TotalView-ITCH 5.0 over MoldUDP64 or SoupBinTCP.
//!
//! ```text
//!  line A ─┐
//!  line B ─┼▶ session ─▶ sequencer ─▶ messages ─▶ instrument by locate ─▶ ticks
//!  answers ┘      │          │
//!                 │          └▶ requests to retransmission servers
//!                 └▶ another session: Reset, sequence from 1
//! ```
//!
//! Source: Nasdaq TotalView-ITCH 5.0 specification; MoldUDP64 Protocol Specification. The file form is the venue's own:
//! each message behind its length in two bytes, the whole day from message 1.
//!
//! # Coverage
//!
//! Every message type is decoded, field by field, for `inspect`. As ticks:
//!
//! | Type | Message | Ticks |
//! |---|---|---|
//! | `S` | system event | end of system hours and end of messages: `Status` close for all; the other four say nothing about an instrument (a halt outlasts the start of market hours) and are counted |
//! | `R` | stock directory | `Definition` with round lot and test mark |
//! | `H` | stock trading action | `Status` trading, halt, pause or quoting, with the reason |
//! | `Y` | Reg SHO restriction | `Status` short-sale change, the action as reason |
//! | `L` | market participant position | none: participants are not in the normalised language; counted |
//! | `V` | MWCB decline levels | three `Statistic` circuit breaker level, for all |
//! | `W` | MWCB status | `Statistic` circuit breaker breached, for all |
//! | `K` | IPO quoting period | none: a schedule, the release itself comes as `H`; counted |
//! | `J` | LULD auction collar | `Statistic` collar reference, `Imbalance` upper and lower collar |
//! | `h` | operational halt | `Status` halt or trading, the market's code as reason |
//! | `A` `F` | add order | `Add`; the attribution of `F` is not kept |
//! | `E` | order executed | `Trade` without price, `Cancel` executed |
//! | `C` | executed with price | `Trade` with price where printable, `Cancel` executed |
//! | `X` | order cancel | `Cancel` of a part |
//! | `D` | order delete | `Cancel` of the whole |
//! | `U` | order replace | `Cancel` of the whole, replaced; `Add` without side: that of the order replaced |
//! | `P` | non-cross trade | `Trade`; the side on the wire is always "buy" and says nothing |
//! | `Q` | cross trade | `Trade` where shares matched; an auction without a match is counted |
//! | `B` | broken trade | `Statistic` trade broken, by match number |
//! | `I` | net order imbalance | `Imbalance` reference, far and near price where there is one |
//! | `N` | retail interest | none: no place in the normalised language; counted |
//! | `O` | direct listing | `Imbalance` indicative, upper and lower collar |
//!
//! # Time
//!
//! The wire counts nanoseconds since midnight in New York; which midnight follows from the receive time. A file has no
//! receive time: its day is the setting `session_date`, and `ts_recv` is `ts_event`.
//!
//! # Over SoupBinTCP
//!
//! Where `delivery` names servers, the channel comes over one connection in place of lines: see
//! [`session::delivery`](crate::session::delivery). A lost connection is resumed at the next message. Without `backfill` it is
//! joined at its newest message.
//!
//! # What is not done here
//!
//! Orders are not kept: a message of an order says what it says, the book knows the rest. A message that refers to a locate nobody
//! named is counted and gives no tick. A session joined in its middle is filled by retransmission, or its books are rebuilt from
//! a snapshot (GLIMPSE) where a server is configured; otherwise they stay partial.

mod feed;
mod normalize;

pub mod encode;
pub mod settings;
pub mod simulator;
pub mod wire;

#[cfg(test)]
mod tests;

use crate::contract::{
    BookKind, DecodeError, Descriptor, Form, MessageSink, Packet, SessionKey, SnapshotService,
    Transport,
};
use crate::session::moldudp64::{self, Header};

/// Nasdaq TotalView-ITCH 5.0 over MoldUDP64.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "nasdaq_itch50",
    title: "Nasdaq TotalView-ITCH 5.0 over MoldUDP64",
    venue: "XNAS",
    specification: "Nasdaq TotalView-ITCH 5.0; MoldUDP64 Protocol Specification",
    transport: Transport::Datagrams,
    book: BookKind::ByOrder,
    has_retransmission: true,
    snapshot: SnapshotService::Stream,
    default_url: "",
    settings: settings::KEYS,
    build: feed::build,
    session_key,
    file_message,
    inspect,
    simulator: || Box::new(simulator::ItchVenue::new()),
};

/// The session's name. All lines of a channel carry the same one.
fn session_key(bytes: &[u8]) -> Option<SessionKey> {
    let (header, _) = Header::split(bytes)?;
    let mut key = [0; 16];
    key[..moldudp64::SESSION_BYTES].copy_from_slice(&header.session);
    Some(SessionKey(key))
}

/// Length of the first message of a file, its prefix included.
fn file_message(bytes: &[u8]) -> Option<usize> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = u16::from_be_bytes(*length);
    let is_one = length > 0 && wire::MESSAGE_BYTES[usize::from(*rest.first()?)] == length;
    is_one.then_some(usize::from(length) + 2)
}

/// Shows every message of a packet: `channel` is the session's name, sequence numbers run on from the header's.
///
/// Unknown types and messages of a wrong length are not shown.
///
/// # Errors
/// The packet is shorter than its header promises; the whole messages before that are shown.
fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    let truncated = |need_bytes: usize| DecodeError::Truncated {
        need_bytes: need_bytes as u32,
        have_bytes: packet.bytes.len() as u32,
    };
    let (session, first, count, mut blocks) = match packet.form {
        Form::Datagram => {
            let (header, blocks) =
                Header::split(packet.bytes).ok_or(truncated(moldudp64::HEADER_BYTES))?;
            let is_empty = header.is_end_of_session();
            let count = if is_empty { 0 } else { u64::from(header.count) };
            (header.session, header.sequence, count, blocks)
        }
        Form::FileMessages => (*b"          ", 1, u64::MAX, packet.bytes),
        Form::Text | Form::Binary | Form::Rest(_) | Form::Stream(_) => {
            return Err(DecodeError::NotThisProtocol);
        }
    };
    let channel = String::from_utf8_lossy(session.trim_ascii()).into_owned();
    let is_file = packet.form == Form::FileMessages;
    for index in 0..count {
        if is_file && blocks.is_empty() {
            break;
        }
        let (message, rest) =
            moldudp64::split_message(blocks).ok_or(truncated(packet.bytes.len() + 1))?;
        blocks = rest;
        let Some(message) = wire::Message::of(message) else {
            continue;
        };
        // The numbers of a file count from 1 over the whole file, which a part of it cannot know.
        let sequence = (!is_file).then(|| first.wrapping_add(index));
        sink.message(&channel, sequence, message.inspected());
    }
    Ok(())
}
