//! HTTP and WebSocket server: dashboard, subscriptions, REST, health and metrics, on a thread of its own.
//!
//! ```text
//! GET /                  the dashboard                   GET /livez, /healthz   the process answers
//! GET /ws                subscriptions                   GET /readyz            200, or 503 with the reason
//! GET /api/instruments   one line an instrument          GET /metrics           Prometheus text
//! GET /api/books?symbol= books of a name, all levels     GET /api/feeds         connections
//! ```
//!
//! `POST /api/resync?feed=NAME` orders a feed to build its books anew from a snapshot. It is answered 202 when the order
//! was taken (`/metrics` tells what became of it), 404 for a feed nobody knows. Orders are taken from the same host only,
//! and not from pages of a browser; others are answered 403.
//!
//! A subscriber sends `{"op":"subscribe","channels":["trade"],"instruments":["AAPL"]}` (or `"*"`), `unsubscribe` alike,
//! or connects with `/ws?channels=trade,book_snapshot_5_0ms&instruments=AAPL,BTC-USD`.
//!
//! Channels: `book_snapshot_{depth}_{interval}ms`, `book_change`, `trade`, `signal`, `bar`, `statistics`,
//! `statistics_{interval}ms`, `instrument`, `summary`; see [`Channel`].
//!
//! A name a feed has not defined yet is kept and answered as `pending`. The first message of an instrument is its
//! latest state under the sequence last given out. What is wrong with a request is answered as
//! `{"type":"error","code":…,"message":…}` and the connection stays.
//!
//! Slow subscribers: see [`Bounds`]. Beyond them: `{"type":"disconnect","reason":"slow_consumer","lost":n}` and close
//! code 1013. When the server stops, what waits is sent and the connection closes with 1001.

use super::channel::Channel;
use super::hub::{Hub, Wanted};
use super::json;
pub use super::queue::Bounds;
use super::queue::{Ending, Next, Subscriber};
use super::record::Reader;
use super::view::{Names, View};
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade};
use axum::extract::{ConnectInfo, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt, stream::SplitSink};
use serde::Deserialize;
use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::Notify;

const PAGE: &str = include_str!("page.html");
/// Records taken at a time before the connections get a turn.
const RECORDS_PER_TURN: usize = 512;
/// Longest request of a subscriber.
const REQUEST_BYTES_MAX: usize = 256 * 1024;
/// How long a closing connection may take to hear the last words.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Text made on demand.
pub type TextSource = Box<dyn Fn() -> String + Send + Sync>;
/// Whether the process is ready; the reason if it is not.
pub type ReadinessSource = Box<dyn Fn() -> Result<(), String> + Send + Sync>;

/// Orders the feed of this name to build its books anew; false when there is none.
pub type ResyncSink = Box<dyn Fn(&str) -> bool + Send + Sync>;

/// How the server is run.
pub struct Options {
    /// Texts of the codes in records.
    pub names: Names,
    /// Most instruments held.
    pub instruments_max: usize,
    /// Most subscribers at a time; one more is answered 503.
    pub subscribers_max: usize,
    /// Bounds of each subscriber's queue.
    pub bounds: Bounds,
    /// Kernel send buffer of each connection in bytes; `None` leaves it to the system.
    pub socket_send_bytes: Option<usize>,
    /// Body of `/metrics`, to which the server adds its own counters.
    pub metrics: TextSource,
    /// Answer of `/readyz`.
    pub ready: ReadinessSource,
    /// Takes orders to build books anew.
    pub resync: ResyncSink,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            names: Names::default(),
            instruments_max: 65_536,
            subscribers_max: 256,
            bounds: Bounds {
                messages_max: 8_192,
                bytes_max: 8 << 20,
                images_max: 131_072,
            },
            socket_send_bytes: None,
            metrics: Box::new(String::new),
            ready: Box::new(|| Ok(())),
            resync: Box::new(|_| false),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("instruments_max", &self.instruments_max)
            .field("subscribers_max", &self.subscribers_max)
            .field("bounds", &self.bounds)
            .finish_non_exhaustive()
    }
}

