//! The simulated venue and the feed, back to back: no socket between them.

use super::*;
use crate::coinbase_ws::DESCRIPTOR;
use crate::coinbase_ws::simulator::CoinbaseServer;
use crate::contract::{self, FieldSink, InspectedMessage, LinkEvent, MessageSink, Notice};
use crate::model::{EventTime, Symbol};
use crate::simulator::{MarketEvent, VenueSimulator};

const START: u64 = 1_700_000_000_000_000_000;
const MILLISECOND: u64 = 1_000_000;

/// Numbers of a fixed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }
}

/// Orders of one symbol list, never crossed: bids below 1,000 steps, asks above.
struct Flow {
    dice: Dice,
    open: Vec<(u32, u64, u64)>,
    next: u64,
}

impl Flow {
    fn event(&mut self, symbols: u64) -> MarketEvent {
        self.next += 1;
        let roll = self.dice.below(10);
        if self.open.len() < 20 || roll < 5 {
            let symbol = self.dice.below(symbols) as u32;
            let side = if roll.is_multiple_of(2) {
                Side::Bid
            } else {
                Side::Ask
            };
            let distance = 1 + self.dice.below(50) as i64;
            let steps = if side == Side::Bid {
                1_000 - distance
            } else {
                1_000 + distance
            };
            let size = 1 + self.dice.below(500_000_000);
            self.open.push((symbol, self.next, size));
            let price = Price(steps * 10_000_000);
            return MarketEvent::Add {
                symbol,
                order: self.next,
                side,
                price,
                size,
            };
        }
        let index = self.dice.below(self.open.len() as u64) as usize;
        let (symbol, order, size) = self.open.swap_remove(index);
        match roll {
            5..8 => MarketEvent::Delete { symbol, order },
            _ => MarketEvent::Execute {
                symbol,
                order,
                size,
                trade: self.next,
            },
        }
    }
}

struct World {
    venue: CoinbaseServer,
    bench: Bench,
    books: Vec<Book>,
    trades: u64,
    connection: u32,
}

impl World {
    fn new(channels: &[&str]) -> World {
        let symbols = [Symbol::from("BTC-USD"), Symbol::from("ETH-USD")];
        let mut venue = CoinbaseServer::new(8, Price(10_000_000));
        venue.open(EventTime(START), &symbols);
        let settings = FeedSettings {
            instruments: symbols.iter().map(Symbol::to_string).collect(),
            ..with_channels(channels)
        };
        World {
            venue,
            bench: Bench::of(&settings),
            books: vec![Book::default(); 2],
            trades: 0,
            connection: 0,
        }
    }

    fn connect(&mut self) {
        self.connection += 1;
        self.venue.on_connect(self.connection);
        let (now, out) = (self.bench.now, &mut self.bench.out);
        self.bench.feed.on_link(LinkEvent::Up(Line(0)), now, out);
    }

    fn disconnect(&mut self) {
        self.venue.on_disconnect(self.connection);
        let (now, out) = (self.bench.now, &mut self.bench.out);
        self.bench.feed.on_link(LinkEvent::Down(Line(0)), now, out);
    }

    /// Carries everything there is to carry, both ways.
    fn turn(&mut self, now: u64) {
        self.bench.now = RecvTime(now);
        self.bench.feed.on_clock(RecvTime(now), &mut self.bench.out);
        while let Some(action) = self.bench.feed.poll_action() {
            match action {
                contract::Action::SendText { text, .. } => {
                    self.venue.on_text(EventTime(now), self.connection, &text);
                }
                other => panic!("nothing of that kind is needed here: {other:?}"),
            }
        }
        self.venue.on_clock(EventTime(now));
        while let Some((connection, text)) = self.venue.poll_text() {
            assert_eq!(connection, self.connection);
            let outcome = self.bench.text(&text);
            assert!(!matches!(outcome, Outcome::Refused(_)), "{text}");
        }
        let ticks = self.bench.ticks();
        check_events(&ticks);
        for tick in &ticks {
            if tick.instrument == crate::model::InstrumentId::ALL {
                self.books.iter_mut().for_each(|book| book.apply(tick));
                continue;
            }
            self.books[tick.instrument.index()].apply(tick);
            self.trades += u64::from(tick.action == Action::Trade);
        }
    }

