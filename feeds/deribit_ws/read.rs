//! The general reader: members in any order, unknown ones left alone.

use super::Kind;
use crate::contract::DecodeError;
use crate::model::{InstrumentKind, Side, StatisticKind, Symbol, TradingState};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Listing, Product, Quantity, Span, TradeId, TradeMessage,
    child, text_of,
};
use crate::session::text::{Fields, Number, Reader, exact, list_of, objects, signed_price};
use simd_json::prelude::*;
use simd_json::tape::Object;

const NO_JSON: DecodeError = DecodeError::BadText { offset: 0 };
/// The answer to a test of the connection; its result says nothing.
pub(super) const TEST: &str = r#"{"jsonrpc":"2.0","id":0,"method":"public/test","params":{}}"#;

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
    let kind = match text_of(&object, "method") {
        Some("subscription") => {
            let params = child(&object, "params").ok_or(NO_JSON)?;
            subscription(&params, levels, hear)?
        }
        Some("heartbeat") => {
            let params = child(&object, "params");
            let kind = params.and_then(|params| text_of(&params, "type"));
            if kind == Some("test_request") {
                hear.reply(TEST.to_owned());
            }
            Kind::Heartbeat
        }
        Some(other) => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
        None => {
            result(&object, hear)?;
            Kind::Result
        }
    };
    Ok(Heard::Kind(kind as u8))
}

fn result<H: Hear>(object: &Object<'_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    if let Some(error) = child(object, "error") {
        let words = text_of(&error, "message");
        hear.complaint(words.unwrap_or("no reason given"));
        return Ok(());
    }
    let result = object.get("result").ok_or(NO_JSON)?;
    // Channels that are joined, or heartbeats that are set; other requests have other results.
    if result.into_string() == Some("ok") {
        hear.confirmed();
    } else if let Some(channels) = result.into_array() {
        if channels.iter().next().is_some() {
            hear.confirmed();
        } else {
            hear.complaint("no channel of the request exists");
        }
    }
    Ok(())
}

fn subscription<H: Hear>(
    params: &Object<'_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<Kind, DecodeError> {
    let channel = text_of(params, "channel").ok_or(NO_JSON)?;
    let kind = match channel.split('.').next() {
        // Grouped books have further parts and another form.
        Some("book") if channel.split('.').count() == 3 => {
            let data = child(params, "data");
            let data = data.ok_or_else(|| fields(params, Kind::Book).bad())?;
            book(&fields(&data, Kind::Book), levels, hear)?;
            Kind::Book
        }
        Some("trades") => {
            let bad = fields(params, Kind::Trades).bad();
            let list = list_of(params, "data").ok_or(bad)?;
            let mut trades = Vec::with_capacity(list.len());
            for entry in list.iter() {
                let entry = entry.into_object().ok_or(bad)?;
                let forced = text_of(&entry, "liquidation").unwrap_or_default();
                trades.push((trade(&fields(&entry, Kind::Trades))?, forced));
            }
            trades.sort_by_key(|(trade, _)| match trade.id {
                TradeId::Rising(id) => id,
                _ => 0,
            });
            for (trade, forced) in &trades {
                hear.trade(trade);
                if forced.contains('T') {
                    hear.liquidation(&trade.liquidation(trade.aggressor));
                }
                if forced.contains('M') {
                    let side = match trade.aggressor {
                        Side::Bid => Side::Ask,
                        _ => Side::Bid,
                    };
                    hear.liquidation(&trade.liquidation(side));
                }
            }
            Kind::Trades
        }
        Some("ticker") => {
            let data = child(params, "data");
            let data = data.ok_or_else(|| fields(params, Kind::Ticker).bad())?;
            ticker(&fields(&data, Kind::Ticker), hear)?;
            Kind::Ticker
        }
        _ => Kind::Other,
    };
    Ok(kind)
}

