//! The slots of the graph: what the executor knows of each node, apart from its state.
//!
//! Two arrays with one entry a slot. A [`Slot`] is one cache line with all that a cycle reads and
//! writes of a node: the way to its closure and, where there are few, its children. [`Cold`] is for
//! building, removing and reporting, and for longer lists of children. A closure is taken out of
//! its slot while it runs, so that it and the graph it schedules into are two borrows that cannot
//! meet.

use std::fmt;

use super::clock::Nanos;
use super::executor::NodeRun;
use super::failure::Health;
use super::node::{AnyNode, NodeId};

/// Children that fit into a slot; more of them move to a list of their own.
const INLINE_MAX: usize = 5;
/// In place of a count: the children are in [`Cold::children`].
const SPILLED: u8 = u8::MAX;
/// A `scheduled_epoch` later than every cycle: the node is never queued.
const ASLEEP: u64 = u64::MAX;

/// What a cycle reads and writes of a node: one cache line.
#[derive(Default)]
#[repr(align(64))]
pub(super) struct Slot {
    /// What runs the node; `None` while it runs, and without a node.
    pub(super) run: Option<Box<dyn NodeRun>>,
    /// Cycle in which the node was last scheduled; a node is scheduled once a cycle.
    pub(super) scheduled_epoch: u64,
    /// Cycle in which the node last broadcast.
    pub(super) mut_epoch: u64,
    pub(super) generation: u32,
    pub(super) height: u32,
    /// Of `inline`, or `SPILLED`.
    inline_count: u8,
    /// Already on the list for the next cycle.
    pub(super) pending: bool,
    /// Slots of children. All of them live: who is removed is taken out at once.
    inline: [u32; INLINE_MAX],
}

const _: () = assert!(size_of::<Slot>() == 64);

impl fmt::Debug for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("generation", &self.generation)
            .field("height", &self.height)
            .finish_non_exhaustive()
    }
}

impl Slot {
    /// Puts the closure back that was lent.
    #[inline]
    pub(super) fn take_back(&mut self, run: Option<Box<dyn NodeRun>>) {
        // Nothing was put there in the meantime, so there is nothing to drop.
        std::mem::forget(std::mem::replace(&mut self.run, run));
    }

    #[inline]
    pub(super) fn is_asleep(&self) -> bool {
        self.scheduled_epoch == ASLEEP
    }

    /// A node asleep is scheduled by nothing.
    pub(super) fn set_asleep(&mut self, asleep: bool) {
        if asleep != self.is_asleep() {
            self.scheduled_epoch = if asleep { ASLEEP } else { 0 };
        }
    }

    /// The children that a broadcast schedules.
    #[inline]
    pub(super) fn triggered(&self) -> Triggered {
        // Compares in a row, not a table of jumps: leaves and chains are the common cases.
        if self.inline_count == 0 {
            Triggered::None
        } else if self.inline_count == 1 {
            Triggered::One(self.inline[0])
        } else {
            Triggered::More
        }
    }

    /// A copy of the children in the slot, so that their slots can be changed; `None` where there
    /// are more than fit, and they are in [`Cold::children`].
    #[inline]
    pub(super) fn inline_children(&self) -> Option<([u32; INLINE_MAX], usize)> {
        (self.inline_count != SPILLED)
            .then(|| (self.inline, usize::from(self.inline_count).min(INLINE_MAX)))
    }
}

/// How many children a broadcast schedules.
pub(super) enum Triggered {
    None,
    One(u32),
    More,
}

/// An edge as the child sees it. Strong: a child keeps its parents in the graph.
#[derive(Debug)]
pub(super) struct Parent {
    pub(super) node: AnyNode,
    /// Whether a broadcast of the parent schedules the child.
    pub(super) active: bool,
}

/// What a node has registered outside the graph.
#[derive(Debug, Default)]
pub(super) struct Owned {
    pub(super) io: Vec<u32>,
}

