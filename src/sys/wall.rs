//! The wall clock.

/// Nanoseconds since the Unix epoch, UTC, by this host's clock; 0 when the clock is before the epoch.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room where clocks are read"
)]
pub fn wall_clock_ns() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |elapsed| elapsed.as_nanos() as u64)
}
