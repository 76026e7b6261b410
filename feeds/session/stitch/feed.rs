//! The [`Feed`] of a [`Venue`]: connections, subscriptions, what is asked for and when.

use super::instruments::Instrument;
use super::{
    BookMessage, Chain, Checksum, Hear, Heard, Origin, Product, Quantity, Settings, TradeId,
    TradeMessage, Venue,
};
use crate::contract::{
    Action as FeedAction, Batch, Control, ControlAnswer, DecodeError, Feed, FeedCounters, Form,
    Gap, Line, LinkEvent, Notice, Outcome, Packet,
};
use crate::model::{
    Action, ChannelId, EventTime, Flags, InstrumentId, Price, RecvTime, Side, Size, StatisticKind,
    Symbol, Tick,
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
/// Ids of trades without order that are remembered, an instrument.
const RECENT_TRADES_MAX: usize = 256;

type Index = hashbrown::HashMap<Box<[u8]>, u32, foldhash::fast::FixedState>;

/// When and where a text came.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Arrival {
    pub(super) at: RecvTime,
    pub(super) line: Line,
}

/// One connection, as far as the feed has heard of it.
struct Connection {
    line: Line,
    is_up: bool,
    /// Somebody told us that it is gone.
    is_lost: bool,
    is_silent: bool,
    last_text: RecvTime,
    confirm_by: Option<RecvTime>,
    ping_at: Option<RecvTime>,
}

pub(super) struct State {
    pub(super) channel: ChannelId,
    settings: Settings,
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
    connections: Vec<Connection>,
    /// Not later than the earliest `ask_at` of a book.
    pub(super) ask_at: Option<RecvTime>,
    fetch_from: RecvTime,
    actions: VecDeque<FeedAction>,
    notices: VecDeque<Notice>,
    pub(super) counters: FeedCounters,
    kinds: Vec<u64>,
    pub(super) gaps: Vec<Gap>,
    unknown_types: Vec<Symbol>,
    /// Levels beyond the depth, of the message being applied.
    pub(super) dropped: Vec<(Side, Price)>,
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
        self.state.on_trade(trade, self.arrival.at, self.out);
    }

    fn statistic(&mut self, symbol: &[u8], time: EventTime, kind: StatisticKind, value: Quantity) {
        self.has_told = true;
        self.state
            .on_statistic(symbol, time, kind, value, self.arrival.at, self.out);
    }

    fn product(&mut self, product: &Product) {
        self.has_told = true;
        self.state.on_product(product, self.arrival.at, self.out);
    }

    fn confirmed(&mut self) {
        let line = self.arrival.line;
        if self.state.connection(line).confirm_by.take().is_some() {
            self.state.note(Notice::Subscribed(line));
        }
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
        if let Some(index) = self.state.find(symbol) {
            self.state.lose_book(index, self.arrival.at, self.out);
        }
    }
}

impl<V: Venue> StitchedFeed<V> {
    /// A feed that is not connected yet.
    pub fn new(channel: ChannelId, settings: Settings, venue: V) -> StitchedFeed<V> {
        let mut state = State {
            channel,
            chain: venue.chain(),
            origin: venue.origin(),
            depth: venue.depth(),
            checksum: venue.checksum(),
            keeps_ladders: venue.depth().is_some() || venue.checksum().is_some(),
            follows_all: settings.symbols.is_empty(),
            instruments: Vec::new(),
            index: Index::default(),
            instrument_count: 0,
            connections: Vec::with_capacity(1),
            ask_at: None,
            fetch_from: RecvTime(0),
            actions: VecDeque::with_capacity(64),
            notices: VecDeque::with_capacity(64),
            counters: FeedCounters::default(),
            kinds: vec![0; V::KINDS.len()],
            gaps: Vec::new(),
            unknown_types: Vec::new(),
            dropped: Vec::new(),
            settings,
        };
        for index in 0..state.settings.symbols.len() {
            let symbol = state.settings.symbols[index];
            state.insert(symbol);
        }
        StitchedFeed { venue, state }
    }

