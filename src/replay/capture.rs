//! Opens a capture of any kind, told by its content, and gives its records in order.
//!
//! ```text
//!  file ─▶ gzip, zstd ─┬─ pcap, pcapng ─▶ link.rs ─▶ What::Datagram
//!                      ├─ the venue's file form ───▶ What::FileMessages
//!                      ├─ recording, stamped lines ▶ What::Text, Sent, Open, Close, Rest
//!  folder ─────────────┴─ session files, by time ──▶ the same
//! ```
//!
//! A damaged packet is counted by kind and left out. Where a file breaks off, everything before was given, and
//! [`Capture::broken`] says where and why. No length in a file is ever believed with memory.

use super::link::{Datagram, LinkType, Skip, datagram, segment};
use super::pcap::{Pcap, Step};
use super::pcapng::PcapNg;
use super::session::Session;
use super::text::{Entry, Kind, TextForm, TextReader, TextStep};
use super::trailer::{NoStamp, TrailerCounters, TrailerForm};
use super::window::Window;
use crate::sys::TimeOrigin;
use feeds::contract::Descriptor;
use feeds::model::RecvTime;
use std::fs::File;
use std::io;
use std::net::SocketAddr;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One record of a capture.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    /// Which packet of the file it is, from 1: every packet counts, also one that is left out. In text files it is the
    /// line, in a folder the record, in a venue's file form the first message of the chunk.
    pub packet: u64,
    /// The capture's clock; undefined where the file has none (a venue's file form, simple packets of pcapng).
    pub ts_recv: RecvTime,
    /// Whose clock `ts_recv` is of: [`TimeOrigin::Capture`], or where trailers are read
    /// [`TimeOrigin::Trailer`], or none.
    pub ts_origin: TimeOrigin,
    /// What was captured.
    pub what: What<'a>,
}

/// What was captured.
#[derive(Clone, Copy, Debug)]
pub enum What<'a> {
    /// A UDP datagram.
    Datagram {
        /// Who sent it.
        src: SocketAddr,
        /// Whom it is for.
        dst: SocketAddr,
        /// Its payload, as long as UDP says.
        payload: &'a [u8],
    },
    /// The bytes of one TCP segment, only where they are asked for: see [`Capture::with_segments`].
    Segment {
        /// Who sent it.
        src: SocketAddr,
        /// Whom it is for.
        dst: SocketAddr,
        /// What it carries; never empty.
        payload: &'a [u8],
    },
    /// Whole messages of the venue's file form, at least one.
    FileMessages(&'a [u8]),
    /// A text message that was received.
    Text {
        /// Which connection: dense from 0, see [`Capture::connection_name`].
        conn: u32,
        /// The message, not checked to be UTF-8.
        text: &'a [u8],
    },
    /// A binary message that was received.
    Binary {
        /// Which connection.
        conn: u32,
        /// The message.
        bytes: &'a [u8],
    },
    /// A text message that the client sent.
    Sent {
        /// Which connection.
        conn: u32,
        /// The message.
        text: &'a [u8],
    },
    /// A connection was made.
    Open {
        /// Which connection.
        conn: u32,
        /// Where to; may be empty.
        url: &'a str,
    },
    /// A connection ended.
    Close {
        /// Which connection.
        conn: u32,
    },
    /// A REST answer.
    Rest {
        /// What was asked.
        url: &'a str,
        /// The answer's body.
        body: &'a [u8],
    },
}

/// Why a capture cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be read.
    #[error("{path}: {error}")]
    Io {
        /// Which file.
        path: PathBuf,
        /// What the system says.
        error: io::Error,
    },
    /// Nothing in it.
    #[error("{path}: the file is empty")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
    /// None of the forms.
    #[error(
        "{path}: not a capture: neither pcap, pcapng, a recording, stamped JSON lines, a session file nor the file form \
         of {feed} (it begins with {head})"
    )]
    Unrecognised {
        /// Which file.
        path: PathBuf,
        /// The feed it was opened for.
        feed: &'static str,
        /// First bytes, in hexadecimal.
        head: String,
    },
    /// A folder without session files, or with too many.
    #[error("{path}: {why}")]
    Folder {
        /// Which folder.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
}

