//! What a connection is, to those who read it, write to it, and give it a protocol.

use std::cell::RefCell;
use std::fmt;
use std::io;
use std::rc::{Rc, Weak};
use std::time::Duration;

use super::buffers::{Inbox, Outbox};
use crate::runtime::{Context, Executor, Nanos, NodeId};

/// Why a connection ended, or was not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CloseReason {
    /// Nobody listens at the address.
    Refused,
    /// No connection within [`ConnectionLimits::connect_timeout`], or the system gave up.
    TimedOut,
    /// The peer ended the stream at the end of a frame.
    PeerClosed,
    /// The peer ended the stream inside a frame.
    PeerClosedMidFrame {
        /// Bytes of the frame that came; they are discarded.
        bytes: usize,
    },
    /// The peer ended the stream without the farewell the protocol asks for.
    Unannounced,
    /// The peer, or the way to it, cut the connection off.
    Reset,
    /// No whole frame within [`ConnectionLimits::idle_timeout`]: the peer may be gone.
    Idle,
    /// A frame, or the handshake, was begun and not finished within
    /// [`ConnectionLimits::frame_timeout`].
    SlowFrame {
        /// Bytes of it that came; they are discarded.
        bytes: usize,
    },
    /// A frame is longer than allowed; it was not read.
    FrameTooLong {
        /// Length as announced, or as seen so far, in bytes.
        bytes: usize,
        /// The limit, in bytes.
        bytes_max: usize,
    },
    /// Text that is not UTF-8.
    BadText,
    /// The peer broke the protocol.
    Protocol,
    /// The handshake failed: not our protocol, or the peer declined.
    Handshake,
    /// The peer does not read as fast as is written: [`WhenFull::Close`].
    OutboxFull,
    /// Closed with [`ConnectionSender::close`].
    ClosedHere,
    /// The node was removed.
    Removed,
    /// The operating system says something else.
    Io(io::ErrorKind),
}

impl CloseReason {
    /// The reason an operating system's error stands for.
    #[must_use]
    pub fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => Self::Reset,
            kind => Self::Io(kind),
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused => f.write_str("nobody listens at the address"),
            Self::TimedOut => f.write_str("no connection in time"),
            Self::PeerClosed => f.write_str("the peer closed"),
            Self::PeerClosedMidFrame { bytes } => {
                write!(f, "the peer closed {bytes} bytes into a frame")
            }
            Self::Unannounced => f.write_str("the peer closed without a farewell"),
            Self::Reset => f.write_str("the connection was cut off"),
            Self::Idle => f.write_str("the peer has been silent too long"),
            Self::SlowFrame { bytes } => {
                write!(f, "a frame was not finished in time, {bytes} bytes came")
            }
            Self::FrameTooLong { bytes, bytes_max } => {
                write!(f, "a frame of {bytes} bytes, {bytes_max} are allowed")
            }
            Self::BadText => f.write_str("text that is not UTF-8"),
            Self::Protocol => f.write_str("the peer broke the protocol"),
            Self::Handshake => f.write_str("the handshake failed"),
            Self::OutboxFull => f.write_str("the peer reads too slowly"),
            Self::ClosedHere => f.write_str("closed on this side"),
            Self::Removed => f.write_str("the node was removed"),
            Self::Io(kind) => write!(f, "{kind}"),
        }
    }
}

/// Where a connection stands.
///
/// ```text
///  Idle ─► Connecting ─► Handshaking ─► Open ─► Good ─► HalfClosed, Closing ─┐
///              │              │           │       │                         │
///              └──────────────┴───────────┴───────┴──────► Waiting / Closed ◄┘
///  Waiting ─► Connecting
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConnectionState {
    /// The node has not run yet.
    Idle,
    /// The system is making the connection.
    Connecting,
    /// Connected; the protocol is not agreed yet.
    Handshaking,
    /// Frames can be sent; none has come.
    Open,
    /// A frame has come: only now does the connection count as good to [`super::Reconnect`].
    Good,
    /// The peer will send no more; what waits is still sent to it.
    HalfClosed,
    /// Closing from this side, or the protocol's farewell was said: what waits is still sent.
    Closing,
    /// Ended; the next try is due.
    Waiting {
        /// Why the last one ended.
        reason: CloseReason,
        /// When the next try is made.
        until: Nanos,
    },
    /// Ended for good.
    Closed(CloseReason),
}

