//! WebSocket: handshake and frames, as a [`Protocol`] without I/O. The rules of the wire are
//! `tungstenite`'s; the socket, the bounds and the time are the connection node's.
//!
//! ```text
//!  inbox ─► head of the handshake, whole ─► check, answer ─► Ready
//!  inbox ─► one whole frame ─► tungstenite: mask, fragments, UTF-8, close ─► message
//! ```
//!
//! A frame is handed on only when it is all there, so a frame too long is refused by its header
//! and one that never ends is seen by the connection's clock. Pings are answered, and shown.
//!
//! No TLS, no compression. Keys and masks are drawn by `tungstenite` from the system's source of
//! chance: they must not be predictable, and nothing that is computed depends on them.

use std::io::{self, Cursor, Read, Write};
use std::net::SocketAddr;

use tungstenite::client::IntoClientRequest;
use tungstenite::error::{CapacityError, Error};
use tungstenite::handshake::client::{Request, Response, generate_request};
use tungstenite::handshake::derive_accept_key;
use tungstenite::handshake::machine::TryParse;
use tungstenite::handshake::server::{self, create_response, write_response};
use tungstenite::http::header::{HeaderName, HeaderValue};
use tungstenite::protocol::frame::coding::{CloseCode, Control as Op, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, FrameHeader};
use tungstenite::protocol::{Role, WebSocketConfig, WebSocketContext};
use tungstenite::{Bytes, Message};

use super::buffers::{Inbox, Outbox};
use super::client::Client;
use super::connection::{CloseReason, Connection, ConnectionSender, Protocol, SendError, Step};
use super::server::Server;

/// Longest head of a handshake, in bytes.
const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Longest header of a frame, in bytes. Source: RFC 6455, §5.2 "Base Framing Protocol".
const HEADER_BYTES_MAX: usize = 14;
/// Longest payload of a control frame, in bytes. Source: RFC 6455, §5.5 "Control Frames".
const CONTROL_BYTES_MAX: usize = 125;
/// Answers to pings kept back while the outbox is full, in bytes; beyond it the last one stays.
const ANSWERS_BYTES_MAX: usize = 4 * 1024;

/// A WebSocket connection.
pub type WebSocketConnection = Connection<WebSocket>;
/// The state of a WebSocket client's node.
pub type WebSocketClient = Connection<WebSocket>;
/// Sends messages on a WebSocket connection.
pub type WebSocketSender = ConnectionSender<WebSocket>;

/// A message, received or to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebSocketFrame<'a> {
    /// Text.
    Text(&'a str),
    /// Bytes.
    Binary(&'a [u8]),
    /// A question whether we are there, up to 125 bytes; received ones are answered already.
    Ping(&'a [u8]),
    /// The answer to a ping, up to 125 bytes.
    Pong(&'a [u8]),
    /// The peer's farewell. To say ours, [`ConnectionSender::close`].
    Close {
        /// Why, as a code of RFC 6455 §7.4; `None` where the peer gave none.
        code: Option<u16>,
        /// Why, in words.
        reason: &'a str,
    },
}

/// Sizes a WebSocket keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebSocketLimits {
    /// Longest message, of any number of frames, in bytes; both ways.
    pub message_bytes_max: usize,
    /// Longest frame received, in bytes.
    pub frame_bytes_max: usize,
}

impl Default for WebSocketLimits {
    /// A mebibyte each.
    fn default() -> Self {
        Self {
            message_bytes_max: 1 << 20,
            frame_bytes_max: 1 << 20,
        }
    }
}

/// A URL or header that cannot be used. It does not repeat them: they may hold secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvalidRequest {
    /// Not a URL of the form `ws://host[:port]/path`.
    Url,
    /// Not a name and value that a header can have.
    Header,
}

impl std::fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Url => "not a ws:// URL",
            Self::Header => "not a header",
        })
    }
}

impl std::error::Error for InvalidRequest {}

#[derive(Debug)]
enum Phase {
    /// Waiting for the head of the handshake.
    Head,
    Frames,
}

/// [`Protocol`] of a WebSocket, on either side.
#[derive(Debug)]
pub struct WebSocket {
    /// What a client asks for; a server has none.
    request: Option<Request>,
    accept_key: String,
    limits: WebSocketLimits,
    phase: Phase,
    /// Bytes of the head known to hold no end of it.
    scanned: usize,
    context: WebSocketContext,
    /// Bytes of the fragments of a message that is not complete.
    fragment_bytes: usize,
    finished: bool,
}

impl Clone for WebSocket {
    /// The same request and limits, without a connection.
    fn clone(&self) -> Self {
        Self::new(self.request.clone(), self.limits)
    }
}