/// What a capture is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaptureForm {
    /// Classic pcap.
    Pcap,
    /// pcapng.
    PcapNg,
    /// The venue's own file form.
    VenueFile,
    /// WebSocket recording.
    Recording,
    /// Lines of `LOCAL_NS JSON`.
    StampedLines,
    /// Raw session files.
    Session,
}

/// Where a capture broke off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// In bytes, of the decompressed file.
    pub offset: u64,
    /// In words.
    pub why: String,
}

/// Totals of a capture.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaptureCounters {
    /// Packets (frames, lines, messages of a file), those left out included.
    pub packets: u64,
    /// Bytes of everything given: payloads, messages, texts.
    pub bytes: u64,
    /// Left out, by [`Skip::NAMES`].
    pub skipped: [u64; Skip::NAMES.len()],
    /// Packets that the capturing machine says it lost (pcapng).
    pub drops_reported: u64,
    /// What became of trailers; zeros where none are read.
    pub trailers: TrailerCounters,
}

impl CaptureCounters {
    /// Counts a packet that is left out.
    pub(super) fn skip(&mut self, skip: Skip) {
        self.skipped[skip.index()] += 1;
    }

    /// How many were left out for this reason.
    pub fn skipped_as(&self, skip: Skip) -> u64 {
        self.skipped[skip.index()]
    }

    /// All that was left out, with names, zeros left out.
    pub fn skipped_by_name(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Skip::NAMES
            .iter()
            .zip(self.skipped)
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| (*name, count))
    }
}

enum Source {
    Pcap(Pcap, Window),
    PcapNg(PcapNg, Window),
    VenueFile(VenueFile, Window),
    Text(Box<TextReader>),
    Session(Box<Session>),
}

/// An open capture.
pub struct Capture {
    source: Source,
    counters: CaptureCounters,
    broken: Option<Broken>,
    is_over: bool,
    gives_segments: bool,
    trailers: Option<TrailerForm>,
    /// Of the last packet.
    origin: TimeOrigin,
}

/// What [`Capture::advance_to_any`] found, as places in the source's buffers.
pub(super) enum Found {
    Datagram(u64, Range<usize>, Datagram),
    Segment(u64, Range<usize>, Datagram),
    Messages(u64, Range<usize>),
    Line(u64, Entry),
}

impl Capture {
    /// Opens a file or a folder. `feed` says whether a file is its venue's own file form.
    ///
    /// # Errors
    /// [`OpenError`]; a file that breaks off later opens, and says so at its end.
    pub fn open(path: &Path, feed: &Descriptor) -> Result<Capture, OpenError> {
        let io_error = |error| OpenError::Io {
            path: path.to_owned(),
            error,
        };
        let source = if path.is_dir() {
            Source::Session(Box::new(Session::open(path)?))
        } else {
            let mut window = Window::open(File::open(path).map_err(io_error)?).map_err(io_error)?;
            if window.is_empty() && window.fault().is_none() {
                return Err(OpenError::Empty {
                    path: path.to_owned(),
                });
            }
            match Source::recognise(window, feed) {
                Ok(source) => source,
                Err(window) => {
                    if let Some(fault) = window.fault() {
                        return Err(io_error(io::Error::other(fault.to_owned())));
                    }
                    let head = window.bytes().iter().take(8);
                    return Err(OpenError::Unrecognised {
                        path: path.to_owned(),
                        feed: feed.name,
                        head: head.map(|byte| format!("{byte:02x}")).collect(),
                    });
                }
            }
        };
        Ok(Capture {
            source,
            counters: CaptureCounters::default(),
            broken: None,
            is_over: false,
            gives_segments: false,
            trailers: None,
            origin: TimeOrigin::Capture,
        })
    }

    /// Gives TCP segments too, which are left out and counted else: each for itself, as captured, in no other order.
    #[must_use]
    pub fn with_segments(mut self) -> Capture {
        self.gives_segments = true;
        self
    }

    /// Takes receive times from what this kind of device put into Ethernet frames. Where a frame
    /// has none, the capture's own time stands: [`Record::ts_origin`] says which,
    /// [`CaptureCounters::trailers`] how often. Copies packets of a settled file no more than else,
    /// but looks at each of them twice.
    #[must_use]
    pub fn with_trailers(mut self, form: TrailerForm) -> Capture {
        self.trailers = Some(form);
        self
    }

