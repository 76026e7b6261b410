//! One side of a book by order: a window of cells around the best price, and the few levels that are elsewhere.
//!
//! ```text
//!   key ── (key - base) / step ──▶ cell 0..256 ── on the grid and in the window ──▶ cells[cell]
//!                                            └─── else ──▶ the side's sorted ladder in `Far`
//! ```
//!
//! A level of the window is found by arithmetic, so that its cache line can be fetched before the tick is applied,
//! and it comes and goes without anything else moving. One cache line says where the cells are and which are taken.
//!
//! The window follows the best price: it is placed anew when the best leaves it or nears its lower end. Its step is
//! that of the prices seen. A level is in the window if and only if its key is one of the window's; all else is far.
//! Thin sides have no window, since four kilobytes for a handful of levels are too much.

use super::ladder::{Edit, LEVELS_MAX, Ladder, Refusal, Total, key, price};
use super::order_table::inverse;
use super::prefetch::{prefetch, with_large_pages};
use super::top::Level;
use feeds::model::Price;

/// Cells of a window.
const CELLS: usize = 256;

/// Most windows whose cells are allocated at once when they are needed: 9 MB, used as windows come.
const CHUNK_MAX: usize = 4096;

/// Most windows made at start: 69 MB.
const SPARE_MAX: usize = 1 << 15;

/// Cells above the best one when a window is placed.
const CELLS_ABOVE: u64 = 48;

/// A best level below this cell places the window anew, if that brings levels into it.
const LOW_CELL: u8 = 64;

/// A side with fewer levels has no window, once those made at start are given out.
const LEVELS_FOR_WINDOW: usize = 5;

/// Levels a side may have outside of its window before a new one is refused. What is missing to [`LEVELS_MAX`] is for
/// the window, and for what it leaves behind when it moves.
const FAR_MAX: usize = LEVELS_MAX - 2 * CELLS;

/// Best levels that decide the step.
const LEVELS_FOR_STEP: usize = 32;

/// Fewer levels do not change the step.
const LEVELS_FOR_STEP_MIN: usize = 8;

/// Levels off the grid but not below the window, from which on the step is looked at again at each doubling.
const STRAYS: usize = 16;

/// Largest step of a side whose prices do not say yet: 0.01.
const STEP_AT_START: u64 = 10_000_000;

/// Largest step of all. A window is then 2^56 wide, far from all overflow.
const STEP_MAX: u64 = 1 << 48;

/// A step, ready to divide by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Grid {
    step: u64,
    /// Inverse of the odd part of the step, modulo `2^64`.
    inverse: u64,
    /// Power of two in the step.
    shift: u32,
}

impl Grid {
    /// `step` is at least 1.
    fn new(step: u64) -> Grid {
        let shift = step.trailing_zeros();
        Grid {
            step,
            inverse: inverse(step >> shift),
            shift,
        }
    }

    /// `key - base` in steps if that is a whole number below [`CELLS`]; else a number of at least [`CELLS`].
    ///
    /// Multiplying by an odd number and rotating are one-to-one on all 64-bit numbers, and `n` steps become `n`. So
    /// nothing else becomes `n`. A window ends before the largest key, so a key below `base` is not taken for one above.
    #[inline(always)]
    fn cell(&self, key: i64, base: i64) -> u64 {
        (key.wrapping_sub(base) as u64)
            .wrapping_mul(self.inverse)
            .rotate_right(self.shift)
    }
}

/// What rests at a level of a window: size above, order count in the low bits; 0 if nothing does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cell(u64);

/// Low bits of a [`Cell`].
const COUNT_BITS: u32 = 20;

/// Largest order count of a cell.
const COUNT_MAX: u32 = (1 << COUNT_BITS) - 1;

/// Largest size of a cell: 17 trillion.
const SIZE_MAX: u64 = u64::MAX >> COUNT_BITS;

impl Cell {
    const EMPTY: Cell = Cell(0);

