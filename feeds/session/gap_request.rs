//! The gap request proxy of PITCH venues: asking for missing messages over TCP, as a state machine
//! without the socket.
//!
//! ```text
//!  Down ──on_connect──▶ LoggingIn ──accepted──▶ Ready ──request──▶ asked ──answer──▶ event
//!    ▲                      │ refused, no answer    │ quota used up ─▶ paused until it is there again
//!    └──────────────────────┴───── on_disconnect ───┘
//! ```
//!
//! The proxy answers whether it will send the messages; they come on multicast groups, with their
//! own numbers, as any line brings them. Whoever owns the socket tells connects, bytes and the
//! time, writes what [`GapProxy::poll_write`] gives and acts on what [`GapProxy::poll_event`] says.
//! The service's ingest carries no such connection yet.
//!
//! Everything travels in unsequenced packets of the Sequenced Unit Header. A heartbeat is due on
//! both sides; without one the connection is given up.
//!
//! Source: Cboe Multicast PITCH specification, "Gap Request Proxy Messages".

use super::layout::{Code, LittleEndian, Text};
use super::sequenced_unit::{HEADER_BYTES, Header, MESSAGE_HEADER_BYTES, split_message};
use crate::model::RecvTime;
use std::collections::VecDeque;

crate::layout! {
    /// Who we are. First message of a connection, type `01`.
    pub struct Login(20) "login" {
        0 session_sub_id: Text<4>,
        4 username: Text<4>,
        8 filler: Text<2>,
        10 password: Text<10>,
    }
    /// Whether we may ask, type `02`.
    pub struct LoginResponse(1) "login_response" {
        0 status: Code,
    }
    /// What is missing, type `03`.
    pub struct GapRequest(7) "gap_request" {
        0 unit: LittleEndian<u8>,
        1 sequence: LittleEndian<u32>,
        5 count: LittleEndian<u16>,
    }
    /// Whether it will be sent again, type `04`.
    pub struct GapResponse(8) "gap_response" {
        0 unit: LittleEndian<u8>,
        1 sequence: LittleEndian<u32>,
        5 count: LittleEndian<u16>,
        7 status: Code,
    }
}

/// Type byte of [`Login`].
pub const LOGIN: u8 = 0x01;
/// Type byte of [`LoginResponse`].
pub const LOGIN_RESPONSE: u8 = 0x02;
/// Type byte of [`GapRequest`].
pub const GAP_REQUEST: u8 = 0x03;
/// Type byte of [`GapResponse`].
pub const GAP_RESPONSE: u8 = 0x04;

/// Bytes that wait to be a whole packet: the longest there is.
const PARTIAL_BYTES_MAX: usize = u16::MAX as usize;
/// Packets to write and events that wait to be fetched; beyond it the connection is given up.
const QUEUE_MAX: usize = 1_024;
const SECOND_NS: u64 = 1_000_000_000;

/// What a gap response says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapStatus {
    /// The messages will be sent on the groups of the answers.
    Accepted,
    /// They are too old or not yet sent.
    OutOfRange,
    /// The requests of the day are used up.
    DailyQuota,
    /// The requests of the minute are used up.
    MinuteQuota,
    /// The requests of the second are used up.
    SecondQuota,
    /// More messages than one request may name.
    CountLimit,
    /// No such unit.
    InvalidUnit,
    /// The unit cannot be asked now.
    UnitUnavailable,
    /// A code of a later version.
    Other(u8),
}

impl GapStatus {
    /// The status of a code as sent.
    pub const fn of(code: u8) -> GapStatus {
        match code {
            b'A' => GapStatus::Accepted,
            b'O' => GapStatus::OutOfRange,
            b'D' => GapStatus::DailyQuota,
            b'M' => GapStatus::MinuteQuota,
            b'S' => GapStatus::SecondQuota,
            b'C' => GapStatus::CountLimit,
            b'I' => GapStatus::InvalidUnit,
            b'U' => GapStatus::UnitUnavailable,
            code => GapStatus::Other(code),
        }
    }

