//! Tests of the room: golden bytes, names and numbers, losses, damage.
#![allow(clippy::unwrap_used)]

use super::generated::{MessageHeader, TEMPLATES};
use super::{DESCRIPTOR, Encoder};
use crate::contract::{DecodeError, Outcome};
use crate::model::{Price, Side, TradingState};
use crate::session::memoir::testing::{
    AT, CENT, LISTED, Run, SESSION, check_damage, check_vectors,
};

const NUMBER: u16 = LISTED.0;
const PRINT: (u64, u32, Price) = (1_441_151_880_758_560_758, 77, Price(2_313 * CENT));

fn list(venue: &mut Encoder) -> bool {
    venue.directory(LISTED, (100, Price(CENT)), AT)
}

/// A message of every kind, with values that tell fields apart.
fn say(venue: &mut Encoder, name: &str) -> bool {
    let order = (NUMBER, 20_881_514);
    match name {
        "instrument_directory_message" => venue.directory((8, "ZVZZT"), (40, Price(5 * CENT)), AT),
        "reg_sho_restriction_message" => venue.short_sale(NUMBER, true, AT),
        "security_trading_status_message" => venue.status(NUMBER, (b'P', b'R'), AT),
        "trading_session_status_message" => venue.session(b'4', AT),
        "order_added_message" => venue.added(order, Side::Ask, (900, Price(10_476 * CENT)), AT),
        "order_deleted_message" => venue.deleted(order, AT),
        "order_reduced_message" => venue.reduced(order, 200, AT),
        "order_executed_message" => venue.executed(order, PRINT, AT),
        "trade_message" => venue.trade(NUMBER, PRINT, AT),
        "broken_trade_message" => venue.broken(NUMBER, PRINT, AT),
        "corrected_trade_message" => venue.corrected(NUMBER, PRINT, (70, Price(2_314 * CENT)), AT),
        "clear_book_message" => venue.clear(NUMBER, AT),
        "snapshot_complete_message" => venue.snapshot_complete(41, AT),
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
fn a_name_is_the_symbol_and_its_suffix_and_outlives_a_session() {
    let mut run = Run::new(&DESCRIPTOR, &["BRK B"]);
    let mut venue = Encoder::new(SESSION, 1);
    list(&mut venue);
    venue.directory((1, "BRK A"), (100, Price(CENT)), AT);
    assert_eq!(run.packet(&venue.packet()), Outcome::Applied);
    let defined = run.definitions();
    assert_eq!(defined.len(), 1);
    assert_eq!(defined[0].symbol.as_str(), "BRK B");
    assert_eq!(
        (defined[0].round_lot, defined[0].tick_size),
        (100, Price(CENT))
    );
    let mut next = Encoder::new(SESSION + 1, 1);
    next.deleted((NUMBER, 5), AT);
    next.directory((2, "BRK B"), (100, Price(CENT)), AT);
    next.deleted((2, 5), AT);
    next.deleted((1, 5), AT);
    run.packet(&next.packet());
    // Numbers are of a session: the first and the last name nobody.
    assert_eq!(run.feed.counters().unknown_instrument_messages, 2);
    let said = run.said();
    let last = said.last().unwrap();
    assert!(
        last.starts_with("Cancel #3 instrument 0 order 5"),
        "{said:?}"
    );
    assert_eq!(run.feed.counters().resets, 1);
}

#[test]
fn a_longer_block_of_a_later_version_is_read() {
    let mut run = Run::new(&DESCRIPTOR, &[]);
    let mut venue = Encoder::new(SESSION, 1);
    list(&mut venue);
    let mut block = AT.to_be_bytes().to_vec();
    block.extend(NUMBER.to_be_bytes());
    block.extend([9; 6]);
    venue.raw((18, 2, 260), &block);
    assert_eq!(run.packet(&venue.packet()), Outcome::Applied);
    assert_eq!(run.said().last().unwrap(), "Clear #2 instrument 0 .");
    assert_eq!(run.feed.counters().decode_errors_total(), 0);
}

#[test]
fn unknown_templates_and_other_schemas_are_counted_and_the_rest_is_applied() {
    let mut run = Run::new(&DESCRIPTOR, &[]);
    let mut venue = Encoder::new(SESSION, 1);
    venue.raw((99, 2, 259), &[1, 2, 3]);
    venue.raw((18, 7, 259), &[0; 10]);
    venue.raw((18, 2, 259), &[0; 9]);
    list(&mut venue);
    assert_eq!(run.packet(&venue.packet()), Outcome::Applied);
    let counters = run.feed.counters();
    assert_eq!((counters.messages, counters.unknown_messages), (4, 1));
    let kind = DecodeError::NotThisProtocol.kind();
    assert_eq!(
        (counters.decode_errors[kind], counters.decode_errors_total()),
        (1, 2)
    );
    assert_eq!(run.definitions().len(), 1);
}

#[test]
fn the_end_of_a_session_closes_all_once() {
    let mut run = Run::new(&DESCRIPTOR, &[]);
    let mut venue = Encoder::new(SESSION, 1);
    list(&mut venue);
    run.packet(&venue.packet());
    run.said();
    for _ in 0..2 {
        assert_eq!(run.packet(&venue.shutdown()), Outcome::Heartbeat);
    }
    let close = format!("Status #2 detail {} .", TradingState::Close as u8);
    assert_eq!(run.said(), [close]);
}

#[test]
fn a_heartbeat_tells_of_a_loss_before_silence() {
    let mut run = Run::new(&DESCRIPTOR, &[]);
    let mut venue = Encoder::new(SESSION, 1);
    list(&mut venue);
    run.packet(&venue.packet());
    venue.deleted((NUMBER, 1), AT);
    venue.packet();
    run.packet(&venue.packet());
    run.wait();
    assert_eq!(run.feed.counters().messages_lost, 1);
}
