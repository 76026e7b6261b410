//! Tests of the room: golden bytes, sides told one by one, losses, damage.
#![allow(clippy::unwrap_used)]

use super::generated::{MessageHeader, TEMPLATES};
use super::{DESCRIPTOR, Encoder};
use crate::model::Price;
use crate::session::memoir::testing::{
    AT, CENT, LISTED, Run, SESSION, check_damage, check_vectors,
};

const NUMBER: u16 = LISTED.0;
const BID: (u32, Price) = (300, Price(10_475 * CENT));
const OFFER: (u32, Price) = (900, Price(10_476 * CENT));
const NOTHING: (u32, Price) = (0, Price(0));

fn list(venue: &mut Encoder) -> bool {
    venue.directory(LISTED, (100, Price(CENT)), AT)
}

/// A message of every kind, with values that tell fields apart.
fn say(venue: &mut Encoder, name: &str) -> bool {
    match name {
        "instrument_directory_message" => venue.directory((8, "ZVZZT"), (40, Price(5 * CENT)), AT),
        "reg_sho_restriction_message" => venue.short_sale(NUMBER, true, AT),
        "security_trading_status_message" => venue.status(NUMBER, (b'H', b'A'), AT),
        "snapshot_complete_message" => venue.snapshot_complete(41, AT),
        "trading_session_status_message" => venue.session(b'4', AT),
        "best_bid_offer_message" => venue.both(NUMBER, BID, OFFER, AT),
        "best_bid_message" => venue.bid(NUMBER, BID, AT),
        "best_offer_message" => venue.offer(NUMBER, OFFER, AT),
        "best_bid_short_message" => venue.bid_short(NUMBER, BID, AT),
        "best_offer_short_message" => venue.offer_short(NUMBER, OFFER, AT),
        "clear_book_message" => venue.clear(NUMBER, AT),
        _ => false,
    }
}

#[test]
fn every_message_has_golden_bytes_and_becomes_its_ticks() {
    check_vectors::<MessageHeader>(&DESCRIPTOR, TEMPLATES, list, say);
}

#[test]
fn damage_anywhere_is_refused_without_a_panic() {
    check_damage::<MessageHeader>(&DESCRIPTOR, TEMPLATES, say);
}

#[test]
fn a_side_without_price_or_size_quotes_nothing() {
    let mut run = Run::new(&DESCRIPTOR, &[]);
    let mut venue = Encoder::new(SESSION, 1);
    list(&mut venue);
    venue.both(NUMBER, NOTHING, OFFER, AT);
    run.packet(&venue.packet());
    assert_eq!(
        run.said()[1..],
        [
            "Quote #2 instrument 0 side Bid",
            "Quote #2 instrument 0 side Ask price 104.76 size 900 .",
        ]
    );
}

/// A channel that has lost the third message, after one quote of both sides.
fn after_a_loss() -> (Run, Encoder) {
    let mut run = Run::new(&DESCRIPTOR, &[]);
    let mut venue = Encoder::new(SESSION, 1);
    list(&mut venue);
    venue.both(NUMBER, BID, OFFER, AT);
    run.packet(&venue.packet());
    venue.bid(NUMBER, NOTHING, AT);
    venue.packet();
    run.packet(&venue.packet());
    run.wait();
    assert_eq!(run.feed.counters().messages_lost, 1);
    run.said();
    (run, venue)
}

#[test]
fn sides_told_one_by_one_after_a_loss_are_said_as_a_snapshot_once_both_are_known() {
    let (mut run, mut venue) = after_a_loss();
    venue.offer(NUMBER, (5, OFFER.1), AT);
    venue.offer(NUMBER, OFFER, AT);
    venue.bid(NUMBER, BID, AT);
    venue.bid(NUMBER, NOTHING, AT);
    run.packet(&venue.packet());
    assert_eq!(
        run.said(),
        [
            "Quote #4 instrument 0 side Ask price 104.76 size 5 .",
            "Quote #5 instrument 0 side Ask price 104.76 size 900 .",
            "Quote #6 instrument 0 side Bid price 104.75 size 300 snapshot",
            "Quote #6 instrument 0 side Ask price 104.76 size 900 snapshot .",
            "Quote #7 instrument 0 side Bid .",
        ]
    );
}

#[test]
fn both_sides_in_one_message_after_a_loss_are_a_snapshot() {
    let (mut run, mut venue) = after_a_loss();
    venue.both(NUMBER, BID, OFFER, AT);
    venue.both(NUMBER, BID, OFFER, AT);
    run.packet(&venue.packet());
    let said = run.said();
    let snapshots = said.iter().map(|line| line.contains("snapshot"));
    assert_eq!(snapshots.collect::<Vec<_>>(), [true, true, false, false]);
}

#[test]
fn a_cleared_book_is_a_whole_one() {
    let (mut run, mut venue) = after_a_loss();
    venue.clear(NUMBER, AT);
    venue.offer(NUMBER, OFFER, AT);
    run.packet(&venue.packet());
    assert_eq!(
        run.said(),
        [
            "Clear #4 instrument 0 .",
            "Quote #5 instrument 0 side Ask price 104.76 size 900 .",
        ]
    );
}
