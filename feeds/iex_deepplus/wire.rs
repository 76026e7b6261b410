//! The layouts of DEEP+'s own messages and the list of all its types. Little endian; prices have
//! four implied decimals.

use crate::session::iextp::messages::{
    OperationalHaltStatus, PriceE4, RetailLiquidityIndicator, SaleConditionFlags,
    SecurityDirectory, SecurityEvent, ShortSalePriceTestStatus, SystemEvent, TradeBreak,
    TradingStatus, flag_bytes, types,
};
use crate::session::layout::{Code, LittleEndian, Reserved, Text};

/// The flag byte of a modified order, shown as its bits.
pub struct ModifyFlags;

/// Modify flag: the order keeps its place in the queue.
pub const KEEPS_PRIORITY: u8 = 0x01;

flag_bytes! {
    ModifyFlags: "unused_7" 0xfe, "priority" 0x01,;
}

crate::layout! {
    /// A displayed order joins the book.
    pub struct AddOrder(37) "add_order" {
        0 side: Code,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 order_id: LittleEndian<u64>,
        25 size: LittleEndian<u32>,
        29 price: PriceE4,
    }
    /// An order has another size, price or priority.
    pub struct OrderModify(37) "order_modify" {
        0 modify_flags: ModifyFlags,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 order_id_reference: LittleEndian<u64>,
        25 size: LittleEndian<u32>,
        29 price: PriceE4,
    }
    /// An order leaves the book.
    pub struct OrderDelete(25) "order_delete" {
        0 reserved_1: Reserved<1>,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 order_id_reference: LittleEndian<u64>,
    }
    /// An order trades.
    pub struct OrderExecuted(45) "order_executed" {
        0 sale_condition_flags: SaleConditionFlags,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 order_id_reference: LittleEndian<u64>,
        25 size: LittleEndian<u32>,
        29 price: PriceE4,
        37 trade_id: LittleEndian<u64>,
    }
    /// A trade that leaves all displayed orders alone. Laid out like the trade reports of the other
    /// protocols.
    pub struct Trade(37) "trade" {
        0 sale_condition_flags: SaleConditionFlags,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 size: LittleEndian<u32>,
        21 price: PriceE4,
        29 trade_id: LittleEndian<u64>,
    }
    /// All orders of a security are gone.
    pub struct ClearBook(17) "clear_book" {
        0 reserved_1: Reserved<1>,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
    }
}

types! {
    b'S' SystemEvent
    b'D' SecurityDirectory
    b'H' TradingStatus
    b'I' RetailLiquidityIndicator
    b'O' OperationalHaltStatus
    b'P' ShortSalePriceTestStatus
    b'E' SecurityEvent
    b'a' AddOrder
    b'M' OrderModify
    b'R' OrderDelete
    b'L' OrderExecuted
    b'T' Trade
    b'B' TradeBreak
    b'C' ClearBook
}
