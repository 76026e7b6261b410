//! How the venue speaks: what it would say in JSON, in its binary form.

use super::MARKET;
use super::generated::{
    DepthDiffStreamEvent, DepthDiffStreamEventAsks, DepthDiffStreamEventBids,
    DepthDiffStreamEventBlock, LevelsSize, MessageHeader, SCHEMA, ShortText, TradesSize,
    TradesStreamEvent, TradesStreamEventBlock, TradesStreamEventTrades, VERSION,
};
use crate::model::{EventTime, Price, Side, Size, Symbol};
use crate::session::diff_depth::simulator::DiffDepthMarket;
use crate::session::sbe::{Header, HeaderShape, LengthPrefix, write_group};
use crate::session::stitch::simulator::{Asked, BookNow, Speak, Wish};
use crate::simulator::{Said, TradeNow};
use simd_json::prelude::*;
use simd_json::tape::{Object, Value};

/// Exponents of all prices and of all sizes.
const PRICE_EXPONENT: i8 = -8;
const QTY_EXPONENT: i8 = -8;

/// The venue.
pub(super) struct BinanceSbeMarket {
    texts: DiffDepthMarket,
}

impl BinanceSbeMarket {
    pub(super) fn new() -> BinanceSbeMarket {
        BinanceSbeMarket {
            texts: DiffDepthMarket::of(MARKET),
        }
    }
}

/// A decimal text as a mantissa to 1e-8.
fn mantissa(value: Option<Value<'_, '_>>) -> i64 {
    let text = value.and_then(|value| value.into_string()).unwrap_or("0");
    let size = Size::parse(text.as_bytes(), QTY_EXPONENT.unsigned_abs());
    size.map_or(0, |size| size.0.cast_signed())
}

fn integer(object: &Object<'_, '_>, key: &str) -> i64 {
    let value = object.get(key).and_then(|value| value.as_i64());
    value.unwrap_or_default()
}

fn begin(template: u16, block: &[u8]) -> Vec<u8> {
    let header = Header {
        block_length: block.len() as u16,
        template,
        schema: SCHEMA,
        version: VERSION,
    };
    let mut bytes = Vec::new();
    MessageHeader::write(header, &mut bytes);
    bytes.extend(block);
    bytes
}

fn depth_diff(data: &Object<'_, '_>, symbol: &str) -> Vec<u8> {
    let mut block = DepthDiffStreamEventBlock::blank();
    DepthDiffStreamEventBlock::put_event_time(&mut block, integer(data, "E") * 1_000);
    DepthDiffStreamEventBlock::put_first_book_update_id(&mut block, integer(data, "U"));
    DepthDiffStreamEventBlock::put_last_book_update_id(&mut block, integer(data, "u"));
    DepthDiffStreamEventBlock::put_price_exponent(&mut block, PRICE_EXPONENT);
    DepthDiffStreamEventBlock::put_qty_exponent(&mut block, QTY_EXPONENT);
    let mut bytes = begin(DepthDiffStreamEvent::TEMPLATE, &block);
    let rows = |key: &str| -> Vec<(i64, i64)> {
        let list = data.get(key).and_then(|list| list.into_array());
        let rows = list.iter().flat_map(|list| list.iter());
        rows.filter_map(|row| row.into_array())
            .map(|row| (mantissa(row.get(0)), mantissa(row.get(1))))
            .collect()
    };
    let bids: Vec<_> = rows("b")
        .into_iter()
        .map(|(price, qty)| {
            let mut row = DepthDiffStreamEventBids::blank();
            DepthDiffStreamEventBids::put_price(&mut row, price);
            DepthDiffStreamEventBids::put_qty(&mut row, qty);
            row
        })
        .collect();
    let asks: Vec<_> = rows("a")
        .into_iter()
        .map(|(price, qty)| {
            let mut row = DepthDiffStreamEventAsks::blank();
            DepthDiffStreamEventAsks::put_price(&mut row, price);
            DepthDiffStreamEventAsks::put_qty(&mut row, qty);
            row
        })
        .collect();
    write_group::<LevelsSize, _>(&bids, &mut bytes);
    write_group::<LevelsSize, _>(&asks, &mut bytes);
    ShortText::write(symbol.as_bytes(), &mut bytes);
    bytes
}

fn trade(data: &Object<'_, '_>, symbol: &str) -> Vec<u8> {
    let mut block = TradesStreamEventBlock::blank();
    TradesStreamEventBlock::put_event_time(&mut block, integer(data, "E") * 1_000);
    TradesStreamEventBlock::put_transact_time(&mut block, integer(data, "T") * 1_000);
    TradesStreamEventBlock::put_price_exponent(&mut block, PRICE_EXPONENT);
    TradesStreamEventBlock::put_qty_exponent(&mut block, QTY_EXPONENT);
    let mut bytes = begin(TradesStreamEvent::TEMPLATE, &block);
    let mut row = TradesStreamEventTrades::blank();
    TradesStreamEventTrades::put_id(&mut row, integer(data, "t"));
    TradesStreamEventTrades::put_price(&mut row, mantissa(data.get("p")));
    TradesStreamEventTrades::put_qty(&mut row, mantissa(data.get("q")));
    let is_buyer_maker = data.get("m").and_then(|flag| flag.as_bool());
    TradesStreamEventTrades::put_is_buyer_maker(&mut row, u8::from(is_buyer_maker == Some(true)));
    write_group::<TradesSize, _>(&[row], &mut bytes);
    ShortText::write(symbol.as_bytes(), &mut bytes);
    bytes
}

/// The binary form of a text, where it has one.
pub(super) fn binary(text: &str) -> Option<Vec<u8>> {
    let mut bytes = text.as_bytes().to_vec();
    let tape = simd_json::to_tape(&mut bytes).ok()?;
    let data = tape.as_value().get("data")?.into_object()?;
    let symbol = data.get("s")?.into_string()?;
    match data.get("e")?.into_string()? {
        "depthUpdate" => Some(depth_diff(&data, symbol)),
        "trade" => Some(trade(&data, symbol)),
        _ => None,
    }
}

impl Speak for BinanceSbeMarket {
    fn on_text(&mut self, now: EventTime, text: &str) -> Vec<Wish> {
        self.texts.on_text(now, text)
    }

    fn on_fetch(&self, url: &str) -> Option<Asked> {
        self.texts.on_fetch(url)
    }

    fn snapshot(&self, book: &BookNow<'_>) -> Option<String> {
        self.texts.snapshot(book)
    }

    fn update(&self, book: &BookNow<'_>, change: (Side, Price, Size)) -> String {
        self.texts.update(book, change)
    }

    fn trade(&self, symbol: Symbol, now: EventTime, id: u64, trade: &TradeNow) -> String {
        self.texts.trade(symbol, now, id, trade)
    }

    fn rest_snapshot(&self, book: &BookNow<'_>) -> String {
        self.texts.rest_snapshot(book)
    }

    fn rest_products(&self, symbols: &[Symbol]) -> String {
        self.texts.rest_products(symbols)
    }

    fn packed(&self, text: String) -> Said {
        match binary(&text) {
            Some(bytes) => Said::Binary(bytes),
            None => Said::Text(text),
        }
    }
}