    /// Whose trailers are read.
    pub fn trailers(&self) -> Option<TrailerForm> {
        self.trailers
    }

    /// What it is.
    pub fn form(&self) -> CaptureForm {
        match &self.source {
            Source::Pcap(..) => CaptureForm::Pcap,
            Source::PcapNg(..) => CaptureForm::PcapNg,
            Source::VenueFile(..) => CaptureForm::VenueFile,
            Source::Session(_) => CaptureForm::Session,
            Source::Text(reader) => match reader.form {
                TextForm::Recording => CaptureForm::Recording,
                TextForm::Stamped => CaptureForm::StampedLines,
                TextForm::Session => CaptureForm::Session,
            },
        }
    }

    /// Totals so far.
    pub fn counters(&self) -> CaptureCounters {
        let mut counters = self.counters.clone();
        if let Source::PcapNg(reader, _) = &self.source {
            counters.drops_reported = reader.drops();
        }
        counters
    }

    /// Where the capture broke off, once [`Capture::next`] has given everything before.
    pub fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }

    /// The name of a connection: the recording's own, or the number in the session file's name.
    pub fn connection_name(&self, conn: u32) -> &str {
        let names = match &self.source {
            Source::Text(reader) => reader.connections.as_slice(),
            Source::Session(session) => session.connections(),
            _ => &[],
        };
        names.get(conn as usize).map_or("", String::as_str)
    }

    /// The next record, or `None` at the end; then [`Capture::broken`] says whether it was the proper one.
    ///
    /// # Cost
    /// Packets of a pcap that lies uncompressed in a settled file (last change ten seconds ago): no copy. Else one copy by the
    /// system, or by a decompressor, into one buffer, and none after. No allocation in either case.
    ///
    /// A settled file is mapped: whoever cuts it off while it is read ends this process (SIGBUS).
    #[allow(clippy::should_implement_trait)] // a record borrows from the capture, which no iterator can say
    #[inline]
    pub fn next(&mut self) -> Option<Record<'_>> {
        let Some((ts_recv, place, datagram)) = self.plain() else {
            return self.next_of_any();
        };
        let Source::Pcap(_, window) = &self.source else {
            return None;
        };
        let record = datagram_record(self.counters.packets, ts_recv, window, &place, &datagram);
        Some(record)
    }

    #[inline(never)]
    fn next_of_any(&mut self) -> Option<Record<'_>> {
        let found = self.advance_to_any()?;
        let record = match (found, &self.source) {
            (
                Found::Datagram(ts_recv, place, datagram),
                Source::Pcap(_, window) | Source::PcapNg(_, window),
            ) => {
                let packet = self.counters.packets;
                let mut record = datagram_record(packet, ts_recv, window, &place, &datagram);
                record.ts_origin = self.origin;
                record
            }
            (
                Found::Segment(ts_recv, place, segment),
                Source::Pcap(_, window) | Source::PcapNg(_, window),
            ) => {
                let start = place.start + segment.payload_start;
                Record {
                    packet: self.counters.packets,
                    ts_recv: RecvTime(ts_recv),
                    ts_origin: self.origin,
                    what: What::Segment {
                        src: segment.src,
                        dst: segment.dst,
                        payload: window.taken(start..start + segment.payload_bytes),
                    },
                }
            }
            (Found::Messages(packet, place), Source::VenueFile(_, window)) => Record {
                packet,
                ts_recv: RecvTime::UNDEFINED,
                ts_origin: TimeOrigin::None,
                what: What::FileMessages(window.taken(place)),
            },
            (Found::Line(packet, entry), Source::Text(reader)) => {
                entry_record(packet, &entry, |place| reader.bytes(place))
            }
            (Found::Line(packet, entry), Source::Session(session)) => {
                entry_record(packet, &entry, |place| session.bytes(place))
            }
            _ => return None,
        };
        Some(record)
    }

    /// The next record where it is of the kind nearly all captures are full of.
    #[inline(always)]
    fn plain(&mut self) -> Option<(u64, Range<usize>, Datagram)> {
        let Source::Pcap(reader, window) = &mut self.source else {
            return None;
        };
        if self.trailers.is_some() {
            return None;
        }
        let (ts_recv, place, datagram) = reader.plain(window)?;
        self.counters.packets += 1;
        self.counters.bytes += datagram.payload_bytes as u64;
        Some((ts_recv, place, datagram))
    }

    /// The next record as places, for tests.
    #[cfg(test)]
    pub(super) fn advance(&mut self) -> Option<Found> {
        match self.plain() {
            Some((ts_recv, place, datagram)) => Some(Found::Datagram(ts_recv, place, datagram)),
            None => self.advance_to_any(),
        }
    }

    /// Goes on until there is something to give.
    fn advance_to_any(&mut self) -> Option<Found> {
        if self.is_over {
            return None;
        }
        match &mut self.source {
            Source::Pcap(reader, window) => loop {
                let mut step = reader.step(window);
                self.origin = stamp(
                    &mut step,
                    window,
                    self.trailers,
                    &mut self.counters.trailers,
                );
                match on_step(
                    step,
                    window,
                    self.gives_segments,
                    &mut self.counters,
                    &mut self.broken,
                ) {
                    Progress::Found(found) => return Some(found),
                    Progress::Again => {}
                    Progress::Over => break,
                }
            },
            Source::PcapNg(reader, window) => loop {
                let mut step = reader.step(window);
                self.origin = stamp(
                    &mut step,
                    window,
                    self.trailers,
                    &mut self.counters.trailers,
                );
                match on_step(
                    step,
                    window,
                    self.gives_segments,
                    &mut self.counters,
                    &mut self.broken,
                ) {
                    Progress::Found(found) => return Some(found),
                    Progress::Again => {}
                    Progress::Over => break,
                }
            },
            Source::VenueFile(reader, window) => {
                let first = self.counters.packets + 1;
                match reader.chunk(window) {
                    Ok(Some((place, count))) => {
                        self.counters.packets += count;
                        self.counters.bytes += place.len() as u64;
                        return Some(Found::Messages(first, place));
                    }
                    Ok(None) => {}
                    Err(broken) => self.broken = Some(broken),
                }
            }
            Source::Text(reader) => loop {
                let step = reader.step();
                self.counters.packets = reader.line_number;
                match step {
                    TextStep::Entry(entry) => {
                        self.counters.bytes += entry.text.len() as u64;
                        return Some(Found::Line(reader.line_number, entry));
                    }
                    TextStep::Skipped(skip) => self.counters.skip(skip),
                    TextStep::Nothing => {}
                    TextStep::End => break,
                    TextStep::Broken { offset, why } => {
                        self.broken = Some(Broken { offset, why });
                        break;
                    }
                }
            },
            Source::Session(session) => {
                if let Some(entry) = session.advance(&mut self.counters) {
                    self.counters.packets += 1;
                    self.counters.bytes += entry.text.len() as u64;
                    return Some(Found::Line(self.counters.packets, entry));
                }
                self.broken = session.broken().cloned();
            }
        }
        self.is_over = true;
        None
    }
}

