//! `waveletd certify`: puts a feed through the cases a venue would, against its bundled venue.

use super::{Exit, exit_of_write, feed_named, narrate};
use crate::simulate::certification::{CASES, Verdict};
use clap::{Args, ValueEnum};
use feeds::contract::Transport;
use std::fmt::Write as _;
use std::io::{self, Write};

/// Arguments of `certify`.
#[derive(Args, Debug)]
#[command(before_help = "Examples:
  waveletd certify --feed nasdaq_itch50
  waveletd certify --feed cme_mdp3 --seed 7
  waveletd certify --feed iex_deep10 --format json | jq '.[] | select(.verdict == \"fail\")'

Exit codes: 0 no case fails, 3 a case fails.")]
pub struct CertifyArgs {
    /// The feed to certify; `waveletd list feeds` shows their names.
    #[arg(long)]
    pub feed: String,
    /// Everything random follows from it.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How to write the table.
    #[arg(long, value_enum, default_value_t = CertifyFormat::Table)]
    pub format: CertifyFormat,
}

/// How the table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CertifyFormat {
    /// For people.
    Table,
    /// One JSON list of objects: `case demand verdict detail`.
    Json,
}

/// Tries every case and prints the table.
pub fn run(args: &CertifyArgs) -> Exit {
    let descriptor = match feed_named(&args.feed) {
        Ok(descriptor) => descriptor,
        Err(exit) => return exit,
    };
    if descriptor.transport != Transport::Datagrams {
        narrate("waveletd: only feeds of datagrams can be certified in this way.");
        return Exit::Usage;
    }
    let mut rows = Vec::with_capacity(CASES.len());
    for case in CASES {
        rows.push((case, case.run(descriptor, args.seed)));
    }
    let count = |wanted: &str| {
        rows.iter()
            .filter(|(_, verdict)| word(verdict) == wanted)
            .count()
    };
    let (passed, failed, rest) = (count("pass"), count("fail"), count("n/a"));
    let text = match args.format {
        CertifyFormat::Table => {
            let mut text = String::new();
            for (case, verdict) in &rows {
                let _ = writeln!(
                    text,
                    "{:<26} {:<5} {}",
                    case.name,
                    word(verdict),
                    detail(verdict).unwrap_or(case.demand)
                );
            }
            text
        }
        CertifyFormat::Json => {
            let rows = rows.iter().map(|(case, verdict)| {
                serde_json::json!({
                    "case": case.name,
                    "demand": case.demand,
                    "verdict": word(verdict),
                    "detail": detail(verdict),
                })
            });
            let list: Vec<_> = rows.collect();
            format!("{:#}\n", serde_json::Value::from(list))
        }
    };
    let mut out = io::stdout().lock();
    if let Err(error) = out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        return exit_of_write(&error);
    }
    narrate(&format!(
        "{}: {passed} passed, {failed} failed, {rest} not applicable",
        descriptor.name
    ));
    if failed == 0 {
        Exit::Success
    } else {
        Exit::Quality
    }
}

fn word(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "pass",
        Verdict::Fail(_) => "fail",
        Verdict::NotApplicable(_) => "n/a",
    }
}

fn detail(verdict: &Verdict) -> Option<&str> {
    match verdict {
        Verdict::Pass => None,
        Verdict::Fail(text) => Some(text),
        Verdict::NotApplicable(why) => Some(why),
    }
}
