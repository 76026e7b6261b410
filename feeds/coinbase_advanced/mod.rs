//! Coinbase Advanced Trade over WebSocket: books by level held by the numbers of their connection, trades, tickers.
//!
//! Source: Coinbase Developer Documentation, Advanced Trade API (docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis):
//! "Advanced Trade WebSocket Overview", "… Channels", "… Rate Limits", the AsyncAPI pages "Level 2 order book", "Market trades",
//! "Ticker", "Product status" of the reference, and "List Public Products" of REST. The members of the prose pages
//! (`client_id`) and those of the AsyncAPI pages (none) are both read.
//!
//! # Coverage
//!
//! | Channel | What becomes of it |
//! |---|---|
//! | `l2_data`, `snapshot` (subscribed as `level2`) | `Clear`, then a `Level` for each entry; replaces the book |
//! | `l2_data`, `update` | A `Level` for each entry, one event; gone where `new_quantity` is 0 |
//! | `market_trades`, `snapshot` and `update` | `Trade`, the oldest first; `order_id` the id; the aggressor is opposite to `side`, the maker's |
//! | `ticker` | `Statistic`: `LastPrice`, `Volume24h`. Best prices are not used: the book has them |
//! | `status` | Steps, and whether a product is open; `delisted` ends it |
//! | `heartbeats` | Counted; they keep the subscriptions open and show that the connection lives |
//! | `subscriptions` | Confirms one subscription |
//! | `error` | A notice with the venue's words |
//! | products by REST | Which there are, what they are, steps |
//! | `candles`, `ticker_batch`, `user`, `futures_balance_summary` | Not read, counted as unknown |
//!
//! # Sequencing
//!
//! `sequence_num` counts every message of a connection from 0, whatever its channel, confirmations and heartbeats included. A
//! hole may have been any book's, so that all books of this connection go back to their snapshots, and the hole is in the
//! ledger. A message whose number falls breaks them, too, and is not told. There is a heartbeat every second: a hole is seen
//! after a second at most, also in a book that nothing happens to. In a recording without the openings of connections a
//! message with number 0 is one.
//!
//! A text that is no JSON has a number all the same, where that can be read; where it cannot, all books begin anew.
//!
//! Trades of one message come newest first and are told oldest first. Those of the list behind a subscription are told
//! where they are younger than the last that is known.
//!
//! # Not here
//!
//! - Login (JWT): none of these channels asks for it. The venue says that connections with one are more reliable.
//! - Whether only limit orders or only cancels are allowed: `status` does not say it.
//! - Names in USDC: the venue answers with the product in USD, whose book it is. They are left out of the list of products;
//!   one that is named in the configuration never gets a book (`USDT-USDC` and `EURC-USDC` do).
//!
//! Not verified against the live venue: that `side` is the maker's (said of the venue's other market data and by users of this
//! one); what a product unknown to the venue is answered with (a confirmation without it, say users); whether trades of all
//! venues behind the API have ids that rise (others are told apart by the text); how many products a connection may have.

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
use crate::session::stitch::simulator::LevelVenue;
use crate::session::stitch::{self, Settings, StitchedFeed, settings};
use venue::CoinbaseAdvanced;

static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
];

/// Coinbase Advanced Trade WebSocket.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "coinbase_advanced",
    title: "Coinbase Advanced Trade WebSocket",
    venue: "coinbase",
    specification: "Coinbase Advanced Trade WebSocket (docs.cdp.coinbase.com/coinbase-app/advanced-trade-apis/websocket)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://advanced-trade-ws.coinbase.com",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        stitch::inspect(packet, sink, &|object| {
            let channel = stitch::text_of(object, "channel");
            let name = channel.or_else(|| stitch::text_of(object, "type"))?;
            let number = stitch::text_of(object, "sequence_num");
            Some((name.to_owned(), number.and_then(|text| text.parse().ok())))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::AdvancedMarket)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, "https://api.coinbase.com", is_product, "BTC-USD")?;
    let venue = CoinbaseAdvanced::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// `BTC-USD`, `BTC-PERP-INTX`, `BIP-20DEC30-CDE`.
fn is_product(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name.bytes().all(is_part)
}
