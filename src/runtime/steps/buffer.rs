//! What steps keep: bursts, bounded queues, and the count of what did not fit.

use std::collections::VecDeque;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::super::clock::Nanos;
use super::super::step::Step;

/// A count of values lost, shared between what loses them and who watches.
///
/// Cheap to clone; can be read from another thread. Adding to one count from several places sums
/// them up.
#[derive(Debug, Clone, Default)]
pub struct Lost(Arc<AtomicU64>);

impl Lost {
    /// A count of zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Values lost so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    #[inline]
    pub(crate) fn add(&self, count: u64) {
        if count > 0 {
            self.0.fetch_add(count, Ordering::Relaxed);
        }
    }
}

/// Which value goes when a queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Full {
    /// The new value is not taken.
    DropNewest,
    /// The oldest value makes room.
    DropOldest,
}

/// How many values may be kept, and what happens to one more: it is dropped, and counted.
///
/// ```
/// use waveletd::runtime::{Nanos, Step, steps};
///
/// let bound = steps::Bound::drop_newest(1);
/// let lost = bound.lost();
/// let mut delay = steps::delay(std::time::Duration::from_nanos(5), bound);
/// assert_eq!(delay.on(&'a', Nanos(1)), None);
/// assert_eq!(delay.on(&'b', Nanos(2)), None);
/// assert_eq!(lost.count(), 1);
/// assert_eq!(delay.on_deadline(Nanos(6)), Some('a'));
/// ```
#[derive(Debug, Clone)]
pub struct Bound {
    capacity: usize,
    full: Full,
    lost: Lost,
}

impl Bound {
    /// At most `capacity` values (at least one); when full, the new one is dropped.
    #[must_use]
    pub fn drop_newest(capacity: usize) -> Self {
        Self::new(capacity, Full::DropNewest)
    }

    /// At most `capacity` values (at least one); when full, the oldest one is dropped.
    #[must_use]
    pub fn drop_oldest(capacity: usize) -> Self {
        Self::new(capacity, Full::DropOldest)
    }

    fn new(capacity: usize, full: Full) -> Self {
        Self {
            capacity: capacity.max(1),
            full,
            lost: Lost::new(),
        }
    }

    /// The count of what is dropped.
    #[must_use]
    pub fn lost(&self) -> Lost {
        self.lost.clone()
    }

    /// Adds what is dropped to `lost` in place of a count of its own.
    #[must_use]
    pub fn counted_by(mut self, lost: &Lost) -> Self {
        self.lost = lost.clone();
        self
    }
}

/// A queue within a [`Bound`]. Its memory grows as needed and stays.
#[derive(Debug, Clone)]
pub(crate) struct Queue<T> {
    values: VecDeque<T>,
    bound: Bound,
}

impl<T> Queue<T> {
    pub(crate) fn new(bound: Bound) -> Self {
        Self {
            values: VecDeque::new(),
            bound,
        }
    }

    pub(crate) fn push(&mut self, value: T) {
        if self.values.len() >= self.bound.capacity {
            self.bound.lost.add(1);
            match self.bound.full {
                Full::DropNewest => return,
                Full::DropOldest => drop(self.values.pop_front()),
            }
        }
        self.values.push_back(value);
    }

    pub(crate) fn pop(&mut self) -> Option<T> {
        self.values.pop_front()
    }

    pub(crate) fn front(&self) -> Option<&T> {
        self.values.front()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.values.clear();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.values.iter()
    }

    pub(crate) fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.values.drain(..)
    }
}

/// The values of one instant, in their order: a stream of bursts loses none and merges none.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Burst<T>(Vec<T>);

impl<T> Burst<T> {
    /// An empty burst; takes no memory.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds a value at the end.
    pub fn push(&mut self, value: T) {
        self.0.push(value);
    }

    /// Removes the values and keeps the memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Takes the values out in their order and keeps the memory.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.0.drain(..)
    }

    /// The values as a vector.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.0
    }

    pub(crate) fn vec_mut(&mut self) -> &mut Vec<T> {
        &mut self.0
    }
}

impl<T> Default for Burst<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Deref for Burst<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.0
    }
}

impl<T> DerefMut for Burst<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T> From<Vec<T>> for Burst<T> {
    fn from(values: Vec<T>) -> Self {
        Self(values)
    }
}

impl<T> FromIterator<T> for Burst<T> {
    fn from_iter<V: IntoIterator<Item = T>>(values: V) -> Self {
        Self(values.into_iter().collect())
    }
}

impl<T> Extend<T> for Burst<T> {
    fn extend<V: IntoIterator<Item = T>>(&mut self, values: V) {
        self.0.extend(values);
    }
}

impl<T> IntoIterator for Burst<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Burst<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// Spreads bursts over cycles. Made by [`unroll`].
#[derive(Debug, Clone)]
pub struct Unroll<T> {
    queue: Queue<T>,
    last: Nanos,
}

/// Gives the values of bursts one a cycle, in their order: the first at once, the others in the
/// cycles that follow, at the same instant where time stands still.
pub fn unroll<T>(bound: Bound) -> Unroll<T> {
    Unroll {
        queue: Queue::new(bound),
        last: Nanos::ZERO,
    }
}

impl<T: Clone> Step<Burst<T>> for Unroll<T> {
    type Out = T;

    fn on(&mut self, input: &Burst<T>, now: Nanos) -> Option<T> {
        self.last = now;
        for value in input {
            self.queue.push(value.clone());
        }
        self.queue.pop()
    }

    fn deadline(&self) -> Option<Nanos> {
        (!self.queue.is_empty()).then_some(self.last)
    }

    fn on_deadline(&mut self, now: Nanos) -> Option<T> {
        self.last = now;
        self.queue.pop()
    }
}

/// The last of each burst. Made by [`collapse`].
#[derive(Debug, Clone, Copy)]
pub struct Collapse;

/// Gives the last value of each burst, nothing for an empty one.
#[must_use]
pub fn collapse() -> Collapse {
    Collapse
}

impl<T: Clone> Step<Burst<T>> for Collapse {
    type Out = T;

    #[inline]
    fn on(&mut self, input: &Burst<T>, _: Nanos) -> Option<T> {
        input.last().cloned()
    }
}

/// A fold of each burst. Made by [`collapse_accumulate`].
#[derive(Debug, Clone, Copy)]
pub struct CollapseAccumulate<S, F> {
    state: S,
    function: F,
}

/// Folds the values of each burst into a state that goes on from burst to burst, and gives the
/// state once a burst; nothing for an empty one.
pub fn collapse_accumulate<S, T, F: FnMut(&mut S, &T)>(
    state: S,
    function: F,
) -> CollapseAccumulate<S, F> {
    CollapseAccumulate { state, function }
}

impl<S: Clone, T, F: FnMut(&mut S, &T)> Step<Burst<T>> for CollapseAccumulate<S, F> {
    type Out = S;

    #[inline]
    fn on(&mut self, input: &Burst<T>, _: Nanos) -> Option<S> {
        for value in input {
            (self.function)(&mut self.state, value);
        }
        (!input.is_empty()).then(|| self.state.clone())
    }
}
