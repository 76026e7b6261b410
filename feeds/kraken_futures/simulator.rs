//! How this venue speaks.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{
    Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish, is_liquidation,
};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

/// The venue of the simulator.
pub(super) struct KrakenFuturesVenue;

fn entries(levels: &[(Price, Size)]) -> String {
    let entries: Vec<String> = levels
        .iter()
        .map(|(price, size)| {
            let size = size.display(SIZE_DECIMALS);
            format!("{{\"price\":{price},\"qty\":{size}}}")
        })
        .collect();
    format!("[{}]", entries.join(","))
}

fn error(words: &str) -> Vec<Wish> {
    let text = format!("{{\"event\":\"error\",\"message\":\"{words}\"}}");
    vec![Wish::Reply(text)]
}

fn millis(now: EventTime) -> u64 {
    now.0 / 1_000_000
}

impl Speak for KrakenFuturesVenue {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            return error("Json Error");
        };
        let value = tape.as_value();
        let text = |key: &str| value.get(key).and_then(|text| text.into_string());
        let is_subscribe = match text("event") {
            Some("subscribe") => true,
            Some("unsubscribe") => false,
            _ => return error("Bad websocket message"),
        };
        let done = if is_subscribe {
            "subscribed"
        } else {
            "unsubscribed"
        };
        let feed = match text("feed") {
            Some(feed @ ("book" | "trade" | "ticker")) => feed,
            Some("heartbeat") => {
                let text = format!("{{\"event\":\"{done}\",\"feed\":\"heartbeat\"}}");
                return vec![Wish::Reply(text)];
            }
            _ => return error("Invalid feed"),
        };
        let names = value.get("product_ids").and_then(|list| list.into_array());
        let mut wishes = Vec::new();
        for name in names.iter().flat_map(|names| names.iter()) {
            let Some(name) = name.into_string() else {
                continue;
            };
            // Each product has its own answer.
            wishes.push(Wish::Reply(format!(
                "{{\"event\":\"{done}\",\"feed\":\"{feed}\",\"product_ids\":[\"{name}\"]}}"
            )));
            let symbol = Symbol::from(name);
            match (feed, is_subscribe) {
                ("book", true) => wishes.push(Wish::Book(symbol)),
                ("book", false) => wishes.push(Wish::NoBook(symbol)),
                ("trade", true) => wishes.push(Wish::Trades(symbol)),
                _ => {}
            }
        }
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        url.contains("/derivatives/api/v3/instruments")
            .then_some(Asked::Products)
    }

    fn snapshot(&self, now: &BookNow<'_>) -> Option<String> {
        let (name, at, number) = (now.symbol.as_str(), millis(now.now), now.span.last);
        let (bids, asks) = (entries(now.bids), entries(now.asks));
        Some(format!(
            "{{\"feed\":\"book_snapshot\",\"product_id\":\"{name}\",\"timestamp\":{at},\"seq\":{number},\
             \"tickSize\":null,\"bids\":{bids},\"asks\":{asks}}}"
        ))
    }

    fn update(&self, now: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let (name, at, number) = (now.symbol.as_str(), millis(now.now), now.span.last);
        let side = if side == Side::Bid { "buy" } else { "sell" };
        let size = size.display(SIZE_DECIMALS);
        format!(
            "{{\"feed\":\"book\",\"product_id\":\"{name}\",\"side\":\"{side}\",\"seq\":{number},\
             \"price\":{price},\"qty\":{size},\"timestamp\":{at}}}"
        )
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let (name, at) = (symbol.as_str(), millis(now));
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let side = if trade.resting_side == Side::Bid {
            "sell"
        } else {
            "buy"
        };
        let kind = if is_liquidation(id) {
            "liquidation"
        } else {
            "fill"
        };
        format!(
            "{{\"feed\":\"trade\",\"product_id\":\"{name}\",\"uid\":\"{id}\",\"side\":\"{side}\",\
             \"type\":\"{kind}\",\"seq\":{id},\"time\":{at},\"qty\":{size},\"price\":{price}}}"
        )
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let name = symbol.as_str();
                format!(
                    "{{\"symbol\":\"{name}\",\"type\":\"flexible_futures\",\"tickSize\":{TICK_SIZE},\
                     \"contractSize\":1,\"tradeable\":true,\"contractValueTradePrecision\":{SIZE_DECIMALS}}}"
                )
            })
            .collect();
        format!(
            "{{\"result\":\"success\",\"instruments\":[{}]}}",
            entries.join(",")
        )
    }

    fn heartbeat(&self, now: EventTime) -> Option<String> {
        Some(format!(
            "{{\"feed\":\"heartbeat\",\"time\":{}}}",
            millis(now)
        ))
    }

    fn welcome(&self) -> Option<String> {
        Some(r#"{"event":"info","version":1}"#.to_owned())
    }
}
