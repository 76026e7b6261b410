//! TCP with a framing: names and constructors. What does the work is [`Framed`] as the protocol
//! of a connection.

use std::net::SocketAddr;

use super::client::Client;
use super::connection::{Connection, ConnectionSender};
use super::framing::{Framed, Framing};
use super::server::Server;

/// A TCP connection with frames.
pub type TcpConnection = Connection<Framed>;
/// The state of a TCP client's node.
pub type TcpClient = Connection<Framed>;
/// Sends frames on a TCP connection.
pub type TcpSender = ConnectionSender<Framed>;

impl Client<Framed> {
    /// A TCP client.
    pub fn tcp(address: SocketAddr, framing: Framing) -> Self {
        Self::new(address, Framed::new(framing))
    }
}

impl Server<Framed> {
    /// A TCP server. Port 0 lets the system choose: [`super::Listener::address`].
    pub fn tcp(address: SocketAddr, framing: Framing) -> Self {
        Self::new(address, move || Framed::new(framing))
    }
}
