//! Feeds over several connections, with no socket: instruments dealt out to shards, a connection replaced before its age.
#![allow(clippy::unwrap_used)]

use feeds::contract::{
    Action, Batch, Descriptor, Feed, FeedSettings, Form, Line, LinkEvent, Packet, TickSink,
    Transport, Value,
};
use feeds::model::{self, ChannelId, Definition, EventTime, Price, RecvTime, Side, Symbol, Tick};
use feeds::simulator::{LevelAggregator, MarketEvent, VenueSimulator};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

const START: u64 = 1_700_000_000_000_000_000;
const SECOND: u64 = 1_000_000_000;
const CENT: i64 = 10_000_000;
/// Orders that rest at a time.
const OPEN: u64 = 60;

/// Books made of ticks, and how often one was given up.
#[derive(Default)]
struct Books {
    names: Vec<String>,
    levels: BTreeMap<(u32, bool, Price), u64>,
    resets: u64,
}

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Books>>);

impl TickSink for Sink {
    fn accept(&mut self, ticks: &[Tick]) {
        let mut books = self.0.lock().unwrap();
        for tick in ticks {
            let instrument = tick.instrument.0;
            match tick.action {
                model::Action::Clear => books.levels.retain(|key, _| key.0 != instrument),
                model::Action::Reset => books.resets += 1,
                model::Action::Level => {
                    let key = (instrument, tick.side == Side::Ask, tick.price);
                    if tick.size.0 == 0 {
                        books.levels.remove(&key);
                    } else {
                        books.levels.insert(key, tick.size.0);
                    }
                }
                _ => {}
            }
        }
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        let mut books = self.0.lock().unwrap();
        let name = definition.symbol.as_str().to_owned();
        let index = definition.instrument.index();
        if books.names.len() <= index {
            books.names.resize(index + 1, String::new());
        }
        books.names[index] = name;
    }
}

struct World {
    feed: Box<dyn Feed>,
    venue: Box<dyn VenueSimulator>,
    out: Batch,
    books: Arc<Mutex<Books>>,
    names: Vec<Symbol>,
    /// Client number of each open connection.
    open: BTreeMap<u8, u32>,
    clients: u32,
    /// Connections opened, and closed, by line.
    opened: Vec<u8>,
    closed: Vec<u8>,
    now: u64,
    truth: LevelAggregator,
    levels: BTreeMap<(u32, bool, Price), u64>,
    events: u64,
    /// Every so many texts of changes one is lost, where this is not 0.
    lost_every: u64,
    texts: u64,
    descriptor: &'static Descriptor,
    /// How many of the names the venue lists.
    listed: usize,
}

impl World {
    fn new(descriptor: &'static Descriptor, count: usize, settings: FeedSettings) -> World {
        let names: Vec<Symbol> = (0..count)
            .map(|index| Symbol::from(format!("SIM{index}").as_str()))
            .collect();
        let mut settings = settings;
        if settings.instruments.is_empty() {
            settings.instruments = names.iter().map(|name| name.as_str().to_owned()).collect();
        }
        let sink = Sink::default();
        let mut world = World {
            feed: (descriptor.build)(&settings).unwrap(),
            venue: (descriptor.simulator)(),
            books: Arc::clone(&sink.0),
            out: Batch::new(Box::new(sink)),
            names,
            open: BTreeMap::new(),
            clients: 0,
            opened: Vec::new(),
            closed: Vec::new(),
            now: START,
            truth: LevelAggregator::default(),
            levels: BTreeMap::new(),
            events: 0,
            lost_every: 0,
            texts: 0,
            descriptor,
            listed: count,
        };
        world.venue.open(EventTime(START), &world.names);
        world
    }

    fn close(&mut self, line: u8) {
        if let Some(client) = self.open.remove(&line) {
            self.venue.on_disconnect(client);
            self.closed.push(line);
            let down = LinkEvent::Down(Line(line));
            self.feed.on_link(down, RecvTime(self.now), &mut self.out);
        }
    }

