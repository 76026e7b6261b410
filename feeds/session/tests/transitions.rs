//! One sentence a transition.

use crate::contract::Line;
use crate::model::RecvTime;
use crate::session::sequencer::{REFUSAL_NS_MAX, Step};
use crate::session::{Offer, Sequencer, SequencerSettings};

const A: Line = Line(0);
const B: Line = Line(1);

/// A sequencer and what it said, in few words: `1-3` delivered, `open 4+2`, `ask 0:4+2`, `lost 4+2`, …
struct Trial {
    sequencer: Sequencer,
    said: Vec<String>,
}

impl Trial {
    /// Window 10, time for an answer 100, three attempts, one request at a time.
    fn with(change: impl FnOnce(&mut SequencerSettings)) -> Trial {
        let mut settings = SequencerSettings {
            reorder_window_ns: 10,
            request_timeout_ns: 100,
            request_attempts_max: 3,
            requests_waiting_max: 1,
            ..SequencerSettings::default()
        };
        change(&mut settings);
        Trial {
            sequencer: Sequencer::new(settings),
            said: Vec::new(),
        }
    }

    fn without_server() -> Trial {
        Trial::with(|_| {})
    }

    fn with_servers(server_count: u8) -> Trial {
        Trial::with(|settings| settings.server_count = server_count)
    }

    fn delivered(&mut self, first: u64, end: u64) {
        self.said.push(format!("{first}-{}", end - 1));
    }

    fn packet(&mut self, line: Line, first: u64, count: u64, now: u64) -> Offer {
        let offer = self.sequencer.offer(line, first, count, &[], RecvTime(now));
        if let Offer::Deliver { skip } = offer {
            while let Some(step) = self.sequencer.poll_before_delivery() {
                self.step(step);
            }
            self.delivered(first + skip, first + count);
        }
        self.drain();
        offer
    }

    fn clock(&mut self, now: u64) {
        self.sequencer.on_clock(RecvTime(now));
        self.drain();
    }

    fn heartbeat(&mut self, next: u64, now: u64) {
        self.sequencer.on_heartbeat(next, RecvTime(now));
        self.drain();
    }

    fn finish(&mut self, now: u64) {
        self.sequencer.finish(RecvTime(now));
        self.drain();
    }

    fn refused(&mut self, server: u8, first: u64, rest_ns: u64, now: u64) {
        self.sequencer
            .on_refused(server, first, rest_ns, RecvTime(now));
        self.drain();
    }

    fn step(&mut self, step: Step) {
        match step {
            Step::GapOpened { first, count } => self.said.push(format!("open {first}+{count}")),
            Step::GapRecovered { first, count } => {
                self.said.push(format!("recovered {first}+{count}"));
            }
            Step::GapLost { first, count } => self.said.push(format!("lost {first}+{count}")),
            Step::Joined { sequence } => self.said.push(format!("joined {sequence}")),
            Step::Deliver(packet) => {
                self.delivered(packet.first + packet.skip, packet.first + packet.count);
                self.sequencer.recycle(packet);
            }
        }
    }

    fn drain(&mut self) {
        while let Some(step) = self.sequencer.poll() {
            self.step(step);
        }
        while let Some(request) = self.sequencer.poll_request() {
            let (server, first, count) = (request.server, request.first, request.count);
            self.said.push(format!("ask {server}:{first}+{count}"));
        }
    }

    #[track_caller]
    fn check(&mut self, said: &str) {
        assert_eq!(std::mem::take(&mut self.said).join(", "), said);
    }

    #[track_caller]
    fn check_ledger(&self, expected: &[(u64, u64, bool)]) {
        let ledger = self.sequencer.ledger().iter();
        let ledger: Vec<_> = ledger
            .map(|gap| (gap.first, gap.count, gap.recovered))
            .collect();
        assert_eq!(ledger, expected);
    }
}

#[test]
fn the_copy_of_the_other_line_is_a_duplicate() {
    let mut trial = Trial::without_server();
    trial.packet(A, 1, 3, 0);
    assert_eq!(trial.packet(B, 1, 3, 1), Offer::Duplicate);
    assert_eq!(trial.packet(B, 2, 1, 1), Offer::Duplicate);
    trial.packet(B, 4, 2, 2);
    trial.check("1-3, 4-5");
    assert_eq!(trial.sequencer.counters.first_on_line[..2], [3, 2]);
    assert_eq!(trial.sequencer.counters.packets_duplicate, 2);
}

