//! A venue that speaks datagrams: paced order flow over lines with faults, and a retransmission server.

use super::impairment::{Impairment, ImpairmentSettings};
use super::order_flow::{FlowSettings, OrderFlow};
use super::streams::StreamServer;
use crate::sys;
use feeds::model::{EventTime, Symbol};
use feeds::simulator::{ServerKind, VenueSimulator};
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// How the retransmission server behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetransmitPlan {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How long an answer takes.
    pub delay: Duration,
    /// It never answers.
    pub refuse: bool,
}

/// A venue to run.
#[derive(Clone, Debug)]
pub struct DatagramPlan {
    /// Where each line goes (A first).
    pub lines: Vec<SocketAddr>,
    /// Address of the interface multicast leaves by; unspecified lets the system choose.
    pub interface: std::net::Ipv4Addr,
    /// How bad each line is; missing entries are clean lines.
    pub impairments: Vec<ImpairmentSettings>,
    /// The retransmission server, if there is one.
    pub retransmit: Option<RetransmitPlan>,
    /// Where snapshots are repeated, if they are.
    pub snapshot_lines: Vec<SocketAddr>,
    /// Where answers to requests are sent, where the venue sends them to everybody.
    pub gap_lines: Vec<SocketAddr>,
    /// Where the snapshot server listens, if there is one; port 0 lets the system choose.
    pub snapshot: Option<SocketAddr>,
    /// The order flow.
    pub flow: FlowSettings,
    /// Instruments, `flow.symbol_count` of them.
    pub symbols: Vec<Symbol>,
    /// Events a second, paced against one anchor.
    pub events_per_second: u64,
    /// Ends the session after so many events; `None` runs until stopped.
    pub event_count: Option<u64>,
}

/// A running venue. Dropping it stops it.
#[derive(Debug)]
pub struct DatagramVenue {
    stop: Arc<AtomicBool>,
    events: Arc<AtomicU64>,
    retransmit: Option<SocketAddr>,
    snapshot: Option<SocketAddr>,
    thread: Option<JoinHandle<io::Result<()>>>,
}

/// Answers waiting for their delay; requests beyond it are dropped, as a busy server would.
const ANSWERS_MAX: usize = 1_024;
/// Events between two looks at requests and the clock.
const EVENTS_PER_TURN_MAX: u64 = 256;

impl DatagramVenue {
    /// Binds the sockets and starts the venue's thread.
    ///
    /// # Errors
    /// When a socket cannot be bound or set up.
    pub fn start(plan: DatagramPlan, venue: Box<dyn VenueSimulator>) -> io::Result<DatagramVenue> {
        let sender = sender_socket(plan.interface)?;
        // A venue that is asked over connections takes no requests by datagrams.
        let asked = plan.retransmit.map(|retransmit| retransmit.listen);
        let by_stream = asked.filter(|_| venue.has_server(ServerKind::Retransmit));
        let server = match plan.retransmit {
            Some(retransmit) if by_stream.is_none() => {
                let socket = UdpSocket::bind(retransmit.listen)?;
                socket.set_nonblocking(true)?;
                Some(socket)
            }
            _ => None,
        };
        let listen: Vec<_> = [
            (ServerKind::Retransmit, by_stream),
            (ServerKind::Snapshot, plan.snapshot),
        ]
        .into_iter()
        .filter_map(|(kind, address)| Some((kind, address?)))
        .collect();
        let streams = StreamServer::bind(&listen)?;
        let retransmit = match &server {
            Some(server) => Some(server.local_addr()?),
            None => streams.local_addr(ServerKind::Retransmit)?,
        };
        let snapshot = streams.local_addr(ServerKind::Snapshot)?;
        let (stop, events) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (stop_seen, counted) = (Arc::clone(&stop), Arc::clone(&events));
        let thread = std::thread::Builder::new()
            .name("venue-udp".into())
            .spawn(move || {
                let lines = (0..plan.lines.len())
                    .map(|line| {
                        Impairment::new(plan.impairments.get(line).copied().unwrap_or_default())
                    })
                    .collect();
                let run = Run {
                    plan,
                    venue,
                    sender,
                    server,
                    streams,
                    lines,
                    answers: VecDeque::new(),
                    shared: VecDeque::new(),
                };
                run.run(&stop_seen, &counted)
            })?;
        Ok(DatagramVenue {
            stop,
            events,
            retransmit,
            snapshot,
            thread: Some(thread),
        })
    }

    /// Where the retransmission server listens.
    pub fn retransmit_addr(&self) -> Option<SocketAddr> {
        self.retransmit
    }

    /// Where the snapshot server listens.
    pub fn snapshot_addr(&self) -> Option<SocketAddr> {
        self.snapshot
    }

    /// Events said so far.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// Whether the session is over (the server may still answer until the venue is stopped).
    pub fn is_finished(&self) -> bool {
        self.thread.as_ref().is_none_or(JoinHandle::is_finished)
    }

