//! The daemon: what starts in which order, which thread runs where, and how it stops.
//!
//! Start: publish servers bind, then every socket of every feed binds, and only when all of that worked do threads start. A
//! port or group that is not to be had is an error before anything runs.
//!
//! ```text
//!  main ── signals, terminal table, watches the others
//!   ├─ ingest-udp-N    one a core of the configuration: sockets → feeds → ring
//!   ├─ ingest-ws-N     the same for WebSocket feeds
//!   ├─ graph           pinned; rings → books → signals → publish rings
//!   └─ publish         one a server
//! ```
//!
//! Stop (SIGTERM, SIGINT): ingest threads end first and give up what is open; the graph drains the rings and ends; the
//! servers publish what is left, say goodbye, and end.

use super::signal_specs;
use crate::book::{Reason, TrustState};
use crate::config::{Config, ExecutionMode, FeedConfig, PublishConfig, WebSocketPublish};
use crate::ingest::Stop;
use crate::ingest::orders::{Cause, Orders};
use crate::ingest::ring::{Notify, Patience, RingReader, RingSink, ring};
use crate::ingest::udp::{IngestError, UdpFeed, UdpIngest};
use crate::ingest::websocket::{self, WebSocketFeed, WebSocketOptions};
use crate::metrics::{Counter, Counters};
use crate::pipeline::{ChannelSpec, Desk, Drive, Market, MarketSettings, Outlet, Source};
use crate::publish::{Names, Options, Server, ServerHandle, View, Writer, record};
use crate::record::Recorder;
use crate::runtime::{self, Ended, Notifier, RealtimeRuntime};
use crate::sys::affinity;
use feeds::contract::{Batch, SettingFault, Transport};
use feeds::model::ChannelId;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread::JoinHandle;
use std::time::Duration;
use tracing::{error, info, warn};

