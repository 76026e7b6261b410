//! A feed, its client, its venue and what is between them; the books compared with all that the venue had.

use super::front::{Case, Front};
use feeds::contract::{Batch, Descriptor, TickSink};
use feeds::model::{Action, ChannelId, Definition, InstrumentId, Price, Side, Tick};
use feeds::simulator::LevelAggregator;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};
use waveletd::ingest::Stop;
use waveletd::ingest::websocket::{self, WebSocketFeed, WebSocketOptions};
use waveletd::metrics::{Counter, Counters};
use waveletd::pipeline::{Channel, ChannelSpec};
use waveletd::simulate::{
    FlowSettings, OrderFlow, WebSocketFaults, WebSocketPlan, WebSocketVenue, symbols,
};

const SYMBOLS: u32 = 3;
/// Levels a side that are compared.
const DEPTH: usize = 5;
/// Digits all sizes are compared at.
const DECIMALS: u32 = 12;
const EVENTS_PER_SECOND: u64 = 500;
/// Longest message taken.
const MESSAGE_BYTES_MAX: usize = 1 << 20;

type Levels = Vec<(Price, u128)>;
/// Every book the venue had, by instrument.
pub(crate) type Truth = Arc<Vec<BTreeSet<[Levels; 2]>>>;

/// What is done to a feed.
#[derive(Clone, Copy)]
pub(crate) struct Trial {
    pub(crate) case: Case,
    /// How long the server misbehaves.
    pub(crate) faulty: Duration,
    /// How long all books may take to be live behind it.
    pub(crate) patience: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    /// What the log says of it; nothing where the connection takes no harm.
    pub(crate) reason: &'static str,
}

fn flow() -> FlowSettings {
    FlowSettings {
        seed: 5,
        symbol_count: SYMBOLS,
        ..FlowSettings::default()
    }
}

/// Every book the venue can have within `time`.
pub(crate) fn truth(time: Duration) -> Truth {
    let events = (time.as_secs() + 10) * EVENTS_PER_SECOND;
    let mut levels = LevelAggregator::default();
    let mut flow = OrderFlow::new(flow());
    let mut seen = vec![BTreeSet::from([[Vec::new(), Vec::new()]]); SYMBOLS as usize];
    let mut book = BTreeMap::<(u32, bool, Price), u64>::new();
    let size = |size: u64| u128::from(size) * 10u128.pow(DECIMALS - 4);
    for _ in 0..events {
        let changes = levels.apply(&flow.next_event());
        for level in changes.levels.into_iter().flatten() {
            let key = (level.symbol, level.side == Side::Ask, level.price);
            if level.size == 0 {
                book.remove(&key);
            } else {
                book.insert(key, level.size);
            }
            let now = [false, true].map(|is_ask| -> Levels {
                let (least, most) = (Price(i64::MIN), Price(i64::MAX));
                let all = book.range((level.symbol, is_ask, least)..=(level.symbol, is_ask, most));
                let all = all.map(|(key, &open)| (key.2, size(open)));
                if is_ask {
                    all.take(DEPTH).collect()
                } else {
                    all.rev().take(DEPTH).collect()
                }
            });
            seen[level.symbol as usize].insert(now);
        }
    }
    Arc::new(seen)
}

/// Books of the feed's ticks, compared at the end of every event.
struct Watch {
    channel: Channel,
    truth: Truth,
    names: Vec<String>,
    compared: u64,
    wrong: Vec<String>,
}

impl Watch {
    fn compare(&mut self, instrument: InstrumentId) {
        let Some(found) = self.channel.instruments().get(instrument.index()) else {
            return;
        };
        if !self.channel.state(instrument).state.is_complete() {
            return;
        }
        let definition = found.definition;
        let unit = 10u128.pow(DECIMALS - u32::from(definition.size_decimals));
        let ours = [Side::Bid, Side::Ask].map(|side| -> Levels {
            let levels = self.channel.books().levels(instrument, side).take(DEPTH);
            levels
                .map(|level| (level.price, u128::from(level.size) * unit))
                .collect()
        });
        let symbol = definition.symbol.as_str();
        let index = self.names.iter().position(|name| name == symbol).unwrap();
        self.compared += 1;
        if !self.truth[index].contains(&ours) && self.wrong.len() < 4 {
            self.wrong.push(format!("{symbol}: {ours:?}"));
        }
    }

