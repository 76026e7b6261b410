//! Configuration: YAML in, types that cannot be wrong out, every fault of the file at once.
//!
//! ```text
//! yaml.rs ─▶ raw.rs ─▶ check.rs ─▶ Config
//!  text       mirror     meaning     what the daemon runs
//!  + place    + place    + place
//! ```
//!
//! A fault names file, line, column, path, why and what to do: `a.yaml:4:11: feeds[0].protocol: … (…)`. Settings that only a
//! protocol knows are judged by its own room, which builds a channel on probe.

mod check;
pub mod environment;
mod raw;
mod secret;
mod simulate;
mod yaml;

#[cfg(test)]
mod tests;

use crate::ingest::websocket::Way;
use crate::record::RecordConfig;
pub use crate::sys::socket::{Interface, Join, Stamping};
use feeds::contract::{Descriptor, Feed, FeedSettings, SettingFault, Transport, Value};
use feeds::model::ChannelId;
pub use simulate::{SimulateConfig, SimulatedFaults};
use std::fmt::{self, Write as _};
use std::net::SocketAddr;
use std::path::Path;

/// A place in the file: both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// Line.
    pub line: u32,
    /// Column.
    pub column: u32,
}

/// One thing wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where.
    pub at: Position,
    /// Which key: `feeds[0].lines.a`.
    pub path: String,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

impl Fault {
    fn new(at: Position, path: &str, why: impl Into<String>, remedy: impl Into<String>) -> Fault {
        Fault {
            at,
            path: path.to_owned(),
            why: why.into(),
            remedy: remedy.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Fault {
            at,
            path,
            why,
            remedy,
        } = self;
        write!(f, "{}:{}: {path}: {why} ({remedy})", at.line, at.column)
    }
}

/// Everything wrong with a file, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigFaults {
    /// The file's name as given.
    pub file: String,
    /// Its text; empty when it could not be read.
    pub source: String,
    /// At least one.
    pub faults: Vec<Fault>,
}

impl fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.faults.iter().enumerate() {
            let newline = if index == 0 { "" } else { "\n" };
            write!(f, "{newline}{}:{fault}", self.file)?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigFaults {}

impl ConfigFaults {
    /// The faults with the line each stands on and a caret under its column, for a terminal.
    pub fn render(&self) -> String {
        let mut text = String::new();
        for fault in &self.faults {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{}:{fault}", self.file);
            let line = fault.at.line as usize;
            if let Some(source) = self.source.lines().nth(line.saturating_sub(1)) {
                // A tab is one column to YAML and several to a terminal; other controls are nobody's friend.
                let shown: String = source
                    .chars()
                    .map(|c| if c.is_control() { ' ' } else { c })
                    .collect();
                let _ = writeln!(text, "{line:>6} | {shown}");
                let indent = " ".repeat((fault.at.column as usize).saturating_sub(1));
                let _ = writeln!(text, "       | {indent}^");
            }
        }
        text
    }
}

/// How a thread waits for work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ExecutionMode {
    /// Never sleeps: lowest latency, one core fully used.
    Spin,
    /// Sleeps until there is work.
    #[default]
    Park,
}

impl ExecutionMode {
    /// As the configuration writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            ExecutionMode::Spin => "spin",
            ExecutionMode::Park => "park",
        }
    }
}

impl From<ExecutionMode> for crate::runtime::ExecutionMode {
    fn from(mode: ExecutionMode) -> Self {
        match mode {
            ExecutionMode::Spin => Self::Spin,
            ExecutionMode::Park => Self::Park,
        }
    }
}

/// The graph thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct RuntimeConfig {
    /// The core it is pinned to; none lets the kernel choose.
    pub core: Option<usize>,
    /// How it waits.
    pub mode: ExecutionMode,
}

/// Which instruments are meant.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Instruments {
    /// Every one the feeds define.
    #[default]
    All,
    /// These symbols, as their venues write them; never empty.
    Only(Vec<String>),
}

impl Instruments {
    /// Whether `symbol` is meant.
    pub fn contains(&self, symbol: &str) -> bool {
        match self {
            Instruments::All => true,
            Instruments::Only(symbols) => symbols.iter().any(|held| held == symbol),
        }
    }

    /// The symbols as a feed is told them: empty means all.
    pub fn symbols(&self) -> &[String] {
        match self {
            Instruments::All => &[],
            Instruments::Only(symbols) => symbols,
        }
    }
}

