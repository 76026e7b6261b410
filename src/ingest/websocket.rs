//! The WebSocket loop: one thread, a current-thread Tokio runtime, a task a feed, one ring for all of them.
//!
//! A task's life: connect → `LinkEvent::Up` (the feed subscribes) → frames → some reason to end → `LinkEvent::Down` →
//! wait (capped, exponential, full jitter) → connect … without end. The wait starts small again only after a frame the feed
//! could use: a server that accepts and then refuses is not hammered. Silence is noticed twice: by the feed, which knows
//! what its venue promises, and here, by pings.
//!
//! When the graph is behind, the task stops reading; TCP then slows the venue down, and the venue decides.

use super::backoff::Backoff;
use super::orders::Orders;
use super::rest::Rest;
use super::ring::TICKS_PER_PACKET_MAX;
use super::{Stop, carry_out, log_notices};
use crate::config::{FeedConfig, Reach};
use crate::metrics::{Counter, Counters};
use crate::sys::{affinity, wall_clock_ns};
use feeds::contract::{Action, Batch, Feed, Form, Line, LinkEvent, Outcome, Packet, SettingFault};
use feeds::model::{ChannelId, RecvTime};
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async_with_config};
use tracing::{info, warn};

type Stream = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// The one connection of a feed.
const LINE: Line = Line(0);
/// Frames taken before the ticks are flushed and other tasks have their turn.
const FRAMES_PER_TURN_MAX: usize = 64;
/// Texts that wait to be sent.
const OUTBOX_MAX: usize = 256;
/// Longest sleep of a task: a feed's new deadline is seen after this.
const SLEEP_MAX: Duration = Duration::from_millis(500);
/// How often a full ring is looked at.
const ROOM_POLL: Duration = Duration::from_millis(1);
/// What is left to say good-bye in.
const CLOSE_MAX: Duration = Duration::from_millis(300);

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
    /// Where orders for the feed wait.
    pub orders: Arc<Orders>,
}

