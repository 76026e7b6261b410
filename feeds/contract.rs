//! The one seam between a venue room and the rest of the house.
//!
//! A [`Feed`] is one channel of one venue: it is told packets, link events and the time, and it answers with ticks
//! (into a [`Batch`]), [`Action`]s for the world to carry out and [`Notice`]s worth a log line. It owns its sequencing
//! and recovery; whoever drives it (a socket, a capture, a simulator, a fuzzer) only carries bytes.
//!
//! One virtual call a packet, none a message.

use crate::model::{ChannelId, Definition, RecvTime, Symbol, Tick};
use std::fmt;

/// A redundant copy of a channel (0 is A, 1 is B), a WebSocket connection, or a recovery server's answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Line(pub u8);

impl Line {
    /// Answers of retransmission servers.
    pub const RECOVERY: Line = Line(u8::MAX);
    /// Snapshots that the venue repeats on lines of their own. A is used; B stands in when A is silent.
    pub const SNAPSHOT: Line = Line(u8::MAX - 1);
    /// Most lines a channel may have.
    pub const COUNT_MAX: usize = 4;
}

/// A recovery server that is spoken to over a connection (TCP), by its index in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Server {
    /// Sends, or has sent, missing messages again.
    Retransmit(u8),
    /// Sends the present state.
    Snapshot(u8),
    /// Sends the channel itself, in place of lines.
    Delivery(u8),
}

/// What the bytes of a packet are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form<'a> {
    /// One datagram's payload, session header included.
    Datagram,
    /// Messages of a venue's file form, each behind its length, no session header: the stream is complete by itself.
    FileMessages,
    /// One WebSocket text message.
    Text,
    /// One WebSocket binary message: a binary protocol, or a text that is compressed.
    Binary,
    /// The body of a REST answer to this URL.
    Rest(&'a str),
    /// Some bytes of a connection to a recovery server, as they came: messages may be cut anywhere.
    Stream(Server),
}

/// Bytes from the world.
#[derive(Clone, Copy, Debug)]
pub struct Packet<'a> {
    /// Where they came from.
    pub line: Line,
    /// When.
    pub ts_recv: RecvTime,
    /// What they are.
    pub form: Form<'a>,
    /// Themselves.
    pub bytes: &'a [u8],
}

/// Why bytes are refused. Small and `Copy`: counted by venue and kind on the hot path, never formatted there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// Shorter than its layout or its own length field says.
    Truncated {
        /// Bytes the layout needs.
        need_bytes: u32,
        /// Bytes there are.
        have_bytes: u32,
    },
    /// A length field that contradicts the message type.
    BadLength {
        /// Message type as sent.
        tag: u32,
        /// Bytes the type has.
        need_bytes: u32,
        /// Bytes the length field says.
        have_bytes: u32,
    },
    /// A field whose value its type does not allow.
    BadField {
        /// Message type as sent.
        tag: u32,
        /// Offset of the field in the message.
        offset: u32,
    },
    /// Not this protocol: header, version or framing.
    NotThisProtocol,
    /// Not the JSON this protocol sends.
    BadText {
        /// Offset of the first byte that does not fit.
        offset: u32,
    },
    /// A number that does not fit the normalised language exactly.
    NotExact {
        /// Message type as sent.
        tag: u32,
    },
}

impl DecodeError {
    /// Kinds, as counted; `kind()` indexes this.
    pub const KINDS: [&'static str; 6] = [
        "truncated",
        "bad_length",
        "bad_field",
        "not_this_protocol",
        "bad_text",
        "not_exact",
    ];

