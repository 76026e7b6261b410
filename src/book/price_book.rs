//! Books by level: what venues that aggregate send.

use super::INSTRUMENTS_MAX;
use super::change::{Change, Fault};
use super::ladder::{self, Ladder, Refusal};
use super::order_book::is_ask;
use super::top::{Level, Top};
use feeds::model::{Action, InstrumentId, ResetKind, Side, Size, Tick};

/// All by-level books of one channel. Same interface as [`OrderBooks`](super::OrderBooks).
#[derive(Default)]
pub struct PriceBooks {
    /// Bids, asks.
    books: Vec<[Ladder; 2]>,
}

impl PriceBooks {
    /// No books yet.
    pub fn new() -> PriceBooks {
        PriceBooks::default()
    }

    /// Makes room for an instrument; ids are dense, so all smaller ones get a book too.
    ///
    /// Ids from [`INSTRUMENTS_MAX`] up are ignored; their ticks are [`Fault::UndefinedInstrument`].
    pub fn define(&mut self, instrument: InstrumentId) {
        let index = instrument.index();
        if index >= self.books.len() && index < INSTRUMENTS_MAX {
            self.books
                .resize_with(index + 1, || [Ladder::with_room(), Ladder::with_room()]);
        }
    }

    /// Applies one tick and says what it changed.
    pub fn apply(&mut self, tick: &Tick) -> Change {
        match tick.action {
            Action::Level => self.level(tick),
            Action::Quote => self.quote(tick),
            Action::Clear => self.clear_tick(tick),
            Action::Reset => match ResetKind::from_detail(tick.detail) {
                Some(ResetKind::Session | ResetKind::AwaitSnapshot) => self.clear_tick(tick),
                Some(ResetKind::Sequence) | None => Change::none(tick),
            },
            Action::Add | Action::Modify | Action::Cancel => Change::fault(tick, Fault::WrongKind),
            Action::Fill
            | Action::Trade
            | Action::Status
            | Action::Statistic
            | Action::Imbalance
            | Action::Definition
            | Action::Gap
            | Action::Recovered
            | Action::Heartbeat => Change::none(tick),
        }
    }

    /// Starts to fetch what [`apply`](PriceBooks::apply) will read. Levels lie together, so there is nothing to gain.
    pub fn prefetch_order(&self, _tick: &Tick) {}

    fn level(&mut self, tick: &Tick) -> Change {
        let Some(is_ask) = is_ask(tick.side).filter(|_| tick.price.is_defined()) else {
            return Change::fault(tick, Fault::Incomplete);
        };
        if tick.size == Size::WHOLE {
            return Change::fault(tick, Fault::NoSize);
        }
        let Some(book) = self.books.get_mut(tick.instrument.index()) else {
            return Change::fault(tick, Fault::UndefinedInstrument);
        };
        let ladder = &mut book[usize::from(is_ask)];
        match ladder.set(ladder::key(tick.price, is_ask), tick.size.0, orders(tick)) {
            Ok(edit) => {
                let mut change = Change::none(tick);
                change.set(edit, tick.price, is_ask, || ladder.best(is_ask));
                change
            }
            Err(refusal) => Change::fault(tick, refusal.into()),
        }
    }

