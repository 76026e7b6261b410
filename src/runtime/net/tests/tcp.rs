//! TCP clients and servers against sockets of the standard library.

use std::io::Write;
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;
use crate::runtime::{ExecutionMode, RealtimeRuntime};

fn lines_client(graph: &mut Graph, address: SocketAddr) -> (Node<TcpClient>, TcpSender) {
    Client::tcp(address, LINES).build(&mut graph.executor)
}

#[test]
fn a_client_shows_state_and_frames_in_their_order() {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let (client, sender) = lines_client(&mut graph, address);
    let (_watch, log) = watch(&mut graph.executor, &client, <[u8]>::to_vec);
    graph.until("open", |_| sender.state().is_open());
    let mut peer = accept_peer(&listener);
    peer.write_all(b"one\r\ntwo\n").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    graph.until("closed", |_| {
        matches!(sender.state(), ConnectionState::Closed(_))
    });
    assert_eq!(
        *log.borrow(),
        [
            Seen::State(ConnectionState::Connecting),
            Seen::State(ConnectionState::Open),
            Seen::State(ConnectionState::Good),
            Seen::Frame(b"one".to_vec()),
            Seen::Frame(b"two".to_vec()),
            Seen::State(ConnectionState::HalfClosed),
            Seen::State(ConnectionState::Closed(CloseReason::PeerClosed)),
        ]
    );
    let counts = client.borrow().counts();
    assert_eq!((counts.opened, counts.good, counts.ended), (1, 1, 1));
    assert_eq!((counts.frames_received, counts.bytes_received), (2, 9));
    assert!(!graph.executor.has_io());
    assert_eq!(graph.executor.timer_count(), 0);
}

#[test]
fn a_client_sends_in_one_piece_what_a_cycle_gave_it() {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let (client, sender) = lines_client(&mut graph, address);
    assert_eq!(
        sender.send(&mut graph.executor, b"early"),
        Err(SendError::NotOpen)
    );
    graph.until("open", |_| sender.state().is_open());
    for line in [&b"a"[..], b"bc", b""] {
        assert_eq!(sender.send(&mut graph.executor, line), Ok(()));
    }
    assert_eq!(sender.queued_bytes(), 6);
    let mut peer = accept_peer(&listener);
    assert_eq!(read_while_running(&mut graph, &mut peer, 6), b"a\nbc\n\n");
    let counts = client.borrow().counts();
    assert_eq!(
        (counts.frames_sent, counts.bytes_sent, counts.sends_refused),
        (3, 6, 1)
    );
}

#[test]
fn a_server_builds_a_subgraph_for_each_peer_and_takes_it_away_with_it() {
    let mut graph = Graph::new();
    let (server, _) = Server::tcp(LOCAL, LINES)
        .listen(&mut graph.executor, echo)
        .unwrap();
    let address = server.borrow().address();
    let mut peers: Vec<TcpStream> = (0..5).map(|_| peer(address)).collect();
    for (at, peer) in peers.iter_mut().enumerate() {
        writeln!(peer, "hello {at}").unwrap();
        assert_eq!(
            read_while_running(&mut graph, peer, 8),
            format!("hello {at}\n").as_bytes()
        );
    }
    assert_eq!(server.borrow().connection_count(), 5);
    assert_eq!(graph.executor.node_count(), 11);
    peers.truncate(1);
    graph.until("four gone", |_| server.borrow().connection_count() == 1);
    assert_eq!(graph.executor.node_count(), 3);
    assert_eq!(server.borrow().counts().accepted, 5);
}

#[test]
fn what_a_peer_asks_before_it_ends_its_stream_is_answered() {
    let mut graph = Graph::new();
    let (server, _) = Server::tcp(LOCAL, LINES)
        .listen(&mut graph.executor, echo)
        .unwrap();
    let mut peer = peer(server.borrow().address());
    peer.write_all(b"last words\n").unwrap();
    peer.shutdown(Shutdown::Write).unwrap();
    assert_eq!(
        read_while_running(&mut graph, &mut peer, 11),
        b"last words\n"
    );
    end_while_running(&mut graph, &mut peer);
    graph.until("gone", |_| server.borrow().connection_count() == 0);
}

