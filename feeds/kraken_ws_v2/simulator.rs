//! How the venue speaks, in v2.

use super::venue::checksum;
use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish};
use crate::session::stitch::{Ladders, Level};
use crate::session::text::{Number, Timestamp};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

/// Digits behind the point of prices.
const PRICE_DIGITS: u8 = 2;

/// The venue.
pub(super) struct KrakenMarket;

fn price_text(price: Price) -> String {
    let cents = price.0 / TICK_SIZE.0;
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn size_text(size: Size) -> String {
    let unit = 10u64.pow(u32::from(SIZE_DECIMALS));
    format!(
        "{}.{:0width$}",
        size.0 / unit,
        size.0 % unit,
        width = usize::from(SIZE_DECIMALS)
    )
}

fn side_json(levels: &[(Price, Size)]) -> String {
    let levels: Vec<String> = levels
        .iter()
        .map(|(price, size)| {
            let (price, size) = (price_text(*price), size_text(*size));
            format!("{{\"price\":{price},\"qty\":{size}}}")
        })
        .collect();
    format!("[{}]", levels.join(","))
}

fn book_json(book: &BookNow<'_>, kind: &str, bids: &str, asks: &str) -> String {
    let mut ladders = Ladders::default();
    for (levels, side) in [(book.bids, Side::Bid), (book.asks, Side::Ask)] {
        for &(price, size) in levels {
            let size = Number::parse(size_text(size).as_bytes()).unwrap_or(Number::ZERO);
            ladders.apply(&Level { side, price, size });
        }
    }
    let sum = checksum(&ladders, (PRICE_DIGITS, SIZE_DECIMALS));
    let (name, at) = (book.symbol.as_str(), Timestamp(book.now));
    let time = if kind == "update" {
        format!(",\"timestamp\":\"{at}\"")
    } else {
        String::new()
    };
    format!(
        "{{\"channel\":\"book\",\"type\":\"{kind}\",\"data\":[{{\"symbol\":\"{name}\",\"bids\":{bids},\"asks\":{asks},\
         \"checksum\":{sum}{time}}}]}}"
    )
}

impl Speak for KrakenMarket {
    fn on_text(&mut self, now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            let text = "{\"error\":\"Malformed request\",\"success\":false}";
            return vec![Wish::Reply(text.to_owned())];
        };
        let value = tape.as_value();
        let method = value.get("method").and_then(|method| method.into_string());
        if method == Some("ping") {
            return vec![Wish::Reply("{\"method\":\"pong\"}".to_owned())];
        }
        let params = value.get("params").and_then(|params| params.into_object());
        let (Some(params), Some(method @ ("subscribe" | "unsubscribe"))) = (params, method) else {
            let text = "{\"error\":\"Unsupported method\",\"success\":false}";
            return vec![Wish::Reply(text.to_owned())];
        };
        let channel = params
            .get("channel")
            .and_then(|channel| channel.into_string());
        let channel = channel.unwrap_or_default();
        let names = params.get("symbol").and_then(|names| names.into_array());
        let mut wishes = Vec::new();
        let at = Timestamp(now);
        if names.is_none() {
            wishes.push(Wish::Reply(format!(
                "{{\"method\":\"{method}\",\"result\":{{\"channel\":\"{channel}\",\"snapshot\":true}},\
                 \"success\":true,\"time_in\":\"{at}\",\"time_out\":\"{at}\"}}"
            )));
        }
        for name in names.iter().flat_map(|names| names.iter()) {
            let Some(name) = name.into_string() else {
                continue;
            };
            wishes.push(Wish::Reply(format!(
                "{{\"method\":\"{method}\",\"result\":{{\"channel\":\"{channel}\",\"symbol\":\"{name}\"}},\
                 \"success\":true,\"time_in\":\"{at}\",\"time_out\":\"{at}\"}}"
            )));
            let symbol = Symbol::from(name);
            match (channel, method) {
                ("book", "subscribe") => wishes.push(Wish::Book(symbol)),
                ("book", _) => wishes.push(Wish::NoBook(symbol)),
                ("trade", "subscribe") => wishes.push(Wish::Trades(symbol)),
                _ => {}
            }
        }
        wishes
    }

    fn on_fetch(&self, _url: &str) -> Option<Asked> {
        None
    }

    fn snapshot(&self, book: &BookNow<'_>) -> Option<String> {
        let (bids, asks) = (side_json(book.bids), side_json(book.asks));
        Some(book_json(book, "snapshot", &bids, &asks))
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let change = side_json(&[(price, size)]);
        match side {
            Side::Bid => book_json(book, "update", &change, "[]"),
            _ => book_json(book, "update", "[]", &change),
        }
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let side = match trade.resting_side {
            Side::Bid => "sell",
            _ => "buy",
        };
        let (price, size) = (price_text(trade.price), size_text(Size(trade.size)));
        let (name, at) = (symbol.as_str(), Timestamp(now));
        format!(
            "{{\"channel\":\"trade\",\"type\":\"update\",\"data\":[{{\"symbol\":\"{name}\",\"side\":\"{side}\",\"price\":{price},\
             \"qty\":{size},\"ord_type\":\"market\",\"trade_id\":{id},\"timestamp\":\"{at}\"}}]}}"
        )
    }

    fn heartbeat(&self, _now: EventTime) -> Option<String> {
        Some("{\"channel\":\"heartbeat\"}".to_owned())
    }
}
