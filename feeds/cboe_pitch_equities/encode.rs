//! The other direction: what equities say beyond the messages of all markets, for simulators and
//! tests.

use super::wire;
use crate::pitch_say as say;
use crate::session::pitch::PitchEncoder;
use crate::session::pitch::encode::Dialect;
use crate::session::pitch::wire::FLAG_DISPLAY;

/// How the common messages end here.
pub static DIALECT: Dialect = Dialect {
    has_signed_prices: false,
    has_epoch: false,
    add: &[FLAG_DISPLAY],
    add_expanded: b"N",
    modify: &[FLAG_DISPLAY],
    executed_at_price: b"",
    trade: b"",
    symbol_bytes: 6,
};

/// How an auction stands; prices in 1e-4, 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auction {
    /// `O C H I M`: opening, closing, halt, IPO, market close.
    pub auction_type: u8,
    /// Price the shares are counted at.
    pub reference: u64,
    /// Shares that buy at the reference price.
    pub buy_shares: u32,
    /// Shares that sell at the reference price.
    pub sell_shares: u32,
    /// Price the auction and the book together would clear at.
    pub indicative: u64,
    /// Price the auction alone would clear at.
    pub auction_only: u64,
}

/// Trading status (`A H Q S T`) and short-sale mark (`0 1`) of an instrument.
pub fn trading_status(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (status, reg_sho): (u8, u8),
) {
    say!(
        venue,
        wire::TradingStatus,
        0x31,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_trading_status(status),
            put_reg_sho_action(reg_sho),
            put_reserved(b"  "),
        ],
        &[]
    );
}

/// How an auction stands.
pub fn auction_update(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], auction: &Auction) {
    say!(
        venue,
        wire::AuctionUpdate,
        0x95,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_auction_type(auction.auction_type),
            put_reference_price(auction.reference),
            put_buy_shares(auction.buy_shares),
            put_sell_shares(auction.sell_shares),
            put_indicative_price(auction.indicative),
            put_auction_only_price(auction.auction_only),
        ],
        &[]
    );
}

/// An auction (`O C H I M`) ended with `shares` at a price of 1e-4.
pub fn auction_summary(
    venue: &mut PitchEncoder,
    offset: u32,
    symbol: &[u8],
    (auction_type, price, shares): (u8, u64, u32),
) {
    say!(
        venue,
        wire::AuctionSummary,
        0x96,
        [
            put_time_offset(offset),
            put_symbol(symbol),
            put_auction_type(auction_type),
            put_price(price),
            put_shares(shares),
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
            put_symbol(symbol),
            put_retail_price_improvement(sides),
        ],
        &[]
    );
}