    /// Whether a cell can tell this.
    #[inline(always)]
    fn fits(size: u64, orders: u32) -> bool {
        size <= SIZE_MAX && orders <= COUNT_MAX
    }

    /// `total` fits.
    #[inline(always)]
    fn new(total: Total) -> Cell {
        Cell(total.size << COUNT_BITS | u64::from(total.orders))
    }

    #[inline(always)]
    fn total(self) -> Total {
        Total {
            size: self.0 >> COUNT_BITS,
            orders: self.0 as u32 & COUNT_MAX,
        }
    }
}

/// What all sides of a channel share: the memory of the windows, levels outside of them, and steps.
pub(super) struct Far {
    /// Cells of all windows, in chunks that never move.
    chunks: Vec<Vec<Cells>>,
    /// A chunk has `2^chunk_bits` windows.
    chunk_bits: u32,
    /// Windows made at start that no side has yet.
    spare: usize,
    /// Windows handed out, those in `free` included.
    used: usize,
    /// Windows given back.
    free: Vec<u32>,
    ladders: Vec<Ladder>,
    grids: Vec<Grid>,
    /// Levels of a window while it moves.
    moving: Vec<(i64, Total)>,
}

impl Far {
    /// With so many windows made and touched at once.
    pub(super) fn new(windows: usize) -> Far {
        let mut far = Far {
            chunks: Vec::new(),
            chunk_bits: 0,
            spare: 0,
            used: 0,
            free: Vec::new(),
            ladders: Vec::new(),
            grids: vec![Grid::new(STEP_AT_START)],
            moving: Vec::with_capacity(CELLS),
        };
        if windows > 0 {
            far.spare = windows.min(SPARE_MAX).next_power_of_two();
            far.chunk_bits = far.spare.ilog2();
            let mut chunk = with_large_pages(far.spare);
            chunk.resize(far.spare, Cells::EMPTY);
            far.chunks.push(chunk);
        }
        far
    }

    /// Says how many sides there are, so that few sides take little memory and many take it at once.
    pub(super) fn expect_sides(&mut self, count: usize) {
        if self.chunks.is_empty() {
            self.chunk_bits = count.clamp(1, CHUNK_MAX).next_power_of_two().ilog2();
        }
        self.ladders
            .reserve(count.min(SPARE_MAX).saturating_sub(self.ladders.len()));
    }

    /// Empty cells; nothing if there are too many.
    #[cold]
    fn new_cells(&mut self) -> Option<u32> {
        self.spare = self.spare.saturating_sub(1);
        if let Some(number) = self.free.pop() {
            return Some(number);
        }
        let number = u32::try_from(self.used).ok()?;
        let size = 1 << self.chunk_bits;
        if self.used >> self.chunk_bits == self.chunks.len() {
            self.chunks.push(with_large_pages(size));
        }
        let chunk = self.chunks.get_mut(self.used >> self.chunk_bits)?;
        if self.used & (size - 1) == chunk.len() {
            chunk.push(Cells::EMPTY);
        }
        self.used += 1;
        Some(number)
    }

    #[inline(always)]
    fn cells(&self, number: u32) -> Option<&[Cell; CELLS]> {
        let chunk = self.chunks.get((number >> self.chunk_bits) as usize)?;
        let cells = chunk.get(number as usize & ((1 << self.chunk_bits) - 1))?;
        Some(&cells.cells)
    }

    #[inline(always)]
    fn cells_mut(&mut self, number: u32) -> Option<&mut [Cell; CELLS]> {
        let chunk = self.chunks.get_mut((number >> self.chunk_bits) as usize)?;
        let cells = chunk.get_mut(number as usize & ((1 << self.chunk_bits) - 1))?;
        Some(&mut cells.cells)
    }

