//! The [`Feed`] of a [`Venue`]: connections, subscriptions, what is asked for and when.

use super::audit::{Audit, AuditStep};
use super::connections::{Connection, Limits, after, earliest, shard_of};
use super::instruments::Instrument;
use super::ladder::OrderChange;
use super::listings::Listings;
use super::settings::{AUDIT_BY_NEED, AUDIT_DEFAULT_NS};
use super::{
    BookMessage, Chain, Checksum, Hear, Heard, LiquidationMessage, Listing, Origin, Product,
    Quantity, Settings, TradeMessage, Venue,
};
use crate::contract::{
    Action as FeedAction, Batch, Control, ControlAnswer, DecodeError, Feed, FeedCounters, Form,
    Gap, Line, LinkEvent, Notice, Outcome, Pace, Packet,
};
use crate::model::{
    Action, ChannelId, EventTime, Flags, Price, RecvTime, Side, Size, StatisticKind, Symbol, Tick,
};
use std::collections::VecDeque;

/// A book that waits longer than this for its snapshot is asked for again; also the least time between two tries, ns.
const SNAPSHOT_WAIT_NS: u64 = 10_000_000_000;
/// A book by REST that nothing is said about is asked for after so long, ns.
const QUIET_BOOK_NS: u64 = 1_000_000_000;
/// Actions and notices nobody fetched; older ones go first.
const QUEUE_MAX: usize = 1_024;
/// Unknown types that get a notice of their own.
const UNKNOWN_TYPES_MAX: usize = 32;

type Index = hashbrown::HashMap<Box<[u8]>, u32, foldhash::fast::FixedState>;

/// When and where a text came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arrival {
    pub(super) at: RecvTime,
    pub(super) line: Line,
    /// It is the answer to a question.
    pub(super) by_rest: bool,
    /// When that was asked, where the answer tells.
    pub(super) asked_at: Option<RecvTime>,
}

pub(super) struct State {
    pub(super) channel: ChannelId,
    pub(super) settings: Settings,
    pub(super) limits: Limits,
    pub(super) chain: Chain,
    pub(super) origin: Origin,
    pub(super) depth: Option<usize>,
    pub(super) checksum: Option<Checksum>,
    pub(super) keeps_ladders: bool,
    pub(super) instruments: Vec<Instrument>,
    pub(super) index: Index,
    /// All instruments that are spoken of, instead of those the settings name.
    pub(super) follows_all: bool,
    pub(super) instrument_count: u32,
    pub(super) listings: Listings,
    /// Instruments that connections have to be told of.
    pub(super) newly_wanted: Vec<usize>,
    pub(super) newly_unwanted: Vec<usize>,
    pub(super) connections: Vec<Connection>,
    /// Wanted instruments of each shard.
    pub(super) shards: Vec<usize>,
    /// Shards of which both connections are up, a bit each.
    pub(super) doubled: u32,
    /// Connections that are to be open.
    pub(super) wanted: Vec<Line>,
    /// Not later than the earliest `ask_at` of a book.
    pub(super) ask_at: Option<RecvTime>,
    pub(super) is_provable: bool,
    pub(super) audit: Option<Audit>,
    /// When the next comparison begins, and at which instrument.
    pub(super) audit_at: RecvTime,
    pub(super) audit_next: usize,
    fetch_from: RecvTime,
    actions: VecDeque<FeedAction>,
    notices: VecDeque<Notice>,
    pub(super) counters: FeedCounters,
    kinds: Vec<u64>,
    pub(super) gaps: Vec<Gap>,
    unknown_types: Vec<Symbol>,
    /// Levels beyond the depth, of the message being applied.
    pub(super) dropped: Vec<(Side, Price)>,
    pub(super) is_by_order: bool,
    pub(super) tells_whole: bool,
    /// What became of orders by the message being applied.
    pub(super) changes: Vec<OrderChange>,
}

/// A venue's feed. See the module's head.
pub struct StitchedFeed<V> {
    venue: V,
    state: State,
}

/// Whoever hears what a text says, and when it came.
struct Listener<'a> {
    state: &'a mut State,
    arrival: Arrival,
    out: &'a mut Batch,
    has_told: bool,
}

