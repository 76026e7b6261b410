//! Bitstamp spot over WebSocket: books by level joined to snapshots by REST, or the best orders of both sides; trades.
//!
//! Source: Bitstamp "WebSocket API v2" (www.bitstamp.net/websocket/v2): "Live full order book" (`diff_order_book`), "Live
//! detail order book" (`detail_order_book`), "Live
//! ticker" (`live_trades`), "Heartbeat", "Forced reconnection"; "HTTP API": "Order book", "Markets".
//!
//! # Coverage
//!
//! | Event | What becomes of it |
//! |---|---|
//! | `data` of `diff_order_book_…` | A `Level` for each entry, one event; kept until the snapshot it continues |
//! | `data` of `detail_order_book_…` | With `by_order`: the best 100 orders of each side; told are those that came, changed and went |
//! | `trade` of `live_trades_…` | `Trade`; `order_id` the id, the aggressor is who `type` names (0 buys, 1 sells) |
//! | `data` of other channels, `order_…` | Counted, not used |
//! | `bts:subscription_succeeded` | Confirms the subscription |
//! | `bts:heartbeat`, `bts:unsubscription_succeeded` | Counted |
//! | `bts:request_reconnect` | A notice: the venue closes the connection soon, and a new one is opened then |
//! | `bts:error` | A notice with the venue's words |
//! | order book by REST | The snapshot, whole: `Clear`, then a `Level` for each entry |
//! | markets by REST | Steps of price and size, and whether trading is enabled |
//!
//! # Sequencing
//!
//! Rising: updates bear the time of the matching engine in microseconds (`microtimestamp`) and nothing that shows a hole.
//! Updates of the snapshot's time or before are dropped. A snapshot that is older than the first update heard may miss what
//! came between: it is refused, and asked for again. Within a connection nothing is lost on the way; whatever breaks the
//! connection takes all books back to their snapshots.
//!
//! With `by_order` each message has the whole of what there is to tell, the best 100 orders of each side, and its time: the
//! younger one counts, whichever connection brings it, and what was lost is in the next one. The first one, which comes with
//! the next change, is the snapshot.
//!
//! # Not here
//!
//! Orders one by one (`live_orders`): they have neither numbers nor times of their own (several share a millisecond), so that
//! they cannot be joined to a snapshot without a doubt. Parts of books (`order_book`), everything private. Instruments with
//! prices finer than 1e-9, which no [`Price`](crate::model::Price) holds: nothing of them is told, counted.
//!
//! Not verified against the live venue: the list of markets in its present form (`market_symbol`), and limits of requests.

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
use crate::session::text::integer;
use venue::Bitstamp;

static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::AUDIT_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
    SettingKey::BY_ORDER,
];

/// Bitstamp spot.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "bitstamp_ws",
    title: "Bitstamp spot WebSocket",
    venue: "bitstamp",
    specification: "Bitstamp WebSocket API v2 (www.bitstamp.net/websocket/v2)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://ws.bitstamp.net",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect: |packet, sink| {
        stitch::inspect(packet, sink, &|object| {
            let name = stitch::text_of(object, "event")?;
            let data = stitch::child(object, "data");
            let sequence = data.and_then(|data| data.get("microtimestamp").and_then(integer));
            Some((name.to_owned(), sequence))
        })
    },
    simulator: || Box::new(LevelVenue::new(simulator::BitstampMarket)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, "https://www.bitstamp.net", is_pair, "btcusd")?;
    let venue = Bitstamp::new(&own.rest_url, own.is_by_order);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// `btcusd`.
fn is_pair(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    name.bytes().all(is_part)
}
