//! Connections to servers that take requests: opened when the first request is due, logged in, kept open, left when
//! they fall silent.
//!
//! ```text
//!            a request is due            connected          logged in
//!  Resting ────────────────▶ Opening ─────────────▶ LoggingIn ─────────▶ Ready ──▶ requests, heartbeats both ways
//!     ▲                          │ no answer in time, refused, closed, silent │
//!     └──────────────────────────┴──────────────────────────────────────────┘
//! ```
//!
//! A request that is due before its connection is ready waits for it, unless nobody waits for its answer by then. After a
//! failure a server rests, longer every time until it is ready again; after a quota, as long as that lasts.
//!
//! Sans-I/O as its users are: times are arguments, connections are [`Action`]s and told events. What is said over a
//! connection is the venue's business: a [`Protocol`](super::channel::Protocol) says it.

use super::sequencer::Request;
use crate::contract::{Action, Server};
use crate::model::RecvTime;
use std::collections::VecDeque;

/// A server that has not taken the login after this long is left, in ns.
pub const LOGIN_NS: u64 = 2_000_000_000;
/// A server that says nothing for so long is gone, in ns.
pub const SILENT_NS: u64 = 5_000_000_000;
/// Rest after a failure, in ns; it doubles with every further one.
pub const REST_NS: u64 = 100_000_000;
/// Failures beyond which the rest grows no more: it is 3.2 s then.
const FAILURES_MAX: u32 = 5;
/// Requests that wait for a connection; the oldest make way, as their time is over first.
const WAITING_MAX: usize = 64;
/// Actions kept until they are polled; further ones are dropped, and the server's silence tells.
const ACTIONS_MAX: usize = 1_024;

/// What becomes of a request that is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// It is to be sent now.
    Send,
    /// It waits for the connection.
    Waits,
    /// The server grants nothing for so long, in ns.
    Refused(u64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Resting { until: RecvTime },
    Opening { until: RecvTime },
    LoggingIn { until: RecvTime },
    Ready,
}

/// The connection to one server.
#[derive(Debug)]
struct Link {
    phase: Phase,
    failures: u32,
    waiting: VecDeque<Request>,
    /// Nothing is granted before this time.
    granted_from: RecvTime,
    heard_at: RecvTime,
    said_at: RecvTime,
}

impl Link {
    fn new() -> Link {
        Link {
            phase: Phase::Resting { until: RecvTime(0) },
            failures: 0,
            waiting: VecDeque::new(),
            granted_from: RecvTime(0),
            heard_at: RecvTime(0),
            said_at: RecvTime(0),
        }
    }

    fn fail(&mut self, now: RecvTime) {
        let rest_ns = REST_NS << self.failures.min(FAILURES_MAX);
        self.failures = self.failures.saturating_add(1);
        let until = after(now, rest_ns);
        self.phase = Phase::Resting { until };
    }

    fn is_open(&self) -> bool {
        !matches!(self.phase, Phase::Resting { .. })
    }

    fn deadline(&self, heartbeat_ns: u64) -> Option<RecvTime> {
        match self.phase {
            Phase::Resting { .. } if self.waiting.is_empty() => None,
            Phase::Resting { until } | Phase::Opening { until } | Phase::LoggingIn { until } => {
                Some(until)
            }
            Phase::Ready => {
                let silent = after(self.heard_at, SILENT_NS);
                Some(silent.min(after(self.said_at, heartbeat_ns)))
            }
        }
    }
}

/// The machine. See the module's head.
#[derive(Debug)]
pub struct RequestLinks {
    links: Vec<Link>,
    heartbeat_ns: u64,
    actions: VecDeque<Action>,
}

impl RequestLinks {
    /// No connection to any of `server_count` servers. Either side says something every `heartbeat_ns`.
    pub fn new(server_count: u8, heartbeat_ns: u64) -> RequestLinks {
        RequestLinks {
            links: (0..server_count).map(|_| Link::new()).collect(),
            heartbeat_ns,
            actions: VecDeque::new(),
        }
    }

    /// A request is due. One that does not go out at once may be for [`RequestLinks::pop_waiting`] later.
    pub fn ask(&mut self, request: Request, now: RecvTime) -> Due {
        let Some(link) = self.links.get_mut(usize::from(request.server)) else {
            return Due::Refused(u64::MAX);
        };
        if now < link.granted_from {
            return Due::Refused(link.granted_from.0 - now.0);
        }
        if link.phase == Phase::Ready {
            return Due::Send;
        }
        if link.waiting.len() == WAITING_MAX {
            link.waiting.pop_front();
        }
        link.waiting.push_back(request);
        if matches!(link.phase, Phase::Resting { until } if now >= until) {
            self.open(request.server, now);
        }
        Due::Waits
    }

    /// The connection is up; whether it was asked for: then the login is to be sent.
    pub fn on_up(&mut self, server: u8, now: RecvTime) -> bool {
        match self.links.get_mut(usize::from(server)) {
            Some(link) if matches!(link.phase, Phase::Opening { .. }) => {
                let until = after(now, LOGIN_NS);
                link.phase = Phase::LoggingIn { until };
                link.heard_at = now;
                true
            }
            _ => false,
        }
    }

