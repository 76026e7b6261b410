//! Cycle budget and watchdog: what takes too long, and what does not come back at all.
//!
//! A cycle over its [`Budget`] is counted and told to a callback when it has ended. A cycle that
//! does not end is seen from another thread through a [`Watchdog`], which knows the node that
//! runs. A graph without either has no code for it between two nodes.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::clock::{Clock, Nanos, RealtimeClock};
use super::node::NodeId;

/// No node runs.
const NOBODY: u64 = u64::MAX;

/// What a cycle of a real-time runtime may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Longest time of a cycle, from its present to its end on the runtime's clock.
    pub cycle: Duration,
    /// Whether each run of a node is timed, so that the slowest can be named. Costs one reading of
    /// the clock a node.
    pub time_nodes: bool,
}

/// A cycle that took longer than its budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overrun {
    /// Number of the cycle.
    pub epoch: u64,
    /// Time of the cycle.
    pub at: Nanos,
    /// What it took.
    pub took: Duration,
    /// The node that took longest, where nodes are timed.
    pub slowest: Option<SlowNode>,
}

/// A node and the time it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SlowNode {
    /// The node.
    pub node: NodeId,
    /// Its name; empty where none was given.
    pub name: String,
    /// What its run took.
    pub took: Duration,
}

/// What the graph's thread and the watchdogs share.
#[derive(Debug)]
struct Beat {
    /// Cycles completed since the watchdog was asked for.
    cycles: AtomicU64,
    /// Time at which the last cycle was completed, on the runtime's clock.
    completed_ns: AtomicU64,
    /// Generation and slot of the node that runs, or [`NOBODY`].
    node: AtomicU64,
    /// Generation and name of the node last built in each slot. Taken by the graph's thread only
    /// to build a node.
    names: Mutex<Vec<(u32, Box<str>)>>,
}

impl Beat {
    fn name_of(&self, id: NodeId) -> String {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names
            .get(id.index())
            .filter(|(generation, _)| *generation == id.generation)
            .map(|(_, name)| name.to_string())
            .unwrap_or_default()
    }
}

/// Asks after a graph from any thread.
#[derive(Debug, Clone)]
pub struct Watchdog {
    beat: Arc<Beat>,
}

/// What a watchdog sees.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pulse {
    /// Cycles completed since the watchdog was asked for.
    pub cycles: u64,
    /// Time since a cycle was last completed. A parked graph completes one every 100 ms; one that
    /// is not run completes none.
    pub silent_for: Duration,
    /// The node that ran at this moment, with its name.
    pub running: Option<(NodeId, String)>,
}

impl Watchdog {
    /// What the graph does at `now`, Unix time as the wall clock has it.
    #[must_use]
    pub fn pulse(&self, now: Nanos) -> Pulse {
        let completed = Nanos(self.beat.completed_ns.load(Ordering::Relaxed));
        let node = self.beat.node.load(Ordering::Relaxed);
        Pulse {
            cycles: self.beat.cycles.load(Ordering::Relaxed),
            silent_for: Duration::from_nanos(now.since(completed)),
            running: (node != NOBODY).then(|| {
                let id = unpack(node);
                (id, self.beat.name_of(id))
            }),
        }
    }

    /// Whether the graph has completed a cycle within `limit` before `now`.
    #[must_use]
    pub fn is_alive(&self, now: Nanos, limit: Duration) -> bool {
        self.pulse(now).silent_for <= limit
    }
}

fn pack(id: NodeId) -> u64 {
    (u64::from(id.generation) << 32) | u64::from(id.index)
}

fn unpack(value: u64) -> NodeId {
    NodeId {
        index: value as u32,
        generation: (value >> 32) as u32,
    }
}

/// Times the runs of nodes in a cycle.
#[derive(Debug, Default)]
struct Timing {
    clock: RealtimeClock,
    running: Option<(NodeId, Nanos)>,
    slowest: Option<(NodeId, u64)>,
}

impl Timing {
    fn turn(&mut self, next: Option<NodeId>) {
        let now = self.clock.now();
        if let Some((node, since)) = self.running {
            let took_ns = now.since(since);
            if self.slowest.is_none_or(|(_, most)| took_ns > most) {
                self.slowest = Some((node, took_ns));
            }
        }
        self.running = next.map(|node| (node, now));
    }
}

/// The graph's side: told of each node by the executor.
#[derive(Debug)]
pub(super) struct Watch {
    beat: Arc<Beat>,
    timing: Option<Timing>,
}

impl Watch {
    pub(super) fn new(now: Nanos) -> Self {
        Self {
            beat: Arc::new(Beat {
                cycles: AtomicU64::new(0),
                completed_ns: AtomicU64::new(now.0),
                node: AtomicU64::new(NOBODY),
                names: Mutex::default(),
            }),
            timing: None,
        }
    }

    pub(super) fn time_nodes(&mut self, on: bool) {
        self.timing = on.then(Timing::default);
    }

    pub(super) fn watchdog(&self) -> Watchdog {
        Watchdog {
            beat: Arc::clone(&self.beat),
        }
    }

    /// A node was built.
    pub(super) fn built(&self, id: NodeId, name: &str) {
        let mut names = self
            .beat
            .names
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if names.len() <= id.index() {
            names.resize(id.index() + 1, (0, "".into()));
        }
        names[id.index()] = (id.generation, name.into());
    }

    /// A node is about to run.
    #[inline]
    pub(super) fn enter(&mut self, id: NodeId) {
        self.beat.node.store(pack(id), Ordering::Relaxed);
        if let Some(timing) = &mut self.timing {
            timing.turn(Some(id));
        }
    }

    /// No more nodes run in this cycle.
    pub(super) fn leave(&mut self) {
        self.beat.node.store(NOBODY, Ordering::Relaxed);
        if let Some(timing) = &mut self.timing {
            timing.turn(None);
        }
    }

    /// A cycle was completed at `now`.
    pub(super) fn completed(&mut self, now: Nanos) {
        self.beat.completed_ns.store(now.0, Ordering::Relaxed);
        // One thread writes.
        let cycles = self.beat.cycles.load(Ordering::Relaxed);
        self.beat.cycles.store(cycles + 1, Ordering::Relaxed);
    }

    /// The slowest node since this was last asked.
    pub(super) fn take_slowest(&mut self) -> Option<SlowNode> {
        let (node, took_ns) = self.timing.as_mut()?.slowest.take()?;
        Some(SlowNode {
            node,
            name: self.beat.name_of(node),
            took: Duration::from_nanos(took_ns),
        })
    }
}

type OnOverrun = Box<dyn FnMut(&Overrun)>;

/// A budget, what is done about it, and how often it was not kept.
pub(super) struct Budgeting {
    pub(super) budget: Budget,
    pub(super) on_overrun: OnOverrun,
    pub(super) overruns: u64,
}

impl fmt::Debug for Budgeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budgeting")
            .field("budget", &self.budget)
            .field("overruns", &self.overruns)
            .finish_non_exhaustive()
    }
}
