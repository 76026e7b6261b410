//! A scanner of the shapes changes of books and trades have on the wire: bytes straight to numbers, one pass, no allocation.

use super::Kind;
use crate::model::EventTime;
use crate::session::stitch::{BookMessage, Hear, Level, Span, TradeId, TradeMessage};
use crate::session::text::{Cursor, Number, id_of_text};

/// The type of trades that close a position.
pub(super) const LIQUIDATION: &[u8] = b"liquidation";

/// Reads a change of a book or a trade and tells it; `None`: not a known shape, and nothing was told.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], hear: &mut H) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    if cursor
        .expect(b"{\"feed\":\"book\",\"product_id\":\"")
        .is_some()
    {
        book(&mut cursor, hear)?;
        return Some(Kind::Book);
    }
    // Trades come in two orders.
    let symbol = if cursor
        .expect(b"{\"feed\":\"trade\",\"product_id\":\"")
        .is_some()
    {
        cursor.plain_text()?
    } else {
        cursor.expect(b"{\"product_id\":\"")?;
        let symbol = cursor.plain_text()?;
        cursor.expect(b",\"feed\":\"trade\"")?;
        symbol
    };
    trade(&mut cursor, symbol, hear)?;
    Some(Kind::Trade)
}

#[inline(always)]
fn number(cursor: &mut Cursor<'_>) -> Option<Number> {
    cursor.bare_number_sent(&mut 0)
}

#[inline(always)]
fn millis(cursor: &mut Cursor<'_>) -> Option<EventTime> {
    Some(EventTime(cursor.integer()?.checked_mul(1_000_000)?))
}

#[inline]
fn book<H: Hear>(cursor: &mut Cursor<'_>, hear: &mut H) -> Option<()> {
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
        orders: &[],
        digits: (0, 0),
    });
    Some(())
}

#[inline]
fn trade<H: Hear>(cursor: &mut Cursor<'_>, symbol: &[u8], hear: &mut H) -> Option<()> {
    cursor.expect(b",\"uid\":\"")?;
    let id = TradeId::Unordered(id_of_text(cursor.plain_text()?));
    cursor.expect(b",\"side\":\"")?;
    let aggressor = cursor.side()?;
    cursor.expect(b",\"type\":\"")?;
    let kind = cursor.plain_text()?;
    let has_number_first = cursor.expect(b",\"seq\":").is_some();
    if has_number_first {
        cursor.integer()?;
    }
    cursor.expect(b",\"time\":")?;
    let time = millis(cursor)?;
    cursor.expect(b",\"qty\":")?;
    let size = number(cursor)?;
    cursor.expect(b",\"price\":")?;
    let price = number(cursor)?.price()?;
    if !has_number_first {
        cursor.expect(b",\"seq\":")?;
        cursor.integer()?;
    }
    if cursor.rest() != b"}" {
        return None;
    }
    let trade = TradeMessage {
        symbol,
        time,
        id,
        aggressor,
        price,
        size,
        is_past: false,
    };
    hear.trade(&trade);
    if kind == LIQUIDATION {
        hear.liquidation(&trade.liquidation(aggressor));
    }
    Some(())
}
