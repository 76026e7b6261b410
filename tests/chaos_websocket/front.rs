//! A server between the client and a simulated venue: passes on what both say, and misbehaves while it is told to.

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use socket2::{Domain, Socket, Type};
use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How it misbehaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Case {
    /// Nobody listens.
    Refuse,
    /// Before the handshake and behind it, by turns.
    CloseAtOnce,
    /// Half a frame, then the end.
    CloseInsideFrame,
    /// Open, and says nothing more.
    HalfOpen,
    /// The handshake comes a byte a second.
    Slowly,
    /// 429, with the time to stay away.
    TooMany,
    /// Plain TCP where TLS is asked for.
    NoTls,
    /// A certificate that it made itself.
    UnknownAuthority,
    /// 302.
    Redirect,
    /// Two thousand pings before each of the first frames.
    PingFlood,
    /// A frame that announces a gigabyte.
    GiantFrame,
    /// A text of bytes that are none.
    BadUtf8,
    /// 500 to every request by REST.
    SnapshotFails,
    /// The first answer again and again, while connections are cut.
    StaleSnapshot,
    /// Another last digit.
    WrongChecksum,
    /// Lost, repeated, behind the next.
    Texts,
}

const PINGS: usize = 2_000;
/// Frames that pass before something is done to one.
const WELL: u64 = 8;
/// Frames before a connection is ended.
const FRAMES: u64 = 30;
const HEAD_BYTES_MAX: usize = 16_384;
const FRAME_BYTES_MAX: u64 = 64 << 20;
/// Made for this test; they guard nothing.
const CERTIFICATE: &[u8] = include_bytes!("certificate.pem");
const KEY: &[u8] = include_bytes!("key.pem");

/// What connections share.
struct Shared {
    case: Case,
    venue: SocketAddr,
    is_faulty: AtomicBool,
    is_over: AtomicBool,
    connections: AtomicU64,
    faults: AtomicU64,
    pongs: AtomicU64,
    answers: Mutex<HashMap<String, Vec<u8>>>,
}

/// The running server. Dropping it stops it.
pub(crate) struct Front {
    pub(crate) address: SocketAddr,
    socket: Option<Socket>,
    shared: Arc<Shared>,
}

impl Front {
    pub(crate) fn start(case: Case, venue: SocketAddr) -> Front {
        // Bound and not listening refuses, and nobody else can have the port.
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        let any: SocketAddr = "127.0.0.1:0".parse().unwrap();
        socket.bind(&any.into()).unwrap();
        let address = socket.local_addr().unwrap().as_socket().unwrap();
        let shared = Shared {
            case,
            venue,
            is_faulty: AtomicBool::new(true),
            is_over: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            faults: AtomicU64::new(0),
            pongs: AtomicU64::new(0),
            answers: Mutex::default(),
        };
        let mut front = Front {
            address,
            socket: Some(socket),
            shared: Arc::new(shared),
        };
        if case != Case::Refuse {
            front.listen();
        }
        front
    }

    fn listen(&mut self) {
        let Some(socket) = self.socket.take() else {
            return;
        };
        socket.listen(128).unwrap();
        socket.set_nonblocking(true).unwrap();
        let listener = TcpListener::from(socket);
        let shared = Arc::clone(&self.shared);
        std::thread::spawn(move || {
            while !shared.is_over.load(Ordering::Relaxed) {
                let Ok((client, _)) = listener.accept() else {
                    std::thread::sleep(Duration::from_millis(2));
                    continue;
                };
                let shared = Arc::clone(&shared);
                // How a connection ends is the client's business.
                std::thread::spawn(move || shared.serve(client));
            }
        });
    }

    /// Nothing goes wrong any more.
    pub(crate) fn behave(&mut self) {
        self.shared.is_faulty.store(false, Ordering::Relaxed);
        self.listen();
    }

    /// Misdeeds so far.
    pub(crate) fn faults(&self) -> u64 {
        self.shared.faults.load(Ordering::Relaxed)
    }

    /// Pings that were answered.
    pub(crate) fn pongs(&self) -> u64 {
        self.shared.pongs.load(Ordering::Relaxed)
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Relaxed);
    }
}

