//! Network I/O as nodes.
mod buffers;
mod connection;
mod driver;
mod framing;
mod reconnect;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;
mod websocket;

pub use buffers::{Inbox, Outbox};
pub use connection::{
    CloseReason, Connection, ConnectionCounts, ConnectionLimits, ConnectionSender, ConnectionState,
    Event, Protocol, Schedule, SendError, Step, WhenFull,
};
pub use driver::Client;
pub use framing::{Framed, Framing, LengthPrefix, Span};
pub use reconnect::{Reconnect, ReconnectPolicy};
pub use tcp::{
    BroadcastResult, Broadcaster, Listener, ListenerCounts, Server, TcpClient, TcpConnection,
    TcpSender,
};
pub use udp::{Datagram, Group, Udp, UdpCounts, UdpLimits, UdpNode, UdpSender};
pub use websocket::{
    InvalidRequest, WebSocket, WebSocketClient, WebSocketConnection, WebSocketFrame,
    WebSocketLimits, WebSocketSender,
};
