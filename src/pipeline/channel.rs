//! One channel's market: its books, how far they can be trusted, and what an event changed.
//!
//! No graph here and no clock: ticks in, and at the end of an event a list of the instruments it touched. The source
//! node ([`super::source`]) owns the channels of its ring and wakes the nodes of what was touched.

use crate::book::{
    BookState, Books, Change, Fault, Finding, Integrity, IntegritySettings, OrderBooks, PriceBooks,
    Reason, Statistics, Touched, Trust, TrustState,
};
use feeds::contract::BookKind;
use feeds::model::{
    Action, ChannelId, Definition, EventTime, Flags, GapKind, InstrumentId, Price, RecvTime,
    ResetKind, Side, Size, Tick, cancel_detail, heartbeat_detail,
};

/// What a channel is, as its configuration or its capture says.
#[derive(Clone, Debug)]
pub struct ChannelSpec {
    /// Stamped on its ticks.
    pub id: ChannelId,
    /// Name of the feed in the configuration.
    pub feed: String,
    /// Venue in the reports.
    pub venue: String,
    /// What its ticks build.
    pub book: BookKind,
    /// Open orders the books hold without growing (by order only).
    pub orders_capacity: usize,
}

/// What an event did to an instrument, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Touches(u8);

impl Touches {
    /// Price, size or order count of a best level changed.
    pub const TOP: Touches = Touches(1);
    /// A level within the published depth changed.
    pub const DEPTH: Touches = Touches(2);
    /// It traded.
    pub const TRADE: Touches = Touches(4);
    /// State or reason changed.
    pub const STATE: Touches = Touches(8);
    /// The instrument is new or has a new definition.
    pub const DEFINITION: Touches = Touches(16);
    /// Something happened, but nothing anybody watches: a level too deep to be published.
    pub const DEEP: Touches = Touches(32);
    /// The venue said a statistic of it.
    pub const STATISTIC: Touches = Touches(64);
    /// What somebody watches: all but [`Touches::DEEP`].
    const SEEN: Touches = Touches(31 | 64);

    /// Whether any bit of `other` is set.
    pub const fn any(self, other: Touches) -> bool {
        self.0 & other.0 != 0
    }

    /// Both sets.
    #[must_use]
    pub const fn with(self, other: Touches) -> Touches {
        Touches(self.0 | other.0)
    }

    /// Nothing happened.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A print, priced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// Whose.
    pub instrument: InstrumentId,
    /// The venue's trade id.
    pub id: u64,
    /// Where.
    pub price: Price,
    /// How much, in the instrument's size units.
    pub size: u64,
    /// Who crossed the spread, where known.
    pub aggressor: Side,
    /// When it was made.
    pub ts_event: EventTime,
    /// When we learnt of it.
    pub ts_recv: RecvTime,
    /// It counts in volume and bars.
    pub counts: bool,
}

/// One instrument's facts beside its book.
#[derive(Clone, Copy, Debug)]
pub struct Instrument {
    /// What it is.
    pub definition: Definition,
    /// Prints so far.
    pub trades: u64,
    /// Sum of their sizes.
    pub volume: u128,
    /// Venue's sequence of its last tick.
    pub last_sequence: u64,
    /// When its last tick was made.
    pub ts_event: EventTime,
    /// When its last tick reached us.
    pub ts_recv: RecvTime,
    touches: Touches,
}

/// Trades of one event that are named one by one; the rest is counted in `trades` and `volume` only.
const TRADES_PER_EVENT_MAX: usize = 4_096;
/// What the event that just ended did.
#[derive(Debug, Default)]
pub struct Event {
    /// Instruments touched, each once, in order of first touch.
    pub touched: Vec<InstrumentId>,
    /// Prints, in order.
    pub trades: Vec<Trade>,
    /// Everything of the channel changed its state.
    pub all: bool,
    /// Something happened that somebody watches.
    pub seen: bool,
    /// A new session began.
    pub session_reset: bool,
    /// The channel came (true) or went (false).
    pub connected: Option<bool>,
}

impl Event {
    fn clear(&mut self) {
        self.touched.clear();
        self.trades.clear();
        self.all = false;
        self.seen = false;
        self.session_reset = false;
        self.connected = None;
    }

    /// Whether anybody could see what it did.
    pub fn is_seen(&self) -> bool {
        self.seen || self.all || self.connected.is_some()
    }
}

