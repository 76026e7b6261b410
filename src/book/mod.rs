//! Order books: what rests in the market, by order and by level, and how far it can be trusted.
//!
//! ```text
//!   Tick ──▶ OrderBooks ── orders (one table a channel) ──▶ ladders (two an instrument) ──▶ Top, Level
//!   Tick ──▶ PriceBooks ───────────────────────────────────▶ ladders ───────────────────▶ Top, Level
//!   Tick ──▶ Trust      ── facts of the channel and of each instrument ─────────────────▶ BookState
//!   Tick ──▶ Statistics ─ the last of each kind, an instrument ────────────────────────▶ Statistic
//! ```
//!
//! [`Books`] is either of the first two, so that a caller need not care how a venue speaks. One value holds all
//! books of one channel and belongs to one thread. Nothing here reads a clock, and nothing panics on any tick:
//! what cannot be true is a [`Fault`] in the [`Change`], which the caller counts and hands to [`Trust`].
//!
//! Memory grows only to stated maxima ([`ORDERS_MAX`], [`LEVELS_MAX`], [`INSTRUMENTS_MAX`]). Once the order table
//! and the ladders have reached their working size, applying a tick allocates nothing.
//!
//! Not done here: pricing of trades (the pipeline joins a `Trade` with the [`Filled`] of the `Cancel` behind it),
//! consolidation over venues, and any rounding: prices and sizes are the integers of the tick.

mod change;
mod integrity;
mod ladder;
mod order_book;
mod order_hash;
mod order_table;
mod prefetch;
mod price_book;
mod state;
mod statistics;
#[cfg(test)]
mod tests;
mod top;
mod window;

pub use change::{Change, Fault, Filled};
pub use integrity::{Finding, Integrity, IntegritySettings};
pub use ladder::LEVELS_MAX;
pub use order_book::OrderBooks;
pub use order_table::ORDERS_MAX;
pub use price_book::PriceBooks;
pub use state::{BookState, Reason, Touched, Trust, TrustState};
pub use statistics::{Statistic, Statistics};
pub use top::{Level, Top};

use feeds::model::{InstrumentId, Side, Tick};

/// Most instruments of one channel; a feed gives dense ids, so a larger one cannot be true.
pub const INSTRUMENTS_MAX: usize = 1 << 20;

/// All books of one channel, by order or by level.
#[allow(
    clippy::large_enum_variant,
    reason = "one value a channel, and a box would be one more line to miss"
)]
pub enum Books {
    /// The venue sends single orders.
    Orders(OrderBooks),
    /// The venue sends levels, or the top of the book.
    Prices(PriceBooks),
}

macro_rules! either {
    ($books:expr, $name:ident => $call:expr) => {
        match $books {
            Books::Orders($name) => $call,
            Books::Prices($name) => $call,
        }
    };
}

impl Books {
    /// Makes room for an instrument; ids are dense, so all smaller ones get a book too.
    ///
    /// Ids from [`INSTRUMENTS_MAX`] up are ignored; their ticks are [`Fault::UndefinedInstrument`].
    pub fn define(&mut self, instrument: InstrumentId) {
        either!(self, books => books.define(instrument))
    }

    /// Applies one tick and says what it changed.
    pub fn apply(&mut self, tick: &Tick) -> Change {
        either!(self, books => books.apply(tick))
    }

    /// Applies ticks in order, calling `on_change` after each.
    ///
    /// Same result as [`apply`](Books::apply) on each; by order it is faster, since it looks ahead.
    pub fn apply_all(&mut self, ticks: &[Tick], mut on_change: impl FnMut(&Tick, &Change)) {
        match self {
            Books::Orders(books) => books.apply_all(ticks, on_change),
            Books::Prices(books) => {
                for tick in ticks {
                    on_change(tick, &books.apply(tick));
                }
            }
        }
    }

    /// Best level of both sides.
    pub fn top(&self, instrument: InstrumentId) -> Top {
        either!(self, books => books.top(instrument))
    }

    /// Levels of one side, best first. Empty for [`Side::None`] and for an unknown instrument.
    pub fn levels(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = Level> {
        let (by_order, by_level) = match self {
            Books::Orders(books) => (Some(books.levels(instrument, side)), None),
            Books::Prices(books) => (None, Some(books.levels(instrument, side))),
        };
        let by_order = by_order.into_iter().flatten();
        by_order.chain(by_level.into_iter().flatten())
    }

    /// How many levels one side has.
    pub fn level_count(&self, instrument: InstrumentId, side: Side) -> usize {
        either!(self, books => books.level_count(instrument, side))
    }

    /// How many instruments have a book.
    pub fn instrument_count(&self) -> usize {
        either!(self, books => books.instrument_count())
    }

    /// Orders of all books; 0 by level, where orders are not known one by one.
    pub fn order_count(&self) -> usize {
        match self {
            Books::Orders(books) => books.order_count(),
            Books::Prices(_) => 0,
        }
    }

    /// Whether nothing rests in the instrument.
    pub fn is_empty(&self, instrument: InstrumentId) -> bool {
        either!(self, books => books.is_empty(instrument))
    }

    /// Empties the book of one instrument.
    pub fn clear(&mut self, instrument: InstrumentId) {
        either!(self, books => books.clear(instrument))
    }

    /// Empties every book.
    pub fn clear_all(&mut self) {
        either!(self, books => books.clear_all())
    }

    /// Heap memory in bytes, as allocated.
    pub fn bytes(&self) -> usize {
        either!(self, books => books.bytes())
    }

    /// Asserts what must hold between any two ticks. For tests and simulation: it walks everything.
    ///
    /// # Panics
    /// When the books contradict themselves, which is a bug of this room.
    pub fn invariant(&self) {
        either!(self, books => books.invariant())
    }
}
