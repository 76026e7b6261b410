//! One connection of a feed, opened again and again until it is not wanted any more.

use super::Refusal;
use super::dial::{self, Stream};
use super::shared::{Link, Shared};
use crate::ingest::backoff::Backoff;
use crate::record::What;
use feeds::contract::Form;
use futures_util::{FutureExt as _, SinkExt as _, StreamExt as _};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tracing::{info, warn};

/// Frames taken before the ticks are flushed and other tasks have their turn.
const FRAMES_PER_TURN_MAX: usize = 64;
/// What is left to say good-bye in.
const CLOSE_MAX: Duration = Duration::from_millis(300);

/// Why a connection ended.
#[derive(Debug)]
enum End {
    /// We were asked to stop, it is not wanted, or nobody reads the ring.
    Over,
    /// Worth another attempt, with the reason for the log.
    Lost(Refusal),
}

fn lost(reason: impl Into<String>) -> End {
    End::Lost(Refusal {
        reason: reason.into(),
        retry_after: None,
    })
}

/// A connection's life.
pub(super) async fn run(shared: Rc<Shared>, link: Rc<Link>) {
    let line = link.line.0;
    let seed = shared.options.seed + shared.row as u64 * 64 + u64::from(line);
    let mut connection = Connection {
        backoff: Backoff::new(seed),
        shared,
        link,
    };
    loop {
        let end = connection.live().await;
        let (name, url) = (&connection.shared.name, &connection.shared.url);
        match end {
            End::Over => break,
            End::Lost(Refusal {
                reason,
                retry_after,
            }) => {
                let wait = connection.backoff.next_wait();
                let wait = retry_after.map_or(wait, |least| wait.max(least));
                warn!(
                    feed = name,
                    line,
                    url,
                    reason,
                    failures = connection.backoff.failures(),
                    retry_in_ms = wait.as_millis() as u64,
                    "disconnected"
                );
                if !connection.pause(wait).await {
                    break;
                }
            }
        }
    }
    let name = &connection.shared.name;
    info!(feed = name, line, "connection ended");
}

struct Connection {
    shared: Rc<Shared>,
    link: Rc<Link>,
    backoff: Backoff,
}

impl Connection {
    /// From the first to the last byte.
    async fn live(&mut self) -> End {
        let stop = Arc::clone(&self.shared.stop);
        let options = self.shared.options;
        let limits = WebSocketConfig::default()
            .max_message_size(Some(options.message_bytes_max))
            .max_frame_size(Some(options.message_bytes_max));
        let link = Rc::clone(&self.link);
        let shared = Rc::clone(&self.shared);
        let dial = async {
            shared.wait_for_turn().await;
            let reach = async {
                let address = shared.address().await?;
                dial::dial(&shared.way, &address, limits).await
            };
            timeout(options.connect_timeout, reach).await
        };
        tokio::pin!(dial);
        let dialled = loop {
            if link.is_over.get() {
                return End::Over;
            }
            tokio::select! {
                biased;
                () = stop.requested() => return End::Over,
                () = link.news.notified() => {}
                dialled = &mut dial => break dialled,
            }
        };
        let mut stream = match dialled {
            Err(_) => return lost("connecting took too long"),
            Ok(Err(refusal)) => return End::Lost(refusal),
            Ok(Ok(stream)) => stream,
        };
        info!(
            feed = shared.name,
            line = link.line.0,
            url = shared.url,
            "connected"
        );
        shared.changed(&link, true);
        let end = self.converse(&mut stream).await;
        shared.changed(&link, false);
        // Good manners, within limits: the other side may be gone already.
        let _ = timeout(CLOSE_MAX, stream.close(None)).await;
        end
    }

