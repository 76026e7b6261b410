//! Sequencing of one channel: arbitration between lines, the reorder window, gaps and their recovery.
//!
//! ```text
//!            first packet in order                     window over, servers left
//!  Joining ───────────────────────▶ In order ──hole──▶ Waiting ─────────────────▶ Open ──filled──▶ In order
//!     │                                ▲                  │ filled by a line        │ attempts used up, or no server
//!     └── joined in the middle         └──────────────────┘                         └──▶ Lost ──▶ In order
//! ```
//!
//! Arbitration is by message sequence, never by packet: two lines may group messages differently. The first copy of a
//! message wins, whichever line brings it. A packet that comes too early is copied and held (bounded); a hole that no
//! line fills within the window becomes a gap, is named in the ledger and, where the venue has servers, asked for.
//!
//! Several requests may wait for their answers at once, each with a time of its own: an answer is one datagram, and a gap of
//! many would otherwise take a round trip each. They cover the first holes of the gap, in order. What an answer leaves out, and
//! what is not answered in time, is asked for again. Only the request for the very next message counts towards giving up: as
//! long as that one is answered there is progress.
//!
//! A gap that is given up is given up as a whole: what came out of its middle is delivered between the lost parts, and
//! nothing of it is asked for again.
//!
//! The machine knows no protocol and no clock. The room offers packets, then calls [`Sequencer::poll`] until it is
//! empty and carries each [`Step`] out in that order.
//!
//! Invariants: `expected` never goes back except by [`Sequencer::restart`]; what is held is sorted and does not exceed its
//! bound; once polled empty, what is held begins after `expected` and a gap ends after `expected`; of one session the
//! ledger's ranges are sorted and disjoint, and sum up to `messages_recovered` and `messages_lost`.

use crate::contract::{DecodeError, FeedCounters, Gap, Line};
use crate::model::RecvTime;
use std::collections::VecDeque;

/// Bounds and times of a [`Sequencer`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SequencerSettings {
    /// Number of the first message of a session.
    pub first_sequence: u64,
    /// Servers that answer requests; 0 means what is missing stays missing.
    pub server_count: u8,
    /// How long a hole may be filled by another line or a late packet before it is a gap, in ns.
    pub reorder_window_ns: u64,
    /// Packets kept while a hole is open. Beyond it the newest is dropped (and asked for later) where there is a server,
    /// and an answer from the server takes the place of what lies behind it; without a server the hole is given up when
    /// the last place is taken. At least 1.
    pub held_packets_max: usize,
    /// Most messages asked for in one request.
    pub request_count_max: u64,
    /// Most requests that wait for an answer at once. At least 1.
    pub requests_waiting_max: usize,
    /// Whether an answer may be several packets. What one of them leaves out is awaited until the request's time is over;
    /// otherwise it is asked for at once.
    pub answers_in_parts: bool,
    /// How long an answer may take, in ns.
    pub request_timeout_ns: u64,
    /// Requests for the first message of a gap without an answer before the gap is given up.
    pub request_attempts_max: u32,
    /// A gap of more messages is given up at once: a snapshot is the quicker way.
    pub gap_count_max: u64,
    /// Whether a stream joined in its middle is asked for from its first message.
    pub backfill: bool,
    /// A jump ahead of more messages than this is taken for a damaged header and refused.
    pub jump_max: u64,
}

impl Default for SequencerSettings {
    fn default() -> Self {
        SequencerSettings {
            first_sequence: 1,
            server_count: 0,
            reorder_window_ns: 2_000_000,
            held_packets_max: 4_096,
            request_count_max: 1_024,
            requests_waiting_max: 4,
            answers_in_parts: false,
            request_timeout_ns: 50_000_000,
            request_attempts_max: 10,
            gap_count_max: u64::MAX,
            backfill: true,
            jump_max: 1 << 40,
        }
    }
}

