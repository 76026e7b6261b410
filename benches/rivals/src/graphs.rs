//! A cycle of the runtime beside `wavelet` and `wingfoil`, shape by shape.
//!
//! Every node adds one to its parent's value and passes it on. Figures are ns a node, where "a node" is an adding
//! node (sources and the last join are not counted), or ns a cycle where the title says so. Each engine runs in the way
//! that suits it best: `wavelet` cycle by cycle with a clock that costs nothing, with its event drivers off and on;
//! `wingfoil` over its own historical loop; ours cycle by cycle with an I/O source and a timer in place, polled as its
//! spinning runtime polls, and inside that runtime with its clock.

use crate::measure::{Contender, is_test, side_by_side};
use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};
use waveletd::runtime::{
    Control, ExecutionMode, Executor, Interest, Latest, Nanos, Node, NodeBuilder, Pipe,
    RealtimeRuntime, Step, Stream, steps,
};

/// Cycles of a run over a graph of so many nodes: about a hundredth of a second for the fastest.
fn cycles(nodes: usize) -> u32 {
    let all: usize = if is_test() { 10_000 } else { 4_000_000 };
    u32::try_from((all / nodes.max(1)).max(10)).unwrap_or(u32::MAX)
}

/// Cycles between two looks at the poller: what our spinning runtime, which looks every 5 us, makes of cycles of 80 ns.
const CYCLES_PER_POLL: u32 = 64;

/// A graph of ours with a source, and what keeps its nodes alive.
struct Ours {
    executor: Executor,
    sources: Vec<Node<u64>>,
    _nodes: Vec<Node<u64>>,
    now: u64,
}

fn add(executor: &mut Executor, parent: &Node<u64>) -> Node<u64> {
    let input = parent.clone();
    NodeBuilder::new(0_u64)
        .triggered_by(parent)
        .build(executor, move |state, _| {
            *state = input.borrow().wrapping_add(1);
            Control::Broadcast
        })
}

fn sum(executor: &mut Executor, parents: &[Node<u64>]) -> Node<u64> {
    let inputs = parents.to_vec();
    NodeBuilder::new(0_u64)
        .triggered_by_many(parents)
        .build(executor, move |state, _| {
            *state = inputs
                .iter()
                .fold(0_u64, |sum, input| sum.wrapping_add(*input.borrow()));
            Control::Broadcast
        })
}

fn source(executor: &mut Executor) -> Node<u64> {
    NodeBuilder::new(0_u64).build(executor, |state, _| {
        *state = state.wrapping_add(1);
        Control::Broadcast
    })
}

fn chain(executor: &mut Executor, from: &Node<u64>, length: usize) -> Vec<Node<u64>> {
    let mut nodes = vec![from.clone()];
    for at in 0..length {
        let next = add(executor, &nodes[at]);
        nodes.push(next);
    }
    nodes
}

fn fan(executor: &mut Executor, from: &Node<u64>, width: usize, length: usize) -> Vec<Node<u64>> {
    let mut nodes = Vec::new();
    let mut ends = Vec::new();
    for _ in 0..width {
        let branch = chain(executor, from, length);
        ends.extend(branch.last().cloned());
        nodes.extend(branch);
    }
    nodes.push(sum(executor, &ends));
    nodes
}

fn sparse(executor: &mut Executor, sources: &[Node<u64>]) -> Vec<Node<u64>> {
    sources
        .iter()
        .flat_map(|source| [source, source, source])
        .map(|source| add(executor, source))
        .collect()
}

/// A socket that never speaks and a timer that never fires.
fn with_drivers<T: 'static>(executor: &mut Executor, node: &Node<T>) {
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("loopback takes any port");
    socket
        .set_nonblocking(true)
        .expect("a socket can be made so");
    let socket = mio::net::UdpSocket::from_std(socket);
    executor
        .register_io(node, socket, Interest::READABLE)
        .expect("a poller takes a socket");
    executor.timer_at(node, Nanos(u64::MAX - 1));
}

impl Ours {
    fn new(
        source_count: usize,
        build: impl FnOnce(&mut Executor, &[Node<u64>]) -> Vec<Node<u64>>,
    ) -> Ours {
        let mut executor = Executor::new();
        let sources: Vec<_> = (0..source_count).map(|_| source(&mut executor)).collect();
        let nodes = build(&mut executor, &sources);
        with_drivers(&mut executor, &sources[0]);
        Ours {
            executor,
            sources,
            _nodes: nodes,
            now: 0,
        }
    }

