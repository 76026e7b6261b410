//! What the tests of the rooms over this transport share.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

use super::encode::Encoder;
use super::{COUNT_BYTES, HEADER_BYTES};
use crate::contract::{
    Batch, Descriptor, Feed, FeedSettings, Form, Line, MessageSink, Outcome, Packet, TickSink,
};
use crate::model::{ChannelId, Definition, Flags, InstrumentId, RecvTime, Side, Tick};
use crate::session::sbe::HeaderShape;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// 2023-08-22 13:30:00.000117312 UTC.
pub(crate) const AT: u64 = 1_692_711_000_000_117_312;
/// Number and name of the instrument the messages are about.
pub(crate) const LISTED: (u16, &str) = (7_996, "BRK B");
/// Session of all packets.
pub(crate) const SESSION: u64 = 6_148_333_994_739_271_368;
/// One cent.
pub(crate) const CENT: i64 = 10_000_000;

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

struct Ignore;

impl MessageSink for Ignore {
    fn message(&mut self, _: &str, _: Option<u64>, _: &dyn crate::contract::InspectedMessage) {}
}

/// A feed and what comes out of it.
pub(crate) struct Run {
    descriptor: &'static Descriptor,
    /// The feed.
    pub(crate) feed: Box<dyn Feed>,
    /// Where its ticks go.
    pub(crate) out: Batch,
    seen: Collect,
    now: u64,
}

impl Run {
    /// A channel of two lines that follows these symbols; all when there are none.
    pub(crate) fn new(descriptor: &'static Descriptor, symbols: &[&str]) -> Run {
        let seen = Collect::default();
        let settings = FeedSettings {
            line_count: 2,
            instruments: symbols.iter().map(ToString::to_string).collect(),
            ..FeedSettings::single_line(ChannelId(3))
        };
        Run {
            descriptor,
            feed: (descriptor.build)(&settings).unwrap(),
            out: Batch::new(Box::new(seen.clone())),
            seen,
            now: AT,
        }
    }

    /// A packet on the first line, a millisecond later.
    pub(crate) fn packet(&mut self, bytes: &[u8]) -> Outcome {
        self.now += 1_000_000;
        let packet = Packet {
            line: Line(0),
            ts_recv: RecvTime(self.now),
            form: Form::Datagram,
            bytes,
        };
        let _ = (self.descriptor.inspect)(&packet, &mut Ignore);
        self.feed.on_packet(&packet, &mut self.out)
    }

    /// A second goes by.
    pub(crate) fn wait(&mut self) {
        self.now += 1_000_000_000;
        self.feed.on_clock(RecvTime(self.now), &mut self.out);
    }

    /// Ticks since the last call, each in a line.
    pub(crate) fn said(&mut self) -> Vec<String> {
        self.out.flush();
        let ticks = std::mem::take(&mut self.seen.0.lock().unwrap().0);
        ticks.iter().map(text_of).collect()
    }

    /// Definitions so far.
    pub(crate) fn definitions(&self) -> Vec<Definition> {
        self.seen.0.lock().unwrap().1.clone()
    }
}

/// A tick in one line: what is blank is left out; `.` closes an event.
fn text_of(tick: &Tick) -> String {
    let mut text = format!("{:?} #{}", tick.action, tick.sequence);
    let mut say = |name: &str, value: String| text.push_str(&format!(" {name} {value}"));
    if tick.instrument != InstrumentId::ALL {
        say("instrument", tick.instrument.0.to_string());
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
    if tick.flags.contains(Flags::SNAPSHOT) {
        text.push_str(" snapshot");
    }
    if tick.is_last() {
        text.push_str(" .");
    }
    text
}

/// Ticks of the one message of `packet`, the second of a session that began with `listing`.
fn events(descriptor: &'static Descriptor, listing: &[u8], packet: &[u8]) -> String {
    let mut run = Run::new(descriptor, &[]);
    assert_eq!(run.packet(listing), Outcome::Applied);
    run.said();
    assert_eq!(run.packet(packet), Outcome::Applied);
    assert_eq!(run.feed.counters().decode_errors_total(), 0);
    assert_eq!(run.feed.counters().unknown_messages, 0);
    run.said().iter().map(|line| format!("{line}\n")).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::bytes)
        .map(|digit| (digit as char).to_digit(16).unwrap() as u8)
        .collect();
    let pairs = digits.chunks_exact(2);
    pairs.map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Checks that every message has golden bytes, `vectors/<message>.hex` of the room, that they are
/// what the encoder says, and that they become the ticks of `vectors/<message>.events`.
///
/// Written anew only with `WAVELETD_BLESS=1`, and then checked by hand against the schema's tables.
#[track_caller]
pub(crate) fn check_vectors<H: HeaderShape>(
    descriptor: &'static Descriptor,
    templates: &[(u16, &str)],
    list: impl Fn(&mut Encoder<H>) -> bool,
    say: impl Fn(&mut Encoder<H>, &str) -> bool,
) {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(descriptor.name);
    let folder = folder.join("vectors");
    let is_blessed = std::env::var("WAVELETD_BLESS").is_ok_and(|value| value == "1");
    let mut venue = Encoder::<H>::new(SESSION, 1);
    assert!(list(&mut venue));
    let listing = venue.packet();
    for (template, name) in templates {
        let mut venue = Encoder::<H>::new(SESSION, 2);
        assert!(say(&mut venue, name), "no vector for {name}");
        let packet = venue.packet();
        let message = &packet[HEADER_BYTES + COUNT_BYTES..];
        let (hex_path, events_path) = (
            folder.join(format!("{name}.hex")),
            folder.join(format!("{name}.events")),
        );
        let ticks = |packet: &[u8]| events(descriptor, &listing, packet);
        if is_blessed {
            let source = format!("# {}, template {template}", descriptor.title);
            std::fs::write(&hex_path, format!("{source}\n{}\n", hex(message))).unwrap();
            std::fs::write(&events_path, ticks(&packet)).unwrap();
        }
        let golden = bytes_of(&std::fs::read_to_string(&hex_path).unwrap());
        assert_eq!(hex(&golden), hex(message), "{name}");
        let mut whole = packet[..HEADER_BYTES + COUNT_BYTES].to_vec();
        whole.extend(golden);
        let expected = std::fs::read_to_string(&events_path).unwrap();
        assert_eq!(ticks(&whole), expected, "{name}");
    }
}

/// Checks that a packet with a message of every template is refused when cut anywhere, and survived
/// when any bit is flipped.
#[track_caller]
pub(crate) fn check_damage<H: HeaderShape>(
    descriptor: &'static Descriptor,
    templates: &[(u16, &str)],
    say: impl Fn(&mut Encoder<H>, &str) -> bool,
) {
    let mut venue = Encoder::<H>::new(SESSION, 1);
    for (_, name) in templates {
        assert!(say(&mut venue, name));
    }
    let whole = venue.packet();
    for count in 0..whole.len() {
        let outcome = Run::new(descriptor, &[]).packet(&whole[..count]);
        assert!(
            matches!(outcome, Outcome::Refused(_)),
            "{count}: {outcome:?}"
        );
    }
    for bit in 0..whole.len() * 8 {
        let mut damaged = whole.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        let mut run = Run::new(descriptor, &[]);
        run.packet(&damaged);
        run.wait();
        run.feed.finish(RecvTime(2 * AT), &mut run.out);
    }
}
