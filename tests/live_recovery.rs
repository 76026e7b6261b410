//! Books made whole again over real sockets: two lines that lose datagrams, and a venue that is asked for them over TCP and answers
//! on lines of their own, or that tells its present state over TCP or on lines of their own. Every book that is called complete
//! must be what the venue's book was at that number.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use feeds::contract::{
    Batch, Descriptor, Feed, FeedSettings, Form, Line, Packet, SnapshotService, TickSink,
};
use feeds::model::{ChannelId, Definition, RecvTime, Side, Symbol, Tick};
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use waveletd::book::TrustState;
use waveletd::config::ExecutionMode;
use waveletd::ingest::Stop;
use waveletd::ingest::udp::{UdpFeed, UdpIngest};
use waveletd::metrics::{Counter, Counters};
use waveletd::pipeline::{Channel, ChannelSpec};
use waveletd::simulate::{
    DatagramPlan, DatagramVenue, FlowSettings, ImpairmentSettings, RetransmitPlan, symbols,
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
    let picked = std::net::TcpListener::bind(any_port).unwrap();
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
        interface: None,
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
