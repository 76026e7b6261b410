//! Streams from nothing: constants, clocks, recorded curves, closures, and values set by hand.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::super::builder::NodeBuilder;
use super::super::clock::{Nanos, duration_ns};
use super::super::context::Context;
use super::super::executor::Executor;
use super::super::node::{AnyNode, NodeId, NodeRef, ParentRef};
use super::super::steps::Lost;
use super::super::stream::{Alarm, Latest, Stream};
use super::outlet::{Outlet, combine_named};

/// A stream without parents: `run` is asked in the first cycle, and whenever it arranged for.
fn source<O: 'static>(
    executor: &mut Executor,
    name: &'static str,
    mut run: impl FnMut(&mut Context<'_>) -> Option<O> + 'static,
) -> Stream<O> {
    let node = NodeBuilder::new(Latest::default())
        .named(name)
        .on_init(|executor, _, id| {
            executor.schedule(id);
        })
        .build(executor, move |latest: &mut Latest<O>, ctx| {
            let given = run(ctx);
            latest.give(given, ctx.now())
        });
    Stream::from(node)
}

/// `value`, once, in the first cycle.
pub fn constant<T: 'static>(executor: &mut Executor, value: T) -> Stream<T> {
    let mut value = Some(value);
    source(executor, "constant", move |_| value.take())
}

/// A stream without values.
pub fn never<T: 'static>(executor: &mut Executor) -> Stream<T> {
    source(executor, "never", |_| None)
}

/// `value`, once, in the first cycle at or after `at`.
pub fn at<T: 'static>(executor: &mut Executor, at: Nanos, value: T) -> Stream<T> {
    curve(executor, [(at, value)])
}

/// `value`, once, in the first cycle `delay` or more after the first cycle.
pub fn after<T: 'static>(executor: &mut Executor, delay: Duration, value: T) -> Stream<T> {
    let mut value = Some(value);
    let mut armed = false;
    source(executor, "after", move |ctx| {
        if armed || delay.is_zero() {
            return value.take();
        }
        armed = true;
        ctx.timer_after(delay);
        None
    })
}

/// A point of a periodic grid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tick {
    /// The latest point of the grid that has come.
    pub at: Nanos,
    /// Points before it, since the last tick, that had no cycle of their own.
    pub missed: u64,
}

/// A tick every `period` (at least one nanosecond), the first one period after the first cycle.
///
/// The points stand on a grid: a late cycle does not move the ones that follow. Points passed over
/// are one tick, with their count.
pub fn ticker(executor: &mut Executor, period: Duration) -> Stream<Tick> {
    grid(executor, "ticker", period, None)
}

/// A tick at each point of the grid of `period` (at least one nanosecond) through `anchor`, after
/// the first cycle; as [`ticker`].
pub fn at_intervals(executor: &mut Executor, period: Duration, anchor: Nanos) -> Stream<Tick> {
    grid(executor, "at_intervals", period, Some(anchor))
}

/// The first point of the grid after `now`.
fn next_point(now: Nanos, anchor: Nanos, period_ns: u64) -> Option<Nanos> {
    // Points differ from the anchor by whole periods, so from its remainder as well.
    let first = anchor.0 % period_ns;
    match now.0.checked_sub(first) {
        None => Some(Nanos(first)),
        Some(past) => now.checked_add(period_ns - past % period_ns),
    }
}

fn grid(
    executor: &mut Executor,
    name: &'static str,
    period: Duration,
    anchor: Option<Nanos>,
) -> Stream<Tick> {
    let period_ns = duration_ns(period).max(1);
    let mut next: Option<Nanos> = None;
    let mut anchor = anchor;
    let mut alarm = Alarm::default();
    source(executor, name, move |ctx| {
        let now = ctx.now();
        let anchor = *anchor.get_or_insert(now);
        let tick = next.filter(|next| *next <= now).map(|next| {
            let missed = now.since(next) / period_ns;
            Tick {
                at: Nanos(next.0 + missed * period_ns),
                missed,
            }
        });
        if next.is_none_or(|next| next <= now) {
            // At the end of time the grid has no next point.
            next = next_point(now, anchor, period_ns);
            alarm.set(next, ctx);
        }
        tick
    })
}

/// Values at their times, each in a cycle of its own and none left out; times must not run back
/// (a value whose time has passed comes in the next cycle).
///
/// Reads `values` one ahead, so it may be a file or without end.
pub fn curve<T: 'static, V>(executor: &mut Executor, values: V) -> Stream<T>
where
    V: IntoIterator<Item = (Nanos, T)>,
    V::IntoIter: 'static,
{
    let mut values = values.into_iter();
    let mut next = values.next();
    let mut alarm = Alarm::default();
    source(executor, "curve", move |ctx| {
        let is_due = next.as_ref().is_some_and(|(at, _)| *at <= ctx.now());
        let given = if is_due {
            std::mem::replace(&mut next, values.next()).map(|(_, value)| value)
        } else {
            None
        };
        alarm.set(next.as_ref().map(|(at, _)| *at), ctx);
        given
    })
}

