//! Recorded days of real venues through the whole program, against what other software made of the same bytes.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used)]

mod common;

use common::{Json, captures, exact, plain, report, text_of, waveletd};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A report of `replay`.
#[track_caller]
fn replayed(capture: &Path, feed: &str, more: &[&str], code: i32) -> Json {
    let mut arguments = vec!["replay", capture.to_str().unwrap(), "--feed", feed];
    arguments.extend(["--format", "json"]);
    arguments.extend(more);
    report(&arguments, code)
}

fn by_symbol(report: &Json) -> BTreeMap<&str, &Json> {
    report
        .get("instruments")
        .list()
        .iter()
        .map(|instrument| (instrument.get("symbol").text(), instrument))
        .collect()
}

/// Nothing lost, nothing refused, nothing left out.
#[track_caller]
fn check_clean(report: &Json) {
    for name in [
        "unknown_messages",
        "unknown_instrument_messages",
        "decode_errors",
        "packets_left_out",
    ] {
        assert_eq!(report.get(name).count(), 0, "{name}");
    }
    for name in ["gaps", "broken"] {
        assert!(report.get(name).list().is_empty(), "{name}");
    }
}

/// One side: price and size in one spelling, and orders where the expected list has them.
#[track_caller]
fn check_side(what: &str, found: &[Json], expected: &[Json], price_power: i32) {
    let found: Vec<Vec<String>> = found
        .iter()
        .zip(expected)
        .map(|(level, expected)| {
            let mut values = vec![plain(level.get("price")), plain(level.get("size"))];
            if expected.list().len() > 2 {
                values.push(plain(level.get("orders")));
            }
            values
        })
        .collect();
    let expected: Vec<Vec<String>> = expected
        .iter()
        .map(|level| {
            let mut values: Vec<String> = level.list().iter().map(plain).collect();
            let price = format!("{}e{price_power}", level.list()[0].text());
            if price_power != 0 {
                values[0] = exact(&price).unwrap();
            }
            values
        })
        .collect();
    assert_eq!(found, expected, "{what}");
}

#[track_caller]
fn check_book(symbol: &str, found: &Json, expected: &Json, price_power: i32) {
    for side in ["bids", "asks"] {
        let (found, expected) = (found.get(side).list(), expected.get(side).list());
        assert_eq!(found.len(), expected.len(), "{symbol} {side}");
        check_side(&format!("{symbol} {side}"), found, expected, price_power);
    }
}

/// A day of IEX, whole, with the counts of another decoder; its report and what that decoder says.
#[track_caller]
fn iex_day(capture: &str, expected: &str, feed: &str, packets: u64) -> Option<[Json; 2]> {
    let folder = captures()?.join("iex-hist");
    let expected = Json::parse(&text_of(&folder.join(expected)));
    let report = replayed(&folder.join(capture), feed, &[], 0);
    check_clean(&report);
    assert_eq!(report.get("packets").count(), packets);
    assert_eq!(
        report.get("messages").count(),
        expected.get("messages").count()
    );
    assert_eq!(
        report.get("sequence_resets").count(),
        expected.get("sequence_gaps").count()
    );
    // The other decoder writes the names without `_` and ends them with `message`.
    let found: BTreeMap<String, u64> = report
        .get("messages_by_type")
        .members()
        .iter()
        .map(|(name, count)| (format!("{}message", name.replace('_', "")), count.count()))
        .collect();
    let wanted: BTreeMap<String, u64> = expected
        .get("by_type")
        .members()
        .iter()
        .map(|(name, count)| (name.clone(), count.count()))
        .collect();
    assert_eq!(found, wanted);
    let trades = expected.get("trades_by_symbol");
    let mut traded = 0;
    for (symbol, found) in by_symbol(&report) {
        let (count, shares) = match trades.find(symbol) {
            Some(trades) => {
                traded += 1;
                (trades.get("count").count(), trades.get("shares").count())
            }
            None => (0, 0),
        };
        assert_eq!(found.get("trades").count(), count, "{symbol}");
        assert_eq!(found.get("volume").count(), shares, "{symbol}");
    }
    assert_eq!(traded, trades.members().len());
    assert!(traded > 10);
    Some([report, expected])
}

