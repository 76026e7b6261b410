//! Every interleaving of the parts two threads share, by the model checker.
//!
//! ```text
//! RUSTFLAGS="--cfg loom" cargo test --no-default-features --lib loom_
//! ```
//!
//! The wake-up, the bits of ready channels, the overwriting ring, the pool and the notifier are
//! the code itself. The ring of `rtrb` cannot be run here; [`Slots`] has its protocol: a release
//! of the count after the slot, an acquire of the count before it. A wake-up that is lost leaves
//! its consumer asleep, which the checker reports as a deadlock.
#![allow(clippy::unwrap_used)]

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use loom::model::Builder;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::thread;

use super::ready::PLACES_DIRECT;
use super::*;
use crate::runtime::node::NodeId;

const SLOTS: usize = 4;

/// A ring of one producer that never goes round.
struct Slots {
    values: [AtomicUsize; SLOTS],
    count: AtomicUsize,
    ended: AtomicBool,
}

impl Slots {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            values: std::array::from_fn(|_| AtomicUsize::new(0)),
            count: AtomicUsize::new(0),
            ended: AtomicBool::new(false),
        })
    }

    fn push(&self, value: usize) {
        let count = self.count.load(Ordering::Relaxed);
        self.values[count].store(value, Ordering::Relaxed);
        self.count.store(count + 1, Ordering::Release);
    }

    fn end(&self) {
        self.ended.store(true, Ordering::Release);
    }

    fn waiting(&self, read: usize) -> usize {
        self.count.load(Ordering::Acquire) - read
    }

    fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }
}

/// Runs every interleaving and says how many there were.
fn explore(name: &str, preemptions_max: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let count = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let counted = Arc::clone(&count);
    let mut builder = Builder::new();
    builder.preemption_bound = preemptions_max;
    builder.check(move || {
        counted.fetch_add(1, Ordering::Relaxed);
        model();
    });
    let count = count.load(Ordering::Relaxed);
    println!("{name}: {count} interleavings, preemptions at most {preemptions_max:?}");
}

/// A wake-up that ends the sleep of the thread that calls this.
fn wake_of_this_thread() -> Arc<Wake> {
    let consumer = thread::current();
    Arc::new(Wake::with_hook(move || consumer.unpark()))
}

#[test]
fn loom_one_producer_always_wakes_a_consumer_that_parks() {
    explore("one producer", None, || {
        let (wake, ring) = (wake_of_this_thread(), Slots::new());
        let producer = {
            let (bell, ring) = (Bell::new(Arc::clone(&wake)), Arc::clone(&ring));
            thread::spawn(move || {
                for value in 1..=2 {
                    ring.push(value);
                    bell.ring();
                }
            })
        };
        let mut read = 0;
        while read < 2 {
            while ring.waiting(read) > 0 {
                assert_eq!(ring.values[read].load(Ordering::Relaxed), read + 1);
                read += 1;
            }
            if read < 2 {
                let _ = wake.park(|| ring.waiting(read) > 0, thread::park);
            }
        }
        producer.join().unwrap();
    });
}

#[test]
fn loom_two_producers_always_wake_a_consumer_that_parks() {
    explore("two producers", Some(5), || {
        let wake = wake_of_this_thread();
        let rings = [Slots::new(), Slots::new()];
        let producers = rings.clone().map(|ring| {
            let bell = Bell::new(Arc::clone(&wake));
            thread::spawn(move || {
                ring.push(1);
                bell.ring();
            })
        });
        let mut read = [0, 0];
        while read != [1, 1] {
            for (ring, read) in rings.iter().zip(&mut read) {
                *read += ring.waiting(*read);
            }
            if read != [1, 1] {
                let is_ready = || {
                    rings
                        .iter()
                        .zip(read)
                        .any(|(ring, read)| ring.waiting(read) > 0)
                };
                let _ = wake.park(is_ready, thread::park);
            }
        }
        for producer in producers {
            producer.join().unwrap();
        }
    });
}

#[test]
fn loom_an_end_always_wakes_a_consumer_that_parks() {
    explore("close against park", None, || {
        let (wake, ring) = (wake_of_this_thread(), Slots::new());
        let producer = {
            let (bell, ring) = (Bell::new(Arc::clone(&wake)), Arc::clone(&ring));
            thread::spawn(move || {
                ring.push(1);
                bell.ring();
                ring.end();
                bell.ring();
            })
        };
        let mut read = 0;
        loop {
            let ended = ring.has_ended();
            read += ring.waiting(read);
            if ended {
                break;
            }
            let _ = wake.park(|| ring.waiting(read) > 0 || ring.has_ended(), thread::park);
        }
        assert_eq!(read, 1, "what was sent before the end is there at the end");
        producer.join().unwrap();
    });
}

/// A channel of an executor: the ring, and how far it was read.
struct Channel {
    ring: Arc<Slots>,
    read: RefCell<usize>,
}

impl HasWork for Channel {
    fn has_work(&self) -> bool {
        self.ring.waiting(*self.read.borrow()) > 0
    }
}

struct Idle;

impl HasWork for Idle {
    fn has_work(&self) -> bool {
        false
    }
}

