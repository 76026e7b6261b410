//! `waveletd replay`: captures through the same path as live data, and what came of them.

use super::{Exit, Format, Timestamps, exit_of_write, feed_named, narrate, trailers_told};
use crate::book::Statistic;
use crate::config::{self, Instruments, Reach};
use crate::daemon::replay::{
    ReplayError, ReplayReport, ReplaySettings, ReportedInstrument, ReportedLevel, default_signals,
    replay,
};
use crate::pipeline::SignalSpec;
use crate::replay::driver::DriverSettings;
use crate::replay::{Capture, Speed, parse_moment};
use clap::Args;
use feeds::contract::Descriptor;
use feeds::model::{Expiry, Leg, Price, RecvTime, Side, Size, Terms};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Arguments of `replay`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  waveletd replay DEEP10.pcap.gz --feed iex_deep10 --books 5
  waveletd replay monday.pcap tuesday.pcap --feed nasdaq_itch50 --speed 10x --format json
  waveletd replay session-folder/ --feed coinbase_ws --from 2021-04-17T16:43:40Z

Exit code 3 says that data is missing or damaged: a gap that was not recovered, a capture that breaks off, bytes that
could not be decoded. The report says which.")]
pub struct ReplayArgs {
    /// pcap, pcapng, the venue's file form, recordings or folders of session files; .gz and .zst too. Told apart by content.
    #[arg(required = true, value_name = "CAPTURE")]
    pub captures: Vec<PathBuf>,
    /// Which feed reads them (see `waveletd list feeds`); with -c, the name of a feed of the configuration.
    #[arg(long, required_unless_present = "config")]
    pub feed: Option<String>,
    /// Configuration to take lines, settings, signals and depth from.
    #[arg(short, long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// `max`, or a multiple of the capture's own time: 1x, 10x, 0.5x.
    #[arg(long, default_value = "max", value_parser = parse_speed)]
    pub speed: Speed,
    /// Leave out what came before: RFC 3339 or nanoseconds since 1970.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub from: Option<RecvTime>,
    /// Leave out what came then or later.
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    pub to: Option<RecvTime>,
    /// Levels a side in the report.
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub books: usize,
    /// Destinations of one channel, A first, comma separated; once a channel. Without it, destinations that carry the same
    /// session are lines of one channel.
    #[arg(long, value_name = "A,B", value_delimiter = ' ')]
    pub lines: Vec<String>,
    /// Whose receive times: the capture's, or those a switch or tap put into the frames (the
    /// capture's where a frame has none).
    #[arg(long, value_enum, default_value_t = Timestamps::Capture)]
    pub timestamps: Timestamps,
    /// How to write the report.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
}

fn parse_speed(text: &str) -> Result<Speed, String> {
    text.parse::<Speed>().map_err(|error| error.to_string())
}

fn parse_time(text: &str) -> Result<RecvTime, String> {
    parse_moment(text).map_err(|error| error.to_string())
}

/// What the arguments and the configuration come to.
struct Plan {
    descriptor: &'static Descriptor,
    driver: DriverSettings,
    signals: Vec<SignalSpec>,
    depth: usize,
    ring_ticks: usize,
    orders_capacity: usize,
}

/// Replays.
pub fn run(args: &ReplayArgs) -> Exit {
    let mut plan = match plan(args) {
        Ok(plan) => plan,
        Err(exit) => return exit,
    };
    (plan.driver.from, plan.driver.to) = (args.from, args.to);
    let mut captures = Vec::new();
    for path in &args.captures {
        match Capture::open(path, plan.descriptor) {
            Ok(capture) => captures.push((path.clone(), args.timestamps.of(capture))),
            Err(error) => {
                narrate(&format!("waveletd: {error}"));
                return Exit::Failure;
            }
        }
    }
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&stop)) {
            narrate(&format!("waveletd: signals cannot be watched: {error}"));
        }
    }
    let bar = progress();
    let shown = bar.clone();
    let settings = ReplaySettings {
        captures,
        driver: plan.driver,
        speed: args.speed,
        signals: plan.signals,
        depth: plan.depth,
        report_depth: Some(args.books),
        writers: Vec::new(),
        ring_ticks: plan.ring_ticks,
        orders_capacity: plan.orders_capacity,
        instruments_max: 1 << 17,
    };
    let outcome = replay(settings, &stop, move |capture, count| {
        shown.set_position(count);
        shown.set_message(format!("capture {}", capture + 1));
    });
    bar.finish_and_clear();
    match outcome {
        Ok(report) => finish(args, &report),
        Err(error @ ReplayError::Settings(_)) => {
            narrate(&format!("waveletd: {error}"));
            Exit::Configuration
        }
        Err(error) => {
            narrate(&format!("waveletd: {error}"));
            Exit::Failure
        }
    }
}