#[test]
fn a_day_of_iex_deep_ends_with_the_books_and_trades_of_another_decoder() {
    let (capture, expected) = (
        "DEEP10.first70000.pcap.gz",
        "DEEP10.first70000.pcap.expected.json.gz",
    );
    let Some([report, expected]) = iex_day(capture, expected, "iex_deep10", 70_000) else {
        return;
    };
    let books = expected.get("final_books_top10");
    let mut compared = 0;
    for (symbol, found) in by_symbol(&report) {
        match books.find(symbol) {
            Some(book) => {
                check_book(symbol, found, book, 0);
                compared += 1;
            }
            None => {
                let is_empty = found.get("bids").list().is_empty();
                assert!(is_empty && found.get("asks").list().is_empty(), "{symbol}");
            }
        }
    }
    assert_eq!(compared, books.members().len());
    assert!(compared > 10);
}

#[test]
fn a_day_of_iex_tops_ends_with_the_quotes_and_trades_of_another_decoder() {
    let (capture, expected) = (
        "TOPS16.first7800.pcap",
        "TOPS16.first7800.pcap.expected.json.gz",
    );
    let Some([report, expected]) = iex_day(capture, expected, "iex_tops16", 7_800) else {
        return;
    };
    let quotes = expected.get("final_quotes");
    let mut quoted = 0;
    let instruments = by_symbol(&report);
    for (symbol, found) in &instruments {
        for side in ["bid", "ask"] {
            let levels = found.get(&format!("{side}s")).list();
            let value = |name: &str| plain(quotes.get(symbol).get(&format!("{side}{name}")));
            let expected = [value("price"), value("size")];
            let found: Vec<[String; 2]> = levels
                .iter()
                .map(|level| ["price", "size"].map(|name| plain(level.get(name))))
                .collect();
            if expected[1] == "0" {
                assert!(found.is_empty(), "{symbol} {side}");
            } else {
                assert_eq!(found, [expected], "{symbol} {side}");
                quoted += 1;
            }
        }
    }
    assert_eq!(instruments.len(), quotes.members().len());
    assert!(quoted > 10);
}

const ITCH_FILES: [&str; 2] = [
    "nasdaq_itch50_aapl_20200130_first6000",
    "nasdaq_itch50_first1000",
];

/// Names of the message types of ITCH by their letter, as far as the files have them.
const ITCH_TYPES: [(&str, &str); 11] = [
    ("S", "system_event"),
    ("R", "stock_directory"),
    ("H", "stock_trading_action"),
    ("Y", "reg_sho_short_sale_price_test_restricted_indicator"),
    ("L", "market_participant_position"),
    ("A", "add_order_no_mpid_attribution"),
    ("E", "order_executed"),
    ("X", "order_cancel"),
    ("D", "order_delete"),
    ("P", "non_cross_trade"),
    ("U", "order_replace"),
];

fn itch_type(letter: &str) -> &'static str {
    ITCH_TYPES
        .iter()
        .find(|(known, _)| *known == letter)
        .unwrap()
        .1
}

