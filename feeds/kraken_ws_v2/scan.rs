//! Scanners of the shapes v2 really sends: bytes straight to numbers, one pass, no allocation.

use super::venue::Kind;
use crate::model::{EventTime, Side};
use crate::session::stitch::{BookMessage, Hear, Level, Span, TradeId, TradeMessage, tell_trades};
use crate::session::text::{Cursor, Named, rows};

/// Reads a message of a known shape and tells it; `None`: not a known shape, and nothing was told.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], levels: &mut Vec<Level>, hear: &mut H) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"channel\":\"")?;
    if cursor.expect(b"book\",\"type\":\"").is_some() {
        let book = book(&mut cursor, levels)?;
        hear.book(&BookMessage { levels, ..book });
        return Some(Kind::Book);
    }
    if cursor
        .expect(b"trade\",\"type\":\"update\",\"data\":[")
        .is_some()
    {
        let first = trade(&mut cursor)?;
        tell_trades(&mut cursor, &first, trade, b"]}", hear)?;
        return Some(Kind::Trade);
    }
    (cursor.rest() == b"heartbeat\"}").then_some(Kind::Heartbeat)
}

#[inline]
fn book<'a>(cursor: &mut Cursor<'a>, levels: &mut Vec<Level>) -> Option<BookMessage<'a>> {
    let is_snapshot = cursor.expect(b"snapshot\"").is_some();
    if !is_snapshot {
        cursor.expect(b"update\"")?;
    }
    cursor.expect(b",\"data\":[{\"symbol\":\"")?;
    let symbol = cursor.plain_text()?;
    levels.clear();
    let mut digits = (0, 0);
    cursor.expect(b",\"bids\":[")?;
    one_side(cursor, Side::Bid, levels, &mut digits)?;
    cursor.expect(b",\"asks\":[")?;
    one_side(cursor, Side::Ask, levels, &mut digits)?;
    cursor.expect(b",\"checksum\":")?;
    let checksum = u32::try_from(cursor.integer()?).ok()?;
    let time = match cursor.expect(b",\"timestamp\":\"") {
        Some(()) => cursor.time()?,
        None => EventTime::UNDEFINED,
    };
    (cursor.rest() == b"}]}").then_some(BookMessage {
        symbol,
        is_snapshot,
        span: Span::default(),
        time,
        levels: &[],
        checksum: Some(checksum),
        orders: &[],
        digits,
    })
}

// One loop for both sides.
#[inline(never)]
fn one_side(
    cursor: &mut Cursor<'_>,
    side: Side,
    levels: &mut Vec<Level>,
    digits: &mut (u8, u8),
) -> Option<()> {
    rows::<Named, _>(cursor, side, |row| {
        *digits = (digits.0.max(row.digits.0), digits.1.max(row.digits.1));
        levels.push(Level {
            side: row.side,
            price: row.price,
            size: row.size,
        });
    })
}

#[inline]
fn trade<'a>(cursor: &mut Cursor<'a>) -> Option<TradeMessage<'a>> {
    cursor.expect(b"{\"symbol\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"side\":\"")?;
    let aggressor = cursor.side()?;
    cursor.expect(b",\"price\":")?;
    let price = cursor.bare_number_sent(&mut 0)?.price()?;
    cursor.expect(b",\"qty\":")?;
    let size = cursor.bare_number_sent(&mut 0)?;
    cursor.expect(b",\"ord_type\":\"")?;
    cursor.plain_text()?;
    cursor.expect(b",\"trade_id\":")?;
    let id = TradeId::Rising(cursor.integer()?);
    cursor.expect(b",\"timestamp\":\"")?;
    let time = cursor.time()?;
    cursor.expect(b"}")?;
    Some(TradeMessage {
        symbol,
        time,
        id,
        aggressor,
        price,
        size,
        is_past: false,
    })
}
