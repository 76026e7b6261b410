//! How far a book can be trusted, and why.
//!
//! Facts are independent and never overwrite each other: a gap of the channel, a halt of the instrument. What is
//! shown is the first line that applies:
//!
//! | State | Applies when | Reasons |
//! |---|---|---|
//! | `AwaitingSnapshot` | the book waits for a snapshot, or its stream was joined in the middle | `awaiting_snapshot`, `joined_mid_stream` |
//! | `Recovering` | a gap of the channel is open | `gap_open` |
//! | `Suspect` | something is known to be lost or wrong | `gap_lost`, `sequence_reset`, `ring_overrun`, `book_fault`, `crossed_after_loss`, `decode_error`, `input_partial` |
//! | `Stale` | the channel is silent for too long | `line_silent` |
//! | `Closed` | the session is over | `session_closed` |
//! | `Halted` | the venue does not let it trade | `halted`, `paused`, `not_available` |
//! | `Crossed` | after an event, the best bid is at or above the best ask | `crossed`, `locked` |
//! | `Live` | none of these | `ok`; `unverified` where the venue has neither numbers nor checksums |
//!
//! What sets a fact, and what takes it back:
//!
//! | Fact | Set by | Taken back by |
//! |---|---|---|
//! | gap open | `Gap(Open)` | `Recovered`, `Gap(Lost)`, `Gap(Joined)`, `Reset(Session)` |
//! | suspicion | `Gap(Lost)`, `Gap(Overrun)`, `Reset(Sequence)` on a book with content, a [`Fault`], a partial tick, the caller | snapshot, `Clear`, `Reset(Session)` |
//! | joined | `Gap(Joined)` | snapshot, `Clear`, `Reset(Session)` |
//! | awaiting | `Reset(AwaitSnapshot)` | snapshot, `Reset(Session)` |
//! | silence | the caller's clock | any tick of the channel |
//! | halt, close | `Status` of the instrument, or of the whole channel | a later `Status` of the same one, `Reset(Session)`; close also `Reset(Sequence)` |
//! | crossed | the top after an event | the top after an event |
//!
//! A snapshot counts when the tick of it that closes its event has come; other events may pass in between. Instruments seen later than a fact of the whole
//! channel share it, except `Reset(Sequence)`, which cannot harm an empty book.

use super::change::{Change, Fault};
use super::top::Top;
use super::{Books, INSTRUMENTS_MAX};
use feeds::model::{
    Action, Flags, GapKind, InstrumentId, Price, RecvTime, ResetKind, Tick, TradingState,
    heartbeat_detail,
};

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// Every value, in the order of their numbers.
            pub const ALL: &'static [$name] = &[$($name::$variant,)*];

            /// The stable name used in every output.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            /// The value of a number, as published.
            pub fn from_code(code: u8) -> Option<$name> {
                Self::ALL.get(usize::from(code)).copied()
            }
        }
    };
}

named! {
    /// How far a book, and all that is computed from it, can be trusted. Smaller is better.
    TrustState {
        /// Complete, in order, and the venue lets it trade.
        Live = "live",
        /// Complete, and bid and ask overlap.
        Crossed = "crossed",
        /// Complete, and the venue does not let it trade.
        Halted = "halted",
        /// Complete, and the session is over.
        Closed = "closed",
        /// Complete when last heard of, which is too long ago.
        Stale = "stale",
        /// Something is lost or wrong, for good.
        Suspect = "suspect",
        /// Messages are missing and asked for.
        Recovering = "recovering",
        /// Not complete: a snapshot is to come, or the beginning was never seen.
        AwaitingSnapshot = "awaiting_snapshot",
    }
}

