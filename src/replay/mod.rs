//! Captures as input: readers for every form.
//!
//! [`Capture`] opens a path and gives [`Record`]s. Who turns records
//! into ticks is not decided here.

pub mod capture;
pub mod link;
mod pcap;
mod pcapng;
mod session;
mod text;
mod window;

pub use capture::{Broken, Capture, CaptureCounters, CaptureForm, OpenError, Record, What};
pub use link::Skip;
