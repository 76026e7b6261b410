//! What one tick did to a book.

use super::top::Level;
use feeds::model::{InstrumentId, Price, Side, Tick};

/// What a tick said that cannot be true of this book. Counted by the caller; the book stays consistent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Fault {
    /// An order nobody added, or the successor of one. A `Modify` with a price, side and size was taken as an `Add`; else nothing happened.
    UnknownOrder,
    /// An order was added twice. The later one replaced the earlier.
    DuplicateOrder,
    /// More was cancelled than the order had. It is gone.
    OverCancel,
    /// A `Modify` put the order on the other side. It is there now.
    SideChanged,
    /// A level was removed that is not there. Harmless: some venues delete levels nobody saw.
    OrphanLevel,
    /// An order or level without a side, or a level without a price. Ignored.
    Incomplete,
    /// An order of size 0, or without a size. Ignored.
    NoSize,
    /// Sizes of one price add up to more than 64 bits hold. Ignored.
    SizeOverflow,
    /// The tick names an instrument nobody defined. Ignored.
    UndefinedInstrument,
    /// A level for books by order, or an order for books by level. Ignored.
    WrongKind,
    /// A stated maximum of orders or levels is reached. Ignored.
    Full,
}

impl Fault {
    /// Every fault, in the order of their numbers: `ALL[fault as usize] == fault`.
    pub const ALL: [Fault; 11] = [
        Fault::UnknownOrder,
        Fault::DuplicateOrder,
        Fault::OverCancel,
        Fault::SideChanged,
        Fault::OrphanLevel,
        Fault::Incomplete,
        Fault::NoSize,
        Fault::SizeOverflow,
        Fault::UndefinedInstrument,
        Fault::WrongKind,
        Fault::Full,
    ];

    /// Stable name for counters and reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Fault::UnknownOrder => "unknown_order",
            Fault::DuplicateOrder => "duplicate_order",
            Fault::OverCancel => "over_cancel",
            Fault::SideChanged => "side_changed",
            Fault::OrphanLevel => "orphan_level",
            Fault::Incomplete => "incomplete",
            Fault::NoSize => "no_size",
            Fault::SizeOverflow => "size_overflow",
            Fault::UndefinedInstrument => "undefined_instrument",
            Fault::WrongKind => "wrong_kind",
            Fault::Full => "full",
        }
    }
}

/// The resting order that a `Cancel` or `Fill` named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filled {
    /// Its price; undefined for an order without one.
    pub price: Price,
    /// Its side. The aggressor of a trade with it is the opposite.
    pub side: Side,
}

/// What one tick did to the books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// Size at `price` before.
    pub size_before: u64,
    /// Size at `price` now; 0 when the level is gone.
    pub size_after: u64,
    /// The level that changed; undefined when none did, or all did (`Clear`).
    pub price: Price,
    /// The level a `Modify` left for `price`, on the same side; else undefined.
    pub price_left: Price,
    /// Whose book, resolved from the order where the tick did not say; [`InstrumentId::ALL`] for all or none.
    pub instrument: InstrumentId,
    /// Orders at `price` now; 0 where they are not known.
    pub orders_after: u32,
    /// Position of the best level touched, 0 the best one; [`Change::DEPTH_NONE`] when no level changed.
    ///
    /// A removed level counts with the position it had.
    pub depth: u32,
    /// Side of the level that changed, or of the order a `Fill` named.
    pub side: Side,
    /// Price, size or order count of the best level of `side` (of either side after a `Clear`) changed.
    pub best_moved: bool,
    /// The best level of `side` now, if it moved and there is one; nothing after a `Clear`.
    pub best: Option<Level>,
    /// What could not be true.
    pub fault: Option<Fault>,
    /// The tick named a resting order and it was there.
    pub(super) named: bool,
    /// Price of that order.
    pub(super) named_price: Price,
}

impl Change {
    /// [`depth`](Change::depth) when no level changed.
    pub const DEPTH_NONE: u32 = u32::MAX;

    /// Nothing changed.
    pub(super) fn none(tick: &Tick) -> Change {
        Change {
            size_before: 0,
            size_after: 0,
            price: Price::UNDEFINED,
            price_left: Price::UNDEFINED,
            instrument: tick.instrument,
            orders_after: 0,
            depth: Change::DEPTH_NONE,
            side: Side::None,
            best_moved: false,
            best: None,
            fault: None,
            named: false,
            named_price: Price::UNDEFINED,
        }
    }

    /// Nothing changed, and this is why.
    pub(super) fn fault(tick: &Tick, fault: Fault) -> Change {
        Change {
            fault: Some(fault),
            ..Change::none(tick)
        }
    }

    /// Whether any level changed.
    pub fn is_change(&self) -> bool {
        self.depth != Change::DEPTH_NONE
    }

    /// Whether the change shows among the best `count` levels of its side.
    pub fn visible(&self, count: u32) -> bool {
        self.depth < count
    }

    /// The resting order that a `Cancel` or `Fill` named, if it was there. Prices the trade of its event.
    pub fn filled(&self) -> Option<Filled> {
        self.named.then_some(Filled {
            price: self.named_price,
            side: self.side,
        })
    }
}
