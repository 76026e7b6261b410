//! Scanners of the shapes the venue really sends: bytes straight to numbers, one pass, no allocation.
//!
//! A scanner either recognises the exact shape (key order included) or declines; it never refuses a message. What it
//! declines goes to the general reader in `parse.rs`, and whatever it accepts, that reader would have read the same.

use super::message::{Level, Match, Message, Number, Ticker, parse_time};
use crate::model::{EventTime, Price, Side};

/// Reads a message of a known shape; levels go to `levels`, which is cleared first. `None`: not a known shape.
#[inline]
pub fn scan<'a>(text: &'a [u8], levels: &mut Vec<Level>) -> Option<Message<'a>> {
    let mut cursor = Cursor { text, at: 0 };
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
    (cursor.at == text.len()).then_some(message)
}

fn l2update<'a>(cursor: &mut Cursor<'a>, levels: &mut Vec<Level>) -> Option<Message<'a>> {
    cursor.expect(b"\"product_id\":\"")?;
    let product = cursor.plain_text()?;
    cursor.expect(b",\"changes\":[")?;
    levels.clear();
    cursor.list(|cursor| {
        cursor.expect(b"[\"")?;
        let side = cursor.side()?;
        cursor.expect(b",\"")?;
        levels.push(cursor.level(side)?);
        Some(())
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
    let mut one_side = |cursor: &mut Cursor<'a>, side| {
        cursor.list(|cursor| {
            cursor.expect(b"[\"")?;
            levels.push(cursor.level(side)?);
            Some(())
        })
    };
    one_side(cursor, first)?;
    if first == Side::Ask {
        cursor.expect(b",\"bids\":[")?;
    } else {
        cursor.expect(b",\"asks\":[")?;
    }
    one_side(cursor, first.opposite())?;
    let time = if cursor.expect(b",\"time\":\"").is_some() {
        cursor.time()?
    } else {
        EventTime::UNDEFINED
    };
    Some(Message::Snapshot { product, time })
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

struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    #[inline]
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Steps over `literal`, or stays where it is.
    #[inline]
    fn expect(&mut self, literal: &[u8]) -> Option<()> {
        self.rest().starts_with(literal).then(|| {
            self.at += literal.len();
        })
    }

    /// Text up to the closing quote, which is stepped over: printable ASCII without escapes only.
    #[inline]
    fn plain_text(&mut self) -> Option<&'a [u8]> {
        let rest = self.rest();
        let stop = rest
            .iter()
            .position(|&byte| byte == b'"' || byte == b'\\' || !(b' '..=b'~').contains(&byte))?;
        if rest[stop] != b'"' {
            return None;
        }
        self.at += stop + 1;
        Some(&rest[..stop])
    }

    /// A number inside quotes, the opening one already behind us.
    #[inline]
    fn number(&mut self) -> Option<Number> {
        let (number, taken) = Number::scan(self.rest())?;
        self.at += taken;
        self.expect(b"\"")?;
        Some(number)
    }

    #[inline]
    fn price(&mut self) -> Option<Price> {
        self.number()?.price()
    }

    /// `price","size"]`.
    #[inline]
    fn level(&mut self, side: Side) -> Option<Level> {
        let price = self.price()?;
        self.expect(b",\"")?;
        let size = self.number()?;
        self.expect(b"]")?;
        Some(Level { side, price, size })
    }

    #[inline]
    fn side(&mut self) -> Option<Side> {
        if self.expect(b"buy\"").is_some() {
            Some(Side::Bid)
        } else {
            self.expect(b"sell\"").map(|()| Side::Ask)
        }
    }

    #[inline]
    fn time(&mut self) -> Option<EventTime> {
        parse_time(self.plain_text()?)
    }

    /// A JSON integer without sign; a zero in front of other digits is not one.
    #[inline]
    fn integer(&mut self) -> Option<u64> {
        let rest = self.rest();
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 || (count > 1 && rest[0] == b'0') {
            return None;
        }
        let value = rest[..count].iter().try_fold(0u64, |total, byte| {
            total.checked_mul(10)?.checked_add(u64::from(byte - b'0'))
        })?;
        self.at += count;
        Some(value)
    }

    /// Elements up to the closing bracket, the opening one already behind us.
    #[inline]
    fn list(&mut self, mut element: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        if self.expect(b"]").is_some() {
            return Some(());
        }
        loop {
            element(self)?;
            if self.expect(b"]").is_some() {
                return Some(());
            }
            self.expect(b",")?;
        }
    }
}
