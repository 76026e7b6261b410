//! Once warm, nothing on the way from a datagram to a published record asks for memory.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

#[path = "common/counting.rs"]
mod counting;

mod common;

use common::day::{Day, itch, spec};
use feeds::contract::{Batch, FeedSettings, Form, Line, Packet, TickSink};
use feeds::model::{Action, ChannelId, Definition, Flags, InstrumentId, Price, RecvTime, Tick};
use std::sync::Arc;
use std::time::Duration;
use waveletd::daemon::replay::default_signals;
use waveletd::ingest::ring::{NoNotify, Patience, ring};
use waveletd::pipeline::{Drive, Market, MarketSettings, Outlet, Source};
use waveletd::publish::record;
use waveletd::runtime::TestRuntime;

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Events before anything is counted: books, tables and queues reach their size.
const WARM_EVENTS: u64 = 400_000;
/// Events without an allocation.
const COUNTED_EVENTS: u64 = 200_000;
const EVENTS_PER_DATAGRAM: u64 = 4;

#[test]
fn the_way_from_datagram_to_record_allocates_nothing_once_warm() {
    let mut day = Day::new(7, WARM_EVENTS + COUNTED_EVENTS, EVENTS_PER_DATAGRAM);
    // A book has the memory of the deepest it ever was.
    day.deepen(400);
    let mut feed = (itch().build)(&FeedSettings::single_line(ChannelId(0))).unwrap();
    let (sink, reader) = ring(1 << 16, 1 << 12, Patience::Endless, Arc::new(NoNotify));
    let mut out = Batch::new(Box::new(sink));
    let mut runtime = TestRuntime::new();
    let (writer, mut records) = record::ring(1 << 12, 1 << 8);
    let settings = MarketSettings {
        depth: 10,
        signals: default_signals(),
    };
    let (market, notifiers) = Market::build(
        runtime.executor(),
        &settings,
        vec![Source::new(reader, vec![spec()], None, 10)],
        Outlet::new(vec![writer]),
        Drive::Live,
    );
    let (mut now, mut published, mut worst) = (1_699_972_200_000_000_000, 0u64, Vec::new());
    let warm = WARM_EVENTS / EVENTS_PER_DATAGRAM;
    let mut datagrams = 0;
    while let Some(datagram) = day.next() {
        datagrams += 1;
        now += 10_000;
        counting::trace(datagrams > warm);
        let before = counting::asked();
        let packet = Packet {
            line: Line(0),
            ts_recv: RecvTime(now),
            form: Form::Datagram,
            bytes: &datagram,
        };
        feed.on_packet(&packet, &mut out);
        out.flush();
        runtime.advance_clock(Duration::from_micros(10));
        notifiers[0].notify();
        loop {
            let _ = runtime.run_one_cycle();
            while records.pop().is_some() {
                published += 1;
            }
            if !market.sources()[0].borrow().is_ready() {
                break;
            }
        }
        let count = counting::asked() - before;
        counting::trace(false);
        if count > 0 && datagrams > warm {
            worst.push((datagrams, count));
        }
    }
    assert!(datagrams > warm + COUNTED_EVENTS / EVENTS_PER_DATAGRAM);
    assert!(published > COUNTED_EVENTS);
    assert_eq!(records.dropped(), 0);
    worst.truncate(20);
    assert_eq!(worst, [], "datagrams and how often each asked for memory");
}

#[test]
fn statistics_ask_for_memory_once_a_kind() {
    let (mut sink, reader) = ring(1 << 16, 1 << 12, Patience::Endless, Arc::new(NoNotify));
    let mut runtime = TestRuntime::new();
    let (writer, mut records) = record::ring(1 << 12, 1 << 4);
    let settings = MarketSettings {
        depth: 10,
        signals: default_signals(),
    };
    let (_market, notifiers) = Market::build(
        runtime.executor(),
        &settings,
        vec![Source::new(reader, vec![spec()], None, 10)],
        Outlet::new(vec![writer]),
        Drive::Live,
    );
    let instrument = InstrumentId(0);
    sink.define(
        ChannelId(0),
        &Definition::named(instrument, "BTC-PERP".into()),
    );
    let mut tick = Tick {
        instrument,
        flags: Flags::LAST,
        ..Tick::blank(ChannelId(0), Action::Definition)
    };
    let mut published = 0;
    for round in 0..500 {
        let before = counting::asked();
        counting::trace(round >= 8);
        for kind in 0..=u8::MAX {
            sink.accept(&[tick]);
            tick = Tick {
                action: Action::Statistic,
                detail: kind,
                price: Price(i64::from(kind) + round),
                ts_recv: RecvTime(1_700_000_000_000_000_000 + round as u64),
                ..tick
            };
        }
        notifiers[0].notify();
        for _ in 0..300 {
            let _ = runtime.run_one_cycle();
            while let Some(record) = records.pop() {
                published += u64::from(matches!(record.body, record::Body::Statistic(_)));
            }
        }
        let count = counting::asked() - before;
        counting::trace(false);
        assert!(
            round < 8 || count == 0,
            "round {round} asked for memory {count} times"
        );
    }
    assert!(published > 500 * 20);
    assert_eq!(records.dropped(), 0);
}
