//! The gap request proxy, one sentence a rule.
#![allow(clippy::unwrap_used)]

use super::*;

const RANGE: Range = Range {
    unit: 3,
    sequence: 4_711,
    count: 25,
};

fn at(ms: u64) -> RecvTime {
    RecvTime(1_700_000_000_000_000_000 + ms * 1_000_000)
}

/// A machine that is connected and logged in at 0 ms, its login and the event taken.
fn ready() -> GapProxy {
    let mut proxy = GapProxy::new(GapProxySettings {
        session_sub_id: *b"0001",
        username: *b"FIRM",
        password: *b"secret    ",
        requests_waiting_max: 2,
        ..GapProxySettings::default()
    });
    proxy.on_connect(at(0));
    let login = proxy.poll_write().unwrap();
    assert_eq!(&login[..10], [30, 0, 1, 0, 0, 0, 0, 0, 22, LOGIN]);
    assert_eq!(&login[10..], b"0001FIRM  secret    ");
    assert_eq!(proxy.request(RANGE, at(0)), Err(NotAsked::NotReady));
    proxy.on_bytes(&packet(&[(LOGIN_RESPONSE, b"A")]), at(0));
    assert_eq!(proxy.poll_event(), Some(GapEvent::LoggedIn));
    assert!(proxy.is_ready());
    proxy
}

fn answer(range: Range, status: u8) -> Vec<u8> {
    let mut body = [0; GapResponse::LEN];
    GapResponse::put_unit(&mut body, range.unit);
    GapResponse::put_sequence(&mut body, range.sequence);
    GapResponse::put_count(&mut body, range.count);
    GapResponse::put_status(&mut body, status);
    packet(&[(GAP_RESPONSE, &body)])
}

#[track_caller]
fn check_answer(code: u8, status: GapStatus, paused_ms: Option<u64>) {
    let mut proxy = ready();
    proxy.request(RANGE, at(5)).unwrap();
    let request = proxy.poll_write().unwrap();
    assert_eq!(&request[..10], [17, 0, 1, 0, 0, 0, 0, 0, 9, GAP_REQUEST]);
    assert_eq!(&request[10..], [3, 0x67, 0x12, 0, 0, 25, 0]);
    proxy.on_bytes(&answer(RANGE, code), at(10));
    assert_eq!(proxy.poll_event(), Some(GapEvent::Answered(RANGE, status)));
    let Some(paused_ms) = paused_ms else {
        assert_eq!(proxy.request(RANGE, at(10)), Ok(()));
        return;
    };
    let just_before = at(10 + paused_ms - 1);
    assert_eq!(
        proxy.request(RANGE, just_before),
        Err(NotAsked::Paused(at(10 + paused_ms)))
    );
    assert_eq!(proxy.request(RANGE, at(10 + paused_ms)), Ok(()));
}

#[test]
fn every_status_is_told_and_a_used_up_quota_pauses_the_asking() {
    check_answer(b'A', GapStatus::Accepted, None);
    check_answer(b'O', GapStatus::OutOfRange, None);
    check_answer(b'C', GapStatus::CountLimit, None);
    check_answer(b'I', GapStatus::InvalidUnit, None);
    check_answer(b'U', GapStatus::UnitUnavailable, None);
    check_answer(b'x', GapStatus::Other(b'x'), None);
    check_answer(b'S', GapStatus::SecondQuota, Some(1_000));
    check_answer(b'M', GapStatus::MinuteQuota, Some(60_000));
}

#[test]
fn a_daily_quota_pauses_for_good() {
    let mut proxy = ready();
    proxy.request(RANGE, at(5)).unwrap();
    proxy.on_bytes(&answer(RANGE, b'D'), at(10));
    let asked = proxy.request(RANGE, at(1 << 40));
    assert_eq!(asked, Err(NotAsked::Paused(RecvTime(u64::MAX))));
}

#[test]
fn a_refused_login_is_told_and_nothing_is_asked() {
    let mut proxy = GapProxy::new(GapProxySettings::default());
    proxy.on_connect(at(0));
    proxy.on_bytes(&packet(&[(LOGIN_RESPONSE, b"N")]), at(1));
    assert_eq!(proxy.poll_event(), Some(GapEvent::LoginRefused(b'N')));
    assert_eq!(proxy.request(RANGE, at(2)), Err(NotAsked::NotReady));
    assert_eq!(proxy.next_deadline(), None);
}

