//! Tests of the room: a capture with its decode, restarts and damage.
#![allow(clippy::unwrap_used)]

mod rules;
mod vectors;

use super::{DESCRIPTOR, Encoder, PROTOCOL, wire};
use crate::contract::Outcome;
use crate::model::{Action, RecvTime, ResetKind, Side, TradingState};
use crate::session::iextp::testing::{self, Recorded, actions, capture, check_decode};
use simd_json::prelude::*;
use std::collections::BTreeMap;

/// All instruments on two lines.
fn run() -> testing::Run {
    testing::Run::new(&DESCRIPTOR)
}

const DEEP: &str = "iex-hist/DEEP10.first70000.pcap";

#[test]
fn every_field_of_a_recorded_morning_is_what_another_decoder_says() {
    if let (Some(pcap), Some(decode)) = (
        capture(&format!("{DEEP}.gz")),
        capture(&format!("{DEEP}.decoded.jsonl.gz")),
    ) {
        assert_eq!(check_decode(&DESCRIPTOR, &pcap, &decode), 340_024);
    }
}

#[test]
fn the_samples_of_the_protocol_library_decode() {
    for (name, count) in [("Heartbeat", 0), ("PriceLevelSellUpdateMessage", 1)] {
        let path = format!("omi-pcap/Iex/Deep.IexTp.v1.0/{name}.pcap");
        if let (Some(pcap), Some(decode)) =
            (capture(&path), capture(&format!("{path}.decoded.jsonl")))
        {
            assert_eq!(check_decode(&DESCRIPTOR, &pcap, &decode), count);
        }
    }
}

#[test]
fn the_recorded_morning_builds_the_reference_books_through_eleven_restarts() {
    let expected = format!("{DEEP}.expected.json.gz");
    let Some(recorded) = Recorded::of(&DESCRIPTOR, &format!("{DEEP}.gz"), &expected) else {
        return;
    };
    let counters = recorded.run.feed.counters();
    assert_eq!((counters.messages, counters.resets), (340_024, 11));
    assert_eq!((counters.heartbeats, counters.messages_lost), (7_857, 0));
    assert_eq!(counters.decode_errors_total(), 0);
    recorded.check_types();
    recorded.check_trades();

    let mut books: BTreeMap<(String, Side), BTreeMap<i64, u64>> = BTreeMap::new();
    for tick in &recorded.ticks {
        if tick.action == Action::Level {
            let key = (recorded.symbols[&tick.instrument].clone(), tick.side);
            let levels = books.entry(key).or_default();
            match tick.size.0 {
                0 => levels.remove(&tick.price.0),
                size => levels.insert(tick.price.0, size),
            };
        }
    }
    let price_text = |price: i64| crate::model::Price(price).to_string();
    let expected = recorded.expected.get("final_books_top10").unwrap();
    for (symbol, book) in expected.as_object().unwrap() {
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

#[test]
fn a_restart_is_told_from_a_late_first_packet_by_its_send_time() {
    let mut run = run();
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
    let mut run = run();
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
    testing::check_damage::<PROTOCOL>(&DESCRIPTOR, wire::TYPES);
}

#[test]
fn silence_of_every_line_is_told_once_and_ends_with_the_next_packet() {
    let mut run = run();
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
