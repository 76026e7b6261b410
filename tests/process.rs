//! The program as an operator sees it: processes, exit codes, signals, and a client that knows nothing but WebSocket and JSON.
#![cfg(feature = "service")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod common;

use common::{Json, waveletd};
use futures_util::StreamExt as _;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};
use tokio_tungstenite::tungstenite::Message;

const PATIENCE: Duration = Duration::from_secs(30);

fn write(text: &str) -> (tempfile::TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("waveletd.yaml");
    std::fs::write(&path, text).unwrap();
    let path = path.to_str().unwrap().to_owned();
    (folder, path)
}

#[track_caller]
fn check_faults(text: &str, named: &[&str]) {
    let (_folder, path) = write(text);
    for verb in ["check", "run"] {
        let output = waveletd(&[verb, "-c", &path]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned()
            + &String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(78), "{verb}: {told}");
        for name in named {
            assert!(told.contains(name), "{verb} does not name {name}: {told}");
        }
    }
}

#[test]
fn a_file_that_cannot_be_used_exits_with_78_and_every_fault_is_named() {
    check_faults(
        "feeds:\n  - { name: a, protocol: nasdaq_itch5, lines: { a: \"127.0.0.1:1\" } }\nbook: {}\n",
        &["nasdaq_itch50", "book"],
    );
    check_faults("feeds: [\n", &["waveletd.yaml"]);
}

#[test]
fn a_host_that_lacks_what_the_file_asks_for_ends_run_with_1_and_every_lack_is_named() {
    let any = (Ipv4Addr::LOCALHOST, 0);
    let udp = UdpSocket::bind(any).unwrap();
    let tcp = TcpListener::bind(any).unwrap();
    let text = format!(
        r#"
runtime: {{ core: 1023 }}
feeds:
  - {{ name: a, protocol: iex_deep10, lines: {{ a: "{}" }}, receive_buffer_bytes: 16384 }}
publish:
  - {{ kind: websocket, listen: "{}" }}
"#,
        udp.local_addr().unwrap(),
        tcp.local_addr().unwrap()
    );
    let (_folder, path) = write(&text);
    let mut child = Command::new(env!("CARGO_BIN_EXE_waveletd"))
        .args(["run", "-c", &path])
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let stderr = child.stderr.take().unwrap();
    // A daemon that started in spite of it would never end; `end` kills it.
    let status = Process(child).end();
    let told = std::io::read_to_string(stderr).unwrap();
    assert_eq!(status.code(), Some(1), "{told}");
    for name in ["runtime.core", "feeds[0].lines.a", "publish[0].listen"] {
        assert!(told.contains(name), "{name} is not named: {told}");
    }
    assert!(!told.contains("page http"), "it started: {told}");
}

/// Ports that were free a moment ago: three for datagrams, two for venues, one for the page.
fn file() -> (tempfile::TempDir, String, u16) {
    let any = (Ipv4Addr::LOCALHOST, 0);
    let udp: Vec<UdpSocket> = (0..3).map(|_| UdpSocket::bind(any).unwrap()).collect();
    let tcp: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind(any).unwrap()).collect();
    let udp: Vec<u16> = udp.iter().map(|s| s.local_addr().unwrap().port()).collect();
    let tcp: Vec<u16> = tcp.iter().map(|s| s.local_addr().unwrap().port()).collect();
    let text = format!(
        r#"
runtime: {{ mode: park }}
feeds:
  - name: equities
    protocol: nasdaq_itch50
    lines: {{ a: "127.0.0.1:{}", b: "127.0.0.1:{}" }}
    retransmit: ["127.0.0.1:{}"]
    snapshot: ["127.0.0.1:{}"]
    silence_ms: 1000
  - name: crypto
    protocol: coinbase_ws
    url: "ws://127.0.0.1:{}"
    rest_url: "http://127.0.0.1:{}"
    instruments: ["BTC-USD"]
    silence_ms: 2000
publish:
  - {{ kind: websocket, listen: "127.0.0.1:{}" }}
simulate:
  - feed: equities
    seed: 7
    instruments: ["AAPL"]
    events_per_second: 500
    lines:
      a: {{ loss_per_million: 10000 }}
      b: {{ loss_per_million: 10000 }}
  - feed: crypto
    seed: 8
    events_per_second: 200
"#,
        udp[0], udp[1], udp[2], tcp[2], tcp[0], tcp[0], tcp[1]
    );
    let (folder, path) = write(&text);
    (folder, path, tcp[1])
}

