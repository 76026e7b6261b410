//! Recovery over real multicast, in a network namespace that each run makes for itself.
//!
//! ```text
//!  venue ─ 239.9.0.1, .2 ─▶ relay (drops, from a seed) ─ 239.9.1.1, .2 ─▶ `waveletd run` ─▶ WebSocket
//!    │                                                                       ▲
//!    ├─ 239.9.0.1 ─▶ the one that hears everything: the truth                │
//!    └─ retransmission by UDP, snapshots by TCP or by a group of their own ──┘
//! ```
//!
//! Every book that the process publishes as complete must be what the venue's book was at that
//! number.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use common::{Json, exact};
use feeds::contract::{Batch, Descriptor, FeedSettings, Form, Line, Packet, TickSink};
use feeds::model::{ChannelId, Definition, InstrumentId, RecvTime, Side, Tick};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::{self, Message};
use waveletd::pipeline::{Channel, ChannelSpec};
use waveletd::simulate::{
    DatagramPlan, DatagramVenue, FlowSettings, Impairment, ImpairmentSettings, RetransmitPlan,
    symbols,
};
use waveletd::sys::socket::{Interface, Join, udp_receiver};

const SYMBOLS: usize = 4;
const EVENTS_PER_SECOND: u64 = 600;
/// How long the faults may take to be met, and how long until all is well again after them.
const PATIENCE: Duration = Duration::from_secs(18);
const LO: Ipv4Addr = Ipv4Addr::LOCALHOST;
/// Nothing else has a port in a namespace that was just made.
const PAGE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(LO), 9_001);
const RETRANSMIT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(LO), 18_000);
const SNAPSHOT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(LO), 18_010);

/// Group number `last` of the venue (0) or behind the relay (1).
fn group(side: u8, last: u8) -> SocketAddr {
    SocketAddr::from(([239, 9, side, last], 26_400 + u16::from(last)))
}

/// Runs `test` on a thread in a network namespace of its own, in which the loopback carries
/// multicast.
#[track_caller]
fn in_own_network(test: impl FnOnce() + Send + 'static) {
    let thread = std::thread::spawn(move || {
        if let Err(error) = nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET) {
            return Err(format!("no network namespace: {error}"));
        }
        for command in [
            "link set lo up multicast on",
            "route add 239.0.0.0/8 dev lo",
        ] {
            match Command::new("ip").args(command.split(' ')).status() {
                Ok(status) if status.success() => {}
                other => return Err(format!("ip {command}: {other:?}")),
            }
        }
        test();
        Ok(())
    });
    match thread.join() {
        Ok(Ok(())) => {}
        Ok(Err(reason)) => {
            assert!(
                std::env::var("CI").is_err(),
                "must not be skipped: {reason}"
            );
            eprintln!("SKIPPED: this host forbids multicast tests: {reason}");
        }
        Err(panic) => std::panic::resume_unwind(panic),
    }
}

/// A member of `group` that waits a little for each datagram.
fn member(group: SocketAddr) -> UdpSocket {
    let join = Join::on(Interface::Address(LO));
    let receiver = udp_receiver(group, &join, 16 << 20).unwrap();
    let socket = UdpSocket::from(receiver.socket);
    socket.set_nonblocking(false).unwrap();
    socket
        .set_read_timeout(Some(Duration::from_millis(20)))
        .unwrap();
    socket
}

/// Datagrams after which both lines lose the same ones, so that neither can help the other.
const BURST_EVERY: u64 = 500;
const BURST: u64 = 60;

/// Carries both lines from the venue to the process, and loses on the way until it is told to be
/// `calm`.
struct Relay {
    calm: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
    lost: Arc<AtomicU64>,
    threads: Vec<JoinHandle<()>>,
}

impl Relay {
    fn start(loss_per_million: u32, has_bursts: bool, has_stranger: bool) -> Relay {
        let (calm, stop) = (Arc::default(), Arc::default());
        let mut relay = Relay {
            calm,
            stop,
            lost: Arc::default(),
            threads: Vec::new(),
        };
        for line in [1, 2] {
            let input = member(group(0, line));
            // Says what makes no sense on the same group; who has asked for one sender does not
            // hear it.
            let stranger = has_stranger.then(|| {
                let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, 9), 0)).unwrap();
                let on = socket2::SockRef::from(&socket);
                on.set_multicast_if_v4(&LO).unwrap();
                socket
            });
            let output = UdpSocket::bind((LO, 0)).unwrap();
            let multicast = socket2::SockRef::from(&output);
            multicast.set_multicast_if_v4(&LO).unwrap();
            let (calm, stop) = (Arc::clone(&relay.calm), Arc::clone(&relay.stop));
            let lost = Arc::clone(&relay.lost);
            relay.threads.push(std::thread::spawn(move || {
                let faults = Impairment::new(ImpairmentSettings {
                    seed: 17,
                    stream: u64::from(line),
                    loss_per_million,
                    duplicate_per_million: 10_000,
                    reorder_per_million: 10_000,
                    reorder_span: 3,
                    dead: false,
                });
                let sockets = (&input, &output, stranger.as_ref());
                carry(sockets, line, faults, has_bursts, (&calm, &stop), &lost);
            }));
        }
        relay
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

