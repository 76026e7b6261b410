//! Comparing a book, while it is followed, with a fresh snapshot of the venue's.
//!
//! ```text
//!  changes of the book noted ──▶ snapshot asked for ──▶ it comes ──▶ changes noted still ──▶ levels compared
//!            │◀────── MARGIN ──────▶│                      │◀────── MARGIN ──────▶│
//! ```
//!
//! Snapshot and stream come by different ways, and some venues number neither. A level that nothing was said of from before
//! the question until after the answer has to be the same in both, whichever was ahead; the others prove nothing and are
//! left out. One book at a time, so that what the venue allows is hardly touched.

use super::book::Phase;
use super::connections::after;
use super::feed::State;
use super::{BookMessage, Ladder, Level};
use crate::contract::{Batch, Notice};
use crate::model::{Price, RecvTime, Side};
use crate::session::text::Number;
use std::collections::{BTreeMap, BTreeSet};

/// How far apart stream and snapshot may be, ns.
const MARGIN_NS: u64 = 2_000_000_000;
/// An answer that takes longer is not waited for, ns.
const ANSWER_NS: u64 = 15_000_000_000;
/// Levels a side that are compared, the best ones: venues cut snapshots off, and who follows changes may never have heard of
/// levels far away.
const LEVELS_MAX: usize = 100;
/// Changes that are noted of one book; more than that is a book too busy to compare.
const TOUCHED_MAX: usize = 65_536;

/// The comparison under way.
pub(super) struct Audit {
    pub(super) index: usize,
    stage: Stage,
    /// When the stage is over.
    due: RecvTime,
    touched: BTreeSet<(bool, Price)>,
    snapshot: Vec<Level>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Changes are noted, nothing is asked yet.
    Listening,
    /// The snapshot is asked for.
    Asked,
    /// It is here.
    Answered,
}

/// What to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AuditStep {
    Nothing,
    /// Ask for this instrument's snapshot.
    Ask(usize),
}

impl State {
    /// When there is something to do.
    pub(super) fn audit_deadline(&self) -> Option<RecvTime> {
        if self.settings.audit_ns == 0 {
            return None;
        }
        Some(self.audit.as_ref().map_or(self.audit_at, |audit| audit.due))
    }

    /// Notes which levels a message changes.
    #[inline]
    pub(super) fn touch(&mut self, index: usize, levels: &[Level]) {
        let Some(audit) = self.audit.as_mut().filter(|audit| audit.index == index) else {
            return;
        };
        let changed = levels.iter();
        audit
            .touched
            .extend(changed.map(|level| (level.side == Side::Ask, level.price)));
        if audit.touched.len() > TOUCHED_MAX {
            self.audit = None;
        }
    }

    /// The book is another one now.
    pub(super) fn forget_audit(&mut self, index: usize) {
        if self
            .audit
            .as_ref()
            .is_some_and(|audit| audit.index == index)
        {
            self.audit = None;
        }
    }

    /// Takes a snapshot of a book that is followed, if one was asked for.
    pub(super) fn hear_audit(&mut self, index: usize, snapshot: &BookMessage<'_>, at: RecvTime) {
        let asked = |audit: &&mut Audit| audit.index == index && audit.stage == Stage::Asked;
        if let Some(audit) = self.audit.as_mut().filter(asked) {
            audit.stage = Stage::Answered;
            audit.due = after(at, MARGIN_NS);
            audit.snapshot = snapshot.levels.to_vec();
        }
    }

    /// Takes the time.
    pub(super) fn step_audit(&mut self, now: RecvTime, out: &mut Batch) -> AuditStep {
        if self.audit_deadline().is_none_or(|due| now < due) {
            return AuditStep::Nothing;
        }
        let Some(mut audit) = self.audit.take() else {
            self.audit_at = after(now, self.settings.audit_ns);
            self.begin_audit(now);
            return AuditStep::Nothing;
        };
        match audit.stage {
            Stage::Listening => {
                let index = audit.index;
                audit.stage = Stage::Asked;
                audit.due = after(now, ANSWER_NS);
                self.audit = Some(audit);
                AuditStep::Ask(index)
            }
            // No answer: the next one, in its time.
            Stage::Asked => AuditStep::Nothing,
            Stage::Answered => {
                self.judge_audit(&audit, now, out);
                AuditStep::Nothing
            }
        }
    }

    /// The next book that is followed, in turn.
    fn begin_audit(&mut self, now: RecvTime) {
        let count = self.instruments.len();
        let is_followed = |index: &usize| {
            let instrument = &self.instruments[*index];
            instrument.book.phase == Phase::Following && instrument.book.ladders.is_some()
        };
        let next = (0..count)
            .map(|step| (self.audit_next + step) % count)
            .find(is_followed);
        if let Some(index) = next {
            self.audit_next = index + 1;
            self.audit = Some(Audit {
                index,
                stage: Stage::Listening,
                due: after(now, MARGIN_NS),
                touched: BTreeSet::new(),
                snapshot: Vec::new(),
            });
        }
    }

    fn judge_audit(&mut self, audit: &Audit, now: RecvTime, out: &mut Batch) {
        let instrument = &self.instruments[audit.index];
        let Some(ladders) = &instrument.book.ladders else {
            return;
        };
        let is_cut = self.depth.is_some();
        let wrong = differing(Side::Bid, &ladders.bids, audit, is_cut).saturating_add(differing(
            Side::Ask,
            &ladders.asks,
            audit,
            is_cut,
        ));
        if wrong == 0 {
            self.counters.audits_passed += 1;
            return;
        }
        self.counters.audits_failed += 1;
        let name = instrument.symbol;
        self.note(Notice::AuditFailed {
            name,
            levels: wrong,
        });
        self.lose_book(audit.index, now, out);
    }
}

/// Levels of one side that are not the same in both, and should be. `is_cut`: ours end at a depth.
fn differing(side: Side, ours: &Ladder, audit: &Audit, is_cut: bool) -> u32 {
    let mut theirs: Vec<&Level> = audit
        .snapshot
        .iter()
        .filter(|level| level.side == side && !level.size.is_zero())
        .collect();
    theirs.sort_unstable_by_key(|level| level.price);
    if side == Side::Bid {
        theirs.reverse();
    }
    theirs.truncate(LEVELS_MAX);
    if is_cut && theirs.len() > ours.len() {
        // The last of ours may be one whose successor is not known.
        theirs.truncate(ours.len().saturating_sub(1));
    }
    let Some(worst) = theirs.last().map(|level| level.price) else {
        return 0;
    };
    let is_within = |price: Price| match side {
        Side::Bid => price >= worst,
        _ => price <= worst,
    };
    let is_quiet = |price: Price| !audit.touched.contains(&(side == Side::Ask, price));
    let here: BTreeMap<Price, Number> = ours
        .best_first(side)
        .filter(|&(price, _)| is_within(price) && is_quiet(price))
        .collect();
    let there = theirs.iter().filter(|level| is_quiet(level.price));
    let (mut same, mut wrong) = (0, 0u32);
    for level in there {
        match here.get(&level.price) {
            Some(size) if *size == level.size => same += 1,
            Some(_) => {
                same += 1;
                wrong = wrong.saturating_add(1);
            }
            None => wrong = wrong.saturating_add(1),
        }
    }
    let ghosts = here.len().saturating_sub(same);
    wrong.saturating_add(u32::try_from(ghosts).unwrap_or(u32::MAX))
}
