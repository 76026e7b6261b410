//! The venue: says by level number what a matching engine does order by order, and each order beside its level. No retransmission, as on its UDP channels; its
//! definitions and books come again and again on lines of their own.
//!
//! Sizes are cut to 31 bits, which is what the short templates can say, and a side is told [`DEPTH`] levels deep.

use super::encode::{Encoder, LevelUpdate, OrderUpdate, TradeUpdate};
use super::generated::md_update_action as action;
use crate::model::{EventTime, Price, Side, Symbol};
use crate::simulator::{
    LevelAggregator, LevelNow, MarketEvent, RestingOrder, RestingOrders, TradeNow, VenueSimulator,
};
use std::collections::VecDeque;

/// Levels of a side that are told.
pub const DEPTH: usize = 100;
/// Time without data after which the venue says that it is alive.
pub const HEARTBEAT_NS: u64 = 1_000_000_000;
/// Time from one loop of definitions and snapshots to the next.
pub const LOOP_NS: u64 = 100_000_000;
/// Packets nobody fetched; beyond it the oldest are lost, as on a line.
pub const PACKETS_MAX: usize = 65_536;
/// A packet is sent before it grows beyond what a line carries in one piece.
const PACKET_BYTES: usize = 1_200;
/// Orders of a chunk of a snapshot by order.
const CHUNK_ORDERS: usize = 20;
/// Least price step of every instrument.
const TICK: Price = Price(10_000_000);

/// One side as it is told: price and size, best first.
type Rungs = Vec<(Price, u64)>;

#[derive(Debug)]
struct Listed {
    symbol: Symbol,
    rpt_seq: u32,
    /// Bids, asks.
    sides: [Rungs; 2],
}

/// An MDP 3.0 channel.
#[derive(Debug)]
pub struct CmeVenue {
    listed: Vec<Listed>,
    encoder: Encoder,
    levels: LevelAggregator,
    orders: RestingOrders,
    packets: VecDeque<Vec<u8>>,
    last_sent: u64,
    is_open: bool,
    loop_encoder: Encoder,
    loop_packets: VecDeque<Vec<u8>>,
    last_loop: u64,
}

impl Default for CmeVenue {
    fn default() -> Self {
        CmeVenue::new()
    }
}

impl CmeVenue {
    /// A venue before its week.
    pub fn new() -> CmeVenue {
        CmeVenue {
            listed: Vec::new(),
            encoder: Encoder::new(1),
            levels: LevelAggregator::default(),
            orders: RestingOrders::default(),
            packets: VecDeque::new(),
            last_sent: 0,
            is_open: false,
            loop_encoder: Encoder::new(1),
            loop_packets: VecDeque::new(),
            last_loop: 0,
        }
    }

    /// Sends what is collected.
    fn send(&mut self, now: EventTime) {
        if self.packets.len() == PACKETS_MAX {
            self.packets.pop_front();
        }
        self.packets.push_back(self.encoder.packet(now.0));
        self.last_sent = now.0;
    }