/// What to do with an offered packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Apply its messages except the first `skip`, which are known.
    Deliver {
        /// Messages to skip.
        skip: u64,
    },
    /// Nothing new in it.
    Duplicate,
    /// Copied and kept.
    Held,
    /// No room to keep it, or its numbers cannot be true; counted.
    Dropped,
}

/// What follows from what was offered, in order.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// A gap is declared: from here on nothing of the channel is trustworthy until it is closed.
    GapOpened {
        /// First missing message.
        first: u64,
        /// How many.
        count: u64,
    },
    /// The gap is closed without loss.
    GapRecovered {
        /// First message that was missing.
        first: u64,
        /// How many.
        count: u64,
    },
    /// A range is given up.
    GapLost {
        /// First missing message.
        first: u64,
        /// How many.
        count: u64,
    },
    /// The stream is followed from its middle: what came before `sequence` was never seen.
    Joined {
        /// First message seen.
        sequence: u64,
    },
    /// A held packet is in order now. Give the buffer back with [`Sequencer::recycle`].
    Deliver(HeldPacket),
}

/// A packet that came early.
#[derive(Debug, PartialEq, Eq)]
pub struct HeldPacket {
    /// Number of its first message.
    pub first: u64,
    /// How many messages it has.
    pub count: u64,
    /// Messages of it that are known already.
    pub skip: u64,
    /// When it came.
    pub ts_recv: RecvTime,
    /// What it came on.
    pub line: Line,
    /// The messages.
    pub body: Vec<u8>,
}

/// A range to ask a server for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Request {
    /// Index of the server.
    pub server: u8,
    /// First message.
    pub first: u64,
    /// How many.
    pub count: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    InOrder,
    /// A hole is open; it becomes a gap at this time.
    Waiting {
        until: RecvTime,
    },
    /// Nothing is missing before a held packet: `poll` delivers it.
    Draining,
    /// Declared and asked for.
    Open(OpenGap),
    /// Declared and given up: `poll` delivers what came out of its middle and names the rest as lost.
    GivingUp(OpenGap),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct OpenGap {
    first: u64,
    end: u64,
    /// Start of the part recovered since the last lost part.
    segment_first: u64,
    any_lost: bool,
    /// The gap is what came before we joined.
    is_join: bool,
    /// Requests for the next message since the last progress that nobody answered.
    attempts: u32,
    /// Refusals of it since the last progress.
    refusals: u8,
    /// A request was answered, wholly or in part: ask on once what is held is delivered.
    asks_on: bool,
}

/// A request that waits for its answer, or to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    first: u64,
    end: u64,
    server: u8,
    deadline: RecvTime,
    is_sent: bool,
}

/// Servers that all refuse for no longer than this are waited for, in ns; a gap that would wait longer is given up.
pub const REFUSAL_NS_MAX: u64 = 2_000_000_000;

/// Most entries the gap ledger names; beyond it they are only counted.
pub const LEDGER_ENTRIES_MAX: usize = 65_536;

/// The machine. See the module's head.
#[derive(Debug)]
pub struct Sequencer {
    settings: SequencerSettings,
    /// Next message to deliver; meaningful once joined.
    expected: u64,
    /// One past the highest message known to exist.
    highest: u64,
    joined: bool,
    phase: Phase,
    held: VecDeque<HeldPacket>,
    spare: Vec<Vec<u8>>,
    steps: VecDeque<Step>,
    /// Steps of the queue that come before the packet just delivered.
    steps_before_delivery: usize,
    /// Requests under way: sorted, disjoint, at most `requests_waiting_max`, none without an open gap.
    asked: Vec<Asked>,
    /// Who is asked next.
    server: u8,
    /// Latest time told outside the fast path.
    now: RecvTime,
    /// No more input will come: every hole is given up at once.
    is_finishing: bool,
    ledger: Vec<Gap>,
    /// Totals; the room adds its own.
    pub counters: FeedCounters,
}

