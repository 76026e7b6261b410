//! From packet to tick: session, arbitration, recovery, silence.

use super::normalize::{At, Normalizer};
use super::settings::Settings;
use crate::contract::{
    Action as FeedAction, Batch, DecodeError, Feed, FeedCounters, FeedSettings, Form, Gap, Line,
    LinkEvent, Notice, Outcome, Packet, SettingFault,
};
use crate::model::time::new_york_midnight;
use crate::model::{Action, ChannelId, GapKind, RecvTime, ResetKind, Tick, TradingState};
use crate::session::liveness::{channel_tick, gap_tick, recovered_tick};
use crate::session::moldudp64::{self, Header, SessionId};
use crate::session::sequencer::Step;
use crate::session::{Liveness, Offer, Sequencer};
use std::collections::VecDeque;

/// Shortest day in New York less an hour: within it a cached midnight needs no calendar.
const MIDNIGHT_VALID_NS: u64 = 22 * 3_600_000_000_000;
/// Packets of the session before are taken for late ones this long after a change, in ns.
const OLD_SESSION_NS: u64 = 1_000_000_000;
/// Actions and notices kept until they are polled; further ones are dropped, the counters tell.
const QUEUE_MAX: usize = 1_024;
/// The session the channel follows.
#[derive(Clone, Copy, Debug)]
struct Session {
    id: SessionId,
    is_over: bool,
    /// The one before, and when it was left.
    before: Option<(SessionId, RecvTime)>,
}

/// One channel of the venue.
pub(super) struct ItchFeed {
    channel: ChannelId,
    settings: Settings,
    liveness: Liveness,
    session: Option<Session>,
    sequencer: Sequencer,
    normalizer: Normalizer,
    midnight_ns: u64,
    file_sequence: u64,
    actions: VecDeque<FeedAction>,
    notices: VecDeque<Notice>,
}

impl ItchFeed {
    /// A channel that has seen nothing.
    ///
    /// # Errors
    /// All faults of the settings at once.
    pub(super) fn new(settings: &FeedSettings) -> Result<ItchFeed, Vec<SettingFault>> {
        let own = Settings::of(settings)?;
        Ok(ItchFeed {
            channel: settings.channel,
            liveness: Liveness::new(settings.line_count, own.silence_ns),
            session: None,
            sequencer: Sequencer::new(own.sequencer),
            normalizer: Normalizer::new(settings.channel, &settings.instruments),
            midnight_ns: u64::MAX,
            file_sequence: 1,
            actions: VecDeque::new(),
            notices: VecDeque::new(),
            settings: own,
        })
    }

    fn on_datagram(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let Some((header, body)) = Header::split(packet.bytes) else {
            return self.refuse(moldudp64::HEADER_BYTES, packet.bytes.len());
        };
        let same_session = self
            .session
            .is_some_and(|session| session.id == header.session);
        if !same_session && !self.change_session(&header, packet, out) {
            self.sequencer.counters.packets_duplicate += 1;
            return Outcome::Duplicate;
        }
        if header.is_heartbeat() || header.is_end_of_session() {
            return self.on_empty(&header, packet, out);
        }
        let now = packet.ts_recv;
        let at = self.at(header.sequence, now);
        if self.sequencer.is_next(header.sequence) {
            let (counters, promised) = (&mut self.sequencer.counters, u64::from(header.count));
            let (whole, _) = self
                .normalizer
                .apply::<false>(at, body, 0, promised, counters, out);
            self.sequencer
                .offer(packet.line, header.sequence, whole, &[], now);
            if whole == promised {
                return Outcome::Applied;
            }
            return self.cut_short(&header, packet, out);
        }
        self.sequencer.on_clock(now);
        self.drain(now, out);
        let whole = moldudp64::whole_count(body, header.count);
        let offer = self
            .sequencer
            .offer(packet.line, header.sequence, whole, body, now);
        // A stream joined here says so before its first message.
        let outcome = match offer {
            Offer::Deliver { skip } => {
                self.carry_out_joins(now, out);
                let counters = &mut self.sequencer.counters;
                self.normalizer
                    .apply::<false>(at, body, skip, whole, counters, out);
                Outcome::Applied
            }
            Offer::Duplicate => Outcome::Duplicate,
            Offer::Held => Outcome::Held,
            // No room, and asked for later; or numbers that cannot be true, which the sequencer counted.
            Offer::Dropped => Outcome::Refused(DecodeError::BadField { tag: 0, offset: 10 }),
        };
        if whole != u64::from(header.count) {
            return self.cut_short(&header, packet, out);
        }
        self.drain(now, out);
        outcome
    }

