//! One sequenced channel of datagrams, whatever the venue: arbitration, gaps, restarts, silence.
//!
//! ```text
//!  packet ─▶ split ─▶ follow ─▶ in order? ─yes─▶ apply ─▶ ticks
//!            (header)  (session)    │
//!                                   └─no─▶ Sequencer ─▶ steps: gap ticks, held packets, requests
//! ```
//!
//! What is missing for good takes the books with it, unless the venue gives snapshots: then they are rebuilt
//! ([`Rebuild`]), and live messages are kept, not applied, until a snapshot is there that they continue.
//!
//! A room brings a [`Protocol`]: how its header reads, which session it follows, what its messages mean. Everything that
//! is the same for all venues is here, once.

use super::liveness::{channel_tick, gap_tick, recovered_tick};
use super::requests::Due;
use super::sequencer::{Request, Step};
use super::{
    Liveness, Offer, Rebuild, RebuildSettings, RequestLinks, Sequencer, SequencerSettings,
};
use crate::contract::{
    Action as FeedAction, Batch, Control, ControlAnswer, DecodeError, Feed, FeedCounters,
    FeedSettings, Form, Gap, Line, LinkEvent, Notice, Outcome, Packet, Server,
    TICKS_PER_PACKET_MAX,
};
use crate::model::{
    Action, ChannelId, Flags, GapKind, RecvTime, ResetKind, SendTime, Tick, TradingState,
    heartbeat_detail,
};
use std::collections::VecDeque;

/// Actions and notices kept until they are polled; further ones are dropped, the counters tell.
const QUEUE_MAX: usize = 1_024;

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It carries messages.
    Messages,
    /// It carries none; `first` is the number the next message will have.
    Heartbeat,
    /// As a heartbeat, and no message follows in this session.
    End,
    /// Its messages have no numbers and cannot be told from their copies: they are counted, and not applied.
    Unnumbered,
}

/// A packet whose header is read.
#[derive(Clone, Copy, Debug)]
pub struct Framed<'a, H> {
    /// What else the header says.
    pub header: H,
    /// What it is for.
    pub kind: Kind,
    /// Number of its first message.
    pub first: u64,
    /// Messages it promises.
    pub count: u64,
    /// When the venue sent it.
    pub sent: SendTime,
    /// Bytes its header promises, where it does; else 0.
    pub promised_bytes: usize,
    /// Its messages, as far as they are there.
    pub body: &'a [u8],
}

/// Where and when the first of some messages was.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Its number.
    pub sequence: u64,
    /// When its packet came.
    pub ts_recv: RecvTime,
    /// When the venue sent the packet; undefined for one that was kept, whose header is gone.
    pub sent: SendTime,
}

/// Where the channel stands when a packet comes.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Number of the next message.
    pub expected: u64,
    /// When something new came last; 0 before anything did.
    pub current_at: RecvTime,
    /// Now.
    pub now: RecvTime,
    /// What the packet came on.
    pub line: Line,
}

/// How far a snapshot has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    More,
    /// It is whole, and the live message behind it has this number.
    Complete {
        /// That number.
        next: u64,
    },
    /// It is whole, and its parts are of different ages: the books are of one age only when the live stream has come as far
    /// as the youngest of them.
    CompleteInParts {
        /// Number of the live message behind the oldest part.
        next: u64,
        /// Number of the live message behind the youngest part.
        newest: u64,
    },
    /// It cannot be used; why, for the log.
    Failed(&'static str),
}

/// What a server of requests said over its connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The login is taken: requests may be sent.
    Ready,
    /// The request for messages from `first` on is refused.
    Refused {
        /// First message that was asked for.
        first: u64,
        /// Any other request is refused for so long as well, in ns; 0 where it would be granted.
        rest_ns: u64,
        /// Why, for the log.
        reason: &'static str,
    },
    /// Messages that were asked for, framed as on the lines.
    Packet(Vec<u8>),
    /// It cannot be used; why, for the log.
    Failed {
        /// It need not be asked again for so long, in ns.
        rest_ns: u64,
        /// Why.
        reason: &'static str,
    },
}

/// What a packet's session means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// It is of the session that is followed.
    Yes,
    /// It is a late one of a session that was left.
    Late,
    /// It begins the sequence anew.
    Anew(ResetKind),
    /// It is of something this channel must not mix with.
    Refuse(DecodeError),
}

