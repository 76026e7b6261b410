#![allow(clippy::unwrap_used)]

use super::venue::{Htx, Kind, Topics};
use super::{read, scan};
use crate::contract::{DecodeError, Form};
use crate::model::Symbol;
use crate::session::stitch::testing::{Told, check_documented, run_forms};
use crate::session::stitch::{Heard, Level, Venue};
use crate::session::text::{Reader, deflate};

/// htx.com/support/900000047626, sample A, the list of bids cut after its third entry, and an ask.
const SNAPSHOT: &str = r#"{"id":"id21","rep":"market.btcusdt.mbp.150","status":"ok","data":{"seqNum":100020142010,"bids":[[618.37,71.594],[423.33,77.726],[99.11,38.48245239754659]],"asks":[[650.59,14.909733438479636]]}}"#;
/// The same notice, sample B; the size with as many digits as sizes may have here.
const UPDATE: &str = r#"{"ch":"market.btcusdt.mbp.150","ts":1573199608679,"tick":{"seqNum":100020146795,"prevSeqNum":100020142010,"bids":[],"asks":[[645.14,26.755973959140652]]}}"#;
/// "Trade Detail", as recorded by others.
const TRADE: &str = r#"{"ch":"market.btcusdt.trade.detail","ts":1616243199157,"tick":{"id":123140716701,"ts":1616243199156,"data":[{"id":123140716701236887569077664,"ts":1616243199156,"tradeId":102357140867,"amount":1.98E-4,"price":58911.07,"direction":"sell"}]}}"#;
/// "Market Details", from general knowledge.
const DETAIL: &str = r#"{"ch":"market.btcusdt.detail","ts":1494496390001,"tick":{"amount":12224.2922,"open":9790.52,"close":10195.00,"high":10300.00,"ts":1494496390000,"id":1494496390,"count":15195,"low":9657.00,"vol":121906001.754751}}"#;
/// "Heartbeat".
const PING: &str = r#"{"ping":18212558000}"#;

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
    let one_side = UPDATE.replace("\"bids\":[],", "");
    for text in [UPDATE, &one_side] {
        let (heard, told) = general(text);
        assert_eq!(heard, Ok(Heard::Kind(Kind::Update as u8)));
        assert_eq!(scanned(text), Some(told), "{text}");
    }
    // Another order of members, and exponents, are the general reader's.
    for text in [
        UPDATE.replace("26.755973959140652", "2.6E-4"),
        UPDATE.replace("\"ts\":1573199608679,", ""),
    ] {
        assert_eq!(scanned(&text), None);
        let (heard, told) = general(&text);
        assert_eq!(heard, Ok(Heard::Kind(Kind::Update as u8)));
        assert_eq!(told.0.len(), 1);
    }
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in [SNAPSHOT, UPDATE, TRADE, DETAIL, PING] {
        for length in 0..text.len() {
            assert_eq!(scanned(&text[..length]), None);
            let (heard, told) = general(&text[..length]);
            assert!(heard.is_err() && told.0.is_empty(), "{}", &text[..length]);
        }
    }
}

#[test]
fn trades_and_statistics_are_told() {
    let (heard, told) = general(TRADE);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Trades as u8)));
    assert!(told.0[0].contains("Unordered(102357140867)") && told.0[0].contains("aggressor: Ask"));
    let (heard, told) = general(DETAIL);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Detail as u8)));
    assert_eq!(told.0.len(), 3);
    assert!(told.0[0].contains("LastPrice") && told.0[2].contains("Volume24h"));
}

