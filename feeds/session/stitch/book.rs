//! One book: from awaiting over joining to following, and back.

use super::apply::{most, take_in};
use super::connections::{LineSet, after};
use super::feed::{Arrival, State};
use super::instruments::fits;
use super::{BookMessage, Chain, Ladders, Level, Origin, Span};
use crate::contract::{Batch, DecodeError, Gap, Line, Notice};
use crate::model::{EventTime, InstrumentId, RecvTime, Side};
use std::collections::VecDeque;

/// Updates kept for a snapshot, a book.
const KEPT_UPDATES_MAX: usize = 4_096;
/// Updates kept of a connection that is ahead of the one that is followed, a book.
const AHEAD_UPDATES_MAX: usize = 1_024;
/// A connection that is followed may be so far behind another one; if it is farther, it does not tell this book at all, ns.
const BEHIND_MAX_NS: u64 = 3_000_000_000;
/// Whole books in a row that are older than the one before them, on its own connection: then its numbers begin anew.
const FALLEN_MAX: u8 = 8;
/// An answer may be on its way for so long, ns.
const LATE_ANSWER_NS: u64 = 15_000_000_000;
/// Missing ranges the ledger names.
const GAPS_MAX: usize = 4_096;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(super) enum Phase {
    #[default]
    Awaiting,
    Joining,
    Following,
}

/// An update that waits for its snapshot.
pub(super) struct Kept {
    span: Span,
    time: EventTime,
    pub(super) arrival: Arrival,
    levels: Box<[Level]>,
    orders: Box<[u64]>,
    checksum: Option<u32>,
    digits: (u8, u8),
}

impl Kept {
    fn of(update: &BookMessage<'_>, arrival: Arrival) -> Kept {
        Kept {
            span: update.span,
            time: update.time,
            arrival,
            levels: update.levels.into(),
            orders: update.orders.into(),
            checksum: update.checksum,
            digits: update.digits,
        }
    }
}

/// A book that stands in when the connection of the one that is told is gone.
struct Standby {
    line: Line,
    time: EventTime,
    ladders: Ladders,
    digits: (u8, u8),
}

/// What is known of one book.
#[derive(Default)]
pub(super) struct Book {
    pub(super) phase: Phase,
    /// Last number that is applied.
    pub(super) last: u64,
    /// Number of the last update it was followed to, and until when a snapshot may not be older than that.
    before: (u64, RecvTime),
    /// When it went back to its beginning.
    lost_at: RecvTime,
    /// Whether an update continued the snapshot already.
    pub(super) is_joined: bool,
    /// Whole books that were older than this one, in a row.
    fallen: u8,
    /// The connection its snapshot came on.
    pub(super) line: Line,
    /// Connections known to have said all that is in the book, or to be about to.
    pub(super) met: LineSet,
    /// Updates that wait for a snapshot; of a book that is followed, those of a connection that has not met it yet.
    pub(super) kept: VecDeque<Kept>,
    /// The same book as another connection tells it, where updates have no numbers.
    standby: Option<Box<Standby>>,
    pub(super) ladders: Option<Box<Ladders>>,
    /// Most digits behind the point of any price and any size since its snapshot: what checksums over texts are computed with.
    pub(super) digits: (u8, u8),
    /// When to ask for a snapshot.
    pub(super) ask_at: Option<RecvTime>,
    /// Not before this.
    pub(super) ask_from: RecvTime,
}

impl Book {
    /// Back to the beginning; whether it was followed.
    pub(super) fn forget(&mut self, at: RecvTime) -> bool {
        self.lost_at = at;
        let was_following = self.phase == Phase::Following;
        self.phase = Phase::Awaiting;
        self.kept.clear();
        self.met = LineSet::default();
        self.standby = None;
        self.fallen = 0;
        self.last = 0;
        self.is_joined = false;
        if let Some(ladders) = &mut self.ladders {
            ladders.clear();
        }
        was_following
    }

