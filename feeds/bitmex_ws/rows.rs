//! Rows of a book table, and which price an id is.

use crate::model::{EventTime, Price, Side, Symbol};
use crate::session::stitch::{BookMessage, Hear, Level, Span};
use crate::session::text::Number;

/// Rows of one instrument that are remembered; with more, its book is given up.
const ROWS_MAX: usize = 65_536;
/// Instruments whose rows are remembered; books of others need a price in every row.
const INSTRUMENTS_MAX: usize = 16_384;

type Map<K, V> = hashbrown::HashMap<K, V, foldhash::fast::FixedState>;

/// What happened to rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// These are all.
    Partial,
    Insert,
    Update,
    Delete,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) id: u64,
    pub(super) side: Side,
    /// Zero where it is gone.
    pub(super) size: Number,
    pub(super) price: Option<Price>,
    pub(super) time: EventTime,
}

/// Prices of rows by id, instrument by instrument.
#[derive(Default)]
pub(super) struct Prices {
    known: Map<Symbol, Map<u64, Price>>,
    levels: Vec<Level>,
}

impl Prices {
    /// Tells rows of one instrument as a message about its book.
    #[inline]
    pub(super) fn tell<H: Hear>(
        &mut self,
        symbol: &[u8],
        change: Change,
        rows: &[Row],
        hear: &mut H,
    ) {
        let name = Symbol::new(symbol);
        if change == Change::Partial {
            if let Some(known) = self.known.get_mut(&name) {
                known.clear();
            } else if self.known.len() < INSTRUMENTS_MAX {
                self.known.insert(name, Map::default());
            }
        }
        self.levels.clear();
        let is_told = match self.known.get_mut(&name) {
            Some(known) => resolve(known, change, rows, &mut self.levels),
            // Nothing is known before the first partial, and nothing is to be told.
            None if rows.iter().any(|row| row.price.is_none()) => return,
            None => resolve(&mut Map::default(), change, rows, &mut self.levels),
        };
        if !is_told {
            self.known.remove(&name);
            hear.lost(symbol);
            return;
        }
        let time = rows.last().map_or(EventTime::UNDEFINED, |row| row.time);
        hear.book(&BookMessage {
            symbol,
            is_snapshot: change == Change::Partial,
            span: Span::default(),
            time,
            levels: &self.levels,
            checksum: None,
            orders: &[],
            digits: (0, 0),
        });
    }

    pub(super) fn forget(&mut self) {
        self.known.clear();
    }
}

/// Rows as levels; `false` when the price of one is not known, or there are too many.
#[inline]
fn resolve(
    known: &mut Map<u64, Price>,
    change: Change,
    rows: &[Row],
    levels: &mut Vec<Level>,
) -> bool {
    for row in rows {
        let price = match (change, row.price) {
            (Change::Delete, said) => {
                let price = known.remove(&row.id);
                said.or(price)
            }
            (_, Some(price)) => {
                if known.len() >= ROWS_MAX && !known.contains_key(&row.id) {
                    return false;
                }
                known.insert(row.id, price);
                Some(price)
            }
            (_, None) => known.get(&row.id).copied(),
        };
        let Some(price) = price else {
            return false;
        };
        levels.push(Level {
            side: row.side,
            price,
            size: row.size,
        });
    }
    true
}
