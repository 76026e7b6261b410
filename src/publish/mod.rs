//! Publication: records from the graph, the latest state of every instrument, and the ways out of the process.
//!
//! ```text
//!  graph thread          publish thread (tokio, current-thread)
//!  record::Writer ─ ring ─▶ record::Reader ─▶ view (latest state) ─▶ REST, table
//!                                          └▶ hub (variants) ─ text made once ─▶ queue per subscriber ─▶ WebSocket
//! ```
//!
//! Nothing here can slow the graph: the ring refuses when full, every subscriber has a bounded queue of its own, and a
//! subscriber that does not keep up is told so and closed.

pub mod record;
