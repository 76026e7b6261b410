//! The other direction: packets as the venue sends them, for simulators and tests.

use super::PACKET_HEADER_BYTES;
use super::generated::{
    self as sbe, AdminHeartbeatBlock, AdminLogoutBlock, ChannelResetBlock,
    ChannelResetChannelReset, GroupSize, GroupSize8Byte, MatchEventIndicator, MessageHeader,
    SecurityStatusBlock, md_entry_type as kind, md_update_action as action,
};
use super::normalize::SIZE_BYTES;
use crate::model::{Price, Side};
use crate::session::sbe::{Decimal, Header, HeaderShape, write_group};
use sbe::MdIncrementalRefreshBook46Block as BookBlock;
use sbe::MdIncrementalRefreshBook46IncrementalRefreshBook as BookEntry;
use sbe::MdIncrementalRefreshBook46IncrementalRefreshBookOrderId as BookOrder;
use sbe::MdIncrementalRefreshOrderBook47Block as OrdersBlock;
use sbe::MdIncrementalRefreshOrderBook47IncrementalRefreshOrderBook as OrdersEntry;
use sbe::MdIncrementalRefreshTradeSummary48Block as TradeBlock;
use sbe::MdIncrementalRefreshTradeSummary48IncrementalRefreshTradeSummary as TradeEntry;
use sbe::MdIncrementalRefreshTradeSummary48IncrementalRefreshTradeSummaryOrderId as TradeOrder;
use sbe::MdInstrumentDefinitionFuture54Block as FutureBlock;
use sbe::MdInstrumentDefinitionFuture54FeedTypes as FutureFeed;
use sbe::SnapshotFullRefresh52Block as SnapshotBlock;
use sbe::SnapshotFullRefresh52SnapshotFullRefresh as SnapshotLevel;
use sbe::SnapshotFullRefreshOrderBook53Block as ChunkBlock;
use sbe::SnapshotFullRefreshOrderBook53SnapshotFullRefreshOrderBook as ChunkOrder;

/// Bit of the match event indicator: the event ends with this message.
const END_OF_EVENT: u8 = 0x80;
/// Block length of groups the encoder leaves empty.
const NOTHING: &[[u8; 0]] = &[];

/// What happened to a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelUpdate {
    /// Which instrument.
    pub security: i32,
    /// Number of the instrument's update.
    pub rpt_seq: u32,
    /// `New` 0, `Change` 1, `Delete` 2, `DeleteThru` 3, `DeleteFrom` 4, `Overlay` 5.
    pub action: u8,
    /// Which level, from 1.
    pub level: u8,
    /// What of: `0` bid, `1` offer, `E` and `F` implied, `J` reset.
    pub kind: u8,
    /// Where.
    pub price: Price,
    /// How much.
    pub size: u64,
    /// Orders, where they are known.
    pub orders: Option<u32>,
}

impl LevelUpdate {
    /// The entry type of a direct level.
    pub const fn kind_of(side: Side) -> u8 {
        match side {
            Side::Ask => kind::OFFER,
            _ => kind::BID,
        }
    }
}

/// What happened to an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderUpdate {
    /// Which instrument.
    pub security: i32,
    /// Its number.
    pub id: u64,
    /// `New` 0, `Update` 1, `Delete` 2.
    pub action: u8,
    /// Which side.
    pub side: Side,
    /// Where.
    pub price: Price,
    /// How much rests now.
    pub size: u64,
}

/// A trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TradeUpdate {
    /// Which instrument.
    pub security: i32,
    /// Number of the instrument's update.
    pub rpt_seq: u32,
    /// Where.
    pub price: Price,
    /// How much.
    pub size: u64,
    /// Who crossed the spread.
    pub aggressor: Side,
    /// The venue's number of it.
    pub id: u32,
}

/// Says what a venue's channel says.
#[derive(Clone, Debug)]
pub struct Encoder {
    next: u32,
    body: Vec<u8>,
}

fn decimal(price: Price) -> Decimal {
    Decimal {
        mantissa: price.0,
        exponent: -9,
    }
}

fn short(size: u64) -> i32 {
    i32::try_from(size).unwrap_or(i32::MAX - 1)
}

fn indicator(is_end: bool) -> MatchEventIndicator {
    MatchEventIndicator(if is_end { END_OF_EVENT } else { 0 })
}

impl Default for Encoder {
    fn default() -> Self {
        Encoder::new(1)
    }
}

impl Encoder {
    /// A channel whose next packet is number `next`.
    pub fn new(next: u32) -> Encoder {
        Encoder {
            next,
            body: Vec::new(),
        }
    }

