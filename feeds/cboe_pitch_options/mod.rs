//! Cboe US options (C1, BZX, C2, EDGX): Multicast PITCH.
//!
//! Source: Cboe US Options Multicast PITCH 2.41.29 and 2.39.4. Messages of either version are
//! taken; fields have the names of the newer one. Compared with another decoder: the captures of
//! 2.39.4, field by field.
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
//! | `B1` | time reference | none: midnight and second that offsets count from |
//! | `20` | time | none: the second that offsets count from |
//! | `97` | unit clear | `Clear` for all |
//! | `BC` `BD` | transaction begin, end | none: the ticks between them are one event |
//! | `21` `22` `2F` | add order long, short, expanded | `Add`; flags, attribution, customer mark and client are not kept |
//! | `23` | order executed | `Trade` without price, `Cancel` executed; the trade condition is not kept |
//! | `24` | order executed at price and size | `Trade` with price, `Cancel` executed; `Cancel` of what went without trading |
//! | `25` `26` | reduce size long, short | `Cancel` of a part |
//! | `27` `28` | modify order long, short | `Modify` with price and size |
//! | `29` | delete order | `Cancel` of the whole |
//! | `2A` `2B` `30` | trade long, short, expanded | `Trade`; the side on the wire and the trade condition are not kept |
//! | `2C` | trade break | `Statistic` trade broken, by execution id; the message names no instrument, so it is for all |
//! | `2D` | end of session | `Status` close for all |
//! | `2E` | symbol mapping | `Definition` where anything is new: the option's symbol; underlying and closing-only mark have no place in the normalised language |
//! | `31` | trading status | `Status` trading (also curb trading), halt (also a suspension), quoting, auction (opening rotation) or pre-open, the code as reason; the status of global trading hours is not kept |
//! | `D2` | width update | none: a multiplier of an underlying; counted |
//! | `D1` `95` | auction update | `Imbalance` reference, auction and book clearing price where there is one; condition and composite market are not kept |
//! | `96` | auction summary | `Statistic` opening price (openings of either session) or closing price where contracts traded; other auctions are counted |
//! | `AD` `AE` | auction notification, cancel | none: an order that asks for a better price rests in no book; counted |
//! | `AF` | auction trade | none: says which auction a trade was of; the trade itself is said as one, with the condition of an auction; counted |
//! | `9D` | SOQ strike range update | none: no place in the normalised language; counted |
//! | `98` | retail price improvement | none: 2.39.4 only; counted |
//!
//! `95` and `98` are of 2.39.4, the rest of both or of 2.41.29.
//!
//! Time, events and sessions: see [`session::pitch`](crate::session::pitch). Midnight is New York's.
//!
//! # Symbols
//!
//! An order names a symbol of six characters that means nothing elsewhere; symbol mappings say
//! which option it stands for (OSI symbol of 21 characters: root, expiry, `C` or `P`, strike). They
//! come in packets without numbers, again and again. Until its mapping came an option has no name
//! and no ticks: messages that name its symbol are counted as of unknown instruments, and its orders
//! never join. A symbol of the feed that is itself among those to follow needs no mapping. A symbol
//! that is mapped anew stands for another option from then on.
//!
//! # Images
//!
//! Books of a session joined in its middle, or with a hole, are rebuilt from a spin server, where one is
//! configured: see [`session::pitch::spin`](crate::session::pitch::spin). The sizes of its messages
//! stand on the public documents; no capture of them was at hand.
//! An image is taken to say what its symbols are before its orders, as the groups do; an order of a
//! symbol nobody named is counted and does not join.
//!
//! # Requests
//!
//! Missing messages are asked for over TCP, where a gap request proxy (`retransmit`) and the groups of
//! its answers (`gap_lines`) are configured: see [`session::pitch::gap`](crate::session::pitch::gap).
//! Answers to anybody's requests fill holes. Refusals and quotas are counted; the next proxy is asked,
//! or the gap is given up.
//!
//! # What is not done here
//!
//! What happens to orders nobody saw is counted as of unknown instruments.

mod normalize;

pub mod encode;
pub mod simulator;
pub mod wire;

#[cfg(test)]
mod tests;

use crate::contract::{BookKind, Descriptor, SnapshotService, Transport};
use crate::session::pitch::{self, PitchVenue};
use normalize::Options;
use simulator::OptionsVenue;

/// Cboe US options Multicast PITCH.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "cboe_pitch_options",
    title: "Cboe US options Multicast PITCH (depth of book)",
    venue: "XCBO",
    specification: "Cboe US Options Multicast PITCH 2.41.29",
    transport: Transport::Datagrams,
    book: BookKind::ByOrder,
    has_retransmission: true,
    snapshot: SnapshotService::Stream,
    default_url: "",
    settings: pitch::settings::KEYS,
    build: pitch::build::<Options>,
    session_key: pitch::inspect::session_key,
    file_message: |_| None,
    inspect: pitch::inspect::inspect::<Options>,
    simulator: || Box::new(PitchVenue::<OptionsVenue>::new()),
};
