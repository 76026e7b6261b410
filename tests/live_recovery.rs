//! Books made whole again over real sockets: two lines that lose datagrams, and a venue that is asked for them over TCP and answers
//! on lines of their own, or that tells its present state over TCP or on lines of their own. Every book that is called complete
//! must be what the venue's book was at that number.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use feeds::contract::{
    Batch, Descriptor, Feed, FeedSettings, Form, Line, Packet, SnapshotService, TickSink, Value,
};
use feeds::model::{ChannelId, Definition, EventTime, RecvTime, Side, Symbol, Tick};
use feeds::session::moldudp64::{Header, Messages, SessionId};
use feeds::session::soupbintcp;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use waveletd::book::TrustState;
use waveletd::config::ExecutionMode;
use waveletd::ingest::Stop;
use waveletd::ingest::udp::{UdpFeed, UdpIngest};
use waveletd::metrics::{Counter, Counters};
use waveletd::pipeline::{Channel, ChannelSpec};
use waveletd::simulate::{
    DatagramPlan, DatagramVenue, FlowSettings, ImpairmentSettings, OrderFlow, RetransmitPlan,
    symbols,
};

const SYMBOLS: usize = 4;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(60);

type Seen = (Symbol, u64, u64);

/// Books, and what each was after every event that touched it while it was complete.
struct Books {
    channel: Channel,
    symbols: Vec<Symbol>,
    is_open: bool,
    seen: Vec<Seen>,
}

#[derive(Clone)]
struct Watch(Arc<Mutex<Books>>);

impl Watch {
    fn new(descriptor: &Descriptor) -> Watch {
        let spec = ChannelSpec {
            id: ChannelId(0),
            feed: descriptor.name.to_owned(),
            venue: descriptor.venue.to_owned(),
            book: descriptor.book,
            orders_capacity: 4_096,
        };
        Watch(Arc::new(Mutex::new(Books {
            channel: Channel::new(spec, 10),
            symbols: Vec::new(),
            is_open: false,
            seen: Vec::new(),
        })))
    }
}

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
            for (symbol, instrument) in books.symbols.iter().zip(books.channel.instruments()) {
                let id = instrument.definition.instrument;
                let event = books.channel.event();
                let state = books.channel.state(id);
                if (event.all || event.touched.contains(&id)) && state.state.is_complete() {
                    let seen = (*symbol, state.last_sequence, digest(&books.channel, id));
                    books.seen.push(seen);
                }
            }
        }
    }

    fn define(&mut self, _: ChannelId, definition: &Definition) {
        let mut books = self.0.lock().unwrap();
        if books.channel.define(definition) {
            books.symbols.push(definition.symbol);
        }
    }
}

fn digest(channel: &Channel, id: feeds::model::InstrumentId) -> u64 {
    let mut hasher = DefaultHasher::new();
    for side in [Side::Bid, Side::Ask] {
        for level in channel.books().levels(id, side) {
            hasher.write_i64(level.price.0);
            hasher.write_u64(level.size);
            hasher.write_u32(level.orders);
        }
        hasher.write_u8(0);
    }
    hasher.finish()
}

/// How what both lines lost is had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It is asked for.
    Requests,
    /// Nobody can be asked, and the present state is told.
    Snapshots,
}