    /// The connection is gone, or cannot be had; whether it was in use.
    pub fn on_down(&mut self, server: u8, now: RecvTime) -> bool {
        match self.links.get_mut(usize::from(server)) {
            Some(link) if link.is_open() => {
                link.fail(now);
                true
            }
            _ => false,
        }
    }

    /// Bytes of the server came; whether it is connected.
    pub fn on_bytes(&mut self, server: u8, now: RecvTime) -> bool {
        match self.links.get_mut(usize::from(server)) {
            Some(link) if matches!(link.phase, Phase::LoggingIn { .. } | Phase::Ready) => {
                link.heard_at = now;
                true
            }
            _ => false,
        }
    }

    /// The login is taken: what waits is to be sent.
    pub fn on_ready(&mut self, server: u8) {
        if let Some(link) = self.links.get_mut(usize::from(server))
            && matches!(link.phase, Phase::LoggingIn { .. })
        {
            link.phase = Phase::Ready;
            link.failures = 0;
        }
    }

    /// The next request that waited for this server.
    pub fn pop_waiting(&mut self, server: u8) -> Option<Request> {
        let link = self.links.get_mut(usize::from(server))?;
        link.waiting.pop_front()
    }

    /// The server grants nothing for so long.
    pub fn on_quota(&mut self, server: u8, rest_ns: u64, now: RecvTime) {
        if let Some(link) = self.links.get_mut(usize::from(server)) {
            link.granted_from = link.granted_from.max(after(now, rest_ns));
        }
    }

    /// Leaves a server that cannot be used.
    pub fn fail(&mut self, server: u8, now: RecvTime) {
        if let Some(link) = self.links.get_mut(usize::from(server))
            && link.is_open()
        {
            link.fail(now);
            self.push(Action::CloseStream {
                server: Server::Retransmit(server),
            });
        }
    }

    /// Forgets what waits: nobody waits for its answer any more. What servers granted begins anew.
    pub fn restart(&mut self) {
        for link in &mut self.links {
            link.waiting.clear();
            link.granted_from = RecvTime(0);
        }
    }

    /// Sends bytes to a connected server.
    pub fn send(&mut self, server: u8, bytes: Vec<u8>, now: RecvTime) {
        if let Some(link) = self.links.get_mut(usize::from(server))
            && matches!(link.phase, Phase::LoggingIn { .. } | Phase::Ready)
            && !bytes.is_empty()
        {
            link.said_at = now;
            let server = Server::Retransmit(server);
            self.push(Action::SendStream { server, bytes });
        }
    }

    /// Takes the time: opens what rested long enough and is still asked for, leaves what is silent, says that we are
    /// alive. Calls `failed` with every server that was left.
    pub fn on_clock(
        &mut self,
        now: RecvTime,
        is_asked: impl Fn(&Request) -> bool,
        heartbeat: impl Fn() -> Vec<u8>,
        mut failed: impl FnMut(u8),
    ) {
        for server in 0..self.links.len() as u8 {
            let link = &mut self.links[usize::from(server)];
            match link.phase {
                Phase::Resting { until } if now >= until && !link.waiting.is_empty() => {
                    link.waiting.retain(&is_asked);
                    if !link.waiting.is_empty() {
                        self.open(server, now);
                    }
                }
                Phase::Opening { until } | Phase::LoggingIn { until } if now >= until => {
                    self.fail(server, now);
                    failed(server);
                }
                Phase::Ready if now >= after(link.heard_at, SILENT_NS) => {
                    self.fail(server, now);
                    failed(server);
                }
                Phase::Ready if now >= after(link.said_at, self.heartbeat_ns) => {
                    // Also where there is nothing to say: the next one is due later.
                    link.said_at = now;
                    self.send(server, heartbeat(), now);
                }
                _ => {}
            }
        }
    }

    /// When [`RequestLinks::on_clock`] has something to do.
    pub fn next_deadline(&self) -> Option<RecvTime> {
        let deadline = |link: &Link| link.deadline(self.heartbeat_ns);
        self.links.iter().filter_map(deadline).min()
    }

    /// Next thing to carry out.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    fn open(&mut self, server: u8, now: RecvTime) {
        if let Some(link) = self.links.get_mut(usize::from(server)) {
            let until = after(now, LOGIN_NS);
            link.phase = Phase::Opening { until };
            self.push(Action::OpenStream {
                server: Server::Retransmit(server),
            });
        }
    }

    fn push(&mut self, action: Action) {
        if self.actions.len() < ACTIONS_MAX {
            self.actions.push_back(action);
        }
    }
}

