//! The general reader: members in any order, unknown ones left alone.

use super::venue::Kind;
use crate::contract::DecodeError;
use crate::model::{EventTime, InstrumentKind, Price, Side, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, LiquidationMessage, Listing, Product, Quantity, Span, TradeId,
    TradeMessage,
};
use crate::session::text::{Number, Reader, exact, integer, levels, list_of, objects};
use simd_json::prelude::*;
use simd_json::tape::Object;

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

fn text<'input>(object: &Object<'_, 'input>, key: &str) -> Option<&'input str> {
    object.get(key)?.into_string()
}

fn number(object: &Object<'_, '_>, key: &str, kind: Kind) -> Result<Number, DecodeError> {
    let value = object.get(key).ok_or(bad(kind))?;
    exact(value).ok_or(inexact(kind))
}

fn price(object: &Object<'_, '_>, key: &str, kind: Kind) -> Result<Price, DecodeError> {
    number(object, key, kind)?.price().ok_or(inexact(kind))
}

/// Milliseconds since 1970.
fn time(object: &Object<'_, '_>) -> EventTime {
    let millis = object.get("ts").and_then(integer);
    let nanos = millis.and_then(|millis| millis.checked_mul(1_000_000));
    nanos.map_or(EventTime::UNDEFINED, EventTime)
}

pub(super) fn read<H: Hear>(
    bytes: &[u8],
    reader: &mut Reader,
    into: &mut Vec<Level>,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let tape = reader.tape(bytes)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    if let Some(event) = text(&object, "event") {
        let kind = match event {
            "subscribe" => Kind::Subscribe,
            "unsubscribe" => Kind::Unsubscribe,
            "error" => Kind::Error,
            "notice" => Kind::Notice,
            other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
        };
        match kind {
            Kind::Subscribe => hear.confirmed(),
            Kind::Error | Kind::Notice => {
                hear.complaint(text(&object, "msg").unwrap_or("no reason given"));
            }
            _ => {}
        }
        return Ok(Heard::Kind(kind as u8));
    }
    let argument = object
        .get("arg")
        .and_then(|argument| argument.into_object());
    let argument = argument.ok_or(NO_JSON)?;
    let channel = text(&argument, "channel").ok_or(NO_JSON)?;
    let kind = match channel {
        "books" => Kind::Books,
        "trades" => Kind::Trades,
        "tickers" => Kind::Tickers,
        "mark-price" => Kind::MarkPrice,
        "funding-rate" => Kind::FundingRate,
        "open-interest" => Kind::OpenInterest,
        "liquidation-orders" => {
            let data = list_of(&object, "data").ok_or(bad(Kind::Liquidation))?;
            for entry in objects(&data) {
                liquidations(&entry, hear)?;
            }
            return Ok(Heard::Kind(Kind::Liquidation as u8));
        }
        other => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
    };
    let symbol = text(&argument, "instId").ok_or(bad(kind))?.as_bytes();
    let is_snapshot = text(&object, "action") == Some("snapshot");
    let data = list_of(&object, "data").ok_or(bad(kind))?;
    for entry in objects(&data) {
        match kind {
            Kind::Books => book(&entry, symbol, is_snapshot, into, hear)?,
            Kind::Trades => trade(&entry, hear)?,
            _ => statistics(&entry, symbol, kind, hear)?,
        }
    }
    Ok(Heard::Kind(kind as u8))
}

