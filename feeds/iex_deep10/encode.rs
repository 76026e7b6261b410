//! The other direction: DEEP's own messages as the venue sends them, for simulators and tests.

use super::PROTOCOL;
use super::wire::{PriceLevelBuyUpdate, PriceLevelSellUpdate};
use crate::model::Side;
use crate::session::iextp::encode::{self, message};

/// Says what a venue's DEEP channel says.
pub type Encoder = encode::Encoder<PROTOCOL>;

impl Encoder {
    /// Size that rests at a price of 1e-4 now. `false` when the segment must be sent before.
    pub fn level(
        &mut self,
        (side, size, price): (Side, u32, i64),
        symbol: &str,
        timestamp: i64,
        is_complete: bool,
    ) -> bool {
        let (flags, symbol) = (u8::from(is_complete), symbol.as_bytes());
        let message = match side {
            Side::Bid => message!(
                PriceLevelBuyUpdate,
                b'8',
                put_event_flags(flags),
                put_timestamp(timestamp),
                put_symbol(symbol),
                put_size(size),
                put_price(price)
            ),
            _ => message!(
                PriceLevelSellUpdate,
                b'5',
                put_event_flags(flags),
                put_timestamp(timestamp),
                put_symbol(symbol),
                put_size(size),
                put_price(price)
            ),
        };
        self.raw(&message)
    }
}
