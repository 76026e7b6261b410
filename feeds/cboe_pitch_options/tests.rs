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
    self as pitch, OFFSET, OPEN, Rig, Room, SECOND, check_shown, packet_of,
};
use crate::session::pitch::{PitchEncoder, options};

const SYMBOL: &[u8] = b"01aBcD";
const OSI: &[u8] = b"AAPL  240119C00190000";
/// 09:30 in New York, as seconds since 1970.
const EPOCH: u32 = (OPEN / 1_000_000_000) as u32;

static ROOM: Room = Room {
    descriptor: &DESCRIPTOR,
    dialect: &DIALECT,
    types: wire::TYPES,
    message_of,
    symbol: SYMBOL,
    names: |venue| options::say_symbol_mapping(venue, SYMBOL, OSI),
};

fn encoded(fill: impl FnOnce(&mut PitchEncoder)) -> Vec<u8> {
    pitch::encoded(&DIALECT, fill)
}

/// One message of every type, with values that tell fields apart. Order 4711 bids for 300.
fn message_of(tag: u8) -> Vec<u8> {
    let auction = Auction {
        auction_type: b'O',
        reference: 41_000,
        sizes: [120, 154],
        indicative: 42_000,
        auction_only: 43_000,
    };
    encoded(|venue| match tag {
        0x20 => venue.time(SECOND + 1, EPOCH + 1),
        0xB1 => venue.time_reference(EPOCH - SECOND, SECOND + 1, OFFSET, 20_200_130),
        0x97 => venue.unit_clear(OFFSET),
        0xBC => venue.begin(OFFSET),
        0xBD => venue.end(OFFSET),
        0x21 => venue.add_order(OFFSET, (4_712, Side::Ask, 70_000, 12_655), SYMBOL),
        0x22 => venue.add_order(OFFSET, (4_712, Side::Ask, 200, 12_600), SYMBOL),
        0x2F => venue.add_order_expanded(OFFSET, (4_712, Side::Bid, 20, 12_655), SYMBOL, b"LEHM"),
        0x23 => venue.executed(OFFSET, 4_711, 100, 99_001, b'I'),
        0x24 => venue.executed_at_price(OFFSET, 4_711, [50, 200], 99_002, 12_555),
        0x25 => venue.reduce(OFFSET, 4_711, 70_000),
        0x26 => venue.reduce(OFFSET, 4_711, 25),
        0x27 => venue.modify(OFFSET, 4_711, 70_000, 12_455),
        0x28 => venue.modify(OFFSET, 4_711, 250, 12_400),
        0x29 => venue.delete(OFFSET, 4_711),
        0x2A => venue.trade(OFFSET, (4_713, 70_000, 12_555, 99_003), SYMBOL),
        0x2B => venue.trade(OFFSET, (4_713, 77, 12_500, 99_003), SYMBOL),
        0x30 => venue.trade(OFFSET, (4_713, 77, 12_555, 99_003), b"01aBcD  "),
        0x2C => venue.trade_break(OFFSET, 99_001),
        0x2D => venue.end_of_session(OFFSET),
        0x2E => options::say_symbol_mapping(venue, b"01aBcE", b"AAPL  240119P00190000"),
        0x31 => options::say_trading_status(venue, OFFSET, SYMBOL, (b'R', b'Q')),
        0xD2 => encode::width_update(venue, OFFSET, b"AAPL", (b'W', 20_000)),
        0xD1 => {
            let end = (0xD1, &options::AUCTION_TAIL[..]);
            auction::say_update(venue, end, OFFSET, SYMBOL, &auction);
        }
        0x95 => auction::say_update(venue, (0x95, b""), OFFSET, SYMBOL, &auction),
        0x96 => auction::say_summary(venue, OFFSET, SYMBOL, (b'O', 42_500, 5_000)),
        0xAD => {
            let asked = (4_714, b'S', 12_300, 40, 223_456_789);
            options::say_auction_notification(venue, OFFSET, (SYMBOL, b'B'), asked);
        }
        0xAE => options::say_auction_cancel(venue, OFFSET, 4_714),
        0xAF => options::say_auction_trade(venue, OFFSET, (4_714, 99_004, 12_400, 40)),
        0x9D => encode::soq_strike_range(venue, OFFSET, b"SPX 20200221", [1_000, 2_000]),
        0x98 => encode::retail_price_improvement(venue, OFFSET, SYMBOL, b'A'),
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

fn mapping(osi: &[u8]) -> Vec<u8> {
    packet_of(
        1,
        0,
        &encoded(|venue| options::say_symbol_mapping(venue, SYMBOL, osi)),
    )
}

fn add(rig: &mut Rig, sequence: u32, order: u64) {
    rig.say(sequence, OPEN, |venue| {
        venue.add_order(5, (order, Side::Bid, 300, 12_500), SYMBOL);
    });
}

#[test]
fn an_option_is_known_from_its_mapping_on_and_by_no_other_name() {
    let mut rig = ROOM.rig(|_| {});
    add(&mut rig, 1, 7);
    rig.check(&[]);
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 1);
    for _ in 0..2 {
        let outcome = rig.packet(Line(0), &mapping(OSI), OPEN);
        assert_eq!(outcome, Outcome::Heartbeat);
    }
    add(&mut rig, 2, 8);
    // The order from before the name never joined; another name is another option.
    rig.say(3, OPEN, |venue| venue.delete(6, 7));
    rig.packet(Line(0), &mapping(b"AAPL  240119P00190000"), OPEN);
    add(&mut rig, 4, 9);
    rig.check(&[
        "define 0 AAPL  240119C00190000",
        "define 1 AAPL  240119P00190000",
        "Definition #0 instrument 0 .",
        "Add #2 instrument 0 order 8 side Bid price 1.25 size 300 .",
        "Definition #0 instrument 1 .",
        "Add #4 instrument 1 order 9 side Bid price 1.25 size 300 .",
    ]);
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 1);
}

#[test]
fn a_symbol_followed_as_it_is_on_the_wire_needs_no_mapping() {
    let mut rig = ROOM.rig(|settings| settings.instruments = vec!["01aBcD".to_owned()]);
    add(&mut rig, 1, 7);
    rig.check(&[
        "define 0 01aBcD",
        "Definition #1 instrument 0 .",
        "Add #1 instrument 0 order 7 side Bid price 1.25 size 300 .",
    ]);
}

#[test]
fn followed_options_are_told_by_their_names_and_those_without_one_are_counted() {
    let mut rig =
        ROOM.rig(|settings| settings.instruments = vec!["AAPL  240119C00190000".to_owned()]);
    add(&mut rig, 1, 7);
    rig.check(&[]);
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 1);
    rig.packet(Line(0), &mapping(OSI), OPEN);
    add(&mut rig, 2, 8);
    // The order from before the name never joined.
    rig.say(3, OPEN, |venue| {
        venue.delete(6, 7);
        venue.delete(6, 8);
    });
    rig.check(&[
        "define 0 AAPL  240119C00190000",
        "Definition #0 instrument 0 .",
        "Add #2 instrument 0 order 8 side Bid price 1.25 size 300 .",
        "Cancel #4 instrument 0 order 8 size whole .",
    ]);
    // Another day the symbol stands for another option.
    rig.packet(Line(0), &mapping(b"AAPL  240119P00190000"), OPEN);
    add(&mut rig, 5, 9);
    rig.check(&[]);
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 1);
}