/// Counters of a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Subscribers at this moment.
    pub subscribers: u64,
    /// Messages put into queues.
    pub messages: u64,
    /// Subscribers cut off because they did not keep up.
    pub slow_consumers: u64,
    /// Subscribers turned away because there were too many.
    pub refused: u64,
    /// Records read.
    pub records: u64,
    /// Records that found no room in the ring.
    pub dropped: u64,
}

struct App {
    hub: Mutex<Hub>,
    view: Arc<Mutex<View>>,
    options: Options,
    stop: Notify,
    stopping: AtomicBool,
    records: AtomicU64,
    dropped: AtomicU64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl App {
    fn stats(&self) -> Stats {
        let hub = lock(&self.hub);
        Stats {
            subscribers: hub.subscriber_count() as u64,
            messages: hub.counts.messages,
            slow_consumers: hub.counts.slow,
            refused: hub.counts.refused,
            records: self.records.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
        }
    }
}

/// The publish server.
#[derive(Debug)]
pub struct Server;

impl Server {
    /// Binds `listen` (port 0 takes any) and serves what `reader` brings, on a new thread named `publish`.
    ///
    /// # Errors
    /// What binding, the runtime or the thread refuses.
    pub fn start(listen: SocketAddr, reader: Reader, options: Options) -> io::Result<ServerHandle> {
        let listener = std::net::TcpListener::bind(listen)?;
        listener.set_nonblocking(true)?;
        let local_addr = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()?;
        let view = View::new(
            options.names.clone(),
            options.instruments_max,
            crate::sys::clock::instant_now(),
        );
        let view = Arc::new(Mutex::new(view));
        let app = Arc::new(App {
            hub: Mutex::new(Hub::new(options.subscribers_max, options.bounds)),
            view: Arc::clone(&view),
            options,
            stop: Notify::new(),
            stopping: AtomicBool::new(false),
            records: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        });
        let on_thread = Arc::clone(&app);
        let thread = std::thread::Builder::new()
            .name("publish".to_owned())
            .spawn(move || runtime.block_on(run(on_thread, listener, reader)))?;
        Ok(ServerHandle {
            local_addr,
            app,
            thread: Some(thread),
        })
    }
}

/// A running server. Dropping it stops it.
pub struct ServerHandle {
    local_addr: SocketAddr,
    app: Arc<App>,
    thread: Option<JoinHandle<()>>,
}

impl fmt::Debug for ServerHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerHandle")
            .field("local_addr", &self.local_addr)
            .finish_non_exhaustive()
    }
}

impl ServerHandle {
    /// Where it listens.
    pub const fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// The latest state of everything, for a display in this process. Hold the lock briefly.
    pub fn view(&self) -> Arc<Mutex<View>> {
        Arc::clone(&self.app.view)
    }

    /// The counters.
    pub fn stats(&self) -> Stats {
        self.app.stats()
    }

    /// Publishes what is in the ring, tells every subscriber, and ends the thread within about two seconds.
    pub fn stop(mut self) {
        self.join();
    }

    fn join(&mut self) {
        self.app.stopping.store(true, Ordering::Release);
        self.app.stop.notify_one();
        if let Some(thread) = self.thread.take() {
            // A panic of that thread was reported where it happened.
            let _ = thread.join();
        }
    }
}

impl Drop for ServerHandle {
    fn drop(&mut self) {
        self.join();
    }
}

