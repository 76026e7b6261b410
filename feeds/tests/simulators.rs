//! Every room's venue against every room's feed, with no socket between them: the books and the trades must be equal.
#![allow(clippy::unwrap_used)]

use feeds::contract::{
    Action, Batch, Descriptor, Feed, FeedSettings, Form, Line, LinkEvent, Notice, Outcome, Packet,
    Server, TickSink, Transport,
};
use feeds::model::{
    self, ChannelId, Definition, EventTime, Price, RecvTime, Side, Size, Symbol, Tick,
};
use feeds::simulator::{LevelAggregator, MarketEvent, Said, ServerKind, VenueSimulator};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// 2023-11-14, 17:13 in New York.
const START: u64 = 1_700_000_000_000_000_000;
const MILLISECOND: u64 = 1_000_000;
const CENT: i64 = 10_000_000;
const CONNECTION: u32 = 1;
const SERVER: Server = Server::Retransmit(0);
/// Feeds that tell of quotes only.
const WITHOUT_TRADES: [&str; 1] = ["memx_memoir_top"];
const NAMES: [&str; 3] = ["SIM0", "SIM1", "SIM2"];

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

#[derive(Clone, Copy)]
struct Open {
    symbol: u32,
    order: u64,
    side: Side,
    size: u64,
}

/// Events of all kinds that name open orders; bids below 1,000 cents, asks above.
struct Flow {
    dice: Dice,
    open: Vec<Open>,
    next: u64,
}

impl Flow {
    fn new(seed: u64) -> Flow {
        Flow {
            dice: Dice(seed),
            open: Vec::new(),
            next: 0,
        }
    }

    fn price(&mut self, side: Side) -> Price {
        let distance = 1 + self.dice.below(30) as i64;
        let cents = if side == Side::Bid {
            1_000 - distance
        } else {
            1_000 + distance
        };
        Price(cents * CENT)
    }

    fn event(&mut self) -> MarketEvent {
        self.next += 1;
        let (id, roll) = (self.next, self.dice.below(20));
        let size = 2 + self.dice.below(900);
        if self.open.len() < 30 || roll < 8 {
            let symbol = self.dice.below(NAMES.len() as u64) as u32;
            let side = [Side::Bid, Side::Ask][self.dice.below(2) as usize];
            let price = self.price(side);
            self.open.push(Open {
                symbol,
                order: id,
                side,
                size,
            });
            return MarketEvent::Add {
                symbol,
                order: id,
                side,
                price,
                size,
            };
        }
        let index = self.dice.below(self.open.len() as u64) as usize;
        let found = self.open[index];
        let (symbol, order) = (found.symbol, found.order);
        match roll {
            8..12 => {
                self.open.swap_remove(index);
                MarketEvent::Delete { symbol, order }
            }
            12..14 => {
                self.open.swap_remove(index);
                MarketEvent::Execute {
                    symbol,
                    order,
                    size: found.size,
                    trade: id,
                }
            }
            14 | 15 if found.size > 1 => {
                let size = found.size / 2;
                self.open[index].size -= size;
                if roll == 14 {
                    return MarketEvent::Reduce {
                        symbol,
                        order,
                        size,
                    };
                }
                let price = Price(1_000 * CENT);
                MarketEvent::ExecuteAt {
                    symbol,
                    order,
                    size,
                    trade: id,
                    price,
                }
            }
            16..19 => {
                self.open[index] = Open {
                    order: id,
                    size,
                    ..found
                };
                let price = self.price(found.side);
                MarketEvent::Replace {
                    symbol,
                    order,
                    successor: id,
                    price,
                    size,
                }
            }
            _ => MarketEvent::Hidden {
                symbol,
                price: Price(1_000 * CENT),
                size,
                trade: id,
            },
        }
    }
}

#[derive(Default)]
struct Seen {
    ticks: Vec<Tick>,
    definitions: BTreeMap<u32, Definition>,
}

#[derive(Clone, Default)]
struct Collect(Arc<Mutex<Seen>>);

impl TickSink for Collect {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().ticks.extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        let mut seen = self.0.lock().unwrap();
        seen.definitions
            .insert(definition.instrument.0, *definition);
    }
}

/// Orders and levels of all instruments as the ticks say them, and the prints.
#[derive(Default)]
struct Books {
    orders: BTreeMap<u64, (Side, Price, u64)>,
    levels: BTreeMap<(u32, Side, Price), u64>,
    /// Whether only the best of each side is told.
    is_top: bool,
    /// Side of the order the last cancel took away.
    taken: Option<Side>,
    trades: Vec<(u32, u64)>,
}

