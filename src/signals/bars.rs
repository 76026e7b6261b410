//! Open, high, low, close and volume by interval of time.

use super::Trade;
use feeds::model::Price;

/// One interval that has a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Start of the interval, in ns since the Unix epoch UTC; a whole multiple of its length.
    pub ts_ns: u64,
    /// First price.
    pub open: Price,
    /// Highest price.
    pub high: Price,
    /// Lowest price.
    pub low: Price,
    /// Last price.
    pub close: Price,
    /// Sum of sizes, in the instrument's units, saturated.
    pub volume: u64,
    /// How many trades.
    pub trades: u64,
    /// The whole interval was watched, and nothing in it is known to be lost.
    pub complete: bool,
}

/// Bars of one instrument. An interval without a trade has no bar.
#[derive(Clone, Debug)]
pub struct Bars {
    interval_ns: u64,
    current: Option<Bar>,
    /// When watching began; intervals that had begun by then are not complete.
    since_ns: Option<u64>,
    /// End of the interval of the latest loss: intervals that begin before it are not complete.
    broken_until_ns: u64,
    /// End of the last bar given out.
    done_ns: u64,
    late_trades: u64,
}

impl Bars {
    /// Bars of `interval_ms`, at least 1.
    pub fn new(interval_ms: u64) -> Bars {
        Bars {
            interval_ns: interval_ms.max(1).saturating_mul(1_000_000),
            current: None,
            since_ns: None,
            broken_until_ns: 0,
            done_ns: 0,
            late_trades: 0,
        }
    }

    /// Takes in a trade. Gives the bar before it when the trade is the first of a later interval.
    ///
    /// A trade for an interval whose bar is out, or that is not the current one any more, is counted as late.
    pub fn on_trade(&mut self, trade: &Trade) -> Option<Bar> {
        let done = self.on_clock(trade.at_ns);
        if !trade.is_counted() {
            return done;
        }
        let start = self.start(trade.at_ns);
        match &mut self.current {
            Some(bar) if bar.ts_ns == start => {
                bar.high = bar.high.max(trade.price);
                bar.low = bar.low.min(trade.price);
                bar.close = trade.price;
                bar.volume = bar.volume.saturating_add(trade.size);
                bar.trades += 1;
            }
            // An interval before the current one, or one whose bar is out.
            Some(_) => self.late_trades += 1,
            None if start < self.done_ns => self.late_trades += 1,
            None => {
                self.current = Some(Bar {
                    ts_ns: start,
                    open: trade.price,
                    high: trade.price,
                    low: trade.price,
                    close: trade.price,
                    volume: trade.size,
                    trades: 1,
                    complete: self.since_ns.is_some_and(|since| since <= start)
                        && start >= self.broken_until_ns,
                });
            }
        }
        done
    }

    /// Takes in the time. Gives the current bar when its interval is over.
    pub fn on_clock(&mut self, now_ns: u64) -> Option<Bar> {
        self.since_ns.get_or_insert(now_ns);
        let bar = self.current?;
        let end = bar.ts_ns.saturating_add(self.interval_ns);
        if now_ns < end {
            return None;
        }
        self.done_ns = end;
        self.current.take()
    }

    /// Something may have been lost just now: the interval is not complete.
    pub fn on_loss(&mut self, now_ns: u64) {
        self.broken_until_ns = self.start(now_ns).saturating_add(self.interval_ns);
        if let Some(bar) = &mut self.current {
            bar.complete = false;
        }
    }

    /// The bar under way, incomplete: its interval is not over.
    pub fn current(&self) -> Option<Bar> {
        self.current.map(|bar| Bar {
            complete: false,
            ..bar
        })
    }

    /// Trades that came after the bar of their interval. They are in no bar.
    pub fn late_trades(&self) -> u64 {
        self.late_trades
    }

    fn start(&self, at_ns: u64) -> u64 {
        at_ns - at_ns % self.interval_ns
    }
}
