//! Large messages that are lent, written in place, sent, and come home when they are dropped.
//!
//! A pool holds a fixed number of boxes. [`Pool::loan`] hands one out; what travels through a
//! channel is the [`Loan`], three words, and the contents stay where they are. Dropping a loan, on
//! any thread and also when it was never sent, puts the box back. Nothing is allocated after
//! building, and a pool with nothing left is an error to whoever asks.
//!
//! ```text
//!        loan: bit = 0, take the box            send            drop: put the box, bit = 1
//! Pool ─────────────────────────────► Loan ────────────► Loan ─────────────────────────────► Pool
//! ```
//!
//! A bit says that the box of a slot is home. Who takes the bit down owns the slot until the bit
//! goes up again, so the lock of a slot is never waited for.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;

use super::sync::{AtomicU64, Mutex, Ordering, lock};

const WORD_BITS: usize = u64::BITS as usize;

struct Slots<T> {
    /// One bit for each slot whose box is home.
    home: Box<[AtomicU64]>,
    boxes: Box<[Mutex<Option<Box<T>>>]>,
}

/// All boxes are out: none is lent before one comes home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolEmpty;

impl fmt::Display for PoolEmpty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("everything in the pool is lent out")
    }
}

impl std::error::Error for PoolEmpty {}

/// A fixed number of values that are lent out; clones lend from the same values.
///
/// ```
/// use std::sync::Arc;
/// use waveletd::runtime::{Loan, Pool, PoolEmpty, Wake, channel};
///
/// let pool = Pool::new(1, |_| Vec::with_capacity(1024));
/// let (mut sender, mut receiver) = channel::<Loan<Vec<u8>>>(8, Arc::new(Wake::default()));
///
/// let mut loan = pool.loan()?;
/// loan.clear();
/// loan.extend_from_slice(b"written in place");
/// sender.try_send(loan)?;
/// assert_eq!(pool.loan().err(), Some(PoolEmpty));
///
/// let received = receiver.try_receive()?;
/// assert_eq!(*received, b"written in place");
/// drop(received);
/// assert!(pool.loan().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Pool<T> {
    slots: Arc<Slots<T>>,
}

impl<T> Clone for Pool<T> {
    fn clone(&self) -> Self {
        Self {
            slots: Arc::clone(&self.slots),
        }
    }
}

impl<T> Pool<T> {
    /// A pool of `count` values, each made by `make` from its number, 0 to `count - 1`.
    #[must_use]
    pub fn new(count: usize, mut make: impl FnMut(usize) -> T) -> Self {
        Self::of_boxes((0..count).map(|number| Box::new(make(number))).collect())
    }

    /// A pool of these values, which may be too large to pass by a stack.
    #[must_use]
    pub fn of_boxes(boxes: Vec<Box<T>>) -> Self {
        let words = boxes.len().div_ceil(WORD_BITS);
        let home = (0..words).map(|word| {
            let bits = (boxes.len() - word * WORD_BITS).min(WORD_BITS);
            AtomicU64::new(u64::MAX >> (WORD_BITS - bits))
        });
        Self {
            slots: Arc::new(Slots {
                home: home.collect(),
                boxes: boxes.into_iter().map(Some).map(Mutex::new).collect(),
            }),
        }
    }

    /// Lends a value, with the contents it came home with. The one with the lowest number that is
    /// home, so that few are in use, and those warm.
    ///
    /// # Errors
    ///
    /// [`PoolEmpty`] when all are lent out.
    pub fn loan(&self) -> Result<Loan<T>, PoolEmpty> {
        for (index, word) in self.slots.home.iter().enumerate() {
            let mut bits = word.load(Ordering::Relaxed);
            while bits != 0 {
                let bit = bits & bits.wrapping_neg();
                // The contents as they were left are visible to whoever takes the bit.
                bits = word.fetch_and(!bit, Ordering::Acquire);
                if bits & bit == 0 {
                    continue;
                }
                let slot = index * WORD_BITS + bit.trailing_zeros() as usize;
                let value = lock(&self.slots.boxes[slot]).take();
                debug_assert!(value.is_some(), "a box whose bit is up is home");
                return Ok(Loan {
                    value,
                    slot,
                    slots: Arc::clone(&self.slots),
                });
            }
        }
        Err(PoolEmpty)
    }

    /// Values, home or lent out.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.slots.boxes.len()
    }

    /// Values that are home at this moment.
    #[must_use]
    pub fn available(&self) -> usize {
        let count = |word: &AtomicU64| word.load(Ordering::Relaxed).count_ones() as usize;
        self.slots.home.iter().map(count).sum()
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("capacity", &self.capacity())
            .field("available", &self.available())
            .finish()
    }
}

/// A value lent by a [`Pool`]; it goes home when this is dropped.
pub struct Loan<T> {
    /// There until the loan is dropped.
    value: Option<Box<T>>,
    slot: usize,
    slots: Arc<Slots<T>>,
}

impl<T> Deref for Loan<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.value
            .as_ref()
            .expect("a loan has its box until it is dropped")
    }
}

impl<T> DerefMut for Loan<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.value
            .as_mut()
            .expect("a loan has its box until it is dropped")
    }
}

impl<T> Drop for Loan<T> {
    fn drop(&mut self) {
        *lock(&self.slots.boxes[self.slot]) = self.value.take();
        let bit = 1 << (self.slot % WORD_BITS);
        self.slots.home[self.slot / WORD_BITS].fetch_or(bit, Ordering::Release);
    }
}

impl<T: fmt::Debug> fmt::Debug for Loan<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Loan").field(&**self).finish()
    }
}
