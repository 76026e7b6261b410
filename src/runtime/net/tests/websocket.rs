//! WebSocket nodes against `tungstenite` peers on other threads, and the protocol by bytes.

use std::cell::Cell;
use std::thread::JoinHandle;

use tungstenite::Message;

use super::*;
use crate::runtime::{Clock, ExecutionMode, RealtimeRuntime};

/// A received message as a line of text: its kind and what it says.
fn text(frame: WebSocketFrame<'_>) -> Vec<u8> {
    match frame {
        WebSocketFrame::Text(text) => format!("text {text}").into_bytes(),
        WebSocketFrame::Binary(bytes) => [b"binary ", bytes].concat(),
        WebSocketFrame::Ping(bytes) => [b"ping ", bytes].concat(),
        WebSocketFrame::Pong(bytes) => [b"pong ", bytes].concat(),
        WebSocketFrame::Close { code, reason } => format!("close {code:?} {reason}").into_bytes(),
    }
}

fn echo(
    executor: &mut Executor,
    connection: &Node<WebSocketConnection>,
    sender: WebSocketSender,
    _peer: SocketAddr,
) {
    let read = connection.downgrade();
    NodeBuilder::new(())
        .triggered_by(connection)
        .spawn(executor, move |(), ctx| {
            if let Some(connection) = read.upgrade() {
                for frame in connection.borrow().frames() {
                    if matches!(frame, WebSocketFrame::Text(_) | WebSocketFrame::Binary(_)) {
                        let _ = sender.send(ctx, frame);
                    }
                }
            }
            Control::Unchanged
        });
}

fn client(
    graph: &mut Graph,
    address: SocketAddr,
    limits: ConnectionLimits,
) -> (Node<WebSocketClient>, WebSocketSender) {
    let url = format!("ws://{address}/feed?secret=1");
    Client::websocket(address, &url, WebSocketLimits::default())
        .unwrap()
        .limits(limits)
        .build(&mut graph.executor)
}

/// Accepts one WebSocket on a thread and lets `talk` use it.
fn serve<R: Send + 'static>(
    listener: TcpListener,
    talk: impl FnOnce(&mut tungstenite::WebSocket<TcpStream>) -> R + Send + 'static,
) -> JoinHandle<R> {
    std::thread::spawn(move || {
        let stream = accept_peer(&listener);
        let mut socket = tungstenite::accept(stream).unwrap();
        talk(&mut socket)
    })
}

fn connect<R: Send + 'static>(
    address: SocketAddr,
    talk: impl FnOnce(&mut tungstenite::WebSocket<TcpStream>) -> R + Send + 'static,
) -> JoinHandle<R> {
    std::thread::spawn(move || {
        let (mut socket, response) =
            tungstenite::client(format!("ws://{address}/"), peer(address)).unwrap();
        assert_eq!(response.status(), 101);
        talk(&mut socket)
    })
}

#[track_caller]
fn join<R>(graph: &mut Graph, thread: JoinHandle<R>) -> R {
    graph.until("the peer's thread ends", |_| thread.is_finished());
    thread.join().unwrap()
}

