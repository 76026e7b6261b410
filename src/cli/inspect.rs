//! `waveletd inspect`: every venue message of a capture, or every tick, one a line.

use super::fields::{JsonFields, WordFields, append, quote};
use super::{Exit, Format, Timestamps, exit_of_write, feed_named, narrate, trailers_told};
use crate::replay::capture::messages_of_chunk;
use crate::replay::driver::{Driver, DriverSettings};
use crate::replay::moment::Rfc3339;
use crate::replay::{Capture, Pacer, Record, Speed, What};
use crate::sys::TimeOrigin;
use clap::Args;
use feeds::contract::{
    Batch, DecodeError, Descriptor, Form, InspectedMessage, Line, MessageSink, Packet, Server,
    TickSink,
};
use feeds::model::{Action, ChannelId, Definition, InstrumentId, RecvTime, Size, Tick};
use std::io::{self, BufWriter, StdoutLock, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Arguments of `inspect`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  waveletd inspect day.pcap.zst --feed nasdaq_itch50 --format jsonl | jq .type
  waveletd inspect 01302020.itch --feed nasdaq_itch50 --limit 20
  waveletd inspect session-folder/ --feed coinbase_ws --normalized

Shows what is in the capture, before arbitration: a message that came on both lines is shown twice.")]
pub struct InspectArgs {
    /// pcap, pcapng, the venue's file form, a recording or a folder of session files; .gz and .zst too. Told apart by
    /// content.
    pub capture: PathBuf,
    /// Which feed reads it (see `waveletd list feeds`).
    #[arg(long)]
    pub feed: String,
    /// Ticks as the books get them, arbitrated, instead of the venue's messages.
    #[arg(long)]
    pub normalized: bool,
    /// REST answers of a recorded session too, not only what came over its connections.
    #[arg(long)]
    pub rest: bool,
    /// Whose receive times: the capture's, or those a switch or tap put into the frames (the
    /// capture's where a frame has none).
    #[arg(long, value_enum, default_value_t = Timestamps::Capture)]
    pub timestamps: Timestamps,
    /// How to write them.
    #[arg(long, value_enum, default_value_t = Format::Table)]
    pub format: Format,
    /// Stop after this many lines.
    #[arg(long, value_name = "N")]
    pub limit: Option<u64>,
}

/// Shows a capture.
pub fn run(args: &InspectArgs) -> Exit {
    let feed = match feed_named(&args.feed) {
        Ok(feed) => feed,
        Err(exit) => return exit,
    };
    let capture = match Capture::open(&args.capture, feed) {
        Ok(capture) => args.timestamps.of(capture),
        Err(error) => {
            narrate(&format!("waveletd: {error}"));
            return Exit::Failure;
        }
    };
    if args.normalized {
        ticks(args, feed, capture)
    } else {
        messages(args, feed, capture.with_segments())
    }
}

/// Lines on their way to a reader.
struct Lines<W: Write> {
    out: W,
    format: Format,
    count: u64,
    limit: u64,
    failed: Option<io::Error>,
}

impl<W: Write> Lines<W> {
    fn new(out: W, format: Format, limit: Option<u64>, header: &str) -> Lines<W> {
        let mut lines = Lines {
            out,
            format,
            count: 0,
            limit: limit.unwrap_or(u64::MAX),
            failed: None,
        };
        match format {
            Format::Csv => lines.write(&[header, "\n"]),
            Format::Json => lines.write(&["["]),
            Format::Table | Format::Jsonl => {}
        }
        lines
    }

    /// Whether nothing more can be written.
    fn is_over(&self) -> bool {
        self.failed.is_some() || self.count >= self.limit
    }

    fn line(&mut self, text: &str) {
        if self.is_over() {
            return;
        }
        match (self.format, self.count) {
            (Format::Json, 0) => self.write(&["\n", text]),
            (Format::Json, _) => self.write(&[",\n", text]),
            _ => self.write(&[text, "\n"]),
        }
        self.count += 1;
    }

    fn write(&mut self, parts: &[&str]) {
        for part in parts {
            if self.failed.is_none()
                && let Err(error) = self.out.write_all(part.as_bytes())
            {
                self.failed = Some(error);
            }
        }
    }

    /// Writes what is left, and says how it went.
    fn finish(&mut self) -> Option<Exit> {
        if self.format == Format::Json {
            self.write(&["\n]\n"]);
        }
        if self.failed.is_none()
            && let Err(error) = self.out.flush()
        {
            self.failed = Some(error);
        }
        self.failed.as_ref().map(exit_of_write)
    }
}

/// Says what was left out and where the capture broke off.
fn conclude(capture: &Capture, decode_errors: &[u64]) -> Exit {
    let counters = capture.counters();
    for (name, count) in counters.skipped_by_name() {
        narrate(&format!("left out: {count} {name}"));
    }
    if let Some(told) = trailers_told(&counters.trailers) {
        narrate(&told);
    }
    if counters.drops_reported > 0 {
        narrate(&format!(
            "the capturing machine lost {} packets",
            counters.drops_reported
        ));
    }
    for (name, count) in DecodeError::KINDS.iter().zip(decode_errors) {
        if *count > 0 {
            narrate(&format!("decode errors: {count} {name}"));
        }
    }
    match capture.broken() {
        Some(broken) => {
            narrate(&format!(
                "the capture breaks off at byte {}: {}",
                broken.offset, broken.why
            ));
            Exit::Quality
        }
        None => Exit::Success,
    }
}

/// Shows messages as they come.
struct Messages<'a, W: Write> {
    lines: &'a mut Lines<W>,
    text: &'a mut String,
    packet: u64,
    ts_recv: RecvTime,
    ts_origin: TimeOrigin,
    /// Named when the feed does not name one itself.
    channel: &'a str,
}

