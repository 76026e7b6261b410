//! Where the time of a value goes: values that carry the times of the stages they have passed.
//!
//! ```text
//!  receive ───► decode ───► book ───► publish       stages, in the order of the path
//!     t0          t1         t2         t3          stamps, carried by the value
//!       └─ hop 0 ─┘└─ hop 1 ─┘└─ hop 2 ─┘           a histogram each, and one of the whole
//! ```
//!
//! Stamps are an array of fixed length: no allocation on the way, and they cross threads as any
//! value does. Stages that are skipped (a value that takes a shorter path) make no hop of their
//! own: the hop from the stage before counts for the stage that comes after.

use hdrhistogram::Histogram;

use super::builder::NodeBuilder;
use super::clock::{Clock, Nanos};
use super::executor::Executor;
use super::node::Control;
use super::observe::{Times, histogram};
use super::stream::{Latest, Stream};

/// Digits of the histograms: 0.1 %, 220 KiB a stage.
const DIGITS: u8 = 3;

/// The times at which a value has passed its stages; 8 bytes a stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamps<const N: usize>([Nanos; N]);

impl<const N: usize> Default for Stamps<N> {
    fn default() -> Self {
        Self([Nanos::ZERO; N])
    }
}

impl<const N: usize> Stamps<N> {
    /// Sets the time of a stage, from 0. A stage that is not there, or a time of zero, sets
    /// nothing.
    #[inline]
    pub fn stamp(&mut self, stage: usize, at: Nanos) {
        if let Some(stamp) = self.0.get_mut(stage) {
            *stamp = at;
        }
    }

    /// The time of a stage; `None` where the value has not passed it.
    #[must_use]
    pub fn at(&self, stage: usize) -> Option<Nanos> {
        self.0.get(stage).copied().filter(|&at| at > Nanos::ZERO)
    }
}

/// A value with the times of its stages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Stamped<T, const N: usize> {
    /// The value.
    pub value: T,
    /// Its times.
    pub stamps: Stamps<N>,
}

impl<T, const N: usize> Stamped<T, N> {
    /// A value that has passed the first stage at `at`.
    #[must_use]
    pub fn new(value: T, at: Nanos) -> Self {
        let mut stamps = Stamps::default();
        stamps.stamp(0, at);
        Self { value, stamps }
    }

    /// Another value made from this one, with its times.
    #[must_use]
    pub fn map<U>(self, make: impl FnOnce(T) -> U) -> Stamped<U, N> {
        Stamped {
            value: make(self.value),
            stamps: self.stamps,
        }
    }
}

impl<T: Clone + 'static, const N: usize> Stream<Stamped<T, N>> {
    /// The values with the time of this stage, read from `clock` as each passes.
    ///
    /// For the time of the cycle, which all stages within one cycle share, see
    /// [`Stream::stamp_cycle`].
    pub fn stamp(
        &self,
        executor: &mut Executor,
        stage: usize,
        mut clock: impl Clock + 'static,
    ) -> Self {
        self.stamped(executor, stage, move |_| clock.now())
    }

    /// The values with the time of the cycle as the time of this stage: no clock is read.
    pub fn stamp_cycle(&self, executor: &mut Executor, stage: usize) -> Self {
        self.stamped(executor, stage, |now| now)
    }

    fn stamped(
        &self,
        executor: &mut Executor,
        stage: usize,
        mut at: impl FnMut(Nanos) -> Nanos + 'static,
    ) -> Self {
        let input = self.clone();
        let node = NodeBuilder::new(Latest::default())
            .named("stamp")
            .triggered_by(self)
            .build(executor, move |latest: &mut Latest<Stamped<T, N>>, ctx| {
                let mut value = input.value();
                if let Some(value) = &mut value {
                    value.stamps.stamp(stage, at(ctx.now()));
                }
                latest.give(value, ctx.now())
            });
        Self::from(node)
    }
}

/// Histograms of the hops between the stages of a path.
#[derive(Debug, Clone)]
pub struct Latency<const N: usize> {
    stages: [&'static str; N],
    /// By the stage that the hop leads to; the first is of the whole path.
    hops: Vec<Histogram<u64>>,
    reversed: u64,
}

/// One line of a [`LatencyReport`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hop {
    /// The stage that the hop leads to.
    pub to: &'static str,
    /// Its times; `None` where no value has made it.
    pub times: Option<Times>,
}

/// How long values take from stage to stage. Times beyond 68 s count as 68 s.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatencyReport {
    /// The hops, in the order of the stages; the first stage has none.
    pub hops: Vec<Hop>,
    /// From the first stage a value has passed to the last.
    pub total: Option<Times>,
    /// Hops that ended before they began, as clocks that disagree make them; not in the times.
    pub reversed: u64,
}