enum Progress {
    Found(Found),
    Again,
    Over,
}

/// Puts the time of a frame's trailer in place of the capture's, where trailers are read and this
/// frame has one. Says whose time the step's is then.
#[inline]
fn stamp(
    step: &mut Step,
    window: &Window,
    trailers: Option<TrailerForm>,
    counters: &mut TrailerCounters,
) -> TimeOrigin {
    let Step::Frame {
        ts_recv,
        link,
        place,
        is_whole,
    } = step
    else {
        return TimeOrigin::Capture;
    };
    let own = match RecvTime(*ts_recv).get() {
        Some(_) => TimeOrigin::Capture,
        None => TimeOrigin::None,
    };
    let Some(form) = trailers else {
        return own;
    };
    let frame = window.taken(place.clone());
    // Frames of anything else than market data are not counted.
    let found = datagram(*link, frame).or_else(|_| segment(*link, frame));
    let Ok(found) = found else {
        return own;
    };
    let end = found.payload_start + found.payload_bytes;
    let read = if *link == LinkType::Ethernet && *is_whole {
        form.read(frame, end, *ts_recv)
    } else {
        Err(NoStamp::Absent)
    };
    match read {
        Ok(stamp) => {
            counters.read += 1;
            counters.degraded += u64::from(stamp.is_degraded);
            *ts_recv = stamp.at;
            return TimeOrigin::Trailer;
        }
        Err(NoStamp::Absent) => counters.absent += 1,
        Err(NoStamp::Implausible) => counters.implausible += 1,
    }
    own
}