impl Sequencer {
    /// A machine that has seen nothing.
    pub fn new(settings: SequencerSettings) -> Sequencer {
        Sequencer {
            settings,
            expected: settings.first_sequence,
            highest: settings.first_sequence,
            joined: false,
            phase: Phase::InOrder,
            held: VecDeque::new(),
            spare: Vec::new(),
            steps: VecDeque::new(),
            steps_before_delivery: 0,
            asked: Vec::new(),
            server: 0,
            now: RecvTime(0),
            is_finishing: false,
            ledger: Vec::new(),
            counters: FeedCounters::default(),
        }
    }

    /// Next message to deliver.
    pub fn expected(&self) -> u64 {
        self.expected
    }

    /// Whether a packet whose first message has this number is delivered as it is: nothing is missing, held or asked for.
    #[inline(always)]
    pub fn is_next(&self, first: u64) -> bool {
        first == self.expected && matches!(self.phase, Phase::InOrder) && self.joined
    }

    /// Whether anything was seen of this session.
    pub fn is_joined(&self) -> bool {
        self.joined
    }

    /// Whether a declared gap is open.
    pub fn is_gap_open(&self) -> bool {
        matches!(self.phase, Phase::Open(_) | Phase::GivingUp(_))
    }

    /// Packets kept now; never more than [`SequencerSettings::held_packets_max`].
    pub fn held_count(&self) -> usize {
        self.held.len()
    }

    /// Every declared gap so far; parts of an open one appear when it is closed.
    pub fn ledger(&self) -> &[Gap] {
        &self.ledger
    }

    /// Decides on a packet of `count` messages whose first has number `first`. `body` is copied only if it must be held.
    #[inline]
    pub fn offer(
        &mut self,
        line: Line,
        first: u64,
        count: u64,
        body: &[u8],
        ts_recv: RecvTime,
    ) -> Offer {
        if self.is_next(first) {
            let Some(end) = first.checked_add(count) else {
                return self.refuse();
            };
            self.advance(line, end, count);
            return Offer::Deliver { skip: 0 };
        }
        self.offer_out_of_order(line, first, count, body, ts_recv)
    }

    fn offer_out_of_order(
        &mut self,
        line: Line,
        first: u64,
        count: u64,
        body: &[u8],
        ts_recv: RecvTime,
    ) -> Offer {
        self.now = ts_recv;
        let Some(end) = first.checked_add(count) else {
            return self.refuse();
        };
        if !self.joined {
            self.join(first);
        }
        if end <= self.expected {
            self.counters.packets_duplicate += 1;
            return Offer::Duplicate;
        }
        if end - self.expected > self.settings.jump_max {
            return self.refuse();
        }
        if first <= self.expected {
            let skip = self.expected - first;
            self.steps_before_delivery = self.steps.len();
            self.advance(line, end, count - skip);
            self.answered(line, first, end);
            self.after_progress();
            return Offer::Deliver { skip };
        }
        let offer = self.hold(line, first, count, body, ts_recv);
        if offer == Offer::Held {
            self.answered(line, first, end);
        }
        self.highest = self.highest.max(end);
        if self.phase == Phase::InOrder {
            self.wait(ts_recv);
        }
        let is_full = self.held.len() >= self.settings.held_packets_max;
        let is_waiting = matches!(self.phase, Phase::Waiting { .. });
        if is_full && is_waiting && self.settings.server_count == 0 {
            self.declare(false);
        }
        offer
    }

    /// Numbers that cannot be true.
    fn refuse(&mut self) -> Offer {
        self.counters
            .refuse(DecodeError::BadField { tag: 0, offset: 0 });
        Offer::Dropped
    }

    /// Takes the next sequence number as a heartbeat states it: reveals what is missing at the end.
    pub fn on_heartbeat(&mut self, next: u64, now: RecvTime) {
        self.now = now;
        if !self.joined {
            self.join(next);
        }
        if next > self.highest && next - self.expected <= self.settings.jump_max {
            self.highest = next;
        }
        if self.expected < self.highest && self.phase == Phase::InOrder {
            self.wait(now);
        }
    }

