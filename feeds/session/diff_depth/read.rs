//! The general reader: members in any order, unknown ones left alone.

use super::Kind;
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

/// The members of one message, and whose they are when one of them is wrong.
struct Members<'m, 'tape, 'input> {
    object: &'m Object<'tape, 'input>,
    kind: Kind,
}

impl<'input> Members<'_, '_, 'input> {
    fn bad(&self) -> DecodeError {
        DecodeError::BadField {
            tag: self.kind as u32,
            offset: 0,
        }
    }

    fn inexact(&self) -> DecodeError {
        DecodeError::NotExact {
            tag: self.kind as u32,
        }
    }

    fn text(&self, key: &str) -> Result<&'input str, DecodeError> {
        let value = self.object.get(key).ok_or_else(|| self.bad())?;
        value.into_string().ok_or_else(|| self.bad())
    }

    fn integer(&self, key: &str) -> Result<u64, DecodeError> {
        let value = self.object.get(key).ok_or_else(|| self.bad())?;
        integer(value).ok_or_else(|| self.bad())
    }

    fn number(&self, key: &str) -> Result<Number, DecodeError> {
        let value = self.object.get(key).ok_or_else(|| self.bad())?;
        exact(value).ok_or_else(|| self.inexact())
    }

    fn price(&self, key: &str) -> Result<Price, DecodeError> {
        self.number(key)?.price().ok_or_else(|| self.inexact())
    }

    /// Milliseconds since 1970; the matching engine's own where it is there.
    fn time(&self) -> EventTime {
        self.millis("T").unwrap_or_else(|| self.said_at())
    }

    /// When the message was made.
    fn said_at(&self) -> EventTime {
        self.millis("E").unwrap_or(EventTime::UNDEFINED)
    }

    fn millis(&self, key: &str) -> Option<EventTime> {
        let millis = self.integer(key).ok()?;
        millis.checked_mul(1_000_000).map(EventTime)
    }

    fn sides<H: Hear>(
        &self,
        keys: [&str; 2],
        into: &mut Vec<Level>,
        hear: &mut H,
    ) -> Result<(), DecodeError> {
        into.clear();
        for (key, side) in keys.into_iter().zip([Side::Bid, Side::Ask]) {
            let list = self.object.get(key).ok_or_else(|| self.bad())?;
            for _ in 0..levels(list, side, self.kind as u32, into)? {
                hear.left_out();
            }
        }
        Ok(())
    }
}

pub(super) fn read<H: Hear>(
    text: &[u8],
    reader: &mut Reader,
    levels: &mut Vec<Level>,
    only: Option<Symbol>,
    hear: &mut H,
) -> Result<Heard, DecodeError> {
    let tape = reader.tape(text)?;
    let object = tape.as_value().into_object().ok_or(NO_JSON)?;
    let data = object.get("data").and_then(|data| data.into_object());
    let data = data.unwrap_or(object);
    let members = |kind| Members {
        object: &data,
        kind,
    };
    let name = data.get("e").and_then(|name| name.into_string());
    let kind = match name {
        Some("depthUpdate") => {
            depth_update(&members(Kind::DepthUpdate), levels, hear)?;
            Kind::DepthUpdate
        }
        Some("trade") => {
            trade(&members(Kind::Trade), "t", hear)?;
            Kind::Trade
        }
        Some("aggTrade") => {
            trade(&members(Kind::AggTrade), "a", hear)?;
            Kind::AggTrade
        }
        Some("bookTicker") => Kind::BookTicker,
        Some("24hrTicker") => {
            ticker(&members(Kind::Ticker24h), hear)?;
            Kind::Ticker24h
        }
        Some("markPriceUpdate") => {
            mark_price(&members(Kind::MarkPrice), hear)?;
            Kind::MarkPrice
        }
        Some("forceOrder") => {
            let order = data.get("o").and_then(|order| order.into_object());
            let bad = members(Kind::ForceOrder).bad();
            force_order(
                &Members {
                    object: &order.ok_or(bad)?,
                    kind: Kind::ForceOrder,
                },
                hear,
            )?;
            Kind::ForceOrder
        }
        Some("kline") => Kind::Kline,
        Some(other) => return Ok(Heard::Unknown(Symbol::new(other.as_bytes()))),
        None if data.get("lastUpdateId").is_some() => {
            let only = only.ok_or(DecodeError::BadField {
                tag: Kind::Depth as u32,
                offset: 0,
            })?;
            snapshot(&members(Kind::Depth), only.as_str(), levels, hear)?;
            Kind::Depth
        }
        None if data.get("u").is_some() && data.get("B").is_some() => Kind::BookTicker,
        None if data.get("error").is_some() || data.get("code").is_some() => {
            let error = data.get("error").and_then(|error| error.into_object());
            let error = error.as_ref().unwrap_or(&data);
            let words = error.get("msg").and_then(|words| words.into_string());
            hear.complaint(words.unwrap_or("no reason given"));
            Kind::Result
        }
        None if data.get("result").is_some() => {
            hear.confirmed();
            Kind::Result
        }
        None => return Err(NO_JSON),
    };
    Ok(Heard::Kind(kind as u8))
}

