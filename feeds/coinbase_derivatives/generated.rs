//! Coinbase Derivatives market data: schema 1201, version 9.
//!
//! Made of `schema.xml` by `cargo run -p waveletd-feeds --example sbe_views`; do not edit.
#![allow(unused_imports)]

use crate::session::layout::{Code, LittleEndian};
use crate::session::sbe::{Chars, Fixed, Floating, Nullable};

/// The schema's number.
pub const SCHEMA: u16 = 1201;
/// The version of it that is written here.
pub const VERSION: u16 = 9;

crate::sbe_header! {
    /// Behind the length of every message.
    pub struct MessageHeader(8) {
        0 block_length: LittleEndian<u16>,
        2 template: LittleEndian<u16>,
        4 schema: LittleEndian<u16>,
        6 version: LittleEndian<u16>,
    }
}

crate::sbe_composite! {
    /// In front of every incremental message.
    pub struct InstrHeader(22) {
        0 instrument_flags: LittleEndian<u8>,
        1 instrument_side: LittleEndian<i8>,
        2 instrument_id: LittleEndian<i32>,
        6 instr_seq_num: LittleEndian<u32>,
        10 trading_session_date: LittleEndian<u16>,
        14 transact_time: LittleEndian<i64>,
    }
}

crate::sbe_composite! {
    /// When a contract ends, as far as it is said.
    pub struct LogicalExpiry(8) {
        0 year: LittleEndian<i16>,
        2 month: LittleEndian<i16>,
        4 week_of_month: LittleEndian<i16>,
        6 day_of_month: LittleEndian<i16>,
    }
}

crate::sbe_set! {
    /// The set `definition_flags`.
    pub struct DefinitionFlags(u16: LittleEndian<u16>) {
        0 is_prior_settlement_theoretical,
        1 is_announced since 3,
        2 is_call since 3,
        3 is_strike_delisted since 3,
        4 funding_rate_applicable since 3,
    }
}

crate::sbe_set! {
    /// The set `funding_rate_flags`.
    pub struct FundingRateFlags(u8: LittleEndian<u8>) {
        0 is_final,
    }
}

crate::sbe_enum! {
    /// Values of `product_group`.
    pub mod product_group: i8 {
        CURRENCY = 0,
        EQUITY = 1,
        ENERGY = 2,
        METALS = 3,
        INTEREST_RATE = 4,
        AGRICULTURE = 5,
        CRYPTO = 6,
    }
}

crate::sbe_enum! {
    /// Values of `trading_status`.
    pub mod trading_status: i8 {
        PRE_OPEN = 0,
        OPEN = 1,
        HALT = 2,
        PAUSE = 3,
        CLOSE = 4,
        PRE_OPEN_NO_CANCEL = 5,
        EXPIRED = 6,
    }
}

crate::sbe_enum! {
    /// Values of `spread_buy_convention`.
    pub mod spread_buy_convention: i8 {
        USE_FAR_BID = 1,
    }
}

crate::sbe_enum! {
    /// Values of `option_expiry_type`.
    pub mod option_expiry_type: i8 {
        WEEKLY = 0,
        MONTHLY = 1,
    }
}

crate::sbe_enum! {
    /// Values of `stat_type`.
    pub mod stat_type: u8 {
        DAY_OPENING_PRICE = 52,
        CLOSING_PRICE = 53,
        SETTLEMENT_PRICE = 54,
        TRADING_SESSION_HIGH_PRICE = 55,
        TRADING_SESSION_LOW_PRICE = 56,
        REFERENCE_PRICE = 70,
        INDICATIVE_OPENING_PRICE = 73,
    }
}

crate::sbe_enum! {
    /// Values of `reason`.
    pub mod reason: i8 {
        SEQ_TOO_LOW = 1,
        SEQ_TOO_HIGH = 2,
        RATE_LIMIT_EXCEEDED = 3,
        OTHER_ERROR = 4,
    }
}

