//! Failures: nodes that panic or give up, and what becomes of those that build on them.
//!
//! A node that fails is taken out of scheduling, with its timers and I/O registrations. It stays in
//! the graph and its last state can be read. Everything below it, triggered or observing, goes on
//! running on its other inputs and is marked: [`Health::Stale`] names the failed node and since
//! when. Every failure is counted, and the last [`FAILURES_KEPT`] are kept.

use std::any::Any;
use std::collections::VecDeque;
use std::fmt;
use std::panic::resume_unwind;

use super::clock::Nanos;
use super::context::Context;
use super::executor::Executor;
use super::graph::Graph;
use super::node::{Control, NodeId, NodeRef};

/// Failures that [`Executor::last_failures`] keeps; older ones are only counted.
pub const FAILURES_KEPT: usize = 64;
/// Names of a path at most: those nearest to the failed node.
const PATH_MAX: usize = 32;
/// Bytes of a message at most; the rest is cut off.
const MESSAGE_MAX: usize = 1024;
/// Panics of destructors that wait for the executor at most; more are only counted.
pub(super) const DROPS_MAX: usize = 64;

/// How a node stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// It runs, and so does all that it builds on.
    Healthy,
    /// It failed and does not run.
    Failed,
    /// It runs, on the last state of a failed node above it.
    Stale {
        /// Time of the cycle in which that node failed.
        since: Nanos,
        /// The failed node; the first where there are several.
        root: NodeId,
    },
}

/// In what way a node failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// It returned an error, or used [`Context::fail`].
    Error,
    /// It panicked.
    Panic,
}

/// What of a node failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailurePhase {
    /// The run of a cycle.
    Run,
    /// `on_init`.
    Init,
    /// `on_drop`, or the destructor of the state.
    Drop,
    /// The callback that rebuilds the state or the subgraph.
    Restart,
}

/// What is done about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// The node stays failed: nobody supervises it.
    Stopped,
    /// The node is rebuilt in the first cycle at or after this time.
    Restarts(Nanos),
    /// The policy allows no more restarts; the node stays failed.
    GaveUp,
}

/// A failure, as told to the handler of [`Executor::on_failure`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The node that failed.
    pub node: NodeId,
    /// Its name; empty where none was given.
    pub name: String,
    /// Names from a source down to the node, along the first parents; `#` and the id for a node
    /// without a name. At most 32, those nearest to the node.
    pub path: Vec<String>,
    /// Error or panic.
    pub kind: FailureKind,
    /// What of the node failed.
    pub phase: FailurePhase,
    /// The message of the error or the panic, at most 1024 bytes of it.
    pub message: String,
    /// Time of the cycle.
    pub at: Nanos,
    /// Number of the cycle.
    pub cycle: u64,
    /// Nodes below, all of them stale from here on.
    pub stale_count: usize,
    /// What is done about it.
    pub outcome: Outcome,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            FailureKind::Error => "error",
            FailureKind::Panic => "panic",
        };
        write!(f, "{}: {kind}: {}", self.path.join(" > "), self.message)
    }
}

/// What [`Executor::cycle`] does with the panic of a node, once it has been reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum FailurePolicy {
    /// Goes on with the other nodes.
    #[default]
    Report,
    /// Hands the panic on to the caller. Errors are reported only.
    Propagate,
}

type OnFailure = Box<dyn FnMut(&Failure)>;

/// What the executor keeps of failures.
#[derive(Default)]
pub(super) struct Failures {
    pub(super) policy: FailurePolicy,
    handler: Option<OnFailure>,
    count: u64,
    last: VecDeque<Failure>,
    /// Restarted nodes that have not broadcast since.
    pub(super) recovering: Vec<NodeId>,
}

/// The message of a panic.
fn panic_message(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

fn cut(mut message: String) -> String {
    if message.len() > MESSAGE_MAX {
        let end = (0..=MESSAGE_MAX).rfind(|&at| message.is_char_boundary(at));
        message.truncate(end.unwrap_or(0));
    }
    message
}

impl Context<'_> {
    /// Fails the running node with this message. The value is to be returned at once: the failure
    /// takes place as the node returns it.
    #[must_use = "the node fails as it returns this"]
    #[cold]
    pub fn fail(&mut self, error: impl fmt::Display) -> Control {
        self.core.error = Some((self.core.current(), error.to_string()));
        // The rarest answer of a node: telling the two apart costs the others nothing.
        Control::Sweep
    }

    /// How a node stands; `None` where it has been removed.
    #[must_use]
    pub fn health(&self, node: &impl NodeRef) -> Option<Health> {
        self.core.graph.health(node.node_id())
    }
}