impl ConnectionState {
    /// Whether frames can be sent.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Good | Self::HalfClosed)
    }
}

/// What to do when a frame to be sent does not fit into the outbox. It is refused either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum WhenFull {
    /// The connection goes on; the sender decides.
    #[default]
    Refuse,
    /// The connection is closed with [`CloseReason::OutboxFull`].
    Close,
}

/// The bounds of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConnectionLimits {
    /// Bytes read in a cycle; 0 counts as 1. With more to read the node yields and goes on.
    pub bytes_per_cycle_max: usize,
    /// Frames in a cycle; 0 counts as 1. With more to cut the node yields and goes on.
    pub frames_per_cycle_max: usize,
    /// Bytes accepted for sending that the system has not taken.
    pub outbox_bytes_max: usize,
    /// What happens when the outbox is full.
    pub when_full: WhenFull,
    /// How long the system may take to connect.
    pub connect_timeout: Duration,
    /// How long a frame, or the handshake, may take from its first byte to its last.
    pub frame_timeout: Option<Duration>,
    /// How long no whole frame may come.
    pub idle_timeout: Option<Duration>,
    /// After how long without a frame the protocol asks whether the peer is there, where it can.
    pub keepalive: Option<Duration>,
    /// How long a closing connection may take to send what waits, and the peer to close.
    pub drain_timeout: Duration,
    /// Whether the node goes on sending after the peer has ended its stream, until closed here.
    pub keep_half_open: bool,
}

impl Default for ConnectionLimits {
    /// 64 KiB and 1,024 frames a cycle, 256 KiB of outbox, refused when full, 5 s to connect, 10 s
    /// a frame, 5 s to close; neither idle timeout nor keep-alive.
    fn default() -> Self {
        Self {
            bytes_per_cycle_max: 64 * 1024,
            frames_per_cycle_max: 1024,
            outbox_bytes_max: 256 * 1024,
            when_full: WhenFull::Refuse,
            connect_timeout: Duration::from_secs(5),
            frame_timeout: Some(Duration::from_secs(10)),
            idle_timeout: None,
            keepalive: None,
            drain_timeout: Duration::from_secs(5),
            keep_half_open: false,
        }
    }
}

/// What a connection node has counted since it was built, over all its connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ConnectionCounts {
    /// Tries to connect.
    pub attempts: u64,
    /// Connections that were open.
    pub opened: u64,
    /// Connections on which a frame came.
    pub good: u64,
    /// Connections and tries that ended.
    pub ended: u64,
    /// Frames received.
    pub frames_received: u64,
    /// Bytes received, of frames and all that is around them.
    pub bytes_received: u64,
    /// Received bytes thrown away when a connection ended: unfinished frames.
    pub bytes_discarded: u64,
    /// Frames accepted for sending.
    pub frames_sent: u64,
    /// Bytes the system has taken.
    pub bytes_sent: u64,
    /// Bytes accepted and never sent, because the connection ended.
    pub bytes_unsent: u64,
    /// Frames refused to the sender: not open, no room, not possible.
    pub sends_refused: u64,
    /// Cycles that ended at a limit with more to read.
    pub yields: u64,
}

/// Why a frame was not accepted for sending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendError {
    /// There is no open connection.
    NotOpen,
    /// The outbox has no room: count it, or try again later.
    Full,
    /// The frame is longer than the framing or the outbox allows.
    TooLong,
    /// The framing cannot carry it: another length than the fixed one, a line end inside a line.
    Invalid,
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotOpen => "there is no open connection",
            Self::Full => "the outbox is full",
            Self::TooLong => "the frame is too long",
            Self::Invalid => "the framing cannot carry the frame",
        })
    }
}

impl std::error::Error for SendError {}

/// What [`Protocol::next`] found.
#[derive(Debug)]
pub enum Step<F> {
    /// A frame.
    Frame(F),
    /// The handshake is done: frames can be sent.
    Ready,
    /// Nothing more without more bytes.
    NeedMore,
    /// The peer has said its farewell: send what waits, then close.
    Finished(CloseReason),
}

