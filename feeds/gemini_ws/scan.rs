//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.

use super::venue::Kind;
use crate::model::{EventTime, Side};
use crate::session::stitch::{BookMessage, Hear, Level, Span, TradeId, TradeMessage};
use crate::session::text::Cursor;

/// Reads a message of a known shape and tells it; `None`: not a known shape, and nothing was told. Snapshots are none.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], levels: &mut Vec<Level>, hear: &mut H) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"type\":\"")?;
    if cursor.expect(b"l2_updates\",\"symbol\":\"").is_some() {
        let symbol = cursor.plain_text()?;
        levels.clear();
        cursor.expect(b",\"changes\":[")?;
        changes(&mut cursor, levels)?;
        if cursor.rest() != b"}" {
            return None;
        }
        hear.book(&BookMessage {
            symbol,
            is_snapshot: false,
            span: Span::default(),
            time: EventTime::UNDEFINED,
            levels,
            checksum: None,
            orders: &[],
            digits: (0, 0),
        });
        return Some(Kind::Updates);
    }
    cursor.expect(b"trade\",\"symbol\":\"")?;
    let trade = trade(&mut cursor)?;
    hear.trade(&trade);
    Some(Kind::Trade)
}

#[inline]
fn changes(cursor: &mut Cursor<'_>, levels: &mut Vec<Level>) -> Option<()> {
    cursor.list(|cursor| {
        cursor.expect(b"[\"")?;
        let side: Side = cursor.side()?;
        cursor.expect(b",\"")?;
        let (price, size) = cursor.price_and_size()?;
        cursor.expect(b"]")?;
        levels.push(Level { side, price, size });
        Some(())
    })
}

#[inline]
fn trade<'a>(cursor: &mut Cursor<'a>) -> Option<TradeMessage<'a>> {
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"event_id\":")?;
    cursor.integer()?;
    cursor.expect(b",\"timestamp\":")?;
    let time = EventTime(cursor.integer()?.checked_mul(1_000_000)?);
    cursor.expect(b",\"price\":\"")?;
    let price = cursor.price()?;
    cursor.expect(b",\"quantity\":\"")?;
    let size = cursor.number()?;
    cursor.expect(b",\"side\":\"")?;
    let aggressor = cursor.side()?;
    cursor.expect(b",\"tid\":")?;
    let id = TradeId::Unordered(cursor.integer()?);
    (cursor.rest() == b"}").then_some(TradeMessage {
        symbol,
        time,
        id,
        aggressor,
        price,
        size,
        is_past: false,
    })
}
