//! Books by level or by order from WebSocket texts, whatever the venue: a snapshot joined to the updates around it.
//!
//! ```text
//!                 update: kept                    snapshot: Clear, Level…, then what was kept and continues it
//!  Awaiting ──────────────────▶ Joining ──────────────────────────────────────────────────▶ Following
//!     ▲  ▲                       │  ▲ too old: asked for again                                  │
//!     │  └──── connection gone ──┘  └───────── an update does not continue the last one ────────┘
//!     └─ Reset(AwaitSnapshot) whenever a followed book stops being one
//! ```
//!
//! A room brings a [`Venue`]: how its texts read ([`Venue::read`] tells a [`Hear`]), what to say to subscribe, where a
//! snapshot is to be had, and by which [`Chain`] its updates continue one another. What is the same for all venues is
//! here, once: a snapshot replaces and never merges, nothing is told of a book before it can be, updates kept for a
//! snapshot have a bound, whatever breaks the chain of an instrument takes that book back to awaiting, and only that one.
//!
//! Two connections that say the same are arbitrated by the venue's numbers: the first of equal updates wins, and the
//! loss of one connection breaks no chain that the other continues.

mod apply;
mod audit;
mod book;
mod connections;
mod feed;
mod inspect;
mod instruments;
mod ladder;
mod listings;
mod product;
mod selection;
pub mod settings;
pub mod simulator;
#[cfg(test)]
pub mod testing;
mod trades;

pub use connections::Limits;
pub use feed::StitchedFeed;
pub use inspect::{NameOf, child, inspect, member, text_of};
pub use ladder::{Ladder, Ladders};
pub use product::Listing;
pub use selection::{Kinds, Pattern, Selection};
pub use settings::Settings;

use crate::contract::{DecodeError, Line};
use crate::model::{EventTime, Price, Side, StatisticKind, Symbol, TradingState};
use crate::session::text::{Cursor, Number};

/// One level as a venue states it: `size` is what rests at `price` now, 0 when the level is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Side of the book.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// How much.
    pub size: Number,
}

/// How updates of one instrument continue one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Each says which numbers it covers: the next one begins behind the end of the last.
    Ranges,
    /// Each names the one before it.
    Previous,
    /// Numbers only rise: what is missing cannot be seen by them.
    Rising,
    /// There are none: what comes on the connection of the snapshot is all there is.
    Connection,
}

/// Where a book begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The venue sends it on the connection after the subscription.
    InBand,
    /// It is asked for while updates are kept: by REST ([`Venue::snapshot_url`]), or on the connection
    /// ([`Venue::snapshot_request`]).
    Rest,
}

/// Place of an update or a snapshot among the updates of its instrument. Zeros where the venue has no numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Span {
    /// First number it covers.
    pub first: u64,
    /// Last number it covers.
    pub last: u64,
    /// Number of the update before it, where it names one.
    pub previous: Option<u64>,
}

impl Span {
    /// A place that is one number.
    pub const fn at(number: u64) -> Span {
        Span {
            first: number,
            last: number,
            previous: None,
        }
    }
}

/// A snapshot or an update of one book.
#[derive(Clone, Copy, Debug)]
pub struct BookMessage<'a> {
    /// The venue's name of the instrument.
    pub symbol: &'a [u8],
    /// Whether it replaces the book.
    pub is_snapshot: bool,
    /// Where it belongs.
    pub span: Span,
    /// When.
    pub time: EventTime,
    /// What it says.
    pub levels: &'a [Level],
    /// The ids of the orders that `levels` are, one by one; none where the book is by level.
    pub orders: &'a [u64],
    /// Checksum of the book after it, where the venue gives one.
    pub checksum: Option<u32>,
    /// Digits behind the point of its prices and of its sizes as sent, for checksums over texts; else zeros.
    pub digits: (u8, u8),
}