/// Bytes in, frames out, and back: a protocol without I/O, time or sockets.
///
/// The connection node reads and writes, keeps the bounds and the time; the protocol cuts. It is
/// told nothing of the socket, so it can be tested with bytes.
pub trait Protocol: Sized + 'static {
    /// A received frame, as kept for the cycle; mostly a place in the inbox.
    type Frame: 'static;
    /// A received frame, as read by other nodes.
    type View<'a>;
    /// A frame to be sent.
    type Message<'a>;

    /// Whether a close of ours is answered by the peer with a farewell of its own. If not, the
    /// sending half is shut down once all is sent.
    const ANSWERS_CLOSE: bool = false;

    /// Begins a new connection, forgetting the last; returns whether it is open at once, without a
    /// handshake.
    ///
    /// # Errors
    ///
    /// The reason for which the connection is ended.
    fn open(&mut self, outbox: &mut Outbox) -> Result<bool, CloseReason>;

    /// The most unread bytes it may leave in the inbox with [`Step::NeedMore`].
    fn unread_bytes_max(&self) -> usize;

    /// Takes the next frame from the inbox. Called until it needs more.
    ///
    /// # Errors
    ///
    /// The reason for which the connection is ended, at once.
    fn next(
        &mut self,
        inbox: &mut Inbox,
        outbox: &mut Outbox,
    ) -> Result<Step<Self::Frame>, CloseReason>;

    /// A frame as others read it; `bytes` are those of [`Inbox::bytes`].
    fn view<'a>(frame: &'a Self::Frame, bytes: &'a [u8]) -> Self::View<'a>;

    /// Whether the frame shows that the peer is what we want; frames that only keep the connection
    /// alive do not.
    fn is_proof(frame: &Self::Frame) -> bool {
        let _ = frame;
        true
    }

    /// Bytes of a frame begun and not finished.
    fn unfinished_bytes(&self, inbox: &Inbox) -> usize;

    /// The reason when the peer ends its stream here.
    fn at_end(&self, inbox: &Inbox) -> CloseReason {
        match self.unfinished_bytes(inbox) {
            0 => CloseReason::PeerClosed,
            bytes => CloseReason::PeerClosedMidFrame { bytes },
        }
    }

    /// Writes a frame.
    ///
    /// # Errors
    ///
    /// [`SendError`]; nothing is written then.
    fn encode(&mut self, message: Self::Message<'_>, outbox: &mut Outbox) -> Result<(), SendError>;

    /// Asks whether the peer is there, where the protocol can.
    fn keepalive(&mut self, outbox: &mut Outbox) {
        let _ = outbox;
    }

    /// Says farewell; `reason` is why the connection ends.
    fn close(&mut self, reason: CloseReason, outbox: &mut Outbox) {
        let _ = (reason, outbox);
    }
}

/// What the node and those who send through it share.
pub(super) struct Link<P> {
    pub(super) protocol: P,
    pub(super) outbox: Outbox,
    pub(super) state: ConnectionState,
    pub(super) counts: ConnectionCounts,
    pub(super) when_full: WhenFull,
    pub(super) node: Option<NodeId>,
    pub(super) close_asked: bool,
    pub(super) overflowed: bool,
}

impl<P: Protocol> Link<P> {
    /// Takes a frame for sending; the caller schedules the node.
    fn send(&mut self, message: P::Message<'_>) -> Result<(), SendError> {
        let result = if self.state.is_open() && !self.close_asked {
            self.protocol.encode(message, &mut self.outbox)
        } else {
            Err(SendError::NotOpen)
        };
        match result {
            Ok(()) => self.counts.frames_sent += 1,
            Err(error) => {
                self.counts.sends_refused += 1;
                self.overflowed |= error == SendError::Full && self.when_full == WhenFull::Close;
            }
        }
        result
    }
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Context<'_> {}
    impl Sealed for super::Executor {}
}

/// Where a node can be scheduled from: a running node's [`Context`], or the [`Executor`] itself.
pub trait Schedule: sealed::Sealed {
    /// Has the node run in the next cycle; a node that is gone is left alone.
    fn schedule_soon(&mut self, node: NodeId);
}

impl Schedule for Context<'_> {
    fn schedule_soon(&mut self, node: NodeId) {
        // A connection that is gone has said so in its state.
        let _ = self.schedule_next(&node);
    }
}

