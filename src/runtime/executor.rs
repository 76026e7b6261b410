//! The executor: one cycle after another over one graph, on one thread.
//!
//! ```text
//! cycle(now)  1 gather   scheduled and yielded nodes, timers due, channels and notifiers
//!             2 run      lowest height first; a broadcast schedules the children it triggers
//!             3 settle   spawns, then sweeps, then what nobody holds any more
//! ```
//!
//! A closure that runs is lent by its slot, so it and all it may touch through [`Context`] are
//! disjoint borrows: no `unsafe`.

use std::any::Any;
use std::fmt;
use std::io;
use std::num::NonZeroU64;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use mio::Interest;
use mio::event::Source;

use super::channel::{HasWork, Mark, Ready, Wake};
use super::clock::{Nanos, duration_ns};
use super::context::{Context, ScheduleError};
use super::failure::{FailurePhase, Failures, caught_message};
use super::graph::{Graph, Placement, Slot, Triggered};
use super::io::{Io, IoDriver};
use super::node::{AnyCell, Control, Life, NodeId, NodeRef, Shared};
use super::observe::Profiler;
use super::overload::{Overload, OverloadReport, Overloading};
use super::scheduler::Scheduler;
#[cfg(feature = "serde")]
use super::state::Persistent;
use super::supervise::Supervision;
use super::timer::{Timer, TimerKey, Timers};
use super::watchdog::Watch;

/// How a cycle ended.
#[must_use = "a terminated graph asks its runtime to stop"]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ExecutorState {
    /// The graph goes on.
    Running,
    /// A node returned [`Control::Terminate`]. The executor is clean: a later cycle would work.
    Terminated,
}

/// A node's closure with its state, without the type.
pub(super) trait NodeRun {
    fn run(&mut self, ctx: &mut Context<'_>) -> Control;
    /// Strong handles other than the executor's own.
    fn handle_count(&self) -> usize;
    fn cell(&self) -> &dyn AnyCell;
}

/// A change of the graph asked for by a running node.
pub(super) enum Edit {
    Spawn(Box<dyn FnOnce(&mut Executor)>),
    SetActive {
        child: NodeId,
        parent: NodeId,
        active: bool,
    },
}

/// All of the executor that a running node may touch.
pub(super) struct Core {
    pub(super) graph: Graph,
    pub(super) scheduler: Scheduler,
    pub(super) timers: Timers,
    pub(super) io: IoDriver,
    pending: Vec<NodeId>,
    /// Channels and notifiers.
    ready: Ready,
    pub(super) edits: Vec<Edit>,
    pub(super) sweeps: Vec<NodeId>,
    /// The node that fails as it returns, and why.
    pub(super) error: Option<(NodeId, String)>,
    pub(super) epoch: u64,
    pub(super) now: Nanos,
    /// Slot of the node that runs, or ran last.
    running_index: u32,
    runs_count: u64,
    /// Told of each node that runs, where a watchdog or a budget asked for it.
    pub(super) watch: Option<Box<Watch>>,
    /// Told of the same, where the graph is profiled.
    pub(super) profiler: Option<Box<Profiler>>,
    pub(super) overload: Option<Overloading>,
    /// Something is to be done in a cycle beside running nodes: whoever asks for it sets this, and
    /// the end of a cycle finds out whether it still holds. One look instead of one at each.
    pub(super) extras: bool,
    /// Set while a failure is dealt with; still set at the next cycle when a panic was handed on
    /// and left the queue half empty.
    interrupted: bool,
}

impl Core {
    /// The node that runs.
    #[inline]
    pub(super) fn current(&self) -> NodeId {
        self.graph.id_at(self.running_index)
    }

    #[inline]
    pub(super) fn has_mutated(&self, id: NodeId) -> bool {
        self.graph
            .slots
            .get(id.index())
            .is_some_and(|slot| slot.generation == id.generation && slot.mut_epoch == self.epoch)
    }

