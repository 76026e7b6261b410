//! Network I/O as nodes: UDP, TCP and WebSocket inside the graph's own thread.
//!
//! A socket belongs to a node. Readiness schedules the node, the node reads within its bounds and
//! broadcasts, and the nodes below see the frames of the cycle in place. No other thread, no async
//! runtime, no copy to a channel.
//!
//! ```text
//!  socket ─► inbox ─► Protocol::next ─► events of the cycle ─► children
//!    ▲                    │ answers              │
//!    └──── outbox ◄───────┴──────────◄───────────┘ ConnectionSender::send
//!
//!  the node:      socket, bounds, deadlines, states          (needs an operating system)
//!  the protocol:  where frames begin and end                 (bytes only: Framed, WebSocket)
//!  Reconnect:     when to try again                          (times only)
//! ```
//!
//! # The contract
//!
//! - **In order.** [`Connection::events`] gives frames and changes of state as they happened: a
//!   child sees the end of one connection, the next one's beginning and its frames in one list.
//! - **Bounded.** A cycle reads no more than its limits; with more to read the node yields, counts
//!   it and goes on in the next cycle. Every buffer has a limit and an answer for when it is full.
//! - **Good after the first frame.** A peer that accepts and closes is a failure to [`Reconnect`],
//!   however often it accepts.
//! - **Nothing is lost in silence.** Every end has a [`CloseReason`]; what was received and not
//!   whole, accepted and not sent, refused or turned away is counted.
//! - **Sent in one piece.** What is sent in a cycle goes to the system in the next one, with as few
//!   calls as it takes.
//! - **No panic.** No bytes and no order of events from outside make a node panic.
//! - **Gone is gone.** The socket lives in the node's closure: a removed node closes and
//!   deregisters it at once, also while handles still read its last state.
//! - **Time is the graph's.** Every timeout is a timer of the node, so a test moves the time.
//!
//! # Bounds
//!
//! | What | Bound | Beyond it |
//! |---|---|---|
//! | bytes, frames read in a cycle | [`ConnectionLimits`]: 64 KiB, 1,024 | yields, counted |
//! | a frame | the framing's own | [`CloseReason::FrameTooLong`], by its prefix where it has one |
//! | a received frame's time | `frame_timeout`, 10 s | [`CloseReason::SlowFrame`] |
//! | time without a frame | `idle_timeout`, none unless set | [`CloseReason::Idle`] |
//! | time to connect | `connect_timeout`, 5 s | [`CloseReason::TimedOut`] |
//! | time to close | `drain_timeout`, 5 s | closed, `bytes_unsent` counts |
//! | inbox | a whole frame and a cycle's bytes | cannot be: the limits above come first |
//! | outbox | `outbox_bytes_max`, 256 KiB | refused, or [`CloseReason::OutboxFull`]: [`WhenFull`] |
//! | pongs a full outbox keeps back | 4 KiB | the last ping is answered, with the next frame |
//! | head of a WebSocket handshake | 16 KiB | [`CloseReason::FrameTooLong`] |
//! | WebSocket message, frame | [`WebSocketLimits`]: 1 MiB each | [`CloseReason::FrameTooLong`] |
//! | connections of a server | 1,024 | turned away, counted |
//! | peers accepted in a cycle | 64 | yields, counted |
//! | datagrams and bytes of a cycle | [`UdpLimits`]: 256, 256 KiB | yields, counted |
//! | a datagram | 2,048 bytes | discarded, `too_long` counts |
//! | datagrams to be sent | 256, 256 KiB | refused, counted |
//!
//! # Cost
//!
//! TCP with any framing, UDP, and a WebSocket server's sending allocate nothing for a message once
//! the buffers have grown to what a cycle needs. Receiving from a WebSocket shares one allocation
//! among the short messages that fit into it; a WebSocket client's sending costs an allocation or
//! two a message inside `tungstenite`, and each new connection costs some. Test `net_allocations`.
//!
//! # A client
//!
//! ```no_run
//! use waveletd::runtime::net::{Client, ConnectionState, Event, Framing, ReconnectPolicy};
//! use waveletd::runtime::{Control, ExecutionMode, NodeBuilder, RealtimeRuntime};
//!
//! let mut runtime = RealtimeRuntime::new(ExecutionMode::Park);
//! let executor = runtime.executor();
//! let lines = Framing::Lines { bytes_max: 1024 };
//! let (feed, sender) = Client::tcp("127.0.0.1:7000".parse()?, lines)
//!     .reconnect(ReconnectPolicy::default())
//!     .named("feed")
//!     .build(executor);
//! let input = feed.clone();
//! let _lines = NodeBuilder::new(0_u64).triggered_by(&feed).build(executor, move |count, ctx| {
//!     for event in input.borrow().events() {
//!         match event {
//!             Event::Frame(_line) => *count += 1,
//!             // Asked anew on each connection.
//!             Event::State(ConnectionState::Open) => {
//!                 if let Err(refused) = sender.send(ctx, b"subscribe") {
//!                     eprintln!("feed: {refused}");
//!                 }
//!             }
//!             Event::State(state) => eprintln!("feed: {state:?}"),
//!         }
//!     }
//!     Control::Broadcast
//! });
//! runtime.run_forever()?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A server: [`Server::tcp`], [`Server::websocket`], and the example `echo_server`. Datagrams:
//! [`Udp`]. A protocol of one's own: [`Protocol`], with [`Client::new`] and [`Server::new`].
//!
//! Not done here: TLS, names (a lookup waits), kernel timestamps and drop counts of datagrams.

mod buffers;
mod build;
mod client;
mod connection;
mod driver;
mod framing;
mod reconnect;
mod server;
mod tcp;
#[cfg(test)]
mod tests;
mod udp;
mod websocket;

pub use buffers::{Inbox, Outbox};
pub use client::Client;
pub use connection::{
    CloseReason, Connection, ConnectionCounts, ConnectionLimits, ConnectionSender, ConnectionState,
    Event, Protocol, Schedule, SendError, Step, WhenFull,
};
pub use framing::{Framed, Framing, LengthPrefix, Span};
pub use reconnect::{Reconnect, ReconnectPolicy};
pub use server::{BroadcastResult, Broadcaster, Listener, ListenerCounts, Server};
pub use tcp::{TcpClient, TcpConnection, TcpSender};
pub use udp::{Datagram, Group, Udp, UdpCounts, UdpLimits, UdpNode, UdpSender};
pub use websocket::{
    InvalidRequest, WebSocket, WebSocketClient, WebSocketConnection, WebSocketFrame,
    WebSocketLimits, WebSocketSender,
};