fn progress() -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(5)
    } else {
        ProgressDrawTarget::hidden()
    };
    let bar = ProgressBar::with_draw_target(None, target);
    if let Ok(style) =
        ProgressStyle::with_template("{spinner} {msg}: {human_pos} records, {per_sec}, {elapsed}")
    {
        bar.set_style(style);
    }
    bar
}

fn plan(args: &ReplayArgs) -> Result<Plan, Exit> {
    let Some(file) = &args.config else {
        let name = args.feed.as_deref().unwrap_or_default();
        let descriptor = feed_named(name)?;
        let channels = lines(&args.lines)?;
        return Ok(Plan {
            descriptor,
            driver: DriverSettings {
                descriptor,
                channels,
                instruments: Vec::new(),
                own: Vec::new(),
                from: None,
                to: None,
            },
            signals: default_signals(),
            depth: args.books.clamp(1, config::BooksConfig::DEPTH_MAX),
            ring_ticks: 1 << 16,
            orders_capacity: 1 << 16,
        });
    };
    let config = config::load(file).map_err(|faults| {
        narrate(&faults.render());
        Exit::Configuration
    })?;
    let wanted = args.feed.as_deref();
    let found: Vec<_> = config
        .feeds
        .iter()
        .filter(|feed| wanted.is_none_or(|name| feed.name == name))
        .collect();
    let [feed] = found[..] else {
        let names: Vec<&str> = config.feeds.iter().map(|feed| feed.name.as_str()).collect();
        narrate(&format!(
            "waveletd: say with --feed which one feed of {} the captures are of: {}",
            file.display(),
            names.join(", ")
        ));
        return Err(Exit::Usage);
    };
    let channels = match &feed.reach {
        Reach::Datagrams { lines, .. } => vec![(feed.name.clone(), lines.addresses.clone())],
        Reach::WebSocket { .. } => Vec::new(),
    };
    Ok(Plan {
        descriptor: feed.descriptor,
        driver: DriverSettings {
            descriptor: feed.descriptor,
            channels,
            instruments: match &feed.instruments {
                Instruments::All => Vec::new(),
                Instruments::Only(symbols) => symbols.clone(),
            },
            own: feed.own.clone(),
            from: None,
            to: None,
        },
        signals: crate::daemon::signal_specs(&config.signals),
        depth: config.books.depth,
        ring_ticks: config.ring_ticks,
        orders_capacity: config.books.orders_capacity,
    })
}

fn lines(given: &[String]) -> Result<Vec<(String, Vec<std::net::SocketAddr>)>, Exit> {
    given
        .iter()
        .map(|channel| {
            let addresses: Result<Vec<_>, _> = channel.split(',').map(str::parse).collect();
            addresses.map(|addresses| (channel.clone(), addresses)).map_err(|_| {
                narrate(&format!(
                    "waveletd: `--lines {channel}`: give addresses with ports, such as 233.54.12.111:26477,233.54.12.111:26478"
                ));
                Exit::Usage
            })
        })
        .collect()
}

fn finish(args: &ReplayArgs, report: &ReplayReport) -> Exit {
    for (path, counters, broken) in &report.captures {
        for (name, count) in counters.skipped_by_name() {
            narrate(&format!(
                "waveletd: {}: {count} packets left out: {name}",
                path.display()
            ));
        }
        if let Some(told) = trailers_told(&counters.trailers) {
            narrate(&format!("waveletd: {}: {told}", path.display()));
        }
        if let Some(broken) = broken {
            narrate(&format!(
                "waveletd: {}: breaks off at byte {}: {}",
                path.display(),
                broken.offset,
                broken.why
            ));
        }
    }
    for channel in &report.driver.channels {
        for notice in &channel.notices {
            narrate(&format!("waveletd: {}: {notice:?}", channel.name));
        }
    }
    if let Some(error) = report.schedule_error {
        narrate(&format!(
            "waveletd: schedule error: p50 {} µs, p99 {} µs, max {} µs over {} records",
            error.p50_ns / 1_000,
            error.p99_ns / 1_000,
            error.max_ns / 1_000,
            error.count
        ));
    }
    let written = write_report(args, report);
    if let Err(error) = written {
        return exit_of_write(&error);
    }
    if is_breach(report) {
        Exit::Quality
    } else {
        Exit::Success
    }
}

