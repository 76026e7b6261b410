//! Tests of the room: levels by number, numbers of updates, a capture, golden vectors.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

mod books;
mod implied;
mod orders;
mod rules;
mod vectors;

use super::generated::md_update_action as action;
use super::{DESCRIPTOR, Encoder, LevelUpdate, TradeUpdate};
use crate::contract::{Batch, Feed, FeedSettings, Form, Line, Outcome, Packet, TickSink, Value};
use crate::model::{ChannelId, Definition, Flags, InstrumentId, Price, RecvTime, Side, Tick};
use std::sync::{Arc, Mutex};

/// 2018-05-14 14:30:00.000000123 UTC.
const AT: u64 = 1_526_308_200_000_000_123;
const SECURITY: i32 = 42;
const SYMBOL: &str = "ESM8";
const CENT: i64 = 10_000_000;

/// A tick in one line: what is blank is left out; `!` is a book that may be bad, `.` closes an event.
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
    if tick.flags.contains(Flags::MAYBE_BAD_BOOK) {
        text.push_str(" !");
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

/// A feed, its venue, and what comes out of it.
struct Run {
    feed: Box<dyn Feed>,
    venue: Encoder,
    out: Batch,
    seen: Collect,
    now: u64,
    rpt_seq: u32,
}

impl Run {
    /// A channel with one future whose book has `depth` levels.
    fn new(depth: i8) -> Run {
        Run::with(depth, &[])
    }

    /// The same with settings of the room's own.
    fn with(depth: i8, own: &[(&str, Value)]) -> Run {
        let seen = Collect::default();
        let settings = FeedSettings {
            line_count: 2,
            has_snapshot_lines: true,
            own: own
                .iter()
                .map(|(key, value)| ((*key).to_owned(), value.clone()))
                .collect(),
            ..FeedSettings::single_line(ChannelId(3))
        };
        let mut run = Run {
            feed: (DESCRIPTOR.build)(&settings).unwrap(),
            venue: Encoder::new(1),
            out: Batch::new(Box::new(seen.clone())),
            seen,
            now: AT,
            rpt_seq: 0,
        };
        run.venue
            .future((SECURITY, SYMBOL), (Price(CENT), depth), AT);
        run.send();
        run.ticks();
        run
    }

    fn packet(&mut self, line: u8, bytes: &[u8]) -> Outcome {
        let packet = Packet {
            line: Line(line),
            ts_recv: RecvTime(self.now),
            form: Form::Datagram,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.out)
    }

    /// Sends what the venue said, on one line.
    #[track_caller]
    fn send(&mut self) {
        self.now += 1_000_000;
        let packet = self.venue.packet(self.now - 1_000);
        assert_eq!(self.packet(0, &packet), Outcome::Applied);
    }

    /// Ticks since the last call.
    fn ticks(&mut self) -> Vec<Tick> {
        self.out.flush();
        std::mem::take(&mut self.seen.0.lock().unwrap().0)
    }

    /// What happened at a level, numbered in its turn.
    fn update(&mut self, action: u8, level: u8, kind: u8, cents: i64, size: u64) -> LevelUpdate {
        self.rpt_seq += 1;
        LevelUpdate {
            security: SECURITY,
            rpt_seq: self.rpt_seq,
            action,
            level,
            kind,
            price: Price(cents * CENT),
            size,
            orders: Some(2),
        }
    }

    /// Bids at these prices in cents, best first, each of 10.
    fn bids(&mut self, cents: &[i64]) {
        for (level, &cents) in (1..).zip(cents) {
            let update = self.update(action::NEW_FIELD, level, b'0', cents, 10);
            self.venue.book(&[update], AT, true);
        }
        self.send();
        self.ticks();
    }

    /// Says updates in one event and compares what they become.
    #[track_caller]
    fn check(&mut self, updates: &[LevelUpdate], expected: &[&str]) {
        self.venue.book(updates, AT, true);
        self.send();
        self.check_ticks(expected);
    }

    /// Ticks so far without their numbers and instrument.
    #[track_caller]
    fn check_ticks(&mut self, expected: &[&str]) {
        let said: Vec<String> = self.ticks().iter().map(text_of).collect();
        let said: Vec<String> = said
            .iter()
            .map(|text| {
                let words = text.split(' ').filter(|word| !word.starts_with('#'));
                let text: Vec<&str> = words.collect();
                text.join(" ").replace(" instrument 0", "")
            })
            .collect();
        assert_eq!(said, expected);
    }
}
