//! Records: what the graph thread writes and the publish thread reads.
//!
//! One `rtrb` ring of 64-byte cells. A record is one header cell and the body cells it announces, committed together:
//! a reader never sees half a record.
//!
//! ```text
//! header cell   word 0   kind u8 | body cells u8 | state u8 | reason u8 | instrument u32     (low byte first)
//!               word 1   pub_seq: our own number, contiguous per instrument
//!               word 2   ts_event    word 3   ts_recv     word 4   since    word 5   last_sequence
//!               word 6   a           word 7   b           (meaning by kind)
//! Instrument    a = feed u16 | size_decimals u8 << 16 | symbol bytes u8 << 24; 1 cell: symbol in words 0..6
//! Snapshot      a = bids u8 | asks u8 << 8; cells: two levels each: price, size, orders, 0; bids first, best first
//! Trade         a = side letter, b = 0; 1 cell: price, size, id
//! Signals       a = first index u16 | how many u8 << 16, b = bits of the first f64; cells: up to four more each: index, bits
//! Bar           a = interval in ns, b = trades; 2 cells: open, high, low, close, volume, buy, sell, vwap | open, close
//! State         none
//! Channel       a = feed, b = 1 when connected; instrument is u32::MAX
//! Time          none; instrument is u32::MAX
//! Statistic     a = kind u8 | side letter << 8, b = how many of the kind; 1 cell: price, size, id, sequence, ts_event, ts_recv
//! Lost          a = how many trades, signals and bars of the instrument were not written
//! ```
//!
//! Signals of one instrument that changed together travel as one record, and every value has a `pub_seq` of its own: the
//! header's is that of the first. The reader gives them out one by one, so nobody behind it sees the difference.
//!
//! When the ring is full nothing waits. A snapshot, state or definition that is not written leaves a mark on its
//! instrument ([`Writer::next_dirty`]): the writer's owner writes a fresh snapshot as soon as there is room, so
//! snapshots conflate. So do statistics: one that is not written is owed with all others of its instrument, and its count
//! says how many there were. Trades, signals and bars that are not written are counted and told by a `Lost` record before the
//! next record of the instrument. A lost record consumes no `pub_seq`: loss is told in words, not by a hole.

use crate::book::Statistic;
use feeds::model::{EventTime, Price, RecvTime, Side, StatisticKind, Symbol};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use tokio::sync::Notify;

/// Most levels a side that a snapshot carries.
pub const DEPTH_MAX: usize = 50;

/// Most cells a record has: a header and two levels a cell.
pub const CELLS_MAX: usize = 1 + DEPTH_MAX;

/// Most signal values that one record carries; more are written as several.
pub const SIGNALS_MAX: usize = 1 + 4 * 4;

/// Smallest ring: it holds two records of the largest kind.
pub const RING_CELLS_MIN: usize = 2 * CELLS_MAX;

/// Instrument number of records that belong to no instrument.
pub const NO_INSTRUMENT: u32 = u32::MAX;

/// One cache line of a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Cell(pub [u64; 8]);

const _: () = assert!(size_of::<Cell>() == 64 && align_of::<Cell>() == 64);

/// What every record says: whose, when, and how far it can be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Process-wide dense instrument number.
    pub instrument: u32,
    /// When the matching engine made the last event in it.
    pub ts_event: EventTime,
    /// When that event's packet reached us.
    pub ts_recv: RecvTime,
    /// Code of the book state; its text is in `Names::states`.
    pub state: u8,
    /// Code of the reason; its text is in `Names::reasons`.
    pub reason: u8,
    /// Since when the state holds.
    pub since: RecvTime,
    /// Venue sequence number of the last event applied; 0 where the venue has none.
    pub last_sequence: u64,
}

impl Header {
    /// A header of no instrument that only says when.
    pub const fn at(ts_event: EventTime, ts_recv: RecvTime) -> Header {
        Header {
            instrument: NO_INSTRUMENT,
            ts_event,
            ts_recv,
            state: 0,
            reason: 0,
            since: RecvTime::UNDEFINED,
            last_sequence: 0,
        }
    }
}

/// One price level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Level {
    /// Price in 1e-9.
    pub price: i64,
    /// Size in the instrument's units.
    pub size: u64,
    /// How many orders; 0 where the venue does not say.
    pub orders: u32,
}

