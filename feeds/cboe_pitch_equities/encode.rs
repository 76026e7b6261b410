//! The other direction: messages as the venue sends them, each behind its length, for simulators
//! and tests.
//!
//! Where a message has a short form, it is chosen as the venue does: when quantity, price and
//! symbol fit it.

use super::wire;
use crate::model::Side;
use crate::session::sequenced_unit::MESSAGE_HEADER_BYTES;

/// Says what a unit's channel says: messages one behind the other.
#[derive(Clone, Debug, Default)]
pub struct PitchEncoder {
    blocks: Vec<u8>,
}

/// How an auction stands; prices in 1e-4, 0 where there is none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Auction {
    /// `O C H I M`: opening, closing, halt, IPO, market close.
    pub auction_type: u8,
    /// Price the shares are counted at.
    pub reference: u64,
    /// Shares that buy at the reference price.
    pub buy_shares: u32,
    /// Shares that sell at the reference price.
    pub sell_shares: u32,
    /// Price the auction and the book together would clear at.
    pub indicative: u64,
    /// Price the auction alone would clear at.
    pub auction_only: u64,
}

macro_rules! say {
    ($self:ident, $view:ident, $tag:expr, $($put:ident($value:expr)),* $(,)?) => {{
        const BYTES: usize = wire::$view::LEN + MESSAGE_HEADER_BYTES;
        let mut body = [0; wire::$view::LEN];
        $(wire::$view::$put(&mut body, $value);)*
        $self.blocks.extend_from_slice(&[BYTES as u8, $tag]);
        $self.blocks.extend_from_slice(&body);
    }};
}

/// A price of 1e-4 as a short one, where it is one.
fn short_price(price: u64) -> Option<u16> {
    price
        .is_multiple_of(100)
        .then(|| u16::try_from(price / 100).ok())
        .flatten()
}

fn side_code(side: Side) -> u8 {
    match side {
        Side::Ask => b'S',
        _ => b'B',
    }
}

/// Symbols of the short and long forms have at most this many bytes.
const SHORT_SYMBOL_BYTES: usize = 6;

impl PitchEncoder {
    /// An encoder that has said nothing.
    pub fn new() -> PitchEncoder {
        PitchEncoder::default()
    }

    /// What was said since the last [`PitchEncoder::clear`].
    pub fn bytes(&self) -> &[u8] {
        &self.blocks
    }

    /// Forgets what was said.
    pub fn clear(&mut self) {
        self.blocks.clear();
    }

    /// The second the offsets behind it count from: seconds since midnight in New York.
    pub fn time(&mut self, second: u32) {
        say!(self, Time, 0x20, put_time(second));
    }

    /// Every order of the unit goes.
    pub fn unit_clear(&mut self, offset: u32) {
        say!(self, UnitClear, 0x97, put_time_offset(offset));
    }

    /// An order joins at a price of 1e-4: short, long or, for a symbol beyond six bytes, expanded.
    pub fn add_order(
        &mut self,
        offset: u32,
        (order, side, quantity, price): (u64, Side, u32, u64),
        symbol: &[u8],
    ) {
        let code = side_code(side);
        if symbol.len() > SHORT_SYMBOL_BYTES {
            return self.add_order_expanded(offset, (order, side, quantity, price), symbol, b"");
        }
        match (u16::try_from(quantity), short_price(price)) {
            (Ok(quantity), Some(price)) => say!(
                self,
                AddOrderShort,
                0x22,
                put_time_offset(offset),
                put_order_id(order),
                put_side_indicator(code),
                put_quantity(quantity),
                put_symbol(symbol),
                put_price(price),
                put_add_order_flags(wire::FLAG_DISPLAY),
            ),
            _ => say!(
                self,
                AddOrderLong,
                0x21,
                put_time_offset(offset),
                put_order_id(order),
                put_side_indicator(code),
                put_quantity(quantity),
                put_symbol(symbol),
                put_price(price),
                put_add_order_flags(wire::FLAG_DISPLAY),
            ),
        }
    }

    /// An order joins at a price of 1e-4, under a name of at most four bytes.
    pub fn add_order_expanded(
        &mut self,
        offset: u32,
        (order, side, quantity, price): (u64, Side, u32, u64),
        symbol: &[u8],
        participant: &[u8],
    ) {
        say!(
            self,
            AddOrderExpanded,
            0x2F,
            put_time_offset(offset),
            put_order_id(order),
            put_side_indicator(side_code(side)),
            put_quantity(quantity),
            put_symbol(symbol),
            put_price(price),
            put_add_order_flags(wire::FLAG_DISPLAY),
            put_participant_id(participant),
            put_customer_indicator(b'N'),
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
            OrderExecutedFull,
            0x23,
            put_time_offset(offset),
            put_order_id(order),
            put_executed_quantity(quantity),
            put_execution_id(execution),
            put_trade_condition(condition),
        );
    }

    /// An order trades at another price of 1e-4; `remaining` is left of it.
    pub fn executed_at_price(
        &mut self,
        offset: u32,
        order: u64,
        [quantity, remaining]: [u32; 2],
        execution: u64,
        price: u64,
    ) {
        say!(
            self,
            OrderExecutedAtPriceSize,
            0x24,
            put_time_offset(offset),
            put_order_id(order),
            put_executed_quantity(quantity),
            put_remaining_quantity(remaining),
            put_execution_id(execution),
            put_price(price),
        );
    }

