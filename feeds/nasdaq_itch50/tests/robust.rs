//! No bytes make the feed panic, grow without bound or lose count.

use super::super::wire;
use super::{ItchEncoder, LISTING, Rig, SESSION, STOCK, encoded, head};
use crate::contract::{Form, InspectedMessage, Line, MessageSink, Outcome, Packet};
use crate::model::{RecvTime, Side};
use crate::session::moldudp64::Header;
use proptest::prelude::*;

struct Nobody;

impl MessageSink for Nobody {
    fn message(&mut self, _: &str, _: Option<u64>, _: &dyn InspectedMessage) {}
}

/// Five messages of an instrument's life.
fn life() -> ItchEncoder {
    encoded(|encoder| {
        encoder.directory(head(1), STOCK, LISTING);
        encoder.add_order(head(2), 7, Side::Bid, 100, STOCK, 10_000);
        encoder.executed(head(3), 7, 40, 1);
        encoder.replace(head(4), 7, 8, 60, 10_100);
        encoder.delete(head(5), 8);
    })
}

fn datagram(encoder: &ItchEncoder, count: u16) -> Vec<u8> {
    let mut bytes = Header {
        session: SESSION,
        sequence: 1,
        count,
    }
    .to_bytes()
    .to_vec();
    bytes.extend_from_slice(encoder.bytes());
    bytes
}

fn offer_everywhere(bytes: &[u8]) {
    for (form, servers) in [
        (Form::Datagram, 0),
        (Form::Datagram, 1),
        (Form::FileMessages, 0),
    ] {
        let mut rig = Rig::new(|settings| {
            settings.line_count = 2;
            settings.server_count = servers;
        });
        for now in [0, 1_000, 10_000_000_000] {
            rig.packet(Line(0), form, bytes, now);
            rig.packet(Line::RECOVERY, form, bytes, now + 1);
            rig.clock(now + 5);
        }
        rig.feed.finish(RecvTime(20_000_000_000), &mut rig.batch);
        assert!(rig.said().len() <= 2_000);
        let packet = Packet {
            line: Line(0),
            ts_recv: RecvTime(0),
            form,
            bytes,
        };
        let _ = (super::DESCRIPTOR.inspect)(&packet, &mut Nobody);
    }
    let _ = (super::DESCRIPTOR.session_key)(bytes);
    let _ = (super::DESCRIPTOR.file_message)(bytes);
}

#[test]
fn a_packet_cut_anywhere_gives_its_whole_messages_and_the_rest_is_missing() {
    let whole = datagram(&life(), 5);
    let mut ends = vec![20];
    for info in [b'R', b'A', b'E', b'U', b'D'] {
        let bytes = usize::from(wire::MESSAGE_BYTES[usize::from(info)]) + 2;
        ends.push(ends.last().unwrap() + bytes);
    }
    for cut in 0..whole.len() {
        offer_everywhere(&whole[..cut]);
        let mut rig = Rig::new(|settings| settings.server_count = 1);
        let outcome = rig.packet(Line(0), Form::Datagram, &whole[..cut], 0);
        assert!(matches!(outcome, Outcome::Refused(_)), "{cut}");
        if cut < 20 {
            continue;
        }
        let applied = ends.iter().filter(|&&end| end <= cut).count() as u64 - 1;
        assert_eq!(rig.feed.counters().messages, applied, "cut at {cut}");
        rig.clock(10_000_000);
        assert_eq!(
            rig.requests(),
            [(applied + 1, 5 - applied as u16)],
            "cut at {cut}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn flipped_bits_never_panic(flips in prop::collection::vec((any::<prop::sample::Index>(), 0..8u8), 1..12)) {
        let mut bytes = datagram(&life(), 5);
        for (index, bit) in flips {
            let index = index.index(bytes.len());
            bytes[index] ^= 1 << bit;
        }
        offer_everywhere(&bytes);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        offer_everywhere(&bytes);
    }

    #[test]
    fn any_body_of_any_type_never_panics(
        index in any::<prop::sample::Index>(),
        body in prop::collection::vec(any::<u8>(), 60),
    ) {
        let info = wire::TYPES[index.index(wire::TYPES.len())];
        let mut bytes = Header { session: SESSION, sequence: 1, count: 1 }.to_bytes().to_vec();
        bytes.extend_from_slice(&info.bytes.to_be_bytes());
        bytes.push(info.tag);
        bytes.extend_from_slice(&body[..usize::from(info.bytes) - 1]);
        offer_everywhere(&bytes);
        offer_everywhere(&bytes[20..]);
    }
}