#[test]
fn a_client_talks_and_closes_with_a_farewell() {
    let (listener, address) = peer_listener();
    let server = serve(listener, |socket| {
        socket.send(Message::text("hello")).unwrap();
        socket.send(Message::binary(vec![1, 2])).unwrap();
        socket.send(Message::Ping(vec![b'p'].into())).unwrap();
        let mut seen = Vec::new();
        loop {
            match socket.read() {
                Ok(message) => seen.push(message),
                Err(error) => return (seen, error.to_string()),
            }
        }
    });
    let mut graph = Graph::new();
    let (node, sender) = client(&mut graph, address, ConnectionLimits::default());
    let (_watch, log) = watch(&mut graph.executor, &node, text);
    graph.until("three frames", |_| frames(&log).len() == 3);
    let long = "x".repeat(70_000);
    for frame in [
        WebSocketFrame::Text("ja"),
        WebSocketFrame::Binary(&[9; 200]),
        WebSocketFrame::Text(&long),
        WebSocketFrame::Ping(b"q"),
    ] {
        assert_eq!(sender.send(&mut graph.executor, frame), Ok(()));
    }
    graph.until("the pong", |_| frames(&log).contains(&b"pong q".to_vec()));
    sender.close(&mut graph.executor);
    let (seen, error) = join(&mut graph, server);
    graph.until("closed", |_| {
        sender.state() == ConnectionState::Closed(CloseReason::ClosedHere)
    });
    assert_eq!(seen[0], Message::Pong(vec![b'p'].into()));
    assert_eq!(seen[1], Message::text("ja"));
    assert_eq!(seen[2], Message::binary(vec![9; 200]));
    assert_eq!(seen[3], Message::text(long));
    assert_eq!(seen[4], Message::Ping(vec![b'q'].into()));
    assert!(matches!(&seen[5], Message::Close(Some(close)) if u16::from(close.code) == 1000));
    assert_eq!(error, "Connection closed normally");
    let states: Vec<Seen> = log.borrow()[..4].to_vec();
    assert_eq!(
        states,
        [
            Seen::State(ConnectionState::Connecting),
            Seen::State(ConnectionState::Handshaking),
            Seen::State(ConnectionState::Open),
            Seen::State(ConnectionState::Good),
        ]
    );
}

#[test]
fn a_peers_farewell_is_shown_answered_and_ends_the_connection() {
    let (listener, address) = peer_listener();
    let server = serve(listener, |socket| {
        socket
            .close(Some(tungstenite::protocol::CloseFrame {
                code: 1001.into(),
                reason: "noon".into(),
            }))
            .unwrap();
        loop {
            if let Err(error) = socket.read() {
                return error.to_string();
            }
        }
    });
    let mut graph = Graph::new();
    let (node, sender) = client(&mut graph, address, ConnectionLimits::default());
    let (_watch, log) = watch(&mut graph.executor, &node, text);
    graph.until("closed", |_| {
        sender.state() == ConnectionState::Closed(CloseReason::PeerClosed)
    });
    assert_eq!(join(&mut graph, server), "Connection closed normally");
    assert_eq!(frames(&log), [b"close Some(1001) noon"]);
}

#[test]
fn a_server_serves_many_and_broadcasts() {
    let mut graph = Graph::new();
    let said = Rc::new(Cell::new(0));
    let counted = Rc::clone(&said);
    let (server, broadcaster) = Server::websocket(LOCAL, WebSocketLimits::default())
        .listen(&mut graph.executor, move |executor, node, sender, peer| {
            echo(executor, node, sender, peer);
            // Runs after the echo, which was built before it.
            let (counted, read) = (Rc::clone(&counted), node.downgrade());
            NodeBuilder::new(())
                .triggered_by(node)
                .spawn(executor, move |(), _| {
                    if let Some(node) = read.upgrade() {
                        counted.set(counted.get() + node.borrow().frames().count());
                    }
                    Control::Unchanged
                });
        })
        .unwrap();
    let address = server.borrow().address();
    let peers: Vec<_> = (0..4)
        .map(|at| {
            connect(address, move |socket| {
                for length in [0, 10, 200, 70_000] {
                    let message = Message::text(format!("{at}").repeat(length));
                    socket.send(message.clone()).unwrap();
                    assert_eq!(socket.read().unwrap(), message);
                }
                socket.send(Message::binary(vec![at])).unwrap();
                assert_eq!(socket.read().unwrap(), Message::binary(vec![at]));
                let news = socket.read().unwrap();
                socket.close(None).unwrap();
                while socket.read().is_ok() {}
                news
            })
        })
        .collect();
    graph.until("all have talked", |_| said.get() == 4 * 5);
    let result = broadcaster.broadcast(&mut graph.executor, WebSocketFrame::Text("news"));
    assert_eq!(result.accepted + result.refused, 4);
    for peer in peers {
        assert_eq!(join(&mut graph, peer), Message::text("news"));
    }
    graph.until("all gone", |_| server.borrow().connection_count() == 0);
    assert_eq!(graph.executor.node_count(), 1);
}

