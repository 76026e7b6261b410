//! The nodes of one instrument: its book, its signals, and what publishes them.
//!
//! ```text
//!  source ──observed──▶ book ──▶ mid, spread, microprice, imbalance, vwap, bars ─▶ outlet
//!  (wakes it by hand)     └────▶ snapshot, trades, state ────────────────────────▶ outlet
//! ```

use super::channel::{Channel, Touches, Trade};
use super::outlet::Outlet;
use super::source::Source;
use crate::book::{BookState, Top, TrustState};
use crate::config::SignalKind;
use crate::publish::record::{self, Header, Level};
use crate::runtime::{Context, Control, Executor, Nanos, Node, NodeBuilder, NodeId, Timer};
use crate::signals::{self, Bars, Imbalance, Microprice, Mid, Spread, Value, Vwap};
use feeds::model::{ChannelId, EventTime, InstrumentId, RecvTime, Side};
use std::cell::RefCell;
use std::rc::Rc;

/// An instrument's book, as its children see it.
#[derive(Debug)]
pub struct BookNode {
    /// Which channel.
    pub channel: ChannelId,
    /// Which instrument of the channel.
    pub instrument: InstrumentId,
    /// Its number in everything published: dense over the process.
    pub number: u32,
    /// Best levels after the last event.
    pub top: Top,
    /// How far it can be trusted.
    pub state: BookState,
    /// What the last event did.
    pub touches: Touches,
    /// When the last event was made.
    pub ts_event: EventTime,
    /// When it reached us.
    pub ts_recv: RecvTime,
}

impl BookNode {
    /// The header of whatever is published of the book now.
    pub fn header(&self) -> Header {
        Header {
            instrument: self.number,
            ts_event: self.ts_event,
            ts_recv: self.ts_recv,
            state: self.state.state as u8,
            reason: self.state.reason as u8,
            since: self.state.since,
            last_sequence: self.state.last_sequence,
        }
    }

    fn refresh(&mut self, channel: &Channel) -> bool {
        self.touches = channel.touches(self.instrument);
        if self.touches.any(Touches::TOP) {
            self.top = channel.books().top(self.instrument);
        }
        self.state = channel.state(self.instrument);
        if let Some(instrument) = channel.instruments().get(self.instrument.index()) {
            self.ts_event = instrument.ts_event;
            self.ts_recv = instrument.ts_recv;
        }
        !self.touches.is_empty()
    }
}

/// What the nodes of an instrument are made of.
#[derive(Clone)]
pub(super) struct Parts {
    pub(super) source: Node<Source>,
    pub(super) outlet: Rc<RefCell<Outlet>>,
    pub(super) signals: Rc<[SignalSpec]>,
    pub(super) depth: usize,
    /// Publishing nodes by number, for snapshots that are owed.
    pub(super) publications: Rc<RefCell<Vec<NodeId>>>,
}

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

/// Builds the book node of an instrument. It is woken by the source's owner when an event touched the instrument.
pub(super) fn book(
    executor: &mut Executor,
    parts: &Parts,
    channel: ChannelId,
    instrument: InstrumentId,
    number: u32,
) -> Node<BookNode> {
    let state = {
        let source = parts.source.borrow();
        let mut node = BookNode {
            channel,
            instrument,
            number,
            top: Top::default(),
            state: crate::book::Trust::new().state(instrument),
            touches: Touches::default(),
            ts_event: EventTime::UNDEFINED,
            ts_recv: RecvTime::UNDEFINED,
        };
        if let Some(channel) = source.channel(channel) {
            node.top = channel.books().top(instrument);
            node.refresh(channel);
        }
        node
    };
    let source = parts.source.clone();
    NodeBuilder::new(state)
        .named("book")
        .observer_of(&parts.source)
        .build(executor, move |book: &mut BookNode, _| {
            let source = source.borrow();
            let Some(channel) = source.channel(book.channel) else {
                return Control::Unchanged;
            };
            Control::from(book.refresh(channel))
        })
}

