//! The middle between the best prices.

use super::{CutOff, UNITS, Value};
use crate::book::Top;

/// Half of best bid plus best ask. Undefined while a side is empty.
#[derive(Clone, Debug)]
pub struct Mid {
    last: CutOff,
}

impl Default for Mid {
    fn default() -> Mid {
        Mid::new()
    }
}

impl Mid {
    /// No value yet.
    pub fn new() -> Mid {
        Mid { last: CutOff::NEW }
    }

    /// The latest value.
    pub fn value(&self) -> Value {
        self.last.value()
    }

    /// The new value, if the top changed it.
    pub fn on_top(&mut self, top: &Top) -> Option<Value> {
        let value = match top.both() {
            // The sum of two 64-bit prices needs 65 bits.
            Some((bid, ask)) => {
                let sum = i128::from(bid.price.0) + i128::from(ask.price.0);
                Value::of(sum as f64 / (2.0 * UNITS))
            }
            None => Value::UNDEFINED,
        };
        self.last.pass(value)
    }
}
