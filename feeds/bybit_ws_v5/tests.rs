#![allow(clippy::unwrap_used)]

use super::{Kind, read, scan, venue::Bybit};
use crate::contract::DecodeError;
use crate::model::Symbol;
use crate::session::stitch::testing::{
    Scanned, Told, check_documented, check_random, recorded_texts, run,
};
use crate::session::stitch::{Heard, Level, Venue};
use crate::session::text::Reader;

/// "Orderbook" of the v5 API, cut to two levels a side.
const SNAPSHOT: &str = r#"{"topic":"orderbook.50.BTCUSDT","type":"snapshot","ts":1672304484978,"data":{"s":"BTCUSDT","b":[["16493.50","0.006"],["16493.00","0.100"]],"a":[["16611.00","0.029"],["16612.00","0.213"]],"u":18521288,"seq":7961638724},"cts":1672304484976}"#;
/// The same page.
const DELTA: &str = r#"{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":1687940967466,"data":{"s":"BTCUSDT","b":[["30247.20","30.028"],["30245.40","0"]],"a":[["30248.70","0"]],"u":18521289,"seq":7961638725},"cts":1687940967464}"#;
/// "Trade" of the v5 API.
const TRADE: &str = r#"{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":1672304486868,"data":[{"T":1672304486865,"s":"BTCUSDT","S":"Buy","v":"0.001","p":"16578.50","L":"PlusTick","i":"20f43950-d8dd-5b31-9112-a178eb6023af","BT":false}]}"#;
/// "Ticker" of the v5 API, a delta.
const TICKER: &str = r#"{"topic":"tickers.BTCUSDT","type":"delta","data":{"symbol":"BTCUSDT","markPrice":"17217.33","fundingRate":"-0.000212"},"cs":24987956059,"ts":1673272861686}"#;
/// "Connect" of the v5 API.
const PONG: &str = r#"{"success":true,"ret_msg":"pong","conn_id":"0970e817-426e-429a-a679-ff7f55e0b16a","op":"ping"}"#;

fn scanned(text: &str) -> Option<Told> {
    let mut told = Told::default();
    scan::scan(text.as_bytes(), &mut Vec::new(), &mut told).map(|_| told)
}

fn read_text(text: &str) -> (Result<Heard, DecodeError>, Told) {
    let (mut told, mut levels): (Told, Vec<Level>) = Default::default();
    let mut reader = Reader::default();
    let heard = read::read(text.as_bytes(), &mut reader, &mut levels, &mut told);
    (heard, told)
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    for text in [SNAPSHOT, DELTA] {
        let (heard, told) = read_text(text);
        assert_eq!(heard, Ok(Heard::Kind(Kind::Book as u8)));
        assert_eq!(scanned(text), Some(told), "{text}");
    }
    let (heard, told) = read_text(TRADE);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Trade as u8)));
    assert_eq!(scanned(TRADE), Some(told));
}

#[test]
fn the_readers_agree_on_every_recorded_text() {
    let texts = recorded_texts("BYBIT");
    let mut fast = 0;
    for text in &texts {
        let (heard, told) = read_text(text);
        assert!(heard.is_ok(), "{heard:?} {text}");
        if let Some(scanned) = scanned(text) {
            assert_eq!(scanned, told, "{text}");
            fast += 1;
        }
    }
    assert!(texts.is_empty() || fast > 4_000, "{fast}");
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in [SNAPSHOT, DELTA, TRADE, TICKER] {
        for length in 0..text.len() {
            assert_eq!(scanned(&text[..length]), None);
            let (heard, told) = read_text(&text[..length]);
            assert!(heard.is_err() && told.0.is_empty());
        }
    }
}

#[test]
fn trades_statistics_and_pongs_are_known() {
    let (heard, told) = read_text(TRADE);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Trade as u8)));
    assert!(told.0[0].contains("aggressor: Bid") && told.0[0].contains("Price(16578500000000)"));
    let (heard, told) = read_text(TICKER);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Ticker as u8)));
    assert!(
        told.0[1].contains("FundingRate Price(Price(-212000))"),
        "{told:?}"
    );
    assert_eq!(
        read_text(PONG),
        (Ok(Heard::Kind(Kind::Pong as u8)), Told::default())
    );
}

