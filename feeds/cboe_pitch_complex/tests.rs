//! Tests of the room: golden vectors, another decoder's values, one sentence a rule.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

use super::encode::{self, DIALECT};
use super::{DESCRIPTOR, wire};
use crate::contract::{Line, Outcome};
use crate::model::Side;
use crate::session::pitch::auction::{self, Auction};
use crate::session::pitch::tests::{
    self as pitch, OFFSET, OPEN, Room, SECOND, check_shown, packet_of,
};
use crate::session::pitch::{PitchEncoder, options};

const SYMBOL: &[u8] = b"T02KHa";

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

fn butterfly(venue: &mut PitchEncoder) {
    let legs: [encode::Leg<'_>; 3] = [
        (b"01aBcD", 1, b'O'),
        (b"01aBcE", -2, b'O'),
        (b"AAPL", 100, b'E'),
    ];
    encode::definition(venue, OFFSET, (b"T02KHb", b"AAPL"), &legs);
}

/// One message of every type, with values that tell fields apart. Order 4711 bids for 300.
fn message_of(tag: u8) -> Vec<u8> {
    encoded(|venue| match tag {
        0x20 => venue.time(SECOND + 1, 0),
        0x97 => venue.unit_clear(OFFSET),
        0xBC => venue.begin(OFFSET),
        0xBD => venue.end(OFFSET),
        0x9A => butterfly(venue),
        0x2E => options::say_symbol_mapping(venue, b"01aBcD", b"AAPL  240119C00190000"),
        0x21 => venue.add_order(OFFSET, (4_712, Side::Ask, 70_000, -12_655), SYMBOL),
        0x22 => venue.add_order(OFFSET, (4_712, Side::Ask, 200, -12_600), SYMBOL),
        0x2F => venue.add_order_expanded(OFFSET, (4_712, Side::Bid, 20, -55), SYMBOL, b"LEHM"),
        0x23 => venue.executed(OFFSET, 4_711, 100, 99_001, b'f'),
        0x24 => venue.executed_at_price(OFFSET, 4_711, [50, 200], 99_002, -12_555),
        0x25 => venue.reduce(OFFSET, 4_711, 70_000),
        0x26 => venue.reduce(OFFSET, 4_711, 25),
        0x27 => venue.modify(OFFSET, 4_711, 70_000, -12_455),
        0x28 => venue.modify(OFFSET, 4_711, 250, -12_400),
        0x29 => venue.delete(OFFSET, 4_711),
        0x2A => venue.trade(OFFSET, (4_713, 70_000, -12_555, 99_003), SYMBOL),
        0x2B => venue.trade(OFFSET, (4_713, 77, -12_500, 99_003), SYMBOL),
        0xAD => {
            let asked = (4_714, b'S', -12_300, 40, 223_456_789);
            options::say_auction_notification(venue, OFFSET, (SYMBOL, b'C'), asked);
        }
        0xAE => options::say_auction_cancel(venue, OFFSET, 4_714),
        0xAF => options::say_auction_trade(venue, OFFSET, (4_714, 99_004, -12_400, 40)),
        0x31 => options::say_trading_status(venue, OFFSET, SYMBOL, (b'Q', b'H')),
        0xD1 => {
            let auction = Auction {
                auction_type: b'O',
                reference: 41_000,
                sizes: [154, 120],
                indicative: -42_000,
                auction_only: -43_000,
            };
            let end = (0xD1, &options::AUCTION_TAIL[..]);
            auction::say_update(venue, end, OFFSET, SYMBOL, &auction);
        }
        0x96 => auction::say_summary(venue, OFFSET, SYMBOL, (b'O', -42_500, 5_000)),
        0x2D => venue.end_of_session(OFFSET),
        _ => panic!("no vector for {tag:#x}"),
    })
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
fn an_instrument_is_defined_once_and_its_legs_are_no_instruments() {
    let mut rig = ROOM.rig(|_| {});
    let leg = message_of(0x2E);
    let packet = packet_of(1, 0, &[encoded(butterfly), leg].concat());
    for _ in 0..2 {
        assert_eq!(rig.packet(Line(0), &packet, OPEN), Outcome::Heartbeat);
    }
    rig.check(&["define 0 T02KHb", "Definition #0 instrument 0 ."]);
    let counters = rig.feed.counters();
    assert_eq!(
        (counters.messages_ignored, counters.unknown_messages),
        (0, 0)
    );
    assert_eq!(
        rig.feed.messages_by_type(),
        [
            ("complex_instrument_definition_expanded", 2),
            ("symbol_mapping", 2)
        ]
    );
}

#[test]
fn a_definition_is_shown_with_its_legs() {
    let packet = packet_of(33, 0, &encoded(butterfly));
    let hex: String = packet.iter().map(|byte| format!("{byte:02x}")).collect();
    check_shown(
        &DESCRIPTOR,
        &hex,
        &[
            "33 #- complex_instrument_definition_expanded time_offset 123456789 \
           complex_instrument_id T02KHb complex_instrument_underlying AAPL \
           complex_instrument_type { complex_auction_type C } leg_count 3 \
           complex_instrument_leg [ { leg_symbol 01aBcD leg_ratio 1 leg_security_type O } \
           { leg_symbol 01aBcE leg_ratio -2 leg_security_type O } \
           { leg_symbol AAPL leg_ratio 100 leg_security_type E } ]",
        ],
    );
}

#[test]
fn an_order_deleted_and_an_order_executed_are_what_another_decoder_shows() {
    check_shown(
        &DESCRIPTOR,
        "160001210a199900\
         0e29d0f7ca2bdc8b7ed12ed5983c",
        &["33 #10033418 delete_order time_offset 734722000 order_id 4366474235795639260"],
    );
    check_shown(
        &DESCRIPTOR,
        "23000121ec349800\
         1b23803ab21acbb6add02ed5983c01000000dcce14e85a02000066",
        &[
            "33 #9975020 order_executed time_offset 447888000 order_id 4366474235781953227 \
             executed_quantity 1 execution_id 2589463989980 trade_condition f",
        ],
    );
}
