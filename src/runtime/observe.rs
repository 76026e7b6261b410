//! What the nodes of a graph do: counts, times, and why a node ran.
//!
//! ```text
//!  Executor::profile(Counts)    visits, broadcasts, causes         a few stores a node
//!  Executor::profile(Sampled)   and, one cycle in N, the times     one reading of the clock a node
//!            │
//!            ▼
//!  Executor::report() ─► Report ─► to_dot(), to_mermaid(), to_json()
//!  Executor::explain(node) ─► why it ran in the last cycle, or why not
//! ```
//!
//! A graph that is not profiled has no code for it between two nodes. Memory is bounded by the
//! slots of the graph: a few words a slot, and 2 KiB for each node that ran in a sampled cycle.

use std::fmt;

use hdrhistogram::Histogram;

use super::clock::{Clock, Nanos, RealtimeClock};
use super::executor::{Core, Executor, NodeRun};
use super::failure::Health;
use super::node::{Control, NodeId, NodeRef};

/// Times beyond this are counted as this: 68 s.
const TIME_MAX_NS: u64 = (1 << 36) - 1;
/// Digits of the times of a node, for 2 KiB a histogram.
const NODE_DIGITS: u8 = 1;
/// Digits of the times of cycles, for 220 KiB.
const CYCLE_DIGITS: u8 = 3;

/// How closely a graph is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Profile {
    /// Not at all; costs nothing.
    #[default]
    Off,
    /// Each run is counted, with its cause.
    Counts,
    /// Each run is counted, and the nodes of one cycle in `every` are timed. Cycles in which
    /// nothing runs do not count; zero is taken as one.
    Sampled {
        /// Cycles from one that is timed to the next.
        every: u32,
    },
}

/// Times of a node or of cycles, in nanoseconds: at most 6 % too high for a node, 0.1 % for cycles.
/// Times beyond 68 s count as 68 s.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Runs timed.
    pub samples: u64,
    /// Half of them took at most this.
    pub p50_ns: u64,
    /// 99 of 100 took at most this.
    pub p99_ns: u64,
    /// The longest.
    pub max_ns: u64,
}

impl Times {
    pub(super) fn of<C: hdrhistogram::Counter>(histogram: &Histogram<C>) -> Option<Self> {
        (!histogram.is_empty()).then(|| {
            let max_ns = histogram.max();
            Self {
                samples: histogram.len(),
                p50_ns: histogram.value_at_quantile(0.5).min(max_ns),
                p99_ns: histogram.value_at_quantile(0.99).min(max_ns),
                max_ns,
            }
        })
    }
}

pub(super) fn histogram<C: hdrhistogram::Counter>(digits: u8) -> Histogram<C> {
    Histogram::new_with_bounds(1, TIME_MAX_NS, digits).expect("the bounds and digits are valid")
}

/// An edge as a report has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParentReport {
    /// The parent.
    pub node: NodeId,
    /// Whether a broadcast of the parent runs the child; otherwise the child only reads it.
    pub active: bool,
}

/// A node as a report has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeReport {
    /// The node.
    pub node: NodeId,
    /// Its name; empty where none was given.
    pub name: String,
    /// Its height in the graph.
    pub height: u32,
    /// Its parents, in the order in which the edges were made.
    pub parents: Vec<ParentReport>,
    /// Runs while the graph was profiled.
    pub visits: u64,
    /// Runs that ended with a broadcast.
    pub broadcasts: u64,
    /// Times of the runs that were sampled, with the scheduling of the node's children.
    pub times: Option<Times>,
    /// Runs only while it is wanted.
    pub lazy: bool,
    /// Lazy, and not wanted at the moment.
    pub asleep: bool,
    /// Lives without a handle.
    pub spawned: bool,
    /// Has a channel or a notifier.
    pub has_channel: bool,
    /// Waits for the next cycle.
    pub pending: bool,
    /// Whether it, or a node above it, has failed.
    pub health: Health,
}

/// A graph with what its nodes have done. Sorted by height, then by slot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Time of the last cycle.
    pub at: Nanos,
    /// Number of the last cycle.
    pub epoch: u64,
    /// How closely the graph is watched.
    pub profile: Profile,
    /// Cycles profiled in which something ran.
    pub cycles: u64,
    /// Times of the cycles that were sampled, from their first node to their last.
    pub cycle_times: Option<Times>,
    /// The nodes.
    pub nodes: Vec<NodeReport>,
}

impl Report {
    /// The node with this id.
    #[must_use]
    pub fn node(&self, node: &impl NodeRef) -> Option<&NodeReport> {
        let id = node.node_id();
        self.nodes.iter().find(|report| report.node == id)
    }
}

