//! How these markets speak.

use super::Market;
use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{
    Asked, BookNow, LevelVenue, SIZE_DECIMALS, Speak, TICK_SIZE, Wish, levels_json,
};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

/// A market that publishes differential depth.
pub struct DiffDepthMarket {
    market: Market,
}

/// The venue of a market.
pub fn venue(market: Market) -> LevelVenue<DiffDepthMarket> {
    LevelVenue::new(DiffDepthMarket::of(market))
}

impl DiffDepthMarket {
    /// How a market speaks.
    pub fn of(market: Market) -> DiffDepthMarket {
        DiffDepthMarket { market }
    }

    fn millis(now: EventTime) -> u64 {
        now.0 / 1_000_000
    }
}

impl Speak for DiffDepthMarket {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            let text = r#"{"error":{"code":3,"msg":"Invalid JSON"}}"#.to_owned();
            return vec![Wish::Reply(text)];
        };
        let value = tape.as_value();
        let id = value.get("id").and_then(|id| id.as_u64()).unwrap_or(0);
        let mut wishes = vec![Wish::Reply(format!("{{\"result\":null,\"id\":{id}}}"))];
        let is_subscribe =
            value.get("method").and_then(|method| method.into_string()) == Some("SUBSCRIBE");
        let params = value.get("params").and_then(|params| params.into_array());
        for param in params.iter().flat_map(|params| params.iter()) {
            let Some((name, stream)) = param.into_string().and_then(|text| text.split_once('@'))
            else {
                continue;
            };
            let symbol = Symbol::from(name.to_ascii_uppercase().as_str());
            if stream.starts_with("depth") {
                wishes.push(if is_subscribe {
                    Wish::Book(symbol)
                } else {
                    Wish::NoBook(symbol)
                });
            } else if is_subscribe && matches!(stream, "trade" | "aggTrade") {
                wishes.push(Wish::Trades(symbol));
            } else if is_subscribe && stream == "forceOrder" {
                wishes.push(Wish::Liquidations(symbol));
            }
        }
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        let (_, path) = url.split_once(self.market.rest_path)?;
        match path.split_once('?') {
            Some(("/depth", query)) => {
                let symbol = query
                    .split('&')
                    .find_map(|part| part.strip_prefix("symbol="))?;
                Some(Asked::Snapshot(Symbol::from(symbol)))
            }
            _ => (path == "/exchangeInfo").then_some(Asked::Products),
        }
    }

    fn snapshot(&self, _book: &BookNow<'_>) -> Option<String> {
        None
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let (name, at) = (book.symbol.as_str(), Self::millis(book.now));
        let change = levels_json(&[(price, size)]);
        let (bids, asks) = if side == Side::Bid {
            (change.as_str(), "[]")
        } else {
            ("[]", change.as_str())
        };
        let (stream, first, last) = (name.to_ascii_lowercase(), book.span.first, book.span.last);
        let (matched, linked) = if self.market.is_linked {
            let previous = book.span.previous.unwrap_or_default();
            (format!(",\"T\":{at}"), format!(",\"pu\":{previous}"))
        } else {
            (String::new(), String::new())
        };
        let depth = self.market.depth_stream;
        format!(
            "{{\"stream\":\"{stream}@{depth}\",\"data\":{{\"e\":\"depthUpdate\",\"E\":{at}{matched},\"s\":\"{name}\",\
             \"U\":{first},\"u\":{last}{linked},\"b\":{bids},\"a\":{asks}}}}}"
        )
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let (name, at) = (symbol.as_str(), Self::millis(now));
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let is_buyer_maker = trade.resting_side == Side::Bid;
        let stream = name.to_ascii_lowercase();
        if self.market.is_linked {
            return format!(
                "{{\"stream\":\"{stream}@aggTrade\",\"data\":{{\"e\":\"aggTrade\",\"E\":{at},\"s\":\"{name}\",\"a\":{id},\
                 \"p\":\"{price}\",\"q\":\"{size}\",\"f\":{id},\"l\":{id},\"T\":{at},\"m\":{is_buyer_maker}}}}}"
            );
        }
        format!(
            "{{\"stream\":\"{stream}@trade\",\"data\":{{\"e\":\"trade\",\"E\":{at},\"s\":\"{name}\",\"t\":{id},\
             \"p\":\"{price}\",\"q\":\"{size}\",\"T\":{at},\"m\":{is_buyer_maker},\"M\":true}}}}"
        )
    }

    fn liquidation(
        &self,
        symbol: Symbol,
        now: EventTime,
        _id: u64,
        trade: &TradeNow,
    ) -> Option<String> {
        let (name, at) = (symbol.as_str(), Self::millis(now));
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        let side = match trade.resting_side {
            Side::Bid => "SELL",
            _ => "BUY",
        };
        let stream = name.to_ascii_lowercase();
        Some(format!(
            "{{\"stream\":\"{stream}@forceOrder\",\"data\":{{\"e\":\"forceOrder\",\"E\":{at},\"o\":{{\"s\":\"{name}\",\
             \"S\":\"{side}\",\"o\":\"LIMIT\",\"f\":\"IOC\",\"q\":\"{size}\",\"p\":\"{price}\",\"ap\":\"{price}\",\
             \"X\":\"FILLED\",\"l\":\"{size}\",\"z\":\"{size}\",\"T\":{at}}}}}}}"
        ))
    }

    fn rest_snapshot(&self, book: &BookNow<'_>) -> String {
        let (bids, asks) = (levels_json(book.bids), levels_json(book.asks));
        let last = book.span.last;
        format!("{{\"lastUpdateId\":{last},\"bids\":{bids},\"asks\":{asks}}}")
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let (tick, step) = (TICK_SIZE, Size(1).display(SIZE_DECIMALS));
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let name = symbol.as_str();
                format!(
                    "{{\"symbol\":\"{name}\",\"status\":\"TRADING\",\"filters\":[{{\"filterType\":\"PRICE_FILTER\",\
                     \"tickSize\":\"{tick}\"}},{{\"filterType\":\"LOT_SIZE\",\"stepSize\":\"{step}\"}}]}}"
                )
            })
            .collect();
        format!("{{\"symbols\":[{}]}}", entries.join(","))
    }
}
