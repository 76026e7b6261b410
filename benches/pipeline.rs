//! The whole pipeline: capture file → feed → ring → graph → books, five signals, snapshots of the best levels of every symbol.
//!
//! - `read`: the reading thread alone, its ticks thrown away.
//! - `graph`: the graph thread alone, its ring refilled while the clock stands.
//! - `both`: two threads with the ring between them, as `waveletd replay` runs them.
//!
//! The slower of the first two bounds the third. Every record written is read again on the graph thread (the digest of a
//! replay), so the third costs what a publish ring costs and more.
//!
//! `WAVELETD_BENCH_MESSAGES`, `WAVELETD_BENCH_RUNS`; `--test` runs everything once, small.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "support/capture.rs"]
mod capture;
#[path = "support/itch_day.rs"]
mod itch_day;
#[path = "support/measure.rs"]
mod measure;

use feeds::contract::{Batch, TickSink};
use feeds::model::{ChannelId, Definition, Side, Tick};
use feeds::nasdaq_itch50::DESCRIPTOR;
use itch_day::SYMBOLS;
use measure::{Contender, side_by_side};
use std::cell::RefCell;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};
use waveletd::daemon::replay::default_signals;
use waveletd::ingest::ring::{
    NoNotify, Patience, RingCounters, RingReader, RingSink, TICKS_PER_PACKET_MAX, ring,
};
use waveletd::pipeline::{ChannelSpec, Drive, Market, MarketSettings, MarketTimes, Outlet, Source};
use waveletd::replay::driver::{Driver, DriverSettings};
use waveletd::replay::{Capture, Pacer, Speed};
use waveletd::runtime::{EventTimes, Executor, HistoricalRuntime, NextEvent};

const RING_TICKS: usize = 1 << 16;
const ORDERS_CAPACITY: usize = 1_600_000;

struct Discard(u64);

impl TickSink for Discard {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0 += ticks.len() as u64;
        black_box(self.0);
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

/// Reads the whole capture into `sink`; returns how many messages.
fn read(path: &Path, sink: impl TickSink + Send + 'static) -> u64 {
    let settings = DriverSettings {
        descriptor: &DESCRIPTOR,
        channels: Vec::new(),
        instruments: Vec::new(),
        own: Vec::new(),
        from: None,
        to: None,
    };
    let mut driver = Driver::new(settings).expect("the default settings are valid");
    let mut capture = Capture::open(path, &DESCRIPTOR).expect("a pcap file");
    let mut out = Batch::new(Box::new(sink));
    let (mut pacer, stop) = (Pacer::new(Speed::Max), AtomicBool::new(false));
    driver.run(&mut capture, "bench", &mut pacer, &mut out, &stop, |_| {});
    let report = driver.finish(&mut out);
    report
        .channels
        .iter()
        .map(|channel| channel.counters.messages)
        .sum()
}

/// A ring and the graph that reads it.
fn market(runtime: &mut HistoricalRuntime) -> (RingSink, Market) {
    let (sink, reader) = ring(RING_TICKS, 1 << 14, Patience::Endless, Arc::new(NoNotify));
    (sink, build(runtime.executor(), reader))
}

fn build(executor: &mut Executor, reader: RingReader) -> Market {
    let spec = ChannelSpec {
        id: ChannelId(0),
        feed: DESCRIPTOR.name.to_owned(),
        venue: DESCRIPTOR.venue.to_owned(),
        book: DESCRIPTOR.book,
        orders_capacity: ORDERS_CAPACITY,
    };
    let settings = MarketSettings {
        depth: 1,
        signals: default_signals(),
    };
    let source = Source::new(reader, vec![spec], None, 1);
    let outlet = Outlet::with_digest(Vec::new(), 1 << 14);
    Market::build(executor, &settings, vec![source], outlet, Drive::Historical).0
}

/// The times of a market whose ring nobody fills meanwhile: an empty ring is the end.
struct Prefilled(MarketTimes);

impl EventTimes for Prefilled {
    fn next(&mut self) -> NextEvent {
        match self.0.next() {
            NextEvent::Pending => NextEvent::End,
            other => other,
        }
    }
    fn deliver(&mut self, executor: &mut Executor) {
        self.0.deliver(executor);
    }
}

/// Ticks on their way to the graph, on one thread: whenever the ring is full the graph empties it, and only that is timed.
struct Alternate {
    graph: RefCell<Graph>,
}

struct Graph {
    runtime: HistoricalRuntime,
    market: Market,
    sink: RingSink,
    took: Duration,
}

impl Graph {
    fn drain(&mut self) {
        let mut times = Prefilled(self.market.times());
        let start = Instant::now();
        self.runtime
            .run_historical(&mut times)
            .expect("nothing is polled");
        self.took += start.elapsed();
    }
}

impl Alternate {
    fn new() -> Alternate {
        let mut runtime = HistoricalRuntime::new();
        let (sink, market) = market(&mut runtime);
        Alternate {
            graph: RefCell::new(Graph {
                runtime,
                market,
                sink,
                took: Duration::ZERO,
            }),
        }
    }