    fn run(&mut self, cycles: u32) -> Duration {
        let mut at = 0;
        let start = Instant::now();
        for cycle in 0..cycles {
            if cycle % CYCLES_PER_POLL == 0 {
                self.executor
                    .poll_io(Some(Duration::ZERO))
                    .expect("the poller works");
            }
            // A stride that visits every source and no two neighbours in a row.
            at = (at + 387) % self.sources.len();
            self.executor.schedule(&self.sources[at]);
            self.now += 1;
            let _ = self.executor.cycle(Nanos(self.now));
        }
        start.elapsed()
    }
}

/// Our spinning runtime with its own clock: the source has itself run again until it has run enough.
fn spinning(
    cycles: u32,
    build: impl FnOnce(&mut Executor, &Node<u64>) -> Vec<Node<u64>>,
) -> impl FnMut() -> Duration {
    let mut runtime = RealtimeRuntime::new(ExecutionMode::Spin);
    let executor = runtime.executor();
    let left = Rc::new(Cell::new(0_u32));
    let countdown = Rc::clone(&left);
    let source = NodeBuilder::new(0_u64).build(executor, move |state, ctx| {
        let Some(left) = countdown.get().checked_sub(1) else {
            return Control::Terminate;
        };
        countdown.set(left);
        *state = state.wrapping_add(1);
        ctx.yield_now();
        Control::Broadcast
    });
    let nodes = build(executor, &source);
    with_drivers(executor, &source);
    move || {
        left.set(cycles);
        runtime.executor().schedule(&source);
        let start = Instant::now();
        let ended = runtime.run_forever();
        black_box((&ended, &nodes));
        start.elapsed()
    }
}

/// The same shapes in `wavelet`.
mod peer_wavelet {
    use std::time::{Duration, Instant};
    use wavelet::prelude::*;
    use wavelet::runtime::{EventDriverConfigBuilder, TestClock};

    pub(super) struct Graph {
        runtime: RealtimeRuntime,
        clock: TestClock,
        sources: Vec<Node<u64>>,
        _nodes: Vec<Node<u64>>,
    }

    fn add(executor: &mut Executor, parent: &Node<u64>) -> Node<u64> {
        let input = parent.clone();
        NodeBuilder::new(0_u64)
            .triggered_by(parent)
            .build(executor, move |state, _| {
                *state = input.borrow().wrapping_add(1);
                Control::Broadcast
            })
    }

    pub(super) fn chain(
        executor: &mut Executor,
        from: &Node<u64>,
        length: usize,
    ) -> Vec<Node<u64>> {
        let mut nodes = vec![from.clone()];
        for at in 0..length {
            let next = add(executor, &nodes[at]);
            nodes.push(next);
        }
        nodes
    }

    pub(super) fn fan(
        executor: &mut Executor,
        from: &Node<u64>,
        width: usize,
        length: usize,
    ) -> Vec<Node<u64>> {
        let mut nodes = Vec::new();
        let mut ends = Vec::new();
        for _ in 0..width {
            let branch = chain(executor, from, length);
            ends.extend(branch.last().cloned());
            nodes.extend(branch);
        }
        let inputs = ends.clone();
        let sum =
            NodeBuilder::new(0_u64)
                .triggered_by_many(&ends)
                .build(executor, move |state, _| {
                    *state = inputs
                        .iter()
                        .fold(0_u64, |sum, input| sum.wrapping_add(*input.borrow()));
                    Control::Broadcast
                });
        nodes.push(sum);
        nodes
    }

    pub(super) fn sparse(executor: &mut Executor, sources: &[Node<u64>]) -> Vec<Node<u64>> {
        sources
            .iter()
            .flat_map(|source| [source, source, source])
            .map(|source| add(executor, source))
            .collect()
    }

    impl Graph {
        pub(super) fn new(
            drivers: bool,
            source_count: usize,
            build: impl FnOnce(&mut Executor, &[Node<u64>]) -> Vec<Node<u64>>,
        ) -> Graph {
            let config = EventDriverConfigBuilder::default()
                .io_enabled(drivers)
                .timer_enabled(drivers)
                .build()
                .expect("every field has a default");
            let mut runtime = RealtimeRuntime::with_config(config, ExecutionMode::Spin);
            let executor = runtime.executor();
            let sources: Vec<_> = (0..source_count)
                .map(|_| {
                    NodeBuilder::new(0_u64).build(executor, |state, _| {
                        *state = state.wrapping_add(1);
                        Control::Broadcast
                    })
                })
                .collect();
            let nodes = build(executor, &sources);
            Graph {
                runtime,
                clock: TestClock::new(),
                sources,
                _nodes: nodes,
            }
        }

