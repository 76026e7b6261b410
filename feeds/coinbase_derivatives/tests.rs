//! Tests of the room: recorded packets, golden vectors, one sentence a rule, snapshots.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

mod channel;
mod rules;
mod snapshots;
mod vectors;

use super::{DESCRIPTOR, Encoder, Head};
use crate::contract::{Batch, Feed, FeedSettings, Form, Line, Outcome, Packet, TickSink, Value};
use crate::model::{ChannelId, Definition, Flags, InstrumentId, Price, RecvTime, Side, Tick};
use std::sync::{Arc, Mutex};

/// 2021-06-28 12:14:09 UTC and some, of the day 18,806.
const AT: u64 = 1_624_882_449_953_017_578;
const DAY: u16 = 18_806;
const CHANNEL: u16 = 44_849;
const NUMBER: i32 = 44;
const SYMBOL: &str = "BTIN21";
const CENT: i64 = 10_000_000;
const WHOLE: u8 = 3;

/// A tick in one line: what is blank is left out; `s` is of a snapshot, `!` a book that may be bad, `.` closes an event.
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
    match tick.size.0 {
        0 => {}
        u64::MAX => say("size", "whole".to_owned()),
        size => say("size", size.to_string()),
    }
    if tick.detail != 0 {
        say("detail", tick.detail.to_string());
    }
    for (flag, mark) in [
        (Flags::SNAPSHOT, " s"),
        (Flags::MAYBE_BAD_BOOK, " !"),
        (Flags::LAST, " ."),
    ] {
        if tick.flags.contains(flag) {
            text.push_str(mark);
        }
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

/// A feed, its venue, and what comes out of it.
struct Run {
    feed: Box<dyn Feed>,
    venue: Encoder,
    out: Batch,
    seen: Collect,
    now: u64,
    /// Number of the instrument's last message.
    sequence: u32,
}

impl Run {
    /// A channel that has seen nothing, with one server and snapshot lines.
    fn empty(own: &[(&str, Value)]) -> Run {
        Run::of(own, true)
    }

    /// A channel that has seen nothing, with one server.
    fn of(own: &[(&str, Value)], has_snapshot_lines: bool) -> Run {
        let own = own
            .iter()
            .map(|(key, value)| (key.to_string(), value.clone()));
        let settings = FeedSettings {
            line_count: 2,
            server_count: 1,
            has_snapshot_lines,
            own: own.collect(),
            ..FeedSettings::single_line(ChannelId(3))
        };
        let seen = Collect::default();
        Run {
            feed: (DESCRIPTOR.build)(&settings).unwrap(),
            venue: Encoder::new(CHANNEL, 1),
            out: Batch::new(Box::new(seen.clone())),
            seen,
            now: AT,
            sequence: 0,
        }
    }

    /// A channel with one future.
    fn new() -> Run {
        let mut run = Run::empty(&[]);
        let head = run.head(Side::None);
        run.venue.outright(head, SYMBOL, Price(CENT), 1);
        run.send();
        run.ticks();
        run
    }

    /// The head of the instrument's next message, a transaction of its own.
    fn head(&mut self, side: Side) -> Head {
        self.sequence += 1;
        Head {
            instrument: NUMBER,
            sequence: self.sequence,
            day: DAY,
            flags: WHOLE,
            side,
            at: AT,
        }
    }

    /// The same as a part of a transaction: 1 begins it, 2 ends it.
    fn part(&mut self, side: Side, flags: u8) -> Head {
        Head {
            flags,
            ..self.head(side)
        }
    }

    /// An order that joins.
    fn add(&mut self, order: u64, side: Side, cents: i64, size: u64) {
        let head = self.head(side);
        self.venue.put(head, order, Price(cents * CENT), size);
    }

    fn on_line(&mut self, line: Line, bytes: &[u8]) -> Outcome {
        let packet = Packet {
            line,
            ts_recv: RecvTime(self.now),
            form: Form::Datagram,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.out)
    }

    /// What the venue said since the last packet, as a packet.
    fn packet(&mut self) -> Vec<u8> {
        self.now += 1_000_000;
        self.venue.packet(self.now - 1_000)
    }

    /// Sends what the venue said, on one line.
    #[track_caller]
    fn send(&mut self) {
        let packet = self.packet();
        assert_eq!(self.on_line(Line(0), &packet), Outcome::Applied);
    }

    /// Lets time pass.
    fn wait(&mut self, milliseconds: u64) {
        self.now += milliseconds * 1_000_000;
        self.feed.on_clock(RecvTime(self.now), &mut self.out);
    }

    /// Ticks since the last call.
    fn ticks(&mut self) -> Vec<Tick> {
        self.out.flush();
        std::mem::take(&mut self.seen.0.lock().unwrap().0)
    }

    /// Compares the ticks since the last call, without their numbers and instrument.
    #[track_caller]
    fn check_ticks(&mut self, expected: &[&str]) {
        let said: Vec<String> = self.ticks().iter().map(text_of).collect();
        let short = |text: &String| {
            let words = text.split(' ').filter(|word| !word.starts_with('#'));
            let words: Vec<&str> = words.collect();
            words.join(" ").replace(" instrument 0", "")
        };
        let said: Vec<String> = said.iter().map(short).collect();
        assert_eq!(said, expected);
    }

    /// Sends what was said and compares what it becomes.
    #[track_caller]
    fn check(&mut self, expected: &[&str]) {
        self.send();
        self.check_ticks(expected);
    }
}
