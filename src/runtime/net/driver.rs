//! The part of a connection node that touches the socket. It lives in the node's closure, not in
//! its state: a removed node closes its socket even while handles still read its last state.

use std::cell::RefCell;
use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr};
use std::rc::Rc;

use mio::net::TcpStream;

use super::buffers::Inbox;
use super::build::Counted;
use super::connection::{
    CloseReason, Connection, ConnectionLimits, ConnectionState, Item, Link, Protocol, Step,
};
use super::reconnect::Reconnect;
use crate::runtime::{Context, Control, Interest, Io, Nanos, Timer};

/// Where the node's connections come from.
pub(super) enum Role {
    /// It makes them, again and again where a policy says so.
    Client {
        address: SocketAddr,
        reconnect: Option<Reconnect>,
    },
    /// It was given one by a listener, and goes with it.
    Accepted {
        stream: Option<TcpStream>,
        _counted: Counted,
    },
}

/// Points in time the node waits for; what is not waited for is `None`.
#[derive(Default)]
struct Deadlines {
    /// The connection, the frame or the handshake must be complete.
    frame: Option<Nanos>,
    idle: Option<Nanos>,
    keepalive: Option<Nanos>,
    drain: Option<Nanos>,
}

impl Deadlines {
    fn earliest(&self) -> Option<Nanos> {
        [self.frame, self.idle, self.keepalive, self.drain]
            .into_iter()
            .flatten()
            .min()
    }
}

pub(super) struct Driver<P: Protocol> {
    link: Rc<RefCell<Link<P>>>,
    role: Role,
    limits: ConnectionLimits,
    socket: Option<Io<TcpStream>>,
    readable: bool,
    writable: bool,
    deadlines: Deadlines,
    timer: Option<(Timer, Nanos)>,
    /// The stream has come to its end, and in which cycle that was seen.
    finish: Option<(CloseReason, u64)>,
    /// Nothing more can come.
    at_end: bool,
    shut: bool,
}

impl<P: Protocol> Drop for Driver<P> {
    fn drop(&mut self) {
        if let Ok(mut link) = self.link.try_borrow_mut() {
            if !matches!(link.state, ConnectionState::Closed(_)) {
                link.state = ConnectionState::Closed(CloseReason::Removed);
                link.counts.bytes_unsent += link.outbox.len() as u64;
            }
            link.outbox.clear();
            link.node = None;
        }
    }
}

/// One run of a connection node: the driver with all it works on.
struct Run<'a, 'c, P: Protocol> {
    driver: &'a mut Driver<P>,
    link: &'a mut Link<P>,
    inbox: &'a mut Inbox,
    items: &'a mut Vec<Item<P::Frame>>,
    ctx: &'a mut Context<'c>,
}

impl<P: Protocol> Run<'_, '_, P> {
    fn enter(&mut self, state: ConnectionState) {
        self.link.state = state;
        self.items.push(Item::State(state));
    }

    /// Does all there is to do now.
    fn go(&mut self) {
        let now = self.ctx.now();
        match self.link.state {
            ConnectionState::Closed(_) => return,
            ConnectionState::Idle => self.start(),
            ConnectionState::Waiting { .. } if self.link.close_asked => {
                self.driver.deadlines = Deadlines::default();
                self.enter(ConnectionState::Closed(CloseReason::ClosedHere));
            }
            ConnectionState::Waiting { until, .. } if now >= until => self.start(),
            _ => {}
        }
        if let Some(io) = &mut self.driver.socket {
            let ready = io.take_readiness(self.ctx);
            self.driver.readable |= ready.readable || ready.error;
            self.driver.writable |= ready.writable || ready.error;
            if let Err(reason) = self.serve(now) {
                self.end(reason);
            }
        }
    }

    /// Takes up the accepted connection, or begins to make one.
    fn start(&mut self) {
        self.link.counts.attempts += 1;
        self.inbox.clear();
        let driver = &mut *self.driver;
        driver.deadlines = Deadlines::default();
        driver.finish = None;
        driver.at_end = false;
        driver.shut = false;
        let (stream, accepted) = match &mut driver.role {
            Role::Client { address, .. } => (TcpStream::connect(*address), false),
            // Its one run in the state `Idle` takes the stream.
            Role::Accepted { stream, .. } => (
                stream
                    .take()
                    .ok_or_else(|| io::ErrorKind::NotConnected.into()),
                true,
            ),
        };
        let registered = stream.and_then(|stream| {
            // Frames are gathered by the outbox already. A stream that refuses works all the same.
            let _ = stream.set_nodelay(true);
            self.ctx
                .register_io(stream, Interest::READABLE | Interest::WRITABLE)
        });
        match registered {
            Ok(io) => {
                self.driver.socket = Some(io);
                self.driver.readable = accepted;
                self.driver.writable = accepted;
                self.enter(ConnectionState::Connecting);
                let until = self.ctx.now().after(self.driver.limits.connect_timeout);
                self.driver.deadlines.frame = Some(until);
            }
            Err(error) => self.end(CloseReason::of(&error)),
        }
    }

