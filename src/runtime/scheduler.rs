//! The queue of one cycle: a list per height, emptied from the lowest height up.
//!
//! ```text
//! current   7 3 9 …     the nodes being run; `taken` of them have been, or are
//! next      4 1         those of the lowest height that waits, while it can be told
//! levels    - (8) - …   all others, a list a height
//! occupied  0 1 0 1 …   one bit a height, 64 to a word, for `levels`
//! ```
//!
//! Nodes mostly schedule others just above themselves, so mostly a push appends to `next`, and the
//! end of a height swaps the two. What is higher goes to `levels`, and what is lower moves `next`
//! there; a node is moved once at most.
//!
//! Nothing is allocated in a cycle, whatever is pushed: each list has room for all nodes of its
//! height, and `current` and `next` for those of any. Invariants: between cycles nothing waits;
//! `next` is empty or lower than every height in `levels`.

/// In place of a height: nothing waits.
const NOTHING: u32 = u32::MAX;

/// The nodes of one height.
#[derive(Debug, Default)]
struct Level {
    waiting: Vec<u32>,
    /// Nodes of the graph at this height.
    population: usize,
}

#[derive(Debug)]
pub(super) struct Scheduler {
    current: Vec<u32>,
    taken: usize,
    next: Vec<u32>,
    /// [`NOTHING`] where `next` is empty.
    next_height: u32,
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
            current: Vec::new(),
            taken: 0,
            next: Vec::new(),
            next_height: NOTHING,
            lowest: NOTHING,
            highest: 0,
            levels: Vec::new(),
            occupied: Vec::new(),
        }
    }
}

impl Scheduler {
    /// Makes room for one node more at this height, so that no cycle has to.
    pub(super) fn add_node(&mut self, height: u32) {
        let count = height as usize + 1;
        if self.levels.len() < count {
            self.levels.resize_with(count, Level::default);
            self.occupied.resize(count.div_ceil(64), 0);
        }
        let level = &mut self.levels[height as usize];
        level.population += 1;
        let population = level.population;
        for list in [&mut level.waiting, &mut self.current, &mut self.next] {
            list.reserve(population.saturating_sub(list.len()));
        }
    }

    /// Says that a node of this height has gone, or moved to another one.
    pub(super) fn remove_node(&mut self, height: u32) {
        self.levels[height as usize].population -= 1;
    }

    /// Appends a node; the caller has checked that it does not wait already and is not below the
    /// running one.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured by bench `graph`")]
    pub(super) fn push(&mut self, height: u32, index: u32) {
        if height != self.next_height {
            if self.next_height != NOTHING || height >= self.lowest {
                return self.push_apart(height, index);
            }
            self.next_height = height;
        }
        self.next.push(index);
    }

    /// Appends a node of another height than that of `next`.
    #[inline(never)]
    fn push_apart(&mut self, height: u32, index: u32) {
        if height < self.next_height && height < self.lowest {
            let displaced = self.next_height;
            let level = &mut self.levels[displaced as usize].waiting;
            level.append(&mut self.next);
            self.open(displaced);
            self.next_height = height;
            self.next.push(index);
        } else {
            self.levels[height as usize].waiting.push(index);
            self.open(height);
        }
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
        self.taken == self.current.len() && height < self.next_height && height < self.lowest
    }

    /// Takes the node to run next.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured by bench `graph`")]
    pub(super) fn take(&mut self) -> Option<u32> {
        if let Some(&index) = self.current.get(self.taken) {
            self.taken += 1;
            return Some(index);
        }
        if self.next_height == NOTHING {
            return self.take_level();
        }
        std::mem::swap(&mut self.current, &mut self.next);
        self.next.clear();
        self.next_height = NOTHING;
        self.taken = 1;
        self.current.first().copied()
    }

