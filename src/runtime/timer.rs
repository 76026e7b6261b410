//! Timers: two short sorted lists over a radix tree of all that is later.
//!
//! ```text
//! table   the number of setting of each timer, eight bytes; where it waits is not known here
//! run     the earliest timers, sorted; pops from its end
//! front   as early ones that were set since the run was sorted, sorted
//! tree    all others, in leaves that are not ordered until they are the earliest
//! ```
//!
//! Deadlines are exact: nothing is rounded to a grid. Timers run out in the order of deadlines,
//! then of setting. The earliest deadline is always known: a cycle in which nothing is due
//! compares two numbers.
//!
//! A timer is sixteen bytes that say all firing needs, and they move together: from a leaf to a
//! finer one at most eleven times, once or twice in practice, then into the run. Timers that run
//! out after each other lie beside each other, so the table alone is read out of order, and a
//! leaf at a time, one reading not waiting for another.
//!
//! # Ended timers
//!
//! Ending a timer marks it in the table; so does the removal of its node, for all of the node at
//! once. What is marked is passed over where the timer comes up. The tree is swept as well: while
//! more than half as many are marked as are live, and a thousand, each setting and each ending
//! looks at a few timers, a chunk or two. So marked timers are at most twice the most that were
//! ever live, and two thousand, and there is no pause to clear them; those that stand before the
//! earliest live one go at once.
//!
//! # Cost
//!
//! A few cache misses to set, to end and to fire, however many there are. Bench `timers`.

mod table;
#[cfg(test)]
mod tests;
mod trie;

use std::num::NonZeroU64;

use super::clock::Nanos;
use super::context::Context;
use super::node::NodeId;
use table::Table;
pub(super) use table::TimerKey;
use trie::{Item, LeafId, Trie};

/// A handle on a timer of the node that set it.
///
/// Dropping the handle leaves the timer running; removing the node ends it.
#[derive(Debug)]
pub struct Timer {
    pub(super) key: TimerKey,
}

impl Timer {
    /// Whether the timer has run out: a one-shot timer has fired or was ended, a periodic timer
    /// has fired in this cycle.
    #[must_use]
    pub fn is_expired(&self, ctx: &Context<'_>) -> bool {
        ctx.core.timers.is_expired(self.key, ctx.core.epoch)
    }

    /// Ends the timer; returns whether it was still to fire.
    pub fn cancel(self, ctx: &mut Context<'_>) -> bool {
        ctx.core.cancel_timer(self.key)
    }
}

/// Timers that leave the tree together: leaves are taken until there are enough to share the
/// cost of finding them, and none that would make more than are sorted within the first cache.
const LOAD_MIN: usize = 64;
const LOAD_MAX: usize = 512;
/// Timers in the front before it is merged into the run: moving half of them costs what a miss
/// costs.
const FRONT_MAX: usize = 128;
/// Timers in the run before all of it goes back to the tree.
const RUN_MAX: usize = 512;
/// Timers looked at, at least, for each that is set or ended, while too many of them are ended.
const SWEEP_ITEMS: usize = 4;

/// A timer that has left the tree: with its number of setting, for the order of equal deadlines.
#[derive(Debug, Clone, Copy)]
struct Due {
    sequence: u64,
    item: Item,
}

impl Due {
    /// Deadline, then order of setting, in one number: compared without a branch.
    fn order(&self) -> u128 {
        (u128::from(self.item.deadline) << 64) | u128::from(self.sequence)
    }
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    table: Table,
    /// The earliest timers: latest first, and the last is live. Taken from the tree.
    run: Vec<Due>,
    /// Memory to sort in.
    sorted: Vec<Due>,
    /// As the run, and as early: set one by one.
    front: Vec<Due>,
    /// Deadlines before this one belong in the front; `None`: all do.
    front_end: Option<u64>,
    trie: Trie,
    next: Option<Nanos>,
    missed_periods: u64,
}

impl Timers {
    /// The earliest deadline.
    #[inline]
    pub(super) fn next_deadline(&self) -> Option<Nanos> {
        self.next
    }

    /// Periods that passed without a cycle of their own.
    pub(super) fn missed_periods(&self) -> u64 {
        self.missed_periods
    }

    pub(super) fn count(&self) -> usize {
        self.table.live_count()
    }

    pub(super) fn set(
        &mut self,
        node: NodeId,
        deadline: Nanos,
        period_ns: Option<NonZeroU64>,
    ) -> Timer {
        let key = self.table.add(node, period_ns);
        self.place(Due {
            sequence: key.sequence,
            item: Item {
                deadline: deadline.0,
                index: key.index,
                owner: key.owner,
            },
        });
        self.sweep();
        Timer { key }
    }

