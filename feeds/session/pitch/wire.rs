//! What messages of all markets begin with, as tables.
//!
//! A view covers the bytes behind length and type, so its offsets are those of the specification
//! less two. Names are those of the specification where all markets agree on them; the rooms have
//! tables with their own names and with what their messages end with.
//!
//! Source: the Cboe Multicast PITCH specifications for US equities 2.41.29, US options 2.39.4 and
//! 2.41.29, complex options 2.1.18, futures 1.1.6 and 1.1.12. Integers are little endian; long
//! prices have four implied decimals, short ones two; times are nanoseconds since the unit's last
//! `Time` message.

use crate::contract::FieldSink;
use crate::session::layout::{Code, Decimal, FieldType, LittleEndian, Text};
use crate::session::sequenced_unit::MESSAGE_HEADER_BYTES;

/// A price with four implied decimals.
pub type PriceE4 = Decimal<LittleEndian<u64>, 4>;
/// A price with two implied decimals.
pub type PriceE2 = Decimal<LittleEndian<u16>, 2>;
/// A price with four implied decimals that may be negative.
pub type SignedPriceE4 = Decimal<LittleEndian<i64>, 4>;
/// A price with two implied decimals that may be negative.
pub type SignedPriceE2 = Decimal<LittleEndian<i16>, 2>;

/// Bit of the flags of an order: the order is in the venue's consolidated quote.
pub const FLAG_DISPLAY: u8 = 1;
/// Bit of the flags of a modification: the order keeps its place in the queue.
pub const FLAG_KEEPS_PRIORITY: u8 = 2;
/// Bit of the flags of an options order: all of it trades or nothing.
pub const FLAG_ALL_OR_NONE: u8 = 8;