/// One print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trade {
    /// The venue's trade id; 0 where it has none.
    pub id: u64,
    /// Price in 1e-9.
    pub price: i64,
    /// Size in the instrument's units.
    pub size: u64,
    /// Who crossed the spread; [`Side::None`] where unknown.
    pub aggressor: Side,
}

/// One bar of trades over a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// Length in nanoseconds.
    pub interval_ns: u64,
    /// First price, in 1e-9.
    pub open: i64,
    /// Highest price, in 1e-9.
    pub high: i64,
    /// Lowest price, in 1e-9.
    pub low: i64,
    /// Last price, in 1e-9.
    pub close: i64,
    /// Traded size in the instrument's units.
    pub volume: u64,
    /// Part of the volume that buyers took.
    pub buy_volume: u64,
    /// Part of the volume that sellers hit.
    pub sell_volume: u64,
    /// How many trades.
    pub trades: u64,
    /// Volume-weighted average price in 1e-9, rounded to the unit.
    pub vwap: i64,
    /// Start, nanoseconds since the Unix epoch UTC.
    pub ts_open: u64,
    /// End (exclusive), nanoseconds since the Unix epoch UTC.
    pub ts_close: u64,
}

/// The part of a record that depends on its kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Body<'a> {
    /// A new instrument, or a new definition of one.
    Instrument {
        /// Index into `Names::feeds`.
        feed: u16,
        /// The venue's symbol.
        symbol: Symbol,
        /// Sizes are integers of 10^-`size_decimals`.
        size_decimals: u8,
    },
    /// The best levels of both sides, best first.
    Snapshot {
        /// Buyers, descending price.
        bids: &'a [Level],
        /// Sellers, ascending price.
        asks: &'a [Level],
    },
    /// A print.
    Trade(Trade),
    /// A new value of a signal. NaN says that it has no value.
    Signal {
        /// Index into `Names::signals`.
        index: u16,
        /// The value.
        value: f64,
    },
    /// A finished bar.
    Bar(Bar),
    /// The venue said a statistic. Its times are its own; those of the header are its instrument's.
    Statistic(Statistic),
    /// The state, reason or last sequence changed and nothing else.
    State,
    /// A feed's connection.
    Channel {
        /// Index into `Names::feeds`.
        feed: u16,
        /// Whether it is up.
        connected: bool,
    },
    /// The clock of the data moved on; nothing else happened.
    Time,
    /// Records of the instrument that found no room: trades, signals and bars.
    Lost {
        /// How many since the last such record.
        count: u64,
    },
}

/// A record as read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record<'a> {
    /// Whose, when, how good.
    pub header: Header,
    /// Our own number, contiguous per instrument, from 1.
    pub pub_seq: u64,
    /// What.
    pub body: Body<'a>,
}

mod kind {
    pub(super) const INSTRUMENT: u8 = 1;
    pub(super) const SNAPSHOT: u8 = 2;
    pub(super) const TRADE: u8 = 3;
    pub(super) const SIGNALS: u8 = 4;
    pub(super) const BAR: u8 = 5;
    pub(super) const STATE: u8 = 6;
    pub(super) const CHANNEL: u8 = 7;
    pub(super) const TIME: u8 = 8;
    pub(super) const LOST: u8 = 9;
    pub(super) const STATISTIC: u8 = 10;
}

/// The body of a record that is all header.
const NO_CELLS: std::iter::Empty<Cell> = std::iter::empty();

/// What both ends share: the sleep flag, the bell and the loss counter.
#[derive(Debug, Default)]
struct Shared {
    /// Set by the reader before it sleeps; whoever clears it rings.
    asleep: AtomicBool,
    bell: Notify,
    dropped: AtomicU64,
}

/// A ring of `cells` cells (at least [`RING_CELLS_MIN`]) for instruments `0..instruments_max`.
pub fn ring(cells: usize, instruments_max: usize) -> (Writer, Reader) {
    let (producer, consumer) = rtrb::RingBuffer::new(cells.max(RING_CELLS_MIN));
    let shared = Arc::new(Shared::default());
    let writer = Writer {
        cells: producer,
        shared: Arc::clone(&shared),
        accounts: vec![Account::default(); instruments_max],
        dirty: VecDeque::with_capacity(instruments_max),
        process_sequence: 0,
        dropped: 0,
    };
    let reader = Reader {
        cells: consumer,
        shared,
        bids: Vec::with_capacity(DEPTH_MAX),
        asks: Vec::with_capacity(DEPTH_MAX),
        signals: Pending::default(),
        malformed: 0,
    };
    (writer, reader)
}

