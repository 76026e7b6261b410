//! `waveletd run`, `demo` and `simulate`: the daemon, the venues, and both together.

use super::{Exit, narrate};
use crate::config::{self, Config, PublishConfig};
use crate::daemon::venues::Venues;
use crate::daemon::{Daemon, StartError};
use crate::publish::table::{Style, Table};
use clap::Args;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tracing::info;
use tracing_subscriber::EnvFilter;

/// Arguments of `run`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  waveletd run -c /etc/waveletd/waveletd.yaml
  waveletd run -c config/demo.yaml --table
  RUST_LOG=waveletd=debug waveletd run -c config/coinbase_ws.yaml

Stops on SIGTERM and SIGINT: ingest first, then the graph drains, then subscribers are told. Exit codes: 0 stopped as asked, 1 failed while
running or lacking what the host should have (a taken port, a missing interface), 78 the configuration cannot be used.")]
pub struct RunArgs {
    /// The YAML file.
    #[arg(short, long, value_name = "FILE", env = "WAVELETD_CONFIG")]
    pub config: PathBuf,
    /// Draw the live table on stdout even if the configuration does not ask for it.
    #[arg(long)]
    pub table: bool,
    /// Write the log as JSON lines.
    #[arg(long)]
    pub log_json: bool,
}

/// Arguments of `simulate`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  waveletd simulate -c config/demo.yaml
  waveletd simulate -c my.yaml &  waveletd run -c my.yaml

Runs the venues of the file's `simulate:` section at the addresses its feeds listen on.")]
pub struct SimulateArgs {
    /// The YAML file.
    #[arg(short, long, value_name = "FILE", env = "WAVELETD_CONFIG")]
    pub config: PathBuf,
}

/// Arguments of `demo`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  waveletd demo
  waveletd demo --seconds 10

Offline: simulated venues with loss, duplicates and reordering, the daemon that listens to them, and a page that shows the books.")]
pub struct DemoArgs {
    /// Stop after so many seconds instead of running until interrupted.
    #[arg(long, value_name = "N")]
    pub seconds: Option<u64>,
    /// Port of the page and the WebSocket; 0 takes any.
    #[arg(long, default_value_t = 9001)]
    pub port: u16,
}

/// The demo's file, in the program so that it needs nothing beside itself.
const DEMO: &str = include_str!("../../config/demo.yaml");
/// How often the main thread looks at signals, threads and the table.
const TURN: Duration = Duration::from_millis(50);

/// Runs the daemon until asked to stop.
pub fn run(args: &RunArgs) -> Exit {
    let config = match load(&args.config) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    let wants_table = args.table || config.publish.contains(&PublishConfig::Table);
    log(args.log_json, wants_table);
    // Every fault is named before it stops, so that one attempt shows the whole list.
    let faults = config::environment::check(&config);
    for fault in faults.iter().filter(|fault| fault.is_fatal) {
        narrate(&format!("waveletd: {}: {fault}", args.config.display()));
    }
    if faults.iter().any(|fault| fault.is_fatal) {
        // What a host lacks may come with time, unlike a mended file: worth another try, so not 78.
        return Exit::Failure;
    }
    serve(&config, None, wants_table, None)
}

/// Runs the venues until asked to stop.
pub fn simulate(args: &SimulateArgs) -> Exit {
    let config = match load(&args.config) {
        Ok(config) => config,
        Err(exit) => return exit,
    };
    log(false, false);
    if config.simulate.is_empty() {
        narrate(&format!(
            "waveletd: {}: no `simulate:` section, so there is no venue to run (config/demo.yaml has one)",
            args.config.display()
        ));
        return Exit::Configuration;
    }
    let Some(stop) = stop_flag() else {
        return Exit::Failure;
    };
    let venues = match Venues::start(&config) {
        Ok(venues) => venues,
        Err(error) => {
            narrate(&format!("waveletd: {error}"));
            return Exit::Failure;
        }
    };
    for plan in &config.simulate {
        let feed = &config.feeds[plan.feed];
        info!(
            feed = feed.name,
            events_per_second = plan.events_per_second,
            "venue is open"
        );
    }
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(TURN);
    }
    for (feed, events) in venues.events() {
        info!(feed, events, "venue closes");
    }
    Exit::Success
}

