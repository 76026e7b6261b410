//! What the venue adds to a stitched feed.

use super::{read, scan};
use crate::contract::DecodeError;
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Origin, Venue};
use crate::session::text::Reader;

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 7] = [
    "l2_updates",
    "trade",
    "heartbeat",
    "auction",
    "block_trade",
    "candles",
    "error",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Updates,
    Trade,
    Heartbeat,
    Auction,
    BlockTrade,
    Candles,
    Error,
}

/// Symbols in one request; longer lists go in several.
const SYMBOLS_PER_REQUEST_MAX: usize = 100;

pub(super) struct Gemini {
    rest_url: String,
    levels: Vec<Level>,
    reader: Reader,
}

impl Gemini {
    pub(super) fn new(rest_url: &str) -> Gemini {
        Gemini {
            rest_url: rest_url.to_owned(),
            levels: Vec::new(),
            reader: Reader::default(),
        }
    }

    fn request(verb: &str, symbols: &[Symbol]) -> Vec<String> {
        let parts = symbols.chunks(SYMBOLS_PER_REQUEST_MAX);
        parts
            .map(|symbols| {
                let names: Vec<String> = symbols
                    .iter()
                    .map(|symbol| format!("\"{}\"", symbol.as_str()))
                    .collect();
                let names = names.join(",");
                format!(
                    "{{\"type\":\"{verb}\",\"subscriptions\":[{{\"name\":\"l2\",\"symbols\":[{names}]}}]}}"
                )
            })
            .collect()
    }
}

impl Venue for Gemini {
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

    fn culprit<'a>(&'a self, text: &'a [u8]) -> Option<&'a [u8]> {
        stitch::member(text, b"\"symbol\":\"")
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        Gemini::request("subscribe", symbols)
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let mut texts = Gemini::request("unsubscribe", &[symbol]);
        texts.extend(Gemini::request("subscribe", &[symbol]));
        texts
    }

    /// Not where books begin; what they may be compared with.
    fn snapshot_url(&self, symbol: Symbol) -> Option<String> {
        let (host, symbol) = (&self.rest_url, symbol.as_str());
        Some(format!("{host}/v1/book/{symbol}?limit_bids=0&limit_asks=0"))
    }

    fn products_url(&self) -> Option<String> {
        Some(format!("{}/v1/symbols/details/all", self.rest_url))
    }

    /// The venue asks for no more than one request a second.
    fn fetch_interval_ns(&self) -> u64 {
        1_000_000_000
    }
}