fn after(now: RecvTime, ns: u64) -> RecvTime {
    RecvTime(now.0.saturating_add(ns))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEARTBEAT_NS: u64 = 1_000_000_000;
    const FIRST: Request = Request {
        server: 0,
        first: 5,
        count: 3,
    };

    fn links() -> RequestLinks {
        RequestLinks::new(1, HEARTBEAT_NS)
    }

    /// Connected and logged in at 0, with nothing left to carry out.
    fn ready() -> RequestLinks {
        let mut links = links();
        links.ask(FIRST, RecvTime(0));
        links.on_up(0, RecvTime(0));
        links.on_ready(0);
        while links.pop_waiting(0).is_some() {}
        while links.poll_action().is_some() {}
        links
    }

    fn tell(links: &mut RequestLinks, now: u64) -> Vec<u8> {
        let mut gone = Vec::new();
        let heartbeat = || vec![7];
        links.on_clock(
            RecvTime(now),
            |_| true,
            heartbeat,
            |server| {
                gone.push(server);
            },
        );
        gone
    }

    fn open() -> Option<Action> {
        let server = Server::Retransmit(0);
        Some(Action::OpenStream { server })
    }

    fn said(bytes: &[u8]) -> Option<Action> {
        let (server, bytes) = (Server::Retransmit(0), bytes.to_vec());
        Some(Action::SendStream { server, bytes })
    }

    #[test]
    fn a_request_waits_for_its_connection_and_later_ones_go_out_at_once() {
        let mut links = links();
        assert_eq!(links.next_deadline(), None);
        assert_eq!(links.ask(FIRST, RecvTime(1)), Due::Waits);
        assert_eq!(links.poll_action(), open());
        assert!(links.on_up(0, RecvTime(2)) && !links.on_up(0, RecvTime(2)));
        links.send(0, vec![1], RecvTime(2));
        assert_eq!(links.poll_action(), said(&[1]));
        assert!(links.on_bytes(0, RecvTime(3)));
        links.on_ready(0);
        assert_eq!(links.pop_waiting(0), Some(FIRST));
        assert_eq!(links.pop_waiting(0), None);
        assert_eq!(links.ask(FIRST, RecvTime(4)), Due::Send);
    }

    #[test]
    fn both_sides_are_heard_while_nothing_is_asked() {
        let mut links = ready();
        assert_eq!(links.next_deadline(), Some(RecvTime(HEARTBEAT_NS)));
        assert!(tell(&mut links, HEARTBEAT_NS).is_empty());
        assert_eq!(links.poll_action(), said(&[7]));
        for second in 2..5 {
            tell(&mut links, second * HEARTBEAT_NS);
            assert_eq!(links.poll_action(), said(&[7]));
        }
        assert_eq!(tell(&mut links, SILENT_NS), [0]);
        let server = Server::Retransmit(0);
        assert_eq!(links.poll_action(), Some(Action::CloseStream { server }));
    }

    #[test]
    fn a_server_that_fails_rests_longer_every_time() {
        let (mut links, mut now) = (links(), 0);
        for failure in 0..8u32 {
            assert_eq!(links.ask(FIRST, RecvTime(now)), Due::Waits);
            if failure > 0 {
                assert_eq!(links.poll_action(), None);
                let rest = REST_NS << (failure - 1).min(FAILURES_MAX);
                assert_eq!(links.next_deadline(), Some(RecvTime(now + rest)));
                now += rest;
                tell(&mut links, now);
            }
            assert_eq!(links.poll_action(), open());
            assert!(links.on_down(0, RecvTime(now)));
            assert!(!links.on_down(0, RecvTime(now)));
        }
    }

    #[test]
    fn a_server_that_takes_no_login_is_left() {
        let mut links = links();
        links.ask(FIRST, RecvTime(0));
        links.on_up(0, RecvTime(10));
        assert!(tell(&mut links, 10 + LOGIN_NS - 1).is_empty());
        assert_eq!(tell(&mut links, 10 + LOGIN_NS), [0]);
        assert!(!links.on_bytes(0, RecvTime(10 + LOGIN_NS)));
    }

    #[test]
    fn a_quota_refuses_until_it_is_over_or_the_sequence_begins_anew() {
        let mut links = ready();
        links.on_quota(0, 100, RecvTime(10));
        assert_eq!(links.ask(FIRST, RecvTime(60)), Due::Refused(50));
        assert_eq!(links.ask(FIRST, RecvTime(110)), Due::Send);
        links.on_quota(0, 1_000, RecvTime(110));
        links.restart();
        assert_eq!(links.ask(FIRST, RecvTime(120)), Due::Send);
        let nobody = Request { server: 3, ..FIRST };
        assert_eq!(links.ask(nobody, RecvTime(120)), Due::Refused(u64::MAX));
    }

    #[test]
    fn what_waits_is_bounded_and_dropped_when_nobody_asks_for_it_any_more() {
        let mut links = links();
        for first in 0..200 {
            links.ask(Request { first, ..FIRST }, RecvTime(0));
        }
        assert_eq!(links.links[0].waiting.len(), WAITING_MAX);
        links.poll_action();
        links.on_down(0, RecvTime(0));
        links.on_clock(RecvTime(REST_NS), |_| false, Vec::new, |_| {});
        assert_eq!((links.poll_action(), links.next_deadline()), (None, None));
    }
}
