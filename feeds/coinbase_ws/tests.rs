#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod vectors;

use super::venue::Kind;
use super::{read, scan};
use crate::contract::{
    Action as Wish, Batch, DecodeError, Feed, FeedSettings, Form, Line, LinkEvent, Notice, Outcome,
    Packet, TickSink,
};
use crate::model::{
    Action, ChannelId, Definition, RecvTime, ResetKind, Side, Size, StatisticKind, Tick,
    TradingState,
};
use crate::session::stitch::Heard;
use crate::session::stitch::testing::{Random, Scanned, Told, check_random, recorded_texts};
use crate::session::text::Reader;
use std::sync::{Arc, Mutex};

const SNAPSHOT: &str = r#"{"type":"snapshot","product_id":"BTC-USD","asks":[["101.5","2"],["102","3.25"]],"bids":[["100","1"]]}"#;

/// Texts of every shape that is scanned, 2021's and today's: "Channels" of the manual, and the recorded session.
const HOT: [&str; 11] = [
    SNAPSHOT,
    r#"{"type":"snapshot","product_id":"BTC-USD","bids":[["100.00","1.00000000"]],"asks":[],"time":"2024-01-02T03:04:05.678901Z"}"#,
    r#"{"type":"snapshot","product_id":"NEW-USD","asks":[],"bids":[]}"#,
    r#"{"type":"l2update","product_id":"SKL-BTC","changes":[["sell","0.00001306","660.5"]],"time":"2021-04-17T16:43:37.075687Z"}"#,
    r#"{"type":"l2update","product_id":"BTC-USD","changes":[["buy","22356.270000","0.00000000"],["sell","22356.30","1.5"]],"time":"2022-08-04T15:25:05.010758Z"}"#,
    r#"{"type":"match","trade_id":280232,"maker_order_id":"2a0da34e-61f7-4c36-88e5-c9dd15927b16","taker_order_id":"3c82abaa-c01e-4608-be59-6a1e69742891","side":"sell","size":"985","price":"0.00001305","product_id":"SKL-BTC","sequence":177100030,"time":"2021-04-17T16:43:37.089723Z"}"#,
    r#"{"type":"last_match","trade_id":881613,"maker_order_id":"27fff20b","taker_order_id":"1da6ce16","side":"buy","size":"0.04","price":"14.7775","product_id":"BAND-GBP","sequence":333938798,"time":"2021-04-17T16:43:30.244075Z"}"#,
    r#"{"type":"ticker","sequence":333938798,"product_id":"BAND-GBP","price":"14.7775","open_24h":"14.6647","volume_24h":"94381.28000000","low_24h":"14.3691","high_24h":"16.55","volume_30d":"2295579.57000000","best_bid":"14.7550","best_ask":"14.8060","side":"buy","time":"2021-04-17T16:43:30.244075Z","trade_id":881613,"last_size":"0.04"}"#,
    r#"{"type":"ticker","sequence":37475248783,"product_id":"ETH-USD","price":"1285.22","open_24h":"1310.79","volume_24h":"245532.79269678","low_24h":"1280.52","high_24h":"1313.8","volume_30d":"9788783.60117027","best_bid":"1285.04","best_bid_size":"0.46688654","best_ask":"1285.27","best_ask_size":"1.56637040","side":"buy","time":"2022-10-19T23:28:22.061769Z","trade_id":370843401,"last_size":"11.4396987"}"#,
    r#"{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}"#,
    r#"{"type":"heartbeat","last_trade_id":20,"product_id":"BTC-USD","sequence":90,"time":"2014-11-07T08:19:28.464459Z"}"#,
];

const OTHERS: [&str; 4] = [
    r#"{"type":"subscriptions","channels":[{"name":"level2","product_ids":["ETH-USD","ETH-EUR"]},{"name":"heartbeat","product_ids":["ETH-USD"]}]}"#,
    r#"{"type":"error","message":"Failed to subscribe","reason":"level2 is not a valid product"}"#,
    r#"{"type":"status","products":[{"id":"BTC-USD","base_increment":"0.00000001","quote_increment":"0.01","status":"online"}],"currencies":[]}"#,
    r#"{"type":"auction","product_id":"LTC-USD"}"#,
];