    /// Heartbeat or end of session.
    fn on_empty(&mut self, header: &Header, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let now = packet.ts_recv;
        self.sequencer.counters.heartbeats += 1;
        if packet.line != Line::RECOVERY {
            self.sequencer.on_clock(now);
            self.sequencer.on_heartbeat(header.sequence, now);
            self.drain(now, out);
            if header.sequence >= self.sequencer.expected() {
                self.is_current(now, out);
            }
        }
        let session = self.session.as_mut().filter(|session| !session.is_over);
        if let Some(session) = session.filter(|_| header.is_end_of_session()) {
            session.is_over = true;
            self.notice(Notice::SessionEnded);
            out.push(Tick {
                sequence: header.sequence,
                detail: TradingState::Close as u8,
                ..channel_tick(self.channel, Action::Status, now)
            });
        }
        Outcome::Heartbeat
    }

    /// A packet with fewer whole messages than it promises: those that are not whole are missing, as if lost.
    #[cold]
    fn cut_short(&mut self, header: &Header, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let next = header.sequence.saturating_add(u64::from(header.count));
        self.sequencer.on_heartbeat(next, packet.ts_recv);
        self.drain(packet.ts_recv, out);
        self.refuse(packet.bytes.len() + 1, packet.bytes.len())
    }

    #[cold]
    fn refuse(&mut self, need_bytes: usize, have_bytes: usize) -> Outcome {
        let error = DecodeError::Truncated {
            need_bytes: need_bytes as u32,
            have_bytes: have_bytes as u32,
        };
        self.sequencer.counters.refuse(error);
        Outcome::Refused(error)
    }

    /// Follows another session; says whether the packet belongs to the one followed from now on.
    #[cold]
    fn change_session(&mut self, header: &Header, packet: &Packet<'_>, out: &mut Batch) -> bool {
        let now = packet.ts_recv;
        if packet.line == Line::RECOVERY {
            return false;
        }
        let before = match self.session {
            None => None,
            Some(session) => {
                let is_late = session.before.is_some_and(|(id, left)| {
                    id == header.session && now.0.saturating_sub(left.0) < OLD_SESSION_NS
                });
                if is_late {
                    return false;
                }
                // What the old session still holds or misses is settled before it is left.
                self.sequencer.finish(now);
                self.drain(now, out);
                self.sequencer
                    .restart(self.settings.sequencer.first_sequence);
                self.normalizer.restart();
                let sequence = self.settings.sequencer.first_sequence;
                out.push(Tick {
                    sequence,
                    detail: ResetKind::Session as u8,
                    ..channel_tick(self.channel, Action::Reset, now)
                });
                self.notice(Notice::SessionReset { sequence });
                Some((session.id, now))
            }
        };
        self.session = Some(Session {
            id: header.session,
            is_over: false,
            before,
        });
        true
    }

    fn on_file(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let at = At {
            midnight_ns: self.settings.file_midnight_ns,
            ts_recv: RecvTime::UNDEFINED,
            sequence: self.file_sequence,
        };
        let counters = &mut self.sequencer.counters;
        let (done, rest) =
            self.normalizer
                .apply::<true>(at, packet.bytes, 0, u64::MAX, counters, out);
        self.file_sequence += done;
        counters.messages += done;
        counters.first_on_line[usize::from(packet.line.0).min(Line::COUNT_MAX - 1)] += done;
        if rest.is_empty() {
            return Outcome::Applied;
        }
        self.refuse(packet.bytes.len() + 1, packet.bytes.len())
    }

    /// Time and place of the first message of a packet.
    #[inline(always)]
    fn at(&mut self, sequence: u64, ts_recv: RecvTime) -> At {
        if ts_recv.0.wrapping_sub(self.midnight_ns) >= MIDNIGHT_VALID_NS {
            self.midnight_ns = new_york_midnight(ts_recv);
        }
        At {
            midnight_ns: self.midnight_ns,
            ts_recv,
            sequence,
        }
    }

    /// Carries out what is due before a packet that is delivered at once.
    fn carry_out_joins(&mut self, now: RecvTime, out: &mut Batch) {
        while let Some(step) = self.sequencer.poll_before_delivery() {
            self.carry_out(step, now, out);
        }
    }

