//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.

use super::venue::Kind;
use crate::model::{EventTime, Side};
use crate::session::stitch::{BookMessage, Hear, Level, Span};
use crate::session::text::Cursor;

/// Reads an update of a book and tells it; `None`: not a known shape, and nothing was told.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], levels: &mut Vec<Level>, hear: &mut H) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"data\":{\"timestamp\":\"")?;
    cursor.integer()?;
    cursor.expect(b"\",\"microtimestamp\":\"")?;
    let micros = cursor.integer()?;
    levels.clear();
    cursor.expect(b"\",\"bids\":[")?;
    one_side(&mut cursor, Side::Bid, levels)?;
    cursor.expect(b",\"asks\":[")?;
    one_side(&mut cursor, Side::Ask, levels)?;
    cursor.expect(b"},\"channel\":\"diff_order_book_")?;
    let symbol = cursor.plain_text()?;
    if cursor.rest() != b",\"event\":\"data\"}" {
        return None;
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot: false,
        span: Span::at(micros),
        time: EventTime(micros.checked_mul(1_000)?),
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Some(Kind::Update)
}

#[inline]
fn one_side(cursor: &mut Cursor<'_>, side: Side, levels: &mut Vec<Level>) -> Option<()> {
    cursor.list(|cursor| {
        cursor.expect(b"[\"")?;
        let (price, size) = cursor.price_and_size()?;
        cursor.expect(b"]")?;
        levels.push(Level { side, price, size });
        Some(())
    })
}