crate::sbe_entry! {
    /// The block of `outright_instrument_definition_message`.
    pub struct OutrightInstrumentDefinitionMessageBlock(182, least 158) {
        0 instr_header: InstrHeader<'static>,
        22 symbol: Chars<24>,
        46 product_code: Chars<8>,
        54 description: Chars<32>,
        86 tick_size: Fixed<LittleEndian<i64>, { -9 }>,
        94 cfi_code: Chars<8>,
        102 currency: Chars<8>,
        110 first_trading_session_date: LittleEndian<u16>,
        112 last_trading_session_date: LittleEndian<u16>,
        114 old_contract_size: LittleEndian<i32>,
        118 prior_settlement_price_optional: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        126 settlement_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        134 limit_down_price: Fixed<LittleEndian<i64>, { -9 }>,
        142 limit_up_price: Fixed<LittleEndian<i64>, { -9 }>,
        150 product_id: LittleEndian<i32>,
        154 product_group: LittleEndian<i8>,
        155 trading_status: LittleEndian<i8>,
        156 definition_flags: DefinitionFlags,
    } later {
        158 contract_size: LittleEndian<i64>, since 3;
        166 logical_expiry: LogicalExpiry<'static>, since 3;
        174 funding_interval_minutes: LittleEndian<i32>, since 3;
        178 fair_value_limit: LittleEndian<i32>, since 3;
    }
}

crate::sbe_message! {
    /// The message `outright_instrument_definition_message`, template 10.
    pub struct OutrightInstrumentDefinitionMessage = 10 "outright_instrument_definition_message", block OutrightInstrumentDefinitionMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `spread_instrument_definition_message`.
    pub struct SpreadInstrumentDefinitionMessageBlock(175, least 167) {
        0 instr_header: InstrHeader<'static>,
        22 symbol: Chars<24>,
        46 product_code: Chars<8>,
        54 description: Chars<32>,
        86 tick_size: Fixed<LittleEndian<i64>, { -9 }>,
        94 cfi_code: Chars<8>,
        102 currency: Chars<8>,
        110 first_trading_session_date: LittleEndian<u16>,
        112 last_trading_session_date: LittleEndian<u16>,
        114 old_contract_size: LittleEndian<i32>,
        118 prior_settlement_price_optional: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        126 settlement_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        134 limit_down_price: Fixed<LittleEndian<i64>, { -9 }>,
        142 limit_up_price: Fixed<LittleEndian<i64>, { -9 }>,
        150 product_id: LittleEndian<i32>,
        154 product_group: LittleEndian<i8>,
        155 trading_status: LittleEndian<i8>,
        156 leg_1_instrument_id: LittleEndian<i32>,
        160 leg_2_instrument_id: LittleEndian<i32>,
        164 spread_buy_convention: LittleEndian<i8>,
        165 definition_flags: DefinitionFlags,
    } later {
        167 logical_expiry: LogicalExpiry<'static>, since 3;
    }
}

crate::sbe_message! {
    /// The message `spread_instrument_definition_message`, template 11.
    pub struct SpreadInstrumentDefinitionMessage = 11 "spread_instrument_definition_message", block SpreadInstrumentDefinitionMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `option_instrument_definition_message`.
    pub struct OptionInstrumentDefinitionMessageBlock(167, least 167) {
        0 instr_header: InstrHeader<'static>,
        22 symbol: Chars<24>,
        46 product_code: Chars<8>,
        54 description: Chars<32>,
        86 small_tick: Fixed<LittleEndian<i64>, { -9 }>,
        94 cfi_code: Chars<8>,
        102 large_tick: Fixed<LittleEndian<i64>, { -9 }>,
        110 large_tick_threshold: Fixed<LittleEndian<i64>, { -9 }>,
        118 strike_price: Fixed<LittleEndian<i64>, { -9 }>,
        126 first_trading_session_date: LittleEndian<u16>,
        128 last_trading_session_date: LittleEndian<u16>,
        130 prior_settlement_price: Fixed<LittleEndian<i64>, { -9 }>,
        138 settlement_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        146 product_id: LittleEndian<i32>,
        150 underlying_instrument_id: LittleEndian<i32>,
        154 product_group: LittleEndian<i8>,
        155 trading_status: LittleEndian<i8>,
        156 definition_flags: DefinitionFlags,
        158 option_expiry_type: LittleEndian<i8>,
        159 logical_expiry: LogicalExpiry<'static>,
    } later {}
}

crate::sbe_message! {
    /// The message `option_instrument_definition_message`, template 12.
    pub struct OptionInstrumentDefinitionMessage = 12 "option_instrument_definition_message", block OptionInstrumentDefinitionMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `trading_status_update_message`.
    pub struct TradingStatusUpdateMessageBlock(39, least 39) {
        0 instr_header: InstrHeader<'static>,
        22 limit_down_price: Fixed<LittleEndian<i64>, { -9 }>,
        30 limit_up_price: Fixed<LittleEndian<i64>, { -9 }>,
        38 trading_status: LittleEndian<i8>,
    } later {}
}

