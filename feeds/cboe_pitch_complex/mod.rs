//! Cboe US options, complex book: Multicast PITCH.
//!
//! Source: Cboe US Options Complex Multicast PITCH 2.1.18. Compared with another decoder: the
//! captures of that version, field by field.
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
//! | `BC` `BD` | transaction begin, end | none: the ticks between them are one event |
//! | `9A` | complex instrument definition expanded | `Definition` where the instrument is new; underlying, type and legs have no place in the normalised language and are shown by `inspect` |
//! | `2E` | symbol mapping | none: names the options that are legs, of which no book is told here; counted |
//! | `21` `22` `2F` | add order long, short, expanded | `Add`; what is behind the price is not kept |
//! | `23` | order executed | `Trade` without price, `Cancel` executed; the trade condition is not kept |
//! | `24` | order executed at price and size | `Trade` with price, `Cancel` executed; `Cancel` of what went without trading |
//! | `25` `26` | reduce size long, short | `Cancel` of a part |
//! | `27` `28` | modify order long, short | `Modify` with price and size |
//! | `29` | delete order | `Cancel` of the whole |
//! | `2A` `2B` | trade long, short | `Trade`; the side on the wire and the trade condition are not kept |
//! | `AD` `AE` | auction notification, cancel | none: an order that asks for a better price rests in no book; counted |
//! | `AF` | auction trade | none: says which auction a trade was of; the trade itself is said as one, with the condition of an auction; counted |
//! | `31` | trading status | `Status` trading, halt (also a suspension) or quoting, the code as reason; the status of global trading hours is not kept |
//! | `D1` | auction update | `Imbalance` reference, auction and book clearing price where there is one; condition and composite market are not kept |
//! | `96` | auction summary | `Statistic` opening price (openings of either session) where contracts traded; other auctions are counted |
//! | `2D` | end of session | `Status` close for all |
//!
//! Prices are net prices of all legs and may be negative. Only the reference price of an auction is
//! without a sign in the table; it is read with one, which is the same below 9.2e14.
//!
//! Time, events and sessions: see [`session::pitch`](crate::session::pitch). Midnight is New York's.
//!
//! # Symbols
//!
//! An instrument's symbol is its id on the wire (six characters); its definition says which legs it
//! has. Definitions come in packets without numbers, again and again.
//!
//! # Images
//!
//! Books of a session joined in its middle, or with a hole, are rebuilt from a spin server, where one is
//! configured: see [`session::pitch::spin`](crate::session::pitch::spin). The sizes of its messages
//! stand on the public documents; no capture of them was at hand.
//! An image is taken to say what its symbols are before its orders, as the groups do; an order of a
//! symbol nobody defined is counted and does not join.
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
use normalize::Complex;
use simulator::ComplexVenue;

/// Cboe US options complex book Multicast PITCH.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "cboe_pitch_complex",
    title: "Cboe US options complex book Multicast PITCH (depth of book)",
    venue: "XCBO",
    specification: "Cboe US Options Complex Multicast PITCH 2.1.18",
    transport: Transport::Datagrams,
    book: BookKind::ByOrder,
    has_retransmission: true,
    snapshot: SnapshotService::Stream,
    default_url: "",
    settings: pitch::settings::KEYS,
    build: pitch::build::<Complex>,
    session_key: pitch::inspect::session_key,
    file_message: |_| None,
    inspect: pitch::inspect::inspect::<Complex>,
    simulator: || Box::new(PitchVenue::<ComplexVenue>::new()),
};
