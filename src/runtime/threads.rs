//! Several graphs: each on a thread of its own, pinned where asked for, joined by links.
//!
//! ```text
//!  thread "feed", core 2            thread "books", core 3
//!  ┌──────────────────┐   link 0    ┌──────────────────┐   link 1
//!  │ graph ─► sender ─┼────────────►┼─► stream ─► ...  ┼───────────► ...
//!  └──────────────────┘  bounded    └──────────────────┘
//! ```
//!
//! The same builders serve two ways of running:
//!
//! - **Live** ([`Threads::start`]): each graph runs on the host's time and is a function of its own
//!   inputs. How the graphs stand to each other in time is up to the threads: a message is
//!   received when it arrives, and the delay of its link is not waited for.
//! - **Replayed** ([`Threads::replay`]): all graphs together are a function of their recorded
//!   events, whatever the threads do.
//!
//! # The contract of a replay
//!
//! - A message sent in a cycle at `t` is received in a cycle at `t` plus the delay of its link,
//!   one message a cycle. All messages to a graph come in the order of (time, number of the link,
//!   sequence within the link). Links are numbered as they are declared.
//! - At one instant a graph runs its timers first, then its messages, then its own events, each
//!   until nothing is left to do at that instant.
//! - The replay goes on in rounds. A round starts at the earliest time `t` at which any graph has
//!   something to do, and runs every graph up to, not including, `t` plus the least delay of all
//!   links. What is sent in the round is received after it, so nothing a graph can see depends on
//!   which graph is faster. Between rounds messages change hands while nothing runs.
//! - A link is full when as many messages as it holds have not been delivered; deliveries count
//!   from the end of their round. So a full link, too, is the same in each run.
//! - The replay ends when no graph has an event left and no message is under way. Timers alone do
//!   not keep it going: after the last event they fire to the end of its round.
//! - A graph that ends early, by [`Control::Terminate`](super::Control::Terminate) or a panic,
//!   takes no part any more; what is sent to it is dropped. The others go on.
//!
//! # Example
//!
//! ```
//! use std::sync::mpsc::sync_channel;
//! use std::time::Duration;
//! use waveletd::runtime::{Control, Lockstep, Nanos, NodeBuilder, Threads};
//!
//! let mut threads = Threads::new();
//! let ping = threads.graph("ping", None);
//! let pong = threads.graph("pong", None);
//! let (out, inlet) = threads.link::<u64>(ping, pong, 16, Duration::from_millis(1));
//! threads.build(ping, move |seat| {
//!     let mut sender = seat.sender(out)?;
//!     let source = NodeBuilder::new(())
//!         .on_init(|executor, _, id| {
//!             executor.schedule(id);
//!         })
//!         .build(seat.executor(), move |(), ctx| {
//!             let _ = sender.send(ctx, 42);
//!             Control::Unchanged
//!         });
//!     Ok(source)
//! });
//! let (seen, results) = sync_channel(1);
//! threads.build(pong, move |seat| {
//!     let stream = seat.receive(inlet)?;
//!     let read = stream.clone();
//!     Ok(NodeBuilder::new(())
//!         .triggered_by(&stream)
//!         .build(seat.executor(), move |(), ctx| {
//!             let _ = seen.try_send((ctx.now(), read.value()));
//!             Control::Unchanged
//!         }))
//! });
//! let ended = threads.replay(Nanos(5), Lockstep::Threads);
//! assert!(ended.iter().all(|graph| graph.outcome.is_ok()));
//! assert_eq!(results.recv(), Ok((Nanos(1_000_005), Some(42))));
//! ```

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::clock::{Clock, EventTimes, Nanos, RealtimeClock, duration_ns};
use super::executor::Executor;
use super::runtime::{Ended, ExecutionMode, RealtimeRuntime, Stop};
use super::stream::Stream;
use crate::sys::affinity;

mod link;
mod lockstep;

pub use link::{Incoming, LinkSender, Outgoing};
pub use lockstep::Lockstep;

use link::{Gauge, Inlet};

/// Why a builder gave up, in its own words.
pub type BuildError = Box<dyn Error + Send + Sync>;

