//! A venue that publishes by level or by order, as a state machine: what it says when is here, how it says it is its room's
//! ([`Speak`]).

use super::Span;
use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::simulator::{
    LevelAggregator, LevelNow, MarketEvent, OrderNow, Said, TradeNow, VenueSimulator,
};
use std::collections::{BTreeMap, VecDeque};

/// Texts nobody fetched; the connection a further one is for gets nothing any more, as a slow client is cut off.
pub const TEXTS_MAX: usize = 65_536;
/// Longest text a client may send, in bytes.
const REQUEST_BYTES_MAX: usize = 65_536;
/// First id of every book.
const FIRST_ID: u64 = 1_000;
/// One trade in so many closes a position.
const LIQUIDATION_EVERY: u64 = 16;
/// Digits behind the point of all sizes: the unit of a market event's size is 1e-4.
pub const SIZE_DECIMALS: u8 = 4;
/// Step of all prices: a cent.
pub const TICK_SIZE: Price = Price(10_000_000);

/// What a client wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// The book of this instrument, from now on.
    Book(Symbol),
    /// The orders of this instrument, from now on.
    Orders(Symbol),
    /// The book of this instrument no more, nor its orders.
    NoBook(Symbol),
    /// The whole book of this instrument as it is now, said with [`Speak::snapshot_on_request`].
    Snapshot(Symbol),
    /// The trades of this instrument.
    Trades(Symbol),
    /// The positions of this instrument that are closed by force.
    Liquidations(Symbol),
    /// Those of all instruments.
    AllLiquidations,
    /// This answer.
    Reply(String),
}

/// What a REST address asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// The present book of this instrument.
    Snapshot(Symbol),
    /// The list of instruments.
    Products,
    /// This answer.
    Reply(String),
}

/// A book as it is now.
#[derive(Clone, Copy, Debug)]
pub struct BookNow<'a> {
    /// Whose.
    pub symbol: Symbol,
    /// What changed it last, and which number that has.
    pub span: Span,
    /// When.
    pub now: EventTime,
    /// Best first.
    pub bids: &'a [(Price, Size)],
    /// Best first.
    pub asks: &'a [(Price, Size)],
}

/// One order of a book.
pub type Resting = (u64, Price, Size);

/// The orders of a book as they are now.
#[derive(Clone, Copy, Debug)]
pub struct OrdersNow<'a> {
    /// Whose.
    pub symbol: Symbol,
    /// The number of what changed them last.
    pub last: u64,
    /// When.
    pub now: EventTime,
    /// Best first, at one price by id.
    pub bids: &'a [Resting],
    /// Best first, at one price by id.
    pub asks: &'a [Resting],
}

/// How a venue says things. Sizes have [`SIZE_DECIMALS`].
pub trait Speak: Send {
    /// What a client's text means.
    fn on_text(&mut self, now: EventTime, text: &str) -> Vec<Wish>;

    /// What a REST address asks for.
    fn on_fetch(&self, url: &str) -> Option<Asked>;

