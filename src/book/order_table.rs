//! All resting orders of one channel.
//!
//! ```text
//!   order id ── low bits ──▶ near[..] ── 16 bytes, holds this very order ──▶ found
//!                                └────── says that others of these low bits are elsewhere ──▶ OrderHash
//! ```
//!
//! Venues number orders upwards, and most orders that leave came lately. So the latest orders lie in a ring by the low
//! bits of their id: there is nothing to search, adding writes one line after the other, and those that leave are in
//! few pages. An order whose place in the ring is wanted by a later one moves to the hash table, as does one that the
//! 16 bytes of a place cannot tell: a price off the grid of 0.0001 or above 429,496, a size above 32 bits, an id
//! far above the others. Where ids are not given out upwards, the ring keeps what it can and the rest is in the hash
//! table: slower, not wrong.
//!
//! Each place of the ring counts the orders in the hash table that have its low bits. So an id that rests nowhere, as
//! that of nearly every new order, is known as such without a look at the hash table.
//!
//! An order is known by its id and its instrument, since some venues number orders for each instrument.
//!
//! An entry carries the generation of its book. Clearing a book raises the book's generation, which makes its
//! entries stale at once, without a walk over the table; [`OrderTable::rebuild`] drops them when room is needed.

use super::order_hash::OrderHash;
pub(super) use super::order_hash::Slot;
use super::prefetch::{prefetch, with_large_pages};
use feeds::model::Price;

/// Most orders of one channel. The table then takes at most 3 GiB.
pub const ORDERS_MAX: usize = 1 << 25;

/// Generations of a book are below this. Then [`OrderTable::rebuild`] must drop its stale orders before the next.
pub(super) const GENERATIONS: u32 = 1 << GENERATION_BITS;

/// Bits of a generation in a place.
const GENERATION_BITS: u32 = 11;

/// Fewest places.
const PLACES_MIN: usize = 64;

/// Prices of the ring are multiples of this: 0.0001.
const UNIT: u64 = 100_000;

/// Power of two in [`UNIT`].
const UNIT_SHIFT: u32 = UNIT.trailing_zeros();

/// Inverse of the odd part of [`UNIT`], modulo `2^64`.
const UNIT_INVERSE: u64 = inverse(UNIT >> UNIT_SHIFT);

/// Inverse of an odd number modulo `2^64`.
pub(super) const fn inverse(odd: u64) -> u64 {
    // Newton: each round doubles the bits that are right, and an odd number is its own inverse in the last three.
    let mut inverse = odd;
    let mut round = 0;
    while round < 5 {
        inverse = inverse.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(inverse)));
        round += 1;
    }
    inverse
}

/// A count of [`Place::elsewhere`] that is not kept any more: there may be any number.
const UNCOUNTED: u32 = 0xFF;

/// A place of the ring, four in a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(16))]
struct Place {
    /// High bits of the id, then in 8 bits how many orders of these low bits are in the hash table.
    tag: u32,
    /// Instrument, then a bit for the sellers, then the generation.
    owner: u32,
    /// In 1e-4.
    price: u32,
    /// 0 if the place is free.
    size: u32,
}

const _: () = assert!(size_of::<Place>() == 16);
const _: () = assert!((super::INSTRUMENTS_MAX as u64) << (GENERATION_BITS + 1) <= 1 << 32);

impl Place {
    const EMPTY: Place = Place {
        tag: 0,
        owner: 0,
        price: 0,
        size: 0,
    };

    #[inline(always)]
    fn elsewhere(&self) -> u32 {
        self.tag & 0xFF
    }

    #[inline(always)]
    fn has_tag(&self, tag: u64) -> bool {
        u64::from(self.tag >> 8) == tag && self.size > 0
    }

    #[inline(always)]
    fn instrument(&self) -> u32 {
        self.owner >> (GENERATION_BITS + 1)
    }

    /// The price in units if it is one of the ring's.
    #[inline(always)]
    fn units(price: Price) -> Option<u32> {
        // One-to-one on all numbers, and multiples of the unit become what they are multiples by.
        let units = (price.0 as u64)
            .wrapping_mul(UNIT_INVERSE)
            .rotate_right(UNIT_SHIFT);
        u32::try_from(units).ok()
    }

    /// The place an order would fill, its count left out; nothing if it cannot be told so.
    #[inline(always)]
    fn of(slot: &Slot, tag: u64) -> Option<Place> {
        let price = Place::units(slot.price)?;
        let size = u32::try_from(slot.size).ok()?;
        if tag >= 1 << 24 {
            return None;
        }
        Some(Place {
            tag: (tag as u32) << 8,
            owner: slot.owner << GENERATION_BITS | slot.generation,
            price,
            size,
        })
    }

