//! A simulated day over real sockets: lines that lose, double and reorder, a server that helps or does not, and the books that
//! must come of it. What the network did may cost time; it may never cost a wrong book that passes for a right one.
//!
//! `WAVELETD_DAY_MESSAGES` sets the length of the day.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use common::day::{Day, SYMBOLS, itch, numbers, spec};
use feeds::contract::{
    Action, Batch, Feed, FeedCounters, FeedSettings, Form, Gap, Line, LinkEvent, Notice, Outcome,
    Packet, TickSink, Value,
};
use feeds::model::{ChannelId, Definition, RecvTime, Side, Tick};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};
use waveletd::book::TrustState;
use waveletd::config::ExecutionMode;
use waveletd::daemon::replay::default_signals;
use waveletd::ingest::Stop;
use waveletd::ingest::ring::{Notify, Patience, RingSink, TICKS_PER_PACKET_MAX, ring};
use waveletd::ingest::udp::{UdpFeed, UdpIngest};
use waveletd::metrics::{ChannelCounters, Counter, Counters};
use waveletd::pipeline::{Channel, Drive, Market, MarketSettings, Outlet, Source};
use waveletd::publish::record::{self, Body};
use waveletd::runtime::{self, Ended, Notifier, RealtimeRuntime};
use waveletd::simulate::{Impairment, ImpairmentSettings};

const SEED: u64 = 42;
const EVENTS_PER_DATAGRAM: u64 = 4;
/// Datagrams of a line under way at once, so that loopback never overflows a receive buffer.
const UNDER_WAY_MAX: u64 = 48;
/// Datagrams at the beginning that arrive whatever the lines do, so that every instrument is known.
const OPENING_DATAGRAMS: usize = 32;
/// Without progress for so long, the test gives up.
const PATIENCE: Duration = Duration::from_secs(30);

fn events() -> u64 {
    std::env::var("WAVELETD_DAY_MESSAGES").map_or(200_000, |text| text.parse().unwrap())
}

/// One instrument at the end: levels with price, size and orders, trades, volume.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Final {
    bids: Vec<(i64, u64, u32)>,
    asks: Vec<(i64, u64, u32)>,
    trades: u64,
    volume: u128,
    state: TrustState,
}

type Books = BTreeMap<String, Final>;

fn books_of(channel: &Channel) -> Books {
    channel
        .instruments()
        .iter()
        .map(|instrument| {
            let id = instrument.definition.instrument;
            let levels = |side| {
                channel
                    .books()
                    .levels(id, side)
                    .map(|level| (level.price.0, level.size, level.orders))
                    .collect()
            };
            let ended = Final {
                bids: levels(Side::Bid),
                asks: levels(Side::Ask),
                trades: instrument.trades,
                volume: instrument.volume,
                state: channel.state(id).state,
            };
            (instrument.definition.symbol.as_str().to_owned(), ended)
        })
        .collect()
}

#[derive(Default)]
struct Given {
    definitions: VecDeque<Definition>,
    ticks: Vec<Tick>,
}

struct Collect(Arc<Mutex<Given>>);

impl TickSink for Collect {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().ticks.extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().definitions.push_back(*definition);
    }
}

/// The day without loss, applied directly: no socket, no ring, no graph. Books and number of messages.
fn reference() -> &'static (Books, u64) {
    static REFERENCE: OnceLock<(Books, u64)> = OnceLock::new();
    REFERENCE.get_or_init(|| {
        let mut day = Day::new(SEED, events(), EVENTS_PER_DATAGRAM);
        let mut feed = (itch().build)(&FeedSettings::single_line(ChannelId(0))).unwrap();
        let given = Arc::new(Mutex::new(Given::default()));
        let mut out = Batch::new(Box::new(Collect(Arc::clone(&given))));
        let mut channel = Channel::new(spec(), 10);
        let mut messages = 0;
        while let Some(datagram) = day.next() {
            messages += numbers(&datagram).count() as u64;
            let packet = Packet {
                line: Line(0),
                ts_recv: RecvTime(1_699_972_200_000_000_000 + messages),
                form: Form::Datagram,
                bytes: &datagram,
            };
            assert!(!matches!(
                feed.on_packet(&packet, &mut out),
                Outcome::Refused(_)
            ));
            out.flush();
            let mut given = given.lock().unwrap();
            for definition in std::mem::take(&mut given.definitions) {
                channel.define(&definition);
            }
            for tick in given.ticks.drain(..) {
                channel.apply(&tick);
                if tick.is_last() {
                    channel.end_event(&tick);
                    channel.begin_event();
                }
            }
        }
        assert!(channel.faults().iter().all(|count| *count == 0));
        let books = books_of(&channel);
        assert_eq!(books.len(), SYMBOLS as usize);
        (books, messages)
    })
}

