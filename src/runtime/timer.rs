//! Timers: a small sorted front over a radix tree of all that is later.
//!
//! ```text
//! table   one entry of 32 bytes a timer, with its place and its neighbours of the same node
//! front   the earliest timers, sorted; pops from its end
//! tree    all others, in leaves that are not ordered until they are the earliest
//! ```
//!
//! Deadlines are exact: nothing is rounded to a grid. Timers run out in the order of deadlines,
//! then of setting. The earliest deadline is always known: a cycle in which nothing is due
//! compares two numbers.
//!
//! A timer moves from a leaf to a finer one at most eleven times, three or four in practice, then
//! into the front. Ending one takes it out of wherever it is and frees its entry at once. A node
//! that is removed finds its timers by a list of its own.
//!
//! # Cost
//!
//! A few cache misses to set, to end and to fire, however many there are. Bench `timers`.

mod trie;

#[cfg(test)]
mod tests;

use std::num::NonZeroU64;

use super::clock::Nanos;
use super::context::Context;
use super::node::NodeId;
use trie::Trie;

/// A handle on a timer of the node that set it.
///
/// Dropping the handle leaves the timer running; removing the node ends it.
#[derive(Debug)]
pub struct Timer {
    pub(super) key: TimerKey,
}

/// Names one timer: table entry and the number it was set under, which is never used again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TimerKey {
    index: u32,
    sequence: u64,
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

/// No entry.
const NONE: u32 = u32::MAX;
/// The number of no timer.
const NO_SEQUENCE: u64 = u64::MAX;
/// Places outside the tree.
const IN_FRONT: u32 = u32::MAX;
const IN_CROWD: u32 = u32::MAX - 1;
/// Timers that move to the front together: leaves are taken until there are enough to share the
/// cost of finding them, and none that would make more than can be moved about cheaply.
const LOAD_MIN: usize = 24;
const LOAD_MAX: usize = 64;
/// Timers in the front before it goes back to the tree: moving half of them costs what a miss
/// costs.
const FRONT_MAX: usize = 128;

/// One timer of the table.
#[derive(Debug, Clone, Copy)]
struct Entry {
    deadline: u64,
    /// Number of setting, times two; odd for a periodic timer. [`NO_SEQUENCE`] in a free entry.
    sequence: u64,
    /// Slot of the node, or the entry in the table of periodic timers.
    owner: u32,
    /// Where the timer waits: a place in the tree, or one of the constants.
    place: u32,
    /// Neighbours in the list of the node's timers.
    previous: u32,
    next: u32,
}

const _: () = assert!(size_of::<Entry>() == 32);

impl Entry {
    fn is_periodic(&self) -> bool {
        self.sequence % 2 == 1
    }
}

/// What only a periodic timer has.
#[derive(Debug)]
struct Periodic {
    node: u32,
    period_ns: NonZeroU64,
    fired_epoch: u64,
}

/// The list of the timers of the node in a slot.
#[derive(Debug, Clone, Copy)]
struct Head {
    first: u32,
    /// Of the node that set them: a node goes with its timers, so it is one for all.
    generation: u32,
}

/// A timer of the front: all that ordering needs.
#[derive(Debug, Clone, Copy)]
struct Item {
    deadline: u64,
    sequence: u64,
    index: u32,
}

impl Item {
    /// Deadline, then order of setting, in one number: compared without a branch.
    fn order(&self) -> u128 {
        order(self.deadline, self.sequence)
    }
}

fn order(deadline: u64, sequence: u64) -> u128 {
    (u128::from(deadline) << 64) | u128::from(sequence)
}

