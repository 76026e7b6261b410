//! Prices and sizes as integers.

use super::decimal::{self, Decimal, DecimalError};
use std::fmt;

/// A price in units of 1e-9 of the quote currency. May be zero or negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Price(pub i64);

impl Price {
    /// No price (`i64::MAX`, as in DBN).
    pub const UNDEFINED: Price = Price(i64::MAX);
    /// Digits behind the point.
    pub const SCALE: u8 = 9;

    /// Four implied decimals on the wire. Exact for every `u32`.
    pub const fn from_e4(raw: u32) -> Price {
        Price(raw as i64 * 100_000)
    }

    /// Four implied decimals on the wire, signed 64 bits; `None` beyond ±9.2e9.
    pub const fn from_e4_i64(raw: i64) -> Option<Price> {
        match raw.checked_mul(100_000) {
            Some(value) => Some(Price(value)),
            None => None,
        }
    }

    /// Eight implied decimals on the wire; `None` beyond 9.2e9.
    pub fn from_e8(raw: u64) -> Option<Price> {
        i64::try_from(raw).ok()?.checked_mul(10).map(Price)
    }

    /// Parses exact decimal text.
    ///
    /// # Errors
    /// [`DecimalError`] when the text is no number or does not fit 1e-9 units exactly.
    pub fn parse(text: &[u8]) -> Result<Price, DecimalError> {
        decimal::parse(text, Self::SCALE).map(Price)
    }

    /// Whether there is a price.
    pub const fn is_defined(self) -> bool {
        self.0 != i64::MAX
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.is_defined() {
            return f.write_str("-");
        }
        Decimal {
            mantissa: i128::from(self.0),
            scale: Self::SCALE,
        }
        .fmt(f)
    }
}

/// A size in units of 10^-`size_decimals` of its instrument (0 for shares and contracts).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct Size(pub u64);

impl Size {
    /// In a `Cancel`: all that is left of the order. Elsewhere: no size.
    pub const WHOLE: Size = Size(u64::MAX);

    /// Parses exact decimal text at the instrument's precision.
    ///
    /// # Errors
    /// [`DecimalError`] when the text is no number or does not fit the precision exactly.
    pub fn parse(text: &[u8], size_decimals: u8) -> Result<Size, DecimalError> {
        decimal::parse_unsigned(text, size_decimals).map(Size)
    }

    /// Exact decimal text at the instrument's precision, without trailing zeros.
    pub fn display(self, size_decimals: u8) -> Decimal {
        Decimal {
            mantissa: i128::from(self.0),
            scale: size_decimals,
        }
    }
}