    fn live(&self) -> usize {
        let all = self.channel.instruments().iter();
        all.filter(|found| {
            let state = self.channel.state(found.definition.instrument).state;
            state.is_complete()
        })
        .count()
    }
}

struct Sink(Arc<Mutex<Watch>>);

impl TickSink for Sink {
    fn accept(&mut self, ticks: &[Tick]) {
        let mut watch = self.0.lock().unwrap();
        for tick in ticks {
            watch.channel.apply(tick);
            if tick.is_last() {
                watch.channel.end_event(tick);
                watch.channel.begin_event();
                if tick.action == Action::Level {
                    watch.compare(tick.instrument);
                }
            }
        }
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().channel.define(definition);
    }
}

static LOG: Mutex<Vec<u8>> = Mutex::new(Vec::new());

/// Where the log of all feeds goes.
struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOG.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn begin_log() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::INFO)
            .with_ansi(false)
            .with_writer(|| Log)
            .init();
    });
}

/// Lines of the log about a feed.
fn log_of(name: &str) -> Vec<String> {
    let log = String::from_utf8_lossy(&LOG.lock().unwrap()).into_owned();
    let mark = format!("feed=\"{name}\"");
    let lines = log.lines().filter(|line| line.contains(&mark));
    lines.map(str::to_owned).collect()
}

struct Rig {
    name: String,
    front: Front,
    _venue: WebSocketVenue,
    watch: Arc<Mutex<Watch>>,
    counters: Arc<Counters>,
    stop: Arc<Stop>,
    thread: std::thread::JoinHandle<io::Result<()>>,
}

fn start(descriptor: &'static Descriptor, trial: &Trial, truth: &Truth) -> Rig {
    begin_log();
    let plan = WebSocketPlan {
        listen: "127.0.0.1:0".parse().unwrap(),
        faults: WebSocketFaults::default(),
        flow: flow(),
        symbols: symbols(&[], SYMBOLS as usize),
        events_per_second: EVENTS_PER_SECOND,
    };
    let venue = WebSocketVenue::start(plan, (descriptor.simulator)()).unwrap();
    let front = Front::start(trial.case, venue.local_addr());
    let address = front.address;
    let names = symbols(&[], SYMBOLS as usize);
    let names: Vec<String> = names.iter().map(|name| name.as_str().to_owned()).collect();
    let name = format!("{}.{:?}", descriptor.name, trial.case);
    let is_tls = matches!(trial.case, Case::NoTls | Case::UnknownAuthority);
    let scheme = if is_tls { "wss" } else { "ws" };
    let has_rest = descriptor.settings.iter().any(|key| key.key == "rest_url");
    let rest = if has_rest {
        format!("    rest_url: \"http://{address}\"\n")
    } else {
        String::new()
    };
    let text = format!(
        "feeds:\n  - name: \"{name}\"\n    protocol: {}\n    url: \"{scheme}://{address}\"\n    \
         instruments: {names:?}\n    silence_ms: 3000\n{rest}",
        descriptor.name
    );
    let config = waveletd::config::parse("chaos.yaml", &text).unwrap();
    let feed = WebSocketFeed::of(&config.feeds[0], 0).unwrap().unwrap();
    let spec = ChannelSpec {
        id: ChannelId(0),
        feed: descriptor.name.to_owned(),
        venue: descriptor.venue.to_owned(),
        book: descriptor.book,
        orders_capacity: 1_024,
    };
    let watch = Arc::new(Mutex::new(Watch {
        channel: Channel::new(spec, 10),
        truth: Arc::clone(truth),
        names,
        compared: 0,
        wrong: Vec::new(),
    }));
    let counters = Arc::new(Counters::new([name.as_str()]));
    let stop = Arc::new(Stop::new());
    let options = WebSocketOptions {
        connect_timeout: trial.connect_timeout,
        idle_timeout: trial.idle_timeout,
        message_bytes_max: MESSAGE_BYTES_MAX,
        ..WebSocketOptions::default()
    };
    let thread = websocket::spawn(
        "ws".to_owned(),
        None,
        vec![feed],
        Batch::new(Box::new(Sink(Arc::clone(&watch)))),
        Arc::clone(&counters),
        options,
        Arc::clone(&stop),
    );
    Rig {
        name,
        front,
        _venue: venue,
        watch,
        counters,
        stop,
        thread: thread.unwrap(),
    }
}