/// A byte of flags, shown as an object of named bits.
#[macro_export]
#[doc(hidden)]
macro_rules! pitch_flags {
    ($($(#[$doc:meta])* $name:ident { $($bit:ident $text:literal,)* })*) => { $(
        $(#[$doc])*
        pub struct $name;

        impl $crate::session::layout::FieldType for $name {
            const LEN: usize = 1;
            type Value<'a> = u8;
            #[inline(always)]
            fn get(bytes: &[u8]) -> u8 {
                bytes[0]
            }
            fn put(bytes: &mut [u8], value: u8) {
                bytes[0] = value;
            }
            fn show(
                bytes: &[u8],
                name: &'static str,
                sink: &mut dyn $crate::contract::FieldSink,
            ) {
                sink.begin_object(name);
                $(sink.flag($text, bytes[0] & $bit != 0);)*
                sink.end_object();
            }
        }
    )* };
}

pitch_flags! {
    /// Flags of an order that joins.
    AddFlags { FLAG_DISPLAY "display", }
    /// Flags of an options order that joins.
    OptionAddFlags { FLAG_ALL_OR_NONE "aon", FLAG_DISPLAY "display", }
    /// Flags of an order that is modified.
    ModifyFlags {
        FLAG_DISPLAY "display",
        FLAG_KEEPS_PRIORITY "maintain_priority",
    }
}

/// A byte nobody explains, shown as a number.
pub struct Padding;

impl FieldType for Padding {
    const LEN: usize = 1;
    type Value<'a> = u8;
    #[inline(always)]
    fn get(bytes: &[u8]) -> u8 {
        bytes[0]
    }
    fn put(bytes: &mut [u8], value: u8) {
        bytes[0] = value;
    }
    fn show(bytes: &[u8], name: &'static str, sink: &mut dyn FieldSink) {
        sink.integer(name, i128::from(bytes[0]));
    }
}

crate::layout! {
    /// The second the offsets behind it count from: seconds since midnight.
    pub struct Time(4) "time" {
        0 time: LittleEndian<u32>,
    }
    /// The same, with the same moment in seconds since 1970 UTC.
    pub struct TimeWithEpoch(8) "time" {
        0 time: LittleEndian<u32>,
        4 epoch: LittleEndian<u32>,
    }
    /// Which midnight the seconds count from, in seconds since 1970 UTC, and the time of day.
    pub struct TimeReference(16) "time_reference" {
        0 midnight_reference: LittleEndian<u32>,
        4 time: LittleEndian<u32>,
        8 time_offset: LittleEndian<u32>,
        12 trade_date: LittleEndian<u32>,
    }
    /// Every order of the unit goes.
    pub struct UnitClear(4) "unit_clear" {
        0 time_offset: LittleEndian<u32>,
    }
    /// What follows is one event, until its end.
    pub struct TransactionBegin(4) "transaction_begin" {
        0 time_offset: LittleEndian<u32>,
    }
    /// The event is whole.
    pub struct TransactionEnd(4) "transaction_end" {
        0 time_offset: LittleEndian<u32>,
    }
    /// An order joins the book.
    pub struct AddLong(31) "add_order_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol: Text<6>,
        23 price: LittleEndian<u64>,
    }
    /// An order joins the book; quantity and price are small.
    pub struct AddShort(23) "add_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side: Code,
        13 quantity: LittleEndian<u16>,
        15 symbol: Text<6>,
        21 price: LittleEndian<u16>,
    }
    /// An order joins the book, with a long symbol.
    pub struct AddExpanded(33) "add_order_expanded" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol: Text<8>,
        25 price: LittleEndian<u64>,
    }
    /// An order trades at its price.
    pub struct OrderExecuted(24) "order_executed" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 executed_quantity: LittleEndian<u32>,
        16 execution_id: LittleEndian<u64>,
    }
    /// The same, with the condition of the trade.
    pub struct OrderExecutedFull(25) "order_executed" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 executed_quantity: LittleEndian<u32>,
        16 execution_id: LittleEndian<u64>,
        24 trade_condition: Code,
    }
    /// An order trades at another price; what is left of it is told.
    pub struct ExecutedAtPrice(36) "order_executed_at_price_size" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 executed_quantity: LittleEndian<u32>,
        16 remaining_quantity: LittleEndian<u32>,
        20 execution_id: LittleEndian<u64>,
        28 price: LittleEndian<u64>,
    }
    /// A part of an order is taken away.
    pub struct ReduceSizeLong(16) "reduce_size_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 canceled_quantity: LittleEndian<u32>,
    }
    /// A small part of an order is taken away.
    pub struct ReduceSizeShort(14) "reduce_size_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 canceled_quantity: LittleEndian<u16>,
    }
    /// An order has another quantity or price.
    pub struct ModifyLong(24) "modify_order_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 quantity: LittleEndian<u32>,
        16 price: LittleEndian<u64>,
    }
    /// The same, as equities and options name its fields.
    pub struct ModifyOrderLong(24) "modify_order_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 quantity: LittleEndian<u32>,
        16 price: PriceE4,
    }
    /// The same, with its flags.
    pub struct ModifyOrderLongFull(25) "modify_order_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 quantity: LittleEndian<u32>,
        16 price: PriceE4,
        24 modify_order_flags: ModifyFlags,
    }
    /// The same with small values, as equities and options name its fields.
    pub struct ModifyOrderShort(16) "modify_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 quantity_short: LittleEndian<u16>,
        14 price_short: PriceE2,
    }
    /// The same, with its flags.
    pub struct ModifyOrderShortFull(17) "modify_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 quantity_short: LittleEndian<u16>,
        14 price_short: PriceE2,
        16 modify_order_flags: ModifyFlags,
    }
    /// An order has another quantity or price, both small.
    pub struct ModifyShort(16) "modify_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 quantity: LittleEndian<u16>,
        14 price: LittleEndian<u16>,
    }
    /// An order is taken away.
    pub struct DeleteOrder(12) "delete_order" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
    }
    /// A trade against an order that was never displayed.
    pub struct TradeLong(39) "trade_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol: Text<6>,
        23 price: LittleEndian<u64>,
        31 execution_id: LittleEndian<u64>,
    }
    /// The same; quantity and price are small.
    pub struct TradeShort(31) "trade_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side: Code,
        13 quantity: LittleEndian<u16>,
        15 symbol: Text<6>,
        21 price: LittleEndian<u16>,
        23 execution_id: LittleEndian<u64>,
    }
    /// The same, with a long symbol.
    pub struct TradeExpanded(41) "trade_expanded" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol_extended: Text<8>,
        25 price: PriceE4,
        33 execution_id: LittleEndian<u64>,
    }
    /// A trade is cancelled.
    pub struct TradeBreak(12) "trade_break" {
        0 time_offset: LittleEndian<u32>,
        4 execution_id: LittleEndian<u64>,
    }
    /// Nothing follows in the unit.
    pub struct EndOfSession(4) "end_of_session" {
        0 time_offset: LittleEndian<u32>,
    }
    /// The same, as equities and options name its field.
    pub struct SessionEnd(4) "end_of_session" {
        0 timestamp: LittleEndian<u32>,
    }
    /// How an auction stands.
    pub struct AuctionState(45) "auction_update" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<8>,
        12 auction_type: Code,
        13 reference_price: LittleEndian<u64>,
        21 buy: LittleEndian<u32>,
        25 sell: LittleEndian<u32>,
        29 indicative_price: LittleEndian<u64>,
        37 auction_only_price: LittleEndian<u64>,
    }
    /// How an auction ended.
    pub struct AuctionResult(25) "auction_summary" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<8>,
        12 auction_type: Code,
        13 price: LittleEndian<u64>,
        21 quantity: LittleEndian<u32>,
    }
}

/// One message type.
#[derive(Clone, Copy, Debug)]
pub struct TypeInfo {
    /// The type byte.
    pub tag: u8,
    /// The specification's name, snake case.
    pub name: &'static str,
    /// Fewest bytes of the whole message, length and type included.
    pub bytes: u8,
}

impl TypeInfo {
    /// A type whose body has at least `body` bytes.
    pub const fn new(tag: u8, name: &'static str, body: usize) -> TypeInfo {
        TypeInfo {
            tag,
            name,
            bytes: (body + MESSAGE_HEADER_BYTES) as u8,
        }
    }
}

/// The types of a market: `tag Shortest Longest` lines, of views. Makes `TYPES` and
/// `inspect_message`.
#[macro_export]
#[doc(hidden)]
macro_rules! pitch_types {
    ($($tag:literal $view:ident $full:ident)*) => {
        /// Every message type, in the order of the coverage table.
        pub const TYPES: &[$crate::session::pitch::wire::TypeInfo] = &[
            $($crate::session::pitch::wire::TypeInfo::new($tag, $view::NAME, $view::LEN),)*
        ];

        /// Hands the fields of one message (type and body) to `show`; `None` when the type is
        /// unknown or the bytes are too few.
        pub fn inspect_message(
            message: &[u8],
            show: &mut dyn FnMut(&dyn $crate::contract::InspectedMessage),
        ) -> Option<()> {
            let (tag, body) = message.split_first()?;
            match tag {
                $($tag => match $full::of(body) {
                    Some(full) => show(&full),
                    None => show(&$view::of(body)?),
                },)*
                _ => return None,
            }
            Some(())
        }
    };
}
