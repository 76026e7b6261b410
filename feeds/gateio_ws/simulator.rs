//! How the venue speaks.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{
    Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish, levels_json,
};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

/// The venue.
pub(super) struct GateMarket;

fn times(now: EventTime) -> String {
    let (seconds, millis) = (now.0 / 1_000_000_000, now.0 / 1_000_000);
    format!("\"time\":{seconds},\"time_ms\":{millis}")
}

impl Speak for GateMarket {
    fn on_text(&mut self, now: EventTime, text: &str) -> Vec<Wish> {
        let times = times(now);
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            let text = format!(
                "{{{times},\"channel\":\"\",\"event\":\"\",\"error\":{{\"code\":1,\"message\":\"invalid argument\"}},\"result\":null}}"
            );
            return vec![Wish::Reply(text)];
        };
        let value = tape.as_value();
        let text_of = |key: &str| value.get(key).and_then(|value| value.into_string());
        let channel = text_of("channel").unwrap_or_default();
        if channel == "spot.ping" {
            let text =
                format!("{{{times},\"channel\":\"spot.pong\",\"event\":\"\",\"result\":null}}");
            return vec![Wish::Reply(text)];
        }
        let is_known = matches!(
            channel,
            "spot.order_book_update" | "spot.trades" | "spot.tickers"
        );
        let Some(event @ ("subscribe" | "unsubscribe")) = text_of("event").filter(|_| is_known)
        else {
            let text = format!(
                "{{{times},\"channel\":\"spot.unknown\",\"event\":\"subscribe\",\"error\":{{\"code\":2,\
                 \"message\":\"unknown channel\"}},\"result\":null}}"
            );
            return vec![Wish::Reply(text)];
        };
        let mut wishes = vec![Wish::Reply(format!(
            "{{{times},\"channel\":\"{channel}\",\"event\":\"{event}\",\"result\":{{\"status\":\"success\"}}}}"
        ))];
        let payload = value
            .get("payload")
            .and_then(|payload| payload.into_array());
        for name in payload.iter().flat_map(|payload| payload.iter()) {
            let Some(symbol) = name.into_string().map(Symbol::from) else {
                continue;
            };
            match (channel, event) {
                ("spot.order_book_update", "subscribe") => wishes.push(Wish::Book(symbol)),
                ("spot.order_book_update", _) => wishes.push(Wish::NoBook(symbol)),
                ("spot.trades", "subscribe") => wishes.push(Wish::Trades(symbol)),
                _ => {}
            }
        }
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        if path.ends_with("/spot/currency_pairs") {
            return Some(Asked::Products);
        }
        let mut parts = query.split('&');
        let symbol = parts.find_map(|part| part.strip_prefix("currency_pair="))?;
        path.ends_with("/spot/order_book")
            .then(|| Asked::Snapshot(Symbol::from(symbol)))
    }

    fn snapshot(&self, _book: &BookNow<'_>) -> Option<String> {
        None
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let (name, first, last) = (book.symbol.as_str(), book.span.first, book.span.last);
        let (times, seconds, millis) = (
            times(book.now),
            book.now.0 / 1_000_000_000,
            book.now.0 / 1_000_000,
        );
        let change = levels_json(&[(price, size)]);
        let (bids, asks) = match side {
            Side::Bid => (change.as_str(), "[]"),
            _ => ("[]", change.as_str()),
        };
        format!(
            "{{{times},\"channel\":\"spot.order_book_update\",\"event\":\"update\",\"result\":{{\"t\":{millis},\
             \"e\":\"depthUpdate\",\"E\":{seconds},\"s\":\"{name}\",\"U\":{first},\"u\":{last},\"b\":{bids},\"a\":{asks}}}}}"
        )
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let side = match trade.resting_side {
            Side::Bid => "sell",
            _ => "buy",
        };
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let (times, name) = (times(now), symbol.as_str());
        let (seconds, millis, rest) = (
            now.0 / 1_000_000_000,
            now.0 / 1_000_000,
            now.0 % 1_000_000 / 100,
        );
        format!(
            "{{{times},\"channel\":\"spot.trades\",\"event\":\"update\",\"result\":{{\"id\":{id},\"create_time\":{seconds},\
             \"create_time_ms\":\"{millis}.{rest:04}\",\"side\":\"{side}\",\"currency_pair\":\"{name}\",\
             \"amount\":\"{size}\",\"price\":\"{price}\"}}}}"
        )
    }

    fn rest_snapshot(&self, book: &BookNow<'_>) -> String {
        let (bids, asks) = (levels_json(book.bids), levels_json(book.asks));
        let (last, at) = (book.span.last, book.now.0 / 1_000_000);
        format!(
            "{{\"id\":{last},\"current\":{at},\"update\":{at},\"asks\":{asks},\"bids\":{bids}}}"
        )
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let precision = usize::from(Price::SCALE) + 1 - TICK_SIZE.0.to_string().len();
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                format!(
                    "{{\"id\":\"{}\",\"amount_precision\":{SIZE_DECIMALS},\"precision\":{precision},\
                     \"trade_status\":\"tradable\"}}",
                    symbol.as_str()
                )
            })
            .collect();
        format!("[{}]", entries.join(","))
    }
}