    /// Carries everything there is to carry, both ways.
    fn turn(&mut self) {
        self.venue.on_clock(EventTime(self.now));
        if self.feed.next_deadline().is_some_and(|at| at.0 <= self.now) {
            self.feed.on_clock(RecvTime(self.now), &mut self.out);
        }
        let wanted: Vec<u8> = self.feed.connections().iter().map(|line| line.0).collect();
        let over: Vec<u8> = self.open.keys().copied().collect();
        for line in over.into_iter().filter(|line| !wanted.contains(line)) {
            self.close(line);
        }
        for line in wanted {
            if !self.open.contains_key(&line) {
                self.clients += 1;
                self.open.insert(line, self.clients);
                self.opened.push(line);
                self.venue.on_connect(self.clients);
                let up = LinkEvent::Up(Line(line));
                self.feed.on_link(up, RecvTime(self.now), &mut self.out);
            }
        }
        while let Some(action) = self.feed.poll_action() {
            match action {
                Action::SendText { line, text } => {
                    if let Some(&client) = self.open.get(&line.0) {
                        self.venue.on_text(EventTime(self.now), client, &text);
                    }
                }
                Action::Fetch { url } => {
                    if let Some(body) = self.answer(&url) {
                        self.packet(Line(0), Form::Rest(&url), body.as_bytes());
                    }
                }
                Action::Reconnect { line, .. } => self.close(line.0),
                _ => {}
            }
        }
        while let Some((client, text)) = self.venue.poll_text() {
            let line = self.open.iter().find(|(_, known)| **known == client);
            self.texts += 1;
            if self.lost_every > 0 && self.texts.is_multiple_of(self.lost_every) {
                continue;
            }
            if let Some((&line, _)) = line {
                self.packet(Line(line), Form::Text, text.as_bytes());
            }
        }
        while self.feed.poll_notice().is_some() {}
        self.out.flush();
    }

    /// A snapshot, or the list of what is listed now.
    fn answer(&mut self, url: &str) -> Option<String> {
        let now = EventTime(self.now);
        let mut lists = (self.descriptor.simulator)();
        lists.open(now, &self.names[..self.listed]);
        let is_list = self.lists(url);
        let venue = if is_list { &mut lists } else { &mut self.venue };
        venue.on_fetch(now, url)
    }

    /// Whether the answer to `url` is there for a venue without instruments.
    fn lists(&self, url: &str) -> bool {
        let mut empty = (self.descriptor.simulator)();
        empty.open(EventTime(START), &[]);
        empty.on_fetch(EventTime(START), url).is_some()
    }

    fn packet(&mut self, line: Line, form: Form<'_>, bytes: &[u8]) {
        let packet = Packet {
            line,
            ts_recv: RecvTime(self.now),
            form,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.out);
    }

    /// One order comes, and the oldest goes.
    fn event(&mut self) {
        let order = self.events;
        self.events += 1;
        let count = self.names.len() as u64;
        let side = [Side::Bid, Side::Ask][(order / count % 2) as usize];
        let away = (order * 7 % 23) as i64 + 1;
        let cents = if side == Side::Bid {
            1_000 - away
        } else {
            1_000 + away
        };
        let add = MarketEvent::Add {
            symbol: (order % count) as u32,
            order,
            side,
            price: Price(cents * CENT),
            size: order % 97 + 1,
        };
        self.apply(&add);
        if let Some(oldest) = order.checked_sub(OPEN) {
            let symbol = (oldest % count) as u32;
            self.apply(&MarketEvent::Delete {
                symbol,
                order: oldest,
            });
        }
    }

    fn apply(&mut self, event: &MarketEvent) {
        for level in self.truth.apply(event).levels.into_iter().flatten() {
            let key = (level.symbol, level.side == Side::Ask, level.price);
            if level.size == 0 {
                self.levels.remove(&key);
            } else {
                self.levels.insert(key, level.size);
            }
        }
        self.venue.on_event(EventTime(self.now), event);
    }

