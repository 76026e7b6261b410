//! Message layouts, as tables.
//!
//! A view covers the bytes behind length and type, so its offsets are those of the specification
//! less two. Source: Cboe Futures Multicast PITCH 1.1.12 and 1.1.6. Integers are little endian;
//! long prices have four implied decimals, short ones two, and both have a sign.

use crate::contract::{FieldSink, InspectedMessage};
use crate::session::layout::{Code, LittleEndian, Reserved, Text};
use crate::session::pitch::wire::{
    DeleteOrder, EndOfSession, OrderExecutedFull, SignedPriceE2, SignedPriceE4, TimeReference,
    TimeWithEpoch, TradeBreak, TransactionBegin, TransactionEnd, UnitClear,
};
use crate::session::sequenced_unit::MESSAGE_HEADER_BYTES;

/// Bit of the flags of a summary: the highest price is one.
pub const FLAG_HIGH_VALID: u8 = 1;
/// Bit of the flags of a summary: the highest price is a bid.
pub const FLAG_HIGH_IS_BID: u8 = 2;
/// Bit of the flags of a summary: the lowest price is one.
pub const FLAG_LOW_VALID: u8 = 4;
/// Bit of the flags of a summary: the lowest price is an offer.
pub const FLAG_LOW_IS_OFFER: u8 = 8;
/// Bit of the flags of a summary: the opening and closing prices are some.
pub const FLAG_OPEN_CLOSE_VALID: u8 = 16;

crate::pitch_flags! {
    /// Which prices of a summary are some.
    SummaryFlags {
        FLAG_OPEN_CLOSE_VALID "offer_close_valid",
        FLAG_LOW_IS_OFFER "low_price_is_offer",
        FLAG_LOW_VALID "low_price_valid",
        FLAG_HIGH_IS_BID "high_price_is_bid",
        FLAG_HIGH_VALID "high_price_valid",
    }
}

crate::layout! {
    /// What an instrument is, without its legs and blocks.
    pub struct Definition(39) "futures_instrument_definition" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<6>,
        10 unit_timestamp: LittleEndian<u32>,
        14 report_symbol: Text<6>,
        20 futures_flags: LittleEndian<u8>,
        21 expiration_date: LittleEndian<u32>,
        25 contract_size: LittleEndian<u16>,
        27 listing_state: Code,
        28 price_increment: SignedPriceE4,
        36 leg_count: LittleEndian<u8>,
        37 leg_offset: LittleEndian<u8>,
        38 variance_block_offset: LittleEndian<u8>,
    }
    /// What newer versions put behind it.
    pub struct ContractDate(4) "contract_date" {
        0 contract_date: LittleEndian<u32>,
    }
    /// What a variance future is settled on.
    pub struct Variance(52) "variance" {
        0 realized_variance: LittleEndian<i64>,
        8 num_expected_prices: LittleEndian<u16>,
        10 num_elapsed_returns: LittleEndian<u16>,
        12 previous_settlement: LittleEndian<u64>,
        20 discount_factor: LittleEndian<i64>,
        28 initial_strike: LittleEndian<u64>,
        36 previous_armvm: LittleEndian<i64>,
        44 fed_funds_rate: LittleEndian<i64>,
    }
    /// One leg of a spread: bought where the ratio is positive.
    pub struct FutureLeg(10) "future_leg" {
        0 leg_ratio: LittleEndian<i32>,
        4 leg_symbol: Text<6>,
    }
    /// An order joins the book.
    pub struct AddOrderLong(31) "add_order_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 long_quantity: LittleEndian<u32>,
        17 symbol: Text<6>,
        23 long_price: SignedPriceE4,
    }
    /// An order joins the book; quantity and price are small.
    pub struct AddOrderShort(23) "add_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 short_quantity: LittleEndian<u16>,
        15 symbol: Text<6>,
        21 short_price: SignedPriceE2,
    }
    /// A part of an order is taken away.
    pub struct ReduceSizeLong(16) "reduce_size_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 canceled_long_quantity: LittleEndian<u32>,
    }
    /// A small part of an order is taken away.
    pub struct ReduceSizeShort(14) "reduce_size_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 canceled_short_quantity: LittleEndian<u16>,
    }
    /// An order has another quantity or price.
    pub struct ModifyOrderLong(24) "modify_order_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 long_quantity: LittleEndian<u32>,
        16 long_price: SignedPriceE4,
    }
    /// An order has another quantity or price, both small.
    pub struct ModifyOrderShort(16) "modify_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 short_quantity: LittleEndian<u16>,
        14 short_price: SignedPriceE2,
    }
    /// A trade against an order that was never displayed.
    pub struct TradeLong(40) "trade_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 long_quantity: LittleEndian<u32>,
        17 symbol: Text<6>,
        23 long_price: SignedPriceE4,
        31 execution_id: LittleEndian<u64>,
        39 trade_condition: Code,
    }
    /// The same; quantity and price are small.
    pub struct TradeShort(32) "trade_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 short_quantity: LittleEndian<u16>,
        15 symbol: Text<6>,
        21 short_price: SignedPriceE2,
        23 execution_id: LittleEndian<u64>,
        31 trade_condition: Code,
    }
    /// The price contracts are settled at.
    pub struct Settlement(23) "settlement" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<6>,
        10 trade_date: LittleEndian<u32>,
        14 settlement_price: SignedPriceE4,
        22 issue: Code,
    }
    /// What the day was.
    pub struct EndOfDaySummary(63) "end_of_day_summary" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<6>,
        10 trade_date: LittleEndian<u32>,
        14 open_interest: LittleEndian<u32>,
        18 high_price: SignedPriceE4,
        26 low_price: SignedPriceE4,
        34 open_price: SignedPriceE4,
        42 close_price: SignedPriceE4,
        50 total_volume: LittleEndian<u32>,
        54 block_volume: LittleEndian<u32>,
        58 ecrp_volume: LittleEndian<u32>,
        62 summary_flags: SummaryFlags,
    }
    /// Trading status of an instrument.
    pub struct TradingStatus(16) "trading_status" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<6>,
        10 reserved2: Reserved<2>,
        12 trading_status: Code,
        13 reserved3: Reserved<3>,
    }
}