fn context(limits: WebSocketLimits, role: Role) -> WebSocketContext {
    let config = WebSocketConfig::default()
        .read_buffer_size(4 * 1024)
        .write_buffer_size(0)
        .max_write_buffer_size(
            limits
                .message_bytes_max
                .saturating_add(HEADER_BYTES_MAX + ANSWERS_BYTES_MAX),
        )
        .max_message_size(Some(limits.message_bytes_max))
        .max_frame_size(Some(limits.frame_bytes_max));
    WebSocketContext::new(role, Some(config))
}

/// What `tungstenite` sees of the connection: one frame to read, room to write.
struct Pipe<'a> {
    frame: &'a [u8],
    outbox: &'a mut Outbox,
}

impl Read for Pipe<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.frame.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.frame.read(into)
    }
}

impl Write for Pipe<'_> {
    /// All or nothing, so that no frame is ever cut by another.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.outbox.room() < bytes.len() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.outbox.push(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn close_reason(error: &Error) -> CloseReason {
    match error {
        Error::Utf8(_) => CloseReason::BadText,
        Error::Capacity(CapacityError::MessageTooLong { size, max_size }) => {
            CloseReason::FrameTooLong {
                bytes: *size,
                bytes_max: *max_size,
            }
        }
        Error::ConnectionClosed | Error::AlreadyClosed => CloseReason::PeerClosed,
        _ => CloseReason::Protocol,
    }
}

impl WebSocket {
    fn new(request: Option<Request>, limits: WebSocketLimits) -> Self {
        let role = if request.is_some() {
            Role::Client
        } else {
            Role::Server
        };
        Self {
            request,
            accept_key: String::new(),
            limits,
            phase: Phase::Head,
            scanned: 0,
            context: context(limits, role),
            fragment_bytes: 0,
            finished: false,
        }
    }

    /// The client's side.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`]: not a `ws://` URL.
    pub fn client(url: &str, limits: WebSocketLimits) -> Result<Self, InvalidRequest> {
        let request = url.into_client_request().map_err(|_| InvalidRequest::Url)?;
        if request.uri().scheme_str() != Some("ws") {
            return Err(InvalidRequest::Url);
        }
        Ok(Self::new(Some(request), limits))
    }

    /// Adds a header to the client's request. A server ignores it.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`]: not a header.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, InvalidRequest> {
        let name = HeaderName::try_from(name).map_err(|_| InvalidRequest::Header)?;
        let value = HeaderValue::try_from(value).map_err(|_| InvalidRequest::Header)?;
        if let Some(request) = &mut self.request {
            request.headers_mut().append(name, value);
        }
        Ok(self)
    }

    /// The server's side; it answers on every path.
    #[must_use]
    pub fn server(limits: WebSocketLimits) -> Self {
        Self::new(None, limits)
    }

    fn is_client(&self) -> bool {
        self.request.is_some()
    }

    /// Takes the head of the handshake once it is whole.
    fn head(&mut self, inbox: &mut Inbox, outbox: &mut Outbox) -> Result<bool, CloseReason> {
        let unread = inbox.unread();
        let from = self.scanned.saturating_sub(3).min(unread.len());
        let end = unread[from..]
            .windows(4)
            .position(|four| four == b"\r\n\r\n");
        let head_bytes = end.map_or(unread.len(), |end| from + end + 4);
        if head_bytes > HEAD_BYTES_MAX {
            return Err(CloseReason::FrameTooLong {
                bytes: head_bytes,
                bytes_max: HEAD_BYTES_MAX,
            });
        }
        if end.is_none() {
            self.scanned = unread.len();
            return Ok(false);
        }
        let head = &unread[..head_bytes];
        let agreed = if self.is_client() {
            Response::try_parse(head)
                .ok()
                .flatten()
                .is_some_and(|(_, response)| self.is_agreed(&response))
        } else {
            server::Request::try_parse(head)
                .ok()
                .flatten()
                .is_some_and(|(_, request)| answer(&request, outbox))
        };
        if !agreed {
            return Err(CloseReason::Handshake);
        }
        inbox.consume(head_bytes);
        self.phase = Phase::Frames;
        Ok(true)
    }

    /// Source: RFC 6455, §4.1 "Client Requirements", the checks of the server's response.
    fn is_agreed(&self, response: &Response) -> bool {
        let has = |name: &str, word: &str| {
            response
                .headers()
                .get(name)
                .and_then(|value| value.to_str().ok())
                .is_some_and(|value| {
                    value
                        .split([',', ' '])
                        .any(|part| part.eq_ignore_ascii_case(word))
                })
        };
        response.status() == 101
            && has("Upgrade", "websocket")
            && has("Connection", "Upgrade")
            && response
                .headers()
                .get("Sec-WebSocket-Accept")
                .is_some_and(|key| key.as_bytes() == self.accept_key.as_bytes())
            // Nothing of the kind was asked for.
            && !response.headers().contains_key("Sec-WebSocket-Extensions")
    }

    /// Takes one whole frame; `None` when there is none.
    fn frame(&mut self, inbox: &mut Inbox) -> Result<Option<(usize, usize)>, CloseReason> {
        let mut cursor = Cursor::new(inbox.unread());
        let Some((header, bytes)) =
            FrameHeader::parse(&mut cursor).map_err(|_| CloseReason::Protocol)?
        else {
            return Ok(None);
        };
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let bytes_max = self.limits.frame_bytes_max;
        if bytes > bytes_max {
            return Err(CloseReason::FrameTooLong { bytes, bytes_max });
        }
        let header_bytes = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        let whole = header_bytes.saturating_add(bytes);
        if inbox.unread().len() < whole {
            return Ok(None);
        }
        if matches!(header.opcode, OpCode::Data(_)) {
            self.fragment_bytes = if header.is_final {
                0
            } else {
                self.fragment_bytes.saturating_add(bytes)
            };
        }
        let start = inbox.consume(whole);
        Ok(Some((start, start + whole)))
    }
}

