//! Truth of several streams. A result is given when it changes, not each time an input ticks.

use super::super::builder::NodeBuilder;
use super::super::executor::Executor;
use super::super::stream::{Latest, Stream};

/// What stands for an input that has no value yet, and when the first result comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// Nothing: no result before all inputs have a value.
    Wait,
    /// This value; the first result with the first input.
    Init(bool),
    /// This value; the first result in the first cycle after building.
    Bootstrap(bool),
}

fn logic(
    executor: &mut Executor,
    name: &'static str,
    streams: &[Stream<bool>],
    start: Start,
    result: fn(usize, usize) -> bool,
) -> Stream<bool> {
    let inputs = streams.to_vec();
    let default = match start {
        Start::Wait => None,
        Start::Init(init) | Start::Bootstrap(init) => Some(init),
    };
    let node = NodeBuilder::new(Latest::default())
        .named(name)
        .triggered_by_many(streams)
        .on_init(move |executor, _, id| {
            if matches!(start, Start::Bootstrap(_)) {
                executor.schedule(id);
            }
        })
        .build(executor, move |latest: &mut Latest<bool>, ctx| {
            let mut true_count = 0;
            for input in &inputs {
                match input.value().or(default) {
                    Some(value) => true_count += usize::from(value),
                    None => return latest.give(None, ctx.now()),
                }
            }
            let value = result(true_count, inputs.len());
            let changed = latest.value() != Some(&value);
            latest.give(changed.then_some(value), ctx.now())
        });
    Stream::from(node)
}

macro_rules! logic {
    ($($plain:ident $init:ident $bootstrap:ident $name:literal $doc:literal $result:expr;)*) => {$(
        #[doc = $doc]
        ///
        /// The first result comes once all inputs have a value.
        pub fn $plain(executor: &mut Executor, streams: &[Stream<bool>]) -> Stream<bool> {
            logic(executor, $name, streams, Start::Wait, $result)
        }

        #[doc = $doc]
        ///
        /// An input without a value counts as `init`; the first result comes with the first value.
        pub fn $init(
            executor: &mut Executor,
            streams: &[Stream<bool>],
            init: bool,
        ) -> Stream<bool> {
            logic(executor, $name, streams, Start::Init(init), $result)
        }

        #[doc = $doc]
        ///
        /// An input without a value counts as `init`; the first result comes in the first cycle,
        /// without waiting for an input.
        pub fn $bootstrap(
            executor: &mut Executor,
            streams: &[Stream<bool>],
            init: bool,
        ) -> Stream<bool> {
            logic(executor, $name, streams, Start::Bootstrap(init), $result)
        }
    )*};
}

logic! {
    and and_with_init and_with_bootstrap "and"
        "Whether all of the streams are true; true for none."
        |true_count, count| true_count == count;
    or or_with_init or_with_bootstrap "or"
        "Whether any of the streams is true; false for none."
        |true_count, _| true_count > 0;
    xor xor_with_init xor_with_bootstrap "xor"
        "Whether an odd number of the streams is true: for two, whether they differ."
        |true_count, _| true_count % 2 == 1;
}

/// [`and`] by its name in logic.
pub fn for_all(executor: &mut Executor, streams: &[Stream<bool>]) -> Stream<bool> {
    and(executor, streams)
}

/// [`or`] by its name in logic.
pub fn exists(executor: &mut Executor, streams: &[Stream<bool>]) -> Stream<bool> {
    or(executor, streams)
}

impl Stream<bool> {
    /// The opposite of each value.
    pub fn not(&self, executor: &mut Executor) -> Stream<bool> {
        self.map(executor, |value| !value)
    }
}

impl<T: Clone + 'static> Stream<T> {
    /// `(this, other)`, whenever one has a new value and both have one.
    pub fn both<U: Clone + 'static>(
        &self,
        executor: &mut Executor,
        other: &Stream<U>,
    ) -> Stream<(T, U)> {
        self.join(executor, other, |left, right| (left.clone(), right.clone()))
    }
}
