//! What peers do wrong, and where it ends. Each row: a fault, the state it must end in, and that
//! the graph is left with nothing but the node.

use std::io::Write;
use std::net::Shutdown;

use super::*;

const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

fn limits() -> ConnectionLimits {
    ConnectionLimits {
        frame_timeout: Some(Duration::from_secs(2)),
        idle_timeout: Some(Duration::from_secs(20)),
        connect_timeout: Duration::from_secs(1),
        outbox_bytes_max: 4096,
        ..ConnectionLimits::default()
    }
}

/// What a peer does once connected; it may run cycles.
type Fault = fn(&mut Graph, TcpStream);

/// A server whose one peer does `fault`: how its connection ended, and what it counted.
#[track_caller]
fn check<P: Protocol>(server: Server<P>, fault: Fault, expected: CloseReason) -> ConnectionCounts {
    let mut graph = Graph::new();
    let ended: Rc<RefCell<Option<(ConnectionState, ConnectionCounts)>>> = Rc::default();
    let end = Rc::clone(&ended);
    let (listener, _) = server
        .limits(limits())
        .listen(&mut graph.executor, move |executor, connection, _, _| {
            let (end, read) = (Rc::clone(&end), connection.downgrade());
            NodeBuilder::new(())
                .triggered_by(connection)
                .spawn(executor, move |(), _| {
                    if let Some(connection) = read.upgrade() {
                        let connection = connection.borrow();
                        *end.borrow_mut() = Some((connection.state(), connection.counts()));
                    }
                    Control::Unchanged
                });
        })
        .unwrap();
    let stream = peer(listener.borrow().address());
    graph.until("accepted", |_| ended.borrow().is_some());
    fault(&mut graph, stream);
    graph.until("gone", |_| listener.borrow().connection_count() == 0);
    let (state, counts) = ended.borrow().unwrap();
    assert_eq!(state, ConnectionState::Closed(expected));
    assert_eq!(graph.executor.node_count(), 1);
    assert_eq!(graph.executor.timer_count(), 0);
    assert_eq!(counts.ended, 1);
    counts
}

fn lines() -> Server<Framed> {
    Server::tcp(LOCAL, LINES)
}

fn lengths() -> Server<Framed> {
    let prefix = LengthPrefix::U32Be;
    Server::tcp(
        LOCAL,
        Framing::Length {
            prefix,
            bytes_max: 64,
        },
    )
}

fn websocket() -> Server<WebSocket> {
    Server::websocket(LOCAL, WebSocketLimits::default())
}

/// Cycles until the server has heard all the peer wrote.
fn settle(graph: &mut Graph) {
    graph.cycles(20);
}

#[test]
fn close_at_once() {
    check(lines(), |_, peer| drop(peer), CloseReason::PeerClosed);
    check(websocket(), |_, peer| drop(peer), CloseReason::Handshake);
}

#[test]
fn close_mid_frame() {
    let counts = check(
        lines(),
        |_, mut peer| peer.write_all(b"whole\nhalf").unwrap(),
        CloseReason::PeerClosedMidFrame { bytes: 4 },
    );
    assert_eq!((counts.frames_received, counts.bytes_discarded), (1, 4));
    check(
        websocket(),
        |_, mut peer| {
            peer.write_all(HEAD).unwrap();
            peer.write_all(b"\x81\x85\0\0\0\0ab").unwrap();
        },
        CloseReason::PeerClosedMidFrame { bytes: 8 },
    );
}

#[test]
fn reset() {
    check(
        lines(),
        |graph, peer| {
            settle(graph);
            socket2::SockRef::from(&peer)
                .set_linger(Some(Duration::ZERO))
                .unwrap();
        },
        CloseReason::Reset,
    );
}

#[test]
fn end_without_farewell() {
    check(
        websocket(),
        |_, mut peer| peer.write_all(HEAD).unwrap(),
        CloseReason::Unannounced,
    );
}

#[test]
fn silence() {
    check(
        lines(),
        |graph, peer| {
            settle(graph);
            graph.advance(Duration::from_secs(19));
            settle(graph);
            graph.advance(Duration::from_secs(1));
            settle(graph);
            drop(peer);
        },
        CloseReason::Idle,
    );
}

