//! The general reader: members in any order, unknown ones left alone.

use super::venue::Kind;
use crate::contract::DecodeError;
use crate::model::{EventTime, InstrumentKind, Side, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Listing, Product, Quantity, Span, TradeId, TradeMessage,
};
use crate::session::text::{Fields, Found, Number, Reader, level, list_of, objects, parse_time};
use simd_json::prelude::*;
use simd_json::tape::{Array, Object};

const NO_JSON: DecodeError = DecodeError::BadText { offset: 0 };

pub(super) fn read<H: Hear>(
    text: &[u8],
    reader: &mut Reader,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let tape = reader.tape(text)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let text_of = |key: &str| object.get(key).and_then(|value| value.into_string());
    let kind = match text_of("type").ok_or(NO_JSON)? {
        "snapshot" => Kind::Snapshot,
        "l2update" => Kind::Update,
        "match" => Kind::Match,
        "last_match" => Kind::LastMatch,
        "ticker" => Kind::Ticker,
        "heartbeat" => Kind::Heartbeat,
        "status" => Kind::Status,
        "subscriptions" => Kind::Subscriptions,
        "error" => Kind::Error,
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    let fields = Fields {
        object: &object,
        tag: kind as u32,
    };
    match kind {
        Kind::Snapshot => {
            let symbol = fields.text("product_id")?.as_bytes();
            let time = time_if_any(&fields)?;
            whole_book(&fields, symbol, time, levels, hear)?;
        }
        Kind::Update => l2update(&fields, levels, hear)?,
        Kind::Match | Kind::LastMatch => trade(&fields, kind, hear)?,
        Kind::Ticker => ticker(&fields, hear)?,
        Kind::Heartbeat => {
            let symbol = fields.text("product_id")?;
            hear.last_trade(symbol.as_bytes(), fields.integer("last_trade_id")?);
        }
        Kind::Status => {
            let list = list_of(&object, "products").ok_or_else(|| fields.bad())?;
            products(&list, hear);
            hear.list_is_whole();
        }
        Kind::Subscriptions => {
            // One without channels answers the end of the last subscription.
            let channels = list_of(&object, "channels").ok_or_else(|| fields.bad())?;
            if !channels.is_empty() {
                hear.confirmed();
            }
        }
        Kind::Error => {
            let words = text_of("reason").or_else(|| text_of("message"));
            hear.complaint(words.unwrap_or("no reason given"));
        }
    }
    Ok(Heard::Kind(kind as u8))
}

fn time(fields: &Fields<'_, '_, '_>) -> Result<EventTime, DecodeError> {
    parse_time(fields.text("time")?.as_bytes()).ok_or_else(|| fields.bad())
}

/// A time that may be absent, but not wrong.
fn time_if_any(fields: &Fields<'_, '_, '_>) -> Result<EventTime, DecodeError> {
    match fields.object.get("time") {
        Some(_) => time(fields),
        None => Ok(EventTime::UNDEFINED),
    }
}

fn whole_book<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    symbol: &[u8],
    time: EventTime,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let bad = fields.bad();
    levels.clear();
    // In the order of the text, so that both readers tell the same.
    for (key, value) in fields.object.iter() {
        let side = match key {
            "bids" => Side::Bid,
            "asks" => Side::Ask,
            _ => continue,
        };
        for entry in value.into_array().ok_or(bad)?.iter() {
            let entry = entry.into_array().ok_or(bad)?;
            match level(entry.get(0), entry.get(1), side, bad)? {
                Found::Level(level) => levels.push(level),
                Found::LeftOut => hear.left_out(),
                Found::TooFine => {
                    hear.too_fine(symbol);
                    return Ok(());
                }
            }
        }
    }
    if list_of(fields.object, "bids").is_none() || list_of(fields.object, "asks").is_none() {
        return Err(bad);
    }
    tell(symbol, true, time, levels, hear);
    Ok(())
}

