#![allow(clippy::unwrap_used)]

use super::{Kind, read, scan, venue::KrakenFutures};
use crate::contract::DecodeError;
use crate::model::{EventTime, InstrumentKind, Price, StatisticKind, Symbol, Terms, TradingState};
use crate::session::stitch::testing::{Scanned, Told, check_random, run};
use crate::session::stitch::{
    BookMessage, Hear, Heard, Level, Listing, Product, Quantity, TradeMessage, Venue,
};
use crate::session::text::Reader;

/// "Book", subscription snapshot data.
const SNAPSHOT: &str = r#"{"feed":"book_snapshot","product_id":"PI_XBTUSD","timestamp":1612269825817,"seq":326072249,"tickSize":null,"bids":[{"price":34892.5,"qty":6385},{"price":34892,"qty":10924}],"asks":[{"price":34911.5,"qty":20598},{"price":34912,"qty":2300}]}"#;
/// The same page, subscription delta data.
const DELTA: &str = r#"{"feed":"book","product_id":"PI_XBTUSD","side":"sell","seq":326094134,"price":34981,"qty":0,"timestamp":1612269953629}"#;
/// "Trade", subscription delta data.
const TRADE: &str = r#"{"feed":"trade","product_id":"PI_XBTUSD","uid":"05af78ac-a774-478c-a50c-8b9c234e071e","side":"sell","type":"fill","seq":653355,"time":1612266317519,"qty":15000,"price":34969.5}"#;
/// Its members as they are ordered since.
const TRADE_TOO: &str = r#"{"product_id":"PI_XBTUSD","feed":"trade","uid":"05af78ac-a774-478c-a50c-8b9c234e071e","side":"sell","type":"fill","time":1612266317519,"qty":15000.0,"price":34969.5,"seq":653355}"#;
/// The same page, subscription snapshot data.
const TRADES: &str = r#"{"feed":"trade_snapshot","product_id":"PI_XBTUSD","trades":[{"feed":"trade","product_id":"PI_XBTUSD","uid":"caa9c653-420b-4c24-a9f1-462a054d86f1","side":"sell","type":"fill","seq":655508,"time":1612269657781,"qty":440,"price":34893},{"feed":"trade","product_id":"PI_XBTUSD","uid":"45ee9737-1877-4682-bc68-e4ef818ef88a","side":"sell","type":"fill","seq":655507,"time":1612269656839,"qty":9643,"price":34891}]}"#;
/// "Ticker", subscription data; a comma and a stray one of the page put right.
const TICKER: &str = r#"{"time":1676393235406,"product_id":"PI_XBTUSD","funding_rate":-6.2604214e-11,"funding_rate_prediction":-3.65989977e-10,"relative_funding_rate":-1.380384722222e-6,"relative_funding_rate_prediction":-8.047629166667e-6,"next_funding_rate_time":1676394000000,"feed":"ticker","bid":21978.5,"ask":21987.0,"bid_size":2536.0,"ask_size":13948.0,"volume":31403908.0,"dtm":0,"leverage":"50x","index":21984.54,"premium":-0.0,"last":21983.5,"change":1.9974017538161748,"suspended":false,"tag":"perpetual","pair":"XBT:USD","openInterest":30072580.0,"markPrice":21979.68641534714,"maturityTime":0,"post_only":false,"volumeQuote":31403908.0,"open":21968.5,"high":22123.0,"low":21456.0}"#;
/// "Get instruments": what of the page's two is read here, and two more kinds in the same form.
const INSTRUMENTS: &str = r#"{"result":"success","instruments":[{"symbol":"PI_XBTUSD","pair":"XBT:USD","base":"XBT","quote":"USD","type":"futures_inverse","underlying":"rr_xbtusd","tickSize":0.5,"contractSize":1,"tradeable":true,"contractValueTradePrecision":0,"postOnly":false},{"symbol":"FI_XBTUSD_220930","pair":"XBT:USD","type":"futures_inverse","lastTradingTime":"2022-09-30T15:00:00.000Z","tickSize":0.5,"contractSize":1,"tradeable":false,"contractValueTradePrecision":0},{"symbol":"PF_PEPEUSD","base":"PEPE","quote":"USD","type":"flexible_futures","tickSize":1e-9,"contractSize":1,"tradeable":true,"contractValueTradePrecision":-3,"postOnly":true},{"symbol":"FF_XBTUSD_261225","base":"BTC","quote":"USD","type":"flexible_futures","lastTradingTime":"2026-12-25T16:00:00Z","tickSize":1,"contractSize":1,"tradeable":true,"contractValueTradePrecision":4,"postOnly":false},{"symbol":"rr_xbtusd","type":"spot index","tradeable":false}],"serverTime":"2022-06-28T15:01:12.762Z"}"#;

