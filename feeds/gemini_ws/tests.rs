#![allow(clippy::unwrap_used)]

use super::venue::{Gemini, Kind};
use super::{read, scan};
use crate::contract::DecodeError;
use crate::model::Symbol;
use crate::session::stitch::testing::{Told, check_documented, run};
use crate::session::stitch::{Heard, Level, Venue};
use crate::session::text::Reader;

/// "Level 2 Data", initial response; what the document leaves out is left out.
const SNAPSHOT: &str = r#"{"type":"l2_updates","symbol":"BTCUSD","changes":[["buy","9122.04","0.00121425"],["sell","9122.07","0.98942292"]],"trades":[{"type":"trade","symbol":"BTCUSD","eventid":169841458,"timestamp":1560976400428,"price":"9122.04","quantity":"0.0073173","side":"sell","tid":2840140800042677}]}"#;
/// "Level 2 Data", response for an update.
const UPDATE: &str =
    r#"{"type":"l2_updates","symbol":"BTCUSD","changes":[["sell","9160.20","0.1921229751"]]}"#;
/// "Level 2 Data", response for the execution of a trade.
const TRADE: &str = r#"{"type":"trade","symbol":"BTCUSD","event_id":3575573053,"timestamp":151231241,"price":"9004.21000000","quantity":"0.09110000","side":"buy","tid":2840140800042677}"#;
/// From general knowledge.
const HEARTBEAT: &str = r#"{"type":"heartbeat","timestamp":1547742998508}"#;
/// "Get Current Order Book".
const BOOK: &str = r#"{"bids":[{"price":"3607.85","amount":"6.643373","timestamp":"1547147541"}],"asks":[{"price":"3607.86","amount":"14.68205084","timestamp":"1547147541"}]}"#;
/// "Get Symbol Details".
const DETAILS: &str = r#"{"symbol":"BTCUSD","base_currency":"BTC","quote_currency":"USD","tick_size":1E-8,"quote_increment":0.01,"min_order_size":"0.00001","status":"open","wrap_enabled":false}"#;

fn scanned(text: &str) -> Option<Told> {
    let mut told = Told::default();
    let kind = scan::scan(text.as_bytes(), &mut Vec::new(), &mut told);
    kind.map(|_| told)
}

fn general(text: &str) -> (Result<Heard, DecodeError>, Told) {
    let (mut told, mut levels): (Told, Vec<Level>) = Default::default();
    let mut reader = Reader::default();
    let heard = read::read(text.as_bytes(), &mut reader, &mut levels, &mut told);
    (heard, told)
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    for (text, kind) in [(UPDATE, Kind::Updates), (TRADE, Kind::Trade)] {
        let (heard, told) = general(text);
        assert_eq!(heard, Ok(Heard::Kind(kind as u8)));
        assert_eq!(scanned(text), Some(told), "{text}");
    }
    assert_eq!(scanned(SNAPSHOT), None);
    assert!(general(TRADE).1.0[0].contains("Unordered(2840140800042677)"));
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in [SNAPSHOT, UPDATE, TRADE, HEARTBEAT] {
        for length in 0..text.len() {
            assert_eq!(scanned(&text[..length]), None);
            let (heard, told) = general(&text[..length]);
            assert!(heard.is_err() && told.0.is_empty(), "{}", &text[..length]);
        }
    }
}

#[test]
fn the_message_with_trades_is_the_snapshot_and_the_answer_to_the_subscription() {
    let (_, told) = general(SNAPSHOT);
    assert_eq!(told.0.len(), 2);
    assert_eq!(told.0[0], "confirmed");
    assert!(told.0[1].contains("is_snapshot: true"));
    assert!(general(UPDATE).1.0[0].contains("is_snapshot: false"));
}

