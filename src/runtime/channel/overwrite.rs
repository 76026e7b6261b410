//! The channel that never refuses: a send into a full ring takes the place of the oldest message.
//!
//! Each place has a lock of its own and says which message it holds, by its number in the stream.
//! The sender goes round with `sent`, the receiver with its own `position`; they meet at a lock
//! only where the sender is about to overwrite the very message being received, for as long as a
//! message takes to move.
//!
//! # What is kept and what is lost
//!
//! A message is lost if, and only if, the message sent `capacity` later found it still in its
//! place. So the newest `capacity` messages are always there to be received, in order, and
//!
//! ```text
//! sent = received + lost + waiting
//! ```
//!
//! at every moment at which neither side is in the middle of a call. The sender counts what it
//! overwrites; the receiver counts the numbers that it finds missing. Once the receiver has
//! caught up, the two counts are the same.

use std::fmt;
use std::sync::Arc;

use super::error::{Closed, TryReceiveError};
use super::ready::Mark;
use super::sync::{AtomicBool, AtomicU64, Mutex, Ordering, lock};
use super::wake::{Bell, RingOnDrop, Wake};

/// How often a receive starts again because the sender overtook it, before it gives up.
const OVERTAKES_MAX: usize = if cfg!(loom) { 2 } else { 64 };

struct Place<M> {
    /// Number of the message that is or was here.
    number: u64,
    message: Option<M>,
}

struct Ring<M> {
    places: Box<[Mutex<Place<M>>]>,
    /// Messages sent; written by the sender after the place.
    sent: AtomicU64,
    /// Messages that were overwritten before they were received; written by the sender.
    lost: AtomicU64,
    sender_gone: AtomicBool,
    receiver_gone: AtomicBool,
}

impl<M> Ring<M> {
    #[inline]
    fn capacity(&self) -> u64 {
        self.places.len() as u64
    }

    #[inline]
    fn place(&self, number: u64) -> &Mutex<Place<M>> {
        // The remainder is below the length, so it fits.
        &self.places[(number % self.capacity()) as usize]
    }
}

/// Makes a channel that keeps the newest `capacity` messages (at least one).
///
/// With a capacity of one it holds the latest value.
#[must_use]
pub fn overwriting_channel<M>(
    capacity: usize,
    wake: Arc<Wake>,
) -> (OverwritingSender<M>, OverwritingReceiver<M>) {
    let empty = || {
        Mutex::new(Place {
            number: 0,
            message: None,
        })
    };
    let ring = Arc::new(Ring {
        places: (0..capacity.max(1)).map(|_| empty()).collect(),
        sent: AtomicU64::new(0),
        lost: AtomicU64::new(0),
        sender_gone: AtomicBool::new(false),
        receiver_gone: AtomicBool::new(false),
    });
    let sender = OverwritingSender {
        end: SenderEnd(Arc::clone(&ring)),
        sent: 0,
        lost: 0,
        bell: RingOnDrop(Bell::new(wake)),
    };
    let receiver = OverwritingReceiver {
        end: ReceiverEnd(ring),
        position: 0,
        lost: 0,
        end_seen: false,
    };
    (sender, receiver)
}

struct SenderEnd<M>(Arc<Ring<M>>);

impl<M> Drop for SenderEnd<M> {
    fn drop(&mut self) {
        self.0.sender_gone.store(true, Ordering::Release);
    }
}

/// The sending end of a channel that overwrites, for one thread. Dropping it ends the stream.
pub struct OverwritingSender<M> {
    end: SenderEnd<M>,
    sent: u64,
    lost: u64,
    /// After the end, so that it rings when the end of the stream is already visible.
    bell: RingOnDrop,
}

impl<M> OverwritingSender<M> {
    pub(in crate::runtime) fn set_mark(&mut self, mark: Option<Mark>) {
        self.bell.0.set_mark(mark);
    }

    /// Sends a message; when the channel is full, the oldest one is lost and dropped here.
    ///
    /// Waits at most for the receiver to move one message out of its place.
    ///
    /// # Errors
    ///
    /// [`Closed`] with the message when the receiver is gone.
    pub fn send(&mut self, message: M) -> Result<(), Closed<M>> {
        let ring = &*self.end.0;
        if ring.receiver_gone.load(Ordering::Relaxed) {
            return Err(Closed(message));
        }
        let overwritten = {
            let mut place = lock(ring.place(self.sent));
            place.number = self.sent;
            place.message.replace(message)
        };
        self.sent += 1;
        if overwritten.is_some() {
            self.lost += 1;
            ring.lost.store(self.lost, Ordering::Relaxed);
        }
        ring.sent.store(self.sent, Ordering::Release);
        self.bell.0.ring();
        // Last, for it may panic, and outside the lock, for it may take its time.
        drop(overwritten);
        Ok(())
    }

