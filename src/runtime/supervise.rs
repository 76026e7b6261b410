//! Supervision: failed nodes and subgraphs rebuilt by a policy.
//!
//! Delays run on the graph's timers, so a historical run restarts at the same times each time.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::time::Duration;

use super::builder::NodeBuilder;
use super::clock::{Nanos, duration_ns};
use super::executor::Executor;
use super::failure::{FailurePhase, Outcome};
use super::node::{Control, Node, NodeId};

/// When a failed node is rebuilt.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Restart {
    /// Never: the first failure is final.
    Never,
    /// At the end of the cycle that failed; the node runs in the next.
    Immediate {
        /// Restarts in the life of the node.
        max: u32,
    },
    /// After a delay that grows with the restarts not yet forgotten.
    Backoff {
        /// The first delay.
        initial: Duration,
        /// Each delay is the one before times this; below 1, or no number, counts as 1.
        factor: f64,
        /// No delay is longer.
        max_delay: Duration,
        /// Restarts within `within`; one failure more is final. As many times are kept.
        max_restarts: u32,
        /// Restarts longer ago are forgotten.
        within: Duration,
    },
}

impl Restart {
    /// When to restart after a failure at `now`, or never again.
    fn next(&self, now: Nanos, past: &mut Past) -> Option<Nanos> {
        match *self {
            Self::Never => None,
            Self::Immediate { max } => (past.count < u64::from(max)).then_some(now),
            Self::Backoff {
                initial,
                factor,
                max_delay,
                max_restarts,
                within,
            } => {
                let within = duration_ns(within);
                while past
                    .times
                    .front()
                    .is_some_and(|at| now.0.saturating_sub(at.0) > within)
                {
                    past.times.pop_front();
                }
                if past.times.len() >= max_restarts as usize {
                    return None;
                }
                // `max` also takes care of what is no number.
                let factor = factor.max(1.0);
                let tries = i32::try_from(past.times.len()).unwrap_or(i32::MAX);
                let delay = duration_ns(initial) as f64 * factor.powi(tries);
                // A float that does not fit is cut to the largest number.
                let delay = (delay as u64).min(duration_ns(max_delay));
                let at = Nanos(now.0.saturating_add(delay));
                past.times.push_back(at);
                Some(at)
            }
        }
    }
}

/// The restarts of one node so far.
#[derive(Debug, Default)]
struct Past {
    count: u64,
    /// Of a policy with a window, those in it.
    times: VecDeque<Nanos>,
}

/// What the callback that rebuilds a state is given.
#[derive(Debug)]
pub struct Restarting<'a> {
    executor: &'a mut Executor,
    node: NodeId,
    attempt: u64,
}

impl Restarting<'_> {
    /// The executor, to set timers and register sources for the node. A cycle must not be run.
    pub fn executor(&mut self) -> &mut Executor {
        self.executor
    }

    /// The node that is rebuilt.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.node
    }

    /// Number of this restart in the life of the node, from 1.
    #[must_use]
    pub fn attempt(&self) -> u64 {
        self.attempt
    }

    /// Time of the cycle.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.executor.now()
    }
}

/// Rebuilds; says why it cannot.
type Rebuild = Box<dyn FnMut(&mut Executor, u64) -> Result<(), String>>;

struct Supervised {
    policy: Restart,
    past: Past,
    rebuild: Option<Rebuild>,
    /// The nodes of a subgraph, apart from its outlet.
    members: Vec<NodeId>,
}

/// Who is supervised, and which restarts are due when.
#[derive(Default)]
pub(super) struct Supervision {
    supervised: HashMap<NodeId, Supervised>,
    /// Nodes of a subgraph, to its outlet.
    member_of: HashMap<NodeId, NodeId>,
    /// At most one for each supervised node, in the order of the failures.
    waiting: Vec<(Nanos, NodeId)>,
    restarts: u64,
    /// The nodes placed while a subgraph is built.
    pub(super) recording: Option<Vec<NodeId>>,
}

