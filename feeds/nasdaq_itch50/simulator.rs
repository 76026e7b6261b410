//! The venue: numbers what a matching engine does, packs it into datagrams and remembers it for those who missed some. Its GLIMPSE
//! server tells those who missed much what rests now.
//!
//! Prices are cut to 1e-4 and sizes to 32 bits, which is what the protocol can say.

use super::encode::{Head, ItchEncoder, Listing};
use super::feed::END_OF_SNAPSHOT;
use crate::model::time::new_york_midnight;
use crate::model::{EventTime, Price, RecvTime, Side, Symbol};
use crate::session::moldudp64::{Packetizer, RetransmitStore, SessionId, split_message};
use crate::session::soupbintcp::{self, Packets};
use crate::simulator::{Announcement, MarketEvent, RestingOrders, ServerKind, VenueSimulator};
use std::collections::BTreeMap;
use std::collections::VecDeque;

/// Time without data after which the venue says that it is alive.
pub const HEARTBEAT_NS: u64 = 1_000_000_000;
/// Bytes of messages the retransmission server remembers.
pub const STORE_BYTES_MAX: usize = 256 << 20;
/// Datagrams nobody fetched; beyond it the oldest are lost, as on a line. The retransmission server still has them.
pub const DATAGRAMS_MAX: usize = 65_536;

/// Instruments a locate of 16 bits can name; 0 is nobody.
const SYMBOLS_MAX: usize = u16::MAX as usize;

/// A Nasdaq TotalView-ITCH 5.0 channel and its retransmission server.
#[derive(Debug)]
pub struct ItchVenue {
    symbols: Vec<Symbol>,
    encoder: ItchEncoder,
    packetizer: Packetizer,
    store: RetransmitStore,
    datagrams: VecDeque<Vec<u8>>,
    /// Midnight in New York of the day, in ns since the Unix epoch.
    midnight: u64,
    last_sent: u64,
    is_open: bool,
    session: SessionId,
    orders: RestingOrders,
    /// Clients of the GLIMPSE server, with what they sent so far.
    clients: BTreeMap<u32, Packets>,
    streams: VecDeque<(u32, Option<Vec<u8>>)>,
}

impl Default for ItchVenue {
    fn default() -> Self {
        ItchVenue::new()
    }
}

impl ItchVenue {
    /// A venue before its day.
    pub fn new() -> ItchVenue {
        let session = [b' '; 10];
        ItchVenue {
            symbols: Vec::new(),
            encoder: ItchEncoder::new(),
            packetizer: Packetizer::new(session, 1),
            store: RetransmitStore::new(session, 1, STORE_BYTES_MAX),
            datagrams: VecDeque::new(),
            midnight: 0,
            last_sent: 0,
            is_open: false,
            session,
            orders: RestingOrders::default(),
            clients: BTreeMap::new(),
            streams: VecDeque::new(),
        }
    }

    /// Number the next message will have.
    pub fn next_sequence(&self) -> u64 {
        self.packetizer.next_sequence()
    }

    /// Says what `fill` encodes about the instrument of `stock_locate`.
    fn say(
        &mut self,
        now: EventTime,
        stock_locate: u16,
        fill: impl FnOnce(&mut ItchEncoder, Head),
    ) {
        let head = Head {
            stock_locate,
            tracking_number: 0,
            timestamp: now.0.saturating_sub(self.midnight),
        };
        self.encoder.clear();
        fill(&mut self.encoder, head);
        let mut blocks = self.encoder.bytes();
        while let Some((message, rest)) = split_message(blocks) {
            blocks = rest;
            let (datagrams, last_sent) = (&mut self.datagrams, &mut self.last_sent);
            self.packetizer.append(message, &mut |datagram| {
                send(datagrams, datagram);
                *last_sent = now.0;
            });
            self.store.append(message);
        }
    }

