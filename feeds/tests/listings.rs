//! Instruments chosen by patterns from what the venue lists, while the list changes; no socket between feed and venue.
#![allow(clippy::unwrap_used)]

use feeds::contract::{
    Action, Batch, Descriptor, Feed, FeedSettings, Form, Line, LinkEvent, Notice, Packet, TickSink,
    Value,
};
use feeds::model::{self, ChannelId, Definition, EventTime, Price, RecvTime, Side, Symbol, Tick};
use feeds::model::{InstrumentKind, TradingState};
use feeds::simulator::{MarketEvent, VenueSimulator};
use std::sync::{Arc, Mutex};

const START: u64 = 1_700_000_000_000_000_000;
const SECOND: u64 = 1_000_000_000;
const CONNECTION: u32 = 1;
/// Rooms whose venues list their instruments by REST.
const ROOMS: [&str; 11] = [
    "binance_spot",
    "binance_usdm",
    "bitmex_ws",
    "bitstamp_ws",
    "bybit_ws_v5",
    "coinbase_advanced",
    "deribit_ws",
    "gateio_ws",
    "kraken_futures",
    "kucoin_ws",
    "okx_ws",
];

/// What was made: symbols by id, and what happened to each.
#[derive(Default)]
struct Seen {
    definitions: Vec<Definition>,
    ticks: Vec<Tick>,
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Seen>>);

impl TickSink for Sink {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().ticks.extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().definitions.push(*definition);
    }
}

struct World {
    room: &'static Descriptor,
    feed: Box<dyn Feed>,
    venue: Box<dyn VenueSimulator>,
    out: Batch,
    seen: Sink,
    /// What the venue lists; `None`: it does not answer.
    listed: Option<Vec<Symbol>>,
    /// How often it was asked.
    asked: usize,
    notices: Vec<Notice>,
    now: u64,
    order: u64,
}

fn symbols(names: &[&str]) -> Vec<Symbol> {
    names.iter().map(|name| Symbol::from(*name)).collect()
}

impl World {
    fn new(room: &'static str, instruments: &[&str], traded: &[&str]) -> World {
        let room = feeds::descriptor(room).unwrap();
        let settings = FeedSettings {
            instruments: instruments.iter().map(|&name| name.to_owned()).collect(),
            own: vec![("instruments_refresh_s".to_owned(), Value::Integer(60))],
            ..FeedSettings::single_line(ChannelId(0))
        };
        let seen = Sink::default();
        let mut venue = (room.simulator)();
        venue.open(EventTime(START), &symbols(traded));
        venue.on_connect(CONNECTION);
        let mut feed = (room.build)(&settings).unwrap();
        let mut out = Batch::new(Box::new(seen.clone()));
        feed.on_link(LinkEvent::Up(Line(0)), RecvTime(START), &mut out);
        World {
            room,
            feed,
            venue,
            out,
            seen,
            listed: Some(symbols(traded)),
            asked: 0,
            notices: Vec::new(),
            now: START,
            order: 0,
        }
    }

    fn hear(&mut self, form: Form<'_>, bytes: &[u8]) {
        let packet = Packet {
            line: Line(0),
            ts_recv: RecvTime(self.now),
            form,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.out);
    }

    fn fetch(&mut self, url: &str) {
        let at = EventTime(self.now);
        // Snapshots name their instrument; lists are of a venue that has what is listed.
        let mut lists = (self.room.simulator)();
        lists.open(at, &[]);
        if lists.on_fetch(at, url).is_none() {
            if let Some(body) = self.venue.on_fetch(at, url) {
                self.hear(Form::Rest(url), body.as_bytes());
            }
            return;
        }
        self.asked += 1;
        if let Some(listed) = self.listed.clone() {
            lists.open(at, &listed);
            let body = lists.on_fetch(at, url).unwrap();
            self.hear(Form::Rest(url), body.as_bytes());
        }
    }

