//! The venue: what a matching engine does, in packets. No retransmission, no snapshots.
//!
//! Prices are cut to 1e-6 and sizes to 32 bits, which is what the messages can say.

use super::encode::Encoder;
use crate::model::{EventTime, Symbol};
use crate::session::sbe::HeaderShape;
use crate::simulator::{Announcement, MarketEvent, VenueSimulator};
use std::collections::VecDeque;

/// Time without data after which the venue says that it is alive.
pub const HEARTBEAT_NS: u64 = 1_000_000_000;
/// Packets nobody fetched; beyond it the oldest are lost, as on a line.
pub const PACKETS_MAX: usize = 65_536;

/// Instruments a number of 16 bits can name; 0 is nobody, and so is the last.
const SYMBOLS_MAX: usize = u16::MAX as usize - 1;
/// What a session's number begins with; the second it was opened in follows.
const SESSION_PREFIX: u64 = 0x5553_4531 << 32;

/// How a feed says what happens in a market. Made anew with every session.
///
/// An instrument's number is its place in the list and one.
pub trait Tells: Default + Send {
    /// Its header of a message.
    type Head: HeaderShape + 'static;

    /// Lists an instrument. `false` when the packet must be sent before.
    fn list(venue: &mut Encoder<Self::Head>, now: u64, number: u16, symbol: &str) -> bool;

    /// Says its trading status. `false` when the packet must be sent before.
    fn status(venue: &mut Encoder<Self::Head>, now: u64, number: u16, status: u8) -> bool;

    /// Says which part of the day begins. `false` when the packet must be sent before.
    fn session(venue: &mut Encoder<Self::Head>, now: u64, part: u8) -> bool;

    /// Says what `event` changed. Its symbol is listed.
    fn tell(&mut self, now: u64, event: &MarketEvent, packets: &mut Packets<Self::Head>);

    /// Says what is no business of all feeds; `false` where there is no such message.
    fn announce(
        &mut self,
        now: u64,
        announcement: &Announcement,
        packets: &mut Packets<Self::Head>,
    ) -> bool;
}

/// What is said, packet by packet.
#[derive(Debug)]
pub struct Packets<H> {
    encoder: Encoder<H>,
    waiting: VecDeque<Vec<u8>>,
    last_sent: u64,
}

impl<H: HeaderShape> Packets<H> {
    /// Says one message. One that does not fit behind what is collected goes into a packet of its
    /// own.
    pub fn say(&mut self, now: u64, message: impl Fn(&mut Encoder<H>) -> bool) {
        if !message(&mut self.encoder) {
            self.send(now);
            message(&mut self.encoder);
        }
    }

    /// Sends what is collected; a heartbeat when that is nothing.
    fn send(&mut self, now: u64) {
        let packet = self.encoder.packet();
        self.push(packet);
        self.last_sent = now;
    }

    fn push(&mut self, packet: Vec<u8>) {
        if self.waiting.len() == PACKETS_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(packet);
    }
}

/// The number of an instrument at this place of the list.
pub fn number_of(symbol: u32) -> u16 {
    u16::try_from(symbol.saturating_add(1)).unwrap_or(u16::MAX)
}

/// A channel on which `T` tells.
pub struct Venue<T: Tells> {
    symbol_count: usize,
    packets: Packets<T::Head>,
    teller: T,
    is_open: bool,
}

impl<T: Tells> Default for Venue<T> {
    fn default() -> Self {
        Venue::new()
    }
}

impl<T: Tells> Venue<T> {
    /// A venue before its day.
    pub fn new() -> Venue<T> {
        Venue {
            symbol_count: 0,
            packets: Packets {
                encoder: Encoder::new(0, 1),
                waiting: VecDeque::new(),
                last_sent: 0,
            },
            teller: T::default(),
            is_open: false,
        }
    }

    fn is_listed(&self, symbol: u32) -> bool {
        (symbol as usize) < self.symbol_count
    }

    fn list(&mut self, now: u64, symbol: &Symbol) {
        self.symbol_count += 1;
        let number = self.symbol_count as u16;
        let packets = &mut self.packets;
        packets.say(now, |venue| T::list(venue, now, number, symbol.as_str()));
        packets.say(now, |venue| T::status(venue, now, number, b'T'));
    }
}

impl<T: Tells> VenueSimulator for Venue<T> {
    fn open(&mut self, now: EventTime, symbols: &[Symbol]) {
        let seconds = now.0 / 1_000_000_000;
        self.packets.encoder = Encoder::new(SESSION_PREFIX | (seconds & 0xffff_ffff), 1);
        self.teller = T::default();
        self.symbol_count = 0;
        self.is_open = true;
        for symbol in symbols.iter().take(SYMBOLS_MAX) {
            self.list(now.0, symbol);
        }
        for part in *b"12" {
            self.packets
                .say(now.0, |venue| T::session(venue, now.0, part));
        }
        self.packets.send(now.0);
    }

    fn on_event(&mut self, now: EventTime, event: &MarketEvent) {
        let (MarketEvent::Add { symbol, .. }
        | MarketEvent::Execute { symbol, .. }
        | MarketEvent::ExecuteAt { symbol, .. }
        | MarketEvent::Reduce { symbol, .. }
        | MarketEvent::Delete { symbol, .. }
        | MarketEvent::Replace { symbol, .. }
        | MarketEvent::Hidden { symbol, .. }) = *event;
        if self.is_open && self.is_listed(symbol) {
            self.teller.tell(now.0, event, &mut self.packets);
        }
    }

    fn announce(&mut self, now: EventTime, announcement: &Announcement) -> bool {
        let now = now.0;
        match announcement {
            Announcement::List(symbol) => {
                let is_room = self.symbol_count < SYMBOLS_MAX;
                if is_room {
                    self.list(now, symbol);
                }
                is_room
            }
            Announcement::Halt { symbol } | Announcement::Resume { symbol } => {
                let is_halt = matches!(announcement, Announcement::Halt { .. });
                let status = if is_halt { b'H' } else { b'T' };
                let number = number_of(*symbol);
                let is_listed = self.is_listed(*symbol);
                if is_listed {
                    self.packets
                        .say(now, |venue| T::status(venue, now, number, status));
                }
                is_listed
            }
            _ => self.teller.announce(now, announcement, &mut self.packets),
        }
    }

    fn on_clock(&mut self, now: EventTime) {
        let is_silent = now.0.saturating_sub(self.packets.last_sent) >= HEARTBEAT_NS;
        if self.is_open && (self.packets.encoder.has_messages() || is_silent) {
            self.packets.send(now.0);
        }
    }

    fn close(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        for part in *b"34" {
            self.packets
                .say(now.0, |venue| T::session(venue, now.0, part));
        }
        self.packets.send(now.0);
        let shutdown = self.packets.encoder.shutdown();
        self.packets.push(shutdown);
        self.is_open = false;
    }

    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.packets.waiting.pop_front()
    }
}