/// Why the daemon could not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A feed's settings are wrong; `check` says the same.
    #[error("feed `{feed}`: {}", .faults.iter().map(|f| format!("{}: {} ({})", f.key, f.why, f.remedy)).collect::<Vec<_>>().join("; "))]
    Settings {
        /// Which feed.
        feed: String,
        /// What is wrong.
        faults: Vec<SettingFault>,
    },
    /// A socket of a feed.
    #[error(transparent)]
    Ingest(#[from] IngestError),
    /// A publish address.
    #[error("publish on {listen}: {error} (is another process using the address?)")]
    Publish {
        /// Where.
        listen: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The folder of recordings.
    #[error("recordings in {dir}: {error} (make it a folder this user may write to)")]
    Record {
        /// Which folder.
        dir: String,
        /// What the system says.
        error: io::Error,
    },
    /// A thread.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] io::Error),
}

/// Cells between the graph and a publish thread: 4 MiB each.
const PUBLISH_CELLS: usize = 1 << 16;
/// Most instruments of the process.
const INSTRUMENTS_MAX: usize = 1 << 16;
/// Definitions that may wait for the graph.
const DEFINITIONS_MAX: usize = 1 << 13;

/// A running daemon. Dropping it without [`Daemon::stop`] leaves its threads to the end of the process.
pub struct Daemon {
    stop: Arc<Stop>,
    ingest: Vec<JoinHandle<io::Result<()>>>,
    notifiers: Receiver<Vec<Notifier>>,
    graph: JoinHandle<io::Result<Ended>>,
    servers: Vec<ServerHandle>,
    failed: Arc<AtomicBool>,
    counters: Arc<Counters>,
    recorder: Option<Recorder>,
}

/// A notifier that is known only once the graph is built.
#[derive(Default)]
struct Late(OnceLock<Notifier>);

impl Notify for Late {
    fn notify(&self) {
        if let Some(notifier) = self.0.get() {
            notifier.notify();
        }
    }
}

/// Feeds that share a thread, and the ring they fill.
struct Group {
    name: String,
    core: Option<usize>,
    mode: ExecutionMode,
    transport: Transport,
    /// Channel numbers.
    rows: Vec<u16>,
}

/// Feeds on one thread: those of one transport, one core and one mode.
fn groups(feeds: &[FeedConfig]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (row, feed) in (0u16..).zip(feeds) {
        let transport = feed.descriptor.transport;
        let same = |group: &&mut Group| {
            group.transport == transport && group.core == feed.core && group.mode == feed.mode
        };
        if let Some(group) = groups.iter_mut().find(same) {
            group.rows.push(row);
            continue;
        }
        let kind = match transport {
            // No configuration names a form of files.
            Transport::Datagrams | Transport::File => "udp",
            Transport::WebSocket => "ws",
        };
        groups.push(Group {
            name: format!("ingest-{kind}-{}", groups.len()),
            core: feed.core,
            mode: feed.mode,
            transport,
            rows: vec![row],
        });
    }
    groups
}

/// Texts of everything that is published by number.
fn names(config: &Config) -> Names {
    static STATES: OnceLock<Vec<&'static str>> = OnceLock::new();
    static REASONS: OnceLock<Vec<&'static str>> = OnceLock::new();
    Names {
        feeds: config.feeds.iter().map(|feed| feed.name.clone()).collect(),
        signals: config
            .signals
            .iter()
            .map(|signal| signal.name.clone())
            .collect(),
        states: STATES.get_or_init(|| TrustState::ALL.iter().map(|state| state.as_str()).collect()),
        reasons: REASONS.get_or_init(|| Reason::ALL.iter().map(|reason| reason.as_str()).collect()),
    }
}

/// Ready once every feed has delivered something and the graph is alive.
fn readiness(counters: &Counters, failed: &AtomicBool) -> Result<(), String> {
    if failed.load(Ordering::Relaxed) {
        return Err("the graph has failed".to_owned());
    }
    let packets = [
        Counter::PacketsLineA,
        Counter::PacketsLineB,
        Counter::PacketsLineC,
        Counter::PacketsLineD,
    ];
    let silent: Vec<&str> = counters
        .channels()
        .iter()
        .filter(|channel| packets.iter().all(|&counter| channel.get(counter) == 0))
        .map(|channel| channel.name())
        .collect();
    if silent.is_empty() {
        Ok(())
    } else {
        Err(format!("nothing heard yet of {}", silent.join(", ")))
    }
}

fn serve(
    config: &Config,
    publish: &WebSocketPublish,
    counters: &Arc<Counters>,
    orders: &Arc<Orders>,
    failed: &Arc<AtomicBool>,
) -> Result<(Writer, ServerHandle), StartError> {
    let (writer, reader) = record::ring(PUBLISH_CELLS, INSTRUMENTS_MAX);
    let (shown, asked) = (Arc::clone(counters), Arc::clone(counters));
    let failed = Arc::clone(failed);
    let orders = Arc::clone(orders);
    let feeds: Vec<String> = config.feeds.iter().map(|feed| feed.name.clone()).collect();
    let mut options = Options {
        resync: Box::new(move |name| {
            let row = feeds.iter().position(|feed| feed == name);
            row.is_some_and(|row| orders.resync(row, Cause::Operator))
        }),
        names: names(config),
        instruments_max: INSTRUMENTS_MAX,
        subscribers_max: publish.subscribers_max,
        metrics: Box::new(move || {
            let mut text = String::new();
            shown.expose(&mut text);
            text
        }),
        ready: Box::new(move || readiness(&asked, &failed)),
        ..Options::default()
    };
    options.bounds.messages_max = publish.queue_messages_max;
    options.bounds.bytes_max = publish.queue_bytes_max;
    let server =
        Server::start(publish.listen, reader, options).map_err(|error| StartError::Publish {
            listen: publish.listen,
            error,
        })?;
    Ok((writer, server))
}

enum Bound {
    Udp(Group, Box<UdpIngest>),
    WebSocket(Group, Vec<WebSocketFeed>, Batch),
}

fn bind(
    config: &Config,
    group: Group,
    sink: RingSink,
    counters: &Arc<Counters>,
    orders: &Arc<Orders>,
) -> Result<Bound, StartError> {
    let batch = Batch::new(Box::new(sink));
    let settings = |row: u16| {
        let feed = &config.feeds[usize::from(row)];
        move |faults| StartError::Settings {
            feed: feed.name.clone(),
            faults,
        }
    };
    match group.transport {
        Transport::Datagrams | Transport::File => {
            let mut feeds = Vec::new();
            for &row in &group.rows {
                let feed = UdpFeed::of(&config.feeds[usize::from(row)], row);
                feeds.extend(feed.map_err(settings(row))?);
            }
            let ingest = UdpIngest::bind(feeds, batch, Arc::clone(counters), group.mode)?;
            let ingest = ingest.with_orders(Arc::clone(orders));
            Ok(Bound::Udp(group, Box::new(ingest)))
        }
        Transport::WebSocket => {
            let mut feeds = Vec::new();
            for &row in &group.rows {
                let feed = WebSocketFeed::of(&config.feeds[usize::from(row)], row);
                let feed = feed.map_err(settings(row))?;
                feeds.extend(feed.map(|feed| WebSocketFeed {
                    orders: Arc::clone(orders),
                    ..feed
                }));
            }
            Ok(Bound::WebSocket(group, feeds, batch))
        }
    }
}

/// A ring with its channels, on its way to the graph thread.
struct Input {
    reader: RingReader,
    specs: Vec<ChannelSpec>,
}

impl Daemon {
    /// Starts everything the configuration names.
    ///
    /// # Errors
    /// [`StartError`]; nothing is left running then.
    pub fn start(config: &Config) -> Result<Daemon, StartError> {
        let counters = Arc::new(Counters::new(
            config.feeds.iter().map(|feed| feed.name.as_str()),
        ));
        let orders = Arc::new(Orders::new(config.feeds.len()));
        let failed = Arc::new(AtomicBool::new(false));
        let stop = Arc::new(Stop::new());
        let (mut writers, mut servers) = (Vec::new(), Vec::new());
        for publish in &config.publish {
            if let PublishConfig::WebSocket(publish) = publish {
                let (writer, server) = serve(config, publish, &counters, &orders, &failed)?;
                info!(listen = %server.local_addr(), "publishing");
                writers.push(writer);
                servers.push(server);
            }
        }
        let names: Vec<String> = config.feeds.iter().map(|feed| feed.name.clone()).collect();
        let recorder = match &config.record {
            Some(record) => Some(Recorder::start(record, &names, &counters).map_err(|error| {
                let dir = record.dir.display().to_string();
                StartError::Record { dir, error }
            })?),
            None => None,
        };
        let (mut bound, mut inputs, mut late) = (Vec::new(), Vec::new(), Vec::new());
        for group in groups(&config.feeds) {
            let patience = match group.transport {
                Transport::Datagrams | Transport::File => Patience::DATAGRAMS,
                Transport::WebSocket => Patience::Endless,
            };
            let notify: Arc<Late> = Arc::default();
            let (sink, reader) = ring(
                config.ring_ticks,
                DEFINITIONS_MAX,
                patience,
                Arc::clone(&notify) as _,
            );
            let spec = |&row: &u16| {
                let feed = &config.feeds[usize::from(row)];
                ChannelSpec {
                    id: ChannelId(row),
                    feed: feed.name.clone(),
                    venue: feed.descriptor.venue.to_owned(),
                    book: feed.descriptor.book_of(&feed.own),
                    orders_capacity: config.books.orders_capacity,
                }
            };
            inputs.push(Input {
                reader,
                specs: group.rows.iter().map(spec).collect(),
            });
            late.push(notify);
            bound.push(bind(config, group, sink, &counters, &orders)?);
        }
        let (tell, notifiers) = sync_channel(1);
        let desk = Desk {
            counters: Arc::clone(&counters),
            orders,
        };
        let graph = start_graph(
            config,
            inputs,
            desk,
            writers,
            late,
            tell,
            Arc::clone(&failed),
        )?;
        let mut ingest = Vec::new();
        for bound in bound {
            ingest.push(match bound {
                Bound::Udp(group, ingest) => {
                    ingest.spawn(group.name, group.core, Arc::clone(&stop))?
                }
                Bound::WebSocket(group, mut feeds, batch) => {
                    for feed in &mut feeds {
                        feed.tap = recorder.as_ref().map(|recorder| recorder.tap(feed.row));
                    }
                    websocket::spawn(
                        group.name,
                        group.core,
                        feeds,
                        batch,
                        Arc::clone(&counters),
                        WebSocketOptions::default(),
                        Arc::clone(&stop),
                    )?
                }
            });
        }
        Ok(Daemon {
            stop,
            ingest,
            notifiers,
            graph,
            servers,
            failed,
            counters,
            recorder,
        })
    }

    /// Addresses the servers listen on, in the order of the configuration.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.servers.iter().map(ServerHandle::local_addr).collect()
    }

    /// The latest state of everything, if anything is published.
    pub fn view(&self) -> Option<Arc<Mutex<View>>> {
        self.servers.first().map(ServerHandle::view)
    }

    /// Totals of every feed.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// Whether every thread is still at work.
    pub fn is_healthy(&self) -> bool {
        !self.failed.load(Ordering::Relaxed)
            && !self.graph.is_finished()
            && self.ingest.iter().all(|thread| !thread.is_finished())
    }

    /// Stops in order and drains. Returns whether everything ended as it should.
    pub fn stop(self) -> bool {
        let mut is_clean = !self.failed.load(Ordering::Relaxed);
        self.stop.request();
        for thread in self.ingest {
            let name = thread.thread().name().unwrap_or("ingest").to_owned();
            match thread.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    error!(thread = name, %error, "ended with an error");
                    is_clean = false;
                }
                Err(_) => {
                    error!(thread = name, "panicked");
                    is_clean = false;
                }
            }
        }
        // The taps are gone with their threads.
        if let Some(recorder) = self.recorder {
            recorder.finish();
        }
        // The writers are gone; the graph has to be told to look once more.
        if let Ok(notifiers) = self.notifiers.recv_timeout(Duration::from_secs(1)) {
            notifiers.iter().for_each(Notifier::notify);
        }
        match self.graph.join() {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => {
                error!(%error, "the graph ended with an error");
                is_clean = false;
            }
            Err(_) => {
                error!("the graph panicked");
                is_clean = false;
            }
        }
        self.servers.into_iter().for_each(ServerHandle::stop);
        is_clean
    }
}

