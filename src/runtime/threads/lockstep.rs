//! The replay of several graphs in rounds, each on its thread or all on one.
//!
//! See [`Threads::replay`](super::Threads::replay) for the contract.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use super::super::clock::{EventTimes, Nanos, NextEvent};
use super::super::executor::{Executor, ExecutorState};
use super::super::runtime::Ended;
use super::link::Inlet;
use super::{GraphEnd, GraphError, GraphId, Plan, Seat, message_of, pin};

/// Length of a round where no link bounds it.
const ROUND_MAX: Duration = Duration::from_secs(1);
/// Cycles at one instant before time moves on: a node that yields for ever does not hold it up.
const SETTLE_CYCLES_MAX: u32 = 1024;
/// Sleep between two looks at a source of events that is behind.
const PENDING_SLEEP: Duration = Duration::from_micros(100);

/// On which threads the graphs of a replay run. The results are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Lockstep {
    /// Each graph on a thread of its own. Worth it where a round has work for more than one.
    Threads,
    /// All on the calling thread, which is not pinned.
    OneThread,
}

/// When a graph has something to do.
#[derive(Debug, Clone, Copy, Default)]
struct Outlook {
    /// The earliest of everything.
    next: Option<Nanos>,
    /// Whether events or messages are left: timers alone do not keep a replay going.
    has_data: bool,
}

/// A graph in a replay.
struct Replayed {
    executor: Executor,
    inlets: Vec<Box<dyn Inlet>>,
    events: Option<Box<dyn EventTimes>>,
    /// Held so that the nodes stay.
    _keep: Option<Box<dyn Any>>,
    over: Option<Result<Ended, GraphError>>,
    /// Instants at the present that timers alone asked for.
    stuck: u32,
}

impl Replayed {
    fn build(plan: &mut Plan, graph: GraphId) -> Self {
        let mut executor = Executor::new();
        let (mut inlets, mut events) = (Vec::new(), None);
        let built = plan.run_build(Seat {
            executor: &mut executor,
            graph,
            replay: Some((&mut inlets, &mut events)),
        });
        inlets.sort_by_key(|inlet| inlet.index());
        let (keep, over) = match built {
            Ok(keep) => (Some(keep), None),
            Err(error) => (None, Some(Err(error))),
        };
        Self {
            executor,
            inlets,
            events,
            _keep: keep,
            over,
            stuck: 0,
        }
    }

    /// The first cycle, when all graphs are built.
    fn start(&mut self, at: Nanos) {
        self.guarded(|this| this.settle(at));
    }

    /// Does something unless the graph is over; a panic ends the graph.
    fn guarded(&mut self, act: impl FnOnce(&mut Self)) {
        if self.over.is_none()
            && let Err(payload) = catch_unwind(AssertUnwindSafe(|| act(self)))
        {
            self.over = Some(Err(GraphError::Panicked(message_of(&*payload))));
        }
    }

    /// The first half of a round, while no graph runs.
    fn take(&mut self) -> Outlook {
        for inlet in &mut self.inlets {
            inlet.take(self.over.is_some());
        }
        let mut outlook = Outlook::default();
        self.guarded(|this| outlook = this.outlook());
        outlook
    }

    /// The second half: runs all that is due before the horizon.
    fn run(&mut self, horizon: Nanos) {
        self.guarded(|this| {
            while this.over.is_none()
                && let Some(at) = this.outlook().next.filter(|&at| at < horizon)
            {
                this.instant(at);
            }
        });
    }

    /// The time of the next event, waited for where its reader is behind.
    fn next_event(&mut self) -> Option<Nanos> {
        let events = self.events.as_mut()?;
        loop {
            match events.next() {
                NextEvent::At(at) => return Some(at.max(self.executor.now())),
                NextEvent::Pending => thread::park_timeout(PENDING_SLEEP),
                NextEvent::End => return None,
            }
        }
    }

