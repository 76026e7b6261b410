//! Publication: records from the graph, the latest state of every instrument, and the ways out of the process.
//!
//! ```text
//!  graph thread           publish thread (tokio, current-thread)
//!  record::Writer ─ ring ─▶ record::Reader ─▶ view (latest state) ─▶ REST, terminal table
//!                                          └▶ hub: text made once ─▶ a bounded queue per subscriber ─▶ WebSocket
//! ```
//!
//! What a venue says beside its books (mark price, funding rate, open interest, liquidations) is published under the names of
//! `StatisticKind` with times of its own: every one as a message of the channel `statistics`, the last of each kind by
//! `statistics_{interval}ms` and as a member of `summary` and of `/api/instruments` where there is any. A message says nothing
//! of the kinds it does not name. Messages of books are the same with statistics and without.
//!
//! | Member | What |
//! |---|---|
//! | `price`, `amount` | its value: one of them, or both; exact |
//! | `side` | `buy` or `sell`, where it has one |
//! | `id` | what it names (a trade, an order, a level), where it names something |
//! | `count` | how many of the kind were heard since the start: whoever sees fewer knows how many were passed over |
//! | `timestamp`, `localTimestamp` | when the venue made it, and when it came; left out where not known |
//! | `lastSequence` | the venue's number of its message, where it has one |
//!
//! A statistic stays until the next of its kind, whatever becomes of the book: it is the venue's word, and its times say how
//! old it is; `state` beside it says whether the feed is alive. Those of a whole channel (a market-wide circuit breaker)
//! belong to no instrument and are not published.
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
