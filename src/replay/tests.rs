//! Files made here byte by byte, and the captures of real venues where they are.
#![allow(clippy::unwrap_used)]

use super::capture::Found;
use super::link::{Datagram, LinkType, datagram, plain_datagram};
use super::*;
use feeds::contract::Descriptor;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

const PAYLOAD: &[u8] = b"market data";
const SRC: &str = "10.1.2.3:4000";
const DST: &str = "233.54.12.111:26477";

/// A feed with a file form: a two-byte length and as many bytes.
fn feed() -> Descriptor {
    let mut feed = *feeds::REGISTRY[0];
    feed.file_message = |bytes| {
        let length = usize::from(u16::from_be_bytes(*bytes.first_chunk()?));
        (length > 0 && length < 100 && bytes.len() >= 2 + length).then_some(2 + length)
    };
    feed
}

fn udp(payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    out.extend(4000u16.to_be_bytes());
    out.extend(26477u16.to_be_bytes());
    out.extend((8 + payload.len() as u16).to_be_bytes());
    out.extend([0, 0]);
    out.extend(payload);
    out
}

fn ipv4(options: &[u8], protocol: u8, fragment: u16, body: &[u8]) -> Vec<u8> {
    let header_bytes = 20 + options.len();
    let mut out = vec![0x40 | (header_bytes / 4) as u8, 0];
    out.extend(((header_bytes + body.len()) as u16).to_be_bytes());
    out.extend([0, 1]);
    out.extend(fragment.to_be_bytes());
    out.extend([64, protocol, 0, 0]);
    out.extend([10, 1, 2, 3, 233, 54, 12, 111]);
    out.extend(options);
    out.extend(body);
    out
}

