//! What the venue adds to a stitched feed.

use super::message::{Lists, tell_book, tell_trades};
use super::read;
use super::scan::{self, Body};
use crate::contract::{DecodeError, Line, Pace};
use crate::model::Symbol;
use crate::session::stitch::{Chain, Hear, Heard, Kinds, Limits, Origin, Venue};
use crate::session::text::{Cursor, Reader};

/// Types of messages, as counted.
pub(super) const KINDS: [&str; 7] = [
    "l2_data",
    "market_trades",
    "ticker",
    "heartbeats",
    "status",
    "subscriptions",
    "error",
];

/// What [`KINDS`] are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Level2,
    Trades,
    Ticker,
    Heartbeats,
    Status,
    Subscriptions,
    Error,
}

/// Channels of instruments, each of which takes a text of its own.
const CHANNELS: [&str; 4] = ["level2", "market_trades", "ticker", "status"];
/// Books that are remembered, of all connections; of more the venue's numbers prove nothing.
const BOOKS_MAX: usize = 8_192;

type Books = hashbrown::HashSet<(u8, Symbol), foldhash::fast::FixedState>;

pub(super) struct CoinbaseAdvanced {
    rest_url: String,
    reader: Reader,
    lists: Lists,
    known: Known,
}

/// What is known of the connections.
pub(super) struct Known {
    /// Books that began, by line.
    books: Books,
    /// By line.
    numbers: Vec<Numbers>,
    /// Where the last text came on.
    line: Line,
}

/// The numbers of one connection.
#[derive(Clone, Copy, Default)]
struct Numbers {
    /// `None`: any number may come.
    next: Option<u64>,
    /// Whether somebody told us when it was opened; then no number says so.
    is_begun: bool,
}

impl Default for Known {
    fn default() -> Known {
        Known {
            books: Books::default(),
            numbers: vec![Numbers::default(); usize::from(u8::MAX) + 1],
            line: Line(0),
        }
    }
}

impl Known {
    fn of_line(&mut self) -> &mut Numbers {
        // One for each line there can be.
        &mut self.numbers[usize::from(self.line.0)]
    }

    /// The connection is new: it has no books yet.
    fn begin(&mut self, is_begun: bool) {
        let line = self.line.0;
        self.books.retain(|&(of, _)| of != line);
        *self.of_line() = Numbers {
            next: None,
            is_begun,
        };
    }

    /// A book of the connection begins.
    pub(super) fn has_book(&mut self, symbol: &[u8]) {
        if self.books.len() < BOOKS_MAX {
            self.books.insert((self.line.0, Symbol::new(symbol)));
        }
    }

    /// The number of a message. One that does not continue the last one breaks all books of the connection; one that falls is
    /// of a message that is not to be told: a snapshot, too, may be older than what it would replace.
    #[inline]
    pub(super) fn number<H: Hear>(&mut self, number: u64, hear: &mut H) -> bool {
        let of_line = self.of_line();
        let next = of_line.next.replace(number.wrapping_add(1));
        next.is_none_or(|next| next == number || self.jump(next, number, hear))
    }

    #[cold]
    fn jump<H: Hear>(&mut self, next: u64, number: u64, hear: &mut H) -> bool {
        if number == 0 && !self.of_line().is_begun {
            self.begin(false);
            self.of_line().next = Some(1);
            return true;
        }
        // Numbers that fall show that something is wrong, not how much.
        let skipped = number.checked_sub(next);
        hear.missed(next, skipped.unwrap_or(1));
        for (of, symbol) in &self.books {
            if *of == self.line.0 {
                hear.lost(symbol.as_str().as_bytes());
            }
        }
        skipped.is_some()
    }

    /// A text that is no JSON: it has had a number, if that much of it is left.
    pub(super) fn pass_over<H: Hear>(&mut self, text: &[u8], hear: &mut H) {
        match number_of(text) {
            Some(number) => {
                self.number(number, hear);
            }
            None => self.of_line().next = None,
        }
    }
}

/// Where `literal` ends in `text`, each time.
fn ends<'a>(text: &'a [u8], literal: &'a [u8]) -> impl Iterator<Item = &'a [u8]> {
    let places = text.windows(literal.len()).enumerate();
    let found = places.filter(move |(_, window)| *window == literal);
    found.filter_map(move |(at, _)| text.get(at + literal.len()..))
}

/// The number of a text that is no JSON.
fn number_of(text: &[u8]) -> Option<u64> {
    let mut cursor = Cursor::new(ends(text, b"\"sequence_num\":").next()?);
    let number = cursor.integer()?;
    matches!(cursor.peek(), Some(b',' | b'}')).then_some(number)
}