    /// Takes the time.
    pub fn on_clock(&mut self, now: RecvTime) {
        self.now = now;
        match self.phase {
            Phase::Waiting { until } if now >= until => self.declare(false),
            Phase::Open(_) => self.retry(|asked| now >= asked.deadline),
            _ => {}
        }
    }

    /// When [`Sequencer::on_clock`] has something to do.
    pub fn next_deadline(&self) -> Option<RecvTime> {
        match self.phase {
            Phase::InOrder | Phase::Draining | Phase::GivingUp(_) => None,
            Phase::Waiting { until } => Some(until),
            Phase::Open(_) => self.asked.iter().map(|asked| asked.deadline).min(),
        }
    }

    /// A server cannot be reached: asks the next one at once. Where there is no other, requests are repeated at their time.
    pub fn on_server_unreachable(&mut self, server: u8, now: RecvTime) {
        self.now = now;
        if self.settings.server_count > 1 {
            self.retry(|asked| asked.server == server);
        }
    }

    /// A server refuses what it was asked for `first`, and anything for another `rest_ns`; 0 where that would be granted.
    /// The next server is asked. Where every server refused, the gap is given up, unless one of them may soon grant it.
    ///
    /// Only the request for the very next message counts; the others wait out their time.
    pub fn on_refused(&mut self, server: u8, first: u64, rest_ns: u64, now: RecvTime) {
        self.now = now;
        let Phase::Open(mut gap) = self.phase else {
            return;
        };
        let is_it =
            |asked: &Asked| asked.server == server && (asked.first..asked.end).contains(&first);
        let Some(index) = self.asked.iter().position(is_it) else {
            return;
        };
        if self.asked[index].first > self.expected {
            return;
        }
        gap.refusals = gap.refusals.saturating_add(1);
        let is_by_all = gap.refusals >= self.settings.server_count;
        if is_by_all {
            gap.refusals = 0;
            gap.attempts += 1;
            let is_soon = (1..=REFUSAL_NS_MAX).contains(&rest_ns);
            if !is_soon || gap.attempts >= self.settings.request_attempts_max {
                self.give_up(gap);
                return;
            }
            self.asked[index].deadline = RecvTime(now.0.saturating_add(rest_ns));
            self.phase = Phase::Open(gap);
            return;
        }
        self.phase = Phase::Open(gap);
        self.server = (server + 1) % self.settings.server_count.max(1);
        self.asked.remove(index);
        self.ask();
    }

    /// Whether the answer to this request is still waited for.
    pub fn is_asked(&self, request: &Request) -> bool {
        let end = request.first.saturating_add(request.count);
        let is_it = |asked: &Asked| asked.server == request.server && asked.first == request.first;
        self.asked
            .iter()
            .any(|asked| is_it(asked) && asked.end == end)
    }

    /// No more input: gives up what is missing, now and behind what is held.
    pub fn finish(&mut self, now: RecvTime) {
        self.now = now;
        self.is_finishing = true;
        match self.phase {
            Phase::Waiting { .. } => self.declare(false),
            Phase::Open(gap) => self.give_up(gap),
            Phase::InOrder | Phase::Draining | Phase::GivingUp(_) => {}
        }
    }

    /// A new session, or the same one from `first` again. Everything held or open is dropped.
    ///
    /// What is missing or held then is entered in the ledger as lost, without a step: the reset says more.
    pub fn restart(&mut self, first: u64) {
        if let Phase::Open(gap) | Phase::GivingUp(gap) = self.phase {
            self.enter(gap.segment_first, self.expected, true);
        }
        self.enter(self.expected, self.highest, false);
        self.phase = Phase::InOrder;
        while let Some(packet) = self.held.pop_front() {
            self.recycle(packet);
        }
        self.steps.clear();
        self.steps_before_delivery = 0;
        self.asked.clear();
        self.is_finishing = false;
        self.joined = false;
        self.expected = first;
        self.highest = first;
        self.counters.resets += 1;
    }

