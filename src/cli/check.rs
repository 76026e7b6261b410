//! `waveletd check`: every fault of a configuration at once, or what it would run.

use super::Exit;
use crate::config::environment::{self, EnvironmentFault};
use crate::config::{self, Config, ConfigFaults, Reach};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};
use std::io::Write as _;
use std::path::PathBuf;

/// How the outcome is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum CheckFormat {
    /// For people: faults with their line and a caret on stderr, what would run on stdout.
    #[default]
    Table,
    /// One JSON object on stdout.
    Json,
}

/// Arguments of `check`.
#[derive(Args, Clone, Debug)]
#[command(
    about = "Check a configuration without running it",
    before_help = "Examples:\n  \
        waveletd check -c config/full.yaml\n  \
        waveletd check -c /etc/waveletd/itch.yaml --environment\n  \
        waveletd check -c config/iex_deep10.yaml --format json",
    after_help = "Exit codes: 0 it can run, 78 it cannot."
)]
pub struct CheckArgs {
    /// The YAML file
    #[arg(
        short = 'c',
        long = "config",
        value_name = "FILE",
        env = "WAVELETD_CONFIG"
    )]
    pub config: PathBuf,

    /// Also check this host: cores, interfaces, ports, groups, receive buffers
    #[arg(long)]
    pub environment: bool,

    /// How to write the outcome
    #[arg(long, value_enum, default_value_t)]
    pub format: CheckFormat,
}

/// What `check` found, and what it prints.
#[derive(Debug)]
struct Report {
    stdout: String,
    stderr: String,
    is_good: bool,
}

/// Checks and prints. [`Exit::Success`] when the daemon could run the file, otherwise [`Exit::Configuration`].
pub fn run(args: &CheckArgs) -> Exit {
    let report = report(args);
    // A reader that went away wants no more of it.
    let _ = std::io::stdout().write_all(report.stdout.as_bytes());
    let _ = std::io::stderr().write_all(report.stderr.as_bytes());
    if report.is_good {
        Exit::Success
    } else {
        Exit::Configuration
    }
}

fn report(args: &CheckArgs) -> Report {
    let loaded = config::load(&args.config);
    let lacks = match &loaded {
        Ok(config) if args.environment => environment::check(config),
        _ => Vec::new(),
    };
    let is_good = loaded.is_ok() && !lacks.iter().any(|lack| lack.is_fatal);
    let file = args.config.display().to_string();
    let (stdout, stderr) = match args.format {
        CheckFormat::Table => table(&file, &loaded, &lacks),
        CheckFormat::Json => (json_text(&file, &loaded, &lacks, is_good), String::new()),
    };
    Report {
        stdout,
        stderr,
        is_good,
    }
}

fn table(
    file: &str,
    loaded: &Result<Config, ConfigFaults>,
    lacks: &[EnvironmentFault],
) -> (String, String) {
    match loaded {
        Err(faults) => {
            let count = faults.faults.len();
            let plural = if count == 1 { "fault" } else { "faults" };
            (
                String::new(),
                format!("{}{file}: {count} {plural}\n", faults.render()),
            )
        }
        Ok(config) => {
            let lines = lacks
                .iter()
                .map(|lack| format!("{file}: {lack}\n"))
                .collect();
            (config.summary(), lines)
        }
    }
}

fn json_text(
    file: &str,
    loaded: &Result<Config, ConfigFaults>,
    lacks: &[EnvironmentFault],
    is_good: bool,
) -> String {
    let faults: Vec<Value> = match loaded {
        Ok(_) => Vec::new(),
        Err(told) => told.faults.iter().map(fault_json).collect(),
    };
    let lacks: Vec<Value> = lacks
        .iter()
        .map(|lack| {
            json!({
                "path": lack.path, "why": lack.why, "remedy": lack.remedy, "fatal": lack.is_fatal,
            })
        })
        .collect();
    let feeds: Vec<Value> = match loaded {
        Ok(config) => config.feeds.iter().map(feed_json).collect(),
        Err(_) => Vec::new(),
    };
    let report = json!({
        "file": file, "ok": is_good, "faults": faults, "environment": lacks, "feeds": feeds,
    });
    format!("{report}\n")
}

