//! A message from one thread to a node of a spinning graph on another, one way, beside `wavelet`, `wingfoil` and the bare ring.
//!
//! One message is under way at a time: it carries the time of its sending, the node takes the difference and acknowledges.
//! The bare ring is measured before and after, since cores of virtual machines are not equally far from each other.

use crate::measure::{is_test, run_count};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// The last message taken, and the delays of all.
struct Seen {
    anchor: Instant,
    taken: Arc<AtomicU64>,
    delays: Vec<u64>,
}

/// Sent as (number, time of sending in ns); number 0 ends the run.
type Message = (u64, u64);

impl Seen {
    fn take(&mut self, (number, sent): Message) {
        let now = self.anchor.elapsed().as_nanos() as u64;
        self.delays.push(now - sent);
        self.taken.store(number, Ordering::Release);
    }
}

fn rounds() -> u64 {
    if is_test() { 100 } else { 20_000 }
}

/// Runs `consume` on a thread; it hands back how to send, and returns its delays at the end.
fn measured<S: FnMut(Message) + Send + 'static>(
    consume: impl FnOnce(Seen, mpsc::Sender<S>) -> Vec<u64> + Send + 'static,
) -> u64 {
    let taken = Arc::new(AtomicU64::new(0));
    let anchor = Instant::now();
    let seen = Seen {
        anchor,
        taken: Arc::clone(&taken),
        delays: Vec::with_capacity(rounds() as usize + 1),
    };
    let (give, get) = mpsc::channel();
    let thread = std::thread::spawn(move || consume(seen, give));
    let mut send = get.recv().expect("the consumer hands its sender over");
    for number in 1..=rounds() {
        // A pause, so that the consumer is back at its spinning.
        let due = Instant::now() + Duration::from_micros(2);
        while Instant::now() < due {
            std::hint::spin_loop();
        }
        send((number, anchor.elapsed().as_nanos() as u64));
        let patience = Instant::now() + Duration::from_secs(5);
        while taken.load(Ordering::Acquire) != number {
            assert!(Instant::now() < patience, "the message was not taken");
            std::hint::spin_loop();
        }
    }
    send((0, 0));
    let mut delays = thread.join().expect("the consumer ends");
    delays.sort_unstable();
    delays[delays.len() / 2]
}

fn bare() -> u64 {
    measured(|mut seen, give| {
        let (mut producer, mut consumer) = rtrb::RingBuffer::<Message>::new(64);
        let _ = give.send(move |message| assert!(producer.push(message).is_ok()));
        loop {
            match consumer.pop() {
                Ok((0, _)) => return seen.delays,
                Ok(message) => seen.take(message),
                Err(_) => std::hint::spin_loop(),
            }
        }
    })
}

fn ours() -> u64 {
    use waveletd::runtime::{
        Control, ExecutionMode, Interest, Nanos, NodeBuilder, RealtimeRuntime, Receiver,
    };
    measured(|seen, give| {
        let mut runtime = RealtimeRuntime::new(ExecutionMode::Spin);
        let (node, mut sender) = NodeBuilder::new(seen).build_with_channel(
            runtime.executor(),
            64,
            |seen: &mut Seen, _, receiver: &mut Receiver<Message>| match receiver.try_receive() {
                Ok((0, _)) => Control::Terminate,
                Ok(message) => {
                    seen.take(message);
                    Control::Broadcast
                }
                Err(_) => Control::Unchanged,
            },
        );
        let socket = mio::net::UdpSocket::bind("127.0.0.1:0".parse().expect("an address"))
            .expect("loopback takes any port");
        let _socket = runtime
            .executor()
            .register_io(&node, socket, Interest::READABLE)
            .expect("a poller takes a socket");
        runtime.executor().timer_at(&node, Nanos(u64::MAX - 1));
        let _ = give.send(move |message| assert!(sender.try_send(message).is_ok()));
        runtime.run_forever().expect("the poller works");
        let delays = node.borrow().delays.clone();
        delays
    })
}

