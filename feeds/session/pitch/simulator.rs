//! The venue: one unit that says what a matching engine does. Retransmission goes over TCP there,
//! and is not simulated.
//!
//! Prices are cut to 1e-4 and sizes to 32 bits, which is what the protocol can say. An order that
//! makes way for another is deleted and the other added, as one transaction where the market has
//! those: the protocol's own modification keeps the id.

use super::encode::{Dialect, PitchEncoder};
use crate::model::time::new_york_midnight;
use crate::model::{EventTime, Price, RecvTime, Side, Symbol};
use crate::session::sequenced_unit::Packetizer;
use crate::simulator::{MarketEvent, VenueSimulator};
use hashbrown::HashMap;
use std::collections::VecDeque;
use std::marker::PhantomData;

/// Time without data after which the venue says that it is alive.
pub const HEARTBEAT_NS: u64 = 1_000_000_000;
/// Time after which the venue says again what its symbols are.
pub const REFERENCE_NS: u64 = 10_000_000_000;
/// Packets nobody fetched; beyond it the oldest are lost, as on a line.
pub const PACKETS_MAX: usize = 65_536;

const SECOND_NS: u64 = 1_000_000_000;
/// The unit all is said in.
const UNIT: u8 = 1;

type Orders = HashMap<u64, (Side, u32), foldhash::fast::FixedState>;

/// What a market's venue says in its own way.
pub trait Venue: Send {
    /// How its common messages end.
    const DIALECT: &'static Dialect;
    /// Whether events of several messages are transactions.
    const HAS_TRANSACTIONS: bool;
    /// Whether an order may trade at another price than its own. Where it may not, the trade is said
    /// as one against an order nobody saw, and the order is reduced.
    const HAS_OTHER_PRICES: bool = true;
    /// How much later than in New York the exchange's midnight is, in ns.
    const LATER_NS: u64 = 0;

    /// The symbol on the wire of the instrument with this index and name.
    fn symbol(_index: usize, name: &Symbol) -> Vec<u8> {
        name.as_str().as_bytes().to_vec()
    }

    /// Says, without a number, what a symbol is, where the market does so.
    fn list(_encoder: &mut PitchEncoder, _symbol: &[u8], _name: &Symbol) {}

    /// Says that an instrument trades.
    fn trades(encoder: &mut PitchEncoder, offset: u32, symbol: &[u8]);
}

/// One unit of a market.
#[derive(Debug)]
pub struct PitchVenue<V> {
    names: Vec<Symbol>,
    symbols: Vec<Vec<u8>>,
    /// Side and rest of the orders that rest.
    orders: Orders,
    encoder: PitchEncoder,
    packets: Packetizer,
    datagrams: VecDeque<Vec<u8>>,
    /// The exchange's midnight of the day, in ns since the Unix epoch.
    midnight: u64,
    /// The second told last.
    second: Option<u32>,
    last_sent: u64,
    last_listed: u64,
    is_open: bool,
    market: PhantomData<V>,
}

impl<V: Venue> Default for PitchVenue<V> {
    fn default() -> Self {
        PitchVenue::new()
    }
}

