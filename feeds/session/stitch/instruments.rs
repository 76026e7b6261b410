//! Instruments of a stitched feed: what is known of them, and how they become ticks.

use super::book::Book;
use super::feed::State;
use super::{Level, Product, TradeId, TradeMessage};
use crate::contract::{Batch, Line};
use crate::model::{
    Action, Definition, EventTime, Flags, InstrumentId, Price, RecvTime, ResetKind, Symbol, Tick,
    TradingState,
};
use std::collections::VecDeque;

/// Instruments a feed may have; venues list some thousands.
const INSTRUMENTS_MAX: usize = 16_384;
/// Digits of a size when the venue has not said: the finest step that is common.
const SIZE_DECIMALS_DEFAULT: u8 = 8;
/// More digits than that leave no room for the number itself.
const SIZE_DECIMALS_MAX: u8 = 18;

/// What is known of one instrument.
pub(super) struct Instrument {
    pub(super) symbol: Symbol,
    /// Given at the first message that is about it.
    pub(super) id: Option<InstrumentId>,
    /// From the venue's list; replaced by what the first sizes need.
    pub(super) size_decimals: u8,
    pub(super) tick_size: Price,
    pub(super) trading: TradingState,
    pub(super) trading_told: TradingState,
    pub(super) book: Book,
    /// Which connections carry it.
    pub(super) shard: u8,
    pub(super) last_trade_id: u64,
    /// The connection whose trades are told, where trades have no ids.
    pub(super) trade_line: Option<Line>,
    /// Nothing of it is told: see [`Hear::too_fine`](super::Hear::too_fine).
    pub(super) is_too_fine: bool,
    /// Newest trades whose ids do not rise.
    pub(super) recent_trades: VecDeque<u64>,
}

impl Instrument {
    fn new(symbol: Symbol, shard: u8) -> Instrument {
        Instrument {
            symbol,
            id: None,
            size_decimals: SIZE_DECIMALS_DEFAULT,
            tick_size: Price::UNDEFINED,
            trading: TradingState::Trading,
            trading_told: TradingState::Trading,
            book: Book::default(),
            shard,
            last_trade_id: 0,
            trade_line: None,
            is_too_fine: false,
            recent_trades: VecDeque::new(),
        }
    }
}

/// Ids of trades that are remembered, an instrument.
const RECENT_TRADES_MAX: usize = 256;

impl Instrument {
    /// The id of a trade that is not known yet, 0 where the venue gives none. `is_doubled`: another connection may say the same.
    pub(super) fn new_trade(
        &mut self,
        trade: &TradeMessage<'_>,
        line: Line,
        is_doubled: bool,
    ) -> Option<u64> {
        let number = match trade.id {
            TradeId::Rising(number) if number > self.last_trade_id => {
                let before = std::mem::replace(&mut self.last_trade_id, number);
                if !is_doubled {
                    return Some(number);
                }
                if self.recent_trades.is_empty() {
                    self.recent_trades.push_front(before);
                }
                number
            }
            TradeId::Rising(number) => {
                // The connection that is ahead may have joined late: what the other one brings is new all the same.
                let oldest = self.recent_trades.iter().min();
                let is_within = oldest.is_some_and(|&oldest| number > oldest);
                if !is_doubled || trade.is_past || !is_within {
                    return None;
                }
                number
            }
            TradeId::Unordered(number) => number,
            TradeId::None => {
                return (*self.trade_line.get_or_insert(line) == line).then_some(0);
            }
        };
        if self.recent_trades.contains(&number) {
            return None;
        }
        self.recent_trades.truncate(RECENT_TRADES_MAX - 1);
        self.recent_trades.push_front(number);
        Some(number)
    }
}

impl State {
    pub(super) fn insert(&mut self, symbol: Symbol) -> Option<usize> {
        let name = symbol.as_str().as_bytes();
        if let Some(&index) = self.index.get(name) {
            return Some(index as usize);
        }
        if self.instruments.len() >= INSTRUMENTS_MAX {
            return None;
        }
        let index = self.instruments.len();
        self.index.insert(name.into(), u32::try_from(index).ok()?);
        let shard = self.deal();
        self.instruments.push(Instrument::new(symbol, shard));
        Some(index)
    }

    /// The instrument a message is about; `None` when nobody follows it (counted).
    #[inline]
    pub(super) fn find(&mut self, name: &[u8]) -> Option<usize> {
        match self.index.get(name) {
            Some(&index) => Some(index as usize),
            None => self.find_new(name),
        }
    }

    #[cold]
    fn find_new(&mut self, name: &[u8]) -> Option<usize> {
        let symbol = Symbol::new(name);
        let can_follow = self.follows_all && !name.is_empty() && symbol.as_str().as_bytes() == name;
        let found = if can_follow {
            self.insert(symbol)
        } else {
            None
        };
        if found.is_none() {
            self.counters.unknown_instrument_messages += 1;
        }
        found
    }

