//! A venue, its lines and its recovery servers against a feed, with no socket and no clock between them: everything that can go
//! wrong, from a seed, in simulated time.
//!
//! Two feeds follow one venue. The reference is told every datagram, in order; the feed under test is told what the faults
//! leave. Each has books. After every event of the tested feed, every book it calls complete is compared with what the
//! reference held at that sequence number. So nothing here knows what a venue's messages mean.

use super::order_flow::{FlowSettings, OrderFlow};
use super::random::Random;
use crate::book::TrustState;
use crate::pipeline::{Channel, ChannelSpec};
use feeds::contract::{
    Action, Batch, Descriptor, Feed, FeedSettings, Form, Line, LinkEvent, Packet, Server,
    SettingFault, SnapshotService, TickSink, Value,
};
use feeds::model::{
    Action as TickAction, ChannelId, Definition, EventTime, Price, RecvTime, ResetKind, Side,
    Symbol, Tick,
};
use feeds::simulator::{Announcement, MarketEvent, ServerKind, VenueSimulator};
use std::collections::{BTreeMap, VecDeque};
use std::hash::{DefaultHasher, Hasher as _};
use std::sync::{Arc, Mutex};

const MILLISECOND: u64 = 1_000_000;
/// 2023-11-14, 17:13 in New York.
const START: u64 = 1_700_000_000_000_000_000;
/// How long a datagram travels at least.
const TRAVEL_NS: u64 = 20_000;
/// How long a server takes to answer when nothing ails it.
const ANSWER_NS: u64 = 200_000;
/// Bytes of a stream that arrive together.
const SEGMENT_BYTES: usize = 1_400;
/// Times the clock may be asked for at one instant: a hole may be given up and reveal the next one.
const CALLS_MAX: u32 = 10_000;
/// Breaches that are named; further ones are only counted.
const BREACHES_NAMED_MAX: usize = 16;

/// How a recovery server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ServerFault {
    /// As it should.
    #[default]
    None,
    /// Its host refuses.
    Unreachable,
    /// It hears, and says nothing.
    Silent,
    /// It takes this much longer, in ns.
    Slow(u64),
    /// Its answers break off in the middle, every second time.
    Partial,
    /// It says that its quota is used up, where the venue has a way to say so.
    Quota,
}

/// What goes wrong while there are faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Faults {
    /// Datagrams lost, per million, on line A and B.
    pub loss: [u32; 2],
    /// A loss takes up to so many datagrams in a row.
    pub burst_max: u64,
    /// Datagrams that come twice, per million.
    pub duplicate: u32,
    /// A datagram may be late by up to so many others.
    pub reorder_max: u64,
    /// Line B is behind line A by this much, in ns.
    pub skew_ns: u64,
    /// A line that is dead.
    pub dead: Option<u8>,
    /// The retransmission servers, where the protocol has them.
    pub retransmit: ServerFault,
    /// The snapshot servers or lines, where the protocol has them.
    pub snapshot: ServerFault,
}

impl Faults {
    /// Faults drawn from a seed: each kind is there about every second time.
    pub fn of(seed: u64) -> Faults {
        let mut dice = Random::new(seed, 77);
        let server = |dice: &mut Random| match dice.below(8) {
            0 => ServerFault::Unreachable,
            1 => ServerFault::Silent,
            2 => ServerFault::Slow(dice.below(30) * MILLISECOND),
            3 => ServerFault::Partial,
            _ => ServerFault::None,
        };
        let mut maybe = |limit: u64| {
            if dice.below(2) == 0 {
                0
            } else {
                dice.below(limit)
            }
        };
        Faults {
            loss: [maybe(50_000) as u32, maybe(50_000) as u32],
            burst_max: 1 + maybe(500),
            duplicate: maybe(100_000) as u32,
            reorder_max: maybe(50),
            skew_ns: maybe(20 * MILLISECOND),
            dead: match maybe(3) {
                1 => Some(0),
                2 => Some(1),
                _ => None,
            },
            retransmit: server(&mut dice),
            snapshot: server(&mut dice),
        }
    }
}

/// How a world is set up.
#[derive(Clone, Debug)]
pub struct WorldSettings {
    /// Everything random follows from it.
    pub seed: u64,
    /// Instruments.
    pub symbol_count: u32,
    /// Lines, 1 or 2.
    pub line_count: u8,
    /// Retransmission servers, where the protocol has them.
    pub retransmit_count: u8,
    /// Snapshot servers or lines, where the protocol has them.
    pub has_snapshots: bool,
    /// The room's own settings.
    pub own: Vec<(String, Value)>,
}

