//! Cost of a cycle of the runtime, by the shape of the graph.
//!
//! Figures are for a whole cycle; divide by the nodes that run (`chain_10`: 10, `chain_100`: 100,
//! `fan_10x10`: 111, `sparse_*`: 4) for the cost of a node. `boxed_closures` is the floor: ten
//! closures behind boxes, called in a row, that do what the nodes of `chain_10` do.
//! `chain_10_profiled` is `chain_10` with runs counted, and with one cycle in 100 timed. The memory
//! of a node is printed once at the start.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use waveletd::runtime::{Control, Executor, Interest, Io, Nanos, Node, NodeBuilder, Profile};

/// Cycles between two looks at the I/O poller, as in a spinning real-time runtime.
const CYCLES_PER_IO_POLL: u64 = 32;

/// A node that adds its parent's state to its own.
fn adder(executor: &mut Executor, parent: &Node<u64>) -> Node<u64> {
    let read = parent.clone();
    NodeBuilder::new(0_u64)
        .triggered_by(parent)
        .build(executor, move |state, _| {
            *state = state.wrapping_add(*read.borrow());
            Control::Broadcast
        })
}

fn source(executor: &mut Executor) -> Node<u64> {
    NodeBuilder::new(0_u64).build(executor, |state, _| {
        *state += 1;
        Control::Broadcast
    })
}

fn chain(executor: &mut Executor, length: usize) -> Vec<Node<u64>> {
    let mut nodes = vec![source(executor)];
    for at in 1..length {
        let next = adder(executor, &nodes[at - 1]);
        nodes.push(next);
    }
    nodes
}

/// `count` sources with three derived nodes each.
fn sparse(executor: &mut Executor, count: usize) -> (Vec<Node<u64>>, Vec<Node<u64>>) {
    let sources: Vec<_> = (0..count).map(|_| source(executor)).collect();
    let derived = sources
        .iter()
        .flat_map(|source| [source, source, source])
        .map(|source| adder(executor, source))
        .collect();
    (sources, derived)
}

/// A stride that visits every source and no two neighbours in a row.
fn stride(at: usize, count: usize) -> usize {
    (at + if count == 10 { 3 } else { 387 }) % count
}

/// Something registered with the poller that never becomes ready.
fn silent_source(executor: &mut Executor) -> (Node<()>, Io<mio::net::UdpSocket>) {
    let node = NodeBuilder::new(()).build(executor, |(), _| Control::Unchanged);
    let address = ([127, 0, 0, 1], 0).into();
    let socket = mio::net::UdpSocket::bind(address).expect("a local port is free");
    let io = executor
        .register_io(&node, socket, Interest::READABLE)
        .expect("a fresh socket can be registered");
    (node, io)
}

fn cycle(executor: &mut Executor, now: &mut u64) {
    *now += 1;
    let _ = executor.cycle(Nanos(*now));
}

/// Pages of memory in use, in bytes.
fn resident_bytes() -> u64 {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = text.split(' ').nth(1).and_then(|word| word.parse().ok());
    pages.unwrap_or(0_u64) * 4096
}

fn memory_of_a_node() {
    let before = resident_bytes();
    let mut executor = Executor::new();
    let graph = sparse(&mut executor, 50_000);
    let bytes = resident_bytes().saturating_sub(before);
    let nodes = graph.0.len() + graph.1.len();
    println!("memory of a node: {} bytes", bytes / nodes as u64);
}

fn graph(c: &mut Criterion) {
    memory_of_a_node();

    c.bench_function("boxed_closures", |b| {
        type Boxed = Box<dyn FnMut() -> Control>;
        let cells: Vec<Rc<Cell<u64>>> = (0..10).map(|_| Rc::new(Cell::new(0))).collect();
        let mut closures: Vec<Boxed> = vec![];
        let first = Rc::clone(&cells[0]);
        closures.push(Box::new(move || {
            first.set(first.get() + 1);
            Control::Broadcast
        }));
        for pair in cells.windows(2) {
            let (read, own) = (Rc::clone(&pair[0]), Rc::clone(&pair[1]));
            closures.push(Box::new(move || {
                own.set(own.get().wrapping_add(read.get()));
                Control::Broadcast
            }));
        }
        b.iter(|| {
            for closure in &mut closures {
                let _ = black_box(closure());
            }
        });
    });

    c.bench_function("idle", |b| {
        let (mut executor, mut now) = (Executor::new(), 0);
        let root = source(&mut executor);
        let (_in, _sender) = NodeBuilder::new(())
            .triggered_by(&root)
            .build_with_channel::<u64, _>(&mut executor, 64, |_, _, _| Control::Unchanged);
        b.iter(|| cycle(&mut executor, &mut now));
    });

    for length in [10, 100] {
        c.bench_function(&format!("chain_{length}"), |b| {
            let (mut executor, mut now) = (Executor::new(), 0);
            let nodes = chain(&mut executor, length);
            b.iter(|| {
                executor.schedule(&nodes[0]);
                cycle(&mut executor, &mut now);
            });
        });
    }

    let profiles = [
        ("counts", Profile::Counts),
        ("sampled_100", Profile::Sampled { every: 100 }),
    ];
    for (name, profile) in profiles {
        c.bench_function(&format!("chain_10_profiled/{name}"), |b| {
            let (mut executor, mut now) = (Executor::new(), 0);
            let nodes = chain(&mut executor, 10);
            executor.profile(profile);
            b.iter(|| {
                executor.schedule(&nodes[0]);
                cycle(&mut executor, &mut now);
            });
        });
    }

    c.bench_function("fan_10x10", |b| {
        let (mut executor, mut now) = (Executor::new(), 0);
        let root = source(&mut executor);
        let mut leaves = Vec::new();
        for _ in 0..10 {
            let middle = adder(&mut executor, &root);
            leaves.extend((0..10).map(|_| adder(&mut executor, &middle)));
        }
        b.iter(|| {
            executor.schedule(&root);
            cycle(&mut executor, &mut now);
        });
    });

    for count in [10, 1_000, 10_000] {
        c.bench_with_input(BenchmarkId::new("sparse", count), &count, |b, &count| {
            let (mut executor, mut now) = (Executor::new(), 0);
            let (sources, _derived) = sparse(&mut executor, count);
            let mut at = 0;
            b.iter(|| {
                at = stride(at, count);
                executor.schedule(&sources[at]);
                cycle(&mut executor, &mut now);
            });
        });
    }

    // The same with a socket registered, looked at as a spinning runtime does, and timers set:
    // one that fires each thousandth cycle and a thousand that are far away.
    for count in [10, 1_000, 10_000] {
        let id = BenchmarkId::new("sparse_with_io_and_timers", count);
        c.bench_with_input(id, &count, |b, &count| {
            let (mut executor, mut now) = (Executor::new(), 0);
            let (sources, _derived) = sparse(&mut executor, count);
            let _silent = silent_source(&mut executor);
            let _ = executor.timer_every(&sources[0], Duration::from_nanos(1_000));
            for _ in 0..1_000 {
                let _ = executor.timer_at(&sources[0], Nanos(u64::MAX));
            }
            let mut at = 0;
            b.iter(|| {
                at = stride(at, count);
                executor.schedule(&sources[at]);
                if now % CYCLES_PER_IO_POLL == 0 {
                    let polled = executor.poll_io(Some(Duration::ZERO));
                    polled.expect("the poller of a live socket answers");
                }
                cycle(&mut executor, &mut now);
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2));
    targets = graph
}
criterion_main!(benches);
