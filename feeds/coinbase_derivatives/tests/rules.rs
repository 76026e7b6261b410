//! One sentence a rule.

use super::super::TradeSaid;
use super::super::generated::{self as sbe, stat_type, trading_status as status};
use super::{CENT, Collect, DAY, Head, NUMBER, Run, SYMBOL};
use crate::contract::{Notice, Value};
use crate::model::{Price, Side};

#[test]
fn an_order_is_added_changed_and_taken_away() {
    let mut run = Run::new();
    run.add(7, Side::Bid, 3_223, 23);
    run.add(7, Side::Bid, 3_224, 20);
    let head = run.head(Side::Bid);
    run.venue.delete(head, 7);
    run.check(&[
        "Add order 7 side Bid price 32.23 size 23 .",
        "Modify order 7 side Bid price 32.24 size 20 .",
        "Cancel order 7 side Bid size whole .",
    ]);
}

#[test]
fn what_a_trade_leaves_of_its_order_is_said_in_the_same_transaction() {
    let mut run = Run::new();
    run.add(7, Side::Ask, 3_223, 23);
    run.send();
    run.ticks();
    let trade = TradeSaid {
        id: 99,
        resting: Some((7, Side::Ask)),
        price: Price(3_223 * CENT),
        size: 3,
    };
    let (first, second) = (run.part(Side::Bid, 1), run.part(Side::Ask, 2));
    run.venue.trade(first, &trade);
    run.venue.put(second, 7, Price(3_223 * CENT), 20);
    let (third, fourth) = (run.part(Side::Bid, 1), run.part(Side::Ask, 2));
    let rest = TradeSaid { size: 20, ..trade };
    run.venue.trade(third, &rest);
    run.venue.delete(fourth, 7);
    run.add(8, Side::Ask, 3_223, 1);
    let head = run.head(Side::Ask);
    run.venue.delete(head, 8);
    run.check(&[
        "Trade order 99 side Bid price 32.23 size 3",
        "Modify order 7 side Ask price 32.23 size 20 .",
        "Trade order 99 side Bid price 32.23 size 20",
        "Cancel order 7 side Ask size whole detail 1 .",
        "Add order 8 side Ask price 32.23 size 1 .",
        "Cancel order 8 side Ask size whole .",
    ]);
}

#[test]
fn a_transaction_that_ends_in_a_later_packet_without_a_tick_is_ended_by_the_channel() {
    let mut run = Run::new();
    let head = run.part(Side::Bid, 1);
    run.venue.put(head, 7, Price(CENT), 1);
    run.check(&["Add order 7 side Bid price 0.01 size 1"]);
    let end = run.part(Side::None, 2);
    let mut block = sbe::TradeSummaryMessageBlock::blank();
    let bytes = end.bytes();
    sbe::TradeSummaryMessageBlock::put_instr_header(&mut block, sbe::InstrHeader::of(&bytes));
    run.venue.raw(sbe::TradeSummaryMessage::TEMPLATE, 9, &block);
    run.check(&["Heartbeat ."]);
    assert_eq!(run.feed.counters().messages_ignored, 1);
}

#[test]
fn a_definition_says_the_tick_size_the_limits_and_the_status() {
    let mut run = Run::empty(&[]);
    let head = run.head(Side::None);
    run.venue
        .outright(head, SYMBOL, Price(5 * CENT), status::PRE_OPEN);
    run.check(&[
        "Definition",
        "Statistic price -1000000 detail 18",
        "Statistic price 1000000 detail 17",
        "Status detail 1 .",
    ]);
    let Collect(seen) = &run.seen;
    let definition = seen.lock().unwrap().1[0];
    assert_eq!(definition.symbol.as_str(), SYMBOL);
    assert_eq!(definition.tick_size, Price(5 * CENT));
}