/// The redundant lines of a datagram feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    /// Line a first; up to 4 of them, all different. None where the channel comes over a connection.
    pub addresses: Vec<SocketAddr>,
    /// Where multicast groups are joined that have no interface of their own; none lets the routing
    /// table choose.
    pub interface: Option<Interface>,
    /// How the group of each line is joined, one a line.
    pub joins: Vec<Join>,
}

/// How a feed reaches its venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Datagrams.
    Datagrams {
        /// Where they come from; no address where the channel comes over a connection.
        lines: Lines,
        /// Servers that send the channel over a connection in place of lines, the first one to be asked first.
        delivery: Vec<SocketAddr>,
        /// Servers that may be asked for what is missing.
        retransmit: Vec<SocketAddr>,
        /// Lines that repeat snapshots, A first.
        snapshot_lines: Vec<SocketAddr>,
        /// How the group of each of them is joined.
        snapshot_joins: Vec<Join>,
        /// Lines that carry answers to requests, A first.
        gap_lines: Vec<SocketAddr>,
        /// How the group of each of them is joined.
        gap_joins: Vec<Join>,
        /// Servers that may be asked for a snapshot.
        snapshot: Vec<SocketAddr>,
        /// Which clocks are asked for receive times.
        stamping: Stamping,
        /// Receive buffer of each socket, in bytes.
        receive_buffer_bytes: usize,
    },
    /// A WebSocket.
    WebSocket {
        /// `ws://` or `wss://`.
        url: String,
        /// Connections that say the same, 1 or 2: with two, one stands in for the other at once.
        connections: u8,
        /// Most instruments a connection carries, where that is to be fewer than the venue allows.
        instruments_per_connection: Option<u32>,
        /// Proxy, authorities, headers.
        way: Way,
    },
}

/// One feed.
#[derive(Clone, Debug)]
pub struct FeedConfig {
    /// Name in logs, metrics and on the command line; unique.
    pub name: String,
    /// What it speaks.
    pub descriptor: &'static Descriptor,
    /// How it reaches the venue; fits [`Descriptor::transport`].
    pub reach: Reach,
    /// What it follows.
    pub instruments: Instruments,
    /// The core its ingest thread is pinned to. Feeds with the same core share the thread.
    pub core: Option<usize>,
    /// How its ingest thread waits.
    pub mode: ExecutionMode,
    /// Settings of the protocol's own.
    pub own: Vec<(String, Value)>,
}

impl FeedConfig {
    /// The lines of a datagram feed.
    pub fn lines(&self) -> Option<&Lines> {
        match &self.reach {
            Reach::Datagrams { lines, .. } => Some(lines),
            Reach::WebSocket { .. } => None,
        }
    }

    /// Retransmission servers; empty for a WebSocket.
    pub fn retransmit(&self) -> &[SocketAddr] {
        match &self.reach {
            Reach::Datagrams { retransmit, .. } => retransmit,
            Reach::WebSocket { .. } => &[],
        }
    }

    /// The WebSocket's address.
    pub fn url(&self) -> Option<&str> {
        match &self.reach {
            Reach::Datagrams { .. } => None,
            Reach::WebSocket { url, .. } => Some(url),
        }
    }

    /// What the protocol's room is told.
    pub fn settings(&self, channel: ChannelId) -> FeedSettings {
        // At most `Line::COUNT_MAX` lines and `SERVERS_MAX` servers pass the check.
        let delivery_server_count = match &self.reach {
            Reach::Datagrams { delivery, .. } => delivery.len() as u8,
            Reach::WebSocket { .. } => 0,
        };
        let (line_count, server_count, snapshot_server_count, has_snapshot_lines, has_gap_lines) =
            match &self.reach {
                Reach::Datagrams {
                    lines,
                    retransmit,
                    snapshot_lines,
                    gap_lines,
                    snapshot,
                    ..
                } => (
                    lines.addresses.len().max(1) as u8,
                    retransmit.len() as u8,
                    snapshot.len() as u8,
                    !snapshot_lines.is_empty(),
                    !gap_lines.is_empty(),
                ),
                Reach::WebSocket { connections, .. } => (*connections, 0, 0, false, false),
            };
        let instruments_per_connection = match &self.reach {
            Reach::Datagrams { .. } => None,
            Reach::WebSocket {
                instruments_per_connection,
                ..
            } => *instruments_per_connection,
        };
        FeedSettings {
            channel,
            line_count,
            instruments_per_connection,
            server_count,
            snapshot_server_count,
            delivery_server_count,
            has_snapshot_lines,
            has_gap_lines,
            instruments: self.instruments.symbols().to_vec(),
            own: self.own.clone(),
        }
    }

