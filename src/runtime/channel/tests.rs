//! Tests of the channels: what is promised of each, alone and below a node.
#![allow(clippy::unwrap_used)]

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::*;
use crate::runtime::{
    Context, Control, Ended, ExecutionMode, Executor, Nanos, Node, NodeBuilder, RealtimeRuntime,
};

/// Runs one cycle, a nanosecond after the last.
fn cycle(executor: &mut Executor) {
    let _ = executor.cycle(Nanos(executor.now().0 + 1));
}

/// Runs cycles until nothing is left to do.
#[track_caller]
fn settle(executor: &mut Executor) {
    for _ in 0..10_000 {
        if executor.is_idle() {
            return;
        }
        cycle(executor);
    }
    panic!("the graph does not come to rest");
}

/// A wake-up with the number of its system calls.
fn counting_wake() -> (Arc<Wake>, Arc<AtomicUsize>) {
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    let wake = Wake::with_hook(move || {
        counted.fetch_add(1, Ordering::Relaxed);
    });
    (Arc::new(wake), count)
}

type Seen = Rc<RefCell<Vec<u64>>>;

/// A node that takes up to `count` messages a run and writes them down.
fn reader(
    executor: &mut Executor,
    capacity: usize,
    count: usize,
    seen: &Seen,
) -> (Node<()>, Sender<u64>) {
    let seen = Rc::clone(seen);
    NodeBuilder::new(()).build_with_channel(executor, capacity, move |(), _, receiver| {
        receiver.receive_chunk(count, |message| seen.borrow_mut().push(message));
        Control::Unchanged
    })
}

// One sender.

#[test]
fn a_chunk_is_received_in_order_and_leaves_the_rest() {
    let (mut sender, mut receiver) = channel(4, Arc::default());
    // Twice round the ring, so that chunks wrap.
    for start in [0, 3, 6, 9] {
        let sent = [start, start + 1, start + 2];
        assert!(sender.send_slice(&sent).is_empty());
        let mut got = Vec::new();
        assert_eq!(receiver.receive_chunk(2, |message| got.push(message)), 2);
        assert_eq!(receiver.receive_chunk(2, |message| got.push(message)), 1);
        assert_eq!(receiver.receive_chunk(2, |message| got.push(message)), 0);
        assert_eq!(got, sent);
    }
}

#[test]
fn a_rejected_message_comes_back_and_is_counted() {
    let (mut sender, mut receiver) = channel(2, Arc::default());
    assert!(sender.try_send("a").is_ok() && sender.try_send("b").is_ok());
    assert_eq!(sender.try_send("c"), Err(TrySendError::Full("c")));
    assert_eq!(sender.try_send("c"), Err(TrySendError::Full("c")));
    assert_eq!(sender.rejected_count(), 2);
    assert_eq!(receiver.try_receive(), Ok("a"));
    assert_eq!(sender.try_send("c"), Ok(()));
    assert_eq!(sender.rejected_count(), 2);
}

#[test]
fn a_blocking_send_waits_for_room_and_ends_with_the_receiver() {
    let (mut sender, mut receiver) = channel(1, Arc::default());
    let producer = std::thread::spawn(move || {
        for number in 0..1_000 {
            sender.blocking_send(number).unwrap();
        }
        let mut number = 1_000;
        // The receiver is gone at some time: the ring of one takes one at most before that.
        while sender.blocking_send(number).is_ok() {
            number += 1;
        }
        (number, sender.rejected_count())
    });
    let mut next = 0;
    while next < 1_000 {
        if let Ok(number) = receiver.try_receive() {
            assert_eq!(number, next);
            next += 1;
        } else {
            std::thread::yield_now();
        }
    }
    drop(receiver);
    let (last, rejected) = producer.join().unwrap();
    assert!(last <= 1_001 && rejected == 0, "waiting is no rejection");
}