    /// Connections of which updates up to a number are kept.
    fn lines_until(&self, last: u64) -> LineSet {
        let early = self.kept.iter().filter(|kept| kept.span.last <= last);
        early.fold(LineSet::default(), |mut lines, kept| {
            lines.insert(kept.arrival.line);
            lines
        })
    }

    /// Whether a connection has the whole book in store.
    pub(super) fn is_carried_by(&self, line: Line) -> bool {
        self.standby
            .as_ref()
            .is_some_and(|other| other.line == line)
    }
}

/// Where an update stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    Next,
    Known,
    /// So many are missing before it.
    Behind(u64),
}

/// Where an update stands behind number `last`. The one that joins a snapshot may begin before it ends.
fn standing(chain: Chain, last: u64, is_joined: bool, span: &Span) -> Standing {
    match chain {
        Chain::Connection => Standing::Next,
        Chain::Rising if span.last > last => Standing::Next,
        Chain::Previous if span.previous == Some(last) => Standing::Next,
        _ if span.last <= last => Standing::Known,
        Chain::Ranges if span.first <= last.saturating_add(1) => Standing::Next,
        Chain::Ranges => Standing::Behind(span.first - last - 1),
        Chain::Previous if !is_joined && span.previous.is_none_or(|before| before <= last) => {
            Standing::Next
        }
        // How many is not to be seen: at least one.
        _ => Standing::Behind(1),
    }
}

impl State {
    pub(super) fn on_book(&mut self, book: &BookMessage<'_>, arrival: Arrival, out: &mut Batch) {
        let Some(index) = self.find(book.symbol) else {
            return;
        };
        if self.is_passed_over(index) {
            return;
        }
        if !book.levels.is_empty() && book.orders.is_empty() == self.is_by_order {
            // Of the venue's other kind of book, as a recording may have it beside.
            self.counters.messages_ignored += 1;
            return;
        }
        if self.origin == Origin::Rest && self.instruments[index].id.is_none() {
            if !book.is_snapshot {
                // The snapshot and what follows it decide together how fine sizes are.
                self.keep(index, book, arrival);
                return;
            }
            let kept = self.instruments[index].book.kept.iter();
            let sizes: Vec<Level> = kept
                .flat_map(|kept| kept.levels.iter())
                .chain(book.levels)
                .copied()
                .collect();
            self.id_of(index, &sizes, arrival.at, out);
        }
        let id = self.id_of(index, book.levels, arrival.at, out);
        if !fits(book.levels, self.instruments[index].size_decimals) {
            self.counters.refuse(DecodeError::NotExact { tag: 0 });
            self.lose_book(index, arrival.at, out);
            return;
        }
        let is_followed = self.instruments[index].book.phase == Phase::Following;
        if self.tells_whole && is_followed {
            self.on_whole(index, id, book, arrival, out);
        } else if book.is_snapshot {
            self.on_snapshot(index, id, book, arrival, out);
        } else {
            self.on_update(index, id, book, arrival, out);
        }
    }

