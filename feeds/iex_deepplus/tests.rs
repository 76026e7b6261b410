//! Tests of the room: worked examples of the specification, golden bytes, what a message means,
//! damage.
#![allow(clippy::unwrap_used)]

use super::{DESCRIPTOR, Encoder, Order, PROTOCOL, wire};
use crate::contract::Outcome;
use crate::model::{Action, Flags, Price, Side, Size, StatisticKind, Tick, cancel_detail};
use crate::session::iextp::testing::{
    self, AT, Run, SYMBOL, actions, bytes_of, check_damage, check_vectors, inspect, say_shared,
};

const ORDER: Order = Order {
    id: 77_001,
    size: 300,
    price: 1_872_500,
};

#[test]
fn every_message_type_has_golden_bytes_and_becomes_its_ticks() {
    check_vectors::<PROTOCOL>(
        &DESCRIPTOR,
        "IEX DEEP+ 1.0",
        wire::TYPES,
        |venue, tag| match tag {
            b'a' => venue.add(Side::Ask, ORDER, SYMBOL, AT),
            b'M' => venue.modify(true, ORDER, SYMBOL, AT),
            b'R' => venue.delete(ORDER.id, SYMBOL, AT),
            b'L' => venue.executed(ORDER, 99_001, SYMBOL, AT),
            b'C' => venue.clear(SYMBOL, AT),
            _ => say_shared(venue, tag),
        },
    );
}

#[test]
fn damage_anywhere_is_refused_without_a_panic() {
    check_damage::<PROTOCOL>(&DESCRIPTOR, wire::TYPES);
}

/// Checks what `inspect` shows of a message of the specification's own examples.
#[track_caller]
fn check_example(hex: &str, expected: &str) {
    let mut venue = Encoder::new(1, 7);
    venue.raw(&bytes_of(&hex.replace(' ', "")));
    assert_eq!(inspect(&DESCRIPTOR, &venue.segment(1)).0, [expected]);
}

#[test]
fn the_worked_examples_of_the_specification_decode() {
    check_example(
        "61 38 b28fa5a0ab866d14 5a49455854202020 968f060000000000 64000000 241d0f0000000000",
        "\"addordermessage\":{\"side\":\"8\",\"timestamp\":1471980724912754610,\
         \"symbol\":\"ZIEXT\",\"orderid\":429974,\"size\":100,\"price\":\"99.05\"}",
    );
    check_example(
        "4d 00 b28fa5a0ab866d14 5a49455854202020 968f060000000000 64000000 241d0f0000000000",
        "\"ordermodifymessage\":{\"modifyflags\":{\"unused7\":0,\"priority\":0},\
         \"timestamp\":1471980724912754610,\"symbol\":\"ZIEXT\",\"orderidreference\":429974,\
         \"size\":100,\"price\":\"99.05\"}",
    );
    check_example(
        "52 00 b28fa5a0ab866d14 5a49455854202020 968f060000000000",
        "\"orderdeletemessage\":{\"timestamp\":1471980724912754610,\"symbol\":\"ZIEXT\",\
         \"orderidreference\":429974}",
    );
    let conditions = "\"saleconditionflags\":{\"unused3\":0,\"singlepricecrosstrade\":0,\
                      \"tradethroughexempt\":0,\"oddlot\":0,\"extendedhours\":0,\
                      \"intermarketsweep\":0}";
    check_example(
        "4c 00 b28fa5a0ab866d14 5a49455854202020 968f060000000000 64000000 241d0f0000000000 \
         968f020000000000",
        &format!(
            "\"orderexecutedmessage\":{{{conditions},\"timestamp\":1471980724912754610,\
             \"symbol\":\"ZIEXT\",\"orderidreference\":429974,\"size\":100,\"price\":\"99.05\",\
             \"tradeid\":167830}}"
        ),
    );
    check_example(
        "54 00 b28fa5a0ab866d14 5a49455854202020 64000000 241d0f0000000000 968f020000000000",
        &format!(
            "\"trademessage\":{{{conditions},\"timestamp\":1471980724912754610,\
             \"symbol\":\"ZIEXT\",\"size\":100,\"price\":\"99.05\",\"tradeid\":167830}}"
        ),
    );
    check_example(
        "43 00 b28fa5a0ab866d14 5a49455854202020",
        "\"clearbookmessage\":{\"timestamp\":1471980724912754610,\"symbol\":\"ZIEXT\"}",
    );
}

