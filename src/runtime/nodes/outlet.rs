//! Nodes that give what other nodes leave for them, and nodes made of one closure.

use std::cell::RefCell;
use std::rc::Rc;

use super::super::builder::NodeBuilder;
use super::super::context::Context;
use super::super::executor::Executor;
use super::super::node::{NodeId, NodeRef, ParentRef, WeakNode};
use super::super::steps::Burst;
use super::super::stream::{Latest, Stream};

/// A stream of what `run` gives, asked in each cycle in which one of `triggers` broadcasts; it
/// stands above `observed` as well, and may read all of them.
///
/// ```
/// use waveletd::runtime::{TestRuntime, nodes};
///
/// let mut runtime = TestRuntime::new();
/// let executor = runtime.executor();
/// let (price, size) = (nodes::constant(executor, 3.0), nodes::constant(executor, 2.0));
/// let inputs = (price.clone(), size.clone());
/// let value = nodes::combine(executor, &[&price], &[&size], move |_| {
///     Some(inputs.0.value()? * inputs.1.value()?)
/// });
/// let _ = runtime.run_one_cycle();
/// assert_eq!(value.value(), Some(6.0));
/// ```
pub fn combine<O: 'static>(
    executor: &mut Executor,
    triggers: &[&dyn ParentRef],
    observed: &[&dyn ParentRef],
    run: impl FnMut(&mut Context<'_>) -> Option<O> + 'static,
) -> Stream<O> {
    combine_named(executor, "combine", triggers, observed, run)
}

pub(super) fn combine_named<O: 'static>(
    executor: &mut Executor,
    name: &'static str,
    triggers: &[&dyn ParentRef],
    observed: &[&dyn ParentRef],
    mut run: impl FnMut(&mut Context<'_>) -> Option<O> + 'static,
) -> Stream<O> {
    let node = NodeBuilder::new(Latest::default())
        .named(name)
        .triggered_by_many(triggers)
        .observer_of_many(observed)
        .build(executor, move |latest: &mut Latest<O>, ctx| {
            let given = run(ctx);
            latest.give(given, ctx.now())
        });
    Stream::from(node)
}

/// References to streams of one type as parents.
pub(super) fn parents<T: 'static>(streams: &[Stream<T>]) -> Vec<&dyn ParentRef> {
    streams
        .iter()
        .map(|stream| stream as &dyn ParentRef)
        .collect()
}

/// Has `node` run in this cycle where it still can, else in the next; `false` where it is gone.
pub(super) fn schedule_soon(ctx: &mut Context<'_>, node: NodeId) -> bool {
    ctx.schedule(&node).is_ok() || ctx.schedule_next(&node).is_ok()
}

/// Where to leave one value for a stream. Does not keep it alive.
pub(super) struct Outlet<T> {
    inbox: Rc<RefCell<Option<T>>>,
    id: NodeId,
}

impl<T> Clone for Outlet<T> {
    fn clone(&self) -> Self {
        Self {
            inbox: Rc::clone(&self.inbox),
            id: self.id,
        }
    }
}

impl<T: 'static> Outlet<T> {
    /// A stream that gives what is left in the outlet, and keeps `kept` as long as it lives.
    ///
    /// It stands above `feeders`, which broadcast nothing, and is swept with them.
    pub(super) fn new(
        executor: &mut Executor,
        name: &'static str,
        feeders: &[&dyn ParentRef],
        kept: impl Sized + 'static,
    ) -> (Stream<T>, Self) {
        let inbox = Rc::new(RefCell::new(None));
        let taken = Rc::clone(&inbox);
        let stream = combine_named(executor, name, feeders, &[], move |_| {
            let _ = &kept;
            taken.borrow_mut().take()
        });
        let id = stream.node_id();
        (stream, Self { inbox, id })
    }

    /// Leaves a value for this cycle, or the next; returns whether one still there was replaced.
    pub(super) fn put(&self, value: T, ctx: &mut Context<'_>) -> bool {
        schedule_soon(ctx, self.id);
        self.inbox.borrow_mut().replace(value).is_some()
    }

    /// Takes away what is left.
    pub(super) fn clear(&self) {
        self.inbox.borrow_mut().take();
    }

    /// Leaves a value for the next cycle; returns whether one still there was replaced.
    pub(super) fn put_next(&self, value: T, ctx: &mut Context<'_>) -> bool {
        // An outlet that is gone has no readers either.
        let _ = ctx.schedule_next(&self.id);
        self.inbox.borrow_mut().replace(value).is_some()
    }

    /// Leaves a value for the next cycle from outside; returns whether one was replaced.
    pub(super) fn put_from_outside(&self, value: T, executor: &mut Executor) -> bool {
        executor.schedule(self.id);
        self.inbox.borrow_mut().replace(value).is_some()
    }
}

/// Where to leave any number of values for a stream of bursts. Does not keep it alive.
pub(super) struct BurstOutlet<T> {
    inbox: Rc<RefCell<Vec<T>>>,
    node: WeakNode<Latest<Burst<T>>>,
}

impl<T: 'static> BurstOutlet<T> {
    /// A stream of bursts of what is left in the outlet. The two vectors take turns: once they
    /// have grown, nothing is allocated.
    ///
    /// It stands above `feeders`, which broadcast nothing, and is swept with them.
    pub(super) fn new(
        executor: &mut Executor,
        name: &'static str,
        feeders: &[&dyn ParentRef],
    ) -> (Stream<Burst<T>>, Self) {
        let inbox = Rc::new(RefCell::new(Vec::new()));
        let taken = Rc::clone(&inbox);
        let node = NodeBuilder::new(Latest::default())
            .named(name)
            .triggered_by_many(feeders)
            .build(executor, move |latest: &mut Latest<Burst<T>>, ctx| {
                let mut inbox = taken.borrow_mut();
                latest.change(ctx.now(), |burst| {
                    if inbox.is_empty() {
                        return false;
                    }
                    burst.clear();
                    std::mem::swap(burst.vec_mut(), &mut inbox);
                    true
                })
            });
        let weak = node.downgrade();
        (Stream::from(node), Self { inbox, node: weak })
    }

    /// The stream, where anyone still holds it.
    pub(super) fn stream(&self) -> Option<Stream<Burst<T>>> {
        self.node.upgrade().map(Stream::from)
    }

    /// Adds a value for this cycle, or the next; hands it back where the stream is gone.
    pub(super) fn push(&self, value: T, ctx: &mut Context<'_>) -> Result<(), T> {
        let mut inbox = self.inbox.borrow_mut();
        if inbox.is_empty() && !schedule_soon(ctx, self.node.id()) {
            return Err(value);
        }
        inbox.push(value);
        Ok(())
    }

    /// Adds a value for the next cycle from outside.
    pub(super) fn push_from_outside(&self, value: T, executor: &mut Executor) {
        executor.schedule(self.node.id());
        self.inbox.borrow_mut().push(value);
    }
}

impl<T> Clone for BurstOutlet<T> {
    fn clone(&self) -> Self {
        Self {
            inbox: Rc::clone(&self.inbox),
            node: self.node.clone(),
        }
    }
}
