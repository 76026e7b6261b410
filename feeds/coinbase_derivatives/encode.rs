//! The other direction: packets as the venue sends them and requests as this side does, for simulators and tests.

use super::generated::{self as sbe, InstrHeader, MessageHeader};
use super::normalize::Position;
use super::wire::{FRAME_ALIGNMENT, Header, INCREMENTAL, RETRANSMIT, SIZE_BYTES, SNAPSHOT, signed};
use crate::model::{Price, Side};
use crate::session::sbe::{Decimal, Header as SbeHeader, HeaderShape};
use sbe::EndOfCycleMessageBlock as CycleBlock;
use sbe::EndOfSnapshotMessageBlock as EndBlock;
use sbe::OrderDeleteMessageBlock as DeleteBlock;
use sbe::OrderPutMessageBlock as PutBlock;
use sbe::OrderSnapshotMessageBlock as RestingBlock;
use sbe::OutrightInstrumentDefinitionMessageBlock as OutrightBlock;
use sbe::RetransmitRejectMessageBlock as RejectBlock;
use sbe::RetransmitRequestMessageBlock as RequestBlock;
use sbe::StartOfOutrightInstrumentSnapshotMessageBlock as StartBlock;
use sbe::TradeBustMessageBlock as BustBlock;
use sbe::TradeMessageBlock as TradeBlock;
use sbe::TradingStatusUpdateMessageBlock as StatusBlock;

/// Limits of prices that limit nothing.
const LIMITS: [Price; 2] = [Price(-1_000_000_000_000_000), Price(1_000_000_000_000_000)];

/// What stands in front of an incremental message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Which instrument.
    pub instrument: i32,
    /// Number of the instrument's message, from 1 each day.
    pub sequence: u32,
    /// Trading day, in days since the Unix epoch.
    pub day: u16,
    /// 1 begins a transaction, 2 ends it.
    pub flags: u8,
    /// Of an order, or who crossed the spread.
    pub side: Side,
    /// When it happened, ns since the Unix epoch.
    pub at: u64,
}

impl Head {
    pub(super) fn bytes(&self) -> [u8; 22] {
        let mut bytes = InstrHeader::blank();
        let side = match self.side {
            Side::Bid => 1,
            Side::Ask => -1,
            Side::None => i8::MIN,
        };
        InstrHeader::put_instrument_flags(&mut bytes, self.flags);
        InstrHeader::put_instrument_side(&mut bytes, side);
        InstrHeader::put_instrument_id(&mut bytes, self.instrument);
        InstrHeader::put_instr_seq_num(&mut bytes, self.sequence);
        InstrHeader::put_trading_session_date(&mut bytes, self.day);
        InstrHeader::put_transact_time(&mut bytes, signed(self.at));
        bytes
    }
}

/// A trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeSaid {
    /// The venue's number of it.
    pub id: u64,
    /// The order that rested, and on which side; `None` where nobody saw it.
    pub resting: Option<(u64, Side)>,
    /// Where.
    pub price: Price,
    /// How much; beyond 31 bits it is cut.
    pub size: u64,
}

/// An order of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// The venue's number of it.
    pub order: u64,
    /// On which side.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// How much; beyond 31 bits it is cut.
    pub size: u64,
    /// When it came, ns since the Unix epoch.
    pub at: u64,
}

/// Says what a venue's channel says, message by message.
#[derive(Clone, Debug, Default)]
pub struct Encoder {
    channel: u16,
    next: u64,
    count: u8,
    body: Vec<u8>,
}

fn decimal(price: Price) -> Decimal {
    Decimal {
        mantissa: price.0,
        exponent: -9,
    }
}

fn short(size: u64) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX)
}

/// A message in its frame.
fn frame(template: u16, version: u16, block: &[u8]) -> Vec<u8> {
    let size = (SIZE_BYTES + MessageHeader::LEN + block.len()).next_multiple_of(FRAME_ALIGNMENT);
    let mut bytes = Vec::with_capacity(size);
    bytes.extend(u16::try_from(size).unwrap_or(u16::MAX).to_le_bytes());
    let header = SbeHeader {
        block_length: u16::try_from(block.len()).unwrap_or(u16::MAX),
        template,
        schema: sbe::SCHEMA,
        version,
    };
    MessageHeader::write(header, &mut bytes);
    bytes.extend(block);
    bytes.resize(size, 0);
    bytes
}

/// The datagram that asks for `count` messages of a channel (at most 255) from number `first` on. Its own number is `first`
/// too: a reject says it again.
pub(super) fn request(channel: u16, first: u64, count: u64) -> Vec<u8> {
    let mut block = RequestBlock::blank();
    RequestBlock::put_begin_seq_num(&mut block, signed(first));
    RequestBlock::put_message_count(&mut block, u8::try_from(count).unwrap_or(u8::MAX));
    let header = Header {
        sequence: first,
        channel,
        count: 1,
        ..Header::default()
    };
    let mut datagram = header.to_bytes().to_vec();
    let template = sbe::RetransmitRequestMessage::TEMPLATE;
    datagram.extend(frame(template, sbe::VERSION, &block));
    datagram
}

