//! The general reader: members in any order, unknown ones left alone.

use super::Kind;
use super::rows::{Change, Prices, Row};
use crate::contract::DecodeError;
use crate::model::{EventTime, Expiry, InstrumentKind, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{
    Hear, Heard, LiquidationMessage, Listing, Product, Quantity, TradeId, TradeMessage, child,
    text_of,
};
use crate::session::text::{
    Fields, Number, Reader, exact, id_of_text, list_of, objects, parse_time,
};
use simd_json::prelude::*;
use simd_json::tape::Object;

const NO_JSON: DecodeError = DecodeError::BadText { offset: 0 };
/// The answer to a ping.
pub(super) const PONG: &[u8] = b"pong";

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
    rows: &mut Vec<Row>,
    prices: &mut Prices,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    if text == PONG {
        return Ok(Heard::Kind(Kind::Pong as u8));
    }
    let tape = reader.tape(text)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let kind = match text_of(&object, "table") {
        Some("orderBookL2") => {
            book(&object, rows, prices, hear)?;
            Kind::Book
        }
        Some("trade") => {
            trades(&object, hear)?;
            Kind::Trade
        }
        Some("instrument") => {
            let list = list_of(&object, "data").ok_or(NO_JSON)?;
            for entry in objects(&list) {
                instrument(&fields(&entry, Kind::Instrument), hear)?;
            }
            Kind::Instrument
        }
        Some("liquidation") => {
            // What is told already is known again by its id.
            if matches!(text_of(&object, "action"), Some("partial" | "insert")) {
                let list = list_of(&object, "data").ok_or(NO_JSON)?;
                for entry in objects(&list) {
                    liquidation(&fields(&entry, Kind::Liquidation), hear)?;
                }
            }
            Kind::Liquidation
        }
        Some(_) => Kind::Other,
        None => {
            result(&object, hear)?;
            Kind::Result
        }
    };
    Ok(Heard::Kind(kind as u8))
}

fn result<H: Hear>(object: &Object<'_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    if let Some(words) = text_of(object, "error") {
        hear.complaint(words);
    } else if object.get("success").is_some() {
        if object.get("subscribe").is_some() {
            hear.confirmed();
        }
    } else if object.get("info").is_none() {
        return Err(NO_JSON);
    }
    Ok(())
}

fn book<H: Hear>(
    object: &Object<'_, '_>,
    rows: &mut Vec<Row>,
    prices: &mut Prices,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let bad = fields(object, Kind::Book).bad();
    let change = match text_of(object, "action") {
        Some("partial") => Change::Partial,
        Some("insert") => Change::Insert,
        Some("update") => Change::Update,
        Some("delete") => Change::Delete,
        _ => return Err(bad),
    };
    let list = list_of(object, "data").ok_or(bad)?;
    rows.clear();
    // A partial of an empty book says in its filter whose it is.
    let filter = child(object, "filter");
    let mut symbol = filter.and_then(|filter| text_of(&filter, "symbol"));
    for entry in list.iter() {
        let entry = entry.into_object().ok_or(bad)?;
        let members = fields(&entry, Kind::Book);
        let name = members.text("symbol")?;
        let row = row(&members, change)?;
        if let Some(before) = symbol.filter(|before| *before != name) {
            if !rows.is_empty() {
                prices.tell(before.as_bytes(), change, rows, hear);
            }
            rows.clear();
        }
        symbol = Some(name);
        rows.push(row);
    }
    if let Some(symbol) = symbol
        && (!rows.is_empty() || change == Change::Partial)
    {
        prices.tell(symbol.as_bytes(), change, rows, hear);
    }
    Ok(())
}

fn row(members: &Fields<'_, '_, '_>, change: Change) -> Result<Row, DecodeError> {
    let price = match members.object.get("price") {
        Some(_) => Some(members.number("price")?.price().ok_or(members.inexact())?),
        None => None,
    };
    let mut time = EventTime::UNDEFINED;
    for key in ["timestamp", "transactTime"] {
        if let Some(text) = text_of(members.object, key) {
            time = parse_time(text.as_bytes()).ok_or(members.bad())?;
        }
    }
    Ok(Row {
        id: members.integer("id")?,
        side: members.side("side")?,
        size: match change {
            Change::Delete => Number::ZERO,
            _ => members.number("size")?,
        },
        price,
        time,
    })
}