    /// Queues a node for the running cycle, once.
    #[inline]
    fn enqueue(&mut self, id: NodeId) {
        enqueue(&mut self.graph.slots, &mut self.scheduler, self.epoch, id);
    }

    /// Notes a change of the graph, to be made after the cycle.
    pub(super) fn edit(&mut self, edit: Edit) {
        self.edits.push(edit);
        self.extras = true;
    }

    /// Notes a node to be removed after the cycle.
    pub(super) fn sweep(&mut self, id: NodeId) {
        self.sweeps.push(id);
        self.extras = true;
    }

    /// Takes the closure back, marks the node and queues its children, except for one that is
    /// handed back: it would be the next to be taken from the queue, and is marked as queued.
    ///
    /// Inlined for leaves and chains, which need no more registers than the loop around has; a call
    /// a node would cost as much as the rest of it.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured by bench `graph`")]
    fn broadcast(&mut self, index: u32, run: Option<Box<dyn NodeRun>>) -> Option<u32> {
        let Self {
            graph: Graph { slots, .. },
            scheduler,
            epoch,
            ..
        } = self;
        let slot = &mut slots[index as usize];
        slot.take_back(run);
        slot.mut_epoch = *epoch;
        let child = match slot.triggered() {
            Triggered::None => return None,
            Triggered::One(child) => child,
            Triggered::More => {
                self.broadcast_to_more(index);
                return None;
            }
        };
        let slot = &mut slots[child as usize];
        if slot.scheduled_epoch >= *epoch {
            return None;
        }
        slot.scheduled_epoch = *epoch;
        let height = slot.height;
        if scheduler.would_be_next(height) {
            return Some(child);
        }
        scheduler.push(height, child);
        None
    }

    /// Queues all children of a node with more than one.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured by bench `graph`")]
    fn broadcast_to_more(&mut self, index: u32) {
        let Self {
            graph: Graph { slots, .. },
            scheduler,
            epoch,
            ..
        } = self;
        let Some((children, count)) = slots[index as usize].inline_children() else {
            return self.broadcast_to_many(index);
        };
        for &child in &children[..count] {
            let slot = &mut slots[child as usize];
            if slot.scheduled_epoch < *epoch {
                slot.scheduled_epoch = *epoch;
                scheduler.push(slot.height, child);
            }
        }
    }

    /// Queues all children of a node with more than its slot holds.
    #[inline(never)]
    fn broadcast_to_many(&mut self, index: u32) {
        let Self {
            graph: Graph { slots, cold, .. },
            scheduler,
            epoch,
            ..
        } = self;
        for &child in &cold[index as usize].children {
            enqueue(slots, scheduler, *epoch, child);
        }
    }

    pub(super) fn schedule_within(&mut self, id: NodeId) -> Result<(), ScheduleError> {
        if !self.graph.is_live(id) {
            return Err(ScheduleError::NotFound);
        }
        let height = self.graph.slots[self.running_index as usize].height;
        let target = &self.graph.slots[id.index()];
        let queued = target.scheduled_epoch == self.epoch;
        if target.height < height
            || (target.height == height && queued && !self.scheduler.waits(height, id.index))
        {
            return Err(ScheduleError::TooLate);
        }
        self.enqueue(id);
        if let Some(profiler) = &mut self.profiler {
            profiler.within(id, self.epoch);
        }
        Ok(())
    }

    pub(super) fn schedule_next(&mut self, id: NodeId) -> bool {
        add_pending(&mut self.graph, &mut self.pending, id)
    }

    pub(super) fn set_timer(
        &mut self,
        node: NodeId,
        deadline: Nanos,
        period_ns: Option<NonZeroU64>,
    ) -> Timer {
        self.timers.set(node, deadline, period_ns)
    }

    pub(super) fn set_periodic(&mut self, node: NodeId, period: Duration) -> Timer {
        let period_ns = NonZeroU64::new(duration_ns(period)).unwrap_or(NonZeroU64::MIN);
        let first = Nanos(self.now.0.saturating_add(period_ns.get()));
        self.set_timer(node, first, Some(period_ns))
    }