fn update(side: &str, price: &str, size: &str) -> String {
    format!(
        r#"{{"type":"l2update","product_id":"BTC-USD","changes":[["{side}","{price}","{size}"]],"time":"2021-04-17T16:43:37.075687Z"}}"#
    )
}

fn trade(name: &str, id: u64) -> String {
    format!(
        r#"{{"type":"{name}","trade_id":{id},"maker_order_id":"a","taker_order_id":"b","side":"sell","size":"0.5","price":"101.5","product_id":"BTC-USD","sequence":{},"time":"2021-04-17T16:43:37.075687Z"}}"#,
        1_000 + id
    )
}

fn heartbeat(last_trade_id: u64) -> String {
    format!(
        r#"{{"type":"heartbeat","last_trade_id":{last_trade_id},"product_id":"BTC-USD","sequence":7,"time":"2021-04-17T16:43:38.075687Z"}}"#
    )
}

fn scanned(text: &str) -> Scanned {
    let mut told = Told::default();
    let kind = scan::scan(text.as_bytes(), &mut Vec::new(), &mut told);
    (kind.is_some(), told)
}

fn general(text: &str) -> (Result<Heard, DecodeError>, Told) {
    let (mut told, mut levels) = (Told::default(), Vec::new());
    let reader = &mut Reader::default();
    let heard = read::read(text.as_bytes(), reader, &mut levels, &mut told);
    (heard, told)
}

#[test]
fn known_shapes_are_scanned_and_both_readers_agree() {
    for text in HOT {
        let (heard, told) = general(text);
        assert!(matches!(heard, Ok(Heard::Kind(_))), "{heard:?} {text}");
        assert_eq!(scanned(text), (true, told), "{text}");
    }
    for text in OTHERS {
        assert_eq!(scanned(text), (false, Told::default()), "{text}");
        assert!(general(text).0.is_ok(), "{text}");
    }
}

