//! I/O readiness through `mio`, for sources that belong to nodes.
//!
//! A token carries the entry's generation, so an event of a source already taken away names
//! nothing. The poller is made on first use: a graph without I/O that never parks has none.
//!
//! A wait that is to end between two milliseconds ends by a timer of the kernel, a descriptor of
//! the poller like any other: the poller's own timeout is rounded up to the millisecond, and may
//! be served late on purpose to save power.
//!
//! Readiness is edge-triggered, as `mio` gives it: a node that was scheduled by its source must
//! read (or write) until the operation would block, or yield, before it waits for the next event.

use std::cell::{Ref, RefCell, RefMut};
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd};
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token, Waker};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

use super::channel::Wake;
use super::context::Context;
use super::node::NodeId;

/// Events fetched by one poll; the kernel keeps the rest for the next.
const EVENTS_MAX: usize = 1024;
const WAKE_TOKEN: Token = Token(usize::MAX);
const ALARM_TOKEN: Token = Token(usize::MAX - 1);
/// The grid of the poller's timeout.
const POLL_GRID_NS: u32 = 1_000_000;

/// What a source has become ready for since this was last asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Readiness {
    /// There may be something to read, or the other side has closed.
    pub readable: bool,
    /// There may be room to write.
    pub writable: bool,
    /// The source is in error; the next operation tells which.
    pub error: bool,
}

/// A source registered for the node that registered it.
///
/// Dropping it closes the source; removing the node deregisters it.
pub struct Io<S> {
    source: Rc<RefCell<S>>,
    index: u32,
    generation: u32,
}

impl<S: Source + 'static> Io<S> {
    /// The source, for reading its state.
    ///
    /// # Panics
    ///
    /// While the guard of [`Io::source_mut`] is held.
    #[must_use]
    pub fn source(&self) -> Ref<'_, S> {
        self.source.borrow()
    }

    /// The source, for reading from it and writing to it.
    ///
    /// # Panics
    ///
    /// While another guard is held.
    #[must_use]
    pub fn source_mut(&mut self) -> RefMut<'_, S> {
        self.source.borrow_mut()
    }

    /// What the source has become ready for since the last call.
    pub fn take_readiness(&mut self, ctx: &mut Context<'_>) -> Readiness {
        ctx.core
            .io
            .entry_mut(self.index, self.generation)
            .map_or_else(Readiness::default, |entry| {
                std::mem::take(&mut entry.readiness)
            })
    }

    /// Changes what the node waits for.
    ///
    /// # Errors
    ///
    /// What the operating system says, or [`io::ErrorKind::NotFound`] when the node that
    /// registered the source has been removed.
    ///
    /// # Panics
    ///
    /// While a guard on the source is held.
    pub fn reregister(&mut self, ctx: &mut Context<'_>, interest: Interest) -> io::Result<()> {
        let driver = &mut ctx.core.io;
        if driver.entry_mut(self.index, self.generation).is_none() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let token = token(self.index, self.generation);
        let (poll, _) = driver.poll()?;
        self.source
            .borrow_mut()
            .reregister(poll.registry(), token, interest)
    }

    /// Ends the registration and hands the source back; `None` while a guard on it leaks.
    ///
    /// # Errors
    ///
    /// What the operating system says; the registration is forgotten all the same.
    pub fn deregister(self, ctx: &mut Context<'_>) -> io::Result<Option<S>> {
        let result = ctx.core.deregister_io(self.index, self.generation);
        result.map(|()| Rc::into_inner(self.source).map(RefCell::into_inner))
    }
}

impl<S> fmt::Debug for Io<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Io")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

pub(super) struct Entry {
    generation: u32,
    node: Option<NodeId>,
    source: Option<Weak<RefCell<dyn Source>>>,
    readiness: Readiness,
}

impl Entry {
    fn is_dropped(&self) -> bool {
        self.source
            .as_ref()
            .is_none_or(|source| source.strong_count() == 0)
    }
}

pub(super) struct IoDriver {
    poll: Option<(Poll, Events)>,
    /// Ends waits between two milliseconds; `None` where the kernel has no such timer.
    alarm: Option<TimerFd>,
    entries: Vec<Entry>,
    free: Vec<u32>,
    wake: Arc<Wake>,
    #[cfg(test)]
    pub(super) failure: Option<io::ErrorKind>,
}

fn token(index: u32, generation: u32) -> Token {
    // Generations are kept below 2^31, so no token of ours is the waker's or the alarm's.
    Token(((generation as usize) << 32) | index as usize)
}

/// A timer of the kernel whose expiry ends a wait.
fn make_alarm(poll: &Poll) -> io::Result<TimerFd> {
    let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
    let alarm = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
    let descriptor = alarm.as_fd().as_raw_fd();
    let mut source = SourceFd(&descriptor);
    poll.registry()
        .register(&mut source, ALARM_TOKEN, Interest::READABLE)?;
    Ok(alarm)
}

impl IoDriver {
    pub(super) fn new() -> Self {
        Self {
            poll: None,
            alarm: None,
            entries: Vec::new(),
            free: Vec::new(),
            wake: Arc::default(),
            #[cfg(test)]
            failure: None,
        }
    }

    pub(super) fn wake(&self) -> &Arc<Wake> {
        &self.wake
    }