/// What the writer keeps of one instrument.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    sequence: u64,
    /// Trades, signals and bars not written since the last `Lost` record.
    lost: u64,
    /// A fresh snapshot is owed.
    dirty: bool,
    /// All its statistics are owed.
    owes_statistics: bool,
    /// The instrument stands in the queue of dirty ones.
    queued: bool,
}

/// The graph's end. Never blocks, never allocates after construction.
#[derive(Debug)]
pub struct Writer {
    cells: rtrb::Producer<Cell>,
    shared: Arc<Shared>,
    accounts: Vec<Account>,
    dirty: VecDeque<u32>,
    process_sequence: u64,
    dropped: u64,
}

impl Writer {
    /// Writes the best levels of both sides; levels beyond [`DEPTH_MAX`] are left out. Returns whether there was room.
    pub fn snapshot(&mut self, header: &Header, bids: &[Level], asks: &[Level]) -> bool {
        let bids = &bids[..bids.len().min(DEPTH_MAX)];
        let asks = &asks[..asks.len().min(DEPTH_MAX)];
        let count = bids.len() + asks.len();
        let level = |index: usize| match bids.get(index) {
            Some(level) => Some(level),
            None => asks.get(index - bids.len()),
        };
        let words = |index: usize| {
            level(index).map_or([0; 4], |level| {
                let orders = u64::from(level.orders);
                [level.price as u64, level.size, orders, 0]
            })
        };
        let body = (0..count.div_ceil(2)).map(|cell| {
            let ([a, b, c, d], [e, f, g, h]) = (words(2 * cell), words(2 * cell + 1));
            Cell([a, b, c, d, e, f, g, h])
        });
        let a = bids.len() as u64 | (asks.len() as u64) << 8;
        let written = self.write(header, kind::SNAPSHOT, [a, 0], 1, body);
        self.owe_snapshot(header.instrument, !written);
        written
    }

    /// Writes a print. Returns whether there was room; if not it is counted and told later.
    pub fn trade(&mut self, header: &Header, trade: &Trade) -> bool {
        let body = [trade.price as u64, trade.size, trade.id, 0, 0, 0, 0, 0];
        let words = [u64::from(trade.aggressor as u8), 0];
        let written = self.write(header, kind::TRADE, words, 1, [Cell(body)].into_iter());
        self.count_lost(header.instrument, !written);
        written
    }

    /// Writes a signal's value. Returns whether there was room; if not it is counted and told later.
    pub fn signal(&mut self, header: &Header, index: u16, value: f64) -> bool {
        self.signals(header, &[(index, value)])
    }

    /// Writes values of several signals (index, value) that changed together. Returns whether there was room for all;
    /// values that found none are counted one by one and told later.
    pub fn signals(&mut self, header: &Header, values: &[(u16, f64)]) -> bool {
        let mut all_written = true;
        for values in values.chunks(SIGNALS_MAX) {
            let [(index, value), more @ ..] = values else {
                continue;
            };
            let body = more.chunks(4).map(|chunk| {
                let mut cell = Cell::default();
                for (words, (index, value)) in cell.0.chunks_exact_mut(2).zip(chunk) {
                    words.copy_from_slice(&[u64::from(*index), value.to_bits()]);
                }
                cell
            });
            let count = values.len() as u64;
            let words = [u64::from(*index) | count << 16, value.to_bits()];
            let written = self.write(header, kind::SIGNALS, words, count, body);
            if let Some(account) = self.accounts.get_mut(header.instrument as usize)
                && !written
            {
                account.lost += count;
            }
            all_written &= written;
        }
        all_written
    }

