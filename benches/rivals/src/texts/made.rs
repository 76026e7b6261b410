//! Hot messages of five venues, made from a seed in the shapes their documents show and recordings have: each one rising in its
//! numbers, so that a feed follows them all.

use super::sums::Sum;
use super::{barter, typed};
use feeds::contract::Descriptor;
use feeds::model::{Price, Side};
use feeds::session::stitch::{Ladders, Level};
use feeds::session::text::Number;
use rand_core::Rng as _;
use rand_pcg::Pcg64Mcg;
use std::fmt::Write as _;

/// How the room reads all texts once.
pub(crate) type Pass = Box<dyn FnMut(&[Vec<u8>], &mut Sum)>;

/// One kind of message.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) feed: &'static Descriptor,
    pub(crate) symbol: &'static str,
    /// What the feed is told before: the address of a REST answer or none, and the text.
    pub(crate) before: Vec<(Option<&'static str>, String)>,
    pub(crate) texts: Vec<Vec<u8>>,
    pub(crate) ours: fn() -> Pass,
    pub(crate) typed: &'static [typed::Rival],
    pub(crate) barter: Option<fn(&[Vec<u8>])>,
}

/// Levels with prices around one, as one venue writes them.
struct Market {
    random: Pcg64Mcg,
    /// In units of the last digit.
    price: u64,
    price_digits: usize,
    size_digits: usize,
}