    fn serve(&mut self, now: Nanos) -> Result<(), CloseReason> {
        if self.link.state == ConnectionState::Connecting && !self.connected()? {
            if self.link.close_asked {
                return Err(CloseReason::ClosedHere);
            }
            return self.check_deadlines(now);
        }
        if self.link.overflowed {
            return Err(CloseReason::OutboxFull);
        }
        // Reading first: what a peer sent before it cut the connection off still counts.
        self.receive(now)?;
        if self.link.close_asked {
            self.begin_close(now)?;
        }
        self.flush()?;
        self.check_finish()?;
        self.check_deadlines(now)
    }

    /// Whether the connection stands; opens the protocol when it does.
    fn connected(&mut self) -> Result<bool, CloseReason> {
        let driver = &mut *self.driver;
        let Some(io) = &driver.socket else {
            return Ok(false);
        };
        if !driver.writable {
            return Ok(false);
        }
        {
            let stream = io.source();
            match stream.take_error() {
                Ok(None) => {}
                Ok(Some(error)) | Err(error) => return Err(CloseReason::of(&error)),
            }
            match stream.peer_addr() {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                    driver.writable = false;
                    return Ok(false);
                }
                Err(error) => return Err(CloseReason::of(&error)),
            }
        }
        let open = self.link.protocol.open(&mut self.link.outbox)?;
        let limit = self
            .link
            .protocol
            .unread_bytes_max()
            .saturating_add(self.driver.limits.bytes_per_cycle_max.max(1));
        self.inbox.set_limit(limit);
        if open {
            self.opened();
        } else {
            self.enter(ConnectionState::Handshaking);
            self.driver.deadlines.frame = self.after(self.driver.limits.frame_timeout);
        }
        Ok(true)
    }

    fn after(&self, delay: Option<std::time::Duration>) -> Option<Nanos> {
        delay.map(|delay| self.ctx.now().after(delay))
    }

    fn opened(&mut self) {
        self.link.counts.opened += 1;
        self.enter(ConnectionState::Open);
        self.driver.deadlines.frame = None;
        self.heard();
    }

    /// A frame came, or the connection has just opened.
    fn heard(&mut self) {
        self.driver.deadlines.idle = self.after(self.driver.limits.idle_timeout);
        self.driver.deadlines.keepalive = self.after(self.driver.limits.keepalive);
    }

    /// Reads and cuts until there is no more, or a limit of the cycle is reached.
    fn receive(&mut self, now: Nanos) -> Result<(), CloseReason> {
        let mut frames_left = self.driver.limits.frames_per_cycle_max.max(1);
        let mut bytes_left = self.driver.limits.bytes_per_cycle_max.max(1);
        let frames_before = self.link.counts.frames_received;
        loop {
            if !self.cut(&mut frames_left)? {
                break;
            }
            if self.driver.at_end || !self.driver.readable {
                break;
            }
            if bytes_left == 0 {
                self.yield_now();
                break;
            }
            self.read(&mut bytes_left)?;
        }
        let framed = self.link.counts.frames_received != frames_before;
        let is_ending = self.driver.finish.is_some();
        if framed && self.link.state.is_open() && !is_ending {
            self.heard();
        }
        // An end has a deadline of its own, a handshake one that began with it.
        if self.link.state != ConnectionState::Handshaking && !is_ending {
            let unfinished = self.link.protocol.unfinished_bytes(self.inbox) > 0;
            if !unfinished {
                self.driver.deadlines.frame = None;
            } else if framed || self.driver.deadlines.frame.is_none() {
                let timeout = self.driver.limits.frame_timeout;
                self.driver.deadlines.frame = timeout.map(|timeout| now.after(timeout));
            }
        }
        Ok(())
    }

    fn yield_now(&mut self) {
        self.link.counts.yields += 1;
        self.ctx.yield_now();
    }

    /// Cuts frames; `false` when the limit of the cycle or the farewell was reached.
    fn cut(&mut self, frames_left: &mut usize) -> Result<bool, CloseReason> {
        loop {
            if self.driver.finish.is_some() {
                return Ok(false);
            }
            if *frames_left == 0 {
                self.yield_now();
                return Ok(false);
            }
            let link = &mut *self.link;
            match link.protocol.next(self.inbox, &mut link.outbox)? {
                Step::Frame(frame) => {
                    *frames_left -= 1;
                    link.counts.frames_received += 1;
                    if link.state == ConnectionState::Open && P::is_proof(&frame) {
                        link.counts.good += 1;
                        if let Role::Client {
                            reconnect: Some(reconnect),
                            ..
                        } = &mut self.driver.role
                        {
                            reconnect.on_good();
                        }
                        self.enter(ConnectionState::Good);
                    }
                    self.items.push(Item::Frame(frame));
                }
                Step::Ready => self.opened(),
                Step::NeedMore => {
                    if self.driver.at_end {
                        let reason = link.protocol.at_end(self.inbox);
                        self.finish(reason, ConnectionState::HalfClosed);
                        return Ok(false);
                    }
                    return Ok(true);
                }
                Step::Finished(reason) => {
                    self.finish(reason, ConnectionState::Closing);
                    return Ok(false);
                }
            }
        }
    }

    /// The peer is done. Children see it in this cycle and may still answer; then it ends.
    fn finish(&mut self, reason: CloseReason, state: ConnectionState) {
        let handshaking = self.link.state == ConnectionState::Handshaking;
        self.driver.finish = Some((reason, self.ctx.epoch()));
        if self.link.state.is_open() {
            self.enter(state);
        }
        let deadlines = &mut self.driver.deadlines;
        deadlines.keepalive = None;
        deadlines.idle = None;
        deadlines.frame = None;
        let keeps = self.driver.limits.keep_half_open
            && state == ConnectionState::HalfClosed
            && reason == CloseReason::PeerClosed;
        if !keeps || handshaking {
            let drain = self.ctx.now().after(self.driver.limits.drain_timeout);
            self.driver.deadlines.drain.get_or_insert(drain);
            self.ctx.yield_now();
        }
    }

    fn read(&mut self, bytes_left: &mut usize) -> Result<(), CloseReason> {
        let Some(io) = &mut self.driver.socket else {
            return Ok(());
        };
        let room = self.inbox.room(*bytes_left);
        if room.is_empty() {
            // A protocol that leaves more unread than it said.
            return Err(CloseReason::FrameTooLong {
                bytes: self.inbox.unread().len(),
                bytes_max: self.link.protocol.unread_bytes_max(),
            });
        }
        match io.source_mut().read(room) {
            Ok(0) => self.driver.at_end = true,
            Ok(count) => {
                self.inbox.filled(count);
                self.link.counts.bytes_received += count as u64;
                *bytes_left = bytes_left.saturating_sub(count);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.driver.readable = false;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(CloseReason::of(&error)),
        }
        Ok(())
    }

    fn begin_close(&mut self, now: Nanos) -> Result<(), CloseReason> {
        if self.link.state == ConnectionState::Handshaking {
            return Err(CloseReason::ClosedHere);
        }
        if self.link.state.is_open() {
            let link = &mut *self.link;
            link.protocol
                .close(CloseReason::ClosedHere, &mut link.outbox);
            self.enter(ConnectionState::Closing);
            let deadlines = &mut self.driver.deadlines;
            deadlines.idle = None;
            deadlines.keepalive = None;
            deadlines.drain = Some(now.after(self.driver.limits.drain_timeout));
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), CloseReason> {
        let link = &mut *self.link;
        let Some(io) = &mut self.driver.socket else {
            return Ok(());
        };
        if self.driver.writable && !link.outbox.is_empty() {
            let written = link.outbox.flush(&mut *io.source_mut());
            let (count, result) = written;
            link.counts.bytes_sent += count as u64;
            result.map_err(|error| CloseReason::of(&error))?;
            self.driver.writable = link.outbox.is_empty();
        }
        let done = link.state == ConnectionState::Closing && link.outbox.is_empty();
        if done && !P::ANSWERS_CLOSE && !self.driver.shut {
            self.driver.shut = true;
            // A peer that is gone has closed its half too: the read says so.
            let _ = io.source().shutdown(Shutdown::Write);
        }
        Ok(())
    }

    /// Ends a connection whose peer is done, once all is sent.
    fn check_finish(&mut self) -> Result<(), CloseReason> {
        let Some((reason, epoch)) = self.driver.finish else {
            return Ok(());
        };
        let keeps = self.driver.limits.keep_half_open
            && self.link.state == ConnectionState::HalfClosed
            && reason == CloseReason::PeerClosed;
        if epoch == self.ctx.epoch() || keeps || !self.link.outbox.is_empty() {
            return Ok(());
        }
        Err(self.reason_of_end(reason))
    }

    /// A close from this side stays one, whatever the peer did meanwhile.
    fn reason_of_end(&self, reason: CloseReason) -> CloseReason {
        if self.link.close_asked {
            CloseReason::ClosedHere
        } else {
            reason
        }
    }

    fn check_deadlines(&mut self, now: Nanos) -> Result<(), CloseReason> {
        let is_due = |deadline: Option<Nanos>| deadline.is_some_and(|deadline| now >= deadline);
        let deadlines = &self.driver.deadlines;
        if is_due(deadlines.drain) {
            let (reason, _) = self.driver.finish.unwrap_or((CloseReason::ClosedHere, 0));
            return Err(self.reason_of_end(reason));
        }
        if is_due(deadlines.frame) {
            return Err(if self.link.state == ConnectionState::Connecting {
                CloseReason::TimedOut
            } else {
                let bytes = self.link.protocol.unfinished_bytes(self.inbox);
                CloseReason::SlowFrame { bytes }
            });
        }
        if is_due(deadlines.idle) {
            return Err(CloseReason::Idle);
        }
        if is_due(deadlines.keepalive) {
            let link = &mut *self.link;
            link.protocol.keepalive(&mut link.outbox);
            self.driver.deadlines.keepalive = self.after(self.driver.limits.keepalive);
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the connection; a client with a policy will try again.
    fn end(&mut self, reason: CloseReason) {
        let link = &mut *self.link;
        if link.state.is_open() {
            link.protocol.close(reason, &mut link.outbox);
        }
        if self.driver.writable
            && let Some(io) = &mut self.driver.socket
        {
            // A courtesy: the connection ends whether the last words go out or not.
            let (count, _) = link.outbox.flush(&mut *io.source_mut());
            link.counts.bytes_sent += count as u64;
        }
        link.counts.ended += 1;
        link.counts.bytes_unsent += link.outbox.len() as u64;
        if !matches!(
            link.state,
            ConnectionState::Idle | ConnectionState::Connecting
        ) {
            let unfinished = link.protocol.unfinished_bytes(self.inbox);
            link.counts.bytes_discarded += unfinished as u64;
        }
        link.outbox.clear();
        link.overflowed = false;
        if let Some(io) = self.driver.socket.take() {
            // A socket that cannot be deregistered leaves the poller as it is closed here.
            let _ = io.deregister(self.ctx);
        }
        self.driver.deadlines = Deadlines::default();
        let until = match &mut self.driver.role {
            Role::Client {
                reconnect: Some(reconnect),
                ..
            } if reason != CloseReason::ClosedHere => reconnect.on_closed(self.ctx.now()),
            _ => None,
        };
        self.driver.deadlines.frame = until;
        self.enter(match until {
            Some(until) => ConnectionState::Waiting { reason, until },
            None => ConnectionState::Closed(reason),
        });
    }

    /// Keeps one timer at or before the earliest deadline. A deadline that moves away leaves it:
    /// it fires once too early, which is cheaper than a new timer for each frame.
    fn set_timer(&mut self) {
        let Some(deadline) = self.driver.deadlines.earliest() else {
            if let Some((timer, _)) = self.driver.timer.take() {
                timer.cancel(self.ctx);
            }
            return;
        };
        if let Some((timer, at)) = self.driver.timer.take()
            && !timer.is_expired(self.ctx)
        {
            if at <= deadline {
                self.driver.timer = Some((timer, at));
                return;
            }
            timer.cancel(self.ctx);
        }
        self.driver.timer = Some((self.ctx.timer_at(deadline), deadline));
    }
}

impl<P: Protocol> Driver<P> {
    /// A driver without a socket; its first run gets one.
    pub(super) fn new(link: &Rc<RefCell<Link<P>>>, role: Role, limits: ConnectionLimits) -> Self {
        Self {
            link: Rc::clone(link),
            role,
            limits,
            socket: None,
            readable: false,
            writable: false,
            deadlines: Deadlines::default(),
            timer: None,
            finish: None,
            at_end: false,
            shut: false,
        }
    }

    pub(super) fn run(&mut self, connection: &mut Connection<P>, ctx: &mut Context<'_>) -> Control {
        let shared = Rc::clone(&self.link);
        let mut link = shared.borrow_mut();
        connection.items.clear();
        connection.inbox.begin_cycle();
        let was_closed = matches!(link.state, ConnectionState::Closed(_));
        if was_closed && matches!(self.role, Role::Accepted { .. }) {
            return Control::Sweep;
        }
        let mut run = Run {
            driver: self,
            link: &mut link,
            inbox: &mut connection.inbox,
            items: &mut connection.items,
            ctx,
        };
        run.go();
        run.set_timer();
        let is_closed = matches!(link.state, ConnectionState::Closed(_));
        if is_closed && matches!(self.role, Role::Accepted { .. }) {
            // Children see the end in this cycle; in the next the node goes, and they with it.
            ctx.yield_now();
        }
        Control::from(!connection.items.is_empty())
    }
}
