//! What the tests of all rooms of the protocol share: a feed with what comes out of it as text,
//! golden vectors, damaged packets.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

use super::PitchEncoder;
use super::encode::Dialect;
use super::wire::TypeInfo;
use super::{gap, spin};
use crate::contract::{
    Action, Batch, Descriptor, Feed, FeedSettings, FieldSink, Form, InspectedMessage, Line,
    LinkEvent, MessageSink, Notice, Outcome, Packet, Server, TickSink, Value,
};
use crate::model::decimal::Decimal;
use crate::model::{ChannelId, Definition, InstrumentId, RecvTime, Side, Tick};
use crate::session::sequenced_unit::{HEADER_BYTES, Header, split_message};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// Midnight in New York of 2020-01-30, in ns since the Unix epoch.
pub(crate) const MIDNIGHT: u64 = 1_580_360_400_000_000_000;
/// 09:30 of that day.
pub(crate) const OPEN: u64 = MIDNIGHT + SECOND as u64 * 1_000_000_000;
pub(crate) const SECOND: u32 = 34_200;
pub(crate) const MILLISECOND: u64 = 1_000_000;

/// Nanoseconds within the second, for golden vectors.
pub(crate) const OFFSET: u32 = 123_456_789;

/// Keeps what comes out, as text: one line a tick.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl TickSink for Kept {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().extend(ticks.iter().map(text_of));
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        let mut text = format!("define {} {}", definition.instrument.0, definition.symbol);
        if definition.tick_size.is_defined() {
            text.push_str(&format!(" tick {}", definition.tick_size));
        }
        if definition.is_test {
            text.push_str(" test");
        }
        self.0.lock().unwrap().push(text);
    }
}

/// A tick in one line: what is blank is left out; `.` closes an event.
fn text_of(tick: &Tick) -> String {
    let mut text = format!("{:?} #{}", tick.action, tick.sequence);
    let mut say = |name: &str, value: String| text.push_str(&format!(" {name} {value}"));
    if tick.instrument != InstrumentId::ALL {
        say("instrument", tick.instrument.0.to_string());
    }
    if let Some(at) = tick.ts_event.get() {
        say("at", (i128::from(at) - i128::from(MIDNIGHT)).to_string());
    }
    if tick.order_id != 0 {
        say("order", tick.order_id.to_string());
    }
    if tick.side != Side::None {
        say("side", format!("{:?}", tick.side));
    }
    if tick.price.is_defined() {
        let mantissa = i128::from(tick.price.0);
        say("price", Decimal { mantissa, scale: 9 }.to_string());
    }
    match tick.size.0 {
        0 => {}
        u64::MAX => say("size", "whole".to_owned()),
        size => say("size", size.to_string()),
    }
    if tick.detail != 0 {
        say("detail", tick.detail.to_string());
    }
    if tick.is_last() {
        text.push_str(" .");
    }
    text
}

/// A feed with its batch and what came out.
pub(crate) struct Rig {
    dialect: &'static Dialect,
    pub(crate) feed: Box<dyn Feed>,
    batch: Batch,
    kept: Kept,
}

impl Rig {
    pub(crate) fn new(
        descriptor: &Descriptor,
        dialect: &'static Dialect,
        change: impl FnOnce(&mut FeedSettings),
    ) -> Rig {
        let mut settings = FeedSettings::single_line(ChannelId(0));
        change(&mut settings);
        let kept = Kept::default();
        Rig {
            dialect,
            feed: (descriptor.build)(&settings).unwrap(),
            batch: Batch::new(Box::new(kept.clone())),
            kept,
        }
    }

    pub(crate) fn packet(&mut self, line: Line, bytes: &[u8], now: u64) -> Outcome {
        let packet = Packet {
            line,
            ts_recv: RecvTime(now),
            form: Form::Datagram,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.batch)
    }

    /// What `fill` says, as one packet of unit 1.
    pub(crate) fn say(
        &mut self,
        sequence: u32,
        now: u64,
        fill: impl FnOnce(&mut PitchEncoder),
    ) -> Outcome {
        self.packet(
            Line(0),
            &packet_of(1, sequence, &encoded(self.dialect, fill)),
            now,
        )
    }

    pub(crate) fn finish(&mut self, now: u64) {
        self.feed.finish(RecvTime(now), &mut self.batch);
    }

    pub(crate) fn clock(&mut self, now: u64) {
        self.feed.on_clock(RecvTime(now), &mut self.batch);
    }

    pub(crate) fn notices(&mut self) -> Vec<Notice> {
        std::iter::from_fn(|| self.feed.poll_notice()).collect()
    }

    /// What came out since the last look.
    pub(crate) fn said(&mut self) -> Vec<String> {
        self.batch.flush();
        std::mem::take(&mut self.kept.0.lock().unwrap())
    }