fn ipv6(first: u8, body: &[u8]) -> Vec<u8> {
    let mut out = vec![0x60, 0, 0, 0];
    out.extend((body.len() as u16).to_be_bytes());
    out.extend([first, 64]);
    out.extend([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    out.extend([0xff, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    out.extend(body);
    out
}

fn ethernet(tags: &[u16], ethertype: u16, body: &[u8]) -> Vec<u8> {
    let mut out = vec![0; 12];
    for tag in tags {
        out.extend(tag.to_be_bytes());
        out.extend([0, 7]);
    }
    out.extend(ethertype.to_be_bytes());
    out.extend(body);
    out
}

fn plain_frame() -> Vec<u8> {
    ethernet(&[], 0x0800, &ipv4(&[], 17, 0, &udp(PAYLOAD)))
}

#[track_caller]
fn check_link(link: u32, frame: &[u8], expected: Result<&[u8], Skip>) {
    let found = datagram(LinkType::from_number(link), frame);
    let payload = found.map(|found: Datagram| &frame[found.payload_start..][..found.payload_bytes]);
    assert_eq!(payload, expected);
}

#[test]
fn every_link_layer_leads_to_the_payload() {
    let ip = ipv4(&[], 17, 0, &udp(PAYLOAD));
    let ip6 = ipv6(17, &udp(PAYLOAD));
    check_link(1, &ethernet(&[], 0x0800, &ip), Ok(PAYLOAD));
    check_link(1, &ethernet(&[0x8100], 0x0800, &ip), Ok(PAYLOAD));
    check_link(1, &ethernet(&[0x88a8, 0x8100], 0x0800, &ip), Ok(PAYLOAD));
    check_link(1, &ethernet(&[0x9100, 0x8100], 0x0800, &ip), Ok(PAYLOAD));
    check_link(1, &ethernet(&[0x8100], 0x86dd, &ip6), Ok(PAYLOAD));
    check_link(101, &ip, Ok(PAYLOAD));
    check_link(12, &ip6, Ok(PAYLOAD));
    check_link(228, &ip, Ok(PAYLOAD));
    check_link(229, &ip6, Ok(PAYLOAD));
    check_link(0, &[&[2, 0, 0, 0][..], &ip].concat(), Ok(PAYLOAD));
    check_link(0, &[&[0, 0, 0, 2][..], &ip].concat(), Ok(PAYLOAD));
    check_link(0, &[&[30, 0, 0, 0][..], &ip6].concat(), Ok(PAYLOAD));
    check_link(108, &[&[0, 0, 0, 24][..], &ip6].concat(), Ok(PAYLOAD));
    let sll = [&[0; 14][..], &[8, 0], &ip].concat();
    check_link(113, &sll, Ok(PAYLOAD));
    let sll_tagged = [&[0; 14][..], &[0x81, 0, 0, 5, 8, 0], &ip].concat();
    check_link(113, &sll_tagged, Ok(PAYLOAD));
    let sll2 = [&[8, 0][..], &[0; 18], &ip].concat();
    check_link(276, &sll2, Ok(PAYLOAD));
}

#[test]
fn options_and_extension_headers_are_stepped_over() {
    let options = ipv4(&[1; 12], 17, 0, &udp(PAYLOAD));
    check_link(101, &options, Ok(PAYLOAD));
    let mut chain = vec![43, 0, 0, 0, 0, 0, 0, 0];
    chain.extend([60, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    chain.extend([44, 0, 0, 0, 0, 0, 0, 0]);
    chain.extend([17, 0, 0, 0, 0, 0, 0, 9]);
    chain.extend(udp(PAYLOAD));
    check_link(101, &ipv6(0, &chain), Ok(PAYLOAD));
}

#[test]
fn bytes_behind_the_ip_packet_are_never_payload() {
    let mut padded = plain_frame();
    padded.extend([0xee; 40]);
    check_link(1, &padded, Ok(PAYLOAD));
    // Bytes inside the IP packet but behind the UDP one are no payload either.
    let mut body = udp(PAYLOAD);
    body.extend([0xee; 5]);
    check_link(101, &ipv4(&[], 17, 0, &body), Ok(PAYLOAD));
    check_link(101, &ipv4(&[], 17, 0, &udp(b"")), Ok(b""));
}

#[test]
fn the_short_way_through_a_frame_finds_what_the_long_one_finds() {
    let padded = [plain_frame(), vec![0; 20]].concat();
    assert!(plain_datagram(&padded).is_some());
    for at in 0..padded.len() {
        for value in 0..=255 {
            let mut frame = padded.clone();
            frame[at] = value;
            for length in [frame.len(), frame.len() - 20, 42, 41, at] {
                let frame = &frame[..length];
                if let Some(found) = plain_datagram(frame) {
                    assert_eq!(
                        datagram(LinkType::Ethernet, frame),
                        Ok(found),
                        "{at} {value}"
                    );
                }
            }
        }
    }
}

#[test]
fn what_is_no_datagram_is_named() {
    check_link(1, &ethernet(&[], 0x0806, &[0; 28]), Err(Skip::NotIp));
    check_link(1, &ethernet(&[], 60, &[0; 60]), Err(Skip::NotIp));
    check_link(101, &ipv4(&[], 6, 0, &[0; 20]), Err(Skip::Tcp));
    check_link(101, &ipv6(6, &[0; 20]), Err(Skip::Tcp));
    check_link(101, &ipv4(&[], 1, 0, &[0; 8]), Err(Skip::NotUdp));
    check_link(101, &ipv6(58, &[0; 8]), Err(Skip::NotUdp));
    let more = ipv4(&[], 17, 0x2000, &udp(PAYLOAD));
    check_link(101, &more, Err(Skip::Fragment));
    let second = ipv4(&[], 17, 0x0003, &udp(PAYLOAD));
    check_link(101, &second, Err(Skip::Fragment));
    let do_not_fragment = ipv4(&[], 17, 0x4000, &udp(PAYLOAD));
    check_link(101, &do_not_fragment, Ok(PAYLOAD));
    let fragment6 = [&[17, 0, 0, 1, 0, 0, 0, 9][..], &udp(PAYLOAD)].concat();
    check_link(101, &ipv6(44, &fragment6), Err(Skip::Fragment));
    check_link(147, &plain_frame(), Err(Skip::UnknownLink));
    let mut liar = udp(PAYLOAD);
    liar[5] = 200;
    check_link(101, &ipv4(&[], 17, 0, &liar), Err(Skip::BadHeader));
    liar[5] = 7;
    check_link(101, &ipv4(&[], 17, 0, &liar), Err(Skip::BadHeader));
}

#[test]
fn a_frame_cut_anywhere_never_gives_a_payload() {
    for frame in [
        plain_frame(),
        ethernet(&[0x8100], 0x86dd, &ipv6(17, &udp(PAYLOAD))),
        ethernet(&[0x8100; 9], 0x0800, &[]),
    ] {
        for count in 0..frame.len() {
            assert!(datagram(LinkType::Ethernet, &frame[..count]).is_err());
        }
    }
}

/// Writes numbers in the byte order of a file.
struct File {
    bytes: Vec<u8>,
    is_big_endian: bool,
}

impl File {
    fn new(is_big_endian: bool) -> File {
        File {
            bytes: Vec::new(),
            is_big_endian,
        }
    }

    fn u16(&mut self, value: u16) -> &mut File {
        self.bytes.extend(if self.is_big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
        self
    }

    fn u32(&mut self, value: u32) -> &mut File {
        self.bytes.extend(if self.is_big_endian {
            value.to_be_bytes()
        } else {
            value.to_le_bytes()
        });
        self
    }

    fn raw(&mut self, bytes: &[u8]) -> &mut File {
        self.bytes.extend(bytes);
        self
    }

    fn pcap(is_big_endian: bool, magic: u32, link: u32) -> File {
        let mut file = File::new(is_big_endian);
        file.u32(magic)
            .u16(2)
            .u16(4)
            .u32(0)
            .u32(0)
            .u32(65_535)
            .u32(link);
        file
    }

    fn packet(&mut self, seconds: u32, units: u32, frame: &[u8]) -> &mut File {
        let bytes = frame.len() as u32;
        self.u32(seconds)
            .u32(units)
            .u32(bytes)
            .u32(bytes)
            .raw(frame)
    }

    fn block(&mut self, kind: u32, body: &[u8]) -> &mut File {
        let padded = body.len().next_multiple_of(4);
        let total = 12 + padded as u32;
        self.u32(kind).u32(total).raw(body);
        self.raw(&vec![0; padded - body.len()]).u32(total)
    }

    fn section(&mut self) -> &mut File {
        let mut body = File::new(self.is_big_endian);
        body.u32(0x1a2b_3c4d)
            .u16(1)
            .u16(0)
            .u32(u32::MAX)
            .u32(u32::MAX);
        self.block(0x0a0d_0d0a, &body.bytes)
    }

    fn interface(&mut self, link: u16, options: &[(u16, &[u8])]) -> &mut File {
        let mut body = File::new(self.is_big_endian);
        body.u16(link).u16(0).u32(0);
        body.options(options);
        self.block(1, &body.bytes)
    }

    fn options(&mut self, options: &[(u16, &[u8])]) {
        for (code, value) in options {
            self.u16(*code).u16(value.len() as u16).raw(value);
            self.raw(&vec![0; value.len().next_multiple_of(4) - value.len()]);
        }
        if !options.is_empty() {
            self.u16(0).u16(0);
        }
    }

    fn enhanced(&mut self, interface: u32, units: u64, frame: &[u8]) -> &mut File {
        let mut body = File::new(self.is_big_endian);
        let bytes = frame.len() as u32;
        body.u32(interface)
            .u32((units >> 32) as u32)
            .u32(units as u32);
        body.u32(bytes).u32(bytes).raw(frame);
        self.block(6, &body.bytes)
    }
}

fn write(bytes: &[u8]) -> tempfile::NamedTempFile {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn open(bytes: &[u8]) -> Capture {
    Capture::open(write(bytes).path(), &feed()).unwrap()
}

/// Times of all datagrams; each must be the one every test sends.
#[track_caller]
fn times(capture: &mut Capture) -> Vec<u64> {
    let mut times = Vec::new();
    while let Some(record) = capture.next() {
        let What::Datagram { src, dst, payload } = record.what else {
            panic!("{record:?}");
        };
        assert_eq!(src, SRC.parse().unwrap());
        assert_eq!(dst, DST.parse().unwrap());
        assert_eq!(payload, PAYLOAD);
        times.push(record.ts_recv.0);
    }
    times
}

#[track_caller]
fn check_times(bytes: &[u8], expected: &[u64]) {
    let mut capture = open(bytes);
    assert_eq!(times(&mut capture), expected);
    assert_eq!(capture.broken(), None);
}

const SECOND: u64 = 1_000_000_000;

#[test]
fn classic_captures_of_both_orders_and_both_units_have_the_right_time() {
    for is_big_endian in [false, true] {
        let mut micro = File::pcap(is_big_endian, 0xa1b2_c3d4, 1);
        micro
            .packet(7, 5, &plain_frame())
            .packet(8, 999_999, &plain_frame());
        check_times(
            &micro.bytes,
            &[7 * SECOND + 5_000, 8 * SECOND + 999_999_000],
        );
        let mut nano = File::pcap(is_big_endian, 0xa1b2_3c4d, 1);
        nano.packet(7, 5, &plain_frame());
        check_times(&nano.bytes, &[7 * SECOND + 5]);
    }
}

fn many_blocks(is_big_endian: bool) -> File {
    let mut file = File::new(is_big_endian);
    let frame = plain_frame();
    let raw = ipv4(&[], 17, 0, &udp(PAYLOAD));
    let offset = if is_big_endian {
        100u64.to_be_bytes()
    } else {
        100u64.to_le_bytes()
    };
    file.section()
        .interface(1, &[(2, b"eth0")])
        .interface(101, &[(9, &[9]), (14, &offset)])
        .interface(1, &[(9, &[0x80 | 10])])
        .enhanced(0, 5_000_001, &frame)
        .enhanced(1, 5 * SECOND + 2, &raw)
        .enhanced(2, 5 * 1024 + 512, &frame)
        .block(4, b"names")
        .block(0x0bad, b"custom");
    // The obsolete form: interface, drops, time, lengths.
    let mut obsolete = File::new(is_big_endian);
    let bytes = frame.len() as u32;
    obsolete
        .u16(0)
        .u16(3)
        .u32(0)
        .u32(9)
        .u32(bytes)
        .u32(bytes)
        .raw(&frame);
    file.block(2, &obsolete.bytes);
    let mut simple = File::new(is_big_endian);
    simple.u32(bytes).raw(&frame);
    file.block(3, &simple.bytes);
    let drops = if is_big_endian {
        42u64.to_be_bytes()
    } else {
        42u64.to_le_bytes()
    };
    let mut statistics = File::new(is_big_endian);
    statistics.u32(0).u32(0).u32(0).options(&[(5, &drops)]);
    file.block(5, &statistics.bytes);
    file
}

const TIMES_OF_MANY_BLOCKS: [u64; 5] = [
    5 * SECOND + 1_000,
    105 * SECOND + 2,
    5 * SECOND + SECOND / 2,
    9_000,
    u64::MAX,
];

#[test]
fn pcapng_of_both_orders_keeps_each_interface_its_own_clock() {
    for is_big_endian in [false, true] {
        let file = many_blocks(is_big_endian);
        check_times(&file.bytes, &TIMES_OF_MANY_BLOCKS);
        let mut capture = open(&file.bytes);
        times(&mut capture);
        assert_eq!(capture.form(), CaptureForm::PcapNg);
        assert_eq!(capture.counters().packets, 5);
        assert_eq!(capture.counters().drops_reported, 42);
    }
}

#[test]
fn a_second_section_may_have_the_other_order_and_starts_its_interfaces_anew() {
    let mut bytes = many_blocks(false).bytes;
    bytes.extend(many_blocks(true).bytes);
    check_times(&bytes, &TIMES_OF_MANY_BLOCKS.repeat(2));
}

/// A time and a payload.
type Stamped = (u64, Vec<u8>);

/// Times and payloads, how many bytes they have, and where the capture broke off.
fn summary(path: &Path) -> (Vec<Stamped>, CaptureCounters, Option<Broken>) {
    let mut capture = Capture::open(path, &feed()).unwrap();
    let mut found = Vec::new();
    while let Some(record) = capture.next() {
        if let What::Datagram { payload, .. } = record.what {
            found.push((record.ts_recv.0, payload.to_vec()));
        }
    }
    (found, capture.counters(), capture.broken().cloned())
}

#[test]
fn a_mapped_capture_gives_what_a_read_one_gives() {
    let mut file = File::pcap(false, 0xa1b2_c3d4, 1);
    for index in 0..5_000u32 {
        let payload = vec![index as u8; 900 + (index % 200) as usize];
        let frame = ethernet(&[], 0x0800, &ipv4(&[], 17, 0, &udp(&payload)));
        file.packet(index, 7, &frame);
    }
    let whole = file.bytes;
    let long_ago = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_600_000_000);
    for length in [whole.len(), whole.len() - 1, 4 << 20, (2 << 20) + 1] {
        let file = write(&whole[..length]);
        let read = summary(file.path());
        file.as_file().set_modified(long_ago).unwrap();
        let mapped = summary(file.path());
        assert!(mapped.0.len() > 1_900);
        assert_eq!(mapped.2.is_some(), length != whole.len());
        assert!(mapped == read, "{length}");
    }
}

#[test]
fn compressed_captures_are_told_by_their_content() {
    let mut plain = File::pcap(false, 0xa1b2_c3d4, 1);
    plain.packet(1, 0, &plain_frame());
    let zipped = gzip(&plain.bytes);
    check_times(&zipped, &[SECOND]);
    let packed = zstd::encode_all(&plain.bytes[..], 1).unwrap();
    check_times(&packed, &[SECOND]);
    check_times(&zstd::encode_all(&zipped[..], 1).unwrap(), &[SECOND]);
    check_times(
        &[gzip(&plain.bytes[..30]), gzip(&plain.bytes[30..])].concat(),
        &[SECOND],
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn a_capture_cut_anywhere_gives_what_was_readable_and_says_where_it_broke() {
    let mut classic = File::pcap(false, 0xa1b2_c3d4, 1);
    let mut ends = vec![classic.bytes.len()];
    for second in 0..3 {
        classic.packet(second, 0, &plain_frame());
        ends.push(classic.bytes.len());
    }
    for count in 4..classic.bytes.len() {
        let mut capture = open(&classic.bytes[..count]);
        let whole = ends.iter().filter(|end| **end <= count).count();
        assert_eq!(
            times(&mut capture).len(),
            whole.saturating_sub(1),
            "cut at {count}"
        );
        let last_end = ends
            .iter()
            .rfind(|end| **end <= count)
            .copied()
            .unwrap_or(0);
        let broken = capture.broken().map(|broken| broken.offset);
        let expected = (last_end != count).then_some(last_end as u64);
        assert_eq!(broken, expected, "cut at {count}");
    }
    for file in [many_blocks(false), many_blocks(true)] {
        for count in 4..file.bytes.len() {
            times(&mut open(&file.bytes[..count]));
        }
    }
    let zipped = gzip(&classic.bytes);
    for count in 12..zipped.len() {
        if let Ok(mut capture) = Capture::open(write(&zipped[..count]).path(), &feed()) {
            times(&mut capture);
            assert!(capture.broken().is_some(), "cut at {count}");
        }
    }
}

#[test]
fn a_changed_byte_anywhere_is_no_panic() {
    let mut classic = File::pcap(false, 0xa1b2_c3d4, 1);
    classic
        .packet(1, 0, &plain_frame())
        .packet(2, 0, &plain_frame());
    for file in [classic, many_blocks(false), many_blocks(true)] {
        for index in 0..file.bytes.len() {
            for value in [0, 0x80, 0xff] {
                let mut bytes = file.bytes.clone();
                bytes[index] = value;
                if let Ok(mut capture) = Capture::open(write(&bytes).path(), &feed()) {
                    while capture.next().is_some() {}
                }
            }
        }
    }
}

#[test]
fn a_damaged_packet_is_counted_and_the_next_one_is_read() {
    let mut file = File::pcap(false, 0xa1b2_c3d4, 1);
    let mut damaged = plain_frame();
    damaged[14] = 0x41;
    file.packet(1, 0, &damaged);
    let frame = plain_frame();
    // The capture kept 50 bytes of it.
    file.u32(2)
        .u32(0)
        .u32(50)
        .u32(frame.len() as u32)
        .raw(&frame[..50]);
    // A packet larger than any can be.
    file.packet(3, 0, &vec![0; 300_000]);
    file.packet(4, 0, &frame);
    let mut capture = open(&file.bytes);
    assert_eq!(times(&mut capture), [4 * SECOND]);
    let counters = capture.counters();
    assert_eq!(counters.packets, 4);
    assert_eq!(counters.skipped_as(Skip::BadHeader), 1);
    assert_eq!(counters.skipped_as(Skip::Cut), 1);
    assert_eq!(counters.skipped_as(Skip::Oversized), 1);
}

#[test]
fn a_length_that_lies_takes_no_memory_and_is_named() {
    let mut file = File::pcap(false, 0xa1b2_c3d4, 1);
    file.packet(1, 0, &plain_frame());
    let at = file.bytes.len() as u64;
    file.u32(2)
        .u32(0)
        .u32(u32::MAX)
        .u32(u32::MAX)
        .raw(&plain_frame());
    let mut capture = open(&file.bytes);
    assert_eq!(times(&mut capture), [SECOND]);
    assert_eq!(capture.broken().unwrap().offset, at);
}

#[test]
fn messages_of_a_venue_file_come_whole_and_none_is_lost() {
    let mut bytes = Vec::new();
    let count = 60_000u32;
    for number in 0..count {
        let length = 4 + (number % 40) as u16;
        bytes.extend(length.to_be_bytes());
        bytes.extend(number.to_be_bytes());
        bytes.extend(vec![0; usize::from(length) - 4]);
    }
    bytes.extend([0, 9, 1]);
    let mut capture = open(&bytes);
    assert_eq!(capture.form(), CaptureForm::VenueFile);
    let (mut next, mut total) = (1, 0);
    while let Some(record) = capture.next() {
        let What::FileMessages(chunk) = record.what else {
            panic!("{record:?}");
        };
        assert_eq!(record.packet, next);
        let (mut at, file_message) = (0, feed().file_message);
        while at < chunk.len() {
            let number = u32::from_be_bytes(*chunk[at + 2..].first_chunk().unwrap());
            assert_eq!(u64::from(number) + 1, next);
            at += file_message(&chunk[at..]).unwrap();
            next += 1;
        }
        total += chunk.len();
    }
    assert_eq!(next - 1, u64::from(count));
    assert_eq!(capture.broken().unwrap().offset, total as u64);
}

/// Chunks of a file, and where it broke off.
#[track_caller]
fn check_venue_file(bytes: &[u8], count: u64, chunks: &[&[u8]], broken: Option<u64>) {
    let mut capture = open(bytes);
    let mut found = Vec::new();
    while let Some(record) = capture.next() {
        let What::FileMessages(chunk) = record.what else {
            panic!("{record:?}");
        };
        found.push(chunk.to_vec());
    }
    assert_eq!(found, chunks);
    assert_eq!(capture.counters().packets, count);
    assert_eq!(capture.broken().map(|broken| broken.offset), broken);
}

#[test]
fn a_message_the_feed_does_not_know_is_given_when_its_length_leads_to_one_it_knows() {
    let known = [0, 2, 1, 1];
    let unknown = [&300u16.to_be_bytes()[..], &[7; 300]].concat();
    let file = [&known[..], &unknown, &known].concat();
    check_venue_file(&file, 3, &[&file], None);
    let file = [&known[..], &unknown].concat();
    check_venue_file(&file, 2, &[&known, &unknown], None);
    let file = [&known[..], &[9; 700]].concat();
    check_venue_file(&file, 1, &[&known], Some(4));
}

#[test]
fn a_message_of_no_bytes_ends_a_session_and_is_not_given() {
    let known = [0, 2, 1, 1];
    let file = [&known[..], &[0, 0]].concat();
    check_venue_file(&file, 1, &[&known], None);
    let two = [&file[..], &file].concat();
    check_venue_file(&two, 2, &[&known, &known], None);
}

/// One line a record, in words.
fn words(capture: &mut Capture) -> Vec<String> {
    let mut words = Vec::new();
    while let Some(record) = capture.next() {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let what = match record.what {
            What::Text { conn, text: bytes } => format!("text {conn} {}", text(bytes)),
            What::Sent { conn, text: bytes } => format!("sent {conn} {}", text(bytes)),
            What::Open { conn, url } => format!("open {conn} {url}"),
            What::Close { conn } => format!("close {conn}"),
            What::Rest { url, body } => format!("rest {url} {}", text(body)),
            other => format!("{other:?}"),
        };
        words.push(format!("{} {} {what}", record.packet, record.ts_recv.0));
    }
    words
}

#[test]
fn a_recording_gives_texts_without_their_escapes() {
    let file = concat!(
        r#"{"ts_recv":1,"conn":"a","kind":"open","dir":"out","url":"wss://x/"}"#,
        "\n",
        r#"{"ts_recv":2,"conn":"a","kind":"ws","dir":"out","data":"{\"op\":\"subscribe\"}"}"#,
        "\n",
        r#"{"ts_recv":3,"conn":"b","kind":"ws","dir":"in","data":"caf\u00e9 \"x\""}"#,
        "\r\n",
        "not json\n\n",
        r#"{"ts_recv":4,"conn":"a","kind":"http","dir":"in","url":"https://x/s","data":"[1]"}"#,
        "\n",
        r#"{"ts_recv":5,"conn":"b","kind":"close"}"#,
    );
    let mut capture = open(file.as_bytes());
    assert_eq!(
        words(&mut capture),
        [
            "1 1 open 0 wss://x/",
            r#"2 2 sent 0 {"op":"subscribe"}"#,
            r#"3 3 text 1 café "x""#,
            "6 4 rest https://x/s [1]",
            "7 5 close 1",
        ]
    );
    assert_eq!(capture.connection_name(1), "b");
    assert_eq!(capture.counters().skipped_as(Skip::BadText), 1);
    assert_eq!(capture.broken(), None);
    let mut cut = open(&file.as_bytes()[..file.len() - 4]);
    assert_eq!(words(&mut cut).len(), 4);
    assert!(cut.broken().is_some());
}

#[test]
fn stamped_lines_are_received_texts() {
    let file = "1723161253937085768 {\"a\":1}\n1723161253937085769 {\"b\":2}\n17231612";
    let mut capture = open(&gzip(file.as_bytes()));
    assert_eq!(
        words(&mut capture),
        [
            "1 1723161253937085768 text 0 {\"a\":1}",
            "2 1723161253937085769 text 0 {\"b\":2}",
        ]
    );
    assert!(capture.broken().is_some());
}

#[test]
fn a_folder_of_session_files_is_merged_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "X.0",
        "https://x/p -> 10.5: [{}]\nconfiguration: {'a': ['b']}\n",
    );
    write(
        "X.http.0.0",
        "https://x/s -> 12: {\"id\":1} header: {'a': 'b'}\nhttps://x/t -> 13.25: {}\n",
    );
    write(
        "X.ws.2.0",
        "wss://x <-> 11.0000001\nwss://x <- 11.5: {\"op\":1}\n12.1234567: {\"n\":1}\n14: {}\n",
    );
    write("X.ws.10.0", "wss://y <-> 11.25\n12.0: {\"m\": \"a: b\"}\n");
    write("X.expected.json", "{}");
    write("X.events.jsonl.gz", "");
    let mut capture = Capture::open(folder.path(), &feed()).unwrap();
    assert_eq!(
        words(&mut capture),
        [
            "1 10500000000 rest https://x/p [{}]",
            "2 11000000100 open 0 wss://x",
            "3 11250000000 open 1 wss://y",
            "4 11500000000 sent 0 {\"op\":1}",
            "5 12000000000 rest https://x/s {\"id\":1}",
            "6 12000000000 text 1 {\"m\": \"a: b\"}",
            "7 12123456700 text 0 {\"n\":1}",
            "8 13250000000 rest https://x/t {}",
            "9 14000000000 text 0 {}",
        ]
    );
    assert_eq!(capture.connection_name(1), "10");
    assert_eq!(capture.broken(), None);
}

#[test]
fn what_is_no_capture_is_refused_with_the_reason() {
    for bytes in [&b""[..], b"hello", b"\xff\xff\xff\xff\xff", b"{\"a\":1}\n"] {
        assert!(Capture::open(write(bytes).path(), &feed()).is_err());
    }
    assert!(Capture::open(Path::new("/nowhere/at/all"), &feed()).is_err());
    assert!(Capture::open(tempfile::tempdir().unwrap().path(), &feed()).is_err());
}

/// The folder of real captures, or `None` with a line on why nothing is checked.
fn captures() -> Option<PathBuf> {
    let folder = std::env::var_os("WAVELETD_CAPTURES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/captures"),
        PathBuf::from,
    );
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "no captures at {}",
        folder.display()
    );
    eprintln!("skipped: no captures at {}", folder.display());
    None
}

fn text_of(path: &Path) -> String {
    let mut text = String::new();
    let file = fs::File::open(path).unwrap();
    if path.extension().is_some_and(|extension| extension == "gz") {
        std::io::Read::read_to_string(&mut flate2::read::MultiGzDecoder::new(file), &mut text)
    } else {
        std::io::Read::read_to_string(&mut { file }, &mut text)
    }
    .unwrap();
    text
}

fn files_below(folder: &Path, found: &mut Vec<PathBuf>) {
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.is_dir() {
            files_below(&path, found);
        } else {
            found.push(path);
        }
    }
}

/// Compares a capture with the packets that an independent decoder saw in it.
#[track_caller]
fn check_decode(capture_path: &Path, decode: &Path) -> u64 {
    let mut expected = Vec::new();
    let mut packets = 0;
    for line in text_of(decode)
        .lines()
        .filter(|line| line.contains("\"ts\":"))
    {
        let packet: serde_json::Value = serde_json::from_str(line).unwrap();
        let Some(ts) = packet["ts"].as_str().filter(|_| packet["caplen"].is_u64()) else {
            continue;
        };
        packets += 1;
        if packet["l4"]
            .as_str()
            .is_some_and(|l4| l4.starts_with("udp"))
        {
            let ts = feeds::model::decimal::parse_unsigned(ts.as_bytes(), 9).unwrap();
            expected.push((
                packet["pkt"].as_u64().unwrap(),
                ts,
                packet["app_off"].as_u64().zip(packet["app_len"].as_u64()),
            ));
        }
    }
    assert!(packets > 0, "{}", decode.display());
    let mut capture = Capture::open(capture_path, &feed()).unwrap();
    let mut found = Vec::new();
    while let Some(Found::Datagram(ts_recv, _, datagram)) = capture.advance() {
        let place = (datagram.payload_start as u64, datagram.payload_bytes as u64);
        found.push((capture.counters().packets, ts_recv, Some(place)));
    }
    assert_eq!(capture.broken(), None, "{}", capture_path.display());
    assert_eq!(
        capture.counters().packets,
        packets,
        "{}",
        capture_path.display()
    );
    for (found, expected) in found.iter().zip(&expected) {
        let same_place = expected.2.is_none() || found.2 == expected.2;
        assert!(
            (found.0, found.1) == (expected.0, expected.1) && same_place,
            "{}: {found:?} is not {expected:?}",
            capture_path.display()
        );
    }
    assert_eq!(found.len(), expected.len(), "{}", capture_path.display());
    packets
}

#[test]
fn every_real_capture_has_the_packets_that_another_decoder_saw() {
    let Some(folder) = captures() else { return };
    let mut files = Vec::new();
    files_below(&folder.join("omi-pcap"), &mut files);
    let (mut checked, mut packets) = (0, 0);
    for path in &files {
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(at) = name.find(".decoded.jsonl") else {
            continue;
        };
        packets += check_decode(&path.with_file_name(&name[..at]), path);
        checked += 1;
    }
    assert_eq!((checked, packets), (145, 33_933));
}

#[test]
fn a_compressed_day_of_iex_has_all_its_packets() {
    let Some(folder) = captures() else { return };
    let path = folder.join("iex-hist/DEEP10.first70000.pcap.gz");
    let mut capture = Capture::open(&path, &feed()).unwrap();
    while capture.next().is_some() {}
    assert_eq!(capture.counters().packets, 70_000);
    assert_eq!(capture.broken(), None);
}

#[test]
fn a_recorded_session_gives_every_received_text_in_the_order_of_its_file() {
    let Some(folder) = captures() else { return };
    let folder = folder.join("crypto-sessions/COINBASE");
    let file = text_of(&folder.join("COINBASE.ws.28.0"));
    let mut expected = file
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()))
        .map(|line| line.split_once(": ").unwrap().1);
    let mut capture = Capture::open(&folder, &feed()).unwrap();
    let mut count = 0;
    while let Some(record) = capture.next() {
        if let What::Text { text, .. } = record.what {
            assert_eq!(text, expected.next().unwrap().as_bytes());
            count += 1;
        }
    }
    assert_eq!(count, 9_946);
    assert_eq!(capture.connection_name(0), "28");
    assert_eq!(capture.counters().skipped_by_name().count(), 0);
}

/// A frame of a tap: what it saw, and when by its own clock.
fn tapped(seconds: u32, nanoseconds: u32) -> Vec<u8> {
    let mut frame = plain_frame();
    frame.extend([0xf0, 0xf1, 0xf2, 0xf3]);
    frame.extend(seconds.to_be_bytes());
    frame.extend(nanoseconds.to_be_bytes());
    frame.extend([1, 0, 7, 3]);
    frame
}

#[test]
fn times_of_trailers_replace_the_captures_and_every_time_says_whose_it_is() {
    const S: u32 = 1_700_000_000;
    let mut file = File::pcap(false, 0xa1b2_3c4d, 1);
    file.packet(S, 500, &tapped(S, 77))
        .packet(S, 600, &plain_frame())
        .packet(S, 700, &tapped(S + 200_000, 0))
        .packet(S, 800, &ethernet(&[], 0x0806, &[0; 46]));
    let ns = |ns: u64| u64::from(S) * 1_000_000_000 + ns;
    let told = |capture: &mut Capture| {
        let mut told = Vec::new();
        while let Some(record) = capture.next() {
            assert!(matches!(record.what, What::Datagram { payload, .. } if payload == PAYLOAD));
            told.push((record.ts_recv.0, record.ts_origin.as_str()));
        }
        told
    };
    let mut plain = open(&file.bytes);
    let own = [500, 600, 700].map(|at| (ns(at), "capture"));
    assert_eq!(told(&mut plain), own);
    assert_eq!(plain.counters().trailers, TrailerCounters::default());

    let mut stamped = open(&file.bytes).with_trailers(TrailerForm::Metamako);
    let expected = [(ns(77), "trailer"), own[1], own[2]];
    assert_eq!(told(&mut stamped), expected);
    let counters = TrailerCounters {
        read: 1,
        degraded: 0,
        absent: 1,
        implausible: 1,
    };
    assert_eq!(stamped.counters().trailers, counters);
}

#[test]
fn a_datagram_is_found_behind_the_header_of_arista() {
    let inner = plain_frame();
    for (version, time) in [(0x0110u16, 8), (0x0021, 6)] {
        let mut frame = vec![0; 12];
        frame.extend([0xd2, 0x8b, 0, 1]);
        frame.extend(version.to_be_bytes());
        frame.extend(vec![0x11; time]);
        frame.extend(&inner[12..]);
        check_link(1, &frame, Ok(PAYLOAD));
        for length in 0..frame.len() {
            assert!(datagram(LinkType::Ethernet, &frame[..length]).is_err());
        }
        frame[15] = 2;
        check_link(1, &frame, Err(Skip::NotIp));
    }
}

/// Most packets of one real capture that are looked at.
const LOOKED_AT_MAX: u64 = 10_000;

#[test]
fn no_time_is_read_from_captures_that_have_none() {
    let Some(folder) = captures() else { return };
    let (mut files, mut packets) = (0, 0);
    let mut folders = vec![folder.join("omi-pcap")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            if path.extension().is_none_or(|extension| extension != "pcap") {
                continue;
            }
            files += 1;
            for form in TrailerForm::ALL {
                let mut capture = Capture::open(&path, &feed()).unwrap().with_trailers(form);
                for _ in 0..LOOKED_AT_MAX {
                    let Some(record) = capture.next() else { break };
                    assert_ne!(record.ts_origin.as_str(), "trailer", "{}", path.display());
                }
                let trailers = capture.counters().trailers;
                assert_eq!(trailers.read, 0);
                packets += trailers.absent + trailers.implausible;
            }
        }
    }
    eprintln!("{files} captures, {packets} looks, no time invented");
    assert!(files > 100 && packets > 50_000);
}
