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
    /// The last node of the list that has been taken to be run.
    running_last: u32,
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
            running_last: NONE,
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

    /// Whether a node of this height would be the next to run if it were pushed now, while
    /// `running` runs. It is then taken as if it had been pushed and taken.
    #[inline]
    pub(super) fn take_next(&mut self, running: u32, height: u32, index: u32) -> bool {
        let is_next = running == self.running_last && (height as usize) < self.lowest;
        if is_next {
            self.running_last = index;
        }
        is_next
    }

    /// Says that no list has been taken, `running` being the node that ran last.
    pub(super) fn start_after(&mut self, running: u32) {
        self.running_last = running;
    }

    /// Takes the nodes of the lowest height, to be run in their order; returns the first.
    #[inline]
    pub(super) fn take_level(&mut self) -> Option<u32> {
        let level = self.levels.get_mut(self.lowest)?;
        self.running_last = level.last;
        level.last = NONE;
        let first = level.first;
        self.close();
        Some(first)
    }

    /// The node to run after `running`, in the list that was taken.
    #[inline]
    pub(super) fn after(&self, slots: &[Slot], running: u32) -> Option<u32> {
        if running == self.running_last {
            None
        } else {
            Some(slots[running as usize].next)
        }
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

    /// Whether the node waits at the height, which is that of the running node: among the taken
    /// ones, or among those pushed since.
    pub(super) fn waits(&self, slots: &[Slot], height: u32, running: u32, index: u32) -> bool {
        let taken = self.after(slots, running).map(|first| Level {
            first,
            last: self.running_last,
        });
        let pushed = self.levels.get(height as usize).copied();
        let pushed = pushed.filter(|level| level.last != NONE);
        taken.into_iter().chain(pushed).any(|level| {
            let mut at = level.first;
            // Ends: the links lead from the first to the last.
            while at != index && at != level.last {
                at = slots[at as usize].next;
            }
            at == index
        })
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
        self.running_last = NONE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let mut popped = Vec::new();
        while let Some(first) = scheduler.take_level() {
            let mut next = Some(first);
            while let Some(running) = next {
                popped.push(running);
                for (index, &height) in (0_u32..).zip(heights) {
                    let waits = height == heights[running as usize]
                        && pushed.contains(&index)
                        && !popped.contains(&index);
                    if height == heights[running as usize] {
                        assert_eq!(scheduler.waits(&slots, height, running, index), waits);
                    }
                }
                next = scheduler.after(&slots, running);
            }
        }
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
        scheduler.push(&mut slots, 3, 0);
        assert!(scheduler.take_next(NONE, 2, 9) && !scheduler.take_next(9, 3, 8));
        assert!(!scheduler.take_next(7, 2, 8), "another one is running");
        assert_eq!(scheduler.take_level(), Some(0));
        scheduler.push(&mut slots, 70, 1);
        assert!(!scheduler.take_next(0, 70, 8) && scheduler.take_next(0, 69, 8));
        scheduler.clear();
        assert!(scheduler.is_empty());
    }
}
