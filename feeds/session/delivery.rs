//! Delivery over SoupBinTCP: one connection brings the numbered messages a channel would have on its lines.
//!
//! ```text
//!            time                 connected           accepted                 Z, closed, silent
//!  Resting ────────▶ Opening ────────────▶ LoggingIn ─────────▶ Live ──────────────────────────┐
//!     ▲                 │ no answer in time, refused, closed     │ messages, as packets of the lines
//!     └─────────────────┴───────────────────────────────────────┴─────────────────────────────┘
//! ```
//!
//! A login names the session and the number of the next message, so nothing is missing after a connection was lost. What
//! comes is handed on in MoldUDP64 packets: the channel behind it is the one of the lines, with its sessions, its ends and,
//! where messages before the first one are missed, its snapshots.
//!
//! A server that fails is left for the next one, after a rest that grows until a login is taken.

use super::moldudp64::{END_OF_SESSION, Header, SessionId};
use super::soupbintcp::{self, FromServer, HEARTBEAT_NS, Packets};
use crate::contract::{
    Action, Batch, DecodeError, Feed, FeedCounters, Form, Gap, Line, LinkEvent, Notice, Outcome,
    Packet, Server,
};
use crate::model::{RecvTime, Symbol};
use std::collections::VecDeque;

/// A server that has not taken the login after this long is left, in ns.
pub const LOGIN_NS: u64 = 5_000_000_000;
/// A server that says nothing for so long is gone, in ns (section 1.3).
pub const SILENT_NS: u64 = 15_000_000_000;
/// Rest after a failure, in ns; it doubles with every further one.
pub const REST_NS: u64 = 100_000_000;
/// Rest after the end of a session or a refused login, in ns.
pub const LONG_REST_NS: u64 = 10_000_000_000;
/// Failures beyond which the rest grows no more: it is 6.4 s then.
const FAILURES_MAX: u32 = 6;
/// Actions and notices kept until they are polled; further ones are dropped, and the server's silence tells.
const QUEUE_MAX: usize = 64;

/// Who is asked, and as whom.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeliverySettings {
    /// Servers, by index in the configuration.
    pub server_count: u8,
    /// User, at most 6 characters.
    pub user: String,
    /// Password, at most 10 characters.
    pub password: String,
    /// Session to begin with, at most 10 characters; empty for the current one.
    pub session: String,
    /// First message to ask for: 1 for all of the session, 0 for the newest.
    pub first: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Resting { until: RecvTime },
    Opening { until: RecvTime },
    LoggingIn { until: RecvTime },
    Live,
}

/// A channel whose messages come over a connection.
pub struct SoupDelivery<F> {
    channel: F,
    settings: DeliverySettings,
    phase: Phase,
    server: u8,
    failures: u32,
    packets: Packets,
    /// What the server said last, as it is asked for again; `None` before.
    session: Option<SessionId>,
    /// Number of the next message of that session.
    next: u64,
    heard_at: RecvTime,
    said_at: RecvTime,
    /// The packet of the lines that is being made, header included, and the messages in it.
    frame: Vec<u8>,
    count: u16,
    actions: VecDeque<Action>,
    notices: VecDeque<Notice>,
}

impl<F: Feed> SoupDelivery<F> {
    /// A connection to nobody yet, before `channel`, which takes MoldUDP64 packets.
    pub fn new(settings: DeliverySettings, channel: F) -> SoupDelivery<F> {
        SoupDelivery {
            channel,
            phase: Phase::Resting { until: RecvTime(0) },
            server: 0,
            failures: 0,
            packets: Packets::default(),
            session: None,
            next: settings.first,
            settings,
            heard_at: RecvTime(0),
            said_at: RecvTime(0),
            frame: Vec::new(),
            count: 0,
            actions: VecDeque::new(),
            notices: VecDeque::new(),
        }
    }

    fn asked(&self) -> Server {
        Server::Delivery(self.server)
    }

    fn push(&mut self, action: Action) {
        if self.actions.len() < QUEUE_MAX {
            self.actions.push_back(action);
        }
    }

    fn send(&mut self, bytes: Vec<u8>, now: RecvTime) {
        self.said_at = now;
        let server = self.asked();
        self.push(Action::SendStream { server, bytes });
    }