#[test]
fn fragments_are_one_message_and_pings_between_them_are_answered() {
    let mut protocol = handshaken();
    let (mut inbox, mut outbox) = (Inbox::with_limit(1 << 16), Outbox::with_limit(1 << 16));
    let bytes: Vec<u8> = [
        client_frame(0x01, b"Hel"),
        client_frame(0x89, b"?"),
        client_frame(0x80, b"lo"),
    ]
    .concat();
    let mut seen = Vec::new();
    for byte in bytes {
        inbox.begin_cycle();
        assert_eq!(inbox.fill(&[byte]), 1);
        while let Ok(Step::Frame(frame)) = protocol.next(&mut inbox, &mut outbox) {
            seen.push(text(WebSocket::view(&frame, inbox.bytes())));
        }
    }
    assert_eq!(seen, [b"ping ?".to_vec(), b"text Hello".to_vec()]);
    assert_eq!(outbox.waiting(), b"\x8A\x01?");
    assert_eq!(protocol.unfinished_bytes(&inbox), 0);
}

/// A frame as a client sends it, with a mask of zeros; up to 125 bytes.
fn client_frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let length = 0x80 | u8::try_from(payload.len()).unwrap();
    [&[first, length, 0, 0, 0, 0], payload].concat()
}

const HEAD: &[u8] = b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";

/// A server's protocol after a handshake that came byte by byte.
fn handshaken() -> WebSocket {
    let limits = WebSocketLimits {
        message_bytes_max: 100,
        frame_bytes_max: 50,
    };
    let mut protocol = WebSocket::server(limits);
    let (mut inbox, mut outbox) = (Inbox::with_limit(1 << 16), Outbox::with_limit(1 << 16));
    assert_eq!(protocol.open(&mut outbox), Ok(false));
    for (at, &byte) in HEAD.iter().enumerate() {
        assert_eq!(inbox.fill(&[byte]), 1);
        match protocol.next(&mut inbox, &mut outbox) {
            Ok(Step::NeedMore) => assert!(at + 1 < HEAD.len()),
            Ok(Step::Ready) => assert_eq!(at + 1, HEAD.len()),
            other => panic!("{other:?} at {at}"),
        }
    }
    // Source: RFC 6455, §1.3 "Opening Handshake", the example key and its answer.
    let answer = String::from_utf8(outbox.waiting().to_vec())
        .unwrap()
        .to_lowercase();
    assert!(answer.starts_with("http/1.1 101"), "{answer}");
    assert!(answer.contains("s3pplmbitxaq9kygzzhzrbk+xoo="), "{answer}");
    protocol
}

#[track_caller]
fn check_ended(bytes: &[u8], expected: CloseReason) {
    for piece in [1, 3, bytes.len()] {
        let mut protocol = handshaken();
        let (mut inbox, mut outbox) = (Inbox::with_limit(1 << 16), Outbox::with_limit(1 << 16));
        let mut ended = None;
        for piece in bytes.chunks(piece) {
            assert_eq!(inbox.fill(piece), piece.len());
            loop {
                match protocol.next(&mut inbox, &mut outbox) {
                    Ok(Step::Frame(_)) => {}
                    Ok(_) => break,
                    Err(reason) => {
                        ended = ended.or(Some(reason));
                        break;
                    }
                }
            }
        }
        assert_eq!(ended, Some(expected), "pieces of {piece}");
    }
}