impl Default for WorldSettings {
    fn default() -> Self {
        WorldSettings {
            seed: 1,
            symbol_count: 4,
            line_count: 2,
            retransmit_count: 2,
            has_snapshots: true,
            own: Vec::new(),
        }
    }
}

#[derive(Default)]
struct Seen {
    ticks: Vec<Tick>,
    definitions: VecDeque<Definition>,
}

#[derive(Clone, Default)]
struct Collect(Arc<Mutex<Seen>>);

impl Collect {
    fn lock(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.0
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl TickSink for Collect {
    fn accept(&mut self, ticks: &[Tick]) {
        self.lock().ticks.extend_from_slice(ticks);
    }

    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.lock().definitions.push_back(*definition);
    }
}

/// A feed with the books it builds.
struct Follower {
    feed: Box<dyn Feed>,
    out: Batch,
    seen: Collect,
    channel: Channel,
    symbols: Vec<Symbol>,
    /// Ticks so far, by action.
    ticks: BTreeMap<u8, u64>,
    /// Times the numbers began anew.
    session: u64,
}

impl Follower {
    fn new(
        descriptor: &'static Descriptor,
        settings: &FeedSettings,
    ) -> Result<Follower, Vec<SettingFault>> {
        let seen = Collect::default();
        let spec = ChannelSpec {
            id: settings.channel,
            feed: descriptor.name.to_owned(),
            venue: descriptor.venue.to_owned(),
            book: descriptor.book_of(&settings.own),
            orders_capacity: 4_096,
        };
        Ok(Follower {
            feed: (descriptor.build)(settings)?,
            out: Batch::new(Box::new(seen.clone())),
            seen,
            channel: Channel::new(spec, 10),
            symbols: Vec::new(),
            ticks: BTreeMap::new(),
            session: 0,
        })
    }

    /// Applies what the feed said so far, calling `on_event` at the end of each event.
    fn settle(&mut self, mut on_event: impl FnMut(&Channel, &[Symbol], u64)) {
        self.out.flush();
        let (ticks, definitions) = {
            let mut seen = self.seen.lock();
            (
                std::mem::take(&mut seen.ticks),
                std::mem::take(&mut seen.definitions),
            )
        };
        for definition in &definitions {
            if self.channel.define(definition) {
                self.symbols.push(definition.symbol);
            }
        }
        let mut is_open = false;
        for tick in &ticks {
            *self.ticks.entry(tick.action as u8).or_default() += 1;
            if !is_open {
                self.channel.begin_event();
                is_open = true;
            }
            self.channel.apply(tick);
            let begins_anew = tick.detail != ResetKind::AwaitSnapshot as u8;
            self.session += u64::from(tick.action == TickAction::Reset && begins_anew);
            if tick.is_last() {
                self.channel.end_event(tick);
                on_event(&self.channel, &self.symbols, self.session);
                is_open = false;
            }
        }
    }
}

/// What a book was: behind which session and sequence number, its digest.
type History = Vec<((u64, u64), u64)>;

/// Bytes under way.
enum Parcel {
    Datagram(Line, Vec<u8>),
    Stream(Server, Vec<u8>),
    Link(LinkEvent),
}

/// What a world has found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Findings {
    /// Events after which books were compared.
    pub events: u64,
    /// Comparisons of complete books.
    pub compared: u64,
    /// Books that were called complete and were wrong, and other broken promises; the first few in words.
    pub breaches: u64,
    /// See `breaches`.
    pub named: Vec<String>,
}

/// See the module's head.
pub struct World {
    descriptor: &'static Descriptor,
    venue: Box<dyn VenueSimulator>,
    flow: OrderFlow,
    names: Vec<Symbol>,
    reference: Follower,
    tested: Follower,
    /// By symbol: what its book was after each event that touched it.
    truth: BTreeMap<Symbol, History>,
    now_ns: u64,
    dice: Random,
    faults: Faults,
    /// Datagrams still to be lost in a row, by line.
    burst: [u64; 2],
    /// By time of arrival, then order of sending.
    parcels: BTreeMap<(u64, u64), Parcel>,
    parcel_count: u64,
    /// Connections the tested feed has open, with the venue's name for them.
    connections: BTreeMap<u32, Server>,
    connection_count: u32,
    answers: u64,
    findings: Findings,
    is_following: bool,
    /// Datagrams the tested feed is not told, because it has not started.
    has_snapshots: bool,
}