        pub(super) fn run(&mut self, cycles: u32) -> Duration {
            let mut at = 0;
            let executor = self.runtime.executor();
            let start = Instant::now();
            for _ in 0..cycles {
                at = (at + 387) % self.sources.len();
                executor.yield_driver().yield_now(self.sources[at].index());
                executor
                    .cycle(&mut self.clock, Some(Duration::ZERO))
                    .expect("the poller works");
            }
            start.elapsed()
        }
    }
}

/// The same shapes in `wingfoil`, interpreted and compiled.
mod peer_wingfoil {
    use std::hint::black_box;
    use std::time::{Duration, Instant};
    use wingfoil::op::{Activation, Tick};
    use wingfoil::prelude::*;
    use wingfoil::{NanoTime, RunFor, RunMode};

    const HISTORICAL: RunMode = RunMode::HistoricalFrom(NanoTime::ZERO);
    const STEP: Duration = Duration::from_nanos(100);

    wingfoil::nitro! {
        fn chain_10(g: &GraphBuilder) -> Stream<u64> {
            let src = g.ticker(STEP).count();
            let out = src.map_n(10, |i: &u64| i.wrapping_add(1));
            out
        }
    }

    wingfoil::nitro! {
        fn chain_100(g: &GraphBuilder) -> Stream<u64> {
            let src = g.ticker(STEP).count();
            let out = src.map_n(100, |i: &u64| i.wrapping_add(1));
            out
        }
    }

    wingfoil::nitro! {
        fn fan_10x10(g: &GraphBuilder) -> Stream<u64> {
            let src = g.ticker(STEP).count();
            let out = src.fan(10, |s| s.map_n(10, |i: &u64| i.wrapping_add(1)));
            out
        }
    }

    macro_rules! runs {
        ($($interpreted:ident, $compiled:ident: $module:ident;)*) => {$(
            pub(super) fn $interpreted(cycles: u32) -> Duration {
                let (mut runner, out) = $module::interpreted();
                let start = Instant::now();
                runner.run(HISTORICAL, RunFor::Cycles(cycles)).expect("the graph runs");
                black_box(runner.value(out));
                start.elapsed()
            }

            pub(super) fn $compiled(cycles: u32) -> Duration {
                let start = Instant::now();
                black_box($module::compiled(HISTORICAL, RunFor::Cycles(cycles)).expect("the graph runs"));
                start.elapsed()
            }
        )*};
    }

    runs! {
        chain_10_interpreted, chain_10_compiled: chain_10;
        chain_100_interpreted, chain_100_compiled: chain_100;
        fan_interpreted, fan_compiled: fan_10x10;
    }

    /// Sources that schedule themselves in turn, one a cycle, each with three children.
    pub(super) fn sparse(cycles: u32, source_count: usize) -> Duration {
        let graph = GraphBuilder::new();
        let step = STEP.as_nanos() as u64;
        // Wakes every source once; from then on each wakes itself.
        let start = graph.constant(());
        let mut streams = Vec::new();
        for at in 0..source_count as u64 {
            let mut value = 0_u64;
            let mut is_started = false;
            let round = source_count as u64 * step;
            let source: Stream<u64> = graph.custom_node(
                &[start.upstream()],
                &[],
                Activation::SCHEDULES,
                move |ctx| {
                    let now = u64::from(ctx.time());
                    if !is_started {
                        is_started = true;
                        ctx.schedule(NanoTime::new(now + (at + 1) * step));
                        return Ok(Tick::Quiet);
                    }
                    ctx.schedule(NanoTime::new(now + round));
                    value = value.wrapping_add(1);
                    Ok(Tick::Value(value))
                },
            );
            for _ in 0..3 {
                streams.push(source.map(|i: &u64| i.wrapping_add(1)));
            }
        }
        let mut runner = graph.build();
        let start = Instant::now();
        runner
            .run(HISTORICAL, RunFor::Cycles(cycles))
            .expect("the graph runs");
        start.elapsed()
    }
}

