//! The venue: what a matching engine does, in segments. No retransmission.
//!
//! Prices are cut to 1e-4 and sizes to 32 bits, which is what the protocols can say.

use super::encode::{Auction, Encoder};
use crate::model::time::new_york_midnight;
use crate::model::{EventTime, Price, RecvTime, Symbol};
use crate::simulator::{Announcement, MarketEvent, VenueSimulator};
use std::collections::VecDeque;

/// Time without data after which the venue says that it is alive.
pub const HEARTBEAT_NS: u64 = 1_000_000_000;
/// Segments nobody fetched; beyond it the oldest are lost, as on a line.
pub const SEGMENTS_MAX: usize = 65_536;

const DAY_NS: u64 = 86_400_000_000_000;
/// The channel all is said on.
const CHANNEL: u32 = 1;

/// How a protocol says what happens in a market. Made anew with every session.
pub trait Tells<const PROTOCOL: u16>: Default + Send {
    /// Whether it has a message of how an auction stands.
    const HAS_AUCTIONS: bool;

    /// Says what `event` changed. Events of symbols that are not in `symbols` are left out.
    fn tell(
        &mut self,
        now: EventTime,
        event: &MarketEvent,
        symbols: &[Symbol],
        segments: &mut Segments<PROTOCOL>,
    );
}

/// A channel of the message protocol `PROTOCOL` on which `T` tells.
#[derive(Debug)]
pub struct Venue<T, const PROTOCOL: u16> {
    symbols: Vec<Symbol>,
    segments: Segments<PROTOCOL>,
    teller: T,
    is_open: bool,
}

/// What is said, segment by segment.
#[derive(Debug)]
pub struct Segments<const PROTOCOL: u16> {
    encoder: Encoder<PROTOCOL>,
    waiting: VecDeque<Vec<u8>>,
    last_sent: u64,
    is_pending: bool,
}

impl<const PROTOCOL: u16> Segments<PROTOCOL> {
    fn new(session: u32) -> Segments<PROTOCOL> {
        Segments {
            encoder: Encoder::new(CHANNEL, session),
            waiting: VecDeque::new(),
            last_sent: 0,
            is_pending: false,
        }
    }

    /// Says one message. One that does not fit behind what is collected goes into a segment of its
    /// own.
    pub fn say(&mut self, now: EventTime, message: impl Fn(&mut Encoder<PROTOCOL>) -> bool) {
        if !message(&mut self.encoder) {
            self.send(now);
            message(&mut self.encoder);
        }
        self.is_pending = true;
    }

    /// Sends what is collected; a heartbeat when that is nothing.
    fn send(&mut self, now: EventTime) {
        if self.waiting.len() == SEGMENTS_MAX {
            self.waiting.pop_front();
        }
        self.waiting.push_back(self.encoder.segment(now.0));
        self.last_sent = now.0;
        self.is_pending = false;
    }

    fn system_events(&mut self, now: EventTime, codes: &[u8]) {
        for &code in codes {
            self.say(now, |venue| venue.system_event(code, timestamp(now)));
        }
    }
}

/// A time as messages have it: ns since the Unix epoch.
pub fn timestamp(now: EventTime) -> i64 {
    i64::try_from(now.0).unwrap_or(i64::MAX)
}

/// A price in 1e-4, cut.
pub fn e4(price: Price) -> i64 {
    price.0 / 100_000
}

/// A size as messages have it; the largest of those that do not fit.
pub fn shares(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl<T: Tells<PROTOCOL>, const PROTOCOL: u16> Default for Venue<T, PROTOCOL> {
    fn default() -> Self {
        Venue::new()
    }
}

impl<T: Tells<PROTOCOL>, const PROTOCOL: u16> Venue<T, PROTOCOL> {
    /// A venue before its day.
    pub fn new() -> Venue<T, PROTOCOL> {
        Venue {
            symbols: Vec::new(),
            segments: Segments::new(0),
            teller: T::default(),
            is_open: false,
        }
    }
}

impl<T: Tells<PROTOCOL>, const PROTOCOL: u16> VenueSimulator for Venue<T, PROTOCOL> {
    fn open(&mut self, now: EventTime, symbols: &[Symbol]) {
        // One session a day, as at the venue: the days since 1970-01-01.
        let day = new_york_midnight(RecvTime(now.0)) / DAY_NS;
        self.segments.encoder = Encoder::new(CHANNEL, day as u32);
        self.teller = T::default();
        self.symbols = symbols.to_vec();
        self.is_open = true;
        let segments = &mut self.segments;
        segments.system_events(now, b"O");
        for symbol in symbols {
            let name = symbol.as_str();
            segments.say(now, |venue| {
                venue.directory((0, 100, 0), name, timestamp(now))
            });
            segments.say(now, |venue| {
                venue.trading_status(b'T', name, timestamp(now))
            });
        }
        segments.system_events(now, b"SR");
        segments.send(now);
    }

    fn on_event(&mut self, now: EventTime, event: &MarketEvent) {
        if self.is_open {
            self.teller
                .tell(now, event, &self.symbols, &mut self.segments);
        }
    }

    fn announce(&mut self, now: EventTime, announcement: &Announcement) -> bool {
        let at = timestamp(now);
        if let Announcement::List(symbol) = announcement {
            self.symbols.push(*symbol);
            let name = symbol.as_str();
            self.segments
                .say(now, |venue| venue.directory((0, 100, 0), name, at));
            return true;
        }
        let (Announcement::Halt { symbol }
        | Announcement::Resume { symbol }
        | Announcement::TradeBreak { symbol, .. }
        | Announcement::Imbalance { symbol, .. }) = *announcement
        else {
            return false;
        };
        let is_imbalance = matches!(announcement, Announcement::Imbalance { .. });
        let Some(name) = self.symbols.get(symbol as usize) else {
            return false;
        };
        if is_imbalance && !T::HAS_AUCTIONS {
            return false;
        }
        let name = name.as_str();
        self.segments.say(now, |venue| match *announcement {
            Announcement::Halt { .. } => venue.trading_status(b'H', name, at),
            Announcement::TradeBreak { trade, .. } => {
                venue.trade_break((trade, 1, 10_000), name, at)
            }
            Announcement::Imbalance { price, size, .. } => {
                let auction = Auction {
                    auction_type: b'O',
                    paired_shares: shares(size),
                    reference: e4(price),
                    indicative: e4(price),
                    imbalance_shares: shares(size),
                    imbalance_side: b'B',
                    ..Auction::default()
                };
                venue.auction(&auction, name, at)
            }
            _ => venue.trading_status(b'T', name, at),
        });
        true
    }

    fn on_clock(&mut self, now: EventTime) {
        let is_silent = now.0.saturating_sub(self.segments.last_sent) >= HEARTBEAT_NS;
        if self.is_open && (self.segments.is_pending || is_silent) {
            self.segments.send(now);
        }
    }

    fn close(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        self.segments.system_events(now, b"MEC");
        self.segments.send(now);
        self.is_open = false;
    }

    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.segments.waiting.pop_front()
    }
}