#[test]
fn both_itch_files_end_with_the_counts_and_books_of_another_reader() {
    let Some(folder) = captures() else { return };
    for name in ITCH_FILES {
        let file = folder.join(format!("itch-binaryfile/{name}.itch"));
        let expected = folder.join(format!("itch-binaryfile/{name}.expected.json"));
        let expected = Json::parse(&text_of(&expected));
        let report = replayed(&file, "nasdaq_itch50", &[], 0);
        check_clean(&report);
        assert_eq!(
            report.get("messages").count(),
            expected.get("messages").count()
        );
        let mut found = report.get("messages_by_type").members().to_vec();
        found.sort_by(|one, other| one.0.cmp(&other.0));
        let mut wanted: Vec<(String, Json)> = expected
            .get("by_type")
            .members()
            .iter()
            .map(|(letter, count)| (itch_type(letter).to_owned(), count.clone()))
            .collect();
        wanted.sort_by(|one, other| one.0.cmp(&other.0));
        assert_eq!(found, wanted);
        assert!(report.get("book_faults").members().is_empty());
        let instruments = by_symbol(&report);
        let books = expected.get("final_top10_by_stock_locate").members();
        for (_, book) in books {
            let symbol = book.get("stock").text();
            check_book(symbol, instruments[symbol], book, -4);
            let volume = book.get("executed_shares").count() + book.get("P_trade_shares").count();
            assert_eq!(instruments[symbol].get("volume").count(), volume);
        }
        let filled = instruments
            .values()
            .filter(|instrument| !instrument.get("bids").list().is_empty());
        assert_eq!(filled.count(), books.len());
    }
}

#[test]
fn a_recorded_coinbase_session_ends_with_the_books_and_trades_of_another_client() {
    let Some(folder) = captures() else { return };
    let folder = folder.join("crypto-sessions/COINBASE");
    let expected = Json::parse(&text_of(&folder.join("COINBASE.expected.json")));
    let report = replayed(&folder, "coinbase_ws", &["--books", "10"], 0);
    check_clean(&report);
    let instruments = by_symbol(&report);
    let books = expected.get("final_books_top10").members();
    assert_eq!(instruments.len(), books.len());
    for (symbol, book) in books {
        let found = instruments[book.get("exchange_symbol").text()];
        check_book(symbol, found, book, 0);
        assert_eq!(found.get("state").text(), "live");
        let per_symbol = expected.get("per_symbol").get(symbol);
        let trades = per_symbol.find("trades").map_or(0, Json::count);
        assert_eq!(found.get("trades").count(), trades, "{symbol}");
        let totals = expected.get("trade_totals").find(symbol);
        let amount = totals.map_or("0".to_owned(), |totals| plain(totals.get("amount")));
        assert_eq!(plain(found.get("volume")), amount, "{symbol}");
    }
}

/// Messages of a capture as `inspect` shows them.
#[track_caller]
fn inspected(capture: &Path, feed: &str) -> Vec<Json> {
    let capture = capture.to_str().unwrap();
    let output = waveletd(&["inspect", capture, "--feed", feed, "--format", "jsonl"]);
    assert_eq!(output.status.code(), Some(0), "{capture}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().map(Json::parse).collect()
}

/// Compares a capture's messages by position and value with a decode of tshark. Returns how many there were.
#[track_caller]
fn check_fields(capture: &Path, decode: &Path, feed: &str) -> usize {
    let text = text_of(decode);
    let decoded: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("\"msg\":"))
        .collect();
    let found = inspected(capture, feed);
    assert_eq!(found.len(), decoded.len(), "{}", capture.display());
    for (found, decoded) in found.iter().zip(&decoded) {
        let decoded = Json::parse(decoded);
        let name = decoded.get("msg").text();
        assert_eq!(found.get("packet"), decoded.get("pkt"), "{name}");
        let own = found.get("type").text().replace('_', "");
        assert_eq!(format!("{own}message"), name);
        let body = decoded.get("f").get(name).leaves();
        let fields = found.get("fields").leaves();
        assert_eq!(fields.len(), body.len(), "{found:?} {decoded:?}");
        for (field, value) in fields.iter().zip(body) {
            // Blanks are shown in hexadecimal there where they are reserved.
            let value = match value {
                Json::Text(text) if text == "hex:20" => &Json::Text(String::new()),
                // A byte that counts is a character there, and zero ends a text.
                Json::Text(text) if text.is_empty() && plain(field) == "0" => field,
                value => value,
            };
            assert_eq!(plain(field), plain(value), "{found:?} {decoded:?}");
        }
    }
    found.len()
}

fn captures_in(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "pcap")
        })
        .collect();
    found.sort();
    found
}

