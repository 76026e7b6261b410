//! Books by order: every order of a channel, and the levels it adds up to.

use super::INSTRUMENTS_MAX;
use super::change::{Change, Fault};
use super::ladder::{Edit, Refusal};
use super::order_table::{At, GENERATIONS, ORDERS_MAX, OrderTable, Slot};
use super::prefetch::{prefetch, with_large_pages};
use super::top::{Level, Top};
use super::window::{self, Far, Window};
use feeds::model::{Action, InstrumentId, Price, ResetKind, Side, Size, Tick, cancel_detail};
use std::collections::BTreeMap;

/// How far [`OrderBooks::apply_all`] looks ahead for orders: a fetch from memory takes about as long as this many
/// ticks. See `benches/book.rs`.
const ORDER_AHEAD_TICKS: usize = 20;

/// How far it looks ahead for levels, which it can only find once order and book have come.
const LEVEL_AHEAD_TICKS: usize = 10;

/// Orders of the capacity for each window made at start.
const ORDERS_A_WINDOW: usize = 128;

/// One instrument: a cache line for each side.
#[derive(Debug)]
#[repr(C, align(128))]
struct Book {
    /// Bids, asks.
    sides: [Window; 2],
}

const _: () = assert!(size_of::<Book>() == 128);

impl Book {
    fn new() -> Book {
        Book {
            sides: [Window::new(false), Window::new(true)],
        }
    }

    /// Live orders.
    #[inline]
    fn orders(&self) -> usize {
        self.sides.iter().map(|side| side.orders as usize).sum()
    }

    /// Makes every order stale and empties the levels.
    fn clear(&mut self, far: &mut Far) {
        for side in &mut self.sides {
            side.clear(far);
            side.generation = (side.generation + 1) % GENERATIONS;
        }
    }
}

/// All by-order books of one channel.
///
/// Orders are known by id and instrument; a tick for [`InstrumentId::ALL`] means "the instrument of the order".
/// An `Add` without a side behind a `Cancel` of kind [`cancel_detail::REPLACED`] has the side of the order replaced.
///
/// # Cost
/// An order takes 16 bytes in the ring of the latest ones, at most half full, and 32 elsewhere, at most half full too
/// (`order_table.rs`). A side has a window of 2,112 bytes once it has a level, or five where those made at start are
/// used up; a level elsewhere takes 24 bytes. The cost of a tick is that of the cache lines it misses: one of the order,
/// one of the book, one of the level (`benches/book.rs`).
///
/// # What allocates
/// [`new`](OrderBooks::new) makes the table and one window for 128 orders of the capacity, and touches them. After that
/// memory grows in these steps only: the table, when more orders rest than it was made for, or ids are not given out
/// upwards; chunks of windows when those made at start are given out (at most 9 MB each where there were none); the
/// two arrays of a ladder of levels outside of a window, doubling from 8 levels to [`LEVELS_MAX`](super::LEVELS_MAX).
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
    /// Levels outside of the books' windows.
    far: Far,
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

