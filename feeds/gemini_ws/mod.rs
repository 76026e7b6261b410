//! Gemini over WebSocket (market data v2): books by level, trades.
//!
//! Source: Gemini "Market Data v2": "About", "Level 2 Data" (docs.gemini.com/websocket/market-data/v2, kept by the venue as
//! developer.gemini.com/websocket/archived/v2); "REST API: Market Data": "Get Symbol Details", "Get Current Order Book".
//!
//! # Coverage
//!
//! | Message | What becomes of it |
//! |---|---|
//! | `l2_updates` with `trades` | The snapshot: `Clear`, then a `Level` for each change; its past trades are not used |
//! | `l2_updates` | A `Level` for each change, one event |
//! | `trade` | `Trade`; `order_id` the `tid`, `side` the aggressor |
//! | `heartbeat` | Counted; keeps the connection alive |
//! | `auction_open`, `auction_indicative`, `auction_result`, `block_trade`, `candles_…_updates` | Counted, not used |
//! | an object with `result` `error` | A notice with the venue's words |
//! | symbol details by REST | Steps of price (`quote_increment`) and size (`tick_size`), and whether trading is allowed |
//! | order book by REST | The book, whole: what the one that is followed may be compared with |
//!
//! # Sequencing
//!
//! There are no numbers and no checksums: what comes on the connection of the snapshot is all there is, and a message that the
//! venue left out would not show. **Books of this feed cannot be proved by the feed itself**: they are `unverified`, and
//! compared now and then with the book by REST, which has no number either (`audit_s`). Whatever breaks the connection takes
//! all books back to their snapshots.
//!
//! # Not here
//!
//! - The venue's newer WebSocket API (`wss://ws.gemini.com`), whose updates have numbers: the present room speaks the form of
//!   before, which the venue calls archived.
//! - Sizes finer than the step the venue states (eight digits where it states none): their book is given up.
//! - Auctions, candles, everything private.
//!
//! Not verified against the live venue: that the snapshot of an instrument without trades has an empty list `trades`;
//! heartbeats, errors and the list of all details (`/v1/symbols/details/all`) are from general knowledge.

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
use venue::Gemini;

static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::AUDIT_KEY,
];

/// Gemini.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "gemini_ws",
    title: "Gemini WebSocket market data v2",
    venue: "gemini",
    specification: "Gemini Market Data v2 (docs.gemini.com/websocket/market-data/v2)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://api.gemini.com/v2/marketdata",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        stitch::inspect(packet, sink, &|object| {
            let name = stitch::text_of(object, "type");
            let name = name.or_else(|| stitch::text_of(object, "result"))?;
            Some((name.to_owned(), None))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::GeminiMarket)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, "https://api.gemini.com", is_symbol, "BTCUSD")?;
    let venue = Gemini::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// `BTCUSD`.
fn is_symbol(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
}
