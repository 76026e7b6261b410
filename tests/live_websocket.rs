//! Every WebSocket feed over real sockets against its simulated venue: connections that drop, close and fall silent, texts and
//! answers that are lost. No book that is called live is ever one the venue did not have, and all are live in the end.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use feeds::contract::{
    Batch, Descriptor, FeedSettings, Form, Line, LinkEvent, Packet, SettingKey, TickSink,
    Transport, Value,
};
use feeds::model::{Action, ChannelId, Definition, InstrumentId, Price, Side, Tick};
use feeds::simulator::LevelAggregator;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use waveletd::ingest::Stop;
use waveletd::ingest::websocket::{self, Way, WebSocketFeed, WebSocketOptions};
use waveletd::metrics::Counters;
use waveletd::pipeline::{Channel, ChannelSpec};
use waveletd::record::{RecordConfig, Recorder};
use waveletd::replay::{Capture, What};
use waveletd::simulate::{
    FlowSettings, OrderFlow, WebSocketFaults, WebSocketPlan, WebSocketVenue, symbols,
};

const BY_ORDER: &str = SettingKey::BY_ORDER.key;
const SYMBOLS: u32 = 4;
/// Levels a side that are compared.
const DEPTH: usize = 5;
/// How long all books may take to be live in the end.
const PATIENCE: Duration = Duration::from_secs(15);
/// Digits all sizes are compared at.
const DECIMALS: u32 = 12;

type Side5 = Vec<(Price, u128)>;

fn flow() -> FlowSettings {
    FlowSettings {
        seed: 3,
        symbol_count: SYMBOLS,
        ..FlowSettings::default()
    }
}

/// Every book the venue has had in its first so many events, by instrument.
fn truth(events: u64) -> Vec<BTreeSet<[Side5; 2]>> {
    let mut levels = LevelAggregator::default();
    let mut flow = OrderFlow::new(flow());
    let mut seen = vec![BTreeSet::new(); SYMBOLS as usize];
    let size = |size: u64| u128::from(size) * 10u128.pow(DECIMALS - 4);
    let mut book = BTreeMap::<(u32, bool, Price), u64>::new();
    let side = |book: &BTreeMap<(u32, bool, Price), u64>, symbol: u32, is_ask: bool| -> Side5 {
        let all = (symbol, is_ask, Price(i64::MIN))..=(symbol, is_ask, Price(i64::MAX));
        let levels = book.range(all).map(|(key, &open)| (key.2, size(open)));
        if is_ask {
            levels.take(DEPTH).collect()
        } else {
            levels.rev().take(DEPTH).collect()
        }
    };
    for symbol in 0..SYMBOLS {
        seen[symbol as usize].insert([Vec::new(), Vec::new()]);
    }
    for _ in 0..events {
        let changes = levels.apply(&flow.next_event());
        for level in changes.levels.into_iter().flatten() {
            let key = (level.symbol, level.side == Side::Ask, level.price);
            if level.size == 0 {
                book.remove(&key);
            } else {
                book.insert(key, level.size);
            }
            let now = [false, true].map(|is_ask| side(&book, level.symbol, is_ask));
            seen[level.symbol as usize].insert(now);
        }
    }
    seen
}

/// Books of the feed's ticks, compared at the end of every event.
struct Watch {
    channel: Channel,
    truth: Arc<Vec<BTreeSet<[Side5; 2]>>>,
    names: Vec<String>,
    compared: u64,
    wrong: Vec<String>,
    resets: u64,
    /// Instruments whose book was complete at some time.
    complete: BTreeSet<u32>,
    was_all_live: bool,
    /// Books that were live and are not, once all were.
    given_up: u64,
}

