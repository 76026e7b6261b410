//! Lines, gaps, sessions and units.

use super::{STOCK, encoded, rig};
use crate::contract::{DecodeError, Line, Notice, Outcome};
use crate::model::Side;
use crate::session::pitch::tests::{MILLISECOND, OPEN, Rig, SECOND, integer, packet_of};

/// Number `sequence` of a stream of orders: the first message tells the second.
fn order(sequence: u32) -> Vec<u8> {
    encoded(|venue| match sequence {
        1 => venue.time(SECOND, 0),
        _ => venue.add_order(
            sequence,
            (u64::from(sequence), Side::Bid, 100, 100_000),
            STOCK,
        ),
    })
}

fn packet(sequence: u32) -> Vec<u8> {
    packet_of(1, sequence, &order(sequence))
}

/// A feed of two lines that has seen messages 1 and 2.
fn running() -> Rig {
    let mut rig = rig(|settings| settings.line_count = 2);
    for sequence in [1, 2] {
        rig.packet(Line(0), &packet(sequence), OPEN);
    }
    assert_eq!(rig.said().len(), 3);
    rig.notices();
    rig
}

fn add(sequence: u32, at: &str) -> String {
    format!("Add #{sequence} instrument 0{at} order {sequence} side Bid price 10 size 100 .")
}

#[test]
fn each_message_is_taken_from_the_line_that_brings_it_first() {
    let mut rig = running();
    assert_eq!(rig.packet(Line(1), &packet(3), OPEN), Outcome::Applied);
    assert_eq!(rig.packet(Line(0), &packet(3), OPEN), Outcome::Duplicate);
    // The other line groups messages differently.
    let both = [order(3), order(4)].concat();
    let outcome = rig.packet(Line(0), &packet_of(1, 3, &both), OPEN);
    assert_eq!(outcome, Outcome::Applied);
    assert_eq!(
        rig.said(),
        [add(3, " at 34200000000003"), add(4, " at 34200000000004")]
    );
    assert_eq!(rig.feed.counters().first_on_line, [3, 1, 0, 0]);
}

#[test]
fn a_hole_another_line_fills_in_time_is_no_gap() {
    let mut rig = running();
    assert_eq!(rig.packet(Line(0), &packet(4), OPEN), Outcome::Held);
    rig.packet(Line(1), &packet(3), OPEN + MILLISECOND);
    assert_eq!(
        rig.said(),
        [add(3, " at 34200000000003"), add(4, " at 34200000000004")]
    );
    assert_eq!(rig.feed.counters().gaps_opened, 0);
}

#[test]
fn a_gap_is_lost_after_the_window_and_the_time_is_unknown_until_it_is_told() {
    let mut rig = running();
    rig.packet(Line(0), &packet(5), OPEN);
    rig.clock(OPEN + 2 * MILLISECOND);
    rig.say(6, OPEN + 3 * MILLISECOND, |venue| {
        venue.time(SECOND + 1, 0);
        venue.delete(9, 5);
    });
    let said = rig.said();
    let lost = "Gap #3 size 2 detail 1 .";
    assert_eq!(
        said[said.len() - 3..said.len() - 1],
        [lost.to_owned(), add(5, "")]
    );
    let deleted = "Cancel #7 instrument 0 at 34201000000009 order 5 size whole .";
    assert_eq!(said[said.len() - 1], deleted);
    assert_eq!(rig.feed.counters().messages_lost, 2);
    assert!(!rig.feed.gaps()[0].recovered);
}

#[test]
fn a_heartbeat_tells_of_what_is_missing_at_the_end_and_its_zero_tells_nothing() {
    let mut rig = running();
    let heartbeat = |sequence| packet_of(1, sequence, &[]);
    let now = OPEN + MILLISECOND;
    assert_eq!(rig.packet(Line(0), &heartbeat(3), now), Outcome::Heartbeat);
    assert_eq!(rig.packet(Line(0), &heartbeat(0), now), Outcome::Heartbeat);
    rig.clock(now + 10 * MILLISECOND);
    rig.check(&[]);
    rig.packet(Line(0), &heartbeat(5), now + 10 * MILLISECOND);
    rig.clock(now + 20 * MILLISECOND);
    assert!(rig.said().contains(&"Gap #3 size 2 detail 1 .".to_owned()));
    assert_eq!(rig.feed.counters().heartbeats, 3);
}