    fn on_update(
        &mut self,
        index: usize,
        id: InstrumentId,
        update: &BookMessage<'_>,
        arrival: Arrival,
        out: &mut Batch,
    ) {
        let (chain, origin) = (self.chain, self.origin);
        let book = &mut self.instruments[index].book;
        if book.phase != Phase::Following {
            if origin == Origin::Rest {
                self.keep(index, update, arrival);
            } else {
                self.counters.messages_ignored += 1;
            }
            return;
        }
        if chain == Chain::Connection {
            if book.line == arrival.line {
                self.apply(index, id, update, arrival, self.flags(), out);
            } else {
                self.on_standby(index, update, arrival);
            }
            return;
        }
        let is_met = book.met.has(arrival.line);
        // Only a connection that is behind the book, or level with it, is known to continue it.
        let is_early = !is_met && !book.met.is_empty();
        match standing(chain, book.last, book.is_joined, &update.span) {
            Standing::Known => {
                if is_early {
                    book.kept.retain(|kept| kept.arrival.line != arrival.line);
                }
                book.met.insert(arrival.line);
                self.counters.messages_ignored += 1;
            }
            _ if is_early => self.keep_early(index, update, arrival, out),
            Standing::Next => {
                book.last = update.span.last;
                book.is_joined = true;
                book.met.insert(arrival.line);
                self.apply(index, id, update, arrival, self.flags(), out);
                if !self.instruments[index].book.kept.is_empty() {
                    self.join_early(index, id, out);
                }
            }
            Standing::Behind(count) => {
                book.met.remove(arrival.line);
                if !book.met.is_empty() {
                    // What this connection left out, the other one may have.
                    self.keep_early(index, update, arrival, out);
                    return;
                }
                let first = book.last + 1;
                self.name_gap(first, count);
                self.lose_book(index, arrival.at, out);
                if origin == Origin::Rest {
                    self.keep(index, update, arrival);
                }
            }
        }
    }

    /// A whole book that follows another one: whichever connection says the newer one first tells it.
    fn on_whole(
        &mut self,
        index: usize,
        id: InstrumentId,
        message: &BookMessage<'_>,
        arrival: Arrival,
        out: &mut Batch,
    ) {
        let book = &mut self.instruments[index].book;
        book.met.insert(arrival.line);
        if message.span.last <= book.last {
            let is_older = message.span.last < book.last && book.line == arrival.line;
            book.fallen = if is_older { book.fallen + 1 } else { 0 };
            if book.fallen < FALLEN_MAX {
                self.counters.messages_ignored += 1;
                return;
            }
        }
        book.fallen = 0;
        book.line = arrival.line;
        book.last = message.span.last;
        self.apply(index, id, message, arrival, self.flags(), out);
    }

    /// Keeps an update of a connection that is ahead of those that are followed.
    #[cold]
    fn keep_early(
        &mut self,
        index: usize,
        update: &BookMessage<'_>,
        arrival: Arrival,
        out: &mut Batch,
    ) {
        self.counters.messages_ignored += 1;
        let book = &mut self.instruments[index].book;
        let first = book.kept.front().map(|first| first.arrival.at);
        if first.is_some_and(|first| arrival.at > after(first, BEHIND_MAX_NS)) {
            book.met = LineSet::default();
            book.kept.push_back(Kept::of(update, arrival));
            self.join_alone(index, arrival.at, out);
            return;
        }
        if book.kept.len() >= AHEAD_UPDATES_MAX {
            // It starts over; the connections that are followed have it all.
            book.kept.clear();
        }
        book.kept.push_back(Kept::of(update, arrival));
    }

    /// Follows a connection from here on whose first updates were ahead, once the book has come up to them.
    #[cold]
    fn join_early(&mut self, index: usize, id: InstrumentId, out: &mut Batch) {
        let chain = self.chain;
        let book = &mut self.instruments[index].book;
        let Some(front) = book.kept.front() else {
            return;
        };
        let joins = match standing(chain, book.last, book.is_joined, &front.span) {
            Standing::Known => true,
            // Where only the order shows, nothing may be missing in between.
            Standing::Next => chain != Chain::Rising,
            Standing::Behind(_) => false,
        };
        if !joins {
            return;
        }
        book.met.insert(front.arrival.line);
        let kept = std::mem::take(&mut book.kept);
        self.apply_kept(index, id, kept, out);
    }

    /// The connections that were followed are gone; what is kept of the other one has to continue the book.
    #[cold]
    pub(super) fn join_alone(&mut self, index: usize, now: RecvTime, out: &mut Batch) {
        let Some(id) = self.instruments[index].id else {
            return;
        };
        if self.chain == Chain::Rising {
            self.lose_book(index, now, out);
            return;
        }
        let kept = std::mem::take(&mut self.instruments[index].book.kept);
        self.apply_kept(index, id, kept, out);
    }

