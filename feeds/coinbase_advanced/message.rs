//! What both readers make of a text.

use crate::model::{EventTime, Price, Side, Symbol};
use crate::session::stitch::{BookMessage, Hear, Level, Span, TradeId, TradeMessage};
use crate::session::text::{Number, parse_time};

/// One trade.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trade {
    pub(super) symbol: Symbol,
    pub(super) time: EventTime,
    pub(super) id: TradeId,
    pub(super) aggressor: Side,
    pub(super) price: Price,
    pub(super) size: Number,
}

/// Room for the lists of one message, reused.
#[derive(Default)]
pub(super) struct Lists {
    pub(super) levels: Vec<Level>,
    pub(super) trades: Vec<Trade>,
}

/// When a book changed: the last change's time, or the message's where that is none (levels of snapshots may be of 1970).
#[inline]
pub(super) fn time_of(event_time: &[u8], timestamp: &[u8]) -> Option<EventTime> {
    if event_time.is_empty() {
        return parse_time(timestamp);
    }
    match parse_time(event_time)? {
        EventTime(0) => parse_time(timestamp),
        time => Some(time),
    }
}

/// Tells a book message.
#[inline]
pub(super) fn tell_book<H: Hear>(
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

/// Tells trades, the oldest first.
#[inline]
pub(super) fn tell_trades<H: Hear>(trades: &mut [Trade], is_past: bool, hear: &mut H) {
    put_in_order(trades);
    for trade in &*trades {
        hear.trade(&TradeMessage {
            symbol: trade.symbol.as_str().as_bytes(),
            time: trade.time,
            id: trade.id,
            aggressor: trade.aggressor,
            price: trade.price,
            size: trade.size,
            is_past,
        });
    }
}

/// By id; where there are none that rise, the order of the message or the opposite one.
fn put_in_order(trades: &mut [Trade]) {
    let number = |trade: &Trade| match trade.id {
        TradeId::Rising(number) => Some(number),
        _ => None,
    };
    if trades.iter().any(|one| number(one).is_none()) {
        if trades.windows(2).any(|pair| pair[0].time > pair[1].time) {
            trades.reverse();
        }
    } else if !trades.is_sorted_by_key(number) {
        trades.sort_unstable_by_key(number);
    }
}