    /// How long nothing may be asked after this answer, in ns; `None` where asking on makes sense
    /// at once.
    const fn pause_ns(self) -> Option<u64> {
        match self {
            GapStatus::SecondQuota => Some(SECOND_NS),
            GapStatus::MinuteQuota => Some(60 * SECOND_NS),
            GapStatus::DailyQuota => Some(u64::MAX),
            _ => None,
        }
    }
}

/// Who asks, and how patiently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapProxySettings {
    /// As the venue gave it.
    pub session_sub_id: [u8; 4],
    /// As the venue gave it.
    pub username: [u8; 4],
    /// As the venue gave it.
    pub password: [u8; 10],
    /// Requests that may wait for an answer at once; further ones are refused. At least 1.
    pub requests_waiting_max: usize,
    /// Most messages one request may name.
    pub request_count_max: u16,
    /// How long an answer may take, in ns.
    pub answer_timeout_ns: u64,
    /// After this long without writing, a heartbeat is written, in ns.
    pub heartbeat_ns: u64,
    /// After this long without a byte from the venue, the connection is given up, in ns.
    pub silence_ns: u64,
}

impl Default for GapProxySettings {
    fn default() -> Self {
        GapProxySettings {
            session_sub_id: [b' '; 4],
            username: [b' '; 4],
            password: [b' '; 10],
            requests_waiting_max: 16,
            request_count_max: 100,
            answer_timeout_ns: SECOND_NS,
            heartbeat_ns: SECOND_NS,
            silence_ns: 10 * SECOND_NS,
        }
    }
}

/// A range of messages of one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Range {
    /// Which unit.
    pub unit: u8,
    /// First message.
    pub sequence: u32,
    /// How many.
    pub count: u16,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GapEvent {
    /// Requests may be made.
    LoggedIn,
    /// The venue does not let us in, for this reason as sent. The connection is of no use.
    LoginRefused(u8),
    /// A request was answered.
    Answered(Range, GapStatus),
    /// A request was not answered in time, or not before the connection went.
    Unanswered(Range),
    /// Close the connection, for this reason, and open it again.
    GiveUp(&'static str),
}

/// Why a request was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotAsked {
    /// No connection, or not logged in.
    NotReady,
    /// As many requests wait as may.
    TooMany,
    /// The quota is used up until this time.
    Paused(RecvTime),
    /// No message, more than one request may name, or numbers beyond the last.
    BadRange,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Down,
    LoggingIn {
        until: RecvTime,
    },
    Ready,
    /// Given up: nothing is read or written until the connection is gone.
    Useless,
}

#[derive(Clone, Copy, Debug)]
struct Asked {
    range: Range,
    until: RecvTime,
}

/// The machine. See the module's head.
#[derive(Debug)]
pub struct GapProxy {
    settings: GapProxySettings,
    phase: Phase,
    partial: Vec<u8>,
    asked: VecDeque<Asked>,
    paused_until: RecvTime,
    written_at: RecvTime,
    heard_at: RecvTime,
    writes: VecDeque<Vec<u8>>,
    events: VecDeque<GapEvent>,
}

