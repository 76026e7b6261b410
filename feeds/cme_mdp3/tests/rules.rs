//! One sentence a rule.

use super::{AT, CENT, Run, SECURITY, TradeUpdate, action};
use crate::contract::{Notice, Outcome};
use crate::model::{Price, RecvTime, Side};

#[test]
fn a_new_level_pushes_the_last_one_out_of_the_depth() {
    let mut run = Run::new(3);
    run.bids(&[100, 99, 98]);
    let update = run.update(action::NEW_FIELD, 2, b'0', 9_950, 5);
    let update = super::LevelUpdate {
        price: Price(9_950 * CENT / 100),
        ..update
    };
    run.check(
        &[update],
        &[
            "Level order 2 side Bid price 0.995 size 5",
            "Level side Bid price 0.98 .",
        ],
    );
}

#[test]
fn a_changed_level_has_its_new_size_and_a_deleted_one_none() {
    let mut run = Run::new(3);
    run.bids(&[100, 99]);
    let change = run.update(action::CHANGE, 2, b'0', 99, 7);
    let delete = run.update(action::DELETE_FIELD, 1, b'0', 100, 10);
    let again = run.update(action::CHANGE, 1, b'0', 99, 8);
    run.check(
        &[change, delete, again],
        &[
            "Level order 2 side Bid price 0.99 size 7",
            "Level side Bid price 1",
            "Level order 2 side Bid price 0.99 size 8 .",
        ],
    );
}

#[test]
fn delete_thru_takes_the_best_levels_and_delete_from_those_behind() {
    let mut run = Run::new(5);
    run.bids(&[100, 99, 98, 97, 96]);
    let thru = run.update(action::DELETE_THRU, 2, b'0', 0, 0);
    run.check(
        &[thru],
        &["Level side Bid price 1", "Level side Bid price 0.99 ."],
    );
    let from = run.update(action::DELETE_FROM, 2, b'0', 0, 0);
    run.check(
        &[from],
        &["Level side Bid price 0.96", "Level side Bid price 0.97 ."],
    );
}

#[test]
fn an_overlay_takes_the_place_of_what_was_there() {
    let mut run = Run::new(3);
    run.bids(&[100, 99]);
    let overlay = run.update(action::OVERLAY, 1, b'0', 101, 4);
    let behind = run.update(action::OVERLAY, 3, b'0', 98, 5);
    run.check(
        &[overlay, behind],
        &[
            "Level side Bid price 1",
            "Level order 2 side Bid price 1.01 size 4",
            "Level order 2 side Bid price 0.98 size 5 .",
        ],
    );
}

#[test]
fn a_level_whose_price_is_at_another_number_too_is_not_gone() {
    let mut run = Run::new(3);
    run.bids(&[100, 99]);
    let twice = run.update(action::NEW_FIELD, 1, b'0', 99, 6);
    let delete = run.update(action::DELETE_FIELD, 3, b'0', 99, 10);
    run.check(
        &[twice, delete],
        &[
            "Level order 2 side Bid price 0.99 size 6",
            "Level order 2 side Bid price 0.99 size 6 .",
        ],
    );
}

#[test]
fn implied_levels_are_not_in_the_book_and_reset_takes_all() {
    let mut run = Run::new(3);
    run.bids(&[100]);
    let implied = run.update(action::NEW_FIELD, 1, b'E', 101, 4);
    run.check(&[implied], &[]);
    let reset = run.update(action::NEW_FIELD, 0, b'J', 0, 0);
    run.check(&[reset], &["Clear ."]);
    // Nothing is left that a change could be of.
    let change = run.update(action::CHANGE, 1, b'0', 100, 4);
    run.check(&[change], &["Level order 2 side Bid price 1 size 4 ! ."]);
}

#[test]
fn the_newest_tick_of_a_packet_takes_the_mark_of_an_empty_message() {
    let mut run = Run::new(3);
    let update = run.update(action::NEW_FIELD, 1, b'1', 102, 9);
    run.venue.book(&[update], AT, false);
    run.venue.book(&[], AT, true);
    run.send();
    run.check_ticks(&["Level order 2 side Ask price 1.02 size 9 ."]);
    // Over two packets the tick has gone out already.
    let update = run.update(action::CHANGE, 1, b'1', 102, 8);
    run.venue.book(&[update], AT, false);
    run.send();
    run.check_ticks(&["Level order 2 side Ask price 1.02 size 8"]);
    run.venue.book(&[], AT, true);
    run.send();
    run.check_ticks(&["Heartbeat ."]);
}

#[test]
fn a_hole_in_an_instruments_numbers_is_counted_and_told() {
    let mut run = Run::new(3);
    run.bids(&[100]);
    run.rpt_seq += 3;
    let change = run.update(action::CHANGE, 1, b'0', 100, 4);
    run.check(&[change], &["Level order 2 side Bid price 1 size 4 ! ."]);
    let counters = run.feed.counters();
    assert_eq!((counters.instrument_gaps, counters.messages_lost), (1, 0));
    // What is known already changes nothing.
    run.venue.book(&[change], AT, true);
    run.send();
    run.check_ticks(&[]);
    assert_eq!(run.feed.counters().messages_ignored, 1);
}