/// The answer to a request that cannot be fulfilled: a [`sbe::reason`] and its text of at most 40 bytes.
pub(super) fn reject(channel: u16, request: u64, reason: i8, details: &str) -> Vec<u8> {
    let mut block = RejectBlock::blank();
    RejectBlock::put_details(&mut block, details.as_bytes());
    RejectBlock::put_reason(&mut block, reason);
    let header = Header {
        sequence: request,
        channel,
        count: 1,
        ..Header::default()
    };
    let mut datagram = header.to_bytes().to_vec();
    let template = sbe::RetransmitRejectMessage::TEMPLATE;
    datagram.extend(frame(template, sbe::VERSION, &block));
    datagram
}

impl Encoder {
    /// A channel whose next message is number `next`.
    pub fn new(channel: u16, next: u64) -> Encoder {
        Encoder {
            channel,
            next,
            ..Encoder::default()
        }
    }

    /// Number of the next message.
    pub fn next(&self) -> u64 {
        self.next + u64::from(self.count)
    }

    /// Bytes said since the last packet.
    pub fn collected_bytes(&self) -> usize {
        self.body.len()
    }

    /// Messages said since the last packet, each in its frame, and the number of the first.
    pub fn collected(&self) -> (u64, &[u8]) {
        (self.next, &self.body)
    }

    /// Any message: its template and version, and its block. A packet holds at most 255.
    pub fn raw(&mut self, template: u16, version: u16, block: &[u8]) {
        self.body.extend(frame(template, version, block));
        self.count = self.count.saturating_add(1);
    }

    fn say(&mut self, template: u16, block: &[u8]) {
        self.raw(template, sbe::VERSION, block);
    }

    /// A future: its name, its least price step, and its trading status.
    pub fn outright(&mut self, head: Head, symbol: &str, tick: Price, status: i8) {
        let mut block = OutrightBlock::blank();
        OutrightBlock::put_instr_header(&mut block, InstrHeader::of(&head.bytes()));
        OutrightBlock::put_symbol(&mut block, symbol.as_bytes());
        OutrightBlock::put_product_code(&mut block, b"SIM");
        OutrightBlock::put_description(&mut block, b"Simulated future");
        OutrightBlock::put_tick_size(&mut block, decimal(tick));
        OutrightBlock::put_cfi_code(&mut block, b"FXXXXX");
        OutrightBlock::put_currency(&mut block, b"USD");
        OutrightBlock::put_limit_down_price(&mut block, decimal(LIMITS[0]));
        OutrightBlock::put_limit_up_price(&mut block, decimal(LIMITS[1]));
        OutrightBlock::put_product_group(&mut block, sbe::product_group::CRYPTO);
        OutrightBlock::put_trading_status(&mut block, status);
        OutrightBlock::put_contract_size(&mut block, 1);
        self.say(sbe::OutrightInstrumentDefinitionMessage::TEMPLATE, &block);
    }

    /// What trading is allowed.
    pub fn status(&mut self, head: Head, status: i8) {
        let mut block = StatusBlock::blank();
        StatusBlock::put_instr_header(&mut block, InstrHeader::of(&head.bytes()));
        StatusBlock::put_limit_down_price(&mut block, decimal(LIMITS[0]));
        StatusBlock::put_limit_up_price(&mut block, decimal(LIMITS[1]));
        StatusBlock::put_trading_status(&mut block, status);
        self.say(sbe::TradingStatusUpdateMessage::TEMPLATE, &block);
    }

    /// An order rests, newly or otherwise than before.
    pub fn put(&mut self, head: Head, order: u64, price: Price, size: u64) {
        let mut block = PutBlock::blank();
        PutBlock::put_instr_header(&mut block, InstrHeader::of(&head.bytes()));
        PutBlock::put_order_id(&mut block, signed(order));
        PutBlock::put_price(&mut block, decimal(price));
        PutBlock::put_quantity(&mut block, short(size));
        self.say(sbe::OrderPutMessage::TEMPLATE, &block);
    }

    /// An order is gone.
    pub fn delete(&mut self, head: Head, order: u64) {
        let mut block = DeleteBlock::blank();
        DeleteBlock::put_instr_header(&mut block, InstrHeader::of(&head.bytes()));
        DeleteBlock::put_order_id(&mut block, signed(order));
        self.say(sbe::OrderDeleteMessage::TEMPLATE, &block);
    }

    /// A trade.
    pub fn trade(&mut self, head: Head, trade: &TradeSaid) {
        let mut block = TradeBlock::blank();
        TradeBlock::put_instr_header(&mut block, InstrHeader::of(&head.bytes()));
        TradeBlock::put_match_id(&mut block, signed(trade.id));
        let on = |wanted: Side| trade.resting.filter(|&(_, side)| side == wanted);
        let order = |wanted: Side| on(wanted).map(|(order, _)| signed(order));
        TradeBlock::put_buy_order_id(&mut block, order(Side::Bid));
        TradeBlock::put_sell_order_id(&mut block, order(Side::Ask));
        TradeBlock::put_price(&mut block, decimal(trade.price));
        TradeBlock::put_quantity(&mut block, short(trade.size));
        self.say(sbe::TradeMessage::TEMPLATE, &block);
    }

