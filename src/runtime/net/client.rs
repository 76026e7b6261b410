//! Clients: connections that this side makes, and makes again.

use std::net::SocketAddr;

use super::build;
use super::connection::{Connection, ConnectionLimits, ConnectionSender, Protocol};
use super::reconnect::ReconnectPolicy;
use crate::runtime::{Executor, Node};

/// Describes a connection that this side makes, over TCP: see [`Client::tcp`] and
/// [`Client::websocket`].
#[must_use = "a client does nothing before it is built"]
#[derive(Debug, Clone)]
pub struct Client<P> {
    address: SocketAddr,
    protocol: P,
    limits: ConnectionLimits,
    reconnect: Option<ReconnectPolicy>,
    name: Box<str>,
}

impl<P: Protocol> Client<P> {
    /// A client of a protocol of one's own.
    pub fn new(address: SocketAddr, protocol: P) -> Self {
        Self {
            address,
            protocol,
            limits: ConnectionLimits::default(),
            reconnect: None,
            name: "client".into(),
        }
    }

    /// Connects again after each end but [`super::CloseReason::ClosedHere`], as the policy says.
    /// Without one the first end is for good.
    pub fn reconnect(mut self, policy: ReconnectPolicy) -> Self {
        self.reconnect = Some(policy);
        self
    }

    /// Sets the bounds.
    pub fn limits(mut self, limits: ConnectionLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Names the node in reports.
    pub fn named(mut self, name: impl Into<Box<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// Adds the node; it begins to connect in the next cycle, and lives as long as its handle or
    /// its children do.
    pub fn build(self, executor: &mut Executor) -> (Node<Connection<P>>, ConnectionSender<P>) {
        build::connect(
            executor,
            self.protocol,
            self.address,
            self.reconnect,
            self.limits,
            self.name,
        )
    }
}