impl World {
    /// A venue before its day.
    ///
    /// # Errors
    /// What the room has against the settings.
    pub fn new(
        descriptor: &'static Descriptor,
        settings: &WorldSettings,
    ) -> Result<World, Vec<SettingFault>> {
        let feed = FeedSettings {
            line_count: settings.line_count,
            server_count: if descriptor.has_retransmission {
                settings.retransmit_count
            } else {
                0
            },
            snapshot_server_count: match descriptor.snapshot {
                SnapshotService::Stream if settings.has_snapshots => 2,
                _ => 0,
            },
            has_snapshot_lines: settings.has_snapshots
                && descriptor.snapshot == SnapshotService::Lines,
            has_gap_lines: descriptor.has_retransmission,
            own: settings.own.clone(),
            ..FeedSettings::single_line(ChannelId(0))
        };
        let reference = FeedSettings {
            own: settings.own.clone(),
            ..FeedSettings::single_line(ChannelId(0))
        };
        let names = super::symbols(&[], settings.symbol_count as usize);
        Ok(World {
            descriptor,
            venue: (descriptor.simulator)(),
            flow: OrderFlow::new(FlowSettings {
                seed: settings.seed,
                symbol_count: settings.symbol_count,
                orders_per_symbol_max: 40,
                ..FlowSettings::default()
            }),
            names,
            reference: Follower::new(descriptor, &reference)?,
            tested: Follower::new(descriptor, &feed)?,
            truth: BTreeMap::new(),
            now_ns: START,
            dice: Random::new(settings.seed, 5),
            faults: Faults::default(),
            burst: [0; 2],
            parcels: BTreeMap::new(),
            parcel_count: 0,
            connections: BTreeMap::new(),
            connection_count: 0,
            answers: 0,
            findings: Findings::default(),
            is_following: true,
            has_snapshots: settings.has_snapshots,
        })
    }

    /// What goes wrong from now on.
    pub fn set_faults(&mut self, faults: Faults) {
        self.faults = faults;
        self.burst = [0; 2];
        let is_refused = faults.retransmit == ServerFault::Quota;
        self.venue.refuse_requests(is_refused);
    }

    /// Whether the venue has a way to say that a quota is used up.
    pub fn has_quotas(&mut self) -> bool {
        let is_refused = self.faults.retransmit == ServerFault::Quota;
        self.venue.refuse_requests(is_refused)
    }

    /// Whether the tested feed is told anything from now on.
    pub fn follow(&mut self, is_following: bool) {
        self.is_following = is_following;
    }

    /// The venue opens a session: its books are empty.
    pub fn open(&mut self) {
        let settings = *self.flow.settings();
        self.flow = OrderFlow::new(FlowSettings {
            seed: settings.seed.wrapping_add(1),
            ..settings
        });
        let names = self.names.clone();
        self.venue.open(EventTime(self.now_ns), &names);
        self.carry();
    }

    /// Nothing happens for so long: a night.
    pub fn sleep(&mut self, ns: u64) {
        self.now_ns += ns;
    }

    /// The venue ends its session.
    pub fn close(&mut self) {
        self.venue.close(EventTime(self.now_ns));
        self.carry();
    }

    /// Runs for so many milliseconds with so many events of the matching engine in each.
    pub fn run(&mut self, milliseconds: u64, events: u64) {
        for _ in 0..milliseconds {
            self.now_ns += MILLISECOND;
            for _ in 0..events {
                let event = self.flow.next_event();
                self.venue.on_event(EventTime(self.now_ns), &event);
            }
            self.venue.on_clock(EventTime(self.now_ns));
            self.carry();
        }
    }

    /// One event of the matching engine, beside the flow.
    pub fn say(&mut self, event: &MarketEvent) {
        self.venue.on_event(EventTime(self.now_ns), event);
    }

    /// Lets the venue say something else; false when it has no such message.
    pub fn announce(&mut self, announcement: &Announcement) -> bool {
        if let Announcement::List(symbol) = announcement {
            self.names.push(*symbol);
        }
        self.venue.announce(EventTime(self.now_ns), announcement)
    }

