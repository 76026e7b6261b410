//! Decoding and books by order.
//!
//! The first three say exactly how each best level changed (price, size, order count), and agree on every event. The peers
//! say less: `lobster` is a matching engine (it has no partial cancel, so those are left out, and orders that cross are matched);
//! `hftbacktest` says only whether the best price changed, in floating point, and keeps no order counts. Every contender is
//! asked for the best price after each message and no more. Both run on a slice of the day, as do ours and the textbook once
//! more, for the ratio.

use crate::itch_day::{self, Day, Message, SYMBOLS};
use crate::measure::{Contender, is_test, setting, side_by_side};
use crate::textbook::{Dense, Digest, Order, Timed, Trees};
use feeds::model::{InstrumentId, Side, Tick};
use hftbacktest::depth::{HashMapMarketDepth, L3MarketDepth, MarketDepth};
use lobster::{OrderBook, OrderType};
use std::collections::HashMap;
use std::hint::black_box;
use std::time::{Duration, Instant};
use waveletd::book::{Change, OrderBooks};

const BATCH_TICKS: usize = 256;
const ORDERS_CAPACITY: usize = 1_600_000;

fn ours(day: &Day) -> Timed {
    let mut books = OrderBooks::new(ORDERS_CAPACITY);
    books.define(InstrumentId(SYMBOLS as u32));
    let start = Instant::now();
    let mut digest = Digest::default();
    let mut bytes = day.bytes.as_slice();
    let mut batch: Vec<Tick> = Vec::with_capacity(BATCH_TICKS + 2);
    loop {
        batch.clear();
        while batch.len() < BATCH_TICKS
            && let Some((message, now_ns)) = itch_day::next(&mut bytes)
        {
            itch_day::ticks(message, now_ns, 0, |tick| batch.push(tick));
        }
        if batch.is_empty() {
            return Timed {
                digest,
                took: start.elapsed(),
            };
        }
        books.apply_all(&batch, |_: &Tick, change: &Change| {
            if change.best_moved {
                digest.event(change.instrument.0, change.side == Side::Ask, change.best);
            }
        });
    }
}

fn by_lobster(day: &Day) -> Duration {
    let mut books: Vec<OrderBook> = (0..=SYMBOLS)
        .map(|_| OrderBook::new(64, 4, false))
        .collect();
    let mut sides: HashMap<u64, lobster::Side> = HashMap::with_capacity(ORDERS_CAPACITY);
    let start = Instant::now();
    let mut bytes = day.bytes.as_slice();
    let cancel = |id: u64| OrderType::Cancel { id: id.into() };
    let limit = |id: u64, side, shares: u32, price: u32| OrderType::Limit {
        id: id.into(),
        side,
        qty: shares.into(),
        price: price.into(),
    };
    while let Some((message, _)) = itch_day::next(&mut bytes) {
        let symbol = match message {
            Message::Add {
                order,
                symbol,
                is_ask,
                shares,
                price,
            } => {
                let side = if is_ask {
                    lobster::Side::Ask
                } else {
                    lobster::Side::Bid
                };
                sides.insert(order, side);
                books[usize::from(symbol)].execute(limit(order, side, shares, price));
                symbol
            }
            Message::Reduce {
                order,
                symbol,
                shares: None,
                ..
            } => {
                sides.remove(&order);
                books[usize::from(symbol)].execute(cancel(order));
                symbol
            }
            Message::Replace {
                old,
                new,
                symbol,
                shares,
                price,
            } => {
                if let Some(side) = sides.remove(&old) {
                    sides.insert(new, side);
                    let book = &mut books[usize::from(symbol)];
                    book.execute(cancel(old));
                    book.execute(limit(new, side, shares, price));
                }
                symbol
            }
            Message::Reduce { .. } | Message::Trade { .. } => continue,
        };
        let book = &books[usize::from(symbol)];
        black_box((book.max_bid(), book.min_ask()));
    }
    start.elapsed()
}

