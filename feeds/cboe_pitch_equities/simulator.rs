//! The venue: one unit of a US equities exchange.

use super::encode::{DIALECT, trading_status};
use crate::session::pitch::PitchEncoder;
use crate::session::pitch::encode::Dialect;
use crate::session::pitch::simulator::Venue;

/// What US equities say in their own way.
#[derive(Debug)]
pub struct EquitiesVenue;

impl Venue for EquitiesVenue {
    const DIALECT: &'static Dialect = &DIALECT;
    const HAS_TRANSACTIONS: bool = false;

    fn trades(venue: &mut PitchEncoder, offset: u32, symbol: &[u8]) {
        trading_status(venue, offset, symbol, (b'T', b'0'));
    }
}