    /// Index into [`DecodeError::KINDS`].
    pub const fn kind(self) -> usize {
        match self {
            DecodeError::Truncated { .. } => 0,
            DecodeError::BadLength { .. } => 1,
            DecodeError::BadField { .. } => 2,
            DecodeError::NotThisProtocol => 3,
            DecodeError::BadText { .. } => 4,
            DecodeError::NotExact { .. } => 5,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            DecodeError::Truncated {
                need_bytes,
                have_bytes,
            } => {
                write!(f, "truncated: needs {need_bytes} bytes, has {have_bytes}")
            }
            DecodeError::BadLength {
                tag,
                need_bytes,
                have_bytes,
            } => {
                write!(
                    f,
                    "message {tag:#x} has {need_bytes} bytes, its length says {have_bytes}"
                )
            }
            DecodeError::BadField { tag, offset } => {
                write!(
                    f,
                    "message {tag:#x} has an impossible value at offset {offset}"
                )
            }
            DecodeError::NotThisProtocol => f.write_str("not this protocol"),
            DecodeError::BadText { offset } => write!(f, "unexpected text at offset {offset}"),
            DecodeError::NotExact { tag } => {
                write!(
                    f,
                    "message {tag:#x} holds a number that does not fit exactly"
                )
            }
        }
    }
}

impl std::error::Error for DecodeError {}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Its messages (some or all) became ticks.
    Applied,
    /// Every message in it was known already.
    Duplicate,
    /// It came too early and is kept until the range before it is closed.
    Held,
    /// It carried no message.
    Heartbeat,
    /// It could not be read; nothing of it was used beyond what is counted.
    Refused(DecodeError),
}

/// What a feed asks of the world. `ingest` carries it out live, the simulators answer it, a replay declines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Send this datagram to retransmission server number `server` (index in the configuration).
    SendDatagram {
        /// Index of the server.
        server: u8,
        /// The datagram.
        bytes: Vec<u8>,
    },
    /// Connect to a recovery server; [`LinkEvent::StreamUp`] or [`LinkEvent::StreamDown`] follows.
    OpenStream {
        /// Which.
        server: Server,
    },
    /// Send these bytes to a connected recovery server.
    SendStream {
        /// Which.
        server: Server,
        /// The bytes.
        bytes: Vec<u8>,
    },
    /// Leave a recovery server; no event follows.
    CloseStream {
        /// Which.
        server: Server,
    },
    /// Send this text on the connection.
    SendText {
        /// Which connection.
        line: Line,
        /// The message.
        text: String,
    },
    /// Ask for this address by REST; the body comes back as [`Form::Rest`]. An answer that never comes is the feed's to miss.
    Fetch {
        /// The connection it is asked for: what comes of it after that one is gone is worth nothing, and is thrown away.
        line: Line,
        /// The whole address. A fragment (`#…`) is the feed's own mark: it is not sent, and comes back with the answer.
        url: String,
    },
    /// Close this connection and open it again (with the backoff of the transport).
    Reconnect {
        /// Which connection.
        line: Line,
        /// Why, for the log.
        reason: &'static str,
    },
}

/// What happened to a link, told to the feed by whoever owns the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkEvent {
    /// A connection is open; desired state must be subscribed again.
    Up(Line),
    /// A connection is gone, or frames of it were lost on our side.
    Down(Line),
    /// A retransmission server cannot be reached (refused by its host).
    ServerUnreachable(u8),
    /// The connection to a recovery server that was asked for is open.
    StreamUp(Server),
    /// It cannot be had, or was closed by the other side.
    StreamDown(Server),
}

/// How fast a venue lets its clients go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Least time between two texts on one connection, ns.
    pub send_interval_ns: u64,
    /// Most attempts to connect, of all connections of the feed, in any time of `connect_window_ns`.
    pub connects_max: u16,
    /// See `connects_max`.
    pub connect_window_ns: u64,
}

impl Default for Pace {
    /// Ten texts a second, and thirty attempts a minute: where a venue says nothing, this does not annoy it.
    fn default() -> Pace {
        Pace {
            send_interval_ns: 100_000_000,
            connects_max: 30,
            connect_window_ns: 60_000_000_000,
        }
    }
}

/// What the house orders of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// The books of the channel are wrong, or said to be: build them anew from a snapshot.
    Resync,
}

