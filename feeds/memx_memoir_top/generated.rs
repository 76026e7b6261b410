//! MEMX MEMOIR Top: schema 0, version 259.
//!
//! Made of `schema.xml` by `cargo run -p waveletd-feeds --example sbe_views`; do not edit.
#![allow(unused_imports)]

use crate::session::layout::{Code, BigEndian};
use crate::session::sbe::{Chars, Fixed, Floating, Nullable};

/// The schema's number.
pub const SCHEMA: u16 = 0;
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
    pub struct InstrumentDirectoryMessageBlock(35, least 35) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 symbol: Chars<6>,
        16 symbol_sfx: Chars<6>,
        22 round_lot: BigEndian<u32>,
        26 is_test_symbol: BigEndian<u8>,
        27 mpv: Fixed<BigEndian<i64>, { -6 }>,
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
    /// The block of `snapshot_complete_message`.
    pub struct SnapshotCompleteMessageBlock(16, least 16) {
        0 timestamp: BigEndian<u64>,
        8 as_of_sequence_number: BigEndian<u64>,
    } later {}
}

crate::sbe_message! {
    /// The message `snapshot_complete_message`, template 4.
    pub struct SnapshotCompleteMessage = 4 "snapshot_complete_message", block SnapshotCompleteMessageBlock,
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
    /// The block of `best_bid_offer_message`.
    pub struct BestBidOfferMessageBlock(34, least 34) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 bid_size: BigEndian<u32>,
        14 bid_price: Fixed<BigEndian<i64>, { -6 }>,
        22 offer_size: BigEndian<u32>,
        26 offer_price: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `best_bid_offer_message`, template 10.
    pub struct BestBidOfferMessage = 10 "best_bid_offer_message", block BestBidOfferMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `best_bid_message`.
    pub struct BestBidMessageBlock(22, least 22) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 bid_size: BigEndian<u32>,
        14 bid_price: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `best_bid_message`, template 11.
    pub struct BestBidMessage = 11 "best_bid_message", block BestBidMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `best_offer_message`.
    pub struct BestOfferMessageBlock(22, least 22) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 offer_size: BigEndian<u32>,
        14 offer_price: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `best_offer_message`, template 12.
    pub struct BestOfferMessage = 12 "best_offer_message", block BestOfferMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `best_bid_short_message`.
    pub struct BestBidShortMessageBlock(22, least 22) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 bid_size: BigEndian<u32>,
        14 bid_price: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `best_bid_short_message`, template 13.
    pub struct BestBidShortMessage = 13 "best_bid_short_message", block BestBidShortMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `best_offer_short_message`.
    pub struct BestOfferShortMessageBlock(22, least 22) {
        0 timestamp: BigEndian<u64>,
        8 security_id: BigEndian<u16>,
        10 offer_size: BigEndian<u32>,
        14 offer_price: Fixed<BigEndian<i64>, { -6 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `best_offer_short_message`, template 14.
    pub struct BestOfferShortMessage = 14 "best_offer_short_message", block BestOfferShortMessageBlock,
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
    /// The message `clear_book_message`, template 15.
    pub struct ClearBookMessage = 15 "clear_book_message", block ClearBookMessageBlock,
        groups {}
        data {}
}

crate::sbe_messages! {
    InstrumentDirectoryMessage,
    RegShoRestrictionMessage,
    SecurityTradingStatusMessage,
    SnapshotCompleteMessage,
    TradingSessionStatusMessage,
    BestBidOfferMessage,
    BestBidMessage,
    BestOfferMessage,
    BestBidShortMessage,
    BestOfferShortMessage,
    ClearBookMessage,
}