/// What a venue adds to a sequenced channel.
pub trait Protocol: Send {
    /// What of the header only the venue understands.
    type Header: Copy;

    /// Whether a snapshot is of the whole channel or of the instruments it names: a [`heartbeat_detail`].
    const SNAPSHOT_END: u8 = heartbeat_detail::SNAPSHOT_WHOLE;

    /// Offset of the sequence number in a packet, for errors.
    const SEQUENCE_OFFSET: u32;

    /// Reads the header.
    ///
    /// # Errors
    /// The bytes are too few, or not of this protocol.
    fn split(bytes: &[u8]) -> Result<Framed<'_, Self::Header>, DecodeError>;

    /// How many of the first `count` messages of `body` are whole.
    fn whole_count(body: &[u8], count: u64) -> u64;

    /// Says what the packet's session means, and follows it.
    fn follow(&mut self, framed: &Framed<'_, Self::Header>, standing: Standing) -> Follow;

    /// Applies the whole messages among the first `count` of `body`, except the first `skip`; says how many there were, the
    /// skipped ones included.
    fn apply(
        &mut self,
        place: Place,
        body: &[u8],
        skip: u64,
        count: u64,
        counters: &mut FeedCounters,
        out: &mut Batch,
    ) -> u64;

    /// Takes the venue's own file form; `None` where there is none.
    fn apply_file(
        &mut self,
        _: &Packet<'_>,
        _: &mut FeedCounters,
        _: &mut Batch,
    ) -> Option<Outcome> {
        None
    }

    /// The datagram that asks a server for what is missing; `None` where nobody can be asked.
    fn request(&self, _: Request) -> Option<FeedAction> {
        None
    }

    /// Whether requests go over connections: then [`Protocol::request`] is not asked, but
    /// [`Protocol::request_bytes`].
    const ASKS_BY_STREAM: bool = false;

    /// Either side of such a connection says something at least this often, in ns.
    const REQUEST_HEARTBEAT_NS: u64 = 1_000_000_000;

    /// A connection to a server of requests is open: what to say first. Whatever was read of one before is forgotten.
    fn begin_requests(&mut self, _server: u8) -> Vec<u8> {
        Vec::new()
    }

    /// What asks for missing messages, over a connection that is ready.
    fn request_bytes(&self, _: Request) -> Vec<u8> {
        Vec::new()
    }

    /// What says that we are there, over a connection that is ready.
    fn request_heartbeat() -> Vec<u8> {
        Vec::new()
    }

    /// Takes bytes of a server of requests. What it means goes into `answers`, what to answer into `reply`. Answers may
    /// come here ([`Answer::Packet`]), or as datagrams of [`Line::RECOVERY`].
    fn on_request_bytes(
        &mut self,
        _server: u8,
        _bytes: &[u8],
        _reply: &mut Vec<u8>,
        _answers: &mut Vec<Answer>,
    ) {
    }

    /// A connection to a snapshot server is open: what to say first. Whatever was read of another snapshot is forgotten.
    fn begin_snapshot(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// A snapshot is of use only if it expects message `from` or a later one. Said before all bytes
    /// of a snapshot server, for protocols that let the receiver choose.
    fn wants_snapshot_from(&mut self, _from: u64) {}

    /// Takes bytes of a snapshot server. Ticks have [`Flags::SNAPSHOT`], none has [`Flags::LAST`]. What to answer goes into
    /// `reply`.
    fn on_snapshot_bytes(
        &mut self,
        _bytes: &[u8],
        _ts_recv: RecvTime,
        _reply: &mut Vec<u8>,
        _counters: &mut FeedCounters,
        _out: &mut Batch,
    ) -> Progress {
        Progress::Failed("the protocol has no snapshots")
    }

    /// Takes a datagram of the snapshot lines; see [`Protocol::on_snapshot_bytes`]. A snapshot that expects a message before
    /// `from` is too old. [`Progress::Complete`] or [`Progress::CompleteInParts`] closes the books that were named.
    fn on_snapshot_datagram(
        &mut self,
        _packet: &Packet<'_>,
        _from: u64,
        _counters: &mut FeedCounters,
        _out: &mut Batch,
    ) -> Progress {
        Progress::Failed("the protocol has no snapshots")
    }

    /// Takes messages that have no numbers because they may be said again and again, such as
    /// definitions; says how many it took. The rest is counted as ignored.
    fn apply_unnumbered(
        &mut self,
        _framed: &Framed<'_, Self::Header>,
        _ts_recv: RecvTime,
        _counters: &mut FeedCounters,
        _out: &mut Batch,
    ) -> u64 {
        0
    }

    /// Whether something was lost that the sequence does not tell of, since this was last asked: the books are to be rebuilt.
    fn has_lost(&mut self) -> bool {
        false
    }

    /// Something that is not of the stream follows: a tick that was kept back until more is known
    /// goes out now.
    fn settle(&mut self, _out: &mut Batch) {}

    /// Messages before the next one were never seen: nothing continues over them.
    fn on_hole(&mut self) {}

    /// The sequence starts anew.
    fn restart(&mut self);

    /// The session's end was said; whether it is news.
    fn end(&mut self) -> bool {
        false
    }

    /// Whether silence means nothing now.
    fn expects_silence(&self) -> bool;

    /// Next thing to log.
    fn poll_notice(&mut self) -> Option<Notice>;

    /// Messages applied by type.
    fn messages_by_type(&self) -> Vec<(&'static str, u64)>;
}

/// The [`Feed`] of a venue that numbers its datagrams' messages.
pub struct SequencedChannel<P> {
    channel: ChannelId,
    first_sequence: u64,
    liveness: Liveness,
    sequencer: Sequencer,
    rebuild: Rebuild,
    /// Connections for requests; to nobody where requests are datagrams.
    requests: RequestLinks,
    /// Messages before this one are not applied: a snapshot has them, or they are kept for one.
    live_from: u64,
    protocol: P,
    /// When something new came last.
    current_at: RecvTime,
    actions: VecDeque<FeedAction>,
    notices: VecDeque<Notice>,
}

impl<P: Protocol> SequencedChannel<P> {
    /// A channel that has seen nothing. Silence of `silence_ns` is reported; 0 never reports.
    pub fn new(
        settings: &FeedSettings,
        sequencer: SequencerSettings,
        rebuild: RebuildSettings,
        silence_ns: u64,
        protocol: P,
    ) -> SequencedChannel<P> {
        SequencedChannel {
            channel: settings.channel,
            first_sequence: sequencer.first_sequence,
            liveness: Liveness::new(settings.line_count, silence_ns),
            sequencer: Sequencer::new(sequencer),
            rebuild: Rebuild::new(rebuild),
            requests: RequestLinks::new(
                if P::ASKS_BY_STREAM {
                    sequencer.server_count
                } else {
                    0
                },
                P::REQUEST_HEARTBEAT_NS,
            ),
            live_from: 0,
            protocol,
            current_at: RecvTime(0),
            actions: VecDeque::new(),
            notices: VecDeque::new(),
        }
    }

    fn on_datagram(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let framed = match P::split(packet.bytes) {
            Ok(framed) => framed,
            Err(error) => return self.refuse(error),
        };
        let now = packet.ts_recv;
        if framed.kind == Kind::Unnumbered {
            return self.on_unnumbered(&framed, now, out);
        }
        if packet.line == Line::RECOVERY && !self.sequencer.is_joined() {
            // An answer to somebody: where the stream stands, a line says.
            self.sequencer.counters.packets_duplicate += 1;
            return Outcome::Duplicate;
        }
        let standing = Standing {
            expected: self.sequencer.expected(),
            current_at: self.current_at,
            now,
            line: packet.line,
        };
        match self.protocol.follow(&framed, standing) {
            Follow::Yes => {}
            Follow::Late => {
                self.sequencer.counters.packets_duplicate += 1;
                return Outcome::Duplicate;
            }
            Follow::Anew(kind) => self.start_anew(kind, now, out),
            Follow::Refuse(error) => return self.refuse(error),
        }
        if framed.kind != Kind::Messages {
            return self.on_empty(&framed, packet, out);
        }
        let place = Place {
            sequence: framed.first,
            ts_recv: now,
            sent: framed.sent,
        };
        if self.sequencer.is_next(framed.first) && framed.first >= self.live_from {
            let counters = &mut self.sequencer.counters;
            let whole = self
                .protocol
                .apply(place, framed.body, 0, framed.count, counters, out);
            self.sequencer
                .offer(packet.line, framed.first, whole, &[], now);
            if whole == framed.count {
                return Outcome::Applied;
            }
            return self.cut_short(&framed, packet, out);
        }
        self.on_out_of_order(&framed, place, packet, out)
    }

    fn on_out_of_order(
        &mut self,
        framed: &Framed<'_, P::Header>,
        place: Place,
        packet: &Packet<'_>,
        out: &mut Batch,
    ) -> Outcome {
        let now = packet.ts_recv;
        self.sequencer.on_clock(now);
        self.drain(now, out);
        let whole = P::whole_count(framed.body, framed.count);
        let offer = self
            .sequencer
            .offer(packet.line, framed.first, whole, framed.body, now);
        let outcome = match offer {
            Offer::Deliver { skip } => {
                // A stream joined here says so before its first message.
                while let Some(step) = self.sequencer.poll_before_delivery() {
                    self.carry_out(step, now, out);
                }
                self.deliver(place, framed.body, skip, whole, out);
                Outcome::Applied
            }
            Offer::Duplicate => Outcome::Duplicate,
            Offer::Held => Outcome::Held,
            // No room, and asked for later; or numbers that cannot be true, which the sequencer counted.
            Offer::Dropped => Outcome::Refused(DecodeError::BadField {
                tag: 0,
                offset: P::SEQUENCE_OFFSET,
            }),
        };
        if whole != framed.count {
            return self.cut_short(framed, packet, out);
        }
        self.drain(now, out);
        self.catch_up(now, out);
        outcome
    }

    #[cold]
    fn on_unnumbered(
        &mut self,
        framed: &Framed<'_, P::Header>,
        now: RecvTime,
        out: &mut Batch,
    ) -> Outcome {
        let counters = &mut self.sequencer.counters;
        if framed.count == 0 {
            counters.heartbeats += 1;
        } else {
            let taken = self.protocol.apply_unnumbered(framed, now, counters, out);
            counters.messages_ignored += framed.count.saturating_sub(taken);
            if self.protocol.has_lost() {
                self.start_rebuild(self.sequencer.expected(), now, out);
            }
        }
        Outcome::Heartbeat
    }

    /// Heartbeat or end of session.
    fn on_empty(
        &mut self,
        framed: &Framed<'_, P::Header>,
        packet: &Packet<'_>,
        out: &mut Batch,
    ) -> Outcome {
        let now = packet.ts_recv;
        self.sequencer.counters.heartbeats += 1;
        if packet.line != Line::RECOVERY {
            self.sequencer.on_clock(now);
            self.sequencer.on_heartbeat(framed.first, now);
            self.drain(now, out);
            if framed.first >= self.sequencer.expected() {
                self.is_current(now, out);
            }
        }
        if framed.kind == Kind::End && self.protocol.end() {
            self.notice(Notice::SessionEnded);
            out.push(Tick {
                sequence: framed.first,
                detail: TradingState::Close as u8,
                ..channel_tick(self.channel, Action::Status, now)
            });
        }
        Outcome::Heartbeat
    }

    /// A packet with fewer whole messages than it promises: those that are not whole are missing, as if lost.
    #[cold]
    fn cut_short(
        &mut self,
        framed: &Framed<'_, P::Header>,
        packet: &Packet<'_>,
        out: &mut Batch,
    ) -> Outcome {
        let next = framed.first.saturating_add(framed.count);
        self.sequencer.on_heartbeat(next, packet.ts_recv);
        self.drain(packet.ts_recv, out);
        let need = framed.promised_bytes.max(packet.bytes.len() + 1);
        self.refuse(DecodeError::Truncated {
            need_bytes: u32::try_from(need).unwrap_or(u32::MAX),
            have_bytes: u32::try_from(packet.bytes.len()).unwrap_or(u32::MAX),
        })
    }

    #[cold]
    fn refuse(&mut self, error: DecodeError) -> Outcome {
        self.sequencer.counters.refuse(error);
        Outcome::Refused(error)
    }

    /// The sequence begins again. What the old one still holds or misses is settled before it is left.
    #[cold]
    fn start_anew(&mut self, kind: ResetKind, now: RecvTime, out: &mut Batch) {
        self.sequencer.finish(now);
        self.drain(now, out);
        self.protocol.settle(out);
        let sequence = self.first_sequence;
        self.sequencer.restart(sequence);
        self.rebuild.stop();
        self.requests.restart();
        self.live_from = 0;
        self.protocol.restart();
        out.push(Tick {
            sequence,
            detail: kind as u8,
            ..channel_tick(self.channel, Action::Reset, now)
        });
        self.notice(Notice::SessionReset { sequence });
        if kind == ResetKind::Sequence && self.rebuild.is_possible() {
            // What rests from before the restart is known to nobody but the venue.
            self.start_rebuild(sequence, now, out);
        }
    }

    /// Messages before `from` are missing for good: the books wait for a snapshot, where there is one to be had.
    fn start_rebuild(&mut self, from: u64, now: RecvTime, out: &mut Batch) {
        if !self.rebuild.is_possible() {
            return;
        }
        if !self.rebuild.is_on() {
            self.sequencer.counters.rebuilds += 1;
            self.notice(Notice::RebuildStarted { from });
            out.push(Tick {
                sequence: from,
                detail: ResetKind::AwaitSnapshot as u8,
                ..channel_tick(self.channel, Action::Reset, now)
            });
        }
        self.live_from = u64::MAX;
        self.rebuild.start(from, now);
    }

    /// Applies messages that are in order, unless a snapshot has them or is awaited.
    fn deliver(&mut self, place: Place, body: &[u8], skip: u64, count: u64, out: &mut Batch) {
        if self.rebuild.is_on() {
            let is_kept = self
                .rebuild
                .keep(place.sequence, count, skip, place.ts_recv, body);
            self.sequencer.counters.rebuild_overflows = self.rebuild.overflows;
            if !is_kept {
                let next = place.sequence.saturating_add(count);
                self.rebuild.start(next, place.ts_recv);
            }
            return;
        }
        let skip = skip.max(self.live_from.saturating_sub(place.sequence));
        if skip < count {
            let counters = &mut self.sequencer.counters;
            self.protocol.apply(place, body, skip, count, counters, out);
        }
    }

    /// Applies what was kept behind the snapshot, while there is room. When nothing is left the books are whole.
    fn catch_up(&mut self, now: RecvTime, out: &mut Batch) {
        let Some((next, newest)) = self.rebuild.catching_up() else {
            return;
        };
        while out.room() >= TICKS_PER_PACKET_MAX {
            let Some(kept) = self.rebuild.pop_kept() else {
                if newest == next || self.sequencer.expected() >= newest {
                    self.finish_rebuild(next, newest, now, out);
                } else {
                    self.rebuild.await_live();
                }
                return;
            };
            let skip = kept.skip.max(next.saturating_sub(kept.first));
            if skip < kept.count {
                let place = Place {
                    sequence: kept.first,
                    ts_recv: kept.ts_recv,
                    sent: SendTime::UNDEFINED,
                };
                let counters = &mut self.sequencer.counters;
                self.protocol
                    .apply(place, &kept.body, skip, kept.count, counters, out);
            }
        }
    }

    /// Snapshot and what was kept are applied: the books count from here on.
    fn finish_rebuild(&mut self, next: u64, newest: u64, now: RecvTime, out: &mut Batch) {
        self.rebuild.finish();
        self.live_from = next;
        self.sequencer.counters.snapshots_applied += 1;
        out.push(Tick {
            sequence: newest.max(self.sequencer.expected()).saturating_sub(1),
            detail: P::SNAPSHOT_END,
            flags: Flags::SNAPSHOT.with(Flags::LAST),
            ..channel_tick(self.channel, Action::Heartbeat, now)
        });
        self.notice(Notice::Rebuilt { next });
    }

    /// The connection to a snapshot server is open.
    fn on_snapshot_server(&mut self, server: u8, now: RecvTime, out: &mut Batch) {
        if self.rebuild.on_up(server, now) {
            let hello = self.protocol.begin_snapshot();
            self.rebuild.send(hello);
            out.push(Tick {
                flags: Flags::SNAPSHOT,
                ..channel_tick(self.channel, Action::Clear, now)
            });
        }
    }

    fn on_snapshot_bytes(&mut self, server: u8, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let now = packet.ts_recv;
        if !self.rebuild.on_bytes(server, now) {
            return Outcome::Duplicate;
        }
        self.protocol.wants_snapshot_from(self.rebuild.from());
        let (mut reply, counters) = (Vec::new(), &mut self.sequencer.counters);
        let progress =
            self.protocol
                .on_snapshot_bytes(packet.bytes, now, &mut reply, counters, out);
        self.rebuild.send(reply);
        self.on_progress(progress, now, out)
    }

    fn on_snapshot_datagram(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        if !self.rebuild.is_listening() {
            return Outcome::Duplicate;
        }
        let (from, counters) = (self.rebuild.from(), &mut self.sequencer.counters);
        let progress = self
            .protocol
            .on_snapshot_datagram(packet, from, counters, out);
        self.on_progress(progress, packet.ts_recv, out)
    }

    fn on_progress(&mut self, progress: Progress, now: RecvTime, out: &mut Batch) -> Outcome {
        let (next, newest) = match progress {
            Progress::More => return Outcome::Applied,
            Progress::Failed(reason) => {
                self.snapshot_failed(reason);
                self.rebuild.fail(now);
                return Outcome::Applied;
            }
            Progress::Complete { next } => (next, next),
            Progress::CompleteInParts { next, newest } => (next, newest),
        };
        if self.rebuild.complete(next, newest, now) {
            self.catch_up(now, out);
        } else {
            self.snapshot_failed("older than what is kept of the live stream");
        }
        Outcome::Applied
    }

    fn snapshot_failed(&mut self, reason: &'static str) {
        self.sequencer.counters.snapshots_failed += 1;
        self.notice(Notice::SnapshotFailed { reason });
    }

    /// Carries out every step and sends every request.
    fn drain(&mut self, now: RecvTime, out: &mut Batch) {
        loop {
            while let Some(step) = self.sequencer.poll() {
                self.carry_out(step, now, out);
            }
            // A request that is refused at once may end in further steps.
            let Some(request) = self.sequencer.poll_request() else {
                return;
            };
            if P::ASKS_BY_STREAM {
                self.ask(request, now);
            } else if self.actions.len() < QUEUE_MAX {
                self.actions.extend(self.protocol.request(request));
            }
        }
    }

    /// Sends a request over its connection, or has it wait for that.
    fn ask(&mut self, request: Request, now: RecvTime) {
        match self.requests.ask(request, now) {
            Due::Send => {
                let bytes = self.protocol.request_bytes(request);
                self.requests.send(request.server, bytes, now);
            }
            Due::Waits => {}
            Due::Refused(rest_ns) => {
                let Request { server, first, .. } = request;
                self.sequencer.on_refused(server, first, rest_ns, now);
            }
        }
    }

    /// The connection to a server of requests is open.
    fn on_request_server(&mut self, server: u8, now: RecvTime) {
        if self.requests.on_up(server, now) {
            let hello = self.protocol.begin_requests(server);
            self.requests.send(server, hello, now);
        }
    }

    /// A server of requests is gone: the next one is asked.
    fn on_request_server_down(&mut self, server: u8, now: RecvTime, out: &mut Batch) {
        self.sequencer.on_server_unreachable(server, now);
        self.drain(now, out);
    }

    fn on_request_bytes(&mut self, server: u8, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let now = packet.ts_recv;
        if !self.requests.on_bytes(server, now) {
            return Outcome::Duplicate;
        }
        let (mut reply, mut answers) = (Vec::new(), Vec::new());
        self.protocol
            .on_request_bytes(server, packet.bytes, &mut reply, &mut answers);
        self.requests.send(server, reply, now);
        for answer in answers {
            self.on_answer(server, answer, now, out);
        }
        Outcome::Applied
    }

    fn on_answer(&mut self, server: u8, answer: Answer, now: RecvTime, out: &mut Batch) {
        match answer {
            Answer::Ready => {
                self.requests.on_ready(server);
                while let Some(request) = self.requests.pop_waiting(server) {
                    if self.sequencer.is_asked(&request) {
                        self.ask(request, now);
                    }
                }
            }
            Answer::Refused {
                first,
                rest_ns,
                reason,
            } => {
                self.sequencer.counters.requests_refused += 1;
                self.notice(Notice::RequestRefused { server, reason });
                self.requests.on_quota(server, rest_ns, now);
                self.sequencer.on_refused(server, first, rest_ns, now);
                self.drain(now, out);
            }
            Answer::Packet(bytes) => {
                let packet = Packet {
                    line: Line::RECOVERY,
                    ts_recv: now,
                    form: Form::Datagram,
                    bytes: &bytes,
                };
                if matches!(
                    self.on_datagram(&packet, out),
                    Outcome::Applied | Outcome::Held
                ) {
                    self.is_current(now, out);
                }
            }
            Answer::Failed { rest_ns, reason } => {
                self.sequencer.counters.requests_refused += 1;
                self.notice(Notice::RequestRefused { server, reason });
                self.requests.fail(server, now);
                self.requests.on_quota(server, rest_ns, now);
                self.on_request_server_down(server, now, out);
            }
        }
    }

    fn watch_requests(&mut self, now: RecvTime, out: &mut Batch) {
        let (mut gone, sequencer) = (Vec::new(), &self.sequencer);
        self.requests.on_clock(
            now,
            |request| sequencer.is_asked(request),
            P::request_heartbeat,
            |server| gone.push(server),
        );
        for server in gone {
            self.on_request_server_down(server, now, out);
        }
    }

    fn carry_out(&mut self, step: Step, now: RecvTime, out: &mut Batch) {
        if !matches!(step, Step::Deliver(_)) {
            self.protocol.settle(out);
        }
        match step {
            Step::GapOpened { first, count } => {
                out.push(gap_tick(self.channel, GapKind::Open, first, count, now));
                self.notice(Notice::GapOpened { first, count });
            }
            Step::GapLost { first, count } => {
                self.notice(Notice::GapLost { first, count });
                let next = first.saturating_add(count);
                if next <= self.live_from && !self.rebuild.is_on() {
                    // The snapshot that was applied has what they did.
                    out.push(recovered_tick(self.channel, first, count, now));
                    return;
                }
                self.protocol.on_hole();
                out.push(gap_tick(self.channel, GapKind::Lost, first, count, now));
                self.start_rebuild(next, now, out);
            }
            Step::Joined { sequence } => {
                self.protocol.on_hole();
                let first = self.first_sequence;
                let count = sequence.saturating_sub(first);
                out.push(gap_tick(self.channel, GapKind::Joined, first, count, now));
                self.start_rebuild(sequence, now, out);
            }
            Step::GapRecovered { first, count } => {
                out.push(recovered_tick(self.channel, first, count, now));
                self.notice(Notice::GapRecovered { first, count });
            }
            Step::Deliver(held) => {
                let place = Place {
                    sequence: held.first,
                    ts_recv: held.ts_recv,
                    sent: SendTime::UNDEFINED,
                };
                self.deliver(place, &held.body, held.skip, held.count, out);
                self.sequencer.recycle(held);
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        if self.notices.len() < QUEUE_MAX {
            self.notices.push_back(notice);
        }
    }

    /// A line delivered.
    #[inline(always)]
    fn heard(&mut self, packet: &Packet<'_>) {
        let index = usize::from(packet.line.0).min(Line::COUNT_MAX - 1);
        self.sequencer.counters.packets[index] += 1;
        if packet.line != Line::RECOVERY
            && packet.line != Line::SNAPSHOT
            && packet.form == Form::Datagram
            && let Some(notice) = self.liveness.on_packet(packet.line, packet.ts_recv)
        {
            self.notice(notice);
        }
    }

    /// The channel is where it should be.
    #[inline(always)]
    fn is_current(&mut self, now: RecvTime, out: &mut Batch) {
        self.current_at = now;
        if let Some(alive) = self.liveness.on_current(self.channel, now) {
            out.push(alive);
        }
    }

    fn watch_silence(&mut self, now: RecvTime, out: &mut Batch) {
        if self.protocol.expects_silence() {
            return;
        }
        let notices = &mut self.notices;
        let silent = self.liveness.on_clock(self.channel, now, |notice| {
            if notices.len() < QUEUE_MAX {
                notices.push_back(notice);
            }
        });
        if let Some(silent) = silent {
            out.push(silent);
        }
    }
}

impl<P: Protocol> Feed for SequencedChannel<P> {
    fn on_packet(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        self.heard(packet);
        match packet.form {
            Form::Datagram if packet.line == Line::SNAPSHOT => {
                self.on_snapshot_datagram(packet, out)
            }
            Form::Stream(Server::Snapshot(server)) => self.on_snapshot_bytes(server, packet, out),
            Form::Datagram => {
                let outcome = self.on_datagram(packet, out);
                if matches!(outcome, Outcome::Applied | Outcome::Held) {
                    self.is_current(packet.ts_recv, out);
                }
                outcome
            }
            Form::FileMessages => {
                let counters = &mut self.sequencer.counters;
                match self.protocol.apply_file(packet, counters, out) {
                    Some(outcome) => outcome,
                    None => self.refuse(DecodeError::NotThisProtocol),
                }
            }
            Form::Stream(Server::Retransmit(server)) if P::ASKS_BY_STREAM => {
                self.on_request_bytes(server, packet, out)
            }
            Form::Stream(Server::Retransmit(_) | Server::Delivery(_))
            | Form::Text
            | Form::Binary
            | Form::Rest(_) => self.refuse(DecodeError::NotThisProtocol),
        }
    }

    fn on_clock(&mut self, now: RecvTime, out: &mut Batch) {
        self.sequencer.on_clock(now);
        self.drain(now, out);
        if P::ASKS_BY_STREAM {
            self.watch_requests(now, out);
        }
        self.rebuild.on_clock(now);
        self.catch_up(now, out);
        self.watch_silence(now, out);
    }

    fn next_deadline(&self) -> Option<RecvTime> {
        let silence = (!self.protocol.expects_silence())
            .then(|| self.liveness.next_deadline())
            .flatten();
        let requests = self.requests.next_deadline();
        let own = [self.sequencer.next_deadline(), self.rebuild.next_deadline()];
        own.into_iter().chain([requests, silence]).flatten().min()
    }

    fn on_link(&mut self, event: LinkEvent, now: RecvTime, out: &mut Batch) {
        match event {
            LinkEvent::ServerUnreachable(server) => {
                self.sequencer.on_server_unreachable(server, now);
                self.drain(now, out);
            }
            LinkEvent::StreamUp(Server::Snapshot(server)) => {
                self.on_snapshot_server(server, now, out);
            }
            LinkEvent::StreamDown(Server::Snapshot(server)) => self.rebuild.on_down(server, now),
            LinkEvent::StreamUp(Server::Retransmit(server)) => self.on_request_server(server, now),
            LinkEvent::StreamDown(Server::Retransmit(server)) => {
                if self.requests.on_down(server, now) {
                    self.on_request_server_down(server, now, out);
                }
            }
            LinkEvent::StreamUp(Server::Delivery(_))
            | LinkEvent::StreamDown(Server::Delivery(_))
            | LinkEvent::Up(_)
            | LinkEvent::Down(_) => {}
        }
    }

    fn on_control(
        &mut self,
        Control::Resync: Control,
        now: RecvTime,
        out: &mut Batch,
    ) -> ControlAnswer {
        if !self.rebuild.is_possible() {
            return ControlAnswer::NoSnapshots;
        }
        if self.rebuild.is_on() {
            return ControlAnswer::UnderWay;
        }
        self.protocol.settle(out);
        // With a gap open the next message is the first one missing, so the snapshot may close it.
        self.start_rebuild(self.sequencer.expected(), now, out);
        ControlAnswer::Started
    }

    fn finish(&mut self, now: RecvTime, out: &mut Batch) {
        self.sequencer.finish(now);
        self.drain(now, out);
        self.protocol.settle(out);
    }

    fn poll_action(&mut self) -> Option<FeedAction> {
        self.actions
            .pop_front()
            .or_else(|| self.requests.poll_action())
            .or_else(|| self.rebuild.poll_action())
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.notices
            .pop_front()
            .or_else(|| self.protocol.poll_notice())
    }

    fn counters(&self) -> &FeedCounters {
        &self.sequencer.counters
    }

    fn gaps(&self) -> &[Gap] {
        self.sequencer.ledger()
    }

    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        self.protocol.messages_by_type()
    }

    fn asks_by_stream(&self) -> bool {
        P::ASKS_BY_STREAM
    }
}
