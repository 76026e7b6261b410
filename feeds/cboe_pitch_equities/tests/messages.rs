//! What single messages mean beyond the golden vectors.

use super::super::encode;
use super::{STOCK, encoded, rig};
use crate::contract::{Line, Outcome};
use crate::model::Side;
use crate::session::pitch::auction::{self, Auction};
use crate::session::pitch::tests::{OPEN, Rig, SECOND, integer, packet_of};

/// A feed that knows the second and order 7, a bid for 300 at 10.00.
fn with_order() -> Rig {
    let mut rig = rig(|_| {});
    rig.say(1, OPEN, |venue| {
        venue.time(SECOND, 0);
        venue.add_order(5, (7, Side::Bid, 300, 100_000), STOCK);
    });
    rig.check(&[
        "define 0 AAPL",
        "Definition #2 instrument 0 at 34200000000005 .",
        "Add #2 instrument 0 at 34200000000005 order 7 side Bid price 10 size 300 .",
    ]);
    rig
}

#[test]
fn what_is_left_of_an_order_decides_how_long_it_is_known() {
    let mut rig = with_order();
    rig.say(3, OPEN, |venue| {
        venue.executed(6, 7, 100, 50, b' ');
        venue.modify(6, 7, 60, 99_900);
        venue.reduce(6, 7, 10);
        venue.executed(6, 7, 50, 51, b' ');
        venue.delete(6, 7);
    });
    rig.check(&[
        "Trade #3 instrument 0 at 34200000000006 order 50 size 100",
        "Cancel #3 instrument 0 at 34200000000006 order 7 size 100 detail 1 .",
        "Modify #4 instrument 0 at 34200000000006 order 7 side Bid price 9.99 size 60 .",
        "Cancel #5 instrument 0 at 34200000000006 order 7 size 10 .",
        "Trade #6 instrument 0 at 34200000000006 order 51 size 50",
        "Cancel #6 instrument 0 at 34200000000006 order 7 size 50 detail 1 .",
    ]);
    // The delete names an order that is no more.
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 1);
}

#[test]
fn what_an_order_loses_beside_a_trade_at_another_price_is_withdrawn() {
    let mut rig = with_order();
    rig.say(3, OPEN, |venue| {
        venue.executed_at_price(6, 7, [100, 150], 50, 99_950);
        venue.executed_at_price(7, 7, [150, 0], 51, 99_950);
        venue.delete(8, 7);
    });
    rig.check(&[
        "Trade #3 instrument 0 at 34200000000006 order 50 price 9.995 size 100",
        "Cancel #3 instrument 0 at 34200000000006 order 7 size 100 detail 1",
        "Cancel #3 instrument 0 at 34200000000006 order 7 size 50 .",
        "Trade #4 instrument 0 at 34200000000007 order 51 price 9.995 size 150",
        "Cancel #4 instrument 0 at 34200000000007 order 7 size 150 detail 1 .",
    ]);
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 1);
}

#[test]
fn a_unit_clear_takes_every_order() {
    let mut rig = with_order();
    rig.say(3, OPEN, |venue| {
        venue.unit_clear(6);
        venue.delete(7, 7);
    });
    rig.check(&["Clear #3 at 34200000000006 ."]);
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 1);
}

#[test]
fn a_short_sale_mark_is_told_when_it_changes() {
    let mut rig = with_order();
    rig.say(3, OPEN, |venue| {
        for (status, mark) in [(b'A', b'0'), (b'T', b'1'), (b'Q', b'1'), (b'S', b'0')] {
            encode::trading_status(venue, 6, STOCK, (status, mark));
        }
    });
    let reason = |code: u8| u64::from(code) << 56;
    let status = |sequence: u32, code: u8, detail: u8, end: &str| {
        format!(
            "Status #{sequence} instrument 0 at 34200000000006 order {} detail {detail}{end}",
            reason(code)
        )
    };
    let expected = [
        status(3, b'A', 1, " ."),
        status(4, b'T', 7, ""),
        status(4, b'1', 14, " ."),
        status(5, b'Q', 3, " ."),
        status(6, b'S', 8, ""),
        status(6, b'0', 14, " ."),
    ];
    assert_eq!(rig.said(), expected);
}