fn by_hftbacktest(day: &Day) -> Duration {
    let mut books: Vec<HashMapMarketDepth> = (0..=SYMBOLS)
        .map(|_| HashMapMarketDepth::new(0.01, 1.0))
        .collect();
    let mut orders: HashMap<u64, Order> = HashMap::with_capacity(ORDERS_CAPACITY);
    let start = Instant::now();
    let mut bytes = day.bytes.as_slice();
    let add = |book: &mut HashMapMarketDepth, id: u64, order: Order| {
        let (price, shares) = (f64::from(order.price) * 1e-4, f64::from(order.shares));
        let _ = if order.is_ask {
            book.add_sell_order(id, price, shares, 0)
        } else {
            book.add_buy_order(id, price, shares, 0)
        };
    };
    while let Some((message, _)) = itch_day::next(&mut bytes) {
        let symbol = match message {
            Message::Add {
                order: id,
                symbol,
                is_ask,
                shares,
                price,
            } => {
                let order = Order {
                    price,
                    shares,
                    symbol,
                    is_ask,
                };
                orders.insert(id, order);
                add(&mut books[usize::from(symbol)], id, order);
                symbol
            }
            Message::Reduce {
                order: id,
                symbol,
                shares,
                ..
            } => {
                let book = &mut books[usize::from(symbol)];
                let Some(order) = orders.get_mut(&id) else {
                    continue;
                };
                order.shares -= shares.unwrap_or(order.shares).min(order.shares);
                if order.shares == 0 {
                    orders.remove(&id);
                    let _ = book.delete_order(id, 0);
                } else {
                    let price = f64::from(order.price) * 1e-4;
                    let _ = book.modify_order(id, price, f64::from(order.shares), 0);
                }
                symbol
            }
            Message::Replace {
                old,
                new,
                symbol,
                shares,
                price,
            } => {
                let book = &mut books[usize::from(symbol)];
                if let Some(order) = orders.remove(&old) {
                    let _ = book.delete_order(old, 0);
                    let order = Order {
                        price,
                        shares,
                        ..order
                    };
                    orders.insert(new, order);
                    add(book, new, order);
                }
                symbol
            }
            Message::Trade { .. } => continue,
        };
        let book = &books[usize::from(symbol)];
        black_box((book.best_bid_tick(), book.best_ask_tick()));
    }
    start.elapsed()
}

fn textbook(day: &Day) -> Timed {
    Trees::run(HashMap::with_capacity(ORDERS_CAPACITY), day)
}

fn dense(day: &Day) -> Timed {
    Trees::run(Dense(vec![Order::default(); 2 * day.messages]), day)
}

/// Prints the tables.
pub(crate) fn table(day: &Day) {
    let truth = textbook(day).digest;
    let checked = |run: fn(&Day) -> Timed| {
        move || {
            let timed = run(day);
            assert_eq!(timed.digest, truth, "all see the same events");
            timed.took
        }
    };
    let mut contenders = [
        Contender::new("waveletd", day.messages, checked(ours)),
        Contender::new(
            "textbook: HashMap, BTreeMap",
            day.messages,
            checked(textbook),
        ),
        Contender::new("dense table, BTreeMap", day.messages, checked(dense)),
    ];
    let title = format!("Decode and books by order, {} events", truth.events);
    side_by_side(&title, "message", &mut contenders);

    let slice_messages = if is_test() {
        20_000
    } else {
        setting("WAVELETD_BENCH_SLICE", 500_000).min(day.messages)
    };
    let slice = itch_day::make(7, slice_messages);
    let slice = &slice;
    let mut contenders = [
        Contender::new("waveletd", slice_messages, || ours(slice).took),
        Contender::new("textbook: HashMap, BTreeMap", slice_messages, || {
            textbook(slice).took
        }),
        Contender::new("lobster", slice_messages, || by_lobster(slice)),
        Contender::new("hftbacktest, HashMapMarketDepth", slice_messages, || {
            by_hftbacktest(slice)
        }),
    ];
    side_by_side("The same on a shorter day", "message", &mut contenders);
}
