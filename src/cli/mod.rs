//! The command line: one file a verb. stdout is data, stderr is narration.

pub mod certify;
pub mod check;
mod fields;
pub mod inspect;
pub mod list;
pub mod replay;
pub mod run;

use crate::replay::{Capture, TrailerCounters, TrailerForm};
use clap::{Parser, Subcommand, ValueEnum};
use feeds::contract::Descriptor;
use std::io::{self, Write};
use std::process::ExitCode;

/// How a run ended. The numbers are stable: scripts and checks use them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// All went well.
    Success = 0,
    /// Something failed while running, or the host lacks what the configuration asks for.
    Failure = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// It ran, but the data has faults: a gap, a capture that broke off.
    Quality = 3,
    /// The configuration has faults.
    Configuration = 78,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

/// How data is written to stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Table,
    /// One JSON document.
    Json,
    /// One JSON object a line.
    Jsonl,
    /// Comma-separated values with a header.
    Csv,
}

/// Whose receive times a capture is read with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Timestamps {
    /// The capturing machine's.
    #[default]
    Capture,
    /// Trailers of Metamako and Arista 7130.
    Metamako,
    /// Trailers of Exablaze and Cisco Nexus 3550.
    Exablaze,
    /// The header of Arista 7280 and 7500.
    Arista,
}

impl Timestamps {
    /// `capture`, read with these times.
    fn of(self, capture: Capture) -> Capture {
        match self {
            Timestamps::Capture => capture,
            Timestamps::Metamako => capture.with_trailers(TrailerForm::Metamako),
            Timestamps::Exablaze => capture.with_trailers(TrailerForm::Exablaze),
            Timestamps::Arista => capture.with_trailers(TrailerForm::Arista),
        }
    }
}

/// Says which packets have the time of a trailer, and which have not and why; nothing where none
/// was read.
fn trailers_told(counters: &TrailerCounters) -> Option<String> {
    let TrailerCounters {
        read,
        degraded,
        absent,
        implausible,
    } = *counters;
    (read + absent + implausible > 0).then(|| {
        format!(
            "receive times: {read} of trailers ({degraded} called degraded by the device), {} of the capture ({absent} \
             without a trailer, {implausible} with an implausible one)",
            absent + implausible
        )
    })
}

/// Market-data feed handler: exchange feeds in, trusted order books and signals out.
#[derive(Debug, Parser)]
#[command(name = "waveletd", version, max_term_width = 100)]
pub struct CommandLine {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Offline tour: simulated venues, the daemon and its page, in one process.
    Demo(run::DemoArgs),
    /// Run the daemon.
    Run(run::RunArgs),
    /// Check a configuration without running it.
    Check(check::CheckArgs),
    /// Show every venue message (or tick) of a capture, one a line.
    Inspect(inspect::InspectArgs),
    /// Replay captures through the live path and report books, counts and gaps.
    Replay(replay::ReplayArgs),
    /// Put a feed through the cases a venue would, against its bundled venue.
    Certify(certify::CertifyArgs),
    /// Run the simulated venues alone.
    Simulate(run::SimulateArgs),
    /// List what this build can speak, compute and publish.
    List(list::ListArgs),
}

/// Carries out what the command line asks for.
pub fn run(line: &CommandLine) -> Exit {
    match &line.verb {
        Verb::Demo(args) => run::demo(args),
        Verb::Run(args) => run::run(args),
        Verb::Simulate(args) => run::simulate(args),
        Verb::Certify(args) => certify::run(args),
        Verb::Check(args) => check::run(args),
        Verb::Inspect(args) => inspect::run(args),
        Verb::Replay(args) => replay::run(args),
        Verb::List(args) => list::run(args, &signals(), &sinks()),
    }
}

/// What `list signals` shows.
fn signals() -> Vec<list::Named<'static>> {
    crate::signals::SIGNALS
        .iter()
        .map(|signal| list::Named {
            name: signal.name,
            title: signal.help,
        })
        .collect()
}

/// What `list sinks` shows.
fn sinks() -> Vec<list::Named<'static>> {
    vec![
        list::Named {
            name: "websocket",
            title: "WebSocket and HTTP server: books, trades, signals and bars as JSON, a page, /metrics, /readyz",
        },
        list::Named {
            name: "table",
            title: "live table on the terminal",
        },
    ]
}

/// Says something to the person at the terminal; nobody listening is no reason to stop.
pub fn narrate(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// The feed called `name`; otherwise says so, with the nearest name there is.
///
/// # Errors
/// [`Exit::Usage`], after the narration.
pub fn feed_named(name: &str) -> Result<&'static Descriptor, Exit> {
    feeds::feed_or_file_form(name).ok_or_else(|| {
        let known = feeds::REGISTRY.iter().chain(feeds::FILE_FORMS);
        let hint = nearest(name, known.map(|feed| feed.name))
            .map(|near| format!(" Did you mean `{near}`?"))
            .unwrap_or_default();
        narrate(&format!(
            "waveletd: there is no feed `{name}`.{hint} `waveletd list feeds` shows all of them."
        ));
        Exit::Usage
    })
}

/// The name most like `name`, if any is like it at all.
pub fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let name = name.to_ascii_lowercase();
    known
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}

/// What a failed write to stdout means: a reader that went away has seen enough.
pub fn exit_of_write(error: &io::Error) -> Exit {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return Exit::Success;
    }
    narrate(&format!("waveletd: writing to stdout: {error}"));
    Exit::Failure
}