fn carry(
    (input, output, stranger): (&UdpSocket, &UdpSocket, Option<&UdpSocket>),
    line: u8,
    mut faults: Impairment,
    has_bursts: bool,
    (calm, stop): (&AtomicBool, &AtomicBool),
    lost: &AtomicU64,
) {
    let (mut buffer, mut count) = (vec![0u8; 65_536], 0u64);
    let deliver = |bytes: &[u8]| drop(output.send_to(bytes, group(1, line)));
    while !stop.load(Ordering::Relaxed) {
        let Ok(bytes) = input.recv(&mut buffer) else {
            continue;
        };
        count += 1;
        if let Some(stranger) = stranger {
            let _ = stranger.send_to(&buffer[..bytes.min(7)], group(1, line));
        }
        if calm.load(Ordering::Relaxed) {
            faults.drain(deliver);
            deliver(&buffer[..bytes]);
            continue;
        }
        faults.set_dead(has_bursts && count % BURST_EVERY >= BURST_EVERY - BURST);
        let before = faults.lost;
        faults.send(&buffer[..bytes], deliver);
        lost.fetch_add(faults.lost - before, Ordering::Relaxed);
    }
}

/// The best levels of both sides, bids first, numbers in one spelling.
type Image = Vec<(String, String)>;
type Truth = BTreeMap<String, BTreeMap<u64, Vec<Image>>>;

/// The books of the line that loses nothing, and what each was after every event that touched it.
struct Books {
    channel: Channel,
    is_open: bool,
    depth: usize,
    truth: Truth,
}

#[derive(Clone)]
struct Watch(Arc<Mutex<Books>>);

impl TickSink for Watch {
    fn accept(&mut self, ticks: &[Tick]) {
        let mut books = self.0.lock().unwrap();
        let books = &mut *books;
        for tick in ticks {
            if !std::mem::replace(&mut books.is_open, true) {
                books.channel.begin_event();
            }
            books.channel.apply(tick);
            if !tick.is_last() {
                continue;
            }
            books.channel.end_event(tick);
            books.is_open = false;
            for instrument in books.channel.instruments() {
                let definition = &instrument.definition;
                let id = definition.instrument;
                let event = books.channel.event();
                if event.all || event.touched.contains(&id) {
                    let sequence = books.channel.state(id).last_sequence;
                    let image = image(&books.channel, id, definition.size_decimals, books.depth);
                    let symbol = definition.symbol.as_str().to_owned();
                    let history = books.truth.entry(symbol).or_default();
                    history.entry(sequence).or_default().push(image);
                }
            }
        }
    }

    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().channel.define(definition);
    }
}

fn image(channel: &Channel, id: InstrumentId, size_decimals: u8, depth: usize) -> Image {
    let mut image = Vec::new();
    for side in [Side::Bid, Side::Ask] {
        for level in channel.books().levels(id, side).take(depth) {
            let price = exact(&format!("{}e-9", level.price.0)).unwrap();
            let size = exact(&format!("{}e-{size_decimals}", level.size)).unwrap();
            image.push((price, size));
        }
        image.push(Default::default());
    }
    image
}

fn image_of(snapshot: &Json) -> Image {
    let mut image = Vec::new();
    for side in ["bids", "asks"] {
        for level in snapshot.get(side).list() {
            let number = |name| exact(level.get(name).text()).unwrap();
            image.push((number("price"), number("amount")));
        }
        image.push(Default::default());
    }
    image
}

