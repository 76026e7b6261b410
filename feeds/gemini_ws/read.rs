//! The general reader: members in any order, unknown ones left alone.

use super::venue::Kind;
use crate::contract::DecodeError;
use crate::model::{EventTime, Side, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Product, Span, TradeId, TradeMessage,
};
use crate::session::text::{Fields, Found, Number, Reader, level, list_of, objects};
use simd_json::prelude::*;
use simd_json::tape::Object;

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
    if text_of("result") == Some("error") {
        let words = text_of("message").or_else(|| text_of("reason"));
        hear.complaint(words.unwrap_or("no reason given"));
        return Ok(Heard::Kind(Kind::Error as u8));
    }
    let kind = match text_of("type").ok_or(NO_JSON)? {
        "l2_updates" => Kind::Updates,
        "trade" => Kind::Trade,
        "heartbeat" => Kind::Heartbeat,
        "block_trade" => Kind::BlockTrade,
        name if name.starts_with("auction_") => Kind::Auction,
        name if name.starts_with("candles_") => Kind::Candles,
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    let fields = Fields {
        object: &object,
        tag: kind as u32,
    };
    match kind {
        Kind::Updates => updates(&fields, levels, hear)?,
        Kind::Trade => trade(&fields, hear)?,
        _ => {}
    }
    Ok(Heard::Kind(kind as u8))
}

fn updates<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let bad = fields.bad();
    let symbol = fields.text("symbol")?.as_bytes();
    let changes = list_of(fields.object, "changes").ok_or(bad)?;
    let is_snapshot = fields.object.get("trades").is_some();
    if is_snapshot {
        // There is no other answer to a subscription.
        hear.confirmed();
    }
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
    hear.book(&BookMessage {
        symbol,
        is_snapshot,
        span: Span::default(),
        time: EventTime::UNDEFINED,
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

fn trade<H: Hear>(fields: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = fields.text("symbol")?.as_bytes();
    let (time, id) = (fields.millis("timestamp")?, fields.integer("tid")?);
    let aggressor = fields.side("side")?;
    let (price, size) = (fields.number("price")?, fields.number("quantity")?);
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

/// A book, whose instrument the address names, or details of instruments: a list of them, or one alone.
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
                hear.product(&product);
            }
        }
        return Ok(());
    }
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    if let Some(product) = product(&object) {
        hear.product(&product);
        return Ok(());
    }
    let fields = Fields {
        object: &object,
        tag: Kind::Updates as u32,
    };
    let bad = fields.bad();
    let path = url.split('?').next().unwrap_or_default();
    let (_, symbol) = path.rsplit_once("/v1/book/").ok_or(bad)?;
    let symbol = symbol.as_bytes();
    levels.clear();
    for (key, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
        let list = list_of(&object, key).ok_or(bad)?;
        for entry in objects(&list) {
            match level(entry.get("price"), entry.get("amount"), side, bad)? {
                Found::Level(level) => levels.push(level),
                Found::LeftOut => hear.left_out(),
                Found::TooFine => {
                    hear.too_fine(symbol);
                    return Ok(());
                }
            }
        }
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot: true,
        span: Span::default(),
        time: EventTime::UNDEFINED,
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

/// The names of the steps are the venue's: `tick_size` is that of sizes.
fn product(object: &Object<'_, '_>) -> Option<Product> {
    let text_of = |key: &str| object.get(key).and_then(|value| value.into_string());
    let number = |key: &str| Number::parse(text_of(key)?.as_bytes());
    Some(Product {
        symbol: Symbol::new(text_of("symbol")?.as_bytes()),
        size_step: number("tick_size"),
        tick_size: number("quote_increment").and_then(Number::price),
        trading: match text_of("status") {
            Some("open" | "limit_only" | "post_only") => TradingState::Trading,
            Some("cancel_only") => TradingState::Halt,
            _ => TradingState::NotAvailable,
        },
    })
}