    /// The number of a step; nothing if there are too many.
    fn grid(&mut self, step: u64) -> Option<u8> {
        if let Some(index) = self.grids.iter().position(|grid| grid.step == step) {
            return u8::try_from(index).ok();
        }
        let index = u8::try_from(self.grids.len()).ok()?;
        self.grids.push(Grid::new(step));
        Some(index)
    }

    pub(super) fn bytes(&self) -> usize {
        self.ladders.iter().map(Ladder::bytes).sum::<usize>()
            + self.chunks.iter().map(Vec::capacity).sum::<usize>() * size_of::<Cells>()
            + self.free.capacity() * size_of::<u32>()
            + self.moving.capacity() * size_of::<(i64, Total)>()
            + self.ladders.capacity() * size_of::<Ladder>()
            + self.grids.capacity() * size_of::<Grid>()
    }
}

/// The cells, and a line that keeps equal cells of neighbours out of the same sets of the cache.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
struct Cells {
    cells: [Cell; CELLS],
    spacer: [u64; 8],
}

impl Cells {
    const EMPTY: Cells = Cells {
        cells: [Cell::EMPTY; CELLS],
        spacer: [0; 8],
    };
}

const NO_CELLS: u32 = u32::MAX;

/// No ladder in [`Far`] yet.
const NO_LADDER: u32 = u32::MAX;

/// One side of a book, in one cache line.
#[derive(Debug)]
#[repr(C, align(64))]
pub(super) struct Window {
    /// Key of cell 0. The smallest key while there are no cells.
    base: i64,
    /// Which cells have a level.
    taken: [u64; CELLS / 64],
    /// Number of the cells in [`Far`].
    cells: u32,
    /// Index of the ladder in [`Far`].
    ladder: u32,
    /// Of the book; orders of other generations are stale. Here, so that it comes with the line.
    pub(super) generation: u32,
    /// Live orders of the side, those without a price too.
    pub(super) orders: u32,
    /// Index of the step in [`Far`].
    grid: u8,
    /// Highest cell taken; 0 if none is.
    best: u8,
    /// Whether any level of the ladder is at `base` or better, so that the window alone cannot tell depths.
    is_mixed: bool,
    is_ask: bool,
    /// Whether some level was more than a [`Cell`] can tell: then there is no window until the book is cleared.
    is_vast: bool,
}

const _: () = assert!(size_of::<Window>() == 64);

impl Window {
    pub(super) fn new(is_ask: bool) -> Window {
        Window {
            base: i64::MIN,
            taken: [0; CELLS / 64],
            cells: NO_CELLS,
            ladder: NO_LADDER,
            generation: 0,
            orders: 0,
            grid: 0,
            best: 0,
            is_mixed: false,
            is_ask,
            is_vast: false,
        }
    }

    /// The key that orders prices of this side.
    #[inline(always)]
    pub(super) fn key(&self, price: Price) -> i64 {
        key(price, self.is_ask)
    }