#[test]
fn messages_of_the_older_version_lack_their_last_fields() {
    let mut rig = ROOM.rig(|_| {});
    let mut time = encoded(|venue| venue.time(SECOND, 0));
    time.truncate(6);
    time[0] = 6;
    let mut mapping = encoded(|venue| options::say_symbol_mapping(venue, SYMBOL, OSI));
    mapping.truncate(30);
    mapping[0] = 30;
    let mut modify = encoded(|venue| {
        venue.add_order(5, (7, Side::Bid, 300, 12_500), SYMBOL);
        venue.modify(6, 7, 200, 12_600);
    });
    let at = modify.len() - 18;
    modify[at] = 19;
    modify.push(1);
    let blocks = [time, mapping, modify].concat();
    rig.packet(Line(0), &packet_of(1, 1, &blocks), OPEN);
    rig.check(&[
        "define 0 AAPL  240119C00190000",
        "Definition #2 instrument 0 .",
        "Add #3 instrument 0 at 34200000000005 order 7 side Bid price 1.25 size 300 .",
        "Modify #4 instrument 0 at 34200000000006 order 7 side Bid price 1.26 size 200 .",
    ]);
    assert_eq!(rig.feed.counters().decode_errors_total(), 0);
}

#[test]
fn a_long_order_behind_its_second_is_what_another_decoder_shows() {
    check_shown(
        &DESCRIPTOR,
        "3000020125000000\
         06203e2a0100\
         2221c0cc2b15141074e9ea9e680342e80300004120202020201d0000000000000001",
        &[
            "1 #37 time time 76350",
            "1 #38 add_order_long time_offset 355192000 order_id 245620911467925524 \
             side_indicator B quantity 1000 symbol A price 0.0029 \
             add_order_flags { aon false display true }",
        ],
    );
}
