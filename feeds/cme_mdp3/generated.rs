//! CME Globex market data, MDP 3.0: schema 1, version 13.
//!
//! Made of `schema.xml` by `cargo run -p waveletd-feeds --example sbe_views`; do not edit.
#![allow(unused_imports)]

use crate::session::layout::{Code, LittleEndian};
use crate::session::sbe::{Chars, Fixed, Floating, Nullable};

/// The schema's number.
pub const SCHEMA: u16 = 1;
/// The version of it that is written here.
pub const VERSION: u16 = 13;

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
    /// Before most groups.
    pub struct GroupSize(3) {
        0 block_length: LittleEndian<u16>,
        2 count: LittleEndian<u8>,
    }
}

crate::sbe_dimensions! {
    /// Before groups of orders.
    pub struct GroupSize8Byte(8) {
        0 block_length: LittleEndian<u16>,
        7 count: LittleEndian<u8>,
    }
}

crate::sbe_composite! {
    /// When a contract ends, as far as it is said.
    pub struct MaturityMonthYear(5) {
        0 year: Nullable<LittleEndian<u16>, 65535>,
        2 month: Nullable<LittleEndian<u8>, 255>,
        3 day: Nullable<LittleEndian<u8>, 255>,
        4 week: Nullable<LittleEndian<u8>, 255>,
    }
}

crate::sbe_set! {
    /// The set `match_event_indicator`.
    pub struct MatchEventIndicator(u8: LittleEndian<u8>) {
        0 last_trade_msg,
        1 last_volume_msg,
        2 last_quote_msg,
        3 last_stats_msg,
        4 last_implied_msg,
        5 recovery_msg,
        6 reserved,
        7 end_of_event,
    }
}

crate::sbe_set! {
    /// The set `settl_price_type`.
    pub struct SettlPriceType(u8: LittleEndian<u8>) {
        0 final_daily,
        1 actual,
        2 rounded,
        3 intraday,
        4 reserved_bits,
        7 null_value,
    }
}

crate::sbe_set! {
    /// The set `inst_attrib_value`.
    pub struct InstAttribValue(u32: LittleEndian<u32>) {
        0 electronic_match_eligible,
        1 order_cross_eligible,
        2 block_trade_eligible,
        3 efp_eligible,
        4 ebf_eligible,
        5 efs_eligible,
        6 efr_eligible,
        7 otc_eligible,
        8 ilink_indicative_mass_quoting_eligible,
        9 negative_strike_eligible,
        10 negative_price_outright_eligible,
        11 is_fractional,
        12 volatility_quoted_option,
        13 rfq_cross_eligible,
        14 zero_price_outright_eligible,
        15 decaying_product_eligibility,
        16 variable_product_eligibility,
        17 daily_product_eligibility,
        18 gt_orders_eligibility,
        19 implied_matching_eligibility,
        20 triangulation_eligible since 6,
        21 variable_cab_eligible since 6,
        22 inverted_book since 6,
        23 is_aon_instrument since 6,
        24 sef_regulated since 6,
        25 mtf_regulated since 6,
        26 efix_instrument since 6,
        27 hedge_instrument since 6,
    }
}

crate::sbe_enum! {
    /// Values of `security_update_action`.
    pub mod security_update_action: u8 {
        ADD = b'A',
        DELETE_FIELD = b'D',
        MODIFY = b'M',
    }
}

crate::sbe_enum! {
    /// Values of `md_security_trading_status`.
    pub mod md_security_trading_status: u8 {
        TRADING_HALT = 2,
        CLOSE = 4,
        NEW_PRICE_INDICATION = 15,
        READY_TO_TRADE = 17,
        NOT_AVAILABLE_FOR_TRADING = 18,
        UNKNOWN_OR_INVALID = 20,
        PRE_OPEN = 21,
        PRE_CROSS = 24,
        CROSS = 25,
        POST_CLOSE = 26,
        NO_CHANGE = 103,
        PRIVATE_WORKUP = 201,
        PUBLIC_WORKUP = 202,
    }
}

crate::sbe_enum! {
    /// Values of `event_type`.
    pub mod event_type: u8 {
        ACTIVATION = 5,
        LAST_ELIGIBLE_TRADE_DATE = 7,
    }
}

crate::sbe_enum! {
    /// Values of `leg_side`.
    pub mod leg_side: u8 {
        BUY_SIDE = 1,
        SELL_SIDE = 2,
    }
}

crate::sbe_enum! {
    /// Values of `md_update_action`.
    pub mod md_update_action: u8 {
        NEW_FIELD = 0,
        CHANGE = 1,
        DELETE_FIELD = 2,
        DELETE_THRU = 3,
        DELETE_FROM = 4,
        OVERLAY = 5,
    }
}

crate::sbe_enum! {
    /// Values of `md_entry_type_book`.
    pub mod md_entry_type_book: u8 {
        BID = b'0',
        OFFER = b'1',
        IMPLIED_BID = b'E',
        IMPLIED_OFFER = b'F',
        BOOK_RESET = b'J',
        MARKET_BEST_OFFER = b'w',
        MARKET_BEST_BID = b'x',
    }
}

crate::sbe_enum! {
    /// Values of `order_update_action`.
    pub mod order_update_action: u8 {
        NEW_FIELD = 0,
        UPDATE = 1,
        DELETE_FIELD = 2,
    }
}

crate::sbe_enum! {
    /// Values of `md_entry_type_daily_statistics`.
    pub mod md_entry_type_daily_statistics: u8 {
        SETTLEMENT_PRICE = b'6',
        CLEARED_VOLUME = b'B',
        OPEN_INTEREST = b'C',
        FIXING_PRICE = b'W',
    }
}

crate::sbe_enum! {
    /// Values of `open_close_settl_flag`.
    pub mod open_close_settl_flag: u8 {
        DAILY_OPEN_PRICE = 0,
        INDICATIVE_OPENING_PRICE = 5,
        INTRADAY_VWAP = 100,
        REPO_AVERAGE_830_AM = 101,
        REPO_AVERAGE_10_AM = 102,
        PREV_SESSION_REPO_AVERAGE_10_AM = 103,
    }
}

crate::sbe_enum! {
    /// Values of `md_entry_type_statistics`.
    pub mod md_entry_type_statistics: u8 {
        OPEN_PRICE = b'4',
        HIGH_TRADE = b'7',
        LOW_TRADE = b'8',
        VWAP = b'9',
        HIGHEST_BID = b'N',
        LOWEST_OFFER = b'O',
    }
}

crate::sbe_enum! {
    /// Values of `aggressor_side`.
    pub mod aggressor_side: u8 {
        NO_AGGRESSOR = 0,
        BUY = 1,
        SELL = 2,
    }
}

crate::sbe_enum! {
    /// Values of `md_entry_type`.
    pub mod md_entry_type: u8 {
        BID = b'0',
        OFFER = b'1',
        TRADE = b'2',
        OPEN_PRICE = b'4',
        SETTLEMENT_PRICE = b'6',
        TRADING_SESSION_HIGH_PRICE = b'7',
        TRADING_SESSION_LOW_PRICE = b'8',
        VWAP = b'9',
        CLEARED_VOLUME = b'B',
        OPEN_INTEREST = b'C',
        IMPLIED_BID = b'E',
        IMPLIED_OFFER = b'F',
        BOOK_RESET = b'J',
        SESSION_HIGH_BID = b'N',
        SESSION_LOW_OFFER = b'O',
        FIXING_PRICE = b'W',
        ELECTRONIC_VOLUME = b'e',
        THRESHOLD_LIMITSAND_PRICE_BAND_VARIATION = b'g',
        MARKET_BEST_OFFER = b'w',
        MARKET_BEST_BID = b'x',
    }
}

crate::sbe_enum! {
    /// Values of `put_or_call`.
    pub mod put_or_call: u8 {
        PUT = 0,
        CALL = 1,
    }
}

crate::sbe_enum! {
    /// Values of `security_trading_status`.
    pub mod security_trading_status: u8 {
        TRADING_HALT = 2,
        CLOSE = 4,
        NEW_PRICE_INDICATION = 15,
        READY_TO_TRADE = 17,
        NOT_AVAILABLE_FOR_TRADING = 18,
        UNKNOWNOR_INVALID = 20,
        PRE_OPEN = 21,
        PRE_CROSS = 24,
        CROSS = 25,
        POST_CLOSE = 26,
        NO_CHANGE = 103,
        PRIVATE_WORKUP = 201,
        PUBLIC_WORKUP = 202,
    }
}

crate::sbe_enum! {
    /// Values of `halt_reason`.
    pub mod halt_reason: u8 {
        GROUP_SCHEDULE = 0,
        SURVEILLANCE_INTERVENTION = 1,
        MARKET_EVENT = 2,
        INSTRUMENT_ACTIVATION = 3,
        INSTRUMENT_EXPIRATION = 4,
        UNKNOWN = 5,
        RECOVERY_IN_PROCESS = 6,
        TRADE_DATE_ROLL = 7,
    }
}

crate::sbe_enum! {
    /// Values of `security_trading_event`.
    pub mod security_trading_event: u8 {
        NO_EVENT = 0,
        NO_CANCEL = 1,
        RESET_STATISTICS = 4,
        IMPLIED_MATCHING_ON = 5,
        IMPLIED_MATCHING_OFF = 6,
        END_OF_WORKUP = 7,
    }
}

crate::sbe_enum! {
    /// Values of `security_alt_id_source`.
    pub mod security_alt_id_source: u8 {
        CUSIP = 1,
        ISIN = 4,
    }
}

crate::sbe_enum! {
    /// Values of `repo_sub_type`.
    pub mod repo_sub_type: u8 {
        SPECIAL = 0,
        GC = 1,
        GC_FOR_DBV = 2,
    }
}

crate::sbe_enum! {
    /// Values of `money_or_par`.
    pub mod money_or_par: u8 {
        MONEY = 1,
        PAR = 2,
    }
}

crate::sbe_enum! {
    /// Values of `underlying_security_alt_id_source`.
    pub mod underlying_security_alt_id_source: u8 {
        CUSIP = 1,
        ISIN = 4,
    }
}

crate::sbe_enum! {
    /// Values of `workup_trading_status`.
    pub mod workup_trading_status: u8 {
        READY_TO_TRADE = 17,
        NOT_AVAILABLE_FOR_TRADING = 18,
        PRIVATE_WORKUP = 201,
        PUBLIC_WORKUP = 202,
    }
}

crate::sbe_enum! {
    /// Values of `side`.
    pub mod side: u8 {
        BUY = 1,
        SELL = 2,
    }
}

crate::sbe_enum! {
    /// Values of `aggressor_indicator`.
    pub mod aggressor_indicator: u8 {
        NOT_AGGRESSOR = 0,
        AGGRESSOR = 1,
    }
}

crate::sbe_enum! {
    /// Values of `md_stream_id`.
    pub mod md_stream_id: u8 {
        MARKET_PLACE_ASSISTANT = 0,
        GLOBEX = 1,
        REFINITIV = 2,
        ICAP = 3,
    }
}

