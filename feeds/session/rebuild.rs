//! Rebuilding a channel's books from a snapshot: whom to ask, what to keep of the live stream meanwhile, where to join it.
//!
//! ```text
//!         hole             connected            snapshot, and all behind it is kept           kept is applied
//!  Off ─────────▶ Opening ──────────▶ Reading ──────────────────────────────────▶ CatchingUp ────────────────▶ Off
//!                  ▲   │ no answer in time, refused, closed    │ older than what is kept
//!                  └── Resting ◀───────────────────────────────┘
//! ```
//!
//! While a rebuild is under way no live message is applied: they are kept, in order, from the one behind the hole on. A
//! snapshot says which message it expects next; if that one and all behind it are kept (or are still to come), the snapshot and
//! then the kept messages are applied, as fast as there is room for them, and the books are whole. A snapshot that is too old is dropped and another one asked
//! for. What is kept has a bound in bytes; beyond it everything kept is dropped and a younger snapshot is needed: the rebuild
//! takes longer, and nothing wrong is ever shown.
//!
//! Attempts never end: a channel without books has nothing better to do. Each one goes to the next server.
//!
//! Sans-I/O as its users are: times are arguments, connections are [`Action`]s and told events.

use crate::contract::{Action, Server};
use crate::model::RecvTime;
use std::collections::VecDeque;

/// Bounds and times of a [`Rebuild`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RebuildSettings {
    /// Servers that may be asked for a snapshot over a connection of their own.
    pub server_count: u8,
    /// Whether snapshots are repeated on lines of their own.
    pub has_lines: bool,
    /// A server that says nothing for so long is left, in ns. One that is not done after [`TOTAL_FACTOR`] times as long is
    /// left as well.
    pub timeout_ns: u64,
    /// Rest between two attempts, in ns.
    pub retry_ns: u64,
    /// Bytes of live messages kept while a rebuild is under way.
    pub kept_bytes_max: usize,
}

impl Default for RebuildSettings {
    fn default() -> Self {
        RebuildSettings {
            server_count: 0,
            has_lines: false,
            timeout_ns: 2_000_000_000,
            retry_ns: 500_000_000,
            kept_bytes_max: 64 << 20,
        }
    }
}

/// See [`RebuildSettings::timeout_ns`].
pub const TOTAL_FACTOR: u64 = 30;

/// Live messages that wait for their snapshot.
#[derive(Debug)]
pub struct Kept {
    /// Number of the first.
    pub first: u64,
    /// How many.
    pub count: u64,
    /// How many of them are known already.
    pub skip: u64,
    /// When they came.
    pub ts_recv: RecvTime,
    /// Themselves.
    pub body: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Off,
    Resting {
        until: RecvTime,
    },
    Opening {
        until: RecvTime,
    },
    Reading {
        until: RecvTime,
        at_last: RecvTime,
    },
    /// Snapshots come by themselves, on lines.
    Listening,
    /// A snapshot is applied; what was kept follows it.
    CatchingUp {
        next: u64,
        newest: u64,
        /// All that was kept is applied, and the live stream is still behind the youngest part.
        awaits_live: bool,
    },
}

/// The machine. See the module's head.
#[derive(Debug)]
pub struct Rebuild {
    settings: RebuildSettings,
    phase: Phase,
    server: u8,
    /// The message from which on all are kept.
    from: u64,
    kept: VecDeque<Kept>,
    kept_bytes: usize,
    actions: VecDeque<Action>,
    /// Times what was kept was more than its bound.
    pub overflows: u64,
}

impl Rebuild {
    /// A machine with nothing to do.
    pub fn new(settings: RebuildSettings) -> Rebuild {
        Rebuild {
            settings,
            phase: Phase::Off,
            server: 0,
            from: 0,
            kept: VecDeque::new(),
            kept_bytes: 0,
            actions: VecDeque::new(),
            overflows: 0,
        }
    }

    /// Whether there is anybody to ask, or anything to listen to.
    pub fn is_possible(&self) -> bool {
        self.settings.has_lines || self.settings.server_count > 0
    }

    /// Whether a rebuild is under way: live messages are to be kept and not applied.
    pub fn is_on(&self) -> bool {
        self.phase != Phase::Off
    }

    /// Whether snapshots on lines are wanted now.
    pub fn is_listening(&self) -> bool {
        self.phase == Phase::Listening
    }

    /// The message from which on all are kept: a snapshot that expects an earlier one is of no use.
    pub fn from(&self) -> u64 {
        self.from
    }

    /// Something before message `from` is missing for good. What was kept is of no use any more.
    pub fn start(&mut self, from: u64, now: RecvTime) {
        self.forget();
        self.from = from;
        if !matches!(self.phase, Phase::Off | Phase::CatchingUp { .. }) {
            return;
        }
        if self.settings.has_lines {
            self.phase = Phase::Listening;
        } else if self.settings.server_count > 0 {
            self.open(now);
        }
    }

