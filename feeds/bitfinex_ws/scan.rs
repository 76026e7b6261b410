//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.

use super::message::{Body, Entries, Message, Trade, Trailer, level, side};
use crate::model::EventTime;
use crate::session::text::{Cursor, Number};

/// Reads a message of a known shape; `None`: not one. Snapshots are none.
#[inline]
pub(super) fn scan(text: &[u8], entries: &mut Entries) -> Option<Message> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"[")?;
    let channel = cursor.integer()?;
    cursor.expect(b",")?;
    let body = if cursor.expect(b"[").is_some() {
        if entries.is_by_order {
            let id = cursor.integer()?;
            cursor.expect(b",")?;
            let price = number(&mut cursor)?.price()?;
            cursor.expect(b",")?;
            let amount = amount(&mut cursor)?;
            entries.clear();
            entries.push_order(id, price, amount);
        } else {
            let price = number(&mut cursor)?.price()?;
            cursor.expect(b",")?;
            let count = cursor.integer()?;
            cursor.expect(b",")?;
            let amount = amount(&mut cursor)?;
            entries.clear();
            entries.levels.push(level(price, count, amount));
        }
        cursor.expect(b"]")?;
        Body::Book {
            is_snapshot: false,
            left_out: 0,
        }
    } else if cursor.expect(b"\"cs\",").is_some() {
        let is_below_zero = cursor.expect(b"-").is_some();
        let value = i64::try_from(cursor.integer()?).ok()?;
        let value = if is_below_zero { -value } else { value };
        Body::Checksum(i32::try_from(value).ok()?.cast_unsigned())
    } else if cursor.expect(b"\"te\",[").is_some() {
        Body::Trade(trade(&mut cursor)?)
    } else {
        cursor.expect(b"\"hb\"")?;
        Body::Heartbeat
    };
    let mut trailer = Trailer::default();
    while cursor.expect(b",").is_some() {
        trailer.take(cursor.integer()?);
    }
    (cursor.rest() == b"]").then(|| trailer.message(channel, body))
}

#[inline]
fn trade(cursor: &mut Cursor<'_>) -> Option<Trade> {
    let id = cursor.integer()?;
    cursor.expect(b",")?;
    let time = EventTime(cursor.integer()?.checked_mul(1_000_000)?);
    cursor.expect(b",")?;
    let (is_below_zero, size) = amount(cursor)?;
    cursor.expect(b",")?;
    let price = number(cursor)?.price()?;
    cursor.expect(b"]")?;
    Some(Trade {
        id,
        time,
        aggressor: side(is_below_zero),
        price,
        size,
    })
}

/// Whether a number is below zero, and its size.
#[inline]
fn amount(cursor: &mut Cursor<'_>) -> Option<(bool, Number)> {
    let is_below_zero = cursor.expect(b"-").is_some();
    Some((is_below_zero, number(cursor)?))
}

/// A bare number; one with an exponent is the other reader's.
#[inline]
fn number(cursor: &mut Cursor<'_>) -> Option<Number> {
    let number = cursor.bare_number()?;
    (!matches!(cursor.peek(), Some(b'e' | b'E'))).then_some(number)
}