    #[track_caller]
    pub(crate) fn check(&mut self, lines: &[&str]) {
        assert_eq!(self.said(), lines);
    }
}

/// Encodes what `fill` says.
pub(crate) fn encoded(dialect: &'static Dialect, fill: impl FnOnce(&mut PitchEncoder)) -> Vec<u8> {
    let mut encoder = PitchEncoder::new(dialect);
    fill(&mut encoder);
    encoder.bytes().to_vec()
}

/// A packet of these messages.
pub(crate) fn packet_of(unit: u8, sequence: u32, blocks: &[u8]) -> Vec<u8> {
    let (mut count, mut rest) = (0, blocks);
    while !rest.is_empty() {
        rest = &rest[usize::from(rest[0])..];
        count += 1;
    }
    let header = Header {
        length: (HEADER_BYTES + blocks.len()) as u16,
        count,
        unit,
        sequence,
    };
    [&header.to_bytes(), blocks].concat()
}

pub(crate) fn integer(key: &str, value: i64) -> (String, Value) {
    (key.to_owned(), Value::Integer(value))
}

/// Numbers of a fixed seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % count
    }
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

/// What `inspect` says, in one line a message.
#[derive(Default)]
struct Shown(Vec<String>);

/// Fields behind one another, as text.
struct Fields<'a>(&'a mut String);

impl FieldSink for Fields<'_> {
    fn integer(&mut self, name: &'static str, value: i128) {
        self.0.push_str(&format!(" {name} {value}"));
    }
    fn decimal(&mut self, name: &'static str, mantissa: i128, scale: u8) {
        let value = Decimal { mantissa, scale };
        self.0.push_str(&format!(" {name} {value}"));
    }
    fn text(&mut self, name: &'static str, value: &[u8]) {
        let value = String::from_utf8_lossy(value.trim_ascii());
        self.0.push_str(&format!(" {name} {value}"));
    }
    fn code(&mut self, name: &'static str, value: u8) {
        self.0.push_str(&format!(" {name} {}", char::from(value)));
    }
    fn flag(&mut self, name: &'static str, value: bool) {
        self.0.push_str(&format!(" {name} {value}"));
    }
    fn begin_object(&mut self, name: &'static str) {
        // An element of a list has no name.
        let space = if name.is_empty() { "" } else { " " };
        self.0.push_str(&format!("{space}{name} {{"));
    }
    fn end_object(&mut self) {
        self.0.push_str(" }");
    }
    fn begin_list(&mut self, name: &'static str) {
        self.0.push_str(&format!(" {name} ["));
    }
    fn end_list(&mut self) {
        self.0.push_str(" ]");
    }
    fn json_members(&mut self, _: &str) {}
}

impl MessageSink for Shown {
    fn message(&mut self, channel: &str, sequence: Option<u64>, message: &dyn InspectedMessage) {
        let sequence = sequence.map_or("-".to_owned(), |sequence| sequence.to_string());
        let mut line = format!("{channel} #{sequence} {}", message.name());
        message.fields(&mut Fields(&mut line));
        self.0.push(line);
    }
}

/// What `inspect` shows of a packet, one line a message.
#[track_caller]
pub(crate) fn check_shown(descriptor: &Descriptor, hex: &str, lines: &[&str]) {
    let bytes = bytes_of(hex);
    let packet = Packet {
        line: Line(0),
        ts_recv: RecvTime(0),
        form: Form::Datagram,
        bytes: &bytes,
    };
    let mut shown = Shown::default();
    (descriptor.inspect)(&packet, &mut shown).unwrap();
    assert_eq!(shown.0, lines);
}

/// A room as its tests see it.
pub(crate) struct Room {
    pub(crate) descriptor: &'static Descriptor,
    pub(crate) dialect: &'static Dialect,
    pub(crate) types: &'static [TypeInfo],
    /// One message of a type, with values that tell fields apart. Order 4711 bids for 300.
    pub(crate) message_of: fn(u8) -> Vec<u8>,
    /// A symbol of the room, as it is on the wire.
    pub(crate) symbol: &'static [u8],
    /// What is said of that symbol, without a number, before anything else.
    pub(crate) names: fn(&mut PitchEncoder),
}

impl Room {
    pub(crate) fn rig(&self, change: impl FnOnce(&mut FeedSettings)) -> Rig {
        Rig::new(self.descriptor, self.dialect, change)
    }