named! {
    /// Why a book has its state.
    Reason {
        /// Nothing is wrong.
        Ok = "ok",
        /// The best bid is above the best ask.
        Crossed = "crossed",
        /// The best bid is the best ask.
        Locked = "locked",
        /// Trading is halted.
        Halted = "halted",
        /// Trading is paused.
        Paused = "paused",
        /// Not available for trading.
        NotAvailable = "not_available",
        /// The session is over.
        SessionClosed = "session_closed",
        /// Nothing was heard from the channel for too long.
        LineSilent = "line_silent",
        /// The book was told what cannot be true.
        BookFault = "book_fault",
        /// Crossed for too long, and something was lost or impossible before.
        CrossedAfterLoss = "crossed_after_loss",
        /// A message of the instrument could not be read.
        DecodeError = "decode_error",
        /// The source says that something before this is missing.
        InputPartial = "input_partial",
        /// The sequence went back within one session, and the book had content.
        SequenceReset = "sequence_reset",
        /// Ticks were lost between our own threads.
        RingOverrun = "ring_overrun",
        /// Messages are missing for good.
        GapLost = "gap_lost",
        /// Messages are missing and asked for.
        GapOpen = "gap_open",
        /// The stream was joined in its middle, without a snapshot.
        JoinedMidStream = "joined_mid_stream",
        /// A snapshot is to come.
        AwaitingSnapshot = "awaiting_snapshot",
        /// Nothing is known to be wrong, and nothing the venue says would show it: no numbers, no checksums.
        Unverified = "unverified",
    }
}

impl TrustState {
    /// The worse of two: what a value computed from both is worth.
    pub fn worse(self, other: TrustState) -> TrustState {
        self.max(other)
    }

    /// Whether the book is complete and right as of its last sequence number.
    pub fn is_complete(self) -> bool {
        self <= TrustState::Closed
    }
}

/// What is known about the worth of one book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BookState {
    /// How far it can be trusted.
    pub state: TrustState,
    /// Why.
    pub reason: Reason,
    /// When state or reason last changed, by the clock of the ticks; undefined before the first change.
    pub since: RecvTime,
    /// Sequence number of the last tick of the instrument; 0 before the first, or where the venue has none.
    pub last_sequence: u64,
    /// Sequence number of its last tick while the book was complete; 0 when it never was.
    pub good_sequence: u64,
}

impl BookState {
    const NEW: BookState = BookState {
        state: TrustState::Live,
        reason: Reason::Ok,
        since: RecvTime::UNDEFINED,
        last_sequence: 0,
        good_sequence: 0,
    };
}

/// Whose state a tick changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Touched {
    /// Nobody's.
    None,
    /// This instrument's.
    One(InstrumentId),
    /// Perhaps every instrument's of the channel.
    All,
}

/// Facts of the whole channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct ChannelFacts {
    gap_open: bool,
    silent: bool,
    session: TradingState,
    /// First sequence number seen of a stream joined in its middle.
    joined_at: Option<u64>,
}

/// Facts of one instrument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Facts {
    awaiting: bool,
    joined: bool,
    suspicion: Option<Reason>,
    trading: TradingState,
    overlap: Option<Reason>,
    /// Between the first tick of a snapshot and the one that closes it.
    in_snapshot: bool,
    /// The venue says nothing by which a loss would show.
    is_unverified: bool,
}

impl Facts {
    const CLEAN: Facts = Facts {
        awaiting: false,
        joined: false,
        suspicion: None,
        trading: TradingState::Trading,
        overlap: None,
        in_snapshot: false,
        is_unverified: false,
    };

    /// Nothing that was said counts any more.
    fn clean(&mut self) {
        *self = Facts {
            is_unverified: self.is_unverified,
            ..Facts::CLEAN
        };
    }

    /// The book is known completely from here on.
    fn heal(&mut self) {
        self.awaiting = false;
        self.joined = false;
        self.suspicion = None;
        self.in_snapshot = false;
    }
}

/// State and reason of one instrument: the table of this file.
fn judge(channel: &ChannelFacts, facts: &Facts) -> (TrustState, Reason) {
    let ChannelFacts {
        gap_open,
        silent,
        session,
        joined_at: _,
    } = *channel;
    let Facts {
        awaiting,
        joined,
        suspicion,
        trading,
        overlap,
        in_snapshot: _,
        is_unverified,
    } = *facts;
    let is = |state| trading == state || session == state;
    if awaiting {
        (TrustState::AwaitingSnapshot, Reason::AwaitingSnapshot)
    } else if joined {
        (TrustState::AwaitingSnapshot, Reason::JoinedMidStream)
    } else if gap_open {
        (TrustState::Recovering, Reason::GapOpen)
    } else if let Some(reason) = suspicion {
        (TrustState::Suspect, reason)
    } else if silent {
        (TrustState::Stale, Reason::LineSilent)
    } else if is(TradingState::Close) {
        (TrustState::Closed, Reason::SessionClosed)
    } else if is(TradingState::Halt) {
        (TrustState::Halted, Reason::Halted)
    } else if is(TradingState::Pause) {
        (TrustState::Halted, Reason::Paused)
    } else if is(TradingState::NotAvailable) {
        (TrustState::Halted, Reason::NotAvailable)
    } else if let Some(reason) = overlap {
        (TrustState::Crossed, reason)
    } else if is_unverified {
        (TrustState::Live, Reason::Unverified)
    } else {
        (TrustState::Live, Reason::Ok)
    }
}