    /// The next so many datagrams of line A and B are lost.
    pub fn lose_next(&mut self, datagrams: [u64; 2]) {
        self.burst = datagrams;
    }

    /// Names of the instruments.
    pub fn names(&self) -> &[Symbol] {
        &self.names
    }

    /// Messages the reference was told.
    pub fn reference_messages(&self) -> u64 {
        self.reference.feed.counters().messages
    }

    /// Ticks of a kind: of the feed under test, and of the reference.
    pub fn ticks(&self, action: feeds::model::Action) -> (u64, u64) {
        let count = |follower: &Follower| follower.ticks.get(&(action as u8)).copied();
        (
            count(&self.tested).unwrap_or(0),
            count(&self.reference).unwrap_or(0),
        )
    }

    /// Whether no book of the feed under test has a level.
    pub fn is_all_empty(&self) -> bool {
        let channel = &self.tested.channel;
        let mut ids = channel.instruments().iter();
        ids.all(|instrument| channel.books().is_empty(instrument.definition.instrument))
    }

    /// Whether the feed under test has a level there.
    pub fn has_level(&self, symbol: Symbol, side: Side, price: Price) -> bool {
        self.tested.has_level(symbol, side, price)
    }

    /// Whether the reference has a level there.
    pub fn reference_has_level(&self, symbol: Symbol, side: Side, price: Price) -> bool {
        self.reference.has_level(symbol, side, price)
    }

    /// The feed under test.
    pub fn feed(&self) -> &dyn Feed {
        self.tested.feed.as_ref()
    }

    /// The feed that was told everything.
    pub fn reference(&self) -> &dyn Feed {
        self.reference.feed.as_ref()
    }

    /// The books of the feed under test.
    pub fn channel(&self) -> &Channel {
        &self.tested.channel
    }

    /// The state of every book of the feed under test, by symbol.
    pub fn states(&self) -> Vec<(Symbol, TrustState)> {
        let symbols = self
            .tested
            .symbols
            .iter()
            .zip(self.tested.channel.instruments());
        symbols
            .map(|(symbol, instrument)| {
                let id = instrument.definition.instrument;
                (*symbol, self.tested.channel.state(id).state)
            })
            .collect()
    }

    /// Whether messages came of instruments whose names were missed. Where names are said once a session and no snapshot
    /// repeats them, none of their books is published until the next one.
    pub fn misses_names(&self) -> bool {
        self.tested.feed.counters().unknown_instrument_messages > 0
    }

    /// Whether every instrument of the venue has a live book.
    pub fn is_all_live(&self) -> bool {
        let states = self.states();
        states.len() == self.names.len()
            && states.iter().all(|(_, state)| {
                // A book that is crossed is whole; the flow does not cross books, venues may.
                matches!(state, TrustState::Live | TrustState::Crossed)
            })
    }

    /// What was found so far.
    pub fn findings(&self) -> &Findings {
        &self.findings
    }

    /// Compares the books at rest with the truth, and the ledger with what was delivered.
    pub fn check_end(&mut self) {
        let tested = self.tested.feed.counters().clone();
        let reference = self.reference.feed.counters().clone();
        let known = tested.messages + tested.messages_lost;
        if known > reference.messages && reference.resets == 0 {
            let text = format!("{known} messages known of {}", reference.messages);
            self.breach(text);
        }
        let lost: u64 = self
            .tested
            .feed
            .gaps()
            .iter()
            .filter(|gap| !gap.recovered)
            .map(|gap| gap.count)
            .sum();
        if lost != tested.messages_lost {
            let text = format!("the ledger names {lost} lost of {}", tested.messages_lost);
            self.breach(text);
        }
        for (symbol, state) in self.states() {
            if state.is_complete() {
                let ours = self.tested.digest(symbol);
                let theirs = self.reference.digest(symbol);
                if ours != theirs {
                    self.breach(format!(
                        "{} is {} and wrong at the end",
                        symbol.as_str(),
                        state.as_str()
                    ));
                }
            }
        }
    }

    fn breach(&mut self, text: String) {
        self.findings.breaches += 1;
        if self.findings.named.len() < BREACHES_NAMED_MAX {
            self.findings.named.push(text);
        }
    }