fn node(index: usize) -> NodeId {
    NodeId {
        index: u32::try_from(index).unwrap(),
        generation: 0,
    }
}

/// One producer of a channel with a bit, a consumer that parks whenever it finds nothing.
fn bits_model(arm_late: bool, messages: usize) {
    let (wake, ring) = (wake_of_this_thread(), Slots::new());
    let mut ready = Ready::default();
    let channel = Rc::new(Channel {
        ring: Arc::clone(&ring),
        read: RefCell::new(0),
    });
    let fill = |ready: &mut Ready| {
        for index in 1..=PLACES_DIRECT {
            ready.add(&wake, node(index), Rc::new(Idle));
        }
    };
    let mut bell = Bell::new(Arc::clone(&wake));
    bell.set_mark(Some(ready.add(&wake, node(0), channel.clone())));
    if !arm_late {
        fill(&mut ready);
        // The bits raised for the change go down before the model begins.
        ready.drain(|_| {});
    }
    let producer = thread::spawn(move || {
        for value in 1..=messages {
            ring.push(value);
            bell.ring();
        }
    });
    if arm_late {
        fill(&mut ready);
    }
    while *channel.read.borrow() < messages {
        let mut found = false;
        ready.drain(|_| found = true);
        if found {
            let read = *channel.read.borrow();
            let waiting = channel.ring.waiting(read);
            assert!(waiting > 0, "a node is run for work only");
            *channel.read.borrow_mut() += waiting;
        } else {
            let _ = wake.park(|| ready.any(|_| true), thread::park);
        }
    }
    producer.join().unwrap();
}

#[test]
fn loom_no_ready_channel_is_overlooked() {
    explore("bits", Some(4), || bits_model(false, 2));
}

#[test]
fn loom_no_ready_channel_is_overlooked_as_bits_come_into_use() {
    explore("bits come into use", Some(3), || bits_model(true, 1));
}

/// `sent` messages into a ring of `capacity`: in order, the newest kept, the counts exact.
fn overwrite_model(capacity: usize, sent: u64, early_receives: usize) {
    let wake = wake_of_this_thread();
    let (mut sender, mut receiver) = overwriting_channel::<u64>(capacity, Arc::clone(&wake));
    let producer = thread::spawn(move || {
        for number in 0..sent {
            sender.send(number).unwrap();
        }
        sender.lost_count()
    });
    let mut received = Vec::new();
    for _ in 0..early_receives {
        received.extend(receiver.try_receive());
    }
    let lost_by_sender = producer.join().unwrap();
    while let Ok(number) = receiver.try_receive() {
        received.push(number);
    }
    assert_eq!(receiver.try_receive(), Err(TryReceiveError::Closed));
    assert!(received.is_sorted_by(|a, b| a < b), "{received:?}");
    assert_eq!(received.last(), Some(&(sent - 1)), "the newest is kept");
    assert_eq!(received.len() as u64 + lost_by_sender, sent);
    assert_eq!(receiver.lost_count(), lost_by_sender);
    assert_eq!(receiver.overwritten_count(), lost_by_sender);
}

#[test]
fn loom_what_is_overwritten_is_counted_exactly() {
    explore("overwrite, capacity 2", None, || overwrite_model(2, 4, 2));
    explore("overwrite, capacity 1", None, || overwrite_model(1, 3, 2));
}

#[test]
fn loom_a_loan_comes_home_from_any_thread() {
    explore("pool", None, || {
        let pool = Pool::new(1, |_| 0_u64);
        let mut loan = pool.loan().unwrap();
        *loan = 7;
        let far = thread::spawn(move || {
            assert_eq!(*loan, 7);
            *loan = 8;
        });
        if let Ok(loan) = pool.loan() {
            assert_eq!(*loan, 8, "a loan is whole when it is lent again");
        }
        far.join().unwrap();
        assert_eq!(pool.available(), 1);
        assert_eq!(*pool.loan().unwrap(), 8);
    });
}

#[test]
fn loom_a_value_is_lent_to_one_at_a_time() {
    explore("pool, two borrowers", None, || {
        let pool = Pool::new(1, |_| 0_u64);
        let other = pool.clone();
        let far = thread::spawn(move || {
            if let Ok(mut loan) = other.loan() {
                *loan += 1;
            }
        });
        if let Ok(mut loan) = pool.loan() {
            *loan += 1;
        }
        far.join().unwrap();
        assert!((1..=2).contains(&*pool.loan().unwrap()));
    });
}

#[test]
fn loom_no_notification_is_lost() {
    explore("notifier", None, || {
        let (wake, raised) = (wake_of_this_thread(), Raised::new());
        let told = Arc::new(AtomicUsize::new(0));
        let caller = {
            let notifier = Notifier::new(raised.clone(), Bell::new(Arc::clone(&wake)));
            let told = Arc::clone(&told);
            thread::spawn(move || {
                for value in 1..=2 {
                    told.store(value, Ordering::Relaxed);
                    notifier.notify();
                }
            })
        };
        let mut seen = 0;
        while seen < 2 {
            if raised.has_work() {
                raised.lower();
                seen = told.load(Ordering::Relaxed);
            } else {
                let _ = wake.park(|| raised.has_work(), thread::park);
            }
        }
        caller.join().unwrap();
    });
}
