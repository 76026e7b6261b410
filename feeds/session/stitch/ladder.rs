//! Books kept beside the graph's own, where a venue's rule needs one: a depth to trim to, a checksum to compute, orders to know
//! again.

use super::Level;
use crate::model::{Action, Price, Side};
use crate::session::text::Number;
use std::collections::BTreeMap;

/// Where an entry stands on its side: best first, and at one price by id. The id of a level is 0.
type Place = (i64, u64);

/// Prices from the best one: those of bids fall.
const fn rank(side: Side, price: Price) -> i64 {
    match side {
        Side::Bid => !price.0,
        _ => price.0,
    }
}

const fn price_at(side: Side, rank: i64) -> Price {
    match side {
        Side::Bid => Price(!rank),
        _ => Price(rank),
    }
}

/// One side of a book, of levels or of orders.
#[derive(Clone, Debug, Default)]
pub struct Ladder {
    entries: BTreeMap<Place, Number>,
}

impl Ladder {
    /// Levels, or orders, best first. `side` is the one this ladder is of.
    pub fn best_first(&self, side: Side) -> impl Iterator<Item = (Price, Number)> + '_ {
        self.orders_best_first(side)
            .map(|(_, price, size)| (price, size))
    }

    /// Orders, best first and at one price by id. `side` is the one this ladder is of.
    pub fn orders_best_first(&self, side: Side) -> impl Iterator<Item = (u64, Price, Number)> + '_ {
        let entries = self.entries.iter();
        entries.map(move |(&(rank, id), &size)| (id, price_at(side, rank), size))
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

/// What became of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderChange {
    /// `Add`, `Modify` or `Cancel`.
    pub action: Action,
    /// Its id.
    pub order: u64,
    /// Where it stands, or stood, and how much of it is left.
    pub level: Level,
}

/// Where an order stands, and which whole book named it last.
#[derive(Clone, Copy, Debug)]
struct Home {
    side: Side,
    price: Price,
    pass: u64,
}

type Homes = hashbrown::HashMap<u64, Home, foldhash::fast::FixedState>;

/// Both sides.
#[derive(Clone, Debug, Default)]
pub struct Ladders {
    /// Bids.
    pub bids: Ladder,
    /// Asks.
    pub asks: Ladder,
    /// Where each order stands; empty where the book is of levels.
    homes: Homes,
    /// Whole books taken over.
    pass: u64,
}

impl Ladders {
    /// Nothing rests.
    pub fn clear(&mut self) {
        self.bids.entries.clear();
        self.asks.entries.clear();
        self.homes.clear();
    }

    /// Applies a level.
    pub fn apply(&mut self, level: &Level) {
        let place = (rank(level.side, level.price), 0);
        let entries = &mut self.side_mut(level.side).entries;
        if level.size.is_zero() {
            entries.remove(&place);
        } else {
            entries.insert(place, level.size);
        }
    }

    /// Applies what is said of an order: where it stands now, or, with a size of 0, that it is gone, wherever it stood. What
    /// that changes goes into `changes`.
    pub fn apply_order(&mut self, order: u64, now: &Level, changes: &mut Vec<OrderChange>) {
        let home = if now.size.is_zero() {
            self.homes.remove(&order)
        } else {
            let (side, price, pass) = (now.side, now.price, self.pass);
            self.homes.insert(order, Home { side, price, pass })
        };
        let before = home.and_then(|home| {
            let place = (rank(home.side, home.price), order);
            let size = self.side_mut(home.side).entries.remove(&place)?;
            Some(Level {
                side: home.side,
                price: home.price,
                size,
            })
        });
        let mut tell = |action, level| {
            changes.push(OrderChange {
                action,
                order,
                level,
            });
        };
        if now.size.is_zero() {
            if let Some(before) = before {
                tell(Action::Cancel, before);
            }
            return;
        }
        match before {
            Some(before) if before == *now => {}
            Some(before) if before.side == now.side => tell(Action::Modify, *now),
            Some(before) => {
                tell(Action::Cancel, before);
                tell(Action::Add, *now);
            }
            None => tell(Action::Add, *now),
        }
        let place = (rank(now.side, now.price), order);
        self.side_mut(now.side).entries.insert(place, now.size);
    }