#[test]
fn broken_frames_end_the_connection_with_their_reason() {
    check_ended(&client_frame(0x81, b"\xFF\xFE"), CloseReason::BadText);
    check_ended(
        &[client_frame(0x01, b"ok"), client_frame(0x80, b"\xC3")].concat(),
        CloseReason::BadText,
    );
    check_ended(
        b"\x82\xFF\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF\0\0\0\0",
        CloseReason::FrameTooLong {
            bytes: 0x7FFF_FFFF_FFFF_FFFF,
            bytes_max: 50,
        },
    );
    check_ended(
        &[
            client_frame(0x02, &[0; 50]),
            client_frame(0x00, &[0; 50]),
            client_frame(0x00, &[0; 1]),
        ]
        .concat(),
        CloseReason::FrameTooLong {
            bytes: 101,
            bytes_max: 100,
        },
    );
    check_ended(b"\x81\x02hi", CloseReason::Protocol);
    check_ended(&client_frame(0xC1, b"rsv"), CloseReason::Protocol);
    check_ended(&client_frame(0x83, b""), CloseReason::Protocol);
    check_ended(&client_frame(0x80, b"no start"), CloseReason::Protocol);
    check_ended(&client_frame(0x09, b"fragment"), CloseReason::Protocol);
}

#[track_caller]
fn check_head(server: WebSocket, head: &[u8], expected: CloseReason) {
    let mut protocol = server;
    let (mut inbox, mut outbox) = (Inbox::with_limit(1 << 16), Outbox::with_limit(1 << 16));
    assert_eq!(protocol.open(&mut outbox), Ok(false));
    assert_eq!(inbox.fill(head), head.len());
    match protocol.next(&mut inbox, &mut outbox) {
        Err(reason) => assert_eq!(reason, expected),
        Ok(step) => panic!("{step:?}"),
    }
}

#[test]
fn what_is_no_handshake_is_refused() {
    let server = || WebSocket::server(WebSocketLimits::default());
    let client = || WebSocket::client("ws://x/", WebSocketLimits::default()).unwrap();
    check_head(
        server(),
        b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        CloseReason::Handshake,
    );
    check_head(server(), b"\x16\x03\x01\r\n\r\n", CloseReason::Handshake);
    check_head(
        client(),
        b"HTTP/1.1 403 Forbidden\r\n\r\n",
        CloseReason::Handshake,
    );
    check_head(
        client(),
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
          Sec-WebSocket-Accept: wrong\r\n\r\n",
        CloseReason::Handshake,
    );
    check_head(
        server(),
        &[b'x'; 20_000],
        CloseReason::FrameTooLong {
            bytes: 20_000,
            bytes_max: 16 * 1024,
        },
    );
}

#[test]
fn urls_and_headers_that_cannot_be_used_are_refused_at_once() {
    let limits = WebSocketLimits::default();
    for url in ["", "wss://x/", "http://x/", "ws://", "not a url"] {
        assert_eq!(
            WebSocket::client(url, limits).err(),
            Some(InvalidRequest::Url),
            "{url}"
        );
    }
    let client = WebSocket::client("ws://x/", limits).unwrap();
    assert_eq!(
        client.header("name", "line\nend").err(),
        Some(InvalidRequest::Header)
    );
}

#[test]
fn what_a_websocket_cannot_carry_is_refused() {
    let mut protocol = handshaken();
    let mut outbox = Outbox::with_limit(60);
    let check = |protocol: &mut WebSocket, outbox: &mut Outbox, frame, expected| {
        assert_eq!(protocol.encode(frame, outbox), expected, "{frame:?}");
    };
    use WebSocketFrame::{Binary, Close, Ping};
    let (code, reason) = (None, "");
    check(
        &mut protocol,
        &mut outbox,
        Close { code, reason },
        Err(SendError::Invalid),
    );
    check(
        &mut protocol,
        &mut outbox,
        Ping(&[0; 126]),
        Err(SendError::TooLong),
    );
    check(
        &mut protocol,
        &mut outbox,
        Binary(&[0; 101]),
        Err(SendError::TooLong),
    );
    check(
        &mut protocol,
        &mut outbox,
        Binary(&[0; 50]),
        Err(SendError::TooLong),
    );
    check(&mut protocol, &mut outbox, Binary(&[0; 40]), Ok(()));
    check(
        &mut protocol,
        &mut outbox,
        Binary(&[0; 40]),
        Err(SendError::Full),
    );
    assert_eq!(outbox.len(), 42);
}

