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

pub mod backoff;
pub mod orders;
pub mod receive;
mod rest;
pub mod ring;
mod streams;
pub mod udp;
pub mod websocket;

#[cfg(test)]
mod tests;

use crate::metrics::Counters;
use feeds::contract::{Batch, Control, Feed, Notice};
use feeds::model::RecvTime;
use orders::Orders;
use std::sync::atomic::{AtomicBool, Ordering};
use tracing::{info, warn};

/// Asks ingest threads to stop. Shared by all of them; cannot be taken back.
#[derive(Debug, Default)]
pub struct Stop {
    requested: AtomicBool,
    notify: tokio::sync::Notify,
}

impl Stop {
    /// Nothing asked yet.
    pub fn new() -> Stop {
        Stop::default()
    }

    /// Asks. Threads end within a second.
    pub fn request(&self) {
        self.requested.store(true, Ordering::Release);
        self.notify.notify_waiters();
    }

    /// Whether it was asked.
    pub fn is_requested(&self) -> bool {
        self.requested.load(Ordering::Acquire)
    }

    /// Returns once it is asked.
    pub async fn requested(&self) {
        loop {
            // Registered before the flag is read, so that a request in between is not missed.
            let notified = self.notify.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.is_requested() {
                return;
            }
            notified.await;
        }
    }
}

/// Most notices of a feed logged at a time; a feed bounds its own queue, this bounds a turn.
const NOTICES_PER_TURN_MAX: usize = 64;

/// Logs what a feed finds worth a line.
pub fn log_notices(name: &str, feed: &mut dyn Feed) {
    for _ in 0..NOTICES_PER_TURN_MAX {
        let Some(notice) = feed.poll_notice() else {
            return;
        };
        match notice {
            Notice::UnknownType { tag, name: message } => {
                warn!(
                    feed = name,
                    tag,
                    message = message.as_str(),
                    "unknown message type"
                );
            }
            Notice::LineUp(line) => info!(feed = name, line = line.0, "line delivers"),
            Notice::LineSilent(line) => warn!(feed = name, line = line.0, "line is silent"),
            Notice::GapOpened { first, count } => {
                warn!(feed = name, first, count, "gap: asking for what is missing");
            }
            Notice::GapRecovered { first, count } => {
                info!(feed = name, first, count, "gap closed without loss");
            }
            Notice::GapLost { first, count } => {
                warn!(feed = name, first, count, "gap given up: books are suspect");
            }
            Notice::RequestRefused { server, reason } => {
                warn!(feed = name, server, reason, "retransmission server refuses");
            }
            Notice::RebuildStarted { from } => {
                warn!(feed = name, from, "books wait for a snapshot");
            }
            Notice::SnapshotFailed { reason } => {
                warn!(feed = name, reason, "snapshot cannot be used");
            }
            Notice::AuditFailed {
                name: instrument,
                levels,
            } => {
                let instrument = instrument.as_str();
                warn!(
                    feed = name,
                    instrument, levels, "a book is not the venue's: built anew"
                );
            }
            Notice::Rebuilt { next } => info!(feed = name, next, "books rebuilt from a snapshot"),
            Notice::SessionReset { sequence } => info!(feed = name, sequence, "session began anew"),
            Notice::SessionEnded => info!(feed = name, "the venue ended the session"),
            Notice::VenueError(text) => warn!(feed = name, text = text.as_str(), "venue complains"),
            Notice::Subscribed(line) => info!(feed = name, line = line.0, "subscribed"),
            Notice::Listed(symbol) => info!(feed = name, symbol = symbol.as_str(), "listed"),
            Notice::Delisted(symbol) => warn!(feed = name, symbol = symbol.as_str(), "delisted"),
            Notice::NothingMatches(pattern) => warn!(
                feed = name,
                pattern = pattern.as_str(),
                "no instrument of the venue matches"
            ),
            Notice::ListMissing => warn!(feed = name, "no list of instruments yet; asked again"),
            Notice::TooManyInstruments { most } => {
                warn!(
                    feed = name,
                    most, "instruments beyond the bound are left out"
                );
            }
        }
    }
}

/// Gives a feed what was ordered of it, logs and counts its answer. True when there was something.
fn carry_out(
    orders: &Orders,
    counters: &Counters,
    (row, name): (usize, &str),
    feed: &mut dyn Feed,
    now: RecvTime,
    batch: &mut Batch,
) -> bool {
    let Some(cause) = orders.take(row) else {
        return false;
    };
    let answer = feed.on_control(Control::Resync, now, batch);
    let (cause, said) = (cause.as_str(), answer.as_str());
    info!(feed = name, cause, answer = said, "resync ordered");
    if let Some(row) = counters.channel(row) {
        row.count_resync(answer);
    }
    true
}