/// `first` from the first cycle on, and each of `steps` from its time on: the value as of now.
/// Steps passed over in one cycle are one change. Times must not run back.
pub fn step_function<T: 'static, V>(executor: &mut Executor, first: T, steps: V) -> Stream<T>
where
    V: IntoIterator<Item = (Nanos, T)>,
    V::IntoIter: 'static,
{
    let mut steps = steps.into_iter();
    let mut next = steps.next();
    let mut first = Some(first);
    let mut alarm = Alarm::default();
    source(executor, "step_function", move |ctx| {
        let mut given = first.take();
        while let Some((at, value)) = next.take() {
            if at > ctx.now() {
                next = Some((at, value));
                break;
            }
            given = Some(value);
            next = steps.next();
        }
        alarm.set(next.as_ref().map(|(at, _)| *at), ctx);
        given
    })
}

/// What `poll` gives, asked in every cycle; there is always a next one, so the graph never sleeps.
///
/// For input that can only be asked for. Where once a period will do, use [`poll_every`].
pub fn poll<T: 'static>(
    executor: &mut Executor,
    mut poll: impl FnMut(Nanos) -> Option<T> + 'static,
) -> Stream<T> {
    source(executor, "poll", move |ctx| {
        ctx.yield_now();
        poll(ctx.now())
    })
}

/// What `poll` gives, asked at each point of a [`ticker`].
pub fn poll_every<T: 'static>(
    executor: &mut Executor,
    period: Duration,
    mut poll: impl FnMut(Nanos) -> Option<T> + 'static,
) -> Stream<T> {
    ticker(executor, period).map_filter(executor, move |tick| poll(tick.at))
}

/// A stream whose values are set by the program, between cycles.
pub struct Input<T> {
    stream: Stream<T>,
    outlet: Outlet<T>,
    overwritten: Lost,
}

/// Makes an [`Input`].
pub fn input<T: 'static>(executor: &mut Executor) -> Input<T> {
    let (stream, outlet) = Outlet::new(executor, "input", &[], ());
    Input {
        stream,
        outlet,
        overwritten: Lost::new(),
    }
}

impl<T: 'static> Input<T> {
    /// The stream of what is set.
    #[must_use]
    pub fn stream(&self) -> &Stream<T> {
        &self.stream
    }

    /// Sets the value of the next cycle. One set before for the same cycle is overwritten, and
    /// counted.
    pub fn set(&mut self, executor: &mut Executor, value: T) {
        if self.outlet.put_from_outside(value, executor) {
            self.overwritten.add(1);
        }
    }

    /// The count of values overwritten before a cycle saw them.
    #[must_use]
    pub fn overwritten(&self) -> Lost {
        self.overwritten.clone()
    }
}

impl<T> fmt::Debug for Input<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Input")
            .field("stream", &self.stream)
            .field("overwritten", &self.overwritten.count())
            .finish_non_exhaustive()
    }
}

impl<T> NodeRef for Input<T> {
    fn node_id(&self) -> NodeId {
        self.stream.node_id()
    }
}

impl<T: 'static> ParentRef for Input<T> {
    fn to_any(&self) -> AnyNode {
        self.stream.to_any()
    }
}

/// A stream that takes its values from below: what its source gives in one cycle it gives in the
/// next, at the same instant where time stands still. Made by [`feedback`].
///
/// Hold it as long as the loop is to run.
pub struct Feedback<T> {
    stream: Stream<T>,
    outlet: Outlet<T>,
    link: Option<Stream<()>>,
    rounds: Rc<Cell<u64>>,
}

/// Makes a [`Feedback`], to be connected once its source is built.
///
/// ```
/// use waveletd::runtime::{TestRuntime, nodes};
///
/// let mut runtime = TestRuntime::new();
/// let executor = runtime.executor();
/// let mut total = nodes::feedback(executor);
/// let start = nodes::constant(executor, 1);
/// let next = nodes::merge(executor, &[start, total.stream().clone()], &Default::default());
/// let doubled = next.map(executor, |n| n * 2);
/// total.connect(executor, &doubled);
/// for _ in 0..4 {
///     let _ = runtime.run_one_cycle();
/// }
/// assert_eq!(doubled.value(), Some(16));
/// ```
pub fn feedback<T: 'static>(executor: &mut Executor) -> Feedback<T> {
    let (stream, outlet) = Outlet::new(executor, "feedback", &[], ());
    Feedback {
        stream,
        outlet,
        link: None,
        rounds: Rc::default(),
    }
}

impl<T: Clone + 'static> Feedback<T> {
    /// The stream that gives a cycle later what the source gave.
    #[must_use]
    pub fn stream(&self) -> &Stream<T> {
        &self.stream
    }

    /// Connects the source, in place of one connected before.
    pub fn connect(&mut self, executor: &mut Executor, source: &Stream<T>) {
        let (input, outlet) = (source.clone(), self.outlet.clone());
        let rounds = Rc::clone(&self.rounds);
        self.link = Some(combine_named(
            executor,
            "feedback link",
            &[source],
            &[],
            move |ctx| {
                if let Some(value) = input.value() {
                    rounds.set(rounds.get() + 1);
                    outlet.put_next(value, ctx);
                }
                None
            },
        ));
    }

    /// Values sent back so far.
    #[must_use]
    pub fn rounds(&self) -> u64 {
        self.rounds.get()
    }
}

impl<T> fmt::Debug for Feedback<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feedback")
            .field("stream", &self.stream)
            .field("connected", &self.link.is_some())
            .finish_non_exhaustive()
    }
}
