//! Once built and warm, no way from a thread into the graph asks for memory: not to send, not to run the node, not to
//! receive, and not to drop.
#![allow(clippy::unwrap_used)]

#[path = "common/counting.rs"]
mod counting;

use waveletd::runtime::{
    Control, Executor, Loan, MultiReceiver, Nanos, NodeBuilder, OverwritingReceiver, Pool, Receiver,
};

#[global_allocator]
static ALLOCATOR: counting::Counting = counting::Counting;

/// Runs `step` until warm, then often, and counts what it asks for. The number of the step is its argument.
#[track_caller]
fn check(what: &str, mut step: impl FnMut(u64)) {
    for number in 0..1_000 {
        step(number);
    }
    let before = counting::calls();
    for number in 1_000..11_000 {
        step(number);
    }
    let count = counting::calls() - before;
    assert_eq!(count, 0, "{what}: calls of the allocator");
}

fn cycle(executor: &mut Executor, number: u64) {
    let _ = executor.cycle(Nanos(number));
}

#[test]
fn a_channel_allocates_nothing_once_built() {
    let mut ex = Executor::new();
    let (node, mut sender) = NodeBuilder::new(0).build_with_channel(
        &mut ex,
        64,
        |sum: &mut u64, _, receiver: &mut Receiver<u64>| {
            receiver.receive_chunk(64, |message| *sum += message);
            Control::Broadcast
        },
    );
    check("channel", |number| {
        sender.try_send(number).unwrap();
        assert!(sender.send_slice(&[number; 7]).is_empty());
        cycle(&mut ex, number);
    });
    assert_eq!(*node.borrow(), (0..11_000).sum::<u64>() * 8);
}

#[test]
fn a_thousand_channels_allocate_nothing_once_built() {
    let mut ex = Executor::new();
    let (nodes, mut senders): (Vec<_>, Vec<_>) = (0..1_000)
        .map(|_| {
            NodeBuilder::new(0).build_with_channel(
                &mut ex,
                4,
                |count: &mut u64, _, receiver: &mut Receiver<u64>| {
                    *count += receiver.receive_chunk(4, |_| ()) as u64;
                    Control::Unchanged
                },
            )
        })
        .unzip();
    check("a thousand channels", |number| {
        for at in 0..10 {
            let at = (number * 37 + at * 101) % 1_000;
            senders[at as usize].try_send(number).unwrap();
        }
        cycle(&mut ex, number);
    });
    assert_eq!(
        nodes.iter().map(|node| *node.borrow()).sum::<u64>(),
        110_000
    );
}

#[test]
fn a_channel_of_many_senders_allocates_nothing_once_they_are_added() {
    let mut ex = Executor::new();
    let (node, handle) = NodeBuilder::new(0).build_with_channels(
        &mut ex,
        8,
        16,
        |count: &mut u64, _, receiver: &mut MultiReceiver<u64>| {
            *count += receiver.receive_chunk(64, |_| ()) as u64;
            Control::Unchanged
        },
    );
    let mut senders: Vec<_> = (0..8).map(|_| handle.add_sender().unwrap()).collect();
    check("many senders", |number| {
        for sender in &mut senders {
            sender.try_send(number).unwrap();
        }
        cycle(&mut ex, number);
    });
    assert_eq!(*node.borrow(), 88_000);
}

#[test]
fn overwriting_allocates_nothing() {
    let mut ex = Executor::new();
    let (node, mut sender) = NodeBuilder::new(0).build_with_overwriting_channel(
        &mut ex,
        4,
        |count: &mut u64, _, receiver: &mut OverwritingReceiver<u64>| {
            *count += receiver.receive_chunk(64, |_| ()) as u64;
            Control::Unchanged
        },
    );
    check("overwriting", |number| {
        for _ in 0..number % 10 {
            sender.send(number).unwrap();
        }
        cycle(&mut ex, number);
    });
    assert_eq!(*node.borrow() + sender.lost_count(), sender.sent_count());
}

#[test]
fn lending_allocates_nothing() {
    let mut ex = Executor::new();
    let pool: Pool<Box<[u8]>> = Pool::of_boxes(
        (0..4)
            .map(|_| vec![0_u8; 1 << 16].into_boxed_slice().into())
            .collect(),
    );
    let (node, mut sender) = NodeBuilder::new(0).build_with_channel(
        &mut ex,
        8,
        |sum: &mut u64, _, receiver: &mut Receiver<Loan<Box<[u8]>>>| {
            receiver.receive_chunk(8, |loan| *sum += loan.len() as u64);
            Control::Unchanged
        },
    );
    let texts = Pool::new(2, |_| Vec::with_capacity(100));
    check("pools", |number| {
        for _ in 0..4 {
            let mut loan = pool.loan().unwrap();
            loan[0] = number as u8;
            sender.try_send(loan).unwrap();
        }
        assert!(pool.loan().is_err());
        let mut text = texts.loan().unwrap();
        text.clear();
        text.extend_from_slice(&[b'x'; 99]);
        cycle(&mut ex, number);
        assert_eq!(pool.available(), 4);
    });
    assert_eq!(*node.borrow(), 11_000 * 4 * (1 << 16));
}

#[test]
fn notifying_allocates_nothing() {
    let mut ex = Executor::new();
    let (node, notifier) = NodeBuilder::new(0).build_with_notifier(&mut ex, |runs: &mut u64, _| {
        *runs += 1;
        Control::Unchanged
    });
    check("notifier", |number| {
        notifier.notify();
        notifier.notify();
        cycle(&mut ex, number);
    });
    assert_eq!(*node.borrow(), 11_000);
}

#[test]
fn a_graph_with_timers_and_streams_allocates_nothing_once_warm() {
    use std::time::Duration;
    use waveletd::runtime::{Pipe, Stream, nodes, steps, steps::statistics};

    let mut ex = Executor::new();
    let mut input = nodes::input::<f64>(&mut ex);
    let numbers = input.stream().clone();
    let ticks = nodes::ticker(&mut ex, Duration::from_nanos(7));
    let smooth = numbers.step(&mut ex, statistics::rolling_mean(16));
    let late: Stream<f64> = smooth.step(&mut ex, steps::throttle(Duration::from_nanos(5)));
    let pipe = Pipe::new(steps::map(|n: &f64| n * 2.0)).then(steps::distinct());
    let _last = late.step(&mut ex, pipe);
    check("a graph", |number| {
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        input.set(&mut ex, number as f64);
        cycle(&mut ex, number);
    });
    assert!(ticks.is_valid() && ex.runs_count() > 10_000);
}
