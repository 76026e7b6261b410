//! Streams from other threads: one value a cycle, the latest, all as a burst, in groups, in loans.

use std::cell::RefCell;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use super::super::builder::NodeBuilder;
use super::super::channel::{Receiver, Sender, TryReceiveError, TrySendError, Wake};
use super::super::executor::Executor;
use super::super::node::Control;
use super::super::steps::{Burst, Lost};
use super::super::stream::{Latest, Stream};
use super::outlet::{Outlet, combine_named};

/// What a source does when its sender is gone and all messages are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum AtEnd {
    /// It stays, with its last value.
    #[default]
    Stay,
    /// It is removed, and with it all that it triggers.
    Sweep,
    /// It ends the run.
    Terminate,
}

impl AtEnd {
    fn control(self) -> Control {
        match self {
            Self::Stay => Control::Unchanged,
            Self::Sweep => Control::Sweep,
            Self::Terminate => Control::Terminate,
        }
    }
}

/// Each message in a cycle of its own; none is merged, none overtakes.
///
/// The ring holds `capacity` messages (at least one); a full ring is an error to the sender.
pub fn channel<T: 'static>(
    executor: &mut Executor,
    capacity: usize,
    at_end: AtEnd,
) -> (Stream<T>, Sender<T>) {
    let (node, sender) = NodeBuilder::new(Latest::default())
        .named("channel")
        .build_with_channel(
            executor,
            capacity,
            move |latest: &mut Latest<T>, ctx, receiver: &mut Receiver<T>| match receiver
                .try_receive()
            {
                Ok(value) => latest.give(Some(value), ctx.now()),
                Err(TryReceiveError::Empty) => Control::Unchanged,
                Err(TryReceiveError::Closed) => at_end.control(),
            },
        );
    (Stream::from(node), sender)
}

/// The latest of the messages waiting; those before it are counted in `merged`.
pub fn channel_latest<T: 'static>(
    executor: &mut Executor,
    capacity: usize,
    at_end: AtEnd,
    merged: &Lost,
) -> (Stream<T>, Sender<T>) {
    let merged = merged.clone();
    let (node, sender) = NodeBuilder::new(Latest::default())
        .named("channel_latest")
        .build_with_channel(
            executor,
            capacity,
            move |latest: &mut Latest<T>, ctx, receiver: &mut Receiver<T>| {
                // What comes during the run is for the next cycle: a fast sender cannot hold it.
                for _ in 1..receiver.len() {
                    if receiver.try_receive().is_ok() {
                        merged.add(1);
                    }
                }
                match receiver.try_receive() {
                    Ok(value) => latest.give(Some(value), ctx.now()),
                    Err(TryReceiveError::Empty) => Control::Unchanged,
                    Err(TryReceiveError::Closed) => at_end.control(),
                }
            },
        );
    (Stream::from(node), sender)
}

/// All messages waiting as one burst, at most `per_cycle` (at least one) a cycle; the rest waits
/// for the next. The burst's memory is used again: nothing is allocated once it has grown.
pub fn channel_burst<T: 'static>(
    executor: &mut Executor,
    capacity: usize,
    per_cycle: usize,
    at_end: AtEnd,
) -> (Stream<Burst<T>>, Sender<T>) {
    let (node, sender) = NodeBuilder::new(Latest::default())
        .named("channel_burst")
        .build_with_channel(
            executor,
            capacity,
            move |latest: &mut Latest<Burst<T>>, ctx, receiver: &mut Receiver<T>| {
                if receiver.is_empty() {
                    return match receiver.is_closed() {
                        true => at_end.control(),
                        false => Control::Unchanged,
                    };
                }
                latest.change(ctx.now(), |burst| {
                    burst.clear();
                    while burst.len() < per_cycle.max(1)
                        && let Ok(value) = receiver.try_receive()
                    {
                        burst.push(value);
                    }
                    !burst.is_empty()
                })
            },
        );
    (Stream::from(node), sender)
}

/// Several streams that share one channel, so that they stay in step: messages are `(lane,
/// value)`, and a cycle takes messages up to the first whose lane has had one in it.
///
/// So no cycle merges two values of a lane, and none sees a later value of one lane with an earlier
/// one of another: all lanes move through the order in which they were sent. Lanes that do not
/// exist are counted in `lost`. Held by its lanes.
pub fn channel_group<T: 'static>(
    executor: &mut Executor,
    lanes: usize,
    capacity: usize,
    at_end: AtEnd,
    lost: &Lost,
) -> (Vec<Stream<T>>, Sender<(usize, T)>) {
    let lost = lost.clone();
    let outlets: Rc<RefCell<Vec<Outlet<T>>>> = Rc::default();
    let lanes_out = Rc::clone(&outlets);
    let mut taken = vec![false; lanes];
    let (node, sender) = NodeBuilder::new(())
        .named("channel_group")
        .build_with_channel(
            executor,
            capacity,
            move |(), ctx, receiver: &mut Receiver<(usize, T)>| {
                if receiver.is_closed() {
                    return at_end.control();
                }
                taken.fill(false);
                let outlets = lanes_out.borrow();
                for _ in 0..receiver.len() {
                    if receiver
                        .peek()
                        .is_none_or(|(lane, _)| taken.get(*lane) == Some(&true))
                    {
                        break;
                    }
                    let Ok((lane, value)) = receiver.try_receive() else {
                        break;
                    };
                    match (outlets.get(lane), taken.get_mut(lane)) {
                        (Some(outlet), Some(taken)) => {
                            *taken = true;
                            outlet.put(value, ctx);
                        }
                        _ => lost.add(1),
                    }
                }
                Control::Unchanged
            },
        );
    let mut streams = Vec::with_capacity(lanes);
    for _ in 0..lanes {
        let (stream, outlet) = Outlet::new(executor, "lane", &[&node], ());
        streams.push(stream);
        outlets.borrow_mut().push(outlet);
    }
    (streams, sender)
}