impl Graph {
    pub(super) fn health(&self, id: NodeId) -> Option<Health> {
        self.is_live(id).then(|| self.cold[id.index()].health)
    }

    /// Marks all below a failed node; marks of earlier failures stand. Returns how many are below.
    fn mark_below(&mut self, root: NodeId, since: Nanos) -> usize {
        let below = self.descendants(root, true);
        for id in &below[1..] {
            let health = &mut self.cold[id.index()].health;
            if *health == Health::Healthy {
                *health = Health::Stale { since, root };
            }
        }
        below.len() - 1
    }

    /// Takes a node off the roots of staleness.
    pub(super) fn heal(&mut self, root: NodeId) {
        self.roots.retain(|&(id, _)| id != root);
        let below = self.descendants(root, true);
        self.remark_these(&below[1..]);
    }

    /// The nodes whose marks may change when this one is removed.
    pub(super) fn marked_below(&mut self, id: NodeId) -> Vec<NodeId> {
        let is_root = self.roots.iter().any(|&(root, _)| root == id);
        if !is_root && self.health(id) == Some(Health::Healthy) {
            return Vec::new();
        }
        self.roots.retain(|&(root, _)| root != id);
        let mut below = self.descendants(id, true);
        below.swap_remove(0);
        below
    }

    pub(super) fn remark_these(&mut self, ids: &[NodeId]) {
        for &id in ids {
            let health = &mut self.cold[id.index()].health;
            if *health != Health::Failed {
                *health = Health::Healthy;
            }
        }
        if !ids.is_empty() {
            self.mark_again();
        }
    }

    /// After a change of edges: all marks anew.
    pub(super) fn remark(&mut self) {
        if self.roots.is_empty() {
            return;
        }
        for cold in &mut self.cold {
            if cold.health != Health::Failed {
                cold.health = Health::Healthy;
            }
        }
        self.mark_again();
    }

    fn mark_again(&mut self) {
        for at in 0..self.roots.len() {
            let (root, since) = self.roots[at];
            self.mark_below(root, since);
        }
    }

    /// A new node takes over the mark of its parents.
    pub(super) fn inherit_health(&mut self, id: NodeId) {
        for &(root, since) in &self.roots {
            let stands_below = self.cold[id.index()].parents.iter().any(|edge| {
                let parent = edge.node.id();
                parent == root
                    || matches!(self.health(parent),
                        Some(Health::Stale { root: above, .. }) if above == root)
            });
            if stands_below {
                self.cold[id.index()].health = Health::Stale { since, root };
                return;
            }
        }
    }

    /// Makes a node a root of staleness, and counts those below.
    pub(super) fn add_root(&mut self, id: NodeId, since: Nanos) -> usize {
        if self.roots.iter().all(|&(root, _)| root != id) {
            self.roots.push((id, since));
        }
        self.mark_below(id, since)
    }
}

impl Executor {
    /// Sets the handler told of each failure.
    pub fn on_failure(&mut self, handler: impl FnMut(&Failure) + 'static) {
        self.failures.handler = Some(Box::new(handler));
    }

    /// Sets what becomes of the panic of a node: reported (the default), or handed on as well.
    pub fn set_failure_policy(&mut self, policy: FailurePolicy) {
        self.failures.policy = policy;
    }

    /// Failures since the executor was made.
    #[must_use]
    pub fn failures(&self) -> u64 {
        self.failures.count
    }

    /// The last failures, oldest first; at most [`FAILURES_KEPT`].
    pub fn last_failures(&self) -> impl ExactSizeIterator<Item = &Failure> {
        self.failures.last.iter()
    }

    /// How a node stands; `None` where it has been removed.
    #[must_use]
    pub fn health(&self, node: &impl NodeRef) -> Option<Health> {
        self.core.graph.health(node.node_id())
    }

    /// Takes the failed node out of scheduling and reports it.
    #[cold]
    pub(super) fn fail_error(&mut self, node: NodeId, phase: FailurePhase, message: String) {
        self.fail(node, FailureKind::Error, phase, message);
    }

    /// As [`Executor::fail_error`] for a panic, which is handed on where the policy says so.
    #[cold]
    pub(super) fn fail_panic(
        &mut self,
        node: NodeId,
        phase: FailurePhase,
        payload: Box<dyn Any + Send>,
    ) {
        let message = panic_message(&*payload);
        self.fail(node, FailureKind::Panic, phase, message);
        if self.failures.policy == FailurePolicy::Propagate {
            resume_unwind(payload);
        }
    }

