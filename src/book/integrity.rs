//! Whether the books of a channel can be true, and when they are worth building anew.
//!
//! A book that is crossed or locked for longer than a grace is judged once:
//!
//! | Verdict | When |
//! |---|---|
//! | [`Finding::NotTrading`] | the venue says that orders do not match now: before the open, in an auction, halted |
//! | [`Finding::CrossedOurs`], [`Finding::LockedOurs`] | something was lost or impossible since the last snapshot: we broke it |
//! | [`Finding::CrossedInput`], [`Finding::LockedInput`] | everything came, in order: the venue sent it so |
//!
//! One that ends earlier is [`Finding::Brief`]. A crossed book that is ours is a reason to repair, as are
//! more than [`IntegritySettings::faults_max`] faults since the last snapshot, and ticks lost between our
//! own threads. Repairs are asked for at most once an interval, which doubles while they do not help.
//!
//! Time is that of the ticks: a channel that says nothing is judged when it speaks again.

use super::change::Fault;
use super::state::Reason;
use feeds::model::{InstrumentId, RecvTime, TradingState};

/// What is allowed before a book is judged or repaired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IntegritySettings {
    /// How long bid and ask may overlap, in ns.
    pub grace_ns: u64,
    /// Faults of a channel since its last snapshot that need no repair.
    pub faults_max: u32,
    /// Least time between two repairs, in ns.
    pub interval_ns: u64,
    /// The interval doubles up to this, in ns.
    pub interval_max_ns: u64,
}

impl Default for IntegritySettings {
    fn default() -> IntegritySettings {
        IntegritySettings {
            grace_ns: 1_000_000_000,
            faults_max: 8,
            interval_ns: 5_000_000_000,
            interval_max_ns: 320_000_000_000,
        }
    }
}

/// What was found about a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Finding {
    /// Bid and ask overlapped for no longer than the grace.
    Brief,
    /// They overlap while orders do not match.
    NotTrading,
    /// Crossed, and nothing was lost.
    CrossedInput,
    /// Locked, and nothing was lost.
    LockedInput,
    /// Crossed, and something was lost or impossible before.
    CrossedOurs,
    /// Locked, and something was lost or impossible before.
    LockedOurs,
    /// An order or level at a price of zero or below: legal for spreads and some contracts.
    PriceNotPositive,
}

impl Finding {
    /// How many there are.
    pub const COUNT: usize = 7;
}

/// The judge of one channel's books.
#[derive(Debug)]
pub struct Integrity {
    settings: IntegritySettings,
    /// Books whose sides overlap, each once. At most as many as there are instruments.
    overlaps: Vec<Overlap>,
    /// Nothing is to be judged before.
    due: u64,
    /// Something was lost or impossible since the last snapshot of this session.
    is_harmed: bool,
    faults: u32,
    findings: [u64; Finding::COUNT],
    is_wanted: bool,
    next_repair: u64,
    interval_ns: u64,
    repairs: u64,
}

#[derive(Clone, Copy, Debug)]
struct Overlap {
    instrument: InstrumentId,
    reason: Reason,
    since: RecvTime,
    is_judged: bool,
}

impl Integrity {
    /// A judge who has seen nothing.
    pub fn new(settings: IntegritySettings) -> Integrity {
        Integrity {
            settings,
            overlaps: Vec::new(),
            due: u64::MAX,
            is_harmed: false,
            faults: 0,
            findings: [0; Finding::COUNT],
            is_wanted: false,
            next_repair: 0,
            interval_ns: settings.interval_ns,
            repairs: 0,
        }
    }

    /// Totals by [`Finding`].
    pub fn findings(&self) -> &[u64; Finding::COUNT] {
        &self.findings
    }

    /// Repairs asked for.
    pub fn repairs(&self) -> u64 {
        self.repairs
    }

    /// Counts a finding that needs no judgement.
    pub fn count(&mut self, finding: Finding) {
        self.findings[finding as usize] += 1;
    }

    /// Something of the channel is lost for good.
    pub fn on_harm(&mut self) {
        self.is_harmed = true;
    }

    /// Ticks were lost between our own threads, which no feed can know of.
    pub fn on_overrun(&mut self) {
        self.is_harmed = true;
        self.is_wanted = true;
    }

