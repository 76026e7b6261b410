//! Gate spot over WebSocket (API v4): books by level joined to snapshots by REST, trades, statistics.
//!
//! Source: Gate "Spot WebSocket v4" (www.gate.io/docs/developers/apiv4/ws/en): "Changed order book levels" (which says how a
//! local book is kept), "Public trades channel", "Tickers channel", "Application ping pong"; "Gate API v4": "Retrieve order
//! book", "List all currency pairs supported".
//!
//! # Coverage
//!
//! | Channel | What becomes of it |
//! |---|---|
//! | `spot.order_book_update` | A `Level` for each entry, one event; kept until the snapshot it continues. One that is `full` replaces the book |
//! | `spot.trades` | `Trade`; `order_id` the id, `side` the aggressor |
//! | `spot.tickers` | `Statistic`: `LastPrice`, `Volume24h`. Best prices are not used: the book has them |
//! | `spot.candlesticks`, `spot.book_ticker`, `spot.order_book` | Counted, not used |
//! | `spot.pong` | Counted; keeps the connection alive |
//! | answers (`subscribe`, `unsubscribe`) | Confirm the subscription; an error is a notice with the venue's words |
//! | order book by REST | The snapshot: `Clear`, then a `Level` for each entry |
//! | currency pairs by REST | Steps of price and size, and whether trading is allowed |
//!
//! # Sequencing
//!
//! Ranges: `U` is `u` of the one before, and one. Updates that end at or before the snapshot's `id` are dropped, the first one
//! behind it has to reach back to it. What breaks that takes this book back to its snapshot, and no other book.
//!
//! Snapshots have 100 levels a side: levels beyond them show when they change.
//!
//! # Not here
//!
//! - Instruments with prices finer than 1e-9, which no [`Price`](crate::model::Price) holds: nothing of them is told, counted.
//! - Books of `spot.obu`, futures, everything private.
//!
//! Not verified against the live venue: that requests may carry one and the same `time` (no clock is read here), and `full`
//! messages, which no recording has.

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
use venue::Gate;

static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::AUDIT_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
];

/// Gate spot.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "gateio_ws",
    title: "Gate spot WebSocket",
    venue: "gateio",
    specification: "Gate Spot WebSocket v4 (www.gate.io/docs/developers/apiv4/ws/en)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://api.gateio.ws/ws/v4/",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        stitch::inspect(packet, sink, &|object| {
            let name = stitch::text_of(object, "channel")?;
            let result = stitch::child(object, "result");
            let sequence = result.and_then(|result| result.get("u").and_then(integer));
            Some((name.to_owned(), sequence))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::GateMarket)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, "https://api.gateio.ws", is_pair, "BTC_USDT")?;
    let venue = Gate::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// `BTC_USDT`.
fn is_pair(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    name.bytes().all(is_part)
}
