//! The venue: one unit of the complex book of an options exchange.

use super::encode::{DIALECT, definition};
use crate::model::Symbol;
use crate::session::pitch::auction::{self, Auction};
use crate::session::pitch::encode::Dialect;
use crate::session::pitch::simulator::Venue;
use crate::session::pitch::{PitchEncoder, options};

/// What complex books say in their own way.
#[derive(Debug)]
pub struct ComplexVenue;

impl Venue for ComplexVenue {
    const DIALECT: &'static Dialect = &DIALECT;
    const HAS_TRANSACTIONS: bool = true;
    const HAS_TRADE_BREAKS: bool = false;

    fn list(venue: &mut PitchEncoder, symbol: &[u8], _: &Symbol) {
        let legs: [(&[u8], i32, u8); 2] = [(b"000001", 1, b'O'), (b"000002", -1, b'O')];
        definition(venue, 0, (symbol, b"SIM"), &legs);
    }

    fn status(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], is_halted: bool) {
        let status = if is_halted { b'H' } else { b'T' };
        options::say_trading_status(venue, offset, symbol, (status, b'H'));
    }

    fn auction(venue: &mut PitchEncoder, offset: u32, symbol: &[u8], auction: &Auction) -> bool {
        auction::say_update(
            venue,
            (0xD1, &options::AUCTION_TAIL[..]),
            offset,
            symbol,
            auction,
        );
        true
    }
}
