//! How this venue speaks.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{
    Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish, levels_json,
};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

/// The venue of the simulator.
pub(super) struct BybitVenue;

fn book(book: &BookNow<'_>, kind: &str, bids: &str, asks: &str) -> String {
    let (name, at, number) = (book.symbol.as_str(), book.now.0 / 1_000_000, book.span.last);
    format!(
        "{{\"topic\":\"orderbook.200.{name}\",\"type\":\"{kind}\",\"ts\":{at},\"data\":{{\"s\":\"{name}\",\
         \"b\":{bids},\"a\":{asks},\"u\":{number},\"seq\":{number}}},\"cts\":{at}}}"
    )
}

impl Speak for BybitVenue {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            let text = r#"{"success":false,"ret_msg":"Invalid JSON","op":""}"#.to_owned();
            return vec![Wish::Reply(text)];
        };
        let value = tape.as_value();
        let op = value.get("op").and_then(|op| op.into_string());
        let (op, words) = match op {
            Some("ping") => ("ping", "pong"),
            Some("subscribe") => ("subscribe", ""),
            Some("unsubscribe") => ("unsubscribe", ""),
            _ => {
                let text = r#"{"success":false,"ret_msg":"unknown op","op":""}"#.to_owned();
                return vec![Wish::Reply(text)];
            }
        };
        let text = format!(
            "{{\"success\":true,\"ret_msg\":\"{words}\",\"conn_id\":\"1\",\"req_id\":\"\",\"op\":\"{op}\"}}"
        );
        let mut wishes = vec![Wish::Reply(text)];
        let topics = value.get("args").and_then(|args| args.into_array());
        for topic in topics.iter().flat_map(|topics| topics.iter()) {
            let Some((table, name)) = topic.into_string().and_then(|text| text.rsplit_once('.'))
            else {
                continue;
            };
            let symbol = Symbol::from(name);
            match (table, op) {
                ("orderbook.200", "subscribe") => wishes.push(Wish::Book(symbol)),
                ("orderbook.200", _) => wishes.push(Wish::NoBook(symbol)),
                ("publicTrade", "subscribe") => wishes.push(Wish::Trades(symbol)),
                ("allLiquidation", "subscribe") => wishes.push(Wish::Liquidations(symbol)),
                _ => {}
            }
        }
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        url.contains("/v5/market/instruments-info")
            .then_some(Asked::Products)
    }

    fn snapshot(&self, now: &BookNow<'_>) -> Option<String> {
        let (bids, asks) = (levels_json(now.bids), levels_json(now.asks));
        Some(book(now, "snapshot", &bids, &asks))
    }

    fn update(&self, now: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let change = levels_json(&[(price, size)]);
        if side == Side::Bid {
            book(now, "delta", &change, "[]")
        } else {
            book(now, "delta", "[]", &change)
        }
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let (name, at) = (symbol.as_str(), now.0 / 1_000_000);
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let side = if trade.resting_side == Side::Bid {
            "Sell"
        } else {
            "Buy"
        };
        format!(
            "{{\"topic\":\"publicTrade.{name}\",\"type\":\"snapshot\",\"ts\":{at},\"data\":[{{\"T\":{at},\"s\":\"{name}\",\
             \"S\":\"{side}\",\"v\":\"{size}\",\"p\":\"{price}\",\"L\":\"PlusTick\",\
             \"i\":\"00000000-0000-0000-0000-{id:012x}\",\"BT\":false}}]}}"
        )
    }

    fn liquidation(
        &self,
        symbol: Symbol,
        now: EventTime,
        _id: u64,
        trade: &TradeNow,
    ) -> Option<String> {
        let (name, at) = (symbol.as_str(), now.0 / 1_000_000);
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        // Who sells into a bid was long.
        let side = if trade.resting_side == Side::Bid {
            "Buy"
        } else {
            "Sell"
        };
        Some(format!(
            "{{\"topic\":\"allLiquidation.{name}\",\"type\":\"snapshot\",\"ts\":{at},\"data\":[{{\"T\":{at},\
             \"s\":\"{name}\",\"S\":\"{side}\",\"v\":\"{size}\",\"p\":\"{price}\"}}]}}"
        ))
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let (tick, step) = (TICK_SIZE, Size(1).display(SIZE_DECIMALS));
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let name = symbol.as_str();
                format!(
                    "{{\"symbol\":\"{name}\",\"status\":\"Trading\",\"priceFilter\":{{\"tickSize\":\"{tick}\"}},\
                     \"lotSizeFilter\":{{\"qtyStep\":\"{step}\"}}}}"
                )
            })
            .collect();
        let entries = entries.join(",");
        format!("{{\"retCode\":0,\"retMsg\":\"OK\",\"result\":{{\"list\":[{entries}]}}}}")
    }
}
