//! A made day of TotalView-ITCH 5.0 order flow, from a seed, and a decoder of just its messages.
//!
//! The mix is that of a busy US equity day: about 45 % adds, 40 % deletes, 6 % executions, 5 % replaces, the rest
//! partial cancels, priced executions and trades. Symbols follow Zipf's law, prices lie at geometric distance from
//! a mid that walks, most sizes are one round lot, and an order that leaves is most often a recent one.
//!
//! Field offsets: Nasdaq TotalView-ITCH 5.0, §1.3 to §1.5.

#![allow(dead_code, reason = "no bench uses all of it")]

use feeds::model::{
    Action, ChannelId, EventTime, Flags, InstrumentId, Price, RecvTime, Side, Size, Tick,
    cancel_detail,
};
use rand_core::Rng;
use rand_pcg::Pcg64Mcg;

/// Order book symbols of a US equity day.
pub(crate) const SYMBOLS: usize = 8_000;

/// Most open orders of a day.
const OPEN_ORDERS: usize = 1_200_000;

/// Every message of one day, each behind its length.
pub(crate) struct Day {
    /// `[u16 length][message]`, big-endian, as in Nasdaq's binary files.
    pub(crate) bytes: Vec<u8>,
    /// How many messages.
    pub(crate) messages: usize,
}

#[derive(Clone, Copy)]
struct Order {
    id: u64,
    price: u32,
    shares: u32,
    symbol: u16,
    is_ask: bool,
}

struct Random(Pcg64Mcg);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.0.next_u64()) * u128::from(bound)) >> 64) as u64
    }

    /// Uniform in 0 to 1.
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Geometric with this mean.
    fn geometric(&mut self, mean: f64) -> u32 {
        ((1.0 - self.unit()).ln() * -mean) as u32
    }
}

struct Maker {
    random: Random,
    bytes: Vec<u8>,
    /// Prices of 1e-4 a share.
    mids: Vec<u32>,
    cumulative: Vec<f64>,
    open: Vec<Order>,
    next_id: u64,
    now_ns: u64,
    /// Open orders in balance.
    open_orders: usize,
    /// That many have been open.
    is_full: bool,
}

/// Makes a day of about `messages` messages; the same seed gives the same bytes.
pub(crate) fn make(seed: u128, messages: usize) -> Day {
    let mut random = Random(Pcg64Mcg::new(seed));
    let mut total = 0.0;
    let cumulative = (0..SYMBOLS)
        .map(|rank| {
            total += 1.0 / (rank as f64 + 10.0);
            total
        })
        .collect();
    let mids = (0..SYMBOLS)
        .map(|_| 50_000 + random.below(3_000_000) as u32)
        .map(|mid| mid - mid % 100)
        .collect();
    let mut maker = Maker {
        random,
        bytes: Vec::with_capacity(messages * 34),
        mids,
        cumulative,
        open: Vec::with_capacity(OPEN_ORDERS + 1),
        next_id: 1,
        now_ns: 34_200_000_000_000,
        open_orders: (messages / 5).clamp(1, OPEN_ORDERS),
        is_full: false,
    };
    for _ in 0..messages {
        maker.step();
    }
    Day {
        bytes: maker.bytes,
        messages,
    }
}

impl Maker {
    fn step(&mut self) {
        self.now_ns += self.random.below(2_000);
        // The books fill before the bell; from then on what comes and what goes are in balance.
        let adds = match self.open.len() {
            open if open < self.open_orders && !self.is_full => 1_000,
            open if open < self.open_orders => 480,
            _ => 430,
        };
        self.is_full |= self.open.len() >= self.open_orders;
        let dice = self.random.below(1_000);
        if dice < adds {
            return self.add();
        }
        let at = self.pick();
        let order = self.open[at];
        match (dice - adds) * 1_000 / (1_000 - adds) {
            0..740 => {
                self.header(b'D', order.symbol, 19);
                self.bytes.extend(order.id.to_be_bytes());
                self.open.swap_remove(at);
            }
            740..850 => {
                let shares = self.part(order.shares);
                self.header(b'E', order.symbol, 31);
                self.bytes.extend(order.id.to_be_bytes());
                self.bytes.extend(shares.to_be_bytes());
                self.bytes.extend(self.now_ns.to_be_bytes());
                self.take(at, shares);
                self.walk(order);
            }
            850..868 => {
                let shares = self.part(order.shares);
                self.header(b'C', order.symbol, 36);
                self.bytes.extend(order.id.to_be_bytes());
                self.bytes.extend(shares.to_be_bytes());
                self.bytes.extend(self.now_ns.to_be_bytes());
                self.bytes.push(b'Y');
                self.bytes.extend(order.price.to_be_bytes());
                self.take(at, shares);
            }
            868..890 => {
                let shares = self.part(order.shares);
                self.header(b'X', order.symbol, 23);
                self.bytes.extend(order.id.to_be_bytes());
                self.bytes.extend(shares.to_be_bytes());
                self.take(at, shares);
            }
            890..982 => {
                let (price, shares) = self.terms(order.symbol, order.is_ask);
                self.header(b'U', order.symbol, 35);
                self.bytes.extend(order.id.to_be_bytes());
                self.bytes.extend(self.next_id.to_be_bytes());
                self.bytes.extend(shares.to_be_bytes());
                self.bytes.extend(price.to_be_bytes());
                self.open[at] = Order {
                    id: self.next_id,
                    price,
                    shares,
                    ..order
                };
                self.next_id += 1 + self.random.below(3);
            }
            _ => {
                self.header(b'P', order.symbol, 44);
                self.bytes.extend(0u64.to_be_bytes());
                self.bytes.push(b'B');
                self.bytes.extend(order.shares.to_be_bytes());
                self.bytes.extend(b"SYMBOL  ");
                self.bytes.extend(order.price.to_be_bytes());
                self.bytes.extend(self.now_ns.to_be_bytes());
            }
        }
    }