/// `map(+1)` so many times, as one step.
macro_rules! pipe {
    ($first:expr $(, $more:tt)*) => {
        Pipe::new($first) $(.then(pipe!(@ $more)))*
    };
    (@ $more:tt) => {
        steps::map(|n: &u64| n.wrapping_add(1))
    };
}

fn one() -> impl Step<u64, Out = u64> {
    steps::map(|n: &u64| n.wrapping_add(1))
}

fn ten() -> impl Step<u64, Out = u64> {
    pipe!(one(), 2, 3, 4, 5, 6, 7, 8, 9, 10)
}

fn hundred() -> impl Step<u64, Out = u64> {
    Pipe::new(ten())
        .then(ten())
        .then(ten())
        .then(ten())
        .then(ten())
        .then(ten())
        .then(ten())
        .then(ten())
        .then(ten())
        .then(ten())
}

/// Ten branches of ten steps, joined by sums.
fn branches() -> impl Step<u64, Out = u64> {
    use waveletd::runtime::fan;
    fn join(a: &u64, b: &u64) -> u64 {
        a.wrapping_add(*b)
    }
    let five = || {
        fan(
            fan(ten(), ten(), join),
            fan(ten(), fan(ten(), ten(), join), join),
            join,
        )
    };
    fan(five(), five(), join)
}

/// A whole step as one node below a source.
fn stepped(step: impl Step<u64, Out = u64> + 'static) -> Ours {
    Ours::new(1, move |executor, sources| {
        let (input, mut step) = (sources[0].clone(), step);
        let node =
            NodeBuilder::new(0_u64)
                .triggered_by(&sources[0])
                .build(executor, move |state, ctx| {
                    let Some(value) = step.on(&input.borrow(), ctx.now()) else {
                        return Control::Unchanged;
                    };
                    *state = value;
                    Control::Broadcast
                });
        vec![node]
    })
}

/// Values of a burst.
const BURST: u32 = 64;

/// A whole step as one node that takes bursts: as many values in all, fewer cycles.
struct Bursts {
    executor: Executor,
    source: Stream<steps::Burst<u64>>,
    _result: Stream<steps::Burst<u64>>,
    now: u64,
}

impl Bursts {
    fn new(step: impl Step<u64, Out = u64> + 'static) -> Self {
        let mut executor = Executor::new();
        let mut last = 0_u64;
        let source: Stream<_> = NodeBuilder::new(Latest::default())
            .build(
                &mut executor,
                move |latest: &mut Latest<steps::Burst<u64>>, ctx| {
                    latest.change(ctx.now(), |burst| {
                        burst.clear();
                        burst.extend((0..BURST).map(|_| {
                            last = black_box(last.wrapping_add(1));
                            last
                        }));
                        true
                    })
                },
            )
            .into();
        let result = source.step_each(&mut executor, step);
        with_drivers(&mut executor, source.node());
        Self {
            executor,
            source,
            _result: result,
            now: 0,
        }
    }

    fn run(&mut self, values: u32) -> Duration {
        let start = Instant::now();
        for cycle in 0..values.div_ceil(BURST) {
            if cycle % CYCLES_PER_POLL == 0 {
                self.executor
                    .poll_io(Some(Duration::ZERO))
                    .expect("the poller works");
            }
            self.executor.schedule(self.source.node());
            self.now += 1;
            let _ = self.executor.cycle(Nanos(self.now));
        }
        start.elapsed()
    }
}

/// A whole step driven by time alone, as the compiled tier of `wingfoil` is: one input every 100 ns.
fn alone<S: Step<u64, Out = u64> + 'static>(make: fn() -> S) -> Box<dyn FnMut(u32) -> Duration> {
    Box::new(move |cycles| {
        let mut pipe = Pipe::new(make());
        let mut last = 0;
        let inputs = (1..=u64::from(cycles)).map(|at| (Nanos(at * 100), black_box(at)));
        let start = Instant::now();
        pipe.replay(inputs, |_, value| last = value);
        black_box(last);
        start.elapsed()
    })
}

/// Boxed closures in a row: what a virtual call a node costs with no graph at all.
fn boxed(length: usize) -> Vec<Box<dyn FnMut(u64) -> u64>> {
    (0..length)
        .map(|_| {
            let mut state = 0_u64;
            Box::new(move |input: u64| {
                state = state.wrapping_add(input | 1);
                state
            }) as Box<dyn FnMut(u64) -> u64>
        })
        .collect()
}