    pub(super) fn cancel_timer(&mut self, key: TimerKey) -> bool {
        self.timers.cancel(key)
    }

    pub(super) fn register_io<S: Source + 'static>(
        &mut self,
        node: NodeId,
        source: S,
        interest: Interest,
    ) -> io::Result<Io<S>> {
        let held = &mut self.graph.cold[node.index()].owned_mut().io;
        self.io.prune(held);
        let (io, index) = self.io.register(node, source, interest)?;
        held.push(index);
        Ok(io)
    }

    pub(super) fn deregister_io(&mut self, index: u32, generation: u32) -> io::Result<()> {
        let Some(node) = self.io.owner(index, generation) else {
            return Ok(());
        };
        strike(&mut self.graph.cold[node.index()].owned_mut().io, index);
        self.io.deregister(index)
    }

    /// Tells whoever watches that a node begins to run.
    fn enter(&mut self) {
        let current = self.current();
        if let Some(watch) = &mut self.watch {
            watch.enter(current);
        }
        if let Some(profiler) = &mut self.profiler {
            profiler.enter(current, self.epoch);
        }
    }

    /// Tells whoever watches that it has run.
    fn leave(&mut self, control: Control) {
        let current = self.current();
        if let Some(profiler) = &mut self.profiler {
            profiler.leave(current, control);
        }
    }

    /// The node to run next.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured by bench `graph`")]
    fn take_next(&mut self) -> Option<u32> {
        self.scheduler.take(&self.graph.slots)
    }

    /// Queues all that wants to run in this cycle; returns whether there is anything.
    ///
    /// Tells the profiler of what it finds where `PROFILED` is set; there is one then.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "one caller for each of the two")]
    fn gather<const PROFILED: bool>(&mut self) -> bool {
        let mut any = false;
        self.scheduler.begin();
        if PROFILED && let Some(profiler) = &mut self.profiler {
            profiler.begin(self.epoch);
            for &id in &self.pending {
                if self.graph.is_live(id) {
                    profiler.pending(id, self.epoch);
                }
            }
        }
        if !self.pending.is_empty() {
            let Self {
                graph: Graph { slots, .. },
                scheduler,
                pending,
                epoch,
                ..
            } = self;
            for &id in &*pending {
                // What has been removed since is not live, and passed over.
                if let Some(slot) = slots.get_mut(id.index())
                    && slot.generation == id.generation
                {
                    slot.pending = false;
                    // Unless it sleeps: no other has been queued yet, and it is listed once.
                    if slot.scheduled_epoch < *epoch {
                        slot.scheduled_epoch = *epoch;
                        scheduler.push(slot.height, id.index);
                    }
                }
            }
            pending.clear();
            any = true;
        }
        if self
            .timers
            .next_deadline()
            .is_some_and(|next| next <= self.now)
        {
            while let Some(node) = self.timers.pop_due(self.now, self.epoch) {
                self.enqueue(node);
                any = true;
                if PROFILED && let Some(profiler) = &mut self.profiler {
                    profiler.timer(node, self.epoch);
                }
            }
        }
        if self.ready.is_empty() {
            return any;
        }
        let Self {
            ready,
            graph,
            scheduler,
            epoch,
            profiler,
            ..
        } = self;
        ready.drain(|node| {
            if PROFILED && let Some(profiler) = profiler {
                profiler.channel(node, *epoch);
            }
            enqueue(&mut graph.slots, scheduler, *epoch, node);
            any = true;
        });
        any
    }

    #[cold]
    #[inline(never)]
    fn gather_profiled(&mut self) -> bool {
        let any = self.gather::<true>();
        if any && let Some(profiler) = &mut self.profiler {
            profiler.start();
        }
        any
    }
}

/// Queues a node for the cycle, unless it is queued, asleep or gone.
#[inline]
fn enqueue(slots: &mut [Slot], scheduler: &mut Scheduler, epoch: u64, id: NodeId) {
    if let Some(slot) = slots.get_mut(id.index())
        && slot.scheduled_epoch < epoch
        && slot.generation == id.generation
    {
        slot.scheduled_epoch = epoch;
        scheduler.push(slot.height, id.index);
    }
}