    /// Sends what the venue says, and delivers what has arrived by now.
    fn carry(&mut self) {
        while let Some(bytes) = self.venue.poll_datagram() {
            self.tell_reference(&bytes);
            for line in 0..self.tested_lines() {
                self.send(line, &bytes);
            }
        }
        while let Some(bytes) = self.venue.poll_snapshot_datagram() {
            let fault = self.faults.snapshot;
            let is_lost = match fault {
                ServerFault::Unreachable | ServerFault::Silent => true,
                ServerFault::Partial => self.dice.below(10) == 0,
                ServerFault::None | ServerFault::Slow(_) | ServerFault::Quota => false,
            };
            if !is_lost && self.has_snapshots {
                let late = if let ServerFault::Slow(ns) = fault {
                    ns
                } else {
                    0
                };
                self.post(TRAVEL_NS + late, Parcel::Datagram(Line::SNAPSHOT, bytes));
            }
        }
        self.deliver();
        self.take_streams();
        self.act();
    }

    fn tested_lines(&self) -> u8 {
        2
    }

    fn tell_reference(&mut self, bytes: &[u8]) {
        let packet = Packet {
            line: Line(0),
            ts_recv: RecvTime(self.now_ns),
            form: Form::Datagram,
            bytes,
        };
        let World {
            reference, truth, ..
        } = self;
        reference.feed.on_packet(&packet, &mut reference.out);
        reference.settle(|channel, symbols, session| {
            for (instrument, symbol) in channel.instruments().iter().zip(symbols) {
                let id = instrument.definition.instrument;
                if channel.event().all || channel.event().touched.contains(&id) {
                    let place = (session, channel.state(id).last_sequence);
                    let history = truth.entry(*symbol).or_default();
                    history.push((place, digest(channel, id)));
                }
            }
        });
    }

    /// Puts a datagram on a line, which may lose, delay or repeat it.
    fn send(&mut self, line: u8, bytes: &[u8]) {
        let index = usize::from(line);
        if self.faults.dead == Some(line) || !self.is_following {
            return;
        }
        if self.burst[index] > 0 {
            self.burst[index] -= 1;
            return;
        }
        if self.dice.chance(self.faults.loss[index]) {
            self.burst[index] = self.dice.below(self.faults.burst_max.max(1));
            return;
        }
        let mut late = TRAVEL_NS;
        if self.faults.reorder_max > 0 && self.dice.below(8) == 0 {
            late += self.dice.below(self.faults.reorder_max) * 100_000;
        }
        if line == 1 {
            late += self.faults.skew_ns;
        }
        self.post(late, Parcel::Datagram(Line(line), bytes.to_vec()));
        if self.dice.chance(self.faults.duplicate) {
            let again = late + self.dice.below(2 * MILLISECOND);
            self.post(again, Parcel::Datagram(Line(line), bytes.to_vec()));
        }
    }

    fn post(&mut self, late_ns: u64, parcel: Parcel) {
        self.parcel_count += 1;
        let place = (self.now_ns + late_ns, self.parcel_count);
        self.parcels.insert(place, parcel);
    }

    /// Tells the tested feed all that arrives within this millisecond, and the time whenever it asks for it.
    fn deliver(&mut self) {
        let until = self.now_ns + MILLISECOND;
        let mut calls = 0;
        loop {
            let arrival = self.parcels.first_key_value().map(|(&(at, _), _)| at);
            let deadline = self
                .tested
                .feed
                .next_deadline()
                .map(|at| at.0.max(self.now_ns));
            let next = arrival.into_iter().chain(deadline).min();
            let Some(at) = next.filter(|at| *at < until) else {
                return;
            };
            if deadline.is_some_and(|deadline| deadline <= at) {
                let tested = &mut self.tested;
                tested.feed.on_clock(RecvTime(at), &mut tested.out);
            } else if let Some((_, parcel)) = self.parcels.pop_first() {
                self.tell_tested(at, parcel);
            }
            self.compare();
            self.act_at(at);
            calls = if deadline == Some(at) { calls + 1 } else { 0 };
            if calls > CALLS_MAX {
                return self.breach("a deadline that never passes".to_owned());
            }
        }
    }