#[test]
fn every_recorded_market_text_is_scanned() {
    for text in recorded_texts("COINBASE") {
        let is_market = !text.starts_with(r#"{"type":"subscriptions""#);
        let (is_known, told) = scanned(&text);
        assert_eq!(is_known, is_market, "{text}");
        if is_known {
            assert_eq!(general(&text).1, told, "{text}");
        }
    }
}

#[test]
fn what_is_cut_short_tells_nothing() {
    for text in HOT.iter().chain(&OTHERS) {
        for length in 0..text.len() {
            let cut = &text[..length];
            assert_eq!(scanned(cut), (false, Told::default()), "{cut}");
            let (heard, told) = general(cut);
            assert!(heard.is_err() && told.0.is_empty(), "{cut}");
        }
    }
}

#[test]
fn texts_made_at_random_are_read_alike_or_not_at_all() {
    check_random(
        |random: &mut Random| {
            let row = ["[\"buy\",\"", "\",\"", "\"]"];
            let rows = random.rows(row).replacen("buy", "sell", 1);
            format!(
                r#"{{"type":"l2update","product_id":"BTC-USD","changes":[{rows}],"time":"2022-08-04T15:25:05.010758Z"}}"#
            )
        },
        scanned,
        general,
    );
    check_random(
        |random| {
            let row = ["[\"", "\",\"", "\"]"];
            let (asks, bids) = (random.rows(row), random.rows(row));
            format!(
                r#"{{"type":"snapshot","product_id":"BTC-USD","asks":[{asks}],"bids":[{bids}]}}"#
            )
        },
        scanned,
        general,
    );
    check_random(
        |random| {
            let (n, price, size) = (random.below(1 << 40), random.number(), random.number());
            format!(
                r#"{{"type":"match","trade_id":{n},"maker_order_id":"a","taker_order_id":"b","side":"sell","size":"{size}","price":"{price}","product_id":"BTC-USD","sequence":{n},"time":"2021-04-17T16:43:37.075687Z"}}"#
            )
        },
        scanned,
        general,
    );
    check_random(
        |random| {
            let (n, price, open, size) = (
                random.below(1 << 40),
                random.number(),
                random.number(),
                random.number(),
            );
            format!(
                r#"{{"type":"ticker","sequence":{n},"product_id":"B-C","price":"{price}","open_24h":"{open}","volume_24h":"{size}","low_24h":"1","high_24h":"1","volume_30d":"1","best_bid":"1","best_ask":"1","side":"buy","time":"2021-04-17T16:43:30.244075Z","trade_id":{n},"last_size":"1"}}"#
            )
        },
        scanned,
        general,
    );
}

#[test]
fn keys_in_another_order_and_strange_members_are_read_all_the_same() {
    let text = r#" { "time":"2021-04-17T16:43:37.075687Z", "new": {"deep":[1,{"a":null}]}, "changes":[["buy","1e2","1.50"]],
        "product_id":"BTC\u002dUSD", "type":"l2update" } "#;
    let plain = update("buy", "100", "1.5");
    assert_eq!(general(text), general(&plain));
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let tag = Kind::Update as u32;
    let bad = Err(DecodeError::BadField { tag, offset: 0 });
    for text in [
        update("neither", "1", "1"),
        update("buy", "-1", "1"),
        update("buy", "one", "1"),
        update("buy", "1", ""),
        update("buy", "1", "1").replace("2021-04", "2021-13"),
    ] {
        assert_eq!(general(&text), (bad, Told::default()), "{text}");
    }
    let no_text = Err(DecodeError::BadText { offset: 0 });
    assert_eq!(general("[]").0, no_text);
    assert_eq!(general(r#"{"kind":"l2update"}"#).0, no_text);
}

#[derive(Default)]
struct Given {
    ticks: Vec<Tick>,
    definitions: Vec<Definition>,
}

struct Sink(Arc<Mutex<Given>>);

impl TickSink for Sink {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().ticks.extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().definitions.push(*definition);
    }
}

/// A feed and everything it gave.
struct Bench {
    feed: Box<dyn Feed>,
    out: Batch,
    given: Arc<Mutex<Given>>,
    now: RecvTime,
}

impl Bench {
    fn new(instruments: &[&str]) -> Bench {
        let settings = FeedSettings {
            instruments: instruments.iter().map(|name| (*name).to_owned()).collect(),
            ..FeedSettings::single_line(ChannelId(3))
        };
        let given = Arc::new(Mutex::new(Given::default()));
        Bench {
            feed: super::build(&settings).unwrap(),
            out: Batch::new(Box::new(Sink(Arc::clone(&given)))),
            given,
            now: RecvTime(1_000_000_000_000),
        }
    }

    fn link(&mut self, event: LinkEvent) {
        self.feed.on_link(event, self.now, &mut self.out);
    }

    fn packet(&mut self, form: Form<'_>, bytes: &[u8]) -> Outcome {
        let packet = Packet {
            line: Line(0),
            ts_recv: self.now,
            form,
            bytes,
        };
        let outcome = self.feed.on_packet(&packet, &mut self.out);
        self.out.flush();
        outcome
    }

    fn text(&mut self, text: &str) -> Outcome {
        self.packet(Form::Text, text.as_bytes())
    }

    fn wait(&mut self, millis: u64) {
        self.now = RecvTime(self.now.0 + millis * 1_000_000);
        self.feed.on_clock(self.now, &mut self.out);
    }

    fn said(&mut self) -> Vec<String> {
        let actions = std::iter::from_fn(|| self.feed.poll_action());
        actions
            .filter_map(|action| match action {
                Wish::SendText { text, .. } => Some(text),
                Wish::Fetch { url, .. } => Some(url),
                _ => None,
            })
            .collect()
    }

    fn notices(&mut self) -> Vec<Notice> {
        std::iter::from_fn(|| self.feed.poll_notice()).collect()
    }

    /// Everything given since the last call.
    fn ticks(&mut self) -> Vec<Tick> {
        self.out.flush();
        std::mem::take(&mut self.given.lock().unwrap().ticks)
    }

    fn definitions(&self) -> Vec<Definition> {
        self.given.lock().unwrap().definitions.clone()
    }
}

fn kinds(ticks: &[Tick]) -> Vec<Action> {
    ticks.iter().map(|tick| tick.action).collect()
}

#[test]
fn an_open_connection_is_told_what_is_wanted() {
    let mut bench = Bench::new(&["BTC-USD", "ETH-EUR"]);
    bench.link(LinkEvent::Up(Line(0)));
    let wanted = r#"{"type":"subscribe","product_ids":["BTC-USD","ETH-EUR"],"channels":["level2_batch","matches","ticker","heartbeat",{"name":"status"}]}"#;
    let list = "https://api.exchange.coinbase.com/products";
    assert_eq!(bench.said(), [list, wanted]);
    bench.text(OTHERS[0]);
    assert!(bench.notices().contains(&Notice::Subscribed(Line(0))));
}

#[test]
fn a_feed_of_all_products_hears_of_their_state_until_it_knows_them() {
    let mut bench = Bench::new(&[]);
    bench.link(LinkEvent::Up(Line(0)));
    let status = r#"{"type":"subscribe","channels":[{"name":"status"}]}"#;
    assert!(bench.said().contains(&status.to_owned()));
    bench.text(r#"{"type":"status","products":[{"id":"A-B","base_increment":"0.01","quote_increment":"0.5"}],"currencies":[]}"#);
    let wanted = r#"{"type":"subscribe","product_ids":["A-B"],"channels":["level2_batch","matches","ticker","heartbeat"]}"#;
    assert_eq!(bench.said(), [wanted]);
}

#[test]
fn a_book_that_cannot_be_read_on_is_subscribed_to_again() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.link(LinkEvent::Up(Line(0)));
    bench.text(SNAPSHOT);
    bench.wait(11_000);
    bench.said();
    bench.ticks();
    bench.text(&trade("match", 7).replace("sell", "?"));
    assert!(bench.ticks().is_empty(), "a trade is no part of a book");
    bench.text(&update("buy", "1", "1").replace(']', "?"));
    let ticks = bench.ticks();
    assert_eq!(kinds(&ticks), [Action::Reset]);
    assert_eq!(ticks[0].detail, ResetKind::AwaitSnapshot as u8);
    bench.wait(1);
    let level2 = |verb| {
        format!(r#"{{"type":"{verb}","product_ids":["BTC-USD"],"channels":["level2_batch"]}}"#)
    };
    assert_eq!(bench.said(), [level2("unsubscribe"), level2("subscribe")]);
}

#[test]
fn a_trade_names_the_aggressor_and_comes_once() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(&trade("last_match", 7));
    bench.text(&trade("match", 7));
    bench.text(&trade("match", 8));
    let ticks = bench.ticks();
    let new = [Action::Definition, Action::Reset];
    assert_eq!(
        kinds(&ticks),
        [&new[..], &[Action::Trade, Action::Trade]].concat()
    );
    assert_eq!(ticks[3].side, Side::Bid, "the maker sold");
    assert_eq!((ticks[3].order_id, ticks[3].size), (8, Size(50_000_000)));
    assert_eq!(bench.feed.counters().messages_ignored, 1);
}

#[test]
fn trades_left_out_are_named_and_no_book_suffers() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.link(LinkEvent::Up(Line(0)));
    bench.text(SNAPSHOT);
    bench.text(&trade("match", 7));
    bench.ticks();
    bench.text(&trade("match", 10));
    assert_eq!(kinds(&bench.ticks()), [Action::Trade]);
    assert!(
        bench
            .notices()
            .contains(&Notice::GapLost { first: 8, count: 2 })
    );
    let gap = bench.feed.gaps()[0];
    assert_eq!((gap.first, gap.count, gap.recovered), (8, 2, false));
    assert_eq!(bench.text(&update("buy", "1", "1")), Outcome::Applied);
    assert_eq!(kinds(&bench.ticks()), [Action::Level]);
}

