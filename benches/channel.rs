//! From a thread to a node: one way, in nanoseconds, bracketed by a bare `rtrb` ring.
//!
//! The sender stamps a message with the clock and sends it; the node reads the clock when it holds the message, notes the
//! difference, and answers through a bare ring, whereupon the next is sent. So one message is under way at a time, and the
//! figures are of the way there, the reading of the clock included on both sides of the comparison.
//!
//! - `bare rtrb`: a thread that spins on `pop`; measured before and after each of ours, so that what the machine does
//!   meanwhile is seen;
//! - `spinning`: a `RealtimeRuntime` with a socket and a periodic timer, as a service has them; 1 channel, and 1 of 1,000;
//! - `overwriting`, `loan of 64 KiB` (written anew each time, before the stamp), `1 of 4 senders`: as `spinning`;
//! - `parked`: the runtime sleeps before each message, so this is the wake-up by the kernel.
//!
//! Then, on one thread: what a cycle costs with one channel ready of many; and a sender that never waits.
//!
//! `WAVELETD_BENCH_RUNS` rounds (9 if not set), `WAVELETD_BENCH_MESSAGES` / 100 messages a round. `--test`: once, small.
#![allow(clippy::disallowed_methods, reason = "a bench reads the clock")]

#[path = "support/measure.rs"]
mod measure;

use mio::net::UdpSocket;
use rtrb::{Consumer, Producer, RingBuffer};
use std::hint::{black_box, spin_loop};
use std::sync::Arc;
use std::time::{Duration, Instant};
use waveletd::runtime::{
    Control, ExecutionMode, Executor, Interest, Loan, Nanos, NodeBuilder, Pool, RealtimeRuntime,
    Sender, Wake, overwriting_channel,
};

const RING: usize = 64;
const LARGE_BYTES: usize = 1 << 16;
const MANY: usize = 1_000;

/// Nanoseconds on the clock that both threads read.
#[derive(Clone, Copy)]
struct Clock(Instant);

impl Clock {
    fn now(self) -> u64 {
        self.0.elapsed().as_nanos() as u64
    }
}

/// What the receiving side does with each message: note how long it took, and answer.
struct Notes {
    clock: Clock,
    ns: Vec<u64>,
    answers: Producer<()>,
    left: usize,
}

impl Notes {
    fn new(clock: Clock, count: usize) -> (Self, Consumer<()>) {
        let (answers, questions) = RingBuffer::new(RING);
        let ns = Vec::with_capacity(count);
        let notes = Self {
            clock,
            ns,
            answers,
            left: count,
        };
        (notes, questions)
    }

    fn note(&mut self, stamp: u64) {
        self.ns.push(self.clock.now().saturating_sub(stamp));
        self.left -= 1;
        // There is one message under way, so there is room.
        let _ = self.answers.push(());
    }

    fn control(&self) -> Control {
        if self.left == 0 {
            Control::Terminate
        } else {
            Control::Unchanged
        }
    }
}

/// Sends `count` stamped messages, each after the answer to the one before and a rest.
fn ask(count: usize, rest: Duration, mut answers: Consumer<()>, mut send: impl FnMut()) {
    for _ in 0..count {
        if !rest.is_zero() {
            std::thread::sleep(rest);
        }
        send();
        while answers.pop().is_err() {
            if answers.is_abandoned() {
                return;
            }
            spin_loop();
        }
    }
}

/// Median and 99th percentile, in ns.
type Figures = (f64, f64);

fn figures(mut ns: Vec<u64>) -> Figures {
    ns.sort_unstable();
    (ns[ns.len() / 2] as f64, ns[ns.len() * 99 / 100] as f64)
}

fn bare(count: usize) -> Figures {
    let clock = Clock(Instant::now());
    let (mut producer, mut consumer) = RingBuffer::new(RING);
    let (mut notes, answers) = Notes::new(clock, count);
    let sender = std::thread::spawn(move || {
        ask(count, Duration::ZERO, answers, || {
            let _ = producer.push(clock.now());
        });
    });
    while notes.left > 0 {
        match consumer.pop() {
            Ok(stamp) => notes.note(stamp),
            Err(_) => spin_loop(),
        }
    }
    sender.join().expect("the sender ends");
    figures(notes.ns)
}