/// Hears the venue itself until told to stop; gives the truth.
fn listen(
    descriptor: &'static Descriptor,
    depth: usize,
    stop: Arc<AtomicBool>,
) -> JoinHandle<Truth> {
    let socket = member(group(0, 1));
    std::thread::spawn(move || {
        let spec = ChannelSpec {
            id: ChannelId(0),
            feed: descriptor.name.to_owned(),
            venue: descriptor.venue.to_owned(),
            book: descriptor.book,
            orders_capacity: 4_096,
        };
        let watch = Watch(Arc::new(Mutex::new(Books {
            channel: Channel::new(spec, depth as u32),
            is_open: false,
            depth,
            truth: Truth::new(),
        })));
        let mut feed = (descriptor.build)(&FeedSettings::single_line(ChannelId(0))).unwrap();
        let mut out = Batch::new(Box::new(watch.clone()));
        let (mut buffer, mut at) = (vec![0u8; 65_536], 1_700_000_000_000_000_000);
        loop {
            match socket.recv(&mut buffer) {
                Ok(count) => {
                    at += 1_000;
                    let packet = Packet {
                        line: Line(0),
                        ts_recv: RecvTime(at),
                        form: Form::Datagram,
                        bytes: &buffer[..count],
                    };
                    feed.on_packet(&packet, &mut out);
                    out.flush();
                }
                Err(_) if stop.load(Ordering::Relaxed) => break,
                Err(_) => {}
            }
        }
        assert_eq!(feed.counters().messages_lost, 0, "the clean line lost");
        std::mem::take(&mut watch.0.lock().unwrap().truth)
    })
}

/// The daemon. It does not outlive the test.
struct Daemon(Child);

impl Daemon {
    #[track_caller]
    fn start(text: &str) -> (Daemon, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("waveletd.yaml");
        std::fs::write(&path, text).unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_waveletd"))
            .args(["run", "-c", path.to_str().unwrap()])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut told = Vec::new();
        let is_up = lines.by_ref().map_while(Result::ok).any(|line| {
            let found = line.contains("page http");
            told.push(line);
            found
        });
        let daemon = Daemon(child);
        assert!(is_up, "it does not start: {told:#?}\n{text}");
        // Read on, so that the process never waits for us.
        std::thread::spawn(move || lines.count());
        (daemon, folder)
    }

    #[track_caller]
    fn end(mut self) {
        let id = self.0.id().to_string();
        let status = Command::new("kill").args(["-TERM", &id]).status().unwrap();
        assert!(status.success());
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                assert_eq!(status.code(), Some(0));
                return;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Totals of the daemon's feed, by name of the metric; labels are added up.
fn totals() -> BTreeMap<String, u64> {
    let mut stream = TcpStream::connect(PAGE).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let request = b"GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n";
    stream.write_all(request).unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    let mut totals = BTreeMap::new();
    for line in text.lines().filter(|line| line.starts_with("waveletd_")) {
        if let Some((metric, value)) = line.rsplit_once(' ')
            && let Ok(value) = value.parse::<u64>()
        {
            let name = metric.split('{').next().unwrap_or_default();
            let name = name.trim_start_matches("waveletd_").to_owned();
            *totals.entry(name).or_default() += value;
        }
    }
    totals
}

type Socket = tungstenite::WebSocket<TcpStream>;

/// Every book as it is published, from now on.
fn subscribe(depth: usize) -> Socket {
    let stream = TcpStream::connect(PAGE).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let url = format!("ws://{PAGE}/ws?channels=book_snapshot_{depth}_0ms&instruments=*");
    let (socket, _) = tungstenite::client(url, stream).unwrap();
    socket
}

/// The next book, if one comes soon.
fn read(socket: &mut Socket) -> Option<String> {
    match socket.read() {
        Ok(Message::Text(text)) if text.contains("\"type\":\"book_snapshot\"") => {
            Some(text.as_str().to_owned())
        }
        Ok(_) => None,
        Err(tungstenite::Error::Io(error))
            if matches!(
                error.kind(),
                std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
            ) =>
        {
            None
        }
        Err(error) => panic!("the server is gone: {error}"),
    }
}

/// One run: which feed, what its file says beside the lines, and what must have happened before the
/// faults end.
struct Run {
    feed: &'static str,
    /// Services of the venue that the process is told of.
    retransmit: bool,
    /// Whether it is asked over a connection, and answers on a group that all hear.
    gap_lines: bool,
    snapshot: bool,
    snapshot_lines: bool,
    own: &'static str,
    /// What each line loses for itself; where there are bursts, both lines lose some datagrams
    /// together.
    loss_per_million: u32,
    has_bursts: bool,
    /// Metrics and the totals they must reach.
    wanted: &'static [(&'static str, u64)],
    /// Each line is joined for the relay's address only, and a stranger speaks on its group.
    one_sender: bool,
    /// What is lost for good stays lost: the venue has no way back for it.
    stays_suspect: bool,
}

#[track_caller]
fn check(run: Run) {
    in_own_network(move || recover(&run));
}