    /// A book was told what cannot be true, and there was no known reason for it.
    pub fn on_fault(&mut self, fault: Fault) {
        if matches!(fault, Fault::OrphanLevel | Fault::UndefinedInstrument) {
            return;
        }
        self.is_harmed = true;
        self.faults = self.faults.saturating_add(1);
        // Another snapshot has as little room as this one.
        self.is_wanted |= self.faults > self.settings.faults_max && fault != Fault::Full;
    }

    /// The books of the channel are as a snapshot says.
    pub fn on_snapshot(&mut self) {
        self.faults = 0;
        self.is_harmed = false;
        self.is_wanted = false;
    }

    /// A new session: nothing of the old one matters.
    pub fn on_session(&mut self) {
        self.overlaps.clear();
        self.due = u64::MAX;
        self.on_snapshot();
    }

    /// Takes how the sides of a book overlap after an event, if they do.
    pub fn on_overlap(&mut self, instrument: InstrumentId, overlap: Option<Reason>, at: RecvTime) {
        let found = self
            .overlaps
            .iter()
            .position(|one| one.instrument == instrument);
        match (found, overlap) {
            (None, None) => {}
            (None, Some(reason)) => {
                self.overlaps.push(Overlap {
                    instrument,
                    reason,
                    since: at,
                    is_judged: false,
                });
                self.due = self.due.min(at.0.saturating_add(self.settings.grace_ns));
            }
            (Some(index), None) => {
                if !self.overlaps.swap_remove(index).is_judged {
                    self.count(Finding::Brief);
                }
            }
            // Between crossed and locked the grace goes on.
            (Some(index), Some(reason)) => self.overlaps[index].reason = reason,
        }
    }

    /// Whether [`Integrity::judge`] has something to do.
    #[inline]
    pub fn is_due(&self, now: RecvTime) -> bool {
        now.0 > self.due
    }

    /// Judges what overlaps for longer than the grace. `look` says what trading the venue allows in a book, and whether the
    /// book is settled; one whose gap is open or whose snapshot is to come is judged later. Books we broke go to `broken`.
    pub fn judge(
        &mut self,
        now: RecvTime,
        look: impl Fn(InstrumentId) -> (TradingState, bool),
        broken: &mut Vec<InstrumentId>,
    ) {
        let grace_ns = self.settings.grace_ns;
        let mut due = u64::MAX;
        for one in &mut self.overlaps {
            if one.is_judged {
                continue;
            }
            let until = one.since.0.saturating_add(grace_ns);
            if now.0 <= until {
                due = due.min(until);
                continue;
            }
            let (trading, is_settled) = look(one.instrument);
            if !is_settled {
                one.since = now;
                due = due.min(now.0.saturating_add(grace_ns));
                continue;
            }
            one.is_judged = true;
            let is_locked = one.reason == Reason::Locked;
            let finding = match (trading, self.is_harmed, is_locked) {
                (TradingState::Trading, true, false) => Finding::CrossedOurs,
                (TradingState::Trading, true, true) => Finding::LockedOurs,
                (TradingState::Trading, false, false) => Finding::CrossedInput,
                (TradingState::Trading, false, true) => Finding::LockedInput,
                _ => Finding::NotTrading,
            };
            self.findings[finding as usize] += 1;
            // A locked book may be a matter of a moment at the venue; alone it is not worth a rebuild.
            if finding == Finding::CrossedOurs {
                broken.push(one.instrument);
                self.is_wanted = true;
            }
        }
        self.due = due;
    }

    /// What the venue allows changed: books that overlapped while orders did not match get a new grace.
    pub fn on_trading(&mut self, now: RecvTime) {
        for one in &mut self.overlaps {
            one.is_judged = false;
            one.since = now;
            self.due = self.due.min(now.0.saturating_add(self.settings.grace_ns));
        }
    }

