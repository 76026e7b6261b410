//! The venue: one unit that says what a matching engine does. Its gap request proxy sends again
//! what somebody missed, to everybody; its spin server tells those who missed much what rests.
//!
//! Prices are cut to 1e-4 and sizes to 32 bits, which is what the protocol can say. An order that
//! makes way for another is deleted and the other added, as one transaction where the market has
//! those: the protocol's own modification keeps the id.

use super::auction::Auction;
use super::encode::{Dialect, PitchEncoder};
use super::gap::{self, GapRequest};
use super::spin;
use crate::model::time::new_york_midnight;
use crate::model::{EventTime, Price, RecvTime, Side, Symbol};
use crate::session::sequenced_unit::{Packetizer, Packets, split_message, unsequenced};
use crate::simulator::{Announcement, MarketEvent, RestingOrders, ServerKind, VenueSimulator};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::marker::PhantomData;

/// Time without data after which the venue says that it is alive.
pub const HEARTBEAT_NS: u64 = 1_000_000_000;
/// Time after which the venue says again what its symbols are.
pub const REFERENCE_NS: u64 = 10_000_000_000;
/// Time after which the spin server offers another image, while anybody listens.
pub const IMAGE_NS: u64 = 1_000_000_000;
/// Most messages of one request.
pub const REQUEST_COUNT_MAX: u16 = 100;
/// Bytes of messages the proxy remembers.
pub const STORE_BYTES_MAX: usize = 64 << 20;
/// Packets nobody fetched; beyond it the oldest are lost, as on a line.
pub const PACKETS_MAX: usize = 65_536;

const SECOND_NS: u64 = 1_000_000_000;
/// The unit all is said in.
const UNIT: u8 = 1;

/// What a market's venue says in its own way.
pub trait Venue: Send {
    /// How its common messages end.
    const DIALECT: &'static Dialect;
    /// Whether events of several messages are transactions.
    const HAS_TRANSACTIONS: bool;
    /// Whether an order may trade at another price than its own. Where it may not, the trade is said
    /// as one against an order nobody saw, and the order is reduced.
    const HAS_OTHER_PRICES: bool = true;
    /// Whether a trade may be taken back.
    const HAS_TRADE_BREAKS: bool = true;
    /// How much later than in New York the exchange's midnight is, in ns.
    const LATER_NS: u64 = 0;

    /// The symbol on the wire of the instrument with this index and name.
    fn symbol(_index: usize, name: &Symbol) -> Vec<u8> {
        name.as_str().as_bytes().to_vec()
    }

    /// Says, without a number, what a symbol is, where the market does so.
    fn list(_encoder: &mut PitchEncoder, _symbol: &[u8], _name: &Symbol) {}

    /// Says that an instrument trades, or that it is halted.
    fn status(encoder: &mut PitchEncoder, offset: u32, symbol: &[u8], is_halted: bool);

    /// Says how an auction stands; false where the market has none.
    fn auction(_: &mut PitchEncoder, _offset: u32, _symbol: &[u8], _: &Auction) -> bool {
        false
    }
}

/// What the spin server tells: the orders that rest, up to a message.
#[derive(Clone, Debug, Default)]
struct SpinImage {
    sequence: u32,
    orders: RestingOrders,
}