#[test]
fn a_stream_joined_in_its_middle_says_so_first() {
    let mut rig = rig(|_| {});
    rig.packet(Line(0), &packet(40), OPEN);
    rig.check(&[
        // Definitions are handed over at once, ticks in batches.
        "define 0 AAPL",
        "Gap #1 size 39 detail 2 .",
        "Definition #40 instrument 0 .",
        &add(40, ""),
    ]);
}

#[test]
fn another_unit_is_refused_and_messages_without_a_number_are_ignored() {
    let mut rig = running();
    let refused = Outcome::Refused(DecodeError::BadField { tag: 0, offset: 3 });
    let other = packet_of(2, 3, &order(3));
    assert_eq!(rig.packet(Line(0), &other, OPEN), refused);
    for (unit, sequence) in [(1, 0), (0, 3)] {
        let packet = packet_of(unit, sequence, &order(3));
        assert_eq!(rig.packet(Line(0), &packet, OPEN), Outcome::Heartbeat);
    }
    rig.check(&[]);
    let counters = rig.feed.counters();
    assert_eq!((counters.messages_ignored, counters.heartbeats), (2, 0));
    assert_eq!(counters.decode_errors_total(), 1);
    let mut rig = super::rig(|settings| settings.own = vec![integer("unit", 2)]);
    assert_eq!(rig.packet(Line(0), &packet(1), OPEN), refused);
    assert_eq!(
        rig.packet(Line(0), &packet_of(2, 1, &order(1)), OPEN),
        Outcome::Applied
    );
}

#[test]
fn a_new_day_begins_at_number_one_after_the_end_of_the_one_before() {
    let mut rig = running();
    rig.say(3, OPEN, |venue| venue.end_of_session(9));
    rig.check(&["Status #3 at 34200000000009 detail 12 ."]);
    assert_eq!(rig.notices(), [Notice::SessionEnded]);
    // A late copy, silence of the night, and then the next day.
    assert_eq!(rig.packet(Line(1), &packet(1), OPEN), Outcome::Duplicate);
    let next = OPEN + 24 * 3_600_000 * MILLISECOND;
    rig.clock(next);
    rig.check(&[]);
    rig.packet(Line(0), &packet_of(1, 1, &[]), next);
    rig.packet(Line(0), &packet(1), next);
    let delete = encoded(|venue| venue.delete(2, 2));
    rig.packet(Line(0), &packet_of(1, 2, &delete), next);
    rig.check(&["Reset #1 ."]);
    let reset = Notice::SessionReset { sequence: 1 };
    assert!(rig.notices().contains(&reset));
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 1);
}

#[test]
fn a_new_day_without_the_end_of_the_one_before_needs_a_minute_of_silence() {
    let mut rig = running();
    let second = 1_000 * MILLISECOND;
    for (after, outcome) in [(59, Outcome::Duplicate), (61, Outcome::Applied)] {
        assert_eq!(
            rig.packet(Line(0), &packet(1), OPEN + after * second),
            outcome
        );
    }
    rig.check(&["Reset #1 ."]);
}

#[test]
fn a_packet_cut_short_gives_what_is_whole_and_the_rest_is_missing() {
    let mut rig = running();
    let bytes = packet_of(1, 3, &[order(3), order(4)].concat());
    let outcome = rig.packet(Line(0), &bytes[..bytes.len() - 1], OPEN);
    assert!(matches!(
        outcome,
        Outcome::Refused(DecodeError::Truncated { .. })
    ));
    rig.packet(Line(1), &bytes, OPEN);
    assert_eq!(
        rig.said(),
        [add(3, " at 34200000000003"), add(4, " at 34200000000004")]
    );
    let short = rig.packet(Line(0), &bytes[..7], OPEN);
    assert!(matches!(
        short,
        Outcome::Refused(DecodeError::Truncated { need_bytes: 8, .. })
    ));
}

#[test]
fn the_counts_by_type_have_the_names_of_the_specification() {
    let rig = running();
    assert_eq!(
        rig.feed.messages_by_type(),
        [("time", 1), ("add_order_short", 1)]
    );
}
