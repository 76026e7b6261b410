//! Servers: a listening socket, and a subgraph for each peer.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};
use std::time::Duration;

use mio::net::TcpListener;

use super::build::{self, Counted};
use super::connection::{
    Connection, ConnectionLimits, ConnectionSender, Link, Protocol, Schedule, SendError,
};
use crate::runtime::{Context, Control, Executor, Interest, Io, Node, NodeBuilder, Timer};

/// How long a listener rests after the system refused to accept: it is out of files or memory,
/// and asking at once again would be a loop without rest.
const ACCEPT_REST: Duration = Duration::from_millis(100);

/// Describes a server over TCP: see [`Server::tcp`] and [`Server::websocket`].
#[must_use = "a server does nothing before it listens"]
pub struct Server<P> {
    address: SocketAddr,
    make: Box<dyn Fn() -> P>,
    limits: ConnectionLimits,
    connections_max: usize,
    accepts_per_cycle_max: usize,
    name: Box<str>,
}

impl<P> fmt::Debug for Server<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("address", &self.address)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// What a listener has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ListenerCounts {
    /// Peers accepted.
    pub accepted: u64,
    /// Peers turned away because [`Server::connections_max`] were there; their connection is
    /// closed at once.
    pub turned_away: u64,
    /// Times the system refused to accept, out of files or memory; tried again 100 ms later.
    pub accept_errors: u64,
    /// Cycles that ended at [`Server::accepts_per_cycle_max`] with more peers to accept, perhaps.
    pub yields: u64,
}

/// The state of a server's node. It broadcasts when a peer was accepted or turned away, or when
/// accepting failed.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    live: Rc<Cell<usize>>,
    counts: ListenerCounts,
    last_error: Option<io::ErrorKind>,
}

impl Listener {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections alive.
    #[must_use]
    pub fn connection_count(&self) -> usize {
        self.live.get()
    }

    /// What was counted.
    #[must_use]
    pub fn counts(&self) -> ListenerCounts {
        self.counts
    }

    /// What the system said when it last refused to accept.
    #[must_use]
    pub fn last_error(&self) -> Option<io::ErrorKind> {
        self.last_error
    }
}

/// What a broadcast came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct BroadcastResult {
    /// Connections that took the frame.
    pub accepted: usize,
    /// Open connections that refused it, mostly because their outbox is full; each counts it.
    pub refused: usize,
}

type WeakLink<P> = Weak<RefCell<Link<P>>>;

/// Sends a frame to all connections of a server, each with its own bounded outbox.
pub struct Broadcaster<P> {
    links: Rc<RefCell<Vec<WeakLink<P>>>>,
}

impl<P> Clone for Broadcaster<P> {
    fn clone(&self) -> Self {
        Self {
            links: Rc::clone(&self.links),
        }
    }
}

impl<P> fmt::Debug for Broadcaster<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broadcaster").finish_non_exhaustive()
    }
}

impl<P: Protocol> Broadcaster<P> {
    /// Sends a frame to all open connections. One that is slow does not hold up the others.
    pub fn broadcast<'m>(&self, at: &mut impl Schedule, message: P::Message<'m>) -> BroadcastResult
    where
        P::Message<'m>: Copy,
    {
        let mut result = BroadcastResult::default();
        self.links.borrow_mut().retain(|weak| {
            let Some(link) = weak.upgrade() else {
                return false;
            };
            let sender = ConnectionSender { link };
            match sender.send(at, message) {
                Ok(()) => result.accepted += 1,
                Err(SendError::NotOpen) => {}
                Err(_) => result.refused += 1,
            }
            true
        });
        result
    }

    fn add(&self, sender: &ConnectionSender<P>) {
        let mut links = self.links.borrow_mut();
        // Bounded by the connections: those that are gone leave before one comes.
        links.retain(|link| link.strong_count() > 0);
        links.push(sender.downgrade());
    }
}

type Factory<P> =
    Rc<RefCell<dyn FnMut(&mut Executor, &Node<Connection<P>>, ConnectionSender<P>, SocketAddr)>>;

impl<P: Protocol> Server<P> {
    /// A server of a protocol of one's own; `make` makes it anew for each peer.
    pub fn new(address: SocketAddr, make: impl Fn() -> P + 'static) -> Self {
        Self {
            address,
            make: Box::new(make),
            limits: ConnectionLimits::default(),
            connections_max: 1024,
            accepts_per_cycle_max: 64,
            name: "server".into(),
        }
    }