/// Whether data is missing or damaged.
fn is_breach(report: &ReplayReport) -> bool {
    let lost = report
        .driver
        .channels
        .iter()
        .flat_map(|channel| &channel.gaps)
        .any(|g| !g.recovered);
    let undecoded = report
        .driver
        .channels
        .iter()
        .any(|channel| channel.counters.decode_errors_total() > 0);
    let broken = report
        .captures
        .iter()
        .any(|(_, _, broken)| broken.is_some());
    lost || undecoded || broken
}

#[derive(Serialize)]
struct GapLine<'a> {
    channel: &'a str,
    first: u64,
    count: u64,
    recovered: bool,
}

#[derive(Serialize)]
struct LevelLine {
    price: String,
    size: String,
    orders: u32,
}

#[derive(Serialize)]
struct InstrumentLine<'a> {
    symbol: &'a str,
    /// The name that is the same on every venue, where it is known.
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'a str,
    venue: &'a str,
    instrument_id: u32,
    state: &'static str,
    reason: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    joined_sequence: Option<u64>,
    last_sequence: u64,
    ts_event: Option<u64>,
    trades: u64,
    volume: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    tick_size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    terms: Option<TermsLine>,
    /// By the names of the kinds.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    statistics: BTreeMap<&'static str, StatisticLine>,
    bids: Vec<LevelLine>,
    asks: Vec<LevelLine>,
}

/// The last statistic of its kind.
#[derive(Serialize)]
struct StatisticLine {
    #[serde(skip_serializing_if = "Option::is_none")]
    side: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u64>,
    /// How many of the kind there were.
    count: u64,
    ts_event: Option<u64>,
    ts_recv: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence: Option<u64>,
}

impl StatisticLine {
    fn of(statistic: &Statistic, decimals: u8) -> StatisticLine {
        let size = |size| Size(size).display(decimals).to_string();
        StatisticLine {
            side: match statistic.side {
                Side::Bid => Some("bid"),
                Side::Ask => Some("ask"),
                Side::None => None,
            },
            price: statistic
                .price
                .is_defined()
                .then(|| statistic.price.to_string()),
            size: statistic.size().map(size),
            id: (statistic.id != 0).then_some(statistic.id),
            count: statistic.count,
            ts_event: statistic.ts_event.get(),
            ts_recv: statistic.ts_recv.get(),
            sequence: (statistic.sequence != 0).then_some(statistic.sequence),
        }
    }
}

/// Terms of a contract, as far as they are said.
#[derive(Serialize)]
struct TermsLine {
    kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    currency: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    multiplier: Option<String>,
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    expiry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strike: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    legs: Vec<LegLine>,
    /// Legs there are, those that are not named included.
    leg_count: u8,
}

#[derive(Serialize)]
struct LegLine {
    instrument: u64,
    ratio: i32,
}

impl TermsLine {
    fn of(terms: &Terms) -> Option<TermsLine> {
        if *terms == Terms::default() {
            return None;
        }
        let said = |price: Price| price.is_defined().then(|| price.to_string());
        let Expiry { year, month, day } = terms.expiry;
        let expiry = match (month, day) {
            (0, _) => format!("{year:04}"),
            (_, 0) => format!("{year:04}-{month:02}"),
            _ => format!("{year:04}-{month:02}-{day:02}"),
        };
        let leg = |leg: &Leg| LegLine {
            instrument: leg.instrument,
            ratio: leg.ratio,
        };
        Some(TermsLine {
            kind: terms.kind.as_str(),
            currency: terms.currency().to_owned(),
            multiplier: said(terms.multiplier),
            expiry: terms.expiry.is_said().then_some(expiry),
            strike: said(terms.strike),
            legs: terms.legs().iter().map(leg).collect(),
            leg_count: terms.leg_count,
        })
    }
}

#[derive(Serialize)]
struct Broken<'a> {
    capture: String,
    offset: u64,
    why: &'a str,
}

#[derive(Serialize)]
struct Schedule {
    p50_ns: u64,
    p99_ns: u64,
    max_ns: u64,
}

/// Whose receive times the packets have, where trailers were read.
#[derive(Default, Serialize)]
struct ReceiveTimes {
    trailer: u64,
    trailer_degraded: u64,
    capture_trailer_absent: u64,
    capture_trailer_implausible: u64,
}

