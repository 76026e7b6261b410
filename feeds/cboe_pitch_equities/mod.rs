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
//! Time, events and sessions: see [`session::pitch`](crate::session::pitch). Midnight is New York's.
//!
//! # Images
//!
//! Books of a session joined in its middle, or with a hole, are rebuilt from a spin server, where one is
//! configured: see [`session::pitch::spin`](crate::session::pitch::spin). The sizes of its messages
//! stand on the public documents; no capture of them was at hand.
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
use normalize::Equities;
use simulator::EquitiesVenue;

/// Cboe US equities Multicast PITCH.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "cboe_pitch_equities",
    title: "Cboe US equities Multicast PITCH (depth of book)",
    venue: "BATS",
    specification: "Cboe US Equities Multicast PITCH 2.41.29",
    transport: Transport::Datagrams,
    book: BookKind::ByOrder,
    has_retransmission: true,
    snapshot: SnapshotService::Stream,
    default_url: "",
    settings: pitch::settings::KEYS,
    build: pitch::build::<Equities>,
    session_key: pitch::inspect::session_key,
    file_message: |_| None,
    inspect: pitch::inspect::inspect::<Equities>,
    simulator: || Box::new(PitchVenue::<EquitiesVenue>::new()),
};
