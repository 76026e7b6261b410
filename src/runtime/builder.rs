//! Building nodes.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use super::channel::{
    Bell, ChannelHandle, Inbox, Mark, MultiReceiver, Notifier, OverwritingReceiver,
    OverwritingSender, Raised, Receiver, Sender, channel, channel_many, overwriting_channel,
};
use super::context::Context;
use super::executor::{Executor, NodeRun};
use super::failure::FailurePhase;
use super::graph::Placement;
use super::node::{
    AnyCell, AnyNode, Control, ExclusiveNode, Life, Node, NodeCell, NodeId, OnDrop, ParentRef,
    WeakNode,
};
use super::supervise::{Restart, Restarting};

type OnInit<T> = Box<dyn FnOnce(&mut Executor, &mut T, NodeId)>;
type Supervise<T> = Box<dyn FnOnce(&mut Executor, &Node<T>)>;

/// Describes a node: its state, its parents, and what is done at its start and end.
///
/// Parents exist before their children, so a graph has no cycles by construction. Building does
/// not run the node; it runs when a parent broadcasts or when it is scheduled, for instance by
/// [`NodeBuilder::on_init`].
///
/// ```
/// use waveletd::runtime::{Control, Executor, Nanos, NodeBuilder};
///
/// let mut executor = Executor::new();
/// let parent = NodeBuilder::new(20).build(&mut executor, |data, _| {
///     *data += 1;
///     Control::Broadcast
/// });
/// let read = parent.clone();
/// let child = NodeBuilder::new(0).triggered_by(&parent).build(&mut executor, move |data, ctx| {
///     assert!(ctx.has_mutated(&read));
///     *data = 2 * *read.borrow();
///     Control::Broadcast
/// });
///
/// executor.schedule(&parent);
/// let _ = executor.cycle(Nanos(1));
/// assert_eq!(*child.borrow(), 42);
/// ```
#[must_use = "a builder does nothing before it is built"]
pub struct NodeBuilder<T> {
    state: T,
    name: Box<str>,
    lazy: bool,
    triggers: Vec<AnyNode>,
    observed: Vec<AnyNode>,
    on_init: Option<OnInit<T>>,
    on_drop: Option<OnDrop<T>>,
    supervise: Option<Supervise<T>>,
    #[cfg(feature = "serde")]
    pub(super) persistent: Option<(Box<str>, super::state::Register<T>)>,
}

impl<T> fmt::Debug for NodeBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NodeBuilder")
            .field("name", &self.name)
            .field("triggers", &self.triggers)
            .field("observed", &self.observed)
            .finish_non_exhaustive()
    }
}

/// A node's closure and the executor's own count on its cell.
struct Body<T, F> {
    cell: Rc<NodeCell<T>>,
    run: F,
}