async fn run(app: Arc<App>, listener: std::net::TcpListener, reader: Reader) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the publish server cannot listen");
            return;
        }
    };
    let send_bytes = app.options.socket_send_bytes;
    let listener = listener.tap_io(move |stream| {
        let socket = socket2::SockRef::from(&*stream);
        // Both are wishes: a connection without them still works.
        let _ = socket.set_tcp_nodelay(true);
        if let Some(bytes) = send_bytes {
            let _ = socket.set_send_buffer_size(bytes);
        }
    });
    let router = axum::Router::new()
        .route("/", get(async || Html(PAGE)))
        .route("/ws", get(websocket))
        .route("/api/instruments", get(instruments))
        .route("/api/books", get(books))
        .route("/api/feeds", get(feeds))
        .route("/api/resync", post(resync))
        .route("/livez", get(async || "ok\n"))
        .route("/healthz", get(async || "ok\n"))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state(Arc::clone(&app))
        .into_make_service_with_connect_info::<SocketAddr>();
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    pump(&app, reader).await;
    lock(&app.hub).stop();
    let deadline = crate::sys::clock::instant_now() + LAST_WORDS;
    while lock(&app.hub).subscriber_count() > 0 && crate::sys::clock::instant_now() < deadline {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    serving.abort();
}

/// Moves records from the ring to the queues until the server stops.
async fn pump(app: &App, mut reader: Reader) {
    let second = Duration::from_secs(1);
    let mut rates_due = crate::sys::clock::instant_now() + second;
    let mut finished = false;
    loop {
        let mut count = 0;
        let next = {
            let mut hub = lock(&app.hub);
            let mut view = lock(&app.view);
            let now = crate::sys::clock::instant_now();
            while count < RECORDS_PER_TURN
                && let Some(record) = reader.pop()
            {
                hub.apply(&mut view, &record, now);
                count += 1;
            }
            if now >= rates_due {
                view.roll_rates(now);
                rates_due = now + second;
            }
            hub.flush(&view, now)
        };
        app.records.fetch_add(count as u64, Ordering::Relaxed);
        app.dropped.store(reader.dropped(), Ordering::Relaxed);
        if count > 0 {
            tokio::task::yield_now().await;
            continue;
        }
        if app.stopping.load(Ordering::Acquire) {
            return;
        }
        finished |= reader.is_finished();
        let due = next.map_or(rates_due, |next| next.min(rates_due));
        tokio::select! {
            () = reader.ready(), if !finished => {}
            () = tokio::time::sleep_until(due.into()) => {}
            () = app.stop.notified() => {}
        }
    }
}

#[derive(Debug, Deserialize)]
struct ResyncQuery {
    feed: String,
}

/// Whether an order comes from this host and not by way of a browser's page.
fn may_order(peer: SocketAddr, headers: &HeaderMap) -> bool {
    peer.ip().to_canonical().is_loopback() && !headers.contains_key(header::ORIGIN)
}

async fn resync(
    State(app): State<Arc<App>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Query(query): Query<ResyncQuery>,
    headers: HeaderMap,
) -> Response {
    if !may_order(peer, &headers) {
        tracing::warn!(%peer, "a resync was ordered from outside and refused");
        let body = json::error("forbidden", "orders are taken from this host only");
        return (StatusCode::FORBIDDEN, body).into_response();
    }
    if !(app.options.resync)(&query.feed) {
        let body = json::error("unknown_feed", "no feed has this name");
        return (StatusCode::NOT_FOUND, body).into_response();
    }
    (StatusCode::ACCEPTED, "ordered\n").into_response()
}

