//! Lazy nodes: run only while someone wants their state.
//!
//! A node is *wanted* when it is not lazy, when an [`Observer`] guard on it is held, or when a
//! child of it, triggered or observing, is wanted. So a lazy node is kept up to date exactly while
//! it has a guard or a descendant that is not lazy or has one. A plain handle does not make it
//! wanted: who reads a lazy node without a guard reads the state of its last run.
//!
//! A lazy node that nobody wants is asleep: nothing runs it, neither parents nor timers nor its
//! channel (which fills up and tells its sender so). When it becomes wanted it runs once, in the
//! next cycle, after its parents, and from then on like any other node. Being asleep costs
//! nothing in a cycle.

use std::fmt;

use super::executor::Executor;
use super::failure::Health;
use super::node::{AnyNode, NodeId, NodeRef};

/// As long as it is held, the node is wanted and kept in the graph: see
/// [`Node::observe`](super::Node::observe).
pub struct Observer(AnyNode);

impl Observer {
    pub(super) fn new(node: AnyNode) -> Self {
        node.count_observer(1);
        Self(node)
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.0.count_observer(-1);
    }
}

impl NodeRef for Observer {
    fn node_id(&self) -> NodeId {
        self.0.id()
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Observer").field(&self.0).finish()
    }
}

impl Executor {
    /// Takes note of guards made and dropped since the last cycle.
    #[cold]
    pub(super) fn update_demand(&mut self) {
        let mut let_go = Vec::new();
        while let Some(id) = self.shared.pop_demand() {
            if !self.core.graph.is_live(id) {
                continue;
            }
            let Some(run) = self.run_of(id) else {
                continue;
            };
            let observed = run.cell().settle_demand();
            let cold = &mut self.core.graph.cold[id.index()];
            if observed != cold.observed {
                cold.observed = observed;
                if observed {
                    self.want(id);
                } else {
                    let_go.push(id);
                }
            }
        }
        // Last: a node that one guard left and another took stays awake.
        for id in let_go {
            self.unwant(id);
        }
    }

    /// One more reason to keep a node up to date. A node that wakes wants its parents.
    pub(super) fn want(&mut self, id: NodeId) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let graph = &mut self.core.graph;
            if !graph.is_live(id) || !graph.cold[id.index()].lazy {
                continue;
            }
            let cold = &mut graph.cold[id.index()];
            cold.wants += 1;
            if cold.wants == 1 {
                open.extend(cold.parents.iter().map(|edge| edge.node.id()));
                let failed = cold.health == Health::Failed;
                graph.slots[id.index()].set_asleep(failed);
                self.core.schedule_next(id);
            }
        }
    }

    /// One reason less. A node that falls asleep lets its parents go.
    pub(super) fn unwant(&mut self, id: NodeId) {
        let mut open = vec![id];
        while let Some(id) = open.pop() {
            let graph = &mut self.core.graph;
            if !graph.is_live(id) || !graph.cold[id.index()].lazy {
                continue;
            }
            let cold = &mut graph.cold[id.index()];
            cold.wants -= 1;
            if cold.wants == 0 {
                open.extend(cold.parents.iter().map(|edge| edge.node.id()));
                graph.slots[id.index()].set_asleep(true);
            }
        }
    }

    /// A new node that is wanted wants its parents.
    pub(super) fn want_parents(&mut self, id: NodeId) {
        let cold = &self.core.graph.cold[id.index()];
        let has_lazy = cold.is_wanted()
            && cold.parents.iter().any(|edge| {
                let parent = edge.node.id();
                self.core.graph.is_live(parent) && self.core.graph.cold[parent.index()].lazy
            });
        if has_lazy {
            let parents: Vec<NodeId> = cold.parents.iter().map(|edge| edge.node.id()).collect();
            for parent in parents {
                self.want(parent);
            }
        }
    }
}
