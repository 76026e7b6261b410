//! The graph of a market: a source a ring, a book an instrument, and what hangs below.

use super::instrument::{self, BookNode, Parts};
use super::outlet::Outlet;
use super::source::{Source, Taken};
use super::steps::SignalSpec;
use crate::publish::record::Header;
use crate::runtime::{
    Context, Control, EventTimes, Executor, KeyedFactory, Nanos, NextEvent, Node, NodeBuilder,
    NodeId, Notifier, Timer,
};
use feeds::model::{ChannelId, EventTime, InstrumentId, RecvTime};
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

/// What a market's graph computes.
#[derive(Clone, Debug)]
pub struct MarketSettings {
    /// Levels a side in a published snapshot.
    pub depth: usize,
    /// Signals, by index of publication.
    pub signals: Vec<SignalSpec>,
}

type BookFactory = KeyedFactory<(ChannelId, InstrumentId), BookNode>;

/// Books by channel and instrument, and the numbers they are published under.
struct Directory {
    factory: BookFactory,
    /// Strong handles: an instrument lives as long as its channel.
    books: Vec<Node<BookNode>>,
    ids: Vec<Vec<Option<NodeId>>>,
}

/// The graph of one market, on one thread.
pub struct Market {
    sources: Vec<Node<Source>>,
    outlet: Rc<RefCell<Outlet>>,
    directories: Vec<Rc<RefCell<Directory>>>,
}

/// How the source nodes are told that there is something to take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drive {
    /// Writers notify; a source with more to take asks for another cycle.
    Live,
    /// The times of the ticks drive the clock: one event a call of [`MarketTimes`].
    Historical,
}

impl Market {
    /// Builds the source nodes; everything else is built as instruments appear. Numbers of publication are given in that order.
    ///
    /// The notifiers, one a source and in the same order, are for the writers of the rings.
    pub fn build(
        executor: &mut Executor,
        settings: &MarketSettings,
        sources: Vec<Source>,
        outlet: Outlet,
        drive: Drive,
    ) -> (Market, Vec<Notifier>) {
        let outlet = Rc::new(RefCell::new(outlet));
        let numbers = Rc::new(RefCell::new(0u32));
        let open_sources = Rc::new(RefCell::new(sources.len()));
        let signals: Rc<[SignalSpec]> = settings.signals.clone().into();
        let mut market = Market {
            sources: Vec::new(),
            outlet: Rc::clone(&outlet),
            directories: Vec::new(),
        };
        let mut notifiers = Vec::new();
        let publications = Rc::new(RefCell::new(Vec::new()));
        for source in sources {
            let directory: Rc<RefCell<Option<Rc<RefCell<Directory>>>>> = Rc::default();
            let known = Rc::clone(&directory);
            let open_sources = Rc::clone(&open_sources);
            let mut is_closed = false;
            let mut debts = Debts {
                outlet: Rc::clone(&outlet),
                publications: Rc::clone(&publications),
                timer: None,
            };
            let (node, notifier) = NodeBuilder::new(source)
                .named("source")
                .build_with_notifier(executor, move |source: &mut Source, ctx| {
                    let known = known.borrow();
                    let Some(directory) = known.as_ref() else {
                        return Control::Unchanged;
                    };
                    debts.pay(ctx);
                    let closed = run_source(source, ctx, directory, drive, &debts);
                    if closed && !is_closed {
                        is_closed = true;
                        *open_sources.borrow_mut() -= 1;
                        if *open_sources.borrow() == 0 {
                            return Control::Terminate;
                        }
                    }
                    Control::Unchanged
                });
            let parts = Rc::new(Parts {
                source: node.clone(),
                outlet: Rc::clone(&outlet),
                signals: Rc::clone(&signals),
                depth: settings.depth,
                publications: Rc::clone(&publications),
            });
            let made = Rc::new(RefCell::new(Directory {
                factory: factory(parts, Rc::clone(&numbers)),
                books: Vec::new(),
                ids: Vec::new(),
            }));
            *directory.borrow_mut() = Some(Rc::clone(&made));
            market.sources.push(node);
            market.directories.push(made);
            notifiers.push(notifier);
        }
        (market, notifiers)
    }

    /// The source nodes, in the order of the rings.
    pub fn sources(&self) -> &[Node<Source>] {
        &self.sources
    }

    /// Node of every instrument, in the order of appearance a source: parents for nodes of one's own, which run after it
    /// in each cycle whose event touched it.
    pub fn books(&self) -> Vec<Node<BookNode>> {
        let books = |directory: &Rc<RefCell<Directory>>| directory.borrow().books.clone();
        self.directories.iter().flat_map(books).collect()
    }

    /// Every book, in the order of appearance a source.
    pub fn for_each_book(&self, mut each: impl FnMut(&Source, &BookNode)) {
        for (source, directory) in self.sources.iter().zip(&self.directories) {
            let source = source.borrow();
            for book in &directory.borrow().books {
                each(&source, &book.borrow());
            }
        }
    }

    /// What was published so far.
    pub fn published(&self) -> super::outlet::Published {
        self.outlet.borrow_mut().published()
    }

    /// The clock of a historical run over this market.
    pub fn times(&self) -> MarketTimes {
        MarketTimes {
            sources: self.sources.clone(),
            chosen: None,
        }
    }
}

/// Snapshots that found no room in a publish ring are written again as soon as there is some.
struct Debts {
    outlet: Rc<RefCell<Outlet>>,
    publications: Rc<RefCell<Vec<NodeId>>>,
    timer: Option<Timer>,
}

