#![allow(clippy::unwrap_used)]

use super::message::{Lists, tell_book, tell_trades};
use super::scan::{self, Body};
use super::venue::{CoinbaseAdvanced, Kind, Known};
use super::{is_product, read};
use crate::contract::{DecodeError, Line};
use crate::model::{StatisticKind, Symbol};
use crate::session::stitch::testing::{Outcomes, Scanned, Told, check_random, run};
use crate::session::stitch::{BookMessage, Hear, Heard, Listing, Product, Quantity, TradeMessage};
use crate::session::stitch::{Selection, Venue};
use crate::session::text::Reader;

/// "Level2 Channel": a snapshot and an update in the shape of the prose page, an ask added.
const SNAPSHOT: &str = r#"{"channel":"l2_data","client_id":"","timestamp":"2023-02-09T20:32:50.714964855Z","sequence_num":0,"events":[{"type":"snapshot","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"1970-01-01T00:00:00Z","price_level":"21921.73","new_quantity":"0.06317902"},{"side":"bid","event_time":"1970-01-01T00:00:00Z","price_level":"21921.3","new_quantity":"0.02"},{"side":"offer","event_time":"1970-01-01T00:00:00Z","price_level":"21922.01","new_quantity":"1.5"}]}]}"#;
/// "Level 2 order book" of the reference: no `client_id`.
const UPDATE: &str = r#"{"channel":"l2_data","timestamp":"2023-02-09T20:32:50.914964855Z","sequence_num":1,"events":[{"type":"update","product_id":"BTC-USD","updates":[{"side":"bid","event_time":"2023-02-09T20:32:50.901123Z","price_level":"21921.3","new_quantity":"0"},{"side":"offer","event_time":"2023-02-09T20:32:50.902123Z","price_level":"21922.01","new_quantity":"1.25"}]}]}"#;
/// "Market Trades Channel".
const TRADES: &str = r#"{"channel":"market_trades","client_id":"","timestamp":"2023-02-09T20:19:35.39625135Z","sequence_num":2,"events":[{"type":"update","trades":[{"trade_id":"12","product_id":"BTC-USD","price":"1260.01","size":"0.3","side":"BUY","time":"2019-08-14T20:42:27.265Z"},{"trade_id":"11","product_id":"BTC-USD","price":"1260","size":"0.25","side":"SELL","time":"2019-08-14T20:42:27.165Z"}]}]}"#;
/// As the venue orders the members.
const TRADE_NOW: &str = r#"{"channel":"market_trades","timestamp":"2026-09-26T04:15:00.2Z","sequence_num":2,"events":[{"type":"update","trades":[{"product_id":"BTC-USD","trade_id":"13","price":"1260.01","size":"0.3","time":"2026-09-26T04:15:00.114692Z","side":"SELL"}]}]}"#;
/// The same page: past trades; ids with zeros in front are left to the general reader.
const PAST: &str = r#"{"channel":"market_trades","client_id":"","timestamp":"2023-02-09T20:19:35.39625135Z","sequence_num":2,"events":[{"type":"snapshot","trades":[{"trade_id":"000000000","product_id":"BTC-USD","price":"1260.01","size":"0.3","side":"BUY","time":"2019-08-14T20:42:27.265Z"}]}]}"#;
/// "Ticker Channel".
const TICKER: &str = r#"{"channel":"ticker","client_id":"","timestamp":"2023-02-09T20:30:37.167359596Z","sequence_num":3,"events":[{"type":"snapshot","tickers":[{"type":"ticker","product_id":"BTC-USD","price":"21932.98","volume_24_h":"16038.28770938","low_24_h":"21835.29","high_24_h":"23011.18","low_52_w":"15460","high_52_w":"48240","price_percent_chg_24_h":"-4.15775596190603","best_bid":"21931.98","best_bid_quantity":"8000.21","best_ask":"21933.98","best_ask_quantity":"8038.07770938"}]}]}"#;
/// "Status Channel".
const STATUS: &str = r#"{"channel":"status","client_id":"","timestamp":"2023-02-09T20:29:49.753424311Z","sequence_num":4,"events":[{"type":"snapshot","products":[{"product_type":"SPOT","id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","base_increment":"0.00000001","quote_increment":"0.01","display_name":"BTC/USD","status":"online","status_message":"","min_market_funds":"1"}]}]}"#;
/// "Heartbeats Channel", with the number the reference has instead of a text.
const HEARTBEAT: &str = r#"{"channel":"heartbeats","client_id":"","timestamp":"2023-06-23T20:31:26.122969572Z","sequence_num":5,"events":[{"current_time":"2023-06-23 20:31:56.121961769 +0000 UTC m=+91717.525857105","heartbeat_counter":3049}]}"#;
/// As the venue confirms a subscription.
const CONFIRMED: &str = r#"{"channel":"subscriptions","timestamp":"2026-04-07T14:30:00.000000Z","sequence_num":6,"events":[{"subscriptions":{"level2":["BTC-USD"],"heartbeats":["heartbeats"]}}]}"#;
const ERROR: &str = r#"{"type":"error","message":"authentication failure"}"#;