    fn run(&mut self, seconds: u64, step: u64, events: u64) {
        let until = self.now + seconds * SECOND;
        while self.now < until {
            self.now += step;
            for _ in 0..events {
                self.event();
            }
            // What one side asks for the other answers within a few turns.
            for _ in 0..4 {
                self.turn();
            }
        }
    }

    /// Whether every book is the venue's: prices, and sizes up to their unit.
    #[track_caller]
    fn check_books(&self, name: &str) {
        let books = self.books.lock().unwrap();
        for (index, symbol) in self.names.iter().enumerate().take(self.listed) {
            let ours = books
                .names
                .iter()
                .position(|known| known == symbol.as_str());
            let ours = ours.unwrap_or_else(|| panic!("{name}: {} unknown", symbol.as_str())) as u32;
            let of = |levels: &BTreeMap<(u32, bool, Price), u64>, instrument: u32| -> Vec<_> {
                let all = levels.iter().filter(|(key, _)| key.0 == instrument);
                all.map(|(key, &size)| (key.1, key.2, size)).collect()
            };
            let (ours, theirs) = (of(&books.levels, ours), of(&self.levels, index as u32));
            assert_eq!(ours.len(), theirs.len(), "{name}: {}", symbol.as_str());
            let unit = ours[0].2 / theirs[0].2;
            for (one, other) in ours.iter().zip(&theirs) {
                assert_eq!(
                    (one.0, one.1, one.2),
                    (other.0, other.1, other.2 * unit),
                    "{name}"
                );
            }
        }
    }
}

/// Feeds that can say the same over two connections.
fn stitched() -> impl Iterator<Item = &'static Descriptor> {
    feeds::REGISTRY.iter().copied().filter(|descriptor| {
        let settings = FeedSettings {
            line_count: 2,
            ..FeedSettings::single_line(ChannelId(0))
        };
        descriptor.transport == Transport::WebSocket
            && (descriptor.build)(&settings).is_ok_and(|feed| feed.connections().len() == 2)
    })
}

#[test]
fn instruments_beyond_what_a_connection_carries_get_another_one() {
    for descriptor in stitched() {
        let settings = FeedSettings {
            instruments_per_connection: Some(2),
            ..FeedSettings::single_line(ChannelId(0))
        };
        let mut world = World::new(descriptor, 5, settings);
        world.run(20, SECOND / 10, 3);
        assert_eq!(world.opened, [0, 2, 4], "{}", descriptor.name);
        world.check_books(descriptor.name);
        let resets = world.books.lock().unwrap().resets;
        // The loss of one shard is nothing to the others.
        world.close(2);
        world.run(15, SECOND / 10, 3);
        world.check_books(descriptor.name);
        let given_up = world.books.lock().unwrap().resets - resets;
        assert_eq!(given_up, 2, "{}", descriptor.name);
    }
}

#[test]
fn what_is_listed_later_gets_connections_and_what_is_delisted_frees_them() {
    let is_listed_by_rest = |descriptor: &&Descriptor| {
        let keys = descriptor.settings.iter();
        descriptor.name != "kraken_ws_v2" && keys.clone().any(|key| key.key == "kind")
    };
    let rooms: Vec<&Descriptor> = stitched().filter(is_listed_by_rest).collect();
    assert!(rooms.len() >= 9, "{} rooms", rooms.len());
    for descriptor in rooms {
        let name = descriptor.name;
        let settings = FeedSettings {
            instruments: vec!["SIM*".to_owned()],
            instruments_per_connection: Some(2),
            own: vec![("instruments_refresh_s".to_owned(), Value::Integer(30))],
            ..FeedSettings::single_line(ChannelId(0))
        };
        let mut world = World::new(descriptor, 5, settings);
        world.listed = 3;
        world.run(20, SECOND / 10, 3);
        assert_eq!(world.opened, [0, 2], "{name}");
        world.check_books(name);

        world.listed = 5;
        world.run(50, SECOND / 10, 3);
        assert_eq!(world.opened, [0, 2, 4], "{name}");
        world.check_books(name);
        assert_eq!(world.feed.counters().instruments_listed, 2, "{name}");

        // One of each of two shards, and one that was the only one of its shard.
        world.listed = 1;
        world.run(50, SECOND / 10, 3);
        assert_eq!(world.closed, [2, 4], "{name}");
        world.check_books(name);
        assert_eq!(world.feed.counters().instruments_delisted, 4, "{name}");

        world.listed = 4;
        world.run(50, SECOND / 10, 3);
        assert_eq!(world.opened, [0, 2, 4, 2], "{name}");
        world.check_books(name);
    }
}

