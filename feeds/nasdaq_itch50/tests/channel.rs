//! Session, arbitration, recovery, silence, instruments: one sentence a rule.

use super::{LISTING, MIDNIGHT, Rig, SESSION, STOCK, encoded, head};
use crate::contract::{Action, Control, ControlAnswer, Form, Line, Notice, Outcome, Value};
use crate::model::{RecvTime, Side};
use crate::session::moldudp64::{END_OF_SESSION, RetransmitStore, split_message};

const A: Line = Line(0);
const B: Line = Line(1);
const OPEN: u64 = MIDNIGHT + 34_200_000_000_000;
const MS: u64 = 1_000_000;

fn adds(first: u64, count: u64) -> super::ItchEncoder {
    encoded(|encoder| {
        for order in first..first + count {
            encoder.add_order(head(order), order, Side::Bid, 100, STOCK, 10_000);
        }
    })
}

/// Order ids of the `Add` ticks since the last look.
fn added(rig: &mut Rig) -> Vec<u64> {
    let said = rig.said();
    let adds = said.iter().filter(|line| line.starts_with("Add"));
    adds.map(|line| {
        line.split(" order ")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .parse()
            .unwrap()
    })
    .collect()
}

#[test]
fn times_are_those_of_new_york_and_ticks_have_the_packets_receive_time() {
    let mut rig = Rig::new(|_| {});
    rig.datagram(A, SESSION, 1, 1, &adds(1, 1), OPEN);
    let ticks = rig.batch.ticks();
    assert_eq!(
        (ticks[1].ts_event.0, ticks[1].ts_recv.0),
        (MIDNIGHT + 1, OPEN)
    );
}

#[test]
fn a_file_counts_from_the_midnight_of_its_date() {
    let mut rig = Rig::new(|settings| {
        let date = Value::Text("2020-01-30".to_owned());
        settings.own.push(("session_date".to_owned(), date));
    });
    rig.packet(A, Form::FileMessages, adds(5, 1).bytes(), 0);
    rig.packet(A, Form::FileMessages, adds(6, 1).bytes(), 0);
    let last = *rig.batch.ticks().last().unwrap();
    assert_eq!(
        (last.ts_event.0, last.ts_recv.0),
        (MIDNIGHT + 6, MIDNIGHT + 6)
    );
    assert_eq!((last.sequence, rig.feed.counters().messages), (2, 2));
}

#[test]
fn the_first_copy_of_a_message_wins_whichever_line_brings_it() {
    let mut rig = Rig::new(|settings| settings.line_count = 2);
    rig.datagram(A, SESSION, 1, 2, &adds(1, 2), OPEN);
    assert_eq!(
        rig.datagram(B, SESSION, 1, 1, &adds(1, 1), OPEN),
        Outcome::Duplicate
    );
    assert_eq!(
        rig.datagram(B, SESSION, 2, 3, &adds(2, 3), OPEN),
        Outcome::Applied
    );
    assert_eq!(added(&mut rig), [1, 2, 3, 4]);
    assert_eq!(rig.feed.counters().first_on_line[..2], [2, 2]);
    assert_eq!(
        rig.feed.messages_by_type(),
        [("add_order_no_mpid_attribution", 4)]
    );
}

#[test]
fn a_gap_is_asked_for_and_closed_by_the_answer() {
    let mut rig = Rig::new(|settings| settings.server_count = 1);
    let mut store = RetransmitStore::new(SESSION, 1, 1 << 20);
    for order in 1..=5 {
        store.append(split_message(adds(order, 1).bytes()).unwrap().0);
    }
    rig.datagram(A, SESSION, 1, 1, &adds(1, 1), OPEN);
    assert_eq!(
        rig.datagram(A, SESSION, 4, 2, &adds(4, 2), OPEN),
        Outcome::Held
    );
    rig.said();
    rig.clock(OPEN + 2 * MS);
    rig.check(&["Gap #2 size 2 ."]);
    let action = rig.feed.poll_action().unwrap();
    let Action::SendDatagram { bytes, .. } = action else {
        panic!("{action:?}")
    };
    let answer = store.answer(&bytes).unwrap();
    rig.packet(Line::RECOVERY, Form::Datagram, &answer, OPEN + 3 * MS);
    let said = rig.said();
    let actions: Vec<&str> = said
        .iter()
        .map(|line| line.split(' ').next().unwrap())
        .collect();
    assert_eq!(actions, ["Add", "Add", "Recovered", "Add", "Add"]);
    assert!(rig.feed.gaps()[0].recovered);
}