/// What made a node run; there may be several at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// A parent broadcast along an active edge.
    Parent(NodeId),
    /// A timer ran out.
    Timer,
    /// A channel or a notifier had work.
    Channel,
    /// A source of I/O was ready.
    Io,
    /// It was scheduled before the cycle: by hand, by another node, or by itself.
    Scheduled,
    /// Another node scheduled it within the cycle.
    Node,
}

/// Why a node ran in the last cycle, or why not: see [`Executor::explain`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// It ran.
    Ran {
        /// What made it run: parents first, in the order of the edges.
        causes: Vec<Cause>,
        /// Whether it broadcast.
        broadcast: bool,
    },
    /// Nothing made it run: no active parent broadcast, and nobody scheduled it.
    NoCause {
        /// Parents that broadcast along passive edges, which run nothing.
        passive: Vec<NodeId>,
    },
    /// It is lazy and nobody wants it.
    Asleep,
    /// It was to run, but the cycle ended before: another node terminated the graph or panicked.
    CutShort,
    /// It is not in the graph.
    NotFound,
    /// The graph was not profiled in its last cycle.
    NotProfiled,
}

/// Causes that are noted as they come, one bit each; parents are read off the graph.
const TIMER: u8 = 1;
const CHANNEL: u8 = 2;
const IO: u8 = 4;
const SCHEDULED: u8 = 8;
const WITHIN: u8 = 16;

/// What is known of the node in a slot.
#[derive(Debug, Default)]
struct Seen {
    generation: u32,
    causes: u8,
    broadcast: bool,
    /// Cycle of `causes`.
    cause_epoch: u64,
    /// Cycle of the last run.
    visit_epoch: u64,
    visits: u64,
    broadcasts: u64,
    times: Option<Box<Histogram<u32>>>,
}

/// The clock of the times, and what is being timed.
struct Sampling {
    clock: Box<dyn Clock>,
    every: u32,
    /// Cycles to go before one is timed.
    wait: u32,
    /// The cycle is timed.
    on: bool,
    started: Option<Nanos>,
    running: Option<(NodeId, Nanos)>,
    cycle_times: Histogram<u64>,
}

/// Counts and times of a profiled graph; told of each node by the executor.
pub(super) struct Profiler {
    profile: Profile,
    cycles: u64,
    /// The last cycle profiled; one in which nothing ran as well.
    epoch: u64,
    seen: Vec<Seen>,
    sampling: Option<Sampling>,
}

impl Profiler {
    fn new(profile: Profile, clock: impl FnOnce() -> Box<dyn Clock>) -> Self {
        let sampling = match profile {
            Profile::Sampled { every } => Some(Sampling {
                clock: clock(),
                every: every.max(1),
                wait: 0,
                on: false,
                started: None,
                running: None,
                cycle_times: histogram(CYCLE_DIGITS),
            }),
            Profile::Off | Profile::Counts => None,
        };
        Self {
            profile,
            cycles: 0,
            epoch: 0,
            seen: Vec::new(),
            sampling,
        }
    }

    fn seen(&self, id: NodeId) -> Option<&Seen> {
        self.seen
            .get(id.index())
            .filter(|seen| seen.generation == id.generation)
    }

    fn seen_mut(&mut self, id: NodeId) -> &mut Seen {
        if self.seen.len() <= id.index() {
            self.seen.resize_with(id.index() + 1, Seen::default);
        }
        let seen = &mut self.seen[id.index()];
        if seen.generation != id.generation {
            *seen = Seen {
                generation: id.generation,
                ..Seen::default()
            };
        }
        seen
    }

    fn note(&mut self, id: NodeId, cause: u8, epoch: u64) {
        let seen = self.seen_mut(id);
        if seen.cause_epoch != epoch {
            seen.cause_epoch = epoch;
            seen.causes = 0;
        }
        seen.causes |= cause;
    }

    /// A timer of the node ran out in the cycle `epoch`.
    #[cold]
    pub(super) fn timer(&mut self, id: NodeId, epoch: u64) {
        self.note(id, TIMER, epoch);
    }

    /// A channel of the node has work in the cycle `epoch`.
    #[cold]
    pub(super) fn channel(&mut self, id: NodeId, epoch: u64) {
        self.note(id, CHANNEL, epoch);
    }

    /// A source of the node is ready; it runs in the cycle `epoch`.
    #[cold]
    pub(super) fn io(&mut self, id: NodeId, epoch: u64) {
        self.note(id, IO, epoch);
    }

