//! What the venue adds to a stitched feed.

use super::{read, scan};
use crate::contract::DecodeError;
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Origin, Venue};
use crate::session::text::Reader;

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 9] = [
    "diff_order_book",
    "trade",
    "other_data",
    "bts:subscription_succeeded",
    "bts:unsubscription_succeeded",
    "bts:heartbeat",
    "bts:request_reconnect",
    "bts:error",
    "order",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Update,
    Trade,
    OtherData,
    Subscribed,
    Unsubscribed,
    Heartbeat,
    Reconnect,
    Error,
    Order,
}

/// The venue answers it: a connection with quiet instruments is seen to live.
const PING_NS: u64 = 5_000_000_000;
/// Before the name of the pair.
pub(super) const BOOKS: &str = "diff_order_book_";
pub(super) const TRADES: &str = "live_trades_";

pub(super) struct Bitstamp {
    rest_url: String,
    levels: Vec<Level>,
    reader: Reader,
}

impl Bitstamp {
    pub(super) fn new(rest_url: &str) -> Bitstamp {
        Bitstamp {
            rest_url: rest_url.to_owned(),
            levels: Vec::new(),
            reader: Reader::default(),
        }
    }
}

impl Venue for Bitstamp {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Rising
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
        stitch::member(text, b"\"channel\":\"diff_order_book_")
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let channels = symbols
            .iter()
            .flat_map(|symbol| [BOOKS, TRADES].map(|kind| (kind, symbol)));
        channels
            .map(|(kind, symbol)| {
                let symbol = symbol.as_str();
                format!(
                    "{{\"event\":\"bts:subscribe\",\"data\":{{\"channel\":\"{kind}{symbol}\"}}}}"
                )
            })
            .collect()
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let texts = self.subscribe(symbols).into_iter();
        texts
            .map(|text| text.replacen("bts:subscribe", "bts:unsubscribe", 1))
            .collect()
    }

    fn snapshot_url(&self, symbol: Symbol) -> Option<String> {
        let (host, symbol) = (&self.rest_url, symbol.as_str());
        Some(format!("{host}/api/v2/order_book/{symbol}/"))
    }

    fn products_url(&self) -> Option<String> {
        Some(format!("{}/api/v2/markets/", self.rest_url))
    }

    fn keep_alive(&self) -> Option<(u64, String)> {
        Some((PING_NS, "{\"event\":\"bts:heartbeat\"}".to_owned()))
    }
}