    #[inline(always)]
    fn far<'a>(&self, far: &'a Far) -> Option<&'a Ladder> {
        far.ladders.get(self.ladder as usize)
    }

    /// The cell of a key of the window, whether taken or not.
    #[inline(always)]
    fn cell(&self, far: &Far, key: i64) -> Option<u8> {
        let cell = far.grids[usize::from(self.grid)].cell(key, self.base);
        (cell < CELLS as u64).then_some(cell as u8)
    }

    #[inline(always)]
    fn key_of(&self, far: &Far, cell: u8) -> i64 {
        self.base + i64::from(cell) * far.grids[usize::from(self.grid)].step as i64
    }

    #[inline(always)]
    fn has_cells(&self) -> bool {
        self.cells != NO_CELLS
    }

    /// Starts to fetch what rests at the key.
    #[inline]
    pub(super) fn prefetch(&self, far: &Far, key: i64) {
        match (far.cells(self.cells), self.cell(far, key)) {
            (Some(cells), Some(cell)) => prefetch(&cells[usize::from(cell)]),
            _ => {
                if let Some(ladder) = self.far(far) {
                    ladder.prefetch_keys();
                }
            }
        }
    }

    /// The best level.
    #[inline]
    pub(super) fn best(&self, far: &Far) -> Option<Level> {
        if !self.is_mixed
            && let Some(cells) = far.cells(self.cells)
        {
            let cell = cells[usize::from(self.best)];
            if cell != Cell::EMPTY {
                return Some(cell.total().level(self.key_of(far, self.best), self.is_ask));
            }
        }
        self.levels(far).next()
    }

    /// Levels, best first.
    pub(super) fn levels<'a>(&'a self, far: &'a Far) -> impl Iterator<Item = Level> + 'a {
        let mut near = self.near(far).peekable();
        let mut rest = self.far(far).into_iter().flat_map(Ladder::rows).peekable();
        std::iter::from_fn(move || {
            let is_near = match (near.peek(), rest.peek()) {
                (Some((near, _)), Some((far, _))) => near > far,
                (near, _) => near.is_some(),
            };
            let (key, total) = if is_near { near.next() } else { rest.next() }?;
            Some(total.level(key, self.is_ask))
        })
    }

    /// Keys and totals of the window, best first.
    fn near<'a>(&'a self, far: &'a Far) -> impl Iterator<Item = (i64, Total)> + 'a {
        let cells = far.cells(self.cells);
        let mut taken = self.taken;
        std::iter::from_fn(move || {
            let cell = highest(&taken)?;
            taken[usize::from(cell) / 64] &= !(1 << (cell % 64));
            Some((self.key_of(far, cell), cells?[usize::from(cell)].total()))
        })
    }

    /// How many levels.
    pub(super) fn level_count(&self, far: &Far) -> usize {
        self.near_count() + self.far(far).map_or(0, Ladder::level_count)
    }

    fn near_count(&self) -> usize {
        self.taken
            .iter()
            .map(|bits| bits.count_ones() as usize)
            .sum()
    }

    /// Removes every level.
    pub(super) fn clear(&mut self, far: &mut Far) {
        if let Some(cells) = far.cells_mut(self.cells) {
            cells.fill(Cell::EMPTY);
        }
        if let Some(ladder) = far.ladders.get_mut(self.ladder as usize) {
            ladder.clear();
        }
        self.taken = [0; CELLS / 64];
        self.best = 0;
        self.is_mixed = false;
        self.is_vast = false;
        self.orders = 0;
    }

    /// Adds `size` and `orders` to a level, making it if need be.
    #[inline(always)]
    pub(super) fn grow(
        &mut self,
        far: &mut Far,
        key: i64,
        size: u64,
        orders: u32,
    ) -> Result<Edit, Refusal> {
        match self.cell(far, key) {
            Some(cell) if self.has_cells() => {
                let Some(mut edit) = self.grow_cell(far, cell, size, orders) else {
                    self.give_back(far);
                    return self.grow_elsewhere(far, key, size, orders);
                };
                if self.is_mixed {
                    edit.depth += self.far_above(far, key);
                }
                Ok(edit)
            }
            _ => self.grow_elsewhere(far, key, size, orders),
        }
    }

    /// [`grow`](Window::grow) of what is not in the window.
    #[cold]
    #[inline(never)]
    fn grow_elsewhere(
        &mut self,
        far: &mut Far,
        key: i64,
        size: u64,
        orders: u32,
    ) -> Result<Edit, Refusal> {
        if self.cells == NO_CELLS && self.ladder == NO_LADDER && far.spare > 0 {
            return self.open(far, key, size, orders);
        }
        self.grow_far(far, key, size, orders, FAR_MAX)
    }

    /// [`grow`](Window::grow) of the first level, in one of the windows made at start.
    #[cold]
    fn open(&mut self, far: &mut Far, key: i64, size: u64, orders: u32) -> Result<Edit, Refusal> {
        let first = price(key, self.is_ask);
        let grid = far.grid(step(&[first], None)).unwrap_or(self.grid);
        let step = far.grids[usize::from(grid)].step;
        self.place(far, grid, base(key, step, self.is_ask));
        match self.cell(far, key) {
            Some(cell) if self.has_cells() => self.grow_cell(far, cell, size, orders),
            _ => None,
        }
        .map_or_else(|| self.grow_far(far, key, size, orders, FAR_MAX), Ok)
    }

    /// [`grow`](Window::grow) by what was there before the last edit: never refused.
    #[cold]
    pub(super) fn put_back(&mut self, far: &mut Far, key: i64, size: u64) {
        let is_put = match self.cell(far, key) {
            Some(cell) if self.has_cells() => self.grow_cell(far, cell, size, 1).is_some(),
            _ => self.grow_far(far, key, size, 1, LEVELS_MAX).is_ok(),
        };
        debug_assert!(is_put, "what was there fits");
    }

    /// Depth among the levels of the window. Nothing, and nothing is changed, if the cell cannot tell the sum.
    #[inline(always)]
    fn grow_cell(&mut self, far: &mut Far, cell: u8, size: u64, orders: u32) -> Option<Edit> {
        let place = &mut far.cells_mut(self.cells)?[usize::from(cell)];
        let before = place.total();
        let size_before = before.size;
        let size_after = size_before.checked_add(size)?;
        let orders_after = before.orders + orders;
        if !Cell::fits(size_after, orders_after) {
            return None;
        }
        *place = Cell::new(Total {
            size: size_after,
            orders: orders_after,
        });
        self.taken[usize::from(cell) / 64] |= 1 << (cell % 64);
        let depth = if cell >= self.best {
            self.best = cell;
            0
        } else {
            count_above(&self.taken, cell)
        };
        Some(Edit {
            size_before,
            size_after,
            orders_after,
            depth,
        })
    }

    /// Takes `size` and `orders` off a level, which goes with its last order.
    #[inline(always)]
    pub(super) fn shrink(
        &mut self,
        far: &mut Far,
        key: i64,
        size: u64,
        orders: u32,
    ) -> Result<Edit, Refusal> {
        let Some(cell) = self.cell(far, key) else {
            return self.shrink_far(far, key, size, orders);
        };
        let Some(cells) = far.cells_mut(self.cells) else {
            return self.shrink_far(far, key, size, orders);
        };
        let place = &mut cells[usize::from(cell)];
        if *place == Cell::EMPTY {
            return Err(Refusal::Absent);
        }
        let before = place.total();
        let mut edit = Edit {
            size_before: before.size,
            size_after: before.size.saturating_sub(size),
            orders_after: before.orders.saturating_sub(orders),
            depth: 0,
        };
        *place = if edit.orders_after == 0 {
            Cell::EMPTY
        } else {
            Cell::new(Total {
                size: edit.size_after,
                orders: edit.orders_after,
            })
        };
        if cell != self.best {
            edit.depth = count_above(&self.taken, cell);
        }
        if self.is_mixed {
            edit.depth += self.far_above(far, key);
        }
        if edit.orders_after == 0 {
            self.taken[usize::from(cell) / 64] &= !(1 << (cell % 64));
            if cell == self.best {
                self.best = highest(&self.taken).unwrap_or(0);
                if self.best < LOW_CELL && self.ladder != NO_LADDER {
                    self.follow(far);
                }
            }
        }
        Ok(edit)
    }

    #[cold]
    fn grow_far(
        &mut self,
        far: &mut Far,
        key: i64,
        size: u64,
        orders: u32,
        limit: usize,
    ) -> Result<Edit, Refusal> {
        if self.ladder == NO_LADDER {
            self.ladder = u32::try_from(far.ladders.len()).map_err(|_| Refusal::Full)?;
            far.ladders.push(Ladder::with_room());
        }
        let ladder = &mut far.ladders[self.ladder as usize];
        if ladder.level_count() >= limit && !ladder.has(key) {
            return Err(Refusal::Full);
        }
        let mut edit = ladder.grow(key, size, orders)?;
        self.is_mixed |= key >= self.base;
        edit.depth += self.near_above(far, key);
        if !self.is_vast && !Cell::fits(edit.size_after, edit.orders_after) {
            self.give_back(far);
        }
        if edit.size_before == 0 {
            let is_due = match self.has_cells() {
                false if self.is_vast => false,
                false => far.ladders[self.ladder as usize].level_count() >= LEVELS_FOR_WINDOW,
                true if key < self.base => self.best < LOW_CELL,
                // Above the window, or between two of its cells.
                true if self.is_on_grid(far, key) => true,
                true => {
                    let strays = self.far_above(far, self.base) as usize;
                    strays >= STRAYS && strays.is_power_of_two()
                }
            };
            if is_due {
                self.follow(far);
            }
        }
        Ok(edit)
    }

    #[cold]
    fn shrink_far(
        &mut self,
        far: &mut Far,
        key: i64,
        size: u64,
        orders: u32,
    ) -> Result<Edit, Refusal> {
        let ladder = far
            .ladders
            .get_mut(self.ladder as usize)
            .ok_or(Refusal::Absent)?;
        let mut edit = ladder.shrink(key, size, orders)?;
        edit.depth += self.near_above(far, key);
        if edit.orders_after == 0 {
            self.note_mixed(far);
        }
        Ok(edit)
    }

    fn note_mixed(&mut self, far: &Far) {
        let best = self.far(far).and_then(Ladder::best_key);
        self.is_mixed = best.is_some_and(|best| best >= self.base);
    }

    /// Levels of the ladder that are better.
    #[cold]
    fn far_above(&self, far: &Far, key: i64) -> u32 {
        self.far(far).map_or(0, |ladder| ladder.count_above(key))
    }

    /// Levels of the window that are better.
    fn near_above(&self, far: &Far, key: i64) -> u32 {
        if key < self.base {
            return self.near_count() as u32;
        }
        let step = far.grids[usize::from(self.grid)].step;
        let cell = key.wrapping_sub(self.base) as u64 / step;
        u8::try_from(cell).map_or(0, |cell| count_above(&self.taken, cell))
    }

    fn is_on_grid(&self, far: &Far, key: i64) -> bool {
        let Price(price) = price(key, self.is_ask);
        price
            .unsigned_abs()
            .is_multiple_of(far.grids[usize::from(self.grid)].step)
    }

    /// Places the window around the best level, with the step of the best levels.
    #[cold]
    fn follow(&mut self, far: &mut Far) {
        let mut best = [Price(0); LEVELS_FOR_STEP];
        let mut count = 0;
        for (price, level) in best.iter_mut().zip(self.levels(far)) {
            *price = level.price;
            count += 1;
        }
        let best = &best[..count];
        let is_moving = self.has_cells() && self.taken != [0; CELLS / 64];
        if is_moving && self.far(far).map_or(0, Ladder::level_count) > FAR_MAX {
            return;
        }
        let now = self
            .has_cells()
            .then(|| far.grids[usize::from(self.grid)].step);
        let step = step(best, now);
        let grid = far.grid(step).unwrap_or(self.grid);
        let step = far.grids[usize::from(grid)].step;
        let on_grid = |price: &&Price| price.0.unsigned_abs().is_multiple_of(step);
        let Some(first) = best.iter().find(on_grid).or(best.first()) else {
            return;
        };
        let base = base(self.key(*first), step, self.is_ask);
        if now.is_some() && (grid, base) == (self.grid, self.base) {
            return;
        }
        self.place(far, grid, base);
    }

    /// Does without a window from here on: every level is far.
    #[cold]
    fn give_back(&mut self, far: &mut Far) {
        self.is_vast = true;
        if !self.has_cells() {
            return;
        }
        if self.ladder == NO_LADDER {
            let Ok(ladder) = u32::try_from(far.ladders.len()) else {
                return;
            };
            self.ladder = ladder;
            far.ladders.push(Ladder::with_room());
        }
        let mut moving = std::mem::take(&mut far.moving);
        moving.clear();
        moving.extend(self.near(far));
        if let Some(ladder) = far.ladders.get_mut(self.ladder as usize) {
            for &(key, total) in moving.iter().rev() {
                let is_put = ladder.grow(key, total.size, total.orders).is_ok();
                debug_assert!(is_put, "there is room for what a window leaves");
            }
        }
        far.moving = moving;
        if let Some(cells) = far.cells_mut(self.cells) {
            cells.fill(Cell::EMPTY);
        }
        far.free.push(self.cells);
        self.cells = NO_CELLS;
        (self.base, self.best) = (i64::MIN, 0);
        self.taken = [0; CELLS / 64];
        self.note_mixed(far);
    }

    /// Puts the window elsewhere, and every level where it belongs then.
    fn place(&mut self, far: &mut Far, grid: u8, base: i64) {
        if !self.has_cells() {
            let Some(cells) = far.new_cells() else {
                return;
            };
            self.cells = cells;
        }
        let mut moving = std::mem::take(&mut far.moving);
        moving.clear();
        moving.extend(self.near(far));
        self.taken = [0; CELLS / 64];
        (self.grid, self.base) = (grid, base);
        let grid = far.grids[usize::from(grid)];
        let mut cells = [Cell::EMPTY; CELLS];
        let taken = &mut self.taken;
        let mut settle = |key: i64, total: Total| {
            let cell = grid.cell(key, base);
            let is_near = cell < CELLS as u64;
            if is_near {
                cells[cell as usize] = Cell::new(total);
                taken[cell as usize / 64] |= 1 << (cell % 64);
            }
            is_near
        };
        let mut left = far.ladders.get_mut(self.ladder as usize);
        if let Some(ladder) = &mut left {
            ladder.take_from(base, &mut settle);
        }
        for &(key, total) in moving.iter().rev() {
            if !settle(key, total)
                && let Some(ladder) = &mut left
            {
                let is_put = ladder.grow(key, total.size, total.orders).is_ok();
                debug_assert!(is_put, "there is room for what a window leaves");
            }
        }
        far.moving = moving;
        if let Some(place) = far.cells_mut(self.cells) {
            *place = cells;
        }
        self.best = highest(&self.taken).unwrap_or(0);
        self.note_mixed(far);
    }

    /// Asserts that every level is where it belongs.
    pub(super) fn invariant(&self, far: &Far) {
        let Window {
            base,
            taken,
            cells,
            ladder: _,
            generation: _,
            orders,
            grid: _,
            best,
            is_mixed,
            is_ask: _,
            is_vast,
        } = self;
        assert!(!is_vast || !self.has_cells(), "a vast side has no window");
        if let Some(cells) = far.cells(*cells) {
            for (index, cell) in cells.iter().enumerate() {
                let total = cell.total();
                let is_taken = taken[index / 64] >> (index % 64) & 1 == 1;
                assert_eq!(is_taken, total.size > 0, "taken cells have size");
                assert_eq!(is_taken, total.orders > 0, "taken cells have orders");
            }
            let step = far.grids[usize::from(self.grid)].step as i64;
            assert!(
                base.checked_add(step * (CELLS as i64 - 1)).is_some(),
                "the window ends before the largest key"
            );
        } else {
            assert_eq!((*base, *taken), (i64::MIN, [0; CELLS / 64]), "no window");
        }
        assert_eq!(
            *best,
            highest(taken).unwrap_or(0),
            "the best cell is the highest"
        );
        let mut total: u64 = self
            .near(far)
            .map(|(_, total)| u64::from(total.orders))
            .sum();
        let mut is_any_above = false;
        if let Some(ladder) = self.far(far) {
            ladder.invariant(true);
            for (key, rest) in ladder.rows() {
                assert!(
                    !self.has_cells() || self.cell(far, key).is_none(),
                    "far levels are none of the window's"
                );
                is_any_above |= key >= *base;
                total += u64::from(rest.orders);
            }
            assert!(
                !self.has_cells() || *taken != [0; CELLS / 64] || is_any_above || total == 0,
                "the window is where the best level is"
            );
        }
        assert_eq!(*is_mixed, is_any_above, "far levels above are known");
        assert!(total <= u64::from(*orders), "no order twice");
        assert!(self.level_count(far) <= LEVELS_MAX, "within the maximum");
    }
}