fn scanned(text: &str) -> Option<(Kind, Told)> {
    let mut told = Told::default();
    scan::scan(text.as_bytes(), &mut told).map(|kind| (kind, told))
}

fn read(text: &str) -> (Result<Heard, DecodeError>, Told) {
    let (mut told, mut levels): (Told, Vec<Level>) = Default::default();
    let mut reader = Reader::default();
    let heard = read::read(text.as_bytes(), &mut reader, &mut levels, &mut told);
    (heard, told)
}

#[track_caller]
fn check_same(text: &str, kind: Kind) {
    let (heard, told) = read(text);
    assert_eq!(heard, Ok(Heard::Kind(kind as u8)));
    assert_eq!(scanned(text), Some((kind, told)), "{text}");
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    check_same(DELTA, Kind::Book);
    check_same(&DELTA.replace("34981", "64416.0"), Kind::Book);
    check_same(TRADE, Kind::Trade);
    check_same(TRADE_TOO, Kind::Trade);
    assert_eq!(scanned(TRADE).unwrap().1, scanned(TRADE_TOO).unwrap().1);
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in [SNAPSHOT, DELTA, TRADE, TRADE_TOO, TRADES, TICKER] {
        for length in 0..text.len() {
            assert_eq!(scanned(&text[..length]), None);
            let (heard, told) = read(&text[..length]);
            assert!(heard.is_err() && told.0.is_empty());
        }
    }
}

#[test]
fn a_trade_that_closes_a_position_is_told_as_such_too() {
    for text in [TRADE, TRADE_TOO] {
        let text = text.replace("fill", "liquidation");
        check_same(&text, Kind::Trade);
        let told = scanned(&text).unwrap().1.0;
        assert!(told.len() == 2 && told[1].starts_with("LiquidationMessage"));
        assert!(told[1].contains("side: Ask"), "{told:?}");
        assert_eq!(scanned(&text.replace("liq", "ass")).unwrap().1.0.len(), 1);
    }
}

#[test]
fn a_small_price_is_read_by_the_general_reader() {
    let text = DELTA
        .replace("34981", "5.494e-6")
        .replace("qty\":0", "qty\":2.5");
    assert_eq!(scanned(&text), None);
    let (heard, told) = read(&text);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Book as u8)));
    assert!(told.0[0].contains("Price(5494)"), "{told:?}");
    // Finer than prices are: nothing of the instrument is told, which is said.
    let (heard, told) = read(&DELTA.replace("34981", "5.4945e-6"));
    assert!(
        heard.is_ok() && told.0[0].starts_with("too fine"),
        "{told:?}"
    );
}

#[test]
fn past_trades_are_told_in_the_order_they_happened() {
    let (heard, told) = read(TRADES);
    assert_eq!(heard, Ok(Heard::Kind(Kind::TradeSnapshot as u8)));
    assert!(told.0[0].contains("Price(34891000000000)"), "{told:?}");
    assert!(told.0[1].contains("Price(34893000000000)"), "{told:?}");
    let is_past = |text: &String| text.contains("is_past: true") && text.contains("aggressor: Ask");
    assert!(told.0.len() == 2 && told.0.iter().all(is_past));
}

