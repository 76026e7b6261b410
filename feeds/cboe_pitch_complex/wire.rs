//! Message layouts, as tables.
//!
//! A view covers the bytes behind length and type, so its offsets are those of the specification
//! less two. Source: Cboe US Options Complex Multicast PITCH 2.1.18. Integers are little endian;
//! long prices have four implied decimals, short ones two, and both have a sign.

use crate::contract::{FieldSink, InspectedMessage};
use crate::session::layout::{Code, FieldType, LittleEndian, Reserved, Text};
use crate::session::pitch::options::{AuctionCancel, ReduceSizeShort, SymbolMappingFull};
use crate::session::pitch::wire::{
    DeleteOrder, EndOfSession, OrderExecutedFull, Padding, PriceE4, ReduceSizeLong, SignedPriceE2,
    SignedPriceE4, Time, TransactionBegin, TransactionEnd, UnitClear,
};

/// What kind of auction an instrument may have, and three bytes that mean nothing yet.
pub struct InstrumentType;

impl FieldType for InstrumentType {
    const LEN: usize = 4;
    type Value<'a> = u8;
    #[inline(always)]
    fn get(bytes: &[u8]) -> u8 {
        bytes[0]
    }
    fn put(bytes: &mut [u8], value: u8) {
        bytes.fill(b' ');
        bytes[0] = value;
    }
    fn show(bytes: &[u8], name: &'static str, sink: &mut dyn FieldSink) {
        sink.begin_object(name);
        sink.code("complex_auction_type", bytes[0]);
        sink.end_object();
    }
}

crate::layout! {
    /// What an instrument is, without its legs.
    pub struct Definition(23) "complex_instrument_definition_expanded" {
        0 time_offset: LittleEndian<u32>,
        4 complex_instrument_id: Text<6>,
        10 complex_instrument_underlying: Text<8>,
        18 complex_instrument_type: InstrumentType,
        22 leg_count: LittleEndian<u8>,
    }
    /// One leg: bought where the ratio is positive.
    pub struct ComplexInstrumentLeg(13) "complex_instrument_leg" {
        0 leg_symbol: Text<8>,
        8 leg_ratio: LittleEndian<i32>,
        12 leg_security_type: Code,
    }
    /// An order joins the book.
    pub struct AddOrderLong(32) "add_order_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 complex_instrument_id: Text<6>,
        23 price: SignedPriceE4,
        31 padding: Padding,
    }
    /// An order joins the book; quantity and price are small.
    pub struct AddOrderShort(24) "add_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity_short: LittleEndian<u16>,
        15 complex_instrument_id: Text<6>,
        21 price_short: SignedPriceE2,
        23 padding: Padding,
    }
    /// An order joins the book, perhaps under a name.
    pub struct AddOrderExpanded(43) "add_order_expanded" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 complex_instrument_id8: Text<8>,
        25 price: SignedPriceE4,
        33 reserved: Padding,
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
        28 price: SignedPriceE4,
        36 trade_condition: Code,
    }
    /// An order has another quantity or price.
    pub struct ModifyOrderLong(25) "modify_order_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 quantity: LittleEndian<u32>,
        16 price: SignedPriceE4,
        24 padding: Padding,
    }
    /// An order has another quantity or price, both small.
    pub struct ModifyOrderShort(17) "modify_order_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 quantity_short: LittleEndian<u16>,
        14 price_short: SignedPriceE2,
        16 padding: Padding,
    }
    /// A trade against an order that was never displayed.
    pub struct TradeLong(40) "trade_long" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity: LittleEndian<u32>,
        17 complex_instrument_id: Text<6>,
        23 price: SignedPriceE4,
        31 execution_id: LittleEndian<u64>,
        39 trade_condition: Code,
    }
    /// The same; quantity and price are small.
    pub struct TradeShort(32) "trade_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 side_indicator: Code,
        13 quantity_short: LittleEndian<u16>,
        15 complex_instrument_id: Text<6>,
        21 price_short: SignedPriceE2,
        23 execution_id: LittleEndian<u64>,
        31 trade_condition: Code,
    }
    /// An order asks for a better price than the market's.
    pub struct AuctionNotification(45) "auction_notification" {
        0 time_offset: LittleEndian<u32>,
        4 complex_instrument_id: Text<6>,
        10 auction_id: LittleEndian<u64>,
        18 auction_type: Code,
        19 side_indicator: Code,
        20 price: SignedPriceE4,
        28 quantity: LittleEndian<u32>,
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
        20 price: SignedPriceE4,
        28 quantity: LittleEndian<u32>,
    }
    /// Trading status of an instrument.
    pub struct TradingStatus(16) "trading_status" {
        0 time_offset: LittleEndian<u32>,
        4 complex_symbol_id: Text<6>,
        10 unused: Reserved<2>,
        12 trading_status: Code,
        13 reserved: Reserved<1>,
        14 gth_trading_status: Code,
        15 padding: Reserved<1>,
    }
    /// How an auction stands.
    pub struct AuctionUpdate(62) "auction_update" {
        0 time_offset: LittleEndian<u32>,
        4 complex_instrument_id8: Text<8>,
        12 auction_opening_type: Code,
        13 reference_price: PriceE4,
        21 buy_contracts: LittleEndian<u32>,
        25 sell_contracts: LittleEndian<u32>,
        29 indicative_price: SignedPriceE4,
        37 auction_only_price: SignedPriceE4,
        45 opening_condition: Code,
        46 composite_market_bid_price: SignedPriceE4,
        54 composite_market_offer_price: SignedPriceE4,
    }
    /// How an auction ended.
    pub struct AuctionSummary(25) "auction_summary" {
        0 time_offset: LittleEndian<u32>,
        4 complex_instrument_id8: Text<8>,
        12 auction_opening_type: Code,
        13 price: SignedPriceE4,
        21 quantity: LittleEndian<u32>,
    }
}