#[track_caller]
fn check(descriptor: &'static Descriptor, way: Way) {
    let name = descriptor.name;
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let asks = way == Way::Requests;
    let (lines_service, stream_service) = (
        descriptor.snapshot == SnapshotService::Lines && !asks,
        descriptor.snapshot == SnapshotService::Stream && !asks,
    );
    // The one that hears everything.
    let truth = Watch::new(descriptor);
    let clean = UdpSocket::bind(any_port).unwrap();
    clean
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    let wanted = 8 << 20;
    let _ = socket2::SockRef::from(&clean).set_recv_buffer_size(wanted);

    // The one under test. The venue's server is known only once the venue runs, so a port is picked for it.
    let picked = TcpListener::bind(any_port).unwrap();
    let server = picked.local_addr().unwrap();
    drop(picked);
    let settings = FeedSettings {
        line_count: 2,
        server_count: u8::from(asks),
        has_gap_lines: asks,
        snapshot_server_count: u8::from(stream_service),
        has_snapshot_lines: lines_service,
        ..FeedSettings::single_line(ChannelId(0))
    };
    let tested = Watch::new(descriptor);
    let counters = Arc::new(Counters::new([name]));
    let feed = UdpFeed {
        row: 0,
        name: name.to_owned(),
        feed: (descriptor.build)(&settings).unwrap(),
        lines: vec![any_port; 2],
        joins: Vec::new(),
        stamping: Default::default(),
        delivery: Vec::new(),
        retransmit: if asks { vec![server] } else { Vec::new() },
        gap_lines: if asks { vec![any_port] } else { Vec::new() },
        snapshot_lines: if lines_service {
            vec![any_port]
        } else {
            Vec::new()
        },
        snapshot: if stream_service {
            vec![server]
        } else {
            Vec::new()
        },
        receive_buffer_bytes: 1 << 20,
    };
    let batch = Batch::new(Box::new(tested.clone()));
    let mode = ExecutionMode::Park;
    let ingest = UdpIngest::bind(vec![feed], batch, Arc::clone(&counters), mode).unwrap();
    let addresses: Vec<SocketAddr> = ingest.local_addresses().into_iter().flatten().collect();
    let stop = Arc::new(Stop::new());
    let thread = ingest
        .spawn("tested".to_owned(), None, Arc::clone(&stop))
        .unwrap();

    let bad = |stream| ImpairmentSettings {
        seed: 9,
        stream,
        loss_per_million: 100_000,
        duplicate_per_million: 10_000,
        reorder_per_million: 10_000,
        reorder_span: 3,
        dead: false,
    };
    let third = addresses.get(2).copied();
    let plan = DatagramPlan {
        lines: vec![addresses[0], addresses[1], clean.local_addr().unwrap()],
        interface: Ipv4Addr::UNSPECIFIED,
        impairments: vec![bad(1), bad(2)],
        retransmit: asks.then_some(RetransmitPlan {
            listen: server,
            delay: Duration::from_millis(1),
            refuse: false,
        }),
        snapshot_lines: third.iter().copied().filter(|_| !asks).collect(),
        gap_lines: third.iter().copied().filter(|_| asks).collect(),
        snapshot: stream_service.then_some(server),
        flow: FlowSettings {
            seed: 3,
            symbol_count: SYMBOLS as u32,
            orders_per_symbol_max: 60,
            ..FlowSettings::default()
        },
        symbols: symbols(&[], SYMBOLS),
        events_per_second: 2_000,
        event_count: None,
    };
    let venue = DatagramVenue::start(plan, (descriptor.simulator)()).unwrap();

    let mut reference = (descriptor.build)(&FeedSettings::single_line(ChannelId(0))).unwrap();
    let mut out = Batch::new(Box::new(truth.clone()));
    let (started, mut buffer, mut at) =
        (Instant::now(), vec![0u8; 65_536], 1_700_000_000_000_000_000);
    let row = counters.channel(0).unwrap();
    let is_enough = || {
        let books = tested.0.lock().unwrap();
        let is_helped = match way {
            Way::Requests => row.get(Counter::MessagesRecovered) >= 20,
            Way::Snapshots => row.get(Counter::SnapshotsApplied) >= 3,
        };
        is_helped && books.seen.len() > 1_000
    };
    let mut venue = Some(venue);
    loop {
        assert!(
            started.elapsed() < PATIENCE,
            "{name}: {:?}",
            states(&tested)
        );
        match clean.recv(&mut buffer) {
            Ok(count) => {
                at += 1_000;
                hear(reference.as_mut(), &buffer[..count], at, &mut out);
            }
            // Nothing more: the venue is gone.
            Err(_) if venue.is_none() => break,
            Err(_) => {}
        }
        if venue.is_some() && is_enough() {
            venue.take().unwrap().stop().unwrap();
        }
    }
    stop.request();
    thread.join().unwrap().unwrap();
    assert_eq!(reference.counters().messages_lost, 0, "the clean line lost");

    let mut expected: BTreeMap<Symbol, BTreeMap<u64, Vec<u64>>> = BTreeMap::new();
    for &(symbol, sequence, digest) in &truth.0.lock().unwrap().seen {
        let history = expected.entry(symbol).or_default();
        history.entry(sequence).or_default().push(digest);
    }
    let seen = std::mem::take(&mut tested.0.lock().unwrap().seen);
    for (symbol, sequence, digest) in seen {
        let before = expected[&symbol].range(..=sequence).next_back();
        let is_true = before.is_some_and(|(_, digests)| digests.contains(&digest));
        assert!(
            is_true,
            "{name}: {} is wrong at {sequence}",
            symbol.as_str()
        );
    }
    if way == Way::Snapshots {
        assert!(
            row.get(Counter::MessagesLost) > 0,
            "{name}: nothing was lost"
        );
    }
}