fn scanned(text: &str) -> Scanned {
    let (mut lists, mut told) = (Lists::default(), Told::default());
    let found = scan::scan(text.as_bytes(), &mut lists);
    match found.map(|message| (message.body, message.is_snapshot)) {
        Some((Body::Book { symbol, time }, is_snapshot)) => {
            tell_book(symbol, is_snapshot, time, &lists.levels, &mut told);
        }
        Some((Body::Trades, is_past)) => tell_trades(&mut lists.trades, is_past, &mut told),
        None => {}
    }
    (found.is_some(), told)
}

fn general(text: &str) -> (Result<Heard, DecodeError>, Told) {
    let (mut told, mut lists) = (Told::default(), Lists::default());
    let (reader, known) = (&mut Reader::default(), &mut Known::default());
    let heard = read::read(text.as_bytes(), reader, &mut lists, known, &mut told);
    (heard, told)
}

#[track_caller]
fn check_same(text: &str, kind: Kind) {
    let (is_known, told) = scanned(text);
    assert!(is_known);
    assert_eq!(general(text), (Ok(Heard::Kind(kind as u8)), told));
    let mut levels = Lists::default();
    let number = scan::scan(text.as_bytes(), &mut levels).unwrap().number;
    assert!(text.contains(&format!("\"sequence_num\":{number},")));
}

#[test]
fn the_scanner_reads_what_the_general_reader_does() {
    for text in [SNAPSHOT, UPDATE] {
        check_same(text, Kind::Level2);
        check_same(&text.replace("\"client_id\":\"\",", ""), Kind::Level2);
    }
    let empty = r#"{"channel":"l2_data","timestamp":"2023-02-09T20:32:50.9Z","sequence_num":9,"events":[{"type":"update","product_id":"BTC-USD","updates":[]}]}"#;
    check_same(empty, Kind::Level2);
    check_same(TRADES, Kind::Trades);
    check_same(TRADE_NOW, Kind::Trades);
    check_same(&TRADES.replace("update", "snapshot"), Kind::Trades);
    for text in [PAST, TICKER, STATUS, HEARTBEAT, CONFIRMED, ERROR] {
        assert!(!scanned(text).0);
    }
}

#[test]
fn what_is_cut_short_is_told_by_neither_reader() {
    for text in [
        SNAPSHOT, UPDATE, TRADES, TRADE_NOW, PAST, TICKER, STATUS, HEARTBEAT, CONFIRMED, ERROR,
    ] {
        for length in 0..text.len() {
            assert_eq!(scanned(&text[..length]), (false, Told::default()));
            let (heard, told) = general(&text[..length]);
            assert!(heard.is_err());
            assert_eq!(told, Told::default());
        }
    }
}

