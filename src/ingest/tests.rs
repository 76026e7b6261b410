// Tests measure how long threads take to stop.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_types
)]

use super::ring::{NoNotify, Patience, RingReader, TICKS_PER_PACKET_MAX, ring};
use super::udp::{UdpFeed, UdpIngest};
use super::websocket::{self, Way, WebSocketFeed, WebSocketOptions};
use super::*;
use crate::config::ExecutionMode;
use crate::metrics::{Counter, Counters};
use crate::sys::socket::{Interface, Join, Stamping};
use feeds::contract::{
    Action, Batch, DecodeError, FeedCounters, Form, Gap, Line, LinkEvent, Outcome, Packet,
};
use feeds::model::{Action as TickAction, ChannelId, RecvTime, Tick};
use futures_util::{SinkExt as _, StreamExt as _};
use std::collections::VecDeque;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

const ROW: usize = 0;
const PATIENCE: Duration = Duration::from_secs(10);

/// What a feed was told.
#[derive(Clone, Debug, PartialEq)]
enum Heard {
    Packet {
        line: Line,
        bytes: Vec<u8>,
        ts_recv: u64,
        is_text: bool,
    },
    Link(LinkEvent),
    Finished,
}

/// A feed that remembers what it is told and makes one tick a packet. A packet that begins with `?` makes it ask the
/// servers, in turn; text that is `reconnect` makes it ask for that.
#[derive(Default)]
struct Parrot {
    heard: Arc<Mutex<Vec<Heard>>>,
    actions: VecDeque<Action>,
    counters: FeedCounters,
    servers: u8,
    /// Where tickets are to be had, if they are needed.
    tickets: Option<String>,
}

impl Feed for Parrot {
    fn ticket_url(&self, _: &str) -> Option<String> {
        self.tickets.clone()
    }
    fn address(&mut self, url: &str, ticket: &[u8]) -> Result<String, DecodeError> {
        Ok(format!("{url}/?token={}", String::from_utf8_lossy(ticket)))
    }
    fn on_packet(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let is_text = packet.form == Form::Text;
        let (line, ts_recv) = (packet.line, packet.ts_recv.0);
        let heard = Heard::Packet {
            line,
            bytes: packet.bytes.to_vec(),
            ts_recv,
            is_text,
        };
        self.heard.lock().unwrap().push(heard);
        self.counters.packets[usize::from(line.0).min(3)] += 1;
        let mut tick = Tick::blank(ChannelId(0), TickAction::Heartbeat);
        tick.ts_recv = packet.ts_recv;
        out.push(tick);
        if packet.bytes.starts_with(b"?") {
            let ask = |server| Action::SendDatagram {
                server,
                bytes: b"missing".to_vec(),
            };
            self.actions.extend((0..self.servers).map(ask));
        }
        if packet.bytes == b"reconnect" {
            self.actions.push_back(Action::Reconnect {
                line: Line(0),
                reason: "asked to",
            });
        }
        Outcome::Applied
    }
    fn on_clock(&mut self, _: RecvTime, _: &mut Batch) {}
    fn next_deadline(&self) -> Option<RecvTime> {
        None
    }
    fn on_link(&mut self, event: LinkEvent, _: RecvTime, _: &mut Batch) {
        self.heard.lock().unwrap().push(Heard::Link(event));
        if let LinkEvent::Up(line) = event {
            let text = "subscribe".to_owned();
            self.actions.push_back(Action::SendText { line, text });
        }
    }
    fn finish(&mut self, _: RecvTime, _: &mut Batch) {
        self.heard.lock().unwrap().push(Heard::Finished);
    }
    fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }
    fn poll_notice(&mut self) -> Option<Notice> {
        None
    }
    fn counters(&self) -> &FeedCounters {
        &self.counters
    }
    fn gaps(&self) -> &[Gap] {
        &[]
    }
    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}

