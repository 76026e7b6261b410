//! The two readers agree, and neither minds what it is given.

use super::*;
use crate::coinbase_ws::message::{Kind, Message, Number, parse_time};
use crate::coinbase_ws::parse::Scratch;
use crate::coinbase_ws::scan;
use crate::contract::DecodeError;
use crate::model::EventTime;
use proptest::prelude::*;

/// Texts of every shape the venue sends, 2021's and today's.
const TEXTS: &[&str] = &[
    SNAPSHOT,
    r#"{"type":"snapshot","product_id":"BTC-USD","bids":[["100.00","1.00000000"]],"asks":[],"time":"2024-01-02T03:04:05.678901Z"}"#,
    r#"{"type":"snapshot","product_id":"NEW-USD","asks":[],"bids":[]}"#,
    r#"{"type":"l2update","product_id":"SKL-BTC","changes":[["sell","0.00001306","660.5"]],"time":"2021-04-17T16:43:37.075687Z"}"#,
    r#"{"type":"l2update","product_id":"BTC-USD","changes":[["buy","22356.270000","0.00000000"],["sell","22356.30","1.5"]],"time":"2022-08-04T15:25:05.010758Z"}"#,
    r#"{"type":"l2update","product_id":"BTC-USD","changes":[],"time":"2022-08-04T15:25:05Z"}"#,
    r#"{"type":"match","trade_id":280232,"maker_order_id":"2a0da34e-61f7-4c36-88e5-c9dd15927b16","taker_order_id":"3c82abaa-c01e-4608-be59-6a1e69742891","side":"sell","size":"985","price":"0.00001305","product_id":"SKL-BTC","sequence":177100030,"time":"2021-04-17T16:43:37.089723Z"}"#,
    r#"{"type":"last_match","trade_id":881613,"maker_order_id":"27fff20b","taker_order_id":"1da6ce16","side":"buy","size":"0.04","price":"14.7775","product_id":"BAND-GBP","sequence":333938798,"time":"2021-04-17T16:43:30.244075Z"}"#,
    r#"{"type":"ticker","sequence":333938798,"product_id":"BAND-GBP","price":"14.7775","open_24h":"14.6647","volume_24h":"94381.28000000","low_24h":"14.3691","high_24h":"16.55","volume_30d":"2295579.57000000","best_bid":"14.7550","best_ask":"14.8060","side":"buy","time":"2021-04-17T16:43:30.244075Z","trade_id":881613,"last_size":"0.04"}"#,
    r#"{"type":"ticker","sequence":37475248783,"product_id":"ETH-USD","price":"1285.22","open_24h":"1310.79","volume_24h":"245532.79269678","low_24h":"1280.52","high_24h":"1313.8","volume_30d":"9788783.60117027","best_bid":"1285.04","best_bid_size":"0.46688654","best_ask":"1285.27","best_ask_size":"1.56637040","side":"buy","time":"2022-10-19T23:28:22.061769Z","trade_id":370843401,"last_size":"11.4396987"}"#,
    r#"{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}"#,
    r#"{"type":"heartbeat","last_trade_id":20,"product_id":"BTC-USD","sequence":90,"time":"2014-11-07T08:19:28.464459Z"}"#,
    r#"{"type":"subscriptions","channels":[{"name":"level2","product_ids":["ETH-USD","ETH-EUR"]},{"name":"heartbeat","product_ids":["ETH-USD"]}]}"#,
    r#"{"type":"error","message":"Failed to subscribe","reason":"level2 is not a valid product"}"#,
    r#"{"type":"status","products":[{"id":"BTC-USD","base_increment":"0.00000001","quote_increment":"0.01","status":"online"}],"currencies":[]}"#,
    r#"{"type":"auction","product_id":"LTC-USD"}"#,
];

/// Whatever the scanner takes, the general reader reads the same.
#[track_caller]
fn check_agree(bytes: &[u8]) -> bool {
    let (mut levels, mut scratch) = (Vec::new(), Scratch::default());
    let Some(scanned) = scan::scan(bytes, &mut levels) else {
        return false;
    };
    let general = scratch.read_any(bytes);
    let text = String::from_utf8_lossy(bytes);
    match general {
        Ok(read) => {
            assert_eq!(read.message, scanned, "{text}");
            assert_eq!(read.levels, levels, "{text}");
        }
        Err(error) => panic!("scanned but not readable ({error}): {text}"),
    }
    true
}