    /// Number of the next packet.
    pub fn next(&self) -> u32 {
        self.next
    }

    /// The book of an instrument as it is after packet `last_packet`: levels of bids and asks, best first, at most 127 a side.
    pub fn snapshot(
        &mut self,
        (security, rpt_seq): (i32, u32),
        (last_packet, total): (u32, u32),
        sides: [&[(Price, u64)]; 2],
        timestamp: u64,
    ) {
        let mut block = SnapshotBlock::blank();
        SnapshotBlock::put_last_msg_seq_num_processed(&mut block, last_packet);
        SnapshotBlock::put_tot_num_reports(&mut block, total);
        SnapshotBlock::put_security_id(&mut block, security);
        SnapshotBlock::put_rpt_seq(&mut block, rpt_seq);
        SnapshotBlock::put_transact_time(&mut block, timestamp);
        let mut entries = Vec::new();
        for (side, levels) in [Side::Bid, Side::Ask].into_iter().zip(sides) {
            for (number, &(price, size)) in (1i8..=127).zip(levels) {
                let mut entry = SnapshotLevel::blank();
                SnapshotLevel::put_md_entry_px_optional_ex(&mut entry, Some(decimal(price)));
                SnapshotLevel::put_md_entry_size_short_optional(&mut entry, Some(short(size)));
                SnapshotLevel::put_md_price_level_optional(&mut entry, Some(number));
                SnapshotLevel::put_md_entry_type(&mut entry, LevelUpdate::kind_of(side));
                entries.push(entry);
            }
        }
        let mut groups = Vec::new();
        write_group::<GroupSize, _>(&entries, &mut groups);
        self.say(sbe::SnapshotFullRefresh52::TEMPLATE, &block, &groups);
    }

    /// Bytes said since the last packet.
    pub fn collected_bytes(&self) -> usize {
        self.body.len()
    }

    /// Any message: its template and version, its block, and the bytes of its groups.
    pub fn raw(&mut self, template: u16, version: u16, block: &[u8], groups: &[u8]) {
        let size = SIZE_BYTES + MessageHeader::LEN + block.len() + groups.len();
        let size = u16::try_from(size).unwrap_or(u16::MAX);
        self.body.extend(size.to_le_bytes());
        let header = Header {
            block_length: u16::try_from(block.len()).unwrap_or(u16::MAX),
            template,
            schema: sbe::SCHEMA,
            version,
        };
        MessageHeader::write(header, &mut self.body);
        self.body.extend(block);
        self.body.extend(groups);
    }

    fn say(&mut self, template: u16, block: &[u8], groups: &[u8]) {
        self.raw(template, sbe::VERSION, block, groups);
    }

    /// A future: its number, its name, its least price step, and how many levels its book has.
    pub fn future(
        &mut self,
        (security, symbol): (i32, &str),
        (tick, depth): (Price, i8),
        timestamp: u64,
    ) {
        let mut block = FutureBlock::blank();
        FutureBlock::put_match_event_indicator(&mut block, indicator(true));
        FutureBlock::put_security_update_action(&mut block, sbe::security_update_action::ADD);
        FutureBlock::put_last_update_time(&mut block, timestamp);
        FutureBlock::put_md_security_trading_status(
            &mut block,
            Some(sbe::security_trading_status::READY_TO_TRADE),
        );
        FutureBlock::put_security_exchange(&mut block, b"XCME");
        FutureBlock::put_security_group(&mut block, b"SM");
        FutureBlock::put_asset(&mut block, b"SIM");
        FutureBlock::put_symbol(&mut block, symbol.as_bytes());
        FutureBlock::put_security_id(&mut block, security);
        FutureBlock::put_security_type(&mut block, b"FUT");
        FutureBlock::put_currency(&mut block, b"USD");
        FutureBlock::put_min_trade_vol(&mut block, 1);
        FutureBlock::put_min_price_increment(&mut block, decimal(tick));
        let mut feed = FutureFeed::blank();
        FutureFeed::put_md_feed_type(&mut feed, b"GBX");
        FutureFeed::put_market_depth(&mut feed, depth);
        let mut groups = Vec::new();
        write_group::<GroupSize, 0>(NOTHING, &mut groups);
        write_group::<GroupSize, _>(&[feed], &mut groups);
        write_group::<GroupSize, 0>(NOTHING, &mut groups);
        write_group::<GroupSize, 0>(NOTHING, &mut groups);
        self.say(
            sbe::MdInstrumentDefinitionFuture54::TEMPLATE,
            &block,
            &groups,
        );
    }

    /// What happened to levels; at most 255.
    pub fn book(&mut self, levels: &[LevelUpdate], timestamp: u64, is_end: bool) {
        self.book_and_orders(levels, &[], timestamp, is_end);
    }

