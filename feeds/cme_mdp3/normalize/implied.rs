//! Implied books and those of both, as instruments of their own beside the direct one.
//!
//! An instrument's direct book keeps its id; the next id is that of its implied book, the one behind that of both added up.
//! So whatever can be done with a book can be done with each of them, and nothing costs anything where they are not asked for.

use super::{
    BookEntry, Context, IMPLIED_DEPTH, Ladder, Misfit, Normalizer, Rung, action, kind, price_of,
};
use crate::model::{Action, Definition, Flags, InstrumentId, Side, Size, Symbol, Tick};

/// Books of an instrument: direct, implied, both.
pub(super) const BOOKS: u32 = 3;
/// What stands behind the instrument's name in the names of the books beside its direct one.
const SUFFIXES: [&str; 2] = [":implied", ":consolidated"];

/// Ladder and side of an entry of levels.
pub(super) fn place_of(kind_of: u8) -> Option<(usize, Side)> {
    Some(match kind_of {
        kind::BID => (0, Side::Bid),
        kind::OFFER => (1, Side::Ask),
        kind::IMPLIED_BID => (2, Side::Bid),
        kind::IMPLIED_OFFER => (3, Side::Ask),
        _ => return None,
    })
}

impl Normalizer {
    /// Ids of all books of an instrument.
    pub(super) fn books_of(
        &self,
        instrument: InstrumentId,
    ) -> impl Iterator<Item = InstrumentId> + use<> {
        let is_one = !self.shows_implied() || instrument == InstrumentId::ALL;
        let count = if is_one { 1 } else { BOOKS };
        (0..count).map(move |book| InstrumentId(instrument.0.saturating_add(book)))
    }

    /// Gives the definitions of an instrument's books, each with its tick.
    pub(super) fn tell_definition(&mut self, definition: &Definition, context: &mut Context<'_>) {
        let blank = self.blank(Action::Definition, context);
        for (index, instrument) in self.books_of(definition.instrument).enumerate() {
            let suffix = index.checked_sub(1).and_then(|index| SUFFIXES.get(index));
            let symbol = suffix.map_or(definition.symbol, |suffix| {
                Symbol::from(format!("{}{suffix}", definition.symbol).as_str())
            });
            let definition = Definition {
                instrument,
                symbol,
                ..*definition
            };
            let tick = Tick {
                instrument,
                flags: context.flags,
                ..blank
            };
            context.out.define(&definition, tick);
        }
    }

    /// Applies what happened to a level of a direct or an implied book, and says what it did to that and to the one of both.
    pub(super) fn level_of_books(
        &mut self,
        entry: &BookEntry,
        (instrument, flags): (InstrumentId, Flags),
        context: &mut Context<'_>,
    ) {
        let Some((index, side)) = place_of(entry.kind) else {
            return self.refuse(context);
        };
        let standing = &mut self.standings[instrument.index()];
        let depth = if index < 2 {
            standing.depth
        } else {
            IMPLIED_DEPTH
        };
        let level = usize::from(entry.level);
        let price = entry.price.and_then(|price| price_of(price).ok());
        let rung = price.zip(entry.size).map(|(price, size)| Rung {
            price,
            size,
            orders: entry.orders.map_or(0, i32::unsigned_abs),
        });
        let ladder = &mut standing.ladders[index];
        let mut told = std::mem::take(&mut self.told_rungs);
        told.clear();
        let mut tell = |rung: Rung| told.push(rung);
        let done = match (entry.action, rung) {
            (action::NEW_FIELD, Some(rung)) => ladder.insert(level, rung, depth, &mut tell),
            (action::CHANGE, Some(rung)) => ladder.replace(level, rung, (depth, false), &mut tell),
            (action::OVERLAY, Some(rung)) => ladder.replace(level, rung, (depth, true), &mut tell),
            (action::DELETE_FIELD, _) => ladder.remove(level, price, &mut tell),
            (action::DELETE_THRU, _) => {
                ladder.remove_best(level, &mut tell);
                Ok(())
            }
            (action::DELETE_FROM, _) => {
                ladder.trim(level.saturating_sub(1), &mut tell);
                Ok(())
            }
            _ => {
                self.told_rungs = told;
                return self.refuse(context);
            }
        };
        let flags = if done == Err(Misfit) {
            flags.with(Flags::MAYBE_BAD_BOOK)
        } else {
            flags
        };
        if done == Err(Misfit) && told.is_empty() {
            context.counters.messages_ignored += 1;
        }
        for &rung in &told {
            self.tell_level((instrument, index, side), rung, flags, context);
        }
        self.told_rungs = told;
    }

    /// Levels beyond a depth that is less than it was.
    pub(super) fn trim_books(&mut self, instrument: InstrumentId, context: &mut Context<'_>) {
        let mut told = std::mem::take(&mut self.told_rungs);
        for (index, side) in [Side::Bid, Side::Ask].into_iter().enumerate() {
            told.clear();
            let standing = &mut self.standings[instrument.index()];
            standing.ladders[index].trim(standing.depth, &mut |rung| told.push(rung));
            for &rung in &told {
                self.tell_level((instrument, index, side), rung, context.flags, context);
            }
        }
        self.told_rungs = told;
    }

    /// Says every level of a snapshot's implied book, and of both. The direct one was said.
    pub(super) fn tell_snapshot(&mut self, instrument: InstrumentId, context: &mut Context<'_>) {
        let mut told = std::mem::take(&mut self.told_rungs);
        for (index, side) in [Side::Bid, Side::Ask, Side::Bid, Side::Ask]
            .into_iter()
            .enumerate()
        {
            told.clear();
            told.extend(self.standings[instrument.index()].ladders[index].known());
            for &rung in &told {
                if index < 2 {
                    let both = self.both(instrument, index, rung);
                    self.tell_one(instrument.0 + 2, side, both, context.flags, context);
                } else {
                    self.tell_level((instrument, index, side), rung, context.flags, context);
                }
            }
        }
        self.told_rungs = told;
    }

    /// What rests at a price in one book together with what rests there in the other.
    fn both(&self, instrument: InstrumentId, index: usize, rung: Rung) -> Rung {
        let other: &Ladder = &self.standings[instrument.index()].ladders[index ^ 2];
        let other = other.at(rung.price);
        Rung {
            price: rung.price,
            size: rung
                .size
                .saturating_add(other.map_or(0, |other| other.size)),
            orders: rung
                .orders
                .saturating_add(other.map_or(0, |other| other.orders)),
        }
    }

    fn tell_level(
        &mut self,
        (instrument, index, side): (InstrumentId, usize, Side),
        rung: Rung,
        flags: Flags,
        context: &mut Context<'_>,
    ) {
        let own = instrument.0 + u32::from(index >= 2);
        self.tell_one(own, side, rung, flags, context);
        let both = self.both(instrument, index, rung);
        self.tell_one(instrument.0 + 2, side, both, flags, context);
    }

    fn tell_one(
        &mut self,
        book: u32,
        side: Side,
        rung: Rung,
        flags: Flags,
        context: &mut Context<'_>,
    ) {
        let tick = Tick {
            instrument: InstrumentId(book),
            side,
            price: rung.price,
            size: Size(rung.size),
            order_id: u64::from(rung.orders),
            flags: flags.with(Flags::MBP),
            ..self.blank(Action::Level, context)
        };
        self.push(tick, context.out);
    }
}