    /// The node was scheduled before the cycle `epoch`.
    #[cold]
    pub(super) fn pending(&mut self, id: NodeId, epoch: u64) {
        let known = self
            .seen(id)
            .is_some_and(|seen| seen.cause_epoch == epoch && seen.causes & IO != 0);
        if !known {
            self.note(id, SCHEDULED, epoch);
        }
    }

    /// Another node scheduled it for the running cycle.
    #[cold]
    pub(super) fn within(&mut self, id: NodeId, epoch: u64) {
        self.note(id, WITHIN, epoch);
    }

    /// A cycle begins.
    pub(super) fn begin(&mut self, epoch: u64) {
        self.epoch = epoch;
    }

    /// The cycle has something to run.
    pub(super) fn start(&mut self) {
        self.cycles += 1;
        let Some(sampling) = &mut self.sampling else {
            return;
        };
        sampling.on = sampling.wait == 0;
        if sampling.on {
            sampling.wait = sampling.every;
            sampling.started = Some(sampling.clock.now());
        }
        sampling.wait -= 1;
    }

    /// The node is about to run. Ends the time of the one before.
    pub(super) fn enter(&mut self, id: NodeId, epoch: u64) {
        let seen = self.seen_mut(id);
        seen.visits += 1;
        seen.visit_epoch = epoch;
        seen.broadcast = false;
        self.turn(Some(id));
    }

    /// The node has run.
    pub(super) fn leave(&mut self, id: NodeId, control: Control) {
        // Entered, so it is there.
        if control == Control::Broadcast
            && let Some(seen) = self.seen.get_mut(id.index())
        {
            seen.broadcasts += 1;
            seen.broadcast = true;
        }
    }

    /// No more nodes run in this cycle.
    pub(super) fn end(&mut self) {
        self.turn(None);
        if let Some(sampling) = &mut self.sampling {
            if let Some(started) = sampling.started.take() {
                let took_ns = sampling.clock.now().since(started);
                sampling.cycle_times.saturating_record(took_ns);
            }
            sampling.on = false;
        }
    }

    fn turn(&mut self, next: Option<NodeId>) {
        let Some(sampling) = &mut self.sampling else {
            return;
        };
        if !sampling.on {
            return;
        }
        let now = sampling.clock.now();
        let before = sampling.running.take();
        sampling.running = next.map(|id| (id, now));
        if let Some((id, since)) = before {
            let seen = self.seen_mut(id);
            seen.times
                .get_or_insert_with(|| Box::new(histogram(NODE_DIGITS)))
                .saturating_record(now.since(since));
        }
    }
}

impl fmt::Debug for Profiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Profiler")
            .field("profile", &self.profile)
            .field("cycles", &self.cycles)
            .finish_non_exhaustive()
    }
}

impl Executor {
    /// Sets how closely the graph is watched, and starts all counts anew.
    ///
    /// The times are those of a [`RealtimeClock`]; see [`Executor::profile_with`].
    pub fn profile(&mut self, profile: Profile) {
        self.set_profile(profile, || Box::new(RealtimeClock::new()));
    }

    /// As [`Executor::profile`], with the times of a clock of the caller's. It is read once before
    /// the first node of a sampled cycle, once before each node, and twice after the last.
    pub fn profile_with(&mut self, profile: Profile, clock: impl Clock + 'static) {
        self.set_profile(profile, || Box::new(clock));
    }

    fn set_profile(&mut self, profile: Profile, clock: impl FnOnce() -> Box<dyn Clock>) {
        self.core.extras = true;
        self.core.profiler =
            (profile != Profile::Off).then(|| Box::new(Profiler::new(profile, clock)));
    }

