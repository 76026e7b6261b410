//! Auctions, official prices, gaps on two lines, followed instruments: one sentence a rule.

use super::super::{DESCRIPTOR, Encoder};
use super::{actions, run};
use crate::contract::{FeedSettings, Outcome};
use crate::model::{
    Action, ChannelId, GapKind, ImbalanceKind, Price, RecvTime, Side, Size, StatisticKind, Tick,
};
use crate::session::iextp::encode::Auction;
use crate::session::iextp::testing::{self, AUCTION, Run, SYMBOL};

const MS: u64 = 1_000_000;

fn ticks_of(fill: impl FnOnce(&mut Encoder)) -> Vec<Tick> {
    testing::ticks_of(&DESCRIPTOR, fill)
}

/// Segments of one level each; prices tell them apart.
fn segments(count: i64) -> Vec<Vec<u8>> {
    let mut venue = Encoder::new(1, 7);
    let segment = |price: i64| {
        venue.level((Side::Bid, 100, price), SYMBOL, price, true);
        venue.segment(price.unsigned_abs())
    };
    (1..=count).map(segment).collect()
}

/// Actions and numbers of the ticks, the definition left out.
#[track_caller]
fn check(run: &mut Run, expected: &[(Action, u64)]) {
    let ticks = run.ticks().into_iter();
    let said: Vec<_> = ticks
        .map(|tick| (tick.action, tick.sequence))
        .filter(|(action, _)| *action != Action::Definition)
        .collect();
    assert_eq!(said, expected);
}

#[test]
fn an_auction_is_one_event_of_its_prices_and_its_collar() {
    let ticks = ticks_of(|venue| assert!(venue.auction(&AUCTION, SYMBOL, 5)));
    let said: Vec<_> = ticks
        .iter()
        .map(|tick| (tick.action, tick.detail, tick.price, tick.is_last()))
        .collect();
    let imbalance = |kind: ImbalanceKind, price, is_last| {
        (
            Action::Imbalance,
            kind as u8,
            Price::from_e4(price),
            is_last,
        )
    };
    let collar = (
        Action::Statistic,
        StatisticKind::CollarReference as u8,
        Price::from_e4(1_870_000),
        false,
    );
    assert_eq!(
        said,
        [
            imbalance(ImbalanceKind::Reference, 1_871_000, false),
            imbalance(ImbalanceKind::Indicative, 1_872_000, false),
            imbalance(ImbalanceKind::AuctionClearing, 1_873_000, false),
            collar,
            imbalance(ImbalanceKind::LowerCollar, 1_683_000, false),
            imbalance(ImbalanceKind::UpperCollar, 2_057_000, true),
        ]
    );
    let reference = &ticks[0];
    let shares = (reference.size, reference.order_id, reference.side);
    assert_eq!(shares, (Size(12_000), 3_400, Side::Ask));
}

#[test]
fn an_auction_without_prices_says_only_its_shares() {
    let auction = Auction {
        auction_type: b'O',
        paired_shares: 5,
        imbalance_side: b'N',
        ..Auction::default()
    };
    let ticks = ticks_of(|venue| assert!(venue.auction(&auction, SYMBOL, 5)));
    assert_eq!(actions(&ticks), [Action::Imbalance]);
    let only = &ticks[0];
    assert!(only.is_last() && !only.price.is_defined());
    assert_eq!((only.size, only.side), (Size(5), Side::None));
}

#[test]
fn official_prices_are_those_of_the_opening_and_the_close() {
    let ticks = ticks_of(|venue| {
        venue.official_price((b'Q', 1_872_400), SYMBOL, 5);
        venue.official_price((b'M', 1_879_900), SYMBOL, 6);
    });
    let said: Vec<_> = ticks.iter().map(|tick| (tick.detail, tick.price)).collect();
    assert_eq!(
        said,
        [
            (StatisticKind::OpeningPrice as u8, Price::from_e4(1_872_400)),
            (StatisticKind::ClosePrice as u8, Price::from_e4(1_879_900)),
        ]
    );
}

