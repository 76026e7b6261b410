//! What the simple and the complex book of options share: tables, and the other direction, for
//! simulators and tests.

use super::PitchEncoder;
use crate::pitch_say as say;
use crate::session::layout::{Code, LittleEndian, Text};

/// What both books put behind how an auction stands: no condition, and no composite market.
pub const AUCTION_TAIL: [u8; 17] = {
    let mut tail = [0; 17];
    tail[0] = b' ';
    tail
};

crate::layout! {
    /// A symbol of the feed stands for an option.
    pub struct SymbolMapping(28) "symbol_mapping" {
        0 feed_symbol: Text<6>,
        6 osi_symbol: Text<21>,
        27 symbol_condition: Code,
    }
    /// The same, with what the option is on.
    pub struct SymbolMappingFull(36) "symbol_mapping" {
        0 feed_symbol: Text<6>,
        6 osi_symbol: Text<21>,
        27 symbol_condition: Code,
        28 underlying: Text<8>,
    }
    /// A small part of an order is taken away.
    pub struct ReduceSizeShort(14) "reduce_size_short" {
        0 time_offset: LittleEndian<u32>,
        4 order_id: LittleEndian<u64>,
        12 canceled_quantity_short: LittleEndian<u16>,
    }
    /// An order asks for a better price than the market's. Rooms name its fields.
    pub struct Asked(45) "auction_notification" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<6>,
        10 auction_id: LittleEndian<u64>,
        18 auction_type: Code,
        19 side: Code,
        20 price: LittleEndian<u64>,
        28 quantity: LittleEndian<u32>,
        32 customer_indicator: Code,
        33 participant_id: Text<4>,
        37 auction_end_offset: LittleEndian<u32>,
        41 client_id: Text<4>,
    }
    /// Such an auction is over without a trade.
    pub struct AuctionCancel(12) "auction_cancel" {
        0 time_offset: LittleEndian<u32>,
        4 auction_id: LittleEndian<u64>,
    }
    /// Which auction a trade was of. Rooms name its fields.
    pub struct Auctioned(32) "auction_trade" {
        0 time_offset: LittleEndian<u32>,
        4 auction_id: LittleEndian<u64>,
        12 execution_id: LittleEndian<u64>,
        20 price: LittleEndian<u64>,
        28 quantity: LittleEndian<u32>,
    }
    /// Trading status of an instrument. Rooms name its fields.
    pub struct Status(16) "trading_status" {
        0 time_offset: LittleEndian<u32>,
        4 symbol: Text<8>,
        12 trading_status: Code,
        13 reserved: Code,
        14 gth_trading_status: Code,
        15 padding: Code,
    }
}

/// Says which option a symbol of the feed stands for.
pub fn say_symbol_mapping(venue: &mut PitchEncoder, feed_symbol: &[u8], osi_symbol: &[u8]) {
    say!(
        venue,
        SymbolMappingFull,
        0x2E,
        [
            put_feed_symbol(feed_symbol),
            put_osi_symbol(osi_symbol),
            put_symbol_condition(b'N'),
            put_underlying(osi_symbol.get(..6).unwrap_or(osi_symbol)),
        ],
        &[]
    );
}

/// Says the trading status of an instrument, and that of global trading hours.
pub fn say_trading_status(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (status, global): (u8, u8),
) {
    say!(
        venue,
        Status,
        0x31,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_trading_status(status),
            put_reserved(b' '),
            put_gth_trading_status(global),
            put_padding(b' '),
        ],
        &[]
    );
}

/// Says that an order of a customer asks for a better price than this of 1e-4, until `end` ns of
/// the second.
pub fn say_auction_notification(
    venue: &mut PitchEncoder,
    offset: u32,
    (symbol, auction_type): (&[u8], u8),
    (auction, side, price, quantity, end): (u64, u8, i64, u32, u32),
) {
    say!(
        venue,
        Asked,
        0xAD,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_auction_id(auction),
            put_auction_type(auction_type),
            put_side(side),
            put_price(price.cast_unsigned()),
            put_quantity(quantity),
            put_customer_indicator(b'C'),
            put_participant_id(b""),
            put_auction_end_offset(end),
            put_client_id(b""),
        ],
        &[]
    );
}

/// Says that such an auction is over without a trade.
pub fn say_auction_cancel(venue: &mut PitchEncoder, offset: u32, auction: u64) {
    say!(
        venue,
        AuctionCancel,
        0xAE,
        [put_time_offset(offset), put_auction_id(auction)],
        &[]
    );
}

/// Says which auction a trade was of.
pub fn say_auction_trade(
    venue: &mut PitchEncoder,
    offset: u32,
    (auction, execution, price, quantity): (u64, u64, i64, u32),
) {
    say!(
        venue,
        Auctioned,
        0xAF,
        [
            put_time_offset(offset),
            put_auction_id(auction),
            put_execution_id(execution),
            put_price(price.cast_unsigned()),
            put_quantity(quantity),
        ],
        &[]
    );
}
