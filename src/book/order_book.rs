//! Books by order: every order of a channel, and the levels it adds up to.

use super::INSTRUMENTS_MAX;
use super::change::{Change, Fault};
use super::ladder::{self, Edit, Ladder, Refusal};
use super::order_table::{OrderTable, Slot};
use super::prefetch::prefetch;
use super::top::{Level, Top};
use feeds::model::{Action, InstrumentId, Price, ResetKind, Side, Size, Tick, cancel_detail};

/// How far [`OrderBooks::apply_all`] looks ahead for orders: a fetch from memory takes about as long as this many
/// ticks. See `benches/book.rs`.
const ORDER_AHEAD_TICKS: usize = 12;

/// How far it looks ahead for the keys of a side, which it can only find once order and book have come.
const KEYS_AHEAD_TICKS: usize = 7;

/// How far it looks ahead for the total of a level, which it can only find once the keys have come.
const TOTAL_AHEAD_TICKS: usize = 3;

/// One instrument: two cache lines that name both sides.
#[derive(Debug)]
#[repr(C, align(64))]
struct Book {
    /// Bids, asks.
    sides: [Ladder; 2],
    /// Orders of other generations are stale.
    generation: u32,
    /// Live orders.
    orders: u32,
}

const _: () = assert!(size_of::<Book>() == 128);

impl Book {
    fn new() -> Book {
        Book {
            sides: [Ladder::with_room(), Ladder::with_room()],
            generation: 0,
            orders: 0,
        }
    }

    /// Makes every order stale and empties the levels.
    fn clear(&mut self) {
        self.sides.iter_mut().for_each(Ladder::clear);
        self.generation = self.generation.wrapping_add(1);
        self.orders = 0;
    }
}

/// All by-order books of one channel.
///
/// Orders are known by id and instrument; a tick for [`InstrumentId::ALL`] means "the instrument of the order".
/// An `Add` without a side behind a `Cancel` of kind [`cancel_detail::REPLACED`] has the side of the order replaced.
///
/// # Cost
/// A tick allocates nothing once the table and the ladders have their working size. Its cost is that of the cache
/// lines it misses: one of the order, one of the book, one of the level (`benches/book.rs`).
///
/// # Examples
/// ```
/// use feeds::model::{Action, ChannelId, InstrumentId, Price, Side, Size, Tick};
/// use waveletd::book::OrderBooks;
///
/// let mut books = OrderBooks::new(1_000);
/// books.define(InstrumentId(0));
/// let change = books.apply(&Tick {
///     instrument: InstrumentId(0),
///     order_id: 7,
///     side: Side::Bid,
///     price: Price::from_e4(1_872_500),
///     size: Size(100),
///     ..Tick::blank(ChannelId(0), Action::Add)
/// });
/// assert!(change.best_moved);
/// assert_eq!(books.top(InstrumentId(0)).bid.map(|level| level.size), Some(100));
/// ```
pub struct OrderBooks {
    table: OrderTable,
    books: Vec<Book>,
    /// Live orders of all books.
    orders: usize,
    /// The order that the last tick took away to replace it.
    replaced: Option<Replaced>,
}

/// What the successor of an order inherits when its `Add` does not say.
#[derive(Clone, Copy, Debug)]
struct Replaced {
    instrument: u32,
    is_ask: bool,
}

/// A level that a tick is about to touch, unless the order is elsewhere in the table.
struct Guess<'a> {
    ladder: &'a Ladder,
    key: i64,
}

impl OrderBooks {
    /// Empty books whose table holds `orders_capacity` orders at once without growing (64 bytes of memory each).
    ///
    /// Capped at [`ORDERS_MAX`](super::ORDERS_MAX). The memory is touched here, not at the first tick.
    pub fn new(orders_capacity: usize) -> OrderBooks {
        OrderBooks {
            table: OrderTable::new(orders_capacity),
            books: Vec::new(),
            orders: 0,
            replaced: None,
        }
    }

    /// Makes room for an instrument; ids are dense, so all smaller ones get a book too.
    ///
    /// Ids from [`INSTRUMENTS_MAX`] up are ignored; their ticks are [`Fault::UndefinedInstrument`].
    pub fn define(&mut self, instrument: InstrumentId) {
        let index = instrument.index();
        if index >= self.books.len() && index < INSTRUMENTS_MAX {
            self.books.resize_with(index + 1, Book::new);
        }
    }

