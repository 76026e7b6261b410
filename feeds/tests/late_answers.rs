//! Snapshots that were asked for on one connection and come when it is gone begin no book: the next connection does not
//! continue them, and where only the order of updates shows, nobody would notice.
#![allow(clippy::unwrap_used)]

use feeds::contract::{
    Action, Batch, Descriptor, Feed, FeedSettings, Form, Line, LinkEvent, Packet, TickSink,
    Transport,
};
use feeds::model::{self, ChannelId, Definition, EventTime, Price, RecvTime, Side, Symbol, Tick};
use feeds::simulator::{MarketEvent, VenueSimulator};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

const START: u64 = 1_700_000_000_000_000_000;
const STEP: u64 = 20_000_000;
const LINE: Line = Line(0);

/// Counts what is told of levels.
struct Levels(Arc<AtomicU64>);

impl TickSink for Levels {
    fn accept(&mut self, ticks: &[Tick]) {
        let levels = ticks
            .iter()
            .filter(|tick| tick.action == model::Action::Level);
        self.0.fetch_add(levels.count() as u64, Ordering::Relaxed);
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

struct World {
    now: u64,
    feed: Box<dyn Feed>,
    venue: Box<dyn VenueSimulator>,
    out: Batch,
    levels: Arc<AtomicU64>,
    orders: u64,
    connection: u32,
    /// Answers that are under way.
    held: Vec<(String, String)>,
}

impl World {
    fn give(&mut self, form: Form<'_>, text: &str) {
        let packet = Packet {
            line: LINE,
            ts_recv: RecvTime(self.now),
            form,
            bytes: text.as_bytes(),
        };
        self.feed.on_packet(&packet, &mut self.out);
        self.out.flush();
    }

    fn link(&mut self, event: LinkEvent) {
        self.feed.on_link(event, RecvTime(self.now), &mut self.out);
        self.out.flush();
    }

    fn up(&mut self) {
        self.connection += 1;
        self.venue.on_connect(self.connection);
        self.link(LinkEvent::Up(LINE));
    }

    fn down(&mut self) {
        self.venue.on_disconnect(self.connection);
        self.link(LinkEvent::Down(LINE));
        while self.feed.poll_action().is_some() {}
    }

    fn answer(&mut self) {
        for (url, body) in std::mem::take(&mut self.held) {
            self.give(Form::Rest(&url), &body);
        }
    }

    /// Two seconds of orders; answers come at once, or are held.
    fn go_on(&mut self, is_answering: bool) {
        for _ in 0..2_000_000_000 / STEP {
            self.now += STEP;
            let now = EventTime(self.now);
            self.orders += 1;
            let event = MarketEvent::Add {
                symbol: 0,
                order: self.orders,
                side: Side::Bid,
                price: Price(1_000_000_000 + (self.orders % 50) as i64 * 10_000_000),
                size: 10_000,
            };
            self.venue.on_event(now, &event);
            self.venue.on_clock(now);
            self.feed.on_clock(RecvTime(self.now), &mut self.out);
            while let Some(action) = self.feed.poll_action() {
                match action {
                    Action::SendText { text, .. } => {
                        self.venue.on_text(now, self.connection, &text);
                    }
                    Action::Fetch { url, .. } => {
                        if let Some(body) = self.venue.on_fetch(now, &url) {
                            self.held.push((url, body));
                        }
                    }
                    _ => {}
                }
            }
            while let Some((connection, text)) = self.venue.poll_text() {
                if connection == self.connection {
                    self.give(Form::Text, &text);
                }
            }
            if is_answering {
                self.answer();
            }
        }
    }

    fn levels(&self) -> u64 {
        self.levels.load(Ordering::Relaxed)
    }
}

/// Answers that came late.
#[track_caller]
fn check(descriptor: &'static Descriptor) -> usize {
    let settings = FeedSettings {
        instruments: vec!["SIM0".to_owned()],
        ..FeedSettings::single_line(ChannelId(0))
    };
    let levels = Arc::new(AtomicU64::new(0));
    let mut world = World {
        now: START,
        feed: (descriptor.build)(&settings).unwrap(),
        venue: (descriptor.simulator)(),
        out: Batch::new(Box::new(Levels(Arc::clone(&levels)))),
        levels,
        orders: 0,
        connection: 0,
        held: Vec::new(),
    };
    let symbols = [Symbol::from("SIM0")];
    world.venue.open(EventTime(START), &symbols);
    world.up();
    world.go_on(true);
    let name = descriptor.name;
    assert!(world.levels() > 0, "{name}: no book to begin with");
    world.down();
    world.up();
    world.go_on(false);
    world.down();
    let (late, before) = (world.held.len(), world.levels());
    world.answer();
    assert_eq!(world.levels(), before, "{name}: a book without connection");
    late
}

#[test]
fn an_answer_that_comes_when_its_connection_is_gone_begins_no_book() {
    let over_connections = |feed: &&&Descriptor| feed.transport == Transport::WebSocket;
    let feeds = feeds::REGISTRY.iter().filter(over_connections);
    let late: usize = feeds.map(|feed| check(feed)).sum();
    assert!(late > 4, "{late}");
}