#[derive(Serialize)]
struct Report<'a> {
    packets: u64,
    bytes: u64,
    messages: u64,
    ticks: u64,
    elapsed_seconds: f64,
    messages_per_second: f64,
    messages_by_type: BTreeMap<&'static str, u64>,
    unknown_messages: u64,
    unknown_instrument_messages: u64,
    decode_errors: u64,
    duplicate_packets: u64,
    sequence_resets: u64,
    packets_left_out: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    receive_times: Option<ReceiveTimes>,
    gaps: Vec<GapLine<'a>>,
    broken: Vec<Broken<'a>>,
    book_faults: BTreeMap<&'static str, u64>,
    published_records: u64,
    published_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_error: Option<Schedule>,
    instruments: Vec<InstrumentLine<'a>>,
}

impl<'a> Report<'a> {
    fn of(report: &'a ReplayReport) -> Report<'a> {
        let channels = &report.driver.channels;
        let sum = |count: fn(&feeds::contract::FeedCounters) -> u64| -> u64 {
            channels
                .iter()
                .map(|channel| count(&channel.counters))
                .sum()
        };
        let messages = sum(|counters| counters.messages);
        let seconds = report.elapsed.as_secs_f64();
        let mut messages_by_type = BTreeMap::new();
        for (name, count) in channels
            .iter()
            .flat_map(|channel| &channel.messages_by_type)
        {
            *messages_by_type.entry(*name).or_insert(0) += count;
        }
        let left_out: u64 = report
            .captures
            .iter()
            .flat_map(|(_, counters, _)| counters.skipped_by_name())
            .map(|(_, count)| count)
            .sum();
        let mut times = ReceiveTimes::default();
        for (_, counters, _) in &report.captures {
            times.trailer += counters.trailers.read;
            times.trailer_degraded += counters.trailers.degraded;
            times.capture_trailer_absent += counters.trailers.absent;
            times.capture_trailer_implausible += counters.trailers.implausible;
        }
        let seen = times.capture_trailer_absent + times.capture_trailer_implausible;
        let has_trailers = times.trailer + seen > 0;
        Report {
            packets: report.driver.packets,
            bytes: report.driver.bytes,
            messages,
            ticks: report.ticks,
            elapsed_seconds: seconds,
            messages_per_second: if seconds > 0.0 {
                messages as f64 / seconds
            } else {
                0.0
            },
            messages_by_type,
            unknown_messages: sum(|counters| counters.unknown_messages),
            unknown_instrument_messages: sum(|counters| counters.unknown_instrument_messages),
            decode_errors: sum(|counters| counters.decode_errors_total()),
            duplicate_packets: sum(|counters| counters.packets_duplicate),
            sequence_resets: sum(|counters| counters.resets),
            packets_left_out: left_out + report.driver.packets_unclaimed,
            receive_times: has_trailers.then_some(times),
            gaps: channels
                .iter()
                .flat_map(|channel| {
                    channel.gaps.iter().map(|gap| GapLine {
                        channel: &channel.name,
                        first: gap.first,
                        count: gap.count,
                        recovered: gap.recovered,
                    })
                })
                .collect(),
            broken: report
                .captures
                .iter()
                .filter_map(|(path, _, broken)| {
                    broken.as_ref().map(|broken| Broken {
                        capture: path.display().to_string(),
                        offset: broken.offset,
                        why: &broken.why,
                    })
                })
                .collect(),
            book_faults: report.book_faults.iter().copied().collect(),
            published_records: report.published.records,
            published_hash: format!("{:016x}", report.published.hash),
            schedule_error: report.schedule_error.map(|error| Schedule {
                p50_ns: error.p50_ns,
                p99_ns: error.p99_ns,
                max_ns: error.max_ns,
            }),
            instruments: report.instruments.iter().map(instrument).collect(),
        }
    }
}

fn instrument(instrument: &ReportedInstrument) -> InstrumentLine<'_> {
    let decimals = instrument.size_decimals;
    let levels = |levels: &[ReportedLevel]| {
        levels
            .iter()
            .map(|level| LevelLine {
                price: level.price.to_string(),
                size: Size(level.size).display(decimals).to_string(),
                orders: level.orders,
            })
            .collect()
    };
    let volume = feeds::model::decimal::Decimal {
        mantissa: i128::try_from(instrument.volume).unwrap_or(i128::MAX),
        scale: decimals,
    };
    InstrumentLine {
        symbol: &instrument.symbol,
        name: &instrument.name,
        venue: &instrument.venue,
        instrument_id: instrument.instrument_id,
        state: instrument.state,
        reason: instrument.reason,
        joined_sequence: instrument.joined_sequence,
        last_sequence: instrument.last_sequence,
        ts_event: instrument.ts_event,
        trades: instrument.trades,
        volume: volume.to_string(),
        tick_size: instrument
            .tick_size
            .is_defined()
            .then(|| instrument.tick_size.to_string()),
        terms: TermsLine::of(&instrument.terms),
        statistics: instrument
            .statistics
            .iter()
            .map(|one| (one.kind.as_str(), StatisticLine::of(one, decimals)))
            .collect(),
        bids: levels(&instrument.bids),
        asks: levels(&instrument.asks),
    }
}

