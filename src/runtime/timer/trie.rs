//! Far timers: a radix tree over deadlines that is split only where time arrives.
//!
//! ```text
//! block, level 6        64 slots of 2^36 ns each
//!  ├─ leaf: 19 000 timers, in no order       left alone until it is the earliest
//!  └─ block, level 5    64 slots of 2^30 ns each
//!      ├─ leaf: 300 timers
//!      └─ …
//! ```
//!
//! A level is six bits of the deadline, so a leaf is found by the digits of the deadline and the
//! earliest leaf by the lowest bit set in each block. Levels in which all timers below agree are
//! skipped. The tree has no present of its own: a timer may be earlier than all others at any
//! moment, and nothing moves because of it.
//!
//! A leaf is a chain of chunks of fourteen table indices, a cache line each. A chain of timers
//! linked one to the next would cost a miss for each when it is walked; the timers of a chunk are
//! fetched together. Only the last chunk of a chain is partly filled: what is removed is replaced
//! by the last.

use super::{Entry, NONE};

/// Bits of a deadline that choose a slot of a block.
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// Table indices in a chunk; with two links they fill a cache line.
const CHUNK_ITEMS: u32 = 14;
/// Bits of a place that say which item of the chunk.
const ITEM_BITS: u32 = 4;
/// Level of a block made before a second deadline tells how far apart they are: slots of 17 ms.
const FIRST_LEVEL: u32 = 4;
/// Timers looked at before all of a leaf are compared.
const SAMPLE_ITEMS: usize = 64;

#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Chunk {
    items: [u32; CHUNK_ITEMS as usize],
    /// The full chunk before this one in the chain, or [`NONE`].
    before: u32,
    /// The leaf the chain belongs to.
    leaf: LeafId,
}

/// Block and slot of a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LeafId(u32);

impl LeafId {
    fn new(block: u32, slot: usize) -> Self {
        // A slot is below 64 and blocks are fewer than 2^26.
        Self((block << DIGIT_BITS) | slot as u32)
    }

    fn block(self) -> usize {
        (self.0 >> DIGIT_BITS) as usize
    }

    fn slot(self) -> usize {
        self.0 as usize % SLOTS
    }
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    /// Last chunk of a leaf, or the block below.
    link: u32,
    /// Timers of a leaf.
    count: u32,
}

#[derive(Debug, Clone)]
struct Block {
    slots: [Slot; SLOTS],
    /// Slots that are not empty.
    occupied: u64,
    /// Slots that hold a block.
    blocks: u64,
    /// The digits above the block's own, the same for all below it; zero in the lower bits.
    prefix: u64,
    level: u32,
    /// Where the block hangs; `None` for the root.
    parent: Option<LeafId>,
}

#[derive(Debug, Default)]
pub(super) struct Trie {
    root: Option<u32>,
    blocks: Vec<Block>,
    free_blocks: Vec<u32>,
    chunks: Vec<Chunk>,
    free_chunks: Vec<u32>,
}

/// The level of the highest digit set in a difference; zero where there is none.
fn level_of(difference: u64) -> u32 {
    (63 - (difference | 1).leading_zeros()) / DIGIT_BITS
}

fn digit(deadline: u64, level: u32) -> usize {
    (deadline >> (DIGIT_BITS * level)) as usize % SLOTS
}

/// The digits above `level`.
fn prefix_of(deadline: u64, level: u32) -> u64 {
    let bits = DIGIT_BITS * (level + 1);
    deadline & u64::MAX.checked_shl(bits).unwrap_or(0)
}

impl Trie {
    pub(super) fn is_empty(&self) -> bool {
        self.root.is_none()
    }

    /// Takes a timer in; its place is noted in its entry.
    pub(super) fn insert(&mut self, entries: &mut [Entry], index: u32) {
        let deadline = entries[index as usize].deadline;
        let mut at = match self.root {
            Some(root) => root,
            None => {
                let root = self.new_block(deadline, FIRST_LEVEL, None);
                self.root = Some(root);
                root
            }
        };
        loop {
            let block = &self.blocks[at as usize];
            if prefix_of(deadline, block.level) != block.prefix {
                at = self.raise(at, deadline);
                continue;
            }
            let slot = digit(deadline, block.level);
            if block.blocks & (1 << slot) == 0 {
                return self.append(entries, at, slot, index);
            }
            at = block.slots[slot].link;
        }
    }

