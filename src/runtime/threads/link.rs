//! Links: bounded, one-way channels from a graph to another.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::super::builder::NodeBuilder;
use super::super::channel::{Receiver, Sender, TrySendError, Wake, channel};
use super::super::clock::Nanos;
use super::super::context::Context;
use super::super::executor::Executor;
use super::super::node::{Control, NodeId, NodeRef};
use super::super::stream::{Latest, Stream};
use super::GraphId;

/// A message with the time at which the receiving graph has it.
struct Timed<T> {
    at: Nanos,
    value: T,
}

/// Counts of a link, read from any thread.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    /// Messages sent.
    pub(super) sent: AtomicU64,
    /// Messages that have left the link. In a replay it moves only while all senders stand still.
    pub(super) delivered: AtomicU64,
    /// Sends that found the link full.
    pub(super) rejected: AtomicU64,
}

/// What both ends of a link share.
struct Wire<T> {
    index: u32,
    capacity: usize,
    delay_ns: u64,
    gauge: Arc<Gauge>,
    /// Put here by the receiving graph as it is built, taken by the sender's first message.
    sender: Mutex<Option<Sender<Timed<T>>>>,
}

impl<T> Wire<T> {
    fn offer(&self, sender: Sender<Timed<T>>) {
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
    }

    fn take(&self) -> Option<Sender<Timed<T>>> {
        self.sender
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}

/// The end of a link to be given to the sending graph: [`Seat::sender`](super::Seat::sender).
pub struct Outgoing<T> {
    pub(super) graph: GraphId,
    wire: Arc<Wire<T>>,
}

/// The end of a link to be given to the receiving graph: [`Seat::receive`](super::Seat::receive).
pub struct Incoming<T> {
    pub(super) graph: GraphId,
    wire: Arc<Wire<T>>,
}

pub(super) fn link<T>(
    (index, from, to): (u32, GraphId, GraphId),
    capacity: usize,
    delay_ns: u64,
    gauge: Arc<Gauge>,
) -> (Outgoing<T>, Incoming<T>) {
    let wire = Arc::new(Wire {
        index,
        capacity,
        delay_ns,
        gauge,
        sender: Mutex::new(None),
    });
    let outgoing = Outgoing {
        graph: from,
        wire: Arc::clone(&wire),
    };
    (outgoing, Incoming { graph: to, wire })
}

impl<T> fmt::Debug for Outgoing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outgoing")
            .field("link", &self.wire.index)
            .field("from", &self.graph)
            .finish_non_exhaustive()
    }
}

impl<T> fmt::Debug for Incoming<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Incoming")
            .field("link", &self.wire.index)
            .field("to", &self.graph)
            .finish_non_exhaustive()
    }
}

/// Sends from nodes of one graph into another.
pub struct LinkSender<T> {
    wire: Arc<Wire<T>>,
    sender: Option<Sender<Timed<T>>>,
    sent: u64,
}

impl<T> fmt::Debug for LinkSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkSender")
            .field("link", &self.wire.index)
            .field("sent", &self.sent)
            .finish_non_exhaustive()
    }
}

impl<T> LinkSender<T> {
    pub(super) fn new(outgoing: Outgoing<T>) -> Self {
        Self {
            wire: outgoing.wire,
            sender: None,
            sent: 0,
        }
    }

    /// Sends one message without waiting.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] with the message: the link holds as many as it can, which is counted, or
    /// the receiving graph has no node for the link.
    pub fn send(&mut self, ctx: &Context<'_>, value: T) -> Result<(), TrySendError<T>> {
        if self.sender.is_none() {
            self.sender = self.wire.take();
        }
        let Some(sender) = &mut self.sender else {
            return Err(TrySendError::Closed(value));
        };
        let gauge = &self.wire.gauge;
        let waiting = self.sent - gauge.delivered.load(Ordering::Acquire).min(self.sent);
        if waiting >= self.wire.capacity as u64 {
            gauge.rejected.fetch_add(1, Ordering::Relaxed);
            return Err(TrySendError::Full(value));
        }
        let at = Nanos(ctx.now().0.saturating_add(self.wire.delay_ns));
        match sender.try_send(Timed { at, value }) {
            Ok(()) => {
                self.sent += 1;
                gauge.sent.store(self.sent, Ordering::Relaxed);
                Ok(())
            }
            Err(TrySendError::Full(timed)) => {
                gauge.rejected.fetch_add(1, Ordering::Relaxed);
                Err(TrySendError::Full(timed.value))
            }
            Err(TrySendError::Closed(timed)) => Err(TrySendError::Closed(timed.value)),
        }
    }
}

