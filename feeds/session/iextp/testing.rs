//! What the tests of the rooms over this transport share.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

use super::encode::{Auction, Encoder};
use super::messages::{TEST_SECURITY, TypeInfo};
use super::{HEADER_BYTES, split_message};
use crate::contract::{
    Batch, Descriptor, Feed, FeedSettings, FieldSink, Form, InspectedMessage, Line, MessageSink,
    Outcome, Packet, TickSink,
};
use crate::model::decimal::Decimal;
use crate::model::{Action, ChannelId, Definition, InstrumentId, RecvTime, Side, Tick};
use simd_json::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The instrument of the golden bytes.
pub(crate) const SYMBOL: &str = "ACME";

/// A tick in one line: what is blank is left out; `.` closes an event.
pub(crate) fn text_of(tick: &Tick) -> String {
    let mut text = format!("{:?} #{}", tick.action, tick.sequence);
    let mut say = |name: &str, value: String| text.push_str(&format!(" {name} {value}"));
    if tick.instrument != InstrumentId::ALL {
        say("instrument", tick.instrument.0.to_string());
    }
    if let Some(at) = tick.ts_event.get() {
        say("at", at.to_string());
    }
    if tick.order_id != 0 {
        say("order", tick.order_id.to_string());
    }
    if tick.side != Side::None {
        say("side", format!("{:?}", tick.side));
    }
    if tick.price.is_defined() {
        say("price", tick.price.to_string());
    }
    if tick.size.0 != 0 {
        say("size", tick.size.0.to_string());
    }
    if tick.detail != 0 {
        say("detail", tick.detail.to_string());
    }
    if tick.is_last() {
        text.push_str(" .");
    }
    text
}

#[derive(Clone, Default)]
pub(crate) struct Collect(pub(crate) Arc<Mutex<(Vec<Tick>, Vec<Definition>)>>);

impl TickSink for Collect {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().0.extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().1.push(*definition);
    }
}

/// A feed and what comes out of it.
pub(crate) struct Run {
    pub(crate) feed: Box<dyn Feed>,
    pub(crate) out: Batch,
    pub(crate) seen: Collect,
}

impl Run {
    /// All instruments on two lines.
    pub(crate) fn new(descriptor: &Descriptor) -> Run {
        let settings = FeedSettings {
            line_count: 2,
            ..FeedSettings::single_line(ChannelId(3))
        };
        Run::of(descriptor, settings)
    }

    /// A feed of these settings.
    pub(crate) fn of(descriptor: &Descriptor, settings: FeedSettings) -> Run {
        let seen = Collect::default();
        Run {
            feed: (descriptor.build)(&settings).unwrap(),
            out: Batch::new(Box::new(seen.clone())),
            seen,
        }
    }

    pub(crate) fn packet(&mut self, line: u8, now: u64, bytes: &[u8]) -> Outcome {
        let packet = Packet {
            line: Line(line),
            ts_recv: RecvTime(now),
            form: Form::Datagram,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.out)
    }

    /// Ticks since the last call.
    pub(crate) fn ticks(&mut self) -> Vec<Tick> {
        self.out.flush();
        std::mem::take(&mut self.seen.0.lock().unwrap().0)
    }
}

pub(crate) fn capture(file: &str) -> Option<PathBuf> {
    let root = std::env::var("WAVELETD_CAPTURES").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures"),
        PathBuf::from,
    );
    let path = root.join(file);
    if path.is_file() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").is_err(),
        "no capture {}",
        path.display()
    );
    println!("skipped: no capture {}", path.display());
    None
}

pub(crate) fn open(path: &Path) -> Box<dyn BufRead> {
    let file = std::fs::File::open(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        return Box::new(BufReader::new(flate2::read::GzDecoder::new(file)));
    }
    Box::new(BufReader::new(file))
}

/// Receive times and UDP payloads of a classic little-endian pcap of untagged Ethernet frames.
pub(crate) fn payloads(path: &Path) -> Vec<(u64, Vec<u8>)> {
    let mut pcap = Vec::new();
    open(path).read_to_end(&mut pcap).unwrap();
    let word = |bytes: &[u8]| u64::from(u32::from_le_bytes(bytes[..4].try_into().unwrap()));
    let unit = if pcap[0] == 0x4d { 1 } else { 1_000 };
    let mut rest = &pcap[24..];
    let mut found = Vec::new();
    while let Some((head, tail)) = rest.split_at_checked(16) {
        let count = word(&head[8..]) as usize;
        let ip = &tail[14..count];
        let udp = &ip[usize::from(ip[0] & 15) * 4..];
        let bytes = usize::from(u16::from_be_bytes([udp[4], udp[5]]));
        let at = word(head) * 1_000_000_000 + word(&head[4..]) * unit;
        found.push((at, udp[8..bytes].to_vec()));
        rest = &tail[count..];
    }
    found
}

