//! Decode and books by order, with order counts and an exact event at each change of a best level, against what a
//! textbook would write. One thread, a made ITCH day (`support/itch_day.rs`) read from memory.
//!
//! - `ours`: messages to ticks, ticks to [`OrderBooks`] in batches; the event is in the [`Change`].
//! - `ours, one by one`: the same without looking ahead.
//! - `textbook`: `HashMap` of orders, two `BTreeMap`s of levels a symbol, straight from the message.
//! - `dense`: an array of orders by reference number, the same `BTreeMap`s.
//!
//! Memory is laid out before the clock starts, for all of them. All make the same events, one an operation on a book (a replace is two), folded into a digest that must be equal.
//! Runs are interleaved; the table shows medians. `WAVELETD_BENCH_MESSAGES` says how many messages (2,000,000 if not
//! set; a day is 20,000,000), `WAVELETD_BENCH_RUNS` how many runs (9), `WAVELETD_BENCH_CONTENDERS` how many contenders
//! (all), from the first. `--test` runs each once over a small day.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "support/itch_day.rs"]
mod itch_day;

use feeds::model::{InstrumentId, Price, Side, Tick};
use itch_day::{Day, Message, SYMBOLS};
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};
use waveletd::book::{Change, Level, OrderBooks};

/// Ticks decoded before the books see them: what a graph thread finds in its ring under load.
const BATCH_TICKS: usize = 256;

/// Orders the table has room for at once.
const ORDERS_CAPACITY: usize = 1_600_000;

/// Events of changed best levels, folded in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Digest {
    events: u64,
    fold: u64,
}

impl Digest {
    #[inline(always)]
    fn event(&mut self, symbol: u32, is_ask: bool, best: Option<Level>) {
        self.events += 1;
        let (price, size, orders) = best.map_or((0, 0, 0), |level| {
            (level.price.0 as u64, level.size, level.orders)
        });
        let word = price ^ size.rotate_left(40) ^ u64::from(orders).rotate_left(52);
        let owner = u64::from(symbol << 1 | u32::from(is_ask));
        self.fold = (self.fold.rotate_left(5) ^ word ^ owner).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }
}

/// What a run found, and how long it took once its empty books were made.
struct Timed {
    digest: Digest,
    took: Duration,
}

fn ours(day: &Day, looks_ahead: bool) -> Timed {
    let mut books = OrderBooks::new(ORDERS_CAPACITY);
    books.define(InstrumentId(SYMBOLS as u32));
    let start = Instant::now();
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
            return Timed {
                digest,
                took: start.elapsed(),
            };
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
    let start = Instant::now();
    let mut bytes = day.bytes.as_slice();
    let mut batch: Vec<Tick> = Vec::with_capacity(BATCH_TICKS + 2);
    while let Some((message, now_ns)) = itch_day::next(&mut bytes) {
        itch_day::ticks(message, now_ns, 0, |tick| batch.push(tick));
        if batch.len() >= BATCH_TICKS {
            std::hint::black_box(&mut batch).clear();
        }
    }
    start.elapsed()
}

#[derive(Clone, Copy, Default)]
struct Order {
    price: u32,
    shares: u32,
    symbol: u16,
    is_ask: bool,
}

/// Where a rival keeps its orders.
trait Orders {
    fn put(&mut self, id: u64, order: Order);
    fn get(&mut self, id: u64) -> Option<&mut Order>;
    fn remove(&mut self, id: u64);
}

impl Orders for HashMap<u64, Order> {
    fn put(&mut self, id: u64, order: Order) {
        self.insert(id, order);
    }
    fn get(&mut self, id: u64) -> Option<&mut Order> {
        self.get_mut(&id)
    }
    fn remove(&mut self, id: u64) {
        HashMap::remove(self, &id);
    }
}

/// Orders by reference number; 0 shares is no order.
struct Dense(Vec<Order>);