/// An ingest thread with one parrot, and everything to watch it by.
struct Rig {
    heard: Arc<Mutex<Vec<Heard>>>,
    counters: Arc<Counters>,
    reader: RingReader,
    stop: Arc<Stop>,
    addresses: Vec<SocketAddr>,
    thread: Option<JoinHandle<std::io::Result<()>>>,
}

/// What a rig is made of.
struct Plan {
    lines: Vec<SocketAddr>,
    joins: Vec<Join>,
    retransmit: Vec<SocketAddr>,
    receive_buffer_bytes: usize,
    mode: ExecutionMode,
    ring_ticks: usize,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            lines: vec![any_port()],
            joins: Vec::new(),
            retransmit: Vec::new(),
            receive_buffer_bytes: 1 << 20,
            mode: ExecutionMode::Park,
            ring_ticks: 1 << 15,
        }
    }
}

fn any_port() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

impl Plan {
    /// Sockets are open when this returns; `before` runs before anything is received.
    fn start(self, before: impl FnOnce(&[SocketAddr])) -> Rig {
        let heard = Arc::default();
        let servers = self.retransmit.len() as u8;
        let feed = Parrot {
            heard: Arc::clone(&heard),
            servers,
            ..Parrot::default()
        };
        let counters = Arc::new(Counters::new(["parrot"]));
        let (sink, reader) = ring(
            self.ring_ticks,
            512,
            Patience::DATAGRAMS,
            Arc::new(NoNotify),
        );
        let feed = UdpFeed {
            snapshot_lines: Vec::new(),
            gap_lines: Vec::new(),
            delivery: Vec::new(),
            snapshot: Vec::new(),
            row: ROW,
            name: "parrot".to_owned(),
            feed: Box::new(feed),
            lines: self.lines,
            joins: self.joins,
            stamping: Stamping::Hardware,
            retransmit: self.retransmit,
            receive_buffer_bytes: self.receive_buffer_bytes,
        };
        let batch = Batch::new(Box::new(sink));
        let ingest = UdpIngest::bind(vec![feed], batch, Arc::clone(&counters), self.mode).unwrap();
        let addresses: Vec<SocketAddr> = ingest.local_addresses().into_iter().flatten().collect();
        before(&addresses);
        let stop = Arc::new(Stop::new());
        let thread = ingest
            .spawn("ingest".to_owned(), None, Arc::clone(&stop))
            .unwrap();
        Rig {
            heard,
            counters,
            reader,
            stop,
            addresses,
            thread: Some(thread),
        }
    }
}

impl Rig {
    fn send(&self, line: usize, bytes: &[u8]) {
        let socket = UdpSocket::bind(any_port()).unwrap();
        socket.send_to(bytes, self.addresses[line]).unwrap();
    }

    fn count(&self, counter: Counter) -> u64 {
        self.counters.channel(ROW).unwrap().get(counter)
    }

    /// Waits until what was heard passes `test`.
    #[track_caller]
    fn until(&self, test: impl Fn(&[Heard]) -> bool) -> Vec<Heard> {
        wait_for(|| test(&self.heard.lock().unwrap()));
        self.heard.lock().unwrap().clone()
    }

    /// Asks the thread to stop and waits for it.
    #[track_caller]
    fn finish(&mut self) {
        let asked = Instant::now();
        self.stop.request();
        self.thread.take().unwrap().join().unwrap().unwrap();
        assert!(
            asked.elapsed() < Duration::from_secs(1),
            "took {:?}",
            asked.elapsed()
        );
        assert_eq!(self.heard.lock().unwrap().last(), Some(&Heard::Finished));
    }
}