    /// Frames in, texts out, until there is a reason to end.
    async fn converse(&mut self, stream: &mut Stream) -> End {
        let shared = Rc::clone(&self.shared);
        let link = Rc::clone(&self.link);
        let half = shared.options.idle_timeout / 2;
        let send_interval = shared.send_interval();
        let mut heard_at = Instant::now();
        let mut is_pinged = false;
        let mut send_at = Instant::now();
        let mut keep_at = heard_at + shared.options.keep_interval;
        loop {
            if link.is_over.get() {
                return End::Over;
            }
            if let Some(reason) = link.reconnect.take() {
                return lost(reason);
            }
            if !shared.wait_for_room().await {
                return End::Over;
            }
            // Where nothing is heard, the ping of silence comes first.
            if heard_at >= keep_at {
                keep_at = heard_at + shared.options.keep_interval;
                if let Err(end) = self.send(stream, Message::Ping(Bytes::new())).await {
                    return end;
                }
            }
            let idle_at = heard_at + if is_pinged { half * 2 } else { half };
            let has_text = !link.outbox.borrow().is_empty();
            tokio::select! {
                biased;
                () = shared.stop.requested() => return End::Over,
                () = sleep_until(send_at), if has_text => {
                    let text = link.outbox.borrow_mut().pop_front();
                    let Some(text) = text else { continue };
                    shared.record(super::shared::now(), link.line, || What::TextOut(text.as_str().into()));
                    if let Err(end) = self.send(stream, Message::text(text)).await {
                        return end;
                    }
                    send_at = Instant::now() + send_interval;
                }
                () = link.news.notified() => {}
                message = stream.next() => {
                    heard_at = Instant::now();
                    is_pinged = false;
                    if let Err(end) = self.take_all(stream, message) {
                        return end;
                    }
                }
                () = sleep_until(idle_at) => {
                    if is_pinged {
                        return lost("silent, and a ping was not answered");
                    }
                    is_pinged = true;
                    if let Err(end) = self.send(stream, Message::Ping(Bytes::new())).await {
                        return end;
                    }
                }
            }
        }
    }

    async fn send(&self, stream: &mut Stream, message: Message) -> Result<(), End> {
        match timeout(self.shared.options.send_timeout, stream.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(error)) => Err(lost(format!("cannot send: {error}"))),
            Err(_) => Err(lost("the other side takes nothing")),
        }
    }

    /// Takes a message and those behind it that are there already, then hands over what came of them.
    fn take_all(
        &mut self,
        stream: &mut Stream,
        first: Option<Result<Message, Error>>,
    ) -> Result<(), End> {
        let mut end = self.take(first);
        // A message is asked for only when it will be taken: one that is asked for and left is lost.
        for _ in 1..FRAMES_PER_TURN_MAX {
            if end.is_err() || !self.shared.has_room() {
                break;
            }
            let Some(next) = stream.next().now_or_never() else {
                break;
            };
            end = self.take(next);
        }
        self.shared.step();
        end
    }

    fn take(&mut self, message: Option<Result<Message, Error>>) -> Result<(), End> {
        let line = self.link.line;
        let is_used = match message {
            None => return Err(lost("the other side closed the connection")),
            Some(Err(error)) => return Err(lost(dial::reason_of(&error))),
            Some(Ok(Message::Text(text))) => self.shared.take(line, Form::Text, text.as_bytes()),
            Some(Ok(Message::Close(frame))) => {
                return Err(lost(match frame {
                    Some(frame) => format!("closed by the venue: {} {}", frame.code, frame.reason),
                    None => "closed by the venue".to_owned(),
                }));
            }
            Some(Ok(Message::Binary(bytes))) => self.shared.take(line, Form::Binary, &bytes),
            // Pings are answered by the protocol's own layer.
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => return Ok(()),
        };
        if is_used {
            self.backoff.reset();
        }
        Ok(())
    }

    /// Waits without a connection. False when it is not wanted any more.
    async fn pause(&mut self, wait: Duration) -> bool {
        let stop = Arc::clone(&self.shared.stop);
        let until = Instant::now() + wait;
        loop {
            if self.link.is_over.get() {
                return false;
            }
            tokio::select! {
                biased;
                () = stop.requested() => return false,
                () = self.link.news.notified() => {}
                () = sleep_until(until) => return true,
            }
        }
    }
}