/// What can be sent again: the newest messages, within a bound.
#[derive(Debug, Default)]
struct Store {
    first: u32,
    messages: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Store {
    fn push(&mut self, message: &[u8]) {
        self.messages.push_back(message.to_vec());
        self.bytes += message.len();
        while self.bytes > STORE_BYTES_MAX
            && let Some(oldest) = self.messages.pop_front()
        {
            self.bytes -= oldest.len();
            self.first = self.first.wrapping_add(1);
        }
    }

    /// The packets of an answer; `None` where not all of it is remembered.
    fn packets(&self, first: u32, count: u16) -> Option<Vec<Vec<u8>>> {
        let from = first.checked_sub(self.first)? as usize;
        let until = from + usize::from(count);
        if count == 0 || until > self.messages.len() {
            return None;
        }
        let (mut said, mut packets) = (Vec::new(), Packetizer::new(UNIT, first));
        for message in self.messages.range(from..until) {
            if !packets.push(message) {
                said.push(packets.packet());
                packets.push(message);
            }
        }
        said.push(packets.packet());
        Some(said)
    }
}

/// A client of one of the servers.
#[derive(Debug)]
struct Client {
    server: ServerKind,
    packets: Packets,
    is_in: bool,
}

/// One unit of a market.
#[derive(Debug)]
pub struct PitchVenue<V> {
    names: Vec<Symbol>,
    symbols: Vec<Vec<u8>>,
    orders: RestingOrders,
    encoder: PitchEncoder,
    packets: Packetizer,
    datagrams: VecDeque<Vec<u8>>,
    /// The exchange's midnight of the day, in ns since the Unix epoch.
    midnight: u64,
    /// The second told last.
    second: Option<u32>,
    last_sent: u64,
    last_listed: u64,
    clients: BTreeMap<u32, Client>,
    streams: VecDeque<(u32, Option<Vec<u8>>)>,
    store: Store,
    /// Answers that are on their way to everybody.
    answers: VecDeque<Vec<u8>>,
    is_refusing: bool,
    last_alive: u64,
    /// The image that is offered.
    image: SpinImage,
    last_image: u64,
    /// Instruments that are halted.
    halted: BTreeSet<usize>,
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
            orders: RestingOrders::default(),
            encoder: PitchEncoder::new(V::DIALECT),
            packets: Packetizer::new(UNIT, 1),
            datagrams: VecDeque::new(),
            midnight: 0,
            second: None,
            last_sent: 0,
            last_listed: 0,
            clients: BTreeMap::new(),
            streams: VecDeque::new(),
            store: Store::default(),
            answers: VecDeque::new(),
            is_refusing: false,
            last_alive: 0,
            image: SpinImage::default(),
            last_image: 0,
            halted: BTreeSet::new(),
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
        self.store.push(self.encoder.bytes());
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
        self.encoder.clear();
        for (symbol, name) in self.symbols.iter().zip(&self.names) {
            V::list(&mut self.encoder, symbol, name);
        }
        for packet in unsequenced(UNIT, self.encoder.bytes()) {
            self.queue(packet);
        }
    }

    /// Takes an image of what rests, and offers it to whoever is logged in.
    fn offer_image(&mut self, now: EventTime) {
        self.last_image = now.0;
        self.image = SpinImage {
            sequence: self.packets.next_sequence().wrapping_sub(1),
            orders: self.orders.clone(),
        };
        let offer = spin::image_available(self.image.sequence);
        for connection in self.listeners(ServerKind::Snapshot) {
            self.streams.push_back((connection, Some(offer.clone())));
        }
    }

    /// Who is logged in.
    fn listeners(&self, server: ServerKind) -> Vec<u32> {
        let is_one = |client: &Client| client.is_in && client.server == server;
        let clients = self.clients.iter().filter(|(_, client)| is_one(client));
        clients.map(|(&connection, _)| connection).collect()
    }

    /// Takes a request for messages, and says what becomes of it.
    fn send_again(&mut self, request: &GapRequest<'_>) -> Vec<u8> {
        let (unit, first, count) = (request.unit(), request.sequence(), request.count());
        let status = if self.is_refusing {
            b'M'
        } else if unit != UNIT {
            b'I'
        } else if count > REQUEST_COUNT_MAX {
            b'C'
        } else if let Some(packets) = self.store.packets(first, count) {
            for packet in packets {
                if self.answers.len() == PACKETS_MAX {
                    self.answers.pop_front();
                }
                self.answers.push_back(packet);
            }
            b'A'
        } else {
            b'O'
        };
        gap::response(unit, first, count, status)
    }

