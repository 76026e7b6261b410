//! Binance spot market data streams in Simple Binary Encoding: books by level, trades.
//!
//! Source: "SBE Market Data Streams" of the spot API and its schema `stream_1_0.xml`
//! (developers.binance.com/docs/binance-spot-api-docs/sbe-market-data-streams). What is asked for and what answers is JSON,
//! as in `binance_spot`; so are snapshots and instruments by REST. The venue wants an API key (Ed25519, no permissions)
//! in the handshake: `headers: { X-MBX-APIKEY: "env:NAME" }`.
//!
//! # Coverage
//!
//! | Template | Message | What becomes of it |
//! |---|---|---|
//! | 10000 | `TradesStreamEvent` | A `Trade` for each entry; `order_id` the id, the aggressor is who was not the maker |
//! | 10001 | `BestBidAskStreamEvent` | Counted: the book has the best prices. Not subscribed |
//! | 10002 | `DepthSnapshotStreamEvent` | Counted, not used: the best twenty levels. Not subscribed |
//! | 10003 | `DepthDiffStreamEvent` | A `Level` for each entry, one event; kept until the snapshot it continues |
//! | other | | Counted as unknown, by number |
//! | | answers to requests | Confirm the subscription; an error is a notice with the venue's words |
//! | | `depth` by REST | The snapshot: `Clear`, then a `Level` for each entry |
//! | | `exchangeInfo` by REST | Steps of price and size, and what trading is allowed |
//!
//! # Sequencing
//!
//! Ranges, as the JSON streams: the first id of an update is the last one of the one before, and one.
//!
//! # Numbers
//!
//! Mantissas with one exponent for all prices of a message and one for all sizes; exact. Times are microseconds. Blocks and
//! entries that are longer than this version's are read as far as they are known.
//!
//! # Not here
//!
//! Login and orders. Not verified against the live venue, which gives these streams to key holders only: the vectors are made by
//! the documented layout. `serverShutdown`, a text, is counted as unknown; the connection that ends is opened anew.

#[rustfmt::skip]
pub mod generated;
mod simulator;
#[cfg(test)]
mod tests;
mod venue;

use crate::contract::{
    BookKind, DecodeError, Descriptor, Feed, FeedSettings, Form, MessageSink, Packet, SettingFault,
    SettingKey, SnapshotService, Transport,
};
use crate::session::diff_depth::{self, Market};
use crate::session::stitch::simulator::LevelVenue;
use crate::session::stitch::{Settings, StitchedFeed, settings};
use generated::Message;
use venue::BinanceSbe;

const MARKET: Market = Market {
    rest_path: "/api/v3",
    is_linked: false,
    depth_stream: "depth",
    streams: &["trade"],
    streams_max: 1_024,
};

/// Keys beyond the common ones.
static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::AUDIT_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
];

/// Binance spot, binary.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "binance_spot_sbe",
    title: "Binance spot SBE market data streams",
    venue: "binance",
    specification: "SBE Market Data Streams of the Binance spot API, schema 1 version 0 (developers.binance.com)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://stream-sbe.binance.com:9443/ws",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect,
    simulator: || Box::new(LevelVenue::new(simulator::BinanceSbeMarket::new())),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let rest_url = "https://api.binance.com";
    let own = Settings::of(settings, rest_url, diff_depth::is_symbol, "BTCUSDT")?;
    let venue = BinanceSbe::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    if packet.form != Form::Binary {
        return diff_depth::inspect(packet, sink);
    }
    let Some(message) = venue::message(packet.bytes)? else {
        return Ok(());
    };
    let sequence = match &message {
        Message::DepthDiffStreamEvent(diff) => u64::try_from(diff.block.last_book_update_id()).ok(),
        _ => None,
    };
    sink.message(&packet.line.0.to_string(), sequence, &message);
    Ok(())
}
