//! One side of a book: its levels in two sorted arrays, the best at the end.
//!
//! Keys lie apart from sizes: a search over a hundred levels reads a few lines of keys and one of sizes.
//!
//! Most changes are near the best price, so most inserts and removals move few levels and most searches end after a
//! few steps. Keys rise towards the best price on both sides (a seller's key is the complement of the price), so
//! that one code serves both.

use super::prefetch::prefetch;
use super::top::Level;
use feeds::model::{Price, Side};

/// Most levels of one side of one book.
pub const LEVELS_MAX: usize = 1 << 17;

/// Levels looked at one by one, from the best, before the search halves the rest.
const SCAN_LEVELS: usize = 8;

/// Levels a ladder has room for at once. Keeps thin books from allocating during the session.
const LEVELS_AT_START: usize = 8;

/// Keys in a cache line.
const KEYS_PER_LINE: usize = 8;

/// Lines of keys worth fetching ahead: what most searches read, see `benches/book.rs`.
const LINES_AHEAD: usize = 6;

/// What rests at one level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Total {
    /// Never 0 at a level.
    pub(super) size: u64,
    pub(super) orders: u32,
}

/// The levels of one side, by rising key.
#[derive(Clone, Debug, Default)]
pub(super) struct Ladder {
    /// See [`key`].
    keys: Vec<i64>,
    /// Of the key at the same index.
    totals: Vec<Total>,
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
pub(super) fn price(key: i64, is_ask: bool) -> Price {
    Price(key ^ -i64::from(is_ask))
}

/// Levels of a ladder that may not be there, best first.
pub(super) fn levels(ladder: Option<&Ladder>, side: Side) -> impl Iterator<Item = Level> {
    let is_ask = side == Side::Ask;
    let (keys, totals) = ladder.map_or((&[][..], &[][..]), |ladder| {
        (ladder.keys.as_slice(), ladder.totals.as_slice())
    });
    let both = keys.iter().zip(totals).rev();
    both.map(move |(&key, &total)| total.level(key, is_ask))
}

impl Total {
    #[inline]
    pub(super) fn level(self, key: i64, is_ask: bool) -> Level {
        Level {
            price: price(key, is_ask),
            size: self.size,
            orders: self.orders,
        }
    }
}

impl Ladder {
    pub(super) fn with_room() -> Ladder {
        Ladder {
            keys: Vec::with_capacity(LEVELS_AT_START),
            totals: Vec::with_capacity(LEVELS_AT_START),
        }
    }

    #[inline]
    pub(super) fn level_count(&self) -> usize {
        self.keys.len()
    }

    #[inline]
    pub(super) fn best(&self, is_ask: bool) -> Option<Level> {
        let (&key, &total) = (self.keys.last()?, self.totals.last()?);
        Some(total.level(key, is_ask))
    }

    /// Starts to fetch what a search near the best level reads.
    #[inline]
    pub(super) fn prefetch_keys(&self) {
        for keys in self.keys.rchunks(KEYS_PER_LINE).take(LINES_AHEAD) {
            prefetch(&keys[0]);
        }
        if let Some(key) = self.keys.last() {
            prefetch(key);
        }
    }

    #[inline]
    pub(super) fn best_key(&self) -> Option<i64> {
        self.keys.last().copied()
    }

    pub(super) fn has(&self, key: i64) -> bool {
        self.seek(key).is_ok()
    }

    /// Levels that are better.
    pub(super) fn count_above(&self, key: i64) -> u32 {
        let below = match self.seek(key) {
            Ok(index) => index + 1,
            Err(index) => index,
        };
        (self.keys.len() - below) as u32
    }

    /// Keys and totals, best first.
    pub(super) fn rows(&self) -> impl Iterator<Item = (i64, Total)> {
        let both = self.keys.iter().zip(&self.totals).rev();
        both.map(|(&key, &total)| (key, total))
    }

    /// Takes out those levels from `base` up that `take` takes.
    pub(super) fn take_from(&mut self, base: i64, mut take: impl FnMut(i64, Total) -> bool) {
        let start = self.keys.partition_point(|&key| key < base);
        let mut kept = start;
        for index in start..self.keys.len() {
            let (key, total) = (self.keys[index], self.totals[index]);
            if !take(key, total) {
                self.keys[kept] = key;
                self.totals[kept] = total;
                kept += 1;
            }
        }
        self.keys.truncate(kept);
        self.totals.truncate(kept);
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.totals.clear();
    }