    fn add(&mut self) {
        let point = self.random.unit() * self.cumulative[SYMBOLS - 1];
        let symbol = self.cumulative.partition_point(|&sum| sum < point) as u16;
        let is_ask = self.random.below(2) == 1;
        let (price, shares) = self.terms(symbol, is_ask);
        let is_named = self.random.below(10) == 0;
        let (tag, count) = if is_named { (b'F', 40) } else { (b'A', 36) };
        self.header(tag, symbol, count);
        self.bytes.extend(self.next_id.to_be_bytes());
        self.bytes.push(if is_ask { b'S' } else { b'B' });
        self.bytes.extend(shares.to_be_bytes());
        self.bytes.extend(b"SYMBOL  ");
        self.bytes.extend(price.to_be_bytes());
        if is_named {
            self.bytes.extend(b"MPID");
        }
        self.open.push(Order {
            id: self.next_id,
            price,
            shares,
            symbol,
            is_ask,
        });
        self.next_id += 1 + self.random.below(3);
    }

    /// Price and shares of a new order.
    fn terms(&mut self, symbol: u16, is_ask: bool) -> (u32, u32) {
        // Most orders are near the best; a third of them are patient, and lie deep.
        let mean = if self.random.below(3) == 0 { 80.0 } else { 5.0 };
        let cents = 1 + self.random.geometric(mean).min(2_000);
        let mid = self.mids[usize::from(symbol)];
        let price = if is_ask {
            mid + cents * 100
        } else {
            mid.saturating_sub(cents * 100).max(100)
        };
        let shares = match self.random.below(10) {
            0..6 => 100,
            6..8 => 1 + self.random.below(99) as u32,
            _ => 100 * (2 + self.random.below(20) as u32),
        };
        (price, shares)
    }

    /// Which order leaves: mostly one of the last few thousand, sometimes any.
    fn pick(&mut self) -> usize {
        let count = self.open.len();
        if self.random.below(4) == 0 {
            return self.random.below(count as u64) as usize;
        }
        let back = self.random.geometric(20_000.0) as usize;
        count - 1 - back.min(count - 1)
    }

    fn part(&mut self, shares: u32) -> u32 {
        if self.random.below(3) > 0 || shares < 2 {
            shares
        } else {
            1 + self.random.below(u64::from(shares) - 1) as u32
        }
    }

    fn take(&mut self, at: usize, shares: u32) {
        self.open[at].shares -= shares;
        if self.open[at].shares == 0 {
            self.open.swap_remove(at);
        }
    }

    /// An execution moves the mid a cent now and then.
    fn walk(&mut self, order: Order) {
        let mid = &mut self.mids[usize::from(order.symbol)];
        match self.random.below(8) {
            0 => *mid += 100,
            1 if *mid > 20_000 => *mid -= 100,
            _ => {}
        }
    }

    fn header(&mut self, tag: u8, symbol: u16, bytes: u16) {
        self.bytes.extend(bytes.to_be_bytes());
        self.bytes.push(tag);
        self.bytes.extend((symbol + 1).to_be_bytes());
        self.bytes.extend(0u16.to_be_bytes());
        self.bytes.extend(&self.now_ns.to_be_bytes()[2..]);
    }
}

fn be<const N: usize>(message: &[u8], offset: usize) -> [u8; N] {
    message[offset..]
        .first_chunk()
        .copied()
        .expect("a message is as long as its type says")
}