type Keep = Box<dyn Any>;
type Build = Box<dyn FnOnce(&mut Seat<'_>) -> Result<Keep, BuildError> + Send>;

/// Names a graph of a [`Threads`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GraphId(usize);

/// Why a graph ended, or never ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GraphError {
    /// The thread may not run on this core: the process has no such core, or was not given it.
    Pin(usize),
    /// The operating system gave no thread.
    Thread(String),
    /// The builder gave up.
    Build(String),
    /// Another graph could not be started, so this one was not either.
    NotStarted,
    /// The builder panicked with this message, or a node of a graph with
    /// [`FailurePolicy::Propagate`](super::FailurePolicy::Propagate) did.
    Panicked(String),
    /// What the operating system said of the poller.
    Io(String),
    /// It had not ended when the time to wait for it was over. It has been told to stop; its thread
    /// goes on until it sees that.
    StillRunning,
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pin(core) => write!(f, "core {core} is not one this process may run on"),
            Self::Thread(error) => write!(f, "no thread: {error}"),
            Self::Build(error) => write!(f, "the graph could not be built: {error}"),
            Self::NotStarted => f.write_str("not started, because another graph failed"),
            Self::Panicked(message) => write!(f, "panicked: {message}"),
            Self::Io(error) => write!(f, "the poller failed: {error}"),
            Self::StillRunning => f.write_str("still running"),
        }
    }
}

impl Error for GraphError {}

/// How a graph ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GraphEnd {
    /// Its name.
    pub name: String,
    /// The core its thread was pinned to; `None` where the operating system chose.
    pub core: Option<usize>,
    /// Why it ended.
    pub outcome: Result<Ended, GraphError>,
}

/// What a link has carried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkReport {
    /// The sending graph.
    pub from: GraphId,
    /// The receiving graph.
    pub to: GraphId,
    /// Messages sent.
    pub sent: u64,
    /// Messages that have left the link.
    pub delivered: u64,
    /// Sends that found it full.
    pub rejected: u64,
}

/// The counts of all links, readable from any thread and after the run.
#[derive(Debug, Clone, Default)]
pub struct Links(Vec<(GraphId, GraphId, Arc<Gauge>)>);

impl Links {
    /// The counts at this moment, in the order of the links' numbers.
    #[must_use]
    pub fn report(&self) -> Vec<LinkReport> {
        self.0
            .iter()
            .map(|(from, to, gauge)| LinkReport {
                from: *from,
                to: *to,
                sent: gauge.sent.load(Ordering::Relaxed),
                delivered: gauge.delivered.load(Ordering::Relaxed),
                rejected: gauge.rejected.load(Ordering::Relaxed),
            })
            .collect()
    }
}

/// A link end was given to a graph it was not made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrongGraph {
    /// The graph of the link end.
    pub meant: GraphId,
    /// The graph that was being built.
    pub built: GraphId,
}

impl fmt::Display for WrongGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (meant, built) = (self.meant.0, self.built.0);
        write!(f, "the link is for graph {meant}, not for graph {built}")
    }
}

impl Error for WrongGraph {}

/// A graph about to be run.
struct Plan {
    name: String,
    core: Option<usize>,
    build: Option<Build>,
}

impl Plan {
    fn run_build(&mut self, mut seat: Seat<'_>) -> Result<Keep, GraphError> {
        let Some(build) = self.build.take() else {
            return Ok(Box::new(()));
        };
        match catch_unwind(AssertUnwindSafe(|| build(&mut seat))) {
            Ok(built) => built.map_err(|error| GraphError::Build(error.to_string())),
            Err(payload) => Err(GraphError::Panicked(message_of(&*payload))),
        }
    }
}

fn message_of(payload: &(dyn Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(ToString::to_string)
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

fn pin(core: Option<usize>) -> Result<(), GraphError> {
    match core {
        Some(core) if !affinity::pin(core) => Err(GraphError::Pin(core)),
        _ => Ok(()),
    }
}

/// Inlets and events of a graph that is built for a replay.
type ReplaySeat<'a> = (
    &'a mut Vec<Box<dyn Inlet>>,
    &'a mut Option<Box<dyn EventTimes>>,
);

/// What a builder works with, on the thread of its graph.
pub struct Seat<'a> {
    executor: &'a mut Executor,
    graph: GraphId,
    replay: Option<ReplaySeat<'a>>,
}

impl fmt::Debug for Seat<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seat")
            .field("graph", &self.graph)
            .field("is_replay", &self.is_replay())
            .finish_non_exhaustive()
    }
}

