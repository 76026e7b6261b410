//! The other direction: TOPS's own message as the venue sends it, for simulators and tests.

use super::PROTOCOL;
use super::wire::QuoteUpdate;
use crate::session::iextp::encode::{self, message};

/// Says what a venue's TOPS 1.6 channel says.
pub type Encoder = encode::Encoder<PROTOCOL>;

/// A side's best size in shares and price in 1e-4; both 0 when nothing is quoted.
pub(super) type Quoted = (u32, i64);

impl Encoder {
    /// The best of both sides in the regular session. `false` when the segment must be sent before.
    pub fn quote(&mut self, bid: Quoted, ask: Quoted, symbol: &str, timestamp: i64) -> bool {
        self.raw(&message!(
            QuoteUpdate,
            b'Q',
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_bid_size(bid.0),
            put_bid_price(bid.1),
            put_ask_price(ask.1),
            put_ask_size(ask.0)
        ))
    }
}