fn add_pending(graph: &mut Graph, pending: &mut Vec<NodeId>, id: NodeId) -> bool {
    if !graph.is_live(id) {
        return false;
    }
    let slot = &mut graph.slots[id.index()];
    if !slot.pending {
        slot.pending = true;
        pending.push(id);
    }
    true
}

fn strike(list: &mut Vec<u32>, value: u32) {
    if let Some(at) = list.iter().position(|&held| held == value) {
        list.swap_remove(at);
    }
}

/// How a drain of the queue ended.
enum Drained {
    Ended(ExecutorState),
    /// The node that ran last failed with this message; the rest is to be drained.
    Failed(String),
}

/// A closure out of its slot, to which it goes back also when it panics.
struct Lent<'a> {
    core: &'a mut Core,
    run: Option<Box<dyn NodeRun>>,
}

impl Drop for Lent<'_> {
    #[inline]
    fn drop(&mut self) {
        if self.run.is_some() {
            let index = self.core.running_index as usize;
            self.core.graph.slots[index].take_back(self.run.take());
        }
    }
}

/// Runs what is queued until nothing is left or a node terminates the graph.
fn drain<const WATCHED: bool>(core: &mut Core) -> Drained {
    while let Some(mut index) = core.take_next() {
        // A place in the queue may outlive its node.
        while let Some(run) = core.graph.slots[index as usize].run.take() {
            core.running_index = index;
            core.runs_count += 1;
            if WATCHED {
                core.enter();
            }
            #[cfg(feature = "spans")]
            let span = super::observe::node_span(core.current(), &*run);
            let (control, run) = {
                let run = Some(run);
                let mut lent = Lent { core, run };
                let mut ctx = Context { core: lent.core };
                let control = match &mut lent.run {
                    Some(run) => run.run(&mut ctx),
                    // It is there: it was lent above.
                    None => Control::Unchanged,
                };
                (control, lent.run.take())
            };
            #[cfg(feature = "spans")]
            drop(span);
            if WATCHED {
                core.leave(control);
            }
            if control == Control::Broadcast {
                // Down a chain without a detour through the queue.
                match core.broadcast(index, run) {
                    Some(child) => index = child,
                    None => break,
                }
                continue;
            }
            core.graph.slots[index as usize].take_back(run);
            match control {
                Control::Broadcast | Control::Unchanged => break,
                Control::Sweep => {
                    let swept = core.current();
                    if let Some((failed, message)) = core.error.take()
                        && failed == swept
                    {
                        return Drained::Failed(message);
                    }
                    core.sweep(swept);
                    break;
                }
                Control::Terminate => {
                    core.scheduler.clear();
                    return Drained::Ended(ExecutorState::Terminated);
                }
            }
        }
    }
    Drained::Ended(ExecutorState::Running)
}

/// Owns a graph and runs its cycles. It stays on the thread that made it.
pub struct Executor {
    pub(super) core: Core,
    pub(super) shared: Rc<Shared>,
    pub(super) failures: Failures,
    pub(super) supervision: Supervision,
    #[cfg(feature = "serde")]
    pub(super) persistent: Persistent,
}

impl Default for Executor {
    fn default() -> Self {
        Self::new()
    }
}

impl Executor {
    /// An executor with an empty graph. Asks nothing of the operating system.
    #[must_use]
    pub fn new() -> Self {
        Self {
            core: Core {
                graph: Graph::default(),
                scheduler: Scheduler::default(),
                timers: Timers::default(),
                io: IoDriver::new(),
                pending: Vec::new(),
                ready: Ready::default(),
                edits: Vec::new(),
                sweeps: Vec::new(),
                error: None,
                // Nodes start with epoch 0: nothing has run or changed in it.
                epoch: 1,
                now: Nanos::ZERO,
                running_index: 0,
                runs_count: 0,
                watch: None,
                profiler: None,
                overload: None,
                extras: false,
                interrupted: false,
            },
            shared: Rc::default(),
            failures: Failures::default(),
            supervision: Supervision::default(),
            #[cfg(feature = "serde")]
            persistent: Persistent::default(),
        }
    }

