//! Bitfinex over WebSocket (API v2): books by level or by order proved by the venue's checksum, trades.
//!
//! Source: Bitfinex "WebSocket: General" (docs.bitfinex.com/docs/ws-general), "Public Channels" (docs/ws-public), "Books"
//! (reference/ws-public-books), "Raw Books" (reference/ws-public-raw-books), "Trades" (reference/ws-public-trades), "WebSocket Checksum" (docs/ws-websocket-checksum).
//!
//! # Coverage
//!
//! | Message | What becomes of it |
//! |---|---|
//! | book: `[channel, [[price, count, amount], …]]` | The snapshot: `Clear`, then a `Level` for each entry |
//! | book: `[channel, [price, count, amount]]` | A `Level`; gone where `count` is 0. The sign of `amount` is its side |
//! | raw book: `[channel, [[id, price, amount], …]]` | The snapshot, with `by_order`: `Clear`, then an `Add` for each order |
//! | raw book: `[channel, [id, price, amount]]` | `Add`, `Modify`, or, where the price is 0, `Cancel` |
//! | `[channel, "cs", checksum]` | The book has to have it, or is given up |
//! | trades: `[channel, "te", [id, time, amount, price]]` | `Trade`; `order_id` the id; the sign of `amount` is the aggressor |
//! | `tu`, the list of past trades | Counted, not used: `tu` says `te` again |
//! | `[channel, "hb"]`, `pong` | Counted; they keep the connection alive |
//! | `info` | Begins the numbers of its connection; maintenance is a notice, and all books begin anew behind it |
//! | `subscribed`, `unsubscribed`, `conf` | Say which channel is whose; confirm the subscription |
//! | `error` | A notice with the venue's words |
//! | list of pairs by REST | Which pairs there are |
//!
//! # Sequencing
//!
//! Three things hold a book. The connection: nothing of a book is known before its snapshot. Numbers: every message of a
//! connection has the next one (`SEQ_ALL`), whatever its channel; a hole may have been any book's, so that all books of this
//! connection go back to their snapshots. The checksum: behind each round of updates comes the CRC32 of 25 levels a side, over
//! `bid price:bid amount:ask price:ask amount:…`, numbers written as JavaScript does (`5.6e-7`), amounts of asks below zero.
//! Updates are told when they come and proved a message later; a book that fails is given up at once.
//!
//! A book has 250 levels a side, or orders: what is pushed beyond is dropped.
//!
//! With `by_order` the books are those of precision `R0`, order by order, and their checksum is over ids in place of prices;
//! orders of one price stand by their id.
//!
//! # Not here
//!
//! - Precisions other than `P0` and `R0`, funding (`f…`), tickers, candles, everything private.
//! - Prices have five significant digits: instruments with some finer than 1e-9, which no [`Price`](crate::model::Price)
//!   holds, are given up; counted.
//! - Steps of prices: they depend on the price.
//!
//! Not verified against the live venue: whether the number or the time stands last where both are asked for (they are told
//! apart by their size); whether levels and orders that are pushed out of the 250 are said to be gone; that orders of one price stand by their id in
//! the checksum; that checksums of books with
//! prices below 1e-6 are over numbers with exponents is said by users of the API, not by its documents.

mod message;
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
use venue::Bitfinex;

static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    SettingKey::BY_ORDER,
];

/// Bitfinex.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "bitfinex_ws",
    title: "Bitfinex WebSocket",
    venue: "bitfinex",
    specification: "Bitfinex WebSocket API 2.0 (docs.bitfinex.com/docs/ws-general)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://api-pub.bitfinex.com/ws/2",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        stitch::inspect(packet, sink, &|object| {
            Some((stitch::text_of(object, "event")?.to_owned(), None))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::BitfinexMarket::default())),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let rest = "https://api-pub.bitfinex.com";
    let own = Settings::of(settings, rest, is_symbol, "tBTCUSD")?;
    let venue = Bitfinex::new(&own.rest_url, own.is_by_order);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// `tBTCUSD`, `tDUSK:USD`. Names of funding begin with `f`.
fn is_symbol(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b':';
    !name.starts_with('f') && name.bytes().all(is_part)
}
