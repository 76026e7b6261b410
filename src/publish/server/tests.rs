#![allow(clippy::unwrap_used)]
use super::super::record::{Header, Level, Trade, Writer, ring};
use super::*;
use crate::book::Statistic;
use feeds::model::{EventTime, Price, RecvTime, Side, StatisticKind, Symbol};
use serde_json::Value;
use std::io::{Read, Write};
use tokio_tungstenite::tungstenite::{self, Message as Frame};

type Client =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

fn header(instrument: u32, sequence: u64) -> Header {
    Header {
        instrument,
        ts_event: EventTime(1_580_385_600_000_000_001),
        ts_recv: RecvTime(1_580_385_600_000_000_500),
        state: 1,
        reason: 0,
        since: RecvTime(1_580_385_600_000_000_000),
        last_sequence: sequence,
    }
}

fn level(price: i64, size: u64) -> Level {
    Level {
        price: price * 10_000_000,
        size,
        orders: 1,
    }
}

fn book(writer: &mut Writer, instrument: u32, sequence: u64) {
    let step = (sequence % 7) as i64;
    let bids = [level(18_725 - step, 100), level(18_700, 50 + sequence)];
    let written = writer.snapshot(&header(instrument, sequence), &bids, &[level(18_730, 30)]);
    assert!(written);
}

fn trade(writer: &mut Writer, instrument: u32, sequence: u64) {
    let trade = Trade {
        id: sequence,
        price: 187_250_000_000,
        size: 5,
        aggressor: Side::Bid,
    };
    assert!(writer.trade(&header(instrument, sequence), &trade));
}

fn statistic(writer: &mut Writer, instrument: u32, kind: StatisticKind, count: u64) {
    let is_size = kind.is_size();
    let statistic = Statistic {
        kind,
        side: Side::None,
        price: if is_size {
            Price::UNDEFINED
        } else {
            Price(-1_380)
        },
        size: if is_size { 30_072_580 } else { 0 },
        id: 0,
        sequence: 0,
        ts_event: EventTime(1_580_385_600_000_000_000),
        ts_recv: RecvTime(1_580_385_601_000_000_000 + count),
        count,
    };
    assert!(writer.statistic(&header(instrument, 99), &statistic));
}

fn options() -> Options {
    Options {
        names: Names {
            feeds: vec!["itch".to_owned()],
            signals: vec!["micro".to_owned()],
            states: &["awaiting_snapshot", "live", "stale"],
            reasons: &["ok", "gap"],
        },
        ..Options::default()
    }
}

/// A server with AAPL (0) and MSFT (1) defined and one book each.
fn start(options: Options) -> (Writer, ServerHandle) {
    let (mut writer, reader) = ring(1 << 14, 4_096);
    let handle = Server::start("127.0.0.1:0".parse().unwrap(), reader, options).unwrap();
    assert!(writer.channel(&header(0, 0), 0, true));
    for (instrument, symbol) in [(0, "AAPL"), (1, "MSFT")] {
        assert!(writer.instrument(&header(instrument, 0), 0, &Symbol::from(symbol), 0));
        book(&mut writer, instrument, 1);
    }
    wait(|| handle.stats().records >= 5);
    (writer, handle)
}

#[track_caller]
fn wait(done: impl Fn() -> bool) {
    let deadline = crate::sys::clock::instant_now() + Duration::from_secs(20);
    while !done() {
        assert!(
            crate::sys::clock::instant_now() < deadline,
            "waited too long"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let limit = Duration::from_secs(30);
        tokio::time::timeout(limit, future)
            .await
            .expect("within 30 s")
    })
}

async fn connect(handle: &ServerHandle, query: &str) -> Client {
    let url = format!("ws://{}/ws{query}", handle.local_addr());
    tokio_tungstenite::connect_async(url).await.unwrap().0
}

async fn say(client: &mut Client, text: &str) {
    client.send(Frame::Text(text.into())).await.unwrap();
}