    /// The whole book, in band; `None` where books begin by REST.
    fn snapshot(&self, book: &BookNow<'_>) -> Option<String>;

    /// The answer to [`Wish::Snapshot`].
    fn snapshot_on_request(&self, book: &BookNow<'_>) -> Option<String> {
        let _ = book;
        None
    }

    /// A change of a book; `book` is what it is behind it.
    fn update(&self, book: &BookNow<'_>, change: (Side, Price, Size)) -> String;

    /// All orders, in band, where the venue tells them.
    fn orders(&self, orders: &OrdersNow<'_>) -> Option<String> {
        let _ = orders;
        None
    }

    /// A change of an order, gone where its size is 0; `orders` is what there is behind it.
    fn order_update(&self, orders: &OrdersNow<'_>, change: &OrderNow) -> String {
        let _ = (orders, change);
        String::new()
    }

    /// What is said behind each update of an order, to those who were told it.
    fn orders_proof(&self, orders: &OrdersNow<'_>) -> Option<String> {
        let _ = orders;
        None
    }

    /// What is said behind each update of a book, to those who were told it.
    fn proof(&self, book: &BookNow<'_>) -> Option<String> {
        let _ = book;
        None
    }

    /// A trade. `id` counts the trades of the instrument from 1.
    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String;

    /// A trade that closed a position, to those who hear of them.
    fn liquidation(
        &self,
        symbol: Symbol,
        now: EventTime,
        id: u64,
        trade: &TradeNow,
    ) -> Option<String> {
        let _ = (symbol, now, id, trade);
        None
    }

    /// The body of the answer to [`Asked::Snapshot`].
    fn rest_snapshot(&self, book: &BookNow<'_>) -> String {
        let _ = book;
        String::new()
    }

    /// The body of the answer to [`Asked::Products`].
    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let _ = symbols;
        String::new()
    }

    /// What the venue says every second to everybody, where it does.
    fn heartbeat(&self, now: EventTime) -> Option<String> {
        let _ = now;
        None
    }

    /// What the venue says every second of an instrument, to whoever hears its trades; `last_trade` counts them.
    fn beat(&self, symbol: Symbol, now: EventTime, last_trade: u64) -> Option<String> {
        let _ = (symbol, now, last_trade);
        None
    }

    /// What a new connection is told first.
    fn welcome(&self) -> Option<String> {
        None
    }

    /// A text as one connection is told it, where texts are numbered by connection: `last` is the number of the last one.
    fn numbered(&self, text: String, last: &mut u64) -> String {
        let _ = last;
        text
    }

    /// How a text travels.
    fn packed(&self, text: String) -> Said {
        Said::Text(text)
    }
}

#[derive(Default)]
struct Connection {
    books: Vec<u32>,
    orders: Vec<u32>,
    trades: Vec<u32>,
    liquidations: Vec<u32>,
    is_cut: bool,
    last: u64,
}

/// The venue: books by instrument, wishes by connection.
pub struct LevelVenue<S> {
    speak: S,
    symbols: Vec<Symbol>,
    levels: LevelAggregator,
    /// Levels as far as they were told: an event may change two of them, one after the other.
    told: BTreeMap<(u32, bool, Price), Size>,
    /// Orders as far as they were told.
    told_orders: BTreeMap<(u32, bool, Price, u64), Size>,
    /// By instrument: number of the last update, and of the last trade.
    ids: Vec<(u64, u64)>,
    connections: BTreeMap<u32, Connection>,
    texts: VecDeque<(u32, String)>,
    next_heartbeat: u64,
}

impl<S: Speak> LevelVenue<S> {
    /// A venue without instruments.
    pub fn new(speak: S) -> LevelVenue<S> {
        LevelVenue {
            speak,
            symbols: Vec::new(),
            levels: LevelAggregator::default(),
            told: BTreeMap::new(),
            told_orders: BTreeMap::new(),
            ids: Vec::new(),
            connections: BTreeMap::new(),
            texts: VecDeque::new(),
            next_heartbeat: 0,
        }
    }

    fn say(&mut self, connection: u32, text: String) {
        let Some(state) = self.connections.get_mut(&connection) else {
            return;
        };
        state.is_cut |= self.texts.len() >= TEXTS_MAX;
        if !state.is_cut {
            let text = self.speak.numbered(text, &mut state.last);
            self.texts.push_back((connection, text));
        }
    }

    fn say_to_all(&mut self, is_for: impl Fn(&Connection) -> bool, text: &str) {
        let listeners: Vec<u32> = self
            .connections
            .iter()
            .filter(|(_, state)| is_for(state))
            .map(|(&connection, _)| connection)
            .collect();
        for connection in listeners {
            self.say(connection, text.to_owned());
        }
    }

    fn place_of(&self, symbol: Symbol) -> Option<u32> {
        let index = self.symbols.iter().position(|known| *known == symbol)?;
        u32::try_from(index).ok()
    }

    /// A connection hears of an instrument from now on. `None` where it did before, and where one of the two is not known.
    fn join(
        &mut self,
        connection: u32,
        symbol: Symbol,
        list: fn(&mut Connection) -> &mut Vec<u32>,
    ) -> Option<u32> {
        let index = self.place_of(symbol)?;
        let list = list(self.connections.get_mut(&connection)?);
        if list.contains(&index) {
            return None;
        }
        list.push(index);
        Some(index)
    }

