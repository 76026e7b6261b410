//! Misuse of the runtime that the compiler refuses, with its words.
//!
//! The words are those of the toolchain in `rust-toolchain.toml`; with another one the test says
//! that it is skipped. `TRYBUILD=overwrite` writes them anew.

/// The toolchain of the words.
const TOOLCHAIN: &str = "1.95";

#[test]
fn the_compiler_refuses_each_misuse() {
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".into());
    let version = std::process::Command::new(rustc).arg("--version").output();
    let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    if !version.is_ok_and(|version| version.starts_with(&format!("rustc {TOOLCHAIN}."))) {
        eprintln!("skipped: not the toolchain {TOOLCHAIN}");
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/misuse/*.rs");
}