    /// Makes the channel.
    ///
    /// # Errors
    /// What the protocol's room has against the settings; nothing in a configuration that was checked.
    pub fn build(&self, channel: ChannelId) -> Result<Box<dyn Feed>, Vec<SettingFault>> {
        (self.descriptor.build)(&self.settings(channel))
    }
}

/// Books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BooksConfig {
    /// Levels a side in every snapshot, 1 to [`BooksConfig::DEPTH_MAX`].
    pub depth: usize,
    /// Orders a channel has room for before its table grows.
    pub orders_capacity: usize,
}

impl BooksConfig {
    /// Most levels a side.
    pub const DEPTH_MAX: usize = 50;
}

impl Default for BooksConfig {
    fn default() -> BooksConfig {
        BooksConfig {
            depth: 10,
            orders_capacity: 1 << 16,
        }
    }
}

/// What a signal computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalKind {
    /// Half the sum of best bid and best ask.
    Mid,
    /// Best ask less best bid.
    Spread,
    /// Mid weighted by the sizes of the opposite sides.
    Microprice,
    /// (bid size − ask size) / (bid size + ask size), over the best `depth` levels.
    Imbalance {
        /// Levels a side.
        depth: usize,
    },
    /// Volume-weighted average price of trades.
    Vwap {
        /// Over the last so many milliseconds; none means since the session began.
        window_ms: Option<u64>,
    },
    /// Open, high, low, close and volume of each interval.
    Bars {
        /// Length of an interval in milliseconds.
        interval_ms: u64,
    },
}

impl SignalKind {
    /// Names as the configuration writes them.
    pub const NAMES: [&'static str; 6] =
        ["mid", "spread", "microprice", "imbalance", "vwap", "bars"];

    /// The kind's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            SignalKind::Mid => "mid",
            SignalKind::Spread => "spread",
            SignalKind::Microprice => "microprice",
            SignalKind::Imbalance { .. } => "imbalance",
            SignalKind::Vwap { .. } => "vwap",
            SignalKind::Bars { .. } => "bars",
        }
    }
}

/// One signal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignalConfig {
    /// Name in every output; unique.
    pub name: String,
    /// What it computes.
    pub kind: SignalKind,
    /// For which instruments.
    pub instruments: Instruments,
}

/// The HTTP and WebSocket server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebSocketPublish {
    /// Where it listens; port 0 takes any free one.
    pub listen: SocketAddr,
    /// Most subscribers at a time.
    pub subscribers_max: usize,
    /// Most messages that wait for one subscriber.
    pub queue_messages_max: usize,
    /// Most bytes that wait for one subscriber.
    pub queue_bytes_max: usize,
}

/// One sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PublishConfig {
    /// WebSocket, HTTP and the dashboard.
    WebSocket(WebSocketPublish),
    /// A live table on the terminal.
    Table,
}