#[test]
fn a_packet_that_straddles_what_is_known_gives_its_tail() {
    let mut trial = Trial::without_server();
    trial.packet(A, 1, 3, 0);
    assert_eq!(trial.packet(B, 2, 4, 1), Offer::Deliver { skip: 2 });
    trial.check("1-3, 4-5");
    assert!(trial.sequencer.is_next(6));
}

#[test]
fn a_hole_filled_by_the_other_line_within_the_window_is_no_gap() {
    let mut trial = Trial::with_servers(1);
    trial.packet(A, 1, 1, 0);
    assert_eq!(trial.packet(A, 4, 2, 5), Offer::Held);
    assert_eq!(trial.sequencer.next_deadline(), Some(RecvTime(15)));
    trial.packet(B, 2, 2, 14);
    trial.clock(15);
    trial.check("1-1, 2-3, 4-5");
    trial.check_ledger(&[]);
    assert_eq!(trial.sequencer.next_deadline(), None);
}

#[test]
fn a_hole_whose_window_is_over_is_lost_where_nobody_can_be_asked() {
    let mut trial = Trial::without_server();
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 4, 2, 5);
    trial.clock(14);
    trial.check("1-1");
    trial.clock(15);
    trial.check("lost 2+2, 4-5");
    trial.check_ledger(&[(2, 2, false)]);
    assert_eq!(trial.packet(B, 2, 2, 16), Offer::Duplicate);
}

#[test]
fn a_hole_whose_window_is_over_is_asked_for() {
    let mut trial = Trial::with_servers(2);
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 4, 2, 5);
    trial.clock(15);
    trial.check("1-1, open 2+2, ask 0:2+2");
    assert!(trial.sequencer.is_gap_open());
    trial.packet(Line::RECOVERY, 2, 2, 50);
    trial.check("2-3, recovered 2+2, 4-5");
    trial.check_ledger(&[(2, 2, true)]);
    assert_eq!(trial.sequencer.counters.messages_recovered, 2);
}

#[test]
fn a_partial_answer_asks_on_up_to_what_is_held() {
    let mut trial = Trial::with_servers(1);
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 10, 1, 1);
    trial.clock(11);
    trial.check("1-1, open 2+8, ask 0:2+8");
    trial.packet(B, 4, 2, 12);
    trial.packet(Line::RECOVERY, 2, 1, 20);
    trial.check("2-2, ask 0:3+1");
    trial.packet(Line::RECOVERY, 3, 1, 21);
    trial.check("3-3, 4-5, ask 0:6+4");
    trial.packet(Line::RECOVERY, 6, 4, 22);
    trial.check("6-9, recovered 2+8, 10-10");
    assert_eq!(trial.sequencer.counters.requests, 3);
}

#[test]
fn an_answer_that_overlaps_what_is_held_asks_on_behind_it() {
    let mut trial = Trial::with_servers(1);
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 10, 1, 1);
    trial.clock(11);
    trial.packet(B, 4, 2, 12);
    trial.check("1-1, open 2+8, ask 0:2+8");
    trial.packet(Line::RECOVERY, 2, 3, 20);
    trial.check("2-4, 5-5, ask 0:6+4");
}

#[test]
fn a_late_answer_asks_the_next_server_and_the_last_attempt_gives_up() {
    let mut trial = Trial::with_servers(2);
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 4, 1, 0);
    trial.clock(10);
    trial.check("1-1, open 2+2, ask 0:2+2");
    assert_eq!(trial.sequencer.next_deadline(), Some(RecvTime(110)));
    trial.clock(110);
    trial.check("ask 1:2+2");
    trial.clock(210);
    trial.check("ask 0:2+2");
    trial.clock(310);
    trial.check("lost 2+2, 4-4");
    trial.check_ledger(&[(2, 2, false)]);
}

