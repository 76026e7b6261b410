//! One of several streams, chosen by another stream.

use std::collections::HashMap;
use std::hash::Hash;

use super::super::executor::Executor;
use super::super::node::ParentRef;
use super::super::stream::Stream;
use super::outlet::{combine_named, parents};

/// The value of the stream that `selector` names by its place, from 0: when that stream has a new
/// value, and when the choice changes to one that has a value. An unknown place gives nothing.
pub fn switch<T: Clone + 'static>(
    executor: &mut Executor,
    selector: &Stream<usize>,
    streams: &[Stream<T>],
) -> Stream<T> {
    choose(executor, "switch", selector, streams, true)
}

/// As [`switch`], only when the chosen stream has a new value: for streams of events and bursts,
/// which are not to be given twice.
pub fn switch_events<T: Clone + 'static>(
    executor: &mut Executor,
    selector: &Stream<usize>,
    streams: &[Stream<T>],
) -> Stream<T> {
    choose(executor, "switch_events", selector, streams, false)
}

fn choose<T: Clone + 'static>(
    executor: &mut Executor,
    name: &'static str,
    selector: &Stream<usize>,
    streams: &[Stream<T>],
    at_change: bool,
) -> Stream<T> {
    let (inputs, place) = (streams.to_vec(), selector.clone());
    let mut triggers = parents(streams);
    triggers.push(selector);
    let mut chosen = None;
    combine_named(executor, name, &triggers, &[], move |ctx| {
        let before = std::mem::replace(&mut chosen, place.value());
        let input = inputs.get(chosen?)?;
        let changed = at_change && before != chosen;
        (changed || input.has_ticked(ctx))
            .then(|| input.value())
            .flatten()
    })
}

/// The value of `then` while `condition` is true, else of `otherwise`; as [`switch`].
pub fn if_<T: Clone + 'static>(
    executor: &mut Executor,
    condition: &Stream<bool>,
    then: &Stream<T>,
    otherwise: &Stream<T>,
) -> Stream<T> {
    let selector = condition.map(executor, |condition| usize::from(!condition));
    switch(executor, &selector, &[then.clone(), otherwise.clone()])
}

/// The value of the stream that `key` names; as [`switch`] where `at_change`, else as
/// [`switch_events`]. An unknown key gives nothing. Streams of a key given twice: the last counts.
pub fn multiplex<K, T>(
    executor: &mut Executor,
    key: &Stream<K>,
    streams: impl IntoIterator<Item = (K, Stream<T>)>,
    at_change: bool,
) -> Stream<T>
where
    K: Eq + Hash + 'static,
    T: Clone + 'static,
{
    let (mut places, mut inputs) = (HashMap::new(), Vec::new());
    for (key, stream) in streams {
        places.insert(key, inputs.len());
        inputs.push(stream);
    }
    // A place that is not there stands for an unknown key.
    let place = key.map(executor, move |key| {
        places.get(key).copied().unwrap_or(usize::MAX)
    });
    choose(executor, "multiplex", &place, &inputs, at_change)
}

/// A stream that ticks, without a value, when any of the parents broadcasts.
pub fn any(executor: &mut Executor, parents: &[&dyn ParentRef]) -> Stream<()> {
    combine_named(executor, "any", parents, &[], |_| Some(()))
}