/// Builds what hangs below a book: signals and publication.
pub(super) fn children(
    executor: &mut Executor,
    parts: &Parts,
    book: &Node<BookNode>,
    symbol: &str,
) {
    for spec in parts
        .signals
        .iter()
        .filter(|spec| spec.instruments.contains(symbol))
    {
        match spec.kind {
            SignalKind::Mid => {
                let mut mid = Mid::new();
                on_top(executor, parts, book, spec.index, "mid", move |top| {
                    mid.on_top(top)
                });
            }
            SignalKind::Spread => {
                let mut spread = Spread::new();
                on_top(executor, parts, book, spec.index, "spread", move |top| {
                    spread.on_top(top)
                });
            }
            SignalKind::Microprice => {
                let mut micro = Microprice::new();
                on_top(
                    executor,
                    parts,
                    book,
                    spec.index,
                    "microprice",
                    move |top| micro.on_top(top),
                );
            }
            SignalKind::Imbalance { depth: 1 } => {
                let mut imbalance = Imbalance::new(1);
                on_top(executor, parts, book, spec.index, "imbalance", move |top| {
                    imbalance.on_top(top)
                });
            }
            SignalKind::Imbalance { depth } => {
                imbalance_of_levels(executor, parts, book, spec.index, depth);
            }
            SignalKind::Vwap { window_ms } => vwap(executor, parts, book, spec.index, window_ms),
            SignalKind::Bars { interval_ms } => bars(executor, parts, book, interval_ms),
        }
    }
    publication(executor, parts, book);
}

fn publish_value(outlet: &RefCell<Outlet>, book: &BookNode, index: u16, value: Value) {
    let number = value.number.unwrap_or(f64::NAN);
    outlet.borrow_mut().signal(&book.header(), index, number);
}

/// Publishes a value that changed, or the same one when only its worth did: a value never outlives its state.
fn tell(
    outlet: &RefCell<Outlet>,
    book: &BookNode,
    index: u16,
    value: &mut Value,
    fresh: Option<Value>,
) -> Control {
    if let Some(fresh) = fresh {
        *value = fresh;
    } else if !book.touches.any(Touches::STATE) || value.number.is_none() {
        return Control::Unchanged;
    }
    publish_value(outlet, book, index, *value);
    Control::Broadcast
}

fn on_top(
    executor: &mut Executor,
    parts: &Parts,
    book: &Node<BookNode>,
    index: u16,
    name: &'static str,
    mut step: impl FnMut(&Top) -> Option<Value> + 'static,
) {
    let (input, outlet) = (book.clone(), Rc::clone(&parts.outlet));
    NodeBuilder::new(Value::UNDEFINED)
        .named(name)
        .triggered_by(book)
        .spawn(executor, move |value: &mut Value, _| {
            let book = input.borrow();
            let moved = book.touches.any(Touches::TOP);
            let fresh = if moved { step(&book.top) } else { None };
            tell(&outlet, &book, index, value, fresh)
        });
}