fn depth_update<H: Hear>(
    members: &Members<'_, '_, '_>,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    members.sides(["b", "a"], levels, hear)?;
    let previous = match members.object.get("pu") {
        Some(_) => Some(members.integer("pu")?),
        None => None,
    };
    hear.book(&BookMessage {
        symbol: members.text("s")?.as_bytes(),
        is_snapshot: false,
        span: Span {
            first: members.integer("U")?,
            last: members.integer("u")?,
            previous,
        },
        time: members.time(),
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

fn snapshot<H: Hear>(
    members: &Members<'_, '_, '_>,
    symbol: &str,
    levels: &mut Vec<Level>,
    hear: &mut H,
) -> Result<(), DecodeError> {
    members.sides(["bids", "asks"], levels, hear)?;
    hear.book(&BookMessage {
        symbol: symbol.as_bytes(),
        is_snapshot: true,
        span: Span::at(members.integer("lastUpdateId")?),
        time: members.time(),
        levels,
        checksum: None,
        orders: &[],
        digits: (0, 0),
    });
    Ok(())
}

fn trade<H: Hear>(
    members: &Members<'_, '_, '_>,
    id: &str,
    hear: &mut H,
) -> Result<(), DecodeError> {
    // Moves of positions to the insurance fund and the like are no trades of the book.
    let is_market = match members.object.get("X") {
        Some(kind) => kind.into_string() == Some("MARKET"),
        None => true,
    };
    if !is_market {
        return Ok(());
    }
    let is_buyer_maker = members.object.get("m").and_then(|value| value.as_bool());
    let is_buyer_maker = is_buyer_maker.ok_or_else(|| members.bad())?;
    hear.trade(&TradeMessage {
        symbol: members.text("s")?.as_bytes(),
        time: members.time(),
        id: TradeId::Rising(members.integer(id)?),
        aggressor: if is_buyer_maker { Side::Ask } else { Side::Bid },
        price: members.price("p")?,
        size: members.number("q")?,
        is_past: false,
    });
    Ok(())
}

/// What was filled at its average price; where nothing was yet, the order itself.
fn force_order<H: Hear>(members: &Members<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let side = match members.text("S")? {
        "BUY" => Side::Bid,
        "SELL" => Side::Ask,
        _ => return Err(members.bad()),
    };
    let average = members.price("ap").ok().filter(|price| price.0 != 0);
    let (price, size) = match (average, members.number("z")) {
        (Some(price), Ok(filled)) => (price, filled),
        _ => (members.price("p")?, members.number("q")?),
    };
    hear.liquidation(&LiquidationMessage {
        symbol: members.text("s")?.as_bytes(),
        time: members.time(),
        id: None,
        side,
        price,
        size,
    });
    Ok(())
}

fn ticker<H: Hear>(members: &Members<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    let (symbol, time) = (members.text("s")?.as_bytes(), members.time());
    let last = Quantity::Price(members.price("c")?);
    let open = Quantity::Price(members.price("o")?);
    let volume = Quantity::Size(members.number("v")?);
    hear.statistic(symbol, time, StatisticKind::LastPrice, last);
    hear.statistic(symbol, time, StatisticKind::OpenPrice24h, open);
    hear.statistic(symbol, time, StatisticKind::Volume24h, volume);
    Ok(())
}

fn mark_price<H: Hear>(members: &Members<'_, '_, '_>, hear: &mut H) -> Result<(), DecodeError> {
    // "T" is when funding is due next, and 0 where there is none.
    let (symbol, time) = (members.text("s")?.as_bytes(), members.said_at());
    let mark = Quantity::Price(members.price("p")?);
    hear.statistic(symbol, time, StatisticKind::MarkPrice, mark);
    // Contracts with a delivery date have no funding: an empty text. A rate may be negative.
    let rate = members.text("r").ok().filter(|rate| !rate.is_empty());
    if let Some(rate) = rate {
        let rate = Price::parse(rate.as_bytes()).map_err(|_| members.inexact())?;
        hear.statistic(
            symbol,
            time,
            StatisticKind::FundingRate,
            Quantity::Price(rate),
        );
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
    if let Some(list) = list_of(&object, "symbols") {
        for entry in objects(&list) {
            if let Some(product) = product(&entry) {
                hear.listing(&product);
            }
        }
        return Ok(());
    }
    let query = url.split_once('?').map_or("", |(_, query)| query);
    let symbol = query
        .split('&')
        .find_map(|part| part.strip_prefix("symbol="));
    let members = Members {
        object: &object,
        kind: Kind::Depth,
    };
    let symbol = symbol.ok_or_else(|| members.bad())?;
    snapshot(&members, symbol, levels, hear)
}

fn product(object: &Object<'_, '_>) -> Option<Listing> {
    let symbol = object.get("symbol")?.into_string()?;
    let status = object
        .get("status")
        .or_else(|| object.get("contractStatus"));
    let trading = match status.and_then(|status| status.into_string()) {
        Some("TRADING") => TradingState::Trading,
        Some("PRE_TRADING" | "PENDING_TRADING") => TradingState::PreOpen,
        Some("AUCTION_MATCH") => TradingState::Auction,
        Some("HALT" | "BREAK") => TradingState::Halt,
        _ => TradingState::NotAvailable,
    };
    let filters = list_of(object, "filters");
    let filter = |name: &str, key: &str| {
        let filters = filters.as_ref()?;
        let found = objects(filters).find(|filter| {
            let kind = filter.get("filterType").and_then(|kind| kind.into_string());
            kind == Some(name)
        });
        exact(found?.get(key)?)
    };
    let product = Product {
        symbol: Symbol::new(symbol.as_bytes()),
        size_step: filter("LOT_SIZE", "stepSize"),
        tick_size: filter("PRICE_FILTER", "tickSize").and_then(Number::price),
        trading,
    };
    let text = |key: &str| object.get(key)?.into_string();
    let listing = Listing::of(product)
        .pair(text("baseAsset"), text("quoteAsset"))
        .settled(text("marginAsset"))
        .multiplier(object.get("contractSize").and_then(exact));
    Some(match text("contractType") {
        None => listing.kind(InstrumentKind::Spot),
        Some(kind) if kind.contains("PERPETUAL") => listing.kind(InstrumentKind::Perpetual),
        Some(_) => listing
            .kind(InstrumentKind::Future)
            .expires_at_ms(object.get("deliveryDate").and_then(integer)),
    })
}
