//! Cboe US equities (BZX, BYX, EDGA, EDGX): Multicast PITCH.
//!
//! ```text
//!  line A ─┐
//!  line B ─┼▶ unit ─▶ sequencer ─▶ messages ─▶ instrument by symbol, or by order ─▶ ticks
//!  answers ┘
//! ```
//!
//! Source: Cboe US Equities Multicast PITCH 2.41.29; types `95`, `96` and `98`, which it leaves out,
//! from 2.39.4. No capture of US equities was at hand: what options and futures share with them has
//! been compared with another decoder, the rest stands on the layouts.
//!
//! A channel is one unit: units have sequences of their own, and packets of another unit are
//! refused and counted.
//!
//! # Coverage
//!
//! Every message type is decoded, field by field, for `inspect`. As ticks:
//!
//! | Type | Message | Ticks |
//! |---|---|---|
//! | `20` | time | none: the second that offsets count from |
//! | `97` | unit clear | `Clear` for all |
//! | `21` `22` `2F` | add order long, short, expanded | `Add`; flags, attribution and customer mark are not kept |
//! | `23` | order executed | `Trade` without price, `Cancel` executed; the trade condition is not kept |
//! | `24` | order executed at price and size | `Trade` with price, `Cancel` executed; `Cancel` of what went without trading |
//! | `25` `26` | reduce size long, short | `Cancel` of a part |
//! | `27` `28` | modify order long, short | `Modify` with price and size; whether priority is kept is not in the normalised language |
//! | `29` | delete order | `Cancel` of the whole |
//! | `2A` `2B` `30` | trade long, short, expanded | `Trade`; the side on the wire is always "buy" and says nothing |
//! | `2C` | trade break | `Statistic` trade broken, by execution id; the message names no instrument, so it is for all |
//! | `2D` | end of session | `Status` close for all |
//! | `31` | trading status | `Status` trading, halt (also a suspension by this exchange), quoting or pre-open, the code as reason; where the short-sale mark changed, `Status` short-sale change |
//! | `95` | auction update | `Imbalance` reference, auction and book clearing price where there is one |
//! | `96` | auction summary | `Statistic` opening price (opening, IPO) or closing price where shares traded; other auctions are counted |
//! | `98` | retail price improvement | none: no place in the normalised language; counted |
//!
//! # Time
//!
//! The wire counts seconds since midnight in New York in `Time` messages and nanoseconds behind
//! them elsewhere; which midnight follows from the receive time. Where messages are missing, one of
//! them may have told another second: until the next `Time`, `ts_event` is undefined.
//!
//! # Sessions
//!
//! The header names no session. Number 1 seen again opens another one after an end of session, or
//! after a minute without anything new; before that it is a late copy.
//!
//! # What is not done here
//!
//! Missing messages are not asked for: the venue takes requests over TCP and answers on multicast
//! groups of their own. Where the group of the answers is configured as a further line, answers to anybody's requests fill holes within the
//! reorder window. Spin images are not asked for: books of a session joined in its middle stay
//! partial, and what happens to orders nobody saw is counted as of unknown instruments.

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
use crate::session::sequenced_unit::{HEADER_BYTES, Header, split_message};

/// Cboe US equities Multicast PITCH.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "cboe_pitch_equities",
    title: "Cboe US equities Multicast PITCH (depth of book)",
    venue: "BATS",
    specification: "Cboe US Equities Multicast PITCH 2.41.29",
    transport: Transport::Datagrams,
    book: BookKind::ByOrder,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "",
    settings: settings::KEYS,
    build: |settings| Ok(Box::new(feed::build(settings)?)),
    session_key,
    file_message: |_| None,
    inspect,
    simulator: || Box::new(simulator::PitchVenue::new()),
};

/// The unit. All lines of a channel carry the same one; so do those of another exchange of the
/// operator, which must be kept apart by configured channels.
fn session_key(bytes: &[u8]) -> Option<SessionKey> {
    let (header, _) = Header::split(bytes)?;
    let mut key = [0; 16];
    key[0] = header.unit;
    (header.unit != 0).then_some(SessionKey(key))
}

/// Shows every message of a packet: `channel` is the unit, sequence numbers run on from the
/// header's, and messages behind the number 0 have none.
///
/// Unknown types and messages shorter than their type are not shown.
///
/// # Errors
/// The packet is shorter than its header promises; the whole messages before that are shown.
fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    let truncated = |need_bytes: usize| DecodeError::Truncated {
        need_bytes: need_bytes as u32,
        have_bytes: packet.bytes.len() as u32,
    };
    if packet.form != Form::Datagram {
        return Err(DecodeError::NotThisProtocol);
    }
    let (header, mut blocks) = Header::split(packet.bytes).ok_or(truncated(HEADER_BYTES))?;
    let channel = header.unit.to_string();
    for index in 0..u64::from(header.count) {
        let need_bytes = usize::from(header.length).max(packet.bytes.len() + 1);
        let (message, rest) = split_message(blocks).ok_or(truncated(need_bytes))?;
        blocks = rest;
        let sequence = (header.sequence != 0).then(|| u64::from(header.sequence) + index);
        wire::inspect_message(message, &mut |fields| {
            sink.message(&channel, sequence, fields);
        });
    }
    Ok(())
}
