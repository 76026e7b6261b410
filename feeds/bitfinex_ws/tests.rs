#![allow(clippy::unwrap_used)]

use super::message::{
    Body, Entries, Message, Subject, checksum, checksum_of_orders, write_number, write_price,
};
use super::read::{self, Event, Said};
use super::scan;
use super::venue::{Bitfinex, Kind};
use crate::contract::{DecodeError, Line};
use crate::model::{Price, Side, Symbol};
use crate::session::stitch::testing::{Told, check_documented, run};
use crate::session::stitch::{Heard, Ladders, Level, Venue};
use crate::session::text::{Number, Reader};

/// "General", info message, as the venue says it to a new connection.
const INFO: &str = r#"{"event":"info","version":2,"serverId":"a1","platform":{"status":1}}"#;
/// "Books", response.
const BOOK: &str = r#"{"event":"subscribed","channel":"book","chanId":10092,"symbol":"tETHUSD","prec":"P0","freq":"F0","len":"25","subId":123,"pair":"ETHUSD"}"#;
/// "Trades", response.
const TRADES: &str = r#"{"event":"subscribed","channel":"trades","chanId":19111,"symbol":"tETHUSD","pair":"ETHUSD"}"#;
/// "Books", snapshot and update of a trading pair, with the ids above; an ask is added.
const SNAPSHOT: &str = "[10092,[[7254.7,3,3.3],[7255.2,1,-0.5]]]";
const UPDATE: &str = "[10092,[7254.5,0,1]]";
/// "Trades", snapshot, and both updates of one trade.
const PAST: &str =
    "[19111,[[401597393,1574694475039,0.005,7244.9],[401597392,1574694470503,-0.01,7245.3]]]";
const TE: &str = r#"[19111,"te",[401597395,1574694478808,0.005,7245.3]]"#;
const TU: &str = r#"[19111,"tu",[401597395,1574694478808,0.005,7245.3]]"#;
const HEARTBEAT: &str = r#"[10092,"hb"]"#;

fn subject(channel: u64) -> Option<Subject> {
    match channel {
        10092 => Some(Subject::Book),
        19111 => Some(Subject::Trades),
        _ => None,
    }
}

fn scanned_entries(text: &str, is_by_order: bool) -> Option<(Message, Entries)> {
    let mut entries = Entries::of(is_by_order);
    let message = scan::scan(text.as_bytes(), &mut entries);
    message.map(|message| (message, entries))
}

fn general_entries(text: &str, is_by_order: bool) -> Result<(Said, Entries), DecodeError> {
    let (mut reader, mut entries) = (Reader::default(), Entries::of(is_by_order));
    let said = read::read(
        text.as_bytes(),
        &mut reader,
        &mut entries,
        |channel| match subject(channel) {
            Some(Subject::Book) if is_by_order => Some(Subject::Orders),
            other => other,
        },
    );
    said.map(|said| (said, entries))
}

fn scanned(text: &str) -> Option<(Message, Vec<Level>)> {
    scanned_entries(text, false).map(|(message, entries)| (message, entries.levels))
}

fn general(text: &str) -> Result<(Said, Vec<Level>), DecodeError> {
    general_entries(text, false).map(|(said, entries)| (said, entries.levels))
}

/// A message with a number and a time behind it.
fn with(text: &str, number: u64) -> String {
    let body = text.strip_suffix(']').unwrap();
    format!("{body},{number},1666708239837]")
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    let sum = r#"[10092,"cs",-1934838570]"#;
    let ask = "[10092,[7255.25,2,-0.07500000]]";
    for text in [UPDATE, ask, TE, HEARTBEAT, sum] {
        for text in [
            text.to_owned(),
            with(text, 7),
            with(text, 7).replace(",7,", ","),
        ] {
            let (message, levels) = scanned(&text).unwrap();
            assert_eq!(general(&text), Ok((Said::Message(message), levels)));
        }
    }
    let (message, _) = scanned(&with(sum, 7)).unwrap();
    assert_eq!(message.number, Some(7));
    assert_eq!(message.time.0, 1_666_708_239_837_000_000);
    assert_eq!(message.body, Body::Checksum(2_360_128_726));
    // The number and the time are known by their size.
    let swapped = with(sum, 7).replace("7,1666708239837", "1666708239837,7");
    assert_eq!(scanned(&swapped).unwrap().0, message);
    for text in [SNAPSHOT, PAST, TU, "[10092,[5.6e-7,1,60712.4250231]]"] {
        assert_eq!(scanned(text), None);
    }
}

