//! From a datagram to a WebSocket client: the whole daemon over loopback, in one process.
//!
//! A venue's datagrams are sent on a schedule fixed beforehand; a client follows the best level of every symbol. The latency of a
//! snapshot is the time from the moment the datagram that holds its last sequence number *should* have left to the
//! moment the client has the text: a sender or a stack that falls behind makes the figure worse, not rarer. Snapshots that
//! a later one replaced (conflation) are not heard; how many is printed.
//!
//! `WAVELETD_BENCH_RATE` messages a second (100,000 if not set), `WAVELETD_BENCH_MESSAGES` messages in all (1,000,000). `--test` runs a
//! small one.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench reads the clock"
)]

use feeds::model::EventTime;
use futures_util::StreamExt;
use hdrhistogram::Histogram;
use std::net::UdpSocket;
use std::time::{Duration, Instant};
use waveletd::config;
use waveletd::daemon::Daemon;
use waveletd::simulate::{FlowSettings, OrderFlow, symbols};

/// Messages in a datagram at most, as a venue under load fills them.
const EVENTS_PER_DATAGRAM: u64 = 4;
const SYMBOLS: u32 = 50;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// A port nobody uses now.
fn free_port() -> u16 {
    UdpSocket::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Datagrams in order, each with the number of its last message.
fn day(events: u64) -> Vec<(Vec<u8>, u64)> {
    let descriptor = feeds::REGISTRY.first().unwrap();
    let mut venue = (descriptor.simulator)();
    let settings = FlowSettings {
        symbol_count: SYMBOLS,
        ..FlowSettings::default()
    };
    let mut flow = OrderFlow::new(settings);
    let now = EventTime(1_700_000_000_000_000_000);
    venue.open(now, &symbols(&[], SYMBOLS as usize));
    let mut datagrams = Vec::new();
    for event in 0..events {
        venue.on_event(now, &flow.next_event());
        if event % EVENTS_PER_DATAGRAM == 0 {
            venue.on_clock(now);
        }
        while let Some(datagram) = venue.poll_datagram() {
            let first = u64::from_be_bytes(datagram[10..18].try_into().unwrap());
            let count = u16::from_be_bytes([datagram[18], datagram[19]]);
            datagrams.push((datagram, first + u64::from(count) - 1));
        }
    }
    datagrams
}

/// The venue's sequence number in a text.
fn last_sequence(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("\"lastSequence\":")?;
    rest[..rest.find(|c: char| !c.is_ascii_digit())?]
        .parse()
        .ok()
}

fn main() {
    let is_test = std::env::args().any(|argument| argument == "--test");
    let rate = if is_test {
        5_000
    } else {
        number("WAVELETD_BENCH_RATE", 100_000)
    };
    let events = if is_test {
        5_000
    } else {
        number("WAVELETD_BENCH_MESSAGES", 1_000_000)
    };
    let datagrams = day(events);
    let line = free_port();
    let yaml = format!(
        "runtime: {{ mode: park }}\nfeeds:\n  - name: venue\n    protocol: {}\n    lines: {{ a: \"127.0.0.1:{line}\" }}\n    instruments: \"*\"\nbooks: {{ depth: 1 }}\npublish:\n  - {{ kind: websocket, listen: \"127.0.0.1:0\" }}\n",
        feeds::REGISTRY[0].name
    );
    let config = config::parse("bench.yaml", &yaml).unwrap_or_else(|faults| panic!("{faults}"));
    let daemon = Daemon::start(&config).unwrap();
    let url = format!(
        "ws://{}/ws?channels=book_snapshot_1_0ms&instruments=*",
        daemon.addresses()[0]
    );
    let last = datagrams.last().unwrap().1;
    let ends: Vec<u64> = datagrams.iter().map(|(_, end)| *end).collect();
    let interval = Duration::from_secs(1) * EVENTS_PER_DATAGRAM as u32 / rate as u32;
    let start = Instant::now() + Duration::from_millis(500);
    let client = std::thread::spawn(move || hear(&url, &ends, start, interval, last));
    let sender = UdpSocket::bind("127.0.0.1:0").unwrap();
    for (index, (datagram, _)) in datagrams.iter().enumerate() {
        let due = start + interval * index as u32;
        while let Some(early) = due.checked_duration_since(Instant::now()) {
            if early > Duration::from_micros(200) {
                std::thread::sleep(early - Duration::from_micros(150));
            } else {
                std::thread::yield_now();
            }
        }
        sender.send_to(datagram, ("127.0.0.1", line)).unwrap();
    }
    let (latency, heard) = client.join().unwrap();
    let us = |ns: u64| ns as f64 / 1_000.0;
    println!(
        "{events} messages at {rate}/s in {} datagrams: {heard} snapshots heard; µs from due to heard: p50 {:.0}, p99 {:.0}, p99.9 {:.0}, max {:.0}",
        datagrams.len(),
        us(latency.value_at_quantile(0.5)),
        us(latency.value_at_quantile(0.99)),
        us(latency.value_at_quantile(0.999)),
        us(latency.max()),
    );
    for channel in daemon.counters().channels() {
        for counter in waveletd::metrics::Counter::ALL {
            let value = channel.get(*counter);
            if value > 0 {
                println!("  {} {} {value}", counter.metric(), counter.label());
            }
        }
    }
    assert!(daemon.stop());
}

/// Listens until the last message's snapshot, or until nothing more comes.
fn hear(
    url: &str,
    ends: &[u64],
    start: Instant,
    interval: Duration,
    last: u64,
) -> (Histogram<u64>, u64) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut latency = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        let mut heard = 0;
        loop {
            let wait = tokio::time::timeout(Duration::from_secs(3), socket.next()).await;
            let Ok(Some(Ok(message))) = wait else { break };
            let now = Instant::now();
            let Ok(text) = message.into_text() else {
                continue;
            };
            let Some(sequence) = last_sequence(&text).filter(|&sequence| sequence > 0) else {
                continue;
            };
            let index = ends.partition_point(|&end| end < sequence);
            let due = start + interval * index as u32;
            heard += 1;
            latency.saturating_record(now.saturating_duration_since(due).as_nanos() as u64);
            if sequence >= last {
                break;
            }
        }
        (latency, heard)
    })
}