    fn apply_kept(
        &mut self,
        index: usize,
        id: InstrumentId,
        kept: VecDeque<Kept>,
        out: &mut Batch,
    ) {
        for kept in kept {
            let symbol = self.instruments[index].symbol;
            let update = BookMessage {
                symbol: symbol.as_str().as_bytes(),
                is_snapshot: false,
                span: kept.span,
                time: kept.time,
                levels: &kept.levels,
                orders: &kept.orders,
                checksum: kept.checksum,
                digits: kept.digits,
            };
            self.on_update(index, id, &update, kept.arrival, out);
        }
    }

    /// The book as a connection tells it that is not followed.
    fn on_standby(&mut self, index: usize, message: &BookMessage<'_>, arrival: Arrival) {
        self.counters.messages_ignored += 1;
        let (depth, checksum) = (self.depth, self.checksum);
        let book = &mut self.instruments[index].book;
        if message.is_snapshot {
            book.standby = Some(Box::new(Standby {
                line: arrival.line,
                time: message.time,
                ladders: Ladders::default(),
                digits: (0, 0),
            }));
        }
        let Some(standby) = &mut book.standby else {
            return;
        };
        if standby.line != arrival.line {
            return;
        }
        standby.time = message.time;
        standby.digits = most(standby.digits, message.digits);
        let changes = &mut self.changes;
        take_in(&mut standby.ladders, message, false, changes);
        changes.clear();
        if let Some(depth) = depth {
            standby.ladders.trim(depth, |_, _| {});
        }
        if let (Some(sent), Some(compute)) = (message.checksum, checksum)
            && compute(&standby.ladders, standby.digits) != sent
        {
            book.standby = None;
        }
    }

    /// The connection `gone` tells a book no more: the other one's takes its place.
    pub(super) fn leave_connection(&mut self, index: usize, gone: Arrival, out: &mut Batch) {
        let book = &mut self.instruments[index].book;
        if book.is_carried_by(gone.line) {
            book.standby = None;
        }
        if book.line != gone.line {
            return;
        }
        let (Some(standby), Some(id)) = (book.standby.take(), self.instruments[index].id) else {
            self.lose_book(index, gone.at, out);
            return;
        };
        let Standby {
            line,
            time,
            ladders,
            digits,
        } = *standby;
        let (mut orders, levels): (Vec<u64>, Vec<Level>) =
            [(Side::Bid, &ladders.bids), (Side::Ask, &ladders.asks)]
                .into_iter()
                .flat_map(|(side, ladder)| {
                    let entries = ladder.orders_best_first(side);
                    entries.map(move |(id, price, size)| (id, Level { side, price, size }))
                })
                .unzip();
        if !self.is_by_order {
            orders.clear();
        }
        if !fits(&levels, self.instruments[index].size_decimals) {
            self.lose_book(index, gone.at, out);
            return;
        }
        let snapshot = BookMessage {
            symbol: &[],
            is_snapshot: true,
            span: Span::default(),
            time,
            levels: &levels,
            orders: &orders,
            checksum: None,
            digits,
        };
        let arrival = Arrival { line, ..gone };
        self.replace_book(index, id, &snapshot, arrival, out);
    }

    fn keep(&mut self, index: usize, update: &BookMessage<'_>, arrival: Arrival) {
        let book = &mut self.instruments[index].book;
        book.phase = Phase::Joining;
        if book.kept.len() >= KEPT_UPDATES_MAX {
            // A younger snapshot will do without the oldest ones.
            book.kept.pop_front();
            self.counters.rebuild_overflows += 1;
        }
        book.kept.push_back(Kept::of(update, arrival));
        if book.ask_at.is_none_or(|at| at > book.ask_from) {
            let at = arrival.at.max(book.ask_from);
            book.ask_at = Some(at);
            self.ask_at = Some(self.ask_at.map_or(at, |earlier| earlier.min(at)));
        }
    }