    fn open(&mut self, now: RecvTime) {
        let until = after(now, LOGIN_NS);
        self.phase = Phase::Opening { until };
        let server = self.asked();
        self.push(Action::OpenStream { server });
    }

    /// Leaves the server, for the next one, after a rest of at least so long.
    fn leave(&mut self, rest_ns: u64, now: RecvTime) {
        let server = self.asked();
        self.push(Action::CloseStream { server });
        self.rest(rest_ns, now);
    }

    fn rest(&mut self, rest_ns: u64, now: RecvTime) {
        let grown_ns = REST_NS << self.failures.min(FAILURES_MAX);
        self.failures = self.failures.saturating_add(1);
        self.server = (self.server + 1) % self.settings.server_count.max(1);
        let until = after(now, grown_ns.max(rest_ns));
        self.phase = Phase::Resting { until };
    }

    fn refused(&mut self, text: &[u8]) {
        if self.notices.len() < QUEUE_MAX {
            self.notices
                .push_back(Notice::VenueError(Symbol::new(text)));
        }
    }

    /// Takes what came; what it means for the connection is done when its messages are handed on.
    fn read(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let now = packet.ts_recv;
        self.heard_at = now;
        let mut packets = std::mem::take(&mut self.packets);
        packets.push(packet.bytes);
        let mut end = None;
        while let Some(said) = packets.next_from_server() {
            end = match said {
                Ok(FromServer::Sequenced(message)) => self.take(message, now, out),
                Ok(FromServer::Accepted { session, sequence }) => {
                    self.accepted(session, sequence, now, out)
                }
                Ok(FromServer::Heartbeat) => self.heartbeat(now, out),
                Ok(FromServer::EndOfSession) => {
                    self.flush(now, out);
                    self.say(END_OF_SESSION, now, out);
                    Some(End::Session)
                }
                Ok(FromServer::Rejected(code)) => Some(End::Rejected(code)),
                Ok(FromServer::Unsequenced(_) | FromServer::Other) => None,
                Err(error) => Some(End::Damaged(error)),
            };
            if end.is_some() {
                break;
            }
        }
        self.packets = packets;
        self.flush(now, out);
        match end {
            None => Outcome::Applied,
            Some(end) => self.end(end, now),
        }
    }

    /// A message with a number, which is the next one.
    fn take(&mut self, message: &[u8], now: RecvTime, out: &mut Batch) -> Option<End> {
        if self.phase != Phase::Live {
            // Nobody knows its number.
            return Some(End::Damaged(DecodeError::NotThisProtocol));
        }
        if self.count == END_OF_SESSION - 1 {
            self.flush(now, out);
        }
        if self.frame.is_empty() {
            self.frame.extend_from_slice(&self.header(0).to_bytes());
        }
        // A packet of the connection has fewer bytes than 16 bits count.
        let length = message.len() as u16;
        self.frame.extend_from_slice(&length.to_be_bytes());
        self.frame.extend_from_slice(message);
        self.count += 1;
        None
    }

    fn accepted(
        &mut self,
        session: SessionId,
        sequence: u64,
        now: RecvTime,
        out: &mut Batch,
    ) -> Option<End> {
        if !matches!(self.phase, Phase::LoggingIn { .. }) {
            return Some(End::Damaged(DecodeError::NotThisProtocol));
        }
        self.phase = Phase::Live;
        self.failures = 0;
        self.session = Some(session);
        self.next = sequence;
        // Where it goes on may be behind what was missed.
        self.say(0, now, out);
        None
    }

    fn heartbeat(&mut self, now: RecvTime, out: &mut Batch) -> Option<End> {
        if self.phase == Phase::Live {
            self.flush(now, out);
            self.say(0, now, out);
        }
        None
    }

    fn end(&mut self, end: End, now: RecvTime) -> Outcome {
        match end {
            End::Session => {
                self.leave(LONG_REST_NS, now);
                Outcome::Heartbeat
            }
            End::Rejected(code) => {
                if code == b'A' {
                    self.refused(b"login not authorised");
                } else {
                    // The session is over, and the next one begins with its first message.
                    self.refused(b"no such session");
                    self.session = None;
                    self.next = self.settings.first;
                }
                self.leave(LONG_REST_NS, now);
                Outcome::Heartbeat
            }
            End::Damaged(error) => {
                self.refused(b"not SoupBinTCP");
                self.leave(0, now);
                Outcome::Refused(error)
            }
        }
    }