#[test]
fn patterns_choose_no_more_than_all_connections_carry() {
    let descriptor = feeds::descriptor("binance_spot").unwrap();
    let settings = FeedSettings {
        instruments: vec!["SIM*".to_owned()],
        instruments_per_connection: Some(1),
        ..FeedSettings::single_line(ChannelId(0))
    };
    // There are never more than 32 shards.
    let mut world = World::new(descriptor, 40, settings);
    world.run(5, SECOND / 10, 1);
    assert_eq!(world.opened.len(), 32);
    assert_eq!(world.feed.counters().instruments_left_out, 8);
}

#[test]
fn a_connection_is_replaced_before_the_venue_ends_it_and_no_book_is_given_up() {
    let mut replaced = 0;
    for descriptor in stitched() {
        for connections in [1, 2] {
            let settings = FeedSettings {
                line_count: connections,
                ..FeedSettings::single_line(ChannelId(0))
            };
            let name = descriptor.name;
            let mut world = World::new(descriptor, 2, settings);
            world.run(30, SECOND / 10, 2);
            let resets = world.books.lock().unwrap().resets;
            // More than a day of a market in which something happens every five seconds.
            world.run(26 * 3_600, 5 * SECOND, 2);
            world.run(30, SECOND / 10, 2);
            world.check_books(name);
            assert_eq!(world.books.lock().unwrap().resets, resets, "{name}");
            let first = usize::from(connections);
            if world.opened.len() > first {
                replaced += 1;
                let (opened, closed) = (&world.opened[first..], &world.closed);
                let expected: (&[u8], &[u8]) = if connections == 1 {
                    (&[1], &[0])
                } else {
                    (&[0, 1], &[0, 1])
                };
                assert_eq!((opened, closed.as_slice()), expected, "{name}");
            }
        }
    }
    assert!(replaced >= 2 * 4, "{replaced} were replaced");
}

/// Feeds whose books can be compared with fresh snapshots.
fn audited() -> impl Iterator<Item = &'static Descriptor> {
    stitched().filter(|descriptor| descriptor.settings.iter().any(|key| key.key == "audit_s"))
}

fn audit_settings() -> FeedSettings {
    FeedSettings {
        own: vec![("audit_s".to_owned(), Value::Integer(10))],
        ..FeedSettings::single_line(ChannelId(0))
    }
}

#[test]
fn a_book_that_moves_is_the_same_as_a_fresh_snapshot() {
    for descriptor in audited() {
        let mut world = World::new(descriptor, 3, audit_settings());
        world.run(600, SECOND / 4, 1);
        let counters = world.feed.counters();
        let (passed, failed) = (counters.audits_passed, counters.audits_failed);
        assert!(passed > 20, "{}: {passed}", descriptor.name);
        assert_eq!(failed, 0, "{}", descriptor.name);
    }
}

#[test]
fn a_loss_that_no_number_shows_is_found_by_comparison_and_healed() {
    // Its numbers only rise.
    let descriptor = feeds::descriptor("bitstamp_ws").unwrap();
    let mut world = World::new(descriptor, 3, audit_settings());
    world.run(20, SECOND / 10, 3);
    world.lost_every = 3;
    world.run(20, SECOND, 1);
    world.lost_every = 0;
    world.run(600, 5 * SECOND, 0);
    assert!(world.feed.counters().audits_failed > 0);
    world.check_books(descriptor.name);
}