/// How a trade is told from those known already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TradeId {
    /// Ids of an instrument's trades rise.
    Rising(u64),
    /// They count an instrument's trades: one that is left out is lost.
    Consecutive(u64),
    /// Ids say nothing but which trade it is.
    Unordered(u64),
    /// There is none.
    None,
}

/// A trade.
#[derive(Clone, Copy, Debug)]
pub struct TradeMessage<'a> {
    /// The venue's name of the instrument.
    pub symbol: &'a [u8],
    /// When.
    pub time: EventTime,
    /// Which.
    pub id: TradeId,
    /// Who crossed the spread.
    pub aggressor: Side,
    /// Where.
    pub price: Price,
    /// How much.
    pub size: Number,
    /// Whether it is older than the subscription (and may be known already).
    pub is_past: bool,
}

impl<'a> TradeMessage<'a> {
    /// The liquidation that this trade is, of an order that does `side`.
    pub fn liquidation(&self, side: Side) -> LiquidationMessage<'a> {
        LiquidationMessage {
            symbol: self.symbol,
            time: self.time,
            id: match self.id {
                TradeId::Rising(id) | TradeId::Consecutive(id) | TradeId::Unordered(id) => Some(id),
                TradeId::None => None,
            },
            side,
            price: self.price,
            size: self.size,
        }
    }
}

/// What a statistic carries.
#[derive(Clone, Copy, Debug)]
pub enum Quantity {
    /// A price.
    Price(Price),
    /// A size.
    Size(Number),
}

/// A position that the venue closed.
#[derive(Clone, Copy, Debug)]
pub struct LiquidationMessage<'a> {
    /// The venue's name of the instrument.
    pub symbol: &'a [u8],
    /// When.
    pub time: EventTime,
    /// Which: an order or a trade, where the venue says.
    pub id: Option<u64>,
    /// What the order that closes it does: [`Side::Ask`] where a long is sold out.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// How much.
    pub size: Number,
}

/// What a venue says of one of its instruments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Product {
    /// The venue's name of it.
    pub symbol: Symbol,
    /// Smallest step of a size.
    pub size_step: Option<Number>,
    /// Smallest step of a price.
    pub tick_size: Option<Price>,
    /// What the venue allows now.
    pub trading: TradingState,
}