/// Fields as the reference decode writes them: JSON in wire order, names without underscores, a
/// price of 0 as a number.
#[derive(Default)]
struct Fields(String);

impl Fields {
    fn name(&mut self, name: &str) {
        if !self.0.ends_with(['{', ':']) && !self.0.is_empty() {
            self.0.push(',');
        }
        self.0.push('"');
        self.0
            .extend(name.chars().filter(|character| *character != '_'));
        self.0.push_str("\":");
    }

    fn quoted(&mut self, name: &str, value: &str) {
        self.name(name);
        self.0.push('"');
        self.0.push_str(value);
        self.0.push('"');
    }
}

impl FieldSink for Fields {
    fn integer(&mut self, name: &'static str, value: i128) {
        // Shown as text there, which a zero byte ends.
        if name == "extension_number" && value == 0 {
            return self.quoted(name, "");
        }
        self.name(name);
        write!(self.0, "{value}").unwrap();
    }
    fn decimal(&mut self, name: &'static str, mantissa: i128, scale: u8) {
        match mantissa {
            0 => self.integer(name, 0),
            _ => self.quoted(name, &Decimal { mantissa, scale }.to_string()),
        }
    }
    fn text(&mut self, name: &'static str, value: &[u8]) {
        self.quoted(name, std::str::from_utf8(value).unwrap_or("?").trim());
    }
    fn code(&mut self, name: &'static str, value: u8) {
        self.quoted(name, char::from(value).encode_utf8(&mut [0; 4]));
    }
    fn flag(&mut self, name: &'static str, value: bool) {
        self.integer(name, i128::from(value));
    }
    fn begin_object(&mut self, name: &'static str) {
        self.name(name);
        self.0.push('{');
    }
    fn end_object(&mut self) {
        self.0.push('}');
    }
    fn begin_list(&mut self, _: &'static str) {}
    fn end_list(&mut self) {}
    fn json_members(&mut self, _: &str) {}
}

/// Messages as the members `"…message":{…}`.
#[derive(Default)]
pub(crate) struct Messages(pub(crate) Vec<String>);

impl MessageSink for Messages {
    fn message(&mut self, _: &str, _: Option<u64>, message: &dyn InspectedMessage) {
        let mut fields = Fields::default();
        fields.name(&format!("{}message", message.name()));
        fields.0.push('{');
        message.fields(&mut fields);
        fields.end_object();
        self.0.push(fields.0);
    }
}

pub(crate) fn inspect(descriptor: &Descriptor, bytes: &[u8]) -> Messages {
    let mut messages = Messages::default();
    let packet = Packet {
        line: Line(0),
        ts_recv: RecvTime(0),
        form: Form::Datagram,
        bytes,
    };
    let _ = (descriptor.inspect)(&packet, &mut messages);
    messages
}

/// Compares every field of every message with another decoder's; returns how many messages there
/// were.
#[track_caller]
pub(crate) fn check_decode(descriptor: &Descriptor, pcap: &Path, decode: &Path) -> usize {
    let mut ours = payloads(pcap)
        .into_iter()
        .flat_map(|(_, bytes)| inspect(descriptor, &bytes).0);
    let mut count = 0;
    for line in open(decode).lines() {
        let line = line.unwrap();
        if !line.contains("\"msg\"") {
            continue;
        }
        // The members of the message are the last thing in the line, inside two objects.
        let ours = ours.next().unwrap();
        let theirs = line.strip_suffix("}}").unwrap();
        // Older decoders do not know the bit of single-price crosses.
        let theirs = theirs.replace("\"unused4\":0", "\"unused3\":0,\"singlepricecrosstrade\":0");
        assert!(theirs.ends_with(&ours), "{ours}, not {theirs}");
        count += 1;
    }
    assert!(ours.next().is_none(), "messages beyond the decode");
    count
}

/// Actions of the ticks.
pub(crate) fn actions(ticks: &[Tick]) -> Vec<Action> {
    ticks.iter().map(|tick| tick.action).collect()
}

/// Ticks of one segment without the definition that comes first.
#[track_caller]
pub(crate) fn ticks_of<const PROTOCOL: u16>(
    descriptor: &Descriptor,
    fill: impl FnOnce(&mut Encoder<PROTOCOL>),
) -> Vec<Tick> {
    let mut run = Run::new(descriptor);
    let mut venue = Encoder::new(1, 7);
    fill(&mut venue);
    assert_eq!(run.packet(0, 2, &venue.segment(1)), Outcome::Applied);
    assert_eq!(run.feed.counters().decode_errors_total(), 0);
    let ticks = run.ticks();
    assert_eq!(ticks[0].action, Action::Definition);
    ticks[1..].to_vec()
}

/// The only message of a channel's segment, type byte first.
#[track_caller]
pub(crate) fn only_message<const PROTOCOL: u16>(venue: &mut Encoder<PROTOCOL>) -> Vec<u8> {
    let segment = venue.segment(1);
    let (message, rest) = split_message(&segment[HEADER_BYTES..]).unwrap();
    assert!(rest.is_empty());
    message.to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::bytes)
        .map(|digit| (digit as char).to_digit(16).unwrap() as u8)
        .collect();
    digits
        .chunks_exact(2)
        .map(|pair| pair[0] << 4 | pair[1])
        .collect()
}