impl Books {
    fn apply(&mut self, tick: &Tick) {
        let instrument = tick.instrument.0;
        match tick.action {
            model::Action::Add => {
                let side = match tick.side {
                    Side::None => self.taken.unwrap(),
                    side => side,
                };
                let order = (side, tick.price, tick.size.0);
                assert!(self.orders.insert(tick.order_id, order).is_none());
                *self
                    .levels
                    .entry((instrument, side, tick.price))
                    .or_default() += tick.size.0;
            }
            model::Action::Cancel => {
                let (side, price, open) = self.orders[&tick.order_id];
                let taken = if tick.size == Size::WHOLE {
                    open
                } else {
                    tick.size.0
                };
                self.taken = Some(side);
                self.orders.remove(&tick.order_id);
                if taken < open {
                    self.orders
                        .insert(tick.order_id, (side, price, open - taken));
                }
                let level = self.levels.get_mut(&(instrument, side, price)).unwrap();
                *level -= taken;
            }
            model::Action::Level => {
                let level = (instrument, tick.side, tick.price);
                self.levels.insert(level, tick.size.0);
            }
            model::Action::Modify => {
                let (side, price, open) = self.orders[&tick.order_id];
                let order = (side, tick.price, tick.size.0);
                self.orders.insert(tick.order_id, order);
                *self.levels.get_mut(&(instrument, side, price)).unwrap() -= open;
                *self
                    .levels
                    .entry((instrument, side, tick.price))
                    .or_default() += tick.size.0;
            }
            model::Action::Quote => {
                self.is_top = true;
                self.levels
                    .retain(|level, _| level.0 != instrument || level.1 != tick.side);
                let level = (instrument, tick.side, tick.price);
                self.levels.insert(level, tick.size.0);
            }
            model::Action::Clear => self.levels.retain(|level, _| level.0 != instrument),
            model::Action::Trade => self.trades.push((instrument, tick.size.0)),
            _ => {}
        }
    }

    fn side(&self, instrument: u32, side: Side) -> Vec<(Price, u64)> {
        let rests = |(level, size): (&(u32, Side, Price), &u64)| {
            (level.0 == instrument && level.1 == side && *size > 0).then_some((level.2, *size))
        };
        let mut levels: Vec<_> = self.levels.iter().filter_map(rests).collect();
        if side == Side::Bid {
            levels.reverse();
        }
        levels
    }
}

struct World {
    descriptor: &'static Descriptor,
    feed: Box<dyn Feed>,
    venue: Box<dyn VenueSimulator>,
    out: Batch,
    seen: Collect,
    books: Books,
    dice: Dice,
    now: u64,
    has_loss: bool,
}

impl World {
    fn new(descriptor: &'static Descriptor) -> World {
        let settings = FeedSettings {
            line_count: if descriptor.transport == Transport::Datagrams {
                2
            } else {
                1
            },
            server_count: u8::from(descriptor.has_retransmission),
            has_gap_lines: descriptor.has_retransmission,
            instruments: NAMES.map(str::to_owned).to_vec(),
            ..FeedSettings::single_line(ChannelId(0))
        };
        let seen = Collect::default();
        let mut world = World {
            descriptor,
            feed: (descriptor.build)(&settings).unwrap(),
            venue: (descriptor.simulator)(),
            out: Batch::new(Box::new(seen.clone())),
            seen,
            books: Books::default(),
            dice: Dice(5),
            now: START,
            has_loss: false,
        };
        let now = EventTime(world.now);
        world.venue.open(now, &NAMES.map(Symbol::from));
        if descriptor.transport == Transport::WebSocket {
            world.venue.on_connect(CONNECTION);
            let up = LinkEvent::Up(Line(0));
            world.feed.on_link(up, RecvTime(START), &mut world.out);
        }
        world.turn();
        world
    }

