//! The channel of many senders: a ring for each of them, so that none waits for another.
//!
//! The receiver goes round: one message from the first ring that has one, the next from the ring
//! after it. A sender that sends much delays the others by one message a turn, never more, and the
//! order of the messages of one sender is kept. Between senders there is no order but this.
//!
//! Senders are added through a [`ChannelHandle`], from any thread and also while the channel is in
//! use, up to the number it was built for. Adding takes a lock; sending and receiving do not.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use rtrb::{Consumer, RingBuffer};

use super::error::{AddSenderError, TryReceiveError};
use super::ready::Mark;
use super::spsc::{CloseOnDrop, Sender};
use super::sync::{AtomicBool, AtomicU32, Mutex, Ordering, lock};
use super::wake::{Bell, RingOnDrop, Wake};

/// Senders on their way to the receiver, and how many there are.
struct Joining<M> {
    rings: VecDeque<Consumer<M>>,
    /// Senders added and not yet seen to have ended.
    senders: usize,
}

struct Shared<M> {
    joining: Mutex<Joining<M>>,
    /// Whether `joining.rings` holds any: looked at without the lock.
    has_joining: AtomicBool,
    /// Handles left: as long as there is one, the stream may go on.
    handles: AtomicU32,
    senders_max: usize,
    capacity: usize,
}

/// Makes a channel for up to `senders_max` senders (at least one) with a ring of `capacity`
/// messages (at least one) each, whose sends go through `wake`.
#[must_use]
pub fn channel_many<M>(
    senders_max: usize,
    capacity: usize,
    wake: Arc<Wake>,
) -> (ChannelHandle<M>, MultiReceiver<M>) {
    let senders_max = senders_max.max(1);
    let shared = Arc::new(Shared {
        joining: Mutex::new(Joining {
            rings: VecDeque::with_capacity(senders_max),
            senders: 0,
        }),
        has_joining: AtomicBool::new(false),
        handles: AtomicU32::new(1),
        senders_max,
        capacity: capacity.max(1),
    });
    let closed = CloseOnDrop(Arc::new(AtomicBool::new(false)));
    let handle = ChannelHandle {
        end: HandleEnd(Arc::clone(&shared)),
        closed: Arc::clone(&closed.0),
        bell: RingOnDrop(Bell::new(wake)),
    };
    let receiver = MultiReceiver {
        rings: Vec::with_capacity(senders_max),
        turn: 0,
        shared,
        closed,
        end_seen: false,
    };
    (handle, receiver)
}

struct HandleEnd<M>(Arc<Shared<M>>);

impl<M> Drop for HandleEnd<M> {
    fn drop(&mut self) {
        // Senders added through this handle are visible to whoever sees that it is gone.
        self.0.handles.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Adds senders to a channel of many. The stream ends when all handles and senders are gone.
pub struct ChannelHandle<M> {
    end: HandleEnd<M>,
    closed: Arc<AtomicBool>,
    /// After the end, so that it rings when the end of the stream is already visible.
    bell: RingOnDrop,
}

impl<M> Clone for ChannelHandle<M> {
    fn clone(&self) -> Self {
        self.end.0.handles.fetch_add(1, Ordering::Relaxed);
        Self {
            end: HandleEnd(Arc::clone(&self.end.0)),
            closed: Arc::clone(&self.closed),
            bell: RingOnDrop(self.bell.0.clone()),
        }
    }
}

impl<M> ChannelHandle<M> {
    pub(in crate::runtime) fn set_mark(&mut self, mark: Option<Mark>) {
        self.bell.0.set_mark(mark);
    }

    /// A new sender, the last in the round. Its place is free again once it is dropped and the
    /// receiver has come to its end. The receiving node is run for each sender that comes or goes.
    ///
    /// # Errors
    ///
    /// [`AddSenderError`]: there are as many senders as the channel was built for, or the receiver
    /// is gone.
    pub fn add_sender(&self) -> Result<Sender<M>, AddSenderError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(AddSenderError::Closed);
        }
        let shared = &*self.end.0;
        let mut joining = lock(&shared.joining);
        if joining.senders == shared.senders_max {
            return Err(AddSenderError::TooMany);
        }
        let (producer, consumer) = RingBuffer::new(shared.capacity);
        joining.senders += 1;
        joining.rings.push_back(consumer);
        shared.has_joining.store(true, Ordering::Release);
        drop(joining);
        self.bell.0.ring();
        let closed = Arc::clone(&self.closed);
        Ok(Sender::new(producer, closed, self.bell.0.clone()))
    }

    /// Whether the receiver is gone or has closed the channel.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

impl<M> fmt::Debug for ChannelHandle<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChannelHandle")
            .field("senders_max", &self.end.0.senders_max)
            .field("capacity", &self.end.0.capacity)
            .finish_non_exhaustive()
    }
}

/// The receiving end of a channel of many senders, held by the node.
pub struct MultiReceiver<M> {
    /// In the order in which the senders were added.
    rings: Vec<Consumer<M>>,
    /// Index of the ring whose turn it is.
    turn: usize,
    shared: Arc<Shared<M>>,
    closed: CloseOnDrop,
    end_seen: bool,
}

