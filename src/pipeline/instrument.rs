//! The node of one instrument: its book, its signals, and what publishes them.
//!
//! ```text
//!  source ──observed──▶ instrument: refresh book ─ steps ─ trades ─ snapshot or state ─ statistics ─▶ outlet
//!  (wakes it by hand)        └──broadcast, when an event touched it──▶ whatever hangs below
//! ```
//!
//! One node and not one a signal: an event touches few of many instruments, so what an instrument needs is seldom in a
//! near cache, and every node more is its state, its closure and its edges to wait for.

use super::channel::{Channel, Touches};
use super::outlet::Outlet;
use super::source::Source;
use super::steps::{Changed, Input, SignalSpec, Step};
use crate::book::{BookState, Top};
use crate::publish::record::{Header, Level};
use crate::runtime::{Context, Control, Executor, Node, NodeBuilder, NodeId};
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
    /// What the last event that touched it did.
    pub touches: Touches,
    /// A snapshot of it was published.
    is_told: bool,
    /// When the last event was made.
    pub ts_event: EventTime,
    /// When it reached us.
    pub ts_recv: RecvTime,
    /// How far it can be trusted.
    pub state: BookState,
    /// Its signals, in the order they are computed and published.
    steps: Box<[Step]>,
    /// Best levels after the last event.
    pub top: Top,
}

impl BookNode {
    /// The header of whatever is published of the book now.
    #[inline]
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

    fn refresh(&mut self, channel: &Channel) {
        self.touches = channel.touches(self.instrument);
        if self.touches.any(Touches::TOP.with(Touches::DEPTH)) {
            self.top = channel.books().top(self.instrument);
        }
        self.state = channel.state(self.instrument);
        if let Some(instrument) = channel.instruments().get(self.instrument.index()) {
            self.ts_event = instrument.ts_event;
            self.ts_recv = instrument.ts_recv;
        }
    }

    /// One run. It is woken by an event that touched it, by the end of a bar, or because a snapshot is owed.
    fn run(&mut self, parts: &Parts, ctx: &mut Context<'_>) -> Control {
        let source = parts.source.borrow();
        let Some(channel) = source.channel(self.channel) else {
            return Control::Unchanged;
        };
        let outlet = &mut *parts.outlet.borrow_mut();
        let is_owed = outlet.take_owed(self.number);
        let mut touches = Touches::default();
        if source.event_cycle() == Some(ctx.epoch()) {
            self.refresh(channel);
            touches = self.touches;
        }
        let mut steps = std::mem::take(&mut self.steps);
        let input = Input {
            book: self,
            channel,
            touches,
        };
        let mut changed = Changed::new();
        for step in &mut steps {
            step.run(&input, &mut changed, outlet, ctx);
        }
        changed.publish(self, outlet);
        self.publish(&input, is_owed, parts.depth, outlet);
        self.steps = steps;
        Control::from(!touches.is_empty())
    }

    /// Publishes trades, levels or state, and statistics.
    fn publish(&self, input: &Input<'_>, is_owed: bool, depth: usize, outlet: &mut Outlet) {
        let header = self.header();
        input.for_each_trade(|trade| outlet.trade(&header, trade));
        let levels_touched = Touches::DEPTH.with(Touches::TOP).with(Touches::DEFINITION);
        if is_owed || !self.is_told || input.touches.any(levels_touched) {
            if depth == 1 {
                let (bid, ask) = (self.top.bid.map(level), self.top.ask.map(level));
                outlet.snapshot(&header, bid.as_slice(), ask.as_slice());
            } else {
                let levels = |side| {
                    let levels = input.channel.books().levels(self.instrument, side);
                    levels.take(depth).map(level)
                };
                outlet.snapshot_of(&header, levels(Side::Bid), levels(Side::Ask));
            }
        } else if input.touches.any(Touches::STATE) {
            outlet.state(&header);
        }
        let statistics = input.channel.statistics(self.instrument);
        if is_owed {
            let all = statistics.all();
            all.for_each(|statistic| outlet.statistic(&header, statistic));
        } else if input.touches.any(Touches::STATISTIC) {
            let fresh = statistics.fresh();
            fresh.for_each(|statistic| outlet.statistic(&header, statistic));
        }
    }
}

fn level(level: crate::book::Level) -> Level {
    Level {
        price: level.price.0,
        size: level.size,
        orders: level.orders,
    }
}

/// What the nodes of instruments share.
pub(super) struct Parts {
    pub(super) source: Node<Source>,
    pub(super) outlet: Rc<RefCell<Outlet>>,
    pub(super) signals: Rc<[SignalSpec]>,
    /// Levels a side in a published snapshot.
    pub(super) depth: usize,
    /// Nodes by number, for snapshots that are owed.
    pub(super) publications: Rc<RefCell<Vec<NodeId>>>,
}

/// Builds the node of an instrument. It is woken by the source's owner when an event touched the instrument.
pub(super) fn build(
    executor: &mut Executor,
    parts: &Rc<Parts>,
    channel: ChannelId,
    instrument: InstrumentId,
    number: u32,
) -> Node<BookNode> {
    let mut state = BookNode {
        channel,
        instrument,
        number,
        touches: Touches::default(),
        is_told: false,
        ts_event: EventTime::UNDEFINED,
        ts_recv: RecvTime::UNDEFINED,
        state: crate::book::Trust::new().state(instrument),
        steps: Box::default(),
        top: Top::default(),
    };
    if let Some(channel) = parts.source.borrow().channel(channel) {
        state.top = channel.books().top(instrument);
        state.refresh(channel);
        let found = channel.instruments().get(instrument.index());
        let symbol = found.map_or("", |found| found.definition.symbol.as_str());
        state.steps = parts
            .signals
            .iter()
            .filter(|spec| spec.instruments.contains(symbol))
            .map(|spec| Step::new(spec.index, spec.kind))
            .collect();
    }
    let shared = Rc::clone(parts);
    let node = NodeBuilder::new(state)
        .named("instrument")
        .observer_of(&parts.source)
        .build(executor, move |book: &mut BookNode, ctx| {
            let control = book.run(&shared, ctx);
            book.is_told = true;
            control
        });
    parts.publications.borrow_mut().push(node.id());
    node
}