#[test]
fn every_field_of_the_nasdaq_and_bx_captures_is_what_tshark_shows() {
    let Some(folder) = captures() else { return };
    let mut count = 0;
    for name in ["Nasdaq", "Bx"] {
        let folder = folder.join(format!(
            "omi-pcap/Nasdaq/{name}.Equities.TotalView.Itch.v5.0"
        ));
        for capture in captures_in(&folder) {
            let decode = PathBuf::from(format!("{}.decoded.jsonl", capture.display()));
            count += check_fields(&capture, &decode, "nasdaq_itch50");
        }
    }
    assert_eq!(count, 45);
}

/// Names and values of a decode's fields, without the sums it adds to them and without flags, whose bits it counts from
/// the other end.
fn pitch_fields(fields: &Json, found: &mut Vec<(String, String)>) {
    for (name, value) in fields.members() {
        let name = name.replace('_', "");
        // An empty block, where a definition has no variance.
        let is_empty = name == "standard" && plain(value).is_empty();
        if name == "timestamp" && value.find("timeoffset").is_some() {
            let offset = value.get("timeoffset");
            found.push(("timeoffset".to_owned(), plain(offset)));
        } else if !name.ends_with("flags") && !is_empty {
            // Widths are part of the names of some fields there.
            let name = name.replace("long", "").replace("short", "");
            let name = name.replace("timereference", "time");
            // Bytes nobody explains are shown in hexadecimal there.
            let value = plain(value);
            let number = value.strip_prefix("hex:");
            let number = number.and_then(|digits| u8::from_str_radix(digits, 16).ok());
            let value = number.map_or(value, |number| exact(&number.to_string()).unwrap());
            found.push((name, value));
        }
    }
}

/// Compares a capture's messages with a decode of tshark. Returns how many there were.
#[track_caller]
fn check_pitch(capture: &Path, feed: &str) -> usize {
    let decode = text_of(&PathBuf::from(format!(
        "{}.decoded.jsonl",
        capture.display()
    )));
    let (mut sequence, mut count) = (0, 0);
    let mut found = inspected(capture, feed).into_iter();
    for line in decode.lines().map(Json::parse) {
        if let Some(header) = line.find("hdr") {
            sequence = header.get("packetheader").get("sequence").count();
            continue;
        }
        let found = found.next().unwrap();
        let name = line.get("msg").text();
        let own = found.get("type").text().replace('_', "");
        assert_eq!(format!("{own}message"), name);
        let index = line.get("i").count() - 1;
        match found.find("sequence") {
            Some(Json::Number(_)) => {
                assert_eq!(found.get("sequence").count(), sequence + index, "{name}");
            }
            _ => assert_eq!(sequence, 0, "{name}"),
        }
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        pitch_fields(found.get("fields"), &mut ours);
        pitch_fields(line.get("f").get(name), &mut theirs);
        assert_eq!(ours, theirs, "{name}");
        count += 1;
    }
    assert!(found.next().is_none(), "{}", capture.display());
    count
}

#[test]
fn every_field_the_markets_of_cboe_share_is_what_tshark_shows() {
    let Some(folder) = captures() else { return };
    let folder = folder.join("omi-pcap/Cboe");
    let names = [
        "Options.DepthOfBook.Pitch.v2.39.4/AddOrderLongMessage",
        "Options.DepthOfBook.Pitch.v2.39.4/Heartbeat",
        "Options.ComplexDepthOfBook.Pitch.v2.1.18/DeleteOrderMessage",
        "Options.ComplexDepthOfBook.Pitch.v2.1.18/Heartbeat",
        "Options.ComplexDepthOfBook.Pitch.v2.1.18/OrderExecutedMessage",
        "Options.ComplexDepthOfBook.Pitch.v2.1.18/TimeMessage",
        "Futures.DepthOfBook.Pitch.v1.1.6/ModifyOrderShortMessage",
    ];
    let check = |name| check_pitch(&folder.join(format!("{name}.pcap")), "cboe_pitch_equities");
    assert_eq!(names.into_iter().map(check).sum::<usize>(), 7);
}