#[derive(Debug, Default)]
pub(super) struct Timers {
    entries: Vec<Entry>,
    free: Vec<u32>,
    heads: Vec<Head>,
    periodics: Vec<Periodic>,
    free_periodics: Vec<u32>,
    /// The earliest timers, latest first.
    front: Vec<Item>,
    /// Deadlines before this one belong in the front; `None`: all do.
    front_end: Option<u64>,
    /// Many timers of one deadline, when it has come: latest first.
    crowd: Vec<Item>,
    /// Timers of the crowd that were not ended since.
    crowd_count: usize,
    trie: Trie,
    next: Option<Nanos>,
    set_count: u64,
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
        self.entries.len() - self.free.len()
    }

    pub(super) fn set(
        &mut self,
        node: NodeId,
        deadline: Nanos,
        period_ns: Option<NonZeroU64>,
    ) -> Timer {
        self.set_count += 1;
        let (owner, odd) = match period_ns {
            Some(period_ns) => (self.add_periodic(node.index, period_ns), 1),
            None => (node.index, 0),
        };
        let sequence = self.set_count * 2 + odd;
        let next = self.link(node);
        let entry = Entry {
            deadline: deadline.0,
            sequence,
            owner,
            place: NONE,
            previous: NONE,
            next,
        };
        let index = match self.free.pop() {
            Some(index) => {
                self.entries[index as usize] = entry;
                index
            }
            None => {
                let index = u32::try_from(self.entries.len())
                    .ok()
                    .filter(|&index| index < NONE)
                    .expect("fewer than 2^32 timers fit in memory");
                self.entries.push(entry);
                index
            }
        };
        self.heads[node.index()].first = index;
        if next != NONE {
            self.entries[next as usize].previous = index;
        }
        self.place(index);
        Timer {
            key: TimerKey { index, sequence },
        }
    }

    /// Makes the node's list ready for a timer at its head; returns the head so far.
    fn link(&mut self, node: NodeId) -> u32 {
        if self.heads.len() <= node.index() {
            let none = Head {
                first: NONE,
                generation: 0,
            };
            self.heads.resize(node.index() + 1, none);
        }
        let head = &mut self.heads[node.index()];
        head.generation = node.generation;
        head.first
    }

    fn add_periodic(&mut self, node: u32, period_ns: NonZeroU64) -> u32 {
        let periodic = Periodic {
            node,
            period_ns,
            fired_epoch: 0,
        };
        match self.free_periodics.pop() {
            Some(at) => {
                self.periodics[at as usize] = periodic;
                at
            }
            None => {
                self.periodics.push(periodic);
                // As many as there are entries, which are counted.
                (self.periodics.len() - 1) as u32
            }
        }
    }

    /// Puts a timer where its deadline belongs.
    fn place(&mut self, index: u32) {
        let entry = &mut self.entries[index as usize];
        let deadline = entry.deadline;
        if self.front_end.is_some_and(|end| deadline >= end) {
            self.trie.insert(&mut self.entries, index);
            return;
        }
        entry.place = IN_FRONT;
        let item = Item {
            deadline,
            sequence: entry.sequence,
            index,
        };
        let at = self
            .front
            .partition_point(|held| held.order() > item.order());
        self.front.insert(at, item);
        if self.front.len() > FRONT_MAX {
            self.spill();
        }
        self.next = self.front.last().map(|item| Nanos(item.deadline));
    }

    /// Gives the front back to the tree, and takes the earliest leaf of it.
    ///
    /// Half of the front at least was set one by one since it was loaded, so a timer pays for
    /// two.
    #[cold]
    fn spill(&mut self) {
        for item in self.front.drain(..) {
            self.trie.insert(&mut self.entries, item.index);
        }
        self.load();
    }

    /// Fills the empty front with the earliest leaves, split as far as it takes.
    ///
    /// A leaf of one instant and many timers stays where it is until it is due.
    fn load(&mut self) {
        let Self {
            trie,
            entries,
            front,
            ..
        } = self;
        self.front_end = None;
        while let Some(leaf) = trie.first() {
            if trie.count(leaf) <= LOAD_MAX - front.len() {
                self.front_end = trie.end(leaf);
                trie.take(leaf, |index| {
                    let entry = &mut entries[index as usize];
                    entry.place = IN_FRONT;
                    front.push(Item {
                        deadline: entry.deadline,
                        sequence: entry.sequence,
                        index,
                    });
                });
                if front.len() >= LOAD_MIN {
                    break;
                }
            } else if !front.is_empty() {
                break;
            } else if let Some(instant) = trie.instant(leaf) {
                self.next = Some(Nanos(instant));
                self.front_end = Some(instant);
                return;
            } else {
                trie.split(entries, leaf);
            }
        }
        if trie.is_empty() {
            self.front_end = None;
        }
        front.sort_unstable_by_key(|item| std::cmp::Reverse(item.order()));
        self.next = front.last().map(|item| Nanos(item.deadline));
    }

    /// Finds the earliest deadline after one was taken away.
    #[inline]
    fn refresh_next(&mut self) {
        if let Some(item) = self.front.last() {
            self.next = Some(Nanos(item.deadline));
        } else if self.crowd_count > 0 {
            self.next = self.crowd.last().map(|item| Nanos(item.deadline));
        } else {
            self.load();
        }
    }

    fn live(&self, key: TimerKey) -> Option<&Entry> {
        self.entries
            .get(key.index as usize)
            .filter(|entry| entry.sequence == key.sequence)
    }

    fn is_expired(&self, key: TimerKey, epoch: u64) -> bool {
        self.live(key).is_none_or(|entry| {
            entry.is_periodic() && self.periodics[entry.owner as usize].fired_epoch == epoch
        })
    }

    /// Ends a timer; returns whether it was still to fire.
    pub(super) fn cancel(&mut self, key: TimerKey) -> bool {
        let is_live = self.live(key).is_some();
        if is_live {
            self.end(key.index);
        }
        is_live
    }

    /// Ends all timers of a node; costs in proportion to them.
    pub(super) fn remove_node(&mut self, node: NodeId) {
        while let Some(head) = self.heads.get(node.index())
            && head.first != NONE
        {
            self.end(head.first);
        }
    }

    /// Takes a timer out of where it waits, and frees it.
    fn end(&mut self, index: u32) {
        let entry = self.entries[index as usize];
        match entry.place {
            IN_FRONT => {
                let order = order(entry.deadline, entry.sequence);
                let at = self.front.partition_point(|held| held.order() > order);
                self.front.remove(at);
            }
            // Its item stays, and is passed over by its sequence.
            IN_CROWD => {
                self.crowd_count -= 1;
                if self.crowd_count == 0 {
                    self.crowd.clear();
                }
            }
            place => self.trie.remove(&mut self.entries, place),
        }
        self.release(index);
        if entry.place == IN_FRONT || self.front.is_empty() {
            self.refresh_next();
        }
    }

    /// The slot of the node that set the timer.
    fn node_of(&self, entry: &Entry) -> u32 {
        if entry.is_periodic() {
            self.periodics[entry.owner as usize].node
        } else {
            entry.owner
        }
    }

    /// Frees an entry that waits nowhere, and takes it off its node's list.
    fn release(&mut self, index: u32) {
        let entry = self.entries[index as usize];
        if entry.previous == NONE {
            let node = self.node_of(&entry);
            self.heads[node as usize].first = entry.next;
        } else {
            self.entries[entry.previous as usize].next = entry.next;
        }
        if entry.next != NONE {
            self.entries[entry.next as usize].previous = entry.previous;
        }
        if entry.is_periodic() {
            self.free_periodics.push(entry.owner);
        }
        self.entries[index as usize].sequence = NO_SEQUENCE;
        self.free.push(index);
    }

    /// Takes the first timer of the front or, when that is empty, of the crowd.
    fn pop(&mut self) -> Option<u32> {
        if let Some(item) = self.front.pop() {
            return Some(item.index);
        }
        if self.crowd_count == 0 {
            self.load_crowd();
        }
        while let Some(item) = self.crowd.pop() {
            if self.entries[item.index as usize].sequence == item.sequence {
                self.crowd_count -= 1;
                return Some(item.index);
            }
        }
        None
    }

    /// Takes a leaf of one instant, which is due, out of the tree.
    #[cold]
    fn load_crowd(&mut self) {
        let Self {
            trie,
            entries,
            crowd,
            ..
        } = self;
        let Some(leaf) = trie.first() else { return };
        crowd.clear();
        trie.take(leaf, |index| {
            let entry = &mut entries[index as usize];
            entry.place = IN_CROWD;
            crowd.push(Item {
                deadline: entry.deadline,
                sequence: entry.sequence,
                index,
            });
        });
        crowd.sort_unstable_by_key(|item| std::cmp::Reverse(item.sequence));
        self.crowd_count = self.crowd.len();
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
        let index = self.pop()?;
        let entry = self.entries[index as usize];
        let node = self.node_of(&entry);
        let generation = self.heads[node as usize].generation;
        if entry.is_periodic() {
            self.rearm(index, now, epoch);
        } else {
            self.release(index);
        }
        self.refresh_next();
        Some(NodeId {
            index: node,
            generation,
        })
    }

    fn rearm(&mut self, index: u32, now: Nanos, epoch: u64) {
        let entry = &mut self.entries[index as usize];
        let periodic = &mut self.periodics[entry.owner as usize];
        periodic.fired_epoch = epoch;
        let passed = now.since(Nanos(entry.deadline)) / periodic.period_ns;
        self.missed_periods = self.missed_periods.saturating_add(passed);
        let step = periodic
            .period_ns
            .get()
            .saturating_mul(passed.saturating_add(1));
        match entry.deadline.checked_add(step) {
            Some(next) => {
                entry.deadline = next;
                self.place(index);
            }
            // At the end of time the grid has no next point after `now`.
            None => self.release(index),
        }
    }
}
