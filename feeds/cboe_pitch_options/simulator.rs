//! The venue: one unit of a US options exchange.

use super::encode::DIALECT;
use crate::model::Symbol;
use crate::session::pitch::auction::{self, Auction};
use crate::session::pitch::encode::Dialect;
use crate::session::pitch::simulator::Venue;
use crate::session::pitch::{PitchEncoder, options};

/// What US options say in their own way.
#[derive(Debug)]
pub struct OptionsVenue;

impl Venue for OptionsVenue {
    const DIALECT: &'static Dialect = &DIALECT;
    const HAS_TRANSACTIONS: bool = true;

    fn symbol(index: usize, _: &Symbol) -> Vec<u8> {
        format!("{index:06}").into_bytes()
    }

    fn list(venue: &mut PitchEncoder, symbol: &[u8], name: &Symbol) {
        options::say_symbol_mapping(venue, symbol, name.as_str().as_bytes());
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
