//! BitMEX over WebSocket: books by level, trades, statistics.
//!
//! Source: "WebSocket API" (www.bitmex.com/app/wsAPI), "REST API Explorer" and the announcement "Potentially-Breaking API Update
//! to ID Generation on WebSocket Orderbook Feeds" (blog.bitmex.com) of 2023.
//!
//! # Coverage
//!
//! | Message | What becomes of it |
//! |---|---|
//! | `orderBookL2` `partial` | `Clear`, then a `Level` for each row |
//! | `orderBookL2` `insert`, `update`, `delete` | A `Level` for each row, 0 for `delete`; one event a message |
//! | `trade` `partial`, `insert` | `Trade`; `order_id` is `trdMatchID` folded to 64 bits, the aggressor is the `side` |
//! | `liquidation` `partial`, `insert` | `Statistic`: `Liquidation`; `order_id` is `orderID` folded to 64 bits. Other actions tell what becomes of the order: not used. The table has no times |
//! | `instrument` | `Statistic`: `LastPrice`, `MarkPrice`, `FundingRate`, `OpenInterest`; steps of price and size; `state` is a `Status` |
//! | `info`, `success` | Counted; `success` of a subscription confirms it |
//! | `error` | A notice with the venue's words |
//! | `pong` | Counted |
//! | `quote` and other tables | Counted, not used |
//! | `instrument/active` by REST | As `instrument` |
//!
//! # Sequencing
//!
//! There are no numbers: what comes on the connection of the `partial` is all there is. Rows are known by `id`. Until 2023 only
//! `partial` and `insert` had the price with it, so that the room keeps which price an id is, instrument by instrument, from a
//! `partial` to the next; since then every row has its price, and that is what counts. A row without a price whose id nobody
//! knows, or an id too many, takes that book back to its snapshot: its subscription is left and joined again. Rows before the
//! `partial` are passed over, as the manual asks. Times of rows came with their prices: books of older recordings have none.
//!
//! # Not here
//!
//! Login and orders. Instruments with prices finer than 1e-9, such as an altcoin in bitcoin may have: what says such a price is
//! refused and counted, and the book keeps waiting; leave them out of `instruments`. Sizes are contracts, as the venue counts them. Rows without prices on two connections at once: ids are
//! kept once, so that a connection that is behind may lose a book for a moment.

mod read;
mod rows;
mod scan;
mod simulator;
#[cfg(test)]
mod tests;
mod venue;

use crate::contract::{
    BookKind, DecodeError, Descriptor, Feed, FeedSettings, MessageSink, Packet, SettingFault,
    SettingKey, SnapshotService, Transport,
};
use crate::session::stitch::simulator::LevelVenue;
use crate::session::stitch::{self, Settings, StitchedFeed, settings};
use venue::{Bitmex, REST_URL};

/// Types of messages, as counted.
const KINDS: [&str; 7] = [
    "orderBookL2",
    "trade",
    "instrument",
    "other",
    "result",
    "pong",
    "liquidation",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Book,
    Trade,
    Instrument,
    /// A table nobody here subscribes to.
    Other,
    /// A greeting, or an answer to a request.
    Result,
    Pong,
    Liquidation,
}

/// Keys beyond the common ones.
static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
];

/// BitMEX.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "bitmex_ws",
    title: "BitMEX WebSocket",
    venue: "bitmex",
    specification: "WebSocket API (www.bitmex.com/app/wsAPI) and the announcement on ids of orderBookL2 of 2023",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://ws.bitmex.com/realtime",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect,
    simulator: || Box::new(LevelVenue::new(simulator::BitmexVenue)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, REST_URL, is_symbol, "XBTUSD")?;
    let venue = Bitmex::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// Letters and digits, `_` between the currencies of a spot pair.
fn is_symbol(name: &str) -> bool {
    name.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    if packet.bytes == read::PONG {
        // The one text that is no JSON.
        let packet = Packet {
            bytes: b"{\"pong\":true}",
            ..*packet
        };
        return stitch::inspect(&packet, sink, &|_| Some(("pong".to_owned(), None)));
    }
    stitch::inspect(packet, sink, &|object| {
        let Some(table) = stitch::text_of(object, "table") else {
            return Some(("result".to_owned(), None));
        };
        let action = stitch::text_of(object, "action").unwrap_or("message");
        Some((format!("{table} {action}"), None))
    })
}
