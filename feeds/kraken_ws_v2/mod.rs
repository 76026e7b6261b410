//! Kraken spot over WebSocket: books by level proved by the venue's checksum, trades, tickers.
//!
//! Source: Kraken "Spot WebSockets v2" (docs.kraken.com/api/docs/websocket-v2): channels book, trade, ticker, instrument, status,
//! heartbeat; "Book checksum (v2)". The room also reads the form of v1 (docs.kraken.com/api/docs/websocket-v1), which the
//! feed had before: lists instead of objects, pairs with the venue's older names (`XBT/USD`). It subscribes to v2.
//!
//! # Coverage
//!
//! | v2 | v1 | What becomes of it |
//! |---|---|---|
//! | `book` `snapshot` | `as`, `bs` | `Clear`, then a `Level` for each entry; replaces the book |
//! | `book` `update` | `a`, `b` | A `Level` for each entry, one event; levels beyond the depth go with size 0 |
//! | `trade` | `trade` | `Trade`; `order_id` the id (v1 has none), `side` the aggressor |
//! | `ticker` | `ticker` | `Statistic`: `LastPrice`, `Volume24h`. Best prices are not used: the book has them |
//! | `instrument` | pairs by REST | Steps of price and size, and what trading is allowed |
//! | `status`, `heartbeat`, `pong` | the same | Counted; they keep the connection alive |
//! | `subscribe` answers | `subscriptionStatus` | Confirm the subscription; an error is a notice with the venue's words |
//! | `level3`, `ohlc`, `executions`, … | `spread`, `ohlc`, … | Not read, counted as unknown |
//!
//! # Sequencing
//!
//! Updates have no numbers: the chain is the connection, and every update carries the CRC32 of the ten best levels of each
//! side behind it, over the most digits behind the point that prices, and sizes, had since the snapshot (the manual prints
//! numbers without the zeros at their ends). One that does not fit takes the book back to a new snapshot before anything
//! of it is told. A subscriber drops what is beyond the depth it asked for.
//!
//! # Not here
//!
//! Books by order (`level3` asks for a login), candles, everything private.

mod read;
mod scan;
mod simulator;
mod venue;

#[cfg(test)]
mod tests;

use crate::contract::{
    BookKind, Descriptor, Feed, FeedSettings, SettingFault, SettingKey, SnapshotService, Transport,
    Value,
};
use crate::session::stitch;
use crate::session::stitch::simulator::LevelVenue;
use crate::session::stitch::{Settings, StitchedFeed, Venue, settings};
use venue::Kraken;

/// Depths the venue offers.
const DEPTHS: [usize; 5] = [10, 25, 100, 500, 1_000];
const DEPTH_DEFAULT: usize = 100;

static KEYS: &[SettingKey] = &[
    SettingKey {
        key: "subscribed_depth",
        help: "Levels a side the venue is asked for: 10, 25, 100, 500 or 1000, default 100.",
        example: "100",
    },
    settings::SILENCE_KEY,
    settings::KIND_KEY,
];

/// Kraken spot WebSocket.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "kraken_ws_v2",
    title: "Kraken spot WebSocket",
    venue: "kraken",
    specification: "Kraken Spot WebSockets v2 (docs.kraken.com/api/docs/websocket-v2), and the form of v1",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://ws.kraken.com/v2",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        stitch::inspect(packet, sink, &|object| {
            let name = stitch::text_of(object, "channel")
                .or_else(|| stitch::text_of(object, "method"))
                .or_else(|| stitch::text_of(object, "event"))?;
            Some((name.to_owned(), None))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::KrakenMarket)),
};

/// How the room's texts read, without the feed around it.
pub fn texts() -> impl Venue {
    Kraken::new(DEPTH_DEFAULT)
}

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, "https://api.kraken.com", is_pair, "BTC/USD");
    let depth = match settings.own("subscribed_depth") {
        None => Ok(DEPTH_DEFAULT),
        Some(&Value::Integer(depth)) => {
            let depth = usize::try_from(depth).unwrap_or(0);
            DEPTHS.contains(&depth).then_some(depth).ok_or(())
        }
        Some(_) => Err(()),
    };
    let depth_fault = || SettingFault {
        key: "subscribed_depth".to_owned(),
        why: "no depth the venue offers".to_owned(),
        remedy: "write 10, 25, 100, 500 or 1000".to_owned(),
    };
    match (own, depth) {
        (Ok(own), Ok(depth)) => {
            let feed = StitchedFeed::new(settings.channel, own, Kraken::new(depth));
            Ok(Box::new(feed))
        }
        (own, depth) => {
            let mut faults = own.err().unwrap_or_default();
            faults.extend(depth.is_err().then(depth_fault));
            Err(faults)
        }
    }
}

/// `BTC/USD`.
fn is_pair(name: &str) -> bool {
    let is_part =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'.' | b'-' | b'_');
    name.bytes().all(is_part)
}