    #[track_caller]
    fn check_books(&self) {
        for definition in self.bench.definitions() {
            let book = &self.books[definition.instrument.index()];
            let product = u32::from(definition.symbol.as_str() == "ETH-USD");
            assert!(book.is_live);
            assert_eq!(
                book.best_bids(usize::MAX),
                self.venue.levels(product, Side::Bid)
            );
            assert_eq!(
                book.best_asks(usize::MAX),
                self.venue.levels(product, Side::Ask)
            );
        }
    }
}

#[track_caller]
fn check_run(channels: &[&str]) {
    let mut world = World::new(channels);
    let mut flow = Flow {
        dice: Dice(7),
        open: Vec::new(),
        next: 0,
    };
    let mut now = START;
    world.bench.now = RecvTime(now);
    for _ in 0..500 {
        world.venue.on_event(EventTime(now), &flow.event(2));
    }
    let before = world.venue.last_trade_id(0) + world.venue.last_trade_id(1);
    world.connect();
    for step in 0..4_000u64 {
        now += MILLISECOND;
        world.venue.on_event(EventTime(now), &flow.event(2));
        world.turn(now);
        if step == 2_000 {
            world.disconnect();
            world.turn(now);
            assert!(world.books.iter().all(|book| !book.is_live));
            world.connect();
        }
    }
    // One batch later nothing is pending.
    world.turn(now + 51 * MILLISECOND);
    world.check_books();
    let all = world.venue.last_trade_id(0) + world.venue.last_trade_id(1);
    // Of the trades before the connection, one a product is repeated.
    assert_eq!(world.trades, all - before + 2);
    assert!(world.bench.feed.gaps().is_empty());
    assert!(
        std::iter::from_fn(|| world.bench.feed.poll_notice())
            .any(|notice| notice == Notice::Subscribed(Line(0)))
    );
    let types = world.bench.feed.messages_by_type();
    let heartbeats = types
        .iter()
        .find(|(name, _)| *name == "heartbeat")
        .unwrap()
        .1;
    assert!(
        (6..=10).contains(&heartbeats),
        "{heartbeats} in four seconds"
    );
    assert_eq!(
        world.bench.definitions().len(),
        4,
        "each once, and again when status says its price step"
    );
}

#[test]
fn batched_books_equal_the_venues_over_a_lost_connection() {
    check_run(&["level2_batch", "matches", "ticker", "heartbeat", "status"]);
}

#[test]
fn unbatched_books_equal_the_venues_over_a_lost_connection() {
    check_run(&["level2", "matches", "ticker_batch", "heartbeat", "status"]);
}

