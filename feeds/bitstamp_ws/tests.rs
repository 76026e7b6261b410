#![allow(clippy::unwrap_used)]

use super::venue::{Bitstamp, Entries, Kind};
use super::{read, scan};
use crate::contract::{DecodeError, Form};
use crate::model::{Flags, Symbol};
use crate::session::stitch::testing::{Told, check_documented, recorded_texts, run_forms};
use crate::session::stitch::{Heard, Venue};
use crate::session::text::Reader;

/// "Live full order book", in the order of members the venue sends.
const UPDATE: &str = r#"{"data":{"timestamp":"1641343691","microtimestamp":"1641343691244908","bids":[["1.15979","993.02588113"],["1.14866","0.00000000"]],"asks":[["1.16601","1200.00000000"]]},"channel":"diff_order_book_bateur","event":"data"}"#;
/// "Live ticker".
const TRADE: &str = r#"{"data":{"id":216000477,"timestamp":"1641343699","amount":0.0792,"amount_str":"0.07920000","price":3805.44,"price_str":"3805.44","type":0,"microtimestamp":"1641343699596000","buy_order_id":1443875737346049,"sell_order_id":1443875731320832},"channel":"live_trades_ethusd","event":"trade"}"#;
/// "Order book".
const SNAPSHOT: &str = r#"{"timestamp": "1641343691", "microtimestamp": "1641343691244908", "bids": [["1.15979", "993.02588113"]], "asks": [["1.16601", "1200.00000000"]]}"#;

const URL: &str = "https://www.bitstamp.net/api/v2/order_book/bateur/";

fn scanned(text: &str) -> Option<Told> {
    let mut told = Told::default();
    let kind = scan::scan(text.as_bytes(), &mut Vec::new(), &mut told);
    kind.map(|_| told)
}

fn general(text: &str) -> (Result<Heard, DecodeError>, Told) {
    general_of(text, false)
}

fn general_of(text: &str, is_by_order: bool) -> (Result<Heard, DecodeError>, Told) {
    let mut told = Told::default();
    let mut entries = Entries {
        is_by_order,
        ..Entries::default()
    };
    let mut reader = Reader::default();
    let heard = read::read(text.as_bytes(), &mut reader, &mut entries, &mut told);
    (heard, told)
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    let (heard, told) = general(UPDATE);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Update as u8)));
    assert_eq!(scanned(UPDATE), Some(told));
}

#[test]
fn the_readers_agree_on_every_recorded_text() {
    let texts = recorded_texts("BITSTAMP");
    let mut fast = 0;
    for text in &texts {
        let (heard, told) = general(text);
        assert!(matches!(heard, Ok(Heard::Kind(_))), "{heard:?} {text}");
        if let Some(scanned) = scanned(text) {
            assert_eq!(scanned, told, "{text}");
            fast += 1;
        }
    }
    let updates = texts
        .iter()
        .filter(|text| text.contains("\"event\":\"data\""));
    assert_eq!(fast, updates.count());
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in [UPDATE, TRADE] {
        for length in 0..text.len() {
            assert_eq!(scanned(&text[..length]), None);
            let (heard, told) = general(&text[..length]);
            assert!(heard.is_err() && told.0.is_empty(), "{}", &text[..length]);
        }
    }
}

#[test]
fn trades_are_told_with_the_digits_that_were_sent() {
    let (_, told) = general(TRADE);
    assert!(told.0[0].contains("Rising(216000477)") && told.0[0].contains("aggressor: Bid"));
    let (_, told) = general(&TRADE.replace("\"type\":0", "\"type\":1"));
    assert!(told.0[0].contains("aggressor: Ask"));
    let (heard, told) = general(&TRADE.replace("\"type\":0", "\"type\":2"));
    assert!(heard.is_err() && told.0.is_empty());
}

#[test]
fn complaints_and_wishes_of_the_venue_are_told() {
    let text = r#"{"event":"bts:error","channel":"","data":{"code":null,"message":"Bad subscription string."}}"#;
    assert_eq!(general(text).1.0, ["complaint Bad subscription string."]);
    let text = r#"{"event":"bts:request_reconnect","channel":"","data":""}"#;
    let (heard, told) = general(text);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Reconnect as u8)));
    assert_eq!(told.0.len(), 1);
}

fn update(micros: u64) -> String {
    UPDATE.replace("1641343691244908", &micros.to_string())
}

const AT: u64 = 1_641_343_691_244_908;

