<<<<<<< HEAD
//! Room `sys`.

pub mod wall;
=======
//! Thin and safe: what the house needs of the operating system.

pub mod affinity;
pub mod socket;
pub mod wall;

>>>>>>> w-cfg
pub use wall::wall_clock_ns;
