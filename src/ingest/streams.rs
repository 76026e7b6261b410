//! Connections to recovery servers, opened when a feed asks and closed when it is done. One turn of the datagram loop drives
//! them beside its sockets: connect, send, receive, all without waiting.
//!
//! A connection is read only while the ring has room for what a read may bring; TCP's own flow control holds the server back
//! otherwise.

use super::ring::TICKS_PER_PACKET_MAX;
use crate::sys::wall_clock_ns;
use feeds::contract::{Batch, Feed, Form, Line, LinkEvent, Packet, Server};
use feeds::model::RecvTime;
use mio::net::TcpStream;
use mio::{Interest, Registry, Token};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use tracing::{info, warn};

/// Tokens of connections begin here; those of sockets are below.
pub(super) const FIRST_TOKEN: usize = 1 << 20;
/// Bytes of one read: the shortest messages in it make fewer ticks than [`TICKS_PER_PACKET_MAX`].
const READ_BYTES: usize = 16 << 10;
/// Reads of one connection in one turn.
const READS_PER_TURN_MAX: usize = 16;
/// Bytes that wait to be sent. Requests are small; a server that does not take them is left.
const OUTBOX_BYTES_MAX: usize = 64 << 10;

/// A connection.
struct Stream {
    socket: TcpStream,
    server: Server,
    is_connected: bool,
    outbox: Vec<u8>,
}

/// The recovery servers of one feed.
pub(super) struct Streams {
    /// Where snapshots are to be had, by index.
    snapshot: Vec<SocketAddr>,
    /// Where missing messages are asked for, by index; empty where that is done by datagrams.
    retransmit: Vec<SocketAddr>,
    /// Where the channel itself comes from, by index.
    delivery: Vec<SocketAddr>,
    open: Vec<Stream>,
    /// Bytes received.
    pub(super) bytes: u64,
    /// Reads that brought something, each stamped by this process.
    pub(super) reads: u64,
}

impl Streams {
    pub(super) fn new(snapshot: Vec<SocketAddr>) -> Streams {
        Streams {
            snapshot,
            retransmit: Vec::new(),
            delivery: Vec::new(),
            open: Vec::new(),
            bytes: 0,
            reads: 0,
        }
    }

    /// Servers that are asked for missing messages over connections.
    pub(super) fn with_retransmit(mut self, retransmit: Vec<SocketAddr>) -> Streams {
        self.retransmit = retransmit;
        self
    }

    /// Servers that send the channel itself.
    pub(super) fn with_delivery(mut self, delivery: Vec<SocketAddr>) -> Streams {
        self.delivery = delivery;
        self
    }

    fn address(&self, server: Server) -> Option<SocketAddr> {
        match server {
            Server::Snapshot(index) => self.snapshot.get(usize::from(index)).copied(),
            Server::Delivery(index) => self.delivery.get(usize::from(index)).copied(),
            Server::Retransmit(index) => self.retransmit.get(usize::from(index)).copied(),
        }
    }

    /// Whether there is anything to drive.
    pub(super) fn is_idle(&self) -> bool {
        self.open.is_empty()
    }

    /// Begins to connect. `token` is any of the loop's: it only has to wake it.
    ///
    /// # Errors
    /// The server is not configured, or the host refuses.
    pub(super) fn open(
        &mut self,
        name: &str,
        server: Server,
        registry: &Registry,
        token: Token,
    ) -> io::Result<()> {
        self.close(server);
        let Some(address) = self.address(server) else {
            return Err(io::Error::other("the server is not configured"));
        };
        let mut socket = TcpStream::connect(address)?;
        registry.register(&mut socket, token, Interest::READABLE | Interest::WRITABLE)?;
        info!(feed = name, %address, "connecting to recovery server");
        self.open.push(Stream {
            socket,
            server,
            is_connected: false,
            outbox: Vec::new(),
        });
        Ok(())
    }

    /// Queues bytes; false when the server is not connected or takes nothing.
    pub(super) fn send(&mut self, server: Server, bytes: &[u8]) -> bool {
        let mut open = self.open.iter_mut();
        let Some(stream) = open.find(|stream| stream.server == server) else {
            return false;
        };
        if stream.outbox.len() + bytes.len() > OUTBOX_BYTES_MAX {
            return false;
        }
        stream.outbox.extend_from_slice(bytes);
        true
    }

    /// Leaves a server.
    pub(super) fn close(&mut self, server: Server) {
        self.open.retain(|stream| stream.server != server);
    }

    /// One turn: connects, sends and receives what can be. Returns whether anything happened.
    pub(super) fn turn(&mut self, name: &str, feed: &mut dyn Feed, batch: &mut Batch) -> bool {
        let mut did_any = false;
        for index in (0..self.open.len()).rev() {
            let stream = &mut self.open[index];
            let server = stream.server;
            let totals = (&mut self.bytes, &mut self.reads);
            match drive(stream, feed, batch, totals) {
                Ok(did) => did_any |= did,
                Err(error) => {
                    did_any = true;
                    warn!(feed = name, ?server, %error, "recovery server is gone");
                    self.open.swap_remove(index);
                    let now = RecvTime(wall_clock_ns());
                    feed.on_link(LinkEvent::StreamDown(server), now, batch);
                }
            }
        }
        did_any
    }
}

fn drive(
    stream: &mut Stream,
    feed: &mut dyn Feed,
    batch: &mut Batch,
    (bytes, reads): (&mut u64, &mut u64),
) -> io::Result<bool> {
    let mut did = false;
    if !stream.is_connected {
        if let Some(error) = stream.socket.take_error()? {
            return Err(error);
        }
        match stream.socket.peer_addr() {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotConnected => return Ok(false),
            Err(error) => return Err(error),
        }
        stream.is_connected = true;
        did = true;
        let now = RecvTime(wall_clock_ns());
        feed.on_link(LinkEvent::StreamUp(stream.server), now, batch);
    }
    while !stream.outbox.is_empty() {
        match stream.socket.write(&stream.outbox) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => drop(stream.outbox.drain(..count)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let mut buffer = [0u8; READ_BYTES];
    for _ in 0..READS_PER_TURN_MAX {
        if batch.room() < TICKS_PER_PACKET_MAX {
            batch.flush();
            break;
        }
        match stream.socket.read(&mut buffer) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                did = true;
                *bytes += count as u64;
                *reads += 1;
                let packet = Packet {
                    line: Line::RECOVERY,
                    ts_recv: RecvTime(wall_clock_ns()),
                    form: Form::Stream(stream.server),
                    bytes: &buffer[..count],
                };
                feed.on_packet(&packet, batch);
                batch.flush();
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(did)
}