impl Hear for Listener<'_> {
    #[inline]
    fn book(&mut self, book: &BookMessage<'_>) {
        self.has_told = true;
        self.state.on_book(book, self.arrival, self.out);
    }

    #[inline]
    fn trade(&mut self, trade: &TradeMessage<'_>) {
        self.has_told = true;
        self.state.on_trade(trade, self.arrival, self.out);
    }

    fn last_trade(&mut self, symbol: &[u8], number: u64) {
        self.state.on_last_trade(symbol, number, self.arrival.at);
    }

    fn statistic(&mut self, symbol: &[u8], time: EventTime, kind: StatisticKind, value: Quantity) {
        self.has_told = true;
        self.state
            .on_statistic(symbol, time, kind, value, self.arrival.at, self.out);
    }

    fn liquidation(&mut self, liquidation: &LiquidationMessage<'_>) {
        self.has_told = true;
        self.state
            .on_liquidation(liquidation, self.arrival, self.out);
    }

    fn product(&mut self, product: &Product) {
        self.listing(&Listing::of(*product));
    }

    fn listing(&mut self, listing: &Listing) {
        self.has_told = true;
        self.state.on_listing(listing, self.arrival.at, self.out);
    }

    fn list_continues_at(&mut self, url: String) {
        self.state.listings.continues_at(url);
    }

    fn list_continues(&mut self) {
        self.state.listings.is_part();
    }

    fn list_is_whole(&mut self) {
        self.state.close_list_in_band(self.arrival.at, self.out);
    }

    fn delisted(&mut self, symbol: &[u8]) {
        let known = self.state.index.get(symbol).copied();
        if let Some(index) = known {
            self.has_told = true;
            self.state.delist(index as usize, self.arrival.at, self.out);
        }
    }

    fn confirmed(&mut self) {
        self.state.confirm(self.arrival.line);
    }

    fn complaint(&mut self, text: &str) {
        let text = Symbol::new(text.as_bytes());
        self.state.note(Notice::VenueError(text));
    }

    fn reply(&mut self, text: String) {
        let line = self.arrival.line;
        self.state.act(FeedAction::SendText { line, text });
    }

    fn left_out(&mut self) {
        self.state.counters.values_left_out += 1;
    }

    fn too_fine(&mut self, symbol: &[u8]) {
        self.has_told = true;
        self.state.on_too_fine(symbol, self.arrival.at, self.out);
    }

    fn depth(&mut self, levels: usize) {
        self.state.depth = Some(levels);
        self.state.keeps_ladders = true;
    }

    fn lost(&mut self, symbol: &[u8]) {
        let Some(index) = self.state.find(symbol) else {
            return;
        };
        if self.state.chain == Chain::Connection {
            // What the other connection says of it may be whole.
            self.state.leave_connection(index, self.arrival, self.out);
        } else {
            self.state.lose_book(index, self.arrival.at, self.out);
        }
    }

    fn line(&self) -> Line {
        self.arrival.line
    }

    fn missed(&mut self, first: u64, count: u64) {
        self.state.name_gap(first, count);
    }
}

