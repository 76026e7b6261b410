//! What this venue is to the stitched feed.

use super::{KINDS, read, scan};
use crate::contract::{DecodeError, Pace};
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Limits, Origin, Venue};
use crate::session::text::Reader;

/// Where REST requests go by default.
pub(super) const REST_URL: &str = "https://futures.kraken.com";
/// Makes quiet markets speak.
const HEARTBEAT: &str = r#"{"event":"subscribe","feed":"heartbeat"}"#;
const FEEDS: [&str; 3] = ["book", "trade", "ticker"];

/// The venue's texts.
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

fn request(event: &str, feed: &str, symbol: Symbol) -> String {
    let name = symbol.as_str();
    format!("{{\"event\":\"{event}\",\"feed\":\"{feed}\",\"product_ids\":[\"{name}\"]}}")
}

/// Books first: they are what everything else waits for.
fn requests(event: &str, symbols: &[Symbol]) -> Vec<String> {
    let of_feed = |feed| {
        symbols
            .iter()
            .map(move |&symbol| request(event, feed, symbol))
    };
    FEEDS.into_iter().flat_map(of_feed).collect()
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
        if let Some(kind) = scan::scan(text, hear) {
            return Ok(Heard::Kind(kind as u8));
        }
        read::read(text, &mut self.reader, &mut self.levels, hear)
    }

    fn read_rest<H: Hear>(
        &mut self,
        _url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        read::read_rest(body, &mut self.reader, hear)
    }

    fn culprit<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        if stitch::member(text, b"\"event\":\"").is_some() {
            return Some(b"");
        }
        match stitch::member(text, b"\"feed\":\"")? {
            b"book" | b"book_snapshot" => stitch::member(text, b"\"product_id\":\""),
            _ => Some(b""),
        }
    }

    /// "Derivatives Rate Limits" of the manual: 100 requests a second, 100 connections. A request is of one product: what a
    /// connection carries is so little that all of it is asked for in five seconds.
    fn limits(&self) -> Limits {
        Limits {
            instruments_per_connection: 100,
            pace: Pace {
                send_interval_ns: 15_000_000,
                connects_max: 30,
                connect_window_ns: 60_000_000_000,
            },
            age_max_ns: None,
        }
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let mut texts = vec![HEARTBEAT.to_owned()];
        texts.extend(requests("subscribe", symbols));
        texts
    }

    fn subscribe_more(&self, symbols: &[Symbol]) -> Vec<String> {
        requests("subscribe", symbols)
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        requests("unsubscribe", symbols)
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        ["unsubscribe", "subscribe"]
            .map(|event| request(event, "book", symbol))
            .to_vec()
    }

    fn products_url(&self) -> Option<String> {
        Some(format!("{}/derivatives/api/v3/instruments", self.rest_url))
    }
}