    /// So many quarters of a second in which every instrument is traded.
    fn run(&mut self, quarters: u64, traded: u32) {
        for _ in 0..quarters {
            self.now += SECOND / 4;
            let at = EventTime(self.now);
            for symbol in 0..traded {
                self.order += 1;
                let event = MarketEvent::Add {
                    symbol,
                    order: self.order,
                    side: Side::Bid,
                    price: Price(1_000_000_000 + (self.order % 50) as i64 * 10_000_000),
                    size: 10,
                };
                self.venue.on_event(at, &event);
            }
            self.venue.on_clock(at);
            self.feed.on_clock(RecvTime(self.now), &mut self.out);
            for _ in 0..1_000 {
                match self.feed.poll_action() {
                    Some(Action::SendText { text, .. }) => {
                        self.venue.on_text(at, CONNECTION, &text);
                    }
                    Some(Action::Fetch { url, .. }) => self.fetch(&url),
                    Some(Action::Reconnect { reason, .. }) => {
                        panic!("{}: {reason}", self.room.name)
                    }
                    Some(_) => {}
                    None => break,
                }
            }
            while let Some((_, text)) = self.venue.poll_text() {
                self.hear(Form::Text, text.as_bytes());
            }
            while let Some(notice) = self.feed.poll_notice() {
                self.notices.push(notice);
            }
            self.out.flush();
        }
    }

    /// Symbols with a live book, or that were closed, sorted.
    fn having(&self, is_it: impl Fn(&[&Tick]) -> bool) -> Vec<String> {
        let seen = self.seen.0.lock().unwrap();
        let mut found: Vec<String> = Vec::new();
        for definition in &seen.definitions {
            let of = |tick: &&Tick| tick.instrument == definition.instrument;
            let ticks: Vec<&Tick> = seen.ticks.iter().filter(of).collect();
            let name = definition.symbol.as_str().to_owned();
            if is_it(&ticks) && !found.contains(&name) {
                found.push(name);
            }
        }
        found.sort();
        found
    }

    fn live(&self) -> Vec<String> {
        self.having(|ticks| {
            let says =
                |tick: &&&Tick| matches!(tick.action, model::Action::Reset | model::Action::Level);
            let last = ticks.iter().rev().find(says);
            last.is_some_and(|tick| tick.action == model::Action::Level)
        })
    }

    fn closed(&self) -> Vec<String> {
        self.having(|ticks| {
            let mut all = ticks.iter().rev();
            let status = all.find(|tick| tick.action == model::Action::Status);
            status.is_some_and(|tick| tick.detail == TradingState::Close as u8)
        })
    }
}

const TRADED: [&str; 3] = ["SIMA0", "SIMB0", "SIMA1"];

#[test]
fn a_pattern_subscribes_to_what_it_matches_and_to_nothing_else() {
    for room in ROOMS {
        let mut world = World::new(room, &["SIMA*", "!*1"], &TRADED);
        world.run(40, 3);
        assert_eq!(world.live(), ["SIMA0"], "{room}");
        let counters = world.feed.counters();
        assert_eq!(counters.unknown_instrument_messages, 0, "{room}");
        assert_eq!(counters.decode_errors_total(), 0, "{room}");
        assert_eq!(counters.instruments_listed, 0, "{room}");
    }
}

#[test]
fn what_is_listed_later_gets_a_book_and_what_is_delisted_is_closed() {
    for room in ROOMS {
        let mut world = World::new(room, &["SIMA*", "SIMB0"], &TRADED);
        world.listed = Some(symbols(&TRADED[..2]));
        world.run(40, 3);
        assert_eq!(world.live(), ["SIMA0", "SIMB0"], "{room}");

        world.listed = Some(symbols(&TRADED));
        world.run(280, 3);
        assert_eq!(world.live(), ["SIMA0", "SIMA1", "SIMB0"], "{room}");
        assert_eq!(world.feed.counters().instruments_listed, 1, "{room}");
        let told = Notice::Listed(Symbol::from("SIMA1"));
        assert_eq!(count(&world.notices, &told), 1, "{room}");

        world.listed = Some(symbols(&TRADED[1..]));
        world.run(280, 3);
        assert_eq!(world.live(), ["SIMA1", "SIMB0"], "{room}");
        assert_eq!(world.closed(), ["SIMA0"], "{room}");
        assert_eq!(world.feed.counters().instruments_delisted, 1, "{room}");
        let told = Notice::Delisted(Symbol::from("SIMA0"));
        assert_eq!(count(&world.notices, &told), 1, "{room}");

        world.listed = Some(symbols(&TRADED));
        world.run(280, 3);
        assert_eq!(world.live(), ["SIMA0", "SIMA1", "SIMB0"], "{room}");
    }
}