    /// Puts a block above the block `below`, high enough to take in `deadline` as well.
    fn raise(&mut self, below: u32, deadline: u64) -> u32 {
        let Block { prefix, parent, .. } = self.blocks[below as usize];
        let level = level_of(prefix ^ deadline);
        let above = self.new_block(deadline, level, parent);
        let slot = digit(prefix, level);
        let block = &mut self.blocks[above as usize];
        block.slots[slot].link = below;
        block.occupied = 1 << slot;
        block.blocks = 1 << slot;
        self.blocks[below as usize].parent = Some(LeafId::new(above, slot));
        match parent {
            Some(parent) => self.blocks[parent.block()].slots[parent.slot()].link = above,
            None => self.root = Some(above),
        }
        above
    }

    fn new_block(&mut self, deadline: u64, level: u32, parent: Option<LeafId>) -> u32 {
        let block = Block {
            slots: [Slot { link: 0, count: 0 }; SLOTS],
            occupied: 0,
            blocks: 0,
            prefix: prefix_of(deadline, level),
            level,
            parent,
        };
        if let Some(at) = self.free_blocks.pop() {
            self.blocks[at as usize] = block;
            return at;
        }
        let at = self.blocks.len();
        assert!(
            at < 1 << 26,
            "blocks of 500 bytes for 2^26 fit in no memory"
        );
        self.blocks.push(block);
        at as u32
    }

    #[inline]
    fn append(&mut self, entries: &mut [Entry], block: u32, slot: usize, index: u32) {
        let Self {
            blocks,
            chunks,
            free_chunks,
            ..
        } = self;
        let leaf = LeafId::new(block, slot);
        let block = &mut blocks[block as usize];
        let Slot { link, count } = &mut block.slots[slot];
        let item = *count % CHUNK_ITEMS;
        if item == 0 {
            let chunk = Chunk {
                items: [NONE; CHUNK_ITEMS as usize],
                before: if *count == 0 { NONE } else { *link },
                leaf,
            };
            *link = match free_chunks.pop() {
                Some(at) => {
                    chunks[at as usize] = chunk;
                    at
                }
                None => {
                    let at = chunks.len();
                    assert!(at < (1 << 28) - 1, "fewer than 2^28 chunks of timers");
                    chunks.push(chunk);
                    at as u32
                }
            };
            block.occupied |= 1 << slot;
        }
        *count += 1;
        chunks[*link as usize].items[item as usize] = index;
        entries[index as usize].place = (*link << ITEM_BITS) | item;
    }

    /// Takes the timer at `place` out.
    pub(super) fn remove(&mut self, entries: &mut [Entry], place: u32) {
        let (at, item) = (place >> ITEM_BITS, place % (1 << ITEM_BITS));
        let leaf = self.chunks[at as usize].leaf;
        let block = &mut self.blocks[leaf.block()];
        let Slot { link, count } = &mut block.slots[leaf.slot()];
        *count -= 1;
        let last_item = *count % CHUNK_ITEMS;
        let last = self.chunks[*link as usize].items[last_item as usize];
        if (*link, last_item) != (at, item) {
            self.chunks[at as usize].items[item as usize] = last;
            entries[last as usize].place = place;
        }
        if last_item == 0 {
            self.free_chunks.push(*link);
            *link = self.chunks[*link as usize].before;
        }
        if *count == 0 {
            self.vacate(leaf);
        }
    }

    /// Marks an emptied slot, and frees the blocks above that have become empty with it.
    fn vacate(&mut self, leaf: LeafId) {
        let mut emptied = Some(leaf);
        while let Some(leaf) = emptied {
            let block = &mut self.blocks[leaf.block()];
            let bit = !(1 << leaf.slot());
            block.occupied &= bit;
            block.blocks &= bit;
            block.slots[leaf.slot()] = Slot { link: 0, count: 0 };
            if block.occupied != 0 {
                return;
            }
            emptied = block.parent;
            if emptied.is_none() {
                self.root = None;
            }
            self.free_blocks.push(leaf.block() as u32);
        }
    }