#[test]
fn a_half_open_connection_is_kept_where_that_is_asked_for() {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let limits = ConnectionLimits {
        keep_half_open: true,
        ..ConnectionLimits::default()
    };
    let (_client, sender) = Client::tcp(address, LINES)
        .limits(limits)
        .build(&mut graph.executor);
    graph.until("open", |_| sender.state().is_open());
    let mut peer = accept_peer(&listener);
    peer.shutdown(Shutdown::Write).unwrap();
    graph.until("half closed", |_| {
        sender.state() == ConnectionState::HalfClosed
    });
    graph.advance(Duration::from_secs(3_600));
    graph.cycles(3);
    assert_eq!(sender.send(&mut graph.executor, b"still here"), Ok(()));
    assert_eq!(
        read_while_running(&mut graph, &mut peer, 11),
        b"still here\n"
    );
    sender.close(&mut graph.executor);
    end_while_running(&mut graph, &mut peer);
    graph.until("closed", |_| {
        sender.state() == ConnectionState::Closed(CloseReason::ClosedHere)
    });
}

#[test]
fn closing_sends_what_waits_and_delivers_what_still_comes() {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let (client, sender) = lines_client(&mut graph, address);
    let (_watch, log) = watch(&mut graph.executor, &client, <[u8]>::to_vec);
    graph.until("open", |_| sender.state().is_open());
    let mut peer = accept_peer(&listener);
    assert_eq!(sender.send(&mut graph.executor, b"bye"), Ok(()));
    sender.close(&mut graph.executor);
    assert_eq!(
        sender.send(&mut graph.executor, b"late"),
        Err(SendError::NotOpen)
    );
    assert_eq!(read_while_running(&mut graph, &mut peer, 4), b"bye\n");
    peer.write_all(b"bye too\n").unwrap();
    drop(peer);
    graph.until("closed", |_| {
        sender.state() == ConnectionState::Closed(CloseReason::ClosedHere)
    });
    assert_eq!(frames(&log), [b"bye too"]);
}

#[test]
fn a_peer_that_never_closes_does_not_hold_up_our_close() {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let (_client, sender) = lines_client(&mut graph, address);
    graph.until("open", |_| sender.state().is_open());
    let _peer = accept_peer(&listener);
    sender.close(&mut graph.executor);
    graph.cycles(5);
    assert_eq!(sender.state(), ConnectionState::Closing);
    graph.advance(ConnectionLimits::default().drain_timeout);
    graph.cycle();
    assert_eq!(
        sender.state(),
        ConnectionState::Closed(CloseReason::ClosedHere)
    );
}

#[test]
fn a_burst_beyond_the_limits_of_a_cycle_is_worked_off_in_the_next_ones() {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let limits = ConnectionLimits {
        bytes_per_cycle_max: 100,
        frames_per_cycle_max: 7,
        ..ConnectionLimits::default()
    };
    let (client, sender) = Client::tcp(address, LINES)
        .limits(limits)
        .build(&mut graph.executor);
    let (_watch, log) = watch(&mut graph.executor, &client, <[u8]>::to_vec);
    let most = Rc::new(RefCell::new(0));
    let (seen, read) = (Rc::clone(&most), client.clone());
    let _most =
        NodeBuilder::new(())
            .triggered_by(&client)
            .build(&mut graph.executor, move |(), _| {
                let count = read.borrow().frames().count();
                let mut most = seen.borrow_mut();
                *most = count.max(*most);
                Control::Unchanged
            });
    graph.until("open", |_| sender.state().is_open());
    let mut peer = accept_peer(&listener);
    let lines: Vec<String> = (0..500).map(|line| format!("line {line}")).collect();
    peer.write_all((lines.join("\n") + "\n").as_bytes())
        .unwrap();
    graph.until("all lines", |_| frames(&log).len() == 500);
    assert_eq!(
        frames(&log),
        lines.iter().map(String::as_bytes).collect::<Vec<_>>()
    );
    assert_eq!(*most.borrow(), 7);
    assert!(client.borrow().counts().yields > 50);
}