    /// Applies a whole book: orders it does not name are gone. What that changes goes into `changes`.
    pub fn replace(&mut self, levels: &[Level], orders: &[u64], changes: &mut Vec<OrderChange>) {
        self.pass += 1;
        for (level, &order) in levels.iter().zip(orders) {
            self.apply_order(order, level, changes);
        }
        let first = changes.len();
        for (side, ladder) in [(Side::Bid, &self.bids), (Side::Ask, &self.asks)] {
            for (order, price, size) in ladder.orders_best_first(side) {
                let is_named = |home: &Home| home.pass == self.pass;
                if !self.homes.get(&order).is_some_and(is_named) {
                    changes.push(OrderChange {
                        action: Action::Cancel,
                        order,
                        level: Level { side, price, size },
                    });
                }
            }
        }
        for change in &changes[first..] {
            let level = &change.level;
            let place = (rank(level.side, level.price), change.order);
            self.side_mut(level.side).entries.remove(&place);
            self.homes.remove(&change.order);
        }
    }

    /// Drops what is beyond `depth` entries of a side, and tells it and its id.
    pub fn trim(&mut self, depth: usize, mut dropped: impl FnMut(Level, u64)) {
        for side in [Side::Bid, Side::Ask] {
            while self.side_mut(side).len() > depth {
                if let Some(((rank, order), size)) = self.side_mut(side).entries.pop_last() {
                    let price = price_at(side, rank);
                    self.homes.remove(&order);
                    dropped(Level { side, price, size }, order);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn level(side: Side, price: i64, size: &str) -> Level {
        Level {
            side,
            price: Price(price),
            size: Number::parse(size.as_bytes()).unwrap(),
        }
    }

    fn said(ladders: &mut Ladders, order: u64, now: &Level) -> Vec<(Action, i64)> {
        let mut changes = Vec::new();
        ladders.apply_order(order, now, &mut changes);
        let told = changes.iter();
        told.map(|one| (one.action, one.level.price.0)).collect()
    }

    #[test]
    fn entries_come_best_first_on_both_sides_and_by_id_at_a_price() {
        let mut ladders = Ladders::default();
        for (id, side, price) in [
            (9, Side::Bid, 100),
            (4, Side::Bid, 100),
            (5, Side::Bid, 101),
            (7, Side::Ask, 103),
            (6, Side::Ask, 102),
            (2, Side::Ask, 103),
        ] {
            said(&mut ladders, id, &level(side, price, "1"));
        }
        let ids = |side, ladder: &Ladder| -> Vec<u64> {
            ladder.orders_best_first(side).map(|one| one.0).collect()
        };
        assert_eq!(ids(Side::Bid, &ladders.bids), [5, 4, 9]);
        assert_eq!(ids(Side::Ask, &ladders.asks), [6, 2, 7]);
        let mut dropped = Vec::new();
        ladders.trim(2, |_, id| dropped.push(id));
        assert_eq!(dropped, [9, 7]);
    }

    #[test]
    fn an_order_is_known_again_wherever_it_goes() {
        let mut ladders = Ladders::default();
        let mut check = |now: Level, expected: &[(Action, i64)]| {
            assert_eq!(said(&mut ladders, 1, &now), expected);
        };
        check(level(Side::Bid, 100, "2"), &[(Action::Add, 100)]);
        check(level(Side::Bid, 100, "2"), &[]);
        check(level(Side::Bid, 99, "2"), &[(Action::Modify, 99)]);
        let crossed = [(Action::Cancel, 99), (Action::Add, 98)];
        check(level(Side::Ask, 98, "2"), &crossed);
        // Who takes an order away need not know where it stood.
        check(level(Side::Bid, 0, "0"), &[(Action::Cancel, 98)]);
        check(level(Side::Bid, 0, "0"), &[]);
        assert!(ladders.bids.is_empty() && ladders.asks.is_empty());
    }

    #[test]
    fn a_whole_book_takes_away_what_it_does_not_name() {
        let mut ladders = Ladders::default();
        let mut changes = Vec::new();
        let first = [100, 101, 102].map(|price| level(Side::Ask, price, "1"));
        ladders.replace(&first, &[1, 2, 3], &mut changes);
        changes.clear();
        let second = [
            level(Side::Ask, 101, "1"),
            level(Side::Ask, 102, "5"),
            level(Side::Bid, 99, "1"),
        ];
        ladders.replace(&second, &[2, 3, 4], &mut changes);
        let told: Vec<(Action, u64)> = changes.iter().map(|one| (one.action, one.order)).collect();
        let expected = [(Action::Modify, 3), (Action::Add, 4), (Action::Cancel, 1)];
        assert_eq!(told, expected);
        assert_eq!((ladders.bids.len(), ladders.asks.len()), (1, 2));
        changes.clear();
        ladders.replace(&second, &[2, 3, 4], &mut changes);
        assert!(changes.is_empty());
    }
}