/// Levels of a side that may not be there, best first.
pub(super) fn levels<'a>(
    side: Option<(&'a Window, &'a Far)>,
) -> impl Iterator<Item = Level> + use<'a> {
    side.into_iter()
        .flat_map(|(window, far)| window.levels(far))
}

/// Highest bit.
#[inline(always)]
fn highest(taken: &[u64; CELLS / 64]) -> Option<u8> {
    for (word, &bits) in taken.iter().enumerate().rev() {
        if bits != 0 {
            return Some((word as u32 * 64 + bits.ilog2()) as u8);
        }
    }
    None
}

/// Bits above this one.
#[inline(always)]
fn count_above(taken: &[u64; CELLS / 64], cell: u8) -> u32 {
    let word = usize::from(cell) / 64;
    // In two shifts, since one by 64 is none.
    let mut count = (taken[word] >> (cell % 64) >> 1).count_ones();
    for bits in &taken[word + 1..] {
        if *bits != 0 {
            count += bits.count_ones();
        }
    }
    count
}

/// The step of these prices, best first: the largest distance of neighbours on whose multiples nearly all of them
/// are. `now` is the step the side has.
fn step(prices: &[Price], now: Option<u64>) -> u64 {
    let fallback = now.unwrap_or_else(|| {
        let first = prices.first().map_or(0, |price| price.0.unsigned_abs());
        gcd(first, STEP_AT_START)
    });
    if prices.len() < LEVELS_FOR_STEP_MIN {
        return fallback;
    }
    let mut chosen = 0;
    let all = prices
        .iter()
        .fold(0, |all, price| gcd(all, price.0.unsigned_abs()));
    let distances = prices
        .windows(2)
        .map(|pair| pair[0].0.abs_diff(pair[1].0))
        .chain([all]);
    let mut last = 0;
    for distance in distances.filter(|distance| (1..=STEP_MAX).contains(distance)) {
        if distance <= chosen || std::mem::replace(&mut last, distance) == distance {
            continue;
        }
        let on_it = |price: &&Price| price.0.unsigned_abs().is_multiple_of(distance);
        if prices.iter().filter(on_it).count() * 8 >= prices.len() * 7 {
            chosen = distance;
        }
    }
    if chosen == 0 { fallback } else { chosen }
}

/// Key of cell 0 of a window around this key.
///
/// On the grid of the prices, and with all its cells among the keys.
fn base(best: i64, step: u64, is_ask: bool) -> i64 {
    // A seller's key is the complement of a price: its multiples of the step lie one below.
    let zero = -i128::from(is_ask);
    let step = i128::from(step);
    let floor = |key: i128| (key - zero).div_euclid(step) * step + zero;
    let last = CELLS as i128 - 1;
    let wished = floor(i128::from(best)) - (last - i128::from(CELLS_ABOVE)) * step;
    let lowest = floor(i128::from(i64::MIN) + step - 1);
    let highest = floor(i128::from(i64::MAX)) - last * step;
    wished.clamp(lowest, highest) as i64
}

/// Greatest common divisor; that of a number and 0 is the number.
fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}
