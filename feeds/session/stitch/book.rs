//! One book: from awaiting over joining to following, and back.

use super::feed::{Arrival, State};
use super::instruments::fits;
use super::{BookMessage, Chain, Ladders, Level, Origin, Span};
use crate::contract::{Batch, DecodeError, Gap, Line, Notice};
use crate::model::{Action, EventTime, Flags, InstrumentId, Price, RecvTime, Side, Size, Tick};
use crate::session::text::Number;
use std::collections::VecDeque;

/// Updates kept for a snapshot, a book.
const KEPT_UPDATES_MAX: usize = 4_096;
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
struct Kept {
    span: Span,
    time: EventTime,
    arrival: Arrival,
    levels: Box<[Level]>,
    checksum: Option<u32>,
    digits: (u8, u8),
}

/// What is known of one book.
#[derive(Default)]
pub(super) struct Book {
    pub(super) phase: Phase,
    /// Last number that is applied.
    last: u64,
    /// Whether an update continued the snapshot already.
    is_joined: bool,
    /// The connection its snapshot came on.
    pub(super) line: Line,
    kept: VecDeque<Kept>,
    pub(super) ladders: Option<Box<Ladders>>,
    /// When to ask for a snapshot.
    pub(super) ask_at: Option<RecvTime>,
    /// Not before this.
    pub(super) ask_from: RecvTime,
}

