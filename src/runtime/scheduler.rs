//! The queue of one cycle: a list per height, emptied from the lowest height up.
//!
//! ```text
//! occupied  0 1 0 1 …            one bit a height, 64 to a word
//! levels    - (7…3) - (4…4)      first and last; the links are in the slots of the nodes
//! slot 7    next = 3
//! ```
//!
//! Cost: pushing writes one link, popping reads one; at the end of a level the next one is looked
//! for from there up, 64 heights a word. Nothing is allocated in a cycle, whatever is pushed: the
//! room for a node's place in the queue is its slot. Invariant: between cycles nothing waits.

use super::graph::Slot;

/// No node: the slot of this number is never made.
const NONE: u32 = u32::MAX;

/// The nodes that wait at one height. `last` is `NONE` where there are none; `first` is then
/// without meaning, as is the link of the last one.
#[derive(Debug, Clone, Copy)]
struct Level {
    first: u32,
    last: u32,
}

const EMPTY: Level = Level {
    first: NONE,
    last: NONE,
};

#[derive(Debug)]
pub(super) struct Scheduler {
    levels: Vec<Level>,
    occupied: Vec<u64>,
    /// The lowest height with nodes; `NOTHING` where there is none.
    lowest: usize,
    /// The highest, if there is any.
    highest: usize,
}

/// In place of a height: nothing waits.
const NOTHING: usize = usize::MAX;

impl Default for Scheduler {
    fn default() -> Self {
        Self {
            levels: Vec::new(),
            occupied: Vec::new(),
            lowest: NOTHING,
            highest: 0,
        }
    }
}

impl Scheduler {
    /// Makes a level for nodes of this height, so that no cycle has to.
    pub(super) fn reserve_height(&mut self, height: u32) {
        let count = height as usize + 1;
        if self.levels.len() < count {
            self.levels.resize(count, EMPTY);
            self.occupied.resize(count.div_ceil(64), 0);
        }
    }

    /// Appends a node; the caller has checked that it does not wait already and is not below the
    /// running one.
    #[inline]
    pub(super) fn push(&mut self, slots: &mut [Slot], height: u32, index: u32) {
        let height = height as usize;
        let level = &mut self.levels[height];
        let last = std::mem::replace(&mut level.last, index);
        if let Some(slot) = slots.get_mut(last as usize) {
            slot.next = index;
        } else {
            // `NONE` is the number of no slot.
            level.first = index;
            self.open(height);
        }
    }

    #[inline]
    fn open(&mut self, height: usize) {
        self.occupied[height / 64] |= 1 << (height % 64);
        if self.lowest == NOTHING {
            (self.lowest, self.highest) = (height, height);
        } else {
            self.lowest = self.lowest.min(height);
            self.highest = self.highest.max(height);
        }
    }

    /// Whether a node of this height would be the next to run if it were pushed now.
    #[inline]
    pub(super) fn would_be_next(&self, height: u32) -> bool {
        (height as usize) < self.lowest
    }

    /// The next node to run: lowest height first, then first in, first out.
    #[inline]
    pub(super) fn pop(&mut self, slots: &[Slot]) -> Option<u32> {
        let level = self.levels.get_mut(self.lowest)?;
        let index = level.first;
        if index == level.last {
            level.last = NONE;
            self.close();
        } else {
            level.first = slots[index as usize].next;
        }
        Some(index)
    }

    /// Goes up from the lowest level, which has become empty.
    #[inline]
    fn close(&mut self) {
        let mut at = self.lowest / 64;
        let mut word = self.occupied[at] & !(1 << (self.lowest % 64));
        self.occupied[at] = word;
        if self.lowest == self.highest {
            self.lowest = NOTHING;
            return;
        }
        // Ends: the highest level is occupied and lies above.
        while word == 0 {
            at += 1;
            word = self.occupied[at];
        }
        self.lowest = at * 64 + word.trailing_zeros() as usize;
    }

    /// Whether the node waits at the height.
    pub(super) fn waits(&self, slots: &[Slot], height: u32, index: u32) -> bool {
        let Some(level) = self.levels.get(height as usize) else {
            return false;
        };
        if level.last == NONE {
            return false;
        }
        let mut at = level.first;
        // Ends: the links lead from the first to the last.
        while at != index && at != level.last {
            at = slots[at as usize].next;
        }
        at == index
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.lowest == NOTHING
            && self.occupied.iter().all(|&word| word == 0)
            && self.levels.iter().all(|level| level.last == NONE)
    }

    /// Empties every level.
    pub(super) fn clear(&mut self) {
        self.levels.fill(EMPTY);
        self.occupied.fill(0);
        self.lowest = NOTHING;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(
        clippy::field_reassign_with_default,
        reason = "a slot has fields of its own"
    )]
    fn queue(heights: &[u32]) -> (Scheduler, Vec<Slot>) {
        let mut scheduler = Scheduler::default();
        let slots = heights
            .iter()
            .map(|&height| {
                scheduler.reserve_height(height);
                let mut slot = Slot::default();
                slot.height = height;
                slot
            })
            .collect();
        (scheduler, slots)
    }

    /// `heights` are those of the nodes 0, 1, …
    #[track_caller]
    fn check(heights: &[u32], pushed: &[u32], expected: &[u32]) {
        let (mut scheduler, mut slots) = queue(heights);
        for &index in pushed {
            scheduler.push(&mut slots, heights[index as usize], index);
        }
        for (index, &height) in heights.iter().enumerate() {
            let index = index as u32;
            assert_eq!(
                scheduler.waits(&slots, height, index),
                pushed.contains(&index)
            );
        }
        let popped: Vec<u32> = std::iter::from_fn(|| scheduler.pop(&slots)).collect();
        assert_eq!(popped, expected);
        assert!(scheduler.is_empty());
    }

    #[test]
    fn lower_heights_come_first() {
        check(&[2, 0, 1], &[0, 1, 2], &[1, 2, 0]);
    }

    #[test]
    fn equal_heights_come_in_the_order_of_scheduling() {
        check(&[1, 1, 1, 1], &[3, 1, 2], &[3, 1, 2]);
    }

    #[test]
    fn heights_beyond_one_word_are_found() {
        check(&[200, 64, 63], &[0, 1, 2], &[2, 1, 0]);
    }

    #[test]
    fn nothing_scheduled_is_nothing_to_run() {
        check(&[], &[], &[]);
    }

    #[test]
    fn only_what_nothing_stands_before_would_be_next() {
        let (mut scheduler, mut slots) = queue(&[3, 70]);
        assert!(scheduler.would_be_next(1_000));
        scheduler.push(&mut slots, 3, 0);
        assert!(scheduler.would_be_next(2) && !scheduler.would_be_next(3));
        scheduler.clear();
        scheduler.push(&mut slots, 70, 1);
        assert!(scheduler.would_be_next(69) && !scheduler.would_be_next(70));
        scheduler.clear();
        assert!(scheduler.is_empty());
    }
}
