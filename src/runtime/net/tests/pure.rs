//! Framing, buffers and waits, by bytes and times alone.

use super::*;
use proptest::prelude::*;

/// Feeds `bytes` in pieces of `piece` bytes, a cycle each; returns the frames and how it ended.
fn cut(framing: Framing, bytes: &[u8], piece: usize) -> (Vec<Vec<u8>>, Result<usize, CloseReason>) {
    let mut protocol = Framed::new(framing);
    let mut outbox = Outbox::default();
    let mut inbox = Inbox::with_limit(protocol.unread_bytes_max() + piece);
    assert_eq!(protocol.open(&mut outbox), Ok(true));
    let mut frames = Vec::new();
    for piece in bytes.chunks(piece.max(1)) {
        inbox.begin_cycle();
        assert_eq!(inbox.fill(piece), piece.len(), "the limit leaves room");
        loop {
            match protocol.next(&mut inbox, &mut outbox) {
                Ok(Step::Frame(span)) => {
                    frames.push(Framed::view(&span, inbox.bytes()).to_vec());
                }
                Ok(_) => break,
                Err(reason) => return (frames, Err(reason)),
            }
        }
        assert!(inbox.unread().len() <= protocol.unread_bytes_max());
    }
    (frames, Ok(protocol.unfinished_bytes(&inbox)))
}

#[track_caller]
fn check_cut(
    framing: Framing,
    bytes: &[u8],
    expected: &[&[u8]],
    ended: Result<usize, CloseReason>,
) {
    for piece in [1, 2, 3, 7, bytes.len().max(1)] {
        let (frames, end) = cut(framing, bytes, piece);
        assert_eq!(frames, expected, "pieces of {piece}");
        assert_eq!(end, ended, "pieces of {piece}");
    }
}

const fn length(prefix: LengthPrefix, bytes_max: usize) -> Framing {
    Framing::Length { prefix, bytes_max }
}

#[test]
fn length_prefixes_are_read_in_both_orders() {
    check_cut(
        length(LengthPrefix::U8, 9),
        b"\x02ab\x00\x01c\x03d",
        &[b"ab", b"", b"c"],
        Ok(2),
    );
    check_cut(
        length(LengthPrefix::U16Be, 9),
        b"\x00\x02ab\x00",
        &[b"ab"],
        Ok(1),
    );
    check_cut(
        length(LengthPrefix::U16Le, 9),
        b"\x02\x00ab",
        &[b"ab"],
        Ok(0),
    );
    check_cut(
        length(LengthPrefix::U32Be, 9),
        b"\x00\x00\x00\x02ab",
        &[b"ab"],
        Ok(0),
    );
    check_cut(
        length(LengthPrefix::U32Le, 9),
        b"\x02\x00\x00\x00ab",
        &[b"ab"],
        Ok(0),
    );
}

#[test]
fn a_length_beyond_the_limit_is_refused_by_its_prefix() {
    check_cut(
        length(LengthPrefix::U32Be, 9),
        b"\x00\x00\x00\x01a\xFF\xFF\xFF\xFF",
        &[b"a"],
        Err(CloseReason::FrameTooLong {
            bytes: 0xFFFF_FFFF,
            bytes_max: 9,
        }),
    );
}

#[test]
fn lines_end_with_or_without_a_carriage_return() {
    let lines = Framing::Lines { bytes_max: 3 };
    check_cut(
        lines,
        b"ab\r\n\nabc\nabc\r\nx",
        &[b"ab", b"", b"abc", b"abc"],
        Ok(1),
    );
    check_cut(lines, b"a\rb\n", &[b"a\rb"], Ok(0));
}

#[test]
fn a_line_too_long_is_refused_before_its_end_comes() {
    let lines = Framing::Lines { bytes_max: 3 };
    for piece in [1, 2, 100] {
        let (frames, end) = cut(lines, b"ok\nabcdefgh", piece);
        assert_eq!(frames, [b"ok"]);
        assert!(matches!(
            end,
            Err(CloseReason::FrameTooLong { bytes_max: 3, .. })
        ));
    }
}

#[test]
fn fixed_frames_are_cut_by_count() {
    check_cut(Framing::Fixed(3), b"abcdefg", &[b"abc", b"def"], Ok(1));
    check_cut(Framing::Fixed(0), b"ab", &[b"a", b"b"], Ok(0));
}

#[track_caller]
fn check_refused(framing: Framing, payload: &[u8], room: usize, expected: SendError) {
    let mut outbox = Outbox::with_limit(room);
    assert_eq!(
        Framed::new(framing).encode(payload, &mut outbox),
        Err(expected)
    );
    assert!(outbox.is_empty(), "a refusal writes nothing");
}

#[test]
fn what_a_framing_cannot_carry_is_refused() {
    check_refused(Framing::Fixed(2), b"abc", 99, SendError::Invalid);
    check_refused(LINES, b"a\nb", 99, SendError::Invalid);
    check_refused(LINES, b"a\r", 99, SendError::Invalid);
    check_refused(LINES, &[b'a'; 65], 99, SendError::TooLong);
    check_refused(LINES, b"abc", 3, SendError::TooLong);
    check_refused(
        length(LengthPrefix::U8, 9_999),
        &[0; 256],
        999,
        SendError::TooLong,
    );
    check_refused(
        length(LengthPrefix::U16Be, 9),
        &[0; 10],
        999,
        SendError::TooLong,
    );
}