/// A definition with everything that is behind its fixed part.
///
/// Legs and the block of variance futures are where their offsets, counted from the length byte,
/// say. Those that are not within the message are not shown.
#[derive(Clone, Copy)]
pub struct FuturesInstrumentDefinition<'a> {
    fixed: Definition<'a>,
    body: &'a [u8],
}

impl<'a> FuturesInstrumentDefinition<'a> {
    /// Fewest bytes of it.
    pub const LEN: usize = Definition::LEN;
    /// The specification's name, snake case.
    pub const NAME: &'static str = Definition::NAME;

    /// The definition in `body`; `None` when there are too few bytes.
    pub fn of(body: &'a [u8]) -> Option<Self> {
        let fixed = Definition::of(body)?;
        Some(FuturesInstrumentDefinition { fixed, body })
    }

    /// The part every version has.
    pub fn fixed(&self) -> &Definition<'a> {
        &self.fixed
    }

    /// What is at an offset of the message; `None` where nothing is.
    fn at(&self, offset: u8) -> Option<&'a [u8]> {
        let start = usize::from(offset).checked_sub(MESSAGE_HEADER_BYTES)?;
        self.body.get(start..).filter(|_| start >= Definition::LEN)
    }

    /// When the contract is of, as `YYYYMMDD`: versions before 1.1.12 do not say it.
    pub fn contract_date(&self) -> Option<u32> {
        let end = MESSAGE_HEADER_BYTES + Definition::LEN + ContractDate::LEN;
        let offsets = [self.fixed.leg_offset(), self.fixed.variance_block_offset()];
        let is_there = |&offset: &u8| offset == 0 || usize::from(offset) >= end;
        let date = ContractDate::of(&self.body[Definition::LEN..])?;
        offsets.iter().all(is_there).then(|| date.contract_date())
    }

    /// The legs, as many as are there.
    pub fn legs(&self) -> impl Iterator<Item = FutureLeg<'a>> + use<'a> {
        let bytes = self.at(self.fixed.leg_offset()).unwrap_or_default();
        bytes
            .chunks_exact(FutureLeg::LEN)
            .take(usize::from(self.fixed.leg_count()))
            .filter_map(FutureLeg::of)
    }

    /// What a variance future is settled on.
    pub fn variance(&self) -> Option<Variance<'a>> {
        Variance::of(self.at(self.fixed.variance_block_offset())?)
    }
}

impl InspectedMessage for FuturesInstrumentDefinition<'_> {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn fields(&self, sink: &mut dyn FieldSink) {
        self.fixed.fields(sink);
        if let Some(date) = self.contract_date() {
            sink.integer("contract_date", i128::from(date));
        }
        if let Some(variance) = self.variance() {
            sink.begin_object("variance");
            variance.fields(sink);
            sink.end_object();
        }
        if self.fixed.leg_count() > 0 {
            sink.begin_list("future_leg");
            for leg in self.legs() {
                sink.begin_object("");
                leg.fields(sink);
                sink.end_object();
            }
            sink.end_list();
        }
    }
}

crate::pitch_types! {
    0x20 TimeWithEpoch TimeWithEpoch
    0x97 UnitClear UnitClear
    0xB1 TimeReference TimeReference
    0xBB FuturesInstrumentDefinition FuturesInstrumentDefinition
    0x21 AddOrderLong AddOrderLong
    0x22 AddOrderShort AddOrderShort
    0x23 OrderExecutedFull OrderExecutedFull
    0x25 ReduceSizeLong ReduceSizeLong
    0x26 ReduceSizeShort ReduceSizeShort
    0x27 ModifyOrderLong ModifyOrderLong
    0x28 ModifyOrderShort ModifyOrderShort
    0x29 DeleteOrder DeleteOrder
    0x2A TradeLong TradeLong
    0x2B TradeShort TradeShort
    0xBC TransactionBegin TransactionBegin
    0xBD TransactionEnd TransactionEnd
    0x2C TradeBreak TradeBreak
    0xB9 Settlement Settlement
    0xBA EndOfDaySummary EndOfDaySummary
    0x31 TradingStatus TradingStatus
    0x2D EndOfSession EndOfSession
}
