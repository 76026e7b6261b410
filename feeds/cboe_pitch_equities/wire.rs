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

use crate::session::layout::{Code, LittleEndian, Reserved, Text};
use crate::session::pitch::wire::{
    AddFlags, DeleteOrder, ModifyOrderLong, ModifyOrderLongFull, ModifyOrderShort,
    ModifyOrderShortFull, OrderExecuted, OrderExecutedFull, PriceE2, PriceE4, ReduceSizeLong,
    ReduceSizeShort, SessionEnd, Time, TradeBreak, TradeExpanded, UnitClear,
};

crate::layout! {
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
        13 quantity_short: LittleEndian<u16>,
        15 symbol: Text<6>,
        21 price_short: PriceE2,
        23 add_order_flags: AddFlags,
    }
    /// An order joins the book, with a long symbol and perhaps under a name.
    pub struct AddOrderExpanded(39) "add_order_expanded" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol_extended: Text<8>,
        25 price: PriceE4,
        33 add_order_flags: AddFlags,
        34 participant_id: Text<4>,
        38 customer_indicator: Code,
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
        13 quantity_short: LittleEndian<u16>,
        15 symbol: Text<6>,
        21 price_short: PriceE2,
        23 execution_id: LittleEndian<u64>,
    }
    /// Trading status of an instrument.
    pub struct TradingStatus(16) "trading_status" {
        0 time_offset: LittleEndian<u32>,
        4 symbol_extended: Text<8>,
        12 trading_status: Code,
        13 reg_sho_action: Code,
        14 padding: Reserved<2>,
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

crate::pitch_types! {
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
    0x2D SessionEnd SessionEnd
    0x31 TradingStatus TradingStatus
    0x95 AuctionUpdate AuctionUpdate
    0x96 AuctionSummary AuctionSummary
    0x98 RetailPriceImprovement RetailPriceImprovement
}