    fn on_snapshot(
        &mut self,
        index: usize,
        id: InstrumentId,
        snapshot: &BookMessage<'_>,
        arrival: Arrival,
        out: &mut Batch,
    ) {
        let (chain, origin) = (self.chain, self.origin);
        if self.instruments[index].book.phase == Phase::Following && arrival.by_rest {
            self.hear_audit(index, snapshot, arrival.at);
            self.counters.messages_ignored += 1;
            return;
        }
        let is_any_up = self.connections.iter().any(|one| one.is_up);
        if arrival.by_rest && origin == Origin::Rest && !is_any_up {
            // It was asked for on a connection that is gone: what the next one says does not continue it.
            self.counters.messages_ignored += 1;
            return;
        }
        if arrival.by_rest && origin == Origin::InBand {
            // The question was about a book that is no more.
            self.counters.messages_ignored += 1;
            return;
        }
        let book = &mut self.instruments[index].book;
        if book.phase == Phase::Following && book.line != arrival.line {
            if chain == Chain::Connection {
                self.on_standby(index, snapshot, arrival);
                return;
            }
            // A connection that was followed already and sends the whole book starts over: numbers may begin anew.
            let is_known = !book.met.has(arrival.line) && snapshot.span.last <= book.last;
            if origin == Origin::InBand && is_known {
                book.kept.clear();
                book.met.insert(arrival.line);
            }
            if origin == Origin::Rest || is_known {
                self.counters.messages_ignored += 1;
                return;
            }
        } else if book.phase == Phase::Following && origin == Origin::Rest {
            // A recording has its snapshots among the texts.
            self.counters.messages_ignored += 1;
            return;
        }
        let last = snapshot.span.last;
        // Where a hole does not show, what was asked for before the book was lost says nothing of what was lost with it.
        let is_stale =
            chain == Chain::Rising && arrival.asked_at.is_some_and(|asked| asked <= book.lost_at);
        // An answer from before the book was lost; after a while the venue may have begun anew.
        let is_late = origin == Origin::Rest
            && chain != Chain::Connection
            && last < book.before.0
            && arrival.at < book.before.1;
        if is_stale || is_late {
            self.refuse_snapshot(index, arrival.at);
            return;
        }
        let reaching_back = book.lines_until(last);
        if chain != Chain::Connection {
            book.kept.retain(|kept| kept.span.last > last);
        }
        let is_blind = chain == Chain::Rising && origin == Origin::Rest;
        let begins_late = if is_blind && !reaching_back.is_empty() {
            // Where a hole does not show in the numbers, what a connection says has to reach back to the snapshot.
            book.kept
                .retain(|kept| reaching_back.has(kept.arrival.line));
            false
        } else {
            is_blind && !book.kept.is_empty()
        };
        let continues = |kept: &Kept| standing(chain, last, false, &kept.span) == Standing::Next;
        if begins_late || !book.kept.front().is_none_or(continues) {
            self.refuse_snapshot(index, arrival.at);
            return;
        }
        let kept = std::mem::take(&mut book.kept);
        let was_following = book.phase == Phase::Following;
        let met = match (origin, kept.front()) {
            // What the others said before is in it: they come up to it.
            (Origin::InBand, _) if was_following => book.met,
            (Origin::Rest, _) if is_blind && !reaching_back.is_empty() => reaching_back,
            (Origin::Rest, Some(first)) => LineSet::of(first.arrival.line),
            (Origin::Rest, None) if is_blind => {
                let shard = self.instruments[index].shard;
                let line = self.line_of(shard);
                line.map_or_else(LineSet::default, LineSet::of)
            }
            _ => LineSet::default(),
        };
        self.instruments[index].book.met = met;
        if origin == Origin::InBand {
            self.instruments[index].book.met.insert(arrival.line);
        }
        self.replace_book(index, id, snapshot, arrival, out);
        self.apply_kept(index, id, kept, out);
    }

