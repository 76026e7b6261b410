//! The venue as a state machine: connections and their wishes in, texts out. No socket, no clock.

use super::encode::{self, ProductEntry, Statistics, Trade};
use super::settings::CHANNELS;
use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::simulator::{LevelAggregator, LevelNow, MarketEvent, TradeNow, VenueSimulator};
use simd_json::prelude::*;
use std::collections::{BTreeMap, VecDeque};

/// Time between two heartbeats of a product.
const HEARTBEAT_NS: u64 = 1_000_000_000;
/// Time the `level2_batch` channel collects changes.
const BATCH_NS: u64 = 50_000_000;
/// Time between two lists of products on the status channel.
const STATUS_NS: u64 = 5_000_000_000;
/// Texts nobody fetched; the connection a further one is for gets nothing any more, as a slow client is cut off.
pub const TEXTS_MAX: usize = 65_536;
/// Longest text a client may send, in bytes.
const REQUEST_BYTES_MAX: usize = 65_536;
/// First sequence number of every product.
const FIRST_SEQUENCE: u64 = 1;

const CHANNEL_COUNT: usize = CHANNELS.len();
const LEVEL2: usize = 0;
const LEVEL2_BATCH: usize = 1;
const MATCHES: usize = 2;
const TICKER: usize = 3;
const TICKER_BATCH: usize = 4;
const HEARTBEAT: usize = 5;
const STATUS: usize = 6;

struct ProductBook {
    entry: ProductEntry,
    sequence: u64,
    last_trade: Option<Trade>,
    open: Price,
    low: Price,
    high: Price,
    volume: u64,
    /// Changes the batch channel has not said yet, one a level, in order of first change.
    pending: Vec<(Side, Price, Size)>,
}

#[derive(Default)]
struct Connection {
    /// By channel of [`CHANNELS`]: which products.
    wishes: [Vec<u32>; CHANNEL_COUNT],
    is_cut: bool,
}

/// The venue: books by product, subscriptions by connection.
///
/// Sizes of the market events are units of the products' `size_decimals`. Trade ids are counted here, product by product and
/// without gaps, as the venue does.
pub struct CoinbaseServer {
    size_decimals: u8,
    tick_size: Price,
    products: Vec<ProductBook>,
    levels: LevelAggregator,
    connections: BTreeMap<u32, Connection>,
    texts: VecDeque<(u32, String)>,
    next_heartbeat: u64,
    next_batch: u64,
    next_status: u64,
}

impl CoinbaseServer {
    /// A venue without products. `size_decimals`: precision of all sizes; `tick_size`: step of all prices.
    pub fn new(size_decimals: u8, tick_size: Price) -> CoinbaseServer {
        CoinbaseServer {
            size_decimals,
            tick_size,
            products: Vec::new(),
            levels: LevelAggregator::default(),
            connections: BTreeMap::new(),
            texts: VecDeque::new(),
            next_heartbeat: 0,
            next_batch: 0,
            next_status: 0,
        }
    }

    /// The list of products, as REST gives it.
    pub fn products_json(&self) -> String {
        encode::products(&self.entries())
    }

    /// One side of a product's book, best first.
    pub fn levels(&self, product: u32, side: Side) -> Vec<(Price, Size)> {
        self.levels.levels(product, side)
    }

    /// Id of the product's last trade; 0 when there was none.
    pub fn last_trade_id(&self, product: u32) -> u64 {
        self.products
            .get(product as usize)
            .and_then(|book| book.last_trade)
            .map_or(0, |trade| trade.trade_id)
    }

    fn entries(&self) -> Vec<ProductEntry> {
        self.products.iter().map(|book| book.entry).collect()
    }

    fn say(&mut self, connection: u32, text: String) {
        let Some(state) = self.connections.get_mut(&connection) else {
            return;
        };
        if self.texts.len() >= TEXTS_MAX {
            state.is_cut = true;
        }
        if !state.is_cut {
            self.texts.push_back((connection, text));
        }
    }

    /// Says `text` to everybody who listens to `channel` of `product`.
    fn say_to_all(&mut self, channel: usize, product: u32, text: &str) {
        let listeners: Vec<u32> = self
            .connections
            .iter()
            .filter(|(_, state)| state.wishes[channel].contains(&product))
            .map(|(&connection, _)| connection)
            .collect();
        for connection in listeners {
            self.say(connection, text.to_owned());
        }
    }

    fn on_level(&mut self, now: EventTime, level: LevelNow) {
        let Some(book) = self.products.get_mut(level.symbol as usize) else {
            return;
        };
        book.sequence += 1;
        let change = (level.side, level.price, Size(level.size));
        let same =
            |pending: &&mut (Side, Price, Size)| (pending.0, pending.1) == (change.0, change.1);
        match book.pending.iter_mut().find(same) {
            Some(pending) => pending.2 = change.2,
            None => book.pending.push(change),
        }
        let symbol = book.entry.symbol;
        if self.is_heard(LEVEL2, level.symbol) {
            let text = encode::l2update(symbol, &[change], self.size_decimals, now);
            self.say_to_all(LEVEL2, level.symbol, &text);
        }
    }

