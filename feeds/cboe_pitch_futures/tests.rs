//! Tests of the room: golden vectors, another decoder's values, one sentence a rule.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

use super::encode::{self, DIALECT, Day, Listing};
use super::{DESCRIPTOR, wire};
use crate::contract::{Line, Outcome};
use crate::model::Side;
use crate::session::pitch::PitchEncoder;
use crate::session::pitch::tests::{
    self as pitch, OFFSET, OPEN, Rig, Room, SECOND, check_shown, packet_of,
};

const SYMBOL: &[u8] = b"0002aV";
/// 09:30 in New York, as seconds since 1970.
const EPOCH: u32 = (OPEN / 1_000_000_000) as u32;

static ROOM: Room = Room {
    descriptor: &DESCRIPTOR,
    dialect: &DIALECT,
    types: wire::TYPES,
    message_of,
    symbol: SYMBOL,
    names: |_| {},
};

fn encoded(fill: impl FnOnce(&mut PitchEncoder)) -> Vec<u8> {
    pitch::encoded(&DIALECT, fill)
}

/// One message of every type, with values that tell fields apart. Order 4711 bids for 300.
fn message_of(tag: u8) -> Vec<u8> {
    encoded(|venue| match tag {
        0x20 => venue.time(SECOND - 3_599, EPOCH + 1),
        0x97 => venue.unit_clear(OFFSET),
        0xB1 => venue.time_reference(EPOCH - 30_600, 30_601, OFFSET, 20_200_130),
        0xBB => encode::definition(
            venue,
            OFFSET,
            &Listing {
                symbol: b"0003bW",
                report_symbol: b"VX",
                expiration_date: 20_200_219,
                listing_state: b'T',
                price_increment: 500,
                legs: &[(1, SYMBOL), (-2, b"0002aX")],
            },
        ),
        0x21 => venue.add_order(OFFSET, (4_712, Side::Ask, 70_000, -12_655), SYMBOL),
        0x22 => venue.add_order(OFFSET, (4_712, Side::Ask, 200, -12_500), SYMBOL),
        0x23 => venue.executed(OFFSET, 4_711, 100, 99_001, b'S'),
        0x25 => venue.reduce(OFFSET, 4_711, 70_000),
        0x26 => venue.reduce(OFFSET, 4_711, 25),
        0x27 => venue.modify(OFFSET, 4_711, 70_000, -12_455),
        0x28 => venue.modify(OFFSET, 4_711, 250, 12_400),
        0x29 => venue.delete(OFFSET, 4_711),
        0x2A => venue.trade(OFFSET, (4_713, 70_000, 12_555, 99_003), SYMBOL),
        0x2B => venue.trade(OFFSET, (4_713, 77, -500, 99_003), SYMBOL),
        0xBC => venue.begin(OFFSET),
        0xBD => venue.end(OFFSET),
        0x2C => venue.trade_break(OFFSET, 99_001),
        0xB9 => encode::settlement(venue, OFFSET, SYMBOL, (20_200_130, 168_750, b'S')),
        0xBA => {
            let day = Day {
                trade_date: 20_200_130,
                open_interest: 187_654,
                prices: [175_000, 160_500, 165_000, 168_750],
                volume: 99_123,
                flags: wire::FLAG_HIGH_VALID | wire::FLAG_LOW_VALID | wire::FLAG_OPEN_CLOSE_VALID,
            };
            encode::end_of_day_summary(venue, OFFSET, SYMBOL, &day);
        }
        0x31 => encode::trading_status(venue, OFFSET, SYMBOL, b'H'),
        0x2D => venue.end_of_session(OFFSET),
        _ => panic!("no vector for {tag:#x}"),
    })
}

/// A feed that knows the second and order 7, a bid for 300 at 10.00.
fn with_order() -> Rig {
    let mut rig = ROOM.rig(|_| {});
    rig.say(1, OPEN, |venue| {
        venue.time(SECOND - 3_600, EPOCH);
        venue.add_order(5, (7, Side::Bid, 300, 100_000), SYMBOL);
    });
    rig.said();
    rig
}

#[test]
fn every_message_type_has_golden_bytes_and_becomes_its_ticks() {
    ROOM.check_vectors();
}

#[test]
fn messages_longer_than_their_type_are_read_as_far_as_it_is_known() {
    ROOM.check_lengths();
}

#[test]
fn damaged_packets_are_survived_counted_and_answered_alike() {
    ROOM.check_damaged();
}

#[test]
fn a_transaction_is_one_event_over_packets_and_its_end_closes_it() {
    let mut rig = with_order();
    rig.say(3, OPEN, |venue| {
        venue.begin(6);
        venue.executed(6, 7, 100, 50, b' ');
    });
    rig.check(&["Trade #4 instrument 0 at 34200000000006 order 50 size 100"]);
    rig.say(5, OPEN, |venue| {
        venue.reduce(6, 7, 20);
        venue.end(6);
        venue.delete(7, 7);
    });
    rig.check(&[
        "Cancel #4 instrument 0 at 34200000000006 order 7 size 100 detail 1",
        "Cancel #5 instrument 0 at 34200000000006 order 7 size 20 .",
        "Cancel #7 instrument 0 at 34200000000007 order 7 size whole .",
    ]);
}