/// A feed whose ledger can be read after its thread has ended.
struct Watched {
    feed: Box<dyn Feed>,
    ledger: Arc<Mutex<Vec<Gap>>>,
}

impl Feed for Watched {
    fn on_packet(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        self.feed.on_packet(packet, out)
    }
    fn on_clock(&mut self, now: RecvTime, out: &mut Batch) {
        self.feed.on_clock(now, out);
    }
    fn next_deadline(&self) -> Option<RecvTime> {
        self.feed.next_deadline()
    }
    fn on_link(&mut self, event: LinkEvent, now: RecvTime, out: &mut Batch) {
        self.feed.on_link(event, now, out);
    }
    fn finish(&mut self, now: RecvTime, out: &mut Batch) {
        self.feed.finish(now, out);
        *self.ledger.lock().unwrap() = self.feed.gaps().to_vec();
    }
    fn poll_action(&mut self) -> Option<Action> {
        self.feed.poll_action()
    }
    fn poll_notice(&mut self) -> Option<Notice> {
        self.feed.poll_notice()
    }
    fn counters(&self) -> &FeedCounters {
        self.feed.counters()
    }
    fn gaps(&self) -> &[Gap] {
        self.feed.gaps()
    }
    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        self.feed.messages_by_type()
    }
}

/// A ring that holds its writer back instead of discarding datagrams: on a loaded machine the graph may be slow.
struct Unhurried(RingSink);

impl TickSink for Unhurried {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.accept(ticks);
    }
    fn define(&mut self, channel: ChannelId, definition: &Definition) {
        self.0.define(channel, definition);
    }
    fn room(&mut self) -> usize {
        const ENOUGH: usize = TICKS_PER_PACKET_MAX + Batch::TICKS_MAX;
        while !self.0.is_abandoned() && self.0.room() < ENOUGH {
            std::thread::sleep(Duration::from_micros(200));
        }
        self.0.room()
    }
    fn is_abandoned(&self) -> bool {
        self.0.is_abandoned()
    }
}

/// Known once the graph is built.
#[derive(Default)]
struct Late(OnceLock<Notifier>);

impl Notify for Late {
    fn notify(&self) {
        if let Some(notifier) = self.0.get() {
            notifier.notify();
        }
    }
}

/// What the network does.
#[derive(Clone, Copy)]
struct Network {
    line_b_is_dead: bool,
    /// What the server of retransmissions does with requests; the protocol knows no refusal but silence.
    server_refuses: bool,
}

/// What a live day came to.
struct Lived {
    books: Books,
    ledger: Vec<Gap>,
    /// Messages that neither line delivered.
    undelivered: BTreeSet<u64>,
    /// Requests the server did not answer.
    refused: u64,
    /// Publications as (state, last sequence), in order.
    published: Vec<(u8, u64)>,
    counters: Arc<Counters>,
}

fn line_of(stream: u64, dead: bool) -> Impairment {
    Impairment::new(ImpairmentSettings {
        seed: SEED,
        stream,
        loss_per_million: 10_000,
        duplicate_per_million: 10_000,
        reorder_per_million: 10_000,
        reorder_span: 4,
        dead,
    })
}

/// Sends the whole day over both lines, no faster than it is received. Returns the messages neither line delivered.
fn send_day(
    day: &Mutex<Day>,
    network: Network,
    targets: &[SocketAddr],
    row: &ChannelCounters,
) -> BTreeSet<u64> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let mut lines = [line_of(1, false), line_of(2, network.line_b_is_dead)];
    let counters = [Counter::PacketsLineA, Counter::PacketsLineB];
    let (mut sent, mut delivered) = ([0u64; 2], BTreeSet::new());
    let mut all = 0..0u64;
    let mut last = Vec::new();
    for count in 0.. {
        let Some(datagram) = day.lock().unwrap().next() else {
            break;
        };
        all = 1..numbers(&datagram).end.max(all.end);
        for (index, line) in lines.iter_mut().enumerate() {
            let mut deliver = |bytes: &[u8]| {
                socket.send_to(bytes, targets[index]).unwrap();
                delivered.extend(numbers(bytes));
                sent[index] += 1;
            };
            if count < OPENING_DATAGRAMS {
                deliver(&datagram);
            } else {
                line.send(&datagram, deliver);
            }
        }
        let started = Instant::now();
        for index in 0..2 {
            while sent[index] > row.get(counters[index]) + UNDER_WAY_MAX {
                assert!(started.elapsed() < PATIENCE, "datagrams are not received");
                std::thread::sleep(Duration::from_micros(50));
            }
        }
        last = datagram;
    }
    for (line, target) in lines.iter_mut().zip(targets) {
        line.drain(|bytes| {
            socket.send_to(bytes, target).unwrap();
            delivered.extend(numbers(bytes));
        });
    }
    // As venues do, the end of the session is said more than once.
    for _ in 0..3 {
        socket.send_to(&last, targets[0]).unwrap();
    }
    all.filter(|number| !delivered.contains(number)).collect()
}

