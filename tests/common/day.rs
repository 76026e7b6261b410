//! A simulated day of Nasdaq TotalView-ITCH: the same datagrams for the same seed.
#![allow(clippy::unwrap_used, dead_code)]

use feeds::contract::{BookKind, Descriptor};
use feeds::model::{ChannelId, EventTime, Price, Side};
use feeds::simulator::{MarketEvent, VenueSimulator};
use waveletd::pipeline::ChannelSpec;
use waveletd::simulate::{FlowSettings, OrderFlow, symbols};

/// Matching-engine time of the day's start, 2023-11-14 09:30 in New York.
const START_NS: u64 = 1_699_972_200_000_000_000;
/// Matching-engine time between two events.
const STEP_NS: u64 = 1_000;
/// Instruments of a day.
pub(crate) const SYMBOLS: u32 = 50;

pub(crate) fn itch() -> &'static Descriptor {
    feeds::REGISTRY
        .iter()
        .find(|feed| feed.name == "nasdaq_itch50")
        .unwrap()
}

/// The one channel of the day.
pub(crate) fn spec() -> ChannelSpec {
    ChannelSpec {
        id: ChannelId(0),
        feed: "day".to_owned(),
        venue: "XNAS".to_owned(),
        book: BookKind::ByOrder,
        orders_capacity: 1 << 16,
    }
}

/// A day: the venue and what is still to come.
pub(crate) struct Day {
    pub(crate) venue: Box<dyn VenueSimulator>,
    flow: OrderFlow,
    now: u64,
    left: u64,
    per_datagram: u64,
    is_closed: bool,
}

impl Day {
    /// A day of `events`, up to `per_datagram` of them in a datagram.
    pub(crate) fn new(seed: u64, events: u64, per_datagram: u64) -> Day {
        let flow = FlowSettings {
            seed,
            symbol_count: SYMBOLS,
            ..FlowSettings::default()
        };
        let mut venue = (itch().simulator)();
        venue.open(EventTime(START_NS), &symbols(&[], SYMBOLS as usize));
        Day {
            venue,
            flow: OrderFlow::new(flow),
            now: START_NS,
            left: events,
            per_datagram,
            is_closed: false,
        }
    }

    /// Makes every book `levels` deep and empty again, ahead of the day.
    pub(crate) fn deepen(&mut self, levels: u64) {
        const FIRST_ORDER: u64 = 1 << 40;
        for symbol in 0..SYMBOLS {
            let orders = FIRST_ORDER..FIRST_ORDER + 2 * levels;
            let now = EventTime(self.now);
            for order in orders.clone() {
                let step = (order - FIRST_ORDER) as i64 / 2;
                let (side, ticks) = match order % 2 {
                    0 => (Side::Bid, 1_000 - step),
                    _ => (Side::Ask, 1_001 + step),
                };
                let price = Price(ticks * 10_000_000);
                let add = MarketEvent::Add {
                    symbol,
                    order,
                    side,
                    price,
                    size: 1,
                };
                self.venue.on_event(now, &add);
            }
            for order in orders {
                self.venue
                    .on_event(now, &MarketEvent::Delete { symbol, order });
            }
        }
    }

    /// Next datagram; nothing once the session has ended.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        loop {
            if let Some(datagram) = self.venue.poll_datagram() {
                return Some(datagram);
            }
            if self.is_closed {
                return None;
            }
            for _ in 0..self.per_datagram.min(self.left) {
                self.now += STEP_NS;
                self.left -= 1;
                self.venue
                    .on_event(EventTime(self.now), &self.flow.next_event());
            }
            self.venue.on_clock(EventTime(self.now));
            if self.left == 0 {
                self.is_closed = true;
                self.venue.close(EventTime(self.now));
            }
        }
    }
}

/// Messages of a datagram: number of the first, and how many. Heartbeats and the end of the session have none.
pub(crate) fn numbers(datagram: &[u8]) -> std::ops::Range<u64> {
    let first = u64::from_be_bytes(datagram[10..18].try_into().unwrap());
    let count = u16::from_be_bytes(datagram[18..20].try_into().unwrap());
    let count = if count == u16::MAX { 0 } else { count };
    first..first + u64::from(count)
}
