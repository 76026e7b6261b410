//! Overload as a declared state: when it begins, when it ends, and what was given up in it.
//!
//! ```text
//!             lag or backlog over its limit
//!   normal ──────────────────────────────────► overloaded
//!          ◄──────────────────────────────────
//!             both under half of it, for the calm time
//! ```
//!
//! Sources say how old their oldest unread input is and how much there is; the executor compares
//! at the end of each cycle. What to shed is for the nodes to decide: they ask, conflate or drop,
//! and count it. A cycle in which no source says anything has nothing waiting.

use std::time::Duration;

use super::clock::{Nanos, duration_ns};

/// When a graph counts as overloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overload {
    /// Most that the oldest unread input may lag behind the present.
    pub lag_max: Duration,
    /// Most inputs that may be unread in all sources together.
    pub backlog_max: usize,
    /// How long lag and backlog must stay under half their limits for the overload to end.
    pub calm: Duration,
}

/// What made a graph overloaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OverloadCause {
    /// The oldest unread input was too old.
    Lag,
    /// Too much input was unread.
    Backlog,
}

/// How a graph stands and has stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OverloadReport {
    /// What made the graph overloaded, and when; `None` when it is not.
    pub overloaded: Option<(OverloadCause, Nanos)>,
    /// Times the state was entered.
    pub entered: u64,
    /// Cycles run in it.
    pub cycles: u64,
    /// Inputs that nodes gave up because of it.
    pub shed: u64,
    /// The longest lag at the end of any cycle, in nanoseconds.
    pub lag_max_ns: u64,
    /// The largest backlog at the end of any cycle.
    pub backlog_max: usize,
}

/// The state of a graph with a declared policy.
#[derive(Debug)]
pub(super) struct Overloading {
    policy: Overload,
    report: OverloadReport,
    /// Said by sources in the running cycle.
    oldest: Option<Nanos>,
    backlog: usize,
    /// Since when both have been under half their limits.
    calm_since: Option<Nanos>,
}

impl Overloading {
    pub(super) fn new(policy: Overload) -> Self {
        Self {
            policy,
            report: OverloadReport::default(),
            oldest: None,
            backlog: 0,
            calm_since: None,
        }
    }

    pub(super) fn report(&self) -> OverloadReport {
        self.report
    }

    pub(super) fn cause(&self) -> Option<OverloadCause> {
        self.report.overloaded.map(|(cause, _)| cause)
    }

    pub(super) fn unread(&mut self, oldest: Nanos, count: usize) {
        if count > 0 {
            self.oldest = Some(self.oldest.map_or(oldest, |held| held.min(oldest)));
            self.backlog = self.backlog.saturating_add(count);
        }
    }

    pub(super) fn shed(&mut self, count: u64) {
        self.report.shed = self.report.shed.saturating_add(count);
    }

    /// Compares what was said in the cycle with the limits.
    pub(super) fn end_cycle(&mut self, now: Nanos) {
        let lag_ns = self.oldest.take().map_or(0, |oldest| now.since(oldest));
        let backlog = std::mem::take(&mut self.backlog);
        let report = &mut self.report;
        report.lag_max_ns = report.lag_max_ns.max(lag_ns);
        report.backlog_max = report.backlog_max.max(backlog);
        let limit_ns = duration_ns(self.policy.lag_max);
        let over = if lag_ns > limit_ns {
            Some(OverloadCause::Lag)
        } else if backlog > self.policy.backlog_max {
            Some(OverloadCause::Backlog)
        } else {
            None
        };
        if report.overloaded.is_none() {
            if let Some(cause) = over {
                report.overloaded = Some((cause, now));
                report.entered += 1;
                self.calm_since = None;
            }
            return;
        }
        report.cycles += 1;
        if lag_ns > limit_ns / 2 || backlog > self.policy.backlog_max / 2 {
            self.calm_since = None;
            return;
        }
        let since = *self.calm_since.get_or_insert(now);
        if now.since(since) >= duration_ns(self.policy.calm) {
            report.overloaded = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Cycles of 1 us with a lag and a backlog each; returns in which of them the graph was
    /// overloaded at the end, as a line.
    #[track_caller]
    fn check(cycles: &[(u64, usize)], expected: &str) -> OverloadReport {
        let mut state = Overloading::new(Overload {
            lag_max: Duration::from_nanos(1_000),
            backlog_max: 10,
            calm: Duration::from_micros(2),
        });
        let mut line = String::new();
        for (at, &(lag_ns, backlog)) in (1_000_u64..).zip(cycles) {
            let now = Nanos(at * 1_000);
            state.unread(Nanos(now.0 - lag_ns), backlog);
            state.end_cycle(now);
            line.push(match state.cause() {
                None => '.',
                Some(OverloadCause::Lag) => 'L',
                Some(OverloadCause::Backlog) => 'B',
            });
        }
        assert_eq!(line, expected);
        state.report()
    }

    #[test]
    fn limit_is_the_last_that_is_not_overload() {
        let report = check(&[(1_000, 10), (1_000, 1), (0, 10)], "...");
        assert_eq!((report.entered, report.lag_max_ns), (0, 1_000));
        assert_eq!(report.backlog_max, 10);
    }

    #[test]
    fn overload_names_its_cause_and_ends_when_calm_has_lasted() {
        let report = check(
            &[(1_001, 1), (600, 1), (500, 1), (0, 0), (500, 5), (0, 0)],
            "LLLL..",
        );
        assert_eq!((report.entered, report.cycles), (1, 4));
        check(
            &[(0, 11), (0, 6), (0, 5), (0, 6), (0, 5), (0, 0), (0, 0)],
            "BBBBBB.",
        );
    }

    #[test]
    fn swinging_between_half_and_the_limit_changes_nothing() {
        let report = check(&[(2_000, 1), (600, 1), (1_000, 1), (600, 1)], "LLLL");
        assert_eq!(report.entered, 1);
        check(&[(600, 1), (1_000, 1), (600, 1)], "...");
    }
}
