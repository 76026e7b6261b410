//! Binance coin-margined futures over WebSocket: books by level, trades, statistics.
//!
//! Source: "Websocket Market Streams" of the COIN-M futures API (developers.binance.com/docs/derivatives/coin-margined-futures).
//!
//! # Coverage
//!
//! | Message | What becomes of it |
//! |---|---|
//! | `depthUpdate` | A `Level` for each entry, one event; kept until the snapshot it continues |
//! | `trade`, `aggTrade` | `Trade`; `order_id` the id, the aggressor is who was not the maker |
//! | `24hrTicker` | `Statistic`: `LastPrice`, `OpenPrice24h`, `Volume24h` |
//! | `markPriceUpdate` | `Statistic`: `MarkPrice`, and `FundingRate` where there is one |
//! | `bookTicker` | Counted: the book has the best prices |
//! | `forceOrder` | `Statistic`: `Liquidation`, what was filled of it at the average price; sizes in contracts. The venue tells the latest one of a second only |
//! | `kline` | Counted, not used |
//! | answers to requests | Confirm the subscription; an error is a notice with the venue's words |
//! | `depth` by REST | The snapshot: `Clear`, then a `Level` for each entry |
//! | `exchangeInfo` by REST | Steps of price and size, and what trading is allowed |
//!
//! # Sequencing
//!
//! `pu` is `u` of the one before. What breaks it takes that book back to its snapshot, and no other book. Snapshots have 1,000 levels a side: levels
//! beyond them show when they change.
//!
//! # Not here
//!
//! Open interest, which the venue tells by REST only; login and orders.

use crate::contract::{
    BookKind, Descriptor, Feed, FeedSettings, SettingFault, SettingKey, SnapshotService, Transport,
};
use crate::session::diff_depth::{self, DiffDepth, Market, simulator};
use crate::session::stitch::{Settings, StitchedFeed, settings};

const MARKET: Market = Market {
    rest_path: "/dapi/v1",
    is_linked: true,
    depth_stream: "depth@100ms",
    streams: &["aggTrade", "markPrice@1s", "ticker", "forceOrder"],
    streams_max: 200,
};

/// Keys beyond the common ones.
static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::AUDIT_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
];

/// Binance coin-margined futures.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "binance_coinm",
    title: "Binance coin-margined futures WebSocket",
    venue: "binance",
    specification: "Websocket Market Streams of the COIN-M futures API (developers.binance.com/docs/derivatives/coin-margined-futures)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://dstream.binance.com/stream",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: diff_depth::inspect,
    simulator: || Box::new(simulator::venue(MARKET)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let rest_url = "https://dapi.binance.com";
    let own = Settings::of(settings, rest_url, diff_depth::is_symbol, "BTCUSD_PERP")?;
    let venue = DiffDepth::new(MARKET, &own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

#[cfg(test)]
mod tests {
    /// The samples of the venue's documentation, each with its page or that it was not at hand.
    #[test]
    fn documented_samples_are_told_as_the_documents_mean_them() {
        let path = "binance_coinm/vectors/documented.txt";
        crate::session::diff_depth::tests::check_market(path, super::MARKET);
    }
}
