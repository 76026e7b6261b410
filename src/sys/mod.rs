//! Thin and safe: what the house needs of the operating system.

pub mod affinity;
pub mod clock;
pub mod socket;
pub mod wall;

pub use wall::wall_clock_ns;
