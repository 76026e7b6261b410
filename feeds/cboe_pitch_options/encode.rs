//! The other direction: what options say beyond the messages of all markets, for simulators and
//! tests.

use super::wire;
use crate::pitch_say as say;
use crate::session::pitch::PitchEncoder;
use crate::session::pitch::encode::Dialect;
use crate::session::pitch::wire::FLAG_DISPLAY;

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