/// Waits until every message was applied or given up.
fn wait_for_all(row: &ChannelCounters, messages: u64) {
    let (mut before, mut since) = (0, Instant::now());
    loop {
        let done = row.get(Counter::Messages) + row.get(Counter::MessagesLost);
        if done >= messages {
            break;
        }
        if done != before {
            (before, since) = (done, Instant::now());
        }
        assert!(since.elapsed() < PATIENCE, "{done} of {messages} messages");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn live(network: Network) -> Lived {
    let messages = reference().1;
    let day = Arc::new(Mutex::new(Day::new(SEED, events(), EVENTS_PER_DATAGRAM)));
    let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    server
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    let own = |key: &str, value| (key.to_owned(), Value::Integer(value));
    // Where nothing is recovered every copy that comes late is told from one that never comes, whatever the scheduler does.
    let (window_us, held) = if network.server_refuses {
        (300_000, 1 << 20)
    } else {
        (2_000, 4_096)
    };
    let settings = FeedSettings {
        line_count: 2,
        server_count: 1,
        own: vec![
            own("reorder_window_us", window_us),
            own("held_packets_max", held),
            own(
                "request_timeout_ms",
                if network.server_refuses { 10 } else { 50 },
            ),
        ],
        ..FeedSettings::single_line(ChannelId(0))
    };
    let ledger = Arc::new(Mutex::new(Vec::new()));
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let feed = UdpFeed {
        snapshot_lines: Vec::new(),
        gap_lines: Vec::new(),
        delivery: Vec::new(),
        snapshot: Vec::new(),
        row: 0,
        name: "day".to_owned(),
        feed: Box::new(Watched {
            feed: (itch().build)(&settings).unwrap(),
            ledger: Arc::clone(&ledger),
        }),
        lines: vec![any_port; 2],
        joins: Vec::new(),
        stamping: Default::default(),
        retransmit: vec![server.local_addr().unwrap()],
        receive_buffer_bytes: 1 << 20,
    };
    let counters = Arc::new(Counters::new(["day"]));
    let late = Arc::new(Late::default());
    let (sink, reader) = ring(
        1 << 16,
        1 << 12,
        Patience::Endless,
        Arc::clone(&late) as Arc<dyn Notify>,
    );
    let batch = Batch::new(Box::new(Unhurried(sink)));
    let ingest = UdpIngest::bind(
        vec![feed],
        batch,
        Arc::clone(&counters),
        ExecutionMode::Park,
    )
    .unwrap();
    let targets: Vec<SocketAddr> = ingest.local_addresses().into_iter().flatten().collect();
    let stop = Arc::new(Stop::new());
    let ingest = ingest
        .spawn("ingest".to_owned(), None, Arc::clone(&stop))
        .unwrap();

    let (writer, mut records) = record::ring(1 << 16, SYMBOLS as usize);
    let is_graph_over = Arc::new(AtomicBool::new(false));
    let no_more = Arc::clone(&is_graph_over);
    let watcher = std::thread::spawn(move || {
        let mut published = Vec::new();
        loop {
            let is_last = no_more.load(Ordering::Acquire);
            while let Some(record) = records.pop() {
                if matches!(record.body, Body::Snapshot { .. } | Body::State) {
                    published.push((record.header.state, record.header.last_sequence));
                }
            }
            if is_last {
                return published;
            }
            std::thread::sleep(Duration::from_micros(500));
        }
    });

    let is_over = Arc::new(AtomicBool::new(false));
    let (asked, over) = (Arc::clone(&day), Arc::clone(&is_over));
    let answers = std::thread::spawn(move || {
        let (mut request, mut refused) = ([0u8; 2_048], 0_u64);
        while !over.load(Ordering::Relaxed) {
            let Ok((count, peer)) = server.recv_from(&mut request) else {
                continue;
            };
            if network.server_refuses {
                refused += 1;
                continue;
            }
            let answer = asked.lock().unwrap().venue.on_request(&request[..count]);
            if let Some(answer) = answer {
                server.send_to(&answer, peer).unwrap();
            }
        }
        refused
    });

    let seen = Arc::clone(&counters);
    let sender = std::thread::spawn(move || {
        let row = seen.channel(0).unwrap();
        let undelivered = send_day(&day, network, &targets, row);
        wait_for_all(row, messages);
        undelivered
    });
    let sender = std::thread::spawn(move || {
        // Whatever became of it, the graph must come to its end.
        let undelivered = sender.join();
        stop.request();
        ingest.join().unwrap().unwrap();
        is_over.store(true, Ordering::Relaxed);
        (undelivered.unwrap(), answers.join().unwrap())
    });

    let mut runtime = RealtimeRuntime::new(runtime::ExecutionMode::Park);
    let market_settings = MarketSettings {
        depth: 10,
        signals: default_signals(),
    };
    let source = Source::new(reader, vec![spec()], None, 10);
    let (market, notifiers) = Market::build(
        runtime.executor(),
        &market_settings,
        vec![source],
        Outlet::new(vec![writer]),
        Drive::Live,
    );
    assert!(late.0.set(notifiers[0].clone()).is_ok());
    notifiers[0].notify();
    assert_eq!(runtime.run_forever().unwrap(), Ended::Terminated);
    let books = books_of(market.sources()[0].borrow().channel(ChannelId(0)).unwrap());
    is_graph_over.store(true, Ordering::Release);
    let (undelivered, refused) = sender.join().unwrap();
    Lived {
        books,
        ledger: Arc::try_unwrap(ledger).unwrap().into_inner().unwrap(),
        undelivered,
        refused,
        published: watcher.join().unwrap(),
        counters,
    }
}

#[track_caller]
fn check_equal(network: Network) {
    let outcome = live(network);
    let row = outcome.counters.channel(0).unwrap();
    assert_eq!(row.get(Counter::MessagesLost), 0);
    assert_eq!(row.get(Counter::Messages), reference().1);
    assert!(outcome.ledger.iter().all(|gap| gap.recovered));
    let missing: u64 = outcome.ledger.iter().map(|gap| gap.count).sum();
    // What neither line delivered had to be asked for, and more than that where a copy came late.
    assert!(missing >= outcome.undelivered.len() as u64);
    assert!(!outcome.undelivered.is_empty());
    for (symbol, expected) in &reference().0 {
        assert_eq!(&outcome.books[symbol], expected, "{symbol}");
    }
    assert_eq!(outcome.books.len(), reference().0.len());
    assert!(!outcome.published.is_empty());
}

#[test]
fn two_bad_lines_and_a_server_leave_the_books_of_a_day_without_loss() {
    check_equal(Network {
        line_b_is_dead: false,
        server_refuses: false,
    });
}

#[test]
fn one_bad_line_and_a_server_leave_the_books_of_a_day_without_loss() {
    check_equal(Network {
        line_b_is_dead: true,
        server_refuses: false,
    });
}

#[test]
fn a_server_that_refuses_leaves_nothing_live_after_the_first_loss_and_an_exact_ledger() {
    let outcome = live(Network {
        line_b_is_dead: false,
        server_refuses: true,
    });
    let row = outcome.counters.channel(0).unwrap();
    assert_eq!(row.get(Counter::KernelDrops), 0);
    let named: BTreeSet<u64> = outcome
        .ledger
        .iter()
        .filter(|gap| !gap.recovered)
        .flat_map(|gap| gap.first..gap.first + gap.count)
        .collect();
    assert_eq!(named, outcome.undelivered);
    assert!(outcome.refused > 0, "the server was asked");
    let first_lost = *named.first().expect("a day of bad lines loses something");
    let live_code = TrustState::Live as u8;
    let is_live = |(state, _): &&(u8, u64)| *state == live_code;
    assert!(outcome.published.iter().any(|one| is_live(&one)));
    let late = outcome
        .published
        .iter()
        .filter(is_live)
        .find(|(_, last_sequence)| *last_sequence > first_lost);
    assert_eq!(
        late, None,
        "live behind the first lost message {first_lost}"
    );
    // Nor does anything older come out as live once the loss is known.
    let known = outcome
        .published
        .iter()
        .position(|(_, last_sequence)| *last_sequence > first_lost)
        .unwrap();
    assert!(outcome.published[known..].iter().all(|one| !is_live(&one)));
    assert!(
        outcome
            .books
            .values()
            .all(|book| book.state != TrustState::Live)
    );
}
