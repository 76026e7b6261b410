//! Which timers there are: a number each, and a line for each node that sets some.
//!
//! The number of setting is never used again, so a handle that outlived its timer finds another
//! number in its place, or none. An index is free again only when its timer, ended or fired, is
//! out of the tree and the front: until then what waits there is told from a later timer.

use std::num::NonZeroU64;

use super::Due;
use super::trie::Item;
use crate::runtime::node::NodeId;

/// Names one timer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) struct TimerKey {
    /// Place in the table.
    pub(super) index: u32,
    /// Slot of the node, or the entry in the table of periodic timers.
    pub(super) owner: u32,
    /// Number of setting, times two; odd for a periodic timer.
    pub(super) sequence: u64,
}

/// Numbers of no timer: ended or free, and the same of a periodic one.
const NO_SEQUENCE: u64 = u64::MAX - 1;
const NO_PERIODIC: u64 = u64::MAX;
/// Ended timers that are always put up with: more than run and front hold, which are not swept.
const ENDED_MIN: usize = 1024;

fn is_periodic(sequence: u64) -> bool {
    sequence % 2 == 1
}

/// What only a periodic timer has.
#[derive(Debug)]
struct Periodic {
    node: u32,
    period_ns: NonZeroU64,
    fired_epoch: u64,
}

/// What is known of the node in a slot.
#[derive(Debug, Clone, Copy, Default)]
struct Owner {
    /// Timers up to this number went with a node that was removed.
    removed_through: u64,
    /// Of the node that set the timers: a node goes with its timers, so it is one for all.
    generation: u32,
    /// Timers that are live.
    count: u32,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    sequences: Vec<u64>,
    free: Vec<u32>,
    owners: Vec<Owner>,
    periodics: Vec<Periodic>,
    free_periodics: Vec<u32>,
    set_count: u64,
    /// Timers still to fire.
    live_count: usize,
    /// Timers that wait somewhere though they are ended.
    ended_count: usize,
}

impl Table {
    pub(super) fn live_count(&self) -> usize {
        self.live_count
    }

    /// Whether any timer waits that is ended.
    #[inline]
    pub(super) fn has_ended(&self) -> bool {
        self.ended_count > 0
    }

    /// Whether too many timers wait that are ended.
    #[inline]
    pub(super) fn is_cluttered(&self) -> bool {
        self.ended_count > self.live_count / 2 + ENDED_MIN
    }

