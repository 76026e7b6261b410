//! Published records: written by the graph, read by a publish thread, here on one thread so that neither waits.
//!
//! `--test` runs everything once, small.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "support/measure.rs"]
mod measure;

use feeds::model::{EventTime, RecvTime};
use measure::{Contender, side_by_side};
use std::hint::black_box;
use std::time::{Duration, Instant};
use waveletd::publish::record::{self, Header, Level};

const CELLS: usize = 1 << 16;
/// Records written before they are read: what a publish thread finds after a short sleep.
const BURST: usize = 256;

fn header(instrument: u32) -> Header {
    Header {
        instrument,
        ..Header::at(EventTime(1), RecvTime(2))
    }
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
}
