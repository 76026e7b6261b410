//! Decode and books by order, with order counts and an exact event at each change of a best level, against what a
//! textbook would write. One thread, a made ITCH day (`support/itch_day.rs`) read from memory.
//!
//! - `ours`: messages to ticks, ticks to [`OrderBooks`] in batches; the event is in the [`Change`].
//! - `ours, one by one`: the same without looking ahead.
//! - `textbook`: `HashMap` of orders, two `BTreeMap`s of levels a symbol, straight from the message.
//! - `dense`: an array of orders by reference number, the same `BTreeMap`s.
//!
//! Memory is laid out before the clock starts, for all of them. All make the same events, one an operation on a book
//! (a replace is two), folded into a digest that must be equal.
//! Runs are interleaved; the table shows medians. `WAVELETD_BENCH_MESSAGES` says how many messages (2,000,000 if not
//! set; a day is 20,000,000), `WAVELETD_BENCH_RUNS` how many runs (9), `WAVELETD_BENCH_CONTENDERS` how many contenders
//! (all), from the first: 1 is ours alone, after which the peak of the process's memory is that of ours and the day.
//! `--test` runs each once over a small day.
//!
//! Time is that of this thread on a processor: that of others on the same machine is not counted, their use of caches is.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "support/itch_day.rs"]
mod itch_day;
#[path = "support/textbook.rs"]
mod textbook;

use feeds::model::{InstrumentId, Side, Tick};
use itch_day::{Day, SYMBOLS};
use nix::time::{ClockId, clock_gettime};
use std::collections::HashMap;
use std::time::Duration;
use textbook::{Dense, Digest, Order, Timed, Trees};
use waveletd::book::{Change, OrderBooks};

/// Ticks decoded before the books see them: what a graph thread finds in its ring under load.
const BATCH_TICKS: usize = 256;

/// Orders the table has room for at once.
const ORDERS_CAPACITY: usize = 1_600_000;

/// Time this thread has run.
fn ran() -> Duration {
    let clock = ClockId::CLOCK_THREAD_CPUTIME_ID;
    clock_gettime(clock).map_or(Duration::ZERO, Duration::from)
}

/// Says how much memory the books of a whole day take.
fn report_memory(books: &OrderBooks) {
    let sides = [Side::Bid, Side::Ask];
    let levels: usize = (0..books.instrument_count())
        .flat_map(|index| sides.map(|side| books.level_count(InstrumentId(index as u32), side)))
        .sum();
    let (bytes, orders) = (books.bytes(), books.order_count());
    println!(
        "books: {:.1} MB, {orders} orders ({} bytes each), {levels} levels ({} bytes each)",
        bytes as f64 / 1e6,
        bytes / orders.max(1),
        bytes / levels.max(1)
    );
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    println!("process: {}", peak.unwrap_or("peak not known"));
}

fn ours(day: &Day, looks_ahead: bool, reports: bool) -> Timed {
    let mut books = OrderBooks::new(ORDERS_CAPACITY);
    books.define(InstrumentId(SYMBOLS as u32));
    let start = ran();
    let mut digest = Digest::default();
    let mut on_change = |_: &Tick, change: &Change| {
        if change.best_moved {
            digest.event(change.instrument.0, change.side == Side::Ask, change.best);
        }
    };
    let mut bytes = day.bytes.as_slice();
    let mut batch: Vec<Tick> = Vec::with_capacity(BATCH_TICKS + 2);
    let mut sequence = 0;
    loop {
        batch.clear();
        while batch.len() < BATCH_TICKS
            && let Some((message, now_ns)) = itch_day::next(&mut bytes)
        {
            sequence += 1;
            itch_day::ticks(message, now_ns, sequence, |tick| batch.push(tick));
        }
        if batch.is_empty() {
            let took = ran() - start;
            if reports {
                report_memory(&books);
            }
            return Timed { digest, took };
        }
        if looks_ahead {
            books.apply_all(&batch, &mut on_change);
        } else {
            for tick in &batch {
                let change = books.apply(tick);
                on_change(tick, &change);
            }
        }
    }
}

/// Decoding into ticks alone: what of `ours` is not books.
fn decode(day: &Day) -> Duration {
    let start = ran();
    let mut bytes = day.bytes.as_slice();
    let mut batch: Vec<Tick> = Vec::with_capacity(BATCH_TICKS + 2);
    while let Some((message, now_ns)) = itch_day::next(&mut bytes) {
        itch_day::ticks(message, now_ns, 0, |tick| batch.push(tick));
        if batch.len() >= BATCH_TICKS {
            std::hint::black_box(&mut batch).clear();
        }
    }
    ran() - start
}

/// A number from the environment.
fn setting(name: &str, default: usize) -> usize {
    std::env::var(name)
        .ok()
        .and_then(|text| text.replace('_', "").parse().ok())
        .unwrap_or(default)
}

/// One way to keep the books.
struct Contender {
    name: &'static str,
    run: fn(&Day) -> Timed,
    ns: Vec<f64>,
}

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let (messages, runs) = if is_test {
        (20_000, 1)
    } else {
        (
            setting("WAVELETD_BENCH_MESSAGES", 2_000_000),
            setting("WAVELETD_BENCH_RUNS", 9).max(1),
        )
    };
    let day = itch_day::make(7, messages);
    let contender = |name, run| Contender {
        name,
        run,
        ns: Vec::new(),
    };
    let mut contenders = [
        contender("ours", |day: &Day| ours(day, true, false)),
        contender("ours, one by one", |day: &Day| ours(day, false, false)),
        contender("textbook", |day: &Day| {
            Trees::run_by(HashMap::with_capacity(ORDERS_CAPACITY), day, ran)
        }),
        contender("dense", |day: &Day| {
            Trees::run_by(Dense(vec![Order::default(); 2 * day.messages]), day, ran)
        }),
    ];
    // For profiles: the first so many contenders only.
    let count = setting("WAVELETD_BENCH_CONTENDERS", contenders.len()).clamp(1, contenders.len());
    let contenders = &mut contenders[..count];
    if count == 1 {
        ours(&day, true, true);
    }
    let mut digest = None;
    for _ in 0..runs {
        for contender in contenders.iter_mut() {
            let Timed { digest: seen, took } = (contender.run)(&day);
            contender
                .ns
                .push(took.as_nanos() as f64 / day.messages as f64);
            assert_eq!(*digest.get_or_insert(seen), seen, "{}", contender.name);
        }
    }
    for contender in contenders.iter_mut() {
        contender.ns.sort_by(f64::total_cmp);
    }
    let decode_ns = decode(&day).as_nanos() as f64 / day.messages as f64;
    println!("decoding alone: {decode_ns:.1} ns/message");
    let median = |contender: &Contender| contender.ns[contender.ns.len() / 2];
    let events = digest.map_or(0, |digest| digest.events);
    println!(
        "{} messages, {} MB, {events} events, {runs} runs",
        day.messages,
        day.bytes.len() / 1_000_000
    );
    println!(
        "{:<18} {:>10} {:>10} {:>12}",
        "", "ns/message", "fastest", "ours / this"
    );
    for contender in contenders.iter() {
        println!(
            "{:<18} {:>10.1} {:>10.1} {:>12.3}",
            contender.name,
            median(contender),
            contender.ns[0],
            median(&contenders[0]) / median(contender)
        );
    }
}