#[derive(Debug, Deserialize)]
struct WsQuery {
    channels: Option<String>,
    instruments: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    op: String,
    #[serde(default)]
    channels: Vec<String>,
    #[serde(default)]
    instruments: Option<Instruments>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Instruments {
    One(String),
    Many(Vec<String>),
}

fn wanted(names: Vec<String>) -> Wanted {
    if names.iter().any(|name| name == "*") {
        Wanted::All
    } else {
        Wanted::Named(names)
    }
}

async fn websocket(
    State(app): State<Arc<App>>,
    Query(query): Query<WsQuery>,
    upgrade: WebSocketUpgrade,
) -> Response {
    if app.stopping.load(Ordering::Acquire) {
        return (StatusCode::SERVICE_UNAVAILABLE, "the server stops\n").into_response();
    }
    let Some(subscriber) = lock(&app.hub).join() else {
        let body = json::error("too_many_subscribers", "no more subscribers are taken");
        return (StatusCode::SERVICE_UNAVAILABLE, body).into_response();
    };
    let membership = Membership { app, subscriber };
    upgrade
        .max_message_size(REQUEST_BYTES_MAX)
        .on_upgrade(move |socket| converse(membership, query, socket))
}

/// A subscriber's place; given back however the connection ends.
struct Membership {
    app: Arc<App>,
    subscriber: Arc<Subscriber>,
}

impl Drop for Membership {
    fn drop(&mut self) {
        lock(&self.app.hub).leave(self.subscriber.id);
    }
}

async fn converse(membership: Membership, query: WsQuery, socket: WebSocket) {
    let (sink, mut stream) = socket.split();
    let subscriber = &membership.subscriber;
    if let Some(channels) = query.channels {
        let split = |text: String| text.split(',').map(str::to_owned).collect::<Vec<_>>();
        let request = Request {
            op: "subscribe".to_owned(),
            channels: split(channels),
            instruments: query.instruments.map(|text| Instruments::Many(split(text))),
        };
        membership.carry_out(request);
    }
    let mut writer = tokio::spawn(write(sink, Arc::clone(subscriber)));
    loop {
        tokio::select! {
            _ = &mut writer => break,
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => membership.request(&text),
                Some(Ok(Message::Binary(_))) => {
                    membership.refuse("bad_request", "requests are JSON text");
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                Some(Ok(Message::Close(_)) | Err(_)) | None => {
                    writer.abort();
                    return;
                }
            }
        }
    }
    // The last words are written; closing with unread requests would take them back.
    let silence = async { while let Some(Ok(_)) = stream.next().await {} };
    let _ = tokio::time::timeout(Duration::from_secs(1), silence).await;
}

impl Membership {
    fn refuse(&self, code: &str, message: &str) {
        self.subscriber
            .push_image(json::error(code, message).into());
    }

    fn request(&self, text: &Utf8Bytes) {
        match serde_json::from_str::<Request>(text) {
            Ok(request) => self.carry_out(request),
            Err(error) => self.refuse("bad_request", &error.to_string()),
        }
    }

