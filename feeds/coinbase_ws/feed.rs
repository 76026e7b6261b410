//! One connection of the venue, as a state machine.
//!
//! ```text
//!                 Up: subscribe            snapshot: Clear, Level…
//!   (down) ────────────────▶ awaiting ───────────────────────────▶ following ──▶ l2update: Level…
//!      ▲                        ▲  product by product                  │
//!      └── Down ────────────────┴──── a message of it cannot be used ◀─┘  (subscribed again)
//! ```
//!
//! A book follows only what comes behind its own snapshot on the same connection; whatever breaks that chain sends it
//! back to awaiting, with a `Reset(AwaitSnapshot)` tick, so that nothing old survives.

use super::connection::{Arrival, Connection};
use super::message::{Kind, Message};
use super::parse::{Read, Scratch};
use super::product::ProductState;
use super::settings::Settings;
use crate::contract::{
    Action, Batch, Control, ControlAnswer, DecodeError, Feed, FeedCounters, Form, Gap, Line,
    LinkEvent, Notice, Outcome, Packet,
};
use crate::model::{
    Action as TickAction, ChannelId, EventTime, Flags, InstrumentId, RecvTime, ResetKind, Symbol,
    Tick,
};
use std::collections::VecDeque;

/// Products a channel may have; the venue lists several hundred.
pub const PRODUCTS_MAX: usize = 4_096;
/// Digits of a size when the venue has not said: the finest step it uses for any product.
pub const SIZE_DECIMALS_DEFAULT: u8 = 8;
/// More digits than that leave no room for the number itself.
pub(super) const SIZE_DECIMALS_MAX: u8 = 18;
/// A book that waits longer than this for its snapshot is subscribed again; also the least time between two tries.
pub(super) const SNAPSHOT_WAIT_NS: u64 = 10_000_000_000;
/// Actions and notices nobody fetched; older ones go first.
const QUEUE_MAX: usize = 64;
/// Missing ranges the ledger names.
pub(super) const GAPS_MAX: usize = 4_096;
/// Unknown types that get a notice of their own.
const UNKNOWN_TYPES_MAX: usize = 32;

type Index = hashbrown::HashMap<Box<[u8]>, u32, foldhash::fast::FixedState>;

/// The feed.
pub struct CoinbaseFeed {
    scratch: Scratch,
    state: State,
}

pub(super) struct State {
    pub(super) channel: ChannelId,
    pub(super) settings: Settings,
    pub(super) products: Vec<ProductState>,
    pub(super) index: Index,
    /// All products of the venue, instead of those the settings name.
    pub(super) follows_all: bool,
    pub(super) instrument_count: u32,
    /// By order of appearance; almost always one.
    pub(super) connections: Vec<Connection>,
    /// Not later than the earliest `resubscribe_at`.
    pub(super) resubscribe_at: Option<RecvTime>,
    pub(super) actions: VecDeque<Action>,
    pub(super) notices: VecDeque<Notice>,
    pub(super) counters: FeedCounters,
    pub(super) kinds: [u64; Kind::COUNT],
    pub(super) gaps: Vec<Gap>,
    pub(super) unknown_types: Vec<Symbol>,
}

impl CoinbaseFeed {
    /// A feed that is not connected yet.
    pub fn new(channel: ChannelId, settings: Settings) -> CoinbaseFeed {
        let mut state = State {
            channel,
            follows_all: settings.products.is_empty(),
            products: Vec::new(),
            index: Index::default(),
            instrument_count: 0,
            connections: Vec::with_capacity(1),
            resubscribe_at: None,
            actions: VecDeque::with_capacity(QUEUE_MAX),
            notices: VecDeque::with_capacity(QUEUE_MAX),
            counters: FeedCounters::default(),
            kinds: [0; Kind::COUNT],
            gaps: Vec::new(),
            unknown_types: Vec::new(),
            settings,
        };
        for product in 0..state.settings.products.len() {
            let symbol = state.settings.products[product];
            state.insert(symbol);
        }
        CoinbaseFeed {
            scratch: Scratch::default(),
            state,
        }
    }
}

impl Feed for CoinbaseFeed {
    fn on_packet(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let arrival = Arrival {
            at: packet.ts_recv,
            line: packet.line,
        };
        let CoinbaseFeed { scratch, state } = self;
        state.counters.packets[usize::from(packet.line.0).min(Line::COUNT_MAX - 1)] += 1;
        if packet.form == Form::Text {
            state.heard(arrival);
        }
        match packet.form {
            Form::Text => match scratch.read(packet.bytes) {
                Ok(read) => state.apply(&read, arrival, out),
                Err(error) => state.refuse_text(packet.bytes, error, arrival, out),
            },
            Form::Rest(url) if is_product_list(url) => match scratch.read_products(packet.bytes) {
                Ok(products) => {
                    state.on_products(&products, arrival, out);
                    Outcome::Applied
                }
                Err(error) => state.refuse(error),
            },
            _ => state.refuse(DecodeError::NotThisProtocol),
        }
    }

