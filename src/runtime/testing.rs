//! Sources that a test drives by hand.

use super::builder::NodeBuilder;
use super::executor::Executor;
use super::node::{AnyNode, Control, ExclusiveNode, Node, NodeId, NodeRef, ParentRef};

/// A source whose value the test sets; it broadcasts in the cycle after each set.
#[derive(Debug)]
pub struct Push<T>(ExclusiveNode<T>);

impl<T> Push<T> {
    /// Sets the value and schedules the source; returns whether it is still in the graph.
    pub fn push(&mut self, executor: &mut Executor, value: T) -> bool {
        self.0.update(executor, |state| *state = value)
    }

    /// The source as others see it.
    #[must_use]
    pub fn node(&self) -> &Node<T> {
        self.0.node()
    }
}

impl<T> NodeRef for Push<T> {
    fn node_id(&self) -> NodeId {
        self.0.node_id()
    }
}

impl<T: 'static> ParentRef for Push<T> {
    fn to_any(&self) -> AnyNode {
        self.0.to_any()
    }
}

/// Adds a source that is set by hand.
///
/// ```
/// use waveletd::runtime::{Control, NodeBuilder, TestRuntime, push_node};
///
/// let mut runtime = TestRuntime::new();
/// let mut source = push_node(runtime.executor(), 0_u32);
/// let input = source.node().clone();
/// let square = NodeBuilder::new(0)
///     .triggered_by(&source)
///     .build(runtime.executor(), move |out, _| {
///         *out = input.borrow().pow(2);
///         Control::Broadcast
///     });
///
/// source.push(runtime.executor(), 7);
/// let _ = runtime.run_one_cycle();
/// assert_eq!(*square.borrow(), 49);
/// ```
pub fn push_node<T: 'static>(executor: &mut Executor, value: T) -> Push<T> {
    Push(NodeBuilder::new(value).build_exclusive(executor, |_, _| Control::Broadcast))
}