/// A peer that does not read: what happens to the sender.
#[track_caller]
fn check_slow_peer(when_full: WhenFull, expected: impl Fn(ConnectionState) -> bool) {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let limits = ConnectionLimits {
        outbox_bytes_max: 64 * 1024,
        when_full,
        ..ConnectionLimits::default()
    };
    let framing = Framing::Fixed(4096);
    let (client, sender) = Client::tcp(address, framing)
        .limits(limits)
        .build(&mut graph.executor);
    graph.until("open", |_| sender.state().is_open());
    let _peer = accept_peer(&listener);
    let mut result = Ok(());
    for _ in 0..100_000 {
        result = sender.send(&mut graph.executor, &[7; 4096]);
        if result.is_err() {
            break;
        }
        graph.cycle();
    }
    assert_eq!(result, Err(SendError::Full));
    assert!(sender.queued_bytes() <= 64 * 1024);
    graph.cycles(3);
    assert!(expected(sender.state()), "{:?}", sender.state());
    let counts = client.borrow().counts();
    assert_eq!(counts.sends_refused, 1);
    assert_eq!(
        counts.bytes_sent + counts.bytes_unsent + sender.queued_bytes() as u64,
        counts.frames_sent * 4096
    );
}

#[test]
fn a_peer_that_does_not_read_fills_the_outbox_and_then_is_refused_or_closed() {
    check_slow_peer(WhenFull::Refuse, |state| state == ConnectionState::Open);
    check_slow_peer(WhenFull::Close, |state| {
        state == ConnectionState::Closed(CloseReason::OutboxFull)
    });
}

#[test]
fn a_removed_node_closes_its_socket_even_while_a_handle_is_held() {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let (client, sender) = lines_client(&mut graph, address);
    graph.until("open", |_| sender.state().is_open());
    let mut peer = accept_peer(&listener);
    assert_eq!(graph.executor.sweep(&client), 1);
    assert!(!graph.executor.has_io());
    assert_eq!(graph.executor.timer_count(), 0);
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
    assert_eq!(
        client.borrow().state(),
        ConnectionState::Closed(CloseReason::Removed)
    );
    assert_eq!(
        sender.send(&mut graph.executor, b"x"),
        Err(SendError::NotOpen)
    );
}

