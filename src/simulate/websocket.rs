//! A venue that speaks WebSocket: paced order flow to whoever subscribed, and a server that can drop, stall and close.

use super::order_flow::{FlowSettings, OrderFlow};
use super::random::Random;
use crate::sys;
use feeds::model::{EventTime, Symbol};
use feeds::simulator::{Said as VenueSaid, VenueSimulator};
use futures_util::{SinkExt, StreamExt};
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, oneshot};
use tokio_tungstenite::tungstenite::Message;

/// How the server misbehaves. Times count from a connection's start; `None` means never.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct WebSocketFaults {
    /// Closes the connection properly.
    pub close_after: Option<Duration>,
    /// Cuts the connection without a word.
    pub drop_after: Option<Duration>,
    /// Every so long, counted from the venue's start, the oldest of several connections is cut.
    pub drop_oldest_every: Option<Duration>,
    /// Keeps the connection open and says nothing any more.
    pub stall_after: Option<Duration>,
    /// Loses this many texts in a million, before numbering is visible to the client; and as many answers by REST.
    pub loss_per_million: u32,
}

/// A venue to run.
#[derive(Clone, Debug)]
pub struct WebSocketPlan {
    /// Where it listens; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// How it misbehaves.
    pub faults: WebSocketFaults,
    /// The order flow.
    pub flow: FlowSettings,
    /// Instruments, `flow.symbol_count` of them.
    pub symbols: Vec<Symbol>,
    /// Events a second.
    pub events_per_second: u64,
}

/// A running venue. Dropping it stops it.
#[derive(Debug)]
pub struct WebSocketVenue {
    stop: Arc<AtomicBool>,
    events: Arc<AtomicU64>,
    local_addr: SocketAddr,
    thread: Option<JoinHandle<()>>,
}

/// Texts waiting for one client; a client slower than that is cut off, as venues do. Some seconds of the fastest flow: a host that
/// stood still for a moment sends all it owes at once.
const TEXTS_PER_CLIENT_MAX: usize = 65_536;
/// Clients at once.
const CLIENTS_MAX: usize = 64;
/// What clients said and nobody handled yet.
const INBOX_MAX: usize = 1_024;

/// Bytes of a request's head that are looked at, and how often, a millisecond apart.
const HEAD_BYTES_MAX: usize = 4_096;
const HEAD_WAITS_MAX: usize = 1_000;

enum FromClient {
    Up(u32, mpsc::Sender<VenueSaid>),
    Said(u32, String),
    /// A REST request for an address, and where its answer goes.
    Asked(String, oneshot::Sender<Option<String>>),
    Down(u32),
}

impl WebSocketVenue {
    /// Binds and starts the venue's thread.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub fn start(
        plan: WebSocketPlan,
        venue: Box<dyn VenueSimulator>,
    ) -> io::Result<WebSocketVenue> {
        let listener = std::net::TcpListener::bind(plan.listen)?;
        listener.set_nonblocking(true)?;
        let local_addr = listener.local_addr()?;
        let (stop, events) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (stop_seen, counted) = (Arc::clone(&stop), Arc::clone(&events));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("venue-ws".into())
            .spawn(move || {
                runtime.block_on(run(plan, venue, listener, &stop_seen, &counted));
            })?;
        Ok(WebSocketVenue {
            stop,
            events,
            local_addr,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    pub fn local_addr(&self) -> SocketAddr {
        self.local_addr
    }

    /// Events said so far.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }
}

impl Drop for WebSocketVenue {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn run(
    plan: WebSocketPlan,
    mut venue: Box<dyn VenueSimulator>,
    listener: std::net::TcpListener,
    stop: &AtomicBool,
    events: &AtomicU64,
) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    let (inbox, mut said) = mpsc::channel(INBOX_MAX);
    let acceptor = tokio::spawn(accept(listener, inbox, plan.faults, plan.flow.seed));
    let mut clients: HashMap<u32, mpsc::Sender<VenueSaid>> = HashMap::new();
    let mut flow = OrderFlow::new(plan.flow);
    let anchor = sys::wall_clock_ns();
    venue.open(EventTime(anchor), &plan.symbols);
    let mut event_count = 0u64;
    let mut drop_at = plan
        .faults
        .drop_oldest_every
        .map(|every| anchor + nanos(every));
    let mut turn = tokio::time::interval(Duration::from_millis(1));
    turn.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while !stop.load(Ordering::Relaxed) {
        turn.tick().await;
        let now = sys::wall_clock_ns();
        while let Ok(message) = said.try_recv() {
            match message {
                FromClient::Up(client, texts) => {
                    clients.insert(client, texts);
                    venue.on_connect(client);
                }
                FromClient::Said(client, text) => venue.on_text(EventTime(now), client, &text),
                FromClient::Asked(url, answer) => {
                    // Whoever asked may have gone.
                    let _ = answer.send(venue.on_fetch(EventTime(now), &url));
                }
                FromClient::Down(client) => {
                    clients.remove(&client);
                    venue.on_disconnect(client);
                }
            }
        }
        let elapsed = u128::from(now.saturating_sub(anchor));
        let due = (elapsed * u128::from(plan.events_per_second) / 1_000_000_000) as u64;
        while event_count < due {
            venue.on_event(EventTime(now), &flow.next_event());
            event_count += 1;
        }
        events.store(event_count, Ordering::Relaxed);
        if let (Some(at), Some(every)) = (drop_at, plan.faults.drop_oldest_every)
            && now >= at
        {
            drop_at = Some(now + nanos(every));
            let oldest = clients.keys().min().copied().filter(|_| clients.len() > 1);
            if let Some(oldest) = oldest {
                clients.remove(&oldest);
                venue.on_disconnect(oldest);
            }
        }
        venue.on_clock(EventTime(now));
        while let Some((client, said)) = venue.poll_message() {
            let full = clients
                .get(&client)
                .is_some_and(|texts| texts.try_send(said).is_err());
            if full {
                // Dropping the sender ends the client's task, which closes the connection.
                clients.remove(&client);
                venue.on_disconnect(client);
            }
        }
    }
    acceptor.abort();
}

fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

async fn accept(
    listener: TcpListener,
    inbox: mpsc::Sender<FromClient>,
    faults: WebSocketFaults,
    seed: u64,
) {
    let places = Arc::new(tokio::sync::Semaphore::new(CLIENTS_MAX));
    let mut next = 0u32;
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            continue;
        };
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            continue;
        };
        let (client, inbox) = (next, inbox.clone());
        next = next.wrapping_add(1);
        let random = Random::new(seed, u64::from(client));
        tokio::spawn(async move {
            let _ = serve(stream, client, &inbox, faults, random).await;
            let _ = inbox.send(FromClient::Down(client)).await;
            drop(place);
        });
    }
}

