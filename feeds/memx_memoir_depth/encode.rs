//! The other direction: the messages as the venue sends them, for simulators and tests.

use super::generated::{self as sbe, MessageHeader};
use crate::model::{Price, Side};
use crate::session::memoir::encode::{self, decimal};
use sbe::BrokenTradeMessageBlock as BrokenBlock;
use sbe::ClearBookMessageBlock as ClearBlock;
use sbe::CorrectedTradeMessageBlock as CorrectedBlock;
use sbe::InstrumentDirectoryMessageBlock as DirectoryBlock;
use sbe::OrderAddedMessageBlock as AddedBlock;
use sbe::OrderDeletedMessageBlock as DeletedBlock;
use sbe::OrderExecutedMessageBlock as ExecutedBlock;
use sbe::OrderReducedMessageBlock as ReducedBlock;
use sbe::RegShoRestrictionMessageBlock as ShortSaleBlock;
use sbe::SecurityTradingStatusMessageBlock as StatusBlock;
use sbe::SnapshotCompleteMessageBlock as CompleteBlock;
use sbe::TradeMessageBlock as TradeBlock;
use sbe::TradingSessionStatusMessageBlock as SessionBlock;

/// Says what a venue's MEMOIR Depth channel says.
pub type Encoder = encode::Encoder<MessageHeader>;

/// A print as messages have it: its number, its shares and its price.
pub(super) type Print = (u64, u32, Price);

impl Encoder {
    /// An order joins the book. `false` when the packet must be sent before.
    pub fn added(
        &mut self,
        (number, order): (u16, u64),
        side: Side,
        (quantity, price): (u32, Price),
        timestamp: u64,
    ) -> bool {
        let code = match side {
            Side::Ask => sbe::side::SELL,
            _ => sbe::side::BUY,
        };
        let mut block = AddedBlock::blank();
        AddedBlock::put_timestamp(&mut block, timestamp);
        AddedBlock::put_security_id(&mut block, number);
        AddedBlock::put_order_id(&mut block, order);
        AddedBlock::put_side(&mut block, code);
        AddedBlock::put_quantity(&mut block, quantity);
        AddedBlock::put_price(&mut block, decimal(price));
        self.say(sbe::OrderAddedMessage::TEMPLATE, &block)
    }

    /// The rest of an order is withdrawn. `false` when the packet must be sent before.
    pub fn deleted(&mut self, (number, order): (u16, u64), timestamp: u64) -> bool {
        let mut block = DeletedBlock::blank();
        DeletedBlock::put_timestamp(&mut block, timestamp);
        DeletedBlock::put_security_id(&mut block, number);
        DeletedBlock::put_order_id(&mut block, order);
        self.say(sbe::OrderDeletedMessage::TEMPLATE, &block)
    }

    /// Some of an order is withdrawn. `false` when the packet must be sent before.
    pub fn reduced(&mut self, (number, order): (u16, u64), quantity: u32, timestamp: u64) -> bool {
        let mut block = ReducedBlock::blank();
        ReducedBlock::put_timestamp(&mut block, timestamp);
        ReducedBlock::put_security_id(&mut block, number);
        ReducedBlock::put_order_id(&mut block, order);
        ReducedBlock::put_quantity(&mut block, quantity);
        self.say(sbe::OrderReducedMessage::TEMPLATE, &block)
    }

    /// Some of an order trades. `false` when the packet must be sent before.
    pub fn executed(
        &mut self,
        (number, order): (u16, u64),
        (trade, quantity, price): Print,
        timestamp: u64,
    ) -> bool {
        let mut block = ExecutedBlock::blank();
        ExecutedBlock::put_timestamp(&mut block, timestamp);
        ExecutedBlock::put_security_id(&mut block, number);
        ExecutedBlock::put_order_id(&mut block, order);
        ExecutedBlock::put_trade_id(&mut block, trade);
        ExecutedBlock::put_quantity(&mut block, quantity);
        ExecutedBlock::put_price(&mut block, decimal(price));
        self.say(sbe::OrderExecutedMessage::TEMPLATE, &block)
    }

    /// A trade against an order nobody saw. `false` when the packet must be sent before.
    pub fn trade(&mut self, number: u16, (trade, quantity, price): Print, timestamp: u64) -> bool {
        let mut block = TradeBlock::blank();
        TradeBlock::put_timestamp(&mut block, timestamp);
        TradeBlock::put_security_id(&mut block, number);
        TradeBlock::put_trade_id(&mut block, trade);
        TradeBlock::put_quantity(&mut block, quantity);
        TradeBlock::put_price(&mut block, decimal(price));
        self.say(sbe::TradeMessage::TEMPLATE, &block)
    }