#[test]
fn what_is_cut_short_says_nothing() {
    for text in [INFO, BOOK, SNAPSHOT, UPDATE, PAST, TE, TU, HEARTBEAT] {
        for length in 0..text.len() {
            assert_eq!(scanned(&text[..length]), None);
            assert!(general(&text[..length]).is_err(), "{}", &text[..length]);
        }
    }
}

#[test]
fn levels_have_the_side_of_their_amount_and_go_without_orders() {
    let (_, levels) = general(SNAPSHOT).unwrap();
    let sides: Vec<Side> = levels.iter().map(|level| level.side).collect();
    assert_eq!(sides, [Side::Bid, Side::Ask]);
    let (_, levels) = general(UPDATE).unwrap();
    assert_eq!((levels[0].side, levels[0].size), (Side::Bid, Number::ZERO));
    let (said, _) = general("[10092,[]]").unwrap();
    let Said::Message(message) = said else {
        panic!("a message")
    };
    let expected = Body::Book {
        is_snapshot: true,
        left_out: 0,
    };
    assert_eq!(message.body, expected);
}

#[track_caller]
fn check_number(text: &str) {
    let number = Number::parse(text.as_bytes()).unwrap();
    let mut written = String::new();
    let units = number.units(number.scale()).unwrap();
    write_number(&mut written, units, number.scale());
    assert_eq!(written, text);
}

#[test]
fn numbers_are_written_as_the_venue_writes_them() {
    for text in [
        "0",
        "1",
        "10",
        "6000",
        "1047414.30449527",
        "0.005",
        "0.1",
        "0.000001",
        "0.0000012",
        "5.6e-7",
        "1e-8",
        "1.7e-8",
        "1.25e-8",
        "100000000000000000",
        "12.5",
    ] {
        check_number(text);
    }
    let mut written = String::new();
    write_price(&mut written, Price(7_254_500_000_000));
    write_price(&mut written, Price(560));
    assert_eq!(written, "7254.55.6e-7");
}

fn ladders(levels: &[(Side, &str, &str)]) -> Ladders {
    let mut ladders = Ladders::default();
    for &(side, price, size) in levels {
        let price = Number::parse(price.as_bytes()).unwrap().price().unwrap();
        let size = Number::parse(size.as_bytes()).unwrap();
        ladders.apply(&Level { side, price, size });
    }
    ladders
}

/// "WebSocket Checksum", step by step: the strings by its rule.
#[test]
fn the_checksum_is_over_prices_and_amounts_in_turn() {
    let book = ladders(&[
        (Side::Bid, "6000", "1"),
        (Side::Bid, "5900", "2"),
        (Side::Ask, "6100", "3"),
        (Side::Ask, "6200", "4"),
        (Side::Ask, "6300.5", "0.75"),
    ]);
    let text = b"6000:1:6100:-3:5900:2:6200:-4:6300.5:-0.75";
    assert_eq!(checksum(&book, (0, 0)), crc32fast::hash(text));
    let book = ladders(&[
        (Side::Bid, "5.6e-7", "60712.4250231"),
        (Side::Ask, "5.7e-7", "300"),
    ]);
    let text = b"5.6e-7:60712.4250231:5.7e-7:-300";
    assert_eq!(checksum(&book, (0, 0)), crc32fast::hash(text));
    // Twenty-five levels a side, and no more.
    let many: Vec<String> = (100..140).map(|price| price.to_string()).collect();
    let levels: Vec<_> = many.iter().map(|one| (Side::Ask, &one[..], "1")).collect();
    let text: Vec<String> = many[..25].iter().map(|one| format!("{one}:-1")).collect();
    let expected = crc32fast::hash(text.join(":").as_bytes());
    assert_eq!(checksum(&ladders(&levels), (0, 0)), expected);
}

