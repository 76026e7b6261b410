//! Recorded packets of Coinbase Derivatives through the whole program, against what tshark made of the same bytes.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{Json, captures, plain, text_of, waveletd};
use std::path::{Path, PathBuf};

/// A field in one spelling: its name without `_`, and its value; `None` where it says that it has none.
type Field = (String, Option<String>);

/// Names of the older version, which the schema has under those of the newest.
const RENAMED: [(&str, &str); 3] = [
    ("priceincrement", "ticksize"),
    ("contractsize", "oldcontractsize"),
    ("priorsettlementprice", "priorsettlementpriceoptional"),
];

fn own_fields(fields: &Json, found: &mut Vec<Field>) {
    for (name, value) in fields.members() {
        match value {
            Json::Object(_) => own_fields(value, found),
            Json::Null => found.push((name.replace('_', ""), None)),
            value => found.push((name.replace('_', ""), Some(plain(value)))),
        }
    }
}

/// Theirs, without bytes that mean nothing.
fn their_fields(fields: &Json, found: &mut Vec<Field>) {
    for (name, value) in fields.members() {
        if name.starts_with("reserved") || name.starts_with("padding") {
            continue;
        }
        let renamed = RENAMED.iter().find(|(old, _)| old == name);
        let name = renamed.map_or(name.as_str(), |(_, new)| new);
        match value {
            Json::Object(_) => their_fields(value, found),
            value => found.push((name.to_owned(), Some(plain(value)))),
        }
    }
}

/// How the decode spells "none".
fn is_null(value: &str) -> bool {
    let nulls = [i64::from(i32::MIN), i64::MIN];
    value == "-nan" || nulls.iter().any(|null| value == format!("{null}e0"))
}

/// Messages and fields of one capture, compared by position, name and value.
#[track_caller]
fn check(capture: &Path) -> (usize, usize) {
    let text = text_of(&PathBuf::from(format!(
        "{}.decoded.jsonl",
        capture.display()
    )));
    let output = waveletd(&[
        "inspect",
        capture.to_str().unwrap(),
        "--feed",
        "coinbase_derivatives",
        "--format",
        "jsonl",
    ]);
    assert_eq!(output.status.code(), Some(0), "{}", capture.display());
    let own = String::from_utf8(output.stdout).unwrap();
    let mut own = own.lines().map(Json::parse);
    let (mut header, mut messages, mut fields) = (Json::Null, 0, 0);
    for line in text.lines().map(Json::parse) {
        if let Some(found) = line.find("hdr") {
            header = found.get("packetheader").clone();
        }
        let Some(name) = line.find("msg").map(Json::text) else {
            continue;
        };
        let found = own.next().unwrap();
        let text = || format!("{} {found:?} {line:?}", capture.display());
        assert_eq!(found.get("packet"), line.get("pkt"));
        let is_snapshot = plain(header.get("packetflags").get("snapshot")) == "1e0";
        let index = if is_snapshot {
            0
        } else {
            line.get("i").count() - 1
        };
        let sequence = header.get("seqnum").count() + index;
        assert_eq!(found.get("sequence").count(), sequence, "{}", text());
        assert_eq!(found.get("type").text().replace('_', ""), name);
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        own_fields(found.get("fields"), &mut ours);
        their_fields(line.get("f").get(name), &mut theirs);
        assert_eq!(ours.len(), theirs.len(), "{}", text());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours.0, theirs.0, "{}", text());
            match &ours.1 {
                None => assert!(is_null(theirs.1.as_ref().unwrap()), "{theirs:?} {}", text()),
                value => assert_eq!(value, &theirs.1, "{} {}", ours.0, text()),
            }
        }
        messages += 1;
        fields += ours.len();
    }
    assert!(own.next().is_none());
    (messages, fields)
}

#[test]
fn every_field_of_every_coinbase_derivatives_capture_is_what_tshark_shows() {
    let Some(folder) = captures() else { return };
    let folder = folder.join("omi-pcap/Coinbase/MarketDataApi.v1.2");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "pcap"))
        .collect();
    files.sort();
    let counts: Vec<(usize, usize)> = files.iter().map(|file| check(file)).collect();
    assert_eq!(counts, [(2, 16), (6, 61), (2, 44)]);
}