/// A runtime with I/O and a timer, which do nothing of note.
fn runtime(mode: ExecutionMode) -> RealtimeRuntime {
    let mut runtime = RealtimeRuntime::new(mode);
    let node = NodeBuilder::new(()).spawn(runtime.executor(), |(), _| Control::Unchanged);
    let node = node
        .upgrade()
        .expect("a spawned node lives until it is swept");
    let socket = UdpSocket::bind("127.0.0.1:0".parse().expect("an address")).expect("a socket");
    let executor = runtime.executor();
    let io = executor
        .register_io(&node, socket, Interest::READABLE)
        .expect("a poller");
    // It stays open as long as the process does.
    std::mem::forget(io);
    executor
        .timer_every(&node, Duration::from_millis(1))
        .expect("the node is there");
    runtime
}

/// Runs the graph here and `send` on another thread.
fn run(
    mut runtime: RealtimeRuntime,
    count: usize,
    rest: Duration,
    answers: Consumer<()>,
    send: impl FnMut() + Send + 'static,
) {
    let sender = std::thread::spawn(move || ask(count, rest, answers, send));
    let ended = runtime.run_forever().expect("the poller works");
    black_box(ended);
    sender.join().expect("the sender ends");
}

fn to_node(mode: ExecutionMode, channels: usize, count: usize, rest: Duration) -> Figures {
    let clock = Clock(Instant::now());
    let mut runtime = runtime(mode);
    let mut others: Vec<(_, Sender<u64>)> = Vec::new();
    for _ in 1..channels {
        others.push(
            NodeBuilder::new(())
                .build_with_channel(runtime.executor(), 4, |(), _, _| Control::Unchanged),
        );
    }
    let (notes, answers) = Notes::new(clock, count);
    let (node, mut sender) = NodeBuilder::new(notes).build_with_channel(
        runtime.executor(),
        RING,
        |notes, _, receiver| {
            receiver.receive_chunk(RING, |stamp| notes.note(stamp));
            notes.control()
        },
    );
    run(runtime, count, rest, answers, move || {
        let _ = sender.try_send(clock.now());
    });
    figures(node.borrow().ns.clone())
}

fn one_of_four_senders(count: usize) -> Figures {
    let clock = Clock(Instant::now());
    let mut runtime = runtime(ExecutionMode::Spin);
    let (notes, answers) = Notes::new(clock, count);
    let (node, handle) = NodeBuilder::new(notes).build_with_channels(
        runtime.executor(),
        4,
        RING,
        |notes, _, receiver| {
            receiver.receive_chunk(RING, |stamp| notes.note(stamp));
            notes.control()
        },
    );
    let mut senders: Vec<_> = (0..4).filter_map(|_| handle.add_sender().ok()).collect();
    let mut turn = 0;
    run(runtime, count, Duration::ZERO, answers, move || {
        turn = (turn + 1) % senders.len();
        let _ = senders[turn].try_send(clock.now());
    });
    figures(node.borrow().ns.clone())
}

fn overwriting(count: usize) -> Figures {
    let clock = Clock(Instant::now());
    let mut runtime = runtime(ExecutionMode::Spin);
    let (notes, answers) = Notes::new(clock, count);
    let (node, mut sender) = NodeBuilder::new(notes).build_with_overwriting_channel(
        runtime.executor(),
        RING,
        |notes, _, receiver| {
            receiver.receive_chunk(RING, |stamp| notes.note(stamp));
            notes.control()
        },
    );
    run(runtime, count, Duration::ZERO, answers, move || {
        let _ = sender.send(clock.now());
    });
    figures(node.borrow().ns.clone())
}

struct Large {
    stamp: u64,
    bytes: Box<[u8]>,
}

