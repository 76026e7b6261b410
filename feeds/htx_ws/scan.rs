//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.

use super::venue::Kind;
use crate::model::{EventTime, Side};
use crate::session::stitch::{BookMessage, Hear, Level, Span};
use crate::session::text::{Cursor, Number};

/// Reads an update of a book and tells it; `None`: not a known shape, and nothing was told.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], levels: &mut Vec<Level>, hear: &mut H) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"ch\":\"market.")?;
    let topic = cursor.plain_text()?;
    let end = topic.iter().position(|&byte| byte == b'.')?;
    let (symbol, topic) = topic.split_at(end);
    if topic != b".mbp.150" {
        return None;
    }
    cursor.expect(b",\"ts\":")?;
    let time = EventTime(cursor.integer()?.checked_mul(1_000_000)?);
    cursor.expect(b",\"tick\":{\"seqNum\":")?;
    let last = cursor.integer()?;
    cursor.expect(b",\"prevSeqNum\":")?;
    let previous = cursor.integer()?;
    levels.clear();
    // A message may have one side only, and either first.
    while cursor.expect(b",\"").is_some() {
        let side = match cursor.expect(b"bids\":[") {
            Some(()) => Side::Bid,
            None => {
                cursor.expect(b"asks\":[")?;
                Side::Ask
            }
        };
        one_side(&mut cursor, side, levels)?;
    }
    if cursor.rest() != b"}}" {
        return None;
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot: false,
        span: Span {
            first: last,
            last,
            previous: Some(previous),
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
        cursor.expect(b"[")?;
        let price = number(cursor)?.price()?;
        cursor.expect(b",")?;
        let size = number(cursor)?;
        cursor.expect(b"]")?;
        levels.push(Level { side, price, size });
        Some(())
    })
}

/// A bare number; one with an exponent is the other reader's.
#[inline]
fn number(cursor: &mut Cursor<'_>) -> Option<Number> {
    let number = cursor.bare_number()?;
    (!matches!(cursor.peek(), Some(b'e' | b'E'))).then_some(number)
}