fn answers(venue: &mut CoinbaseServer, text: &str) -> Vec<String> {
    venue.on_text(EventTime(START), 1, text);
    std::iter::from_fn(|| venue.poll_text())
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn the_venue_answers_requests_and_complains_of_others() {
    let mut venue = CoinbaseServer::new(2, Price(10_000_000));
    venue.open(EventTime(START), &[Symbol::from("A-B")]);
    venue.on_connect(1);
    let said = answers(
        &mut venue,
        r#"{"type":"subscribe","channels":[{"name":"level2","product_ids":["A-B"]},"#,
    );
    assert_eq!(
        said,
        [r#"{"type":"error","message":"Failed to subscribe","reason":"Malformed JSON"}"#]
    );
    let said = answers(
        &mut venue,
        r#"{"type":"subscribe","channels":[{"name":"level2","product_ids":["A-B"]}]}"#,
    );
    assert_eq!(
        said,
        [
            r#"{"type":"subscriptions","channels":[{"name":"level2","product_ids":["A-B"]}]}"#,
            r#"{"type":"snapshot","product_id":"A-B","asks":[],"bids":[],"time":"2023-11-14T22:13:20.000000Z"}"#,
        ]
    );
    let add = MarketEvent::Add {
        symbol: 0,
        order: 1,
        side: Side::Ask,
        price: Price(1_500_000_000),
        size: 250,
    };
    venue.on_event(EventTime(START), &add);
    let (_, said) = venue.poll_text().unwrap();
    assert_eq!(
        said,
        r#"{"type":"l2update","product_id":"A-B","changes":[["sell","1.5","2.50"]],"time":"2023-11-14T22:13:20.000000Z"}"#
    );
    let said = answers(
        &mut venue,
        r#"{"type":"unsubscribe","product_ids":["A-B"],"channels":["level2"]}"#,
    );
    assert_eq!(said, [r#"{"type":"subscriptions","channels":[]}"#]);
    venue.on_event(
        EventTime(START),
        &MarketEvent::Delete {
            symbol: 0,
            order: 1,
        },
    );
    assert_eq!(venue.poll_text(), None);
    for (text, reason) in [
        (
            r#"{"type":"subscribe","product_ids":["X-Y"],"channels":["level2"]}"#,
            "not a valid product",
        ),
        (
            r#"{"type":"subscribe","product_ids":["A-B"],"channels":["full"]}"#,
            "no such channel",
        ),
        (
            r#"{"type":"subscribe","channels":["level2"]}"#,
            "product_ids missing",
        ),
        (
            r#"{"type":"hello"}"#,
            "Type has to be either subscribe or unsubscribe",
        ),
        ("7", "Malformed JSON"),
    ] {
        let said = answers(&mut venue, text);
        assert_eq!(said.len(), 1);
        assert!(said[0].contains(reason), "{said:?}");
    }
}

#[test]
fn the_list_of_products_is_read_as_it_is_written() {
    let mut venue = CoinbaseServer::new(3, Price(10_000_000));
    venue.open(EventTime(START), &[Symbol::from("BTC-USD")]);
    let mut bench = Bench::new(&[]);
    let list = venue.products_json();
    assert_eq!(
        bench.packet(Form::Rest("https://x/products"), list.as_bytes()),
        Outcome::Applied
    );
    bench.text(r#"{"type":"snapshot","product_id":"BTC-USD","asks":[["1","0.125"]],"bids":[]}"#);
    let definition = bench.definitions()[0];
    assert_eq!(
        (definition.size_decimals, definition.tick_size),
        (3, Price(10_000_000))
    );
}

#[derive(Default)]
struct Shown(Vec<(String, Option<u64>, String)>);

struct Members(String);

impl FieldSink for Members {
    fn integer(&mut self, _: &'static str, _: i128) {}
    fn decimal(&mut self, _: &'static str, _: i128, _: u8) {}
    fn text(&mut self, _: &'static str, _: &[u8]) {}
    fn code(&mut self, _: &'static str, _: u8) {}
    fn flag(&mut self, _: &'static str, _: bool) {}
    fn begin_object(&mut self, _: &'static str) {}
    fn end_object(&mut self) {}
    fn begin_list(&mut self, _: &'static str) {}
    fn end_list(&mut self) {}
    fn json_members(&mut self, object: &str) {
        self.0 = object.to_owned();
    }
}

impl MessageSink for Shown {
    fn message(&mut self, channel: &str, sequence: Option<u64>, message: &dyn InspectedMessage) {
        assert_eq!(channel, "0");
        let mut members = Members(String::new());
        message.fields(&mut members);
        self.0
            .push((message.name().to_owned(), sequence, members.0));
    }
}

#[track_caller]
fn check_shown(form: Form<'_>, text: &str, expected: &[(&str, Option<u64>, &str)]) {
    let packet = Packet {
        line: Line(0),
        ts_recv: RecvTime(0),
        form,
        bytes: text.as_bytes(),
    };
    let mut shown = Shown::default();
    (DESCRIPTOR.inspect)(&packet, &mut shown).unwrap();
    let shown: Vec<_> = shown
        .0
        .iter()
        .map(|(name, sequence, text)| (name.as_str(), *sequence, text.as_str()))
        .collect();
    assert_eq!(shown, expected);
}

#[test]
fn inspect_shows_the_venues_own_members() {
    check_shown(Form::Text, SNAPSHOT, &[("snapshot", None, SNAPSHOT)]);
    let beat = heartbeat(5, 77);
    check_shown(Form::Text, &beat, &[("heartbeat", Some(77), &beat)]);
    let (one, two) = (r#"{"id":"A}\"-B","x":{"y":[{}]}}"#, r#"{"id":"C-D"}"#);
    let list = format!("[{one}, {two}]");
    check_shown(
        Form::Rest("https://x/products"),
        &list,
        &[("product", None, one), ("product", None, two)],
    );
    let packet = Packet {
        line: Line(0),
        ts_recv: RecvTime(0),
        form: Form::Text,
        bytes: b"{",
    };
    assert!((DESCRIPTOR.inspect)(&packet, &mut Shown::default()).is_err());
}
