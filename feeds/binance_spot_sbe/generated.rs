//! Binance spot market data streams: schema 1, version 0.
//!
//! Made of `schema.xml` by `cargo run -p waveletd-feeds --example sbe_views`; do not edit.
#![allow(unused_imports)]

use crate::session::layout::{Code, LittleEndian};
use crate::session::sbe::{Chars, Fixed, Floating, Nullable};

/// The schema's number.
pub const SCHEMA: u16 = 1;
/// The version of it that is written here.
pub const VERSION: u16 = 0;

crate::sbe_header! {
    /// Before every message.
    pub struct MessageHeader(8) {
        0 block_length: LittleEndian<u16>,
        2 template: LittleEndian<u16>,
        4 schema: LittleEndian<u16>,
        6 version: LittleEndian<u16>,
    }
}

crate::sbe_dimensions! {
    /// Before a group of trades.
    pub struct TradesSize(6) {
        0 block_length: LittleEndian<u16>,
        2 count: LittleEndian<u32>,
    }
}

crate::sbe_dimensions! {
    /// Before a group of levels.
    pub struct LevelsSize(4) {
        0 block_length: LittleEndian<u16>,
        2 count: LittleEndian<u16>,
    }
}

crate::sbe_length! {
    /// Before a text.
    pub struct ShortText: LittleEndian<u8>;
}

crate::sbe_entry! {
    /// An entry of `trades` in `trades_stream_event`.
    pub struct TradesStreamEventTrades(25, least 25) {
        0 id: LittleEndian<i64>,
        8 price: LittleEndian<i64>,
        16 qty: LittleEndian<i64>,
        24 is_buyer_maker: LittleEndian<u8>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `trades_stream_event`.
    pub struct TradesStreamEventBlock(18, least 18) {
        0 event_time: LittleEndian<i64>,
        8 transact_time: LittleEndian<i64>,
        16 price_exponent: LittleEndian<i8>,
        17 qty_exponent: LittleEndian<i8>,
    } later {}
}

crate::sbe_message! {
    /// Trades of one instrument.
    pub struct TradesStreamEvent = 10000 "trades_stream_event", block TradesStreamEventBlock,
        groups {
            trades: TradesSize TradesStreamEventTrades since 0,
        }
        data {
            symbol: ShortText since 0,
        }
}

crate::sbe_entry! {
    /// The block of `best_bid_ask_stream_event`.
    pub struct BestBidAskStreamEventBlock(50, least 50) {
        0 event_time: LittleEndian<i64>,
        8 book_update_id: LittleEndian<i64>,
        16 price_exponent: LittleEndian<i8>,
        17 qty_exponent: LittleEndian<i8>,
        18 bid_price: LittleEndian<i64>,
        26 bid_qty: LittleEndian<i64>,
        34 ask_price: LittleEndian<i64>,
        42 ask_qty: LittleEndian<i64>,
    } later {}
}

crate::sbe_message! {
    /// Best prices of one instrument.
    pub struct BestBidAskStreamEvent = 10001 "best_bid_ask_stream_event", block BestBidAskStreamEventBlock,
        groups {}
        data {
            symbol: ShortText since 0,
        }
}

crate::sbe_entry! {
    /// An entry of `bids` in `depth_snapshot_stream_event`.
    pub struct DepthSnapshotStreamEventBids(16, least 16) {
        0 price: LittleEndian<i64>,
        8 qty: LittleEndian<i64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `asks` in `depth_snapshot_stream_event`.
    pub struct DepthSnapshotStreamEventAsks(16, least 16) {
        0 price: LittleEndian<i64>,
        8 qty: LittleEndian<i64>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `depth_snapshot_stream_event`.
    pub struct DepthSnapshotStreamEventBlock(18, least 18) {
        0 event_time: LittleEndian<i64>,
        8 book_update_id: LittleEndian<i64>,
        16 price_exponent: LittleEndian<i8>,
        17 qty_exponent: LittleEndian<i8>,
    } later {}
}

crate::sbe_message! {
    /// Best levels of one book.
    pub struct DepthSnapshotStreamEvent = 10002 "depth_snapshot_stream_event", block DepthSnapshotStreamEventBlock,
        groups {
            bids: LevelsSize DepthSnapshotStreamEventBids since 0,
            asks: LevelsSize DepthSnapshotStreamEventAsks since 0,
        }
        data {
            symbol: ShortText since 0,
        }
}

crate::sbe_entry! {
    /// An entry of `bids` in `depth_diff_stream_event`.
    pub struct DepthDiffStreamEventBids(16, least 16) {
        0 price: LittleEndian<i64>,
        8 qty: LittleEndian<i64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `asks` in `depth_diff_stream_event`.
    pub struct DepthDiffStreamEventAsks(16, least 16) {
        0 price: LittleEndian<i64>,
        8 qty: LittleEndian<i64>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `depth_diff_stream_event`.
    pub struct DepthDiffStreamEventBlock(26, least 26) {
        0 event_time: LittleEndian<i64>,
        8 first_book_update_id: LittleEndian<i64>,
        16 last_book_update_id: LittleEndian<i64>,
        24 price_exponent: LittleEndian<i8>,
        25 qty_exponent: LittleEndian<i8>,
    } later {}
}

crate::sbe_message! {
    /// Levels of one book that changed.
    pub struct DepthDiffStreamEvent = 10003 "depth_diff_stream_event", block DepthDiffStreamEventBlock,
        groups {
            bids: LevelsSize DepthDiffStreamEventBids since 0,
            asks: LevelsSize DepthDiffStreamEventAsks since 0,
        }
        data {
            symbol: ShortText since 0,
        }
}

crate::sbe_messages! {
    TradesStreamEvent,
    BestBidAskStreamEvent,
    DepthSnapshotStreamEvent,
    DepthDiffStreamEvent,
}
