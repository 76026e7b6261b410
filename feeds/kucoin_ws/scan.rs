//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.

use super::venue::Kind;
use crate::model::{EventTime, Side};
use crate::session::stitch::{BookMessage, Hear, Level, Span};
use crate::session::text::Cursor;

/// Reads an update of a book and tells it; `None`: not a known shape, and nothing was told.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], levels: &mut Vec<Level>, hear: &mut H) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    levels.clear();
    let (span, symbol, time);
    if cursor.expect(b"{\"topic\":\"/market/level2:").is_some() {
        cursor.plain_text()?;
        cursor.expect(b",\"type\":\"message\",\"subject\":\"trade.l2update\",\"data\":{")?;
        sides(&mut cursor, levels)?;
        cursor.expect(b",\"sequenceEnd\":")?;
        let last = cursor.integer()?;
        cursor.expect(b",\"sequenceStart\":")?;
        span = range(cursor.integer()?, last);
        cursor.expect(b",\"symbol\":\"")?;
        symbol = cursor.plain_text()?;
        time = match cursor.expect(b",\"time\":") {
            Some(()) => EventTime(cursor.integer()?.checked_mul(1_000_000)?),
            None => EventTime::UNDEFINED,
        };
        if cursor.rest() != b"}}" {
            return None;
        }
    } else {
        cursor.expect(b"{\"data\":{\"sequenceStart\":")?;
        let first = cursor.integer()?;
        cursor.expect(b",\"symbol\":\"")?;
        symbol = cursor.plain_text()?;
        cursor.expect(b",")?;
        sides(&mut cursor, levels)?;
        cursor.expect(b",\"sequenceEnd\":")?;
        span = range(first, cursor.integer()?);
        time = EventTime::UNDEFINED;
        cursor.expect(b"},\"subject\":\"trade.l2update\",\"topic\":\"/market/level2:")?;
        cursor.plain_text()?;
        if cursor.rest() != b",\"type\":\"message\"}" {
            return None;
        }
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot: false,
        span,
        time,
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Some(Kind::Update)
}

const fn range(first: u64, last: u64) -> Span {
    Span {
        first,
        last,
        previous: None,
    }
}

#[inline]
fn sides(cursor: &mut Cursor<'_>, levels: &mut Vec<Level>) -> Option<()> {
    cursor.expect(b"\"changes\":{\"asks\":[")?;
    one_side(cursor, Side::Ask, levels)?;
    cursor.expect(b",\"bids\":[")?;
    one_side(cursor, Side::Bid, levels)?;
    cursor.expect(b"}")
}

/// `["18906","0.00331","14103845"]`, price, size and number of each change.
#[inline]
fn one_side(cursor: &mut Cursor<'_>, side: Side, levels: &mut Vec<Level>) -> Option<()> {
    cursor.list(|cursor| {
        cursor.expect(b"[\"")?;
        let (price, size) = cursor.price_and_size()?;
        cursor.expect(b",\"")?;
        cursor.integer()?;
        cursor.expect(b"\"]")?;
        // No level is meant: only the number moves on.
        if price.0 != 0 {
            levels.push(Level { side, price, size });
        }
        Some(())
    })
}
