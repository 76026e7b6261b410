//! One connection of the venue, as a state machine.
//!
//! ```text
//!                 Up: subscribe            snapshot: Clear, Level…
//!   (down) ────────────────▶ awaiting ───────────────────────────▶ following ──▶ l2update: Level…
//!      ▲                        ▲  product by product                  │
//!      └── Down ────────────────┴──── a message of it cannot be used ◀─┘  (subscribed again)
//! ```
//!
//! A book follows only what comes behind its own snapshot on the same connection; whatever breaks that chain sends it back to
//! awaiting, with a `Reset(AwaitSnapshot)` tick, so that nothing old survives.

use super::encode;
use super::message::{Kind, Level, Match, Message, Product, Ticker};
use super::parse::{Read, Scratch};
use super::settings::Settings;
use crate::contract::{
    Action, Batch, DecodeError, Feed, FeedCounters, Form, Gap, Line, LinkEvent, Notice, Outcome,
    Packet,
};
use crate::model::{
    Action as TickAction, ChannelId, Definition, EventTime, Flags, InstrumentId, Price, RecvTime,
    ResetKind, Side, Size, StatisticKind, Symbol, Tick, TradingState,
};
use std::collections::VecDeque;

/// Products a channel may have; the venue lists several hundred.
pub const PRODUCTS_MAX: usize = 4_096;
/// Digits of a size when the venue has not said: the finest step it uses for any product.
pub const SIZE_DECIMALS_DEFAULT: u8 = 8;
/// More digits than that leave no room for the number itself.
const SIZE_DECIMALS_MAX: u8 = 18;
/// A book that waits longer than this for its snapshot is subscribed again; also the least time between two tries.
const SNAPSHOT_WAIT_NS: u64 = 10_000_000_000;
/// Actions and notices nobody fetched; older ones go first.
const QUEUE_MAX: usize = 64;
/// Missing ranges the ledger names.
const GAPS_MAX: usize = 4_096;
/// Unknown types that get a notice of their own.
const UNKNOWN_TYPES_MAX: usize = 32;

const LEVEL: Flags = Flags::MBP;
const LEVEL_LAST: Flags = Flags::MBP.with(Flags::LAST);

type Index = hashbrown::HashMap<Box<[u8]>, u32, foldhash::fast::FixedState>;

/// What is known of one product.
struct ProductState {
    symbol: Symbol,
    /// Given at the first message that is about it.
    instrument: Option<InstrumentId>,
    /// From the list of products; replaced by what the first sizes need.
    size_decimals: u8,
    tick_size: Price,
    trading: TradingState,
    trading_told: TradingState,
    /// No snapshot yet: updates mean nothing.
    is_awaiting: bool,
    /// The connection its snapshot came on: updates of others mean nothing.
    line: Line,
    /// Nothing about trades came on this connection yet.
    is_fresh: bool,
    ticker_sequence: u64,
    heartbeat_sequence: u64,
    last_trade_id: u64,
    /// What the last heartbeat said; the next one finds out whether that trade ever came.
    promised_trade_id: u64,
    /// When to ask for the snapshot again.
    resubscribe_at: Option<RecvTime>,
    /// Not before this.
    resubscribe_from: RecvTime,
}

impl ProductState {
    fn new(symbol: Symbol) -> ProductState {
        ProductState {
            symbol,
            instrument: None,
            size_decimals: SIZE_DECIMALS_DEFAULT,
            tick_size: Price::UNDEFINED,
            trading: TradingState::Trading,
            trading_told: TradingState::Trading,
            is_awaiting: true,
            line: Line(0),
            is_fresh: true,
            ticker_sequence: 0,
            heartbeat_sequence: 0,
            last_trade_id: 0,
            promised_trade_id: 0,
            resubscribe_at: None,
            resubscribe_from: RecvTime(0),
        }
    }

    /// Forgets what belongs to a connection that is gone.
    fn forget_connection(&mut self) {
        self.is_awaiting = true;
        self.is_fresh = true;
        self.ticker_sequence = 0;
        self.heartbeat_sequence = 0;
        self.promised_trade_id = 0;
        self.resubscribe_at = None;
        self.resubscribe_from = RecvTime(0);
    }
}