/// Reads to the end of a request's or an answer's head, and no further.
fn head(stream: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && head.len() < HEAD_BYTES_MAX {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

/// A frame as it is on the wire, and where its payload begins.
struct Frame {
    bytes: Vec<u8>,
    payload_at: usize,
}

impl Frame {
    fn read(stream: &mut impl Read) -> io::Result<Frame> {
        let mut bytes = vec![0; 2];
        stream.read_exact(&mut bytes)?;
        let mut more = |bytes: &mut Vec<u8>, count: usize| {
            let from = bytes.len();
            bytes.resize(from + count, 0);
            stream.read_exact(&mut bytes[from..])
        };
        let length = match bytes[1] & 0x7F {
            126 => {
                more(&mut bytes, 2)?;
                u64::from(u16::from_be_bytes([bytes[2], bytes[3]]))
            }
            127 => {
                more(&mut bytes, 8)?;
                u64::from_be_bytes(bytes[2..10].try_into().unwrap())
            }
            short => u64::from(short),
        };
        if bytes[1] & 0x80 != 0 {
            more(&mut bytes, 4)?;
        }
        if length > FRAME_BYTES_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let payload_at = bytes.len();
        more(&mut bytes, length as usize)?;
        Ok(Frame { bytes, payload_at })
    }

    fn is_text(&self) -> bool {
        self.bytes[0] & 0x0F == 1
    }

    fn is_pong(&self) -> bool {
        self.bytes[0] & 0x0F == 10
    }

    /// Changes the last digit of a checksum; false where there is none.
    fn spoil_checksum(&mut self) -> bool {
        const KEY: &[u8] = b"\"checksum\":";
        let payload = &self.bytes[self.payload_at..];
        let Some(at) = payload.windows(KEY.len()).position(|part| part == KEY) else {
            return false;
        };
        let from = self.payload_at + at + KEY.len();
        let digits = self.bytes[from..].iter();
        let count = digits.take_while(|byte| byte.is_ascii_digit()).count();
        let Some(digit) = self.bytes[from..from + count].last_mut() else {
            return false;
        };
        *digit = if *digit == b'0' { b'1' } else { *digit - 1 };
        true
    }
}

impl Shared {
    fn is_faulty(&self, case: Case) -> bool {
        self.case == case && self.is_faulty.load(Ordering::Relaxed)
    }

    fn fault(&self) {
        self.faults.fetch_add(1, Ordering::Relaxed);
    }

    fn serve(&self, mut client: TcpStream) -> io::Result<()> {
        client.set_nonblocking(false)?;
        client.set_nodelay(true)?;
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        if self.is_faulty(Case::NoTls) {
            self.fault();
            let mut hello = [0; 512];
            let _ = client.read(&mut hello)?;
            return client.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
        if self.is_faulty(Case::UnknownAuthority) {
            self.fault();
            return offer_own_certificate(client);
        }
        if self.is_faulty(Case::CloseAtOnce) && number.is_multiple_of(2) {
            self.fault();
            return Ok(());
        }
        let request = head(&mut client)?;
        let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
        if !text.contains("upgrade: websocket") {
            return self.answer(client, &request);
        }
        if self.is_faulty(Case::Slowly) {
            self.fault();
            for byte in b"HTTP/1.1 101 Switching Protocols\r\n" {
                if self.is_over.load(Ordering::Relaxed) {
                    break;
                }
                client.write_all(&[*byte])?;
                std::thread::sleep(Duration::from_secs(1));
            }
            return Ok(());
        }
        if self.is_faulty(Case::TooMany) {
            self.fault();
            return client.write_all(
                b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n",
            );
        }
        if self.is_faulty(Case::Redirect) {
            self.fault();
            return client.write_all(
                b"HTTP/1.1 302 Found\r\nLocation: wss://elsewhere.example/ws\r\nContent-Length: 0\r\n\r\n",
            );
        }
        let mut venue = TcpStream::connect(self.venue)?;
        venue.set_nodelay(true)?;
        venue.write_all(&request)?;
        client.write_all(&head(&mut venue)?)?;
        if self.is_faulty(Case::CloseAtOnce) {
            self.fault();
            return Ok(());
        }
        std::thread::scope(|scope| {
            let (from, to) = (client.try_clone()?, venue.try_clone()?);
            scope.spawn(move || {
                let _ = self.pass_on_to_venue(&from, &to);
                let _ = to.shutdown(Shutdown::Both);
                let _ = from.shutdown(Shutdown::Both);
            });
            let end = self.pass_on_to_client(&mut venue, &mut client, number);
            let _ = client.shutdown(Shutdown::Both);
            let _ = venue.shutdown(Shutdown::Both);
            end
        })
    }

    /// A request by REST.
    fn answer(&self, mut client: TcpStream, request: &[u8]) -> io::Result<()> {
        if self.is_faulty(Case::SnapshotFails) {
            self.fault();
            return client.write_all(
                b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
        let line = String::from_utf8_lossy(request);
        let path = line.split_ascii_whitespace().nth(1).unwrap_or_default();
        if self.is_faulty(Case::StaleSnapshot) {
            let answers = self.answers.lock().unwrap();
            if let Some(answer) = answers.get(path) {
                self.fault();
                return client.write_all(answer);
            }
        }
        let mut venue = TcpStream::connect(self.venue)?;
        venue.write_all(request)?;
        let mut answer = Vec::new();
        venue.read_to_end(&mut answer)?;
        client.write_all(&answer)?;
        let mut answers = self.answers.lock().unwrap();
        answers.insert(path.to_owned(), answer);
        Ok(())
    }

    fn pass_on_to_venue(&self, mut from: &TcpStream, mut to: &TcpStream) -> io::Result<()> {
        loop {
            let frame = Frame::read(&mut from)?;
            if frame.is_pong() {
                self.pongs.fetch_add(1, Ordering::Relaxed);
            }
            // A venue that does not answer pings is as silent as one that is gone.
            to.write_all(&frame.bytes)?;
        }
    }

    fn pass_on_to_client(
        &self,
        venue: &mut TcpStream,
        client: &mut TcpStream,
        number: u64,
    ) -> io::Result<()> {
        let mut dice = (number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut is_silent = false;
        let mut held: Option<Frame> = None;
        for count in 0u64.. {
            let mut frame = Frame::read(venue)?;
            is_silent = is_silent || (count >= WELL && self.is_faulty(Case::HalfOpen));
            if is_silent {
                self.fault();
                continue;
            }
            if count < WELL || !frame.is_text() {
                client.write_all(&frame.bytes)?;
                continue;
            }
            if self.is_faulty(Case::PingFlood) && count < 2 * WELL {
                let mut ping = vec![0x89, 125];
                ping.resize(2 + 125, 0);
                for _ in 0..PINGS {
                    self.fault();
                    client.write_all(&ping)?;
                }
            }
            if self.is_faulty(Case::WrongChecksum) && count % 16 == 0 && frame.spoil_checksum() {
                self.fault();
            }
            if self.is_faulty(Case::Texts) {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                match dice % 120 {
                    0 => {
                        self.fault();
                        continue;
                    }
                    1 => {
                        self.fault();
                        client.write_all(&frame.bytes)?;
                    }
                    2 if held.is_none() => {
                        self.fault();
                        held = Some(frame);
                        continue;
                    }
                    _ => {}
                }
            }
            if count >= FRAMES && self.end_of(&frame, client)? {
                self.fault();
                return Ok(());
            }
            client.write_all(&frame.bytes)?;
            if let Some(held) = held.take() {
                client.write_all(&held.bytes)?;
            }
        }
        Ok(())
    }

    /// Whether the connection ends instead of `frame`.
    fn end_of(&self, frame: &Frame, client: &mut TcpStream) -> io::Result<bool> {
        if !self.is_faulty.load(Ordering::Relaxed) {
            return Ok(false);
        }
        match self.case {
            Case::CloseInsideFrame => client.write_all(&frame.bytes[..frame.bytes.len() / 2])?,
            Case::GiantFrame => {
                let mut giant = vec![0x81, 127];
                giant.extend((1u64 << 30).to_be_bytes());
                giant.resize(65_536, b'a');
                client.write_all(&giant)?;
                // The end has to be the client's.
                let _ = client.read(&mut [0; 64]);
                std::thread::sleep(Duration::from_millis(20));
            }
            Case::BadUtf8 => {
                client.write_all(&[0x81, 2, 0xFF, 0xFE])?;
                std::thread::sleep(Duration::from_millis(20));
            }
            Case::StaleSnapshot => {}
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn offer_own_certificate(mut client: TcpStream) -> io::Result<()> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let certificate = CertificateDer::from_pem_slice(CERTIFICATE).unwrap();
    let key = PrivateKeyDer::from_pem_slice(KEY).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let mut tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
    while tls.is_handshaking() {
        tls.complete_io(&mut client)?;
    }
    Ok(())
}
