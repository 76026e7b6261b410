//! Files of recordings: whole after an end, readable after none, never written over.

use super::*;
use crate::replay;
use std::io::Read as _;
use std::path::Path;

fn config(dir: &Path) -> RecordConfig {
    RecordConfig {
        dir: dir.to_owned(),
        rotate: Duration::from_secs(3_600),
        rotate_bytes: 1 << 30,
        queue_bytes_max: 1 << 20,
        level: 3,
    }
}

fn counters() -> Arc<Counters> {
    Arc::new(Counters::new(["venue"]))
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    files
}

/// Every line, of all files in order.
fn lines(dir: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for path in files(dir) {
        let file = File::open(path).unwrap();
        let mut decoder = zstd::stream::read::Decoder::new(file).unwrap();
        let mut text = String::new();
        // A file that was cut off is read up to there.
        let _ = decoder.read_to_string(&mut text);
        lines.extend(text.lines().map(str::to_owned));
    }
    lines
}

fn text(text: &str) -> What {
    What::TextIn(text.into())
}

#[test]
fn what_is_put_in_comes_out_line_by_line() {
    let dir = tempfile::tempdir().unwrap();
    let recorder =
        Recorder::start(&config(dir.path()), &["venue".to_owned()], &counters()).unwrap();
    let tap = recorder.tap(0);
    tap.put(1, 0, What::Open("wss://venue".to_owned()));
    tap.put(2, 0, What::TextOut("{\"a\":1}".into()));
    tap.put(3, 0, text("say \"hello\"\n"));
    tap.put(4, 1, What::BinaryIn([1, 2, 255].into()));
    tap.put(
        5,
        0,
        What::Rest("https://venue/x".to_owned(), b"[]".as_slice().into()),
    );
    tap.put(6, 0, What::Close);
    drop(tap);
    recorder.finish();
    assert_eq!(
        lines(dir.path()),
        [
            r#"{"ts_recv":1,"conn":"0","kind":"open","url":"wss://venue"}"#,
            r#"{"ts_recv":2,"conn":"0","kind":"ws","dir":"out","data":"{\"a\":1}"}"#,
            r#"{"ts_recv":3,"conn":"0","kind":"ws","dir":"in","data":"say \"hello\"\n"}"#,
            r#"{"ts_recv":4,"conn":"1","kind":"ws","dir":"in","encoding":"base64","data":"AQL/"}"#,
            r#"{"ts_recv":5,"conn":"0","kind":"http","dir":"in","url":"https://venue/x","data":"[]"}"#,
            r#"{"ts_recv":6,"conn":"0","kind":"close"}"#,
        ]
    );
}

#[test]
fn a_new_file_begins_with_the_connections_that_are_open() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = FeedFile::new(
        RecordConfig {
            rotate_bytes: 1,
            ..config(dir.path())
        },
        "venue",
    );
    let entry = |ts_recv, what| Entry {
        row: 0,
        ts_recv,
        line: 2,
        what,
        lost: 0,
    };
    file.put(&entry(1, What::Open("wss://venue".to_owned())))
        .unwrap();
    file.look_after();
    file.put(&entry(2, text("one"))).unwrap();
    file.look_after();
    file.put(&entry(3, text("two"))).unwrap();
    file.close();
    assert_eq!(files(dir.path()).len(), 3);
    let opened = r#""conn":"2","kind":"open","url":"wss://venue"}"#;
    let lines = lines(dir.path());
    assert_eq!(
        lines.iter().filter(|line| line.ends_with(opened)).count(),
        3
    );
    assert_eq!(lines.len(), 5);
}

#[test]
fn a_file_that_nobody_ended_is_readable_up_to_its_last_second() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = FeedFile::new(config(dir.path()), "venue");
    let long = "x".repeat(1 << 20);
    for ts_recv in 0..3 {
        let entry = Entry {
            row: 0,
            ts_recv,
            line: 0,
            what: text(&long),
            lost: 0,
        };
        file.put(&entry).unwrap();
    }
    // As by a signal that lets nothing run: no end of the frame, none of the file.
    std::mem::forget(file);
    assert!(lines(dir.path()).len() >= 3);
}

#[test]
fn what_has_no_room_is_counted_and_named_in_its_place() {
    let dir = tempfile::tempdir().unwrap();
    let counters = counters();
    let small = RecordConfig {
        queue_bytes_max: 10,
        ..config(dir.path())
    };
    let recorder = Recorder::start(&small, &["venue".to_owned()], &counters).unwrap();
    let tap = recorder.tap(0);
    tap.put(1, 0, text("longer than ten bytes"));
    tap.put(2, 0, text("longer than ten bytes"));
    tap.put(3, 0, text("short"));
    drop(tap);
    recorder.finish();
    let lines = lines(dir.path());
    assert_eq!(lines[0], r#"{"ts_recv":3,"kind":"lost","count":2}"#);
    assert_eq!(lines.len(), 2);
    assert_eq!(counters.channel(0).unwrap().get(Counter::RecordLost), 2);
}

#[test]
fn no_file_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    for _ in 0..3 {
        let mut file = FeedFile::new(config(dir.path()), "venue");
        let entry = Entry {
            row: 0,
            ts_recv: 1,
            line: 0,
            what: text("one"),
            lost: 0,
        };
        file.put(&entry).unwrap();
        file.close();
    }
    assert_eq!(files(dir.path()).len(), 3);
    assert_eq!(lines(dir.path()).len(), 3);
    // And they are what a replay reads.
    let feed = feeds::REGISTRY[0];
    assert!(replay::capture::Capture::open(&files(dir.path())[0], feed).is_ok());
}
