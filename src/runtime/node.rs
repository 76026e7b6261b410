//! Handles: how code outside and inside the graph names a node and reads its state.
//!
//! The state of a node sits in a [`RefCell`] inside an [`Rc`]. While the node runs, the executor
//! holds the state mutably; every other access is a checked borrow. So a node that reaches its own
//! handle gets an error from [`Node::try_borrow`], never a second reference.
//!
//! Lifetime: the executor owns exactly one of the strong counts. When the last handle held by
//! anyone else goes, the node's id is put on the garbage list, and the executor removes the node
//! after the next cycle unless a handle has come back by then (through [`WeakNode::upgrade`]).

use std::cell::{BorrowError, Cell, Ref, RefCell, RefMut};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::{Rc, Weak};

use super::demand::Observer;
use super::executor::Executor;
use super::failure::{DROPS_MAX, caught_message};

/// Names one node of one executor: a slot and the slot's generation.
///
/// A slot is used again after its node is removed, with the next generation, so an id that
/// outlives its node names nothing rather than a stranger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId {
    pub(super) index: u32,
    pub(super) generation: u32,
}

impl NodeId {
    /// Slot of the node, from 0; unique among the nodes alive at one time.
    #[must_use]
    pub fn index(self) -> usize {
        self.index as usize
    }

    /// How many nodes have used the slot before this one.
    #[must_use]
    pub fn generation(self) -> u32 {
        self.generation
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.index, self.generation)
    }
}

/// What a node that ran tells the executor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Control {
    /// The state changed: run the nodes triggered by this one.
    Broadcast,
    /// Nothing changed that others should see: the change is cut off here.
    Unchanged,
    /// Remove this node, and with it all that is triggered by it, after this cycle.
    Sweep,
    /// End the run: the rest of this cycle is not run.
    Terminate,
}

impl From<bool> for Control {
    /// `true` means [`Control::Broadcast`], `false` means [`Control::Unchanged`].
    fn from(changed: bool) -> Self {
        if changed {
            Self::Broadcast
        } else {
            Self::Unchanged
        }
    }
}

/// Where a node stands with the garbage list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Life {
    Live,
    /// On the garbage list; put there at most once, so that the list is bounded by the nodes.
    Listed,
    /// Removed from the graph; the handle still reads the last state.
    Removed,
}

/// The guards on a node.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Demand {
    observers_count: u32,
    /// On the executor's list of demands.
    listed: bool,
}

/// What all handles of one executor share. Its address is the executor's identity.
#[derive(Debug, Default)]
pub(super) struct Shared {
    garbage: RefCell<Vec<NodeId>>,
    /// Nodes whose first guard was made or whose last was dropped; each at most once.
    demand: RefCell<Vec<NodeId>>,
    /// Nodes whose `on_drop` panicked, with name and message; and how many more did.
    failed_drops: RefCell<(Vec<FailedDrop>, u64)>,
    /// Something was put on `garbage` or `demand` and may be there still.
    news: Cell<bool>,
}

type FailedDrop = (NodeId, String, String);

impl Shared {
    /// Notes a destructor that panicked. On the list of garbage too, so that it is looked at.
    #[cold]
    fn failed_drop(&self, id: NodeId, name: &str, message: String) {
        let (failed, lost) = &mut *self.failed_drops.borrow_mut();
        if failed.len() < DROPS_MAX {
            failed.push((id, name.to_owned(), message));
            self.list_garbage(id);
        } else {
            *lost += 1;
        }
    }

    pub(super) fn take_failed_drops(&self) -> (Vec<FailedDrop>, u64) {
        self.failed_drops.take()
    }

    fn list_garbage(&self, id: NodeId) {
        self.garbage.borrow_mut().push(id);
        self.news.set(true);
    }

    fn list_demand(&self, id: NodeId) {
        self.demand.borrow_mut().push(id);
        self.news.set(true);
    }

