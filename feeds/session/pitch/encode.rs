//! The other direction: messages as the venue sends them, each behind its length, for simulators
//! and tests.
//!
//! Where a message has a short form, it is chosen as the venue does: when quantity, price and
//! symbol fit it. What a market's messages end with is its [`Dialect`]; its own messages are in
//! its room.

use super::wire;
use crate::model::Side;
use crate::session::sequenced_unit::MESSAGE_HEADER_BYTES;

/// What the common messages of a market end with.
#[derive(Debug, PartialEq, Eq)]
pub struct Dialect {
    /// Whether prices may be negative.
    pub has_signed_prices: bool,
    /// Whether `Time` says the seconds since 1970 as well.
    pub has_epoch: bool,
    /// Behind the price of an order that joins.
    pub add: &'static [u8],
    /// Behind the flags of an order with a long symbol: name, customer and what else.
    pub add_expanded: &'static [u8],
    /// Behind the price of an order that is modified.
    pub modify: &'static [u8],
    /// Behind the price of a trade against an order at another price.
    pub executed_at_price: &'static [u8],
    /// Behind the id of a trade against an order nobody saw.
    pub trade: &'static [u8],
    /// The longest symbol of the short and long forms in bytes; a longer one needs the expanded
    /// form.
    pub symbol_bytes: usize,
}

/// Says what a unit's channel says: messages one behind the other.
#[derive(Clone, Debug)]
pub struct PitchEncoder {
    dialect: &'static Dialect,
    blocks: Vec<u8>,
}

/// Says a message of the encoder: type byte, layout, `put_*` of its fields, and bytes behind it.
#[macro_export]
#[doc(hidden)]
macro_rules! pitch_say {
    ($encoder:expr, $view:path, $tag:expr, [$($put:ident($value:expr)),* $(,)?], $tail:expr) => {{
        use $view as View;
        let mut body = [0; View::LEN];
        $(View::$put(&mut body, $value);)*
        $encoder.message($tag, &body, $tail);
    }};
}
use crate::pitch_say as say;

fn side_code(side: Side) -> u8 {
    match side {
        Side::Ask => b'S',
        _ => b'B',
    }
}

impl PitchEncoder {
    /// An encoder that has said nothing.
    pub fn new(dialect: &'static Dialect) -> PitchEncoder {
        PitchEncoder {
            dialect,
            blocks: Vec::new(),
        }
    }

    /// What was said since the last [`PitchEncoder::clear`].
    pub fn bytes(&self) -> &[u8] {
        &self.blocks
    }

    /// Forgets what was said.
    pub fn clear(&mut self) {
        self.blocks.clear();
    }

    /// Any message: its type, its body, and what is behind that. A message beyond 255 bytes, which
    /// no type has, is not said.
    pub fn message(&mut self, tag: u8, body: &[u8], tail: &[u8]) {
        let length = MESSAGE_HEADER_BYTES + body.len() + tail.len();
        if let Ok(length) = u8::try_from(length) {
            self.blocks.extend_from_slice(&[length, tag]);
            self.blocks.extend_from_slice(body);
            self.blocks.extend_from_slice(tail);
        }
    }

    /// A price of 1e-4 as a short one, where it is one.
    fn short_price(&self, price: i64) -> Option<u16> {
        if price % 100 != 0 {
            None
        } else if self.dialect.has_signed_prices {
            i16::try_from(price / 100).ok().map(i16::cast_unsigned)
        } else {
            u16::try_from(price / 100).ok()
        }
    }

    /// The second the offsets behind it count from: seconds since midnight, and since 1970 where
    /// the market says that.
    pub fn time(&mut self, second: u32, epoch: u32) {
        let tail = epoch.to_le_bytes();
        let tail = if self.dialect.has_epoch {
            &tail[..]
        } else {
            &[]
        };
        say!(self, wire::Time, 0x20, [put_time(second)], tail);
    }