fn descriptor(feed: &str) -> &'static Descriptor {
    let mut all = feeds::REGISTRY.iter();
    all.find(|descriptor| descriptor.name == feed).unwrap()
}

/// The feed is given back its peace after a while: all books are live, and none was ever wrong.
#[track_caller]
pub(crate) fn check_that_it_passes(feed: &str, trial: Trial, truth: &Truth) {
    let descriptor = descriptor(feed);
    let mut rig = start(descriptor, &trial, truth);
    std::thread::sleep(trial.faulty);
    rig.front.behave();
    let (compared, began) = (rig.watch.lock().unwrap().compared, Instant::now());
    let is_well = |watch: &Watch| {
        watch.live() == SYMBOLS as usize && watch.compared >= compared + 4 * u64::from(SYMBOLS)
    };
    let mut is_done = false;
    while !is_done && began.elapsed() < trial.patience {
        std::thread::sleep(Duration::from_millis(5));
        is_done = is_well(&rig.watch.lock().unwrap());
    }
    let took = began.elapsed();
    rig.stop.request();
    rig.thread.join().unwrap().unwrap();
    let (name, log) = (&rig.name, log_of(&rig.name));
    let row = rig.counters.channel(0).unwrap();
    let watch = rig.watch.lock().unwrap();
    let faults = rig.front.faults();
    println!(
        "{name:>32}: {faults} faults, {} connections, {} rebuilds, {} snapshots refused, {} compared, all live \
         after {took:?}",
        row.get(Counter::Connects),
        row.get(Counter::Rebuilds),
        row.get(Counter::SnapshotsFailed),
        watch.compared,
    );
    assert!(watch.wrong.is_empty(), "{name}: {:#?}", watch.wrong);
    assert!(is_done, "{name}: {} live; {log:#?}", watch.live());
    assert!(faults > 0 || trial.case == Case::Refuse, "{name}: no fault");
    assert!(
        log.iter().any(|line| line.contains(trial.reason)),
        "{name}: {:?} is not in {log:#?}",
        trial.reason
    );
    if matches!(trial.case, Case::WrongChecksum | Case::Texts) {
        assert!(row.get(Counter::Rebuilds) > 0, "{name}: nothing noticed");
    }
    if trial.case == Case::PingFlood {
        // One answer may stand for many questions, none for nothing.
        assert!((1..=faults).contains(&rig.front.pongs()), "{name}");
        assert_eq!(row.get(Counter::Connects), 1, "{name}: the flood ended it");
    }
}

/// The feed is never given peace: no book, and the reason in the log at least twice.
#[track_caller]
pub(crate) fn check_that_it_never_passes(feed: &str, trial: Trial, truth: &Truth) -> Arc<Counters> {
    let descriptor = descriptor(feed);
    let rig = start(descriptor, &trial, truth);
    let name = &rig.name;
    let said = || {
        let log = log_of(name);
        log.iter()
            .filter(|line| line.contains(trial.reason))
            .count()
    };
    let began = Instant::now();
    while said() < 2 && began.elapsed() < trial.patience {
        std::thread::sleep(Duration::from_millis(20));
    }
    let live = rig.watch.lock().unwrap().live();
    rig.stop.request();
    rig.thread.join().unwrap().unwrap();
    let watch = rig.watch.lock().unwrap();
    assert_eq!((live, watch.compared), (0, 0), "{name}");
    assert!(said() >= 2, "{name}: {:#?}", log_of(name));
    println!("{name:>32}: {} attempts refused", rig.front.faults());
    rig.counters
}