/// The sending end of a [`pooled_channel`].
pub struct PooledSender<T> {
    free: Receiver<Box<T>>,
    out: Sender<Box<T>>,
}

/// Each message in a cycle of its own, in boxes that go round: nothing is allocated after building.
///
/// There are `count` boxes (at least two), filled by `make`. The graph keeps the box of the latest
/// value and sends back the one before.
pub fn pooled_channel<T: 'static>(
    executor: &mut Executor,
    count: usize,
    mut make: impl FnMut() -> T,
    at_end: AtEnd,
) -> (Stream<Box<T>>, PooledSender<T>) {
    let count = count.max(2);
    let (mut back, free) = super::super::channel::channel(count, Arc::new(Wake::default()));
    for _ in 0..count {
        // There is room for all of them.
        let _ = back.try_send(Box::new(make()));
    }
    let (node, out) = NodeBuilder::new(Latest::default())
        .named("pooled_channel")
        .build_with_channel(
            executor,
            count,
            move |latest: &mut Latest<Box<T>>, ctx, receiver: &mut Receiver<Box<T>>| {
                match receiver.try_receive() {
                    Ok(value) => {
                        if let Some(before) = latest.replace(value, ctx.now()) {
                            // Full only with boxes that are not of the pool; closed at the end.
                            let _ = back.try_send(before);
                        }
                        Control::Broadcast
                    }
                    Err(TryReceiveError::Empty) => Control::Unchanged,
                    Err(TryReceiveError::Closed) => at_end.control(),
                }
            },
        );
    (Stream::from(node), PooledSender { free, out })
}

impl<T> PooledSender<T> {
    /// A box to fill, with what it held before; `None` while all are in use. One that is dropped
    /// instead of sent leaves the pool.
    pub fn loan(&mut self) -> Option<Box<T>> {
        self.free.try_receive().ok()
    }

    /// Sends a box.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] with the box: the source is gone, or the ring is full of boxes that are not
    /// of the pool.
    pub fn try_send(&mut self, value: Box<T>) -> Result<(), TrySendError<Box<T>>> {
        self.out.try_send(value)
    }
}

impl<T> fmt::Debug for PooledSender<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PooledSender")
            .field("free", &self.free.len())
            .finish_non_exhaustive()
    }
}

/// Values of one instant for one taker, who gets them by move.
///
/// Where a [`Burst`] is read by any number of nodes, a hand-over is emptied by the first that takes
/// it. What nobody took by the next burst is counted, not mixed with it.
#[derive(Debug)]
pub struct Handover<T>(RefCell<Vec<T>>);

impl<T> Default for Handover<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Handover<T> {
    /// Moves the values to the end of `into`; a second taker gets none. Nothing is allocated where
    /// `into` is empty.
    pub fn take_into(&self, into: &mut Vec<T>) {
        let mut values = self.0.borrow_mut();
        if into.is_empty() {
            std::mem::swap(&mut *values, into);
        } else {
            into.append(&mut values);
        }
    }

    /// Values not taken.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether all values are taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// As [`channel_burst`], for a taker by move; what was not taken is counted in `lost`.
pub fn channel_handover<T: 'static>(
    executor: &mut Executor,
    capacity: usize,
    per_cycle: usize,
    at_end: AtEnd,
    lost: &Lost,
) -> (Stream<Handover<T>>, Sender<T>) {
    let lost = lost.clone();
    let (node, sender) = NodeBuilder::new(Latest::default())
        .named("channel_handover")
        .build_with_channel(
            executor,
            capacity,
            move |latest: &mut Latest<Handover<T>>, ctx, receiver: &mut Receiver<T>| {
                if receiver.is_empty() {
                    return match receiver.is_closed() {
                        true => at_end.control(),
                        false => Control::Unchanged,
                    };
                }
                latest.change(ctx.now(), |handover| {
                    let values = handover.0.get_mut();
                    lost.add(values.len() as u64);
                    values.clear();
                    while values.len() < per_cycle.max(1)
                        && let Ok(value) = receiver.try_receive()
                    {
                        values.push(value);
                    }
                    !values.is_empty()
                })
            },
        );
    (Stream::from(node), sender)
}

impl<T: 'static> Stream<Handover<T>> {
    /// What `function` gives for each value taken, by move, as bursts; nothing where it gives
    /// nothing.
    pub fn take_map<O: 'static>(
        &self,
        executor: &mut Executor,
        mut function: impl FnMut(T) -> Option<O> + 'static,
    ) -> Stream<Burst<O>> {
        let input = self.clone();
        let mut taken = Vec::new();
        combine_named(executor, "take_map", &[self], &[], move |_| {
            input.latest().value()?.take_into(&mut taken);
            let given: Burst<O> = taken.drain(..).filter_map(&mut function).collect();
            (!given.is_empty()).then_some(given)
        })
    }
}

/// The values of the stream that `selector` names by its place, taken by move when they come. What
/// the others give is not taken.
pub fn take_switch<T: 'static>(
    executor: &mut Executor,
    selector: &Stream<usize>,
    streams: &[Stream<Handover<T>>],
) -> Stream<Burst<T>> {
    let (inputs, place) = (streams.to_vec(), selector.clone());
    let triggers = super::outlet::parents(streams);
    combine_named(
        executor,
        "take_switch",
        &triggers,
        &[selector],
        move |ctx| {
            let input = inputs.get(place.value()?)?;
            if !input.has_ticked(ctx) {
                return None;
            }
            let mut taken = Vec::new();
            input.latest().value()?.take_into(&mut taken);
            Some(taken.into())
        },
    )
}