    /// A part of an order is taken away.
    pub fn reduce(&mut self, offset: u32, order: u64, quantity: u32) {
        match u16::try_from(quantity) {
            Ok(quantity) => say!(
                self,
                ReduceSizeShort,
                0x26,
                put_time_offset(offset),
                put_order_id(order),
                put_canceled_quantity(quantity),
            ),
            Err(_) => say!(
                self,
                ReduceSizeLong,
                0x25,
                put_time_offset(offset),
                put_order_id(order),
                put_canceled_quantity(quantity),
            ),
        }
    }

    /// An order has another quantity or price of 1e-4.
    pub fn modify(&mut self, offset: u32, order: u64, quantity: u32, price: u64) {
        let flags = wire::FLAG_DISPLAY;
        match (u16::try_from(quantity), short_price(price)) {
            (Ok(quantity), Some(price)) => say!(
                self,
                ModifyOrderShortFull,
                0x28,
                put_time_offset(offset),
                put_order_id(order),
                put_quantity(quantity),
                put_price(price),
                put_modify_order_flags(flags),
            ),
            _ => say!(
                self,
                ModifyOrderLongFull,
                0x27,
                put_time_offset(offset),
                put_order_id(order),
                put_quantity(quantity),
                put_price(price),
                put_modify_order_flags(flags),
            ),
        }
    }

    /// An order is taken away.
    pub fn delete(&mut self, offset: u32, order: u64) {
        say!(
            self,
            DeleteOrder,
            0x29,
            put_time_offset(offset),
            put_order_id(order)
        );
    }

    /// A trade at a price of 1e-4 against an order nobody saw: short, long or, for a symbol beyond
    /// six bytes, expanded.
    pub fn trade(
        &mut self,
        offset: u32,
        (order, quantity, price, execution): (u64, u32, u64, u64),
        symbol: &[u8],
    ) {
        if symbol.len() > SHORT_SYMBOL_BYTES {
            say!(
                self,
                TradeExpanded,
                0x30,
                put_time_offset(offset),
                put_order_id(order),
                put_side_indicator(b'B'),
                put_quantity(quantity),
                put_symbol(symbol),
                put_price(price),
                put_execution_id(execution),
            );
            return;
        }
        match (u16::try_from(quantity), short_price(price)) {
            (Ok(quantity), Some(price)) => say!(
                self,
                TradeShort,
                0x2B,
                put_time_offset(offset),
                put_order_id(order),
                put_side_indicator(b'B'),
                put_quantity(quantity),
                put_symbol(symbol),
                put_price(price),
                put_execution_id(execution),
            ),
            _ => say!(
                self,
                TradeLong,
                0x2A,
                put_time_offset(offset),
                put_order_id(order),
                put_side_indicator(b'B'),
                put_quantity(quantity),
                put_symbol(symbol),
                put_price(price),
                put_execution_id(execution),
            ),
        }
    }

    /// A trade is cancelled.
    pub fn trade_break(&mut self, offset: u32, execution: u64) {
        say!(
            self,
            TradeBreak,
            0x2C,
            put_time_offset(offset),
            put_execution_id(execution)
        );
    }

    /// Nothing follows in the unit.
    pub fn end_of_session(&mut self, offset: u32) {
        say!(self, EndOfSession, 0x2D, put_time_offset(offset));
    }

    /// Trading status (`A H Q S T`) and short-sale mark (`0 1`) of an instrument.
    pub fn trading_status(&mut self, offset: u32, symbol: &[u8], status: u8, reg_sho: u8) {
        say!(
            self,
            TradingStatus,
            0x31,
            put_time_offset(offset),
            put_symbol(symbol),
            put_trading_status(status),
            put_reg_sho_action(reg_sho),
            put_reserved(b"  "),
        );
    }

    /// How an auction stands.
    pub fn auction_update(&mut self, offset: u32, symbol: &[u8], auction: &Auction) {
        say!(
            self,
            AuctionUpdate,
            0x95,
            put_time_offset(offset),
            put_symbol(symbol),
            put_auction_type(auction.auction_type),
            put_reference_price(auction.reference),
            put_buy_shares(auction.buy_shares),
            put_sell_shares(auction.sell_shares),
            put_indicative_price(auction.indicative),
            put_auction_only_price(auction.auction_only),
        );
    }

    /// An auction (`O C H I M`) ended with `shares` at a price of 1e-4.
    pub fn auction_summary(
        &mut self,
        offset: u32,
        symbol: &[u8],
        auction_type: u8,
        price: u64,
        shares: u32,
    ) {
        say!(
            self,
            AuctionSummary,
            0x96,
            put_time_offset(offset),
            put_symbol(symbol),
            put_auction_type(auction_type),
            put_price(price),
            put_shares(shares),
        );
    }

    /// Whether there is interest that betters the price for retail orders: `B S A N`.
    pub fn retail_price_improvement(&mut self, offset: u32, symbol: &[u8], sides: u8) {
        say!(
            self,
            RetailPriceImprovement,
            0x98,
            put_time_offset(offset),
            put_symbol(symbol),
            put_retail_price_improvement(sides),
        );
    }
}
