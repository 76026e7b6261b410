//! A capture with two lines of one channel: arbitration, exact ledger, exit code. Every feed of the registry that speaks datagrams.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{Json, report};
use feeds::contract::{SnapshotService, Transport};
use feeds::model::EventTime;
use std::collections::BTreeSet;
use std::path::Path;
use waveletd::simulate::{FlowSettings, OrderFlow, symbols};

const START_NS: u64 = 1_700_000_000_000_000_000;

/// A day as a venue says it: each datagram with its time.
fn day(feed: &str, events: u64) -> Vec<(u64, Vec<u8>)> {
    let mut venue = (feeds::descriptor(feed).unwrap().simulator)();
    let names = symbols(&[], 20);
    let mut flow = OrderFlow::new(FlowSettings {
        symbol_count: 20,
        ..FlowSettings::default()
    });
    let mut datagrams = Vec::new();
    let mut now = START_NS;
    venue.open(EventTime(now), &names);
    for event in 0..events {
        now += 20_000;
        venue.on_event(EventTime(now), &flow.next_event());
        if event % 5 == 0 {
            venue.on_clock(EventTime(now));
        }
        while let Some(datagram) = venue.poll_datagram() {
            datagrams.push((now, datagram));
        }
    }
    venue.close(EventTime(now));
    while let Some(datagram) = venue.poll_datagram() {
        datagrams.push((now, datagram));
    }
    datagrams
}

/// Ethernet, IPv4 and UDP around a payload.
fn frame(port: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0u8; 12];
    frame.extend([0x08, 0x00]);
    let total = 28 + payload.len() as u16;
    frame.extend([0x45, 0]);
    frame.extend(total.to_be_bytes());
    frame.extend([0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 239, 1, 1, 1]);
    frame.extend(5_000u16.to_be_bytes());
    frame.extend(port.to_be_bytes());
    frame.extend((8 + payload.len() as u16).to_be_bytes());
    frame.extend([0, 0]);
    frame.extend(payload);
    frame
}

/// A pcap of two lines; `loses` says which datagrams a line loses.
fn write(path: &Path, day: &[(u64, Vec<u8>)], loses: impl Fn(usize, usize) -> bool) {
    let mut file = Vec::new();
    file.extend(0xa1b2_3c4du32.to_le_bytes());
    file.extend([2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0]);
    for (index, (now, datagram)) in day.iter().enumerate() {
        for line in 0..2 {
            if loses(line, index) {
                continue;
            }
            let frame = frame(20_000 + line as u16, datagram);
            file.extend(((now / 1_000_000_000) as u32).to_le_bytes());
            file.extend(((now % 1_000_000_000) as u32).to_le_bytes());
            file.extend((frame.len() as u32).to_le_bytes());
            file.extend((frame.len() as u32).to_le_bytes());
            file.extend(frame);
        }
    }
    std::fs::write(path, file).unwrap();
}

fn replay(path: &Path, feed: &str, code: i32) -> Json {
    report(
        &[
            "replay",
            path.to_str().unwrap(),
            "--feed",
            feed,
            "--format",
            "json",
        ],
        code,
    )
}

fn feeds_of_datagrams() -> impl Iterator<Item = &'static str> {
    feeds::REGISTRY
        .iter()
        .filter(|descriptor| descriptor.transport == Transport::Datagrams)
        .map(|descriptor| descriptor.name)
}

/// Whether two datagrams of one channel are told to be of one session.
fn names_its_session(feed: &str, day: &[(u64, Vec<u8>)]) -> bool {
    let key = feeds::descriptor(feed).unwrap().session_key;
    key(&day[0].1) == key(&day[1].1)
}

#[test]
fn what_one_line_loses_the_other_brings_and_the_books_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    for feed in feeds_of_datagrams() {
        let day = day(feed, 20_000);
        let (whole, lossy) = (
            folder.path().join("whole.pcap"),
            folder.path().join("lossy.pcap"),
        );
        write(&whole, &day, |line, _| line == 1);
        // Where datagrams do not name their session, lines are one channel because they begin alike.
        let first = usize::from(!names_its_session(feed, &day));
        write(&lossy, &day, |line, index| (index + line * 3) % 7 == first);
        let (whole, lossy) = (replay(&whole, feed, 0), replay(&lossy, feed, 0));
        for key in [
            "messages",
            "messages_by_type",
            "instruments",
            "gaps",
            "ticks",
        ] {
            assert_eq!(whole.get(key), lossy.get(key), "{feed}: {key}");
        }
        assert!(lossy.get("gaps").list().is_empty(), "{feed}");
    }
}

#[test]
fn what_both_lines_lose_is_named_exactly_and_a_book_is_suspect_until_it_is_told_whole() {
    let folder = tempfile::tempdir().unwrap();
    for feed in feeds_of_datagrams() {
        let day = day(feed, 5_000);
        let lost: BTreeSet<usize> = [100, 101, 250, 600].into();
        let path = folder.path().join("gaps.pcap");
        write(&path, &day, |_, index| lost.contains(&index));
        let whole = folder.path().join("whole.pcap");
        write(&whole, &day, |_, _| false);
        let (whole, report) = (replay(&whole, feed, 0), replay(&path, feed, 3));
        let gaps = report.get("gaps").list();
        assert_eq!(gaps.len(), 3, "{feed}");
        let missing: u64 = gaps.iter().map(|gap| gap.get("count").count()).sum();
        let messages = report.get("messages").count();
        assert_eq!(messages + missing, whole.get("messages").count(), "{feed}");
        let wholes = whole.get("instruments").list();
        let sides = ["bids", "asks"];
        // A quote tells a book whole; where there is more to a book than that, nothing does.
        let heals = feeds::descriptor(feed).unwrap().snapshot == SnapshotService::Inline;
        let mut healed = 0;
        for (instrument, whole) in report.get("instruments").list().iter().zip(wholes) {
            assert_eq!(instrument.get("symbol"), whole.get("symbol"), "{feed}");
            assert_ne!(instrument.get("state").text(), "live", "{feed}");
            if heals && instrument.get("reason").text() == "session_closed" {
                healed += 1;
                for side in sides {
                    assert_eq!(instrument.get(side), whole.get(side), "{feed}");
                }
            } else {
                assert_eq!(instrument.get("reason").text(), "gap_lost", "{feed}");
            }
        }
        assert_eq!(healed > 0, heals, "{feed}");
    }
}