/// 2018-05-14 14:30:00.000000123 UTC: when the golden messages are sent.
pub(crate) const AT: i64 = 1_526_308_200_000_000_123;

/// Ticks of `message` after the instrument's directory message.
fn events<const PROTOCOL: u16>(descriptor: &Descriptor, message: &[u8]) -> String {
    let mut run = Run::new(descriptor);
    let mut venue = Encoder::<PROTOCOL>::new(1, 7);
    venue.directory((0, 100, 0), SYMBOL, AT);
    run.packet(0, AT as u64, &venue.segment(AT as u64));
    run.ticks();
    venue.raw(message);
    run.packet(0, AT as u64 + 2_000, &venue.segment(AT as u64 + 1_000));
    assert_eq!(run.feed.counters().decode_errors_total(), 0);
    let said: Vec<String> = run.ticks().iter().map(text_of).collect();
    said.iter().map(|line| format!("{line}\n")).collect()
}

/// An auction with everything.
pub(crate) const AUCTION: Auction = Auction {
    auction_type: b'C',
    paired_shares: 12_000,
    reference: 1_871_000,
    indicative: 1_872_000,
    imbalance_shares: 3_400,
    imbalance_side: b'S',
    extension: 1,
    scheduled_s: 1_526_328_000,
    book_clearing: 1_873_000,
    collar_reference: 1_870_000,
    collar_lower: 1_683_000,
    collar_upper: 2_057_000,
};

/// Says a message of a shared type, with values that tell fields apart; `false` when the type is no
/// shared one.
pub(crate) fn say_shared<const PROTOCOL: u16>(venue: &mut Encoder<PROTOCOL>, tag: u8) -> bool {
    match tag {
        b'S' => venue.system_event(b'E', AT),
        b'D' => venue.directory((TEST_SECURITY, 10, 1_871_000), SYMBOL, AT),
        b'H' => venue.trading_status(b'H', SYMBOL, AT),
        b'I' => venue.retail_liquidity(b'A', SYMBOL, AT),
        b'O' => venue.operational_halt(b'O', SYMBOL, AT),
        b'P' => venue.short_sale((true, b'A'), SYMBOL, AT),
        b'E' => venue.security_event(b'O', SYMBOL, AT),
        b'T' => venue.trade((99_001, 77, 1_872_555), SYMBOL, AT),
        b'X' => venue.official_price((b'Q', 1_872_400), SYMBOL, AT),
        b'B' => venue.trade_break((99_001, 77, 1_872_555), SYMBOL, AT),
        b'A' => venue.auction(&AUCTION, SYMBOL, AT),
        _ => false,
    }
}

/// Checks that every type has golden bytes, `vectors/<message>.hex` of the room, that they are what
/// the encoder says, and that they become the ticks of `vectors/<message>.events`.
///
/// Written anew only with `WAVELETD_BLESS=1`, and then checked by hand against the specification's
/// tables.
#[track_caller]
pub(crate) fn check_vectors<const PROTOCOL: u16>(
    descriptor: &Descriptor,
    title: &str,
    types: &[TypeInfo],
    say: impl Fn(&mut Encoder<PROTOCOL>, u8) -> bool,
) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(descriptor.name);
    let folder = folder.join("vectors");
    let is_blessed = std::env::var("WAVELETD_BLESS").is_ok_and(|value| value == "1");
    for info in types {
        let mut venue = Encoder::<PROTOCOL>::new(1, 7);
        assert!(say(&mut venue, info.tag), "no vector for {}", info.name);
        let message = only_message(&mut venue);
        assert_eq!(message.len(), usize::from(info.bytes), "{}", info.name);
        let (hex_path, events_path) = (
            folder.join(format!("{}.hex", info.name)),
            folder.join(format!("{}.events", info.name)),
        );
        let ticks = |message: &[u8]| events::<PROTOCOL>(descriptor, message);
        if is_blessed {
            let source = format!("# {title}, type {}", char::from(info.tag));
            std::fs::write(&hex_path, format!("{source}\n{}\n", hex(&message))).unwrap();
            std::fs::write(&events_path, ticks(&message)).unwrap();
        }
        let golden = bytes_of(&std::fs::read_to_string(&hex_path).unwrap());
        assert_eq!(hex(&golden), hex(&message), "{}", info.name);
        let expected = std::fs::read_to_string(&events_path).unwrap();
        assert_eq!(ticks(&golden), expected, "{}", info.name);
    }
}

