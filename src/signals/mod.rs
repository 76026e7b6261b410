//! Signals: numbers computed from tops, levels and trades.
//!
//! One file a signal, each a pure step: it is given its input, keeps its own small state, and answers only when its
//! value changed, so that nothing downstream runs for nothing. No clock is read; the time comes with the input.
//! This is the one room besides display that may use floats: inputs are exact integers, and a value is rounded once,
//! at its end.
//!
//! Prices are in units of the quote currency. A signal never says how far its input can be trusted: the caller joins
//! the value with the state of the book it came from.

mod bars;
mod imbalance;
mod microprice;
mod mid;
mod spread;
#[cfg(test)]
mod tests;
mod vwap;

pub use bars::{Bar, Bars};
pub use imbalance::Imbalance;
pub use microprice::Microprice;
pub use mid::Mid;
pub use spread::Spread;
pub use vwap::Vwap;

use feeds::model::Price;

/// What a signal is worth now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Value {
    /// The number, finite; nothing when the input does not define one, as with an empty side.
    pub number: Option<f64>,
}

impl Value {
    /// No number.
    pub const UNDEFINED: Value = Value { number: None };

    fn of(number: f64) -> Value {
        Value {
            number: number.is_finite().then_some(number),
        }
    }
}

/// One print, as signals see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Price in 1e-9, defined.
    pub price: Price,
    /// Size in the instrument's units.
    pub size: u64,
    /// When it traded, in ns since the Unix epoch UTC: the venue's time where it gives one, else ours.
    pub at_ns: u64,
    /// Whether the venue counts it in volume.
    pub counts: bool,
}

impl Trade {
    /// Whether it is a print that can be computed with.
    fn is_counted(&self) -> bool {
        self.counts && self.price.is_defined() && self.size > 0
    }
}

/// What a signal is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The best level of both sides, after each event that moved it.
    Top,
    /// The best levels of both sides, after each event that changed one of them.
    Levels,
    /// Prints, each once, and the passing of time.
    Trades,
}

impl Input {
    /// Stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Input::Top => "top",
            Input::Levels => "levels",
            Input::Trades => "trades",
        }
    }
}

/// One parameter of a signal: a whole number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Param {
    /// Key in the configuration, unit last.
    pub name: &'static str,
    /// What it does, one sentence.
    pub help: &'static str,
    /// Value when absent.
    pub default: u64,
    /// Smallest value.
    pub min: u64,
    /// Largest value.
    pub max: u64,
}

/// One kind of signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignalDescriptor {
    /// `kind` in the configuration.
    pub name: &'static str,
    /// What it is, one sentence.
    pub help: &'static str,
    /// What it is computed from.
    pub input: Input,
    /// Its parameters.
    pub params: &'static [Param],
}

/// Longest time a signal looks back or a bar lasts, in ms: one day.
const DAY_MS: u64 = 86_400_000;

/// Every kind of signal, by name.
pub const SIGNALS: &[SignalDescriptor] = &[
    SignalDescriptor {
        name: "bars",
        help: "Open, high, low, close and volume of each interval that has a trade.",
        input: Input::Trades,
        params: &[Param {
            name: "interval_ms",
            help: "Length of an interval; intervals begin at whole multiples of it since the epoch.",
            default: 1_000,
            min: 1,
            max: DAY_MS,
        }],
    },
    SignalDescriptor {
        name: "imbalance",
        help: "(bid size - ask size) / (bid size + ask size) over the best levels, from -1 to 1.",
        input: Input::Levels,
        params: &[Param {
            name: "depth",
            help: "How many levels of each side count.",
            default: 1,
            min: 1,
            max: 1_000,
        }],
    },
    SignalDescriptor {
        name: "microprice",
        help: "Best bid and ask, each weighted with the size on the other side.",
        input: Input::Top,
        params: &[],
    },
    SignalDescriptor {
        name: "mid",
        help: "Half of best bid plus best ask.",
        input: Input::Top,
        params: &[],
    },
    SignalDescriptor {
        name: "spread",
        help: "Best ask less best bid; negative when the book is crossed.",
        input: Input::Top,
        params: &[],
    },
    SignalDescriptor {
        name: "vwap",
        help: "Volume-weighted average price of the session, or of a rolling window.",
        input: Input::Trades,
        params: &[Param {
            name: "window_ms",
            help: "Length of the window; 0 is the whole session.",
            default: 0,
            min: 0,
            max: DAY_MS,
        }],
    },
];

/// The descriptor of a kind.
pub fn descriptor(name: &str) -> Option<&'static SignalDescriptor> {
    SIGNALS.iter().find(|signal| signal.name == name)
}

/// Lets a value pass when it differs from the last one. Eight bytes: many lie beside each other.
#[derive(Clone, Copy, Debug)]
struct CutOff {
    /// The last number; NaN, which no value is, for none.
    last: f64,
}

impl CutOff {
    /// Starts from no number, so that an input that defines none is no news.
    const NEW: CutOff = CutOff { last: f64::NAN };

    fn value(self) -> Value {
        Value::of(self.last)
    }

    fn pass(&mut self, value: Value) -> Option<Value> {
        let is_news = self.value() != value;
        self.last = value.number.unwrap_or(f64::NAN);
        is_news.then_some(value)
    }
}

/// Units of 1e-9 in one.
const UNITS: f64 = 1e9;