impl Market {
    fn new(price: u64, price_digits: usize, size_digits: usize) -> Market {
        Market {
            random: Pcg64Mcg::new(7),
            price,
            price_digits,
            size_digits,
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.random.next_u64() % bound
    }

    fn price(&mut self, zeros: usize) -> String {
        let units = self.price + self.below(20_000) - 10_000;
        format!("{}{}", decimal(units, self.price_digits), "0".repeat(zeros))
    }

    /// One in three is gone; the others are mostly below one.
    fn size(&mut self) -> String {
        let one = 10u64.pow(self.size_digits as u32);
        let units = match self.below(12) {
            0..4 => 0,
            4..10 => 1 + self.below(one),
            10 => self.below(10 * one),
            _ => self.below(500 * one),
        };
        decimal(units, self.size_digits)
    }

    fn some_size(&mut self) -> String {
        let one = 10u64.pow(self.size_digits as u32);
        let units = 1 + self.below(2 * one);
        decimal(units, self.size_digits)
    }

    /// `PRE price MID size POST`, `count` times.
    fn rows(&mut self, count: usize, zeros: usize, [pre, mid, post]: [&str; 3]) -> String {
        let mut text = String::new();
        for index in 0..count {
            let comma = if index > 0 { "," } else { "" };
            let (price, size) = (self.price(zeros), self.size());
            let _ = write!(text, "{comma}{pre}{price}{mid}{size}{post}");
        }
        text
    }

    fn guid(&mut self) -> String {
        let (high, low) = (self.random.next_u64(), self.random.next_u64());
        format!(
            "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xffff,
            low >> 48,
            low & 0xffff_ffff_ffff
        )
    }
}

fn decimal(units: u64, digits: usize) -> String {
    let one = 10u64.pow(digits as u32);
    format!("{}.{:0digits$}", units / one, units % one)
}

const QUOTED: [&str; 3] = ["[\"", "\",\"", "\"]"];
const SMALL: usize = 256;
const LARGE: usize = 48;

fn texts(count: usize, mut one: impl FnMut(u64) -> String) -> Vec<Vec<u8>> {
    (0..count as u64).map(|n| one(n).into_bytes()).collect()
}

/// Seconds and microseconds of the `n`-th message, as RFC 3339 has them.
fn clock(n: u64) -> String {
    let micros = 244_075 + n * 37_913;
    let (seconds, micros) = (micros / 1_000_000, micros % 1_000_000);
    format!(
        "2024-08-08T{:02}:{:02}:{:02}.{micros:06}Z",
        16,
        seconds / 60,
        seconds % 60
    )
}

fn binance_spot() -> Vec<Kind> {
    let url = "https://api.binance.com/api/v3/depth?symbol=BTCUSDT&limit=1000";
    let snapshot = r#"{"lastUpdateId":50093239188,"bids":[["61837.63000000","3.78826000"]],"asks":[["61837.64000000","1.54698000"]]}"#;
    let mut market = Market::new(6_183_763, 2, 5);
    let quoted = ["[\"", "\",\"", "000\"]"];
    let kind = |name, texts, typed, barter| Kind {
        name,
        feed: &feeds::binance_spot::DESCRIPTOR,
        symbol: "BTCUSDT",
        before: vec![(Some(url), snapshot.to_owned())],
        texts,
        ours: || super::pass_of(feeds::binance_spot::texts()),
        typed,
        barter: Some(barter),
    };
    let depth = texts(SMALL, |n| {
        let (first, last) = (50_093_239_189 + n * 10, 50_093_239_198 + n * 10);
        let (bids, asks) = (market.rows(2, 6, quoted), market.rows(3, 6, quoted));
        let at = 1_723_161_255_208 + n * 100;
        format!(
            r#"{{"e":"depthUpdate","E":{at},"s":"BTCUSDT","U":{first},"u":{last},"b":[{bids}],"a":[{asks}]}}"#
        )
    });
    let trades = texts(SMALL, |n| {
        let (id, at) = (3_735_683_259 + n, 1_723_161_255_343 + n * 13);
        let (price, size, is_maker) = (market.price(6), market.some_size(), market.below(2) == 0);
        format!(
            r#"{{"e":"trade","E":{at},"s":"BTCUSDT","t":{id},"p":"{price}","q":"{size}000","T":{at},"m":{is_maker},"M":true}}"#
        )
    });
    let tickers = texts(SMALL, |n| {
        let id = 50_093_239_212 + n * 7;
        let (bid, bid_size) = (market.price(6), market.some_size());
        let (ask, ask_size) = (market.price(6), market.some_size());
        format!(
            r#"{{"u":{id},"s":"BTCUSDT","b":"{bid}","B":"{bid_size}000","a":"{ask}","A":"{ask_size}000"}}"#
        )
    });
    vec![
        kind(
            "Binance depthUpdate, 5 levels",
            depth,
            typed::DIFF_DEPTH,
            barter::spot_depth,
        ),
        kind(
            "Binance trade",
            trades,
            typed::BINANCE_TRADE,
            barter::binance_trade,
        ),
        kind(
            "Binance bookTicker",
            tickers,
            typed::BOOK_TICKER,
            barter::book_ticker,
        ),
    ]
}

fn binance_usdm() -> Kind {
    let mut market = Market::new(617_403, 1, 3);
    Kind {
        name: "Binance USD-M depthUpdate, 100 levels",
        feed: &feeds::binance_usdm::DESCRIPTOR,
        symbol: "BTCUSDT",
        before: vec![(
            Some("https://fapi.binance.com/fapi/v1/depth?symbol=BTCUSDT&limit=1000"),
            r#"{"lastUpdateId":5123107831937,"bids":[["61800.20","2.507"]],"asks":[["61800.30","3.330"]]}"#.to_owned(),
        )],
        texts: texts(LARGE, |n| {
            let previous = 5_123_107_831_937 + n * 5_000;
            let (first, last, at) = (previous + 69, previous + 5_000, 1_723_161_256_299 + n * 100);
            let (bids, asks) = (market.rows(50, 1, QUOTED), market.rows(50, 1, QUOTED));
            format!(
                r#"{{"e":"depthUpdate","E":{at},"T":{at},"s":"BTCUSDT","U":{first},"u":{last},"pu":{previous},"b":[{bids}],"a":[{asks}]}}"#
            )
        }),
        ours: || super::pass_of(feeds::binance_usdm::texts()),
        typed: typed::DIFF_DEPTH,
        barter: Some(barter::futures_depth),
    }
}

fn coinbase() -> Vec<Kind> {
    let snapshot = r#"{"type":"snapshot","product_id":"BTC-USD","bids":[["61837.63","3.78826000"]],"asks":[["61837.64","1.54698000"]],"time":"2024-08-08T15:59:59.000001Z"}"#;
    let mut market = Market::new(6_183_763, 2, 8);
    let kind = |name, texts, typed, barter| Kind {
        name,
        feed: &feeds::coinbase_ws::DESCRIPTOR,
        symbol: "BTC-USD",
        before: vec![(None, snapshot.to_owned())],
        texts,
        ours: || super::pass_of(feeds::coinbase_ws::texts()),
        typed,
        barter,
    };
    let mut update = |n: u64, count: u64| {
        let mut rows = Vec::new();
        for _ in 0..count {
            let side = ["buy", "sell"][market.below(2) as usize];
            rows.push(market.rows(1, 0, [&format!("[\"{side}\",\""), "\",\"", "\"]"]));
        }
        let (rows, time) = (rows.join(","), clock(n));
        format!(
            r#"{{"type":"l2update","product_id":"BTC-USD","changes":[{rows}],"time":"{time}"}}"#
        )
    };
    let small = texts(SMALL, |n| update(n, 1 + n % 2));
    let large = texts(LARGE, |n| update(n, 50));
    let matches = texts(SMALL, |n| {
        let (maker, taker, time) = (market.guid(), market.guid(), clock(n));
        let (price, size) = (market.price(0), market.some_size());
        let side = ["buy", "sell"][market.below(2) as usize];
        let (trade, sequence) = (682_144_925 + n, 85_201_913_217 + n * 31);
        format!(
            r#"{{"type":"match","trade_id":{trade},"maker_order_id":"{maker}","taker_order_id":"{taker}","side":"{side}","size":"{size}","price":"{price}","product_id":"BTC-USD","sequence":{sequence},"time":"{time}"}}"#
        )
    });
    let tickers = texts(SMALL, |n| {
        let (time, price, size) = (clock(n), market.price(0), market.some_size());
        let (bid, ask, side) = (
            market.price(0),
            market.price(0),
            ["buy", "sell"][market.below(2) as usize],
        );
        let (trade, sequence) = (682_144_925 + n, 85_201_913_217 + n * 31);
        let (bid_size, ask_size, open) = (market.some_size(), market.some_size(), market.price(0));
        format!(
            r#"{{"type":"ticker","sequence":{sequence},"product_id":"BTC-USD","price":"{price}","open_24h":"{open}","volume_24h":"18921.59842194","low_24h":"57101.19","high_24h":"62724.1","volume_30d":"414513.54892179","best_bid":"{bid}","best_bid_size":"{bid_size}","best_ask":"{ask}","best_ask_size":"{ask_size}","side":"{side}","time":"{time}","trade_id":{trade},"last_size":"{size}"}}"#
        )
    });
    vec![
        kind(
            "Coinbase l2update, 1 or 2 levels",
            small,
            typed::L2UPDATE,
            None,
        ),
        kind("Coinbase l2update, 50 levels", large, typed::L2UPDATE, None),
        kind(
            "Coinbase match",
            matches,
            typed::MATCH,
            Some(barter::coinbase_match),
        ),
        kind("Coinbase ticker", tickers, typed::TICKER, None),
    ]
}

/// CRC32 as the venue's guide says: ten best asks, ten best bids, digits without point and leading zeros.
fn kraken_checksum(book: &Ladders) -> u32 {
    let mut text = String::new();
    for (ladder, side) in [(&book.asks, Side::Ask), (&book.bids, Side::Bid)] {
        for (price, size) in ladder.best_first(side).take(10) {
            let size = size.units(8).expect("made with eight digits");
            let _ = write!(text, "{}{size}", price.0 / 100_000_000);
        }
    }
    crc32fast::hash(text.as_bytes())
}

/// A message about a book that is kept beside it; `counts` of bids and asks.
fn kraken_book(
    market: &mut Market,
    book: &mut Ladders,
    n: u64,
    is_snapshot: bool,
    counts: [usize; 2],
) -> String {
    let mut side = |side: Side, count: usize| {
        let mut rows = Vec::new();
        for _ in 0..count {
            let (price, size) = (
                market.price(0),
                if is_snapshot {
                    market.some_size()
                } else {
                    market.size()
                },
            );
            book.apply(&Level {
                side,
                price: Price::parse(price.as_bytes()).expect("a number"),
                size: Number::parse(size.as_bytes()).expect("a number"),
            });
            rows.push(format!(r#"{{"price":{price},"qty":{size}}}"#));
        }
        rows.join(",")
    };
    let (bids, asks) = (side(Side::Bid, counts[0]), side(Side::Ask, counts[1]));
    book.trim(100, |_, _| ());
    let (checksum, time) = (kraken_checksum(book), clock(n));
    let (form, time) = if is_snapshot {
        ("snapshot", String::new())
    } else {
        ("update", format!(r#","timestamp":"{time}""#))
    };
    format!(
        r#"{{"channel":"book","type":"{form}","data":[{{"symbol":"BTC/USD","bids":[{bids}],"asks":[{asks}],"checksum":{checksum}{time}}}]}}"#
    )
}

fn kraken() -> Vec<Kind> {
    let mut market = Market::new(618_376, 1, 8);
    let mut book = Ladders::default();
    let before = kraken_book(&mut market, &mut book, 0, true, [20, 20]);
    let kind = |name, texts, typed| Kind {
        name,
        feed: &feeds::kraken_ws_v2::DESCRIPTOR,
        symbol: "BTC/USD",
        before: vec![(None, before.clone())],
        texts,
        ours: || super::pass_of(feeds::kraken_ws_v2::texts()),
        typed,
        barter: None,
    };
    let small = texts(SMALL, |n| {
        let counts = [(n % 2) as usize, 1];
        kraken_book(&mut market, &mut book, n, false, counts)
    });
    let large = texts(LARGE, |n| {
        let mut book = Ladders::default();
        kraken_book(&mut market, &mut book, n, true, [100, 100])
    });
    let trades = texts(SMALL, |n| {
        let (price, size, time, id) = (
            market.price(0),
            market.some_size(),
            clock(n),
            72_665_906 + n,
        );
        let side = ["buy", "sell"][market.below(2) as usize];
        format!(
            r#"{{"channel":"trade","type":"update","data":[{{"symbol":"BTC/USD","side":"{side}","price":{price},"qty":{size},"ord_type":"market","trade_id":{id},"timestamp":"{time}"}}]}}"#
        )
    });
    vec![
        kind(
            "Kraken book update, 1 or 2 levels",
            small,
            typed::KRAKEN_BOOK,
        ),
        kind(
            "Kraken book snapshot, 200 levels",
            large,
            typed::KRAKEN_BOOK,
        ),
        kind("Kraken trade", trades, typed::KRAKEN_TRADE),
    ]
}

fn okx() -> Vec<Kind> {
    let mut market = Market::new(618_376, 1, 8);
    let row = ["[\"", "\",\"", "\",\"0\",\"13\"]"];
    let mut book = |form: &str, previous: i64, last: u64, n: u64, counts: [usize; 2]| {
        let (asks, bids) = (
            market.rows(counts[0], 0, row),
            market.rows(counts[1], 0, row),
        );
        let at = 1_723_161_255_085 + n * 100;
        format!(
            r#"{{"arg":{{"channel":"books","instId":"BTC-USDT"}},"action":"{form}","data":[{{"asks":[{asks}],"bids":[{bids}],"ts":"{at}","checksum":-855196043,"seqId":{last},"prevSeqId":{previous}}}]}}"#
        )
    };
    let before = book("snapshot", -1, 40_123_456_789, 0, [5, 5]);
    let small = texts(SMALL, |n| {
        let previous = 40_123_456_789 + n * 11;
        book("update", previous as i64, previous + 11, n, [2, 2])
    });
    let large = texts(LARGE, |n| {
        book("snapshot", -1, 40_123_456_789 + n, n, [200, 200])
    });
    let mut market = Market::new(618_376, 1, 8);
    let trades = texts(SMALL, |n| {
        let (price, size, at, id) = (
            market.price(0),
            market.some_size(),
            1_723_161_255_085 + n * 9,
            530_639_474 + n,
        );
        let side = ["buy", "sell"][market.below(2) as usize];
        let sequence = 40_123_456_789 + n * 11;
        format!(
            r#"{{"arg":{{"channel":"trades","instId":"BTC-USDT"}},"data":[{{"instId":"BTC-USDT","tradeId":"{id}","px":"{price}","sz":"{size}","side":"{side}","ts":"{at}","count":"3","source":"0","seqId":{sequence}}}]}}"#
        )
    });
    let kind = |name, texts, typed, barter| Kind {
        name,
        feed: &feeds::okx_ws::DESCRIPTOR,
        symbol: "BTC-USDT",
        before: vec![(None, before.clone())],
        texts,
        ours: || super::pass_of(feeds::okx_ws::texts()),
        typed,
        barter,
    };
    vec![
        kind("OKX books update, 4 levels", small, typed::OKX_BOOK, None),
        kind(
            "OKX books snapshot, 400 levels",
            large,
            typed::OKX_BOOK,
            None,
        ),
        kind(
            "OKX trade",
            trades,
            typed::OKX_TRADE,
            Some(barter::okx_trade),
        ),
    ]
}

fn bybit() -> Vec<Kind> {
    let mut market = Market::new(618_376, 1, 3);
    let mut book = |form: &str, number: u64, counts: [usize; 2]| {
        let (bids, asks) = (
            market.rows(counts[0], 1, QUOTED),
            market.rows(counts[1], 1, QUOTED),
        );
        let (at, sequence) = (1_723_161_255_085 + number * 20, 7_961_638_724 + number * 17);
        format!(
            r#"{{"topic":"orderbook.50.BTCUSDT","type":"{form}","ts":{at},"data":{{"s":"BTCUSDT","b":[{bids}],"a":[{asks}],"u":{number},"seq":{sequence}}},"cts":{at}}}"#
        )
    };
    let before = book("snapshot", 18_521_288, [5, 5]);
    let small = texts(SMALL, |n| book("delta", 18_521_289 + n, [2, 2]));
    let large = texts(LARGE, |n| book("delta", 18_521_289 + n, [50, 50]));
    let mut market = Market::new(618_376, 1, 3);
    let trades = texts(SMALL, |n| {
        let (price, size, at, id) = (
            market.price(1),
            market.some_size(),
            1_723_161_255_085 + n * 9,
            market.guid(),
        );
        let side = ["Buy", "Sell"][market.below(2) as usize];
        let sequence = 7_961_638_724 + n * 17;
        format!(
            r#"{{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":{at},"data":[{{"T":{at},"s":"BTCUSDT","S":"{side}","v":"{size}","p":"{price}","L":"PlusTick","i":"{id}","BT":false,"RPI":false,"seq":{sequence}}}]}}"#
        )
    });
    let kind = |name, texts, typed, barter| Kind {
        name,
        feed: &feeds::bybit_ws_v5::DESCRIPTOR,
        symbol: "BTCUSDT",
        before: vec![(None, before.clone())],
        texts,
        ours: || super::pass_of(feeds::bybit_ws_v5::texts()),
        typed,
        barter: Some(barter),
    };
    vec![
        kind(
            "Bybit orderbook delta, 4 levels",
            small,
            typed::BYBIT_BOOK,
            barter::bybit_book,
        ),
        kind(
            "Bybit orderbook delta, 100 levels",
            large,
            typed::BYBIT_BOOK,
            barter::bybit_book,
        ),
        kind(
            "Bybit publicTrade",
            trades,
            typed::BYBIT_TRADE,
            barter::bybit_trade,
        ),
    ]
}

/// All of them.
pub(crate) fn kinds() -> Vec<Kind> {
    let mut kinds = binance_spot();
    kinds.push(binance_usdm());
    kinds.extend(coinbase());
    kinds.extend(kraken());
    kinds.extend(okx());
    kinds.extend(bybit());
    kinds
}