crate::sbe_message! {
    /// The message `trading_status_update_message`, template 17.
    pub struct TradingStatusUpdateMessage = 17 "trading_status_update_message", block TradingStatusUpdateMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `order_put_message`.
    pub struct OrderPutMessageBlock(42, least 42) {
        0 instr_header: InstrHeader<'static>,
        22 order_id: LittleEndian<i64>,
        30 price: Fixed<LittleEndian<i64>, { -9 }>,
        38 quantity: LittleEndian<i32>,
    } later {}
}

crate::sbe_message! {
    /// The message `order_put_message`, template 20.
    pub struct OrderPutMessage = 20 "order_put_message", block OrderPutMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `order_delete_message`.
    pub struct OrderDeleteMessageBlock(30, least 30) {
        0 instr_header: InstrHeader<'static>,
        22 order_id: LittleEndian<i64>,
    } later {}
}

crate::sbe_message! {
    /// The message `order_delete_message`, template 21.
    pub struct OrderDeleteMessage = 21 "order_delete_message", block OrderDeleteMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `implied_order_update_message`.
    pub struct ImpliedOrderUpdateMessageBlock(46, least 46) {
        0 instr_header: InstrHeader<'static>,
        22 best_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        30 next_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        38 best_qty: LittleEndian<i32>,
        42 next_qty: LittleEndian<i32>,
    } later {}
}

crate::sbe_message! {
    /// The message `implied_order_update_message`, template 22.
    pub struct ImpliedOrderUpdateMessage = 22 "implied_order_update_message", block ImpliedOrderUpdateMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `trade_summary_message`.
    pub struct TradeSummaryMessageBlock(58, least 58) {
        0 instr_header: InstrHeader<'static>,
        22 aggressor_order_id: LittleEndian<i64>,
        30 aggressor_receive_time: LittleEndian<i64>,
        38 vwap_price: Fixed<LittleEndian<i64>, { -9 }>,
        46 deepest_price: Fixed<LittleEndian<i64>, { -9 }>,
        54 quantity: LittleEndian<i32>,
    } later {}
}

crate::sbe_message! {
    /// The message `trade_summary_message`, template 33.
    pub struct TradeSummaryMessage = 33 "trade_summary_message", block TradeSummaryMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `trade_message`.
    pub struct TradeMessageBlock(58, least 58) {
        0 instr_header: InstrHeader<'static>,
        22 match_id: LittleEndian<i64>,
        30 buy_order_id: Nullable<LittleEndian<i64>, { -9223372036854775808 }>,
        38 sell_order_id: Nullable<LittleEndian<i64>, { -9223372036854775808 }>,
        46 price: Fixed<LittleEndian<i64>, { -9 }>,
        54 quantity: LittleEndian<i32>,
    } later {}
}

