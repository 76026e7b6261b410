//! Typed readers of the peers: structs of what a message says that ours reads too, texts borrowed, all else left alone.

use super::sums::Sum;
use feeds::model::Side;
use feeds::session::text::{Number, id_of_text, parse_time};
use serde::Deserialize;
use std::hint::black_box;

/// A library, with and without the numbers of the texts made into fixed point.
pub(crate) struct Rival {
    pub(crate) library: Library,
    pub(crate) is_bare: bool,
    pub(crate) pass: fn(&[Vec<u8>], &mut Sum, &mut Room),
}

/// Which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    Sonic,
    Simd,
    Serde,
}

/// Buffers that are reused.
#[derive(Default)]
pub(crate) struct Room {
    text: Vec<u8>,
    buffers: simd_json::Buffers,
}

/// A message and how it is made into fixed point.
pub(crate) trait Shape {
    type Of<'a>: Deserialize<'a>;
    fn sum(message: &Self::Of<'_>, sum: &mut Sum) -> Option<()>;
}

fn finish<S: Shape, const BARE: bool>(message: &S::Of<'_>, sum: &mut Sum) {
    if BARE {
        black_box(message);
    } else {
        S::sum(message, sum).expect("numbers are well formed");
    }
}

fn sonic<S: Shape, const BARE: bool>(texts: &[Vec<u8>], sum: &mut Sum, _: &mut Room) {
    for text in texts {
        let message: S::Of<'_> = sonic_rs::from_slice(text).expect("a message it knows");
        finish::<S, BARE>(&message, sum);
    }
}

/// It reads in place, so the text is copied first.
fn simd<S: Shape, const BARE: bool>(texts: &[Vec<u8>], sum: &mut Sum, room: &mut Room) {
    for text in texts {
        room.text.clear();
        room.text.extend_from_slice(text);
        let message: S::Of<'_> =
            simd_json::serde::from_slice_with_buffers(&mut room.text, &mut room.buffers)
                .expect("a message it knows");
        finish::<S, BARE>(&message, sum);
    }
}

fn serde<S: Shape, const BARE: bool>(texts: &[Vec<u8>], sum: &mut Sum, _: &mut Room) {
    for text in texts {
        let message: S::Of<'_> = serde_json::from_slice(text).expect("a message it knows");
        finish::<S, BARE>(&message, sum);
    }
}

const fn rival(
    library: Library,
    is_bare: bool,
    pass: fn(&[Vec<u8>], &mut Sum, &mut Room),
) -> Rival {
    Rival {
        library,
        is_bare,
        pass,
    }
}

macro_rules! rivals {
    ($($name:ident: $shape:ty),* $(,)?) => {$(
        pub(crate) static $name: &[Rival] = &[
            rival(Library::Sonic, false, sonic::<$shape, false>),
            rival(Library::Simd, false, simd::<$shape, false>),
            rival(Library::Serde, false, serde::<$shape, false>),
            rival(Library::Sonic, true, sonic::<$shape, true>),
            rival(Library::Simd, true, simd::<$shape, true>),
            rival(Library::Serde, true, serde::<$shape, true>),
        ];
    )*};
}

rivals! {
    DIFF_DEPTH: DiffDepthShape,
    BINANCE_TRADE: BinanceTradeShape,
    BOOK_TICKER: BookTickerShape,
    L2UPDATE: L2UpdateShape,
    MATCH: MatchShape,
    TICKER: TickerShape,
    KRAKEN_BOOK: KrakenBookShape,
    KRAKEN_TRADE: KrakenTradeShape,
    OKX_BOOK: OkxBookShape,
    OKX_TRADE: OkxTradeShape,
    BYBIT_BOOK: BybitBookShape,
    BYBIT_TRADE: BybitTradeShape,
}

fn price(text: &str) -> Option<i64> {
    Some(Number::parse(text.as_bytes())?.price()?.0)
}

fn size(text: &str) -> Option<u64> {
    Number::parse(text.as_bytes())?.units(8)
}

fn rows<'a>(
    side: Side,
    rows: impl Iterator<Item = (&'a str, &'a str)>,
    sum: &mut Sum,
) -> Option<()> {
    for (at, much) in rows {
        sum.level(side, price(at)?, size(much)?);
    }
    Some(())
}

