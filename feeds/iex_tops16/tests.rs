//! Tests of the room: a capture with its decode, both versions, golden bytes and damage.
#![allow(clippy::unwrap_used)]

use super::{DESCRIPTOR, Encoder, PROTOCOL, PROTOCOL_15, wire};
use crate::contract::Outcome;
use crate::model::{Action, Flags, Price, RecvTime, Side, Size, Tick};
use crate::session::iextp::encode;
use crate::session::iextp::testing::{
    self, AT, Recorded, Run, SYMBOL, actions, capture, check_damage, check_decode, check_vectors,
    say_shared,
};
use simd_json::prelude::*;
use std::collections::BTreeMap;

const TOPS: &str = "iex-hist/TOPS16.first7800.pcap";

#[test]
fn every_field_of_a_recorded_morning_is_what_another_decoder_says() {
    if let (Some(pcap), Some(decode)) =
        (capture(TOPS), capture(&format!("{TOPS}.decoded.jsonl.gz")))
    {
        assert_eq!(check_decode(&DESCRIPTOR, &pcap, &decode), 45_573);
    }
}

#[test]
fn the_samples_of_the_protocol_library_decode() {
    for (name, count) in [
        ("AuctionInformationMessage", 1),
        ("OperationalHaltStatusMessage", 4),
        ("SecurityDirectoryMessage", 52),
        ("ShortSalePriceTestStatusMessage", 1),
        ("TradeReportMessage", 1),
    ] {
        let path = format!("omi-pcap/Iex/Tops.IexTp.v1.5/{name}.pcap");
        if let (Some(pcap), Some(decode)) =
            (capture(&path), capture(&format!("{path}.decoded.jsonl")))
        {
            assert_eq!(check_decode(&DESCRIPTOR, &pcap, &decode), count, "{name}");
        }
    }
}

#[test]
fn the_recorded_morning_ends_with_the_quotes_and_trades_of_another_decoder() {
    let expected = format!("{TOPS}.expected.json.gz");
    let Some(recorded) = Recorded::of(&DESCRIPTOR, TOPS, &expected) else {
        return;
    };
    let counters = recorded.run.feed.counters();
    assert_eq!((counters.messages, counters.resets), (45_573, 0));
    assert_eq!((counters.heartbeats, counters.messages_lost), (182, 0));
    assert_eq!(counters.decode_errors_total(), 0);
    recorded.check_types();
    recorded.check_trades();

    let mut quotes: BTreeMap<(&str, Side), &Tick> = BTreeMap::new();
    for tick in &recorded.ticks {
        if tick.action == Action::Quote {
            quotes.insert((&recorded.symbols[&tick.instrument], tick.side), tick);
        }
    }
    let expected = recorded.expected.get("final_quotes").unwrap();
    let expected = expected.as_object().unwrap();
    assert_eq!(quotes.len(), 2 * expected.len());
    for (symbol, their) in expected {
        for (side, price, size) in [
            (Side::Bid, "bidprice", "bidsize"),
            (Side::Ask, "askprice", "asksize"),
        ] {
            let ours = quotes[&(symbol.as_str(), side)];
            assert_eq!(Some(ours.ts_event.0), their.get_u64("timestamp"));
            assert_eq!(Some(ours.size.0), their.get_u64(size), "{symbol}");
            let our_price = if ours.price.is_defined() {
                ours.price.to_string()
            } else {
                "0".to_owned()
            };
            assert_eq!(Some(our_price.as_str()), their.get_str(price), "{symbol}");
        }
    }
}

#[test]
fn every_message_type_has_golden_bytes_and_becomes_its_ticks() {
    check_vectors::<PROTOCOL>(
        &DESCRIPTOR,
        "IEX TOPS 1.6",
        wire::TYPES,
        |venue, tag| match tag {
            b'Q' => venue.quote((300, 1_872_500), (200, 1_872_600), SYMBOL, AT),
            _ => say_shared(venue, tag),
        },
    );
}

#[test]
fn damage_anywhere_is_refused_without_a_panic() {
    check_damage::<PROTOCOL>(&DESCRIPTOR, wire::TYPES);
}

