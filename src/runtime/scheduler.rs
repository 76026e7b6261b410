//! The queue of one cycle: nodes leave it lowest height first, then in the order of pushing.
//!
//! ```text
//! line      7 3 9 | 4 1 …   heights never fall along it; the first `taken` have been taken
//! levels    - (8) - …       all that does not fit into that order, a list a height
//! occupied  0 1 0 1 …       one bit a height, 64 to a word, for `levels`
//! ```
//!
//! Nodes mostly schedule others just above themselves, so mostly a push appends to the line and
//! the next node is the next of the line. Heights that come and go are what `levels` is for.
//!
//! Nothing is allocated in a cycle, whatever is pushed: the line has room for every node, and each
//! list of `levels` for those of its height. Invariants: between cycles nothing waits; in `levels`
//! there is nothing of the height of the line's end, and nothing that was pushed before a node of
//! the same height in the line.

use super::graph::Slot;

/// In place of a height: nothing waits.
const NOTHING: u32 = u32::MAX;

/// The nodes of one height.
#[derive(Debug, Default)]
struct Level {
    waiting: Vec<u32>,
    /// Nodes of `waiting` that have been taken.
    taken: usize,
    /// Nodes of the graph at this height.
    population: usize,
}

#[derive(Debug)]
pub(super) struct Scheduler {
    line: Vec<u32>,
    /// Nodes of the line that have been taken.
    taken: usize,
    /// Nodes of the line that have been pushed in this cycle.
    end: usize,
    /// Height of the last one; [`NOTHING`] before the first.
    end_height: u32,
    /// The lowest height in `levels`; [`NOTHING`] where there is none.
    lowest: u32,
    /// The highest, if there is any.
    highest: u32,
    levels: Vec<Level>,
    occupied: Vec<u64>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self {
            line: Vec::new(),
            taken: 0,
            end: 0,
            end_height: NOTHING,
            lowest: NOTHING,
            highest: 0,
            levels: Vec::new(),
            occupied: Vec::new(),
        }
    }
}

impl Scheduler {
    /// Makes room for `count` nodes at the most, so that no cycle has to.
    pub(super) fn reserve_nodes(&mut self, count: usize) {
        if self.line.len() < count {
            self.line.resize(count, 0);
        }
    }

    /// Makes room for one node more at this height.
    pub(super) fn add_node(&mut self, height: u32) {
        let count = height as usize + 1;
        if self.levels.len() < count {
            self.levels.resize_with(count, Level::default);
            self.occupied.resize(count.div_ceil(64), 0);
        }
        let level = &mut self.levels[height as usize];
        level.population += 1;
        let more = level.population.saturating_sub(level.waiting.len());
        level.waiting.reserve(more);
    }

    /// Says that a node of this height has gone, or moved to another one.
    pub(super) fn remove_node(&mut self, height: u32) {
        self.levels[height as usize].population -= 1;
    }

    /// Begins a cycle; nothing waits.
    #[inline]
    pub(super) fn begin(&mut self) {
        (self.taken, self.end) = (0, 0);
        self.end_height = NOTHING;
    }

    /// Appends a node; the caller has checked that it was not pushed in this cycle, and that it is
    /// not below the running one.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured by bench `graph`")]
    pub(super) fn push(&mut self, height: u32, index: u32) {
        if height != self.end_height {
            let rises = self.taken == self.end || height > self.end_height;
            if !rises || height >= self.lowest {
                return self.push_apart(height, index);
            }
            self.end_height = height;
        }
        // A node is pushed once a cycle, and there is room for all.
        self.line[self.end] = index;
        self.end += 1;
    }

    #[inline(never)]
    fn push_apart(&mut self, height: u32, index: u32) {
        self.levels[height as usize].waiting.push(index);
        self.open(height);
    }

    fn open(&mut self, height: u32) {
        self.occupied[height as usize / 64] |= 1 << (height % 64);
        if self.lowest == NOTHING {
            (self.lowest, self.highest) = (height, height);
        } else {
            self.lowest = self.lowest.min(height);
            self.highest = self.highest.max(height);
        }
    }

    /// Whether a node of this height would be the next to run if it were pushed now. The caller
    /// then runs it without pushing it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured by bench `graph`")]
    pub(super) fn would_be_next(&self, height: u32) -> bool {
        self.taken == self.end && height < self.lowest
    }

    /// Takes the node to run next.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured by bench `graph`")]
    pub(super) fn take(&mut self, slots: &[Slot]) -> Option<u32> {
        if self.lowest != NOTHING {
            return self.take_either(slots);
        }
        self.take_from_line()
    }

    #[inline(always)]
    fn take_from_line(&mut self) -> Option<u32> {
        if self.taken == self.end {
            return None;
        }
        let index = self.line[self.taken];
        self.taken += 1;
        Some(index)
    }

    /// Takes from the line or from the lowest level. The line goes first among equals.
    #[inline(never)]
    fn take_either(&mut self, slots: &[Slot]) -> Option<u32> {
        let front = self.line[self.taken..self.end].first();
        if front.is_some_and(|&front| slots[front as usize].height <= self.lowest) {
            return self.take_from_line();
        }
        let level = &mut self.levels[self.lowest as usize];
        let index = level.waiting[level.taken];
        level.taken += 1;
        if level.taken == level.waiting.len() {
            level.waiting.clear();
            level.taken = 0;
            self.close();
        }
        Some(index)
    }

