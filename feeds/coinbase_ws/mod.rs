//! Coinbase Exchange market data over WebSocket: books by level, trades, statistics.
//!
//! Source: Coinbase Exchange documentation, "WebSocket feed": pages "Overview", "Channels", "Errors" and "Rate limits"
//! (docs.cdp.coinbase.com/exchange/websocket-feed), and "Get all known trading pairs" of the REST reference. The room
//! also reads the form the feed had under the name Coinbase Pro (2021, `ws-feed.pro.coinbase.com`): snapshots without a
//! time, tickers without sizes.
//!
//! # Coverage
//!
//! | Message | Page, heading | What becomes of it |
//! |---|---|---|
//! | `snapshot` | Channels, "Level2 channel" | `Clear`, then a `Level` for each entry; `SNAPSHOT`, `LAST` on the final one. Replaces the book |
//! | `l2update` | Channels, "Level2 channel"; "Level2 batch channel" | A `Level` for each change, one event. Before the snapshot: ignored, counted |
//! | `match` | Channels, "Matches channel" | `Trade`; `order_id` the trade id, `side` the aggressor: the venue's `side` is the maker's |
//! | `last_match` | Channels, "Matches channel" | As `match`, unless that trade is known already: older than the connection, told once |
//! | `ticker` | Channels, "Ticker channel"; "Ticker batch channel" | `Statistic`: `Volume24h`, `OpenPrice24h`, `LastPrice`, one event. Best prices are not used: the book has them |
//! | `heartbeat` | Channels, "Heartbeat channel" | `Heartbeat`, and the check for missed trades below |
//! | `status` | Channels, "Status channel" | Definitions, `Status` when what is allowed in a product changes. Currencies are not used |
//! | `subscriptions` | Overview, "Subscribe" | Confirms the subscription |
//! | `error` | Overview, "Protocol"; Errors | A notice with the venue's words |
//! | products by REST | "Get all known trading pairs" | As `status` |
//! | `received` `open` `done` `change` `activate` | Channels, "Full channel" | Not read: order by order, asks for a login. Counted as unknown |
//! | `level3`, `user`, `rfq_match`, `auction`, `balance` | Channels | Not read, counted as unknown; "new message types can be added at any time" |
//!
//! # Sequencing
//!
//! Level2 messages carry **no sequence number**. What the venue promises for this channel is delivery ("guarantees
//! delivery of all updates"), so the chain is the connection itself: when it breaks, or when a text cannot be read,
//! books wait for a new snapshot. A text lost without either cannot be noticed in the book.
//!
//! `ticker` and `heartbeat` carry the product's sequence number, which counts much that is never sent here: it only
//! has to rise. One older than the last of its product and type is ignored and counted. Trade ids count the trades of a
//! product without gaps: a `match` (or a `last_match` after a reconnection) that leaves some out, and a heartbeat whose
//! `last_trade_id` has not come until the next heartbeat, are losses: in the ledger (`first` and `count` are trade ids),
//! counted, noticed. They take no book its trust, since no book depends on them. A trade that comes late all the same
//! is ignored and counted.
//!
//! A product is defined by the first message about it; its `Definition` and a `Reset(AwaitSnapshot)` are one event.
//!
//! # Numbers
//!
//! Prices and sizes are decimal texts of any length; read exactly or refused. Sizes are integers of the product's
//! `base_increment` where the list of products came before the product's first message, of 1e-8 otherwise; finer or
//! coarser where the first sizes need it. A later size that does not fit is refused, and its book waits for a new snapshot.
//! A 24 h volume that does not fit is left out and counted: it sums trades of times when the step was finer.
//!
//! # Not here
//!
//! Login and signatures (level2 unbatched, full, user), sending of orders, the direct market data endpoint.

mod connection;
pub mod encode;
pub mod feed;
mod inspect;
pub mod message;
mod normalize;
pub mod parse;
mod product;
pub mod scan;
pub mod settings;
pub mod simulator;

#[cfg(test)]
mod tests;

use crate::contract::{
    BookKind, Descriptor, Feed, FeedSettings, SettingFault, SnapshotService, Transport,
};
use crate::model::Price;
use feed::CoinbaseFeed;
use settings::Settings;

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
    settings: settings::KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: inspect::inspect,
    // Sizes of market events as units of 1e-4 look like those of crypto products; prices go by cents.
    simulator: || Box::new(simulator::CoinbaseServer::new(4, Price(10_000_000))),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings)?;
    Ok(Box::new(CoinbaseFeed::new(settings.channel, own)))
}
