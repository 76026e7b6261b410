//! How the venue speaks.

use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{Asked, BookNow, SIZE_DECIMALS, Speak, TICK_SIZE, Wish};
use crate::simulator::TradeNow;
use simd_json::prelude::*;

/// The venue.
pub(super) struct KrakenFuturesMarket;

fn levels(levels: &[(Price, Size)]) -> String {
    let entries: Vec<String> = levels
        .iter()
        .map(|(price, size)| {
            let size = size.display(SIZE_DECIMALS);
            format!("{{\"price\":{price},\"qty\":{size}}}")
        })
        .collect();
    entries.join(",")
}

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Ask => "sell",
        Side::Bid | Side::None => "buy",
    }
}

impl Speak for KrakenFuturesMarket {
    fn on_text(&mut self, _now: EventTime, text: &str) -> Vec<Wish> {
        let bad = || {
            let text = "{\"event\":\"alert\",\"message\":\"Bad request\"}";
            vec![Wish::Reply(text.to_owned())]
        };
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            return bad();
        };
        let value = tape.as_value();
        let text_of = |key: &str| value.get(key).and_then(|value| value.into_string());
        let (Some(event @ ("subscribe" | "unsubscribe")), Some(feed)) =
            (text_of("event"), text_of("feed"))
        else {
            return bad();
        };
        if !["book", "trade", "ticker", "heartbeat"].contains(&feed) {
            let text = format!(
                "{{\"event\":\"{event}d_failed\",\"feed\":\"{feed}\",\"message\":\"Invalid feed\"}}"
            );
            return vec![Wish::Reply(text)];
        }
        let list = value.get("product_ids").and_then(|list| list.into_array());
        let names = list.iter().flat_map(|list| list.iter());
        let symbols: Vec<Symbol> = names
            .filter_map(|name| name.into_string().map(Symbol::from))
            .collect();
        let quoted: Vec<String> = symbols
            .iter()
            .map(|symbol| format!("\"{}\"", symbol.as_str()))
            .collect();
        let quoted = quoted.join(",");
        let confirmation =
            format!("{{\"event\":\"{event}d\",\"feed\":\"{feed}\",\"product_ids\":[{quoted}]}}");
        let mut wishes = vec![Wish::Reply(confirmation)];
        for symbol in symbols {
            match (feed, event) {
                ("book", "subscribe") => wishes.push(Wish::Book(symbol)),
                ("book", _) => wishes.push(Wish::NoBook(symbol)),
                ("trade", "subscribe") => wishes.push(Wish::Trades(symbol)),
                _ => {}
            }
        }
        wishes
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        url.ends_with("/derivatives/api/v3/instruments")
            .then_some(Asked::Products)
    }

    fn snapshot(&self, book: &BookNow<'_>) -> Option<String> {
        let (name, at, number) = (book.symbol.as_str(), book.now.0 / 1_000_000, book.span.last);
        let (bids, asks) = (levels(book.bids), levels(book.asks));
        Some(format!(
            "{{\"feed\":\"book_snapshot\",\"product_id\":\"{name}\",\"timestamp\":{at},\"seq\":{number},\
             \"tickSize\":null,\"bids\":[{bids}],\"asks\":[{asks}]}}"
        ))
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let (name, at, number) = (book.symbol.as_str(), book.now.0 / 1_000_000, book.span.last);
        let (side, size) = (side_name(side), size.display(SIZE_DECIMALS));
        format!(
            "{{\"feed\":\"book\",\"product_id\":\"{name}\",\"side\":\"{side}\",\"seq\":{number},\"price\":{price},\
             \"qty\":{size},\"timestamp\":{at}}}"
        )
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let (name, at) = (symbol.as_str(), now.0 / 1_000_000);
        let aggressor = side_name(match trade.resting_side {
            Side::Bid => Side::Ask,
            _ => Side::Bid,
        });
        let (price, size) = (trade.price, Size(trade.size).display(SIZE_DECIMALS));
        format!(
            "{{\"feed\":\"trade\",\"product_id\":\"{name}\",\"uid\":\"00000000-0000-4000-8000-{id:012x}\",\
             \"side\":\"{aggressor}\",\"type\":\"fill\",\"seq\":{id},\"time\":{at},\"qty\":{size},\"price\":{price}}}"
        )
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        let entries: Vec<String> = symbols
            .iter()
            .map(|symbol| {
                let name = symbol.as_str();
                format!(
                    "{{\"symbol\":\"{name}\",\"tickSize\":{TICK_SIZE},\"contractSize\":1,\"tradeable\":true,\
                     \"contractValueTradePrecision\":{SIZE_DECIMALS}}}"
                )
            })
            .collect();
        let entries = entries.join(",");
        format!("{{\"result\":\"success\",\"instruments\":[{entries}]}}")
    }

    fn heartbeat(&self, now: EventTime) -> Option<String> {
        let at = now.0 / 1_000_000;
        Some(format!("{{\"feed\":\"heartbeat\",\"time\":{at}}}"))
    }

    fn welcome(&self) -> Option<String> {
        Some("{\"event\":\"info\",\"version\":1}".to_owned())
    }
}
