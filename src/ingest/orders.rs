//! Orders to feeds, from the graph and from operators: one flag a feed and cause.
//!
//! Bounded by its form: an order that is given again before its feed took it is the same order, and
//! counted. Nobody waits for anybody; a feed's thread looks when it turns, at least twice a second.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

/// Who gives an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Cause {
    /// The graph: the integrity of a book is broken.
    Repair = 1,
    /// An operator.
    Operator = 2,
}

impl Cause {
    /// The stable name used in every output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::Repair => "repair",
            Cause::Operator => "operator",
        }
    }
}

/// Orders that wait for their feeds, by row of the configuration.
#[derive(Debug, Default)]
pub struct Orders {
    waiting: Vec<AtomicU8>,
    merged: AtomicU64,
}

impl Orders {
    /// No orders, for `feeds` feeds.
    pub fn new(feeds: usize) -> Orders {
        Orders {
            waiting: (0..feeds).map(|_| AtomicU8::new(0)).collect(),
            merged: AtomicU64::new(0),
        }
    }

    /// Orders the feed of `row` to build its books anew; false when there is no such feed.
    pub fn resync(&self, row: usize, cause: Cause) -> bool {
        let Some(waiting) = self.waiting.get(row) else {
            return false;
        };
        if waiting.fetch_or(cause as u8, Ordering::AcqRel) & cause as u8 != 0 {
            self.merged.fetch_add(1, Ordering::Relaxed);
        }
        true
    }

    /// Takes what waits for the feed of `row`. An operator's order stands for both.
    pub fn take(&self, row: usize) -> Option<Cause> {
        let waiting = self.waiting.get(row)?;
        if waiting.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let bits = waiting.swap(0, Ordering::AcqRel);
        Some(if bits & Cause::Operator as u8 != 0 {
            Cause::Operator
        } else {
            Cause::Repair
        })
    }

    /// Orders that were given again before they were taken.
    pub fn merged(&self) -> u64 {
        self.merged.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_taken_once_however_often_it_was_given() {
        let orders = Orders::new(2);
        assert!(orders.resync(1, Cause::Repair));
        assert!(orders.resync(1, Cause::Repair));
        assert_eq!(orders.take(0), None);
        assert_eq!(orders.take(1), Some(Cause::Repair));
        assert_eq!((orders.take(1), orders.merged()), (None, 1));
    }

    #[test]
    fn an_operators_order_stands_for_both_and_unknown_feeds_are_refused() {
        let orders = Orders::new(1);
        orders.resync(0, Cause::Repair);
        orders.resync(0, Cause::Operator);
        assert_eq!(orders.take(0), Some(Cause::Operator));
        assert_eq!(orders.take(0), None);
        assert!(!orders.resync(1, Cause::Operator));
        assert_eq!(orders.take(1), None);
    }
}