impl GapProxy {
    /// A machine without a connection.
    pub fn new(settings: GapProxySettings) -> GapProxy {
        GapProxy {
            settings,
            phase: Phase::Down,
            partial: Vec::new(),
            asked: VecDeque::new(),
            paused_until: RecvTime(0),
            written_at: RecvTime(0),
            heard_at: RecvTime(0),
            writes: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// Whether requests may be made.
    pub fn is_ready(&self) -> bool {
        self.phase == Phase::Ready
    }

    /// A connection is open: logs in.
    pub fn on_connect(&mut self, now: RecvTime) {
        self.on_disconnect();
        self.heard_at = now;
        self.phase = Phase::LoggingIn {
            until: after(now, self.settings.answer_timeout_ns),
        };
        let mut body = [0; Login::LEN];
        Login::put_session_sub_id(&mut body, &self.settings.session_sub_id);
        Login::put_username(&mut body, &self.settings.username);
        Login::put_filler(&mut body, b"");
        Login::put_password(&mut body, &self.settings.password);
        self.write(packet(&[(LOGIN, &body)]), now);
    }

    /// The connection is gone: what was asked is not answered any more.
    pub fn on_disconnect(&mut self) {
        self.phase = Phase::Down;
        self.partial.clear();
        self.writes.clear();
        while let Some(asked) = self.asked.pop_front() {
            self.say(GapEvent::Unanswered(asked.range));
        }
    }

    /// Bytes came, cut anywhere.
    pub fn on_bytes(&mut self, bytes: &[u8], now: RecvTime) {
        if matches!(self.phase, Phase::Down | Phase::Useless) {
            return;
        }
        self.heard_at = now;
        let mut bytes = bytes;
        while !bytes.is_empty() {
            let take = bytes.len().min(PARTIAL_BYTES_MAX - self.partial.len());
            self.partial.extend_from_slice(&bytes[..take]);
            bytes = &bytes[take..];
            if !self.read(now) {
                return;
            }
        }
    }

    /// Takes the time: says what was not answered, and keeps the connection alive.
    pub fn on_clock(&mut self, now: RecvTime) {
        match self.phase {
            Phase::Down | Phase::Useless => return,
            Phase::LoggingIn { until } if now >= until => return self.give_up("login unanswered"),
            Phase::LoggingIn { .. } | Phase::Ready => {}
        }
        if now >= after(self.heard_at, self.settings.silence_ns) {
            return self.give_up("gap proxy silent");
        }
        while let Some(asked) = self.asked.front().filter(|asked| now >= asked.until) {
            let range = asked.range;
            self.asked.pop_front();
            self.say(GapEvent::Unanswered(range));
        }
        if now >= after(self.written_at, self.settings.heartbeat_ns) {
            self.write(packet(&[]), now);
        }
    }

    /// When [`GapProxy::on_clock`] has something to do.
    pub fn next_deadline(&self) -> Option<RecvTime> {
        let alive = after(self.written_at, self.settings.heartbeat_ns)
            .min(after(self.heard_at, self.settings.silence_ns));
        match self.phase {
            Phase::Down | Phase::Useless => None,
            Phase::LoggingIn { until } => Some(until.min(alive)),
            Phase::Ready => Some(self.asked.front().map_or(alive, |one| one.until.min(alive))),
        }
    }

    /// Asks for messages.
    ///
    /// # Errors
    /// Why it was not asked; nothing was written then.
    pub fn request(&mut self, range: Range, now: RecvTime) -> Result<(), NotAsked> {
        let is_whole = (1..=self.settings.request_count_max).contains(&range.count)
            && range.sequence > 0
            && range
                .sequence
                .checked_add(u32::from(range.count) - 1)
                .is_some();
        if !is_whole {
            return Err(NotAsked::BadRange);
        }
        if self.phase != Phase::Ready {
            return Err(NotAsked::NotReady);
        }
        if now < self.paused_until {
            return Err(NotAsked::Paused(self.paused_until));
        }
        if self.asked.len() >= self.settings.requests_waiting_max.max(1) {
            return Err(NotAsked::TooMany);
        }
        let mut body = [0; GapRequest::LEN];
        GapRequest::put_unit(&mut body, range.unit);
        GapRequest::put_sequence(&mut body, range.sequence);
        GapRequest::put_count(&mut body, range.count);
        self.write(packet(&[(GAP_REQUEST, &body)]), now);
        let until = after(now, self.settings.answer_timeout_ns);
        self.asked.push_back(Asked { range, until });
        Ok(())
    }

    /// Next bytes to write.
    pub fn poll_write(&mut self) -> Option<Vec<u8>> {
        self.writes.pop_front()
    }

    /// Next thing that happened.
    pub fn poll_event(&mut self) -> Option<GapEvent> {
        self.events.pop_front()
    }

    /// Reads the whole packets of `partial`; whether there is a use in reading on.
    fn read(&mut self, now: RecvTime) -> bool {
        let partial = std::mem::take(&mut self.partial);
        let mut rest = &partial[..];
        while rest.len() >= HEADER_BYTES {
            let Some((header, body)) = Header::split(rest) else {
                self.give_up("gap proxy speaks another protocol");
                return false;
            };
            let Some(behind) = rest.get(usize::from(header.length)..) else {
                break;
            };
            rest = behind;
            let mut blocks = body;
            for _ in 0..header.count {
                let Some((message, more)) = split_message(blocks) else {
                    self.give_up("gap proxy speaks another protocol");
                    return false;
                };
                blocks = more;
                self.on_message(message, now);
            }
            if self.phase == Phase::Useless {
                return false;
            }
        }
        self.partial.extend_from_slice(rest);
        true
    }

    fn on_message(&mut self, message: &[u8], now: RecvTime) {
        let Some((&tag, body)) = message.split_first() else {
            return;
        };
        if tag == LOGIN_RESPONSE
            && let Some(view) = LoginResponse::of(body)
            && matches!(self.phase, Phase::LoggingIn { .. })
        {
            if view.status() == b'A' {
                self.phase = Phase::Ready;
                self.say(GapEvent::LoggedIn);
            } else {
                self.phase = Phase::Useless;
                self.say(GapEvent::LoginRefused(view.status()));
            }
        }
        if tag == GAP_RESPONSE
            && let Some(view) = GapResponse::of(body)
        {
            let range = Range {
                unit: view.unit(),
                sequence: view.sequence(),
                count: view.count(),
            };
            // An answer to nothing that waits came too late: what it says was told as unanswered.
            let Some(index) = self.asked.iter().position(|asked| asked.range == range) else {
                return;
            };
            self.asked.remove(index);
            let status = GapStatus::of(view.status());
            if let Some(pause_ns) = status.pause_ns() {
                self.paused_until = self.paused_until.max(after(now, pause_ns));
            }
            self.say(GapEvent::Answered(range, status));
        }
    }

    fn give_up(&mut self, reason: &'static str) {
        self.on_disconnect();
        self.phase = Phase::Useless;
        // The reason has its place even in a full queue: who does not fetch events learns at least
        // this.
        self.events.truncate(QUEUE_MAX - 1);
        self.events.push_back(GapEvent::GiveUp(reason));
    }

    fn write(&mut self, bytes: Vec<u8>, now: RecvTime) {
        self.written_at = now;
        if self.writes.len() >= QUEUE_MAX {
            return self.give_up("nothing is written");
        }
        self.writes.push_back(bytes);
    }

    fn say(&mut self, event: GapEvent) {
        if self.events.len() < QUEUE_MAX {
            self.events.push_back(event);
        }
    }
}

fn after(now: RecvTime, ns: u64) -> RecvTime {
    RecvTime(now.0.saturating_add(ns))
}

/// An unsequenced packet of messages of fixed types; a heartbeat without any.
fn packet(messages: &[(u8, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![0; HEADER_BYTES];
    for (tag, body) in messages {
        bytes.extend_from_slice(&[(body.len() + MESSAGE_HEADER_BYTES) as u8, *tag]);
        bytes.extend_from_slice(body);
    }
    let header = Header {
        length: bytes.len() as u16,
        count: messages.len() as u8,
        unit: 0,
        sequence: 0,
    };
    bytes[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
    bytes
}

#[cfg(test)]
#[path = "tests/gap_request.rs"]
mod tests;