/// What a ticker says of a kind, and of trading.
#[track_caller]
fn check_ticker(text: &str, kind: StatisticKind, expected: Option<Quantity>) {
    #[derive(Default)]
    struct Heads(Vec<(StatisticKind, String)>);
    impl Hear for Heads {
        fn book(&mut self, _: &BookMessage<'_>) {}
        fn trade(&mut self, _: &TradeMessage<'_>) {}
        fn statistic(&mut self, _: &[u8], time: EventTime, kind: StatisticKind, value: Quantity) {
            assert_eq!(time, EventTime(1_676_393_235_406_000_000));
            self.0.push((kind, format!("{value:?}")));
        }
        fn product(&mut self, _: &Product) {}
        fn confirmed(&mut self) {}
        fn complaint(&mut self, _: &str) {}
        fn reply(&mut self, _: String) {}
        fn lost(&mut self, _: &[u8]) {}
    }
    let mut heads = Heads::default();
    let reader = &mut Reader::default();
    let heard = read::read(text.as_bytes(), reader, &mut Vec::new(), &mut heads);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Ticker as u8)));
    let found = heads.0.iter().find(|said| said.0 == kind);
    let expected = expected.map(|value| format!("{value:?}"));
    assert_eq!(found.map(|said| said.1.clone()), expected);
}

#[test]
fn a_ticker_is_statistics_and_a_state() {
    let price = |units| Some(Quantity::Price(Price(units)));
    check_ticker(TICKER, StatisticKind::LastPrice, price(21_983_500_000_000));
    check_ticker(TICKER, StatisticKind::IndexPrice, price(21_984_540_000_000));
    // 21979.68641534714: to the nearest.
    check_ticker(TICKER, StatisticKind::MarkPrice, price(21_979_686_415_347));
    check_ticker(TICKER, StatisticKind::FundingRate, price(-1_380));
    // A rate of zero is left out, of a perpetual.
    let without = TICKER.replace("\"relative_funding_rate\"", "\"x\"");
    check_ticker(&without, StatisticKind::FundingRate, price(0));
    let future = without.replace("perpetual", "month");
    check_ticker(&future, StatisticKind::FundingRate, None);
    for (change, state) in [
        ("", "Trading"),
        ("suspended", "Halt"),
        ("post_only", "PreOpen"),
    ] {
        let text = TICKER.replace(
            &format!("\"{change}\":false"),
            &format!("\"{change}\":true"),
        );
        let (_, told) = read(&text);
        let says = format!("trading: {state}");
        assert!(told.0.last().unwrap().contains(&says), "{told:?}");
    }
}

#[test]
fn rates_are_told_to_the_nearest_billionth() {
    let cases = [
        ("2.747066666667e-6", Some(2_747)),
        ("0.000012439370833333", Some(12_439)),
        ("-7.0435e-6", Some(-7_044)),
        ("5e-10", Some(1)),
        ("4.9e-10", Some(0)),
        ("1.5e3", Some(1_500_000_000_000)),
        ("0e2000000000", Some(0)),
        ("1e2000000000", None),
        ("1e-2000000000", Some(0)),
        ("99999999999999", None),
    ];
    for (text, units) in cases {
        let ticker = TICKER.replace("-1.380384722222e-6", text);
        let expected = units.map(|units| Quantity::Price(Price(units)));
        check_ticker(&ticker, StatisticKind::FundingRate, expected);
    }
}

