//! What this venue is to the stitched feed.

use super::{KINDS, read, scan};
use crate::contract::{DecodeError, Pace};
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Limits, Origin, Venue};
use crate::session::text::Reader;

/// Where REST requests go by default.
pub(super) const REST_URL: &str = "https://api.bybit.com";
/// Topics in one request: spot takes no more.
const TOPICS_PER_REQUEST_MAX: usize = 10;
/// How often the venue is pinged, ns: it asks for 20 s, quiet markets for less.
const PING_INTERVAL_NS: u64 = 5_000_000_000;

/// The venue's texts.
pub(super) struct Bybit {
    rest_url: String,
    category: String,
    levels: Vec<Level>,
    reader: Reader,
}

impl Bybit {
    pub(super) fn new(rest_url: &str, category: &str) -> Bybit {
        Bybit {
            rest_url: rest_url.to_owned(),
            category: category.to_owned(),
            levels: Vec::new(),
            reader: Reader::default(),
        }
    }
}

/// Topics of an instrument; the last one is of derivatives only.
const TOPICS: [&str; 4] = ["orderbook.200", "publicTrade", "tickers", "allLiquidation"];

impl Bybit {
    fn requests(&self, op: &str, symbols: &[Symbol]) -> Vec<String> {
        let kinds = match self.category.as_str() {
            "spot" => &TOPICS[..3],
            _ => &TOPICS[..],
        };
        let topics: Vec<String> = symbols
            .iter()
            .flat_map(|symbol| {
                let name = symbol.as_str();
                kinds.iter().map(move |kind| format!("\"{kind}.{name}\""))
            })
            .collect();
        let requests = topics.chunks(TOPICS_PER_REQUEST_MAX);
        requests.map(|topics| request(op, topics)).collect()
    }
}

fn request(op: &str, topics: &[String]) -> String {
    format!("{{\"op\":\"{op}\",\"args\":[{}]}}", topics.join(","))
}

impl Venue for Bybit {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Ranges
    }

    fn origin(&self) -> Origin {
        Origin::InBand
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        if let Some(kind) = scan::scan(text, &mut self.levels, hear) {
            return Ok(Heard::Kind(kind as u8));
        }
        read::read(text, &mut self.reader, &mut self.levels, hear)
    }

    fn read_rest<H: Hear>(
        &mut self,
        url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        read::read_rest(url, body, &mut self.reader, hear)
    }

    fn culprit<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let topic = stitch::member(text, b"\"topic\":\"")?;
        if !topic.starts_with(b"order") {
            return Some(b"");
        }
        let point = topic.iter().rposition(|&byte| byte == b'.')?;
        Some(&topic[point + 1..])
    }

    /// "Connect" of the manual: at most 500 connections in five minutes from one address.
    fn limits(&self) -> Limits {
        Limits {
            instruments_per_connection: 200,
            pace: Pace {
                send_interval_ns: 100_000_000,
                connects_max: 500,
                connect_window_ns: 300_000_000_000,
            },
            age_max_ns: None,
        }
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        self.requests("subscribe", symbols)
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        self.requests("unsubscribe", symbols)
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let topics = [format!("\"orderbook.200.{}\"", symbol.as_str())];
        ["unsubscribe", "subscribe"]
            .map(|op| request(op, &topics))
            .to_vec()
    }

    fn products_url(&self) -> Option<String> {
        let (host, category) = (&self.rest_url, &self.category);
        Some(format!(
            "{host}/v5/market/instruments-info?category={category}&limit=1000"
        ))
    }

    fn keep_alive(&self) -> Option<(u64, String)> {
        Some((PING_INTERVAL_NS, "{\"op\":\"ping\"}".to_owned()))
    }
}
