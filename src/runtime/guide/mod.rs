//! The guide to the runtime: ideas, recipes, costs, mistakes. Every example here is compiled and
//! run by the tests.
//!
//! Chapters: [concepts](#concepts), [the contract](#the-contract), [thirty lines](#thirty-lines),
//! [sources and I/O](#sources-and-io), [streams and steps](#streams-and-steps),
//! [dynamic graphs](#dynamic-graphs), [failure](#failure), [time](#time),
//! [many threads](#many-threads), [observing](#observing), [costs](#costs),
//! [common mistakes](#common-mistakes). Then [`names`], the names of other runtimes and ours, and
//! [`rows`], each capability with the test that shows it.
//!
//! # Concepts
//!
//! A **node** is a state, its parents, and a closure. The closure reads parents, changes the state
//! and answers with a [`Control`](super::Control). An **edge** either triggers the child or lets
//! it only look. A **cycle** runs what has something to do, in the order of **heights**, at one
//! time. The **executor** owns the graph and runs cycles; a **runtime** calls it, with a clock:
//! the host's, that of recorded data, or that of a test. A graph lives on one thread; other
//! threads reach it by channels.
//!
//! ```
//! # use waveletd::runtime::{Control, Executor, Nanos, NodeBuilder};
//! let mut executor = Executor::new();
//! let parent = NodeBuilder::new(20).build(&mut executor, |data, _ctx| {
//!     *data += 1;
//!     Control::Broadcast
//! });
//! let input = parent.clone();
//! let child = NodeBuilder::new(0).triggered_by(&parent).build(&mut executor, move |data, ctx| {
//!     assert!(ctx.has_mutated(&input));
//!     *data = 2 * *input.borrow();
//!     Control::Broadcast
//! });
//! executor.schedule(&parent);
//! let _ = executor.cycle(Nanos(1));
//! assert_eq!(*child.borrow(), 42);
//! ```
//!
//! # The contract
//!
//! The whole of it stands at the head of [the module](super). In short:
//!
//! | Word | Promise |
//! |---|---|
//! | height | a node runs after all its parents: no half-seen change |
//! | once a cycle | however many parents broadcast |
//! | order | equals run as scheduled; the same inputs give the same run |
//! | one now | [`Context::now`](super::Context::now) is the same for all nodes of a cycle |
//! | cut-off | [`Control::Unchanged`](super::Control::Unchanged) ends a change |
//! | observe, trigger | both order the nodes, only a trigger runs the child |
//! | still graph | spawns, edges and sweeps are done after the cycle |
//! | removal | a node goes with its timers, sockets and places in queues; ids are not reused |
//!
//! ```
//! # use waveletd::runtime::{Control, NodeBuilder, TestRuntime, push_node};
//! let mut rt = TestRuntime::new();
//! let mut price = push_node(rt.executor(), 100);
//! let mut limit = push_node(rt.executor(), 110);
//! let (p, l) = (price.node().clone(), limit.node().clone());
//! // A new price runs the alarm. A new limit does not, but is seen with the next price.
//! let alarm = NodeBuilder::new(false).triggered_by(&price).observer_of(&limit).build(
//!     rt.executor(),
//!     move |state, _| {
//!         let above = *p.borrow() > *l.borrow();
//!         Control::from(std::mem::replace(state, above) != above)
//!     },
//! );
//! limit.push(rt.executor(), 90);
//! let _ = rt.run_one_cycle();
//! assert!(!alarm.get());
//! price.push(rt.executor(), 95);
//! let _ = rt.run_one_cycle();
//! assert!(alarm.get());
//! ```
//!
//! # Thirty lines
//!
//! A channel, a timer and a test: readings come from anywhere, once a second the mean is told.
//!
//! ```
//! use std::time::Duration;
//! use waveletd::runtime::{Control, NodeBuilder, TestRuntime, TrySendError};
//!
//! # fn main() -> Result<(), TrySendError<f64>> {
//! let mut runtime = TestRuntime::new();
//! let executor = runtime.executor();
//! let (readings, mut sender) = NodeBuilder::new((0.0, 0_u32)).build_with_channel(
//!     executor,
//!     1024,
//!     |(sum, count), _ctx, receiver| {
//!         *count += receiver.receive_chunk(256, |value: f64| *sum += value) as u32;
//!         Control::Broadcast
//!     },
//! );
//! let input = readings.clone();
//! let mean = NodeBuilder::new(None).named("mean").observer_of(&readings).build(
//!     executor,
//!     move |mean, _ctx| {
//!         let (sum, count) = *input.borrow();
//!         *mean = (count > 0).then(|| sum / f64::from(count));
//!         Control::from(mean.is_some())
//!     },
//! );
//! let _ = executor.timer_every(&mean, Duration::from_secs(1));
//!
//! sender.try_send(1.0)?;
//! sender.try_send(4.0)?;
//! let _ = runtime.run_one_cycle();
//! assert_eq!(mean.get(), None);
//! let _ = runtime.advance_and_run(Duration::from_secs(1));
//! assert_eq!(mean.get(), Some(2.5));
//! # Ok(()) }
//! ```
//!
//! # Sources and I/O
//!
//! | Source | Built by |
//! |---|---|
//! | one thread | [`build_with_channel`](super::NodeBuilder::build_with_channel) |
//! | many threads | [`build_with_channels`](super::NodeBuilder::build_with_channels) |
//! | the newest only | [`build_with_overwriting_channel`][over]: what is lost is counted |
//! | large messages | a [`Pool`](super::Pool) of buffers, its loans sent through a channel |
//! | a bare signal | [`build_with_notifier`](super::NodeBuilder::build_with_notifier) |
//! | a timer | [`Context::timer_after`](super::Context::timer_after), `timer_at`, `timer_every` |
//! | a descriptor | [`Context::register_io`](super::Context::register_io): its readiness |
//! | TCP, UDP, WebSocket | [`net`](super::net): clients, servers, datagrams as nodes |
//!
//! [over]: super::NodeBuilder::build_with_overwriting_channel
//!
//! ```
//! # use waveletd::runtime::{Control, NodeBuilder, TestRuntime, TryReceiveError};
//! let mut rt = TestRuntime::new();
//! let (last, mut sender) = NodeBuilder::new(0).build_with_overwriting_channel(
//!     rt.executor(),
//!     2,
//!     |last, _ctx, receiver| {
//!         while let Ok(value) = receiver.try_receive() {
//!             *last = value;
//!         }
//!         Control::Broadcast
//!     },
//! );
//! for value in 1..=5 {
//!     assert!(sender.send(value).is_ok());
//! }
//! let _ = rt.run_one_cycle();
//! assert_eq!((last.get(), sender.lost_count()), (5, 3));
//! ```
//!
//! # Streams and steps
//!
//! A [`Stream`](super::Stream) is a node with the latest of a sequence of values; its methods are
//! the library of [`nodes`](super::nodes). The logic of one is a [`Step`](super::Step), which
//! knows no graph. Steps chained in a [`Pipe`](super::Pipe) are one node: the static tier, with
//! the same results at the same times.
//!
//! ```
//! # use waveletd::runtime::{Pipe, Step, TestRuntime, nodes, steps};
//! let mut rt = TestRuntime::new();
//! let mut input = nodes::input::<u32>(rt.executor());
//! let numbers = input.stream().clone();
//! let apart = numbers
//!     .filter(rt.executor(), |n| n % 2 == 0)
//!     .map(rt.executor(), |n| n * 10);
//! let pipe = Pipe::new(steps::filter(|n: &u32| n % 2 == 0)).then(steps::map(|n: &u32| n * 10));
//! let in_one = numbers.step(rt.executor(), pipe);
//! for n in 1..=4 {
//!     input.set(rt.executor(), n);
//!     let _ = rt.run_one_cycle();
//! }
//! assert_eq!((apart.value(), in_one.value()), (Some(40), Some(40)));
//! assert_eq!(in_one.latest().ticks(), 2);
//! ```
//!
//! # Dynamic graphs
//!
//! Nodes come and go while the graph runs. A [`KeyedFactory`](super::KeyedFactory) shares the node
//! of a key among those who hold it. [`Context::spawn_subgraph`](super::Context::spawn_subgraph)
//! builds after the cycle, [`Control::Sweep`](super::Control::Sweep) removes a node with all it
//! triggers, [`Executor::add_trigger`](super::Executor::add_trigger) adds an edge late, and a
//! [`lazy`](super::NodeBuilder::lazy) node runs only while someone wants it.
//!
//! ```
//! # use waveletd::runtime::{Control, Executor, KeyedFactory, NodeBuilder, TestRuntime};
//! let mut rt = TestRuntime::new();
//! let mut rooms = KeyedFactory::attach(|executor: &mut Executor, name: &&str| {
//!     NodeBuilder::new(0).named(*name).build(executor, |_, _| Control::Broadcast)
//! });
//! let kitchen = rooms.get(rt.executor(), "kitchen");
//! let again = rooms.get(rt.executor(), "kitchen");
//! assert_eq!(kitchen.id(), again.id());
//! drop((kitchen, again));
//! rt.executor().collect();
//! assert_eq!(rt.executor().node_count(), 0);
//!
//! let sum = NodeBuilder::new(0).build(rt.executor(), |count, _| {
//!     *count += 1;
//!     Control::Broadcast
//! });
//! let late = NodeBuilder::new(()).build(rt.executor(), |(), _| Control::Broadcast);
//! rt.executor().add_trigger(&sum, &late)?;
//! rt.executor().schedule(&late);
//! let _ = rt.run_one_cycle();
//! assert_eq!(sum.get(), 1);
//! assert!(rt.executor().add_trigger(&late, &sum).is_err(), "a ring is refused");
//!
//! let looks = NodeBuilder::new(0).lazy().triggered_by(&late).build(rt.executor(), |count, _| {
//!     *count += 1;
//!     Control::Unchanged
//! });
//! rt.executor().schedule(&late);
//! let _ = rt.run_one_cycle();
//! assert_eq!(looks.get(), 0);
//! let _guard = looks.observe();
//! let _ = rt.run_one_cycle();
//! assert_eq!(looks.get(), 1);
//! # Ok::<(), waveletd::runtime::EdgeError>(())
//! ```
//!
//! # Failure
//!
//! What the world does wrong is a value: a stream of results, parted by
//! [`try_map`](super::Stream::try_map), counted by its ticks. A panic is our bug: it is
//! caught at the node, the handler is told, and what does not stand on the node goes on.
//!
//! ```
//! # use std::{cell::RefCell, rc::Rc};
//! # use waveletd::runtime::{Control, NodeBuilder, TestRuntime};
//! # std::panic::set_hook(Box::new(|_| {}));
//! let mut rt = TestRuntime::new();
//! let told = Rc::new(RefCell::new(Vec::new()));
//! let tell = Rc::clone(&told);
//! rt.executor().set_failure_policy(waveletd::runtime::FailurePolicy::Report);
//! rt.executor().on_failure(move |failure| tell.borrow_mut().push(failure.name.clone()));
//! let bad = NodeBuilder::new(()).named("bad").build(rt.executor(), |(), _| panic!("a bug"));
//! let good = NodeBuilder::new(0).build(rt.executor(), |runs, _| {
//!     *runs += 1;
//!     Control::Broadcast
//! });
//! rt.executor().schedule(&bad);
//! rt.executor().schedule(&good);
//! let _ = rt.run_one_cycle();
//! assert_eq!(good.get(), 1);
//! assert_eq!(*told.borrow(), ["bad"]);
//! ```
//!
//! A node that says `Err` instead of panicking fails in the same way ([`try_build`]). What stands
//! below a failed node runs on with the last state of its parent and is marked
//! [`Stale`](super::Health::Stale). A node with a policy is built anew, a whole subgraph by
//! [`supervise`](super::supervise):
//!
//! ```
//! # use std::time::Duration;
//! # use waveletd::runtime::{Control, Executor, Health, Nanos, NodeBuilder, Restart};
//! let mut executor = Executor::new();
//! let policy = Restart::Backoff {
//!     initial: Duration::from_nanos(10),
//!     factor: 2.0,
//!     max_delay: Duration::from_secs(1),
//!     max_restarts: 5,
//!     within: Duration::from_secs(60),
//! };
//! let lines = NodeBuilder::new(0_u32)
//!     .supervised(policy, |_restarting| 0)
//!     .try_build(&mut executor, |lines, ctx| {
//!         *lines += 1;
//!         if ctx.now() == Nanos(1) {
//!             return Err("a line that makes no sense");
//!         }
//!         Ok(Control::Broadcast)
//!     });
//! let below = NodeBuilder::new(())
//!     .triggered_by(&lines)
//!     .build(&mut executor, |(), _| Control::Unchanged);
//!
//! executor.schedule(&lines);
//! let _ = executor.cycle(Nanos(1));
//! assert_eq!(executor.health(&lines), Some(Health::Failed));
//! assert!(matches!(executor.health(&below), Some(Health::Stale { .. })));
//! let _ = executor.cycle(Nanos(11));
//! assert_eq!(executor.health(&below), Some(Health::Healthy));
//! assert_eq!((lines.get(), executor.failures(), executor.restarts()), (1, 1, 1));
//! ```
//!
//! With the feature `serde`, `NodeBuilder::persistent("key")` has the state of a node saved by
//! `Executor::snapshot` and put back by `Executor::restore` into a graph built anew.
//!
//! [`try_build`]: super::NodeBuilder::try_build
//!
//! Too much input is a declared state ([`Overload`](super::Overload)); a cycle over its
//! [`Budget`](super::Budget) names its slowest node; a node that hangs is seen by a
//! [`Watchdog`](super::Watchdog) from another thread.
//!
//! # Time
//!
//! Nodes never read a clock. The same graph runs on the host's time
//! ([`RealtimeRuntime`](super::RealtimeRuntime)), on that of a test
//! ([`TestRuntime`](super::TestRuntime)) and on that of recorded events
//! ([`HistoricalRuntime`](super::HistoricalRuntime)), where time goes from event to event and
//! timers fire between them; then it may go on live, with its states and timers.
//!
//! ```
//! # use waveletd::runtime::{
//! #     Control, Ended, EventTimes, ExecutionMode, Executor, HistoricalRuntime, Nanos, NextEvent,
//! #     NodeBuilder, NodeId, TestClock,
//! # };
//! struct Recorded { times: Vec<u64>, node: NodeId }
//!
//! impl EventTimes for Recorded {
//!     fn next(&mut self) -> NextEvent {
//!         self.times.last().map_or(NextEvent::End, |&at| NextEvent::At(Nanos(at)))
//!     }
//!     fn deliver(&mut self, executor: &mut Executor) {
//!         self.times.pop();
//!         executor.schedule(self.node);
//!     }
//! }
//!
//! let mut runtime = HistoricalRuntime::new();
//! let seen = NodeBuilder::new(Vec::new()).build(runtime.executor(), |seen, ctx| {
//!     seen.push(ctx.now().0);
//!     Control::Broadcast
//! });
//! let mut source = Recorded { times: vec![3_600_000_000_000, 10], node: seen.id() };
//! assert_eq!(runtime.run_historical(&mut source)?, Ended::EndOfData);
//! assert_eq!(*seen.borrow(), [10, 3_600_000_000_000]);
//!
//! // In service: `runtime.then_live(ExecutionMode::Park).run_forever()`.
//! let clock = TestClock::new(Nanos(3_600_000_000_001));
//! let mut live = runtime.then_live_on(ExecutionMode::Spin, clock);
//! live.executor().schedule(&seen);
//! live.run_cycles(1)?;
//! assert_eq!(seen.borrow().len(), 3);
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Many threads
//!
//! A graph does not leave its thread. Threads meet in channels, and a sleeping graph is woken by
//! what is sent. Several graphs, each on a thread and if wanted a core of its own, are built and
//! linked by [`Threads`](super::Threads); a replay of them gives on many threads what it gives on
//! one.
//!
//! ```
//! # use waveletd::runtime::{Control, ExecutionMode, NodeBuilder};
//! # use waveletd::runtime::{RealtimeRuntime, TryReceiveError};
//! let mut runtime = RealtimeRuntime::new(ExecutionMode::Park);
//! let (sum, mut sender) = NodeBuilder::new(0_u64).build_with_channel(
//!     runtime.executor(),
//!     16,
//!     |sum, _ctx, receiver| loop {
//!         match receiver.try_receive() {
//!             Ok(number) => *sum += number,
//!             Err(TryReceiveError::Empty) => return Control::Broadcast,
//!             Err(TryReceiveError::Closed) => return Control::Terminate,
//!         }
//!     },
//! );
//! let thread = std::thread::spawn(move || {
//!     for number in 1..=100 {
//!         if sender.blocking_send(number).is_err() {
//!             return;
//!         }
//!     }
//! });
//! runtime.run_forever()?;
//! assert_eq!(sum.get(), 5_050);
//! # assert!(thread.join().is_ok());
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # Observing
//!
//! A [`Report`](super::Report) has each node's runs, broadcasts, parents and, under a
//! [`Profile`](super::Profile), its times; it draws itself as DOT, Mermaid and JSON.
//! [`Executor::explain`](super::Executor::explain) says why a node ran or did not.
//! [`Stamped`](super::Stamped) values carry when they passed each stage, for
//! [`Latency`](super::Latency).
//!
//! ```
//! # use waveletd::runtime::{Control, NodeBuilder, Profile, TestRuntime, push_node};
//! let mut rt = TestRuntime::new();
//! rt.executor().profile(Profile::Counts);
//! let mut source = push_node(rt.executor(), 0);
//! let node = NodeBuilder::new(()).named("below").triggered_by(&source).build(
//!     rt.executor(),
//!     |(), _| Control::Unchanged,
//! );
//! source.push(rt.executor(), 1);
//! let _ = rt.run_one_cycle();
//! let report = rt.executor().report();
//! assert!(report.node(&node).is_some());
//! assert!(report.to_dot().contains("below"));
//! ```
//!
//! Counters on the executor: [`node_count`](super::Executor::node_count),
//! [`runs_count`](super::Executor::runs_count), [`timer_count`](super::Executor::timer_count),
//! [`epoch`](super::Executor::epoch), and the report of overload. Every sender counts what it could
//! not send, every bound what it dropped. [`Stream::inspect`](super::Stream::inspect) looks at a
//! stream in passing, [`Stream::timed`](super::Stream::timed) at its pace.
//!
//! # Costs
//!
//! A cycle costs in proportion to the nodes that run and the edges along which they broadcast.
//! Measured (`benches/README.md`, a shared machine): an idle cycle 11 ns; 18 to 29 ns a node that
//! runs; 1,000 sources with three derived nodes each, one source a cycle: 150 ns. In steady state
//! the runtime allocates nothing (`tests/runtime_allocations.rs`). A message to a graph that does
//! not sleep makes no system call. Where a node is too much, put steps in a pipe.
//!
//! # Common mistakes
//!
//! **Borrowing one's own node.** A node that reaches itself by a handle gets an error from
//! `try_borrow` and a panic from `borrow`. Wrong:
//!
//! ```no_run
//! # use std::{cell::RefCell, rc::Rc};
//! # use waveletd::runtime::{Control, Executor, NodeBuilder, WeakNode};
//! # let mut executor = Executor::new();
//! let own: Rc<RefCell<Option<WeakNode<u32>>>> = Rc::default();
//! let me = Rc::clone(&own);
//! let node = NodeBuilder::new(1).build(&mut executor, move |_, _| {
//!     let node = me.borrow().as_ref().and_then(WeakNode::upgrade);
//!     Control::from(node.is_some_and(|node| *node.borrow() > 0)) // panics
//! });
//! *own.borrow_mut() = Some(node.downgrade());
//! ```
//!
//! Right: the state is the closure's first argument.
//!
//! ```
//! # use waveletd::runtime::{Control, Executor, NodeBuilder};
//! # let mut executor = Executor::new();
//! let node = NodeBuilder::new(1).build(&mut executor, |state, _| Control::from(*state > 0));
//! ```
//!
//! **Always broadcasting.** Wrong: `Control::Broadcast` at the end of everything, so that all below
//! runs for nothing. Right: say whether it changed.
//!
//! ```
//! # use waveletd::runtime::{Control, TestRuntime, NodeBuilder, push_node};
//! # let mut rt = TestRuntime::new();
//! # let mut number = push_node(rt.executor(), 0_i32);
//! let input = number.node().clone();
//! let sign = NodeBuilder::new(0).triggered_by(&number).build(rt.executor(), move |sign, _| {
//!     let new = input.borrow().signum();
//!     Control::from(std::mem::replace(sign, new) != new)
//! });
//! # number.push(rt.executor(), 5);
//! # let _ = rt.run_one_cycle();
//! # assert_eq!(sign.get(), 1);
//! ```
//!
//! **Reading a parent without an edge.** Wrong: a handle in the closure and no `observer_of`; the
//! node may run before the one it reads. Right: name every node you read, as trigger or as
//! observed.
//!
//! ```
//! # use waveletd::runtime::{Control, Executor, Nanos, NodeBuilder};
//! # let mut executor = Executor::new();
//! # let clock = NodeBuilder::new(0).build(&mut executor, |n, _| { *n += 1; Control::Broadcast });
//! # let rate = NodeBuilder::new(0).build(&mut executor, |n, _| { *n += 7; Control::Broadcast });
//! let read = rate.clone();
//! let seen = NodeBuilder::new(0).triggered_by(&clock).observer_of(&rate).build(
//!     &mut executor,
//!     move |seen, _| {
//!         *seen = *read.borrow();
//!         Control::Broadcast
//!     },
//! );
//! # executor.schedule(&clock);
//! # executor.schedule(&rate);
//! # let _ = executor.cycle(Nanos(1));
//! # assert_eq!(seen.get(), 7);
//! ```
//!
//! **Letting the only handle go.** Wrong: `let _ = stream.for_each(..)`: what nobody holds leaves
//! the graph. Right: keep the handle, or [`spawn`](super::NodeBuilder::spawn) the node.
//!
//! ```
//! # use waveletd::runtime::{Control, Executor, NodeBuilder, push_node};
//! # let mut executor = Executor::new();
//! # let source = push_node(&mut executor, 0);
//! let effect = NodeBuilder::new(()).triggered_by(&source).spawn(&mut executor, |(), _| {
//!     Control::Unchanged
//! });
//! executor.collect();
//! assert!(effect.upgrade().is_some());
//! ```
//!
//! **Sleeping or waiting in a node.** All other nodes wait too. Right: set a timer and return, or
//! do the work on a thread ([`Stream::spawn_map`](super::Stream::spawn_map)).
//!
//! **Reading a clock in a node.** Replays then differ from live runs. Right: `ctx.now()`.
//!
//! **Ignoring what a sender says.** A full channel hands the message back. Keep it, drop it and
//! count it, or use the channel that overwrites and counts.
//!
//! What the compiler refuses, with its words, stands in `tests/misuse/`.

#[doc = include_str!("names.md")]
pub mod names {}

#[doc = include_str!("rows.md")]
pub mod rows {}

// The examples of the README are tests as well.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
mod readme {}
