//! The datagram loop: one thread, several feeds, each with its lines and retransmission servers.
//!
//! A turn: wait (park) or not (spin) → receive from every ready socket in the order of the configuration, one batch a
//! socket and round, a bounded number of rounds → tell the time to feeds that want it → carry out their actions →
//! flush → write counters. All lines are drained before the time is told, so what line B holds closes a gap of line A
//! before the gap is declared.

use super::receive::{DATAGRAMS_PER_CALL_MAX, Datagram, Headers, Slots};
use super::ring::TICKS_PER_PACKET_MAX;
use super::streams::{self, Streams};
use super::{Stop, log_notices};
use crate::config::{ExecutionMode, FeedConfig, Reach};
use crate::metrics::{Counter, Counters};
use crate::sys::socket::{self, Interface, SocketError};
use crate::sys::{affinity, wall_clock_ns};
use feeds::contract::{Action, Batch, Feed, Form, Line, LinkEvent, Packet, SettingFault};
use feeds::model::{ChannelId, RecvTime};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use nix::errno::Errno;
use socket2::Socket;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tracing::{debug, error, info, warn};

/// Calls a socket may make in one turn; with 64 datagrams a call, 256 datagrams before the time is looked at again.
const ROUNDS_PER_TURN_MAX: usize = 4;
/// Actions of a feed carried out in one turn.
const ACTIONS_PER_TURN_MAX: usize = 64;
/// Longest sleep: a request to stop is seen after this.
const SLEEP_MAX: Duration = Duration::from_millis(50);
/// A line that asks for recovery has a receive buffer of its own; answers are few.
const RECOVERY_BUFFER_BYTES: usize = 1 << 20;

/// A feed and where its datagrams come from.
pub struct UdpFeed {
    /// Row of the counter table.
    pub row: usize,
    /// Name in the log.
    pub name: String,
    /// The channel.
    pub feed: Box<dyn Feed>,
    /// Line a first.
    pub lines: Vec<SocketAddr>,
    /// Where groups are joined.
    pub interface: Option<Interface>,
    /// Retransmission servers, by index.
    pub retransmit: Vec<SocketAddr>,
    /// Lines that repeat snapshots, A first; B is only read while A is silent.
    pub snapshot_lines: Vec<SocketAddr>,
    /// Snapshot servers, by index.
    pub snapshot: Vec<SocketAddr>,
    /// Wished receive buffer of each line.
    pub receive_buffer_bytes: usize,
}

impl UdpFeed {
    /// The feed of channel number `row` as the configuration has it; `None` when it is not carried by datagrams.
    ///
    /// # Errors
    /// What the protocol's room has against its settings.
    pub fn of(config: &FeedConfig, row: u16) -> Result<Option<UdpFeed>, Vec<SettingFault>> {
        let Reach::Datagrams {
            lines,
            retransmit,
            snapshot_lines,
            snapshot,
            receive_buffer_bytes,
        } = &config.reach
        else {
            return Ok(None);
        };
        Ok(Some(UdpFeed {
            row: usize::from(row),
            name: config.name.clone(),
            feed: config.build(ChannelId(row))?,
            lines: lines.addresses.clone(),
            interface: lines.interface.clone(),
            retransmit: retransmit.clone(),
            snapshot_lines: snapshot_lines.clone(),
            snapshot: snapshot.clone(),
            receive_buffer_bytes: *receive_buffer_bytes,
        }))
    }
}

/// Why a feed cannot be received.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// A socket.
    #[error("feed {feed}: cannot {error}")]
    Socket {
        /// The feed's name.
        feed: String,
        /// The step that failed.
        error: SocketError,
    },
    /// Readiness.
    #[error("cannot wait for sockets: {0}")]
    Poll(#[from] io::Error),
}

/// A socket of a feed.
struct Port {
    socket: Socket,
    channel: usize,
    line: Line,
    /// Index of the retransmission server it talks to.
    server: Option<u8>,
    /// There may be something to read.
    is_ready: bool,
    drops_total: u32,
    last_error: Option<Errno>,
}

/// A feed with its totals since start.
struct Channel {
    row: usize,
    name: String,
    feed: Box<dyn Feed>,
    /// Index of the port of each retransmission server.
    servers: Vec<usize>,
    streams: Streams,
    totals: Totals,
}

#[derive(Default)]
struct Totals {
    bytes: u64,
    kernel_drops: u64,
    truncated: u64,
    ring_full: u64,
    receive_errors: u64,
    send_errors: u64,
    refusals: u64,
}

/// Feeds with their sockets open, ready to run.
pub struct UdpIngest {
    poll: Poll,
    ports: Vec<Port>,
    channels: Vec<Channel>,
    batch: Batch,
    counters: Arc<Counters>,
    mode: ExecutionMode,
}

