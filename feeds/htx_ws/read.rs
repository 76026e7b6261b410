//! The general reader: members in any order, unknown ones left alone.

use super::venue::Kind;
use crate::contract::DecodeError;
use crate::model::{EventTime, Side, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Product, Quantity, Span, TradeId, TradeMessage,
};
use crate::session::text::{Fields, Number, Reader, integer, levels, list_of, objects};
use simd_json::prelude::*;
use simd_json::tape::Object;

const NO_JSON: DecodeError = DecodeError::BadText { offset: 0 };

/// The symbol of a topic, and what is behind it: `market.btcusdt.mbp.150`.
pub(super) fn symbol_of(topic: &str) -> Option<(&str, &str)> {
    topic.strip_prefix("market.")?.split_once('.')
}

pub(super) fn read<H: Hear>(
    text: &[u8],
    reader: &mut Reader,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let tape = reader.tape(text)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let text_of = |key: &str| object.get(key).and_then(|value| value.into_string());
    if let Some(number) = object.get("ping").and_then(integer) {
        hear.reply(format!("{{\"pong\":{number}}}"));
        return Ok(Heard::Kind(Kind::Ping as u8));
    }
    if object.get("pong").is_some() {
        return Ok(Heard::Kind(Kind::Ping as u8));
    }
    if text_of("status") == Some("error") {
        let words = text_of("err-msg").or_else(|| text_of("err-code"));
        hear.complaint(words.unwrap_or("no reason given"));
        return Ok(Heard::Kind(Kind::Answer as u8));
    }
    if object.get("subbed").is_some() {
        hear.confirmed();
        return Ok(Heard::Kind(Kind::Answer as u8));
    }
    if object.get("unsubbed").is_some() {
        return Ok(Heard::Kind(Kind::Answer as u8));
    }
    let (topic, is_snapshot, body) = match (text_of("ch"), text_of("rep")) {
        (Some(topic), _) => (topic, false, "tick"),
        (None, Some(topic)) => (topic, true, "data"),
        (None, None) => return Err(NO_JSON),
    };
    let unknown = || Ok(Heard::Unknown(Symbol::new(topic.as_bytes())));
    let Some((symbol, what)) = symbol_of(topic) else {
        return unknown();
    };
    let kind = match what {
        "mbp.150" if is_snapshot => Kind::Snapshot,
        "mbp.150" => Kind::Update,
        "trade.detail" if !is_snapshot => Kind::Trades,
        "detail" if !is_snapshot => Kind::Detail,
        "bbo" | "ticker" | "trade.detail" | "detail" => Kind::Other,
        other
            if ["mbp.", "depth.", "kline."]
                .iter()
                .any(|one| other.starts_with(one)) =>
        {
            Kind::Other
        }
        _ => return unknown(),
    };
    if kind == Kind::Other {
        return Ok(Heard::Kind(kind as u8));
    }
    let tag = kind as u32;
    let bad = DecodeError::BadField { tag, offset: 0 };
    let body = object.get(body).and_then(|body| body.into_object());
    let body = body.ok_or(bad)?;
    let fields = Fields { object: &body, tag };
    let millis = object.get("ts").and_then(integer);
    let time = millis.and_then(|millis| millis.checked_mul(1_000_000));
    let time = time.map_or(EventTime::UNDEFINED, EventTime);
    match kind {
        Kind::Trades => {
            let data = list_of(&body, "data").ok_or(bad)?;
            for entry in objects(&data) {
                let fields = Fields {
                    object: &entry,
                    tag,
                };
                trade(&fields, symbol.as_bytes(), hear)?;
            }
        }
        Kind::Detail => detail(&fields, symbol.as_bytes(), time, hear)?,
        _ => book(&fields, symbol.as_bytes(), is_snapshot, time, levels, hear)?,
    }
    Ok(Heard::Kind(kind as u8))
}

fn book<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    symbol: &[u8],
    is_snapshot: bool,
    time: EventTime,
    into: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let last = fields.integer("seqNum")?;
    let span = if is_snapshot {
        Span::at(last)
    } else {
        Span {
            first: last,
            last,
            previous: Some(fields.integer("prevSeqNum")?),
        }
    };
    into.clear();
    for (key, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
        let Some(list) = fields.object.get(key).filter(|list| !list.is_null()) else {
            if is_snapshot {
                return Err(fields.bad());
            }
            continue;
        };
        match levels(list, side, fields.tag, into) {
            Ok(left_out) => (0..left_out).for_each(|_| hear.left_out()),
            Err(DecodeError::NotExact { .. }) => {
                hear.too_fine(symbol);
                return Ok(());
            }
            Err(error) => return Err(error),
        }
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot,
        span,
        time,
        levels: into,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

fn trade<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    symbol: &[u8],
    hear: &mut H,
) -> Result<(), DecodeError> {
    let time = fields.millis("ts")?;
    let (id, aggressor) = (fields.integer("tradeId")?, fields.side("direction")?);
    let (price, size) = (fields.number("price")?, fields.number("amount")?);
    let Some(price) = price.price() else {
        hear.too_fine(symbol);
        return Ok(());
    };
    hear.trade(&TradeMessage {
        symbol,
        time,
        id: TradeId::Unordered(id),
        aggressor,
        price,
        size,
        is_past: false,
    });
    Ok(())
}

/// Of the last 24 hours. What has more digits than it can have here is left out.
fn detail<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    symbol: &[u8],
    time: EventTime,
    hear: &mut H,
) -> Result<(), DecodeError> {
    for (key, kind) in [
        ("close", StatisticKind::LastPrice),
        ("open", StatisticKind::OpenPrice24h),
    ] {
        match fields.number(key).ok().and_then(Number::price) {
            Some(price) => hear.statistic(symbol, time, kind, Quantity::Price(price)),
            None => {
                fields.value(key)?;
                hear.left_out();
            }
        }
    }
    match fields.number("amount") {
        Ok(size) => {
            let volume = Quantity::Size(size);
            hear.statistic(symbol, time, StatisticKind::Volume24h, volume);
        }
        Err(_) => {
            fields.value("amount")?;
            hear.left_out();
        }
    }
    Ok(())
}

/// The list of symbols by REST.
pub(super) fn read_symbols<H: Hear>(
    body: &[u8],
    reader: &mut Reader,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let list = list_of(&object, "data").ok_or(NO_JSON)?;
    for entry in objects(&list) {
        if let Some(product) = product(&entry) {
            hear.product(&product);
        }
    }
    Ok(())
}

fn product(object: &Object<'_, '_>) -> Option<Product> {
    let text_of = |key: &str| object.get(key).and_then(|value| value.into_string());
    let step = |key: &str| {
        let digits = object.get(key).and_then(integer)?;
        Number::parse(format!("1e-{digits}").as_bytes())
    };
    Some(Product {
        symbol: Symbol::new(text_of("symbol")?.as_bytes()),
        size_step: step("amount-precision"),
        tick_size: step("price-precision").and_then(Number::price),
        trading: match text_of("state") {
            Some("online") => TradingState::Trading,
            Some("pre-online") => TradingState::PreOpen,
            Some("suspend" | "fuse") => TradingState::Halt,
            _ => TradingState::NotAvailable,
        },
    })
}