#[test]
fn errors_are_told_with_the_venues_words_and_other_types_are_counted() {
    let text = r#"{"result":"error","reason":"NoValidTradingPairs"}"#;
    assert_eq!(general(text).1.0, ["complaint NoValidTradingPairs"]);
    for (name, kind) in [
        ("heartbeat", Kind::Heartbeat),
        ("auction_indicative", Kind::Auction),
        ("block_trade", Kind::BlockTrade),
        ("candles_1m_updates", Kind::Candles),
    ] {
        let (heard, told) = general(&HEARTBEAT.replace("heartbeat", name));
        assert_eq!(heard, Ok(Heard::Kind(kind as u8)));
        assert_eq!(told, Told::default());
    }
    let (heard, _) = general(r#"{"type":"mark_price_updates"}"#);
    assert_eq!(
        heard,
        Ok(Heard::Unknown(Symbol::from("mark_price_updates")))
    );
}

#[track_caller]
fn check_rest(url: &str, body: &str, expected: &[&str]) {
    let mut told = Told::default();
    let mut venue = Gemini::new("https://rest");
    venue.read_rest(url, body.as_bytes(), &mut told).unwrap();
    assert_eq!(told.0.len(), 1);
    for part in expected {
        assert!(told.0[0].contains(part), "{part} in {}", told.0[0]);
    }
}

#[test]
fn the_book_and_the_details_by_rest_are_read() {
    let venue = Gemini::new("https://rest");
    let url = venue.snapshot_url("BTCUSD".into()).unwrap();
    check_rest(&url, BOOK, &["is_snapshot: true", "Price(3607850000000)"]);
    let url = venue.products_url().unwrap();
    let details = ["mantissa: 1, scale: 8", "Price(10000000)", "Trading"];
    check_rest(&url, DETAILS, &details);
    check_rest(&url, &format!("[{DETAILS}]"), &details);
    let mut venue = Gemini::new("https://rest");
    assert!(
        venue
            .read_rest("https://rest/v1/x", BOOK.as_bytes(), &mut Told::default())
            .is_err()
    );
}

#[test]
fn prices_finer_than_ours_give_the_instrument_up_instead_of_a_part_of_its_book() {
    for (text, price) in [
        (SNAPSHOT, "9122.04"),
        (UPDATE, "9160.20"),
        (TRADE, "9004.21000000"),
    ] {
        let finer = text.replace(price, "0.00000000091");
        let (_, told) = general(&finer);
        assert!(told.0.last().unwrap().starts_with("too fine"), "{told:?}");
    }
}

/// Texts of one connection, and what becomes of the book: snapshots, resets, messages passed over.
#[track_caller]
fn check_chain(texts: &[&str], expected: (u64, u64, u64)) {
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let outcomes = run(Gemini::new("https://rest"), "BTCUSD", &texts);
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!(found, expected);
}

#[test]
fn what_comes_behind_the_snapshot_is_its_continuation() {
    check_chain(&[UPDATE, SNAPSHOT, UPDATE, UPDATE], (1, 0, 1));
    let update = UPDATE.replace("0.1921229751", "0.19212297");
    check_chain(&[SNAPSHOT, &update, SNAPSHOT], (2, 0, 0));
    // A size finer than the instrument's sizes are is no size of its book.
    check_chain(&[SNAPSHOT, UPDATE], (1, 1, 0));
    // One that cannot be read may have been anything.
    check_chain(&[SNAPSHOT, &UPDATE[..50]], (1, 1, 0));
}

#[test]
fn a_lost_book_is_subscribed_again() {
    let texts = [SNAPSHOT.to_owned(), UPDATE[..50].to_owned()];
    let outcomes = run(Gemini::new("https://rest"), "BTCUSD", &texts);
    let list = r#""subscriptions":[{"name":"l2","symbols":["BTCUSD"]}]}"#;
    let again = [
        format!("{{\"type\":\"unsubscribe\",{list}"),
        format!("{{\"type\":\"subscribe\",{list}"),
    ];
    // Behind the list of instruments, which nobody answered.
    assert_eq!(outcomes.said[1..], again);
}

/// The samples of the venue's documentation, each with its page or that it was not at hand.
#[test]
fn documented_samples_are_told_as_the_documents_mean_them() {
    let (mut reader, mut levels) = (Reader::default(), Vec::new());
    check_documented(
        "gemini_ws/vectors/documented.txt",
        Gemini::new(""),
        |text, told| scan::scan(text, &mut Vec::new(), told).is_some(),
        |text, told| read::read(text, &mut reader, &mut levels, told),
    );
}