impl Supervision {
    #[inline]
    pub(super) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    pub(super) fn forget(&mut self, id: NodeId) {
        if self.supervised.remove(&id).is_some() {
            self.waiting.retain(|&(_, node)| node != id);
        }
        self.member_of.remove(&id);
    }
}

impl Executor {
    /// Restarts of nodes and subgraphs that succeeded.
    #[must_use]
    pub fn restarts(&self) -> u64 {
        self.supervision.restarts
    }

    /// Rebuilds `node` after failures with a callback that makes a new state.
    pub(super) fn supervise_node<T: 'static>(
        &mut self,
        node: &Node<T>,
        policy: Restart,
        mut rebuild: impl FnMut(&mut Restarting<'_>) -> T + 'static,
    ) {
        let (weak, id) = (Rc::downgrade(&node.0), node.id());
        let rebuild = move |executor: &mut Executor, attempt| {
            let state = rebuild(&mut Restarting {
                executor,
                node: id,
                attempt,
            });
            let Some(cell) = weak.upgrade() else {
                return Ok(());
            };
            let mut data = cell.data.try_borrow_mut();
            let old = match &mut data {
                Ok(data) => std::mem::replace(&mut **data, state),
                Err(_) => return Err("the state is borrowed".to_owned()),
            };
            drop(data);
            // Its destructor may read the node.
            drop(old);
            executor.resume(id);
            Ok(())
        };
        self.supervision.supervised.insert(
            id,
            Supervised {
                policy,
                past: Past::default(),
                rebuild: Some(Box::new(rebuild)),
                members: Vec::new(),
            },
        );
    }

    /// What is to be done about a failed node, by the policy of whoever supervises it.
    pub(super) fn decide(&mut self, node: NodeId) -> Outcome {
        let now = self.core.now;
        let watch = &mut self.supervision;
        let target = if watch.supervised.contains_key(&node) {
            node
        } else {
            watch.member_of.get(&node).copied().unwrap_or(node)
        };
        if let Some(&(at, _)) = watch.waiting.iter().find(|&&(_, held)| held == target) {
            return Outcome::Restarts(at);
        }
        let Some(held) = watch.supervised.get_mut(&target) else {
            return Outcome::Stopped;
        };
        let Some(at) = held.policy.next(now, &mut held.past) else {
            return Outcome::GaveUp;
        };
        held.past.count += 1;
        watch.waiting.push((at, target));
        self.core.extras = true;
        // A failed node sleeps; its timer only has a cycle run in time.
        let _ = self.core.set_timer(target, at, None);
        Outcome::Restarts(at)
    }

    /// Rebuilds what is due. Each node once: one that fails again waits for the next call.
    #[cold]
    pub(super) fn restart_due(&mut self) {
        let now = self.core.now;
        let waiting = &mut self.supervision.waiting;
        let due: Vec<NodeId> = waiting
            .extract_if(.., |(at, _)| *at <= now)
            .map(|(_, id)| id)
            .collect();
        for id in due {
            if self.core.graph.is_live(id) {
                self.restart(id);
            }
        }
    }

    fn restart(&mut self, id: NodeId) {
        let Some(held) = self.supervision.supervised.get_mut(&id) else {
            return;
        };
        let attempt = held.past.count;
        let Some(mut rebuild) = held.rebuild.take() else {
            return;
        };
        let done = catch_unwind(AssertUnwindSafe(|| rebuild(self, attempt)));
        if let Some(held) = self.supervision.supervised.get_mut(&id) {
            held.rebuild = Some(rebuild);
        }
        match done {
            Ok(Ok(())) => self.supervision.restarts += 1,
            Ok(Err(message)) => self.fail_error(id, FailurePhase::Restart, message),
            Err(payload) => self.fail_panic(id, FailurePhase::Restart, payload),
        }
    }

    /// Runs a builder; returns what it built and the nodes it placed.
    fn record<T>(&mut self, build: impl FnOnce(&mut Self) -> Node<T>) -> (Node<T>, Vec<NodeId>) {
        let outer = self.supervision.recording.replace(Vec::new());
        let built = catch_unwind(AssertUnwindSafe(|| build(self)));
        let placed = self.supervision.recording.take().unwrap_or_default();
        self.supervision.recording = outer.map(|mut outer| {
            outer.extend(&placed);
            outer
        });
        match built {
            Ok(node) => (node, placed),
            Err(payload) => {
                // Half a subgraph is none.
                self.remove_all(&placed);
                std::panic::resume_unwind(payload)
            }
        }
    }

