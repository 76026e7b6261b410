//! Publication: records from the graph, the latest state of every instrument, and the ways out of the process.
//!
//! ```text
//!  graph thread           publish thread (tokio, current-thread)
//!  record::Writer ─ ring ─▶ record::Reader ─▶ view (latest state) ─▶ REST, terminal table
//!                                          └▶ hub: text made once ─▶ a bounded queue per subscriber ─▶ WebSocket
//! ```
//!
//! Nothing here can slow the graph: the ring refuses when full, every subscriber has a bounded queue of its own, and a
//! subscriber that does not keep up is told so and closed.

pub mod channel;
mod hub;
pub mod json;
mod queue;
pub mod record;
pub mod server;
pub mod table;
pub mod view;

pub use record::{Reader, Writer};
pub use server::{Options, Server, ServerHandle, Stats};
pub use view::{Names, View};