fn start_graph(
    config: &Config,
    inputs: Vec<Input>,
    desk: Desk,
    writers: Vec<Writer>,
    late: Vec<Arc<Late>>,
    tell: std::sync::mpsc::SyncSender<Vec<Notifier>>,
    failed: Arc<AtomicBool>,
) -> io::Result<JoinHandle<io::Result<Ended>>> {
    let (core, mode, depth) = (config.runtime.core, config.runtime.mode, config.books.depth);
    let settings = MarketSettings {
        depth,
        signals: signal_specs(&config.signals),
    };
    std::thread::Builder::new()
        .name("graph".into())
        .spawn(move || {
            if let Some(core) = core
                && !affinity::pin(core)
            {
                warn!(
                    core,
                    "the graph cannot be pinned to its core; it runs anywhere"
                );
            }
            let mut runtime = RealtimeRuntime::new(match mode {
                ExecutionMode::Spin => runtime::ExecutionMode::Spin,
                ExecutionMode::Park => runtime::ExecutionMode::Park,
            });
            runtime.executor().on_failure(move |failure| {
                error!(
                    node = failure.path.join(" > "),
                    message = failure.message,
                    stale = failure.stale_count,
                    "a node failed and was stopped; what depends on it is stale"
                );
                // Without its source nothing of a ring is right any more; any other node takes only its own with it.
                if failure.name == SOURCE_NODE {
                    failed.store(true, Ordering::Relaxed);
                }
            });
            let sources = inputs
                .into_iter()
                .map(|input| {
                    Source::new(input.reader, input.specs, None, depth as u32)
                        .with_desk(desk.clone())
                })
                .collect();
            let (_market, notifiers) = Market::build(
                runtime.executor(),
                &settings,
                sources,
                Outlet::new(writers),
                Drive::Live,
            );
            for (late, notifier) in late.iter().zip(&notifiers) {
                // The cell is this thread's to fill, once.
                let _ = late.0.set(notifier.clone());
            }
            // What was written before the notifiers were known is waiting.
            notifiers.iter().for_each(Notifier::notify);
            let _ = tell.send(notifiers);
            runtime.run_forever()
        })
}

/// Name of the nodes that read the rings.
const SOURCE_NODE: &str = "source";