    fn run(self, ticks: &[Tick], definitions: &[Definition]) -> Duration {
        let mut graph = self.graph.into_inner();
        for definition in definitions {
            graph.sink.define(ChannelId(0), definition);
        }
        for part in ticks.chunks(RING_TICKS / 2) {
            graph.sink.accept(part);
            graph.drain();
        }
        black_box(graph.market.published());
        graph.took
    }
}

/// Keeps everything.
#[derive(Clone, Default)]
struct Keep(Arc<std::sync::Mutex<(Vec<Tick>, Vec<Definition>)>>);

impl TickSink for Keep {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0
            .lock()
            .expect("one thread")
            .0
            .extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().expect("one thread").1.push(*definition);
    }
}

/// What the last whole run found.
#[derive(Default)]
struct Found {
    ticks: u64,
    records: u64,
    waits: u64,
    orders: usize,
    levels: usize,
    book_bytes: usize,
}

fn both(path: &Path, found: &RefCell<Found>) -> Duration {
    let mut runtime = HistoricalRuntime::new();
    let (sink, market) = market(&mut runtime);
    let counters: Arc<RingCounters> = sink.counters();
    let path = path.to_owned();
    let start = Instant::now();
    let reader = std::thread::spawn(move || read(&path, sink));
    runtime
        .run_historical(&mut market.times())
        .expect("the poller works");
    let took = start.elapsed();
    reader.join().expect("the reader ends");
    let mut found = found.borrow_mut();
    *found = Found {
        ticks: market.sources()[0].borrow().ticks(),
        records: market.published().records,
        waits: counters.waits(),
        ..Found::default()
    };
    market.for_each_book(|source, book| {
        if let Some(channel) = source.channel(book.channel) {
            let books = channel.books();
            found.orders = books.order_count();
            found.book_bytes = books.bytes();
            found.levels += books.level_count(book.instrument, Side::Bid)
                + books.level_count(book.instrument, Side::Ask);
        }
    });
    took
}

/// A line of `/proc/self/status`, in MB; 0 where there is none.
fn memory_mb(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_whitespace().nth(1))
        .and_then(|kb| kb.parse::<u64>().ok())
        .unwrap_or(0)
        / 1_000
}

fn main() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("day.pcap");
    let messages = measure::message_count() + SYMBOLS;
    {
        let day = itch_day::make(7, measure::message_count());
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).expect("a file"));
        capture::write_pcap(&day, capture::FULL_BYTES, 1, &mut file).expect("room on the disk");
        file.flush().expect("room on the disk");
    }
    // The graph alone needs all its ticks in memory; a part of the day is as good.
    let kept = Keep::default();
    let alone_messages = messages.min(2_000_000 + SYMBOLS);
    if alone_messages < messages {
        let part = folder.path().join("part.pcap");
        let day = itch_day::make(7, alone_messages - SYMBOLS);
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&part).expect("a file"));
        capture::write_pcap(&day, capture::FULL_BYTES, 1, &mut file).expect("room on the disk");
        file.flush().expect("room on the disk");
        read(&part, kept.clone());
    } else {
        read(&path, kept.clone());
    }
    let (ticks, definitions) = std::mem::take(&mut *kept.0.lock().expect("one thread"));
    const { assert!(RING_TICKS >= 2 * TICKS_PER_PACKET_MAX) };

    let found = RefCell::new(Found::default());
    let mut contenders = [
        Contender::new("both: file to snapshots, two threads", messages, || {
            both(&path, &found)
        }),
        Contender::new("read: file to ticks, thrown away", messages, || {
            let start = Instant::now();
            assert_eq!(read(&path, Discard(0)), messages as u64);
            start.elapsed()
        }),
        Contender::new("graph: ticks to snapshots", alone_messages, || {
            Alternate::new().run(&ticks, &definitions)
        }),
    ];
    side_by_side("Pipeline", "message", &mut contenders);
    let found = found.borrow();
    println!(
        "{} ticks, {} records published; the reader waited {} times for the graph",
        found.ticks, found.records, found.waits
    );
    println!(
        "{} open orders, {} levels at the end; books hold {} MB: {:.0} bytes an open order, levels included; the process peaked \
         at {} MB",
        found.orders,
        found.levels,
        found.book_bytes / 1_000_000,
        found.book_bytes as f64 / found.orders.max(1) as f64,
        memory_mb("VmHWM:")
    );
}