    fn on_clock(&mut self, now: RecvTime, out: &mut Batch) {
        let _ = out;
        let state = &mut self.state;
        for index in 0..state.connections.len() {
            state.watch(index, now);
        }
        if state.resubscribe_at.is_some_and(|deadline| now >= deadline) {
            state.resubscribe_due(now);
        }
    }

    fn next_deadline(&self) -> Option<RecvTime> {
        let state = &self.state;
        let silence_ns = state.settings.silence_ns;
        let mut next = None;
        for connection in state.connections.iter().filter(|one| one.is_up) {
            next = earliest(next, Some(after(connection.last_packet, silence_ns)));
            next = earliest(next, connection.confirm_by);
            next = earliest(next, state.resubscribe_at);
        }
        next
    }

    fn on_link(&mut self, event: LinkEvent, now: RecvTime, out: &mut Batch) {
        match event {
            LinkEvent::Up(line) => self.state.up(line, now, out),
            LinkEvent::Down(line) => self.state.down(line, now, out),
            LinkEvent::ServerUnreachable(_) | LinkEvent::StreamUp(_) | LinkEvent::StreamDown(_) => {
            }
        }
    }

    fn on_control(
        &mut self,
        Control::Resync: Control,
        _now: RecvTime,
        _out: &mut Batch,
    ) -> ControlAnswer {
        // A new subscription of a new connection brings snapshots; that of an open one need not.
        let state = &mut self.state;
        let is_asked = |action: &Action| matches!(action, Action::Reconnect { .. });
        let up = state.connections.iter().find(|one| one.is_up);
        match up.map(|one| one.line) {
            Some(line) if !state.actions.iter().any(is_asked) => {
                state.actions.push_back(Action::Reconnect {
                    line,
                    reason: "a resync was ordered",
                });
                ControlAnswer::Started
            }
            _ => ControlAnswer::UnderWay,
        }
    }

    fn finish(&mut self, now: RecvTime, out: &mut Batch) {
        // A trade the last heartbeat promised and the capture does not hold may have come a moment later: not a loss.
        let _ = (now, out);
    }

    fn poll_action(&mut self) -> Option<Action> {
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
        Kind::ALL
            .into_iter()
            .map(|kind| (kind.name(), self.state.kinds[kind as usize]))
            .filter(|&(_, count)| count > 0)
            .collect()
    }
}

impl State {
    #[inline]
    pub(super) fn apply(&mut self, read: &Read<'_>, arrival: Arrival, out: &mut Batch) -> Outcome {
        let at = arrival.at;
        match &read.message {
            &Message::L2Update { product, time } => {
                self.count(Kind::L2Update);
                match self.find(product) {
                    Some(index) => self.on_update(index, time, read.levels, arrival, out),
                    None => Outcome::Heartbeat,
                }
            }
            &Message::Snapshot { product, time } => {
                self.count(Kind::Snapshot);
                match self.find(product) {
                    Some(index) => self.on_snapshot(index, time, read.levels, arrival, out),
                    None => Outcome::Heartbeat,
                }
            }
            Message::Match(trade) => {
                self.count(Kind::Match);
                self.on_trade(trade, at, out)
            }
            Message::LastMatch(trade) => {
                self.count(Kind::LastMatch);
                self.on_trade(trade, at, out)
            }
            Message::Ticker(ticker) => {
                self.count(Kind::Ticker);
                self.on_ticker(ticker, at, out)
            }
            &Message::Heartbeat {
                product,
                time,
                sequence,
                last_trade_id,
            } => {
                self.count(Kind::Heartbeat);
                self.counters.heartbeats += 1;
                if let Some(index) = self.find(product) {
                    self.on_heartbeat(index, sequence, last_trade_id);
                    self.tell_heartbeat(index, time, sequence, at, out);
                }
                Outcome::Heartbeat
            }
            Message::Status(products) => {
                self.count(Kind::Status);
                self.on_products(products, arrival, out);
                Outcome::Applied
            }
            &Message::Subscriptions(channels) => {
                self.count(Kind::Subscriptions);
                let connection = self.connection(arrival.line);
                if channels > 0
                    && connection.has_subscribed_products
                    && connection.confirm_by.take().is_some()
                {
                    self.note(Notice::Subscribed(arrival.line));
                }
                Outcome::Heartbeat
            }
            Message::Error { message, reason } => {
                self.count(Kind::Error);
                let text = if reason.is_empty() { message } else { reason };
                self.note(Notice::VenueError(Symbol::new(text.as_bytes())));
                Outcome::Heartbeat
            }
            Message::Unknown(name) => {
                self.counters.unknown_messages += 1;
                let name = Symbol::new(name.as_bytes());
                if self.unknown_types.len() < UNKNOWN_TYPES_MAX
                    && !self.unknown_types.contains(&name)
                {
                    self.unknown_types.push(name);
                    self.note(Notice::UnknownType { tag: 0, name });
                }
                Outcome::Heartbeat
            }
        }
    }