    /// What a GLIMPSE server sends to a client that has logged in: state, and where the live messages go on.
    fn glimpse(&self, now: EventTime) -> Vec<u8> {
        let mut venue = ItchEncoder::new();
        let head = |stock_locate| Head {
            stock_locate,
            tracking_number: 0,
            timestamp: now.0.saturating_sub(self.midnight),
        };
        let listing = Listing {
            round_lot_size: 100,
            is_test: false,
        };
        for (locate, symbol) in (1..=u16::MAX).zip(&self.symbols) {
            let stock = symbol.as_str().as_bytes();
            venue.directory(head(locate), stock, listing);
            venue.trading_action(head(locate), stock, b'T', b"");
        }
        for order in self.orders.iter() {
            let stock = self.symbols[order.symbol as usize].as_str().as_bytes();
            let locate = order.symbol as u16 + 1;
            let size = shares(order.size);
            venue.add_order(
                head(locate),
                order.order,
                order.side,
                size,
                stock,
                e4(order.price),
            );
        }
        let mut bytes = soupbintcp::login_accepted(self.session, 1);
        let mut blocks = venue.bytes();
        while let Some((message, rest)) = split_message(blocks) {
            blocks = rest;
            bytes.extend(soupbintcp::packet(b'S', message));
        }
        let mut end = vec![END_OF_SNAPSHOT];
        end.extend(soupbintcp::right_justified(self.next_sequence()));
        bytes.extend(soupbintcp::packet(b'S', &end));
        bytes
    }

    fn flush(&mut self, now: EventTime) {
        let (datagrams, last_sent) = (&mut self.datagrams, &mut self.last_sent);
        self.packetizer.flush(&mut |datagram| {
            send(datagrams, datagram);
            *last_sent = now.0;
        });
    }
}

fn send(datagrams: &mut VecDeque<Vec<u8>>, datagram: &[u8]) {
    if datagrams.len() == DATAGRAMS_MAX {
        datagrams.pop_front();
    }
    datagrams.push_back(datagram.to_vec());
}

/// The name of a session: ten digits, the second it was opened in. A venue that starts again has another one.
fn session_of(now: EventTime) -> SessionId {
    let mut session = [b'0'; 10];
    let mut seconds = now.0 / 1_000_000_000;
    for digit in session.iter_mut().rev() {
        *digit += (seconds % 10) as u8;
        seconds /= 10;
    }
    session
}

fn e4(price: Price) -> u32 {
    u32::try_from(price.0.max(0) / 100_000).unwrap_or(u32::MAX)
}

