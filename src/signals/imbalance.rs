//! Which side has more behind it.

use super::{CutOff, Value};
use crate::book::{Level, Top};

/// `(bid size - ask size) / (bid size + ask size)`, from -1 (sellers only) to 1 (buyers only).
///
/// Undefined while both sides are empty.
#[derive(Clone, Debug)]
pub struct Imbalance {
    depth: usize,
    last: CutOff,
}

impl Imbalance {
    /// Over the best `depth` levels of each side, at least one.
    pub fn new(depth: usize) -> Imbalance {
        Imbalance {
            depth: depth.max(1),
            last: CutOff::NEW,
        }
    }

    /// The latest value.
    pub fn value(&self) -> Value {
        self.last.value()
    }

    /// How many levels of each side count.
    pub fn depth(&self) -> usize {
        self.depth
    }

    /// The new value, if the top changed it. Only the best level is looked at, whatever the depth.
    pub fn on_top(&mut self, top: &Top) -> Option<Value> {
        self.on_levels(top.bid.into_iter(), top.ask.into_iter())
    }

    /// The new value, if the levels changed it. Best first; those beyond the depth are not looked at.
    pub fn on_levels(
        &mut self,
        bids: impl Iterator<Item = Level>,
        asks: impl Iterator<Item = Level>,
    ) -> Option<Value> {
        let bid = total(bids.take(self.depth));
        let ask = total(asks.take(self.depth));
        let value = if bid + ask == 0 {
            Value::UNDEFINED
        } else {
            // The sums are exact; below 2^53 so are their float images.
            Value::of((bid as f64 - ask as f64) / (bid + ask) as f64)
        };
        self.last.pass(value)
    }
}

fn total(levels: impl Iterator<Item = Level>) -> u128 {
    levels.map(|level| u128::from(level.size)).sum()
}
