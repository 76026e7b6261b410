//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.
//!
//! A scanner either recognises the exact shape (key order included) or declines; it never refuses a message. What it
//! declines goes to the general reader in `parse.rs`, and whatever it accepts, that reader would have read the same.

use super::message::{Level, Match, Message, Ticker};
use crate::model::{EventTime, Side};
use crate::session::text::{Cursor, Pair, Sided, rows};

/// Reads a message of a known shape; levels go to `levels`, which is cleared first. `None`: not a known shape.
#[inline]
pub fn scan<'a>(text: &'a [u8], levels: &mut Vec<Level>) -> Option<Message<'a>> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"type\":\"")?;
    let message = match cursor.peek()? {
        b'l' if cursor.expect(b"l2update\",").is_some() => l2update(&mut cursor, levels)?,
        b'l' => Message::LastMatch(trade(&mut cursor, b"last_match\",")?),
        b'm' => Message::Match(trade(&mut cursor, b"match\",")?),
        b't' => ticker(&mut cursor)?,
        b'h' => heartbeat(&mut cursor)?,
        b's' => snapshot(&mut cursor, levels)?,
        _ => return None,
    };
    cursor.expect(b"}")?;
    cursor.is_at_end().then_some(message)
}

fn l2update<'a>(cursor: &mut Cursor<'a>, levels: &mut Vec<Level>) -> Option<Message<'a>> {
    cursor.expect(b"\"product_id\":\"")?;
    let product = cursor.plain_text()?;
    cursor.expect(b",\"changes\":[")?;
    levels.clear();
    rows::<Sided, _>(cursor, Side::None, |row| {
        levels.push(Level {
            side: row.side,
            price: row.price,
            size: row.size,
        });
    })?;
    cursor.expect(b",\"time\":\"")?;
    let time = cursor.time()?;
    Some(Message::L2Update { product, time })
}

fn snapshot<'a>(cursor: &mut Cursor<'a>, levels: &mut Vec<Level>) -> Option<Message<'a>> {
    cursor.expect(b"snapshot\",\"product_id\":\"")?;
    let product = cursor.plain_text()?;
    levels.clear();
    // Asks came first in 2021, bids come first since; the time came later still.
    let first = if cursor.expect(b",\"asks\":[").is_some() {
        Side::Ask
    } else {
        cursor.expect(b",\"bids\":[")?;
        Side::Bid
    };
    one_side(cursor, first, levels)?;
    if first == Side::Ask {
        cursor.expect(b",\"bids\":[")?;
    } else {
        cursor.expect(b",\"asks\":[")?;
    }
    one_side(cursor, first.opposite(), levels)?;
    let time = if cursor.expect(b",\"time\":\"").is_some() {
        cursor.time()?
    } else {
        EventTime::UNDEFINED
    };
    Some(Message::Snapshot { product, time })
}

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

fn trade<'a>(cursor: &mut Cursor<'a>, name: &[u8]) -> Option<Match<'a>> {
    cursor.expect(name)?;
    cursor.expect(b"\"trade_id\":")?;
    let trade_id = cursor.integer()?;
    cursor.expect(b",\"maker_order_id\":\"")?;
    cursor.plain_text()?;
    cursor.expect(b",\"taker_order_id\":\"")?;
    cursor.plain_text()?;
    cursor.expect(b",\"side\":\"")?;
    let maker_side = cursor.side()?;
    cursor.expect(b",\"size\":\"")?;
    let size = cursor.number()?;
    cursor.expect(b",\"price\":\"")?;
    let price = cursor.price()?;
    cursor.expect(b",\"product_id\":\"")?;
    let product = cursor.plain_text()?;
    cursor.expect(b",\"sequence\":")?;
    let sequence = cursor.integer()?;
    cursor.expect(b",\"time\":\"")?;
    let time = cursor.time()?;
    Some(Match {
        product,
        time,
        sequence,
        trade_id,
        maker_side,
        price,
        size,
    })
}

fn ticker<'a>(cursor: &mut Cursor<'a>) -> Option<Message<'a>> {
    cursor.expect(b"ticker\",\"sequence\":")?;
    let sequence = cursor.integer()?;
    cursor.expect(b",\"product_id\":\"")?;
    let product = cursor.plain_text()?;
    cursor.expect(b",\"price\":\"")?;
    let price = cursor.price()?;
    cursor.expect(b",\"open_24h\":\"")?;
    let open_24h = cursor.price()?;
    cursor.expect(b",\"volume_24h\":\"")?;
    let volume_24h = cursor.number()?;
    cursor.expect(b",\"low_24h\":\"")?;
    cursor.plain_text()?;
    cursor.expect(b",\"high_24h\":\"")?;
    cursor.plain_text()?;
    cursor.expect(b",\"volume_30d\":\"")?;
    cursor.plain_text()?;
    cursor.expect(b",\"best_bid\":\"")?;
    cursor.plain_text()?;
    // The sizes of the best prices came later.
    if cursor.expect(b",\"best_bid_size\":\"").is_some() {
        cursor.plain_text()?;
    }
    cursor.expect(b",\"best_ask\":\"")?;
    cursor.plain_text()?;
    if cursor.expect(b",\"best_ask_size\":\"").is_some() {
        cursor.plain_text()?;
    }
    cursor.expect(b",\"side\":\"")?;
    cursor.plain_text()?;
    cursor.expect(b",\"time\":\"")?;
    let time = cursor.time()?;
    cursor.expect(b",\"trade_id\":")?;
    cursor.integer()?;
    cursor.expect(b",\"last_size\":\"")?;
    cursor.plain_text()?;
    Some(Message::Ticker(Ticker {
        product,
        time,
        sequence,
        price,
        open_24h: Some(open_24h),
        volume_24h: Some(volume_24h),
    }))
}

fn heartbeat<'a>(cursor: &mut Cursor<'a>) -> Option<Message<'a>> {
    cursor.expect(b"heartbeat\",")?;
    // The manual shows the sequence first, the venue sends the trade first.
    let trade_first = cursor.expect(b"\"last_trade_id\":").is_some();
    let (last_trade_id, product, sequence);
    if trade_first {
        last_trade_id = cursor.integer()?;
        cursor.expect(b",\"product_id\":\"")?;
        product = cursor.plain_text()?;
        cursor.expect(b",\"sequence\":")?;
        sequence = cursor.integer()?;
    } else {
        cursor.expect(b"\"sequence\":")?;
        sequence = cursor.integer()?;
        cursor.expect(b",\"last_trade_id\":")?;
        last_trade_id = cursor.integer()?;
        cursor.expect(b",\"product_id\":\"")?;
        product = cursor.plain_text()?;
    }
    cursor.expect(b",\"time\":\"")?;
    let time = cursor.time()?;
    Some(Message::Heartbeat {
        product,
        time,
        sequence,
        last_trade_id,
    })
}
