//! One side of a book: its levels in one sorted array, the best at the end.
//!
//! Most changes are near the best price, so most inserts and removals move few levels and most searches end after a
//! few steps. Keys rise towards the best price on both sides (a seller's key is the complement of the price), so
//! that one code serves both.

use super::top::Level;
use feeds::model::{Price, Side};

/// Most levels of one side of one book.
pub const LEVELS_MAX: usize = 1 << 17;

/// Levels looked at one by one, from the best, before the search halves the rest.
const SCAN_LEVELS: usize = 8;

/// Levels a ladder has room for at once. Keeps thin books from allocating during the session.
const LEVELS_AT_START: usize = 8;

/// One level under its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rung {
    /// See [`key`].
    pub(super) key: i64,
    pub(super) size: u64,
    pub(super) orders: u32,
}

/// The levels of one side, by rising key.
#[derive(Clone, Debug, Default)]
pub(super) struct Ladder {
    rungs: Vec<Rung>,
}

/// What an edit did to one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Edit {
    pub(super) size_before: u64,
    pub(super) size_after: u64,
    pub(super) orders_after: u32,
    /// Position from the best, 0 the best.
    pub(super) depth: u32,
}

/// Why a ladder refuses an edit; it is unchanged then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The level is not there.
    Absent,
    /// The size does not fit.
    Overflow,
    /// [`LEVELS_MAX`] is reached.
    Full,
}

/// The key of a price: larger is better. The complement turns the order of all integers around without overflow.
#[inline(always)]
pub(super) fn key(price: Price, is_ask: bool) -> i64 {
    price.0 ^ -i64::from(is_ask)
}

/// The price of a key.
#[inline(always)]
fn price(key: i64, is_ask: bool) -> Price {
    Price(key ^ -i64::from(is_ask))
}

/// Levels of a ladder that may not be there, best first.
pub(super) fn levels(ladder: Option<&Ladder>, side: Side) -> impl Iterator<Item = Level> {
    let is_ask = side == Side::Ask;
    let rungs = ladder.map_or(&[][..], |ladder| ladder.rungs.as_slice());
    rungs.iter().rev().map(move |rung| rung.level(is_ask))
}

impl Rung {
    #[inline]
    fn level(&self, is_ask: bool) -> Level {
        Level {
            price: price(self.key, is_ask),
            size: self.size,
            orders: self.orders,
        }
    }
}

impl Ladder {
    pub(super) fn with_room() -> Ladder {
        Ladder {
            rungs: Vec::with_capacity(LEVELS_AT_START),
        }
    }

    #[inline]
    pub(super) fn level_count(&self) -> usize {
        self.rungs.len()
    }

    #[inline]
    pub(super) fn best(&self, is_ask: bool) -> Option<Level> {
        self.rungs.last().map(|rung| rung.level(is_ask))
    }

    /// The best level, where it lies in memory.
    #[inline]
    pub(super) fn best_rung(&self) -> Option<&Rung> {
        self.rungs.last()
    }

    pub(super) fn clear(&mut self) {
        self.rungs.clear();
    }

    pub(super) fn bytes(&self) -> usize {
        self.rungs.capacity() * size_of::<Rung>()
    }

    /// Where the key is, or where it belongs.
    #[inline]
    fn seek(&self, key: i64) -> Result<usize, usize> {
        let count = self.rungs.len();
        let floor = count.saturating_sub(SCAN_LEVELS);
        for (step, rung) in self.rungs[floor..].iter().rev().enumerate() {
            if rung.key <= key {
                let index = count - 1 - step;
                return if rung.key == key {
                    Ok(index)
                } else {
                    Err(index + 1)
                };
            }
        }
        self.rungs[..floor].binary_search_by_key(&key, |rung| rung.key)
    }

    #[inline]
    fn depth(&self, index: usize) -> u32 {
        (self.rungs.len() - 1 - index) as u32
    }

    /// Adds `size` and `orders` to a level, making it if need be.
    #[inline]
    pub(super) fn grow(&mut self, key: i64, size: u64, orders: u32) -> Result<Edit, Refusal> {
        match self.seek(key) {
            Ok(index) => {
                let depth = self.depth(index);
                let rung = &mut self.rungs[index];
                let size_before = rung.size;
                rung.size = size_before.checked_add(size).ok_or(Refusal::Overflow)?;
                rung.orders += orders;
                Ok(Edit {
                    size_before,
                    size_after: rung.size,
                    orders_after: rung.orders,
                    depth,
                })
            }
            Err(index) => self.insert(index, Rung { key, size, orders }),
        }
    }

    /// Takes `size` and `orders` off a level, which goes with its last order.
    #[inline]
    pub(super) fn shrink(&mut self, key: i64, size: u64, orders: u32) -> Result<Edit, Refusal> {
        let index = self.seek(key).map_err(|_| Refusal::Absent)?;
        let depth = self.depth(index);
        let rung = &mut self.rungs[index];
        let size_before = rung.size;
        rung.size = size_before.saturating_sub(size);
        rung.orders = rung.orders.saturating_sub(orders);
        let edit = Edit {
            size_before,
            size_after: rung.size,
            orders_after: rung.orders,
            depth,
        };
        if rung.orders == 0 {
            self.rungs.remove(index);
        }
        Ok(edit)
    }

    /// Makes a level what the venue says it is; a size of 0 removes it.
    #[inline]
    pub(super) fn set(&mut self, key: i64, size: u64, orders: u32) -> Result<Edit, Refusal> {
        match self.seek(key) {
            Ok(index) => {
                let depth = self.depth(index);
                let rung = &mut self.rungs[index];
                let size_before = std::mem::replace(&mut rung.size, size);
                rung.orders = orders;
                if size == 0 {
                    self.rungs.remove(index);
                }
                Ok(Edit {
                    size_before,
                    size_after: size,
                    orders_after: if size == 0 { 0 } else { orders },
                    depth,
                })
            }
            Err(_) if size == 0 => Err(Refusal::Absent),
            Err(index) => self.insert(index, Rung { key, size, orders }),
        }
    }

    #[inline]
    fn insert(&mut self, index: usize, rung: Rung) -> Result<Edit, Refusal> {
        if self.rungs.len() >= LEVELS_MAX {
            return Err(Refusal::Full);
        }
        self.rungs.insert(index, rung);
        Ok(Edit {
            size_before: 0,
            size_after: rung.size,
            orders_after: rung.orders,
            depth: self.depth(index),
        })
    }

    /// Asserts order and content. `counted`: every level has at least one order.
    pub(super) fn invariant(&self, counted: bool) {
        let Ladder { rungs } = self;
        assert!(rungs.is_sorted_by(|a, b| a.key < b.key), "levels in order");
        assert!(rungs.len() <= LEVELS_MAX, "levels within the maximum");
        assert!(rungs.iter().all(|rung| rung.size > 0), "levels have size");
        assert!(
            !counted || rungs.iter().all(|rung| rung.orders > 0),
            "levels have orders"
        );
    }

    /// Sum of the order counts of all levels.
    pub(super) fn orders(&self) -> u64 {
        self.rungs.iter().map(|rung| u64::from(rung.orders)).sum()
    }
}