crate::sbe_entry! {
    /// An entry of `channel_reset` in `channel_reset`.
    pub struct ChannelResetChannelReset(2, least 2) {
        0 appl_id: LittleEndian<i16>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `channel_reset`.
    pub struct ChannelResetBlock(9, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `channel_reset`, template 4.
    pub struct ChannelReset = 4 "channel_reset", block ChannelResetBlock,
        groups {
            channel_reset: GroupSize ChannelResetChannelReset since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// The block of `admin_heartbeat`.
    pub struct AdminHeartbeatBlock(0, least 0) {
    } later {}
}

crate::sbe_message! {
    /// The message `admin_heartbeat`, template 12.
    pub struct AdminHeartbeat = 12 "admin_heartbeat", block AdminHeartbeatBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `admin_login`.
    pub struct AdminLoginBlock(1, least 1) {
        0 heart_bt_int: LittleEndian<i8>,
    } later {}
}

crate::sbe_message! {
    /// The message `admin_login`, template 15.
    pub struct AdminLogin = 15 "admin_login", block AdminLoginBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// The block of `admin_logout`.
    pub struct AdminLogoutBlock(180, least 180) {
        0 text: Chars<180>,
    } later {}
}

crate::sbe_message! {
    /// The message `admin_logout`, template 16.
    pub struct AdminLogout = 16 "admin_logout", block AdminLogoutBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// An entry of `events` in `md_instrument_definition_future`.
    pub struct MdInstrumentDefinitionFuture27Events(9, least 9) {
        0 event_type: LittleEndian<u8>,
        1 event_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `feed_types` in `md_instrument_definition_future`.
    pub struct MdInstrumentDefinitionFuture27FeedTypes(4, least 4) {
        0 md_feed_type: Chars<3>,
        3 market_depth: LittleEndian<i8>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `inst_attrib` in `md_instrument_definition_future`.
    pub struct MdInstrumentDefinitionFuture27InstAttrib(4, least 4) {
        0 inst_attrib_value: InstAttribValue,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `lot_type_rules` in `md_instrument_definition_future`.
    pub struct MdInstrumentDefinitionFuture27LotTypeRules(5, least 5) {
        0 lot_type: LittleEndian<i8>,
        1 min_lot_size: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_instrument_definition_future`.
    pub struct MdInstrumentDefinitionFuture27Block(216, least 214) {
        0 match_event_indicator: MatchEventIndicator,
        1 tot_num_reports_optional: Nullable<LittleEndian<u32>, 4294967295>,
        5 security_update_action: Code,
        6 last_update_time: LittleEndian<u64>,
        14 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        15 appl_id: LittleEndian<i16>,
        17 market_segment_id: LittleEndian<u8>,
        18 underlying_product: LittleEndian<u8>,
        19 security_exchange: Chars<4>,
        23 security_group: Chars<6>,
        29 asset: Chars<6>,
        35 symbol: Chars<20>,
        55 security_id: LittleEndian<i32>,
        59 security_type: Chars<6>,
        65 cfi_code: Chars<6>,
        71 maturity_month_year: MaturityMonthYear<'static>,
        76 currency: Chars<3>,
        79 settl_currency: Chars<3>,
        82 match_algorithm: Chars<1>,
        83 min_trade_vol: LittleEndian<u32>,
        87 max_trade_vol: LittleEndian<u32>,
        91 min_price_increment: Fixed<LittleEndian<i64>, { -7 }>,
        99 display_factor: Fixed<LittleEndian<i64>, { -7 }>,
        107 main_fraction: Nullable<LittleEndian<u8>, 255>,
        108 sub_fraction: Nullable<LittleEndian<u8>, 255>,
        109 price_display_format: Nullable<LittleEndian<u8>, 255>,
        110 unit_of_measure: Chars<30>,
        140 unit_of_measure_qty: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        148 trading_reference_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        156 settl_price_type: SettlPriceType,
        157 open_interest_qty: Nullable<LittleEndian<i32>, 2147483647>,
        161 cleared_volume: Nullable<LittleEndian<i32>, 2147483647>,
        165 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        173 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        181 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        189 decay_quantity: Nullable<LittleEndian<i32>, 2147483647>,
        193 decay_start_date: Nullable<LittleEndian<u16>, 65535>,
        195 original_contract_size: Nullable<LittleEndian<i32>, 2147483647>,
        199 contract_multiplier: Nullable<LittleEndian<i32>, 2147483647>,
        203 contract_multiplier_unit: Nullable<LittleEndian<i8>, 127>,
        204 flow_schedule_type: Nullable<LittleEndian<i8>, 127>,
        205 min_price_increment_amount: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        213 user_defined_instrument: Chars<1>,
    } later {
        214 trading_reference_date: Nullable<LittleEndian<u16>, 65535>, since 6;
    }
}

crate::sbe_message! {
    /// The message `md_instrument_definition_future`, template 27.
    pub struct MdInstrumentDefinitionFuture27 = 27 "md_instrument_definition_future", block MdInstrumentDefinitionFuture27Block,
        groups {
            events: GroupSize MdInstrumentDefinitionFuture27Events since 0,
            feed_types: GroupSize MdInstrumentDefinitionFuture27FeedTypes since 0,
            inst_attrib: GroupSize MdInstrumentDefinitionFuture27InstAttrib since 0,
            lot_type_rules: GroupSize MdInstrumentDefinitionFuture27LotTypeRules since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `events` in `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread29Events(9, least 9) {
        0 event_type: LittleEndian<u8>,
        1 event_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `feed_types` in `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread29FeedTypes(4, least 4) {
        0 md_feed_type: Chars<3>,
        3 market_depth: LittleEndian<i8>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `inst_attrib` in `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread29InstAttrib(4, least 4) {
        0 inst_attrib_value: InstAttribValue,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `lot_type_rules` in `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread29LotTypeRules(5, least 5) {
        0 lot_type: LittleEndian<i8>,
        1 min_lot_size: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `legs` in `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread29Legs(18, least 18) {
        0 leg_security_id: LittleEndian<i32>,
        4 leg_side: LittleEndian<u8>,
        5 leg_ratio_qty: LittleEndian<i8>,
        6 leg_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        14 leg_option_delta: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread29Block(195, least 193) {
        0 match_event_indicator: MatchEventIndicator,
        1 tot_num_reports_optional: Nullable<LittleEndian<u32>, 4294967295>,
        5 security_update_action: Code,
        6 last_update_time: LittleEndian<u64>,
        14 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        15 appl_id: LittleEndian<i16>,
        17 market_segment_id: LittleEndian<u8>,
        18 underlying_product_optional: Nullable<LittleEndian<u8>, 255>,
        19 security_exchange: Chars<4>,
        23 security_group: Chars<6>,
        29 asset: Chars<6>,
        35 symbol: Chars<20>,
        55 security_id: LittleEndian<i32>,
        59 security_type: Chars<6>,
        65 cfi_code: Chars<6>,
        71 maturity_month_year: MaturityMonthYear<'static>,
        76 currency: Chars<3>,
        79 security_sub_type: Chars<5>,
        84 user_defined_instrument: Chars<1>,
        85 match_algorithm: Chars<1>,
        86 min_trade_vol: LittleEndian<u32>,
        90 max_trade_vol: LittleEndian<u32>,
        94 min_price_increment: Fixed<LittleEndian<i64>, { -7 }>,
        102 display_factor: Fixed<LittleEndian<i64>, { -7 }>,
        110 price_display_format: Nullable<LittleEndian<u8>, 255>,
        111 price_ratio: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        119 tick_rule: Nullable<LittleEndian<i8>, 127>,
        120 unit_of_measure: Chars<30>,
        150 trading_reference_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        158 settl_price_type: SettlPriceType,
        159 open_interest_qty: Nullable<LittleEndian<i32>, 2147483647>,
        163 cleared_volume: Nullable<LittleEndian<i32>, 2147483647>,
        167 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        175 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        183 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        191 main_fraction: Nullable<LittleEndian<u8>, 255>,
        192 sub_fraction: Nullable<LittleEndian<u8>, 255>,
    } later {
        193 trading_reference_date: Nullable<LittleEndian<u16>, 65535>, since 6;
    }
}

crate::sbe_message! {
    /// The message `md_instrument_definition_spread`, template 29.
    pub struct MdInstrumentDefinitionSpread29 = 29 "md_instrument_definition_spread", block MdInstrumentDefinitionSpread29Block,
        groups {
            events: GroupSize MdInstrumentDefinitionSpread29Events since 0,
            feed_types: GroupSize MdInstrumentDefinitionSpread29FeedTypes since 0,
            inst_attrib: GroupSize MdInstrumentDefinitionSpread29InstAttrib since 0,
            lot_type_rules: GroupSize MdInstrumentDefinitionSpread29LotTypeRules since 0,
            legs: GroupSize MdInstrumentDefinitionSpread29Legs since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// The block of `security_status`.
    pub struct SecurityStatusBlock(30, least 30) {
        0 transact_time: LittleEndian<u64>,
        8 security_group: Chars<6>,
        14 asset: Chars<6>,
        20 security_id_optional: Nullable<LittleEndian<i32>, 2147483647>,
        24 trade_date: Nullable<LittleEndian<u16>, 65535>,
        26 match_event_indicator: MatchEventIndicator,
        27 security_trading_status: Nullable<LittleEndian<u8>, 255>,
        28 halt_reason: LittleEndian<u8>,
        29 security_trading_event: LittleEndian<u8>,
    } later {}
}

crate::sbe_message! {
    /// The message `security_status`, template 30.
    pub struct SecurityStatus = 30 "security_status", block SecurityStatusBlock,
        groups {}
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_book` in `md_incremental_refresh_book`.
    pub struct MdIncrementalRefreshBook32IncrementalRefreshBook(32, least 27) {
        0 md_entry_px_optional: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        8 md_entry_size_optional: Nullable<LittleEndian<i32>, 2147483647>,
        12 security_id: LittleEndian<i32>,
        16 rpt_seq: LittleEndian<u32>,
        20 number_of_orders: Nullable<LittleEndian<i32>, 2147483647>,
        24 md_price_level: LittleEndian<u8>,
        25 md_update_action: LittleEndian<u8>,
        26 md_entry_type_book: Code,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_book_order_id` in `md_incremental_refresh_book`.
    pub struct MdIncrementalRefreshBook32IncrementalRefreshBookOrderId(24, least 22) {
        0 order_id: LittleEndian<u64>,
        8 md_order_priority_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 md_display_qty_optional: Nullable<LittleEndian<i32>, 2147483647>,
        20 reference_id: Nullable<LittleEndian<u8>, 255>,
        21 order_update_action: LittleEndian<u8>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_book`.
    pub struct MdIncrementalRefreshBook32Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_book`, template 32.
    pub struct MdIncrementalRefreshBook32 = 32 "md_incremental_refresh_book", block MdIncrementalRefreshBook32Block,
        groups {
            incremental_refresh_book: GroupSize MdIncrementalRefreshBook32IncrementalRefreshBook since 0,
            incremental_refresh_book_order_id: GroupSize8Byte MdIncrementalRefreshBook32IncrementalRefreshBookOrderId since 7,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_daily_statistics` in `md_incremental_refresh_daily_statistics`.
    pub struct MdIncrementalRefreshDailyStatistics33IncrementalRefreshDailyStatistics(32, least 25) {
        0 md_entry_px_optional: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        8 md_entry_size_optional: Nullable<LittleEndian<i32>, 2147483647>,
        12 security_id: LittleEndian<i32>,
        16 rpt_seq: LittleEndian<u32>,
        20 trading_reference_date: Nullable<LittleEndian<u16>, 65535>,
        22 settl_price_type: SettlPriceType,
        23 md_update_action: LittleEndian<u8>,
        24 md_entry_type_daily_statistics: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_daily_statistics`.
    pub struct MdIncrementalRefreshDailyStatistics33Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_daily_statistics`, template 33.
    pub struct MdIncrementalRefreshDailyStatistics33 = 33 "md_incremental_refresh_daily_statistics", block MdIncrementalRefreshDailyStatistics33Block,
        groups {
            incremental_refresh_daily_statistics: GroupSize MdIncrementalRefreshDailyStatistics33IncrementalRefreshDailyStatistics since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_limits_banding` in `md_incremental_refresh_limits_banding`.
    pub struct MdIncrementalRefreshLimitsBanding34IncrementalRefreshLimitsBanding(32, least 32) {
        0 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        8 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        16 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        24 security_id: LittleEndian<i32>,
        28 rpt_seq: LittleEndian<u32>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_limits_banding`.
    pub struct MdIncrementalRefreshLimitsBanding34Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_limits_banding`, template 34.
    pub struct MdIncrementalRefreshLimitsBanding34 = 34 "md_incremental_refresh_limits_banding", block MdIncrementalRefreshLimitsBanding34Block,
        groups {
            incremental_refresh_limits_banding: GroupSize MdIncrementalRefreshLimitsBanding34IncrementalRefreshLimitsBanding since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_session_statistics` in `md_incremental_refresh_session_statistics`.
    pub struct MdIncrementalRefreshSessionStatistics35IncrementalRefreshSessionStatistics(24, least 19) {
        0 md_entry_px: Fixed<LittleEndian<i64>, { -7 }>,
        8 security_id: LittleEndian<i32>,
        12 rpt_seq: LittleEndian<u32>,
        16 open_close_settl_flag: Nullable<LittleEndian<u8>, 255>,
        17 md_update_action: LittleEndian<u8>,
        18 md_entry_type_statistics: Code,
    } later {
        19 md_entry_size_optional: Nullable<LittleEndian<i32>, 2147483647>, since 7;
    }
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_session_statistics`.
    pub struct MdIncrementalRefreshSessionStatistics35Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_session_statistics`, template 35.
    pub struct MdIncrementalRefreshSessionStatistics35 = 35 "md_incremental_refresh_session_statistics", block MdIncrementalRefreshSessionStatistics35Block,
        groups {
            incremental_refresh_session_statistics: GroupSize MdIncrementalRefreshSessionStatistics35IncrementalRefreshSessionStatistics since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_trade` in `md_incremental_refresh_trade`.
    pub struct MdIncrementalRefreshTradeIncrementalRefreshTrade(32, least 30) {
        0 md_entry_px: Fixed<LittleEndian<i64>, { -7 }>,
        8 md_entry_size: LittleEndian<i32>,
        12 security_id: LittleEndian<i32>,
        16 rpt_seq: LittleEndian<u32>,
        20 number_of_orders: Nullable<LittleEndian<i32>, 2147483647>,
        24 trade_id: LittleEndian<i32>,
        28 aggressor_side: Nullable<LittleEndian<u8>, 255>,
        29 md_update_action: LittleEndian<u8>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_trade`.
    pub struct MdIncrementalRefreshTradeBlock(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_trade`, template 36.
    pub struct MdIncrementalRefreshTrade = 36 "md_incremental_refresh_trade", block MdIncrementalRefreshTradeBlock,
        groups {
            incremental_refresh_trade: GroupSize MdIncrementalRefreshTradeIncrementalRefreshTrade since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_volume` in `md_incremental_refresh_volume`.
    pub struct MdIncrementalRefreshVolumeIncrementalRefreshVolume(16, least 13) {
        0 md_entry_size_short: LittleEndian<i32>,
        4 security_id: LittleEndian<i32>,
        8 rpt_seq: LittleEndian<u32>,
        12 md_update_action: LittleEndian<u8>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_volume`.
    pub struct MdIncrementalRefreshVolumeBlock(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_volume`, template 37.
    pub struct MdIncrementalRefreshVolume = 37 "md_incremental_refresh_volume", block MdIncrementalRefreshVolumeBlock,
        groups {
            incremental_refresh_volume: GroupSize MdIncrementalRefreshVolumeIncrementalRefreshVolume since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `snapshot_full_refresh` in `snapshot_full_refresh`.
    pub struct SnapshotFullRefresh38SnapshotFullRefresh(22, least 22) {
        0 md_entry_px_optional: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        8 md_entry_size_optional: Nullable<LittleEndian<i32>, 2147483647>,
        12 number_of_orders: Nullable<LittleEndian<i32>, 2147483647>,
        16 md_price_level_optional: Nullable<LittleEndian<i8>, 127>,
        17 trading_reference_date: Nullable<LittleEndian<u16>, 65535>,
        19 open_close_settl_flag: Nullable<LittleEndian<u8>, 255>,
        20 settl_price_type: SettlPriceType,
        21 md_entry_type: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `snapshot_full_refresh`.
    pub struct SnapshotFullRefresh38Block(59, least 59) {
        0 last_msg_seq_num_processed: LittleEndian<u32>,
        4 tot_num_reports: LittleEndian<u32>,
        8 security_id: LittleEndian<i32>,
        12 rpt_seq: LittleEndian<u32>,
        16 transact_time: LittleEndian<u64>,
        24 last_update_time: LittleEndian<u64>,
        32 trade_date: Nullable<LittleEndian<u16>, 65535>,
        34 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        35 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        43 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        51 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
    } later {}
}

crate::sbe_message! {
    /// The message `snapshot_full_refresh`, template 38.
    pub struct SnapshotFullRefresh38 = 38 "snapshot_full_refresh", block SnapshotFullRefresh38Block,
        groups {
            snapshot_full_refresh: GroupSize SnapshotFullRefresh38SnapshotFullRefresh since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `related_sym` in `quote_request`.
    pub struct QuoteRequestRelatedSym(32, least 30) {
        0 symbol: Chars<20>,
        20 security_id: LittleEndian<i32>,
        24 order_qty: Nullable<LittleEndian<i32>, 2147483647>,
        28 quote_type: LittleEndian<i8>,
        29 side_optional: Nullable<LittleEndian<i8>, 127>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `quote_request`.
    pub struct QuoteRequestBlock(35, least 32) {
        0 transact_time: LittleEndian<u64>,
        8 quote_req_id: Chars<23>,
        31 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `quote_request`, template 39.
    pub struct QuoteRequest = 39 "quote_request", block QuoteRequestBlock,
        groups {
            related_sym: GroupSize QuoteRequestRelatedSym since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `events` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption41Events(9, least 9) {
        0 event_type: LittleEndian<u8>,
        1 event_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `feed_types` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption41FeedTypes(4, least 4) {
        0 md_feed_type: Chars<3>,
        3 market_depth: LittleEndian<i8>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `inst_attrib` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption41InstAttrib(4, least 4) {
        0 inst_attrib_value: InstAttribValue,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `lot_type_rules` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption41LotTypeRules(5, least 5) {
        0 lot_type: LittleEndian<i8>,
        1 min_lot_size: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `option_underlyings` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption41OptionUnderlyings(24, least 24) {
        0 underlying_security_id: LittleEndian<i32>,
        4 underlying_symbol: Chars<20>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption41Block(213, least 211) {
        0 match_event_indicator: MatchEventIndicator,
        1 tot_num_reports_optional: Nullable<LittleEndian<u32>, 4294967295>,
        5 security_update_action: Code,
        6 last_update_time: LittleEndian<u64>,
        14 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        15 appl_id: LittleEndian<i16>,
        17 market_segment_id: LittleEndian<u8>,
        18 underlying_product: LittleEndian<u8>,
        19 security_exchange: Chars<4>,
        23 security_group: Chars<6>,
        29 asset: Chars<6>,
        35 symbol: Chars<20>,
        55 security_id: LittleEndian<i32>,
        59 security_type: Chars<6>,
        65 cfi_code: Chars<6>,
        71 put_or_call: LittleEndian<u8>,
        72 maturity_month_year: MaturityMonthYear<'static>,
        77 currency: Chars<3>,
        80 strike_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        88 strike_currency: Chars<3>,
        91 settl_currency: Chars<3>,
        94 min_cab_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        102 match_algorithm: Chars<1>,
        103 min_trade_vol: LittleEndian<u32>,
        107 max_trade_vol: LittleEndian<u32>,
        111 min_price_increment_optional: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        119 min_price_increment_amount: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        127 display_factor: Fixed<LittleEndian<i64>, { -7 }>,
        135 tick_rule: Nullable<LittleEndian<i8>, 127>,
        136 main_fraction: Nullable<LittleEndian<u8>, 255>,
        137 sub_fraction: Nullable<LittleEndian<u8>, 255>,
        138 price_display_format: Nullable<LittleEndian<u8>, 255>,
        139 unit_of_measure: Chars<30>,
        169 unit_of_measure_qty: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        177 trading_reference_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        185 settl_price_type: SettlPriceType,
        186 cleared_volume: Nullable<LittleEndian<i32>, 2147483647>,
        190 open_interest_qty: Nullable<LittleEndian<i32>, 2147483647>,
        194 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        202 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        210 user_defined_instrument: Chars<1>,
    } later {
        211 trading_reference_date: Nullable<LittleEndian<u16>, 65535>, since 6;
    }
}

crate::sbe_message! {
    /// The message `md_instrument_definition_option`, template 41.
    pub struct MdInstrumentDefinitionOption41 = 41 "md_instrument_definition_option", block MdInstrumentDefinitionOption41Block,
        groups {
            events: GroupSize MdInstrumentDefinitionOption41Events since 0,
            feed_types: GroupSize MdInstrumentDefinitionOption41FeedTypes since 0,
            inst_attrib: GroupSize MdInstrumentDefinitionOption41InstAttrib since 0,
            lot_type_rules: GroupSize MdInstrumentDefinitionOption41LotTypeRules since 0,
            option_underlyings: GroupSize MdInstrumentDefinitionOption41OptionUnderlyings since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_trade_summary` in `md_incremental_refresh_trade_summary`.
    pub struct MdIncrementalRefreshTradeSummary42IncrementalRefreshTradeSummary(32, least 26) {
        0 md_entry_px: Fixed<LittleEndian<i64>, { -7 }>,
        8 md_entry_size: LittleEndian<i32>,
        12 security_id: LittleEndian<i32>,
        16 rpt_seq: LittleEndian<u32>,
        20 number_of_orders: Nullable<LittleEndian<i32>, 2147483647>,
        24 aggressor_side: Nullable<LittleEndian<u8>, 255>,
        25 md_update_action: LittleEndian<u8>,
    } later {
        26 md_trade_entry_optional: Nullable<LittleEndian<u32>, 4294967295>, since 7;
    }
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_trade_summary_order_id` in `md_incremental_refresh_trade_summary`.
    pub struct MdIncrementalRefreshTradeSummary42IncrementalRefreshTradeSummaryOrderId(16, least 12) {
        0 order_id: LittleEndian<u64>,
        8 last_qty: LittleEndian<i32>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_trade_summary`.
    pub struct MdIncrementalRefreshTradeSummary42Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_trade_summary`, template 42.
    pub struct MdIncrementalRefreshTradeSummary42 = 42 "md_incremental_refresh_trade_summary", block MdIncrementalRefreshTradeSummary42Block,
        groups {
            incremental_refresh_trade_summary: GroupSize MdIncrementalRefreshTradeSummary42IncrementalRefreshTradeSummary since 0,
            incremental_refresh_trade_summary_order_id: GroupSize8Byte MdIncrementalRefreshTradeSummary42IncrementalRefreshTradeSummaryOrderId since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_order_book` in `md_incremental_refresh_order_book`.
    pub struct MdIncrementalRefreshOrderBook43IncrementalRefreshOrderBook(40, least 34) {
        0 order_id_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        8 md_order_priority_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 md_entry_px_optional: Nullable<Fixed<LittleEndian<i64>, { -7 }>, 9223372036854775807>,
        24 md_display_qty_optional: Nullable<LittleEndian<i32>, 2147483647>,
        28 security_id: LittleEndian<i32>,
        32 md_update_action: LittleEndian<u8>,
        33 md_entry_type_book: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_order_book`.
    pub struct MdIncrementalRefreshOrderBook43Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_order_book`, template 43.
    pub struct MdIncrementalRefreshOrderBook43 = 43 "md_incremental_refresh_order_book", block MdIncrementalRefreshOrderBook43Block,
        groups {
            incremental_refresh_order_book: GroupSize MdIncrementalRefreshOrderBook43IncrementalRefreshOrderBook since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `snapshot_full_refresh_order_book` in `snapshot_full_refresh_order_book`.
    pub struct SnapshotFullRefreshOrderBook44SnapshotFullRefreshOrderBook(29, least 29) {
        0 order_id: LittleEndian<u64>,
        8 md_order_priority_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 md_entry_px: Fixed<LittleEndian<i64>, { -7 }>,
        24 md_display_qty: LittleEndian<i32>,
        28 md_entry_type_book: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `snapshot_full_refresh_order_book`.
    pub struct SnapshotFullRefreshOrderBook44Block(28, least 28) {
        0 last_msg_seq_num_processed: LittleEndian<u32>,
        4 tot_num_reports: LittleEndian<u32>,
        8 security_id: LittleEndian<i32>,
        12 no_chunks: LittleEndian<u32>,
        16 current_chunk: LittleEndian<u32>,
        20 transact_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_message! {
    /// The message `snapshot_full_refresh_order_book`, template 44.
    pub struct SnapshotFullRefreshOrderBook44 = 44 "snapshot_full_refresh_order_book", block SnapshotFullRefreshOrderBook44Block,
        groups {
            snapshot_full_refresh_order_book: GroupSize SnapshotFullRefreshOrderBook44SnapshotFullRefreshOrderBook since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_book` in `md_incremental_refresh_book`.
    pub struct MdIncrementalRefreshBook46IncrementalRefreshBook(32, least 27) {
        0 md_entry_px_optional_ex: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        8 md_entry_size_short_optional: Nullable<LittleEndian<i32>, 2147483647>,
        12 security_id: LittleEndian<i32>,
        16 rpt_seq: LittleEndian<u32>,
        20 number_of_orders_optional: Nullable<LittleEndian<i32>, 2147483647>,
        24 md_price_level: LittleEndian<u8>,
        25 md_update_action: LittleEndian<u8>,
        26 md_entry_type_book: Code,
    } later {
        27 tradeable_size: Nullable<LittleEndian<i32>, 2147483647>, since 10;
    }
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_book_order_id` in `md_incremental_refresh_book`.
    pub struct MdIncrementalRefreshBook46IncrementalRefreshBookOrderId(24, least 22) {
        0 order_id: LittleEndian<u64>,
        8 md_order_priority_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 md_display_qty_optional: Nullable<LittleEndian<i32>, 2147483647>,
        20 reference_id: Nullable<LittleEndian<u8>, 255>,
        21 order_update_action: LittleEndian<u8>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_book`.
    pub struct MdIncrementalRefreshBook46Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_book`, template 46.
    pub struct MdIncrementalRefreshBook46 = 46 "md_incremental_refresh_book", block MdIncrementalRefreshBook46Block,
        groups {
            incremental_refresh_book: GroupSize MdIncrementalRefreshBook46IncrementalRefreshBook since 0,
            incremental_refresh_book_order_id: GroupSize8Byte MdIncrementalRefreshBook46IncrementalRefreshBookOrderId since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_order_book` in `md_incremental_refresh_order_book`.
    pub struct MdIncrementalRefreshOrderBook47IncrementalRefreshOrderBook(40, least 34) {
        0 order_id_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        8 md_order_priority_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 md_entry_px_optional_ex: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        24 md_display_qty_optional: Nullable<LittleEndian<i32>, 2147483647>,
        28 security_id: LittleEndian<i32>,
        32 md_update_action: LittleEndian<u8>,
        33 md_entry_type_book: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_order_book`.
    pub struct MdIncrementalRefreshOrderBook47Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_order_book`, template 47.
    pub struct MdIncrementalRefreshOrderBook47 = 47 "md_incremental_refresh_order_book", block MdIncrementalRefreshOrderBook47Block,
        groups {
            incremental_refresh_order_book: GroupSize MdIncrementalRefreshOrderBook47IncrementalRefreshOrderBook since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_trade_summary` in `md_incremental_refresh_trade_summary`.
    pub struct MdIncrementalRefreshTradeSummary48IncrementalRefreshTradeSummary(32, least 30) {
        0 md_entry_px_ex: Fixed<LittleEndian<i64>, { -9 }>,
        8 md_entry_size_short: LittleEndian<i32>,
        12 security_id: LittleEndian<i32>,
        16 rpt_seq: LittleEndian<u32>,
        20 number_of_orders: LittleEndian<i32>,
        24 aggressor_side: Nullable<LittleEndian<u8>, 255>,
        25 md_update_action: LittleEndian<u8>,
        26 md_trade_entry_optional: Nullable<LittleEndian<u32>, 4294967295>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_trade_summary_order_id` in `md_incremental_refresh_trade_summary`.
    pub struct MdIncrementalRefreshTradeSummary48IncrementalRefreshTradeSummaryOrderId(16, least 12) {
        0 order_id: LittleEndian<u64>,
        8 last_qty: LittleEndian<i32>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_trade_summary`.
    pub struct MdIncrementalRefreshTradeSummary48Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_trade_summary`, template 48.
    pub struct MdIncrementalRefreshTradeSummary48 = 48 "md_incremental_refresh_trade_summary", block MdIncrementalRefreshTradeSummary48Block,
        groups {
            incremental_refresh_trade_summary: GroupSize MdIncrementalRefreshTradeSummary48IncrementalRefreshTradeSummary since 0,
            incremental_refresh_trade_summary_order_id: GroupSize8Byte MdIncrementalRefreshTradeSummary48IncrementalRefreshTradeSummaryOrderId since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_daily_statistics` in `md_incremental_refresh_daily_statistics`.
    pub struct MdIncrementalRefreshDailyStatistics49IncrementalRefreshDailyStatistics(32, least 25) {
        0 md_entry_px_optional_ex: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        8 md_entry_size_short_optional: Nullable<LittleEndian<i32>, 2147483647>,
        12 security_id: LittleEndian<i32>,
        16 rpt_seq: LittleEndian<u32>,
        20 trading_reference_date: Nullable<LittleEndian<u16>, 65535>,
        22 settl_price_type: SettlPriceType,
        23 md_update_action: LittleEndian<u8>,
        24 md_entry_type_daily_statistics: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_daily_statistics`.
    pub struct MdIncrementalRefreshDailyStatistics49Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_daily_statistics`, template 49.
    pub struct MdIncrementalRefreshDailyStatistics49 = 49 "md_incremental_refresh_daily_statistics", block MdIncrementalRefreshDailyStatistics49Block,
        groups {
            incremental_refresh_daily_statistics: GroupSize MdIncrementalRefreshDailyStatistics49IncrementalRefreshDailyStatistics since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_limits_banding` in `md_incremental_refresh_limits_banding`.
    pub struct MdIncrementalRefreshLimitsBanding50IncrementalRefreshLimitsBanding(32, least 32) {
        0 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        8 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        16 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        24 security_id: LittleEndian<i32>,
        28 rpt_seq: LittleEndian<u32>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_limits_banding`.
    pub struct MdIncrementalRefreshLimitsBanding50Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_limits_banding`, template 50.
    pub struct MdIncrementalRefreshLimitsBanding50 = 50 "md_incremental_refresh_limits_banding", block MdIncrementalRefreshLimitsBanding50Block,
        groups {
            incremental_refresh_limits_banding: GroupSize MdIncrementalRefreshLimitsBanding50IncrementalRefreshLimitsBanding since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_session_statistics` in `md_incremental_refresh_session_statistics`.
    pub struct MdIncrementalRefreshSessionStatistics51IncrementalRefreshSessionStatistics(24, least 23) {
        0 md_entry_px_ex: Fixed<LittleEndian<i64>, { -9 }>,
        8 security_id: LittleEndian<i32>,
        12 rpt_seq: LittleEndian<u32>,
        16 open_close_settl_flag: Nullable<LittleEndian<u8>, 255>,
        17 md_update_action: LittleEndian<u8>,
        18 md_entry_type_statistics: Code,
        19 md_entry_size_short_optional: Nullable<LittleEndian<i32>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_session_statistics`.
    pub struct MdIncrementalRefreshSessionStatistics51Block(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_session_statistics`, template 51.
    pub struct MdIncrementalRefreshSessionStatistics51 = 51 "md_incremental_refresh_session_statistics", block MdIncrementalRefreshSessionStatistics51Block,
        groups {
            incremental_refresh_session_statistics: GroupSize MdIncrementalRefreshSessionStatistics51IncrementalRefreshSessionStatistics since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `snapshot_full_refresh` in `snapshot_full_refresh`.
    pub struct SnapshotFullRefresh52SnapshotFullRefresh(22, least 22) {
        0 md_entry_px_optional_ex: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        8 md_entry_size_short_optional: Nullable<LittleEndian<i32>, 2147483647>,
        12 number_of_orders_optional: Nullable<LittleEndian<i32>, 2147483647>,
        16 md_price_level_optional: Nullable<LittleEndian<i8>, 127>,
        17 trading_reference_date: Nullable<LittleEndian<u16>, 65535>,
        19 open_close_settl_flag: Nullable<LittleEndian<u8>, 255>,
        20 settl_price_type: SettlPriceType,
        21 md_entry_type: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `snapshot_full_refresh`.
    pub struct SnapshotFullRefresh52Block(59, least 59) {
        0 last_msg_seq_num_processed: LittleEndian<u32>,
        4 tot_num_reports: LittleEndian<u32>,
        8 security_id: LittleEndian<i32>,
        12 rpt_seq: LittleEndian<u32>,
        16 transact_time: LittleEndian<u64>,
        24 last_update_time: LittleEndian<u64>,
        32 trade_date: Nullable<LittleEndian<u16>, 65535>,
        34 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        35 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        43 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        51 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
    } later {}
}

crate::sbe_message! {
    /// The message `snapshot_full_refresh`, template 52.
    pub struct SnapshotFullRefresh52 = 52 "snapshot_full_refresh", block SnapshotFullRefresh52Block,
        groups {
            snapshot_full_refresh: GroupSize SnapshotFullRefresh52SnapshotFullRefresh since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `snapshot_full_refresh_order_book` in `snapshot_full_refresh_order_book`.
    pub struct SnapshotFullRefreshOrderBook53SnapshotFullRefreshOrderBook(29, least 29) {
        0 order_id: LittleEndian<u64>,
        8 md_order_priority_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 md_entry_px_ex: Fixed<LittleEndian<i64>, { -9 }>,
        24 md_display_qty: LittleEndian<i32>,
        28 md_entry_type_book: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `snapshot_full_refresh_order_book`.
    pub struct SnapshotFullRefreshOrderBook53Block(28, least 28) {
        0 last_msg_seq_num_processed: LittleEndian<u32>,
        4 tot_num_reports: LittleEndian<u32>,
        8 security_id: LittleEndian<i32>,
        12 no_chunks: LittleEndian<u32>,
        16 current_chunk: LittleEndian<u32>,
        20 transact_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_message! {
    /// The message `snapshot_full_refresh_order_book`, template 53.
    pub struct SnapshotFullRefreshOrderBook53 = 53 "snapshot_full_refresh_order_book", block SnapshotFullRefreshOrderBook53Block,
        groups {
            snapshot_full_refresh_order_book: GroupSize SnapshotFullRefreshOrderBook53SnapshotFullRefreshOrderBook since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `events` in `md_instrument_definition_future`.
    pub struct MdInstrumentDefinitionFuture54Events(9, least 9) {
        0 event_type: LittleEndian<u8>,
        1 event_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `feed_types` in `md_instrument_definition_future`.
    pub struct MdInstrumentDefinitionFuture54FeedTypes(4, least 4) {
        0 md_feed_type: Chars<3>,
        3 market_depth: LittleEndian<i8>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `inst_attrib` in `md_instrument_definition_future`.
    pub struct MdInstrumentDefinitionFuture54InstAttrib(4, least 4) {
        0 inst_attrib_value: InstAttribValue,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `lot_type_rules` in `md_instrument_definition_future`.
    pub struct MdInstrumentDefinitionFuture54LotTypeRules(5, least 5) {
        0 lot_type: LittleEndian<i8>,
        1 min_lot_size_decimal_qty: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_instrument_definition_future`.
    pub struct MdInstrumentDefinitionFuture54Block(224, least 216) {
        0 match_event_indicator: MatchEventIndicator,
        1 tot_num_reports_optional: Nullable<LittleEndian<u32>, 4294967295>,
        5 security_update_action: Code,
        6 last_update_time: LittleEndian<u64>,
        14 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        15 appl_id: LittleEndian<i16>,
        17 market_segment_id: LittleEndian<u8>,
        18 underlying_product: LittleEndian<u8>,
        19 security_exchange: Chars<4>,
        23 security_group: Chars<6>,
        29 asset: Chars<6>,
        35 symbol: Chars<20>,
        55 security_id: LittleEndian<i32>,
        59 security_type: Chars<6>,
        65 cfi_code: Chars<6>,
        71 maturity_month_year: MaturityMonthYear<'static>,
        76 currency: Chars<3>,
        79 settl_currency: Chars<3>,
        82 match_algorithm: Chars<1>,
        83 min_trade_vol: LittleEndian<u32>,
        87 max_trade_vol: LittleEndian<u32>,
        91 min_price_increment: Fixed<LittleEndian<i64>, { -9 }>,
        99 display_factor: Fixed<LittleEndian<i64>, { -9 }>,
        107 main_fraction: Nullable<LittleEndian<u8>, 255>,
        108 sub_fraction: Nullable<LittleEndian<u8>, 255>,
        109 price_display_format: Nullable<LittleEndian<u8>, 255>,
        110 unit_of_measure: Chars<30>,
        140 unit_of_measure_qty: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        148 trading_reference_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        156 settl_price_type: SettlPriceType,
        157 open_interest_qty: Nullable<LittleEndian<i32>, 2147483647>,
        161 cleared_volume: Nullable<LittleEndian<i32>, 2147483647>,
        165 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        173 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        181 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        189 decay_quantity: Nullable<LittleEndian<i32>, 2147483647>,
        193 decay_start_date: Nullable<LittleEndian<u16>, 65535>,
        195 original_contract_size: Nullable<LittleEndian<i32>, 2147483647>,
        199 contract_multiplier: Nullable<LittleEndian<i32>, 2147483647>,
        203 contract_multiplier_unit: Nullable<LittleEndian<i8>, 127>,
        204 flow_schedule_type: Nullable<LittleEndian<i8>, 127>,
        205 min_price_increment_amount: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        213 user_defined_instrument: Chars<1>,
        214 trading_reference_date: Nullable<LittleEndian<u16>, 65535>,
    } later {
        216 instrument_guid: Nullable<LittleEndian<u64>, 18446744073709551615>, since 10;
    }
}

crate::sbe_message! {
    /// The message `md_instrument_definition_future`, template 54.
    pub struct MdInstrumentDefinitionFuture54 = 54 "md_instrument_definition_future", block MdInstrumentDefinitionFuture54Block,
        groups {
            events: GroupSize MdInstrumentDefinitionFuture54Events since 0,
            feed_types: GroupSize MdInstrumentDefinitionFuture54FeedTypes since 0,
            inst_attrib: GroupSize MdInstrumentDefinitionFuture54InstAttrib since 0,
            lot_type_rules: GroupSize MdInstrumentDefinitionFuture54LotTypeRules since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `events` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption55Events(9, least 9) {
        0 event_type: LittleEndian<u8>,
        1 event_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `feed_types` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption55FeedTypes(4, least 4) {
        0 md_feed_type: Chars<3>,
        3 market_depth: LittleEndian<i8>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `inst_attrib` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption55InstAttrib(4, least 4) {
        0 inst_attrib_value: InstAttribValue,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `lot_type_rules` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption55LotTypeRules(5, least 5) {
        0 lot_type: LittleEndian<i8>,
        1 min_lot_size_decimal_qty: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `option_underlyings` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption55OptionUnderlyings(24, least 24) {
        0 underlying_security_id: LittleEndian<i32>,
        4 underlying_symbol: Chars<20>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `option_related_instruments` in `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption55OptionRelatedInstruments(24, least 24) {
        0 related_security_id: LittleEndian<i32>,
        4 related_symbol: Chars<20>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_instrument_definition_option`.
    pub struct MdInstrumentDefinitionOption55Block(221, least 213) {
        0 match_event_indicator: MatchEventIndicator,
        1 tot_num_reports_optional: Nullable<LittleEndian<u32>, 4294967295>,
        5 security_update_action: Code,
        6 last_update_time: LittleEndian<u64>,
        14 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        15 appl_id: LittleEndian<i16>,
        17 market_segment_id: LittleEndian<u8>,
        18 underlying_product: LittleEndian<u8>,
        19 security_exchange: Chars<4>,
        23 security_group: Chars<6>,
        29 asset: Chars<6>,
        35 symbol: Chars<20>,
        55 security_id: LittleEndian<i32>,
        59 security_type: Chars<6>,
        65 cfi_code: Chars<6>,
        71 put_or_call: LittleEndian<u8>,
        72 maturity_month_year: MaturityMonthYear<'static>,
        77 currency: Chars<3>,
        80 strike_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        88 strike_currency: Chars<3>,
        91 settl_currency: Chars<3>,
        94 min_cab_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        102 match_algorithm: Chars<1>,
        103 min_trade_vol: LittleEndian<u32>,
        107 max_trade_vol: LittleEndian<u32>,
        111 min_price_increment_optional: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        119 min_price_increment_amount: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        127 display_factor: Fixed<LittleEndian<i64>, { -9 }>,
        135 tick_rule: Nullable<LittleEndian<i8>, 127>,
        136 main_fraction: Nullable<LittleEndian<u8>, 255>,
        137 sub_fraction: Nullable<LittleEndian<u8>, 255>,
        138 price_display_format: Nullable<LittleEndian<u8>, 255>,
        139 unit_of_measure: Chars<30>,
        169 unit_of_measure_qty: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        177 trading_reference_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        185 settl_price_type: SettlPriceType,
        186 cleared_volume: Nullable<LittleEndian<i32>, 2147483647>,
        190 open_interest_qty: Nullable<LittleEndian<i32>, 2147483647>,
        194 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        202 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        210 user_defined_instrument: Chars<1>,
        211 trading_reference_date: Nullable<LittleEndian<u16>, 65535>,
    } later {
        213 instrument_guid: Nullable<LittleEndian<u64>, 18446744073709551615>, since 10;
    }
}

crate::sbe_message! {
    /// The message `md_instrument_definition_option`, template 55.
    pub struct MdInstrumentDefinitionOption55 = 55 "md_instrument_definition_option", block MdInstrumentDefinitionOption55Block,
        groups {
            events: GroupSize MdInstrumentDefinitionOption55Events since 0,
            feed_types: GroupSize MdInstrumentDefinitionOption55FeedTypes since 0,
            inst_attrib: GroupSize MdInstrumentDefinitionOption55InstAttrib since 0,
            lot_type_rules: GroupSize MdInstrumentDefinitionOption55LotTypeRules since 0,
            option_underlyings: GroupSize MdInstrumentDefinitionOption55OptionUnderlyings since 0,
            option_related_instruments: GroupSize MdInstrumentDefinitionOption55OptionRelatedInstruments since 10,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `events` in `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread56Events(9, least 9) {
        0 event_type: LittleEndian<u8>,
        1 event_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `feed_types` in `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread56FeedTypes(4, least 4) {
        0 md_feed_type: Chars<3>,
        3 market_depth: LittleEndian<i8>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `inst_attrib` in `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread56InstAttrib(4, least 4) {
        0 inst_attrib_value: InstAttribValue,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `lot_type_rules` in `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread56LotTypeRules(5, least 5) {
        0 lot_type: LittleEndian<i8>,
        1 min_lot_size_decimal_qty: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `legs` in `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread56Legs(18, least 18) {
        0 leg_security_id: LittleEndian<i32>,
        4 leg_side: LittleEndian<u8>,
        5 leg_ratio_qty: LittleEndian<i8>,
        6 leg_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        14 leg_option_delta: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_instrument_definition_spread`.
    pub struct MdInstrumentDefinitionSpread56Block(255, least 195) {
        0 match_event_indicator: MatchEventIndicator,
        1 tot_num_reports_optional: Nullable<LittleEndian<u32>, 4294967295>,
        5 security_update_action: Code,
        6 last_update_time: LittleEndian<u64>,
        14 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        15 appl_id: LittleEndian<i16>,
        17 market_segment_id: LittleEndian<u8>,
        18 underlying_product_optional: Nullable<LittleEndian<u8>, 255>,
        19 security_exchange: Chars<4>,
        23 security_group: Chars<6>,
        29 asset: Chars<6>,
        35 symbol: Chars<20>,
        55 security_id: LittleEndian<i32>,
        59 security_type: Chars<6>,
        65 cfi_code: Chars<6>,
        71 maturity_month_year: MaturityMonthYear<'static>,
        76 currency: Chars<3>,
        79 security_sub_type: Chars<5>,
        84 user_defined_instrument: Chars<1>,
        85 match_algorithm: Chars<1>,
        86 min_trade_vol: LittleEndian<u32>,
        90 max_trade_vol: LittleEndian<u32>,
        94 min_price_increment_optional: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        102 display_factor: Fixed<LittleEndian<i64>, { -9 }>,
        110 price_display_format: Nullable<LittleEndian<u8>, 255>,
        111 price_ratio: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        119 tick_rule: Nullable<LittleEndian<i8>, 127>,
        120 unit_of_measure: Chars<30>,
        150 trading_reference_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        158 settl_price_type: SettlPriceType,
        159 open_interest_qty: Nullable<LittleEndian<i32>, 2147483647>,
        163 cleared_volume: Nullable<LittleEndian<i32>, 2147483647>,
        167 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        175 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        183 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        191 main_fraction: Nullable<LittleEndian<u8>, 255>,
        192 sub_fraction: Nullable<LittleEndian<u8>, 255>,
        193 trading_reference_date: Nullable<LittleEndian<u16>, 65535>,
    } later {
        195 price_quote_method: Chars<5>, since 10;
        200 risk_set: Chars<6>, since 10;
        206 market_set: Chars<6>, since 10;
        212 instrument_guid: Nullable<LittleEndian<u64>, 18446744073709551615>, since 10;
        220 financial_instrument_full_name: Chars<35>, since 10;
    }
}

crate::sbe_message! {
    /// The message `md_instrument_definition_spread`, template 56.
    pub struct MdInstrumentDefinitionSpread56 = 56 "md_instrument_definition_spread", block MdInstrumentDefinitionSpread56Block,
        groups {
            events: GroupSize MdInstrumentDefinitionSpread56Events since 0,
            feed_types: GroupSize MdInstrumentDefinitionSpread56FeedTypes since 0,
            inst_attrib: GroupSize MdInstrumentDefinitionSpread56InstAttrib since 0,
            lot_type_rules: GroupSize MdInstrumentDefinitionSpread56LotTypeRules since 0,
            legs: GroupSize MdInstrumentDefinitionSpread56Legs since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `events` in `md_instrument_definition_fixed_income`.
    pub struct MdInstrumentDefinitionFixedIncomeEvents(9, least 9) {
        0 event_type: LittleEndian<u8>,
        1 event_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `feed_types` in `md_instrument_definition_fixed_income`.
    pub struct MdInstrumentDefinitionFixedIncomeFeedTypes(4, least 4) {
        0 md_feed_type: Chars<3>,
        3 market_depth: LittleEndian<i8>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `inst_attrib` in `md_instrument_definition_fixed_income`.
    pub struct MdInstrumentDefinitionFixedIncomeInstAttrib(4, least 4) {
        0 inst_attrib_value: InstAttribValue,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `lot_type_rules` in `md_instrument_definition_fixed_income`.
    pub struct MdInstrumentDefinitionFixedIncomeLotTypeRules(5, least 5) {
        0 lot_type: LittleEndian<i8>,
        1 min_lot_size_decimal_qty: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_instrument_definition_fixed_income`.
    pub struct MdInstrumentDefinitionFixedIncomeBlock(338, least 330) {
        0 match_event_indicator: MatchEventIndicator,
        1 tot_num_reports_optional: Nullable<LittleEndian<u32>, 4294967295>,
        5 security_update_action: Code,
        6 last_update_time: LittleEndian<u64>,
        14 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        15 appl_id: LittleEndian<i16>,
        17 market_segment_id: LittleEndian<u8>,
        18 underlying_product: LittleEndian<u8>,
        19 security_exchange: Chars<4>,
        23 security_group: Chars<6>,
        29 asset: Chars<6>,
        35 symbol: Chars<20>,
        55 security_id: LittleEndian<i32>,
        59 security_type: Chars<6>,
        65 cfi_code: Chars<6>,
        71 currency: Chars<3>,
        74 settl_currency: Chars<3>,
        77 match_algorithm: Chars<1>,
        78 min_trade_vol: LittleEndian<u32>,
        82 max_trade_vol: LittleEndian<u32>,
        86 min_price_increment_optional: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        94 display_factor: Fixed<LittleEndian<i64>, { -9 }>,
        102 main_fraction: Nullable<LittleEndian<u8>, 255>,
        103 sub_fraction: Nullable<LittleEndian<u8>, 255>,
        104 price_display_format: Nullable<LittleEndian<u8>, 255>,
        105 unit_of_measure: Chars<30>,
        135 unit_of_measure_qty: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        143 trading_reference_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        151 trading_reference_date: Nullable<LittleEndian<u16>, 65535>,
        153 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        161 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        169 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        177 min_price_increment_amount: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        185 issue_date: Nullable<LittleEndian<u16>, 65535>,
        187 dated_date: Nullable<LittleEndian<u16>, 65535>,
        189 maturity_date: Nullable<LittleEndian<u16>, 65535>,
        191 coupon_rate: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        199 par_value: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        207 coupon_frequency_unit: Chars<3>,
        210 coupon_frequency_period: Nullable<LittleEndian<u16>, 65535>,
        212 coupon_day_count: Chars<20>,
        232 country_of_issue: Chars<2>,
        234 issuer: Chars<25>,
        259 financial_instrument_full_name: Chars<35>,
        294 security_alt_id: Chars<12>,
        306 security_alt_id_source: Nullable<LittleEndian<u8>, 255>,
        307 price_quote_method: Chars<5>,
        312 party_role_clearing_org: Chars<5>,
        317 user_defined_instrument: Chars<1>,
        318 risk_set: Chars<6>,
        324 market_set: Chars<6>,
    } later {
        330 instrument_guid: Nullable<LittleEndian<u64>, 18446744073709551615>, since 11;
    }
}

crate::sbe_message! {
    /// The message `md_instrument_definition_fixed_income`, template 57.
    pub struct MdInstrumentDefinitionFixedIncome = 57 "md_instrument_definition_fixed_income", block MdInstrumentDefinitionFixedIncomeBlock,
        groups {
            events: GroupSize MdInstrumentDefinitionFixedIncomeEvents since 0,
            feed_types: GroupSize MdInstrumentDefinitionFixedIncomeFeedTypes since 0,
            inst_attrib: GroupSize MdInstrumentDefinitionFixedIncomeInstAttrib since 0,
            lot_type_rules: GroupSize MdInstrumentDefinitionFixedIncomeLotTypeRules since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `events` in `md_instrument_definition_repo`.
    pub struct MdInstrumentDefinitionRepoEvents(9, least 9) {
        0 event_type: LittleEndian<u8>,
        1 event_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `feed_types` in `md_instrument_definition_repo`.
    pub struct MdInstrumentDefinitionRepoFeedTypes(4, least 4) {
        0 md_feed_type: Chars<3>,
        3 market_depth: LittleEndian<i8>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `inst_attrib` in `md_instrument_definition_repo`.
    pub struct MdInstrumentDefinitionRepoInstAttrib(4, least 4) {
        0 inst_attrib_value: InstAttribValue,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `lot_type_rules` in `md_instrument_definition_repo`.
    pub struct MdInstrumentDefinitionRepoLotTypeRules(5, least 5) {
        0 lot_type: LittleEndian<i8>,
        1 min_lot_size_decimal_qty: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `repo_underlyings` in `md_instrument_definition_repo`.
    pub struct MdInstrumentDefinitionRepoRepoUnderlyings(118, least 118) {
        0 underlying_symbol: Chars<20>,
        20 underlying_security_id_optional: Nullable<LittleEndian<i32>, 2147483647>,
        24 underlying_security_alt_id: Chars<12>,
        36 underlying_security_alt_id_source: Nullable<LittleEndian<u8>, 255>,
        37 underlying_financial_instrument_full_name: Chars<35>,
        72 underlying_security_type: Chars<6>,
        78 underlying_country_of_issue: Chars<2>,
        80 underlying_issuer: Chars<25>,
        105 underlying_max_life_time: Nullable<LittleEndian<u8>, 255>,
        106 underlying_min_days_to_maturity: Nullable<LittleEndian<u16>, 65535>,
        108 underlying_instrument_guid_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        116 underlying_maturity_date: Nullable<LittleEndian<u16>, 65535>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `repo_related_instruments` in `md_instrument_definition_repo`.
    pub struct MdInstrumentDefinitionRepoRepoRelatedInstruments(32, least 32) {
        0 related_security_id: LittleEndian<i32>,
        4 related_symbol: Chars<20>,
        24 related_instrument_guid: Nullable<LittleEndian<u64>, 18446744073709551615>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `broken_dates` in `md_instrument_definition_repo`.
    pub struct MdInstrumentDefinitionRepoBrokenDates(16, least 16) {
        0 broken_date_guid: LittleEndian<u64>,
        8 broken_date_security_id: LittleEndian<i32>,
        12 broken_date_start: Nullable<LittleEndian<u16>, 65535>,
        14 broken_date_end: Nullable<LittleEndian<u16>, 65535>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_instrument_definition_repo`.
    pub struct MdInstrumentDefinitionRepoBlock(276, least 247) {
        0 match_event_indicator: MatchEventIndicator,
        1 tot_num_reports_optional: Nullable<LittleEndian<u32>, 4294967295>,
        5 security_update_action: Code,
        6 last_update_time: LittleEndian<u64>,
        14 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        15 appl_id: LittleEndian<i16>,
        17 market_segment_id: LittleEndian<u8>,
        18 underlying_product: LittleEndian<u8>,
        19 security_exchange: Chars<4>,
        23 security_group: Chars<6>,
        29 asset: Chars<6>,
        35 symbol: Chars<20>,
        55 security_id: LittleEndian<i32>,
        59 security_type: Chars<6>,
        65 cfi_code: Chars<6>,
        71 currency: Chars<3>,
        74 settl_currency: Chars<3>,
        77 match_algorithm: Chars<1>,
        78 min_trade_vol: LittleEndian<u32>,
        82 max_trade_vol: LittleEndian<u32>,
        86 min_price_increment: Fixed<LittleEndian<i64>, { -9 }>,
        94 display_factor: Fixed<LittleEndian<i64>, { -9 }>,
        102 unit_of_measure: Chars<30>,
        132 unit_of_measure_qty: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        140 trading_reference_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        148 trading_reference_date: Nullable<LittleEndian<u16>, 65535>,
        150 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        158 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        166 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        174 financial_instrument_full_name: Chars<35>,
        209 party_role_clearing_org: Chars<5>,
        214 start_date: Nullable<LittleEndian<u16>, 65535>,
        216 end_date: Nullable<LittleEndian<u16>, 65535>,
        218 termination_type: Chars<8>,
        226 repo_sub_type: LittleEndian<u8>,
        227 money_or_par: Nullable<LittleEndian<u8>, 255>,
        228 max_no_of_substitutions: LittleEndian<u8>,
        229 price_quote_method: Chars<5>,
        234 user_defined_instrument: Chars<1>,
        235 risk_set: Chars<6>,
        241 market_set: Chars<6>,
    } later {
        247 instrument_guid: Nullable<LittleEndian<u64>, 18446744073709551615>, since 11;
        255 term_code: Chars<20>, since 11;
        275 broken_date_term_type: Nullable<LittleEndian<u8>, 255>, since 11;
    }
}

crate::sbe_message! {
    /// The message `md_instrument_definition_repo`, template 58.
    pub struct MdInstrumentDefinitionRepo = 58 "md_instrument_definition_repo", block MdInstrumentDefinitionRepoBlock,
        groups {
            events: GroupSize MdInstrumentDefinitionRepoEvents since 0,
            feed_types: GroupSize MdInstrumentDefinitionRepoFeedTypes since 0,
            inst_attrib: GroupSize MdInstrumentDefinitionRepoInstAttrib since 0,
            lot_type_rules: GroupSize MdInstrumentDefinitionRepoLotTypeRules since 0,
            repo_underlyings: GroupSize MdInstrumentDefinitionRepoRepoUnderlyings since 0,
            repo_related_instruments: GroupSize MdInstrumentDefinitionRepoRepoRelatedInstruments since 11,
            broken_dates: GroupSize MdInstrumentDefinitionRepoBrokenDates since 11,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `snapshot_refresh_top_orders` in `snapshot_refresh_top_orders`.
    pub struct SnapshotRefreshTopOrdersSnapshotRefreshTopOrders(29, least 29) {
        0 order_id: LittleEndian<u64>,
        8 md_order_priority: LittleEndian<u64>,
        16 md_entry_px_ex: Fixed<LittleEndian<i64>, { -9 }>,
        24 md_display_qty: LittleEndian<i32>,
        28 md_entry_type_book: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `snapshot_refresh_top_orders`.
    pub struct SnapshotRefreshTopOrdersBlock(13, least 13) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
        9 security_id: LittleEndian<i32>,
    } later {}
}

crate::sbe_message! {
    /// The message `snapshot_refresh_top_orders`, template 59.
    pub struct SnapshotRefreshTopOrders = 59 "snapshot_refresh_top_orders", block SnapshotRefreshTopOrdersBlock,
        groups {
            snapshot_refresh_top_orders: GroupSize SnapshotRefreshTopOrdersSnapshotRefreshTopOrders since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `security_status_workup` in `security_status_workup`.
    pub struct SecurityStatusWorkupSecurityStatusWorkup(10, least 10) {
        0 order_id: LittleEndian<u64>,
        8 side: LittleEndian<u8>,
        9 aggressor_indicator: Nullable<LittleEndian<u8>, 255>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `security_status_workup`.
    pub struct SecurityStatusWorkupBlock(30, least 30) {
        0 transact_time: LittleEndian<u64>,
        8 md_entry_px_optional_ex: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        16 security_id: LittleEndian<i32>,
        20 match_event_indicator: MatchEventIndicator,
        21 trade_date: Nullable<LittleEndian<u16>, 65535>,
        23 trade_link_id: LittleEndian<u32>,
        27 workup_trading_status: LittleEndian<u8>,
        28 halt_reason: LittleEndian<u8>,
        29 security_trading_event: LittleEndian<u8>,
    } later {}
}

crate::sbe_message! {
    /// The message `security_status_workup`, template 60.
    pub struct SecurityStatusWorkup = 60 "security_status_workup", block SecurityStatusWorkupBlock,
        groups {
            security_status_workup: GroupSize SecurityStatusWorkupSecurityStatusWorkup since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `snapshot_full_refresh_tcp` in `snapshot_full_refresh_tcp`.
    pub struct SnapshotFullRefreshTcpSnapshotFullRefreshTcp(26, least 26) {
        0 md_entry_px_optional_ex: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        8 md_entry_size_short_optional: Nullable<LittleEndian<i32>, 2147483647>,
        12 tradeable_size: Nullable<LittleEndian<i32>, 2147483647>,
        16 number_of_orders_optional: Nullable<LittleEndian<i32>, 2147483647>,
        20 md_price_level_optional: Nullable<LittleEndian<i8>, 127>,
        21 open_close_settl_flag: Nullable<LittleEndian<u8>, 255>,
        22 md_entry_type: Code,
        23 trading_reference_date: Nullable<LittleEndian<u16>, 65535>,
        25 settl_price_type: SettlPriceType,
    } later {}
}

crate::sbe_entry! {
    /// The block of `snapshot_full_refresh_tcp`.
    pub struct SnapshotFullRefreshTcpBlock(37, least 37) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
        9 security_id: LittleEndian<i32>,
        13 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        21 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        29 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
    } later {}
}

crate::sbe_message! {
    /// The message `snapshot_full_refresh_tcp`, template 61.
    pub struct SnapshotFullRefreshTcp = 61 "snapshot_full_refresh_tcp", block SnapshotFullRefreshTcpBlock,
        groups {
            snapshot_full_refresh_tcp: GroupSize SnapshotFullRefreshTcpSnapshotFullRefreshTcp since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `collateral_market_value` in `collateral_market_value`.
    pub struct CollateralMarketValueCollateralMarketValue(40, least 38) {
        0 underlying_security_alt_id: Chars<12>,
        12 underlying_security_alt_id_source: Nullable<LittleEndian<u8>, 255>,
        13 collateral_market_price: Fixed<LittleEndian<i64>, { -9 }>,
        21 dirty_price: Fixed<LittleEndian<i64>, { -9 }>,
        29 underlying_instrument_guid: LittleEndian<u64>,
        37 md_stream_id: Nullable<LittleEndian<u8>, 255>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `collateral_market_value`.
    pub struct CollateralMarketValueBlock(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `collateral_market_value`, template 62.
    pub struct CollateralMarketValue = 62 "collateral_market_value", block CollateralMarketValueBlock,
        groups {
            collateral_market_value: GroupSize CollateralMarketValueCollateralMarketValue since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `events` in `md_instrument_definition_fx`.
    pub struct MdInstrumentDefinitionFxEvents(9, least 9) {
        0 event_type: LittleEndian<u8>,
        1 event_time: LittleEndian<u64>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `feed_types` in `md_instrument_definition_fx`.
    pub struct MdInstrumentDefinitionFxFeedTypes(4, least 4) {
        0 md_feed_type: Chars<3>,
        3 market_depth: LittleEndian<i8>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `inst_attrib` in `md_instrument_definition_fx`.
    pub struct MdInstrumentDefinitionFxInstAttrib(4, least 4) {
        0 inst_attrib_value: InstAttribValue,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `lot_type_rules` in `md_instrument_definition_fx`.
    pub struct MdInstrumentDefinitionFxLotTypeRules(5, least 5) {
        0 lot_type: LittleEndian<i8>,
        1 min_lot_size_decimal_qty: Nullable<Fixed<LittleEndian<i32>, { -4 }>, 2147483647>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `trading_sessions` in `md_instrument_definition_fx`.
    pub struct MdInstrumentDefinitionFxTradingSessions(18, least 18) {
        0 trade_date: Nullable<LittleEndian<u16>, 65535>,
        2 settl_date: Nullable<LittleEndian<u16>, 65535>,
        4 maturity_date: Nullable<LittleEndian<u16>, 65535>,
        6 security_alt_id: Chars<12>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_instrument_definition_fx`.
    pub struct MdInstrumentDefinitionFxBlock(337, least 337) {
        0 match_event_indicator: MatchEventIndicator,
        1 tot_num_reports_optional: Nullable<LittleEndian<u32>, 4294967295>,
        5 security_update_action: Code,
        6 last_update_time: LittleEndian<u64>,
        14 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        15 appl_id: LittleEndian<i16>,
        17 market_segment_id: LittleEndian<u8>,
        18 underlying_product: LittleEndian<u8>,
        19 security_exchange: Chars<4>,
        23 security_group: Chars<6>,
        29 asset: Chars<6>,
        35 symbol: Chars<20>,
        55 security_id: LittleEndian<i32>,
        59 security_type: Chars<6>,
        65 cfi_code: Chars<6>,
        71 currency: Chars<3>,
        74 settl_currency: Chars<3>,
        77 price_quote_currency: Chars<3>,
        80 match_algorithm: Chars<1>,
        81 min_trade_vol: LittleEndian<u32>,
        85 max_trade_vol: LittleEndian<u32>,
        89 min_price_increment: Fixed<LittleEndian<i64>, { -9 }>,
        97 display_factor: Fixed<LittleEndian<i64>, { -9 }>,
        105 price_precision: LittleEndian<u8>,
        106 unit_of_measure: Chars<30>,
        136 unit_of_measure_qty: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        144 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        152 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        160 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        168 user_defined_instrument: Chars<1>,
        169 financial_instrument_full_name: Chars<35>,
        204 fx_currency_symbol: Chars<7>,
        211 settl_type: Chars<3>,
        214 intervening_days: LittleEndian<u16>,
        216 fx_benchmark_rate_fix: Chars<20>,
        236 rate_source: Chars<12>,
        248 fix_rate_local_time: Chars<8>,
        256 fix_rate_local_time_zone: Chars<20>,
        276 min_quote_life: LittleEndian<u32>,
        280 max_price_discretion_offset: Fixed<LittleEndian<i64>, { -9 }>,
        288 instrument_guid: Nullable<LittleEndian<u64>, 18446744073709551615>,
        296 maturity_month_year: MaturityMonthYear<'static>,
        301 settlement_locale: Chars<8>,
        309 alt_min_price_increment: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        317 alt_min_quote_life: Nullable<LittleEndian<u32>, 4294967295>,
        321 alt_price_increment_constraint: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        329 max_bid_ask_constraint: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
    } later {}
}

crate::sbe_message! {
    /// The message `md_instrument_definition_fx`, template 63.
    pub struct MdInstrumentDefinitionFx = 63 "md_instrument_definition_fx", block MdInstrumentDefinitionFxBlock,
        groups {
            events: GroupSize MdInstrumentDefinitionFxEvents since 0,
            feed_types: GroupSize MdInstrumentDefinitionFxFeedTypes since 0,
            inst_attrib: GroupSize MdInstrumentDefinitionFxInstAttrib since 0,
            lot_type_rules: GroupSize MdInstrumentDefinitionFxLotTypeRules since 0,
            trading_sessions: GroupSize MdInstrumentDefinitionFxTradingSessions since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_book_long` in `md_incremental_refresh_book_long_qty`.
    pub struct MdIncrementalRefreshBookLongQtyIncrementalRefreshBookLong(32, least 31) {
        0 md_entry_px_optional_ex: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        8 md_entry_size_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 security_id: LittleEndian<i32>,
        20 rpt_seq: LittleEndian<u32>,
        24 number_of_orders_optional: Nullable<LittleEndian<i32>, 2147483647>,
        28 md_price_level: LittleEndian<u8>,
        29 md_update_action: LittleEndian<u8>,
        30 md_entry_type_book: Code,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_book_long_order_id` in `md_incremental_refresh_book_long_qty`.
    pub struct MdIncrementalRefreshBookLongQtyIncrementalRefreshBookLongOrderId(24, least 22) {
        0 order_id: LittleEndian<u64>,
        8 md_order_priority_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 md_display_qty_optional: Nullable<LittleEndian<i32>, 2147483647>,
        20 reference_id: Nullable<LittleEndian<u8>, 255>,
        21 order_update_action: LittleEndian<u8>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_book_long_qty`.
    pub struct MdIncrementalRefreshBookLongQtyBlock(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_book_long_qty`, template 64.
    pub struct MdIncrementalRefreshBookLongQty = 64 "md_incremental_refresh_book_long_qty", block MdIncrementalRefreshBookLongQtyBlock,
        groups {
            incremental_refresh_book_long: GroupSize MdIncrementalRefreshBookLongQtyIncrementalRefreshBookLong since 0,
            incremental_refresh_book_long_order_id: GroupSize8Byte MdIncrementalRefreshBookLongQtyIncrementalRefreshBookLongOrderId since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_trade_summary_long` in `md_incremental_refresh_trade_summary_long_qty`.
    pub struct MdIncrementalRefreshTradeSummaryLongQtyIncrementalRefreshTradeSummaryLong(40, least 34) {
        0 md_entry_px_ex: Fixed<LittleEndian<i64>, { -9 }>,
        8 md_entry_size: LittleEndian<u64>,
        16 security_id: LittleEndian<i32>,
        20 rpt_seq: LittleEndian<u32>,
        24 number_of_orders: LittleEndian<i32>,
        28 md_trade_entry: LittleEndian<u32>,
        32 aggressor_side: Nullable<LittleEndian<u8>, 255>,
        33 md_update_action: LittleEndian<u8>,
    } later {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_trade_summary_long_order_id` in `md_incremental_refresh_trade_summary_long_qty`.
    pub struct MdIncrementalRefreshTradeSummaryLongQtyIncrementalRefreshTradeSummaryLongOrderId(16, least 12) {
        0 order_id: LittleEndian<u64>,
        8 last_qty: LittleEndian<i32>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_trade_summary_long_qty`.
    pub struct MdIncrementalRefreshTradeSummaryLongQtyBlock(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_trade_summary_long_qty`, template 65.
    pub struct MdIncrementalRefreshTradeSummaryLongQty = 65 "md_incremental_refresh_trade_summary_long_qty", block MdIncrementalRefreshTradeSummaryLongQtyBlock,
        groups {
            incremental_refresh_trade_summary_long: GroupSize MdIncrementalRefreshTradeSummaryLongQtyIncrementalRefreshTradeSummaryLong since 0,
            incremental_refresh_trade_summary_long_order_id: GroupSize8Byte MdIncrementalRefreshTradeSummaryLongQtyIncrementalRefreshTradeSummaryLongOrderId since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_volume_long` in `md_incremental_refresh_volume_long_qty`.
    pub struct MdIncrementalRefreshVolumeLongQtyIncrementalRefreshVolumeLong(24, least 17) {
        0 md_entry_size: LittleEndian<u64>,
        8 security_id: LittleEndian<i32>,
        12 rpt_seq: LittleEndian<u32>,
        16 md_update_action: LittleEndian<u8>,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_volume_long_qty`.
    pub struct MdIncrementalRefreshVolumeLongQtyBlock(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_volume_long_qty`, template 66.
    pub struct MdIncrementalRefreshVolumeLongQty = 66 "md_incremental_refresh_volume_long_qty", block MdIncrementalRefreshVolumeLongQtyBlock,
        groups {
            incremental_refresh_volume_long: GroupSize MdIncrementalRefreshVolumeLongQtyIncrementalRefreshVolumeLong since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `incremental_refresh_session_statistics_long` in `md_incremental_refresh_session_statistics_long_qty`.
    pub struct MdIncrementalRefreshSessionStatisticsLongQtyIncrementalRefreshSessionStatisticsLong(32, least 27) {
        0 md_entry_px_ex: Fixed<LittleEndian<i64>, { -9 }>,
        8 md_entry_size_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 security_id: LittleEndian<i32>,
        20 rpt_seq: LittleEndian<u32>,
        24 open_close_settl_flag: Nullable<LittleEndian<u8>, 255>,
        25 md_update_action: LittleEndian<u8>,
        26 md_entry_type_statistics: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `md_incremental_refresh_session_statistics_long_qty`.
    pub struct MdIncrementalRefreshSessionStatisticsLongQtyBlock(11, least 9) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
    } later {}
}

crate::sbe_message! {
    /// The message `md_incremental_refresh_session_statistics_long_qty`, template 67.
    pub struct MdIncrementalRefreshSessionStatisticsLongQty = 67 "md_incremental_refresh_session_statistics_long_qty", block MdIncrementalRefreshSessionStatisticsLongQtyBlock,
        groups {
            incremental_refresh_session_statistics_long: GroupSize MdIncrementalRefreshSessionStatisticsLongQtyIncrementalRefreshSessionStatisticsLong since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `snapshotfull_refresh_tcp_long` in `snapshot_full_refresh_tcp_long_qty`.
    pub struct SnapshotFullRefreshTcpLongQtySnapshotfullRefreshTcpLong(23, least 23) {
        0 md_entry_px_optional_ex: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        8 md_entry_size_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 number_of_orders_optional: Nullable<LittleEndian<i32>, 2147483647>,
        20 md_price_level_unsigned_optional: Nullable<LittleEndian<u8>, 255>,
        21 open_close_settl_flag: Nullable<LittleEndian<u8>, 255>,
        22 md_entry_type: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `snapshot_full_refresh_tcp_long_qty`.
    pub struct SnapshotFullRefreshTcpLongQtyBlock(37, least 37) {
        0 transact_time: LittleEndian<u64>,
        8 match_event_indicator: MatchEventIndicator,
        9 security_id: LittleEndian<i32>,
        13 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        21 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        29 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
    } later {}
}

crate::sbe_message! {
    /// The message `snapshot_full_refresh_tcp_long_qty`, template 68.
    pub struct SnapshotFullRefreshTcpLongQty = 68 "snapshot_full_refresh_tcp_long_qty", block SnapshotFullRefreshTcpLongQtyBlock,
        groups {
            snapshotfull_refresh_tcp_long: GroupSize SnapshotFullRefreshTcpLongQtySnapshotfullRefreshTcpLong since 0,
        }
        data {}
}

crate::sbe_entry! {
    /// An entry of `snapshot_full_refresh_long` in `snapshot_full_refresh_long_qty`.
    pub struct SnapshotFullRefreshLongQtySnapshotFullRefreshLong(23, least 23) {
        0 md_entry_px_optional_ex: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        8 md_entry_size_optional: Nullable<LittleEndian<u64>, 18446744073709551615>,
        16 number_of_orders_optional: Nullable<LittleEndian<i32>, 2147483647>,
        20 md_price_level_unsigned_optional: Nullable<LittleEndian<u8>, 255>,
        21 open_close_settl_flag: Nullable<LittleEndian<u8>, 255>,
        22 md_entry_type: Code,
    } later {}
}

crate::sbe_entry! {
    /// The block of `snapshot_full_refresh_long_qty`.
    pub struct SnapshotFullRefreshLongQtyBlock(59, least 59) {
        0 last_msg_seq_num_processed: LittleEndian<u32>,
        4 tot_num_reports: LittleEndian<u32>,
        8 security_id: LittleEndian<i32>,
        12 rpt_seq: LittleEndian<u32>,
        16 transact_time: LittleEndian<u64>,
        24 last_update_time: LittleEndian<u64>,
        32 trade_date: Nullable<LittleEndian<u16>, 65535>,
        34 md_security_trading_status: Nullable<LittleEndian<u8>, 255>,
        35 high_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        43 low_limit_price: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
        51 max_price_variation: Nullable<Fixed<LittleEndian<i64>, { -9 }>, 9223372036854775807>,
    } later {}
}

crate::sbe_message! {
    /// The message `snapshot_full_refresh_long_qty`, template 69.
    pub struct SnapshotFullRefreshLongQty = 69 "snapshot_full_refresh_long_qty", block SnapshotFullRefreshLongQtyBlock,
        groups {
            snapshot_full_refresh_long: GroupSize SnapshotFullRefreshLongQtySnapshotFullRefreshLong since 0,
        }
        data {}
}

crate::sbe_messages! {
    ChannelReset,
    AdminHeartbeat,
    AdminLogin,
    AdminLogout,
    MdInstrumentDefinitionFuture27,
    MdInstrumentDefinitionSpread29,
    SecurityStatus,
    MdIncrementalRefreshBook32,
    MdIncrementalRefreshDailyStatistics33,
    MdIncrementalRefreshLimitsBanding34,
    MdIncrementalRefreshSessionStatistics35,
    MdIncrementalRefreshTrade,
    MdIncrementalRefreshVolume,
    SnapshotFullRefresh38,
    QuoteRequest,
    MdInstrumentDefinitionOption41,
    MdIncrementalRefreshTradeSummary42,
    MdIncrementalRefreshOrderBook43,
    SnapshotFullRefreshOrderBook44,
    MdIncrementalRefreshBook46,
    MdIncrementalRefreshOrderBook47,
    MdIncrementalRefreshTradeSummary48,
    MdIncrementalRefreshDailyStatistics49,
    MdIncrementalRefreshLimitsBanding50,
    MdIncrementalRefreshSessionStatistics51,
    SnapshotFullRefresh52,
    SnapshotFullRefreshOrderBook53,
    MdInstrumentDefinitionFuture54,
    MdInstrumentDefinitionOption55,
    MdInstrumentDefinitionSpread56,
    MdInstrumentDefinitionFixedIncome,
    MdInstrumentDefinitionRepo,
    SnapshotRefreshTopOrders,
    SecurityStatusWorkup,
    SnapshotFullRefreshTcp,
    CollateralMarketValue,
    MdInstrumentDefinitionFx,
    MdIncrementalRefreshBookLongQty,
    MdIncrementalRefreshTradeSummaryLongQty,
    MdIncrementalRefreshVolumeLongQty,
    MdIncrementalRefreshSessionStatisticsLongQty,
    SnapshotFullRefreshTcpLongQty,
    SnapshotFullRefreshLongQty,
}
