//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.

use super::message::{Lists, Trade, time_of};
use crate::model::{EventTime, Side, Symbol};
use crate::session::stitch::{Level, TradeId};
use crate::session::text::Cursor;

/// A message of one event. Its lists are where the caller wanted them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    /// Its number on the connection.
    pub(super) number: u64,
    pub(super) body: Body<'a>,
    /// The whole list, or what changed.
    pub(super) is_snapshot: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Body<'a> {
    Book { symbol: &'a [u8], time: EventTime },
    Trades,
}

/// Reads a message of a known shape; `None`: not one.
#[inline]
pub(super) fn scan<'a>(text: &'a [u8], lists: &mut Lists) -> Option<Message<'a>> {
    let mut cursor = Cursor::new(text);
    cursor.expect(b"{\"channel\":\"")?;
    let is_book = cursor.expect(b"l2_data\",").is_some();
    if !is_book {
        cursor.expect(b"market_trades\",")?;
    }
    if cursor.expect(b"\"client_id\":\"").is_some() {
        cursor.plain_text()?;
        cursor.expect(b",")?;
    }
    cursor.expect(b"\"timestamp\":\"")?;
    let timestamp = cursor.plain_text()?;
    cursor.expect(b",\"sequence_num\":")?;
    let number = cursor.integer()?;
    cursor.expect(b",\"events\":[{\"type\":\"")?;
    let is_snapshot = cursor.expect(b"update\",").is_none();
    if is_snapshot {
        cursor.expect(b"snapshot\",")?;
    }
    let body = if is_book {
        book(&mut cursor, timestamp, &mut lists.levels)?
    } else {
        lists.trades.clear();
        cursor.expect(b"\"trades\":[")?;
        cursor.list(|cursor| {
            lists.trades.push(trade(cursor)?);
            Some(())
        })?;
        Body::Trades
    };
    (cursor.rest() == b"}]}").then_some(Message {
        number,
        body,
        is_snapshot,
    })
}

#[inline]
fn book<'a>(
    cursor: &mut Cursor<'a>,
    timestamp: &[u8],
    levels: &mut Vec<Level>,
) -> Option<Body<'a>> {
    cursor.expect(b"\"product_id\":\"")?;
    let symbol = cursor.plain_text()?;
    cursor.expect(b",\"updates\":[")?;
    levels.clear();
    let mut event_time: &[u8] = b"";
    cursor.list(|cursor| {
        cursor.expect(b"{\"side\":\"")?;
        let side = if cursor.expect(b"bid\"").is_some() {
            Side::Bid
        } else {
            cursor.expect(b"offer\"")?;
            Side::Ask
        };
        cursor.expect(b",\"event_time\":\"")?;
        event_time = cursor.plain_text()?;
        cursor.expect(b",\"price_level\":\"")?;
        let price = cursor.price()?;
        cursor.expect(b",\"new_quantity\":\"")?;
        let size = cursor.number()?;
        cursor.expect(b"}")?;
        levels.push(Level { side, price, size });
        Some(())
    })?;
    let time = time_of(event_time, timestamp)?;
    Some(Body::Book { symbol, time })
}

/// The documents have the id first and the time last, the venue sends the product first and the side last.
#[inline]
fn trade(cursor: &mut Cursor<'_>) -> Option<Trade> {
    cursor.expect(b"{\"")?;
    let (name, id) = if cursor.expect(b"trade_id\":\"").is_some() {
        let id = cursor.integer()?;
        cursor.expect(b"\",\"product_id\":\"")?;
        (cursor.plain_text()?, id)
    } else {
        cursor.expect(b"product_id\":\"")?;
        let name = cursor.plain_text()?;
        cursor.expect(b",\"trade_id\":\"")?;
        let id = cursor.integer()?;
        cursor.expect(b"\"")?;
        (name, id)
    };
    cursor.expect(b",\"price\":\"")?;
    let price = cursor.price()?;
    cursor.expect(b",\"size\":\"")?;
    let size = cursor.number()?;
    let (maker, time);
    if cursor.expect(b",\"side\":\"").is_some() {
        maker = side(cursor)?;
        cursor.expect(b",\"time\":\"")?;
        time = cursor.time()?;
    } else {
        cursor.expect(b",\"time\":\"")?;
        time = cursor.time()?;
        cursor.expect(b",\"side\":\"")?;
        maker = side(cursor)?;
    }
    cursor.expect(b"}")?;
    let symbol = Symbol::new(name);
    (symbol.as_str().as_bytes() == name).then_some(Trade {
        symbol,
        time,
        id: TradeId::Rising(id),
        aggressor: maker.opposite(),
        price,
        size,
    })
}

#[inline]
fn side(cursor: &mut Cursor<'_>) -> Option<Side> {
    if cursor.expect(b"BUY\"").is_some() {
        return Some(Side::Bid);
    }
    cursor.expect(b"SELL\"")?;
    Some(Side::Ask)
}
