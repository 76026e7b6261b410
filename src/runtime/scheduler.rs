//! The queue of one cycle: a bucket per height, emptied from the lowest height up.
//!
//! ```text
//! occupied  0 1 0 1 …          one bit a height, 64 to a word
//! buckets   [] [7,3] [] [4]    first in, first out
//!               ^ position     next to run, at the current height
//! ```
//!
//! Cost: pushing is one append; popping is one load, and at the end of a bucket a scan over the
//! words of `occupied` (64 heights a word). Buckets have room for every node of their height.
//! Invariant: between cycles every bucket is empty and `height` and `position` are 0.

#[derive(Debug, Default)]
pub(super) struct Scheduler {
    buckets: Vec<Vec<u32>>,
    /// Nodes that may wait in each bucket at once.
    room: Vec<usize>,
    occupied: Vec<u64>,
    height: usize,
    position: usize,
}

impl Scheduler {
    /// Makes room for one more node of this height, so that no cycle has to. There are `nodes_max` places for nodes:
    /// one that took the place of another needs no more room than that.
    pub(super) fn reserve_height(&mut self, height: u32, nodes_max: usize) {
        let height = height as usize;
        let count = height + 1;
        if self.buckets.len() < count {
            self.buckets.resize_with(count, Vec::new);
            self.room.resize(count, 0);
            self.occupied.resize(count.div_ceil(64), 0);
        }
        self.room[height] = (self.room[height] + 1).min(nodes_max);
        let bucket = &mut self.buckets[height];
        bucket.reserve(self.room[height].saturating_sub(bucket.len()));
    }

    /// Appends a node; the caller has checked that it is not below the current height.
    #[inline]
    pub(super) fn push(&mut self, height: u32, index: u32) {
        let height = height as usize;
        debug_assert!(
            height >= self.height,
            "a node was scheduled below the running one"
        );
        self.occupied[height / 64] |= 1 << (height % 64);
        self.buckets[height].push(index);
    }

    /// The next node to run: lowest height first, then first in, first out.
    #[inline]
    pub(super) fn pop(&mut self) -> Option<u32> {
        loop {
            if let Some(bucket) = self.buckets.get_mut(self.height) {
                if let Some(&index) = bucket.get(self.position) {
                    self.position += 1;
                    return Some(index);
                }
                bucket.clear();
                self.position = 0;
                self.occupied[self.height / 64] &= !(1 << (self.height % 64));
            }
            match self.lowest_occupied() {
                Some(height) => self.height = height,
                None => {
                    self.height = 0;
                    return None;
                }
            }
        }
    }

    #[inline]
    fn lowest_occupied(&self) -> Option<usize> {
        let first = self.height / 64;
        self.occupied
            .get(first..)?
            .iter()
            .zip(first..)
            .find_map(|(&word, at)| (word != 0).then(|| at * 64 + word.trailing_zeros() as usize))
    }

    /// Whether the node still waits in the bucket of the current height.
    pub(super) fn waits_at_current(&self, index: u32) -> bool {
        self.buckets
            .get(self.height)
            .and_then(|bucket| bucket.get(self.position..))
            .is_some_and(|waiting| waiting.contains(&index))
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.occupied.iter().all(|&word| word == 0)
    }

    /// Empties every bucket.
    pub(super) fn clear(&mut self) {
        self.buckets.iter_mut().for_each(Vec::clear);
        self.occupied.fill(0);
        self.height = 0;
        self.position = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(pushed: &[(u32, u32)], expected: &[u32]) {
        let mut scheduler = Scheduler::default();
        for &(height, index) in pushed {
            scheduler.reserve_height(height, pushed.len());
            scheduler.push(height, index);
        }
        let popped: Vec<u32> = std::iter::from_fn(|| scheduler.pop()).collect();
        assert_eq!(popped, expected);
        assert!(scheduler.is_empty());
        assert_eq!((scheduler.height, scheduler.position), (0, 0));
    }

    #[test]
    fn lower_heights_come_first() {
        check(&[(2, 20), (0, 1), (1, 10)], &[1, 10, 20]);
    }

    #[test]
    fn equal_heights_come_in_the_order_of_scheduling() {
        check(&[(1, 3), (1, 1), (1, 2)], &[3, 1, 2]);
    }

    #[test]
    fn heights_beyond_one_word_are_found() {
        check(&[(200, 9), (64, 8), (63, 7)], &[7, 8, 9]);
    }

    #[test]
    fn nothing_scheduled_is_nothing_to_run() {
        check(&[], &[]);
    }
}
