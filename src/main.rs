//! The `waveletd` program: parse, dispatch, exit code.

fn main() {}
