//! The general reader: members in any order, unknown ones left alone, any number of events.

use super::message::{Lists, Trade, tell_book, tell_trades, time_of};
use super::venue::{Kind, Known};
use crate::contract::DecodeError;
use crate::model::{EventTime, Expiry, InstrumentKind, Side, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{Hear, Heard, Level, Listing, Product, Quantity, TradeId};
use crate::session::text::{
    Fields, Number, Reader, exact, id_of_text, integer, list_of, objects, parse_time,
};
use simd_json::prelude::*;
use simd_json::tape::Object;

const NO_JSON: DecodeError = DecodeError::BadText { offset: 0 };

fn text<'input>(object: &Object<'_, 'input>, key: &str) -> Option<&'input str> {
    object.get(key)?.into_string()
}

fn fields<'m, 'tape, 'input>(
    object: &'m Object<'tape, 'input>,
    kind: Kind,
) -> Fields<'m, 'tape, 'input> {
    Fields {
        object,
        tag: kind as u32,
    }
}

/// Reads a text and tells what it says, its number before anything else.
pub(super) fn read<H: Hear>(
    bytes: &[u8],
    reader: &mut Reader,
    lists: &mut Lists,
    known: &mut Known,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let tape = match reader.tape(bytes) {
        Ok(tape) => tape,
        Err(error) => {
            known.pass_over(bytes, hear);
            return Err(error);
        }
    };
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let number = object.get("sequence_num").and_then(integer);
    let is_told = number.is_none_or(|number| known.number(number, hear));
    let Some(channel) = text(&object, "channel") else {
        return match text(&object, "type").ok_or(NO_JSON)? {
            "error" => {
                hear.complaint(text(&object, "message").unwrap_or("no reason given"));
                Ok(Heard::Kind(Kind::Error as u8))
            }
            other => Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
        };
    };
    let kind = match channel {
        "l2_data" => Kind::Level2,
        "market_trades" => Kind::Trades,
        "ticker" => Kind::Ticker,
        "heartbeats" => Kind::Heartbeats,
        "status" => Kind::Status,
        "subscriptions" => Kind::Subscriptions,
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    if !is_told || kind == Kind::Heartbeats {
        return Ok(Heard::Kind(kind as u8));
    }
    if kind == Kind::Subscriptions {
        hear.confirmed();
        return Ok(Heard::Kind(kind as u8));
    }
    let timestamp = text(&object, "timestamp").unwrap_or_default().as_bytes();
    let bad = fields(&object, kind).bad();
    let events = list_of(&object, "events").ok_or(bad)?;
    for event in objects(&events) {
        let event = &fields(&event, kind);
        match kind {
            Kind::Level2 => book(event, timestamp, &mut lists.levels, known, hear)?,
            Kind::Trades => trades(event, &mut lists.trades, hear)?,
            Kind::Ticker => {
                let time = parse_time(timestamp).unwrap_or(EventTime::UNDEFINED);
                let tickers = list_of(event.object, "tickers").ok_or(bad)?;
                for ticker in objects(&tickers) {
                    statistics(&fields(&ticker, kind), time, hear)?;
                }
            }
            _ => {
                let products = list_of(event.object, "products").ok_or(bad)?;
                for product in objects(&products) {
                    status(&product, hear);
                }
            }
        }
    }
    Ok(Heard::Kind(kind as u8))
}

fn is_snapshot(event: &Fields<'_, '_, '_>) -> Result<bool, DecodeError> {
    match event.text("type")? {
        "snapshot" => Ok(true),
        "update" => Ok(false),
        _ => Err(event.bad()),
    }
}

fn book<H: Hear>(
    event: &Fields<'_, '_, '_>,
    timestamp: &[u8],
    levels: &mut Vec<Level>,
    known: &mut Known,
    hear: &mut H,
) -> Result<(), DecodeError> {
    levels.clear();
    let is_snapshot = is_snapshot(event)?;
    let symbol = event.text("product_id")?.as_bytes();
    let updates = list_of(event.object, "updates").ok_or(event.bad())?;
    let (mut event_time, mut left_out) = ("", 0);
    for update in updates.iter() {
        let update = Fields {
            object: &update.into_object().ok_or(event.bad())?,
            tag: event.tag,
        };
        let side = match update.text("side")? {
            "bid" => Side::Bid,
            "offer" => Side::Ask,
            _ => return Err(event.bad()),
        };
        event_time = update.text("event_time")?;
        let (price, size) = (
            update.number("price_level")?,
            update.number("new_quantity")?,
        );
        if price.is_beyond_prices() {
            left_out += 1;
        } else if let Some(price) = price.price() {
            levels.push(Level { side, price, size });
        } else {
            hear.too_fine(symbol);
            return Ok(());
        }
    }
    let time = time_of(event_time.as_bytes(), timestamp).ok_or(event.bad())?;
    if is_snapshot {
        known.has_book(symbol);
    }
    (0..left_out).for_each(|_| hear.left_out());
    tell_book(symbol, is_snapshot, time, levels, hear);
    Ok(())
}

fn trades<H: Hear>(
    event: &Fields<'_, '_, '_>,
    trades: &mut Vec<Trade>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    trades.clear();
    let is_past = is_snapshot(event)?;
    let list = list_of(event.object, "trades").ok_or(event.bad())?;
    for trade in list.iter() {
        let trade = Fields {
            object: &trade.into_object().ok_or(event.bad())?,
            tag: event.tag,
        };
        let name = trade.text("product_id")?;
        let symbol = Symbol::from(name);
        let maker = match trade.text("side")? {
            "BUY" => Side::Bid,
            "SELL" => Side::Ask,
            _ => return Err(event.bad()),
        };
        let id = trade.text("trade_id")?;
        let id = match id.parse() {
            Ok(number) => TradeId::Rising(number),
            Err(_) => TradeId::Unordered(id_of_text(id.as_bytes())),
        };
        let time = parse_time(trade.text("time")?.as_bytes()).ok_or(event.bad())?;
        let (price, size) = (trade.number("price")?, trade.number("size")?);
        // A name too long to be one is nobody's.
        let is_whole = symbol.as_str() == name;
        match price.price() {
            Some(price) if is_whole => trades.push(Trade {
                symbol,
                time,
                id,
                aggressor: maker.opposite(),
                price,
                size,
            }),
            None if is_whole => hear.too_fine(name.as_bytes()),
            _ => {}
        }
    }
    tell_trades(trades, is_past, hear);
    Ok(())
}

fn statistics<H: Hear>(
    ticker: &Fields<'_, '_, '_>,
    time: EventTime,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let symbol = ticker.text("product_id")?.as_bytes();
    // Products that never traded have empty texts.
    let said = |key: &str| ticker.object.get(key).and_then(exact);
    if let Some(price) = said("price").and_then(Number::price) {
        let last = Quantity::Price(price);
        hear.statistic(symbol, time, StatisticKind::LastPrice, last);
    }
    if let Some(volume) = said("volume_24_h") {
        let volume = Quantity::Size(volume);
        hear.statistic(symbol, time, StatisticKind::Volume24h, volume);
    }
    Ok(())
}

/// Derivatives have an empty status.
fn trading(status: Option<&str>) -> TradingState {
    match status {
        Some("online" | "") | None => TradingState::Trading,
        _ => TradingState::NotAvailable,
    }
}

fn step(object: &Object<'_, '_>, key: &str) -> Option<Number> {
    let step = Number::parse(text(object, key)?.as_bytes())?;
    (!step.is_zero()).then_some(step)
}

fn status<H: Hear>(object: &Object<'_, '_>, hear: &mut H) {
    let Some(name) = text(object, "id") else {
        return;
    };
    let status = text(object, "status");
    if status == Some("delisted") {
        hear.delisted(name.as_bytes());
        return;
    }
    hear.product(&Product {
        symbol: Symbol::from(name),
        size_step: step(object, "base_increment"),
        tick_size: step(object, "quote_increment").and_then(Number::price),
        trading: trading(status),
    });
}

/// The list of products by REST.
pub(super) fn read_products<H: Hear>(
    body: &[u8],
    reader: &mut Reader,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let products = list_of(&object, "products").ok_or(NO_JSON)?;
    for product in objects(&products) {
        // Another name of a product whose book has its own.
        let is_alias = text(&product, "alias").is_some_and(|name| !name.is_empty());
        if let Some(listing) = listing(&product).filter(|_| !is_alias) {
            hear.listing(&listing);
        }
    }
    let pages = object
        .get("pagination")
        .and_then(|pages| pages.into_object());
    let has_next = pages.and_then(|pages| pages.get("has_next")?.as_bool());
    if has_next == Some(true) {
        hear.list_continues();
    }
    Ok(())
}

fn listing(product: &Object<'_, '_>) -> Option<Listing> {
    let said = |key: &str| text(product, key).filter(|said| !said.is_empty());
    let tick_size = step(product, "price_increment").or_else(|| step(product, "quote_increment"));
    let listing = Listing::of(Product {
        symbol: Symbol::from(said("product_id")?),
        size_step: step(product, "base_increment"),
        tick_size: tick_size.and_then(Number::price),
        trading: trading(text(product, "status")),
    });
    let details = product.get("future_product_details");
    let details = details.and_then(|details| details.into_object());
    let Some(details) = details.filter(|_| said("product_type") == Some("FUTURE")) else {
        let kind = match said("product_type") {
            Some("SPOT") | None => InstrumentKind::Spot,
            Some(_) => InstrumentKind::Other,
        };
        let pair = (said("base_currency_id"), said("quote_currency_id"));
        return Some(listing.kind(kind).pair(pair.0, pair.1));
    };
    let base = text(&details, "contract_root_unit").filter(|unit| !unit.is_empty());
    let quote = said("quote_currency_id");
    let listing = listing
        .pair(base.or_else(|| said("base_currency_id")), quote)
        .settled(quote)
        .multiplier(step(&details, "contract_size"));
    if text(&details, "contract_expiry_type") == Some("PERPETUAL") {
        return Some(listing.kind(InstrumentKind::Perpetual));
    }
    let expiry = text(&details, "contract_expiry").and_then(|time| parse_time(time.as_bytes()));
    let expiry = Expiry::of_time(expiry.unwrap_or(EventTime::UNDEFINED));
    Some(listing.kind(InstrumentKind::Future).expires(expiry))
}