/// What one message says, before any book has seen it.
#[derive(Clone, Copy)]
pub(crate) enum Message {
    /// Types A and F.
    Add {
        /// Order reference number.
        order: u64,
        /// Stock locate.
        symbol: u16,
        /// Seller.
        is_ask: bool,
        /// Shares.
        shares: u32,
        /// Price of 1e-4.
        price: u32,
    },
    /// Type D, or with shares types X, E and C.
    Reduce {
        /// Order reference number.
        order: u64,
        /// Stock locate.
        symbol: u16,
        /// Shares taken; nothing for all.
        shares: Option<u32>,
        /// Whether it traded.
        executed: bool,
    },
    /// Type U.
    Replace {
        /// Original order reference number.
        old: u64,
        /// New order reference number.
        new: u64,
        /// Stock locate.
        symbol: u16,
        /// Shares of the new order.
        shares: u32,
        /// Price of the new order, 1e-4.
        price: u32,
    },
    /// Type P.
    Trade {
        /// Stock locate.
        symbol: u16,
        /// Shares.
        shares: u32,
        /// Price of 1e-4.
        price: u32,
    },
}

/// Takes the next message off the day.
#[inline]
pub(crate) fn next(bytes: &mut &[u8]) -> Option<(Message, u64)> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    let (message, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
    *bytes = rest;
    let u32_at = |offset| u32::from_be_bytes(be(message, offset));
    let symbol = u16::from_be_bytes(be(message, 1));
    let order = u64::from_be_bytes(be(message, 11));
    let now_ns = u64::from_be_bytes(be(message, 3)) & 0xFFFF_FFFF_FFFF;
    let parsed = match message[0] {
        b'A' | b'F' => Message::Add {
            order,
            symbol,
            is_ask: message[19] == b'S',
            shares: u32_at(20),
            price: u32_at(32),
        },
        b'D' => Message::Reduce {
            order,
            symbol,
            shares: None,
            executed: false,
        },
        tag @ (b'X' | b'E' | b'C') => Message::Reduce {
            order,
            symbol,
            shares: Some(u32_at(19)),
            executed: tag != b'X',
        },
        b'U' => Message::Replace {
            old: order,
            new: u64::from_be_bytes(be(message, 19)),
            symbol,
            shares: u32_at(27),
            price: u32_at(31),
        },
        _ => Message::Trade {
            symbol,
            shares: u32_at(20),
            price: u32_at(32),
        },
    };
    Some((parsed, now_ns))
}

/// The ticks of a message, as a feed gives them.
#[inline]
pub(crate) fn ticks(message: Message, now_ns: u64, sequence: u64, mut push: impl FnMut(Tick)) {
    let tick = |action, symbol: u16| Tick {
        ts_event: EventTime(now_ns),
        ts_recv: RecvTime(now_ns),
        sequence,
        instrument: InstrumentId(u32::from(symbol)),
        flags: Flags::LAST,
        ..Tick::blank(ChannelId(0), action)
    };
    match message {
        Message::Add {
            order,
            symbol,
            is_ask,
            shares,
            price,
        } => push(Tick {
            order_id: order,
            side: if is_ask { Side::Ask } else { Side::Bid },
            price: Price::from_e4(price),
            size: Size(u64::from(shares)),
            ..tick(Action::Add, symbol)
        }),
        Message::Reduce {
            order,
            symbol,
            shares,
            executed,
        } => {
            if executed {
                push(Tick {
                    size: Size(u64::from(shares.unwrap_or(0))),
                    flags: Flags::NONE,
                    ..tick(Action::Trade, symbol)
                });
            }
            push(Tick {
                order_id: order,
                size: shares.map_or(Size::WHOLE, |shares| Size(u64::from(shares))),
                detail: if executed {
                    cancel_detail::EXECUTED
                } else {
                    cancel_detail::WITHDRAWN
                },
                ..tick(Action::Cancel, symbol)
            });
        }
        Message::Replace {
            old,
            new,
            symbol,
            shares,
            price,
        } => {
            push(Tick {
                order_id: old,
                size: Size::WHOLE,
                flags: Flags::NONE,
                detail: cancel_detail::REPLACED,
                ..tick(Action::Cancel, symbol)
            });
            // ITCH leaves out the side of the new order: it is that of the old one.
            push(Tick {
                order_id: new,
                price: Price::from_e4(price),
                size: Size(u64::from(shares)),
                ..tick(Action::Add, symbol)
            });
        }
        Message::Trade {
            symbol,
            shares,
            price,
        } => push(Tick {
            price: Price::from_e4(price),
            size: Size(u64::from(shares)),
            ..tick(Action::Trade, symbol)
        }),
    }
}
