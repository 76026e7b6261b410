//! The general reader: any JSON, members in any order, those nobody asks for left alone.
//!
//! Numbers stay the digits that were sent, whether they stood in quotes or not: bare ones are put into quotes before the JSON
//! is read, so that none goes through binary floating point.

use super::Number;
use crate::contract::DecodeError;
use crate::model::Side;
use crate::session::stitch::Level;
use simd_json::prelude::*;
use simd_json::tape::{Object, Value};

/// Room to read in, reused from text to text.
#[derive(Default)]
pub struct Reader {
    text: Vec<u8>,
    buffers: simd_json::Buffers,
}

impl Reader {
    /// Reads a whole text; every number in it is a text then. The depth is bounded (1,024 levels), nothing recurses.
    ///
    /// # Errors
    /// [`DecodeError::BadText`] when it is no JSON; the offset counts quotes that were added.
    pub fn tape(&mut self, bytes: &[u8]) -> Result<simd_json::Tape<'_>, DecodeError> {
        quote_numbers(bytes, &mut self.text);
        simd_json::to_tape_with_buffers(&mut self.text, &mut self.buffers).map_err(|error| {
            DecodeError::BadText {
                offset: u32::try_from(error.index()).unwrap_or(u32::MAX),
            }
        })
    }
}

/// Copies a text; numbers that stand outside of quotes get some.
fn quote_numbers(bytes: &[u8], into: &mut Vec<u8>) {
    into.clear();
    let mut rest = bytes;
    while let Some((&byte, behind)) = rest.split_first() {
        if byte == b'"' {
            let taken = 1 + text_length(behind);
            into.extend_from_slice(&rest[..taken]);
            rest = &rest[taken..];
        } else if byte == b'-' || byte.is_ascii_digit() {
            let is_part =
                |byte: &u8| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
            let taken = rest.iter().take_while(|byte| is_part(byte)).count();
            into.push(b'"');
            into.extend_from_slice(&rest[..taken]);
            into.push(b'"');
            rest = &rest[taken..];
        } else {
            into.push(byte);
            rest = behind;
        }
    }
}

/// Bytes up to the quote that ends a text, and that quote.
fn text_length(bytes: &[u8]) -> usize {
    let mut is_escaped = false;
    for (index, &byte) in bytes.iter().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return index + 1,
            _ => {}
        }
    }
    bytes.len()
}

/// An unsigned number that a [`Reader`] read.
pub fn exact(value: Value<'_, '_>) -> Option<Number> {
    Number::parse(value.into_string()?.as_bytes())
}

/// A whole number that a [`Reader`] read.
pub fn integer(value: Value<'_, '_>) -> Option<u64> {
    value.into_string()?.parse().ok()
}

/// The list called `key`.
pub fn list_of<'tape, 'input>(
    object: &Object<'tape, 'input>,
    key: &str,
) -> Option<simd_json::tape::Array<'tape, 'input>> {
    object.get(key)?.into_array()
}

/// The objects of a list.
pub fn objects<'tape, 'input: 'tape>(
    list: &'tape simd_json::tape::Array<'tape, 'input>,
) -> impl Iterator<Item = Object<'tape, 'input>> {
    list.iter().filter_map(|entry| entry.into_object())
}

/// Appends the levels of one side: a list of `[price, size, …]`, numbers as text or bare. Says how many were left out
/// because their prices are beyond all prices.
///
/// # Errors
/// [`DecodeError::BadField`] when it is no such list, [`DecodeError::NotExact`] when a number does not fit.
pub fn levels(
    list: Value<'_, '_>,
    side: Side,
    tag: u32,
    levels: &mut Vec<Level>,
) -> Result<u64, DecodeError> {
    let mut left_out = 0;
    let bad = DecodeError::BadField { tag, offset: 0 };
    let list = list.into_array().ok_or(bad)?;
    for entry in list.iter() {
        let entry = entry.into_array().ok_or(bad)?;
        let (Some(price), Some(size)) = (entry.get(0), entry.get(1)) else {
            return Err(bad);
        };
        let price = exact(price).ok_or(bad)?;
        if price.is_beyond_prices() {
            left_out += 1;
            continue;
        }
        let price = price.price().ok_or(DecodeError::NotExact { tag })?;
        let size = exact(size).ok_or(bad)?;
        levels.push(Level { side, price, size });
    }
    Ok(left_out)
}

/// What became of one level of a list.
pub enum Found {
    /// It is this.
    Level(Level),
    /// Its price is beyond all prices.
    LeftOut,
    /// Its price is finer than a price can be.
    TooFine,
}

/// A level whose price and size a [`Reader`] read.
///
/// # Errors
/// `bad` where one of them is no unsigned number.
pub fn level(
    price: Option<Value<'_, '_>>,
    size: Option<Value<'_, '_>>,
    side: Side,
    bad: DecodeError,
) -> Result<Found, DecodeError> {
    let price = price.and_then(exact).ok_or(bad)?;
    let size = size.and_then(exact).ok_or(bad)?;
    if price.is_beyond_prices() {
        return Ok(Found::LeftOut);
    }
    Ok(match price.price() {
        Some(price) => Found::Level(Level { side, price, size }),
        None => Found::TooFine,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Price;

    #[track_caller]
    fn check(text: &str, quoted: &str) {
        let mut into = Vec::new();
        quote_numbers(text.as_bytes(), &mut into);
        assert_eq!(String::from_utf8_lossy(&into), quoted);
    }

    #[test]
    fn bare_numbers_keep_their_digits() {
        check(
            r#"{"a":1.50,"b":[-2e-7,3],"c":"4","d\"5":6,"e":true}"#,
            r#"{"a":"1.50","b":["-2e-7","3"],"c":"4","d\"5":"6","e":true}"#,
        );
        check("\"never ends 12", "\"never ends 12");
        check("12", "\"12\"");
    }

    #[test]
    fn more_digits_than_floats_hold_are_read_exactly() {
        let mut reader = Reader::default();
        let tape = reader.tape(br#"{"p":123456789.123456789}"#);
        let tape = tape.expect("JSON");
        let object = tape.as_value().into_object().expect("an object");
        let price = object.get("p").and_then(exact).and_then(Number::price);
        assert_eq!(price, Some(Price(123_456_789_123_456_789)));
    }
}
