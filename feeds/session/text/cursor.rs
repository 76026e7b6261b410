//! A cursor for scanners of fixed shapes: every step either fits what the venue sends or declines.

use super::number::{POWERS, Parts};
use super::words::{above_nine, before_mark, digits, not_plain, value, window};
use super::{Number, digits_behind_point, parse_time};
use crate::model::{EventTime, Price, Side};

/// Where a scanner is in a text.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

/// Everything is inlined, so that the place is a register wherever it is used; what is rare stands apart.
impl<'a> Cursor<'a> {
    /// At the beginning of `text`.
    #[inline(always)]
    pub fn new(text: &'a [u8]) -> Cursor<'a> {
        Cursor { text, at: 0 }
    }

    /// Whether nothing is left.
    #[inline(always)]
    pub fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// What is left.
    #[inline(always)]
    pub fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte, which is not stepped over.
    #[inline(always)]
    pub fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Steps over `literal`, or stays where it is.
    #[inline(always)]
    pub fn expect(&mut self, literal: &[u8]) -> Option<()> {
        self.rest().starts_with(literal).then(|| {
            self.at += literal.len();
        })
    }

    /// Sixteen bytes from here, zeros where there are none.
    #[inline(always)]
    fn window(&self) -> u128 {
        window(self.text, self.at)
    }

    /// Text up to the closing quote, which is stepped over: printable ASCII without escapes only.
    #[inline(always)]
    pub fn plain_text(&mut self) -> Option<&'a [u8]> {
        let mut at = self.at;
        let end = loop {
            let window = window(self.text, at);
            let marks = not_plain(window as u64);
            if marks != 0 {
                break at + before_mark(marks) as usize;
            }
            let marks = not_plain((window >> 64) as u64);
            if marks != 0 {
                break at + 8 + before_mark(marks) as usize;
            }
            at += 16;
        };
        if self.text.get(end) != Some(&b'"') {
            return None;
        }
        let text = self.text.get(self.at..end)?;
        self.at = end + 1;
        Some(text)
    }

    /// Steps over a plain text, as [`Cursor::plain_text`], that is `LENGTH` bytes long most often; eight at least.
    #[inline(always)]
    pub fn skip_plain<const LENGTH: usize>(&mut self) -> Option<()> {
        let rest = self.rest();
        if let (Some(text), Some(b'"')) = (rest.first_chunk::<LENGTH>(), rest.get(LENGTH)) {
            let marks_of = |word: &[u8; 8]| not_plain(u64::from_le_bytes(*word));
            let words = text.as_chunks().0.iter().chain(text.last_chunk());
            if words.fold(0, |marks, word| marks | marks_of(word)) == 0 {
                self.at += LENGTH + 1;
                return Some(());
            }
        }
        self.plain_text().map(|_| ())
    }

    /// A number inside quotes, the opening one already behind us.
    #[inline(always)]
    pub fn number(&mut self) -> Option<Number> {
        let number = self.bare_number()?;
        self.expect(b"\"")?;
        Some(number)
    }

    /// A number without quotes and without an exponent.
    #[inline(always)]
    pub fn bare_number(&mut self) -> Option<Number> {
        if let Some(parts) = Parts::of(self.window()) {
            self.at += parts.taken;
            return Some(parts.number());
        }
        self.long_number()
    }

    /// As [`Cursor::bare_number`], for numbers of unusual length.
    #[inline(always)]
    fn long_number(&mut self) -> Option<Number> {
        let (number, taken) = Number::scan_any(self.rest())?;
        self.at += taken;
        Some(number)
    }