    fn tell_tested(&mut self, at: u64, parcel: Parcel) {
        let tested = &mut self.tested;
        let (line, form, bytes) = match &parcel {
            Parcel::Datagram(line, bytes) => (*line, Form::Datagram, bytes),
            Parcel::Stream(server, bytes) => (Line::RECOVERY, Form::Stream(*server), bytes),
            Parcel::Link(event) => {
                tested.feed.on_link(*event, RecvTime(at), &mut tested.out);
                return;
            }
        };
        let packet = Packet {
            line,
            ts_recv: RecvTime(at),
            form,
            bytes,
        };
        tested.feed.on_packet(&packet, &mut tested.out);
    }

    /// Compares every book the tested feed calls complete after what it was just told.
    fn compare(&mut self) {
        let World {
            tested,
            reference,
            truth,
            findings,
            ..
        } = self;
        // Numbers do not always tell that a session is a new one: the first message that comes of it may have a higher number
        // than the last one known. Its books come from a snapshot of the new session then.
        let newest = reference.session;
        tested.settle(|channel, symbols, session| {
            findings.events += 1;
            for (instrument, symbol) in channel.instruments().iter().zip(symbols) {
                let id = instrument.definition.instrument;
                if !channel.event().all && !channel.event().touched.contains(&id) {
                    continue;
                }
                let state = channel.state(id);
                if !state.state.is_complete() {
                    continue;
                }
                findings.compared += 1;
                let (history, ours) = (truth.get(symbol), digest(channel, id));
                let is_true_in = |session| is_true(history, (session, state.last_sequence), ours);
                if !is_true_in(session) && !is_true_in(newest) {
                    findings.breaches += 1;
                    if findings.named.len() < BREACHES_NAMED_MAX {
                        findings.named.push(format!(
                            "{} is {} and wrong at sequence {}",
                            symbol.as_str(),
                            state.state.as_str(),
                            state.last_sequence
                        ));
                    }
                }
            }
        });
    }

    fn act(&mut self) {
        self.act_at(self.now_ns);
    }

    /// Carries out what the tested feed asks for.
    fn act_at(&mut self, at: u64) {
        let ahead = at.saturating_sub(self.now_ns);
        while let Some(action) = self.tested.feed.poll_action() {
            match action {
                Action::SendDatagram { server, bytes } => self.request(ahead, server, &bytes),
                Action::OpenStream { server } => self.connect(ahead, server),
                Action::SendStream { server, bytes } => {
                    let found = self.connections.iter().find(|(_, open)| **open == server);
                    let fault = self.fault_of(server);
                    if let Some((&connection, _)) = found
                        && fault != ServerFault::Silent
                    {
                        self.venue.on_stream(EventTime(at), connection, &bytes);
                        self.take_streams();
                    }
                }
                Action::CloseStream { server } => {
                    let found = self.connections.iter().find(|(_, open)| **open == server);
                    if let Some((&connection, _)) = found {
                        self.venue.on_stream_close(connection);
                        self.connections.remove(&connection);
                    }
                    self.parcels.retain(
                        |_, parcel| !matches!(parcel, Parcel::Stream(from, _) if *from == server),
                    );
                }
                Action::SendText { .. } | Action::Reconnect { .. } | Action::Fetch { .. } => {
                    self.breach("a datagram feed that asks for a WebSocket".to_owned());
                }
            }
        }
        while self.tested.feed.poll_notice().is_some() {}
    }

    fn fault_of(&self, server: Server) -> ServerFault {
        match server {
            Server::Retransmit(_) => self.faults.retransmit,
            Server::Snapshot(_) => self.faults.snapshot,
            Server::Delivery(_) => ServerFault::Unreachable,
        }
    }

    fn request(&mut self, ahead: u64, server: u8, bytes: &[u8]) {
        let late = ANSWER_NS + ahead;
        let late = match self.faults.retransmit {
            ServerFault::None | ServerFault::Quota => late,
            ServerFault::Slow(ns) => late + ns,
            ServerFault::Unreachable => {
                let gone = LinkEvent::ServerUnreachable(server);
                return self.post(late, Parcel::Link(gone));
            }
            ServerFault::Silent => return,
            ServerFault::Partial => {
                self.answers += 1;
                if self.answers.is_multiple_of(2) {
                    return;
                }
                late
            }
        };
        if let Some(answer) = self.venue.on_request(bytes) {
            self.post(late, Parcel::Datagram(Line::RECOVERY, answer));
        }
    }