    /// Runs one cycle at `now`. A `now` before that of an earlier cycle is taken as that one.
    ///
    /// A node that returns [`Control::Terminate`] ends the cycle at once: nodes still waiting are
    /// dropped from it (channels keep their messages, timers that ran out are spent), spawns and
    /// sweeps already asked for are done.
    ///
    /// # Panics
    ///
    /// A panic of a node is reported and the others run on. It is handed on only with
    /// [`FailurePolicy::Propagate`](super::FailurePolicy::Propagate); the node is stopped all the
    /// same, and a later cycle starts clean. A panic of [`Context::spawn_subgraph`] is handed on.
    ///
    /// # Cost
    ///
    /// In proportion to the nodes that run and the edges they broadcast along; not to the nodes
    /// that exist. Channels without work cost a look each while they are few, and a bit each when
    /// they are more than 16. Benches `graph` and `channel`.
    pub fn cycle(&mut self, now: Nanos) -> ExecutorState {
        if self.core.extras || self.shared.has_news() {
            return self.cycle_with_extras(now);
        }
        let core = &mut self.core;
        core.epoch += 1;
        core.now = core.now.max(now);
        let mut state = ExecutorState::Running;
        if core.gather::<false>() {
            state = self.run_queued::<false>();
        }
        if self.core.extras || self.shared.has_news() {
            self.finish();
        }
        state
    }

    /// A cycle of a graph that is watched, profiled, recovering or about to change.
    #[inline(never)]
    fn cycle_with_extras(&mut self, now: Nanos) -> ExecutorState {
        if std::mem::take(&mut self.core.interrupted) {
            self.core.scheduler.clear();
        }
        if self.shared.has_demand() {
            self.update_demand();
        }
        let core = &mut self.core;
        core.epoch += 1;
        core.now = core.now.max(now);
        if self.supervision.is_waiting() {
            self.restart_due();
        }
        let core = &mut self.core;
        let mut state = ExecutorState::Running;
        let is_profiled = core.profiler.is_some();
        let gathered = if is_profiled {
            core.gather_profiled()
        } else {
            core.gather::<false>()
        };
        if gathered {
            state = self.run_queued::<true>();
            if let Some(watch) = &mut self.core.watch {
                watch.leave();
            }
            if is_profiled && let Some(profiler) = &mut self.core.profiler {
                profiler.end();
            }
        }
        if let Some(overload) = &mut self.core.overload {
            overload.end_cycle(self.core.now);
        }
        self.finish();
        state
    }

    /// Runs what has been gathered.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "measured by bench `graph`")]
    fn run_queued<const WATCHED: bool>(&mut self) -> ExecutorState {
        #[cfg(feature = "spans")]
        let _span = super::observe::cycle_span(self.core.epoch, self.core.now);
        loop {
            let core = &mut self.core;
            // One guard for the whole drain, not one a node. After a panic the node is stopped and
            // nothing else was borrowed, so the rest can be drained.
            match catch_unwind(AssertUnwindSafe(|| drain::<WATCHED>(core))) {
                Ok(Drained::Ended(state)) => return state,
                Ok(Drained::Failed(message)) => self.stop_failed(Ok(message)),
                Err(payload) => self.stop_failed(Err(payload)),
            }
        }
    }

    /// Deals with the failure of the node that ran last: a message, or what it panicked with.
    #[cold]
    #[inline(never)]
    fn stop_failed(&mut self, cause: Result<String, Box<dyn Any + Send>>) {
        (self.core.extras, self.core.interrupted) = (true, true);
        let node = self.core.current();
        match cause {
            Ok(message) => self.fail_error(node, FailurePhase::Run, message),
            Err(payload) => self.fail_panic(node, FailurePhase::Run, payload),
        }
        self.core.interrupted = false;
    }