fn count(notices: &[Notice], told: &Notice) -> usize {
    notices.iter().filter(|notice| *notice == told).count()
}

#[test]
fn a_list_that_does_not_come_or_is_empty_is_asked_for_again() {
    for listed in [None, Some(Vec::new())] {
        let mut world = World::new("binance_spot", &["SIMA0", "SIMB*"], &TRADED);
        world.listed = listed;
        world.run(120, 3);
        assert_eq!(world.live(), ["SIMA0"], "a name needs no list");
        assert_eq!(world.asked, 3, "at once, after 10 s, after 20 s more");
        assert_eq!(count(&world.notices, &Notice::ListMissing), 1);
        world.listed = Some(symbols(&TRADED));
        // Forty seconds more.
        world.run(170, 3);
        assert_eq!(world.live(), ["SIMA0", "SIMB0"]);
    }
}

#[test]
fn an_empty_list_closes_no_book() {
    let mut world = World::new("binance_spot", &["*"], &TRADED);
    world.run(40, 3);
    world.listed = Some(Vec::new());
    world.run(280, 3);
    assert_eq!(world.live(), ["SIMA0", "SIMA1", "SIMB0"]);
    assert_eq!(world.feed.counters().instruments_delisted, 0);
}

#[test]
fn a_pattern_that_matches_nothing_is_said_once() {
    let mut world = World::new("binance_spot", &["SIM?0", "*-EUR"], &TRADED);
    world.run(600, 3);
    assert!(world.asked > 2, "asked {}", world.asked);
    let told = Notice::NothingMatches(Symbol::from("*-EUR"));
    assert_eq!(count(&world.notices, &told), 1);
    let said = |notice: &&Notice| matches!(notice, Notice::NothingMatches(_));
    assert_eq!(world.notices.iter().filter(said).count(), 1);
}

/// What a feed said, joined.
fn said(feed: &mut dyn Feed) -> String {
    let mut said = String::new();
    for _ in 0..1_000 {
        match feed.poll_action() {
            Some(Action::SendText { text, .. }) => said += &text,
            Some(_) => {}
            None => break,
        }
    }
    said
}

#[test]
fn a_list_that_comes_on_the_connection_is_followed_as_it_changes() {
    let room = feeds::descriptor("kraken_ws_v2").unwrap();
    let settings = FeedSettings {
        instruments: vec!["*/USD".to_owned(), "!DOGE/*".to_owned()],
        ..FeedSettings::single_line(ChannelId(0))
    };
    let mut feed = (room.build)(&settings).unwrap();
    let mut out = Batch::new(Box::new(Sink::default()));
    let pair = |name: &str, status: &str| {
        let (base, quote) = name.split_once('/').unwrap();
        format!(
            "{{\"symbol\":\"{name}\",\"base\":\"{base}\",\"quote\":\"{quote}\",\"status\":\"{status}\",\
             \"qty_increment\":0.00000001,\"price_increment\":0.1}}"
        )
    };
    let mut tell = |feed: &mut Box<dyn Feed>, kind: &str, pairs: &[String]| {
        let text = format!(
            "{{\"channel\":\"instrument\",\"type\":\"{kind}\",\"data\":{{\"assets\":[],\"pairs\":[{}]}}}}",
            pairs.join(",")
        );
        let packet = Packet {
            line: Line(0),
            ts_recv: RecvTime(START),
            form: Form::Text,
            bytes: text.as_bytes(),
        };
        feed.on_packet(&packet, &mut out);
        said(feed.as_mut())
    };
    let mut blank = Batch::new(Box::new(Sink::default()));
    feed.on_link(LinkEvent::Up(Line(0)), RecvTime(START), &mut blank);
    let first = said(feed.as_mut());
    assert!(first.contains("\"channel\":\"instrument\""), "{first}");
    assert!(!first.contains("\"channel\":\"book\""), "{first}");

    let list = [
        pair("BTC/USD", "online"),
        pair("BTC/EUR", "online"),
        pair("DOGE/USD", "online"),
    ];
    let told = tell(&mut feed, "snapshot", &list);
    assert!(told.contains("BTC/USD"), "{told}");
    assert!(
        !told.contains("BTC/EUR") && !told.contains("DOGE"),
        "{told}"
    );

    let told = tell(&mut feed, "update", &[pair("NEW/USD", "online")]);
    assert!(
        told.contains("\"subscribe\"") && told.contains("NEW/USD"),
        "{told}"
    );
    assert!(!told.contains("BTC/USD"), "{told}");

    let told = tell(&mut feed, "update", &[pair("BTC/USD", "delisted")]);
    assert!(
        told.contains("\"unsubscribe\"") && told.contains("BTC/USD"),
        "{told}"
    );
    assert_eq!(feed.counters().instruments_delisted, 1);
    assert_eq!(feed.counters().instruments_listed, 1);
    assert_eq!(feed.counters().decode_errors_total(), 0);
}