    /// Next step that comes before the packet [`Sequencer::offer`] just said to deliver.
    pub fn poll_before_delivery(&mut self) -> Option<Step> {
        self.steps_before_delivery = self.steps_before_delivery.checked_sub(1)?;
        self.steps.pop_front()
    }

    /// Next step, oldest first.
    pub fn poll(&mut self) -> Option<Step> {
        self.steps_before_delivery = 0;
        loop {
            if let Some(step) = self.steps.pop_front() {
                return Some(step);
            }
            if let Some(packet) = self.pop_in_order() {
                return Some(Step::Deliver(packet));
            }
            match self.phase {
                Phase::GivingUp(gap) => self.lose_part(gap),
                Phase::Open(gap) if gap.asks_on || self.asked.is_empty() => {
                    self.ask();
                    return None;
                }
                _ => return None,
            }
        }
    }

    /// The first held packet, if nothing is missing before it and something in it is new.
    fn pop_in_order(&mut self) -> Option<HeldPacket> {
        self.drop_known();
        let mut packet = self.held.pop_front_if(|head| head.first <= self.expected)?;
        let end = packet.first + packet.count;
        packet.skip = self.expected - packet.first;
        self.advance(packet.line, end, packet.count - packet.skip);
        self.after_progress();
        Some(packet)
    }

    /// Forgets held packets that other ones covered.
    fn drop_known(&mut self) {
        let expected = self.expected;
        let is_known = |head: &mut HeldPacket| head.first + head.count <= expected;
        while let Some(packet) = self.held.pop_front_if(is_known) {
            self.counters.packets_duplicate += 1;
            self.recycle(packet);
        }
    }

    /// Takes a delivered packet's buffer back.
    pub fn recycle(&mut self, packet: HeldPacket) {
        const SPARE_MAX: usize = 64;
        if self.spare.len() < SPARE_MAX {
            let mut body = packet.body;
            body.clear();
            self.spare.push(body);
        }
    }

    /// Next request to send.
    pub fn poll_request(&mut self) -> Option<Request> {
        let asked = self.asked.iter_mut().find(|asked| !asked.is_sent)?;
        asked.is_sent = true;
        self.counters.requests += 1;
        Some(Request {
            server: asked.server,
            first: asked.first,
            count: asked.end - asked.first,
        })
    }

    fn advance(&mut self, line: Line, end: u64, fresh: u64) {
        self.expected = end;
        self.highest = self.highest.max(end);
        self.counters.messages += fresh;
        let line = usize::from(line.0).min(Line::COUNT_MAX - 1);
        self.counters.first_on_line[line] += fresh;
    }

    fn join(&mut self, first: u64) {
        self.joined = true;
        if first <= self.settings.first_sequence {
            return;
        }
        self.highest = first;
        if self.settings.backfill && self.settings.server_count > 0 {
            self.declare(true);
        } else {
            self.expected = first;
            self.steps.push_back(Step::Joined { sequence: first });
        }
    }

    fn wait(&mut self, since: RecvTime) {
        let until = RecvTime(since.0.saturating_add(self.settings.reorder_window_ns));
        self.phase = Phase::Waiting { until };
    }

    /// One past the last message of the hole that begins at `expected`.
    fn hole_end(&self, end: u64) -> u64 {
        self.held.front().map_or(end, |head| head.first.min(end))
    }

