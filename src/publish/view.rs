//! The latest published state of every instrument and feed: what REST answers, the table shows, and a new subscriber
//! is given first.

use super::record::{Bar, Body, Level, Record, Trade};
use crate::book::Statistic;
use feeds::model::{EventTime, RecvTime, StatisticKind, Symbol};
use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// Trades kept per instrument for a subscriber that comes late.
pub const TRADES_KEPT: usize = 20;

/// Texts of the codes that travel in records.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Feeds, by the index in records.
    pub feeds: Vec<String>,
    /// Signals, by the index in records.
    pub signals: Vec<String>,
    /// Book states, by code.
    pub states: &'static [&'static str],
    /// Reasons, by code.
    pub reasons: &'static [&'static str],
}

impl Names {
    /// Text of a state code; `unknown` for one that is not in the table.
    pub fn state(&self, code: u8) -> &'static str {
        self.states.get(usize::from(code)).unwrap_or(&"unknown")
    }

    /// Text of a reason code; `unknown` for one that is not in the table.
    pub fn reason(&self, code: u8) -> &'static str {
        self.reasons.get(usize::from(code)).unwrap_or(&"unknown")
    }

    /// Name of a feed; empty for one that is not in the table.
    pub fn feed(&self, index: u16) -> &str {
        self.feeds
            .get(usize::from(index))
            .map_or("", String::as_str)
    }

    /// Name of a signal; empty for one that is not in the table.
    pub fn signal(&self, index: u16) -> &str {
        self.signals
            .get(usize::from(index))
            .map_or("", String::as_str)
    }
}

/// Latest state of one instrument.
#[derive(Clone, Debug)]
pub struct Instrument {
    /// Index into [`Names::feeds`].
    pub feed: u16,
    /// The venue's symbol.
    pub symbol: Symbol,
    /// Sizes are integers of 10^-`size_decimals`.
    pub size_decimals: u8,
    /// State code.
    pub state: u8,
    /// Reason code.
    pub reason: u8,
    /// Since when the state holds.
    pub since: RecvTime,
    /// Venue sequence number of the last event applied.
    pub last_sequence: u64,
    /// When the last event was made.
    pub ts_event: EventTime,
    /// When it reached us.
    pub ts_recv: RecvTime,
    /// Our own number of the last record.
    pub pub_seq: u64,
    /// Buyers, best first.
    pub bids: Vec<Level>,
    /// Sellers, best first.
    pub asks: Vec<Level>,
    /// The last trades, oldest first, with their receive times.
    pub trades: VecDeque<(RecvTime, Trade)>,
    /// Latest value and state code of each signal, by index.
    pub signals: BTreeMap<u16, (f64, u8)>,
    /// Latest statistic of each kind the venue said.
    pub statistics: BTreeMap<StatisticKind, Statistic>,
    /// Latest finished bar.
    pub bar: Option<Bar>,
    /// Records applied.
    pub updates: u64,
    /// Records a second over the last whole second.
    pub updates_per_second: f64,
    /// Trades, signals and bars that found no room on the way here.
    pub lost: u64,
    /// When the last record was applied, for display.
    pub updated: Instant,
    updates_at_roll: u64,
}

impl Instrument {
    fn new(now: Instant) -> Instrument {
        Instrument {
            feed: 0,
            symbol: Symbol::new(b""),
            size_decimals: 0,
            state: 0,
            reason: 0,
            since: RecvTime::UNDEFINED,
            last_sequence: 0,
            ts_event: EventTime::UNDEFINED,
            ts_recv: RecvTime::UNDEFINED,
            pub_seq: 0,
            bids: Vec::new(),
            asks: Vec::new(),
            trades: VecDeque::with_capacity(TRADES_KEPT),
            signals: BTreeMap::new(),
            statistics: BTreeMap::new(),
            bar: None,
            updates: 0,
            updates_per_second: 0.0,
            lost: 0,
            updated: now,
            updates_at_roll: 0,
        }
    }

    /// Middle of best bid and ask in 0.5e-9, so that it is exact; `None` without both.
    pub fn mid_halves(&self) -> Option<i128> {
        let (bid, ask) = (self.bids.first()?, self.asks.first()?);
        Some(i128::from(bid.price) + i128::from(ask.price))
    }

    /// Best ask less best bid in 1e-9; `None` without both.
    pub fn spread(&self) -> Option<i128> {
        let (bid, ask) = (self.bids.first()?, self.asks.first()?);
        Some(i128::from(ask.price) - i128::from(bid.price))
    }
}

/// Latest state of one feed's connection.
#[derive(Clone, Copy, Debug, Default)]
pub struct Feed {
    /// Whether it is up; `None` before the first word of it.
    pub connected: Option<bool>,
    /// Reason code of the last change.
    pub reason: u8,
}

/// Latest state of everything that is published.
#[derive(Debug)]
pub struct View {
    /// Texts of the codes.
    pub names: Names,
    instruments: Vec<Option<Instrument>>,
    instruments_max: usize,
    feeds: Vec<Feed>,
    rolled: Instant,
    /// Latest receive time in any record: the clock of the data.
    pub clock: RecvTime,
}

