//! A scanner of the shape changes of a book have on the wire: bytes straight to numbers, one pass, no allocation.

use super::rows::{Change, Row};
use crate::model::{EventTime, Side};
use crate::session::text::{Cursor, Number};

/// Reads an insert, an update or a delete of rows of one instrument; `None`: not the known shape.
#[inline]
pub(super) fn scan<'a>(text: &'a [u8], rows: &mut Vec<Row>) -> Option<(&'a [u8], Change)> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"table\":\"orderBookL2\",\"action\":\"")?;
    let change = if cursor.expect(b"update\"").is_some() {
        Change::Update
    } else if cursor.expect(b"insert\"").is_some() {
        Change::Insert
    } else {
        cursor.expect(b"delete\"")?;
        Change::Delete
    };
    cursor.expect(b",\"data\":[")?;
    rows.clear();
    let mut symbol: Option<&[u8]> = None;
    cursor.list(|cursor| {
        cursor.expect(b"{\"symbol\":\"")?;
        let name = cursor.plain_text()?;
        if *symbol.get_or_insert(name) != name {
            return None;
        }
        rows.push(row(cursor, change)?);
        Some(())
    })?;
    if cursor.rest() != b"}" {
        return None;
    }
    Some((symbol?, change))
}

#[inline]
fn row(cursor: &mut Cursor<'_>, change: Change) -> Option<Row> {
    cursor.expect(b",\"id\":")?;
    let id = cursor.integer()?;
    cursor.expect(b",\"side\":\"")?;
    let side = if cursor.expect(b"Buy\"").is_some() {
        Side::Bid
    } else {
        cursor.expect(b"Sell\"")?;
        Side::Ask
    };
    let size = match cursor.expect(b",\"size\":") {
        Some(()) => Some(cursor.bare_number()?),
        None => None,
    };
    let price = match cursor.expect(b",\"price\":") {
        Some(()) => Some(cursor.bare_number()?.price()?),
        None => None,
    };
    let mut time = EventTime::UNDEFINED;
    if cursor.expect(b",\"timestamp\":\"").is_some() {
        time = cursor.time()?;
    }
    if cursor.expect(b",\"transactTime\":\"").is_some() {
        time = cursor.time()?;
    }
    cursor.expect(b"}")?;
    let size = match change {
        Change::Delete => Number::ZERO,
        _ => size?,
    };
    Some(Row {
        id,
        side,
        size,
        price,
        time,
    })
}
