#![allow(clippy::unwrap_used)]

use super::venue::{Kind, Okx};
use super::{read, scan};
use crate::model::Symbol;
use crate::session::stitch::testing::{Scanned, Told, check_documented, check_random};
use crate::session::stitch::{Heard, Venue};
use crate::session::text::Reader;

/// "WS / Order book channel", the documents' examples of a snapshot and an update.
const SNAPSHOT: &str = r#"{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"snapshot","data":[{"asks":[["8476.98","415","0","13"],["8477","7","0","2"],["8477.34","85","0","1"]],"bids":[["8476.97","256","0","12"],["8475.55","101","0","1"]],"ts":"1597026383085","checksum":-855196043,"prevSeqId":-1,"seqId":123456}]}"#;
const UPDATE: &str = r#"{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[["8476.98","415","0","13"]],"bids":[["8476.97","0","0","0"]],"ts":"1597026383085","checksum":-855196043,"prevSeqId":123456,"seqId":123457}]}"#;

/// The same with the numbers in the other order, and nothing changed.
const UNCHANGED: &str = r#"{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"update","data":[{"asks":[],"bids":[],"ts":"1597026383085","checksum":0,"seqId":123457,"prevSeqId":123457}]}"#;

/// "WS / Trades channel", the documents' example.
const TRADE: &str = r#"{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"130639474","px":"42219.9","sz":"0.12060306","side":"buy","ts":"1630048897897","count":"3"}]}"#;

/// The same page, the members that came later included.
const TRADE_NOW: &str = r#"{"arg":{"channel":"trades","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","tradeId":"130639474","px":"42219.9","sz":"0.12060306","side":"buy","ts":"1630048897897","count":"3","source":"0","seqId":1234}]}"#;

#[track_caller]
fn check_same(text: &str, kind: Kind) {
    let (mut levels, mut scanned) = (Vec::new(), Told::default());
    let found = scan::scan(text.as_bytes(), &mut levels, &mut scanned);
    assert_eq!(found, Some(kind));
    let mut general = Told::default();
    let reader = &mut Reader::default();
    let heard = read::read(text.as_bytes(), reader, &mut levels, &mut general);
    assert_eq!(heard, Ok(Heard::Kind(kind as u8)));
    assert_eq!(scanned, general);
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    for text in [SNAPSHOT, UPDATE, UNCHANGED] {
        check_same(text, Kind::Books);
    }
    check_same(TRADE, Kind::Trades);
    check_same(TRADE_NOW, Kind::Trades);
}

#[test]
fn what_is_cut_short_is_told_by_neither_reader() {
    for text in [SNAPSHOT, UPDATE, TRADE] {
        for length in 0..text.len() {
            let (mut told, mut levels) = (Told::default(), Vec::new());
            let cut = &text.as_bytes()[..length];
            assert_eq!(scan::scan(cut, &mut levels, &mut told), None);
            assert!(read::read(cut, &mut Reader::default(), &mut levels, &mut told).is_err());
            assert_eq!(told, Told::default());
        }
    }
}

#[track_caller]
fn check_told(text: &str, kind: Kind, count: usize) {
    let mut told = Told::default();
    let heard = read::read(
        text.as_bytes(),
        &mut Reader::default(),
        &mut Vec::new(),
        &mut told,
    );
    assert_eq!(heard, Ok(Heard::Kind(kind as u8)));
    assert_eq!(told.0.len(), count, "{told:?}");
}