/// What only building, removal and reports read, and long lists of children.
#[derive(Debug)]
pub(super) struct Cold {
    /// All triggered children, where they do not fit into the slot.
    pub(super) children: Vec<NodeId>,
    observers: Vec<NodeId>,
    /// Entries of removed children in both lists; they stay until they are half of them, except
    /// for children in the slot.
    stale_count: u32,
    /// Reasons why a lazy node is wanted: guards, and children that are wanted.
    pub(super) wants: u32,
    pub(super) lazy: bool,
    /// One of the `wants` stands for the guards on the node.
    pub(super) observed: bool,
    pub(super) pinned: bool,
    /// Has a channel or a notifier that the executor looks at.
    pub(super) polled: bool,
    pub(super) health: Health,
    pub(super) parents: Vec<Parent>,
    owned: Option<Box<Owned>>,
}

impl Default for Cold {
    fn default() -> Self {
        Self {
            children: Vec::new(),
            observers: Vec::new(),
            stale_count: 0,
            wants: 0,
            lazy: false,
            observed: false,
            pinned: false,
            polled: false,
            health: Health::Healthy,
            parents: Vec::new(),
            owned: None,
        }
    }
}

impl Cold {
    /// Whether the node is to be kept up to date.
    pub(super) fn is_wanted(&self) -> bool {
        !self.lazy || self.wants > 0
    }

    pub(super) fn owned_mut(&mut self) -> &mut Owned {
        self.owned.get_or_insert_default()
    }

    /// What has been registered, taken out.
    pub(super) fn take_owned(&mut self) -> Owned {
        self.owned.take().map(|owned| *owned).unwrap_or_default()
    }
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) slots: Vec<Slot>,
    pub(super) cold: Vec<Cold>,
    free: Vec<u32>,
    /// Failed nodes, and restarted ones that have not broadcast since, with the time of failure.
    pub(super) roots: Vec<(NodeId, Nanos)>,
    live_count: usize,
}

/// A node about to be inserted.
pub(super) struct Placement {
    pub(super) pinned: bool,
    pub(super) lazy: bool,
    pub(super) triggers: Vec<AnyNode>,
    pub(super) observed: Vec<AnyNode>,
}

impl Graph {
    pub(super) fn live_count(&self) -> usize {
        self.live_count
    }

    pub(super) fn slot_count(&self) -> usize {
        self.slots.len()
    }

    #[inline]
    pub(super) fn is_live(&self, id: NodeId) -> bool {
        // Removing a node moves its slot to the next generation, so equality is life.
        self.slots
            .get(id.index())
            .is_some_and(|slot| slot.generation == id.generation)
    }

    /// The id of whatever node uses the slot now.
    #[inline]
    pub(super) fn id_at(&self, index: u32) -> NodeId {
        NodeId {
            index,
            generation: self.slots[index as usize].generation,
        }
    }

    /// The children that a broadcast of the node schedules, in the order of scheduling. Entries of
    /// removed nodes may be among them.
    pub(super) fn triggered(&self, at: usize) -> impl DoubleEndedIterator<Item = NodeId> {
        // One of the two is empty.
        let (inline, count) = self.slots[at].inline_children().unwrap_or_default();
        let inline = inline.into_iter().take(count);
        let inline = inline.map(|index| self.id_at(index));
        inline.chain(self.cold[at].children.iter().copied())
    }

    /// The children that only read the node, with the same reserve.
    pub(super) fn observing(&self, at: usize) -> &[NodeId] {
        &self.cold[at].observers
    }

    pub(super) fn push_trigger(&mut self, parent: usize, child: NodeId) {
        let (slot, cold) = (&mut self.slots[parent], &mut self.cold[parent]);
        let count = usize::from(slot.inline_count);
        if slot.inline_count == SPILLED {
            cold.children.push(child);
        } else if count < INLINE_MAX {
            slot.inline[count] = child.index;
            slot.inline_count += 1;
        } else {
            let inline = slot.inline;
            slot.inline_count = SPILLED;
            let ids = inline.map(|index| self.id_at(index));
            let cold = &mut self.cold[parent];
            cold.children.extend_from_slice(&ids);
            cold.children.push(child);
        }
    }

    pub(super) fn push_observer(&mut self, parent: usize, child: NodeId) {
        self.cold[parent].observers.push(child);
    }