impl<V: Venue> StitchedFeed<V> {
    /// A feed that is not connected yet.
    pub fn new(channel: ChannelId, settings: Settings, venue: V) -> StitchedFeed<V> {
        let mut settings = settings;
        let can_audit = venue.snapshot_url(Symbol::new(b"X")).is_some();
        if !can_audit || (settings.audit_ns == AUDIT_BY_NEED && venue.is_provable()) {
            settings.audit_ns = 0;
        } else if settings.audit_ns == AUDIT_BY_NEED {
            settings.audit_ns = AUDIT_DEFAULT_NS;
        }
        let mut limits = venue.limits();
        if let Some(fewer) = settings.instruments_per_connection {
            limits.instruments_per_connection = limits.instruments_per_connection.min(fewer);
        }
        let mut state = State {
            channel,
            chain: venue.chain(),
            origin: venue.origin(),
            depth: venue.depth(),
            checksum: venue.checksum(),
            keeps_ladders: venue.depth().is_some()
                || venue.checksum().is_some()
                || venue.is_by_order()
                || settings.audit_ns > 0,
            follows_all: settings.selection.is_all(),
            instruments: Vec::new(),
            index: Index::default(),
            instrument_count: 0,
            listings: Listings::new(
                settings.selection.clone(),
                settings.refresh_ns,
                venue.lists(settings.selection.kinds),
            ),
            newly_wanted: Vec::new(),
            newly_unwanted: Vec::new(),
            connections: Vec::with_capacity(2),
            shards: Vec::with_capacity(1),
            doubled: 0,
            wanted: Vec::with_capacity(2),
            limits,
            ask_at: None,
            is_provable: venue.is_provable(),
            audit: None,
            audit_at: RecvTime(0),
            audit_next: 0,
            fetch_from: RecvTime(0),
            actions: VecDeque::with_capacity(64),
            notices: VecDeque::with_capacity(64),
            counters: FeedCounters::default(),
            kinds: vec![0; V::KINDS.len()],
            gaps: Vec::new(),
            unknown_types: Vec::new(),
            dropped: Vec::new(),
            is_by_order: venue.is_by_order(),
            tells_whole: venue.tells_whole(),
            changes: Vec::new(),
            settings,
        };
        state.add_shard();
        for index in 0..state.settings.symbols.len() {
            let symbol = state.settings.symbols[index];
            if let Some(index) = state.insert(symbol) {
                state.instruments[index].is_named = true;
                state.want(index);
            }
        }
        // Connections subscribe to them when they come.
        state.newly_wanted.clear();
        StitchedFeed { venue, state }
    }

    fn on_message(&mut self, packet: &Packet<'_>, arrival: Arrival, out: &mut Batch) -> Outcome {
        let bytes = packet.bytes;
        let StitchedFeed { venue, state } = self;
        state.heard(arrival);
        let mut listener = Listener {
            state,
            arrival,
            out,
            has_told: false,
        };
        let heard = match packet.form {
            Form::Binary => venue.read_binary(bytes, &mut listener),
            _ => venue.read(bytes, &mut listener),
        };
        let has_told = listener.has_told;
        match heard {
            Ok(Heard::Kind(kind)) => {
                state.counters.messages += 1;
                if let Some(count) = state.kinds.get_mut(usize::from(kind)) {
                    *count += 1;
                }
                if has_told {
                    Outcome::Applied
                } else {
                    state.counters.heartbeats += 1;
                    Outcome::Heartbeat
                }
            }
            Ok(Heard::Unknown(name)) => {
                state.unknown(name);
                Outcome::Heartbeat
            }
            Err(error) => {
                state.counters.refuse(error);
                if !bytes.trim_ascii().is_empty() {
                    let culprit = venue.culprit(bytes);
                    state.lose_culprit(culprit, arrival.at, out);
                }
                Outcome::Refused(error)
            }
        }
    }

    fn subscribe(&mut self, line: Line, now: RecvTime) {
        let StitchedFeed { venue, state } = self;
        let shard = shard_of(line);
        let is_ours = |one: &&Instrument| one.is_wanted && usize::from(one.shard) == shard;
        let ours = state.instruments.iter().filter(is_ours);
        let symbols: Vec<Symbol> = ours.map(|one| one.symbol).collect();
        let texts = venue.subscribe(&symbols);
        if !symbols.is_empty() {
            state.expect(line, texts.len(), after(now, state.settings.silence_ns));
        }
        for text in texts {
            state.act(FeedAction::SendText { line, text });
        }
        let origin = state.origin;
        let wait = if origin == Origin::Rest {
            QUIET_BOOK_NS
        } else {
            SNAPSHOT_WAIT_NS
        };
        let at = after(now, wait);
        let is_alone = !state.is_doubled(line.0 / 2);
        for instrument in &mut state.instruments {
            let is_ours = usize::from(instrument.shard) == shard;
            if is_ours && is_alone {
                instrument.trades.is_fresh = true;
                instrument.trades.announced = None;
            }
            let book = &mut instrument.book;
            let is_asked = origin == Origin::Rest && book.ask_at.is_some();
            if is_ours
                && instrument.is_wanted
                && !is_asked
                && book.phase != super::book::Phase::Following
                && !instrument.is_too_fine
            {
                book.ask_at = Some(at);
                book.ask_from = if origin == Origin::Rest { now } else { at };
            }
        }
        state.ask_at = earliest(state.ask_at, Some(at));
        let ping_at = venue
            .keep_alive()
            .map(|(interval_ns, _)| after(now, interval_ns));
        let connection = state.connection(line);
        connection.ping_at = ping_at;
    }

