//! What a venue says beside its books, from its texts to the messages of a subscriber and the report of a replay.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

use serde_json::Value as Json;
use serde_json::json;
use std::fmt::Write as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use waveletd::daemon::replay::{ReplayReport, ReplaySettings, default_signals, replay};
use waveletd::publish::record::{Body, Record};
use waveletd::publish::{Names, View, json, record};
use waveletd::replay::driver::DriverSettings;
use waveletd::replay::{Capture, Speed};

const FEED: &str = "kraken_futures";
/// When the first text came, and how far apart they are.
const START_NS: u64 = 1_676_393_235_500_000_000;
const STEP_NS: u64 = 1_000_000;

/// The venue's own samples, brought to one book: "Book" and "Ticker" of its manual.
const SNAPSHOT: &str = r#"{"feed":"book_snapshot","product_id":"PI_XBTUSD","timestamp":1676393235400,"seq":7,"tickSize":null,"bids":[{"price":21978.5,"qty":2536}],"asks":[{"price":21987,"qty":13948}]}"#;
const DELTA: &str = r#"{"feed":"book","product_id":"PI_XBTUSD","side":"sell","seq":8,"price":21986.5,"qty":10,"timestamp":1676393235401}"#;
const TICKER: &str = r#"{"time":1676393235406,"product_id":"PI_XBTUSD","funding_rate":-6.2604214e-11,"funding_rate_prediction":-3.65989977e-10,"relative_funding_rate":-1.380384722222e-6,"relative_funding_rate_prediction":-8.047629166667e-6,"next_funding_rate_time":1676394000000,"feed":"ticker","bid":21978.5,"ask":21987.0,"bid_size":2536.0,"ask_size":13948.0,"volume":31403908.0,"dtm":0,"leverage":"50x","index":21984.54,"premium":-0.0,"last":21983.5,"change":1.9974017538161748,"suspended":false,"tag":"perpetual","pair":"XBT:USD","openInterest":30072580.0,"markPrice":21979.68641534714,"maturityTime":0,"post_only":false,"volumeQuote":31403908.0,"open":21968.5,"high":22123.0,"low":21456.0}"#;

/// A recording of these texts.
fn recording(texts: &[&str]) -> tempfile::NamedTempFile {
    let mut lines = String::new();
    for (text, at) in texts.iter().zip((START_NS..).step_by(STEP_NS as usize)) {
        writeln!(lines, "{at} {text}").unwrap();
    }
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines).unwrap();
    file
}

/// A ticker with another mark price, a second later.
fn later_ticker() -> String {
    TICKER
        .replace("21979.68641534714", "21980.5")
        .replace("1676393235406", "1676393236406")
}

/// Replays texts; the report, and every record that was published with the view after it.
fn published(texts: &[&str]) -> (ReplayReport, Vec<String>, View) {
    let file = recording(texts);
    let descriptor = feeds::descriptor(FEED).unwrap();
    let capture = Capture::open(file.path(), descriptor).unwrap();
    let (writer, mut reader) = record::ring(1 << 12, 16);
    let settings = ReplaySettings {
        captures: vec![(file.path().to_owned(), capture)],
        driver: DriverSettings {
            descriptor,
            channels: Vec::new(),
            instruments: Vec::new(),
            own: Vec::new(),
            from: None,
            to: None,
        },
        speed: Speed::Max,
        signals: default_signals(),
        depth: 5,
        report_depth: None,
        writers: vec![writer],
        ring_ticks: 1 << 14,
        orders_capacity: 64,
        instruments_max: 16,
    };
    let report = replay(settings, &Arc::new(AtomicBool::new(false)), |_, _| {}).unwrap();
    let names = Names {
        feeds: vec![FEED.to_owned()],
        states: &["live"],
        reasons: &["ok"],
        ..Names::default()
    };
    let mut view = View::new(names, 16, waveletd::sys::clock::instant_now());
    let mut heard = Vec::new();
    while let Some(record) = reader.pop() {
        view.apply(&record, waveletd::sys::clock::instant_now());
        heard.push(said(&record));
    }
    assert_eq!((reader.dropped(), reader.malformed()), (0, 0));
    (report, heard, view)
}

