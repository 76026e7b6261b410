//! Hostile bytes against every feed of the registry: no panic, bounded output, the same answer twice.
#![allow(clippy::unwrap_used)]

use feeds::contract::{
    Batch, DecodeError, Descriptor, FeedSettings, Form, InspectedMessage, Line, LinkEvent,
    MessageSink, Packet, SettingKey, TickSink, Value,
};
use feeds::model::{ChannelId, Definition, RecvTime, Tick};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

#[derive(Clone)]
struct Collect(Arc<Mutex<Vec<Tick>>>);

impl TickSink for Collect {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

struct Ignore;

impl MessageSink for Ignore {
    fn message(&mut self, _: &str, _: Option<u64>, message: &dyn InspectedMessage) {
        assert!(!message.name().is_empty());
    }
}

fn settings() -> FeedSettings {
    FeedSettings {
        line_count: 2,
        server_count: 1,
        has_gap_lines: true,
        instruments: vec!["AAPL".into(), "BTC-USD".into()],
        ..FeedSettings::single_line(ChannelId(0))
    }
}

fn run(
    descriptor: &Descriptor,
    is_by_order: bool,
    packets: &[(Form<'static>, Vec<u8>)],
) -> Vec<Tick> {
    let by_order = (SettingKey::BY_ORDER.key.to_owned(), Value::Bool(true));
    let own: Vec<(String, Value)> = is_by_order.then_some(by_order).into_iter().collect();
    let all = FeedSettings {
        own: own.clone(),
        ..FeedSettings::single_line(ChannelId(0))
    };
    // Names that are none of the venue's are refused: then all instruments are followed.
    let feed = (descriptor.build)(&FeedSettings { own, ..settings() });
    let mut feed = feed.unwrap_or_else(|_| (descriptor.build)(&all).unwrap());
    let sink = Collect(Arc::default());
    let mut out = Batch::new(Box::new(sink.clone()));
    let mut now = 1_700_000_000_000_000_000;
    feed.on_link(LinkEvent::Up(Line(0)), RecvTime(now), &mut out);
    for (index, (form, bytes)) in packets.iter().enumerate() {
        now += 700_000;
        let line = Line((index % 2) as u8);
        let packet = Packet {
            line,
            ts_recv: RecvTime(now),
            form: *form,
            bytes,
        };
        feed.on_packet(&packet, &mut out);
        feed.on_clock(RecvTime(now), &mut out);
        let _: Result<(), DecodeError> = (descriptor.inspect)(&packet, &mut Ignore);
        let _ = (descriptor.session_key)(bytes);
        let _ = (descriptor.file_message)(bytes);
        while feed.poll_action().is_some() {}
        while feed.poll_notice().is_some() {}
    }
    feed.finish(RecvTime(now), &mut out);
    out.flush();
    sink.0.lock().unwrap().clone()
}

fn forms() -> impl Strategy<Value = Form<'static>> {
    prop_oneof![
        Just(Form::Datagram),
        Just(Form::FileMessages),
        Just(Form::Text),
        Just(Form::Binary),
        Just(Form::Rest("https://127.0.0.1/products")),
    ]
}

/// `WAVELETD_HOSTILE_CASES` asks for more than the usual few.
#[expect(
    clippy::disallowed_methods,
    reason = "how long a test runs is asked of whoever runs it"
)]
fn cases() -> u32 {
    std::env::var("WAVELETD_HOSTILE_CASES").map_or(400, |text| text.parse().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn any_bytes_are_survived_and_answered_alike(
        packets in proptest::collection::vec(
            (forms(), proptest::collection::vec(any::<u8>(), 0..200)), 0..12),
    ) {
        for descriptor in feeds::REGISTRY {
            let bytes: usize = packets.iter().map(|(_, bytes)| bytes.len()).sum();
            let mut keys = descriptor.settings.iter();
            let tells_orders = keys.any(|key| key.key == SettingKey::BY_ORDER.key);
            for is_by_order in [false, true].into_iter().take(1 + usize::from(tells_orders)) {
                let ticks = run(descriptor, is_by_order, &packets);
                let most = 64 + 4 * bytes;
                prop_assert!(ticks.len() <= most, "{}: {} ticks", descriptor.name, ticks.len());
                prop_assert_eq!(ticks, run(descriptor, is_by_order, &packets));
            }
        }
    }
}