fn ticks_of(fill: impl FnOnce(&mut Encoder)) -> Vec<Tick> {
    testing::ticks_of(&DESCRIPTOR, fill)
}

#[test]
fn an_execution_prints_at_its_own_price_and_takes_its_size_from_the_order() {
    let traded = Order {
        price: 1_872_400,
        size: 100,
        ..ORDER
    };
    let ticks = ticks_of(|venue| {
        venue.add(Side::Bid, ORDER, SYMBOL, 5);
        venue.executed(traded, 9, SYMBOL, 6);
    });
    assert_eq!(
        actions(&ticks),
        [Action::Add, Action::Trade, Action::Cancel]
    );
    let [add, trade, cancel] = &ticks[..] else {
        panic!("{ticks:?}");
    };
    assert!(add.is_last());
    assert_eq!((add.side, add.size), (Side::Bid, Size(300)));
    assert_eq!((trade.order_id, trade.size), (9, Size(100)));
    assert_eq!(trade.price, Price::from_e4(1_872_400));
    assert_eq!(trade.flags, Flags::NONE);
    assert_eq!((cancel.order_id, cancel.size), (ORDER.id, Size(100)));
    assert_eq!(cancel.detail, cancel_detail::EXECUTED);
    assert!(cancel.is_last() && !cancel.price.is_defined());
}

#[test]
fn a_modified_order_has_its_new_size_and_price_and_keeps_its_side() {
    let ticks = ticks_of(|venue| assert!(venue.modify(false, ORDER, SYMBOL, 5)));
    let [only] = &ticks[..] else {
        panic!("{ticks:?}");
    };
    let said = (only.action, only.side, only.order_id, only.size, only.price);
    let price = Price::from_e4(1_872_500);
    assert_eq!(
        said,
        (Action::Modify, Side::None, ORDER.id, Size(300), price)
    );
}

#[test]
fn a_deleted_order_goes_whole_and_a_cleared_book_with_all_its_orders() {
    let ticks = ticks_of(|venue| {
        venue.delete(ORDER.id, SYMBOL, 5);
        venue.clear(SYMBOL, 6);
    });
    assert_eq!(actions(&ticks), [Action::Cancel, Action::Clear]);
    assert_eq!((ticks[0].order_id, ticks[0].size), (ORDER.id, Size::WHOLE));
    assert_eq!(ticks[0].detail, cancel_detail::WITHDRAWN);
    assert!(ticks.iter().all(Tick::is_last));
}

#[test]
fn a_trade_break_names_the_trade_of_an_execution() {
    let ticks = ticks_of(|venue| {
        venue.executed(ORDER, 9, SYMBOL, 5);
        venue.trade_break((9, 300, ORDER.price), SYMBOL, 6);
    });
    assert_eq!(ticks[2].detail, StatisticKind::TradeBroken as u8);
    assert_eq!(ticks[2].order_id, ticks[0].order_id);
}

#[test]
fn an_order_of_no_side_is_refused_and_the_next_message_is_read() {
    let mut run = Run::new(&DESCRIPTOR);
    let mut venue = Encoder::new(1, 7);
    venue.add(Side::Bid, ORDER, SYMBOL, 5);
    let mut segment = venue.segment(1);
    // The side of the only message: behind the header, its length and its type.
    segment[crate::session::iextp::HEADER_BYTES + 3] = b'?';
    assert_eq!(run.packet(0, 2, &segment), Outcome::Applied);
    venue.trade((9, 50, 10_000), SYMBOL, 6);
    run.packet(0, 3, &venue.segment(2));
    assert_eq!(actions(&run.ticks()), [Action::Definition, Action::Trade]);
    assert_eq!(run.feed.counters().decode_errors_total(), 1);
}

#[test]
fn types_only_other_protocols_have_are_unknown() {
    let mut run = Run::new(&DESCRIPTOR);
    let mut venue = Encoder::new(1, 7);
    venue.official_price((b'Q', 1), SYMBOL, 5);
    venue.raw(b"A");
    venue.raw(b"8");
    venue.delete(ORDER.id, SYMBOL, 6);
    assert_eq!(run.packet(0, 2, &venue.segment(1)), Outcome::Applied);
    assert_eq!(actions(&run.ticks()), [Action::Definition, Action::Cancel]);
    assert_eq!(run.feed.counters().unknown_messages, 3);
}