#[test]
fn one_byte_at_a_time_is_slow_but_right() {
    let counts = check(
        lines(),
        |graph, mut peer| {
            for byte in b"slow\nlines\n" {
                peer.write_all(&[*byte]).unwrap();
                graph.cycles(3);
                graph.advance(Duration::from_millis(100));
            }
        },
        CloseReason::PeerClosed,
    );
    assert_eq!(counts.frames_received, 2);
    let counts = check(
        websocket(),
        |graph, mut peer| {
            for byte in [HEAD, b"\x81\x82\0\0\0\0ok"].concat() {
                peer.write_all(&[byte]).unwrap();
                graph.cycles(2);
            }
            peer.shutdown(Shutdown::Write).unwrap();
            end_while_running(graph, &mut peer);
        },
        CloseReason::Unannounced,
    );
    assert_eq!((counts.frames_received, counts.good), (1, 1));
}

#[test]
fn a_byte_a_second_does_not_keep_a_connection() {
    check(
        lines(),
        |graph, mut peer| {
            for _ in 0..2 {
                peer.write_all(b"x").unwrap();
                settle(graph);
                graph.advance(Duration::from_secs(1));
            }
            settle(graph);
        },
        CloseReason::SlowFrame { bytes: 2 },
    );
    check(
        websocket(),
        |graph, mut peer| {
            for byte in &HEAD[..2] {
                peer.write_all(&[*byte]).unwrap();
                settle(graph);
                graph.advance(Duration::from_secs(1));
            }
            settle(graph);
        },
        CloseReason::SlowFrame { bytes: 2 },
    );
}

#[test]
fn a_giant_frame() {
    check(
        lengths(),
        |graph, mut peer| {
            peer.write_all(b"\0\0\0\x01a\xFF\xFF\xFF\xFF").unwrap();
            settle(graph);
        },
        CloseReason::FrameTooLong {
            bytes: 0xFFFF_FFFF,
            bytes_max: 64,
        },
    );
    check(
        websocket(),
        |graph, mut peer| {
            peer.write_all(HEAD).unwrap();
            peer.write_all(b"\x82\xFF\0\0\0\0\x7F\xFF\xFF\xFF\0\0\0\0")
                .unwrap();
            settle(graph);
        },
        CloseReason::FrameTooLong {
            bytes: 0x7FFF_FFFF,
            bytes_max: 1 << 20,
        },
    );
}

#[test]
fn bad_text() {
    check(
        websocket(),
        |graph, mut peer| {
            peer.write_all(HEAD).unwrap();
            peer.write_all(b"\x81\x82\0\0\0\0\xFF\xFF").unwrap();
            settle(graph);
        },
        CloseReason::BadText,
    );
}

#[test]
fn a_ping_flood_is_answered_within_bounds() {
    let counts = check(
        websocket(),
        |graph, mut peer| {
            peer.write_all(HEAD).unwrap();
            let ping = [&b"\x89\xFD\0\0\0\0"[..], &[b'p'; 125]].concat();
            for _ in 0..50 {
                peer.write_all(&ping.repeat(100)).unwrap();
                graph.cycles(2);
            }
            settle(graph);
        },
        // The peer goes without reading its pongs, which the system tells as a reset.
        CloseReason::Reset,
    );
    assert_eq!(counts.frames_received, 5_000);
    assert_eq!(counts.good, 0);
}

#[test]
fn not_the_protocol() {
    check(
        websocket(),
        |graph, mut peer| {
            peer.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                .unwrap();
            let answer = read_while_running(graph, &mut peer, 12);
            assert_eq!(answer, b"HTTP/1.1 400");
        },
        CloseReason::Handshake,
    );
}

fn reconnecting(graph: &mut Graph, address: SocketAddr) -> (Node<TcpClient>, TcpSender) {
    Client::tcp(address, LINES)
        .limits(limits())
        .reconnect(ReconnectPolicy {
            initial: Duration::from_secs(1),
            cap: Duration::from_secs(8),
            jitter_percent: 0,
            failures_max: Some(4),
            ..ReconnectPolicy::default()
        })
        .build(&mut graph.executor)
}