#[test]
fn a_gap_given_up_is_given_up_as_a_whole() {
    let mut trial = Trial::with_servers(1);
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 20, 1, 0);
    trial.clock(10);
    trial.packet(B, 5, 2, 11);
    trial.packet(Line::RECOVERY, 2, 1, 12);
    trial.packet(B, 9, 1, 13);
    trial.check("1-1, open 2+18, ask 0:2+18, 2-2, ask 0:3+2");
    for now in [112, 212, 312] {
        trial.clock(now);
    }
    trial.check("ask 0:3+2, ask 0:3+2, lost 3+2, 5-6, lost 7+2, 9-9, lost 10+10, 20-20");
    trial.check_ledger(&[
        (2, 1, true),
        (3, 2, false),
        (5, 2, true),
        (7, 2, false),
        (9, 1, true),
        (10, 10, false),
    ]);
    assert_eq!(trial.sequencer.next_deadline(), None);
    assert_eq!(trial.packet(A, 21, 1, 400), Offer::Deliver { skip: 0 });
}

#[test]
fn a_server_that_cannot_be_reached_hands_over_to_the_next_at_once() {
    let mut trial = Trial::with_servers(2);
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 3, 1, 0);
    trial.clock(10);
    trial.sequencer.on_server_unreachable(1, RecvTime(11));
    trial.sequencer.on_server_unreachable(0, RecvTime(12));
    trial.drain();
    trial.check("1-1, open 2+1, ask 0:2+1, ask 1:2+1");
}

#[test]
fn the_only_server_is_asked_again_in_its_time() {
    let mut trial = Trial::with_servers(1);
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 3, 1, 0);
    trial.clock(10);
    trial.sequencer.on_server_unreachable(0, RecvTime(12));
    trial.drain();
    trial.check("1-1, open 2+1, ask 0:2+1");
    trial.clock(110);
    trial.check("ask 0:2+1");
}

#[test]
fn a_heartbeat_reveals_what_is_missing_at_the_end() {
    let mut trial = Trial::with_servers(1);
    trial.packet(A, 1, 1, 0);
    trial.heartbeat(2, 1);
    assert_eq!(trial.sequencer.next_deadline(), None);
    trial.heartbeat(4, 2);
    trial.clock(12);
    trial.check("1-1, open 2+2, ask 0:2+2");
    trial.packet(Line::RECOVERY, 2, 2, 20);
    trial.check("2-3, recovered 2+2");
}

#[test]
fn a_stream_joined_in_its_middle_says_so_before_its_first_message() {
    let mut trial = Trial::without_server();
    trial.packet(A, 100, 2, 0);
    trial.check("joined 100, 100-101");
    trial.check_ledger(&[]);
    assert_eq!(trial.packet(B, 99, 1, 1), Offer::Duplicate);
}

#[test]
fn a_stream_joined_in_its_middle_is_asked_for_from_its_first_message() {
    let mut trial = Trial::with(|settings| {
        settings.server_count = 1;
        settings.request_count_max = 60;
    });
    trial.packet(A, 100, 2, 0);
    trial.check("open 1+99, ask 0:1+60");
    trial.packet(Line::RECOVERY, 1, 60, 1);
    trial.check("1-60, ask 0:61+39");
    trial.packet(Line::RECOVERY, 61, 39, 2);
    trial.check("61-99, recovered 1+99, 100-101");
}

#[test]
fn a_backfill_nobody_answers_becomes_a_join() {
    let mut trial = Trial::with_servers(1);
    trial.packet(A, 100, 2, 0);
    for now in [100, 200, 300] {
        trial.clock(now);
    }
    trial.check("open 1+99, ask 0:1+99, ask 0:1+99, ask 0:1+99, joined 100, 100-101");
}

#[test]
fn a_stream_joined_by_heartbeat_goes_on_from_there() {
    let mut trial = Trial::without_server();
    trial.heartbeat(7, 0);
    trial.packet(A, 7, 1, 1);
    trial.check("joined 7, 7-7");
}

#[test]
fn the_next_hole_is_as_old_as_the_packet_behind_it() {
    let mut trial = Trial::without_server();
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 3, 1, 1);
    trial.packet(A, 5, 1, 4);
    trial.packet(B, 2, 1, 9);
    assert_eq!(trial.sequencer.next_deadline(), Some(RecvTime(14)));
    trial.check("1-1, 2-2, 3-3");
    trial.clock(14);
    trial.check("lost 4+1, 5-5");
}

#[test]
fn held_packets_that_overlap_are_delivered_once() {
    let mut trial = Trial::without_server();
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 3, 2, 1);
    trial.packet(B, 3, 5, 1);
    trial.packet(B, 4, 1, 1);
    trial.packet(B, 2, 1, 2);
    trial.check("1-1, 2-2, 3-7");
    assert_eq!(trial.sequencer.held_count(), 0);
    assert!(trial.sequencer.is_next(8));
}