    pub(super) fn add(&mut self, node: NodeId, period_ns: Option<NonZeroU64>) -> TimerKey {
        self.set_count += 1;
        let (owner, odd) = match period_ns {
            Some(period_ns) => (self.add_periodic(node.index, period_ns), 1),
            None => (node.index, 0),
        };
        let sequence = self.set_count * 2 + odd;
        if self.owners.len() <= node.index() {
            self.owners.resize(node.index() + 1, Owner::default());
        }
        let line = &mut self.owners[node.index()];
        line.generation = node.generation;
        line.count += 1;
        self.live_count += 1;
        let index = match self.free.pop() {
            Some(index) => {
                self.sequences[index as usize] = sequence;
                index
            }
            None => {
                let index = u32::try_from(self.sequences.len())
                    .expect("fewer than 2^32 timers fit in memory");
                self.sequences.push(sequence);
                index
            }
        };
        TimerKey {
            index,
            owner,
            sequence,
        }
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
                // As many as there are timers, which are counted.
                (self.periodics.len() - 1) as u32
            }
        }
    }

    /// The slot of the node that set a timer.
    #[inline]
    fn slot(&self, sequence: u64, owner: u32) -> u32 {
        if is_periodic(sequence) {
            self.periodics[owner as usize].node
        } else {
            owner
        }
    }

    /// The node that set a live timer.
    #[inline]
    pub(super) fn node(&self, sequence: u64, owner: u32) -> NodeId {
        let index = self.slot(sequence, owner);
        NodeId {
            index,
            generation: self.owners[index as usize].generation,
        }
    }

    /// The period of a live timer; `None` for one that fires once.
    #[inline]
    pub(super) fn period_ns(&self, sequence: u64, owner: u32) -> Option<NonZeroU64> {
        is_periodic(sequence).then(|| self.periodics[owner as usize].period_ns)
    }

    /// Notes the cycle in which a periodic timer fired.
    pub(super) fn note_fired(&mut self, owner: u32, epoch: u64) {
        self.periodics[owner as usize].fired_epoch = epoch;
    }

    /// The number of a timer that waits; `None` when it is ended.
    #[inline]
    pub(super) fn sequence(&self, item: Item) -> Option<u64> {
        let sequence = self.sequences[item.index as usize];
        self.is_live(sequence, item.owner).then_some(sequence)
    }

    #[inline]
    fn is_live(&self, sequence: u64, owner: u32) -> bool {
        sequence < NO_SEQUENCE
            && sequence > self.owners[self.slot(sequence, owner) as usize].removed_through
    }

    fn holds(&self, key: TimerKey) -> bool {
        self.sequences.get(key.index as usize) == Some(&key.sequence)
            && self.is_live(key.sequence, key.owner)
    }

    pub(super) fn is_expired(&self, key: TimerKey, epoch: u64) -> bool {
        !self.holds(key)
            || (is_periodic(key.sequence)
                && self.periodics[key.owner as usize].fired_epoch == epoch)
    }

    /// Marks a timer as ended; returns whether it was live.
    pub(super) fn end(&mut self, key: TimerKey) -> bool {
        if !self.holds(key) {
            return false;
        }
        let slot = self.slot(key.sequence, key.owner);
        self.owners[slot as usize].count -= 1;
        self.live_count -= 1;
        self.ended_count += 1;
        self.sequences[key.index as usize] = if is_periodic(key.sequence) {
            NO_PERIODIC
        } else {
            NO_SEQUENCE
        };
        true
    }

    /// Marks all timers of a node as ended; returns whether it had any.
    pub(super) fn end_all(&mut self, node: NodeId) -> bool {
        let Some(line) = self.owners.get_mut(node.index()) else {
            return false;
        };
        let count = std::mem::take(&mut line.count) as usize;
        line.removed_through = self.set_count * 2 + 1;
        self.live_count -= count;
        self.ended_count += count;
        count > 0
    }

    /// Frees the place of a timer that fired for the last time.
    #[inline]
    pub(super) fn release(&mut self, item: Item, slot: u32) {
        self.owners[slot as usize].count -= 1;
        self.live_count -= 1;
        self.vacate(item);
    }

    /// Frees the place of an ended timer that waits nowhere any more.
    pub(super) fn discard(&mut self, item: Item) {
        self.ended_count -= 1;
        self.vacate(item);
    }

    #[inline]
    fn vacate(&mut self, item: Item) {
        let sequence = &mut self.sequences[item.index as usize];
        if is_periodic(*sequence) {
            self.free_periodics.push(item.owner);
        }
        *sequence = NO_SEQUENCE;
        self.free.push(item.index);
    }

    /// Whether a timer that is about to move is worth it; discards one that is ended.
    #[inline]
    pub(super) fn keep(&mut self, item: Item) -> bool {
        let keep = self.ended_count == 0 || self.sequence(item).is_some();
        if !keep {
            self.discard(item);
        }
        keep
    }

    /// Discards ended timers at the end of a list; returns the deadline of the live one that is
    /// last then.
    #[inline]
    pub(super) fn trim(&mut self, list: &mut Vec<Due>) -> Option<u64> {
        loop {
            let last = list.last()?.item;
            if self.keep(last) {
                return Some(last.deadline);
            }
            list.pop();
        }
    }
}

#[cfg(test)]
impl Table {
    /// Places ever made, used or free.
    pub(super) fn size(&self) -> usize {
        self.sequences.len()
    }
}