fn recover(run: &Run) {
    const DEPTH: usize = 5;
    let (name, started) = (run.feed, Instant::now());
    let descriptor = feeds::descriptor(name).unwrap();
    let line = |last: u8| match (run.one_sender, group(1, last)) {
        (true, group) => format!("{{ address: \"{group}\", source: {LO} }}"),
        (false, group) => format!("\"{group}\""),
    };
    let mut text = format!(
        "runtime: {{ mode: park }}\nfeeds:\n  - name: tested\n    protocol: {name}\n    \
         timestamps: hardware\n    lines: {{ a: {}, b: {}, interface: lo }}\n{}",
        line(1),
        line(2),
        run.own,
    );
    if run.retransmit {
        text += &format!("    retransmit: [\"{RETRANSMIT}\"]\n");
    }
    if run.gap_lines {
        text += &format!("    gap_lines: {{ a: \"{}\" }}\n", group(0, 4));
    }
    if run.snapshot {
        text += &format!("    snapshot: [\"{SNAPSHOT}\"]\n");
    }
    if run.snapshot_lines {
        text += &format!("    snapshot_lines: {{ a: \"{}\" }}\n", group(0, 3));
    }
    text += &format!(
        "books: {{ depth: {DEPTH} }}\npublish:\n  - {{ kind: websocket, listen: \"{PAGE}\", \
         queue_messages_max: 65536 }}\n"
    );
    let stop_truth = Arc::new(AtomicBool::new(false));
    let truth = listen(descriptor, DEPTH, Arc::clone(&stop_truth));
    let relay = Relay::start(run.loss_per_million, run.has_bursts, run.one_sender);
    let (daemon, _folder) = Daemon::start(&text);
    let mut socket = subscribe(DEPTH);
    let venue = DatagramVenue::start(
        DatagramPlan {
            lines: vec![group(0, 1), group(0, 2)],
            interface: LO,
            impairments: Vec::new(),
            retransmit: run.retransmit.then_some(RetransmitPlan {
                listen: RETRANSMIT,
                delay: Duration::from_millis(1),
                refuse: false,
            }),
            gap_lines: run.gap_lines.then(|| group(0, 4)).into_iter().collect(),
            snapshot_lines: run
                .snapshot_lines
                .then(|| group(0, 3))
                .into_iter()
                .collect(),
            snapshot: run.snapshot.then_some(SNAPSHOT),
            flow: FlowSettings {
                seed: 5,
                symbol_count: SYMBOLS as u32,
                orders_per_symbol_max: 40,
                ..FlowSettings::default()
            },
            symbols: symbols(&[], SYMBOLS),
            events_per_second: EVENTS_PER_SECOND,
            event_count: None,
        },
        (descriptor.simulator)(),
    )
    .unwrap();

    // Faults until everything asked for has happened.
    let (mut published, mut asked) = (Vec::new(), Instant::now());
    loop {
        published.extend(read(&mut socket));
        if asked.elapsed() < Duration::from_millis(300) {
            continue;
        }
        asked = Instant::now();
        let totals = totals();
        let has = |(metric, count): &(&str, u64)| totals.get(*metric).is_some_and(|n| n >= count);
        if run.wanted.iter().all(has) {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "{name}: {totals:#?}");
    }

    // Then none, and every book is live again, or, where the venue has no way back, still not
    // called so.
    relay.calm.store(true, Ordering::Relaxed);
    let calm_since = Instant::now();
    let mut states: BTreeMap<String, String> = BTreeMap::new();
    let end = if run.stays_suspect {
        Duration::from_secs(1)
    } else {
        PATIENCE
    };
    loop {
        if let Some(text) = read(&mut socket) {
            let message = Json::parse(&text);
            let state = message.get("state").text().to_owned();
            states.insert(message.get("symbol").text().to_owned(), state);
            published.push(text);
        }
        let is_live = states.len() == SYMBOLS && states.values().all(|state| state == "live");
        if is_live && !run.stays_suspect {
            break;
        }
        if calm_since.elapsed() > end {
            let claims = states.values().any(|state| state == "live");
            assert!(
                run.stays_suspect && !claims && !states.is_empty(),
                "{name}: {states:?} {:#?}",
                totals()
            );
            break;
        }
    }
    let (back, lost) = (calm_since.elapsed(), relay.lost.load(Ordering::Relaxed));
    let totals = totals();
    drop(socket);
    venue.stop().unwrap();
    stop_truth.store(true, Ordering::Relaxed);
    let truth = truth.join().unwrap();
    daemon.end();

    let (mut compared, mut incomplete) = (0u64, 0u64);
    for text in &published {
        let snapshot = Json::parse(text);
        let state = snapshot.get("state").text();
        if !matches!(state, "live" | "crossed" | "halted" | "closed") {
            incomplete += 1;
            continue;
        }
        let symbol = snapshot.get("symbol").text();
        let sequence = snapshot.get("lastSequence").count();
        let image = image_of(&snapshot);
        let before = truth
            .get(symbol)
            .and_then(|history| history.range(..=sequence).next_back());
        let is_true = before.is_some_and(|(_, images)| images.contains(&image));
        assert!(
            is_true,
            "{name}: {symbol} is wrong at {sequence}: {before:?}\n{text}"
        );
        compared += 1;
    }
    let of = |metric: &str| totals.get(metric).copied().unwrap_or_default();
    eprintln!(
        "{name}: {compared} books true at their number, {incomplete} not called complete; relay lost {lost} datagrams; \
         {} messages recovered, {} lost, {} requests, {} snapshots; {}; {:.1} s",
        of("messages_recovered_total"),
        of("messages_lost_total"),
        of("retransmission_requests_total"),
        of("snapshots_applied_total"),
        if run.stays_suspect {
            "no way back, and none claimed".to_owned()
        } else {
            format!("live again {} ms after the last fault", back.as_millis())
        },
        started.elapsed().as_secs_f32()
    );
    assert_eq!(of("decode_errors_total"), 0, "{name}: a stranger was heard");
    // The loopback has no clock of its own: the kernel's times are in force, and said to be.
    let stamped = of("receive_times_total");
    assert!(stamped > 200, "{name}: {stamped} receive times");
    assert!(compared > 200, "{name}: only {compared} books");
    assert!(incomplete > 0, "{name}: no fault was ever seen");
}

