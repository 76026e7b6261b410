//! What the venue adds to a stitched feed.

use super::{read, scan};
use crate::contract::{DecodeError, Pace};
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Limits, Origin, Venue};
use crate::session::text::Reader;

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 9] = [
    "book_snapshot",
    "book",
    "trade",
    "trade_snapshot",
    "ticker",
    "heartbeat",
    "subscribed",
    "info",
    "error",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Snapshot,
    Book,
    Trade,
    TradeSnapshot,
    Ticker,
    Heartbeat,
    Subscribed,
    Info,
    Error,
}

/// Products in one request; longer lists go in several.
const PRODUCTS_PER_REQUEST_MAX: usize = 100;
const FEEDS: [&str; 3] = ["book", "trade", "ticker"];
const HEARTBEAT: &str = "{\"event\":\"subscribe\",\"feed\":\"heartbeat\"}";

pub(super) struct KrakenFutures {
    rest_url: String,
    levels: Vec<Level>,
    reader: Reader,
}

impl KrakenFutures {
    pub(super) fn new(rest_url: &str) -> KrakenFutures {
        KrakenFutures {
            rest_url: rest_url.to_owned(),
            levels: Vec::new(),
            reader: Reader::default(),
        }
    }
}

fn requests(event: &str, feeds: &[&str], symbols: &[Symbol]) -> Vec<String> {
    let parts = symbols.chunks(PRODUCTS_PER_REQUEST_MAX);
    parts
        .flat_map(|symbols| {
            let names: Vec<String> = symbols
                .iter()
                .map(|symbol| format!("\"{}\"", symbol.as_str()))
                .collect();
            let names = names.join(",");
            feeds.iter().map(move |feed| {
                format!("{{\"event\":\"{event}\",\"feed\":\"{feed}\",\"product_ids\":[{names}]}}")
            })
        })
        .collect()
}

impl Venue for KrakenFutures {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Ranges
    }

    fn origin(&self) -> Origin {
        Origin::InBand
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        match scan::scan(text, hear) {
            Some(kind) => Ok(Heard::Kind(kind as u8)),
            None => read::read(text, &mut self.reader, &mut self.levels, hear),
        }
    }

    fn read_rest<H: Hear>(
        &mut self,
        _url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        read::read_rest(body, &mut self.reader, hear)
    }

    /// Books are told of by two feeds only; what the feed of the rest of a text was nobody knows.
    fn culprit<'a>(&'a self, text: &'a [u8]) -> Option<&'a [u8]> {
        match stitch::member(text, b"\"feed\":\"") {
            None | Some(b"book" | b"book_snapshot") => stitch::member(text, b"\"product_id\":\""),
            Some(name) if KINDS.iter().any(|kind| kind.as_bytes() == name) => Some(b""),
            Some(_) => None,
        }
    }

    /// A hundred requests a second are allowed, and a hundred connections.
    fn limits(&self) -> Limits {
        Limits {
            instruments_per_connection: 200,
            pace: Pace {
                send_interval_ns: 20_000_000,
                connects_max: 30,
                connect_window_ns: 60_000_000_000,
            },
            age_max_ns: None,
        }
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        std::iter::once(HEARTBEAT.to_owned())
            .chain(self.subscribe_more(symbols))
            .collect()
    }

    fn subscribe_more(&self, symbols: &[Symbol]) -> Vec<String> {
        requests("subscribe", &FEEDS, symbols)
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        requests("unsubscribe", &FEEDS, symbols)
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let request = |event| requests(event, &["book"], &[symbol]);
        [request("unsubscribe"), request("subscribe")].concat()
    }

    fn products_url(&self) -> Option<String> {
        Some(format!("{}/derivatives/api/v3/instruments", self.rest_url))
    }
}
