//! Cost of a cycle of the runtime, by the shape of the graph.
//!
//! Figures are for a whole cycle; divide by the nodes that run (`chain_10`: 10, `fan_10x10`: 111,
//! `sparse_1000`: 4) for the cost of a node.
#![allow(missing_docs, reason = "criterion's macros make undocumented items")]

use criterion::{Criterion, criterion_group, criterion_main};
use waveletd::runtime::{Control, Executor, Nanos, Node, NodeBuilder};

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

fn cycle(executor: &mut Executor, now: &mut u64) {
    *now += 1;
    let _ = executor.cycle(Nanos(*now));
}

fn graph(c: &mut Criterion) {
    c.bench_function("idle", |b| {
        let (mut executor, mut now) = (Executor::new(), 0);
        let root = source(&mut executor);
        let (_in, _sender) = NodeBuilder::new(())
            .triggered_by(&root)
            .build_with_channel::<u64, _>(&mut executor, 64, |_, _, _| Control::Unchanged);
        b.iter(|| cycle(&mut executor, &mut now));
    });

    c.bench_function("chain_10", |b| {
        let (mut executor, mut now) = (Executor::new(), 0);
        let mut nodes = vec![source(&mut executor)];
        for at in 0..9 {
            let next = adder(&mut executor, &nodes[at]);
            nodes.push(next);
        }
        b.iter(|| {
            executor.schedule(&nodes[0]);
            cycle(&mut executor, &mut now);
        });
    });

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

    c.bench_function("sparse_1000", |b| {
        let (mut executor, mut now) = (Executor::new(), 0);
        let sources: Vec<_> = (0..1_000).map(|_| source(&mut executor)).collect();
        let _derived: Vec<_> = sources
            .iter()
            .flat_map(|source| [source, source, source])
            .map(|source| adder(&mut executor, source))
            .collect();
        let mut at = 0;
        b.iter(|| {
            // A stride that visits every source and no two neighbours in a row.
            at = (at + 387) % sources.len();
            executor.schedule(&sources[at]);
            cycle(&mut executor, &mut now);
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(30)
        .warm_up_time(std::time::Duration::from_millis(500))
        .measurement_time(std::time::Duration::from_secs(2));
    targets = graph
}
criterion_main!(benches);
