//! The venue: one unit of a US equities exchange.

use super::encode::{DIALECT, trading_status};
use crate::session::pitch::PitchEncoder;
use crate::session::pitch::auction::{self, Auction};
use crate::session::pitch::encode::Dialect;
use crate::session::pitch::simulator::Venue;

/// What US equities say in their own way.
#[derive(Debug)]
pub struct EquitiesVenue;

impl Venue for EquitiesVenue {
    const DIALECT: &'static Dialect = &DIALECT;
    const HAS_TRANSACTIONS: bool = false;

    fn status(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], is_halted: bool) {
        let status = if is_halted { b'H' } else { b'T' };
        trading_status(venue, offset, symbol, (status, b'0'));
    }

    fn auction(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], auction: &Auction) -> bool {
        auction::say_update(venue, (0x95, &b""[..]), offset, symbol, auction);
        true
    }
}
