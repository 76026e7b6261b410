//! What the venue adds to a stitched feed.

use super::message::{Body, Entries, Message, Subject, checksum, checksum_of_orders};
use super::read::{self, Event, Said};
use super::scan;
use crate::contract::{DecodeError, Line, Pace};
use crate::model::Symbol;
use crate::session::stitch::{
    BookMessage, Chain, Checksum, Hear, Heard, Limits, Origin, Span, TradeId, TradeMessage, Venue,
};
use crate::session::text::Reader;

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 12] = [
    "book",
    "te",
    "tu",
    "cs",
    "hb",
    "other",
    "info",
    "subscribed",
    "unsubscribed",
    "conf",
    "error",
    "pong",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Book,
    Trade,
    Again,
    Checksum,
    Heartbeat,
    Other,
    Info,
    Subscribed,
    Unsubscribed,
    Configured,
    Error,
    Pong,
}

/// Levels, or orders, a side of the book that is asked for.
const DEPTH: usize = 250;
/// `TIMESTAMP`, `SEQ_ALL` and `OB_CHECKSUM`.
const FLAGS: u32 = 32_768 + 65_536 + 131_072;
/// The venue itself says something every 15 seconds only.
const PING_NS: u64 = 5_000_000_000;
/// Channels that are remembered; the venue allows a connection 25.
const CHANNELS_MAX: usize = 4_096;
/// `info`: the venue's server restarts; maintenance begins; it is over.
const RESTART: u64 = 20_051;
const MAINTENANCE_OVER: u64 = 20_061;

type Channels = hashbrown::HashMap<(u8, u64), (Subject, Symbol), foldhash::fast::FixedState>;

pub(super) struct Bitfinex {
    rest_url: String,
    entries: Entries,
    reader: Reader,
    known: Known,
}

/// What is known of the connections.
struct Known {
    /// Which books are followed.
    books: Subject,
    /// By line and the venue's id.
    channels: Channels,
    /// The number of the last message, by line.
    numbers: Vec<Option<u64>>,
    /// Where the last text came on.
    line: Line,
}

impl Bitfinex {
    pub(super) fn new(rest_url: &str, is_by_order: bool) -> Bitfinex {
        Bitfinex {
            rest_url: rest_url.to_owned(),
            entries: Entries::of(is_by_order),
            reader: Reader::default(),
            known: Known {
                books: if is_by_order {
                    Subject::Orders
                } else {
                    Subject::Book
                },
                channels: Channels::default(),
                numbers: vec![None; usize::from(u8::MAX) + 1],
                line: Line(0),
            },
        }
    }
}

fn ask(channel: &str, symbol: Symbol, more: &str) -> String {
    let name = symbol.as_str();
    format!("{{\"event\":\"subscribe\",\"channel\":\"{channel}\",\"symbol\":\"{name}\"{more}}}")
}

fn ask_for_book(symbol: Symbol, is_by_order: bool) -> String {
    let precision = if is_by_order { "R0" } else { "P0" };
    let more = format!(",\"prec\":\"{precision}\",\"freq\":\"F0\",\"len\":\"{DEPTH}\"");
    ask("book", symbol, &more)
}

impl Known {
    fn of(&self, channel: u64) -> Option<&(Subject, Symbol)> {
        self.channels.get(&(self.line.0, channel))
    }

    fn last(&mut self) -> &mut Option<u64> {
        // One for each line there can be.
        &mut self.numbers[usize::from(self.line.0)]
    }

    /// A connection that begins knows no channel, and its numbers begin anew.
    fn begin(&mut self) {
        let line = self.line.0;
        self.channels.retain(|&(of, _), _| of != line);
        *self.last() = None;
    }

    /// All books of the connection begin anew.
    fn lose_books<H: Hear>(&self, hear: &mut H) {
        for (&(line, _), (subject, symbol)) in &self.channels {
            if line == self.line.0 && *subject == self.books {
                hear.lost(symbol.as_str().as_bytes());
            }
        }
    }

    /// Whether what has this number may be told.
    fn number<H: Hear>(&mut self, number: u64, hear: &mut H) -> bool {
        let last = self.last().replace(number);
        let Some(next) = last.and_then(|last| last.checked_add(1)) else {
            return true;
        };
        if number != next {
            // Numbers that fall show that something is wrong, not how much.
            let count = number.checked_sub(next).unwrap_or(1);
            hear.missed(next, count);
            self.lose_books(hear);
        }
        number >= next
    }

    #[inline]
    fn tell<H: Hear>(&mut self, message: &Message, entries: &Entries, hear: &mut H) -> Kind {
        if let Some(number) = message.number
            && !self.number(number, hear)
        {
            return Kind::Other;
        }
        let subject = self.of(message.channel);
        let symbol = subject.map_or(&b""[..], |(_, symbol)| symbol.as_str().as_bytes());
        let is_book = subject.is_some_and(|one| one.0 == self.books);
        let is_trades = subject.is_some_and(|one| one.0 == Subject::Trades);
        let book = BookMessage {
            symbol,
            is_snapshot: false,
            span: Span::default(),
            time: message.time,
            levels: &[],
            checksum: None,
            orders: &[],
            digits: (0, 0),
        };
        match message.body {
            Body::Book {
                is_snapshot,
                left_out,
            } if is_book => {
                (0..left_out).for_each(|_| hear.left_out());
                hear.book(&BookMessage {
                    is_snapshot,
                    levels: &entries.levels,
                    orders: &entries.orders,
                    ..book
                });
                Kind::Book
            }
            Body::Checksum(sum) if is_book => {
                hear.book(&BookMessage {
                    checksum: Some(sum),
                    ..book
                });
                Kind::Checksum
            }
            Body::Trade(trade) if is_trades => {
                hear.trade(&TradeMessage {
                    symbol,
                    time: trade.time,
                    id: TradeId::Unordered(trade.id),
                    aggressor: trade.aggressor,
                    price: trade.price,
                    size: trade.size,
                    is_past: false,
                });
                Kind::Trade
            }
            Body::TooFine if subject.is_some() => {
                hear.too_fine(symbol);
                if is_book { Kind::Book } else { Kind::Trade }
            }
            Body::Again => Kind::Again,
            Body::Heartbeat => Kind::Heartbeat,
            // Of a channel that is not asked for any more.
            _ => Kind::Other,
        }
    }