    fn retain_children(&mut self, parent: usize, keep: impl Fn(&Self, NodeId) -> bool) {
        let mut triggered: Vec<NodeId> = self.triggered(parent).collect();
        let mut observers = std::mem::take(&mut self.cold[parent].observers);
        triggered.retain(|&id| keep(self, id));
        observers.retain(|&id| keep(self, id));
        let (slot, cold) = (&mut self.slots[parent], &mut self.cold[parent]);
        cold.observers = observers;
        if triggered.len() <= INLINE_MAX {
            for (place, id) in slot.inline.iter_mut().zip(&triggered) {
                *place = id.index;
            }
            slot.inline_count = triggered.len() as u8;
            cold.children = Vec::new();
        } else {
            cold.children = triggered;
        }
    }

    /// Takes the edge out of the parent's lists; entries of removed children go as well.
    pub(super) fn unlink(&mut self, parent: usize, child: NodeId) {
        self.retain_children(parent, |graph, id| id != child && graph.is_live(id));
        self.cold[parent].stale_count = 0;
    }

    /// Takes a slot and links it to its parents. Height is above every parent, observed or not.
    pub(super) fn insert(&mut self, placement: Placement) -> (NodeId, u32) {
        let Placement {
            pinned,
            lazy,
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
            let index = u32::try_from(self.slots.len())
                .ok()
                .filter(|&index| index < u32::MAX)
                .expect("fewer than 2^32 - 1 nodes fit in memory");
            self.slots.push(Slot::default());
            self.cold.push(Cold::default());
            index
        });
        let at = index as usize;
        let generation = self.slots[at].generation;
        self.slots[at] = Slot {
            height,
            generation,
            ..Slot::default()
        };
        self.slots[at].set_asleep(lazy);
        let id = NodeId { index, generation };

        // A parent named twice is one edge, and it triggers if one of the two did. The edges of a
        // new node are the last of their lists, so the second naming is seen there.
        let mut parents = Vec::with_capacity(triggers.len() + observed.len());
        let edges = triggers
            .into_iter()
            .map(|node| Parent { node, active: true })
            .chain(observed.into_iter().map(|node| Parent {
                node,
                active: false,
            }));
        for edge in edges {
            let parent = edge.node.id();
            // A parent removed in the meantime is kept readable but no longer triggers anything.
            if self.is_live(parent) {
                let parent = parent.index();
                if self.triggered(parent).next_back() == Some(id)
                    || self.observing(parent).last() == Some(&id)
                {
                    continue;
                }
                if edge.active {
                    self.push_trigger(parent, id);
                } else {
                    self.push_observer(parent, id);
                }
            }
            parents.push(edge);
        }
        self.cold[at] = Cold {
            pinned,
            lazy,
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
        let slot = &mut self.slots[at];
        slot.inline_count = 0;
        // The last generation is never given out, so ids never wrap round to an old one.
        slot.generation += 1;
        if slot.generation < u32::MAX {
            self.free.push(id.index);
        }
        self.live_count -= 1;
        for parent in &cold.parents {
            if self.is_live(parent.node.id()) {
                self.forget_child(parent.node.id().index(), id.index);
            }
        }
        cold
    }

    /// Takes a removed child out of its parent's slot; returns whether it was there.
    fn purge_inline(&mut self, parent: usize, child: u32) -> bool {
        let slot = &mut self.slots[parent];
        let Some((children, count)) = slot.inline_children() else {
            return false;
        };
        let found = children[..count].iter().position(|&held| held == child);
        if let Some(at) = found {
            slot.inline[at..count].rotate_left(1);
            slot.inline_count -= 1;
        }
        found.is_some()
    }

    /// Counts one stale entry and compacts when they are the larger half: amortised constant.
    fn forget_child(&mut self, parent: usize, child: u32) {
        if self.purge_inline(parent, child) {
            return;
        }
        let total = self.triggered(parent).count() + self.observing(parent).len();
        let cold = &mut self.cold[parent];
        cold.stale_count += 1;
        if cold.stale_count as usize * 2 > total {
            cold.stale_count = 0;
            self.retain_children(parent, Self::is_live);
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
            let observers = if with_observers {
                self.observing(id.index())
            } else {
                &[]
            };
            for child in self.triggered(id.index()).chain(observers.iter().copied()) {
                if self.is_live(child) && seen.insert(child) {
                    found.push(child);
                }
            }
        }
        found
    }
}