    // ---- what cannot be used

    pub(super) fn refuse(&mut self, error: DecodeError) -> Outcome {
        self.counters.refuse(error);
        Outcome::Refused(error)
    }

    /// A level message of a product holds a size that does not fit: its book cannot be trusted any more.
    pub(super) fn refuse_book(
        &mut self,
        index: usize,
        kind: Kind,
        at: RecvTime,
        out: &mut Batch,
    ) -> Outcome {
        self.await_snapshot(index, at, out);
        self.refuse(DecodeError::NotExact { tag: kind.tag() })
    }

    /// A text that cannot be read may have been an update: whatever book it may have been for waits for a new snapshot.
    #[cold]
    pub(super) fn refuse_text(
        &mut self,
        bytes: &[u8],
        error: DecodeError,
        arrival: Arrival,
        out: &mut Batch,
    ) -> Outcome {
        let outcome = self.refuse(error);
        if bytes.trim_ascii().is_empty() {
            return outcome;
        }
        match member(bytes, b"\"type\":\"").and_then(Kind::of) {
            None | Some(Kind::L2Update | Kind::Snapshot) => {
                let product =
                    member(bytes, b"\"product_id\":\"").and_then(|id| self.index.get(id).copied());
                match product {
                    Some(index) => self.await_snapshot(index as usize, arrival.at, out),
                    None => {
                        for index in 0..self.products.len() {
                            self.await_snapshot(index, arrival.at, out);
                        }
                    }
                }
            }
            Some(_) => {}
        }
        outcome
    }

    pub(super) fn await_snapshot(&mut self, index: usize, now: RecvTime, out: &mut Batch) {
        let has_level2 = self.has_level2();
        let product = &mut self.products[index];
        if has_level2 && product.instrument.is_some() {
            // At once, but never more often than the wait allows.
            let at = now.max(product.resubscribe_from);
            product.resubscribe_at =
                Some(product.resubscribe_at.map_or(at, |earlier| earlier.min(at)));
            self.resubscribe_at = earliest(self.resubscribe_at, product.resubscribe_at);
        }
        let was_following = !std::mem::replace(&mut product.is_awaiting, true);
        if let (true, Some(instrument)) = (was_following, product.instrument) {
            self.counters.resets += 1;
            out.push(self.reset(instrument, now));
        }
    }

    // ---- small things

    #[inline]
    pub(super) fn tick(
        &self,
        action: TickAction,
        instrument: InstrumentId,
        time: EventTime,
        at: RecvTime,
    ) -> Tick {
        Tick {
            ts_event: time,
            ts_recv: at,
            instrument,
            ..Tick::blank(self.channel, action)
        }
    }

    pub(super) fn reset(&self, instrument: InstrumentId, at: RecvTime) -> Tick {
        let mut tick = self.tick(TickAction::Reset, instrument, EventTime::UNDEFINED, at);
        tick.detail = ResetKind::AwaitSnapshot as u8;
        tick.flags = Flags::LAST;
        tick
    }

    #[inline]
    pub(super) fn count(&mut self, kind: Kind) {
        self.counters.messages += 1;
        self.kinds[kind as usize] += 1;
    }

    pub(super) fn act_text(&mut self, line: Line, text: String) {
        self.act(Action::SendText { line, text });
    }

    pub(super) fn act(&mut self, action: Action) {
        if self.actions.len() == QUEUE_MAX {
            self.actions.pop_front();
        }
        self.actions.push_back(action);
    }

    pub(super) fn note(&mut self, notice: Notice) {
        if self.notices.len() == QUEUE_MAX {
            self.notices.pop_front();
        }
        self.notices.push_back(notice);
    }
}

/// Whether a REST address is that of the list of products.
fn is_product_list(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    path.trim_end_matches('/').ends_with("/products")
}

pub(super) fn after(start: RecvTime, nanos: u64) -> RecvTime {
    RecvTime(start.0.saturating_add(nanos))
}

pub(super) fn earliest(one: Option<RecvTime>, other: Option<RecvTime>) -> Option<RecvTime> {
    one.into_iter().chain(other).min()
}

/// The text behind `key` up to the next quote, wherever it stands.
fn member<'a>(bytes: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let start = bytes.windows(key.len()).position(|window| window == key)? + key.len();
    let rest = &bytes[start..];
    let end = rest.iter().position(|&byte| byte == b'"')?;
    Some(&rest[..end])
}