fn request(verb: &str, channel: &str, symbols: &[Symbol]) -> String {
    let names = symbols
        .iter()
        .map(|symbol| format!("\"{}\"", symbol.as_str()));
    let names: Vec<String> = names.collect();
    let names = names.join(",");
    format!("{{\"type\":\"{verb}\",\"product_ids\":[{names}],\"channel\":\"{channel}\"}}")
}

fn requests(verb: &str, symbols: &[Symbol]) -> Vec<String> {
    let text = |channel: &&str| request(verb, channel, symbols);
    CHANNELS.iter().map(text).collect()
}

impl CoinbaseAdvanced {
    pub(super) fn new(rest_url: &str) -> CoinbaseAdvanced {
        CoinbaseAdvanced {
            rest_url: rest_url.to_owned(),
            reader: Reader::default(),
            lists: Lists::default(),
            known: Known::default(),
        }
    }
}

impl Venue for CoinbaseAdvanced {
    const KINDS: &'static [&'static str] = &KINDS;

    fn chain(&self) -> Chain {
        Chain::Connection
    }

    fn origin(&self) -> Origin {
        Origin::InBand
    }

    /// The numbers of the connection show it when a message is missing.
    fn is_provable(&self) -> bool {
        true
    }

    #[inline]
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        let CoinbaseAdvanced {
            reader,
            lists,
            known,
            ..
        } = self;
        known.line = hear.line();
        let Some(message) = scan::scan(text, lists) else {
            return read::read(text, reader, lists, known, hear);
        };
        let is_told = known.number(message.number, hear);
        let is_snapshot = message.is_snapshot;
        let kind = match message.body {
            Body::Book { .. } if !is_told => Kind::Level2,
            Body::Trades if !is_told => Kind::Trades,
            Body::Book { symbol, time } => {
                if is_snapshot {
                    known.has_book(symbol);
                }
                tell_book(symbol, is_snapshot, time, &lists.levels, hear);
                Kind::Level2
            }
            Body::Trades => {
                tell_trades(&mut lists.trades, is_snapshot, hear);
                Kind::Trades
            }
        };
        Ok(Heard::Kind(kind as u8))
    }

    fn read_rest<H: Hear>(
        &mut self,
        _url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        read::read_products(body, &mut self.reader, hear)
    }

    fn culprit<'a>(&'a self, text: &'a [u8]) -> Option<&'a [u8]> {
        // Without its number nobody knows what is missing around it.
        number_of(text)?;
        let mut cursor = Cursor::new(text);
        cursor.expect(b"{\"channel\":\"")?;
        let channel = cursor.plain_text()?;
        if channel != b"l2_data" {
            let is_known = KINDS.iter().any(|kind| kind.as_bytes() == channel);
            return is_known.then_some(b"");
        }
        let mut names = ends(text, b"\"product_id\":\"");
        let name = Cursor::new(names.next()?).plain_text();
        name.filter(|_| names.next().is_none())
    }

    /// The venue closes connections that ask for nothing in five seconds; heartbeats can be asked for at once.
    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let heartbeats = "{\"type\":\"subscribe\",\"channel\":\"heartbeats\"}";
        let mut texts = vec![heartbeats.to_owned()];
        texts.extend(self.subscribe_more(symbols));
        texts
    }

    fn subscribe_more(&self, symbols: &[Symbol]) -> Vec<String> {
        if symbols.is_empty() {
            return Vec::new();
        }
        requests("subscribe", symbols)
    }

    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        requests("unsubscribe", symbols)
    }

    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let ask = |verb| request(verb, CHANNELS[0], &[symbol]);
        vec![ask("unsubscribe"), ask("subscribe")]
    }

    /// "Rate Limits": eight connections and eight messages a second from one address.
    fn limits(&self) -> Limits {
        Limits {
            instruments_per_connection: 50,
            pace: Pace {
                send_interval_ns: 125_000_000,
                connects_max: 8,
                connect_window_ns: 1_000_000_000,
            },
            age_max_ns: None,
        }
    }

    fn lists(&self, kinds: Kinds) -> Vec<String> {
        let is_future = kinds.names("perpetual") || kinds.names("future");
        let types = [("SPOT", kinds.names("spot")), ("FUTURE", is_future)];
        let host = &self.rest_url;
        let url = |name| format!("{host}/api/v3/brokerage/market/products?product_type={name}");
        let meant = types.into_iter().filter(|(_, is_meant)| *is_meant);
        meant.map(|(name, _)| url(name)).collect()
    }

    fn begin(&mut self, line: Line) {
        self.known.line = line;
        self.known.begin(true);
    }

    fn forget(&mut self) {
        self.known = Known::default();
    }
}