async fn hear(client: &mut Client) -> Value {
    loop {
        if let Frame::Text(text) = client.next().await.unwrap().unwrap() {
            return serde_json::from_str(&text).unwrap();
        }
    }
}

fn http(handle: &ServerHandle, path: &str) -> String {
    let mut stream = std::net::TcpStream::connect(handle.local_addr()).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_subscriber_gets_a_snapshot_and_then_a_contiguous_sequence() {
    let (mut writer, handle) = start(options());
    block_on(async {
        let mut client = connect(
            &handle,
            "?channels=book_snapshot_1_0ms&instruments=AAPL,IBM",
        )
        .await;
        let answer = hear(&mut client).await;
        assert_eq!(answer["type"], "subscribed");
        assert_eq!(answer["pending"], serde_json::json!(["IBM"]));
        assert_eq!(answer["feeds"][0]["connected"], true);
        let first = hear(&mut client).await;
        assert_eq!(first["name"], "book_snapshot_1_0ms");
        assert_eq!(first["symbol"], "AAPL");
        assert_eq!(first["bids"][0]["price"].to_string(), "187.24");
        assert_eq!(first["bids"].as_array().unwrap().len(), 1);
        assert_eq!(first["timestamp"], "2020-01-30T12:00:00.000000001Z");
        assert_eq!(
            (&first["state"], &first["reason"]),
            (&"live".into(), &"ok".into())
        );
        let mut sequence = first["sequence"].as_u64().unwrap();
        for number in 2..200 {
            book(&mut writer, 0, number);
            book(&mut writer, 1, number);
        }
        let mut last = 0;
        while last < 199 {
            let next = hear(&mut client).await;
            assert_eq!(next["symbol"], "AAPL");
            sequence += 1 + next["conflated"].as_u64().unwrap_or(0);
            assert_eq!(next["sequence"], sequence);
            last = next["lastSequence"].as_u64().unwrap();
        }
        assert!(writer.instrument(&header(2, 0), 0, &Symbol::from("IBM"), 0));
        assert_eq!(
            hear(&mut client).await["symbol"],
            "IBM",
            "a pending name is met"
        );
    });
}

#[test]
fn an_interval_conflates_and_still_ends_with_the_latest_book() {
    let (mut writer, handle) = start(options());
    block_on(async {
        let mut client = connect(&handle, "?channels=book_snapshot_5_50ms&instruments=AAPL").await;
        hear(&mut client).await;
        let mut sequence = hear(&mut client).await["sequence"].as_u64().unwrap();
        let mut heard = 0;
        for (from, to) in [(2, 200), (200, 400), (400, 600)] {
            for number in from..to {
                book(&mut writer, 0, number);
            }
            loop {
                let next = hear(&mut client).await;
                heard += 1;
                sequence += 1;
                assert_eq!(next["sequence"], sequence);
                assert_eq!(next["interval"], 50);
                if next["lastSequence"] == to - 1 {
                    break;
                }
            }
        }
        assert!((3..100).contains(&heard), "{heard} messages for 598 books");
    });
}

#[test]
fn an_interval_channel_keeps_sending() {
    let (mut writer, handle) = start(options());
    block_on(async {
        let query = "?channels=book_snapshot_1_10ms&instruments=AAPL";
        let mut client = connect(&handle, query).await;
        assert_eq!(hear(&mut client).await["type"], "subscribed");
        assert_eq!(hear(&mut client).await["type"], "book_snapshot");
        for sequence in 2..5 {
            book(&mut writer, 0, sequence);
            let next = hear(&mut client).await;
            assert_eq!(next["lastSequence"], sequence);
        }
    });
    handle.stop();
}

#[test]
fn statistics_come_to_who_asks_for_them_and_touch_no_book() {
    let (mut writer, handle) = start(options());
    let funding = StatisticKind::FundingRate;
    block_on(async {
        let query = "?channels=statistics,book_snapshot_1_0ms&instruments=AAPL";
        let mut client = connect(&handle, query).await;
        hear(&mut client).await;
        let image = hear(&mut client).await;
        assert_eq!(image["type"], "statistics");
        assert_eq!(image["statistics"], serde_json::json!({}));
        let book_then = hear(&mut client).await;
        statistic(&mut writer, 0, funding, 1);
        statistic(&mut writer, 1, funding, 1);
        let first = hear(&mut client).await;
        assert_eq!(first["sequence"], 1);
        let value = &first["statistics"]["funding_rate"];
        assert_eq!(value["price"], -1.38e-6);
        assert_eq!(
            (&value["count"], &value["amount"]),
            (&1.into(), &Value::Null)
        );
        statistic(&mut writer, 0, StatisticKind::OpenInterest, 7);
        let second = hear(&mut client).await;
        assert_eq!(
            (&second["sequence"], &second["symbol"]),
            (&2.into(), &"AAPL".into())
        );
        assert_eq!(second["statistics"]["open_interest"]["amount"], 30_072_580);
        assert_eq!(second["statistics"].as_object().unwrap().len(), 1);
        assert_eq!(second["localTimestamp"], "2020-01-30T12:00:01.000000007Z");
        // The worth of the instrument is told here too, and of the book nothing was heard meanwhile.
        let stale = Header {
            state: 2,
            ..header(0, 1)
        };
        assert!(writer.state(&stale));
        let third = hear(&mut client).await;
        let fourth = hear(&mut client).await;
        let types = [&third["type"], &fourth["type"]];
        assert_eq!(types, ["statistics", "book_snapshot"]);
        assert_eq!(
            (&third["state"], &fourth["state"]),
            (&"stale".into(), &"stale".into())
        );
        assert_eq!(third["statistics"], serde_json::json!({}));
        assert_eq!(third["timestamp"], fourth["timestamp"]);
        assert_eq!(fourth["timestamp"], book_then["timestamp"]);
        assert_eq!(
            fourth["sequence"],
            book_then["sequence"].as_u64().unwrap() + 1
        );
    });
    block_on(async {
        // One that comes late is told all there are.
        let mut client = connect(&handle, "?channels=statistics&instruments=AAPL").await;
        hear(&mut client).await;
        let image = hear(&mut client).await;
        assert_eq!(image["statistics"].as_object().unwrap().len(), 2);
        assert_eq!(image["sequence"], 3);
    });
    let summaries = http(&handle, "/api/instruments");
    let value = "\"statistics\":{\"open_interest\":{\"amount\":30072580,\"count\":7,";
    assert!(summaries.contains(value), "{summaries}");
}

#[test]
fn an_interval_of_statistics_loses_none_unseen() {
    let (mut writer, handle) = start(options());
    let mark = StatisticKind::MarkPrice;
    block_on(async {
        let mut client = connect(&handle, "?channels=statistics_50ms&instruments=AAPL").await;
        hear(&mut client).await;
        hear(&mut client).await;
        for count in 1..=500 {
            statistic(&mut writer, 0, mark, count);
        }
        let (mut messages, mut count) = (0, 0);
        while count < 500 {
            let message = hear(&mut client).await;
            assert_eq!(message["interval"], 50);
            let next = message["statistics"]["mark_price"]["count"]
                .as_u64()
                .unwrap();
            assert!(next > count);
            count = next;
            messages += 1;
        }
        assert!(messages < 100, "{messages} messages for 500 statistics");
    });
}

#[test]
fn book_changes_rebuild_the_published_book() {
    let (mut writer, handle) = start(options());
    block_on(async {
        let mut client = connect(&handle, "").await;
        let request = r#"{"op":"subscribe","channels":["book_change"],"instruments":"*"}"#;
        say(&mut client, request).await;
        hear(&mut client).await;
        let mut bids = std::collections::BTreeMap::new();
        for number in 2..60 {
            book(&mut writer, 0, number);
        }
        let mut images = 0;
        loop {
            let message = hear(&mut client).await;
            images += u32::from(message["isSnapshot"] == true);
            if message["symbol"] != "AAPL" {
                continue;
            }
            for level in message["bids"].as_array().unwrap() {
                let (price, amount) = (level["price"].to_string(), level["amount"].as_u64());
                match amount.unwrap() {
                    0 => bids.remove(&price),
                    amount => bids.insert(price, amount),
                };
            }
            if message["lastSequence"] == 59 {
                break;
            }
        }
        assert_eq!(images, 2, "one image an instrument");
        let expected = [("187".to_owned(), 109), ("187.22".to_owned(), 100)];
        assert_eq!(bids, expected.into_iter().collect());
    });
}

#[test]
fn one_that_never_reads_is_told_and_closed_and_the_other_misses_nothing() {
    let options = Options {
        bounds: Bounds {
            messages_max: 1_000,
            bytes_max: 200_000,
            images_max: 100,
        },
        socket_send_bytes: Some(16_384),
        ..options()
    };
    let (mut writer, handle) = start(options);
    block_on(async {
        let mut good = connect(&handle, "?channels=trade&instruments=AAPL").await;
        hear(&mut good).await;
        hear(&mut good).await;
        let mut slow = connect(&handle, "?channels=trade&instruments=AAPL").await;
        hear(&mut slow).await;
        let mut number = 0;
        while handle.stats().slow_consumers == 0 {
            for _ in 0..100 {
                number += 1;
                trade(&mut writer, 0, number);
            }
            for back in (0..100).rev() {
                let message = hear(&mut good).await;
                assert_eq!(message["id"], (number - back).to_string());
                assert_eq!(message["sequence"], number - back);
                assert_eq!(message["side"], "buy");
            }
            assert!(number < 1_000_000, "never cut off");
        }
        let mut lost = 0;
        let code = loop {
            match slow.next().await.unwrap().unwrap() {
                Frame::Text(text) => {
                    let message: Value = serde_json::from_str(&text).unwrap();
                    if message["type"] == "disconnect" {
                        assert_eq!(message["reason"], "slow_consumer");
                        lost = message["lost"].as_u64().unwrap();
                    }
                }
                Frame::Close(frame) => break u16::from(frame.unwrap().code),
                _ => {}
            }
        };
        assert_eq!(code, 1013);
        assert!(lost > 0);
        trade(&mut writer, 0, number + 1);
        assert_eq!(hear(&mut good).await["sequence"], number + 1);
        assert_eq!(handle.stats().slow_consumers, 1);
    });
}

#[test]
fn bad_requests_are_answered_and_the_connection_stays() {
    let (_writer, handle) = start(options());
    block_on(async {
        let mut client = connect(&handle, "").await;
        for (request, code) in [
            ("hello", "bad_request"),
            (r#"{"op":"dance","channels":["trade"]}"#, "unknown_op"),
            (
                r#"{"op":"subscribe","channels":["tradez"],"instruments":"*"}"#,
                "unknown_channel",
            ),
            (r#"{"op":"subscribe","channels":["trade"]}"#, "bad_request"),
            (
                r#"{"op":"subscribe","channels":[],"instruments":"*"}"#,
                "bad_request",
            ),
        ] {
            say(&mut client, request).await;
            let answer = hear(&mut client).await;
            assert_eq!(
                (&answer["type"], &answer["code"]),
                (&"error".into(), &code.into())
            );
        }
        let request = r#"{"op":"subscribe","channels":["summary"],"instruments":["itch:MSFT"]}"#;
        say(&mut client, request).await;
        assert_eq!(hear(&mut client).await["type"], "subscribed");
        let summary = hear(&mut client).await;
        assert_eq!(summary["mid"].to_string(), "187.27");
    });
}

#[test]
fn page_rest_health_and_metrics_are_served() {
    let (_writer, handle) = start(Options {
        ready: Box::new(|| Err("books await snapshots".to_owned())),
        metrics: Box::new(|| "up 1\n".to_owned()),
        ..options()
    });
    assert!(http(&handle, "/").contains("<title>waveletd</title>"));
    let books = http(&handle, "/api/books?symbol=AAPL&depth=1");
    assert!(
        books.contains("\"bids\":[{\"price\":187.24,\"amount\":100,\"orders\":1}]"),
        "{books}"
    );
    assert!(http(&handle, "/api/books?symbol=NONE").starts_with("HTTP/1.1 404"));
    assert!(http(&handle, "/api/books").starts_with("HTTP/1.1 400"));
    assert!(http(&handle, "/api/instruments").contains("\"symbol\":\"MSFT\""));
    assert!(http(&handle, "/healthz").starts_with("HTTP/1.1 200"));
    assert!(http(&handle, "/readyz").contains("books await snapshots"));
    let metrics = http(&handle, "/metrics");
    assert!(metrics.contains("up 1\n") && metrics.contains("waveletd_publish_records_total 5\n"));
}

#[test]
fn subscribers_beyond_the_bound_are_refused() {
    let (_writer, handle) = start(Options {
        subscribers_max: 1,
        ..options()
    });
    block_on(async {
        let _first = connect(&handle, "").await;
        let url = format!("ws://{}/ws", handle.local_addr());
        match tokio_tungstenite::connect_async(url).await {
            Err(tungstenite::Error::Http(answer)) => assert_eq!(answer.status(), 503),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn a_stop_drains_and_closes_with_going_away() {
    let (mut writer, handle) = start(options());
    block_on(async {
        let mut client = connect(&handle, "?channels=trade&instruments=*").await;
        for _ in 0..3 {
            hear(&mut client).await;
        }
        trade(&mut writer, 0, 1);
        let stopper = std::thread::spawn(move || handle.stop());
        assert_eq!(hear(&mut client).await["type"], "trade");
        assert_eq!(hear(&mut client).await["reason"], "server_stops");
        let code = loop {
            if let Frame::Close(frame) = client.next().await.unwrap().unwrap() {
                break u16::from(frame.unwrap().code);
            }
        };
        assert_eq!(code, 1001);
        drop(client);
        stopper.join().unwrap();
    });
}

#[test]
fn a_resync_is_taken_by_post_from_this_host_and_of_known_feeds_only() {
    let ordered: Arc<Mutex<Vec<String>>> = Arc::default();
    let kept = Arc::clone(&ordered);
    let options = Options {
        resync: Box::new(move |name| {
            let is_known = name == "itch";
            if is_known {
                kept.lock().unwrap().push(name.to_owned());
            }
            is_known
        }),
        ..options()
    };
    let (_writer, handle) = start(options);
    #[track_caller]
    fn check(handle: &ServerHandle, method: &str, feed: &str, headers: &str, status: &str) {
        let mut stream = std::net::TcpStream::connect(handle.local_addr()).unwrap();
        write!(
            stream,
            "{method} /api/resync?feed={feed} HTTP/1.1\r\nHost: x\r\n{headers}Connection: close\r\n\r\n"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let told = answer.split(' ').nth(1);
        assert_eq!(told, Some(status), "{answer}");
    }
    check(&handle, "POST", "itch", "", "202");
    check(&handle, "POST", "nobody", "", "404");
    check(&handle, "GET", "itch", "", "405");
    check(&handle, "POST", "itch", "Origin: http://x\r\n", "403");
    assert_eq!(*ordered.lock().unwrap(), ["itch"]);
    let from = |text: &str| may_order(text.parse().unwrap(), &HeaderMap::new());
    assert!(from("127.0.0.1:5") && from("[::1]:5") && from("[::ffff:127.0.0.1]:5"));
    assert!(!from("192.0.2.1:5") && !from("[::ffff:192.0.2.1]:5") && !from("[2001:db8::1]:5"));
}
