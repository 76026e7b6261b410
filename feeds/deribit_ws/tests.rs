#![allow(clippy::unwrap_used)]

use super::{Kind, read, scan, venue::Deribit};
use crate::contract::DecodeError;
use crate::session::stitch::testing::{Told, check_documented, recorded_texts, run};
use crate::session::stitch::{Heard, Level};
use crate::session::text::Reader;

/// "book.(instrument_name).(interval)": the first notification.
const SNAPSHOT: &str = r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":{"type":"snapshot","timestamp":1554373962454,"instrument_name":"BTC-PERPETUAL","change_id":297217,"bids":[["new",5042.34,30],["new",5041.94,20]],"asks":[["new",5042.64,40],["new",5043.3,40]]}}}"#;
/// The same page: a further notification.
const CHANGE: &str = r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms","data":{"type":"change","timestamp":1554373911330,"prev_change_id":297217,"instrument_name":"BTC-PERPETUAL","change_id":297218,"bids":[["delete",5041.94,0],["delete",5042.34,0]],"asks":[]}}}"#;
/// "trades.(instrument_name).(interval)".
const TRADES: &str = r#"{"jsonrpc":"2.0","method":"subscription","params":{"channel":"trades.BTC-PERPETUAL.100ms","data":[{"trade_seq":30289443,"trade_id":"48079270","timestamp":1590484512189,"tick_direction":2,"price":8951,"mark_price":8948.9,"instrument_name":"BTC-PERPETUAL","index_price":8955.88,"direction":"buy","amount":20},{"trade_seq":30289442,"trade_id":"48079269","timestamp":1590484512188,"tick_direction":2,"price":8950,"mark_price":8948.9,"instrument_name":"BTC-PERPETUAL","index_price":8955.88,"direction":"sell","amount":10}]}}"#;
/// "public/set_heartbeat".
const TEST_REQUEST: &str =
    r#"{"params":{"type":"test_request"},"method":"heartbeat","jsonrpc":"2.0"}"#;

fn scanned(text: &str) -> Option<Told> {
    let mut told = Told::default();
    scan::scan(text.as_bytes(), &mut Vec::new(), &mut told).map(|()| told)
}

fn read(text: &str) -> (Result<Heard, DecodeError>, Told) {
    let (mut told, mut levels): (Told, Vec<Level>) = Default::default();
    let mut reader = Reader::default();
    let heard = read::read(text.as_bytes(), &mut reader, &mut levels, &mut told);
    (heard, told)
}

#[track_caller]
fn check_same(text: &str) {
    let (heard, told) = read(text);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Book as u8)));
    assert_eq!(scanned(text), Some(told), "{text}");
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    check_same(SNAPSHOT);
    check_same(CHANGE);
}

#[test]
fn the_readers_agree_on_every_recorded_text() {
    let texts = recorded_texts("DERIBIT");
    let mut fast = 0;
    for text in &texts {
        let (heard, told) = read(text);
        assert!(heard.is_ok(), "{heard:?} {text}");
        if let Some(scanned) = scanned(text) {
            assert_eq!(scanned, told, "{text}");
            fast += 1;
        }
    }
    assert!(texts.is_empty() || fast == 46, "{fast}");
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in [SNAPSHOT, CHANGE, TRADES] {
        for length in 0..text.len() {
            assert_eq!(scanned(&text[..length]), None);
            let (heard, told) = read(&text[..length]);
            assert!(heard.is_err() && told.0.is_empty());
        }
    }
}

#[test]
fn trades_are_told_in_the_order_of_their_numbers() {
    let (heard, told) = read(TRADES);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Trades as u8)));
    assert!(told.0[0].contains("Rising(30289442)") && told.0[0].contains("aggressor: Ask"));
    assert!(told.0[1].contains("Rising(30289443)") && told.0[1].contains("aggressor: Bid"));
}

#[test]
fn numbers_with_exponents_and_below_zero_are_read_by_the_general_reader() {
    let text = CHANGE.replace("5041.94,0", "-5.0e-4,0.0");
    assert_eq!(scanned(&text), None);
    let (_, told) = read(&text);
    assert!(told.0[0].contains("Price(-500000)"), "{told:?}");
}

#[test]
fn a_test_of_the_connection_is_answered() {
    let (_, told) = read(TEST_REQUEST);
    assert_eq!(told.0, [format!("reply {}", read::TEST)]);
}

/// What the feed makes of texts: snapshots, resets, messages passed over, whether the channel was joined again.
#[track_caller]
fn check_chain(texts: &[&str], expected: (u64, u64, u64, bool)) {
    let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
    let outcomes = run(Deribit::new(""), "BTC-PERPETUAL", &texts);
    let has_asked = outcomes
        .said
        .iter()
        .any(|text| text.contains("unsubscribe"));
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!((found.0, found.1, found.2, has_asked), expected);
}

#[test]
fn a_change_has_to_name_the_one_before_it() {
    let gap = CHANGE
        .replace("297218", "297230")
        .replace("297217", "297229");
    let restart = SNAPSHOT.replace("297217", "12");
    let after = CHANGE.replace("297217", "12").replace("297218", "13");
    check_chain(&[SNAPSHOT, CHANGE], (1, 0, 0, false));
    // The same again is known.
    check_chain(&[SNAPSHOT, CHANGE, CHANGE], (1, 0, 1, false));
    // One is missing: the book waits, and its channel is joined again.
    check_chain(&[SNAPSHOT, CHANGE, &gap], (1, 1, 0, true));
    // A new snapshot replaces the book whatever its number.
    check_chain(&[SNAPSHOT, CHANGE, &restart, &after], (2, 0, 0, false));
}

/// The samples of the venue's documentation, each with its page or that it was not at hand.
#[test]
fn documented_samples_are_told_as_the_documents_mean_them() {
    let (mut reader, mut levels) = (Reader::default(), Vec::new());
    check_documented(
        "deribit_ws/vectors/documented.txt",
        Deribit::new(""),
        |text, told| scan::scan(text, &mut Vec::new(), told).is_some(),
        |text, told| read::read(text, &mut reader, &mut levels, told),
    );
}