/// What a feed makes of a [`Control`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ControlAnswer {
    /// It began; the books wait for their snapshot until it is there.
    Started,
    /// The books wait for a snapshot already, so nothing more is to be done.
    UnderWay,
    /// There is no snapshot to be had: nothing changed.
    NoSnapshots,
}

impl ControlAnswer {
    /// The stable name used in every output.
    pub const fn as_str(self) -> &'static str {
        match self {
            ControlAnswer::Started => "started",
            ControlAnswer::UnderWay => "under_way",
            ControlAnswer::NoSnapshots => "no_snapshots",
        }
    }
}

/// An edge worth one log line. Never sent per message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// First message of a type this build does not know.
    UnknownType {
        /// As sent; text types are named in `name`.
        tag: u32,
        /// Text types.
        name: Symbol,
    },
    /// A line delivered again after silence, or for the first time.
    LineUp(Line),
    /// A line has been silent for longer than the settings allow.
    LineSilent(Line),
    /// A gap was declared.
    GapOpened {
        /// First missing sequence number.
        first: u64,
        /// How many.
        count: u64,
    },
    /// A gap was closed without loss.
    GapRecovered {
        /// First sequence number that was missing.
        first: u64,
        /// How many.
        count: u64,
    },
    /// A gap was given up.
    GapLost {
        /// First missing sequence number.
        first: u64,
        /// How many.
        count: u64,
    },
    /// A retransmission server refuses: a request, or to be asked at all.
    RequestRefused {
        /// Its index in the configuration.
        server: u8,
        /// Why.
        reason: &'static str,
    },
    /// Books are rebuilt from a snapshot; live messages are kept meanwhile.
    RebuildStarted {
        /// The oldest message a snapshot may expect next.
        from: u64,
    },
    /// A snapshot could not be used: the server refused, broke off, or sent one that is too old.
    SnapshotFailed {
        /// Why.
        reason: &'static str,
    },
    /// A book is not the one of a fresh snapshot: it is built anew.
    AuditFailed {
        /// Whose.
        name: Symbol,
        /// Levels that differ.
        levels: u32,
    },
    /// Books are whole again.
    Rebuilt {
        /// The first live message behind the snapshot.
        next: u64,
    },
    /// The session changed or its sequence started anew.
    SessionReset {
        /// Next expected sequence number.
        sequence: u64,
    },
    /// The venue said the session is over.
    SessionEnded,
    /// The venue refused or complained about something (its text, cut).
    VenueError(Symbol),
    /// The subscription of a connection is confirmed.
    Subscribed(Line),
    /// The venue lists an instrument that it did not list before, and it is followed from here on.
    Listed(Symbol),
    /// The venue does not list an instrument any more: its book is closed.
    Delisted(Symbol),
    /// A pattern of the configuration stands for nothing that the venue lists.
    NothingMatches(Symbol),
    /// The venue's list of instruments did not come, or could not be read: it is asked for again.
    ListMissing,
    /// More instruments are chosen than a feed may have: the others are left out.
    TooManyInstruments {
        /// Most that a feed may have.
        most: u32,
    },
}

/// One missing range, as the ledger names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// First missing sequence number.
    pub first: u64,
    /// How many numbers.
    pub count: u64,
    /// Whether they arrived after all.
    pub recovered: bool,
}