/// Whoever listens while a room reads a text.
pub trait Hear {
    /// A snapshot or an update.
    fn book(&mut self, book: &BookMessage<'_>);
    /// A trade.
    fn trade(&mut self, trade: &TradeMessage<'_>);
    /// The last trade of an instrument whose trades are counted: one that has not come when this is said the next time is lost.
    fn last_trade(&mut self, symbol: &[u8], number: u64) {
        let _ = (symbol, number);
    }
    /// A statistic of an instrument.
    fn statistic(&mut self, symbol: &[u8], time: EventTime, kind: StatisticKind, value: Quantity);
    /// A position is closed by force. Told once, by its id or, where two connections say the same, by all it says.
    fn liquidation(&mut self, liquidation: &LiquidationMessage<'_>) {
        let _ = liquidation;
    }
    /// An instrument, from a list of them.
    fn product(&mut self, product: &Product);
    /// An instrument, from a list that says what it is.
    fn listing(&mut self, listing: &Listing) {
        self.product(&listing.product);
    }
    /// The list that is being told goes on at this address, which is asked for next.
    fn list_continues_at(&mut self, url: String) {
        let _ = url;
    }
    /// The list that is being told goes on, and nobody knows where: what it does not name may be listed all the same.
    fn list_continues(&mut self) {}
    /// What was told in band of instruments is the whole list.
    fn list_is_whole(&mut self) {}
    /// The venue has this instrument no more.
    fn delisted(&mut self, symbol: &[u8]) {
        let _ = symbol;
    }
    /// A subscription is confirmed.
    fn confirmed(&mut self);
    /// The venue complains.
    fn complaint(&mut self, text: &str);
    /// Something to answer at once (a ping of the venue's own kind).
    fn reply(&mut self, text: String);
    /// A level was left out because its price is beyond all prices ([`Number::is_beyond_prices`]): counted.
    fn left_out(&mut self) {}
    /// Prices of this instrument are finer than a [`Price`]: nothing of it is told from here on, which is counted message by
    /// message and said once.
    fn too_fine(&mut self, symbol: &[u8]) {
        let _ = symbol;
    }
    /// Books are told of to so many levels a side from here on: what is beyond is dropped.
    fn depth(&mut self, levels: usize) {
        let _ = levels;
    }
    /// The book of this instrument is not to be trusted any more, says the venue or the room.
    fn lost(&mut self, symbol: &[u8]);
    /// The connection the text came on: what a venue numbers by connection is told apart by it.
    fn line(&self) -> Line {
        Line(0)
    }
    /// Messages of the connection are missing, by numbers of its own. Whose books that breaks the room says
    /// ([`Hear::lost`]).
    fn missed(&mut self, first: u64, count: u64) {
        let _ = (first, count);
    }
}

/// Tells the trades of a list, the `first` of which was read already; nothing unless all can be read by `read` and the text ends
/// with `end` behind them.
#[inline(always)]
pub fn tell_trades<'a, H: Hear>(
    cursor: &mut Cursor<'a>,
    first: &TradeMessage<'a>,
    read: fn(&mut Cursor<'a>) -> Option<TradeMessage<'a>>,
    end: &[u8],
    hear: &mut H,
) -> Option<()> {
    let mut ahead = *cursor;
    while ahead.expect(b",").is_some() {
        read(&mut ahead)?;
    }
    if ahead.rest() != end {
        return None;
    }
    hear.trade(first);
    while cursor.expect(b",").is_some() {
        hear.trade(&read(cursor)?);
    }
    Some(())
}

/// What a text was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Of this type: an index into [`Venue::KINDS`].
    Kind(u8),
    /// Of a type nobody here knows.
    Unknown(Symbol),
}

/// Computes the checksum of a book; see [`Venue::checksum`].
pub type Checksum = fn(&Ladders, (u8, u8)) -> u32;

/// What a venue adds to a stitched feed.
pub trait Venue: Send {
    /// Types of messages, as counted: the venue's own names, in the order of the coverage table.
    const KINDS: &'static [&'static str];

    /// How updates continue one another.
    fn chain(&self) -> Chain;

    /// Where books begin.
    fn origin(&self) -> Origin;

    /// Levels a side the venue keeps its subscribers informed of, where they have to drop what is beyond; the books are then
    /// kept here too.
    fn depth(&self) -> Option<usize> {
        None
    }

    /// Whether books are of orders: a level is one order then, and gone whatever its price when its size is 0.
    fn is_by_order(&self) -> bool {
        false
    }

    /// Whether each message has the whole book, snapshot or not, so that a later one makes good what was lost before it.
    fn tells_whole(&self) -> bool {
        false
    }

    /// Reads one text. What could be used before an error is told already, and a book message is told whole or not at all.
    ///
    /// # Errors
    /// The text cannot be read; books of it cannot be told, so that all wait for a new snapshot, unless
    /// [`Venue::culprit`] knows better.
    fn read<H: Hear>(&mut self, text: &[u8], hear: &mut H) -> Result<Heard, DecodeError>;

    /// Reads one binary message: a binary protocol's own, or a text that is compressed.
    ///
    /// # Errors
    /// As [`Venue::read`]; [`DecodeError::NotThisProtocol`] where the venue sends none.
    fn read_binary<H: Hear>(&mut self, bytes: &[u8], hear: &mut H) -> Result<Heard, DecodeError> {
        let _ = (bytes, hear);
        Err(DecodeError::NotThisProtocol)
    }