/// "Raw Books", snapshot, with the id above; an order comes, gets another size, and goes.
const ORDERS: &str = "[10092,[[34753002978,7294.7,1.54340371],[34753002990,7295,-0.5]]]";
const ORDER: &str = "[10092,[34753002991,7294.9,0.25]]";
const LESS: &str = "[10092,[34753002991,7294.9,0.125]]";
const GONE: &str = "[10092,[34753002991,0,1]]";

#[test]
fn orders_are_scanned_as_they_are_read() {
    for text in [ORDER, LESS, GONE] {
        let (message, entries) = scanned_entries(&with(text, 7), true).unwrap();
        let expected = Ok((Said::Message(message), entries));
        assert_eq!(general_entries(&with(text, 7), true), expected);
    }
    let (_, entries) = scanned_entries(GONE, true).unwrap();
    assert_eq!(entries.orders, [34_753_002_991]);
    assert_eq!(entries.levels[0].size, Number::ZERO);
    for length in 0..ORDERS.len() {
        assert!(general_entries(&ORDERS[..length], true).is_err());
    }
}

/// "WebSocket Checksum", step by step: ids in place of prices, and at one price the older order first.
#[test]
fn the_checksum_of_orders_is_over_ids_and_amounts_in_turn() {
    let mut book = Ladders::default();
    for (id, side, price, size) in [
        (11, Side::Bid, "6000", "1"),
        (12, Side::Ask, "6100", "3"),
        (10, Side::Bid, "6000", "0.5"),
        (9, Side::Ask, "6200", "4"),
    ] {
        let price = Number::parse(price.as_bytes()).unwrap().price().unwrap();
        let size = Number::parse(size.as_bytes()).unwrap();
        book.apply_order(id, &Level { side, price, size }, &mut Vec::new());
    }
    let text = b"10:0.5:12:-3:11:1:9:-4";
    assert_eq!(checksum_of_orders(&book, (0, 0)), crc32fast::hash(text));
}

#[test]
fn books_of_orders_live_as_long_as_they_have_the_checksum() {
    let texts = |last: &str| -> Vec<String> {
        let all = [INFO, BOOK, ORDERS, ORDER, LESS, GONE, GONE, last];
        all.iter().map(|text| text.replace("P0", "R0")).collect()
    };
    let text = b"34753002978:1.54340371:34753002990:-0.5";
    let sum = crc32fast::hash(text).cast_signed();
    for (sum, resets) in [(sum, 0), (sum ^ 1, 1)] {
        let last = format!("[10092,\"cs\",{sum}]");
        let venue = Bitfinex::new("https://rest", true);
        let outcomes = run(venue, "tETHUSD", &texts(&last));
        assert_eq!((outcomes.snapshots, outcomes.resets), (1, resets));
    }
}

#[test]
fn the_books_that_are_not_followed_are_left_alone() {
    let raw = BOOK.replace("P0", "R0");
    for (is_by_order, subscribed, text) in [(false, raw.as_str(), ORDERS), (true, BOOK, SNAPSHOT)] {
        let mut venue = Bitfinex::new("https://rest", is_by_order);
        let mut told = Told::default();
        for text in [INFO, subscribed, text, ORDER, UPDATE] {
            told = Told::default();
            venue.read(text.as_bytes(), &mut told).unwrap();
        }
        assert!(told.0.is_empty(), "{told:?}");
        assert_eq!(venue.culprit(b"[10092,[x"), Some(&b""[..]));
    }
}

