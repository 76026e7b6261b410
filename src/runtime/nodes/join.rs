//! Several streams into one value: joins, folds over streams, and waiting for all of a set.

use std::time::Duration;

use super::super::clock::Nanos;
use super::super::context::Context;
use super::super::executor::Executor;
use super::super::node::ParentRef;
use super::super::steps::{Lost, Number};
use super::super::stream::{Alarm, Stream};
use super::outlet::{combine_named, parents};

/// Whether each of the streams has had a value.
#[must_use]
pub fn all_valid<T: 'static>(streams: &[Stream<T>]) -> bool {
    streams.iter().all(Stream::is_valid)
}

/// Whether each of the streams has a new value in this cycle.
#[must_use]
pub fn all_ticked<T: 'static>(ctx: &Context<'_>, streams: &[Stream<T>]) -> bool {
    streams.iter().all(|stream| stream.has_ticked(ctx))
}

/// Whether any of the streams has a new value in this cycle.
#[must_use]
pub fn any_ticked<T: 'static>(ctx: &Context<'_>, streams: &[Stream<T>]) -> bool {
    streams.iter().any(|stream| stream.has_ticked(ctx))
}

impl<T: 'static> Stream<T> {
    /// `function` of the latest of both, whenever one of them has a new value and both have one.
    pub fn join<U: 'static, O: 'static>(
        &self,
        executor: &mut Executor,
        other: &Stream<U>,
        mut function: impl FnMut(&T, &U) -> O + 'static,
    ) -> Stream<O> {
        let (left, right) = (self.clone(), other.clone());
        combine_named(executor, "join", &[self, other], &[], move |_| {
            Some(function(left.latest().value()?, right.latest().value()?))
        })
    }

    /// `function` of the latest of both, whenever this one has a new value and both have one.
    pub fn join_passive<U: 'static, O: 'static>(
        &self,
        executor: &mut Executor,
        passive: &Stream<U>,
        mut function: impl FnMut(&T, &U) -> O + 'static,
    ) -> Stream<O> {
        let (left, right) = (self.clone(), passive.clone());
        combine_named(executor, "join_passive", &[self], &[passive], move |_| {
            Some(function(left.latest().value()?, right.latest().value()?))
        })
    }

    /// `function` of the latest of three, whenever one has a new value and all have one.
    pub fn join3<U: 'static, V: 'static, O: 'static>(
        &self,
        executor: &mut Executor,
        second: &Stream<U>,
        third: &Stream<V>,
        mut function: impl FnMut(&T, &U, &V) -> O + 'static,
    ) -> Stream<O> {
        let (a, b, c) = (self.clone(), second.clone(), third.clone());
        combine_named(executor, "join3", &[self, second, third], &[], move |_| {
            Some(function(
                a.latest().value()?,
                b.latest().value()?,
                c.latest().value()?,
            ))
        })
    }
}

/// `function` of the latest of all, in the order of `streams`, whenever one has a new value and all
/// have one. Copies the values that are new, and looks at each stream.
pub fn map_n<T: Clone + 'static, O: 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
    mut function: impl FnMut(&[T]) -> O + 'static,
) -> Stream<O> {
    let inputs = streams.to_vec();
    let mut values: Vec<T> = Vec::new();
    combine_named(executor, "map_n", &parents(streams), &[], move |ctx| {
        if values.is_empty() {
            for input in &inputs {
                if let Some(value) = input.value() {
                    values.push(value);
                } else {
                    values.clear();
                    return None;
                }
            }
        } else {
            for (value, input) in values.iter_mut().zip(&inputs) {
                if input.has_ticked(ctx)
                    && let Some(new) = input.value()
                {
                    *value = new;
                }
            }
        }
        Some(function(&values))
    })
}

/// `function` folded over the latest of all, from `init` and in the order of `streams`, whenever
/// one has a new value and all have one. Costs a call for each stream.
pub fn array_fold<T: 'static, A: Clone + 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
    init: A,
    mut function: impl FnMut(&mut A, &T) + 'static,
) -> Stream<A> {
    let inputs = streams.to_vec();
    combine_named(executor, "array_fold", &parents(streams), &[], move |_| {
        let mut folded = init.clone();
        for input in &inputs {
            function(&mut folded, input.latest().value()?);
        }
        Some(folded)
    })
}

/// A state kept up by `update(state, old, new)` for each stream that has a new value; `old` is
/// `None` for its first. Given once all have a value.
///
/// For what can be taken back, such as sums: costs a call for each new value, and a look at each
/// stream. Floats gather rounding errors so; [`array_fold`] does not.
pub fn unordered_fold<T: Clone + 'static, A: Clone + 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
    init: A,
    update: impl FnMut(&mut A, Option<&T>, &T) + 'static,
) -> Stream<A> {
    unordered(executor, streams, init, streams.len(), update)
}

