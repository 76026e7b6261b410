//! What the venue adds to a stitched feed.

use super::{read, scan};
use crate::contract::DecodeError;
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Origin, Venue};
use crate::session::text::Reader;

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 8] = [
    "spot.order_book_update",
    "spot.trades",
    "spot.tickers",
    "spot.candlesticks",
    "spot.book_ticker",
    "spot.order_book",
    "spot.pong",
    "answer",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Update,
    Trades,
    Tickers,
    Candlesticks,
    BookTicker,
    OrderBook,
    Pong,
    Answer,
}

/// The venue answers it: a connection with quiet instruments is seen to live.
const PING_NS: u64 = 5_000_000_000;
/// Pairs in one request; longer lists go in several.
const PAIRS_PER_REQUEST_MAX: usize = 100;

pub(super) struct Gate {
    rest_url: String,
    levels: Vec<Level>,
    reader: Reader,
}

impl Gate {
    pub(super) fn new(rest_url: &str) -> Gate {
        Gate {
            rest_url: rest_url.to_owned(),
            levels: Vec::new(),
            reader: Reader::default(),
        }
    }
}

/// Of requests nobody signs the time is not looked at.
fn request(channel: &str, payload: &str) -> String {
    format!(
        "{{\"time\":1,\"channel\":\"{channel}\",\"event\":\"subscribe\",\"payload\":[{payload}]}}"
    )
}

impl Venue for Gate {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Ranges
    }

    fn origin(&self) -> Origin {
        Origin::Rest
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

    fn culprit<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        stitch::member(text, b"\"s\":\"")
    }

    /// Updates of each pair are asked for by themselves, as the venue wants it.
    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let name = |symbol: &Symbol| format!("\"{}\"", symbol.as_str());
        let mut texts: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let payload = format!("{},\"100ms\"", name(symbol));
                request("spot.order_book_update", &payload)
            })
            .collect();
        for channel in ["spot.trades", "spot.tickers"] {
            for symbols in symbols.chunks(PAIRS_PER_REQUEST_MAX) {
                let names: Vec<String> = symbols.iter().map(name).collect();
                texts.push(request(channel, &names.join(",")));
            }
        }
        texts
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let texts = self.subscribe(symbols).into_iter();
        texts
            .map(|text| text.replacen("\"subscribe\"", "\"unsubscribe\"", 1))
            .collect()
    }

    fn snapshot_url(&self, symbol: Symbol) -> Option<String> {
        let (host, symbol) = (&self.rest_url, symbol.as_str());
        Some(format!(
            "{host}/api/v4/spot/order_book?currency_pair={symbol}&limit=100&with_id=true"
        ))
    }

    fn products_url(&self) -> Option<String> {
        Some(format!("{}/api/v4/spot/currency_pairs", self.rest_url))
    }

    fn keep_alive(&self) -> Option<(u64, String)> {
        let text = "{\"time\":1,\"channel\":\"spot.ping\"}";
        Some((PING_NS, text.to_owned()))
    }
}