    #[track_caller]
    fn packet(&mut self, line: Line, form: Form<'_>, bytes: &[u8]) {
        let packet = Packet {
            line,
            ts_recv: RecvTime(self.now),
            form,
            bytes,
        };
        let outcome = self.feed.on_packet(&packet, &mut self.out);
        assert!(!matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    }

    /// Carries everything there is to carry, both ways.
    #[track_caller]
    fn turn(&mut self) {
        self.feed.on_clock(RecvTime(self.now), &mut self.out);
        while let Some(action) = self.feed.poll_action() {
            match action {
                Action::SendDatagram { bytes, .. } => {
                    if let Some(answer) = self.venue.on_request(&bytes) {
                        self.packet(Line::RECOVERY, Form::Datagram, &answer);
                    }
                }
                Action::SendText { text, .. } => {
                    self.venue.on_text(EventTime(self.now), CONNECTION, &text);
                }
                Action::Fetch { url, .. } => {
                    if let Some(body) = self.venue.on_fetch(EventTime(self.now), &url) {
                        self.packet(Line(0), Form::Rest(&url), body.as_bytes());
                    }
                }
                Action::Reconnect { reason, .. } => panic!("{reason}"),
                Action::OpenStream { server } => {
                    assert_eq!(server, SERVER, "no other recovery server was named");
                    self.venue
                        .on_stream_open(CONNECTION, ServerKind::Retransmit);
                    let (up, now) = (LinkEvent::StreamUp(server), RecvTime(self.now));
                    self.feed.on_link(up, now, &mut self.out);
                }
                Action::SendStream { server, bytes } => {
                    assert_eq!(server, SERVER);
                    self.venue
                        .on_stream(EventTime(self.now), CONNECTION, &bytes);
                }
                Action::CloseStream { .. } => panic!("nothing is wrong with the server"),
            }
        }
        while let Some((connection, bytes)) = self.venue.poll_stream() {
            assert_eq!(connection, CONNECTION);
            self.packet(Line::RECOVERY, Form::Stream(SERVER), &bytes.unwrap());
        }
        while let Some(bytes) = self.venue.poll_answer_datagram() {
            self.packet(Line::RECOVERY, Form::Datagram, &bytes);
        }
        self.venue.on_clock(EventTime(self.now));
        while let Some(bytes) = self.venue.poll_datagram() {
            // Where nobody can be asked, one line has what the other lost.
            let mut lost = [(); 2].map(|()| self.has_loss && self.dice.below(8) == 0);
            if !self.descriptor.has_retransmission {
                lost[1] &= !lost[0];
            }
            for line in (0..2u8).filter(|&line| !lost[usize::from(line)]) {
                self.packet(Line(line), Form::Datagram, &bytes);
            }
        }
        while let Some((connection, said)) = self.venue.poll_message() {
            assert_eq!(connection, CONNECTION);
            match said {
                Said::Text(text) => self.packet(Line(0), Form::Text, text.as_bytes()),
                Said::Binary(bytes) => self.packet(Line(0), Form::Binary, &bytes),
            }
        }
        self.out.flush();
        for tick in std::mem::take(&mut self.seen.0.lock().unwrap().ticks) {
            self.books.apply(&tick);
        }
    }

    #[track_caller]
    fn check_books(&self, truth: &LevelAggregator, trades: &[(u32, u64)]) {
        let name = self.descriptor.name;
        let definitions = self.seen.0.lock().unwrap().definitions.clone();
        let symbol_of = |instrument: u32| {
            let symbol = definitions[&instrument].symbol;
            NAMES.iter().position(|name| *name == symbol.as_str())
        };
        assert_eq!(definitions.len(), NAMES.len(), "{name}");
        // Units of a market event's size, and the finest any instrument may have.
        let is_text = self.descriptor.transport == Transport::WebSocket;
        let said = |size: u64| u128::from(size) * 10u128.pow(if is_text { 8 } else { 12 });
        let seen = |instrument: u32, size: u64| {
            let decimals = definitions[&instrument].size_decimals;
            u128::from(size) * 10u128.pow(12 - u32::from(decimals))
        };
        for &instrument in definitions.keys() {
            let symbol = symbol_of(instrument).unwrap() as u32;
            for side in [Side::Bid, Side::Ask] {
                let ours = self.books.side(instrument, side).into_iter();
                let ours: Vec<_> = ours.map(|(p, size)| (p, seen(instrument, size))).collect();
                let depth = if self.books.is_top { 1 } else { usize::MAX };
                let theirs = truth.levels(symbol, side).into_iter().take(depth);
                let theirs: Vec<_> = theirs.map(|(p, size)| (p, said(size.0))).collect();
                assert!(!theirs.is_empty());
                assert_eq!(ours, theirs, "{name} {symbol} {side:?}");
            }
        }
        let ours = self.books.trades.iter();
        let ours: Vec<_> = ours
            .map(|&(instrument, size)| (symbol_of(instrument), seen(instrument, size)))
            .collect();
        let theirs = trades.iter();
        let theirs: Vec<_> = theirs
            .map(|&(symbol, size)| (Some(symbol as usize), said(size)))
            .collect();
        if WITHOUT_TRADES.contains(&name) {
            assert_eq!(ours, [], "{name}");
        } else {
            assert_eq!(ours, theirs, "{name}");
        }
    }
}

#[track_caller]
fn check(descriptor: &'static Descriptor, has_loss: bool) {
    let mut world = World::new(descriptor);
    let mut truth = LevelAggregator::default();
    let (mut flow, mut trades) = (Flow::new(7), Vec::new());
    world.has_loss = has_loss;
    for _ in 0..1_000 {
        world.now += MILLISECOND;
        for _ in 0..5 {
            let event = flow.event();
            let trade = truth.apply(&event).trade;
            trades.extend(trade.map(|trade| (trade.symbol, trade.size)));
            world.venue.on_event(EventTime(world.now), &event);
        }
        world.turn();
    }
    // Silence long enough for heartbeats to tell of a loss at the end, and for its recovery.
    world.has_loss = false;
    for _ in 0..400 {
        world.now += 10 * MILLISECOND;
        world.turn();
    }
    world.check_books(&truth, &trades);
    let counters = world.feed.counters().clone();
    assert!(counters.heartbeats > 0, "{}", descriptor.name);
    assert_eq!((counters.messages_lost, counters.unknown_messages), (0, 0));
    assert!(world.feed.gaps().iter().all(|gap| gap.recovered));
    if has_loss && descriptor.has_retransmission {
        assert!(counters.messages_recovered > 0, "{}", descriptor.name);
    }
    world.venue.close(EventTime(world.now));
    world.turn();
    let mut notices = std::iter::from_fn(|| world.feed.poll_notice());
    let has_ended = notices.any(|notice| notice == Notice::SessionEnded);
    assert_eq!(has_ended, descriptor.transport == Transport::Datagrams);
    // A closed venue is silent.
    world.now += 5_000 * MILLISECOND;
    if descriptor.transport == Transport::Datagrams {
        world.venue.on_clock(EventTime(world.now));
        assert_eq!(world.venue.poll_datagram(), None);
    }
}

#[test]
fn every_simulated_venue_gives_its_feed_the_books_and_trades_it_has() {
    for descriptor in feeds::REGISTRY {
        check(descriptor, false);
    }
}

#[test]
fn every_simulated_venue_gives_the_same_over_lines_that_lose_datagrams() {
    for descriptor in feeds::REGISTRY {
        check(descriptor, true);
    }
}

/// The ticks of a day over the lines and datagrams that `carries` lets through, without the times they came.
fn day(descriptor: &'static Descriptor, carries: fn(u64, u8) -> bool) -> Vec<Tick> {
    let settings = FeedSettings {
        line_count: 2,
        ..FeedSettings::single_line(ChannelId(0))
    };
    let mut venue = (descriptor.simulator)();
    let mut feed = (descriptor.build)(&settings).unwrap();
    let seen = Collect::default();
    let mut out = Batch::new(Box::new(seen.clone()));
    let (mut flow, mut now, mut count) = (Flow::new(11), START, 0);
    venue.open(EventTime(now), &NAMES.map(Symbol::from));
    for _ in 0..300 {
        now += MILLISECOND;
        for _ in 0..3 {
            venue.on_event(EventTime(now), &flow.event());
        }
        venue.on_clock(EventTime(now));
        while let Some(bytes) = venue.poll_datagram() {
            count += 1;
            for line in (0..2).filter(|&line| carries(count, line)) {
                let packet = Packet {
                    line: Line(line),
                    ts_recv: RecvTime(now),
                    form: Form::Datagram,
                    bytes: &bytes,
                };
                feed.on_packet(&packet, &mut out);
            }
        }
    }
    out.flush();
    assert_eq!(feed.counters().messages_lost, 0, "{}", descriptor.name);
    let ticks = std::mem::take(&mut seen.0.lock().unwrap().ticks);
    let without_time = |tick: Tick| Tick {
        ts_recv: RecvTime(0),
        ..tick
    };
    ticks.into_iter().map(without_time).collect()
}

#[test]
fn one_line_the_other_both_and_both_with_disjoint_loss_give_the_same_ticks() {
    let datagrams = |descriptor: &&&Descriptor| descriptor.transport == Transport::Datagrams;
    for descriptor in feeds::REGISTRY.iter().filter(datagrams) {
        let name = descriptor.name;
        let line_a = day(descriptor, |_, line| line == 0);
        // Quotes come only where the best of a side moves.
        let is_quiet = WITHOUT_TRADES.contains(&name);
        let least = if is_quiet { 100 } else { 300 };
        assert!(line_a.len() > least, "{name}: {} ticks", line_a.len());
        assert!(line_a == day(descriptor, |_, line| line == 1), "{name}: B");
        assert!(line_a == day(descriptor, |_, _| true), "{name}: both");
        // What a line loses the other has; never both.
        let disjoint = |count, line| count % 7 != u64::from(line) * 3;
        assert!(line_a == day(descriptor, disjoint), "{name}: disjoint loss");
    }
}
