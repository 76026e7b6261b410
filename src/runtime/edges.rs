//! Edges made, cut and switched on living nodes.
//!
//! A node may be moved up, never down: a late edge lifts the child, and all that stands on it,
//! just above the new parent. Cutting an edge moves nothing. Cost of a late edge: the nodes
//! below the child that are no higher than the parent (looked at for a cycle) and those lifted.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use super::executor::Executor;
use super::graph::{Graph, Parent};
use super::node::{NodeId, NodeRef, ParentRef};

/// Why an edge was not made, cut or switched. Nothing has changed then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EdgeError {
    /// The node has been removed.
    NotFound(NodeId),
    /// The parent belongs to another executor.
    OtherExecutor,
    /// There is no edge between the two.
    NoEdge {
        /// The child asked for.
        child: NodeId,
        /// The parent asked for.
        parent: NodeId,
    },
    /// The parent stands below the child, so that the edge would close a ring.
    Cycle {
        /// From the child down to the parent, each with its name (empty where none was given).
        path: Vec<(NodeId, String)>,
    },
}

impl fmt::Display for EdgeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(node) => write!(f, "node {node} has been removed"),
            Self::OtherExecutor => f.write_str("the parent belongs to another executor"),
            Self::NoEdge { child, parent } => {
                write!(f, "there is no edge from {parent} to {child}")
            }
            Self::Cycle { path } => {
                f.write_str("the edge would close a ring: ")?;
                for (id, name) in path {
                    write!(f, "`{name}` ({id}) > ")?;
                }
                let (id, name) = &path[0];
                write!(f, "`{name}` ({id})")
            }
        }
    }
}

impl std::error::Error for EdgeError {}

impl Graph {
    /// Place of the edge in the child's list of parents.
    fn edge_at(&self, child: NodeId, parent: NodeId) -> Result<usize, EdgeError> {
        for id in [child, parent] {
            if !self.is_live(id) {
                return Err(EdgeError::NotFound(id));
            }
        }
        self.cold[child.index()]
            .parents
            .iter()
            .position(|edge| edge.node.id() == parent)
            .ok_or(EdgeError::NoEdge { child, parent })
    }

    pub(super) fn has_edge(&self, child: NodeId, parent: NodeId) -> Result<(), EdgeError> {
        self.edge_at(child, parent).map(|_| ())
    }

    /// The living children of a node, triggered and observing.
    fn children(&self, node: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let at = node.index();
        let all = self.triggered(at).chain(self.observing(at).iter().copied());
        all.filter(|&id| self.is_live(id))
    }

    /// A way down from `from` to `to`, both included.
    fn path(&self, from: NodeId, to: NodeId) -> Option<Vec<NodeId>> {
        let height_max = self.slots[to.index()].height;
        let mut above = HashMap::from([(from, from)]);
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            if node == to {
                let mut path = vec![to];
                let mut at = to;
                while at != from {
                    at = above[&at];
                    path.push(at);
                }
                path.reverse();
                return Some(path);
            }
            for child in self.children(node) {
                // Heights grow along every edge: nothing higher leads to `to`.
                if self.slots[child.index()].height <= height_max && !above.contains_key(&child) {
                    above.insert(child, node);
                    open.push(child);
                }
            }
        }
        None
    }

    /// Heights that change when `node` is lifted to `height`, lowest first.
    fn lifted(&self, node: NodeId, height: u32) -> Vec<(NodeId, u32)> {
        let old = |id: NodeId| self.slots[id.index()].height;
        let mut needed = HashMap::from([(node, height)]);
        // In the order of the old heights a node comes after all those that may lift it.
        let mut open = BTreeSet::from([(old(node), node)]);
        let mut lifted = Vec::new();
        while let Some((old_height, node)) = open.pop_first() {
            let height = needed[&node];
            if height <= old_height {
                continue;
            }
            lifted.push((node, height));
            for child in self.children(node) {
                let needed = needed.entry(child).or_default();
                *needed = (*needed).max(height.saturating_add(1));
                open.insert((old(child), child));
            }
        }
        lifted
    }
}