    /// Ends a cycle in which there was more to do than to run nodes.
    #[inline(never)]
    fn finish(&mut self) {
        if !self.failures.recovering.is_empty() {
            self.heal_recovered();
        }
        self.settle();
        let core = &mut self.core;
        core.extras = core.watch.is_some()
            || core.profiler.is_some()
            || core.overload.is_some()
            || self.supervision.is_waiting()
            || !self.failures.recovering.is_empty();
        self.shared.read_news();
    }

    /// Does what was put off while the graph ran.
    fn settle(&mut self) {
        while !self.core.edits.is_empty() {
            for edit in std::mem::take(&mut self.core.edits) {
                self.apply(edit);
            }
        }
        // After the edits: a node built below a swept one goes with it.
        while let Some(id) = self.core.sweeps.pop() {
            self.sweep(&id);
        }
        if self.supervision.is_waiting() {
            self.restart_due();
        }
        if self.shared.has_garbage() {
            self.collect();
        }
    }

    #[cold]
    fn apply(&mut self, edit: Edit) {
        match edit {
            Edit::Spawn(spawn) => spawn(self),
            Edit::SetActive {
                child,
                parent,
                active,
            } => {
                // The edge was there when the node asked; where it has gone since, so has the wish.
                let _ = self.set_active(&child, &parent, active);
            }
        }
    }

    /// Removes the nodes that nobody holds any more. Every cycle ends with this.
    pub fn collect(&mut self) {
        // Removing a node releases its parents, which may put them on the list in turn.
        while let Some(id) = self.shared.pop_garbage() {
            if !self.core.graph.is_live(id) {
                continue;
            }
            let Some(run) = self.run_of(id) else {
                continue;
            };
            if run.handle_count() == 0 && !self.core.graph.cold[id.index()].pinned {
                self.remove(id);
            } else {
                run.cell().life().set(Life::Live);
            }
        }
        self.report_drops();
    }

    /// What runs the node in the slot of this id, whichever its generation.
    pub(super) fn run_of(&self, id: NodeId) -> Option<&dyn NodeRun> {
        let slot = self.core.graph.slots.get(id.index());
        slot.and_then(|slot| slot.run.as_deref())
    }

