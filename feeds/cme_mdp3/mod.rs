//! CME
#[rustfmt::skip]
pub mod generated;
