//! Books by order: one sentence a rule.

use super::{AT, CENT, Run, SECURITY, action};
use crate::cme_mdp3::OrderUpdate;
use crate::contract::{Form, Line, Packet, SettingKey, Value};
use crate::model::{Price, RecvTime, Side};

fn run() -> Run {
    Run::with(3, &[(SettingKey::BY_ORDER.key, Value::Bool(true))])
}

fn order(action: u8, id: u64, cents: i64, size: u64) -> OrderUpdate {
    OrderUpdate {
        security: SECURITY,
        id,
        action,
        side: Side::Bid,
        price: Price(cents * CENT),
        size,
    }
}

#[test]
fn an_order_beside_its_level_has_the_price_and_side_of_the_entry_it_refers_to() {
    let mut run = run();
    let levels = [
        run.update(action::NEW_FIELD, 1, b'0', 100, 7),
        run.update(action::NEW_FIELD, 1, b'1', 101, 4),
    ];
    // What an order itself is said to cost is not in the message.
    let orders = [
        (1, order(action::NEW_FIELD, 12, 0, 4)),
        (0, order(action::NEW_FIELD, 11, 0, 7)),
    ];
    run.venue.book_and_orders(&levels, &orders, AT, true);
    run.send();
    run.check_ticks(&[
        "Add order 12 side Ask price 1.01 size 4",
        "Add order 11 side Bid price 1 size 7 .",
    ]);
    let levels = [
        run.update(action::CHANGE, 1, b'0', 100, 5),
        run.update(action::DELETE_FIELD, 1, b'1', 101, 4),
    ];
    let orders = [
        (0, order(action::CHANGE, 11, 0, 5)),
        (1, order(action::DELETE_FIELD, 12, 0, 0)),
    ];
    run.venue.book_and_orders(&levels, &orders, AT, true);
    run.send();
    let whole = u64::MAX;
    run.check_ticks(&[
        "Modify order 11 side Bid price 1 size 5",
        &format!("Cancel order 12 side Ask price 1.01 size {whole} ."),
    ]);
}

#[test]
fn orders_without_levels_say_their_own_price() {
    let mut run = run();
    let orders = [
        order(action::NEW_FIELD, 11, 90, 7),
        order(action::CHANGE, 11, 91, 6),
    ];
    run.venue.orders(&orders, AT, true);
    run.send();
    run.check_ticks(&[
        "Add order 11 side Bid price 0.9 size 7",
        "Modify order 11 side Bid price 0.91 size 6 .",
    ]);
}

#[test]
fn levels_alone_say_nothing_but_their_numbers_and_a_reset() {
    let mut run = run();
    let level = run.update(action::NEW_FIELD, 1, b'0', 100, 7);
    run.check(&[level], &[]);
    run.rpt_seq += 1;
    let level = run.update(action::CHANGE, 1, b'0', 100, 7);
    run.check(&[level], &["Heartbeat ! ."]);
    let reset = run.update(action::NEW_FIELD, 0, b'J', 0, 0);
    run.check(&[reset], &["Clear ."]);
    assert_eq!(run.feed.counters().instrument_gaps, 1);
}

#[test]
fn an_order_that_refers_to_nothing_is_left_out_and_one_without_a_size_refused() {
    let mut run = run();
    let implied = run.update(action::NEW_FIELD, 1, b'E', 100, 7);
    let orders = [
        (0, order(action::NEW_FIELD, 11, 0, 7)),
        (9, order(action::NEW_FIELD, 12, 0, 7)),
    ];
    run.venue.book_and_orders(&[implied], &orders, AT, true);
    run.send();
    run.check_ticks(&[]);
    run.venue
        .orders(&[order(action::NEW_FIELD, 11, 90, 0)], AT, true);
    run.send();
    run.check_ticks(&[]);
    assert_eq!(run.feed.counters().decode_errors, [0, 0, 1, 0, 0, 0]);
}

#[test]
fn books_by_level_leave_orders_alone() {
    let mut run = Run::new(3);
    run.venue
        .orders(&[order(action::NEW_FIELD, 11, 90, 7)], AT, true);
    let level = run.update(action::NEW_FIELD, 1, b'0', 100, 7);
    let beside = [(0, order(action::NEW_FIELD, 12, 0, 7))];
    run.venue.book_and_orders(&[level], &beside, AT, true);
    run.send();
    run.check_ticks(&["Level order 2 side Bid price 1 size 7 ."]);
}

impl Run {
    /// A packet of the snapshot lines.
    fn snapshot(&mut self, bytes: &[u8]) {
        let packet = Packet {
            line: Line::SNAPSHOT,
            ts_recv: RecvTime(self.now),
            form: Form::Datagram,
            bytes,
        };
        self.feed.on_packet(&packet, &mut self.out);
    }

    /// One chunk of a snapshot of two, behind packet 3.
    fn chunk(&mut self, chunk: u32, orders: &[OrderUpdate]) {
        let mut encoder = crate::cme_mdp3::Encoder::new(chunk);
        encoder.orders_snapshot(SECURITY, (3, 2), (chunk, 2), orders, AT);
        let bytes = encoder.packet(self.now);
        self.snapshot(&bytes);
    }
}

#[test]
fn a_snapshot_in_chunks_counts_once_all_came_in_their_order() {
    let mut run = run();
    // Packet 2 is lost, and 3 shows it.
    run.venue.heartbeat();
    run.venue.packet(AT);
    run.venue
        .orders(&[order(action::NEW_FIELD, 1, 90, 7)], AT, true);
    run.send_late();
    run.ticks();
    let first = [order(action::NEW_FIELD, 5, 80, 1)];
    let second = [order(action::NEW_FIELD, 6, 81, 2)];
    // The second alone says nothing.
    run.chunk(2, &second);
    assert!(run.ticks().is_empty());
    run.chunk(1, &first);
    assert_eq!(run.feed.counters().snapshots_applied, 0);
    run.chunk(2, &second);
    assert_eq!(run.feed.counters().snapshots_applied, 1);
    let said: Vec<String> = run.ticks().iter().map(super::text_of).collect();
    let orders: Vec<&String> = said.iter().filter(|text| text.contains("Add")).collect();
    assert_eq!(
        orders,
        [
            "Add #0 instrument 0 order 5 side Bid price 0.8 size 1",
            "Add #0 instrument 0 order 6 side Bid price 0.81 size 2",
        ]
    );
    // The next packet goes on with it.
    run.venue
        .orders(&[order(action::NEW_FIELD, 7, 82, 3)], AT, true);
    run.send();
    run.check_ticks(&["Add order 7 side Bid price 0.82 size 3 ."]);
}

impl Run {
    /// Sends what the venue said, and lets the time pass that a hole may last.
    fn send_late(&mut self) {
        self.now += 1_000_000;
        let packet = self.venue.packet(self.now - 1_000);
        self.packet(0, &packet);
        self.now += 1_000_000_000;
        self.feed.on_clock(RecvTime(self.now), &mut self.out);
    }
}