    /// Says something of a book as it is now.
    fn of_book<T>(&self, index: u32, now: EventTime, say: impl FnOnce(&S, &BookNow<'_>) -> T) -> T {
        let side = |is_ask: bool| {
            let range = (index, is_ask, Price(i64::MIN))..=(index, is_ask, Price(i64::MAX));
            let levels = self.told.range(range);
            levels
                .map(|(&(_, _, price), &size)| (price, size))
                .collect()
        };
        let (mut bids, asks): (Vec<_>, Vec<_>) = (side(false), side(true));
        bids.reverse();
        let place = index as usize;
        let id = self.ids[place].0;
        let book = BookNow {
            symbol: self.symbols[place],
            span: Span {
                first: id,
                last: id,
                previous: Some(id - 1),
            },
            now,
            bids: &bids,
            asks: &asks,
        };
        say(&self.speak, &book)
    }

    /// Says something of a book's orders as they are now.
    fn of_orders<T>(
        &self,
        index: u32,
        now: EventTime,
        say: impl FnOnce(&S, &OrdersNow<'_>) -> T,
    ) -> T {
        let side = |is_ask: bool| -> Vec<Resting> {
            let first = (index, is_ask, Price(i64::MIN), 0);
            let last = (index, is_ask, Price(i64::MAX), u64::MAX);
            let orders = self.told_orders.range(first..=last);
            orders
                .map(|(&(_, _, price, id), &size)| (id, price, size))
                .collect()
        };
        let (mut bids, asks) = (side(false), side(true));
        bids.sort_by_key(|&(id, price, _)| (std::cmp::Reverse(price), id));
        let place = index as usize;
        let orders = OrdersNow {
            symbol: self.symbols[place],
            last: self.ids[place].0,
            now,
            bids: &bids,
            asks: &asks,
        };
        say(&self.speak, &orders)
    }

    fn on_order(&mut self, now: EventTime, order: &OrderNow) {
        let index = order.symbol;
        let key = (index, order.side == Side::Ask, order.price, order.order);
        if order.size == 0 {
            self.told_orders.remove(&key);
        } else {
            self.told_orders.insert(key, Size(order.size));
        }
        let is_for = |state: &Connection| state.orders.contains(&index);
        if !self.connections.values().any(is_for) {
            return;
        }
        let (text, proof) = self.of_orders(index, now, |speak, orders| {
            (
                speak.order_update(orders, order),
                speak.orders_proof(orders),
            )
        });
        self.say_to_all(is_for, &text);
        if let Some(proof) = proof {
            self.say_to_all(is_for, &proof);
        }
    }

    fn on_level(&mut self, now: EventTime, level: LevelNow, order: Option<OrderNow>) {
        let index = level.symbol;
        let Some((id, _)) = self.ids.get_mut(index as usize) else {
            return;
        };
        *id += 1;
        if let Some(order) = order {
            self.on_order(now, &order);
        }
        let change = (level.side, level.price, Size(level.size));
        let key = (index, level.side == Side::Ask, level.price);
        if level.size == 0 {
            self.told.remove(&key);
        } else {
            self.told.insert(key, change.2);
        }
        let (text, proof) = self.of_book(index, now, |speak, book| {
            (speak.update(book, change), speak.proof(book))
        });
        self.say_to_all(|state| state.books.contains(&index), &text);
        if let Some(proof) = proof {
            self.say_to_all(|state| state.books.contains(&index), &proof);
        }
    }

    fn on_trade(&mut self, now: EventTime, trade: &TradeNow) {
        let index = trade.symbol;
        let Some((_, last)) = self.ids.get_mut(index as usize) else {
            return;
        };
        *last += 1;
        let id = *last;
        let symbol = self.symbols[index as usize];
        let text = self.speak.trade(symbol, now, id, trade);
        self.say_to_all(|state| state.trades.contains(&index), &text);
        if is_liquidation(id)
            && let Some(text) = self.speak.liquidation(symbol, now, id, trade)
        {
            self.say_to_all(|state| state.liquidations.contains(&index), &text);
        }
    }
}

/// Whether the trade of this number closes a position.
pub const fn is_liquidation(trade: u64) -> bool {
    trade.is_multiple_of(LIQUIDATION_EVERY)
}

impl<S: Speak> VenueSimulator for LevelVenue<S> {
    fn open(&mut self, now: EventTime, symbols: &[Symbol]) {
        self.symbols = symbols.to_vec();
        self.ids = vec![(FIRST_ID, 0); symbols.len()];
        self.levels = LevelAggregator::default();
        self.told.clear();
        self.told_orders.clear();
        self.next_heartbeat = now.0.saturating_add(1_000_000_000);
    }

    fn on_event(&mut self, now: EventTime, event: &MarketEvent) {
        let changes = self.levels.apply(event);
        for (level, order) in changes.levels.into_iter().zip(changes.orders) {
            if let Some(level) = level {
                self.on_level(now, level, order);
            }
        }
        if let Some(trade) = changes.trade {
            self.on_trade(now, &trade);
        }
    }

    fn on_clock(&mut self, now: EventTime) {
        if now.0 >= self.next_heartbeat {
            self.next_heartbeat = now.0.saturating_add(1_000_000_000);
            if let Some(text) = self.speak.heartbeat(now) {
                self.say_to_all(|_| true, &text);
            }
            for (index, symbol) in (0u32..).zip(self.symbols.clone()) {
                let last_trade = self.ids[index as usize].1;
                if let Some(text) = self.speak.beat(symbol, now, last_trade) {
                    self.say_to_all(|state| state.trades.contains(&index), &text);
                }
            }
        }
    }

    fn close(&mut self, _now: EventTime) {}

    fn on_connect(&mut self, connection: u32) {
        self.connections.insert(connection, Connection::default());
        if let Some(text) = self.speak.welcome() {
            self.say(connection, text);
        }
    }

    fn on_disconnect(&mut self, connection: u32) {
        self.connections.remove(&connection);
        self.texts.retain(|&(other, _)| other != connection);
    }

    fn on_text(&mut self, now: EventTime, connection: u32, text: &str) {
        if text.len() > REQUEST_BYTES_MAX {
            return;
        }
        for wish in self.speak.on_text(now, text) {
            match wish {
                Wish::Reply(text) => self.say(connection, text),
                Wish::Book(symbol) => {
                    if let Some(index) = self.join(connection, symbol, |state| &mut state.books)
                        && let Some(text) = self.of_book(index, now, S::snapshot)
                    {
                        self.say(connection, text);
                    }
                }
                Wish::Orders(symbol) => {
                    if let Some(index) = self.join(connection, symbol, |state| &mut state.orders)
                        && let Some(text) = self.of_orders(index, now, S::orders)
                    {
                        self.say(connection, text);
                    }
                }
                Wish::Snapshot(symbol) => {
                    let Some(index) = self.place_of(symbol) else {
                        continue;
                    };
                    let text =
                        self.of_book(index, now, |speak, book| speak.snapshot_on_request(book));
                    if let Some(text) = text {
                        self.say(connection, text);
                    }
                }
                Wish::NoBook(symbol) => {
                    let index = self.place_of(symbol);
                    if let Some(state) = self.connections.get_mut(&connection) {
                        state.books.retain(|book| Some(*book) != index);
                        state.orders.retain(|book| Some(*book) != index);
                    }
                }
                Wish::Liquidations(symbol) => {
                    self.join(connection, symbol, |state| &mut state.liquidations);
                }
                Wish::AllLiquidations => {
                    let count = u32::try_from(self.symbols.len()).unwrap_or_default();
                    if let Some(state) = self.connections.get_mut(&connection) {
                        state.liquidations = (0..count).collect();
                    }
                }
                Wish::Trades(symbol) => {
                    self.join(connection, symbol, |state| &mut state.trades);
                }
            }
        }
    }

    fn on_fetch(&mut self, now: EventTime, url: &str) -> Option<String> {
        // A fragment is the client's own, and not sent.
        let url = url.split('#').next().unwrap_or(url);
        match self.speak.on_fetch(url)? {
            Asked::Products => Some(self.speak.rest_products(&self.symbols)),
            Asked::Reply(text) => Some(text),
            Asked::Snapshot(symbol) => {
                let index = self.place_of(symbol)?;
                Some(self.of_book(index, now, |speak, book| speak.rest_snapshot(book)))
            }
        }
    }

    fn poll_text(&mut self) -> Option<(u32, String)> {
        self.texts.pop_front()
    }

    fn poll_message(&mut self) -> Option<(u32, Said)> {
        let (connection, text) = self.texts.pop_front()?;
        Some((connection, self.speak.packed(text)))
    }
}

/// Levels as a JSON list of `["price","size"]`.
pub fn levels_json(levels: &[(Price, Size)]) -> String {
    let levels: Vec<String> = levels
        .iter()
        .map(|(price, size)| format!("[\"{price}\",\"{}\"]", size.display(SIZE_DECIMALS)))
        .collect();
    format!("[{}]", levels.join(","))
}
