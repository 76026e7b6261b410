//! A capture of several channels on both lines: the books that come of it.

use super::super::normalize::{Normalizer, Told};
use super::super::split_packet;
use super::Collect;
use crate::contract::{Batch, FeedCounters};
use crate::model::{ChannelId, RecvTime, SendTime};
use crate::session::channel::Place;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn capture(file: &str) -> Option<Vec<u8>> {
    let root = std::env::var("WAVELETD_CAPTURES").map_or_else(
        |_| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/captures"),
        PathBuf::from,
    );
    let path = root.join(file);
    if path.is_file() {
        return std::fs::read(&path).ok();
    }
    assert!(
        std::env::var("CI").is_err(),
        "no capture {}",
        path.display()
    );
    println!("skipped: no capture {}", path.display());
    None
}

/// Time, group and payload of every datagram of a little-endian pcapng in ns.
fn datagrams(capture: &[u8]) -> Vec<(u64, [u8; 4], &[u8])> {
    let word = |bytes: &[u8]| u64::from(u32::from_le_bytes(bytes[..4].try_into().unwrap()));
    let (mut rest, mut found) = (capture, Vec::new());
    while rest.len() >= 12 {
        let (block, tail) = rest.split_at(word(&rest[4..]) as usize);
        rest = tail;
        if word(block) != 6 {
            continue;
        }
        let at = word(&block[12..]) << 32 | word(&block[16..]);
        let ip = &block[28 + 14..];
        let udp = &ip[usize::from(ip[0] & 15) * 4..];
        let bytes = usize::from(u16::from_be_bytes([udp[4], udp[5]]));
        found.push((at, ip[16..20].try_into().unwrap(), &udp[8..bytes]));
    }
    found
}

/// One channel of the capture.
struct Channel {
    normalizer: Normalizer,
    counters: FeedCounters,
    out: Batch,
    next: u32,
    packets: usize,
}

impl Channel {
    /// Levels are in order and bids below offers, wherever both are known.
    #[track_caller]
    fn check(&self) -> usize {
        let mut filled = 0;
        for instrument in 0..self.normalizer.instrument_count() {
            let [bids, asks] = [0, 1].map(|side| self.normalizer.known(instrument, side));
            let is_down = bids.is_sorted_by(|one, next| one.price > next.price);
            let is_up = asks.is_sorted_by(|one, next| one.price < next.price);
            assert!(is_down && is_up, "{bids:?} {asks:?}");
            if let (Some(bid), Some(ask)) = (bids.first(), asks.first()) {
                assert!(bid.price < ask.price, "{bids:?} {asks:?}");
                filled += 1;
            }
        }
        filled
    }
}

#[test]
fn the_books_of_a_capture_are_in_order_and_uncrossed_and_its_updates_without_a_hole() {
    let name = "omi-pcap/Cme/Mdp3.Sbe.v1.6/Cme.Mdp3.Sbe.v6.1.first6000.pcap";
    let Some(pcap) = capture(name) else { return };
    // The lines of a channel are two groups with one last number.
    let mut channels: BTreeMap<u8, Channel> = BTreeMap::new();
    for (at, group, bytes) in datagrams(&pcap) {
        let (sequence, sent, body) = split_packet(bytes).unwrap();
        let channel = channels.entry(group[3]).or_insert_with(|| Channel {
            normalizer: Normalizer::new(ChannelId(0), &[], 10, true, Told::Levels),
            counters: FeedCounters::default(),
            out: Batch::new(Box::new(Collect::default())),
            next: sequence,
            packets: 0,
        });
        if sequence < channel.next {
            continue;
        }
        assert_eq!(sequence, channel.next);
        channel.next += 1;
        channel.packets += 1;
        let place = Place {
            sequence: u64::from(sequence),
            ts_recv: RecvTime(at),
            sent: SendTime(sent),
        };
        let (counters, out) = (&mut channel.counters, &mut channel.out);
        channel.normalizer.apply(place, body, counters, out);
        channel.check();
    }
    let mut filled = 0;
    for channel in channels.values() {
        let counters = &channel.counters;
        assert_eq!(counters.instrument_gaps, 0);
        assert_eq!(counters.decode_errors_total(), 0);
        assert_eq!(counters.unknown_messages, 0);
        filled += channel.check();
    }
    let packets: usize = channels.values().map(|channel| channel.packets).sum();
    assert!(packets >= 3_000, "{packets}");
    assert!(filled > 0);
}