    /// A trade is taken back.
    pub fn bust(&mut self, head: Head, trade: u64) {
        let mut block = BustBlock::blank();
        BustBlock::put_instr_header(&mut block, InstrHeader::of(&head.bytes()));
        BustBlock::put_match_id(&mut block, signed(trade));
        self.say(sbe::TradeBustMessage::TEMPLATE, &block);
    }

    /// A statistic: a [`sbe::stat_type`] and its price.
    pub fn statistic(&mut self, head: Head, kind: u8, price: Price) {
        let mut block = sbe::MarketStatMessageBlock::blank();
        sbe::MarketStatMessageBlock::put_instr_header(&mut block, InstrHeader::of(&head.bytes()));
        sbe::MarketStatMessageBlock::put_price(&mut block, decimal(price));
        sbe::MarketStatMessageBlock::put_stat_type(&mut block, kind);
        self.say(sbe::MarketStatMessage::TEMPLATE, &block);
    }

    /// A snapshot of a future begins that is up to the message `position` of it, with so many orders.
    pub fn snapshot_start(
        &mut self,
        position: Position,
        (symbol, tick, status): (&str, Price, i8),
        orders: usize,
    ) {
        let mut block = StartBlock::blank();
        StartBlock::put_last_instr_seq_num(&mut block, position.1);
        StartBlock::put_symbol(&mut block, symbol.as_bytes());
        StartBlock::put_tick_size(&mut block, decimal(tick));
        StartBlock::put_currency(&mut block, b"USD");
        StartBlock::put_order_count(&mut block, i32::try_from(orders).unwrap_or(i32::MAX));
        StartBlock::put_trading_session_date(&mut block, position.0);
        StartBlock::put_trading_status(&mut block, status);
        StartBlock::put_contract_size(&mut block, 1);
        self.say(
            sbe::StartOfOutrightInstrumentSnapshotMessage::TEMPLATE,
            &block,
        );
    }

    /// Message `number` of a snapshot: an order.
    pub fn snapshot_order(&mut self, number: u16, resting: &Resting) {
        let mut block = RestingBlock::blank();
        let size = short(resting.size);
        let is_ask = resting.side == Side::Ask;
        RestingBlock::put_snapshot_seq_num(&mut block, number);
        RestingBlock::put_quantity(&mut block, if is_ask { -size } else { size });
        RestingBlock::put_transact_time(&mut block, signed(resting.at));
        RestingBlock::put_order_id(&mut block, signed(resting.order));
        RestingBlock::put_price(&mut block, decimal(resting.price));
        self.say(sbe::OrderSnapshotMessage::TEMPLATE, &block);
    }

    /// Message `number` of a snapshot: its end.
    pub fn snapshot_end(&mut self, number: u16) {
        let mut block = EndBlock::blank();
        EndBlock::put_snapshot_seq_num(&mut block, number);
        EndBlock::put_limit_down_price(&mut block, decimal(LIMITS[0]));
        EndBlock::put_limit_up_price(&mut block, decimal(LIMITS[1]));
        self.say(sbe::EndOfSnapshotMessage::TEMPLATE, &block);
    }

    /// So many instruments were told.
    pub fn cycle_end(&mut self, instruments: usize) {
        let mut block = CycleBlock::blank();
        let count = i32::try_from(instruments).unwrap_or(i32::MAX);
        CycleBlock::put_active_instrument_count(&mut block, count);
        self.say(sbe::EndOfCycleMessage::TEMPLATE, &block);
    }

    /// The packet with what was said since the last one; without messages it says that the channel is alive.
    pub fn packet(&mut self, sent_ns: u64) -> Vec<u8> {
        let next = self.next();
        let packet = self.end_packet(Header {
            sent_ns,
            sequence: self.next,
            flags: INCREMENTAL,
            ..Header::default()
        });
        self.next = next;
        packet
    }

    /// The same, as part of the snapshot of an instrument that is up to message `sequence` of the channel.
    pub fn snapshot_packet(&mut self, sequence: u64, instrument: i32, sent_ns: u64) -> Vec<u8> {
        self.end_packet(Header {
            sent_ns,
            sequence,
            flags: SNAPSHOT,
            instrument,
            ..Header::default()
        })
    }

    fn end_packet(&mut self, header: Header) -> Vec<u8> {
        let header = Header {
            channel: self.channel,
            count: std::mem::take(&mut self.count),
            ..header
        };
        let mut packet = header.to_bytes().to_vec();
        packet.append(&mut self.body);
        packet
    }
}

/// The answer of a retransmission server: so many messages, of which `first` is the first.
pub(super) fn answer(channel: u16, first: u64, count: u8, body: &[u8], sent_ns: u64) -> Vec<u8> {
    let header = Header {
        sent_ns,
        sequence: first,
        channel,
        flags: INCREMENTAL | RETRANSMIT,
        count,
        ..Header::default()
    };
    let mut datagram = header.to_bytes().to_vec();
    datagram.extend(body);
    datagram
}