/// Facts and state of one instrument, side by side.
#[derive(Clone, Copy, Debug)]
struct Entry {
    facts: Facts,
    shown: BookState,
}

/// The worth of all books of one channel.
///
/// For each tick, in order: [`on_tick`](Trust::on_tick), then the books apply it, then
/// [`on_change`](Trust::on_change). At the end of an event, [`on_top`](Trust::on_top) for each book it changed.
///
/// # Cost
/// Constant for a tick of one instrument; proportional to the instruments for the rare facts of a whole channel.
pub struct Trust {
    channel: ChannelFacts,
    entries: Vec<Entry>,
    /// What an instrument that is new now starts with.
    fresh: Facts,
    /// Instruments whose snapshot is under way.
    in_snapshot: Vec<InstrumentId>,
}

impl Default for Trust {
    fn default() -> Trust {
        Trust::new()
    }
}

impl Trust {
    /// A channel of which nothing is known to be wrong.
    pub fn new() -> Trust {
        Trust {
            channel: ChannelFacts {
                gap_open: false,
                silent: false,
                session: TradingState::Trading,
                joined_at: None,
            },
            entries: Vec::new(),
            fresh: Facts::CLEAN,
            in_snapshot: Vec::new(),
        }
    }

    /// Makes room for an instrument, and all smaller ids, as [`Books::define`] does.
    pub fn define(&mut self, instrument: InstrumentId) {
        let index = instrument.index();
        if index < self.entries.len() || index >= INSTRUMENTS_MAX {
            return;
        }
        let (state, reason) = judge(&self.channel, &self.fresh);
        let entry = Entry {
            facts: self.fresh,
            shown: BookState {
                state,
                reason,
                ..BookState::NEW
            },
        };
        self.entries.resize(index + 1, entry);
        // A snapshot of every instrument at once must not allocate in the middle of it.
        self.in_snapshot
            .reserve(self.entries.len() - self.in_snapshot.len());
    }

    /// The venue of this instrument says nothing by which a loss would show ([`Reason::Unverified`]).
    pub fn unverified(&mut self, instrument: InstrumentId) {
        if let Some(entry) = self.entries.get_mut(instrument.index()) {
            entry.facts.is_unverified = true;
            let since = entry.shown.since;
            entry.show(&self.channel, since);
        }
    }

    /// The worth of one book. An instrument nobody defined is awaited.
    pub fn state(&self, instrument: InstrumentId) -> BookState {
        match self.entries.get(instrument.index()) {
            Some(entry) => entry.shown,
            None => BookState {
                state: TrustState::AwaitingSnapshot,
                reason: Reason::AwaitingSnapshot,
                ..BookState::NEW
            },
        }
    }

    /// The last trading state the venue gave for the instrument; `Trading` before it gave one.
    pub fn trading_state(&self, instrument: InstrumentId) -> TradingState {
        self.entries
            .get(instrument.index())
            .map_or(TradingState::Trading, |entry| entry.facts.trading)
    }

    /// What the venue lets the instrument do, its own state and that of the session together.
    pub fn allowed(&self, instrument: InstrumentId) -> TradingState {
        match self.trading_state(instrument) {
            TradingState::Trading => self.channel.session,
            other => other,
        }
    }

    /// How the sides of the book overlapped after the last event, if they did.
    pub fn overlap(&self, instrument: InstrumentId) -> Option<Reason> {
        self.entries.get(instrument.index())?.facts.overlap
    }