    fn flush_batch(&mut self, now: EventTime, product: u32) {
        let book = &mut self.products[product as usize];
        if book.pending.is_empty() {
            return;
        }
        let text = encode::l2update(book.entry.symbol, &book.pending, self.size_decimals, now);
        book.pending.clear();
        self.say_to_all(LEVEL2_BATCH, product, &text);
    }

    fn on_trade(&mut self, now: EventTime, trade: TradeNow) {
        let product = trade.symbol;
        let Some(book) = self.products.get_mut(product as usize) else {
            return;
        };
        book.sequence += 1;
        let said = Trade {
            product: book.entry.symbol,
            time: now,
            sequence: book.sequence,
            trade_id: book.last_trade.map_or(1, |last| last.trade_id + 1),
            // The venue knows no hidden orders; such a print gets a side all the same.
            maker_side: if trade.resting_side == Side::Ask {
                Side::Ask
            } else {
                Side::Bid
            },
            price: trade.price,
            size: Size(trade.size),
            size_decimals: self.size_decimals,
        };
        if book.last_trade.is_none() {
            (book.open, book.low, book.high) = (trade.price, trade.price, trade.price);
        }
        book.low = book.low.min(trade.price);
        book.high = book.high.max(trade.price);
        book.volume = book.volume.saturating_add(trade.size);
        book.last_trade = Some(said);
        if self.is_heard(MATCHES, product) {
            self.say_to_all(MATCHES, product, &encode::trade(&said, false));
        }
        for channel in [TICKER, TICKER_BATCH] {
            if self.is_heard(channel, product) {
                let text = encode::ticker(&said, &self.statistics(product));
                self.say_to_all(channel, product, &text);
            }
        }
    }

    fn is_heard(&self, channel: usize, product: u32) -> bool {
        self.connections
            .values()
            .any(|state| state.wishes[channel].contains(&product))
    }

    fn statistics(&self, product: u32) -> Statistics {
        let book = &self.products[product as usize];
        Statistics {
            open: book.open,
            low: book.low,
            high: book.high,
            volume: Size(book.volume),
            best_bid: self.best(product, Side::Bid),
            best_ask: self.best(product, Side::Ask),
        }
    }

    fn best(&self, product: u32, side: Side) -> (Price, Size) {
        let levels = self.levels.levels(product, side);
        levels.first().copied().unwrap_or((Price(0), Size(0)))
    }

    // ---- what clients say

    fn on_request(
        &mut self,
        now: EventTime,
        connection: u32,
        text: &str,
    ) -> Result<(), &'static str> {
        if text.len() > REQUEST_BYTES_MAX {
            return Err("Message too big");
        }
        let mut bytes = text.as_bytes().to_vec();
        let tape = simd_json::to_tape(&mut bytes).map_err(|_| "Malformed JSON")?;
        let value = tape.as_value();
        let request = value.as_object().ok_or("Malformed JSON")?;
        let verb = request.get("type").and_then(|value| value.into_string());
        let is_subscribe = match verb {
            Some("subscribe") => true,
            Some("unsubscribe") => false,
            _ => return Err("Type has to be either subscribe or unsubscribe"),
        };
        let common = match request.get("product_ids") {
            Some(list) => self.product_list(list)?,
            None => Vec::new(),
        };
        let channels = request.get("channels").ok_or("channels missing")?;
        let channels = channels.as_array().ok_or("channels has to be a list")?;
        let mut wishes: Vec<(usize, Vec<u32>)> = Vec::new();
        for entry in channels.iter() {
            let (name, own) = match entry.as_object() {
                Some(object) => {
                    let own = match object.get("product_ids") {
                        Some(list) => self.product_list(list)?,
                        None => Vec::new(),
                    };
                    (
                        object.get("name").and_then(|value| value.into_string()),
                        own,
                    )
                }
                None => (entry.into_string(), Vec::new()),
            };
            let channel = CHANNELS
                .iter()
                .position(|known| Some(*known) == name)
                .ok_or("no such channel")?;
            let mut products = common.clone();
            products.extend(own);
            if products.is_empty() && channel != STATUS && is_subscribe {
                return Err("product_ids missing");
            }
            wishes.push((channel, products));
        }
        self.carry_out(now, connection, is_subscribe, wishes);
        Ok(())
    }

    fn product_list(&self, list: simd_json::tape::Value<'_, '_>) -> Result<Vec<u32>, &'static str> {
        let list = list.as_array().ok_or("product_ids has to be a list")?;
        list.iter()
            .map(|entry| {
                let name = entry.into_string()?;
                let position = self
                    .products
                    .iter()
                    .position(|book| book.entry.symbol.as_str() == name)?;
                u32::try_from(position).ok()
            })
            .collect::<Option<Vec<u32>>>()
            .ok_or("not a valid product")
    }

    fn carry_out(
        &mut self,
        now: EventTime,
        connection: u32,
        is_subscribe: bool,
        wishes: Vec<(usize, Vec<u32>)>,
    ) {
        let mut fresh = Vec::new();
        if let Some(state) = self.connections.get_mut(&connection) {
            for (channel, products) in wishes {
                let listed = &mut state.wishes[channel];
                if is_subscribe {
                    // One entry for the status channel, which is about no product.
                    let products = if channel == STATUS { vec![0] } else { products };
                    for product in products {
                        if !listed.contains(&product) {
                            listed.push(product);
                            fresh.push((channel, product));
                        }
                    }
                } else {
                    listed.retain(|product| !(products.is_empty() || products.contains(product)));
                }
            }
        }
        self.confirm(connection);
        for (channel, product) in fresh {
            self.greet(now, connection, channel, product);
        }
    }

    fn confirm(&mut self, connection: u32) {
        let Some(state) = self.connections.get(&connection) else {
            return;
        };
        let channels: Vec<(String, Vec<Symbol>)> = state
            .wishes
            .iter()
            .enumerate()
            .filter(|(_, products)| !products.is_empty())
            .map(|(channel, products)| {
                let symbols = products
                    .iter()
                    .filter(|_| channel != STATUS)
                    .filter_map(|&product| self.products.get(product as usize))
                    .map(|book| book.entry.symbol)
                    .collect();
                (CHANNELS[channel].to_owned(), symbols)
            })
            .collect();
        self.say(connection, encode::subscriptions(&channels));
    }

    /// What a new subscriber is told first.
    fn greet(&mut self, now: EventTime, connection: u32, channel: usize, product: u32) {
        if channel == STATUS {
            self.say(connection, encode::status(&self.entries()));
            return;
        }
        if channel == LEVEL2 || channel == LEVEL2_BATCH {
            let [bids, asks] = [Side::Bid, Side::Ask].map(|side| self.levels.levels(product, side));
            let symbol = self.products[product as usize].entry.symbol;
            // Changes the batch still holds are in the snapshot too; said again, they change nothing.
            let text = encode::snapshot(symbol, &bids, &asks, self.size_decimals, now);
            self.say(connection, text);
            return;
        }
        let Some(trade) = self.products[product as usize].last_trade else {
            return;
        };
        match channel {
            MATCHES => self.say(connection, encode::trade(&trade, true)),
            TICKER | TICKER_BATCH => {
                let text = encode::ticker(&trade, &self.statistics(product));
                self.say(connection, text);
            }
            _ => {}
        }
    }
}

