//! Books from the snapshot lines.

use super::super::{Encoder, Resting};
use super::{AT, CENT, CHANNEL, DAY, NUMBER, Run, SYMBOL};
use crate::contract::{Line, Notice};
use crate::model::{Price, Side};

const ORDERS: [Resting; 2] = [
    Resting {
        order: 7,
        side: Side::Bid,
        price: Price(3_223 * CENT),
        size: 15,
        at: AT,
    },
    Resting {
        order: 8,
        side: Side::Ask,
        price: Price(3_224 * CENT),
        size: 18,
        at: AT,
    },
];

/// Packets of a snapshot of one instrument, that is up to message `last` of the channel and `of_instrument` of its own; an
/// order a packet.
fn snapshot(instrument: i32, last: u64, of_instrument: u32, at: u64) -> Vec<Vec<u8>> {
    let mut venue = Encoder::new(CHANNEL, 0);
    venue.snapshot_start((DAY, of_instrument), (SYMBOL, Price(CENT), 1), ORDERS.len());
    let mut packets = vec![venue.snapshot_packet(last, instrument, at)];
    for (number, order) in (1..).zip(&ORDERS) {
        venue.snapshot_order(number, order);
        packets.push(venue.snapshot_packet(last, instrument, at));
    }
    venue.snapshot_end(3);
    packets.push(venue.snapshot_packet(last, instrument, at));
    packets
}

fn cycle_end(instruments: usize) -> Vec<u8> {
    let mut venue = Encoder::new(CHANNEL, 0);
    venue.cycle_end(instruments);
    venue.snapshot_packet(0, 0, AT)
}

/// A channel that was joined at message 101, the instrument's sixth.
fn joined() -> Run {
    let mut run = Run::empty(&[]);
    run.venue = Encoder::new(CHANNEL, 101);
    run.sequence = 5;
    run.add(9, Side::Bid, 3_222, 1);
    let packet = run.packet();
    run.on_line(Line(0), &packet);
    run.wait(3);
    run.ticks();
    run
}

fn tell(run: &mut Run, packets: &[Vec<u8>]) {
    for packet in packets {
        run.on_line(Line::SNAPSHOT, packet);
    }
}

fn is_rebuilt(run: &mut Run) -> bool {
    let mut notices = std::iter::from_fn(|| run.feed.poll_notice());
    notices.any(|notice| matches!(notice, Notice::Rebuilt { .. }))
}

const BOOK: [&str; 5] = [
    "Definition s",
    "Status detail 7 s",
    "Clear s",
    "Add order 7 side Bid price 32.23 size 15 s",
    "Add order 8 side Ask price 32.24 size 18 s",
];
const LIMITS: [&str; 3] = [
    "Statistic price -1000000 detail 18 s",
    "Statistic price 1000000 detail 17 s",
    "Statistic detail 6 s",
];

#[test]
fn a_late_join_has_its_book_from_the_snapshots_and_goes_on_with_what_they_lack() {
    let mut run = joined();
    run.add(10, Side::Bid, 3_221, 1);
    let packet = run.packet();
    run.on_line(Line(0), &packet);
    // The snapshot has message 101 already, which is the sixth of the instrument.
    tell(&mut run, &snapshot(NUMBER, 101, 6, AT));
    tell(&mut run, &[cycle_end(1)]);
    let live = [
        "Add order 10 side Bid price 32.21 size 1 .",
        "Heartbeat detail 3 s .",
    ];
    run.check_ticks(&[&BOOK[..], &LIMITS, &live].concat());
    assert!(is_rebuilt(&mut run));
    run.add(7, Side::Bid, 3_220, 1);
    run.check(&["Modify order 7 side Bid price 32.2 size 1 ."]);
}

#[test]
fn a_snapshot_that_lost_a_packet_is_left_for_the_next_one() {
    let mut run = joined();
    let mut broken = snapshot(NUMBER, 101, 6, AT);
    broken.remove(1);
    tell(&mut run, &broken);
    tell(&mut run, &[cycle_end(1)]);
    assert!(!is_rebuilt(&mut run));
    run.ticks();
    tell(&mut run, &snapshot(NUMBER, 101, 6, AT + 1));
    tell(&mut run, &[cycle_end(1)]);
    assert!(is_rebuilt(&mut run));
}

#[test]
fn both_snapshot_lines_at_once_say_each_order_once() {
    let mut run = joined();
    for packet in snapshot(NUMBER, 101, 6, AT) {
        tell(&mut run, &[packet.clone(), packet]);
    }
    run.check_ticks(&[&BOOK[..], &LIMITS].concat());
    tell(&mut run, &[cycle_end(1)]);
    assert!(is_rebuilt(&mut run));
}

#[test]
fn a_snapshot_of_before_the_loss_is_of_no_use() {
    let mut run = joined();
    tell(&mut run, &snapshot(NUMBER, 99, 4, AT));
    run.check_ticks(&[]);
    tell(&mut run, &[cycle_end(1)]);
    assert!(!is_rebuilt(&mut run));
    tell(&mut run, &snapshot(NUMBER, 100, 5, AT));
    tell(&mut run, &[cycle_end(1)]);
    assert!(is_rebuilt(&mut run));
}

#[test]
fn a_cycle_that_lacks_an_instrument_is_not_enough() {
    let mut run = joined();
    tell(&mut run, &snapshot(NUMBER, 101, 6, AT));
    tell(&mut run, &[cycle_end(2)]);
    assert!(!is_rebuilt(&mut run));
    tell(&mut run, &snapshot(NUMBER + 1, 101, 1, AT));
    tell(&mut run, &[cycle_end(2)]);
    assert!(is_rebuilt(&mut run));
}

#[test]
fn where_no_end_of_a_cycle_is_said_a_round_is_over_when_its_first_instrument_comes_again() {
    let mut run = joined();
    tell(&mut run, &snapshot(NUMBER, 101, 6, AT));
    tell(&mut run, &snapshot(NUMBER + 1, 101, 1, AT + 1_000));
    // The other line's copies are no new round.
    tell(&mut run, &snapshot(NUMBER, 101, 6, AT + 2_000));
    assert!(!is_rebuilt(&mut run));
    tell(&mut run, &snapshot(NUMBER, 101, 6, AT + 100_000_000));
    assert!(is_rebuilt(&mut run));
}

#[test]
fn without_a_loss_the_snapshot_lines_say_nothing() {
    let mut run = Run::new();
    tell(&mut run, &snapshot(NUMBER, 1, 1, AT));
    run.check_ticks(&[]);
}

#[test]
fn a_snapshot_on_a_line_of_the_stream_only_names_its_instrument() {
    let mut run = Run::empty(&[]);
    for packet in snapshot(NUMBER, 100, 5, AT) {
        run.on_line(Line(0), &packet);
    }
    run.check_ticks(&["Definition", "Status detail 7 ."]);
    assert_eq!(run.feed.counters().messages_ignored, 3);
}