    /// Applies one tick and says what it changed.
    #[inline]
    pub fn apply(&mut self, tick: &Tick) -> Change {
        match tick.action {
            Action::Add => self.add(tick),
            Action::Cancel => self.cancel(tick),
            Action::Modify => self.modify(tick),
            Action::Fill => self.fill(tick),
            Action::Clear => self.clear_tick(tick),
            Action::Reset => match ResetKind::from_detail(tick.detail) {
                Some(ResetKind::Session | ResetKind::AwaitSnapshot) => self.clear_tick(tick),
                Some(ResetKind::Sequence) | None => Change::none(tick),
            },
            Action::Level | Action::Quote => Change::fault(tick, Fault::WrongKind),
            Action::Trade
            | Action::Status
            | Action::Statistic
            | Action::Imbalance
            | Action::Definition
            | Action::Gap
            | Action::Recovered
            | Action::Heartbeat => Change::none(tick),
        }
    }

    /// Applies ticks in order, calling `on_change` after each. Looks ahead, so that memory comes before it is needed.
    #[inline]
    pub fn apply_all(&mut self, ticks: &[Tick], mut on_change: impl FnMut(&Tick, &Change)) {
        for tick in ticks.iter().take(ORDER_AHEAD_TICKS) {
            self.prefetch_order(tick);
        }
        for (index, tick) in ticks.iter().enumerate() {
            if let Some(ahead) = ticks.get(index + ORDER_AHEAD_TICKS) {
                self.prefetch_order(ahead);
            }
            if let Some(ahead) = ticks.get(index + KEYS_AHEAD_TICKS) {
                self.prefetch_keys(ahead);
            }
            if let Some(ahead) = ticks.get(index + TOTAL_AHEAD_TICKS) {
                self.prefetch_total(ahead);
            }
            let change = self.apply(tick);
            on_change(tick, &change);
        }
    }

    /// Starts to fetch what [`apply`](OrderBooks::apply) will read of this tick's order and book. Changes nothing.
    #[inline]
    pub fn prefetch_order(&self, tick: &Tick) {
        prefetch(self.table.home_slot(tick.order_id));
        // Removal looks at the slot behind, every other time in the next line.
        prefetch(self.table.home_slot(tick.order_id.wrapping_add(1)));
        if let Some(book) = self.books.get(tick.instrument.index()) {
            prefetch(&book.sides[0]);
            prefetch(&book.generation);
        }
    }

    /// Starts to fetch where the level is looked up. Of use once what
    /// [`prefetch_order`](OrderBooks::prefetch_order) asked for is there.
    #[inline]
    pub fn prefetch_keys(&self, tick: &Tick) {
        if let Some(guess) = self.guess(tick) {
            guess.ladder.prefetch_keys();
        }
    }

    /// Starts to fetch the level. Of use once what [`prefetch_keys`](OrderBooks::prefetch_keys) asked for is there.
    #[inline]
    pub fn prefetch_total(&self, tick: &Tick) {
        if let Some(guess) = self.guess(tick) {
            guess.ladder.prefetch_total(guess.key);
        }
    }