    /// Ends the stream, as dropping does: the receiver gets what waits, then the end.
    pub fn close(self) {}

    /// Messages sent, the lost ones included.
    #[must_use]
    pub fn sent_count(&self) -> u64 {
        self.sent
    }

    /// Messages that were overwritten before they were received.
    #[must_use]
    pub fn lost_count(&self) -> u64 {
        self.lost
    }

    /// Whether the receiver is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.end.0.receiver_gone.load(Ordering::Relaxed)
    }
}

impl<M> fmt::Debug for OverwritingSender<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverwritingSender")
            .field("sent_count", &self.sent)
            .field("lost_count", &self.lost)
            .finish_non_exhaustive()
    }
}

struct ReceiverEnd<M>(Arc<Ring<M>>);

impl<M> Drop for ReceiverEnd<M> {
    fn drop(&mut self) {
        self.0.receiver_gone.store(true, Ordering::Release);
    }
}

/// The receiving end of a channel that overwrites, held by the node.
pub struct OverwritingReceiver<M> {
    end: ReceiverEnd<M>,
    /// Number of the next message to receive.
    position: u64,
    lost: u64,
    end_seen: bool,
}

impl<M> OverwritingReceiver<M> {
    /// Takes the oldest message that is still there.
    ///
    /// # Errors
    ///
    /// [`TryReceiveError::Empty`] when nothing waits, and when the sender overtook this call 64
    /// times in a row: the node is then run again in the next cycle. [`TryReceiveError::Closed`]
    /// when nothing will come any more.
    pub fn try_receive(&mut self) -> Result<M, TryReceiveError> {
        let Self {
            end: ReceiverEnd(ring),
            position,
            lost,
            ..
        } = self;
        for _ in 0..OVERTAKES_MAX {
            // The end is read first: what was sent before it is then in the count.
            let ended = ring.sender_gone.load(Ordering::Acquire);
            let sent = ring.sent.load(Ordering::Acquire);
            // A place can be ahead of the count, and so can this end.
            if *position >= sent {
                return Err(if ended {
                    TryReceiveError::Closed
                } else {
                    TryReceiveError::Empty
                });
            }
            skip_to(sent.saturating_sub(ring.capacity()), position, lost);
            let mut place = lock(ring.place(*position));
            if place.number != *position {
                // Overtaken since the count was read: this place tells of a later round.
                let oldest = (place.number + 1).saturating_sub(ring.capacity());
                skip_to(oldest, position, lost);
            }
            if place.number == *position
                && let Some(message) = place.message.take()
            {
                *position += 1;
                return Ok(message);
            }
        }
        Err(TryReceiveError::Empty)
    }

    /// Takes up to `count` of the oldest messages, in order; returns how many there were.
    ///
    /// They come one by one, so messages may be lost between two of them.
    pub fn receive_chunk(&mut self, count: usize, mut receive: impl FnMut(M)) -> usize {
        for received in 0..count {
            match self.try_receive() {
                Ok(message) => receive(message),
                Err(_) => return received,
            }
        }
        count
    }

    /// Messages waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        let sent = self.end.0.sent.load(Ordering::Acquire);
        let waiting = sent.saturating_sub(self.position);
        // At most the capacity, which is a length.
        waiting.min(self.end.0.capacity()) as usize
    }

    /// Whether nothing waits.
    #[must_use]
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.position >= self.end.0.sent.load(Ordering::Acquire)
    }

    /// Messages missing before the last one received: what the node knows to have lost.
    #[must_use]
    pub fn lost_count(&self) -> u64 {
        self.lost
    }

    /// Messages overwritten so far, also those whose gap this end has not come to.
    #[must_use]
    pub fn overwritten_count(&self) -> u64 {
        self.end.0.lost.load(Ordering::Relaxed)
    }

    /// Whether the stream has ended: the sender is gone and nothing waits.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // In this order: what was sent before the end is then visible.
        self.end.0.sender_gone.load(Ordering::Acquire) && self.is_empty()
    }

    /// See [`super::Receiver::has_work`].
    #[inline]
    pub(in crate::runtime) fn has_work(&self) -> bool {
        !self.is_empty() || (!self.end_seen && self.end.0.sender_gone.load(Ordering::Acquire))
    }

    /// See [`super::Receiver::before_run`].
    #[inline]
    pub(in crate::runtime) fn before_run(&mut self) {
        self.end_seen = self.is_closed();
    }
}

/// Goes to message `number` unless further on already; what is passed is lost.
fn skip_to(number: u64, position: &mut u64, lost: &mut u64) {
    *lost += number.saturating_sub(*position);
    *position = number.max(*position);
}

impl<M> fmt::Debug for OverwritingReceiver<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OverwritingReceiver")
            .field("position", &self.position)
            .field("lost_count", &self.lost)
            .finish_non_exhaustive()
    }
}
