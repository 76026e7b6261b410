//! The layouts of DEEP's own messages and the list of all its types. Little endian; prices have
//! four implied decimals.

use crate::session::iextp::messages::{
    AuctionInformation, OfficialPrice, OperationalHaltStatus, PriceE4, RetailLiquidityIndicator,
    SecurityDirectory, SecurityEvent, ShortSalePriceTestStatus, SystemEvent, TradeBreak,
    TradeReport, TradingStatus, types,
};
use crate::session::layout::{LittleEndian, Text};

crate::layout! {
    /// What rests at a price of the buy side.
    pub struct PriceLevelBuyUpdate(29) "price_level_buy_update" {
        0 event_flags: LittleEndian<u8>,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 size: LittleEndian<u32>,
        21 price: PriceE4,
    }
    /// What rests at a price of the sell side.
    pub struct PriceLevelSellUpdate(29) "price_level_sell_update" {
        0 event_flags: LittleEndian<u8>,
        1 timestamp: LittleEndian<i64>,
        9 symbol: Text<8>,
        17 size: LittleEndian<u32>,
        21 price: PriceE4,
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
    b'8' PriceLevelBuyUpdate
    b'5' PriceLevelSellUpdate
    b'T' TradeReport
    b'X' OfficialPrice
    b'B' TradeBreak
    b'A' AuctionInformation
}
