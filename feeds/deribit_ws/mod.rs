//! Deribit over WebSocket (JSON-RPC 2.0): books by level, trades, statistics of futures, perpetuals, options and spot.
//!
//! Source: "book.(instrument_name).(interval)", "trades.(instrument_name).(interval)", "ticker.(instrument_name).(interval)",
//! "public/set_heartbeat", "public/test" and "public/get_instruments" of the Deribit API (docs.deribit.com).
//!
//! # Coverage
//!
//! | Message | What becomes of it |
//! |---|---|
//! | `book.X.100ms` (also `raw`, `agg2`) | `snapshot`: `Clear`, then a `Level` for each entry; `change`: a `Level` each, 0 for `delete` |
//! | `trades.X.100ms` | `Trade`; `order_id` is `trade_seq`, the aggressor is the `direction`. `liquidation`: a `Statistic` `Liquidation` besides, of the taker's side (`T`), the maker's (`M`) or both |
//! | `ticker.X.100ms` | `Statistic`: `LastPrice`, `MarkPrice`, `OpenInterest`, `FundingRate` (perpetuals); `state` is a `Status` |
//! | `heartbeat` | `test_request` is answered by `public/test` |
//! | results | That of the subscription confirms it; an error is a notice with the venue's words |
//! | `get_instruments` by REST | Steps of price and size, and whether trading is on |
//! | other channels | Counted, not used |
//!
//! # Sequencing
//!
//! Each `change` names the one before it (`prev_change_id`). One that names another takes that book back to its snapshot, and
//! no other book: its channel is left and joined again, and a subscription begins with the whole book.
//!
//! # Not here
//!
//! Login, and with it the `raw` interval, which the venue gives to those who log in (a recording of it is read); grouped
//! books. Block trades are trades like others. Tick sizes that grow with the price (`tick_size_steps`): the definition has
//! the smallest. That `min_trade_amount` is the step of sizes holds for all instruments seen; where a size is finer, the
//! definition gets the digits it needs. Whether the venue sorts the trades of one notification is not documented: they are
//! told in the order of `trade_seq`.

mod read;
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
use crate::session::text::integer;
use venue::{Deribit, REST_URL};

/// Types of messages, as counted.
const KINDS: [&str; 6] = ["book", "trades", "ticker", "heartbeat", "result", "other"];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    Book,
    Trades,
    Ticker,
    Heartbeat,
    Result,
    /// A channel nobody here subscribes to.
    Other,
}

/// Keys beyond the common ones.
static KEYS: &[SettingKey] = &[
    settings::SILENCE_KEY,
    settings::REST_KEY,
    settings::KIND_KEY,
    settings::REFRESH_KEY,
];

/// Deribit.
pub static DESCRIPTOR: Descriptor = Descriptor {
    name: "deribit_ws",
    title: "Deribit WebSocket",
    venue: "deribit",
    specification: "book, trades, ticker, set_heartbeat and get_instruments of the Deribit API (docs.deribit.com)",
    transport: Transport::WebSocket,
    book: BookKind::ByLevel,
    has_retransmission: false,
    snapshot: SnapshotService::None,
    default_url: "wss://www.deribit.com/ws/api/v2",
    settings: KEYS,
    build,
    session_key: |_| None,
    file_message: |_| None,
    inspect,
    simulator: || Box::new(LevelVenue::new(simulator::DeribitVenue)),
};

fn build(settings: &FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
    let own = Settings::of(settings, REST_URL, is_symbol, "BTC-PERPETUAL")?;
    let venue = Deribit::new(&own.rest_url);
    Ok(Box::new(StitchedFeed::new(settings.channel, own, venue)))
}

/// Capital letters, digits, `-` between the parts of a contract, `_` before a currency, `d` in a decimal strike.
fn is_symbol(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    name.bytes().all(is_part)
}

fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    stitch::inspect(packet, sink, &|object| {
        let params = stitch::child(object, "params");
        let channel = params
            .as_ref()
            .and_then(|params| stitch::text_of(params, "channel"));
        let Some(channel) = channel else {
            let name = stitch::text_of(object, "method").unwrap_or("result");
            return Some((name.to_owned(), None));
        };
        let data = params
            .as_ref()
            .and_then(|params| stitch::child(params, "data"));
        let sequence = data.and_then(|data| integer(data.get("change_id")?));
        let name = channel.split('.').next().unwrap_or(channel);
        Some((name.to_owned(), sequence))
    })
}