#[test]
fn what_was_sent_before_the_end_is_received_before_the_end() {
    let (mut sender, mut receiver) = channel(4, Arc::default());
    assert!(sender.send_slice(&[1, 2]).is_empty());
    sender.close();
    assert!(!receiver.is_closed());
    assert_eq!(receiver.try_receive(), Ok(1));
    assert_eq!(receiver.try_receive(), Ok(2));
    assert!(receiver.is_closed());
    assert_eq!(receiver.try_receive(), Err(TryReceiveError::Closed));
}

#[test]
fn a_receiver_that_closes_still_gets_what_was_sent() {
    let (mut sender, mut receiver) = channel(4, Arc::default());
    assert!(sender.send_slice(&[1, 2]).is_empty());
    receiver.close();
    assert!(sender.is_closed());
    assert_eq!(sender.try_send(3), Err(TrySendError::Closed(3)));
    assert_eq!(sender.blocking_send(3), Err(Closed(3)));
    assert_eq!(sender.send_slice(&[3]), [3]);
    assert_eq!(receiver.try_receive(), Ok(1));
    assert_eq!(receiver.try_receive(), Ok(2));
    assert_eq!(receiver.try_receive(), Err(TryReceiveError::Closed));
}

#[test]
fn a_node_that_closes_its_channel_is_told_the_end_once() {
    let mut ex = Executor::new();
    let runs = Rc::new(Cell::new(0));
    let count = Rc::clone(&runs);
    let (_node, mut sender) =
        NodeBuilder::new(()).build_with_channel::<u64, _>(&mut ex, 4, move |(), _, receiver| {
            count.set(count.get() + 1);
            let _ = receiver.try_receive();
            receiver.close();
            Control::Unchanged
        });
    sender.try_send(1).unwrap();
    settle(&mut ex);
    drop(sender);
    settle(&mut ex);
    assert_eq!(runs.get(), 2, "the message and the end");
}

// The wake-up.

