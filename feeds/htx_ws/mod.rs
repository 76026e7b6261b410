//! HTX (Huobi) spot over WebSocket: books by level joined to snapshots asked for on the same connection, trades, statistics.
//!
//! Source: "Huobi Spot API" (huobiapi.github.io/docs/spot/v1/en): "Market By Price (incremental update)", "Trade Detail",
//! "Market Details", "Websocket Market Data: General" (compression, ping); the venue's notices "HTX will support new MBP
//! (Market By Price) feed in existing Websocket API" (htx.com/support/900000047626), "HTX is going to fix one known issue in
//! existing Websocket channel market.$symbol.mbp.$levels" and "HTX is going to support 5 levels MBP feed".
//!
//! # Coverage
//!
//! | Topic | What becomes of it |
//! |---|---|
//! | `market.$symbol.mbp.150`, `sub` | A `Level` for each entry, one event; kept until the snapshot it continues |
//! | `market.$symbol.mbp.150`, `req` | The snapshot: `Clear`, then a `Level` for each entry |
//! | `market.$symbol.trade.detail` | A `Trade` for each entry; `order_id` the `tradeId`, `side` the aggressor |
//! | `market.$symbol.detail` | `Statistic`: `LastPrice`, `OpenPrice24h`, `Volume24h` |
//! | `market.$symbol.bbo`, `….mbp.refresh.$levels`, `….depth.$type`, `….kline.$period`, `….ticker` | Counted, not used |
//! | `ping` | Answered with `pong` and its number; keeps the connection alive |
//! | answers (`subbed`, `unsubbed`) | Confirm the subscription; an error is a notice with the venue's words |
//! | `/v1/common/symbols` by REST | Steps of price and size, and whether trading is allowed |
//!
//! # Framing
//!
//! Every text of the venue is one gzip member in one binary message; what the client says is plain text. Texts longer than
//! [16 MiB](crate::session::text::INFLATED_BYTES_MAX) are refused, as is what its own checksum contradicts: then every book
//! waits for a new snapshot, since nobody can say whose it was.
//!
//! # Sequencing
//!
//! Each update names the one before it (`prevSeqNum`). The snapshot is asked for by a `req` on the connection that carries the
//! updates, as the venue demands, and is continued by the update that names its `seqNum`. What breaks that takes this book
//! back to its snapshot, and no other book. A book has 150 levels a side: what is pushed beyond is dropped.
//!
//! # Two addresses
//!
//! By the documents books are served at `/feed` and everything else at `/ws`. `topics` says what a feed asks for: `all` (the
//! default, on one connection, where the address serves both), `books` or `trades` (trades and statistics); two feeds with one
//! address each have everything. A topic that is refused is a notice.
//!
//! # Not here
//!
//! - Sizes of more digits than 64 bits hold: their message is refused, and the book given up.
//! - Derivatives (`api.hbdm.com`), candles, everything private.
//!
//! Not verified against the live venue: whether `/feed` serves trades too; in which order one message has its trades (their
//! ids are taken to say nothing but which trade it is); the fields of the list of symbols, from general knowledge.

mod read;
mod scan;
mod simulator;
mod venue;

#[cfg(test)]
mod tests;

use crate::contract::{
    BookKind, Descriptor, Feed, FeedSettings, Form, Packet, SettingFault, SettingKey,
    SnapshotService, Transport, Value,
};
use crate::session::stitch;
use crate::session::stitch::simulator::LevelVenue;
use crate::session::stitch::{Settings, StitchedFeed, settings};
use crate::session::text::{Inflater, integer};
use venue::{Htx, Topics};

static KEYS: &[SettingKey] = &[
    SettingKey {
        key: "topics",
        help: "What the venue is asked for: all, books, or trades (with statistics); default all.",
        example: "books",
    },
    settings::SILENCE_KEY,
    settings::REST_KEY,
];

/// HTX spot.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "htx_ws",
    title: "HTX (Huobi) spot WebSocket",
    venue: "htx",
    specification: "Huobi Spot API v1, Websocket Market Data (huobiapi.github.io/docs/spot/v1/en)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://api.huobi.pro/feed",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        let mut inflater = Inflater::default();
        let plain = match packet.form {
            Form::Binary => Packet {
                form: Form::Text,
                bytes: inflater.inflate(packet.bytes)?,
                ..*packet
            },
            _ => *packet,
        };
        stitch::inspect(&plain, sink, &|object| {
            let name = ["ch", "rep", "subbed", "unsubbed"]
                .iter()
                .find_map(|key| stitch::text_of(object, key));
            let tick = stitch::child(object, "tick").or_else(|| stitch::child(object, "data"));
            let sequence = tick.and_then(|tick| tick.get("seqNum").and_then(integer));
            let name = name.or_else(|| object.get("ping").map(|_| "ping"))?;
            Some((name.to_owned(), sequence))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::HtxMarket)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, "https://api.huobi.pro", is_pair, "btcusdt");
    let topics = match settings.own("topics") {
        None => Ok(Topics::All),
        Some(Value::Text(text)) => Topics::of(text).ok_or(()),
        Some(_) => Err(()),
    };
    let topics_fault = || SettingFault {
        key: "topics".to_owned(),
        why: "nothing the venue can be asked for".to_owned(),
        remedy: "write all, books or trades".to_owned(),
    };
    match (own, topics) {
        (Ok(own), Ok(topics)) => {
            let venue = Htx::new(&own.rest_url, topics);
            Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
        }
        (own, topics) => {
            let mut faults = own.err().unwrap_or_default();
            faults.extend(topics.is_err().then(topics_fault));
            Err(faults)
        }
    }
}

/// `btcusdt`.
fn is_pair(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