#[test]
fn a_heartbeat_finds_a_missing_trade_a_second_later() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(&trade("match", 7));
    bench.text(&heartbeat(8));
    bench.text(&trade("match", 8));
    bench.wait(1_000);
    bench.text(&heartbeat(9));
    bench.text(&heartbeat(9));
    assert!(bench.feed.gaps().is_empty(), "it may be on its way");
    bench.wait(1_000);
    bench.text(&heartbeat(9));
    let gap = bench.feed.gaps()[0];
    assert_eq!((gap.first, gap.count), (9, 1));
    bench.wait(1_000);
    bench.text(&heartbeat(9));
    assert_eq!(bench.feed.gaps().len(), 1);
}

#[test]
fn a_venue_that_counts_its_trades_anew_is_followed() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.link(LinkEvent::Up(Line(0)));
    bench.text(&trade("match", 500));
    bench.link(LinkEvent::Down(Line(0)));
    bench.link(LinkEvent::Up(Line(0)));
    bench.notices();
    bench.ticks();
    bench.text(&trade("match", 1));
    assert!(
        bench
            .notices()
            .contains(&Notice::SessionReset { sequence: 1 })
    );
    bench.text(&trade("match", 2));
    assert_eq!(kinds(&bench.ticks()), [Action::Trade; 2]);
    assert!(bench.feed.gaps().is_empty());
}