    /// Tells connections what is wanted of late and what is not any more. Those that are not up subscribe to what is wanted
    /// once they are.
    fn follow_changes(&mut self, now: RecvTime) {
        let StitchedFeed { venue, state } = self;
        if state.newly_wanted.is_empty() && state.newly_unwanted.is_empty() {
            return;
        }
        let wanted = std::mem::take(&mut state.newly_wanted);
        let gone = std::mem::take(&mut state.newly_unwanted);
        let up = state.connections.iter().filter(|one| one.is_up);
        let lines: Vec<Line> = up.map(|one| one.line).collect();
        for line in lines {
            let of_line = |indexes: &[usize]| -> Vec<Symbol> {
                let all = indexes.iter().map(|&index| &state.instruments[index]);
                let ours = all.filter(|one| usize::from(one.shard) == shard_of(line));
                ours.map(|one| one.symbol).collect()
            };
            let (wanted, gone) = (of_line(&wanted), of_line(&gone));
            let left = if gone.is_empty() {
                Vec::new()
            } else {
                venue.unsubscribe(&gone)
            };
            let joined = if wanted.is_empty() {
                Vec::new()
            } else {
                venue.subscribe_more(&wanted)
            };
            let by = after(now, state.settings.silence_ns);
            state.expect_more(line, joined.len(), by);
            for text in left.into_iter().chain(joined) {
                state.act(FeedAction::SendText { line, text });
            }
        }
        let is_by_rest = state.origin == Origin::Rest;
        let wait = if is_by_rest {
            QUIET_BOOK_NS
        } else {
            SNAPSHOT_WAIT_NS
        };
        let at = after(now, wait);
        for index in wanted {
            // Those whose connection is not up yet are asked for by it.
            let is_up = state.line_of(state.instruments[index].shard).is_some();
            let book = &mut state.instruments[index].book;
            if is_up && book.phase != super::book::Phase::Following {
                book.ask_at = Some(at);
                book.ask_from = if is_by_rest { now } else { at };
                state.ask_at = earliest(state.ask_at, Some(at));
            }
        }
    }

    /// Asks for the snapshots that are due.
    fn ask_due(&mut self, now: RecvTime) {
        let StitchedFeed { venue, state } = self;
        let mut next = None;
        for index in 0..state.instruments.len() {
            let Some(at) = state.instruments[index].book.ask_at else {
                continue;
            };
            let Some(line) = state.line_of(state.instruments[index].shard) else {
                // The connection that comes asks for it.
                state.instruments[index].book.ask_at = None;
                continue;
            };
            let symbol = state.instruments[index].symbol;
            let book = &mut state.instruments[index].book;
            if at > now {
                next = earliest(next, Some(at));
                continue;
            }
            let again = after(now, SNAPSHOT_WAIT_NS);
            match state.origin {
                Origin::Rest if state.fetch_from > now => {
                    book.ask_at = Some(state.fetch_from);
                }
                Origin::Rest => {
                    state.fetch_from = after(now, venue.fetch_interval_ns());
                    (book.ask_at, book.ask_from) = (Some(again), again);
                    if let Some(url) = venue.snapshot_url(symbol) {
                        state.counters.requests += 1;
                        let url = with_time(&url, now);
                        state.act(FeedAction::Fetch { line, url });
                    } else if let Some(text) = venue.snapshot_request(symbol) {
                        state.counters.requests += 1;
                        state.act(FeedAction::SendText { line, text });
                    }
                }
                Origin::InBand => {
                    (book.ask_at, book.ask_from) = (Some(again), again);
                    for text in venue.subscribe_again_on(line, symbol) {
                        state.act(FeedAction::SendText { line, text });
                    }
                }
            }
            next = earliest(next, state.instruments[index].book.ask_at);
        }
        state.ask_at = next;
    }

    fn keep_alive(&mut self, index: usize, now: RecvTime) {
        let connection = &mut self.state.connections[index];
        if !connection.is_up || connection.ping_at.is_none_or(|at| at > now) {
            return;
        }
        if let Some((interval_ns, text)) = self.venue.keep_alive() {
            connection.ping_at = Some(after(now, interval_ns));
            let line = connection.line;
            self.state.act(FeedAction::SendText { line, text });
        }
    }
}