    /// Writes a finished bar. Returns whether there was room; if not it is counted and told later.
    pub fn bar(&mut self, header: &Header, bar: &Bar) -> bool {
        let first = [
            bar.open as u64,
            bar.high as u64,
            bar.low as u64,
            bar.close as u64,
            bar.volume,
            bar.buy_volume,
            bar.sell_volume,
            bar.vwap as u64,
        ];
        let second = [bar.ts_open, bar.ts_close, 0, 0, 0, 0, 0, 0];
        let body = [Cell(first), Cell(second)].into_iter();
        let words = [bar.interval_ns, bar.trades];
        let written = self.write(header, kind::BAR, words, 1, body);
        self.count_lost(header.instrument, !written);
        written
    }

    /// Writes a statistic. Returns whether there was room; if not the instrument is marked until the caller has written
    /// all of them.
    pub fn statistic(&mut self, header: &Header, statistic: &Statistic) -> bool {
        let body = [
            statistic.price.0 as u64,
            statistic.size,
            statistic.id,
            statistic.sequence,
            statistic.ts_event.0,
            statistic.ts_recv.0,
            0,
            0,
        ];
        let a = u64::from(statistic.kind as u8) | u64::from(statistic.side as u8) << 8;
        let body = [Cell(body)].into_iter();
        let written = self.write(header, kind::STATISTIC, [a, statistic.count], 1, body);
        if let Some(account) = self.accounts.get_mut(header.instrument as usize)
            && !written
        {
            account.owes_statistics = true;
            self.enqueue(header.instrument);
        }
        written
    }

    /// Writes a change of state alone. If there is no room the instrument is marked: its next snapshot says it.
    pub fn state(&mut self, header: &Header) -> bool {
        let written = self.write(header, kind::STATE, [0; 2], 1, NO_CELLS);
        if !written {
            self.owe_snapshot(header.instrument, true);
        }
        written
    }

    /// Writes a definition. Returns whether there was room; if not the caller writes it again later, before the
    /// instrument's next record.
    #[must_use]
    pub fn instrument(
        &mut self,
        header: &Header,
        feed: u16,
        symbol: &Symbol,
        size_decimals: u8,
    ) -> bool {
        let text = symbol.as_str().as_bytes();
        let mut body = Cell::default();
        for (word, chunk) in body.0.iter_mut().zip(text.chunks(8)) {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            *word = u64::from_le_bytes(bytes);
        }
        let a = u64::from(feed) | u64::from(size_decimals) << 16 | (text.len() as u64) << 24;
        self.write(header, kind::INSTRUMENT, [a, 0], 1, [body].into_iter())
    }

    /// Writes a feed's connection state. `header.reason` says why. Returns whether there was room; if not the caller
    /// writes it again later.
    #[must_use]
    pub fn channel(&mut self, header: &Header, feed: u16, connected: bool) -> bool {
        let words = [u64::from(feed), u64::from(connected)];
        let header = Header {
            instrument: NO_INSTRUMENT,
            ..*header
        };
        self.write(&header, kind::CHANNEL, words, 1, NO_CELLS)
    }

    /// Tells the clock of the data when nothing else does. Not counted when there is no room: the next one says it too.
    pub fn time(&mut self, ts_event: EventTime, ts_recv: RecvTime) {
        if self.cells.slots() > 0 {
            let header = Header::at(ts_event, ts_recv);
            self.write(&header, kind::TIME, [0; 2], 1, NO_CELLS);
        }
    }

    /// The next instrument that is owed a fresh snapshot or its statistics, if the ring has room for the largest snapshot.
    ///
    /// The caller writes both; if that fails the instrument comes again.
    pub fn next_dirty(&mut self) -> Option<u32> {
        if self.dirty.is_empty() || self.cells.slots() <= CELLS_MAX {
            return None;
        }
        while let Some(instrument) = self.dirty.pop_front() {
            let account = &mut self.accounts[instrument as usize];
            account.queued = false;
            let owes_statistics = std::mem::take(&mut account.owes_statistics);
            if std::mem::take(&mut account.dirty) || owes_statistics {
                return Some(instrument);
            }
        }
        None
    }

    /// Whether any instrument is owed a fresh snapshot.
    pub fn is_owing(&self) -> bool {
        !self.dirty.is_empty()
    }

    /// Records that found no room since the start.
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Cells free at this moment.
    pub fn slots(&self) -> usize {
        self.cells.slots()
    }

    fn count_lost(&mut self, instrument: u32, lost: bool) {
        if let Some(account) = self.accounts.get_mut(instrument as usize) {
            account.lost += u64::from(lost);
        }
    }