impl<V: Venue> PitchVenue<V> {
    /// A venue before its day.
    pub fn new() -> PitchVenue<V> {
        PitchVenue {
            names: Vec::new(),
            symbols: Vec::new(),
            orders: Orders::default(),
            encoder: PitchEncoder::new(V::DIALECT),
            packets: Packetizer::new(UNIT, 1),
            datagrams: VecDeque::new(),
            midnight: 0,
            second: None,
            last_sent: 0,
            last_listed: 0,
            is_open: false,
            market: PhantomData,
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
            let epoch = u32::try_from(now.0 / SECOND_NS).unwrap_or(u32::MAX);
            self.encoder.time(second, epoch);
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
        let packet = self.packets.packet();
        self.queue(packet);
        self.last_sent = now.0;
    }

    fn queue(&mut self, packet: Vec<u8>) {
        if self.datagrams.len() == PACKETS_MAX {
            self.datagrams.pop_front();
        }
        self.datagrams.push_back(packet);
    }

    /// Says what the symbols are, in packets without numbers.
    fn list(&mut self, now: EventTime) {
        self.last_listed = now.0;
        let mut packets = Packetizer::new(UNIT, 0);
        let mut said = Vec::new();
        for (symbol, name) in self.symbols.iter().zip(&self.names) {
            self.encoder.clear();
            V::list(&mut self.encoder, symbol, name);
            if self.encoder.bytes().is_empty() {
                return;
            }
            if !packets.push(self.encoder.bytes()) {
                said.push(packets.packet());
                packets = Packetizer::new(UNIT, 0);
                packets.push(self.encoder.bytes());
            }
        }
        if !packets.is_empty() {
            said.push(packets.packet());
        }
        for packet in said {
            self.queue(packet);
        }
    }

    /// Takes `size` from an order; what is left of it.
    fn take(&mut self, order: u64, size: u64) -> u32 {
        let Some((_, open)) = self.orders.get_mut(&order) else {
            return 0;
        };
        *open = open.saturating_sub(quantity(size));
        let left = *open;
        if left == 0 {
            self.orders.remove(&order);
        }
        left
    }

    fn print_and_reduce(
        &mut self,
        now: EventTime,
        order: u64,
        (price, size, trade): (Price, u64, u64),
        symbol: &[u8],
    ) {
        let said = (trade, quantity(size), e4(price), trade);
        self.say(now, PitchEncoder::begin);
        self.say(now, |venue, offset| venue.trade(offset, said, symbol));
        self.say(now, |venue, offset| {
            venue.reduce(offset, order, quantity(size));
        });
        self.say(now, PitchEncoder::end);
    }

    fn replace(
        &mut self,
        now: EventTime,
        (order, successor): (u64, u64),
        (price, size): (Price, u64),
        symbol: &[u8],
    ) {
        let Some((side, _)) = self.orders.remove(&order) else {
            return;
        };
        self.orders.insert(successor, (side, quantity(size)));
        let said = (successor, side, quantity(size), e4(price));
        if V::HAS_TRANSACTIONS {
            self.say(now, PitchEncoder::begin);
        }
        self.say(now, |venue, offset| venue.delete(offset, order));
        self.say(now, |venue, offset| venue.add_order(offset, said, symbol));
        if V::HAS_TRANSACTIONS {
            self.say(now, PitchEncoder::end);
        }
    }
}

fn e4(price: Price) -> i64 {
    price.0 / 100_000
}

fn quantity(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl<V: Venue> VenueSimulator for PitchVenue<V> {
    fn open(&mut self, now: EventTime, symbols: &[Symbol]) {
        let local = RecvTime(now.0.saturating_sub(V::LATER_NS));
        self.midnight = new_york_midnight(local) + V::LATER_NS;
        self.packets = Packetizer::new(UNIT, 1);
        self.orders.clear();
        self.names = symbols.to_vec();
        let on_wire = |(index, name)| V::symbol(index, name);
        self.symbols = symbols.iter().enumerate().map(on_wire).collect();
        self.second = None;
        self.is_open = true;
        self.list(now);
        for symbol in self.symbols.clone() {
            self.say(now, |venue, offset| V::trades(venue, offset, &symbol));
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
        let known = self.symbols.get(symbol as usize).filter(|_| self.is_open);
        let Some(symbol) = known.cloned() else {
            return;
        };
        match *event {
            MarketEvent::Add {
                order,
                side,
                price,
                size,
                ..
            } => {
                self.orders.insert(order, (side, quantity(size)));
                let said = (order, side, quantity(size), e4(price));
                self.say(now, |venue, offset| venue.add_order(offset, said, &symbol));
            }
            MarketEvent::Execute {
                order, size, trade, ..
            } => {
                self.take(order, size);
                self.say(now, |venue, offset| {
                    venue.executed(offset, order, quantity(size), trade, b' ');
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
                if !V::HAS_OTHER_PRICES {
                    return self.print_and_reduce(now, order, (price, size, trade), &symbol);
                }
                self.say(now, |venue, offset| {
                    let sizes = [quantity(size), left];
                    venue.executed_at_price(offset, order, sizes, trade, e4(price));
                });
            }
            MarketEvent::Reduce { order, size, .. } => {
                self.take(order, size);
                self.say(now, |venue, offset| {
                    venue.reduce(offset, order, quantity(size));
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
            } => self.replace(now, (order, successor), (price, size), &symbol),
            MarketEvent::Hidden {
                price, size, trade, ..
            } => {
                let said = (trade, quantity(size), e4(price), trade);
                self.say(now, |venue, offset| venue.trade(offset, said, &symbol));
            }
        }
    }

    fn on_clock(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        if now.0.saturating_sub(self.last_listed) >= REFERENCE_NS {
            self.list(now);
        }
        let is_silent = now.0.saturating_sub(self.last_sent) >= HEARTBEAT_NS;
        if !self.packets.is_empty() || is_silent {
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