    fn fail(&mut self, node: NodeId, kind: FailureKind, phase: FailurePhase, message: String) {
        let (name, path, now) = (self.name_of(node), self.path_of(node), self.core.now);
        let mut stale_count = 0;
        let mut outcome = Outcome::Stopped;
        if self.core.graph.is_live(node) {
            self.stop(node);
            stale_count = self.core.graph.add_root(node, now);
            outcome = self.decide(node);
        }
        self.tell_failure(Failure {
            node,
            name,
            path,
            kind,
            phase,
            message: cut(message),
            at: now,
            cycle: self.core.epoch,
            stale_count,
            outcome,
        });
    }

    /// Counts a failure, keeps it and tells the handler.
    fn tell_failure(&mut self, failure: Failure) {
        self.failures.count += 1;
        if let Some(handler) = &mut self.failures.handler {
            handler(&failure);
        }
        if self.failures.last.len() == FAILURES_KEPT {
            self.failures.last.pop_front();
        }
        self.failures.last.push_back(failure);
    }

    /// Takes a node out of scheduling and releases what it has registered.
    fn stop(&mut self, id: NodeId) {
        self.failures.recovering.retain(|&held| held != id);
        let graph = &mut self.core.graph;
        graph.slots[id.index()].set_asleep(true);
        let cold = &mut graph.cold[id.index()];
        cold.health = Health::Failed;
        let owned = cold.take_owned();
        for index in owned.io {
            // A source that cannot be deregistered leaves the poller when it is closed.
            let _ = self.core.io.deregister(index);
        }
        self.core.timers.remove_node(id);
        if let Some(run) = self.run_of(id) {
            run.cell().failed().set(true);
        }
    }

    /// Lets a stopped node run again, first in the next cycle. What is below stays stale until it
    /// has broadcast.
    pub(super) fn resume(&mut self, id: NodeId) {
        let cold = &mut self.core.graph.cold[id.index()];
        cold.health = Health::Healthy;
        let asleep = !cold.is_wanted();
        self.core.graph.slots[id.index()].set_asleep(asleep);
        if let Some(run) = self.run_of(id) {
            run.cell().failed().set(false);
        }
        self.failures.recovering.push(id);
        self.core.extras = true;
        self.core.graph.remark();
        self.core.schedule_next(id);
    }

    /// Heals what is below the restarted nodes that broadcast in this cycle.
    #[cold]
    pub(super) fn heal_recovered(&mut self) {
        let recovering = std::mem::take(&mut self.failures.recovering);
        for id in recovering {
            if self.core.has_mutated(id) {
                self.core.graph.heal(id);
            } else if self.core.graph.is_live(id) {
                self.failures.recovering.push(id);
            }
        }
    }

    /// Reports the panics of destructors that ran outside the executor's sight.
    pub(super) fn report_drops(&mut self) {
        let (failed, lost) = self.shared.take_failed_drops();
        self.failures.count += lost;
        for (node, name, message) in failed {
            self.report_drop(node, name, message);
        }
    }

    /// Reports the panic of a destructor. The node is gone: there is nothing to stop.
    pub(super) fn report_drop(&mut self, node: NodeId, name: String, message: String) {
        self.tell_failure(Failure {
            node,
            path: vec![label(&name, node)],
            name,
            kind: FailureKind::Panic,
            phase: FailurePhase::Drop,
            message: cut(message),
            at: self.core.now,
            cycle: self.core.epoch,
            stale_count: 0,
            outcome: Outcome::Stopped,
        });
    }

    fn path_of(&self, node: NodeId) -> Vec<String> {
        let graph = &self.core.graph;
        let mut path = vec![label(&self.name_of(node), node)];
        let mut at = node;
        while path.len() < PATH_MAX && graph.is_live(at) {
            let Some(edge) = graph.cold[at.index()].parents.first() else {
                break;
            };
            at = edge.node.id();
            path.push(label(edge.node.name(), at));
        }
        path.reverse();
        path
    }
}

fn label(name: &str, id: NodeId) -> String {
    if name.is_empty() {
        format!("#{id}")
    } else {
        name.to_owned()
    }
}

/// The message of a panic caught in a destructor, for whoever reports it later.
pub(super) fn caught_message(payload: &(dyn Any + Send)) -> String {
    cut(panic_message(payload))
}