    fn declare(&mut self, is_join: bool) {
        let (first, end) = (self.expected, self.hole_end(self.highest));
        self.counters.gaps_opened += 1;
        let gap = OpenGap {
            first,
            end,
            segment_first: first,
            any_lost: false,
            is_join,
            attempts: 0,
            refusals: 0,
            asks_on: false,
        };
        let is_too_much = end - first > self.settings.gap_count_max;
        if self.settings.server_count == 0 || self.is_finishing || is_too_much {
            self.give_up(gap);
            return;
        }
        let count = end - first;
        self.steps.push_back(Step::GapOpened { first, count });
        self.phase = Phase::Open(gap);
        self.ask();
    }

    /// Asks for the first holes of the open gap that nobody was asked for, as many as requests may wait.
    fn ask(&mut self) {
        let Phase::Open(mut gap) = self.phase else {
            return;
        };
        gap.asks_on = false;
        self.phase = Phase::Open(gap);
        let deadline = self.now.0.saturating_add(self.settings.request_timeout_ns);
        let count_max = self.settings.request_count_max.max(1);
        let (mut at, mut held, mut next) = (self.expected, 0, 0);
        while at < gap.end && self.asked.len() < self.settings.requests_waiting_max.max(1) {
            // What is known or asked for already is stepped over; both are sorted.
            if let Some(packet) = self.held.get(held).filter(|packet| packet.first <= at) {
                at = at.max(packet.first + packet.count);
                held += 1;
                continue;
            }
            if let Some(asked) = self.asked.get(next).filter(|asked| asked.first <= at) {
                at = at.max(asked.end);
                next += 1;
                continue;
            }
            let mut end = gap.end.min(at.saturating_add(count_max));
            if let Some(packet) = self.held.get(held) {
                end = end.min(packet.first);
            }
            if let Some(asked) = self.asked.get(next) {
                end = end.min(asked.first);
            }
            let asked = Asked {
                first: at,
                end,
                server: self.server,
                deadline: RecvTime(deadline),
                is_sent: false,
            };
            self.asked.insert(next, asked);
        }
    }

    /// Requests that `is_due` picks had no answer that helped: asks again, and another server.
    fn retry(&mut self, is_due: impl Fn(&Asked) -> bool) {
        let Phase::Open(mut gap) = self.phase else {
            return;
        };
        let Some(due) = self.asked.iter().find(|asked| is_due(asked)).copied() else {
            return;
        };
        if due.first <= self.expected {
            gap.attempts += 1;
            if gap.attempts >= self.settings.request_attempts_max {
                self.give_up(gap);
                return;
            }
            self.phase = Phase::Open(gap);
        }
        self.server = (due.server + 1) % self.settings.server_count.max(1);
        self.asked.retain(|asked| !is_due(asked));
        self.ask();
    }

    /// Something new came: the requests it answers wait no longer. What they still lack is asked for anew.
    fn answered(&mut self, line: Line, first: u64, end: u64) {
        if line != Line::RECOVERY {
            return;
        }
        let Phase::Open(gap) = &mut self.phase else {
            return;
        };
        gap.asks_on = true;
        if !self.settings.answers_in_parts {
            self.asked
                .retain(|asked| end <= asked.first || asked.end <= first);
            return;
        }
        let until = self.now.0.saturating_add(self.settings.request_timeout_ns);
        self.asked.retain_mut(|asked| {
            if end <= asked.first || asked.end <= first {
                return true;
            }
            asked.deadline = RecvTime(until);
            if first <= asked.first {
                asked.first = end;
            } else if asked.end <= end {
                asked.end = first;
            }
            asked.first < asked.end
        });
    }

    /// `expected` moved: closes what is closed.
    fn after_progress(&mut self) {
        match self.phase {
            Phase::Open(gap) | Phase::GivingUp(gap) if self.expected >= gap.end => self.close(gap),
            Phase::Open(mut gap) => {
                gap.attempts = 0;
                gap.refusals = 0;
                self.phase = Phase::Open(gap);
                let expected = self.expected;
                self.asked.retain(|asked| asked.end > expected);
            }
            Phase::GivingUp(_) => {}
            Phase::Waiting { .. } | Phase::InOrder | Phase::Draining => self.settle(),
        }
    }

