//! Tests of the framing.

use super::{HEADER_BYTES, HEARTBEAT, Header, SEQUENCED, SHUTDOWN, split_message, whole_count};
use crate::contract::DecodeError;

/// A recorded heartbeat.
const RECORDED: [u8; 18] = [
    0x00, 0x12, 0x55, 0x53, 0x45, 0x31, 0x64, 0xe4, 0x86, 0xc8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x15,
    0xe8, 0x90,
];

fn packet(kind: u8, length: u8, behind: &[u8]) -> Vec<u8> {
    let mut packet = RECORDED.to_vec();
    packet[..2].copy_from_slice(&[kind, length]);
    packet.extend(behind);
    packet
}

#[test]
fn a_recorded_heartbeat_names_its_session_and_the_next_number() {
    let expected = Header {
        kind: HEARTBEAT,
        session: 6_148_333_994_739_271_368,
        sequence: 1_435_792,
        count: 0,
    };
    assert_eq!(Header::split(&RECORDED), Ok((expected, &[][..])));
}

#[test]
fn messages_begin_where_the_headers_length_says() {
    let bytes = packet(SEQUENCED, 20, &[9, 9, 0, 2, 0, 1, 7, 0, 2, 8]);
    let split = Header::split(&bytes).map(|(header, body)| (header.count, body));
    assert_eq!(split, Ok((2, &[0, 1, 7, 0, 2, 8][..])));
    let body = &bytes[HEADER_BYTES + 4..];
    assert_eq!(split_message(body), Some((&[7][..], &[0, 2, 8][..])));
    // The second promises two bytes and has one.
    assert_eq!(whole_count(body, 2), 1);
}

#[test]
fn what_is_no_packet_of_this_transport_is_refused() {
    let other = Err(DecodeError::NotThisProtocol);
    assert_eq!(Header::split(&packet(3, 18, &[0, 0])), other);
    assert_eq!(Header::split(&packet(SHUTDOWN, 17, &[])), other);
    for (bytes, need_bytes) in [
        (RECORDED[..17].to_vec(), 18),
        (packet(HEARTBEAT, 19, &[]), 19),
        (packet(SEQUENCED, 18, &[0]), 20),
    ] {
        let have_bytes = bytes.len() as u32;
        let short = DecodeError::Truncated {
            need_bytes,
            have_bytes,
        };
        assert_eq!(Header::split(&bytes), Err(short));
    }
}