fn imbalance_of_levels(
    executor: &mut Executor,
    parts: &Parts,
    book: &Node<BookNode>,
    index: u16,
    depth: usize,
) {
    let (input, source) = (book.clone(), parts.source.clone());
    let (outlet, mut step) = (Rc::clone(&parts.outlet), Imbalance::new(depth));
    NodeBuilder::new(Value::UNDEFINED)
        .named("imbalance")
        .triggered_by(book)
        .spawn(executor, move |value: &mut Value, _| {
            let book = input.borrow();
            let source = source.borrow();
            let mut fresh = None;
            if book.touches.any(Touches::DEPTH.with(Touches::TOP))
                && let Some(channel) = source.channel(book.channel)
            {
                let side = |side| channel.books().levels(book.instrument, side);
                fresh = step.on_levels(side(Side::Bid), side(Side::Ask));
            }
            tell(&outlet, &book, index, value, fresh)
        });
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

/// Calls `each` for every priced print of the book's instrument in the event that just ended.
fn for_each_trade(source: &Source, book: &BookNode, mut each: impl FnMut(&Trade)) {
    if let Some(channel) = source.channel(book.channel) {
        channel
            .event()
            .trades
            .iter()
            .filter(|t| t.instrument == book.instrument)
            .for_each(&mut each);
    }
}

fn vwap(
    executor: &mut Executor,
    parts: &Parts,
    book: &Node<BookNode>,
    index: u16,
    window_ms: Option<u64>,
) {
    let (input, source) = (book.clone(), parts.source.clone());
    let (outlet, mut step) = (Rc::clone(&parts.outlet), Vwap::new(window_ms.unwrap_or(0)));
    NodeBuilder::new(Value::UNDEFINED)
        .named("vwap")
        .triggered_by(book)
        .spawn(executor, move |value: &mut Value, _| {
            let book = input.borrow();
            let source = source.borrow();
            let mut fresh = None;
            if source
                .channel(book.channel)
                .is_some_and(|channel| channel.event().session_reset)
            {
                fresh = step.reset();
            }
            if book.touches.any(Touches::TRADE) {
                for_each_trade(&source, &book, |trade| {
                    fresh = step.on_trade(&seen(trade)).or(fresh);
                });
            }
            tell(&outlet, &book, index, value, fresh)
        });
}

/// Bars and what they add to a bar of the signals room: sides and value, for publication.
struct BarNode {
    bars: Bars,
    interval_ns: u64,
    buy_volume: u64,
    sell_volume: u64,
    /// Sum of price times size, for the average price.
    value: i128,
    timer: Option<Timer>,
}

impl BarNode {
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

    /// Wakes the node when the bar under way is over, trade or no trade.
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

fn bars(executor: &mut Executor, parts: &Parts, book: &Node<BookNode>, interval_ms: u64) {
    let (input, source) = (book.clone(), parts.source.clone());
    let outlet = Rc::clone(&parts.outlet);
    let state = BarNode {
        bars: Bars::new(interval_ms),
        interval_ns: interval_ms.max(1).saturating_mul(1_000_000),
        buy_volume: 0,
        sell_volume: 0,
        value: 0,
        timer: None,
    };
    NodeBuilder::new(state)
        .named("bars")
        .triggered_by(book)
        .spawn(executor, move |node: &mut BarNode, ctx| {
            let book = input.borrow();
            let is_woken_by_book = ctx.has_mutated(&input);
            let mut done = None;
            if is_woken_by_book
                && book.touches.any(Touches::STATE)
                && !book.state.state.is_complete()
            {
                node.bars.on_loss(ctx.now().0);
            }
            if is_woken_by_book && book.touches.any(Touches::TRADE) {
                let source = source.borrow();
                for_each_trade(&source, &book, |trade| {
                    if let Some(bar) = node.bars.on_trade(&seen(trade)) {
                        done = Some(node.finish(bar));
                    }
                    if trade.counts {
                        node.add(trade);
                    }
                });
            }
            if let Some(bar) = node.bars.on_clock(ctx.now().0) {
                done = Some(node.finish(bar));
            }
            node.arm(ctx);
            let Some(bar) = done else {
                return Control::Unchanged;
            };
            outlet.borrow_mut().bar(&book.header(), &bar);
            Control::Broadcast
        });
}

/// What the publishing node keeps: levels copied out of the book, and the last state told.
struct Publication {
    bids: Vec<Level>,
    asks: Vec<Level>,
    told: Option<TrustState>,
}

fn level(level: crate::book::Level) -> Level {
    Level {
        price: level.price.0,
        size: level.size,
        orders: level.orders,
    }
}

fn publication(executor: &mut Executor, parts: &Parts, book: &Node<BookNode>) {
    let (input, source) = (book.clone(), parts.source.clone());
    let (outlet, depth) = (Rc::clone(&parts.outlet), parts.depth);
    let state = Publication {
        bids: Vec::with_capacity(depth),
        asks: Vec::with_capacity(depth),
        told: None,
    };
    let node = NodeBuilder::new(state)
        .named("publication")
        .triggered_by(book)
        .spawn(executor, move |node: &mut Publication, ctx| {
            // Woken by hand and not by its book: a snapshot is owed.
            let is_owed = !ctx.has_mutated(&input);
            let book = input.borrow();
            let source = source.borrow();
            let Some(channel) = source.channel(book.channel) else {
                return Control::Unchanged;
            };
            let (header, mut outlet) = (book.header(), outlet.borrow_mut());
            if !is_owed && book.touches.any(Touches::TRADE) {
                for_each_trade(&source, &book, |trade| {
                    outlet.trade(&header, trade);
                });
            }
            let is_new = node.told.is_none();
            if is_new
                || is_owed
                || book
                    .touches
                    .any(Touches::DEPTH.with(Touches::TOP).with(Touches::DEFINITION))
            {
                let Publication { bids, asks, .. } = node;
                bids.clear();
                asks.clear();
                let levels = |side| channel.books().levels(book.instrument, side).take(depth);
                bids.extend(levels(Side::Bid).map(level));
                asks.extend(levels(Side::Ask).map(level));
                outlet.snapshot(&header, bids, asks);
            } else if book.touches.any(Touches::STATE) {
                outlet.state(&header);
            }
            node.told = Some(book.state.state);
            Control::Broadcast
        });
    parts.publications.borrow_mut().push(node.id());
}
