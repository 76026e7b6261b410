//! A replay: captures through the very same feeds, ring and graph, on the capture's clock.
//!
//! One thread reads captures and fills the ring; this one runs the graph. The ring holds the reader back, never drops.

use crate::book::Statistic;
use crate::config::Instruments;
use crate::ingest::ring::{NoNotify, Patience, TICKS_PER_PACKET_MAX, ring};
use crate::pipeline::{
    Channel, ChannelSpec, Drive, Market, MarketSettings, Outlet, Published, SignalSpec, Source,
};
use crate::publish::record::Writer;
use crate::replay::driver::{Driver, DriverReport, DriverSettings};
use crate::replay::pace::{Pacer, ScheduleError, Speed};
use crate::replay::{Broken, Capture, CaptureCounters};
use crate::runtime::{FailurePolicy, HistoricalRuntime};
use feeds::contract::{Batch, SettingFault};
use feeds::model::{ChannelId, InstrumentId, Price, Side, Terms};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What to replay, how, and what to keep.
pub struct ReplaySettings {
    /// Captures, in order.
    pub captures: Vec<(PathBuf, Capture)>,
    /// How the feed reads them.
    pub driver: DriverSettings,
    /// How fast.
    pub speed: Speed,
    /// What to compute.
    pub signals: Vec<SignalSpec>,
    /// Levels a side that are published.
    pub depth: usize,
    /// Levels a side in the report; `None` for all.
    pub report_depth: Option<usize>,
    /// Publish rings, besides the digest.
    pub writers: Vec<Writer>,
    /// Ticks the ring holds.
    pub ring_ticks: usize,
    /// Open orders the books hold without growing.
    pub orders_capacity: usize,
    /// Most instruments that may be published.
    pub instruments_max: usize,
}

/// A level in a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReportedLevel {
    /// Where.
    pub price: Price,
    /// How much, in the instrument's units.
    pub size: u64,
    /// How many orders.
    pub orders: u32,
}

/// An instrument at the end of a replay.
#[derive(Clone, Debug)]
pub struct ReportedInstrument {
    /// The venue's symbol.
    pub symbol: String,
    /// The venue.
    pub venue: String,
    /// Number in everything published.
    pub instrument_id: u32,
    /// How far the book can be trusted.
    pub state: &'static str,
    /// Why.
    pub reason: &'static str,
    /// Where the stream was joined, if in its middle.
    pub joined_sequence: Option<u64>,
    /// Venue's sequence of its last tick.
    pub last_sequence: u64,
    /// Smallest price step; undefined where the venue does not say.
    pub tick_size: Price,
    /// What the contract is.
    pub terms: Terms,
    /// The name that is the same on every venue; empty where it is not known.
    pub name: String,
    /// When its last tick was made; `None` when the venue does not say.
    pub ts_event: Option<u64>,
    /// Prints.
    pub trades: u64,
    /// Sum of their sizes.
    pub volume: u128,
    /// Precision of sizes.
    pub size_decimals: u8,
    /// The last statistic of each kind the venue said, in the order of the kinds.
    pub statistics: Vec<Statistic>,
    /// Buyers, best first.
    pub bids: Vec<ReportedLevel>,
    /// Sellers, best first.
    pub asks: Vec<ReportedLevel>,
}

/// What a replay found.
#[derive(Clone, Debug)]
pub struct ReplayReport {
    /// What went into the feeds and what they made of it.
    pub driver: DriverReport,
    /// Each capture's totals, and where it broke off.
    pub captures: Vec<(PathBuf, CaptureCounters, Option<Broken>)>,
    /// Ticks the graph took.
    pub ticks: u64,
    /// Graph cycles' worth of published records.
    pub published: Published,
    /// Faults of the books, by name.
    pub book_faults: Vec<(&'static str, u64)>,
    /// How well the pace was kept, when it was.
    pub schedule_error: Option<ScheduleError>,
    /// Wall time from the first byte to the last cycle.
    pub elapsed: std::time::Duration,
    /// Every instrument, in order of appearance.
    pub instruments: Vec<ReportedInstrument>,
}

/// Why a replay could not run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The feed's settings are wrong.
    #[error("the feed cannot be built: {}", .0.iter().map(|f| format!("{}: {} ({})", f.key, f.why, f.remedy)).collect::<Vec<_>>().join("; "))]
    Settings(Vec<SettingFault>),
    /// A thread could not be started, or the poller failed.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// The reading thread panicked: a bug.
    #[error("the thread that reads captures panicked")]
    Panicked,
}

struct Read {
    driver: DriverReport,
    captures: Vec<(PathBuf, CaptureCounters, Option<Broken>)>,
    schedule_error: Option<ScheduleError>,
}

