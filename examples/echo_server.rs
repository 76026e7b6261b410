//! A server on a graph: each peer sends a number a line and gets back what is known of its numbers
//! so far.
//!
//! ```text
//! $ cargo run --no-default-features --example echo_server 127.0.0.1:7007
//! $ nc 127.0.0.1 7007
//! 3
//! count 1 mean 3 min 3 max 3
//! 5
//! count 2 mean 4 min 3 max 5
//! five
//! not a number
//! ```
//!
//! ```text
//!  listener ──► log                       one of each
//!
//!  connection ──► summary ──► reply       one of each for every peer, gone with the peer
//!      ▲                        │
//!      └────────────────────────┘ sender
//! ```
//!
//! Three things to see here. The server's factory builds a subgraph for a peer, and never takes it
//! down: it goes with the connection. `summary` knows no sockets, so it could stand below a file or
//! a test as well. And nothing here is without a bound: a line has 2,048 bytes, a peer that is
//! silent for a minute is let go, one that does not read is closed, the hundred-and-first is turned
//! away.

use std::fmt::Write;
use std::net::SocketAddr;
use std::time::Duration;

use waveletd::runtime::net::{
    ConnectionLimits, ConnectionState, Event, Framing, Server, TcpConnection, TcpSender, WhenFull,
};
use waveletd::runtime::{Control, ExecutionMode, Executor, Node, NodeBuilder, RealtimeRuntime};

/// What is known of a peer's numbers, and the answers of this cycle.
#[derive(Default)]
struct Summary {
    count: u32,
    sum: f64,
    min: f64,
    max: f64,
    answers: Vec<String>,
}

impl Summary {
    /// Takes a line and writes its answer.
    fn take(&mut self, line: &[u8]) {
        let number = str::from_utf8(line).ok();
        let mut answer = String::new();
        let written = match number.and_then(|text| text.trim().parse::<f64>().ok()) {
            Some(number) => {
                let first = self.count == 0;
                self.count = self.count.saturating_add(1);
                self.sum += number;
                self.min = if first { number } else { self.min.min(number) };
                self.max = if first { number } else { self.max.max(number) };
                let mean = self.sum / f64::from(self.count);
                let (count, min, max) = (self.count, self.min, self.max);
                write!(answer, "count {count} mean {mean} min {min} max {max}")
            }
            None => write!(answer, "not a number"),
        };
        written.expect("writing to a string does not fail");
        self.answers.push(answer);
    }
}

/// Builds what stands on one connection.
fn serve(
    executor: &mut Executor,
    connection: &Node<TcpConnection>,
    sender: TcpSender,
    peer: SocketAddr,
) {
    let lines = connection.clone();
    let summary = NodeBuilder::new(Summary::default())
        .named("summary")
        .triggered_by(connection)
        .build(executor, move |summary, _| {
            summary.answers.clear();
            for event in lines.borrow().events() {
                match event {
                    Event::Frame(line) => summary.take(line),
                    Event::State(ConnectionState::Closed(reason)) => println!("{peer}: {reason}"),
                    Event::State(_) => {}
                }
            }
            Control::from(!summary.answers.is_empty())
        });
    let answers = summary.clone();
    NodeBuilder::new(())
        .named("reply")
        .triggered_by(&summary)
        .spawn(executor, move |(), ctx| {
            for answer in &answers.borrow().answers {
                if let Err(refused) = sender.send(ctx, answer.as_bytes()) {
                    eprintln!("{peer}: {refused}");
                }
            }
            Control::Unchanged
        });
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let address = std::env::args().nth(1);
    let address = address.as_deref().unwrap_or("127.0.0.1:7007").parse()?;
    let limits = ConnectionLimits {
        idle_timeout: Some(Duration::from_secs(60)),
        when_full: WhenFull::Close,
        ..ConnectionLimits::default()
    };
    let mut runtime = RealtimeRuntime::new(ExecutionMode::Park);
    runtime.enable_graceful_shutdown()?;
    let (listener, _) = Server::tcp(address, Framing::Lines { bytes_max: 2048 })
        .limits(limits)
        .connections_max(100)
        .listen(runtime.executor(), serve)?;
    println!("listening on {}", listener.borrow().address());
    let heard = listener.clone();
    let _log = NodeBuilder::new(())
        .named("log")
        .triggered_by(&listener)
        .build(runtime.executor(), move |_, _| {
            let listener = heard.borrow();
            let (count, counts) = (listener.connection_count(), listener.counts());
            println!("{count} connected, {} turned away", counts.turned_away);
            Control::Unchanged
        });
    runtime.run_forever()?;
    Ok(())
}
