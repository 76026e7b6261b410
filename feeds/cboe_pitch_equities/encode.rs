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
            put_symbol_extended(symbol),
            put_trading_status(status),
            put_reg_sho_action(reg_sho),
            put_padding(b"  "),
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
