//! The general reader: members in any order, unknown ones left alone.

use super::venue::Kind;
use crate::contract::DecodeError;
use crate::model::{Expiry, InstrumentKind, Price, Side, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Listing, Product, Quantity, Span, TradeId, TradeMessage,
    text_of,
};
use crate::session::text::{
    Fields, Found, Number, Reader, exact, id_of_text, level, list_of, objects, parse_time,
};
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
    if let Some(event) = text_of(&object, "event") {
        return Ok(on_event(&object, event, hear));
    }
    let kind = match text_of(&object, "feed").ok_or(NO_JSON)? {
        "book_snapshot" => Kind::Snapshot,
        "book" => Kind::Book,
        "trade" => Kind::Trade,
        "trade_snapshot" => Kind::TradeSnapshot,
        "ticker" => Kind::Ticker,
        "heartbeat" => Kind::Heartbeat,
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    let fields = Fields {
        object: &object,
        tag: kind as u32,
    };
    match kind {
        Kind::Snapshot => snapshot(&fields, levels, hear)?,
        Kind::Book => book(&fields, hear)?,
        Kind::Trade => trade(&fields, hear)?,
        Kind::Ticker => ticker(&fields, hear)?,
        _ => {}
    }
    Ok(Heard::Kind(kind as u8))
}

fn on_event<H: Hear>(object: &Object<'_, '_>, event: &str, hear: &mut H) -> Heard {
    let kind = match event {
        "subscribed" => {
            hear.confirmed();
            Kind::Subscribed
        }
        "unsubscribed" => Kind::Subscribed,
        "info" => Kind::Info,
        "error" | "alert" | "subscribed_failed" | "unsubscribed_failed" => {
            hear.complaint(text_of(object, "message").unwrap_or(event));
            Kind::Error
        }
        other => return Heard::Unknown(Symbol::new(other.as_bytes())),
    };
    Heard::Kind(kind as u8)
}

fn snapshot<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let symbol = fields.text("product_id")?.as_bytes();
    let (number, time) = (fields.integer("seq")?, fields.millis("timestamp")?);
    levels.clear();
    for (key, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
        let list = list_of(fields.object, key).ok_or_else(|| fields.bad())?;
        for entry in list.iter() {
            let object = entry.into_object().ok_or_else(|| fields.bad())?;
            match level(object.get("price"), object.get("qty"), side, fields.bad())? {
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
        span: Span::at(number),
        time,
        levels,
        checksum: None,
        digits: (0, 0),
    });
    Ok(())
}

fn book<H: Hear>(fields: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = fields.text("product_id")?.as_bytes();
    let (number, time) = (fields.integer("seq")?, fields.millis("timestamp")?);
    let side = fields.side("side")?;
    let (price, size) = (fields.object.get("price"), fields.object.get("qty"));
    let level = match level(price, size, side, fields.bad())? {
        Found::Level(level) => Some(level),
        Found::LeftOut => {
            // Its number counts all the same.
            hear.left_out();
            None
        }
        Found::TooFine => {
            hear.too_fine(symbol);
            return Ok(());
        }
    };
    hear.book(&BookMessage {
        symbol,
        is_snapshot: false,
        span: Span::at(number),
        time,
        levels: level.as_slice(),
        checksum: None,
        digits: (0, 0),
    });
    Ok(())
}

fn trade<H: Hear>(fields: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = fields.text("product_id")?.as_bytes();
    let id = id_of_text(fields.text("uid")?.as_bytes());
    let (time, aggressor) = (fields.millis("time")?, fields.side("side")?);
    let (price, size) = (fields.number("price")?, fields.number("qty")?);
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

/// Members that are not there say nothing.
fn ticker<H: Hear>(fields: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = fields.text("product_id")?.as_bytes();
    let time = fields.millis("time")?;
    // More digits than a price has room for: left out.
    let price = |key: &str| fields.price_if_any(key).unwrap_or_default();
    for (kind, key) in [
        (StatisticKind::LastPrice, "last"),
        (StatisticKind::MarkPrice, "markPrice"),
        (StatisticKind::IndexPrice, "index"),
    ] {
        if let Some(price) = price(key) {
            hear.statistic(symbol, time, kind, Quantity::Price(price));
        }
    }
    if let Some(open) = fields.number_if_any("openInterest")? {
        let open = Quantity::Size(open);
        hear.statistic(symbol, time, StatisticKind::OpenInterest, open);
    }
    if let Some(rate) = funding(fields) {
        let rate = Quantity::Price(rate);
        hear.statistic(symbol, time, StatisticKind::FundingRate, rate);
    }
    if let Some(is_suspended) = fields
        .object
        .get("suspended")
        .and_then(|flag| flag.as_bool())
    {
        hear.product(&Product {
            trading: if is_suspended {
                TradingState::Halt
            } else {
                TradingState::Trading
            },
            ..Product::named(Symbol::new(symbol))
        });
    }
    Ok(())
}

/// Rates come with far more digits than a price has room for: cut to 1e-9.
fn funding(fields: &Fields<'_, '_, '_>) -> Option<Price> {
    let text = text_of(fields.object, "relative_funding_rate")?;
    Price::parse(text.as_bytes()).ok()
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
        if let Some(listing) = listing(&entry) {
            hear.listing(&listing);
        }
    }
    Ok(())
}

fn listing(object: &Object<'_, '_>) -> Option<Listing> {
    let symbol = text_of(object, "symbol")?;
    let kind = match symbol.get(..2)? {
        "PF" | "PI" | "PV" => InstrumentKind::Perpetual,
        "FF" | "FI" | "FV" => InstrumentKind::Future,
        // Indices and reference rates have no books.
        "in" | "rr" => return None,
        _ => InstrumentKind::Other,
    };
    let is_inverse = symbol.as_bytes().get(1) == Some(&b'I');
    let number = |key: &str| object.get(key).and_then(exact);
    let is_tradeable = object.get("tradeable").and_then(|flag| flag.as_bool());
    let digits = text_of(object, "contractValueTradePrecision");
    let size_step = digits.and_then(|digits| {
        let digits: i32 = digits.parse().ok()?;
        Number::parse(format!("1e{}", -digits).as_bytes())
    });
    let product = Product {
        symbol: Symbol::new(symbol.as_bytes()),
        size_step,
        tick_size: number("tickSize").and_then(Number::price),
        trading: if is_tradeable == Some(false) {
            TradingState::NotAvailable
        } else {
            TradingState::Trading
        },
    };
    let (base, quote) = (text_of(object, "base"), text_of(object, "quote"));
    let pair = text_of(object, "pair").and_then(|pair| pair.split_once(':'));
    let base = base.or(pair.map(|pair| pair.0));
    let quote = quote.or(pair.map(|pair| pair.1));
    let end = text_of(object, "lastTradingTime");
    let end = end.and_then(|time| parse_time(time.as_bytes()));
    let listing = Listing::of(product)
        .kind(kind)
        .pair(base, quote)
        .settled(if is_inverse { base } else { quote })
        .multiplier(number("contractSize"));
    Some(match end {
        Some(end) if kind == InstrumentKind::Future => listing.expires(Expiry::of_time(end)),
        _ => listing,
    })
}