impl<W: Write> MessageSink for Messages<'_, W> {
    fn message(&mut self, channel: &str, sequence: Option<u64>, message: &dyn InspectedMessage) {
        if self.lines.is_over() {
            return;
        }
        let channel = if channel.is_empty() {
            self.channel
        } else {
            channel
        };
        let out = &mut *self.text;
        out.clear();
        match self.lines.format {
            Format::Json | Format::Jsonl => {
                append(
                    out,
                    format_args!("{{\"packet\":{},\"ts_recv\":", self.packet),
                );
                number_or_null(out, self.ts_recv.get());
                append(out, format_args!(",\"ts_origin\":\"{}\"", self.ts_origin));
                out.push_str(",\"channel\":");
                quote(out, channel);
                out.push_str(",\"sequence\":");
                number_or_null(out, sequence);
                out.push_str(",\"type\":");
                quote(out, message.name());
                out.push_str(",\"fields\":{");
                message.fields(&mut JsonFields::new(out));
                out.push_str("}}");
            }
            Format::Csv => {
                append(out, format_args!("{},", self.packet));
                if let Some(ts_recv) = self.ts_recv.get() {
                    append(out, format_args!("{ts_recv}"));
                }
                append(out, format_args!(",{},", self.ts_origin));
                csv(out, channel);
                out.push(',');
                if let Some(sequence) = sequence {
                    append(out, format_args!("{sequence}"));
                }
                out.push(',');
                csv(out, message.name());
                out.push(',');
                let mut fields = String::from("{");
                message.fields(&mut JsonFields::new(&mut fields));
                fields.push('}');
                csv(out, &fields);
            }
            Format::Table => {
                append(
                    out,
                    format_args!("{:>8} {:30} {channel:22} ", self.packet, time(self.ts_recv)),
                );
                match sequence {
                    Some(sequence) => append(out, format_args!("{sequence:>12} ")),
                    None => append(out, format_args!("{:>12} ", "-")),
                }
                append(out, format_args!("{:28}", message.name()));
                message.fields(&mut WordFields::new(out));
            }
        }
        self.lines.line(out);
    }
}

fn time(at: RecvTime) -> String {
    Rfc3339(at).to_string()
}

