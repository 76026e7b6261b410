//! What a message of a channel says, before anybody knows whose channel it is.

use crate::model::{EventTime, Price, Side};
use crate::session::stitch::{Ladders, Level};
use crate::session::text::Number;
use std::fmt::Write as _;

/// What a channel is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Book,
    Trades,
}

/// One message of a channel. Levels are where its reader put them.
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
    /// Levels of a book, some of them left out because nothing trades there.
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
    let mut text = String::with_capacity(1_024);
    let mut bids = ladders.bids.best_first(Side::Bid);
    let mut asks = ladders.asks.best_first(Side::Ask);
    for _ in 0..CHECKSUM_LEVELS {
        for (side, level) in [(Side::Bid, bids.next()), (Side::Ask, asks.next())] {
            let Some((price, size)) = level else {
                continue;
            };
            if !text.is_empty() {
                text.push(':');
            }
            write_price(&mut text, price);
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
