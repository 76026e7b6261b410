//! The general reader: v2 in any order of members, and v1.

use super::venue::Kind;
use crate::contract::DecodeError;
use crate::model::{EventTime, InstrumentKind, Side, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Listing, Product, Quantity, Span, TradeId, TradeMessage,
};
use crate::session::text::{
    Number, Reader, digits_behind_point, exact, integer, list_of, objects, parse_time,
};
use simd_json::prelude::*;
use simd_json::tape::{Array, Object, Value};

const NO_JSON: DecodeError = DecodeError::BadText { offset: 0 };

const fn bad(kind: Kind) -> DecodeError {
    DecodeError::BadField {
        tag: kind as u32,
        offset: 0,
    }
}

const fn inexact(kind: Kind) -> DecodeError {
    DecodeError::NotExact { tag: kind as u32 }
}

pub(super) fn read<H: Hear>(
    text: &[u8],
    reader: &mut Reader,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let tape = reader.tape(text)?;
    let value = tape.as_value();
    if let Some(list) = value.as_array() {
        return read_v1(&list, levels, hear);
    }
    let object = value.into_object().ok_or(NO_JSON)?;
    let text_of = |key: &str| object.get(key).and_then(|value| value.into_string());
    if let Some(channel) = text_of("channel") {
        let is_snapshot = text_of("type") == Some("snapshot");
        return read_channel(&object, channel, is_snapshot, levels, hear);
    }
    let name = text_of("method")
        .or_else(|| text_of("event"))
        .ok_or(NO_JSON)?;
    let kind = match name {
        "pong" => Kind::Pong,
        "heartbeat" => Kind::Heartbeat,
        "systemStatus" => Kind::Status,
        "subscribe" | "subscriptionStatus" => Kind::Subscribe,
        "unsubscribe" => Kind::Unsubscribe,
        "error" => Kind::Error,
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    let complaint = text_of("error").or_else(|| text_of("errorMessage"));
    if let Some(words) = complaint {
        hear.complaint(words);
        return Ok(Heard::Kind(Kind::Error as u8));
    }
    if kind == Kind::Subscribe {
        hear.confirmed();
    }
    Ok(Heard::Kind(kind as u8))
}

fn read_channel<H: Hear>(
    object: &Object<'_, '_>,
    channel: &str,
    is_snapshot: bool,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let kind = match channel {
        "book" => Kind::Book,
        "trade" => Kind::Trade,
        "ticker" => Kind::Ticker,
        "instrument" => Kind::Instrument,
        "status" => return Ok(Heard::Kind(Kind::Status as u8)),
        "heartbeat" => return Ok(Heard::Kind(Kind::Heartbeat as u8)),
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    if kind == Kind::Instrument {
        let data = object.get("data").and_then(|data| data.into_object());
        let data = data.ok_or(bad(kind))?;
        let pairs = list_of(&data, "pairs").ok_or(bad(kind))?;
        for pair in objects(&pairs) {
            let Some(product) = product(&pair) else {
                continue;
            };
            let of = |key: &str| pair.get(key).and_then(|value| value.into_string());
            let listing = Listing::of(product).kind(InstrumentKind::Spot);
            hear.listing(&listing.pair(of("base"), of("quote")));
            if of("status") == Some("delisted") {
                hear.delisted(product.symbol.as_str().as_bytes());
            }
        }
        if is_snapshot {
            hear.list_is_whole();
        }
        return Ok(Heard::Kind(kind as u8));
    }
    let data = list_of(object, "data").ok_or(bad(kind))?;
    for entry in objects(&data) {
        match kind {
            Kind::Book => book(&entry, is_snapshot, levels, hear)?,
            Kind::Trade => trade(&entry, is_snapshot, hear)?,
            _ => ticker(&entry, hear)?,
        }
    }
    Ok(Heard::Kind(kind as u8))
}

fn text<'input>(
    object: &Object<'_, 'input>,
    key: &str,
    kind: Kind,
) -> Result<&'input str, DecodeError> {
    let value = object.get(key).and_then(|value| value.into_string());
    value.ok_or(bad(kind))
}

fn number(object: &Object<'_, '_>, key: &str, kind: Kind) -> Result<Number, DecodeError> {
    let value = object.get(key).ok_or(bad(kind))?;
    exact(value).ok_or(inexact(kind))
}

/// Time of an object; undefined where it says none.
fn time(object: &Object<'_, '_>) -> EventTime {
    let text = object
        .get("timestamp")
        .and_then(|value| value.into_string());
    text.and_then(|text| parse_time(text.as_bytes()))
        .unwrap_or(EventTime::UNDEFINED)
}