#[test]
fn lists_say_what_instruments_are() {
    let body = r#"{"symbols":[{"symbol":"BTCUSD_261225","pair":"BTCUSD","contractType":"CURRENT_QUARTER",
        "deliveryDate":1798185600000,"contractStatus":"TRADING","contractSize":100,"marginAsset":"BTC",
        "baseAsset":"BTC","quoteAsset":"USD","filters":[]}]}"#;
    let mut world = World::new("binance_coinm", &["BTC/USD:BTC-*"], &["BTCUSD_261225"]);
    world.listed = None;
    world.run(1, 0);
    let url = "https://dapi.binance.com/dapi/v1/exchangeInfo";
    world.hear(Form::Rest(url), body.as_bytes());
    world.run(8, 1);
    let seen = world.seen.0.lock().unwrap();
    let definition = seen.definitions.first().unwrap();
    assert_eq!(definition.name.as_str(), "BTC/USD:BTC-261225");
    assert_eq!(definition.terms.kind, InstrumentKind::Future);
    assert_eq!(definition.terms.currency(), "USD");
    assert_eq!(definition.terms.multiplier, Price(100_000_000_000));
}

#[test]
fn what_is_no_pattern_is_a_fault_with_its_reason() {
    let room = feeds::descriptor("binance_spot").unwrap();
    let check = |instruments: &[&str], own: &[(&str, Value)], why: &str| {
        let settings = FeedSettings {
            instruments: instruments.iter().map(|&name| name.to_owned()).collect(),
            own: own
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect(),
            ..FeedSettings::single_line(ChannelId(0))
        };
        let Err(faults) = (room.build)(&settings) else {
            panic!("{instruments:?} {own:?} was taken");
        };
        assert!(faults[0].why.contains(why), "{faults:?}");
    };
    check(&["BTC *"], &[], "is no pattern");
    check(&["!"], &[], "is no pattern");
    check(
        &["BTCUSDT", "!ETH*"],
        &[],
        "no pattern to make exceptions from",
    );
    check(&["btc-usd"], &[], "is no instrument");
    let kind = Value::Text("swap".to_owned());
    check(&["*"], &[("kind", kind)], "no such kind");
    check(
        &["*"],
        &[("instruments_refresh_s", Value::Integer(1))],
        "neither 0",
    );
}

/// A page of a list; what stands behind it is at its cursor.
fn page(names: &[&str], cursor: &str) -> String {
    let entries: Vec<String> = names
        .iter()
        .map(|name| format!("{{\"symbol\":\"{name}\",\"status\":\"Trading\"}}"))
        .collect();
    let entries = entries.join(",");
    format!("{{\"result\":{{\"list\":[{entries}],\"nextPageCursor\":\"{cursor}\"}}}}")
}