/// One channel's market.
pub struct Channel {
    /// What it is.
    pub spec: ChannelSpec,
    books: Books,
    trust: Trust,
    instruments: Vec<Instrument>,
    /// Beside `instruments`, so that a book that has none does not carry them through the caches.
    statistics: Vec<Statistics>,
    faults: [u64; Fault::ALL.len()],
    integrity: Integrity,
    /// Books found broken at the end of the event; kept for its memory.
    broken: Vec<InstrumentId>,
    /// Faults, findings or repairs were counted since they were last exported.
    has_counted: bool,
    depth: u32,
    event: Event,
    /// A print whose price is that of the order the next `Cancel` names.
    unpriced: Option<Tick>,
    unpriced_lost: u64,
    /// Side of the order this event replaced.
    replaced_side: Side,
    /// Something of it arrives; false once it is silent or its connection is gone.
    is_connected: bool,
    last_sequence: u64,
}

/// How far ahead orders and then their levels are fetched, in ticks: the second needs the first.
const ORDER_AHEAD_TICKS: usize = 14;
const LEVEL_AHEAD_TICKS: usize = 7;

impl Channel {
    /// A channel without instruments. `depth` is how many levels a side count as [`Touches::DEPTH`].
    pub fn new(spec: ChannelSpec, depth: u32) -> Channel {
        let books = match spec.book {
            BookKind::ByOrder => Books::Orders(OrderBooks::new(spec.orders_capacity)),
            BookKind::ByLevel => Books::Prices(PriceBooks::new()),
        };
        Channel {
            spec,
            books,
            trust: Trust::new(),
            instruments: Vec::new(),
            statistics: Vec::new(),
            faults: [0; Fault::ALL.len()],
            integrity: Integrity::new(IntegritySettings::default()),
            broken: Vec::new(),
            has_counted: false,
            depth,
            event: Event::default(),
            unpriced: None,
            unpriced_lost: 0,
            replaced_side: Side::None,
            is_connected: false,
            last_sequence: 0,
        }
    }

    /// Takes a definition; returns whether the instrument is new.
    pub fn define(&mut self, definition: &Definition) -> bool {
        let index = definition.instrument.index();
        self.books.define(definition.instrument);
        if let Some(instrument) = self.instruments.get_mut(index) {
            // The precision of sizes never changes during a run: what is in the books has it.
            let size_decimals = instrument.definition.size_decimals;
            instrument.definition = Definition {
                size_decimals,
                ..*definition
            };
            return false;
        }
        if index != self.instruments.len() || index >= crate::book::INSTRUMENTS_MAX {
            return false;
        }
        self.trust.define(definition.instrument);
        if !definition.is_provable {
            self.trust.unverified(definition.instrument);
        }
        self.instruments.push(Instrument {
            definition: *definition,
            trades: 0,
            volume: 0,
            last_sequence: 0,
            ts_event: EventTime::UNDEFINED,
            ts_recv: RecvTime::UNDEFINED,
            touches: Touches::default(),
        });
        self.statistics.push(Statistics::default());
        true
    }

    /// The books.
    pub fn books(&self) -> &Books {
        &self.books
    }

