//! How the venue speaks.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{
    Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish, levels_json,
};
use crate::session::text::Timestamp;
use crate::simulator::TradeNow;
use simd_json::prelude::*;
use simd_json::tape::Value;

/// The venue.
pub(super) struct CoinbaseMarket;

const CHANNELS: [&str; 5] = ["level2_batch", "matches", "ticker", "heartbeat", "status"];

fn refusal(reason: &str) -> Vec<Wish> {
    let text = format!(
        "{{\"type\":\"error\",\"message\":\"Failed to subscribe\",\"reason\":\"{reason}\"}}"
    );
    vec![Wish::Reply(text)]
}

fn symbols(value: Option<Value<'_, '_>>) -> Vec<Symbol> {
    let list = value.and_then(|value| value.into_array());
    let names = list.iter().flat_map(|list| list.iter());
    names
        .filter_map(|name| name.into_string().map(Symbol::from))
        .collect()
}

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Ask => "sell",
        Side::Bid | Side::None => "buy",
    }
}

impl Speak for CoinbaseMarket {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            return refusal("Malformed JSON");
        };
        let value = tape.as_value();
        let verb = value.get("type").and_then(|verb| verb.into_string());
        let Some(verb @ ("subscribe" | "unsubscribe")) = verb else {
            return refusal("Type has to be either subscribe or unsubscribe");
        };
        let common = symbols(value.get("product_ids"));
        let channels = value.get("channels").and_then(|list| list.into_array());
        let mut wishes = Vec::new();
        let mut names = Vec::new();
        for channel in channels.iter().flat_map(|list| list.iter()) {
            let own = channel.get("product_ids").map(|list| symbols(Some(list)));
            let name = match channel.get("name") {
                Some(name) => name.into_string(),
                None => channel.into_string(),
            };
            let Some(name) = name.filter(|name| CHANNELS.contains(name)) else {
                return refusal("no such channel");
            };
            let products = own.as_ref().unwrap_or(&common);
            if products.is_empty() && name != "status" {
                return refusal("product_ids missing");
            }
            for &symbol in products {
                match (name, verb) {
                    ("level2_batch", "subscribe") => wishes.push(Wish::Book(symbol)),
                    ("level2_batch", _) => wishes.push(Wish::NoBook(symbol)),
                    ("matches", "subscribe") => wishes.push(Wish::Trades(symbol)),
                    _ => {}
                }
            }
            let ids: Vec<String> = products
                .iter()
                .map(|symbol| format!("\"{}\"", symbol.as_str()))
                .collect();
            let ids = ids.join(",");
            names.push(format!("{{\"name\":\"{name}\",\"product_ids\":[{ids}]}}"));
        }
        if verb == "unsubscribe" {
            names.clear();
        }
        let names = names.join(",");
        let confirmation = format!("{{\"type\":\"subscriptions\",\"channels\":[{names}]}}");
        wishes.insert(0, Wish::Reply(confirmation));
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        let path = url.split('?').next()?;
        if path.ends_with("/products") {
            return Some(Asked::Products);
        }
        let (_, symbol) = path.strip_suffix("/book")?.rsplit_once("/products/")?;
        Some(Asked::Snapshot(Symbol::from(symbol)))
    }

    fn snapshot(&self, book: &BookNow<'_>) -> Option<String> {
        let (name, time) = (book.symbol.as_str(), Timestamp(book.now));
        let (bids, asks) = (levels_json(book.bids), levels_json(book.asks));
        Some(format!(
            "{{\"type\":\"snapshot\",\"product_id\":\"{name}\",\"asks\":{asks},\"bids\":{bids},\"time\":\"{time}\"}}"
        ))
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let (name, time) = (book.symbol.as_str(), Timestamp(book.now));
        let (side, size) = (side_name(side), size.display(SIZE_DECIMALS));
        format!(
            "{{\"type\":\"l2update\",\"product_id\":\"{name}\",\"changes\":[[\"{side}\",\"{price}\",\"{size:#}\"]],\
             \"time\":\"{time}\"}}"
        )
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let (name, time) = (symbol.as_str(), Timestamp(now));
        // The venue knows no hidden orders; such a print gets a side all the same.
        let maker = side_name(trade.resting_side);
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let order = |number: u64| format!("00000000-0000-4000-8000-{number:012x}");
        let (makers, takers) = (order(id * 2), order(id * 2 + 1));
        format!(
            "{{\"type\":\"match\",\"trade_id\":{id},\"maker_order_id\":\"{makers}\",\"taker_order_id\":\"{takers}\",\
             \"side\":\"{maker}\",\"size\":\"{size:#}\",\"price\":\"{price}\",\"product_id\":\"{name}\",\
             \"sequence\":{id},\"time\":\"{time}\"}}"
        )
    }

    fn rest_snapshot(&self, book: &BookNow<'_>) -> String {
        let side = |levels: &[(Price, Size)]| {
            let levels: Vec<String> = levels
                .iter()
                .map(|(price, size)| format!("[\"{price}\",\"{}\",1]", size.display(SIZE_DECIMALS)))
                .collect();
            levels.join(",")
        };
        let (bids, asks, time) = (side(book.bids), side(book.asks), Timestamp(book.now));
        format!(
            "{{\"bids\":[{bids}],\"asks\":[{asks}],\"sequence\":{},\"auction_mode\":false,\"auction\":null,\
             \"time\":\"{time}\"}}",
            book.span.last
        )
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let step = Size(1).display(SIZE_DECIMALS);
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let id = symbol.as_str();
                let (base, quote) = id.split_once('-').unwrap_or((id, ""));
                format!(
                    "{{\"id\":\"{id}\",\"base_currency\":\"{base}\",\"quote_currency\":\"{quote}\",\
                     \"quote_increment\":\"{TICK_SIZE}\",\"base_increment\":\"{step}\",\"display_name\":\"{id}\",\
                     \"post_only\":false,\"limit_only\":false,\"cancel_only\":false,\"trading_disabled\":false,\
                     \"status\":\"online\",\"status_message\":\"\"}}"
                )
            })
            .collect();
        format!("[{}]", entries.join(","))
    }

    fn beat(&self, symbol: Symbol, now: EventTime, last_trade: u64) -> Option<String> {
        let (name, time) = (symbol.as_str(), Timestamp(now));
        Some(format!(
            "{{\"type\":\"heartbeat\",\"last_trade_id\":{last_trade},\"product_id\":\"{name}\",\
             \"sequence\":{last_trade},\"time\":\"{time}\"}}"
        ))
    }
}
