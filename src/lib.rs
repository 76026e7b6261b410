//! waveletd: a market-data feed handler. Exchange feeds in, trusted order books and signals out.
//!
//! # The picture
//!
//! ```text
//!  UDP lines A, B ───┐                                              ┌─▶ WebSocket, HTTP, page
//!  recovery servers ─┤  ingest threads         rtrb rings           │   (a thread a server)
//!  WebSocket ────────┤  socket → feed ───────▶ of 64-byte ───────▶  │
//!  captures ─────────┘  (arbitrate, decode,    ticks      graph thread ─▶ publish rings ─▶ terminal table
//!                        recover, normalise)              books → signals → snapshots
//! ```
//!
//! # The path of a tick
//!
//! 1. [`ingest::udp`] receives a batch of datagrams with kernel timestamps and drop counts, or [`ingest::websocket`] a frame,
//!    or [`replay::driver`] a record of a capture. Each hands bytes to a [`feeds::contract::Feed`].
//! 2. The feed (a room under `feeds/`) arbitrates its lines by message sequence, keeps what came early, names and asks for
//!    what is missing, and normalises messages to ticks in a [`feeds::contract::Batch`]. Loss is a tick like any other, in order.
//!    What is missing for good takes the channel's books with it; where the venue gives snapshots they are rebuilt from one
//!    ([`feeds::session::rebuild`]), and no book is called live before that is done.
//! 3. [`ingest::ring`] takes the batch into one `rtrb` ring a thread. Before a datagram is given to its feed the ring must
//!    have room for all it can hold; otherwise the datagram is discarded *before* arbitration, so that the feed sees
//!    an ordinary gap and recovers as from any loss. Replays and WebSockets wait instead.
//! 4. [`pipeline::Source`], a node of the wavelet graph, takes the ticks of one matching-engine event, applies them to the
//!    [`book`]s of their channel, and wakes the nodes of the instruments touched. One cycle an event; an event nobody can
//!    see (a level too deep) needs none.
//! 5. The node of the instrument refreshes its top and its state, runs its [`signals`] as steps in one order, gathers what
//!    changed, and copies that, trades and the best levels into records. Nodes of one's own may hang below it.
//! 6. [`publish::record`] carries records of 64-byte cells to the publish thread, which keeps the latest [`publish::view`]
//!    and makes each JSON text once for all subscribers.
//!
//! # The ladder
//!
//! Imports go down only, and a test holds it (`tests/house.rs`):
//!
//! ```text
//!  cli → daemon → { config, ingest, record, replay, pipeline, publish, metrics, simulate } → signals → { runtime, book } → sys
//!                                                                                        all but runtime → feeds::model
//! ```
//!
//! | Room | What it is |
//! |---|---|
//! | [`runtime`] | the wavelet runtime: graph, heights, cycles, clocks, timers, channels; knows nothing of markets |
//! | [`book`] | books by order and by level, tops, and the trust machine |
//! | [`signals`] | pure steps over tops and trades |
//! | [`pipeline`] | the market's graph: from rings to books, signals and records |
//! | [`ingest`] | sockets in, ticks out; carries out what feeds ask for |
//! | [`replay`] | captures in, ticks out; the capture's clock |
//! | [`publish`] | records, server, page, table |
//! | [`record`] | what WebSocket feeds hear and say, in files that `replay` reads |
//! | [`config`] | YAML to types that cannot be wrong, every fault at once |
//! | [`simulate`] | venues with seeded faults, shipped and used by the tests |
//! | [`daemon`] | which thread runs where, start, stop, and the replay of captures |
//! | [`metrics`], [`sys`] | the counter table; the operating system, thinly |
//!
//! # Bounds
//!
//! | Queue | Bound | Beyond it |
//! |---|---|---|
//! | kernel socket buffer | `receive_buffer_bytes` | the kernel drops and counts; the feed sees a gap |
//! | packets held while a hole is open | `held_packets_max` (4,096) a channel | newest dropped and asked for later, or the gap is given up |
//! | live messages kept for a snapshot | `snapshot_kept_mb` (64 MiB) a channel | all dropped, a younger snapshot is needed; counted |
//! | bytes to a recovery server | 64 KiB a connection | not sent, counted; the attempt times out |
//! | tick ring | `ring_ticks` a thread | datagrams discarded before arbitration, counted; streams wait |
//! | definition ring | 8,192 a thread | as the tick ring |
//! | publish ring | 65,536 cells a server | snapshots conflate, trades are counted and told (`lost`) |
//! | subscriber's queue | `queue_messages_max`, `queue_bytes_max` | snapshots conflate, then the subscriber is told and closed |
//! | gap ledger | 65,536 ranges a channel | counted, not named |
//! | trades named in one event | 4,096 | counted in volume, not named |
//!
//! # Absent on purpose
//!
//! - Venue names outside their room, registry line and YAML. Sockets outside `ingest`, `publish`, `runtime::net`, `simulate`, `sys`. Clocks
//!   outside `sys` and `replay`. Floats outside signals and display. Unbounded queues anywhere.
//! - `unsafe`: two files. `book/prefetch.rs`, two hints to the machine: why a prefetch cannot fault, and why advice on pages
//!   changes nothing a program can see. `replay/mapped.rs`, a capture mapped into memory: which files, and what is left.
//! - Locks, allocation, logs and formatting on the tick path once warm (`tests/allocations.rs`).
//!
//! # Decisions beside the design page
//!
//! - **`pipeline` is a room of its own.** The wiring of ring, books, signals and publication is used alike by the daemon
//!   and by replays, and is neither book nor transport.
//! - **A full ring loses datagrams before arbitration, not ticks after it.** A tick lost behind the sequencer could not be recovered
//!   and would break an event in two; a datagram lost in front of it is an ordinary gap, which the other line or a server fills.
//! - **A sequence that starts anew within one session does not clear books.** The recorded venue that does this deletes, after its
//!   restart, a level it set before it; so books are kept, and those with content are `suspect` until the next session.
//! - **A trade at a resting order's price is priced by the graph**, from the order its event takes size from: the feed does not know
//!   orders, and should not.
#![deny(unsafe_code)]
// The page above speaks of all rooms, also where the runtime is built alone.
#![cfg_attr(not(feature = "service"), allow(rustdoc::broken_intra_doc_links))]

#[cfg(feature = "service")]
pub mod book;
#[cfg(feature = "service")]
pub mod cli;
#[cfg(feature = "service")]
pub mod config;
#[cfg(feature = "service")]
pub mod daemon;
#[cfg(feature = "service")]
pub mod ingest;
#[cfg(feature = "service")]
pub mod metrics;
#[cfg(feature = "service")]
pub mod pipeline;
#[cfg(feature = "service")]
pub mod publish;
#[cfg(feature = "service")]
pub mod record;
#[cfg(feature = "service")]
pub mod replay;
pub mod runtime;
#[cfg(feature = "service")]
pub mod signals;
#[cfg(feature = "service")]
pub mod simulate;
pub mod sys;