/// A node that gives each message as it comes, in a cycle of its own.
pub(super) fn receive_live<T: 'static>(
    executor: &mut Executor,
    incoming: &Incoming<T>,
) -> Stream<T> {
    let gauge = Arc::clone(&incoming.wire.gauge);
    let (node, sender) = NodeBuilder::new(Latest::default())
        .named(format!("link {}", incoming.wire.index))
        .build_with_channel(
            executor,
            incoming.wire.capacity,
            move |latest: &mut Latest<T>, ctx, receiver: &mut Receiver<Timed<T>>| {
                let Ok(timed) = receiver.try_receive() else {
                    return Control::Unchanged;
                };
                // One thread writes.
                let delivered = gauge.delivered.load(Ordering::Relaxed);
                gauge.delivered.store(delivered + 1, Ordering::Release);
                latest.give(Some(timed.value), ctx.now())
            },
        );
    incoming.wire.offer(sender);
    Stream::from(node)
}

/// The receiving end of a link in a replay, without the type of its messages.
pub(super) trait Inlet {
    /// Number of the link.
    fn index(&self) -> u32;
    /// Takes in what was sent in the last round, and tells the sender what has been delivered.
    /// Where the graph does not run any more, all is dropped, and counts as delivered.
    fn take(&mut self, is_over: bool);
    /// When the next message is due.
    fn next(&self) -> Option<Nanos>;
    /// Has the next message run in the next cycle.
    fn deliver(&mut self, executor: &mut Executor);
}

struct ReplayInlet<T> {
    wire: Arc<Wire<T>>,
    receiver: Receiver<Timed<T>>,
    /// No longer than the link's capacity: the sender counts what has not been delivered.
    waiting: VecDeque<Timed<T>>,
    staged: Rc<RefCell<Option<T>>>,
    node: NodeId,
    delivered: u64,
}

impl<T> Inlet for ReplayInlet<T> {
    fn index(&self) -> u32 {
        self.wire.index
    }

    fn take(&mut self, is_over: bool) {
        while let Ok(timed) = self.receiver.try_receive() {
            self.waiting.push_back(timed);
        }
        if is_over {
            self.delivered += self.waiting.len() as u64;
            self.waiting.clear();
        }
        let delivered = &self.wire.gauge.delivered;
        delivered.store(self.delivered, Ordering::Release);
    }

    fn next(&self) -> Option<Nanos> {
        self.waiting.front().map(|timed| timed.at)
    }

    fn deliver(&mut self, executor: &mut Executor) {
        if let Some(timed) = self.waiting.pop_front() {
            self.delivered += 1;
            *self.staged.borrow_mut() = Some(timed.value);
            // A node that was swept drops its messages, as one that does not listen.
            executor.schedule(self.node);
        }
    }
}

/// A node that gives each message at its time, when the replay delivers it.
pub(super) fn receive_replayed<T: 'static>(
    executor: &mut Executor,
    incoming: Incoming<T>,
) -> (Stream<T>, Box<dyn Inlet>) {
    // Nobody sleeps on it: the rounds of the replay say when to look.
    let (sender, receiver) = channel(incoming.wire.capacity, Arc::new(Wake::default()));
    let staged: Rc<RefCell<Option<T>>> = Rc::default();
    let taken = Rc::clone(&staged);
    let node = NodeBuilder::new(Latest::default())
        .named(format!("link {}", incoming.wire.index))
        .build(executor, move |latest: &mut Latest<T>, ctx| {
            let value = taken.borrow_mut().take();
            latest.give(value, ctx.now())
        });
    let stream = Stream::from(node);
    incoming.wire.offer(sender);
    let inlet = ReplayInlet {
        receiver,
        waiting: VecDeque::new(),
        staged,
        node: stream.node_id(),
        delivered: 0,
        wire: incoming.wire,
    };
    (stream, Box::new(inlet))
}