#[test]
fn a_transaction_of_nothing_says_nothing_and_an_end_alone_is_none() {
    let mut rig = with_order();
    rig.say(3, OPEN, |venue| {
        venue.begin(6);
        venue.end(6);
        venue.end(6);
        venue.delete(7, 7);
    });
    rig.check(&["Cancel #6 instrument 0 at 34200000000007 order 7 size whole ."]);
}

#[test]
fn a_gap_and_the_end_of_input_close_the_transaction_that_is_open() {
    let mut rig = with_order();
    rig.say(3, OPEN, |venue| {
        venue.begin(6);
        venue.reduce(6, 7, 20);
    });
    rig.check(&[]);
    let later = encoded(|venue| venue.reduce(6, 7, 30));
    rig.packet(Line(0), &packet_of(1, 6, &later), OPEN);
    rig.clock(OPEN + 10 * pitch::MILLISECOND);
    let said = rig.said();
    assert_eq!(
        said[0],
        "Cancel #4 instrument 0 at 34200000000006 order 7 size 20 ."
    );
    // What is behind the gap is an event of its own, at an unknown time.
    assert_eq!(
        said[said.len() - 1],
        "Cancel #6 instrument 0 order 7 size 30 ."
    );
    rig.say(7, OPEN, |venue| {
        venue.begin(6);
        venue.delete(6, 7);
    });
    rig.check(&[]);
    rig.finish(OPEN);
    rig.check(&["Cancel #8 instrument 0 order 7 size whole ."]);
}

#[test]
fn definitions_without_numbers_are_news_once() {
    let mut rig = with_order();
    let listing = |state| {
        encoded(|venue| {
            let listing = Listing {
                symbol: SYMBOL,
                listing_state: state,
                price_increment: 500,
                ..Listing::default()
            };
            encode::definition(venue, 9, &listing);
        })
    };
    for state in [b'A', b'A', b'T'] {
        let packet = packet_of(1, 0, &listing(state));
        assert_eq!(rig.packet(Line(0), &packet, OPEN), Outcome::Heartbeat);
    }
    // Nor are those of another unit, or other messages without a number.
    rig.packet(Line(0), &packet_of(2, 0, &listing(b'A')), OPEN);
    let add = encoded(|venue| venue.add_order(5, (8, Side::Bid, 300, 100_000), SYMBOL));
    rig.packet(Line(0), &packet_of(1, 0, &add), OPEN);
    rig.check(&[
        "define 0 0002aV tick 0.05",
        "define 0 0002aV tick 0.05 test",
        "Definition #0 instrument 0 .",
        "Definition #0 instrument 0 .",
    ]);
    assert_eq!(rig.feed.counters().messages_ignored, 2);
}

#[test]
fn a_second_without_1970_counts_from_midnight_in_chicago() {
    let mut rig = ROOM.rig(|_| {});
    rig.say(1, OPEN, |venue| {
        venue.time(SECOND - 3_600, 0);
        venue.add_order(5, (7, Side::Bid, 300, 100_000), SYMBOL);
    });
    let said = rig.said();
    assert!(said[2].contains(" at 34200000000005 "), "{}", said[2]);
}

#[test]
fn a_definition_with_its_legs_and_one_of_the_older_version_are_shown_whole() {
    let block = message_of(0xBB);
    let packet = packet_of(2, 0, &block);
    let hex: String = packet.iter().map(|byte| format!("{byte:02x}")).collect();
    check_shown(
        &DESCRIPTOR,
        &hex,
        &[
            "2 #- futures_instrument_definition time_offset 123456789 symbol 0003bW \
           unit_timestamp 0 report_symbol VX futures_flags 0 expiration_date 20200219 \
           contract_size 1000 listing_state T price_increment 0.05 leg_count 2 leg_offset 45 \
           variance_block_offset 0 contract_date 20200219 future_leg [ { leg_ratio 1 \
           leg_symbol 0002aV } { leg_ratio -2 leg_symbol 0002aX } ]",
        ],
    );
    // What another decoder shows of a capture of the version before.
    check_shown(
        &DESCRIPTOR,
        "3100010200000000\
         29bb98829f22303030325474\
         2d0bca5c5a56414f202000ab3c3401010054f401000000000000000000",
        &[
            "2 #- futures_instrument_definition time_offset 580879000 symbol 0002Tt \
           unit_timestamp 1556745005 report_symbol ZVAO futures_flags 0 \
           expiration_date 20200619 contract_size 1 listing_state T price_increment 0.05 \
           leg_count 0 leg_offset 0 variance_block_offset 0",
        ],
    );
}
