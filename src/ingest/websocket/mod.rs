//! The WebSocket loop: one thread, a current-thread Tokio runtime, one ring for all feeds on it.
//!
//! ```text
//!  keeper, a task a feed:    the feed's clock, its REST answers, which connections are open
//!  connection, a task each:  connect → Up (the feed subscribes) → frames → a reason to end → Down → wait → connect …
//! ```
//!
//! The feed says which connections it wants ([`Feed::connections`]): several where the venue limits what one may carry, two
//! that say the same where one is to stand in for the other. A connection is tried for ever; the wait (capped, exponential,
//! full jitter) starts small again only after a frame the feed could use: a server that accepts and then refuses is not
//! hammered, and one that says for how long it wants to be left alone is. Silence is noticed twice: by the feed, which
//! knows what its venue promises, and here, by pings.
//!
//! When the graph is behind, the tasks stop reading; TCP then slows the venue down, and the venue decides.

mod connection;
mod dial;
mod shared;

pub(crate) use dial::{Refusal, split_user};
pub use dial::{Roots, Way};

use super::Stop;
use super::orders::Orders;
use crate::config::{FeedConfig, Reach};
use crate::metrics::Counters;
use crate::record::Tap;
use crate::sys::affinity;
use feeds::contract::{Batch, Feed, SettingFault};
use feeds::model::ChannelId;
use shared::Shared;
use std::cell::RefCell;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tracing::warn;

/// A feed and where its frames come from.
pub struct WebSocketFeed {
    /// Row of the counter table.
    pub row: usize,
    /// Name in the log.
    pub name: String,
    /// The channel.
    pub feed: Box<dyn Feed>,
    /// `ws://` or `wss://`.
    pub url: String,
    /// How it is reached.
    pub way: Way,
    /// Where what is heard and said is recorded.
    pub tap: Option<Tap>,
    /// Where orders for the feed wait.
    pub orders: Arc<Orders>,
}

impl WebSocketFeed {
    /// The feed of channel number `row` as the configuration has it; `None` when it is not carried by a WebSocket.
    ///
    /// # Errors
    /// What the protocol's room has against its settings.
    pub fn of(config: &FeedConfig, row: u16) -> Result<Option<WebSocketFeed>, Vec<SettingFault>> {
        let Reach::WebSocket { url, way, .. } = &config.reach else {
            return Ok(None);
        };
        Ok(Some(WebSocketFeed {
            row: usize::from(row),
            name: config.name.clone(),
            feed: config.build(ChannelId(row))?,
            url: url.clone(),
            way: way.clone(),
            tap: None,
            orders: Arc::default(),
        }))
    }
}

/// What the transport allows itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WebSocketOptions {
    /// Longest message taken; a longer one ends the connection.
    pub message_bytes_max: usize,
    /// How long resolving, connecting and both handshakes may take together.
    pub connect_timeout: Duration,
    /// Silence of the transport, pings unanswered, that ends a connection. A ping is sent after half of it.
    pub idle_timeout: Duration,
    /// A connection is pinged so often however much is heard on it: some venues close those that never ping.
    pub keep_interval: Duration,
    /// How long the other side may refuse to take a text.
    pub send_timeout: Duration,
    /// Seed of the jitter; the feed's row and the line are added, so that connections do not move in step.
    pub seed: u64,
}

impl Default for WebSocketOptions {
    fn default() -> WebSocketOptions {
        WebSocketOptions {
            // Full-depth snapshots of busy products have 5 to 10 MB.
            message_bytes_max: 64 << 20,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            // The shortest time that a venue is known to ask for is a minute.
            keep_interval: Duration::from_secs(30),
            send_timeout: Duration::from_secs(5),
            seed: 0,
        }
    }
}

/// Runs `feeds` on a thread of its own, pinned to `core` if one is given, until asked to stop.
///
/// # Errors
/// When the host gives no thread.
pub fn spawn(
    name: String,
    core: Option<usize>,
    feeds: Vec<WebSocketFeed>,
    batch: Batch,
    counters: Arc<Counters>,
    options: WebSocketOptions,
    stop: Arc<Stop>,
) -> io::Result<JoinHandle<io::Result<()>>> {
    std::thread::Builder::new()
        .name(name.clone())
        .spawn(move || {
            if let Some(core) = core
                && !affinity::pin(core)
            {
                warn!(
                    thread = name,
                    core, "cannot be pinned to the core; runs anywhere"
                );
            }
            run(feeds, batch, counters, options, stop)
        })
}

/// Runs `feeds` on this thread until asked to stop.
///
/// # Errors
/// When the host gives no event loop.
pub fn run(
    feeds: Vec<WebSocketFeed>,
    batch: Batch,
    counters: Arc<Counters>,
    options: WebSocketOptions,
    stop: Arc<Stop>,
) -> io::Result<()> {
    // Fails when the process has a provider already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let batch = Rc::new(RefCell::new(batch));
    let tasks = tokio::task::LocalSet::new();
    for feed in feeds {
        let shared = Shared::new(feed, &batch, &counters, options, &stop);
        tasks.spawn_local(shared::keep(Rc::new(shared)));
    }
    runtime.block_on(tasks);
    batch.borrow_mut().flush();
    // A name still being resolved must not hold up the end.
    runtime.shutdown_background();
    Ok(())
}