/// Answers a client's request; `false` when it is not one for a WebSocket.
fn answer(request: &server::Request, outbox: &mut Outbox) -> bool {
    let mut text = Vec::new();
    let agreed = match create_response(request) {
        Ok(response) => write_response(&mut text, &response).is_ok(),
        Err(_) => {
            text.extend_from_slice(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
            false
        }
    };
    let fits = outbox.reserve(text.len()).is_ok();
    if fits {
        outbox.push(&text);
    }
    agreed && fits
}

impl Protocol for WebSocket {
    type Frame = Message;
    type View<'a> = WebSocketFrame<'a>;
    type Message<'a> = WebSocketFrame<'a>;

    const ANSWERS_CLOSE: bool = true;

    fn open(&mut self, outbox: &mut Outbox) -> Result<bool, CloseReason> {
        *self = self.clone();
        if let Some(request) = &self.request {
            // The request holds the key of its first making; each connection has its own.
            let mut request = request.clone();
            let key = tungstenite::handshake::client::generate_key();
            if let Ok(key) = HeaderValue::try_from(key) {
                request.headers_mut().insert("Sec-WebSocket-Key", key);
            }
            let (text, key) = generate_request(request).map_err(|_| CloseReason::Handshake)?;
            self.accept_key = derive_accept_key(key.as_bytes());
            outbox
                .reserve(text.len())
                .map_err(|_| CloseReason::OutboxFull)?;
            outbox.push(&text);
        }
        Ok(false)
    }

    fn unread_bytes_max(&self) -> usize {
        let frame_bytes_max = self.limits.frame_bytes_max;
        HEAD_BYTES_MAX.max(frame_bytes_max.saturating_add(HEADER_BYTES_MAX))
    }

    fn next(
        &mut self,
        inbox: &mut Inbox,
        outbox: &mut Outbox,
    ) -> Result<Step<Message>, CloseReason> {
        if let Phase::Head = self.phase {
            let ready = self.head(inbox, outbox)?;
            return Ok(if ready { Step::Ready } else { Step::NeedMore });
        }
        if self.finished {
            return Ok(Step::Finished(CloseReason::PeerClosed));
        }
        while let Some((start, end)) = self.frame(inbox)? {
            let mut pipe = Pipe {
                frame: &inbox.bytes()[start..end],
                outbox,
            };
            let read = self.context.read(&mut pipe);
            let message = match read {
                Ok(message) => message,
                // A fragment: the message is not complete.
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => continue,
                Err(error) => return Err(close_reason(&error)),
            };
            // An answer waits for this. When there is no room, it goes out with the next frame; a
            // farewell ends the context, which `finished` says better.
            let _ = self.context.flush(&mut pipe);
            self.finished = message.is_close();
            return Ok(Step::Frame(message));
        }
        Ok(Step::NeedMore)
    }

    fn view<'a>(frame: &'a Message, _bytes: &'a [u8]) -> WebSocketFrame<'a> {
        match frame {
            Message::Text(text) => WebSocketFrame::Text(text.as_str()),
            Message::Binary(bytes) => WebSocketFrame::Binary(bytes),
            Message::Ping(bytes) => WebSocketFrame::Ping(bytes),
            Message::Pong(bytes) => WebSocketFrame::Pong(bytes),
            Message::Close(Some(close)) => WebSocketFrame::Close {
                code: Some(close.code.into()),
                reason: close.reason.as_str(),
            },
            Message::Close(None) => WebSocketFrame::Close {
                code: None,
                reason: "",
            },
            // Raw frames are for sending; reading never gives one.
            Message::Frame(frame) => WebSocketFrame::Binary(frame.payload()),
        }
    }

    fn is_proof(frame: &Message) -> bool {
        frame.is_text() || frame.is_binary()
    }

    fn unfinished_bytes(&self, inbox: &Inbox) -> usize {
        inbox.unread().len().saturating_add(self.fragment_bytes)
    }

    fn at_end(&self, inbox: &Inbox) -> CloseReason {
        match (&self.phase, self.unfinished_bytes(inbox)) {
            (Phase::Head, _) => CloseReason::Handshake,
            (Phase::Frames, 0) => CloseReason::Unannounced,
            (Phase::Frames, bytes) => CloseReason::PeerClosedMidFrame { bytes },
        }
    }

    fn encode(
        &mut self,
        message: WebSocketFrame<'_>,
        outbox: &mut Outbox,
    ) -> Result<(), SendError> {
        let (opcode, payload) = match message {
            WebSocketFrame::Text(text) => (OpCode::Data(Data::Text), text.as_bytes()),
            WebSocketFrame::Binary(bytes) => (OpCode::Data(Data::Binary), bytes),
            WebSocketFrame::Ping(bytes) => (OpCode::Control(Op::Ping), bytes),
            WebSocketFrame::Pong(bytes) => (OpCode::Control(Op::Pong), bytes),
            WebSocketFrame::Close { .. } => return Err(SendError::Invalid),
        };
        let bytes_max = match opcode {
            OpCode::Control(_) => CONTROL_BYTES_MAX,
            OpCode::Data(_) => self.limits.message_bytes_max,
        };
        if payload.len() > bytes_max {
            return Err(SendError::TooLong);
        }
        if !self.context.can_write() {
            return Err(SendError::NotOpen);
        }
        let mut pipe = Pipe { frame: &[], outbox };
        // Answers that found no room go first.
        let _ = self.context.flush(&mut pipe);
        let outbox = pipe.outbox;
        outbox.reserve(payload.len().saturating_add(HEADER_BYTES_MAX))?;
        if self.is_client() {
            let message = match message {
                WebSocketFrame::Text(text) => Message::text(text),
                WebSocketFrame::Ping(bytes) => Message::Ping(Bytes::copy_from_slice(bytes)),
                WebSocketFrame::Pong(bytes) => Message::Pong(Bytes::copy_from_slice(bytes)),
                _ => Message::Binary(Bytes::copy_from_slice(payload)),
            };
            let mut pipe = Pipe { frame: &[], outbox };
            return match self.context.write(&mut pipe, message) {
                Ok(()) => Ok(()),
                // Kept by the context, behind answers that found no room.
                Err(Error::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => Ok(()),
                Err(Error::WriteBufferFull(_)) => Err(SendError::Full),
                Err(_) => Err(SendError::NotOpen),
            };
        }
        // A server's frames carry no mask: they go to the outbox as they are.
        let header = FrameHeader {
            opcode,
            ..FrameHeader::default()
        };
        let mut pipe = Pipe { frame: &[], outbox };
        header
            .format(payload.len() as u64, &mut pipe)
            .map_err(|_| SendError::Full)?;
        pipe.outbox.push(payload);
        Ok(())
    }

    fn keepalive(&mut self, outbox: &mut Outbox) {
        // Without room, bytes are on their way to the peer already.
        let _ = self.encode(WebSocketFrame::Ping(b""), outbox);
    }

    fn close(&mut self, reason: CloseReason, outbox: &mut Outbox) {
        let code = match reason {
            CloseReason::ClosedHere | CloseReason::PeerClosed => CloseCode::Normal,
            CloseReason::FrameTooLong { .. } => CloseCode::Size,
            CloseReason::BadText => CloseCode::Invalid,
            CloseReason::Protocol => CloseCode::Protocol,
            CloseReason::OutboxFull => CloseCode::Policy,
            _ => CloseCode::Away,
        };
        let mut pipe = Pipe { frame: &[], outbox };
        let farewell = CloseFrame {
            code,
            reason: "".into(),
        };
        // Without room the peer sees the end of the stream, which says as much.
        let _ = self.context.close(&mut pipe, Some(farewell));
    }
}

impl Client<WebSocket> {
    /// A WebSocket client. `url` says the host and the path to ask for; the connection is made to
    /// `address`, as a name would have to be looked up, which waits.
    ///
    /// # Errors
    ///
    /// [`InvalidRequest`]: not a `ws://` URL.
    pub fn websocket(
        address: SocketAddr,
        url: &str,
        limits: WebSocketLimits,
    ) -> Result<Self, InvalidRequest> {
        Ok(Self::new(address, WebSocket::client(url, limits)?))
    }
}

impl Server<WebSocket> {
    /// A WebSocket server, on every path of its port.
    pub fn websocket(address: SocketAddr, limits: WebSocketLimits) -> Self {
        Self::new(address, move || WebSocket::server(limits))
    }
}
