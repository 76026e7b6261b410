//! The market's graph as whoever hangs nodes of his own below it sees it.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

mod common;

use common::day::spec;
use feeds::contract::TickSink;
use feeds::model::{
    Action, ChannelId, Definition, EventTime, Flags, InstrumentId, Price, RecvTime, Side, Size,
    StatisticKind, Symbol, Tick,
};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use waveletd::ingest::ring::{NoNotify, Patience, RingSink, ring};
use waveletd::pipeline::{Drive, Market, MarketSettings, Outlet, Source, Touches};
use waveletd::publish::record::{Body, RING_CELLS_MIN, Writer, ring as publish_ring};
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
    bench_to(Vec::new())
}

fn bench_to(writers: Vec<Writer>) -> Bench {
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
        Outlet::new(writers),
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

fn statistic(instrument: u32, kind: StatisticKind, price: i64) -> Tick {
    Tick {
        detail: kind as u8,
        price: Price(price),
        ..tick(Action::Statistic, instrument)
    }
}

#[test]
fn a_statistic_wakes_what_hangs_below_its_instrument_and_says_what_it_is() {
    let mut bench = bench();
    for instrument in 0..2 {
        let definition = define(&mut bench, instrument);
        event(
            &mut bench,
            &mut [definition, order(instrument, instrument.into(), 10)],
        );
    }
    let seen = watch(&mut bench);
    event(&mut bench, &mut [statistic(1, StatisticKind::MarkPrice, 5)]);
    assert_eq!(seen.take(), [(1, 10)]);
    let books = bench.market.books();
    assert_eq!(books[1].borrow().touches, Touches::STATISTIC);
    let source = bench.market.sources()[0].borrow();
    let of = |instrument| {
        source
            .channel(CHANNEL)
            .unwrap()
            .statistics(InstrumentId(instrument))
    };
    assert_eq!(of(0).all().count(), 0);
    assert_eq!(of(1).get(StatisticKind::MarkPrice).unwrap().price, Price(5));
}

#[test]
fn statistics_that_find_no_room_come_later_with_their_count() {
    let (writer, mut records) = publish_ring(RING_CELLS_MIN, 4);
    let mut bench = bench_to(vec![writer]);
    let definition = define(&mut bench, 0);
    event(&mut bench, &mut [definition, order(0, 1, 10)]);
    // Two cells each, of about a hundred.
    for price in 1..=300 {
        event(
            &mut bench,
            &mut [statistic(0, StatisticKind::MarkPrice, price)],
        );
        let funding = statistic(0, StatisticKind::FundingRate, -price);
        event(&mut bench, &mut [funding]);
    }
    assert!(records.dropped() > 0);
    let mut last = BTreeMap::new();
    let mut read = 0;
    for _ in 0..10 {
        while let Some(record) = records.pop() {
            if let Body::Statistic(one) = record.body {
                last.insert(one.kind, (one.price.0, one.count));
                read += 1;
            }
        }
        bench.runtime.advance_clock(Duration::from_millis(10));
        let _ = bench.runtime.run_one_cycle();
    }
    let expected = [
        (StatisticKind::MarkPrice, (300, 300)),
        (StatisticKind::FundingRate, (-300, 300)),
    ];
    assert_eq!(last, expected.into_iter().collect());
    assert!(read < 120, "{read} of 600 found room");
}
