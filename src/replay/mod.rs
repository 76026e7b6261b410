//! Captures as input: readers for every form, and the pace at which they are given.
//!
//! [`Capture`] opens a path and gives [`Record`]s; [`Pacer`] waits until a record's time has come. Who turns records
//! into ticks is not decided here.

pub mod capture;
pub mod driver;
pub mod link;
mod mapped;
pub mod moment;
pub mod pace;
mod pcap;
mod pcapng;
mod session;
#[cfg(test)]
mod tests;
mod text;
pub mod trailer;
mod window;

pub use capture::{Broken, Capture, CaptureCounters, CaptureForm, OpenError, Record, What};
pub use link::Skip;
pub use moment::parse_moment;
pub use pace::{Pacer, ScheduleError, Speed};
pub use trailer::{TrailerCounters, TrailerForm};
