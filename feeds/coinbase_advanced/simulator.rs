//! How the venue speaks.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish};
use crate::session::text::Timestamp;
use crate::simulator::TradeNow;
use simd_json::prelude::*;

/// The venue.
pub(super) struct AdvancedMarket;

/// What stands for the number of a message until its connection is known.
const UNNUMBERED: &str = "\"sequence_num\":,";

/// A message of one event.
fn message(channel: &str, now: EventTime, event: &str) -> String {
    let at = Timestamp(now);
    format!(
        "{{\"channel\":\"{channel}\",\"timestamp\":\"{at}\",{UNNUMBERED}\"events\":[{{{event}}}]}}"
    )
}

fn error(words: &str) -> Vec<Wish> {
    let text = format!("{{\"type\":\"error\",\"message\":\"{words}\"}}");
    vec![Wish::Reply(text)]
}

fn entry_json(side: Side, (price, size): (Price, Size), now: EventTime) -> String {
    let side = if side == Side::Bid { "bid" } else { "offer" };
    let (at, size) = (Timestamp(now), size.display(SIZE_DECIMALS));
    format!(
        "{{\"side\":\"{side}\",\"event_time\":\"{at}\",\"price_level\":\"{price}\",\"new_quantity\":\"{size:#}\"}}"
    )
}

fn book_json(book: &BookNow<'_>, kind: &str, entries: &[String]) -> String {
    let (name, entries) = (book.symbol.as_str(), entries.join(","));
    let event = format!("\"type\":\"{kind}\",\"product_id\":\"{name}\",\"updates\":[{entries}]");
    message("l2_data", book.now, &event)
}

impl Speak for AdvancedMarket {
    fn on_text(&mut self, now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            return error("failure to parse");
        };
        let value = tape.as_value();
        let text_of = |key: &str| value.get(key).and_then(|value| value.into_string());
        let (Some(verb @ ("subscribe" | "unsubscribe")), Some(channel)) =
            (text_of("type"), text_of("channel"))
        else {
            return error("type is required");
        };
        if !matches!(
            channel,
            "level2" | "market_trades" | "ticker" | "status" | "heartbeats"
        ) {
            return error("authentication failure");
        }
        let list = value.get("product_ids").and_then(|list| list.into_array());
        let names: Vec<&str> = list
            .iter()
            .flat_map(|list| list.iter())
            .filter_map(|name| name.into_string())
            .collect();
        let wish = |name: &&str| match (channel, verb) {
            ("level2", "subscribe") => Some(Wish::Book(Symbol::from(*name))),
            ("level2", _) => Some(Wish::NoBook(Symbol::from(*name))),
            ("market_trades", "subscribe") => Some(Wish::Trades(Symbol::from(*name))),
            _ => None,
        };
        let mut wishes: Vec<Wish> = names.iter().filter_map(wish).collect();
        // Confirmed behind the snapshots.
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        let names = names.join(",");
        let event = format!("\"subscriptions\":{{\"{channel}\":[{names}]}}");
        wishes.push(Wish::Reply(message("subscriptions", now, &event)));
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        url.contains("/market/products?product_type=SPOT")
            .then_some(Asked::Products)
    }

    fn snapshot(&self, book: &BookNow<'_>) -> Option<String> {
        let bids = book.bids.iter().map(|level| (Side::Bid, *level));
        let asks = book.asks.iter().map(|level| (Side::Ask, *level));
        let entry = |(side, level)| entry_json(side, level, EventTime(0));
        let entries: Vec<String> = bids.chain(asks).map(entry).collect();
        Some(book_json(book, "snapshot", &entries))
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        book_json(book, "update", &[entry_json(side, (price, size), book.now)])
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let side = match trade.resting_side {
            Side::Bid => "BUY",
            _ => "SELL",
        };
        let (name, at) = (symbol.as_str(), Timestamp(now));
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let event = format!(
            "\"type\":\"update\",\"trades\":[{{\"product_id\":\"{name}\",\"trade_id\":\"{id}\",\"price\":\"{price}\",\
             \"size\":\"{size:#}\",\"time\":\"{at}\",\"side\":\"{side}\"}}]"
        );
        message("market_trades", now, &event)
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let step = Size(1).display(SIZE_DECIMALS);
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let name = symbol.as_str();
                format!(
                    "{{\"product_id\":\"{name}\",\"product_type\":\"SPOT\",\"base_increment\":\"{step}\",\
                     \"price_increment\":\"{TICK_SIZE}\",\"status\":\"online\",\"alias\":\"\"}}"
                )
            })
            .collect();
        let count = entries.len();
        format!(
            "{{\"products\":[{}],\"num_products\":{count}}}",
            entries.join(",")
        )
    }

    fn heartbeat(&self, now: EventTime) -> Option<String> {
        let seconds = now.0 / 1_000_000_000;
        let event = format!("\"current_time\":\"\",\"heartbeat_counter\":{seconds}");
        Some(message("heartbeats", now, &event))
    }

    /// Every message but complaints has a number, from 0.
    fn numbered(&self, text: String, last: &mut u64) -> String {
        if !text.contains(UNNUMBERED) {
            return text;
        }
        let number = format!("\"sequence_num\":{last},");
        *last += 1;
        text.replacen(UNNUMBERED, &number, 1)
    }
}