/// One connection, as far as the feed has heard of it.
struct Connection {
    line: Line,
    is_up: bool,
    /// Somebody told us that it is open, so that it can be talked to; a capture may begin behind that.
    is_asked: bool,
    /// Somebody told us that it is gone.
    is_lost: bool,
    is_silent: bool,
    has_subscribed_products: bool,
    last_packet: RecvTime,
    confirm_by: Option<RecvTime>,
}

/// When and where a message came.
#[derive(Clone, Copy)]
struct Arrival {
    at: RecvTime,
    line: Line,
}

/// The feed.
pub struct CoinbaseFeed {
    scratch: Scratch,
    state: State,
}

struct State {
    channel: ChannelId,
    settings: Settings,
    products: Vec<ProductState>,
    index: Index,
    /// All products of the venue, instead of those the settings name.
    follows_all: bool,
    instrument_count: u32,
    /// By order of appearance; almost always one.
    connections: Vec<Connection>,
    /// Not later than the earliest `resubscribe_at`.
    resubscribe_at: Option<RecvTime>,
    actions: VecDeque<Action>,
    notices: VecDeque<Notice>,
    counters: FeedCounters,
    kinds: [u64; Kind::COUNT],
    gaps: Vec<Gap>,
    unknown_types: Vec<Symbol>,
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
        state.heard(arrival);
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
            LinkEvent::ServerUnreachable(_) => {}
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
    // ---- the connections

    #[inline]
    fn connection(&mut self, line: Line) -> &mut Connection {
        let index = match self.connections.iter().position(|one| one.line == line) {
            Some(index) => index,
            None => {
                self.connections.push(Connection {
                    line,
                    is_up: false,
                    is_asked: false,
                    is_lost: false,
                    is_silent: true,
                    has_subscribed_products: false,
                    last_packet: RecvTime(0),
                    confirm_by: None,
                });
                self.connections.len() - 1
            }
        };
        &mut self.connections[index]
    }

    fn up(&mut self, line: Line, now: RecvTime, out: &mut Batch) {
        self.down(line, now, out);
        let confirm_by = Some(after(now, self.settings.silence_ns));
        let connection = self.connection(line);
        connection.is_up = true;
        connection.is_asked = true;
        connection.is_lost = false;
        connection.is_silent = true;
        connection.has_subscribed_products = false;
        connection.last_packet = now;
        connection.confirm_by = confirm_by;
        if self.products.is_empty() {
            // The status channel lists the products; they are subscribed when it has.
            self.act_text(line, encode::subscribe(&[], &["status".to_owned()]));
        } else {
            self.subscribe_products(line, now);
        }
    }

    fn down(&mut self, line: Line, now: RecvTime, out: &mut Batch) {
        let connection = self.connection(line);
        connection.confirm_by = None;
        connection.is_asked = false;
        connection.is_lost = true;
        if !std::mem::replace(&mut connection.is_up, false) {
            return;
        }
        if self.connections.iter().any(|other| other.is_up) {
            for index in 0..self.products.len() {
                if self.products[index].line == line {
                    self.await_snapshot(index, now, out);
                }
            }
            return;
        }
        self.resubscribe_at = None;
        for product in &mut self.products {
            product.forget_connection();
        }
        if self.instrument_count > 0 {
            self.counters.resets += 1;
            out.push(self.reset(InstrumentId::ALL, now));
        }
    }