impl Seat<'_> {
    /// The executor, to build the graph in.
    pub fn executor(&mut self) -> &mut Executor {
        self.executor
    }

    /// Whether the graph is built for a replay.
    #[must_use]
    pub fn is_replay(&self) -> bool {
        self.replay.is_some()
    }

    /// The sending end of a link, for a node of this graph.
    ///
    /// # Errors
    ///
    /// [`WrongGraph`] when the link starts at another graph.
    pub fn sender<T>(&mut self, outgoing: Outgoing<T>) -> Result<LinkSender<T>, WrongGraph> {
        self.check(outgoing.graph)?;
        Ok(LinkSender::new(outgoing))
    }

    /// What comes through a link, each message in a cycle of its own.
    ///
    /// # Errors
    ///
    /// [`WrongGraph`] when the link leads to another graph.
    pub fn receive<T: Send + 'static>(
        &mut self,
        incoming: Incoming<T>,
    ) -> Result<Stream<T>, WrongGraph> {
        self.check(incoming.graph)?;
        match &mut self.replay {
            None => Ok(link::receive_live(self.executor, &incoming)),
            Some((inlets, _)) => {
                let (stream, inlet) = link::receive_replayed(self.executor, incoming);
                inlets.push(inlet);
                Ok(stream)
            }
        }
    }

    /// Sets the recorded events that drive this graph in a replay; dropped in a live run.
    ///
    /// A source that is pending is waited for: it must come to its end, also when its reader fails.
    pub fn events(&mut self, source: impl EventTimes + 'static) {
        if let Some((_, events)) = &mut self.replay {
            **events = Some(Box::new(source));
        }
    }

    fn check(&self, meant: GraphId) -> Result<(), WrongGraph> {
        let built = self.graph;
        match meant == built {
            true => Ok(()),
            false => Err(WrongGraph { meant, built }),
        }
    }
}

/// Several graphs and the links between them, before they run.
#[derive(Default)]
pub struct Threads {
    plans: Vec<Plan>,
    links: Links,
    lookahead_ns: Option<u64>,
}

impl fmt::Debug for Threads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Threads")
            .field("graphs", &self.plans.len())
            .field("links", &self.links.0.len())
            .finish_non_exhaustive()
    }
}

impl Threads {
    /// No graphs.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares a graph. Its thread has its name, and is pinned to `core` where one is given.
    pub fn graph(&mut self, name: &str, core: Option<usize>) -> GraphId {
        self.plans.push(Plan {
            // What the operating system takes no thread name with.
            name: name.replace('\0', "\u{fffd}"),
            core,
            build: None,
        });
        GraphId(self.plans.len() - 1)
    }

    /// Declares a link that holds `capacity` messages (at least one); a full link is an error to
    /// the sender, and counted.
    ///
    /// `delay` (at least a nanosecond) is the time a message takes in a replay. The least of all
    /// delays is how far the graphs of a replay run side by side: the longer, the less they wait.
    pub fn link<T: Send + 'static>(
        &mut self,
        from: GraphId,
        to: GraphId,
        capacity: usize,
        delay: Duration,
    ) -> (Outgoing<T>, Incoming<T>) {
        let index = self.links.0.len() as u32;
        let gauge = Arc::new(Gauge::default());
        self.links.0.push((from, to, Arc::clone(&gauge)));
        let delay_ns = duration_ns(delay).max(1);
        let least = self.lookahead_ns.unwrap_or(u64::MAX);
        self.lookahead_ns = Some(least.min(delay_ns));
        link::link((index, from, to), capacity.max(1), delay_ns, gauge)
    }

    /// Says how a graph is built; called once, on the graph's thread. What it gives back is held
    /// until the graph ends, so it is the place for the handles of nodes. A graph without a builder
    /// is empty; one that is not of this set is not built.
    pub fn build<K: 'static>(
        &mut self,
        graph: GraphId,
        build: impl FnOnce(&mut Seat<'_>) -> Result<K, BuildError> + Send + 'static,
    ) {
        if let Some(plan) = self.plans.get_mut(graph.0) {
            plan.build = Some(Box::new(move |seat| Ok(Box::new(build(seat)?) as Keep)));
        }
    }

    /// The counts of the links declared so far; they go on being counted while the graphs run.
    #[must_use]
    pub fn links(&self) -> Links {
        self.links.clone()
    }

    /// Works through the recorded events of all graphs: see the contract of a replay above.
    ///
    /// The first cycle of each graph is at `start`. Returns when all graphs have ended, in the
    /// order in which they were declared. The results do not depend on `lockstep`.
    #[must_use = "it says which graphs failed"]
    pub fn replay(self, start: Nanos, lockstep: Lockstep) -> Vec<GraphEnd> {
        match lockstep {
            Lockstep::Threads => lockstep::on_threads(self.plans, self.lookahead_ns, start),
            Lockstep::OneThread => lockstep::on_one_thread(self.plans, self.lookahead_ns, start),
        }
    }

    /// Runs each graph on a thread of its own, on the host's time.
    ///
    /// No graph runs before all are built; this waits for the builders.
    ///
    /// # Errors
    ///
    /// Where a thread cannot be made, pinned, or built on, nothing runs; the failures of all graphs
    /// are told, in the order in which they were declared.
    pub fn start(self, mode: ExecutionMode) -> Result<Running, Vec<GraphEnd>> {
        let count = self.plans.len().max(1);
        let (end, ends) = sync_channel(count);
        let (built, all_built) = sync_channel(count);
        let mut running = Running {
            graphs: Vec::new(),
            stops: Vec::new(),
            ends,
            outcomes: Vec::new(),
            clock: RealtimeClock::new(),
        };
        let mut go = Vec::new();
        for (index, plan) in self.plans.into_iter().enumerate() {
            let (sender, receiver) = sync_channel(1);
            running.graphs.push((plan.name.clone(), plan.core));
            running.outcomes.push(None);
            let (end, built) = (end.clone(), built.clone());
            let name = plan.name.clone();
            let spawned = thread::Builder::new().name(name).spawn(move || {
                let run = || run_live(plan, GraphId(index), mode, built, &receiver);
                let outcome = catch_unwind(AssertUnwindSafe(run))
                    .unwrap_or_else(|payload| Err(GraphError::Panicked(message_of(&*payload))));
                // Nobody may listen any more.
                let _ = end.send((index, outcome));
            });
            match spawned {
                Ok(_) => go.push(sender),
                Err(error) => {
                    running.outcomes[index] = Some(Err(GraphError::Thread(error.to_string())));
                }
            }
        }
        // Ends when each thread has said that it is built, or has dropped its end.
        drop(built);
        for stop in all_built {
            running.stops.push(stop);
        }
        if running.stops.len() < running.graphs.len() {
            // Without the word to go, those that are built end.
            drop(go);
            return Err(running.join(Duration::MAX));
        }
        for sender in go {
            let _ = sender.send(());
        }
        Ok(running)
    }
}