/// What a step of a packet reader means for the capture.
#[inline]
fn on_step(
    step: Step,
    window: &Window,
    gives_segments: bool,
    counters: &mut CaptureCounters,
    broken: &mut Option<Broken>,
) -> Progress {
    match step {
        Step::Frame {
            ts_recv,
            link,
            place,
            is_whole,
        } => {
            counters.packets += 1;
            let frame = window.taken(place.clone());
            match in_frame(link, frame, is_whole) {
                Ok(datagram) => {
                    counters.bytes += datagram.payload_bytes as u64;
                    Progress::Found(Found::Datagram(ts_recv, place, datagram))
                }
                Err(Skip::Tcp) if gives_segments => match segment(link, frame) {
                    Ok(segment) if segment.payload_bytes > 0 => {
                        counters.bytes += segment.payload_bytes as u64;
                        Progress::Found(Found::Segment(ts_recv, place, segment))
                    }
                    Ok(_) => Progress::Again,
                    Err(skip) => {
                        counters.skip(skip);
                        Progress::Again
                    }
                },
                Err(skip) => {
                    counters.skip(skip);
                    Progress::Again
                }
            }
        }
        Step::Skipped(skip) => {
            counters.packets += 1;
            counters.skip(skip);
            Progress::Again
        }
        Step::Nothing => Progress::Again,
        Step::End => Progress::Over,
        Step::Broken { offset, why } => {
            *broken = Some(Broken { offset, why });
            Progress::Over
        }
    }
}

#[inline]
fn in_frame(link: LinkType, frame: &[u8], is_whole: bool) -> Result<Datagram, Skip> {
    datagram(link, frame).map_err(|skip| match skip {
        // Too short, although the capture kept everything: the packet itself was damaged.
        Skip::Cut if is_whole => Skip::BadHeader,
        skip => skip,
    })
}

#[inline(always)]
fn datagram_record<'a>(
    packet: u64,
    ts_recv: u64,
    window: &'a Window,
    place: &Range<usize>,
    datagram: &Datagram,
) -> Record<'a> {
    let start = place.start + datagram.payload_start;
    Record {
        packet,
        ts_recv: RecvTime(ts_recv),
        ts_origin: TimeOrigin::Capture,
        what: What::Datagram {
            src: datagram.src,
            dst: datagram.dst,
            payload: window.taken(start..start + datagram.payload_bytes),
        },
    }
}

fn entry_record<'a>(
    packet: u64,
    entry: &Entry,
    bytes: impl Fn(&Range<usize>) -> &'a [u8],
) -> Record<'a> {
    let conn = entry.conn;
    // A URL that is no text is no URL.
    let url = str::from_utf8(bytes(&entry.url)).unwrap_or("");
    let text = bytes(&entry.text);
    let what = match entry.kind {
        Kind::Received => What::Text { conn, text },
        Kind::Binary => What::Binary { conn, bytes: text },
        Kind::Sent => What::Sent { conn, text },
        Kind::Opened => What::Open { conn, url },
        Kind::Closed => What::Close { conn },
        Kind::Rest => What::Rest { url, body: text },
    };
    Record {
        packet,
        ts_recv: RecvTime(entry.ts_recv),
        ts_origin: TimeOrigin::Capture,
        what,
    }
}

impl Source {
    /// What a file is, by its first bytes; the window back when it is nothing known.
    fn recognise(window: Window, feed: &Descriptor) -> Result<Source, Window> {
        let prefix = window.bytes();
        if let Some(reader) = Pcap::recognise(prefix) {
            return Ok(Source::Pcap(reader, window));
        }
        if let Some(reader) = PcapNg::recognise(prefix) {
            return Ok(Source::PcapNg(reader, window));
        }
        if let Some(form) = TextForm::recognise(prefix) {
            let reader = TextReader::new(window, form, Vec::new());
            return Ok(Source::Text(Box::new(reader)));
        }
        if (feed.file_message)(prefix).is_some_and(|bytes| bytes > 0) {
            let reader = VenueFile {
                file_message: feed.file_message,
            };
            return Ok(Source::VenueFile(reader, window));
        }
        Err(window)
    }
}

