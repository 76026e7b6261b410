//! A venue and a feed with no socket between them: connections opened as the feed wants them, time as an argument.
#![allow(
    dead_code,
    unreachable_pub,
    missing_docs,
    reason = "each test uses a part"
)]

use feeds::contract::{
    Action, Batch, Descriptor, Feed, FeedSettings, Form, Line, LinkEvent, Outcome, Packet,
    TickSink, Transport,
};
use feeds::model::{
    self, ChannelId, Definition, EventTime, Flags, InstrumentId, Price, RecvTime, Side, Symbol,
    Tick,
};
use feeds::simulator::{LevelAggregator, MarketEvent, Said, VenueSimulator};
use std::collections::{BTreeMap, BTreeSet, HashSet, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};

pub const START: u64 = 1_700_000_000_000_000_000;
pub const SECOND: u64 = 1_000_000_000;
pub const CENT: i64 = 10_000_000;
/// Orders that rest at a time.
pub const OPEN: u64 = 60;

/// Numbers of a fixed seed.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, count: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % count
    }

    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }
}

/// One side of a book or both, by side and price; sizes at 18 digits.
type Levels = BTreeMap<(u32, bool, Price), u64>;

fn hash_of(levels: &Levels, instrument: u32, decimals: u8, depth: usize) -> u64 {
    let unit = 10u128.pow(18 - u32::from(decimals));
    let mut hasher = DefaultHasher::new();
    let side = |is_ask: bool| {
        let first = (instrument, is_ask, Price(i64::MIN));
        levels.range(first..=(instrument, is_ask, Price(i64::MAX)))
    };
    for (key, &size) in side(false).rev().take(depth).chain(side(true).take(depth)) {
        (key.1, key.2.0, u128::from(size) * unit).hash(&mut hasher);
    }
    hasher.finish()
}

/// How deep a loss shows, where checksums are of the best levels only.
pub const PROVED_DEPTH: [(&str, usize); 1] = [("kraken_ws_v2", 10)];

/// Books made of ticks: how often one was given up, and whether one that is called whole was never the venue's.
#[derive(Default)]
pub struct Books {
    pub names: Vec<String>,
    pub levels: Levels,
    /// Where books are of orders: by instrument and id.
    orders: BTreeMap<(u32, u64), (bool, Price, u64)>,
    /// Ticks of positions that were closed by force.
    pub liquidations: Vec<Tick>,
    pub resets: u64,
    pub decimals: Vec<u8>,
    pub is_whole: Vec<bool>,
    in_snapshot: BTreeSet<u32>,
    pub is_provable: bool,
    /// By the venue's instrument: every book it has had.
    pub truths: Vec<HashSet<u64>>,
    pub order: Vec<String>,
    /// Levels a side that are compared.
    pub depth: usize,
    pub compared: u64,
    pub wrong: Vec<String>,
}

impl Books {
    /// An order stands here now, or, where `now` is nothing, is gone; levels follow.
    fn on_order(&mut self, instrument: u32, order: u64, now: Option<(bool, Price, u64)>) {
        let key = (instrument, order);
        let before = match now {
            Some(now) => self.orders.insert(key, now),
            None => self.orders.remove(&key),
        };
        if let Some((is_ask, price, size)) = before {
            let level = (instrument, is_ask, price);
            let left = self.levels.get_mut(&level).unwrap();
            *left -= size;
            if *left == 0 {
                self.levels.remove(&level);
            }
        }
        if let Some((is_ask, price, size)) = now {
            *self.levels.entry((instrument, is_ask, price)).or_default() += size;
        }
    }

    fn compare(&mut self, instrument: u32) {
        let index = instrument as usize;
        let name = &self.names[index];
        let Some(place) = self.order.iter().position(|known| known == name) else {
            return;
        };
        self.compared += 1;
        let hash = hash_of(&self.levels, instrument, self.decimals[index], self.depth);
        if !self.truths[place].contains(&hash) && self.wrong.len() < 4 {
            self.wrong
                .push(format!("{name} after {} comparisons", self.compared));
        }
    }
}

#[derive(Clone, Default)]
pub struct Sink(pub Arc<Mutex<Books>>);