/// Counters of one channel. Every field is a total since start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FeedCounters {
    /// Packets offered, by line (index 3 holds line D and recovery answers).
    pub packets: [u64; Line::COUNT_MAX],
    /// Packets that held nothing new.
    pub packets_duplicate: u64,
    /// Packets that came early and were kept.
    pub packets_held: u64,
    /// Packets without messages.
    pub heartbeats: u64,
    /// Messages applied (each once, whatever the number of lines).
    pub messages: u64,
    /// Messages of types this build does not know; skipped by their length.
    pub unknown_messages: u64,
    /// Packets or messages refused, by [`DecodeError::KINDS`].
    pub decode_errors: [u64; DecodeError::KINDS.len()],
    /// Messages for instruments nobody defined.
    pub unknown_instrument_messages: u64,
    /// Messages read and not applied, because they mean nothing where they stand: an update before its snapshot, a
    /// statistic older than the one before it, a trade known already.
    pub messages_ignored: u64,
    /// Holes in the numbers that the venue gives the updates of each instrument, beside those of the channel.
    pub instrument_gaps: u64,
    /// Statistics left out because they do not fit the normalised language exactly; the rest of their message is applied.
    pub values_left_out: u64,
    /// Instruments followed because the venue listed them while the feed ran.
    pub instruments_listed: u64,
    /// Instruments given up because the venue does not list them any more.
    pub instruments_delisted: u64,
    /// Times an instrument was chosen and left out, because there were as many as a feed may have.
    pub instruments_left_out: u64,
    /// Retransmission requests sent.
    pub requests: u64,
    /// Requests that servers refused.
    pub requests_refused: u64,
    /// Gaps declared.
    pub gaps_opened: u64,
    /// Messages of declared gaps that came after all, by retransmission or late.
    pub messages_recovered: u64,
    /// Messages given up.
    pub messages_lost: u64,
    /// Sessions or sequences started anew.
    pub resets: u64,
    /// Rebuilds from a snapshot begun.
    pub rebuilds: u64,
    /// Snapshots that books were rebuilt from.
    pub snapshots_applied: u64,
    /// Snapshots that could not be used.
    pub snapshots_failed: u64,
    /// Books that were compared with a fresh snapshot and are the same.
    pub audits_passed: u64,
    /// Books that were compared with a fresh snapshot and are not: they are built anew.
    pub audits_failed: u64,
    /// Times the live messages kept for a snapshot were more than their bound.
    pub rebuild_overflows: u64,
    /// Messages first seen on each line, while arbitrated.
    pub first_on_line: [u64; Line::COUNT_MAX],
    /// Gap ledger entries beyond its bound: counted, not named.
    pub ledger_overflow: u64,
}

impl FeedCounters {
    /// All decode errors.
    pub fn decode_errors_total(&self) -> u64 {
        self.decode_errors.iter().sum()
    }

    /// Counts a refusal.
    pub fn refuse(&mut self, error: DecodeError) {
        self.decode_errors[error.kind()] += 1;
    }
}

/// Room that must be there before a datagram is given to its feed, in ticks.
///
/// The longest datagram (9,000 bytes) holds fewer than 1,000 messages of the shortest type (a few bytes behind a 2-byte
/// length), and no message makes more than six ticks; rounded up to a power of two.
pub const TICKS_PER_PACKET_MAX: usize = 8_192;

/// Where full batches of ticks go.
pub trait TickSink {
    /// Takes ticks in order. Events may be split over calls; the `LAST` flag says where one ends.
    fn accept(&mut self, ticks: &[Tick]);

    /// Takes a definition. Always called before the instrument's `Definition` tick is accepted.
    fn define(&mut self, channel: ChannelId, definition: &Definition);

    /// Ticks that can be taken right now without waiting and without loss.
    fn room(&mut self) -> usize {
        usize::MAX
    }

    /// Whether whoever reads behind the sink is gone, so that nothing given to it will ever be seen.
    fn is_abandoned(&self) -> bool {
        false
    }
}

/// Ticks on their way out: a fixed buffer in front of a [`TickSink`].
///
/// One virtual call a flush, none a tick. Flushed by itself when full, and by its owner whenever latency asks for it.
pub struct Batch {
    ticks: Vec<Tick>,
    sink: Box<dyn TickSink + Send>,
}

impl Batch {
    /// Ticks held before a flush.
    pub const TICKS_MAX: usize = 512;