    /// Stops and joins.
    ///
    /// # Errors
    /// What ended the venue's thread early.
    pub fn stop(mut self) -> io::Result<()> {
        self.stop.store(true, Ordering::Relaxed);
        match self.thread.take().map(JoinHandle::join) {
            Some(Ok(result)) => result,
            Some(Err(_)) => Err(io::Error::other("the venue's thread panicked")),
            None => Ok(()),
        }
    }
}

impl Drop for DatagramVenue {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn sender_socket(interface: std::net::Ipv4Addr) -> io::Result<UdpSocket> {
    let socket = socket2::Socket::new(
        socket2::Domain::IPV4,
        socket2::Type::DGRAM,
        Some(socket2::Protocol::UDP),
    )?;
    if !interface.is_unspecified() {
        socket.set_multicast_if_v4(&interface)?;
    }
    socket.set_multicast_loop_v4(true)?;
    socket.set_multicast_ttl_v4(1)?;
    let any = SocketAddr::from((std::net::Ipv4Addr::UNSPECIFIED, 0));
    socket.bind(&any.into())?;
    Ok(socket.into())
}

struct Run {
    plan: DatagramPlan,
    venue: Box<dyn VenueSimulator>,
    sender: UdpSocket,
    server: Option<UdpSocket>,
    streams: StreamServer,
    lines: Vec<Impairment>,
    answers: VecDeque<(u64, SocketAddr, Vec<u8>)>,
    /// Answers to everybody, and when they are due.
    shared: VecDeque<(u64, Vec<u8>)>,
}

impl Run {
    fn run(mut self, stop: &AtomicBool, events: &AtomicU64) -> io::Result<()> {
        let mut flow = OrderFlow::new(self.plan.flow);
        let anchor = sys::wall_clock_ns();
        self.venue.open(EventTime(anchor), &self.plan.symbols);
        let (mut said, mut closed) = (0u64, false);
        while !stop.load(Ordering::Relaxed) {
            let now = sys::wall_clock_ns();
            let elapsed = u128::from(now.saturating_sub(anchor));
            let due = (elapsed * u128::from(self.plan.events_per_second) / 1_000_000_000) as u64;
            let due = self.plan.event_count.map_or(due, |count| due.min(count));
            let turn = due.saturating_sub(said).min(EVENTS_PER_TURN_MAX);
            for _ in 0..turn {
                self.venue.on_event(EventTime(now), &flow.next_event());
            }
            said += turn;
            events.store(said, Ordering::Relaxed);
            self.venue.on_clock(EventTime(now));
            if !closed && self.plan.event_count == Some(said) {
                closed = true;
                self.venue.close(EventTime(now));
            }
            self.send();
            self.answer(now);
            self.streams.turn(EventTime(now), self.venue.as_mut());
            self.answer_all(now);
            if turn < EVENTS_PER_TURN_MAX {
                std::thread::sleep(Duration::from_micros(200));
            }
        }
        if !closed {
            self.venue.close(EventTime(sys::wall_clock_ns()));
        }
        self.send();
        for (line, target) in self.lines.iter_mut().zip(&self.plan.lines) {
            line.drain(|bytes| drop(self.sender.send_to(bytes, target)));
        }
        Ok(())
    }

    fn send(&mut self) {
        while let Some(datagram) = self.venue.poll_datagram() {
            for (line, target) in self.lines.iter_mut().zip(&self.plan.lines) {
                // A receiver that is not there is the network's business, not the venue's.
                line.send(&datagram, |bytes| drop(self.sender.send_to(bytes, target)));
            }
        }
        while let Some(datagram) = self.venue.poll_snapshot_datagram() {
            for target in &self.plan.snapshot_lines {
                drop(self.sender.send_to(&datagram, target));
            }
        }
    }

    /// Sends the answers that everybody gets.
    fn answer_all(&mut self, now: u64) {
        let Some(plan) = self.plan.retransmit else {
            return;
        };
        while self.shared.len() < ANSWERS_MAX
            && let Some(answer) = self.venue.poll_answer_datagram()
        {
            if !plan.refuse {
                let due = now + plan.delay.as_nanos() as u64;
                self.shared.push_back((due, answer));
            }
        }
        while let Some((_, answer)) = self.shared.pop_front_if(|(due, _)| *due <= now) {
            for target in &self.plan.gap_lines {
                drop(self.sender.send_to(&answer, target));
            }
        }
    }

    fn answer(&mut self, now: u64) {
        let (Some(server), Some(plan)) = (&self.server, self.plan.retransmit) else {
            return;
        };
        let mut request = [0u8; 2_048];
        while self.answers.len() < ANSWERS_MAX {
            let Ok((count, peer)) = server.recv_from(&mut request) else {
                break;
            };
            if plan.refuse {
                continue;
            }
            if let Some(answer) = self.venue.on_request(&request[..count]) {
                self.answers
                    .push_back((now + plan.delay.as_nanos() as u64, peer, answer));
            }
        }
        while self.answers.front().is_some_and(|(due, ..)| *due <= now) {
            if let Some((_, peer, answer)) = self.answers.pop_front() {
                let _ = server.send_to(&answer, peer);
            }
        }
    }
}
