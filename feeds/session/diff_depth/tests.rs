#![allow(clippy::unwrap_used)]

use super::{Market, read, scan};
use crate::session::stitch::testing::{Scanned, Told, check_documented, check_random};
use crate::session::stitch::{Heard, Level};
use crate::session::text::Reader;

const SPOT: Market = Market {
    rest_path: "/api/v3",
    is_linked: false,
    depth_stream: "depth@100ms",
    streams: &["trade"],
    streams_max: 1_024,
};

/// Both readers, on one text.
#[track_caller]
fn check_same(text: &str) {
    let mut levels: Vec<Level> = Vec::new();
    let mut scanned = Told::default();
    let kind = scan::scan(text.as_bytes(), &mut levels, &mut scanned);
    let (kind, _) = kind.expect("a known shape");
    let mut general = Told::default();
    let heard = read::read(
        text.as_bytes(),
        &mut Reader::default(),
        &mut levels,
        None,
        &mut general,
    );
    assert_eq!(heard, Ok(Heard::Kind(kind as u8)));
    assert_eq!(scanned.0, general.0, "{text}");
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    check_same(
        r#"{"e":"depthUpdate","E":1672515782136,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"]],"a":[["0.0026","100"]]}"#,
    );
    check_same(
        r#"{"stream":"btcusdt@depth@0ms","data":{"e":"depthUpdate","E":7,"T":6,"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[],"a":[["61796.40","0.000"]]}}"#,
    );
    check_same(
        r#"{"e":"trade","E":1672515782136,"s":"BNBBTC","t":12345,"p":"0.001","q":"100","T":1672515782135,"m":true,"M":true}"#,
    );
    check_same(
        r#"{"stream":"btcusdt@trade","data":{"e":"trade","E":7,"T":6,"s":"BTCUSDT","t":5,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}"#,
    );
    check_same(
        r#"{"e":"aggTrade","E":1672515782136,"s":"BNBBTC","a":12345,"p":"0.001","q":"100","f":100,"l":105,"T":1672515782136,"m":false,"M":true}"#,
    );
    check_same(
        r#"{"stream":"bnbbtc@bookTicker","data":{"u":400900217,"s":"BNBBTC","b":"25.35190000","B":"31.21000000","a":"25.36520000","A":"40.66000000"}}"#,
    );
}

#[test]
fn what_is_cut_short_is_told_by_neither_reader() {
    let text = r#"{"e":"depthUpdate","E":1672515782136,"s":"BNBBTC","U":157,"u":160,"b":[["0.0024","10"]],"a":[["0.0026","100"]]}"#;
    for length in 0..text.len() {
        let mut told = Told::default();
        let mut levels = Vec::new();
        let cut = &text.as_bytes()[..length];
        assert_eq!(scan::scan(cut, &mut levels, &mut told), None);
        let heard = read::read(cut, &mut Reader::default(), &mut levels, None, &mut told);
        assert!(heard.is_err());
        assert!(told.0.is_empty());
    }
}

#[test]
fn a_long_list_of_streams_is_asked_for_in_parts() {
    use crate::model::Symbol;
    use crate::session::stitch::Venue;
    let symbols: Vec<Symbol> = (0..120)
        .map(|n| Symbol::from(format!("S{n}").as_str()))
        .collect();
    let requests = super::DiffDepth::new(SPOT, "https://rest").subscribe(&symbols);
    assert_eq!(requests.len(), 3);
    assert!(requests[2].ends_with("\"s119@depth@100ms\",\"s119@trade\"],\"id\":3}"));
}

fn random_scan(text: &str) -> Scanned {
    let mut told = Told::default();
    let found = scan::scan(text.as_bytes(), &mut Vec::new(), &mut told);
    (found.is_some(), told)
}

fn random_read(text: &str) -> (Result<Heard, crate::contract::DecodeError>, Told) {
    let mut told = Told::default();
    let reader = &mut Reader::default();
    let heard = read::read(text.as_bytes(), reader, &mut Vec::new(), None, &mut told);
    (heard, told)
}

#[test]
fn random_messages_are_read_alike_by_both_readers() {
    check_random(
        |random| {
            let pair = ["[\"", "\",\"", "\"]"];
            let (bids, asks, n) = (random.rows(pair), random.rows(pair), random.below(1 << 40));
            format!(
                r#"{{"e":"depthUpdate","E":{n},"T":{n},"s":"BTCUSDT","U":{n},"u":{n},"pu":{n},"b":[{bids}],"a":[{asks}]}}"#
            )
        },
        random_scan,
        random_read,
    );
    check_random(
        |random| {
            let (n, price, size) = (random.below(1 << 40), random.number(), random.number());
            format!(
                r#"{{"e":"trade","E":{n},"s":"BTCUSDT","t":{n},"p":"{price}","q":"{size}","T":{n},"m":true,"M":true}}"#
            )
        },
        random_scan,
        random_read,
    );
}

/// The samples of a venue's documentation in `path`.
#[track_caller]
pub(crate) fn check_market(path: &str, market: Market) {
    let (mut reader, mut levels) = (Reader::default(), Vec::new());
    check_documented(
        path,
        super::DiffDepth::new(market, ""),
        |text, told| scan::scan(text, &mut Vec::new(), told).is_some(),
        |text, told| read::read(text, &mut reader, &mut levels, None, told),
    );
}
