//! Orders by id in a hash table: those that [`OrderTable`](super::order_table::OrderTable) has no place for.
//!
//! ```text
//!   order id ─┬─ id >> 12 ── multiply, high bits ──▶ where a run of 4,096 ids begins
//!             └─ id & 4095 ─────────────────────────▶ place in the run; if taken, the next free slot
//! ```
//!
//! Venues number orders upwards. Runs keep orders of about the same age together, in few pages and lines, as an array
//! by id would. Where runs begin is spread by the golden ratio, which keeps the beginnings of
//! consecutive runs apart as evenly as can be: even if every id of every run rests, runs do not overlap while the
//! table is at most half full, and it is. Ids that share their low bits begin at different places.
//!
//! Removal moves later entries back instead of leaving marks, so the cost of a search depends only on what the table
//! holds, never on its history.
//!
//! An order is known by its id and its instrument, since some venues number orders for each instrument.

use super::order_table::ORDERS_MAX;
use super::prefetch::with_large_pages;
use feeds::model::Price;

/// Smallest table, in slots.
const SLOTS_MIN: usize = 64;

/// Ids that differ only in these low bits lie side by side: a run of 128 KiB.
const RUN_BITS: u32 = 12;

/// `2^64` divided by the golden ratio, odd: spreads consecutive numbers evenly over the high bits.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// [`Slot::owner`] of a free slot.
const FREE: u32 = u32::MAX;

/// One resting order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(32))]
pub(super) struct Slot {
    pub(super) order_id: u64,
    /// Undefined for an order without a price; it rests, and no level shows it.
    pub(super) price: Price,
    /// Never 0.
    pub(super) size: u64,
    /// Instrument and side: twice the instrument, plus one for the sellers.
    pub(super) owner: u32,
    /// Generation of the book it was added to.
    pub(super) generation: u32,
}

const _: () = assert!(size_of::<Slot>() == 32);

impl Slot {
    const EMPTY: Slot = Slot {
        order_id: 0,
        price: Price::UNDEFINED,
        size: 0,
        owner: FREE,
        generation: 0,
    };

    /// An order. `instrument` is below [`INSTRUMENTS_MAX`](super::INSTRUMENTS_MAX).
    #[inline]
    pub(super) fn new(order_id: u64, instrument: u32, is_ask: bool, generation: u32) -> Slot {
        Slot {
            order_id,
            owner: instrument << 1 | u32::from(is_ask),
            generation,
            ..Slot::EMPTY
        }
    }

    #[inline(always)]
    pub(super) fn is_free(&self) -> bool {
        self.owner == FREE
    }

    #[inline(always)]
    pub(super) fn instrument(&self) -> u32 {
        self.owner >> 1
    }

    #[inline(always)]
    pub(super) fn is_ask(&self) -> bool {
        self.owner & 1 == 1
    }
}

/// The table.
pub(super) struct OrderHash {
    slots: Vec<Slot>,
    /// Slots taken.
    taken: usize,
    /// `64 - log2(slots)`.
    shift: u32,
}

impl OrderHash {
    /// A table that holds `orders` without growing.
    pub(super) fn new(orders: usize) -> OrderHash {
        let slots = slots_for(orders);
        OrderHash {
            slots: empty(slots),
            taken: 0,
            shift: shift(slots),
        }
    }

    #[inline(always)]
    fn mask(&self) -> usize {
        self.slots.len() - 1
    }

    #[inline(always)]
    fn home(&self, order_id: u64) -> usize {
        let run = (order_id >> RUN_BITS).wrapping_mul(SPREAD) >> self.shift;
        (run as usize + (order_id as usize & ((1 << RUN_BITS) - 1))) & self.mask()
    }

    /// The slot an order would be in if no other one had taken it.
    #[inline(always)]
    pub(super) fn home_slot(&self, order_id: u64) -> &Slot {
        &self.slots[self.home(order_id)]
    }

    #[inline(always)]
    pub(super) fn slot(&self, index: usize) -> &Slot {
        &self.slots[index & self.mask()]
    }

    #[inline(always)]
    pub(super) fn slot_mut(&mut self, index: usize) -> &mut Slot {
        let mask = self.mask();
        &mut self.slots[index & mask]
    }