    /// Where the tick's order is most likely to rest.
    #[inline]
    fn guess(&self, tick: &Tick) -> Option<Guess<'_>> {
        let (price, is_ask) = match tick.action {
            Action::Add => (tick.price, is_ask(tick.side)?),
            Action::Cancel | Action::Modify => {
                let slot = self.table.home_slot(tick.order_id);
                (slot.price, slot.is_ask())
            }
            _ => return None,
        };
        let book = self.books.get(tick.instrument.index())?;
        Some(Guess {
            ladder: &book.sides[usize::from(is_ask)],
            key: ladder::key(price, is_ask),
        })
    }

    #[inline]
    fn add(&mut self, tick: &Tick) -> Change {
        let is_ask = match is_ask(tick.side) {
            Some(is_ask) => is_ask,
            None => match self.replaced.take() {
                Some(replaced) if replaced.instrument == tick.instrument.0 => replaced.is_ask,
                // The successor of an order nobody added, whose side nobody knows.
                _ => return Change::fault(tick, Fault::UnknownOrder),
            },
        };
        if tick.size.0 == 0 || tick.size == Size::WHOLE {
            return Change::fault(tick, Fault::NoSize);
        }
        let instrument = tick.instrument.0;
        if tick.instrument.index() >= self.books.len() {
            return Change::fault(tick, Fault::UndefinedInstrument);
        }
        if self.table.is_full() && !self.make_room() {
            return Change::fault(tick, Fault::Full);
        }
        let index = match self.table.find(tick.order_id, instrument) {
            Err(free) => free,
            Ok(index) => return self.add_again(index, tick),
        };
        let book = &mut self.books[tick.instrument.index()];
        let mut change = Change::none(tick);
        if tick.price.is_defined() {
            let ladder = &mut book.sides[usize::from(is_ask)];
            match ladder.grow(ladder::key(tick.price, is_ask), tick.size.0, 1) {
                Ok(edit) => change.set(edit, tick.price, is_ask, ladder),
                Err(refusal) => return Change::fault(tick, refusal.into()),
            }
        }
        book.orders += 1;
        self.orders += 1;
        self.table.put(
            index,
            Slot {
                price: tick.price,
                size: tick.size.0,
                ..Slot::new(tick.order_id, instrument, is_ask, book.generation)
            },
        );
        change
    }

    /// An `Add` whose id is in the table: a leftover of a cleared book, which means nothing, or a mistake.
    #[cold]
    fn add_again(&mut self, index: usize, tick: &Tick) -> Change {
        if !self.is_live(self.table.slot(index)) {
            self.table.remove(index);
            return self.add(tick);
        }
        let dropped = self.drop_order(index, tick);
        let mut change = self.add(tick);
        change.fault = Some(change.fault.unwrap_or(Fault::DuplicateOrder));
        change.depth = change.depth.min(dropped.depth);
        if dropped.best_moved && !change.best_moved {
            change.best_moved = true;
            change.best = self.top(change.instrument).side(change.side);
        }
        if dropped.side == change.side && dropped.price != change.price {
            change.price_left = dropped.price;
        }
        change
    }

    #[inline]
    fn cancel(&mut self, tick: &Tick) -> Change {
        let Some(index) = self.locate(tick) else {
            self.replaced = None;
            return Change::fault(tick, Fault::UnknownOrder);
        };
        let slot = self.table.slot_mut(index);
        if tick.size.0 >= slot.size {
            let is_over = tick.size.0 > slot.size && tick.size != Size::WHOLE;
            self.replaced = (tick.detail == cancel_detail::REPLACED).then_some(Replaced {
                instrument: slot.instrument(),
                is_ask: slot.is_ask(),
            });
            let mut change = self.drop_order(index, tick);
            change.fault = is_over.then_some(Fault::OverCancel);
            return change;
        }
        slot.size -= tick.size.0;
        let slot = *slot;
        self.replaced = None;
        let mut change = Change::of_order(tick, &slot);
        if slot.price.is_defined() && tick.size.0 > 0 {
            let is_ask = slot.is_ask();
            let ladder = &mut self.books[slot.instrument() as usize].sides[usize::from(is_ask)];
            if let Ok(edit) = ladder.shrink(ladder::key(slot.price, is_ask), tick.size.0, 0) {
                change.set(edit, slot.price, is_ask, ladder);
            }
        }
        change
    }

    /// Takes an order out of the table and its level.
    #[inline]
    fn drop_order(&mut self, index: usize, tick: &Tick) -> Change {
        let slot = *self.table.slot(index);
        self.table.remove(index);
        let is_ask = slot.is_ask();
        let book = &mut self.books[slot.instrument() as usize];
        book.orders -= 1;
        self.orders -= 1;
        let mut change = Change::of_order(tick, &slot);
        if slot.price.is_defined() {
            let ladder = &mut book.sides[usize::from(is_ask)];
            if let Ok(edit) = ladder.shrink(ladder::key(slot.price, is_ask), slot.size, 1) {
                change.set(edit, slot.price, is_ask, ladder);
            }
        }
        change
    }

    fn modify(&mut self, tick: &Tick) -> Change {
        let Some(index) = self.locate(tick) else {
            let mut change = if tick.price.is_defined() {
                self.add(tick)
            } else {
                Change::none(tick)
            };
            change.fault = Some(change.fault.unwrap_or(Fault::UnknownOrder));
            return change;
        };
        if tick.size.0 == 0 {
            return self.drop_order(index, tick);
        }
        let slot = *self.table.slot(index);
        // What the tick leaves out stays as it is.
        let is_ask = is_ask(tick.side).unwrap_or(slot.is_ask());
        let size = if tick.size == Size::WHOLE {
            slot.size
        } else {
            tick.size.0
        };
        let price = if tick.price.is_defined() {
            tick.price
        } else {
            slot.price
        };
        let side_changed = is_ask != slot.is_ask();
        if !side_changed && price == slot.price && size == slot.size {
            return Change::of_order(tick, &slot);
        }
        let book = &mut self.books[slot.instrument() as usize];
        let mut change = Change::of_order(tick, &slot);
        let mut left: Option<Edit> = None;
        if slot.price.is_defined() {
            let ladder = &mut book.sides[usize::from(slot.is_ask())];
            let key = ladder::key(slot.price, slot.is_ask());
            let stays = price == slot.price && !side_changed;
            if stays {
                // One level, one edit: the order keeps its place in the count.
                let edit = if size > slot.size {
                    ladder.grow(key, size - slot.size, 0)
                } else {
                    ladder.shrink(key, slot.size - size, 0)
                };
                return match edit {
                    Ok(edit) => {
                        self.table.slot_mut(index).size = size;
                        change.set(edit, price, is_ask, ladder);
                        change
                    }
                    Err(refusal) => Change::fault(tick, refusal.into()),
                };
            }
            left = ladder.shrink(key, slot.size, 1).ok();
        }
        let mut joined = None;
        if price.is_defined() {
            let ladder = &mut book.sides[usize::from(is_ask)];
            match ladder.grow(ladder::key(price, is_ask), size, 1) {
                Ok(edit) => joined = Some(edit),
                Err(refusal) => {
                    // Back to what it was: the room is there, since it was there before.
                    let ladder = &mut book.sides[usize::from(slot.is_ask())];
                    let key = ladder::key(slot.price, slot.is_ask());
                    if left.is_some() {
                        let _ = ladder.grow(key, slot.size, 1);
                    }
                    return Change::fault(tick, refusal.into());
                }
            }
        }
        let generation = book.generation;
        *self.table.slot_mut(index) = Slot {
            price,
            size,
            ..Slot::new(slot.order_id, slot.instrument(), is_ask, generation)
        };
        if let Some(edit) = left {
            let ladder = &book.sides[usize::from(slot.is_ask())];
            change.set(edit, slot.price, slot.is_ask(), ladder);
        }
        if let Some(edit) = joined {
            let (left_depth, left_best) = (change.depth, change.best_moved);
            let ladder = &book.sides[usize::from(is_ask)];
            change.set(edit, price, is_ask, ladder);
            change.depth = change.depth.min(left_depth);
            change.best_moved |= left_best;
            change.best = ladder.best(is_ask);
            if left.is_some() && !side_changed {
                change.price_left = slot.price;
            }
        }
        change.fault = side_changed.then_some(Fault::SideChanged);
        change
    }

    fn fill(&self, tick: &Tick) -> Change {
        match self.locate(tick) {
            Some(index) => Change::of_order(tick, self.table.slot(index)),
            // The `Cancel` behind it says so again, and is counted.
            None => Change::none(tick),
        }
    }

    fn clear_tick(&mut self, tick: &Tick) -> Change {
        let mut change = Change::none(tick);
        if tick.instrument == InstrumentId::ALL {
            change.best_moved = self.orders > 0;
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

    /// The slot of the tick's order, if it rests.
    #[inline]
    fn locate(&self, tick: &Tick) -> Option<usize> {
        if tick.instrument == InstrumentId::ALL {
            return self
                .table
                .find_any(tick.order_id, |slot| self.is_live(slot));
        }
        let index = self.table.find(tick.order_id, tick.instrument.0).ok()?;
        self.is_live(self.table.slot(index)).then_some(index)
    }

    #[inline]
    fn is_live(&self, slot: &Slot) -> bool {
        is_live(&self.books, slot)
    }

    #[cold]
    fn make_room(&mut self) -> bool {
        let books = &self.books;
        self.table.rebuild(self.orders, |slot| is_live(books, slot))
    }

    /// Best level of both sides.
    #[inline]
    pub fn top(&self, instrument: InstrumentId) -> Top {
        match self.books.get(instrument.index()) {
            Some(book) => Top {
                bid: book.sides[0].best(false),
                ask: book.sides[1].best(true),
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

    pub(super) fn ladder(&self, instrument: InstrumentId, side: Side) -> Option<&Ladder> {
        let book = self.books.get(instrument.index())?;
        Some(&book.sides[usize::from(is_ask(side)?)])
    }

    /// How many instruments have a book.
    pub fn instrument_count(&self) -> usize {
        self.books.len()
    }

    /// Orders resting in all books.
    pub fn order_count(&self) -> usize {
        self.orders
    }

    /// Whether no order rests in the instrument.
    pub fn is_empty(&self, instrument: InstrumentId) -> bool {
        self.books
            .get(instrument.index())
            .is_none_or(|book| book.orders == 0)
    }

    /// Removes every order of one instrument, in constant time.
    pub fn clear(&mut self, instrument: InstrumentId) {
        let books = &self.books;
        let Some(book) = books.get(instrument.index()) else {
            return;
        };
        self.orders -= book.orders as usize;
        if book.generation == u32::MAX {
            // All generations are used up: stale orders of the first one must not come back to life.
            self.table.rebuild(self.orders, |slot| {
                slot.instrument() != instrument.0 && is_live(books, slot)
            });
        }
        self.books[instrument.index()].clear();
    }

    /// Removes every order of every instrument. Takes time in proportion to the table.
    pub fn clear_all(&mut self) {
        self.books.iter_mut().for_each(Book::clear);
        self.table.clear();
        self.orders = 0;
    }

    /// Heap memory in bytes, as allocated.
    pub fn bytes(&self) -> usize {
        let ladders: usize = self
            .books
            .iter()
            .flat_map(|book| &book.sides)
            .map(Ladder::bytes)
            .sum();
        self.table.bytes() + self.books.capacity() * size_of::<Book>() + ladders
    }

    /// Asserts that table, levels and counts agree. For tests and simulation: it walks everything.
    ///
    /// # Panics
    /// When they do not, which is a bug of this room.
    pub fn invariant(&self) {
        let OrderBooks {
            table,
            books,
            orders,
            replaced: _,
        } = self;
        table.invariant();
        let mut rebuilt: Vec<[Ladder; 2]> = books.iter().map(|_| Default::default()).collect();
        let mut counts = vec![0u32; books.len()];
        for slot in table.live(|slot| is_live(books, slot)) {
            assert!(slot.size > 0, "orders have size");
            let book = slot.instrument() as usize;
            counts[book] += 1;
            if slot.price.is_defined() {
                let key = ladder::key(slot.price, slot.is_ask());
                let grown = rebuilt[book][usize::from(slot.is_ask())].grow(key, slot.size, 1);
                assert!(grown.is_ok(), "levels hold their orders");
            }
        }
        for (index, book) in books.iter().enumerate() {
            let Book {
                sides,
                generation: _,
                orders,
            } = book;
            assert_eq!(*orders, counts[index], "orders of book {index} are counted");
            for (side, expected) in sides.iter().zip(&rebuilt[index]) {
                side.invariant(true);
                assert!(
                    ladder::levels(Some(side), Side::Bid)
                        .eq(ladder::levels(Some(expected), Side::Bid)),
                    "levels of book {index} are the sums of its orders"
                );
                assert!(side.orders() <= u64::from(*orders), "no order twice");
            }
        }
        let counted: usize = counts.iter().map(|&count| count as usize).sum();
        assert_eq!(*orders, counted, "orders are counted");
    }
}

impl Change {
    /// A change of a known order, its level to be told with [`Change::set`].
    #[inline]
    fn of_order(tick: &Tick, slot: &Slot) -> Change {
        Change {
            instrument: InstrumentId(slot.instrument()),
            side: if slot.is_ask() { Side::Ask } else { Side::Bid },
            named: true,
            named_price: slot.price,
            ..Change::none(tick)
        }
    }

    #[inline]
    pub(super) fn set(&mut self, edit: Edit, price: Price, is_ask: bool, ladder: &Ladder) {
        self.price = price;
        self.side = if is_ask { Side::Ask } else { Side::Bid };
        self.size_before = edit.size_before;
        self.size_after = edit.size_after;
        self.orders_after = edit.orders_after;
        self.depth = edit.depth;
        if edit.depth == 0 {
            self.best_moved = true;
            self.best = ladder.best(is_ask);
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Fault {
        match refusal {
            Refusal::Absent => Fault::OrphanLevel,
            Refusal::Overflow => Fault::SizeOverflow,
            Refusal::Full => Fault::Full,
        }
    }
}

#[inline]
fn is_live(books: &[Book], slot: &Slot) -> bool {
    books
        .get(slot.instrument() as usize)
        .is_some_and(|book| book.generation == slot.generation)
}

/// Whether this side is the sellers'; nothing for [`Side::None`].
#[inline(always)]
pub(super) fn is_ask(side: Side) -> Option<bool> {
    match side {
        Side::Bid => Some(false),
        Side::Ask => Some(true),
        Side::None => None,
    }
}