impl Executor {
    /// Makes `child` run whenever `parent` broadcasts, from the next cycle on, and keeps `parent`
    /// alive. An edge that only observed becomes active; one that is active stays as it is.
    ///
    /// In the order among equals the edge counts as the newest of the parent.
    ///
    /// # Errors
    ///
    /// [`EdgeError`], in particular [`EdgeError::Cycle`] with the path from child to parent.
    pub fn add_trigger(
        &mut self,
        child: &impl NodeRef,
        parent: &impl ParentRef,
    ) -> Result<(), EdgeError> {
        self.add_edge(child.node_id(), parent, true)
    }

    /// Makes `child` run after `parent` when both run, from the next cycle on, and keeps `parent`
    /// alive. An edge that is there already stays as it is, active or not.
    ///
    /// # Errors
    ///
    /// As [`Executor::add_trigger`].
    pub fn add_observer(
        &mut self,
        child: &impl NodeRef,
        parent: &impl ParentRef,
    ) -> Result<(), EdgeError> {
        self.add_edge(child.node_id(), parent, false)
    }

    /// Cuts the edge: `parent` neither runs `child` any more nor is kept alive by it. No height
    /// changes.
    ///
    /// # Errors
    ///
    /// [`EdgeError::NotFound`] and [`EdgeError::NoEdge`].
    pub fn remove_edge(
        &mut self,
        child: &impl NodeRef,
        parent: &impl NodeRef,
    ) -> Result<(), EdgeError> {
        let (child, parent) = (child.node_id(), parent.node_id());
        let graph = &mut self.core.graph;
        let at = graph.edge_at(child, parent)?;
        let edge = graph.cold[child.index()].parents.remove(at);
        graph.unlink(parent.index(), child);
        let wanted = graph.cold[child.index()].is_wanted();
        if wanted {
            self.unwant(parent);
        }
        self.core.graph.remark();
        // Last: the parent may be on the list of garbage from here on.
        drop(edge);
        Ok(())
    }

    /// Switches the edge between active (a broadcast of `parent` runs `child`) and passive
    /// (`child` only reads `parent`). An edge made active counts as the newest of the parent.
    ///
    /// # Errors
    ///
    /// [`EdgeError::NotFound`] and [`EdgeError::NoEdge`].
    pub fn set_active(
        &mut self,
        child: &impl NodeRef,
        parent: &impl NodeRef,
        active: bool,
    ) -> Result<(), EdgeError> {
        let (child, parent) = (child.node_id(), parent.node_id());
        let graph = &mut self.core.graph;
        let at = graph.edge_at(child, parent)?;
        let edge = &mut graph.cold[child.index()].parents[at];
        if edge.active != active {
            edge.active = active;
            graph.unlink(parent.index(), child);
            if active {
                graph.push_trigger(parent.index(), child);
            } else {
                graph.push_observer(parent.index(), child);
            }
        }
        Ok(())
    }

    fn add_edge(
        &mut self,
        child: NodeId,
        parent: &impl ParentRef,
        active: bool,
    ) -> Result<(), EdgeError> {
        let node = parent.to_any();
        let parent = node.id();
        if !node.belongs_to(&self.shared) {
            return Err(EdgeError::OtherExecutor);
        }
        match self.core.graph.edge_at(child, parent) {
            Ok(_) if active => return self.set_active(&child, &parent, true),
            Ok(_) => return Ok(()),
            Err(EdgeError::NoEdge { .. }) => {}
            Err(error) => return Err(error),
        }
        let graph = &mut self.core.graph;
        if let Some(path) = graph.path(child, parent) {
            let named = path.into_iter().map(|id| (id, self.name_of(id)));
            return Err(EdgeError::Cycle {
                path: named.collect(),
            });
        }
        let height = graph.slots[parent.index()].height.saturating_add(1);
        for (id, height) in graph.lifted(child, height) {
            let slot = &mut graph.slots[id.index()];
            self.core.scheduler.remove_node(slot.height);
            self.core.scheduler.add_node(height);
            slot.height = height;
            if let Some(run) = &slot.run {
                run.cell().set_height(height);
            }
        }
        if active {
            graph.push_trigger(parent.index(), child);
        } else {
            graph.push_observer(parent.index(), child);
        }
        let cold = &mut graph.cold[child.index()];
        cold.parents.push(Parent { node, active });
        if cold.is_wanted() {
            self.want(parent);
        }
        self.core.graph.remark();
        Ok(())
    }

    /// The name of a node in the graph.
    pub(super) fn name_of(&self, id: NodeId) -> String {
        let run = self.run_of(id);
        run.map(|run| run.cell().name().to_owned())
            .unwrap_or_default()
    }
}
