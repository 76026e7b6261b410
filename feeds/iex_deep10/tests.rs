//! Tests of the room: a capture with its decode, restarts and damage.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

mod rules;
mod vectors;

use super::{Auction, DESCRIPTOR, Encoder};
use crate::contract::{
    Batch, Feed, FeedSettings, FieldSink, Form, InspectedMessage, Line, MessageSink, Outcome,
    Packet, TickSink,
};
use crate::model::decimal::Decimal;
use crate::model::{
    Action, ChannelId, Definition, InstrumentId, RecvTime, ResetKind, Side, Tick, TradingState,
};
use simd_json::prelude::*;
use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

const SYMBOL: &str = "ACME";

/// A tick in one line: what is blank is left out; `.` closes an event.
fn text_of(tick: &Tick) -> String {
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
struct Collect(Arc<Mutex<(Vec<Tick>, Vec<Definition>)>>);

impl TickSink for Collect {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().0.extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().1.push(*definition);
    }
}

/// A feed and what comes out of it.
struct Run {
    feed: Box<dyn Feed>,
    out: Batch,
    seen: Collect,
}

impl Run {
    /// All instruments on two lines.
    fn new() -> Run {
        Run::of(FeedSettings {
            line_count: 2,
            ..FeedSettings::single_line(ChannelId(3))
        })
    }

    fn of(settings: FeedSettings) -> Run {
        let seen = Collect::default();
        Run {
            feed: (DESCRIPTOR.build)(&settings).unwrap(),
            out: Batch::new(Box::new(seen.clone())),
            seen,
        }
    }

    fn packet(&mut self, line: u8, now: u64, bytes: &[u8]) -> Outcome {
        let packet = Packet {
            line: Line(line),
            ts_recv: RecvTime(now),
            form: Form::Datagram,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.out)
    }

    /// Ticks since the last call.
    fn ticks(&mut self) -> Vec<Tick> {
        self.out.flush();
        std::mem::take(&mut self.seen.0.lock().unwrap().0)
    }
}