    /// A number without quotes, not followed by an exponent; `digits` rises to how many it has behind its point as sent.
    #[inline(always)]
    pub fn bare_number_sent(&mut self, digits: &mut u8) -> Option<Number> {
        let number = if let Some(parts) = Parts::of(self.window()) {
            *digits = (*digits).max(parts.sent);
            self.at += parts.taken;
            parts.number()
        } else {
            let rest = self.rest();
            if !rest.first()?.is_ascii_digit() {
                // With a quote before it `.5` is a number, without one it is no JSON.
                return None;
            }
            let number = self.long_number()?;
            let sent = rest.get(..rest.len() - self.rest().len());
            *digits = (*digits).max(digits_behind_point(sent.unwrap_or_default()));
            number
        };
        (!matches!(self.peek(), Some(b'e' | b'E'))).then_some(number)
    }

    /// A price inside quotes, the opening one already behind us.
    #[inline(always)]
    pub fn price(&mut self) -> Option<Price> {
        if let Some(parts) = Parts::of(self.window()) {
            self.at += parts.taken;
            self.expect(b"\"")?;
            return Some(parts.price());
        }
        let number = self.long_number()?;
        self.expect(b"\"")?;
        number.price()
    }

    /// `price","size"`, the opening quote already behind us.
    #[inline(always)]
    pub fn price_and_size(&mut self) -> Option<(Price, Number)> {
        let price = self.price()?;
        self.expect(b",\"")?;
        let size = self.number()?;
        Some((price, size))
    }

    /// `buy"` or `sell"`.
    #[inline(always)]
    pub fn side(&mut self) -> Option<Side> {
        // Sides come in no order a branch could learn.
        let window = self.window() as u64;
        let is_buy = window as u32 == u32::from_le_bytes(*b"buy\"");
        let is_sell = window & 0xff_ffff_ffff == u64::from_le_bytes(*b"sell\"\0\0\0");
        if !(is_buy | is_sell) {
            return None;
        }
        self.at += 5 - usize::from(is_buy);
        Some(if is_buy { Side::Bid } else { Side::Ask })
    }

    /// `true` or `false`.
    #[inline(always)]
    pub fn bool(&mut self) -> Option<bool> {
        let is_true = self.expect(b"true").is_some();
        if !is_true {
            self.expect(b"false")?;
        }
        Some(is_true)
    }

    /// An RFC 3339 time up to the closing quote.
    #[inline(always)]
    pub fn time(&mut self) -> Option<EventTime> {
        parse_time(self.plain_text()?)
    }

    /// A JSON integer without sign; a zero in front of other digits is not one.
    #[inline(always)]
    pub fn integer(&mut self) -> Option<u64> {
        let (low, high) = digits(self.window());
        let marks = above_nine(low);
        let mut count = before_mark(marks);
        if count == 0 || (count > 1 && low as u8 == 0) {
            return None;
        }
        let mut number = value(low << (64 - 8 * count));
        if count == 8 {
            let more = before_mark(above_nine(high));
            if more == 8 {
                let (number, taken) = long_integer(self.rest())?;
                self.at += taken;
                return Some(number);
            }
            // Shifted by all of its bits in two steps.
            let last = value((high << 8) << (56 - 8 * more));
            number = number * POWERS[more as usize] + last;
            count += more;
        }
        self.at += count as usize;
        Some(number)
    }

    /// Steps over so many bytes.
    #[inline(always)]
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Elements up to the closing bracket, the opening one already behind us.
    #[inline(always)]
    pub fn list(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if self.expect(b"]").is_some() {
            return Some(());
        }
        // A place of its own, so that it stays in a register from element to element.
        let mut place = *self;
        loop {
            element(&mut place)?;
            let byte = place.peek()?;
            place.at += 1;
            match byte {
                b',' => {}
                b']' => break,
                _ => return None,
            }
        }
        self.at = place.at;
        Some(())
    }
}

/// A whole number of sixteen digits or more, the first of them no zero; and its length.
#[inline(never)]
fn long_integer(text: &[u8]) -> Option<(u64, usize)> {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let value = text.iter().take(count).try_fold(0u64, |total, byte| {
        total.checked_mul(10)?.checked_add(u64::from(byte - b'0'))
    })?;
    Some((value, count))
}