fn waiting(state: ConnectionState) -> Option<(CloseReason, Nanos)> {
    match state {
        ConnectionState::Waiting { reason, until } => Some((reason, until)),
        _ => None,
    }
}

#[test]
fn a_refused_client_waits_longer_each_time_and_gives_up_at_its_limit() {
    let (listener, address) = peer_listener();
    drop(listener);
    let mut graph = Graph::new();
    let (client, sender) = reconnecting(&mut graph, address);
    for wait in [1, 2, 4] {
        graph.until("refused", |_| waiting(sender.state()).is_some());
        let (reason, until) = waiting(sender.state()).unwrap();
        assert_eq!(reason, CloseReason::Refused);
        assert_eq!(until.since(graph.now), wait * 1_000_000_000);
        graph.now = until;
        graph.cycle();
        graph.cycle();
    }
    graph.until("given up", |_| {
        sender.state() == ConnectionState::Closed(CloseReason::Refused)
    });
    let counts = client.borrow().counts();
    assert_eq!((counts.attempts, counts.opened, counts.ended), (4, 0, 4));
    assert_eq!(
        (graph.executor.timer_count(), graph.executor.has_io()),
        (0, false)
    );
}

#[test]
fn accepted_and_closed_at_once_does_not_count_as_good() {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let (client, sender) = reconnecting(&mut graph, address);
    for wait in [1, 2, 4] {
        graph.until("open", |_| sender.state().is_open());
        drop(accept_peer(&listener));
        graph.until("waiting", |_| waiting(sender.state()).is_some());
        let (_, until) = waiting(sender.state()).unwrap();
        assert_eq!(until.since(graph.now), wait * 1_000_000_000);
        graph.now = until;
    }
    assert_eq!(client.borrow().counts().good, 0);
}

#[test]
fn a_first_frame_sets_the_waits_back_and_all_is_seen_in_order() {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let (client, sender) = reconnecting(&mut graph, address);
    let (_watch, log) = watch(&mut graph.executor, &client, <[u8]>::to_vec);
    let mut expected = Vec::new();
    for round in 0..5_u8 {
        graph.until("open", |_| sender.state().is_open());
        let mut peer = accept_peer(&listener);
        peer.write_all(&[b'a' + round, b'\n', b'x']).unwrap();
        drop(peer);
        graph.until("waiting", |_| waiting(sender.state()).is_some());
        let (reason, until) = waiting(sender.state()).unwrap();
        assert_eq!(reason, CloseReason::PeerClosedMidFrame { bytes: 1 });
        assert_eq!(until.since(graph.now), 1_000_000_000);
        graph.now = until;
        expected.extend([
            Seen::State(ConnectionState::Connecting),
            Seen::State(ConnectionState::Open),
            Seen::State(ConnectionState::Good),
            Seen::Frame(vec![b'a' + round]),
            Seen::State(ConnectionState::HalfClosed),
            Seen::State(ConnectionState::Waiting { reason, until }),
        ]);
    }
    assert_eq!(*log.borrow(), expected);
    sender.close(&mut graph.executor);
    graph.cycles(2);
    assert_eq!(
        sender.state(),
        ConnectionState::Closed(CloseReason::ClosedHere)
    );
    assert_eq!(
        (graph.executor.timer_count(), graph.executor.has_io()),
        (0, false)
    );
}

#[test]
fn closing_while_waiting_ends_the_tries() {
    let (listener, address) = peer_listener();
    drop(listener);
    let mut graph = Graph::new();
    let (_client, sender) = reconnecting(&mut graph, address);
    graph.until("refused", |_| waiting(sender.state()).is_some());
    sender.close(&mut graph.executor);
    graph.cycle();
    assert_eq!(
        sender.state(),
        ConnectionState::Closed(CloseReason::ClosedHere)
    );
    assert_eq!(graph.executor.timer_count(), 0);
}

