//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.
//!
//! A scanner either recognises the exact shape (key order included) or declines; it never refuses a message. What it
//! declines goes to the general reader in `read.rs`, and whatever it accepts, that reader would have read the same.

use super::venue::Kind;
use crate::model::{EventTime, Side, StatisticKind};
use crate::session::stitch::{BookMessage, Hear, Level, Quantity, Span, TradeId, TradeMessage};
use crate::session::text::{Cursor, Pair, Sided, rows};

/// What stands behind the last member.
const END: &[u8] = b"}";
/// Order ids are UUIDs.
const ORDER_ID_BYTES: usize = 36;

/// Reads a message of a known shape and tells it; `None`: not a known shape, and nothing was told.
#[inline]
pub(super) fn scan<H: Hear>(text: &[u8], levels: &mut Vec<Level>, hear: &mut H) -> Option<Kind> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"type\":\"")?;
    match cursor.peek()? {
        b'l' if cursor.expect(b"l2update\",").is_some() => l2update(&mut cursor, levels, hear),
        b'l' => trade(&mut cursor, b"last_match\",", Kind::LastMatch, hear),
        b'm' => trade(&mut cursor, b"match\",", Kind::Match, hear),
        b't' => ticker(&mut cursor, hear),
        b'h' => heartbeat(&mut cursor, hear),
        b's' => snapshot(&mut cursor, levels, hear),
        _ => None,
    }
}

#[inline]
fn tell<H: Hear>(
    symbol: &[u8],
    is_snapshot: bool,
    time: EventTime,
    levels: &[Level],
    hear: &mut H,
) {
    hear.book(&BookMessage {
        symbol,
        is_snapshot,
        span: Span::default(),
        time,
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
}

#[inline]
fn l2update<H: Hear>(
    cursor: &mut Cursor<'_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Option<Kind> {
    cursor.expect(b"\"product_id\":\"")?;
    let symbol = cursor.plain_text()?;
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
    if cursor.rest() != END {
        return None;
    }
    tell(symbol, false, time, levels, hear);
    Some(Kind::Update)
}

fn snapshot<H: Hear>(
    cursor: &mut Cursor<'_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Option<Kind> {
    cursor.expect(b"snapshot\",\"product_id\":\"")?;
    let symbol = cursor.plain_text()?;
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
    if cursor.rest() != END {
        return None;
    }
    tell(symbol, true, time, levels, hear);
    Some(Kind::Snapshot)
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

fn trade<H: Hear>(cursor: &mut Cursor<'_>, name: &[u8], kind: Kind, hear: &mut H) -> Option<Kind> {
    cursor.expect(name)?;
    cursor.expect(b"\"trade_id\":")?;
    let id = TradeId::Consecutive(cursor.integer()?);
    cursor.expect(b",\"maker_order_id\":\"")?;
    cursor.skip_plain::<ORDER_ID_BYTES>()?;
    cursor.expect(b",\"taker_order_id\":\"")?;
    cursor.skip_plain::<ORDER_ID_BYTES>()?;
    cursor.expect(b",\"side\":\"")?;
    let maker_side: Side = cursor.side()?;
    cursor.expect(b",\"size\":\"")?;
    let size = cursor.number()?;
    cursor.expect(b",\"price\":\"")?;
    let price = cursor.price()?;
    cursor.expect(b",\"product_id\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"sequence\":")?;
    cursor.integer()?;
    cursor.expect(b",\"time\":\"")?;
    let time = cursor.time()?;
    if cursor.rest() != END {
        return None;
    }
    hear.trade(&TradeMessage {
        symbol,
        time,
        id,
        aggressor: maker_side.opposite(),
        price,
        size,
        is_past: kind == Kind::LastMatch,
    });
    Some(kind)
}

fn ticker<H: Hear>(cursor: &mut Cursor<'_>, hear: &mut H) -> Option<Kind> {
    cursor.expect(b"ticker\",\"sequence\":")?;
    cursor.integer()?;
    cursor.expect(b",\"product_id\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"price\":\"")?;
    let price = cursor.price()?;
    cursor.expect(b",\"open_24h\":\"")?;
    let open = cursor.price()?;
    cursor.expect(b",\"volume_24h\":\"")?;
    let volume = cursor.number()?;
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
    if cursor.rest() != END {
        return None;
    }
    hear.statistic(
        symbol,
        time,
        StatisticKind::Volume24h,
        Quantity::Size(volume),
    );
    hear.statistic(
        symbol,
        time,
        StatisticKind::OpenPrice24h,
        Quantity::Price(open),
    );
    hear.statistic(
        symbol,
        time,
        StatisticKind::LastPrice,
        Quantity::Price(price),
    );
    Some(Kind::Ticker)
}

fn heartbeat<H: Hear>(cursor: &mut Cursor<'_>, hear: &mut H) -> Option<Kind> {
    cursor.expect(b"heartbeat\",")?;
    // The manual shows the sequence first, the venue sends the trade first.
    let trade_first = cursor.expect(b"\"last_trade_id\":").is_some();
    let (last_trade_id, symbol);
    if trade_first {
        last_trade_id = cursor.integer()?;
        cursor.expect(b",\"product_id\":\"")?;
        symbol = cursor.plain_text()?;
        cursor.expect(b",\"sequence\":")?;
        cursor.integer()?;
    } else {
        cursor.expect(b"\"sequence\":")?;
        cursor.integer()?;
        cursor.expect(b",\"last_trade_id\":")?;
        last_trade_id = cursor.integer()?;
        cursor.expect(b",\"product_id\":\"")?;
        symbol = cursor.plain_text()?;
    }
    cursor.expect(b",\"time\":\"")?;
    cursor.time()?;
    if cursor.rest() != END {
        return None;
    }
    hear.last_trade(symbol, last_trade_id);
    Some(Kind::Heartbeat)
}
