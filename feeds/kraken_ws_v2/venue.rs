//! What the venue adds to a stitched feed.

use super::{read, scan};
use crate::contract::{DecodeError, Pace};
use crate::model::{Price, Side, Symbol};
use crate::session::stitch::{
    self, Chain, Checksum, Hear, Heard, Ladder, Ladders, Level, Limits, Origin, Venue,
};
use crate::session::text::{Number, Reader};
use std::fmt::Write as _;

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 10] = [
    "book",
    "trade",
    "ticker",
    "instrument",
    "status",
    "heartbeat",
    "pong",
    "subscribe",
    "unsubscribe",
    "error",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Book,
    Trade,
    Ticker,
    Instrument,
    Status,
    Heartbeat,
    Pong,
    Subscribe,
    Unsubscribe,
    Error,
}

/// Levels a side the checksum is over.
const CHECKSUM_LEVELS: usize = 10;
/// The venue closes connections that are silent for a minute.
const PING_NS: u64 = 30_000_000_000;
/// Pairs in one request; longer lists go in several.
const PAIRS_PER_REQUEST_MAX: usize = 100;

pub(super) struct Kraken {
    depth: usize,
    levels: Vec<Level>,
    reader: Reader,
}

impl Kraken {
    pub(super) fn new(depth: usize) -> Kraken {
        Kraken {
            depth,
            levels: Vec::new(),
            reader: Reader::default(),
        }
    }

    fn request(method: &str, symbols: &[Symbol], params: &str) -> Vec<String> {
        let parts = symbols.chunks(PAIRS_PER_REQUEST_MAX);
        parts
            .map(|symbols| {
                let names: Vec<String> = symbols
                    .iter()
                    .map(|symbol| format!("\"{}\"", symbol.as_str()))
                    .collect();
                let names = names.join(",");
                format!("{{\"method\":\"{method}\",\"params\":{{{params},\"symbol\":[{names}]}}}}")
            })
            .collect()
    }

    fn book_params(&self) -> String {
        format!("\"channel\":\"book\",\"depth\":{}", self.depth)
    }
}

impl Venue for Kraken {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Connection
    }

    fn origin(&self) -> Origin {
        Origin::InBand
    }

    fn depth(&self) -> Option<usize> {
        Some(self.depth)
    }

    fn checksum(&self) -> Option<Checksum> {
        Some(checksum)
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
        _url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        read::read_pairs(body, &mut self.reader, hear)
    }

    fn culprit<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        stitch::member(text, b"\"symbol\":\"")
    }

    /// "Rate limits" of the support pages: some 150 connections in ten minutes from one address.
    fn limits(&self) -> Limits {
        Limits {
            instruments_per_connection: 200,
            pace: Pace {
                send_interval_ns: 100_000_000,
                connects_max: 150,
                connect_window_ns: 600_000_000_000,
            },
            age_max_ns: None,
        }
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let instruments = "{\"method\":\"subscribe\",\"params\":{\"channel\":\"instrument\"}}";
        let mut texts = vec![instruments.to_owned()];
        texts.extend(Kraken::request("subscribe", symbols, &self.book_params()));
        let trades = "\"channel\":\"trade\",\"snapshot\":false";
        texts.extend(Kraken::request("subscribe", symbols, trades));
        texts.extend(Kraken::request(
            "subscribe",
            symbols,
            "\"channel\":\"ticker\"",
        ));
        texts
    }

    fn subscribe_more(&self, symbols: &[Symbol]) -> Vec<String> {
        // The list of instruments comes already.
        self.subscribe(symbols).split_off(1)
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let mut texts = Kraken::request("unsubscribe", symbols, &self.book_params());
        for channel in ["\"channel\":\"trade\"", "\"channel\":\"ticker\""] {
            texts.extend(Kraken::request("unsubscribe", symbols, channel));
        }
        texts
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let params = self.book_params();
        let mut texts = Kraken::request("unsubscribe", &[symbol], &params);
        texts.extend(Kraken::request("subscribe", &[symbol], &params));
        texts
    }

    fn keep_alive(&self) -> Option<(u64, String)> {
        Some((PING_NS, "{\"method\":\"ping\"}".to_owned()))
    }
}

/// CRC32 over price and size of the ten best asks, then of the ten best bids: digits as sent, without point and leading zeros.
pub(super) fn checksum(ladders: &Ladders, (price_digits, size_digits): (u8, u8)) -> u32 {
    let mut text = String::with_capacity(512);
    let mut side = |ladder: &Ladder, side: Side| {
        for (price, size) in ladder.best_first(side).take(CHECKSUM_LEVELS) {
            let price = whole(price, price_digits);
            let _ = write!(text, "{price}{}", whole_size(size, size_digits));
        }
    };
    side(&ladders.asks, Side::Ask);
    side(&ladders.bids, Side::Bid);
    crc32fast::hash(text.as_bytes())
}

fn whole(price: Price, digits: u8) -> u64 {
    let dropped = u32::from(Price::SCALE.saturating_sub(digits));
    price.0.unsigned_abs() / 10u64.pow(dropped)
}

fn whole_size(size: Number, digits: u8) -> u64 {
    size.units(digits).unwrap_or_default()
}
