//! The other direction: what the venue says (for the simulator and the tests) and what its clients say.
//!
//! Key order is the venue's own, so that the scanners of `scan.rs` take what comes from here.

use crate::model::decimal::Decimal;
use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::text::Timestamp;
use std::fmt::{self, Display, Write};

/// Text inside JSON quotes.
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for character in self.0.chars() {
            match character {
                '"' | '\\' => write!(f, "\\{character}")?,
                _ if u32::from(character) < 0x20 => write!(f, "\\u{:04x}", u32::from(character))?,
                _ => f.write_char(character)?,
            }
        }
        f.write_char('"')
    }
}

/// A list of things between brackets, each written by `write`.
struct List<'a, T, W>(&'a [T], W);

impl<T, W: Fn(&T, &mut fmt::Formatter<'_>) -> fmt::Result> Display for List<'_, T, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('[')?;
        for (position, entry) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_char(',')?;
            }
            (self.1)(entry, f)?;
        }
        f.write_char(']')
    }
}

fn symbols(list: &[Symbol]) -> impl Display + '_ {
    List(list, |symbol: &Symbol, f: &mut fmt::Formatter<'_>| {
        Quoted(symbol.as_str()).fmt(f)
    })
}

fn request(verb: &str, products: &[Symbol], channels: &[String]) -> String {
    let names = List(channels, |name: &String, f: &mut fmt::Formatter<'_>| {
        if name == "status" {
            // It is about every product and takes no list of them.
            f.write_str("{\"name\":\"status\"}")
        } else {
            Quoted(name).fmt(f)
        }
    });
    if products.is_empty() {
        return format!("{{\"type\":\"{verb}\",\"channels\":{names}}}");
    }
    let products = symbols(products);
    format!("{{\"type\":\"{verb}\",\"product_ids\":{products},\"channels\":{names}}}")
}

/// A client's wish to hear `channels` of `products`.
pub fn subscribe(products: &[Symbol], channels: &[String]) -> String {
    request("subscribe", products, channels)
}

/// A client's wish not to hear them any more.
pub fn unsubscribe(products: &[Symbol], channels: &[String]) -> String {
    request("unsubscribe", products, channels)
}

/// What a connection is subscribed to: channels and their products.
pub fn subscriptions(channels: &[(String, Vec<Symbol>)]) -> String {
    let channels = List(
        channels,
        |(name, products): &(String, Vec<Symbol>), f: &mut fmt::Formatter<'_>| {
            let (name, products) = (Quoted(name), symbols(products));
            write!(f, "{{\"name\":{name},\"product_ids\":{products}}}")
        },
    );
    format!("{{\"type\":\"subscriptions\",\"channels\":{channels}}}")
}

/// A complaint of the venue.
pub fn error(message: &str, reason: &str) -> String {
    let (message, reason) = (Quoted(message), Quoted(reason));
    format!("{{\"type\":\"error\",\"message\":{message},\"reason\":{reason}}}")
}

/// A level of a book to be written: price and size, the latter in units of 10^-`size_decimals`.
pub type PriceAndSize = (Price, Size);

fn side_list(levels: &[PriceAndSize], size_decimals: u8) -> impl Display + '_ {
    List(
        levels,
        move |&(price, size): &PriceAndSize, f: &mut fmt::Formatter<'_>| {
            let size = size.display(size_decimals);
            write!(f, "[\"{price}\",\"{size:#}\"]")
        },
    )
}

/// The whole book of a product, both sides best first.
pub fn snapshot(
    product: Symbol,
    bids: &[PriceAndSize],
    asks: &[PriceAndSize],
    size_decimals: u8,
    time: EventTime,
) -> String {
    let product = Quoted(product.as_str());
    let (bids, asks) = (
        side_list(bids, size_decimals),
        side_list(asks, size_decimals),
    );
    let time = Timestamp(time);
    format!(
        "{{\"type\":\"snapshot\",\"product_id\":{product},\"asks\":{asks},\"bids\":{bids},\"time\":\"{time}\"}}"
    )
}

const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Ask => "sell",
        Side::Bid | Side::None => "buy",
    }
}

/// Levels that changed: side, price, and what rests there now.
pub fn l2update(
    product: Symbol,
    changes: &[(Side, Price, Size)],
    size_decimals: u8,
    time: EventTime,
) -> String {
    let product = Quoted(product.as_str());
    let changes = List(
        changes,
        move |&(side, price, size): &(Side, Price, Size), f: &mut fmt::Formatter<'_>| {
            let (side, size) = (side_name(side), size.display(size_decimals));
            write!(f, "[\"{side}\",\"{price}\",\"{size:#}\"]")
        },
    );
    let time = Timestamp(time);
    format!(
        "{{\"type\":\"l2update\",\"product_id\":{product},\"changes\":{changes},\"time\":\"{time}\"}}"
    )
}

/// A trade to be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Product id.
    pub product: Symbol,
    /// When.
    pub time: EventTime,
    /// The product's sequence number.
    pub sequence: u64,
    /// Counts the product's trades.
    pub trade_id: u64,
    /// Side of the order that rested.
    pub maker_side: Side,
    /// Where.
    pub price: Price,
    /// How much, in units of 10^-`size_decimals`.
    pub size: Size,
    /// Precision of the product's sizes.
    pub size_decimals: u8,
}