impl<M> MultiReceiver<M> {
    /// Takes the oldest message of the next sender in the round that has one.
    ///
    /// # Errors
    ///
    /// [`TryReceiveError::Empty`] when nothing waits, [`TryReceiveError::Closed`] when nothing
    /// will come any more.
    pub fn try_receive(&mut self) -> Result<M, TryReceiveError> {
        let mut message = None;
        if self.receive_turn(1, &mut |received| message = Some(received)) == 0 {
            return Err(if self.is_closed() {
                TryReceiveError::Closed
            } else {
                TryReceiveError::Empty
            });
        }
        message.ok_or(TryReceiveError::Empty)
    }

    /// Takes up to `count` messages; returns how many there were.
    ///
    /// Each sender in turn gives up to its share, `count` over the number of senders, rounded up;
    /// what is left of the count goes round again. The messages of one sender come in order.
    pub fn receive_chunk(&mut self, count: usize, mut receive: impl FnMut(M)) -> usize {
        self.adopt();
        let share = count.div_ceil(self.rings.len().max(1));
        let mut received = 0;
        while received < count {
            let got = self.receive_turn(share.min(count - received), &mut receive);
            if got == 0 {
                break;
            }
            received += got;
        }
        received
    }

    /// Takes up to `count` messages from the next sender that has any.
    fn receive_turn(&mut self, count: usize, receive: &mut impl FnMut(M)) -> usize {
        self.adopt();
        let mut left = self.rings.len();
        while left > 0 {
            left -= 1;
            if self.turn >= self.rings.len() {
                self.turn = 0;
            }
            let ring = &mut self.rings[self.turn];
            // The end is read first: what was sent before it is then visible to the look.
            let ended = ring.is_abandoned();
            let waiting = ring.slots().min(count);
            if waiting == 0 {
                if ended {
                    self.forget(self.turn);
                } else {
                    self.turn += 1;
                }
                continue;
            }
            // Before the messages: a panic in `receive` leaves the round whole.
            self.turn += 1;
            if let Ok(chunk) = ring.read_chunk(waiting) {
                chunk.into_iter().for_each(receive);
            }
            return waiting;
        }
        0
    }

    /// Takes an empty ring whose sender is gone out of the round.
    #[cold]
    fn forget(&mut self, index: usize) {
        self.rings.remove(index);
        if index < self.turn {
            self.turn -= 1;
        }
        lock(&self.shared.joining).senders -= 1;
    }

    /// Takes in the senders added since the last look.
    #[inline]
    fn adopt(&mut self) {
        if self.shared.has_joining.load(Ordering::Acquire) {
            self.adopt_joining();
        }
    }

    #[cold]
    fn adopt_joining(&mut self) {
        let mut joining = lock(&self.shared.joining);
        self.rings.extend(joining.rings.drain(..));
        self.shared.has_joining.store(false, Ordering::Relaxed);
    }

    /// Senders seen by this end and not at their end.
    #[must_use]
    pub fn sender_count(&self) -> usize {
        self.rings.len()
    }

    /// Messages waiting, those of senders not yet seen left out.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rings.iter().map(Consumer::slots).sum()
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.shared.has_joining.load(Ordering::Acquire)
            && self.rings.iter().all(Consumer::is_empty)
    }

    /// Tells the senders that no more is wanted: their sends are errors from now on.
    ///
    /// What was sent before can still be received. A message on its way at this very moment may
    /// come after the end has been told; it is dropped with the receiver.
    pub fn close(&mut self) {
        self.closed.close();
    }

    fn has_ended(&self) -> bool {
        if self.closed.is_closed() {
            return true;
        }
        // The handles first: no sender is added after the last of them.
        self.shared.handles.load(Ordering::Acquire) == 0
            && !self.shared.has_joining.load(Ordering::Acquire)
            && self.rings.iter().all(Consumer::is_abandoned)
    }

    /// Whether the stream has ended: nothing waits, and all handles and senders are gone or this
    /// end has closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // In this order: what was sent before the end is then visible.
        self.has_ended() && self.is_empty()
    }

    /// See [`super::Receiver::has_work`]; a sender that has come or gone is work too.
    #[inline]
    pub(in crate::runtime) fn has_work(&self) -> bool {
        self.shared.has_joining.load(Ordering::Acquire)
            || self
                .rings
                .iter()
                .any(|ring| !ring.is_empty() || ring.is_abandoned())
            || (!self.end_seen && self.has_ended())
    }

    /// See [`super::Receiver::before_run`].
    pub(in crate::runtime) fn before_run(&mut self) {
        self.adopt();
        for index in (0..self.rings.len()).rev() {
            // In this order: what was sent before the end is then visible.
            if self.rings[index].is_abandoned() && self.rings[index].is_empty() {
                self.forget(index);
            }
        }
        self.end_seen = self.is_closed();
    }
}

impl<M> fmt::Debug for MultiReceiver<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultiReceiver")
            .field("sender_count", &self.sender_count())
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