impl<T, F> NodeRun for Body<T, F>
where
    T: 'static,
    F: FnMut(&mut T, &mut Context<'_>) -> Control,
{
    #[inline]
    fn run(&mut self, ctx: &mut Context<'_>) -> Control {
        let mut state = self.cell.data.borrow_mut();
        (self.run)(&mut state, ctx)
    }

    fn handle_count(&self) -> usize {
        Rc::strong_count(&self.cell) - 1
    }

    fn cell(&self) -> &dyn AnyCell {
        &*self.cell
    }
}

impl<T: 'static> NodeBuilder<T> {
    /// A node with this state.
    pub fn new(state: T) -> Self {
        Self {
            state,
            name: Box::default(),
            lazy: false,
            triggers: Vec::new(),
            observed: Vec::new(),
            on_init: None,
            on_drop: None,
            supervise: None,
            #[cfg(feature = "serde")]
            persistent: None,
        }
    }

    /// Names the node in reports.
    pub fn named(mut self, name: impl Into<Box<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// The node runs after `parent` whenever `parent` broadcasts, and keeps it alive.
    pub fn triggered_by(mut self, parent: &impl ParentRef) -> Self {
        self.triggers.push(parent.to_any());
        self
    }

    /// [`NodeBuilder::triggered_by`] each of the parents.
    pub fn triggered_by_many<P: ParentRef>(mut self, parents: impl IntoIterator<Item = P>) -> Self {
        self.triggers
            .extend(parents.into_iter().map(|parent| parent.to_any()));
        self
    }

    /// The node runs after `parent` when both run, so it reads the state of this cycle; `parent`
    /// does not make it run. It keeps the parent alive.
    pub fn observer_of(mut self, parent: &impl ParentRef) -> Self {
        self.observed.push(parent.to_any());
        self
    }

    /// [`NodeBuilder::observer_of`] each of the parents.
    pub fn observer_of_many<P: ParentRef>(mut self, parents: impl IntoIterator<Item = P>) -> Self {
        self.observed
            .extend(parents.into_iter().map(|parent| parent.to_any()));
        self
    }

    /// The node runs only while it is wanted: while an [`Observer`](super::Observer) guard made by
    /// [`Node::observe`] is held on it, or a node below it, triggered by it or observing it, is not
    /// lazy or has such a guard. A plain handle does not count.
    ///
    /// While nobody wants it, nothing runs it: its state is that of its last run, and a channel of
    /// its own fills up. It starts so. Each time it becomes wanted it runs once, in the next cycle.
    pub fn lazy(mut self) -> Self {
        self.lazy = true;
        self
    }

    /// Called once when the node is in the graph: to schedule it, set timers, register sources.
    ///
    /// A cycle must not be run from here: the node's state is in use. A panic is a failure of the
    /// node.
    pub fn on_init(
        mut self,
        on_init: impl FnOnce(&mut Executor, &mut T, NodeId) + 'static,
    ) -> Self {
        self.on_init = Some(Box::new(on_init));
        self
    }

    /// Called once as the state is dropped: the node is removed and no handle is left. A panic is
    /// reported at the end of the next cycle.
    pub fn on_drop(mut self, on_drop: impl FnOnce(&mut T) + 'static) -> Self {
        self.on_drop = Some(Box::new(on_drop));
        self
    }

    /// Has the state built anew by `rebuild` when the node has failed, as the policy allows.
    ///
    /// Timers and I/O sources of the failed run are released; `rebuild` sets them again. A channel
    /// of the node stays, with what waits in it. The node runs once after each restart, and what is
    /// below is stale until it has broadcast.
    pub fn supervised(
        mut self,
        policy: Restart,
        rebuild: impl FnMut(&mut Restarting<'_>) -> T + 'static,
    ) -> Self {
        self.supervise = Some(Box::new(move |executor, node| {
            executor.supervise_node(node, policy, rebuild);
        }));
        self
    }

    /// As [`NodeBuilder::build`], for a `run` that may fail: see [`Context::fail`].
    ///
    /// # Panics
    ///
    /// When a parent belongs to another executor.
    pub fn try_build<E, F>(self, executor: &mut Executor, mut run: F) -> Node<T>
    where
        E: fmt::Display,
        F: FnMut(&mut T, &mut Context<'_>) -> Result<Control, E> + 'static,
    {
        self.build(executor, move |state, ctx| {
            run(state, ctx).unwrap_or_else(|error| ctx.fail(error))
        })
    }

    /// As [`NodeBuilder::build_with_channel`], for a `run` that may fail.
    ///
    /// # Panics
    ///
    /// When a parent belongs to another executor.
    pub fn try_build_with_channel<M, E, F>(
        self,
        executor: &mut Executor,
        capacity: usize,
        mut run: F,
    ) -> (Node<T>, Sender<M>)
    where
        M: 'static,
        E: fmt::Display,
        F: FnMut(&mut T, &mut Context<'_>, &mut Receiver<M>) -> Result<Control, E> + 'static,
    {
        self.build_with_channel(executor, capacity, move |state, ctx, receiver| {
            run(state, ctx, receiver).unwrap_or_else(|error| ctx.fail(error))
        })
    }

    /// As [`NodeBuilder::build_with_notifier`], for a `run` that may fail.
    ///
    /// # Panics
    ///
    /// When a parent belongs to another executor.
    pub fn try_build_with_notifier<E, F>(
        self,
        executor: &mut Executor,
        mut run: F,
    ) -> (Node<T>, Notifier)
    where
        E: fmt::Display,
        F: FnMut(&mut T, &mut Context<'_>) -> Result<Control, E> + 'static,
    {
        self.build_with_notifier(executor, move |state, ctx| {
            run(state, ctx).unwrap_or_else(|error| ctx.fail(error))
        })
    }

    /// Adds the node to the graph. It lives as long as a handle or a child of it does.
    ///
    /// `run` gets the state and the executor, and says whether the state changed.
    ///
    /// # Panics
    ///
    /// When a parent belongs to another executor.
    pub fn build<F>(self, executor: &mut Executor, run: F) -> Node<T>
    where
        F: FnMut(&mut T, &mut Context<'_>) -> Control + 'static,
    {
        self.insert(executor, false, run)
    }

    /// Adds a node whose state the returned handle alone may change from outside the graph.
    ///
    /// # Panics
    ///
    /// When a parent belongs to another executor.
    pub fn build_exclusive<F>(self, executor: &mut Executor, run: F) -> ExclusiveNode<T>
    where
        F: FnMut(&mut T, &mut Context<'_>) -> Control + 'static,
    {
        ExclusiveNode(self.insert(executor, false, run))
    }

    /// Adds a node that needs no handle: it lives until it or a node that triggers it is swept.
    ///
    /// # Panics
    ///
    /// When a parent belongs to another executor.
    pub fn spawn<F>(self, executor: &mut Executor, run: F) -> WeakNode<T>
    where
        F: FnMut(&mut T, &mut Context<'_>) -> Control + 'static,
    {
        self.insert(executor, true, run).downgrade()
    }

    /// Adds a node that runs whenever a message waits in a channel of `capacity` messages.
    ///
    /// Messages the node leaves in the channel make it run again in the next cycle; the end of the
    /// stream makes it run once more.
    ///
    /// # Panics
    ///
    /// When a parent belongs to another executor.
    pub fn build_with_channel<M, F>(
        self,
        executor: &mut Executor,
        capacity: usize,
        run: F,
    ) -> (Node<T>, Sender<M>)
    where
        M: 'static,
        F: FnMut(&mut T, &mut Context<'_>, &mut Receiver<M>) -> Control + 'static,
    {
        let (mut sender, receiver) = channel(capacity, executor.wake());
        let (node, mark) = self.insert_receiving(executor, receiver, run);
        sender.set_mark(mark);
        (node, sender)
    }

    /// Adds a node that runs whenever a message of any of up to `senders_max` senders waits, each
    /// with a ring of `capacity` messages of its own.
    ///
    /// The handle adds the senders, from any thread. The node is run for messages left, and for
    /// the end, as with [`NodeBuilder::build_with_channel`], and for each sender that comes or
    /// goes. Let go of the handle where no more senders are to come: the stream does not end
    /// before.
    ///
    /// # Panics
    ///
    /// When a parent belongs to another executor.
    pub fn build_with_channels<M, F>(
        self,
        executor: &mut Executor,
        senders_max: usize,
        capacity: usize,
        run: F,
    ) -> (Node<T>, ChannelHandle<M>)
    where
        M: 'static,
        F: FnMut(&mut T, &mut Context<'_>, &mut MultiReceiver<M>) -> Control + 'static,
    {
        let (mut handle, receiver) = channel_many(senders_max, capacity, executor.wake());
        let (node, mark) = self.insert_receiving(executor, receiver, run);
        handle.set_mark(mark);
        (node, handle)
    }

    /// Adds a node that runs whenever a message waits in a channel that keeps the newest
    /// `capacity` messages.
    ///
    /// The node is run for messages left, and for the end, as with
    /// [`NodeBuilder::build_with_channel`].
    ///
    /// # Panics
    ///
    /// When a parent belongs to another executor.
    pub fn build_with_overwriting_channel<M, F>(
        self,
        executor: &mut Executor,
        capacity: usize,
        run: F,
    ) -> (Node<T>, OverwritingSender<M>)
    where
        M: 'static,
        F: FnMut(&mut T, &mut Context<'_>, &mut OverwritingReceiver<M>) -> Control + 'static,
    {
        let (mut sender, receiver) = overwriting_channel(capacity, executor.wake());
        let (node, mark) = self.insert_receiving(executor, receiver, run);
        sender.set_mark(mark);
        (node, sender)
    }

    fn insert_receiving<R, F>(
        self,
        executor: &mut Executor,
        receiver: R,
        mut run: F,
    ) -> (Node<T>, Option<Mark>)
    where
        R: Inbox,
        F: FnMut(&mut T, &mut Context<'_>, &mut R) -> Control + 'static,
    {
        let receiver = Rc::new(RefCell::new(receiver));
        let watched = Rc::clone(&receiver);
        let node = self.insert(executor, false, move |state, ctx| {
            let mut receiver = receiver.borrow_mut();
            receiver.before_run();
            run(state, ctx, &mut receiver)
        });
        let mark = executor.watch(node.id(), watched);
        (node, mark)
    }

    /// Adds a node that any thread can have run.
    ///
    /// # Panics
    ///
    /// When a parent belongs to another executor.
    pub fn build_with_notifier<F>(self, executor: &mut Executor, mut run: F) -> (Node<T>, Notifier)
    where
        F: FnMut(&mut T, &mut Context<'_>) -> Control + 'static,
    {
        let raised = Raised::new();
        let lowered = raised.clone();
        let node = self.insert(executor, false, move |state, ctx| {
            lowered.lower();
            run(state, ctx)
        });
        let mut bell = Bell::new(executor.wake());
        bell.set_mark(executor.watch(node.id(), Rc::new(raised.clone())));
        (node, Notifier::new(raised, bell))
    }

    fn insert<F>(self, executor: &mut Executor, pinned: bool, run: F) -> Node<T>
    where
        F: FnMut(&mut T, &mut Context<'_>) -> Control + 'static,
    {
        let Self {
            state,
            name,
            lazy,
            triggers,
            observed,
            on_init,
            on_drop,
            supervise,
            #[cfg(feature = "serde")]
            persistent,
        } = self;
        for parent in triggers.iter().chain(&observed) {
            assert!(
                parent.belongs_to(&executor.shared),
                "node {:?}: parent {:?} belongs to another executor",
                name,
                parent.name(),
            );
        }
        let placement = Placement {
            pinned,
            lazy,
            triggers,
            observed,
        };
        let (id, height) = executor.place(placement);
        // First of the two, so that it lies before the state, whose first bytes a cycle reads.
        let body = Box::new_uninit();
        let cell = Rc::new(NodeCell {
            id,
            height: Cell::new(height),
            name,
            demand: Cell::default(),
            life: Cell::new(Life::Live),
            failed: Cell::new(false),
            shared: Rc::clone(&executor.shared),
            data: RefCell::new(state),
            on_drop,
        });
        let body = Box::write(
            body,
            Body {
                cell: Rc::clone(&cell),
                run,
            },
        );
        executor.install(id, body);
        let node = Node(cell);
        #[cfg(feature = "serde")]
        if let Some((key, register)) = persistent {
            register(executor, key, &node.0);
        }
        if let Some(supervise) = supervise {
            supervise(executor, &node);
        }
        if let Some(on_init) = on_init {
            let init = || on_init(executor, &mut node.0.data.borrow_mut(), id);
            if let Err(payload) = catch_unwind(AssertUnwindSafe(init)) {
                executor.fail_panic(id, FailurePhase::Init, payload);
            }
        }
        node
    }
}