    /// Whether it is known that the book lacks something, so that faults of it prove nothing new.
    pub fn expects_faults(&self, instrument: InstrumentId) -> bool {
        let facts = match self.entries.get(instrument.index()) {
            Some(entry) => &entry.facts,
            None => &self.fresh,
        };
        self.channel.gap_open
            || facts.joined
            || facts.awaiting
            || facts.in_snapshot
            || facts
                .suspicion
                .is_some_and(|reason| reason != Reason::BookFault)
    }

    /// Whether messages of the channel are missing and asked for.
    pub fn is_gap_open(&self) -> bool {
        self.channel.gap_open
    }

    /// Where the stream was joined, if in its middle and no new session has come since.
    pub fn joined_at(&self) -> Option<u64> {
        self.channel.joined_at
    }

    /// Takes in what a tick says about the worth of books. To be called before the books apply it.
    #[inline]
    pub fn on_tick(&mut self, tick: &Tick, books: &Books) -> Touched {
        let mut touched = Touched::None;
        if self.channel.silent {
            touched = self.set_silent(false, tick.ts_recv);
        }
        let is_plain = matches!(
            tick.action,
            Action::Add
                | Action::Modify
                | Action::Cancel
                | Action::Fill
                | Action::Trade
                | Action::Level
                | Action::Quote
                | Action::Statistic
                | Action::Imbalance
                | Action::Definition
                | Action::Heartbeat
        );
        if let Some(entry) = self.entries.get_mut(tick.instrument.index()) {
            entry.note_sequence(tick.sequence);
        }
        let is_marked = tick.flags.0 & (Flags::SNAPSHOT.0 | Flags::MAYBE_BAD_BOOK.0) != 0;
        if is_plain && !is_marked {
            return touched;
        }
        touched.and(self.on_rare_tick(tick, books))
    }

    #[cold]
    fn on_rare_tick(&mut self, tick: &Tick, books: &Books) -> Touched {
        let touched = match tick.action {
            Action::Gap => self.on_gap(tick),
            Action::Recovered => {
                self.channel.gap_open = false;
                self.show_all(tick.ts_recv)
            }
            Action::Reset => self.on_reset(tick, books),
            Action::Status => self.on_status(tick),
            Action::Clear if !tick.flags.contains(Flags::SNAPSHOT) => {
                // Nothing rests now, so nothing before this matters. A snapshot that is owed is still owed.
                self.change(tick, |facts| {
                    facts.suspicion = None;
                    facts.joined = false;
                })
            }
            _ => Touched::None,
        };
        touched
            .and(self.on_partial(tick))
            .and(self.on_snapshot(tick))
    }

    fn on_gap(&mut self, tick: &Tick) -> Touched {
        match GapKind::from_detail(tick.detail) {
            Some(GapKind::Open) => {
                self.channel.gap_open = true;
                self.show_all(tick.ts_recv)
            }
            // An unknown kind of loss is a loss.
            Some(GapKind::Lost) | None => {
                self.channel.gap_open = false;
                self.suspect(InstrumentId::ALL, Reason::GapLost, tick.ts_recv)
            }
            Some(GapKind::Overrun) => {
                self.suspect(tick.instrument, Reason::RingOverrun, tick.ts_recv)
            }
            Some(GapKind::Joined) => {
                // The beginning was asked for, and is given up now.
                self.channel.gap_open = false;
                self.channel.joined_at = Some(tick.sequence.saturating_add(tick.size.0));
                self.change(tick, |facts| facts.joined = true)
            }
        }
    }

    fn on_reset(&mut self, tick: &Tick, books: &Books) -> Touched {
        let kind = ResetKind::from_detail(tick.detail);
        if kind != Some(ResetKind::AwaitSnapshot) && tick.instrument == InstrumentId::ALL {
            // Numbers begin anew.
            for entry in &mut self.entries {
                entry.shown.last_sequence = 0;
                entry.shown.good_sequence = 0;
            }
        }
        match kind {
            Some(ResetKind::Session) if tick.instrument == InstrumentId::ALL => {
                self.channel = ChannelFacts {
                    gap_open: false,
                    silent: false,
                    session: TradingState::Trading,
                    joined_at: None,
                };
                self.in_snapshot.clear();
                self.change(tick, Facts::clean)
            }
            Some(ResetKind::Session) => self.change(tick, Facts::clean),
            Some(ResetKind::AwaitSnapshot) => self.change(tick, |facts| facts.awaiting = true),
            // An unknown kind of reset is the one that promises least.
            Some(ResetKind::Sequence) | None => {
                // What ended is going on after all.
                self.channel.session = TradingState::Trading;
                for (index, entry) in self.entries.iter_mut().enumerate() {
                    let instrument = InstrumentId(index as u32);
                    let is_meant =
                        tick.instrument == InstrumentId::ALL || tick.instrument == instrument;
                    if is_meant && !books.is_empty(instrument) {
                        entry.facts.suspicion.get_or_insert(Reason::SequenceReset);
                    }
                }
                self.show_all(tick.ts_recv)
            }
        }
    }

