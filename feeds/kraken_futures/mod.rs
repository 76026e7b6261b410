//! Kraken Futures over WebSocket (version 1): books by level, trades, statistics of perpetuals and futures.
//!
//! Source: "Book", "Trade", "Ticker" and "Heartbeat" of the Derivatives WebSocket, "Get instruments" of the Derivatives REST
//! API and "Derivatives Rate Limits" (docs.kraken.com). The manual calls the same venue Kraken Derivatives.
//!
//! # Coverage
//!
//! | Message | What becomes of it |
//! |---|---|
//! | `book_snapshot` | `Clear`, then a `Level` for each entry |
//! | `book` | A `Level`; a `qty` of 0 takes it away |
//! | `trade_snapshot` | Trades from before the subscription, in the order they happened |
//! | `trade` | `Trade`; `order_id` is made of the `uid`, the aggressor is the `side`. Of type `liquidation`: a `Statistic` `Liquidation` besides, of that side (the manual does not say whose position it was: taken to be the taker's) |
//! | `ticker` | `Statistic`: `LastPrice`, `MarkPrice`, `IndexPrice`, `OpenInterest`, `Volume24h`, `OpenPrice24h` and, of perpetuals, `FundingRate`; `suspended` and `post_only` are a `Status` |
//! | `heartbeat` | Shows that the connection is alive |
//! | `info`, `unsubscribed` | Counted |
//! | `subscribed` | Confirms a subscription |
//! | `alert`, `error`, `subscribed_failed`, `unsubscribed_failed` | A notice with the venue's words |
//! | `instruments` by REST | Steps of price and size, terms, and whether trading is on |
//! | other feeds | Counted by name, not used |
//!
//! # Sequencing
//!
//! Messages of one book have numbers without holes (`seq`): the first change has the snapshot's number and one, each further
//! one the last and one. A hole takes that book back to its snapshot, and no other book: its feed is left and joined again,
//! and a subscription begins with the whole book. Trades have numbers of their own, which fell between recordings of
//! different years; a trade is told from known ones by its `uid`.
//!
//! The manual calls `seq` a sequence number and does not say that it has no holes; other clients take it so. Were it wrong,
//! books would be begun again and again, and counted as lost. What the manual shows as whole numbers comes with a point (`6385.0`), small ones with an exponent
//! (`5.494e-6`), and the members of a `trade` come in two orders: all are read.
//!
//! # Subscriptions
//!
//! The venue confirms product by product where a request names several. A request names one here, so that each has its own
//! confirmation, and one that fails takes nothing else with it.
//!
//! The venue closes connections that are not pinged for a minute by WebSocket's own ping, which is the transport's work; it
//! has no ping in JSON. That markets may be quiet is what the `heartbeat` feed is for.
//!
//! # Rounding
//!
//! Marks, indices and funding rates are results of the venue's floating-point arithmetic (`64399.68035588646`): they are told
//! to the nearest 1e-9. Prices and sizes are exact. `FundingRate` is `relative_funding_rate`, for one hour, a part of the
//! position; `funding_rate` itself is an amount a contract. The ticker leaves a rate out that is zero.
//!
//! # Not here
//!
//! Login and what it opens; `ticker_lite`, which is less of `ticker`; the prediction
//! of the next funding rate.

mod read;
mod scan;
mod simulator;
#[cfg(test)]
mod tests;
mod venue;

use crate::contract::{
    BookKind, DecodeError, Descriptor, Feed, FeedSettings, MessageSink, Packet, SettingFault,
    SettingKey, SnapshotService, Transport,
};
use crate::session::stitch::simulator::LevelVenue;
use crate::session::stitch::{self, Settings, StitchedFeed, settings};
use crate::session::text::integer;
use venue::{KrakenFutures, REST_URL};

/// Types of messages, as counted.
const KINDS: [&str; 10] = [
    "book_snapshot",
    "book",
    "trade_snapshot",
    "trade",
    "ticker",
    "heartbeat",
    "info",
    "subscribed",
    "unsubscribed",
    "alert",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    BookSnapshot,
    Book,
    TradeSnapshot,
    Trade,
    Ticker,
    Heartbeat,
    Info,
    Subscribed,
    Unsubscribed,
    /// Anything the venue complains of.
    Alert,
}

/// Keys beyond the common ones.
static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
];

/// Kraken Futures.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "kraken_futures",
    title: "Kraken Futures WebSocket",
    venue: "kraken_futures",
    specification: "Derivatives WebSocket and Derivatives REST, Get instruments, of the Kraken API (docs.kraken.com)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://futures.kraken.com/ws/v1",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect,
    simulator: || Box::new(LevelVenue::new(simulator::KrakenFuturesVenue)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, REST_URL, is_symbol, "PF_XBTUSD")?;
    let venue = KrakenFutures::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// Capital letters and digits, `_` between the parts, `.` in the names of some shares.
fn is_symbol(name: &str) -> bool {
    let is_part = |byte: u8| {
        byte.is_ascii_uppercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.')
    };
    name.bytes().all(is_part)
}

fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    stitch::inspect(packet, sink, &|object| {
        // Answers to subscriptions have both.
        let name = stitch::text_of(object, "event").or(stitch::text_of(object, "feed"));
        let sequence = object.get("seq").and_then(integer);
        Some((name?.trim().to_owned(), sequence))
    })
}