#[test]
fn a_connection_that_does_not_come_about_times_out() {
    // A listener whose queue of connections is full answers no further one.
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&LOCAL.into()).unwrap();
    socket.listen(0).unwrap();
    let listener: TcpListener = socket.into();
    let address = listener.local_addr().unwrap();
    let mut held = Vec::new();
    for _ in 0..8 {
        match TcpStream::connect_timeout(&address, Duration::from_millis(50)) {
            Ok(stream) => held.push(stream),
            Err(_) => break,
        }
    }
    let mut graph = Graph::new();
    let (_client, sender) = Client::tcp(address, LINES)
        .limits(limits())
        .build(&mut graph.executor);
    graph.cycles(3);
    assert_eq!(sender.state(), ConnectionState::Connecting);
    graph.advance(Duration::from_secs(1));
    graph.cycle();
    assert_eq!(
        sender.state(),
        ConnectionState::Closed(CloseReason::TimedOut)
    );
    assert!(!graph.executor.has_io());
}

/// A sequence of the seed alone.
struct Draws(u64);

impl Draws {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

/// A peer that does a few things at random, and then goes or is silent.
fn misbehave(graph: &mut Graph, draws: &mut Draws, mut peer: TcpStream) {
    let phrases: [&[u8]; 9] = [
        HEAD,
        b"line\n",
        b"\0\0\0\x02ab",
        b"\x81\x82\0\0\0\0ok",
        b"\x89\x80\0\0\0\0",
        b"\x88\x80\0\0\0\0",
        b"\xFF\xFE\0\x81\x7F",
        &[b'x'; 70],
        b"G",
    ];
    for _ in 0..draws.below(12) {
        let phrase = phrases[usize::try_from(draws.below(9)).unwrap()];
        let cut = usize::try_from(draws.below(phrase.len() as u64 + 1)).unwrap();
        let phrase = if draws.below(3) == 0 {
            &phrase[..cut]
        } else {
            phrase
        };
        // The server may have closed already.
        let _ = peer.write_all(phrase);
        match draws.below(8) {
            0 => graph.cycles(3),
            1 => graph.advance(Duration::from_millis(draws.below(3_000))),
            2 => drop(peer.shutdown(Shutdown::Write)),
            _ => {}
        }
    }
    if draws.below(3) == 0 {
        let linger = socket2::SockRef::from(&peer);
        linger.set_linger(Some(Duration::ZERO)).unwrap();
    }
    if draws.below(2) == 0 {
        drop(peer);
    } else {
        // Silent, with the connection open: time must end it.
        graph.cycles(3);
        for _ in 0..8 {
            graph.advance(Duration::from_secs(5));
            graph.cycles(3);
        }
    }
}

#[track_caller]
fn check_misbehaviour<P: Protocol>(server: Server<P>, seed: u64) {
    let mut graph = Graph::new();
    let mut draws = Draws(seed);
    let ends: Rc<RefCell<Vec<ConnectionState>>> = Rc::default();
    let written = Rc::clone(&ends);
    let (listener, _) = server
        .limits(limits())
        .listen(&mut graph.executor, move |executor, connection, _, _| {
            let (written, read) = (Rc::clone(&written), connection.clone());
            NodeBuilder::new(())
                .triggered_by(connection)
                .spawn(executor, move |(), _| {
                    for event in read.borrow().events() {
                        if let Event::State(state @ ConnectionState::Closed(_)) = event {
                            written.borrow_mut().push(state);
                        }
                    }
                    Control::Unchanged
                });
        })
        .unwrap();
    let address = listener.borrow().address();
    for round in 1..=12 {
        misbehave(&mut graph, &mut draws, peer(address));
        graph.until(&format!("seed {seed} round {round}"), |_| {
            ends.borrow().len() == round && listener.borrow().connection_count() == 0
        });
        assert_eq!(
            (graph.executor.node_count(), graph.executor.timer_count()),
            (1, 0)
        );
    }
}

#[test]
fn whatever_a_peer_does_its_connection_ends_once_and_leaves_nothing() {
    for seed in 1..=3 {
        check_misbehaviour(lines(), seed);
        check_misbehaviour(lengths(), seed);
        check_misbehaviour(websocket(), seed);
    }
}
