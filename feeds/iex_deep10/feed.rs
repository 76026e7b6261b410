//! From packet to tick: session, arbitration, restarts, silence.

use super::normalize::{At, Normalizer};
use super::settings::Settings;
use super::{PROTOCOL, not_this_protocol};
use crate::contract::{
    Action as FeedAction, Batch, DecodeError, Feed, FeedCounters, FeedSettings, Form, Gap, Line,
    LinkEvent, Notice, Outcome, Packet, SettingFault,
};
use crate::model::{Action, ChannelId, GapKind, RecvTime, ResetKind, SendTime, Tick};
use crate::session::iextp::{self, Header};
use crate::session::liveness::{channel_tick, gap_tick, recovered_tick};
use crate::session::sequencer::Step;
use crate::session::{Liveness, Offer, Sequencer};
use std::collections::VecDeque;

/// Notices kept until they are polled; further ones are dropped, the counters tell.
const QUEUE_MAX: usize = 1_024;
/// The session the channel follows.
#[derive(Clone, Copy, Debug)]
struct Session {
    id: u32,
    channel: u32,
    /// Newest send time seen in it, ns.
    newest_ns: u64,
    /// The one before.
    before: Option<u32>,
}

/// One channel of the venue.
pub(super) struct DeepFeed {
    channel: ChannelId,
    settings: Settings,
    liveness: Liveness,
    session: Option<Session>,
    sequencer: Sequencer,
    normalizer: Normalizer,
    notices: VecDeque<Notice>,
}

impl DeepFeed {
    /// A channel that has seen nothing.
    ///
    /// # Errors
    /// All faults of the settings at once.
    pub(super) fn new(settings: &FeedSettings) -> Result<DeepFeed, Vec<SettingFault>> {
        let own = Settings::of(settings)?;
        Ok(DeepFeed {
            channel: settings.channel,
            liveness: Liveness::new(settings.line_count, own.silence_ns),
            session: None,
            sequencer: Sequencer::new(own.sequencer),
            normalizer: Normalizer::new(settings.channel, &settings.instruments),
            notices: VecDeque::new(),
            settings: own,
        })
    }

    fn on_datagram(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let (header, body) = match Header::split(packet.bytes) {
            Some((header, body)) if header.protocol == PROTOCOL => (header, body),
            _ => return self.refuse(not_this_protocol(packet.bytes)),
        };
        let now = packet.ts_recv;
        match self.session {
            Some(session) if session.id == header.session => {
                if session.channel != header.channel {
                    return self.refuse(DecodeError::NotThisProtocol);
                }
                let is_newer = header.send_time_ns > session.newest_ns;
                let is_start = header.sequence == 1 && header.stream_offset == 0;
                if is_start && is_newer && self.sequencer.expected() > 1 {
                    self.start_anew(ResetKind::Sequence, now, out);
                }
            }
            _ => {
                if !self.change_session(&header, now, out) {
                    self.sequencer.counters.packets_duplicate += 1;
                    return Outcome::Duplicate;
                }
            }
        }
        if let Some(session) = &mut self.session {
            session.newest_ns = session.newest_ns.max(header.send_time_ns);
        }
        let at = At {
            ts_recv: now,
            sent: SendTime(header.send_time_ns),
            sequence: header.sequence,
        };
        if !self.sequencer.is_next(header.sequence) {
            self.sequencer.on_clock(now);
            self.drain(now, out);
        }
        if header.is_heartbeat() {
            self.sequencer.counters.heartbeats += 1;
            self.sequencer.on_heartbeat(header.sequence, now);
            self.drain(now, out);
            if header.sequence >= self.sequencer.expected() {
                self.is_current(now, out);
            }
            return Outcome::Heartbeat;
        }
        let whole = iextp::whole_count(body, header.count);
        let offer = self
            .sequencer
            .offer(packet.line, header.sequence, whole, body, now);
        let outcome = match offer {
            Offer::Deliver { skip } => {
                // A stream joined here says so before its first message.
                while let Some(step) = self.sequencer.poll_before_delivery() {
                    self.carry_out(step, now, out);
                }
                let counters = &mut self.sequencer.counters;
                self.normalizer.apply(at, body, skip, whole, counters, out);
                Outcome::Applied
            }
            Offer::Duplicate => Outcome::Duplicate,
            Offer::Held | Offer::Dropped => Outcome::Held,
        };
        if whole != u64::from(header.count) {
            return self.cut_short(&header, packet, out);
        }
        self.drain(now, out);
        outcome
    }