impl WebSocketFeed {
    /// The feed of channel number `row` as the configuration has it; `None` when it is not carried by a WebSocket.
    ///
    /// # Errors
    /// What the protocol's room has against its settings.
    pub fn of(config: &FeedConfig, row: u16) -> Result<Option<WebSocketFeed>, Vec<SettingFault>> {
        let Reach::WebSocket { url } = &config.reach else {
            return Ok(None);
        };
        Ok(Some(WebSocketFeed {
            row: usize::from(row),
            name: config.name.clone(),
            feed: config.build(ChannelId(row))?,
            url: url.clone(),
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
    /// How long the other side may refuse to take a text.
    pub send_timeout: Duration,
    /// Least time between two texts: venues close connections that subscribe too fast.
    pub send_interval: Duration,
    /// Seed of the jitter; the feed's row is added, so that feeds do not move in step.
    pub seed: u64,
}

impl Default for WebSocketOptions {
    fn default() -> WebSocketOptions {
        WebSocketOptions {
            // Full-depth snapshots of busy products have 5 to 10 MB.
            message_bytes_max: 64 << 20,
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(30),
            send_timeout: Duration::from_secs(5),
            send_interval: Duration::from_millis(100),
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
        let link = Link {
            backoff: Backoff::new(options.seed.wrapping_add(feed.row as u64)),
            row: feed.row,
            name: feed.name,
            url: feed.url,
            feed: feed.feed,
            orders: feed.orders,
            batch: Rc::clone(&batch),
            counters: Arc::clone(&counters),
            options,
            stop: Arc::clone(&stop),
            outbox: VecDeque::new(),
            rest: Rest::new(),
            bytes: 0,
            texts: 0,
        };
        tasks.spawn_local(link.run());
    }
    runtime.block_on(tasks);
    batch.borrow_mut().flush();
    // A name still being resolved must not hold up the end.
    runtime.shutdown_background();
    Ok(())
}

/// Why a connection ended.
#[derive(Debug)]
enum End {
    /// We were asked to stop, or nobody reads the ring.
    Stopped,
    /// Worth another attempt, with the reason for the log.
    Lost(String),
}

/// One feed's connection, open or not.
struct Link {
    row: usize,
    name: String,
    url: String,
    feed: Box<dyn Feed>,
    orders: Arc<Orders>,
    batch: Rc<RefCell<Batch>>,
    counters: Arc<Counters>,
    options: WebSocketOptions,
    stop: Arc<Stop>,
    backoff: Backoff,
    outbox: VecDeque<String>,
    rest: Rest,
    bytes: u64,
    /// Messages, each stamped by this process.
    texts: u64,
}

fn now() -> RecvTime {
    RecvTime(wall_clock_ns())
}

impl Link {
    async fn run(mut self) {
        self.tell_time();
        loop {
            match self.connection().await {
                End::Stopped => break,
                End::Lost(reason) => {
                    let wait = self.backoff.next_wait();
                    warn!(
                        feed = self.name,
                        url = self.url,
                        reason,
                        failures = self.backoff.failures(),
                        retry_in_ms = wait.as_millis() as u64,
                        "disconnected"
                    );
                    if !self.pause(wait).await {
                        break;
                    }
                }
            }
        }
        let mut batch = self.batch.borrow_mut();
        self.feed.finish(now(), &mut batch);
        batch.flush();
        drop(batch);
        self.settle();
        info!(feed = self.name, "stopped");
    }

    /// One connection from its first to its last byte.
    async fn connection(&mut self) -> End {
        let stop = Arc::clone(&self.stop);
        let limits = WebSocketConfig::default()
            .max_message_size(Some(self.options.message_bytes_max))
            .max_frame_size(Some(self.options.message_bytes_max));
        let connect = connect_async_with_config(self.url.as_str(), Some(limits), true);
        let connected = tokio::select! {
            biased;
            () = stop.requested() => return End::Stopped,
            connected = timeout(self.options.connect_timeout, connect) => connected,
        };
        let mut stream = match connected {
            Err(_) => return End::Lost("connecting took too long".to_owned()),
            Ok(Err(error)) => return End::Lost(format!("cannot connect: {error}")),
            Ok(Ok((stream, _))) => stream,
        };
        info!(feed = self.name, url = self.url, "connected");
        self.add(Counter::Connects);
        self.outbox.clear();
        self.rest.clear();
        self.link(LinkEvent::Up(LINE));
        let end = self.converse(&mut stream).await;
        self.add(Counter::Disconnects);
        self.link(LinkEvent::Down(LINE));
        // Good manners, within limits: the other side may be gone already.
        let _ = timeout(CLOSE_MAX, stream.close(None)).await;
        end
    }

    /// Frames in, texts out, until there is a reason to end.
    async fn converse(&mut self, stream: &mut Stream) -> End {
        let stop = Arc::clone(&self.stop);
        let half = self.options.idle_timeout / 2;
        let mut heard_at = Instant::now();
        let mut is_pinged = false;
        let mut send_at = Instant::now();
        loop {
            if let Some(reason) = self.act() {
                return End::Lost(reason.to_owned());
            }
            if !self.wait_for_room().await {
                return End::Stopped;
            }
            let idle_at = heard_at + if is_pinged { half * 2 } else { half };
            let until_deadline = self.until_deadline();
            tokio::select! {
                biased;
                () = stop.requested() => return End::Stopped,
                () = sleep_until(send_at), if !self.outbox.is_empty() => {
                    let Some(text) = self.outbox.pop_front() else { continue };
                    if let Err(end) = self.send(stream, Message::text(text)).await {
                        return end;
                    }
                    send_at = Instant::now() + self.options.send_interval;
                }
                // Rare, and before the frames: a steady stream of those must not keep a snapshot waiting.
                (url, body) = self.rest.next(&self.name) => self.take_answer(&url, &body),
                message = stream.next() => {
                    heard_at = Instant::now();
                    is_pinged = false;
                    if let Err(end) = self.take_all(stream, message) {
                        return end;
                    }
                }
                () = sleep(until_deadline) => {}
                () = sleep_until(idle_at) => {
                    if is_pinged {
                        return End::Lost("silent, and a ping was not answered".to_owned());
                    }
                    is_pinged = true;
                    if let Err(end) = self.send(stream, Message::Ping(Bytes::new())).await {
                        return end;
                    }
                }
            }
            self.tell_time();
        }
    }

    async fn send(&self, stream: &mut Stream, message: Message) -> Result<(), End> {
        match timeout(self.options.send_timeout, stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(End::Lost(format!("cannot send: {error}"))),
            Err(_) => Err(End::Lost("the other side takes nothing".to_owned())),
        }
    }

    /// Takes a message and those behind it that are there already, then flushes.
    fn take_all(
        &mut self,
        stream: &mut Stream,
        first: Option<Result<Message, Error>>,
    ) -> Result<(), End> {
        let mut end = self.take(first);
        // A message is asked for only when it will be taken: one that is asked for and left is lost.
        for _ in 1..FRAMES_PER_TURN_MAX {
            if end.is_err() || self.batch.borrow_mut().room() < TICKS_PER_PACKET_MAX {
                break;
            }
            let Some(next) = stream.next().now_or_never() else {
                break;
            };
            end = self.take(next);
        }
        self.batch.borrow_mut().flush();
        self.count();
        end
    }

    fn take(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let text = match message {
            None => return Err(End::Lost("the other side closed the connection".to_owned())),
            Some(Err(error)) => return Err(End::Lost(error.to_string())),
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Close(frame))) => {
                return Err(End::Lost(match frame {
                    Some(frame) => format!("closed by the venue: {} {}", frame.code, frame.reason),
                    None => "closed by the venue".to_owned(),
                }));
            }
            Some(Ok(Message::Binary(bytes))) => {
                return Err(End::Lost(format!("{} bytes that are no text", bytes.len())));
            }
            // Pings are answered by the protocol's own layer.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return Ok(()),
        };
        self.bytes += text.len() as u64;
        self.texts += 1;
        let packet = Packet {
            line: LINE,
            ts_recv: now(),
            form: Form::Text,
            bytes: text.as_bytes(),
        };
        let outcome = self.feed.on_packet(&packet, &mut self.batch.borrow_mut());
        if matches!(outcome, Outcome::Applied) {
            self.backoff.reset();
        }
        Ok(())
    }

    /// The body of a REST answer.
    fn take_answer(&mut self, url: &str, body: &[u8]) {
        self.bytes += body.len() as u64;
        let packet = Packet {
            line: LINE,
            ts_recv: now(),
            form: Form::Rest(url),
            bytes: body,
        };
        let mut batch = self.batch.borrow_mut();
        self.feed.on_packet(&packet, &mut batch);
        batch.flush();
    }

    /// Queues what the feed wants sent. Some when it wants the connection opened anew.
    fn act(&mut self) -> Option<&'static str> {
        log_notices(&self.name, self.feed.as_mut());
        while self.outbox.len() < OUTBOX_MAX {
            match self.feed.poll_action()? {
                Action::SendText { text, .. } => self.outbox.push_back(text),
                Action::Reconnect { reason, .. } => return Some(reason),
                Action::SendDatagram { .. }
                | Action::OpenStream { .. }
                | Action::SendStream { .. }
                | Action::CloseStream { .. } => self.add(Counter::SendErrors),
                Action::Fetch { url } => self.rest.ask(url),
            }
        }
        None
    }

    /// False when there will never be room, or we were asked to stop.
    async fn wait_for_room(&self) -> bool {
        loop {
            {
                let mut batch = self.batch.borrow_mut();
                if batch.sink_mut().is_abandoned() {
                    return false;
                }
                if batch.room() >= TICKS_PER_PACKET_MAX {
                    return true;
                }
                batch.flush();
            }
            tokio::select! {
                biased;
                () = self.stop.requested() => return false,
                () = sleep(ROOM_POLL) => {}
            }
        }
    }

    /// Waits without a connection; the feed's clock goes on. False when we were asked to stop.
    async fn pause(&mut self, wait: Duration) -> bool {
        let stop = Arc::clone(&self.stop);
        let until = Instant::now() + wait;
        loop {
            self.tell_time();
            self.settle();
            if Instant::now() >= until {
                return true;
            }
            let sleep = sleep_until(until.min(Instant::now() + self.until_deadline()));
            tokio::select! {
                biased;
                () = stop.requested() => return false,
                () = sleep => {}
            }
        }
    }

    /// Without a connection there is nothing to carry actions out on; the feed asks again when it is up.
    fn settle(&mut self) {
        for _ in 0..OUTBOX_MAX {
            if self.feed.poll_action().is_none() {
                break;
            }
        }
        log_notices(&self.name, self.feed.as_mut());
        self.count();
    }

    fn until_deadline(&self) -> Duration {
        match self.feed.next_deadline() {
            Some(deadline) => {
                Duration::from_nanos(deadline.0.saturating_sub(wall_clock_ns())).min(SLEEP_MAX)
            }
            None => SLEEP_MAX,
        }
    }

    fn tell_time(&mut self) {
        let now = now();
        let which = (self.row, self.name.as_str());
        let (orders, counters) = (&self.orders, &self.counters);
        let mut batch = self.batch.borrow_mut();
        if carry_out(orders, counters, which, self.feed.as_mut(), now, &mut batch) {
            batch.flush();
        }
        drop(batch);
        if self
            .feed
            .next_deadline()
            .is_some_and(|deadline| deadline <= now)
        {
            let mut batch = self.batch.borrow_mut();
            self.feed.on_clock(now, &mut batch);
            batch.flush();
        }
    }

    fn link(&mut self, event: LinkEvent) {
        let mut batch = self.batch.borrow_mut();
        self.feed.on_link(event, now(), &mut batch);
        batch.flush();
    }

    fn add(&self, counter: Counter) {
        if let Some(row) = self.counters.channel(self.row) {
            row.add(counter, 1);
        }
    }

    fn count(&self) {
        if let Some(row) = self.counters.channel(self.row) {
            row.set_feed(self.feed.counters());
            row.set(Counter::Bytes, self.bytes);
            row.set(Counter::RestFailures, self.rest.failures());
            row.set(Counter::TimesApplication, self.texts);
        }
    }
}
