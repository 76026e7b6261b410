//! What this venue is to the stitched feed.

use super::rows::{Prices, Row};
use super::{KINDS, Kind, read, scan};
use crate::contract::DecodeError;
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Origin, Venue};
use crate::session::text::Reader;

/// Where REST requests go by default.
pub(super) const REST_URL: &str = "https://www.bitmex.com";
/// Topics in one request.
const TOPICS_PER_REQUEST_MAX: usize = 60;
/// How often the venue is pinged, ns.
const PING_INTERVAL_NS: u64 = 5_000_000_000;

/// The venue's texts.
pub(super) struct Bitmex {
    rest_url: String,
    rows: Vec<Row>,
    prices: Prices,
    reader: Reader,
}

impl Bitmex {
    pub(super) fn new(rest_url: &str) -> Bitmex {
        Bitmex {
            rest_url: rest_url.to_owned(),
            rows: Vec::new(),
            prices: Prices::default(),
            reader: Reader::default(),
        }
    }
}

fn request(op: &str, topics: &[String]) -> String {
    format!("{{\"op\":\"{op}\",\"args\":[{}]}}", topics.join(","))
}

/// Tables of an instrument.
const TABLES: [&str; 4] = ["orderBookL2", "trade", "instrument", "liquidation"];

fn requests(op: &str, symbols: &[Symbol]) -> Vec<String> {
    let topics: Vec<String> = symbols
        .iter()
        .flat_map(|symbol| TABLES.map(|table| format!("\"{table}:{}\"", symbol.as_str())))
        .collect();
    let parts = topics.chunks(TOPICS_PER_REQUEST_MAX);
    parts.map(|topics| request(op, topics)).collect()
}

impl Venue for Bitmex {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Connection
    }

    fn origin(&self) -> Origin {
        Origin::InBand
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        if let Some((symbol, change)) = scan::scan(text, &mut self.rows) {
            self.prices.tell(symbol, change, &self.rows, hear);
            return Ok(Heard::Kind(Kind::Book as u8));
        }
        let Bitmex {
            rows,
            prices,
            reader,
            ..
        } = self;
        read::read(text, reader, rows, prices, hear)
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
        match stitch::member(text, b"\"table\":\"") {
            Some(b"orderBookL2") => stitch::member(text, b"\"filter\":{\"symbol\":\"")
                .or_else(|| stitch::member(text, b"[{\"symbol\":\"")),
            Some(_) => Some(b""),
            None => None,
        }
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        requests("subscribe", symbols)
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        requests("unsubscribe", symbols)
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let topics = [format!("\"orderBookL2:{}\"", symbol.as_str())];
        ["unsubscribe", "subscribe"]
            .map(|op| request(op, &topics))
            .to_vec()
    }

    fn products_url(&self) -> Option<String> {
        Some(format!("{}/api/v1/instrument/active", self.rest_url))
    }

    fn keep_alive(&self) -> Option<(u64, String)> {
        Some((PING_INTERVAL_NS, "ping".to_owned()))
    }

    fn forget(&mut self) {
        self.prices.forget();
    }
}