/// Addresses the feed asks for, and what it says.
fn wishes(world: &mut World) -> (Vec<String>, String) {
    let now = RecvTime(world.now);
    if world.feed.next_deadline().is_some_and(|at| at <= now) {
        world.feed.on_clock(now, &mut world.out);
    }
    let (mut urls, mut said) = (Vec::new(), String::new());
    while let Some(action) = world.feed.poll_action() {
        match action {
            Action::Fetch { url, .. } => urls.push(url),
            Action::SendText { text, .. } => said.push_str(&text),
            _ => {}
        }
    }
    (urls, said)
}

#[test]
fn a_list_of_several_pages_is_whole_with_its_last_one() {
    let mut world = World::new("bybit_ws_v5", &["A*"], &[]);
    let (urls, _) = wishes(&mut world);
    let first = urls[0].clone();
    world.hear(Form::Rest(&first), page(&["AAA"], "c%3D2").as_bytes());
    let (urls, _) = wishes(&mut world);
    assert_eq!(urls, [format!("{first}&cursor=c%3D2")]);
    world.hear(Form::Rest(&urls[0]), page(&["AAB"], "c%3D3").as_bytes());
    let (urls, _) = wishes(&mut world);
    assert_eq!(urls, [format!("{first}&cursor=c%3D3")]);
    // The third page does not come: the list begins anew.
    world.now += 11 * SECOND;
    let (urls, _) = wishes(&mut world);
    assert_eq!(urls, [first.as_str()]);
    world.hear(Form::Rest(&first), page(&["AAA"], "x").as_bytes());
    let (urls, _) = wishes(&mut world);
    world.hear(Form::Rest(&urls[0]), page(&["AAB"], "").as_bytes());
    assert_eq!(world.feed.counters().instruments_listed, 0);

    // A minute later one is gone and one is new, which only the last page shows.
    world.now += 61 * SECOND;
    let (urls, _) = wishes(&mut world);
    assert!(urls.contains(&first), "{urls:?}");
    world.hear(Form::Rest(&first), page(&["AAA"], "y").as_bytes());
    assert_eq!(world.feed.counters().instruments_delisted, 0);
    let (urls, _) = wishes(&mut world);
    world.hear(Form::Rest(&urls[0]), page(&["AAC"], "").as_bytes());
    let counters = world.feed.counters();
    assert_eq!(counters.instruments_listed, 1);
    assert_eq!(counters.instruments_delisted, 1);
    let (_, said) = wishes(&mut world);
    assert!(said.contains("orderbook.200.AAC"), "{said}");
}

#[test]
fn options_are_found_by_what_they_are_on() {
    let mut world = World::new("okx_ws", &["*-C"], &[]);
    let (urls, _) = wishes(&mut world);
    let indices = urls.iter().find(|url| url.contains("/underlying?"));
    let indices = indices.unwrap().clone();
    let body = r#"{"code":"0","data":[["BTC-USD","ETH-USD"]],"msg":""}"#;
    world.hear(Form::Rest(&indices), body.as_bytes());
    let mut all = String::new();
    for (index, name) in [
        ("BTC-USD", "BTC-USD-301227-90000-C"),
        ("ETH-USD", "ETH-USD-301227-9000-C"),
    ] {
        let (urls, said) = wishes(&mut world);
        all += &said;
        let expected = format!("instruments?instType=OPTION&uly={index}");
        assert!(urls.len() == 1 && urls[0].ends_with(&expected), "{urls:?}");
        let body = format!(
            "{{\"code\":\"0\",\"data\":[{{\"instId\":\"{name}\",\"instType\":\"OPTION\",\"uly\":\"{index}\",\
             \"optType\":\"C\",\"stk\":\"9000\",\"lotSz\":\"1\",\"tickSz\":\"0.0001\",\"state\":\"live\"}}]}}"
        );
        world.hear(Form::Rest(&urls[0]), body.as_bytes());
    }
    let (_, said) = wishes(&mut world);
    all += &said;
    for name in ["BTC-USD-301227-90000-C", "ETH-USD-301227-9000-C"] {
        assert!(all.contains(name), "{all}");
    }
}