    fn on_text(&mut self, bytes: &[u8], arrival: Arrival, out: &mut Batch) -> Outcome {
        let StitchedFeed { venue, state } = self;
        state.heard(arrival);
        let mut listener = Listener {
            state,
            arrival,
            out,
            has_told: false,
        };
        let heard = venue.read(bytes, &mut listener);
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
        let symbols: Vec<Symbol> = state.instruments.iter().map(|one| one.symbol).collect();
        for text in venue.subscribe(&symbols) {
            state.act(FeedAction::SendText { line, text });
        }
        let (origin, silence_ns) = (state.origin, state.settings.silence_ns);
        let wait = if origin == Origin::Rest {
            QUIET_BOOK_NS
        } else {
            SNAPSHOT_WAIT_NS
        };
        let at = after(now, wait);
        for instrument in &mut state.instruments {
            let book = &mut instrument.book;
            if book.phase != super::book::Phase::Following && !instrument.is_too_fine {
                book.ask_at = Some(at);
                book.ask_from = if origin == Origin::Rest { now } else { at };
            }
        }
        state.ask_at = earliest(state.ask_at, Some(at));
        let ping_at = venue
            .keep_alive()
            .map(|(interval_ns, _)| after(now, interval_ns));
        let connection = state.connection(line);
        connection.confirm_by = Some(after(now, silence_ns));
        connection.ping_at = ping_at;
    }