    /// Sets the bounds of each connection.
    pub fn limits(mut self, limits: ConnectionLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Connections alive at one time, 1,024 unless told; further peers are turned away.
    pub fn connections_max(mut self, count: usize) -> Self {
        self.connections_max = count;
        self
    }

    /// Peers accepted in one cycle, 64 unless told; 0 counts as 1. Others wait for the next.
    pub fn accepts_per_cycle_max(mut self, count: usize) -> Self {
        self.accepts_per_cycle_max = count.max(1);
        self
    }

    /// Names the node, and those of its connections, in reports.
    pub fn named(mut self, name: impl Into<Box<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Listens, and has `factory` build a subgraph on the connection node of each peer.
    ///
    /// The factory runs after the cycle that accepted the peer, before any of its frames is read.
    /// The connection node lives until its connection has ended; in the cycle of the end it
    /// broadcasts the last state, in the next it goes with all that it triggers. Removing the
    /// server's node closes the listening socket and leaves the connections.
    ///
    /// # Errors
    ///
    /// What the operating system says of the address.
    pub fn listen(
        self,
        executor: &mut Executor,
        factory: impl FnMut(&mut Executor, &Node<Connection<P>>, ConnectionSender<P>, SocketAddr)
        + 'static,
    ) -> io::Result<(Node<Listener>, Broadcaster<P>)> {
        let listener = TcpListener::bind(self.address)?;
        let live = Rc::new(Cell::new(0));
        let state = Listener {
            address: listener.local_addr()?,
            live: Rc::clone(&live),
            counts: ListenerCounts::default(),
            last_error: None,
        };
        let broadcaster = Broadcaster {
            links: Rc::default(),
        };
        let mut acceptor = Acceptor {
            unregistered: Some(listener),
            socket: None,
            rest: None,
            make: self.make.into(),
            factory: Rc::new(RefCell::new(factory)),
            broadcaster: broadcaster.clone(),
            limits: self.limits,
            connections_max: self.connections_max,
            accepts_per_cycle_max: self.accepts_per_cycle_max,
            name: self.name.clone(),
        };
        let node = NodeBuilder::new(state)
            .named(self.name)
            .on_init(|executor, _, id| {
                executor.schedule(id);
            })
            .build(executor, move |state, ctx| acceptor.run(state, ctx));
        Ok((node, broadcaster))
    }
}

/// The listening socket, in the closure of its node: it is closed when the node goes.
struct Acceptor<P: Protocol> {
    unregistered: Option<TcpListener>,
    socket: Option<Io<TcpListener>>,
    rest: Option<Timer>,
    make: Rc<dyn Fn() -> P>,
    factory: Factory<P>,
    broadcaster: Broadcaster<P>,
    limits: ConnectionLimits,
    connections_max: usize,
    accepts_per_cycle_max: usize,
    name: Box<str>,
}

impl<P: Protocol> Acceptor<P> {
    fn run(&mut self, state: &mut Listener, ctx: &mut Context<'_>) -> Control {
        if let Some(listener) = self.unregistered.take() {
            match ctx.register_io(listener, Interest::READABLE) {
                Ok(socket) => self.socket = Some(socket),
                Err(error) => {
                    state.counts.accept_errors += 1;
                    state.last_error = Some(error.kind());
                    return Control::Broadcast;
                }
            }
        }
        if self.rest.take_if(|rest| rest.is_expired(ctx)).is_none() && self.rest.is_some() {
            return Control::Unchanged;
        }
        let before = state.counts;
        let mut tries_left = self.accepts_per_cycle_max;
        while let Some(socket) = &mut self.socket {
            if tries_left == 0 {
                state.counts.yields += 1;
                ctx.yield_now();
                break;
            }
            tries_left -= 1;
            let accepted = socket.source().accept();
            match accepted {
                Ok((stream, peer)) => self.accepted(state, ctx, stream, peer),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                // The peer was gone before it was accepted.
                Err(error)
                    if matches!(
                        error.kind(),
                        io::ErrorKind::ConnectionAborted | io::ErrorKind::Interrupted
                    ) => {}
                Err(error) => {
                    state.counts.accept_errors += 1;
                    state.last_error = Some(error.kind());
                    self.rest = Some(ctx.timer_after(ACCEPT_REST));
                    break;
                }
            }
        }
        Control::from(
            (before.accepted, before.turned_away, before.accept_errors)
                != (
                    state.counts.accepted,
                    state.counts.turned_away,
                    state.counts.accept_errors,
                ),
        )
    }

    fn accepted(
        &self,
        state: &mut Listener,
        ctx: &mut Context<'_>,
        stream: mio::net::TcpStream,
        peer: SocketAddr,
    ) {
        if state.live.get() >= self.connections_max {
            state.counts.turned_away += 1;
            return;
        }
        state.counts.accepted += 1;
        let counted = Counted::new(&state.live);
        let (make, factory) = (Rc::clone(&self.make), Rc::clone(&self.factory));
        let broadcaster = self.broadcaster.clone();
        let (limits, name) = (self.limits, self.name.clone());
        ctx.spawn_subgraph(move |executor| {
            let built = build::accept(executor, make(), stream, counted, limits, name);
            if let Some((node, sender)) = built {
                broadcaster.add(&sender);
                factory.borrow_mut()(executor, &node, sender, peer);
            }
        });
    }
}