impl PublishConfig {
    /// Names as the configuration writes them.
    pub const NAMES: [&'static str; 2] = ["websocket", "table"];
}

/// A configuration that passed every check.
#[derive(Clone, Debug)]
pub struct Config {
    /// The graph thread.
    pub runtime: RuntimeConfig,
    /// Ticks each ring between an ingest thread and the graph holds; a power of two.
    pub ring_ticks: usize,
    /// At least one; the index is the channel's id.
    pub feeds: Vec<FeedConfig>,
    /// Books.
    pub books: BooksConfig,
    /// Signals.
    pub signals: Vec<SignalConfig>,
    /// Sinks.
    pub publish: Vec<PublishConfig>,
    /// Recording of WebSocket feeds.
    pub record: Option<RecordConfig>,
    /// Bundled venues, for `simulate` and `demo`; the daemon ignores them.
    pub simulate: Vec<SimulateConfig>,
}

/// Reads and checks a file.
///
/// # Errors
/// Every fault of the file, or the one reason why it could not be read.
pub fn load(path: &Path) -> Result<Config, ConfigFaults> {
    let file = path.display().to_string();
    match read_bounded(path) {
        Ok(text) => parse(&file, &text),
        Err(error) => Err(ConfigFaults {
            file,
            source: String::new(),
            faults: vec![Fault::new(
                Position { line: 1, column: 1 },
                "file",
                format!("cannot be read: {error}"),
                "give the path of a readable YAML file",
            )],
        }),
    }
}

/// At most one byte more than is allowed, so that a device or a huge file does not fill the memory.
fn read_bounded(path: &Path) -> std::io::Result<String> {
    use std::io::Read as _;
    let mut text = String::new();
    let file = std::fs::File::open(path)?;
    file.take(yaml::BYTES_MAX as u64 + 1)
        .read_to_string(&mut text)?;
    Ok(text)
}

/// Checks a text; `file` names it in the faults.
///
/// # Errors
/// Every fault of the text.
pub fn parse(file: &str, text: &str) -> Result<Config, ConfigFaults> {
    let mut faults = Vec::new();
    let config = match yaml::parse(text) {
        Ok(root) => {
            let raw = raw::read(&root, &mut faults);
            check::check(raw, &mut faults)
        }
        Err(fault) => {
            faults.push(Fault::new(fault.at, "file", fault.why, fault.remedy));
            None
        }
    };
    match config {
        Some(config) if faults.is_empty() => Ok(config),
        _ => {
            faults.sort_by_key(|fault| fault.at);
            Err(ConfigFaults {
                file: file.to_owned(),
                source: text.to_owned(),
                faults,
            })
        }
    }
}

/// "did you mean", or what there is.
fn nearest<'n>(word: &str, names: impl Iterator<Item = &'n str> + Clone) -> String {
    const SIMILAR: f64 = 0.75;
    let closest = names
        .clone()
        .map(|name| (strsim::jaro_winkler(&word.to_lowercase(), name), name))
        .max_by(|one, two| one.0.total_cmp(&two.0));
    match closest {
        Some((similarity, name)) if similarity >= SIMILAR => format!("did you mean `{name}`?"),
        _ => {
            let mut all: Vec<&str> = names.collect();
            all.sort_unstable();
            format!("known: {}", all.join(", "))
        }
    }
}

impl Config {
    /// What would run, a line an item, for people.
    pub fn summary(&self) -> String {
        let mut text = String::new();
        let core = |core: Option<usize>| match core {
            Some(core) => format!("core {core}"),
            None => "any core".to_owned(),
        };
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "graph    {}, {}, rings of {} ticks, books of {} levels",
            core(self.runtime.core),
            self.runtime.mode.as_str(),
            self.ring_ticks,
            self.books.depth
        );
        for feed in &self.feeds {
            let reach = match &feed.reach {
                Reach::Datagrams {
                    lines,
                    delivery,
                    retransmit,
                    ..
                } => {
                    let mut reach: Vec<String> = lines
                        .addresses
                        .iter()
                        .zip(&lines.joins)
                        .zip('a'..)
                        .map(|((address, join), line)| match join.source {
                            Some(source) => format!("{line} {address} of {source}"),
                            None => format!("{line} {address}"),
                        })
                        .collect();
                    reach.extend(
                        lines
                            .interface
                            .iter()
                            .map(|interface| format!("on {interface}")),
                    );
                    reach.extend(delivery.iter().map(|server| format!("over {server}")));
                    reach.extend(retransmit.iter().map(|server| format!("recovery {server}")));
                    reach.join(", ")
                }
                Reach::WebSocket {
                    url,
                    connections,
                    way,
                    ..
                } => {
                    let twice = if *connections > 1 { ", twice" } else { "" };
                    let proxy = if way.proxy.is_some() {
                        ", by proxy"
                    } else {
                        ""
                    };
                    format!("{url}{twice}{proxy}")
                }
            };
            let _ = writeln!(
                text,
                "feed     {}: {}, {reach}, {}, {}",
                feed.name,
                feed.descriptor.name,
                instruments(&feed.instruments),
                core(feed.core)
            );
        }
        for signal in &self.signals {
            let _ = writeln!(
                text,
                "signal   {}: {}, {}",
                signal.name,
                signal.kind.as_str(),
                instruments(&signal.instruments)
            );
        }
        for sink in &self.publish {
            let _ = match sink {
                PublishConfig::WebSocket(server) => writeln!(
                    text,
                    "publish  websocket on {}, at most {} subscribers",
                    server.listen, server.subscribers_max
                ),
                PublishConfig::Table => writeln!(text, "publish  table"),
            };
        }
        text
    }
}

fn instruments(instruments: &Instruments) -> String {
    match instruments {
        Instruments::All => "all instruments".to_owned(),
        Instruments::Only(symbols) if symbols.len() == 1 => "1 instrument".to_owned(),
        Instruments::Only(symbols) => format!("{} instruments", symbols.len()),
    }
}

/// Whether a feed is fed by datagrams.
fn is_datagram(descriptor: &Descriptor) -> bool {
    descriptor.transport == Transport::Datagrams
}