    fn owe_snapshot(&mut self, instrument: u32, owed: bool) {
        if let Some(account) = self.accounts.get_mut(instrument as usize) {
            account.dirty = owed;
            if owed {
                self.enqueue(instrument);
            }
        }
    }

    fn enqueue(&mut self, instrument: u32) {
        // At most one entry an instrument, so the queue never outgrows its capacity.
        if let Some(account) = self.accounts.get_mut(instrument as usize)
            && !std::mem::replace(&mut account.queued, true)
        {
            self.dirty.push_back(instrument);
        }
    }

    /// Commits a whole record, behind the `Lost` record its instrument may be owed, or nothing. It takes `numbers`
    /// sequence numbers.
    #[inline]
    fn write(
        &mut self,
        header: &Header,
        kind: u8,
        words: [u64; 2],
        numbers: u64,
        body: impl ExactSizeIterator<Item = Cell>,
    ) -> bool {
        let process_wide = header.instrument == NO_INSTRUMENT;
        let lost = match self.accounts.get(header.instrument as usize) {
            Some(account) => account.lost,
            None if process_wide => 0,
            None => {
                self.count_dropped();
                return false;
            }
        };
        if self.cells.slots() < 1 + body.len() + usize::from(lost > 0) {
            self.count_dropped();
            self.ring_bell();
            return false;
        }
        if lost > 0 {
            self.accounts[header.instrument as usize].lost = 0;
            self.commit(header, kind::LOST, [lost, 0], 1, NO_CELLS);
        }
        self.commit(header, kind, words, numbers, body);
        self.ring_bell();
        true
    }

    #[inline]
    fn commit(
        &mut self,
        header: &Header,
        kind: u8,
        [a, b]: [u64; 2],
        numbers: u64,
        body: impl ExactSizeIterator<Item = Cell>,
    ) {
        let sequence = match self.accounts.get_mut(header.instrument as usize) {
            Some(account) => &mut account.sequence,
            None => &mut self.process_sequence,
        };
        let first = *sequence + 1;
        *sequence += numbers;
        // At most `DEPTH_MAX` cells, so it fits.
        let body_cells = body.len() as u8;
        let [i0, i1, i2, i3] = header.instrument.to_le_bytes();
        let [state, reason] = [header.state, header.reason];
        let head = Cell([
            u64::from_le_bytes([kind, body_cells, state, reason, i0, i1, i2, i3]),
            first,
            header.ts_event.0,
            header.ts_recv.0,
            header.since.0,
            header.last_sequence,
            a,
            b,
        ]);
        if let Ok(chunk) = self.cells.write_chunk_uninit(1 + body.len()) {
            chunk.fill_from_iter(std::iter::once(head).chain(body));
        }
    }

    fn count_dropped(&mut self) {
        self.dropped += 1;
        self.shared.dropped.store(self.dropped, Ordering::Relaxed);
    }

    /// Wakes the reader if it said that it sleeps. The fence orders the commit before the look at the flag; the reader
    /// stores the flag, fences and looks at the ring again: one of the two always sees the other.
    fn ring_bell(&self) {
        fence(Ordering::SeqCst);
        if self.shared.asleep.load(Ordering::Relaxed)
            && self.shared.asleep.swap(false, Ordering::Relaxed)
        {
            self.shared.bell.notify_one();
        }
    }
}

/// The publish thread's end.
#[derive(Debug)]
pub struct Reader {
    cells: rtrb::Consumer<Cell>,
    shared: Arc<Shared>,
    bids: Vec<Level>,
    asks: Vec<Level>,
    signals: Pending,
    malformed: u64,
}

/// Values of the last signals record that were not given out yet.
#[derive(Debug)]
struct Pending {
    header: Header,
    pub_seq: u64,
    values: [(u16, f64); SIGNALS_MAX],
    next: usize,
    count: usize,
}

impl Default for Pending {
    fn default() -> Pending {
        Pending {
            header: Header::at(EventTime::UNDEFINED, RecvTime::UNDEFINED),
            pub_seq: 0,
            values: [(0, 0.0); SIGNALS_MAX],
            next: 0,
            count: 0,
        }
    }
}