/// Checks that a packet with a message of every type is refused when cut anywhere, and survived
/// when any bit is flipped.
#[track_caller]
pub(crate) fn check_damage<const PROTOCOL: u16>(descriptor: &Descriptor, types: &[TypeInfo]) {
    let mut venue = Encoder::<PROTOCOL>::new(1, 7);
    venue.system_event(b'O', 1);
    for info in types {
        let mut message = vec![b'A'; usize::from(info.bytes)];
        message[0] = info.tag;
        venue.raw(&message);
    }
    let whole = venue.segment(9);
    for count in 0..whole.len() {
        let mut run = Run::new(descriptor);
        let outcome = run.packet(0, 1, &whole[..count]);
        assert!(
            matches!(outcome, Outcome::Refused(_)),
            "{count}: {outcome:?}"
        );
        inspect(descriptor, &whole[..count]);
    }
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let mut run = Run::new(descriptor);
        run.packet(0, 1, &damaged);
        run.feed.on_clock(RecvTime(10_000_000_000), &mut run.out);
        run.feed.finish(RecvTime(20_000_000_000), &mut run.out);
        inspect(descriptor, &damaged);
    }
}

/// A whole capture through a feed, beside what another decoder made of it.
pub(crate) struct Recorded {
    /// The feed at its end.
    pub(crate) run: Run,
    /// Its ticks.
    pub(crate) ticks: Vec<Tick>,
    /// Names by instrument.
    pub(crate) symbols: BTreeMap<InstrumentId, String>,
    /// The other decoder's account of it.
    pub(crate) expected: simd_json::OwnedValue,
}

impl Recorded {
    /// Runs a capture on one line; `None` where it is not at hand.
    pub(crate) fn of(descriptor: &Descriptor, pcap: &str, expected: &str) -> Option<Recorded> {
        let (pcap, expected) = (capture(pcap)?, capture(expected)?);
        let mut run = Run::new(descriptor);
        for (at, bytes) in payloads(&pcap) {
            run.packet(0, at, &bytes);
        }
        let ticks = run.ticks();
        let seen = run.seen.0.lock().unwrap();
        let symbols = seen.1.iter();
        let symbols = symbols
            .map(|definition| (definition.instrument, definition.symbol.as_str().to_owned()))
            .collect();
        drop(seen);
        let mut text = Vec::new();
        open(&expected).read_to_end(&mut text).unwrap();
        Some(Recorded {
            run,
            ticks,
            symbols,
            expected: simd_json::to_owned_value(&mut text).unwrap(),
        })
    }

    /// The other decoder counted as many messages of every type.
    #[track_caller]
    pub(crate) fn check_types(&self) {
        let by_type = self.run.feed.messages_by_type().into_iter();
        let by_type: BTreeMap<String, u64> = by_type
            .map(|(name, count)| (format!("{}message", name.replace('_', "")), count))
            .collect();
        let theirs = self.expected.get("by_type").unwrap().as_object().unwrap();
        assert_eq!(by_type.len(), theirs.len());
        for (name, count) in theirs {
            assert_eq!(by_type[name], count.as_u64().unwrap(), "{name}");
        }
    }

    /// The other decoder saw the same trades: how many, how much and the last one of every
    /// instrument.
    #[track_caller]
    pub(crate) fn check_trades(&self) {
        let mut trades: BTreeMap<&str, (u64, u64, Option<&Tick>)> = BTreeMap::new();
        for tick in &self.ticks {
            if tick.action == Action::Trade {
                let trade = trades.entry(&self.symbols[&tick.instrument]).or_default();
                *trade = (trade.0 + 1, trade.1 + tick.size.0, Some(tick));
            }
        }
        let theirs = self.expected.get("trades_by_symbol").unwrap();
        let theirs = theirs.as_object().unwrap();
        assert_eq!(trades.len(), theirs.len());
        for (symbol, their) in theirs {
            let (count, shares, last) = trades[symbol.as_str()];
            let last = last.unwrap();
            assert_eq!(Some(count), their.get_u64("count"), "{symbol}");
            assert_eq!(Some(shares), their.get_u64("shares"), "{symbol}");
            let their_last = their.get_array("last").unwrap();
            let price = last.price.to_string();
            assert_eq!(Some(price.as_str()), their_last[0].as_str());
            assert_eq!(Some(last.size.0), their_last[1].as_u64());
            assert_eq!(Some(last.order_id), their_last[2].as_u64());
        }
    }
}
