//! MEMX MEMOIR Depth: schema 2, version 259.
//!
//! Made of `schema.xml` by `cargo run -p waveletd-feeds --example sbe_views`; do not edit.
#![allow(unused_imports)]

use crate::session::layout::{Code, BigEndian};
use crate::session::sbe::{Chars, Fixed, Floating, Nullable};

/// The schema's number.
pub const SCHEMA: u16 = 2;
/// The version of it that is written here.
pub const VERSION: u16 = 259;

crate::sbe_header! {
    /// Before every message.
    pub struct MessageHeader(6) {
        0 block_length: BigEndian<u16>,
        2 template: BigEndian<u8>,
        3 schema: BigEndian<u8>,
        4 version: BigEndian<u16>,
    }
}

crate::sbe_enum! {
    /// Values of `security_trading_status`.
    pub mod security_trading_status: u8 {
        HALTED = b'H',
        PAUSED = b'P',
        QUOTING = b'Q',
        TRADING = b'T',
    }
}

crate::sbe_enum! {
    /// Values of `security_trading_status_reason`.
    pub mod security_trading_status_reason: u8 {
        NONE = b'X',
        REGULATORY = b'R',
        ADMINISTRATIVE = b'A',
    }
}

crate::sbe_enum! {
    /// Values of `side`.
    pub mod side: u8 {
        BUY = b'B',
        SELL = b'S',
    }
}

crate::sbe_enum! {
    /// Values of `trading_session`.
    pub mod trading_session: u8 {
        OPENING = b'1',
        TRADING = b'2',
        POST_TRADING = b'3',
        CLOSED = b'4',
    }
}

crate::sbe_entry! {
    /// The block of `instrument_directory_message`.
    pub struct InstrumentDirectoryMessageBlock(36, least 36) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 symbol: Chars<6>,
        16 symbol_sfx: Chars<6>,
        22 round_lot: BigEndian<u32>,
        27 is_test_symbol: BigEndian<u8>,
        28 mpv: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `instrument_directory_message`, template 1.
    pub struct InstrumentDirectoryMessage = 1 "instrument_directory_message", block InstrumentDirectoryMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `reg_sho_restriction_message`.
    pub struct RegShoRestrictionMessageBlock(11, least 11) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 short_sale_restriction: BigEndian<u8>,
    } later {}
}

crate::sbe_message! {
    /// The message `reg_sho_restriction_message`, template 2.
    pub struct RegShoRestrictionMessage = 2 "reg_sho_restriction_message", block RegShoRestrictionMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `security_trading_status_message`.
    pub struct SecurityTradingStatusMessageBlock(12, least 12) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 security_trading_status: Code,
        11 security_trading_status_reason: Code,
    } later {}
}

crate::sbe_message! {
    /// The message `security_trading_status_message`, template 3.
    pub struct SecurityTradingStatusMessage = 3 "security_trading_status_message", block SecurityTradingStatusMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `trading_session_status_message`.
    pub struct TradingSessionStatusMessageBlock(9, least 9) {
        0 timestamp: BigEndian<u64>,
        8 trading_session: Code,
    } later {}
}

crate::sbe_message! {
    /// The message `trading_session_status_message`, template 5.
    pub struct TradingSessionStatusMessage = 5 "trading_session_status_message", block TradingSessionStatusMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `order_added_message`.
    pub struct OrderAddedMessageBlock(31, least 31) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 order_id: BigEndian<u64>,
        18 side: Code,
        19 quantity: BigEndian<u32>,
        23 price: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `order_added_message`, template 10.
    pub struct OrderAddedMessage = 10 "order_added_message", block OrderAddedMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `order_deleted_message`.
    pub struct OrderDeletedMessageBlock(18, least 18) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 order_id: BigEndian<u64>,
    } later {}
}

crate::sbe_message! {
    /// The message `order_deleted_message`, template 11.
    pub struct OrderDeletedMessage = 11 "order_deleted_message", block OrderDeletedMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `order_reduced_message`.
    pub struct OrderReducedMessageBlock(22, least 22) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 order_id: BigEndian<u64>,
        18 quantity: BigEndian<u32>,
    } later {}
}

crate::sbe_message! {
    /// The message `order_reduced_message`, template 12.
    pub struct OrderReducedMessage = 12 "order_reduced_message", block OrderReducedMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `order_executed_message`.
    pub struct OrderExecutedMessageBlock(38, least 38) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 order_id: BigEndian<u64>,
        18 trade_id: BigEndian<u64>,
        26 quantity: BigEndian<u32>,
        30 price: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `order_executed_message`, template 13.
    pub struct OrderExecutedMessage = 13 "order_executed_message", block OrderExecutedMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `trade_message`.
    pub struct TradeMessageBlock(30, least 30) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 trade_id: BigEndian<u64>,
        18 quantity: BigEndian<u32>,
        22 price: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `trade_message`, template 14.
    pub struct TradeMessage = 14 "trade_message", block TradeMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `broken_trade_message`.
    pub struct BrokenTradeMessageBlock(30, least 30) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 trade_id: BigEndian<u64>,
        18 original_quantity: BigEndian<u32>,
        22 original_price: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `broken_trade_message`, template 15.
    pub struct BrokenTradeMessage = 15 "broken_trade_message", block BrokenTradeMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `corrected_trade_message`.
    pub struct CorrectedTradeMessageBlock(42, least 42) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 trade_id: BigEndian<u64>,
        18 original_quantity: BigEndian<u32>,
        22 original_price: Fixed<BigEndian<i64>, { -6 }>,
        30 corrected_quantity: BigEndian<u32>,
        34 corrected_price: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `corrected_trade_message`, template 16.
    pub struct CorrectedTradeMessage = 16 "corrected_trade_message", block CorrectedTradeMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `clear_book_message`.
    pub struct ClearBookMessageBlock(10, least 10) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
    } later {}
}

crate::sbe_message! {
    /// The message `clear_book_message`, template 18.
    pub struct ClearBookMessage = 18 "clear_book_message", block ClearBookMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `snapshot_complete_message`.
    pub struct SnapshotCompleteMessageBlock(16, least 16) {
        0 timestamp: BigEndian<u64>,
        8 as_of_sequence_number: BigEndian<u64>,
    } later {}
}

crate::sbe_message! {
    /// The message `snapshot_complete_message`, template 100.
    pub struct SnapshotCompleteMessage = 100 "snapshot_complete_message", block SnapshotCompleteMessageBlock,
        groups {}
        data {}
}

crate::sbe_messages! {
    InstrumentDirectoryMessage,
    RegShoRestrictionMessage,
    SecurityTradingStatusMessage,
    TradingSessionStatusMessage,
    OrderAddedMessage,
    OrderDeletedMessage,
    OrderReducedMessage,
    OrderExecutedMessage,
    TradeMessage,
    BrokenTradeMessage,
    CorrectedTradeMessage,
    ClearBookMessage,
    SnapshotCompleteMessage,
}