fn capture(file: &str) -> Option<PathBuf> {
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

fn open(path: &Path) -> Box<dyn BufRead> {
    let file = std::fs::File::open(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        return Box::new(BufReader::new(flate2::read::GzDecoder::new(file)));
    }
    Box::new(BufReader::new(file))
}

/// Receive times and UDP payloads of a classic little-endian pcap of untagged Ethernet frames.
fn payloads(path: &Path) -> Vec<(u64, Vec<u8>)> {
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

/// Fields as the reference decode writes them: JSON in wire order, names without underscores, a price of 0 as a number.
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
struct Messages(Vec<String>);

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

fn inspect(bytes: &[u8]) -> Messages {
    let mut messages = Messages::default();
    let packet = Packet {
        line: Line(0),
        ts_recv: RecvTime(0),
        form: Form::Datagram,
        bytes,
    };
    let _ = (DESCRIPTOR.inspect)(&packet, &mut messages);
    messages
}

/// Compares every field of every message with another decoder's; returns how many messages there were.
#[track_caller]
fn check_decode(pcap: &Path, decode: &Path) -> usize {
    let mut ours = payloads(pcap)
        .into_iter()
        .flat_map(|(_, bytes)| inspect(&bytes).0);
    let mut count = 0;
    for line in open(decode).lines() {
        let line = line.unwrap();
        if !line.contains("\"msg\"") {
            continue;
        }
        // The members of the message are the last thing in the line, inside two objects.
        let ours = ours.next().unwrap();
        let theirs = line.strip_suffix("}}").unwrap();
        assert!(theirs.ends_with(&ours), "{ours}, not {theirs}");
        count += 1;
    }
    assert!(ours.next().is_none(), "messages beyond the decode");
    count
}

const DEEP: &str = "iex-hist/DEEP10.first70000.pcap";

#[test]
fn every_field_of_a_recorded_morning_is_what_another_decoder_says() {
    if let (Some(pcap), Some(decode)) = (
        capture(&format!("{DEEP}.gz")),
        capture(&format!("{DEEP}.decoded.jsonl.gz")),
    ) {
        assert_eq!(check_decode(&pcap, &decode), 340_024);
    }
}

#[test]
fn the_samples_of_the_protocol_library_decode() {
    for (name, count) in [("Heartbeat", 0), ("PriceLevelSellUpdateMessage", 1)] {
        let path = format!("omi-pcap/Iex/Deep.IexTp.v1.0/{name}.pcap");
        if let (Some(pcap), Some(decode)) =
            (capture(&path), capture(&format!("{path}.decoded.jsonl")))
        {
            assert_eq!(check_decode(&pcap, &decode), count);
        }
    }
}

#[test]
fn the_recorded_morning_builds_the_reference_books_through_eleven_restarts() {
    let (Some(pcap), Some(expected)) = (
        capture(&format!("{DEEP}.gz")),
        capture(&format!("{DEEP}.expected.json.gz")),
    ) else {
        return;
    };
    let mut run = Run::new();
    for (at, bytes) in payloads(&pcap) {
        run.packet(0, at, &bytes);
    }
    let ticks = run.ticks();
    let symbols: BTreeMap<InstrumentId, String> = run
        .seen
        .0
        .lock()
        .unwrap()
        .1
        .iter()
        .map(|definition| (definition.instrument, definition.symbol.as_str().to_owned()))
        .collect();
    let counters = run.feed.counters();
    assert_eq!((counters.messages, counters.resets), (340_024, 11));
    assert_eq!((counters.heartbeats, counters.messages_lost), (7_857, 0));
    assert_eq!(counters.decode_errors_total(), 0);

    let mut text = Vec::new();
    open(&expected).read_to_end(&mut text).unwrap();
    let expected = simd_json::to_owned_value(&mut text).unwrap();
    let by_type: BTreeMap<String, u64> = run
        .feed
        .messages_by_type()
        .into_iter()
        .map(|(name, count)| (format!("{}message", name.replace('_', "")), count))
        .collect();
    let their_types = expected.get("by_type").unwrap().as_object().unwrap();
    assert_eq!(by_type.len(), their_types.len());
    for (name, count) in their_types {
        assert_eq!(by_type[name], count.as_u64().unwrap(), "{name}");
    }

    let mut books: BTreeMap<(String, Side), BTreeMap<i64, u64>> = BTreeMap::new();
    let mut trades: BTreeMap<String, (u64, u64, Option<Tick>)> = BTreeMap::new();
    for tick in ticks {
        match tick.action {
            Action::Level => {
                let key = (symbols[&tick.instrument].clone(), tick.side);
                let levels = books.entry(key).or_default();
                match tick.size.0 {
                    0 => levels.remove(&tick.price.0),
                    size => levels.insert(tick.price.0, size),
                };
            }
            Action::Trade => {
                let trade = trades.entry(symbols[&tick.instrument].clone()).or_default();
                *trade = (trade.0 + 1, trade.1 + tick.size.0, Some(tick));
            }
            _ => {}
        }
    }
    let price_text = |price: i64| crate::model::Price(price).to_string();
    let their_trades = expected
        .get("trades_by_symbol")
        .unwrap()
        .as_object()
        .unwrap();
    assert_eq!(trades.len(), their_trades.len());
    for (symbol, their) in their_trades {
        let (count, shares, last) = trades[symbol];
        let last = last.unwrap();
        assert_eq!(Some(count), their.get_u64("count"), "{symbol}");
        assert_eq!(Some(shares), their.get_u64("shares"), "{symbol}");
        let their_last = their.get_array("last").unwrap();
        assert_eq!(
            Some(price_text(last.price.0).as_str()),
            their_last[0].as_str()
        );
        assert_eq!(Some(last.size.0), their_last[1].as_u64());
        assert_eq!(Some(last.order_id), their_last[2].as_u64());
    }
    for (symbol, book) in expected
        .get("final_books_top10")
        .unwrap()
        .as_object()
        .unwrap()
    {
        for (side, name) in [(Side::Bid, "bids"), (Side::Ask, "asks")] {
            let levels = books.remove(&(symbol.clone(), side)).unwrap_or_default();
            let mut ours: Vec<_> = levels.iter().map(|(&price, &size)| (price, size)).collect();
            if side == Side::Bid {
                ours.reverse();
            }
            ours.truncate(10);
            let ours: Vec<_> = ours
                .iter()
                .map(|&(price, size)| (price_text(price), size))
                .collect();
            let their: Vec<_> = book
                .get_array(name)
                .unwrap()
                .iter()
                .map(|level| {
                    let level = level.as_array().unwrap();
                    (
                        level[0].as_str().unwrap().to_owned(),
                        level[1].as_u64().unwrap(),
                    )
                })
                .collect();
            assert_eq!(ours, their, "{symbol} {name}");
        }
    }
    assert!(
        books.values().all(BTreeMap::is_empty),
        "books beyond the reference"
    );
}

fn actions(ticks: &[Tick]) -> Vec<Action> {
    ticks.iter().map(|tick| tick.action).collect()
}

#[test]
fn a_restart_is_told_from_a_late_first_packet_by_its_send_time() {
    let mut run = Run::new();
    let mut venue = Encoder::new(1, 7);
    venue.level((Side::Bid, 100, 10_000), "ACME", 5, true);
    let first = venue.segment(10);
    venue.trade((9, 50, 10_000), "ACME", 6);
    let second = venue.segment(20);
    assert_eq!(run.packet(0, 11, &first), Outcome::Applied);
    assert_eq!(run.packet(0, 21, &second), Outcome::Applied);
    assert_eq!(run.packet(1, 22, &first), Outcome::Duplicate);
    assert_eq!(run.packet(1, 23, &second), Outcome::Duplicate);
    assert_eq!(
        actions(&run.ticks()),
        [Action::Definition, Action::Level, Action::Trade]
    );
    let again = Encoder::new(1, 7).segment(30);
    assert_eq!(run.packet(0, 31, &again), Outcome::Heartbeat);
    assert_eq!(run.packet(1, 32, &again), Outcome::Heartbeat);
    let ticks = run.ticks();
    assert_eq!(actions(&ticks), [Action::Reset]);
    assert_eq!(ticks[0].detail, ResetKind::Sequence as u8);
    let mut next = Encoder::new(1, 8);
    next.level((Side::Ask, 1, 2), "ACME", 5, false);
    assert_eq!(run.packet(0, 41, &next.segment(40)), Outcome::Applied);
    let ticks = run.ticks();
    assert_eq!(ticks[0].detail, ResetKind::Session as u8);
    assert_eq!(actions(&ticks), [Action::Reset, Action::Level]);
    assert!(!ticks[1].is_last(), "the venue left the event open");
}

#[test]
fn a_venue_halt_hides_the_trading_status_until_it_is_lifted() {
    let mut run = Run::new();
    let mut venue = Encoder::new(1, 7);
    venue.trading_status(b'P', "", 1);
    venue.operational_halt(b'N', "", 1);
    venue.operational_halt(b'O', "", 1);
    venue.operational_halt(b'N', "", 1);
    run.packet(0, 2, &venue.segment(1));
    let states: Vec<u8> = run.ticks()[1..].iter().map(|tick| tick.detail).collect();
    let (pause, halt) = (TradingState::Pause as u8, TradingState::Halt as u8);
    assert_eq!(states, [pause, halt, pause]);
}

#[test]
fn damage_anywhere_is_refused_without_a_panic() {
    let mut venue = Encoder::new(1, 7);
    venue.system_event(b'O', 1);
    for info in super::wire::TYPES {
        let mut message = vec![b'A'; usize::from(info.bytes)];
        message[0] = info.tag;
        venue.raw(&message);
    }
    let whole = venue.segment(9);
    for count in 0..whole.len() {
        let mut run = Run::new();
        let outcome = run.packet(0, 1, &whole[..count]);
        assert!(
            matches!(outcome, Outcome::Refused(_)),
            "{count}: {outcome:?}"
        );
        inspect(&whole[..count]);
    }
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let mut run = Run::new();
        run.packet(0, 1, &damaged);
        run.feed.on_clock(RecvTime(10_000_000_000), &mut run.out);
        run.feed.finish(RecvTime(20_000_000_000), &mut run.out);
        inspect(&damaged);
    }
}

#[test]
fn silence_of_every_line_is_told_once_and_ends_with_the_next_packet() {
    let mut run = Run::new();
    run.packet(0, 1, &Encoder::new(1, 7).segment(1));
    run.feed.on_clock(RecvTime(2), &mut run.out);
    run.feed.on_clock(RecvTime(6_000_000_000), &mut run.out);
    run.feed.on_clock(RecvTime(7_000_000_000), &mut run.out);
    run.packet(1, 8_000_000_000, &Encoder::new(1, 7).segment(2));
    let beats: Vec<_> = run
        .ticks()
        .iter()
        .map(|tick| (tick.action, tick.detail))
        .collect();
    assert_eq!(beats, [(Action::Heartbeat, 1), (Action::Heartbeat, 0)]);
}
