//! The ring between an ingest thread and the graph, bracketed by a bare `rtrb` ring of the same ticks.
//!
//! - `bare, one by one`: `push` and `pop`; `bare, in chunks`: slices in, chunks out. No channels, no counters, no waking.
//! - `ours`: [`RingSink`] behind its batch of 512 ticks, a reader of chunks as the graph's source is.
//!
//! Writer and reader are two threads; the clock runs until the last tick is read. `--test` runs everything once, small.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "support/measure.rs"]
mod measure;

use feeds::contract::Batch;
use feeds::model::{Action, ChannelId, Tick};
use measure::{Contender, side_by_side};
use rtrb::{Consumer, RingBuffer};
use std::hint::{black_box, spin_loop};
use std::sync::Arc;
use std::time::{Duration, Instant};
use waveletd::ingest::ring::{NoNotify, Patience, ring};

const RING_TICKS: usize = 1 << 16;
const CHUNK_TICKS: usize = 64;

fn tick(sequence: u64) -> Tick {
    Tick {
        sequence,
        ..Tick::blank(ChannelId(0), Action::Heartbeat)
    }
}

/// Reads `count` ticks in chunks.
fn read(ticks: &mut Consumer<Tick>, count: usize) -> u64 {
    let (mut left, mut sum) = (count, 0u64);
    while left > 0 {
        let ready = ticks.slots().min(CHUNK_TICKS);
        let Ok(chunk) = ticks.read_chunk(ready) else {
            continue;
        };
        if ready == 0 {
            spin_loop();
        }
        left -= ready;
        for tick in chunk {
            sum = sum.wrapping_add(tick.sequence);
        }
    }
    sum
}

/// Runs `write` on another thread while `read` runs here.
fn two_threads(write: impl FnOnce() + Send + 'static, read: impl FnOnce() -> u64) -> Duration {
    let start = Instant::now();
    let writer = std::thread::spawn(write);
    black_box(read());
    let took = start.elapsed();
    writer.join().expect("the writer ends");
    took
}

fn one_by_one(count: usize) -> Duration {
    let (mut producer, mut consumer) = RingBuffer::new(RING_TICKS);
    let write = move || {
        for sequence in 0..count as u64 {
            let mut next = tick(sequence);
            while let Err(rtrb::PushError::Full(back)) = producer.push(next) {
                next = back;
                spin_loop();
            }
        }
    };
    two_threads(write, || {
        let (mut left, mut sum) = (count, 0u64);
        while left > 0 {
            match consumer.pop() {
                Ok(tick) => {
                    left -= 1;
                    sum = sum.wrapping_add(tick.sequence);
                }
                Err(_) => spin_loop(),
            }
        }
        sum
    })
}

fn in_chunks(count: usize) -> Duration {
    let (mut producer, mut consumer) = RingBuffer::new(RING_TICKS);
    let write = move || {
        let mut batch = Vec::with_capacity(Batch::TICKS_MAX);
        for sequence in 0..count as u64 {
            batch.push(tick(sequence));
            if batch.len() == Batch::TICKS_MAX || sequence + 1 == count as u64 {
                while producer.push_entire_slice(&batch).is_err() {
                    spin_loop();
                }
                batch.clear();
            }
        }
    };
    two_threads(write, || read(&mut consumer, count))
}

fn ours(count: usize) -> Duration {
    let (sink, mut reader) = ring(RING_TICKS, 1 << 12, Patience::Endless, Arc::new(NoNotify));
    let write = move || {
        let mut out = Batch::new(Box::new(sink));
        for sequence in 0..count as u64 {
            out.push(tick(sequence));
        }
        out.flush();
    };
    two_threads(write, || read(&mut reader.ticks, count))
}

fn main() {
    let count = measure::message_count();
    let mut contenders = [
        Contender::new("waveletd: batch, sink, ring", count, || ours(count)),
        Contender::new("bare rtrb, in chunks", count, || in_chunks(count)),
        Contender::new("bare rtrb, one by one", count, || one_by_one(count)),
    ];
    side_by_side("Ring between two threads", "tick", &mut contenders);
}