impl Orders for Dense {
    #[inline]
    fn put(&mut self, id: u64, order: Order) {
        let index = id as usize;
        if index >= self.0.len() {
            self.0
                .resize((index + 1).next_power_of_two(), Order::default());
        }
        self.0[index] = order;
    }
    #[inline]
    fn get(&mut self, id: u64) -> Option<&mut Order> {
        self.0.get_mut(id as usize).filter(|order| order.shares > 0)
    }
    #[inline]
    fn remove(&mut self, id: u64) {
        self.0[id as usize].shares = 0;
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Total {
    size: u64,
    orders: u32,
}

#[derive(Default)]
struct TreeBook {
    sides: [BTreeMap<u32, Total>; 2],
    /// Last best level of each side, to see whether it moved.
    best: [Option<(u32, Total)>; 2],
}

impl TreeBook {
    fn best(&self, is_ask: bool) -> Option<(u32, Total)> {
        let levels = &self.sides[usize::from(is_ask)];
        let best = if is_ask {
            levels.first_key_value()
        } else {
            levels.last_key_value()
        };
        best.map(|(&price, &total)| (price, total))
    }
}

/// A rival's books.
struct Trees<O> {
    orders: O,
    books: Vec<TreeBook>,
    digest: Digest,
}

impl<O: Orders> Trees<O> {
    fn run(orders: O, day: &Day) -> Timed {
        let mut trees = Trees {
            orders,
            books: (0..=SYMBOLS).map(|_| TreeBook::default()).collect(),
            digest: Digest::default(),
        };
        let start = Instant::now();
        let mut bytes = day.bytes.as_slice();
        while let Some((message, _)) = itch_day::next(&mut bytes) {
            trees.apply(message);
        }
        Timed {
            digest: trees.digest,
            took: start.elapsed(),
        }
    }

    #[inline]
    fn apply(&mut self, message: Message) {
        match message {
            Message::Add {
                order,
                symbol,
                is_ask,
                shares,
                price,
            } => self.add(
                order,
                Order {
                    price,
                    shares,
                    symbol,
                    is_ask,
                },
            ),
            Message::Reduce { order, shares, .. } => {
                self.reduce(order, shares);
            }
            Message::Replace {
                old,
                new,
                symbol,
                shares,
                price,
            } => {
                if let Some(is_ask) = self.reduce(old, None) {
                    self.add(
                        new,
                        Order {
                            price,
                            shares,
                            symbol,
                            is_ask,
                        },
                    );
                }
            }
            Message::Trade { .. } => {}
        }
    }

    #[inline]
    fn add(&mut self, id: u64, order: Order) {
        self.orders.put(id, order);
        let book = &mut self.books[usize::from(order.symbol)];
        let total = book.sides[usize::from(order.is_ask)]
            .entry(order.price)
            .or_insert(Total { size: 0, orders: 0 });
        total.size += u64::from(order.shares);
        total.orders += 1;
        self.note(order);
    }

    #[inline]
    fn reduce(&mut self, id: u64, shares: Option<u32>) -> Option<bool> {
        let order = self.orders.get(id)?;
        let taken = shares.map_or(order.shares, |shares| shares.min(order.shares));
        order.shares -= taken;
        let is_gone = order.shares == 0;
        let order = *order;
        if is_gone {
            self.orders.remove(id);
        }
        let levels = &mut self.books[usize::from(order.symbol)].sides[usize::from(order.is_ask)];
        if let Some(total) = levels.get_mut(&order.price) {
            total.size -= u64::from(taken);
            total.orders -= u32::from(is_gone);
            if total.orders == 0 {
                levels.remove(&order.price);
            }
        }
        self.note(order);
        Some(order.is_ask)
    }

    /// An event if the best level of the order's side is not what it was.
    #[inline]
    fn note(&mut self, order: Order) {
        let book = &mut self.books[usize::from(order.symbol)];
        let now = book.best(order.is_ask);
        let last = &mut book.best[usize::from(order.is_ask)];
        if *last != now {
            *last = now;
            let level = now.map(|(price, total)| Level {
                price: Price::from_e4(price),
                size: total.size,
                orders: total.orders,
            });
            self.digest
                .event(u32::from(order.symbol), order.is_ask, level);
        }
    }
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
        contender("ours", |day: &Day| ours(day, true)),
        contender("ours, one by one", |day: &Day| ours(day, false)),
        contender("textbook", |day: &Day| {
            Trees::run(HashMap::with_capacity(ORDERS_CAPACITY), day)
        }),
        contender("dense", |day: &Day| {
            Trees::run(Dense(vec![Order::default(); 2 * day.messages]), day)
        }),
    ];
    // For profiles: the first so many contenders only.
    let count = setting("WAVELETD_BENCH_CONTENDERS", contenders.len()).clamp(1, contenders.len());
    let contenders = &mut contenders[..count];
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