    /// A batch in front of `sink`.
    pub fn new(sink: Box<dyn TickSink + Send>) -> Batch {
        Batch {
            ticks: Vec::with_capacity(Self::TICKS_MAX),
            sink,
        }
    }

    /// Adds a tick.
    #[inline]
    pub fn push(&mut self, tick: Tick) {
        if self.ticks.len() == Self::TICKS_MAX {
            self.flush();
        }
        self.ticks.push(tick);
    }

    /// Hands over a definition and puts `tick` (a `Definition` tick) in its place of the stream.
    pub fn define(&mut self, definition: &Definition, tick: Tick) {
        self.sink.define(tick.channel, definition);
        self.push(tick);
    }

    /// Gives everything to the sink.
    pub fn flush(&mut self) {
        if !self.ticks.is_empty() {
            self.sink.accept(&self.ticks);
            self.ticks.clear();
        }
    }

    /// Ticks not flushed yet.
    pub fn ticks(&self) -> &[Tick] {
        &self.ticks
    }

    /// Ticks that can still be pushed without waiting and without loss.
    pub fn room(&mut self) -> usize {
        self.sink.room().saturating_sub(self.ticks.len())
    }

    /// The sink, for its owner's questions.
    pub fn sink_mut(&mut self) -> &mut (dyn TickSink + Send) {
        &mut *self.sink
    }
}