#[test]
fn a_hundred_sends_to_a_sleeper_are_one_system_call() {
    let (wake, calls) = counting_wake();
    let (mut one, receiver) = channel(100, Arc::clone(&wake));
    let (handle, mut many) = channel_many(2, 100, Arc::clone(&wake));
    let (mut two, mut three) = (handle.add_sender().unwrap(), handle.add_sender().unwrap());
    let (mut latest, newest) = overwriting_channel(1, Arc::clone(&wake));
    assert_eq!(calls.load(Ordering::Relaxed), 0);
    many.before_run();
    let slept = wake.park(
        || !receiver.is_empty() || !many.is_empty() || !newest.is_empty(),
        || {
            for number in 0..100 {
                one.try_send(number).unwrap();
                two.try_send(number).unwrap();
                latest.send(number).unwrap();
            }
            assert!(three.send_slice(&[1; 100]).is_empty());
            wake.wake();
        },
    );
    assert!(slept.is_some());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[test]
fn a_spinning_consumer_costs_no_system_call() {
    let (wake, calls) = counting_wake();
    let (mut sender, mut receiver) = channel(1, Arc::clone(&wake));
    for number in 0..100 {
        sender.try_send(number).unwrap();
        assert_eq!(receiver.try_receive(), Ok(number));
    }
    drop(sender);
    assert_eq!(calls.load(Ordering::Relaxed), 0);
}

#[test]
fn a_consumer_with_work_does_not_sleep_and_each_sleep_is_woken_anew() {
    let (wake, calls) = counting_wake();
    let (mut sender, mut receiver) = channel(8, Arc::clone(&wake));
    sender.try_send(0).unwrap();
    let sleep = || panic!("there is work");
    assert!(wake.park(|| !receiver.is_empty(), sleep).is_none());
    assert_eq!(receiver.try_receive(), Ok(0));
    for number in 1..=3 {
        let sleep = || sender.try_send(number).unwrap();
        assert!(wake.park(|| !receiver.is_empty(), sleep).is_some());
        assert_eq!(receiver.try_receive(), Ok(number));
    }
    assert_eq!(calls.load(Ordering::Relaxed), 3);
}

#[test]
fn the_end_of_a_stream_wakes_a_sleeper() {
    let (wake, calls) = counting_wake();
    let (sender, receiver) = channel::<u8>(1, Arc::clone(&wake));
    let mut sender = Some(sender);
    let slept = wake.park(|| receiver.is_closed(), || drop(sender.take()));
    assert!(slept.is_some() && receiver.is_closed());
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

// Overwriting.

#[test]
fn the_newest_messages_are_kept_and_the_lost_ones_counted() {
    let (mut sender, mut receiver) = overwriting_channel(3, Arc::default());
    for number in 0..10 {
        sender.send(number).unwrap();
    }
    assert_eq!((sender.sent_count(), sender.lost_count()), (10, 7));
    assert_eq!((receiver.len(), receiver.lost_count()), (3, 0));
    let mut got = Vec::new();
    assert_eq!(receiver.receive_chunk(9, |number| got.push(number)), 3);
    assert_eq!(got, [7, 8, 9]);
    assert_eq!(
        (receiver.lost_count(), receiver.overwritten_count()),
        (7, 7)
    );
    assert_eq!(receiver.try_receive(), Err(TryReceiveError::Empty));
    sender.close();
    assert_eq!(receiver.try_receive(), Err(TryReceiveError::Closed));
}

#[test]
fn what_was_received_is_never_counted_as_lost() {
    let (mut sender, mut receiver) = overwriting_channel(4, Arc::default());
    let (mut received, mut next) = (0, 0);
    // Every mixture of how many are sent and received in a row.
    for step in 0..500_u64 {
        for _ in 0..step % 7 {
            sender.send(sender.sent_count()).unwrap();
        }
        for _ in 0..step % 5 {
            if let Ok(number) = receiver.try_receive() {
                assert!(number >= next);
                (next, received) = (number + 1, received + 1);
            }
        }
        let waiting = receiver.len() as u64;
        assert_eq!(
            sender.sent_count(),
            received + sender.lost_count() + waiting
        );
        assert!(waiting == 4 || receiver.lost_count() <= sender.lost_count());
    }
    assert!(sender.lost_count() > 0 && received > 0);
}

#[test]
fn a_channel_of_one_holds_the_latest_value() {
    let (mut sender, mut receiver) = overwriting_channel(0, Arc::default());
    for number in 0..5 {
        sender.send(number).unwrap();
    }
    assert_eq!(receiver.try_receive(), Ok(4));
    assert_eq!(receiver.lost_count(), 4);
    drop(receiver);
    assert_eq!(sender.send(9), Err(Closed(9)));
}

#[test]
fn overwritten_messages_are_dropped_once() {
    let alive = Arc::new(());
    let (mut sender, mut receiver) = overwriting_channel(2, Arc::default());
    for _ in 0..5 {
        sender.send(Arc::clone(&alive)).unwrap();
    }
    assert_eq!(Arc::strong_count(&alive), 3);
    drop(receiver.try_receive());
    assert_eq!(Arc::strong_count(&alive), 2);
    drop((sender, receiver));
    assert_eq!(Arc::strong_count(&alive), 1);
}

/// A fast sender against a receiver that rests now and then: the counts are exact at the end.
fn overwrite_between_threads(capacity: usize) {
    const COUNT: u64 = 200_000;
    let (mut sender, mut receiver) = overwriting_channel(capacity, Arc::default());
    let producer = std::thread::spawn(move || {
        for number in 0..COUNT {
            sender.send(number).unwrap();
            if number % 1_000 == 0 {
                std::thread::yield_now();
            }
        }
        sender.lost_count()
    });
    let (mut received, mut last) = (0, None);
    loop {
        match receiver.try_receive() {
            Ok(number) => {
                assert!(last.is_none_or(|last| last < number));
                (received, last) = (received + 1, Some(number));
                assert_eq!(number + 1, received + receiver.lost_count());
            }
            Err(TryReceiveError::Empty) => std::thread::yield_now(),
            Err(TryReceiveError::Closed) => break,
        }
    }
    let lost = producer.join().unwrap();
    assert_eq!((last, received + lost), (Some(COUNT - 1), COUNT));
    assert_eq!(receiver.lost_count(), lost);
}

#[test]
fn sent_is_received_and_lost_between_threads() {
    for capacity in [1, 2, 7, 64] {
        overwrite_between_threads(capacity);
    }
}

#[test]
fn a_node_reads_the_newest_and_is_told_the_end() {
    let mut ex = Executor::new();
    let (node, mut sender) = NodeBuilder::new((Vec::new(), 0, false))
        .build_with_overwriting_channel(
            &mut ex,
            2,
            |(got, lost, ended): &mut (Vec<u64>, u64, bool), _, receiver| {
                match receiver.try_receive() {
                    Ok(number) => got.push(number),
                    Err(error) => *ended = error == TryReceiveError::Closed,
                }
                *lost = receiver.lost_count();
                Control::Unchanged
            },
        );
    assert!(ex.is_idle());
    for number in 0..5 {
        sender.send(number).unwrap();
    }
    settle(&mut ex);
    assert_eq!(*node.borrow(), (vec![3, 4], 3, false));
    sender.close();
    settle(&mut ex);
    assert_eq!(*node.borrow(), (vec![3, 4], 3, true));
}

// Many senders.

#[test]
fn senders_take_turns_in_the_order_in_which_they_were_added() {
    let (handle, mut receiver) = channel_many(3, 8, Arc::default());
    let mut senders: Vec<_> = (0..3).map(|_| handle.add_sender().unwrap()).collect();
    for (index, messages) in [(0, 4), (1, 1), (2, 2)] {
        for number in 0..messages {
            senders[index].try_send((index, number)).unwrap();
        }
    }
    let mut got = Vec::new();
    while let Ok(message) = receiver.try_receive() {
        got.push(message);
    }
    assert_eq!(
        got,
        [(0, 0), (1, 0), (2, 0), (0, 1), (2, 1), (0, 2), (0, 3)]
    );
}

#[test]
fn a_chunk_is_shared_out_evenly() {
    let (handle, mut receiver) = channel_many(3, 100, Arc::default());
    let mut senders: Vec<_> = (0..3).map(|_| handle.add_sender().unwrap()).collect();
    for (index, sender) in senders.iter_mut().enumerate() {
        let count = if index == 1 { 1 } else { 100 };
        assert!(sender.send_slice(&vec![index; count]).is_empty());
    }
    let mut got = Vec::new();
    assert_eq!(receiver.receive_chunk(9, |index| got.push(index)), 9);
    assert_eq!(got, [0, 0, 0, 1, 2, 2, 2, 0, 0]);
    got.clear();
    assert_eq!(receiver.receive_chunk(6, |index| got.push(index)), 6);
    assert_eq!(
        got,
        [2, 2, 0, 0, 2, 2],
        "the round goes on where it stopped"
    );
}

#[test]
fn senders_come_and_go_up_to_their_number() {
    let mut ex = Executor::new();
    let seen = Seen::default();
    let write = Rc::clone(&seen);
    let (node, handle) = NodeBuilder::new(false).build_with_channels(
        &mut ex,
        2,
        4,
        move |ended, _, receiver: &mut MultiReceiver<u64>| {
            loop {
                match receiver.try_receive() {
                    Ok(message) => write.borrow_mut().push(message),
                    Err(error) => {
                        *ended = error == TryReceiveError::Closed;
                        return Control::Unchanged;
                    }
                }
            }
        },
    );
    let (mut one, mut two) = (handle.add_sender().unwrap(), handle.add_sender().unwrap());
    assert_eq!(handle.add_sender().err(), Some(AddSenderError::TooMany));
    one.try_send(1).unwrap();
    two.try_send(2).unwrap();
    one.close();
    settle(&mut ex);
    // While the graph is alive, from another thread, in the place of the one that went.
    let clone = handle.clone();
    let three = std::thread::spawn(move || {
        let mut three = clone.add_sender().unwrap();
        three.try_send(3).unwrap();
        three
    });
    let three = three.join().unwrap();
    assert_eq!(handle.add_sender().err(), Some(AddSenderError::TooMany));
    settle(&mut ex);
    assert_eq!(*seen.borrow(), [1, 2, 3]);
    drop((two, three));
    settle(&mut ex);
    assert!(!*node.borrow(), "the handle may add another");
    handle.add_sender().unwrap().try_send(4).unwrap();
    drop(handle);
    settle(&mut ex);
    assert_eq!((&*seen.borrow(), *node.borrow()), (&vec![1, 2, 3, 4], true));
}

#[test]
fn senders_of_a_removed_node_learn_of_it() {
    let mut ex = Executor::new();
    let (node, handle) =
        NodeBuilder::new(()).build_with_channels::<u64, _>(&mut ex, 2, 1, |(), _, _| false.into());
    let mut sender = handle.add_sender().unwrap();
    ex.sweep(&node);
    assert_eq!(sender.try_send(1), Err(TrySendError::Closed(1)));
    assert_eq!(handle.add_sender().err(), Some(AddSenderError::Closed));
    assert!(handle.is_closed() && ex.is_idle());
}

#[test]
fn nothing_of_many_threads_is_lost_while_the_graph_parks() {
    const SENDERS: u64 = 4;
    const COUNT: u64 = 5_000;
    let mut rt = RealtimeRuntime::new(ExecutionMode::Park);
    let (node, handle) = NodeBuilder::new([0; SENDERS as usize]).build_with_channels(
        rt.executor(),
        SENDERS as usize,
        16,
        |next: &mut [u64; SENDERS as usize], _, receiver: &mut MultiReceiver<(u64, u64)>| {
            receiver.receive_chunk(64, |(sender, number)| {
                assert_eq!(number, next[sender as usize]);
                next[sender as usize] += 1;
            });
            if receiver.is_closed() {
                Control::Terminate
            } else {
                Control::Unchanged
            }
        },
    );
    let threads: Vec<_> = (0..SENDERS)
        .map(|index| {
            let handle = handle.clone();
            std::thread::spawn(move || {
                let mut sender = handle.add_sender().unwrap();
                for number in 0..COUNT {
                    sender.blocking_send((index, number)).unwrap();
                    if number % 500 == 0 {
                        std::thread::sleep(Duration::from_micros(300));
                    }
                }
            })
        })
        .collect();
    drop(handle);
    assert_eq!(rt.run_forever().unwrap(), Ended::Terminated);
    for thread in threads {
        thread.join().unwrap();
    }
    assert_eq!(*node.borrow(), [COUNT; SENDERS as usize]);
}

// Pools.

#[test]
fn an_empty_pool_is_an_error_until_a_loan_comes_home() {
    let pool = Pool::new(2, |number| vec![number as u8]);
    assert_eq!((pool.capacity(), pool.available()), (2, 2));
    let (one, two) = (pool.loan().unwrap(), pool.loan().unwrap());
    assert_eq!((&**one, &**two), (&[0_u8][..], &[1_u8][..]));
    assert_eq!(pool.loan().err(), Some(PoolEmpty));
    drop(two);
    assert_eq!(**pool.loan().unwrap(), [1]);
    drop(one);
    assert_eq!(pool.available(), 2);
}

#[test]
fn a_loan_that_was_not_sent_comes_home() {
    let pool = Pool::new(1, |_| 0_u64);
    let (mut sender, receiver) = channel(1, Arc::default());
    drop(receiver);
    assert!(sender.try_send(pool.loan().unwrap()).is_err());
    assert_eq!(pool.available(), 1);
    // Loans left in a channel come home with it.
    let (mut sender, receiver) = channel(1, Arc::default());
    sender.try_send(pool.loan().unwrap()).unwrap();
    assert_eq!(pool.available(), 0);
    drop((sender, receiver));
    assert_eq!(pool.available(), 1);
}

#[test]
fn a_pool_of_more_than_a_word_lends_each_value_once() {
    let pool = Pool::new(130, |number| number);
    let loans: Vec<_> = (0..130).map(|_| pool.loan().unwrap()).collect();
    assert!(loans.iter().map(|loan| **loan).eq(0..130));
    assert!(pool.loan().is_err());
    // A loan may outlive its pool.
    drop(pool);
    assert_eq!(*loans[129], 129);
    assert!(Pool::new(0, |_| 0).loan().is_err());
    assert_eq!(Pool::new(64, |_| 0).available(), 64);
}

#[test]
fn loans_go_round_between_threads_without_a_copy() {
    const COUNT: u64 = 2_000;
    let mut rt = RealtimeRuntime::new(ExecutionMode::Spin);
    let pool = Pool::of_boxes(
        (0..4)
            .map(|_| vec![0_u64; 512].into_boxed_slice().into())
            .collect(),
    );
    let lent: Pool<Box<[u64]>> = pool.clone();
    let (node, mut sender) = NodeBuilder::new(0).build_with_channel(
        rt.executor(),
        8,
        |next, _: &mut Context<'_>, receiver: &mut Receiver<Loan<Box<[u64]>>>| {
            receiver.receive_chunk(8, |loan| {
                assert!(loan.iter().all(|word| word == next));
                *next += 1;
            });
            if receiver.is_closed() {
                Control::Terminate
            } else {
                Control::Unchanged
            }
        },
    );
    let producer = std::thread::spawn(move || {
        let mut number = 0;
        while number < COUNT {
            let Ok(mut loan) = lent.loan() else {
                std::thread::yield_now();
                continue;
            };
            loan.fill(number);
            sender.blocking_send(loan).unwrap();
            number += 1;
        }
    });
    assert_eq!(rt.run_forever().unwrap(), Ended::Terminated);
    producer.join().unwrap();
    assert_eq!((*node.borrow(), pool.available()), (COUNT, 4));
}

// Notifiers and many channels.

#[test]
fn defect_02_no_notification_is_lost_however_many_are_in_flight() {
    let mut ex = Executor::new();
    let runs = Rc::new(RefCell::new(vec![0; 1_000]));
    let (nodes, notifiers): (Vec<_>, Vec<_>) = (0..1_000)
        .map(|index| {
            let runs = Rc::clone(&runs);
            NodeBuilder::new(()).build_with_notifier(&mut ex, move |(), _| {
                runs.borrow_mut()[index] += 1;
                Control::Unchanged
            })
        })
        .unzip();
    settle(&mut ex);
    // 100,000 notifications before the graph looks once.
    for _ in 0..100 {
        notifiers.iter().for_each(Notifier::notify);
    }
    cycle(&mut ex);
    assert!(runs.borrow().iter().all(|&runs| runs == 1));
    assert!(ex.is_idle());
    notifiers[999].notify();
    assert!(!ex.is_idle());
    settle(&mut ex);
    assert_eq!(runs.borrow()[999], 2);
    drop(nodes);
}

#[test]
fn defect_11_a_thousand_ready_channels_are_all_seen_in_one_cycle_in_their_order() {
    let mut ex = Executor::new();
    let seen = Seen::default();
    let (_nodes, mut senders): (Vec<_>, Vec<_>) =
        (0..1_000).map(|_| reader(&mut ex, 4, 1, &seen)).unzip();
    for round in 0..3 {
        // Sent in another order than built; two by every tenth.
        for (number, sender) in senders.iter_mut().enumerate().rev() {
            sender.try_send(number as u64).unwrap();
            if number % 10 == 0 {
                sender.try_send(number as u64).unwrap();
            }
        }
        cycle(&mut ex);
        assert!(seen.take().into_iter().eq(0..1_000), "round {round}");
        cycle(&mut ex);
        assert!(seen.take().into_iter().eq((0..1_000).step_by(10)));
        assert!(ex.is_idle());
    }
}

/// All that is sent is seen in the next cycle, by `count` channels of which some come and go.
#[track_caller]
fn check_places(count: usize) {
    let mut ex = Executor::new();
    let seen = Seen::default();
    let (mut nodes, mut senders): (Vec<_>, Vec<_>) =
        (0..count).map(|_| reader(&mut ex, 4, 4, &seen)).unzip();
    for step in 0..3 * count {
        let at = step * 7 % senders.len();
        senders[at].try_send(step as u64).unwrap();
        cycle(&mut ex);
        assert_eq!(seen.take(), [step as u64], "{count} channels, step {step}");
        assert!(ex.is_idle());
        if step % 3 == 0 {
            // The sender outlives its node and may go on calling.
            nodes.swap_remove(at);
            cycle(&mut ex);
            let mut old = senders.swap_remove(at);
            assert!(old.try_send(0).is_err());
            drop(old);
            let (node, sender) = reader(&mut ex, 4, 4, &seen);
            nodes.push(node);
            senders.push(sender);
        }
    }
    // Down to one, through the change from bits to looks.
    while nodes.len() > 1 {
        nodes.remove(0);
        senders.remove(0);
        cycle(&mut ex);
        senders[0].try_send(1).unwrap();
        cycle(&mut ex);
        assert_eq!(seen.take(), [1], "{} channels left", nodes.len());
    }
    // And up again.
    for _ in 0..count {
        let (node, sender) = reader(&mut ex, 4, 4, &seen);
        nodes.push(node);
        senders.push(sender);
        senders[0].try_send(2).unwrap();
        cycle(&mut ex);
        assert_eq!(seen.take(), [2]);
    }
}

#[test]
fn channels_come_and_go_without_one_being_overlooked() {
    for count in [2, 15, 16, 17, 64, 65, 600] {
        check_places(count);
    }
}

#[test]
fn channels_among_many_are_told_their_end_once() {
    let mut ex = Executor::new();
    let runs = Rc::new(Cell::new(0));
    let (_nodes, senders): (Vec<_>, Vec<_>) = (0..100)
        .map(|_| {
            let runs = Rc::clone(&runs);
            NodeBuilder::new(()).build_with_channel::<u64, _>(&mut ex, 1, move |(), _, _| {
                runs.set(runs.get() + 1);
                Control::Unchanged
            })
        })
        .unzip();
    settle(&mut ex);
    drop(senders);
    cycle(&mut ex);
    assert_eq!(runs.get(), 100);
    assert!(ex.is_idle());
}

#[test]
fn a_parked_graph_of_many_channels_loses_nothing() {
    const CHANNELS: usize = 40;
    const COUNT: u64 = 500;
    let mut rt = RealtimeRuntime::new(ExecutionMode::Park);
    let left = Rc::new(Cell::new(CHANNELS));
    let (_nodes, senders): (Vec<_>, Vec<_>) = (0..CHANNELS)
        .map(|_| {
            let left = Rc::clone(&left);
            NodeBuilder::new(0).build_with_channel(rt.executor(), 8, move |next, _, receiver| {
                receiver.receive_chunk(8, |number: u64| {
                    assert_eq!(number, *next);
                    *next += 1;
                });
                if receiver.is_closed() && *next == COUNT {
                    *next += 1;
                    left.set(left.get() - 1);
                }
                if left.get() == 0 {
                    Control::Terminate
                } else {
                    Control::Unchanged
                }
            })
        })
        .unzip();
    let start = crate::sys::clock::instant_now();
    let mut senders = senders;
    let threads = [10, 10, 20].map(|count| {
        let mut senders: Vec<Sender<u64>> = senders.drain(..count).collect();
        std::thread::spawn(move || {
            for number in 0..COUNT {
                for sender in &mut senders {
                    sender.blocking_send(number).unwrap();
                }
                if number % 50 == 0 {
                    std::thread::sleep(Duration::from_micros(300));
                }
            }
        })
    });
    assert_eq!(rt.run_forever().unwrap(), Ended::Terminated);
    for thread in threads {
        thread.join().unwrap();
    }
    // A lost wake-up would cost a full park (100 ms) each time.
    assert!(start.elapsed() < Duration::from_secs(20));
}