fn number_or_null(out: &mut String, value: Option<u64>) {
    match value {
        Some(value) => append(out, format_args!("{value}")),
        None => out.push_str("null"),
    }
}

/// Appends a value of a CSV row (RFC 4180).
fn csv(out: &mut String, text: &str) {
    if text.contains([',', '"', '\n', '\r']) {
        out.push('"');
        out.push_str(&text.replace('"', "\"\""));
        out.push('"');
    } else {
        out.push_str(text);
    }
}

/// Writes as much at once as a pipe takes.
const STDOUT_BYTES: usize = 64 << 10;

fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(STDOUT_BYTES, io::stdout().lock())
}

const MESSAGE_HEADER: &str = "packet,ts_recv,ts_origin,channel,sequence,type,fields";

fn messages(args: &InspectArgs, feed: &Descriptor, mut capture: Capture) -> Exit {
    let mut lines = Lines::new(stdout(), args.format, args.limit, MESSAGE_HEADER);
    let file_name = args.capture.file_name().unwrap_or_default();
    let mut inspector = Inspector {
        feed,
        file_name: &file_name.to_string_lossy(),
        shows_rest: args.rest,
        text: String::new(),
        channel: String::new(),
        ts_origin: TimeOrigin::None,
        segments_left_out: 0,
        decode_errors: [0; DecodeError::KINDS.len()],
    };
    while !lines.is_over()
        && let Some(record) = capture.next()
    {
        inspector.record(&record, &mut lines);
    }
    if let Some(exit) = lines.finish() {
        return exit;
    }
    if inspector.segments_left_out > 0 {
        narrate(&format!("left out: {} tcp", inspector.segments_left_out));
    }
    conclude(&capture, &inspector.decode_errors)
}

/// Hands records to a feed's own reader.
struct Inspector<'a> {
    feed: &'a Descriptor,
    /// The channel of a venue's file form, which says nothing of it.
    file_name: &'a str,
    shows_rest: bool,
    text: String,
    channel: String,
    /// Whose time the record at hand has.
    ts_origin: TimeOrigin,
    /// TCP segments that are nothing the feed reads.
    segments_left_out: u64,
    decode_errors: [u64; DecodeError::KINDS.len()],
}

impl Inspector<'_> {
    fn record<W: Write>(&mut self, record: &Record<'_>, lines: &mut Lines<W>) {
        self.channel.clear();
        self.ts_origin = record.ts_origin;
        match record.what {
            What::Datagram { dst, payload, .. } => {
                append(&mut self.channel, format_args!("{dst}"));
                self.packet(
                    record.packet,
                    record.ts_recv,
                    0,
                    Form::Datagram,
                    payload,
                    lines,
                );
            }
            What::Segment { src, payload, .. } => {
                append(&mut self.channel, format_args!("{src}"));
                self.packet(
                    record.packet,
                    record.ts_recv,
                    0,
                    Form::Stream(Server::Snapshot(0)),
                    payload,
                    lines,
                );
            }
            What::FileMessages(chunk) => {
                self.channel.push_str(self.file_name);
                // One by one: each message of a file is a packet of its own.
                for (packet, message) in (record.packet..).zip(messages_of_chunk(self.feed, chunk))
                {
                    self.packet(
                        packet,
                        record.ts_recv,
                        0,
                        Form::FileMessages,
                        message,
                        lines,
                    );
                    if lines.is_over() {
                        return;
                    }
                }
            }
            What::Text { conn, text } => {
                append(&mut self.channel, format_args!("{conn}"));
                self.packet(record.packet, record.ts_recv, conn, Form::Text, text, lines);
            }
            What::Binary { conn, bytes } => {
                append(&mut self.channel, format_args!("{conn}"));
                self.packet(
                    record.packet,
                    record.ts_recv,
                    conn,
                    Form::Binary,
                    bytes,
                    lines,
                );
            }
            What::Rest { url, body } if self.shows_rest => {
                append(&mut self.channel, format_args!("rest"));
                self.packet(
                    record.packet,
                    record.ts_recv,
                    0,
                    Form::Rest(url),
                    body,
                    lines,
                );
            }
            What::Rest { .. } | What::Sent { .. } | What::Open { .. } | What::Close { .. } => {}
        }
    }

    fn packet<W: Write>(
        &mut self,
        packet: u64,
        ts_recv: RecvTime,
        line: u32,
        form: Form<'_>,
        bytes: &[u8],
        lines: &mut Lines<W>,
    ) {
        let mut sink = Messages {
            lines,
            text: &mut self.text,
            packet,
            ts_recv,
            ts_origin: self.ts_origin,
            channel: &self.channel,
        };
        let packet = Packet {
            line: Line((line % u32::from(u8::MAX)) as u8),
            ts_recv,
            form,
            bytes,
        };
        let Err(error) = (self.feed.inspect)(&packet, &mut sink) else {
            return;
        };
        match (form, error) {
            // Answers that a client learned its symbols from are no messages of the feed.
            (Form::Rest(_), DecodeError::NotThisProtocol) => {}
            // Nor is every connection in a capture the feed's.
            (Form::Stream(_), DecodeError::NotThisProtocol) => self.segments_left_out += 1,
            _ => self.decode_errors[error.kind()] += 1,
        }
    }
}