#[test]
fn answers_confirm_and_complaints_are_passed_on() {
    let check = |text: &str, kind: Kind, told: &[&str]| {
        let (heard, said) = read(text);
        assert_eq!(heard, Ok(Heard::Kind(kind as u8)));
        assert_eq!(said.0, told);
    };
    check(r#"{"event":"info","version":1}"#, Kind::Info, &[]);
    let text = r#"{"event":"subscribed","feed":"book","product_ids":["PI_XBTUSD"]}"#;
    check(text, Kind::Subscribed, &["confirmed"]);
    // As two pages have it.
    let text = &text.replace("subscribed", "subscribed ");
    check(text, Kind::Subscribed, &["confirmed"]);
    let text = r#"{"event":"unsubscribed","feed":"book","product_ids":["PI_XBTUSD"]}"#;
    check(text, Kind::Unsubscribed, &[]);
    let text = r#"{"event":"error","message":"Json Error"}"#;
    check(text, Kind::Alert, &["complaint Json Error"]);
    let text = r#"{"event":"subscribed_failed","feed":"book"}"#;
    check(text, Kind::Alert, &["complaint subscribed_failed"]);
    let text = r#"{"feed":"heartbeat","time":1534262350627}"#;
    check(text, Kind::Heartbeat, &[]);
    let (heard, _) = read(r#"{"feed":"ticker_lite","product_id":"PI_XBTUSD"}"#);
    assert_eq!(heard, Ok(Heard::Unknown(Symbol::from("ticker_lite"))));
}

#[test]
fn a_list_says_what_instruments_are() {
    #[derive(Default)]
    struct Listings(Vec<Listing>);
    impl Hear for Listings {
        fn book(&mut self, _: &BookMessage<'_>) {}
        fn trade(&mut self, _: &TradeMessage<'_>) {}
        fn statistic(&mut self, _: &[u8], _: EventTime, _: StatisticKind, _: Quantity) {}
        fn product(&mut self, _: &Product) {}
        fn listing(&mut self, listing: &Listing) {
            self.0.push(*listing);
        }
        fn confirmed(&mut self) {}
        fn complaint(&mut self, _: &str) {}
        fn reply(&mut self, _: String) {}
        fn lost(&mut self, _: &[u8]) {}
    }
    let mut listings = Listings::default();
    read::read_rest(
        INSTRUMENTS.as_bytes(),
        &mut Reader::default(),
        &mut listings,
    )
    .unwrap();
    let kinds = [
        ("PI_XBTUSD", "BTC/USD:BTC", InstrumentKind::Perpetual),
        (
            "FI_XBTUSD_220930",
            "BTC/USD:BTC-220930",
            InstrumentKind::Future,
        ),
        ("PF_PEPEUSD", "PEPE/USD:USD", InstrumentKind::Perpetual),
        (
            "FF_XBTUSD_261225",
            "BTC/USD:USD-261225",
            InstrumentKind::Future,
        ),
        ("rr_xbtusd", "", InstrumentKind::Other),
    ];
    assert_eq!(listings.0.len(), kinds.len());
    for (listing, (symbol, name, kind)) in listings.0.iter().zip(kinds) {
        assert_eq!(listing.product.symbol.as_str(), symbol);
        assert_eq!(listing.name().as_str(), name);
        assert_eq!(listing.terms.kind, kind);
    }
    let of = |index: usize| listings.0[index].product;
    let step = |index: usize| of(index).size_step.unwrap().units(4);
    assert_eq!(
        (step(0), step(2), step(3)),
        (Some(10_000), Some(10_000_000), Some(1))
    );
    assert_eq!(of(2).tick_size, Some(Price(1)));
    assert_eq!(listings.0[3].terms.multiplier, Price(1_000_000_000));
    assert_eq!(listings.0[4].terms, Terms::default());
    let states = [0, 1, 2, 4].map(|index| of(index).trading);
    let [is, is_not] = [TradingState::Trading, TradingState::NotAvailable];
    assert_eq!(states, [is, is_not, TradingState::PreOpen, is_not]);
}

#[test]
fn every_request_is_of_one_product() {
    let symbols = ["PF_XBTUSD", "PF_ETHUSD"].map(Symbol::from);
    let venue = KrakenFutures::new("");
    let texts = venue.subscribe(&symbols);
    assert_eq!(texts.len(), 7);
    assert_eq!(texts[0], r#"{"event":"subscribe","feed":"heartbeat"}"#);
    let book = r#"{"event":"subscribe","feed":"book","product_ids":["PF_ETHUSD"]}"#;
    assert_eq!(texts[2], book);
    assert_eq!(venue.subscribe_more(&symbols), texts[1..]);
}

#[test]
fn a_text_that_cannot_be_read_is_of_the_book_it_names() {
    let venue = KrakenFutures::new("");
    let check = |text: &str, expected: Option<&str>| {
        let found = venue.culprit(text.as_bytes());
        assert_eq!(found, expected.map(str::as_bytes), "{text}");
    };
    check(DELTA, Some("PI_XBTUSD"));
    check(SNAPSHOT, Some("PI_XBTUSD"));
    check(&DELTA[..30], None);
    check(TRADE, Some(""));
    check(TRADE_TOO, Some(""));
    check(TICKER, Some(""));
    check(r#"{"event":"alert","message""#, Some(""));
    check("{", None);
}

/// What the feed makes of texts: snapshots, resets, messages passed over, whether the book was joined again.
#[track_caller]
fn check_chain(texts: &[&str], expected: (u64, u64, u64, bool)) {
    let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
    let outcomes = run(KrakenFutures::new(""), "PI_XBTUSD", &texts);
    let has_asked = outcomes
        .said
        .iter()
        .any(|text| text.contains("unsubscribe"));
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!((found.0, found.1, found.2, has_asked), expected);
}

#[test]
fn numbers_have_to_follow_one_another() {
    let next = &DELTA.replace("326094134", "326072250");
    let gap = &DELTA.replace("326094134", "326072252");
    let restart = &SNAPSHOT.replace("326072249", "1");
    let after = &DELTA.replace("326094134", "2");
    check_chain(&[SNAPSHOT, next], (1, 0, 0, false));
    // The same again is known.
    check_chain(&[SNAPSHOT, next, next], (1, 0, 1, false));
    // One is missing: the book waits, and is joined again.
    check_chain(&[SNAPSHOT, next, gap], (1, 1, 0, true));
    // The venue was started again.
    check_chain(&[SNAPSHOT, next, restart, after], (2, 0, 0, false));
    // A change before the book is about nothing.
    check_chain(&[next, SNAPSHOT, next], (1, 0, 1, false));
    // A change that cannot be read loses the book; a trade does not.
    check_chain(&[SNAPSHOT, &next.replace("34981", "x")], (1, 1, 0, true));
    check_chain(&[SNAPSHOT, &TRADE.replace("15000", "x")], (1, 0, 0, false));
}

fn random_scan(text: &str) -> Scanned {
    let mut told = Told::default();
    let found = scan::scan(text.as_bytes(), &mut told);
    (found.is_some(), told)
}

#[test]
fn random_messages_are_read_alike_by_both_readers() {
    check_random(
        |random| {
            let (n, price, size) = (random.below(1 << 40), random.number(), random.number());
            let side = ["buy", "sell"][random.below(2) as usize];
            format!(
                r#"{{"feed":"book","product_id":"PF_XBTUSD","side":"{side}","seq":{n},"price":{price},"qty":{size},"timestamp":{n}}}"#
            )
        },
        random_scan,
        read,
    );
    check_random(
        |random| {
            let (n, price, size) = (random.below(1 << 40), random.number(), random.number());
            let side = ["buy", "sell"][random.below(2) as usize];
            let what = format!(
                r#""uid":"20f43950-d8dd-5b31-9112-a178eb6023af","side":"{side}","type":"fill""#
            );
            if random.below(2) == 0 {
                format!(
                    r#"{{"feed":"trade","product_id":"PF_XBTUSD",{what},"seq":{n},"time":{n},"qty":{size},"price":{price}}}"#
                )
            } else {
                format!(
                    r#"{{"product_id":"PF_XBTUSD","feed":"trade",{what},"time":{n},"qty":{size},"price":{price},"seq":{n}}}"#
                )
            }
        },
        random_scan,
        read,
    );
}
