//! The signals of one instrument, as steps that lie beside each other.
//!
//! A step is a signal of [`crate::signals`] and the index it is published under. The instrument's node runs its steps
//! in the order of the configuration; values that changed are gathered and published as one record.
//!
//! A new signal is a file in `signals`, a kind in the configuration, and an arm in [`Step::new`] and [`Step::run`].

use super::channel::{Channel, Touches, Trade};
use super::instrument::BookNode;
use super::outlet::Outlet;
use crate::config::SignalKind;
use crate::publish::record::{self, SIGNALS_MAX};
use crate::runtime::{Context, Nanos, Timer};
use crate::signals::{self, Bars, Imbalance, Microprice, Mid, Spread, Value, Vwap};
use feeds::model::Side;

/// A signal to compute.
#[derive(Clone, Debug)]
pub struct SignalSpec {
    /// Index in everything published.
    pub index: u16,
    /// What to compute.
    pub kind: SignalKind,
    /// For which symbols.
    pub instruments: crate::config::Instruments,
}

/// One signal of one instrument.
#[derive(Debug)]
pub(super) struct Step {
    index: u16,
    signal: Signal,
}

/// What every top moves lies here; what only trades move is kept apart, so that it takes no room in the same lines.
#[derive(Debug)]
enum Signal {
    Mid(Mid),
    Spread(Spread),
    Microprice(Microprice),
    Imbalance(Imbalance),
    Vwap(Box<Vwap>),
    Bars(Box<BarStep>),
}

/// What a step may look at.
pub(super) struct Input<'a> {
    pub(super) book: &'a BookNode,
    pub(super) channel: &'a Channel,
    /// What the event of this cycle did; nothing when something else woke the instrument.
    pub(super) touches: Touches,
}

impl Input<'_> {
    /// Calls `each` for every priced print of the instrument in the event that just ended.
    pub(super) fn for_each_trade(&self, each: impl FnMut(&Trade)) {
        if self.touches.any(Touches::TRADE) {
            let trades = &self.channel.event().trades;
            trades
                .iter()
                .filter(|trade| trade.instrument == self.book.instrument)
                .for_each(each);
        }
    }
}

/// Values that changed in this run, not published yet.
pub(super) struct Changed {
    values: [(u16, f64); SIGNALS_MAX],
    count: usize,
}

impl Changed {
    pub(super) const fn new() -> Changed {
        Changed {
            values: [(0, 0.0); SIGNALS_MAX],
            count: 0,
        }
    }

    fn push(&mut self, book: &BookNode, outlet: &mut Outlet, index: u16, value: Value) {
        if self.count == SIGNALS_MAX {
            self.publish(book, outlet);
        }
        self.values[self.count] = (index, value.number.unwrap_or(f64::NAN));
        self.count += 1;
    }

    /// Publishes what is gathered, as one record.
    pub(super) fn publish(&mut self, book: &BookNode, outlet: &mut Outlet) {
        if self.count > 0 {
            outlet.signals(&book.header(), &self.values[..self.count]);
            self.count = 0;
        }
    }
}

impl Step {
    /// The step of a kind of signal, before its first value.
    pub(super) fn new(index: u16, kind: SignalKind) -> Step {
        let signal = match kind {
            SignalKind::Mid => Signal::Mid(Mid::new()),
            SignalKind::Spread => Signal::Spread(Spread::new()),
            SignalKind::Microprice => Signal::Microprice(Microprice::new()),
            SignalKind::Imbalance { depth } => Signal::Imbalance(Imbalance::new(depth)),
            SignalKind::Vwap { window_ms } => {
                Signal::Vwap(Box::new(Vwap::new(window_ms.unwrap_or(0))))
            }
            SignalKind::Bars { interval_ms } => Signal::Bars(Box::new(BarStep::new(interval_ms))),
        };
        Step { index, signal }
    }