impl TickSink for Sink {
    fn accept(&mut self, ticks: &[Tick]) {
        let mut books = self.0.lock().unwrap();
        for tick in ticks {
            let (instrument, index) = (tick.instrument.0, tick.instrument.index());
            match tick.action {
                model::Action::Clear => {
                    books.levels.retain(|key, _| key.0 != instrument);
                    books.orders.retain(|key, _| key.0 != instrument);
                    books.in_snapshot.insert(instrument);
                }
                model::Action::Reset => {
                    books.resets += 1;
                    if tick.instrument == InstrumentId::ALL {
                        books.is_whole.fill(false);
                    } else {
                        books.is_whole[index] = false;
                    }
                    books.in_snapshot.remove(&instrument);
                }
                model::Action::Level => {
                    let key = (instrument, tick.side == Side::Ask, tick.price);
                    if tick.size.0 == 0 {
                        books.levels.remove(&key);
                    } else {
                        books.levels.insert(key, tick.size.0);
                    }
                }
                model::Action::Add | model::Action::Modify => {
                    let now = (tick.side == Side::Ask, tick.price, tick.size.0);
                    let is_known = books.orders.contains_key(&(instrument, tick.order_id));
                    // What is added is new, what is modified is not.
                    assert_eq!(is_known, tick.action == model::Action::Modify);
                    books.on_order(instrument, tick.order_id, Some(now));
                }
                model::Action::Cancel => books.on_order(instrument, tick.order_id, None),
                model::Action::Statistic
                    if tick.detail == model::StatisticKind::Liquidation as u8 =>
                {
                    books.liquidations.push(*tick);
                    continue;
                }
                _ => continue,
            }
            if tick.flags.contains(Flags::LAST) && tick.action != model::Action::Reset {
                if books.in_snapshot.remove(&instrument) {
                    books.is_whole[index] = true;
                }
                if books.is_whole[index] {
                    books.compare(instrument);
                }
            }
        }
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        let mut books = self.0.lock().unwrap();
        let name = definition.symbol.as_str().to_owned();
        let index = definition.instrument.index();
        if books.names.len() <= index {
            books.names.resize(index + 1, String::new());
            books.decimals.resize(index + 1, 0);
            books.is_whole.resize(index + 1, false);
        }
        books.names[index] = name;
        books.decimals[index] = definition.size_decimals;
        books.is_provable = definition.is_provable;
    }
}

/// What goes wrong, one in so many; 0 for never.
#[derive(Clone, Copy, Debug, Default)]
pub struct Faults {
    /// A text of the venue is lost. Only where its numbers or checksums show it.
    pub lose: u64,
    /// It is cut off somewhere.
    pub cut_off: u64,
    /// It comes twice. Only where numbers show it: of changes and trades.
    pub twice: u64,
    /// A step ends a connection.
    pub cut: u64,
    /// A step makes a connection fall silent until it is opened anew.
    pub silence: u64,
    /// A text of ours is lost.
    pub lose_ours: u64,
    /// A REST answer is lost, an error, or no JSON.
    pub no_answer: u64,
    /// A REST answer comes up to three seconds later, and is as old then.
    pub late_answer: u64,
}

pub struct World {
    pub feed: Box<dyn Feed>,
    pub venue: Box<dyn VenueSimulator>,
    pub out: Batch,
    pub books: Arc<Mutex<Books>>,
    pub names: Vec<Symbol>,
    /// Client number of each open connection.
    pub open: BTreeMap<u8, u32>,
    pub clients: u32,
    /// Connections opened, and closed, by line.
    pub opened: Vec<u8>,
    pub closed: Vec<u8>,
    pub now: u64,
    pub truth: LevelAggregator,
    pub levels: BTreeMap<(u32, bool, Price), u64>,
    pub events: u64,
    /// Every so many texts of changes one is lost, where this is not 0.
    pub lost_every: u64,
    pub texts: u64,
    descriptor: &'static Descriptor,
    /// How many of the names the venue lists.
    pub listed: usize,
    pub faults: Faults,
    pub dice: Dice,
    /// Lines whose connection says nothing any more.
    pub silent: BTreeSet<u8>,
    /// REST answers on their way: when they come, of what, and what.
    pub answers: VecDeque<(u64, u8, String, String)>,
    /// Why connections were opened anew.
    pub reasons: BTreeMap<&'static str, u64>,
    /// Our texts of this line with this in it are lost.
    pub unheard: Option<(u8, &'static str)>,
}

impl World {
    pub fn new(descriptor: &'static Descriptor, count: usize, settings: FeedSettings) -> World {
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
            faults: Faults::default(),
            dice: Dice(1),
            silent: BTreeSet::new(),
            answers: VecDeque::new(),
            reasons: BTreeMap::new(),
            unheard: None,
        };
        {
            let mut books = world.books.lock().unwrap();
            books.order = world
                .names
                .iter()
                .map(|name| name.as_str().to_owned())
                .collect();
            books.truths = vec![HashSet::new(); count];
            books.depth = PROVED_DEPTH
                .iter()
                .find(|(name, _)| *name == descriptor.name)
                .map_or(usize::MAX, |&(_, depth)| depth);
            let nothing = hash_of(&Levels::new(), 0, 4, usize::MAX);
            for truths in &mut books.truths {
                truths.insert(nothing);
            }
        }
        world.venue.open(EventTime(START), &world.names);
        world
    }

    pub fn close(&mut self, line: u8) {
        self.silent.remove(&line);
        // What was asked for a connection that is gone the transport forgets.
        self.answers.retain(|answer| answer.1 != line);
        if let Some(client) = self.open.remove(&line) {
            self.venue.on_disconnect(client);
            self.closed.push(line);
            let down = LinkEvent::Down(Line(line));
            self.feed.on_link(down, RecvTime(self.now), &mut self.out);
        }
    }