    fn header(&self, count: u16) -> Header {
        Header {
            session: self.session.unwrap_or([b' '; 10]),
            sequence: self.next,
            count,
        }
    }

    /// Hands on what is collected.
    fn flush(&mut self, now: RecvTime, out: &mut Batch) {
        if self.count == 0 {
            return;
        }
        let mut frame = std::mem::take(&mut self.frame);
        let header = self.header(self.count).to_bytes();
        frame[..header.len()].copy_from_slice(&header);
        hand_on(&mut self.channel, &frame, now, out);
        self.next = self.next.saturating_add(u64::from(self.count));
        self.count = 0;
        frame.clear();
        self.frame = frame;
    }

    /// Hands on a heartbeat or the end.
    fn say(&mut self, count: u16, now: RecvTime, out: &mut Batch) {
        let header = self.header(count).to_bytes();
        hand_on(&mut self.channel, &header, now, out);
    }

    /// What is due on the connection, and when.
    fn deadline(&self) -> RecvTime {
        match self.phase {
            Phase::Resting { until } | Phase::Opening { until } | Phase::LoggingIn { until } => {
                until
            }
            Phase::Live => after(self.heard_at, SILENT_NS).min(after(self.said_at, HEARTBEAT_NS)),
        }
    }

    fn keep(&mut self, now: RecvTime) {
        match self.phase {
            Phase::Resting { until } if now >= until => self.open(now),
            Phase::Opening { until } | Phase::LoggingIn { until } if now >= until => {
                self.leave(0, now);
            }
            Phase::Live if now >= after(self.heard_at, SILENT_NS) => self.leave(0, now),
            Phase::Live if now >= after(self.said_at, HEARTBEAT_NS) => {
                self.send(soupbintcp::packet(b'R', &[]), now);
            }
            _ => {}
        }
    }
}

/// Why a connection is left.
enum End {
    Session,
    Rejected(u8),
    Damaged(DecodeError),
}

fn hand_on(channel: &mut impl Feed, bytes: &[u8], now: RecvTime, out: &mut Batch) {
    let packet = Packet {
        line: Line(0),
        ts_recv: now,
        form: Form::Datagram,
        bytes,
    };
    channel.on_packet(&packet, out);
}

fn after(now: RecvTime, ns: u64) -> RecvTime {
    RecvTime(now.0.saturating_add(ns))
}

impl<F: Feed> Feed for SoupDelivery<F> {
    fn on_packet(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        match packet.form {
            Form::Stream(Server::Delivery(server)) => {
                let is_open = matches!(self.phase, Phase::LoggingIn { .. } | Phase::Live);
                if is_open && server == self.server {
                    self.read(packet, out)
                } else {
                    Outcome::Duplicate
                }
            }
            _ => self.channel.on_packet(packet, out),
        }
    }

    fn on_clock(&mut self, now: RecvTime, out: &mut Batch) {
        self.keep(now);
        self.channel.on_clock(now, out);
    }

    fn next_deadline(&self) -> Option<RecvTime> {
        let own = self.deadline();
        Some(self.channel.next_deadline().map_or(own, |its| its.min(own)))
    }

    fn on_link(&mut self, event: LinkEvent, now: RecvTime, out: &mut Batch) {
        match event {
            LinkEvent::StreamUp(server) if server == self.asked() => {
                if matches!(self.phase, Phase::Opening { .. }) {
                    let until = after(now, LOGIN_NS);
                    self.phase = Phase::LoggingIn { until };
                    self.packets.clear();
                    let session = match &self.session {
                        Some(session) => session.trim_ascii(),
                        None => self.settings.session.as_bytes(),
                    };
                    let DeliverySettings { user, password, .. } = &self.settings;
                    let login = soupbintcp::login_request(user, password, session, self.next);
                    self.send(login, now);
                }
            }
            LinkEvent::StreamDown(server) if server == self.asked() => {
                if !matches!(self.phase, Phase::Resting { .. }) {
                    self.rest(0, now);
                }
            }
            LinkEvent::StreamUp(Server::Delivery(_))
            | LinkEvent::StreamDown(Server::Delivery(_)) => {}
            _ => self.channel.on_link(event, now, out),
        }
    }

