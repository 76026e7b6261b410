//! Far timers: a radix tree over deadlines that is split where timers are many.
//!
//! ```text
//! block, level 6        64 slots of 2^36 ns each
//!  ├─ leaf: 900 timers, in no order
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
//! A leaf is a chain of chunks of 31 timers, eight cache lines each. A chain of timers
//! linked one to the next would cost a miss for each when it is walked; the timers of a chunk are
//! fetched together. Only the last chunk of a chain is partly filled: what is removed is replaced
//! by the last.
//!
//! A leaf is split when it has too many timers, so that what is taken out of the tree has been
//! sorted as far as that on its way in, and no split is long. A leaf that is the earliest is split
//! when it has more than are sorted at once.
//!
//! Ended timers stay until they come up. A sweep goes round the chunks, in whatever leaf they
//! are, and takes them out before.

use super::table::Table;

/// Bits of a deadline that choose a slot of a block.
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// Timers in a chunk; with two links they fill eight cache lines.
const CHUNK_ITEMS: u32 = 31;
/// No chunk.
const NONE: u32 = u32::MAX;
/// Level of a block made before a second deadline tells how far apart they are: slots of 17 ms.
const FIRST_LEVEL: u32 = 4;
/// Timers of a leaf before it is split though it is not the earliest: no split takes longer than
/// moving these.
const LEAF_MAX: u32 = 2048;
/// Timers looked at before all of a leaf are compared.
const SAMPLE_ITEMS: usize = 64;

/// A timer that waits: all that firing needs, but the order among equal deadlines.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Item {
    pub(super) deadline: u64,
    /// Place in the table.
    pub(super) index: u32,
    /// Slot of the node, or the entry in the table of periodic timers.
    pub(super) owner: u32,
}

#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Chunk {
    items: [Item; CHUNK_ITEMS as usize],
    /// The full chunk before this one in the chain, or [`NONE`].
    before: u32,
    /// The leaf the chain belongs to; `None` in a free chunk.
    leaf: Option<LeafId>,
}

