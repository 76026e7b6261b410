//! The wake-up between producers and one consumer that spins or sleeps.
//!
//! ```text
//! producer                              consumer
//! 1 write item to the ring              a parked = true
//! 2 fence(SeqCst)                       b fence(SeqCst)
//! 3 if parked: if take(parked):         c if the ring is empty: sleep
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
//!
//! A graph with many channels also has a bit for each of them ([`super::ready`]); then c asks the
//! bits. [`Bell::ring`] raises the bit between 2 and 3 and fences again, so the bit is to 3 and c
//! what the item is above.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::ready::Mark;
use super::sync::{AtomicU32, Ordering, fence};

/// The consumer sleeps, or is about to.
const PARKED: u32 = 1;
/// The consumer looks at bits, not at rings: raise yours.
const MARKED: u32 = 2;

/// Ends the sleep of a parked consumer.
type Hook = Box<dyn Fn() + Send + Sync>;

/// The wake-up between producers and one consumer that spins or sleeps.
///
/// The executor has one; a consumer on another thread can have its own, with whatever ends its
/// sleep as the hook (`std::thread::Thread::unpark`, a notification of an async runtime). The hook
/// must remember a call that comes before the sleep.
#[derive(Default)]
pub struct Wake {
    /// [`PARKED`] and [`MARKED`]: in one word, so that a send to a spinning consumer is one load.
    state: AtomicU32,
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
    pub(in crate::runtime) fn set_hook(&self, hook: impl Fn() + Send + Sync + 'static) {
        let _ = self.hook.set(Box::new(hook));
    }

    /// Producer: call after each write the consumer must see. Free while the consumer is awake.
    #[inline]
    pub fn wake(&self) {
        fence(Ordering::SeqCst);
        if self.state.load(Ordering::Relaxed) & PARKED != 0 {
            self.wake_parked();
        }
    }

    #[cold]
    fn wake_parked(&self) {
        if self.state.fetch_and(!PARKED, Ordering::AcqRel) & PARKED != 0
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
        self.state.fetch_or(PARKED, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        let slept = if is_ready() { None } else { Some(sleep()) };
        self.state.fetch_and(!PARKED, Ordering::Relaxed);
        slept
    }

    /// Consumer: has the senders raise their bits from now on, or no longer.
    ///
    /// A sender that has not seen the call yet has written its item before the fence here: look at
    /// every ring once after asking for bits.
    pub(super) fn ask_for_marks(&self, wanted: bool) {
        if wanted {
            self.state.fetch_or(MARKED, Ordering::Relaxed);
        } else {
            self.state.fetch_and(!MARKED, Ordering::Relaxed);
        }
        fence(Ordering::SeqCst);
    }
}

impl fmt::Debug for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state.load(Ordering::Relaxed);
        f.debug_struct("Wake")
            .field("parked", &(state & PARKED != 0))
            .finish_non_exhaustive()
    }
}

/// What a sender rings after a write: the bit of its channel where bits are wanted, and the
/// wake-up of the consumer.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Bell {
    wake: Arc<Wake>,
    mark: Option<Mark>,
}

impl Bell {
    pub(in crate::runtime) fn new(wake: Arc<Wake>) -> Self {
        Self { wake, mark: None }
    }

    /// Gives the bell the bit of the channel's place in an executor.
    pub(in crate::runtime) fn set_mark(&mut self, mark: Option<Mark>) {
        self.mark = mark;
    }

    /// Producer: call after each write the consumer must see.
    #[inline]
    pub(super) fn ring(&self) {
        fence(Ordering::SeqCst);
        let state = self.wake.state.load(Ordering::Relaxed);
        if state != 0 {
            self.ring_state(state);
        }
    }

    #[cold]
    fn ring_state(&self, mut state: u32) {
        if state & MARKED != 0
            && let Some(mark) = &self.mark
        {
            mark.raise();
            fence(Ordering::SeqCst);
            state = self.wake.state.load(Ordering::Relaxed);
        }
        if state & PARKED != 0 {
            self.wake.wake_parked();
        }
    }
}

/// Rings on drop. Placed after what tells of the end, so that it runs when the end is visible.
#[derive(Debug)]
pub(super) struct RingOnDrop(pub(super) Bell);

impl Drop for RingOnDrop {
    fn drop(&mut self) {
        self.0.ring();
    }
}
