//! What a running node may ask of the executor.

use std::fmt;
use std::io;
use std::time::Duration;

use mio::Interest;
use mio::event::Source;

use super::clock::Nanos;
use super::edges::EdgeError;
use super::executor::{Core, Edit, Executor};
use super::io::Io;
use super::node::{NodeId, NodeRef};
use super::overload::OverloadCause;
use super::timer::Timer;

/// Why a node could not be scheduled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScheduleError {
    /// The node has been removed.
    NotFound,
    /// The node stands below the running one, or has run in this cycle: it cannot run in it any
    /// more. [`Context::schedule_next`] takes it.
    TooLate,
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotFound => "the node has been removed",
            Self::TooLate => "the node cannot run in this cycle any more",
        })
    }
}

impl std::error::Error for ScheduleError {}

/// The executor as a running node sees it; valid for the one run.
///
/// Scheduling and timers act at once. Changes to the graph (spawning, sweeping) are noted and done
/// after the cycle, so that the graph stands still while it runs.
pub struct Context<'a> {
    pub(super) core: &'a mut Core,
}

impl Context<'_> {
    /// The time of the cycle, the same for every node in it.
    #[must_use]
    #[inline]
    pub fn now(&self) -> Nanos {
        self.core.now
    }

    /// The number of the cycle; grows by one each cycle.
    #[must_use]
    #[inline]
    pub fn epoch(&self) -> u64 {
        self.core.epoch
    }

    /// The node that runs.
    #[must_use]
    #[inline]
    pub fn current(&self) -> NodeId {
        self.core.current()
    }

    /// Whether the node has broadcast in this cycle; `false` for a removed node.
    #[must_use]
    #[inline]
    pub fn has_mutated(&self, node: &impl NodeRef) -> bool {
        self.core.has_mutated(node.node_id())
    }

    /// Has a node run in this cycle, after the running one. A node already waiting stays so.
    ///
    /// # Errors
    ///
    /// [`ScheduleError`] when the node is gone, stands lower, or has already run.
    pub fn schedule(&mut self, node: &impl NodeRef) -> Result<(), ScheduleError> {
        self.core.schedule_within(node.node_id())
    }

    /// Has a node run in the next cycle.
    ///
    /// # Errors
    ///
    /// [`ScheduleError::NotFound`] when the node is gone.
    pub fn schedule_next(&mut self, node: &impl NodeRef) -> Result<(), ScheduleError> {
        if self.core.schedule_next(node.node_id()) {
            Ok(())
        } else {
            Err(ScheduleError::NotFound)
        }
    }

    /// Has the running node run again in the next cycle, so that others get their turn.
    pub fn yield_now(&mut self) {
        let current = self.core.current();
        // A running node is in the graph.
        self.core.schedule_next(current);
    }

    /// Changes the graph after this cycle. What it builds can run from the next cycle on.
    pub fn spawn_subgraph(&mut self, spawn: impl FnOnce(&mut Executor) + 'static) {
        self.core.edit(Edit::Spawn(Box::new(spawn)));
    }

    /// Switches the edge between active and passive after this cycle: see
    /// [`Executor::set_active`].
    ///
    /// # Errors
    ///
    /// [`EdgeError::NotFound`] and [`EdgeError::NoEdge`]. An edge that goes before the end of the
    /// cycle is not an error.
    pub fn set_active(
        &mut self,
        child: &impl NodeRef,
        parent: &impl NodeRef,
        active: bool,
    ) -> Result<(), EdgeError> {
        let (child, parent) = (child.node_id(), parent.node_id());
        self.core.graph.has_edge(child, parent)?;
        self.core.edit(Edit::SetActive {
            child,
            parent,
            active,
        });
        Ok(())
    }

    /// Removes a node and all that is triggered by it after this cycle. Unknown nodes are ignored.
    pub fn sweep(&mut self, node: &impl NodeRef) {
        self.core.sweep(node.node_id());
    }

    /// Has the running node run once, in the first cycle at or after `deadline`.
    ///
    /// A deadline already past counts in the next cycle.
    pub fn timer_at(&mut self, deadline: Nanos) -> Timer {
        self.core.set_timer(self.core.current(), deadline, None)
    }

    /// Has the running node run once, in the first cycle `delay` or more after this one.
    pub fn timer_after(&mut self, delay: Duration) -> Timer {
        self.timer_at(self.core.now.after(delay))
    }

    /// Has the running node run every `period` (at least one nanosecond), first a period from now.
    ///
    /// The deadlines stand on a grid: a late cycle does not move the ones that follow. Deadlines
    /// that pass without a cycle are merged into one run and counted
    /// ([`Executor::timer_periods_missed`]).
    pub fn timer_every(&mut self, period: Duration) -> Timer {
        self.core.set_periodic(self.core.current(), period)
    }

    /// What the graph is overloaded by, by the policy of [`Executor::set_overload`].
    ///
    /// Stands from the end of one cycle to the end of the next.
    #[must_use]
    #[inline]
    pub fn overload(&self) -> Option<OverloadCause> {
        self.core.overload.as_ref().and_then(|state| state.cause())
    }

    /// Says that a source has left `count` inputs unread in this cycle, the oldest of `oldest`.
    ///
    /// Heard only where [`Executor::set_overload`] was used; several sources add up.
    pub fn report_unread(&mut self, oldest: Nanos, count: usize) {
        if let Some(state) = &mut self.core.overload {
            state.unread(oldest, count);
        }
    }

    /// Counts inputs given up because of an overload: dropped, or conflated into later ones.
    pub fn count_shed(&mut self, count: u64) {
        if let Some(state) = &mut self.core.overload {
            state.shed(count);
        }
    }

    /// Registers a source whose readiness schedules the running node.
    ///
    /// # Errors
    ///
    /// What the operating system says.
    pub fn register_io<S: Source + 'static>(
        &mut self,
        source: S,
        interest: Interest,
    ) -> io::Result<Io<S>> {
        self.core.register_io(self.core.current(), source, interest)
    }
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("now", &self.now())
            .field("epoch", &self.epoch())
            .field("current", &self.current())
            .finish()
    }
}