#[test]
fn a_full_outbox_refuses_and_takes_again_when_it_is_sent() {
    let mut outbox = Outbox::with_limit(8);
    let mut framed = Framed::new(LINES);
    assert_eq!(framed.encode(b"abc", &mut outbox), Ok(()));
    assert_eq!(framed.encode(b"def", &mut outbox), Ok(()));
    assert_eq!(framed.encode(b"", &mut outbox), Err(SendError::Full));
    outbox.sent(4);
    assert_eq!(framed.encode(b"ghi", &mut outbox), Ok(()));
    assert_eq!(outbox.waiting(), b"def\nghi\n");
}

proptest! {
    #[test]
    fn what_is_encoded_is_cut_as_it_was_however_it_comes(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..20),
        piece in 1_usize..50,
        prefix in prop::sample::select(vec![
            LengthPrefix::U8,
            LengthPrefix::U16Be,
            LengthPrefix::U16Le,
            LengthPrefix::U32Be,
            LengthPrefix::U32Le,
        ]),
    ) {
        let framing = length(prefix, 64);
        let mut outbox = Outbox::with_limit(1 << 20);
        for payload in &payloads {
            prop_assert_eq!(Framed::new(framing).encode(payload, &mut outbox), Ok(()));
        }
        let (frames, end) = cut(framing, outbox.waiting(), piece);
        prop_assert_eq!(frames, payloads);
        prop_assert_eq!(end, Ok(0));
    }

    #[test]
    fn no_bytes_make_a_protocol_panic(
        bytes in prop::collection::vec(any::<u8>(), 0..600),
        piece in 1_usize..100,
    ) {
        for framing in [
            Framing::Raw,
            Framing::Fixed(5),
            Framing::Lines { bytes_max: 20 },
            length(LengthPrefix::U8, 100),
            length(LengthPrefix::U32Le, 100),
        ] {
            let _ = cut(framing, &bytes, piece);
        }
    }
}

fn policy() -> ReconnectPolicy {
    ReconnectPolicy {
        initial: Duration::from_nanos(100),
        cap: Duration::from_nanos(1_000),
        factor: 3,
        jitter_percent: 0,
        seed: 7,
        failures_max: None,
    }
}

#[track_caller]
fn check_waits(policy: ReconnectPolicy, expected: &[u64]) {
    let mut reconnect = Reconnect::new(policy);
    let now = Nanos(5_000);
    let waits: Vec<u64> = (0..expected.len())
        .map_while(|_| reconnect.on_closed(now))
        .map(|until| until.since(now))
        .collect();
    assert_eq!(waits, expected);
}

#[test]
fn waits_grow_by_the_factor_up_to_the_cap() {
    check_waits(policy(), &[100, 300, 900, 1_000, 1_000]);
    let flat = ReconnectPolicy {
        factor: 0,
        ..policy()
    };
    check_waits(flat, &[100, 100, 100]);
}

#[test]
fn a_first_good_frame_starts_the_waits_anew() {
    let mut reconnect = Reconnect::new(policy());
    for _ in 0..4 {
        assert!(reconnect.on_closed(Nanos(0)).is_some());
    }
    reconnect.on_good();
    assert_eq!(reconnect.on_closed(Nanos(0)), Some(Nanos(100)));
}

#[test]
fn failures_in_a_row_end_the_tries() {
    let mut reconnect = Reconnect::new(ReconnectPolicy {
        failures_max: Some(2),
        ..policy()
    });
    assert!(reconnect.on_closed(Nanos(0)).is_some());
    reconnect.on_good();
    assert!(reconnect.on_closed(Nanos(0)).is_some());
    assert_eq!(reconnect.on_closed(Nanos(0)), None);
}

#[test]
fn jitter_is_of_the_seed_and_within_its_share() {
    let waits = |seed| -> Vec<u64> {
        let mut reconnect = Reconnect::new(ReconnectPolicy {
            jitter_percent: 50,
            seed,
            ..policy()
        });
        (0..50)
            .filter_map(|_| reconnect.on_closed(Nanos(0)))
            .map(|until| until.0)
            .collect()
    };
    assert_eq!(waits(1), waits(1));
    assert_ne!(waits(1), waits(2));
    assert!(
        waits(3)[3..]
            .iter()
            .all(|wait| (500..=1_000).contains(wait))
    );
}

#[test]
fn waits_at_the_end_of_time_do_not_overflow() {
    let mut reconnect = Reconnect::new(ReconnectPolicy {
        initial: Duration::MAX,
        cap: Duration::MAX,
        factor: u32::MAX,
        jitter_percent: 255,
        ..policy()
    });
    for _ in 0..10 {
        assert!(reconnect.on_closed(Nanos(u64::MAX)).is_some());
    }
}
