//! Books kept beside the graph's own, where a venue's rule needs one: a depth to trim to, a checksum to compute.

use super::Level;
use crate::model::{Price, Side};
use crate::session::text::Number;
use std::collections::BTreeMap;

/// One side of a book, prices rising.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    levels: BTreeMap<Price, Number>,
}

impl Ladder {
    /// Levels, best first.
    pub fn best_first(&self, side: Side) -> impl Iterator<Item = (Price, Number)> + '_ {
        let rising = self.levels.iter().map(|(&price, &size)| (price, size));
        let (up, down) = match side {
            Side::Bid => (None, Some(rising.rev())),
            _ => (Some(rising), None),
        };
        up.into_iter().flatten().chain(down.into_iter().flatten())
    }

    /// How many levels there are.
    pub fn len(&self) -> usize {
        self.levels.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.levels.is_empty()
    }

    /// Takes the worst level away.
    fn pop_worst(&mut self, side: Side) -> Option<Price> {
        let worst = match side {
            Side::Bid => self.levels.pop_first(),
            _ => self.levels.pop_last(),
        };
        worst.map(|(price, _)| price)
    }
}

/// Both sides.
#[derive(Clone, Debug, Default)]
pub struct Ladders {
    /// Bids.
    pub bids: Ladder,
    /// Asks.
    pub asks: Ladder,
}

impl Ladders {
    /// Nothing rests.
    pub fn clear(&mut self) {
        self.bids.levels.clear();
        self.asks.levels.clear();
    }

    /// Applies a level.
    pub fn apply(&mut self, level: &Level) {
        let ladder = self.side_mut(level.side);
        if level.size.is_zero() {
            ladder.levels.remove(&level.price);
        } else {
            ladder.levels.insert(level.price, level.size);
        }
    }

    /// Drops what is beyond `depth` levels of a side, and tells it.
    pub fn trim(&mut self, depth: usize, mut dropped: impl FnMut(Side, Price)) {
        for side in [Side::Bid, Side::Ask] {
            let ladder = self.side_mut(side);
            while ladder.len() > depth {
                if let Some(price) = ladder.pop_worst(side) {
                    dropped(side, price);
                }
            }
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut Ladder {
        match side {
            Side::Bid => &mut self.bids,
            _ => &mut self.asks,
        }
    }
}