#[test]
fn statistics_and_broken_trades_have_their_kinds() {
    let mut run = Run::new();
    for kind in [
        stat_type::DAY_OPENING_PRICE,
        stat_type::INDICATIVE_OPENING_PRICE,
        stat_type::REFERENCE_PRICE,
    ] {
        let head = run.head(Side::None);
        run.venue.statistic(head, kind, Price(CENT));
    }
    let head = run.head(Side::None);
    run.venue.bust(head, 99);
    run.check(&[
        "Statistic price 0.01 detail 1 .",
        "Imbalance price 0.01 detail 5 .",
        "Statistic order 99 detail 100 .",
    ]);
    assert_eq!(run.feed.counters().messages_ignored, 1);
}

#[test]
fn a_hole_in_the_numbers_of_an_instrument_makes_its_next_tick_doubtful_but_not_on_a_new_day() {
    let mut run = Run::new();
    run.sequence += 1;
    run.add(7, Side::Bid, 1, 1);
    run.add(8, Side::Bid, 1, 1);
    let head = run.head(Side::Bid);
    let tomorrow = Head {
        sequence: 1,
        day: DAY + 1,
        ..head
    };
    run.venue.put(tomorrow, 9, Price(CENT), 1);
    run.check(&[
        "Add order 7 side Bid price 0.01 size 1 ! .",
        "Add order 8 side Bid price 0.01 size 1 .",
        "Add order 9 side Bid price 0.01 size 1 .",
    ]);
    assert_eq!(run.feed.counters().instrument_gaps, 1);
}

#[test]
fn a_message_may_clear_the_book_of_its_instrument_first() {
    let mut run = Run::new();
    run.add(7, Side::Bid, 1, 1);
    run.send();
    run.ticks();
    let head = run.part(Side::Bid, 7);
    run.venue.put(head, 7, Price(CENT), 2);
    run.check(&["Clear", "Add order 7 side Bid price 0.01 size 2 ."]);
}

#[test]
fn instruments_nobody_defined_are_left_out_or_followed_under_their_numbers() {
    let mut run = Run::empty(&[]);
    run.add(7, Side::Bid, 1, 1);
    run.check(&[]);
    assert_eq!(run.feed.counters().unknown_instrument_messages, 1);
    let mut run = Run::empty(&[("follow_undefined", Value::Bool(true))]);
    run.add(7, Side::Bid, 1, 1);
    run.check(&["Definition", "Add order 7 side Bid price 0.01 size 1 ."]);
    let Collect(seen) = &run.seen;
    assert_eq!(
        seen.lock().unwrap().1[0].symbol.as_str(),
        NUMBER.to_string()
    );
}

#[test]
fn the_session_is_over_when_no_instrument_is_left_that_trades() {
    let mut run = Run::new();
    let other = Head {
        instrument: NUMBER + 1,
        sequence: 1,
        ..run.head(Side::None)
    };
    run.sequence -= 1;
    run.venue
        .outright(other, "OTHER", Price(CENT), status::HALT);
    let head = run.head(Side::None);
    run.venue.status(head, status::CLOSE);
    run.send();
    let ended = |run: &mut Run| {
        let mut notices = std::iter::from_fn(|| run.feed.poll_notice());
        notices.any(|notice| notice == Notice::SessionEnded)
    };
    assert!(!ended(&mut run));
    let other = Head {
        sequence: 2,
        ..other
    };
    run.venue.status(other, status::EXPIRED);
    run.send();
    assert!(ended(&mut run));
}

#[test]
fn values_that_mean_nothing_are_refused_and_counted() {
    let mut run = Run::new();
    run.add(7, Side::None, 1, 1);
    run.add(7, Side::Bid, 1, 0);
    let head = run.head(Side::None);
    run.venue.status(head, 77);
    run.check(&[
        "Statistic price -1000000 detail 18",
        "Statistic price 1000000 detail 17 .",
    ]);
    assert_eq!(run.feed.counters().decode_errors_total(), 3);
    run.venue.raw(999, 9, &[0; 22]);
    run.check(&[]);
    assert_eq!(run.feed.counters().unknown_messages, 1);
}