/// As [`unordered_fold`], given from the first value of any stream on.
pub fn opt_unordered_fold<T: Clone + 'static, A: Clone + 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
    init: A,
    update: impl FnMut(&mut A, Option<&T>, &T) + 'static,
) -> Stream<A> {
    unordered(executor, streams, init, 0, update)
}

fn unordered<T: Clone + 'static, A: Clone + 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
    init: A,
    needed: usize,
    mut update: impl FnMut(&mut A, Option<&T>, &T) + 'static,
) -> Stream<A> {
    let inputs = streams.to_vec();
    let mut known: Vec<Option<T>> = vec![None; inputs.len()];
    let mut known_count = 0;
    let mut state = init;
    combine_named(
        executor,
        "unordered_fold",
        &parents(streams),
        &[],
        move |ctx| {
            for (known, input) in known.iter_mut().zip(&inputs) {
                // A value from before this node was built counts as new.
                if (known.is_none() || input.has_ticked(ctx))
                    && let Some(new) = input.value()
                {
                    update(&mut state, known.as_ref(), &new);
                    known_count += usize::from(known.is_none());
                    *known = Some(new);
                }
            }
            (known_count >= needed).then(|| state.clone())
        },
    )
}

/// The sum of the latest of all, once all have a value. Integers do not overflow.
pub fn sum<T: Number + 'static>(executor: &mut Executor, streams: &[Stream<T>]) -> Stream<T::Wide>
where
    T::Wide: 'static,
{
    array_fold(executor, streams, T::Wide::default(), |sum, value: &T| {
        *sum = *sum + value.widen();
    })
}

/// The sum of the latest of those that have a value. Integers do not overflow.
pub fn opt_sum<T: Number + 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
) -> Stream<T::Wide>
where
    T::Wide: 'static,
{
    let inputs = streams.to_vec();
    combine_named(executor, "opt_sum", &parents(streams), &[], move |_| {
        let values = inputs.iter().filter_map(Stream::value);
        Some(values.fold(T::Wide::default(), |sum, value| sum + value.widen()))
    })
}

/// `function` over all, two at a time, as a tree of joins: a new value costs as many calls as the
/// tree is high. `None` for no streams.
pub fn reduce_balanced<T: Clone + 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
    function: impl Fn(&T, &T) -> T + Clone + 'static,
) -> Option<Stream<T>> {
    let mut level = streams.to_vec();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [left, right] => left.join(executor, right, function.clone()),
                rest => rest[0].clone(),
            })
            .collect();
    }
    level.pop()
}

/// The latest of each stream, `None` where there is none, each time `trigger` broadcasts.
pub fn sample_n<T: Clone + 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
    trigger: &impl ParentRef,
) -> Stream<Vec<Option<T>>> {
    let inputs = streams.to_vec();
    combine_named(
        executor,
        "sample_n",
        &[trigger],
        &parents(streams),
        move |_| Some(inputs.iter().map(Stream::value).collect()),
    )
}

/// One round of [`sync`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Synced<T> {
    /// The value of each stream in this round, in the order of the streams; `None` where it had
    /// none within the time.
    pub values: Vec<Option<T>>,
    /// When the first value of the round came.
    pub since: Nanos,
}

impl<T> Synced<T> {
    /// Whether each stream had a value in the round.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.values.iter().all(Option::is_some)
    }
}

/// Rounds in which each stream has had a value, at the same time or not. With a `timeout`, a round
/// ends that long after its first value, complete or not.
///
/// A second value of one stream in a round takes the place of the first, and is counted in
/// `replaced`. A value at the end of the time belongs to the round.
pub fn sync<T: Clone + 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
    timeout: Option<Duration>,
    replaced: &Lost,
) -> Stream<Synced<T>> {
    let (inputs, replaced) = (streams.to_vec(), replaced.clone());
    let mut values = vec![None; inputs.len()];
    let mut missing = inputs.len();
    let mut since: Option<Nanos> = None;
    let mut alarm = Alarm::default();
    combine_named(executor, "sync", &parents(streams), &[], move |ctx| {
        for (held, input) in values.iter_mut().zip(&inputs) {
            if input.has_ticked(ctx) {
                match std::mem::replace(held, input.value()) {
                    Some(_) => replaced.add(1),
                    None => missing -= 1,
                }
                since.get_or_insert(ctx.now());
            }
        }
        let start = since?;
        let due = timeout.map(|timeout| start.after(timeout));
        if missing > 0 && due.is_none_or(|due| ctx.now() < due) {
            alarm.set(due, ctx);
            return None;
        }
        alarm.set(None, ctx);
        since = None;
        missing = inputs.len();
        Some(Synced {
            values: std::mem::replace(&mut values, vec![None; inputs.len()]),
            since: start,
        })
    })
}