/// Bytes of a chunk of messages, about: large enough that a call per chunk does not show.
const CHUNK_BYTES: usize = 64 << 10;
/// Bytes of one message of a file form at most: a two-byte length and what it can say.
const MESSAGE_BYTES_MAX: usize = 2 + 65_535;

/// Bytes of one at most where the form itself tells longer ones.
const FILE_MESSAGE_BYTES_MAX: usize = 64 << 20;

/// Reader of a venue's file form.
struct VenueFile {
    file_message: fn(&[u8]) -> Option<usize>,
}

impl VenueFile {
    /// Whole messages and how many they are, or `None` at the end.
    fn chunk(&mut self, window: &mut Window) -> Result<Option<(Range<usize>, u64)>, Broken> {
        loop {
            let bytes = window.bytes();
            let (mut at, mut count) = (0, 0);
            while at < CHUNK_BYTES
                && let Some(message_bytes) = message_bytes(self.file_message, &bytes[at..])
            {
                at += message_bytes;
                count += 1;
            }
            if count > 0 {
                return Ok(Some((window.take(at), count)));
            }
            // A long one is asked for, and kept, only as it really comes.
            match (self.file_message)(bytes) {
                Some(whole) if (1..=FILE_MESSAGE_BYTES_MAX).contains(&whole) => {
                    let here = bytes.len();
                    if window.has(here + 1) {
                        continue;
                    }
                    let why = window.fault().unwrap_or("the file ends inside a message");
                    return Err(Broken {
                        offset: window.offset(),
                        why: why.to_owned(),
                    });
                }
                Some(_) => {
                    return Err(Broken {
                        offset: window.offset(),
                        why: "what is here is no message".to_owned(),
                    });
                }
                None => {}
            }
            // A message of no bytes ends a session: nothing to give.
            if bytes.starts_with(&[0, 0]) {
                window.take(2);
                continue;
            }
            let here = bytes.len();
            let is_whole = here >= 2 * MESSAGE_BYTES_MAX;
            if is_whole || !window.has(here + 1) {
                // One that the feed does not know, and that ends exactly with the file.
                if !is_whole && here > 2 && by_length(window.bytes()) == Some(here) {
                    return Ok(Some((window.take(here), 1)));
                }
                if here == 0 && window.fault().is_none() {
                    return Ok(None);
                }
                let why = match (window.fault(), is_whole) {
                    (Some(fault), _) => fault.to_owned(),
                    (None, true) => "what is here is no message".to_owned(),
                    (None, false) => "the file ends inside a message".to_owned(),
                };
                let offset = window.offset();
                return Err(Broken { offset, why });
            }
        }
    }
}

/// Bytes of the first message of a venue's file form, if all of it is here.
///
/// One that the feed does not know is taken by its length when a known one stands behind it: the feed counts it.
#[inline]
fn message_bytes(file_message: fn(&[u8]) -> Option<usize>, bytes: &[u8]) -> Option<usize> {
    if let Some(message_bytes) = file_message(bytes) {
        return (1..=bytes.len())
            .contains(&message_bytes)
            .then_some(message_bytes);
    }
    let message_bytes = by_length(bytes)?;
    let behind = bytes.get(message_bytes..)?;
    file_message(behind).map(|_| message_bytes)
}

/// Bytes of a message by the two-byte length in front of it.
fn by_length(bytes: &[u8]) -> Option<usize> {
    match u16::from_be_bytes(*bytes.first_chunk()?) {
        0 => None,
        length => Some(2 + usize::from(length)),
    }
}

/// The messages of one chunk of a venue's file form, each with the length in front of it.
pub fn messages_of_chunk<'a>(
    feed: &Descriptor,
    mut chunk: &'a [u8],
) -> impl Iterator<Item = &'a [u8]> + use<'a> {
    let file_message = feed.file_message;
    std::iter::from_fn(move || {
        let count = message_bytes(file_message, chunk).unwrap_or(chunk.len());
        let (message, rest) = chunk.split_at(count);
        chunk = rest;
        (!message.is_empty()).then_some(message)
    })
}