const _: () = assert!(size_of::<Chunk>() == 512);

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
    /// The chunk the sweep comes to next.
    swept: u32,
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

    /// Takes a timer in.
    pub(super) fn insert(&mut self, table: &mut Table, item: Item) {
        let deadline = item.deadline;
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
                let is_splittable = block.level > 0;
                if self.append(at, slot, item) > LEAF_MAX && is_splittable {
                    self.split(table, LeafId::new(at, slot));
                }
                return;
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

    /// Puts a timer into a leaf; returns how many it has then.
    #[inline]
    fn append(&mut self, block: u32, slot: usize, item: Item) -> u32 {
        let Self {
            blocks,
            chunks,
            free_chunks,
            ..
        } = self;
        let leaf = LeafId::new(block, slot);
        let block = &mut blocks[block as usize];
        let Slot { link, count } = &mut block.slots[slot];
        let at = *count % CHUNK_ITEMS;
        if at == 0 {
            let chunk = Chunk {
                items: [Item::default(); CHUNK_ITEMS as usize],
                before: if *count == 0 { NONE } else { *link },
                leaf: Some(leaf),
            };
            *link = match free_chunks.pop() {
                Some(at) => {
                    let free = &mut chunks[at as usize];
                    (free.before, free.leaf) = (chunk.before, chunk.leaf);
                    at
                }
                None => {
                    let at = chunks.len();
                    assert!(at < NONE as usize, "fewer than 2^32 chunks fit in memory");
                    chunks.push(chunk);
                    at as u32
                }
            };
            block.occupied |= 1 << slot;
        }
        *count += 1;
        chunks[*link as usize].items[at as usize] = item;
        *count
    }

    /// Takes the timer in place `item` of a chunk of the leaf out.
    fn remove(&mut self, leaf: LeafId, at: u32, item: u32) {
        let Slot { link, count } = &mut self.blocks[leaf.block()].slots[leaf.slot()];
        *count -= 1;
        let last_item = *count % CHUNK_ITEMS;
        let last = self.chunks[*link as usize].items[last_item as usize];
        self.chunks[at as usize].items[item as usize] = last;
        if last_item == 0 {
            let chunk = &mut self.chunks[*link as usize];
            chunk.leaf = None;
            self.free_chunks.push(*link);
            *link = chunk.before;
        }
        if *count == 0 {
            self.vacate(leaf);
        }
    }

    /// Discards ended timers at the end of a leaf; returns whether a live one is left.
    pub(super) fn trim(&mut self, table: &mut Table, leaf: LeafId) -> bool {
        loop {
            let Slot { link, count } = self.blocks[leaf.block()].slots[leaf.slot()];
            let at = (count - 1) % CHUNK_ITEMS;
            if table.keep(self.chunks[link as usize].items[at as usize]) {
                return true;
            }
            self.remove(leaf, link, at);
            if count == 1 {
                return false;
            }
        }
    }

    /// Looks at `count` timers or more, chunk by chunk, and discards those that are ended.
    /// A free chunk counts as a timer.
    #[cold]
    pub(super) fn sweep(&mut self, table: &mut Table, count: usize) {
        let mut looked = 0;
        while looked < count && !self.chunks.is_empty() {
            if self.swept as usize >= self.chunks.len() {
                self.swept = 0;
            }
            looked += self.sweep_chunk(table, self.swept).max(1);
        }
    }

    /// Sweeps one chunk, and steps to the next where it came to the end of this; returns how many
    /// timers it looked at: at most twice as many as a chunk holds.
    fn sweep_chunk(&mut self, table: &mut Table, at: u32) -> usize {
        let (mut looked, mut item) = (0, 0);
        // What takes the place of an ended timer is the last of the leaf, and looked at as well.
        while let Some(leaf) = self.chunks[at as usize].leaf {
            let Slot { link, count } = self.blocks[leaf.block()].slots[leaf.slot()];
            let filled = if link == at {
                (count - 1) % CHUNK_ITEMS + 1
            } else {
                CHUNK_ITEMS
            };
            if item == filled {
                break;
            }
            if looked == 2 * CHUNK_ITEMS as usize {
                return looked;
            }
            looked += 1;
            if table.keep(self.chunks[at as usize].items[item as usize]) {
                item += 1;
            } else {
                self.remove(leaf, at, item);
            }
        }
        self.swept = at + 1;
        looked
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
    #[inline]
    pub(super) fn take(&mut self, leaf: LeafId, mut each: impl FnMut(Item)) {
        let Slot { link, count } = self.blocks[leaf.block()].slots[leaf.slot()];
        self.drain(link, count, |_, item| each(item));
        self.vacate(leaf);
    }

    /// Walks a chain from its last chunk to its first, freeing the chunks.
    #[inline]
    fn drain(&mut self, last: u32, count: u32, mut each: impl FnMut(&mut Self, Item)) {
        let (mut at, mut left) = (last, count);
        while left > 0 {
            let filled = (left - 1) % CHUNK_ITEMS + 1;
            let Chunk { items, before, .. } = self.chunks[at as usize];
            // Free before its timers are placed: they may go where it was.
            self.chunks[at as usize].leaf = None;
            self.free_chunks.push(at);
            for &item in &items[..filled as usize] {
                each(self, item);
            }
            left -= filled;
            at = before;
        }
    }

    /// Turns a leaf of more than one instant into a block, without its ended timers.
    ///
    /// Each timer is split at most once a level, whatever is set or ended in between.
    pub(super) fn split(&mut self, table: &mut Table, leaf: LeafId) {
        let Slot { link, count } = self.blocks[leaf.block()].slots[leaf.slot()];
        let below = self.blocks[leaf.block()].level.saturating_sub(1);
        let anchor = self.chunks[link as usize].items[0].deadline;
        let level = self.spread(link, count, below);
        let block = self.new_block(anchor, level, Some(leaf));
        let parent = &mut self.blocks[leaf.block()];
        parent.blocks |= 1 << leaf.slot();
        parent.slots[leaf.slot()] = Slot {
            link: block,
            count: 0,
        };
        self.drain(link, count, |this, item| {
            if table.keep(item) {
                this.append(block, digit(item.deadline, level), item);
            }
        });
        if self.blocks[block as usize].occupied == 0 {
            self.free_blocks.push(block);
            self.vacate(leaf);
        }
    }

    /// The level at which the timers of a chain differ, at most `below`.
    ///
    /// A few timers tell, unless they stand close together.
    fn spread(&self, last: u32, count: u32, below: u32) -> u32 {
        let (mut at, mut left) = (last, count as usize);
        let anchor = self.chunks[at as usize].items[0].deadline;
        let (mut difference, mut seen) = (0, 0);
        while left > 0 {
            let filled = (left - 1) % CHUNK_ITEMS as usize + 1;
            let chunk = &self.chunks[at as usize];
            for item in &chunk.items[..filled] {
                difference |= item.deadline ^ anchor;
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