    /// The answer to a request for an image.
    fn spin(&self, now: EventTime, sequence: u32) -> Vec<u8> {
        let mut venue = PitchEncoder::new(V::DIALECT);
        if sequence != self.image.sequence {
            spin::say_response(&mut venue, sequence, 0, b'O');
            return unsequenced(UNIT, venue.bytes()).concat();
        }
        let orders = &self.image.orders;
        let count = u32::try_from(orders.iter().count()).unwrap_or(u32::MAX);
        spin::say_response(&mut venue, sequence, count, b'A');
        let since = now.0.saturating_sub(self.midnight);
        let offset = (since % SECOND_NS) as u32;
        let epoch = u32::try_from(now.0 / SECOND_NS).unwrap_or(u32::MAX);
        venue.time(u32::try_from(since / SECOND_NS).unwrap_or(u32::MAX), epoch);
        for (index, (symbol, name)) in self.symbols.iter().zip(&self.names).enumerate() {
            V::list(&mut venue, symbol, name);
            V::status(&mut venue, offset, symbol, self.halted.contains(&index));
        }
        for order in orders.iter() {
            let said = (
                order.order,
                order.side,
                quantity(order.size),
                e4(order.price),
            );
            venue.add_order(offset, said, &self.symbols[order.symbol as usize]);
        }
        spin::say_finished(&mut venue, sequence);
        unsequenced(UNIT, venue.bytes()).concat()
    }