    /// One round of definitions and snapshots. Nothing may be waiting to be sent: it would be in the snapshots already.
    fn send_loop(&mut self, now: EventTime) {
        self.loop_packets.clear();
        self.last_loop = now.0;
        let total = u32::try_from(self.listed.len()).unwrap_or(u32::MAX);
        let last_packet = self.encoder.next().wrapping_sub(1);
        for (index, listed) in (0..).zip(&self.listed) {
            let number = security(index);
            let encoder = &mut self.loop_encoder;
            encoder.future((number, listed.symbol.as_str()), (TICK, DEPTH as i8), now.0);
            let [bids, asks] = &listed.sides;
            let told = [bids, asks].map(|side| &side[..side.len().min(DEPTH)]);
            encoder.snapshot((number, listed.rpt_seq), (last_packet, total), told, now.0);
            self.loop_packets.push_back(encoder.packet(now.0));
        }
        // Orders, as a venue has them on lines of their own.
        let mut resting: Vec<Vec<OrderUpdate>> = vec![Vec::new(); self.listed.len()];
        for order in self.orders.iter() {
            if let Some(of) = resting.get_mut(order.symbol as usize) {
                of.push(said(order, action::NEW_FIELD));
            }
        }
        let chunks_of = |orders: &Vec<_>| orders.len().div_ceil(CHUNK_ORDERS).max(1);
        let chunks: usize = resting.iter().map(chunks_of).sum();
        let total = u32::try_from(chunks).unwrap_or(u32::MAX);
        for (index, orders) in (0..).zip(&resting) {
            let count = u32::try_from(chunks_of(orders)).unwrap_or(u32::MAX);
            for chunk in 1..=count {
                let start = (chunk as usize - 1) * CHUNK_ORDERS;
                let end = orders.len().min(start + CHUNK_ORDERS);
                let encoder = &mut self.loop_encoder;
                let place = ((last_packet, total), (chunk, count));
                encoder.orders_snapshot(
                    security(index),
                    place.0,
                    place.1,
                    &orders[start..end],
                    now.0,
                );
                self.loop_packets.push_back(encoder.packet(now.0));
            }
        }
    }

    fn send_if_full(&mut self, now: EventTime) {
        if self.encoder.collected_bytes() > PACKET_BYTES {
            self.send(now);
        }
    }

    /// What an event means to the orders it names, which are what they are after it then.
    fn order_updates(&mut self, event: &MarketEvent) -> Vec<OrderUpdate> {
        let named = match *event {
            MarketEvent::Add { order, .. }
            | MarketEvent::Execute { order, .. }
            | MarketEvent::ExecuteAt { order, .. }
            | MarketEvent::Reduce { order, .. }
            | MarketEvent::Delete { order, .. } => [Some(order), None],
            MarketEvent::Replace {
                order, successor, ..
            } => [Some(order), Some(successor)],
            MarketEvent::Hidden { .. } => [None, None],
        };
        let before = named.map(|id| id.and_then(|id| self.orders.get(id).copied()));
        self.orders.apply(event);
        let mut updates = Vec::new();
        for (id, before) in named.into_iter().zip(before) {
            let now = id.and_then(|id| self.orders.get(id));
            match (before, now) {
                (None, Some(now)) => updates.push(said(now, action::NEW_FIELD)),
                (Some(_), Some(now)) => updates.push(said(now, action::CHANGE)),
                (Some(before), None) => updates.push(said(&before, action::DELETE_FIELD)),
                (None, None) => {}
            }
        }
        updates
    }

    fn trade(&mut self, now: EventTime, trade: &TradeNow, is_end: bool) {
        let Some(listed) = self.listed.get_mut(trade.symbol as usize) else {
            return;
        };
        listed.rpt_seq += 1;
        let update = TradeUpdate {
            security: security(trade.symbol),
            rpt_seq: listed.rpt_seq,
            price: trade.price,
            size: trade.size,
            aggressor: trade.resting_side.opposite(),
            // The venue's numbers are of 32 bits; they come round.
            id: (trade.trade & 0x7fff_ffff) as u32,
        };
        self.encoder.trade(&update, now.0, is_end);
    }
}

/// An order as it is told.
fn said(order: &RestingOrder, action: u8) -> OrderUpdate {
    OrderUpdate {
        security: security(order.symbol),
        id: order.order,
        action,
        side: order.side,
        price: order.price,
        size: order.size,
    }
}

/// Numbers of instruments count from 1.
fn security(symbol: u32) -> i32 {
    i32::try_from(symbol).map_or(i32::MAX, |symbol| symbol.saturating_add(1))
}

