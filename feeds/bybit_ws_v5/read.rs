//! The general reader: members in any order, unknown ones left alone.

use super::Kind;
use crate::contract::DecodeError;
use crate::model::{EventTime, InstrumentKind, Side, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, LiquidationMessage, Listing, Product, Quantity, Span, TradeId,
    TradeMessage, child, text_of,
};
use crate::session::text::{Fields, Number, Reader, exact, id_of_text, levels, list_of, objects};
use simd_json::prelude::*;
use simd_json::tape::{Array, Object};

const NO_JSON: DecodeError = DecodeError::BadText { offset: 0 };

/// The place of an update whose numbers rise with gaps: it continues whatever is before it.
pub(super) const fn rising(number: u64) -> Span {
    Span {
        first: 0,
        last: number,
        previous: None,
    }
}

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
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let tape = reader.tape(text)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let Some(topic) = text_of(&object, "topic") else {
        let kind = result(&object, hear)?;
        return Ok(Heard::Kind(kind as u8));
    };
    let (table, symbol) = topic.split_once('.').ok_or(NO_JSON)?;
    let kind = match table {
        "orderbook" => {
            book(&fields(&object, Kind::Book), levels, hear)?;
            Kind::Book
        }
        "orderBookL2_25" => {
            older_book(&fields(&object, Kind::Book), symbol, levels, hear)?;
            Kind::Book
        }
        "publicTrade" => {
            let keys = ["T", "s", "S", "v", "p", "i"];
            trades(&fields(&object, Kind::Trade), keys, hear)?;
            Kind::Trade
        }
        "trade" => {
            let keys = [
                "trade_time_ms",
                "symbol",
                "side",
                "size",
                "price",
                "trade_id",
            ];
            trades(&fields(&object, Kind::Trade), keys, hear)?;
            Kind::Trade
        }
        "tickers" => {
            ticker(&object, hear)?;
            Kind::Ticker
        }
        "allLiquidation" => {
            liquidations(&fields(&object, Kind::Liquidation), hear)?;
            Kind::Liquidation
        }
        _ => Kind::Other,
    };
    Ok(Heard::Kind(kind as u8))
}

fn result<H: Hear>(object: &Object<'_, '_>, hear: &mut H) -> Result<Kind, DecodeError> {
    let words = text_of(object, "ret_msg");
    let op = text_of(object, "op");
    let is_done = object.get("success").and_then(|value| value.as_bool());
    if op == Some("pong") || words == Some("pong") {
        return Ok(Kind::Pong);
    }
    match is_done {
        Some(true) => {
            // The older form has the operation in what it repeats of the request.
            let request = child(object, "request");
            let op = op.or_else(|| text_of(request.as_ref()?, "op"));
            if op == Some("subscribe") {
                hear.confirmed();
            }
        }
        Some(false) => hear.complaint(words.unwrap_or("no reason given")),
        None => return Err(NO_JSON),
    }
    Ok(Kind::Result)
}

fn is_snapshot(members: &Fields<'_, '_, '_>) -> Result<bool, DecodeError> {
    match members.text("type")? {
        "snapshot" => Ok(true),
        "delta" => Ok(false),
        _ => Err(members.bad()),
    }
}

