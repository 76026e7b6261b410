//! The venue: says order by order what a matching engine does, keeps what it said for those who ask again, and repeats on
//! lines of their own what rests.
//!
//! Sizes are cut to 31 bits, which is what the protocol can say. Orders are good for the day: the end of the session deletes
//! what rests. The numbers of the channel go on from session to session.

use super::encode::{self, Encoder, Head, Resting, TradeSaid};
use super::generated::{MessageHeader, RetransmitRequestMessage, reason, trading_status as status};
use super::wire::{self, Header, PACKET_BYTES_MAX};
use crate::model::time::DAY_NS;
use crate::model::{EventTime, Price, Side, Symbol};
use crate::session::sbe::HeaderShape;
use crate::simulator::{Announcement, MarketEvent, RestingOrders, VenueSimulator};
use std::collections::VecDeque;

/// Time without data after which the venue says that it is alive: more often than the real one, so that a loss shows soon.
pub const HEARTBEAT_NS: u64 = 1_000_000_000;
/// Time from one cycle of snapshots to the next.
pub const CYCLE_NS: u64 = 100_000_000;
/// Packets nobody fetched; beyond it the oldest are lost, as on a line. The retransmission server still has them.
pub const PACKETS_MAX: usize = 65_536;
/// Bytes of messages the retransmission server remembers.
pub const STORE_BYTES_MAX: usize = 256 << 20;
/// Number of the channel.
const CHANNEL: u16 = 44_849;
/// Least price step of every instrument.
const TICK: Price = Price(10_000_000);
/// Bytes of the longest message, in its frame: a packet is sent before one more might not fit.
const FRAME_BYTES_MAX: usize = 232;
/// In an instrument header: the transaction begins, ends, or both.
const BEGINS: u8 = 1;
const ENDS: u8 = 2;
const WHOLE: u8 = BEGINS | ENDS;

#[derive(Debug)]
struct Listed {
    symbol: Symbol,
    /// Number of its last message of the day.
    sequence: u32,
    status: i8,
}

/// Messages that may be asked for again.
#[derive(Debug, Default)]
struct Store {
    first: u64,
    messages: VecDeque<Vec<u8>>,
    bytes: usize,
}

/// A market data channel of Coinbase Derivatives, its retransmission server and its snapshots.
#[derive(Debug)]
pub struct DerivativesVenue {
    listed: Vec<Listed>,
    encoder: Encoder,
    orders: RestingOrders,
    packets: VecDeque<Vec<u8>>,
    store: Store,
    snapshots: VecDeque<Vec<u8>>,
    last_sent: u64,
    last_cycle: u64,
    is_open: bool,
}

impl Default for DerivativesVenue {
    fn default() -> Self {
        DerivativesVenue::new()
    }
}

impl Store {
    fn keep(&mut self, first: u64, mut body: &[u8]) {
        if self.messages.is_empty() {
            self.first = first;
        }
        while let Some((_, rest)) = wire::split_message(body) {
            let message = body[..body.len() - rest.len()].to_vec();
            body = rest;
            self.bytes += message.len();
            self.messages.push_back(message);
        }
        while self.bytes > STORE_BYTES_MAX
            && let Some(oldest) = self.messages.pop_front()
        {
            self.bytes -= oldest.len();
            self.first += 1;
        }
    }

    /// What of these messages fits into one datagram; else why there is nothing.
    fn find(&self, first: u64, count: u8) -> Result<(u8, Vec<u8>), (i8, &'static str)> {
        let Some(skip) = first.checked_sub(self.first) else {
            return Err((reason::SEQ_TOO_LOW, "sequence too low"));
        };
        let (mut body, mut found) = (Vec::new(), 0);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX);
        for message in self.messages.iter().skip(skip).take(usize::from(count)) {
            if Header::LEN + body.len() + message.len() > PACKET_BYTES_MAX {
                break;
            }
            body.extend(message);
            found += 1;
        }
        if found == 0 {
            return Err((reason::SEQ_TOO_HIGH, "sequence too high"));
        }
        Ok((found, body))
    }
}

/// Numbers of instruments count from 1.
fn number_of(symbol: u32) -> i32 {
    i32::try_from(symbol).map_or(i32::MAX, |symbol| symbol.saturating_add(1))
}

fn day_of(now: EventTime) -> u16 {
    u16::try_from(now.0 / DAY_NS).unwrap_or(u16::MAX)
}

impl DerivativesVenue {
    /// A venue before its first session.
    pub fn new() -> DerivativesVenue {
        DerivativesVenue {
            listed: Vec::new(),
            encoder: Encoder::new(CHANNEL, 1),
            orders: RestingOrders::default(),
            packets: VecDeque::new(),
            store: Store::default(),
            snapshots: VecDeque::new(),
            last_sent: 0,
            last_cycle: 0,
            is_open: false,
        }
    }

