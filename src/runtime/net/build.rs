//! Putting a connection node together: state, driver, and the link between them and the senders.

use std::cell::{Cell, RefCell};
use std::net::SocketAddr;
use std::rc::Rc;

use mio::net::TcpStream;

use super::buffers::{Inbox, Outbox};
use super::connection::{
    Connection, ConnectionCounts, ConnectionLimits, ConnectionSender, ConnectionState, Link,
    Protocol,
};
use super::driver::{Driver, Role};
use super::reconnect::{Reconnect, ReconnectPolicy};
use crate::runtime::{Executor, Node, NodeBuilder};

/// Live connections of a server: one less when the guard goes.
#[derive(Debug)]
pub(super) struct Counted(Rc<Cell<usize>>);

impl Counted {
    pub(super) fn new(live: &Rc<Cell<usize>>) -> Self {
        live.set(live.get() + 1);
        Self(Rc::clone(live))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get().saturating_sub(1));
    }
}

fn connection_builder<P: Protocol>(
    protocol: P,
    limits: &ConnectionLimits,
    name: Box<str>,
) -> (NodeBuilder<Connection<P>>, Rc<RefCell<Link<P>>>) {
    let link = Rc::new(RefCell::new(Link {
        protocol,
        outbox: Outbox::with_limit(limits.outbox_bytes_max),
        state: ConnectionState::Idle,
        counts: ConnectionCounts::default(),
        when_full: limits.when_full,
        node: None,
        close_asked: false,
        overflowed: false,
    }));
    let state = Connection {
        inbox: Inbox::default(),
        items: Vec::new(),
        link: Rc::clone(&link),
    };
    let named = Rc::clone(&link);
    let builder = NodeBuilder::new(state)
        .named(name)
        .on_init(move |executor, _, id| {
            named.borrow_mut().node = Some(id);
            executor.schedule(id);
        });
    (builder, link)
}

/// Builds the node of an accepted connection; it lives until the connection has ended.
pub(super) fn accept<P: Protocol>(
    executor: &mut Executor,
    protocol: P,
    stream: TcpStream,
    counted: Counted,
    limits: ConnectionLimits,
    name: Box<str>,
) -> Option<(Node<Connection<P>>, ConnectionSender<P>)> {
    let (builder, link) = connection_builder(protocol, &limits, name);
    let role = Role::Accepted {
        stream: Some(stream),
        _counted: counted,
    };
    let mut driver = Driver::new(&link, role, limits);
    let node = builder.spawn(executor, move |state, ctx| driver.run(state, ctx));
    Some((node.upgrade()?, ConnectionSender { link }))
}

/// Builds the node of a client; it lives as long as its handle or its children do.
pub(super) fn connect<P: Protocol>(
    executor: &mut Executor,
    protocol: P,
    address: SocketAddr,
    reconnect: Option<ReconnectPolicy>,
    limits: ConnectionLimits,
    name: Box<str>,
) -> (Node<Connection<P>>, ConnectionSender<P>) {
    let (builder, link) = connection_builder(protocol, &limits, name);
    let role = Role::Client {
        address,
        reconnect: reconnect.map(Reconnect::new),
    };
    let mut driver = Driver::new(&link, role, limits);
    let node = builder.build(executor, move |state, ctx| driver.run(state, ctx));
    (node, ConnectionSender { link })
}