#[test]
fn every_field_of_the_derivatives_of_cboe_is_what_tshark_shows() {
    let Some(folder) = captures() else { return };
    let folder = folder.join("omi-pcap/Cboe");
    for (market, feed, files, messages) in [
        (
            "Futures.DepthOfBook.Pitch.v1.1.6",
            "cboe_pitch_futures",
            4,
            5,
        ),
        (
            "Options.DepthOfBook.Pitch.v2.39.4",
            "cboe_pitch_options",
            2,
            2,
        ),
        (
            "Options.ComplexDepthOfBook.Pitch.v2.1.18",
            "cboe_pitch_complex",
            6,
            7,
        ),
    ] {
        let captures = captures_in(&folder.join(market));
        let count: usize = captures
            .iter()
            .map(|capture| check_pitch(capture, feed))
            .sum();
        assert_eq!((captures.len(), count), (files, messages), "{feed}");
    }
}

#[test]
fn every_field_of_a_day_of_iex_deep_is_what_tshark_shows() {
    let Some(folder) = captures() else { return };
    let folder = folder.join("iex-hist");
    let capture = folder.join("DEEP10.first70000.pcap.gz");
    let decode = folder.join("DEEP10.first70000.pcap.decoded.jsonl.gz");
    assert_eq!(check_fields(&capture, &decode, "iex_deep10"), 340_024);
}

#[test]
fn every_field_of_the_captures_of_iex_tops_is_what_tshark_shows() {
    let Some(folder) = captures() else { return };
    let capture = folder.join("iex-hist/TOPS16.first7800.pcap");
    let decode = folder.join("iex-hist/TOPS16.first7800.pcap.decoded.jsonl.gz");
    let mut count = check_fields(&capture, &decode, "iex_tops16");
    let samples = folder.join("omi-pcap/Iex/Tops.IexTp.v1.5");
    // The decoder of the trade is older than one of its flags; the room's own tests compare it.
    for capture in captures_in(&samples) {
        if capture.ends_with("TradeReportMessage.pcap") {
            continue;
        }
        let decode = PathBuf::from(format!("{}.decoded.jsonl", capture.display()));
        count += check_fields(&capture, &decode, "iex_tops16");
    }
    assert_eq!(count, 45_573 + 58);
}

/// The other reader's names of fields that are called otherwise in the specification.
const ITCH_RENAMED: [(&str, &str, &str); 4] = [
    ("R", "luld_reference_price_tier", "luld_ref"),
    ("H", "reason_code", "reason"),
    ("Y", "locate_code", "stock_locate"),
    ("X", "canceled_shares", "cancelled_shares"),
];

#[test]
fn every_field_of_both_itch_files_is_what_another_reader_shows() {
    let Some(folder) = captures() else { return };
    for (name, count) in ITCH_FILES.into_iter().zip([6_000, 1_000]) {
        let file = folder.join(format!("itch-binaryfile/{name}.itch"));
        let decode = format!("itch-binaryfile/{name}.itch.decoded.jsonl.gz");
        let decoded = text_of(&folder.join(decode));
        let found = inspected(&file, "nasdaq_itch50");
        assert_eq!(found.len(), count);
        assert_eq!(decoded.lines().count(), count);
        for (found, decoded) in found.iter().zip(decoded.lines().map(Json::parse)) {
            let letter = decoded.get("type").text();
            assert_eq!(found.get("packet"), decoded.get("i"));
            assert_eq!(found.get("type").text(), itch_type(letter));
            let (fields, others) = (found.get("fields").members(), decoded.get("f"));
            assert_eq!(
                fields.len(),
                others.members().len(),
                "{found:?} {decoded:?}"
            );
            for (field, value) in fields {
                let theirs = ITCH_RENAMED
                    .iter()
                    .find(|(known, ours, _)| *known == letter && ours == field)
                    .map_or(field.as_str(), |(_, _, theirs)| theirs);
                let theirs = others.get(theirs);
                assert_eq!(plain(value), plain(theirs), "{found:?} {decoded:?}");
            }
        }
    }
}