    #[cold]
    fn refuse_snapshot(&mut self, index: usize, at: RecvTime) {
        self.counters.snapshots_failed += 1;
        self.note(Notice::SnapshotFailed {
            reason: "older than the first update that is kept",
        });
        self.ask_again(index, at);
    }

    /// The book is not to be trusted any more: it waits for a snapshot, which is asked for.
    pub(super) fn lose_book(&mut self, index: usize, at: RecvTime, out: &mut Batch) {
        self.forget_audit(index);
        let book = &mut self.instruments[index].book;
        if book.phase == Phase::Following {
            book.before = (book.last, after(at, LATE_ANSWER_NS));
        }
        let was_following = book.forget(at);
        if self.chain == Chain::Rising {
            // Answers to what was asked until now are not taken.
            book.ask_from = book.ask_from.max(after(at, 1));
        }
        if let (true, Some(id)) = (was_following, self.instruments[index].id) {
            self.counters.resets += 1;
            self.counters.rebuilds += 1;
            out.push(self.reset(id, at));
        }
        self.ask_again(index, at);
    }

    pub(super) fn ask_again(&mut self, index: usize, at: RecvTime) {
        if self.instruments[index].is_delisted {
            return;
        }
        let book = &mut self.instruments[index].book;
        // At once, but never more often than the wait allows.
        let at = at.max(book.ask_from);
        let at = book.ask_at.map_or(at, |earlier| earlier.min(at));
        book.ask_at = Some(at);
        self.ask_at = Some(self.ask_at.map_or(at, |earlier| earlier.min(at)));
    }

    pub(super) fn name_gap(&mut self, first: u64, count: u64) {
        self.counters.gaps_opened += 1;
        self.counters.messages_lost = self.counters.messages_lost.saturating_add(count);
        if self.gaps.len() < GAPS_MAX {
            self.gaps.push(Gap {
                first,
                count,
                recovered: false,
            });
        } else {
            self.counters.ledger_overflow += 1;
        }
        self.note(Notice::GapLost { first, count });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn span(first: u64, last: u64, previous: Option<u64>) -> Span {
        Span {
            first,
            last,
            previous,
        }
    }

    #[track_caller]
    fn check(chain: Chain, is_joined: bool, span: Span, expected: Standing) {
        assert_eq!(standing(chain, 10, is_joined, &span), expected);
    }

    #[test]
    fn ranges_join_over_their_end_and_continue_behind_it() {
        check(Chain::Ranges, false, span(8, 12, None), Standing::Next);
        check(Chain::Ranges, false, span(11, 12, None), Standing::Next);
        check(Chain::Ranges, true, span(11, 11, None), Standing::Next);
        check(Chain::Ranges, true, span(9, 10, None), Standing::Known);
        check(
            Chain::Ranges,
            false,
            span(13, 14, None),
            Standing::Behind(2),
        );
    }

    #[test]
    fn a_named_predecessor_has_to_be_the_last_one() {
        check(
            Chain::Previous,
            true,
            span(11, 15, Some(10)),
            Standing::Next,
        );
        check(Chain::Previous, false, span(9, 15, Some(8)), Standing::Next);
        check(
            Chain::Previous,
            true,
            span(12, 15, Some(11)),
            Standing::Behind(1),
        );
        check(
            Chain::Previous,
            false,
            span(12, 15, Some(11)),
            Standing::Behind(1),
        );
        check(Chain::Previous, true, span(8, 10, Some(7)), Standing::Known);
        // A venue's numbers may fall after maintenance; the chain holds all the same.
        check(Chain::Previous, true, span(3, 3, Some(10)), Standing::Next);
    }

    #[test]
    fn rising_numbers_only_have_to_rise() {
        check(Chain::Rising, true, Span::at(900), Standing::Next);
        check(Chain::Rising, true, Span::at(10), Standing::Known);
    }
}
