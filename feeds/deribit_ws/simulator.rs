//! How this venue speaks.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{
    Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish, is_liquidation,
};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

/// The venue of the simulator.
pub(super) struct DeribitVenue;

fn entries(action: &str, levels: &[(Price, Size)]) -> String {
    let entries: Vec<String> = levels
        .iter()
        .map(|(price, size)| format!("[\"{action}\",{price},{}]", size.display(SIZE_DECIMALS)))
        .collect();
    format!("[{}]", entries.join(","))
}

fn book(book: &BookNow<'_>, kind: &str, previous: &str, bids: &str, asks: &str) -> String {
    let (name, at, id) = (book.symbol.as_str(), book.now.0 / 1_000_000, book.span.last);
    format!(
        "{{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{{\"channel\":\"book.{name}.100ms\",\"data\":{{\
         \"type\":\"{kind}\",\"timestamp\":{at},{previous}\"instrument_name\":\"{name}\",\"change_id\":{id},\
         \"bids\":{bids},\"asks\":{asks}}}}}}}"
    )
}

impl Speak for DeribitVenue {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            let error =
                r#"{"jsonrpc":"2.0","error":{"code":-32700,"message":"Parse error"}}"#.to_owned();
            return vec![Wish::Reply(error)];
        };
        let value = tape.as_value();
        let id = value.get("id").and_then(|id| id.as_u64()).unwrap_or(0);
        let method = value.get("method").and_then(|method| method.into_string());
        let result = match method {
            Some("public/test") => Some(r#"{"version":"1.2.26"}"#),
            Some("public/set_heartbeat") => Some("\"ok\""),
            _ => None,
        };
        if let Some(result) = result {
            let text = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":{result}}}");
            return vec![Wish::Reply(text)];
        }
        let is_subscribe = method == Some("public/subscribe");
        let channels = value
            .get("params")
            .and_then(|params| params.get("channels"));
        let channels = channels.and_then(|channels| channels.into_array());
        let mut joined = Vec::new();
        let mut wishes = Vec::new();
        for channel in channels.iter().flat_map(|channels| channels.iter()) {
            let Some(channel) = channel.into_string() else {
                continue;
            };
            joined.push(format!("\"{channel}\""));
            let mut parts = channel.split('.');
            let (kind, Some(name)) = (parts.next(), parts.next()) else {
                continue;
            };
            let symbol = Symbol::from(name);
            match (kind, is_subscribe) {
                (Some("book"), true) => wishes.push(Wish::Book(symbol)),
                (Some("book"), false) => wishes.push(Wish::NoBook(symbol)),
                (Some("trades"), true) => wishes.push(Wish::Trades(symbol)),
                _ => {}
            }
        }
        let joined = joined.join(",");
        let text = format!("{{\"jsonrpc\":\"2.0\",\"id\":{id},\"result\":[{joined}]}}");
        wishes.insert(0, Wish::Reply(text));
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        url.contains("/api/v2/public/get_instruments")
            .then_some(Asked::Products)
    }

    fn snapshot(&self, now: &BookNow<'_>) -> Option<String> {
        let (bids, asks) = (entries("new", now.bids), entries("new", now.asks));
        Some(book(now, "snapshot", "", &bids, &asks))
    }

    fn update(&self, now: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let action = if size.0 == 0 { "delete" } else { "change" };
        let change = entries(action, &[(price, size)]);
        let (bids, asks) = if side == Side::Bid {
            (change.as_str(), "[]")
        } else {
            ("[]", change.as_str())
        };
        let previous = now.span.previous.unwrap_or_default();
        let previous = format!("\"prev_change_id\":{previous},");
        book(now, "change", &previous, bids, asks)
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let (name, at) = (symbol.as_str(), now.0 / 1_000_000);
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let direction = if trade.resting_side == Side::Bid {
            "sell"
        } else {
            "buy"
        };
        let forced = if is_liquidation(id) {
            ",\"liquidation\":\"T\""
        } else {
            ""
        };
        format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"subscription\",\"params\":{{\"channel\":\"trades.{name}.100ms\",\
             \"data\":[{{\"trade_seq\":{id},\"trade_id\":\"{id}\",\"timestamp\":{at},\"tick_direction\":0,\
             \"price\":{price},\"instrument_name\":\"{name}\",\"direction\":\"{direction}\",\"amount\":{size}{forced}}}]}}}}"
        )
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let (tick, step) = (TICK_SIZE, Size(1).display(SIZE_DECIMALS));
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let name = symbol.as_str();
                format!(
                    "{{\"tick_size\":{tick},\"min_trade_amount\":{step},\"is_active\":true,\
                     \"instrument_name\":\"{name}\"}}"
                )
            })
            .collect();
        format!("{{\"jsonrpc\":\"2.0\",\"result\":[{}]}}", entries.join(","))
    }
}