    fn next_timer(&self) -> Option<Nanos> {
        let now = self.executor.now();
        let deadline = self.executor.next_deadline()?;
        // Timers that are set in the past for ever run with whatever comes next.
        (deadline > now || self.stuck < SETTLE_CYCLES_MAX).then(|| deadline.max(now))
    }

    fn outlook(&mut self) -> Outlook {
        // Beyond the end of time there is nothing.
        let in_time = |at: &Nanos| at.0 < u64::MAX;
        let messages = self.inlets.iter().filter_map(|inlet| inlet.next()).min();
        let data = [messages, self.next_event()]
            .into_iter()
            .flatten()
            .filter(in_time)
            .min();
        let timer = self.next_timer().filter(in_time);
        Outlook {
            next: [data, timer].into_iter().flatten().min(),
            has_data: data.is_some(),
        }
    }

    /// All that is due at one instant: timers, then messages by link and sequence, then events.
    fn instant(&mut self, at: Nanos) {
        self.stuck = match at > self.executor.now() {
            true => 0,
            false => self.stuck.saturating_add(1),
        };
        if self.next_timer().is_some_and(|timer| timer <= at) {
            self.settle(at);
        }
        while self.over.is_none() {
            // By time first: what came late by a saturated clock is still in order.
            let due = (0..self.inlets.len())
                .filter_map(|index| self.inlets[index].next().map(|due| (due, index)))
                .filter(|(due, _)| *due <= at)
                .min();
            let Some((_, index)) = due else { break };
            self.inlets[index].deliver(&mut self.executor);
            self.settle(at);
        }
        while self.over.is_none() && self.next_event().is_some_and(|due| due <= at) {
            if let Some(events) = &mut self.events {
                events.deliver(&mut self.executor);
            }
            self.settle(at);
        }
    }

    /// Runs cycles at one instant until nothing is left to do in it.
    fn settle(&mut self, now: Nanos) {
        for _ in 0..SETTLE_CYCLES_MAX {
            if self.executor.cycle(now) == ExecutorState::Terminated {
                self.over = Some(Ok(Ended::Terminated));
                break;
            }
            if self.executor.is_idle() {
                break;
            }
        }
    }

    fn end(self) -> Result<Ended, GraphError> {
        let Self { over, .. } = self;
        over.unwrap_or(Ok(Ended::EndOfData))
    }
}

/// The horizon of the next round; `None` when the replay is over.
fn horizon(outlooks: &[Outlook], lookahead_ns: Option<u64>) -> Option<Nanos> {
    if !outlooks.iter().any(|outlook| outlook.has_data) {
        return None;
    }
    let first = outlooks.iter().filter_map(|outlook| outlook.next).min()?;
    let round_max_ns = ROUND_MAX.as_nanos() as u64;
    let lookahead_ns = lookahead_ns.map_or(round_max_ns, |delay_ns| delay_ns.min(round_max_ns));
    Some(Nanos(first.0.saturating_add(lookahead_ns)))
}

/// Runs the rounds on this thread, the graphs in the order in which they were declared.
pub(super) fn on_one_thread(
    mut plans: Vec<Plan>,
    lookahead_ns: Option<u64>,
    start: Nanos,
) -> Vec<GraphEnd> {
    let mut graphs: Vec<Replayed> = plans
        .iter_mut()
        .enumerate()
        .map(|(index, plan)| Replayed::build(plan, GraphId(index)))
        .collect();
    for graph in &mut graphs {
        graph.start(start);
    }
    loop {
        let outlooks: Vec<Outlook> = graphs.iter_mut().map(Replayed::take).collect();
        let Some(horizon) = horizon(&outlooks, lookahead_ns) else {
            break;
        };
        for (graph, outlook) in graphs.iter_mut().zip(&outlooks) {
            if outlook.next.is_some_and(|next| next < horizon) {
                graph.run(horizon);
            }
        }
    }
    plans
        .into_iter()
        .zip(graphs)
        .map(|(plan, graph)| GraphEnd {
            name: plan.name,
            core: None,
            outcome: graph.end(),
        })
        .collect()
}

