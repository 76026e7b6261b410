//! Coinbase Exchange market data over WebSocket: books by level, trades, statistics.
//!
//! Source: Coinbase Exchange documentation, "WebSocket feed": pages "Overview", "Channels", "Errors" and "Rate limits"
//! (docs.cdp.coinbase.com/exchange/websocket-feed), and "Get all known trading pairs", "Get product book" of the REST
//! reference. The room also reads the form the feed had under the name Coinbase Pro (2021, `ws-feed.pro.coinbase.com`):
//! snapshots without a time, tickers without sizes.
//!
//! # Coverage
//!
//! | Message | Page, heading | What becomes of it |
//! |---|---|---|
//! | `snapshot` | Channels, "Level2 channel" | `Clear`, then a `Level` for each entry. Replaces the book |
//! | `l2update` | Channels, "Level2 channel"; "Level2 batch channel" | A `Level` for each change, one event. Before the snapshot: ignored, counted |
//! | `match` | Channels, "Matches channel" | `Trade`; `order_id` the trade id, `side` the aggressor: the venue's `side` is the maker's |
//! | `last_match` | Channels, "Matches channel" | As `match`, unless that trade is known already: older than the connection, told once |
//! | `ticker` | Channels, "Ticker channel" | `Statistic`: `Volume24h`, `OpenPrice24h`, `LastPrice`. Best prices are not used: the book has them |
//! | `heartbeat` | Channels, "Heartbeat channel" | The check for missed trades below |
//! | `status` | Channels, "Status channel" | The list of products as it is now: steps, names, and whether trading is allowed. Currencies are not used |
//! | `subscriptions` | Overview, "Subscribe" | Confirms the subscription |
//! | `error` | Overview, "Protocol"; Errors | A notice with the venue's words |
//! | products by REST | "Get all known trading pairs" | As `status` |
//! | book by REST, level 2 | "Get product book" | The whole book: what the one that is followed is compared with |
//! | `received` `open` `done` `change` `activate` | Channels, "Full channel" | Not read: order by order, asks for a login. Counted as unknown |
//! | `level3`, `user`, `rfq_match`, `auction`, `balance` | Channels | Not read, counted as unknown; "new message types can be added at any time" |
//!
//! # Sequencing
//!
//! Level2 messages carry **no sequence number**. What the venue promises for this channel is delivery ("guarantees
//! delivery of all updates"), so the chain is the connection itself: when it breaks, or when a text cannot be read,
//! books wait for a new snapshot. A text lost without either cannot be noticed in the book, which is therefore
//! `unverified`, and compared now and then with the book by REST (`audit_s`).
//!
//! Trade ids count the trades of a product without gaps: a `match` (or a `last_match` after a reconnection) that leaves
//! some out, and a heartbeat whose `last_trade_id` has not come by the next heartbeat, are losses: in the ledger (`first`
//! and `count` are trade ids), counted, noticed. They take no book its trust, since no book depends on them. A trade that
//! comes late all the same is ignored and counted. A connection whose first trade is older than the last one known counts
//! anew.
//!
//! # Numbers
//!
//! Prices and sizes are decimal texts of any length; read exactly or refused. Sizes are integers of the product's
//! `base_increment` where the list of products came before the product's first message, with some digits more for orders
//! that are older than the step, and of 1e-8 otherwise. A later size that does not fit is refused, and its book waits for a
//! new snapshot. A 24 h volume that does not fit is left out and counted: it sums trades of times when the step was finer.
//!
//! # Not here
//!
//! Login and signatures (level2 unbatched, full, user), sending of orders, the direct market data endpoint.

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
use crate::session::stitch::{Settings, StitchedFeed, Venue, settings};
use crate::session::text::integer;
use venue::Coinbase;

static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::AUDIT_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
];

/// Coinbase Exchange WebSocket.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "coinbase_ws",
    title: "Coinbase Exchange WebSocket",
    venue: "coinbase",
    specification: "Coinbase Exchange WebSocket feed (docs.cdp.coinbase.com/exchange/websocket-feed), and its Coinbase Pro form",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://ws-feed.exchange.coinbase.com",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        stitch::inspect(packet, sink, &|object| {
            let name = stitch::text_of(object, "type")?;
            let sequence = object.get("sequence").and_then(integer);
            Some((name.to_owned(), sequence))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::CoinbaseMarket)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let rest_url = "https://api.exchange.coinbase.com";
    let own = Settings::of(settings, rest_url, is_symbol, "BTC-USD")?;
    let venue = Coinbase::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// How the room reads texts, without a feed around it.
pub fn texts() -> impl Venue {
    Coinbase::new("")
}

/// `BTC-USD`.
fn is_symbol(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
}