#[track_caller]
fn check_repeats(capture: &Path, feed: &str, times: usize, paced: &[&str], more: &[&str]) {
    let hash = |speed: &str| {
        let mut arguments = vec!["--speed", speed];
        arguments.extend(more);
        let report = replayed(capture, feed, &arguments, 0);
        assert!(report.get("published_records").count() > 100);
        report.get("published_hash").text().to_owned()
    };
    let first = hash("max");
    for run in 1..times {
        assert_eq!(hash("max"), first, "run {run} of {}", capture.display());
    }
    for speed in paced {
        assert_eq!(hash(speed), first, "{} at {speed}", capture.display());
    }
}

#[test]
fn a_replay_publishes_the_same_bytes_however_often_and_however_fast() {
    let Some(folder) = captures() else { return };
    let itch = folder.join(format!("itch-binaryfile/{}.itch", ITCH_FILES[0]));
    check_repeats(&itch, "nasdaq_itch50", 10, &["100x"], &[]);
    let coinbase = folder.join("crypto-sessions/COINBASE");
    check_repeats(&coinbase, "coinbase_ws", 10, &["100x"], &[]);
    let deep = folder.join("iex-hist/DEEP10.first70000.pcap.gz");
    check_repeats(&deep, "iex_deep10", 3, &[], &[]);
    let tops = folder.join("iex-hist/TOPS16.first7800.pcap");
    check_repeats(&tops, "iex_tops16", 3, &[], &[]);
    let busy = [
        "--from",
        "2017-04-25T15:05:00Z",
        "--to",
        "2017-04-25T15:08:00Z",
    ];
    check_repeats(&deep, "iex_deep10", 2, &["100x"], &busy);
}

/// A copy of a file without its last bytes.
fn cut(path: &Path, bytes: usize) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let copy = folder.path().join(path.file_name().unwrap());
    let whole = std::fs::read(path).unwrap();
    std::fs::write(&copy, &whole[..bytes.min(whole.len())]).unwrap();
    (folder, copy)
}

/// What was readable is reported; that it broke off, and where, is too.
#[track_caller]
fn check_cut(path: &Path, bytes: usize, feed: &str, messages: u64, offset: Option<u64>) {
    let (_folder, copy) = cut(path, bytes);
    let report = replayed(&copy, feed, &[], 3);
    assert_eq!(report.get("messages").count(), messages);
    let [broken] = report.get("broken").list() else {
        panic!("{report:?}");
    };
    assert_eq!(broken.get("capture").text(), copy.to_str().unwrap());
    assert!(!broken.get("why").text().is_empty());
    if let Some(offset) = offset {
        assert_eq!(broken.get("offset").count(), offset);
    }
}

#[test]
fn a_truncated_capture_is_replayed_as_far_as_it_goes_and_exits_with_3() {
    let Some(folder) = captures() else { return };
    let itch = folder.join(format!("itch-binaryfile/{}.itch", ITCH_FILES[0]));
    let bytes = std::fs::read(&itch).unwrap();
    let (mut offset, mut messages) = (0, 0);
    while offset < 100_000 {
        offset += 2 + usize::from(u16::from_be_bytes([bytes[offset], bytes[offset + 1]]));
        messages += 1;
    }
    check_cut(
        &itch,
        offset + 5,
        "nasdaq_itch50",
        messages,
        Some(offset as u64),
    );
    let pcap = folder.join("omi-pcap/Nasdaq/Nasdaq.Equities.TotalView.Itch.v5.0");
    let pcap = pcap.join("Multiple.Packets.pcap");
    let length = std::fs::metadata(&pcap).unwrap().len() as usize;
    check_cut(&pcap, length - 1, "nasdaq_itch50", 1, None);
    // A packed capture breaks off where its packing does.
    let deep = folder.join("iex-hist/DEEP10.first70000.pcap.gz");
    let (_folder, copy) = cut(&deep, 1_000_000);
    let report = replayed(&copy, "iex_deep10", &[], 3);
    assert!(report.get("messages").count() > 10_000);
    assert_eq!(report.get("broken").list().len(), 1);
}