impl Schedule for Executor {
    fn schedule_soon(&mut self, node: NodeId) {
        let _ = self.schedule(node);
    }
}

/// Sends frames through a connection node, from other nodes or from outside the graph.
///
/// What is sent in a cycle goes out in the next one, in one piece. The sender does not keep the
/// node alive.
pub struct ConnectionSender<P> {
    pub(super) link: Rc<RefCell<Link<P>>>,
}

impl<P> Clone for ConnectionSender<P> {
    fn clone(&self) -> Self {
        Self {
            link: Rc::clone(&self.link),
        }
    }
}

impl<P> fmt::Debug for ConnectionSender<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("ConnectionSender");
        if let Ok(link) = self.link.try_borrow() {
            debug.field("state", &link.state);
        }
        debug.finish_non_exhaustive()
    }
}

impl<P: Protocol> ConnectionSender<P> {
    /// Accepts a frame for sending.
    ///
    /// # Errors
    ///
    /// [`SendError`]; the refusal is counted, and nothing of the frame is sent.
    pub fn send(&self, at: &mut impl Schedule, message: P::Message<'_>) -> Result<(), SendError> {
        let (node, result) = {
            let mut link = self.link.borrow_mut();
            let result = link.send(message);
            (link.node, result)
        };
        if let Some(node) = node
            && matches!(result, Ok(()) | Err(SendError::Full))
        {
            at.schedule_soon(node);
        }
        result
    }

    /// Closes the connection for good once all that waits is sent, within
    /// [`ConnectionLimits::drain_timeout`]. A client does not connect again.
    pub fn close(&self, at: &mut impl Schedule) {
        let node = {
            let mut link = self.link.borrow_mut();
            link.close_asked = true;
            link.node
        };
        if let Some(node) = node {
            at.schedule_soon(node);
        }
    }

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.link.borrow().state
    }

    /// Bytes accepted and not yet taken by the system.
    #[must_use]
    pub fn queued_bytes(&self) -> usize {
        self.link.borrow().outbox.len()
    }

    /// A sender that does not keep the buffers of the connection alive.
    pub(super) fn downgrade(&self) -> Weak<RefCell<Link<P>>> {
        Rc::downgrade(&self.link)
    }
}

/// Something that happened on a connection, in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<V> {
    /// The connection has come to stand here.
    State(ConnectionState),
    /// A frame was received.
    Frame(V),
}

pub(super) enum Item<F> {
    State(ConnectionState),
    Frame(F),
}

/// The state of a connection node: what happened in this cycle, where it stands, what it counted.
///
/// A child reads it with `borrow()`. The events are those of the node's last run: an observer asks
/// [`Context::has_mutated`] whether that was in this cycle.
pub struct Connection<P: Protocol> {
    pub(super) inbox: Inbox,
    pub(super) items: Vec<Item<P::Frame>>,
    pub(super) link: Rc<RefCell<Link<P>>>,
}

impl<P: Protocol> Connection<P> {
    /// The frames of this cycle, oldest first.
    pub fn frames(&self) -> impl Iterator<Item = P::View<'_>> {
        self.events().filter_map(|event| match event {
            Event::Frame(frame) => Some(frame),
            Event::State(_) => None,
        })
    }

    /// Frames and changes of state of this cycle, in the order in which they happened.
    pub fn events(&self) -> impl Iterator<Item = Event<P::View<'_>>> {
        self.items.iter().map(|item| match item {
            Item::State(state) => Event::State(*state),
            Item::Frame(frame) => Event::Frame(P::view(frame, self.inbox.bytes())),
        })
    }

    /// Where the connection stands.
    #[must_use]
    pub fn state(&self) -> ConnectionState {
        self.link.borrow().state
    }

    /// What was counted.
    #[must_use]
    pub fn counts(&self) -> ConnectionCounts {
        self.link.borrow().counts
    }

    /// A sender for the connection.
    #[must_use]
    pub fn sender(&self) -> ConnectionSender<P> {
        ConnectionSender {
            link: Rc::clone(&self.link),
        }
    }
}

impl<P: Protocol> fmt::Debug for Connection<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("items", &self.items.len())
            .finish_non_exhaustive()
    }
}
