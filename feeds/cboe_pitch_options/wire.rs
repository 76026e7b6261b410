//! Message layouts, as tables.
//!
//! A view covers the bytes behind length and type, so its offsets are those of the specification
//! less two. Where versions differ in the last fields there are two views of a message, the shorter
//! one without them.
//!
//! Source: Cboe US Options Multicast PITCH 2.41.29 and 2.39.4. Integers are little endian and
//! unsigned; long prices have four implied decimals, short ones two.

use crate::session::layout::{Code, LittleEndian, Reserved, Text};
use crate::session::pitch::options::{
    AuctionCancel, ReduceSizeShort, SymbolMapping, SymbolMappingFull,
};
use crate::session::pitch::wire::{
    DeleteOrder, ModifyOrderLong, ModifyOrderLongFull, ModifyOrderShort, ModifyOrderShortFull,
    OptionAddFlags, OrderExecutedFull, PriceE2, PriceE4, ReduceSizeLong, SessionEnd, Time,
    TimeReference, TradeBreak, TradeExpanded, TransactionBegin, TransactionEnd, UnitClear,
};

crate::layout! {
    /// The second the offsets behind it count from, since midnight and since 1970.
    pub struct TimeFull(8) "time" {
        0 time: LittleEndian<u32>,
        4 epoch_time: LittleEndian<u32>,
    }
    /// An order joins the book.
    pub struct AddOrderLong(32) "add_order_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol: Text<6>,
        23 price: PriceE4,
        31 add_order_flags: OptionAddFlags,
    }
    /// An order joins the book; quantity and price are small.
    pub struct AddOrderShort(24) "add_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity_short: LittleEndian<u16>,
        15 symbol: Text<6>,
        21 price_short: PriceE2,
        23 add_order_flags: OptionAddFlags,
    }
    /// An order joins the book, perhaps under a name.
    pub struct AddOrderExpanded(39) "add_order_expanded" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol_extended: Text<8>,
        25 price: PriceE4,
        33 add_order_flags: OptionAddFlags,
        34 participant_id: Text<4>,
        38 customer_indicator: Code,
    }
    /// The same, with the client.
    pub struct AddOrderExpandedFull(43) "add_order_expanded" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol_extended: Text<8>,
        25 price: PriceE4,
        33 add_order_flags: OptionAddFlags,
        34 participant_id: Text<4>,
        38 customer_indicator: Code,
        39 client_id: Text<4>,
    }
    /// An order trades at another price; what is left of it is told.
    pub struct OrderExecutedAtPriceSize(37) "order_executed_at_price_size" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 executed_quantity: LittleEndian<u32>,
        16 remaining_quantity: LittleEndian<u32>,
        20 execution_id: LittleEndian<u64>,
        28 price: PriceE4,
        36 trade_condition: Code,
    }
    /// A trade against an order that was never displayed.
    pub struct TradeLong(40) "trade_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol: Text<6>,
        23 price: PriceE4,
        31 execution_id: LittleEndian<u64>,
        39 trade_condition: Code,
    }
    /// The same; quantity and price are small.
    pub struct TradeShort(32) "trade_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity_short: LittleEndian<u16>,
        15 symbol: Text<6>,
        21 price_short: PriceE2,
        23 execution_id: LittleEndian<u64>,
        31 trade_condition: Code,
    }
    /// The same, with the condition of the trade.
    pub struct TradeExpandedFull(42) "trade_expanded" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 symbol_extended: Text<8>,
        25 price: PriceE4,
        33 execution_id: LittleEndian<u64>,
        41 trade_condition: Code,
    }
    /// Trading status of an option.
    pub struct TradingStatus(16) "trading_status" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<6>,
        10 reserved2: Reserved<2>,
        12 trading_status: Code,
        13 reserved1: Reserved<1>,
        14 gth_trading_status: Code,
        15 padding: Reserved<1>,
    }
    /// How wide quotes of an underlying's options may be.
    pub struct WidthUpdate(17) "width_update" {
        0 time_offset: LittleEndian<u32>,
        4 underlying: Text<8>,
        12 width_type: Code,
        13 multiplier: LittleEndian<u32>,
    }
    /// How an auction stands.
    pub struct AuctionUpdate(62) "auction_update" {
        0 time_offset: LittleEndian<u32>,
        4 symbol_extended: Text<8>,
        12 auction_type: Code,
        13 reference_price: PriceE4,
        21 buy_contracts: LittleEndian<u32>,
        25 sell_contracts: LittleEndian<u32>,
        29 indicative_price: PriceE4,
        37 auction_only_price: PriceE4,
        45 opening_condition: Code,
        46 composite_market_bid_price: PriceE4,
        54 composite_market_offer_price: PriceE4,
    }
    /// How an auction stands, as the older version says it.
    pub struct AuctionUpdateOld(45) "auction_update" {
        0 time_offset: LittleEndian<u32>,
        4 stock_symbol: Text<8>,
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
        4 symbol_extended: Text<8>,
        12 auction_opening_type: Code,
        13 price: PriceE4,
        21 shares_contracts: LittleEndian<u32>,
    }
    /// An order asks for a better price than the market's.
    pub struct AuctionNotification(41) "auction_notification" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<6>,
        10 auction_id: LittleEndian<u64>,
        18 auction_notification_type: Code,
        19 side: Code,
        20 price: PriceE4,
        28 contracts: LittleEndian<u32>,
        32 customer_indicator: Code,
        33 participant_id: Text<4>,
        37 auction_end_offset: LittleEndian<u32>,
    }
    /// The same, with the client.
    pub struct AuctionNotificationFull(45) "auction_notification" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<6>,
        10 auction_id: LittleEndian<u64>,
        18 auction_notification_type: Code,
        19 side: Code,
        20 price: PriceE4,
        28 contracts: LittleEndian<u32>,
        32 customer_indicator: Code,
        33 participant_id: Text<4>,
        37 auction_end_offset: LittleEndian<u32>,
        41 client_id: Text<4>,
    }
    /// Which auction a trade was of.
    pub struct AuctionTrade(32) "auction_trade" {
        0 time_offset: LittleEndian<u32>,
        4 auction_id: LittleEndian<u64>,
        12 execution_id: LittleEndian<u64>,
        20 price: PriceE4,
        28 contracts: LittleEndian<u32>,
    }
    /// Strikes that take part in a settlement by opening prices.
    pub struct SoqStrikeRangeUpdate(40) "soq_strike_range_update" {
        0 time_offset: LittleEndian<u32>,
        4 soq_identifier: Text<20>,
        24 lower_strike_price: PriceE4,
        32 upper_strike_price: PriceE4,
    }
    /// Whether there is interest that betters the price for retail orders.
    pub struct RetailPriceImprovement(13) "retail_price_improvement" {
        0 time_offset: LittleEndian<u32>,
        4 expanded_symbol: Text<8>,
        12 retail_price_improvement: Code,
    }
}