    /// Sends what is collected.
    fn send(&mut self, now: EventTime) {
        let (first, body) = self.encoder.collected();
        self.store.keep(first, body);
        if self.packets.len() == PACKETS_MAX {
            self.packets.pop_front();
        }
        self.packets.push_back(self.encoder.packet(now.0));
        self.last_sent = now.0;
    }

    /// Says one message about an instrument; one that is not listed has no numbers of its own.
    fn say(
        &mut self,
        now: EventTime,
        symbol: u32,
        flags: u8,
        side: Side,
        fill: impl FnOnce(&mut Encoder, Head),
    ) {
        if Header::LEN + self.encoder.collected_bytes() + FRAME_BYTES_MAX > PACKET_BYTES_MAX {
            self.send(now);
        }
        let listed = self.listed.get_mut(symbol as usize);
        let sequence = listed.map_or(0, |listed| {
            listed.sequence += 1;
            listed.sequence
        });
        let head = Head {
            instrument: number_of(symbol),
            sequence,
            day: day_of(now),
            flags,
            side,
            at: now.0,
        };
        fill(&mut self.encoder, head);
    }

    fn say_definition(&mut self, now: EventTime, symbol: u32) {
        let Some(name) = self.listed.get(symbol as usize).map(|listed| listed.symbol) else {
            return;
        };
        self.say(now, symbol, WHOLE, Side::None, |venue, head| {
            venue.outright(head, name.as_str(), TICK, status::OPEN);
        });
    }

    fn say_status(&mut self, now: EventTime, symbol: u32, status: i8) -> bool {
        let Some(listed) = self.listed.get_mut(symbol as usize) else {
            return false;
        };
        listed.status = status;
        self.say(now, symbol, WHOLE, Side::None, |venue, head| {
            venue.status(head, status);
        });
        true
    }

    /// What is left of an order.
    fn say_rest(&mut self, now: EventTime, order: u64, side: Side, symbol: u32, flags: u8) {
        let left = self.orders.get(order).copied();
        self.say(now, symbol, flags, side, |venue, head| match left {
            Some(left) => venue.put(head, order, left.price, left.size),
            None => venue.delete(head, order),
        });
    }

    fn say_trade(
        &mut self,
        now: EventTime,
        (symbol, order): (u32, u64),
        (trade, size): (u64, u64),
        price: Option<Price>,
        event: &MarketEvent,
    ) {
        let Some(resting) = self.orders.get(order).copied() else {
            return;
        };
        self.orders.apply(event);
        let said = TradeSaid {
            id: trade,
            resting: Some((order, resting.side)),
            price: price.unwrap_or(resting.price),
            size: size.min(resting.size),
        };
        let aggressor = resting.side.opposite();
        self.say(now, symbol, BEGINS, aggressor, |venue, head| {
            venue.trade(head, &said);
        });
        self.say_rest(now, order, resting.side, symbol, ENDS);
    }

    /// One round of snapshots. Nothing may be waiting to be sent: it would be in the snapshots already.
    fn send_cycle(&mut self, now: EventTime) {
        self.snapshots.clear();
        self.last_cycle = now.0;
        let last = self.encoder.next() - 1;
        let mut encoder = Encoder::new(CHANNEL, 0);
        let mut resting: Vec<Vec<Resting>> = Vec::new();
        resting.resize_with(self.listed.len(), Vec::new);
        for order in self.orders.iter() {
            if let Some(of_symbol) = resting.get_mut(order.symbol as usize) {
                of_symbol.push(Resting {
                    order: order.order,
                    side: order.side,
                    price: order.price,
                    size: order.size,
                    at: now.0,
                });
            }
        }
        for ((symbol, listed), orders) in (0..).zip(&self.listed).zip(&resting) {
            let number = number_of(symbol);
            let position = (day_of(now), listed.sequence);
            let definition = (listed.symbol.as_str(), TICK, listed.status);
            encoder.snapshot_start(position, definition, orders.len());
            for (index, order) in (1..u16::MAX).zip(orders) {
                let bytes = Header::LEN + encoder.collected_bytes() + FRAME_BYTES_MAX;
                if bytes > PACKET_BYTES_MAX {
                    let packet = encoder.snapshot_packet(last, number, now.0);
                    self.snapshots.push_back(packet);
                }
                encoder.snapshot_order(index, order);
            }
            encoder.snapshot_end(u16::try_from(orders.len() + 1).unwrap_or(u16::MAX));
            let packet = encoder.snapshot_packet(last, number, now.0);
            self.snapshots.push_back(packet);
        }
        encoder.cycle_end(self.listed.len());
        self.snapshots
            .push_back(encoder.snapshot_packet(last, 0, now.0));
    }
}