    /// What is left of an order.
    fn left(&self, order: u64) -> u32 {
        self.orders
            .get(order)
            .map_or(0, |found| quantity(found.size))
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
        let Some(side) = self.orders.get(successor).map(|found| found.side) else {
            return;
        };
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
        self.store = Store {
            first: 1,
            ..Store::default()
        };
        self.orders = RestingOrders::default();
        self.halted.clear();
        self.image = SpinImage::default();
        self.names = symbols.to_vec();
        let on_wire = |(index, name)| V::symbol(index, name);
        self.symbols = symbols.iter().enumerate().map(on_wire).collect();
        self.second = None;
        self.is_open = true;
        self.list(now);
        for symbol in self.symbols.clone() {
            self.say(now, |venue, offset| {
                V::status(venue, offset, &symbol, false)
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
        let known = self.symbols.get(symbol as usize).filter(|_| self.is_open);
        let Some(symbol) = known.cloned() else {
            return;
        };
        self.orders.apply(event);
        match *event {
            MarketEvent::Add {
                order,
                side,
                price,
                size,
                ..
            } => {
                let said = (order, side, quantity(size), e4(price));
                self.say(now, |venue, offset| venue.add_order(offset, said, &symbol));
            }
            MarketEvent::Execute {
                order, size, trade, ..
            } => {
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
                let left = self.left(order);
                if !V::HAS_OTHER_PRICES {
                    return self.print_and_reduce(now, order, (price, size, trade), &symbol);
                }
                self.say(now, |venue, offset| {
                    let sizes = [quantity(size), left];
                    venue.executed_at_price(offset, order, sizes, trade, e4(price));
                });
            }
            MarketEvent::Reduce { order, size, .. } => {
                self.say(now, |venue, offset| {
                    venue.reduce(offset, order, quantity(size));
                });
            }
            MarketEvent::Delete { order, .. } => {
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

    fn announce(&mut self, now: EventTime, announcement: &Announcement) -> bool {
        match *announcement {
            Announcement::List(name) => {
                let symbol = V::symbol(self.symbols.len(), &name);
                self.symbols.push(symbol.clone());
                self.names.push(name);
                self.list(now);
                self.say(now, |venue, offset| {
                    V::status(venue, offset, &symbol, false)
                });
                true
            }
            Announcement::UnlistedOrder => {
                let said = (u64::MAX, Side::Bid, 1, 10_000);
                self.say(now, |venue, offset| {
                    venue.add_order(offset, said, b"NOBODY")
                });
                true
            }
            Announcement::Halt { symbol: index } | Announcement::Resume { symbol: index } => {
                let Some(symbol) = self.symbols.get(index as usize).cloned() else {
                    return false;
                };
                let is_halt = matches!(announcement, Announcement::Halt { .. });
                if is_halt {
                    self.halted.insert(index as usize);
                } else {
                    self.halted.remove(&(index as usize));
                }
                self.say(now, |venue, offset| {
                    V::status(venue, offset, &symbol, is_halt)
                });
                true
            }
            Announcement::TradeBreak { trade, .. } => {
                if !V::HAS_TRADE_BREAKS {
                    return false;
                }
                self.say(now, |venue, offset| venue.trade_break(offset, trade));
                true
            }
            Announcement::Imbalance {
                symbol,
                price,
                size,
            } => {
                let Some(symbol) = self.symbols.get(symbol as usize).cloned() else {
                    return false;
                };
                let auction = Auction {
                    auction_type: b'O',
                    reference: e4(price),
                    sizes: [quantity(size.saturating_mul(2)), quantity(size)],
                    indicative: e4(price),
                    auction_only: e4(price),
                };
                let mut probe = PitchEncoder::new(V::DIALECT);
                if !V::auction(&mut probe, 0, &symbol, &auction) {
                    return false;
                }
                self.say(now, |venue, offset| {
                    V::auction(venue, offset, &symbol, &auction);
                });
                true
            }
        }
    }

    fn on_clock(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        if now.0.saturating_sub(self.last_image) >= IMAGE_NS
            && !self.listeners(ServerKind::Snapshot).is_empty()
        {
            self.offer_image(now);
        }
        if now.0.saturating_sub(self.last_alive) >= gap::HEARTBEAT_NS {
            self.last_alive = now.0;
            for connection in self.listeners(ServerKind::Retransmit) {
                self.streams
                    .push_back((connection, Some(spin::heartbeat())));
            }
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

    fn refuse_requests(&mut self, is_refused: bool) -> bool {
        self.is_refusing = is_refused;
        true
    }

    fn poll_answer_datagram(&mut self) -> Option<Vec<u8>> {
        self.answers.pop_front()
    }

    fn has_server(&self, _: ServerKind) -> bool {
        true
    }

    fn on_stream_open(&mut self, connection: u32, server: ServerKind) {
        let client = Client {
            server,
            packets: Packets::default(),
            is_in: false,
        };
        self.clients.insert(connection, client);
    }

    fn on_stream(&mut self, now: EventTime, connection: u32, bytes: &[u8]) {
        let Some(client) = self.clients.get_mut(&connection) else {
            return;
        };
        client.packets.push(bytes);
        let server = client.server;
        let (mut has_logged_in, mut wanted, mut missing) = (false, Vec::new(), Vec::new());
        while let Some(Ok((_, mut blocks))) = client.packets.next() {
            while let Some((message, rest)) = split_message(blocks) {
                blocks = rest;
                match message {
                    [spin::LOGIN, ..] => has_logged_in = true,
                    [gap::GAP_REQUEST, body @ ..]
                        if client.is_in && server == ServerKind::Retransmit =>
                    {
                        missing.push(body.to_vec());
                    }
                    [spin::SPIN_REQUEST, body @ ..]
                        if client.is_in && server == ServerKind::Snapshot =>
                    {
                        wanted.extend(spin::Image::of(body).map(|image| image.sequence()));
                    }
                    _ => {}
                }
            }
        }
        if has_logged_in && self.is_open {
            client.is_in = true;
            let welcome = spin::login_response(b'A');
            self.streams.push_back((connection, Some(welcome)));
            if server == ServerKind::Snapshot {
                self.offer_image(now);
            }
        } else if has_logged_in {
            let refusal = spin::login_response(b'S');
            self.streams.push_back((connection, Some(refusal)));
            self.streams.push_back((connection, None));
        }
        for request in missing.iter().filter_map(|body| GapRequest::of(body)) {
            let answer = self.send_again(&request);
            self.streams.push_back((connection, Some(answer)));
        }
        // One image at a time.
        if let Some(&sequence) = wanted.first() {
            let answer = self.spin(now, sequence);
            self.streams.push_back((connection, Some(answer)));
        }
    }

    fn on_stream_close(&mut self, connection: u32) {
        self.clients.remove(&connection);
    }

    fn poll_stream(&mut self) -> Option<(u32, Option<Vec<u8>>)> {
        self.streams.pop_front()
    }
}