    /// What happened to levels, and to orders there, each with the place of its level in `levels`; at most 255 of each.
    pub fn book_and_orders(
        &mut self,
        levels: &[LevelUpdate],
        orders: &[(usize, OrderUpdate)],
        timestamp: u64,
        is_end: bool,
    ) {
        let mut block = BookBlock::blank();
        BookBlock::put_transact_time(&mut block, timestamp);
        BookBlock::put_match_event_indicator(&mut block, indicator(is_end));
        let entry = |level: &LevelUpdate| {
            let mut entry = BookEntry::blank();
            BookEntry::put_md_entry_px_optional_ex(&mut entry, Some(decimal(level.price)));
            BookEntry::put_md_entry_size_short_optional(&mut entry, Some(short(level.size)));
            BookEntry::put_security_id(&mut entry, level.security);
            BookEntry::put_rpt_seq(&mut entry, level.rpt_seq);
            let orders = level.orders.map(|orders| short(u64::from(orders)));
            BookEntry::put_number_of_orders_optional(&mut entry, orders);
            BookEntry::put_md_price_level(&mut entry, level.level);
            BookEntry::put_md_update_action(&mut entry, level.action);
            BookEntry::put_md_entry_type_book(&mut entry, level.kind);
            entry
        };
        let entries: Vec<_> = levels.iter().map(entry).collect();
        let mut groups = Vec::new();
        write_group::<GroupSize, _>(&entries, &mut groups);
        let order = |&(place, order): &(usize, OrderUpdate)| {
            let mut entry = BookOrder::blank();
            BookOrder::put_order_id(&mut entry, order.id);
            BookOrder::put_md_order_priority_optional(&mut entry, Some(order.id));
            let size = (order.action != action::DELETE_FIELD).then_some(short(order.size));
            BookOrder::put_md_display_qty_optional(&mut entry, size);
            BookOrder::put_reference_id(&mut entry, u8::try_from(place + 1).ok());
            BookOrder::put_order_update_action(&mut entry, order.action);
            entry
        };
        let entries: Vec<_> = orders.iter().map(order).collect();
        write_group::<GroupSize8Byte, { BookOrder::BLOCK_LENGTH }>(&entries, &mut groups);
        self.say(sbe::MdIncrementalRefreshBook46::TEMPLATE, &block, &groups);
    }

    /// What happened to orders where no level is told; at most 255.
    pub fn orders(&mut self, orders: &[OrderUpdate], timestamp: u64, is_end: bool) {
        let mut block = OrdersBlock::blank();
        OrdersBlock::put_transact_time(&mut block, timestamp);
        OrdersBlock::put_match_event_indicator(&mut block, indicator(is_end));
        let order = |order: &OrderUpdate| {
            let mut entry = OrdersEntry::blank();
            OrdersEntry::put_order_id_optional(&mut entry, Some(order.id));
            OrdersEntry::put_md_order_priority_optional(&mut entry, Some(order.id));
            OrdersEntry::put_md_entry_px_optional_ex(&mut entry, Some(decimal(order.price)));
            let size = (order.action != action::DELETE_FIELD).then_some(short(order.size));
            OrdersEntry::put_md_display_qty_optional(&mut entry, size);
            OrdersEntry::put_security_id(&mut entry, order.security);
            OrdersEntry::put_md_update_action(&mut entry, order.action);
            OrdersEntry::put_md_entry_type_book(&mut entry, LevelUpdate::kind_of(order.side));
            entry
        };
        let entries: Vec<_> = orders.iter().map(order).collect();
        let mut groups = Vec::new();
        write_group::<GroupSize, _>(&entries, &mut groups);
        let template = sbe::MdIncrementalRefreshOrderBook47::TEMPLATE;
        self.say(template, &block, &groups);
    }

