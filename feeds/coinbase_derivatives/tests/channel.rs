//! Numbers, lines, requests and rejects.

use super::super::encode::{answer, reject, request};
use super::super::generated::reason;
use super::super::wire::{Header, PACKET_BYTES_MAX, whole_count};
use super::{CHANNEL, Run};
use crate::contract::{Action, DecodeError, Line, Notice, Outcome};
use crate::model::Side;
use crate::model::{EventTime, Price, Symbol};
use crate::simulator::{MarketEvent, VenueSimulator};

#[test]
fn lines_that_group_messages_differently_are_arbitrated_by_message() {
    let mut run = Run::new();
    let mut other = run.venue.clone();
    for order in [7, 8, 9] {
        run.add(order, Side::Bid, 1, 1);
    }
    let together = run.packet();
    // The other line says the first two in one packet, and the third in the next one.
    let body = &together[Header::LEN..];
    let two = body.len() / 3 * 2;
    let first = other.next();
    other.packet(0);
    let early = answer(CHANNEL, first, 2, &body[..two], run.now);
    let late = answer(CHANNEL, first + 2, 1, &body[two..], run.now);
    assert_eq!(run.on_line(Line(1), &early), Outcome::Applied);
    assert_eq!(run.on_line(Line(0), &together), Outcome::Applied);
    assert_eq!(run.on_line(Line(1), &late), Outcome::Duplicate);
    run.check_ticks(&[
        "Add order 7 side Bid price 0.01 size 1 .",
        "Add order 8 side Bid price 0.01 size 1 .",
        "Add order 9 side Bid price 0.01 size 1 .",
    ]);
}

#[test]
fn what_is_missing_is_asked_for_and_the_answer_fills_the_gap() {
    let mut run = Run::new();
    run.add(7, Side::Bid, 1, 1);
    let lost = run.packet();
    run.add(8, Side::Bid, 1, 1);
    let packet = run.packet();
    assert_eq!(run.on_line(Line(0), &packet), Outcome::Held);
    run.wait(3);
    let asked = request(CHANNEL, 2, 1);
    let expected = Action::SendDatagram {
        server: 0,
        bytes: asked,
    };
    assert_eq!(run.feed.poll_action(), Some(expected));
    run.ticks();
    let given = answer(CHANNEL, 2, 1, &lost[Header::LEN..], run.now);
    run.on_line(Line::RECOVERY, &given);
    run.check_ticks(&[
        "Add order 7 side Bid price 0.01 size 1 .",
        "Recovered size 1 .",
        "Add order 8 side Bid price 0.01 size 1 .",
    ]);
}

#[test]
fn a_reject_is_named_and_changes_nothing() {
    let mut run = Run::new();
    let refused = reject(CHANNEL, 2, reason::SEQ_TOO_LOW, "sequence too low");
    assert_eq!(run.on_line(Line::RECOVERY, &refused), Outcome::Heartbeat);
    let mut notices = std::iter::from_fn(|| run.feed.poll_notice());
    assert!(notices.any(|notice| notice == Notice::VenueError("sequence too low".into())));
    run.check_ticks(&[]);
}

#[test]
fn a_heartbeat_names_the_next_message() {
    let mut run = Run::new();
    let packet = run.packet();
    assert_eq!(run.on_line(Line(0), &packet), Outcome::Heartbeat);
    run.add(7, Side::Bid, 1, 1);
    run.packet();
    let packet = run.packet();
    run.on_line(Line(0), &packet);
    run.wait(3);
    assert!(matches!(
        run.feed.poll_action(),
        Some(Action::SendDatagram { .. })
    ));
}

#[test]
fn numbers_that_go_back_are_late_copies_unless_they_were_sent_well_after_the_newest() {
    let mut run = Run::new();
    run.add(7, Side::Bid, 1, 1);
    run.send();
    run.ticks();
    let mut again = Run::new();
    let head = again.head(Side::Bid);
    again.venue = super::Encoder::new(CHANNEL, 1);
    again.venue.put(head, 8, Price(super::CENT), 1);
    let mut later = again.venue.clone();
    assert_eq!(
        run.on_line(Line(1), &again.venue.packet(run.now + 1_000_000_000)),
        Outcome::Duplicate
    );
    let begun_again = later.packet(run.now + 3_000_000_000);
    assert_eq!(run.on_line(Line(1), &begun_again), Outcome::Applied);
    run.check_ticks(&["Reset .", "Add order 8 side Bid price 0.01 size 1 ."]);
}

#[test]
fn packets_of_another_channel_or_schema_and_negative_numbers_are_refused() {
    let mut run = Run::new();
    run.add(7, Side::Bid, 1, 1);
    let packet = run.packet();
    for (offset, byte, error) in [
        (16, 1, DecodeError::BadField { tag: 0, offset: 16 }),
        (Header::LEN + 6, 0, DecodeError::NotThisProtocol),
        (15, 0x80, DecodeError::BadField { tag: 0, offset: 8 }),
        (7, 0x80, DecodeError::BadField { tag: 0, offset: 0 }),
    ] {
        let mut bytes = packet.clone();
        bytes[offset] = byte;
        assert_eq!(run.on_line(Line(0), &bytes), Outcome::Refused(error));
    }
    let cut = run.on_line(Line(0), &packet[..packet.len() - 1]);
    assert!(matches!(
        cut,
        Outcome::Refused(DecodeError::Truncated { .. })
    ));
}

#[test]
fn the_simulated_venue_answers_with_one_datagram_or_says_why_not() {
    let mut venue = super::super::simulator::DerivativesVenue::new();
    let now = EventTime(super::AT);
    venue.open(now, &[Symbol::from("SIM0")]);
    for order in 1..=100 {
        let add = MarketEvent::Add {
            symbol: 0,
            order,
            side: Side::Bid,
            price: Price(super::CENT),
            size: 1,
        };
        venue.on_event(now, &add);
    }
    venue.on_clock(now);
    let bytes = venue.on_request(&request(CHANNEL, 2, 200)).unwrap();
    let (header, body) = Header::split(&bytes).unwrap();
    assert!(bytes.len() <= PACKET_BYTES_MAX);
    assert_eq!((header.sequence, header.count), (2, 24));
    assert_eq!(whole_count(body, 255), 24);
    for (first, why) in [(0, reason::SEQ_TOO_LOW), (102, reason::SEQ_TOO_HIGH)] {
        let bytes = venue.on_request(&request(CHANNEL, first, 1)).unwrap();
        let (header, _) = Header::split(&bytes).unwrap();
        assert_eq!((header.sequence, header.flags), (first, 0));
        assert_eq!(bytes[Header::LEN + 10 + 48], why.cast_unsigned());
    }
}