#[test]
fn a_full_store_of_early_packets_ends_the_wait_where_nobody_can_be_asked() {
    let mut trial = Trial::with(|settings| settings.held_packets_max = 2);
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 3, 1, 1);
    trial.packet(A, 5, 1, 1);
    trial.check("1-1, lost 2+1, 3-3");
    assert_eq!(trial.sequencer.held_count(), 1);
    trial.clock(11);
    trial.check("lost 4+1, 5-5");
}

#[test]
fn a_full_store_drops_the_newest_where_it_can_be_asked_for() {
    let mut trial = Trial::with(|settings| {
        settings.held_packets_max = 1;
        settings.server_count = 1;
    });
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 3, 1, 1);
    assert_eq!(trial.packet(A, 4, 1, 1), Offer::Dropped);
    trial.clock(11);
    trial.packet(Line::RECOVERY, 2, 1, 12);
    trial.check("1-1, open 2+1, ask 0:2+1, 2-2, recovered 2+1, 3-3");
    trial.clock(22);
    trial.check("open 4+1, ask 0:4+1");
}

#[test]
fn the_end_of_input_names_every_hole_and_leaves_nothing_held() {
    for mut trial in [Trial::without_server(), Trial::with_servers(1)] {
        trial.packet(A, 1, 1, 0);
        trial.packet(A, 3, 1, 0);
        trial.packet(A, 5, 1, 0);
        trial.heartbeat(8, 1);
        trial.finish(2);
        trial.check("1-1, lost 2+1, 3-3, lost 4+1, 5-5, lost 6+2");
        assert_eq!(trial.sequencer.held_count(), 0);
        trial.check_ledger(&[(2, 1, false), (4, 1, false), (6, 2, false)]);
    }
}

#[test]
fn a_restart_names_what_it_drops_and_begins_anew() {
    let mut trial = Trial::with_servers(1);
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 5, 1, 0);
    trial.clock(10);
    trial.packet(Line::RECOVERY, 2, 1, 11);
    trial.sequencer.restart(1);
    trial.check_ledger(&[(2, 1, true), (3, 3, false)]);
    trial.said.clear();
    trial.packet(A, 1, 2, 12);
    trial.check("1-2");
    assert_eq!(
        (
            trial.sequencer.held_count(),
            trial.sequencer.counters.resets
        ),
        (0, 1)
    );
}

#[test]
fn numbers_that_cannot_be_true_are_refused_and_counted() {
    let mut trial = Trial::without_server();
    trial.packet(A, 1, 1, 0);
    assert_eq!(trial.packet(A, u64::MAX, 2, 1), Offer::Dropped);
    assert_eq!(trial.packet(A, 1 << 50, 1, 1), Offer::Dropped);
    trial.heartbeat(u64::MAX, 1);
    assert_eq!(trial.sequencer.counters.decode_errors_total(), 2);
    assert!(trial.sequencer.is_next(2));
}

/// Requests for ten messages, three at once; 2 to 99 are missing.
fn behind_by_98(server_count: u8) -> Trial {
    let mut trial = Trial::with(|settings| {
        settings.server_count = server_count;
        settings.request_count_max = 10;
        settings.requests_waiting_max = 3;
        settings.held_packets_max = 3;
    });
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 100, 1, 0);
    trial.clock(10);
    trial.check("1-1, open 2+98, ask 0:2+10, ask 0:12+10, ask 0:22+10");
    trial
}

#[test]
fn several_requests_wait_at_once_and_each_answer_makes_room_for_the_next() {
    let mut trial = behind_by_98(1);
    trial.packet(Line::RECOVERY, 12, 10, 20);
    trial.check("ask 0:32+10");
    trial.packet(Line::RECOVERY, 2, 10, 21);
    trial.check("2-11, 12-21, ask 0:42+10");
    trial.packet(Line::RECOVERY, 22, 10, 22);
    trial.check("22-31, ask 0:52+10");
}

#[test]
fn what_an_answer_leaves_out_is_asked_for_at_once() {
    let mut trial = behind_by_98(1);
    trial.packet(Line::RECOVERY, 22, 4, 20);
    trial.check("ask 0:26+10");
    trial.packet(Line::RECOVERY, 2, 4, 21);
    trial.check("2-5, ask 0:6+6");
}

