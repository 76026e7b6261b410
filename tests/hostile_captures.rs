//! Recorded packets made hostile: cut at each byte, bits flipped, lengths and counts that lie. Every feed, every capture.
//!
//! Of packets with the same kinds of messages the shortest stands for all: a cut or a lie in it is a cut or a lie in them.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;
#[path = "common/counting.rs"]
mod counting;

use common::captures;
use counting::{Counting, asked};
use feeds::contract::{
    Batch, Descriptor, Feed, FeedSettings, Form, InspectedMessage, Line, MessageSink, Outcome,
    Packet, TickSink, Transport,
};
use feeds::model::{ChannelId, Definition, RecvTime, Tick};
use rand_core::Rng;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use waveletd::replay::Capture;
use waveletd::replay::capture::What;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Times memory may be asked for by one packet, beyond one a few bytes: definitions and tables grow.
const ASKED_MAX: u64 = 512;
/// A packet takes microseconds; a test machine may stop a thread for longer than the bound of 1 ms that the bench shows.
const TOOK_MAX: Duration = Duration::from_millis(250);
/// Bits flipped at random, a packet.
const FLIPS: usize = 1_000;
/// Packets of one capture that are looked at.
const PACKETS_MAX: u64 = 5_000;
/// Longest packets that are cut at each byte.
const BYTES_MAX: usize = 1_500;

#[derive(Default)]
struct Kinds(std::collections::BTreeSet<String>, u64);

impl MessageSink for Kinds {
    fn message(&mut self, _: &str, _: Option<u64>, message: &dyn InspectedMessage) {
        self.0.insert(message.name().to_owned());
        self.1 += 1;
    }
}

struct Ticks(Arc<AtomicU64>);

impl TickSink for Ticks {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.fetch_add(ticks.len() as u64, Ordering::Relaxed);
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

fn files(folder: &Path, into: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, into);
        } else if path.to_str().is_some_and(|name| {
            [".pcap", ".pcap.gz", ".itch", ".dbn.zst"]
                .iter()
                .any(|end| name.ends_with(end))
        }) {
            into.push(path);
        }
    }
}

/// Owned form of what a capture holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Held {
    Datagram,
    FileMessages,
    Text,
}

impl Held {
    fn form(self) -> Form<'static> {
        match self {
            Held::Datagram => Form::Datagram,
            Held::FileMessages => Form::FileMessages,
            Held::Text => Form::Text,
        }
    }
}

fn packet(held: Held, bytes: &[u8]) -> Packet<'_> {
    Packet {
        line: Line(0),
        ts_recv: RecvTime(1_700_000_000_000_000_000),
        form: held.form(),
        bytes,
    }
}

/// The packets of all captures that are of this feed, the shortest of each set of kinds.
fn packets(descriptor: &'static Descriptor, folder: &Path) -> Vec<(Held, Vec<u8>)> {
    let mut paths = Vec::new();
    if descriptor.transport == Transport::WebSocket {
        for venue in std::fs::read_dir(folder.join("crypto-sessions")).unwrap() {
            paths.push(venue.unwrap().path());
        }
        paths.sort();
    } else {
        files(folder, &mut paths);
    }
    let mut shortest: BTreeMap<Vec<String>, (Held, Vec<u8>)> = BTreeMap::new();
    for path in paths {
        let Ok(mut capture) = Capture::open(&path, descriptor) else {
            continue;
        };
        for _ in 0..PACKETS_MAX {
            let Some(record) = capture.next() else { break };
            let (held, bytes) = match record.what {
                What::Datagram { payload, .. } => (Held::Datagram, payload),
                What::Text { text, .. } => (Held::Text, text),
                What::FileMessages(bytes) => (Held::FileMessages, &bytes[..bytes.len().min(4_096)]),
                _ => continue,
            };
            let mut kinds = Kinds::default();
            let is_ours = (descriptor.inspect)(&packet(held, bytes), &mut kinds).is_ok();
            // A whole file's chunk may be cut in the middle of a message here.
            let is_known = !kinds.0.is_empty() && !kinds.0.contains("message");
            if (!is_ours && held != Held::FileMessages) || !is_known || bytes.len() > 4_096 {
                continue;
            }
            let found = shortest.entry(kinds.0.into_iter().collect());
            let found = found.or_insert_with(|| (held, bytes.to_vec()));
            if bytes.len() < found.1.len() {
                *found = (held, bytes.to_vec());
            }
        }
    }
    shortest.into_values().collect()
}

