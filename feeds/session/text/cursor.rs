//! A cursor for scanners of fixed shapes: every step either fits what the venue sends or declines.

use super::{Number, parse_time};
use crate::model::{EventTime, Price, Side};

/// Where a scanner is in a text.
#[derive(Debug)]
pub struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    /// At the beginning of `text`.
    #[inline]
    pub fn new(text: &'a [u8]) -> Cursor<'a> {
        Cursor { text, at: 0 }
    }

    /// Whether nothing is left.
    #[inline]
    pub fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// What is left.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next byte, which is not stepped over.
    #[inline]
    pub fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Steps over `literal`, or stays where it is.
    #[inline]
    pub fn expect(&mut self, literal: &[u8]) -> Option<()> {
        self.rest().starts_with(literal).then(|| {
            self.at += literal.len();
        })
    }

    /// Text up to the closing quote, which is stepped over: printable ASCII without escapes only.
    #[inline]
    pub fn plain_text(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let stop = rest
            .iter()
            .position(|&byte| byte == b'"' || byte == b'\\' || !(b' '..=b'~').contains(&byte))?;
        if rest[stop] != b'"' {
            return None;
        }
        self.at += stop + 1;
        Some(&rest[..stop])
    }

    /// A number inside quotes, the opening one already behind us.
    #[inline]
    pub fn number(&mut self) -> Option<Number> {
        let number = self.bare_number()?;
        self.expect(b"\"")?;
        Some(number)
    }

    /// A number without quotes and without an exponent.
    #[inline]
    pub fn bare_number(&mut self) -> Option<Number> {
        let (number, taken) = Number::scan(self.rest())?;
        self.at += taken;
        Some(number)
    }

    /// A price inside quotes, the opening one already behind us.
    #[inline]
    pub fn price(&mut self) -> Option<Price> {
        self.number()?.price()
    }

    /// `price","size"`, the opening quote already behind us.
    #[inline]
    pub fn price_and_size(&mut self) -> Option<(Price, Number)> {
        let price = self.price()?;
        self.expect(b",\"")?;
        let size = self.number()?;
        Some((price, size))
    }

    /// `buy"` or `sell"`.
    #[inline]
    pub fn side(&mut self) -> Option<Side> {
        if self.expect(b"buy\"").is_some() {
            Some(Side::Bid)
        } else {
            self.expect(b"sell\"").map(|()| Side::Ask)
        }
    }

    /// An RFC 3339 time up to the closing quote.
    #[inline]
    pub fn time(&mut self) -> Option<EventTime> {
        parse_time(self.plain_text()?)
    }

    /// A JSON integer without sign; a zero in front of other digits is not one.
    #[inline]
    pub fn integer(&mut self) -> Option<u64> {
        let rest = self.rest();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || (count > 1 && rest[0] == b'0') {
            return None;
        }
        let value = rest[..count].iter().try_fold(0u64, |total, byte| {
            total.checked_mul(10)?.checked_add(u64::from(byte - b'0'))
        })?;
        self.at += count;
        Some(value)
    }

    /// Elements up to the closing bracket, the opening one already behind us.
    #[inline]
    pub fn list(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if self.expect(b"]").is_some() {
            return Some(());
        }
        loop {
            element(self)?;
            if self.expect(b"]").is_some() {
                return Some(());
            }
            self.expect(b",")?;
        }
    }
}