/// What the feed makes of texts: snapshots, resets, messages passed over, whether the topic was joined again.
#[track_caller]
fn check_chain(texts: &[&str], expected: (u64, u64, u64, bool)) {
    let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
    let outcomes = run(Bybit::new("", "linear"), "BTCUSDT", &texts);
    let has_asked = outcomes
        .said
        .iter()
        .any(|text| text.contains("unsubscribe"));
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!((found.0, found.1, found.2, has_asked), expected);
}

#[test]
fn numbers_have_to_follow_one_another() {
    let gap = DELTA.replace("18521289", "18521291");
    let restart = SNAPSHOT.replace("18521288", "1");
    let after = DELTA.replace("18521289", "2");
    check_chain(&[SNAPSHOT, DELTA], (1, 0, 0, false));
    // The same again is known.
    check_chain(&[SNAPSHOT, DELTA, DELTA], (1, 0, 1, false));
    // One is missing: the book waits, and its topic is joined again.
    check_chain(&[SNAPSHOT, DELTA, &gap], (1, 1, 0, true));
    // The service was started again.
    check_chain(&[SNAPSHOT, DELTA, &restart, &after], (2, 0, 0, false));
    // A delta that cannot be read loses the book; a trade does not.
    check_chain(&[SNAPSHOT, &DELTA.replace("30.028", "x")], (1, 1, 0, true));
    check_chain(&[SNAPSHOT, &TRADE.replace("0.001", "x")], (1, 0, 0, false));
}

fn random_scan(text: &str) -> Scanned {
    let mut told = Told::default();
    let found = scan::scan(text.as_bytes(), &mut Vec::new(), &mut told);
    (found.is_some(), told)
}

fn random_read(text: &str) -> (Result<Heard, DecodeError>, Told) {
    let mut told = Told::default();
    let reader = &mut Reader::default();
    let heard = read::read(text.as_bytes(), reader, &mut Vec::new(), &mut told);
    (heard, told)
}

#[test]
fn random_messages_are_read_alike_by_both_readers() {
    check_random(
        |random| {
            let pair = ["[\"", "\",\"", "\"]"];
            let (bids, asks, n) = (random.rows(pair), random.rows(pair), random.below(1 << 40));
            format!(
                r#"{{"topic":"orderbook.50.BTCUSDT","type":"delta","ts":{n},"data":{{"s":"BTCUSDT","b":[{bids}],"a":[{asks}],"u":{n},"seq":{n}}},"cts":{n}}}"#
            )
        },
        random_scan,
        random_read,
    );
    check_random(
        |random| {
            let (n, price, size) = (random.below(1 << 40), random.number(), random.number());
            let tail = ["", r#","seq":5"#, r#","RPI":false,"seq":1783284617"#];
            let tail = tail[random.below(3) as usize];
            let side = ["Buy", "Sell"][random.below(2) as usize];
            let one = format!(
                r#"{{"T":{n},"s":"BTCUSDT","S":"{side}","v":"{size}","p":"{price}","L":"PlusTick","i":"20f43950-d8dd-5b31-9112-a178eb6023af","BT":false{tail}}}"#
            );
            let two = if random.below(3) == 0 {
                format!(",{one}")
            } else {
                String::new()
            };
            format!(
                r#"{{"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":{n},"data":[{one}{two}]}}"#
            )
        },
        random_scan,
        random_read,
    );
}

/// The samples of the venue's documentation, each with its page or that it was not at hand.
#[test]
fn documented_samples_are_told_as_the_documents_mean_them() {
    let (mut reader, mut levels) = (Reader::default(), Vec::new());
    check_documented(
        "bybit_ws_v5/vectors/documented.txt",
        super::texts(),
        |text, told| scan::scan(text, &mut Vec::new(), told).is_some(),
        |text, told| read::read(text, &mut reader, &mut levels, told),
    );
}

#[test]
fn spot_has_no_positions_to_close() {
    for (category, expected) in [("linear", true), ("spot", false)] {
        let texts = Bybit::new("https://rest", category).subscribe(&[Symbol::from("BTCUSDT")]);
        let is_asked = texts
            .iter()
            .any(|text| text.contains("allLiquidation.BTCUSDT"));
        assert_eq!(is_asked, expected);
    }
}
