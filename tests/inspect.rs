//! `waveletd inspect` and `list` as scripts use them: stdout is data, and the exit code says how it went.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::process::{Command, Output, Stdio};

fn waveletd(arguments: &[&str]) -> Output {
    let program = env!("CARGO_BIN_EXE_waveletd");
    Command::new(program).args(arguments).output().unwrap()
}

/// A classic capture of one datagram that no feed understands, cut by `missing` bytes.
fn capture(missing: usize) -> tempfile::NamedTempFile {
    let payload = b"?";
    let mut frame = vec![0; 12];
    frame.extend([8, 0, 0x45, 0, 0, 29, 0, 0, 0, 0, 64, 17, 0, 0]);
    frame.extend([10, 0, 0, 1, 239, 0, 0, 1, 0, 1, 0, 2, 0, 9, 0, 0]);
    frame.extend(payload);
    let mut bytes = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    bytes.extend([0xff, 0xff, 0, 0, 1, 0, 0, 0]);
    bytes.extend([1, 0, 0, 0, 2, 0, 0, 0]);
    bytes.extend((frame.len() as u32).to_le_bytes().repeat(2));
    bytes.extend(frame);
    bytes.truncate(bytes.len() - missing);
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&bytes).unwrap();
    file
}

#[track_caller]
fn check(arguments: &[&str], code: i32, narration: &str) {
    let output = waveletd(arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
    assert!(stderr.contains(narration), "{stderr}");
}

#[test]
fn exit_codes_tell_usage_from_failure_from_a_broken_capture() {
    let feed = feeds::REGISTRY[0].name;
    let (whole, cut) = (capture(0), capture(1));
    let path = whole.path().to_str().unwrap();
    check(&["inspect", path, "--feed", feed], 0, "decode errors: 1");
    let mistyped = &feed[..feed.len() - 1];
    let hint = format!("Did you mean `{feed}`?");
    check(&["inspect", path, "--feed", mistyped], 2, &hint);
    check(&["inspect", "/nowhere", "--feed", feed], 1, "/nowhere");
    let path = cut.path().to_str().unwrap();
    check(
        &["inspect", path, "--feed", feed],
        3,
        "breaks off at byte 24",
    );
    check(&["inspect", path], 2, "--feed");
}

#[test]
fn every_format_of_nothing_is_well_formed() {
    let file = capture(0);
    let path = file.path().to_str().unwrap();
    for (format, expected) in [
        ("jsonl", ""),
        ("json", "[\n]\n"),
        (
            "csv",
            "packet,ts_recv,ts_origin,channel,sequence,type,fields\n",
        ),
    ] {
        let feed = feeds::REGISTRY[0].name;
        let output = waveletd(&["inspect", path, "--feed", feed, "--format", format]);
        assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    }
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_waveletd"))
        .args(["list", "feeds", "--format", "json"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}

#[test]
fn every_help_opens_with_examples() {
    for verb in ["inspect", "list"] {
        let output = waveletd(&[verb, "--help"]);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(text.starts_with("Examples:\n  waveletd "), "{text}");
    }
}
