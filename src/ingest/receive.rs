//! Many datagrams with one system call, each with the kernel's receive timestamp and drop count.

use crate::sys::TimeOrigin;
use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, MultiHeaders, Timestamps, recvmmsg};
use nix::sys::time::TimeSpec;
use std::io::IoSliceMut;
use std::os::fd::RawFd;

/// Most datagrams of one call.
pub const DATAGRAMS_PER_CALL_MAX: usize = 64;
/// Room for one datagram: a jumbo frame of 9,000 bytes, rounded up to whole cache lines.
pub const SLOT_BYTES: usize = 9_216;

const _: () = assert!(SLOT_BYTES.is_multiple_of(64) && SLOT_BYTES >= 9_000);

/// One datagram.
#[derive(Clone, Copy, Debug)]
pub struct Datagram<'b> {
    /// Payload.
    pub bytes: &'b [u8],
    /// When the kernel received it, in ns since the Unix epoch; `None` when it did not say.
    pub ts_recv: Option<u64>,
    /// When the network card received it, by its own clock, in ns since that clock's epoch; `None`
    /// when it did not say, or was not asked.
    pub ts_hardware: Option<u64>,
    /// Datagrams the socket dropped since it was opened; `None` when there were none.
    pub drops_total: Option<u32>,
    /// It was longer than [`SLOT_BYTES`]; what did not fit is lost.
    pub is_truncated: bool,
}

/// The time of an arrival.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// In ns since the Unix epoch.
    pub at: u64,
    /// Whose clock said so.
    pub origin: TimeOrigin,
    /// There was a time of the card, too far from the kernel's to be believed.
    pub is_refused: bool,
}

/// How far the card's clock may be from the kernel's. One that is disciplined is within
/// microseconds; one that runs on TAI is 37 s off, one that nobody set is years off.
pub const HARDWARE_DISTANCE_NS_MAX: u64 = 1_000_000_000;

impl Datagram<'_> {
    /// When it came: by the card where its time can be true, else by the kernel, else by `now`, the
    /// clock of this process.
    pub fn arrival(&self, now: impl FnOnce() -> u64) -> Arrival {
        let (software, origin) = match self.ts_recv {
            Some(kernel) => (kernel, TimeOrigin::Kernel),
            None => (now(), TimeOrigin::Application),
        };
        match self.ts_hardware {
            Some(at) if at.abs_diff(software) <= HARDWARE_DISTANCE_NS_MAX => Arrival {
                at,
                origin: TimeOrigin::Hardware,
                is_refused: false,
            },
            refused => Arrival {
                at: software,
                origin,
                is_refused: refused.is_some(),
            },
        }
    }
}

/// Memory that datagrams are received into. One serves many sockets, one call at a time.
#[derive(Debug)]
pub struct Slots {
    bytes: Box<[u8]>,
}

impl Default for Slots {
    fn default() -> Slots {
        Slots {
            bytes: vec![0; SLOT_BYTES * DATAGRAMS_PER_CALL_MAX].into_boxed_slice(),
        }
    }
}

/// Headers of the calls of one socket. Not `Send`: made on the thread that receives.
pub struct Headers {
    headers: MultiHeaders<()>,
    /// A control message found no room in the last call.
    is_short: bool,
}

impl Default for Headers {
    fn default() -> Headers {
        Headers {
            headers: preallocate(),
            is_short: false,
        }
    }
}

fn preallocate() -> MultiHeaders<()> {
    MultiHeaders::preallocate(
        DATAGRAMS_PER_CALL_MAX,
        Some(cmsg_space!(TimeSpec, Timestamps, u32)),
    )
}

impl Headers {
    /// Receives what is there, at most [`DATAGRAMS_PER_CALL_MAX`], and hands each to `each`. Never waits.
    ///
    /// # Errors
    /// What the kernel said; `EAGAIN` when nothing is there.
    pub fn receive(
        &mut self,
        socket: RawFd,
        slots: &mut Slots,
        mut each: impl FnMut(Datagram<'_>),
    ) -> Result<usize, Errno> {
        // The kernel writes the length of a slot's control messages over the room there was, and the headers keep that: once
        // a datagram came without a drop count, its slot has no room for one. The count only begins with the first drop, so
        // this happens once a slot and is mended here.
        if std::mem::take(&mut self.is_short) {
            self.headers = preallocate();
        }
        let mut rooms = slots.bytes.chunks_exact_mut(SLOT_BYTES);
        let mut vectors: [[IoSliceMut<'_>; 1]; DATAGRAMS_PER_CALL_MAX] =
            std::array::from_fn(|_| [IoSliceMut::new(rooms.next().unwrap_or_default())]);
        let mut count = 0;
        let mut is_short = false;
        let messages = recvmmsg(
            socket,
            &mut self.headers,
            vectors.iter_mut(),
            MsgFlags::MSG_DONTWAIT,
            None,
        )?;
        for message in messages {
            let (mut ts_recv, mut ts_hardware, mut drops_total) = (None, None, None);
            match message.cmsgs() {
                Ok(controls) => {
                    for control in controls {
                        match control {
                            ControlMessageOwned::ScmTimestampns(time) => {
                                ts_recv = nanoseconds(time);
                            }
                            ControlMessageOwned::ScmTimestampsns(times) => {
                                // Zero says that the card gave none.
                                ts_hardware = nanoseconds(times.hw_raw).filter(|at| *at > 0);
                            }
                            ControlMessageOwned::RxqOvfl(drops) => drops_total = Some(drops),
                            _ => {}
                        }
                    }
                }
                Err(_) => is_short = true,
            }
            each(Datagram {
                bytes: message.iovs().next().unwrap_or_default(),
                ts_recv,
                ts_hardware,
                drops_total,
                is_truncated: message.flags.contains(MsgFlags::MSG_TRUNC),
            });
            count += 1;
        }
        self.is_short = is_short;
        Ok(count)
    }
}

fn nanoseconds(time: TimeSpec) -> Option<u64> {
    let seconds = u64::try_from(time.tv_sec()).ok()?;
    let nanoseconds = u64::try_from(time.tv_nsec()).ok()?;
    seconds.checked_mul(1_000_000_000)?.checked_add(nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_700_000_000_000_000_000;

    #[track_caller]
    fn check(kernel: Option<u64>, hardware: Option<u64>, expected: (u64, TimeOrigin, bool)) {
        let datagram = Datagram {
            bytes: b"",
            ts_recv: kernel,
            ts_hardware: hardware,
            drops_total: None,
            is_truncated: false,
        };
        let arrival = datagram.arrival(|| NOW);
        let told = (arrival.at, arrival.origin, arrival.is_refused);
        assert_eq!(told, expected);
    }

    #[test]
    fn the_card_is_believed_before_the_kernel_and_the_kernel_before_this_process() {
        check(None, None, (NOW, TimeOrigin::Application, false));
        check(Some(NOW - 5), None, (NOW - 5, TimeOrigin::Kernel, false));
        let card = (NOW - 900, TimeOrigin::Hardware, false);
        check(Some(NOW - 5), Some(NOW - 900), card);
        check(None, Some(NOW - 900), card);
    }

    #[test]
    fn a_card_whose_clock_was_never_set_is_not_believed() {
        let kernel = (NOW - 5, TimeOrigin::Kernel, true);
        check(Some(NOW - 5), Some(12_345_678), kernel);
        // International atomic time.
        check(Some(NOW - 5), Some(NOW + 37_000_000_000), kernel);
        check(None, Some(u64::MAX), (NOW, TimeOrigin::Application, true));
    }
}
