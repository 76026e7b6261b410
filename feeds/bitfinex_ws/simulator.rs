//! How the venue speaks.

use super::message::{CHECKSUM_LEVELS, checksum, checksum_of_orders, write_number, write_price};
use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::stitch::simulator::{
    Asked, BookNow, OrdersNow, Resting, SIZE_DECIMALS, Speak, Wish,
};
use crate::session::stitch::{Ladders, Level};
use crate::session::text::Number;
use crate::simulator::{OrderNow, TradeNow};
use simd_json::prelude::*;

/// Symbols that are told apart.
const SYMBOLS_MAX: usize = 4_096;
/// Updates of a book that make a round.
const ROUND: u64 = 5;
/// Id of the first channel: of each symbol there are its book, its trades, and its orders.
const FIRST_CHANNEL: u64 = 17_000;
const CHANNELS: u64 = 3;
const TRADES: u64 = 1;
const ORDERS: u64 = 2;

/// The venue.
#[derive(Default)]
pub(super) struct BitfinexMarket {
    /// In the order in which somebody first asked for them.
    symbols: Vec<Symbol>,
}

fn amount_json(side: Side, size: Size) -> String {
    let mut text = if side == Side::Bid { "" } else { "-" }.to_owned();
    write_number(&mut text, size.0, SIZE_DECIMALS);
    text
}

fn price_json(price: Price) -> String {
    let mut text = String::new();
    write_price(&mut text, price);
    text
}

fn entry_json(side: Side, (price, size): (Price, Size)) -> String {
    let price = price_json(price);
    if size.0 == 0 {
        let amount = if side == Side::Bid { "1" } else { "-1" };
        return format!("[{price},0,{amount}]");
    }
    format!("[{price},1,{}]", amount_json(side, size))
}

/// An order, gone where its size is 0.
fn order_json(side: Side, (id, price, size): Resting) -> String {
    if size.0 == 0 {
        let amount = if side == Side::Bid { "1" } else { "-1" };
        return format!("[{id},0,{amount}]");
    }
    format!("[{id},{},{}]", price_json(price), amount_json(side, size))
}

fn number_of(size: Size) -> Number {
    let text = size.display(SIZE_DECIMALS).to_string();
    Number::parse(text.as_bytes()).unwrap_or(Number::ZERO)
}

fn error(code: u32, words: &str) -> Vec<Wish> {
    vec![Wish::Reply(format!(
        "{{\"event\":\"error\",\"msg\":\"{words}\",\"code\":{code}}}"
    ))]
}

impl BitfinexMarket {
    /// Its place among all that were asked for.
    fn place(&self, symbol: Symbol) -> u64 {
        let place = self.symbols.iter().position(|known| *known == symbol);
        place.map_or(u64::MAX / 4, |place| place as u64)
    }

    fn book_channel(&self, symbol: Symbol) -> u64 {
        FIRST_CHANNEL + CHANNELS * self.place(symbol)
    }

    fn subscribe(&mut self, channel: &str, precision: &str, symbol: Symbol) -> Vec<Wish> {
        if !self.symbols.contains(&symbol) {
            if self.symbols.len() >= SYMBOLS_MAX {
                return error(10_305, "Reached limit of open channels");
            }
            self.symbols.push(symbol);
        }
        let (id, name) = (self.book_channel(symbol), symbol.as_str());
        let pair = name.strip_prefix('t').unwrap_or(name);
        match channel {
            "book" => {
                let (id, wish) = match precision {
                    "P0" => (id, Wish::Book(symbol)),
                    "R0" => (id + ORDERS, Wish::Orders(symbol)),
                    _ => return error(10_011, "prec: unknown"),
                };
                let answer = format!(
                    "{{\"event\":\"subscribed\",\"channel\":\"book\",\"chanId\":{id},\"symbol\":\"{name}\",\
                     \"prec\":\"{precision}\",\"freq\":\"F0\",\"len\":\"250\",\"pair\":\"{pair}\"}}"
                );
                vec![Wish::Reply(answer), wish]
            }
            "trades" => {
                let id = id + TRADES;
                let answer = format!(
                    "{{\"event\":\"subscribed\",\"channel\":\"trades\",\"chanId\":{id},\"symbol\":\"{name}\",\"pair\":\"{pair}\"}}"
                );
                vec![Wish::Reply(answer), Wish::Trades(symbol)]
            }
            _ => error(10_302, "channel: unknown"),
        }
    }

    fn unsubscribe(&self, id: u64) -> Vec<Wish> {
        let place = id
            .checked_sub(FIRST_CHANNEL)
            .map(|offset| offset / CHANNELS);
        let symbol = place
            .and_then(|place| usize::try_from(place).ok())
            .and_then(|place| self.symbols.get(place));
        let Some(&symbol) = symbol else {
            return error(10_400, "unsubscribe: invalid");
        };
        let answer = format!("{{\"event\":\"unsubscribed\",\"status\":\"OK\",\"chanId\":{id}}}");
        let mut wishes = vec![Wish::Reply(answer)];
        if (id - FIRST_CHANNEL) % CHANNELS != TRADES {
            wishes.insert(0, Wish::NoBook(symbol));
        }
        wishes
    }
}