impl View {
    /// An empty view that holds up to `instruments_max` instruments.
    pub fn new(names: Names, instruments_max: usize, now: Instant) -> View {
        View {
            feeds: vec![Feed::default(); names.feeds.len()],
            names,
            instruments: Vec::new(),
            instruments_max,
            rolled: now,
            clock: RecvTime::UNDEFINED,
        }
    }

    /// Takes a record in. Records of instruments that were never defined, or beyond the bound, are left out.
    pub fn apply(&mut self, record: &Record<'_>, now: Instant) {
        let header = &record.header;
        if header.ts_recv.get().is_some() {
            self.clock = header.ts_recv;
        }
        if let Body::Channel { feed, connected } = record.body {
            if let Some(feed) = self.feeds.get_mut(usize::from(feed)) {
                feed.connected = Some(connected);
                feed.reason = header.reason;
            }
            return;
        }
        let index = header.instrument as usize;
        if let Body::Instrument {
            feed,
            symbol,
            size_decimals,
        } = record.body
            && index < self.instruments_max
        {
            if index >= self.instruments.len() {
                self.instruments.resize_with(index + 1, || None);
            }
            let instrument = self.instruments[index].get_or_insert_with(|| Instrument::new(now));
            instrument.feed = feed;
            instrument.symbol = symbol;
            instrument.size_decimals = size_decimals;
        }
        let Some(Some(instrument)) = self.instruments.get_mut(index) else {
            return;
        };
        instrument.pub_seq = record.pub_seq;
        instrument.updates += 1;
        instrument.updated = now;
        match record.body {
            // A signal has a state of its own: that of its inputs.
            Body::Signal { index, value } => {
                instrument.signals.insert(index, (value, header.state));
                return;
            }
            // It has times of its own, and the book is no younger by it.
            Body::Statistic(statistic) => {
                instrument.statistics.insert(statistic.kind, statistic);
                return;
            }
            Body::Bar(bar) => {
                instrument.bar = Some(bar);
                return;
            }
            Body::Lost { count } => {
                instrument.lost += count;
                return;
            }
            Body::Snapshot { bids, asks } => {
                instrument.bids.clear();
                instrument.bids.extend_from_slice(bids);
                instrument.asks.clear();
                instrument.asks.extend_from_slice(asks);
            }
            Body::Trade(trade) => {
                if instrument.trades.len() == TRADES_KEPT {
                    instrument.trades.pop_front();
                }
                instrument.trades.push_back((header.ts_recv, trade));
            }
            Body::State | Body::Instrument { .. } | Body::Channel { .. } | Body::Time => {}
        }
        instrument.state = header.state;
        instrument.reason = header.reason;
        instrument.since = header.since;
        instrument.last_sequence = header.last_sequence;
        instrument.ts_event = header.ts_event;
        instrument.ts_recv = header.ts_recv;
    }

    /// Brings the rates up to date; to be called about once a second.
    pub fn roll_rates(&mut self, now: Instant) {
        let elapsed = now.saturating_duration_since(self.rolled);
        if elapsed < Duration::from_millis(500) {
            return;
        }
        self.rolled = now;
        for instrument in self.instruments.iter_mut().flatten() {
            let count = instrument.updates - instrument.updates_at_roll;
            instrument.updates_at_roll = instrument.updates;
            instrument.updates_per_second = count as f64 / elapsed.as_secs_f64();
        }
    }

    /// The instrument of this number, once it is defined.
    pub fn instrument(&self, id: u32) -> Option<&Instrument> {
        self.instruments.get(id as usize)?.as_ref()
    }

    /// All defined instruments with their numbers, in order.
    pub fn instruments(&self) -> impl Iterator<Item = (u32, &Instrument)> {
        self.instruments
            .iter()
            .zip(0u32..)
            .filter_map(|(instrument, id)| Some((id, instrument.as_ref()?)))
    }

    /// Numbers of the instruments a name means: `SYMBOL`, or `feed:SYMBOL` where several feeds have it.
    pub fn matching<'a>(&'a self, name: &'a str) -> impl Iterator<Item = u32> + 'a {
        self.instruments()
            .filter(move |(_, instrument)| self.is_named(instrument, name))
            .map(|(id, _)| id)
    }

    /// Whether a name means this instrument; see [`View::matching`].
    pub fn is_named(&self, instrument: &Instrument, name: &str) -> bool {
        let symbol = instrument.symbol.as_str();
        symbol == name
            || name
                .strip_suffix(symbol)
                .and_then(|rest| rest.strip_suffix(':'))
                .is_some_and(|feed| feed == self.names.feed(instrument.feed))
    }

    /// All feeds with their names.
    pub fn feeds(&self) -> impl Iterator<Item = (&str, &Feed)> {
        self.names.feeds.iter().map(String::as_str).zip(&self.feeds)
    }
}
