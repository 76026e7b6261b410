//! Steps: the logic of a node without the graph.
//!
//! A step is a small state machine: a value in, perhaps a value out, and perhaps a deadline at
//! which it wants to be asked again. It reads no clock and knows no node. The same step runs in
//! two tiers:
//!
//! ```text
//! dynamic   Stream::step(executor, step)     a node a step; built, shared and removed at run time
//! static    Pipe::new(step).then(step) …     many steps in one node; the compiler sees through it
//! bursts    Stream::step_each(executor, pipe)   the same, all values of a cycle in one visit
//! ```
//!
//! Both tiers give the same values at the same times (`tests/tiers.rs`). A pipe is a step
//! itself, so a hot core can be one node in a graph that is dynamic around it.

use std::fmt;
use std::marker::PhantomData;

use super::clock::Nanos;

/// A state machine that takes values and gives values.
///
/// # Contract
///
/// - [`Step::on`] is called once for each new input, at the time of the cycle.
/// - [`Step::on_deadline`] is called in the first cycle at or after [`Step::deadline`] in which
///   there is no new input. Where there is one, `on` alone is called, with a `now` at or after the
///   deadline: it gives what was due, or leaves a deadline that is due still, and is asked again in
///   the next cycle.
/// - The result is a function of the inputs, their times and the step's own state.
pub trait Step<I: ?Sized> {
    /// What it gives.
    type Out;

    /// Takes one input; gives a value where its output changed.
    fn on(&mut self, input: &I, now: Nanos) -> Option<Self::Out>;

    /// When it wants to be asked again without an input; `None` where it does not.
    #[inline]
    fn deadline(&self) -> Option<Nanos> {
        None
    }

    /// The deadline has come and no input with it.
    #[inline]
    fn on_deadline(&mut self, now: Nanos) -> Option<Self::Out> {
        let _ = now;
        None
    }
}

/// How often a step is asked at one instant before the next input goes first.
const DUE_MAX: u32 = 1024;

fn is_due(deadline: Option<Nanos>, now: Nanos) -> bool {
    deadline.is_some_and(|deadline| deadline <= now)
}

fn earlier(a: Option<Nanos>, b: Option<Nanos>) -> Option<Nanos> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// One step after the other: what `first` gives is what `second` takes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Then<A, B> {
    first: A,
    second: B,
}

impl<A, B> Then<A, B> {
    #[inline]
    fn pass<I: ?Sized>(&mut self, given: Option<A::Out>, now: Nanos) -> Option<B::Out>
    where
        A: Step<I>,
        B: Step<A::Out>,
    {
        match given {
            Some(value) => self.second.on(&value, now),
            // The second may be due in the same cycle, as a node of its own would be.
            None if is_due(self.second.deadline(), now) => self.second.on_deadline(now),
            None => None,
        }
    }
}

impl<I: ?Sized, A, B> Step<I> for Then<A, B>
where
    A: Step<I>,
    B: Step<A::Out>,
{
    type Out = B::Out;

    #[inline]
    fn on(&mut self, input: &I, now: Nanos) -> Option<B::Out> {
        let given = self.first.on(input, now);
        self.pass::<I>(given, now)
    }

    #[inline]
    fn deadline(&self) -> Option<Nanos> {
        earlier(self.first.deadline(), self.second.deadline())
    }

    #[inline]
    fn on_deadline(&mut self, now: Nanos) -> Option<B::Out> {
        let given = if is_due(self.first.deadline(), now) {
            self.first.on_deadline(now)
        } else {
            None
        };
        self.pass::<I>(given, now)
    }
}

/// Two steps on the same input, joined: gives `join(a, b)` whenever either gave a value and both
/// have given one before. The latest of each is kept.
pub struct Fan<A, B, F, X, Y> {
    left: A,
    right: B,
    join: F,
    latest: (Option<X>, Option<Y>),
}

impl<A: fmt::Debug, B: fmt::Debug, F, X, Y> fmt::Debug for Fan<A, B, F, X, Y> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fan")
            .field("left", &self.left)
            .field("right", &self.right)
            .finish_non_exhaustive()
    }
}

/// Makes a [`Fan`].
pub fn fan<A, B, F, X, Y>(left: A, right: B, join: F) -> Fan<A, B, F, X, Y> {
    Fan {
        left,
        right,
        join,
        latest: (None, None),
    }
}

impl<A, B, F, X, Y> Fan<A, B, F, X, Y> {
    #[inline]
    fn give<O>(&mut self, left: Option<X>, right: Option<Y>) -> Option<O>
    where
        F: FnMut(&X, &Y) -> O,
    {
        let any = left.is_some() || right.is_some();
        if left.is_some() {
            self.latest.0 = left;
        }
        if right.is_some() {
            self.latest.1 = right;
        }
        match &self.latest {
            (Some(left), Some(right)) if any => Some((self.join)(left, right)),
            _ => None,
        }
    }
}

