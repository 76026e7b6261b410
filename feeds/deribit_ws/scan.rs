//! A scanner of the shape books have on the wire: bytes straight to numbers, one pass, no allocation.

use crate::model::{EventTime, Side};
use crate::session::stitch::{BookMessage, Hear, Level, Span};
use crate::session::text::{Cursor, Number};

/// Reads a notification about a book and tells it; `None`: not the known shape, and nothing was told.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], levels: &mut Vec<Level>, hear: &mut H) -> Option<()> {
    let mut cursor = Cursor::new(text);
    cursor.expect(
        b"{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{\"channel\":\"book.",
    )?;
    cursor.plain_text()?;
    cursor.expect(b",\"data\":{\"type\":\"")?;
    let is_snapshot = cursor.expect(b"snapshot\"").is_some();
    if !is_snapshot {
        cursor.expect(b"change\"")?;
    }
    cursor.expect(b",\"timestamp\":")?;
    let time = EventTime(cursor.integer()?.checked_mul(1_000_000)?);
    let previous = match cursor.expect(b",\"prev_change_id\":") {
        Some(()) => Some(cursor.integer()?),
        None => None,
    };
    cursor.expect(b",\"instrument_name\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"change_id\":")?;
    let last = cursor.integer()?;
    levels.clear();
    cursor.expect(b",\"bids\":[")?;
    one_side(&mut cursor, Side::Bid, levels)?;
    cursor.expect(b",\"asks\":[")?;
    one_side(&mut cursor, Side::Ask, levels)?;
    if cursor.rest() != b"}}}" {
        return None;
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot,
        span: Span {
            first: last,
            last,
            previous,
        },
        time,
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Some(())
}

#[inline]
fn one_side(cursor: &mut Cursor<'_>, side: Side, levels: &mut Vec<Level>) -> Option<()> {
    cursor.list(|cursor| {
        cursor.expect(b"[\"")?;
        let is_gone = cursor.expect(b"delete\",").is_some();
        if !is_gone && cursor.expect(b"change\",").is_none() {
            cursor.expect(b"new\",")?;
        }
        let price = cursor.bare_number()?.price()?;
        cursor.expect(b",")?;
        let size = cursor.bare_number()?;
        cursor.expect(b"]")?;
        let size = if is_gone { Number::ZERO } else { size };
        levels.push(Level { side, price, size });
        Some(())
    })
}
