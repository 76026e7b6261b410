//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.

use super::venue::Kind;
use crate::model::{EventTime, Side};
use crate::session::stitch::{BookMessage, Hear, Level, Span};
use crate::session::text::Cursor;

/// Reads an update of a book and tells it; `None`: not a known shape, and nothing was told.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], levels: &mut Vec<Level>, hear: &mut H) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"time\":")?;
    cursor.integer()?;
    if cursor.expect(b",\"time_ms\":").is_some() {
        cursor.integer()?;
    }
    cursor.expect(
        b",\"channel\":\"spot.order_book_update\",\"event\":\"update\",\"result\":{\"t\":",
    )?;
    let time = EventTime(cursor.integer()?.checked_mul(1_000_000)?);
    // How many levels a side the venue tells of.
    if cursor.expect(b",\"l\":\"").is_some() {
        cursor.plain_text()?;
    }
    cursor.expect(b",\"e\":\"depthUpdate\",\"E\":")?;
    cursor.integer()?;
    cursor.expect(b",\"s\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"U\":")?;
    let first = cursor.integer()?;
    cursor.expect(b",\"u\":")?;
    let last = cursor.integer()?;
    levels.clear();
    cursor.expect(b",\"b\":[")?;
    one_side(&mut cursor, Side::Bid, levels)?;
    cursor.expect(b",\"a\":[")?;
    one_side(&mut cursor, Side::Ask, levels)?;
    if cursor.rest() != b"}}" {
        return None;
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot: false,
        span: Span {
            first,
            last,
            previous: None,
        },
        time,
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