/// What a thread is asked to do; each is answered with an outlook, empty but for `Take`.
enum Command {
    Start(Nanos),
    Take,
    Run(Nanos),
}

/// A graph on a thread of its own, as its coordinator sees it.
struct Worker {
    commands: SyncSender<Command>,
    answers: Receiver<Outlook>,
    thread: thread::JoinHandle<Result<Ended, GraphError>>,
}

impl Worker {
    fn spawn(mut plan: Plan, graph: GraphId) -> Result<Self, GraphError> {
        // One command is under way at a time.
        let (commands, asked) = sync_channel(1);
        let (answer, answers) = sync_channel(1);
        let thread = thread::Builder::new()
            .name(plan.name.clone())
            .spawn(move || {
                pin(plan.core)?;
                let mut replayed = Replayed::build(&mut plan, graph);
                // The first answer says that the graph is built.
                let mut answered = answer.send(Outlook::default());
                while answered.is_ok()
                    && let Ok(command) = asked.recv()
                {
                    let mut outlook = Outlook::default();
                    match command {
                        Command::Start(at) => replayed.start(at),
                        Command::Take => outlook = replayed.take(),
                        Command::Run(horizon) => replayed.run(horizon),
                    }
                    answered = answer.send(outlook);
                }
                replayed.end()
            })
            .map_err(|error| GraphError::Thread(error.to_string()))?;
        Ok(Self {
            commands,
            answers,
            thread,
        })
    }

    fn ask(&self, command: Command) {
        // A thread that has ended has told why; it answers with nothing to do.
        let _ = self.commands.send(command);
    }

    fn answer(&self) -> Outlook {
        self.answers.recv().unwrap_or_default()
    }
}

/// Runs the rounds on a thread for each graph, with this thread as their coordinator.
pub(super) fn on_threads(
    plans: Vec<Plan>,
    lookahead_ns: Option<u64>,
    start: Nanos,
) -> Vec<GraphEnd> {
    let mut workers = Vec::new();
    let mut seats = Vec::new();
    for (index, plan) in plans.into_iter().enumerate() {
        let (name, core) = (plan.name.clone(), plan.core);
        let spawned = Worker::spawn(plan, GraphId(index));
        let failed = match spawned {
            Ok(worker) => {
                workers.push(worker);
                None
            }
            Err(error) => Some(error),
        };
        seats.push((name, core, failed));
    }
    for worker in &workers {
        worker.answer();
    }
    for worker in &workers {
        worker.ask(Command::Start(start));
    }
    for worker in &workers {
        worker.answer();
    }
    loop {
        for worker in &workers {
            worker.ask(Command::Take);
        }
        let outlooks: Vec<Outlook> = workers.iter().map(Worker::answer).collect();
        let Some(horizon) = horizon(&outlooks, lookahead_ns) else {
            break;
        };
        let busy: Vec<&Worker> = workers
            .iter()
            .zip(&outlooks)
            .filter(|(_, outlook)| outlook.next.is_some_and(|next| next < horizon))
            .map(|(worker, _)| worker)
            .collect();
        for worker in &busy {
            worker.ask(Command::Run(horizon));
        }
        for worker in &busy {
            worker.answer();
        }
    }
    let mut workers = workers.into_iter();
    seats
        .into_iter()
        .map(|(name, core, failed)| {
            let outcome = match failed {
                Some(error) => Err(error),
                None => workers.next().map_or(Ok(Ended::EndOfData), |worker| {
                    drop(worker.commands);
                    worker
                        .thread
                        .join()
                        .unwrap_or_else(|payload| Err(GraphError::Panicked(message_of(&*payload))))
                }),
            };
            GraphEnd {
                name,
                core,
                outcome,
            }
        })
        .collect()
}
