//! Makes the views of every SBE room from its schema.
//!
//! ```text
//! cargo run -p waveletd-feeds --example sbe_views
//! ```
//!
//! For every folder of this crate with a `schema.xml` it writes `generated.rs` beside it. A test holds the two together.

#![allow(clippy::disallowed_methods, clippy::disallowed_macros)]

use std::path::Path;
use std::process::ExitCode;

mod generator;
mod schemas;

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    for schema in schemas::schemas(folder) {
        let written = std::fs::read_to_string(&schema)
            .map_err(|error| error.to_string())
            .and_then(|text| generator::generate(&text))
            .and_then(|views| {
                let path = schema.with_file_name("generated.rs");
                std::fs::write(path, views).map_err(|error| error.to_string())
            });
        match written {
            Ok(()) => println!("{}", schema.display()),
            Err(why) => {
                eprintln!("{}: {why}", schema.display());
                return ExitCode::FAILURE;
            }
        }
    }
    ExitCode::SUCCESS
}