#[test]
fn a_price_type_nobody_knows_is_refused_and_the_next_message_is_read() {
    let mut run = run();
    let mut venue = Encoder::new(1, 7);
    venue.official_price((b'?', 1), SYMBOL, 5);
    venue.trade((9, 1, 1), SYMBOL, 6);
    assert_eq!(run.packet(0, 2, &venue.segment(1)), Outcome::Applied);
    assert_eq!(actions(&run.ticks()), [Action::Definition, Action::Trade]);
    assert_eq!(run.feed.counters().decode_errors_total(), 1);
}

#[test]
fn what_one_line_lost_the_other_brings_and_no_gap_is_told() {
    let mut run = run();
    let segments = segments(4);
    run.packet(0, MS, &segments[0]);
    assert_eq!(run.packet(0, MS, &segments[2]), Outcome::Held);
    assert_eq!(run.packet(1, 2 * MS, &segments[1]), Outcome::Applied);
    assert_eq!(run.packet(1, 2 * MS, &segments[2]), Outcome::Duplicate);
    run.packet(1, 2 * MS, &segments[3]);
    assert_eq!(run.packet(0, 3 * MS, &segments[3]), Outcome::Duplicate);
    check(
        &mut run,
        &[1, 2, 3, 4].map(|number| (Action::Level, number)),
    );
    assert!(run.feed.gaps().is_empty());
    assert_eq!(run.feed.counters().first_on_line[..2], [2, 2]);
}

#[test]
fn what_both_lines_lost_is_told_once_and_the_stream_goes_on() {
    let mut run = run();
    let segments = segments(5);
    for line in [0, 1] {
        run.packet(line, MS, &segments[0]);
        run.packet(line, MS, &segments[3]);
    }
    check(&mut run, &[(Action::Level, 1)]);
    assert_eq!(run.feed.next_deadline(), Some(RecvTime(3 * MS)));
    run.feed.on_clock(RecvTime(4 * MS), &mut run.out);
    let gap = run.ticks();
    let lost = gap
        .iter()
        .filter(|tick| tick.detail == GapKind::Lost as u8)
        .find(|tick| tick.action == Action::Gap);
    assert_eq!(
        lost.map(|tick| (tick.sequence, tick.size)),
        Some((2, Size(2)))
    );
    assert_eq!(gap.last().map(|tick| tick.sequence), Some(4));
    run.packet(1, 5 * MS, &segments[4]);
    check(&mut run, &[(Action::Level, 5)]);
    let gaps = run.feed.gaps();
    assert_eq!((gaps.len(), gaps[0].first, gaps[0].count), (1, 2, 2));
    assert!(!gaps[0].recovered);
    assert_eq!(run.feed.counters().messages_lost, 2);
}

#[test]
fn only_followed_instruments_are_defined_and_told() {
    let settings = FeedSettings {
        instruments: vec!["ZVZZT".to_owned()],
        ..FeedSettings::single_line(ChannelId(3))
    };
    let mut run = Run::of(&DESCRIPTOR, settings);
    let mut venue = Encoder::new(1, 7);
    venue.directory((0, 100, 0), SYMBOL, 1);
    venue.level((Side::Bid, 100, 10_000), SYMBOL, 2, false);
    venue.directory((0, 100, 0), "ZVZZT", 3);
    venue.level((Side::Ask, 200, 20_000), "ZVZZT", 4, true);
    venue.trade((9, 50, 10_000), SYMBOL, 5);
    run.packet(0, 2, &venue.segment(1));
    let ticks = run.ticks();
    assert_eq!(actions(&ticks), [Action::Definition, Action::Level]);
    assert!(ticks[1].is_last(), "no event of another instrument is open");
    let seen = run.seen.0.lock().unwrap();
    let names: Vec<&str> = seen.1.iter().map(|found| found.symbol.as_str()).collect();
    assert_eq!(names, ["ZVZZT"]);
    let counters = run.feed.counters();
    assert_eq!(counters.messages, 5);
    assert_eq!(counters.unknown_instrument_messages, 0);
}
