//! Room `sys`.

pub mod clock;