fn hear(feed: &mut dyn Feed, bytes: &[u8], at: u64, out: &mut Batch) {
    let packet = Packet {
        line: Line(0),
        ts_recv: RecvTime(at),
        form: Form::Datagram,
        bytes,
    };
    feed.on_packet(&packet, out);
    out.flush();
}

fn states(watch: &Watch) -> Vec<TrustState> {
    let books = watch.0.lock().unwrap();
    let ids = books.channel.instruments().iter();
    ids.map(|instrument| books.channel.state(instrument.definition.instrument).state)
        .collect()
}

#[test]
fn books_are_rebuilt_from_snapshots_over_real_sockets() {
    for descriptor in feeds::REGISTRY {
        if matches!(
            descriptor.snapshot,
            SnapshotService::Stream | SnapshotService::Lines
        ) {
            check(descriptor, Way::Snapshots);
        }
    }
}

#[test]
fn what_both_lines_lost_is_asked_for_over_a_connection_and_answered_to_everybody() {
    for descriptor in feeds::REGISTRY {
        let room = (descriptor.build)(&FeedSettings::single_line(ChannelId(0)));
        if descriptor.has_retransmission && room.unwrap().asks_by_stream() {
            check(descriptor, Way::Requests);
        }
    }
}

/// Takes a client's login, and sends messages from the one it asks for to `until`, and half of the next one. Says what was asked for.
fn serve(
    listener: &TcpListener,
    (session, messages): (SessionId, &[Vec<u8>]),
    until: usize,
) -> (u64, TcpStream) {
    let started = Instant::now();
    listener.set_nonblocking(true).unwrap();
    let mut socket = loop {
        match listener.accept() {
            Ok((socket, _)) => break socket,
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
        assert!(started.elapsed() < PATIENCE, "nobody connects");
    };
    socket.set_nonblocking(false).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut login = [0; 49];
    socket.read_exact(&mut login).unwrap();
    assert_eq!(&login[2..19], b"LUSER01SECRET    ");
    let asked = soupbintcp::number(&login[29..]).unwrap();
    let mut bytes = soupbintcp::login_accepted(session, asked);
    for message in &messages[asked as usize - 1..until] {
        bytes.extend(soupbintcp::packet(b'S', message));
    }
    if let Some(message) = messages.get(until) {
        let cut = soupbintcp::packet(b'S', message);
        bytes.extend_from_slice(&cut[..cut.len() / 2]);
    }
    socket.write_all(&bytes).unwrap();
    (asked, socket)
}

#[test]
fn a_channel_over_a_connection_goes_on_where_the_connection_broke() {
    let descriptor = feeds::descriptor("nasdaq_itch50").unwrap();
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let truth = Watch::new(descriptor);
    let mut reference = (descriptor.build)(&FeedSettings::single_line(ChannelId(0))).unwrap();
    let mut out = Batch::new(Box::new(truth.clone()));
    let mut venue = (descriptor.simulator)();
    let mut flow = OrderFlow::new(FlowSettings {
        seed: 3,
        symbol_count: SYMBOLS as u32,
        orders_per_symbol_max: 60,
        ..FlowSettings::default()
    });
    let (mut now, mut messages, mut session) = (1_700_000_000_000_000_000, Vec::new(), [0; 10]);
    venue.open(EventTime(now), &symbols(&[], SYMBOLS));
    for _ in 0..500 {
        now += 1_000_000;
        for _ in 0..8 {
            venue.on_event(EventTime(now), &flow.next_event());
        }
        venue.on_clock(EventTime(now));
        while let Some(datagram) = venue.poll_datagram() {
            hear(reference.as_mut(), &datagram, now, &mut out);
            let (header, body) = Header::split(&datagram).unwrap();
            session = header.session;
            messages.extend(Messages::new(body, u64::from(header.count)).map(<[u8]>::to_vec));
        }
    }

    let listener = TcpListener::bind(any_port).unwrap();
    let own = |key: &str, value: &str| (key.to_owned(), Value::Text(value.to_owned()));
    let settings = FeedSettings {
        delivery_server_count: 1,
        own: vec![
            own("delivery_user", "USER01"),
            own("delivery_password", "SECRET"),
        ],
        ..FeedSettings::single_line(ChannelId(0))
    };
    let tested = Watch::new(descriptor);
    let counters = Arc::new(Counters::new(["tested"]));
    let feed = UdpFeed {
        row: 0,
        name: "tested".to_owned(),
        feed: (descriptor.build)(&settings).unwrap(),
        lines: Vec::new(),
        delivery: vec![listener.local_addr().unwrap()],
        joins: Vec::new(),
        stamping: Default::default(),
        retransmit: Vec::new(),
        gap_lines: Vec::new(),
        snapshot_lines: Vec::new(),
        snapshot: Vec::new(),
        receive_buffer_bytes: 1 << 20,
    };
    let batch = Batch::new(Box::new(tested.clone()));
    let mode = ExecutionMode::Park;
    let ingest = UdpIngest::bind(vec![feed], batch, Arc::clone(&counters), mode).unwrap();
    let stop = Arc::new(Stop::new());
    let thread = ingest
        .spawn("tested".to_owned(), None, Arc::clone(&stop))
        .unwrap();

    let half = messages.len() / 2;
    let (asked, broken) = serve(&listener, (session, &messages), half);
    assert_eq!(asked, 1);
    drop(broken);
    let (asked, _open) = serve(&listener, (session, &messages), messages.len());
    assert_eq!(asked, half as u64 + 1);
    let (row, started) = (counters.channel(0).unwrap(), Instant::now());
    while row.get(Counter::Messages) < messages.len() as u64 {
        assert!(
            started.elapsed() < PATIENCE,
            "{}",
            row.get(Counter::Messages)
        );
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(
        states(&tested)
            .iter()
            .all(|state| *state == TrustState::Live)
    );
    stop.request();
    thread.join().unwrap().unwrap();
    let lost = [Counter::MessagesLost, Counter::GapsOpened, Counter::Resets];
    assert_eq!(lost.map(|counter| row.get(counter)), [0; 3]);
    let (truth, tested) = (truth.0.lock().unwrap(), tested.0.lock().unwrap());
    assert_eq!(
        (truth.symbols.len(), &truth.symbols),
        (SYMBOLS, &tested.symbols)
    );
    for instrument in truth.channel.instruments() {
        let id = instrument.definition.instrument;
        assert_eq!(digest(&truth.channel, id), digest(&tested.channel, id));
    }
}