fn book<H: Hear>(
    members: &Fields<'_, '_, '_>,
    into: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let is_snapshot = is_snapshot(members)?;
    let time = match members.object.get("cts") {
        Some(_) => members.millis("cts")?,
        None => members.millis("ts")?,
    };
    let data = child(members.object, "data").ok_or(members.bad())?;
    let members = fields(&data, Kind::Book);
    into.clear();
    for (key, side) in [("b", Side::Bid), ("a", Side::Ask)] {
        levels(members.value(key)?, side, members.tag, into)?;
    }
    hear.book(&BookMessage {
        symbol: members.text("s")?.as_bytes(),
        is_snapshot,
        span: Span::at(members.integer("u")?),
        time,
        levels: into,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

/// The form of 2021: whole books are a list, or a list called `order_book`.
fn older_book<H: Hear>(
    members: &Fields<'_, '_, '_>,
    symbol: &str,
    into: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let is_snapshot = is_snapshot(members)?;
    into.clear();
    let data = child(members.object, "data");
    if is_snapshot {
        let list = match &data {
            Some(data) => list_of(data, "order_book"),
            None => list_of(members.object, "data"),
        };
        older_rows(&list.ok_or(members.bad())?, true, into)?;
    } else {
        let data = data.ok_or(members.bad())?;
        for (key, has_size) in [("delete", false), ("update", true), ("insert", true)] {
            let list = list_of(&data, key).ok_or(members.bad())?;
            older_rows(&list, has_size, into)?;
        }
    }
    let nanos = members.integer("timestamp_e6")?.checked_mul(1_000);
    hear.book(&BookMessage {
        symbol: symbol.as_bytes(),
        is_snapshot,
        span: rising(members.integer("cross_seq")?),
        time: nanos.map(EventTime).ok_or(members.bad())?,
        levels: into,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

fn older_rows(
    list: &Array<'_, '_>,
    has_size: bool,
    into: &mut Vec<Level>,
) -> Result<(), DecodeError> {
    for entry in list.iter() {
        let entry = entry.into_object().ok_or(NO_JSON)?;
        let members = fields(&entry, Kind::Book);
        into.push(Level {
            side: members.side("side")?,
            price: members.number("price")?.price().ok_or(members.inexact())?,
            size: if has_size {
                members.number("size")?
            } else {
                Number::ZERO
            },
        });
    }
    Ok(())
}

fn trades<H: Hear>(
    members: &Fields<'_, '_, '_>,
    [time, symbol, side, size, price, id]: [&str; 6],
    hear: &mut H,
) -> Result<(), DecodeError> {
    let list = list_of(members.object, "data").ok_or(members.bad())?;
    for entry in list.iter() {
        let entry = entry.into_object().ok_or(members.bad())?;
        let members = fields(&entry, Kind::Trade);
        hear.trade(&TradeMessage {
            symbol: members.text(symbol)?.as_bytes(),
            time: members.millis(time)?,
            id: TradeId::Unordered(id_of_text(members.text(id)?.as_bytes())),
            aggressor: members.side(side)?,
            price: members.price(price)?,
            size: members.number(size)?,
            is_past: false,
        });
    }
    Ok(())
}

/// "Buy" is a long position, which is sold out.
fn liquidations<H: Hear>(members: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let list = list_of(members.object, "data").ok_or(members.bad())?;
    for entry in list.iter() {
        let entry = entry.into_object().ok_or(members.bad())?;
        let members = fields(&entry, Kind::Liquidation);
        hear.liquidation(&LiquidationMessage {
            symbol: members.text("s")?.as_bytes(),
            time: members.millis("T")?,
            id: None,
            side: match members.side("S")? {
                Side::Bid => Side::Ask,
                _ => Side::Bid,
            },
            price: members.price("p")?,
            size: members.number("v")?,
        });
    }
    Ok(())
}

/// Members that are not there have not changed.
fn ticker<H: Hear>(object: &Object<'_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let time = fields(object, Kind::Ticker).millis("ts")?;
    let data = child(object, "data").ok_or(NO_JSON)?;
    let members = fields(&data, Kind::Ticker);
    let symbol = members.text("symbol")?;
    let said = [
        ("lastPrice", StatisticKind::LastPrice),
        ("markPrice", StatisticKind::MarkPrice),
        ("fundingRate", StatisticKind::FundingRate),
    ];
    for (key, kind) in said {
        // More digits than a price has room for: left out.
        if let Some(price) = members.price_if_any(key).unwrap_or_default() {
            hear.statistic(symbol.as_bytes(), time, kind, Quantity::Price(price));
        }
    }
    if let Some(open) = data.get("openInterest").and_then(exact) {
        let (kind, open) = (StatisticKind::OpenInterest, Quantity::Size(open));
        hear.statistic(symbol.as_bytes(), time, kind, open);
    }
    Ok(())
}

/// The list of instruments, in either form.
pub(super) fn read_rest<H: Hear>(
    url: &str,
    body: &[u8],
    reader: &mut Reader,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let result = child(&object, "result");
    let (list, is_older) = match &result {
        Some(result) => (list_of(result, "list"), false),
        None => (list_of(&object, "result"), true),
    };
    let [name, price, size, tick, steps] = if is_older {
        [
            "name",
            "price_filter",
            "lot_size_filter",
            "tick_size",
            "qty_step",
        ]
    } else {
        [
            "symbol",
            "priceFilter",
            "lotSizeFilter",
            "tickSize",
            "qtyStep",
        ]
    };
    for entry in objects(&list.ok_or(NO_JSON)?) {
        let Some(symbol) = text_of(&entry, name) else {
            continue;
        };
        let (price, size) = (child(&entry, price), child(&entry, size));
        let tick_size = price.and_then(|filter| exact(filter.get(tick)?));
        // Sizes of the older form carry the noise of 32-bit floats behind their step, which then says nothing. Spot pairs have a
        // precision in its place.
        let size_step = size
            .filter(|_| !is_older)
            .and_then(|filter| exact(filter.get(steps).or_else(|| filter.get("basePrecision"))?));
        let product = Product {
            symbol: Symbol::new(symbol.as_bytes()),
            size_step,
            tick_size: tick_size.and_then(Number::price),
            trading: match text_of(&entry, "status") {
                Some("Trading") => TradingState::Trading,
                Some("PreLaunch") => TradingState::PreOpen,
                _ => TradingState::NotAvailable,
            },
        };
        let listing = Listing::of(product)
            .pair(text_of(&entry, "baseCoin"), text_of(&entry, "quoteCoin"))
            .settled(text_of(&entry, "settleCoin"));
        hear.listing(&match text_of(&entry, "contractType") {
            Some(kind) if kind.ends_with("Perpetual") => listing.kind(InstrumentKind::Perpetual),
            Some(_) => listing.kind(InstrumentKind::Future).expires_at_ms(
                entry
                    .get("deliveryTime")
                    .and_then(crate::session::text::integer),
            ),
            None if is_older => listing,
            None => listing.kind(InstrumentKind::Spot),
        });
    }
    let cursor = result.and_then(|result| text_of(&result, "nextPageCursor"));
    if let Some(cursor) = cursor.filter(|cursor| !cursor.is_empty()) {
        // Cursors are escaped for addresses already.
        let (first, _) = url.split_once("&cursor=").unwrap_or((url, ""));
        hear.list_continues_at(format!("{first}&cursor={cursor}"));
    }
    Ok(())
}