    /// Goes up from the lowest level, which has become empty.
    fn close(&mut self) {
        let mut at = self.lowest as usize / 64;
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
        self.lowest = at as u32 * 64 + word.trailing_zeros();
    }

    /// Whether the node, which stands at this height, waits.
    pub(super) fn waits(&self, height: u32, index: u32) -> bool {
        let level = self.levels.get(height as usize);
        let apart = level.map_or(&[][..], |level| &level.waiting[level.taken..]);
        let line = &self.line[self.taken..self.end];
        line.contains(&index) || apart.contains(&index)
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.taken == self.end
            && self.lowest == NOTHING
            && self.occupied.iter().all(|&word| word == 0)
            && self.levels.iter().all(|level| level.waiting.is_empty())
    }

    /// Empties every level.
    pub(super) fn clear(&mut self) {
        self.begin();
        if self.lowest == NOTHING {
            return;
        }
        for level in &mut self.levels {
            level.waiting.clear();
            level.taken = 0;
        }
        self.occupied.fill(0);
        self.lowest = NOTHING;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A queue for nodes of these heights, and their slots.
    fn queue(heights: &[u32]) -> (Scheduler, Vec<Slot>) {
        let mut scheduler = Scheduler::default();
        scheduler.reserve_nodes(heights.len());
        let slots = heights
            .iter()
            .map(|&height| {
                scheduler.add_node(height);
                let mut slot = Slot::default();
                slot.height = height;
                slot
            })
            .collect();
        (scheduler, slots)
    }

    /// The room of every list.
    fn room(scheduler: &Scheduler) -> Vec<usize> {
        let levels = scheduler.levels.iter().map(|level| &level.waiting);
        levels.map(Vec::capacity).collect()
    }

    /// `heights` are those of the nodes 0, 1, …
    #[track_caller]
    fn check(heights: &[u32], pushed: &[u32], expected: &[u32]) {
        let (mut scheduler, slots) = queue(heights);
        let before = room(&scheduler);
        scheduler.begin();
        for &index in pushed {
            scheduler.push(heights[index as usize], index);
        }
        let mut popped = Vec::new();
        while let Some(running) = scheduler.take(&slots) {
            popped.push(running);
            for (index, &height) in (0_u32..).zip(heights) {
                let waits = pushed.contains(&index) && !popped.contains(&index);
                assert_eq!(scheduler.waits(height, index), waits);
            }
        }
        assert_eq!(popped, expected);
        assert!(scheduler.is_empty());
        assert_eq!(before, room(&scheduler));
    }

    #[test]
    fn lower_heights_come_first() {
        check(&[2, 0, 1], &[0, 1, 2], &[1, 2, 0]);
        check(&[2, 0, 1, 2, 0], &[0, 2, 1, 3, 4], &[1, 4, 2, 0, 3]);
    }

    #[test]
    fn equal_heights_come_in_the_order_of_scheduling() {
        check(&[1, 1, 1, 1], &[3, 1, 2], &[3, 1, 2]);
        check(&[1, 1, 5, 1, 5], &[3, 4, 1, 2, 0], &[3, 1, 0, 4, 2]);
        check(
            &[5, 7, 5, 7, 6, 5],
            &[0, 1, 2, 3, 4, 5],
            &[0, 2, 5, 4, 1, 3],
        );
    }

    #[test]
    fn heights_beyond_one_word_are_found() {
        check(&[200, 64, 63], &[0, 1, 2], &[2, 1, 0]);
        check(&[300, 200, 64, 63], &[0, 1, 2, 3], &[3, 2, 1, 0]);
    }

    #[test]
    fn nothing_scheduled_is_nothing_to_run() {
        check(&[], &[], &[]);
    }

    #[test]
    fn what_runs_may_push_its_own_height_and_above() {
        let (mut scheduler, slots) = queue(&[3, 3, 4, 9]);
        scheduler.begin();
        scheduler.push(3, 0);
        assert_eq!(scheduler.take(&slots), Some(0));
        scheduler.push(9, 3);
        scheduler.push(4, 2);
        scheduler.push(3, 1);
        assert!(scheduler.waits(3, 1) && !scheduler.waits(3, 0));
        let rest: Vec<_> = std::iter::from_fn(|| scheduler.take(&slots)).collect();
        assert_eq!(rest, [1, 2, 3]);
        assert!(scheduler.is_empty());
    }

    #[test]
    fn only_what_nothing_stands_before_would_be_next() {
        let (mut scheduler, slots) = queue(&[3, 3, 70, 60]);
        scheduler.begin();
        assert!(scheduler.would_be_next(2));
        scheduler.push(3, 0);
        assert!(!scheduler.would_be_next(9));
        assert_eq!(scheduler.take(&slots), Some(0));
        assert!(scheduler.would_be_next(9));
        scheduler.push(70, 2);
        scheduler.push(60, 3);
        assert_eq!(scheduler.take(&slots), Some(3));
        assert_eq!(scheduler.take(&slots), Some(2));
        assert!(scheduler.would_be_next(71));
        scheduler.clear();
        assert!(scheduler.is_empty());
    }
}