#[test]
fn known_shapes_are_scanned_and_both_readers_agree() {
    for text in TEXTS {
        let is_hot = !["subscriptions", "error", "status", "auction"]
            .iter()
            .any(|name| text.contains(&format!("\"type\":\"{name}\"")));
        assert_eq!(check_agree(text.as_bytes()), is_hot, "{text}");
        let mut scratch = Scratch::default();
        assert!(scratch.read(text.as_bytes()).is_ok(), "{text}");
    }
}

#[test]
fn every_recorded_market_text_is_scanned() {
    let Some(folder) = session_folder() else {
        return;
    };
    let recording = std::fs::read_to_string(folder.join("COINBASE.ws.28.0")).unwrap();
    for (line, _, text) in received_lines(&recording) {
        let is_market = !text.starts_with(r#"{"type":"subscriptions""#);
        assert_eq!(check_agree(text.as_bytes()), is_market, "line {line}");
    }
}

#[test]
fn keys_in_another_order_and_strange_members_are_read_all_the_same() {
    let mut scratch = Scratch::default();
    let text = r#" { "time":"2021-04-17T16:43:37.075687Z", "new": {"deep":[1,{"a":null}]}, "changes":[["buy","1e2","1.50"]],
        "product_id":"BTC\u002dUSD", "type":"l2update" } "#;
    let read = scratch.read(text.as_bytes()).unwrap();
    let Message::L2Update { product, time } = read.message else {
        panic!("{:?}", read.message);
    };
    assert_eq!(product, b"BTC-USD");
    assert_eq!(time, EventTime(1_618_677_817_075_687_000));
    assert_eq!(read.levels[0].price, Price(100_000_000_000));
    assert_eq!(read.levels[0].size, Number::parse(b"1.5").unwrap());
}

#[track_caller]
fn check_refused(text: &str, expected: DecodeError) {
    let mut scratch = Scratch::default();
    assert_eq!(scratch.read(text.as_bytes()).unwrap_err(), expected);
}

#[test]
fn what_cannot_be_meant_is_refused_by_kind() {
    let tag = Kind::L2Update.tag();
    let bad = DecodeError::BadField { tag, offset: 0 };
    check_refused(&update("neither", "1", "1"), bad);
    check_refused(&update("buy", "-1", "1"), bad);
    check_refused(&update("buy", "one", "1"), bad);
    check_refused(&update("buy", "1", ""), bad);
    check_refused(&update("buy", "1", "1").replace("2021-04", "2021-13"), bad);
    let inexact = DecodeError::NotExact { tag };
    check_refused(&update("buy", "0.0000000001", "1"), inexact);
    check_refused(&update("buy", "99999999999999999999", "1"), inexact);
    check_refused("[]", DecodeError::BadText { offset: 0 });
    check_refused(r#"{"kind":"l2update"}"#, DecodeError::BadText { offset: 0 });
}

#[test]
fn deep_json_is_refused_without_recursion() {
    let mut scratch = Scratch::default();
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let text = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
        assert!(scratch.read(text.as_bytes()).is_err());
    }
}

#[track_caller]
fn check_number(text: &str, expected: Option<(u8, u64)>) {
    let number = Number::parse(text.as_bytes());
    let units = number.and_then(|number| Some((number.scale(), number.units(number.scale())?)));
    assert_eq!(units, expected, "{text}");
}

#[test]
fn numbers_are_exact_and_their_last_digit_is_no_zero() {
    check_number("660.5", Some((1, 6_605)));
    check_number("1.62300000", Some((3, 1_623)));
    check_number("0.00000000", Some((0, 0)));
    check_number("120", Some((0, 120)));
    check_number("94381.28000000000000000000", Some((2, 9_438_128)));
    check_number("1e-7", Some((7, 1)));
    check_number("1.20e1", Some((0, 12)));
    check_number("1.25E+1", Some((1, 125)));
    check_number("0e99", Some((0, 0)));
    for text in [
        "",
        ".",
        "-1",
        "1.2.3",
        "1e",
        "1e9999",
        "1e40",
        "99999999999999999999",
        " 1",
        "0x1",
    ] {
        check_number(text, None);
    }
}

