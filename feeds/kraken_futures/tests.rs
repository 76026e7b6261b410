#![allow(clippy::unwrap_used)]

use super::venue::{Kind, KrakenFutures};
use super::{read, scan};
use crate::contract::{DecodeError, Form};
use crate::session::stitch::testing::{Random, Scanned, Told, check_random, run, run_forms};
use crate::session::stitch::{Heard, Venue};
use crate::session::text::Reader;

/// "Book", snapshot.
const SNAPSHOT: &str = r#"{"feed":"book_snapshot","product_id":"PI_XBTUSD","timestamp":1612269825817,"seq":326072249,"tickSize":null,"bids":[{"price":34892.5,"qty":6385},{"price":34892,"qty":10924}],"asks":[{"price":34911.5,"qty":20598},{"price":34912,"qty":2300}]}"#;
/// "Book", delta.
const BOOK: &str = r#"{"feed":"book","product_id":"PI_XBTUSD","side":"sell","seq":326094134,"price":34981,"qty":0,"timestamp":1612269953629}"#;
/// "Trade", delta.
const TRADE: &str = r#"{"feed":"trade","product_id":"PI_XBTUSD","uid":"45ee9737-1877-4682-bc68-e4ef818ef88a","side":"sell","type":"fill","seq":653355,"time":1612269657781,"qty":440,"price":34893}"#;
/// "Trade", snapshot.
const TRADES: &str = r#"{"feed":"trade_snapshot","product_id":"PI_XBTUSD","trades":[{"feed":"trade","product_id":"PI_XBTUSD","uid":"caa9c653-420b-4c24-a9f2-462a054d86f1","side":"sell","type":"fill","seq":655508,"time":1612269657781,"qty":440,"price":34893}]}"#;
/// "Ticker".
const TICKER: &str = r#"{"time":1676393235406,"product_id":"PI_XBTUSD","funding_rate":-6.2604214e-11,"funding_rate_prediction":-3.65989977e-10,"relative_funding_rate":-1.36047e-06,"relative_funding_rate_prediction":-8.0e-06,"next_funding_rate_time":1676394000000,"feed":"ticker","bid":21978.5,"ask":21987,"bid_size":2536,"ask_size":13948,"volume":30463032,"dtm":0,"leverage":"50x","index":21984.54,"premium":-0.1,"last":21979,"change":1.9974,"suspended":false,"tag":"perpetual","pair":"XBT:USD","openInterest":30072580,"markPrice":21979.68641534714,"maturityTime":0,"post_only":false,"volumeQuote":30463032}"#;
const CONFIRMED: &str = r#"{"event":"subscribed","feed":"book","product_ids":["PI_XBTUSD"]}"#;
/// "Get instruments".
const INSTRUMENTS: &str = r#"{"result":"success","instruments":[{"symbol":"PF_XBTUSD","pair":"XBT:USD","base":"XBT","quote":"USD","type":"flexible_futures","underlying":"rr_xbtusd","tickSize":0.5,"contractSize":1,"tradeable":true,"contractValueTradePrecision":4},{"symbol":"FI_XBTUSD_220930","pair":"XBT:USD","base":"XBT","quote":"USD","type":"futures_inverse","lastTradingTime":"2022-09-30T15:00:00.000Z","tickSize":0.5,"contractSize":1,"tradeable":true,"contractValueTradePrecision":-1},{"symbol":"in_xbtusd","type":"spot index","tradeable":false}]}"#;

fn scanned(text: &str) -> Scanned {
    let mut told = Told::default();
    let kind = scan::scan(text.as_bytes(), &mut told);
    (kind.is_some(), told)
}

fn general(text: &str) -> (Result<Heard, DecodeError>, Told) {
    let (mut told, mut levels) = (Told::default(), Vec::new());
    let reader = &mut Reader::default();
    let heard = read::read(text.as_bytes(), reader, &mut levels, &mut told);
    (heard, told)
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    for (text, kind) in [(BOOK, Kind::Book), (TRADE, Kind::Trade)] {
        let (heard, told) = general(text);
        assert_eq!(heard, Ok(Heard::Kind(kind as u8)));
        assert_eq!(told.0.len(), 1);
        assert_eq!(scanned(text), (true, told), "{text}");
    }
}

