//! The general reader: members in any order, unknown ones left alone.

use super::venue::Kind;
use crate::contract::DecodeError;
use crate::model::{EventTime, InstrumentKind, Side, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Listing, Product, Quantity, Span, TradeId, TradeMessage,
};
use crate::session::text::{Fields, Number, Reader, integer, levels, objects};
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
    let channel = text_of("channel").ok_or(NO_JSON)?;
    let error = object.get("error").and_then(|error| error.into_object());
    if let Some(error) = error {
        let words = error.get("message").and_then(|words| words.into_string());
        hear.complaint(words.unwrap_or("no reason given"));
        return Ok(Heard::Kind(Kind::Answer as u8));
    }
    match text_of("event") {
        Some("subscribe") => {
            hear.confirmed();
            return Ok(Heard::Kind(Kind::Answer as u8));
        }
        Some("unsubscribe") => return Ok(Heard::Kind(Kind::Answer as u8)),
        _ => {}
    }
    let kind = match channel {
        "spot.order_book_update" => Kind::Update,
        "spot.trades" => Kind::Trades,
        "spot.tickers" => Kind::Tickers,
        "spot.candlesticks" => Kind::Candlesticks,
        "spot.book_ticker" => Kind::BookTicker,
        "spot.order_book" => Kind::OrderBook,
        "spot.pong" => Kind::Pong,
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    if matches!(kind, Kind::Update | Kind::Trades | Kind::Tickers) {
        let result = object.get("result").and_then(|data| data.into_object());
        let result = result.ok_or(DecodeError::BadField {
            tag: kind as u32,
            offset: 0,
        })?;
        let fields = Fields {
            object: &result,
            tag: kind as u32,
        };
        match kind {
            Kind::Update => update(&fields, levels, hear)?,
            Kind::Trades => trade(&fields, hear)?,
            _ => ticker(&fields, hear)?,
        }
    }
    Ok(Heard::Kind(kind as u8))
}

/// Both sides of a book, or `false` when a price is finer than prices can be.
fn sides<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    [bids, asks]: [&str; 2],
    into: &mut Vec<Level>,
    hear: &mut H,
) -> Result<bool, DecodeError> {
    into.clear();
    for (key, side) in [(bids, Side::Bid), (asks, Side::Ask)] {
        let Some(list) = fields.object.get(key).filter(|list| !list.is_null()) else {
            continue;
        };
        match levels(list, side, fields.tag, into) {
            Ok(left_out) => (0..left_out).for_each(|_| hear.left_out()),
            Err(DecodeError::NotExact { .. }) => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(true)
}

fn update<H: Hear>(
    fields: &Fields<'_, '_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let symbol = fields.text("s")?.as_bytes();
    let span = Span {
        first: fields.integer("U")?,
        last: fields.integer("u")?,
        previous: None,
    };
    let time = fields.millis("t")?;
    if !sides(fields, ["b", "a"], levels, hear)? {
        hear.too_fine(symbol);
        return Ok(());
    }
    let full = fields.object.get("full").and_then(|full| full.as_bool());
    let is_snapshot = full == Some(true);
    if is_snapshot {
        // It replaces a book that is followed, too.
        hear.lost(symbol);
    }
    hear.book(&BookMessage {
        symbol,
        is_snapshot,
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
    let symbol = fields.text("currency_pair")?.as_bytes();
    // Milliseconds, with digits of their own behind the point.
    let time = fields.number("create_time_ms")?.units(6);
    let price = fields.number("price")?;
    let (id, aggressor) = (fields.integer("id")?, fields.side("side")?);
    let size = fields.number("amount")?;
    let Some(price) = price.price() else {
        hear.too_fine(symbol);
        return Ok(());
    };
    hear.trade(&TradeMessage {
        symbol,
        time: time.map_or(EventTime::UNDEFINED, EventTime),
        id: TradeId::Rising(id),
        aggressor,
        price,
        size,
        is_past: false,
    });
    Ok(())
}

fn ticker<H: Hear>(fields: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = fields.text("currency_pair")?.as_bytes();
    let (last, volume) = (fields.number("last")?, fields.number("base_volume")?);
    let Some(last) = last.price() else {
        hear.too_fine(symbol);
        return Ok(());
    };
    let none = EventTime::UNDEFINED;
    hear.statistic(
        symbol,
        none,
        StatisticKind::LastPrice,
        Quantity::Price(last),
    );
    hear.statistic(
        symbol,
        none,
        StatisticKind::Volume24h,
        Quantity::Size(volume),
    );
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
                let listing = Listing::of(product).kind(InstrumentKind::Spot);
                hear.listing(&listing.pair(text("base"), text("quote")));
            }
        }
        return Ok(());
    }
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let fields = Fields {
        object: &object,
        tag: Kind::OrderBook as u32,
    };
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let symbol = query
        .split('&')
        .find_map(|part| part.strip_prefix("currency_pair="));
    let symbol = symbol.ok_or_else(|| fields.bad())?.as_bytes();
    let last = fields.integer("id")?;
    // Since when the book is as it is; older answers do not say it.
    let time = fields.millis("update").unwrap_or(EventTime::UNDEFINED);
    fields.value("bids")?;
    fields.value("asks")?;
    if !sides(&fields, ["bids", "asks"], levels, hear)? {
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
    let text_of = |key: &str| object.get(key).and_then(|value| value.into_string());
    let step = |key: &str| {
        let digits = object.get(key).and_then(integer)?;
        Number::parse(format!("1e-{digits}").as_bytes())
    };
    Some(Product {
        symbol: Symbol::new(text_of("id")?.as_bytes()),
        size_step: step("amount_precision"),
        tick_size: step("precision").and_then(Number::price),
        trading: match text_of("trade_status") {
            Some("tradable" | "buyable" | "sellable") => TradingState::Trading,
            _ => TradingState::NotAvailable,
        },
    })
}
