//! How the venue speaks, in the order of members its pages have.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{
    Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish, levels_json,
};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

use super::venue::TICKET;

/// The venue.
pub(super) struct KucoinMarket;

impl Speak for KucoinMarket {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            let text =
                "{\"id\":\"0\",\"type\":\"error\",\"code\":415,\"data\":\"type is not supported\"}";
            return vec![Wish::Reply(text.to_owned())];
        };
        let value = tape.as_value();
        let text_of = |key: &str| value.get(key).and_then(|value| value.into_string());
        let id = value.get("id").and_then(|id| id.as_u64()).unwrap_or(0);
        let (kind, topic) = (text_of("type"), text_of("topic").unwrap_or_default());
        let (topic, names) = topic.split_once(':').unwrap_or((topic, ""));
        let symbols = names.split(',').filter(|name| !name.is_empty());
        let symbols = symbols.map(Symbol::from);
        match kind {
            Some("ping") => vec![Wish::Reply("{\"id\":\"1\",\"type\":\"pong\"}".to_owned())],
            Some(kind @ ("subscribe" | "unsubscribe")) => {
                let ack = Wish::Reply(format!("{{\"id\":\"{id}\",\"type\":\"ack\"}}"));
                let wishes = symbols.filter_map(|symbol| match (topic, kind) {
                    ("/market/level2", "subscribe") => Some(Wish::Book(symbol)),
                    ("/market/level2", _) => Some(Wish::NoBook(symbol)),
                    ("/market/match", "subscribe") => Some(Wish::Trades(symbol)),
                    _ => None,
                });
                std::iter::once(ack).chain(wishes).collect()
            }
            _ => {
                let text = format!(
                    "{{\"id\":\"{id}\",\"type\":\"error\",\"code\":415,\"data\":\"type is not supported\"}}"
                );
                vec![Wish::Reply(text)]
            }
        }
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        if path.ends_with("/api/v2/symbols") {
            return Some(Asked::Products);
        }
        if path.ends_with(TICKET) {
            let text = "{\"code\":\"200000\",\"data\":{\"token\":\"simulated\",\"instanceServers\":[{\
                 \"endpoint\":\"wss://ws-api-spot.kucoin.com/\",\"encrypt\":true,\"protocol\":\"websocket\",\
                 \"pingInterval\":18000,\"pingTimeout\":10000}]}}";
            return Some(Asked::Reply(text.to_owned()));
        }
        let symbol = query.strip_prefix("symbol=")?;
        path.ends_with("/orderbook/level2_100")
            .then(|| Asked::Snapshot(Symbol::from(symbol)))
    }

    fn snapshot(&self, _book: &BookNow<'_>) -> Option<String> {
        None
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let (name, at) = (book.symbol.as_str(), book.now.0 / 1_000_000);
        let (first, last) = (book.span.first, book.span.last);
        let size = size.display(SIZE_DECIMALS);
        let change = format!("[[\"{price}\",\"{size}\",\"{last}\"]]");
        let (bids, asks) = match side {
            Side::Bid => (change.as_str(), "[]"),
            _ => ("[]", change.as_str()),
        };
        format!(
            "{{\"topic\":\"/market/level2:{name}\",\"type\":\"message\",\"subject\":\"trade.l2update\",\"data\":{{\
             \"changes\":{{\"asks\":{asks},\"bids\":{bids}}},\"sequenceEnd\":{last},\"sequenceStart\":{first},\
             \"symbol\":\"{name}\",\"time\":{at}}}}}"
        )
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let side = match trade.resting_side {
            Side::Bid => "sell",
            _ => "buy",
        };
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let (name, at) = (symbol.as_str(), now.0);
        format!(
            "{{\"topic\":\"/market/match:{name}\",\"type\":\"message\",\"subject\":\"trade.l3match\",\"data\":{{\
             \"makerOrderId\":\"m{id}\",\"price\":\"{price}\",\"sequence\":\"{id}\",\"side\":\"{side}\",\"size\":\"{size}\",\
             \"symbol\":\"{name}\",\"takerOrderId\":\"t{id}\",\"time\":\"{at}\",\"tradeId\":\"{id}\",\"type\":\"match\"}}}}"
        )
    }

    fn rest_snapshot(&self, book: &BookNow<'_>) -> String {
        let (bids, asks) = (levels_json(book.bids), levels_json(book.asks));
        let (last, at) = (book.span.last, book.now.0 / 1_000_000);
        format!(
            "{{\"code\":\"200000\",\"data\":{{\"time\":{at},\"sequence\":\"{last}\",\"bids\":{bids},\"asks\":{asks}}}}}"
        )
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let (tick, step) = (TICK_SIZE, Size(1).display(SIZE_DECIMALS));
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let name = symbol.as_str();
                format!(
                    "{{\"symbol\":\"{name}\",\"baseIncrement\":\"{step}\",\"priceIncrement\":\"{tick}\",\"enableTrading\":true}}"
                )
            })
            .collect();
        format!("{{\"code\":\"200000\",\"data\":[{}]}}", entries.join(","))
    }

    fn welcome(&self) -> Option<String> {
        Some("{\"id\":\"simulated\",\"type\":\"welcome\"}".to_owned())
    }
}