#[test]
fn texts_made_at_random_are_read_alike_or_not_at_all() {
    check_random(
        |random: &mut Random| {
            let (n, price, size) = (random.below(1 << 40), random.number(), random.number());
            format!(
                r#"{{"feed":"book","product_id":"B","side":"buy","seq":{n},"price":{price},"qty":{size},"timestamp":{n}}}"#
            )
        },
        scanned,
        general,
    );
    check_random(
        |random| {
            let (n, price, size) = (random.below(1 << 40), random.number(), random.number());
            format!(
                r#"{{"feed":"trade","product_id":"B","uid":"{n}","side":"sell","type":"fill","seq":{n},"time":{n},"qty":{size},"price":{price}}}"#
            )
        },
        scanned,
        general,
    );
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in [SNAPSHOT, BOOK, TRADE, TRADES, TICKER, CONFIRMED] {
        for length in 0..text.len() {
            let cut = &text[..length];
            assert_eq!(scanned(cut), (false, Told::default()), "{cut}");
            let (heard, told) = general(cut);
            assert!(heard.is_err() && told.0.is_empty(), "{cut}");
        }
    }
}

#[test]
fn samples_say_what_their_pages_say() {
    let (heard, told) = general(SNAPSHOT);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Snapshot as u8)));
    assert!(told.0[0].contains("is_snapshot: true") && told.0[0].contains("326072249"));
    let (_, told) = general(BOOK);
    assert!(told.0[0].contains("side: Ask, price: Price(34981000000000)"));
    let (_, told) = general(TRADE);
    assert!(told.0[0].contains("aggressor: Ask, price: Price(34893000000000)"));
    assert_eq!(
        general(TRADES),
        (Ok(Heard::Kind(Kind::TradeSnapshot as u8)), Told::default())
    );
    let (_, told) = general(TICKER);
    let all = told.0.join("\n");
    for expected in [
        "LastPrice Price(Price(21979000000000))",
        "IndexPrice Price(Price(21984540000000))",
        "OpenInterest Size",
        "Trading",
    ] {
        assert!(all.contains(expected), "{expected} is not in {all}");
    }
    assert_eq!(general(CONFIRMED).1.0, ["confirmed"]);
    let refused = r#"{"event":"subscribed_failed","feed":"trade","message":"Invalid product id"}"#;
    assert_eq!(general(refused).1.0, ["complaint Invalid product id"]);
}

#[test]
fn instruments_have_kinds_names_and_steps() {
    let mut told = Told::default();
    let mut venue = KrakenFutures::new("");
    venue
        .read_rest("", INSTRUMENTS.as_bytes(), &mut told)
        .unwrap();
    assert_eq!(told.0.len(), 2, "{told:?}");
    assert!(
        told.0[0].contains("PF_XBTUSD") && told.0[0].contains("tick_size: Some(Price(500000000))")
    );
    assert!(told.0[1].contains("FI_XBTUSD_220930"));
}

/// An update with a number, on a book that began at 10.
fn update(number: u64) -> String {
    format!(
        r#"{{"feed":"book","product_id":"A","side":"buy","seq":{number},"price":1,"qty":2,"timestamp":1}}"#
    )
}

const BEGIN: &str = r#"{"feed":"book_snapshot","product_id":"A","timestamp":1,"seq":10,"tickSize":null,"bids":[],"asks":[]}"#;

#[track_caller]
fn check_run(numbers: &[u64], resets: u64, ignored: u64) -> Vec<String> {
    let texts = std::iter::once(BEGIN.to_owned()).chain(numbers.iter().map(|&n| update(n)));
    let texts: Vec<String> = texts.collect();
    let outcomes = run(KrakenFutures::new(""), "A", &texts);
    assert_eq!((outcomes.resets, outcomes.ignored), (resets, ignored));
    let is_asked = |text: &String| text.starts_with('{');
    outcomes.said.into_iter().filter(is_asked).collect()
}

#[test]
fn numbers_that_follow_are_followed_and_a_hole_is_a_new_subscription() {
    assert!(check_run(&[11, 12, 13], 0, 0).is_empty());
    assert!(check_run(&[11, 11, 12], 0, 1).is_empty());
    let said = check_run(&[11, 13, 14], 1, 1);
    let ask = |event: &str| format!(r#"{{"event":"{event}","feed":"book","product_ids":["A"]}}"#);
    assert_eq!(said, [ask("unsubscribe"), ask("subscribe")]);
}

#[test]
fn a_new_snapshot_may_count_anew() {
    let older = BEGIN.replace("10", "3");
    let first = update(4);
    let texts = [
        (Form::Text, BEGIN),
        (Form::Text, &older[..]),
        (Form::Text, &first),
    ];
    let outcomes = run_forms(KrakenFutures::new(""), "A", &texts);
    assert_eq!(
        (outcomes.snapshots, outcomes.resets, outcomes.ignored),
        (2, 0, 0)
    );
}