    /// Puts a timer where its deadline belongs.
    fn place(&mut self, due: Due) {
        let deadline = due.item.deadline;
        if self.front_end.is_some_and(|end| deadline >= end) {
            self.trie.insert(&mut self.table, due.item);
            return;
        }
        let order = due.order();
        let at = self.front.partition_point(|held| held.order() > order);
        self.front.insert(at, due);
        if self.next.is_none_or(|next| deadline < next.0) {
            self.next = Some(Nanos(deadline));
        }
        if self.front.len() > FRONT_MAX {
            self.spill();
        }
    }

    /// Merges the front into the run or, when that is long, gives both back to the tree and takes
    /// its earliest leaves: what was set since then pays for what moves.
    #[cold]
    fn spill(&mut self) {
        let Self {
            run,
            front,
            trie,
            table,
            ..
        } = self;
        if run.len() <= RUN_MAX {
            merge(run, front);
            return;
        }
        for due in front.drain(..).chain(run.drain(..)) {
            if table.keep(due.item) {
                trie.insert(table, due.item);
            }
        }
        self.load();
    }

    /// Fills the run, when that and the front are empty, with the earliest leaves, split as far as
    /// it takes.
    ///
    /// A leaf of one instant and many timers stays where it is until it is due.
    fn load(&mut self) {
        let Self {
            trie, table, run, ..
        } = self;
        self.front_end = None;
        self.next = None;
        while let Some(leaf) = trie.first() {
            if trie.count(leaf) <= LOAD_MAX - run.len() {
                self.front_end = trie.end(leaf);
                take_live(trie, table, leaf, run);
                if run.len() >= LOAD_MIN {
                    break;
                }
            } else if !run.is_empty() {
                break;
            } else if let Some(instant) = trie.instant(leaf) {
                if trie.trim(table, leaf) {
                    self.next = Some(Nanos(instant));
                    self.front_end = Some(instant);
                    return;
                }
            } else {
                trie.split(table, leaf);
            }
        }
        if trie.is_empty() {
            self.front_end = None;
        }
        sort(run, &mut self.sorted);
        self.next = run.last().map(|due| Nanos(due.item.deadline));
    }

    /// Finds the earliest deadline after one was taken away.
    #[inline]
    fn refresh_next(&mut self) {
        match self.run.last() {
            // Nothing to compare and nothing to pass over.
            Some(due) if self.front.is_empty() && !self.table.has_ended() => {
                self.next = Some(Nanos(due.item.deadline));
            }
            _ => self.search_next(),
        }
    }

    fn search_next(&mut self) {
        let run = self.table.trim(&mut self.run);
        let front = self.table.trim(&mut self.front);
        match (run, front) {
            (Some(run), Some(front)) => self.next = Some(Nanos(run.min(front))),
            (Some(deadline), None) | (None, Some(deadline)) => {
                self.next = Some(Nanos(deadline));
            }
            (None, None) => self.load(),
        }
    }

    fn is_expired(&self, key: TimerKey, epoch: u64) -> bool {
        self.table.is_expired(key, epoch)
    }

    /// Ends a timer; returns whether it was still to fire.
    pub(super) fn cancel(&mut self, key: TimerKey) -> bool {
        if !self.table.end(key) {
            return false;
        }
        self.sweep();
        let is_first = |list: &[Due]| list.last().is_some_and(|due| due.item.index == key.index);
        if is_first(&self.run)
            || is_first(&self.front)
            || (self.run.is_empty() && self.front.is_empty())
        {
            self.refresh_next();
        }
        true
    }

    /// Ends all timers of a node, however many there are; what they hold is freed as they come
    /// up.
    pub(super) fn remove_node(&mut self, node: NodeId) {
        if self.table.end_all(node) {
            self.refresh_next();
        }
    }

    /// Looks for ended timers in the tree while there are too many of them.
    #[inline]
    fn sweep(&mut self) {
        if self.table.is_cluttered() {
            self.trie.sweep(&mut self.table, SWEEP_ITEMS);
        }
    }

    /// Takes the first timer.
    #[inline]
    fn pop(&mut self) -> Option<Due> {
        if self.run.is_empty() && self.front.is_empty() {
            self.load_instant();
        }
        match (self.run.last(), self.front.last()) {
            (Some(run), Some(front)) if front.order() < run.order() => self.front.pop(),
            (Some(_), _) => self.run.pop(),
            (None, _) => self.front.pop(),
        }
    }

