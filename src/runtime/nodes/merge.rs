//! Several streams of one type into one stream, with the ties told.

use super::super::executor::Executor;
use super::super::steps::{Burst, Lost};
use super::super::stream::Stream;
use super::outlet::{combine_named, parents};

/// The new values of all. Where several come in one cycle, the first in the order of `streams` is
/// given and the others are counted in `lost`; [`merge_all`] loses none.
pub fn merge<T: Clone + 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
    lost: &Lost,
) -> Stream<T> {
    let (inputs, lost) = (streams.to_vec(), lost.clone());
    combine_named(executor, "merge", &parents(streams), &[], move |ctx| {
        let mut ticked = inputs.iter().filter(|input| input.has_ticked(ctx));
        let first = ticked.next()?;
        lost.add(ticked.count() as u64);
        first.value()
    })
}

/// The new values of all in a cycle as one burst, in the order of `streams`.
pub fn merge_all<T: Clone + 'static>(
    executor: &mut Executor,
    streams: &[Stream<T>],
) -> Stream<Burst<T>> {
    let inputs = streams.to_vec();
    combine_named(executor, "merge_all", &parents(streams), &[], move |ctx| {
        let ticked = inputs.iter().filter(|input| input.has_ticked(ctx));
        Some(ticked.filter_map(Stream::value).collect())
    })
}

/// The bursts of all in a cycle as one burst, in the order of `streams`.
pub fn merge_bursts<T: Clone + 'static>(
    executor: &mut Executor,
    streams: &[Stream<Burst<T>>],
) -> Stream<Burst<T>> {
    let inputs = streams.to_vec();
    combine_named(
        executor,
        "merge_bursts",
        &parents(streams),
        &[],
        move |ctx| {
            let mut merged = Burst::new();
            for input in inputs.iter().filter(|input| input.has_ticked(ctx)) {
                if let Some(burst) = input.latest().value() {
                    merged.extend(burst.iter().cloned());
                }
            }
            Some(merged)
        },
    )
}

impl<T: Clone + 'static> Stream<T> {
    /// The new values of both; in a tie this one's is given and the other's counted in `lost`.
    pub fn merge(&self, executor: &mut Executor, other: &Stream<T>, lost: &Lost) -> Stream<T> {
        merge(executor, &[self.clone(), other.clone()], lost)
    }
}
