//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.

use super::venue::Kind;
use crate::model::{EventTime, Side};
use crate::session::stitch::{BookMessage, Hear, Level, Span, TradeId, TradeMessage, tell_trades};
use crate::session::text::{Cursor, Four, rows};

/// Reads a message of a known shape and tells it; `None`: not a known shape, and nothing was told.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], levels: &mut Vec<Level>, hear: &mut H) -> Option<Kind> {
    if text == b"pong" {
        return Some(Kind::Pong);
    }
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"arg\":{\"channel\":\"")?;
    if cursor.expect(b"books\",\"instId\":\"").is_some() {
        let book = book(&mut cursor, levels)?;
        hear.book(&BookMessage { levels, ..book });
        return Some(Kind::Books);
    }
    cursor.expect(b"trades\",\"instId\":\"")?;
    cursor.plain_text()?;
    cursor.expect(b"},\"data\":[")?;
    let first = trade(&mut cursor)?;
    tell_trades(&mut cursor, &first, trade, b"]}", hear)?;
    Some(Kind::Trades)
}

#[inline]
fn book<'a>(cursor: &mut Cursor<'a>, levels: &mut Vec<Level>) -> Option<BookMessage<'a>> {
    let symbol = cursor.plain_text()?;
    cursor.expect(b"},\"action\":\"")?;
    let is_snapshot = cursor.expect(b"snapshot\"").is_some();
    if !is_snapshot {
        cursor.expect(b"update\"")?;
    }
    levels.clear();
    cursor.expect(b",\"data\":[{\"asks\":[")?;
    one_side(cursor, Side::Ask, levels)?;
    cursor.expect(b",\"bids\":[")?;
    one_side(cursor, Side::Bid, levels)?;
    cursor.expect(b",\"ts\":\"")?;
    let time = time(cursor)?;
    if cursor.expect(b",\"checksum\":").is_some() {
        cursor.expect(b"-");
        cursor.integer()?;
    }
    // The two numbers come in this order in the documents, and in the other one from some servers.
    let (previous, last) = if cursor.expect(b",\"prevSeqId\":").is_some() {
        let previous = previous(cursor)?;
        cursor.expect(b",\"seqId\":")?;
        (previous, cursor.integer()?)
    } else {
        cursor.expect(b",\"seqId\":")?;
        let last = cursor.integer()?;
        cursor.expect(b",\"prevSeqId\":")?;
        (previous(cursor)?, last)
    };
    (cursor.rest() == b"}]}").then_some(BookMessage {
        symbol,
        is_snapshot,
        span: Span {
            first: last,
            last,
            previous,
        },
        time,
        levels: &[],
        checksum: None,
        orders: &[],
        digits: (0, 0),
    })
}

/// -1 is none.
#[inline(always)]
fn previous(cursor: &mut Cursor<'_>) -> Option<Option<u64>> {
    if cursor.expect(b"-1").is_some() {
        return Some(None);
    }
    cursor.integer().map(Some)
}

/// Milliseconds since 1970 in quotes, the opening one already behind us.
#[inline(always)]
fn time(cursor: &mut Cursor<'_>) -> Option<EventTime> {
    let millis = cursor.integer()?;
    cursor.expect(b"\"")?;
    Some(EventTime(millis.checked_mul(1_000_000)?))
}

/// `["8476.98","415","0","13"]`: price, size, a member without meaning, orders.
// One loop for both sides.
#[inline(never)]
fn one_side(cursor: &mut Cursor<'_>, side: Side, levels: &mut Vec<Level>) -> Option<()> {
    rows::<Four, _>(cursor, side, |row| {
        levels.push(Level {
            side: row.side,
            price: row.price,
            size: row.size,
        });
    })
}

#[inline]
fn trade<'a>(cursor: &mut Cursor<'a>) -> Option<TradeMessage<'a>> {
    cursor.expect(b"{\"instId\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"tradeId\":\"")?;
    let id = cursor.integer()?;
    cursor.expect(b"\",\"px\":\"")?;
    let price = cursor.price()?;
    cursor.expect(b",\"sz\":\"")?;
    let size = cursor.number()?;
    cursor.expect(b",\"side\":\"")?;
    let aggressor = cursor.side()?;
    cursor.expect(b",\"ts\":\"")?;
    let time = time(cursor)?;
    if cursor.expect(b",\"count\":\"").is_some() {
        cursor.plain_text()?;
    }
    // Both came later.
    if cursor.expect(b",\"source\":\"").is_some() {
        cursor.plain_text()?;
    }
    if cursor.expect(b",\"seqId\":").is_some() {
        cursor.integer()?;
    }
    cursor.expect(b"}")?;
    Some(TradeMessage {
        symbol,
        time,
        id: TradeId::Rising(id),
        aggressor,
        price,
        size,
        is_past: false,
    })
}