    /// Instruments by id.
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }

    /// The last statistic of each kind that the venue said of an instrument.
    pub fn statistics(&self, instrument: InstrumentId) -> &Statistics {
        const NONE: &Statistics = &Statistics::new();
        self.statistics.get(instrument.index()).unwrap_or(NONE)
    }

    /// State of one instrument's book.
    pub fn state(&self, instrument: InstrumentId) -> BookState {
        self.trust.state(instrument)
    }

    /// Where the stream was joined, if in its middle.
    pub fn joined_at(&self) -> Option<u64> {
        self.trust.joined_at()
    }

    /// What the last event did to an instrument.
    pub fn touches(&self, instrument: InstrumentId) -> Touches {
        let own = self
            .instruments
            .get(instrument.index())
            .map_or(Touches::default(), |i| i.touches);
        if self.event.all {
            own.with(Touches::STATE)
        } else {
            own
        }
    }

    /// What the last event did.
    pub fn event(&self) -> &Event {
        &self.event
    }

    /// Faults of the books so far, by [`Fault`].
    pub fn faults(&self) -> &[u64; Fault::ALL.len()] {
        &self.faults
    }

    /// What was found about the integrity of the books so far.
    pub fn integrity(&self) -> &Integrity {
        &self.integrity
    }

    /// Whether faults, findings or repairs were counted since the last call.
    #[inline]
    pub fn take_counted(&mut self) -> bool {
        std::mem::take(&mut self.has_counted)
    }

    /// Whether the books are to be built anew from a snapshot, as of now. True once an interval.
    #[inline]
    pub fn poll_repair(&mut self, now: RecvTime) -> bool {
        let is_asked = self.integrity.poll_repair(now);
        self.has_counted |= is_asked;
        is_asked
    }

    /// Prints whose price was never known, because their order was not.
    pub fn unpriced_trades(&self) -> u64 {
        self.unpriced_lost
    }

    /// Last sequence seen on the channel.
    pub fn last_sequence(&self) -> u64 {
        self.last_sequence
    }

    /// Forgets the last event. Call before the first tick of the next.
    pub fn begin_event(&mut self) {
        for id in &self.event.touched {
            if let Some(instrument) = self.instruments.get_mut(id.index()) {
                if instrument.touches.any(Touches::STATISTIC)
                    && let Some(statistics) = self.statistics.get_mut(id.index())
                {
                    statistics.age();
                }
                instrument.touches = Touches::default();
            }
        }
        self.event.clear();
    }

    /// Starts to fetch what `ticks`, the ones not applied yet, will need: of each only what is its turn at its distance.
    #[inline]
    pub fn prefetch(&self, ticks: &[Tick]) {
        let Books::Orders(books) = &self.books else {
            return;
        };
        if let Some(tick) = ticks.get(ORDER_AHEAD_TICKS) {
            books.prefetch_order(tick);
        }
        if let Some(tick) = ticks.get(LEVEL_AHEAD_TICKS) {
            books.prefetch_level(tick);
        }
    }

    /// Applies one tick. At the event's end ([`Tick::is_last`]) call [`Channel::end_event`].
    #[inline]
    pub fn apply(&mut self, tick: &Tick) {
        if tick.sequence != 0 {
            self.last_sequence = tick.sequence;
        }
        let touched = self.trust.on_tick(tick, &self.books);
        if touched != Touched::None {
            self.touch_state(touched);
        }
        if matches!(tick.action, Action::Gap | Action::Reset | Action::Status)
            || tick.flags.contains(Flags::SNAPSHOT) && tick.is_last()
        {
            self.on_rare(tick);
        }
        if !self.is_connected && tick.action != Action::Reset && tick.action != Action::Definition {
            self.connect(true);
        }
        match tick.action {
            Action::Trade => self.trade(tick),
            Action::Reset => {
                self.event.session_reset |= tick.detail == ResetKind::Session as u8;
                if tick.detail == ResetKind::AwaitSnapshot as u8
                    && tick.instrument == InstrumentId::ALL
                {
                    self.connect(false);
                }
                let change = self.books.apply(tick);
                self.on_change(tick, &change);
            }
            Action::Heartbeat if tick.detail == heartbeat_detail::SILENT => {
                let touched = self.trust.set_silent(true, tick.ts_recv);
                self.touch_state(touched);
                self.connect(false);
            }
            Action::Add if tick.side == Side::None => {
                // The successor of a replaced order rests where that one did.
                let tick = Tick {
                    side: self.replaced_side,
                    ..*tick
                };
                let change = self.books.apply(&tick);
                self.on_change(&tick, &change);
            }
            Action::Statistic => {
                let change = self.books.apply(tick);
                self.on_change(tick, &change);
                self.statistic(tick);
            }
            _ => {
                let change = self.books.apply(tick);
                self.on_change(tick, &change);
            }
        }
    }

    /// Ends the event: crossed books are found, states settle.
    pub fn end_event(&mut self, tick: &Tick) {
        if let Some(print) = self.unpriced.take() {
            self.lose_price(&print);
        }
        self.replaced_side = Side::None;
        for index in 0..self.event.touched.len() {
            let id = self.event.touched[index];
            if self.instruments[id.index()].touches.any(Touches::TOP) {
                let top = self.books.top(id);
                let before = self.trust.overlap(id);
                let touched = self.trust.on_top(id, &top, tick.ts_recv);
                let overlap = self.trust.overlap(id);
                if overlap != before {
                    self.has_counted = true;
                    self.integrity.on_overlap(id, overlap, tick.ts_recv);
                }
                self.touch_state(touched);
            }
        }
        if self.integrity.is_due(tick.ts_recv) {
            self.judge(tick.ts_recv);
        }
    }

    /// Finds out whose fault the books are that are crossed for too long.
    #[cold]
    fn judge(&mut self, now: RecvTime) {
        let trust = &self.trust;
        // A suspect book is judged: that it is crossed shows that it is broken.
        let is_settled = |id| trust.state(id).state <= TrustState::Suspect;
        let look = |id| (trust.allowed(id), is_settled(id));
        self.integrity.judge(now, look, &mut self.broken);
        self.has_counted = true;
        while let Some(id) = self.broken.pop() {
            let touched = self.trust.suspect(id, Reason::CrossedAfterLoss, now);
            self.touch_state(touched);
            self.touch(id, Touches::STATE);
        }
    }

    /// What changes the worth of the books as a whole.
    #[cold]
    fn on_rare(&mut self, tick: &Tick) {
        match tick.action {
            Action::Gap => match GapKind::from_detail(tick.detail) {
                Some(GapKind::Overrun) => self.integrity.on_overrun(),
                Some(GapKind::Open) => {}
                Some(GapKind::Lost | GapKind::Joined) | None => self.integrity.on_harm(),
            },
            Action::Reset => match ResetKind::from_detail(tick.detail) {
                Some(ResetKind::Session) if tick.instrument == InstrumentId::ALL => {
                    self.integrity.on_session();
                }
                Some(ResetKind::Session | ResetKind::AwaitSnapshot) => {}
                Some(ResetKind::Sequence) | None => self.integrity.on_harm(),
            },
            Action::Status => self.integrity.on_trading(tick.ts_recv),
            _ => self.integrity.on_snapshot(),
        }
    }

    fn connect(&mut self, connected: bool) {
        if self.is_connected != connected {
            self.is_connected = connected;
            self.event.connected = Some(connected);
        }
    }

    fn touch_state(&mut self, touched: Touched) {
        match touched {
            Touched::None => {}
            Touched::One(id) => self.touch(id, Touches::STATE),
            Touched::All => self.event.all = true,
        }
    }

    #[inline]
    fn on_change(&mut self, tick: &Tick, change: &Change) {
        if let Some(fault) = change.fault {
            self.faults[fault as usize] += 1;
            self.has_counted = true;
            if !self.trust.expects_faults(change.instrument) {
                self.integrity.on_fault(fault);
            }
            let touched = self.trust.on_change(tick, change);
            self.touch_state(touched);
        }
        if tick.action == Action::Cancel
            && let Some(filled) = change.filled()
        {
            if tick.detail == cancel_detail::REPLACED {
                self.replaced_side = filled.side;
            }
            if let Some(print) = self.unpriced.take() {
                self.print(&print, filled.price, filled.side.opposite());
            }
        }
        let id = change.instrument;
        if let Some(instrument) = self.instruments.get_mut(id.index()) {
            // Messages of a snapshot have no number.
            if tick.sequence != 0 {
                instrument.last_sequence = tick.sequence;
            }
            instrument.ts_event = tick.ts_event;
            instrument.ts_recv = tick.ts_recv;
        }
        if tick.action == Action::Definition {
            self.touch(id, Touches::DEFINITION);
        }
        if !change.is_change() {
            return;
        }
        let is_set = matches!(tick.action, Action::Add | Action::Modify | Action::Level);
        if is_set && tick.price.0 <= 0 {
            self.has_counted = true;
            self.integrity.count(Finding::PriceNotPositive);
        }
        let mut touches = Touches::DEEP;
        if change.best_moved {
            touches = touches.with(Touches::TOP).with(Touches::DEPTH);
        } else if change.visible(self.depth) {
            touches = touches.with(Touches::DEPTH);
        }
        if id == InstrumentId::ALL {
            for index in 0..self.instruments.len() {
                self.touch(InstrumentId(index as u32), touches);
            }
            return;
        }
        self.touch(id, touches);
    }

    fn touch(&mut self, id: InstrumentId, touches: Touches) {
        if id == InstrumentId::ALL {
            return;
        }
        if let Some(instrument) = self.instruments.get_mut(id.index()) {
            self.event.seen |= touches.any(Touches::SEEN);
            if instrument.touches.is_empty() {
                self.event.touched.push(id);
            }
            instrument.touches = instrument.touches.with(touches);
        }
    }

    fn trade(&mut self, tick: &Tick) {
        if tick.price.is_defined() {
            self.print(tick, tick.price, tick.side);
        } else if let Some(earlier) = self.unpriced.replace(*tick) {
            self.lose_price(&earlier);
        }
    }

    /// Keeps a statistic of an instrument. No book changes by it, and one of the whole channel belongs to nobody.
    fn statistic(&mut self, tick: &Tick) {
        if let Some(statistics) = self.statistics.get_mut(tick.instrument.index())
            && statistics.hear(tick)
        {
            self.touch(tick.instrument, Touches::STATISTIC);
        }
    }

    /// The print happened, so it counts; nobody can say where.
    fn lose_price(&mut self, print: &Tick) {
        self.unpriced_lost += 1;
        if let Some(instrument) = self.instruments.get_mut(print.instrument.index()) {
            instrument.trades += 1;
            instrument.volume += u128::from(print.size.0);
        }
        self.touch(print.instrument, Touches::TRADE);
    }

    fn print(&mut self, tick: &Tick, price: Price, aggressor: Side) {
        let Some(instrument) = self.instruments.get_mut(tick.instrument.index()) else {
            return;
        };
        let counts = !tick.flags.contains(Flags::PUBLISHER_SPECIFIC);
        if counts {
            instrument.trades += 1;
            instrument.volume += u128::from(tick.size.0);
        }
        instrument.last_sequence = tick.sequence;
        instrument.ts_event = tick.ts_event;
        instrument.ts_recv = tick.ts_recv;
        let Size(size) = tick.size;
        if self.event.trades.len() < TRADES_PER_EVENT_MAX {
            self.event.trades.push(Trade {
                instrument: tick.instrument,
                id: tick.order_id,
                price,
                size,
                aggressor: if aggressor == Side::None {
                    tick.side
                } else {
                    aggressor
                },
                ts_event: tick.ts_event,
                ts_recv: tick.ts_recv,
                counts,
            });
        }
        self.touch(tick.instrument, Touches::TRADE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    const ID: InstrumentId = InstrumentId(0);

    fn channel() -> Channel {
        let spec = ChannelSpec {
            id: ChannelId(0),
            feed: String::new(),
            venue: String::new(),
            book: BookKind::ByOrder,
            orders_capacity: 64,
        };
        let mut channel = Channel::new(spec, 10);
        assert!(channel.define(&Definition::named(ID, "AAPL".into())));
        channel
    }

    fn tick(action: Action, at: u64) -> Tick {
        Tick {
            action,
            instrument: ID,
            ts_recv: RecvTime(at),
            flags: Flags::LAST,
            ..Tick::blank(ChannelId(0), action)
        }
    }

    fn add(order: u64, side: Side, price: i64, at: u64) -> Tick {
        Tick {
            order_id: order,
            side,
            price: Price(price),
            size: Size(5),
            ..tick(Action::Add, at)
        }
    }

    /// Feeds ticks, each an event; says when repairs were asked for.
    fn run(channel: &mut Channel, ticks: &[Tick]) -> Vec<u64> {
        let mut asked = Vec::new();
        for tick in ticks {
            channel.begin_event();
            channel.apply(tick);
            channel.end_event(tick);
            if channel.poll_repair(tick.ts_recv) {
                asked.push(tick.ts_recv.0);
            }
        }
        asked
    }

    fn orphan(order: u64, at: u64) -> Tick {
        Tick {
            order_id: order,
            size: Size(1),
            ..tick(Action::Cancel, at)
        }
    }

    #[test]
    fn orphans_beyond_their_number_ask_for_a_repair_once_an_interval() {
        let mut channel = channel();
        let orphans: Vec<Tick> = (1..=20).map(|n| orphan(n, 100 * SECOND + n)).collect();
        let asked = run(&mut channel, &orphans);
        assert_eq!(asked, [100 * SECOND + 9]);
        assert_eq!(channel.faults()[Fault::UnknownOrder as usize], 20);
        assert_eq!(channel.state(ID).reason, Reason::BookFault);
        assert!(channel.take_counted() && !channel.take_counted());
    }

    #[test]
    fn a_crossed_book_is_suspect_after_a_fault_and_only_crossed_without_one() {
        #[track_caller]
        fn check(first: &[Tick], reason: Reason, finding: Finding, repairs: usize) {
            let mut channel = channel();
            run(&mut channel, first);
            let at = 200 * SECOND;
            let crossed = [
                add(1, Side::Bid, 101, at),
                add(2, Side::Ask, 100, at),
                add(3, Side::Bid, 1, at + 2 * SECOND),
            ];
            let asked = run(&mut channel, &crossed);
            assert_eq!(channel.state(ID).reason, reason);
            assert_eq!(channel.integrity().findings()[finding as usize], 1);
            assert_eq!(asked.len(), repairs);
        }
        check(&[], Reason::Crossed, Finding::CrossedInput, 0);
        let (ours, fault) = (Finding::CrossedOurs, Reason::BookFault);
        check(&[orphan(9, SECOND)], fault, ours, 1);
        let status = Tick {
            detail: feeds::model::TradingState::Auction as u8,
            ..tick(Action::Status, SECOND)
        };
        check(&[status], Reason::Crossed, Finding::NotTrading, 0);
    }

    #[test]
    fn ticks_lost_between_our_threads_ask_for_a_repair_until_a_snapshot_comes() {
        let mut channel = channel();
        let lost = Tick {
            detail: GapKind::Overrun as u8,
            instrument: InstrumentId::ALL,
            ..tick(Action::Gap, 100 * SECOND)
        };
        let again = add(1, Side::Bid, 100, 105 * SECOND);
        let asked = run(&mut channel, &[lost, again]);
        assert_eq!(asked, [100 * SECOND, 105 * SECOND]);
        let whole = Tick {
            instrument: InstrumentId::ALL,
            flags: Flags::SNAPSHOT.with(Flags::LAST),
            ..tick(Action::Heartbeat, 106 * SECOND)
        };
        let later = add(2, Side::Bid, 100, 900 * SECOND);
        assert_eq!(run(&mut channel, &[whole, later]), [0u64; 0]);
        assert_eq!(channel.state(ID).reason, Reason::Ok);
    }

    #[test]
    fn prices_of_zero_and_below_are_counted_and_kept() {
        let mut channel = channel();
        run(
            &mut channel,
            &[add(1, Side::Bid, 0, 1), add(2, Side::Bid, -5, 2)],
        );
        assert_eq!(
            channel.integrity().findings()[Finding::PriceNotPositive as usize],
            2
        );
        assert_eq!(channel.state(ID).reason, Reason::Ok);
    }

    #[test]
    fn a_statistic_is_seen_and_changes_no_book_and_no_state() {
        let mut channel = channel();
        let waits = Tick {
            detail: ResetKind::AwaitSnapshot as u8,
            ..tick(Action::Reset, 1)
        };
        run(&mut channel, &[add(1, Side::Bid, 100, 1), waits]);
        let (books, state) = (channel.books().top(ID), channel.state(ID).state);
        let mark = Tick {
            detail: feeds::model::StatisticKind::MarkPrice as u8,
            price: Price(5),
            ..tick(Action::Statistic, 2)
        };
        run(&mut channel, &[mark, mark]);
        assert!(channel.event().is_seen());
        assert_eq!(channel.touches(ID), Touches::STATISTIC);
        assert_eq!(
            (channel.books().top(ID), channel.state(ID).state),
            (books, state)
        );
        assert_eq!(state, TrustState::AwaitingSnapshot);
        let counts = |channel: &Channel| {
            let statistics = channel.statistics(ID);
            (
                statistics.all().map(|one| one.count).sum::<u64>(),
                statistics.fresh().count(),
            )
        };
        assert_eq!(counts(&channel), (2, 1));
        // What the venue said stays when its book goes, and is news once.
        run(&mut channel, &[tick(Action::Clear, 3)]);
        assert_eq!(counts(&channel), (2, 0));
        // Nobody's, or of a kind that is not known.
        let all = Tick {
            instrument: InstrumentId::ALL,
            ..mark
        };
        run(
            &mut channel,
            &[
                all,
                Tick {
                    detail: 255,
                    ..mark
                },
            ],
        );
        assert!(!channel.event().is_seen());
        assert_eq!(counts(&channel), (2, 0));
        assert_eq!(channel.statistics(InstrumentId(7)).all().count(), 0);
    }
}
