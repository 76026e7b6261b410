//! Message layouts, as tables.
//!
//! A view covers the bytes behind length and type, so its offsets are those of the specification
//! less two. The venue adds fields at the end of messages, so a longer message is read as far as it
//! is known, and three types have a last field that not every version sends: their views end before
//! it, and a second view has it.
//!
//! Source: Cboe US Equities Multicast PITCH 2.41.29. Integers are little endian and unsigned; long
//! prices have four implied decimals, short ones two; times are nanoseconds since the unit's last
//! `Time` message.

use crate::contract::{FieldSink, InspectedMessage};
use crate::session::layout::{Code, Decimal, FieldType, LittleEndian, Reserved, Text};
use crate::session::sequenced_unit::MESSAGE_HEADER_BYTES;

/// A price with four implied decimals.
pub type PriceE4 = Decimal<LittleEndian<u64>, 4>;
/// A price with two implied decimals.
pub type PriceE2 = Decimal<LittleEndian<u16>, 2>;

/// Bit of the flags of an order: the order is in the venue's consolidated quote.
pub const FLAG_DISPLAY: u8 = 1;
/// Bit of the flags of a modification: the order keeps its place in the queue.
pub const FLAG_KEEPS_PRIORITY: u8 = 2;

/// Flags of an order that joins.
pub struct AddFlags;
/// Flags of an order that is modified.
pub struct ModifyFlags;

impl FieldType for AddFlags {
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
        sink.begin_object(name);
        sink.flag("display", bytes[0] & FLAG_DISPLAY != 0);
        sink.end_object();
    }
}

impl FieldType for ModifyFlags {
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
        sink.begin_object(name);
        sink.flag("display", bytes[0] & FLAG_DISPLAY != 0);
        sink.flag("maintain_priority", bytes[0] & FLAG_KEEPS_PRIORITY != 0);
        sink.end_object();
    }
}

crate::layout! {
    /// The second the offsets behind it count from: seconds since midnight in New York.
    pub struct Time(4) "time" {
        0 time: LittleEndian<u32>,
    }
    /// Every order of the unit goes.
    pub struct UnitClear(4) "unit_clear" {
        0 time_offset: LittleEndian<u32>,
    }
    /// An order joins the book.
    pub struct AddOrderLong(32) "add_order_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol: Text<6>,
        23 price: PriceE4,
        31 add_order_flags: AddFlags,
    }
    /// An order joins the book; quantity and price are small.
    pub struct AddOrderShort(24) "add_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u16>,
        15 symbol: Text<6>,
        21 price: PriceE2,
        23 add_order_flags: AddFlags,
    }
    /// An order joins the book, with a long symbol and perhaps under a name.
    pub struct AddOrderExpanded(39) "add_order_expanded" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol: Text<8>,
        25 price: PriceE4,
        33 add_order_flags: AddFlags,
        34 participant_id: Text<4>,
        38 customer_indicator: Code,
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
    pub struct OrderExecutedAtPriceSize(36) "order_executed_at_price_size" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 executed_quantity: LittleEndian<u32>,
        16 remaining_quantity: LittleEndian<u32>,
        20 execution_id: LittleEndian<u64>,
        28 price: PriceE4,
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
    /// An order has another quantity or price, both small.
    pub struct ModifyOrderShort(16) "modify_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 quantity: LittleEndian<u16>,
        14 price: PriceE2,
    }
    /// The same, with its flags.
    pub struct ModifyOrderShortFull(17) "modify_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 quantity: LittleEndian<u16>,
        14 price: PriceE2,
        16 modify_order_flags: ModifyFlags,
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
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol: Text<6>,
        23 price: PriceE4,
        31 execution_id: LittleEndian<u64>,
    }
    /// The same; quantity and price are small.
    pub struct TradeShort(31) "trade_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u16>,
        15 symbol: Text<6>,
        21 price: PriceE2,
        23 execution_id: LittleEndian<u64>,
    }
    /// The same, with a long symbol.
    pub struct TradeExpanded(41) "trade_expanded" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol: Text<8>,
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
    /// Trading status of an instrument.
    pub struct TradingStatus(16) "trading_status" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<8>,
        12 trading_status: Code,
        13 reg_sho_action: Code,
        14 reserved: Reserved<2>,
    }
    /// How an auction stands.
    pub struct AuctionUpdate(45) "auction_update" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<8>,
        12 auction_type: Code,
        13 reference_price: PriceE4,
        21 buy_shares: LittleEndian<u32>,
        25 sell_shares: LittleEndian<u32>,
        29 indicative_price: PriceE4,
        37 auction_only_price: PriceE4,
    }
    /// How an auction ended.
    pub struct AuctionSummary(25) "auction_summary" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<8>,
        12 auction_type: Code,
        13 price: PriceE4,
        21 shares: LittleEndian<u32>,
    }
    /// Whether there is interest that betters the price for retail orders.
    pub struct RetailPriceImprovement(13) "retail_price_improvement" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<8>,
        12 retail_price_improvement: Code,
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

macro_rules! types {
    ($($tag:literal $view:ident $full:ident)*) => {
        /// Every message type, in the order of the coverage table.
        pub const TYPES: &[TypeInfo] = &[
            $(TypeInfo {
                tag: $tag,
                name: $view::NAME,
                bytes: ($view::LEN + MESSAGE_HEADER_BYTES) as u8,
            },)*
        ];

        /// Hands the fields of one message (type and body) to `show`; `None` when the type is
        /// unknown or the bytes are too few.
        pub fn inspect_message(
            message: &[u8],
            show: &mut dyn FnMut(&dyn InspectedMessage),
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

types! {
    0x20 Time Time
    0x97 UnitClear UnitClear
    0x21 AddOrderLong AddOrderLong
    0x22 AddOrderShort AddOrderShort
    0x2F AddOrderExpanded AddOrderExpanded
    0x23 OrderExecuted OrderExecutedFull
    0x24 OrderExecutedAtPriceSize OrderExecutedAtPriceSize
    0x25 ReduceSizeLong ReduceSizeLong
    0x26 ReduceSizeShort ReduceSizeShort
    0x27 ModifyOrderLong ModifyOrderLongFull
    0x28 ModifyOrderShort ModifyOrderShortFull
    0x29 DeleteOrder DeleteOrder
    0x2A TradeLong TradeLong
    0x2B TradeShort TradeShort
    0x30 TradeExpanded TradeExpanded
    0x2C TradeBreak TradeBreak
    0x2D EndOfSession EndOfSession
    0x31 TradingStatus TradingStatus
    0x95 AuctionUpdate AuctionUpdate
    0x96 AuctionSummary AuctionSummary
    0x98 RetailPriceImprovement RetailPriceImprovement
}