    /// The graph as it stands, with what its nodes have done while it was profiled.
    ///
    /// Costs in proportion to the graph; not for the hot path.
    ///
    /// ```
    /// use waveletd::runtime::{Cause, Control, Executor, Explanation, Nanos, NodeBuilder, Profile};
    ///
    /// let mut executor = Executor::new();
    /// executor.profile(Profile::Counts);
    /// let source = NodeBuilder::new(()).named("source").build(&mut executor, |(), _| {
    ///     Control::Broadcast
    /// });
    /// let child = NodeBuilder::new(()).named("child").triggered_by(&source).build(
    ///     &mut executor,
    ///     |(), _| Control::Unchanged,
    /// );
    /// executor.schedule(&source);
    /// let _ = executor.cycle(Nanos(1));
    ///
    /// let report = executor.report();
    /// assert_eq!(report.node(&child).map(|node| (node.visits, node.broadcasts)), Some((1, 0)));
    /// assert!(report.to_dot().contains("n0_0 -> n1_0;"));
    /// let why = executor.explain(&child);
    /// let causes = vec![Cause::Parent(source.id())];
    /// assert_eq!(why, Explanation::Ran { causes, broadcast: false });
    /// ```
    #[must_use]
    pub fn report(&self) -> Report {
        let core = &self.core;
        let profiler = core.profiler.as_deref();
        let mut nodes: Vec<NodeReport> = (0..)
            .zip(&core.graph.slots)
            .filter_map(|(index, slot)| {
                let run = slot.run.as_deref()?;
                Some(report_of(core, core.graph.id_at(index), run))
            })
            .collect();
        nodes.sort_by_key(|node| (node.height, node.node));
        Report {
            at: core.now,
            epoch: core.epoch,
            profile: profiler.map_or(Profile::Off, |profiler| profiler.profile),
            cycles: profiler.map_or(0, |profiler| profiler.cycles),
            cycle_times: profiler
                .and_then(|profiler| profiler.sampling.as_ref())
                .and_then(|sampling| Times::of(&sampling.cycle_times)),
            nodes,
        }
    }

    /// Why the node ran in the last cycle, or why not. Needs a profile other than
    /// [`Profile::Off`].
    ///
    /// Edges are taken as they are now: one switched at the end of the cycle counts as switched.
    #[must_use]
    pub fn explain(&self, node: &impl NodeRef) -> Explanation {
        let (core, id) = (&self.core, node.node_id());
        if !core.graph.is_live(id) {
            return Explanation::NotFound;
        }
        let Some(profiler) = &core.profiler else {
            return Explanation::NotProfiled;
        };
        if profiler.epoch != core.epoch {
            return Explanation::NotProfiled;
        }
        let (mut causes, mut passive) = (Vec::new(), Vec::new());
        for edge in &core.graph.cold[id.index()].parents {
            let parent = edge.node.id();
            match (core.has_mutated(parent), edge.active) {
                (true, true) => causes.push(Cause::Parent(parent)),
                (true, false) => passive.push(parent),
                (false, _) => {}
            }
        }
        let seen = profiler.seen(id);
        if let Some(seen) = seen.filter(|seen| seen.cause_epoch == core.epoch) {
            let noted = [
                (TIMER, Cause::Timer),
                (CHANNEL, Cause::Channel),
                (IO, Cause::Io),
                (SCHEDULED, Cause::Scheduled),
                (WITHIN, Cause::Node),
            ];
            for (bit, cause) in noted {
                if seen.causes & bit != 0 {
                    causes.push(cause);
                }
            }
        }
        if let Some(seen) = seen.filter(|seen| seen.visit_epoch == core.epoch) {
            return Explanation::Ran {
                causes,
                broadcast: seen.broadcast,
            };
        }
        if core.graph.slots[id.index()].is_asleep() {
            Explanation::Asleep
        } else if causes.is_empty() {
            Explanation::NoCause { passive }
        } else {
            Explanation::CutShort
        }
    }
}

fn report_of(core: &Core, id: NodeId, run: &dyn NodeRun) -> NodeReport {
    let (slot, cold) = (&core.graph.slots[id.index()], &core.graph.cold[id.index()]);
    let seen = core
        .profiler
        .as_deref()
        .and_then(|profiler| profiler.seen(id));
    NodeReport {
        node: id,
        name: run.cell().name().to_owned(),
        height: slot.height,
        parents: cold
            .parents
            .iter()
            .map(|edge| ParentReport {
                node: edge.node.id(),
                active: edge.active,
            })
            .collect(),
        visits: seen.map_or(0, |seen| seen.visits),
        broadcasts: seen.map_or(0, |seen| seen.broadcasts),
        times: seen.and_then(|seen| Times::of(seen.times.as_deref()?)),
        lazy: cold.lazy,
        asleep: slot.is_asleep(),
        spawned: cold.pinned,
        has_channel: cold.polled,
        pending: slot.pending,
        health: cold.health,
    }
}

/// A span around the runs of a cycle.
#[cfg(feature = "spans")]
pub(super) fn cycle_span(epoch: u64, now: Nanos) -> tracing::span::EnteredSpan {
    tracing::trace_span!("cycle", epoch, now = now.0).entered()
}

/// A span around one run of a node.
#[cfg(feature = "spans")]
pub(super) fn node_span(id: NodeId, run: &dyn NodeRun) -> tracing::span::EnteredSpan {
    tracing::trace_span!("node", id = %id, name = run.cell().name()).entered()
}

#[cfg(test)]
mod tests;