impl Book {
    /// Back to the beginning; whether it was followed.
    pub(super) fn forget(&mut self) -> bool {
        let was_following = self.phase == Phase::Following;
        self.phase = Phase::Awaiting;
        self.kept.clear();
        self.last = 0;
        self.is_joined = false;
        if let Some(ladders) = &mut self.ladders {
            ladders.clear();
        }
        was_following
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
        if self.instruments[index].is_too_fine {
            self.counters.values_left_out += 1;
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
        if book.is_snapshot {
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
        if chain == Chain::Connection && book.line != arrival.line {
            self.counters.messages_ignored += 1;
            return;
        }
        match standing(chain, book.last, book.is_joined, &update.span) {
            Standing::Next => {
                book.last = update.span.last;
                book.is_joined = true;
                self.apply(index, id, update, arrival, Flags::MBP, out);
            }
            Standing::Known => self.counters.messages_ignored += 1,
            Standing::Behind(count) => {
                let first = book.last + 1;
                self.name_gap(first, count);
                self.lose_book(index, arrival.at, out);
                if origin == Origin::Rest {
                    self.keep(index, update, arrival);
                }
            }
        }
    }

    fn keep(&mut self, index: usize, update: &BookMessage<'_>, arrival: Arrival) {
        let book = &mut self.instruments[index].book;
        book.phase = Phase::Joining;
        if book.kept.len() >= KEPT_UPDATES_MAX {
            // A younger snapshot will do without the oldest ones.
            book.kept.pop_front();
            self.counters.rebuild_overflows += 1;
        }
        book.kept.push_back(Kept {
            span: update.span,
            time: update.time,
            arrival,
            levels: update.levels.into(),
            checksum: update.checksum,
            digits: update.digits,
        });
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
        if origin == Origin::Rest && !self.is_any_up() {
            // It was asked for on a connection that is gone: what the next one says does not continue it.
            self.counters.messages_ignored += 1;
            return;
        }
        let book = &mut self.instruments[index].book;
        let is_known = book.phase == Phase::Following
            && (origin == Origin::Rest
                || (chain != Chain::Connection
                    && book.line != arrival.line
                    && snapshot.span.last <= book.last));
        if is_known {
            self.counters.messages_ignored += 1;
            return;
        }
        let last = snapshot.span.last;
        // Where a hole does not show in the numbers, what is heard has to reach back to the snapshot.
        let begins_late = chain == Chain::Rising
            && origin == Origin::Rest
            && book.kept.front().is_some_and(|kept| kept.span.last > last);
        if chain != Chain::Connection {
            while book.kept.front().is_some_and(|kept| kept.span.last <= last) {
                book.kept.pop_front();
            }
        }
        let continues = |kept: &Kept| standing(chain, last, false, &kept.span) == Standing::Next;
        if begins_late || !book.kept.front().is_none_or(continues) {
            self.counters.snapshots_failed += 1;
            self.note(Notice::SnapshotFailed {
                reason: "older than the first update that is kept",
            });
            self.ask_again(index, arrival.at);
            return;
        }
        book.phase = Phase::Following;
        book.last = last;
        book.is_joined = false;
        book.line = arrival.line;
        book.ask_at = None;
        let kept = std::mem::take(&mut book.kept);
        if let Some(ladders) = &mut book.ladders {
            ladders.clear();
        }
        self.counters.snapshots_applied += 1;
        let flags = Flags::MBP.with(Flags::SNAPSHOT);
        let is_empty = snapshot.levels.is_empty();
        out.push(Tick {
            sequence: last,
            flags: if is_empty {
                flags.with(Flags::LAST)
            } else {
                flags
            },
            ..self.tick(Action::Clear, id, snapshot.time, arrival.at)
        });
        self.apply(index, id, snapshot, arrival, flags, out);
        for kept in kept {
            let symbol = self.instruments[index].symbol;
            let update = BookMessage {
                symbol: symbol.as_str().as_bytes(),
                is_snapshot: false,
                span: kept.span,
                time: kept.time,
                levels: &kept.levels,
                checksum: kept.checksum,
                digits: kept.digits,
            };
            self.on_update(index, id, &update, kept.arrival, out);
        }
    }

    /// Tells levels that continue the book, unless they contradict the venue's own checksum.
    fn apply(
        &mut self,
        index: usize,
        id: InstrumentId,
        message: &BookMessage<'_>,
        arrival: Arrival,
        flags: Flags,
        out: &mut Batch,
    ) {
        let decimals = self.instruments[index].size_decimals;
        let mut pending: Option<Tick> = None;
        let blank = Tick {
            sequence: message.span.last,
            flags,
            ..self.tick(Action::Level, id, message.time, arrival.at)
        };
        if self.instruments[index].book.ladders.is_some() || self.keeps_ladders {
            self.dropped.clear();
            let is_right = self.keep_ladders(index, message);
            if !is_right {
                self.counters.instrument_gaps += 1;
                self.note(Notice::SnapshotFailed {
                    reason: "the book does not have the venue's checksum",
                });
                if flags.contains(Flags::SNAPSHOT) {
                    // The event that cleared the book ends here.
                    out.push(self.reset(id, arrival.at));
                }
                self.lose_book(index, arrival.at, out);
                return;
            }
        }
        let dropped = self.dropped.iter().map(|&(side, price)| Level {
            side,
            price,
            size: Number::ZERO,
        });
        let keeps_ladders = self.keeps_ladders;
        for level in message
            .levels
            .iter()
            .copied()
            .chain(dropped.filter(|_| keeps_ladders))
        {
            if let Some(tick) = pending.take() {
                out.push(tick);
            }
            pending = Some(Tick {
                side: level.side,
                price: level.price,
                size: Size(level.size.units(decimals).unwrap_or_default()),
                ..blank
            });
        }
        if let Some(tick) = pending {
            out.push(Tick {
                flags: flags.with(Flags::LAST),
                ..tick
            });
        }
    }

    /// Applies a message to the book that is kept here; whether it has the checksum it should.
    fn keep_ladders(&mut self, index: usize, message: &BookMessage<'_>) -> bool {
        let ladders = self.instruments[index].book.ladders.get_or_insert_default();
        for level in message.levels {
            ladders.apply(level);
        }
        let dropped = &mut self.dropped;
        if let Some(depth) = self.depth {
            ladders.trim(depth, |side: Side, price: Price| {
                dropped.push((side, price))
            });
        }
        match (message.checksum, self.checksum) {
            (Some(sent), Some(compute)) => compute(ladders, message.digits) == sent,
            _ => true,
        }
    }

    /// The book is not to be trusted any more: it waits for a snapshot, which is asked for.
    pub(super) fn lose_book(&mut self, index: usize, at: RecvTime, out: &mut Batch) {
        let was_following = self.instruments[index].book.forget();
        if let (true, Some(id)) = (was_following, self.instruments[index].id) {
            self.counters.resets += 1;
            self.counters.rebuilds += 1;
            out.push(self.reset(id, at));
        }
        self.ask_again(index, at);
    }

    pub(super) fn ask_again(&mut self, index: usize, at: RecvTime) {
        let book = &mut self.instruments[index].book;
        // At once, but never more often than the wait allows.
        let at = at.max(book.ask_from);
        let at = book.ask_at.map_or(at, |earlier| earlier.min(at));
        book.ask_at = Some(at);
        self.ask_at = Some(self.ask_at.map_or(at, |earlier| earlier.min(at)));
    }

    fn name_gap(&mut self, first: u64, count: u64) {
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