#[test]
fn pings_are_answered_with_their_number() {
    assert_eq!(general(PING).1.0, [r#"reply {"pong":18212558000}"#]);
}

#[test]
fn refusals_are_told_with_the_venues_words() {
    let text = r#"{"id":"id1","status":"error","err-code":"bad-request","err-msg":"invalid topic market.xyz.mbp.150","ts":1494337634000}"#;
    let words = "complaint invalid topic market.xyz.mbp.150";
    assert_eq!(general(text).1.0, [words]);
    let text = r#"{"id":"id1","status":"ok","subbed":"market.btcusdt.mbp.150","ts":1489474081631}"#;
    assert_eq!(general(text).1.0, ["confirmed"]);
}

#[test]
fn sizes_of_more_digits_than_there_is_room_for_are_refused_and_known_topics_are_counted() {
    let (heard, told) = general(&UPDATE.replace("26.755973959140652", "26.755973959140651643"));
    assert!(heard.is_err() && told.0.is_empty());
    let bbo = r#"{"ch":"market.btcusdt.bbo","ts":1489474082831,"tick":{"symbol":"btcusdt","bid":"10008.31"}}"#;
    assert_eq!(general(bbo).0, Ok(Heard::Kind(Kind::Other as u8)));
    let (heard, _) = general(r#"{"ch":"market.overview","tick":{}}"#);
    assert_eq!(heard, Ok(Heard::Unknown(Symbol::from("market.overview"))));
}

#[test]
fn prices_finer_than_ours_give_the_instrument_up_instead_of_a_part_of_its_book() {
    let (_, told) = general(&UPDATE.replace("645.14", "0.00000000064514"));
    assert!(told.0.len() == 1 && told.0[0].starts_with("too fine"));
}

fn venue() -> Htx {
    Htx::new("https://rest", Topics::All)
}

#[test]
fn compressed_texts_are_read_as_plain_ones_are() {
    let mut told = Told::default();
    let mut venue = venue();
    let heard = venue.read_binary(&deflate(UPDATE.as_bytes()), &mut told);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Update as u8)));
    assert_eq!(told, general(UPDATE).1);
    // Whose it was is only to be seen inside.
    let broken = deflate(UPDATE.replace("[[", "[").as_bytes());
    assert!(venue.read_binary(&broken, &mut told).is_err());
    assert_eq!(venue.culprit(&broken), Some(&b"btcusdt"[..]));
    assert!(venue.read_binary(&broken[..20], &mut told).is_err());
    assert_eq!(venue.culprit(&broken[..20]), None);
}

fn update(previous: u64, last: u64) -> String {
    UPDATE
        .replace(":100020146795", &format!(":{last}"))
        .replace(":100020142010", &format!(":{previous}"))
}

/// Texts in their order, and what becomes of the book: snapshots, resets, messages passed over.
#[track_caller]
fn check_chain(texts: &[&str], expected: (u64, u64, u64)) {
    let forms: Vec<_> = texts.iter().map(|text| (Form::Text, *text)).collect();
    let outcomes = run_forms(venue(), "btcusdt", &forms);
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!(found, expected);
}

#[test]
fn updates_name_the_one_before_them_or_the_book_is_given_up() {
    let next = update(100020146795, 100020146796);
    check_chain(&[SNAPSHOT, UPDATE, &next], (1, 0, 0));
    // Kept until the snapshot is there; what it has already is dropped.
    check_chain(&[&update(5, 9), UPDATE, SNAPSHOT, &next], (1, 0, 0));
    check_chain(&[SNAPSHOT, UPDATE, UPDATE], (1, 0, 1));
    check_chain(
        &[SNAPSHOT, UPDATE, &update(100020146799, 100020146800)],
        (1, 1, 0),
    );
    // A second snapshot of a book that is followed says nothing new.
    check_chain(&[SNAPSHOT, UPDATE, SNAPSHOT], (1, 0, 1));
}

#[test]
fn snapshots_are_asked_for_on_the_connection() {
    let outcomes = run_forms(venue(), "btcusdt", &[(Form::Text, UPDATE)]);
    // Behind the list of instruments, which nobody answered.
    assert_eq!(
        outcomes.said[1..],
        [r#"{"req":"market.btcusdt.mbp.150","id":"btcusdt"}"#]
    );
    let trades = Htx::new("https://rest", Topics::Trades);
    assert_eq!(trades.subscribe(&["btcusdt".into()]).len(), 2);
    assert_eq!(trades.snapshot_request("btcusdt".into()), None);
}

/// The samples of the venue's documentation, each with its page or that it was not at hand.
#[test]
fn documented_samples_are_told_as_the_documents_mean_them() {
    let (mut reader, mut levels) = (Reader::default(), Vec::new());
    check_documented(
        "htx_ws/vectors/documented.txt",
        Htx::new("", Topics::All),
        |text, told| scan::scan(text, &mut Vec::new(), told).is_some(),
        |text, told| read::read(text, &mut reader, &mut levels, told),
    );
}