    #[inline(always)]
    fn price(&self) -> Price {
        Price((u64::from(self.price) * UNIT) as i64)
    }

    #[inline(always)]
    fn slot(&self, order_id: u64) -> Slot {
        Slot {
            order_id,
            price: self.price(),
            size: u64::from(self.size),
            owner: self.owner >> GENERATION_BITS,
            generation: self.owner & (GENERATIONS - 1),
        }
    }
}

/// Where an order is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum At {
    /// In the ring.
    Near(usize),
    /// In the hash table.
    Far(usize),
}

/// The table.
pub(super) struct OrderTable {
    places: Vec<Place>,
    /// `log2(places)`.
    bits: u32,
    far: OrderHash,
}

impl OrderTable {
    /// A table that holds `orders` without growing if their ids are given out upwards, and half of them if not.
    pub(super) fn new(orders: usize) -> OrderTable {
        let places = places_for(orders);
        OrderTable {
            places: empty(places),
            bits: places.trailing_zeros(),
            far: OrderHash::new(orders / 2),
        }
    }

    #[inline(always)]
    fn index(&self, order_id: u64) -> usize {
        order_id as usize & (self.places.len() - 1)
    }

    #[inline(always)]
    fn tag(&self, order_id: u64) -> u64 {
        order_id >> self.bits
    }

    /// Starts to fetch the place of an order.
    #[inline(always)]
    pub(super) fn prefetch(&self, order_id: u64) {
        prefetch(&self.places[self.index(order_id)]);
    }

    /// What is known of an order from its place alone: price and whether it is a seller's. Where the order may be
    /// in the hash table instead, starts to fetch that.
    #[inline(always)]
    pub(super) fn peek(&self, order_id: u64) -> Option<(Price, bool)> {
        let place = &self.places[self.index(order_id)];
        if place.has_tag(self.tag(order_id)) {
            return Some((place.price(), place.owner >> GENERATION_BITS & 1 == 1));
        }
        if place.elsewhere() > 0 {
            prefetch(self.far.home_slot(order_id));
        }
        None
    }

    /// Starts to fetch where an order that is in the way of a new one would go, and where the new one may be already.
    #[inline(always)]
    pub(super) fn prefetch_move(&self, order_id: u64) {
        let index = self.index(order_id);
        let place = &self.places[index];
        if place.size > 0 {
            let in_the_way = u64::from(place.tag >> 8) << self.bits | index as u64;
            prefetch(self.far.home_slot(in_the_way));
        }
        if place.elsewhere() > 0 {
            prefetch(self.far.home_slot(order_id));
        }
    }

    /// What rests there.
    #[inline(always)]
    pub(super) fn slot(&self, at: At, order_id: u64) -> Slot {
        match at {
            At::Near(index) => self.places[index].slot(order_id),
            At::Far(index) => *self.far.slot(index),
        }
    }

    /// Where the order of this instrument is. It may be stale.
    #[inline]
    pub(super) fn find(&self, order_id: u64, instrument: u32) -> Option<At> {
        let index = self.index(order_id);
        let place = &self.places[index];
        if place.has_tag(self.tag(order_id)) && place.instrument() == instrument {
            return Some(At::Near(index));
        }
        if place.elsewhere() == 0 {
            return None;
        }
        self.far.find(order_id, instrument).ok().map(At::Far)
    }

    /// The first order of this id, of any instrument, that `is_live`.
    pub(super) fn find_any(&self, order_id: u64, is_live: impl Fn(&Slot) -> bool) -> Option<At> {
        let index = self.index(order_id);
        let place = &self.places[index];
        if place.has_tag(self.tag(order_id)) && is_live(&place.slot(order_id)) {
            return Some(At::Near(index));
        }
        if place.elsewhere() == 0 {
            return None;
        }
        self.far.find_any(order_id, is_live).map(At::Far)
    }