fn trades<H: Hear>(object: &Object<'_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let members = fields(object, Kind::Trade);
    let is_past = match members.text("action")? {
        "partial" => true,
        "insert" => false,
        _ => return Err(members.bad()),
    };
    let list = list_of(object, "data").ok_or(members.bad())?;
    for entry in list.iter() {
        let entry = entry.into_object().ok_or(members.bad())?;
        let members = fields(&entry, Kind::Trade);
        let time = parse_time(members.text("timestamp")?.as_bytes());
        let id = text_of(&entry, "trdMatchID").map(|id| id_of_text(id.as_bytes()));
        hear.trade(&TradeMessage {
            symbol: members.text("symbol")?.as_bytes(),
            time: time.ok_or(members.bad())?,
            id: id.map_or(TradeId::None, TradeId::Unordered),
            aggressor: members.side("side")?,
            price: members.price("price")?,
            size: members.number("size")?,
            is_past,
        });
    }
    Ok(())
}

fn liquidation<H: Hear>(members: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let order = text_of(members.object, "orderID");
    hear.liquidation(&LiquidationMessage {
        symbol: members.text("symbol")?.as_bytes(),
        time: EventTime::UNDEFINED,
        id: order.map(|id| id_of_text(id.as_bytes())),
        side: members.side("side")?,
        price: members.price("price")?,
        size: members.number("leavesQty")?,
    });
    Ok(())
}

/// An instrument, or what changed of it: members that are not there have not changed.
fn instrument<H: Hear>(members: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = members.text("symbol")?;
    let time = text_of(members.object, "timestamp")
        .and_then(|text| parse_time(text.as_bytes()))
        .unwrap_or(EventTime::UNDEFINED);
    let tick_size = members.object.get("tickSize").and_then(exact);
    let size_step = members.object.get("lotSize").and_then(exact);
    if let Some(state) = text_of(members.object, "state") {
        hear.product(&Product {
            symbol: Symbol::new(symbol.as_bytes()),
            size_step,
            tick_size: tick_size.and_then(Number::price),
            trading: match state {
                "Open" => TradingState::Trading,
                "Closed" => TradingState::Close,
                _ => TradingState::NotAvailable,
            },
        });
    }
    let said = [
        ("lastPrice", StatisticKind::LastPrice),
        ("markPrice", StatisticKind::MarkPrice),
        ("fundingRate", StatisticKind::FundingRate),
    ];
    for (key, kind) in said {
        // More digits than a price has room for: left out.
        let price = members.price_if_any(key).unwrap_or_default();
        if let Some(price) = price {
            hear.statistic(symbol.as_bytes(), time, kind, Quantity::Price(price));
        }
    }
    if let Some(open) = members.object.get("openInterest").and_then(exact) {
        let (kind, open) = (StatisticKind::OpenInterest, Quantity::Size(open));
        hear.statistic(symbol.as_bytes(), time, kind, open);
    }
    Ok(())
}

/// The list of instruments, of which only steps and states are told.
pub(super) fn read_rest<H: Hear>(
    body: &[u8],
    reader: &mut Reader,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    let list = tape.as_value().into_array().ok_or(NO_JSON)?;
    for entry in objects(&list) {
        let Some(symbol) = text_of(&entry, "symbol") else {
            continue;
        };
        let state = text_of(&entry, "state");
        let product = Product {
            symbol: Symbol::new(symbol.as_bytes()),
            size_step: entry.get("lotSize").and_then(exact),
            tick_size: entry
                .get("tickSize")
                .and_then(exact)
                .and_then(Number::price),
            trading: if state == Some("Open") {
                TradingState::Trading
            } else {
                TradingState::NotAvailable
            },
        };
        let text = |key: &str| text_of(&entry, key);
        let kind = match text("typ") {
            Some("FFWCSX" | "FFWCSF") => InstrumentKind::Perpetual,
            Some("FFCCSX") => InstrumentKind::Future,
            Some("IFXXXP") => InstrumentKind::Spot,
            _ => InstrumentKind::Other,
        };
        let expiry = text("expiry").and_then(|text| parse_time(text.as_bytes()));
        let codes = ["underlying", "quoteCurrency", "settlCurrency"];
        let [base, quote, settle] = codes.map(|key| text(key).map(common_code));
        let listing = Listing::of(product)
            .kind(kind)
            .pair(base, quote)
            .settled(settle)
            .expires(expiry.map_or_else(Expiry::default, Expiry::of_time));
        hear.listing(&listing);
    }
    Ok(())
}

/// The common code of a currency: this venue calls bitcoin XBT, and XBt and USDt are accounted in their smallest units.
fn common_code(code: &str) -> &str {
    match code {
        "XBT" | "XBt" => "BTC",
        _ => code,
    }
}
