//! How the venue speaks. A book's numbers are its times: an id is a microsecond here.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{
    Asked, BookNow, OrdersNow, Resting, SIZE_DECIMALS, Speak, TICK_SIZE, Wish, levels_json,
};
use crate::simulator::{OrderNow, TradeNow};
use simd_json::prelude::*;

use super::venue::{BOOKS, ORDERS, TRADES};

/// The venue.
pub(super) struct BitstampMarket;

fn stamps(book: &BookNow<'_>) -> String {
    let (seconds, micros) = (book.now.0 / 1_000_000_000, book.span.last);
    format!("\"timestamp\":\"{seconds}\",\"microtimestamp\":\"{micros}\"")
}

/// Orders a side that are told.
const ORDERS_MAX: usize = 100;

fn orders_json(orders: &[Resting]) -> String {
    let best = orders.iter().take(ORDERS_MAX);
    let entries: Vec<String> = best
        .map(|(id, price, size)| {
            let size = size.display(SIZE_DECIMALS);
            format!("[\"{price}\",\"{size}\",\"{id}\"]")
        })
        .collect();
    format!("[{}]", entries.join(","))
}

impl Speak for BitstampMarket {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        let error = |words: &str| {
            vec![Wish::Reply(format!(
                "{{\"event\":\"bts:error\",\"channel\":\"\",\"data\":{{\"code\":null,\"message\":\"{words}\"}}}}"
            ))]
        };
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            return error("Incorrect JSON format.");
        };
        let value = tape.as_value();
        let event = value.get("event").and_then(|event| event.into_string());
        if event == Some("bts:heartbeat") {
            let text =
                "{\"event\":\"bts:heartbeat\",\"channel\":\"\",\"data\":{\"status\":\"success\"}}";
            return vec![Wish::Reply(text.to_owned())];
        }
        let data = value.get("data").and_then(|data| data.into_object());
        let channel = data.and_then(|data| data.get("channel")?.into_string());
        let channel = channel.unwrap_or_default();
        type Want = fn(Symbol) -> Wish;
        let channels: [(&str, Want, Option<Want>); 3] = [
            (BOOKS, Wish::Book, Some(Wish::NoBook)),
            (ORDERS, Wish::Orders, Some(Wish::NoBook)),
            (TRADES, Wish::Trades, None),
        ];
        let known = channels.iter().find_map(|(prefix, want, leave)| {
            let name = channel.strip_prefix(prefix)?;
            Some((Symbol::from(name), want, leave))
        });
        let Some((symbol, want, leave)) = known else {
            return error("Bad subscription string.");
        };
        let (done, wish) = match event {
            Some("bts:subscribe") => ("subscription", Some(want(symbol))),
            Some("bts:unsubscribe") => ("unsubscription", leave.map(|leave| leave(symbol))),
            _ => return error("Bad subscription string."),
        };
        let answer = Wish::Reply(format!(
            "{{\"event\":\"bts:{done}_succeeded\",\"channel\":\"{channel}\",\"data\":{{}}}}"
        ));
        std::iter::once(answer).chain(wish).collect()
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        if url.ends_with("/api/v2/markets/") {
            return Some(Asked::Products);
        }
        let (_, name) = url.split_once("/api/v2/order_book/")?;
        Some(Asked::Snapshot(Symbol::from(name.trim_end_matches('/'))))
    }

    fn snapshot(&self, _book: &BookNow<'_>) -> Option<String> {
        None
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let (name, stamps) = (book.symbol.as_str(), stamps(book));
        let change = levels_json(&[(price, size)]);
        let (bids, asks) = match side {
            Side::Bid => (change.as_str(), "[]"),
            _ => ("[]", change.as_str()),
        };
        format!(
            "{{\"data\":{{{stamps},\"bids\":{bids},\"asks\":{asks}}},\"channel\":\"{BOOKS}{name}\",\"event\":\"data\"}}"
        )
    }

    /// The best orders, whatever the change.
    fn order_update(&self, orders: &OrdersNow<'_>, _change: &OrderNow) -> String {
        let (name, micros) = (orders.symbol.as_str(), orders.last);
        let seconds = orders.now.0 / 1_000_000_000;
        let (bids, asks) = (orders_json(orders.bids), orders_json(orders.asks));
        format!(
            "{{\"data\":{{\"timestamp\":\"{seconds}\",\"microtimestamp\":\"{micros}\",\"bids\":{bids},\"asks\":{asks}}},\
             \"channel\":\"{ORDERS}{name}\",\"event\":\"data\"}}"
        )
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let kind = match trade.resting_side {
            Side::Bid => 1,
            _ => 0,
        };
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let (name, seconds, micros) = (symbol.as_str(), now.0 / 1_000_000_000, now.0 / 1_000);
        format!(
            "{{\"data\":{{\"id\":{id},\"timestamp\":\"{seconds}\",\"amount\":{size},\"amount_str\":\"{size}\",\"price\":{price},\
             \"price_str\":\"{price}\",\"type\":{kind},\"microtimestamp\":\"{micros}\",\"buy_order_id\":1,\
             \"sell_order_id\":2}},\"channel\":\"{TRADES}{name}\",\"event\":\"trade\"}}"
        )
    }

    fn rest_snapshot(&self, book: &BookNow<'_>) -> String {
        let (bids, asks) = (levels_json(book.bids), levels_json(book.asks));
        format!("{{{},\"bids\":{bids},\"asks\":{asks}}}", stamps(book))
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let decimals = usize::from(Price::SCALE) + 1 - TICK_SIZE.0.to_string().len();
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                format!(
                    "{{\"market_symbol\":\"{}\",\"base_decimals\":{SIZE_DECIMALS},\"counter_decimals\":{decimals},\
                     \"trading\":\"Enabled\"}}",
                    symbol.as_str()
                )
            })
            .collect();
        format!("[{}]", entries.join(","))
    }
}