    /// Takes one live node out of the graph, with its timers, sources and queue entries.
    pub(super) fn remove(&mut self, id: NodeId) {
        let below = if self.core.graph.roots.is_empty() {
            Vec::new()
        } else {
            self.core.graph.marked_below(id)
        };
        self.supervision.forget(id);
        let slot = &mut self.core.graph.slots[id.index()];
        self.core.scheduler.remove_node(slot.height);
        let run = slot.run.take();
        if let Some(run) = &run {
            run.cell().life().set(Life::Removed);
        }
        let mut cold = self.core.graph.remove(id);
        self.core.graph.remark_these(&below);
        self.core.timers.remove_node(id);
        for index in cold.take_owned().io {
            // A source that cannot be deregistered leaves the poller when it is closed.
            let _ = self.core.io.deregister(index);
        }
        if cold.polled {
            self.core.ready.remove(self.core.io.wake(), id);
        }
        if cold.is_wanted() {
            for edge in &cold.parents {
                self.unwant(edge.node.id());
            }
        }
        // Last: the state's own destructor runs here, with the graph consistent.
        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| drop(run))) {
            self.report_drop(id, String::new(), caught_message(&*payload));
        }
    }

    /// Removes a node now, with all that is triggered by it; returns how many were removed.
    ///
    /// Observers stay: they go on reading the last state. An unknown node removes nothing.
    pub fn sweep(&mut self, node: &impl NodeRef) -> usize {
        let id = node.node_id();
        if !self.core.graph.is_live(id) {
            return 0;
        }
        let swept = self.core.graph.descendants(id, false);
        for &id in &swept {
            // The destructor of an earlier one may not reach the graph, so it is still there.
            self.remove(id);
        }
        swept.len()
    }

    /// Has a node run in the next cycle; returns whether the node exists.
    pub fn schedule(&mut self, node: impl NodeRef) -> bool {
        self.core.schedule_next(node.node_id())
    }

    /// Whether the node broadcast in the last cycle.
    #[must_use]
    pub fn has_mutated(&self, node: &impl NodeRef) -> bool {
        self.core.has_mutated(node.node_id())
    }

    /// Whether the node is in the graph.
    #[must_use]
    pub fn contains(&self, node: &impl NodeRef) -> bool {
        self.core.graph.is_live(node.node_id())
    }

    /// Whether a cycle would find nothing to do, timers and I/O apart.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.core.pending.is_empty()
            && self.core.edits.is_empty()
            && self.core.sweeps.is_empty()
            && !self.shared.has_garbage()
            && !self.shared.has_demand()
            && !self
                .core
                .ready
                .any(|node| !self.core.graph.slots[node.index()].is_asleep())
    }

    /// The earliest deadline of a timer.
    #[must_use]
    #[inline]
    pub fn next_deadline(&self) -> Option<Nanos> {
        self.core.timers.next_deadline()
    }

    /// Whether any I/O source is registered.
    #[must_use]
    #[inline]
    pub fn has_io(&self) -> bool {
        self.core.io.count() > 0
    }

    /// Fetches I/O events and schedules their nodes, waiting at most `timeout` (`None`: for ever).
    ///
    /// # Errors
    ///
    /// What the operating system says of the poller; an interrupted wait is no error.
    pub fn poll_io(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        let Core {
            io,
            graph,
            pending,
            profiler,
            epoch,
            ..
        } = &mut self.core;
        io.wait(timeout, |id| {
            if add_pending(graph, pending, id)
                && let Some(profiler) = profiler
            {
                profiler.io(id, *epoch + 1);
            }
        })
    }

    /// Sleeps until a channel, a notifier or an I/O source has work, at most `timeout`.
    ///
    /// Returns at once when there is work already. The timeout is kept to the resolution of the
    /// kernel's timers; where there are none, it is rounded up to the millisecond.
    ///
    /// # Errors
    ///
    /// What the operating system says of the poller.
    pub fn park(&mut self, timeout: Option<Duration>) -> io::Result<()> {
        self.park_unless(timeout, || false)
    }

    /// As [`Executor::park`]; does not sleep when `is_over` holds, asked after senders and whoever
    /// uses [`Wake`] have been told of the sleep.
    pub(super) fn park_unless(
        &mut self,
        timeout: Option<Duration>,
        is_over: impl Fn() -> bool,
    ) -> io::Result<()> {
        self.core.io.prepare_park()?;
        let wake = self.wake();
        // Both closures read the executor, one after the other; the cell keeps them apart.
        let this = std::cell::RefCell::new(self);
        wake.park(
            || is_over() || !this.borrow().is_idle(),
            || this.borrow_mut().poll_io(timeout),
        )
        .unwrap_or(Ok(()))
    }

    /// What ends [`Executor::park`] from another thread.
    #[must_use]
    pub fn wake(&self) -> Arc<Wake> {
        Arc::clone(self.core.io.wake())
    }

    /// Sets a timer for a node: see [`Context::timer_at`]. `None` for an unknown node.
    pub fn timer_at(&mut self, node: &impl NodeRef, deadline: Nanos) -> Option<Timer> {
        let id = node.node_id();
        self.core
            .graph
            .is_live(id)
            .then(|| self.core.set_timer(id, deadline, None))
    }

    /// Sets a periodic timer for a node: see [`Context::timer_every`]. `None` for an unknown node.
    pub fn timer_every(&mut self, node: &impl NodeRef, period: Duration) -> Option<Timer> {
        let id = node.node_id();
        self.core
            .graph
            .is_live(id)
            .then(|| self.core.set_periodic(id, period))
    }

    /// Registers a source for a node: see [`Context::register_io`].
    ///
    /// # Errors
    ///
    /// What the operating system says, or [`io::ErrorKind::NotFound`] for an unknown node.
    pub fn register_io<S: Source + 'static>(
        &mut self,
        node: &impl NodeRef,
        source: S,
        interest: Interest,
    ) -> io::Result<Io<S>> {
        let id = node.node_id();
        if !self.core.graph.is_live(id) {
            return Err(io::ErrorKind::NotFound.into());
        }
        self.core.register_io(id, source, interest)
    }

    /// The time of the last cycle.
    #[must_use]
    pub fn now(&self) -> Nanos {
        self.core.now
    }

    /// The number of the last cycle.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.core.epoch
    }

    /// Nodes in the graph.
    #[must_use]
    pub fn node_count(&self) -> usize {
        self.core.graph.live_count()
    }

    /// Slots made so far, used or free: how large the graph has been at its largest.
    #[must_use]
    pub fn slot_count(&self) -> usize {
        self.core.graph.slot_count()
    }

    /// Timers still to fire.
    #[must_use]
    pub fn timer_count(&self) -> usize {
        self.core.timers.count()
    }

    /// Runs of nodes since the executor was made.
    #[must_use]
    pub fn runs_count(&self) -> u64 {
        self.core.runs_count
    }

    /// Periods of periodic timers that were merged into a later run.
    #[must_use]
    pub fn timer_periods_missed(&self) -> u64 {
        self.core.timers.missed_periods()
    }

    /// Declares when the graph counts as overloaded; starts its counts anew.
    ///
    /// Nodes ask with [`Context::overload`] and act as they see fit.
    pub fn set_overload(&mut self, policy: Overload) {
        self.core.overload = Some(Overloading::new(policy));
        self.core.extras = true;
    }

    /// How the graph stands against [`Executor::set_overload`]; all zero where none was declared.
    #[must_use]
    pub fn overload(&self) -> OverloadReport {
        self.core
            .overload
            .as_ref()
            .map(Overloading::report)
            .unwrap_or_default()
    }

    /// Has each node that runs told to a watch, made on first use.
    pub(super) fn watched(&mut self, now: Nanos) -> &mut Watch {
        self.core.extras = true;
        let Core { watch, graph, .. } = &mut self.core;
        watch.get_or_insert_with(|| {
            let watch = Watch::new(now);
            for (index, slot) in (0..).zip(&graph.slots) {
                if let Some(run) = &slot.run {
                    watch.built(graph.id_at(index), run.cell().name());
                }
            }
            Box::new(watch)
        })
    }

    /// Takes a slot; the node cannot run before [`Executor::install`].
    pub(super) fn place(&mut self, placement: Placement) -> (NodeId, u32) {
        let (id, height) = self.core.graph.insert(placement);
        let slot_count = self.core.graph.slot_count();
        self.core.scheduler.reserve_nodes(slot_count);
        self.core.scheduler.add_node(height);
        self.want_parents(id);
        self.core.graph.inherit_health(id);
        if let Some(placed) = &mut self.supervision.recording {
            placed.push(id);
        }
        (id, height)
    }

    pub(super) fn install(&mut self, id: NodeId, run: Box<dyn NodeRun>) {
        if let Some(watch) = &self.core.watch {
            watch.built(id, run.cell().name());
        }
        self.core.graph.slots[id.index()].run = Some(run);
    }

    /// Has the node run whenever `source` has work; the mark is for whoever gives it work.
    ///
    /// `None` for a node that is not there: it may sweep itself while it is initialised.
    pub(super) fn watch(&mut self, node: NodeId, source: Rc<dyn HasWork>) -> Option<Mark> {
        let core = &mut self.core;
        core.graph.is_live(node).then(|| {
            core.graph.cold[node.index()].polled = true;
            core.ready.add(core.io.wake(), node, source)
        })
    }
}

impl fmt::Debug for Executor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor")
            .field("nodes", &self.node_count())
            .field("epoch", &self.epoch())
            .field("now", &self.now())
            .finish_non_exhaustive()
    }
}