    fn close(&mut self, gap: OpenGap) {
        self.enter(gap.segment_first, gap.end, true);
        if !gap.any_lost {
            let (first, count) = (gap.first, gap.end - gap.first);
            self.steps.push_back(Step::GapRecovered { first, count });
        }
        self.asked.clear();
        self.settle();
    }

    /// Chooses the phase by what is missing now.
    fn settle(&mut self) {
        self.drop_known();
        self.phase = Phase::InOrder;
        if self.expected >= self.highest {
            return;
        }
        if self.hole_end(self.highest) <= self.expected {
            self.phase = Phase::Draining;
            return;
        }
        if self.is_finishing {
            self.declare(false);
            return;
        }
        // The hole may be older than this moment: its window began when the first packet behind it came.
        let came = self.held.iter().map(|packet| packet.ts_recv);
        let since = came.min().map_or(self.now, |came| came.min(self.now));
        self.wait(since);
    }

    /// Gives up a gap; `poll` carries it out.
    fn give_up(&mut self, gap: OpenGap) {
        self.asked.clear();
        self.phase = Phase::GivingUp(gap);
    }

    /// Names the next lost part of a gap that is given up.
    fn lose_part(&mut self, mut gap: OpenGap) {
        let end = self.hole_end(gap.end);
        let (first, count) = (self.expected, end - self.expected);
        self.enter(gap.segment_first, first, true);
        self.enter(first, end, false);
        if gap.is_join && first == self.settings.first_sequence {
            self.steps.push_back(Step::Joined { sequence: end });
        } else {
            self.steps.push_back(Step::GapLost { first, count });
        }
        self.expected = end;
        gap.segment_first = end;
        gap.any_lost = true;
        self.phase = Phase::GivingUp(gap);
        if end >= gap.end {
            self.settle();
        }
    }

    /// Enters a closed range in the ledger.
    fn enter(&mut self, first: u64, end: u64, recovered: bool) {
        let count = end.saturating_sub(first);
        if count == 0 {
            return;
        }
        if recovered {
            self.counters.messages_recovered += count;
        } else {
            self.counters.messages_lost = self.counters.messages_lost.saturating_add(count);
        }
        if self.ledger.len() == LEDGER_ENTRIES_MAX {
            self.counters.ledger_overflow += 1;
            return;
        }
        self.ledger.push(Gap {
            first,
            count,
            recovered,
        });
    }

    fn hold(
        &mut self,
        line: Line,
        first: u64,
        count: u64,
        body: &[u8],
        ts_recv: RecvTime,
    ) -> Offer {
        let end = first + count;
        let index = self.held.partition_point(|held| held.first < first);
        let covered = |held: &HeldPacket| held.first <= first && held.first + held.count >= end;
        let before = index
            .checked_sub(1)
            .and_then(|before| self.held.get(before));
        if before.is_some_and(covered) || self.held.get(index).is_some_and(covered) {
            self.counters.packets_duplicate += 1;
            return Offer::Duplicate;
        }
        if self.held.len() >= self.settings.held_packets_max && !self.make_room(line, first) {
            return Offer::Dropped;
        }
        let mut copy = self.spare.pop().unwrap_or_default();
        copy.extend_from_slice(body);
        self.held.insert(
            index,
            HeldPacket {
                first,
                count,
                skip: 0,
                ts_recv,
                line,
                body: copy,
            },
        );
        self.counters.packets_held += 1;
        Offer::Held
    }

    /// Drops what is held behind an answer, so that the answer can be kept; false where there is nothing.
    fn make_room(&mut self, line: Line, first: u64) -> bool {
        if line != Line::RECOVERY {
            return false;
        }
        match self.held.pop_back_if(|newest| newest.first > first) {
            Some(newest) => {
                self.recycle(newest);
                true
            }
            None => false,
        }
    }
}
