//! Files of market by order through the whole program, against what the encoding's own library made of them.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{Json, captures, plain, report, text_of, waveletd};
use feeds::contract::{Batch, BookKind, Descriptor, FeedSettings, Form, Line, Packet, TickSink};
use feeds::model::{ChannelId, Definition, InstrumentId, Side, Tick};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use waveletd::pipeline::{Channel, ChannelSpec};
use waveletd::replay::Capture;
use waveletd::replay::capture::{What, messages_of_chunk};

const FILES: [&str; 4] = [
    "esh4-glbx-mdp3-20231224.mbo",
    "esh4-glbx-mdp3-20231225.first40000.mbo",
    "glbx_small.mbo.v1",
    "glbx_small.mbo.v3",
];

fn descriptor() -> &'static Descriptor {
    feeds::feed_or_file_form("dbn").unwrap()
}

/// Each file with what is expected of it.
fn files() -> Vec<(PathBuf, Json)> {
    let Some(folder) = captures() else {
        return Vec::new();
    };
    let folder = folder.join("databento-mbo");
    FILES
        .iter()
        .map(|name| {
            let expected = text_of(&folder.join(format!("{name}.expected.json")));
            let file = folder.join(format!("{name}.dbn.zst"));
            (file, Json::parse(&expected))
        })
        .collect()
}

/// Levels as `[price in 1e-9, size, orders]`.
fn levels(expected: &Json) -> Vec<[u64; 3]> {
    let level = |level: &Json| [0, 1, 2].map(|index| level.list()[index].count());
    expected.list().iter().map(level).collect()
}

fn replayed(file: &Path, more: &[&str], code: i32) -> Json {
    let mut arguments = vec!["replay", file.to_str().unwrap(), "--feed", "dbn"];
    arguments.extend(["--format", "json"]);
    arguments.extend(more);
    report(&arguments, code)
}

#[test]
fn every_file_ends_with_the_counts_and_the_book_of_its_own_library() {
    for (file, expected) in files() {
        let name = file.display();
        let report = replayed(&file, &["--books", "100000"], 0);
        let of_type = |kind: &str| report.get("messages_by_type").find(kind).map(Json::count);
        assert_eq!(
            of_type("mbo"),
            Some(expected.get("records").count()),
            "{name}"
        );
        assert_eq!(of_type("metadata"), Some(1));
        for count in ["unknown_messages", "decode_errors", "packets_left_out"] {
            assert_eq!(report.get(count).count(), 0, "{name} {count}");
        }
        let instruments = report.get("instruments").list();
        assert_eq!(instruments.len(), 1);
        let found = &instruments[0];
        assert_eq!(found.get("symbol"), &expected.get("symbols").list()[0]);
        assert_eq!(
            found.get("volume").count(),
            expected.get("trade_volume").count()
        );
        let prints = expected.get("by_action").find("T").map_or(0, Json::count);
        assert_eq!(found.get("trades").count(), prints);
        for (side, count) in [("bids", "bid_levels"), ("asks", "ask_levels")] {
            let wanted = expected.get("final_top10").get(side).list();
            let own = found.get(side).list();
            // The library's own count of levels, of which the report shows all.
            assert_eq!(
                own.len() as u64,
                expected.get(count).count(),
                "{name} {side}"
            );
            for (own, wanted) in own.iter().zip(wanted) {
                let wanted = wanted.list();
                let price = format!("{}e-9", wanted[0].text());
                assert_eq!(plain(own.get("price")), common::exact(&price).unwrap());
                assert_eq!(own.get("size").count(), wanted[1].count());
                assert_eq!(own.get("orders").count(), wanted[2].count());
            }
        }
        // Two of the files begin with a snapshot; the small ones are cut out of the middle of a day.
        let is_small = expected.get("records").count() == 2;
        let state = if is_small {
            "awaiting_snapshot"
        } else {
            "live"
        };
        assert_eq!(found.get("state").text(), state, "{name}");
        let faults = report.get("book_faults").members().to_vec();
        let of_order = |(kind, count): &(String, Json)| (kind.clone(), count.count());
        let faults: Vec<_> = faults.iter().map(of_order).collect();
        let wanted = [("unknown_order".to_owned(), 2)];
        assert_eq!(faults, wanted[..usize::from(is_small)], "{name}");
    }
}

#[derive(Default)]
struct Given {
    definitions: Vec<Definition>,
    ticks: Vec<Tick>,
}

struct Collect(Arc<Mutex<Given>>);

impl TickSink for Collect {
    fn accept(&mut self, ticks: &[Tick]) {
        self.0.lock().unwrap().ticks.extend_from_slice(ticks);
    }
    fn define(&mut self, _: ChannelId, definition: &Definition) {
        self.0.lock().unwrap().definitions.push(*definition);
    }
}