    pub(super) fn bytes(&self) -> usize {
        self.keys.capacity() * size_of::<i64>() + self.totals.capacity() * size_of::<Total>()
    }

    /// Where the key is, or where it belongs.
    #[inline]
    fn seek(&self, key: i64) -> Result<usize, usize> {
        let count = self.keys.len();
        let floor = count.saturating_sub(SCAN_LEVELS);
        for (step, &at) in self.keys[floor..].iter().rev().enumerate() {
            if at <= key {
                let index = count - 1 - step;
                return if at == key { Ok(index) } else { Err(index + 1) };
            }
        }
        self.keys[..floor].binary_search(&key)
    }

    #[inline]
    fn depth(&self, index: usize) -> u32 {
        (self.keys.len() - 1 - index) as u32
    }

    /// Adds `size` and `orders` to a level, making it if need be.
    #[inline]
    pub(super) fn grow(&mut self, key: i64, size: u64, orders: u32) -> Result<Edit, Refusal> {
        match self.seek(key) {
            Ok(index) => {
                let depth = self.depth(index);
                let total = &mut self.totals[index];
                let size_before = total.size;
                total.size = size_before.checked_add(size).ok_or(Refusal::Overflow)?;
                total.orders += orders;
                Ok(Edit {
                    size_before,
                    size_after: total.size,
                    orders_after: total.orders,
                    depth,
                })
            }
            Err(index) => self.insert(index, key, Total { size, orders }),
        }
    }

    /// Takes `size` and `orders` off a level, which goes with its last order.
    #[inline]
    pub(super) fn shrink(&mut self, key: i64, size: u64, orders: u32) -> Result<Edit, Refusal> {
        let index = self.seek(key).map_err(|_| Refusal::Absent)?;
        let depth = self.depth(index);
        let total = &mut self.totals[index];
        let size_before = total.size;
        total.size = size_before.saturating_sub(size);
        total.orders = total.orders.saturating_sub(orders);
        let edit = Edit {
            size_before,
            size_after: total.size,
            orders_after: total.orders,
            depth,
        };
        if total.orders == 0 {
            self.remove(index);
        }
        Ok(edit)
    }

    /// Makes a level what the venue says it is; a size of 0 removes it.
    #[inline]
    pub(super) fn set(&mut self, key: i64, size: u64, orders: u32) -> Result<Edit, Refusal> {
        match self.seek(key) {
            Ok(index) => {
                let depth = self.depth(index);
                let total = &mut self.totals[index];
                let size_before = std::mem::replace(&mut total.size, size);
                total.orders = orders;
                if size == 0 {
                    self.remove(index);
                }
                Ok(Edit {
                    size_before,
                    size_after: size,
                    orders_after: if size == 0 { 0 } else { orders },
                    depth,
                })
            }
            Err(_) if size == 0 => Err(Refusal::Absent),
            Err(index) => self.insert(index, key, Total { size, orders }),
        }
    }

    #[inline]
    fn insert(&mut self, index: usize, key: i64, total: Total) -> Result<Edit, Refusal> {
        if self.keys.len() >= LEVELS_MAX {
            return Err(Refusal::Full);
        }
        self.keys.insert(index, key);
        self.totals.insert(index, total);
        Ok(Edit {
            size_before: 0,
            size_after: total.size,
            orders_after: total.orders,
            depth: self.depth(index),
        })
    }

    #[inline]
    fn remove(&mut self, index: usize) {
        self.keys.remove(index);
        self.totals.remove(index);
    }

    /// Asserts order and content. `counted`: every level has at least one order.
    pub(super) fn invariant(&self, counted: bool) {
        let Ladder { keys, totals } = self;
        assert_eq!(keys.len(), totals.len(), "a total for each key");
        assert!(keys.is_sorted_by(|a, b| a < b), "levels in order");
        assert!(keys.len() <= LEVELS_MAX, "levels within the maximum");
        assert!(
            totals.iter().all(|total| total.size > 0),
            "levels have size"
        );
        assert!(
            !counted || totals.iter().all(|total| total.orders > 0),
            "levels have orders"
        );
    }
}
