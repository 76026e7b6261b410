//! Kraken Futures (derivatives) over WebSocket: books by level, trades, statistics.
//!
//! Source: Kraken API Center, Futures WebSocket: "Book", "Trade", "Ticker", "Heartbeat"
//! (docs.kraken.com/exchange/api-reference/futures-websocket), and "Get instruments" of the Futures REST reference.
//!
//! # Coverage
//!
//! | Message | What becomes of it |
//! |---|---|
//! | `book_snapshot` | `Clear`, then a `Level` for each entry. Replaces the book |
//! | `book` | A `Level`: one side, one price, what rests there now |
//! | `trade` | `Trade`; `order_id` is `uid` folded to 64 bits, `side` the aggressor's |
//! | `trade_snapshot` | Counted, not used: trades of before the subscription |
//! | `ticker` | `Statistic`: `LastPrice`, `MarkPrice`, `IndexPrice`, `OpenInterest`, `FundingRate`; `suspended` is a `Status` |
//! | `heartbeat` | Counted: a quiet connection lives |
//! | `subscribed`, `unsubscribed` | The former confirms one request |
//! | `subscribed_failed`, `error`, `alert` | Notices with the venue's words |
//! | `info` | Counted: the greeting |
//! | instruments by REST | Steps of price and size, kind, expiry, names, and whether trading is on |
//! | `ticker_lite`, private feeds | Not subscribed; counted as unknown |
//!
//! # Sequencing
//!
//! `seq` of a product's book rises by one from message to message, beginning with its snapshot: an update has to be the next.
//! One that is not sends the book, and only that one, back to a new subscription. Snapshots are not sorted by rule; they need not be.
//!
//! # Numbers
//!
//! Prices and sizes are JSON numbers and read as the decimals they are. `contractValueTradePrecision` is how many digits sizes have
//! (below zero: tens of contracts). The funding rate is the relative one, of the position's value an hour.
//!
//! # Not here
//!
//! Login and private feeds; the index products; the venue's newer unified WebSocket (`uws.kraken.com`).
//!
//! Not verified against the live venue: that one `subscribed` answers a request of several products. Message samples of the
//! tests follow the pages' fields.

mod read;
mod scan;
mod simulator;
#[cfg(test)]
mod tests;
mod venue;

use crate::contract::{
    BookKind, Descriptor, Feed, FeedSettings, SettingFault, SettingKey, SnapshotService, Transport,
};
use crate::session::stitch;
use crate::session::stitch::simulator::LevelVenue;
use crate::session::stitch::{Settings, StitchedFeed, settings};
use crate::session::text::integer;
use venue::KrakenFutures;

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
    venue: "kraken",
    specification: "Kraken Futures WebSocket v1 (docs.kraken.com/exchange/api-reference/futures-websocket)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://futures.kraken.com/ws/v1",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        stitch::inspect(packet, sink, &|object| {
            let name =
                stitch::text_of(object, "event").or_else(|| stitch::text_of(object, "feed"))?;
            let sequence = object.get("seq").and_then(integer);
            Some((name.to_owned(), sequence))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::KrakenFuturesMarket)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(
        settings,
        "https://futures.kraken.com",
        is_symbol,
        "PF_XBTUSD",
    )?;
    let venue = KrakenFutures::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// `PF_XBTUSD`, `FI_XBTUSD_220930`.
fn is_symbol(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
