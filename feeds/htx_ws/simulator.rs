//! How the venue speaks.

use super::read::symbol_of;
use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish};
use crate::session::text::deflate;
use crate::simulator::{Said, TradeNow};
use simd_json::prelude::*;

/// The venue.
pub(super) struct HtxMarket;

/// Levels a side a snapshot has.
const DEPTH: usize = 150;

fn side_json(levels: &[(Price, Size)]) -> String {
    let levels: Vec<String> = levels
        .iter()
        .take(DEPTH)
        .map(|(price, size)| format!("[{price},{}]", size.display(SIZE_DECIMALS)))
        .collect();
    format!("[{}]", levels.join(","))
}

fn refusal(words: &str, now: EventTime) -> Vec<Wish> {
    let at = now.0 / 1_000_000;
    let text = format!(
        "{{\"status\":\"error\",\"ts\":{at},\"id\":\"\",\"err-code\":\"bad-request\",\"err-msg\":\"{words}\"}}"
    );
    vec![Wish::Reply(text)]
}

impl Speak for HtxMarket {
    fn on_text(&mut self, now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            return refusal("invalid request", now);
        };
        let value = tape.as_value();
        if value.get("pong").is_some() {
            return Vec::new();
        }
        if let Some(number) = value.get("ping").and_then(|number| number.as_u64()) {
            return vec![Wish::Reply(format!("{{\"pong\":{number}}}"))];
        }
        let text_of = |key: &str| value.get(key).and_then(|value| value.into_string());
        let verbs = ["sub", "unsub", "req"];
        let said = verbs.iter().find_map(|verb| Some((*verb, text_of(verb)?)));
        let Some((verb, topic)) = said else {
            return refusal("invalid action", now);
        };
        let Some((symbol, what)) = symbol_of(topic) else {
            return refusal("invalid topic", now);
        };
        let symbol = Symbol::from(symbol);
        let at = now.0 / 1_000_000;
        let id = text_of("id").unwrap_or_default();
        let answer = |word: &str| {
            Wish::Reply(format!(
                "{{\"id\":\"{id}\",\"status\":\"ok\",\"{word}\":\"{topic}\",\"ts\":{at}}}"
            ))
        };
        match (verb, what) {
            ("req", "mbp.150") => vec![Wish::Snapshot(symbol)],
            ("sub", "mbp.150") => vec![answer("subbed"), Wish::Book(symbol)],
            ("unsub", "mbp.150") => vec![answer("unsubbed"), Wish::NoBook(symbol)],
            ("sub", "trade.detail") => vec![answer("subbed"), Wish::Trades(symbol)],
            ("sub", "detail") => vec![answer("subbed")],
            _ => refusal("invalid topic", now),
        }
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        url.ends_with("/v1/common/symbols")
            .then_some(Asked::Products)
    }

    fn snapshot(&self, _book: &BookNow<'_>) -> Option<String> {
        None
    }

    fn snapshot_on_request(&self, book: &BookNow<'_>) -> Option<String> {
        let (name, last, at) = (book.symbol.as_str(), book.span.last, book.now.0 / 1_000_000);
        let (bids, asks) = (side_json(book.bids), side_json(book.asks));
        Some(format!(
            "{{\"id\":\"{name}\",\"rep\":\"market.{name}.mbp.150\",\"status\":\"ok\",\"ts\":{at},\
             \"data\":{{\"seqNum\":{last},\"bids\":{bids},\"asks\":{asks}}}}}"
        ))
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let (name, last, at) = (book.symbol.as_str(), book.span.last, book.now.0 / 1_000_000);
        let previous = book.span.previous.unwrap_or_default();
        let change = side_json(&[(price, size)]);
        let (bids, asks) = match side {
            Side::Bid => (change.as_str(), "[]"),
            _ => ("[]", change.as_str()),
        };
        format!(
            "{{\"ch\":\"market.{name}.mbp.150\",\"ts\":{at},\"tick\":{{\"seqNum\":{last},\"prevSeqNum\":{previous},\
             \"bids\":{bids},\"asks\":{asks}}}}}"
        )
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let direction = match trade.resting_side {
            Side::Bid => "sell",
            _ => "buy",
        };
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let (name, at) = (symbol.as_str(), now.0 / 1_000_000);
        format!(
            "{{\"ch\":\"market.{name}.trade.detail\",\"ts\":{at},\"tick\":{{\"id\":{id},\"ts\":{at},\"data\":[{{\"id\":{id},\
             \"ts\":{at},\"tradeId\":{id},\"amount\":{size},\"price\":{price},\"direction\":\"{direction}\"}}]}}}}"
        )
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let precision = usize::from(Price::SCALE) + 1 - TICK_SIZE.0.to_string().len();
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                format!(
                    "{{\"symbol\":\"{}\",\"price-precision\":{precision},\"amount-precision\":{SIZE_DECIMALS},\
                     \"state\":\"online\"}}",
                    symbol.as_str()
                )
            })
            .collect();
        format!("{{\"status\":\"ok\",\"data\":[{}]}}", entries.join(","))
    }

    fn heartbeat(&self, now: EventTime) -> Option<String> {
        Some(format!("{{\"ping\":{}}}", now.0 / 1_000_000))
    }

    fn packed(&self, text: String) -> Said {
        Said::Binary(deflate(text.as_bytes()))
    }
}
