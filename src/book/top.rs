//! Levels and the top of a book, as read by everyone else.

use feeds::model::{Price, Side};

/// One price level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// Price in 1e-9.
    pub price: Price,
    /// What rests there, in the instrument's size units.
    pub size: u64,
    /// How many orders; 0 where the venue does not say.
    pub orders: u32,
}

/// The best level of both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Top {
    /// Highest price of the buyers.
    pub bid: Option<Level>,
    /// Lowest price of the sellers.
    pub ask: Option<Level>,
}

impl Top {
    /// The best level of one side; nothing for [`Side::None`].
    pub fn side(&self, side: Side) -> Option<Level> {
        match side {
            Side::Bid => self.bid,
            Side::Ask => self.ask,
            Side::None => None,
        }
    }

    /// Both best levels, when both sides have one.
    pub fn both(&self) -> Option<(Level, Level)> {
        Some((self.bid?, self.ask?))
    }

    /// Whether the best bid is above the best ask.
    pub fn is_crossed(&self) -> bool {
        self.both().is_some_and(|(bid, ask)| bid.price > ask.price)
    }

    /// Whether the best bid is the best ask.
    pub fn is_locked(&self) -> bool {
        self.both().is_some_and(|(bid, ask)| bid.price == ask.price)
    }
}
