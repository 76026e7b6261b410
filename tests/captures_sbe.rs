//! Recorded packets of venues that speak Simple Binary Encoding through the whole program, against what tshark made of the
//! same bytes.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{Json, captures, plain, text_of, waveletd};
use std::path::Path;

/// Fields of a message: names without `_`, values in one spelling.
fn fields(fields: &Json) -> Vec<(String, String)> {
    let spell = |(name, value): &(String, Json)| (name.replace('_', ""), plain(value));
    fields.members().iter().map(spell).collect()
}

/// Messages of one capture of `feed`, compared by position, number, name and value; says how many there were.
#[track_caller]
fn check(feed: &str, capture: &Path) -> usize {
    let decode = text_of(Path::new(&format!("{}.decoded.jsonl", capture.display())));
    let path = capture.to_str().unwrap();
    let output = waveletd(&["inspect", path, "--feed", feed, "--format", "jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{path}");
    let own = String::from_utf8(output.stdout).unwrap();
    let mut own = own.lines().map(Json::parse);
    let (mut session, mut first, mut count) = (String::new(), 0, 0);
    for line in decode.lines().map(Json::parse) {
        if let Some(header) = line.find("hdr") {
            let header = header.get("commonheader");
            session = header.get("sessionid").count().to_string();
            first = header.get("sequencenumber").count();
        }
        let Some(name) = line.find("msg").map(Json::text) else {
            continue;
        };
        let found = own.next().unwrap();
        assert_eq!(found.get("packet"), line.get("pkt"), "{path}");
        assert_eq!(found.get("channel").text(), session, "{path}");
        let sequence = first + line.get("i").count() - 1;
        assert_eq!(found.get("sequence").count(), sequence, "{path}");
        assert_eq!(found.get("type").text().replace('_', ""), name, "{path}");
        let body = line.get("f").get("sbemessage").get(name);
        assert_eq!(fields(found.get("fields")), fields(body), "{path}");
        count += 1;
    }
    assert!(own.next().is_none(), "{path}");
    count
}

#[test]
fn every_field_of_every_memx_capture_is_what_tshark_shows() {
    let Some(folder) = captures() else { return };
    let folder = folder.join("omi-pcap/Memx/Equities.MemiorDepth.v1.3");
    for (name, count) in [
        ("Heartbeat", 0),
        ("OrderAddedMessage", 1),
        ("OrderExecutedMessage", 1),
        ("OrderReducedMessage", 1),
        ("SecurityTradingStatusMessage", 1),
        ("TradingSessionStatusMessage", 1),
    ] {
        let capture = folder.join(format!("{name}.pcap"));
        assert_eq!(check("memx_memoir_depth", &capture), count, "{name}");
    }
}
