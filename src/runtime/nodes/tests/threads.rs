//! Threads at the edge of the graph. Waiting is bounded; what is asserted does not depend on speed.

use super::super::super::{Executor, Nanos, Stream};
use super::super::*;
use super::NS;

/// Runs cycles, asleep where there is nothing to do, until `done`.
#[track_caller]
fn run_until(executor: &mut Executor, mut done: impl FnMut() -> bool) {
    for _ in 0..10_000 {
        let _ = executor.cycle(Nanos(1));
        if done() {
            return;
        }
        executor.park(Some(NS(10_000_000))).unwrap();
    }
    panic!("the thread has not delivered");
}

fn total(executor: &mut Executor, stream: &Stream<Burst<u64>>) -> Stream<Vec<u64>> {
    stream.collapse_accumulate(executor, Vec::new(), |all, n| all.push(*n))
}

#[test]
fn a_thread_feeds_the_graph_in_order() {
    let mut executor = Executor::new();
    let stream = spawn(&mut executor, "numbers", 4, AtEnd::Stay, |mut sender| {
        for n in 0..100 {
            if sender.blocking_send(n).is_err() {
                return;
            }
        }
    })
    .unwrap();
    let all = total(&mut executor, &stream);
    let read = all.clone();
    run_until(&mut executor, || {
        read.latest().value().is_some_and(|all| all.len() == 100)
    });
    assert_eq!(all.value(), Some((0..100).collect()));
}

#[test]
fn a_mapping_thread_keeps_the_order_and_counts_losses() {
    let mut executor = Executor::new();
    let mut input = input::<u64>(&mut executor);
    let lost = Lost::new();
    let mapped = input
        .stream()
        .spawn_map(&mut executor, "squares", 64, &lost, |n| Some(n * n))
        .unwrap();
    let all = total(&mut executor, &mapped.stream);
    for n in 0..50 {
        input.set(&mut executor, n);
        let _ = executor.cycle(Nanos(1));
    }
    let read = all.clone();
    run_until(&mut executor, || {
        read.latest().value().is_some_and(|all| all.len() == 50)
    });
    assert_eq!(all.value(), Some((0..50).map(|n| n * n).collect()));
    assert_eq!(lost.count(), 0);
}

#[test]
fn a_full_ring_to_a_thread_is_counted() {
    let mut executor = Executor::new();
    let mut input = input::<u64>(&mut executor);
    let lost = Lost::new();
    let (release, held) = std::sync::mpsc::sync_channel::<()>(1);
    let mapped = input
        .stream()
        .spawn_map(&mut executor, "stuck", 2, &lost, move |n| {
            let _ = held.recv();
            Some(n)
        })
        .unwrap();
    // The thread has at most one value in hand and two in its ring.
    for n in 0..10 {
        input.set(&mut executor, n);
        let _ = executor.cycle(Nanos(1));
    }
    assert!((7..=8).contains(&lost.count()), "{}", lost.count());
    drop((release, mapped));
}