const TICK_HEADER: &str = "ts_event,ts_recv,channel,instrument_id,symbol,action,side,price,size,order_id,sequence,flags,\
                           detail";

/// Shows ticks as they come.
struct Ticks<W: Write> {
    lines: Lines<W>,
    /// Definitions by channel and instrument.
    definitions: Vec<Vec<Option<Definition>>>,
    text: String,
    stop: Arc<AtomicBool>,
}

/// Instruments of a channel whose names are kept; ids are dense, so this is far beyond any venue.
const INSTRUMENTS_MAX: usize = 1 << 22;

impl<W: Write> Ticks<W> {
    fn define(&mut self, channel: ChannelId, definition: &Definition) {
        let (channel, instrument) = (usize::from(channel.0), definition.instrument.index());
        if instrument >= INSTRUMENTS_MAX {
            return;
        }
        if self.definitions.len() <= channel {
            self.definitions.resize_with(channel + 1, Vec::new);
        }
        let of_channel = &mut self.definitions[channel];
        if of_channel.len() <= instrument {
            of_channel.resize(instrument + 1, None);
        }
        of_channel[instrument] = Some(*definition);
    }

    fn tick(&mut self, tick: &Tick) {
        if self.lines.is_over() {
            self.stop.store(true, Ordering::Relaxed);
            return;
        }
        let definition = self
            .definitions
            .get(usize::from(tick.channel.0))
            .and_then(|of_channel| of_channel.get(tick.instrument.index()))
            .and_then(Option::as_ref);
        let symbol = definition.map_or("", |definition| definition.symbol.as_str());
        // What a gap or a recovery calls its size is a number of messages.
        let is_count = matches!(tick.action, Action::Gap | Action::Recovered);
        let decimals = definition
            .filter(|_| !is_count)
            .map_or(0, |definition| definition.size_decimals);
        let price = tick.price.is_defined().then(|| tick.price.to_string());
        let size = (tick.size != Size::WHOLE).then(|| tick.size.display(decimals).to_string());
        let instrument =
            (tick.instrument != InstrumentId::ALL).then_some(u64::from(tick.instrument.0));
        let (action, side) = (char::from(tick.action as u8), char::from(tick.side as u8));
        let out = &mut self.text;
        out.clear();
        match self.lines.format {
            Format::Json | Format::Jsonl => {
                out.push_str("{\"ts_event\":");
                number_or_null(out, tick.ts_event.get());
                out.push_str(",\"ts_recv\":");
                number_or_null(out, tick.ts_recv.get());
                append(
                    out,
                    format_args!(",\"channel\":{},\"instrument_id\":", tick.channel.0),
                );
                number_or_null(out, instrument);
                out.push_str(",\"symbol\":");
                quote(out, symbol);
                append(
                    out,
                    format_args!(",\"action\":\"{action}\",\"side\":\"{side}\""),
                );
                for (name, value) in [("price", &price), ("size", &size)] {
                    match value {
                        Some(value) => append(out, format_args!(",\"{name}\":\"{value}\"")),
                        None => append(out, format_args!(",\"{name}\":null")),
                    }
                }
                append(
                    out,
                    format_args!(
                        ",\"order_id\":{},\"sequence\":{},\"flags\":{},\"detail\":{}}}",
                        tick.order_id, tick.sequence, tick.flags.0, tick.detail
                    ),
                );
            }
            Format::Csv => {
                let number = |value: Option<u64>| value.map_or(String::new(), |v| v.to_string());
                append(
                    out,
                    format_args!(
                        "{},{},{},{},",
                        number(tick.ts_event.get()),
                        number(tick.ts_recv.get()),
                        tick.channel.0,
                        number(instrument)
                    ),
                );
                csv(out, symbol);
                append(
                    out,
                    format_args!(
                        ",{action},{side},{},{},{},{},{},{}",
                        price.as_deref().unwrap_or(""),
                        size.as_deref().unwrap_or(""),
                        tick.order_id,
                        tick.sequence,
                        tick.flags.0,
                        tick.detail
                    ),
                );
            }
            Format::Table => append(
                out,
                format_args!(
                    "{:30} {:>3} {symbol:20} {action} {side} {:>18} {:>14} {:>20} {:>12} {:#04x} {}",
                    time(RecvTime(tick.ts_event.0)),
                    tick.channel.0,
                    price.as_deref().unwrap_or("-"),
                    size.as_deref().unwrap_or("-"),
                    tick.order_id,
                    tick.sequence,
                    tick.flags.0,
                    tick.detail
                ),
            ),
        }
        self.lines.line(out);
    }
}

