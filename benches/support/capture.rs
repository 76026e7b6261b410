//! A made day on the wire: MoldUDP64 datagrams, and pcap files of one line or two.
#![allow(dead_code, reason = "no bench uses all of it")]

use crate::itch_day::{Day, SYMBOLS};
use feeds::nasdaq_itch50::encode::{Head, ItchEncoder, Listing};
use feeds::session::moldudp64::{Packetizer, split_message};
use std::io::{self, Write};

/// Midnight in New York of the day, in ns since the Unix epoch.
pub(crate) const MIDNIGHT_NS: u64 = 1_580_360_400_000_000_000;

/// Bytes of a full datagram, as most venues fill them.
pub(crate) const FULL_BYTES: usize = 1_400;

/// Bytes of a datagram of a few messages: what a line sends while it keeps up.
pub(crate) const SMALL_BYTES: usize = 140;

const SESSION: [u8; 10] = *b"000000001A";

/// Definitions of every symbol, as messages behind their lengths: what a day begins with.
pub(crate) fn directory() -> Vec<u8> {
    let mut encoder = ItchEncoder::new();
    for locate in 1..=SYMBOLS as u16 {
        let head = Head {
            stock_locate: locate,
            tracking_number: 0,
            timestamp: u64::from(locate),
        };
        let listing = Listing {
            round_lot_size: 100,
            is_test: false,
        };
        encoder.directory(head, format!("S{locate:07}").as_bytes(), listing);
    }
    encoder.bytes().to_vec()
}

/// Gives every datagram of the day, definitions first, with the time it was sent (ns since the Unix epoch).
pub(crate) fn for_each_datagram(
    day: &Day,
    payload_bytes_max: usize,
    mut each: impl FnMut(u64, &[u8]),
) {
    let mut packetizer = Packetizer::new(SESSION, 1).with_payload_bytes_max(payload_bytes_max);
    let mut now_ns = MIDNIGHT_NS;
    let directory = directory();
    for mut blocks in [directory.as_slice(), day.bytes.as_slice()] {
        while let Some((message, rest)) = split_message(blocks) {
            blocks = rest;
            packetizer.append(message, &mut |bytes| each(now_ns, bytes));
            if let Some(at) = message.get(3..11).and_then(|bytes| bytes.first_chunk()) {
                // The six bytes behind locate and tracking number, from two bytes before.
                now_ns = MIDNIGHT_NS + (u64::from_be_bytes(*at) & 0xFFFF_FFFF_FFFF);
            }
        }
    }
    packetizer.flush(&mut |bytes| each(now_ns, bytes));
}

/// Writes the day as a pcap file (ns), every datagram once on each of `lines` lines. Returns how many packets.
///
/// # Errors
/// What the system says of the file.
pub(crate) fn write_pcap(
    day: &Day,
    payload_bytes_max: usize,
    lines: u8,
    out: &mut impl Write,
) -> io::Result<usize> {
    let mut header = Vec::new();
    for word in [0xa1b2_3c4d_u32, 0x0004_0002, 0, 0, 1 << 16, 1] {
        header.extend(word.to_le_bytes());
    }
    out.write_all(&header)?;
    let (mut packets, mut outcome) = (0, Ok(()));
    let mut frame = Vec::new();
    for_each_datagram(day, payload_bytes_max, |now_ns, payload| {
        for line in 0..lines {
            packets += 1;
            record(&mut frame, now_ns + u64::from(line) * 3_000, line, payload);
            if outcome.is_ok() {
                outcome = out.write_all(&frame);
            }
        }
    });
    outcome.map(|()| packets)
}

/// One record: pcap header, Ethernet, IPv4, UDP, payload.
fn record(frame: &mut Vec<u8>, now_ns: u64, line: u8, payload: &[u8]) {
    let udp_bytes = 8 + payload.len();
    let frame_bytes = 14 + 20 + udp_bytes;
    frame.clear();
    for word in [
        (now_ns / 1_000_000_000) as u32,
        (now_ns % 1_000_000_000) as u32,
        frame_bytes as u32,
        frame_bytes as u32,
    ] {
        frame.extend(word.to_le_bytes());
    }
    frame.extend([1, 0, 0x5e, 0x36, 0x0c, 111 + line, 2, 0, 0, 0, 0, 1, 8, 0]);
    frame.extend([0x45, 0]);
    frame.extend((20 + udp_bytes as u16).to_be_bytes());
    frame.extend([0, 0, 0x40, 0, 16, 17, 0, 0, 10, 0, 0, 1]);
    frame.extend([233, 54, 12, 111 + line]);
    frame.extend(26_400_u16.to_be_bytes());
    frame.extend((26_477 + u16::from(line)).to_be_bytes());
    frame.extend((udp_bytes as u16).to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(payload);
}
