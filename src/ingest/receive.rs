//! Many datagrams with one system call, each with the kernel's receive timestamp and drop count.

use nix::cmsg_space;
use nix::errno::Errno;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, MultiHeaders, recvmmsg};
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
    /// Datagrams the socket dropped since it was opened; `None` when there were none.
    pub drops_total: Option<u32>,
    /// It was longer than [`SLOT_BYTES`]; what did not fit is lost.
    pub is_truncated: bool,
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
    MultiHeaders::preallocate(DATAGRAMS_PER_CALL_MAX, Some(cmsg_space!(TimeSpec, u32)))
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
            let (mut ts_recv, mut drops_total) = (None, None);
            match message.cmsgs() {
                Ok(controls) => {
                    for control in controls {
                        match control {
                            ControlMessageOwned::ScmTimestampns(time) => {
                                ts_recv = nanoseconds(time);
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
