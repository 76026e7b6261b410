//! Whose clock a receive time is of.

use std::fmt;

/// Whose clock a receive time is of. Never guessed: each time carries the origin that was read for
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum TimeOrigin {
    /// The network card's, at the first bit of the frame.
    Hardware,
    /// The kernel's, when the driver handed the datagram over.
    Kernel,
    /// This process's, when it read the bytes.
    Application,
    /// The capturing machine's, as the capture file has it.
    Capture,
    /// A switch's or a tap's, from what it put behind or into the frame.
    Trailer,
    /// Nobody's: the file has no times.
    None,
}

impl TimeOrigin {
    /// Every origin; one as a number indexes this.
    pub const ALL: [TimeOrigin; 6] = [
        TimeOrigin::Hardware,
        TimeOrigin::Kernel,
        TimeOrigin::Application,
        TimeOrigin::Capture,
        TimeOrigin::Trailer,
        TimeOrigin::None,
    ];

    /// Name in logs, metrics and output.
    pub const fn as_str(self) -> &'static str {
        match self {
            TimeOrigin::Hardware => "hardware",
            TimeOrigin::Kernel => "kernel",
            TimeOrigin::Application => "application",
            TimeOrigin::Capture => "capture",
            TimeOrigin::Trailer => "trailer",
            TimeOrigin::None => "none",
        }
    }
}

impl fmt::Display for TimeOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