impl OrderBooks {
    /// Empty books for `orders_capacity` resting orders at once (72 to 144 bytes of memory each).
    ///
    /// The table does not grow for them if ids are given out upwards; where they are not, it may once or twice.
    /// Capped at [`ORDERS_MAX`](super::ORDERS_MAX). The memory is touched here, not at the first tick.
    pub fn new(orders_capacity: usize) -> OrderBooks {
        OrderBooks {
            table: OrderTable::new(orders_capacity),
            books: Vec::new(),
            far: Far::new(orders_capacity / ORDERS_A_WINDOW),
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
            if index >= self.books.capacity() {
                let room = (index + 1).max(2 * self.books.len());
                let mut books = with_large_pages(room);
                books.append(&mut self.books);
                self.books = books;
            }
            self.books.resize_with(index + 1, Book::new);
            self.far.expect_sides(2 * self.books.len());
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
        for index in 0..LEVEL_AHEAD_TICKS {
            self.prefetch_level_at(ticks, index);
        }
        for (index, tick) in ticks.iter().enumerate() {
            if let Some(ahead) = ticks.get(index + ORDER_AHEAD_TICKS) {
                self.prefetch_order(ahead);
            }
            self.prefetch_level_at(ticks, index + LEVEL_AHEAD_TICKS);
            let change = self.apply(tick);
            on_change(tick, &change);
        }
    }

    /// Starts to fetch what [`apply`](OrderBooks::apply) will read of this tick's order and book. Changes nothing.
    #[inline]
    pub fn prefetch_order(&self, tick: &Tick) {
        self.table.prefetch(tick.order_id);
        if let Some(book) = self.books.get(tick.instrument.index()) {
            match is_ask(tick.side) {
                Some(is_ask) => prefetch(&book.sides[usize::from(is_ask)]),
                None => {
                    prefetch(&book.sides[0]);
                    prefetch(&book.sides[1]);
                }
            }
        }
    }

    /// Starts to fetch the level. Of use once what [`prefetch_order`](OrderBooks::prefetch_order) asked for is there.
    #[inline]
    pub fn prefetch_level(&self, tick: &Tick) {
        let (price, is_ask) = match tick.action {
            Action::Add => {
                self.table.prefetch_move(tick.order_id);
                match is_ask(tick.side) {
                    Some(is_ask) => (tick.price, is_ask),
                    None => return,
                }
            }
            Action::Cancel | Action::Modify => match self.table.peek(tick.order_id) {
                Some(found) => found,
                None => return,
            },
            _ => return,
        };
        self.prefetch_price(tick.instrument, price, is_ask);
    }

    /// [`prefetch_level`](OrderBooks::prefetch_level) of one of these ticks, if there is one of that number.
    #[inline(always)]
    fn prefetch_level_at(&self, ticks: &[Tick], index: usize) {
        let Some(tick) = ticks.get(index) else {
            return;
        };
        self.prefetch_level(tick);
        if tick.action == Action::Add
            && tick.side == Side::None
            && let Some(before) = index.checked_sub(1).and_then(|before| ticks.get(before))
            // The order replaced tells the side, and rests still.
            && let Some((_, is_ask)) = self.table.peek(before.order_id)
        {
            self.prefetch_price(tick.instrument, tick.price, is_ask);
        }
    }

    #[inline(always)]
    fn prefetch_price(&self, instrument: InstrumentId, price: Price, is_ask: bool) {
        if let Some(book) = self.books.get(instrument.index()) {
            let side = &book.sides[usize::from(is_ask)];
            side.prefetch(&self.far, side.key(price));
        }
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
        if self.table.is_full() {
            if self.orders >= ORDERS_MAX {
                return Change::fault(tick, Fault::Full);
            }
            self.make_room();
        }
        if let Some(at) = self.table.find(tick.order_id, instrument) {
            return self.add_again(at, tick);
        }
        if self.orders >= ORDERS_MAX {
            return Change::fault(tick, Fault::Full);
        }
        let side = &mut self.books[tick.instrument.index()].sides[usize::from(is_ask)];
        let mut change = Change::none(tick);
        if tick.price.is_defined() {
            match side.grow(&mut self.far, side.key(tick.price), tick.size.0, 1) {
                Ok(edit) => change.set(edit, tick.price, is_ask, || side.best(&self.far)),
                Err(refusal) => return Change::fault(tick, refusal.into()),
            }
        }
        side.orders += 1;
        self.orders += 1;
        self.table.put(Slot {
            price: tick.price,
            size: tick.size.0,
            ..Slot::new(tick.order_id, instrument, is_ask, side.generation)
        });
        change
    }

    /// An `Add` whose id is in the table: a leftover of a cleared book, which means nothing, or a mistake.
    #[cold]
    fn add_again(&mut self, at: At, tick: &Tick) -> Change {
        let slot = self.table.slot(at, tick.order_id);
        if !self.is_live(&slot) {
            self.table.remove(at);
            return self.add(tick);
        }
        let dropped = self.drop_order(at, slot, tick);
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
        let Some((at, mut slot)) = self.locate(tick) else {
            self.replaced = None;
            return Change::fault(tick, Fault::UnknownOrder);
        };
        if tick.size.0 >= slot.size {
            let is_over = tick.size.0 > slot.size && tick.size != Size::WHOLE;
            self.replaced = (tick.detail == cancel_detail::REPLACED).then_some(Replaced {
                instrument: slot.instrument(),
                is_ask: slot.is_ask(),
            });
            let mut change = self.drop_order(at, slot, tick);
            change.fault = is_over.then_some(Fault::OverCancel);
            return change;
        }
        slot.size -= tick.size.0;
        self.table.shrink(at, slot.size);
        self.replaced = None;
        let mut change = Change::of_order(tick, &slot);
        if slot.price.is_defined() && tick.size.0 > 0 {
            let is_ask = slot.is_ask();
            let side = &mut self.books[slot.instrument() as usize].sides[usize::from(is_ask)];
            let key = side.key(slot.price);
            if let Ok(edit) = side.shrink(&mut self.far, key, tick.size.0, 0) {
                change.set(edit, slot.price, is_ask, || side.best(&self.far));
            }
        }
        change
    }

    /// Takes an order out of the table and its level.
    #[inline]
    fn drop_order(&mut self, at: At, slot: Slot, tick: &Tick) -> Change {
        self.table.remove(at);
        let is_ask = slot.is_ask();
        let side = &mut self.books[slot.instrument() as usize].sides[usize::from(is_ask)];
        side.orders -= 1;
        self.orders -= 1;
        let mut change = Change::of_order(tick, &slot);
        if slot.price.is_defined() {
            let key = side.key(slot.price);
            if let Ok(edit) = side.shrink(&mut self.far, key, slot.size, 1) {
                change.set(edit, slot.price, is_ask, || side.best(&self.far));
            }
        }
        change
    }

    fn modify(&mut self, tick: &Tick) -> Change {
        if self.table.is_full() && self.orders < ORDERS_MAX {
            self.make_room();
        }
        let Some((at, slot)) = self.locate(tick) else {
            let mut change = if tick.price.is_defined() {
                self.add(tick)
            } else {
                Change::none(tick)
            };
            change.fault = Some(change.fault.unwrap_or(Fault::UnknownOrder));
            return change;
        };
        if tick.size.0 == 0 {
            return self.drop_order(at, slot, tick);
        }
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
        let far = &mut self.far;
        let sides = &mut self.books[slot.instrument() as usize].sides;
        let [left_at, joined_at] = [slot.is_ask(), is_ask].map(usize::from);
        let mut change = Change::of_order(tick, &slot);
        let mut left: Option<Edit> = None;
        if slot.price.is_defined() {
            let side = &mut sides[left_at];
            let key = side.key(slot.price);
            let stays = price == slot.price && !side_changed;
            if stays {
                // One level, one edit: the order keeps its place in the count.
                let edit = if size > slot.size {
                    side.grow(far, key, size - slot.size, 0)
                } else {
                    side.shrink(far, key, slot.size - size, 0)
                };
                return match edit {
                    Ok(edit) => {
                        self.table.set(at, Slot { size, ..slot });
                        change.set(edit, price, is_ask, || side.best(far));
                        change
                    }
                    Err(refusal) => Change::fault(tick, refusal.into()),
                };
            }
            left = side.shrink(far, key, slot.size, 1).ok();
        }
        let mut joined = None;
        if price.is_defined() {
            let side = &mut sides[joined_at];
            match side.grow(far, side.key(price), size, 1) {
                Ok(edit) => joined = Some(edit),
                Err(refusal) => {
                    if left.is_some() {
                        let side = &mut sides[left_at];
                        side.put_back(far, side.key(slot.price), slot.size);
                    }
                    return Change::fault(tick, refusal.into());
                }
            }
        }
        sides[left_at].orders -= 1;
        sides[joined_at].orders += 1;
        let generation = sides[joined_at].generation;
        self.table.set(
            at,
            Slot {
                price,
                size,
                ..Slot::new(slot.order_id, slot.instrument(), is_ask, generation)
            },
        );
        if let Some(edit) = left {
            change.set(edit, slot.price, slot.is_ask(), || sides[left_at].best(far));
        }
        if let Some(edit) = joined {
            let (left_depth, left_best) = (change.depth, change.best_moved);
            change.set(edit, price, is_ask, || None);
            change.depth = change.depth.min(left_depth);
            change.best_moved |= left_best;
            change.best = sides[joined_at].best(far);
            if left.is_some() && !side_changed {
                change.price_left = slot.price;
            }
        }
        change.fault = side_changed.then_some(Fault::SideChanged);
        change
    }

    fn fill(&self, tick: &Tick) -> Change {
        match self.locate(tick) {
            Some((_, slot)) => Change::of_order(tick, &slot),
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

    /// The tick's order, if it rests.
    #[inline]
    fn locate(&self, tick: &Tick) -> Option<(At, Slot)> {
        let at = if tick.instrument == InstrumentId::ALL {
            self.table
                .find_any(tick.order_id, |slot| self.is_live(slot))?
        } else {
            self.table.find(tick.order_id, tick.instrument.0)?
        };
        let slot = self.table.slot(at, tick.order_id);
        self.is_live(&slot).then_some((at, slot))
    }

    #[inline]
    fn is_live(&self, slot: &Slot) -> bool {
        is_live(&self.books, slot)
    }

    #[cold]
    fn make_room(&mut self) {
        let books = &self.books;
        self.table.rebuild(self.orders, |slot| is_live(books, slot));
    }

    /// Best level of both sides.
    #[inline]
    pub fn top(&self, instrument: InstrumentId) -> Top {
        match self.books.get(instrument.index()) {
            Some(book) => Top {
                bid: book.sides[0].best(&self.far),
                ask: book.sides[1].best(&self.far),
            },
            None => Top::default(),
        }
    }

    /// Levels of one side, best first. Empty for [`Side::None`] and for an unknown instrument.
    pub fn levels(&self, instrument: InstrumentId, side: Side) -> impl Iterator<Item = Level> {
        window::levels(self.side(instrument, side))
    }

    /// How many levels one side has.
    pub fn level_count(&self, instrument: InstrumentId, side: Side) -> usize {
        self.side(instrument, side)
            .map_or(0, |(window, far)| window.level_count(far))
    }

    fn side(&self, instrument: InstrumentId, side: Side) -> Option<(&Window, &Far)> {
        let book = self.books.get(instrument.index())?;
        Some((&book.sides[usize::from(is_ask(side)?)], &self.far))
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
            .is_none_or(|book| book.orders() == 0)
    }

    /// Removes every order of one instrument, in constant time.
    pub fn clear(&mut self, instrument: InstrumentId) {
        let books = &self.books;
        let Some(book) = books.get(instrument.index()) else {
            return;
        };
        self.orders -= book.orders();
        if book.sides[0].generation == GENERATIONS - 1 {
            // All generations are used up: stale orders of the first one must not come back to life.
            self.table.rebuild(self.orders, |slot| {
                slot.instrument() != instrument.0 && is_live(books, slot)
            });
        }
        self.books[instrument.index()].clear(&mut self.far);
    }

    /// Removes every order of every instrument. Takes time in proportion to the table.
    pub fn clear_all(&mut self) {
        for book in &mut self.books {
            book.clear(&mut self.far);
        }
        self.table.clear();
        self.orders = 0;
    }

    /// Heap memory in bytes, as allocated.
    pub fn bytes(&self) -> usize {
        let books = self.books.capacity() * size_of::<Book>();
        self.table.bytes() + books + self.far.bytes()
    }

    /// Asserts that table, levels and counts agree. For tests and simulation: it walks everything.
    ///
    /// # Panics
    /// When they do not, which is a bug of this room.
    pub fn invariant(&self) {
        let OrderBooks {
            table,
            books,
            far,
            orders,
            replaced: _,
        } = self;
        table.invariant();
        let mut sums = vec![[const { BTreeMap::new() }; 2]; books.len()];
        let mut counts = vec![[0u32; 2]; books.len()];
        for slot in table.all().filter(|slot| is_live(books, slot)) {
            assert!(slot.size > 0, "orders have size");
            let (book, side) = (slot.instrument() as usize, usize::from(slot.is_ask()));
            counts[book][side] += 1;
            if slot.price.is_defined() {
                let key = books[book].sides[side].key(slot.price);
                let (size, orders) = sums[book][side].entry(key).or_insert((0u64, 0u32));
                *size += slot.size;
                *orders += 1;
            }
        }
        for (index, book) in books.iter().enumerate() {
            let [bids, asks] = &book.sides;
            assert_eq!(bids.generation, asks.generation, "of the book {index}");
            for (at, side) in book.sides.iter().enumerate() {
                side.invariant(far);
                assert_eq!(side.orders, counts[index][at], "orders of book {index}");
                let rows = side.levels(far).map(|level| (level.size, level.orders));
                let keys = side.levels(far).map(|level| side.key(level.price));
                assert!(
                    keys.zip(rows)
                        .eq(sums[index][at].iter().rev().map(|(&key, &row)| (key, row))),
                    "levels of book {index} are the sums of its orders"
                );
            }
        }
        let counted: usize = counts.iter().flatten().map(|&count| count as usize).sum();
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
    pub(super) fn set(
        &mut self,
        edit: Edit,
        price: Price,
        is_ask: bool,
        best: impl FnOnce() -> Option<Level>,
    ) {
        self.price = price;
        self.side = if is_ask { Side::Ask } else { Side::Bid };
        self.size_before = edit.size_before;
        self.size_after = edit.size_after;
        self.orders_after = edit.orders_after;
        self.depth = edit.depth;
        if edit.depth == 0 {
            self.best_moved = true;
            self.best = best();
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
        .is_some_and(|book| book.sides[usize::from(slot.is_ask())].generation == slot.generation)
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