/// A process that does not outlive the test.
struct Process(Child);

impl Process {
    fn start(verb: &str, path: &str) -> Process {
        let child = Command::new(env!("CARGO_BIN_EXE_waveletd"))
            .args([verb, "-c", path])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Process(child)
    }

    /// Waits for a line of the log, and reads on in the background so that the process never waits for us.
    #[track_caller]
    fn wait_for_log(&mut self, text: &str) {
        let mut lines = BufReader::new(self.0.stderr.take().unwrap()).lines();
        let found = lines.find(|line| line.as_ref().is_ok_and(|line| line.contains(text)));
        assert!(found.is_some(), "the log never says `{text}`");
        std::thread::spawn(move || lines.count());
    }

    fn signal(&self, name: &str) {
        let id = self.0.id().to_string();
        let status = Command::new("kill").args([name, &id]).status().unwrap();
        assert!(status.success());
    }

    #[track_caller]
    fn end(mut self) -> ExitStatus {
        let started = Instant::now();
        loop {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status;
            }
            assert!(started.elapsed() < PATIENCE, "it does not end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

/// A client and what it knows of every book.
struct Client {
    socket: Socket,
    states: BTreeMap<String, String>,
    /// Messages of each book since it was last asked.
    counts: BTreeMap<String, u64>,
}

impl Client {
    async fn connect(port: u16) -> Client {
        let url = format!(
            "ws://127.0.0.1:{port}/ws?channels=book_snapshot_5_0ms&instruments=AAPL,BTC-USD"
        );
        let (socket, _) = tokio_tungstenite::connect_async(url).await.unwrap();
        Client {
            socket,
            states: BTreeMap::new(),
            counts: BTreeMap::new(),
        }
    }

    /// Reads one message; `None` once the connection is closed.
    async fn read(&mut self) -> Option<()> {
        match self.socket.next().await? {
            Ok(Message::Text(text)) => {
                let message = Json::parse(text.as_str());
                if let (Some(symbol), Some(state)) = (message.find("symbol"), message.find("state"))
                {
                    let symbol = symbol.text().to_owned();
                    *self.counts.entry(symbol.clone()).or_default() += 1;
                    self.states.insert(symbol, state.text().to_owned());
                }
                Some(())
            }
            Ok(Message::Close(_)) | Err(_) => None,
            Ok(_) => Some(()),
        }
    }

    /// Reads until every book named has moved `count` times more.
    async fn until_moved(&mut self, symbols: &[&str], count: u64) {
        self.counts.clear();
        let waiting = async {
            while !symbols
                .iter()
                .all(|symbol| self.counts.get(*symbol).is_some_and(|seen| *seen >= count))
            {
                self.read().await.expect("the server is there");
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(outcome.is_ok(), "books stand still: {:?}", self.counts);
    }

    /// Reads until every book named passes `test`.
    async fn until(&mut self, what: &str, symbols: &[&str], test: impl Fn(&str) -> bool) {
        let waiting = async {
            while !symbols
                .iter()
                .all(|symbol| self.states.get(*symbol).is_some_and(|state| test(state)))
            {
                self.read().await.expect("the server is there");
            }
        };
        let outcome = tokio::time::timeout(PATIENCE, waiting).await;
        assert!(outcome.is_ok(), "{what} never: {:?}", self.states);
    }
}

#[test]
fn books_go_live_die_with_their_venues_and_come_back_and_sigterm_ends_it_well() {
    let (_folder, path, port) = file();
    let mut daemon = Process::start("run", &path);
    daemon.wait_for_log("page http");
    let mut venues = Process::start("simulate", &path);
    venues.wait_for_log("venue is open");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let both = ["AAPL", "BTC-USD"];
        let mut client = Client::connect(port).await;
        client.until("live", &both, |state| state == "live").await;
        drop(venues);
        client
            .until("not live", &both, |state| state != "live")
            .await;
        let mut venues = Process::start("simulate", &path);
        venues.wait_for_log("venue is open");
        client
            .until("live again", &both, |state| state == "live")
            .await;
        client.until_moved(&both, 20).await;
        daemon.signal("-TERM");
        let goodbye = async { while client.read().await.is_some() {} };
        let outcome = tokio::time::timeout(PATIENCE, goodbye).await;
        assert!(outcome.is_ok(), "the connection is not closed");
        assert_eq!(daemon.end().code(), Some(0));
        venues.signal("-TERM");
        assert_eq!(venues.end().code(), Some(0));
    });
}

/// An answer of the page's server.
fn http(port: u16, request: &str) -> String {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    write!(
        stream,
        "{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn an_operators_resync_rebuilds_the_books_of_a_running_daemon() {
    let (_folder, path, port) = file();
    let mut daemon = Process::start("run", &path);
    daemon.wait_for_log("page http");
    let mut venues = Process::start("simulate", &path);
    venues.wait_for_log("venue is open");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let both = ["AAPL", "BTC-USD"];
        let mut client = Client::connect(port).await;
        client.until("live", &both, |state| state == "live").await;
        let answer = http(port, "POST /api/resync?feed=nobody");
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
        for feed in ["equities", "crypto"] {
            let answer = http(port, &format!("POST /api/resync?feed={feed}"));
            assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
        }
        // The wait for a snapshot may be shorter than anybody can see; the counters tell of it.
        let done = [
            "waveletd_snapshots_applied_total{feed=\"equities\"} ",
            "waveletd_snapshots_applied_total{feed=\"crypto\"} ",
        ];
        let least = [1, 2];
        let mut metrics = String::new();
        let is_done = |metrics: &str| {
            done.iter().zip(least).all(|(name, least)| {
                let line = metrics.lines().find_map(|line| line.strip_prefix(name));
                line.is_some_and(|value| value.parse::<u64>().unwrap() >= least)
            })
        };
        let started = Instant::now();
        while !is_done(&metrics) {
            assert!(started.elapsed() < PATIENCE, "not rebuilt: {metrics}");
            client.until_moved(&both[..1], 1).await;
            metrics = http(port, "GET /metrics");
        }
        client
            .until("live again", &both, |state| state == "live")
            .await;
        client.until_moved(&both, 20).await;
        for feed in ["equities", "crypto"] {
            let line = format!("waveletd_resyncs_total{{feed=\"{feed}\",answer=\"started\"}} 1\n");
            assert!(metrics.contains(&line), "{line} is not in {metrics}");
        }
        daemon.signal("-TERM");
        venues.signal("-TERM");
        daemon.end();
        venues.end();
    });
}

/// The recording of a folder, replayed.
fn replayed(folder: &std::path::Path) -> Json {
    let files = std::fs::read_dir(folder).unwrap();
    let mut files: Vec<String> = files
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .collect();
    files.sort();
    let mut arguments: Vec<&str> = vec!["replay"];
    arguments.extend(files.iter().map(String::as_str));
    arguments.extend(["--feed", "coinbase_ws", "--format", "json"]);
    let output = waveletd(&arguments);
    let told = String::from_utf8_lossy(&output.stderr);
    // 3 where the recording breaks off inside a compressed frame: what is before it is read all the same.
    assert!(matches!(output.status.code(), Some(0 | 3)), "{told}");
    Json::parse(std::str::from_utf8(&output.stdout).unwrap())
}

#[test]
fn a_recording_survives_the_kill_of_its_process_but_for_the_last_moment() {
    let (folder, path, port) = file();
    let dir = folder.path().join("recording");
    std::fs::create_dir(&dir).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let record = format!("record: {{ dir: \"{}\" }}\n", dir.display());
    std::fs::write(&path, text + &record).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut killed_at: Vec<Duration> = Vec::new();
    // The second life leaves the files of the first one alone.
    for _ in 0..2 {
        let mut daemon = Process::start("run", &path);
        daemon.wait_for_log("page http");
        let mut venues = Process::start("simulate", &path);
        venues.wait_for_log("venue is open");
        runtime.block_on(async {
            let mut client = Client::connect(port).await;
            let crypto = ["BTC-USD"];
            client.until("live", &crypto, |state| state == "live").await;
            // Some seconds at 200 events a second.
            client.until_moved(&crypto, 400).await;
        });
        daemon.0.kill().unwrap();
        let now = std::time::SystemTime::now();
        killed_at.push(now.duration_since(std::time::UNIX_EPOCH).unwrap());
        drop((daemon, venues));
    }
    let count = std::fs::read_dir(&dir).unwrap().count();
    assert_eq!(count, 2);
    let report = replayed(&dir);
    assert!(report.get("messages").count() > 600, "{report:?}");
    assert_eq!(report.get("decode_errors").count(), 0);
    let last = report.get("instruments").list()[0].get("ts_event").count();
    let last = Duration::from_nanos(last);
    let missing = killed_at[1].saturating_sub(last);
    assert!(
        missing < Duration::from_millis(2_500),
        "{missing:?} are missing"
    );
}
