//! Cboe Futures Exchange (CFE): Multicast PITCH.
//!
//! Source: Cboe Futures Multicast PITCH 1.1.12; what 1.1.6 sends shorter or does not know is taken
//! as well. Compared with another decoder: the captures of 1.1.6, field by field.
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
//! | `20` | time | none: the second that offsets count from, as seconds since 1970 |
//! | `97` | unit clear | `Clear` for all |
//! | `B1` | time reference | none: midnight and second that offsets count from |
//! | `BB` | futures instrument definition | `Definition` where anything is new: symbol, price increment as tick size, test mark; contract size, expiration and legs as its terms; variance is shown by `inspect` only |
//! | `21` `22` | add order long, short | `Add` |
//! | `23` | order executed | `Trade` without price, `Cancel` executed; the trade condition is not kept |
//! | `25` `26` | reduce size long, short | `Cancel` of a part |
//! | `27` `28` | modify order long, short | `Modify` with price and size |
//! | `29` | delete order | `Cancel` of the whole |
//! | `2A` `2B` | trade long, short | `Trade`; the side on the wire and the trade condition are not kept |
//! | `BC` `BD` | transaction begin, end | none: the ticks between them are one event |
//! | `2C` | trade break | `Statistic` trade broken, by execution id; the message names no instrument, so it is for all |
//! | `B9` | settlement | `Statistic` settlement price, what it is of (`S R I`) as `order_id` |
//! | `BA` | end of day summary | `Statistic` open, high, low and closing price where they are valid, open interest, volume |
//! | `31` | trading status | `Status` trading, halt (also a suspension by the exchange), quoting; the code as reason |
//! | `2D` | end of session | `Status` close for all |
//!
//! Prices may be negative: those of spreads are. Public tables of the layouts show them without a
//! sign; the bytes of a positive price are the same.
//!
//! Time, events and sessions: see [`session::pitch`](crate::session::pitch). Midnight is Chicago's.
//!
//! # Symbols
//!
//! Symbols are those on the wire (six characters); the definition says which product one is of
//! (`report_symbol`). Definitions come in packets without numbers, again and again; until one came,
//! the tick size is not known.
//!
//! # Images
//!
//! Books of a session joined in its middle, or with a hole, are rebuilt from a spin server, where one is
//! configured: see [`session::pitch::spin`](crate::session::pitch::spin). The sizes of its messages
//! stand on the public documents; no capture of them was at hand.
//! An image is taken to say the definitions before its orders, as the groups do; without them the
//! tick size waits for the next packet that does.
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
use normalize::Futures;
use simulator::FuturesVenue;

/// Cboe Futures Exchange Multicast PITCH.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "cboe_pitch_futures",
    title: "Cboe Futures Exchange Multicast PITCH (depth of book)",
    venue: "XCBF",
    specification: "Cboe Futures Multicast PITCH 1.1.12",
    transport: Transport::Datagrams,
    book: BookKind::ByOrder,
    has_retransmission: true,
    snapshot: SnapshotService::Stream,
    default_url: "",
    settings: pitch::settings::KEYS,
    build: pitch::build::<Futures>,
    session_key: pitch::inspect::session_key,
    file_message: |_| None,
    inspect: pitch::inspect::inspect::<Futures>,
    simulator: || Box::new(PitchVenue::<FuturesVenue>::new()),
};
