//! What the venue adds to a stitched feed.

use super::{read, scan};
use crate::contract::{DecodeError, Pace};
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Limits, Origin, Venue};
use crate::session::text::Reader;

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 9] = [
    "snapshot",
    "l2update",
    "match",
    "last_match",
    "ticker",
    "heartbeat",
    "status",
    "subscriptions",
    "error",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Snapshot,
    Update,
    Match,
    LastMatch,
    Ticker,
    Heartbeat,
    Status,
    Subscriptions,
    Error,
}

/// Channels of a product; `level2` itself asks for a login.
const CHANNELS: &str = "\"level2_batch\",\"matches\",\"ticker\",\"heartbeat\"";
/// It is about every product and takes no list of them.
const STATUS: &str = "{\"name\":\"status\"}";

/// The venue.
pub(super) struct Coinbase {
    rest_url: String,
    levels: Vec<Level>,
    reader: Reader,
}

impl Coinbase {
    /// `rest_url`: where books and products are asked for.
    pub(super) fn new(rest_url: &str) -> Coinbase {
        Coinbase {
            rest_url: rest_url.to_owned(),
            levels: Vec::new(),
            reader: Reader::default(),
        }
    }

    fn request(verb: &str, symbols: &[Symbol], channels: &str) -> String {
        let names: Vec<String> = symbols
            .iter()
            .map(|symbol| format!("\"{}\"", symbol.as_str()))
            .collect();
        let names = names.join(",");
        format!("{{\"type\":\"{verb}\",\"product_ids\":[{names}],\"channels\":[{channels}]}}")
    }
}

impl Venue for Coinbase {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Connection
    }

    fn origin(&self) -> Origin {
        Origin::InBand
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        match scan::scan(text, &mut self.levels, hear) {
            Some(kind) => Ok(Heard::Kind(kind as u8)),
            None => read::read(text, &mut self.reader, &mut self.levels, hear),
        }
    }

    fn read_rest<H: Hear>(
        &mut self,
        url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        read::read_rest(url, body, &mut self.reader, &mut self.levels, hear)
    }

    /// Books are told of by two types only; what the type of the rest of a text was nobody knows.
    fn culprit<'a>(&'a self, text: &'a [u8]) -> Option<&'a [u8]> {
        match stitch::member(text, b"\"type\":\"") {
            None | Some(b"l2update" | b"snapshot") => stitch::member(text, b"\"product_id\":\""),
            Some(name) if KINDS.iter().any(|kind| kind.as_bytes() == name) => Some(b""),
            Some(_) => None,
        }
    }

    /// A connection that asks for nothing within five seconds is closed, so that without products it hears of their state.
    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        if symbols.is_empty() {
            return vec![format!(
                "{{\"type\":\"subscribe\",\"channels\":[{STATUS}]}}"
            )];
        }
        let channels = format!("{CHANNELS},{STATUS}");
        vec![Coinbase::request("subscribe", symbols, &channels)]
    }

    fn subscribe_more(&self, symbols: &[Symbol]) -> Vec<String> {
        vec![Coinbase::request("subscribe", symbols, CHANNELS)]
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        vec![Coinbase::request("unsubscribe", symbols, CHANNELS)]
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let request = |verb| Coinbase::request(verb, &[symbol], "\"level2_batch\"");
        vec![request("unsubscribe"), request("subscribe")]
    }

    /// Not where books begin; what they may be compared with. Level 2 of REST is the whole book.
    fn snapshot_url(&self, symbol: Symbol) -> Option<String> {
        let (host, symbol) = (&self.rest_url, symbol.as_str());
        Some(format!("{host}/products/{symbol}/book?level=2"))
    }

    fn products_url(&self) -> Option<String> {
        Some(format!("{}/products", self.rest_url))
    }

    /// "Rate limits": eight connections a second, ten requests a second by REST, a hundred texts a second. How many products
    /// a connection may carry is not said.
    fn limits(&self) -> Limits {
        Limits {
            instruments_per_connection: 100,
            pace: Pace {
                send_interval_ns: 20_000_000,
                connects_max: 8,
                connect_window_ns: 1_000_000_000,
            },
            age_max_ns: None,
        }
    }
}
