//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.

use super::Kind;
use crate::model::{EventTime, Side};
use crate::session::stitch::{BookMessage, Hear, Level, Span, TradeId, TradeMessage};
use crate::session::text::{Cursor, Pair, rows};

/// Reads a message of a known shape and tells it; `None`: not a known shape, and nothing was told.
#[inline]
pub(super) fn scan<'a, H: Hear>(
    text: &'a [u8],
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Option<(Kind, &'a [u8])> {
    let mut cursor = Cursor::new(text);
    let is_combined = cursor.expect(b"{\"stream\":\"").is_some();
    if is_combined {
        cursor.plain_text()?;
        cursor.expect(b",\"data\":")?;
    }
    if cursor.expect(b"{\"u\":").is_some() {
        let symbol = book_ticker(&mut cursor)?;
        return end(&cursor, is_combined).then_some((Kind::BookTicker, symbol));
    }
    cursor.expect(b"{\"e\":\"")?;
    if cursor.expect(b"depthUpdate\",\"E\":").is_some() {
        let book = depth_update(&mut cursor, levels)?;
        if !end(&cursor, is_combined) {
            return None;
        }
        hear.book(&BookMessage { levels, ..book });
        return Some((Kind::DepthUpdate, book.symbol));
    }
    let kind = if cursor.expect(b"trade\",\"E\":").is_some() {
        Kind::Trade
    } else if cursor.expect(b"aggTrade\",\"E\":").is_some() {
        Kind::AggTrade
    } else {
        cursor.expect(b"bookTicker\",\"u\":")?;
        let symbol = book_ticker(&mut cursor)?;
        return end(&cursor, is_combined).then_some((Kind::BookTicker, symbol));
    };
    let trade = trade(&mut cursor, kind)?;
    if !end(&cursor, is_combined) {
        return None;
    }
    hear.trade(&trade);
    Some((kind, trade.symbol))
}

/// The closing braces and nothing behind them.
#[inline(always)]
fn end(cursor: &Cursor<'_>, is_combined: bool) -> bool {
    let braces: &[u8] = if is_combined { b"}}" } else { b"}" };
    cursor.rest() == braces
}

/// Milliseconds since 1970.
#[inline(always)]
fn time(cursor: &mut Cursor<'_>) -> Option<EventTime> {
    Some(EventTime(cursor.integer()?.checked_mul(1_000_000)?))
}

#[inline]
fn depth_update<'a>(cursor: &mut Cursor<'a>, levels: &mut Vec<Level>) -> Option<BookMessage<'a>> {
    let mut at = time(cursor)?;
    if cursor.expect(b",\"T\":").is_some() {
        // When the matching engine did it; `E` is when it was sent.
        at = time(cursor)?;
    }
    cursor.expect(b",\"s\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"U\":")?;
    let first = cursor.integer()?;
    cursor.expect(b",\"u\":")?;
    let last = cursor.integer()?;
    let previous = match cursor.expect(b",\"pu\":") {
        Some(()) => Some(cursor.integer()?),
        None => None,
    };
    levels.clear();
    cursor.expect(b",\"b\":[")?;
    one_side(cursor, Side::Bid, levels)?;
    cursor.expect(b",\"a\":[")?;
    one_side(cursor, Side::Ask, levels)?;
    Some(BookMessage {
        symbol,
        is_snapshot: false,
        span: Span {
            first,
            last,
            previous,
        },
        time: at,
        levels: &[],
        checksum: None,
        orders: &[],
        digits: (0, 0),
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

#[inline]
fn trade<'a>(cursor: &mut Cursor<'a>, kind: Kind) -> Option<TradeMessage<'a>> {
    let mut at = time(cursor)?;
    if cursor.expect(b",\"T\":").is_some() {
        at = time(cursor)?;
    }
    cursor.expect(b",\"s\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(if kind == Kind::Trade {
        b",\"t\":"
    } else {
        b",\"a\":"
    })?;
    let id = cursor.integer()?;
    cursor.expect(b",\"p\":\"")?;
    let price = cursor.price()?;
    cursor.expect(b",\"q\":\"")?;
    let size = cursor.number()?;
    if kind == Kind::AggTrade {
        cursor.expect(b",\"f\":")?;
        cursor.integer()?;
        cursor.expect(b",\"l\":")?;
        cursor.integer()?;
    }
    if cursor.expect(b",\"T\":").is_some() {
        at = time(cursor)?;
    }
    if cursor.expect(b",\"X\":\"").is_some() && cursor.plain_text()? != b"MARKET" {
        // Insurance fund and auto-deleveraging: the other reader knows what to do with them.
        return None;
    }
    cursor.expect(b",\"m\":")?;
    let is_buyer_maker = bool(cursor)?;
    if cursor.expect(b",\"M\":").is_some() {
        bool(cursor)?;
    }
    Some(TradeMessage {
        symbol,
        time: at,
        id: TradeId::Rising(id),
        aggressor: if is_buyer_maker { Side::Ask } else { Side::Bid },
        price,
        size,
        is_past: false,
    })
}

/// Best prices: the book has them; read so far as to know the shape.
#[inline]
fn book_ticker<'a>(cursor: &mut Cursor<'a>) -> Option<&'a [u8]> {
    cursor.integer()?;
    cursor.expect(b",\"s\":\"")?;
    let symbol = cursor.plain_text()?;
    for key in [b",\"b\":\"", b",\"B\":\"", b",\"a\":\"", b",\"A\":\""] {
        cursor.expect(key)?;
        cursor.number()?;
    }
    if cursor.expect(b",\"T\":").is_some() {
        cursor.integer()?;
        cursor.expect(b",\"E\":")?;
        cursor.integer()?;
    }
    Some(symbol)
}

#[inline(always)]
fn bool(cursor: &mut Cursor<'_>) -> Option<bool> {
    if cursor.expect(b"true").is_some() {
        Some(true)
    } else {
        cursor.expect(b"false").map(|()| false)
    }
}