#[test]
fn a_login_without_an_answer_gives_the_connection_up() {
    let mut proxy = GapProxy::new(GapProxySettings::default());
    proxy.on_connect(at(0));
    assert_eq!(proxy.next_deadline(), Some(at(1_000)));
    proxy.on_clock(at(1_000));
    let given_up = GapEvent::GiveUp("login unanswered");
    assert_eq!(proxy.poll_event(), Some(given_up));
}

#[test]
fn answers_cut_anywhere_are_read() {
    let mut proxy = ready();
    proxy.request(RANGE, at(1)).unwrap();
    let other = Range { unit: 4, ..RANGE };
    proxy.request(other, at(1)).unwrap();
    // A heartbeat, and the answers in another order.
    let bytes = [packet(&[]), answer(other, b'A'), answer(RANGE, b'O')].concat();
    for byte in &bytes {
        proxy.on_bytes(&[*byte], at(2));
    }
    let events = [
        GapEvent::Answered(other, GapStatus::Accepted),
        GapEvent::Answered(RANGE, GapStatus::OutOfRange),
    ];
    assert_eq!([(); 2].map(|()| proxy.poll_event().unwrap()), events);
    assert_eq!(proxy.poll_event(), None);
}

#[test]
fn requests_are_bounded_and_those_without_an_answer_are_told() {
    let mut proxy = ready();
    for unit in [1, 2] {
        proxy.request(Range { unit, ..RANGE }, at(1)).unwrap();
    }
    assert_eq!(proxy.request(RANGE, at(1)), Err(NotAsked::TooMany));
    proxy.on_clock(at(1_001));
    for unit in [1, 2] {
        let range = Range { unit, ..RANGE };
        assert_eq!(proxy.poll_event(), Some(GapEvent::Unanswered(range)));
    }
    // An answer that comes later is to nothing that waits.
    proxy.on_bytes(&answer(Range { unit: 1, ..RANGE }, b'A'), at(1_002));
    assert_eq!(proxy.poll_event(), None);
    proxy.request(RANGE, at(1_003)).unwrap();
    proxy.on_disconnect();
    assert_eq!(proxy.poll_event(), Some(GapEvent::Unanswered(RANGE)));
}

#[test]
fn ranges_that_cannot_be_are_not_asked_for() {
    let mut proxy = ready();
    for (sequence, count) in [(0, 1), (1, 0), (1, 101), (u32::MAX, 2)] {
        let range = Range {
            unit: 1,
            sequence,
            count,
        };
        assert_eq!(proxy.request(range, at(1)), Err(NotAsked::BadRange));
    }
    let last = Range {
        unit: 1,
        sequence: u32::MAX,
        count: 1,
    };
    assert_eq!(proxy.request(last, at(1)), Ok(()));
}

#[test]
fn heartbeats_go_out_and_their_absence_gives_the_connection_up() {
    let mut proxy = ready();
    for second in 1..10 {
        assert_eq!(proxy.next_deadline(), Some(at(second * 1_000)));
        proxy.on_clock(at(second * 1_000));
        let heartbeat = proxy.poll_write().unwrap();
        assert_eq!(heartbeat, [8, 0, 0, 0, 0, 0, 0, 0]);
    }
    proxy.on_clock(at(10_000));
    let given_up = GapEvent::GiveUp("gap proxy silent");
    assert_eq!(proxy.poll_event(), Some(given_up));
    assert_eq!(proxy.poll_write(), None);
}

#[test]
fn bytes_of_another_protocol_give_the_connection_up() {
    for bytes in [
        &b"HTTP/1.1"[..],
        &[1, 0, 1, 0, 0, 0, 0, 0],
        &[9, 0, 1, 0, 0, 0, 0, 0, 9],
    ] {
        let mut proxy = ready();
        proxy.on_bytes(bytes, at(1));
        // What looks like a long packet is told when its messages are not any.
        proxy.on_bytes(&vec![0; 200_000], at(2));
        let given_up = GapEvent::GiveUp("gap proxy speaks another protocol");
        assert_eq!(proxy.poll_event(), Some(given_up), "{bytes:?}");
    }
}