impl VenueSimulator for DerivativesVenue {
    fn open(&mut self, now: EventTime, symbols: &[Symbol]) {
        self.orders = RestingOrders::default();
        self.snapshots.clear();
        self.is_open = true;
        let listed = |&symbol| Listed {
            symbol,
            sequence: 0,
            status: status::OPEN,
        };
        self.listed = symbols.iter().map(listed).collect();
        for (symbol, _) in (0..).zip(symbols) {
            self.say_definition(now, symbol);
        }
        self.send(now);
    }

    fn on_event(&mut self, now: EventTime, event: &MarketEvent) {
        if !self.is_open {
            return;
        }
        match *event {
            MarketEvent::Add {
                symbol,
                order,
                side,
                ..
            } => {
                self.orders.apply(event);
                self.say_rest(now, order, side, symbol, WHOLE);
            }
            MarketEvent::Execute {
                symbol,
                order,
                size,
                trade,
            } => self.say_trade(now, (symbol, order), (trade, size), None, event),
            MarketEvent::ExecuteAt {
                symbol,
                order,
                size,
                trade,
                price,
            } => self.say_trade(now, (symbol, order), (trade, size), Some(price), event),
            MarketEvent::Reduce { symbol, order, .. } | MarketEvent::Delete { symbol, order } => {
                let Some(side) = self.orders.get(order).map(|resting| resting.side) else {
                    return;
                };
                self.orders.apply(event);
                self.say_rest(now, order, side, symbol, WHOLE);
            }
            MarketEvent::Replace {
                symbol,
                order,
                successor,
                ..
            } => {
                let Some(side) = self.orders.get(order).map(|resting| resting.side) else {
                    return;
                };
                self.orders.apply(event);
                self.say_rest(now, order, side, symbol, BEGINS);
                self.say_rest(now, successor, side, symbol, ENDS);
            }
            MarketEvent::Hidden {
                symbol,
                price,
                size,
                trade,
            } => {
                let said = TradeSaid {
                    id: trade,
                    resting: None,
                    price,
                    size,
                };
                self.say(now, symbol, WHOLE, Side::None, |venue, head| {
                    venue.trade(head, &said);
                });
            }
        }
    }

    fn announce(&mut self, now: EventTime, announcement: &Announcement) -> bool {
        match *announcement {
            Announcement::List(symbol) => {
                let index = u32::try_from(self.listed.len()).unwrap_or(u32::MAX);
                self.listed.push(Listed {
                    symbol,
                    sequence: 0,
                    status: status::OPEN,
                });
                self.say_definition(now, index);
            }
            Announcement::UnlistedOrder => {
                self.say(now, u32::MAX, WHOLE, Side::Bid, |venue, head| {
                    venue.put(head, i64::MAX.unsigned_abs(), TICK, 1);
                });
            }
            Announcement::Halt { symbol } => return self.say_status(now, symbol, status::HALT),
            Announcement::Resume { symbol } => return self.say_status(now, symbol, status::OPEN),
            Announcement::TradeBreak { symbol, trade } => {
                self.say(now, symbol, WHOLE, Side::None, |venue, head| {
                    venue.bust(head, trade);
                });
            }
            // An indicative price, without sizes.
            Announcement::Imbalance { symbol, price, .. } => {
                let kind = super::generated::stat_type::INDICATIVE_OPENING_PRICE;
                self.say(now, symbol, WHOLE, Side::None, |venue, head| {
                    venue.statistic(head, kind, price);
                });
            }
        }
        true
    }

    fn on_clock(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        let is_silent = now.0.saturating_sub(self.last_sent) >= HEARTBEAT_NS;
        if self.encoder.collected_bytes() > 0 || is_silent {
            self.send(now);
        }
        if now.0.saturating_sub(self.last_cycle) >= CYCLE_NS {
            self.send_cycle(now);
        }
    }

    fn close(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        let resting: Vec<_> = self.orders.iter().copied().collect();
        for order in resting {
            self.say(now, order.symbol, WHOLE, order.side, |venue, head| {
                venue.delete(head, order.order);
            });
        }
        self.orders = RestingOrders::default();
        for (symbol, _) in (0..).zip(0..self.listed.len()) {
            self.say_status(now, symbol, status::CLOSE);
        }
        self.send(now);
        self.is_open = false;
    }

    fn on_request(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        let (header, body) = Header::split(request).ok()?;
        let (message, _) = wire::split_message(body)?;
        let (head, fields) = MessageHeader::read(message)?;
        if head.template != RetransmitRequestMessage::TEMPLATE {
            return None;
        }
        let asked = RetransmitRequestMessage::read(head, fields).ok()?.block;
        let first = u64::try_from(asked.begin_seq_num()).ok()?;
        Some(match self.store.find(first, asked.message_count()) {
            Ok((count, body)) => encode::answer(CHANNEL, first, count, &body, self.last_sent),
            Err((reason, why)) => encode::reject(CHANNEL, header.sequence, reason, why),
        })
    }

    fn poll_snapshot_datagram(&mut self) -> Option<Vec<u8>> {
        self.snapshots.pop_front()
    }

    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.packets.pop_front()
    }
}