    fn on_event<H: Hear>(&mut self, event: Event, hear: &mut H) -> Heard {
        let kind = match event {
            Event::Begin { is_in_maintenance } => {
                self.begin();
                if is_in_maintenance {
                    hear.complaint("the venue is in maintenance");
                }
                Kind::Info
            }
            Event::Info(code, words) => {
                hear.complaint(&words);
                if matches!(code, RESTART | MAINTENANCE_OVER) {
                    self.lose_books(hear);
                }
                Kind::Info
            }
            Event::Subscribed {
                channel,
                subject,
                symbol,
            } => {
                let key = (self.line.0, channel);
                let has_room = self.channels.len() < CHANNELS_MAX;
                if let Some(subject) = subject.filter(|_| has_room) {
                    self.channels.insert(key, (subject, symbol));
                }
                hear.confirmed();
                Kind::Subscribed
            }
            Event::Unsubscribed(channel) => {
                self.channels.remove(&(self.line.0, channel));
                Kind::Unsubscribed
            }
            Event::Configured => {
                hear.confirmed();
                Kind::Configured
            }
            Event::Error(words) => {
                hear.complaint(&words);
                Kind::Error
            }
            Event::Pong => Kind::Pong,
            Event::Unknown(name) => return Heard::Unknown(name),
        };
        Heard::Kind(kind as u8)
    }
}

impl Venue for Bitfinex {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Connection
    }

    fn origin(&self) -> Origin {
        Origin::InBand
    }

    fn depth(&self) -> Option<usize> {
        Some(DEPTH)
    }

    fn checksum(&self) -> Option<Checksum> {
        Some(if self.entries.is_by_order {
            checksum_of_orders
        } else {
            checksum
        })
    }

    fn is_by_order(&self) -> bool {
        self.entries.is_by_order
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        let Bitfinex {
            entries,
            reader,
            known,
            ..
        } = self;
        known.line = hear.line();
        if let Some(message) = scan::scan(text, entries) {
            return Ok(Heard::Kind(known.tell(&message, entries, hear) as u8));
        }
        let subject = |channel| known.of(channel).map(|one| one.0);
        match read::read(text, reader, entries, subject) {
            Ok(Said::Message(message)) => {
                Ok(Heard::Kind(known.tell(&message, entries, hear) as u8))
            }
            Ok(Said::Event(event)) => Ok(known.on_event(event, hear)),
            Err(error) => {
                // Lists have numbers, objects have none.
                if text.starts_with(b"[") {
                    let last = known.last();
                    *last = last.map(|last| last.wrapping_add(1));
                }
                Err(error)
            }
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

    fn culprit<'a>(&'a self, text: &'a [u8]) -> Option<&'a [u8]> {
        if text.starts_with(b"{") {
            return Some(b"");
        }
        let digits = text.strip_prefix(b"[")?;
        let end = digits.iter().position(|&byte| byte == b',')?;
        let channel = std::str::from_utf8(&digits[..end]).ok()?.parse().ok()?;
        match self.known.of(channel)? {
            (subject, symbol) if *subject == self.known.books => Some(symbol.as_str().as_bytes()),
            _ => Some(b""),
        }
    }

    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let mut texts = vec![format!("{{\"event\":\"conf\",\"flags\":{FLAGS}}}")];
        for &symbol in symbols {
            let book = ask_for_book(symbol, self.entries.is_by_order);
            texts.extend([book, ask("trades", symbol, "")]);
        }
        texts
    }

    fn subscribe_again_on(&self, line: Line, symbol: Symbol) -> Vec<String> {
        let of_book = |one: &(&(u8, u64), &(Subject, Symbol))| {
            one.0.0 == line.0 && *one.1 == (self.known.books, symbol)
        };
        let known = self.known.channels.iter().filter(of_book);
        let leave = |channel: u64| format!("{{\"event\":\"unsubscribe\",\"chanId\":{channel}}}");
        let mut texts: Vec<String> = known.map(|(&(_, channel), _)| leave(channel)).collect();
        texts.push(ask_for_book(symbol, self.entries.is_by_order));
        texts
    }

    fn products_url(&self) -> Option<String> {
        let host = &self.rest_url;
        Some(format!("{host}/v2/conf/pub:list:pair:exchange"))
    }

    /// "Public Channels": 25 channels a connection, of which an instrument has two, and 20 connections a minute.
    fn limits(&self) -> Limits {
        Limits {
            instruments_per_connection: 12,
            pace: Pace {
                send_interval_ns: 100_000_000,
                connects_max: 20,
                connect_window_ns: 60_000_000_000,
            },
            age_max_ns: None,
        }
    }

    fn keep_alive(&self) -> Option<(u64, String)> {
        Some((PING_NS, "{\"event\":\"ping\",\"cid\":1}".to_owned()))
    }

    fn forget(&mut self) {
        self.known.channels.clear();
        self.known.numbers.fill(None);
    }
}
