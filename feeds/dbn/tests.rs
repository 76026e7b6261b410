//! Files made here, told byte by byte, and what becomes of them.
#![allow(clippy::unwrap_used)]

use super::metadata::{Metadata, Named};
use super::wire::Mbo;
use super::{DESCRIPTOR, file_message};
use crate::contract::{
    Batch, DecodeError, FeedCounters, FeedSettings, FieldSink, Form, InspectedMessage, Line,
    MessageSink, Outcome, Packet, TickSink,
};
use crate::model::{
    Action, ChannelId, Definition, Flags, RecvTime, Side, Tick, cancel_detail, heartbeat_detail,
};
use proptest::prelude::*;
use std::sync::{Arc, Mutex};

/// 2024-01-02 12:00 UTC.
const NOON: u64 = 1_704_196_800_000_000_000;

fn name(text: &str, bytes: usize) -> Vec<u8> {
    let mut name = text.as_bytes().to_vec();
    name.resize(bytes, 0);
    name
}

/// Metadata of one mapping: `symbol` is number 7 on 2024-01-02, and "OLD" the day before.
fn metadata(version: u8, symbol: &str) -> Vec<u8> {
    let mut body = name("TEST.SET", 16);
    body.extend([0; 2 + 8 + 8 + 8]);
    if version == 1 {
        body.extend([0xff; 8]);
    }
    // Names asked for became numbers; no send times.
    body.extend([1, 0, 0]);
    let width = if version == 1 { 22 } else { 71 };
    if version > 1 {
        body.extend(71u16.to_le_bytes());
    }
    body.extend(vec![0; if version == 1 { 47 } else { 53 }]);
    body.extend(0u32.to_le_bytes());
    body.extend(1u32.to_le_bytes());
    body.extend(name(symbol, width));
    body.extend([0; 8]);
    body.extend(2u32.to_le_bytes());
    for (asked, from) in [("OLD", 20_240_101u32), (symbol, 20_240_102)] {
        body.extend(name(asked, width));
        body.extend(1u32.to_le_bytes());
        body.extend(from.to_le_bytes());
        body.extend((from + 1).to_le_bytes());
        body.extend(name("7", width));
    }
    let mut bytes = b"DBN".to_vec();
    bytes.push(version);
    bytes.extend((body.len() as u32).to_le_bytes());
    bytes.extend(body);
    bytes
}

/// A record of number 7 at noon.
fn mbo(action: u8, side: u8, order_id: u64, price: i64, size: u32, flags: u8) -> Vec<u8> {
    let mut bytes = [0; Mbo::LEN];
    Mbo::put_length(&mut bytes, 14);
    Mbo::put_rtype(&mut bytes, super::MBO);
    Mbo::put_publisher_id(&mut bytes, 1);
    Mbo::put_instrument_id(&mut bytes, 7);
    Mbo::put_ts_event(&mut bytes, NOON - 5);
    Mbo::put_order_id(&mut bytes, order_id);
    Mbo::put_price(&mut bytes, price);
    Mbo::put_size(&mut bytes, size);
    Mbo::put_flags(&mut bytes, flags);
    Mbo::put_action(&mut bytes, action);
    Mbo::put_side(&mut bytes, side);
    Mbo::put_ts_recv(&mut bytes, NOON);
    Mbo::put_sequence(&mut bytes, 9);
    bytes.to_vec()
}

#[derive(Clone, Default)]
struct Collect(Arc<Mutex<(Vec<Definition>, Vec<Tick>)>>);

impl TickSink for Collect {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().1.extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().0.push(*definition);
    }
}