/// One channel of one venue, as a state machine.
pub trait Feed: Send {
    /// Takes one packet. Never panics, whatever the bytes; never allocates once warm, except to keep early packets.
    fn on_packet(&mut self, packet: &Packet<'_>, out: &mut Batch) -> Outcome;

    /// Takes the time: declares gaps whose window is over, repeats requests, notices silence.
    fn on_clock(&mut self, now: RecvTime, out: &mut Batch);

    /// When [`Feed::on_clock`] has something to do, if nothing comes in before.
    fn next_deadline(&self) -> Option<RecvTime>;

    /// Takes a change of a link.
    fn on_link(&mut self, event: LinkEvent, now: RecvTime, out: &mut Batch);

    /// Takes an order of the house. A feed that knows no snapshots refuses, and nothing changes.
    fn on_control(&mut self, _: Control, _now: RecvTime, _out: &mut Batch) -> ControlAnswer {
        ControlAnswer::NoSnapshots
    }

    /// No more input will come (end of a capture): open gaps are given up and what is held is delivered.
    fn finish(&mut self, now: RecvTime, out: &mut Batch);

    /// Next thing to carry out, oldest first.
    fn poll_action(&mut self) -> Option<Action>;

    /// Next thing to log, oldest first.
    fn poll_notice(&mut self) -> Option<Notice>;

    /// Totals.
    fn counters(&self) -> &FeedCounters;

    /// Every declared gap, oldest first; the last ones may still be open (`recovered: false`).
    fn gaps(&self) -> &[Gap];

    /// Messages applied by type: the specification's names, in the order of the coverage table, zeros left out.
    fn messages_by_type(&self) -> Vec<(&'static str, u64)>;

    /// Connections that are to be open now, where the channel comes over some. Asked again after every step: those that are new
    /// are opened, those that are gone from it are closed.
    fn connections(&self) -> &[Line] {
        &[Line(0)]
    }

    /// How fast the venue lets a client open connections and speak on them.
    fn pace(&self) -> Pace {
        Pace::default()
    }

    /// What has to be asked for, by a POST without a body, before a connection to `url` is opened, where the venue gives each
    /// connection a ticket. `None`: it is opened as it is.
    fn ticket_url(&self, url: &str) -> Option<String> {
        let _ = url;
        None
    }

    /// The address to connect to in place of `url`, out of the answer to [`Feed::ticket_url`].
    ///
    /// # Errors
    /// The answer is none.
    fn address(&mut self, url: &str, ticket: &[u8]) -> Result<String, DecodeError> {
        let _ = ticket;
        Ok(url.to_owned())
    }

    /// Whether missing messages are asked for over connections ([`Server::Retransmit`]) rather than by datagrams.
    fn asks_by_stream(&self) -> bool {
        false
    }

    /// Whether the channel itself comes over a connection ([`Server::Delivery`]).
    fn is_delivered_by_stream(&self) -> bool {
        false
    }
}

/// What a field's value looks like to `inspect`.
pub trait FieldSink {
    /// An integer.
    fn integer(&mut self, name: &'static str, value: i128);
    /// An exact decimal: `mantissa` × 10^-`scale`, printed with all `scale` digits.
    fn decimal(&mut self, name: &'static str, mantissa: i128, scale: u8);
    /// Text, trimmed by the sink.
    fn text(&mut self, name: &'static str, value: &[u8]);
    /// A one-character code, printed as it is.
    fn code(&mut self, name: &'static str, value: u8);
    /// A bit.
    fn flag(&mut self, name: &'static str, value: bool);
    /// A field that says it has no value.
    fn absent(&mut self, _name: &'static str) {}
    /// Opens a nested object (an element of a list when `name` is empty).
    fn begin_object(&mut self, name: &'static str);
    /// Closes it.
    fn end_object(&mut self);
    /// Opens a list.
    fn begin_list(&mut self, name: &'static str);
    /// Closes it.
    fn end_list(&mut self);
    /// A whole JSON object whose members are the fields (text protocols).
    fn json_members(&mut self, object: &str);
}

/// One venue message, for `inspect`.
pub trait InspectedMessage {
    /// The specification's name, snake case.
    fn name(&self) -> &str;
    /// Every field, in wire order.
    fn fields(&self, sink: &mut dyn FieldSink);
}

/// Where inspected messages go.
pub trait MessageSink {
    /// Takes one message; `sequence` where the protocol numbers it.
    fn message(&mut self, channel: &str, sequence: Option<u64>, message: &dyn InspectedMessage);
}

/// How a venue's bytes travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// UDP datagrams, on one or more lines.
    Datagrams,
    /// WebSocket messages.
    WebSocket,
    /// Not at all: a form of files, of [`FILE_FORMS`](crate::FILE_FORMS).
    File,
}

/// How a venue tells the present state to those who missed how it came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SnapshotService {
    /// Not by a service of its own.
    None,
    /// On demand, over a connection.
    Stream,
    /// Again and again, on lines of their own.
    Lines,
    /// With every change: the messages themselves tell the book of their instrument whole.
    Inline,
}

/// What kind of book the ticks of a feed build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BookKind {
    /// Order by order.
    ByOrder,
    /// Level by level.
    ByLevel,
}

/// A setting's value as the configuration file has it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// Yes or no.
    Bool(bool),
    /// A list.
    List(Vec<Value>),
}

/// A key a room understands beyond the common ones.
#[derive(Clone, Copy, Debug)]
pub struct SettingKey {
    /// The YAML key, unit in its name.
    pub key: &'static str,
    /// One sentence: meaning, range, default.
    pub help: &'static str,
    /// An example value, as YAML.
    pub example: &'static str,
}

impl SettingKey {
    /// For rooms whose venue tells both levels and orders: which of them the books are built of.
    pub const BY_ORDER: SettingKey = SettingKey {
        key: "by_order",
        help: "Whether books are built order by order instead of level by level; default false.",
        example: "true",
    };
}

/// A setting that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingFault {
    /// The key.
    pub key: String,
    /// What is wrong.
    pub why: String,
    /// What to do.
    pub remedy: String,
}

/// What every feed is told at its birth.
#[derive(Clone, Debug)]
pub struct FeedSettings {
    /// Stamped on every tick.
    pub channel: ChannelId,
    /// How many lines deliver this channel (1 to [`Line::COUNT_MAX`]). Over connections: how many say the same, 1 or 2.
    pub line_count: u8,
    /// Most instruments a connection may carry, where that is to be fewer than the venue allows.
    pub instruments_per_connection: Option<u32>,
    /// How many retransmission servers may be asked.
    pub server_count: u8,
    /// How many servers may be asked for a snapshot.
    pub snapshot_server_count: u8,
    /// How many servers send the channel itself over a connection, in place of lines; one at a time is connected.
    pub delivery_server_count: u8,
    /// Whether snapshots come on lines of their own.
    pub has_snapshot_lines: bool,
    /// Whether answers to requests come on lines of their own.
    pub has_gap_lines: bool,
    /// Symbols to follow; empty means all.
    pub instruments: Vec<String>,
    /// The room's own settings, by key.
    pub own: Vec<(String, Value)>,
}

impl FeedSettings {
    /// One line, no servers, all instruments.
    pub fn single_line(channel: ChannelId) -> FeedSettings {
        FeedSettings {
            channel,
            line_count: 1,
            instruments_per_connection: None,
            server_count: 0,
            snapshot_server_count: 0,
            delivery_server_count: 0,
            has_snapshot_lines: false,
            has_gap_lines: false,
            instruments: Vec::new(),
            own: Vec::new(),
        }
    }

    /// The room's own setting called `key`.
    pub fn own(&self, key: &str) -> Option<&Value> {
        self.own
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }
}

/// Groups destinations of a capture into the lines of one channel: equal keys are one channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SessionKey(pub [u8; 16]);

/// Makes a channel from its settings, or says everything that is wrong with them.
pub type BuildFeed = fn(&FeedSettings) -> Result<Box<dyn Feed>, Vec<SettingFault>>;

/// All the rest of the house knows of a room.
#[derive(Clone, Copy)]
pub struct Descriptor {
    /// The feed's name in YAML and on the command line.
    pub name: &'static str,
    /// One line for people.
    pub title: &'static str,
    /// Venue in the reports: a MIC where there is one.
    pub venue: &'static str,
    /// Document and version the room implements.
    pub specification: &'static str,
    /// How the bytes travel.
    pub transport: Transport,
    /// What book its ticks build.
    pub book: BookKind,
    /// Whether the protocol lets a receiver ask for missing messages.
    pub has_retransmission: bool,
    /// How the protocol gives the present state.
    pub snapshot: SnapshotService,
    /// WebSocket address used when the configuration names none.
    pub default_url: &'static str,
    /// Keys beyond the common ones.
    pub settings: &'static [SettingKey],
    /// Makes a channel. All faults of the settings at once.
    pub build: BuildFeed,
    /// Which session a datagram belongs to; `None` when it does not tell.
    pub session_key: fn(&[u8]) -> Option<SessionKey>,
    /// Whether bytes of a file are the venue's own file form (see [`Form::FileMessages`]), and if so the length of the first whole
    /// message, its prefix included; `None` when the venue has no file form or this is not it.
    /// More than there is of `bytes` means that the message is not whole yet, and 0 that no message begins like this.
    pub file_message: fn(&[u8]) -> Option<usize>,
    /// Reads every message of one packet for `inspect`, before arbitration.
    pub inspect: fn(&Packet<'_>, &mut dyn MessageSink) -> Result<(), DecodeError>,
    /// Makes the venue that `simulate` and the tests talk to.
    pub simulator: fn() -> Box<dyn crate::simulator::VenueSimulator>,
}

impl Descriptor {
    /// What book the ticks of a feed with these settings build: [`Descriptor::book`], unless [`SettingKey::BY_ORDER`] is one
    /// of the room's keys and says otherwise.
    pub fn book_of(&self, own: &[(String, Value)]) -> BookKind {
        let key = SettingKey::BY_ORDER.key;
        let is_known = self.settings.iter().any(|setting| setting.key == key);
        let is_said = own
            .iter()
            .any(|(name, value)| name == key && *value == Value::Bool(true));
        if is_known && is_said {
            BookKind::ByOrder
        } else {
            self.book
        }
    }
}

impl fmt::Debug for Descriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Descriptor")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