    /// Whether garbage or demands are to be looked at.
    #[inline]
    pub(super) fn has_news(&self) -> bool {
        self.news.get()
    }

    /// To be called when they have been.
    pub(super) fn read_news(&self) {
        self.news.set(self.has_garbage() || self.has_demand());
    }

    pub(super) fn pop_garbage(&self) -> Option<NodeId> {
        self.garbage.borrow_mut().pop()
    }

    #[inline]
    pub(super) fn has_garbage(&self) -> bool {
        !self.garbage.borrow().is_empty()
    }

    pub(super) fn pop_demand(&self) -> Option<NodeId> {
        self.demand.borrow_mut().pop()
    }

    #[inline]
    pub(super) fn has_demand(&self) -> bool {
        !self.demand.borrow().is_empty()
    }
}

/// Called once with the state as it is dropped.
pub(super) type OnDrop<T> = Box<dyn FnOnce(&mut T)>;

/// A node's state and what its handles need. The state comes first, so that it shares a cache line
/// with its borrow flag and the counts of the handles; the rest is not touched in a cycle.
#[repr(C)]
pub(super) struct NodeCell<T> {
    pub(super) data: RefCell<T>,
    pub(super) life: Cell<Life>,
    pub(super) failed: Cell<bool>,
    pub(super) height: Cell<u32>,
    pub(super) id: NodeId,
    pub(super) demand: Cell<Demand>,
    pub(super) shared: Rc<Shared>,
    pub(super) name: Box<str>,
    pub(super) on_drop: Option<OnDrop<T>>,
}

impl<T> Drop for NodeCell<T> {
    fn drop(&mut self) {
        if let Some(on_drop) = self.on_drop.take() {
            let data = self.data.get_mut();
            if let Err(payload) = catch_unwind(AssertUnwindSafe(|| on_drop(data))) {
                self.shared
                    .failed_drop(self.id, &self.name, caught_message(&*payload));
            }
        }
    }
}

/// The part of a cell that does not depend on the type of its state.
pub(super) trait AnyCell {
    fn id(&self) -> NodeId;
    fn height(&self) -> u32;
    fn set_height(&self, height: u32);
    fn name(&self) -> &str;
    fn life(&self) -> &Cell<Life>;
    fn failed(&self) -> &Cell<bool>;
    fn shared(&self) -> &Rc<Shared>;
    /// Whether there are guards, as the node is taken off the list of demands.
    fn settle_demand(&self) -> bool;
    /// One guard more or less.
    fn count_observer(&self, by: i32);
}

impl<T> AnyCell for NodeCell<T> {
    fn id(&self) -> NodeId {
        self.id
    }

    fn height(&self) -> u32 {
        self.height.get()
    }

    fn set_height(&self, height: u32) {
        self.height.set(height);
    }

    fn name(&self) -> &str {
        &self.name
    }

    fn life(&self) -> &Cell<Life> {
        &self.life
    }

    fn failed(&self) -> &Cell<bool> {
        &self.failed
    }

    fn shared(&self) -> &Rc<Shared> {
        &self.shared
    }

    fn settle_demand(&self) -> bool {
        let mut demand = self.demand.get();
        demand.listed = false;
        self.demand.set(demand);
        demand.observers_count > 0
    }

    fn count_observer(&self, by: i32) {
        let mut demand = self.demand.get();
        let before = demand.observers_count;
        demand.observers_count = before.saturating_add_signed(by);
        let turned = (before == 0) != (demand.observers_count == 0);
        if turned && !demand.listed && self.life.get() != Life::Removed {
            demand.listed = true;
            self.shared.list_demand(self.id);
        }
        self.demand.set(demand);
    }
}

/// Lists the node as garbage when the handle being dropped is the last outside the executor.
fn release(cell: &dyn AnyCell, strong_count: usize) {
    // Two: the handle being dropped and the executor's own.
    if strong_count == 2 && cell.life().get() == Life::Live {
        cell.life().set(Life::Listed);
        cell.shared().list_garbage(cell.id());
    }
}