    /// The leaf that holds the earliest deadline.
    pub(super) fn first(&self) -> Option<LeafId> {
        let mut at = self.root?;
        loop {
            let block = &self.blocks[at as usize];
            let slot = block.occupied.trailing_zeros() as usize;
            if block.blocks & (1 << slot) == 0 {
                return Some(LeafId::new(at, slot));
            }
            at = block.slots[slot].link;
        }
    }

    /// Timers of a leaf.
    pub(super) fn count(&self, leaf: LeafId) -> usize {
        self.blocks[leaf.block()].slots[leaf.slot()].count as usize
    }

    /// The deadline of all timers of a leaf, where a leaf can hold no other.
    pub(super) fn instant(&self, leaf: LeafId) -> Option<u64> {
        let block = &self.blocks[leaf.block()];
        (block.level == 0).then_some(block.prefix | leaf.slot() as u64)
    }

    /// The first deadline after those a leaf can hold; `None` at the end of the range.
    pub(super) fn end(&self, leaf: LeafId) -> Option<u64> {
        let block = &self.blocks[leaf.block()];
        let shift = DIGIT_BITS * block.level;
        let first = block.prefix | ((leaf.slot() as u64) << shift);
        first.checked_add(1 << shift)
    }

    /// Takes all timers out of a leaf.
    pub(super) fn take(&mut self, leaf: LeafId, mut each: impl FnMut(u32)) {
        let Slot { link, count } = self.blocks[leaf.block()].slots[leaf.slot()];
        self.drain(link, count, |_, index| each(index));
        self.vacate(leaf);
    }

    /// Walks a chain from its last chunk to its first, freeing the chunks.
    fn drain(&mut self, last: u32, count: u32, mut each: impl FnMut(&mut Self, u32)) {
        let (mut at, mut left) = (last, count);
        while left > 0 {
            let filled = (left - 1) % CHUNK_ITEMS + 1;
            let Chunk { items, before, .. } = self.chunks[at as usize];
            // Free before its timers are placed: they may go where it was.
            self.free_chunks.push(at);
            for &index in &items[..filled as usize] {
                each(self, index);
            }
            left -= filled;
            at = before;
        }
    }

    /// Turns a leaf of more than one instant into a block.
    ///
    /// Each timer is split at most once a level, whatever is set or ended in between.
    pub(super) fn split(&mut self, entries: &mut [Entry], leaf: LeafId) {
        let Slot { link, count } = self.blocks[leaf.block()].slots[leaf.slot()];
        let below = self.blocks[leaf.block()].level.saturating_sub(1);
        let anchor = entries[self.chunks[link as usize].items[0] as usize].deadline;
        let level = self.spread(entries, link, count, below);
        let block = self.new_block(anchor, level, Some(leaf));
        let parent = &mut self.blocks[leaf.block()];
        parent.blocks |= 1 << leaf.slot();
        parent.slots[leaf.slot()] = Slot {
            link: block,
            count: 0,
        };
        self.drain(link, count, |this, index| {
            let slot = digit(entries[index as usize].deadline, level);
            this.append(entries, block, slot, index);
        });
    }

    /// The level at which the timers of a chain differ, at most `below`.
    ///
    /// A few timers tell, unless they stand close together.
    fn spread(&self, entries: &[Entry], last: u32, count: u32, below: u32) -> u32 {
        let (mut at, mut left) = (last, count as usize);
        let anchor = entries[self.chunks[at as usize].items[0] as usize].deadline;
        let (mut difference, mut seen) = (0, 0);
        while left > 0 {
            let filled = (left - 1) % CHUNK_ITEMS as usize + 1;
            let chunk = &self.chunks[at as usize];
            for &index in &chunk.items[..filled] {
                difference |= entries[index as usize].deadline ^ anchor;
            }
            seen += filled;
            if seen >= SAMPLE_ITEMS && level_of(difference) >= below {
                break;
            }
            left -= filled;
            at = chunk.before;
        }
        level_of(difference)
    }
}

#[cfg(test)]
impl Trie {
    /// Blocks and chunks ever made, used or free.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.blocks.len(), self.chunks.len())
    }
}
