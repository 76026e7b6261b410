//! The distance between the best prices.

use super::{CutOff, UNITS, Value};
use crate::book::Top;

/// Best ask less best bid; negative when crossed, 0 when locked. Undefined while a side is empty.
#[derive(Clone, Debug)]
pub struct Spread {
    last: CutOff,
}

impl Default for Spread {
    fn default() -> Spread {
        Spread::new()
    }
}

impl Spread {
    /// No value yet.
    pub fn new() -> Spread {
        Spread { last: CutOff::NEW }
    }

    /// The latest value.
    pub fn value(&self) -> Value {
        self.last.value()
    }

    /// The new value, if the top changed it. A change of size alone leaves it as it is.
    pub fn on_top(&mut self, top: &Top) -> Option<Value> {
        let value = match top.both() {
            Some((bid, ask)) => {
                let spread = i128::from(ask.price.0) - i128::from(bid.price.0);
                Value::of(spread as f64 / UNITS)
            }
            None => Value::UNDEFINED,
        };
        self.last.pass(value)
    }
}