    /// Asks for the snapshots that are due.
    fn ask_due(&mut self, now: RecvTime) {
        let StitchedFeed { venue, state } = self;
        let up = state.connections.iter().find(|one| one.is_up);
        let Some(line) = up.map(|one| one.line) else {
            state.ask_at = None;
            return;
        };
        let mut next = None;
        for index in 0..state.instruments.len() {
            let symbol = state.instruments[index].symbol;
            let book = &mut state.instruments[index].book;
            let Some(at) = book.ask_at else {
                continue;
            };
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
                        state.act(FeedAction::Fetch { url });
                    }
                }
                Origin::InBand => {
                    (book.ask_at, book.ask_from) = (Some(again), again);
                    for text in venue.subscribe_again(symbol) {
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
        };
        let row = usize::from(packet.line.0).min(Line::COUNT_MAX - 1);
        self.state.counters.packets[row] += 1;
        match packet.form {
            Form::Text => self.on_text(packet.bytes, arrival, out),
            Form::Rest(url) => {
                let StitchedFeed { venue, state } = self;
                let mut listener = Listener {
                    state,
                    arrival,
                    out,
                    has_told: false,
                };
                match venue.read_rest(url, packet.bytes, &mut listener) {
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
        }
    }

    fn on_clock(&mut self, now: RecvTime, _out: &mut Batch) {
        for index in 0..self.state.connections.len() {
            self.state.watch(index, now);
            self.keep_alive(index, now);
        }
        if self.state.ask_at.is_some_and(|deadline| now >= deadline) {
            self.ask_due(now);
        }
    }

    fn next_deadline(&self) -> Option<RecvTime> {
        let state = &self.state;
        let mut next = None;
        for connection in state.connections.iter().filter(|one| one.is_up) {
            let silent_at = after(connection.last_text, state.settings.silence_ns);
            next = earliest(next, Some(silent_at));
            next = earliest(next, connection.confirm_by);
            next = earliest(next, connection.ping_at);
            next = earliest(next, state.ask_at);
        }
        next
    }

    fn on_link(&mut self, event: LinkEvent, now: RecvTime, out: &mut Batch) {
        match event {
            LinkEvent::Up(line) => {
                self.state.down(line, now, out);
                self.state.up(line, now);
                if let Some(url) = self.venue.products_url() {
                    self.state.act(FeedAction::Fetch { url });
                }
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

impl State {
    pub(super) fn is_any_up(&self) -> bool {
        self.connections.iter().any(|one| one.is_up)
    }

    fn connection(&mut self, line: Line) -> &mut Connection {
        let known = self.connections.iter().position(|one| one.line == line);
        let index = known.unwrap_or_else(|| {
            self.connections.push(Connection {
                line,
                is_up: false,
                is_lost: false,
                is_silent: true,
                last_text: RecvTime(0),
                confirm_by: None,
                ping_at: None,
            });
            self.connections.len() - 1
        });
        &mut self.connections[index]
    }

    fn up(&mut self, line: Line, now: RecvTime) {
        let connection = self.connection(line);
        connection.is_up = true;
        connection.is_lost = false;
        connection.is_silent = true;
        connection.last_text = now;
    }

    fn down(&mut self, line: Line, now: RecvTime, out: &mut Batch) {
        let connection = self.connection(line);
        connection.confirm_by = None;
        connection.ping_at = None;
        connection.is_lost = true;
        if !std::mem::replace(&mut connection.is_up, false) {
            return;
        }
        if self.connections.iter().any(|other| other.is_up) {
            // What the other connection says is numbered alike, unless nothing is.
            if self.chain == Chain::Connection {
                let arrival = Arrival { at: now, line };
                for index in 0..self.instruments.len() {
                    if self.is_followed_on(index, arrival) {
                        self.lose_book(index, now, out);
                    }
                }
            }
            return;
        }
        self.ask_at = None;
        let mut was_following = false;
        for instrument in &mut self.instruments {
            was_following |= instrument.book.forget();
            instrument.book.ask_at = None;
            instrument.book.ask_from = RecvTime(0);
        }
        if was_following {
            self.counters.resets += 1;
            out.push(self.reset(InstrumentId::ALL, now));
        }
    }

    #[inline]
    fn heard(&mut self, arrival: Arrival) {
        let Arrival { at, line } = arrival;
        let connection = self.connection(line);
        connection.last_text = at;
        let was_up = std::mem::replace(&mut connection.is_up, true);
        let was_silent = std::mem::replace(&mut connection.is_silent, false);
        if !was_up && std::mem::replace(&mut connection.is_lost, false) {
            // Texts were lost, not the connection: only a new one brings new snapshots.
            let reason = "texts of the connection were lost";
            self.act(FeedAction::Reconnect { line, reason });
        }
        if was_silent {
            self.note(Notice::LineUp(line));
        }
    }

    fn watch(&mut self, index: usize, now: RecvTime) {
        let silence_ns = self.settings.silence_ns;
        let connection = &mut self.connections[index];
        if !connection.is_up {
            return;
        }
        let line = connection.line;
        if now >= after(connection.last_text, silence_ns) {
            // Asked again after another such time, if nothing changes.
            connection.last_text = now;
            connection.is_silent = true;
            self.note(Notice::LineSilent(line));
            let reason = "the connection was silent for too long";
            self.act(FeedAction::Reconnect { line, reason });
        } else if connection
            .confirm_by
            .is_some_and(|deadline| now >= deadline)
        {
            connection.confirm_by = Some(after(now, silence_ns));
            let reason = "the subscription was not confirmed in time";
            self.act(FeedAction::Reconnect { line, reason });
        }
    }

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

    fn on_trade(&mut self, trade: &TradeMessage<'_>, at: RecvTime, out: &mut Batch) {
        let Some(index) = self.find(trade.symbol) else {
            return;
        };
        if self.instruments[index].is_too_fine {
            self.counters.values_left_out += 1;
            return;
        }
        let print = super::Level {
            side: trade.aggressor,
            price: trade.price,
            size: trade.size,
        };
        let id = self.id_of(index, &[print], at, out);
        let instrument = &mut self.instruments[index];
        let number = match trade.id {
            TradeId::Rising(number) => {
                if number <= instrument.last_trade_id {
                    self.counters.messages_ignored += 1;
                    return;
                }
                instrument.last_trade_id = number;
                number
            }
            TradeId::Unordered(number) => {
                if instrument.recent_trades.contains(&number) {
                    self.counters.messages_ignored += 1;
                    return;
                }
                instrument.recent_trades.truncate(RECENT_TRADES_MAX - 1);
                instrument.recent_trades.push_front(number);
                number
            }
            TradeId::None => 0,
        };
        let Some(size) = trade.size.units(instrument.size_decimals) else {
            self.counters.refuse(DecodeError::NotExact { tag: 0 });
            return;
        };
        out.push(Tick {
            order_id: number,
            side: trade.aggressor,
            price: trade.price,
            size: Size(size),
            flags: Flags::LAST,
            ..self.tick(Action::Trade, id, trade.time, at)
        });
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
        if self.instruments[index].is_too_fine {
            self.counters.values_left_out += 1;
            return;
        }
        if self.origin == Origin::Rest && self.instruments[index].id.is_none() {
            // The snapshot of its book defines it: sizes of a statistic say nothing of how fine those of the book are.
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

    fn act(&mut self, action: FeedAction) {
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

fn after(start: RecvTime, nanos: u64) -> RecvTime {
    RecvTime(start.0.saturating_add(nanos))
}

fn earliest(one: Option<RecvTime>, other: Option<RecvTime>) -> Option<RecvTime> {
    one.into_iter().chain(other).min()
}