/// A number in its text, whose digits behind the point are counted.
fn counted(value: Option<Value<'_, '_>>, digits: &mut u8) -> Result<Number, DecodeError> {
    let value = value.and_then(|value| value.into_string());
    let text = value.ok_or(bad(Kind::Book))?.as_bytes();
    *digits = (*digits).max(digits_behind_point(text));
    Number::parse(text).ok_or(inexact(Kind::Book))
}

fn book<H: Hear>(
    object: &Object<'_, '_>,
    is_snapshot: bool,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    levels.clear();
    let mut digits = (0, 0);
    for (key, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
        let Some(list) = list_of(object, key) else {
            continue;
        };
        for entry in list.iter() {
            let entry = entry.into_object().ok_or(bad(Kind::Book))?;
            let price = counted(entry.get("price"), &mut digits.0)?;
            if price.is_beyond_prices() {
                hear.left_out();
                continue;
            }
            let price = price.price().ok_or(inexact(Kind::Book))?;
            let size = counted(entry.get("qty"), &mut digits.1)?;
            levels.push(Level { side, price, size });
        }
    }
    let checksum = object.get("checksum").and_then(integer);
    hear.book(&BookMessage {
        symbol: text(object, "symbol", Kind::Book)?.as_bytes(),
        is_snapshot,
        span: Span::default(),
        time: time(object),
        levels,
        checksum: checksum.and_then(|checksum| u32::try_from(checksum).ok()),
        orders: &[],
        digits,
    });
    Ok(())
}

fn trade<H: Hear>(object: &Object<'_, '_>, is_past: bool, hear: &mut H) -> Result<(), DecodeError> {
    let price = number(object, "price", Kind::Trade)?.price();
    let id = object.get("trade_id").and_then(integer);
    hear.trade(&TradeMessage {
        symbol: text(object, "symbol", Kind::Trade)?.as_bytes(),
        time: time(object),
        id: id.map_or(TradeId::None, TradeId::Rising),
        aggressor: side_of(text(object, "side", Kind::Trade)?)?,
        price: price.ok_or(inexact(Kind::Trade))?,
        size: number(object, "qty", Kind::Trade)?,
        is_past,
    });
    Ok(())
}

fn side_of(text: &str) -> Result<Side, DecodeError> {
    match text {
        "buy" | "b" => Ok(Side::Bid),
        "sell" | "s" => Ok(Side::Ask),
        _ => Err(bad(Kind::Trade)),
    }
}

fn ticker<H: Hear>(object: &Object<'_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = text(object, "symbol", Kind::Ticker)?.as_bytes();
    let last = number(object, "last", Kind::Ticker)?.price();
    let volume = number(object, "volume", Kind::Ticker)?;
    let at = time(object);
    if let Some(last) = last {
        hear.statistic(symbol, at, StatisticKind::LastPrice, Quantity::Price(last));
    }
    hear.statistic(symbol, at, StatisticKind::Volume24h, Quantity::Size(volume));
    Ok(())
}

fn product(object: &Object<'_, '_>) -> Option<Product> {
    let of = |key: &str| object.get(key).and_then(|value| value.into_string());
    let number = |key: &str| Number::parse(of(key)?.as_bytes());
    Some(Product {
        symbol: Symbol::new(of("symbol")?.as_bytes()),
        size_step: number("qty_increment"),
        tick_size: number("price_increment").and_then(Number::price),
        trading: match of("status") {
            Some("online" | "limit_only" | "post_only" | "reduce_only") => TradingState::Trading,
            Some("cancel_only" | "maintenance") => TradingState::Halt,
            _ => TradingState::NotAvailable,
        },
    })
}

// ---- v1

/// `[channel, {…}, "book-100", "XBT/USD"]`, with one or two objects, or with a list of trades.
fn read_v1<H: Hear>(
    list: &Array<'_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let count = list.len();
    let text_at = |index: usize| list.get(index).and_then(|value| value.into_string());
    let (Some(pair), Some(name)) = (
        text_at(count.wrapping_sub(1)),
        text_at(count.wrapping_sub(2)),
    ) else {
        return Err(NO_JSON);
    };
    if let Some(depth) = name.strip_prefix("book-") {
        let depth: usize = depth.parse().map_err(|_| bad(Kind::Book))?;
        hear.depth(depth);
        let parts = (1..count - 2).filter_map(|index| list.get(index)?.into_object());
        book_v1(pair, parts, levels, hear)?;
        return Ok(Heard::Kind(Kind::Book as u8));
    }
    let body = list.get(1).ok_or(NO_JSON)?;
    match name {
        "trade" => {
            let trades = body.into_array().ok_or(bad(Kind::Trade))?;
            for trade in trades.iter() {
                trade_v1(pair, trade, hear)?;
            }
            Ok(Heard::Kind(Kind::Trade as u8))
        }
        "ticker" => {
            let object = body.into_object().ok_or(bad(Kind::Ticker))?;
            let number = |key: &str, index: usize| exact(list_of(&object, key)?.get(index)?);
            let symbol = pair.as_bytes();
            let none = EventTime::UNDEFINED;
            if let Some(last) = number("c", 0).and_then(Number::price) {
                hear.statistic(
                    symbol,
                    none,
                    StatisticKind::LastPrice,
                    Quantity::Price(last),
                );
            }
            if let Some(volume) = number("v", 1) {
                hear.statistic(
                    symbol,
                    none,
                    StatisticKind::Volume24h,
                    Quantity::Size(volume),
                );
            }
            Ok(Heard::Kind(Kind::Ticker as u8))
        }
        other => Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    }
}