#[test]
fn random_messages_are_read_alike_by_both_readers() {
    check_random(
        |random| {
            let rows = random.rows([
                r#"{"side":"bid","event_time":"2023-02-09T20:32:50.901123Z","price_level":""#,
                r#"","new_quantity":""#,
                r#""}"#,
            ]);
            let rows = if random.below(2) == 0 {
                rows
            } else {
                rows.replace("bid", "offer")
            };
            let client = ["", r#""client_id":"","#][random.below(2) as usize];
            let n = random.below(1 << 40);
            format!(
                r#"{{"channel":"l2_data",{client}"timestamp":"2023-02-09T20:32:50.9Z","sequence_num":{n},"events":[{{"type":"update","product_id":"BTC-USD","updates":[{rows}]}}]}}"#
            )
        },
        scanned,
        general,
    );
    check_random(
        |random| {
            let (price, size) = (random.number(), random.number());
            let one = |id: u64| {
                let time = "2026-09-26T04:15:00.114692Z";
                if id.is_multiple_of(2) {
                    return format!(
                        r#"{{"product_id":"BTC-USD","trade_id":"{id}","price":"{price}","size":"{size}","time":"{time}","side":"SELL"}}"#
                    );
                }
                format!(
                    r#"{{"trade_id":"{id}","product_id":"BTC-USD","price":"{price}","size":"{size}","side":"BUY","time":"{time}"}}"#
                )
            };
            let count = random.below(4);
            let trades: Vec<String> = (0..count).map(|_| one(random.below(1 << 40))).collect();
            let trades = trades.join(",");
            format!(
                r#"{{"channel":"market_trades","timestamp":"2026-09-26T04:15:00.2Z","sequence_num":{count},"events":[{{"type":"update","trades":[{trades}]}}]}}"#
            )
        },
        scanned,
        general,
    );
}

#[test]
fn trades_are_told_oldest_first_with_the_side_of_who_crossed() {
    let told = scanned(TRADES).1.0;
    assert!(told[0].contains("Rising(11)") && told[0].contains("aggressor: Bid"));
    assert!(told[1].contains("Rising(12)") && told[1].contains("aggressor: Ask"));
    let unnumbered = TRADES.replace("\"12\"", "\"b\"").replace("\"11\"", "\"a\"");
    let told = general(&unnumbered).1.0;
    assert!(told[0].contains("aggressor: Bid") && told[0].contains("Unordered"));
    let past = general(PAST).1.0;
    assert!(past[0].contains("Rising(0)") && past[0].contains("is_past: true"));
}

#[test]
fn a_book_has_the_time_of_its_last_change_and_a_snapshot_that_of_its_message() {
    let told = scanned(UPDATE).1.0;
    assert!(told[0].contains("1675974770902123000"), "{told:?}");
    let told = scanned(SNAPSHOT).1.0;
    assert!(told[0].contains("1675974770714964855"), "{told:?}");
}

#[track_caller]
fn check_told(text: &str, kind: Kind, parts: &[&str]) {
    let (heard, told) = general(text);
    assert_eq!(heard, Ok(Heard::Kind(kind as u8)));
    assert_eq!(told.0.len(), parts.len(), "{told:?}");
    for (told, part) in told.0.iter().zip(parts) {
        assert!(told.contains(part), "{told}");
    }
}

#[test]
fn the_other_channels_are_read_as_documented() {
    let (last, volume) = (StatisticKind::LastPrice, StatisticKind::Volume24h);
    let (last, volume) = (format!("{last:?}"), format!("{volume:?}"));
    check_told(TICKER, Kind::Ticker, &[&last, &volume]);
    check_told(STATUS, Kind::Status, &["trading: Trading"]);
    let closed = STATUS.replace("online", "offline");
    check_told(&closed, Kind::Status, &["trading: NotAvailable"]);
    check_told(HEARTBEAT, Kind::Heartbeats, &[]);
    check_told(CONFIRMED, Kind::Subscriptions, &["confirmed"]);
    check_told(ERROR, Kind::Error, &["complaint authentication failure"]);
    let candles = HEARTBEAT.replace("heartbeats", "candles");
    let unknown = Ok(Heard::Unknown(Symbol::from("candles")));
    assert_eq!(general(&candles), (unknown, Told::default()));
}

#[test]
fn a_message_of_several_books_is_told_whole() {
    let event = UPDATE.split_once("[{\"type\"").unwrap().1;
    let event = event.strip_suffix("]}").unwrap();
    let second = event.replace("BTC-USD", "ETH-USD");
    let text = UPDATE.replace("]}]}", &format!("]}},{{\"type\"{second}]}}"));
    assert!(!scanned(&text).0);
    let told = general(&text).1.0;
    assert_eq!(told.len(), 2);
    assert!(told[1].contains(&format!("{:?}", b"ETH-USD")));
}

#[test]
fn prices_finer_than_ours_give_the_instrument_up_instead_of_a_part_of_its_book() {
    let finer = UPDATE.replace("21921.3", "0.00000000009");
    assert!(!scanned(&finer).0);
    let told = general(&finer).1.0;
    assert!(
        told.len() == 1 && told[0].starts_with("too fine"),
        "{told:?}"
    );
}

/// A text with another number.
fn numbered(text: &str, number: u64) -> String {
    let (head, tail) = text.split_once("\"sequence_num\":").unwrap();
    let tail = tail.split_once(',').unwrap().1;
    format!("{head}\"sequence_num\":{number},{tail}")
}

/// Tells a venue texts on their lines, and gives what the last one told.
#[derive(Default)]
struct OnLine(u8, Told);

impl Hear for OnLine {
    fn book(&mut self, book: &BookMessage<'_>) {
        self.1.book(book);
    }
    fn trade(&mut self, trade: &TradeMessage<'_>) {
        self.1.trade(trade);
    }
    fn statistic(
        &mut self,
        symbol: &[u8],
        time: crate::model::EventTime,
        kind: StatisticKind,
        value: Quantity,
    ) {
        self.1.statistic(symbol, time, kind, value);
    }
    fn product(&mut self, product: &Product) {
        self.1.product(product);
    }
    fn listing(&mut self, listing: &Listing) {
        self.1
            .0
            .push(format!("{} {:?}", listing.name().as_str(), listing.terms));
        self.1.product(&listing.product);
    }
    fn list_continues(&mut self) {
        self.1.0.push("continues".to_owned());
    }
    fn confirmed(&mut self) {
        self.1.confirmed();
    }
    fn complaint(&mut self, text: &str) {
        self.1.complaint(text);
    }
    fn reply(&mut self, text: String) {
        self.1.reply(text);
    }
    fn delisted(&mut self, symbol: &[u8]) {
        self.1.0.push(format!("delisted {symbol:?}"));
    }
    fn lost(&mut self, symbol: &[u8]) {
        self.1.lost(symbol);
    }
    fn missed(&mut self, first: u64, count: u64) {
        self.1.missed(first, count);
    }
    fn line(&self) -> Line {
        Line(self.0)
    }
}

fn told_on(texts: &[(u8, &str)]) -> Vec<String> {
    let mut venue = CoinbaseAdvanced::new("https://rest");
    let mut hear = OnLine::default();
    for (line, text) in texts {
        hear = OnLine(*line, Told::default());
        let _ = venue.read(text.as_bytes(), &mut hear);
    }
    hear.1.0
}

fn told(texts: &[&str]) -> Vec<String> {
    let texts: Vec<(u8, &str)> = texts.iter().map(|text| (0, *text)).collect();
    told_on(&texts)
}

fn lost_btc() -> String {
    format!("lost {:?}", b"BTC-USD")
}

#[test]
fn a_hole_in_the_numbers_may_have_been_any_book_of_the_connection() {
    let second = numbered(&SNAPSHOT.replace("BTC", "ETH"), 1);
    let before = [SNAPSHOT, &second];
    let after = |text: &str, number| {
        let text = numbered(text, number);
        told(&[&before[..], &[&text]].concat())
    };
    assert!(after(HEARTBEAT, 2).is_empty());
    assert_eq!(after(CONFIRMED, 2), ["confirmed"]);
    let mut said = after(HEARTBEAT, 5);
    assert_eq!(said.remove(0), "missed 3 from 2");
    said.sort();
    assert_eq!(said, [lost_btc(), format!("lost {:?}", b"ETH-USD")]);
    // What falls, too, or is said again; it may be older than what it would replace.
    for text in [SNAPSHOT, UPDATE, TRADES, CONFIRMED, TICKER] {
        let said = after(text, 1);
        assert_eq!(
            (said.len(), &said[0][..]),
            (3, "missed 1 from 2"),
            "{said:?}"
        );
    }
    assert_eq!(
        told(&[&before[..], &[&second, &numbered(UPDATE, 2)]].concat()).len(),
        1
    );
    // The hole is told before what shows it.
    let said = after(UPDATE, 4);
    assert!(said[0].starts_with("missed 2") && said[3].starts_with("BookMessage"));
    // An unknown channel is counted all the same.
    let candles = numbered(&HEARTBEAT.replace("heartbeats", "candles"), 2);
    let next = numbered(UPDATE, 3);
    assert_eq!(told(&[&before[..], &[&candles, &next]].concat()).len(), 1);
}

#[test]
fn each_connection_has_numbers_of_its_own_and_begins_them_anew() {
    let other = numbered(UPDATE, 1);
    assert_eq!(
        told_on(&[(0, SNAPSHOT), (2, SNAPSHOT), (0, &other)]).len(),
        1
    );
    // A hole on one loses no book of another.
    let late = numbered(HEARTBEAT, 7);
    assert_eq!(
        told_on(&[(0, SNAPSHOT), (2, ERROR), (2, &other), (2, &late)]),
        ["missed 5 from 2"]
    );
    // Number 0 is a new connection, which has no book yet.
    let first = numbered(CONFIRMED, 0);
    let texts = [SNAPSHOT, &other, &first];
    assert_eq!(told(&texts), ["confirmed"]);
    assert_eq!(told(&[&texts[..], &[&late]].concat()), ["missed 6 from 1"]);
    // Unless somebody knows when connections were opened.
    let mut venue = CoinbaseAdvanced::new("https://rest");
    for (text, expected) in [
        (SNAPSHOT, 1),
        (&other, 1),
        // It is repeated.
        (SNAPSHOT, 2),
        (&other, 1),
    ] {
        if text == SNAPSHOT && expected == 1 {
            venue.begin(Line(0));
        }
        let mut hear = OnLine::default();
        venue.read(text.as_bytes(), &mut hear).unwrap();
        assert_eq!(hear.1.0.len(), expected, "{:?}", hear.1);
    }
    venue.begin(Line(0));
    let mut hear = OnLine::default();
    venue.read(late.as_bytes(), &mut hear).unwrap();
    assert_eq!(hear.1, Told::default());
}

#[test]
fn a_text_that_cannot_be_read_has_had_a_number() {
    let broken = numbered(UPDATE, 1).replace("21922.01", "21922.01\"\"");
    let texts = [SNAPSHOT, &broken];
    assert!(told(&texts).is_empty());
    assert!(told(&[&texts[..], &[&numbered(HEARTBEAT, 2)]].concat()).is_empty());
    let later = numbered(HEARTBEAT, 3);
    assert_eq!(
        told(&[&texts[..], &[&later]].concat())[0],
        "missed 1 from 2"
    );
    // With its number gone, any number may come next; every book is lost anyway.
    let gone = broken.replace("sequence_num", "sequence_nxm");
    assert!(told(&[SNAPSHOT, &gone, &later]).is_empty());
    let venue = CoinbaseAdvanced::new("https://rest");
    let culprit = |text: &str| venue.culprit(text.as_bytes()).map(<[u8]>::to_vec);
    assert_eq!(culprit(&broken), Some(b"BTC-USD".to_vec()));
    assert_eq!(culprit(&gone), None);
    assert_eq!(culprit(&broken.replace("l2_data", "l2_dxta")), None);
    assert_eq!(culprit(&format!("{broken}{broken}")), None);
    assert_eq!(culprit(TRADES), Some(Vec::new()));
    assert_eq!(culprit(&UPDATE[..90]), None);
}

#[track_caller]
fn check_chain(texts: &[String], expected: (u64, u64, u64)) -> Outcomes {
    let outcomes = run(CoinbaseAdvanced::new("https://rest"), "BTC-USD", texts);
    let found = (outcomes.snapshots, outcomes.resets, outcomes.ignored);
    assert_eq!(found, expected);
    outcomes
}

#[test]
fn a_book_lives_from_its_snapshot_to_the_first_hole() {
    let text = |text: &str, number| numbered(text, number);
    check_chain(
        &[text(UPDATE, 0), text(SNAPSHOT, 1), text(UPDATE, 2)],
        (1, 0, 1),
    );
    let hole = [
        text(SNAPSHOT, 0),
        text(UPDATE, 1),
        text(HEARTBEAT, 3),
        text(UPDATE, 4),
    ];
    let outcomes = check_chain(&hole, (1, 1, 1));
    let again = [
        r#"{"type":"unsubscribe","product_ids":["BTC-USD"],"channel":"level2"}"#,
        r#"{"type":"subscribe","product_ids":["BTC-USD"],"channel":"level2"}"#,
    ];
    let asked = outcomes.said.iter().filter(|said| said.starts_with('{'));
    assert_eq!(asked.collect::<Vec<_>>(), again);
    let healed = [&hole[..], &[text(SNAPSHOT, 5), text(UPDATE, 6)]].concat();
    check_chain(&healed, (2, 1, 1));
}

#[test]
fn one_text_a_channel_is_said_and_heartbeats_first() {
    let venue = CoinbaseAdvanced::new("https://rest");
    let heartbeats = r#"{"type":"subscribe","channel":"heartbeats"}"#;
    assert_eq!(venue.subscribe(&[]), [heartbeats]);
    let symbols = [Symbol::from("BTC-USD"), Symbol::from("ETH-USD")];
    let texts = venue.subscribe(&symbols);
    assert_eq!(texts.len(), 5);
    assert_eq!(texts[0], heartbeats);
    let level2 = r#"{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channel":"level2"}"#;
    assert_eq!(texts[1], level2);
    assert_eq!(venue.unsubscribe(&symbols).len(), 4);
    assert!(venue.is_provable());
    assert!(is_product("BIP-20DEC30-CDE") && !is_product("BTC/USD"));
}

/// "List Public Products", the members that are read.
const PRODUCTS: &str = r#"{"products":[{"product_id":"BTC-USD","product_type":"SPOT","base_increment":"0.00000001","quote_increment":"0.01","price_increment":"0.01","status":"online","base_currency_id":"BTC","quote_currency_id":"USD","alias":"","alias_to":["BTC-USDC"],"future_product_details":null},{"product_id":"BTC-USDC","product_type":"SPOT","base_increment":"0.00000001","quote_increment":"0.01","price_increment":"0.01","status":"online","base_currency_id":"BTC","quote_currency_id":"USDC","alias":"BTC-USD","alias_to":[]},{"product_id":"BIT-28JUL27-CDE","product_type":"FUTURE","base_increment":"1","quote_increment":"5","price_increment":"5","status":"","base_currency_id":"","quote_currency_id":"USD","alias":"","future_product_details":{"contract_expiry":"2027-07-28T15:00:00Z","contract_size":"0.01","contract_root_unit":"BTC","contract_expiry_type":"EXPIRING"}},{"product_id":"BTC-PERP-INTX","product_type":"FUTURE","base_increment":"0.0001","quote_increment":"0.1","price_increment":"0.1","status":"online","quote_currency_id":"USDC","alias":"","future_product_details":{"contract_expiry":null,"contract_size":"1","contract_root_unit":"BTC","contract_expiry_type":"PERPETUAL"}}],"num_products":4,"pagination":{"has_next":true}}"#;

#[test]
fn products_by_rest_are_instruments_once_each() {
    let mut hear = OnLine::default();
    let mut venue = CoinbaseAdvanced::new("https://rest");
    venue.read_rest("", PRODUCTS.as_bytes(), &mut hear).unwrap();
    let told = hear.1.0;
    assert_eq!(told.len(), 7, "{told:#?}");
    assert!(
        told[0].starts_with("BTC/USD ") && told[0].contains("Spot"),
        "{}",
        told[0]
    );
    assert!(
        told[2].contains("Future") && told[2].contains("2027"),
        "{}",
        told[2]
    );
    assert!(told[3].contains("trading: Trading"), "{}", told[3]);
    assert!(told[4].contains("Perpetual"), "{}", told[4]);
    assert_eq!(told[6], "continues");
    let mut delisted = OnLine::default();
    let text = STATUS.replace("online", "delisted");
    venue.read(text.as_bytes(), &mut delisted).unwrap();
    assert_eq!(delisted.1.0, [format!("delisted {:?}", b"BTC-USD")]);
    assert_eq!(venue.lists(Selection::default().kinds).len(), 2);
}