const MILLI: u64 = 1_000_000;

#[derive(Deserialize)]
pub(crate) struct DiffDepth<'a> {
    #[serde(rename = "E")]
    sent: u64,
    #[serde(rename = "T")]
    at: Option<u64>,
    s: &'a str,
    #[serde(rename = "U")]
    first: u64,
    u: u64,
    pu: Option<u64>,
    #[serde(borrow)]
    b: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    a: Vec<(&'a str, &'a str)>,
}

pub(crate) struct DiffDepthShape;
impl Shape for DiffDepthShape {
    type Of<'a> = DiffDepth<'a>;
    fn sum(message: &DiffDepth<'_>, sum: &mut Sum) -> Option<()> {
        black_box((message.first, message.pu));
        let at = message.at.unwrap_or(message.sent);
        sum.head(message.s.as_bytes(), at * MILLI, message.u);
        rows(Side::Bid, message.b.iter().copied(), sum)?;
        rows(Side::Ask, message.a.iter().copied(), sum)
    }
}

#[derive(Deserialize)]
pub(crate) struct BinanceTrade<'a> {
    s: &'a str,
    t: u64,
    p: &'a str,
    q: &'a str,
    #[serde(rename = "T")]
    at: u64,
    m: bool,
}

pub(crate) struct BinanceTradeShape;
impl Shape for BinanceTradeShape {
    type Of<'a> = BinanceTrade<'a>;
    fn sum(message: &BinanceTrade<'_>, sum: &mut Sum) -> Option<()> {
        sum.head(message.s.as_bytes(), message.at * MILLI, message.t);
        let side = if message.m { Side::Ask } else { Side::Bid };
        rows(side, [(message.p, message.q)].into_iter(), sum)
    }
}

#[derive(Deserialize)]
pub(crate) struct BookTicker<'a> {
    u: u64,
    s: &'a str,
    b: &'a str,
    #[serde(rename = "B")]
    bid_size: &'a str,
    a: &'a str,
    #[serde(rename = "A")]
    ask_size: &'a str,
}

/// Our room reads these numbers and tells nobody, since the book says the same: they are read here too, and not summed.
pub(crate) struct BookTickerShape;
impl Shape for BookTickerShape {
    type Of<'a> = BookTicker<'a>;
    fn sum(message: &BookTicker<'_>, _: &mut Sum) -> Option<()> {
        black_box((message.u, message.s.len()));
        black_box((price(message.b)?, size(message.bid_size)?));
        black_box((price(message.a)?, size(message.ask_size)?));
        Some(())
    }
}

#[derive(Deserialize)]
pub(crate) struct L2Update<'a> {
    product_id: &'a str,
    #[serde(borrow)]
    changes: Vec<(&'a str, &'a str, &'a str)>,
    time: &'a str,
}

pub(crate) struct L2UpdateShape;
impl Shape for L2UpdateShape {
    type Of<'a> = L2Update<'a>;
    fn sum(message: &L2Update<'_>, sum: &mut Sum) -> Option<()> {
        let at = parse_time(message.time.as_bytes())?;
        sum.head(message.product_id.as_bytes(), at.0, 0);
        for &(side, at, much) in &message.changes {
            let side = if side == "buy" { Side::Bid } else { Side::Ask };
            sum.level(side, price(at)?, size(much)?);
        }
        Some(())
    }
}

#[derive(Deserialize)]
pub(crate) struct Match<'a> {
    trade_id: u64,
    side: &'a str,
    size: &'a str,
    price: &'a str,
    product_id: &'a str,
    sequence: u64,
    time: &'a str,
}

pub(crate) struct MatchShape;
impl Shape for MatchShape {
    type Of<'a> = Match<'a>;
    fn sum(message: &Match<'_>, sum: &mut Sum) -> Option<()> {
        black_box(message.sequence);
        let at = parse_time(message.time.as_bytes())?;
        sum.head(message.product_id.as_bytes(), at.0, message.trade_id);
        // The resting side is named.
        let side = if message.side == "buy" {
            Side::Ask
        } else {
            Side::Bid
        };
        rows(side, [(message.price, message.size)].into_iter(), sum)
    }
}

