//! Streams: nodes that carry the latest of a sequence of values.
//!
//! A [`Stream`] is a node whose state is a [`Latest`]: a value, once there has been one, with the
//! time it came. It broadcasts when it has a new value, so "did it tick in this cycle" is
//! [`Context::has_mutated`] and "has it ever had a value" is [`Latest::is_valid`].
//! A stream has at most one value a cycle; several of one instant travel as one burst.

use std::cell::Ref;
use std::fmt;

use super::builder::NodeBuilder;
use super::clock::Nanos;
use super::context::Context;
use super::executor::Executor;
use super::node::{AnyNode, Control, Node, NodeId, NodeRef, ParentRef};
use super::step::Step;
use super::steps::Burst;
use super::timer::Timer;

/// The latest value of a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latest<T> {
    value: Option<T>,
    at: Nanos,
    ticks: u64,
}

impl<T> Default for Latest<T> {
    fn default() -> Self {
        Self {
            value: None,
            at: Nanos::ZERO,
            ticks: 0,
        }
    }
}

impl<T> Latest<T> {
    /// The value; `None` before the first.
    #[must_use]
    #[inline]
    pub fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// Whether there has been a value.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.value.is_some()
    }

    /// When the value came; [`Nanos::ZERO`] before the first.
    #[must_use]
    pub fn at(&self) -> Nanos {
        self.at
    }

    /// How many values there have been.
    #[must_use]
    pub fn ticks(&self) -> u64 {
        self.ticks
    }

    /// Puts a new value in place and says so to the executor; nothing changes for `None`.
    #[inline]
    pub fn give(&mut self, value: Option<T>, now: Nanos) -> Control {
        if value.is_none() {
            return Control::Unchanged;
        }
        self.value = value;
        self.at = now;
        self.ticks += 1;
        Control::Broadcast
    }

    /// Puts a new value in place and hands back the one before.
    #[inline]
    pub fn replace(&mut self, value: T, now: Nanos) -> Option<T> {
        self.at = now;
        self.ticks += 1;
        self.value.replace(value)
    }

    /// Changes the value in place, so that its memory is used again. `change` says whether the
    /// result is a new value; before the first it starts from the default.
    #[inline]
    pub fn change(&mut self, now: Nanos, change: impl FnOnce(&mut T) -> bool) -> Control
    where
        T: Default,
    {
        if !change(self.value.get_or_insert_with(T::default)) {
            if self.ticks == 0 {
                self.value = None;
            }
            return Control::Unchanged;
        }
        self.at = now;
        self.ticks += 1;
        Control::Broadcast
    }
}

/// A node that carries the latest of a sequence of values; a strong handle, cheap to clone.
pub struct Stream<T>(Node<Latest<T>>);

impl<T> Clone for Stream<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T> fmt::Debug for Stream<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Stream").field(&self.0).finish()
    }
}

impl<T> From<Node<Latest<T>>> for Stream<T> {
    fn from(node: Node<Latest<T>>) -> Self {
        Self(node)
    }
}

impl<T> NodeRef for Stream<T> {
    fn node_id(&self) -> NodeId {
        self.0.node_id()
    }
}

impl<T: 'static> ParentRef for Stream<T> {
    fn to_any(&self) -> AnyNode {
        self.0.to_any()
    }
}

/// The timer of a step: armed for its deadline, moved only when the deadline moves.
#[derive(Debug, Default)]
pub(super) struct Alarm {
    armed: Option<(Nanos, Timer)>,
}

impl Alarm {
    /// Keeps the alarm at `deadline`. One that is due already rings in the next cycle.
    #[inline]
    pub(super) fn set(&mut self, deadline: Option<Nanos>, ctx: &mut Context<'_>) {
        match (&self.armed, deadline) {
            (None, None) => {}
            (Some((at, timer)), Some(deadline)) if *at == deadline && !timer.is_expired(ctx) => {}
            _ => {
                if let Some((_, timer)) = self.armed.take() {
                    timer.cancel(ctx);
                }
                self.armed = deadline.map(|deadline| (deadline, ctx.timer_at(deadline)));
            }
        }
    }
}

