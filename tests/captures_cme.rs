//! Recorded channels of CME through the whole program, against what tshark made of the same bytes.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{Json, captures, plain, text_of, waveletd};
use std::path::{Path, PathBuf};

/// A field in one spelling: its name without `_`, and its value; `None` where it says that it has none.
type Field = (String, Option<String>);

/// A name without what tells the versions of one field apart, which the schema has under one name.
fn bare(name: &str) -> String {
    let name = name.replace("optional", "").replace("short", "");
    let name = name.strip_suffix("id").unwrap_or(&name);
    match name.strip_suffix("ex").unwrap_or(name) {
        "finaldaily" => "final",
        name => name,
    }
    .to_owned()
}

/// Ours: entries of a group one behind the other.
fn own_fields(fields: &Json, found: &mut Vec<Field>) {
    for (name, value) in fields.members() {
        let name = bare(&name.replace('_', ""));
        match value {
            Json::Object(_) => own_fields(value, found),
            Json::List(entries) => entries.iter().for_each(|entry| own_fields(entry, found)),
            Json::Null => found.push((name, None)),
            value => found.push((name, Some(plain(value)))),
        }
    }
}

/// Theirs: without what is no field (lengths, counts, positions) and without bytes that mean nothing.
fn their_fields(fields: &Json, found: &mut Vec<Field>) {
    for (name, value) in fields.members() {
        let digits = name.trim_start_matches("reserved");
        let is_reserved = digits.len() < name.len() && digits.parse::<u8>().is_ok();
        if name.starts_with("groupsize")
            || name.ends_with("groupindex")
            || name.starts_with("padding")
            || name.starts_with("unused")
            || is_reserved
        {
            continue;
        }
        match value {
            Json::Object(_) => their_fields(value, found),
            Json::List(entries) => entries.iter().for_each(|entry| their_fields(entry, found)),
            value => found.push((bare(name), Some(plain(value)))),
        }
    }
}

/// How the decode spells "none".
fn is_null(value: &str) -> bool {
    let nulls = [255, 65_535, 4_294_967_295, u64::MAX, 127, 2_147_483_647];
    value == "-nan" || nulls.iter().any(|null| value == format!("{null}e0"))
}

/// Messages of one capture, compared by position, name and value.
#[track_caller]
fn check(capture: &Path) -> usize {
    let mut decode = PathBuf::from(format!("{}.decoded.jsonl", capture.display()));
    if !decode.exists() {
        decode.set_extension("jsonl.gz");
    }
    let text = text_of(&decode);
    let arguments = [
        "inspect",
        capture.to_str().unwrap(),
        "--feed",
        "cme_mdp3",
        "--format",
        "jsonl",
    ];
    let output = waveletd(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", capture.display());
    let own = String::from_utf8(output.stdout).unwrap();
    let mut own = own.lines().map(Json::parse);
    let (mut sequence, mut count) = (0, 0);
    for line in text.lines().map(Json::parse) {
        if let Some(header) = line.find("hdr") {
            sequence = match header.find("binarypacketheader") {
                Some(header) => header.get("packetsequencenumber").count(),
                None => header
                    .get("technicalheader")
                    .get("messagesequencenumber")
                    .count(),
            };
        }
        let Some(name) = line.find("msg").map(Json::text) else {
            continue;
        };
        let found = own.next().unwrap();
        assert_eq!(found.get("packet"), line.get("pkt"));
        assert_eq!(found.get("sequence").count(), sequence);
        let kind = found.get("type").text().replace('_', "");
        // A message without fields has no name there.
        let body = line.get("f").find(name);
        assert_eq!(
            kind,
            if body.is_some() {
                name
            } else {
                "adminheartbeat"
            }
        );
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        own_fields(found.get("fields"), &mut ours);
        if let Some(body) = body {
            their_fields(body, &mut theirs);
        }
        let text = || format!("{} {found:?} {line:?}", capture.display());
        assert_eq!(ours.len(), theirs.len(), "{}", text());
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(ours.0, theirs.0, "{}", text());
            match &ours.1 {
                None => assert!(is_null(theirs.1.as_ref().unwrap()), "{theirs:?} {}", text()),
                value => assert_eq!(value, &theirs.1, "{} {}", ours.0, text()),
            }
        }
        count += 1;
    }
    assert!(own.next().is_none());
    count
}

#[test]
fn every_field_of_every_cme_capture_is_what_tshark_shows() {
    let Some(folder) = captures() else { return };
    let folder = folder.join("omi-pcap/Cme");
    let mut counts = Vec::new();
    for version in [
        "Mdp3.Sbe.v1.5",
        "Mdp3.Sbe.v1.6",
        "Mdp3.Sbe.v1.8",
        "Mdp3.Sbe.v1.9",
        "Mdp3.Sbe.v1.12",
    ] {
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder.join(version))
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|end| end == "pcap"))
            .collect();
        files.sort();
        counts.push(files.iter().map(|file| check(file)).sum::<usize>());
    }
    // Two of the youngest are messages of the connection itself, which are no SBE.
    assert_eq!(counts, [7, 12_424, 280, 7, 2]);
}

#[test]
fn contracts_are_published_with_their_terms() {
    let Some(folder) = captures() else { return };
    let capture = folder.join("omi-pcap/Cme/Mdp3.Sbe.v1.5/MdInstrumentDefinitionSpread.pcap");
    let capture = capture.to_str().unwrap();
    let arguments = ["replay", capture, "--feed", "cme_mdp3", "--format", "json"];
    let report = common::report(&arguments, 0);
    let instruments = report.get("instruments").list();
    let terms = |symbol: &str| {
        let found = instruments
            .iter()
            .find(|one| one.get("symbol").text() == symbol);
        found.unwrap().get("terms")
    };
    let future = terms("ESU6");
    assert_eq!(future.get("kind").text(), "future");
    assert_eq!(future.get("currency").text(), "USD");
    assert_eq!(future.get("multiplier").text(), "50");
    assert_eq!(future.get("expiry").text(), "2016-09");
    let spread = terms("ESM6-ESU6");
    assert_eq!(spread.get("kind").text(), "spread");
    assert_eq!(spread.get("legs").list().len(), 2);
}