/// Updates before and behind the snapshot, and what becomes of the book: snapshots, resets, messages passed over.
#[track_caller]
fn check_chain(before: &[u64], behind: &[u64], expected: (u64, u64, u64)) {
    let [before, behind] = [before, behind]
        .map(|all| -> Vec<String> { all.iter().map(|&micros| update(micros)).collect() });
    let mut forms: Vec<(Form<'_>, &str)> = Vec::new();
    forms.extend(before.iter().map(|text| (Form::Text, text.as_str())));
    forms.push((Form::Rest(URL), SNAPSHOT));
    forms.extend(behind.iter().map(|text| (Form::Text, text.as_str())));
    let outcomes = run_forms(Bitstamp::new("https://rest", false), "bateur", &forms);
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!(found, expected);
}

#[test]
fn times_only_have_to_rise() {
    check_chain(&[], &[AT + 1, AT + 900], (1, 0, 0));
    check_chain(&[], &[AT + 1, AT + 1], (1, 0, 1));
    check_chain(&[], &[AT, AT - 1], (1, 0, 2));
}

#[test]
fn what_was_heard_has_to_reach_back_to_the_snapshot() {
    check_chain(&[AT - 1, AT + 1], &[AT + 2], (1, 0, 0));
    check_chain(&[AT], &[], (1, 0, 0));
    // Something between the two may be missing.
    check_chain(&[AT + 1], &[AT + 2], (0, 0, 0));
}

/// "Live detail order book", by the table of its fields.
fn orders(micros: u64, bids: &str) -> String {
    format!(
        r#"{{"data":{{"timestamp":"1583656800","microtimestamp":"{micros}","bids":[{bids}],"asks":[["8735.67","2.00000000","1207590693249024"]]}},"event":"data","channel":"detail_order_book_btcusd"}}"#
    )
}

const FIRST: &str = r#"["8732.02","0.00002478","1207590500704256"]"#;
const SECOND: &str = r#"["8729.62","0.01600000","1207590502350849"]"#;

#[test]
fn whole_books_of_orders_follow_one_another_whatever_was_lost() {
    let texts = [
        orders(AT, FIRST),
        orders(AT + 5, &format!("{FIRST},{SECOND}")),
        // Not younger.
        orders(AT + 5, FIRST),
        orders(AT + 3, FIRST),
        orders(AT + 9, SECOND),
    ];
    let forms: Vec<(Form<'_>, &str)> = texts.iter().map(|text| (Form::Text, &text[..])).collect();
    let outcomes = run_forms(Bitstamp::new("https://rest", true), "btcusd", &forms);
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!(found, (1, 0, 2));
    let told: Vec<String> = outcomes
        .ticks
        .iter()
        .map(|tick| format!("{:?} {}", tick.action, tick.order_id % 1_000))
        .collect();
    let expected = [
        "Definition 0",
        "Reset 0",
        "Clear 0",
        "Add 256",
        "Add 24",
        "Add 849",
        "Cancel 256",
    ];
    assert_eq!(told, expected);
    let is_last: Vec<bool> = outcomes
        .ticks
        .iter()
        .map(|tick| tick.flags.contains(Flags::LAST))
        .collect();
    assert_eq!(is_last[2..], [false, false, true, true, true]);
}

#[test]
fn a_venue_whose_clock_fell_is_followed_again() {
    let mut texts = vec![orders(AT, FIRST)];
    texts.extend((1..=9).map(|micros| orders(micros, SECOND)));
    let forms: Vec<(Form<'_>, &str)> = texts.iter().map(|text| (Form::Text, &text[..])).collect();
    let outcomes = run_forms(Bitstamp::new("https://rest", true), "btcusd", &forms);
    assert_eq!((outcomes.snapshots, outcomes.ignored), (1, 7));
    let last = outcomes.ticks.last().map(|tick| tick.sequence);
    assert_eq!(last, Some(8), "the ninth says the same book again");
}

#[test]
fn books_of_orders_are_asked_for_where_they_are_told() {
    let venue = Bitstamp::new("https://rest", true);
    let symbol = Symbol::from("btcusd");
    let channel = r#"{"event":"bts:subscribe","data":{"channel":"detail_order_book_btcusd"}}"#;
    assert_eq!(venue.subscribe(&[symbol])[0], channel);
    let leave = channel.replace("bts:sub", "bts:unsub");
    assert_eq!(venue.subscribe_again(symbol), [&leave, channel]);
    assert_eq!(venue.snapshot_url(symbol), None);
    let text = orders(AT, FIRST);
    assert_eq!(venue.culprit(text.as_bytes()), Some(&b"btcusd"[..]));
    for length in 0..text.len() {
        let (heard, told) = general_of(&text[..length], true);
        assert!(heard.is_err() && told.0.is_empty());
    }
}

#[test]
fn the_channel_that_is_not_followed_is_left_alone() {
    let of_orders = orders(AT, FIRST);
    for (text, is_by_order) in [(of_orders.as_str(), false), (UPDATE, true)] {
        let mut venue = Bitstamp::new("https://rest", is_by_order);
        let mut told = Told::default();
        let heard = venue.read(text.as_bytes(), &mut told);
        assert_eq!(heard, Ok(Heard::Kind(Kind::OtherData as u8)));
        assert!(told.0.is_empty(), "{told:?}");
    }
}

/// The samples of the venue's documentation, each with its page or that it was not at hand.
#[test]
fn documented_samples_are_told_as_the_documents_mean_them() {
    let (mut reader, mut entries) = (Reader::default(), Entries::default());
    check_documented(
        "bitstamp_ws/vectors/documented.txt",
        Bitstamp::new("", false),
        |text, told| scan::scan(text, &mut Vec::new(), told).is_some(),
        |text, told| read::read(text, &mut reader, &mut entries, told),
    );
}