    fn carry_out(&self, request: Request) {
        if !matches!(request.op.as_str(), "subscribe" | "unsubscribe") {
            self.refuse("unknown_op", "op is subscribe or unsubscribe");
            return;
        }
        let parsed: Result<Vec<_>, _> = request
            .channels
            .iter()
            .map(|name| Channel::parse(name))
            .collect();
        let channels = match parsed {
            Ok(channels) if !channels.is_empty() => channels,
            Ok(_) => return self.refuse("bad_request", "channels is missing or empty"),
            Err(message) => return self.refuse("unknown_channel", &message),
        };
        let wanted = match request.instruments {
            Some(Instruments::One(name)) => wanted(vec![name]),
            Some(Instruments::Many(names)) if !names.is_empty() => wanted(names),
            _ => {
                return self.refuse(
                    "bad_request",
                    "instruments is missing: a list of symbols, or \"*\"",
                );
            }
        };
        let mut hub = lock(&self.app.hub);
        let view = lock(&self.app.view);
        if request.op == "unsubscribe" {
            hub.unsubscribe(&view, &self.subscriber, &channels, &wanted);
        } else if let Err(message) = hub.subscribe(&view, &self.subscriber, &channels, &wanted) {
            self.refuse("bound_reached", &message);
        }
    }
}

/// Sends what the queue holds, until it says why to end.
async fn write(mut sink: SplitSink<WebSocket, Message>, subscriber: Arc<Subscriber>) {
    loop {
        let sent = match subscriber.next() {
            Next::Text(text) => tokio::select! {
                sent = sink.feed(Message::Text(text)) => sent,
                () = subscriber.cut.notified() => Ok(()),
            },
            Next::End(ending) => {
                let _ = tokio::time::timeout(LAST_WORDS, end(&mut sink, ending)).await;
                return;
            }
            Next::Nothing => tokio::select! {
                sent = sink.flush() => match sent {
                    Ok(()) => {
                        subscriber.wake.notified().await;
                        Ok(())
                    }
                    failed => failed,
                },
                () = subscriber.cut.notified() => Ok(()),
            },
        };
        if sent.is_err() {
            return;
        }
    }
}

async fn end(sink: &mut SplitSink<WebSocket, Message>, ending: Ending) -> Result<(), axum::Error> {
    let (code, reason) = match ending {
        Ending::Slow { lost } => {
            let text =
                format!("{{\"type\":\"disconnect\",\"reason\":\"slow_consumer\",\"lost\":{lost}}}");
            sink.send(Message::Text(text.into())).await?;
            (1013, "slow_consumer")
        }
        Ending::Stop => {
            let text = r#"{"type":"disconnect","reason":"server_stops","lost":0}"#;
            sink.send(Message::Text(text.into())).await?;
            (1001, "server_stops")
        }
    };
    let frame = CloseFrame {
        code,
        reason: reason.into(),
    };
    sink.send(Message::Close(Some(frame))).await
}

fn json_response(status: StatusCode, body: String) -> Response {
    (status, [(header::CONTENT_TYPE, "application/json")], body).into_response()
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: Vec<String> = items.collect();
    format!("[{}]", items.join(","))
}

async fn instruments(State(app): State<Arc<App>>) -> Response {
    let view = lock(&app.view);
    let body = list(
        view.instruments()
            .map(|(id, of)| json::summary(&view.names, of, id, of.pub_seq)),
    );
    json_response(StatusCode::OK, body)
}

#[derive(Debug, Deserialize)]
struct BookQuery {
    symbol: Option<String>,
    depth: Option<usize>,
}

async fn books(State(app): State<Arc<App>>, Query(query): Query<BookQuery>) -> Response {
    let view = lock(&app.view);
    let Some(symbol) = query.symbol else {
        let body = json::error("bad_request", "symbol is missing");
        return json_response(StatusCode::BAD_REQUEST, body);
    };
    let most = super::record::DEPTH_MAX;
    let depth = query.depth.unwrap_or(most).clamp(1, most);
    let mut found = view
        .matching(&symbol)
        .filter_map(|id| view.instrument(id))
        .map(|of| json::book_snapshot(&view.names, of, depth, 0, of.pub_seq))
        .peekable();
    if found.peek().is_none() {
        let body = json::error("unknown_instrument", "no feed has defined this symbol");
        return json_response(StatusCode::NOT_FOUND, body);
    }
    json_response(StatusCode::OK, list(found))
}

async fn feeds(State(app): State<Arc<App>>) -> Response {
    json_response(StatusCode::OK, json::feeds(&lock(&app.view)))
}

async fn ready(State(app): State<Arc<App>>) -> Response {
    match (app.options.ready)() {
        Ok(()) => "ready\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, reason + "\n").into_response(),
    }
}

async fn metrics(State(app): State<Arc<App>>) -> Response {
    let stats = app.stats();
    let mut body = (app.options.metrics)();
    let own = [
        ("subscribers", "gauge", stats.subscribers),
        ("messages_total", "counter", stats.messages),
        ("slow_consumers_total", "counter", stats.slow_consumers),
        ("refused_total", "counter", stats.refused),
        ("records_total", "counter", stats.records),
        ("records_dropped_total", "counter", stats.dropped),
    ];
    for (name, kind, value) in own {
        let name = format!("waveletd_publish_{name}");
        body.push_str(&format!("# TYPE {name} {kind}\n{name} {value}\n"));
    }
    let content_type = "text/plain; version=0.0.4; charset=utf-8";
    ([(header::CONTENT_TYPE, content_type)], body).into_response()
}

#[cfg(test)]
mod tests;
