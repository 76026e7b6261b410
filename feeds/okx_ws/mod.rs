//! OKX v5 over WebSocket: books by level on the venue's own chain of numbers, trades, tickers.
//!
//! Source: OKX API v5 (www.okx.com/docs-v5/en): "WebSocket", "WS / Order book channel", "WS / Trades channel", "WS / Tickers
//! channel", "WS / Mark price channel", "WS / Funding rate channel", "WS / Open interest channel", "WS / Liquidation orders channel", "Get
//! instruments".
//!
//! # Coverage
//!
//! | Channel | What becomes of it |
//! |---|---|
//! | `books` (400 levels), `snapshot` | `Clear`, then a `Level` for each entry; replaces the book |
//! | `books`, `update` | A `Level` for each entry, one event; none where the book did not change |
//! | `trades` | `Trade`; `order_id` the id, `side` the aggressor |
//! | `tickers` | `Statistic`: `LastPrice`, `OpenPrice24h`, `Volume24h`. Best prices are not used: the book has them |
//! | `mark-price`, `funding-rate` | `Statistic`: `MarkPrice`, `FundingRate`, of perpetuals |
//! | `open-interest` | `Statistic`: `OpenInterest`, of derivatives |
//! | `liquidation-orders` | `Statistic`: `Liquidation` at the bankruptcy price. The venue tells those of all instruments of a kind; others are left alone |
//! | `subscribe`, `error`, `notice` events | Confirmation; notices with the venue's words |
//! | `pong` | Counted: it keeps the connection alive |
//! | underlyings by REST | Whose options to ask for |
//! | instruments by REST | Steps of price and size, and what trading is allowed |
//! | other channels | Not read, counted as unknown |
//!
//! # Sequencing
//!
//! Every update names the one before it (`prevSeqId`), the snapshot names none (-1). A book that did not change for a minute is
//! told so by an update whose two numbers are equal; after maintenance `seqId` may be lower than `prevSeqId`, and the chain
//! holds all the same. What breaks it takes that book back to a new snapshot. The checksum of older days is always 0 now and
//! is not looked at.
//!
//! Sizes are contracts for derivatives and units of the base currency on spot, as the venue has them.
//!
//! # Not here
//!
//! Not verified against the live venue: whether it tells every liquidation or, as others say, one a second of a contract.
//!
//! Login, the tick-by-tick channels that ask for it (`books-l2-tbt`), candles.

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
use crate::session::stitch::{self, Settings, StitchedFeed, Venue, settings};
use venue::Okx;

static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
];

/// OKX v5 WebSocket.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "okx_ws",
    title: "OKX v5 WebSocket",
    venue: "okx",
    specification: "OKX API v5 (www.okx.com/docs-v5/en)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://ws.okx.com:8443/ws/v5/public",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        stitch::inspect(packet, sink, &|object| {
            let argument = stitch::child(object, "arg");
            let channel = argument.and_then(|arg| stitch::text_of(&arg, "channel"));
            let name = stitch::text_of(object, "event").or(channel)?;
            Some((name.to_owned(), None))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::OkxMarket)),
};

/// How the room's texts read, without the feed around it.
pub fn texts() -> impl Venue {
    Okx::new("")
}

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, "https://www.okx.com", is_instrument, "BTC-USDT")?;
    let venue = Okx::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// `BTC-USDT`, `BTC-USDT-SWAP`, `BTC-USD-250328-90000-C`.
fn is_instrument(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    name.bytes().all(is_part)
}