    /// Takes a leaf of one instant, which is due, out of the tree.
    #[cold]
    fn load_instant(&mut self) {
        let Self {
            trie, table, run, ..
        } = self;
        let Some(leaf) = trie.first() else { return };
        take_live(trie, table, leaf, run);
        run.sort_unstable_by_key(|due| std::cmp::Reverse(due.sequence));
    }

    /// Takes one timer due at `now`, in the order of deadlines, then of setting; returns its node.
    ///
    /// A periodic timer is set again on its own grid, at the first point after `now`; the points
    /// passed over are counted. It keeps its place in the order of setting.
    #[inline]
    pub(super) fn pop_due(&mut self, now: Nanos, epoch: u64) -> Option<NodeId> {
        if self.next.is_none_or(|next| next > now) {
            return None;
        }
        let due = self.pop()?;
        let node = self.table.node(due.sequence, due.item.owner);
        match self.table.period_ns(due.sequence, due.item.owner) {
            Some(period_ns) => self.rearm(due, period_ns, now, epoch),
            None => self.table.release(due.item, node.index),
        }
        self.refresh_next();
        Some(node)
    }

    #[cold]
    fn rearm(&mut self, mut due: Due, period_ns: NonZeroU64, now: Nanos, epoch: u64) {
        self.table.note_fired(due.item.owner, epoch);
        let passed = now.since(Nanos(due.item.deadline)) / period_ns;
        self.missed_periods = self.missed_periods.saturating_add(passed);
        let step = period_ns.get().saturating_mul(passed.saturating_add(1));
        match due.item.deadline.checked_add(step) {
            Some(next) => {
                due.item.deadline = next;
                self.place(due);
            }
            // At the end of time the grid has no next point after `now`.
            None => {
                let node = self.table.node(due.sequence, due.item.owner);
                self.table.release(due.item, node.index);
            }
        }
    }
}

/// Takes the timers of a leaf that are not ended, with their numbers.
#[inline]
fn take_live(trie: &mut Trie, table: &mut Table, leaf: LeafId, list: &mut Vec<Due>) {
    trie.take(leaf, |item| match table.sequence(item) {
        Some(sequence) => list.push(Due { sequence, item }),
        None => table.discard(item),
    });
}

/// Sorts, latest first: by the high digits into buckets, then by moving what is near its place.
///
/// A leaf is all of one stretch of time, so the buckets are even but where timers stand close
/// together; there the general sort is taken.
fn sort(run: &mut Vec<Due>, sorted: &mut Vec<Due>) {
    const BUCKETS: usize = 256;
    const EVEN_MAX: u16 = 12;
    let deadlines = run.iter().map(|due| due.item.deadline);
    let (first, last) = deadlines.fold((u64::MAX, 0), |(first, last), deadline| {
        (first.min(deadline), last.max(deadline))
    });
    let bits = u64::BITS - last.wrapping_sub(first).leading_zeros();
    let shift = bits.saturating_sub(BUCKETS.trailing_zeros());
    let bucket = |due: &Due| ((last - due.item.deadline) >> shift) as usize % BUCKETS;
    let mut ends = [0_u16; BUCKETS];
    let mut most = 0;
    for due in &*run {
        let count = &mut ends[bucket(due)];
        // As many as a load takes, which is less than a u16 holds.
        *count = count.saturating_add(1);
        most = most.max(*count);
    }
    if most > EVEN_MAX {
        run.sort_unstable_by_key(|due| std::cmp::Reverse(due.order()));
        return;
    }
    let mut end = 0;
    for count in &mut ends {
        // The first place of the bucket; counted up to its end below.
        end += std::mem::replace(count, end);
    }
    sorted.clear();
    sorted.extend_from_slice(run);
    for due in &*run {
        let place = &mut ends[bucket(due)];
        sorted[usize::from(*place)] = *due;
        *place += 1;
    }
    for at in 1..sorted.len() {
        let due = sorted[at];
        let order = due.order();
        let mut place = at;
        while place > 0 && sorted[place - 1].order() < order {
            sorted[place] = sorted[place - 1];
            place -= 1;
        }
        sorted[place] = due;
    }
    std::mem::swap(run, sorted);
}

/// Moves all of `front` into `run`; both are sorted, latest first.
fn merge(run: &mut Vec<Due>, front: &mut Vec<Due>) {
    let mut left = run.len();
    run.extend_from_slice(front);
    let mut at = run.len();
    while let Some(&due) = front.last() {
        at -= 1;
        if left > 0 && run[left - 1].order() < due.order() {
            left -= 1;
            run[at] = run[left];
        } else {
            run[at] = due;
            front.pop();
        }
    }
}
