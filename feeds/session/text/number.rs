//! Decimal numbers and times as text has them, exact.

use super::words::{above_nine, before_mark, digits, value, value_of_few, window};
use crate::model::time::{DAY_NS, civil, days_from_civil};
use crate::model::{EventTime, Price};
use std::fmt::{self, Display};

/// An unsigned decimal number, exact: `mantissa` × 10^-`scale`, no zero at the end of its fraction.
///
/// Sizes stay in this form until the product, and with it the precision of its sizes, is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    mantissa: u64,
    scale: u8,
}

/// Powers of ten.
pub(super) const POWERS: [u64; 20] = {
    let mut powers = [1u64; 20];
    let mut index = 1;
    while index < powers.len() {
        powers[index] = powers[index - 1] * 10;
        index += 1;
    }
    powers
};

impl Number {
    /// Nothing.
    pub const ZERO: Number = Number {
        mantissa: 0,
        scale: 0,
    };

    /// `mantissa` × 10^`exponent`; `None` when it needs more than 64 bits, or more digits behind the point than any number has.
    pub fn of_parts(mantissa: u64, exponent: i8) -> Option<Number> {
        if exponent >= 0 {
            let power = POWERS.get(usize::from(exponent.unsigned_abs()))?;
            let mantissa = mantissa.checked_mul(*power)?;
            return Some(Number { mantissa, scale: 0 });
        }
        let (mut mantissa, mut scale) = (mantissa, exponent.unsigned_abs());
        if mantissa == 0 {
            return Some(Number::ZERO);
        }
        while scale > 0 && mantissa.is_multiple_of(10) {
            mantissa /= 10;
            scale -= 1;
        }
        (usize::from(scale) < POWERS.len()).then_some(Number { mantissa, scale })
    }

    /// Reads `digits[.digits]` at the start of `text`; gives the number and how many bytes it took.
    ///
    /// `None` when there is no digit, or when the number has more significant digits than 64 bits hold.
    #[inline]
    pub fn scan(text: &[u8]) -> Option<(Number, usize)> {
        match Parts::of(window(text, 0)) {
            Some(parts) => Some((parts.number(), parts.taken)),
            None => Number::scan_any(text),
        }
    }

    /// The last digits of one word before the point, the first ones of another behind it, where zeros follow.
    #[inline(always)]
    pub(super) fn of_words(whole: u64, fraction: u64) -> Number {
        // Up to the last digit that is not zero.
        let scale = (71 - fraction.leading_zeros()) / 8;
        let digits = value(fraction.wrapping_shl(64 - 8 * scale));
        Number {
            mantissa: value_of_few(whole) * POWERS[scale as usize & 15] + digits,
            scale: scale as u8,
        }
    }

    /// As [`Number::scan`], digit by digit.
    #[inline(never)]
    pub(super) fn scan_any(text: &[u8]) -> Option<(Number, usize)> {
        let mut mantissa: u64 = 0;
        let mut digit_count = 0usize;
        let mut index = 0;
        while let Some(digit) = digit(text, index) {
            mantissa = mantissa.checked_mul(10)?.checked_add(digit)?;
            digit_count += 1;
            index += 1;
        }
        let mut scale = 0usize;
        if text.get(index) == Some(&b'.') {
            index += 1;
            // Zeros wait: they only matter when another digit follows.
            let mut zeros = 0usize;
            while let Some(digit) = digit(text, index) {
                if digit == 0 {
                    zeros += 1;
                } else {
                    mantissa = mantissa.checked_mul(*POWERS.get(zeros + 1)?)?;
                    mantissa = mantissa.checked_add(digit)?;
                    scale += zeros + 1;
                    zeros = 0;
                }
                digit_count += 1;
                index += 1;
            }
        }
        if digit_count == 0 || scale >= POWERS.len() {
            return None;
        }
        let scale = scale as u8;
        Some((Number { mantissa, scale }, index))
    }

    /// Reads a whole text, with an exponent where there is one. `None` as in [`Number::scan`].
    pub fn parse(text: &[u8]) -> Option<Number> {
        let (number, taken) = Number::scan(text)?;
        let (negative, digits) = match &text[taken..] {
            [] => return Some(number),
            [b'e' | b'E', b'-', digits @ ..] => (true, digits),
            [b'e' | b'E', b'+', digits @ ..] | [b'e' | b'E', digits @ ..] => (false, digits),
            _ => return None,
        };
        if digits.is_empty() || digits.len() > 3 || !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let exponent = digits
            .iter()
            .fold(0i32, |total, digit| total * 10 + i32::from(digit - b'0'));
        let scale = i32::from(number.scale) + if negative { exponent } else { -exponent };
        number.rescaled(scale)
    }