#[track_caller]
fn wait_for(test: impl Fn() -> bool) {
    let started = Instant::now();
    while !test() {
        assert!(started.elapsed() < PATIENCE, "it did not happen");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn packets(heard: &[Heard]) -> usize {
    heard
        .iter()
        .filter(|heard| matches!(heard, Heard::Packet { .. }))
        .count()
}

#[track_caller]
fn check_two_lines(mode: ExecutionMode) {
    let plan = Plan {
        lines: vec![any_port(), any_port()],
        mode,
        ..Plan::default()
    };
    let mut rig = plan.start(|_| {});
    let before = crate::sys::wall_clock_ns();
    rig.send(0, b"one");
    rig.until(|heard| packets(heard) == 1);
    rig.send(1, b"two");
    let heard = rig.until(|heard| packets(heard) == 2);
    for (number, text) in [(0u8, b"one"), (1, b"two")] {
        let Heard::Packet {
            line,
            bytes,
            ts_recv,
            is_text,
        } = &heard[usize::from(number)]
        else {
            panic!("{heard:?}");
        };
        assert_eq!(
            (line.0, bytes.as_slice(), *is_text),
            (number, text.as_slice(), false)
        );
        let second = 1_000_000_000;
        assert!((before.saturating_sub(second)..before + 10 * second).contains(ts_recv));
    }
    wait_for(|| rig.count(Counter::PacketsLineB) == 1 && rig.count(Counter::Bytes) == 6);
    assert_eq!(rig.reader.ticks.slots(), 2);
    rig.finish();
}

#[test]
fn both_lines_are_received_while_parked() {
    check_two_lines(ExecutionMode::Park);
}

#[test]
fn both_lines_are_received_while_spinning() {
    check_two_lines(ExecutionMode::Spin);
}

#[test]
fn a_burst_from_before_the_start_comes_whole_and_in_order() {
    const COUNT: usize = 1_000;
    let plan = Plan {
        receive_buffer_bytes: 8 << 20,
        ..Plan::default()
    };
    let mut rig = plan.start(|addresses| {
        let socket = UdpSocket::bind(any_port()).unwrap();
        for number in 0..150u32 {
            socket.send_to(&number.to_be_bytes(), addresses[0]).unwrap();
        }
    });
    let socket = UdpSocket::bind(any_port()).unwrap();
    for number in 150..COUNT as u32 {
        socket
            .send_to(&number.to_be_bytes(), rig.addresses[0])
            .unwrap();
        if number % 64 == 0 {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let heard = rig.until(|heard| packets(heard) == COUNT);
    for (number, heard) in (0u32..).zip(&heard) {
        assert!(matches!(heard, Heard::Packet { bytes, .. } if *bytes == number.to_be_bytes()));
    }
    assert_eq!(rig.count(Counter::KernelDrops), 0);
    rig.finish();
}

#[test]
fn a_ring_without_room_discards_before_the_feed_and_counts() {
    let mut rig = Plan {
        ring_ticks: TICKS_PER_PACKET_MAX,
        ..Plan::default()
    }
    .start(|_| {});
    rig.send(0, b"fits");
    rig.until(|heard| packets(heard) == 1);
    // The one tick in the ring leaves less room than a packet may need.
    rig.send(0, b"does not");
    rig.send(0, b"neither");
    wait_for(|| rig.count(Counter::RingFullPackets) == 2);
    assert_eq!(packets(&rig.heard.lock().unwrap()), 1);
    rig.reader.ticks.pop().unwrap();
    rig.send(0, b"fits again");
    rig.until(|heard| packets(heard) == 2);
    rig.finish();
}

#[test]
fn a_datagram_longer_than_a_slot_is_counted_and_discarded() {
    let mut rig = Plan::default().start(|_| {});
    rig.send(0, &[1; 20_000]);
    rig.send(0, &[2; 9_216]);
    let heard = rig.until(|heard| packets(heard) == 1);
    assert!(matches!(&heard[0], Heard::Packet { bytes, .. } if bytes.len() == 9_216));
    wait_for(|| rig.count(Counter::DatagramsTruncated) == 1);
    rig.finish();
}

#[test]
fn what_the_kernel_drops_is_counted_to_the_last_datagram() {
    const COUNT: usize = 2_000;
    let plan = Plan {
        receive_buffer_bytes: 16 << 10,
        ..Plan::default()
    };
    let mut rig = plan.start(|addresses| {
        let socket = UdpSocket::bind(any_port()).unwrap();
        for _ in 0..COUNT {
            socket.send_to(&[0; 1_000], addresses[0]).unwrap();
        }
    });
    // The drop count travels with later datagrams: the first ones after the loss bring it.
    let mut sent = COUNT as u64;
    let started = Instant::now();
    while rig.count(Counter::KernelDrops) + rig.count(Counter::PacketsLineA) < sent
        || rig.count(Counter::KernelDrops) == 0
    {
        assert!(started.elapsed() < PATIENCE);
        rig.send(0, b"later");
        sent += 1;
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(
        rig.count(Counter::KernelDrops) + rig.count(Counter::PacketsLineA),
        sent
    );
    rig.finish();
}

#[test]
fn requests_reach_the_server_and_answers_come_as_recovery() {
    let server = UdpSocket::bind(any_port()).unwrap();
    server.set_read_timeout(Some(PATIENCE)).unwrap();
    let retransmit = vec![server.local_addr().unwrap()];
    let mut rig = Plan {
        retransmit,
        ..Plan::default()
    }
    .start(|_| {});
    rig.send(0, b"?");
    let mut request = [0; 64];
    let (count, asker) = server.recv_from(&mut request).unwrap();
    assert_eq!(&request[..count], b"missing");
    server.send_to(b"found", asker).unwrap();
    let heard = rig.until(|heard| packets(heard) == 2);
    assert!(matches!(
        &heard[1],
        Heard::Packet { line: Line::RECOVERY, bytes, .. } if bytes == b"found"
    ));
    rig.finish();
}

#[test]
fn a_server_whose_port_is_closed_is_told_as_unreachable() {
    let closed = UdpSocket::bind(any_port()).unwrap().local_addr().unwrap();
    let mut rig = Plan {
        retransmit: vec![closed],
        ..Plan::default()
    }
    .start(|_| {});
    rig.send(0, b"?");
    let unreachable = Heard::Link(LinkEvent::ServerUnreachable(0));
    rig.until(|heard| heard.contains(&unreachable));
    wait_for(|| rig.count(Counter::ServerRefusals) == 1);
    // The line goes on.
    rig.send(0, b"more");
    rig.until(|heard| packets(heard) == 2);
    rig.finish();
}

#[test]
fn an_address_in_use_is_told_with_the_feed_and_the_step() {
    let taken = UdpSocket::bind(any_port()).unwrap();
    let feed = UdpFeed {
        snapshot_lines: Vec::new(),
        gap_lines: Vec::new(),
        delivery: Vec::new(),
        snapshot: Vec::new(),
        row: ROW,
        name: "second".to_owned(),
        feed: Box::new(Parrot::default()),
        lines: vec![taken.local_addr().unwrap()],
        joins: Vec::new(),
        stamping: Stamping::Kernel,
        retransmit: Vec::new(),
        receive_buffer_bytes: 1 << 16,
    };
    let (sink, _reader) = ring(1 << 15, 512, Patience::DATAGRAMS, Arc::new(NoNotify));
    let batch = Batch::new(Box::new(sink));
    let counters = Arc::new(Counters::new(["second"]));
    let error = match UdpIngest::bind(vec![feed], batch, counters, ExecutionMode::Park) {
        Ok(_) => panic!("the address is taken"),
        Err(error) => error.to_string(),
    };
    assert!(
        error.starts_with("feed second: cannot bind 127.0.0.1:"),
        "{error}"
    );
}

/// Runs `test` on a thread in a network namespace of its own, in which the loopback carries multicast.
fn in_own_network(test: fn()) {
    let thread = std::thread::spawn(move || {
        if let Err(error) = nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET) {
            return Err(format!("no network namespace: {error}"));
        }
        for command in [
            "link set lo up multicast on",
            "route add 232.0.0.0/5 dev lo",
        ] {
            let arguments = command.split(' ');
            match std::process::Command::new("ip").args(arguments).status() {
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

#[test]
fn groups_of_one_port_are_kept_apart_and_joined_on_the_interface() {
    in_own_network(|| {
        let group = |last: u8| SocketAddr::from(([239, 1, 1, last], 26_477));
        for interface in [
            Interface::Address(Ipv4Addr::LOCALHOST),
            Interface::Name("lo".to_owned()),
        ] {
            let plan = Plan {
                lines: vec![group(1), group(2)],
                joins: vec![Join::on(interface.clone()), Join::on(interface)],
                ..Plan::default()
            };
            let mut rig = plan.start(|_| {});
            let socket = UdpSocket::bind(any_port()).unwrap();
            socket.send_to(b"a", group(1)).unwrap();
            rig.until(|heard| packets(heard) == 1);
            socket.send_to(b"b", group(2)).unwrap();
            socket.send_to(b"nobody joined", group(3)).unwrap();
            let heard = rig.until(|heard| packets(heard) == 2);
            assert!(
                matches!(&heard[0], Heard::Packet { line: Line(0), bytes, .. } if bytes == b"a")
            );
            assert!(
                matches!(&heard[1], Heard::Packet { line: Line(1), bytes, .. } if bytes == b"b")
            );
            rig.finish();
            assert_eq!(packets(&rig.heard.lock().unwrap()), 2);
        }
    });
}

#[test]
fn a_line_of_one_sender_hears_no_other() {
    in_own_network(|| {
        let group = SocketAddr::from(([232, 1, 1, 1], 26_478));
        let from = |last: u8| {
            let socket = UdpSocket::bind((Ipv4Addr::new(127, 0, 0, last), 0)).unwrap();
            let on = socket2::SockRef::from(&socket);
            on.set_multicast_if_v4(&Ipv4Addr::LOCALHOST).unwrap();
            socket
        };
        for interface in [
            Interface::Address(Ipv4Addr::LOCALHOST),
            Interface::Name("lo".to_owned()),
        ] {
            // Two senders of one group are two lines.
            let join = |last: u8| Join {
                interface: Some(interface.clone()),
                source: Some(Ipv4Addr::new(127, 0, 0, last)),
            };
            let plan = Plan {
                lines: vec![group, group],
                joins: vec![join(2), join(3)],
                ..Plan::default()
            };
            let mut rig = plan.start(|_| {});
            from(4).send_to(b"a stranger", group).unwrap();
            from(2).send_to(b"a", group).unwrap();
            rig.until(|heard| packets(heard) == 1);
            from(3).send_to(b"b", group).unwrap();
            let heard = rig.until(|heard| packets(heard) == 2);
            assert!(
                matches!(&heard[0], Heard::Packet { line: Line(0), bytes, .. } if bytes == b"a")
            );
            assert!(
                matches!(&heard[1], Heard::Packet { line: Line(1), bytes, .. } if bytes == b"b")
            );
            from(4).send_to(b"a stranger", group).unwrap();
            rig.finish();
            assert_eq!(packets(&rig.heard.lock().unwrap()), 2);
        }
    });
}

#[test]
fn where_the_card_gives_no_times_the_kernels_are_used_and_counted_as_such() {
    let mut rig = Plan::default().start(|_| {});
    for _ in 0..3 {
        rig.send(0, b"one");
    }
    rig.until(|heard| packets(heard) == 3);
    wait_for(|| rig.count(Counter::TimesKernel) == 3);
    rig.finish();
    let others = [
        Counter::TimesHardware,
        Counter::TimesApplication,
        Counter::HardwareTimesRefused,
    ];
    assert_eq!(others.map(|counter| rig.count(counter)), [0; 3]);
}

/// What the test server does with a connection.
#[derive(Clone, Copy)]
enum Manner {
    /// Waits for the subscription, sends these texts, then drops the connection without a close.
    SendAndDrop(&'static [&'static str]),
    /// Takes the subscription, then neither reads nor writes.
    Stall,
    /// Waits for the subscription, sends these texts, then keeps the connection and answers pings.
    SendAndStay(&'static [&'static str]),
    /// Sends a text every few milliseconds, and takes down each ping that comes.
    Chatter,
}

/// A WebSocket server on its own thread: connection number n gets manner n, the last one repeats.
struct Server {
    address: SocketAddr,
    subscriptions: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start(listener: std::net::TcpListener, manners: &'static [Manner]) -> Server {
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let subscriptions: Arc<Mutex<Vec<String>>> = Arc::default();
        let heard = Arc::clone(&subscriptions);
        // Detached: ends with the test process.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                for number in 0.. {
                    let (stream, _) = listener.accept().await.unwrap();
                    let manner = manners[number.min(manners.len() - 1)];
                    tokio::spawn(serve(stream, manner, Arc::clone(&heard)));
                }
            });
        });
        Server {
            address,
            subscriptions,
        }
    }
}

async fn serve(stream: tokio::net::TcpStream, manner: Manner, heard: Arc<Mutex<Vec<String>>>) {
    let Ok(mut stream) = tokio_tungstenite::accept_async(stream).await else {
        return;
    };
    let Some(Ok(Message::Text(text))) = stream.next().await else {
        return;
    };
    heard.lock().unwrap().push(text.to_string());
    match manner {
        Manner::SendAndDrop(texts) | Manner::SendAndStay(texts) => {
            for text in texts {
                let _ = stream.feed(Message::text(*text)).await;
            }
            let _ = stream.flush().await;
        }
        Manner::Stall => std::future::pending().await,
        Manner::Chatter => chatter(&mut stream, &heard).await,
    }
    if matches!(manner, Manner::SendAndStay(_)) {
        while let Some(Ok(_)) = stream.next().await {}
    }
}

async fn chatter(
    stream: &mut tokio_tungstenite::WebSocketStream<tokio::net::TcpStream>,
    heard: &Mutex<Vec<String>>,
) {
    loop {
        if stream.send(Message::text("chat")).await.is_err() {
            return;
        }
        match tokio::time::timeout(Duration::from_millis(5), stream.next()).await {
            Err(_) => {}
            Ok(Some(Ok(Message::Ping(_)))) => heard.lock().unwrap().push("ping".to_owned()),
            Ok(Some(Ok(_))) => {}
            Ok(_) => return,
        }
    }
}

fn connect(address: SocketAddr, options: WebSocketOptions) -> Rig {
    connect_with(address, options, None)
}

fn connect_with(address: SocketAddr, options: WebSocketOptions, tickets: Option<String>) -> Rig {
    let heard = Arc::default();
    let feed = Parrot {
        heard: Arc::clone(&heard),
        tickets,
        ..Parrot::default()
    };
    let counters = Arc::new(Counters::new(["parrot"]));
    let (sink, reader) = ring(1 << 15, 512, Patience::Endless, Arc::new(NoNotify));
    let stop = Arc::new(Stop::new());
    let feed = WebSocketFeed {
        row: ROW,
        name: "parrot".to_owned(),
        feed: Box::new(feed),
        url: format!("ws://{address}"),
        way: Way::default(),
        tap: None,
        orders: Arc::default(),
    };
    let thread = websocket::spawn(
        "ws".to_owned(),
        None,
        vec![feed],
        Batch::new(Box::new(sink)),
        Arc::clone(&counters),
        options,
        Arc::clone(&stop),
    )
    .unwrap();
    Rig {
        heard,
        counters,
        reader,
        stop,
        addresses: Vec::new(),
        thread: Some(thread),
    }
}

fn local_listener() -> std::net::TcpListener {
    std::net::TcpListener::bind(any_port()).unwrap()
}

fn texts(heard: &[Heard]) -> Vec<String> {
    let text = |heard: &Heard| match heard {
        Heard::Packet {
            bytes,
            is_text: true,
            ..
        } => Some(String::from_utf8(bytes.clone()).unwrap()),
        _ => None,
    };
    heard.iter().filter_map(text).collect()
}

#[test]
fn frames_reach_the_feed_and_the_ring_in_order() {
    let server = Server::start(local_listener(), &[Manner::SendAndStay(&["1", "2", "3"])]);
    let mut rig = connect(server.address, WebSocketOptions::default());
    let heard = rig.until(|heard| packets(heard) == 3);
    assert_eq!(heard[0], Heard::Link(LinkEvent::Up(Line(0))));
    assert_eq!(texts(&heard), ["1", "2", "3"]);
    assert_eq!(*server.subscriptions.lock().unwrap(), ["subscribe"]);
    wait_for(|| rig.reader.ticks.slots() == 3 && rig.count(Counter::Bytes) == 3);
    rig.finish();
    assert!(
        rig.heard
            .lock()
            .unwrap()
            .contains(&Heard::Link(LinkEvent::Down(Line(0))))
    );
}

#[test]
fn a_dropped_connection_is_opened_and_subscribed_again_each_time() {
    let server = Server::start(local_listener(), &[Manner::SendAndDrop(&["x"])]);
    let mut rig = connect(server.address, WebSocketOptions::default());
    rig.until(|heard| packets(heard) == 4);
    assert!(server.subscriptions.lock().unwrap().len() >= 4);
    assert!(rig.count(Counter::Connects) >= 4 && rig.count(Counter::Disconnects) >= 3);
    rig.finish();
}

#[test]
fn a_stalled_connection_is_noticed_by_an_unanswered_ping() {
    let server = Server::start(
        local_listener(),
        &[Manner::Stall, Manner::SendAndStay(&["alive"])],
    );
    let idle_timeout = Duration::from_millis(800);
    let mut rig = connect(
        server.address,
        WebSocketOptions {
            idle_timeout,
            ..WebSocketOptions::default()
        },
    );
    let heard = rig.until(|heard| packets(heard) == 1);
    assert_eq!(texts(&heard), ["alive"]);
    // Pings keep a quiet connection: several idle times later it is the same one.
    std::thread::sleep(idle_timeout * 3);
    assert_eq!(rig.count(Counter::Connects), 2);
    rig.finish();
}

#[test]
fn a_busy_connection_is_pinged_too() {
    let server = Server::start(local_listener(), &[Manner::Chatter]);
    let mut rig = connect(
        server.address,
        WebSocketOptions {
            keep_interval: Duration::from_millis(100),
            ..WebSocketOptions::default()
        },
    );
    rig.until(|heard| packets(heard) >= 1);
    wait_for(|| server.subscriptions.lock().unwrap().len() >= 4);
    let heard = server.subscriptions.lock().unwrap().clone();
    assert_eq!(heard[..4], ["subscribe", "ping", "ping", "ping"]);
    assert_eq!(rig.count(Counter::Connects), 1);
    rig.finish();
}

#[test]
fn a_feed_may_ask_for_a_new_connection() {
    let server = Server::start(
        local_listener(),
        &[
            Manner::SendAndStay(&["reconnect"]),
            Manner::SendAndStay(&["good"]),
        ],
    );
    let mut rig = connect(server.address, WebSocketOptions::default());
    let heard = rig.until(|heard| packets(heard) == 2);
    assert_eq!(texts(&heard), ["reconnect", "good"]);
    let links: Vec<&Heard> = heard
        .iter()
        .filter(|heard| matches!(heard, Heard::Link(_)))
        .collect();
    let (up, down) = (
        Heard::Link(LinkEvent::Up(Line(0))),
        Heard::Link(LinkEvent::Down(Line(0))),
    );
    assert_eq!(links, [&up, &down, &up]);
    rig.finish();
}

#[test]
fn a_server_that_comes_late_is_found() {
    let listener = local_listener();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let mut rig = connect(address, WebSocketOptions::default());
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(rig.count(Counter::Connects), 0);
    let listener = std::net::TcpListener::bind(address).unwrap();
    let _server = Server::start(listener, &[Manner::SendAndStay(&["late"])]);
    rig.until(|heard| packets(heard) == 1);
    rig.finish();
}

#[test]
fn stopping_does_not_wait_for_a_handshake_that_never_ends() {
    // Accepts by its backlog and says nothing.
    let listener = local_listener();
    let mut rig = connect(listener.local_addr().unwrap(), WebSocketOptions::default());
    std::thread::sleep(Duration::from_millis(100));
    rig.finish();
}

#[test]
fn a_message_beyond_the_limit_ends_the_connection_and_not_the_process() {
    const LONG: &str = "0123456789012345678901234567890123456789";
    let server = Server::start(
        local_listener(),
        &[Manner::SendAndStay(&[LONG]), Manner::SendAndStay(&["ok"])],
    );
    let options = WebSocketOptions {
        message_bytes_max: 16,
        ..WebSocketOptions::default()
    };
    let mut rig = connect(server.address, options);
    assert_eq!(texts(&rig.until(|heard| packets(heard) == 1)), ["ok"]);
    rig.finish();
}

#[test]
fn a_graph_that_is_behind_stops_the_reading_and_loses_nothing() {
    static MANY: [&str; 30_000] = ["m"; 30_000];
    static MANNERS: [Manner; 1] = [Manner::SendAndStay(&MANY)];
    let server = Server::start(local_listener(), &MANNERS);
    let mut rig = connect(server.address, WebSocketOptions::default());
    // One tick a message: reading stops when less than a packet's room is left.
    let held = (1 << 15) - TICKS_PER_PACKET_MAX + 1;
    rig.until(|heard| packets(heard) == held);
    std::thread::sleep(Duration::from_millis(100));
    assert_eq!(packets(&rig.heard.lock().unwrap()), held);
    let mut count = 0;
    let started = Instant::now();
    while count < MANY.len() && started.elapsed() < PATIENCE {
        while rig.reader.ticks.pop().is_ok() {
            count += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(count, MANY.len());
    rig.finish();
}

/// A venue that lets in who has the last ticket it gave out; the first one that is asked for it does not give. Says what was asked.
async fn doorkeeper(listener: tokio::net::TcpListener, asked: Arc<Mutex<Vec<String>>>) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut tickets = 0;
    loop {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut head = [0u8; 4_096];
        let count = stream.peek(&mut head).await.unwrap();
        let head = String::from_utf8_lossy(&head[..count]).into_owned();
        let line = head.lines().next().unwrap_or_default().to_owned();
        asked.lock().unwrap().push(line.clone());
        if line.starts_with("POST /ticket ") {
            tickets += 1;
            let (status, body) = match tickets {
                1 => ("503 Service Unavailable", String::new()),
                number => ("200 OK", format!("t{number}")),
            };
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
            );
            let _ = stream.read(&mut [0u8; 4_096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        } else if line.contains(&format!("/?token=t{tickets} ")) {
            let mut stream = tokio_tungstenite::accept_async(stream).await.unwrap();
            let _ = stream.send(Message::text("welcome")).await;
            // And gone again.
        }
    }
}

#[test]
fn each_connection_is_opened_with_a_ticket_of_its_own() {
    let listener = local_listener();
    listener.set_nonblocking(true).unwrap();
    let address = listener.local_addr().unwrap();
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&asked);
    // Detached: ends with the test process.
    std::thread::spawn(move || {
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            doorkeeper(listener, seen).await;
        });
    });
    let tickets = Some(format!("http://{address}/ticket"));
    let mut rig = connect_with(address, WebSocketOptions::default(), tickets);
    let heard = rig.until(|heard| texts(heard).len() >= 2);
    assert_eq!(texts(&heard)[..2], ["welcome", "welcome"]);
    rig.finish();
    let asked = asked.lock().unwrap();
    let expected = [
        "POST /ticket HTTP/1.1",
        "POST /ticket HTTP/1.1",
        "GET /?token=t2 HTTP/1.1",
        "POST /ticket HTTP/1.1",
        "GET /?token=t3 HTTP/1.1",
    ];
    assert_eq!(asked[..5], expected);
}