impl Pending {
    const fn is_empty(&self) -> bool {
        self.next == self.count
    }

    /// Takes the values of a record out of its cells.
    fn fill(&mut self, head: &[u64; 8], header: Header, body: BodyCells<'_>) -> bool {
        let count = (head[6] >> 16 & 0xff) as usize;
        if count == 0 || count > SIGNALS_MAX || body.len() * 4 + 1 < count {
            return false;
        }
        (self.header, self.pub_seq) = (header, head[1]);
        (self.next, self.count) = (0, count);
        self.values[0] = (head[6] as u16, f64::from_bits(head[7]));
        for (index, value) in self.values[1..count].iter_mut().enumerate() {
            let words = &body.at(index / 4)[index % 4 * 2..];
            *value = (words[0] as u16, f64::from_bits(words[1]));
        }
        true
    }

    /// The next value, as a record of its own.
    fn pop(&mut self) -> Record<'static> {
        let (index, value) = self.values[self.next];
        let pub_seq = self.pub_seq + self.next as u64;
        self.next += 1;
        Record {
            header: self.header,
            pub_seq,
            body: Body::Signal { index, value },
        }
    }
}

/// The body cells of a record where they lie in the ring: in two parts where its end comes between.
#[derive(Clone, Copy)]
struct BodyCells<'a> {
    first: &'a [Cell],
    second: &'a [Cell],
}

impl<'a> BodyCells<'a> {
    fn len(self) -> usize {
        self.first.len() + self.second.len()
    }

    /// The words of a cell; zeros beyond the last.
    #[inline]
    fn at(self, index: usize) -> &'a [u64; 8] {
        let cell = match self.first.get(index) {
            Some(cell) => Some(cell),
            None => self.second.get(index - self.first.len()),
        };
        cell.map_or(&[0; 8], |cell| &cell.0)
    }
}

/// What [`Reader::pop_digest`] took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digested {
    /// The digest so far.
    pub digest: u64,
    /// How many records [`Reader::pop`] would have given: several for signals that travel together.
    pub records: u64,
}

impl Reader {
    /// Takes the next record unread and mixes all its bytes into `digest`. Equal records in equal order give equal digests.
    ///
    /// Not to be mixed with [`Reader::pop`]: signals that `pop` has begun to give out are not taken in.
    pub fn pop_digest(&mut self, digest: u64) -> Option<Digested> {
        let head = self.cells.peek().ok()?.0;
        let [kind, body_cells, ..] = head[0].to_le_bytes();
        let chunk = self.cells.read_chunk(1 + usize::from(body_cells)).ok()?;
        let mix = |digest: u64, word: u64| {
            (digest.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
        };
        let (first, second) = chunk.as_slices();
        let words = first.iter().chain(second).flat_map(|cell| cell.0);
        let digest = words.fold(digest, mix);
        chunk.commit_all();
        let records = match kind {
            kind::SIGNALS => head[6] >> 16 & 0xff,
            _ => 1,
        };
        Some(Digested { digest, records })
    }

    /// The next record, if there is one. Records of a kind this build does not know are skipped and counted.
    pub fn pop(&mut self) -> Option<Record<'_>> {
        while self.signals.is_empty() {
            let head = self.cells.peek().ok()?.0;
            let [kind, body_cells, state, reason, i0, i1, i2, i3] = head[0].to_le_bytes();
            let chunk = self.cells.read_chunk(1 + usize::from(body_cells)).ok()?;
            let (first, second) = chunk.as_slices();
            // A chunk that is not empty begins in its first part, with the header.
            let body = BodyCells {
                first: first.get(1..).unwrap_or_default(),
                second,
            };
            let header = Header {
                instrument: u32::from_le_bytes([i0, i1, i2, i3]),
                ts_event: EventTime(head[2]),
                ts_recv: RecvTime(head[3]),
                state,
                reason,
                since: RecvTime(head[4]),
                last_sequence: head[5],
            };
            let mut plain = None;
            let is_read = match kind {
                kind::SNAPSHOT => read_levels(head[6], body, &mut self.bids, &mut self.asks),
                kind::SIGNALS => self.signals.fill(&head, header, body),
                _ => {
                    plain = plain_body(kind, head[6], head[7], body);
                    plain.is_some()
                }
            };
            chunk.commit_all();
            if !is_read {
                self.malformed += 1;
            } else if kind != kind::SIGNALS {
                return Some(Record {
                    header,
                    pub_seq: head[1],
                    body: plain.unwrap_or(Body::Snapshot {
                        bids: &self.bids,
                        asks: &self.asks,
                    }),
                });
            }
        }
        Some(self.signals.pop())
    }

