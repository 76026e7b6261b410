#![allow(clippy::unwrap_used)]

use super::venue::{Kind, checksum};
use super::{read, scan};
use crate::session::stitch::testing::{Scanned, Told, check_documented, check_random, run};
use crate::session::stitch::{BookMessage, Hear, Heard, Ladders, Level};
use crate::session::text::Reader;

/// "Book checksum (v2)" of the venue's guides: the example it computes.
const SNAPSHOT: &str = r#"{"channel":"book","type":"snapshot","data":[{"symbol":"BTC/USD","bids":[{"price":45283.5,"qty":0.10000000},{"price":45283.4,"qty":1.54582015},{"price":45282.1,"qty":0.10000000},{"price":45281.0,"qty":0.10000000},{"price":45280.3,"qty":1.54592586},{"price":45279.0,"qty":0.07990000},{"price":45277.6,"qty":0.03310103},{"price":45277.5,"qty":0.30000000},{"price":45277.3,"qty":1.54602737},{"price":45276.6,"qty":0.15445238}],"asks":[{"price":45285.2,"qty":0.00100000},{"price":45286.4,"qty":1.54571953},{"price":45286.6,"qty":1.54571109},{"price":45289.6,"qty":1.54560911},{"price":45290.2,"qty":0.15890660},{"price":45291.8,"qty":1.54553491},{"price":45294.7,"qty":0.04454749},{"price":45296.1,"qty":0.35380000},{"price":45297.5,"qty":0.09945542},{"price":45299.5,"qty":0.18772827}],"checksum":3310070434}]}"#;

/// "Book (Level 2)", update.
const UPDATE: &str = r#"{"channel":"book","type":"update","data":[{"symbol":"MATIC/USD","bids":[{"price":0.5657,"qty":1098.3947558}],"asks":[],"checksum":2114181697,"timestamp":"2023-10-06T17:35:55.440295Z"}]}"#;

/// "Trade", update of one trade.
const TRADE: &str = r#"{"channel":"trade","type":"update","data":[{"symbol":"MATIC/USD","side":"sell","price":0.5117,"qty":40.0,"ord_type":"market","trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"}]}"#;

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
    check_same(SNAPSHOT, Kind::Book);
    check_same(UPDATE, Kind::Book);
    check_same(TRADE, Kind::Trade);
    check_same(r#"{"channel":"heartbeat"}"#, Kind::Heartbeat);
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

/// Computes the checksum of the one snapshot it is told.
struct Prove(Option<(u32, u32)>);

impl Hear for Prove {
    fn book(&mut self, book: &BookMessage<'_>) {
        let mut ladders = Ladders::default();
        book.levels
            .iter()
            .for_each(|level: &Level| ladders.apply(level));
        self.0 = book
            .checksum
            .map(|sent| (sent, checksum(&ladders, book.digits)));
    }
    fn trade(&mut self, _: &crate::session::stitch::TradeMessage<'_>) {}
    fn statistic(
        &mut self,
        _: &[u8],
        _: crate::model::EventTime,
        _: crate::model::StatisticKind,
        _: crate::session::stitch::Quantity,
    ) {
    }
    fn product(&mut self, _: &crate::session::stitch::Product) {}
    fn confirmed(&mut self) {}
    fn complaint(&mut self, _: &str) {}
    fn reply(&mut self, _: String) {}
    fn lost(&mut self, _: &[u8]) {}
}

#[test]
fn the_checksum_is_the_one_of_the_venues_own_example() {
    let mut prove = Prove(None);
    scan::scan(SNAPSHOT.as_bytes(), &mut Vec::new(), &mut prove);
    assert_eq!(prove.0, Some((3_310_070_434, 3_310_070_434)));
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
            let named = [r#"{"price":"#, r#","qty":"#, "}"];
            let (bids, asks, n) = (
                random.rows(named),
                random.rows(named),
                random.below(1 << 32),
            );
            format!(
                r#"{{"channel":"book","type":"update","data":[{{"symbol":"BTC/USD","bids":[{bids}],"asks":[{asks}],"checksum":{n},"timestamp":"2023-10-06T17:35:55.440295Z"}}]}}"#
            )
        },
        random_scan,
        random_read,
    );
    check_random(
        |random| {
            let (n, price, size) = (random.below(1 << 40), random.number(), random.number());
            let one = format!(
                r#"{{"symbol":"BTC/USD","side":"sell","price":{price},"qty":{size},"ord_type":"market","trade_id":{n},"timestamp":"2023-09-25T07:49:37.708706Z"}}"#
            );
            let two = if random.below(3) == 0 {
                format!(",{one}")
            } else {
                String::new()
            };
            format!(r#"{{"channel":"trade","type":"update","data":[{one}{two}]}}"#)
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
        "kraken_ws_v2/vectors/documented.txt",
        super::texts(),
        |text, told| scan::scan(text, &mut Vec::new(), told).is_some(),
        |text, told| read::read(text, &mut reader, &mut levels, told),
    );
}

/// "Book (Level 2)": the checksums of the snapshot and of the update behind it are those the page prints, whose numbers lack the
/// zeros at their ends.
#[test]
fn the_checksums_of_the_documented_snapshot_and_update_hold() {
    let page = include_str!("vectors/documented.txt");
    let books = page.lines().filter_map(|line| line.strip_prefix("fast "));
    let mut texts: Vec<String> = books
        .filter(|text| text.contains(r#""channel":"book""#))
        .map(str::to_owned)
        .collect();
    assert_eq!(texts.len(), 2);
    let outcomes = run(super::texts(), "MATIC/USD", &texts);
    assert_eq!((outcomes.snapshots, outcomes.resets), (1, 0));
    texts[1] = texts[1].replace("2114181697", "2114181698");
    let outcomes = run(super::texts(), "MATIC/USD", &texts);
    assert_eq!((outcomes.snapshots, outcomes.resets), (1, 1));
}
