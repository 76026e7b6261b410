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
//! - **Heights.** A node stands higher than all its parents, triggering or observed: one higher
//!   than the highest of them when it is built. A late edge may lift it, nothing lowers it. Nodes
//!   run in the order of heights, so a node runs after all its parents and never sees half a
//!   change: `c` above runs once, with both `a` and `b` up to date.
//! - **Once a cycle.** However many parents broadcast, a node runs at most once in a cycle.
//! - **Order among equals.** Nodes of the same height run in the order in which they were
//!   scheduled in the cycle. The gathering schedules: first what was scheduled or yielded before
//!   (in that order, I/O events included), then timers by deadline, then all channels and notifiers
//!   that have work, in the order in which they were built (one built after another was removed
//!   takes its place). A broadcast schedules children in the order in which their edges became
//!   active: that of building, where no edge was added or switched later. The order is a function
//!   of the inputs: the same inputs give the same run. The order in which lazy nodes wake is not
//!   stated.
//! - **One now.** [`Context::now`] is the same for all nodes of a cycle, and never runs back.
//! - **Cut-off.** [`Control::Unchanged`] ends a change: children do not run.
//! - **Cost.** A cycle costs in proportion to the nodes that run and the edges along which they
//!   broadcast. Nodes that have nothing to do cost nothing, their channels a look, or a bit when
//!   there are many.
//! - **No alias.** Reading a parent and changing oneself are checked borrows of separate cells. A
//!   node that reaches itself through a handle gets an error or a panic, never two references.
//! - **Still graph.** The graph does not change while it runs. Spawns and switches of edges are
//!   done after the cycle in the order in which they were asked for, then sweeps, then nodes that
//!   nobody holds are removed.
//! - **No rings.** Parents exist before children, and a late edge that would close a ring is
//!   refused with the path. Loops go over two cycles: [`feedback`].
//! - **Lazy nodes** run while someone wants them ([`NodeBuilder::lazy`]): a guard
//!   ([`Node::observe`]) is held on them or on a node below, or a node below is not lazy.
//! - **Removal is complete.** A node goes with its timers, its I/O registrations and its places in
//!   the queues; ids of removed nodes name nothing, also when the slot is used again.
//! - **Nothing is lost in silence.** A full channel is an error to its sender, or counts what it
//!   overwrites; a channel left half read has its node run again; a failure is counted and
//!   reported ([`Executor::on_failure`]).
//! - **Failures stay where they are.** A node that fails, by an error or a panic, stops; what is
//!   below is marked stale ([`Health`]) and the rest runs on. A supervised node or subgraph is
//!   rebuilt ([`NodeBuilder::supervised`], [`supervise()`]).
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
//! From the start, with recipes and mistakes: [`guide`].
//!
//! Building: [`NodeBuilder`]. Handles: [`Node`], [`WeakNode`], [`ExclusiveNode`]. Inside a node:
//! [`Context`]. Input from threads: [`Sender`], [`ChannelHandle`], [`OverwritingSender`],
//! [`Notifier`], large messages: [`Pool`], and how they wake a sleeping graph: [`Wake`]. Running:
//! [`RealtimeRuntime`], [`HistoricalRuntime`], [`TestRuntime`], or [`Executor::cycle`] by hand.
//! Changing edges: [`Executor::add_trigger`], [`Executor::set_active`]. Shared nodes:
//! [`SimpleFactory`], [`KeyedFactory`]. Sockets as nodes: [`net`].
//!
//! No `unsafe` in here: a node that runs and the queue it writes to are two fields, and states are
//! checked cells.
//!
//! Ready-made: [`steps`], and on them [`Stream`] and [`nodes`].
//!
//! Seen from outside: [`Executor::report`] and [`Executor::explain`] under a [`Profile`], drawn by
//! [`Report::to_dot`]; [`Latency`] for the way of values; spans for `tracing` under the feature
//! `spans`. Several graphs on threads of their own, live or replayed alike: [`Threads`].
//!
//! With the feature `serde` the states of nodes are saved and restored
//! (`NodeBuilder::persistent`).
//!
//! Not done here: one graph on more than one thread.

mod builder;
mod channel;
mod clock;
mod context;
mod demand;
mod edges;
mod executor;
mod export;
mod factory;
mod failure;
mod feedback;
mod graph;
pub mod guide;
mod io;
mod latency;
pub mod net;
mod node;
pub mod nodes;
mod observe;
mod overload;
#[expect(
    clippy::module_inception,
    reason = "the runtimes of the runtime; private"
)]
mod runtime;
mod scheduler;
#[cfg(feature = "serde")]
mod state;
mod step;
pub mod steps;
mod stream;
mod supervise;
mod testing;
#[cfg(test)]
mod tests;
mod threads;
mod timer;
mod watchdog;

pub use mio::Interest;
pub use mio::event::Source;
pub use rtrb::chunks::ReadChunk;

pub use builder::NodeBuilder;
pub use channel::{
    AddSenderError, ChannelHandle, Closed, Loan, MultiReceiver, Notifier, OverwritingReceiver,
    OverwritingSender, Pool, PoolEmpty, Receiver, Sender, TryReceiveError, TrySendError, Wake,
    channel, channel_many, overwriting_channel,
};
pub use clock::{Clock, ClockSource, EventTimes, Nanos, NextEvent, RealtimeClock, TestClock};
pub use context::{Context, ScheduleError};
pub use demand::Observer;
pub use edges::EdgeError;
pub use executor::{Executor, ExecutorState};
pub use factory::{KeyedFactory, SimpleFactory};
pub use failure::{
    FAILURES_KEPT, Failure, FailureKind, FailurePhase, FailurePolicy, Health, Outcome,
};
pub use feedback::{Feedback, feedback};
pub use io::{Io, Readiness};
pub use latency::{Hop, Latency, LatencyReport, Stamped, Stamps};
pub use node::{AnyNode, Control, ExclusiveNode, Node, NodeId, NodeRef, ParentRef, WeakNode};
pub use observe::{Cause, Explanation, NodeReport, ParentReport, Profile, Report, Times};
pub use overload::{Overload, OverloadCause, OverloadReport};
pub use runtime::{Ended, ExecutionMode, HistoricalRuntime, RealtimeRuntime, Stop, TestRuntime};
#[cfg(feature = "serde")]
pub use state::{GraphState, Restored, STATE_VERSION, SnapshotError, UnknownVersion};
pub use step::{Fan, Pipe, Step, Then, fan};
pub use stream::{Latest, Stream};
pub use supervise::{Outlet, Restart, Restarting, supervise};
pub use testing::{Push, push_node};
pub use threads::{
    BuildError, GraphEnd, GraphError, GraphId, Incoming, LinkReport, LinkSender, Links, Lockstep,
    Outgoing, Running, Seat, Threads, WrongGraph,
};
pub use timer::Timer;
pub use watchdog::{Budget, Overrun, Pulse, SlowNode, Watchdog};
