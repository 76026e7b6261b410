//! Books as a textbook would write them, and the events by which contenders are compared.
#![allow(dead_code, reason = "no bench uses all of it")]

use crate::itch_day::{self, Day, Message, SYMBOLS};
use feeds::model::Price;
use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};
use waveletd::book::Level;

/// Events of changed best levels, folded in order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Digest {
    /// How many.
    pub(crate) events: u64,
    /// All of them, in order.
    pub(crate) fold: u64,
}

impl Digest {
    #[inline(always)]
    /// Adds an event.
    pub(crate) fn event(&mut self, symbol: u32, is_ask: bool, best: Option<Level>) {
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
pub(crate) struct Timed {
    /// The events.
    pub(crate) digest: Digest,
    /// How long.
    pub(crate) took: Duration,
}

/// What rests.
#[derive(Clone, Copy, Default)]
pub(crate) struct Order {
    /// Price of 1e-4.
    pub(crate) price: u32,
    /// Shares left.
    pub(crate) shares: u32,
    /// Stock locate.
    pub(crate) symbol: u16,
    /// Seller.
    pub(crate) is_ask: bool,
}

/// Where a rival keeps its orders.
pub(crate) trait Orders {
    /// Takes an order.
    fn put(&mut self, id: u64, order: Order);
    /// Finds one.
    fn get(&mut self, id: u64) -> Option<&mut Order>;
    /// Lets one go.
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
pub(crate) struct Dense(pub(crate) Vec<Order>);

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
pub(crate) struct Trees<O> {
    orders: O,
    books: Vec<TreeBook>,
    digest: Digest,
}

impl<O: Orders> Trees<O> {
    /// Reads the whole day, timed by the wall clock.
    pub(crate) fn run(orders: O, day: &Day) -> Timed {
        let start = Instant::now();
        Trees::run_by(orders, day, || start.elapsed())
    }

    /// Reads the whole day, timed by this clock.
    pub(crate) fn run_by(orders: O, day: &Day, clock: impl Fn() -> Duration) -> Timed {
        let mut trees = Trees {
            orders,
            books: (0..=SYMBOLS).map(|_| TreeBook::default()).collect(),
            digest: Digest::default(),
        };
        let start = clock();
        let mut bytes = day.bytes.as_slice();
        while let Some((message, _)) = itch_day::next(&mut bytes) {
            trees.apply(message);
        }
        Timed {
            digest: trees.digest,
            took: clock() - start,
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
