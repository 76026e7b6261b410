//! The channel of one sender: `rtrb`'s ring with a bell.
//!
//! Wait-free on both sides, no allocation after building. A full ring is an error to the sender,
//! or a wait, as the sender chooses with each call; never a silent loss.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rtrb::chunks::{ChunkError, ReadChunk};
use rtrb::{Consumer, Producer, PushError, RingBuffer};

use super::error::{Closed, TryReceiveError, TrySendError};
use super::ready::Mark;
use super::sync::{AtomicBool, Ordering};
use super::wake::{Bell, RingOnDrop, Wake};

/// How often a blocking send tries again at once, before it gives up the processor.
const SPINS_MAX: u32 = 128;
/// How often it gives up the processor, before it sleeps.
const YIELDS_MAX: u32 = 256;
/// Sleep of a blocking send between two tries once spinning and yielding have not helped.
const SEND_SLEEP: Duration = Duration::from_micros(50);

/// Makes a channel of `capacity` messages (at least one) whose sends go through `wake`.
#[must_use]
pub fn channel<M>(capacity: usize, wake: Arc<Wake>) -> (Sender<M>, Receiver<M>) {
    let (producer, consumer) = RingBuffer::new(capacity.max(1));
    let closed = CloseOnDrop(Arc::new(AtomicBool::new(false)));
    let sender = Sender::new(producer, Arc::clone(&closed.0), Bell::new(wake));
    let receiver = Receiver {
        consumer,
        closed,
        end_seen: false,
    };
    (sender, receiver)
}

/// Tells the senders that nobody will receive any more.
pub(super) struct CloseOnDrop(pub(super) Arc<AtomicBool>);

impl CloseOnDrop {
    pub(super) fn close(&self) {
        self.0.store(true, Ordering::Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.close();
    }
}

/// Waits a little longer with each call: spins, then yields, then sleeps 50 us.
pub(super) fn wait(tries: &mut u32) {
    if *tries < SPINS_MAX {
        std::hint::spin_loop();
    } else if *tries < SPINS_MAX + YIELDS_MAX {
        std::thread::yield_now();
    } else {
        std::thread::sleep(SEND_SLEEP);
    }
    *tries = tries.saturating_add(1);
}

/// The sending end, for one thread. Dropping it ends the stream.
pub struct Sender<M> {
    producer: Producer<M>,
    closed: Arc<AtomicBool>,
    rejected_count: u64,
    /// After the producer, so that it rings when the end of the stream is already visible.
    bell: RingOnDrop,
}

impl<M> Sender<M> {
    pub(super) fn new(producer: Producer<M>, closed: Arc<AtomicBool>, bell: Bell) -> Self {
        Self {
            producer,
            closed,
            rejected_count: 0,
            bell: RingOnDrop(bell),
        }
    }

    pub(in crate::runtime) fn set_mark(&mut self, mark: Option<Mark>) {
        self.bell.0.set_mark(mark);
    }

    /// Sends one message without waiting.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] with the message: the ring is full, or the receiver is gone.
    #[inline]
    pub fn try_send(&mut self, message: M) -> Result<(), TrySendError<M>> {
        let sent = self.push(message);
        if let Err(TrySendError::Full(_)) = &sent {
            self.rejected_count += 1;
        }
        sent
    }

    #[inline]
    fn push(&mut self, message: M) -> Result<(), TrySendError<M>> {
        if self.is_closed() {
            return Err(TrySendError::Closed(message));
        }
        match self.producer.push(message) {
            Ok(()) => {
                self.bell.0.ring();
                Ok(())
            }
            Err(PushError::Full(message)) => Err(TrySendError::Full(message)),
        }
    }

    /// Sends as much of the front of `messages` as fits, with one wake-up; returns the rest.
    ///
    /// The rest is everything when the ring is full or the receiver is gone
    /// ([`Sender::is_closed`]).
    #[must_use = "what did not fit is returned"]
    pub fn send_slice<'a>(&mut self, messages: &'a [M]) -> &'a [M]
    where
        M: Copy,
    {
        if self.is_closed() {
            return messages;
        }
        let (sent, rest) = self.producer.push_partial_slice(messages);
        if !sent.is_empty() {
            self.bell.0.ring();
        }
        rest
    }