#[track_caller]
fn check_event(text: &str, expected: Event) {
    assert_eq!(general(text), Ok((Said::Event(expected), Vec::new())));
}

#[test]
fn events_are_read_as_documented() {
    let is_in_maintenance = false;
    check_event(INFO, Event::Begin { is_in_maintenance });
    let stop = INFO.replace("\"status\":1", "\"status\":0");
    let is_in_maintenance = true;
    check_event(&stop, Event::Begin { is_in_maintenance });
    let words = "Stop/Restart Websocket Server (please reconnect)";
    let restart = format!(r#"{{"event":"info","code":20051,"msg":"{words}"}}"#);
    check_event(&restart, Event::Info(20_051, words.to_owned()));
    let error = r#"{"event":"error","msg":"symbol: invalid","code":10001}"#;
    check_event(error, Event::Error("symbol: invalid".to_owned()));
    let left = r#"{"event":"unsubscribed","status":"OK","chanId":10092}"#;
    check_event(left, Event::Unsubscribed(10_092));
    let conf = r#"{"event":"conf","status":"OK","flags":229376}"#;
    check_event(conf, Event::Configured);
    let pong = r#"{"event":"pong","ts":1511545528111,"cid":1234}"#;
    check_event(pong, Event::Pong);
    let other = r#"{"event":"auth","status":"OK"}"#;
    check_event(other, Event::Unknown(Symbol::from("auth")));
}

/// Tells a venue texts of one connection, and gives what the last one told.
fn told(texts: &[&str]) -> (Result<Heard, DecodeError>, Vec<String>) {
    let mut venue = Bitfinex::new("https://rest", false);
    let (mut told, mut heard) = (Told::default(), Err(DecodeError::NotThisProtocol));
    for text in texts {
        told = Told::default();
        heard = venue.read(text.as_bytes(), &mut told);
    }
    (heard, told.0)
}

#[test]
fn trades_are_told_once_and_past_ones_not_at_all() {
    let (_, trade) = told(&[INFO, TRADES, TE]);
    assert!(trade[0].contains("Unordered(401597395)") && trade[0].contains("aggressor: Bid"));
    for (text, kind) in [(TU, Kind::Again), (PAST, Kind::Other)] {
        let (heard, nothing) = told(&[INFO, TRADES, text]);
        assert_eq!(heard, Ok(Heard::Kind(kind as u8)));
        assert!(nothing.is_empty());
    }
}

#[test]
fn a_new_connection_knows_no_channel_of_the_one_before() {
    assert_eq!(told(&[INFO, BOOK, SNAPSHOT]).1.len(), 1);
    let (heard, nothing) = told(&[INFO, BOOK, INFO, SNAPSHOT]);
    assert_eq!(heard, Ok(Heard::Kind(Kind::Other as u8)));
    assert!(nothing.is_empty());
}

#[test]
fn a_hole_in_the_numbers_may_have_been_any_book_of_the_connection() {
    let snapshot = with(SNAPSHOT, 1);
    let texts = [INFO, BOOK, TRADES, &snapshot];
    let next = with(HEARTBEAT, 2);
    assert!(told(&[&texts[..], &[&next]].concat()).1.is_empty());
    let later = with(TE, 5);
    let (_, said) = told(&[&texts[..], &[&later]].concat());
    assert_eq!(said[0], "missed 3 from 2");
    assert_eq!(said[1], format!("lost {:?}", b"tETHUSD"));
    assert_eq!(said.len(), 3);
    let (_, said) = told(&[&texts[..], &[&with(HEARTBEAT, 1)]].concat());
    assert_eq!(said[0], "missed 1 from 2");
    // What could not be read had a number, too.
    let broken = "[10092,[7254.5,0,\"x\"],2,1666708239837]";
    assert!(
        told(&[&texts[..], &[broken, &with(HEARTBEAT, 3)]].concat())
            .1
            .is_empty()
    );
}

#[test]
fn prices_finer_than_ours_give_the_instrument_up_instead_of_a_part_of_its_book() {
    for text in [SNAPSHOT, UPDATE] {
        let finer = text.replace("7254.", "0.00000000007254");
        let (_, said) = told(&[INFO, BOOK, &finer]);
        assert!(
            said.len() == 1 && said[0].starts_with("too fine"),
            "{said:?}"
        );
    }
}

/// Texts behind the subscription, and what becomes of the book: snapshots, resets, messages passed over.
#[track_caller]
fn check_chain(texts: &[&str], expected: (u64, u64, u64)) {
    let texts = [&[INFO, BOOK], texts].concat();
    let texts: Vec<String> = texts.iter().map(|text| (*text).to_owned()).collect();
    let outcomes = run(Bitfinex::new("https://rest", false), "tETHUSD", &texts);
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!(found, expected);
}

#[test]
fn books_live_as_long_as_they_have_the_checksum() {
    let sum = crc32fast::hash(b"7254.7:3.3:7255.2:-0.5").cast_signed();
    let right = format!("[10092,\"cs\",{sum}]");
    let wrong = format!("[10092,\"cs\",{}]", sum ^ 1);
    check_chain(&[UPDATE, SNAPSHOT, UPDATE, &right], (1, 0, 1));
    check_chain(&[SNAPSHOT, &wrong, UPDATE], (1, 1, 1));
    check_chain(&[SNAPSHOT, "[10092,[7254.7,2,3.4]]", &right], (1, 1, 0));
    // Numbers hold the book, too.
    check_chain(&[&with(SNAPSHOT, 1), &with(UPDATE, 3)], (1, 1, 1));
}

#[test]
fn a_lost_book_is_left_and_subscribed_again_where_it_was() {
    let mut venue = Bitfinex::new("https://rest", false);
    let symbol = Symbol::from("tETHUSD");
    let again = r#"{"event":"subscribe","channel":"book","symbol":"tETHUSD","prec":"P0","freq":"F0","len":"250"}"#;
    assert_eq!(venue.subscribe_again_on(Line(0), symbol), [again]);
    venue.read(BOOK.as_bytes(), &mut Told::default()).unwrap();
    let leave = r#"{"event":"unsubscribe","chanId":10092}"#;
    assert_eq!(venue.subscribe_again_on(Line(0), symbol), [leave, again]);
    assert_eq!(venue.subscribe_again_on(Line(1), symbol), [again]);
    assert_eq!(venue.culprit(b"[10092,[x"), Some(&b"tETHUSD"[..]));
    assert_eq!(venue.culprit(b"[10093,[x"), None);
    assert_eq!(venue.culprit(b"{\"event\""), Some(&b""[..]));
}

#[test]
fn pairs_by_rest_are_instruments() {
    let mut told = Told::default();
    let mut venue = Bitfinex::new("https://rest", false);
    let body = br#"[["BTCUSD","DUSK:USD"]]"#;
    venue.read_rest("https://rest", body, &mut told).unwrap();
    assert!(told.0[0].contains("tBTCUSD") && told.0[1].contains("tDUSK:USD"));
}

/// The samples of the venue's documentation, each with its page or that it was not at hand. What both readers make of them is
/// compared above; here are two venues that choose between them, since messages say only a number of what they are about.
#[test]
fn documented_samples_are_told_as_the_documents_mean_them() {
    let mut other = Bitfinex::new("", false);
    check_documented(
        "bitfinex_ws/vectors/documented.txt",
        Bitfinex::new("", false),
        |_, _| false,
        |text, told| other.read(text, told),
    );
}

/// The same of books of orders.
#[test]
fn documented_samples_of_orders_are_told_as_the_documents_mean_them() {
    let mut other = Bitfinex::new("", true);
    check_documented(
        "bitfinex_ws/vectors/documented_orders.txt",
        Bitfinex::new("", true),
        |_, _| false,
        |text, told| other.read(text, told),
    );
}
