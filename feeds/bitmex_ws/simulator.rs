//! How this venue speaks.

use crate::model::time::{DAY_NS, civil};
use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

/// The venue of the simulator.
pub(super) struct BitmexVenue;

/// A time as this venue writes it: milliseconds of UTC.
fn time(now: EventTime) -> String {
    let (year, month, day) = civil(now.0 / DAY_NS);
    let millis = now.0 % DAY_NS / 1_000_000;
    let (seconds, millis) = (millis / 1_000, millis % 1_000);
    let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

/// Which id a level has: nobody may make a price of it, but one level keeps one.
fn id(side: Side, price: Price) -> u64 {
    price.0.unsigned_abs() / TICK_SIZE.0.unsigned_abs() * 2 + u64::from(side == Side::Bid)
}

fn row(symbol: Symbol, now: EventTime, (side, price, size): (Side, Price, Size)) -> String {
    let (name, at, id) = (symbol.as_str(), time(now), id(side, price));
    let side = if side == Side::Bid { "Buy" } else { "Sell" };
    let size = match size.0 {
        0 => String::new(),
        _ => format!("\"size\":{},", size.display(SIZE_DECIMALS)),
    };
    format!(
        "{{\"symbol\":\"{name}\",\"id\":{id},\"side\":\"{side}\",{size}\"price\":{price},\"timestamp\":\"{at}\"}}"
    )
}

impl Speak for BitmexVenue {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        if text == "ping" {
            return vec![Wish::Reply("pong".to_owned())];
        }
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            let text = r#"{"status":400,"error":"Unrecognized request","meta":{}}"#.to_owned();
            return vec![Wish::Reply(text)];
        };
        let value = tape.as_value();
        let op = value.get("op").and_then(|op| op.into_string());
        let Some(op) = op.filter(|op| ["subscribe", "unsubscribe"].contains(op)) else {
            let text = r#"{"status":400,"error":"Unknown operation","meta":{}}"#.to_owned();
            return vec![Wish::Reply(text)];
        };
        let topics = value.get("args").and_then(|args| args.into_array());
        let mut wishes = Vec::new();
        for topic in topics.iter().flat_map(|topics| topics.iter()) {
            let Some((table, name)) = topic.into_string().and_then(|text| text.split_once(':'))
            else {
                continue;
            };
            let text = format!("{{\"success\":true,\"{op}\":\"{table}:{name}\"}}");
            wishes.push(Wish::Reply(text));
            let symbol = Symbol::from(name);
            match (table, op) {
                ("orderBookL2", "subscribe") => wishes.push(Wish::Book(symbol)),
                ("orderBookL2", _) => wishes.push(Wish::NoBook(symbol)),
                ("trade", "subscribe") => wishes.push(Wish::Trades(symbol)),
                ("liquidation", "subscribe") => wishes.push(Wish::Liquidations(symbol)),
                _ => {}
            }
        }
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        url.ends_with("/api/v1/instrument/active")
            .then_some(Asked::Products)
    }

    fn snapshot(&self, book: &BookNow<'_>) -> Option<String> {
        let bids = book
            .bids
            .iter()
            .map(|&(price, size)| (Side::Bid, price, size));
        let asks = book
            .asks
            .iter()
            .map(|&(price, size)| (Side::Ask, price, size));
        let rows = bids
            .chain(asks)
            .map(|level| row(book.symbol, book.now, level));
        let rows: Vec<String> = rows.collect();
        let (name, rows) = (book.symbol.as_str(), rows.join(","));
        Some(format!(
            "{{\"table\":\"orderBookL2\",\"action\":\"partial\",\"keys\":[\"symbol\",\"id\",\"side\"],\
             \"filter\":{{\"symbol\":\"{name}\"}},\"data\":[{rows}]}}"
        ))
    }

    /// A new level is an `update` too: what the book was before is not known here.
    fn update(&self, book: &BookNow<'_>, change: (Side, Price, Size)) -> String {
        let action = if change.2.0 == 0 { "delete" } else { "update" };
        let row = row(book.symbol, book.now, change);
        format!("{{\"table\":\"orderBookL2\",\"action\":\"{action}\",\"data\":[{row}]}}")
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let (name, at) = (symbol.as_str(), time(now));
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let side = if trade.resting_side == Side::Bid {
            "Sell"
        } else {
            "Buy"
        };
        format!(
            "{{\"table\":\"trade\",\"action\":\"insert\",\"data\":[{{\"timestamp\":\"{at}\",\"symbol\":\"{name}\",\
             \"side\":\"{side}\",\"size\":{size},\"price\":{price},\"tickDirection\":\"ZeroPlusTick\",\
             \"trdMatchID\":\"00000000-0000-0000-0000-{id:012x}\"}}]}}"
        )
    }

    fn liquidation(
        &self,
        symbol: Symbol,
        _now: EventTime,
        id: u64,
        trade: &TradeNow,
    ) -> Option<String> {
        let name = symbol.as_str();
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let side = if trade.resting_side == Side::Bid {
            "Sell"
        } else {
            "Buy"
        };
        Some(format!(
            "{{\"table\":\"liquidation\",\"action\":\"insert\",\"data\":[{{\"orderID\":\"00000000-0000-0000-0000-{id:012x}\",\
             \"symbol\":\"{name}\",\"side\":\"{side}\",\"price\":{price},\"leavesQty\":{size}}}]}}"
        ))
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let (tick, step) = (TICK_SIZE, Size(1).display(SIZE_DECIMALS));
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let name = symbol.as_str();
                format!(
                    "{{\"symbol\":\"{name}\",\"state\":\"Open\",\"lotSize\":{step},\"tickSize\":{tick}}}"
                )
            })
            .collect();
        format!("[{}]", entries.join(","))
    }

    fn welcome(&self) -> Option<String> {
        Some(r#"{"info":"Welcome to the BitMEX Realtime API."}"#.to_owned())
    }
}
