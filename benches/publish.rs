//! Published records: written by the graph, read by a publish thread, here on one thread so that neither waits; and the
//! JSON text of a message, made from the latest state as for subscribers.
//!
//! `--test` runs everything once, small.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "support/measure.rs"]
mod measure;

use feeds::model::{EventTime, RecvTime, Side, Symbol};
use measure::{Contender, side_by_side};
use std::hint::black_box;
use std::time::{Duration, Instant};
use waveletd::publish::json;
use waveletd::publish::record::{self, Body, Header, Level, Record, Trade};
use waveletd::publish::{Names, View};

const CELLS: usize = 1 << 16;
/// Records written before they are read: what a publish thread finds after a short sleep.
const BURST: usize = 256;

fn header(instrument: u32) -> Header {
    Header {
        instrument,
        ..Header::at(EventTime(1), RecvTime(2))
    }
}

/// Values of a book's signals, all in one record.
const TOGETHER: [(u16, f64); 5] = [(0, 1.5), (1, 0.5), (2, 1.25), (3, -0.5), (4, 1.375)];

/// Writes and, if told so, reads `count` records of five signals each.
fn together(count: usize, reads: bool) -> Duration {
    let (mut writer, mut reader) = record::ring(CELLS, 1_000);
    let mut took = Duration::ZERO;
    for first in (0..count).step_by(BURST) {
        let start = Instant::now();
        for index in first..count.min(first + BURST) {
            assert!(writer.signals(&header((index % 1_000) as u32), &TOGETHER));
        }
        if !reads {
            took += start.elapsed();
        }
        while let Some(record) = reader.pop() {
            black_box(&record);
        }
        if reads {
            took += start.elapsed();
        }
    }
    took
}

/// A view of one instrument with ten levels a side, as a venue of equities has them.
fn view() -> View {
    let names = Names {
        feeds: vec!["itch".to_owned()],
        signals: vec!["mid".to_owned()],
        states: &["live"],
        reasons: &["ok"],
    };
    let now = Instant::now();
    let mut view = View::new(names, 1, now);
    let levels = |step: i64| -> Vec<Level> {
        let level = |index: i64| Level {
            price: 187_240_000_000 + step * (index + 1) * 10_000_000,
            size: 100 + 37 * index.unsigned_abs(),
            orders: 3,
        };
        (0..10).map(level).collect()
    };
    let (bids, asks) = (levels(-1), levels(1));
    let at = Header {
        instrument: 0,
        ..Header::at(
            EventTime(1_767_225_600_123_456_789),
            RecvTime(1_767_225_600_123_460_000),
        )
    };
    let definition = Body::Instrument {
        feed: 0,
        symbol: Symbol::new(b"AAPL"),
        size_decimals: 0,
    };
    let snapshot = Body::Snapshot {
        bids: &bids,
        asks: &asks,
    };
    for (pub_seq, body) in (1..).zip([definition, snapshot]) {
        let record = Record {
            header: at,
            pub_seq,
            body,
        };
        view.apply(&record, now);
    }
    view
}

/// Makes `count` texts.
fn texts(count: usize, make: impl Fn(u64) -> String) -> Duration {
    let start = Instant::now();
    for sequence in 0..count as u64 {
        black_box(make(sequence));
    }
    start.elapsed()
}

/// Writes and reads `count` records; `depth` 0 is a signal's value, else a snapshot of that many levels a side.
fn records(count: usize, depth: usize, reads: bool) -> Duration {
    let (mut writer, mut reader) = record::ring(CELLS, 1_000);
    let levels: Vec<Level> = (0..depth)
        .map(|index| Level {
            price: 1_000_000_000 + index as i64,
            size: 100,
            orders: 3,
        })
        .collect();
    let mut took = Duration::ZERO;
    let mut done = 0;
    while done < count {
        let burst = BURST.min(count - done);
        let start = Instant::now();
        for index in done..done + burst {
            let header = header((index % 1_000) as u32);
            let written = if depth == 0 {
                writer.signal(&header, 1, index as f64)
            } else {
                writer.snapshot(&header, &levels, &levels)
            };
            assert!(written, "a burst fits");
        }
        if reads {
            while let Some(record) = reader.pop() {
                black_box(&record);
            }
            took += start.elapsed();
        } else {
            took += start.elapsed();
            while reader.pop_digest(0).is_some() {}
        }
        done += burst;
    }
    took
}

fn main() {
    let count = measure::message_count();
    let mut contenders = [
        Contender::new("signal, written", count, || records(count, 0, false)),
        Contender::new("signal, written and read", count, || {
            records(count, 0, true)
        }),
        Contender::new("five signals together, written", count, || {
            together(count, false)
        }),
        Contender::new("five signals together, written and read", count, || {
            together(count, true)
        }),
        Contender::new("best levels, written", count, || records(count, 1, false)),
        Contender::new("best levels, written and read", count, || {
            records(count, 1, true)
        }),
        Contender::new("ten levels a side, written", count, || {
            records(count, 10, false)
        }),
        Contender::new("ten levels a side, written and read", count, || {
            records(count, 10, true)
        }),
    ];
    side_by_side("Published records", "record", &mut contenders);

    let view = view();
    let (names, of) = (&view.names, view.instrument(0).expect("it was defined"));
    let trade = Trade {
        id: 123_456_789,
        price: 187_245_000_000,
        size: 250,
        aggressor: Side::Bid,
    };
    let count = count / 4;
    let mut contenders = [
        Contender::new("book_snapshot, one level a side", count, || {
            texts(count, |at| json::book_snapshot(names, of, 1, 0, at))
        }),
        Contender::new("book_snapshot, ten levels a side", count, || {
            texts(count, |at| json::book_snapshot(names, of, 10, 0, at))
        }),
        Contender::new("trade", count, || {
            texts(count, |at| json::trade(names, of, &trade, at))
        }),
        Contender::new("signal", count, || {
            texts(count, |at| json::signal(names, of, 0, (187.245, 0), at))
        }),
    ];
    side_by_side("JSON", "message", &mut contenders);
}
