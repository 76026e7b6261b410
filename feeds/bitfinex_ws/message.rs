//! What a message of a channel says, before anybody knows whose channel it is.

use crate::model::{EventTime, Price, Side};
use crate::session::stitch::{Ladders, Level};
use crate::session::text::Number;
use std::fmt::Write as _;

/// What a channel is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Book,
    /// The raw book.
    Orders,
    Trades,
}

/// What a message says of a book: entries of three numbers, that are levels or orders as the subscription asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Entries {
    pub(super) is_by_order: bool,
    pub(super) levels: Vec<Level>,
    /// Their ids, where they are orders.
    pub(super) orders: Vec<u64>,
}

impl Entries {
    pub(super) fn of(is_by_order: bool) -> Entries {
        Entries {
            is_by_order,
            ..Entries::default()
        }
    }

    pub(super) fn clear(&mut self) {
        self.levels.clear();
        self.orders.clear();
    }

    pub(super) fn push_order(&mut self, id: u64, price: Price, amount: (bool, Number)) {
        // An order without a price is gone.
        let count = u64::from(price.0 != 0);
        self.levels.push(level(price, count, amount));
        self.orders.push(id);
    }
}

/// One message of a channel. Entries are where its reader put them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Message {
    pub(super) channel: u64,
    pub(super) body: Body,
    /// Its number on the connection, where it has one.
    pub(super) number: Option<u64>,
    pub(super) time: EventTime,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Body {
    /// Entries of a book, some of them left out because nothing trades there.
    Book {
        is_snapshot: bool,
        left_out: u64,
    },
    Trade(Trade),
    /// A price finer than prices can be.
    TooFine,
    /// A trade that is said again.
    Again,
    /// Trades of the past, or something of a channel nobody here asked for.
    Other,
    Checksum(u32),
    Heartbeat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trade {
    pub(super) id: u64,
    pub(super) time: EventTime,
    pub(super) aggressor: Side,
    pub(super) price: Price,
    pub(super) size: Number,
}

/// Which side an amount is of.
pub(super) fn side(is_below_zero: bool) -> Side {
    if is_below_zero { Side::Ask } else { Side::Bid }
}

/// A level, gone where no order is left of it.
pub(super) fn level(price: Price, count: u64, (is_below_zero, size): (bool, Number)) -> Level {
    let size = if count == 0 { Number::ZERO } else { size };
    let side = side(is_below_zero);
    Level { side, price, size }
}

/// What stands behind the body: the number and the time, told apart by their size. A connection would have to say a
/// million million messages to get there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trailer {
    pub(super) number: Option<u64>,
    pub(super) millis: Option<u64>,
}

const FIRST_MILLIS: u64 = 1_000_000_000_000;

impl Trailer {
    pub(super) fn take(&mut self, value: u64) {
        if value >= FIRST_MILLIS {
            self.millis = Some(value);
        } else {
            self.number = Some(value);
        }
    }

    pub(super) fn message(self, channel: u64, body: Body) -> Message {
        let nanos = self.millis.and_then(|millis| millis.checked_mul(1_000_000));
        Message {
            channel,
            body,
            number: self.number,
            time: nanos.map_or(EventTime::UNDEFINED, EventTime),
        }
    }
}

/// Levels a side the checksum is over.
pub(super) const CHECKSUM_LEVELS: usize = 25;
/// Numbers below 1e-6 are written with an exponent, those of more digits before the point than this one, too.
const PLAIN_ZEROS_MAX: i32 = 5;
const PLAIN_DIGITS_MAX: i32 = 21;

/// CRC32 over price and amount of the best bid and the best ask, then of the next ones.
pub(super) fn checksum(ladders: &Ladders, _digits: (u8, u8)) -> u32 {
    checksum_over(ladders, |text, _, price| write_price(text, price))
}

/// The same over ids in place of prices: of orders.
pub(super) fn checksum_of_orders(ladders: &Ladders, _digits: (u8, u8)) -> u32 {
    checksum_over(ladders, |text, id, _| write_number(text, id, 0))
}

fn checksum_over(ladders: &Ladders, write_key: fn(&mut String, u64, Price)) -> u32 {
    let mut text = String::with_capacity(1_024);
    let mut bids = ladders.bids.orders_best_first(Side::Bid);
    let mut asks = ladders.asks.orders_best_first(Side::Ask);
    for _ in 0..CHECKSUM_LEVELS {
        for (side, entry) in [(Side::Bid, bids.next()), (Side::Ask, asks.next())] {
            let Some((id, price, size)) = entry else {
                continue;
            };
            if !text.is_empty() {
                text.push(':');
            }
            write_key(&mut text, id, price);
            text.push(':');
            if side == Side::Ask {
                text.push('-');
            }
            let units = size.units(size.scale()).unwrap_or_default();
            write_number(&mut text, units, size.scale());
        }
    }
    crc32fast::hash(text.as_bytes())
}

/// Writes a price as the venue does.
pub(super) fn write_price(text: &mut String, price: Price) {
    write_number(text, price.0.unsigned_abs(), Price::SCALE);
}

/// Writes `mantissa` × 10^-`scale` as JavaScript writes its numbers.
pub(super) fn write_number(text: &mut String, mantissa: u64, scale: u8) {
    if mantissa == 0 {
        text.push('0');
        return;
    }
    let (mut mantissa, mut scale) = (mantissa, i32::from(scale));
    while mantissa.is_multiple_of(10) {
        mantissa /= 10;
        scale -= 1;
    }
    let start = text.len();
    let _ = write!(text, "{mantissa}");
    let digit_count = i32::try_from(text.len() - start).unwrap_or_default();
    // Digits before the point; below zero, zeros behind it.
    let whole = digit_count - scale;
    if !(-PLAIN_ZEROS_MAX..=PLAIN_DIGITS_MAX).contains(&whole) {
        if digit_count > 1 {
            text.insert(start + 1, '.');
        }
        let exponent = whole - 1;
        let _ = write!(text, "e{exponent:+}");
    } else if whole <= 0 {
        let zeros = "0.00000000".get(..2 + whole.unsigned_abs() as usize);
        text.insert_str(start, zeros.unwrap_or_default());
    } else if scale > 0 {
        text.insert(start + whole.unsigned_abs() as usize, '.');
    } else {
        (0..scale.unsigned_abs()).for_each(|_| text.push('0'));
    }
}
