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
//! Signal        a = signal index, b = bits of the f64
//! Bar           a = interval in ns, b = trades; 2 cells: open, high, low, close, volume, buy, sell, vwap | open, close
//! State         none
//! Channel       a = feed, b = 1 when connected; instrument is u32::MAX
//! Time          none; instrument is u32::MAX
//! Lost          a = how many trades, signals and bars of the instrument were not written
//! ```
//!
//! When the ring is full nothing waits. A snapshot, state or definition that is not written leaves a mark on its
//! instrument ([`Writer::next_dirty`]): the writer's owner writes a fresh snapshot as soon as there is room, so
//! snapshots conflate. Trades, signals and bars that are not written are counted and told by a `Lost` record before the
//! next record of the instrument. A lost record consumes no `pub_seq`: loss is told in words, not by a hole.

use feeds::model::{EventTime, RecvTime, Side, Symbol};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use tokio::sync::Notify;

/// Most levels a side that a snapshot carries.
pub const DEPTH_MAX: usize = 50;

/// Most cells a record has: a header and two levels a cell.
pub const CELLS_MAX: usize = 1 + DEPTH_MAX;

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
    pub(super) const SIGNAL: u8 = 4;
    pub(super) const BAR: u8 = 5;
    pub(super) const STATE: u8 = 6;
    pub(super) const CHANNEL: u8 = 7;
    pub(super) const TIME: u8 = 8;
    pub(super) const LOST: u8 = 9;
}

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
        let mut cells = [Cell::default(); CELLS_MAX];
        for (index, level) in bids.iter().chain(asks).enumerate() {
            let word = index % 2 * 4;
            let words = &mut cells[1 + index / 2].0;
            words[word] = level.price as u64;
            words[word + 1] = level.size;
            words[word + 2] = u64::from(level.orders);
        }
        let count = 1 + (bids.len() + asks.len()).div_ceil(2);
        let a = bids.len() as u64 | (asks.len() as u64) << 8;
        let written = self.write(header, kind::SNAPSHOT, [a, 0], &mut cells[..count]);
        self.owe_snapshot(header.instrument, !written);
        written
    }

    /// Writes a print. Returns whether there was room; if not it is counted and told later.
    pub fn trade(&mut self, header: &Header, trade: &Trade) -> bool {
        let mut cells = [Cell::default(); 2];
        cells[1].0[..3].copy_from_slice(&[trade.price as u64, trade.size, trade.id]);
        let a = trade.aggressor as u8;
        let written = self.write(header, kind::TRADE, [u64::from(a), 0], &mut cells);
        self.count_lost(header.instrument, !written);
        written
    }

    /// Writes a signal's value. Returns whether there was room; if not it is counted and told later.
    pub fn signal(&mut self, header: &Header, index: u16, value: f64) -> bool {
        let words = [u64::from(index), value.to_bits()];
        let written = self.write(header, kind::SIGNAL, words, &mut [Cell::default()]);
        self.count_lost(header.instrument, !written);
        written
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
        let mut cells = [Cell::default(), Cell(first), Cell::default()];
        cells[2].0[..2].copy_from_slice(&[bar.ts_open, bar.ts_close]);
        let written = self.write(header, kind::BAR, [bar.interval_ns, bar.trades], &mut cells);
        self.count_lost(header.instrument, !written);
        written
    }

    /// Writes a change of state alone. If there is no room the instrument is marked: its next snapshot says it.
    pub fn state(&mut self, header: &Header) -> bool {
        let written = self.write(header, kind::STATE, [0; 2], &mut [Cell::default()]);
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
        let mut cells = [Cell::default(); 2];
        for (word, chunk) in cells[1].0.iter_mut().zip(text.chunks(8)) {
            let mut bytes = [0; 8];
            bytes[..chunk.len()].copy_from_slice(chunk);
            *word = u64::from_le_bytes(bytes);
        }
        let a = u64::from(feed) | u64::from(size_decimals) << 16 | (text.len() as u64) << 24;
        self.write(header, kind::INSTRUMENT, [a, 0], &mut cells)
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
        self.write(&header, kind::CHANNEL, words, &mut [Cell::default()])
    }

    /// Tells the clock of the data when nothing else does. Not counted when there is no room: the next one says it too.
    pub fn time(&mut self, ts_event: EventTime, ts_recv: RecvTime) {
        if self.cells.slots() > 0 {
            let header = Header::at(ts_event, ts_recv);
            self.write(&header, kind::TIME, [0; 2], &mut [Cell::default()]);
        }
    }

    /// The next instrument that is owed a fresh snapshot, if the ring has room for the largest one.
    ///
    /// The caller writes it; if that fails the instrument comes again.
    pub fn next_dirty(&mut self) -> Option<u32> {
        if self.dirty.is_empty() || self.cells.slots() <= CELLS_MAX {
            return None;
        }
        while let Some(instrument) = self.dirty.pop_front() {
            let account = &mut self.accounts[instrument as usize];
            account.queued = false;
            if std::mem::take(&mut account.dirty) {
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
            // At most one entry an instrument, so the queue never outgrows its capacity.
            if owed && !account.queued {
                account.queued = true;
                self.dirty.push_back(instrument);
            }
        }
    }

    /// Commits a whole record, behind the `Lost` record its instrument may be owed, or nothing.
    fn write(&mut self, header: &Header, kind: u8, words: [u64; 2], cells: &mut [Cell]) -> bool {
        let process_wide = header.instrument == NO_INSTRUMENT;
        let lost = match self.accounts.get(header.instrument as usize) {
            Some(account) => account.lost,
            None if process_wide => 0,
            None => {
                self.count_dropped();
                return false;
            }
        };
        if self.cells.slots() < cells.len() + usize::from(lost > 0) {
            self.count_dropped();
            self.ring_bell();
            return false;
        }
        if lost > 0 {
            self.accounts[header.instrument as usize].lost = 0;
            self.commit(header, kind::LOST, [lost, 0], &mut [Cell::default()]);
        }
        self.commit(header, kind, words, cells);
        self.ring_bell();
        true
    }

    fn commit(&mut self, header: &Header, kind: u8, [a, b]: [u64; 2], cells: &mut [Cell]) {
        let sequence = match self.accounts.get_mut(header.instrument as usize) {
            Some(account) => &mut account.sequence,
            None => &mut self.process_sequence,
        };
        *sequence += 1;
        let body_cells = (cells.len() - 1) as u8;
        let [i0, i1, i2, i3] = header.instrument.to_le_bytes();
        cells[0] = Cell([
            u64::from_le_bytes([
                kind,
                body_cells,
                header.state,
                header.reason,
                i0,
                i1,
                i2,
                i3,
            ]),
            *sequence,
            header.ts_event.0,
            header.ts_recv.0,
            header.since.0,
            header.last_sequence,
            a,
            b,
        ]);
        if let Ok(chunk) = self.cells.write_chunk_uninit(cells.len()) {
            chunk.fill_from_iter(cells.iter().copied());
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
    malformed: u64,
}

impl Reader {
    /// Takes the next record unread and mixes all its bytes into `digest`. Equal records in equal order give equal digests.
    pub fn pop_digest(&mut self, digest: u64) -> Option<u64> {
        let head = self.cells.peek().ok()?.0;
        let [_, body_cells, ..] = head[0].to_le_bytes();
        let chunk = self.cells.read_chunk(1 + usize::from(body_cells)).ok()?;
        let mix = |digest: u64, word: u64| {
            (digest.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95)
        };
        Some(chunk.into_iter().flat_map(|cell| cell.0).fold(digest, mix))
    }

    /// The next record, if there is one. Records of a kind this build does not know are skipped and counted.
    pub fn pop(&mut self) -> Option<Record<'_>> {
        loop {
            let head = self.cells.peek().ok()?.0;
            let [kind, body_cells, state, reason, i0, i1, i2, i3] = head[0].to_le_bytes();
            let mut cells = [Cell::default(); CELLS_MAX];
            let count = 1 + usize::from(body_cells);
            let chunk = self.cells.read_chunk(count).ok()?;
            for (to, from) in cells.iter_mut().zip(chunk) {
                *to = from;
            }
            let header = Header {
                instrument: u32::from_le_bytes([i0, i1, i2, i3]),
                ts_event: EventTime(head[2]),
                ts_recv: RecvTime(head[3]),
                state,
                reason,
                since: RecvTime(head[4]),
                last_sequence: head[5],
            };
            if !self.levels(kind, head[6], &cells[1..]) {
                self.malformed += 1;
                continue;
            }
            let Some(plain) = plain_body(kind, head[6], head[7], &cells) else {
                return Some(Record {
                    header,
                    pub_seq: head[1],
                    body: Body::Snapshot {
                        bids: &self.bids,
                        asks: &self.asks,
                    },
                });
            };
            return Some(Record {
                header,
                pub_seq: head[1],
                body: plain,
            });
        }
    }

    /// Reads the levels of a snapshot into place; `false` for a record this build cannot read.
    fn levels(&mut self, kind: u8, a: u64, body: &[Cell]) -> bool {
        if kind != kind::SNAPSHOT {
            return (kind::INSTRUMENT..=kind::LOST).contains(&kind);
        }
        let (bids, asks) = ((a & 0xff) as usize, (a >> 8 & 0xff) as usize);
        if bids > DEPTH_MAX || asks > DEPTH_MAX {
            return false;
        }
        self.bids.clear();
        self.asks.clear();
        let level = |index: usize| {
            let words = &body[index / 2].0[index % 2 * 4..];
            Level {
                price: words[0] as i64,
                size: words[1],
                orders: words[2] as u32,
            }
        };
        self.bids.extend((0..bids).map(level));
        self.asks.extend((bids..bids + asks).map(level));
        true
    }

    /// Whether nothing is waiting.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
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
        self.cells.is_abandoned() && self.cells.is_empty()
    }

    /// Waits until something is in the ring. Cancelling it is harmless.
    pub async fn ready(&self) {
        loop {
            self.shared.asleep.store(true, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if !self.cells.is_empty() {
                self.shared.asleep.store(false, Ordering::Relaxed);
                return;
            }
            // A bell rung between the look and the wait is kept by `Notify` as a permit.
            self.shared.bell.notified().await;
        }
    }
}

/// The body of every kind but a snapshot.
fn plain_body(kind: u8, a: u64, b: u64, cells: &[Cell; CELLS_MAX]) -> Option<Body<'static>> {
    let first = &cells[1].0;
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
            aggressor: match a as u8 {
                b'B' => Side::Bid,
                b'A' => Side::Ask,
                _ => Side::None,
            },
        }),
        kind::SIGNAL => Body::Signal {
            index: a as u16,
            value: f64::from_bits(b),
        },
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
            ts_open: cells[2].0[0],
            ts_close: cells[2].0[1],
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