    /// Sends one message, waiting for room: spins first, then yields, then sleeps 50 us at a time.
    ///
    /// # Errors
    ///
    /// [`Closed`] with the message when the receiver is gone.
    pub fn blocking_send(&mut self, mut message: M) -> Result<(), Closed<M>> {
        let mut tries = 0;
        loop {
            match self.push(message) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Closed(message)) => return Err(Closed(message)),
                Err(TrySendError::Full(back)) => message = back,
            }
            wait(&mut tries);
        }
    }

    /// Ends the stream, as dropping does: the receiver gets what was sent, then the end.
    pub fn close(self) {}

    /// Free places in the ring. Only this end fills them, so there may be more by now, not fewer.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.producer.slots()
    }

    /// Messages handed back by [`Sender::try_send`] because the ring was full.
    #[must_use]
    pub fn rejected_count(&self) -> u64 {
        self.rejected_count
    }

    /// Whether the receiver is gone or has closed the channel.
    #[must_use]
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Relaxed)
    }
}

impl<M> fmt::Debug for Sender<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("slots", &self.slots())
            .field("rejected_count", &self.rejected_count)
            .finish_non_exhaustive()
    }
}

/// The receiving end, held by the node.
pub struct Receiver<M> {
    consumer: Consumer<M>,
    closed: CloseOnDrop,
    end_seen: bool,
}

impl<M> Receiver<M> {
    /// Takes the oldest message.
    ///
    /// # Errors
    ///
    /// [`TryReceiveError::Empty`] when nothing waits, [`TryReceiveError::Closed`] when nothing
    /// will come any more.
    #[inline]
    pub fn try_receive(&mut self) -> Result<M, TryReceiveError> {
        if let Ok(message) = self.consumer.pop() {
            return Ok(message);
        }
        if !self.has_ended() {
            return Err(TryReceiveError::Empty);
        }
        // The end is seen: what was sent before it is visible to this look.
        self.consumer.pop().map_err(|_| TryReceiveError::Closed)
    }

    /// Takes up to `count` of the oldest messages, in order; returns how many there were.
    ///
    /// The places are free for the sender one by one as `receive` is called.
    pub fn receive_chunk(&mut self, count: usize, receive: impl FnMut(M)) -> usize {
        let chunk = self.chunk(count);
        let received = chunk.len();
        chunk.into_iter().for_each(receive);
        received
    }

    /// The oldest message, left in place.
    #[must_use]
    pub fn peek(&self) -> Option<&M> {
        self.consumer.peek().ok()
    }

    /// Messages waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        self.consumer.slots()
    }

    /// Whether nothing waits.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.consumer.is_empty()
    }

    /// Up to `count` of the oldest messages as slices, to be read in place and then committed.
    ///
    /// What is not committed stays in the ring.
    pub fn chunk(&mut self, count: usize) -> ReadChunk<'_, M> {
        let waiting = self.consumer.slots().min(count);
        match self.consumer.read_chunk(waiting) {
            Ok(chunk) => chunk,
            Err(ChunkError::TooFewSlots(_)) => {
                unreachable!("only this end takes messages, so what waits cannot become less")
            }
        }
    }

    /// Tells the sender that no more is wanted: its sends are errors from now on.
    ///
    /// What was sent before can still be received. A message on its way at this very moment may
    /// come after the end has been told; it is dropped with the receiver.
    pub fn close(&mut self) {
        self.closed.close();
    }

    fn has_ended(&self) -> bool {
        self.consumer.is_abandoned() || self.closed.is_closed()
    }

    /// Whether the stream has ended: nothing waits, and the sender is gone or this end has closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // In this order: what was sent before the end is then visible.
        self.has_ended() && self.consumer.is_empty()
    }

    /// Whether the node has something to do: a message, or the end of the stream not yet told.
    #[inline]
    pub(in crate::runtime) fn has_work(&self) -> bool {
        if !self.consumer.is_empty() {
            return true;
        }
        !self.end_seen && self.has_ended()
    }

    /// Called before the node runs: an end that is there from the start of a run is seen by that
    /// run, and not told again. One that comes during the run may have been missed by it.
    #[inline]
    pub(in crate::runtime) fn before_run(&mut self) {
        self.end_seen = self.is_closed();
    }
}

impl<M> fmt::Debug for Receiver<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}