    /// A trade is taken back. `false` when the packet must be sent before.
    pub fn broken(&mut self, number: u16, (trade, quantity, price): Print, timestamp: u64) -> bool {
        let mut block = BrokenBlock::blank();
        BrokenBlock::put_timestamp(&mut block, timestamp);
        BrokenBlock::put_security_id(&mut block, number);
        BrokenBlock::put_trade_id(&mut block, trade);
        BrokenBlock::put_original_quantity(&mut block, quantity);
        BrokenBlock::put_original_price(&mut block, decimal(price));
        self.say(sbe::BrokenTradeMessage::TEMPLATE, &block)
    }

    /// A trade was of other shares at another price. `false` when the packet must be sent before.
    pub fn corrected(
        &mut self,
        number: u16,
        (trade, quantity, price): Print,
        (quantity_now, price_now): (u32, Price),
        timestamp: u64,
    ) -> bool {
        let mut block = CorrectedBlock::blank();
        CorrectedBlock::put_timestamp(&mut block, timestamp);
        CorrectedBlock::put_security_id(&mut block, number);
        CorrectedBlock::put_trade_id(&mut block, trade);
        CorrectedBlock::put_original_quantity(&mut block, quantity);
        CorrectedBlock::put_original_price(&mut block, decimal(price));
        CorrectedBlock::put_corrected_quantity(&mut block, quantity_now);
        CorrectedBlock::put_corrected_price(&mut block, decimal(price_now));
        self.say(sbe::CorrectedTradeMessage::TEMPLATE, &block)
    }

    /// An instrument is listed: its number, its symbol with the suffix behind a blank, and the least
    /// price step. `false` when the packet must be sent before.
    pub fn directory(
        &mut self,
        (number, symbol): (u16, &str),
        (round_lot, step): (u32, Price),
        timestamp: u64,
    ) -> bool {
        let (symbol, suffix) = symbol.split_once(' ').unwrap_or((symbol, ""));
        let mut block = DirectoryBlock::blank();
        DirectoryBlock::put_timestamp(&mut block, timestamp);
        DirectoryBlock::put_security_id(&mut block, number);
        DirectoryBlock::put_symbol(&mut block, symbol.as_bytes());
        DirectoryBlock::put_symbol_sfx(&mut block, suffix.as_bytes());
        DirectoryBlock::put_round_lot(&mut block, round_lot);
        DirectoryBlock::put_mpv(&mut block, decimal(step));
        self.say(sbe::InstrumentDirectoryMessage::TEMPLATE, &block)
    }

    /// Whether selling short is restricted. `false` when the packet must be sent before.
    pub fn short_sale(&mut self, number: u16, is_restricted: bool, timestamp: u64) -> bool {
        let mut block = ShortSaleBlock::blank();
        ShortSaleBlock::put_timestamp(&mut block, timestamp);
        ShortSaleBlock::put_security_id(&mut block, number);
        ShortSaleBlock::put_short_sale_restriction(&mut block, u8::from(is_restricted));
        self.say(sbe::RegShoRestrictionMessage::TEMPLATE, &block)
    }

    /// Status and reason of an instrument. `false` when the packet must be sent before.
    pub fn status(&mut self, number: u16, (status, reason): (u8, u8), timestamp: u64) -> bool {
        let mut block = StatusBlock::blank();
        StatusBlock::put_timestamp(&mut block, timestamp);
        StatusBlock::put_security_id(&mut block, number);
        StatusBlock::put_security_trading_status(&mut block, status);
        StatusBlock::put_security_trading_status_reason(&mut block, reason);
        self.say(sbe::SecurityTradingStatusMessage::TEMPLATE, &block)
    }

    /// Which part of the day begins. `false` when the packet must be sent before.
    pub fn session(&mut self, part: u8, timestamp: u64) -> bool {
        let mut block = SessionBlock::blank();
        SessionBlock::put_timestamp(&mut block, timestamp);
        SessionBlock::put_trading_session(&mut block, part);
        self.say(sbe::TradingSessionStatusMessage::TEMPLATE, &block)
    }

    /// A book is empty. `false` when the packet must be sent before.
    pub fn clear(&mut self, number: u16, timestamp: u64) -> bool {
        let mut block = ClearBlock::blank();
        ClearBlock::put_timestamp(&mut block, timestamp);
        ClearBlock::put_security_id(&mut block, number);
        self.say(sbe::ClearBookMessage::TEMPLATE, &block)
    }

    /// The end of a snapshot that holds all up to message `as_of`. `false` when the packet must be
    /// sent before.
    pub fn snapshot_complete(&mut self, as_of: u64, timestamp: u64) -> bool {
        let mut block = CompleteBlock::blank();
        CompleteBlock::put_timestamp(&mut block, timestamp);
        CompleteBlock::put_as_of_sequence_number(&mut block, as_of);
        self.say(sbe::SnapshotCompleteMessage::TEMPLATE, &block)
    }

    fn say(&mut self, template: u16, block: &[u8]) -> bool {
        self.raw((template, sbe::SCHEMA, sbe::VERSION), block)
    }
}