    /// A packet with fewer whole messages than it promises: those that are not whole are missing, as if lost.
    #[cold]
    fn cut_short(&mut self, header: &Header, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let next = header.sequence.saturating_add(u64::from(header.count));
        self.sequencer.on_heartbeat(next, packet.ts_recv);
        self.drain(packet.ts_recv, out);
        self.refuse(DecodeError::Truncated {
            need_bytes: packet.bytes.len() as u32 + 1,
            have_bytes: packet.bytes.len() as u32,
        })
    }

    #[cold]
    fn refuse(&mut self, error: DecodeError) -> Outcome {
        self.sequencer.counters.refuse(error);
        Outcome::Refused(error)
    }

    /// Follows another session; `false` when the packet is a late one of the session before.
    #[cold]
    fn change_session(&mut self, header: &Header, now: RecvTime, out: &mut Batch) -> bool {
        if let Some(session) = self.session {
            let is_late =
                session.before == Some(header.session) && header.send_time_ns <= session.newest_ns;
            if is_late {
                return false;
            }
            self.start_anew(ResetKind::Session, now, out);
        }
        self.session = Some(Session {
            id: header.session,
            channel: header.channel,
            newest_ns: header.send_time_ns,
            before: self.session.map(|session| session.id),
        });
        true
    }

    /// The sequence begins again at 1. What the old one still holds or misses is settled before.
    #[cold]
    fn start_anew(&mut self, kind: ResetKind, now: RecvTime, out: &mut Batch) {
        self.sequencer.finish(now);
        self.drain(now, out);
        let sequence = self.settings.sequencer.first_sequence;
        self.sequencer.restart(sequence);
        self.normalizer.restart();
        out.push(Tick {
            sequence,
            detail: kind as u8,
            ..channel_tick(self.channel, Action::Reset, now)
        });
        self.notice(Notice::SessionReset { sequence });
    }

    /// Carries out every step. There is nobody to ask for what is missing.
    fn drain(&mut self, now: RecvTime, out: &mut Batch) {
        while let Some(step) = self.sequencer.poll() {
            self.carry_out(step, now, out);
        }
    }

    fn carry_out(&mut self, step: Step, now: RecvTime, out: &mut Batch) {
        match step {
            Step::GapOpened { first, count } => {
                out.push(gap_tick(self.channel, GapKind::Open, first, count, now));
                self.notice(Notice::GapOpened { first, count });
            }
            Step::GapLost { first, count } => {
                self.normalizer.close_event();
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
                // The send time is in the header, which is not kept.
                let at = At {
                    ts_recv: held.ts_recv,
                    sent: SendTime::UNDEFINED,
                    sequence: held.first,
                };
                let counters = &mut self.sequencer.counters;
                self.normalizer
                    .apply(at, &held.body, held.skip, held.count, counters, out);
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

    /// Whether silence means nothing: the session has ended.
    fn may_be_silent(&self) -> bool {
        self.normalizer.is_over()
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

impl Feed for DeepFeed {
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
            Form::FileMessages | Form::Text | Form::Rest(_) => {
                self.refuse(DecodeError::NotThisProtocol)
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

    fn on_link(&mut self, _: LinkEvent, _: RecvTime, _: &mut Batch) {}

    fn finish(&mut self, now: RecvTime, out: &mut Batch) {
        self.sequencer.finish(now);
        self.drain(now, out);
    }

    fn poll_action(&mut self) -> Option<FeedAction> {
        None
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
