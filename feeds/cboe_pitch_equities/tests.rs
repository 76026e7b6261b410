//! Tests of the room: golden vectors, other software's decodes, one sentence a rule.
#![allow(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    clippy::disallowed_macros,
    clippy::disallowed_types
)]

mod captures;
mod channel;
mod messages;

use super::encode::{self, DIALECT};
use super::{DESCRIPTOR, wire};
use crate::contract::FeedSettings;
use crate::model::Side;
use crate::session::pitch::auction::{self, Auction};
use crate::session::pitch::tests::{OFFSET, Rig, Room, SECOND};
use crate::session::pitch::{self, PitchEncoder};

const STOCK: &[u8] = b"AAPL";
const LONG_STOCK: &[u8] = b"LONGSYM";

static ROOM: Room = Room {
    descriptor: &DESCRIPTOR,
    dialect: &DIALECT,
    types: wire::TYPES,
    message_of,
    symbol: STOCK,
    names: |_| {},
};

fn rig(change: impl FnOnce(&mut FeedSettings)) -> Rig {
    ROOM.rig(change)
}

/// Encodes what `fill` says.
fn encoded(fill: impl FnOnce(&mut PitchEncoder)) -> Vec<u8> {
    pitch::tests::encoded(&DIALECT, fill)
}

/// One message of every type, with values that tell fields apart. Order 4711 bids for 300.
fn message_of(tag: u8) -> Vec<u8> {
    encoded(|venue| match tag {
        0x20 => venue.time(SECOND + 1, 0),
        0x97 => venue.unit_clear(OFFSET),
        0x21 => venue.add_order(OFFSET, (4_712, Side::Ask, 70_000, 1_872_655), STOCK),
        0x22 => venue.add_order(OFFSET, (4_712, Side::Ask, 200, 1_872_600), STOCK),
        0x2F => {
            let order = (4_712, Side::Bid, 200, 1_872_655);
            venue.add_order_expanded(OFFSET, order, LONG_STOCK, b"LEHM");
        }
        0x23 => venue.executed(OFFSET, 4_711, 100, 99_001, b' '),
        0x24 => venue.executed_at_price(OFFSET, 4_711, [50, 200], 99_002, 1_872_555),
        0x25 => venue.reduce(OFFSET, 4_711, 70_000),
        0x26 => venue.reduce(OFFSET, 4_711, 25),
        0x27 => venue.modify(OFFSET, 4_711, 70_000, 1_872_455),
        0x28 => venue.modify(OFFSET, 4_711, 250, 1_872_400),
        0x29 => venue.delete(OFFSET, 4_711),
        0x2A => venue.trade(OFFSET, (4_713, 70_000, 1_872_555, 99_003), STOCK),
        0x2B => venue.trade(OFFSET, (4_713, 77, 1_872_500, 99_003), STOCK),
        0x30 => venue.trade(OFFSET, (4_713, 77, 1_872_555, 99_003), LONG_STOCK),
        0x2C => venue.trade_break(OFFSET, 99_001),
        0x2D => venue.end_of_session(OFFSET),
        0x31 => encode::trading_status(venue, OFFSET, STOCK, (b'H', b'1')),
        0x95 => {
            let auction = Auction {
                auction_type: b'C',
                reference: 1_871_000,
                sizes: [12_000, 15_400],
                indicative: 1_872_000,
                auction_only: 1_873_000,
            };
            auction::say_update(venue, (0x95, b""), OFFSET, STOCK, &auction);
        }
        0x96 => auction::say_summary(venue, OFFSET, STOCK, (b'O', 1_872_500, 5_000)),
        0x98 => encode::retail_price_improvement(venue, OFFSET, STOCK, b'A'),
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
