//! Hours of a busy crypto venue in minutes: 300 instruments over real WebSockets, the whole daemon, one subscriber.
//!
//! The venue is a process of its own (this binary, called with `venue`), so that the memory watched is the daemon's. The
//! latency of a snapshot is the time from the moment its last frame was taken from the socket (`localTimestamp`) to the
//! moment a client has its text; what the sockets before that hold back is not in it. Snapshots that a later one replaced
//! (conflation) are not heard. Loss shows as a gap: every update names the one before it.
//!
//! `WAVELETD_SOAK_SECONDS` (20), `WAVELETD_SOAK_RATE` messages a second (50,000), `WAVELETD_SOAK_FEED` (the registry's name of a feed).
//! `--test` runs a small one.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "a bench reads the clock"
)]

use futures_util::StreamExt;
use hdrhistogram::Histogram;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use waveletd::config;
use waveletd::daemon::Daemon;
use waveletd::metrics::{ChannelCounters, Counter};
use waveletd::simulate::{FlowSettings, WebSocketFaults, WebSocketPlan, WebSocketVenue, symbols};

const INSTRUMENTS: usize = 300;
/// Changes of books and trades an order-flow event makes, about: what the rate is divided by.
const MESSAGES_PER_EVENT: f64 = 1.08;

fn setting(name: &str, default: u64) -> u64 {
    let text = std::env::var(name).ok();
    text.and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn feed_name() -> String {
    std::env::var("WAVELETD_SOAK_FEED").unwrap_or_else(|_| "okx_ws".to_owned())
}

/// The venue's process: says where it listens, then speaks until its input ends.
fn venue(rate: u64) {
    let descriptor = feeds::descriptor(&feed_name()).unwrap();
    let plan = WebSocketPlan {
        listen: "127.0.0.1:0".parse().unwrap(),
        faults: WebSocketFaults::default(),
        flow: FlowSettings {
            symbol_count: INSTRUMENTS as u32,
            ..FlowSettings::default()
        },
        symbols: symbols(&[], INSTRUMENTS),
        events_per_second: (rate as f64 / MESSAGES_PER_EVENT) as u64,
    };
    let venue = WebSocketVenue::start(plan, (descriptor.simulator)()).unwrap();
    println!("{}", venue.local_addr());
    let _ = std::io::stdin().lines().next();
}

fn start_venue(rate: u64) -> (Child, String) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["venue", &rate.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut address = String::new();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    output.read_line(&mut address).unwrap();
    (child, address.trim().to_owned())
}

/// Resident memory of this process, in kB.
fn resident_kb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let figure = line.and_then(|line| line.split_ascii_whitespace().next());
    figure.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// kB an hour, by least squares.
fn slope_kb_per_hour(samples: &[(f64, f64)]) -> f64 {
    let count = samples.len() as f64;
    let mean = |pick: fn(&(f64, f64)) -> f64| samples.iter().map(pick).sum::<f64>() / count;
    let (x, y) = (mean(|one| one.0), mean(|one| one.1));
    let covariance: f64 = samples.iter().map(|one| (one.0 - x) * (one.1 - y)).sum();
    let variance: f64 = samples.iter().map(|one| (one.0 - x).powi(2)).sum();
    covariance / variance * 3_600.0
}

/// Nanoseconds since midnight at which the last frame of a snapshot was taken.
fn received(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("\"localTimestamp\":\"")?;
    let time = rest.split_once('T')?.1.split('Z').next()?;
    let digits: String = time.chars().filter(char::is_ascii_digit).collect();
    let number: u64 = digits.parse().ok()?;
    let (clock, fraction) = (number / 1_000_000_000, number % 1_000_000_000);
    let seconds = clock / 10_000 * 3_600 + clock / 100 % 100 * 60 + clock % 100;
    Some(seconds * 1_000_000_000 + fraction)
}

/// Follows every instrument until asked to stop; latencies of those that are live, and how many are.
fn hear(url: &str, stop: &AtomicBool) -> (Histogram<u64>, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (mut socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        let mut latency = Histogram::<u64>::new_with_bounds(1, 60_000_000_000, 3).unwrap();
        let mut live = std::collections::BTreeSet::new();
        while !stop.load(Ordering::Relaxed) {
            let wait = tokio::time::timeout(Duration::from_millis(200), socket.next()).await;
            let Ok(message) = wait else { continue };
            let Some(Ok(message)) = message else { break };
            let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
            let Ok(text) = message.into_text() else {
                continue;
            };
            let Some(received) = received(&text) else {
                continue;
            };
            if text.contains("\"state\":\"live\"") {
                if let Some((_, rest)) = text.split_once("\"symbol\":\"") {
                    live.insert(rest.split('"').next().unwrap_or_default().to_owned());
                }
                let of_day = now.as_nanos() as u64 % 86_400_000_000_000;
                let behind = of_day.saturating_sub(received);
                latency.saturating_record(behind);
            }
        }
        (latency, live.len())
    })
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if arguments.get(1).is_some_and(|word| word == "venue") {
        venue(arguments[2].parse().unwrap());
        return;
    }
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let (seconds, rate) = if is_test {
        (3, 5_000)
    } else {
        (
            setting("WAVELETD_SOAK_SECONDS", 20),
            setting("WAVELETD_SOAK_RATE", 50_000),
        )
    };
    let (mut child, address) = start_venue(rate);
    let names: Vec<String> = symbols(&[], INSTRUMENTS)
        .iter()
        .map(|name| format!("\"{}\"", name.as_str()))
        .collect();
    let yaml = format!(
        "runtime: {{ mode: park }}\nfeeds:\n  - name: venue\n    protocol: {}\n    url: \"ws://{address}\"\n    rest_url: \"http://{address}\"\n    instruments: [{}]\nbooks: {{ depth: 1 }}\npublish:\n  - {{ kind: websocket, listen: \"127.0.0.1:0\" }}\n",
        feed_name(),
        names.join(", ")
    );
    let config = config::parse("soak.yaml", &yaml).unwrap_or_else(|faults| panic!("{faults}"));
    let daemon = Daemon::start(&config).unwrap();
    let url = format!(
        "ws://{}/ws?channels=book_snapshot_1_0ms&instruments=*",
        daemon.addresses()[0]
    );
    let stop = Arc::new(AtomicBool::new(false));
    let stop_seen = Arc::clone(&stop);
    let client = std::thread::spawn(move || hear(&url, &stop_seen));
    let started = Instant::now();
    let mut samples: Vec<(f64, f64)> = Vec::new();
    let get = |counter: Counter| {
        let channels = daemon.counters().channels();
        channels
            .iter()
            .map(|row: &ChannelCounters| row.get(counter))
            .sum::<u64>()
    };
    // The subscriptions of 300 instruments take some seconds.
    let warm = Duration::from_secs(seconds.min(30) / 3);
    let (mut from, mut from_at) = (0, Instant::now());
    while started.elapsed() < Duration::from_secs(seconds) {
        std::thread::sleep(Duration::from_millis(500));
        if started.elapsed() < warm {
            (from, from_at) = (get(Counter::Messages), Instant::now());
        } else {
            samples.push((started.elapsed().as_secs_f64(), resident_kb() as f64));
        }
    }
    let per_second = (get(Counter::Messages) - from) as f64 / from_at.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    let (latency, live) = client.join().unwrap();
    let us = |ns: u64| ns as f64 / 1_000.0;
    println!(
        "{} instruments, {seconds} s: {per_second:.0} messages/s, {} in all; {live} books live",
        INSTRUMENTS,
        get(Counter::Messages)
    );
    println!(
        "lost: gaps {}, ring {}, rebuilds {}, connections {} (opened {})",
        get(Counter::GapsOpened),
        get(Counter::RingFullPackets),
        get(Counter::Rebuilds),
        get(Counter::Disconnects),
        get(Counter::Connects)
    );
    // The first half is growth to the size of the books.
    let later = &samples[samples.len() / 2..];
    println!(
        "memory: {:.1} MB at the end, {:+.1} MB an hour over the second half",
        samples.last().map_or(0.0, |one| one.1) / 1_024.0,
        slope_kb_per_hour(later) / 1_024.0
    );
    println!(
        "frame to snapshot at a client, µs: {} heard; p50 {:.0}, p90 {:.0}, p99 {:.0}, p99.9 {:.0}, p99.99 {:.0}, max {:.0}",
        latency.len(),
        us(latency.value_at_quantile(0.5)),
        us(latency.value_at_quantile(0.9)),
        us(latency.value_at_quantile(0.99)),
        us(latency.value_at_quantile(0.999)),
        us(latency.value_at_quantile(0.9999)),
        us(latency.max())
    );
    drop(child.stdin.take());
    let _ = child.wait();
    assert!(daemon.stop());
}