#[test]
fn the_other_channels_are_read_as_documented() {
    check_told(
        r#"{"arg":{"channel":"tickers","instId":"BTC-USDT"},"data":[{"instType":"SPOT","instId":"BTC-USDT","last":"9999.99","lastSz":"0.1","askPx":"9999.99","askSz":"11","bidPx":"8888.88","bidSz":"5","open24h":"9000","high24h":"10000","low24h":"8888.88","volCcy24h":"2222","vol24h":"2222","sodUtc0":"2222","sodUtc8":"2222","ts":"1597026383085"}]}"#,
        Kind::Tickers,
        3,
    );
    check_told(
        r#"{"arg":{"channel":"mark-price","instId":"BTC-USDT-SWAP"},"data":[{"instType":"SWAP","instId":"BTC-USDT-SWAP","markPx":"42310.6","ts":"1630049139746"}]}"#,
        Kind::MarkPrice,
        1,
    );
    check_told(
        r#"{"arg":{"channel":"funding-rate","instId":"BTC-USD-SWAP"},"data":[{"fundingRate":"-0.0001875391284828","fundingTime":"1700726400000","instId":"BTC-USD-SWAP","instType":"SWAP","ts":"1700724675402"}]}"#,
        Kind::FundingRate,
        1,
    );
    check_told(
        r#"{"event":"error","code":"60012","msg":"Invalid request: {\"op\": \"subscribe\"}","connId":"a4d3ae55"}"#,
        Kind::Error,
        1,
    );
}

fn random_scan(text: &str) -> Scanned {
    let mut told = Told::default();
    let found = scan::scan(text.as_bytes(), &mut Vec::new(), &mut told);
    (found.is_some(), told)
}

fn random_read(text: &str) -> (Result<Heard, crate::contract::DecodeError>, Told) {
    let mut told = Told::default();
    let reader = &mut Reader::default();
    let heard = read::read(text.as_bytes(), reader, &mut Vec::new(), &mut told);
    (heard, told)
}

#[test]
fn random_messages_are_read_alike_by_both_readers() {
    check_random(
        |random| {
            let four = ["[\"", "\",\"", "\",\"0\",\"13\"]"];
            let (asks, bids, n) = (random.rows(four), random.rows(four), random.below(1 << 40));
            format!(
                r#"{{"arg":{{"channel":"books","instId":"BTC-USDT"}},"action":"update","data":[{{"asks":[{asks}],"bids":[{bids}],"ts":"{n}","checksum":-{n},"prevSeqId":{n},"seqId":{n}}}]}}"#
            )
        },
        random_scan,
        random_read,
    );
    check_random(
        |random| {
            let (n, price, size) = (random.below(1 << 40), random.number(), random.number());
            let tail = [
                "",
                r#","count":"3""#,
                r#","count":"3","source":"0","seqId":1234"#,
            ];
            let tail = tail[random.below(3) as usize];
            let one = format!(
                r#"{{"instId":"BTC-USDT","tradeId":"{n}","px":"{price}","sz":"{size}","side":"buy","ts":"{n}"{tail}}}"#
            );
            let two = if random.below(3) == 0 {
                format!(",{one}")
            } else {
                String::new()
            };
            format!(r#"{{"arg":{{"channel":"trades","instId":"BTC-USDT"}},"data":[{one}{two}]}}"#)
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
        "okx_ws/vectors/documented.txt",
        super::texts(),
        |text, told| scan::scan(text, &mut Vec::new(), told).is_some(),
        |text, told| read::read(text, &mut reader, &mut levels, told),
    );
}

#[test]
fn derivatives_have_channels_of_their_own_and_kinds_one_of_liquidations() {
    let names = [
        "BTC-USDT",
        "BTC-USDT-SWAP",
        "BTC-USD-251226",
        "BTC-USD-251226-90000-C",
    ];
    let symbols = names.map(Symbol::from);
    let texts = Okx::new("https://rest").subscribe(&symbols);
    let all = texts.join("\n");
    let count = |part: &str| all.matches(part).count();
    assert_eq!(count("\"channel\":\"books\""), 4);
    assert_eq!(count("open-interest"), 3);
    assert_eq!(count("funding-rate"), 1);
    let liquidations = r#"{"op":"subscribe","args":[{"channel":"liquidation-orders","instType":"SWAP"},{"channel":"liquidation-orders","instType":"FUTURES"},{"channel":"liquidation-orders","instType":"OPTION"}]}"#;
    assert_eq!(texts.last().map(String::as_str), Some(liquidations));
    let of_spot = Okx::new("https://rest").subscribe(&symbols[..1]);
    assert!(of_spot.iter().all(|text| !text.contains("liquidation")));
}
