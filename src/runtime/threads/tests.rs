#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use super::super::{Control, FailurePolicy, NextEvent, NodeBuilder, push_node};
use super::*;

/// Plenty for anything these tests wait for.
const LONG: Duration = Duration::from_secs(60);
const START: Nanos = Nanos(1_000);
/// From, to, delay in nanoseconds.
const LINKS: [(usize, usize, u64); 5] = [
    (0, 1, 700),
    (1, 2, 700),
    (2, 0, 700),
    (0, 2, 700),
    (1, 0, 1_400),
];
const EVENT: u64 = 100;
const TIMER: u64 = 200;

fn mix(state: u64, value: u64) -> u64 {
    let mixed = (state ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed ^ (mixed >> 29)
}

/// Time, cause (the number of a link, or `EVENT`, or `TIMER`) and state after it.
type Entry = (u64, u64, u64);

/// What each graph of the tests does, the same in the graph and in the model.
struct Brain {
    state: u64,
    outs: Vec<usize>,
    log: Vec<Entry>,
}

impl Brain {
    fn new(graph: usize, seed: u64) -> Self {
        Self {
            state: mix(seed, graph as u64 + 1),
            outs: (0..LINKS.len())
                .filter(|&link| LINKS[link].0 == graph)
                .collect(),
            log: Vec::new(),
        }
    }

    /// Messages to send, and for how long to set a timer. Four bits of a value are its life.
    fn react(&mut self, now: u64, cause: u64, value: u64) -> (Vec<(usize, u64)>, Option<u64>) {
        self.state = mix(mix(mix(self.state, now), cause), value);
        let state = self.state;
        self.log.push((now, cause, state));
        let life = value & 0xf;
        let mut sends = Vec::new();
        if cause != TIMER && life > 0 {
            for copy in 0..1 + (state >> 24) % 2 {
                let out = self.outs[((state >> 32) + copy) as usize % self.outs.len()];
                sends.push((out, (mix(state, copy) & !0xf) | (life - 1)));
            }
        }
        let timer = (state >> 8)
            .is_multiple_of(4)
            .then_some(1 + (state >> 16) % 500);
        (sends, timer)
    }

    fn sent(&mut self, all: bool) {
        self.state = mix(self.state, u64::from(all));
    }
}

/// Recorded events of a graph: times with many ties, each with a value.
fn events(graph: usize, seed: u64) -> Vec<(Nanos, u64)> {
    let mut state = mix(seed, 77 + graph as u64);
    let mut at = START.0;
    (0..8)
        .map(|_| {
            state = mix(state, 3);
            at += (state >> 20) % 6 * 100;
            (Nanos(at), (state & !0xf) | 3)
        })
        .collect()
}

/// A list of events, handed to a node as they come.
struct Listed {
    events: std::vec::IntoIter<(Nanos, u64)>,
    source: super::super::Push<u64>,
}

impl EventTimes for Listed {
    fn next(&mut self) -> NextEvent {
        match self.events.as_slice().first() {
            Some((at, _)) => NextEvent::At(*at),
            None => NextEvent::End,
        }
    }

    fn deliver(&mut self, executor: &mut Executor) {
        if let Some((_, value)) = self.events.next() {
            self.source.push(executor, value);
        }
    }
}

type Logs = Arc<Mutex<BTreeMap<usize, Vec<Entry>>>>;

/// Puts the log away when the graph ends.
struct PutAway(Brain, usize, Logs);

impl Drop for PutAway {
    fn drop(&mut self) {
        let log = std::mem::take(&mut self.0.log);
        self.2.lock().unwrap().insert(self.1, log);
    }
}

/// Runs the three graphs; `jitter` moves the threads against each other.
fn replayed(seed: u64, capacity: usize, lockstep: Lockstep, jitter: u64) -> (Vec<Vec<Entry>>, u64) {
    let mut threads = Threads::new();
    let ids: Vec<GraphId> = ["a", "b", "c"]
        .iter()
        .map(|name| threads.graph(name, None))
        .collect();
    let mut ends: Vec<_> = LINKS
        .iter()
        .map(|&(from, to, delay_ns)| {
            let delay = Duration::from_nanos(delay_ns);
            let (out, inlet) = threads.link::<u64>(ids[from], ids[to], capacity, delay);
            (Some(out), Some(inlet))
        })
        .collect();
    let logs = Logs::default();
    for (graph, &id) in ids.iter().enumerate() {
        let outs: Vec<_> = (0..LINKS.len())
            .filter(|&link| LINKS[link].0 == graph)
            .map(|link| (link, ends[link].0.take().unwrap()))
            .collect();
        let inlets: Vec<_> = (0..LINKS.len())
            .filter(|&link| LINKS[link].1 == graph)
            .map(|link| (link, ends[link].1.take().unwrap()))
            .collect();
        let logs = Arc::clone(&logs);
        threads.build(id, move |seat| {
            let mut senders = BTreeMap::new();
            for (link, out) in outs {
                senders.insert(link, seat.sender(out)?);
            }
            let mut streams = Vec::new();
            // The order in which links are received is not the order of their numbers.
            for (link, inlet) in inlets.into_iter().rev() {
                streams.push((link, seat.receive(inlet)?));
            }
            let source = push_node(seat.executor(), 0_u64);
            let event = source.node().clone();
            seat.events(Listed {
                events: events(graph, seed).into_iter(),
                source,
            });
            let triggers: Vec<_> = streams.iter().map(|(_, stream)| stream.clone()).collect();
            let brain = PutAway(Brain::new(graph, seed), graph, logs);
            let mut turns = jitter.wrapping_mul(graph as u64 + 1);
            Ok(NodeBuilder::new(brain)
                .triggered_by(&event)
                .triggered_by_many(triggers.iter().map(Stream::node).cloned())
                // The first cycle is before all data, and nothing is to be said of it.
                .build(seat.executor(), move |PutAway(brain, ..), ctx| {
                    if jitter > 0 {
                        turns = mix(turns, 1);
                        match turns % 16 {
                            0 => thread::sleep(Duration::from_micros(turns % 97)),
                            1..6 => thread::yield_now(),
                            _ => {}
                        }
                    }
                    let came: Vec<(u64, u64)> = streams
                        .iter()
                        .filter(|(_, stream)| stream.has_ticked(ctx))
                        .map(|(link, stream)| (*link as u64, stream.value().unwrap()))
                        .chain(ctx.has_mutated(&event).then(|| (EVENT, *event.borrow())))
                        .collect();
                    assert!(came.len() <= 1, "one message a cycle");
                    let (cause, value) = came.first().copied().unwrap_or((TIMER, 0));
                    let (sends, timer) = brain.react(ctx.now().0, cause, value);
                    let mut all = true;
                    for (link, value) in sends {
                        let sender = senders.get_mut(&link).unwrap();
                        all &= sender.send(ctx, value).is_ok();
                    }
                    brain.sent(all);
                    if let Some(delay_ns) = timer {
                        let _timer = ctx.timer_after(Duration::from_nanos(delay_ns));
                    }
                    Control::Unchanged
                }))
        });
    }
    let links = threads.links();
    for ended in threads.replay(START, lockstep) {
        assert_eq!(ended.outcome, Ok(Ended::EndOfData), "{}", ended.name);
    }
    let logs = std::mem::take(&mut *logs.lock().unwrap());
    let rejected = links.report().iter().map(|link| link.rejected).sum();
    (logs.into_values().collect(), rejected)
}

/// The contract by hand: one heap of instants, no graphs, no threads.
fn modelled(seed: u64) -> Vec<Vec<Entry>> {
    struct Model {
        brain: Brain,
        events: std::collections::VecDeque<(Nanos, u64)>,
        timers: BTreeSet<u64>,
        inbox: BTreeSet<(u64, usize, u64, u64)>,
    }
    let mut graphs: Vec<Model> = (0..3)
        .map(|graph| Model {
            brain: Brain::new(graph, seed),
            events: events(graph, seed).into(),
            timers: BTreeSet::new(),
            inbox: BTreeSet::new(),
        })
        .collect();
    let mut sequence = 0;
    while graphs
        .iter()
        .any(|graph| !graph.events.is_empty() || !graph.inbox.is_empty())
    {
        let (now, at) = (0..3)
            .filter_map(|at| {
                let graph = &graphs[at];
                let times = [
                    graph.timers.first().copied(),
                    graph.inbox.first().map(|message| message.0),
                    graph.events.front().map(|event| event.0.0),
                ];
                Some((times.into_iter().flatten().min()?, at))
            })
            .min()
            .unwrap();
        let graph = &mut graphs[at];
        let (cause, value) = if graph.timers.remove(&now) {
            (TIMER, 0)
        } else if graph.inbox.first().is_some_and(|message| message.0 == now) {
            let (_, link, _, value) = graph.inbox.pop_first().unwrap();
            (link as u64, value)
        } else {
            (EVENT, graph.events.pop_front().unwrap().1)
        };
        let (sends, timer) = graph.brain.react(now, cause, value);
        graph.brain.sent(true);
        graph.timers.extend(timer.map(|delay_ns| now + delay_ns));
        for (link, value) in sends {
            sequence += 1;
            let (_, to, delay_ns) = LINKS[link];
            graphs[to]
                .inbox
                .insert((now + delay_ns, link, sequence, value));
        }
    }
    graphs.into_iter().map(|graph| graph.brain.log).collect()
}

/// Without the timers after the last event or message of all: the end of a round is in no model.
fn to_the_last_event(mut logs: Vec<Vec<Entry>>) -> Vec<Vec<Entry>> {
    let last = logs
        .iter()
        .flatten()
        .filter(|entry| entry.1 != TIMER)
        .map(|entry| entry.0)
        .max();
    for log in &mut logs {
        log.retain(|entry| Some(entry.0) <= last);
    }
    logs
}

#[test]
fn a_replay_on_threads_gives_what_one_thread_gives_and_what_the_contract_says() {
    let mut messages = 0;
    for seed in 0..200 {
        let (one, rejected) = replayed(seed, 1_024, Lockstep::OneThread, 0);
        let (many, _) = replayed(seed, 1_024, Lockstep::Threads, seed + 1);
        assert_eq!(many, one, "seed {seed}");
        assert_eq!(rejected, 0);
        messages += one.iter().flatten().filter(|entry| entry.1 < EVENT).count();
        assert_eq!(
            to_the_last_event(one),
            to_the_last_event(modelled(seed)),
            "seed {seed}"
        );
    }
    assert!(messages > 5_000, "{messages} messages are no test");
}

#[test]
fn a_full_link_is_full_in_each_run_alike() {
    let mut rejected_count = 0;
    for seed in 0..50 {
        let (one, rejected) = replayed(seed, 1, Lockstep::OneThread, 0);
        for jitter in [1, 2] {
            let many = replayed(seed, 1, Lockstep::Threads, jitter);
            assert_eq!(many, (one.clone(), rejected), "seed {seed}");
        }
        rejected_count += rejected;
    }
    assert!(rejected_count > 100, "{rejected_count} are no test");
}

#[track_caller]
fn check_start_fails(threads: Threads, expected: &[Result<Ended, GraphError>]) {
    let ended = threads.start(ExecutionMode::Park).unwrap_err();
    let outcomes: Vec<_> = ended.into_iter().map(|graph| graph.outcome).collect();
    assert_eq!(outcomes, expected);
}

#[test]
fn messages_reach_a_graph_that_runs_live_and_sleeps() {
    let mut threads = Threads::new();
    let core = affinity::cores().first().copied();
    let (ping, pong) = (threads.graph("ping", core), threads.graph("pong", None));
    let (out, inlet) = threads.link::<u32>(ping, pong, 4, Duration::ZERO);
    let (seen, results) = sync_channel(16);
    threads.build(ping, move |seat| {
        let mut sender = seat.sender(out)?;
        Ok(NodeBuilder::new(0)
            .on_init(|executor, _, id| {
                executor.timer_every(&id, Duration::from_millis(1));
            })
            .build(seat.executor(), move |next, ctx| {
                // One that finds the link full is sent again.
                if *next < 8 && sender.send(ctx, *next).is_ok() {
                    *next += 1;
                }
                Control::Unchanged
            }))
    });
    threads.build(pong, move |seat| {
        assert!(!seat.is_replay());
        let stream = seat.receive(inlet)?;
        let read = stream.clone();
        Ok(NodeBuilder::new(())
            .triggered_by(&stream)
            .build(seat.executor(), move |(), _| {
                let _ = seen.try_send(read.value().unwrap());
                Control::Unchanged
            }))
    });
    let links = threads.links();
    let mut running = threads.start(ExecutionMode::Park).unwrap();
    assert_eq!(running.graphs()[0], ("ping".to_owned(), core));
    for expected in 0..8 {
        assert_eq!(results.recv_timeout(LONG), Ok(expected));
    }
    assert_eq!(running.ended(), []);
    let ended = running.stop_and_join(LONG);
    assert!(
        ended
            .iter()
            .all(|graph| graph.outcome == Ok(Ended::Stopped))
    );
    assert_eq!(ended[0].core, core);
    let report = links.report()[0];
    assert_eq!((report.sent, report.delivered), (8, 8));
    assert_eq!((report.from, report.to), (ping, pong));
}

#[test]
fn a_core_that_is_not_there_is_named_and_nothing_runs() {
    let mut threads = Threads::new();
    let good = threads.graph("good", None);
    threads.graph("bad", Some(100_000));
    threads.build(good, |seat| {
        Ok(NodeBuilder::new(())
            .on_init(|executor, (), id| {
                executor.schedule(id);
            })
            .build(seat.executor(), |(), _| panic!("it must not run")))
    });
    let expected = [Err(GraphError::NotStarted), Err(GraphError::Pin(100_000))];
    check_start_fails(threads, &expected);
    assert!(GraphError::Pin(100_000).to_string().contains("100000"));
}

#[test]
fn a_builder_that_fails_or_panics_or_takes_a_wrong_link_is_told() {
    let mut threads = Threads::new();
    let graphs: Vec<_> = (0..3).map(|_| threads.graph("g", None)).collect();
    let (out, _inlet) = threads.link::<u8>(graphs[0], graphs[1], 1, Duration::ZERO);
    threads.build(graphs[0], |_| Err::<(), _>("no data".into()));
    threads.build(graphs[1], |_| -> Result<(), BuildError> {
        panic!("on purpose")
    });
    threads.build(graphs[2], move |seat| Ok(seat.sender(out)?));
    let wrong = "the link is for graph 0, not for graph 2".to_owned();
    let expected = [
        Err(GraphError::Build("no data".to_owned())),
        Err(GraphError::Panicked("on purpose".to_owned())),
        Err(GraphError::Build(wrong)),
    ];
    check_start_fails(threads, &expected);
}

/// Two graphs, of which the first panics in its first cycle.
fn one_bad_graph() -> Threads {
    let mut threads = Threads::new();
    let bad = threads.graph("bad", None);
    threads.graph("good", None);
    threads.build(bad, |seat| {
        seat.executor().set_failure_policy(FailurePolicy::Propagate);
        Ok(NodeBuilder::new(())
            .on_init(|executor, (), id| {
                executor.schedule(id);
            })
            .build(seat.executor(), |(), _| panic!("on purpose")))
    });
    threads
}

#[test]
fn a_graph_that_panics_is_told_and_the_others_go_on() {
    let panicked = Err(GraphError::Panicked("on purpose".to_owned()));
    for lockstep in [Lockstep::OneThread, Lockstep::Threads] {
        let ended = one_bad_graph().replay(START, lockstep);
        assert_eq!(ended[0].outcome, panicked);
        assert_eq!(ended[1].outcome, Ok(Ended::EndOfData));
    }
    let mut running = one_bad_graph().start(ExecutionMode::Park).unwrap();
    let mut ended = running.ended();
    for _ in 0..10_000 {
        if !ended.is_empty() {
            break;
        }
        thread::sleep(Duration::from_millis(1));
        ended = running.ended();
    }
    assert_eq!(ended.len(), 1);
    assert_eq!((&*ended[0].name, &ended[0].outcome), ("bad", &panicked));
    let ended = running.stop_and_join(LONG);
    assert_eq!(ended[1].outcome, Ok(Ended::Stopped));
}

#[test]
fn a_graph_that_does_not_end_is_not_waited_for() {
    let mut threads = Threads::new();
    let stuck = threads.graph("stuck", None);
    let (release, held) = sync_channel::<()>(1);
    threads.build(stuck, move |seat| {
        Ok(NodeBuilder::new(())
            .on_init(|executor, (), id| {
                executor.schedule(id);
            })
            .build(seat.executor(), move |(), _| {
                let _ = held.recv();
                Control::Unchanged
            }))
    });
    let running = threads.start(ExecutionMode::Park).unwrap();
    let ended = running.stop_and_join(Duration::from_millis(1));
    // It may have been stopped before its first cycle.
    let outcome = &ended[0].outcome;
    assert!(
        matches!(outcome, Err(GraphError::StillRunning) | Ok(Ended::Stopped)),
        "{outcome:?}"
    );
    drop(release);
}

#[test]
fn a_graph_that_ended_takes_no_messages_and_does_not_hold_its_sender() {
    for lockstep in [Lockstep::OneThread, Lockstep::Threads] {
        let mut threads = Threads::new();
        let (from, to) = (threads.graph("from", None), threads.graph("to", None));
        let (out, inlet) = threads.link::<u64>(from, to, 1, Duration::from_nanos(10));
        threads.build(from, move |seat| {
            let mut sender = seat.sender(out)?;
            let source = push_node(seat.executor(), 0_u64);
            let event = source.node().clone();
            seat.events(Listed {
                events: (0..20)
                    .map(|at| (Nanos(START.0 + 100 * at), at))
                    .collect::<Vec<_>>()
                    .into_iter(),
                source,
            });
            Ok(NodeBuilder::new(())
                .triggered_by(&event)
                .build(seat.executor(), move |(), ctx| {
                    assert_eq!(sender.send(ctx, 1), Ok(()));
                    Control::Unchanged
                }))
        });
        threads.build(to, move |seat| {
            let stream = seat.receive(inlet)?;
            Ok(NodeBuilder::new(())
                .triggered_by(&stream)
                .build(seat.executor(), |(), _| Control::Terminate))
        });
        let links = threads.links();
        let ended = threads.replay(START, lockstep);
        assert_eq!(ended[0].outcome, Ok(Ended::EndOfData));
        assert_eq!(ended[1].outcome, Ok(Ended::Terminated));
        assert_eq!(links.report()[0].sent, 20);
    }
}

#[test]
fn timers_alone_do_not_keep_a_replay_going() {
    let mut threads = Threads::new();
    let graph = threads.graph("ticking", None);
    let (end, last) = sync_channel(1);
    threads.build(graph, move |seat| {
        let source = push_node(seat.executor(), 0_u64);
        let event = source.node().clone();
        let at = START.after(Duration::from_millis(5));
        seat.events(Listed {
            events: vec![(at, 7)].into_iter(),
            source,
        });
        Ok(NodeBuilder::new(())
            .on_init(|executor, (), id| {
                executor.timer_every(&id, Duration::from_millis(1));
            })
            .triggered_by(&event)
            .build(seat.executor(), move |(), ctx| {
                // Set for the present, again and again: time must go on all the same.
                let _timer = ctx.timer_at(ctx.now());
                if ctx.has_mutated(&event) {
                    let _ = end.try_send(ctx.now());
                }
                Control::Unchanged
            }))
    });
    let ended = threads.replay(START, Lockstep::OneThread);
    assert_eq!(ended[0].outcome, Ok(Ended::EndOfData));
    assert_eq!(last.try_recv(), Ok(START.after(Duration::from_millis(5))));
}