    /// Chunk number `chunk` (from 1) of `count` of an instrument's orders as they are after packet `last_packet`; `total`
    /// chunks make the loop.
    pub fn orders_snapshot(
        &mut self,
        security: i32,
        (last_packet, total): (u32, u32),
        (chunk, count): (u32, u32),
        orders: &[OrderUpdate],
        timestamp: u64,
    ) {
        let mut block = ChunkBlock::blank();
        ChunkBlock::put_last_msg_seq_num_processed(&mut block, last_packet);
        ChunkBlock::put_tot_num_reports(&mut block, total);
        ChunkBlock::put_security_id(&mut block, security);
        ChunkBlock::put_no_chunks(&mut block, count);
        ChunkBlock::put_current_chunk(&mut block, chunk);
        ChunkBlock::put_transact_time(&mut block, timestamp);
        let order = |order: &OrderUpdate| {
            let mut entry = ChunkOrder::blank();
            ChunkOrder::put_order_id(&mut entry, order.id);
            ChunkOrder::put_md_order_priority_optional(&mut entry, Some(order.id));
            ChunkOrder::put_md_entry_px_ex(&mut entry, decimal(order.price));
            ChunkOrder::put_md_display_qty(&mut entry, short(order.size));
            ChunkOrder::put_md_entry_type_book(&mut entry, LevelUpdate::kind_of(order.side));
            entry
        };
        let entries: Vec<_> = orders.iter().map(order).collect();
        let mut groups = Vec::new();
        write_group::<GroupSize, _>(&entries, &mut groups);
        let template = sbe::SnapshotFullRefreshOrderBook53::TEMPLATE;
        self.say(template, &block, &groups);
    }

    /// A trade.
    pub fn trade(&mut self, trade: &TradeUpdate, timestamp: u64, is_end: bool) {
        let mut block = TradeBlock::blank();
        TradeBlock::put_transact_time(&mut block, timestamp);
        TradeBlock::put_match_event_indicator(&mut block, indicator(is_end));
        let mut entry = TradeEntry::blank();
        TradeEntry::put_md_entry_px_ex(&mut entry, decimal(trade.price));
        TradeEntry::put_md_entry_size_short(&mut entry, short(trade.size));
        TradeEntry::put_security_id(&mut entry, trade.security);
        TradeEntry::put_rpt_seq(&mut entry, trade.rpt_seq);
        TradeEntry::put_number_of_orders(&mut entry, 1);
        let aggressor = match trade.aggressor {
            Side::Bid => sbe::aggressor_side::BUY,
            Side::Ask => sbe::aggressor_side::SELL,
            Side::None => sbe::aggressor_side::NO_AGGRESSOR,
        };
        TradeEntry::put_aggressor_side(&mut entry, Some(aggressor));
        TradeEntry::put_md_trade_entry_optional(&mut entry, Some(trade.id));
        let mut groups = Vec::new();
        write_group::<GroupSize, _>(&[entry], &mut groups);
        write_group::<GroupSize8Byte, { TradeOrder::BLOCK_LENGTH }>(&[], &mut groups);
        self.say(
            sbe::MdIncrementalRefreshTradeSummary48::TEMPLATE,
            &block,
            &groups,
        );
    }

    /// A trading status of one instrument, or of all of a group.
    pub fn status(&mut self, (security, group): (Option<i32>, &str), status: u8, timestamp: u64) {
        let mut block = SecurityStatusBlock::blank();
        SecurityStatusBlock::put_transact_time(&mut block, timestamp);
        SecurityStatusBlock::put_security_group(&mut block, group.as_bytes());
        SecurityStatusBlock::put_security_id_optional(&mut block, security);
        SecurityStatusBlock::put_match_event_indicator(&mut block, indicator(true));
        SecurityStatusBlock::put_security_trading_status(&mut block, Some(status));
        self.say(sbe::SecurityStatus::TEMPLATE, &block, &[]);
    }

    /// Every book of the channel is empty.
    pub fn channel_reset(&mut self, timestamp: u64) {
        let mut block = ChannelResetBlock::blank();
        ChannelResetBlock::put_transact_time(&mut block, timestamp);
        ChannelResetBlock::put_match_event_indicator(&mut block, indicator(true));
        let mut groups = Vec::new();
        write_group::<GroupSize, _>(&[ChannelResetChannelReset::blank()], &mut groups);
        self.say(sbe::ChannelReset::TEMPLATE, &block, &groups);
    }

    /// Nothing happened.
    pub fn heartbeat(&mut self) {
        self.say(
            sbe::AdminHeartbeat::TEMPLATE,
            &AdminHeartbeatBlock::blank(),
            &[],
        );
    }

    /// The session is over.
    pub fn logout(&mut self, text: &str) {
        let mut block = AdminLogoutBlock::blank();
        AdminLogoutBlock::put_text(&mut block, text.as_bytes());
        self.say(sbe::AdminLogout::TEMPLATE, &block, &[]);
    }

    /// The packet with what was said since the last one.
    pub fn packet(&mut self, sent_ns: u64) -> Vec<u8> {
        let mut packet = Vec::with_capacity(PACKET_HEADER_BYTES + self.body.len());
        packet.extend(self.next.to_le_bytes());
        packet.extend(sent_ns.to_le_bytes());
        packet.append(&mut self.body);
        self.next = self.next.wrapping_add(1);
        packet
    }
}
