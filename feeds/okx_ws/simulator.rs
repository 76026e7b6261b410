//! How the venue speaks.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

use super::venue::UNDERLYINGS;

/// The venue.
pub(super) struct OkxMarket;

fn side_json(levels: &[(Price, Size)]) -> String {
    let levels: Vec<String> = levels
        .iter()
        .map(|(price, size)| {
            let size = size.display(SIZE_DECIMALS);
            format!("[\"{price}\",\"{size}\",\"0\",\"1\"]")
        })
        .collect();
    format!("[{}]", levels.join(","))
}

fn book_json(book: &BookNow<'_>, action: &str, asks: &str, bids: &str, previous: &str) -> String {
    let (name, at) = (book.symbol.as_str(), book.now.0 / 1_000_000);
    let last = book.span.last;
    format!(
        "{{\"arg\":{{\"channel\":\"books\",\"instId\":\"{name}\"}},\"action\":\"{action}\",\"data\":[{{\"asks\":{asks},\
         \"bids\":{bids},\"ts\":\"{at}\",\"checksum\":0,\"prevSeqId\":{previous},\"seqId\":{last}}}]}}"
    )
}

impl Speak for OkxMarket {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        if text == "ping" {
            return vec![Wish::Reply("pong".to_owned())];
        }
        let complaint = |words: &str| {
            let text = format!("{{\"event\":\"error\",\"code\":\"60012\",\"msg\":\"{words}\"}}");
            vec![Wish::Reply(text)]
        };
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            return complaint("Invalid request");
        };
        let value = tape.as_value();
        let verb = value.get("op").and_then(|verb| verb.into_string());
        let arguments = value
            .get("args")
            .and_then(|arguments| arguments.into_array());
        let (Some(verb @ ("subscribe" | "unsubscribe")), Some(arguments)) = (verb, arguments)
        else {
            return complaint("Invalid request");
        };
        let mut wishes = Vec::new();
        for argument in arguments.iter() {
            let text = |key: &str| argument.get(key).and_then(|value| value.into_string());
            if let (Some("liquidation-orders"), Some(kind)) = (text("channel"), text("instType")) {
                wishes.push(Wish::Reply(format!(
                    "{{\"event\":\"{verb}\",\"arg\":{{\"channel\":\"liquidation-orders\",\"instType\":\"{kind}\"}},\
                     \"connId\":\"a4d3ae55\"}}"
                )));
                wishes.push(Wish::AllLiquidations);
                continue;
            }
            let (Some(channel), Some(name)) = (text("channel"), text("instId")) else {
                continue;
            };
            wishes.push(Wish::Reply(format!(
                "{{\"event\":\"{verb}\",\"arg\":{{\"channel\":\"{channel}\",\"instId\":\"{name}\"}},\"connId\":\"a4d3ae55\"}}"
            )));
            let symbol = Symbol::from(name);
            match (channel, verb) {
                ("books", "subscribe") => wishes.push(Wish::Book(symbol)),
                ("books", _) => wishes.push(Wish::NoBook(symbol)),
                ("trades", "subscribe") => wishes.push(Wish::Trades(symbol)),
                _ => {}
            }
        }
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        if url.contains(UNDERLYINGS) {
            let text = "{\"code\":\"0\",\"data\":[[\"BTC-USD\",\"ETH-USD\"]],\"msg\":\"\"}";
            return Some(Asked::Reply(text.to_owned()));
        }
        url.contains("/public/instruments")
            .then_some(Asked::Products)
    }

    fn snapshot(&self, book: &BookNow<'_>) -> Option<String> {
        let (bids, asks) = (side_json(book.bids), side_json(book.asks));
        Some(book_json(book, "snapshot", &asks, &bids, "-1"))
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let change = side_json(&[(price, size)]);
        let previous = book.span.previous.unwrap_or_default().to_string();
        match side {
            Side::Bid => book_json(book, "update", "[]", &change, &previous),
            _ => book_json(book, "update", &change, "[]", &previous),
        }
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let side = match trade.resting_side {
            Side::Bid => "sell",
            _ => "buy",
        };
        let (name, at) = (symbol.as_str(), now.0 / 1_000_000);
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        format!(
            "{{\"arg\":{{\"channel\":\"trades\",\"instId\":\"{name}\"}},\"data\":[{{\"instId\":\"{name}\",\"tradeId\":\"{id}\",\
             \"px\":\"{price}\",\"sz\":\"{size}\",\"side\":\"{side}\",\"ts\":\"{at}\",\"count\":\"1\"}}]}}"
        )
    }

    fn liquidation(
        &self,
        symbol: Symbol,
        now: EventTime,
        _id: u64,
        trade: &TradeNow,
    ) -> Option<String> {
        let side = match trade.resting_side {
            Side::Bid => "sell",
            _ => "buy",
        };
        let (name, at) = (symbol.as_str(), now.0 / 1_000_000);
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        Some(format!(
            "{{\"arg\":{{\"channel\":\"liquidation-orders\",\"instType\":\"SWAP\"}},\"data\":[{{\"details\":[{{\
             \"bkLoss\":\"0\",\"bkPx\":\"{price}\",\"ccy\":\"\",\"posSide\":\"net\",\"side\":\"{side}\",\"sz\":\"{size}\",\
             \"ts\":\"{at}\"}}],\"instFamily\":\"\",\"instId\":\"{name}\",\"instType\":\"SWAP\",\"uly\":\"\"}}]}}"
        ))
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let step = Size(1).display(SIZE_DECIMALS);
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let name = symbol.as_str();
                format!(
                    "{{\"instId\":\"{name}\",\"lotSz\":\"{step}\",\"tickSz\":\"{TICK_SIZE}\",\"state\":\"live\"}}"
                )
            })
            .collect();
        format!(
            "{{\"code\":\"0\",\"data\":[{}],\"msg\":\"\"}}",
            entries.join(",")
        )
    }

    /// An update that says that nothing changed would do; the venue's own answers to pings are simpler.
    fn heartbeat(&self, _now: EventTime) -> Option<String> {
        Some("pong".to_owned())
    }
}