impl UdpIngest {
    /// Opens every socket.
    ///
    /// # Errors
    /// The first socket that cannot be opened. A receive buffer the host does not grant is a warning.
    pub fn bind(
        feeds: Vec<UdpFeed>,
        batch: Batch,
        counters: Arc<Counters>,
        mode: ExecutionMode,
    ) -> Result<UdpIngest, IngestError> {
        let mut ingest = UdpIngest {
            poll: Poll::new()?,
            ports: Vec::new(),
            channels: Vec::with_capacity(feeds.len()),
            batch,
            counters,
            mode,
        };
        for feed in feeds {
            ingest.add(feed)?;
        }
        Ok(ingest)
    }

    fn add(&mut self, feed: UdpFeed) -> Result<(), IngestError> {
        let channel = self.channels.len();
        let name = feed.name;
        let failed = |error| IngestError::Socket {
            feed: name.clone(),
            error,
        };
        for (line, address) in (0u8..).zip(&feed.lines) {
            let wished = feed.receive_buffer_bytes;
            let opened = socket::udp_receiver(*address, feed.interface.as_ref(), wished);
            let receiver = opened.map_err(failed)?;
            let granted = receiver.buffer_bytes;
            if granted < wished {
                warn!(
                    feed = name,
                    line, wished, granted, "receive buffer is smaller: raise net.core.rmem_max"
                );
            }
            info!(feed = name, line, %address, granted, "line is open");
            self.open(receiver.socket, channel, Line(line), None)?;
        }
        for address in &feed.snapshot_lines {
            let wished = feed.receive_buffer_bytes;
            let opened = socket::udp_receiver(*address, feed.interface.as_ref(), wished);
            let receiver = opened.map_err(failed)?;
            info!(feed = name, %address, "snapshot line is open");
            self.open(receiver.socket, channel, Line::SNAPSHOT, None)?;
        }
        let mut servers = Vec::with_capacity(feed.retransmit.len());
        for (server, address) in (0u8..).zip(&feed.retransmit) {
            let opened = socket::udp_connected(*address, RECOVERY_BUFFER_BYTES);
            let receiver = opened.map_err(failed)?;
            servers.push(self.ports.len());
            self.open(receiver.socket, channel, Line::RECOVERY, Some(server))?;
        }
        let totals = Totals::default();
        self.channels.push(Channel {
            row: feed.row,
            name,
            feed: feed.feed,
            servers,
            streams: Streams::new(feed.snapshot),
            totals,
        });
        Ok(())
    }

    fn open(
        &mut self,
        socket: Socket,
        channel: usize,
        line: Line,
        server: Option<u8>,
    ) -> io::Result<()> {
        let token = Token(self.ports.len());
        let descriptor = socket.as_raw_fd();
        self.poll
            .registry()
            .register(&mut SourceFd(&descriptor), token, Interest::READABLE)?;
        // Ready until a read says otherwise: what came before the registration made no event.
        let is_ready = true;
        let (drops_total, last_error) = (0, None);
        self.ports.push(Port {
            socket,
            channel,
            line,
            server,
            is_ready,
            drops_total,
            last_error,
        });
        Ok(())
    }

    /// The address each socket is bound to, in the order of the configuration: lines, then servers, feed by feed.
    pub fn local_addresses(&self) -> Vec<Option<SocketAddr>> {
        let local = |port: &Port| port.socket.local_addr().ok()?.as_socket();
        self.ports.iter().map(local).collect()
    }

    /// Runs on a thread of its own, pinned to `core` if one is given.
    ///
    /// # Errors
    /// When the host gives no thread.
    pub fn spawn(
        self,
        name: String,
        core: Option<usize>,
        stop: Arc<Stop>,
    ) -> io::Result<JoinHandle<io::Result<()>>> {
        std::thread::Builder::new()
            .name(name.clone())
            .spawn(move || {
                if let Some(core) = core
                    && !affinity::pin(core)
                {
                    warn!(
                        thread = name,
                        core, "cannot be pinned to the core; runs anywhere"
                    );
                }
                let result = self.run(&stop);
                if let Err(error) = &result {
                    error!(thread = name, %error, "ingest stopped");
                }
                result
            })
    }

