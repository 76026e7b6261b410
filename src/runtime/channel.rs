//! A bounded channel from one thread into the graph, and the wake-up that goes with it.
//!
//! The ring is `rtrb`'s: one producer, one consumer, wait-free, no allocation after building. A
//! full ring is an error to the sender, never a silent loss.
//!
//! # The wake-up
//!
//! ```text
//! producer                              consumer
//! 1 write item to the ring              a parked = true
//! 2 fence(SeqCst)                       b fence(SeqCst)
//! 3 if parked: if swap(parked, false):  c if the ring is empty: sleep
//! 4     wake                            d parked = false
//! ```
//!
//! While the consumer spins, `parked` is false and a send costs the fence and one load of a line
//! that nobody writes. While it sleeps, the first sender to take the flag wakes it and the others
//! find it taken: one system call for any number of sends.
//!
//! *No wake-up is lost.* The two fences are totally ordered. If 2 comes before b, then c sees the
//! item of 1 and the consumer does not sleep. If b comes before 2, then 3 sees the `true` of a, or
//! a later value: `false` put there by another sender, who wakes, or by d, after which the
//! consumer looks at the rings anyway. A wake before the sleep is kept by the waker (an eventfd,
//! or a stored permit), so it ends the sleep at once.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering, fence};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rtrb::chunks::{ChunkError, ReadChunk};
use rtrb::{Consumer, Producer, PushError, RingBuffer};

/// How often a blocking send tries again at once, before it gives up the processor.
const SPINS_MAX: u32 = 128;
/// How often it gives up the processor, before it sleeps.
const YIELDS_MAX: u32 = 256;
/// Sleep of a blocking send between two tries once spinning and yielding have not helped.
const SEND_SLEEP: Duration = Duration::from_micros(50);

/// Ends the sleep of a parked consumer.
type Hook = Box<dyn Fn() + Send + Sync>;

/// The wake-up between producers and one consumer that spins or sleeps.
///
/// The executor has one; a consumer on another thread can have its own, with whatever ends its
/// sleep as the hook (`std::thread::Thread::unpark`, a notification of an async runtime). The hook
/// must remember a call that comes before the sleep.
#[derive(Default)]
pub struct Wake {
    parked: AtomicBool,
    hook: OnceLock<Hook>,
}

impl Wake {
    /// A wake-up that ends the consumer's sleep by calling `hook`.
    #[must_use]
    pub fn with_hook(hook: impl Fn() + Send + Sync + 'static) -> Self {
        let wake = Self::default();
        // A new cell is empty.
        let _ = wake.hook.set(Box::new(hook));
        wake
    }

    /// Sets the hook unless there is one.
    pub(super) fn set_hook(&self, hook: impl Fn() + Send + Sync + 'static) {
        let _ = self.hook.set(Box::new(hook));
    }

    /// Producer: call after each write the consumer must see. Free while the consumer is awake.
    #[inline]
    pub fn wake(&self) {
        fence(Ordering::SeqCst);
        if self.parked.load(Ordering::Relaxed) {
            self.wake_parked();
        }
    }

    #[cold]
    fn wake_parked(&self) {
        if self.parked.swap(false, Ordering::AcqRel)
            && let Some(hook) = self.hook.get()
        {
            hook();
        }
    }

    /// Consumer: sleeps through `sleep` unless `is_ready` says there is work.
    ///
    /// `is_ready` is asked after the producers have been told of the sleep, so what they write
    /// later wakes; `sleep` must return when the hook is called, also when that was before.
    pub fn park<R>(&self, is_ready: impl FnOnce() -> bool, sleep: impl FnOnce() -> R) -> Option<R> {
        self.parked.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let slept = if is_ready() { None } else { Some(sleep()) };
        self.parked.store(false, Ordering::Relaxed);
        slept
    }
}

impl fmt::Debug for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wake")
            .field("parked", &self.parked)
            .finish_non_exhaustive()
    }
}

/// Wakes on drop; placed after the producer in [`Sender`], so that it runs when the end of the
/// stream is already visible.
struct WakeOnDrop(Arc<Wake>);

impl Drop for WakeOnDrop {
    fn drop(&mut self) {
        self.0.wake();
    }
}

/// Why a message was not sent; it is handed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<M> {
    /// The ring is full: count it, or try again later.
    Full(M),
    /// The receiving node is gone and will not be back.
    Closed(M),
}