impl<V: Venue> Feed for StitchedFeed<V> {
    fn on_packet(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let arrival = Arrival {
            at: packet.ts_recv,
            line: packet.line,
            by_rest: matches!(packet.form, Form::Rest(_)),
            asked_at: match packet.form {
                Form::Rest(url) => time_of(url),
                _ => None,
            },
        };
        let row = usize::from(packet.line.0) % Line::COUNT_MAX;
        self.state.counters.packets[row] += 1;
        let outcome = match packet.form {
            Form::Text | Form::Binary => self.on_message(packet, arrival, out),
            Form::Rest(url) => {
                let StitchedFeed { venue, state } = self;
                let url = url.split('#').next().unwrap_or(url);
                state.listings.open(url);
                let mut listener = Listener {
                    state,
                    arrival,
                    out,
                    has_told: false,
                };
                let heard = venue.read_rest(url, packet.bytes, &mut listener);
                state.close_list(heard.is_ok(), arrival.at, out);
                match heard {
                    Ok(()) => Outcome::Applied,
                    Err(error) => {
                        state.counters.refuse(error);
                        Outcome::Refused(error)
                    }
                }
            }
            _ => {
                self.state.counters.refuse(DecodeError::NotThisProtocol);
                Outcome::Refused(DecodeError::NotThisProtocol)
            }
        };
        self.follow_changes(arrival.at);
        outcome
    }

    fn on_clock(&mut self, now: RecvTime, out: &mut Batch) {
        for index in 0..self.state.connections.len() {
            self.state.watch(index, now);
            self.keep_alive(index, now);
        }
        if self.state.listings.deadline().is_some_and(|at| now >= at) {
            self.state.ask_lists(now);
        }
        if self.state.ask_at.is_some_and(|deadline| now >= deadline) {
            self.ask_due(now);
        }
        if let AuditStep::Ask(index) = self.state.step_audit(now, out) {
            let instrument = &self.state.instruments[index];
            let url = self.venue.snapshot_url(instrument.symbol);
            if let (Some(url), Some(line)) = (url, self.state.line_of(instrument.shard)) {
                self.state.counters.requests += 1;
                let url = with_time(&url, now);
                self.state.act(FeedAction::Fetch { line, url });
            }
        }
    }

    fn next_deadline(&self) -> Option<RecvTime> {
        let next = self.state.connections_deadline()?;
        let next = earliest(Some(next), self.state.listings.deadline());
        earliest(next, self.state.audit_deadline())
    }

    fn on_link(&mut self, event: LinkEvent, now: RecvTime, out: &mut Batch) {
        match event {
            LinkEvent::Up(line) => {
                self.state.down(line, now, out);
                self.venue.begin(line);
                self.state.up(line, now);
                self.state.listings.begin(now);
                self.state.ask_lists(now);
                self.subscribe(line, now);
            }
            LinkEvent::Down(line) => {
                self.state.down(line, now, out);
                if self.state.connections.iter().all(|one| !one.is_up) {
                    self.venue.forget();
                }
            }
            LinkEvent::ServerUnreachable(_) | LinkEvent::StreamUp(_) | LinkEvent::StreamDown(_) => {
            }
        }
    }

    fn on_control(
        &mut self,
        Control::Resync: Control,
        now: RecvTime,
        out: &mut Batch,
    ) -> ControlAnswer {
        let follows = |one: &Instrument| one.book.phase == super::book::Phase::Following;
        if !self.state.instruments.iter().any(follows) {
            // Every book waits for its snapshot already.
            return ControlAnswer::UnderWay;
        }
        for index in 0..self.state.instruments.len() {
            if follows(&self.state.instruments[index]) {
                self.state.lose_book(index, now, out);
            }
        }
        ControlAnswer::Started
    }

    fn finish(&mut self, _now: RecvTime, _out: &mut Batch) {}

    fn poll_action(&mut self) -> Option<FeedAction> {
        self.state.actions.pop_front()
    }

    fn connections(&self) -> &[Line] {
        &self.state.wanted
    }

    fn ticket_url(&self, url: &str) -> Option<String> {
        self.venue.ticket_url(url)
    }