crate::pitch_types! {
    0xB1 TimeReference TimeReference
    0x20 Time TimeFull
    0x97 UnitClear UnitClear
    0xBC TransactionBegin TransactionBegin
    0xBD TransactionEnd TransactionEnd
    0x21 AddOrderLong AddOrderLong
    0x22 AddOrderShort AddOrderShort
    0x2F AddOrderExpanded AddOrderExpandedFull
    0x23 OrderExecutedFull OrderExecutedFull
    0x24 OrderExecutedAtPriceSize OrderExecutedAtPriceSize
    0x25 ReduceSizeLong ReduceSizeLong
    0x26 ReduceSizeShort ReduceSizeShort
    0x27 ModifyOrderLong ModifyOrderLongFull
    0x28 ModifyOrderShort ModifyOrderShortFull
    0x29 DeleteOrder DeleteOrder
    0x2A TradeLong TradeLong
    0x2B TradeShort TradeShort
    0x30 TradeExpanded TradeExpandedFull
    0x2C TradeBreak TradeBreak
    0x2D SessionEnd SessionEnd
    0x2E SymbolMapping SymbolMappingFull
    0x31 TradingStatus TradingStatus
    0xD2 WidthUpdate WidthUpdate
    0xD1 AuctionUpdate AuctionUpdate
    0x95 AuctionUpdateOld AuctionUpdateOld
    0x96 AuctionSummary AuctionSummary
    0xAD AuctionNotification AuctionNotificationFull
    0xAE AuctionCancel AuctionCancel
    0xAF AuctionTrade AuctionTrade
    0x9D SoqStrikeRangeUpdate SoqStrikeRangeUpdate
    0x98 RetailPriceImprovement RetailPriceImprovement
}