impl<T: 'static> Stream<T> {
    /// The node of the stream.
    #[must_use]
    pub fn node(&self) -> &Node<Latest<T>> {
        &self.0
    }

    /// Reads the latest value and its time.
    ///
    /// # Panics
    ///
    /// When the stream's own node is running, as [`Node::borrow`].
    #[must_use]
    #[inline]
    pub fn latest(&self) -> Ref<'_, Latest<T>> {
        self.0.borrow()
    }

    /// A copy of the latest value; `None` before the first.
    ///
    /// # Panics
    ///
    /// When the stream's own node is running, as [`Node::borrow`].
    #[must_use]
    pub fn value(&self) -> Option<T>
    where
        T: Clone,
    {
        self.0.borrow().value.clone()
    }

    /// Whether there has been a value.
    ///
    /// # Panics
    ///
    /// When the stream's own node is running, as [`Node::borrow`].
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.0.borrow().is_valid()
    }

    /// Whether it has a new value in this cycle.
    #[must_use]
    #[inline]
    pub fn has_ticked(&self, ctx: &Context<'_>) -> bool {
        ctx.has_mutated(&self.0)
    }

    /// A stream of what `step` gives for the values of this one: the dynamic tier.
    pub fn step<S>(&self, executor: &mut Executor, step: S) -> Stream<S::Out>
    where
        S: Step<T> + 'static,
        S::Out: 'static,
    {
        self.step_named(executor, "step", step)
    }

    /// [`Stream::step`] with a name for reports.
    pub fn step_named<S>(
        &self,
        executor: &mut Executor,
        name: &'static str,
        mut step: S,
    ) -> Stream<S::Out>
    where
        S: Step<T> + 'static,
        S::Out: 'static,
    {
        let input = self.0.clone();
        let mut alarm = Alarm::default();
        let node = NodeBuilder::new(Latest::default())
            .named(name)
            .triggered_by(&self.0)
            .build(executor, move |latest: &mut Latest<S::Out>, ctx| {
                let now = ctx.now();
                let mut given = None;
                if ctx.has_mutated(&input) {
                    if let Some(value) = input.borrow().value() {
                        given = step.on(value, now);
                    }
                } else if step.deadline().is_some_and(|deadline| deadline <= now) {
                    given = step.on_deadline(now);
                }
                alarm.set(step.deadline(), ctx);
                latest.give(given, now)
            });
        Stream(node)
    }
}

impl<T: 'static> Stream<Burst<T>> {
    /// A stream of what `step` gives for each value of the bursts of this one: the static tier,
    /// with one visit of the node for all values of a cycle.
    ///
    /// Each burst is what `step` gives for the values of one, in their order, all at the time of
    /// the cycle; a burst for which it gives nothing makes no tick. A deadline that comes without
    /// a burst makes a burst of one. So a burst is never longer than the one it is made from, or
    /// one, and its memory is used again: nothing is allocated once there was a longest.
    ///
    /// # Cost
    ///
    /// A cycle and a visit cost the same as for one value; what they cost a value goes down with
    /// the length of the bursts. Bench `rivals -- graphs`.
    ///
    /// ```
    /// use waveletd::runtime::{
    ///     Executor, Latest, Nanos, NodeBuilder, Pipe, Stream, steps,
    /// };
    ///
    /// let mut executor = Executor::new();
    /// let source: Stream<_> = NodeBuilder::new(Latest::default())
    ///     .build(&mut executor, |latest, ctx| {
    ///         latest.give(Some(steps::Burst::from(vec![1, 2, 3, 4])), ctx.now())
    ///     })
    ///     .into();
    /// let even = Pipe::new(steps::filter(|n: &u32| n % 2 == 0)).then(steps::map(|n: &u32| n * 10));
    /// let tens = source.step_each(&mut executor, even);
    /// executor.schedule(source.node());
    /// let _ = executor.cycle(Nanos(1));
    /// assert_eq!(tens.value().unwrap().into_vec(), [20, 40]);
    /// ```
    pub fn step_each<S>(&self, executor: &mut Executor, step: S) -> Stream<Burst<S::Out>>
    where
        S: Step<T> + 'static,
        S::Out: 'static,
    {
        self.step_each_named(executor, "step of each", step)
    }

    /// [`Stream::step_each`] with a name for reports.
    pub fn step_each_named<S>(
        &self,
        executor: &mut Executor,
        name: &'static str,
        mut step: S,
    ) -> Stream<Burst<S::Out>>
    where
        S: Step<T> + 'static,
        S::Out: 'static,
    {
        let input = self.0.clone();
        let mut alarm = Alarm::default();
        // The burst to come: the one before stays as it is until there is a new one.
        let mut given = Burst::new();
        let node = NodeBuilder::new(Latest::default())
            .named(name)
            .triggered_by(&self.0)
            .build(
                executor,
                move |latest: &mut Latest<Burst<S::Out>>, ctx: &mut Context<'_>| {
                    let now = ctx.now();
                    given.clear();
                    if ctx.has_mutated(&input) {
                        if let Some(values) = input.borrow().value() {
                            given.extend(values.iter().filter_map(|value| step.on(value, now)));
                        }
                    } else if step.deadline().is_some_and(|deadline| deadline <= now) {
                        given.extend(step.on_deadline(now));
                    }
                    alarm.set(step.deadline(), ctx);
                    if given.is_empty() {
                        return Control::Unchanged;
                    }
                    latest.change(now, |burst| {
                        std::mem::swap(burst, &mut given);
                        true
                    })
                },
            );
        Stream(node)
    }
}