    fn on_status(&mut self, tick: &Tick) -> Touched {
        match TradingState::from_detail(tick.detail) {
            None | Some(TradingState::ShortSaleChange) => Touched::None,
            Some(state) if tick.instrument == InstrumentId::ALL => {
                self.channel.session = state;
                self.show_all(tick.ts_recv)
            }
            Some(state) => self.change(tick, |facts| facts.trading = state),
        }
    }

    /// A tick whose source says that something before it is missing. While a gap is open that is known already.
    fn on_partial(&mut self, tick: &Tick) -> Touched {
        if self.channel.gap_open || !tick.flags.contains(Flags::MAYBE_BAD_BOOK) {
            return Touched::None;
        }
        self.suspect(tick.instrument, Reason::InputPartial, tick.ts_recv)
    }

    fn on_snapshot(&mut self, tick: &Tick) -> Touched {
        if !tick.flags.contains(Flags::SNAPSHOT) {
            return Touched::None;
        }
        if let Some(entry) = self.entries.get_mut(tick.instrument.index())
            && !entry.facts.in_snapshot
        {
            entry.facts.in_snapshot = true;
            self.in_snapshot.push(tick.instrument);
        }
        if !tick.is_last() {
            return Touched::None;
        }
        let is_part =
            tick.action == Action::Heartbeat && tick.detail == heartbeat_detail::SNAPSHOT_PART;
        if tick.instrument == InstrumentId::ALL && !is_part {
            self.in_snapshot.clear();
            let touched = self.change(tick, Facts::heal);
            for entry in &mut self.entries {
                entry.note_sequence(tick.sequence);
            }
            return touched;
        }
        let mut touched = Touched::None;
        while let Some(instrument) = self.in_snapshot.pop() {
            touched = touched.and(self.edit(instrument, tick.ts_recv, Facts::heal));
            if let Some(entry) = self.entries.get_mut(instrument.index()) {
                entry.note_sequence(tick.sequence);
            }
        }
        touched
    }

    /// Takes in what became of a tick. To be called after the books applied it.
    #[inline]
    pub fn on_change(&mut self, tick: &Tick, change: &Change) -> Touched {
        match change.fault {
            None => Touched::None,
            Some(fault) => self.on_fault(tick, change.instrument, fault),
        }
    }

    #[cold]
    fn on_fault(&mut self, tick: &Tick, instrument: InstrumentId, fault: Fault) -> Touched {
        match fault {
            // No book is wrong by it.
            Fault::OrphanLevel | Fault::UndefinedInstrument => Touched::None,
            // It cannot be said which book lacks the order, and of those to come it is known that they may.
            Fault::UnknownOrder
                if instrument == InstrumentId::ALL
                    && (self.fresh.joined || self.fresh.suspicion.is_some()) =>
            {
                Touched::None
            }
            Fault::UnknownOrder
            | Fault::DuplicateOrder
            | Fault::OverCancel
            | Fault::SideChanged
            | Fault::Incomplete
            | Fault::NoSize
            | Fault::SizeOverflow
            | Fault::WrongKind
            | Fault::Full => {
                let is_expected = |facts: &Facts| {
                    facts.joined || facts.awaiting || facts.in_snapshot || facts.suspicion.is_some()
                };
                self.edit(instrument, tick.ts_recv, |facts| {
                    if fault != Fault::UnknownOrder || !is_expected(facts) {
                        facts.suspicion.get_or_insert(Reason::BookFault);
                    }
                })
            }
        }
    }