struct Trial {
    outcome: Outcome,
    messages: u64,
    errors: u64,
    /// Messages `inspect` shows, where it has nothing to complain of.
    shown: Option<u64>,
}

/// Gives bytes to a feed that has seen nothing; nothing is broken by them, nor taken without bound.
#[track_caller]
fn give(descriptor: &'static Descriptor, held: Held, bytes: &[u8]) -> Trial {
    let mut feed: Box<dyn Feed> =
        (descriptor.build)(&FeedSettings::single_line(ChannelId(0))).unwrap();
    let ticks = Arc::new(AtomicU64::new(0));
    let mut out = Batch::new(Box::new(Ticks(Arc::clone(&ticks))));
    let (before, start) = (asked(), Instant::now());
    let outcome = feed.on_packet(&packet(held, bytes), &mut out);
    let took = start.elapsed();
    let asked = asked() - before;
    out.flush();
    let name = descriptor.name;
    assert!(
        took < TOOK_MAX,
        "{name}: {took:?} for {} bytes",
        bytes.len()
    );
    let bound = ASKED_MAX + bytes.len() as u64;
    assert!(asked < bound, "{name}: memory was asked for {asked} times");
    let (given, bound) = (ticks.load(Ordering::Relaxed), 64 + 4 * bytes.len() as u64);
    assert!(
        given <= bound,
        "{name}: {given} ticks of {} bytes",
        bytes.len()
    );
    let mut shown = Kinds::default();
    let is_whole = (descriptor.inspect)(&packet(held, bytes), &mut shown).is_ok();
    let counters = feed.counters();
    Trial {
        outcome,
        messages: counters.messages + counters.unknown_messages + counters.messages_ignored,
        errors: counters.decode_errors_total(),
        shown: is_whole.then_some(shown.1),
    }
}

#[test]
fn a_recorded_packet_cut_flipped_or_lying_is_refused_or_counted_and_breaks_nothing() {
    let Some(folder) = captures() else { return };
    let mut random = rand_pcg::Pcg64Mcg::new(7);
    let mut report = Vec::new();
    for &descriptor in feeds::REGISTRY.iter().chain(feeds::FILE_FORMS) {
        let all = packets(descriptor, &folder);
        let (mut cuts, mut lies) = (0u64, 0u64);
        for (held, bytes) in &all {
            let whole = give(descriptor, *held, bytes);
            for length in 0..bytes.len().min(BYTES_MAX) {
                let cut = give(descriptor, *held, &bytes[..length]);
                cuts += 1;
                let is_seen = matches!(cut.outcome, Outcome::Refused(_))
                    || cut.errors > whole.errors
                    || cut.messages < whole.messages
                    // A snapshot or a heartbeat, of which this line takes nothing.
                    || !matches!(whole.outcome, Outcome::Applied)
                    // Cut between two messages of a protocol whose packets do not say how many they have.
                    || cut.shown.zip(whole.shown).is_some_and(|(cut, whole)| cut < whole)
                    || *held == Held::FileMessages;
                assert!(
                    is_seen,
                    "{}: {length} of {} bytes pass for all of them",
                    descriptor.name,
                    bytes.len()
                );
            }
            let mut changed = bytes.clone();
            for index in 0..bytes.len().min(BYTES_MAX) {
                for lie in [0x00, 0x7F, 0xFF] {
                    changed[index] = lie;
                    give(descriptor, *held, &changed);
                    lies += 1;
                }
                changed[index] = bytes[index];
            }
            for _ in 0..FLIPS {
                let mut changed = bytes.clone();
                for _ in 0..1 + random.next_u64() % 8 {
                    let at = random.next_u64() as usize % (changed.len() * 8);
                    changed[at / 8] ^= 1 << (at % 8);
                }
                give(descriptor, *held, &changed);
                lies += 1;
            }
        }
        report.push(format!(
            "{:>22} {:>4} packets {cuts:>7} cuts {lies:>8} lies",
            descriptor.name,
            all.len()
        ));
    }
    println!("{}", report.join("\n"));
}
