//! Scanners of the shapes books and trades have on the wire: bytes straight to numbers, one pass, no allocation.

use super::Kind;
use crate::model::{EventTime, Side};
use crate::session::stitch::{BookMessage, Hear, Level, Span, TradeId, TradeMessage, tell_trades};
use crate::session::text::{Cursor, Number, Pair, id_of_text, rows};

/// Reads a text about a book or trades and tells it; `None`: not a known shape, and nothing was told.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], levels: &mut Vec<Level>, hear: &mut H) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"topic\":\"")?;
    if cursor.expect(b"publicTrade.").is_some() {
        trades(&mut cursor, hear)?;
        return Some(Kind::Trade);
    }
    cursor.expect(b"order")?;
    levels.clear();
    let book = if cursor.expect(b"book.").is_some() {
        book(&mut cursor, levels)?
    } else {
        cursor.expect(b"BookL2_25.")?;
        older_delta(&mut cursor, levels)?
    };
    if cursor.rest() != b"}" {
        return None;
    }
    hear.book(&BookMessage { levels, ..book });
    Some(Kind::Book)
}

#[inline(always)]
fn millis(cursor: &mut Cursor<'_>) -> Option<EventTime> {
    Some(EventTime(cursor.integer()?.checked_mul(1_000_000)?))
}

/// The present form.
#[inline]
fn book<'a>(cursor: &mut Cursor<'a>, levels: &mut Vec<Level>) -> Option<BookMessage<'a>> {
    cursor.plain_text()?;
    // Type and time come in either order.
    let mut time = None;
    if cursor.expect(b",\"ts\":").is_some() {
        time = Some(millis(cursor)?);
    }
    cursor.expect(b",\"type\":\"")?;
    let is_snapshot = cursor.expect(b"snapshot\"").is_some();
    if !is_snapshot {
        cursor.expect(b"delta\"")?;
    }
    let mut time = match time {
        Some(time) => time,
        None => {
            cursor.expect(b",\"ts\":")?;
            millis(cursor)?
        }
    };
    cursor.expect(b",\"data\":{\"s\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"b\":[")?;
    one_side(cursor, Side::Bid, levels)?;
    cursor.expect(b",\"a\":[")?;
    one_side(cursor, Side::Ask, levels)?;
    cursor.expect(b",\"u\":")?;
    let number = cursor.integer()?;
    if cursor.expect(b",\"seq\":").is_some() {
        cursor.integer()?;
    }
    cursor.expect(b"}")?;
    if cursor.expect(b",\"cts\":").is_some() {
        // When the matching engine did it; `ts` is when it was sent.
        time = millis(cursor)?;
    }
    Some(message(symbol, is_snapshot, Span::at(number), time))
}

/// `snapshot` is a type trades have too.
#[inline]
fn trades<H: Hear>(cursor: &mut Cursor<'_>, hear: &mut H) -> Option<()> {
    cursor.plain_text()?;
    let has_time = cursor.expect(b",\"ts\":").is_some();
    if has_time {
        cursor.integer()?;
    }
    cursor.expect(b",\"type\":\"snapshot\"")?;
    if !has_time {
        cursor.expect(b",\"ts\":")?;
        cursor.integer()?;
    }
    cursor.expect(b",\"data\":[")?;
    let first = trade(cursor)?;
    tell_trades(cursor, &first, trade, b"]}", hear)
}

#[inline]
fn trade<'a>(cursor: &mut Cursor<'a>) -> Option<TradeMessage<'a>> {
    cursor.expect(b"{\"T\":")?;
    let time = millis(cursor)?;
    cursor.expect(b",\"s\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"S\":\"")?;
    let aggressor = if cursor.expect(b"Buy\"").is_some() {
        Side::Bid
    } else {
        cursor.expect(b"Sell\"")?;
        Side::Ask
    };
    cursor.expect(b",\"v\":\"")?;
    let size = cursor.number()?;
    cursor.expect(b",\"p\":\"")?;
    let price = cursor.price()?;
    if cursor.expect(b",\"L\":\"").is_some() {
        // Not on spot.
        cursor.plain_text()?;
    }
    cursor.expect(b",\"i\":\"")?;
    let id = TradeId::Unordered(id_of_text(cursor.plain_text()?));
    cursor.expect(b",\"BT\":")?;
    cursor.bool()?;
    // Both came later.
    if cursor.expect(b",\"RPI\":").is_some() {
        cursor.bool()?;
    }
    if cursor.expect(b",\"seq\":").is_some() {
        cursor.integer()?;
    }
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

// One loop for both sides.
#[inline(never)]
fn one_side(cursor: &mut Cursor<'_>, side: Side, levels: &mut Vec<Level>) -> Option<()> {
    rows::<Pair, _>(cursor, side, |row| {
        levels.push(Level {
            side: row.side,
            price: row.price,
            size: row.size,
        });
    })
}

/// A change in the form of 2021. Its numbers rise with gaps.
#[inline]
fn older_delta<'a>(cursor: &mut Cursor<'a>, levels: &mut Vec<Level>) -> Option<BookMessage<'a>> {
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"type\":\"delta\",\"data\":{\"delete\":[")?;
    older_rows(cursor, symbol, false, levels)?;
    cursor.expect(b",\"update\":[")?;
    older_rows(cursor, symbol, true, levels)?;
    cursor.expect(b",\"insert\":[")?;
    older_rows(cursor, symbol, true, levels)?;
    if cursor.expect(b",\"transactTimeE6\":").is_some() {
        quoted_or_bare(cursor)?;
    }
    cursor.expect(b"},\"cross_seq\":")?;
    let number = quoted_or_bare(cursor)?;
    cursor.expect(b",\"timestamp_e6\":")?;
    let time = EventTime(quoted_or_bare(cursor)?.checked_mul(1_000)?);
    Some(message(symbol, false, super::read::rising(number), time))
}

#[inline]
fn older_rows(
    cursor: &mut Cursor<'_>,
    symbol: &[u8],
    has_size: bool,
    levels: &mut Vec<Level>,
) -> Option<()> {
    cursor.list(|cursor| {
        cursor.expect(b"{\"price\":\"")?;
        let price = cursor.price()?;
        cursor.expect(b",\"symbol\":\"")?;
        if cursor.plain_text()? != symbol {
            return None;
        }
        cursor.expect(b",\"id\":")?;
        quoted_or_bare(cursor)?;
        cursor.expect(b",\"side\":\"")?;
        let side = if cursor.expect(b"Buy\"").is_some() {
            Side::Bid
        } else {
            cursor.expect(b"Sell\"")?;
            Side::Ask
        };
        let mut size = Number::ZERO;
        if has_size {
            cursor.expect(b",\"size\":")?;
            size = cursor.bare_number()?;
        }
        cursor.expect(b"}")?;
        levels.push(Level { side, price, size });
        Some(())
    })
}

#[inline]
fn quoted_or_bare(cursor: &mut Cursor<'_>) -> Option<u64> {
    if cursor.expect(b"\"").is_none() {
        return cursor.integer();
    }
    let number = cursor.integer()?;
    cursor.expect(b"\"")?;
    Some(number)
}

#[inline]
fn message(symbol: &[u8], is_snapshot: bool, span: Span, time: EventTime) -> BookMessage<'_> {
    BookMessage {
        symbol,
        is_snapshot,
        span,
        time,
        levels: &[],
        checksum: None,
        orders: &[],
        digits: (0, 0),
    }
}
