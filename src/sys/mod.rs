//! Thin and safe: what the house needs of the operating system.

// The one room that reads the host's clocks; everything else is told the time or asks here.
#![allow(clippy::disallowed_methods)]

pub mod affinity;
pub mod clock;
pub mod origin;
#[cfg(feature = "service")]
pub mod socket;

pub use clock::unix_now_ns as wall_clock_ns;
pub use origin::TimeOrigin;