fn book<H: Hear>(
    object: &Object<'_, '_>,
    symbol: &[u8],
    is_snapshot: bool,
    into: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    into.clear();
    for (key, side) in [("asks", Side::Ask), ("bids", Side::Bid)] {
        let list = object.get(key).ok_or(bad(Kind::Books))?;
        for _ in 0..levels(list, side, Kind::Books as u32, into)? {
            hear.left_out();
        }
    }
    let last = object.get("seqId").and_then(integer);
    let last = last.ok_or(bad(Kind::Books))?;
    let previous = text(object, "prevSeqId").ok_or(bad(Kind::Books))?;
    let previous = match previous {
        "-1" => None,
        number => Some(number.parse().map_err(|_| bad(Kind::Books))?),
    };
    hear.book(&BookMessage {
        symbol,
        is_snapshot,
        span: Span {
            first: last,
            last,
            previous,
        },
        time: time(object),
        levels: into,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

fn trade<H: Hear>(object: &Object<'_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let kind = Kind::Trades;
    let aggressor = match text(object, "side") {
        Some("buy") => Side::Bid,
        Some("sell") => Side::Ask,
        _ => return Err(bad(kind)),
    };
    let id = object.get("tradeId").and_then(integer);
    hear.trade(&TradeMessage {
        symbol: text(object, "instId").ok_or(bad(kind))?.as_bytes(),
        time: time(object),
        id: TradeId::Rising(id.ok_or(bad(kind))?),
        aggressor,
        price: price(object, "px", kind)?,
        size: number(object, "sz", kind)?,
        is_past: false,
    });
    Ok(())
}

/// Positions of one instrument that were closed, each at its bankruptcy price.
fn liquidations<H: Hear>(object: &Object<'_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let kind = Kind::Liquidation;
    let symbol = text(object, "instId").ok_or(bad(kind))?.as_bytes();
    let details = list_of(object, "details").ok_or(bad(kind))?;
    for entry in objects(&details) {
        hear.liquidation(&LiquidationMessage {
            symbol,
            time: time(&entry),
            id: None,
            side: match text(&entry, "side") {
                Some("buy") => Side::Bid,
                Some("sell") => Side::Ask,
                _ => return Err(bad(kind)),
            },
            price: price(&entry, "bkPx", kind)?,
            size: number(&entry, "sz", kind)?,
        });
    }
    Ok(())
}

fn statistics<H: Hear>(
    object: &Object<'_, '_>,
    symbol: &[u8],
    kind: Kind,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let at = time(object);
    match kind {
        Kind::Tickers => {
            let last = Quantity::Price(price(object, "last", kind)?);
            let open = Quantity::Price(price(object, "open24h", kind)?);
            let volume = Quantity::Size(number(object, "vol24h", kind)?);
            hear.statistic(symbol, at, StatisticKind::LastPrice, last);
            hear.statistic(symbol, at, StatisticKind::OpenPrice24h, open);
            hear.statistic(symbol, at, StatisticKind::Volume24h, volume);
        }
        Kind::MarkPrice => {
            let mark = Quantity::Price(price(object, "markPx", kind)?);
            hear.statistic(symbol, at, StatisticKind::MarkPrice, mark);
        }
        Kind::OpenInterest => {
            let open = Quantity::Size(number(object, "oi", kind)?);
            hear.statistic(symbol, at, StatisticKind::OpenInterest, open);
        }
        _ => {
            let rate = text(object, "fundingRate").ok_or(bad(kind))?;
            // May be negative, and may have more digits than a price holds: those say nothing a trader acts on.
            let end = rate
                .find('.')
                .map_or(rate.len(), |point| (point + 10).min(rate.len()));
            let rate = rate.get(..end).ok_or(bad(kind))?;
            let rate = Price::parse(rate.as_bytes()).map_err(|_| inexact(kind))?;
            hear.statistic(
                symbol,
                at,
                StatisticKind::FundingRate,
                Quantity::Price(rate),
            );
        }
    }
    Ok(())
}

/// The list of indices, a list in a list: the instruments on each are on a page of their own.
pub(super) fn read_underlyings<H: Hear>(
    body: &[u8],
    reader: &mut Reader,
    page: impl Fn(&str) -> String,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let data = list_of(&object, "data").ok_or(NO_JSON)?;
    let lists = data.iter().filter_map(|list| list.into_array());
    for list in lists {
        for index in list.iter().filter_map(|index| index.into_string()) {
            hear.list_continues_at(page(index));
        }
    }
    Ok(())
}

/// The list of instruments by REST.
pub(super) fn read_instruments<H: Hear>(
    body: &[u8],
    reader: &mut Reader,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let data = list_of(&object, "data").ok_or(NO_JSON)?;
    for entry in objects(&data) {
        let Some(name) = text(&entry, "instId") else {
            continue;
        };
        let step = |key: &str| Number::parse(text(&entry, key)?.as_bytes());
        let product = Product {
            symbol: Symbol::new(name.as_bytes()),
            size_step: step("lotSz"),
            tick_size: step("tickSz").and_then(Number::price),
            trading: match text(&entry, "state") {
                Some("live") => TradingState::Trading,
                Some("preopen") => TradingState::PreOpen,
                Some("suspend") => TradingState::Halt,
                _ => TradingState::NotAvailable,
            },
        };
        let said = |key: &str| text(&entry, key).filter(|said| !said.is_empty());
        let (base, quote) = match said("uly").and_then(|index| index.split_once('-')) {
            Some((base, quote)) => (Some(base), Some(quote)),
            None => (said("baseCcy"), said("quoteCcy")),
        };
        let kind = match (said("instType"), said("optType")) {
            (Some("SPOT"), _) => InstrumentKind::Spot,
            (Some("SWAP"), _) => InstrumentKind::Perpetual,
            (Some("FUTURES"), _) => InstrumentKind::Future,
            (Some("OPTION"), Some("C")) => InstrumentKind::Call,
            (Some("OPTION"), Some("P")) => InstrumentKind::Put,
            _ => InstrumentKind::Other,
        };
        let listing = Listing::of(product)
            .kind(kind)
            .pair(base, quote)
            .settled(said("settleCcy"))
            .multiplier(step("ctVal"))
            .expires_at_ms(said("expTime").and_then(|time| time.parse().ok()))
            .strike(step("stk"));
        hear.listing(&listing);
    }
    Ok(())
}