#[test]
fn keepalives_find_a_peer_that_is_there_and_one_that_is_gone() {
    let (listener, address) = peer_listener();
    let server = serve(listener, |socket| {
        // Answers two pings, then is silent with the connection open.
        for _ in 0..2 {
            assert_eq!(socket.read().unwrap(), Message::Ping(Vec::new().into()));
            socket.flush().unwrap();
        }
        let mut byte = [0; 64];
        while socket
            .get_mut()
            .read(&mut byte)
            .is_ok_and(|count| count > 0)
        {}
    });
    let mut graph = Graph::new();
    let limits = ConnectionLimits {
        keepalive: Some(Duration::from_secs(1)),
        idle_timeout: Some(Duration::from_secs(3)),
        ..ConnectionLimits::default()
    };
    let (node, sender) = client(&mut graph, address, limits);
    let (_watch, log) = watch(&mut graph.executor, &node, text);
    graph.until("open", |_| sender.state().is_open());
    for round in 1..=2 {
        graph.advance(Duration::from_secs(1));
        graph.until("a pong", |_| frames(&log).len() == round);
    }
    // An answer to a ping is no proof of a feed.
    assert_eq!(sender.state(), ConnectionState::Open);
    for _ in 0..3 {
        graph.advance(Duration::from_secs(1));
        graph.cycles(2);
    }
    assert_eq!(sender.state(), ConnectionState::Closed(CloseReason::Idle));
    join(&mut graph, server);
}

#[test]
fn a_removed_client_closes_its_socket() {
    let (listener, address) = peer_listener();
    let server = serve(listener, |socket| socket.read().is_err());
    let mut graph = Graph::new();
    let (node, sender) = client(&mut graph, address, ConnectionLimits::default());
    graph.until("open", |_| sender.state().is_open());
    assert_eq!(graph.executor.sweep(&node), 1);
    assert!(!graph.executor.has_io());
    assert!(server.join().unwrap());
}

#[test]
fn both_ends_can_stand_in_one_graph_and_park() {
    const MESSAGES: usize = 200;
    let mut runtime = RealtimeRuntime::new(ExecutionMode::Park);
    let executor = runtime.executor();
    let (server, _) = Server::websocket(LOCAL, WebSocketLimits::default())
        .listen(executor, echo)
        .unwrap();
    let address = server.borrow().address();
    let url = format!("ws://{address}/");
    let (node, sender) = Client::websocket(address, &url, WebSocketLimits::default())
        .unwrap()
        .build(executor);
    let message = |at: usize| "m".repeat(at * 7 % 500) + &at.to_string();
    let read = node.clone();
    let seen = NodeBuilder::new(0)
        .triggered_by(&node)
        .build(executor, move |seen, ctx| {
            for event in read.borrow().events() {
                match event {
                    Event::State(ConnectionState::Open) => {}
                    Event::Frame(frame) => {
                        assert_eq!(frame, WebSocketFrame::Text(&message(*seen)));
                        *seen += 1;
                    }
                    Event::State(_) => continue,
                }
                if *seen == MESSAGES {
                    return Control::Terminate;
                }
                let next = message(*seen);
                assert_eq!(sender.send(ctx, WebSocketFrame::Text(&next)), Ok(()));
            }
            Control::Unchanged
        });
    // A bound in case of a fault: time ends the run.
    let stop = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(false));
    let timer = NodeBuilder::new(()).build(executor, |(), _| Control::Terminate);
    let deadline = crate::runtime::RealtimeClock::new().now().after(PEER_WAIT);
    assert!(executor.timer_at(&timer, deadline).is_some());
    runtime.run_until(&stop).unwrap();
    assert_eq!(*seen.borrow(), MESSAGES);
}
