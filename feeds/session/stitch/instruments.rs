//! Instruments of a stitched feed: what is known of them, and how they become ticks.

use super::book::Book;
use super::feed::State;
use super::listings::NO_LIST;
use super::trades::Trades;
use super::{Level, Listing};
use crate::contract::Batch;
use crate::model::{
    Action, Definition, EventTime, Flags, InstrumentId, InstrumentKind, Price, RecvTime, ResetKind,
    Symbol, Terms, Tick, TradingState,
};

/// Instruments a feed may have; venues list some thousands.
pub(super) const INSTRUMENTS_MAX: usize = 16_384;
/// Digits of a size when the venue has not said: the finest step that is common.
const SIZE_DECIMALS_DEFAULT: u8 = 8;
/// More digits than that leave no room for the number itself.
const SIZE_DECIMALS_MAX: u8 = 18;

/// What is known of one instrument.
pub(super) struct Instrument {
    pub(super) symbol: Symbol,
    /// The normalised name; empty while no list told it.
    pub(super) name: Symbol,
    pub(super) terms: Terms,
    /// The configuration names it.
    pub(super) is_named: bool,
    /// Connections are to carry it.
    pub(super) is_wanted: bool,
    /// It was listed and is no more: nothing of it is told.
    pub(super) is_delisted: bool,
    /// Which list named it last, and when.
    pub(super) list: u8,
    pub(super) pass: u32,
    /// Given at the first message that is about it.
    pub(super) id: Option<InstrumentId>,
    /// From the venue's list; replaced by what the first sizes need.
    pub(super) size_decimals: u8,
    pub(super) tick_size: Price,
    pub(super) trading: TradingState,
    pub(super) trading_told: TradingState,
    pub(super) book: Book,
    /// Which connections carry it, while it is wanted.
    pub(super) shard: u8,
    pub(super) trades: Trades,
    /// Nothing of it is told: see [`Hear::too_fine`](super::Hear::too_fine).
    pub(super) is_too_fine: bool,
}

impl Instrument {
    fn new(symbol: Symbol) -> Instrument {
        Instrument {
            symbol,
            name: Symbol::from(""),
            terms: Terms::default(),
            is_named: false,
            is_wanted: false,
            is_delisted: false,
            list: NO_LIST,
            pass: 0,
            id: None,
            size_decimals: SIZE_DECIMALS_DEFAULT,
            tick_size: Price::UNDEFINED,
            trading: TradingState::Trading,
            trading_told: TradingState::Trading,
            book: Book::default(),
            shard: 0,
            trades: Trades::default(),
            is_too_fine: false,
        }
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
        self.instruments.push(Instrument::new(symbol));
        Some(index)
    }

    /// The instrument is to be subscribed to, by the connections of its shard.
    pub(super) fn want(&mut self, index: usize) {
        if std::mem::replace(&mut self.instruments[index].is_wanted, true) {
            return;
        }
        self.instruments[index].is_delisted = false;
        let queued = self.newly_unwanted.iter().position(|&gone| gone == index);
        if let Some(place) = queued {
            // Nobody was told that it is gone.
            self.newly_unwanted.swap_remove(place);
            self.take_place(self.instruments[index].shard);
        } else {
            self.instruments[index].shard = self.deal();
            self.newly_wanted.push(index);
        }
    }

    /// The instrument is not to be subscribed to any more; its place is another one's.
    pub(super) fn unwant(&mut self, index: usize) {
        if !std::mem::replace(&mut self.instruments[index].is_wanted, false) {
            return;
        }
        self.free(self.instruments[index].shard);
        match self.newly_wanted.iter().position(|&new| new == index) {
            Some(place) => {
                self.newly_wanted.swap_remove(place);
            }
            None => self.newly_unwanted.push(index),
        }
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
        let selection = self.listings.selection();
        let is_chosen =
            self.follows_all || selection.has(symbol.as_str(), "", InstrumentKind::Other);
        let can_follow = is_chosen && !name.is_empty() && symbol.as_str().as_bytes() == name;
        let found = if can_follow {
            self.insert(symbol)
        } else {
            None
        };
        match found {
            Some(index) if !self.instruments[index].is_wanted => {
                self.want(index);
                // Whoever hears of it has subscribed to it.
                self.newly_wanted.retain(|&new| new != index);
            }
            Some(_) => {}
            None => self.counters.unknown_instrument_messages += 1,
        }
        found
    }

    /// Whether nothing of an instrument is told; counted.
    #[inline]
    pub(super) fn is_passed_over(&mut self, index: usize) -> bool {
        let instrument = &self.instruments[index];
        if instrument.is_too_fine {
            self.counters.values_left_out += 1;
        } else if instrument.is_delisted {
            // Said before the venue heard that nobody listens any more.
            self.counters.messages_ignored += 1;
        }
        instrument.is_too_fine || instrument.is_delisted
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
            name: instrument.name,
            terms: instrument.terms,
            ..Definition::named(id, instrument.symbol)
        };
        let tick = self.tick(Action::Definition, id, EventTime::UNDEFINED, at);
        out.define(&definition, Tick { flags, ..tick });
    }

    pub(super) fn tell_trading(&mut self, index: usize, at: RecvTime, out: &mut Batch) {
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

    /// Takes over what a list says of an instrument. It makes no ticks yet: the first message about the instrument does.
    pub(super) fn on_product(
        &mut self,
        index: usize,
        listing: &Listing,
        at: RecvTime,
        out: &mut Batch,
    ) {
        let product = &listing.product;
        let instrument = &mut self.instruments[index];
        if !instrument.is_delisted {
            instrument.trading = product.trading;
        }
        if let (None, Some(step)) = (instrument.id, product.size_step) {
            instrument.size_decimals = decimals_for(step.scale());
        }
        let tick_size = product.tick_size.unwrap_or(instrument.tick_size);
        let mut is_news = std::mem::replace(&mut instrument.tick_size, tick_size) != tick_size;
        let name = listing.name();
        // Some texts tell of an instrument without saying what it is.
        if !name.as_str().is_empty() || listing.terms != Terms::default() {
            is_news |= instrument.name != name || instrument.terms != listing.terms;
            instrument.name = name;
            instrument.terms = listing.terms;
        }
        if is_news {
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