    #[inline]
    fn heard(&mut self, arrival: Arrival) {
        let Arrival { at, line } = arrival;
        self.counters.packets[usize::from(line.0).min(Line::COUNT_MAX - 1)] += 1;
        let connection = self.connection(line);
        connection.last_packet = at;
        let was_up = std::mem::replace(&mut connection.is_up, true);
        let was_silent = std::mem::replace(&mut connection.is_silent, false);
        if !was_up && std::mem::replace(&mut connection.is_lost, false) {
            // Texts were lost, not the connection: only a new one brings new snapshots.
            self.act(Action::Reconnect {
                line,
                reason: "texts of the connection were lost",
            });
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
        let is_silent = now >= after(connection.last_packet, silence_ns);
        let is_unconfirmed = connection
            .confirm_by
            .is_some_and(|deadline| now >= deadline);
        if is_silent {
            // Asked again after another such time, if nothing changes.
            connection.last_packet = now;
            connection.is_silent = true;
            self.note(Notice::LineSilent(line));
        }
        if is_unconfirmed {
            self.connections[index].confirm_by = Some(after(now, silence_ns));
        }
        if is_silent || is_unconfirmed {
            let reason = if is_silent {
                "the connection was silent for too long"
            } else {
                "the subscription was not confirmed in time"
            };
            self.act(Action::Reconnect { line, reason });
        }
    }

    fn has_level2(&self) -> bool {
        self.settings
            .channels
            .iter()
            .any(|name| name.starts_with("level2"))
    }

    fn subscribe_products(&mut self, line: Line, now: RecvTime) {
        self.connection(line).has_subscribed_products = true;
        let symbols: Vec<Symbol> = self.products.iter().map(|product| product.symbol).collect();
        self.act_text(line, encode::subscribe(&symbols, &self.settings.channels));
        if self.has_level2() {
            let at = after(now, SNAPSHOT_WAIT_NS);
            for product in &mut self.products {
                product.resubscribe_at = Some(at);
                product.resubscribe_from = at;
            }
            self.resubscribe_at = Some(at);
        }
    }

    fn resubscribe_due(&mut self, now: RecvTime) {
        let mut symbols = Vec::new();
        let mut next = None;
        for product in &mut self.products {
            let Some(at) = product.resubscribe_at else {
                continue;
            };
            if at <= now {
                let again = after(now, SNAPSHOT_WAIT_NS);
                product.resubscribe_at = Some(again);
                product.resubscribe_from = again;
                symbols.push(product.symbol);
            }
            next = earliest(next, product.resubscribe_at);
        }
        self.resubscribe_at = next;
        let level2: Vec<String> = self
            .settings
            .channels
            .iter()
            .filter(|name| name.starts_with("level2"))
            .cloned()
            .collect();
        let line = self
            .connections
            .iter()
            .find(|one| one.is_up)
            .map(|one| one.line);
        if let Some(line) = line
            && !symbols.is_empty()
            && !level2.is_empty()
        {
            self.act_text(line, encode::unsubscribe(&symbols, &level2));
            self.act_text(line, encode::subscribe(&symbols, &level2));
        }
    }

    // ---- products

    fn insert(&mut self, symbol: Symbol) -> Option<usize> {
        let known = self.index.get(symbol.as_str().as_bytes());
        if let Some(&index) = known {
            return Some(index as usize);
        }
        if self.products.len() == PRODUCTS_MAX {
            return None;
        }
        let index = self.products.len();
        self.index
            .insert(symbol.as_str().as_bytes().into(), index as u32);
        self.products.push(ProductState::new(symbol));
        Some(index)
    }

    /// The product a message is about; `None` when nobody follows it (counted).
    #[inline]
    fn find(&mut self, id: &[u8]) -> Option<usize> {
        if let Some(&index) = self.index.get(id) {
            return Some(index as usize);
        }
        let symbol = Symbol::new(id);
        let found = if self.follows_all && symbol.as_str().as_bytes() == id && !id.is_empty() {
            self.insert(symbol)
        } else {
            None
        };
        if found.is_none() {
            self.counters.unknown_instrument_messages += 1;
        }
        found
    }

    /// The instrument of a product. The first message about it defines it: `scale` is what its sizes need.
    #[inline]
    fn instrument(
        &mut self,
        index: usize,
        scale: u8,
        at: RecvTime,
        out: &mut Batch,
    ) -> InstrumentId {
        match self.products[index].instrument {
            Some(instrument) => instrument,
            None => self.define_new(index, scale, at, out),
        }
    }

    #[cold]
    fn define_new(
        &mut self,
        index: usize,
        scale: u8,
        at: RecvTime,
        out: &mut Batch,
    ) -> InstrumentId {
        let instrument = InstrumentId(self.instrument_count);
        self.instrument_count += 1;
        let product = &mut self.products[index];
        product.instrument = Some(instrument);
        if scale > product.size_decimals {
            // Orders can be older than the product's present step.
            product.size_decimals = scale.clamp(SIZE_DECIMALS_DEFAULT, SIZE_DECIMALS_MAX);
        }
        self.define(index, at, out);
        self.tell_trading(index, at, out);
        instrument
    }

    fn define(&mut self, index: usize, at: RecvTime, out: &mut Batch) {
        let product = &self.products[index];
        let Some(instrument) = product.instrument else {
            return;
        };
        let definition = Definition {
            size_decimals: product.size_decimals,
            tick_size: product.tick_size,
            ..Definition::named(instrument, product.symbol)
        };
        let mut tick = self.tick(TickAction::Definition, instrument, EventTime::UNDEFINED, at);
        tick.flags = Flags::LAST;
        out.define(&definition, tick);
    }

    fn tell_trading(&mut self, index: usize, at: RecvTime, out: &mut Batch) {
        let product = &mut self.products[index];
        let Some(instrument) = product.instrument else {
            return;
        };
        if product.trading == product.trading_told {
            return;
        }
        product.trading_told = product.trading;
        let detail = product.trading as u8;
        let mut tick = self.tick(TickAction::Status, instrument, EventTime::UNDEFINED, at);
        tick.flags = Flags::LAST;
        tick.detail = detail;
        out.push(tick);
    }

    fn on_products(&mut self, products: &[Product], arrival: Arrival, out: &mut Batch) {
        for said in products {
            let known = self.index.get(said.symbol.as_str().as_bytes());
            let index = match known {
                Some(&index) => Some(index as usize),
                None if self.follows_all => self.insert(said.symbol),
                None => None,
            };
            let Some(index) = index else {
                continue;
            };
            let product = &mut self.products[index];
            product.trading = said.trading;
            if product.instrument.is_none() {
                if let Some(step) = said.base_increment {
                    product.size_decimals = step.scale().min(SIZE_DECIMALS_MAX);
                }
            }
            let tick_size = said.quote_increment.unwrap_or(product.tick_size);
            let has_new_tick_size =
                std::mem::replace(&mut product.tick_size, tick_size) != tick_size;
            if has_new_tick_size {
                self.define(index, arrival.at, out);
            }
            self.tell_trading(index, arrival.at, out);
        }
        for index in 0..self.connections.len() {
            let connection = &self.connections[index];
            if self.follows_all && connection.is_asked && !connection.has_subscribed_products {
                self.subscribe_products(connection.line, arrival.at);
            }
        }
    }

    // ---- messages

    #[inline]
    fn apply(&mut self, read: &Read<'_>, arrival: Arrival, out: &mut Batch) -> Outcome {
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
                self.on_trade(trade, Flags::LAST, at, out)
            }
            Message::LastMatch(trade) => {
                self.count(Kind::LastMatch);
                self.on_trade(trade, Flags::LAST.with(Flags::SNAPSHOT), at, out)
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

    fn on_snapshot(
        &mut self,
        index: usize,
        time: EventTime,
        levels: &[Level],
        Arrival { at, line }: Arrival,
        out: &mut Batch,
    ) -> Outcome {
        let instrument = self.instrument(index, scale_of(levels), at, out);
        let decimals = self.products[index].size_decimals;
        if !fits(levels, decimals) {
            return self.refuse_book(index, Kind::Snapshot, at, out);
        }
        let product = &mut self.products[index];
        product.is_awaiting = false;
        product.line = line;
        product.resubscribe_at = None;
        let flags = LEVEL.with(Flags::SNAPSHOT);
        let mut tick = self.tick(TickAction::Clear, instrument, time, at);
        tick.flags = flags;
        if levels.is_empty() {
            tick.flags = flags.with(Flags::LAST);
        }
        out.push(tick);
        self.push_levels(levels, decimals, (instrument, time, at), flags, out);
        Outcome::Applied
    }

    #[inline]
    fn on_update(
        &mut self,
        index: usize,
        time: EventTime,
        changes: &[Level],
        Arrival { at, line }: Arrival,
        out: &mut Batch,
    ) -> Outcome {
        let instrument = self.instrument(index, scale_of(changes), at, out);
        let product = &self.products[index];
        if product.is_awaiting || product.line != line {
            self.counters.messages_ignored += 1;
            return Outcome::Duplicate;
        }
        let decimals = product.size_decimals;
        if !fits(changes, decimals) {
            return self.refuse_book(index, Kind::L2Update, at, out);
        }
        self.push_levels(changes, decimals, (instrument, time, at), LEVEL, out);
        Outcome::Applied
    }

    #[inline]
    fn push_levels(
        &self,
        levels: &[Level],
        decimals: u8,
        (instrument, time, at): (InstrumentId, EventTime, RecvTime),
        flags: Flags,
        out: &mut Batch,
    ) {
        let mut tick = self.tick(TickAction::Level, instrument, time, at);
        for (position, level) in levels.iter().enumerate() {
            tick.side = level.side;
            tick.price = level.price;
            tick.size = Size(level.size.units(decimals).unwrap_or_default());
            tick.flags = if position + 1 == levels.len() {
                flags.with(LEVEL_LAST)
            } else {
                flags
            };
            out.push(tick);
        }
    }

    fn on_trade(
        &mut self,
        trade: &Match<'_>,
        flags: Flags,
        at: RecvTime,
        out: &mut Batch,
    ) -> Outcome {
        let Some(index) = self.find(trade.product) else {
            return Outcome::Heartbeat;
        };
        let instrument = self.instrument(index, trade.size.scale(), at, out);
        let product = &mut self.products[index];
        let (id, last) = (trade.trade_id, product.last_trade_id);
        let is_fresh = std::mem::replace(&mut product.is_fresh, false);
        let decimals = product.size_decimals;
        if id < last && is_fresh {
            // The first trade of a connection is older than what we know: the venue counts anew.
            product.promised_trade_id = 0;
            self.counters.resets += 1;
            self.note(Notice::SessionReset { sequence: id });
        } else if last != 0 && id <= last {
            self.counters.messages_ignored += 1;
            return Outcome::Duplicate;
        } else if last != 0 && id > last + 1 {
            self.lose_trades(last + 1, id - last - 1);
        }
        self.products[index].last_trade_id = id;
        let Some(size) = trade.size.units(decimals) else {
            return self.refuse(DecodeError::NotExact {
                tag: Kind::Match.tag(),
            });
        };
        let mut tick = self.tick(TickAction::Trade, instrument, trade.time, at);
        tick.sequence = trade.sequence;
        tick.order_id = id;
        tick.side = trade.maker_side.opposite();
        tick.price = trade.price;
        tick.size = Size(size);
        tick.flags = flags;
        out.push(tick);
        Outcome::Applied
    }

    fn on_ticker(&mut self, ticker: &Ticker<'_>, at: RecvTime, out: &mut Batch) -> Outcome {
        let Some(index) = self.find(ticker.product) else {
            return Outcome::Heartbeat;
        };
        let instrument = self.instrument(index, 0, at, out);
        let product = &mut self.products[index];
        if ticker.sequence < product.ticker_sequence {
            self.counters.messages_ignored += 1;
            return Outcome::Duplicate;
        }
        product.ticker_sequence = ticker.sequence;
        let decimals = product.size_decimals;
        let mut base = self.tick(TickAction::Statistic, instrument, ticker.time, at);
        base.sequence = ticker.sequence;
        let statistic = |kind: StatisticKind, price: Price, size: u64| Tick {
            detail: kind as u8,
            price,
            size: Size(size),
            ..base
        };
        if let Some(volume) = ticker.volume_24h {
            match volume.units(decimals) {
                Some(units) => {
                    out.push(statistic(StatisticKind::Volume24h, Price::UNDEFINED, units))
                }
                None => self.counters.values_left_out += 1,
            }
        }
        if let Some(price) = ticker.open_24h {
            out.push(statistic(StatisticKind::OpenPrice24h, price, 0));
        }
        let mut last = statistic(StatisticKind::LastPrice, ticker.price, 0);
        last.flags = Flags::LAST;
        out.push(last);
        Outcome::Applied
    }

    fn on_heartbeat(&mut self, index: usize, sequence: u64, last_trade_id: u64) {
        let product = &mut self.products[index];
        if sequence < product.heartbeat_sequence {
            self.counters.messages_ignored += 1;
            return;
        }
        product.heartbeat_sequence = sequence;
        let (last, promised) = (product.last_trade_id, product.promised_trade_id);
        product.promised_trade_id = last_trade_id;
        // Heartbeat and match may overtake each other by a moment, never by the second to the next heartbeat.
        if last != 0 && promised > last {
            product.last_trade_id = promised;
            self.lose_trades(last + 1, promised - last);
        }
    }

    fn tell_heartbeat(
        &mut self,
        index: usize,
        time: EventTime,
        sequence: u64,
        at: RecvTime,
        out: &mut Batch,
    ) {
        if let Some(instrument) = self.products[index].instrument {
            let mut tick = self.tick(TickAction::Heartbeat, instrument, time, at);
            tick.sequence = sequence;
            tick.flags = Flags::LAST;
            out.push(tick);
        }
    }

    /// Trades that will not come: named and counted. Books do not depend on them, so no `Gap` tick takes their trust away.
    fn lose_trades(&mut self, first: u64, count: u64) {
        self.counters.gaps_opened += 1;
        self.counters.messages_lost = self.counters.messages_lost.saturating_add(count);
        if self.gaps.len() < GAPS_MAX {
            self.gaps.push(Gap {
                first,
                count,
                recovered: false,
            });
        } else {
            self.counters.ledger_overflow += 1;
        }
        self.note(Notice::GapLost { first, count });
    }

    // ---- what cannot be used

    fn refuse(&mut self, error: DecodeError) -> Outcome {
        self.counters.refuse(error);
        Outcome::Refused(error)
    }

    /// A level message of a product holds a size that does not fit: its book cannot be trusted any more.
    fn refuse_book(&mut self, index: usize, kind: Kind, at: RecvTime, out: &mut Batch) -> Outcome {
        self.await_snapshot(index, at, out);
        self.refuse(DecodeError::NotExact { tag: kind.tag() })
    }

    /// A text that cannot be read may have been an update: whatever book it may have been for waits for a new snapshot.
    #[cold]
    fn refuse_text(
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

    fn await_snapshot(&mut self, index: usize, now: RecvTime, out: &mut Batch) {
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
    fn tick(
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

    fn reset(&self, instrument: InstrumentId, at: RecvTime) -> Tick {
        let mut tick = self.tick(TickAction::Reset, instrument, EventTime::UNDEFINED, at);
        tick.detail = ResetKind::AwaitSnapshot as u8;
        tick.flags = Flags::LAST;
        tick.side = Side::None;
        tick
    }

    #[inline]
    fn count(&mut self, kind: Kind) {
        self.counters.messages += 1;
        self.kinds[kind as usize] += 1;
    }

    fn act_text(&mut self, line: Line, text: String) {
        self.act(Action::SendText { line, text });
    }

    fn act(&mut self, action: Action) {
        if self.actions.len() == QUEUE_MAX {
            self.actions.pop_front();
        }
        self.actions.push_back(action);
    }

    fn note(&mut self, notice: Notice) {
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

fn after(start: RecvTime, nanos: u64) -> RecvTime {
    RecvTime(start.0.saturating_add(nanos))
}

fn earliest(one: Option<RecvTime>, other: Option<RecvTime>) -> Option<RecvTime> {
    one.into_iter().chain(other).min()
}

/// Digits the sizes need.
#[inline]
fn scale_of(levels: &[Level]) -> u8 {
    levels
        .iter()
        .map(|level| level.size.scale())
        .max()
        .unwrap_or(0)
}

#[inline]
fn fits(levels: &[Level], decimals: u8) -> bool {
    levels
        .iter()
        .all(|level| level.size.units(decimals).is_some())
}

/// The text behind `key` up to the next quote, wherever it stands.
fn member<'a>(bytes: &'a [u8], key: &[u8]) -> Option<&'a [u8]> {
    let start = bytes.windows(key.len()).position(|window| window == key)? + key.len();
    let rest = &bytes[start..];
    let end = rest.iter().position(|&byte| byte == b'"')?;
    Some(&rest[..end])
}