    /// Carries out every step and sends every request.
    fn drain(&mut self, now: RecvTime, out: &mut Batch) {
        while let Some(step) = self.sequencer.poll() {
            self.carry_out(step, now, out);
        }
        while let Some(request) = self.sequencer.poll_request() {
            let Some(session) = self.session else { break };
            if self.actions.len() < QUEUE_MAX {
                self.actions.push_back(FeedAction::SendDatagram {
                    server: request.server,
                    bytes: moldudp64::request(session.id, request.first, request.count).to_vec(),
                });
            }
        }
    }

    fn carry_out(&mut self, step: Step, now: RecvTime, out: &mut Batch) {
        match step {
            Step::GapOpened { first, count } => {
                out.push(gap_tick(self.channel, GapKind::Open, first, count, now));
                self.notice(Notice::GapOpened { first, count });
            }
            Step::GapLost { first, count } => {
                out.push(gap_tick(self.channel, GapKind::Lost, first, count, now));
                self.notice(Notice::GapLost { first, count });
            }
            Step::Joined { sequence } => {
                let first = self.settings.sequencer.first_sequence;
                let count = sequence.saturating_sub(first);
                out.push(gap_tick(self.channel, GapKind::Joined, first, count, now));
            }
            Step::GapRecovered { first, count } => {
                out.push(recovered_tick(self.channel, first, count, now));
                self.notice(Notice::GapRecovered { first, count });
            }
            Step::Deliver(held) => {
                let at = self.at(held.first, held.ts_recv);
                let counters = &mut self.sequencer.counters;
                self.normalizer
                    .apply::<false>(at, &held.body, held.skip, held.count, counters, out);
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
            && packet.form == Form::Datagram
            && let Some(notice) = self.liveness.on_packet(packet.line, packet.ts_recv)
        {
            self.notice(notice);
        }
    }

    /// The channel is where it should be.
    #[inline(always)]
    fn is_current(&mut self, now: RecvTime, out: &mut Batch) {
        if let Some(alive) = self.liveness.on_current(self.channel, now) {
            out.push(alive);
        }
    }

    /// Whether silence means nothing: the session has ended, or a file is read.
    fn may_be_silent(&self) -> bool {
        self.file_sequence > 1 || self.session.is_some_and(|session| session.is_over)
    }

    fn watch_silence(&mut self, now: RecvTime, out: &mut Batch) {
        if self.may_be_silent() {
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

    fn silence_deadline(&self) -> Option<RecvTime> {
        if self.may_be_silent() {
            None
        } else {
            self.liveness.next_deadline()
        }
    }
}

impl Feed for ItchFeed {
    fn on_packet(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        self.heard(packet);
        match packet.form {
            Form::Datagram => {
                let outcome = self.on_datagram(packet, out);
                if matches!(outcome, Outcome::Applied | Outcome::Held) {
                    self.is_current(packet.ts_recv, out);
                }
                outcome
            }
            Form::FileMessages => self.on_file(packet, out),
            Form::Text | Form::Rest(_) => {
                let error = DecodeError::NotThisProtocol;
                self.sequencer.counters.refuse(error);
                Outcome::Refused(error)
            }
        }
    }

    fn on_clock(&mut self, now: RecvTime, out: &mut Batch) {
        self.sequencer.on_clock(now);
        self.drain(now, out);
        self.watch_silence(now, out);
    }

    fn next_deadline(&self) -> Option<RecvTime> {
        match (self.sequencer.next_deadline(), self.silence_deadline()) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }

    fn on_link(&mut self, event: LinkEvent, now: RecvTime, out: &mut Batch) {
        if let LinkEvent::ServerUnreachable(server) = event {
            self.sequencer.on_server_unreachable(server, now);
            self.drain(now, out);
        }
    }

    fn finish(&mut self, now: RecvTime, out: &mut Batch) {
        self.sequencer.finish(now);
        self.drain(now, out);
    }

    fn poll_action(&mut self) -> Option<FeedAction> {
        self.actions.pop_front()
    }

    fn poll_notice(&mut self) -> Option<Notice> {
        self.notices
            .pop_front()
            .or_else(|| self.normalizer.poll_notice())
    }

    fn counters(&self) -> &FeedCounters {
        &self.sequencer.counters
    }

    fn gaps(&self) -> &[Gap] {
        self.sequencer.ledger()
    }

    fn messages_by_type(&self) -> Vec<(&'static str, u64)> {
        self.normalizer.messages_by_type()
    }
}