    /// Runs the signal, and publishes its value when that changed, or the same one when only its worth did: a value
    /// never outlives its state.
    #[inline]
    pub(super) fn run(
        &mut self,
        input: &Input<'_>,
        changed: &mut Changed,
        outlet: &mut Outlet,
        ctx: &mut Context<'_>,
    ) {
        let (book, touches) = (input.book, input.touches);
        let top = touches.any(Touches::TOP).then_some(&book.top);
        let fresh = match &mut self.signal {
            Signal::Mid(mid) => top.and_then(|top| mid.on_top(top)),
            Signal::Spread(spread) => top.and_then(|top| spread.on_top(top)),
            Signal::Microprice(microprice) => top.and_then(|top| microprice.on_top(top)),
            Signal::Imbalance(imbalance) if imbalance.depth() == 1 => {
                top.and_then(|top| imbalance.on_top(top))
            }
            Signal::Imbalance(imbalance) => {
                if touches.any(Touches::DEPTH.with(Touches::TOP)) {
                    let side = |side| input.channel.books().levels(book.instrument, side);
                    imbalance.on_levels(side(Side::Bid), side(Side::Ask))
                } else {
                    None
                }
            }
            Signal::Vwap(vwap) => {
                let mut fresh = None;
                if !touches.is_empty() && input.channel.event().session_reset {
                    fresh = vwap.reset();
                }
                input.for_each_trade(|trade| fresh = vwap.on_trade(&seen(trade)).or(fresh));
                fresh
            }
            Signal::Bars(bars) => {
                if let Some(bar) = bars.run(input, ctx) {
                    // Records keep the order of the steps.
                    changed.publish(book, outlet);
                    outlet.bar(&book.header(), &bar);
                }
                return;
            }
        };
        if let Some(value) = fresh {
            changed.push(book, outlet, self.index, value);
        } else if touches.any(Touches::STATE) {
            let value = self.value();
            if value.number.is_some() {
                changed.push(book, outlet, self.index, value);
            }
        }
    }

    /// The latest value; none for bars.
    fn value(&self) -> Value {
        match &self.signal {
            Signal::Mid(mid) => mid.value(),
            Signal::Spread(spread) => spread.value(),
            Signal::Microprice(microprice) => microprice.value(),
            Signal::Imbalance(imbalance) => imbalance.value(),
            Signal::Vwap(vwap) => vwap.value(),
            Signal::Bars(_) => Value::UNDEFINED,
        }
    }
}

/// A trade as signals see it. The venue's time where it gives one, else ours.
fn seen(trade: &Trade) -> signals::Trade {
    signals::Trade {
        price: trade.price,
        size: trade.size,
        at_ns: trade.ts_event.get().unwrap_or(trade.ts_recv.0),
        counts: trade.counts,
    }
}

/// Bars and what they add to a bar of the signals room: sides and value, for publication.
#[derive(Debug)]
struct BarStep {
    bars: Bars,
    interval_ns: u64,
    buy_volume: u64,
    sell_volume: u64,
    /// Sum of price times size, for the average price.
    value: i128,
    timer: Option<Timer>,
}

impl BarStep {
    fn new(interval_ms: u64) -> BarStep {
        BarStep {
            bars: Bars::new(interval_ms),
            interval_ns: interval_ms.max(1).saturating_mul(1_000_000),
            buy_volume: 0,
            sell_volume: 0,
            value: 0,
            timer: None,
        }
    }

    /// Takes in trades and the time; the bar that is over, if any.
    fn run(&mut self, input: &Input<'_>, ctx: &mut Context<'_>) -> Option<record::Bar> {
        let mut done = None;
        if input.touches.any(Touches::STATE) && !input.book.state.state.is_complete() {
            self.bars.on_loss(ctx.now().0);
        }
        input.for_each_trade(|trade| {
            if let Some(bar) = self.bars.on_trade(&seen(trade)) {
                done = Some(self.finish(bar));
            }
            if trade.counts {
                self.add(trade);
            }
        });
        if let Some(bar) = self.bars.on_clock(ctx.now().0) {
            done = Some(self.finish(bar));
        }
        self.arm(ctx);
        done
    }

    fn finish(&mut self, bar: signals::Bar) -> record::Bar {
        let vwap = self.value.checked_div(i128::from(bar.volume)).unwrap_or(0);
        let done = record::Bar {
            interval_ns: self.interval_ns,
            open: bar.open.0,
            high: bar.high.0,
            low: bar.low.0,
            close: bar.close.0,
            volume: bar.volume,
            buy_volume: self.buy_volume,
            sell_volume: self.sell_volume,
            trades: bar.trades,
            vwap: i64::try_from(vwap).unwrap_or(0),
            ts_open: bar.ts_ns,
            ts_close: bar.ts_ns.saturating_add(self.interval_ns),
        };
        (self.buy_volume, self.sell_volume, self.value) = (0, 0, 0);
        done
    }

    fn add(&mut self, trade: &Trade) {
        match trade.aggressor {
            Side::Bid => self.buy_volume = self.buy_volume.saturating_add(trade.size),
            Side::Ask => self.sell_volume = self.sell_volume.saturating_add(trade.size),
            Side::None => {}
        }
        self.value = self
            .value
            .saturating_add(i128::from(trade.price.0) * i128::from(trade.size));
    }

    /// Wakes the instrument when the bar under way is over, trade or no trade.
    fn arm(&mut self, ctx: &mut Context<'_>) {
        let Some(bar) = self.bars.current() else {
            return;
        };
        let end = Nanos(bar.ts_ns.saturating_add(self.interval_ns));
        if self
            .timer
            .as_ref()
            .is_none_or(|timer| timer.is_expired(ctx))
        {
            self.timer = Some(ctx.timer_at(end));
        }
    }
}