    /// Receives until asked to stop or until nobody reads the ring. What is open then is given up and told as such.
    ///
    /// # Errors
    /// When the kernel cannot say which sockets are ready.
    pub fn run(mut self, stop: &Stop) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        let mut slots = Slots::default();
        let mut headers: Vec<Headers> = self.ports.iter().map(|_| Headers::default()).collect();
        // Feeds learn the time before the first packet, so that a line silent from the start is noticed.
        let now = RecvTime(wall_clock_ns());
        for channel in &mut self.channels {
            channel.feed.on_clock(now, &mut self.batch);
        }
        let mut has_more = self.act(now);
        while !stop.is_requested() {
            if self.batch.sink_mut().is_abandoned() {
                warn!("nobody reads the ring any more");
                break;
            }
            match self.mode {
                ExecutionMode::Spin => self.ports.iter_mut().for_each(|port| port.is_ready = true),
                ExecutionMode::Park => self.wait(&mut events, has_more)?,
            }
            let received = self.receive(&mut headers, &mut slots) + self.turn_streams();
            let now = RecvTime(wall_clock_ns());
            let told = self.tell_time(now);
            // Also on idle turns: what an error brought about is asked for without waiting for a datagram.
            has_more = self.act(now);
            if received > 0 || told || has_more {
                self.batch.flush();
                self.count();
            } else if self.mode == ExecutionMode::Spin {
                std::hint::spin_loop();
            }
        }
        let now = RecvTime(wall_clock_ns());
        for channel in &mut self.channels {
            channel.feed.finish(now, &mut self.batch);
            log_notices(&channel.name, channel.feed.as_mut());
        }
        self.batch.flush();
        self.count();
        Ok(())
    }

    /// Sleeps until a socket is ready or a feed wants the time; not at all while there is something to read.
    fn wait(&mut self, events: &mut Events, has_more: bool) -> io::Result<()> {
        let mut timeout = SLEEP_MAX;
        if has_more || self.ports.iter().any(|port| port.is_ready) {
            timeout = Duration::ZERO;
        } else if let Some(deadline) = self
            .channels
            .iter()
            .filter_map(|channel| channel.feed.next_deadline())
            .min()
        {
            timeout = timeout.min(Duration::from_nanos(
                deadline.0.saturating_sub(wall_clock_ns()),
            ));
        }
        match self.poll.poll(events, Some(timeout)) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        for event in events.iter() {
            if let Some(port) = self.ports.get_mut(event.token().0) {
                port.is_ready = true;
            }
        }
        Ok(())
    }

    /// Receives from every ready socket. Returns how many calls brought something: datagrams or an error.
    fn receive(&mut self, headers: &mut [Headers], slots: &mut Slots) -> usize {
        let UdpIngest {
            ports,
            channels,
            batch,
            ..
        } = self;
        let mut busy = 0;
        for _ in 0..ROUNDS_PER_TURN_MAX {
            let mut is_any_ready = false;
            for (port, headers) in ports.iter_mut().zip(headers.iter_mut()) {
                if !port.is_ready {
                    continue;
                }
                let channel = &mut channels[port.channel];
                let mut drops_total = port.drops_total;
                let line = port.line;
                let result = headers.receive(port.socket.as_raw_fd(), slots, |datagram| {
                    drops_total = datagram.drops_total.unwrap_or(drops_total);
                    take(channel, batch, line, &datagram);
                });
                let drops = drops_total.wrapping_sub(port.drops_total);
                channel.totals.kernel_drops += u64::from(drops);
                port.drops_total = drops_total;
                match result {
                    Ok(count) => {
                        // Fewer than asked for: the queue was empty, and whatever comes next makes an event.
                        port.is_ready = count == DATAGRAMS_PER_CALL_MAX;
                        if count > 0 {
                            busy += 1;
                            port.last_error = None;
                            batch.flush();
                        }
                    }
                    Err(Errno::EAGAIN) => port.is_ready = false,
                    Err(Errno::EINTR) => {}
                    Err(error) => {
                        busy += 1;
                        // Only a refusal leaves something to read behind it; anything else waits for an event.
                        port.is_ready = error == Errno::ECONNREFUSED;
                        refused(channel, batch, port, error);
                    }
                }
                is_any_ready |= port.is_ready;
            }
            if !is_any_ready {
                break;
            }
        }
        busy
    }

    /// Drives the connections to recovery servers. Returns how many feeds had something happen.
    fn turn_streams(&mut self) -> usize {
        let mut busy = 0;
        for channel in &mut self.channels {
            if !channel.streams.is_idle() {
                let feed = channel.feed.as_mut();
                busy += usize::from(channel.streams.turn(&channel.name, feed, &mut self.batch));
            }
        }
        busy
    }

    /// Tells the time to feeds whose deadline is over. True when there was one.
    fn tell_time(&mut self, now: RecvTime) -> bool {
        let mut told = false;
        for channel in &mut self.channels {
            if channel
                .feed
                .next_deadline()
                .is_some_and(|deadline| deadline <= now)
            {
                channel.feed.on_clock(now, &mut self.batch);
                told = true;
            }
        }
        told
    }

    /// Carries out what feeds ask for and logs what they tell. True when a feed asks for more than a turn does.
    fn act(&mut self, now: RecvTime) -> bool {
        let UdpIngest {
            poll,
            ports,
            channels,
            batch,
            ..
        } = self;
        let mut has_more = false;
        for channel in channels {
            for turn in 1..=ACTIONS_PER_TURN_MAX {
                let Some(action) = channel.feed.poll_action() else {
                    break;
                };
                has_more |= turn == ACTIONS_PER_TURN_MAX;
                match action {
                    Action::SendDatagram { server, bytes } => {
                        send(channel, ports, batch, server, &bytes, now);
                    }
                    Action::OpenStream { server } => {
                        let token = Token(streams::FIRST_TOKEN);
                        let (registry, name) = (poll.registry(), &channel.name);
                        if let Err(error) = channel.streams.open(name, server, registry, token) {
                            warn!(feed = name, ?server, %error, "cannot connect to recovery server");
                            let gone = LinkEvent::StreamDown(server);
                            channel.feed.on_link(gone, now, batch);
                        }
                        has_more = true;
                    }
                    Action::SendStream { server, bytes } => {
                        if !channel.streams.send(server, &bytes) {
                            channel.totals.send_errors += 1;
                        }
                        has_more = true;
                    }
                    Action::CloseStream { server } => channel.streams.close(server),
                    Action::SendText { .. } | Action::Reconnect { .. } | Action::Fetch { .. } => {
                        debug!(feed = channel.name, "no connection to act on");
                    }
                }
            }
            log_notices(&channel.name, channel.feed.as_mut());
        }
        has_more
    }

    fn count(&self) {
        for channel in &self.channels {
            let Some(row) = self.counters.channel(channel.row) else {
                continue;
            };
            row.set_feed(channel.feed.counters());
            let totals = &channel.totals;
            row.set(Counter::Bytes, totals.bytes + channel.streams.bytes);
            row.set(Counter::KernelDrops, totals.kernel_drops);
            row.set(Counter::DatagramsTruncated, totals.truncated);
            row.set(Counter::RingFullPackets, totals.ring_full);
            row.set(Counter::ReceiveErrors, totals.receive_errors);
            row.set(Counter::SendErrors, totals.send_errors);
            row.set(Counter::ServerRefusals, totals.refusals);
        }
    }
}

