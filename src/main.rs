//! The `waveletd` program: parse, dispatch, exit code.

use clap::Parser;
use std::process::ExitCode;
use waveletd::cli::{self, CommandLine};

fn main() -> ExitCode {
    cli::run(&CommandLine::parse()).into()
}
