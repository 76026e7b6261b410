//! The market's graph as whoever hangs nodes of his own below it sees it.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

mod common;

use common::day::spec;
use feeds::contract::TickSink;
use feeds::model::{
    Action, ChannelId, Definition, EventTime, Flags, InstrumentId, Price, RecvTime, Side, Size,
    Symbol, Tick,
};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use waveletd::ingest::ring::{NoNotify, Patience, RingSink, ring};
use waveletd::pipeline::{Drive, Market, MarketSettings, Outlet, Source};
use waveletd::runtime::{Control, NodeBuilder, Notifier, TestRuntime};

const CHANNEL: ChannelId = ChannelId(0);

/// A market graph fed tick by tick.
struct Bench {
    runtime: TestRuntime,
    market: Market,
    notifiers: Vec<Notifier>,
    sink: RingSink,
    now: u64,
}

fn bench() -> Bench {
    let mut runtime = TestRuntime::new();
    let (sink, reader) = ring(1 << 16, 1 << 12, Patience::Endless, Arc::new(NoNotify));
    let settings = MarketSettings {
        depth: 1,
        signals: Vec::new(),
    };
    let (market, notifiers) = Market::build(
        runtime.executor(),
        &settings,
        vec![Source::new(reader, vec![spec()], None, 1)],
        Outlet::new(Vec::new()),
        Drive::Live,
    );
    Bench {
        runtime,
        market,
        notifiers,
        sink,
        now: 1_700_000_000_000_000_000,
    }
}

fn tick(action: Action, instrument: u32) -> Tick {
    Tick {
        instrument: InstrumentId(instrument),
        ..Tick::blank(CHANNEL, action)
    }
}

/// The definition of an instrument; returns its tick.
fn define(bench: &mut Bench, instrument: u32) -> Tick {
    let symbol = Symbol::new(format!("S{instrument}").as_bytes());
    let definition = Definition::named(InstrumentId(instrument), symbol);
    bench.sink.define(CHANNEL, &definition);
    tick(Action::Definition, instrument)
}

fn order(instrument: u32, id: u64, price: i64) -> Tick {
    Tick {
        order_id: id,
        price: Price(price * 1_000_000_000),
        size: Size(100),
        side: Side::Bid,
        ..tick(Action::Add, instrument)
    }
}

/// Gives the ticks of one event and runs the graph until it rests.
fn event(bench: &mut Bench, ticks: &mut [Tick]) {
    bench.now += 1_000_000;
    for tick in &mut *ticks {
        (tick.ts_event, tick.ts_recv) = (EventTime(bench.now), RecvTime(bench.now));
    }
    ticks.last_mut().unwrap().flags = Flags::LAST;
    bench.sink.accept(ticks);
    bench.notifiers[0].notify();
    for _ in 0..20 {
        bench.runtime.advance_clock(Duration::from_micros(1));
        let _ = bench.runtime.run_one_cycle();
    }
}

/// A node below the book of each instrument known now that writes down whose book moved, and its best bid.
fn watch(bench: &mut Bench) -> Rc<RefCell<Vec<(u32, i64)>>> {
    let seen = Rc::new(RefCell::new(Vec::new()));
    for book in bench.market.books() {
        let (seen, read) = (Rc::clone(&seen), book.clone());
        NodeBuilder::new(())
            .named("mine")
            .triggered_by(&book)
            .spawn(bench.runtime.executor(), move |(), _| {
                let book = read.borrow();
                let bid = book.top.bid.map_or(0, |level| level.price.0);
                seen.borrow_mut()
                    .push((book.instrument.0, bid / 1_000_000_000));
                Control::Unchanged
            });
    }
    seen
}

#[test]
fn a_node_below_a_book_runs_once_for_each_event_of_its_instrument() {
    let mut bench = bench();
    for instrument in 0..2 {
        let definition = define(&mut bench, instrument);
        event(&mut bench, &mut [definition]);
    }
    let seen = watch(&mut bench);
    event(&mut bench, &mut [order(0, 1, 10)]);
    assert_eq!(seen.take(), [(0, 10)]);
    event(&mut bench, &mut [order(1, 2, 20)]);
    assert_eq!(seen.take(), [(1, 20)]);
    // Two changes of one event are one run, after both.
    event(
        &mut bench,
        &mut [order(0, 3, 11), order(0, 4, 12), order(1, 5, 21)],
    );
    let mut both = seen.take();
    both.sort_unstable();
    assert_eq!(both, [(0, 12), (1, 21)]);
}

#[test]
fn an_event_that_ends_with_a_newcomer_wakes_the_others_it_touched() {
    let mut bench = bench();
    let definition = define(&mut bench, 0);
    event(&mut bench, &mut [definition]);
    let seen = watch(&mut bench);
    let newcomer = define(&mut bench, 1);
    event(&mut bench, &mut [order(0, 1, 10), newcomer]);
    assert_eq!(seen.take(), [(0, 10)]);
    assert_eq!(bench.market.books().len(), 2);
}
