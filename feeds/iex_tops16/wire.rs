//! The layout of TOPS's own message and the list of all its types. Little endian; prices have four
//! implied decimals.

use crate::session::iextp::messages::{
    AuctionInformation, OfficialPrice, OperationalHaltStatus, PriceE4, RetailLiquidityIndicator,
    SecurityDirectory, ShortSalePriceTestStatus, SystemEvent, TradeBreak, TradeReport,
    TradingStatus, flag_bytes, types,
};
use crate::session::layout::{LittleEndian, Text};

/// The flag byte of a quote, shown as its bits.
pub struct QuoteUpdateFlags;

flag_bytes! {
    QuoteUpdateFlags: "unused_6" 0x3f, "market_session" 0x40, "symbol_availability" 0x80,;
}

crate::layout! {
    /// The best price and size of each side; size and price of a side nobody quotes are zero.
    pub struct QuoteUpdate(41) "quote_update" {
        0 quote_update_flags: QuoteUpdateFlags,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 bid_size: LittleEndian<u32>,
        21 bid_price: PriceE4,
        29 ask_price: PriceE4,
        37 ask_size: LittleEndian<u32>,
    }
}

types! {
    b'S' SystemEvent
    b'D' SecurityDirectory
    b'H' TradingStatus
    b'I' RetailLiquidityIndicator
    b'O' OperationalHaltStatus
    b'P' ShortSalePriceTestStatus
    b'Q' QuoteUpdate
    b'T' TradeReport
    b'X' OfficialPrice
    b'B' TradeBreak
    b'A' AuctionInformation
}
