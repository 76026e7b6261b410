//! The sequencer: one sentence a transition, and a loss-free oracle over many seeds.
#![allow(clippy::unwrap_used)]

mod oracle;
mod sbe;
mod transitions;