impl Speak for BitfinexMarket {
    fn on_text(&mut self, now: EventTime, text: &str) -> Vec<Wish> {
        let mut bytes = text.as_bytes().to_vec();
        let Ok(tape) = simd_json::to_tape(&mut bytes) else {
            return error(10_000, "unknown event");
        };
        let value = tape.as_value();
        let text_of = |key: &str| value.get(key).and_then(|value| value.into_string());
        let number = |key: &str| value.get(key).and_then(|value| value.as_u64());
        match text_of("event") {
            Some("ping") => {
                let (at, id) = (now.0 / 1_000_000, number("cid").unwrap_or_default());
                let pong = format!("{{\"event\":\"pong\",\"ts\":{at},\"cid\":{id}}}");
                vec![Wish::Reply(pong)]
            }
            Some("conf") => {
                let flags = number("flags").unwrap_or_default();
                let done = format!("{{\"event\":\"conf\",\"status\":\"OK\",\"flags\":{flags}}}");
                vec![Wish::Reply(done)]
            }
            Some("subscribe") => match (text_of("channel"), text_of("symbol")) {
                (Some(channel), Some(symbol)) => {
                    let precision = text_of("prec").unwrap_or("P0");
                    self.subscribe(channel, precision, Symbol::from(symbol))
                }
                _ => error(10_001, "symbol: invalid"),
            },
            Some("unsubscribe") => self.unsubscribe(number("chanId").unwrap_or_default()),
            _ => error(10_000, "unknown event"),
        }
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        url.ends_with("/v2/conf/pub:list:pair:exchange")
            .then_some(Asked::Products)
    }

    fn snapshot(&self, book: &BookNow<'_>) -> Option<String> {
        let bids = book.bids.iter().map(|level| entry_json(Side::Bid, *level));
        let asks = book.asks.iter().map(|level| entry_json(Side::Ask, *level));
        let entries: Vec<String> = bids.chain(asks).collect();
        let (id, at) = (self.book_channel(book.symbol), book.now.0 / 1_000_000);
        Some(format!("[{id},[{}],{at}]", entries.join(",")))
    }

    fn update(&self, book: &BookNow<'_>, (side, price, size): (Side, Price, Size)) -> String {
        let (id, at) = (self.book_channel(book.symbol), book.now.0 / 1_000_000);
        format!("[{id},{},{at}]", entry_json(side, (price, size)))
    }

    fn proof(&self, book: &BookNow<'_>) -> Option<String> {
        // Behind a round of updates, not behind each.
        if !book.span.last.is_multiple_of(ROUND) {
            return None;
        }
        let mut ladders = Ladders::default();
        for (levels, side) in [(book.bids, Side::Bid), (book.asks, Side::Ask)] {
            for &(price, size) in levels.iter().take(CHECKSUM_LEVELS) {
                let size = number_of(size);
                ladders.apply(&Level { side, price, size });
            }
        }
        let (id, at) = (self.book_channel(book.symbol), book.now.0 / 1_000_000);
        let sum = checksum(&ladders, (0, 0)).cast_signed();
        Some(format!("[{id},\"cs\",{sum},{at}]"))
    }

    fn orders(&self, orders: &OrdersNow<'_>) -> Option<String> {
        let bids = orders
            .bids
            .iter()
            .map(|order| order_json(Side::Bid, *order));
        let asks = orders
            .asks
            .iter()
            .map(|order| order_json(Side::Ask, *order));
        let entries: Vec<String> = bids.chain(asks).collect();
        let id = self.book_channel(orders.symbol) + ORDERS;
        let at = orders.now.0 / 1_000_000;
        Some(format!("[{id},[{}],{at}]", entries.join(",")))
    }

    fn order_update(&self, orders: &OrdersNow<'_>, change: &OrderNow) -> String {
        let id = self.book_channel(orders.symbol) + ORDERS;
        let order = (change.order, change.price, Size(change.size));
        let at = orders.now.0 / 1_000_000;
        format!("[{id},{},{at}]", order_json(change.side, order))
    }

    fn orders_proof(&self, orders: &OrdersNow<'_>) -> Option<String> {
        if !orders.last.is_multiple_of(ROUND) {
            return None;
        }
        let mut ladders = Ladders::default();
        for (all, side) in [(orders.bids, Side::Bid), (orders.asks, Side::Ask)] {
            for &(id, price, size) in all.iter().take(CHECKSUM_LEVELS) {
                let size = number_of(size);
                let level = Level { side, price, size };
                ladders.apply_order(id, &level, &mut Vec::new());
            }
        }
        let id = self.book_channel(orders.symbol) + ORDERS;
        let sum = checksum_of_orders(&ladders, (0, 0)).cast_signed();
        let at = orders.now.0 / 1_000_000;
        Some(format!("[{id},\"cs\",{sum},{at}]"))
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        let aggressor = match trade.resting_side {
            Side::Bid => Side::Ask,
            _ => Side::Bid,
        };
        let amount = amount_json(aggressor, Size(trade.size));
        let (channel, price) = (self.book_channel(symbol) + TRADES, price_json(trade.price));
        let at = now.0 / 1_000_000;
        format!("[{channel},\"te\",[{id},{at},{amount},{price}],{at}]")
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        // Pairs only: names that are none of a pair are not on the list.
        let pairs: Vec<String> = symbols
            .iter()
            .filter_map(|symbol| symbol.as_str().strip_prefix('t'))
            .map(|pair| format!("\"{pair}\""))
            .collect();
        format!("[[{}]]", pairs.join(","))
    }

    fn heartbeat(&self, now: EventTime) -> Option<String> {
        Some(format!("[0,\"hb\",{}]", now.0 / 1_000_000))
    }

    fn welcome(&self) -> Option<String> {
        let text = "{\"event\":\"info\",\"version\":2,\"serverId\":\"simulated\",\"platform\":{\"status\":1}}";
        Some(text.to_owned())
    }

    /// Messages of channels have a number, in front of their time.
    fn numbered(&self, mut text: String, last: &mut u64) -> String {
        if text.starts_with('[')
            && let Some(comma) = text.rfind(',')
        {
            *last += 1;
            text.insert_str(comma, &format!(",{last}"));
        }
        text
    }
}