    /// The same digits behind another point.
    fn rescaled(self, scale: i32) -> Option<Number> {
        if self.mantissa == 0 {
            return Some(Number {
                mantissa: 0,
                scale: 0,
            });
        }
        let mut mantissa = self.mantissa;
        let mut scale = scale;
        while scale > 0 && mantissa.is_multiple_of(10) {
            mantissa /= 10;
            scale -= 1;
        }
        if scale < 0 {
            mantissa = mantissa.checked_mul(*POWERS.get(scale.unsigned_abs() as usize)?)?;
            scale = 0;
        }
        let scale = u8::try_from(scale).ok()?;
        (usize::from(scale) < POWERS.len()).then_some(Number { mantissa, scale })
    }

    /// Whether it is 0.
    pub const fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    /// Digits behind the point the number needs.
    pub const fn scale(self) -> u8 {
        self.scale
    }

    /// The number in units of 10^-`decimals`; `None` when that is not exact or does not fit.
    #[inline]
    pub fn units(self, decimals: u8) -> Option<u64> {
        let shift = decimals.checked_sub(self.scale)?;
        self.mantissa.checked_mul(*POWERS.get(usize::from(shift))?)
    }

    /// Whether it is exact as a price but for its size: more than 9.2 thousand million, where nothing trades.
    pub fn is_beyond_prices(self) -> bool {
        self.scale <= Price::SCALE && self.price().is_none()
    }

    /// The number as a price; `None` when it does not fit 1e-9 units exactly.
    #[inline]
    pub fn price(self) -> Option<Price> {
        let price = Price(i64::try_from(self.units(Price::SCALE)?).ok()?);
        price.is_defined().then_some(price)
    }
}

/// A number of usual length: one to seven digits before the point, and none of it or one to eight behind.
#[derive(Clone, Copy, Debug)]
pub(super) struct Parts {
    /// Digits before the point, as the last ones of a word.
    whole: u64,
    /// Digits behind the point, as the first ones of a word; zeros follow.
    fraction: u64,
    /// Digits behind the point as sent.
    pub(super) sent: u8,
    /// Bytes it took.
    pub(super) taken: usize,
}

impl Parts {
    /// At the start of a window. `None`: of another length, or no number.
    #[inline(always)]
    pub(super) fn of(window: u128) -> Option<Parts> {
        const POINT: u8 = b'.' ^ b'0';
        let (low, high) = digits(window);
        let stops = above_nine(low);
        let before = before_mark(stops);
        if before.wrapping_sub(1) > 6 {
            return None;
        }
        let whole = low << (64 - 8 * before);
        if (low >> (8 * before)) as u8 != POINT {
            return Some(Parts {
                whole,
                fraction: 0,
                sent: 0,
                taken: before as usize,
            });
        }
        let stops = stops & (stops - 1);
        let end = if stops != 0 {
            before_mark(stops)
        } else {
            // Without a mark it ends behind the window, and is too long.
            8 + before_mark(above_nine(high))
        };
        let behind = end - before - 1;
        if behind.wrapping_sub(1) > 7 || end > 15 {
            return None;
        }
        let fraction = (window >> (8 * (before + 1))) as u64 ^ 0x3030_3030_3030_3030;
        Some(Parts {
            whole,
            fraction: fraction & (u64::MAX >> (64 - 8 * behind)),
            sent: behind as u8,
            taken: end as usize,
        })
    }

    #[inline(always)]
    pub(super) fn number(self) -> Number {
        Number::of_words(self.whole, self.fraction)
    }

    /// It always fits: fewer than 10^16 units.
    #[inline(always)]
    pub(super) fn price(self) -> Price {
        Price((value(self.whole) * 1_000_000_000 + value(self.fraction) * 10) as i64)
    }
}

#[inline]
fn digit(text: &[u8], index: usize) -> Option<u64> {
    let digit = text.get(index)?.wrapping_sub(b'0');
    (digit < 10).then_some(u64::from(digit))
}

/// Reads an RFC 3339 time (`2021-04-17T16:43:30.244075Z`, up to nine digits of a second, `Z` or an offset).
///
/// `None` when it is no such time, or outside the years 1970 to 2499.
#[inline]
pub fn parse_time(text: &[u8]) -> Option<EventTime> {
    match text.try_into() {
        Ok(text) => parse_micros(text),
        Err(_) => parse_any_time(text),
    }
}