    fn finish(&mut self, now: RecvTime, out: &mut Batch) {
        self.channel.finish(now, out);
    }

    fn poll_action(&mut self) -> Option<Action> {
        let own = self.actions.pop_front();
        own.or_else(|| self.channel.poll_action())
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        let own = self.notices.pop_front();
        own.or_else(|| self.channel.poll_notice())
    }

    fn counters(&self) -> &FeedCounters {
        self.channel.counters()
    }

    fn gaps(&self) -> &[Gap] {
        self.channel.gaps()
    }

    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        self.channel.messages_by_type()
    }

    fn is_delivered_by_stream(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::contract::{FeedSettings, TickSink, Value};
    use crate::model::{ChannelId, Definition, EventTime, Tick};
    use crate::nasdaq_itch50::DESCRIPTOR;
    use crate::session::moldudp64::Messages;
    use crate::session::soupbintcp::{login_accepted, login_request, packet};

    const START: u64 = 1_700_000_000_000_000_000;
    const SECOND: u64 = 1_000_000_000;
    const SESSION: SessionId = *b"      0042";
    const SERVERS: [Server; 2] = [Server::Delivery(0), Server::Delivery(1)];

    struct Ignore;

    impl TickSink for Ignore {
        fn accept(&mut self, _: &[Tick]) {}
        fn define(&mut self, _: ChannelId, _: &Definition) {}
    }

    /// What a venue says at the beginning of its day.
    fn messages() -> Vec<Vec<u8>> {
        let mut venue = (DESCRIPTOR.simulator)();
        venue.open(
            EventTime(START),
            &[Symbol::new(b"AAPL"), Symbol::new(b"MSFT")],
        );
        venue.on_clock(EventTime(START));
        let mut said = Vec::new();
        while let Some(datagram) = venue.poll_datagram() {
            let (header, body) = Header::split(&datagram).unwrap();
            said.extend(Messages::new(body, u64::from(header.count)).map(<[u8]>::to_vec));
        }
        said
    }

    struct Rig {
        feed: Box<dyn Feed>,
        out: Batch,
        now: u64,
    }

    impl Rig {
        /// Asked for the connection to server 0.
        fn new() -> Rig {
            let own = |key: &str, value: &str| (key.to_owned(), Value::Text(value.to_owned()));
            let settings = FeedSettings {
                delivery_server_count: 2,
                own: vec![
                    own("delivery_user", "USER"),
                    own("delivery_password", "SECRET"),
                ],
                ..FeedSettings::single_line(ChannelId(0))
            };
            let mut rig = Rig {
                feed: (DESCRIPTOR.build)(&settings).unwrap(),
                out: Batch::new(Box::new(Ignore)),
                now: START,
            };
            rig.wait(0);
            rig
        }

        fn wait(&mut self, ns: u64) {
            self.now += ns;
            self.feed.on_clock(RecvTime(self.now), &mut self.out);
        }

        fn link(&mut self, event: LinkEvent) {
            self.feed.on_link(event, RecvTime(self.now), &mut self.out);
        }

        fn bytes(&mut self, server: Server, bytes: &[u8]) -> Outcome {
            let packet = Packet {
                line: Line::RECOVERY,
                ts_recv: RecvTime(self.now),
                form: Form::Stream(server),
                bytes,
            };
            self.feed.on_packet(&packet, &mut self.out)
        }

        #[track_caller]
        fn check(&mut self, actions: &[Action]) {
            let said: Vec<_> = std::iter::from_fn(|| self.feed.poll_action()).collect();
            assert_eq!(said, actions);
        }

        /// Connects, and checks what is asked for.
        #[track_caller]
        fn log_in(&mut self, server: Server, session: &[u8], next: u64) {
            self.check(&[Action::OpenStream { server }]);
            self.link(LinkEvent::StreamUp(server));
            let bytes = login_request("USER", "SECRET", session, next);
            self.check(&[Action::SendStream { server, bytes }]);
        }

        fn notices(&mut self) -> Vec<Notice> {
            std::iter::from_fn(|| self.feed.poll_notice()).collect()
        }
    }

    #[test]
    fn a_lost_connection_is_resumed_at_the_next_message_of_the_next_server() {
        let (mut rig, messages) = (Rig::new(), messages());
        let [server, next] = SERVERS;
        rig.log_in(server, b"", 1);
        rig.bytes(server, &login_accepted(SESSION, 1));
        for message in &messages[..3] {
            assert_eq!(rig.bytes(server, &packet(b'S', message)), Outcome::Applied);
        }
        // Half a message is none.
        let cut = packet(b'S', &messages[3]);
        rig.bytes(server, &cut[..cut.len() / 2]);
        rig.link(LinkEvent::StreamDown(server));
        rig.wait(REST_NS - 1);
        rig.check(&[]);
        rig.wait(1);
        rig.log_in(next, SESSION.trim_ascii(), 4);
        let mut rest = login_accepted(SESSION, 4);
        rest.extend(
            messages[3..]
                .iter()
                .flat_map(|message| packet(b'S', message)),
        );
        for bytes in rest.chunks(7) {
            rig.bytes(next, bytes);
        }
        let counters = rig.feed.counters();
        assert_eq!(counters.messages, messages.len() as u64);
        assert_eq!((counters.gaps_opened, counters.resets), (0, 0));
        assert_eq!(counters.decode_errors_total(), 0);
        assert!(rig.feed.is_delivered_by_stream());
    }

    #[test]
    fn both_sides_are_heard_and_a_silent_server_is_left() {
        let mut rig = Rig::new();
        let [server, next] = SERVERS;
        rig.log_in(server, b"", 1);
        rig.bytes(server, &login_accepted(SESSION, 1));
        for _ in 1..15 {
            rig.wait(SECOND);
            let bytes = packet(b'R', b"");
            rig.check(&[Action::SendStream { server, bytes }]);
        }
        rig.bytes(server, &packet(b'H', b""));
        assert_eq!(rig.feed.counters().heartbeats, 2);
        rig.wait(SILENT_NS);
        rig.check(&[Action::CloseStream { server }]);
        rig.wait(REST_NS);
        rig.log_in(next, SESSION.trim_ascii(), 1);
        rig.wait(LOGIN_NS);
        rig.check(&[Action::CloseStream { server: next }]);
    }

    #[test]
    fn a_refused_login_is_told_and_rests() {
        let mut rig = Rig::new();
        let [server, _] = SERVERS;
        rig.log_in(server, b"", 1);
        rig.bytes(server, &packet(b'J', b"A"));
        rig.check(&[Action::CloseStream { server }]);
        let told = Notice::VenueError(Symbol::new(b"login not authorised"));
        assert!(rig.notices().contains(&told));
        rig.wait(LONG_REST_NS - 1);
        rig.check(&[]);
    }

    #[test]
    fn the_session_that_follows_an_end_begins_with_its_first_message() {
        let (mut rig, messages) = (Rig::new(), messages());
        let [server, next] = SERVERS;
        rig.log_in(server, b"", 1);
        rig.bytes(server, &login_accepted(SESSION, 1));
        rig.bytes(server, &packet(b'S', &messages[0]));
        rig.bytes(server, &packet(b'Z', b""));
        rig.check(&[Action::CloseStream { server }]);
        assert!(rig.notices().contains(&Notice::SessionEnded));
        rig.wait(LONG_REST_NS);
        rig.log_in(next, SESSION.trim_ascii(), 2);
        rig.bytes(next, &packet(b'J', b"S"));
        rig.check(&[Action::CloseStream { server: next }]);
        rig.wait(LONG_REST_NS);
        rig.log_in(server, b"", 1);
        rig.bytes(server, &login_accepted(*b"      0043", 1));
        rig.bytes(server, &packet(b'S', &messages[0]));
        let counters = rig.feed.counters();
        assert_eq!((counters.messages, counters.resets), (2, 1));
    }

    #[test]
    fn what_no_server_sends_ends_the_connection() {
        for sent in [
            vec![0, 0],
            packet(b'S', b"before the login"),
            packet(b'A', b""),
        ] {
            let mut rig = Rig::new();
            let [server, _] = SERVERS;
            rig.log_in(server, b"", 1);
            assert!(matches!(rig.bytes(server, &sent), Outcome::Refused(_)));
            rig.check(&[Action::CloseStream { server }]);
        }
    }
}