crate::sbe_message! {
    /// The message `trade_message`, template 30.
    pub struct TradeMessage = 30 "trade_message", block TradeMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `trade_amend_message`.
    pub struct TradeAmendMessageBlock(62, least 62) {
        0 instr_header: InstrHeader<'static>,
        22 match_id: LittleEndian<i64>,
        30 buy_order_id: Nullable<LittleEndian<i64>, { -9223372036854775808 }>,
        38 sell_order_id: Nullable<LittleEndian<i64>, { -9223372036854775808 }>,
        46 old_price: Fixed<LittleEndian<i64>, { -9 }>,
        54 new_price: Fixed<LittleEndian<i64>, { -9 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `trade_amend_message`, template 31.
    pub struct TradeAmendMessage = 31 "trade_amend_message", block TradeAmendMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `spread_trade_amend_message`.
    pub struct SpreadTradeAmendMessageBlock(94, least 94) {
        0 instr_header: InstrHeader<'static>,
        22 match_id: LittleEndian<i64>,
        30 buy_order_id: Nullable<LittleEndian<i64>, { -9223372036854775808 }>,
        38 sell_order_id: Nullable<LittleEndian<i64>, { -9223372036854775808 }>,
        46 old_price: Fixed<LittleEndian<i64>, { -9 }>,
        54 new_price: Fixed<LittleEndian<i64>, { -9 }>,
        62 old_leg_1_price: Fixed<LittleEndian<i64>, { -9 }>,
        70 new_leg_1_price: Fixed<LittleEndian<i64>, { -9 }>,
        78 old_leg_2_price: Fixed<LittleEndian<i64>, { -9 }>,
        86 new_leg_2_price: Fixed<LittleEndian<i64>, { -9 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `spread_trade_amend_message`, template 34.
    pub struct SpreadTradeAmendMessage = 34 "spread_trade_amend_message", block SpreadTradeAmendMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `trade_bust_message`.
    pub struct TradeBustMessageBlock(46, least 46) {
        0 instr_header: InstrHeader<'static>,
        22 match_id: LittleEndian<i64>,
        30 buy_order_id: Nullable<LittleEndian<i64>, { -9223372036854775808 }>,
        38 sell_order_id: Nullable<LittleEndian<i64>, { -9223372036854775808 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `trade_bust_message`, template 32.
    pub struct TradeBustMessage = 32 "trade_bust_message", block TradeBustMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `market_stat_message`.
    pub struct MarketStatMessageBlock(31, least 31) {
        0 instr_header: InstrHeader<'static>,
        22 price: Fixed<LittleEndian<i64>, { -9 }>,
        30 stat_type: LittleEndian<u8>,
    } later {}
}

crate::sbe_message! {
    /// The message `market_stat_message`, template 40.
    pub struct MarketStatMessage = 40 "market_stat_message", block MarketStatMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `trade_session_volume_message`.
    pub struct TradeSessionVolumeMessageBlock(34, least 34) {
        0 instr_header: InstrHeader<'static>,
        22 vwap_price: Fixed<LittleEndian<i64>, { -9 }>,
        30 trade_volume: LittleEndian<i32>,
    } later {}
}

crate::sbe_message! {
    /// The message `trade_session_volume_message`, template 41.
    pub struct TradeSessionVolumeMessage = 41 "trade_session_volume_message", block TradeSessionVolumeMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `open_interest_message`.
    pub struct OpenInterestMessageBlock(26, least 26) {
        0 instr_header: InstrHeader<'static>,
        22 quantity: LittleEndian<i32>,
    } later {}
}

crate::sbe_message! {
    /// The message `open_interest_message`, template 42.
    pub struct OpenInterestMessage = 42 "open_interest_message", block OpenInterestMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `funding_rate_message`.
    pub struct FundingRateMessageBlock(71, least 71) {
        0 instr_header: InstrHeader<'static>,
        22 funding_rate: Fixed<LittleEndian<i64>, { -9 }>,
        30 futures_mark_price_price: Fixed<LittleEndian<i64>, { -9 }>,
        38 spot_mark_price_price: Fixed<LittleEndian<i64>, { -9 }>,
        46 fair_value_price: Fixed<LittleEndian<i64>, { -9 }>,
        54 final_funding_rate_timestamp: Nullable<LittleEndian<i64>, { -9223372036854775808 }>,
        62 correlation_id: LittleEndian<i64>,
        70 flags: FundingRateFlags,
    } later {}
}

crate::sbe_message! {
    /// The message `funding_rate_message`, template 43.
    pub struct FundingRateMessage = 43 "funding_rate_message", block FundingRateMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `start_of_outright_instrument_snapshot_message`.
    pub struct StartOfOutrightInstrumentSnapshotMessageBlock(138, least 114) {
        0 snapshot_seq_num: LittleEndian<u16>,
        2 last_instr_seq_num: LittleEndian<u32>,
        6 symbol: Chars<24>,
        30 product_code: Chars<8>,
        38 description: Chars<32>,
        70 tick_size: Fixed<LittleEndian<i64>, { -9 }>,
        78 cfi_code: Chars<8>,
        86 currency: Chars<8>,
        94 product_id: LittleEndian<i32>,
        98 old_contract_size: LittleEndian<i32>,
        102 order_count: LittleEndian<i32>,
        106 first_trading_session_date: LittleEndian<u16>,
        108 last_trading_session_date: LittleEndian<u16>,
        110 trading_session_date: LittleEndian<u16>,
        112 product_group: LittleEndian<i8>,
        113 trading_status: LittleEndian<i8>,
    } later {
        114 contract_size: LittleEndian<i64>, since 3;
        122 logical_expiry: LogicalExpiry<'static>, since 3;
        130 funding_interval_minutes: LittleEndian<i32>, since 3;
        134 fair_value_limit: LittleEndian<i32>, since 3;
    }
}

crate::sbe_message! {
    /// The message `start_of_outright_instrument_snapshot_message`, template 110.
    pub struct StartOfOutrightInstrumentSnapshotMessage = 110 "start_of_outright_instrument_snapshot_message", block StartOfOutrightInstrumentSnapshotMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `start_of_spread_instrument_snapshot_message`.
    pub struct StartOfSpreadInstrumentSnapshotMessageBlock(131, least 123) {
        0 snapshot_seq_num: LittleEndian<u16>,
        2 last_instr_seq_num: LittleEndian<u32>,
        6 symbol: Chars<24>,
        30 product_code: Chars<8>,
        38 description: Chars<32>,
        70 tick_size: Fixed<LittleEndian<i64>, { -9 }>,
        78 cfi_code: Chars<8>,
        86 currency: Chars<8>,
        94 product_id: LittleEndian<i32>,
        98 old_contract_size: LittleEndian<i32>,
        102 order_count: LittleEndian<i32>,
        106 first_trading_session_date: LittleEndian<u16>,
        108 last_trading_session_date: LittleEndian<u16>,
        110 trading_session_date: LittleEndian<u16>,
        112 product_group: LittleEndian<i8>,
        113 trading_status: LittleEndian<i8>,
        114 leg_1_instrument_id: LittleEndian<i32>,
        118 leg_2_instrument_id: LittleEndian<i32>,
        122 spread_buy_convention: LittleEndian<i8>,
    } later {
        123 logical_expiry: LogicalExpiry<'static>, since 3;
    }
}

crate::sbe_message! {
    /// The message `start_of_spread_instrument_snapshot_message`, template 111.
    pub struct StartOfSpreadInstrumentSnapshotMessage = 111 "start_of_spread_instrument_snapshot_message", block StartOfSpreadInstrumentSnapshotMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `start_of_option_instrument_snapshot_message`.
    pub struct StartOfOptionInstrumentSnapshotMessageBlock(141, least 141) {
        0 snapshot_seq_num: LittleEndian<u16>,
        2 last_instr_seq_num: LittleEndian<u32>,
        6 symbol: Chars<24>,
        30 product_code: Chars<8>,
        38 description: Chars<32>,
        70 small_tick: Fixed<LittleEndian<i64>, { -9 }>,
        78 cfi_code: Chars<8>,
        86 large_tick: Fixed<LittleEndian<i64>, { -9 }>,
        94 large_tick_threshold: Fixed<LittleEndian<i64>, { -9 }>,
        102 strike_price: Fixed<LittleEndian<i64>, { -9 }>,
        110 product_id: LittleEndian<i32>,
        114 underlying_instrument_id: LittleEndian<i32>,
        118 order_count: LittleEndian<i32>,
        122 first_trading_session_date: LittleEndian<u16>,
        124 last_trading_session_date: LittleEndian<u16>,
        126 trading_session_date: LittleEndian<u16>,
        128 product_group: LittleEndian<i8>,
        129 trading_status: LittleEndian<i8>,
        130 definition_flags: DefinitionFlags,
        132 option_expiry_type: LittleEndian<i8>,
        133 logical_expiry: LogicalExpiry<'static>,
    } later {}
}

crate::sbe_message! {
    /// The message `start_of_option_instrument_snapshot_message`, template 112.
    pub struct StartOfOptionInstrumentSnapshotMessage = 112 "start_of_option_instrument_snapshot_message", block StartOfOptionInstrumentSnapshotMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `order_snapshot_message`.
    pub struct OrderSnapshotMessageBlock(30, least 30) {
        0 snapshot_seq_num: LittleEndian<u16>,
        2 quantity: LittleEndian<i32>,
        6 transact_time: LittleEndian<i64>,
        14 order_id: LittleEndian<i64>,
        22 price: Fixed<LittleEndian<i64>, { -9 }>,
    } later {}
}

crate::sbe_message! {
    /// The message `order_snapshot_message`, template 120.
    pub struct OrderSnapshotMessage = 120 "order_snapshot_message", block OrderSnapshotMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `end_of_snapshot_message`.
    pub struct EndOfSnapshotMessageBlock(216, least 160) {
        0 snapshot_seq_num: LittleEndian<u16>,
        2 trade_volume: LittleEndian<i32>,
        6 indicative_open_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        14 day_open_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        22 close_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        30 low_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        38 high_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        46 vwap_price_optional: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        54 settlement_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        62 last_trade_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        70 last_trade_time: Nullable<LittleEndian<i64>, { -9223372036854775808 }>,
        78 best_bid_implied_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        86 best_ask_implied_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        94 next_bid_implied_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        102 next_ask_implied_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        110 limit_down_price: Fixed<LittleEndian<i64>, { -9 }>,
        118 limit_up_price: Fixed<LittleEndian<i64>, { -9 }>,
        126 last_trade_qty: Nullable<LittleEndian<i32>, { -2147483648 }>,
        130 open_interest: Nullable<LittleEndian<i32>, { -2147483648 }>,
        134 best_bid_implied_qty: Nullable<LittleEndian<i32>, { -2147483648 }>,
        138 best_ask_implied_qty: Nullable<LittleEndian<i32>, { -2147483648 }>,
        142 next_bid_implied_qty: Nullable<LittleEndian<i32>, { -2147483648 }>,
        146 next_ask_implied_qty: Nullable<LittleEndian<i32>, { -2147483648 }>,
        150 prior_settlement_price_optional: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>,
        158 definition_flags: DefinitionFlags,
    } later {
        160 final_funding_rate: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>, since 3;
        168 final_futures_mark_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>, since 3;
        176 final_funding_rate_timestamp: Nullable<LittleEndian<i64>, { -9223372036854775808 }>, since 3;
        184 futures_mark_price_price_optional: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>, since 3;
        192 predicted_funding_rate: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>, since 3;
        200 spot_mark_price_price_optional: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>, since 3;
        208 fair_value_price_optional: Nullable<Fixed<LittleEndian<i64>, { -9 }>, { -9223372036854775808 }>, since 3;
    }
}

crate::sbe_message! {
    /// The message `end_of_snapshot_message`, template 122.
    pub struct EndOfSnapshotMessage = 122 "end_of_snapshot_message", block EndOfSnapshotMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `end_of_cycle_message`.
    pub struct EndOfCycleMessageBlock(4, least 4) {
        0 active_instrument_count: LittleEndian<i32>,
    } later {}
}

crate::sbe_message! {
    /// The message `end_of_cycle_message`, template 124.
    pub struct EndOfCycleMessage = 124 "end_of_cycle_message", block EndOfCycleMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `retransmit_request_message`.
    pub struct RetransmitRequestMessageBlock(9, least 9) {
        0 begin_seq_num: LittleEndian<i64>,
        8 message_count: LittleEndian<u8>,
    } later {}
}

crate::sbe_message! {
    /// The message `retransmit_request_message`, template 200.
    pub struct RetransmitRequestMessage = 200 "retransmit_request_message", block RetransmitRequestMessageBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `retransmit_reject_message`.
    pub struct RetransmitRejectMessageBlock(49, least 49) {
        0 retry_delay_nanos: LittleEndian<i64>,
        8 details: Chars<40>,
        48 reason: LittleEndian<i8>,
    } later {}
}

crate::sbe_message! {
    /// The message `retransmit_reject_message`, template 202.
    pub struct RetransmitRejectMessage = 202 "retransmit_reject_message", block RetransmitRejectMessageBlock,
        groups {}
        data {}
}

crate::sbe_messages! {
    OutrightInstrumentDefinitionMessage,
    SpreadInstrumentDefinitionMessage,
    OptionInstrumentDefinitionMessage,
    TradingStatusUpdateMessage,
    OrderPutMessage,
    OrderDeleteMessage,
    ImpliedOrderUpdateMessage,
    TradeSummaryMessage,
    TradeMessage,
    TradeAmendMessage,
    SpreadTradeAmendMessage,
    TradeBustMessage,
    MarketStatMessage,
    TradeSessionVolumeMessage,
    OpenInterestMessage,
    FundingRateMessage,
    StartOfOutrightInstrumentSnapshotMessage,
    StartOfSpreadInstrumentSnapshotMessage,
    StartOfOptionInstrumentSnapshotMessage,
    OrderSnapshotMessage,
    EndOfSnapshotMessage,
    EndOfCycleMessage,
    RetransmitRequestMessage,
    RetransmitRejectMessage,
}