    /// Ticks of `blocks` behind a second and an order that rests.
    fn events(&self, blocks: &[u8]) -> String {
        let mut rig = self.rig(|_| {});
        let names = encoded(self.dialect, self.names);
        rig.packet(Line(0), &packet_of(1, 0, &names), OPEN);
        let symbol = self.symbol;
        rig.say(1, OPEN, |venue| {
            venue.time(SECOND, (OPEN / 1_000_000_000) as u32);
            venue.add_order(1, (4_711, Side::Bid, 300, 1_872_500), symbol);
        });
        rig.said();
        rig.packet(Line(0), &packet_of(1, 3, blocks), OPEN);
        assert_eq!(rig.feed.counters().decode_errors_total(), 0);
        assert_eq!(rig.feed.counters().unknown_instrument_messages, 0);
        rig.said().iter().map(|line| format!("{line}\n")).collect()
    }

    /// Golden bytes beside the ticks they become: `vectors/<message>.hex` and
    /// `vectors/<message>.events`. Written anew only with `WAVELETD_BLESS=1`, and then checked by
    /// hand against the specification's tables.
    pub(crate) fn check_vectors(&self) {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        let folder = folder.join(self.descriptor.name).join("vectors");
        let is_blessed = std::env::var("WAVELETD_BLESS").is_ok_and(|value| value == "1");
        for info in self.types {
            let said = (self.message_of)(info.tag);
            let (message, rest) = split_message(&said).unwrap();
            assert_eq!((message[0], rest.len()), (info.tag, 0), "{}", info.name);
            assert!(said.len() >= usize::from(info.bytes), "{}", info.name);
            // Two tags may have one name where a version moved a message.
            let others = self.types.iter().filter(|other| other.name == info.name);
            let name = if others.count() > 1 {
                format!("{}_{:02x}", info.name, info.tag)
            } else {
                info.name.to_owned()
            };
            let (hex_path, events_path) = (
                folder.join(format!("{name}.hex")),
                folder.join(format!("{name}.events")),
            );
            if is_blessed {
                let source = format!("# Cboe Multicast PITCH, type {:02X}", info.tag);
                std::fs::create_dir_all(&folder).unwrap();
                std::fs::write(&hex_path, format!("{source}\n{}\n", hex(&said))).unwrap();
                std::fs::write(&events_path, self.events(&said)).unwrap();
            }
            let golden = bytes_of(&std::fs::read_to_string(&hex_path).unwrap());
            assert_eq!(hex(&golden), hex(&said), "{}", info.name);
            let expected = std::fs::read_to_string(&events_path).unwrap();
            assert_eq!(self.events(&golden), expected, "{}", info.name);
        }
    }

    /// A message with bytes behind it is taken, one without its last byte is refused.
    pub(crate) fn check_lengths(&self) {
        for info in self.types {
            let mut rig = self.rig(|_| {});
            let mut block = vec![info.bytes + 3, info.tag];
            block.resize(usize::from(info.bytes) + 3, b'B');
            rig.packet(Line(0), &packet_of(1, 1, &block), OPEN);
            assert_eq!(rig.feed.counters().decode_errors[1], 0, "{}", info.name);
            block[0] = info.bytes - 1;
            block.truncate(usize::from(info.bytes) - 1);
            rig.packet(Line(0), &packet_of(1, 2, &block), OPEN);
            assert_eq!(rig.feed.counters().decode_errors[1], 1, "{}", info.name);
        }
    }

    /// What comes out of packets of all types with some bytes changed and some cut off.
    fn run_damaged(&self, seed: u64) -> (Vec<String>, u64) {
        let mut dice = Dice(seed);
        let mut rig = self.rig(|settings| {
            settings.line_count = 2;
            settings.own = vec![integer("orders_max", 16), integer("held_packets_max", 8)];
        });
        let (mut sequence, mut refused) = (1, 0);
        for step in 0..300 {
            let mut blocks = Vec::new();
            let count = 1 + dice.below(5);
            for _ in 0..count {
                blocks.extend((self.message_of)(
                    self.types[dice.below(self.types.len())].tag,
                ));
            }
            let mut bytes = packet_of(1, sequence, &blocks);
            sequence += count as u32;
            for _ in 0..dice.below(4) {
                let at = dice.below(bytes.len());
                bytes[at] = dice.below(256) as u8;
            }
            if dice.below(10) == 0 {
                bytes.truncate(dice.below(bytes.len()));
            }
            let now = OPEN + step * MILLISECOND;
            let outcome = rig.packet(Line((step % 2) as u8), &bytes, now);
            refused += u64::from(matches!(outcome, Outcome::Refused(_)));
            rig.clock(now);
            rig.notices();
        }
        assert!(rig.feed.counters().decode_errors_total() >= refused);
        (rig.said(), refused)
    }

