//! The venue: one unit that says what a matching engine does. Retransmission goes over TCP there,
//! and is not simulated.
//!
//! Prices are cut to 1e-4 and sizes to 32 bits, which is what the protocol can say. An order that
//! makes way for another is deleted and the other added: the protocol's own modification keeps the
//! id.

use super::encode::PitchEncoder;
use crate::model::time::new_york_midnight;
use crate::model::{EventTime, Price, RecvTime, Side, Symbol};
use crate::session::sequenced_unit::Packetizer;
use crate::simulator::{MarketEvent, VenueSimulator};
use hashbrown::HashMap;
use std::collections::VecDeque;

/// Time without data after which the venue says that it is alive.
pub const HEARTBEAT_NS: u64 = 1_000_000_000;
/// Packets nobody fetched; beyond it the oldest are lost, as on a line.
pub const PACKETS_MAX: usize = 65_536;

const SECOND_NS: u64 = 1_000_000_000;
/// The unit all is said in.
const UNIT: u8 = 1;

type Orders = HashMap<u64, (Side, u32), foldhash::fast::FixedState>;

/// One unit of a Cboe US equities exchange.
#[derive(Debug)]
pub struct PitchVenue {
    symbols: Vec<Symbol>,
    /// Side and rest of the orders that rest.
    orders: Orders,
    encoder: PitchEncoder,
    packets: Packetizer,
    datagrams: VecDeque<Vec<u8>>,
    /// Midnight in New York of the day, in ns since the Unix epoch.
    midnight: u64,
    /// The second told last.
    second: Option<u32>,
    last_sent: u64,
    is_open: bool,
}

impl Default for PitchVenue {
    fn default() -> Self {
        PitchVenue::new()
    }
}

impl PitchVenue {
    /// A venue before its day.
    pub fn new() -> PitchVenue {
        PitchVenue {
            symbols: Vec::new(),
            orders: Orders::default(),
            encoder: PitchEncoder::new(),
            packets: Packetizer::new(UNIT, 1),
            datagrams: VecDeque::new(),
            midnight: 0,
            second: None,
            last_sent: 0,
            is_open: false,
        }
    }

    /// Says what `fill` encodes: one message at an offset within the second, which is told before
    /// where it is new.
    fn say(&mut self, now: EventTime, fill: impl FnOnce(&mut PitchEncoder, u32)) {
        let since = now.0.saturating_sub(self.midnight);
        let (second, offset) = (since / SECOND_NS, since % SECOND_NS);
        let second = u32::try_from(second).unwrap_or(u32::MAX);
        if self.second.replace(second) != Some(second) {
            self.encoder.clear();
            self.encoder.time(second);
            self.collect(now);
        }
        self.encoder.clear();
        fill(&mut self.encoder, offset as u32);
        self.collect(now);
    }

    /// Puts the message of the encoder into the packet. One that does not fit goes into the next.
    fn collect(&mut self, now: EventTime) {
        if !self.packets.push(self.encoder.bytes()) {
            self.send(now);
            self.packets.push(self.encoder.bytes());
        }
    }

    /// Sends what is collected; a heartbeat when that is nothing.
    fn send(&mut self, now: EventTime) {
        if self.datagrams.len() == PACKETS_MAX {
            self.datagrams.pop_front();
        }
        self.datagrams.push_back(self.packets.packet());
        self.last_sent = now.0;
    }

    /// Takes `size` from an order; what is left of it.
    fn take(&mut self, order: u64, size: u64) -> u32 {
        let Some((_, open)) = self.orders.get_mut(&order) else {
            return 0;
        };
        *open = open.saturating_sub(shares(size));
        let left = *open;
        if left == 0 {
            self.orders.remove(&order);
        }
        left
    }
}

fn e4(price: Price) -> u64 {
    u64::try_from(price.0 / 100_000).unwrap_or(0)
}

fn shares(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl VenueSimulator for PitchVenue {
    fn open(&mut self, now: EventTime, symbols: &[Symbol]) {
        self.midnight = new_york_midnight(RecvTime(now.0));
        self.packets = Packetizer::new(UNIT, 1);
        self.orders.clear();
        self.symbols = symbols.to_vec();
        self.second = None;
        self.is_open = true;
        for symbol in symbols {
            self.say(now, |venue, offset| {
                venue.trading_status(offset, symbol.as_str().as_bytes(), b'T', b'0');
            });
        }
        self.send(now);
    }

    fn on_event(&mut self, now: EventTime, event: &MarketEvent) {
        let (MarketEvent::Add { symbol, .. }
        | MarketEvent::Execute { symbol, .. }
        | MarketEvent::ExecuteAt { symbol, .. }
        | MarketEvent::Reduce { symbol, .. }
        | MarketEvent::Delete { symbol, .. }
        | MarketEvent::Replace { symbol, .. }
        | MarketEvent::Hidden { symbol, .. }) = *event;
        let Some(&name) = self.symbols.get(symbol as usize).filter(|_| self.is_open) else {
            return;
        };
        let stock = name.as_str().as_bytes();
        match *event {
            MarketEvent::Add {
                order,
                side,
                price,
                size,
                ..
            } => {
                self.orders.insert(order, (side, shares(size)));
                let said = (order, side, shares(size), e4(price));
                self.say(now, |venue, offset| venue.add_order(offset, said, stock));
            }
            MarketEvent::Execute {
                order, size, trade, ..
            } => {
                self.take(order, size);
                self.say(now, |venue, offset| {
                    venue.executed(offset, order, shares(size), trade, b' ');
                });
            }
            MarketEvent::ExecuteAt {
                order,
                size,
                trade,
                price,
                ..
            } => {
                let left = self.take(order, size);
                self.say(now, |venue, offset| {
                    let sizes = [shares(size), left];
                    venue.executed_at_price(offset, order, sizes, trade, e4(price));
                });
            }
            MarketEvent::Reduce { order, size, .. } => {
                self.take(order, size);
                self.say(now, |venue, offset| {
                    venue.reduce(offset, order, shares(size));
                });
            }
            MarketEvent::Delete { order, .. } => {
                self.orders.remove(&order);
                self.say(now, |venue, offset| venue.delete(offset, order));
            }
            MarketEvent::Replace {
                order,
                successor,
                price,
                size,
                ..
            } => {
                let Some((side, _)) = self.orders.remove(&order) else {
                    return;
                };
                self.orders.insert(successor, (side, shares(size)));
                let said = (successor, side, shares(size), e4(price));
                self.say(now, |venue, offset| venue.delete(offset, order));
                self.say(now, |venue, offset| venue.add_order(offset, said, stock));
            }
            MarketEvent::Hidden {
                price, size, trade, ..
            } => {
                let said = (trade, shares(size), e4(price), trade);
                self.say(now, |venue, offset| venue.trade(offset, said, stock));
            }
        }
    }

    fn on_clock(&mut self, now: EventTime) {
        let is_silent = now.0.saturating_sub(self.last_sent) >= HEARTBEAT_NS;
        if self.is_open && (!self.packets.is_empty() || is_silent) {
            self.send(now);
        }
    }

    fn close(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        self.say(now, |venue, offset| venue.end_of_session(offset));
        self.send(now);
        self.is_open = false;
    }

    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.datagrams.pop_front()
    }
}
