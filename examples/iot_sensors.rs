//! Sensors that come and go: a subgraph for each, windows of time, silence told, nothing left over.
//!
//! ```text
//!  readings ─► router ──┬─► sensor-0 ─► rolling mean
//!                       │          └──► silent?
//!                       ├─► sensor-1 …                 built on demand, gone when let go
//! ```
//!
//! `cargo run --no-default-features --example iot_sensors`
//!
//! Five hundred sensors report once a second. Some fall silent, which their node says after three
//! seconds; the gateway then lets go of them, and their nodes and timers leave the graph.

use std::collections::BTreeMap;
use std::time::Duration;

use waveletd::runtime::nodes::{Input, Router, input};
use waveletd::runtime::steps::statistics::time_windowed_mean;
use waveletd::runtime::{Control, Executor, Node};
use waveletd::runtime::{KeyedFactory, Nanos, NodeBuilder, Stream, TestRuntime};

/// Degrees in thousandths, with the number of the sensor.
#[derive(Debug, Clone, Copy)]
struct Reading {
    sensor: u32,
    millidegrees: i32,
}

/// What is known of a sensor.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Summary {
    mean: f64,
    silent: bool,
    since: Option<Nanos>,
}

fn sensor(executor: &mut Executor, router: &Router<u32, Reading>, key: u32) -> Node<Summary> {
    let readings = router.route(executor, key).collapse(executor);
    let mean: Stream<f64> = readings
        .map(executor, |reading| {
            f64::from(reading.millidegrees) / 1_000.0
        })
        .step_named(
            executor,
            "mean",
            time_windowed_mean(Duration::from_secs(10)),
        );
    let silent = readings.stale(executor, Duration::from_secs(3));
    let (mean_in, silent_in) = (mean.clone(), silent.clone());
    NodeBuilder::new(Summary::default())
        .named(format!("sensor-{key}"))
        .triggered_by(&mean)
        .triggered_by(&silent)
        .build(executor, move |summary, ctx| {
            let was = *summary;
            summary.mean = mean_in.value().unwrap_or(f64::NAN);
            summary.silent = silent_in.value().unwrap_or(false);
            if summary.silent != was.silent {
                summary.since = Some(ctx.now());
            }
            Control::from(*summary != was)
        })
}

/// What a run has seen.
#[derive(Debug, Default, PartialEq)]
struct Totals {
    most: usize,
    let_go: usize,
    left: usize,
    nodes: usize,
    timers: usize,
}

fn run(mut tell: impl FnMut(String)) -> Totals {
    let mut runtime = TestRuntime::new();
    let mut source: Input<Reading> = input(runtime.executor());
    let stream = source.stream().clone();
    let router = Router::new(runtime.executor(), &stream, |reading: &Reading| {
        reading.sensor
    });
    let mut sensors =
        KeyedFactory::attach(move |executor: &mut Executor, key| sensor(executor, &router, *key));
    let mut held = BTreeMap::new();
    let mut totals = Totals::default();
    for second in 0..30_u32 {
        for number in 0..500 {
            // Each has its own life: it starts by its number and lasts some seconds.
            let first = number % 11;
            if !(first..first + 5 + number % 17).contains(&second) {
                continue;
            }
            held.entry(number)
                .or_insert_with(|| sensors.get(runtime.executor(), number));
            let millidegrees = 20_000 + (number * 31 + second * 97).rem_euclid(500) as i32;
            source.set(
                runtime.executor(),
                Reading {
                    sensor: number,
                    millidegrees,
                },
            );
            let _ = runtime.run_one_cycle();
        }
        let _ = runtime.advance_and_run(Duration::from_secs(1));
        totals.most = totals.most.max(held.len());
        let before = held.len();
        held.retain(|_, node: &mut Node<Summary>| !node.borrow().silent);
        totals.let_go += before - held.len();
        if second % 5 == 4 {
            let mean = held.values().map(|node| node.borrow().mean).sum::<f64>();
            let count = held.len();
            let mean = mean / count.max(1) as f64;
            tell(format!(
                "{second:>3} s: {count:>3} sensors, mean {mean:.3} degrees"
            ));
        }
    }
    runtime.executor().collect();
    totals.left = held.len();
    totals.nodes = runtime.executor().node_count();
    totals.timers = runtime.executor().timer_count();
    totals
}

fn main() {
    let totals = run(|line| println!("{line}"));
    println!(
        "at most {} at once, {} let go when silent, {} left; {} nodes and {} timers remain",
        totals.most, totals.let_go, totals.left, totals.nodes, totals.timers,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_sensors_leave_nothing_behind() {
        let totals = run(drop);
        assert!(totals.most > 300, "{totals:?}");
        assert_eq!(totals.let_go + totals.left, 500, "{totals:?}");
        assert!(totals.nodes <= 8 + 8 * totals.left, "{totals:?}");
        assert!(totals.timers <= 3 * totals.left, "{totals:?}");
    }
}