    /// Which midnight seconds count from (seconds since 1970), the second, and the trade date
    /// (`YYYYMMDD`).
    pub fn time_reference(&mut self, midnight: u32, second: u32, offset: u32, date: u32) {
        say!(
            self,
            wire::TimeReference,
            0xB1,
            [
                put_midnight_reference(midnight),
                put_time(second),
                put_time_offset(offset),
                put_trade_date(date),
            ],
            &[]
        );
    }

    /// Every order of the unit goes.
    pub fn unit_clear(&mut self, offset: u32) {
        say!(self, wire::UnitClear, 0x97, [put_time_offset(offset)], &[]);
    }

    /// What follows is one event.
    pub fn begin(&mut self, offset: u32) {
        say!(
            self,
            wire::TransactionBegin,
            0xBC,
            [put_time_offset(offset)],
            &[]
        );
    }

    /// The event is whole.
    pub fn end(&mut self, offset: u32) {
        say!(
            self,
            wire::TransactionEnd,
            0xBD,
            [put_time_offset(offset)],
            &[]
        );
    }

    /// An order joins at a price of 1e-4: short, long or, for a long symbol, expanded.
    pub fn add_order(
        &mut self,
        offset: u32,
        (order, side, quantity, price): (u64, Side, u32, i64),
        symbol: &[u8],
    ) {
        let code = side_code(side);
        if symbol.len() > self.dialect.symbol_bytes {
            return self.add_order_expanded(offset, (order, side, quantity, price), symbol, b"");
        }
        let tail = self.dialect.add;
        match (u16::try_from(quantity), self.short_price(price)) {
            (Ok(quantity), Some(price)) => say!(
                self,
                wire::AddShort,
                0x22,
                [
                    put_time_offset(offset),
                    put_order_id(order),
                    put_side(code),
                    put_quantity(quantity),
                    put_symbol(symbol),
                    put_price(price),
                ],
                tail
            ),
            _ => say!(
                self,
                wire::AddLong,
                0x21,
                [
                    put_time_offset(offset),
                    put_order_id(order),
                    put_side(code),
                    put_quantity(quantity),
                    put_symbol(symbol),
                    put_price(price.cast_unsigned()),
                ],
                tail
            ),
        }
    }

    /// An order joins at a price of 1e-4, under a name of at most four bytes.
    pub fn add_order_expanded(
        &mut self,
        offset: u32,
        (order, side, quantity, price): (u64, Side, u32, i64),
        symbol: &[u8],
        participant: &[u8],
    ) {
        let mut tail = [self.dialect.add, b"    ", self.dialect.add_expanded].concat();
        let at = self.dialect.add.len();
        let count = participant.len().min(4);
        tail[at..at + count].copy_from_slice(&participant[..count]);
        say!(
            self,
            wire::AddExpanded,
            0x2F,
            [
                put_time_offset(offset),
                put_order_id(order),
                put_side(side_code(side)),
                put_quantity(quantity),
                put_symbol(symbol),
                put_price(price.cast_unsigned()),
            ],
            &tail
        );
    }

    /// An order trades at its price, with a trade condition (blank: none).
    pub fn executed(
        &mut self,
        offset: u32,
        order: u64,
        quantity: u32,
        execution: u64,
        condition: u8,
    ) {
        say!(
            self,
            wire::OrderExecuted,
            0x23,
            [
                put_time_offset(offset),
                put_order_id(order),
                put_executed_quantity(quantity),
                put_execution_id(execution),
            ],
            &[condition]
        );
    }

    /// An order trades at another price of 1e-4; `remaining` is left of it.
    pub fn executed_at_price(
        &mut self,
        offset: u32,
        order: u64,
        [quantity, remaining]: [u32; 2],
        execution: u64,
        price: i64,
    ) {
        let tail = self.dialect.executed_at_price;
        say!(
            self,
            wire::ExecutedAtPrice,
            0x24,
            [
                put_time_offset(offset),
                put_order_id(order),
                put_executed_quantity(quantity),
                put_remaining_quantity(remaining),
                put_execution_id(execution),
                put_price(price.cast_unsigned()),
            ],
            tail
        );
    }