    /// Goes on with the lowest of the levels.
    #[inline(never)]
    fn take_level(&mut self) -> Option<u32> {
        self.current.clear();
        self.taken = 0;
        let level = self.levels.get_mut(self.lowest as usize)?;
        self.current.append(&mut level.waiting);
        self.taken = 1;
        self.close();
        self.current.first().copied()
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

    /// Whether the node waits at the height, which is that of the running node.
    pub(super) fn waits(&self, height: u32, index: u32) -> bool {
        let mut waiting = self.current[self.taken..].iter();
        let next = (self.next_height == height).then_some(&self.next);
        let level = self.levels.get(height as usize).map(|level| &level.waiting);
        let mut pushed = next.into_iter().chain(level).flatten();
        waiting.any(|&at| at == index) || pushed.any(|&at| at == index)
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.taken == self.current.len()
            && self.next.is_empty()
            && (self.next_height, self.lowest) == (NOTHING, NOTHING)
            && self.occupied.iter().all(|&word| word == 0)
            && self.levels.iter().all(|level| level.waiting.is_empty())
    }

    /// Empties every level.
    pub(super) fn clear(&mut self) {
        self.current.clear();
        self.taken = 0;
        self.next.clear();
        self.next_height = NOTHING;
        for level in &mut self.levels {
            level.waiting.clear();
        }
        self.occupied.fill(0);
        self.lowest = NOTHING;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(heights: &[u32]) -> Scheduler {
        let mut scheduler = Scheduler::default();
        for &height in heights {
            scheduler.add_node(height);
        }
        scheduler
    }

    /// The room of every list.
    fn room(scheduler: &Scheduler) -> Vec<usize> {
        let own = [&scheduler.current, &scheduler.next];
        let levels = scheduler.levels.iter().map(|level| &level.waiting);
        own.into_iter().chain(levels).map(Vec::capacity).collect()
    }

    /// `heights` are those of the nodes 0, 1, …
    #[track_caller]
    fn check(heights: &[u32], pushed: &[u32], expected: &[u32]) {
        let mut scheduler = queue(heights);
        let mut before = room(&scheduler);
        for &index in pushed {
            scheduler.push(heights[index as usize], index);
        }
        let mut popped = Vec::new();
        while let Some(running) = scheduler.take() {
            popped.push(running);
            for (index, &height) in (0_u32..).zip(heights) {
                let waits = height == heights[running as usize]
                    && pushed.contains(&index)
                    && !popped.contains(&index);
                if height == heights[running as usize] {
                    assert_eq!(scheduler.waits(height, index), waits);
                }
            }
        }
        assert_eq!(popped, expected);
        assert!(scheduler.is_empty());
        // Swapped it may be, but not made.
        let mut after = room(&scheduler);
        before.sort_unstable();
        after.sort_unstable();
        assert_eq!(before, after);
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
    fn what_runs_may_push_its_own_height_and_above() {
        let mut scheduler = queue(&[3, 3, 4, 9]);
        scheduler.push(3, 0);
        assert_eq!(scheduler.take(), Some(0));
        scheduler.push(9, 3);
        scheduler.push(4, 2);
        scheduler.push(3, 1);
        assert!(scheduler.waits(3, 1) && !scheduler.waits(3, 0));
        let rest: Vec<_> = std::iter::from_fn(|| scheduler.take()).collect();
        assert_eq!(rest, [1, 2, 3]);
        assert!(scheduler.is_empty());
    }

    #[test]
    fn only_what_nothing_stands_before_would_be_next() {
        let mut scheduler = queue(&[3, 3, 70]);
        assert!(scheduler.would_be_next(2));
        scheduler.push(3, 0);
        assert!(scheduler.would_be_next(2) && !scheduler.would_be_next(3));
        scheduler.push(3, 1);
        assert_eq!(scheduler.take(), Some(0));
        assert!(!scheduler.would_be_next(9), "another one of the list waits");
        assert_eq!(scheduler.take(), Some(1));
        scheduler.push(70, 2);
        assert!(!scheduler.would_be_next(70) && scheduler.would_be_next(69));
        scheduler.clear();
        assert!(scheduler.is_empty());
    }
}
