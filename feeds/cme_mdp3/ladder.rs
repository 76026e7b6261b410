//! One side of a book as the venue numbers it: levels from 1, best first, never more than the market depth.
//!
//! The venue says what happens at a level number; a book wants to know what rests at a price. The ladder keeps the numbers
//! and says which prices changed: also that of the level an insertion pushed out of the depth, which the venue does not
//! name. Invariant: at most `depth` levels.

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

/// A level that cannot be where the venue says it is: something before it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct OutOfPlace;

/// One side.
#[derive(Clone, Debug, Default)]
pub(super) struct Ladder {
    rungs: Vec<Rung>,
}

impl Ladder {
    /// Levels, best first.
    #[cfg(test)]
    pub(super) fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// Forgets every level, without a word.
    pub(super) fn clear(&mut self) {
        self.rungs.clear();
    }

    /// Forgets the levels beyond `depth`.
    pub(super) fn trim(&mut self, depth: usize, tell: &mut impl FnMut(Rung)) {
        while self.rungs.len() > depth
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
    ) -> Result<(), OutOfPlace> {
        let index = level.checked_sub(1).ok_or(OutOfPlace)?;
        if index > self.rungs.len() || index >= depth {
            return Err(OutOfPlace);
        }
        self.rungs.insert(index, rung);
        tell(rung);
        self.trim(depth, tell);
        Ok(())
    }

    /// Another size, and perhaps another price, at number `level`.
    pub(super) fn replace(
        &mut self,
        level: usize,
        rung: Rung,
        tell: &mut impl FnMut(Rung),
    ) -> Result<(), OutOfPlace> {
        let found = level
            .checked_sub(1)
            .and_then(|index| self.rungs.get_mut(index))
            .ok_or(OutOfPlace)?;
        let before = std::mem::replace(found, rung);
        if before.price != rung.price {
            self.gone(before, tell);
        }
        tell(rung);
        Ok(())
    }

    /// What the venue writes over whatever is at `level`, or adds behind the last one.
    pub(super) fn overlay(
        &mut self,
        level: usize,
        rung: Rung,
        depth: usize,
        tell: &mut impl FnMut(Rung),
    ) -> Result<(), OutOfPlace> {
        if level == self.rungs.len() + 1 {
            return self.insert(level, rung, depth, tell);
        }
        self.replace(level, rung, tell)
    }

    /// The level is gone; those behind it move up.
    pub(super) fn remove(
        &mut self,
        level: usize,
        tell: &mut impl FnMut(Rung),
    ) -> Result<(), OutOfPlace> {
        let index = level.checked_sub(1).ok_or(OutOfPlace)?;
        if index >= self.rungs.len() {
            return Err(OutOfPlace);
        }
        let rung = self.rungs.remove(index);
        self.gone(rung, tell);
        Ok(())
    }

    /// The best `count` levels are gone.
    pub(super) fn remove_best(&mut self, count: usize, tell: &mut impl FnMut(Rung)) {
        for _ in 0..count.min(self.rungs.len()) {
            let rung = self.rungs.remove(0);
            self.gone(rung, tell);
        }
    }

    /// Says that a level is gone; unless another has its price, which is what rests there then.
    fn gone(&self, rung: Rung, tell: &mut impl FnMut(Rung)) {
        let other = self.rungs.iter().find(|other| other.price == rung.price);
        tell(other.copied().unwrap_or(Rung {
            size: 0,
            orders: 0,
            ..rung
        }));
    }
}