impl<M> fmt::Display for TrySendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the channel is full",
            Self::Closed(_) => "the receiving node is gone",
        })
    }
}

impl<M: fmt::Debug> std::error::Error for TrySendError<M> {}

/// The receiving node is gone; the message is handed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed<M>(pub M);

impl<M> fmt::Display for Closed<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the receiving node is gone")
    }
}

impl<M: fmt::Debug> std::error::Error for Closed<M> {}

/// Why nothing was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryReceiveError {
    /// Nothing is waiting; more may come.
    Empty,
    /// Nothing is waiting and the sender is gone: the stream has ended.
    Closed,
}

impl fmt::Display for TryReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the channel is empty",
            Self::Closed => "the stream has ended",
        })
    }
}

impl std::error::Error for TryReceiveError {}

/// Makes a channel of `capacity` messages (at least one) whose sends go through `wake`.
#[must_use]
pub fn channel<M>(capacity: usize, wake: Arc<Wake>) -> (Sender<M>, Receiver<M>) {
    let (producer, consumer) = RingBuffer::new(capacity.max(1));
    (
        Sender {
            producer,
            wake: WakeOnDrop(wake),
        },
        Receiver {
            consumer,
            end_seen: false,
        },
    )
}

/// The sending end, for one thread. Dropping it ends the stream.
pub struct Sender<M> {
    producer: Producer<M>,
    wake: WakeOnDrop,
}

impl<M> Sender<M> {
    /// Sends one message without waiting.
    ///
    /// # Errors
    ///
    /// [`TrySendError`] with the message: the ring is full, or the receiver is gone.
    #[inline]
    pub fn try_send(&mut self, message: M) -> Result<(), TrySendError<M>> {
        if self.producer.is_abandoned() {
            return Err(TrySendError::Closed(message));
        }
        match self.producer.push(message) {
            Ok(()) => {
                self.wake.0.wake();
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
        if self.producer.is_abandoned() {
            return messages;
        }
        let (sent, rest) = self.producer.push_partial_slice(messages);
        if !sent.is_empty() {
            self.wake.0.wake();
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
            match self.try_send(message) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Closed(message)) => return Err(Closed(message)),
                Err(TrySendError::Full(back)) => message = back,
            }
            if tries < SPINS_MAX {
                std::hint::spin_loop();
            } else if tries < SPINS_MAX + YIELDS_MAX {
                std::thread::yield_now();
            } else {
                std::thread::sleep(SEND_SLEEP);
            }
            tries = tries.saturating_add(1);
        }
    }

    /// Free places in the ring.
    #[must_use]
    pub fn slots(&self) -> usize {
        self.producer.slots()
    }

    /// Whether the receiver is gone.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.producer.is_abandoned()
    }
}

impl<M> fmt::Debug for Sender<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender")
            .field("slots", &self.slots())
            .finish_non_exhaustive()
    }
}

/// The receiving end, held by the node.
pub struct Receiver<M> {
    consumer: Consumer<M>,
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
        // The end is read first: what was sent before it is then visible to the pop.
        let ended = self.consumer.is_abandoned();
        match self.consumer.pop() {
            Ok(message) => Ok(message),
            Err(_) if ended => Err(TryReceiveError::Closed),
            Err(_) => Err(TryReceiveError::Empty),
        }
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

    /// Whether the stream has ended: the sender is gone and nothing waits.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        // In this order: what was sent before the end is then visible.
        self.consumer.is_abandoned() && self.consumer.is_empty()
    }

    /// Whether the node has something to do: a message, or the end of the stream not yet told.
    #[inline]
    pub(super) fn has_work(&self) -> bool {
        if !self.consumer.is_empty() {
            return true;
        }
        !self.end_seen && self.consumer.is_abandoned()
    }

    /// Called before the node runs: an end that is there from the start of a run is seen by that
    /// run, and not told again. One that comes during the run may have been missed by it.
    #[inline]
    pub(super) fn before_run(&mut self) {
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

/// Schedules a node from any thread; calls between two runs of the node are one.
#[derive(Debug, Clone)]
pub struct Notifier {
    pub(super) raised: Arc<AtomicBool>,
    pub(super) wake: Arc<Wake>,
}

impl Notifier {
    /// Has the node run in the next cycle. What the caller wrote before is visible to that run.
    pub fn notify(&self) {
        self.raised.store(true, Ordering::Release);
        self.wake.wake();
    }
}