fn ticks_of(fill: impl FnOnce(&mut Encoder)) -> Vec<Tick> {
    testing::ticks_of(&DESCRIPTOR, fill)
}

#[test]
fn a_quote_is_one_event_of_both_sides() {
    let ticks = ticks_of(|venue| assert!(venue.quote((300, 101), (7, 102), SYMBOL, 5)));
    let said: Vec<_> = ticks
        .iter()
        .map(|tick| (tick.action, tick.side, tick.price, tick.size, tick.flags))
        .collect();
    let last = Flags::TOB.with(Flags::LAST);
    let bid = (Price::from_e4(101), Size(300));
    let ask = (Price::from_e4(102), Size(7));
    assert_eq!(
        said,
        [
            (Action::Quote, Side::Bid, bid.0, bid.1, Flags::TOB),
            (Action::Quote, Side::Ask, ask.0, ask.1, last),
        ]
    );
}

#[test]
fn a_side_without_price_or_size_quotes_nothing() {
    let ticks = ticks_of(|venue| assert!(venue.quote((0, 0), (0, 102), SYMBOL, 5)));
    assert_eq!(ticks.len(), 2);
    for tick in ticks {
        assert!(!tick.price.is_defined() && tick.size == Size(0), "{tick:?}");
    }
}

#[test]
fn a_type_only_other_protocols_have_is_unknown() {
    let mut run = Run::new(&DESCRIPTOR);
    let mut venue = Encoder::new(1, 7);
    venue.security_event(b'O', SYMBOL, 5);
    venue.trade((9, 50, 10_000), SYMBOL, 6);
    assert_eq!(run.packet(0, 2, &venue.segment(1)), Outcome::Applied);
    assert_eq!(actions(&run.ticks()), [Action::Definition, Action::Trade]);
    assert_eq!(run.feed.counters().unknown_messages, 1);
}

#[test]
fn version_1_5_is_read_like_1_6_and_never_mixed_with_it() {
    let mut run = Run::new(&DESCRIPTOR);
    let mut older = encode::Encoder::<PROTOCOL_15>::new(1, 7);
    older.trade((9, 50, 10_000), SYMBOL, 6);
    assert_eq!(run.packet(0, 2, &older.segment(1)), Outcome::Applied);
    assert_eq!(actions(&run.ticks()), [Action::Definition, Action::Trade]);
    let mut newer = Encoder::new(1, 7);
    newer.trade((9, 50, 10_000), SYMBOL, 6);
    let mixed = run.packet(0, 3, &newer.segment(2));
    assert!(matches!(mixed, Outcome::Refused(_)), "{mixed:?}");
    let other = encode::Encoder::<0x8004>::new(1, 7).segment(3);
    assert!((DESCRIPTOR.session_key)(&other).is_none());
}

#[test]
fn the_first_quote_after_a_loss_is_a_snapshot_of_its_instrument() {
    let mut run = Run::new(&DESCRIPTOR);
    let mut venue = Encoder::new(1, 7);
    let mut quote = |symbol: &str, at: u64| {
        venue.quote((1, 101), (1, 102), symbol, 5);
        venue.segment(at)
    };
    let packets: Vec<_> = ["A", "B", "A", "A", "B", "A"]
        .into_iter()
        .zip(1..)
        .map(|(symbol, at)| quote(symbol, at))
        .collect();
    for (index, packet) in packets.iter().enumerate() {
        // Both lines lose the third.
        if index != 2 {
            run.packet(0, index as u64 * 1_000_000_000, packet);
            let later = RecvTime(index as u64 * 1_000_000_000 + 500_000_000);
            run.feed.on_clock(later, &mut run.out);
        }
    }
    let quotes: Vec<_> = run.ticks();
    let quotes = quotes.iter().filter(|tick| tick.action == Action::Quote);
    let said: Vec<_> = quotes
        .map(|tick| (tick.sequence, tick.flags.contains(Flags::SNAPSHOT)))
        .collect();
    let of = |sequence, is_snapshot| [(sequence, is_snapshot); 2];
    let expected = [
        of(1, false),
        of(2, false),
        of(4, true),
        of(5, true),
        of(6, false),
    ];
    assert_eq!(said, expected.concat());
}
