//! One side of a book as the venue numbers it: levels from 1, best first, never more than the market depth.
//!
//! The venue says what happens at a level number; a book wants to know what rests at a price. The ladder keeps the numbers
//! and says which prices changed: also that of the level an insertion pushed out of the depth, which the venue does not
//! name.
//!
//! Whoever joins in the middle does not know what rests at the levels nobody spoke of since. They are kept as levels without
//! a price, so that the numbers stay right, and the book fills up by itself. Invariant: at most `depth` levels.

use crate::model::Price;

/// What rests at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rung {
    /// Where.
    pub(super) price: Price,
    /// How much; 0 for a level that is gone.
    pub(super) size: u64,
    /// Orders there; 0 where the venue does not say.
    pub(super) orders: u32,
}

/// The update does not fit what was known: something before it is missing. It was applied as far as it says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Misfit;

/// One side.
#[derive(Clone, Debug, Default)]
pub(super) struct Ladder {
    /// Best first; `None` where nobody said what rests.
    rungs: Vec<Option<Rung>>,
}

/// Index of a level in a ladder of this depth.
fn index_of(level: usize, depth: usize) -> Result<usize, Misfit> {
    let index = level.checked_sub(1).filter(|&index| index < depth);
    index.ok_or(Misfit)
}

impl Ladder {
    /// Levels that are known, best first.
    pub(super) fn known(&self) -> impl Iterator<Item = Rung> {
        self.rungs.iter().flatten().copied()
    }

    /// What is known to rest at a price.
    pub(super) fn at(&self, price: Price) -> Option<Rung> {
        self.known().find(|rung| rung.price == price)
    }

    /// Forgets every level, without a word.
    pub(super) fn clear(&mut self) {
        self.rungs.clear();
    }

    /// Forgets the levels beyond the first `count`.
    pub(super) fn trim(&mut self, count: usize, tell: &mut impl FnMut(Rung)) {
        while self.rungs.len() > count
            && let Some(rung) = self.rungs.pop()
        {
            self.gone(rung, tell);
        }
    }

    /// A new level at number `level`; those from there on move down, and the last may leave the depth.
    pub(super) fn insert(
        &mut self,
        level: usize,
        rung: Rung,
        depth: usize,
        tell: &mut impl FnMut(Rung),
    ) -> Result<(), Misfit> {
        let index = index_of(level, depth)?;
        let is_known = index <= self.rungs.len();
        if !is_known {
            self.rungs.resize(index, None);
        }
        self.rungs.insert(index, Some(rung));
        tell(rung);
        self.trim(depth, tell);
        if is_known { Ok(()) } else { Err(Misfit) }
    }

    /// What rests at number `level` now. It fits where a level of this price was there, or, for an `overlay`, any.
    pub(super) fn replace(
        &mut self,
        level: usize,
        rung: Rung,
        (depth, is_overlay): (usize, bool),
        tell: &mut impl FnMut(Rung),
    ) -> Result<(), Misfit> {
        let index = index_of(level, depth)?;
        let is_next = index == self.rungs.len();
        if index >= self.rungs.len() {
            self.rungs.resize(index + 1, None);
        }
        let before = self.rungs[index].replace(rung);
        let is_same = before.is_some_and(|before| before.price == rung.price);
        if !is_same {
            self.gone(before, tell);
        }
        tell(rung);
        if is_same || (is_overlay && (is_next || before.is_some())) {
            Ok(())
        } else {
            Err(Misfit)
        }
    }

    /// The level is gone; those behind it move up. It fits where a level of this price was there.
    pub(super) fn remove(
        &mut self,
        level: usize,
        price: Option<Price>,
        tell: &mut impl FnMut(Rung),
    ) -> Result<(), Misfit> {
        let index = index_of(level, self.rungs.len())?;
        let rung = self.rungs.remove(index);
        self.gone(rung, tell);
        match rung {
            Some(rung) if price.is_none_or(|price| price == rung.price) => Ok(()),
            _ => Err(Misfit),
        }
    }

    /// The best `count` levels are gone.
    pub(super) fn remove_best(&mut self, count: usize, tell: &mut impl FnMut(Rung)) {
        for _ in 0..count.min(self.rungs.len()) {
            let rung = self.rungs.remove(0);
            self.gone(rung, tell);
        }
    }

    /// Says that a level is gone; unless another has its price, which is what rests there then.
    fn gone(&self, rung: Option<Rung>, tell: &mut impl FnMut(Rung)) {
        let Some(rung) = rung else { return };
        let mut known = self.rungs.iter().flatten();
        let other = known.find(|other| other.price == rung.price);
        tell(other.copied().unwrap_or(Rung {
            size: 0,
            orders: 0,
            ..rung
        }));
    }
}