    /// Damaged packets: no panic, bounded output, the same answer twice, and what is counted adds
    /// up.
    pub(crate) fn check_damaged(&self) {
        let mut refused = 0;
        for seed in 0..40 {
            let first = self.run_damaged(seed);
            assert!(first.0.len() < 300 * 5 * 6, "{} lines", first.0.len());
            assert_eq!(first, self.run_damaged(seed), "seed {seed}");
            refused += first.1;
        }
        assert!(refused > 0);
    }
}

impl Rig {
    fn link(&mut self, event: LinkEvent, now: u64) {
        self.feed.on_link(event, RecvTime(now), &mut self.batch);
    }

    fn stream(&mut self, server: Server, bytes: &[u8], now: u64) -> Outcome {
        let packet = Packet {
            line: Line::RECOVERY,
            ts_recv: RecvTime(now),
            form: Form::Stream(server),
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.batch)
    }

    #[track_caller]
    fn check_action(&mut self, action: Action) {
        assert_eq!(self.feed.poll_action(), Some(action));
    }
}

/// Two proxies, and a unit whose second message of three is missing.
fn with_a_hole() -> Rig {
    let dialect = &crate::cboe_pitch_equities::encode::DIALECT;
    let descriptor = &crate::cboe_pitch_equities::DESCRIPTOR;
    let mut rig = Rig::new(descriptor, dialect, |settings| {
        settings.server_count = 2;
        settings.has_gap_lines = true;
    });
    // An answer to somebody else says nothing about where the unit stands.
    let old = packet_of(1, 5, &encoded(dialect, |venue| venue.unit_clear(0)));
    assert_eq!(rig.packet(Line::RECOVERY, &old, OPEN), Outcome::Duplicate);
    rig.say(1, OPEN, |venue| venue.time(SECOND, 0));
    rig.say(3, OPEN, |venue| venue.unit_clear(2));
    rig.clock(OPEN + 3 * MILLISECOND);
    rig
}

const PROXIES: [Server; 2] = [Server::Retransmit(0), Server::Retransmit(1)];

#[test]
fn a_hole_is_asked_for_over_a_connection_and_filled_by_an_answer_to_everybody() {
    let (mut rig, now) = (with_a_hole(), OPEN + 4 * MILLISECOND);
    let [server, next] = PROXIES;
    rig.check_action(Action::OpenStream { server });
    assert_eq!(rig.feed.poll_action(), None);
    rig.link(LinkEvent::StreamUp(server), now);
    let bytes = spin::login_packet(&spin::Login::default());
    rig.check_action(Action::SendStream { server, bytes });
    rig.stream(server, &spin::login_response(b'A'), now);
    let bytes = gap::request(1, 2, 1);
    rig.check_action(Action::SendStream { server, bytes });

    rig.stream(server, &gap::response(1, 2, 1, b'M'), now);
    assert_eq!(rig.feed.counters().requests_refused, 1);
    rig.check_action(Action::OpenStream { server: next });
    rig.link(LinkEvent::StreamUp(next), now);
    rig.stream(next, &spin::login_response(b'A'), now);
    rig.stream(next, &gap::response(1, 2, 1, b'A'), now);

    let missing = encoded(rig.dialect, |venue| venue.unit_clear(1));
    let other = packet_of(2, 2, &missing);
    assert_eq!(rig.packet(Line::RECOVERY, &other, now), Outcome::Duplicate);
    let answer = packet_of(1, 2, &missing);
    assert_eq!(rig.packet(Line::RECOVERY, &answer, now), Outcome::Applied);
    let counters = rig.feed.counters();
    assert_eq!((counters.messages, counters.messages_recovered), (3, 1));
    assert_eq!(counters.decode_errors_total(), 0);
    assert_eq!(rig.feed.gaps().len(), 1);
}

#[test]
fn a_gap_is_given_up_when_no_proxy_takes_the_login() {
    let (mut rig, now) = (with_a_hole(), OPEN + 4 * MILLISECOND);
    for server in PROXIES {
        rig.check_action(Action::OpenStream { server });
        rig.link(LinkEvent::StreamUp(server), now);
        rig.feed.poll_action();
        rig.stream(server, &spin::login_response(b'N'), now);
        rig.check_action(Action::CloseStream { server });
    }
    assert_eq!(rig.feed.counters().messages_lost, 1);
    assert_eq!(rig.feed.counters().requests_refused, 2);
    let refused = |notice: &Notice| matches!(notice, Notice::RequestRefused { .. });
    assert_eq!(rig.notices().iter().filter(|it| refused(it)).count(), 2);
    // Neither is asked again for a while.
    rig.say(5, now, |venue| venue.unit_clear(4));
    rig.clock(now + 3 * MILLISECOND);
    assert_eq!(rig.feed.poll_action(), None);
    assert_eq!(rig.feed.counters().messages_lost, 2);
}
