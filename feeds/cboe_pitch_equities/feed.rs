//! One unit of the venue: arbitration and sequencing, and the messages that come out of it in
//! order.

use super::normalize::{At, Normalizer};
use super::settings::Settings;
use crate::contract::{
    Action as FeedAction, Batch, DecodeError, Feed, FeedCounters, FeedSettings, Form, Gap, Line,
    LinkEvent, Notice, Outcome, Packet, SettingFault,
};
use crate::model::time::new_york_midnight;
use crate::model::{Action, ChannelId, GapKind, RecvTime, ResetKind, Tick};
use crate::session::liveness::{channel_tick, gap_tick, recovered_tick};
use crate::session::sequenced_unit::{HEADER_BYTES, Header, whole_count};
use crate::session::sequencer::Step;
use crate::session::{Liveness, Offer, Sequencer};
use std::collections::VecDeque;

/// Shortest day in New York less an hour: within it a cached midnight needs no calendar.
const MIDNIGHT_VALID_NS: u64 = 22 * 3_600_000_000_000;
/// A first message is taken for a late copy this long after the end of a session, in ns.
const OLD_SESSION_NS: u64 = 1_000_000_000;
/// Without an end of session, a first message opens another one after this long without anything
/// new, in ns.
const NEW_SESSION_NS: u64 = 60_000_000_000;
/// Notices kept until they are polled; further ones are dropped, the counters tell.
const NOTICES_MAX: usize = 1_024;

/// One unit of the venue.
pub(super) struct PitchFeed {
    channel: ChannelId,
    settings: Settings,
    liveness: Liveness,
    /// The unit followed; `None` until the first packet where the settings leave it open.
    unit: Option<u8>,
    sequencer: Sequencer,
    normalizer: Normalizer,
    midnight_ns: u64,
    /// When something new came last.
    current_at: RecvTime,
    notices: VecDeque<Notice>,
}

impl PitchFeed {
    /// A channel that has seen nothing.
    ///
    /// # Errors
    /// All faults of the settings at once.
    pub(super) fn new(settings: &FeedSettings) -> Result<PitchFeed, Vec<SettingFault>> {
        let own = Settings::of(settings)?;
        Ok(PitchFeed {
            channel: settings.channel,
            liveness: Liveness::new(settings.line_count, own.silence_ns),
            unit: (own.unit != 0).then_some(own.unit),
            sequencer: Sequencer::new(own.sequencer),
            normalizer: Normalizer::new(settings.channel, &settings.instruments, own.orders_max),
            midnight_ns: u64::MAX,
            current_at: RecvTime(0),
            notices: VecDeque::new(),
            settings: own,
        })
    }

    fn on_datagram(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let Some((header, body)) = Header::split(packet.bytes) else {
            return self.refuse(truncated(HEADER_BYTES, packet.bytes.len()));
        };
        if header.sequence == 0 || header.unit == 0 {
            return self.on_unsequenced(&header);
        }
        if *self.unit.get_or_insert(header.unit) != header.unit {
            // Another unit has a sequence of its own and needs a channel of its own.
            return self.refuse(DecodeError::BadField { tag: 0, offset: 3 });
        }
        self.watch_for_new_session(&header, packet, out);
        if header.is_heartbeat() {
            return self.on_heartbeat(&header, packet, out);
        }
        let now = packet.ts_recv;
        let (first, promised) = (u64::from(header.sequence), u64::from(header.count));
        let at = self.at(first, now);
        if self.sequencer.is_next(first) {
            let counters = &mut self.sequencer.counters;
            let whole = self.normalizer.apply(at, body, 0, promised, counters, out);
            self.sequencer.offer(packet.line, first, whole, &[], now);
            if whole == promised {
                return Outcome::Applied;
            }
            return self.cut_short(&header, packet, out);
        }
        self.sequencer.on_clock(now);
        self.drain(now, out);
        let whole = whole_count(body, header.count);
        let outcome = match self.sequencer.offer(packet.line, first, whole, body, now) {
            Offer::Deliver { skip } => {
                // A stream joined here says so before its first message.
                self.carry_out_joins(now, out);
                let counters = &mut self.sequencer.counters;
                self.normalizer.apply(at, body, skip, whole, counters, out);
                Outcome::Applied
            }
            Offer::Duplicate => Outcome::Duplicate,
            Offer::Held => Outcome::Held,
            // No room, or numbers that cannot be true, which the sequencer counted.
            Offer::Dropped => Outcome::Refused(DecodeError::BadField { tag: 0, offset: 4 }),
        };
        if whole != promised {
            return self.cut_short(&header, packet, out);
        }
        self.drain(now, out);
        outcome
    }