    /// Sources registered and not yet taken away.
    pub(super) fn count(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// The poller, made with its waker on first use.
    fn poll(&mut self) -> io::Result<&mut (Poll, Events)> {
        if self.poll.is_none() {
            let poll = Poll::new()?;
            let waker = Waker::new(poll.registry(), WAKE_TOKEN)?;
            // A waker that fails has lost its eventfd; parks are bounded by whoever must not hang.
            self.wake.set_hook(move || drop(waker.wake()));
            // Without it waits end on the poller's grid.
            self.alarm = make_alarm(&poll).ok();
            self.poll = Some((poll, Events::with_capacity(EVENTS_MAX)));
        }
        Ok(self.poll.as_mut().expect("made above"))
    }

    /// Makes sure that a parked executor can be woken.
    pub(super) fn prepare_park(&mut self) -> io::Result<()> {
        self.poll().map(|_| ())
    }

    fn entry_mut(&mut self, index: u32, generation: u32) -> Option<&mut Entry> {
        self.entries
            .get_mut(index as usize)
            .filter(|entry| entry.generation == generation)
    }

    pub(super) fn owner(&self, index: u32, generation: u32) -> Option<NodeId> {
        self.entries
            .get(index as usize)
            .filter(|entry| entry.generation == generation)
            .and_then(|entry| entry.node)
    }

    /// Forgets entries of the list whose source has been dropped by its owner.
    pub(super) fn prune(&mut self, held: &mut Vec<u32>) {
        held.retain(|&index| {
            let dropped = self.entries[index as usize].is_dropped();
            if dropped {
                self.forget(index);
            }
            !dropped
        });
    }

    pub(super) fn register<S: Source + 'static>(
        &mut self,
        node: NodeId,
        mut source: S,
        interest: Interest,
    ) -> io::Result<(Io<S>, u32)> {
        let index = self.free.pop().unwrap_or_else(|| {
            let index =
                u32::try_from(self.entries.len()).expect("fewer than 2^32 sources fit in memory");
            let readiness = Readiness::default();
            self.entries.push(Entry {
                generation: 0,
                node: None,
                source: None,
                readiness,
            });
            index
        });
        let generation = self.entries[index as usize].generation;
        let registered = self.poll().and_then(|(poll, _)| {
            source.register(poll.registry(), token(index, generation), interest)
        });
        if let Err(error) = registered {
            self.forget(index);
            return Err(error);
        }
        let source = Rc::new(RefCell::new(source));
        let entry = &mut self.entries[index as usize];
        let as_source: Rc<RefCell<dyn Source>> = source.clone();
        entry.node = Some(node);
        entry.source = Some(Rc::downgrade(&as_source));
        entry.readiness = Readiness::default();
        Ok((
            Io {
                source,
                index,
                generation,
            },
            index,
        ))
    }

    fn forget(&mut self, index: u32) {
        let entry = &mut self.entries[index as usize];
        entry.node = None;
        entry.source = None;
        entry.generation += 1;
        if entry.generation < 1 << 31 {
            self.free.push(index);
        }
    }

    /// Ends a registration. A source that is borrowed at this moment stays in the poller until it
    /// is dropped; its events are ignored.
    pub(super) fn deregister(&mut self, index: u32) -> io::Result<()> {
        let source = self.entries[index as usize]
            .source
            .take()
            .and_then(|weak| weak.upgrade());
        self.forget(index);
        match (&self.poll, source) {
            (Some((poll, _)), Some(source)) => match source.try_borrow_mut() {
                Ok(mut source) => source.deregister(poll.registry()),
                Err(_) => Ok(()),
            },
            _ => Ok(()),
        }
    }

    /// Has a wait of `timeout` end at its time, unless the poller's own timeout does that.
    fn arm(&self, timeout: Option<Duration>) {
        let Some(alarm) = &self.alarm else { return };
        let off_grid = |timeout: &Duration| !timeout.subsec_nanos().is_multiple_of(POLL_GRID_NS);
        if let Some(timeout) = timeout.filter(off_grid) {
            let once = Expiration::OneShot(TimeSpec::from_duration(timeout));
            // An alarm that cannot be set leaves the poller's timeout, up to a millisecond later.
            let _ = alarm.set(once, TimerSetTimeFlags::empty());
        }
    }

    /// Waits for events, at most `timeout`, and gives the nodes concerned to `schedule`.
    ///
    /// An interrupted wait is an early return.
    pub(super) fn wait(
        &mut self,
        timeout: Option<Duration>,
        mut schedule: impl FnMut(NodeId),
    ) -> io::Result<()> {
        #[cfg(test)]
        if let Some(kind) = self.failure {
            return Err(kind.into());
        }
        self.prepare_park()?;
        self.arm(timeout);
        let (poll, events) = self.poll()?;
        match poll.poll(events, timeout) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error),
        }
        let Self {
            poll: Some((_, events)),
            entries,
            ..
        } = self
        else {
            return Ok(());
        };
        for event in &*events {
            let Token(value) = event.token();
            if value >= ALARM_TOKEN.0 {
                // The waker, or the alarm: each expiry is an edge of its own, so it is not read.
                continue;
            }
            let (index, generation) = (value & 0xFFFF_FFFF, (value >> 32) as u32);
            let Some(entry) = entries
                .get_mut(index)
                .filter(|e| e.generation == generation)
            else {
                continue;
            };
            entry.readiness.readable |= event.is_readable() || event.is_read_closed();
            entry.readiness.writable |= event.is_writable() || event.is_write_closed();
            entry.readiness.error |= event.is_error();
            if let Some(node) = entry.node {
                schedule(node);
            }
        }
        Ok(())
    }
}