    /// Whether one more order needs [`rebuild`](OrderTable::rebuild) first.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.far.is_full()
    }

    /// Puts in an order that is not there. The table is not full.
    #[inline]
    pub(super) fn put(&mut self, slot: Slot) {
        let index = self.index(slot.order_id);
        let tag = self.tag(slot.order_id);
        let before = self.places[index];
        match Place::of(&slot, tag) {
            Some(place) => {
                if before.size > 0 {
                    let id = u64::from(before.tag >> 8) << self.bits | index as u64;
                    self.put_far(index, before.slot(id));
                }
                let elsewhere = self.places[index].elsewhere();
                self.places[index] = Place {
                    tag: place.tag | elsewhere,
                    ..place
                };
            }
            None => self.put_far(index, slot),
        }
    }

    /// Puts an order into the hash table and counts it at its place.
    fn put_far(&mut self, index: usize, slot: Slot) {
        match self.far.find(slot.order_id, slot.instrument()) {
            Ok(_) => debug_assert!(false, "an order is in one place"),
            Err(free) => self.far.put(free, slot),
        }
        let place = &mut self.places[index];
        if place.elsewhere() < UNCOUNTED {
            place.tag += 1;
        }
    }

    /// Takes an order out.
    #[inline]
    pub(super) fn remove(&mut self, at: At) {
        match at {
            At::Near(index) => self.places[index].size = 0,
            At::Far(index) => self.remove_far(index),
        }
    }

    fn remove_far(&mut self, index: usize) {
        let place = self.index(self.far.slot(index).order_id);
        let place = &mut self.places[place];
        if place.elsewhere() < UNCOUNTED {
            place.tag -= 1;
        }
        self.far.remove(index);
    }

    /// Makes an order smaller; `size` is not 0.
    #[inline]
    pub(super) fn shrink(&mut self, at: At, size: u64) {
        match at {
            At::Near(index) => {
                let place = &mut self.places[index];
                place.size = place.size.min(u32::try_from(size).unwrap_or(u32::MAX));
            }
            At::Far(index) => self.far.slot_mut(index).size = size,
        }
    }

    /// Says all of an order anew. The table is not full.
    pub(super) fn set(&mut self, at: At, slot: Slot) {
        self.remove(at);
        self.put(slot);
    }

    /// Drops stale entries, and doubles what the live ones alone use more than half of.
    ///
    /// Takes time in proportion to the table: give enough capacity at start to never see it.
    #[cold]
    pub(super) fn rebuild(&mut self, live: usize, is_live: impl Fn(&Slot) -> bool) {
        let mut kept: Vec<Slot> = Vec::with_capacity(live);
        kept.extend(self.all().filter(&is_live));
        // The latest come last, and so into the ring.
        kept.sort_unstable_by_key(|slot| slot.order_id);
        let places = places_for(kept.len()).max(self.places.len());
        if places == self.places.len() {
            self.places.fill(Place::EMPTY);
        } else {
            self.places = empty(places);
            self.bits = places.trailing_zeros();
        }
        // Room for as many again, so that this does not happen soon again.
        self.far.reset(kept.len() * 2);
        for slot in kept {
            self.put(slot);
        }
    }

    /// Every entry, stale ones too, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = Slot> {
        let near = self.places.iter().enumerate();
        let near = near.filter(|(_, place)| place.size > 0);
        let near = near.map(|(index, place)| {
            place.slot(u64::from(place.tag >> 8) << self.bits | index as u64)
        });
        near.chain(self.far.all().copied())
    }

    /// Removes every order.
    pub(super) fn clear(&mut self) {
        self.places.fill(Place::EMPTY);
        self.far.reset(0);
    }

    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Place>() + self.far.bytes()
    }

    /// Asserts that every entry can be found and the counts are right.
    pub(super) fn invariant(&self) {
        let OrderTable { places, bits, far } = self;
        assert_eq!(places.len(), 1 << bits, "a power of two");
        far.invariant();
        for slot in self.all() {
            let at = self.find(slot.order_id, slot.instrument());
            let found = at.map(|at| self.slot(at, slot.order_id));
            assert_eq!(found, Some(slot), "every entry is found where it is");
        }
        let mut counts = vec![0; places.len()];
        for slot in far.all() {
            counts[self.index(slot.order_id)] += 1;
        }
        for (place, count) in places.iter().zip(counts) {
            let elsewhere = place.elsewhere();
            assert!(
                elsewhere == UNCOUNTED || elsewhere == count,
                "orders elsewhere are counted"
            );
        }
    }
}

/// Places of a ring for so many orders.
fn places_for(orders: usize) -> usize {
    (orders.min(ORDERS_MAX) * PLACES_AN_ORDER)
        .next_power_of_two()
        .max(PLACES_MIN)
}

/// Places for each order the table is to hold: ids have holes, and some orders stay for long.
const PLACES_AN_ORDER: usize = 2;

/// That many free places.
fn empty(count: usize) -> Vec<Place> {
    let mut places = with_large_pages(count);
    places.resize(count, Place::EMPTY);
    places
}