    fn remove_all(&mut self, nodes: &[NodeId]) {
        // Children first: the subgraph comes apart as it was put together.
        for &id in nodes.iter().rev() {
            if self.core.graph.is_live(id) {
                self.remove(id);
            }
        }
    }

    fn rebuild_subgraph<T: 'static>(
        &mut self,
        outlet: &Node<Outlet<T>>,
        build: &mut dyn FnMut(&mut Self) -> Node<T>,
    ) -> Result<(), String> {
        let id = outlet.id();
        let old = self.supervision.supervised.get_mut(&id);
        let old = old
            .map(|held| std::mem::take(&mut held.members))
            .unwrap_or_default();
        // The outlet stands for the failed node from here on, so that readers stay stale.
        let now = self.core.now;
        self.core.graph.add_root(id, now);
        self.remove_all(&old);
        let (inner, members) = self.record(build);
        self.adopt(id, members);
        let first = outlet
            .0
            .data
            .try_borrow_mut()
            .map(|mut held| held.inner.replace(inner.clone()));
        let Ok(first) = first else {
            return Err("the outlet is borrowed".to_owned());
        };
        if let Some(gone) = first {
            let _ = self.remove_edge(&id, &gone);
        }
        self.add_trigger(outlet, &inner)
            .map_err(|error| error.to_string())?;
        self.resume(id);
        Ok(())
    }

    fn adopt(&mut self, outlet: NodeId, members: Vec<NodeId>) {
        let watch = &mut self.supervision;
        for &id in &members {
            // A node of a subgraph within belongs to that one.
            watch.member_of.entry(id).or_insert(outlet);
        }
        if let Some(held) = watch.supervised.get_mut(&outlet) {
            held.members = members;
        }
    }
}

/// The state of the node returned by [`supervise`]: the last node of the present subgraph.
pub struct Outlet<T> {
    inner: Option<Node<T>>,
}

impl<T> Outlet<T> {
    /// The node that the builder returned last. `None` only before the first has been built.
    #[must_use]
    pub fn inner(&self) -> Option<&Node<T>> {
        self.inner.as_ref()
    }
}

impl<T> fmt::Debug for Outlet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outlet")
            .field("inner", &self.inner)
            .finish()
    }
}

/// Builds a subgraph that is removed and built anew when one of its nodes fails.
///
/// The node returned broadcasts whenever the one that `build` returns does, and stays through
/// restarts: what is outside reads the subgraph through it only. The subgraph is what `build`
/// builds itself; nodes spawned later by its nodes do not belong to it. A node within that is
/// supervised on its own is restarted on its own.
///
/// # Panics
///
/// When `build` panics the first time. Later it is a failure like any other.
pub fn supervise<T: 'static>(
    executor: &mut Executor,
    policy: Restart,
    mut build: impl FnMut(&mut Executor) -> Node<T> + 'static,
) -> Node<Outlet<T>> {
    let (inner, members) = executor.record(&mut build);
    let outlet = NodeBuilder::new(Outlet {
        inner: Some(inner.clone()),
    })
    .named("supervised")
    .triggered_by(&inner)
    .build(executor, |outlet: &mut Outlet<T>, ctx| {
        let changed = outlet
            .inner
            .as_ref()
            .is_some_and(|inner| ctx.has_mutated(inner));
        Control::from(changed)
    });
    let (weak, id) = (outlet.downgrade(), outlet.id());
    executor.supervision.supervised.insert(
        id,
        Supervised {
            policy,
            past: Past::default(),
            rebuild: Some(Box::new(move |executor, _| match weak.upgrade() {
                Some(outlet) => executor.rebuild_subgraph(&outlet, &mut build),
                None => Ok(()),
            })),
            members: Vec::new(),
        },
    );
    executor.adopt(id, members);
    outlet
}
