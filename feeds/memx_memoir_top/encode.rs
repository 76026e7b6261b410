//! The other direction: the messages as the venue sends them, for simulators and tests.

use super::generated::{self as sbe, MessageHeader};
use crate::model::Price;
use crate::session::memoir::encode::{self, decimal};
use sbe::BestBidMessageBlock as BidBlock;
use sbe::BestBidOfferMessageBlock as BothBlock;
use sbe::BestBidShortMessageBlock as BidShortBlock;
use sbe::BestOfferMessageBlock as OfferBlock;
use sbe::BestOfferShortMessageBlock as OfferShortBlock;
use sbe::ClearBookMessageBlock as ClearBlock;
use sbe::InstrumentDirectoryMessageBlock as DirectoryBlock;
use sbe::RegShoRestrictionMessageBlock as ShortSaleBlock;
use sbe::SecurityTradingStatusMessageBlock as StatusBlock;
use sbe::SnapshotCompleteMessageBlock as CompleteBlock;
use sbe::TradingSessionStatusMessageBlock as SessionBlock;

/// Says what a venue's MEMOIR Top channel says.
pub type Encoder = encode::Encoder<MessageHeader>;

/// A side's best size and price; both 0 when nothing is quoted.
pub(super) type Quoted = (u32, Price);

impl Encoder {
    /// The best of both sides. `false` when the packet must be sent before.
    pub fn both(&mut self, number: u16, bid: Quoted, offer: Quoted, timestamp: u64) -> bool {
        let mut block = BothBlock::blank();
        BothBlock::put_timestamp(&mut block, timestamp);
        BothBlock::put_security_id(&mut block, number);
        BothBlock::put_bid_size(&mut block, bid.0);
        BothBlock::put_bid_price(&mut block, decimal(bid.1));
        BothBlock::put_offer_size(&mut block, offer.0);
        BothBlock::put_offer_price(&mut block, decimal(offer.1));
        self.say(sbe::BestBidOfferMessage::TEMPLATE, &block)
    }

    /// The best bid. `false` when the packet must be sent before.
    pub fn bid(&mut self, number: u16, bid: Quoted, timestamp: u64) -> bool {
        let mut block = BidBlock::blank();
        BidBlock::put_timestamp(&mut block, timestamp);
        BidBlock::put_security_id(&mut block, number);
        BidBlock::put_bid_size(&mut block, bid.0);
        BidBlock::put_bid_price(&mut block, decimal(bid.1));
        self.say(sbe::BestBidMessage::TEMPLATE, &block)
    }

    /// The best offer. `false` when the packet must be sent before.
    pub fn offer(&mut self, number: u16, offer: Quoted, timestamp: u64) -> bool {
        let mut block = OfferBlock::blank();
        OfferBlock::put_timestamp(&mut block, timestamp);
        OfferBlock::put_security_id(&mut block, number);
        OfferBlock::put_offer_size(&mut block, offer.0);
        OfferBlock::put_offer_price(&mut block, decimal(offer.1));
        self.say(sbe::BestOfferMessage::TEMPLATE, &block)
    }

    /// The best bid, in the message called short. `false` when the packet must be sent before.
    pub fn bid_short(&mut self, number: u16, bid: Quoted, timestamp: u64) -> bool {
        let mut block = BidShortBlock::blank();
        BidShortBlock::put_timestamp(&mut block, timestamp);
        BidShortBlock::put_security_id(&mut block, number);
        BidShortBlock::put_bid_size(&mut block, bid.0);
        BidShortBlock::put_bid_price(&mut block, decimal(bid.1));
        self.say(sbe::BestBidShortMessage::TEMPLATE, &block)
    }

    /// The best offer, in the message called short. `false` when the packet must be sent before.
    pub fn offer_short(&mut self, number: u16, offer: Quoted, timestamp: u64) -> bool {
        let mut block = OfferShortBlock::blank();
        OfferShortBlock::put_timestamp(&mut block, timestamp);
        OfferShortBlock::put_security_id(&mut block, number);
        OfferShortBlock::put_offer_size(&mut block, offer.0);
        OfferShortBlock::put_offer_price(&mut block, decimal(offer.1));
        self.say(sbe::BestOfferShortMessage::TEMPLATE, &block)
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