    fn address(&mut self, url: &str, ticket: &[u8]) -> Result<String, DecodeError> {
        self.venue.address(url, ticket)
    }

    fn pace(&self) -> Pace {
        self.state.limits.pace
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.state.notices.pop_front()
    }

    fn counters(&self) -> &FeedCounters {
        &self.state.counters
    }

    fn gaps(&self) -> &[Gap] {
        &self.state.gaps
    }

    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        let counts = V::KINDS
            .iter()
            .copied()
            .zip(self.state.kinds.iter().copied());
        counts.filter(|&(_, count)| count > 0).collect()
    }
}

/// An address that says when it was asked for, in its fragment: that part comes back with the answer and is not sent.
fn with_time(url: &str, at: RecvTime) -> String {
    format!("{url}#{}", at.0)
}

fn time_of(url: &str) -> Option<RecvTime> {
    let (_, time) = url.rsplit_once('#')?;
    time.parse().ok().map(RecvTime)
}

impl State {
    /// Half a book is no book: the instrument is given up, and its snapshot is not asked for.
    #[cold]
    fn on_too_fine(&mut self, symbol: &[u8], at: RecvTime, out: &mut Batch) {
        let Some(index) = self.find(symbol) else {
            return;
        };
        self.counters.values_left_out += 1;
        if std::mem::replace(&mut self.instruments[index].is_too_fine, true) {
            return;
        }
        self.lose_book(index, at, out);
        let instrument = &mut self.instruments[index];
        instrument.book.ask_at = None;
        let name = instrument.symbol.as_str();
        let text = format!("{name}: prices finer than 1e-9");
        self.note(Notice::VenueError(Symbol::new(text.as_bytes())));
    }

    /// Whether the snapshot of its book is still to define an instrument: sizes of a statistic say nothing of how fine those of
    /// the book are.
    pub(super) fn is_undefined(&self, index: usize) -> bool {
        self.origin == Origin::Rest && self.instruments[index].id.is_none()
    }

    fn on_statistic(
        &mut self,
        symbol: &[u8],
        time: EventTime,
        kind: StatisticKind,
        value: Quantity,
        at: RecvTime,
        out: &mut Batch,
    ) {
        let Some(index) = self.find(symbol) else {
            return;
        };
        if self.is_passed_over(index) {
            return;
        }
        if self.is_undefined(index) {
            self.counters.messages_ignored += 1;
            return;
        }
        let id = self.id_of(index, &[], at, out);
        let decimals = self.instruments[index].size_decimals;
        let (price, size) = match value {
            Quantity::Price(price) => (price, 0),
            Quantity::Size(size) => match size.units(decimals) {
                Some(units) => (Price::UNDEFINED, units),
                None => {
                    self.counters.values_left_out += 1;
                    return;
                }
            },
        };
        out.push(Tick {
            detail: kind as u8,
            price,
            size: Size(size),
            flags: Flags::LAST,
            ..self.tick(Action::Statistic, id, time, at)
        });
    }

    /// A text that cannot be read may have been an update.
    #[cold]
    fn lose_culprit(&mut self, culprit: Option<&[u8]>, at: RecvTime, out: &mut Batch) {
        match culprit {
            Some(b"") => {}
            Some(name) => {
                if let Some(&index) = self.index.get(name) {
                    self.lose_book(index as usize, at, out);
                }
            }
            None => {
                for index in 0..self.instruments.len() {
                    let one = &self.instruments[index];
                    if one.id.is_some() || one.book.phase != super::book::Phase::Awaiting {
                        self.lose_book(index, at, out);
                    }
                }
            }
        }
    }

    #[cold]
    fn unknown(&mut self, name: Symbol) {
        self.counters.unknown_messages += 1;
        if self.unknown_types.len() < UNKNOWN_TYPES_MAX && !self.unknown_types.contains(&name) {
            self.unknown_types.push(name);
            self.note(Notice::UnknownType { tag: 0, name });
        }
    }

    pub(super) fn act(&mut self, action: FeedAction) {
        if self.actions.len() >= QUEUE_MAX {
            self.actions.pop_front();
        }
        self.actions.push_back(action);
    }

    pub(super) fn note(&mut self, notice: Notice) {
        if self.notices.len() >= QUEUE_MAX {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
    }
}
