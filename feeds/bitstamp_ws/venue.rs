//! What the venue adds to a stitched feed.

use super::{read, scan};
use crate::contract::DecodeError;
use crate::model::Symbol;
use crate::session::stitch::{self, Chain, Hear, Heard, Level, Origin, Venue};
use crate::session::text::Reader;

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 10] = [
    "diff_order_book",
    "trade",
    "other_data",
    "bts:subscription_succeeded",
    "bts:unsubscription_succeeded",
    "bts:heartbeat",
    "bts:request_reconnect",
    "bts:error",
    "order",
    "detail_order_book",
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
    Orders,
}

/// The venue answers it: a connection with quiet instruments is seen to live.
const PING_NS: u64 = 5_000_000_000;
/// Before the name of the pair.
pub(super) const BOOKS: &str = "diff_order_book_";
pub(super) const ORDERS: &str = "detail_order_book_";
pub(super) const TRADES: &str = "live_trades_";

pub(super) struct Bitstamp {
    rest_url: String,
    entries: Entries,
    reader: Reader,
}

/// What a message says of a book.
#[derive(Debug, Default)]
pub(super) struct Entries {
    /// Which channel is read: the other one is left alone.
    pub(super) is_by_order: bool,
    pub(super) levels: Vec<Level>,
    /// Their ids, where they are orders.
    pub(super) orders: Vec<u64>,
}

impl Bitstamp {
    pub(super) fn new(rest_url: &str, is_by_order: bool) -> Bitstamp {
        Bitstamp {
            rest_url: rest_url.to_owned(),
            entries: Entries {
                is_by_order,
                ..Entries::default()
            },
            reader: Reader::default(),
        }
    }

    /// Before the name of the pair, in the channel of its book.
    fn books(&self) -> &'static str {
        if self.entries.is_by_order {
            ORDERS
        } else {
            BOOKS
        }
    }
}

/// Asks for a channel, or to leave it.
fn ask(event: &str, kind: &str, symbol: Symbol) -> String {
    let symbol = symbol.as_str();
    format!("{{\"event\":\"bts:{event}\",\"data\":{{\"channel\":\"{kind}{symbol}\"}}}}")
}

impl Venue for Bitstamp {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Rising
    }

    fn origin(&self) -> Origin {
        if self.entries.is_by_order {
            Origin::InBand
        } else {
            Origin::Rest
        }
    }

    fn is_by_order(&self) -> bool {
        self.entries.is_by_order
    }

    fn tells_whole(&self) -> bool {
        self.entries.is_by_order
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        let scanned = match self.entries.is_by_order {
            // What is scanned is of levels.
            true => None,
            false => scan::scan(text, &mut self.entries.levels, hear),
        };
        match scanned {
            Some(kind) => Ok(Heard::Kind(kind as u8)),
            None => read::read(text, &mut self.reader, &mut self.entries, hear),
        }
    }

    fn read_rest<H: Hear>(
        &mut self,
        url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        let levels = &mut self.entries.levels;
        read::read_rest(url, body, &mut self.reader, levels, hear)
    }

    fn culprit<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let channel = format!("\"channel\":\"{}", self.books());
        stitch::member(text, channel.as_bytes())
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let channels = symbols
            .iter()
            .flat_map(|symbol| [self.books(), TRADES].map(|kind| (kind, symbol)));
        channels
            .map(|(kind, &symbol)| ask("subscribe", kind, symbol))
            .collect()
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let events = ["unsubscribe", "subscribe"];
        let texts = events.map(|event| ask(event, self.books(), symbol));
        texts.into()
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let texts = self.subscribe(symbols).into_iter();
        texts
            .map(|text| text.replacen("bts:subscribe", "bts:unsubscribe", 1))
            .collect()
    }

    fn snapshot_url(&self, symbol: Symbol) -> Option<String> {
        let (host, symbol) = (&self.rest_url, symbol.as_str());
        (!self.entries.is_by_order).then(|| format!("{host}/api/v2/order_book/{symbol}/"))
    }

    fn products_url(&self) -> Option<String> {
        Some(format!("{}/api/v2/markets/", self.rest_url))
    }

    fn keep_alive(&self) -> Option<(u64, String)> {
        Some((PING_NS, "{\"event\":\"bts:heartbeat\"}".to_owned()))
    }
}