#[test]
fn each_request_has_its_own_time_and_only_the_next_message_counts() {
    let mut trial = behind_by_98(2);
    trial.packet(Line::RECOVERY, 2, 10, 60);
    trial.check("2-11, ask 0:32+10");
    trial.clock(110);
    trial.check("ask 1:12+10, ask 1:22+10");
    trial.clock(160);
    trial.check("ask 1:32+10");
    trial.packet(Line::RECOVERY, 12, 10, 161);
    trial.check("12-21, ask 1:42+10");
    // The third is asked for ever again, as long as there is progress before it.
    for (turn, now) in [261u64, 361, 461, 561].into_iter().enumerate() {
        trial.packet(A, 22 + turn as u64, 1, now - 1);
        trial.clock(now);
        assert!(trial.sequencer.is_gap_open(), "{turn}");
    }
    trial.said.clear();
    for now in [661, 761, 861] {
        trial.clock(now);
    }
    assert!(!trial.sequencer.is_gap_open());
}

#[test]
fn an_answer_takes_the_place_of_what_is_held_behind_it() {
    let mut trial = behind_by_98(1);
    trial.packet(A, 101, 1, 11);
    trial.packet(A, 102, 1, 12);
    assert_eq!(trial.packet(A, 103, 1, 13), Offer::Dropped);
    assert_eq!(trial.packet(Line::RECOVERY, 12, 10, 20), Offer::Held);
    assert_eq!(trial.sequencer.held_count(), 3);
    trial.check("ask 0:32+10");
    for first in [2, 22, 32, 42, 52, 62, 72, 82] {
        trial.packet(Line::RECOVERY, first, 10, 21);
    }
    trial.said.clear();
    trial.packet(Line::RECOVERY, 92, 8, 22);
    trial.check("92-99, recovered 2+98, 100-100, 101-101");
    trial.clock(40);
    trial.check("open 102+2, ask 0:102+2");
}

/// A hole of 2 to 5, asked for at 10.
fn behind_by_4(server_count: u8, answers_in_parts: bool) -> Trial {
    let mut trial = Trial::with(|settings| {
        settings.server_count = server_count;
        settings.answers_in_parts = answers_in_parts;
    });
    trial.packet(A, 1, 1, 0);
    trial.packet(A, 6, 1, 0);
    trial.clock(10);
    trial.check("1-1, open 2+4, ask 0:2+4");
    trial
}

#[test]
fn a_gap_that_every_server_refuses_is_given_up() {
    let mut trial = behind_by_4(2, false);
    trial.refused(1, 2, 0, 20);
    trial.refused(0, 7, 0, 20);
    trial.check("");
    trial.refused(0, 2, 0, 20);
    trial.check("ask 1:2+4");
    trial.refused(1, 2, 0, 30);
    trial.check("lost 2+4, 6-6");
    trial.refused(1, 2, 0, 30);
    trial.check("");
}

#[test]
fn a_refusal_that_is_over_soon_is_waited_for_and_a_long_one_is_not() {
    let mut trial = behind_by_4(1, false);
    trial.refused(0, 2, 500, 20);
    trial.clock(519);
    trial.check("");
    trial.clock(520);
    trial.check("ask 0:2+4");
    trial.packet(Line::RECOVERY, 2, 2, 530);
    trial.check("2-3, ask 0:4+2");
    trial.refused(0, 4, REFUSAL_NS_MAX + 1, 540);
    trial.check("lost 4+2, 6-6");
}

#[test]
fn a_server_that_always_refuses_for_a_moment_is_not_waited_for_forever() {
    let mut trial = behind_by_4(1, false);
    for turn in 1..10 {
        trial.refused(0, 2, 50, 100 * turn);
        trial.clock(100 * turn + 50);
    }
    assert!(!trial.sequencer.is_gap_open());
}

#[test]
fn an_answer_in_parts_is_awaited_until_its_time_is_over() {
    let mut trial = behind_by_4(1, true);
    trial.packet(Line::RECOVERY, 2, 1, 20);
    trial.check("2-2");
    trial.packet(Line::RECOVERY, 5, 1, 100);
    trial.clock(110);
    trial.check("");
    trial.clock(200);
    trial.check("ask 0:3+2");
    trial.packet(Line::RECOVERY, 3, 2, 210);
    trial.check("3-4, 5-5, recovered 2+4, 6-6");
}