/// A `match`, or a `last_match` when `is_last`.
pub fn trade(trade: &Trade, is_last: bool) -> String {
    let name = if is_last { "last_match" } else { "match" };
    let Trade {
        trade_id,
        sequence,
        price,
        ..
    } = *trade;
    let (maker, taker) = (order_id(trade_id * 2), order_id(trade_id * 2 + 1));
    let side = side_name(trade.maker_side);
    let size = trade.size.display(trade.size_decimals);
    let product = Quoted(trade.product.as_str());
    let time = Timestamp(trade.time);
    format!(
        "{{\"type\":\"{name}\",\"trade_id\":{trade_id},\"maker_order_id\":\"{maker}\",\"taker_order_id\":\"{taker}\",\
         \"side\":\"{side}\",\"size\":\"{size:#}\",\"price\":\"{price}\",\"product_id\":{product},\
         \"sequence\":{sequence},\"time\":\"{time}\"}}"
    )
}

/// A name in the form of the venue's order ids, made of a number.
fn order_id(number: u64) -> String {
    format!("00000000-0000-4000-8000-{:012x}", number & 0xffff_ffff_ffff)
}

/// What a ticker says besides its trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statistics {
    /// Price 24 hours ago.
    pub open: Price,
    /// Lowest price of 24 hours.
    pub low: Price,
    /// Highest price of 24 hours.
    pub high: Price,
    /// Volume of 24 hours, in the trade's size units.
    pub volume: Size,
    /// Best bid.
    pub best_bid: PriceAndSize,
    /// Best ask.
    pub best_ask: PriceAndSize,
}

/// A ticker after a trade.
pub fn ticker(trade: &Trade, statistics: &Statistics) -> String {
    let Trade {
        trade_id,
        sequence,
        price,
        size_decimals,
        ..
    } = *trade;
    let product = Quoted(trade.product.as_str());
    let Statistics {
        open, low, high, ..
    } = *statistics;
    let volume = statistics.volume.display(size_decimals);
    let best = |(price, size): PriceAndSize| {
        let price = if price.is_defined() { price } else { Price(0) };
        (price, size.display(size_decimals))
    };
    let (bid, bid_size) = best(statistics.best_bid);
    let (ask, ask_size) = best(statistics.best_ask);
    let side = side_name(trade.maker_side.opposite());
    let (time, last_size) = (Timestamp(trade.time), trade.size.display(size_decimals));
    format!(
        "{{\"type\":\"ticker\",\"sequence\":{sequence},\"product_id\":{product},\"price\":\"{price}\",\
         \"open_24h\":\"{open}\",\"volume_24h\":\"{volume:#}\",\"low_24h\":\"{low}\",\"high_24h\":\"{high}\",\
         \"volume_30d\":\"{volume:#}\",\"best_bid\":\"{bid}\",\"best_bid_size\":\"{bid_size:#}\",\
         \"best_ask\":\"{ask}\",\"best_ask_size\":\"{ask_size:#}\",\"side\":\"{side}\",\"time\":\"{time}\",\
         \"trade_id\":{trade_id},\"last_size\":\"{last_size:#}\"}}"
    )
}

/// A heartbeat.
pub fn heartbeat(product: Symbol, sequence: u64, last_trade_id: u64, time: EventTime) -> String {
    let (product, time) = (Quoted(product.as_str()), Timestamp(time));
    format!(
        "{{\"type\":\"heartbeat\",\"last_trade_id\":{last_trade_id},\"product_id\":{product},\
         \"sequence\":{sequence},\"time\":\"{time}\"}}"
    )
}

/// What the list of products says of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProductEntry {
    /// Product id, `BASE-QUOTE`.
    pub symbol: Symbol,
    /// Digits of the size step.
    pub size_decimals: u8,
    /// The price step.
    pub tick_size: Price,
}

/// The list of products, as REST gives it.
pub fn products(entries: &[ProductEntry]) -> String {
    List(entries, |entry: &ProductEntry, f: &mut fmt::Formatter<'_>| {
        let id = Quoted(entry.symbol.as_str());
        let name = entry.symbol.as_str();
        let (base, quote) = name.split_once('-').unwrap_or((name, ""));
        let (base, quote) = (Quoted(base), Quoted(quote));
        let step = Decimal {
            mantissa: 1,
            scale: entry.size_decimals,
        };
        let tick = entry.tick_size;
        write!(
            f,
            "{{\"id\":{id},\"base_currency\":{base},\"quote_currency\":{quote},\"quote_increment\":\"{tick}\",\
             \"base_increment\":\"{step}\",\"display_name\":{id},\"min_market_funds\":\"1\",\"margin_enabled\":false,\
             \"post_only\":false,\"limit_only\":false,\"cancel_only\":false,\"trading_disabled\":false,\
             \"status\":\"online\",\"status_message\":\"\"}}"
        )
    })
    .to_string()
}

/// The status channel's message.
pub fn status(entries: &[ProductEntry]) -> String {
    let products = products(entries);
    format!("{{\"type\":\"status\",\"products\":{products},\"currencies\":[]}}")
}
