//! How the venue speaks.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

/// The venue.
pub(super) struct GeminiMarket;

fn change_json(side: Side, (price, size): (Price, Size)) -> String {
    let side = if side == Side::Bid { "buy" } else { "sell" };
    let size = size.display(SIZE_DECIMALS);
    format!("[\"{side}\",\"{price}\",\"{size}\"]")
}

fn refusal(reason: &str) -> Vec<Wish> {
    vec![Wish::Reply(format!(
        "{{\"result\":\"error\",\"reason\":\"{reason}\"}}"
    ))]
}

impl Speak for GeminiMarket {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            return refusal("InvalidJson");
        };
        let value = tape.as_value();
        let verb = value.get("type").and_then(|verb| verb.into_string());
        let Some(verb @ ("subscribe" | "unsubscribe")) = verb else {
            return refusal("InvalidRequestType");
        };
        let lists = value
            .get("subscriptions")
            .and_then(|lists| lists.into_array());
        let mut wishes = Vec::new();
        for list in lists.iter().flat_map(|lists| lists.iter()) {
            if list.get("name").and_then(|name| name.into_string()) != Some("l2") {
                return refusal("InvalidSubscription");
            }
            let symbols = list.get("symbols").and_then(|symbols| symbols.into_array());
            for symbol in symbols.iter().flat_map(|symbols| symbols.iter()) {
                let Some(symbol) = symbol.into_string().map(Symbol::from) else {
                    continue;
                };
                if verb == "subscribe" {
                    wishes.extend([Wish::Book(symbol), Wish::Trades(symbol)]);
                } else {
                    wishes.push(Wish::NoBook(symbol));
                }
            }
        }
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        let path = url.split('?').next()?;
        if path.ends_with("/v1/symbols/details/all") {
            return Some(Asked::Products);
        }
        let (_, symbol) = path.rsplit_once("/v1/book/")?;
        Some(Asked::Snapshot(Symbol::from(symbol)))
    }

    fn snapshot(&self, book: &BookNow<'_>) -> Option<String> {
        let bids = book.bids.iter().map(|level| change_json(Side::Bid, *level));
        let asks = book.asks.iter().map(|level| change_json(Side::Ask, *level));
        let changes: Vec<String> = bids.chain(asks).collect();
        Some(format!(
            "{{\"type\":\"l2_updates\",\"symbol\":\"{}\",\"changes\":[{}],\"trades\":[],\"auction_events\":[]}}",
            book.symbol.as_str(),
            changes.join(",")
        ))
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let change = change_json(side, (price, size));
        format!(
            "{{\"type\":\"l2_updates\",\"symbol\":\"{}\",\"changes\":[{change}]}}",
            book.symbol.as_str()
        )
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let side = match trade.resting_side {
            Side::Bid => "sell",
            _ => "buy",
        };
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let (name, at) = (symbol.as_str(), now.0 / 1_000_000);
        format!(
            "{{\"type\":\"trade\",\"symbol\":\"{name}\",\"event_id\":{id},\"timestamp\":{at},\"price\":\"{price}\",\
             \"quantity\":\"{size}\",\"side\":\"{side}\",\"tid\":{id}}}"
        )
    }

    fn rest_snapshot(&self, book: &BookNow<'_>) -> String {
        let at = book.now.0 / 1_000_000_000;
        let side = |levels: &[(Price, Size)]| {
            let entries: Vec<String> = levels
                .iter()
                .map(|(price, size)| {
                    let size = size.display(SIZE_DECIMALS);
                    format!(
                        "{{\"price\":\"{price}\",\"amount\":\"{size}\",\"timestamp\":\"{at}\"}}"
                    )
                })
                .collect();
            entries.join(",")
        };
        let (bids, asks) = (side(book.bids), side(book.asks));
        format!("{{\"bids\":[{bids}],\"asks\":[{asks}]}}")
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                format!(
                    "{{\"symbol\":\"{}\",\"tick_size\":1E-{SIZE_DECIMALS},\"quote_increment\":{TICK_SIZE},\
                     \"status\":\"open\"}}",
                    symbol.as_str()
                )
            })
            .collect();
        format!("[{}]", entries.join(","))
    }

    fn heartbeat(&self, now: EventTime) -> Option<String> {
        let at = now.0 / 1_000_000;
        Some(format!("{{\"type\":\"heartbeat\",\"timestamp\":{at}}}"))
    }
}