#[test]
fn a_level_beyond_the_depth_is_ignored_and_counted() {
    let mut run = Run::new(3);
    let beyond = run.update(action::NEW_FIELD, 4, b'0', 100, 4);
    let none = run.update(action::NEW_FIELD, 0, b'0', 100, 4);
    run.check(&[beyond, none], &[]);
    assert_eq!(run.feed.counters().messages_ignored, 2);
}

#[test]
fn a_trade_has_its_aggressor_and_number() {
    let mut run = Run::new(3);
    let trade = TradeUpdate {
        security: SECURITY,
        rpt_seq: 1,
        price: Price(100 * CENT),
        size: 3,
        aggressor: Side::Ask,
        id: 77,
    };
    run.venue.trade(&trade, AT, true);
    run.send();
    run.check_ticks(&["Trade order 77 side Ask price 1 size 3 ."]);
}

#[test]
fn a_status_of_a_group_is_one_of_each_of_its_instruments() {
    let mut run = Run::new(3);
    run.venue.status((None, "SM"), 2, AT);
    run.venue.status((Some(SECURITY), ""), 17, AT);
    run.venue.status((None, "OTHER"), 2, AT);
    run.venue.status((Some(7), ""), 2, AT);
    run.send();
    run.check_ticks(&["Status detail 8 .", "Status detail 7 ."]);
    assert_eq!(run.feed.counters().unknown_instrument_messages, 1);
}

#[test]
fn a_channel_reset_empties_the_books_and_numbers_begin_anew() {
    let mut run = Run::new(3);
    run.bids(&[100, 99]);
    run.venue.channel_reset(AT);
    run.send();
    run.check_ticks(&["Reset ."]);
    run.rpt_seq = 0;
    let update = run.update(action::NEW_FIELD, 1, b'0', 50, 4);
    run.check(&[update], &["Level order 2 side Bid price 0.5 size 4 ."]);
    assert_eq!(run.feed.counters().instrument_gaps, 0);
}

#[test]
fn packet_numbers_that_begin_anew_later_are_another_session() {
    let mut run = Run::new(3);
    run.bids(&[100, 99]);
    run.now += 60_000_000_000;
    run.venue = super::Encoder::new(1);
    run.venue.heartbeat();
    run.send();
    run.check_ticks(&["Reset ."]);
    assert_eq!(run.feed.counters().heartbeats, 1);
}

#[test]
fn the_first_copy_of_a_packet_wins_and_a_hole_waits_for_the_other_line() {
    let mut run = Run::new(3);
    let update = run.update(action::NEW_FIELD, 1, b'0', 100, 4);
    run.venue.book(&[update], AT, true);
    let first = run.venue.packet(AT + 5_000_000);
    run.venue.heartbeat();
    let second = run.venue.packet(AT + 5_000_001);
    assert_eq!(run.packet(0, &second), Outcome::Held);
    assert_eq!(run.packet(1, &first), Outcome::Applied);
    assert_eq!(run.packet(0, &first), Outcome::Duplicate);
    assert_eq!(run.packet(1, &second), Outcome::Duplicate);
    run.feed.on_clock(RecvTime(run.now), &mut run.out);
    run.check_ticks(&["Level order 2 side Bid price 1 size 4 ."]);
    assert_eq!(run.feed.counters().gaps_opened, 0);
}

#[test]
fn an_unknown_template_is_named_once_and_skipped_by_its_length() {
    let mut run = Run::new(3);
    for _ in 0..2 {
        run.venue.raw(999, 13, &[1, 2, 3], &[]);
    }
    let update = run.update(action::NEW_FIELD, 1, b'0', 100, 4);
    run.check(&[update], &["Level order 2 side Bid price 1 size 4 ."]);
    assert_eq!(run.feed.counters().unknown_messages, 2);
    let named = std::iter::from_fn(|| run.feed.poll_notice());
    let named = named.filter(|notice| matches!(notice, Notice::UnknownType { tag: 999, .. }));
    assert_eq!(named.count(), 1);
}

#[test]
fn a_message_that_lies_about_its_lengths_is_refused_and_the_next_one_applied() {
    let mut run = Run::new(3);
    // A book message whose group says more entries than there are.
    let mut groups = vec![32, 0, 200];
    groups.extend([0; 40]);
    run.venue.raw(46, 13, &[0; 11], &groups);
    let update = run.update(action::NEW_FIELD, 1, b'0', 100, 4);
    run.check(&[update], &["Level order 2 side Bid price 1 size 4 ."]);
    assert_eq!(run.feed.counters().decode_errors_total(), 1);
    // A packet that ends within a message is as if it had not come.
    run.venue.heartbeat();
    let mut cut = run.venue.packet(run.now);
    cut.pop();
    assert!(matches!(run.packet(0, &cut), Outcome::Refused(_)));
}

#[test]
fn updates_of_an_undefined_instrument_are_counted_and_left_out_unless_asked_for() {
    let mut run = Run::new(3);
    let update = run.update(action::NEW_FIELD, 1, b'0', 100, 4);
    let other = super::LevelUpdate {
        security: 7,
        rpt_seq: 9,
        ..update
    };
    run.check(&[other], &[]);
    assert_eq!(run.feed.counters().unknown_instrument_messages, 1);
}
