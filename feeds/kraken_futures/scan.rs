//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.

use super::venue::Kind;
use crate::model::EventTime;
use crate::session::stitch::{BookMessage, Hear, Level, Span, TradeId, TradeMessage};
use crate::session::text::{Cursor, Number, id_of_text};

/// Reads a message of a known shape and tells it; `None`: not a known shape, and nothing was told. Snapshots are none.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], hear: &mut H) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"feed\":\"")?;
    if cursor.expect(b"book\",\"product_id\":\"").is_some() {
        return book(&mut cursor, hear);
    }
    cursor.expect(b"trade\",\"product_id\":\"")?;
    trade(&mut cursor, hear)
}

#[inline]
fn book<H: Hear>(cursor: &mut Cursor<'_>, hear: &mut H) -> Option<Kind> {
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"side\":\"")?;
    let side = cursor.side()?;
    cursor.expect(b",\"seq\":")?;
    let sequence = cursor.integer()?;
    cursor.expect(b",\"price\":")?;
    let price = number(cursor)?.price()?;
    cursor.expect(b",\"qty\":")?;
    let size = number(cursor)?;
    cursor.expect(b",\"timestamp\":")?;
    let time = millis(cursor)?;
    if cursor.rest() != b"}" {
        return None;
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot: false,
        span: Span::at(sequence),
        time,
        levels: &[Level { side, price, size }],
        checksum: None,
        digits: (0, 0),
    });
    Some(Kind::Book)
}

#[inline]
fn trade<H: Hear>(cursor: &mut Cursor<'_>, hear: &mut H) -> Option<Kind> {
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"uid\":\"")?;
    let id = TradeId::Unordered(id_of_text(cursor.plain_text()?));
    cursor.expect(b",\"side\":\"")?;
    let aggressor = cursor.side()?;
    cursor.expect(b",\"type\":\"")?;
    cursor.plain_text()?;
    cursor.expect(b",\"seq\":")?;
    cursor.integer()?;
    cursor.expect(b",\"time\":")?;
    let time = millis(cursor)?;
    cursor.expect(b",\"qty\":")?;
    let size = number(cursor)?;
    cursor.expect(b",\"price\":")?;
    let price = number(cursor)?.price()?;
    if cursor.rest() != b"}" {
        return None;
    }
    hear.trade(&TradeMessage {
        symbol,
        time,
        id,
        aggressor,
        price,
        size,
        is_past: false,
    });
    Some(Kind::Trade)
}

#[inline]
fn millis(cursor: &mut Cursor<'_>) -> Option<EventTime> {
    Some(EventTime(cursor.integer()?.checked_mul(1_000_000)?))
}

/// A number without quotes, as JSON writes it.
#[inline]
fn number(cursor: &mut Cursor<'_>) -> Option<Number> {
    cursor.bare_number_sent(&mut 0)
}
