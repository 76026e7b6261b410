//! Which snapshots are there, and when they are enough.
//!
//! ```text
//!  start ─▶ order ─▶ order ─▶ ... ─▶ end       one instrument, over several packets; its messages are numbered from 0
//!  └──────── a number missing: dropped, until it comes again ────────┘
//! ```
//!
//! Both lines may be read at once: what one repeats of the other is passed over by its number.

use super::normalize::Position;
use super::wire::Header;
use hashbrown::HashSet;

/// Snapshots that are remembered; further ones are never taken, and the rebuild waits.
const TAKEN_MAX: usize = 1 << 20;
/// Copies of one packet on two lines are sent within so many ns; what comes later is another round.
const ROUND_NS: u64 = 20_000_000;

/// What a message of a snapshot is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It continues the snapshot that is being read.
    Take,
    /// It is a copy, too old, or of a snapshot that lost a message.
    Pass,
}

/// The snapshot that is being read.
#[derive(Clone, Copy, Debug)]
struct Open {
    instrument: i32,
    /// Number of the channel's last message it has.
    sequence: u64,
    /// Number of its next message.
    expected: u16,
    /// Orders that are still to come.
    orders: i32,
    position: Position,
}

/// The snapshots of one rebuild.
#[derive(Debug, Default)]
pub(super) struct Snapshots {
    /// The oldest message a snapshot may be continued by.
    from: u64,
    open: Option<Open>,
    /// Instruments whose snapshot was taken, or is nobody's business.
    taken: HashSet<i32, foldhash::fast::FixedState>,
    /// The oldest message any of them is continued by.
    next: Option<u64>,
    /// The youngest one.
    newest: u64,
    /// The first instrument of the round, and when its snapshot was sent.
    first: Option<(i32, u64)>,
    /// Times the first instrument came again.
    rounds: u32,
    /// Whether the venue says where a cycle ends.
    says_cycles: bool,
    is_whole: bool,
}

impl Snapshots {
    /// Snapshots continued by message `from` or a later one are wanted; whether that is news.
    pub(super) fn begin(&mut self, from: u64) -> bool {
        let is_news = self.from != from;
        if is_news {
            *self = Snapshots {
                from,
                says_cycles: self.says_cycles,
                ..Snapshots::default()
            };
        }
        is_news
    }

    /// Whether the snapshot of this instrument was taken.
    pub(super) fn has(&self, instrument: i32) -> bool {
        self.taken.contains(&instrument)
    }

    /// A snapshot begins.
    pub(super) fn start(
        &mut self,
        header: &Header,
        number: u16,
        position: Position,
        orders: i32,
    ) -> Step {
        let instrument = header.instrument;
        match self.first {
            None => self.first = Some((instrument, header.sent_ns)),
            Some((first, sent)) if first == instrument => {
                if header.sent_ns > sent.saturating_add(ROUND_NS) {
                    self.rounds += 1;
                    self.first = Some((first, header.sent_ns));
                }
            }
            Some(_) => {}
        }
        let is_copy = self
            .open
            .is_some_and(|open| open.instrument == instrument && open.sequence == header.sequence);
        let is_old = header.sequence.saturating_add(1) < self.from;
        if is_copy || is_old || number != 0 || self.has(instrument) || self.taken.len() >= TAKEN_MAX
        {
            return Step::Pass;
        }
        self.open = Some(Open {
            instrument,
            sequence: header.sequence,
            expected: 1,
            orders,
            position,
        });
        Step::Take
    }

    /// Another message of a snapshot, an order or the end.
    pub(super) fn next(&mut self, header: &Header, number: u16, is_order: bool) -> Step {
        let is_open = |open: &&mut Open| {
            open.instrument == header.instrument && open.sequence == header.sequence
        };
        let Some(open) = self.open.as_mut().filter(is_open) else {
            return Step::Pass;
        };
        if number < open.expected {
            return Step::Pass;
        }
        open.orders -= i32::from(is_order);
        let is_right = if is_order {
            open.orders >= 0
        } else {
            open.orders == 0
        };
        if number > open.expected || !is_right {
            // A message is missing. The instrument's next snapshot begins by clearing what this one left behind.
            self.open = None;
            return Step::Pass;
        }
        open.expected = open.expected.saturating_add(1);
        Step::Take
    }

    /// The open snapshot has ended; what message of its instrument it is up to.
    pub(super) fn take(&mut self) -> Option<Position> {
        let open = self.open.take()?;
        self.taken.insert(open.instrument);
        let next = open.sequence.saturating_add(1);
        self.next = Some(self.next.map_or(next, |known| known.min(next)));
        self.newest = self.newest.max(next);
        Some(open.position)
    }

    /// Nobody follows this instrument: its snapshot is as good as taken.
    pub(super) fn is_nobodys(&mut self, instrument: i32) {
        self.open = None;
        self.taken.insert(instrument);
    }

    /// A cycle of so many instruments ends.
    pub(super) fn end_cycle(&mut self, instruments: i32) {
        self.says_cycles = true;
        let wanted = usize::try_from(instruments).unwrap_or(usize::MAX);
        self.is_whole = self.taken.len() >= wanted;
    }

    /// Where the live stream goes on, behind the oldest and behind the youngest snapshot, if all instruments were taken; then all is forgotten. `misses` says whether a known
    /// instrument has no snapshot.
    pub(super) fn take_whole(&mut self, misses: &dyn Fn(&Snapshots) -> bool) -> Option<(u64, u64)> {
        let is_round_over = !self.says_cycles
            && self.open.is_none()
            && (self.rounds > 1 || self.rounds > 0 && !misses(self));
        if !self.is_whole && !is_round_over {
            return None;
        }
        let next = self.next.unwrap_or(self.from).max(self.from);
        let newest = self.newest.max(next);
        *self = Snapshots {
            says_cycles: self.says_cycles,
            ..Snapshots::default()
        };
        Some((next, newest))
    }
}
