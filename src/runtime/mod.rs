//! The wavelet runtime: an incremental computation graph on one thread.
//!
//! A graph is made of nodes. A node has a state, parents, and a closure that brings the state up
//! to date and says whether it changed ([`Control`]). A cycle runs the nodes that have something
//! to do and no others. The room knows nothing of markets.
//!
//! ```text
//!  channel ─┐                height 0   1      2
//!  timer  ──┼─► source ────────────► a ──────► c ──► snapshot
//!  I/O    ──┘        └─────────────► b ──────►─┘
//! ```
//!
//! # The contract
//!
//! - **Heights.** A node stands one higher than its highest parent, triggering or observed. Nodes
//!   run in the order of heights, so a node runs after all its parents and never sees half a
//!   change: `c` above runs once, with both `a` and `b` up to date.
//! - **Once a cycle.** However many parents broadcast, a node runs at most once in a cycle.
//! - **Order among equals.** Nodes of the same height run in the order in which they were
//!   scheduled in the cycle. The gathering schedules: first what was scheduled or yielded before
//!   (in that order, I/O events included), then timers by deadline, then channels and notifiers in
//!   the order in which they were built. A broadcast schedules children in the order in which they
//!   were built. The order is a function of the inputs: the same inputs give the same run.
//! - **One now.** [`Context::now`] is the same for all nodes of a cycle, and never runs back.
//! - **Cut-off.** [`Control::Unchanged`] ends a change: children do not run.
//! - **Cost.** A cycle costs in proportion to the nodes that run and the edges along which they
//!   broadcast, plus one look at each channel. Nodes that have nothing to do cost nothing.
//! - **No alias.** Reading a parent and changing oneself are checked borrows of separate cells. A
//!   node that reaches itself through a handle gets an error or a panic, never two references.
//! - **Still graph.** The graph does not change while it runs. Spawns are done after the cycle,
//!   then sweeps, then nodes that nobody holds are removed.
//! - **Removal is complete.** A node goes with its timers, its I/O registrations and its places in
//!   the queues; ids of removed nodes name nothing, also when the slot is used again.
//! - **Nothing is lost in silence.** A full channel is an error to its sender; a channel left
//!   half read has its node run again; a node that panics is reported, with all that went with it
//!   ([`Executor::on_failure`]).
//!
//! # A first graph
//!
//! ```
//! use waveletd::runtime::{Control, NodeBuilder, TestRuntime};
//!
//! let mut runtime = TestRuntime::new();
//! let executor = runtime.executor();
//! let (numbers, mut sender) = NodeBuilder::new(0_u64).named("numbers").build_with_channel(
//!     executor,
//!     64,
//!     |last, _ctx, receiver| match receiver.try_receive() {
//!         Ok(number) => {
//!             *last = number;
//!             Control::Broadcast
//!         }
//!         Err(_) => Control::Unchanged,
//!     },
//! );
//! let input = numbers.clone();
//! let sum = NodeBuilder::new(0_u64).named("sum").triggered_by(&numbers).build(
//!     executor,
//!     move |sum, _ctx| {
//!         *sum += *input.borrow();
//!         Control::Broadcast
//!     },
//! );
//!
//! for number in [1, 2, 3] {
//!     sender.try_send(number)?;
//! }
//! while !runtime.executor().is_idle() {
//!     let _ = runtime.run_one_cycle();
//! }
//! assert_eq!(*sum.borrow(), 6);
//! # Ok::<(), waveletd::runtime::TrySendError<u64>>(())
//! ```
//!
//! # Where to look
//!
//! Building: [`NodeBuilder`]. Handles: [`Node`], [`WeakNode`], [`ExclusiveNode`]. Inside a node:
//! [`Context`]. Input from threads: [`Sender`], [`Notifier`], and how they wake a sleeping graph:
//! [`Wake`]. Running: [`RealtimeRuntime`], [`HistoricalRuntime`], [`TestRuntime`], or
//! [`Executor::cycle`] by hand. Shared nodes: [`SimpleFactory`], [`KeyedFactory`].
//!
//! Not done here: no node library, no more than one thread, no saved state.

mod builder;
mod channel;
mod clock;
mod context;
mod executor;
mod factory;
mod graph;
mod io;
mod node;
mod overload;
#[expect(
    clippy::module_inception,
    reason = "the runtimes of the runtime; private"
)]
mod runtime;
mod scheduler;
mod testing;
#[cfg(test)]
mod tests;
mod timer;
mod watchdog;

pub use mio::Interest;
pub use mio::event::Source;
pub use rtrb::chunks::ReadChunk;

pub use builder::NodeBuilder;
pub use channel::{
    Closed, Notifier, Receiver, Sender, TryReceiveError, TrySendError, Wake, channel,
};
pub use clock::{Clock, ClockSource, EventTimes, Nanos, NextEvent, RealtimeClock, TestClock};
pub use context::{Context, ScheduleError};
pub use executor::{Executor, ExecutorState, Failure};
pub use factory::{KeyedFactory, SimpleFactory};
pub use io::{Io, Readiness};
pub use node::{AnyNode, Control, ExclusiveNode, Node, NodeId, NodeRef, ParentRef, WeakNode};
pub use overload::{Overload, OverloadCause, OverloadReport};
pub use runtime::{Ended, ExecutionMode, HistoricalRuntime, RealtimeRuntime, Stop, TestRuntime};
pub use testing::{Push, push_node};
pub use timer::Timer;
pub use watchdog::{Budget, Overrun, Pulse, SlowNode, Watchdog};