impl<const N: usize> Latency<N> {
    /// A path of the stages with these names.
    #[must_use]
    pub fn new(stages: [&'static str; N]) -> Self {
        Self {
            stages,
            hops: (0..N.max(1)).map(|_| histogram(DIGITS)).collect(),
            reversed: 0,
        }
    }

    /// Takes in the times of one value. Does not allocate.
    pub fn record(&mut self, stamps: &Stamps<N>) {
        let (mut first, mut last) = (None, None);
        for stage in 0..N {
            let Some(at) = stamps.at(stage) else { continue };
            if let Some(before) = last {
                self.hop(stage, before, at);
            }
            first = first.or(Some(at));
            last = Some(at);
        }
        if let (Some(first), Some(last)) = (first, last)
            && last >= first
        {
            self.hops[0].saturating_record(last.since(first));
        }
    }

    fn hop(&mut self, stage: usize, from: Nanos, to: Nanos) {
        if to < from {
            self.reversed += 1;
        } else {
            self.hops[stage].saturating_record(to.since(from));
        }
    }

    /// Takes in all that another one of the same path has recorded, on another thread for instance.
    pub fn merge(&mut self, other: &Self) {
        for (hop, others) in self.hops.iter_mut().zip(&other.hops) {
            // Both have the same bounds, so everything fits.
            let _ = hop.add(others);
        }
        self.reversed += other.reversed;
    }

    /// Forgets all that was recorded: the start of a window.
    pub fn reset(&mut self) {
        self.hops.iter_mut().for_each(Histogram::reset);
        self.reversed = 0;
    }

    /// The times as they stand.
    #[must_use]
    pub fn report(&self) -> LatencyReport {
        let hops = self.stages.iter().zip(&self.hops).skip(1);
        LatencyReport {
            hops: hops
                .map(|(&to, times)| Hop {
                    to,
                    times: Times::of(times),
                })
                .collect(),
            total: Times::of(&self.hops[0]),
            reversed: self.reversed,
        }
    }
}

impl<T: 'static, const N: usize> Stream<Stamped<T, N>> {
    /// A node that records the times of all values.
    pub fn record_latency(
        &self,
        executor: &mut Executor,
        stages: [&'static str; N],
    ) -> super::Node<Latency<N>> {
        let input = self.clone();
        NodeBuilder::new(Latency::new(stages))
            .named("latency")
            .triggered_by(self)
            .build(executor, move |latency, _| {
                if let Some(stamped) = input.latest().value() {
                    latency.record(&stamped.stamps);
                }
                Control::Unchanged
            })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::nodes::{AtEnd, channel};
    use super::super::{TestClock, TestRuntime};
    use super::*;

    const STAGES: [&str; 3] = ["receive", "decode", "publish"];

    fn stamps(times: [u64; 3]) -> Stamps<3> {
        Stamps(times.map(Nanos))
    }

    #[track_caller]
    fn check(times: Option<Times>, samples: u64, max_ns: u64) {
        let times = times.unwrap_or_default();
        assert_eq!((times.samples, times.max_ns), (samples, max_ns));
    }

    #[test]
    fn each_hop_has_its_times_and_the_whole_as_well() {
        let mut latency = Latency::new(STAGES);
        latency.record(&stamps([100, 110, 150]));
        latency.record(&stamps([200, 230, 240]));
        let report = latency.report();
        assert_eq!(report.hops[0].to, "decode");
        check(report.hops[0].times, 2, 30);
        check(report.hops[1].times, 2, 40);
        check(report.total, 2, 50);
        latency.merge(&latency.clone());
        check(latency.report().total, 4, 50);
        latency.reset();
        assert_eq!(latency.report().total, None);
    }

    #[test]
    fn a_stage_that_is_skipped_and_a_clock_that_runs_back_make_no_hop() {
        let mut latency = Latency::new(STAGES);
        latency.record(&stamps([100, 0, 150]));
        latency.record(&stamps([0, 0, 0]));
        let report = latency.report();
        assert_eq!(report.hops[0].times, None);
        check(report.hops[1].times, 1, 50);
        latency.record(&stamps([100, 90, 150]));
        assert_eq!(latency.report().reversed, 1);
        check(latency.report().total, 2, 50);
        let mut one = Stamps::<1>::default();
        one.stamp(7, Nanos(1));
        assert_eq!(one.at(7), None);
        Latency::new(["only"]).record(&one);
    }

    #[test]
    fn stamps_travel_with_the_values_of_a_stream() {
        let mut runtime = TestRuntime::new();
        let ex = runtime.executor();
        let (input, mut sender) = channel::<Stamped<u32, 3>>(ex, 4, AtEnd::Stay);
        let decoded = input.stamp_cycle(ex, 1);
        let published = decoded.stamp(ex, 2, TestClock::new(Nanos(90)));
        let latency = published.record_latency(ex, STAGES);
        runtime.advance_clock(Duration::from_nanos(70));
        assert!(sender.try_send(Stamped::new(5, Nanos(40))).is_ok());
        let _ = runtime.run_one_cycle();
        let last = published.value().unwrap_or_default().map(|value| value + 1);
        assert_eq!((last.value, last.stamps), (6, stamps([40, 70, 90])));
        let report = latency.borrow().report();
        check(report.hops[0].times, 1, 30);
        check(report.hops[1].times, 1, 20);
    }
}