    /// Where the order of this instrument is (it may be stale), or the free slot it would go to.
    #[inline]
    pub(super) fn find(&self, order_id: u64, instrument: u32) -> Result<usize, usize> {
        let mask = self.mask();
        let mut index = self.home(order_id);
        loop {
            let slot = &self.slots[index];
            if slot.is_free() {
                return Err(index);
            }
            if slot.order_id == order_id && slot.instrument() == instrument {
                return Ok(index);
            }
            index = (index + 1) & mask;
        }
    }

    /// The first order of this id, of any instrument, that `is_live`.
    pub(super) fn find_any(&self, order_id: u64, is_live: impl Fn(&Slot) -> bool) -> Option<usize> {
        let mask = self.mask();
        let mut index = self.home(order_id);
        loop {
            let slot = &self.slots[index];
            if slot.is_free() {
                return None;
            }
            if slot.order_id == order_id && is_live(slot) {
                return Some(index);
            }
            index = (index + 1) & mask;
        }
    }

    /// Whether one more order needs [`rebuild`](OrderHash::rebuild) first.
    #[inline(always)]
    pub(super) fn is_full(&self) -> bool {
        self.taken * 2 >= self.slots.len()
    }

    /// Puts an order into the free slot that [`find`](OrderHash::find) gave.
    #[inline]
    pub(super) fn put(&mut self, index: usize, slot: Slot) {
        debug_assert!(self.slot(index).is_free());
        *self.slot_mut(index) = slot;
        self.taken += 1;
    }

    /// Frees a slot. Entries behind it that it kept from their place move back.
    #[inline]
    pub(super) fn remove(&mut self, index: usize) {
        let mask = self.mask();
        let mut hole = index & mask;
        let mut next = hole;
        loop {
            next = (next + 1) & mask;
            let slot = self.slots[next];
            if slot.is_free() {
                break;
            }
            // It may move if its home is not behind the hole, seen from where it is.
            let from_home = next.wrapping_sub(self.home(slot.order_id)) & mask;
            let from_hole = next.wrapping_sub(hole) & mask;
            if from_home >= from_hole {
                self.slots[hole] = slot;
                hole = next;
            }
        }
        self.slots[hole] = Slot::EMPTY;
        self.taken -= 1;
    }

    /// Frees every slot, and has at least room for `orders` from then on.
    #[cold]
    pub(super) fn reset(&mut self, orders: usize) {
        let slots = slots_for(orders).max(self.slots.len());
        if slots == self.slots.len() {
            self.slots.fill(Slot::EMPTY);
        } else {
            self.slots = empty(slots);
            self.shift = shift(slots);
        }
        self.taken = 0;
    }

    /// Every order, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(|slot| !slot.is_free())
    }

    pub(super) fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>()
    }

    /// Asserts that every entry can be found and the count is right.
    pub(super) fn invariant(&self) {
        let OrderHash {
            slots,
            taken,
            shift: bits,
        } = self;
        assert!(slots.len().is_power_of_two(), "a power of two");
        assert_eq!(*bits, shift(slots.len()), "shift fits the table");
        assert!(*taken * 2 <= slots.len(), "at most half full");
        let mut seen = 0;
        for (index, slot) in slots.iter().enumerate().filter(|(_, slot)| !slot.is_free()) {
            seen += 1;
            assert_eq!(
                self.find(slot.order_id, slot.instrument()),
                Ok(index),
                "every entry is found where it is"
            );
        }
        assert_eq!(seen, *taken, "taken slots are counted");
    }
}

/// Slots that hold `orders` at most half full.
fn slots_for(orders: usize) -> usize {
    (orders.min(ORDERS_MAX) * 2)
        .next_power_of_two()
        .max(SLOTS_MIN)
}

/// That many free slots.
fn empty(count: usize) -> Vec<Slot> {
    let mut slots = with_large_pages(count);
    slots.resize(count, Slot::EMPTY);
    slots
}

/// `64 - log2(slots)`, for a power of two.
fn shift(slots: usize) -> u32 {
    64 - slots.trailing_zeros()
}
