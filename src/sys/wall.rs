//! The wall clock, for packets that carry no receive timestamp of the kernel.

use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since the Unix epoch, UTC, by this host's clock; 0 on a host whose clock is before 1970.
pub fn wall_clock_ns() -> u64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        // 2^64 ns last until the year 2554.
        Ok(since) => u64::try_from(since.as_nanos()).unwrap_or(u64::MAX),
        Err(_) => 0,
    }
}