/// A time of 27 bytes: it has microseconds and ends with `Z`, unless it is of another form.
#[inline]
fn parse_micros(text: &[u8; 27]) -> Option<EventTime> {
    // What is left of a digit is its value, of punctuation nothing.
    let head = window(text, 0) ^ u128::from_le_bytes(*b"0000-00-00T00:00");
    let tail = window(text, 11) ^ u128::from_le_bytes(*b"00:00:00.000000Z");
    const HEAD: u128 = u128::from_le_bytes(*b"\0\0\0\0\xff\0\0\xff\0\0\xff\0\0\xff\0\0");
    const TAIL: u128 = u128::from_le_bytes(*b"\0\0\xff\0\0\xff\0\0\xff\0\0\0\0\0\0\xff");
    let words = [
        head as u64,
        (head >> 64) as u64,
        tail as u64,
        (tail >> 64) as u64,
    ];
    let is_usual = words
        .iter()
        .fold(0, |marks, &word| marks | above_nine(word))
        == 0;
    if !is_usual || (head & HEAD) | (tail & TAIL) != 0 {
        return parse_any_time(text);
    }
    // The first digit of two, in tens, and the second.
    let pairs = |word: u64, at: u32| (word >> at & 0xff) * 10 + (word >> (at + 8) & 0xff);
    let [first, second, third, fourth] = words;
    let year = pairs(first, 0) * 100 + pairs(first, 16);
    let (month, day) = (pairs(first, 40), pairs(second, 0));
    let (hour, minute, second) = (pairs(second, 24), pairs(second, 48), pairs(third, 48));
    let seconds = seconds_of(year, (month, day), (hour, minute, second))?;
    // The eighth byte of the tail is the point; six digits follow it.
    let micros = value((fourth >> 8) << 16);
    Some(EventTime(seconds * 1_000_000_000 + micros * 1_000))
}

/// Seconds since 1970 of a day and a time of it; `None` where there is none such, or outside the years 1970 to 2499.
#[inline]
fn seconds_of(
    year: u64,
    (month, day): (u64, u64),
    (hour, minute, second): (u64, u64, u64),
) -> Option<u64> {
    let is_leap = (year.is_multiple_of(4) && !year.is_multiple_of(100)) || year.is_multiple_of(400);
    let days_in_month = match month {
        2 => 28 + u64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    let in_range = (1970..2500).contains(&year)
        && (1..=days_in_month).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !in_range {
        return None;
    }
    let day_seconds = hour * 3_600 + minute * 60 + second;
    Some(days_from_civil(year as i64, month, day) * (DAY_NS / 1_000_000_000) + day_seconds)
}

#[inline(never)]
pub(super) fn parse_any_time(text: &[u8]) -> Option<EventTime> {
    let (head, rest) = text.split_first_chunk::<19>()?;
    let two = |at: usize| Some(digit(head, at)? * 10 + digit(head, at + 1)?);
    let punctuation = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    if punctuation.iter().any(|&(at, byte)| head[at] != byte) {
        return None;
    }
    let year = two(0)? * 100 + two(2)?;
    let (month, day, hour, minute, second) = (two(5)?, two(8)?, two(11)?, two(14)?, two(17)?);
    let seconds = seconds_of(year, (month, day), (hour, minute, second))?;
    let (nanos, zone) = fraction(rest)?;
    let offset_minutes = zone_minutes(zone)?;
    let local = seconds * 1_000_000_000 + nanos;
    let utc = i128::from(local) - i128::from(offset_minutes) * 60_000_000_000;
    u64::try_from(utc).ok().map(EventTime)
}

/// Nanoseconds of a fraction of a second, and what follows it.
fn fraction(text: &[u8]) -> Option<(u64, &[u8])> {
    let [b'.', digits @ ..] = text else {
        return Some((0, text));
    };
    let mut nanos = 0;
    let mut count = 0;
    while let Some(digit) = digit(digits, count) {
        if count == 9 {
            return None;
        }
        nanos = nanos * 10 + digit;
        count += 1;
    }
    (count > 0).then(|| (nanos * POWERS[9 - count], &digits[count..]))
}

fn zone_minutes(zone: &[u8]) -> Option<i64> {
    match *zone {
        [b'Z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let digits = [h1, h2, m1, m2];
            let at = |index| digit(&digits, index);
            let (hours, minutes) = (at(0)? * 10 + at(1)?, at(2)? * 10 + at(3)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let minutes = (hours * 60 + minutes) as i64;
            Some(if sign == b'-' { -minutes } else { minutes })
        }
        _ => None,
    }
}

/// Digits behind the point of a number as it was sent, zeros at the end included.
pub fn digits_behind_point(text: &[u8]) -> u8 {
    let fraction = text.iter().position(|&byte| byte == b'.');
    let digits = fraction.map_or(0, |point| {
        let digits = text[point + 1..].iter();
        digits.take_while(|byte| byte.is_ascii_digit()).count()
    });
    u8::try_from(digits).unwrap_or(u8::MAX)
}

/// A time as text: RFC 3339, microseconds, `Z`. An undefined time is the epoch.
#[derive(Clone, Copy, Debug)]
pub struct Timestamp(pub EventTime);

impl Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanos = self.0.get().unwrap_or(0);
        let (year, month, day) = civil(nanos / DAY_NS);
        let micros = nanos % DAY_NS / 1_000;
        let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
        )
    }
}