fn book<H: Hear>(
    members: &Fields<'_, '_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let is_snapshot = match members.text("type")? {
        "snapshot" => true,
        "change" => false,
        _ => return Err(members.bad()),
    };
    let previous = match members.object.get("prev_change_id") {
        Some(_) => Some(members.integer("prev_change_id")?),
        None => None,
    };
    levels.clear();
    for (key, side) in [("bids", Side::Bid), ("asks", Side::Ask)] {
        let list = list_of(members.object, key).ok_or_else(|| members.bad())?;
        for entry in list.iter() {
            let entry = entry.into_array().ok_or_else(|| members.bad())?;
            let (Some(action), Some(price), Some(size)) =
                (entry.get(0), entry.get(1), entry.get(2))
            else {
                return Err(members.bad());
            };
            let price = signed_price(price).ok_or_else(|| members.inexact())?;
            let size = exact(size).ok_or_else(|| members.inexact())?;
            let size = match action.into_string() {
                Some("new" | "change") => size,
                Some("delete") => Number::ZERO,
                _ => return Err(members.bad()),
            };
            levels.push(Level { side, price, size });
        }
    }
    let last = members.integer("change_id")?;
    hear.book(&BookMessage {
        symbol: members.text("instrument_name")?.as_bytes(),
        is_snapshot,
        span: Span {
            first: last,
            last,
            previous,
        },
        time: members.millis("timestamp")?,
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

fn trade<'input>(members: &Fields<'_, '_, 'input>) -> Result<TradeMessage<'input>, DecodeError> {
    Ok(TradeMessage {
        symbol: members.text("instrument_name")?.as_bytes(),
        time: members.millis("timestamp")?,
        id: TradeId::Rising(members.integer("trade_seq")?),
        aggressor: members.side("direction")?,
        price: members.price("price")?,
        size: members.number("amount")?,
        is_past: false,
    })
}

fn ticker<H: Hear>(members: &Fields<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let symbol = members.text("instrument_name")?;
    let time = members.millis("timestamp")?;
    let said = [
        (
            StatisticKind::LastPrice,
            members.price_if_any("last_price")?,
        ),
        (
            StatisticKind::MarkPrice,
            members.price_if_any("mark_price")?,
        ),
    ];
    // More digits than a price has room for: left out.
    let funding = members.price_if_any("current_funding").unwrap_or_default();
    let said = said.into_iter();
    for (kind, price) in said.chain([(StatisticKind::FundingRate, funding)]) {
        if let Some(price) = price {
            hear.statistic(symbol.as_bytes(), time, kind, Quantity::Price(price));
        }
    }
    if let Some(open) = members.object.get("open_interest").and_then(exact) {
        let (kind, open) = (StatisticKind::OpenInterest, Quantity::Size(open));
        hear.statistic(symbol.as_bytes(), time, kind, open);
    }
    let trading = match text_of(members.object, "state") {
        Some("open") => TradingState::Trading,
        Some("closed") => TradingState::Close,
        _ => return Ok(()),
    };
    hear.product(&Product {
        symbol: Symbol::new(symbol.as_bytes()),
        size_step: None,
        tick_size: None,
        trading,
    });
    Ok(())
}

/// The list of instruments.
pub(super) fn read_rest<H: Hear>(
    body: &[u8],
    reader: &mut Reader,
    hear: &mut H,
) -> Result<(), DecodeError> {
    let tape = reader.tape(body)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let list = list_of(&object, "result").ok_or(NO_JSON)?;
    for entry in objects(&list) {
        let Some(symbol) = text_of(&entry, "instrument_name") else {
            continue;
        };
        let is_active = entry.get("is_active").and_then(|value| value.as_bool());
        let product = Product {
            symbol: Symbol::new(symbol.as_bytes()),
            size_step: entry.get("min_trade_amount").and_then(exact),
            tick_size: entry
                .get("tick_size")
                .and_then(exact)
                .and_then(Number::price),
            trading: if is_active == Some(false) {
                TradingState::NotAvailable
            } else {
                TradingState::Trading
            },
        };
        let text = |key: &str| text_of(&entry, key);
        let kind = match (text("kind"), text("settlement_period"), text("option_type")) {
            (Some("spot"), _, _) => InstrumentKind::Spot,
            (Some("future"), Some("perpetual"), _) => InstrumentKind::Perpetual,
            (Some("future"), _, _) => InstrumentKind::Future,
            (Some("option"), _, Some("call")) => InstrumentKind::Call,
            (Some("option"), _, Some("put")) => InstrumentKind::Put,
            (Some("future_combo" | "option_combo"), _, _) => InstrumentKind::Spread,
            _ => InstrumentKind::Other,
        };
        // Prices of some options are in the base currency: the strike's currency is the counter one.
        let quote = text("counter_currency").or(text("quote_currency"));
        let expires = entry
            .get("expiration_timestamp")
            .and_then(crate::session::text::integer);
        let has_end = !matches!(kind, InstrumentKind::Spot | InstrumentKind::Perpetual);
        let listing = Listing::of(product)
            .kind(kind)
            .pair(text("base_currency"), quote)
            .settled(text("settlement_currency"))
            .multiplier(entry.get("contract_size").and_then(exact))
            .expires_at_ms(expires.filter(|_| has_end))
            .strike(entry.get("strike").and_then(exact));
        hear.listing(&listing);
    }
    Ok(())
}
