//! The venue: one unit of a futures exchange.

use super::encode::{DIALECT, Listing, definition, trading_status};
use super::normalize::CHICAGO_NS;
use crate::model::Symbol;
use crate::session::pitch::PitchEncoder;
use crate::session::pitch::encode::Dialect;
use crate::session::pitch::simulator::Venue;

/// What futures say in their own way.
#[derive(Debug)]
pub struct FuturesVenue;

impl Venue for FuturesVenue {
    const DIALECT: &'static Dialect = &DIALECT;
    const HAS_TRANSACTIONS: bool = true;
    const HAS_OTHER_PRICES: bool = false;
    const LATER_NS: u64 = CHICAGO_NS;

    fn list(venue: &mut PitchEncoder, symbol: &[u8], _: &Symbol) {
        let listing = Listing {
            symbol,
            report_symbol: b"SIM",
            expiration_date: 20_301_218,
            listing_state: b'A',
            price_increment: 100,
            legs: &[],
        };
        definition(venue, 0, &listing);
    }

    fn status(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], is_halted: bool) {
        let status = if is_halted { b'H' } else { b'T' };
        trading_status(venue, offset, symbol, status);
    }
}