    fn connect(&mut self, ahead: u64, server: Server) {
        let kind = match server {
            Server::Retransmit(_) => ServerKind::Retransmit,
            Server::Snapshot(_) | Server::Delivery(_) => ServerKind::Snapshot,
        };
        let late = ANSWER_NS + ahead;
        if self.fault_of(server) == ServerFault::Unreachable || !self.venue.has_server(kind) {
            return self.post(late, Parcel::Link(LinkEvent::StreamDown(server)));
        }
        self.connection_count += 1;
        self.connections.insert(self.connection_count, server);
        self.venue.on_stream_open(self.connection_count, kind);
        self.post(late, Parcel::Link(LinkEvent::StreamUp(server)));
    }

    /// Puts an answer to everybody on its way.
    fn answer_all(&mut self, bytes: Vec<u8>) {
        let late = match self.faults.retransmit {
            ServerFault::None | ServerFault::Quota => 0,
            ServerFault::Slow(ns) => ns,
            ServerFault::Unreachable | ServerFault::Silent => return,
            ServerFault::Partial => {
                self.answers += 1;
                if self.answers.is_multiple_of(2) {
                    return;
                }
                0
            }
        };
        self.post(ANSWER_NS + late, Parcel::Datagram(Line::RECOVERY, bytes));
    }

    /// Puts what the venue's servers say on its way, in segments.
    fn take_streams(&mut self) {
        while let Some(bytes) = self.venue.poll_answer_datagram() {
            self.answer_all(bytes);
        }
        while let Some((connection, bytes)) = self.venue.poll_stream() {
            let Some(&server) = self.connections.get(&connection) else {
                continue;
            };
            let fault = self.fault_of(server);
            if fault == ServerFault::Silent {
                continue;
            }
            let mut late = ANSWER_NS;
            if let ServerFault::Slow(ns) = fault {
                late += ns;
            }
            let Some(mut bytes) = bytes else {
                self.connections.remove(&connection);
                self.post(
                    late + MILLISECOND,
                    Parcel::Link(LinkEvent::StreamDown(server)),
                );
                continue;
            };
            self.answers += 1;
            let breaks_off = fault == ServerFault::Partial && self.answers.is_multiple_of(2);
            if breaks_off {
                bytes.truncate(bytes.len() / 2);
            }
            for segment in bytes.chunks(SEGMENT_BYTES) {
                late += 10_000;
                self.post(late, Parcel::Stream(server, segment.to_vec()));
            }
            if breaks_off {
                self.venue.on_stream_close(connection);
                self.connections.remove(&connection);
                self.post(late + 10_000, Parcel::Link(LinkEvent::StreamDown(server)));
            }
        }
    }

    /// The descriptor of the feed.
    pub fn descriptor(&self) -> &'static Descriptor {
        self.descriptor
    }
}

impl Follower {
    fn has_level(&self, symbol: Symbol, side: Side, price: Price) -> bool {
        let index = self.symbols.iter().position(|name| *name == symbol);
        index.is_some_and(|index| {
            let id = self.channel.instruments()[index].definition.instrument;
            let mut levels = self.channel.books().levels(id, side);
            levels.any(|level| level.price == price)
        })
    }

    fn digest(&self, symbol: Symbol) -> u64 {
        let index = self.symbols.iter().position(|name| *name == symbol);
        index.map_or(0, |index| {
            digest(
                &self.channel,
                self.channel.instruments()[index].definition.instrument,
            )
        })
    }
}

/// All levels of a book, as a number.
fn digest(channel: &Channel, id: feeds::model::InstrumentId) -> u64 {
    let mut hasher = DefaultHasher::new();
    for side in [Side::Bid, Side::Ask] {
        for level in channel.books().levels(id, side) {
            hasher.write_i64(level.price.0);
            hasher.write_u64(level.size);
            hasher.write_u32(level.orders);
        }
        hasher.write_u8(0);
    }
    hasher.finish()
}

/// Whether a book was so at a place: after an event of that number, or of the last one before it.
fn is_true(history: Option<&History>, place: (u64, u64), ours: u64) -> bool {
    let Some(history) = history else {
        return false;
    };
    let until = &history[..history.partition_point(|(at, _)| *at <= place)];
    let Some((last, _)) = until.last() else {
        return false;
    };
    let same = until.iter().rev().take_while(|(at, _)| at == last);
    same.into_iter().any(|(_, digest)| *digest == ours)
}