#[test]
fn a_ticker_is_three_statistics() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(r#"{"type":"ticker","sequence":9,"product_id":"BTC-USD","price":"14.5","open_24h":"14","volume_24h":"2.5","time":"2021-04-17T16:43:30.244075Z"}"#);
    let ticks = bench.ticks();
    let details: Vec<u8> = ticks[2..].iter().map(|tick| tick.detail).collect();
    let wanted = [
        StatisticKind::Volume24h,
        StatisticKind::OpenPrice24h,
        StatisticKind::LastPrice,
    ];
    assert_eq!(details, wanted.map(|kind| kind as u8));
    assert_eq!(ticks[2].size, Size(250_000_000));
    assert_eq!(ticks[4].price.0, 14_500_000_000);
}

#[test]
fn what_the_status_channel_changes_is_told() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(SNAPSHOT);
    bench.ticks();
    let status = |step: &str, is_disabled: bool| {
        format!(
            r#"{{"type":"status","products":[{{"id":"BTC-USD","base_currency":"BTC","quote_currency":"USD","base_increment":"1","quote_increment":"{step}","trading_disabled":{is_disabled}}}],"currencies":[]}}"#
        )
    };
    bench.text(&status("0.01", false));
    assert_eq!(kinds(&bench.ticks()), [Action::Definition]);
    let last = *bench.definitions().last().unwrap();
    assert_eq!((last.tick_size.0, last.size_decimals), (10_000_000, 8));
    assert_eq!(last.name.as_str(), "BTC/USD");
    bench.text(&status("0.01", false));
    assert!(bench.ticks().is_empty(), "nothing new");
    bench.text(&status("0.01", true));
    let ticks = bench.ticks();
    assert_eq!(kinds(&ticks), [Action::Status]);
    assert_eq!(ticks[0].detail, TradingState::Halt as u8);
}

#[test]
fn a_complaint_is_said_with_the_venues_words() {
    let mut bench = Bench::new(&["BTC-USD"]);
    bench.text(OTHERS[1]);
    let said = bench.notices();
    let words = |notice: &Notice| matches!(notice, Notice::VenueError(text) if text.as_str().starts_with("level2 is not"));
    assert!(said.iter().any(words), "{said:?}");
}