    /// Messages without a number cannot be told from their copies: they are counted, and not
    /// applied.
    #[cold]
    fn on_unsequenced(&mut self, header: &Header) -> Outcome {
        let counters = &mut self.sequencer.counters;
        if header.is_heartbeat() {
            counters.heartbeats += 1;
        } else {
            counters.messages_ignored += u64::from(header.count);
        }
        Outcome::Heartbeat
    }

    fn on_heartbeat(&mut self, header: &Header, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        let (now, next) = (packet.ts_recv, u64::from(header.sequence));
        self.sequencer.counters.heartbeats += 1;
        self.sequencer.on_clock(now);
        self.sequencer.on_heartbeat(next, now);
        self.drain(now, out);
        if next >= self.sequencer.expected() {
            self.is_current(now, out);
        }
        Outcome::Heartbeat
    }

    /// A packet with fewer whole messages than it promises: those that are not whole are missing,
    /// as if lost.
    #[cold]
    fn cut_short(&mut self, header: &Header, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        self.sequencer
            .on_heartbeat(header.next_sequence(), packet.ts_recv);
        self.drain(packet.ts_recv, out);
        let need = usize::from(header.length).max(packet.bytes.len() + 1);
        self.refuse(truncated(need, packet.bytes.len()))
    }

    #[cold]
    fn refuse(&mut self, error: DecodeError) -> Outcome {
        self.sequencer.counters.refuse(error);
        Outcome::Refused(error)
    }

    /// The header names no session. The number 1 is seen again when a day begins: after the end of
    /// the one before, or, where that was missed, after long silence.
    #[inline(always)]
    fn watch_for_new_session(&mut self, header: &Header, packet: &Packet<'_>, out: &mut Batch) {
        let first = self.settings.sequencer.first_sequence;
        if u64::from(header.sequence) == first && self.sequencer.expected() > first {
            self.consider_new_session(packet.ts_recv, out);
        }
    }

    #[cold]
    fn consider_new_session(&mut self, now: RecvTime, out: &mut Batch) {
        let quiet_ns = now.0.saturating_sub(self.current_at.0);
        let needed_ns = if self.normalizer.is_over() {
            OLD_SESSION_NS
        } else {
            NEW_SESSION_NS
        };
        if quiet_ns < needed_ns {
            return;
        }
        // What the old session still holds or misses is settled before it is left.
        self.sequencer.finish(now);
        self.drain(now, out);
        let sequence = self.settings.sequencer.first_sequence;
        self.sequencer.restart(sequence);
        self.normalizer.restart();
        out.push(Tick {
            sequence,
            detail: ResetKind::Session as u8,
            ..channel_tick(self.channel, Action::Reset, now)
        });
        self.notice(Notice::SessionReset { sequence });
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

    /// Carries out every step.
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
                self.normalizer.forget_time();
                out.push(gap_tick(self.channel, GapKind::Lost, first, count, now));
                self.notice(Notice::GapLost { first, count });
            }
            Step::Joined { sequence } => {
                self.normalizer.forget_time();
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
                    .apply(at, &held.body, held.skip, held.count, counters, out);
                self.sequencer.recycle(held);
            }
        }
    }

    fn notice(&mut self, notice: Notice) {
        if self.notices.len() < NOTICES_MAX {
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
        self.current_at = now;
        if let Some(alive) = self.liveness.on_current(self.channel, now) {
            out.push(alive);
        }
    }

    fn watch_silence(&mut self, now: RecvTime, out: &mut Batch) {
        if self.normalizer.is_over() {
            return;
        }
        let notices = &mut self.notices;
        let silent = self.liveness.on_clock(self.channel, now, |notice| {
            if notices.len() < NOTICES_MAX {
                notices.push_back(notice);
            }
        });
        if let Some(silent) = silent {
            out.push(silent);
        }
    }
}

fn truncated(need_bytes: usize, have_bytes: usize) -> DecodeError {
    DecodeError::Truncated {
        need_bytes: need_bytes as u32,
        have_bytes: have_bytes as u32,
    }
}

impl Feed for PitchFeed {
    fn on_packet(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome {
        self.heard(packet);
        if packet.form != Form::Datagram {
            return self.refuse(DecodeError::NotThisProtocol);
        }
        let outcome = self.on_datagram(packet, out);
        if matches!(outcome, Outcome::Applied | Outcome::Held) {
            self.is_current(packet.ts_recv, out);
        }
        outcome
    }

    fn on_clock(&mut self, now: RecvTime, out: &mut Batch) {
        self.sequencer.on_clock(now);
        self.drain(now, out);
        self.watch_silence(now, out);
    }

    fn next_deadline(&self) -> Option<RecvTime> {
        let silence = (!self.normalizer.is_over())
            .then(|| self.liveness.next_deadline())
            .flatten();
        match (self.sequencer.next_deadline(), silence) {
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
