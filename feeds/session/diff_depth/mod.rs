//! Differential depth streams: what the spot, USD-margined and coin-margined markets of one venue share.
//!
//! ```text
//!  text ─▶ scan (known shapes) ─┐
//!      └─▶ read (anything else) ┴─▶ Hear: books, trades, statistics
//! ```
//!
//! An update says which ids it covers (`U` to `u`), on the futures markets also the end of the one before it (`pu`). A book
//! begins with a snapshot by REST (`lastUpdateId`); updates that end at or before it are dropped, the first one behind it has
//! to reach back to it, and each further one to continue the last.

mod read;
mod scan;
pub mod simulator;
#[cfg(test)]
pub(crate) mod tests;

use crate::contract::{DecodeError, MessageSink, Pace, Packet};
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Limits, Origin, Venue};
use crate::session::text::Reader;

/// Types of messages, as counted.
pub const KINDS: [&str; 10] = [
    "depthUpdate",
    "trade",
    "aggTrade",
    "bookTicker",
    "24hrTicker",
    "markPriceUpdate",
    "forceOrder",
    "kline",
    "result",
    "depth",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
enum Kind {
    DepthUpdate,
    Trade,
    AggTrade,
    BookTicker,
    Ticker24h,
    MarkPrice,
    ForceOrder,
    Kline,
    /// Answer to a request.
    Result,
    /// A snapshot that stands in a recording of texts.
    Depth,
}

/// What a market has of its own.
#[derive(Clone, Copy, Debug)]
pub struct Market {
    /// Path of the REST interface, behind the host.
    pub rest_path: &'static str,
    /// Whether updates name the one before them.
    pub is_linked: bool,
    /// The stream of updates of one instrument, behind its name.
    pub depth_stream: &'static str,
    /// Further streams, behind the name.
    pub streams: &'static [&'static str],
    /// Streams a connection may carry.
    pub streams_max: usize,
}

/// An hour before the venue ends a connection.
const AGE_MAX_NS: u64 = 23 * 3_600 * 1_000_000_000;
/// Streams in one request; longer lists go in several.
const STREAMS_PER_REQUEST_MAX: usize = 100;

/// A market's feed.
pub struct DiffDepth {
    market: Market,
    rest_url: String,
    levels: Vec<Level>,
    reader: Reader,
    /// The only instrument whose updates were seen, while there is one: a recorded snapshot does not say whose it is.
    only: Option<Symbol>,
    has_several: bool,
}

impl DiffDepth {
    /// A market whose REST interface is at `rest_url`.
    pub fn new(market: Market, rest_url: &str) -> DiffDepth {
        DiffDepth {
            market,
            rest_url: rest_url.to_owned(),
            levels: Vec::new(),
            reader: Reader::default(),
            only: None,
            has_several: false,
        }
    }

    #[inline]
    fn note_symbol(&mut self, symbol: &[u8]) {
        if self.has_several {
            return;
        }
        match self.only {
            None => self.only = Some(Symbol::new(symbol)),
            Some(only) => self.has_several = only.as_str().as_bytes() != symbol,
        }
    }
}

impl Venue for DiffDepth {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        if self.market.is_linked {
            Chain::Previous
        } else {
            Chain::Ranges
        }
    }

    fn origin(&self) -> Origin {
        Origin::Rest
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        if let Some((kind, symbol)) = scan::scan(text, &mut self.levels, hear) {
            if kind == Kind::DepthUpdate {
                self.note_symbol(symbol);
            }
            return Ok(Heard::Kind(kind as u8));
        }
        let only = self.only.filter(|_| !self.has_several);
        read::read(text, &mut self.reader, &mut self.levels, only, hear)
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

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let mut streams = Vec::new();
        for symbol in symbols {
            let name = symbol.as_str().to_ascii_lowercase();
            let all = std::iter::once(&self.market.depth_stream).chain(self.market.streams);
            streams.extend(all.map(|stream| format!("\"{name}@{stream}\"")));
        }
        let requests = streams.chunks(STREAMS_PER_REQUEST_MAX).enumerate();
        requests
            .map(|(index, streams)| {
                let (params, id) = (streams.join(","), index + 1);
                format!("{{\"method\":\"SUBSCRIBE\",\"params\":[{params}],\"id\":{id}}}")
            })
            .collect()
    }

    /// "WebSocket limits" of the manuals: a connection ends after 24 hours, carries so many streams and takes five texts a
    /// second (ten on the futures markets); 300 attempts to connect every five minutes from one address.
    fn limits(&self) -> Limits {
        let streams_each = 1 + self.market.streams.len();
        Limits {
            instruments_per_connection: self.market.streams_max / streams_each,
            pace: Pace {
                send_interval_ns: 250_000_000,
                connects_max: 300,
                connect_window_ns: 300_000_000_000,
            },
            age_max_ns: Some(AGE_MAX_NS),
        }
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let texts = self.subscribe(symbols).into_iter();
        texts
            .map(|text| text.replacen("SUBSCRIBE", "UNSUBSCRIBE", 1))
            .collect()
    }

    fn snapshot_url(&self, symbol: Symbol) -> Option<String> {
        let (host, path) = (&self.rest_url, self.market.rest_path);
        Some(format!(
            "{host}{path}/depth?symbol={}&limit=1000",
            symbol.as_str()
        ))
    }

    fn products_url(&self) -> Option<String> {
        Some(format!(
            "{}{}/exchangeInfo",
            self.rest_url, self.market.rest_path
        ))
    }

    /// A snapshot of 1,000 levels weighs 50 of 6,000 a minute on spot and 20 of 2,400 on futures.
    fn fetch_interval_ns(&self) -> u64 {
        500_000_000
    }

    fn forget(&mut self) {
        self.only = None;
        self.has_several = false;
    }
}

/// Whether a name can be one of the venue's: capital letters, digits, and `_` before a delivery date.
pub fn is_symbol(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    name.bytes().all(is_part)
}

/// Shows a text's message, or the instruments or the snapshot of a REST answer.
///
/// # Errors
/// As [`stitch::inspect`].
pub fn inspect(packet: &Packet<'_>, sink: &mut dyn MessageSink) -> Result<(), DecodeError> {
    stitch::inspect(packet, sink, &|object| {
        let inner = stitch::child(object, "data");
        let data = inner.as_ref().unwrap_or(object);
        let name = stitch::text_of(data, "e").or_else(|| {
            if data.get("lastUpdateId").is_some() {
                Some("depth")
            } else if data.get("u").is_some() && data.get("B").is_some() {
                Some("bookTicker")
            } else {
                object.get("id").map(|_| "result")
            }
        })?;
        let sequence = data.get("u").and_then(crate::session::text::integer);
        Some((name.to_owned(), sequence))
    })
}
