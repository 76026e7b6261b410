//! The slots of the graph: what the executor knows of each node, apart from its state.
//!
//! Three arrays with one entry a slot. `hot` is all that a broadcast touches in a child; `edges`
//! is what it reads in the parent; `cold` is for building, removing and reporting. The closures
//! that run the nodes sit in a fourth array in the executor, so that a running closure and the
//! graph it schedules into are two borrows that cannot meet.

use super::node::{AnyNode, NodeId};

/// What scheduling reads and writes; 24 bytes, no pointer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Hot {
    /// Cycle in which the node was last scheduled; a node is scheduled once a cycle.
    pub(super) scheduled_epoch: u64,
    /// Cycle in which the node last broadcast.
    pub(super) mut_epoch: u64,
    pub(super) height: u32,
    pub(super) generation: u32,
}

/// Outgoing edges. Entries of removed children stay until they are half of the list.
#[derive(Debug, Default)]
pub(super) struct Edges {
    pub(super) triggers: Vec<NodeId>,
    observers: Vec<NodeId>,
    stale_count: usize,
}

/// What only building, removal and reports read.
#[derive(Debug, Default)]
pub(super) struct Cold {
    pub(super) pinned: bool,
    /// Already on the list for the next cycle.
    pub(super) pending: bool,
    /// Has a channel or a notifier that the executor looks at.
    pub(super) polled: bool,
    pub(super) name: Box<str>,
    /// Strong: a child keeps its parents in the graph.
    parents: Vec<AnyNode>,
    pub(super) io: Vec<u32>,
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) hot: Vec<Hot>,
    pub(super) edges: Vec<Edges>,
    pub(super) cold: Vec<Cold>,
    free: Vec<u32>,
    live_count: usize,
}

/// A node about to be inserted.
pub(super) struct Placement {
    pub(super) name: Box<str>,
    pub(super) pinned: bool,
    pub(super) triggers: Vec<AnyNode>,
    pub(super) observed: Vec<AnyNode>,
}

impl Graph {
    pub(super) fn live_count(&self) -> usize {
        self.live_count
    }

    pub(super) fn slot_count(&self) -> usize {
        self.hot.len()
    }

    #[inline]
    pub(super) fn is_live(&self, id: NodeId) -> bool {
        // Removing a node moves its slot to the next generation, so equality is life.
        self.hot
            .get(id.index())
            .is_some_and(|hot| hot.generation == id.generation)
    }

    /// The id of whatever node uses the slot now.
    #[inline]
    pub(super) fn id_at(&self, index: u32) -> NodeId {
        NodeId {
            index,
            generation: self.hot[index as usize].generation,
        }
    }

    /// Takes a slot and links it to its parents. Height is above every parent, observed or not.
    pub(super) fn insert(&mut self, placement: Placement) -> (NodeId, u32) {
        let Placement {
            name,
            pinned,
            triggers,
            observed,
        } = placement;
        let height = triggers
            .iter()
            .chain(&observed)
            .map(|parent| parent.height().saturating_add(1))
            .max()
            .unwrap_or(0);

        let index = self.free.pop().unwrap_or_else(|| {
            let index = u32::try_from(self.hot.len()).expect("fewer than 2^32 nodes fit in memory");
            self.hot.push(Hot {
                scheduled_epoch: 0,
                mut_epoch: 0,
                height: 0,
                generation: 0,
            });
            self.edges.push(Edges::default());
            self.cold.push(Cold::default());
            index
        });
        let at = index as usize;
        let generation = self.hot[at].generation;
        self.hot[at] = Hot {
            scheduled_epoch: 0,
            mut_epoch: 0,
            height,
            generation,
        };
        let id = NodeId { index, generation };

        // A parent removed in the meantime is kept readable but no longer triggers anything.
        for parent in &triggers {
            if self.is_live(parent.id()) {
                let list = &mut self.edges[parent.id().index()].triggers;
                if list.last() != Some(&id) {
                    list.push(id);
                }
            }
        }
        for parent in &observed {
            if self.is_live(parent.id()) {
                self.edges[parent.id().index()].observers.push(id);
            }
        }
        let mut parents = triggers;
        parents.extend(observed);
        self.cold[at] = Cold {
            pinned,
            name,
            parents,
            ..Cold::default()
        };
        self.live_count += 1;
        (id, height)
    }

    /// Frees the slot; returns what must be dropped or released by the caller.
    pub(super) fn remove(&mut self, id: NodeId) -> Cold {
        debug_assert!(self.is_live(id), "only live nodes are removed");
        let at = id.index();
        let cold = std::mem::take(&mut self.cold[at]);
        self.edges[at] = Edges::default();
        let hot = &mut self.hot[at];
        // The last generation is never given out, so ids never wrap round to an old one.
        hot.generation += 1;
        if hot.generation < u32::MAX {
            self.free.push(id.index);
        }
        self.live_count -= 1;
        for parent in &cold.parents {
            if self.is_live(parent.id()) {
                self.forget_child(parent.id().index());
            }
        }
        cold
    }

    /// Counts one stale entry and compacts when they are the larger half: amortised constant.
    fn forget_child(&mut self, parent: usize) {
        let Self { hot, edges, .. } = self;
        let edges = &mut edges[parent];
        edges.stale_count += 1;
        if edges.stale_count * 2 > edges.triggers.len() + edges.observers.len() {
            let live = |id: &NodeId| hot[id.index()].generation == id.generation;
            edges.triggers.retain(live);
            edges.observers.retain(live);
            edges.stale_count = 0;
        }
    }

    /// `root` and everything below it, parents before children.
    ///
    /// Follows triggers, and observers too where `with_observers` is set.
    pub(super) fn descendants(&self, root: NodeId, with_observers: bool) -> Vec<NodeId> {
        let mut found = vec![root];
        let mut seen = std::collections::HashSet::from([root]);
        let mut at = 0;
        while let Some(&id) = found.get(at) {
            at += 1;
            let edges = &self.edges[id.index()];
            let observers = if with_observers {
                &edges.observers[..]
            } else {
                &[]
            };
            for &child in edges.triggers.iter().chain(observers) {
                if self.is_live(child) && seen.insert(child) {
                    found.push(child);
                }
            }
        }
        found
    }
}