#[test]
fn a_gap_nobody_fills_is_named_and_what_is_behind_it_goes_on() {
    let mut rig = Rig::new(|_| {});
    rig.datagram(A, SESSION, 1, 1, &adds(1, 1), OPEN);
    rig.datagram(A, SESSION, 4, 1, &adds(4, 1), OPEN);
    rig.said();
    rig.feed.finish(RecvTime(OPEN), &mut rig.batch);
    rig.check(&[
        "Gap #2 size 2 detail 1 .",
        "Add #4 instrument 0 at 4 order 4 side Bid price 1 size 100 .",
    ]);
    assert_eq!(rig.feed.counters().messages_lost, 2);
}

#[test]
fn a_session_joined_in_its_middle_says_so_before_its_first_message() {
    let mut rig = Rig::new(|_| {});
    rig.datagram(A, SESSION, 100, 1, &adds(7, 1), OPEN);
    // A definition is handed over at once, its tick keeps its place.
    assert_eq!(rig.said()[1], "Gap #1 size 99 detail 2 .");
}

#[test]
fn another_session_starts_anew_and_late_packets_of_the_old_one_are_ignored() {
    let mut rig = Rig::new(|_| {});
    rig.datagram(A, SESSION, 1, 1, &adds(1, 1), OPEN);
    rig.said();
    let next = *b"000010060A";
    rig.datagram(A, next, 1, 1, &adds(1, 1), OPEN + MS);
    rig.check(&[
        "Reset #1 .",
        "Add #1 instrument 0 at 1 order 1 side Bid price 1 size 100 .",
    ]);
    assert_eq!(
        rig.datagram(B, SESSION, 2, 1, &adds(2, 1), OPEN + 2 * MS),
        Outcome::Duplicate
    );
    assert_eq!(
        rig.datagram(Line::RECOVERY, SESSION, 2, 1, &adds(2, 1), OPEN),
        Outcome::Duplicate
    );
    rig.check(&[]);
    assert_eq!(rig.feed.counters().resets, 1);
}

#[test]
fn the_end_of_a_session_closes_it_once() {
    let mut rig = Rig::new(|_| {});
    let nothing = encoded(|_| {});
    rig.datagram(A, SESSION, 1, 1, &adds(1, 1), OPEN);
    rig.said();
    for _ in 0..2 {
        let outcome = rig.datagram(A, SESSION, 2, END_OF_SESSION, &nothing, OPEN);
        assert_eq!(outcome, Outcome::Heartbeat);
    }
    rig.check(&["Status #2 detail 12 ."]);
    let notices: Vec<Notice> = std::iter::from_fn(|| rig.feed.poll_notice()).collect();
    assert_eq!(notices, [Notice::LineUp(A), Notice::SessionEnded]);
}

#[test]
fn silence_of_all_lines_is_told_once_and_so_is_its_end() {
    let mut rig = Rig::new(|settings| settings.line_count = 2);
    rig.clock(OPEN);
    rig.datagram(A, SESSION, 1, 0, &encoded(|_| {}), OPEN + 1_000 * MS);
    rig.clock(OPEN + 5_000 * MS);
    rig.check(&[]);
    assert_eq!(rig.feed.next_deadline(), Some(RecvTime(OPEN + 6_000 * MS)));
    rig.clock(OPEN + 6_000 * MS);
    rig.clock(OPEN + 7_000 * MS);
    rig.check(&["Heartbeat #0 detail 1 ."]);
    assert_eq!(rig.feed.next_deadline(), None);
    rig.datagram(B, SESSION, 1, 0, &encoded(|_| {}), OPEN + 8_000 * MS);
    rig.check(&["Heartbeat #0 ."]);
    let notices: Vec<Notice> = std::iter::from_fn(|| rig.feed.poll_notice()).collect();
    let expected = [
        Notice::LineUp(A),
        Notice::LineSilent(B),
        Notice::LineSilent(A),
        Notice::LineUp(B),
    ];
    assert_eq!(notices, expected);
}