impl Watch {
    fn compare(&mut self, instrument: InstrumentId) {
        let Some(found) = self.channel.instruments().get(instrument.index()) else {
            return;
        };
        if !self.channel.state(instrument).state.is_complete() {
            return;
        }
        self.complete.insert(instrument.0);
        let has_all = self.complete.len() == SYMBOLS as usize;
        self.was_all_live = self.was_all_live || (has_all && self.is_all_live());
        let definition = found.definition;
        let unit = 10u128.pow(DECIMALS - u32::from(definition.size_decimals));
        let ours = [Side::Bid, Side::Ask].map(|side| {
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

    fn is_all_live(&self) -> bool {
        let all = self.channel.instruments();
        all.len() == SYMBOLS as usize
            && all.iter().all(|found| {
                let state = self.channel.state(found.definition.instrument).state;
                state.is_complete()
            })
    }
}

struct Sink(Arc<Mutex<Watch>>);

impl TickSink for Sink {
    fn accept(&mut self, ticks: &[Tick]) {
        let mut watch = self.0.lock().unwrap();
        for tick in ticks {
            watch.channel.apply(tick);
            if tick.action == Action::Reset {
                watch.resets += 1;
                watch.given_up += u64::from(watch.was_all_live);
            }
            if tick.is_last() {
                watch.channel.end_event(tick);
                watch.channel.begin_event();
                let is_of_orders =
                    matches!(tick.action, Action::Add | Action::Modify | Action::Cancel);
                if tick.action == Action::Level || is_of_orders {
                    watch.compare(tick.instrument);
                }
            }
        }
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().channel.define(definition);
    }
}

/// What is done to a feed.
#[derive(Clone, Copy)]
struct Trial {
    faults: WebSocketFaults,
    /// How long it goes on.
    lasts: Duration,
    events_per_second: u64,
    /// Connections that say the same. With two, no book may ever be given up.
    connections: u8,
    is_by_order: bool,
}

impl Trial {
    fn with(faults: WebSocketFaults) -> Trial {
        Trial {
            faults,
            lasts: Duration::from_millis(5_500),
            events_per_second: 2_000,
            connections: 1,
            is_by_order: false,
        }
    }
}

fn venue(descriptor: &'static Descriptor, trial: &Trial) -> WebSocketVenue {
    let plan = WebSocketPlan {
        listen: "127.0.0.1:0".parse().unwrap(),
        faults: trial.faults,
        flow: flow(),
        symbols: symbols(&[], SYMBOLS as usize),
        events_per_second: trial.events_per_second,
    };
    WebSocketVenue::start(plan, (descriptor.simulator)()).unwrap()
}

/// Every tick, in order.
#[derive(Clone, Default)]
struct Ticks(Arc<Mutex<Vec<Tick>>>);

impl TickSink for Ticks {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

/// The ticks of a live run that is recorded, and those of its recording.
fn recorded_and_replayed(descriptor: &'static Descriptor) -> (Vec<Tick>, Vec<Tick>) {
    let trial = Trial::with(WebSocketFaults {
        drop_after: Some(Duration::from_millis(2_500)),
        ..WebSocketFaults::default()
    });
    let venue = venue(descriptor, &trial);
    let address = venue.local_addr();
    let names = symbols(&[], SYMBOLS as usize);
    let settings = FeedSettings {
        instruments: names.iter().map(|name| name.as_str().to_owned()).collect(),
        own: vec![(
            "rest_url".to_owned(),
            Value::Text(format!("http://{address}")),
        )],
        ..FeedSettings::single_line(ChannelId(0))
    };
    let dir = tempfile::tempdir().unwrap();
    let config = RecordConfig {
        dir: dir.path().to_owned(),
        rotate: Duration::from_secs(1),
        rotate_bytes: 1 << 30,
        queue_bytes_max: 64 << 20,
        level: 3,
    };
    let counters = Arc::new(Counters::new([descriptor.name]));
    let recorder = Recorder::start(&config, &[descriptor.name.to_owned()], &counters).unwrap();
    let live = Ticks::default();
    let stop = Arc::new(Stop::new());
    let feed = WebSocketFeed {
        row: 0,
        name: descriptor.name.to_owned(),
        feed: (descriptor.build)(&settings).unwrap(),
        url: format!("ws://{address}"),
        way: Way::default(),
        tap: Some(recorder.tap(0)),
        orders: Arc::default(),
    };
    let thread = websocket::spawn(
        "ws".to_owned(),
        None,
        vec![feed],
        Batch::new(Box::new(live.clone())),
        Arc::clone(&counters),
        WebSocketOptions::default(),
        Arc::clone(&stop),
    );
    std::thread::sleep(Duration::from_secs(6));
    stop.request();
    thread.unwrap().join().unwrap().unwrap();
    recorder.finish();

    let files = std::fs::read_dir(dir.path()).unwrap();
    let mut files: Vec<_> = files.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 2, "{files:?}");
    let replayed = Ticks::default();
    let mut out = Batch::new(Box::new(replayed.clone()));
    let mut feed = (descriptor.build)(&settings).unwrap();
    let mut is_open = false;
    for path in files {
        let mut capture = Capture::open(&path, descriptor).unwrap();
        while let Some(record) = capture.next() {
            let at = record.ts_recv;
            let (form, bytes) = match record.what {
                What::Open { .. } => {
                    // Each file begins with what is open.
                    if !std::mem::replace(&mut is_open, true) {
                        feed.on_link(LinkEvent::Up(Line(0)), at, &mut out);
                    }
                    continue;
                }
                What::Close { .. } => {
                    is_open = false;
                    feed.on_link(LinkEvent::Down(Line(0)), at, &mut out);
                    continue;
                }
                What::Text { text, .. } => (Form::Text, text),
                What::Rest { url, body } => (Form::Rest(url), body),
                _ => continue,
            };
            let packet = Packet {
                line: Line(0),
                ts_recv: at,
                form,
                bytes,
            };
            feed.on_packet(&packet, &mut out);
            while feed.poll_action().is_some() {}
            while feed.poll_notice().is_some() {}
        }
    }
    out.flush();
    let live = std::mem::take(&mut *live.0.lock().unwrap());
    let replayed = std::mem::take(&mut *replayed.0.lock().unwrap());
    (live, replayed)
}

#[test]
fn a_recording_gives_the_ticks_of_the_run_it_was_made_of() {
    let mut all = feeds::REGISTRY.iter();
    let descriptor = all.find(|descriptor| descriptor.name.ends_with("_spot"));
    let (live, replayed) = recorded_and_replayed(descriptor.unwrap());
    assert!(live.len() > 1_000, "{}", live.len());
    assert_eq!(live.len(), replayed.len());
    let differs = live
        .iter()
        .zip(&replayed)
        .position(|(one, other)| one != other);
    assert_eq!(differs, None);
}

#[track_caller]
fn check(descriptor: &'static Descriptor, trial: Trial, truth: &Arc<Vec<BTreeSet<[Side5; 2]>>>) {
    let venue = venue(descriptor, &trial);
    let address = venue.local_addr();
    let names: Vec<String> = symbols(&[], SYMBOLS as usize)
        .iter()
        .map(|name| name.as_str().to_owned())
        .collect();
    let mut own = Vec::new();
    if descriptor.settings.iter().any(|key| key.key == "rest_url") {
        own.push((
            "rest_url".to_owned(),
            Value::Text(format!("http://{address}")),
        ));
    }
    own.push(("silence_ms".to_owned(), Value::Integer(3_000)));
    if trial.is_by_order {
        own.push((BY_ORDER.to_owned(), Value::Bool(true)));
    }
    let book = descriptor.book_of(&own);
    let settings = FeedSettings {
        instruments: names.clone(),
        own,
        line_count: trial.connections,
        ..FeedSettings::single_line(ChannelId(0))
    };
    let spec = ChannelSpec {
        id: ChannelId(0),
        feed: descriptor.name.to_owned(),
        venue: descriptor.venue.to_owned(),
        book,
        orders_capacity: 1_024,
    };
    let watch = Arc::new(Mutex::new(Watch {
        channel: Channel::new(spec, 10),
        truth: Arc::clone(truth),
        names,
        compared: 0,
        wrong: Vec::new(),
        resets: 0,
        complete: BTreeSet::new(),
        was_all_live: false,
        given_up: 0,
    }));
    let stop = Arc::new(Stop::new());
    let feed = WebSocketFeed {
        row: 0,
        name: descriptor.name.to_owned(),
        feed: (descriptor.build)(&settings).unwrap(),
        url: format!("ws://{address}"),
        way: Way::default(),
        tap: None,
        orders: Arc::default(),
    };
    let thread = websocket::spawn(
        "ws".to_owned(),
        None,
        vec![feed],
        Batch::new(Box::new(Sink(Arc::clone(&watch)))),
        Arc::new(Counters::new([descriptor.name])),
        WebSocketOptions::default(),
        Arc::clone(&stop),
    )
    .unwrap();
    let started = Instant::now();
    let is_done = || {
        let watch = watch.lock().unwrap();
        started.elapsed() > trial.lasts && watch.is_all_live()
    };
    while !is_done() && started.elapsed() < trial.lasts + PATIENCE {
        std::thread::sleep(Duration::from_millis(5));
    }
    // The end takes every book away.
    let given_up = watch.lock().unwrap().given_up;
    stop.request();
    thread.join().unwrap().unwrap();
    let watch = watch.lock().unwrap();
    let name = descriptor.name;
    assert!(watch.wrong.is_empty(), "{name}: {:#?}", watch.wrong);
    assert!(
        started.elapsed() < trial.lasts + PATIENCE,
        "{name}: not all live"
    );
    if trial.connections > 1 {
        assert_eq!(given_up, 0, "{name}: books given up");
    }
    assert!(watch.compared > 100, "{name}: {} compared", watch.compared);
    println!(
        "{name:>16}: {:>6} books compared, {} resets, all live again after {:?}",
        watch.compared,
        watch.resets,
        started.elapsed()
    );
}

/// Feeds at a time: each is a venue, a daemon and a client, and two cores are to keep up with all of them.
const SIDE_BY_SIDE: usize = 6;
/// One test at a time, for the same reason.
static TURN: Mutex<()> = Mutex::new(());

/// Every WebSocket feed, or those that `is_meant`.
fn check_all(trial: Trial, is_meant: fn(&Descriptor) -> bool) {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let seconds = (trial.lasts + PATIENCE).as_secs() + 5;
    let truth = Arc::new(truth(trial.events_per_second * seconds));
    let meant: Vec<&Descriptor> = feeds::REGISTRY
        .iter()
        .copied()
        .filter(|descriptor| descriptor.transport == Transport::WebSocket && is_meant(descriptor))
        .collect();
    // Slow ones go all together.
    let at_a_time = SIDE_BY_SIDE.max(SIDE_BY_SIDE * 1_000 / trial.events_per_second as usize);
    for group in meant.chunks(at_a_time) {
        std::thread::scope(|scope| {
            for descriptor in group {
                let truth = &truth;
                scope.spawn(move || check(descriptor, trial, truth));
            }
        });
    }
}

#[test]
fn books_over_connections_that_are_cut_are_never_wrong() {
    let faults = WebSocketFaults {
        // Time enough for snapshots that are paced by a venue's limits.
        drop_after: Some(Duration::from_millis(2_700)),
        ..WebSocketFaults::default()
    };
    check_all(Trial::with(faults), |_| true);
}

#[test]
fn books_over_connections_that_fall_silent_are_never_wrong() {
    let faults = WebSocketFaults {
        // Half open: the other side is there and says nothing any more; found by silence.
        stall_after: Some(Duration::from_millis(2_700)),
        ..WebSocketFaults::default()
    };
    check_all(Trial::with(faults), |_| true);
}

/// Whether a feed can say the same over two connections.
fn has_spare(descriptor: &Descriptor) -> bool {
    let settings = FeedSettings {
        line_count: 2,
        ..FeedSettings::single_line(ChannelId(0))
    };
    (descriptor.build)(&settings).is_ok_and(|feed| feed.connections().len() == 2)
}

#[test]
fn books_of_orders_over_two_connections_of_which_one_may_be_cut_are_never_wrong_nor_given_up() {
    let faults = WebSocketFaults {
        drop_oldest_every: Some(Duration::from_millis(1_500)),
        ..WebSocketFaults::default()
    };
    let trial = Trial {
        connections: 2,
        is_by_order: true,
        lasts: Duration::from_secs(6),
        events_per_second: 500,
        ..Trial::with(faults)
    };
    check_all(trial, |descriptor| {
        descriptor.settings.iter().any(|key| key.key == BY_ORDER)
    });
}

/// `WAVELETD_KILL_SECONDS` makes it as long as wanted: a cut every five seconds then.
#[test]
fn of_two_connections_one_may_be_cut_again_and_again_and_no_book_is_given_up() {
    let seconds = std::env::var("WAVELETD_KILL_SECONDS").ok();
    let seconds: Option<u64> = seconds.and_then(|text| text.parse().ok());
    let every = if seconds.is_some() { 5_000 } else { 1_500 };
    let faults = WebSocketFaults {
        drop_oldest_every: Some(Duration::from_millis(every)),
        ..WebSocketFaults::default()
    };
    let trial = Trial {
        connections: 2,
        lasts: Duration::from_secs(seconds.unwrap_or(9)),
        events_per_second: if seconds.is_some() { 200 } else { 1_000 },
        ..Trial::with(faults)
    };
    check_all(trial, has_spare);
}
