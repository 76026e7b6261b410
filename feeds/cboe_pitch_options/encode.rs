//! The other direction: what options say beyond the messages of all markets, for simulators and
//! tests.

use super::wire;
use crate::pitch_say as say;
use crate::session::pitch::PitchEncoder;
use crate::session::pitch::encode::Dialect;
use crate::session::pitch::wire::{FLAG_DISPLAY, SymbolMappingFull};

/// How the common messages end here.
pub static DIALECT: Dialect = Dialect {
    has_signed_prices: false,
    has_epoch: true,
    add: &[FLAG_DISPLAY],
    add_expanded: b"N    ",
    modify: b"",
    executed_at_price: b" ",
    trade: b" ",
    symbol_bytes: 6,
};

/// A symbol of the feed stands for an option.
pub fn symbol_mapping(venue: &mut PitchEncoder, feed_symbol: &[u8], osi_symbol: &[u8]) {
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

/// Trading status (`H L Q R T`) of an option, and that of global trading hours (`H Q R T`).
pub fn trading_status(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (status, global): (u8, u8),
) {
    say!(
        venue,
        wire::TradingStatus,
        0x31,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_reserved2(b"  "),
            put_trading_status(status),
            put_reserved1(b" "),
            put_gth_trading_status(global),
            put_padding(b" "),
        ],
        &[]
    );
}

/// How wide quotes of an underlying's options may be.
pub fn width_update(
    venue: &mut PitchEncoder,
    offset: u32,
    underlying: &[u8],
    (width_type, multiplier): (u8, u32),
) {
    say!(
        venue,
        wire::WidthUpdate,
        0xD2,
        [
            put_time_offset(offset),
            put_underlying(underlying),
            put_width_type(width_type),
            put_multiplier(multiplier),
        ],
        &[]
    );
}

/// How an auction stands; prices in 1e-4, 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auction {
    /// `G O H V`: openings of both sessions, after a halt, of a volatility settlement.
    pub auction_type: u8,
    /// Price the contracts are counted at.
    pub reference: u64,
    /// Contracts that buy and that sell at the reference price.
    pub contracts: [u32; 2],
    /// Price the auction and the book together would clear at.
    pub indicative: u64,
    /// Price the auction alone would clear at.
    pub auction_only: u64,
}

/// How an auction stands.
pub fn auction_update(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], auction: &Auction) {
    let [buy, sell] = auction.contracts;
    say!(
        venue,
        wire::AuctionUpdate,
        0xD1,
        [
            put_time_offset(offset),
            put_symbol_extended(symbol),
            put_auction_type(auction.auction_type),
            put_reference_price(auction.reference),
            put_buy_contracts(buy),
            put_sell_contracts(sell),
            put_indicative_price(auction.indicative),
            put_auction_only_price(auction.auction_only),
            put_opening_condition(b' '),
        ],
        &[]
    );
}

/// How an auction stands, as the older version says it.
pub fn auction_update_old(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], auction: &Auction) {
    let [buy, sell] = auction.contracts;
    say!(
        venue,
        wire::AuctionUpdateOld,
        0x95,
        [
            put_time_offset(offset),
            put_stock_symbol(symbol),
            put_auction_type(auction.auction_type),
            put_reference_price(auction.reference),
            put_buy_shares(buy),
            put_sell_shares(sell),
            put_indicative_price(auction.indicative),
            put_auction_only_price(auction.auction_only),
        ],
        &[]
    );
}

/// An auction ended with `contracts` at a price of 1e-4.
pub fn auction_summary(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (auction_type, price, contracts): (u8, u64, u32),
) {
    say!(
        venue,
        wire::AuctionSummary,
        0x96,
        [
            put_time_offset(offset),
            put_symbol_extended(symbol),
            put_auction_opening_type(auction_type),
            put_price(price),
            put_shares_contracts(contracts),
        ],
        &[]
    );
}

/// An order asks for a better price than the market's, until `end` ns of the second.
pub fn auction_notification(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (auction, side, price, contracts, end): (u64, u8, u64, u32, u32),
) {
    say!(
        venue,
        wire::AuctionNotificationFull,
        0xAD,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_auction_id(auction),
            put_auction_notification_type(b'B'),
            put_side(side),
            put_price(price),
            put_contracts(contracts),
            put_customer_indicator(b'C'),
            put_participant_id(b""),
            put_auction_end_offset(end),
            put_client_id(b""),
        ],
        &[]
    );
}

/// Such an auction is over without a trade.
pub fn auction_cancel(venue: &mut PitchEncoder, offset: u32, auction: u64) {
    say!(
        venue,
        wire::AuctionCancel,
        0xAE,
        [put_time_offset(offset), put_auction_id(auction)],
        &[]
    );
}

/// Which auction a trade was of.
pub fn auction_trade(
    venue: &mut PitchEncoder,
    offset: u32,
    (auction, execution, price, contracts): (u64, u64, u64, u32),
) {
    say!(
        venue,
        wire::AuctionTrade,
        0xAF,
        [
            put_time_offset(offset),
            put_auction_id(auction),
            put_execution_id(execution),
            put_price(price),
            put_contracts(contracts),
        ],
        &[]
    );
}

/// Strikes, in 1e-4, that take part in a settlement by opening prices.
pub fn soq_strike_range(
    venue: &mut PitchEncoder,
    offset: u32,
    identifier: &[u8],
    [lower, upper]: [u64; 2],
) {
    say!(
        venue,
        wire::SoqStrikeRangeUpdate,
        0x9D,
        [
            put_time_offset(offset),
            put_soq_identifier(identifier),
            put_lower_strike_price(lower),
            put_upper_strike_price(upper),
        ],
        &[]
    );
}

/// Whether there is interest that betters the price for retail orders: `B S A N`.
pub fn retail_price_improvement(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], sides: u8) {
    say!(
        venue,
        wire::RetailPriceImprovement,
        0x98,
        [
            put_time_offset(offset),
            put_expanded_symbol(symbol),
            put_retail_price_improvement(sides),
        ],
        &[]
    );
}
