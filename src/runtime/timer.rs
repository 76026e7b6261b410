//! Timers: a heap of deadlines over a table of timers.
//!
//! Cancelling frees the table entry at once and leaves the heap entry behind, where it no longer
//! matches; the heap is rebuilt when such entries are the larger half, so churn cannot grow it.
//! The earliest live deadline is cached: a cycle in which nothing is due compares two numbers.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::num::NonZeroU64;

use super::clock::Nanos;
use super::context::Context;
use super::node::NodeId;

/// A handle on a timer of the node that set it.
///
/// Dropping the handle leaves the timer running; removing the node ends it.
#[derive(Debug)]
pub struct Timer {
    pub(super) key: TimerKey,
}

/// Names one timer: table entry and the entry's generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct TimerKey {
    index: u32,
    generation: u32,
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

#[derive(Debug)]
struct Entry {
    generation: u32,
    node: Option<NodeId>,
    period_ns: Option<NonZeroU64>,
    fired_epoch: u64,
}

/// Deadline, then order of setting, then the timer.
type Due = Reverse<(Nanos, u64, TimerKey)>;

#[derive(Debug, Default)]
pub(super) struct Timers {
    heap: BinaryHeap<Due>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    stale_count: usize,
    set_count: u64,
    next: Option<Nanos>,
    missed_periods: u64,
}

/// A timer that has run out.
pub(super) struct Fired {
    pub(super) node: NodeId,
    /// Entry to strike from the node's list; `None` for a periodic timer, which goes on.
    pub(super) ended: Option<u32>,
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
        self.heap.len() - self.stale_count
    }

    pub(super) fn set(
        &mut self,
        node: NodeId,
        deadline: Nanos,
        period_ns: Option<NonZeroU64>,
    ) -> (Timer, u32) {
        let index = self.free.pop().unwrap_or_else(|| {
            let index =
                u32::try_from(self.entries.len()).expect("fewer than 2^32 timers fit in memory");
            self.entries.push(Entry {
                generation: 0,
                node: None,
                period_ns: None,
                fired_epoch: 0,
            });
            index
        });
        let entry = &mut self.entries[index as usize];
        entry.node = Some(node);
        entry.period_ns = period_ns;
        entry.fired_epoch = 0;
        let key = TimerKey {
            index,
            generation: entry.generation,
        };
        self.push(deadline, key);
        self.next = Some(self.next.map_or(deadline, |next| next.min(deadline)));
        (Timer { key }, index)
    }

    fn push(&mut self, deadline: Nanos, key: TimerKey) {
        self.set_count += 1;
        self.heap.push(Reverse((deadline, self.set_count, key)));
    }

    fn is_live(&self, key: TimerKey) -> bool {
        self.live(key).is_some()
    }

    fn live(&self, key: TimerKey) -> Option<&Entry> {
        self.entries
            .get(key.index as usize)
            .filter(|entry| entry.generation == key.generation && entry.node.is_some())
    }

    fn is_expired(&self, key: TimerKey, epoch: u64) -> bool {
        self.live(key)
            .is_none_or(|entry| entry.fired_epoch == epoch)
    }

    /// The node a live timer belongs to.
    pub(super) fn owner(&self, key: TimerKey) -> Option<(NodeId, u32)> {
        self.live(key)
            .and_then(|entry| entry.node)
            .map(|node| (node, key.index))
    }

    /// Frees a table entry whose heap entry is still queued.
    pub(super) fn cancel(&mut self, index: u32) {
        self.release(index);
        self.stale_count += 1;
        if self.stale_count * 2 > self.heap.len() {
            let entries = &self.entries;
            self.heap.retain(|Reverse((_, _, key))| {
                let entry = &entries[key.index as usize];
                entry.generation == key.generation && entry.node.is_some()
            });
            self.stale_count = 0;
        }
        self.refresh_next();
    }

    fn release(&mut self, index: u32) {
        let entry = &mut self.entries[index as usize];
        entry.node = None;
        entry.generation = entry.generation.saturating_add(1);
        if entry.generation < u32::MAX {
            self.free.push(index);
        }
    }

    fn refresh_next(&mut self) {
        while let Some(&Reverse((deadline, _, key))) = self.heap.peek() {
            if self.is_live(key) {
                self.next = Some(deadline);
                return;
            }
            self.heap.pop();
            self.stale_count -= 1;
        }
        self.next = None;
    }

    /// Takes one timer due at `now`, in the order of deadlines, then of setting.
    ///
    /// A periodic timer is set again on its own grid, at the first point after `now`; the points
    /// passed over are counted.
    pub(super) fn pop_due(&mut self, now: Nanos, epoch: u64) -> Option<Fired> {
        if self.next.is_none_or(|next| next > now) {
            return None;
        }
        // The cached deadline is that of a live entry, so the head of the heap is live.
        let Reverse((deadline, _, key)) = self.heap.pop()?;
        let entry = &mut self.entries[key.index as usize];
        let node = entry.node?;
        let ended = match entry.period_ns {
            Some(period_ns) => {
                entry.fired_epoch = epoch;
                let passed = now.since(deadline) / period_ns;
                self.missed_periods = self.missed_periods.saturating_add(passed);
                let step = period_ns.get().saturating_mul(passed.saturating_add(1));
                // At the end of time the grid has no next point after `now`.
                match deadline.checked_add(step) {
                    Some(next) => {
                        self.push(next, key);
                        None
                    }
                    None => {
                        self.release(key.index);
                        Some(key.index)
                    }
                }
            }
            None => {
                self.release(key.index);
                Some(key.index)
            }
        };
        self.refresh_next();
        Some(Fired { node, ended })
    }
}
