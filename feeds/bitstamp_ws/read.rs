//! The general reader: members in any order, unknown ones left alone.

use super::venue::{BOOKS, Entries, Kind, ORDERS, TRADES};
use crate::contract::DecodeError;
use crate::model::{EventTime, InstrumentKind, Side, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Listing, Product, Span, TradeId, TradeMessage,
};
use crate::session::text::{Fields, Number, Reader, integer, levels, objects};
use simd_json::prelude::*;
use simd_json::tape::Object;

const NO_JSON: DecodeError = DecodeError::BadText { offset: 0 };

pub(super) fn read<H: Hear>(
    text: &[u8],
    reader: &mut Reader,
    entries: &mut Entries,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let tape = reader.tape(text)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let text_of = |key: &str| object.get(key).and_then(|value| value.into_string());
    let channel = text_of("channel").unwrap_or_default();
    let data = object.get("data").and_then(|data| data.into_object());
    let fields_of = |kind: Kind| {
        let bad = DecodeError::BadField {
            tag: kind as u32,
            offset: 0,
        };
        data.as_ref().ok_or(bad).map(|object| Fields {
            object,
            tag: kind as u32,
        })
    };
    let kind = match text_of("event").ok_or(NO_JSON)? {
        "data" => match (channel.strip_prefix(BOOKS), channel.strip_prefix(ORDERS)) {
            (Some(symbol), _) if !entries.is_by_order => {
                let levels = &mut entries.levels;
                book(&fields_of(Kind::Update)?, symbol, false, levels, hear)?;
                Kind::Update
            }
            (_, Some(symbol)) if entries.is_by_order => {
                orders(&fields_of(Kind::Orders)?, symbol, entries, hear)?;
                Kind::Orders
            }
            _ => Kind::OtherData,
        },
        "trade" => {
            let fields = fields_of(Kind::Trade)?;
            let symbol = channel.strip_prefix(TRADES).ok_or_else(|| fields.bad())?;
            trade(&fields, symbol, hear)?;
            Kind::Trade
        }
        "order_created" | "order_changed" | "order_deleted" => Kind::Order,
        "bts:subscription_succeeded" => {
            hear.confirmed();
            Kind::Subscribed
        }
        "bts:unsubscription_succeeded" => Kind::Unsubscribed,
        "bts:heartbeat" => Kind::Heartbeat,
        "bts:request_reconnect" => {
            hear.complaint("the venue asks for a new connection");
            Kind::Reconnect
        }
        "bts:error" => {
            let words = data.and_then(|data| data.get("message")?.into_string());
            hear.complaint(words.unwrap_or("no reason given"));
            Kind::Error
        }
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    Ok(Heard::Kind(kind as u8))
}

fn book<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    symbol: &str,
    is_snapshot: bool,
    into: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let micros = fields.integer("microtimestamp")?;
    let time = micros.checked_mul(1_000).ok_or_else(|| fields.bad())?;
    into.clear();
    for (key, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
        match levels(fields.value(key)?, side, fields.tag, into) {
            Ok(left_out) => (0..left_out).for_each(|_| hear.left_out()),
            Err(DecodeError::NotExact { .. }) => {
                hear.too_fine(symbol.as_bytes());
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    hear.book(&BookMessage {
        symbol: symbol.as_bytes(),
        is_snapshot,
        span: Span::at(micros),
        time: EventTime(time),
        levels: into,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

/// The best orders of both sides, each `[price, size, id]`.
fn orders<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    symbol: &str,
    into: &mut Entries,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let micros = fields.integer("microtimestamp")?;
    let time = micros.checked_mul(1_000).ok_or_else(|| fields.bad())?;
    into.levels.clear();
    into.orders.clear();
    for (key, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
        let list = fields.value(key)?.into_array();
        for entry in list.ok_or_else(|| fields.bad())?.iter() {
            let entry = entry.into_array().ok_or_else(|| fields.bad())?;
            let number = |place: usize| {
                let text = entry.get(place).and_then(|value| value.into_string());
                let number = text.and_then(|text| Number::parse(text.as_bytes()));
                number.ok_or_else(|| fields.bad())
            };
            let (price, size) = (number(0)?, number(1)?);
            let id = entry.get(2).and_then(integer);
            let id = id.ok_or_else(|| fields.bad())?;
            if price.is_beyond_prices() {
                hear.left_out();
                continue;
            }
            let Some(price) = price.price() else {
                hear.too_fine(symbol.as_bytes());
                return Ok(());
            };
            into.levels.push(Level { side, price, size });
            into.orders.push(id);
        }
    }
    hear.book(&BookMessage {
        symbol: symbol.as_bytes(),
        is_snapshot: true,
        span: Span::at(micros),
        time: EventTime(time),
        levels: &into.levels,
        orders: &into.orders,
        checksum: None,
        digits: (0, 0),
    });
    Ok(())
}

/// Price and size as their digits; the members without `_str` went through binary floating point at the venue.
fn trade<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    symbol: &str,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let micros = fields.integer("microtimestamp")?;
    let time = micros.checked_mul(1_000).ok_or_else(|| fields.bad())?;
    let aggressor = match fields.integer("type")? {
        0 => Side::Bid,
        1 => Side::Ask,
        _ => return Err(fields.bad()),
    };
    let id = TradeId::Rising(fields.integer("id")?);
    let (price, size) = (fields.number("price_str")?, fields.number("amount_str")?);
    let Some(price) = price.price() else {
        hear.too_fine(symbol.as_bytes());
        return Ok(());
    };
    hear.trade(&TradeMessage {
        symbol: symbol.as_bytes(),
        time: EventTime(time),
        id,
        aggressor,
        price,
        size,
        is_past: false,
    });
    Ok(())
}

/// A snapshot, whose instrument the address names, or the list of instruments.
pub(super) fn read_rest<H: Hear>(
    url: &str,
    body: &[u8],
    reader: &mut Reader,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    if let Some(list) = tape.as_value().into_array() {
        for entry in objects(&list) {
            if let Some(product) = product(&entry) {
                let text = |key: &str| entry.get(key)?.into_string();
                let pair = text("name").and_then(|name| name.split_once('/')).unzip();
                let kind = match text("market_type") {
                    None | Some("SPOT") => InstrumentKind::Spot,
                    Some("PERPETUAL") => InstrumentKind::Perpetual,
                    Some(_) => InstrumentKind::Other,
                };
                let listing = Listing::of(product).kind(kind).pair(
                    text("base_currency").or(pair.0),
                    text("counter_currency").or(pair.1),
                );
                hear.listing(&listing);
            }
        }
        return Ok(());
    }
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let fields = Fields {
        object: &object,
        tag: Kind::Update as u32,
    };
    let symbol = url
        .split_once("/order_book/")
        .map(|(_, rest)| rest.split(['/', '?']).next().unwrap_or_default());
    let symbol = symbol.ok_or_else(|| fields.bad())?;
    book(&fields, symbol, true, levels, hear)
}

/// An entry of the present list, or of the one before it.
fn product(object: &Object<'_, '_>) -> Option<Product> {
    let text_of = |key: &str| object.get(key).and_then(|value| value.into_string());
    let step = |key: &str| {
        let digits = object.get(key).and_then(integer)?;
        Number::parse(format!("1e-{digits}").as_bytes())
    };
    let symbol = text_of("market_symbol").or_else(|| text_of("url_symbol"))?;
    Some(Product {
        symbol: Symbol::new(symbol.as_bytes()),
        size_step: step("base_decimals"),
        tick_size: step("counter_decimals").and_then(Number::price),
        trading: match text_of("trading") {
            Some("Enabled") => TradingState::Trading,
            _ => TradingState::NotAvailable,
        },
    })
}