    /// Whether nothing is waiting.
    pub fn is_empty(&self) -> bool {
        self.signals.is_empty() && self.cells.is_empty()
    }

    /// Records the writer found no room for, since the start.
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// Records of an unknown kind, since the start.
    pub const fn malformed(&self) -> u64 {
        self.malformed
    }

    /// Whether the writer is gone and everything was read.
    pub fn is_finished(&self) -> bool {
        self.cells.is_abandoned() && self.is_empty()
    }

    /// Waits until something is in the ring. Cancelling it is harmless.
    pub async fn ready(&self) {
        loop {
            self.shared.asleep.store(true, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if !self.is_empty() {
                self.shared.asleep.store(false, Ordering::Relaxed);
                return;
            }
            // A bell rung between the look and the wait is kept by `Notify` as a permit.
            self.shared.bell.notified().await;
        }
    }
}

/// Reads the levels of a snapshot; `false` when there are more than a snapshot may have.
fn read_levels(a: u64, body: BodyCells<'_>, bids: &mut Vec<Level>, asks: &mut Vec<Level>) -> bool {
    let (bid_count, ask_count) = ((a & 0xff) as usize, (a >> 8 & 0xff) as usize);
    if bid_count > DEPTH_MAX || ask_count > DEPTH_MAX {
        return false;
    }
    let level = |index: usize| {
        let words = &body.at(index / 2)[index % 2 * 4..];
        Level {
            price: words[0] as i64,
            size: words[1],
            orders: words[2] as u32,
        }
    };
    bids.clear();
    asks.clear();
    bids.extend((0..bid_count).map(level));
    asks.extend((bid_count..bid_count + ask_count).map(level));
    true
}

/// The side of a letter.
const fn side_of(letter: u8) -> Side {
    match letter {
        b'B' => Side::Bid,
        b'A' => Side::Ask,
        _ => Side::None,
    }
}

/// The body of every kind but snapshots and signals; nothing for a kind this build does not know.
fn plain_body(kind: u8, a: u64, b: u64, body: BodyCells<'_>) -> Option<Body<'static>> {
    let first = body.at(0);
    Some(match kind {
        kind::INSTRUMENT => {
            let mut bytes = [0; 64];
            for (to, word) in bytes.chunks_exact_mut(8).zip(first) {
                to.copy_from_slice(&word.to_le_bytes());
            }
            let count = ((a >> 24 & 0xff) as usize).min(Symbol::BYTES_MAX);
            Body::Instrument {
                feed: a as u16,
                symbol: Symbol::new(&bytes[..count]),
                size_decimals: (a >> 16) as u8,
            }
        }
        kind::TRADE => Body::Trade(Trade {
            price: first[0] as i64,
            size: first[1],
            id: first[2],
            aggressor: side_of(a as u8),
        }),
        kind::STATISTIC => Body::Statistic(Statistic {
            kind: StatisticKind::from_detail(a as u8)?,
            side: side_of((a >> 8) as u8),
            price: Price(first[0] as i64),
            size: first[1],
            id: first[2],
            sequence: first[3],
            ts_event: EventTime(first[4]),
            ts_recv: RecvTime(first[5]),
            count: b,
        }),
        kind::BAR => Body::Bar(Bar {
            interval_ns: a,
            trades: b,
            open: first[0] as i64,
            high: first[1] as i64,
            low: first[2] as i64,
            close: first[3] as i64,
            volume: first[4],
            buy_volume: first[5],
            sell_volume: first[6],
            vwap: first[7] as i64,
            ts_open: body.at(1)[0],
            ts_close: body.at(1)[1],
        }),
        kind::STATE => Body::State,
        kind::CHANNEL => Body::Channel {
            feed: a as u16,
            connected: b == 1,
        },
        kind::TIME => Body::Time,
        kind::LOST => Body::Lost { count: a },
        _ => return None,
    })
}

#[cfg(test)]
mod tests;