fn said(record: &Record<'_>) -> String {
    match record.body {
        Body::Statistic(one) => format!("{} {}", one.kind.as_str(), one.count),
        Body::Snapshot { .. } => "snapshot".to_owned(),
        Body::Signal { .. } => "signal".to_owned(),
        _ => "other".to_owned(),
    }
}

#[test]
fn the_statistics_of_a_ticker_are_published_beside_the_book() {
    let later = later_ticker();
    let (report, heard, view) = published(&[SNAPSHOT, TICKER, DELTA, &later]);
    let kinds = [
        "last_price",
        "mark_price",
        "index_price",
        "open_price_24h",
        "open_interest",
        "volume_24h",
        "funding_rate",
    ];
    let said_twice: Vec<String> = (1..=2)
        .flat_map(|count| kinds.map(|kind| format!("{kind} {count}")))
        .collect();
    let is_statistic = |said: &&String| kinds.iter().any(|kind| said.starts_with(kind));
    let statistics: Vec<String> = heard.iter().filter(is_statistic).cloned().collect();
    assert_eq!(statistics, said_twice);
    assert_eq!(report.instruments[0].statistics.len(), kinds.len());

    let of = view.instrument(0).unwrap();
    let message = json::statistics(&view.names, of, of.statistics.values(), 0, 1);
    let message: Json = serde_json::from_str(&message).unwrap();
    let mark = json!({
        "price": 21_980.5,
        "count": 2,
        "timestamp": "2023-02-14T16:47:16.406000000Z",
        "localTimestamp": "2023-02-14T16:47:15.503000000Z",
    });
    assert_eq!(message["statistics"]["mark_price"], mark);
    let funding = &message["statistics"]["funding_rate"]["price"];
    assert_eq!(*funding, json!(-1.38e-6));
    let interest = &message["statistics"]["open_interest"];
    assert_eq!(interest["amount"], 30_072_580);
    assert_eq!(
        (&message["state"], &message["reason"]),
        (&"live".into(), &"ok".into())
    );
}

#[test]
fn what_is_published_of_a_book_is_the_same_with_statistics_and_without() {
    let without = published(&[SNAPSHOT, DELTA]);
    let with = published(&[SNAPSHOT, TICKER, DELTA]);
    let books = |heard: &[String]| {
        let of_books = heard.iter().filter(|said| !said.contains(' '));
        of_books.cloned().collect::<Vec<_>>()
    };
    assert_eq!(books(&with.1), books(&without.1));
    let book = |view: &View| {
        let text = json::book_snapshot(&view.names, view.instrument(0).unwrap(), 5, 0, 1);
        let mut book: Json = serde_json::from_str(&text).unwrap();
        // When it came and its place among the records of the instrument differ.
        for name in ["localTimestamp", "pubSeq"] {
            assert!(book.as_object_mut().unwrap().remove(name).is_some());
        }
        book
    };
    assert_eq!(book(&with.2), book(&without.2));
}

#[test]
fn a_replay_reports_the_last_statistics_of_each_instrument_that_has_some() {
    #[track_caller]
    fn check(texts: &[&str], expected: &Json) {
        let file = recording(texts);
        let path = file.path().to_str().unwrap();
        let output = Command::new(env!("CARGO_BIN_EXE_waveletd"))
            .args(["replay", path, "--feed", FEED, "--format", "json"])
            .output()
            .unwrap();
        let report: Json = serde_json::from_slice(&output.stdout).unwrap();
        let statistics = report["instruments"][0].get("statistics");
        let named = ["mark_price", "open_interest"];
        let found = statistics.map(|of| named.map(|name| of[name].clone()));
        assert_eq!(&json!(found), expected);
    }
    let expected = json!([
        {
            "price": "21980.5",
            "count": 2,
            "ts_event": 1_676_393_236_406_000_000_u64,
            "ts_recv": 1_676_393_235_502_000_000_u64,
        },
        {
            "size": "30072580",
            "count": 2,
            "ts_event": 1_676_393_236_406_000_000_u64,
            "ts_recv": 1_676_393_235_502_000_000_u64,
        },
    ]);
    check(&[SNAPSHOT, TICKER, &later_ticker()], &expected);
    check(&[SNAPSHOT, DELTA], &Json::Null);
}
