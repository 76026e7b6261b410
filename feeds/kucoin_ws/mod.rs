//! KuCoin spot over WebSocket: books by level joined to snapshots by REST, trades, last prices.
//!
//! Source: KuCoin "WebSocket API" of the Classic spot API (www.kucoin.com/docs): "Orderbook - Increment" (which says how a local
//! book is kept), "Trade", "Ticker", "Apply for Connect Token", "Ping", "Get Part OrderBook", "Get All Symbols". Two orders of
//! members are read by the scanner: that of the present pages and that of recordings of 2021.
//!
//! # Coverage
//!
//! | Subject or type | What becomes of it |
//! |---|---|
//! | `trade.l2update` | A `Level` for each change, one event; kept until the snapshot it continues. A change at price 0 only has a number |
//! | `trade.l3match` | `Trade`; `order_id` the sequence number, `side` the aggressor |
//! | `trade.ticker` | `Statistic`: `LastPrice`. Best prices are not used: the book has them |
//! | `trade.candles.add`, `.update` | Counted, not used |
//! | `welcome`, `pong`, `notice` | Counted |
//! | `ack` | Confirms the subscription |
//! | `error` | A notice with the venue's words |
//! | order book by REST | The snapshot: `Clear`, then a `Level` for each entry |
//! | token by REST | Goes into the address of the connection, with the server it names |
//! | symbols by REST | Steps of price and size, and whether trading is enabled |
//!
//! # Sequencing
//!
//! Ranges: `sequenceStart` is `sequenceEnd` of the one before, and one. Updates that end at or before the snapshot's `sequence`
//! are dropped, the first one behind it has to reach back to it. What breaks that takes this book back to its snapshot, and no
//! other book.
//!
//! A connection is opened with a token, which is asked for before each (`/api/v1/bullet-public` of `rest_url`); an address of
//! one's own gets the token, too, and stays the server's place. A token in the configured address is used as it is.
//!
//! Snapshots have 100 levels a side (the whole book asks for a key): levels beyond them show when they change.
//!
//! # Not here
//!
//! - Instruments with prices finer than 1e-9, which no [`Price`](crate::model::Price) holds: nothing of them is told, counted.
//! - Books by order, candles, margin, everything private.
//!
//! Not verified against the live venue: that member orders are always those of the pages (others are read by the general
//! reader, slower), and limits of requests (one topic has at most 100 symbols, as "Orderbook - Increment" says).

mod read;
mod scan;
mod simulator;
mod venue;

#[cfg(test)]
mod tests;

use crate::contract::{
    BookKind, Descriptor, Feed, FeedSettings, SettingFault, SettingKey, SnapshotService, Transport,
};
use crate::session::stitch;
use crate::session::stitch::simulator::LevelVenue;
use crate::session::stitch::{Settings, StitchedFeed, settings};
use crate::session::text::integer;
use venue::Kucoin;

static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::AUDIT_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
];

/// KuCoin spot.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "kucoin_ws",
    title: "KuCoin spot WebSocket",
    venue: "kucoin",
    specification: "KuCoin Classic spot WebSocket API (www.kucoin.com/docs), and its form of 2021",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: venue::URL,
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        stitch::inspect(packet, sink, &|object| {
            let name =
                stitch::text_of(object, "subject").or_else(|| stitch::text_of(object, "type"))?;
            let data = stitch::child(object, "data");
            let sequence = data.and_then(|data| data.get("sequenceEnd").and_then(integer));
            Some((name.to_owned(), sequence))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::KucoinMarket)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, "https://api.kucoin.com", is_symbol, "BTC-USDT")?;
    let venue = Kucoin::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// `BTC-USDT`.
fn is_symbol(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name.bytes().all(is_part)
}
