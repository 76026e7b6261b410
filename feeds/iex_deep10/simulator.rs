//! The venue: says by level what a matching engine does order by order. No retransmission, as at the venue.
//!
//! Prices are cut to 1e-4 and sizes to 32 bits, which is what the protocol can say.

use super::Encoder;
use crate::model::time::new_york_midnight;
use crate::model::{EventTime, Price, RecvTime, Symbol};
use crate::simulator::{LevelAggregator, MarketEvent, VenueSimulator};
use std::collections::VecDeque;

/// Time without data after which the venue says that it is alive.
pub const HEARTBEAT_NS: u64 = 1_000_000_000;
/// Segments nobody fetched; beyond it the oldest are lost, as on a line.
pub const SEGMENTS_MAX: usize = 65_536;

const DAY_NS: u64 = 86_400_000_000_000;
/// The channel all is said on.
const CHANNEL: u32 = 1;

/// An IEX DEEP 1.0 channel.
#[derive(Debug)]
pub struct DeepVenue {
    symbols: Vec<Symbol>,
    encoder: Encoder,
    levels: LevelAggregator,
    segments: VecDeque<Vec<u8>>,
    last_sent: u64,
    is_pending: bool,
    is_open: bool,
}

impl Default for DeepVenue {
    fn default() -> Self {
        DeepVenue::new()
    }
}

impl DeepVenue {
    /// A venue before its day.
    pub fn new() -> DeepVenue {
        DeepVenue {
            symbols: Vec::new(),
            encoder: Encoder::new(CHANNEL, 0),
            levels: LevelAggregator::default(),
            segments: VecDeque::new(),
            last_sent: 0,
            is_pending: false,
            is_open: false,
        }
    }

    /// Says one message. One that does not fit behind what is collected goes into a segment of its own.
    fn say(&mut self, now: EventTime, message: impl Fn(&mut Encoder) -> bool) {
        if !message(&mut self.encoder) {
            self.send(now);
            message(&mut self.encoder);
        }
        self.is_pending = true;
    }

    /// Sends what is collected; a heartbeat when that is nothing.
    fn send(&mut self, now: EventTime) {
        if self.segments.len() == SEGMENTS_MAX {
            self.segments.pop_front();
        }
        self.segments.push_back(self.encoder.segment(now.0));
        self.last_sent = now.0;
        self.is_pending = false;
    }

    fn system_events(&mut self, now: EventTime, codes: &[u8]) {
        for &code in codes {
            self.say(now, |venue| venue.system_event(code, timestamp(now)));
        }
    }
}

fn timestamp(now: EventTime) -> i64 {
    i64::try_from(now.0).unwrap_or(i64::MAX)
}

fn e4(price: Price) -> i64 {
    price.0 / 100_000
}

fn shares(size: u64) -> u32 {
    u32::try_from(size).unwrap_or(u32::MAX)
}

impl VenueSimulator for DeepVenue {
    fn open(&mut self, now: EventTime, symbols: &[Symbol]) {
        // One session a day, as at the venue: the days since 1970-01-01.
        let day = new_york_midnight(RecvTime(now.0)) / DAY_NS;
        self.encoder = Encoder::new(CHANNEL, day as u32);
        self.levels = LevelAggregator::default();
        self.symbols = symbols.to_vec();
        self.is_open = true;
        self.system_events(now, b"O");
        for symbol in symbols {
            let name = symbol.as_str();
            self.say(now, |venue| {
                venue.directory((0, 100, 0), name, timestamp(now))
            });
            self.say(now, |venue| {
                venue.trading_status(b'T', name, timestamp(now))
            });
        }
        self.system_events(now, b"SR");
        self.send(now);
    }

    fn on_event(&mut self, now: EventTime, event: &MarketEvent) {
        if !self.is_open {
            return;
        }
        let changes = self.levels.apply(event);
        let name = |venue: &DeepVenue, symbol: u32| venue.symbols.get(symbol as usize).copied();
        if let Some(trade) = changes.trade
            && let Some(symbol) = name(self, trade.symbol)
        {
            let said = (trade.trade, shares(trade.size), e4(trade.price));
            self.say(now, |venue| {
                venue.trade(said, symbol.as_str(), timestamp(now))
            });
        }
        let count = changes.levels.iter().flatten().count();
        for (index, level) in changes.levels.into_iter().flatten().enumerate() {
            let Some(symbol) = name(self, level.symbol) else {
                continue;
            };
            let said = (level.side, shares(level.size), e4(level.price));
            let is_complete = index + 1 == count;
            self.say(now, |venue| {
                venue.level(said, symbol.as_str(), timestamp(now), is_complete)
            });
        }
    }

    fn on_clock(&mut self, now: EventTime) {
        let is_silent = now.0.saturating_sub(self.last_sent) >= HEARTBEAT_NS;
        if self.is_open && (self.is_pending || is_silent) {
            self.send(now);
        }
    }

    fn close(&mut self, now: EventTime) {
        if !self.is_open {
            return;
        }
        self.system_events(now, b"MEC");
        self.send(now);
        self.is_open = false;
    }

    fn poll_datagram(&mut self) -> Option<Vec<u8>> {
        self.segments.pop_front()
    }
}
