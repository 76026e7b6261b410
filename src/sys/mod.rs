//! Room `sys`.

pub mod wall;
pub use wall::wall_clock_ns;
