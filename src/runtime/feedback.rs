//! Feedback: a value sent down in one cycle comes in at the top in the next.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;

use super::builder::NodeBuilder;
use super::context::{Context, ScheduleError};
use super::executor::Executor;
use super::node::{Control, Node, NodeId, NodeRef};

struct Waiting<T> {
    value: RefCell<Option<T>>,
    replaced_count: Cell<u64>,
}

/// The end of a feedback pair that takes values: see [`feedback`]. It does not keep the node alive.
pub struct Feedback<T> {
    node: NodeId,
    waiting: Rc<Waiting<T>>,
}

/// Makes a node without parents and the end that feeds it, for loops in a graph that has none.
///
/// What is sent in a cycle is the state of the node from the next cycle on, in which the node
/// broadcasts. So a loop takes one cycle a turn and never hangs a cycle; it goes on as long as
/// something is sent in each turn, and [`Executor::is_idle`] is false until then.
///
/// There is room for one value: a second one sent in the same cycle takes the place of the first,
/// which is handed back and counted ([`Feedback::replaced_count`]).
///
/// ```
/// use waveletd::runtime::{Control, Executor, Nanos, NodeBuilder, feedback};
///
/// let mut executor = Executor::new();
/// let (back, send) = feedback(&mut executor, 1_u64);
/// let read = back.clone();
/// let doubled = NodeBuilder::new(0).triggered_by(&back).build(&mut executor, move |state, ctx| {
///     *state = 2 * *read.borrow();
///     if *state < 100 && send.send(ctx, *state).is_err() {
///         return Control::Terminate;
///     }
///     Control::Broadcast
/// });
/// executor.schedule(&doubled);
/// while !executor.is_idle() {
///     let _ = executor.cycle(Nanos(1));
/// }
/// assert_eq!(*doubled.borrow(), 128);
/// ```
pub fn feedback<T: 'static>(executor: &mut Executor, initial: T) -> (Node<T>, Feedback<T>) {
    let waiting = Rc::new(Waiting {
        value: RefCell::new(None),
        replaced_count: Cell::new(0),
    });
    let incoming = Rc::clone(&waiting);
    let node = NodeBuilder::new(initial)
        .named("feedback")
        .build(executor, move |state, _| {
            match incoming.value.borrow_mut().take() {
                Some(value) => {
                    *state = value;
                    Control::Broadcast
                }
                None => Control::Unchanged,
            }
        });
    let send = Feedback {
        node: node.id(),
        waiting,
    };
    (node, send)
}

impl<T> Feedback<T> {
    /// Gives the node its state of the next cycle; returns the value that it replaces, if one sent
    /// earlier still waits.
    ///
    /// # Errors
    ///
    /// [`ScheduleError::NotFound`] when the node has been removed; the value is dropped.
    pub fn send(&self, ctx: &mut Context<'_>, value: T) -> Result<Option<T>, ScheduleError> {
        ctx.schedule_next(&self.node)?;
        let replaced = self.waiting.value.borrow_mut().replace(value);
        if replaced.is_some() {
            let count = &self.waiting.replaced_count;
            count.set(count.get() + 1);
        }
        Ok(replaced)
    }

    /// Values replaced before they came in, since the pair was made.
    #[must_use]
    pub fn replaced_count(&self) -> u64 {
        self.waiting.replaced_count.get()
    }
}

impl<T> Clone for Feedback<T> {
    fn clone(&self) -> Self {
        Self {
            node: self.node,
            waiting: Rc::clone(&self.waiting),
        }
    }
}

impl<T> NodeRef for Feedback<T> {
    fn node_id(&self) -> NodeId {
        self.node
    }
}

impl<T> fmt::Debug for Feedback<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feedback")
            .field("node", &self.node)
            .field("replaced_count", &self.replaced_count())
            .finish_non_exhaustive()
    }
}
