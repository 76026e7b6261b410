//! Real sockets on 127.0.0.1, cycles by hand: the graph's time moves only when told to.

mod chaos;
mod pure;
mod tcp;
mod udp;
mod websocket;

use std::cell::RefCell;
use std::io::Read;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::rc::Rc;
use std::time::Duration;

use super::*;
use crate::runtime::{Context, Control, Executor, Nanos, Node, NodeBuilder};

/// Cycles a test waits for something: each takes up to 2 ms.
const CYCLES_MAX: usize = 5_000;
/// Longest wait of a peer.
const PEER_WAIT: Duration = Duration::from_secs(10);

const LOCAL: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 0);
const LINES: Framing = Framing::Lines { bytes_max: 64 };

/// An executor and the time of its cycles.
struct Graph {
    executor: Executor,
    now: Nanos,
}

impl Graph {
    fn new() -> Self {
        Self {
            executor: Executor::new(),
            now: Nanos(1_000_000_000),
        }
    }

    fn cycle(&mut self) {
        let wait = Duration::from_millis(u64::from(self.executor.is_idle()) * 2);
        self.executor.poll_io(Some(wait)).unwrap();
        let _ = self.executor.cycle(self.now);
    }

    fn cycles(&mut self, count: usize) {
        for _ in 0..count {
            self.cycle();
        }
    }

    fn advance(&mut self, duration: Duration) {
        self.now = self.now.after(duration);
    }

    #[track_caller]
    fn until(&mut self, what: &str, mut is_done: impl FnMut(&mut Executor) -> bool) {
        for _ in 0..CYCLES_MAX {
            self.cycle();
            if is_done(&mut self.executor) {
                return;
            }
        }
        panic!("not within {CYCLES_MAX} cycles: {what}");
    }
}

/// What a connection's child saw, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Seen {
    State(ConnectionState),
    Frame(Vec<u8>),
}

type Log = Rc<RefCell<Vec<Seen>>>;

/// A child that writes down all it sees.
fn watch<P: Protocol>(
    executor: &mut Executor,
    connection: &Node<Connection<P>>,
    bytes: impl Fn(P::View<'_>) -> Vec<u8> + 'static,
) -> (Node<()>, Log) {
    let log = Log::default();
    let (written, read) = (Rc::clone(&log), connection.downgrade());
    let node = NodeBuilder::new(())
        .triggered_by(connection)
        .build(executor, move |(), _| {
            let Some(connection) = read.upgrade() else {
                return Control::Unchanged;
            };
            for event in connection.borrow().events() {
                written.borrow_mut().push(match event {
                    Event::State(state) => Seen::State(state),
                    Event::Frame(frame) => Seen::Frame(bytes(frame)),
                });
            }
            Control::Unchanged
        });
    (node, log)
}

fn frames(log: &Log) -> Vec<Vec<u8>> {
    log.borrow()
        .iter()
        .filter_map(|seen| match seen {
            Seen::Frame(frame) => Some(frame.clone()),
            Seen::State(_) => None,
        })
        .collect()
}

fn peer_listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind(LOCAL).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

fn peer(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PEER_WAIT)).unwrap();
    stream.set_write_timeout(Some(PEER_WAIT)).unwrap();
    stream
}

fn accept_peer(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(PEER_WAIT)).unwrap();
    stream.set_write_timeout(Some(PEER_WAIT)).unwrap();
    stream
}

/// Runs cycles until the peer has read `count` bytes.
#[track_caller]
fn read_while_running(graph: &mut Graph, peer: &mut TcpStream, count: usize) -> Vec<u8> {
    peer.set_nonblocking(true).unwrap();
    let mut bytes = vec![0; count];
    let mut at = 0;
    graph.until("the peer reads", |_| {
        while at < count {
            match peer.read(&mut bytes[at..]) {
                Ok(0) => panic!("the stream ended after {at} bytes"),
                Ok(read) => at += read,
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(error) => panic!("{error} after {at} bytes"),
            }
        }
        at == count
    });
    peer.set_nonblocking(false).unwrap();
    bytes
}

/// Runs cycles until the peer sees the end of the stream, or its reset.
#[track_caller]
fn end_while_running(graph: &mut Graph, peer: &mut TcpStream) {
    peer.set_nonblocking(true).unwrap();
    let mut bytes = [0; 4096];
    graph.until("the peer sees the end", |_| match peer.read(&mut bytes) {
        Ok(count) => count == 0,
        Err(error) => error.kind() != std::io::ErrorKind::WouldBlock,
    });
}

/// A line echo on each connection.
fn echo(
    executor: &mut Executor,
    connection: &Node<TcpConnection>,
    sender: TcpSender,
    _peer: SocketAddr,
) {
    let read = connection.downgrade();
    NodeBuilder::new(()).triggered_by(connection).spawn(
        executor,
        move |(), ctx: &mut Context<'_>| {
            if let Some(connection) = read.upgrade() {
                for frame in connection.borrow().frames() {
                    let _ = sender.send(ctx, frame);
                }
            }
            Control::Unchanged
        },
    );
}