    /// Gives the rebuild up: the stream began anew.
    pub fn stop(&mut self) {
        self.forget();
        self.close();
        self.phase = Phase::Off;
    }

    /// Keeps live messages until there is a snapshot they can follow. False when they, and all kept before them, had to be
    /// dropped while a snapshot was being caught up with: it is of no use any more.
    pub fn keep(
        &mut self,
        first: u64,
        count: u64,
        skip: u64,
        ts_recv: RecvTime,
        body: &[u8],
    ) -> bool {
        if self.kept_bytes + body.len() > self.settings.kept_bytes_max {
            self.overflows += 1;
            self.forget();
            self.from = first + count;
            return !matches!(self.phase, Phase::CatchingUp { .. });
        }
        self.kept_bytes += body.len();
        self.kept.push_back(Kept {
            first,
            count,
            skip,
            ts_recv,
            body: body.to_vec(),
        });
        true
    }

    /// The connection to a server is up; whether it is the one that was asked for.
    pub fn on_up(&mut self, server: u8, now: RecvTime) -> bool {
        if !matches!(self.phase, Phase::Opening { .. }) || server != self.server {
            return false;
        }
        let total_ns = self.settings.timeout_ns.saturating_mul(TOTAL_FACTOR);
        self.phase = Phase::Reading {
            until: after(now, self.settings.timeout_ns),
            at_last: after(now, total_ns),
        };
        true
    }

    /// The connection to a server is gone, or it cannot be had.
    pub fn on_down(&mut self, server: u8, now: RecvTime) {
        let is_ours = matches!(self.phase, Phase::Opening { .. } | Phase::Reading { .. });
        if is_ours && server == self.server {
            self.rest(now);
        }
    }

    /// Whether bytes of this server belong to the snapshot that is being read.
    pub fn on_bytes(&mut self, server: u8, now: RecvTime) -> bool {
        match &mut self.phase {
            Phase::Reading { until, .. } if server == self.server => {
                *until = after(now, self.settings.timeout_ns);
                true
            }
            _ => false,
        }
    }

    /// The snapshot being read is refused, damaged or too old: another one is asked for.
    pub fn fail(&mut self, now: RecvTime) {
        if matches!(self.phase, Phase::Opening { .. } | Phase::Reading { .. }) {
            self.close();
            self.rest(now);
        }
    }

    /// A snapshot is complete whose oldest part expects message `next`, its youngest one `newest`. Whether it can be used:
    /// then what was kept is to be taken with [`Rebuild::pop_kept`] and applied from `next` on; when nothing is left, and the
    /// parts are of one age, [`Rebuild::finish`] is to be called.
    pub fn complete(&mut self, next: u64, newest: u64, now: RecvTime) -> bool {
        if next < self.from {
            self.fail(now);
            return false;
        }
        self.close();
        self.phase = Phase::CatchingUp {
            next,
            newest,
            awaits_live: false,
        };
        true
    }

    /// The messages the oldest and the youngest part of the applied snapshot expect, while what was kept is being applied.
    pub fn catching_up(&self) -> Option<(u64, u64)> {
        match self.phase {
            Phase::CatchingUp { next, newest, .. } => Some((next, newest)),
            _ => None,
        }
    }

    /// What was kept is applied, and the live stream has yet to come as far as the youngest part of the snapshot.
    pub fn await_live(&mut self) {
        if let Phase::CatchingUp { awaits_live, .. } = &mut self.phase {
            *awaits_live = true;
        }
    }

    /// What was kept is applied: the rebuild is over.
    pub fn finish(&mut self) {
        self.phase = Phase::Off;
    }

    /// The oldest of what was kept.
    pub fn pop_kept(&mut self) -> Option<Kept> {
        let kept = self.kept.pop_front()?;
        self.kept_bytes -= kept.body.len();
        Some(kept)
    }

    /// Takes the time.
    pub fn on_clock(&mut self, now: RecvTime) {
        match self.phase {
            Phase::Resting { until } if now >= until => self.open(now),
            Phase::Opening { until } if now >= until => self.fail(now),
            Phase::Reading { until, at_last } if now >= until.min(at_last) => self.fail(now),
            _ => {}
        }
    }

    /// When [`Rebuild::on_clock`] has something to do.
    pub fn next_deadline(&self) -> Option<RecvTime> {
        match self.phase {
            Phase::Off | Phase::Listening => None,
            // The live stream comes by itself; where only room is waited for, at once.
            Phase::CatchingUp { awaits_live, .. } => {
                (!awaits_live || !self.kept.is_empty()).then_some(RecvTime(0))
            }
            Phase::Resting { until } | Phase::Opening { until } => Some(until),
            Phase::Reading { until, at_last } => Some(until.min(at_last)),
        }
    }