/// How soon a debt is looked at again when the market is quiet.
const DEBT_RETRY: Duration = Duration::from_millis(5);

impl Debts {
    fn pay(&mut self, ctx: &mut Context<'_>) {
        if !self.outlet.borrow().is_owing() {
            return;
        }
        while let Some(number) = self.outlet.borrow_mut().next_owed() {
            if let Some(id) = self.publications.borrow().get(number as usize) {
                // It stands above the source, so it runs in this cycle.
                let _ = ctx.schedule(id);
            }
        }
        if self
            .timer
            .as_ref()
            .is_none_or(|timer| timer.is_expired(ctx))
        {
            self.timer = Some(ctx.timer_after(DEBT_RETRY));
        }
    }
}

/// Memoised: an instrument's nodes are built when it is first seen, and once.
fn factory(parts: Rc<Parts>, numbers: Rc<RefCell<u32>>) -> BookFactory {
    KeyedFactory::attach(move |executor: &mut Executor, &(channel, instrument)| {
        let number = {
            let mut next = numbers.borrow_mut();
            let number = *next;
            *next += 1;
            number
        };
        let book = instrument::build(executor, &parts, channel, instrument, number);
        let source = parts.source.borrow();
        let found = source.channel(channel);
        if let Some(found) = found.and_then(|c| c.instruments().get(instrument.index())) {
            parts.outlet.borrow_mut().instrument(
                &book.borrow().header(),
                channel.0,
                &found.definition.symbol,
                found.definition.size_decimals,
            );
        }
        book
    })
}

/// One cycle of a source. Returns whether nothing will ever come again.
fn run_source(
    source: &mut Source,
    ctx: &mut Context<'_>,
    directory: &Rc<RefCell<Directory>>,
    drive: Drive,
    debts: &Debts,
) -> bool {
    let until = match drive {
        Drive::Live => None,
        Drive::Historical => source.next_time(),
    };
    match source.take_event(until) {
        Taken::Event(channel) => {
            source.set_event_cycle(ctx.epoch());
            let connected = source
                .channel(channel)
                .and_then(|channel| channel.event().connected);
            if let Some(connected) = connected {
                let now = RecvTime(ctx.now().0);
                let header = Header::at(EventTime::UNDEFINED, now);
                debts
                    .outlet
                    .borrow_mut()
                    .channel(&header, channel.0, connected);
            }
            wake(source, channel, ctx, &directory.borrow());
        }
        Taken::Instrument(channel, instrument) => {
            let directory = Rc::clone(directory);
            ctx.spawn_subgraph(move |executor| appear(executor, &directory, channel, instrument));
            // The event goes on where it was left, with the newcomer's nodes in place.
            ctx.yield_now();
            return false;
        }
        Taken::Nothing => {}
        Taken::Closed => return true,
    }
    if drive == Drive::Live && (source.is_ready() || source.is_closed()) {
        ctx.yield_now();
    }
    false
}

fn wake(source: &Source, id: ChannelId, ctx: &mut Context<'_>, directory: &Directory) {
    let (Some(channel), Some(ids)) = (source.channel(id), directory.ids.get(usize::from(id.0)))
    else {
        return;
    };
    if channel.event().all {
        for id in ids.iter().flatten() {
            // A book stands above its source, so scheduling it in the same cycle cannot fail.
            let _ = ctx.schedule(id);
        }
        return;
    }
    for instrument in &channel.event().touched {
        if let Some(Some(id)) = ids.get(instrument.index()) {
            let _ = ctx.schedule(id);
        }
    }
}

fn appear(
    executor: &mut Executor,
    directory: &Rc<RefCell<Directory>>,
    channel: ChannelId,
    instrument: InstrumentId,
) {
    let mut directory = directory.borrow_mut();
    let book = directory.factory.get(executor, (channel, instrument));
    let by_channel = usize::from(channel.0);
    if directory.ids.len() <= by_channel {
        directory.ids.resize_with(by_channel + 1, Vec::new);
    }
    let ids = &mut directory.ids[by_channel];
    if ids.len() <= instrument.index() {
        ids.resize(instrument.index() + 1, None);
    }
    ids[instrument.index()] = Some(book.id());
    directory.books.push(book);
}

/// The ticks' own times as the clock of a historical run: the earliest source first, in the order of rings among equals.
pub struct MarketTimes {
    sources: Vec<Node<Source>>,
    chosen: Option<usize>,
}

impl EventTimes for MarketTimes {
    fn next(&mut self) -> NextEvent {
        let mut earliest: Option<(RecvTime, usize)> = None;
        let mut all_closed = true;
        for (index, source) in self.sources.iter().enumerate() {
            let source = source.borrow();
            match source.next_time() {
                Some(time) => {
                    all_closed = false;
                    if earliest.is_none_or(|(best, _)| time < best) {
                        earliest = Some((time, index));
                    }
                }
                None if source.is_closed() => {}
                // An empty ring may still bring something earlier.
                None => return NextEvent::Pending,
            }
        }
        match earliest {
            Some((time, index)) => {
                self.chosen = Some(index);
                // A tick without a time belongs to the moment the run has reached.
                NextEvent::At(Nanos(time.get().unwrap_or(0)))
            }
            None if all_closed => NextEvent::End,
            None => NextEvent::Pending,
        }
    }

    fn deliver(&mut self, executor: &mut Executor) {
        if let Some(index) = self.chosen.take() {
            executor.schedule(&self.sources[index]);
        }
    }
}