    /// Carries everything there is to carry, both ways.
    pub fn turn(&mut self) {
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
                    if self.happens(self.faults.lose_ours) || self.silent.contains(&line.0) {
                        continue;
                    }
                    let is_unheard = |&(of, part): &(u8, &str)| of == line.0 && text.contains(part);
                    if self.unheard.as_ref().is_some_and(is_unheard) {
                        continue;
                    }
                    if let Some(&client) = self.open.get(&line.0) {
                        self.venue.on_text(EventTime(self.now), client, &text);
                    }
                }
                Action::Fetch { line, url } => {
                    let answer = self.answer(&url);
                    let answer = answer.filter(|_| !self.happens(self.faults.no_answer));
                    if let Some(body) = answer {
                        let is_late = self.happens(self.faults.late_answer);
                        let late = if is_late { self.dice.below(3_000) } else { 0 };
                        let at = self.now + late * 1_000_000;
                        self.answers.push_back((at, line.0, url, body));
                    }
                }
                Action::Reconnect { line, reason } => {
                    *self.reasons.entry(reason).or_default() += 1;
                    self.close(line.0);
                }
                _ => {}
            }
        }
        let (due, later) = self.answers.drain(..).partition(|one| one.0 <= self.now);
        self.answers = later;
        let due: VecDeque<(u64, u8, String, String)> = due;
        for (_, line, url, body) in due {
            self.packet(Line(line), Form::Rest(&url), body.as_bytes());
        }
        while let Some((client, said)) = self.venue.poll_message() {
            let line = self.open.iter().find(|(_, known)| **known == client);
            self.texts += 1;
            if self.lost_every > 0 && self.texts.is_multiple_of(self.lost_every) {
                continue;
            }
            let Some((&line, _)) = line else { continue };
            let shows = self.books.lock().unwrap().is_provable;
            if self.silent.contains(&line) || (shows && self.happens(self.faults.lose)) {
                continue;
            }
            let (form, mut bytes) = match &said {
                Said::Text(text) => (Form::Text, text.as_bytes()),
                Said::Binary(bytes) => (Form::Binary, &bytes[..]),
            };
            if self.happens(self.faults.cut_off) {
                // An empty text is no text: nobody sends one.
                let length = 1 + self.dice.below(bytes.len() as u64 - 1) as usize;
                bytes = &bytes[..length];
            }
            let outcome = self.packet(Line(line), form, bytes);
            if shows && outcome == Outcome::Applied && self.happens(self.faults.twice) {
                self.packet(Line(line), form, bytes);
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

    fn happens(&mut self, one_in: u64) -> bool {
        one_in > 0 && self.dice.one_in(one_in)
    }

    /// Cuts and silences connections, as the faults say.
    pub fn harm(&mut self) {
        for line in self.open.keys().copied().collect::<Vec<_>>() {
            if self.happens(self.faults.cut) {
                self.close(line);
            } else if self.happens(self.faults.silence) {
                self.silent.insert(line);
            }
        }
    }

    /// Whether every book is whole and the venue's present one.
    pub fn is_well(&self) -> bool {
        let books = self.books.lock().unwrap();
        self.names.iter().enumerate().all(|(place, symbol)| {
            let ours = books
                .names
                .iter()
                .position(|known| known == symbol.as_str());
            ours.is_some_and(|ours| {
                let hash = hash_of(
                    &books.levels,
                    ours as u32,
                    books.decimals[ours],
                    books.depth,
                );
                books.is_whole[ours] && hash == hash_of(&self.levels, place as u32, 4, books.depth)
            })
        })
    }

    pub fn packet(&mut self, line: Line, form: Form<'_>, bytes: &[u8]) -> Outcome {
        let packet = Packet {
            line,
            ts_recv: RecvTime(self.now),
            form,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.out)
    }

    /// One order comes, and the oldest goes.
    pub fn event(&mut self) {
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

    pub fn apply(&mut self, event: &MarketEvent) {
        for level in self.truth.apply(event).levels.into_iter().flatten() {
            let key = (level.symbol, level.side == Side::Ask, level.price);
            if level.size == 0 {
                self.levels.remove(&key);
            } else {
                self.levels.insert(key, level.size);
            }
            let mut books = self.books.lock().unwrap();
            let hash = hash_of(&self.levels, level.symbol, 4, books.depth);
            books.truths[level.symbol as usize].insert(hash);
        }
        self.venue.on_event(EventTime(self.now), event);
    }

    pub fn run(&mut self, seconds: u64, step: u64, events: u64) {
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
    pub fn check_books(&self, name: &str) {
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
pub fn stitched() -> impl Iterator<Item = &'static Descriptor> {
    feeds::REGISTRY.iter().copied().filter(|descriptor| {
        let settings = FeedSettings {
            line_count: 2,
            ..FeedSettings::single_line(ChannelId(0))
        };
        descriptor.transport == Transport::WebSocket
            && (descriptor.build)(&settings).is_ok_and(|feed| feed.connections().len() == 2)
    })
}