#[derive(Deserialize)]
pub(crate) struct Ticker<'a> {
    sequence: u64,
    product_id: &'a str,
    price: &'a str,
    open_24h: &'a str,
    volume_24h: &'a str,
    time: &'a str,
}

pub(crate) struct TickerShape;
impl Shape for TickerShape {
    type Of<'a> = Ticker<'a>;
    fn sum(message: &Ticker<'_>, sum: &mut Sum) -> Option<()> {
        let at = parse_time(message.time.as_bytes())?;
        black_box(message.sequence);
        let symbol = message.product_id.as_bytes();
        sum.head(symbol, at.0, size(message.volume_24h)?);
        sum.head(symbol, at.0, price(message.open_24h)? as u64);
        sum.head(symbol, at.0, price(message.price)? as u64);
        Some(())
    }
}

/// Numbers that stand without quotes: as floats, which is quick and exact for as many digits as these have.
#[derive(Deserialize)]
pub(crate) struct KrakenLevel {
    price: f64,
    qty: f64,
}

impl KrakenLevel {
    fn sum(&self, side: Side, sum: &mut Sum) {
        let price = (self.price * 1e9).round() as i64 / 1_000 * 1_000;
        sum.level(side, price, (self.qty * 1e8).round() as u64);
    }
}

#[derive(Deserialize)]
pub(crate) struct KrakenBookData<'a> {
    symbol: &'a str,
    bids: Vec<KrakenLevel>,
    asks: Vec<KrakenLevel>,
    checksum: u32,
    timestamp: Option<&'a str>,
}

#[derive(Deserialize)]
pub(crate) struct KrakenBook<'a> {
    #[serde(borrow)]
    data: Vec<KrakenBookData<'a>>,
}

pub(crate) struct KrakenBookShape;
impl Shape for KrakenBookShape {
    type Of<'a> = KrakenBook<'a>;
    fn sum(message: &KrakenBook<'_>, sum: &mut Sum) -> Option<()> {
        for book in &message.data {
            black_box(book.checksum);
            let at = match book.timestamp {
                Some(time) => parse_time(time.as_bytes())?.0,
                None => u64::MAX,
            };
            sum.head(book.symbol.as_bytes(), at, 0);
            book.bids.iter().for_each(|level| level.sum(Side::Bid, sum));
            book.asks.iter().for_each(|level| level.sum(Side::Ask, sum));
        }
        Some(())
    }
}

#[derive(Deserialize)]
pub(crate) struct KrakenTradeData<'a> {
    symbol: &'a str,
    side: &'a str,
    price: f64,
    qty: f64,
    trade_id: u64,
    timestamp: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct KrakenTrade<'a> {
    #[serde(borrow)]
    data: Vec<KrakenTradeData<'a>>,
}

pub(crate) struct KrakenTradeShape;
impl Shape for KrakenTradeShape {
    type Of<'a> = KrakenTrade<'a>;
    fn sum(message: &KrakenTrade<'_>, sum: &mut Sum) -> Option<()> {
        for trade in &message.data {
            let at = parse_time(trade.timestamp.as_bytes())?;
            sum.head(trade.symbol.as_bytes(), at.0, trade.trade_id);
            let side = if trade.side == "buy" {
                Side::Bid
            } else {
                Side::Ask
            };
            let level = KrakenLevel {
                price: trade.price,
                qty: trade.qty,
            };
            level.sum(side, sum);
        }
        Some(())
    }
}

#[derive(Deserialize)]
pub(crate) struct OkxArgument<'a> {
    #[serde(rename = "instId")]
    instrument: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct OkxBookData<'a> {
    #[serde(borrow)]
    asks: Vec<(&'a str, &'a str, &'a str, &'a str)>,
    #[serde(borrow)]
    bids: Vec<(&'a str, &'a str, &'a str, &'a str)>,
    ts: &'a str,
    #[serde(rename = "seqId")]
    last: u64,
    #[serde(rename = "prevSeqId")]
    previous: i64,
}