fn theirs(drivers: bool) -> u64 {
    use wavelet::prelude::*;
    use wavelet::runtime::EventDriverConfigBuilder;
    measured(move |seen, give| {
        let config = EventDriverConfigBuilder::default()
            .io_enabled(drivers)
            .timer_enabled(drivers)
            .build()
            .expect("every field has a default");
        let mut runtime = RealtimeRuntime::with_config(config, ExecutionMode::Spin);
        let (node, sender) = NodeBuilder::new(seen)
            .build_with_channel(runtime.executor(), 64, |seen: &mut Seen, _, receiver| {
                match receiver.try_receive() {
                    Ok((0, _)) => Control::Terminate,
                    Ok(message) => {
                        seen.take(message);
                        Control::Broadcast
                    }
                    Err(_) => Control::Unchanged,
                }
            })
            .expect("a channel can be made");
        let _ = give.send(move |message| assert!(sender.try_send(message).is_ok()));
        runtime.run_forever();
        node.borrow().delays.clone()
    })
}

/// How a message comes into a graph of `wingfoil`.
#[derive(Clone, Copy)]
enum Way {
    /// By its channel; the graph waits for it, not long enough for its thread to fall asleep.
    WaitingChannel,
    /// By its channel, with a source beside it that is asked in every cycle and so keeps the graph spinning.
    SpinningChannel,
    /// By a ring that a source of the graph looks into in every cycle.
    Ring,
}

fn wingfoils(way: Way) -> u64 {
    use std::cell::RefCell;
    use std::rc::Rc;
    use wingfoil::prelude::*;
    use wingfoil::{RunFor, RunMode};
    type Send = Box<dyn FnMut(Message) + std::marker::Send>;
    measured(move |seen, give: mpsc::Sender<Send>| {
        let graph = GraphBuilder::new();
        let seen = Rc::new(RefCell::new(seen));
        let inside = Rc::clone(&seen);
        // An error is how a node ends a run.
        let take = move |message: &Message| {
            if message.0 == 0 {
                anyhow::bail!("the end");
            }
            inside.borrow_mut().take(*message);
            Ok(())
        };
        let (_sink, _spin);
        match way {
            Way::WaitingChannel | Way::SpinningChannel => {
                let (stream, sender) = graph.channel::<Message>();
                _sink = stream.for_each(move |burst| burst.iter().try_for_each(&take));
                _spin = matches!(way, Way::SpinningChannel).then(|| graph.poll(|| None::<u64>));
                let _ = give.send(Box::new(move |message| assert!(sender.send(message))));
            }
            Way::Ring => {
                let (mut producer, consumer) = rtrb::RingBuffer::<Message>::new(64);
                let consumer = RefCell::new(consumer);
                let stream = graph.poll(move || consumer.borrow_mut().pop().ok());
                _sink = stream.for_each(take);
                _spin = None;
                let _ = give.send(Box::new(move |message| {
                    assert!(producer.push(message).is_ok());
                }));
            }
        }
        let mut runner = graph.build();
        let ended = runner.run(RunMode::RealTime, RunFor::Forever);
        assert!(ended.is_err(), "the last message ends the run");
        std::mem::take(&mut seen.borrow_mut().delays)
    })
}

/// Prints the table.
pub(crate) fn table() {
    let median = |run: &dyn Fn() -> u64| {
        let mut all: Vec<u64> = (0..run_count()).map(|_| run()).collect();
        all.sort_unstable();
        all[all.len() / 2]
    };
    println!(
        "\nThread to node, one way, p50 in ns, median of {}",
        run_count()
    );
    println!("{:<32} {:>8}", "bare rtrb, before", median(&bare));
    println!("{:<32} {:>8}", "waveletd, I/O and timers on", median(&ours));
    println!(
        "{:<32} {:>8}",
        "wavelet, drivers off",
        median(&|| theirs(false))
    );
    println!(
        "{:<32} {:>8}",
        "wavelet, drivers on",
        median(&|| theirs(true))
    );
    for (name, way) in [
        ("wingfoil, channel, waiting", Way::WaitingChannel),
        ("wingfoil, channel, spinning", Way::SpinningChannel),
        ("wingfoil, polling an rtrb", Way::Ring),
    ] {
        println!("{name:<32} {:>8}", median(&|| wingfoils(way)));
    }
    println!("{:<32} {:>8}", "bare rtrb, after", median(&bare));
}