    /// The side has exactly this level, or none.
    fn quote(&mut self, tick: &Tick) -> Change {
        let Some(is_ask) = is_ask(tick.side) else {
            return Change::fault(tick, Fault::Incomplete);
        };
        let Some(book) = self.books.get_mut(tick.instrument.index()) else {
            return Change::fault(tick, Fault::UndefinedInstrument);
        };
        let ladder = &mut book[usize::from(is_ask)];
        let before = ladder.best(is_ask);
        let is_level = tick.price.is_defined() && tick.size.0 > 0 && tick.size != Size::WHOLE;
        let count = orders(tick);
        let mut change = Change::none(tick);
        change.side = tick.side;
        if is_level {
            change.price = tick.price;
            change.size_after = tick.size.0;
            change.orders_after = count;
        } else if let Some(level) = before {
            change.price = level.price;
        }
        if let Some(level) = before {
            if level.price == change.price {
                change.size_before = level.size;
            } else {
                change.price_left = level.price;
            }
        }
        let after = is_level.then_some(Level {
            price: tick.price,
            size: tick.size.0,
            orders: count,
        });
        if before != after || ladder.level_count() > 1 {
            ladder.clear();
            if is_level {
                // An empty ladder has room for one level.
                let _: Result<_, Refusal> =
                    ladder.set(ladder::key(tick.price, is_ask), tick.size.0, count);
            }
            change.depth = 0;
            change.best_moved = before != after;
            change.best = after;
        }
        change
    }

    fn clear_tick(&mut self, tick: &Tick) -> Change {
        let mut change = Change::none(tick);
        if tick.instrument == InstrumentId::ALL {
            change.best_moved = self
                .books
                .iter()
                .flatten()
                .any(|ladder| ladder.level_count() > 0);
            self.clear_all();
        } else if tick.instrument.index() >= self.books.len() {
            return Change::fault(tick, Fault::UndefinedInstrument);
        } else {
            change.best_moved = !self.is_empty(tick.instrument);
            self.clear(tick.instrument);
        }
        if change.best_moved {
            change.depth = 0;
        }
        change
    }

    /// Best level of both sides.
    pub fn top(&self, instrument: InstrumentId) -> Top {
        match self.books.get(instrument.index()) {
            Some([bids, asks]) => Top {
                bid: bids.best(false),
                ask: asks.best(true),
            },
            None => Top::default(),
        }
    }

    /// Levels of one side, best first. Empty for [`Side::None`] and for an unknown instrument.
    pub fn levels(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = Level> {
        ladder::levels(self.ladder(instrument, side), side)
    }

    /// How many levels one side has.
    pub fn level_count(&self, instrument: InstrumentId, side: Side) -> usize {
        self.ladder(instrument, side).map_or(0, Ladder::level_count)
    }

    fn ladder(&self, instrument: InstrumentId, side: Side) -> Option<&Ladder> {
        let book = self.books.get(instrument.index())?;
        Some(&book[usize::from(is_ask(side)?)])
    }

    /// How many instruments have a book.
    pub fn instrument_count(&self) -> usize {
        self.books.len()
    }

    /// Whether the instrument has no level.
    pub fn is_empty(&self, instrument: InstrumentId) -> bool {
        self.books
            .get(instrument.index())
            .is_none_or(|book| book.iter().all(|ladder| ladder.level_count() == 0))
    }

    /// Removes every level of one instrument.
    pub fn clear(&mut self, instrument: InstrumentId) {
        if let Some(book) = self.books.get_mut(instrument.index()) {
            book.iter_mut().for_each(Ladder::clear);
        }
    }

    /// Removes every level of every instrument.
    pub fn clear_all(&mut self) {
        self.books.iter_mut().flatten().for_each(Ladder::clear);
    }

    /// Heap memory in bytes, as allocated.
    pub fn bytes(&self) -> usize {
        let ladders: usize = self.books.iter().flatten().map(Ladder::bytes).sum();
        self.books.capacity() * size_of::<[Ladder; 2]>() + ladders
    }

    /// Asserts order and content of all levels. For tests and simulation: it walks everything.
    ///
    /// # Panics
    /// When they are wrong, which is a bug of this room.
    pub fn invariant(&self) {
        let PriceBooks { books } = self;
        books
            .iter()
            .flatten()
            .for_each(|ladder| ladder.invariant(false));
    }
}

/// The venue's order count of a level, saturated; 0 when it does not say.
fn orders(tick: &Tick) -> u32 {
    u32::try_from(tick.order_id).unwrap_or(u32::MAX)
}