    /// Next thing to carry out.
    pub fn poll_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Sends bytes to the server that is being read.
    pub fn send(&mut self, bytes: Vec<u8>) {
        if matches!(self.phase, Phase::Reading { .. }) && !bytes.is_empty() {
            let server = Server::Snapshot(self.server);
            self.actions.push_back(Action::SendStream { server, bytes });
        }
    }

    fn open(&mut self, now: RecvTime) {
        let server = Server::Snapshot(self.server);
        self.actions.push_back(Action::OpenStream { server });
        self.phase = Phase::Opening {
            until: after(now, self.settings.timeout_ns),
        };
    }

    fn close(&mut self) {
        if matches!(self.phase, Phase::Opening { .. } | Phase::Reading { .. }) {
            let server = Server::Snapshot(self.server);
            self.actions.push_back(Action::CloseStream { server });
        }
    }

    fn rest(&mut self, now: RecvTime) {
        self.server = (self.server + 1) % self.settings.server_count.max(1);
        self.phase = Phase::Resting {
            until: after(now, self.settings.retry_ns),
        };
    }

    fn forget(&mut self) {
        self.kept.clear();
        self.kept_bytes = 0;
    }
}

fn after(now: RecvTime, ns: u64) -> RecvTime {
    RecvTime(now.0.saturating_add(ns))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: RebuildSettings = RebuildSettings {
        server_count: 2,
        has_lines: false,
        timeout_ns: 100,
        retry_ns: 10,
        kept_bytes_max: 8,
    };

    fn started() -> Rebuild {
        let mut rebuild = Rebuild::new(SETTINGS);
        rebuild.start(5, RecvTime(0));
        rebuild
    }

    #[track_caller]
    fn check_next(rebuild: &mut Rebuild, action: Option<Action>) {
        assert_eq!(rebuild.poll_action(), action);
    }

    #[test]
    fn a_snapshot_is_asked_for_once_and_followed_by_what_was_kept() {
        let mut rebuild = started();
        let server = Server::Snapshot(0);
        check_next(&mut rebuild, Some(Action::OpenStream { server }));
        assert!(rebuild.on_up(0, RecvTime(1)));
        rebuild.keep(5, 2, 0, RecvTime(2), b"ab");
        assert!(rebuild.complete(6, 6, RecvTime(3)));
        check_next(&mut rebuild, Some(Action::CloseStream { server }));
        assert_eq!(rebuild.catching_up(), Some((6, 6)));
        assert_eq!(rebuild.pop_kept().map(|kept| kept.first), Some(5));
        assert!(rebuild.pop_kept().is_none());
        rebuild.finish();
        assert!(!rebuild.is_on());
    }

    #[test]
    fn a_silent_server_is_left_for_the_next_one() {
        let mut rebuild = started();
        rebuild.poll_action();
        assert_eq!(rebuild.next_deadline(), Some(RecvTime(100)));
        rebuild.on_clock(RecvTime(100));
        let server = Server::Snapshot(0);
        check_next(&mut rebuild, Some(Action::CloseStream { server }));
        assert_eq!(rebuild.next_deadline(), Some(RecvTime(110)));
        rebuild.on_clock(RecvTime(110));
        let server = Server::Snapshot(1);
        check_next(&mut rebuild, Some(Action::OpenStream { server }));
    }

    #[test]
    fn a_server_that_drips_is_left_in_the_end() {
        let mut rebuild = started();
        rebuild.on_up(0, RecvTime(0));
        for at in (50..).step_by(50).take_while(|at| *at < 100 * TOTAL_FACTOR) {
            assert!(rebuild.on_bytes(0, RecvTime(at)));
            rebuild.on_clock(RecvTime(at));
        }
        rebuild.on_clock(RecvTime(100 * TOTAL_FACTOR));
        assert!(!rebuild.on_bytes(0, RecvTime(100 * TOTAL_FACTOR)));
    }

    #[test]
    fn a_snapshot_older_than_what_is_kept_is_dropped() {
        let mut rebuild = started();
        rebuild.on_up(0, RecvTime(1));
        assert!(!rebuild.complete(4, 4, RecvTime(2)));
        assert!(rebuild.is_on());
    }

    #[test]
    fn beyond_its_bound_what_is_kept_is_dropped_and_a_younger_snapshot_needed() {
        let mut rebuild = started();
        rebuild.keep(5, 1, 0, RecvTime(0), b"12345678");
        rebuild.keep(6, 1, 0, RecvTime(0), b"1");
        assert_eq!((rebuild.from(), rebuild.overflows), (7, 1));
        rebuild.on_up(0, RecvTime(1));
        assert!(!rebuild.complete(6, 6, RecvTime(2)));
    }
}
