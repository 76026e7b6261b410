//! The general reader: members in any order, unknown ones left alone.

use super::venue::Kind;
use crate::contract::DecodeError;
use crate::model::{EventTime, InstrumentKind, Side, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Listing, Product, Quantity, Span, TradeId, TradeMessage,
};
use crate::session::text::{Fields, Number, Reader, exact, levels, list_of, objects};
use simd_json::prelude::*;
use simd_json::tape::{Object, Value};

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
        "message" => return read_message(&object, levels, hear),
        "welcome" => Kind::Welcome,
        "ack" => {
            hear.confirmed();
            Kind::Ack
        }
        "pong" => Kind::Pong,
        "notice" => Kind::Notice,
        "error" => {
            hear.complaint(text_of("data").unwrap_or("no reason given"));
            Kind::Error
        }
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    Ok(Heard::Kind(kind as u8))
}

fn read_message<H: Hear>(
    object: &Object<'_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let text_of = |key: &str| object.get(key).and_then(|value| value.into_string());
    let topic = text_of("topic").ok_or(NO_JSON)?;
    let kind = match text_of("subject").ok_or(NO_JSON)? {
        "trade.l2update" => Kind::Update,
        "trade.l3match" => Kind::Match,
        "trade.ticker" => Kind::Ticker,
        "trade.candles.add" | "trade.candles.update" => {
            return Ok(Heard::Kind(Kind::Candles as u8));
        }
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    let data = object.get("data").and_then(|data| data.into_object());
    let data = data.ok_or(DecodeError::BadField {
        tag: kind as u32,
        offset: 0,
    })?;
    let fields = Fields {
        object: &data,
        tag: kind as u32,
    };
    match kind {
        Kind::Update => update(&fields, levels, hear)?,
        Kind::Match => trade(&fields, hear)?,
        _ => {
            // The ticker of all symbols has the symbol as its subject; this one has it in the topic.
            let symbol = topic.split_once(':').map_or("", |(_, symbol)| symbol);
            ticker(&fields, symbol, hear)?;
        }
    }
    Ok(Heard::Kind(kind as u8))
}

/// Both sides of an object, or `false` when a price of it is finer than prices can be.
fn sides<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    object: &Object<'_, '_>,
    into: &mut Vec<Level>,
    hear: &mut H,
) -> Result<bool, DecodeError> {
    into.clear();
    for (key, side) in [("asks", Side::Ask), ("bids", Side::Bid)] {
        let Some(list) = object.get(key).filter(|list| !list.is_null()) else {
            continue;
        };
        match levels(list, side, fields.tag, into) {
            Ok(left_out) => (0..left_out).for_each(|_| hear.left_out()),
            Err(DecodeError::NotExact { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    // No level is meant: only the number moves on.
    into.retain(|level| level.price.0 != 0);
    Ok(true)
}

fn update<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let symbol = fields.text("symbol")?.as_bytes();
    let span = Span {
        first: fields.integer("sequenceStart")?,
        last: fields.integer("sequenceEnd")?,
        previous: None,
    };
    let time = match fields.object.get("time") {
        Some(_) => fields.millis("time")?,
        None => EventTime::UNDEFINED,
    };
    let changes = fields.value("changes")?.into_object();
    let changes = changes.ok_or_else(|| fields.bad())?;
    if !sides(fields, &changes, levels, hear)? {
        hear.too_fine(symbol);
        return Ok(());
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot: false,
        span,
        time,
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

fn trade<H: Hear>(fields: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = fields.text("symbol")?.as_bytes();
    let price = fields.number("price")?;
    let trade = TradeMessage {
        symbol,
        time: EventTime(fields.integer("time")?),
        id: TradeId::Rising(fields.integer("sequence")?),
        aggressor: fields.side("side")?,
        price: match price.price() {
            Some(price) => price,
            None => {
                hear.too_fine(symbol);
                return Ok(());
            }
        },
        size: fields.number("size")?,
        is_past: false,
    };
    hear.trade(&trade);
    Ok(())
}

fn ticker<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    symbol: &str,
    hear: &mut H,
) -> Result<(), DecodeError> {
    // Before the first trade there is none.
    let Some(last) = fields.number_if_any("price")? else {
        return Ok(());
    };
    let time = ["time", "Time"]
        .into_iter()
        .find_map(|key| fields.millis(key).ok());
    let time = time.unwrap_or(EventTime::UNDEFINED);
    match last.price() {
        Some(last) => hear.statistic(
            symbol.as_bytes(),
            time,
            StatisticKind::LastPrice,
            Quantity::Price(last),
        ),
        None => hear.too_fine(symbol.as_bytes()),
    }
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
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    if let Some(list) = list_of(&object, "data") {
        for entry in objects(&list) {
            if let Some(product) = product(&entry) {
                let text = |key: &str| entry.get(key)?.into_string();
                let listing = Listing::of(product).kind(InstrumentKind::Spot);
                hear.listing(&listing.pair(text("baseCurrency"), text("quoteCurrency")));
            }
        }
        return Ok(());
    }
    let fields = Fields {
        object: &object,
        tag: Kind::Update as u32,
    };
    let data = fields.value("data")?.into_object();
    let data = data.ok_or_else(|| fields.bad())?;
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let symbol = query
        .split('&')
        .find_map(|part| part.strip_prefix("symbol="));
    let symbol = symbol.ok_or_else(|| fields.bad())?.as_bytes();
    let fields = Fields {
        object: &data,
        tag: Kind::Update as u32,
    };
    let (last, time) = (fields.integer("sequence")?, fields.millis("time")?);
    if !sides(&fields, &data, levels, hear)? {
        hear.too_fine(symbol);
        return Ok(());
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot: true,
        span: Span::at(last),
        time,
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

fn product(object: &Object<'_, '_>) -> Option<Product> {
    let number = |key: &str| exact(object.get(key)?);
    let enabled = object
        .get("enableTrading")
        .and_then(|value| value.as_bool());
    Some(Product {
        symbol: Symbol::new(object.get("symbol")?.into_string()?.as_bytes()),
        size_step: number("baseIncrement"),
        tick_size: number("priceIncrement").and_then(Number::price),
        trading: if enabled == Some(false) {
            TradingState::NotAvailable
        } else {
            TradingState::Trading
        },
    })
}

/// The server and the token of a ticket.
pub(super) fn read_ticket(
    body: &[u8],
    reader: &mut Reader,
) -> Result<(String, String), DecodeError> {
    let tape = reader.tape(body)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let data = object.get("data").and_then(|data| data.into_object());
    let data = data.ok_or(NO_JSON)?;
    let servers = list_of(&data, "instanceServers").ok_or(NO_JSON)?;
    let server = objects(&servers).next().ok_or(NO_JSON)?;
    let text = |value: Option<Value<'_, '_>>| value?.into_string().map(str::to_owned);
    let (server, token) = (text(server.get("endpoint")), text(data.get("token")));
    Ok((server.ok_or(NO_JSON)?, token.ok_or(NO_JSON)?))
}
