//! The mid, leaning towards the side with less behind it.

use super::{CutOff, UNITS, Value};
use crate::book::Top;

/// `(bid × ask size + ask × bid size) / (bid size + ask size)`. Undefined while a side is empty.
#[derive(Clone, Debug)]
pub struct Microprice {
    last: CutOff,
}

impl Default for Microprice {
    fn default() -> Microprice {
        Microprice::new()
    }
}

impl Microprice {
    /// No value yet.
    pub fn new() -> Microprice {
        Microprice { last: CutOff::NEW }
    }

    /// The latest value.
    pub fn value(&self) -> Value {
        self.last.value()
    }

    /// The new value, if the top changed it.
    pub fn on_top(&mut self, top: &Top) -> Option<Value> {
        let value = match top.both() {
            Some((bid, ask)) => {
                // From the bid upwards: keeps the digits that a product of price and size would lose.
                let spread = (i128::from(ask.price.0) - i128::from(bid.price.0)) as f64;
                let share = bid.size as f64 / (bid.size as f64 + ask.size as f64);
                Value::of((bid.price.0 as f64 + spread * share) / UNITS)
            }
            None => Value::UNDEFINED,
        };
        self.last.pass(value)
    }
}