/// The end of a batch that shows its ticks; the other hand stays with `inspect`.
struct Shown<W: Write>(Arc<Mutex<Ticks<W>>>);

impl<W: Write + Send> TickSink for Shown<W> {
    fn accept(&mut self, ticks: &[Tick]) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for tick in ticks {
            shown.tick(tick);
        }
    }

    fn define(&mut self, channel: ChannelId, definition: &Definition) {
        let mut shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.define(channel, definition);
    }
}

fn ticks(args: &InspectArgs, feed: &'static Descriptor, mut capture: Capture) -> Exit {
    let stop = Arc::new(AtomicBool::new(false));
    // The lock of stdout cannot cross threads, which a sink must be able to; one buffer in front makes it as good.
    let out = BufWriter::with_capacity(STDOUT_BYTES, io::stdout());
    let shown = Arc::new(Mutex::new(Ticks {
        lines: Lines::new(out, args.format, args.limit, TICK_HEADER),
        definitions: Vec::new(),
        text: String::new(),
        stop: Arc::clone(&stop),
    }));
    let settings = DriverSettings {
        descriptor: feed,
        channels: Vec::new(),
        instruments: Vec::new(),
        own: Vec::new(),
        from: None,
        to: None,
    };
    let mut driver = match Driver::new(settings) {
        Ok(driver) => driver,
        Err(faults) => {
            for fault in faults {
                narrate(&format!(
                    "waveletd: {}: {} ({})",
                    fault.key, fault.why, fault.remedy
                ));
            }
            return Exit::Failure;
        }
    };
    let mut batch = Batch::new(Box::new(Shown(Arc::clone(&shown))));
    let name = args.capture.to_string_lossy();
    let mut pacer = Pacer::new(Speed::Max);
    driver.run(&mut capture, &name, &mut pacer, &mut batch, &stop, |_| {});
    let report = driver.finish(&mut batch);
    batch.flush();
    let mut decode_errors = [0u64; DecodeError::KINDS.len()];
    for channel in &report.channels {
        for (sum, count) in decode_errors.iter_mut().zip(channel.counters.decode_errors) {
            *sum += count;
        }
    }
    let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(exit) = shown.lines.finish() {
        return exit;
    }
    conclude(&capture, &decode_errors)
}