    /// Reads the body of a REST answer: a snapshot or a list of instruments.
    ///
    /// # Errors
    /// As [`Venue::read`]; no book is lost by it.
    fn read_rest<H: Hear>(
        &mut self,
        url: &str,
        body: &[u8],
        hear: &mut H,
    ) -> Result<(), DecodeError>;

    /// Whose book the message that could not be read just now may be about: `None` anybody's, `Some(b"")` nobody's.
    fn culprit<'a>(&'a self, text: &'a [u8]) -> Option<&'a [u8]> {
        let _ = text;
        None
    }

    /// What to say on a fresh connection.
    fn subscribe(&self, symbols: &[Symbol]) -> Vec<String>;

    /// What to say for more instruments on a connection that has subscribed already.
    fn subscribe_more(&self, symbols: &[Symbol]) -> Vec<String> {
        self.subscribe(symbols)
    }

    /// What to say for instruments that nobody wants any more.
    fn unsubscribe(&self, symbols: &[Symbol]) -> Vec<String> {
        let _ = symbols;
        Vec::new()
    }

    /// What to say for a new snapshot of one instrument, where books begin in band.
    fn subscribe_again(&self, symbol: Symbol) -> Vec<String> {
        let _ = symbol;
        Vec::new()
    }

    /// As [`Venue::subscribe_again`], where it matters on which connection it is said.
    fn subscribe_again_on(&self, line: Line, symbol: Symbol) -> Vec<String> {
        let _ = line;
        self.subscribe_again(symbol)
    }

    /// Where a snapshot of one instrument is to be had, where books begin by REST.
    fn snapshot_url(&self, symbol: Symbol) -> Option<String> {
        let _ = symbol;
        None
    }

    /// What to say for a snapshot of one instrument, where books begin on request and there is no address for it.
    fn snapshot_request(&self, symbol: Symbol) -> Option<String> {
        let _ = symbol;
        None
    }

    /// Where the list of instruments is to be had.
    fn products_url(&self) -> Option<String> {
        None
    }

    /// As [`Feed::ticket_url`](crate::contract::Feed::ticket_url).
    fn ticket_url(&self, url: &str) -> Option<String> {
        let _ = url;
        None
    }

    /// As [`Feed::address`](crate::contract::Feed::address).
    ///
    /// # Errors
    /// The answer is none.
    fn address(&mut self, url: &str, ticket: &[u8]) -> Result<String, DecodeError> {
        let _ = ticket;
        Ok(url.to_owned())
    }

    /// What the venue allows its clients.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Where the lists of instruments of some kinds are to be had, where there are several. An instrument is in one of them.
    fn lists(&self, kinds: Kinds) -> Vec<String> {
        let _ = kinds;
        self.products_url().into_iter().collect()
    }

    /// Least time between two REST requests, ns: what the venue's rate limits allow.
    fn fetch_interval_ns(&self) -> u64 {
        250_000_000
    }

    /// What to say, and how often (ns), so that the venue neither closes the connection nor stays silent on it.
    fn keep_alive(&self) -> Option<(u64, String)> {
        None
    }

    /// Whether the venue's numbers or checksums show it when something of a book is lost. Where they do not, books are
    /// `unverified`, and compared with fresh snapshots now and then where there are any.
    fn is_provable(&self) -> bool {
        match self.chain() {
            Chain::Ranges | Chain::Previous => true,
            Chain::Rising | Chain::Connection => self.checksum().is_some(),
        }
    }

    /// How the checksum of a book is computed, where messages have one: of its levels and of the most digits behind the
    /// point that prices and sizes had since its snapshot. The books are then kept here too.
    fn checksum(&self) -> Option<Checksum> {
        None
    }

    /// A connection is open: what it says continues nothing that was said on this line before.
    fn begin(&mut self, line: Line) {
        let _ = line;
    }

    /// The connections are gone: what was known of their texts is forgotten.
    fn forget(&mut self) {}
}
