//! The average price paid, by volume.

use super::{CutOff, Trade, UNITS, Value};

/// Steps in which a rolling window forgets. It covers between the window and one step more.
const STEPS: u64 = 64;

/// Prints of one step of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Sums {
    /// Number of the step since the epoch.
    step: u64,
    /// Sum of price (1e-9) × size.
    paid: i128,
    /// Sum of sizes.
    size: u128,
}

/// Volume-weighted average price, of the whole session or of a rolling window.
///
/// Sums are exact. A window moves in 64 steps: it holds a fixed number of sums, not the prints themselves.
/// Undefined without a print.
#[derive(Clone, Debug)]
pub struct Vwap {
    /// Length of a step in ns; nothing for the whole session.
    step_ns: Option<u64>,
    /// A ring by step; the session uses the first one.
    sums: Vec<Sums>,
    /// The latest step seen.
    now: u64,
    last: CutOff,
}

impl Vwap {
    /// Over the last `window_ms`, or with 0 over the whole session.
    pub fn new(window_ms: u64) -> Vwap {
        let window_ns = window_ms.saturating_mul(1_000_000);
        let step_ns = (window_ns > 0).then(|| window_ns.div_ceil(STEPS));
        let count = if step_ns.is_some() { STEPS + 1 } else { 1 };
        Vwap {
            step_ns,
            sums: vec![Sums::default(); count as usize],
            now: 0,
            last: CutOff::NEW,
        }
    }

    /// The new value, if the print changed it. Prints that do not count, or are older than the window, do not.
    pub fn on_trade(&mut self, trade: &Trade) -> Option<Value> {
        if !trade.is_counted() {
            return None;
        }
        let step = self.step(trade.at_ns);
        self.now = self.now.max(step);
        let count = self.sums.len() as u64;
        if self.now - step >= count {
            return None;
        }
        let sums = &mut self.sums[(step % count) as usize];
        if sums.step != step {
            *sums = Sums {
                step,
                ..Sums::default()
            };
        }
        let paid = i128::from(trade.price.0) * i128::from(trade.size);
        // A sum that overflows has no true value any more; saturated it stays finite.
        sums.paid = sums.paid.saturating_add(paid);
        sums.size = sums.size.saturating_add(u128::from(trade.size));
        self.renew()
    }

    /// The new value, if time made the window forget something.
    pub fn on_clock(&mut self, now_ns: u64) -> Option<Value> {
        let step = self.step(now_ns);
        if step <= self.now {
            return None;
        }
        self.now = step;
        self.renew()
    }

    /// A new session: everything is forgotten.
    pub fn reset(&mut self) -> Option<Value> {
        self.sums.fill(Sums::default());
        self.now = 0;
        self.renew()
    }

    /// The latest value.
    pub fn value(&self) -> Value {
        self.last.value()
    }

    fn step(&self, at_ns: u64) -> u64 {
        self.step_ns.map_or(0, |step_ns| at_ns / step_ns)
    }

    fn renew(&mut self) -> Option<Value> {
        let count = self.sums.len() as u64;
        let (mut paid, mut size) = (0i128, 0u128);
        for sums in self.sums.iter().filter(|sums| self.now - sums.step < count) {
            paid = paid.saturating_add(sums.paid);
            size = size.saturating_add(sums.size);
        }
        let value = if size == 0 {
            Value::UNDEFINED
        } else {
            Value::of(paid as f64 / size as f64 / UNITS)
        };
        self.last.pass(value)
    }
}