/// Anything that names a node: handles of every kind and [`NodeId`] itself.
pub trait NodeRef {
    /// The id of the node named.
    fn node_id(&self) -> NodeId;
}

impl NodeRef for NodeId {
    fn node_id(&self) -> NodeId {
        *self
    }
}

impl<R: NodeRef + ?Sized> NodeRef for &R {
    fn node_id(&self) -> NodeId {
        (**self).node_id()
    }
}

/// Anything that can be the parent of a node: it can be kept alive by its children.
pub trait ParentRef: NodeRef {
    /// A strong handle without the type of the state.
    fn to_any(&self) -> AnyNode;
}

impl<R: ParentRef + ?Sized> ParentRef for &R {
    fn to_any(&self) -> AnyNode {
        (**self).to_any()
    }
}

/// A strong handle on a node whose state is a `T`; as long as one is held the node lives.
///
/// Handles stay on the executor's thread. A node's own state must not hold a handle on the node
/// itself or on its descendants: such a ring keeps itself alive until it is swept.
pub struct Node<T>(pub(super) Rc<NodeCell<T>>);

impl<T> Node<T> {
    /// The id of the node.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.0.id
    }

    /// One more than the height of the highest parent; 0 for a node without parents.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.0.height.get()
    }

    /// The name given at building; empty where none was given.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Whether the node has been removed from its graph; its last state can still be read.
    #[must_use]
    pub fn is_removed(&self) -> bool {
        self.0.life.get() == Life::Removed
    }

    /// Whether the node has failed and does not run; its last state can still be read.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        self.0.failed.get()
    }

    /// Reads the state.
    ///
    /// # Panics
    ///
    /// When the node itself is running: a node reads its own state through the argument it is
    /// given. [`Node::try_borrow`] returns an error instead.
    #[must_use]
    pub fn borrow(&self) -> Ref<'_, T> {
        self.0.data.borrow()
    }

    /// Reads the state, unless the node itself is running.
    ///
    /// # Errors
    ///
    /// [`BorrowError`] when the state is being changed at this moment.
    pub fn try_borrow(&self) -> Result<Ref<'_, T>, BorrowError> {
        self.0.data.try_borrow()
    }

    /// A copy of the state.
    ///
    /// # Panics
    ///
    /// As [`Node::borrow`].
    #[must_use]
    #[inline]
    pub fn get(&self) -> T
    where
        T: Copy,
    {
        *self.0.data.borrow()
    }

    /// A guard that makes a lazy node wanted, and keeps it alive, as long as it is held; from the
    /// next cycle on. See [`NodeBuilder::lazy`](super::NodeBuilder::lazy).
    pub fn observe(&self) -> Observer
    where
        T: 'static,
    {
        Observer::new(self.to_any())
    }

    /// A handle that does not keep the node alive.
    #[must_use]
    pub fn downgrade(&self) -> WeakNode<T> {
        WeakNode {
            id: self.0.id,
            cell: Rc::downgrade(&self.0),
        }
    }
}

impl<T> Clone for Node<T> {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl<T> Drop for Node<T> {
    fn drop(&mut self) {
        if Rc::strong_count(&self.0) == 2 && self.0.life.get() == Life::Live {
            self.0.life.set(Life::Listed);
            self.0.shared.list_garbage(self.0.id);
        }
    }
}

impl<T> fmt::Debug for Node<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Node")
            .field("id", &self.0.id)
            .field("height", &self.height())
            .field("name", &self.0.name)
            .finish_non_exhaustive()
    }
}

impl<T> NodeRef for Node<T> {
    fn node_id(&self) -> NodeId {
        self.0.id
    }
}

impl<T: 'static> ParentRef for Node<T> {
    fn to_any(&self) -> AnyNode {
        AnyNode(Rc::clone(&self.0) as Rc<dyn AnyCell>)
    }
}