    /// Whether a repair is to be asked for now. True at most once an interval.
    pub fn poll_repair(&mut self, now: RecvTime) -> bool {
        if !self.is_wanted || now.0 < self.next_repair {
            return false;
        }
        let rested = now.0.saturating_sub(self.next_repair) > self.interval_ns;
        self.interval_ns = if rested {
            self.settings.interval_ns
        } else {
            let doubled = self.interval_ns.saturating_mul(2);
            doubled.min(self.settings.interval_max_ns)
        };
        self.next_repair = now.0.saturating_add(self.interval_ns);
        // Still wanted until a snapshot comes, and asked for again after the interval.
        self.repairs += 1;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: IntegritySettings = IntegritySettings {
        grace_ns: 10,
        faults_max: 2,
        interval_ns: 100,
        interval_max_ns: 400,
    };
    const BOOK: InstrumentId = InstrumentId(0);

    #[track_caller]
    fn check(harmed: bool, trading: TradingState, reason: Reason, finding: Finding, wants: bool) {
        let mut judge = Integrity::new(SETTINGS);
        if harmed {
            judge.on_harm();
        }
        judge.on_overlap(BOOK, Some(reason), RecvTime(1_000));
        let mut broken = Vec::new();
        judge.judge(RecvTime(1_010), |_| (trading, true), &mut broken);
        assert_eq!(judge.findings(), &[0; Finding::COUNT], "within the grace");
        assert!(judge.is_due(RecvTime(1_011)));
        judge.judge(RecvTime(1_011), |_| (trading, true), &mut broken);
        judge.judge(RecvTime(9_000), |_| (trading, true), &mut broken);
        let mut expected = [0; Finding::COUNT];
        expected[finding as usize] = 1;
        assert_eq!(judge.findings(), &expected);
        assert_eq!(!broken.is_empty(), wants);
        assert_eq!(judge.poll_repair(RecvTime(9_000)), wants);
    }

    #[test]
    fn a_crossed_book_is_ours_only_if_something_was_lost_while_it_trades() {
        use TradingState::{Auction, PreOpen, Trading};
        check(
            false,
            Trading,
            Reason::Crossed,
            Finding::CrossedInput,
            false,
        );
        check(false, Trading, Reason::Locked, Finding::LockedInput, false);
        check(true, Trading, Reason::Crossed, Finding::CrossedOurs, true);
        check(true, Trading, Reason::Locked, Finding::LockedOurs, false);
        check(true, Auction, Reason::Crossed, Finding::NotTrading, false);
        check(false, PreOpen, Reason::Crossed, Finding::NotTrading, false);
    }

    #[test]
    fn an_overlap_within_the_grace_is_counted_as_brief() {
        let mut judge = Integrity::new(SETTINGS);
        judge.on_overlap(BOOK, Some(Reason::Crossed), RecvTime(5));
        judge.on_overlap(BOOK, None, RecvTime(9));
        assert_eq!(judge.findings()[Finding::Brief as usize], 1);
        judge.judge(RecvTime(99), |_| unreachable!(), &mut Vec::new());
    }

    #[test]
    fn a_book_that_still_overlaps_when_trading_begins_has_a_new_grace() {
        let mut judge = Integrity::new(SETTINGS);
        let mut broken = Vec::new();
        judge.on_overlap(BOOK, Some(Reason::Crossed), RecvTime(5));
        judge.judge(RecvTime(50), |_| (TradingState::Auction, true), &mut broken);
        judge.on_trading(RecvTime(60));
        assert!(!judge.is_due(RecvTime(70)));
        judge.judge(RecvTime(71), |_| (TradingState::Trading, true), &mut broken);
        assert_eq!(judge.findings()[Finding::CrossedInput as usize], 1);
    }

    #[test]
    fn faults_beyond_their_number_ask_for_a_repair_and_harmless_ones_never() {
        let mut judge = Integrity::new(SETTINGS);
        for _ in 0..9 {
            judge.on_fault(Fault::OrphanLevel);
        }
        judge.on_fault(Fault::UnknownOrder);
        judge.on_fault(Fault::OverCancel);
        assert!(!judge.poll_repair(RecvTime(1)));
        judge.on_fault(Fault::UnknownOrder);
        assert!(judge.poll_repair(RecvTime(1)));
    }

    #[test]
    fn repairs_that_do_not_help_are_asked_for_more_and_more_rarely() {
        let mut judge = Integrity::new(SETTINGS);
        judge.on_overrun();
        let asked: Vec<u64> = (1_000..3_000)
            .filter(|&now| judge.poll_repair(RecvTime(now)))
            .collect();
        assert_eq!(asked, [1_000, 1_100, 1_300, 1_700, 2_100, 2_500, 2_900]);
        judge.on_snapshot();
        assert!(!judge.poll_repair(RecvTime(9_000)));
        judge.on_overrun();
        assert!(judge.poll_repair(RecvTime(9_000)));
        judge.on_overrun();
        assert!(!judge.poll_repair(RecvTime(9_099)));
        assert!(
            judge.poll_repair(RecvTime(9_100)),
            "the interval is short again"
        );
        assert_eq!(judge.repairs(), 9);
    }
}
