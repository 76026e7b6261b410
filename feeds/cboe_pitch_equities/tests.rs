//! Tests of the room: golden vectors, other software's decodes, one sentence a rule.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

mod captures;
mod channel;
mod messages;
mod robust;
mod vectors;

use super::DESCRIPTOR;
use super::encode::PitchEncoder;
use crate::contract::{
    Batch, Feed, FeedSettings, Form, Line, Notice, Outcome, Packet, TickSink, Value,
};
use crate::model::decimal::Decimal;
use crate::model::{ChannelId, Definition, InstrumentId, RecvTime, Tick};
use crate::session::sequenced_unit::{HEADER_BYTES, Header};
use std::sync::{Arc, Mutex};

/// Midnight in New York of 2020-01-30, in ns since the Unix epoch.
const MIDNIGHT: u64 = 1_580_360_400_000_000_000;
/// 09:30 of that day.
const OPEN: u64 = MIDNIGHT + SECOND as u64 * 1_000_000_000;
const SECOND: u32 = 34_200;
const MILLISECOND: u64 = 1_000_000;
const STOCK: &[u8] = b"AAPL";

/// Keeps what comes out, as text: one line a tick.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl TickSink for Kept {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().extend(ticks.iter().map(text_of));
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        let text = format!("define {} {}", definition.instrument.0, definition.symbol);
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
        say("at", (at - MIDNIGHT).to_string());
    }
    if tick.order_id != 0 {
        say("order", tick.order_id.to_string());
    }
    if tick.side != crate::model::Side::None {
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
struct Rig {
    feed: Box<dyn Feed>,
    batch: Batch,
    kept: Kept,
}

impl Rig {
    fn new(change: impl FnOnce(&mut FeedSettings)) -> Rig {
        let mut settings = FeedSettings::single_line(ChannelId(0));
        change(&mut settings);
        let kept = Kept::default();
        Rig {
            feed: (DESCRIPTOR.build)(&settings).unwrap(),
            batch: Batch::new(Box::new(kept.clone())),
            kept,
        }
    }

    fn packet(&mut self, line: Line, bytes: &[u8], now: u64) -> Outcome {
        let packet = Packet {
            line,
            ts_recv: RecvTime(now),
            form: Form::Datagram,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.batch)
    }

    /// What `fill` says, as one packet of unit 1.
    fn say(&mut self, sequence: u32, now: u64, fill: impl FnOnce(&mut PitchEncoder)) -> Outcome {
        self.packet(Line(0), &packet_of(1, sequence, &encoded(fill)), now)
    }

    fn clock(&mut self, now: u64) {
        self.feed.on_clock(RecvTime(now), &mut self.batch);
    }

    fn notices(&mut self) -> Vec<Notice> {
        std::iter::from_fn(|| self.feed.poll_notice()).collect()
    }

    /// What came out since the last look.
    fn said(&mut self) -> Vec<String> {
        self.batch.flush();
        std::mem::take(&mut self.kept.0.lock().unwrap())
    }

    #[track_caller]
    fn check(&mut self, lines: &[&str]) {
        assert_eq!(self.said(), lines);
    }
}

/// Encodes what `fill` says.
fn encoded(fill: impl FnOnce(&mut PitchEncoder)) -> Vec<u8> {
    let mut encoder = PitchEncoder::new();
    fill(&mut encoder);
    encoder.bytes().to_vec()
}

/// A packet of these messages.
fn packet_of(unit: u8, sequence: u32, blocks: &[u8]) -> Vec<u8> {
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

fn integer(key: &str, value: i64) -> (String, Value) {
    (key.to_owned(), Value::Integer(value))
}
