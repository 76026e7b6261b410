//! pcap files, from the page cache: packets alone, and down to every message.

use crate::capture::{FULL_BYTES, SMALL_BYTES, write_pcap};
use crate::itch_day::{Day, SYMBOLS};
use crate::measure::{Contender, side_by_side};
use feeds::contract::{Batch, Line, TickSink};
use feeds::model::{ChannelId, Definition, Tick};
use feeds::nasdaq_itch50::DESCRIPTOR;
use feeds::session::moldudp64::{Header, Messages};
use feeds::session::sequencer::SequencerSettings;
use feeds::session::{Offer, Sequencer};
use pcap_parser::traits::PcapReaderIterator;
use pcap_parser::{LegacyPcapReader, PcapBlockOwned, PcapError};
use std::fs::File;
use std::hint::black_box;
use std::io::BufWriter;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant, SystemTime};
use waveletd::replay::driver::{Driver, DriverSettings};
use waveletd::replay::{Capture, Pacer, Speed, What};

/// Port of line A; line B has the next.
const PORT_A: u16 = 26_477;

/// Packets and no more, as the crate's own example reads them.
fn bare(path: &Path, buffer_bytes: usize) -> (u64, Duration) {
    let start = Instant::now();
    let file = File::open(path).expect("the file was just made");
    let mut reader = LegacyPcapReader::new(buffer_bytes, file).expect("a pcap file");
    let (mut packets, mut bytes) = (0, 0);
    loop {
        match reader.next() {
            Ok((offset, block)) => {
                if let PcapBlockOwned::Legacy(block) = block {
                    packets += 1;
                    bytes += block.data.len();
                }
                reader.consume(offset);
            }
            Err(PcapError::Eof) => break,
            Err(PcapError::Incomplete(_)) => reader.refill().expect("the file can be read"),
            Err(error) => panic!("{error:?}"),
        }
    }
    black_box(bytes);
    (packets, start.elapsed())
}

/// Down to every message: link layers, MoldUDP64, sequence numbers, lines arbitrated, message blocks.
fn every_message(path: &Path) -> (u64, Duration) {
    let start = Instant::now();
    let mut capture = Capture::open(path, &DESCRIPTOR).expect("a pcap file");
    let mut sequencer = Sequencer::new(SequencerSettings::default());
    let (mut count, mut sum) = (0u64, 0u64);
    while let Some(record) = capture.next() {
        let What::Datagram { dst, payload, .. } = record.what else {
            continue;
        };
        let Some((header, body)) = Header::split(payload) else {
            continue;
        };
        let line = Line(dst.port().wrapping_sub(PORT_A) as u8);
        let messages = u64::from(header.count);
        let skip = match sequencer.offer(line, header.sequence, messages, body, record.ts_recv) {
            Offer::Deliver { skip } => skip,
            _ => continue,
        };
        Messages::new(body, messages)
            .skip(skip as usize)
            .for_each(|message| {
                count += 1;
                sum = sum.wrapping_add(u64::from(message[0]));
            });
    }
    black_box(sum);
    (count, start.elapsed())
}

struct Discard(u64);

impl TickSink for Discard {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0 += ticks.len() as u64;
        black_box(self.0);
    }
    fn define(&mut self, _: ChannelId, _: &Definition) {}
}

/// As far as normalised ticks, as a replay does it.
fn to_ticks(path: &Path) -> (u64, Duration) {
    let start = Instant::now();
    let settings = DriverSettings {
        descriptor: &DESCRIPTOR,
        channels: Vec::new(),
        instruments: Vec::new(),
        own: Vec::new(),
        from: None,
        to: None,
    };
    let mut driver = Driver::new(settings).expect("the default settings are valid");
    let mut capture = Capture::open(path, &DESCRIPTOR).expect("a pcap file");
    let mut out = Batch::new(Box::new(Discard(0)));
    let mut pacer = Pacer::new(Speed::Max);
    let stop = AtomicBool::new(false);
    driver.run(&mut capture, "bench", &mut pacer, &mut out, &stop, |_| {});
    let report = driver.finish(&mut out);
    let messages = report
        .channels
        .iter()
        .map(|channel| channel.counters.messages);
    (messages.sum(), start.elapsed())
}

/// A run that must find every message, once.
fn checked(
    messages: usize,
    path: &Path,
    run: fn(&Path) -> (u64, Duration),
) -> impl FnMut() -> Duration {
    move || {
        let (count, took) = run(path);
        assert_eq!(count, messages as u64, "every message is found, once");
        took
    }
}

/// Prints the tables.
pub(crate) fn table(day: &Day) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let messages = day.messages + SYMBOLS;
    let make = |name: &str, payload_bytes_max, lines| {
        let path = folder.path().join(name);
        let mut file = BufWriter::with_capacity(1 << 20, File::create(&path).expect("a file"));
        let packets =
            write_pcap(day, payload_bytes_max, lines, &mut file).expect("room on the disk");
        // A capture of yesterday, not one that is still being written: only such a file is mapped.
        let yesterday = SystemTime::now() - Duration::from_secs(86_400);
        let file = file.into_inner().expect("room on the disk");
        file.set_modified(yesterday).expect("a file of our own");
        (path, packets)
    };
    for (what, payload_bytes_max) in [("full", FULL_BYTES), ("small", SMALL_BYTES)] {
        let (one, packets) = make("one", payload_bytes_max, 1);
        let (two, _) = make("two", payload_bytes_max, 2);
        let mut contenders = [
            Contender::new(
                "waveletd, every message, one line",
                messages,
                checked(messages, &one, every_message),
            ),
            Contender::new(
                "waveletd, two lines arbitrated",
                messages,
                checked(messages, &two, every_message),
            ),
            Contender::new("pcap-parser, packets alone, 64 KiB", messages, || {
                bare(&one, 1 << 16).1
            }),
            Contender::new("pcap-parser, packets alone, 1 MiB", messages, || {
                bare(&one, 1 << 20).1
            }),
            Contender::new(
                "waveletd, to ticks, one line",
                messages,
                checked(messages, &one, to_ticks),
            ),
            Contender::new(
                "waveletd, to ticks, two lines",
                messages,
                checked(messages, &two, to_ticks),
            ),
        ];
        let title = format!(
            "pcap, {what} packets ({:.1} messages each)",
            messages as f64 / packets as f64
        );
        side_by_side(&title, "message", &mut contenders);
    }
}
