//! The other direction: messages as the venue sends them, type byte first, for simulators and tests.

use super::PROTOCOL;
use super::wire::{
    PriceLevelBuyUpdate, PriceLevelSellUpdate, SecurityDirectory, SystemEvent, TradeReport,
    TradingStatus,
};
use crate::model::Side;
use crate::session::iextp::Packetizer;

/// Says what a venue's DEEP channel says.
#[derive(Clone, Debug)]
pub struct Encoder {
    packetizer: Packetizer,
}

macro_rules! message {
    ($view:ident, $tag:expr, $($put:ident($value:expr)),* $(,)?) => {{
        let mut body = [0; $view::LEN];
        $($view::$put(&mut body, $value);)*
        let mut message = [0; $view::LEN + 1];
        message[0] = $tag;
        message[1..].copy_from_slice(&body);
        message
    }};
}

impl Encoder {
    /// A channel of a session that has said nothing.
    pub fn new(channel: u32, session: u32) -> Encoder {
        Encoder {
            packetizer: Packetizer::new(PROTOCOL, channel, session),
        }
    }

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
        self.packetizer.push(&message)
    }

    /// A trade of `size` at a price of 1e-4. `false` when the segment must be sent before.
    pub fn trade(
        &mut self,
        (trade_id, size, price): (u64, u32, i64),
        symbol: &str,
        timestamp: i64,
    ) -> bool {
        self.packetizer.push(&message!(
            TradeReport,
            b'T',
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_size(size),
            put_price(price),
            put_trade_id(trade_id)
        ))
    }

    /// A security of the day: its flags as [`super::wire::TEST_SECURITY`], a round lot in shares and the closing price it starts
    /// from in 1e-4. `false` when the segment must be sent before.
    pub fn directory(
        &mut self,
        (flags, round_lot, price): (u8, u32, i64),
        symbol: &str,
        timestamp: i64,
    ) -> bool {
        self.packetizer.push(&message!(
            SecurityDirectory,
            b'D',
            put_security_directory_flags(flags),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_round_lot_size(round_lot),
            put_adjusted_poc_price(price),
            put_luld_tier(1)
        ))
    }

    /// A trading status by its code. `false` when the segment must be sent before.
    pub fn trading_status(&mut self, code: u8, symbol: &str, timestamp: i64) -> bool {
        self.packetizer.push(&message!(
            TradingStatus,
            b'H',
            put_trading_status(code),
            put_timestamp(timestamp),
            put_symbol(symbol.as_bytes()),
            put_reason(b"")
        ))
    }

    /// A system event by its code. `false` when the segment must be sent before.
    pub fn system_event(&mut self, code: u8, timestamp: i64) -> bool {
        self.packetizer.push(&message!(
            SystemEvent,
            b'S',
            put_system_event(code),
            put_timestamp(timestamp)
        ))
    }

    /// Any message, type byte first. `false` when the segment must be sent before.
    pub fn raw(&mut self, message: &[u8]) -> bool {
        self.packetizer.push(message)
    }

    /// The segment with what was said since the last one; a heartbeat when that is nothing.
    pub fn segment(&mut self, send_time_ns: u64) -> Vec<u8> {
        self.packetizer.segment(send_time_ns)
    }
}