#[test]
fn every_checkpoint_has_the_levels_sizes_and_order_counts_of_the_library() {
    let mut compared = 0;
    for (file, expected) in files() {
        let mut checkpoints = expected.get("checkpoints").list().iter().peekable();
        let mut capture = Capture::open(&file, descriptor()).unwrap();
        let id = ChannelId(0);
        let mut feed = (descriptor().build)(&FeedSettings::single_line(id)).unwrap();
        let given = Arc::new(Mutex::new(Given::default()));
        let mut out = Batch::new(Box::new(Collect(Arc::clone(&given))));
        let spec = ChannelSpec {
            id,
            feed: "dbn".to_owned(),
            venue: "dbn".to_owned(),
            book: BookKind::ByOrder,
            orders_capacity: 1_000,
        };
        let mut channel = Channel::new(spec, 10);
        let mut records = 0;
        while let Some(record) = capture.next() {
            let What::FileMessages(chunk) = record.what else {
                panic!("{record:?}");
            };
            for bytes in messages_of_chunk(descriptor(), chunk) {
                let packet = Packet {
                    line: Line(0),
                    ts_recv: record.ts_recv,
                    form: Form::FileMessages,
                    bytes,
                };
                feed.on_packet(&packet, &mut out);
                out.flush();
                let mut given = given.lock().unwrap();
                for definition in given.definitions.drain(..) {
                    channel.define(&definition);
                }
                for tick in given.ticks.drain(..) {
                    channel.apply(&tick);
                    if tick.is_last() {
                        channel.end_event(&tick);
                        channel.begin_event();
                    }
                }
                records += u64::from(!bytes.starts_with(b"DBN"));
                let is_due = |wanted: &&&Json| wanted.get("after_record").count() == records;
                if let Some(wanted) = checkpoints.next_if(|wanted| is_due(&wanted)) {
                    for (side, name) in [(Side::Bid, "bids"), (Side::Ask, "asks")] {
                        let own = channel.books().levels(InstrumentId(0), side).take(5);
                        let own: Vec<[u64; 3]> = own
                            .map(|level| {
                                [level.price.0 as u64, level.size, u64::from(level.orders)]
                            })
                            .collect();
                        assert_eq!(own, levels(wanted.get(name)), "{name} at {records}");
                    }
                    compared += 1;
                }
            }
        }
        assert!(capture.broken().is_none());
        assert_eq!(records, expected.get("records").count());
        assert!(checkpoints.next().is_none());
    }
    assert!(compared == 7 || captures().is_none());
}

#[test]
fn records_are_shown_one_by_one_behind_the_metadata() {
    for (file, expected) in files() {
        let arguments = [
            "inspect",
            file.to_str().unwrap(),
            "--feed",
            "dbn",
            "--format",
            "jsonl",
        ];
        let output = waveletd(&arguments);
        assert_eq!(output.status.code(), Some(0));
        let text = String::from_utf8(output.stdout).unwrap();
        let mut lines = text.lines();
        let first = Json::parse(lines.next().unwrap());
        assert_eq!(first.get("type").text(), "metadata");
        let fields = first.get("fields");
        for name in ["dataset", "symbols"] {
            assert_eq!(fields.get(name), expected.get(name));
        }
        assert_eq!(fields.get("version"), expected.get("dbn_version"));
        assert_eq!(
            lines.clone().count() as u64,
            expected.get("records").count()
        );
        let mut sum = 0;
        for line in lines.map(Json::parse) {
            let fields = line.get("fields");
            if fields.get("action").text() == "T" {
                sum += fields.get("size").count();
            }
        }
        assert_eq!(sum, expected.get("trade_volume").count());
    }
}

#[test]
fn a_file_that_breaks_off_or_lies_is_told_with_its_place() {
    let Some((file, _)) = files().into_iter().next() else {
        return;
    };
    let bytes = zstd::decode_all(std::fs::File::open(&file).unwrap()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let check = |name: &str, bytes: &[u8], offset: u64, why: &str| {
        let file = folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let report = replayed(&file, &[], 3);
        let broken = &report.get("broken").list()[0];
        assert_eq!(broken.get("offset").count(), offset, "{name}");
        assert_eq!(broken.get("why").text(), why, "{name}");
    };
    // 206 bytes of metadata, records of 56.
    check(
        "cut.dbn",
        &bytes[..206 + 56 * 3 + 20],
        206 + 56 * 3,
        "the file ends inside a message",
    );
    let mut lying = bytes.clone();
    lying[206 + 56 * 2] = 0;
    check(
        "zero.dbn",
        &lying,
        206 + 56 * 2,
        "what is here is no message",
    );
    // Metadata that says it is longer than the file.
    let mut long = bytes;
    long[4..8].copy_from_slice(&(60u32 << 20).to_le_bytes());
    check("long.dbn", &long, 0, "the file ends inside a message");
}