/// A strong handle that has forgotten the type of the state: children hold their parents so.
pub struct AnyNode(Rc<dyn AnyCell>);

impl AnyNode {
    /// The id of the node.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.0.id()
    }

    /// The height of the node.
    #[must_use]
    pub fn height(&self) -> u32 {
        self.0.height()
    }

    /// The name given at building; empty where none was given.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    pub(super) fn count_observer(&self, by: i32) {
        self.0.count_observer(by);
    }

    pub(super) fn belongs_to(&self, shared: &Rc<Shared>) -> bool {
        Rc::ptr_eq(self.0.shared(), shared)
    }
}

impl Clone for AnyNode {
    fn clone(&self) -> Self {
        Self(Rc::clone(&self.0))
    }
}

impl Drop for AnyNode {
    fn drop(&mut self) {
        release(&*self.0, Rc::strong_count(&self.0));
    }
}

impl fmt::Debug for AnyNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnyNode")
            .field("id", &self.id())
            .field("height", &self.height())
            .field("name", &self.name())
            .finish()
    }
}

impl NodeRef for AnyNode {
    fn node_id(&self) -> NodeId {
        self.0.id()
    }
}

impl ParentRef for AnyNode {
    fn to_any(&self) -> AnyNode {
        self.clone()
    }
}

/// A handle that names a node without keeping it alive.
pub struct WeakNode<T> {
    id: NodeId,
    cell: Weak<NodeCell<T>>,
}

impl<T> WeakNode<T> {
    /// The id of the node, alive or not.
    #[must_use]
    pub fn id(&self) -> NodeId {
        self.id
    }

    /// A strong handle, unless the node has been removed from its graph.
    #[must_use]
    pub fn upgrade(&self) -> Option<Node<T>> {
        let node = Node(self.cell.upgrade()?);
        if node.is_removed() { None } else { Some(node) }
    }
}

impl<T> Clone for WeakNode<T> {
    fn clone(&self) -> Self {
        Self {
            id: self.id,
            cell: Weak::clone(&self.cell),
        }
    }
}

impl<T> fmt::Debug for WeakNode<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WeakNode")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl<T> NodeRef for WeakNode<T> {
    fn node_id(&self) -> NodeId {
        self.id
    }
}

/// The one handle that may change a node's state from outside the graph.
///
/// For sources that are driven by the program rather than by a channel. It is not `Clone`; others
/// read through [`ExclusiveNode::node`].
pub struct ExclusiveNode<T>(pub(super) Node<T>);

impl<T> ExclusiveNode<T> {
    /// The node as others see it: for reading and as a parent.
    #[must_use]
    pub fn node(&self) -> &Node<T> {
        &self.0
    }

    /// Changes the state without scheduling the node.
    ///
    /// # Panics
    ///
    /// When the state is borrowed elsewhere, or the node itself is running.
    #[must_use]
    pub fn borrow_mut(&mut self) -> RefMut<'_, T> {
        self.0.0.data.borrow_mut()
    }

    /// Changes the state and schedules the node for the next cycle.
    ///
    /// Returns `false` where the node has been removed and will not run.
    ///
    /// # Panics
    ///
    /// When the state is borrowed elsewhere, or the node itself is running.
    pub fn update(&mut self, executor: &mut Executor, change: impl FnOnce(&mut T)) -> bool {
        change(&mut self.0.0.data.borrow_mut());
        executor.schedule(self.0.id())
    }
}

impl<T> fmt::Debug for ExclusiveNode<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ExclusiveNode").field(&self.0).finish()
    }
}

impl<T> NodeRef for ExclusiveNode<T> {
    fn node_id(&self) -> NodeId {
        self.0.id()
    }
}

impl<T: 'static> ParentRef for ExclusiveNode<T> {
    fn to_any(&self) -> AnyNode {
        self.0.to_any()
    }
}