impl Listed {
    /// What the venue says of a level that changed.
    fn update(&mut self, level: LevelNow) -> Vec<LevelUpdate> {
        let is_ask = level.side == Side::Ask;
        let rungs = &mut self.sides[usize::from(is_ask)];
        let key = |price: Price| if is_ask { price.0 } else { -price.0 };
        let found = rungs.binary_search_by_key(&key(level.price), |rung| key(rung.0));
        let mut said: Vec<(u8, usize, (Price, u64))> = Vec::new();
        match (found, level.size) {
            (Ok(index), 0) => {
                let gone = rungs.remove(index);
                if index < DEPTH {
                    said.push((action::DELETE_FIELD, index, gone));
                    // The level that was behind the last one is told now.
                    if let Some(&rung) = rungs.get(DEPTH - 1) {
                        said.push((action::NEW_FIELD, DEPTH - 1, rung));
                    }
                }
            }
            (Ok(index), size) => {
                rungs[index].1 = size;
                said.push((action::CHANGE, index, rungs[index]));
            }
            (Err(_), 0) => {}
            (Err(index), size) => {
                rungs.insert(index, (level.price, size));
                said.push((action::NEW_FIELD, index, rungs[index]));
            }
        }
        said.retain(|&(_, index, _)| index < DEPTH);
        let updates = said.into_iter().map(|(action, index, (price, size))| {
            self.rpt_seq += 1;
            LevelUpdate {
                security: security(level.symbol),
                rpt_seq: self.rpt_seq,
                action,
                level: index as u8 + 1,
                kind: LevelUpdate::kind_of(level.side),
                price,
                size,
                orders: None,
            }
        });
        updates.collect()
    }
}

impl VenueSimulator for CmeVenue {
    fn open(&mut self, now: EventTime, symbols: &[Symbol]) {
        self.encoder = Encoder::new(1);
        self.levels = LevelAggregator::default();
        self.orders = RestingOrders::default();
        self.is_open = true;
        self.listed.clear();
        self.loop_packets.clear();
        for (index, &symbol) in symbols.iter().enumerate() {
            self.listed.push(Listed {
                symbol,
                rpt_seq: 0,
                sides: Default::default(),
            });
            let number = security(u32::try_from(index).unwrap_or(u32::MAX));
            self.encoder
                .future((number, symbol.as_str()), (TICK, DEPTH as i8), now.0);
            self.send_if_full(now);
        }
        self.send(now);
    }

    fn on_event(&mut self, now: EventTime, event: &MarketEvent) {
        if !self.is_open {
            return;
        }
        let orders = self.order_updates(event);
        let changes = self.levels.apply(event);
        let mut updates = Vec::new();
        if let Some(trade) = changes.trade {
            let is_end = changes.levels.iter().flatten().next().is_none() && orders.is_empty();
            self.trade(now, &trade, is_end);
        }
        for level in changes.levels.into_iter().flatten() {
            if let Some(listed) = self.listed.get_mut(level.symbol as usize) {
                updates.extend(listed.update(level));
            }
        }
        // Orders whose level is told refer to it; the others come before, by themselves.
        let level_of = |order: &OrderUpdate| {
            updates.iter().position(|level: &LevelUpdate| {
                level.security == order.security
                    && level.price == order.price
                    && level.kind == LevelUpdate::kind_of(order.side)
            })
        };
        let (mut beside, mut alone) = (Vec::new(), Vec::new());
        for order in orders {
            match level_of(&order) {
                Some(place) => beside.push((place, order)),
                None => alone.push(order),
            }
        }
        if !alone.is_empty() {
            self.encoder.orders(&alone, now.0, false);
        }
        if changes.levels.iter().flatten().next().is_some() {
            self.encoder.book_and_orders(&updates, &beside, now.0, true);
        }
        self.send_if_full(now);
    }

    fn on_clock(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        let is_silent = now.0.saturating_sub(self.last_sent) >= HEARTBEAT_NS;
        if self.encoder.collected_bytes() == 0 && is_silent {
            self.encoder.heartbeat();
        }
        if self.encoder.collected_bytes() > 0 {
            self.send(now);
        }
        if now.0.saturating_sub(self.last_loop) >= LOOP_NS {
            self.send_loop(now);
        }
    }

    fn close(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        self.encoder.logout("the session is over");
        self.send(now);
        self.is_open = false;
    }

    fn poll_snapshot_datagram(&mut self) -> Option<Vec<u8>> {
        self.loop_packets.pop_front()
    }

    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.packets.pop_front()
    }
}