#[test]
fn a_line_that_only_repeats_the_past_does_not_keep_the_channel_alive() {
    let mut rig = Rig::new(|_| {});
    rig.datagram(A, SESSION, 1, 4, &adds(1, 4), OPEN);
    let _ = added(&mut rig);
    // The sender began anew under the same session: all it says is behind what is known.
    for second in 1..=5 {
        rig.datagram(A, SESSION, 1, 1, &adds(1, 1), OPEN + second * 1_000 * MS);
        rig.clock(OPEN + second * 1_000 * MS);
    }
    rig.check(&["Heartbeat #0 detail 1 ."]);
    rig.datagram(A, SESSION, 5, 0, &encoded(|_| {}), OPEN + 6_000 * MS);
    rig.check(&["Heartbeat #0 ."]);
}

#[test]
fn ids_follow_the_symbols_in_order_of_appearance_and_outlive_a_session() {
    let mut rig = Rig::new(|_| {});
    let symbols = encoded(|encoder| {
        encoder.directory(
            super::Head {
                stock_locate: 9,
                ..head(1)
            },
            b"MSFT",
            LISTING,
        );
        encoder.add_order(
            super::Head {
                stock_locate: 4,
                ..head(1)
            },
            1,
            Side::Ask,
            1,
            STOCK,
            1,
        );
        encoder.directory(
            super::Head {
                stock_locate: 4,
                ..head(1)
            },
            STOCK,
            LISTING,
        );
    });
    rig.datagram(A, SESSION, 1, 3, &symbols, OPEN);
    let defined = |rig: &mut Rig| {
        let said = rig.said();
        said.into_iter()
            .filter(|line| line.starts_with("define"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        defined(&mut rig),
        [
            "define 0 MSFT round_lot 100 test 0",
            "define 1 AAPL round_lot 0 test 0",
            "define 1 AAPL round_lot 100 test 0"
        ]
    );
    let next = encoded(|encoder| {
        encoder.directory(
            super::Head {
                stock_locate: 9,
                ..head(1)
            },
            STOCK,
            LISTING,
        );
    });
    rig.datagram(A, *b"000010060A", 1, 1, &next, OPEN);
    assert_eq!(defined(&mut rig), ["define 1 AAPL round_lot 100 test 0"]);
}

#[test]
fn only_the_symbols_of_the_settings_become_ticks() {
    let mut rig = Rig::new(|settings| settings.instruments = vec!["MSFT".to_owned()]);
    let messages = encoded(|encoder| {
        encoder.add_order(head(1), 1, Side::Bid, 1, STOCK, 1);
        encoder.delete(head(1), 1);
        encoder.add_order(
            super::Head {
                stock_locate: 9,
                ..head(1)
            },
            2,
            Side::Bid,
            1,
            b"MSFT",
            1,
        );
    });
    rig.datagram(A, SESSION, 1, 3, &messages, OPEN);
    assert_eq!(added(&mut rig), [2]);
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 0);
}

#[test]
fn orders_of_a_locate_nobody_named_are_counted() {
    let mut rig = Rig::new(|_| {});
    rig.datagram(
        A,
        SESSION,
        1,
        1,
        &encoded(|encoder| encoder.delete(head(1), 1)),
        OPEN,
    );
    rig.check(&[]);
    assert_eq!(rig.feed.counters().unknown_instrument_messages, 1);
}

#[test]
fn unknown_types_and_wrong_lengths_are_skipped_and_counted() {
    let mut rig = Rig::new(|_| {});
    let mut bytes = crate::session::moldudp64::Header {
        session: SESSION,
        sequence: 1,
        count: 5,
    }
    .to_bytes()
    .to_vec();
    bytes.extend_from_slice(&[0, 1, b'z', 0, 1, b'z', 0, 2, b'D', 0, 0, 0]);
    bytes.extend_from_slice(adds(3, 1).bytes());
    assert_eq!(
        rig.packet(A, Form::Datagram, &bytes, OPEN),
        Outcome::Applied
    );
    let counters = rig.feed.counters();
    assert_eq!(
        (counters.unknown_messages, counters.decode_errors_total()),
        (2, 2)
    );
    assert_eq!(added(&mut rig), [3]);
    let notices = std::iter::from_fn(|| rig.feed.poll_notice());
    assert_eq!(
        notices
            .filter(|notice| matches!(notice, Notice::UnknownType { .. }))
            .count(),
        1
    );
}

#[test]
fn an_execution_that_is_not_printable_and_an_empty_auction_are_no_trades() {
    let mut rig = Rig::new(|_| {});
    let messages = encoded(|encoder| {
        encoder.directory(head(1), STOCK, LISTING);
        encoder.executed_with_price(head(2), 7, 10, 1, false, 20_000);
        encoder.cross_trade(head(3), 0, STOCK, 0, 2, b'O');
    });
    rig.packet(A, Form::FileMessages, messages.bytes(), 0);
    let said = rig.said();
    assert_eq!(
        said[2..],
        ["Cancel #2 instrument 0 at 2 order 7 size 10 detail 1 ."]
    );
}

#[test]
fn every_faulty_setting_is_named() {
    let mut settings = crate::contract::FeedSettings::single_line(crate::model::ChannelId(0));
    for (key, value) in [
        ("held_packets_max", Value::Integer(0)),
        ("backfill", Value::Integer(1)),
        ("session_date", Value::Text("2020-13-01".to_owned())),
        ("silence_ms", Value::Integer(100)),
    ] {
        settings.own.push((key.to_owned(), value));
    }
    settings.instruments = vec!["AAPL".to_owned(), "TOOLONGSYMBOL".to_owned()];
    let Err(faults) = (super::DESCRIPTOR.build)(&settings) else {
        panic!("accepted")
    };
    let keys: Vec<&str> = faults.iter().map(|fault| fault.key.as_str()).collect();
    assert_eq!(
        keys,
        [
            "instruments",
            "session_date",
            "backfill",
            "held_packets_max"
        ]
    );
}

#[test]
fn a_resync_is_refused_without_snapshots_and_begun_once_with_them() {
    let order = |rig: &mut Rig| {
        let now = RecvTime(OPEN + MS);
        rig.feed.on_control(Control::Resync, now, &mut rig.batch)
    };
    let mut rig = Rig::new(|_| {});
    rig.datagram(A, SESSION, 1, 2, &adds(1, 2), OPEN);
    rig.said();
    assert_eq!(order(&mut rig), ControlAnswer::NoSnapshots);
    rig.check(&[]);

    let mut rig = Rig::new(|settings| settings.snapshot_server_count = 1);
    rig.datagram(A, SESSION, 1, 2, &adds(1, 2), OPEN);
    rig.said();
    assert_eq!(order(&mut rig), ControlAnswer::Started);
    let action = rig.feed.poll_action();
    assert!(
        matches!(action, Some(Action::OpenStream { .. })),
        "{action:?}"
    );
    assert_eq!(order(&mut rig), ControlAnswer::UnderWay);
    assert_eq!(rig.feed.counters().rebuilds, 1);
    let said = rig.said();
    assert_eq!(said.len(), 1, "the books wait: {said:?}");
    assert!(said[0].starts_with("Reset"), "{said:?}");
    rig.datagram(A, SESSION, 3, 1, &adds(3, 1), OPEN + 2 * MS);
    assert_eq!(added(&mut rig), [0u64; 0], "live messages are kept");
}
