//! The other direction: DEEP+'s own messages as the venue sends them, for simulators and tests.

use super::PROTOCOL;
use super::wire::{AddOrder, ClearBook, KEEPS_PRIORITY, OrderDelete, OrderExecuted, OrderModify};
use crate::model::Side;
use crate::session::iextp::encode::{self, message};

/// Says what a venue's DEEP+ channel says.
pub type Encoder = encode::Encoder<PROTOCOL>;

/// An order as it rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// The venue's id.
    pub id: u64,
    /// Shares.
    pub size: u32,
    /// Price in 1e-4.
    pub price: i64,
}

impl Encoder {
    /// An order joins the book. `false` when the segment must be sent before.
    pub fn add(&mut self, side: Side, order: Order, symbol: &str, timestamp: i64) -> bool {
        self.raw(&message!(
            AddOrder,
            b'a',
            put_side(if side == Side::Bid { b'8' } else { b'5' }),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_order_id(order.id),
            put_size(order.size),
            put_price(order.price)
        ))
    }

    /// An order as it is now. `false` when the segment must be sent before.
    pub fn modify(
        &mut self,
        keeps_priority: bool,
        order: Order,
        symbol: &str,
        timestamp: i64,
    ) -> bool {
        self.raw(&message!(
            OrderModify,
            b'M',
            put_modify_flags(if keeps_priority { KEEPS_PRIORITY } else { 0 }),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_order_id_reference(order.id),
            put_size(order.size),
            put_price(order.price)
        ))
    }

    /// An order leaves the book. `false` when the segment must be sent before.
    pub fn delete(&mut self, id: u64, symbol: &str, timestamp: i64) -> bool {
        self.raw(&message!(
            OrderDelete,
            b'R',
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_order_id_reference(id)
        ))
    }

    /// The size of an order trades at the price given. `false` when the segment must be sent
    /// before.
    pub fn executed(&mut self, traded: Order, trade_id: u64, symbol: &str, timestamp: i64) -> bool {
        self.raw(&message!(
            OrderExecuted,
            b'L',
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_order_id_reference(traded.id),
            put_size(traded.size),
            put_price(traded.price),
            put_trade_id(trade_id)
        ))
    }

    /// All orders of a security are gone. `false` when the segment must be sent before.
    pub fn clear(&mut self, symbol: &str, timestamp: i64) -> bool {
        self.raw(&message!(
            ClearBook,
            b'C',
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes())
        ))
    }
}