/// Gives a datagram to its feed, if it is whole and the ring has room for what it may bring.
fn take(channel: &mut Channel, batch: &mut Batch, line: Line, datagram: &Datagram<'_>) {
    channel.totals.bytes += datagram.bytes.len() as u64;
    if datagram.is_truncated {
        channel.totals.truncated += 1;
        return;
    }
    // Discarded before arbitration, so that the feed sees a gap like any other and recovers it.
    if batch.room() < TICKS_PER_PACKET_MAX {
        channel.totals.ring_full += 1;
        if channel.totals.ring_full.is_power_of_two() {
            let packets = channel.totals.ring_full;
            warn!(
                feed = channel.name,
                packets, "ring is full: packets discarded so far"
            );
        }
        return;
    }
    let packet = Packet {
        line,
        ts_recv: RecvTime(datagram.ts_recv.unwrap_or_else(wall_clock_ns)),
        form: Form::Datagram,
        bytes: datagram.bytes,
    };
    channel.feed.on_packet(&packet, batch);
}

/// Takes an error of a receive call.
fn refused(channel: &mut Channel, batch: &mut Batch, port: &mut Port, error: Errno) {
    let is_news = port.last_error.replace(error) != Some(error);
    match (error, port.server) {
        (Errno::ECONNREFUSED, Some(server)) => {
            channel.totals.refusals += 1;
            let now = RecvTime(wall_clock_ns());
            channel
                .feed
                .on_link(LinkEvent::ServerUnreachable(server), now, batch);
            if is_news {
                warn!(feed = channel.name, server, "retransmission server refuses");
            }
        }
        _ => {
            channel.totals.receive_errors += 1;
            if is_news {
                warn!(feed = channel.name, line = port.line.0, %error, "cannot receive");
            }
        }
    }
}

fn send(
    channel: &mut Channel,
    ports: &mut [Port],
    batch: &mut Batch,
    server: u8,
    bytes: &[u8],
    now: RecvTime,
) {
    let Some(&port) = channel.servers.get(usize::from(server)) else {
        channel.totals.send_errors += 1;
        return;
    };
    let port = &mut ports[port];
    match port.socket.send(bytes) {
        Ok(_) => {}
        // The answer to an earlier request; this one was not sent.
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            refused(channel, batch, port, Errno::ECONNREFUSED);
        }
        Err(error) => {
            channel.totals.send_errors += 1;
            channel
                .feed
                .on_link(LinkEvent::ServerUnreachable(server), now, batch);
            let code = Errno::from_raw(error.raw_os_error().unwrap_or_default());
            if port.last_error.replace(code) != Some(code) {
                warn!(feed = channel.name, server, %error, "cannot send request");
            }
        }
    }
}