/// Runs a replay to its end, or until `stop`.
///
/// # Errors
/// [`ReplayError`]; faults of the data are in the report, not here.
pub fn replay(
    settings: ReplaySettings,
    stop: &Arc<AtomicBool>,
    mut on_progress: impl FnMut(usize, u64) + Send + 'static,
) -> Result<ReplayReport, ReplayError> {
    let started = crate::sys::clock::AnchoredClock::new();
    let began = started.now_ns();
    let spec = ChannelSpec {
        id: ChannelId(0),
        feed: settings.driver.descriptor.name.to_owned(),
        venue: settings.driver.descriptor.venue.to_owned(),
        book: settings.driver.descriptor.book_of(&settings.driver.own),
        orders_capacity: settings.orders_capacity,
    };
    let mut driver = Driver::new(settings.driver).map_err(ReplayError::Settings)?;
    let ring_ticks = settings.ring_ticks.max(2 * TICKS_PER_PACKET_MAX);
    let (sink, reader) = ring(ring_ticks, 1 << 12, Patience::Endless, Arc::new(NoNotify));
    let (captures, speed, stop_reading) = (settings.captures, settings.speed, Arc::clone(stop));
    let thread = std::thread::Builder::new()
        .name("replay".into())
        .spawn(move || {
            let mut out = Batch::new(Box::new(sink));
            let mut pacer = Pacer::new(speed);
            let mut read = Vec::new();
            for (index, (path, mut capture)) in captures.into_iter().enumerate() {
                let name = path.display().to_string();
                let progress = |count| on_progress(index, count);
                driver.run(
                    &mut capture,
                    &name,
                    &mut pacer,
                    &mut out,
                    &stop_reading,
                    progress,
                );
                read.push((path, capture.counters(), capture.broken().cloned()));
            }
            let schedule_error = pacer.schedule_error();
            Read {
                driver: driver.finish(&mut out),
                captures: read,
                schedule_error,
            }
        })?;

    let depth = settings.depth.max(1);
    let mut runtime = HistoricalRuntime::new();
    // Half a replay is no result.
    runtime
        .executor()
        .set_failure_policy(FailurePolicy::Propagate);
    let market_settings = MarketSettings {
        depth,
        signals: settings.signals,
    };
    let source = Source::new(reader, Vec::new(), Some(spec), depth as u32);
    let outlet = Outlet::with_digest(settings.writers, settings.instruments_max);
    let (market, _) = Market::build(
        runtime.executor(),
        &market_settings,
        vec![source],
        outlet,
        Drive::Historical,
    );
    runtime.run_historical(&mut market.times())?;
    let read = thread.join().map_err(|_| ReplayError::Panicked)?;
    let elapsed = std::time::Duration::from_nanos(started.now_ns().saturating_sub(began));

    let mut instruments = Vec::new();
    let mut book_faults = vec![0u64; crate::book::Fault::ALL.len()];
    let mut ticks = 0;
    for source in market.sources() {
        let source = source.borrow();
        ticks += source.ticks();
        for channel in source.channels() {
            for (total, count) in book_faults.iter_mut().zip(channel.faults()) {
                *total += count;
            }
        }
    }
    market.for_each_book(|source, book| {
        if let Some(channel) = source.channel(book.channel) {
            instruments.push(reported(
                channel,
                book.instrument,
                book.number,
                settings.report_depth,
            ));
        }
    });
    Ok(ReplayReport {
        driver: read.driver,
        captures: read.captures,
        ticks,
        published: market.published(),
        book_faults: crate::book::Fault::ALL
            .iter()
            .zip(book_faults)
            .filter(|(_, count)| *count > 0)
            .map(|(fault, count)| (fault.as_str(), count))
            .collect(),
        schedule_error: read.schedule_error,
        elapsed,
        instruments,
    })
}

/// One instrument's line of the report.
fn reported(
    channel: &Channel,
    id: InstrumentId,
    number: u32,
    depth: Option<usize>,
) -> ReportedInstrument {
    let instrument = &channel.instruments()[id.index()];
    let state = channel.state(id);
    let levels = |side| {
        channel
            .books()
            .levels(id, side)
            .take(depth.unwrap_or(usize::MAX))
            .map(|level| ReportedLevel {
                price: level.price,
                size: level.size,
                orders: level.orders,
            })
            .collect()
    };
    ReportedInstrument {
        tick_size: instrument.definition.tick_size,
        terms: instrument.definition.terms,
        symbol: instrument.definition.symbol.as_str().to_owned(),
        name: instrument.definition.name.as_str().to_owned(),
        venue: channel.spec.venue.clone(),
        instrument_id: number,
        state: state.state.as_str(),
        reason: state.reason.as_str(),
        joined_sequence: channel.joined_at(),
        last_sequence: instrument.last_sequence,
        ts_event: instrument.ts_event.get(),
        trades: instrument.trades,
        volume: instrument.volume,
        size_decimals: instrument.definition.size_decimals,
        statistics: channel.statistics(id).all().copied().collect(),
        bids: levels(Side::Bid),
        asks: levels(Side::Ask),
    }
}

/// Signals as a configuration names them, for every instrument: what a replay without a configuration computes.
pub fn default_signals() -> Vec<SignalSpec> {
    use crate::config::SignalKind;
    [
        SignalKind::Mid,
        SignalKind::Spread,
        SignalKind::Microprice,
        SignalKind::Imbalance { depth: 1 },
        SignalKind::Vwap { window_ms: None },
    ]
    .into_iter()
    .enumerate()
    .map(|(index, kind)| SignalSpec {
        index: index as u16,
        kind,
        instruments: Instruments::All,
    })
    .collect()
}