impl<I, A, B, F, X, Y, O> Step<I> for Fan<A, B, F, X, Y>
where
    I: ?Sized,
    A: Step<I, Out = X>,
    B: Step<I, Out = Y>,
    F: FnMut(&X, &Y) -> O,
{
    type Out = O;

    #[inline]
    fn on(&mut self, input: &I, now: Nanos) -> Option<O> {
        let (left, right) = (self.left.on(input, now), self.right.on(input, now));
        self.give(left, right)
    }

    #[inline]
    fn deadline(&self) -> Option<Nanos> {
        earlier(self.left.deadline(), self.right.deadline())
    }

    #[inline]
    fn on_deadline(&mut self, now: Nanos) -> Option<O> {
        let left = if is_due(self.left.deadline(), now) {
            self.left.on_deadline(now)
        } else {
            None
        };
        let right = if is_due(self.right.deadline(), now) {
            self.right.on_deadline(now)
        } else {
            None
        };
        self.give(left, right)
    }
}

/// Steps composed at compile time into one: the static tier.
///
/// ```
/// use waveletd::runtime::{Nanos, Pipe, Step, steps};
///
/// let mut mean_of_even = Pipe::new(steps::filter(|n: &u64| n % 2 == 0))
///     .then(steps::map(|n: &u64| *n as f64))
///     .then(steps::scan(0.0, |sum: &mut f64, n: &f64| {
///         *sum += n;
///         *sum
///     }));
/// assert_eq!(mean_of_even.on(&1, Nanos(1)), None);
/// assert_eq!(mean_of_even.on(&2, Nanos(2)), Some(2.0));
/// assert_eq!(mean_of_even.on(&4, Nanos(3)), Some(6.0));
/// ```
pub struct Pipe<I: ?Sized, S> {
    step: S,
    input: PhantomData<fn(&I)>,
}

impl<I: ?Sized, S: Step<I>> Pipe<I, S> {
    /// A pipe of one step.
    #[must_use]
    pub fn new(step: S) -> Self {
        Self {
            step,
            input: PhantomData,
        }
    }

    /// Puts a step at the end.
    #[must_use]
    pub fn then<T: Step<S::Out>>(self, next: T) -> Pipe<I, Then<S, T>> {
        Pipe::new(Then {
            first: self.step,
            second: next,
        })
    }
}

impl<I, S: Step<I>> Pipe<I, S> {
    /// Runs the pipe by itself over recorded inputs, without a graph: each input at its time, each
    /// deadline before the next input at its own. `take` gets every value with the time it was given.
    ///
    /// An input with a time before that of an earlier one counts at the later time. Deadlines after
    /// the last input do not come: the run ends with the data, as a historical run does.
    ///
    /// ```
    /// use waveletd::runtime::{Nanos, Pipe, steps};
    ///
    /// let mut given = Vec::new();
    /// let mut pipe = Pipe::new(steps::map(|n: &u32| n * 10)).then(steps::skip(1));
    /// pipe.replay([(Nanos(1), 1), (Nanos(2), 2)], |at, value| given.push((at, value)));
    /// assert_eq!(given, [(Nanos(2), 20)]);
    /// ```
    #[inline]
    pub fn replay(
        &mut self,
        inputs: impl IntoIterator<Item = (Nanos, I)>,
        mut take: impl FnMut(Nanos, S::Out),
    ) {
        let mut now = Nanos::ZERO;
        for (at, input) in inputs {
            let at = at.max(now);
            let mut due_count = 0;
            while let Some(deadline) = self.step.deadline().filter(|&deadline| deadline < at) {
                // A step that is due for ever does not hold up the input.
                due_count = if deadline <= now { due_count + 1 } else { 0 };
                if due_count > DUE_MAX {
                    break;
                }
                now = deadline.max(now);
                if let Some(value) = self.step.on_deadline(now) {
                    take(now, value);
                }
            }
            now = at;
            if let Some(value) = self.step.on(&input, now) {
                take(now, value);
            }
        }
    }
}

impl<I: ?Sized, S: Step<I>> Step<I> for Pipe<I, S> {
    type Out = S::Out;

    #[inline]
    fn on(&mut self, input: &I, now: Nanos) -> Option<S::Out> {
        self.step.on(input, now)
    }

    #[inline]
    fn deadline(&self) -> Option<Nanos> {
        self.step.deadline()
    }

    #[inline]
    fn on_deadline(&mut self, now: Nanos) -> Option<S::Out> {
        self.step.on_deadline(now)
    }
}

impl<I: ?Sized, S: fmt::Debug> fmt::Debug for Pipe<I, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Pipe").field(&self.step).finish()
    }
}
