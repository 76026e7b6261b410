//! The tick: one normalised fact in one cache line.

use super::{EventTime, InstrumentId, Price, RecvTime, Size};

/// Which channel of the process a tick belongs to: dense from 0, given at start.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct ChannelId(pub u16);

/// What happened. Letters as in DBN where it has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Action {
    /// An order joined the book: `order_id`, `side`, `price`, `size`. [`Side::None`] means "the side of the order that the
    /// last `Cancel` of this event took away": the successor of a replaced order where the venue does not repeat the side.
    Add = b'A',
    /// An order has a new price or size (absolute), keeping its id.
    Modify = b'M',
    /// `size` left the order (all of it when [`Size::WHOLE`]); `detail` says why ([`cancel_detail`]).
    Cancel = b'C',
    /// A resting order traded; the book is left alone, a `Cancel` follows.
    Fill = b'F',
    /// A print. `order_id` is the venue's trade id, `side` the aggressor. An undefined price means "that of the resting
    /// order named by the next `Cancel` of this event".
    Trade = b'T',
    /// Every order or level of the instrument goes.
    Clear = b'R',
    /// `size` is what now rests at `price`; 0 removes the level. `order_id` is the order count where the venue gives it.
    Level = b'L',
    /// One side's best price and size, from top-of-book feeds; an undefined price means no quote.
    Quote = b'Q',
    /// Trading status: `detail` is a [`TradingState`](super::TradingState), `order_id` the venue's reason as 8 bytes.
    Status = b'S',
    /// `detail` is a [`StatisticKind`](super::StatisticKind).
    Statistic = b'V',
    /// `detail` is an [`ImbalanceKind`](super::ImbalanceKind).
    Imbalance = b'I',
    /// A definition for this instrument was handed over before this tick.
    Definition = b'D',
    /// Messages are missing: `detail` is a [`GapKind`](super::GapKind), `sequence` the first, `size` how many.
    Gap = b'G',
    /// The open gap of the channel is closed without loss: `sequence` its first number, `size` how many.
    Recovered = b'Y',
    /// The stream starts anew: `detail` is a [`ResetKind`](super::ResetKind).
    Reset = b'Z',
    /// About the channel itself: `detail` 1 says that every line of it is silent for longer than its settings allow,
    /// `detail` 0 that it is alive (again).
    Heartbeat = b'H',
}

/// Side of the book: of a resting order or level, or, in a trade, who crossed the spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Side {
    /// Buyers.
    Bid = b'B',
    /// Sellers.
    Ask = b'A',
    /// Not known or not applicable.
    None = b'N',
}

impl Side {
    /// The other side of the book; `None` stays `None`.
    pub const fn opposite(self) -> Side {
        match self {
            Side::Bid => Side::Ask,
            Side::Ask => Side::Bid,
            Side::None => Side::None,
        }
    }
}

/// Values of `detail` in a `Cancel`.
pub mod cancel_detail {
    /// The participant (or the venue on its behalf) took the size away.
    pub const WITHDRAWN: u8 = 0;
    /// The size traded.
    pub const EXECUTED: u8 = 1;
    /// The order is replaced; the `Add` of the same event is its successor.
    pub const REPLACED: u8 = 2;
}

/// Values of `detail` in a `Heartbeat`.
pub mod heartbeat_detail {
    /// The channel speaks again.
    pub const ALIVE: u8 = 0;
    /// No line says anything new.
    pub const SILENT: u8 = 1;
    /// With `SNAPSHOT` and `LAST`: a snapshot of the whole channel ends here; what it did not name has an empty book.
    pub const SNAPSHOT_WHOLE: u8 = 2;
    /// With `SNAPSHOT` and `LAST`: a snapshot ends here of the instruments it named, and of no others.
    pub const SNAPSHOT_PART: u8 = 3;
}

/// Bits that qualify a tick. The bits are DBN's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[repr(transparent)]
pub struct Flags(pub u8);

impl Flags {
    /// Nothing to say.
    pub const NONE: Flags = Flags(0);
    /// Last tick of one matching-engine event: the book is consistent again.
    pub const LAST: Flags = Flags(0x80);
    /// Top-of-book information, not a single order.
    pub const TOB: Flags = Flags(0x40);
    /// Part of a snapshot, not of the live stream.
    pub const SNAPSHOT: Flags = Flags(0x20);
    /// Aggregated by price level.
    pub const MBP: Flags = Flags(0x10);
    /// `ts_recv` is not trustworthy.
    pub const BAD_TS_RECV: Flags = Flags(0x08);
    /// Applied although something before it is missing.
    pub const MAYBE_BAD_BOOK: Flags = Flags(0x04);
    /// The venue says this print does not count in volume (or high and low).
    pub const PUBLISHER_SPECIFIC: Flags = Flags(0x02);

    /// These bits less those of `other`.
    #[must_use]
    pub const fn without(self, other: Flags) -> Flags {
        Flags(self.0 & !other.0)
    }

    /// Whether all bits of `other` are set.
    pub const fn contains(self, other: Flags) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets of bits.
    pub const fn with(self, other: Flags) -> Flags {
        Flags(self.0 | other.0)
    }
}

/// One normalised fact. 64 bytes, one cache line, no padding that is not named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Tick {
    /// When the matching engine made it; undefined where the venue does not say.
    pub ts_event: EventTime,
    /// When the packet reached us (or the capture).
    pub ts_recv: RecvTime,
    /// The venue's sequence number of the message; 0 where it has none.
    pub sequence: u64,
    /// Order id, or what [`Action`] says.
    pub order_id: u64,
    /// Price in 1e-9, [`Price::UNDEFINED`] where there is none.
    pub price: Price,
    /// Size in the instrument's units.
    pub size: Size,
    /// Which instrument, or [`InstrumentId::ALL`].
    pub instrument: InstrumentId,
    /// Nanoseconds from the venue's sending to `ts_recv`, saturated; 0 where the venue does not say.
    pub ts_in_delta: i32,
    /// Which channel.
    pub channel: ChannelId,
    /// What happened.
    pub action: Action,
    /// Which side.
    pub side: Side,
    /// Qualifying bits.
    pub flags: Flags,
    /// Meaning by action: see [`Action`].
    pub detail: u8,
    /// Zero; keeps the line free of unnamed padding.
    pub reserved: [u8; 2],
}

const _: () = assert!(size_of::<Tick>() == 64);
const _: () = assert!(align_of::<Tick>() == 64);
const _: () = assert!(std::mem::offset_of!(Tick, reserved) == 62);

impl Tick {
    /// A tick that says nothing yet but when and where it belongs; callers fill in the rest.
    pub const fn blank(channel: ChannelId, action: Action) -> Tick {
        Tick {
            ts_event: EventTime::UNDEFINED,
            ts_recv: RecvTime::UNDEFINED,
            sequence: 0,
            order_id: 0,
            price: Price::UNDEFINED,
            size: Size(0),
            instrument: InstrumentId::ALL,
            ts_in_delta: 0,
            channel,
            action,
            side: Side::None,
            flags: Flags::NONE,
            detail: 0,
            reserved: [0; 2],
        }
    }

    /// Whether this tick closes a matching-engine event.
    pub const fn is_last(&self) -> bool {
        self.flags.contains(Flags::LAST)
    }
}