/// A definition with its legs, as many as are there.
#[derive(Clone, Copy)]
pub struct ComplexInstrumentDefinition<'a> {
    fixed: Definition<'a>,
    legs: &'a [u8],
}

impl<'a> ComplexInstrumentDefinition<'a> {
    /// Fewest bytes of it.
    pub const LEN: usize = Definition::LEN;
    /// The specification's name, snake case.
    pub const NAME: &'static str = Definition::NAME;

    /// The definition in `body`; `None` when there are too few bytes.
    pub fn of(body: &'a [u8]) -> Option<Self> {
        Some(ComplexInstrumentDefinition {
            fixed: Definition::of(body)?,
            legs: body.get(Definition::LEN..)?,
        })
    }

    /// The legs, as many as are there.
    pub fn legs(&self) -> impl Iterator<Item = ComplexInstrumentLeg<'a>> + use<'a> {
        self.legs
            .chunks_exact(ComplexInstrumentLeg::LEN)
            .take(usize::from(self.fixed.leg_count()))
            .filter_map(ComplexInstrumentLeg::of)
    }
}

impl InspectedMessage for ComplexInstrumentDefinition<'_> {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn fields(&self, sink: &mut dyn FieldSink) {
        self.fixed.fields(sink);
        sink.begin_list("complex_instrument_leg");
        for leg in self.legs() {
            sink.begin_object("");
            leg.fields(sink);
            sink.end_object();
        }
        sink.end_list();
    }
}

crate::pitch_types! {
    0x20 Time Time
    0x97 UnitClear UnitClear
    0xBC TransactionBegin TransactionBegin
    0xBD TransactionEnd TransactionEnd
    0x9A ComplexInstrumentDefinition ComplexInstrumentDefinition
    0x2E SymbolMappingFull SymbolMappingFull
    0x21 AddOrderLong AddOrderLong
    0x22 AddOrderShort AddOrderShort
    0x2F AddOrderExpanded AddOrderExpanded
    0x23 OrderExecutedFull OrderExecutedFull
    0x24 OrderExecutedAtPriceSize OrderExecutedAtPriceSize
    0x25 ReduceSizeLong ReduceSizeLong
    0x26 ReduceSizeShort ReduceSizeShort
    0x27 ModifyOrderLong ModifyOrderLong
    0x28 ModifyOrderShort ModifyOrderShort
    0x29 DeleteOrder DeleteOrder
    0x2A TradeLong TradeLong
    0x2B TradeShort TradeShort
    0xAD AuctionNotification AuctionNotification
    0xAE AuctionCancel AuctionCancel
    0xAF AuctionTrade AuctionTrade
    0x31 TradingStatus TradingStatus
    0xD1 AuctionUpdate AuctionUpdate
    0x96 AuctionSummary AuctionSummary
    0x2D EndOfSession EndOfSession
}