/// Runs venues and daemon in one process.
pub fn demo(args: &DemoArgs) -> Exit {
    let mut config = match config::parse("config/demo.yaml", DEMO) {
        Ok(config) => config,
        Err(faults) => {
            narrate(&faults.render());
            return Exit::Configuration;
        }
    };
    for publish in &mut config.publish {
        if let PublishConfig::WebSocket(publish) = publish {
            publish.listen.set_port(args.port);
        }
    }
    log(false, true);
    let venues = match Venues::start(&config) {
        Ok(venues) => venues,
        Err(error) => {
            narrate(&format!("waveletd: {error}"));
            return Exit::Failure;
        }
    };
    serve(
        &config,
        Some(venues),
        true,
        args.seconds.map(Duration::from_secs),
    )
}

fn load(path: &Path) -> Result<Config, Exit> {
    config::load(path).map_err(|faults| {
        narrate(&faults.render());
        Exit::Configuration
    })
}

/// The log goes to stderr: one line an edge, never one a message.
///
/// Under a table that is drawn in place only errors are shown, so that lines do not break it; `RUST_LOG` says otherwise.
fn log(json: bool, under_table: bool) {
    let level = if under_table && io::stdout().is_terminal() && io::stderr().is_terminal() {
        "error"
    } else {
        "info"
    };
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt()
        .with_writer(io::stderr)
        .with_env_filter(filter);
    // A second call in one process keeps the first log.
    let _ = if json {
        builder.json().try_init()
    } else {
        builder.with_ansi(io::stderr().is_terminal()).try_init()
    };
}

fn stop_flag() -> Option<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM] {
        if let Err(error) = signal_hook::flag::register(signal, Arc::clone(&stop)) {
            narrate(&format!("waveletd: signals cannot be watched: {error}"));
            return None;
        }
    }
    Some(stop)
}

fn serve(
    config: &Config,
    venues: Option<Venues>,
    wants_table: bool,
    limit: Option<Duration>,
) -> Exit {
    let Some(stop) = stop_flag() else {
        return Exit::Failure;
    };
    let daemon = match Daemon::start(config) {
        Ok(daemon) => daemon,
        Err(error @ StartError::Settings { .. }) => {
            narrate(&format!("waveletd: {error}"));
            return Exit::Configuration;
        }
        Err(error) => {
            narrate(&format!("waveletd: {error}"));
            return Exit::Failure;
        }
    };
    for address in daemon.addresses() {
        narrate(&format!(
            "waveletd: page http://{address}/  WebSocket ws://{address}/ws"
        ));
    }
    let mut table = wants_table.then(|| Table::new(Style::of_stdout()));
    let view = daemon.view();
    let started = crate::sys::clock::AnchoredClock::new();
    let began = started.now_ns();
    let mut is_healthy = true;
    while !stop.load(Ordering::Relaxed) {
        std::thread::sleep(TURN);
        if let (Some(table), Some(view)) = (&mut table, &view) {
            let drawn = table.draw(
                &mut io::stdout().lock(),
                view,
                crate::sys::clock::instant_now(),
            );
            if drawn.and_then(|()| io::stdout().flush()).is_err() {
                // Nobody reads the table; the daemon goes on without it.
                narrate("waveletd: the table has no reader any more");
                return finish(daemon, venues, true);
            }
        }
        let elapsed = Duration::from_nanos(started.now_ns().saturating_sub(began));
        if limit.is_some_and(|limit| elapsed >= limit) {
            break;
        }
        if !daemon.is_healthy() {
            is_healthy = false;
            break;
        }
    }
    finish(daemon, venues, is_healthy)
}

fn finish(daemon: Daemon, venues: Option<Venues>, is_healthy: bool) -> Exit {
    info!("stopping");
    let is_clean = daemon.stop();
    drop(venues);
    if is_clean && is_healthy {
        info!("stopped");
        Exit::Success
    } else {
        narrate("waveletd: stopped after a failure (see the log above)");
        Exit::Failure
    }
}