fn tell<H: Hear>(
    symbol: &[u8],
    is_snapshot: bool,
    time: EventTime,
    levels: &[Level],
    hear: &mut H,
) {
    hear.book(&BookMessage {
        symbol,
        is_snapshot,
        span: Span::default(),
        time,
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
}

fn l2update<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let bad = fields.bad();
    let symbol = fields.text("product_id")?.as_bytes();
    let time = time(fields)?;
    let changes = list_of(fields.object, "changes").ok_or(bad)?;
    levels.clear();
    for change in changes.iter() {
        let change = change.into_array().ok_or(bad)?;
        let side = match change.get(0).and_then(|side| side.into_string()) {
            Some("buy") => Side::Bid,
            Some("sell") => Side::Ask,
            _ => return Err(bad),
        };
        match level(change.get(1), change.get(2), side, bad)? {
            Found::Level(level) => levels.push(level),
            Found::LeftOut => hear.left_out(),
            Found::TooFine => {
                hear.too_fine(symbol);
                return Ok(());
            }
        }
    }
    tell(symbol, false, time, levels, hear);
    Ok(())
}

fn trade<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    kind: Kind,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let symbol = fields.text("product_id")?.as_bytes();
    let (time, id) = (time(fields)?, fields.integer("trade_id")?);
    let maker_side = fields.side("side")?;
    let (price, size) = (fields.number("price")?, fields.number("size")?);
    let Some(price) = price.price() else {
        hear.too_fine(symbol);
        return Ok(());
    };
    hear.trade(&TradeMessage {
        symbol,
        time,
        id: TradeId::Consecutive(id),
        aggressor: maker_side.opposite(),
        price,
        size,
        is_past: kind == Kind::LastMatch,
    });
    Ok(())
}

/// Before the first trade of a product its ticker has neither time nor statistics.
fn ticker<H: Hear>(fields: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = fields.text("product_id")?.as_bytes();
    let time = time_if_any(fields)?;
    let (open, volume) = (
        fields.price_if_any("open_24h")?,
        fields.number_if_any("volume_24h")?,
    );
    let price = fields.price("price")?;
    if let Some(volume) = volume {
        let volume = Quantity::Size(volume);
        hear.statistic(symbol, time, StatisticKind::Volume24h, volume);
    }
    if let Some(open) = open {
        let open = Quantity::Price(open);
        hear.statistic(symbol, time, StatisticKind::OpenPrice24h, open);
    }
    let price = Quantity::Price(price);
    hear.statistic(symbol, time, StatisticKind::LastPrice, price);
    Ok(())
}

/// A book, whose product the address names, or the list of products.
pub(super) fn read_rest<H: Hear>(
    url: &str,
    body: &[u8],
    reader: &mut Reader,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    if let Some(list) = tape.as_value().into_array() {
        products(&list, hear);
        return Ok(());
    }
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let fields = Fields {
        object: &object,
        tag: Kind::Snapshot as u32,
    };
    let path = url.split('?').next().unwrap_or_default();
    let symbol = path
        .strip_suffix("/book")
        .and_then(|path| path.rsplit_once("/products/"));
    let (_, symbol) = symbol.ok_or_else(|| fields.bad())?;
    let time = time_if_any(&fields)?;
    whole_book(&fields, symbol.as_bytes(), time, levels, hear)
}

fn products<H: Hear>(list: &Array<'_, '_>, hear: &mut H) {
    for entry in objects(list) {
        if let Some(product) = product(&entry) {
            let text = |key: &str| entry.get(key)?.into_string();
            let listing = Listing::of(product).kind(InstrumentKind::Spot);
            hear.listing(&listing.pair(text("base_currency"), text("quote_currency")));
        }
    }
}

fn product(object: &Object<'_, '_>) -> Option<Product> {
    let text = |key: &str| object.get(key).and_then(|value| value.into_string());
    let flag = |key: &str| object.get(key).and_then(|value| value.as_bool()) == Some(true);
    let number = |key: &str| Number::parse(text(key)?.as_bytes());
    let trading = if flag("auction_mode") {
        TradingState::Auction
    } else if flag("trading_disabled") || flag("cancel_only") {
        TradingState::Halt
    } else {
        match text("status") {
            Some("delisted") => TradingState::NotAvailable,
            Some("offline" | "internal") => TradingState::Halt,
            _ => TradingState::Trading,
        }
    };
    Some(Product {
        symbol: Symbol::new(text("id")?.as_bytes()),
        size_step: number("base_increment"),
        tick_size: number("quote_increment").and_then(Number::price),
        trading,
    })
}