    /// A part of an order is taken away.
    pub fn reduce(&mut self, offset: u32, order: u64, quantity: u32) {
        match u16::try_from(quantity) {
            Ok(quantity) => say!(
                self,
                wire::ReduceSizeShort,
                0x26,
                [
                    put_time_offset(offset),
                    put_order_id(order),
                    put_canceled_quantity(quantity),
                ],
                &[]
            ),
            Err(_) => say!(
                self,
                wire::ReduceSizeLong,
                0x25,
                [
                    put_time_offset(offset),
                    put_order_id(order),
                    put_canceled_quantity(quantity),
                ],
                &[]
            ),
        }
    }

    /// An order has another quantity or price of 1e-4.
    pub fn modify(&mut self, offset: u32, order: u64, quantity: u32, price: i64) {
        let tail = self.dialect.modify;
        match (u16::try_from(quantity), self.short_price(price)) {
            (Ok(quantity), Some(price)) => say!(
                self,
                wire::ModifyShort,
                0x28,
                [
                    put_time_offset(offset),
                    put_order_id(order),
                    put_quantity(quantity),
                    put_price(price),
                ],
                tail
            ),
            _ => say!(
                self,
                wire::ModifyLong,
                0x27,
                [
                    put_time_offset(offset),
                    put_order_id(order),
                    put_quantity(quantity),
                    put_price(price.cast_unsigned()),
                ],
                tail
            ),
        }
    }

    /// An order is taken away.
    pub fn delete(&mut self, offset: u32, order: u64) {
        say!(
            self,
            wire::DeleteOrder,
            0x29,
            [put_time_offset(offset), put_order_id(order)],
            &[]
        );
    }

    /// A trade at a price of 1e-4 against an order nobody saw: short, long or, for a long symbol,
    /// expanded.
    pub fn trade(
        &mut self,
        offset: u32,
        (order, quantity, price, execution): (u64, u32, i64, u64),
        symbol: &[u8],
    ) {
        if symbol.len() > self.dialect.symbol_bytes {
            say!(
                self,
                wire::TradeExpanded,
                0x30,
                [
                    put_time_offset(offset),
                    put_order_id(order),
                    put_side_indicator(b'B'),
                    put_quantity(quantity),
                    put_symbol_extended(symbol),
                    put_price(price.cast_unsigned()),
                    put_execution_id(execution),
                ],
                &[]
            );
            return;
        }
        let tail = self.dialect.trade;
        match (u16::try_from(quantity), self.short_price(price)) {
            (Ok(quantity), Some(price)) => say!(
                self,
                wire::TradeShort,
                0x2B,
                [
                    put_time_offset(offset),
                    put_order_id(order),
                    put_side(b'B'),
                    put_quantity(quantity),
                    put_symbol(symbol),
                    put_price(price),
                    put_execution_id(execution),
                ],
                tail
            ),
            _ => say!(
                self,
                wire::TradeLong,
                0x2A,
                [
                    put_time_offset(offset),
                    put_order_id(order),
                    put_side(b'B'),
                    put_quantity(quantity),
                    put_symbol(symbol),
                    put_price(price.cast_unsigned()),
                    put_execution_id(execution),
                ],
                tail
            ),
        }
    }

    /// A trade is cancelled.
    pub fn trade_break(&mut self, offset: u32, execution: u64) {
        say!(
            self,
            wire::TradeBreak,
            0x2C,
            [put_time_offset(offset), put_execution_id(execution)],
            &[]
        );
    }

    /// Nothing follows in the unit.
    pub fn end_of_session(&mut self, offset: u32) {
        say!(
            self,
            wire::EndOfSession,
            0x2D,
            [put_time_offset(offset)],
            &[]
        );
    }
}