/// The path of a request that is no beginning of a WebSocket; the bytes stay unread.
async fn asks_by_rest(stream: &TcpStream) -> io::Result<Option<String>> {
    let mut head = [0u8; HEAD_BYTES_MAX];
    for _ in 0..HEAD_WAITS_MAX {
        let count = stream.peek(&mut head).await?;
        let text = String::from_utf8_lossy(&head[..count]).to_ascii_lowercase();
        if text.contains("\r\n\r\n") || count == head.len() || count == 0 {
            let is_websocket = text.contains("upgrade: websocket");
            let words = String::from_utf8_lossy(&head[..count]);
            let mut words = words.split_ascii_whitespace();
            let path = words.nth(1).map(str::to_owned);
            return Ok(path.filter(|_| !is_websocket && count > 0));
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    Ok(None)
}

/// Answers one REST request and closes.
async fn answer(
    mut stream: TcpStream,
    url: String,
    inbox: &mpsc::Sender<FromClient>,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (sender, receiver) = oneshot::channel();
    inbox.send(FromClient::Asked(url, sender)).await?;
    let (status, body) = match receiver.await? {
        Some(body) => ("200 OK", body),
        None => ("404 Not Found", String::new()),
    };
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    // What was only looked at has to be read, or closing would reset the connection.
    let mut request = [0u8; HEAD_BYTES_MAX];
    let _ = stream.read(&mut request).await?;
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await?;
    Ok(())
}

async fn serve(
    stream: TcpStream,
    client: u32,
    inbox: &mpsc::Sender<FromClient>,
    faults: WebSocketFaults,
    mut random: Random,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    if let Some(url) = asks_by_rest(&stream).await? {
        if random.chance(faults.loss_per_million) {
            return Ok(());
        }
        return answer(stream, url, inbox).await;
    }
    let socket = tokio_tungstenite::accept_async(stream).await?;
    let (mut sink, mut stream) = socket.split();
    let (texts, mut outgoing) = mpsc::channel(TEXTS_PER_CLIENT_MAX);
    inbox.send(FromClient::Up(client, texts)).await?;
    let forever = Duration::from_secs(86_400 * 365);
    let close = tokio::time::sleep(faults.close_after.unwrap_or(forever));
    let cut = tokio::time::sleep(faults.drop_after.unwrap_or(forever));
    let stall = tokio::time::sleep(faults.stall_after.unwrap_or(forever));
    tokio::pin!(close, cut, stall);
    let mut stalled = false;
    loop {
        tokio::select! {
            () = &mut close => {
                sink.send(Message::Close(None)).await?;
                return Ok(());
            }
            () = &mut cut => return Ok(()),
            () = &mut stall, if !stalled => stalled = true,
            text = outgoing.recv() => {
                let Some(text) = text else { return Ok(()) };
                if !stalled && !random.chance(faults.loss_per_million) {
                    let message = match text {
                        VenueSaid::Text(text) => Message::text(text),
                        VenueSaid::Binary(bytes) => Message::binary(bytes),
                    };
                    sink.send(message).await?;
                }
            }
            message = stream.next() => match message {
                Some(Ok(Message::Text(text))) => {
                    inbox.send(FromClient::Said(client, text.as_str().to_owned())).await?;
                }
                Some(Ok(Message::Close(_))) | None => return Ok(()),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.into()),
            },
        }
    }
}