fn shares(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl VenueSimulator for ItchVenue {
    fn open(&mut self, now: EventTime, symbols: &[Symbol]) {
        self.midnight = new_york_midnight(RecvTime(now.0));
        let session = session_of(now);
        self.session = session;
        self.orders = RestingOrders::default();
        self.packetizer = Packetizer::new(session, 1);
        self.store = RetransmitStore::new(session, 1, STORE_BYTES_MAX);
        self.symbols = symbols.iter().take(SYMBOLS_MAX).copied().collect();
        self.last_sent = now.0;
        self.is_open = true;
        let listing = Listing {
            round_lot_size: 100,
            is_test: false,
        };
        self.say(now, 0, |venue, head| venue.system_event(head, b'O'));
        for (locate, symbol) in (1..=u16::MAX).zip(self.symbols.clone()) {
            self.say(now, locate, |venue, head| {
                let stock = symbol.as_str().as_bytes();
                venue.directory(head, stock, listing);
                venue.trading_action(head, stock, b'T', b"");
            });
        }
        for code in *b"SQ" {
            self.say(now, 0, |venue, head| venue.system_event(head, code));
        }
        self.flush(now);
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
        self.orders.apply(event);
        let stock = name.as_str().as_bytes();
        self.say(now, symbol as u16 + 1, |venue, head| match *event {
            MarketEvent::Add {
                order,
                side,
                price,
                size,
                ..
            } => venue.add_order(head, order, side, shares(size), stock, e4(price)),
            MarketEvent::Execute {
                order, size, trade, ..
            } => venue.executed(head, order, shares(size), trade),
            MarketEvent::ExecuteAt {
                order,
                size,
                trade,
                price,
                ..
            } => venue.executed_with_price(head, order, shares(size), trade, true, e4(price)),
            MarketEvent::Reduce { order, size, .. } => venue.cancel(head, order, shares(size)),
            MarketEvent::Delete { order, .. } => venue.delete(head, order),
            MarketEvent::Replace {
                order,
                successor,
                price,
                size,
                ..
            } => venue.replace(head, order, successor, shares(size), e4(price)),
            MarketEvent::Hidden {
                price, size, trade, ..
            } => venue.trade(head, shares(size), stock, e4(price), trade),
        });
    }

    fn announce(&mut self, now: EventTime, announcement: &Announcement) -> bool {
        let name = |venue: &ItchVenue, symbol: u32| venue.symbols.get(symbol as usize).copied();
        match *announcement {
            Announcement::List(symbol) => {
                if self.symbols.len() == SYMBOLS_MAX {
                    return false;
                }
                self.symbols.push(symbol);
                let listing = Listing {
                    round_lot_size: 100,
                    is_test: false,
                };
                self.say(now, self.symbols.len() as u16, |venue, head| {
                    let stock = symbol.as_str().as_bytes();
                    venue.directory(head, stock, listing);
                    venue.trading_action(head, stock, b'T', b"");
                });
            }
            Announcement::UnlistedOrder => self.say(now, u16::MAX, |venue, head| {
                venue.add_order(head, u64::MAX, Side::Bid, 1, b"NOBODY", 10_000);
            }),
            Announcement::Halt { symbol } | Announcement::Resume { symbol } => {
                let Some(name) = name(self, symbol) else {
                    return false;
                };
                let is_halt = matches!(announcement, Announcement::Halt { .. });
                let state = if is_halt { b'H' } else { b'T' };
                self.say(now, symbol as u16 + 1, |venue, head| {
                    venue.trading_action(head, name.as_str().as_bytes(), state, b"");
                });
            }
            Announcement::TradeBreak { symbol, trade } => {
                self.say(now, symbol as u16 + 1, |venue, head| {
                    venue.broken_trade(head, trade);
                });
            }
            Announcement::Imbalance {
                symbol,
                price,
                size,
            } => {
                let Some(name) = name(self, symbol) else {
                    return false;
                };
                self.say(now, symbol as u16 + 1, |venue, head| {
                    let stock = name.as_str().as_bytes();
                    venue.imbalance(head, stock, [size, size], b'B', [e4(price); 3], b'O');
                });
            }
        }
        true
    }

    fn on_clock(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        self.flush(now);
        if now.0.saturating_sub(self.last_sent) >= HEARTBEAT_NS {
            send(&mut self.datagrams, &self.packetizer.heartbeat());
            self.last_sent = now.0;
        }
    }

    fn close(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        for code in *b"MEC" {
            self.say(now, 0, |venue, head| venue.system_event(head, code));
        }
        self.flush(now);
        send(&mut self.datagrams, &self.packetizer.end_of_session());
        self.is_open = false;
    }

    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.datagrams.pop_front()
    }

    fn on_request(&mut self, request: &[u8]) -> Option<Vec<u8>> {
        self.store.answer(request)
    }

    fn has_server(&self, server: ServerKind) -> bool {
        server == ServerKind::Snapshot
    }

    fn on_stream_open(&mut self, connection: u32, _: ServerKind) {
        self.clients.insert(connection, Packets::default());
    }

    fn on_stream(&mut self, now: EventTime, connection: u32, bytes: &[u8]) {
        let Some(client) = self.clients.get_mut(&connection) else {
            return;
        };
        client.push(bytes);
        let mut has_logged_in = false;
        while let Some(packet) = client.next_packet() {
            has_logged_in |= packet.first() == Some(&b'L');
        }
        if has_logged_in && self.is_open {
            let bytes = self.glimpse(now);
            self.streams.push_back((connection, Some(bytes)));
        } else if has_logged_in {
            let refusal = soupbintcp::packet(b'J', b"S");
            self.streams.push_back((connection, Some(refusal)));
            self.streams.push_back((connection, None));
        }
    }

    fn on_stream_close(&mut self, connection: u32) {
        self.clients.remove(&connection);
    }

    fn poll_stream(&mut self) -> Option<(u32, Option<Vec<u8>>)> {
        self.streams.pop_front()
    }
}
