//! Once warm, a network node asks for no memory for a message.
#![allow(clippy::unwrap_used)]

#[path = "common/counting.rs"]
mod counting;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use waveletd::runtime::net::{
    ConnectionLimits, Framing, LengthPrefix, Server, Udp, WebSocketFrame, WebSocketLimits,
};
use waveletd::runtime::{Control, Executor, Nanos, NodeBuilder};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const WARM_ROUNDS: u64 = 500;
const COUNTED_ROUNDS: u64 = 1_000;
/// Messages of a round.
const BURST: usize = 10;

/// Runs a few cycles, a millisecond of the graph's time each.
fn cycles(executor: &mut Executor, now: &mut Nanos) {
    for _ in 0..4 {
        executor.poll_io(Some(Duration::ZERO)).unwrap();
        *now = now.after(Duration::from_millis(1));
        let _ = executor.cycle(*now);
    }
}

/// Allocations a message while `round` is done again and again; only cycles are counted.
fn allocations_per_message(
    executor: &mut Executor,
    now: &mut Nanos,
    mut round: impl FnMut(&mut dyn FnMut()),
) -> f64 {
    let mut count = 0;
    for at in 0..WARM_ROUNDS + COUNTED_ROUNDS {
        round(&mut || {
            let before = counting::asked();
            cycles(executor, now);
            if at >= WARM_ROUNDS {
                count += counting::asked() - before;
            }
        });
    }
    let messages = COUNTED_ROUNDS * BURST as u64;
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let ratio = count as f64 / messages as f64;
    ratio
}

fn peer(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn limits() -> ConnectionLimits {
    ConnectionLimits {
        // Short enough for its timer to have fired while warming up.
        idle_timeout: Some(Duration::from_secs(1)),
        keepalive: None,
        ..ConnectionLimits::default()
    }
}

/// A server that sends each frame back.
fn echo(framing: Framing, executor: &mut Executor) -> SocketAddr {
    let (listener, _) = Server::tcp(LOCAL, framing)
        .limits(limits())
        .listen(executor, |executor, connection, sender, _| {
            let read = connection.clone();
            NodeBuilder::new(())
                .triggered_by(connection)
                .spawn(executor, move |(), ctx| {
                    for frame in read.borrow().frames() {
                        sender.send(ctx, frame).unwrap();
                    }
                    Control::Unchanged
                });
        })
        .unwrap();
    let address = listener.borrow().address();
    // Held by a node of its own, so that it listens on.
    NodeBuilder::new(())
        .triggered_by(&listener)
        .spawn(executor, |(), _| Control::Unchanged);
    address
}

#[track_caller]
fn check_tcp(framing: Framing, message: &[u8]) {
    let mut executor = Executor::new();
    let mut now = Nanos(1);
    let address = echo(framing, &mut executor);
    let mut peer = peer(address);
    let burst = message.repeat(BURST);
    let mut answers = vec![0; burst.len()];
    // Split inside a message, so that partial frames and their timers are part of it.
    let (head, tail) = burst.split_at(burst.len() / 2 + 1);
    let ratio = allocations_per_message(&mut executor, &mut now, |cycles| {
        peer.write_all(head).unwrap();
        cycles();
        peer.write_all(tail).unwrap();
        cycles();
        cycles();
        peer.read_exact(&mut answers).unwrap();
        assert_eq!(answers, burst);
    });
    assert!(ratio == 0.0, "{framing:?}: {ratio} allocations a message");
}

#[test]
fn tcp_messages_cost_no_memory() {
    check_tcp(Framing::Lines { bytes_max: 100 }, b"a line of text\n");
    check_tcp(Framing::Fixed(8), b"8 bytes.");
    let (prefix, bytes_max) = (LengthPrefix::U16Be, 100);
    check_tcp(Framing::Length { prefix, bytes_max }, b"\0\x05hello");
}

#[test]
fn datagrams_cost_no_memory() {
    let mut executor = Executor::new();
    let mut now = Nanos(1);
    let (node, sender) = Udp::bind(LOCAL).build(&mut executor).unwrap();
    let (read, to) = (node.clone(), node.borrow().address());
    let _echo = NodeBuilder::new(())
        .triggered_by(&node)
        .build(&mut executor, move |(), ctx| {
            for datagram in read.borrow().datagrams() {
                sender
                    .send_to(ctx, datagram.bytes, datagram.sender)
                    .unwrap();
            }
            Control::Unchanged
        });
    let peer = UdpSocket::bind(LOCAL).unwrap();
    peer.set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut answer = [0; 64];
    let ratio = allocations_per_message(&mut executor, &mut now, |cycles| {
        for _ in 0..BURST {
            peer.send_to(b"a datagram", to).unwrap();
        }
        cycles();
        for _ in 0..BURST {
            assert_eq!(peer.recv(&mut answer).unwrap(), 10);
        }
    });
    assert!(ratio == 0.0, "{ratio} allocations a datagram");
}

#[test]
fn a_websocket_server_sends_without_memory_and_receives_with_little() {
    let mut executor = Executor::new();
    let mut now = Nanos(1);
    let server = Server::websocket(LOCAL, WebSocketLimits::default());
    let (listener, broadcaster) = server
        .limits(limits())
        .listen(&mut executor, |_, _, _, _| {})
        .unwrap();
    let address = listener.borrow().address();
    let handshake = std::thread::spawn(move || {
        tungstenite::client(format!("ws://{address}/"), peer(address))
            .unwrap()
            .0
    });
    let mut waited = 0;
    while !handshake.is_finished() && waited < 10_000 {
        executor.poll_io(Some(Duration::from_millis(1))).unwrap();
        let _ = executor.cycle(now);
        waited += 1;
    }
    let mut socket = handshake.join().unwrap();
    let mut sent = 0;
    let mut answers = [0; 12 * BURST];
    let mut count = 0;
    for at in 0..WARM_ROUNDS + COUNTED_ROUNDS {
        let before = counting::asked();
        for _ in 0..BURST {
            let news = WebSocketFrame::Text("some news.");
            sent += broadcaster.broadcast(&mut executor, news).accepted;
        }
        cycles(&mut executor, &mut now);
        if at >= WARM_ROUNDS {
            count += counting::asked() - before;
        }
        socket.get_mut().read_exact(&mut answers).unwrap();
        // A message from time to time, so that the connection is not idle.
        if at % 100 == 0 {
            socket.send(tungstenite::Message::text("here")).unwrap();
            cycles(&mut executor, &mut now);
        }
    }
    assert_eq!(sent as u64, (WARM_ROUNDS + COUNTED_ROUNDS) * BURST as u64);
    assert_eq!(count, 0, "allocations while sending");

    let ratio = allocations_per_message(&mut executor, &mut now, |cycles| {
        for _ in 0..BURST {
            socket.send(tungstenite::Message::text("here")).unwrap();
        }
        cycles();
    });
    assert!(ratio <= 2.0, "{ratio} allocations a received message");
    eprintln!("{ratio} allocations a received WebSocket message");
}
