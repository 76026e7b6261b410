//! Products: what is known of them, and the instruments they become.

use super::connection::Arrival;
use super::feed::{PRODUCTS_MAX, SIZE_DECIMALS_DEFAULT, SIZE_DECIMALS_MAX, State};
use super::message::{Level, Product};
use super::normalize::fits;
use crate::contract::{Batch, Line};
use crate::model::{
    Action as TickAction, Definition, EventTime, Flags, InstrumentId, Price, RecvTime, Symbol,
    TradingState,
};

/// What is known of one product.
pub(super) struct ProductState {
    pub(super) symbol: Symbol,
    /// Given at the first message that is about it.
    pub(super) instrument: Option<InstrumentId>,
    /// From the list of products; replaced by what the first sizes need.
    pub(super) size_decimals: u8,
    pub(super) tick_size: Price,
    pub(super) trading: TradingState,
    pub(super) trading_told: TradingState,
    /// No snapshot yet: updates mean nothing.
    pub(super) is_awaiting: bool,
    /// The connection its snapshot came on: updates of others mean nothing.
    pub(super) line: Line,
    /// Nothing about trades came on this connection yet.
    pub(super) is_fresh: bool,
    pub(super) ticker_sequence: u64,
    pub(super) heartbeat_sequence: u64,
    pub(super) last_trade_id: u64,
    /// What the last heartbeat said; the next one finds out whether that trade ever came.
    pub(super) promised_trade_id: u64,
    /// When to ask for the snapshot again.
    pub(super) resubscribe_at: Option<RecvTime>,
    /// Not before this.
    pub(super) resubscribe_from: RecvTime,
}

impl ProductState {
    pub(super) fn new(symbol: Symbol) -> ProductState {
        ProductState {
            symbol,
            instrument: None,
            size_decimals: SIZE_DECIMALS_DEFAULT,
            tick_size: Price::UNDEFINED,
            trading: TradingState::Trading,
            trading_told: TradingState::Trading,
            is_awaiting: true,
            line: Line(0),
            is_fresh: true,
            ticker_sequence: 0,
            heartbeat_sequence: 0,
            last_trade_id: 0,
            promised_trade_id: 0,
            resubscribe_at: None,
            resubscribe_from: RecvTime(0),
        }
    }

    /// Forgets what belongs to a connection that is gone.
    pub(super) fn forget_connection(&mut self) {
        self.is_awaiting = true;
        self.is_fresh = true;
        self.ticker_sequence = 0;
        self.heartbeat_sequence = 0;
        self.promised_trade_id = 0;
        self.resubscribe_at = None;
        self.resubscribe_from = RecvTime(0);
    }
}

impl State {
    pub(super) fn insert(&mut self, symbol: Symbol) -> Option<usize> {
        let known = self.index.get(symbol.as_str().as_bytes());
        if let Some(&index) = known {
            return Some(index as usize);
        }
        if self.products.len() == PRODUCTS_MAX {
            return None;
        }
        let index = self.products.len();
        self.index
            .insert(symbol.as_str().as_bytes().into(), index as u32);
        self.products.push(ProductState::new(symbol));
        Some(index)
    }

    /// The product a message is about; `None` when nobody follows it (counted).
    #[inline]
    pub(super) fn find(&mut self, id: &[u8]) -> Option<usize> {
        if let Some(&index) = self.index.get(id) {
            return Some(index as usize);
        }
        let symbol = Symbol::new(id);
        let found = if self.follows_all && symbol.as_str().as_bytes() == id && !id.is_empty() {
            self.insert(symbol)
        } else {
            None
        };
        if found.is_none() {
            self.counters.unknown_instrument_messages += 1;
        }
        found
    }

    /// The instrument of a product. The first message about it defines it, at a precision that holds its `sizes`, and
    /// makes its book wait for a snapshot.
    #[inline]
    pub(super) fn instrument(
        &mut self,
        index: usize,
        sizes: &[Level],
        at: RecvTime,
        out: &mut Batch,
    ) -> InstrumentId {
        match self.products[index].instrument {
            Some(instrument) => instrument,
            None => self.define_new(index, sizes, at, out),
        }
    }

    #[cold]
    pub(super) fn define_new(
        &mut self,
        index: usize,
        sizes: &[Level],
        at: RecvTime,
        out: &mut Batch,
    ) -> InstrumentId {
        let instrument = InstrumentId(self.instrument_count);
        self.instrument_count += 1;
        let product = &mut self.products[index];
        product.instrument = Some(instrument);
        let needed = sizes.iter().map(|level| level.size.scale()).max();
        let needed = needed.unwrap_or(0).min(SIZE_DECIMALS_MAX);
        if needed > product.size_decimals {
            // Orders can be older than the product's present step.
            product.size_decimals = needed.max(SIZE_DECIMALS_DEFAULT);
        }
        if !fits(sizes, product.size_decimals) {
            // Coins worth very little come in sizes that leave no room for digits behind the point.
            product.size_decimals = needed;
        }
        self.define(index, Flags::NONE, at, out);
        // Of the same event, so that nobody ever sees the empty book as a true one.
        out.push(self.reset(instrument, at));
        self.tell_trading(index, at, out);
        instrument
    }

    pub(super) fn define(&mut self, index: usize, flags: Flags, at: RecvTime, out: &mut Batch) {
        let product = &self.products[index];
        let Some(instrument) = product.instrument else {
            return;
        };
        let definition = Definition {
            size_decimals: product.size_decimals,
            tick_size: product.tick_size,
            // Updates of levels have no numbers.
            is_provable: false,
            ..Definition::named(instrument, product.symbol)
        };
        let mut tick = self.tick(TickAction::Definition, instrument, EventTime::UNDEFINED, at);
        tick.flags = flags;
        out.define(&definition, tick);
    }

    pub(super) fn tell_trading(&mut self, index: usize, at: RecvTime, out: &mut Batch) {
        let product = &mut self.products[index];
        let Some(instrument) = product.instrument else {
            return;
        };
        if product.trading == product.trading_told {
            return;
        }
        product.trading_told = product.trading;
        let detail = product.trading as u8;
        let mut tick = self.tick(TickAction::Status, instrument, EventTime::UNDEFINED, at);
        tick.flags = Flags::LAST;
        tick.detail = detail;
        out.push(tick);
    }

    pub(super) fn on_products(&mut self, products: &[Product], arrival: Arrival, out: &mut Batch) {
        for said in products {
            let known = self.index.get(said.symbol.as_str().as_bytes());
            let index = match known {
                Some(&index) => Some(index as usize),
                None if self.follows_all => self.insert(said.symbol),
                None => None,
            };
            let Some(index) = index else {
                continue;
            };
            let product = &mut self.products[index];
            product.trading = said.trading;
            if let (None, Some(step)) = (product.instrument, said.base_increment) {
                product.size_decimals = step.scale().min(SIZE_DECIMALS_MAX);
            }
            let tick_size = said.quote_increment.unwrap_or(product.tick_size);
            let has_new_tick_size =
                std::mem::replace(&mut product.tick_size, tick_size) != tick_size;
            if has_new_tick_size {
                self.define(index, Flags::LAST, arrival.at, out);
            }
            self.tell_trading(index, arrival.at, out);
        }
        for index in 0..self.connections.len() {
            let connection = &self.connections[index];
            if self.follows_all && connection.is_asked && !connection.has_subscribed_products {
                self.subscribe_products(connection.line, arrival.at);
            }
        }
    }
}
