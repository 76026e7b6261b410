//! Tests of the room: captures with their decodes, golden vectors, one sentence a rule.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

mod captures;
mod channel;
mod robust;
mod vectors;

use super::DESCRIPTOR;
use super::encode::{Head, ItchEncoder, Listing};
use crate::contract::{Action, Batch, Feed, FeedSettings, Form, Line, Outcome, Packet, TickSink};
use crate::model::decimal::Decimal;
use crate::model::{ChannelId, Definition, InstrumentId, RecvTime, Tick};
use crate::session::moldudp64::{Header, SessionId};
use std::sync::{Arc, Mutex};

/// Midnight in New York of 2020-01-30, in ns since the Unix epoch.
const MIDNIGHT: u64 = 1_580_360_400_000_000_000;
const STOCK: &[u8] = b"AAPL";
const LISTING: Listing = Listing {
    round_lot_size: 100,
    is_test: false,
};
const SESSION: SessionId = *b"000010059B";

/// Keeps what comes out, as text: one line a tick.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<String>>>);

impl TickSink for Kept {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().extend(ticks.iter().map(text_of));
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().push(format!(
            "define {} {} round_lot {} test {}",
            definition.instrument.0,
            definition.symbol,
            definition.round_lot,
            u8::from(definition.is_test)
        ));
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
        say("at", (at % MIDNIGHT).to_string());
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

    fn packet(&mut self, line: Line, form: Form<'_>, bytes: &[u8], now: u64) -> Outcome {
        let packet = Packet {
            line,
            ts_recv: RecvTime(now),
            form,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.batch)
    }

    /// A datagram of `session` with the blocks of `encoder`.
    fn datagram(
        &mut self,
        line: Line,
        session: SessionId,
        sequence: u64,
        count: u16,
        encoder: &ItchEncoder,
        now: u64,
    ) -> Outcome {
        let mut bytes = Header {
            session,
            sequence,
            count,
        }
        .to_bytes()
        .to_vec();
        bytes.extend_from_slice(encoder.bytes());
        self.packet(line, Form::Datagram, &bytes, now)
    }

    fn clock(&mut self, now: u64) {
        self.feed.on_clock(RecvTime(now), &mut self.batch);
    }

    fn requests(&mut self) -> Vec<(u64, u16)> {
        let mut requests = Vec::new();
        while let Some(action) = self.feed.poll_action() {
            let Action::SendDatagram { bytes, .. } = action else {
                panic!("{action:?}")
            };
            let (header, _) = Header::split(&bytes).unwrap();
            requests.push((header.sequence, header.count));
        }
        requests
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

fn head(timestamp: u64) -> Head {
    Head {
        stock_locate: 13,
        tracking_number: 2,
        timestamp,
    }
}

/// Encodes what `fill` says.
fn encoded(fill: impl FnOnce(&mut ItchEncoder)) -> ItchEncoder {
    let mut encoder = ItchEncoder::new();
    fill(&mut encoder);
    encoder
}