fn loan(count: usize) -> Figures {
    let clock = Clock(Instant::now());
    let mut runtime = runtime(ExecutionMode::Spin);
    let pool = Pool::new(4, |_| Large {
        stamp: 0,
        bytes: vec![0; LARGE_BYTES].into_boxed_slice(),
    });
    let (notes, answers) = Notes::new(clock, count);
    let (node, mut sender) = NodeBuilder::new(notes).build_with_channel(
        runtime.executor(),
        RING,
        |notes, _, receiver| {
            receiver.receive_chunk(RING, |large: Loan<Large>| {
                notes.note(large.stamp);
                black_box(large.bytes[LARGE_BYTES - 1]);
            });
            notes.control()
        },
    );
    let mut number = 0_u8;
    run(runtime, count, Duration::ZERO, answers, move || {
        number = number.wrapping_add(1);
        // Two at most are out: the one under way and the one being dropped.
        if let Ok(mut large) = pool.loan() {
            large.bytes.fill(number);
            large.stamp = clock.now();
            let _ = sender.try_send(large);
        }
    });
    figures(node.borrow().ns.clone())
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn one_way() {
    let count = (measure::message_count() / 100).max(200);
    let parked_count = (count / 20).max(20);
    let rest = Duration::from_micros(200);
    type Run = Box<dyn Fn() -> Figures>;
    let contenders: [(&str, Run); 6] = [
        (
            "spinning, 1 channel",
            Box::new(move || to_node(ExecutionMode::Spin, 1, count, Duration::ZERO)),
        ),
        (
            "spinning, 1 of 1,000 channels",
            Box::new(move || to_node(ExecutionMode::Spin, MANY, count, Duration::ZERO)),
        ),
        (
            "spinning, 1 of 4 senders",
            Box::new(move || one_of_four_senders(count)),
        ),
        (
            "spinning, overwriting",
            Box::new(move || overwriting(count)),
        ),
        ("spinning, loan of 64 KiB", Box::new(move || loan(count))),
        (
            "parked",
            Box::new(move || to_node(ExecutionMode::Park, 1, parked_count, rest)),
        ),
    ];
    println!(
        "\nThread to node, one way, ns: medians of {} rounds of {count}",
        measure::run_count()
    );
    println!(
        "{:<32} {:>10} {:>10} {:>12} {:>12} {:>12}",
        "", "p50", "p99", "bare before", "bare after", "p50 / bare"
    );
    for (name, contender) in &contenders {
        let mut rounds: [Vec<f64>; 5] = Default::default();
        for _ in 0..measure::run_count() {
            let before = bare(count).0;
            let (p50, p99) = contender();
            let after = bare(count).0;
            let ratio = p50 / f64::midpoint(before, after);
            for (values, value) in rounds.iter_mut().zip([p50, p99, before, after, ratio]) {
                values.push(value);
            }
        }
        let [p50, p99, before, after, ratio] = rounds.map(median);
        println!("{name:<32} {p50:>10.0} {p99:>10.0} {before:>12.0} {after:>12.0} {ratio:>12.2}");
    }
}

/// Nanoseconds of a call of `step`, the median over the rounds.
fn each(count: usize, mut step: impl FnMut(u64)) -> f64 {
    let mut number = 0;
    let rounds = (0..measure::run_count()).map(|_| {
        let start = Instant::now();
        for _ in 0..count {
            number += 1;
            step(number);
        }
        start.elapsed().as_nanos() as f64 / count as f64
    });
    median(rounds.collect())
}

fn one_thread() {
    let count = (measure::message_count() / 20).max(1_000);
    println!("\nOn one thread, ns");
    for channels in [1, 16, 17, MANY, 10 * MANY] {
        let mut ex = Executor::new();
        let (_nodes, mut senders): (Vec<_>, Vec<_>) = (0..channels)
            .map(|_| {
                NodeBuilder::new(0_u64).build_with_channel(&mut ex, 4, |sum, _, receiver| {
                    receiver.receive_chunk(4, |message: u64| *sum += message);
                    Control::Unchanged
                })
            })
            .unzip();
        let idle = each(count, |now| {
            let _ = ex.cycle(Nanos(now));
        });
        let same = each(count, |now| {
            let _ = senders[0].try_send(now);
            let _ = ex.cycle(Nanos(now));
        });
        let ready = each(count, |now| {
            // A stride that visits every channel and no two neighbours in a row.
            let at = (now * 7_919) as usize % channels;
            let _ = senders[at].try_send(now);
            let _ = ex.cycle(Nanos(now));
        });
        println!(
            "{channels:>6} channels: idle cycle {idle:>8.1}, the same one ready {same:>8.1}, another each time {ready:>8.1}"
        );
    }
    let (mut sender, receiver) = overwriting_channel(RING, Arc::new(Wake::default()));
    let send = each(count, |number| {
        let _ = sender.send(number);
    });
    println!(
        "overwriting send into a full channel {send:.1} (lost {} of {})",
        receiver.overwritten_count(),
        sender.sent_count()
    );
    let pool = Pool::new(4, |_| 0_u64);
    let lend = each(count, |number| {
        if let Ok(mut loan) = pool.loan() {
            *loan = number;
        }
    });
    println!("lend and give back {lend:.1}");
}

fn main() {
    one_way();
    one_thread();
}