#[test]
fn itch_recovers_by_requests_over_udp_and_by_glimpse_over_tcp() {
    check(Run {
        feed: "nasdaq_itch50",
        retransmit: true,
        gap_lines: false,
        snapshot: true,
        snapshot_lines: false,
        // A burst is larger than what is asked for, so that both ways are used.
        own: "    request_gap_max: 20\n    snapshot_user: USER01\n",
        wanted: &[
            ("messages_recovered_total", 30),
            ("retransmission_requests_total", 20),
            ("snapshots_applied_total", 3),
        ],
        loss_per_million: 100_000,
        has_bursts: true,
        one_sender: true,
        stays_suspect: false,
    });
}

#[test]
fn pitch_recovers_by_its_gap_proxy_and_its_spin_server_over_tcp() {
    check(Run {
        feed: "cboe_pitch_equities",
        retransmit: true,
        gap_lines: true,
        snapshot: true,
        snapshot_lines: false,
        // A burst is larger than what is asked for, so that both ways are used.
        own: "    request_gap_max: 10\n    request_user: USER\n    request_session: SESS\n",
        wanted: &[
            ("messages_recovered_total", 20),
            ("retransmission_requests_total", 10),
            ("snapshots_applied_total", 3),
        ],
        loss_per_million: 100_000,
        has_bursts: true,
        one_sender: false,
        stays_suspect: false,
    });
}

#[test]
fn cme_recovers_by_its_snapshot_loop_on_a_group_of_its_own() {
    check(Run {
        feed: "cme_mdp3",
        retransmit: false,
        gap_lines: false,
        snapshot: false,
        snapshot_lines: true,
        own: "",
        wanted: &[("messages_lost_total", 1), ("snapshots_applied_total", 5)],
        loss_per_million: 100_000,
        has_bursts: true,
        one_sender: true,
        stays_suspect: false,
    });
}

#[test]
fn iex_tops_recovers_by_the_next_quote_of_each_instrument() {
    check(Run {
        feed: "iex_tops16",
        retransmit: false,
        gap_lines: false,
        snapshot: false,
        snapshot_lines: false,
        own: "",
        wanted: &[("messages_lost_total", 60), ("gaps_total", 10)],
        loss_per_million: 100_000,
        has_bursts: true,
        one_sender: false,
        stays_suspect: false,
    });
}

#[test]
fn iex_deep_says_of_a_lost_message_that_its_books_are_suspect() {
    check(Run {
        feed: "iex_deep10",
        retransmit: false,
        gap_lines: false,
        snapshot: false,
        snapshot_lines: false,
        own: "",
        wanted: &[("messages_lost_total", 1)],
        // The lines help each other until both lose the same datagram.
        loss_per_million: 30_000,
        has_bursts: false,
        one_sender: false,
        stays_suspect: true,
    });
}