impl VenueSimulator for CoinbaseServer {
    fn open(&mut self, now: EventTime, symbols: &[Symbol]) {
        let (size_decimals, tick_size) = (self.size_decimals, self.tick_size);
        self.products = symbols
            .iter()
            .map(|&symbol| ProductBook {
                entry: ProductEntry {
                    symbol,
                    size_decimals,
                    tick_size,
                },
                sequence: FIRST_SEQUENCE,
                last_trade: None,
                open: Price(0),
                low: Price(0),
                high: Price(0),
                volume: 0,
                pending: Vec::new(),
            })
            .collect();
        self.levels = LevelAggregator::default();
        self.next_heartbeat = now.0.saturating_add(HEARTBEAT_NS);
        self.next_batch = now.0.saturating_add(BATCH_NS);
        self.next_status = now.0.saturating_add(STATUS_NS);
    }

    fn on_event(&mut self, now: EventTime, event: &MarketEvent) {
        let changes = self.levels.apply(event);
        for level in changes.levels.into_iter().flatten() {
            self.on_level(now, level);
        }
        if let Some(trade) = changes.trade {
            self.on_trade(now, trade);
        }
    }

    fn on_clock(&mut self, now: EventTime) {
        let products = 0..self.products.len() as u32;
        if now.0 >= self.next_batch {
            self.next_batch = now.0.saturating_add(BATCH_NS);
            for product in products.clone() {
                self.flush_batch(now, product);
            }
        }
        if now.0 >= self.next_heartbeat {
            self.next_heartbeat = now.0.saturating_add(HEARTBEAT_NS);
            for product in products {
                let last_trade_id = self.last_trade_id(product);
                let book = &self.products[product as usize];
                let text = encode::heartbeat(book.entry.symbol, book.sequence, last_trade_id, now);
                self.say_to_all(HEARTBEAT, product, &text);
            }
        }
        if now.0 >= self.next_status {
            self.next_status = now.0.saturating_add(STATUS_NS);
            let text = encode::status(&self.entries());
            self.say_to_all(STATUS, 0, &text);
        }
    }

    fn close(&mut self, now: EventTime) {
        for product in 0..self.products.len() as u32 {
            self.flush_batch(now, product);
        }
    }

    fn on_connect(&mut self, connection: u32) {
        self.connections.insert(connection, Connection::default());
    }

    fn on_disconnect(&mut self, connection: u32) {
        self.connections.remove(&connection);
        self.texts.retain(|&(other, _)| other != connection);
    }

    fn on_text(&mut self, now: EventTime, connection: u32, text: &str) {
        if let Err(reason) = self.on_request(now, connection, text) {
            self.say(connection, encode::error("Failed to subscribe", reason));
        }
    }

    fn poll_text(&mut self) -> Option<(u32, String)> {
        self.texts.pop_front()
    }
}