    /// Takes in the top of a book after an event: a crossed or locked book is not `Live`.
    #[inline]
    pub fn on_top(&mut self, instrument: InstrumentId, top: &Top, at: RecvTime) -> Touched {
        let bid = top.bid.map_or(Price(i64::MIN), |level| level.price);
        let ask = top.ask.map_or(Price::UNDEFINED, |level| level.price);
        let overlap = if bid < ask || top.bid.is_none() || top.ask.is_none() {
            None
        } else if bid == ask {
            Some(Reason::Locked)
        } else {
            Some(Reason::Crossed)
        };
        match self.entries.get(instrument.index()) {
            Some(entry) if entry.facts.overlap != overlap => {
                self.edit(instrument, at, |facts| facts.overlap = overlap)
            }
            _ => Touched::None,
        }
    }

    /// Says from outside that a book (or, with [`InstrumentId::ALL`], every book) may be wrong.
    ///
    /// The first reason stays until the suspicion is taken back.
    pub fn suspect(&mut self, instrument: InstrumentId, reason: Reason, at: RecvTime) -> Touched {
        self.edit(instrument, at, |facts| {
            facts.suspicion.get_or_insert(reason);
        })
    }

    /// Says that the channel has been silent for longer than its settings allow, or is heard again.
    pub fn set_silent(&mut self, silent: bool, at: RecvTime) -> Touched {
        if self.channel.silent == silent {
            return Touched::None;
        }
        self.channel.silent = silent;
        self.show_all(at)
    }

    fn change(&mut self, tick: &Tick, edit: impl FnMut(&mut Facts)) -> Touched {
        self.edit(tick.instrument, tick.ts_recv, edit)
    }

    /// Edits the facts of one instrument, or of all and those to come.
    fn edit(
        &mut self,
        instrument: InstrumentId,
        at: RecvTime,
        mut edit: impl FnMut(&mut Facts),
    ) -> Touched {
        if instrument == InstrumentId::ALL {
            edit(&mut self.fresh);
            for entry in &mut self.entries {
                edit(&mut entry.facts);
            }
            return self.show_all(at);
        }
        let Some(entry) = self.entries.get_mut(instrument.index()) else {
            return Touched::None;
        };
        edit(&mut entry.facts);
        if entry.show(&self.channel, at) {
            Touched::One(instrument)
        } else {
            Touched::None
        }
    }

    fn show_all(&mut self, at: RecvTime) -> Touched {
        let mut touched = Touched::None;
        for entry in &mut self.entries {
            if entry.show(&self.channel, at) {
                touched = Touched::All;
            }
        }
        touched
    }

    /// Asserts that what is shown follows from the facts.
    ///
    /// # Panics
    /// When it does not, which is a bug of this room.
    pub fn invariant(&self) {
        let Trust {
            channel,
            entries,
            fresh,
            in_snapshot,
        } = self;
        assert!(!fresh.in_snapshot && fresh.overlap.is_none());
        for (index, Entry { facts, shown }) in entries.iter().enumerate() {
            assert_eq!((shown.state, shown.reason), judge(channel, facts));
            assert_eq!(
                facts.in_snapshot,
                in_snapshot.contains(&InstrumentId(index as u32))
            );
            assert!(
                !channel.gap_open || shown.state >= TrustState::Recovering,
                "nothing is live while a gap is open"
            );
        }
    }
}

impl Entry {
    /// Brings what is shown in line with the facts; says whether it changed.
    fn show(&mut self, channel: &ChannelFacts, at: RecvTime) -> bool {
        let (state, reason) = judge(channel, &self.facts);
        if (state, reason) == (self.shown.state, self.shown.reason) {
            return false;
        }
        self.shown.state = state;
        self.shown.reason = reason;
        self.shown.since = at;
        true
    }

    #[inline]
    fn note_sequence(&mut self, sequence: u64) {
        if sequence != 0 {
            self.shown.last_sequence = sequence;
            if self.shown.state.is_complete() {
                self.shown.good_sequence = sequence;
            }
        }
    }
}

impl Touched {
    /// Both.
    #[inline]
    pub fn and(self, other: Touched) -> Touched {
        match (self, other) {
            (Touched::None, touched) | (touched, Touched::None) => touched,
            (Touched::One(a), Touched::One(b)) if a == b => self,
            _ => Touched::All,
        }
    }
}