fn run_live(
    mut plan: Plan,
    graph: GraphId,
    mode: ExecutionMode,
    built: SyncSender<Stop>,
    go: &Receiver<()>,
) -> Result<Ended, GraphError> {
    pin(plan.core)?;
    let mut runtime = RealtimeRuntime::new(mode);
    let _keep = plan.run_build(Seat {
        executor: runtime.executor(),
        graph,
        replay: None,
    })?;
    let _ = built.send(runtime.stop_handle());
    // Who waits for all to be built waits for all ends to go.
    drop(built);
    go.recv().map_err(|_| GraphError::NotStarted)?;
    runtime
        .run_forever()
        .map_err(|error| GraphError::Io(error.to_string()))
}

/// Graphs that run live. Dropping it stops them, and does not wait.
#[derive(Debug)]
pub struct Running {
    graphs: Vec<(String, Option<usize>)>,
    stops: Vec<Stop>,
    ends: Receiver<(usize, Result<Ended, GraphError>)>,
    outcomes: Vec<Option<Result<Ended, GraphError>>>,
    clock: RealtimeClock,
}

impl Running {
    /// The graphs by name, and the core each is pinned to.
    #[must_use]
    pub fn graphs(&self) -> &[(String, Option<usize>)] {
        &self.graphs
    }

    /// The graphs that have ended so far. Does not wait.
    pub fn ended(&mut self) -> Vec<GraphEnd> {
        while let Ok((index, outcome)) = self.ends.try_recv() {
            self.outcomes[index] = Some(outcome);
        }
        let ended = self.graphs.iter().zip(&self.outcomes);
        ended
            .filter_map(|((name, core), outcome)| {
                Some(GraphEnd {
                    name: name.clone(),
                    core: *core,
                    outcome: outcome.clone()?,
                })
            })
            .collect()
    }

    /// Ends all graphs after their cycles in progress.
    pub fn stop(&self) {
        for stop in &self.stops {
            stop.stop();
        }
    }

    /// Waits until all graphs have ended, at most `limit`, and tells how, in the order in which
    /// they were declared.
    pub fn join(mut self, limit: Duration) -> Vec<GraphEnd> {
        let deadline = self.clock.now().after(limit);
        while self.outcomes.contains(&None) {
            let left = Duration::from_nanos(deadline.since(self.clock.now()));
            match self.ends.recv_timeout(left) {
                Ok((index, outcome)) => self.outcomes[index] = Some(outcome),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        for outcome in &mut self.outcomes {
            outcome.get_or_insert(Err(GraphError::StillRunning));
        }
        self.ended()
    }

    /// [`Running::stop`], then [`Running::join`].
    pub fn stop_and_join(self, limit: Duration) -> Vec<GraphEnd> {
        self.stop();
        self.join(limit)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}

#[cfg(test)]
mod tests;