fn dense(
    title: &str,
    nodes: usize,
    ours: impl Fn(&mut Executor, &Node<u64>) -> Vec<Node<u64>> + Copy,
    theirs: impl Fn(
        &mut wavelet::prelude::Executor,
        &wavelet::prelude::Node<u64>,
    ) -> Vec<wavelet::prelude::Node<u64>>
    + Copy,
    interpreted: fn(u32) -> Duration,
    compiled: fn(u32) -> Duration,
    make_step: impl Fn() -> Box<dyn FnMut(u32) -> Duration>,
    composed: Ours,
    bursts: Bursts,
    closures: usize,
) {
    let cycles = cycles(nodes);
    let items = nodes * cycles as usize;
    let mut dynamic = Ours::new(1, |executor, sources| ours(executor, &sources[0]));
    let mut off =
        peer_wavelet::Graph::new(false, 1, |executor, sources| theirs(executor, &sources[0]));
    let mut on =
        peer_wavelet::Graph::new(true, 1, |executor, sources| theirs(executor, &sources[0]));
    let (mut composed, mut bursts, mut alone) = (composed, bursts, make_step());
    let mut row = boxed(closures);
    let mut contenders = [
        Contender::new("waveletd", items, move || dynamic.run(cycles)),
        Contender::new(
            "waveletd, its runtime spinning",
            items,
            spinning(cycles, ours),
        ),
        Contender::new("wavelet, drivers off", items, move || off.run(cycles)),
        Contender::new("wavelet, drivers on", items, move || on.run(cycles)),
        Contender::new("wingfoil, interpreted", items, move || interpreted(cycles)),
        Contender::new("boxed closures in a row", items, move || {
            let start = Instant::now();
            for cycle in 0..cycles {
                let mut value = u64::from(cycle);
                for closure in &mut row {
                    value = closure(value);
                }
                black_box(value);
            }
            start.elapsed()
        }),
        Contender::new("waveletd, static, in a graph", items, move || {
            composed.run(cycles)
        }),
        Contender::new("waveletd, static, in bursts of 64", items, move || {
            bursts.run(cycles)
        }),
        Contender::new("waveletd, static, alone", items, move || alone(cycles)),
        Contender::new("wingfoil, compiled", items, move || compiled(cycles)),
    ];
    side_by_side(title, "node", &mut contenders);
}

fn sparse_table(sources: usize) {
    let cycles = cycles(8);
    let mut ours = Ours::new(sources, sparse);
    let mut off = peer_wavelet::Graph::new(false, sources, peer_wavelet::sparse);
    let mut on = peer_wavelet::Graph::new(true, sources, peer_wavelet::sparse);
    let items = cycles as usize;
    let mut contenders = [
        Contender::new("waveletd", items, move || ours.run(cycles)),
        Contender::new("wavelet, drivers off", items, move || off.run(cycles)),
        Contender::new("wavelet, drivers on", items, move || on.run(cycles)),
        Contender::new("wingfoil, interpreted", items, move || {
            peer_wingfoil::sparse(cycles, sources)
        }),
    ];
    let title = format!("{sources} sources, three derived each, one source a cycle: ns a cycle");
    side_by_side(&title, "cycle", &mut contenders);
}

/// Prints all tables.
pub(crate) fn tables() {
    dense(
        "Chain of 10, ns a node",
        10,
        |executor, from| chain(executor, from, 10),
        |executor, from| peer_wavelet::chain(executor, from, 10),
        peer_wingfoil::chain_10_interpreted,
        peer_wingfoil::chain_10_compiled,
        || alone(ten),
        stepped(ten()),
        Bursts::new(ten()),
        10,
    );
    dense(
        "Chain of 100, ns a node",
        100,
        |executor, from| chain(executor, from, 100),
        |executor, from| peer_wavelet::chain(executor, from, 100),
        peer_wingfoil::chain_100_interpreted,
        peer_wingfoil::chain_100_compiled,
        || alone(hundred),
        stepped(hundred()),
        Bursts::new(hundred()),
        100,
    );
    dense(
        "Fan-out of 10 chains of 10, fan-in, ns a node",
        100,
        |executor, from| fan(executor, from, 10, 10),
        |executor, from| peer_wavelet::fan(executor, from, 10, 10),
        peer_wingfoil::fan_interpreted,
        peer_wingfoil::fan_compiled,
        || alone(branches),
        stepped(branches()),
        Bursts::new(branches()),
        100,
    );
    for sources in [10, 1_000, 10_000] {
        sparse_table(sources);
    }
}