#[test]
fn a_client_nobody_holds_is_gone_with_its_socket() {
    let (listener, address) = peer_listener();
    let mut graph = Graph::new();
    let (client, sender) = lines_client(&mut graph, address);
    graph.until("open", |_| sender.state().is_open());
    let mut peer = accept_peer(&listener);
    drop(client);
    graph.cycle();
    assert_eq!(
        (graph.executor.node_count(), graph.executor.has_io()),
        (0, false)
    );
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn a_removed_server_listens_no_more_and_leaves_its_connections() {
    let mut graph = Graph::new();
    let (server, _) = Server::tcp(LOCAL, LINES)
        .listen(&mut graph.executor, echo)
        .unwrap();
    let address = server.borrow().address();
    let mut peer = peer(address);
    graph.until("accepted", |_| server.borrow().connection_count() == 1);
    assert_eq!(graph.executor.sweep(&server), 1);
    assert!(TcpStream::connect(address).is_err());
    peer.write_all(b"still\n").unwrap();
    assert_eq!(read_while_running(&mut graph, &mut peer, 6), b"still\n");
}

#[test]
fn a_swept_connection_of_a_server_closes_its_socket() {
    let mut graph = Graph::new();
    let held: Rc<RefCell<Vec<Node<TcpConnection>>>> = Rc::default();
    let holding = Rc::clone(&held);
    let (server, _) = Server::tcp(LOCAL, LINES)
        .listen(&mut graph.executor, move |_, connection, _, _| {
            holding.borrow_mut().push(connection.clone());
        })
        .unwrap();
    let mut peer = peer(server.borrow().address());
    graph.until("accepted", |_| held.borrow().len() == 1);
    graph.cycles(3);
    let connection = held.borrow()[0].clone();
    assert_eq!(graph.executor.sweep(&connection), 1);
    assert_eq!(server.borrow().connection_count(), 0);
    assert_eq!(peer.read(&mut [0; 8]).unwrap(), 0);
}

#[test]
fn peers_beyond_the_limit_are_turned_away_and_counted() {
    let mut graph = Graph::new();
    let (server, _) = Server::tcp(LOCAL, LINES)
        .connections_max(2)
        .accepts_per_cycle_max(1)
        .listen(&mut graph.executor, echo)
        .unwrap();
    let address = server.borrow().address();
    let mut peers: Vec<TcpStream> = (0..3).map(|_| peer(address)).collect();
    graph.until("all seen", |_| server.borrow().counts().turned_away == 1);
    let counts = server.borrow().counts();
    assert_eq!(counts.accepted, 2);
    assert!(counts.yields >= 2);
    assert_eq!(peers[2].read(&mut [0; 8]).unwrap(), 0);
    drop(peers.remove(0));
    graph.until("one gone", |_| server.borrow().connection_count() == 1);
    let mut late = peer(address);
    late.write_all(b"room?\n").unwrap();
    assert_eq!(read_while_running(&mut graph, &mut late, 6), b"room?\n");
}

#[test]
fn a_broadcast_reaches_all_and_a_slow_peer_holds_up_nobody() {
    let mut graph = Graph::new();
    let limits = ConnectionLimits {
        outbox_bytes_max: 32 * 1024,
        ..ConnectionLimits::default()
    };
    let (server, broadcaster) = Server::tcp(LOCAL, Framing::Fixed(1024))
        .limits(limits)
        .listen(&mut graph.executor, |_, _, _, _| {})
        .unwrap();
    let address = server.borrow().address();
    let (_slow, mut fast) = (peer(address), peer(address));
    graph.until("both", |_| server.borrow().connection_count() == 2);
    graph.cycles(3);
    let mut refused = 0;
    for _ in 0..20_000 {
        let result = broadcaster.broadcast(&mut graph.executor, &[9; 1024]);
        assert!(result.accepted >= 1);
        refused += result.refused;
        let _ = read_while_running(&mut graph, &mut fast, 1024);
        if refused > 3 {
            break;
        }
    }
    assert!(refused > 3, "the slow peer's outbox never filled");
}

#[test]
fn a_parked_runtime_serves_peers_on_another_thread() {
    let mut runtime = RealtimeRuntime::new(ExecutionMode::Park);
    let (server, _) = Server::tcp(LOCAL, LINES)
        .listen(runtime.executor(), echo)
        .unwrap();
    let address = server.borrow().address();
    let stop = std::sync::Arc::new(AtomicBool::new(false));
    let (stopping, wake) = (std::sync::Arc::clone(&stop), runtime.executor().wake());
    let thread = std::thread::spawn(move || {
        let mut peer = peer(address);
        for round in 0..100_u32 {
            let line = format!("round {round}\n");
            peer.write_all(line.as_bytes()).unwrap();
            let mut answer = vec![0; line.len()];
            peer.read_exact(&mut answer).unwrap();
            assert_eq!(answer, line.as_bytes());
        }
        stopping.store(true, Ordering::Relaxed);
        wake.wake();
    });
    runtime.run_until(&stop).unwrap();
    thread.join().unwrap();
    assert_eq!(server.borrow().counts().accepted, 1);
}
