//! Where the graph's results go: records for the publish threads, or a digest of them.

use super::channel::Trade;
use crate::book::Statistic;
use crate::publish::record::{self, Header, Level, Reader, Writer};
use feeds::model::Symbol;

/// Writers of every publish thread, and, in a replay, the digest of all that was written.
pub struct Outlet {
    writers: Vec<Writer>,
    digest: Option<Digest>,
    /// Instruments, by number, whose owed snapshot is being written in this cycle.
    paying: Vec<bool>,
    paying_count: usize,
    /// Levels on their way into a record.
    bids: Vec<Level>,
    asks: Vec<Level>,
}

/// Cells between the graph and the digest; drained whenever half full. Few, so that they stay in a near cache.
const DIGEST_CELLS: usize = 1 << 9;
const _: () = assert!(DIGEST_CELLS / 2 > 2 * record::CELLS_MAX);

struct Digest {
    writer: Writer,
    reader: Reader,
    hash: u64,
    records: u64,
}

impl Digest {
    fn drain(&mut self) {
        while let Some(digested) = self.reader.pop_digest(self.hash) {
            self.hash = digested.digest;
            self.records += digested.records;
        }
    }
}

/// What was published, as two numbers: equal runs have equal ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Published {
    /// Records written; a signal's value counts as one.
    pub records: u64,
    /// Digest of every byte of them, in order.
    pub hash: u64,
}

impl Outlet {
    /// An outlet to these writers.
    pub fn new(writers: Vec<Writer>) -> Outlet {
        Outlet {
            writers,
            digest: None,
            paying: Vec::new(),
            paying_count: 0,
            bids: Vec::new(),
            asks: Vec::new(),
        }
    }

    /// An outlet that also keeps a digest of all that is written (instruments up to `instruments_max`).
    pub fn with_digest(writers: Vec<Writer>, instruments_max: usize) -> Outlet {
        let (writer, reader) = record::ring(DIGEST_CELLS, instruments_max);
        Outlet {
            digest: Some(Digest {
                writer,
                reader,
                hash: 0,
                records: 0,
            }),
            ..Outlet::new(writers)
        }
    }

    /// What was written so far; zeros without a digest.
    pub fn published(&mut self) -> Published {
        match &mut self.digest {
            Some(digest) => {
                digest.drain();
                Published {
                    records: digest.records,
                    hash: digest.hash,
                }
            }
            None => Published::default(),
        }
    }

    #[inline]
    fn each(&mut self, mut write: impl FnMut(&mut Writer)) {
        self.writers.iter_mut().for_each(&mut write);
        if let Some(digest) = &mut self.digest {
            if digest.writer.slots() < DIGEST_CELLS / 2 {
                digest.drain();
            }
            write(&mut digest.writer);
        }
    }

    pub(super) fn instrument(&mut self, header: &Header, feed: u16, symbol: &Symbol, decimals: u8) {
        self.each(|writer| {
            // Without its definition an instrument cannot be read; the reader counts records it cannot place.
            let _ = writer.instrument(header, feed, symbol, decimals);
        });
    }

    pub(super) fn channel(&mut self, header: &Header, feed: u16, connected: bool) {
        self.each(|writer| {
            // Whoever misses it sees the states of the books, which say the same.
            let _ = writer.channel(header, feed, connected);
        });
    }

    pub(super) fn snapshot(&mut self, header: &Header, bids: &[Level], asks: &[Level]) {
        self.each(|writer| {
            writer.snapshot(header, bids, asks);
        });
    }

    /// A snapshot of levels that are still to be copied out of the book.
    pub(super) fn snapshot_of(
        &mut self,
        header: &Header,
        bids: impl Iterator<Item = Level>,
        asks: impl Iterator<Item = Level>,
    ) {
        let (mut held_bids, mut held_asks) = (
            std::mem::take(&mut self.bids),
            std::mem::take(&mut self.asks),
        );
        held_bids.clear();
        held_asks.clear();
        held_bids.extend(bids);
        held_asks.extend(asks);
        self.snapshot(header, &held_bids, &held_asks);
        (self.bids, self.asks) = (held_bids, held_asks);
    }

    pub(super) fn state(&mut self, header: &Header) {
        self.each(|writer| {
            writer.state(header);
        });
    }

    pub(super) fn trade(&mut self, header: &Header, trade: &Trade) {
        let trade = record::Trade {
            id: trade.id,
            price: trade.price.0,
            size: trade.size,
            aggressor: trade.aggressor,
        };
        self.each(|writer| {
            writer.trade(header, &trade);
        });
    }

    pub(super) fn statistic(&mut self, header: &Header, statistic: &Statistic) {
        self.each(|writer| {
            writer.statistic(header, statistic);
        });
    }

    /// Values of one instrument that changed together, by index.
    pub(super) fn signals(&mut self, header: &Header, values: &[(u16, f64)]) {
        self.each(|writer| {
            writer.signals(header, values);
        });
    }

    pub(super) fn bar(&mut self, header: &Header, bar: &record::Bar) {
        self.each(|writer| {
            writer.bar(header, bar);
        });
    }

    /// Whether a snapshot or a statistic that found no room is still owed to somebody.
    pub(super) fn is_owing(&self) -> bool {
        self.writers.iter().any(Writer::is_owing)
    }

    /// Next instrument whose last snapshot or statistic found no room and can be written now. Its node is to be woken, and learns
    /// it from [`Outlet::take_owed`].
    pub(super) fn next_owed(&mut self) -> Option<u32> {
        let number = self.writers.iter_mut().find_map(Writer::next_dirty)?;
        let index = number as usize;
        if self.paying.len() <= index {
            self.paying.resize(index + 1, false);
        }
        self.paying_count += usize::from(!self.paying[index]);
        self.paying[index] = true;
        Some(number)
    }

    /// Whether the instrument was woken because it owes a snapshot. Asked twice, the second answer is no.
    #[inline]
    pub(super) fn take_owed(&mut self, number: u32) -> bool {
        if self.paying_count == 0 {
            return false;
        }
        let paying = self.paying.get_mut(number as usize);
        let is_owed = paying.is_some_and(std::mem::take);
        self.paying_count -= usize::from(is_owed);
        is_owed
    }
}