fn write_report(args: &ReplayArgs, report: &ReplayReport) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let report = Report::of(report);
    match args.format {
        Format::Json => {
            serde_json::to_writer(&mut out, &report)?;
            writeln!(out)?;
        }
        Format::Jsonl => {
            for instrument in &report.instruments {
                serde_json::to_writer(&mut out, instrument)?;
                writeln!(out)?;
            }
        }
        Format::Csv => {
            writeln!(
                out,
                "symbol,venue,instrument_id,state,reason,side,level,price,size,orders"
            )?;
            for instrument in &report.instruments {
                for (side, levels) in [("bid", &instrument.bids), ("ask", &instrument.asks)] {
                    for (index, level) in levels.iter().enumerate() {
                        writeln!(
                            out,
                            "{},{},{},{},{},{side},{},{},{},{}",
                            instrument.symbol,
                            instrument.venue,
                            instrument.instrument_id,
                            instrument.state,
                            instrument.reason,
                            index + 1,
                            level.price,
                            level.size,
                            level.orders
                        )?;
                    }
                }
            }
        }
        Format::Table => table(&mut out, args, &report)?,
    }
    out.flush()
}

fn table(out: &mut impl Write, args: &ReplayArgs, report: &Report<'_>) -> io::Result<()> {
    writeln!(
        out,
        "{} packets, {} messages, {} ticks in {:.3} s ({:.0} messages/s)",
        report.packets,
        report.messages,
        report.ticks,
        report.elapsed_seconds,
        report.messages_per_second
    )?;
    for (name, count) in &report.messages_by_type {
        writeln!(out, "  {count:>12}  {name}")?;
    }
    for (what, count) in [
        ("unknown messages", report.unknown_messages),
        (
            "messages of unknown instruments",
            report.unknown_instrument_messages,
        ),
        ("decode errors", report.decode_errors),
        ("duplicate packets", report.duplicate_packets),
        ("sequence resets", report.sequence_resets),
        ("packets left out", report.packets_left_out),
    ] {
        if count > 0 {
            writeln!(out, "  {count:>12}  {what}")?;
        }
    }
    for (fault, count) in &report.book_faults {
        writeln!(out, "  {count:>12}  book fault {fault}")?;
    }
    for gap in &report.gaps {
        let end = if gap.recovered { "recovered" } else { "LOST" };
        writeln!(
            out,
            "gap on {}: {} messages from {} {end}",
            gap.channel, gap.count, gap.first
        )?;
    }
    writeln!(
        out,
        "published {} records, digest {}",
        report.published_records, report.published_hash
    )?;
    writeln!(out)?;
    writeln!(
        out,
        "{:<16} {:<18} {:<18} {:>12} {:>10} {:>16}  bid | ask",
        "symbol", "state", "reason", "sequence", "trades", "volume"
    )?;
    for instrument in &report.instruments {
        let best = |levels: &[LevelLine]| {
            levels.first().map_or("-".to_owned(), |level| {
                format!("{} x {}", level.price, level.size)
            })
        };
        writeln!(
            out,
            "{:<16} {:<18} {:<18} {:>12} {:>10} {:>16}  {} | {}",
            instrument.symbol,
            instrument.state,
            instrument.reason,
            instrument.last_sequence,
            instrument.trades,
            instrument.volume,
            best(&instrument.bids),
            best(&instrument.asks)
        )?;
        if args.books > 1 && report.instruments.len() <= 20 {
            let rows = instrument.bids.len().max(instrument.asks.len());
            for row in 0..rows {
                let level = |levels: &[LevelLine]| {
                    levels.get(row).map_or(String::new(), |level| {
                        format!("{} x {} ({})", level.price, level.size, level.orders)
                    })
                };
                writeln!(
                    out,
                    "    {:>36} | {}",
                    level(&instrument.bids),
                    level(&instrument.asks)
                )?;
            }
        }
    }
    Ok(())
}