fn fault_json(fault: &config::Fault) -> Value {
    json!({
        "line": fault.at.line,
        "column": fault.at.column,
        "path": fault.path,
        "why": fault.why,
        "remedy": fault.remedy,
    })
}

fn feed_json(feed: &config::FeedConfig) -> Value {
    let sources: Vec<String> = match &feed.reach {
        Reach::Datagrams {
            lines, delivery, ..
        } => {
            let sources = lines.addresses.iter().chain(delivery);
            sources.map(ToString::to_string).collect()
        }
        Reach::WebSocket { url, .. } => vec![url.clone()],
    };
    json!({
        "name": feed.name,
        "protocol": feed.descriptor.name,
        "sources": sources,
        "instruments": feed.instruments.symbols(),
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        check: CheckArgs,
    }

    /// The report on a file that holds `text`.
    fn report_on(text: &str, more: &[&str]) -> Report {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        let mut words = vec!["check", "-c", file.path().to_str().unwrap()];
        words.extend(more);
        report(
            &Line::try_parse_from(words)
                .unwrap_or_else(|error| panic!("{error}"))
                .check,
        )
    }

    const GOOD: &str = "feeds: [{name: cb, protocol: coinbase_ws, url: \"wss://x\"}]\n";

    #[test]
    fn faults_stand_on_stderr_with_their_line_and_a_caret() {
        let report = report_on("feeds:\n  - { name: a b, protocol: iex_deep1 }\n", &[]);
        assert!(!report.is_good && report.stdout.is_empty());
        assert!(
            report
                .stderr
                .contains(":2:13: feeds[0].name: `a b` cannot be a name (")
        );
        assert!(
            report
                .stderr
                .contains("     2 |   - { name: a b, protocol: iex_deep1 }\n")
        );
        assert!(report.stderr.contains("       |             ^\n"));
        assert!(report.stderr.contains("did you mean `iex_deep10`?"));
        assert!(report.stderr.ends_with(": 2 faults\n"));
    }

    #[test]
    fn a_good_file_tells_on_stdout_what_would_run() {
        let report = report_on(GOOD, &["--environment"]);
        assert!(report.is_good && report.stderr.is_empty());
        assert!(
            report
                .stdout
                .contains("feed     cb: coinbase_ws, wss://x, all instruments")
        );
    }

    #[test]
    fn json_is_one_object_either_way() {
        let good: Value =
            serde_json::from_str(&report_on(GOOD, &["--format", "json"]).stdout).unwrap();
        assert_eq!(
            (&good["ok"], &good["feeds"][0]["name"]),
            (&json!(true), &json!("cb"))
        );
        let bad: Value =
            serde_json::from_str(&report_on("a: 1", &["--format", "json"]).stdout).unwrap();
        assert_eq!(bad["ok"], json!(false));
        assert_eq!(bad["faults"].as_array().unwrap().len(), 2);
        assert_eq!(bad["faults"][0]["line"], json!(1));
    }

    #[test]
    fn what_the_host_lacks_fails_the_check_only_when_asked() {
        let text = format!("{GOOD}runtime: {{ core: 1023 }}\n");
        assert!(report_on(&text, &[]).is_good);
        let report = report_on(&text, &["--environment"]);
        assert!(!report.is_good && report.stderr.contains("runtime.core: this process may not"));
    }

    #[test]
    fn a_file_that_is_not_there_is_one_fault() {
        let args = Line::try_parse_from(["check", "-c", "/nowhere/x.yaml"])
            .unwrap_or_else(|e| panic!("{e}"));
        let report = report(&args.check);
        assert!(!report.is_good);
        assert!(
            report
                .stderr
                .starts_with("/nowhere/x.yaml:1:1: file: cannot be read: ")
        );
    }
}