fn book_v1<'tape, 'input: 'tape, H: Hear>(
    pair: &str,
    parts: impl Iterator<Item = Object<'tape, 'input>>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    levels.clear();
    let (mut digits, mut is_snapshot, mut checksum) = ((0, 0), false, None);
    let mut newest = EventTime::UNDEFINED;
    for part in parts {
        for (key, value) in part.iter() {
            let (side, is_whole) = match key {
                "bs" => (Side::Bid, true),
                "as" => (Side::Ask, true),
                "b" => (Side::Bid, false),
                "a" => (Side::Ask, false),
                "c" => {
                    checksum = integer(value).and_then(|sum| u32::try_from(sum).ok());
                    continue;
                }
                _ => continue,
            };
            is_snapshot |= is_whole;
            let list = value.into_array().ok_or(bad(Kind::Book))?;
            for entry in list.iter() {
                let entry = entry.into_array().ok_or(bad(Kind::Book))?;
                let price = counted(entry.get(0), &mut digits.0)?;
                if price.is_beyond_prices() {
                    hear.left_out();
                    continue;
                }
                let price = price.price().ok_or(inexact(Kind::Book))?;
                let size = counted(entry.get(1), &mut digits.1)?;
                if let Some(at) = entry.get(2).and_then(seconds)
                    && (newest == EventTime::UNDEFINED || at > newest)
                {
                    newest = at;
                }
                levels.push(Level { side, price, size });
            }
        }
    }
    hear.book(&BookMessage {
        symbol: pair.as_bytes(),
        is_snapshot,
        span: Span::default(),
        time: newest,
        levels,
        checksum,
        orders: &[],
        digits,
    });
    Ok(())
}

/// `["5541.20000","0.15850568","1534614057.321597","s","l",""]`.
fn trade_v1<H: Hear>(pair: &str, trade: Value<'_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let entry = trade.into_array().ok_or(bad(Kind::Trade))?;
    let number = |index: usize| entry.get(index).and_then(exact);
    let price = number(0).ok_or(bad(Kind::Trade))?.price();
    let side = entry.get(3).and_then(|side| side.into_string());
    hear.trade(&TradeMessage {
        symbol: pair.as_bytes(),
        time: entry
            .get(2)
            .and_then(seconds)
            .unwrap_or(EventTime::UNDEFINED),
        id: TradeId::None,
        aggressor: side_of(side.ok_or(bad(Kind::Trade))?)?,
        price: price.ok_or(inexact(Kind::Trade))?,
        size: number(1).ok_or(inexact(Kind::Trade))?,
        is_past: false,
    });
    Ok(())
}

/// Seconds since 1970 with a fraction.
fn seconds(value: Value<'_, '_>) -> Option<EventTime> {
    Some(EventTime(exact(value)?.units(9)?))
}

/// The code of a currency since v2 ("XBT" is "BTC", "XDG" is "DOGE" there).
fn present_code(code: &str) -> &str {
    match code {
        "XBT" => "BTC",
        "XDG" => "DOGE",
        _ => code,
    }
}

/// The list of pairs by REST, under their names on the WebSocket.
pub(super) fn read_pairs<H: Hear>(
    body: &[u8],
    reader: &mut Reader,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let result = object.get("result").and_then(|result| result.into_object());
    let result = result.ok_or(bad(Kind::Instrument))?;
    for (_, pair) in result.iter() {
        let Some(pair) = pair.into_object() else {
            continue;
        };
        let Some(name) = pair.get("wsname").and_then(|name| name.into_string()) else {
            continue;
        };
        let step = |key: &str| {
            let digits = pair.get(key).and_then(integer)?;
            Number::parse(format!("1e-{digits}").as_bytes())
        };
        let product = Product {
            symbol: Symbol::new(name.as_bytes()),
            size_step: step("lot_decimals"),
            tick_size: step("pair_decimals").and_then(Number::price),
            trading: TradingState::Trading,
        };
        let (base, quote) = name.split_once('/').unzip();
        let listing = Listing::of(product).kind(InstrumentKind::Spot);
        hear.listing(&listing.pair(base.map(present_code), quote.map(present_code)));
    }
    Ok(())
}