#[derive(Deserialize)]
pub(crate) struct OkxBook<'a> {
    #[serde(borrow)]
    arg: OkxArgument<'a>,
    #[serde(borrow)]
    data: Vec<OkxBookData<'a>>,
}

pub(crate) struct OkxBookShape;
impl Shape for OkxBookShape {
    type Of<'a> = OkxBook<'a>;
    fn sum(message: &OkxBook<'_>, sum: &mut Sum) -> Option<()> {
        for book in &message.data {
            black_box(book.previous);
            let at = book.ts.parse::<u64>().ok()? * MILLI;
            sum.head(message.arg.instrument.as_bytes(), at, book.last);
            rows(Side::Ask, book.asks.iter().map(|row| (row.0, row.1)), sum)?;
            rows(Side::Bid, book.bids.iter().map(|row| (row.0, row.1)), sum)?;
        }
        Some(())
    }
}

#[derive(Deserialize)]
pub(crate) struct OkxTradeData<'a> {
    #[serde(rename = "instId")]
    instrument: &'a str,
    #[serde(rename = "tradeId")]
    id: &'a str,
    px: &'a str,
    sz: &'a str,
    side: &'a str,
    ts: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct OkxTrade<'a> {
    #[serde(borrow)]
    data: Vec<OkxTradeData<'a>>,
}

pub(crate) struct OkxTradeShape;
impl Shape for OkxTradeShape {
    type Of<'a> = OkxTrade<'a>;
    fn sum(message: &OkxTrade<'_>, sum: &mut Sum) -> Option<()> {
        for trade in &message.data {
            let (at, id) = (trade.ts.parse::<u64>().ok()?, trade.id.parse().ok()?);
            sum.head(trade.instrument.as_bytes(), at * MILLI, id);
            let side = if trade.side == "buy" {
                Side::Bid
            } else {
                Side::Ask
            };
            rows(side, [(trade.px, trade.sz)].into_iter(), sum)?;
        }
        Some(())
    }
}

#[derive(Deserialize)]
pub(crate) struct BybitBookData<'a> {
    s: &'a str,
    #[serde(borrow)]
    b: Vec<(&'a str, &'a str)>,
    #[serde(borrow)]
    a: Vec<(&'a str, &'a str)>,
    u: u64,
}

#[derive(Deserialize)]
pub(crate) struct BybitBook<'a> {
    #[serde(rename = "type")]
    form: &'a str,
    #[serde(borrow)]
    data: BybitBookData<'a>,
    cts: u64,
}

pub(crate) struct BybitBookShape;
impl Shape for BybitBookShape {
    type Of<'a> = BybitBook<'a>;
    fn sum(message: &BybitBook<'_>, sum: &mut Sum) -> Option<()> {
        black_box(message.form == "snapshot");
        let book = &message.data;
        sum.head(book.s.as_bytes(), message.cts * MILLI, book.u);
        rows(Side::Bid, book.b.iter().copied(), sum)?;
        rows(Side::Ask, book.a.iter().copied(), sum)
    }
}

#[derive(Deserialize)]
pub(crate) struct BybitTradeData<'a> {
    #[serde(rename = "T")]
    at: u64,
    s: &'a str,
    #[serde(rename = "S")]
    side: &'a str,
    v: &'a str,
    p: &'a str,
    i: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct BybitTrade<'a> {
    #[serde(borrow)]
    data: Vec<BybitTradeData<'a>>,
}

pub(crate) struct BybitTradeShape;
impl Shape for BybitTradeShape {
    type Of<'a> = BybitTrade<'a>;
    fn sum(message: &BybitTrade<'_>, sum: &mut Sum) -> Option<()> {
        for trade in &message.data {
            let id = id_of_text(trade.i.as_bytes());
            sum.head(trade.s.as_bytes(), trade.at * MILLI, id);
            let side = if trade.side == "Buy" {
                Side::Bid
            } else {
                Side::Ask
            };
            rows(side, [(trade.p, trade.v)].into_iter(), sum)?;
        }
        Some(())
    }
}