#[test]
fn auctions_without_a_price_or_without_shares_say_less() {
    let mut rig = with_order();
    rig.say(3, OPEN, |venue| {
        auction::say_update(venue, (0x95, b""), 6, STOCK, &Auction::default());
        auction::say_summary(venue, 6, STOCK, (b'O', 0, 0));
        auction::say_summary(venue, 6, STOCK, (b'H', 100_000, 10));
        auction::say_summary(venue, 6, STOCK, (b'C', 100_000, 10));
    });
    rig.check(&[
        "Imbalance #3 instrument 0 at 34200000000006 price 0 .",
        "Statistic #6 instrument 0 at 34200000000006 price 10 size 10 detail 11 .",
    ]);
}

#[test]
fn only_followed_symbols_become_ticks_and_their_orders_are_told_apart() {
    let mut rig = rig(|settings| settings.instruments = vec!["MSFT".to_owned()]);
    rig.say(1, OPEN, |venue| {
        venue.time(SECOND, 0);
        venue.add_order(5, (7, Side::Bid, 300, 100_000), STOCK);
        venue.add_order(5, (8, Side::Ask, 300, 100_000), b"MSFT");
        venue.executed(6, 7, 100, 50, b' ');
        venue.modify(6, 7, 60, 99_900);
        venue.delete(6, 7);
        venue.trade(6, (9, 10, 100_000, 52), STOCK);
    });
    rig.check(&[
        "define 0 MSFT",
        "Definition #3 instrument 0 at 34200000000005 .",
        "Add #3 instrument 0 at 34200000000005 order 8 side Ask price 10 size 300 .",
    ]);
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 0);
}

#[test]
fn orders_beyond_the_bound_never_join_and_are_counted() {
    let mut rig = rig(|settings| settings.own = vec![integer("orders_max", 2)]);
    rig.say(1, OPEN, |venue| {
        for order in 1..=3 {
            venue.add_order(5, (order, Side::Bid, 10, 100_000), STOCK);
        }
        venue.delete(6, 1);
        venue.delete(6, 3);
        venue.add_order(7, (4, Side::Bid, 10, 100_000), STOCK);
    });
    let said = rig.said();
    let adds = said.iter().filter(|line| line.starts_with("Add")).count();
    let cancels = said.iter().filter(|line| line.starts_with("Cancel"));
    assert_eq!((adds, cancels.count()), (3, 1));
    let counters = rig.feed.counters();
    assert_eq!(counters.messages_ignored, 1);
    assert_eq!(counters.unknown_instrument_messages, 1);
}

#[test]
fn impossible_values_are_refused_alone() {
    let mut blocks = encoded(|venue| {
        venue.time(25 * 3_600, 0);
        venue.add_order(5, (8, Side::Bid, 300, 100_000), STOCK);
        venue.add_order(5, (9, Side::Bid, 300, -1), STOCK);
        encode::trading_status(venue, 6, STOCK, (b'?', b'0'));
        venue.delete(6, 7);
    });
    // The side of the second message; then a known type that is too short, and an unknown one.
    blocks[6 + 2 + 12] = b'X';
    blocks.extend([5, 0x29, 1, 2, 3, 3, 0xEE, 1]);
    let mut rig = with_order();
    let outcome = rig.packet(Line(0), &packet_of(1, 3, &blocks), OPEN);
    assert_eq!(outcome, Outcome::Applied);
    rig.check(&["Cancel #7 instrument 0 at 34200000000006 order 7 size whole ."]);
    let counters = rig.feed.counters();
    // Length, fields (time, side, status) and the price that does not fit.
    assert_eq!(counters.decode_errors, [0, 1, 3, 0, 0, 1]);
    assert_eq!(counters.unknown_messages, 1);
}