struct Read {
    symbols: Vec<String>,
    ticks: Vec<Tick>,
    counters: FeedCounters,
    by_type: Vec<(&'static str, u64)>,
    outcome: Outcome,
}

fn read(bytes: &[u8]) -> Read {
    let mut feed = (DESCRIPTOR.build)(&FeedSettings::single_line(ChannelId(0))).unwrap();
    let sink = Collect::default();
    let mut out = Batch::new(Box::new(sink.clone()));
    let packet = Packet {
        line: Line(0),
        ts_recv: RecvTime::UNDEFINED,
        form: Form::FileMessages,
        bytes,
    };
    let outcome = feed.on_packet(&packet, &mut out);
    out.flush();
    let (definitions, ticks) = sink.0.lock().unwrap().clone();
    Read {
        symbols: definitions.iter().map(|it| it.symbol.to_string()).collect(),
        ticks,
        counters: feed.counters().clone(),
        by_type: feed.messages_by_type(),
        outcome,
    }
}

/// What the records become, behind metadata.
fn actions(records: &[Vec<u8>]) -> Vec<(Action, u8)> {
    let bytes = [metadata(3, "ESH4"), records.concat()].concat();
    let read = read(&bytes);
    assert_eq!(read.counters.decode_errors_total(), 0);
    let ticks = read.ticks.iter();
    ticks.map(|tick| (tick.action, tick.flags.0)).collect()
}

#[test]
fn every_version_tells_the_name_that_a_number_has_on_the_day_of_its_record() {
    for version in 1..=3 {
        let bytes = [metadata(version, "ESH4"), mbo(b'A', b'B', 1, 5, 2, 0x80)].concat();
        let read = read(&bytes);
        assert_eq!(read.symbols, ["ESH4"], "version {version}");
        assert_eq!(read.by_type, [("metadata", 1), ("mbo", 1)]);
        let add = read.ticks.last().unwrap();
        assert_eq!(
            (add.action, add.side, add.order_id),
            (Action::Add, Side::Bid, 1)
        );
        assert_eq!((add.price.0, add.size.0, add.sequence), (5, 2, 9));
        assert_eq!((add.ts_event.0, add.ts_recv.0), (NOON - 5, NOON));
    }
}

#[test]
fn a_book_that_begins_in_its_middle_says_so_and_one_that_is_cleared_first_does_not() {
    let add = mbo(b'A', b'A', 1, 5, 2, 0x80);
    let found = actions(std::slice::from_ref(&add));
    let joined = [
        (Action::Definition, 0),
        (Action::Gap, 0),
        (Action::Add, 0x80),
    ];
    assert_eq!(found, joined);
    let found = actions(&[mbo(b'R', b'N', 0, i64::MAX, 0, 0), add]);
    let cleared = [
        (Action::Definition, 0),
        (Action::Clear, 0),
        (Action::Add, 0x80),
    ];
    assert_eq!(found, cleared);
}

#[test]
fn a_snapshot_begins_with_nothing_and_ends_with_the_first_record_behind_it() {
    let snapshot = Flags::SNAPSHOT.0;
    let rests = |id| mbo(b'A', b'B', id, 5, 2, snapshot);
    let live = mbo(b'C', b'B', 1, 5, 2, 0x80);
    let found = actions(&[rests(1), rests(2), live.clone(), rests(3)]);
    let wanted = [
        (Action::Definition, 0),
        (Action::Clear, snapshot),
        (Action::Add, snapshot),
        (Action::Add, snapshot),
        (Action::Heartbeat, snapshot | 0x80),
        (Action::Cancel, 0x80),
        // The next one replaces what rests.
        (Action::Clear, snapshot),
        (Action::Add, snapshot),
    ];
    assert_eq!(found, wanted);
    // One that says its own end needs no other.
    let last = mbo(b'A', b'B', 2, 5, 2, snapshot | 0x80);
    let found = actions(&[rests(1), last, live]);
    let ends = found.iter().filter(|tick| tick.0 == Action::Heartbeat);
    assert_eq!(ends.count(), 0);
    let bytes = [metadata(3, "ESH4"), rests(1), mbo(b'N', b'N', 0, 0, 0, 0)].concat();
    assert!(read(&bytes).ticks.iter().any(|tick| {
        tick.action == Action::Heartbeat && tick.detail == heartbeat_detail::SNAPSHOT_PART
    }));
}

#[test]
fn trades_and_fills_leave_the_book_alone_and_the_cancel_behind_a_fill_is_executed() {
    // The publisher's own bit says nothing here.
    let records = [
        mbo(b'R', b'N', 0, i64::MAX, 0, 0x82),
        mbo(b'T', b'B', 44, 5, 2, 0x02),
        mbo(b'F', b'A', 1, 5, 2, 0x02),
        mbo(b'C', b'A', 1, 5, 2, 0x82),
        mbo(b'M', b'A', 2, 6, 1, 0x84),
        mbo(b'C', b'A', 1, 5, 2, 0x82),
    ];
    let read = read(&[metadata(3, "ESH4"), records.concat()].concat());
    let found: Vec<_> = read.ticks[2..]
        .iter()
        .map(|it| (it.action, it.order_id, it.detail))
        .collect();
    let wanted = [
        (Action::Trade, 0, 0),
        (Action::Fill, 1, 0),
        (Action::Cancel, 1, cancel_detail::EXECUTED),
        (Action::Modify, 2, 0),
        (Action::Cancel, 1, cancel_detail::WITHDRAWN),
    ];
    assert_eq!(found, wanted);
    assert!(read.ticks[5].flags.contains(Flags::MAYBE_BAD_BOOK));
    let is_kept = |tick: &Tick| tick.flags.contains(Flags::PUBLISHER_SPECIFIC);
    assert!(!read.ticks.iter().any(is_kept));
}

#[test]
fn other_records_and_unknown_ones_are_skipped_by_their_length_and_counted() {
    let record = |words: u8, rtype: u8| {
        let mut bytes = vec![0; usize::from(words) * 4];
        bytes[..2].copy_from_slice(&[words, rtype]);
        bytes
    };
    let records = [
        record(12, 0x00),
        record(20, 0x18),
        record(4, 0xee),
        // A top of book is no order.
        mbo(b'A', b'B', 0, 5, 1, 0xc0),
        // A record with the send time behind it.
        [mbo(b'A', b'B', 1, 5, 2, 0x80), vec![0; 8]].concat(),
    ];
    let mut bytes = [metadata(2, "ESH4"), records.concat()].concat();
    let place = bytes.len() - 64;
    bytes[place] = 16;
    let read = read(&bytes);
    let wanted = [
        ("metadata", 1),
        ("trades", 1),
        ("statistics", 1),
        ("mbo", 2),
    ];
    assert_eq!(read.by_type, wanted);
    assert_eq!(read.counters.messages_ignored, 3);
    assert_eq!(read.counters.unknown_messages, 1);
    let adds = read.ticks.iter().filter(|tick| tick.action == Action::Add);
    assert_eq!(adds.count(), 1);
}

#[test]
fn what_no_file_can_say_is_refused_and_counted() {
    let add = mbo(b'A', b'B', 1, 5, 2, 0x80);
    // Records without metadata, an action and a side that are none, a record shorter than its type.
    let headless = read(&add);
    assert_eq!(headless.counters.decode_errors, [0, 0, 0, 1, 0, 0]);
    for (offset, value) in [(38, b'Z'), (39, b'Z'), (39, b'N')] {
        let mut bad = add.clone();
        bad[offset] = value;
        let read = read(&[metadata(3, "X"), bad].concat());
        assert_eq!(read.counters.decode_errors, [0, 0, 1, 0, 0, 0]);
        assert!(read.ticks.is_empty());
    }
    let mut short = add[..20].to_vec();
    short[0] = 5;
    let read_short = read(&[metadata(3, "X"), short].concat());
    assert_eq!(read_short.counters.decode_errors, [0, 1, 0, 0, 0, 0]);
    let cut = read(&[metadata(3, "X"), add[..50].to_vec()].concat());
    let error = DecodeError::Truncated {
        need_bytes: 56,
        have_bytes: 50,
    };
    assert_eq!(cut.outcome, Outcome::Refused(error));
    // Newer versions, lengths beyond the bound, records of no length and text are no file of this form.
    for head in [
        &b"DBN\x04\0\0\0\0"[..],
        b"DBN\x03\xff\xff\xff\xff",
        &[0, 0xa0],
        b"{\"a\":1}",
    ] {
        assert_eq!(file_message(head), Some(0), "{head:?}");
    }
    assert_eq!(file_message(b""), None);
}

#[test]
fn counts_that_promise_more_than_there_is_are_refused_and_what_was_named_before_stays() {
    let whole = metadata(3, "ESH4");
    // The count of mappings stands before two of 71 + 4 + 4 + 4 + 71 bytes.
    let place = whole.len() - 2 * 154 - 4;
    let mut lying = whole.clone();
    lying[place..place + 4].copy_from_slice(&u32::MAX.to_le_bytes());
    let read = read(&[lying.clone(), mbo(b'A', b'B', 1, 5, 2, 0x80)].concat());
    assert_eq!(read.counters.decode_errors, [0, 1, 0, 0, 0, 0]);
    assert_eq!(read.symbols, ["ESH4"]);
    let mut names: Vec<Named> = Vec::new();
    assert!(
        !Metadata::read(&lying)
            .unwrap()
            .for_each_name(|it| names.push(it))
    );
    assert_eq!(names.len(), 2);
    assert_eq!((names[1].instrument_id, names[1].from), (7, 20_240_102));
}

/// Writes every field as text, and counts what is open.
#[derive(Default)]
struct Fields {
    open: i32,
    text: String,
}

impl FieldSink for Fields {
    fn integer(&mut self, name: &'static str, value: i128) {
        self.text += &format!("{name}={value} ");
    }
    fn decimal(&mut self, name: &'static str, mantissa: i128, scale: u8) {
        self.text += &format!("{name}={mantissa}e-{scale} ");
    }
    fn text(&mut self, name: &'static str, value: &[u8]) {
        self.text += &format!("{name}={} ", String::from_utf8_lossy(value));
    }
    fn code(&mut self, name: &'static str, value: u8) {
        self.text += &format!("{name}={} ", char::from(value));
    }
    fn flag(&mut self, name: &'static str, value: bool) {
        self.text += &format!("{name}={value} ");
    }
    fn begin_object(&mut self, _: &'static str) {
        self.open += 1;
        self.text += "{ ";
    }
    fn end_object(&mut self) {
        self.open -= 1;
        self.text += "} ";
    }
    fn begin_list(&mut self, name: &'static str) {
        self.open += 1;
        self.text += &format!("{name}[ ");
    }
    fn end_list(&mut self) {
        self.open -= 1;
        self.text += "] ";
    }
    fn json_members(&mut self, _: &str) {}
}

#[derive(Default)]
struct Shown(Vec<(String, String)>);

impl MessageSink for Shown {
    fn message(&mut self, _: &str, _: Option<u64>, message: &dyn InspectedMessage) {
        let mut fields = Fields::default();
        message.fields(&mut fields);
        assert_eq!(fields.open, 0);
        self.0.push((message.name().to_owned(), fields.text));
    }
}

fn inspect(bytes: &[u8]) -> (Vec<(String, String)>, Result<(), DecodeError>) {
    let mut shown = Shown::default();
    let packet = Packet {
        line: Line(0),
        ts_recv: RecvTime::UNDEFINED,
        form: Form::FileMessages,
        bytes,
    };
    let done = (DESCRIPTOR.inspect)(&packet, &mut shown);
    (shown.0, done)
}

#[test]
fn metadata_and_records_are_shown_field_by_field() {
    let bytes = [metadata(3, "ESH4"), mbo(b'A', b'B', 1, 5, 2, 0x80)].concat();
    let (shown, done) = inspect(&bytes);
    assert_eq!(done, Ok(()));
    let names: Vec<&str> = shown.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["metadata", "mbo"]);
    let lists = "symbols[ =ESH4 ] partial[ ] not_found[ ] mappings[ { raw_symbol=OLD intervals[ { \
        start_date=20240101 end_date=20240102 symbol=7 } ] } { raw_symbol=ESH4 intervals[ { \
        start_date=20240102 end_date=20240103 symbol=7 } ] } ] ";
    assert!(shown[0].1.ends_with(lists), "{}", shown[0].1);
    assert!(
        shown[1]
            .1
            .contains("order_id=1 price=5e-9 size=2 flags=128")
    );
}

fn day() -> Vec<u8> {
    let records: Vec<Vec<u8>> = (0..6)
        .map(|id| mbo(b"ACMRTF"[id as usize], b'B', id, 5, 2, 0x80))
        .collect();
    [metadata(1, "ESH4"), records.concat()].concat()
}

#[test]
fn a_file_cut_anywhere_is_survived() {
    let day = day();
    for end in 0..day.len() {
        let cut = read(&day[..end]);
        assert!(cut.ticks.len() <= 8);
        let _ = inspect(&day[..end]);
    }
}

proptest! {
    #[test]
    fn flipped_bits_are_survived_and_answered_alike(
        flips in proptest::collection::vec((any::<proptest::sample::Index>(), 0u8..8), 1..12),
    ) {
        let mut day = day();
        for (place, bit) in flips {
            let place = place.index(day.len());
            day[place] ^= 1 << bit;
        }
        let (once, again) = (read(&day), read(&day));
        prop_assert_eq!(once.ticks, again.ticks);
        let _ = inspect(&day);
    }
}
