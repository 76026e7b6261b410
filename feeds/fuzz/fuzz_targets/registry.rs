//! Any bytes into any feed: no panic, bounded output, and the same answer twice.
//!
//! `cargo +nightly fuzz run registry` from `feeds/`. The first byte chooses the feed; then each packet is a length byte pair, a form byte and bytes.
#![no_main]

use feeds::contract::{Batch, FeedSettings, Form, Line, LinkEvent, Packet, TickSink};
use feeds::model::{ChannelId, Definition, RecvTime, Tick};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, Mutex};

/// Ticks one byte of input may cause at most: the smallest message of any protocol is longer than a few bytes.
const TICKS_PER_BYTE_MAX: usize = 4;

#[derive(Default)]
struct Seen {
    ticks: Vec<Tick>,
    definitions: usize,
}

struct Collect(Arc<Mutex<Seen>>);

impl TickSink for Collect {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().expect("one thread").ticks.extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {
        self.0.lock().expect("one thread").definitions += 1;
    }
}

fn run(data: &[u8]) -> Vec<Tick> {
    let Some((&choice, mut rest)) = data.split_first() else { return Vec::new() };
    let descriptor = feeds::REGISTRY[usize::from(choice) % feeds::REGISTRY.len()];
    let mut settings = FeedSettings::single_line(ChannelId(0));
    settings.line_count = 2;
    settings.server_count = 1;
    settings.instruments = vec!["BTC-USD".into(), "AAPL".into()];
    let Ok(mut feed) = (descriptor.build)(&settings) else { return Vec::new() };
    let seen = Arc::new(Mutex::new(Seen::default()));
    let mut out = Batch::new(Box::new(Collect(Arc::clone(&seen))));
    let mut now = 1_700_000_000_000_000_000u64;
    feed.on_link(LinkEvent::Up(Line(0)), RecvTime(now), &mut out);
    while rest.len() > 3 {
        let count = usize::from(u16::from_le_bytes([rest[0], rest[1]])).min(rest.len() - 3);
        let (form, line) = (rest[2] & 3, Line(rest[2] >> 2 & 1));
        let bytes = &rest[3..3 + count];
        let form = match form {
            0 => Form::Datagram,
            1 => Form::FileMessages,
            2 => Form::Text,
            _ => Form::Rest("https://127.0.0.1/products"),
        };
        now += 1_000_000;
        feed.on_packet(&Packet { line, ts_recv: RecvTime(now), form, bytes }, &mut out);
        feed.on_clock(RecvTime(now), &mut out);
        while feed.poll_action().is_some() {}
        while feed.poll_notice().is_some() {}
        rest = &rest[3 + count..];
    }
    feed.finish(RecvTime(now), &mut out);
    out.flush();
    drop(out);
    let seen = Arc::try_unwrap(seen).ok().expect("the batch is gone").into_inner().expect("one thread");
    assert!(seen.ticks.len() + seen.definitions <= 64 + data.len() * TICKS_PER_BYTE_MAX);
    seen.ticks
}

fuzz_target!(|data: &[u8]| {
    assert_eq!(run(data), run(data), "one input, two answers");
});
