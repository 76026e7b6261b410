//! Bybit over WebSocket: books by level, trades, statistics; the present form (v5) and the one of 2021 (v2) as recorded.
//!
//! Source: "Orderbook", "Trade", "Ticker", "All Liquidation", "Connect" (WebSocket streams) and "Get Instruments Info" of the v5 API
//! (bybit-exchange.github.io/docs/v5); for the older form "orderBookL2_25" and "trade" of the inverse and linear perpetual APIs.
//!
//! # Coverage
//!
//! | Message | What becomes of it |
//! |---|---|
//! | `orderbook.200.X` | `snapshot`: `Clear`, then a `Level` for each entry; `delta`: a `Level` each, 0 when it is gone |
//! | `publicTrade.X` | `Trade`; `order_id` is the id folded to 64 bits, the aggressor is `S` |
//! | `tickers.X` | `Statistic`: `LastPrice`, `MarkPrice`, `FundingRate`, `OpenInterest` |
//! | `allLiquidation.X` (not of spot) | `Statistic`: `Liquidation` at the bankruptcy price; `S` is the side of the position, the tick has that of the order |
//! | `orderBookL2_25.X` (v2) | As `orderbook`: `delete`, `update` and `insert` of one text are one event |
//! | `trade.X` (v2) | As `publicTrade` |
//! | `subscribe`, `ping` | A confirmation, or a notice with the venue's words |
//! | other topics | Counted, not used |
//! | `instruments-info` by REST (v2: `symbols`), page by page | Steps of price and size, and whether trading is on |
//!
//! # Sequencing
//!
//! `u` of a delta is `u` of the text before it, and one. What breaks it takes that book back to its snapshot, and no other
//! book: the topic is left and joined again, and a subscription begins with the whole book. A snapshot replaces the book
//! whatever its number: after a restart of the service the venue sends one with `u` 1. `cross_seq` of the older form rises with
//! gaps: what is missing cannot be seen by it, only what comes twice.
//!
//! # Not here
//!
//! Sizes of the older form are not multiples of their step (11999.999 of a step of 1): they are told as sent, eight digits behind
//! the point. Login and orders. Options, whose books have other depths. One category of markets a feed: the `url` and `category` have to
//! name the same. That the venue sends a deletion for every level that leaves the 200 best is what its
//! recordings of the older form do; for the present form it is assumed.

mod read;
mod scan;
mod simulator;
#[cfg(test)]
mod tests;
mod venue;

use crate::contract::{
    BookKind, DecodeError, Descriptor, Feed, FeedSettings, MessageSink, Packet, SettingFault,
    SettingKey, SnapshotService, Transport, Value,
};
use crate::session::stitch::simulator::LevelVenue;
use crate::session::stitch::{self, Settings, StitchedFeed, Venue, settings};
use crate::session::text::integer;
use venue::{Bybit, REST_URL};

/// Types of messages, as counted.
const KINDS: [&str; 7] = [
    "orderbook",
    "publicTrade",
    "tickers",
    "other",
    "result",
    "pong",
    "allLiquidation",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Book,
    Trade,
    Ticker,
    /// A topic nobody here subscribes to.
    Other,
    Result,
    Pong,
    Liquidation,
}

const CATEGORY_KEY: SettingKey = SettingKey {
    key: "category",
    help: "Which markets the `url` is of, for the list of instruments: linear, inverse or spot; default linear.",
    example: "linear",
};

/// Keys beyond the common ones.
static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
    CATEGORY_KEY,
];

/// Bybit.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "bybit_ws_v5",
    title: "Bybit WebSocket",
    venue: "bybit",
    specification: "Orderbook, Trade, Ticker, Connect and Get Instruments Info of the v5 API (bybit-exchange.github.io/docs/v5)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://stream.bybit.com/v5/public/linear",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect,
    simulator: || Box::new(LevelVenue::new(simulator::BybitVenue)),
};

/// How the room's texts read, without the feed around it.
pub fn texts() -> impl Venue {
    Bybit::new("", "linear")
}

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let category = match settings.own("category") {
        None => Ok("linear"),
        Some(Value::Text(text)) if ["linear", "inverse", "spot"].contains(&text.as_str()) => {
            Ok(text.as_str())
        }
        Some(_) => Err(SettingFault {
            key: "category".to_owned(),
            why: "no such markets".to_owned(),
            remedy: "write linear, inverse or spot".to_owned(),
        }),
    };
    match (
        Settings::of(settings, REST_URL, is_symbol, "BTCUSDT"),
        category,
    ) {
        (Ok(own), Ok(category)) => {
            let venue = Bybit::new(&own.rest_url, category);
            Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
        }
        (own, category) => {
            let mut faults = own.err().unwrap_or_default();
            faults.extend(category.err());
            Err(faults)
        }
    }
}

/// Capital letters and digits, `-` before a delivery date.
fn is_symbol(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'-';
    name.bytes().all(is_part)
}

fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    stitch::inspect(packet, sink, &|object| {
        let Some(topic) = stitch::text_of(object, "topic") else {
            let name = stitch::text_of(object, "op").unwrap_or("result");
            return Some((name.to_owned(), None));
        };
        let data = stitch::child(object, "data");
        let sequence = object
            .get("cross_seq")
            .or_else(|| data?.get("u"))
            .and_then(integer);
        let name = topic.split('.').next().unwrap_or(topic);
        Some((name.to_owned(), sequence))
    })
}