#[track_caller]
fn check_time(text: &str, expected: Option<u64>) {
    assert_eq!(
        parse_time(text.as_bytes()),
        expected.map(EventTime),
        "{text}"
    );
}

#[test]
fn times_are_read_to_the_nanosecond() {
    check_time(
        "2021-04-17T16:43:30.244075Z",
        Some(1_618_677_810_244_075_000),
    );
    check_time("1970-01-01T00:00:00Z", Some(0));
    check_time("1970-01-01T01:00:00.000000001+01:00", Some(1));
    check_time("2024-02-29T23:59:59.9Z", Some(1_709_251_199_900_000_000));
    for text in [
        "2023-02-29T00:00:00Z",
        "2021-04-17 16:43:30Z",
        "2021-04-17T16:43:30",
        "2021-04-17T24:00:00Z",
        "2021-04-17T16:43:30.Z",
        "2021-04-17T16:43:30.0000000001Z",
        "1969-12-31T23:59:59Z",
        "1970-01-01T00:00:00+00:01",
        "2021-00-17T16:43:30Z",
        "",
    ] {
        check_time(text, None);
    }
}

#[test]
fn no_text_cut_anywhere_is_read_as_something_else() {
    for text in TEXTS {
        for end in 0..text.len() {
            let mut scratch = Scratch::default();
            assert!(scratch.read(&text.as_bytes()[..end]).is_err());
            let mut bench = Bench::new(&[]);
            bench.text(SNAPSHOT);
            bench.packet(Form::Text, &text.as_bytes()[..end]);
            check_events(&bench.ticks());
        }
    }
}

fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let flips = prop::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..4u8), 0..4);
    (prop::sample::select(TEXTS), flips).prop_map(|(text, flips)| {
        let mut bytes = text.as_bytes().to_vec();
        for (at, byte, how) in flips {
            let at = at.index(bytes.len().max(1));
            match how {
                0 => bytes[at] ^= 1 << (byte % 8),
                1 => bytes[at] = b"0123456789\"\\,.:{}[]eE-+ "[usize::from(byte) % 24],
                2 => bytes.insert(at, b"019\"\\., "[usize::from(byte) % 8]),
                _ => {
                    bytes.remove(at);
                }
            }
            if bytes.is_empty() {
                bytes.push(byte);
            }
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4_000) })]

    #[test]
    fn a_damaged_text_is_read_alike_or_not_at_all(bytes in mutated()) {
        check_agree(&bytes);
    }

    #[test]
    fn a_feed_takes_anything_and_its_events_end(texts in prop::collection::vec(mutated(), 1..8), noise in prop::collection::vec(any::<u8>(), 0..64)) {
        let mut bench = Bench::new(&[]);
        let mut books: BTreeMap<u32, Book> = BTreeMap::new();
        for text in &texts {
            bench.packet(Form::Text, text);
            bench.packet(Form::Rest("https://api/products"), text);
        }
        bench.packet(Form::Text, &noise);
        bench.packet(Form::Datagram, &noise);
        let ticks = bench.ticks();
        check_events(&ticks);
        for tick in &ticks {
            books.entry(tick.instrument.0).or_default().apply(tick);
        }
    }

    #[test]
    fn a_time_survives_being_written(micros in 0u64..16_000_000_000_000_000) {
        let time = EventTime(micros * 1_000);
        let text = crate::session::text::Timestamp(time).to_string();
        prop_assert_eq!(parse_time(text.as_bytes()), Some(time));
    }

    #[test]
    fn a_number_survives_being_written(mantissa in any::<u64>(), scale in 0u8..19) {
        let text = Size(mantissa).display(scale).to_string();
        let number = Number::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(number.units(scale), Some(mantissa));
    }
}
