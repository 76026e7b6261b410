//! The general reader: members in any order, unknown ones left alone.

use super::Kind;
use super::scan::LIQUIDATION;
use crate::contract::DecodeError;
use crate::model::{
    EventTime, Expiry, InstrumentKind, Price, Side, StatisticKind, Symbol, TradingState,
};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Listing, Product, Quantity, Span, TradeId, TradeMessage,
    text_of,
};
use crate::session::text::{
    Fields, Found, Number, Reader, exact, id_of_text, level, list_of, objects, parse_time,
};
use simd_json::prelude::*;
use simd_json::tape::{Object, Value};

const NO_JSON: DecodeError = DecodeError::BadText { offset: 0 };
/// Finer steps than that, or steps of so many, are no instrument's.
const STEP_DIGITS_MAX: i8 = 18;

fn fields<'m, 'tape, 'input>(
    object: &'m Object<'tape, 'input>,
    kind: Kind,
) -> Fields<'m, 'tape, 'input> {
    let tag = kind as u32;
    Fields { object, tag }
}

pub(super) fn read<H: Hear>(
    text: &[u8],
    reader: &mut Reader,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let tape = reader.tape(text)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    if let Some(event) = text_of(&object, "event") {
        return Ok(self::event(event.trim(), &object, hear));
    }
    let feed = text_of(&object, "feed").ok_or(NO_JSON)?;
    let kind = match feed {
        "book_snapshot" => {
            snapshot(&fields(&object, Kind::BookSnapshot), levels, hear)?;
            Kind::BookSnapshot
        }
        "book" => {
            change(&fields(&object, Kind::Book), levels, hear)?;
            Kind::Book
        }
        "trade_snapshot" => {
            past_trades(&fields(&object, Kind::TradeSnapshot), hear)?;
            Kind::TradeSnapshot
        }
        "trade" => {
            let members = fields(&object, Kind::Trade);
            let symbol = members.text("product_id")?;
            match trade(&members, symbol, false)? {
                Some((trade, _)) => {
                    hear.trade(&trade);
                    let kind = text_of(&object, "type").map(str::as_bytes);
                    if kind == Some(LIQUIDATION) {
                        hear.liquidation(&trade.liquidation(trade.aggressor));
                    }
                }
                None => hear.too_fine(symbol.as_bytes()),
            }
            Kind::Trade
        }
        "ticker" => {
            ticker(&fields(&object, Kind::Ticker), hear)?;
            Kind::Ticker
        }
        "heartbeat" => Kind::Heartbeat,
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    Ok(Heard::Kind(kind as u8))
}

/// Greetings, answers and complaints.
fn event<H: Hear>(event: &str, object: &Object<'_, '_>, hear: &mut H) -> Heard {
    let kind = match event {
        "info" => Kind::Info,
        "subscribed" => {
            hear.confirmed();
            Kind::Subscribed
        }
        "unsubscribed" => Kind::Unsubscribed,
        "alert" | "error" | "subscribed_failed" | "unsubscribed_failed" => {
            hear.complaint(text_of(object, "message").unwrap_or(event));
            Kind::Alert
        }
        other => return Heard::Unknown(Symbol::new(other.as_bytes())),
    };
    Heard::Kind(kind as u8)
}

/// An entry of a book.
fn level_of(members: &Fields<'_, '_, '_>, side: Side) -> Result<Found, DecodeError> {
    let of = |key| members.object.get(key);
    level(of("price"), of("qty"), side, members.bad())
}

fn snapshot<H: Hear>(
    members: &Fields<'_, '_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let symbol = members.text("product_id")?.as_bytes();
    let mut left_out = 0;
    levels.clear();
    for (key, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
        let list = list_of(members.object, key).ok_or_else(|| members.bad())?;
        for entry in list.iter() {
            let entry = entry.into_object().ok_or_else(|| members.bad())?;
            match level_of(&fields(&entry, Kind::BookSnapshot), side)? {
                Found::Level(level) => levels.push(level),
                Found::LeftOut => left_out += 1,
                Found::TooFine => {
                    hear.too_fine(symbol);
                    return Ok(());
                }
            }
        }
    }
    tell_book(members, symbol, true, levels, hear)?;
    (0..left_out).for_each(|_| hear.left_out());
    Ok(())
}

fn change<H: Hear>(
    members: &Fields<'_, '_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let symbol = members.text("product_id")?.as_bytes();
    levels.clear();
    let found = level_of(members, members.side("side")?)?;
    match found {
        Found::Level(level) => levels.push(level),
        Found::LeftOut => {}
        Found::TooFine => {
            hear.too_fine(symbol);
            return Ok(());
        }
    }
    tell_book(members, symbol, false, levels, hear)?;
    if levels.is_empty() {
        hear.left_out();
    }
    Ok(())
}

fn tell_book<H: Hear>(
    members: &Fields<'_, '_, '_>,
    symbol: &[u8],
    is_snapshot: bool,
    levels: &[Level],
    hear: &mut H,
) -> Result<(), DecodeError> {
    hear.book(&BookMessage {
        symbol,
        is_snapshot,
        span: Span::at(members.integer("seq")?),
        time: members.millis("timestamp")?,
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

/// A trade and its number; `None`: its price is finer than prices are.
fn trade<'input>(
    members: &Fields<'_, '_, 'input>,
    symbol: &'input str,
    is_past: bool,
) -> Result<Option<(TradeMessage<'input>, u64)>, DecodeError> {
    let price = members.number("price")?;
    let trade = TradeMessage {
        symbol: symbol.as_bytes(),
        time: members.millis("time")?,
        id: TradeId::Unordered(id_of_text(members.text("uid")?.as_bytes())),
        aggressor: members.side("side")?,
        price: Price::UNDEFINED,
        size: members.number("qty")?,
        is_past,
    };
    let sequence = members.integer("seq")?;
    let told = price.price().map(|price| TradeMessage { price, ..trade });
    Ok(told.map(|trade| (trade, sequence)))
}

/// The newest trade comes first.
fn past_trades<H: Hear>(members: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = members.text("product_id")?;
    let list = list_of(members.object, "trades").ok_or_else(|| members.bad())?;
    let mut trades = Vec::with_capacity(list.len());
    for entry in list.iter() {
        let entry = entry.into_object().ok_or_else(|| members.bad())?;
        match trade(&fields(&entry, Kind::TradeSnapshot), symbol, true)? {
            Some(trade) => trades.push(trade),
            None => {
                hear.too_fine(symbol.as_bytes());
                return Ok(());
            }
        }
    }
    trades.sort_by_key(|(trade, sequence)| (trade.time, *sequence));
    for (trade, _) in &trades {
        hear.trade(trade);
    }
    Ok(())
}

fn ticker<H: Hear>(members: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = members.text("product_id")?;
    let time = members.millis("time")?;
    let mut tell = |kind, value| hear.statistic(symbol.as_bytes(), time, kind, value);
    let prices = [
        ("last", StatisticKind::LastPrice),
        ("markPrice", StatisticKind::MarkPrice),
        ("index", StatisticKind::IndexPrice),
        ("open", StatisticKind::OpenPrice24h),
    ];
    for (key, kind) in prices {
        if let Some(price) = members.object.get(key).and_then(nearest) {
            tell(kind, Quantity::Price(price));
        }
    }
    let sizes = [
        ("openInterest", StatisticKind::OpenInterest),
        ("volume", StatisticKind::Volume24h),
    ];
    for (key, kind) in sizes {
        if let Some(size) = members.object.get(key).and_then(exact) {
            tell(kind, Quantity::Size(size));
        }
    }
    // A rate of zero is left out, and futures have none.
    let funding = match members.object.get("relative_funding_rate") {
        Some(rate) => nearest(rate),
        None => (text_of(members.object, "tag") == Some("perpetual")).then_some(Price(0)),
    };
    if let Some(funding) = funding {
        tell(StatisticKind::FundingRate, Quantity::Price(funding));
    }
    let is = |key: &str| members.object.get(key).and_then(|value| value.as_bool());
    if let Some(is_suspended) = is("suspended") {
        hear.product(&Product {
            trading: match (is_suspended, is("post_only")) {
                (true, _) => TradingState::Halt,
                (false, Some(true)) => TradingState::PreOpen,
                _ => TradingState::Trading,
            },
            ..Product::named(Symbol::new(symbol.as_bytes()))
        });
    }
    Ok(())
}

/// A number with any number of digits, to the nearest 1e-9; a half goes away from zero.
fn nearest(value: Value<'_, '_>) -> Option<Price> {
    let text = value.into_string()?;
    let (text, exponent) = match text.split_once(['e', 'E']) {
        Some((text, exponent)) => (text, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text),
    };
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    // So many digits count; the one behind them decides.
    let counting = i64::try_from(whole.len()).ok()? + i64::from(exponent) + 9;
    let (mut total, mut place) = (0i64, 0i64);
    for byte in whole.bytes().chain(fraction.bytes()) {
        let digit = byte.is_ascii_digit().then(|| i64::from(byte - b'0'))?;
        if place < counting {
            total = total.checked_mul(10)?.checked_add(digit)?;
        } else if place == counting {
            total = total.checked_add(i64::from(digit >= 5))?;
        }
        place += 1;
    }
    if place == 0 {
        return None;
    }
    while total != 0 && place < counting {
        total = total.checked_mul(10)?;
        place += 1;
    }
    let price = Price(sign * total);
    price.is_defined().then_some(price)
}

/// The list of instruments.
pub(super) fn read_rest<H: Hear>(
    body: &[u8],
    reader: &mut Reader,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let list = list_of(&object, "instruments").ok_or(NO_JSON)?;
    for entry in objects(&list) {
        let Some(symbol) = text_of(&entry, "symbol") else {
            continue;
        };
        let number = |key: &str| entry.get(key).and_then(exact);
        let is = |key: &str| entry.get(key).and_then(|value| value.as_bool());
        let digits = entry.get("contractValueTradePrecision");
        let product = Product {
            symbol: Symbol::new(symbol.as_bytes()),
            size_step: digits.and_then(step),
            tick_size: number("tickSize").and_then(Number::price),
            trading: match (is("tradeable"), is("postOnly")) {
                (Some(true), Some(true)) => TradingState::PreOpen,
                (Some(true), _) => TradingState::Trading,
                _ => TradingState::NotAvailable,
            },
        };
        let text = |key: &str| text_of(&entry, key);
        // Older lists have the pair alone.
        let pair = text("pair").and_then(|pair| pair.split_once(':'));
        let base = text("base").or(pair.map(|pair| pair.0)).map(common_code);
        let quote = text("quote").or(pair.map(|pair| pair.1)).map(common_code);
        let settle = match text("type") {
            Some("futures_inverse") => base,
            _ => quote,
        };
        let end = text("lastTradingTime").and_then(|text| parse_time(text.as_bytes()));
        let kind = match (text("type"), end) {
            (Some("futures_inverse" | "futures_vanilla" | "flexible_futures"), None) => {
                InstrumentKind::Perpetual
            }
            (Some("futures_inverse" | "futures_vanilla" | "flexible_futures"), Some(_)) => {
                InstrumentKind::Future
            }
            _ => InstrumentKind::Other,
        };
        let listing = Listing::of(product)
            .kind(kind)
            .pair(base, quote)
            .settled(settle)
            .multiplier(number("contractSize"))
            .expires(Expiry::of_time(end.unwrap_or(EventTime::UNDEFINED)));
        hear.listing(&listing);
    }
    Ok(())
}

/// The step of sizes with so many digits behind the point; fewer than none are zeros before it.
fn step(digits: Value<'_, '_>) -> Option<Number> {
    let digits: i8 = digits.into_string()?.parse().ok()?;
    if digits.abs() > STEP_DIGITS_MAX {
        return None;
    }
    Number::parse(format!("1e{}", -digits).as_bytes())
}

/// The common code of a currency: this venue calls bitcoin XBT and dogecoin XDG.
fn common_code(code: &str) -> &str {
    match code {
        "XBT" => "BTC",
        "XDG" => "DOGE",
        _ => code,
    }
}