    /// The id of an instrument. The first message about it defines it, at a precision that holds its `sizes`, and makes its
    /// book wait for a snapshot.
    #[inline]
    pub(super) fn id_of(
        &mut self,
        index: usize,
        sizes: &[Level],
        at: RecvTime,
        out: &mut Batch,
    ) -> InstrumentId {
        match self.instruments[index].id {
            Some(id) => id,
            None => self.define_new(index, sizes, at, out),
        }
    }

    #[cold]
    fn define_new(
        &mut self,
        index: usize,
        sizes: &[Level],
        at: RecvTime,
        out: &mut Batch,
    ) -> InstrumentId {
        let id = InstrumentId(self.instrument_count);
        self.instrument_count += 1;
        let instrument = &mut self.instruments[index];
        instrument.id = Some(id);
        let needed = sizes.iter().map(|level| level.size.scale()).max();
        let needed = needed.unwrap_or(0).min(SIZE_DECIMALS_MAX);
        if needed > instrument.size_decimals {
            // Orders can be older than the instrument's present step.
            instrument.size_decimals = needed.max(SIZE_DECIMALS_DEFAULT);
        }
        if !fits(sizes, instrument.size_decimals) {
            // Coins worth very little come in sizes that leave no room for digits behind the point.
            instrument.size_decimals = needed;
        }
        self.define(index, Flags::NONE, at, out);
        // Of the same event, so that nobody ever sees the empty book as a true one.
        out.push(self.reset(id, at));
        self.tell_trading(index, at, out);
        id
    }

    fn define(&mut self, index: usize, flags: Flags, at: RecvTime, out: &mut Batch) {
        let instrument = &self.instruments[index];
        let Some(id) = instrument.id else {
            return;
        };
        let definition = Definition {
            size_decimals: instrument.size_decimals,
            tick_size: instrument.tick_size,
            is_provable: self.is_provable,
            ..Definition::named(id, instrument.symbol)
        };
        let tick = self.tick(Action::Definition, id, EventTime::UNDEFINED, at);
        out.define(&definition, Tick { flags, ..tick });
    }

    fn tell_trading(&mut self, index: usize, at: RecvTime, out: &mut Batch) {
        let instrument = &mut self.instruments[index];
        let Some(id) = instrument.id else {
            return;
        };
        let trading = instrument.trading;
        if std::mem::replace(&mut instrument.trading_told, trading) != trading {
            let tick = self.tick(Action::Status, id, EventTime::UNDEFINED, at);
            out.push(Tick {
                flags: Flags::LAST,
                detail: trading as u8,
                ..tick
            });
        }
    }

    pub(super) fn on_product(&mut self, product: &Product, at: RecvTime, out: &mut Batch) {
        // Listing makes no instrument yet: the first message about it does.
        let known = self.index.get(product.symbol.as_str().as_bytes());
        let index = match known {
            Some(&index) => Some(index as usize),
            None if self.follows_all => self.insert(product.symbol),
            None => None,
        };
        let Some(index) = index else {
            return;
        };
        let instrument = &mut self.instruments[index];
        instrument.trading = product.trading;
        if let (None, Some(step)) = (instrument.id, product.size_step) {
            instrument.size_decimals = decimals_for(step.scale());
        }
        let tick_size = product.tick_size.unwrap_or(instrument.tick_size);
        if std::mem::replace(&mut instrument.tick_size, tick_size) != tick_size {
            self.define(index, Flags::LAST, at, out);
        }
        self.tell_trading(index, at, out);
    }

    #[inline]
    pub(super) fn tick(
        &self,
        action: Action,
        instrument: InstrumentId,
        time: EventTime,
        at: RecvTime,
    ) -> Tick {
        Tick {
            ts_event: time,
            ts_recv: at,
            instrument,
            ..Tick::blank(self.channel, action)
        }
    }

    pub(super) fn reset(&self, instrument: InstrumentId, at: RecvTime) -> Tick {
        Tick {
            detail: ResetKind::AwaitSnapshot as u8,
            flags: Flags::LAST,
            ..self.tick(Action::Reset, instrument, EventTime::UNDEFINED, at)
        }
    }
}

/// Digits for sizes whose step has so many: orders may be older than the step and finer, and coins worth little come in sizes
/// that leave no room for many digits.
fn decimals_for(step: u8) -> u8 {
    let finer = step.saturating_add(4).min(SIZE_DECIMALS_DEFAULT);
    step.max(finer).min(SIZE_DECIMALS_MAX)
}

/// Whether all sizes are exact at a precision.
#[inline]
pub(super) fn fits(levels: &[Level], decimals: u8) -> bool {
    levels
        .iter()
        .all(|level| level.size.units(decimals).is_some())
}
