//! Ingestion: sockets in, ticks out. Owns sockets and threads, carries out what feeds ask for, knows no book.
//!
//! ```text
//!  sockets ─▶ udp.rs / websocket.rs ─▶ Feed ─▶ Batch ─▶ RingSink ─▶ rtrb ring ─▶ graph thread
//!                     ▲                  │
//!                     └──── Action ◀─────┘   requests, subscriptions, reconnects
//! ```
//!
//! One thread may own several feeds; it has one ring. Loss is never silent: what the kernel dropped, what was cut off and
//! what the ring had no room for is counted, and the feed sees it as a gap in its sequence.

pub mod ring;
