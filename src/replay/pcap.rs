//! Classic pcap: microseconds and nanoseconds, either byte order.
//!
//! Source: draft-ietf-opsawg-pcap, §4 "General File Structure" and §5 "Packet Record".

use super::link::{Datagram, LinkType, Skip, plain_datagram};
use super::window::Window;
use std::ops::Range;

/// Bytes of a packet that are kept at most. A UDP packet has 65,535 and a link header; jumbo frames of loopbacks and
/// cooked captures stay below it too. Whatever claims more is never believed with memory.
pub(super) const PACKET_BYTES_MAX: usize = 256 << 10;

/// What a reader of packets came upon.
pub(super) enum Step {
    /// A frame.
    Frame {
        /// Nanoseconds since the Unix epoch; all bits set when the file does not say.
        ts_recv: u64,
        /// How it is wrapped.
        link: LinkType,
        /// Where it is in the window.
        place: Range<usize>,
        /// Whether the capture kept all of it.
        is_whole: bool,
    },
    /// A packet that is left out.
    Skipped(Skip),
    /// Something that is no packet.
    Nothing,
    /// The end of the file.
    End,
    /// The file ends or goes wrong at this offset.
    Broken {
        /// In the (decompressed) file.
        offset: u64,
        /// In words.
        why: String,
    },
}

const FILE_HEADER_BYTES: usize = 24;
const RECORD_HEADER_BYTES: usize = 16;

/// Reader of one file.
pub(super) struct Pcap {
    is_big_endian: bool,
    ns_per_unit: u64,
    link: LinkType,
    has_header: bool,
    /// Little endian, Ethernet, header read: [`Pcap::plain`] may look.
    is_plain: bool,
}

impl Pcap {
    /// A reader, when the file's first bytes say that it is one of these.
    pub(super) fn recognise(prefix: &[u8]) -> Option<Pcap> {
        let (is_big_endian, ns_per_unit) = match prefix.first_chunk::<4>()? {
            [0xd4, 0xc3, 0xb2, 0xa1] => (false, 1_000),
            [0xa1, 0xb2, 0xc3, 0xd4] => (true, 1_000),
            [0x4d, 0x3c, 0xb2, 0xa1] => (false, 1),
            [0xa1, 0xb2, 0x3c, 0x4d] => (true, 1),
            _ => return None,
        };
        Some(Pcap {
            is_big_endian,
            ns_per_unit,
            link: LinkType::Other(0),
            has_header: false,
            is_plain: false,
        })
    }

    #[inline]
    fn u32_at(&self, bytes: &[u8], at: usize) -> u32 {
        let mut word = [0; 4];
        word.copy_from_slice(&bytes[at..at + 4]);
        if self.is_big_endian {
            u32::from_be_bytes(word)
        } else {
            u32::from_le_bytes(word)
        }
    }

    /// The next packet with its time and place, if it is all there and [`plain_datagram`] knows it; else nothing is taken,
    /// and [`Pcap::step`] goes on.
    #[inline(always)]
    pub(super) fn plain(&mut self, window: &mut Window) -> Option<(u64, Range<usize>, Datagram)> {
        if !self.is_plain {
            return None;
        }
        let (header, rest) = window.bytes().split_first_chunk::<RECORD_HEADER_BYTES>()?;
        let word = |at: usize| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        };
        let captured_bytes = word(8) as usize;
        if captured_bytes > PACKET_BYTES_MAX {
            return None;
        }
        let datagram = plain_datagram(rest.get(..captured_bytes)?)?;
        let ts_recv = u64::from(word(0)) * 1_000_000_000 + u64::from(word(4)) * self.ns_per_unit;
        let place = window.take(RECORD_HEADER_BYTES + captured_bytes);
        Some((
            ts_recv,
            place.start + RECORD_HEADER_BYTES..place.end,
            datagram,
        ))
    }

    /// The next packet.
    #[inline(never)]
    pub(super) fn step(&mut self, window: &mut Window) -> Step {
        if !self.has_header {
            if !window.has(FILE_HEADER_BYTES) {
                return broken(window, window.offset(), "the file ends inside its header");
            }
            self.link = LinkType::from_number(self.u32_at(window.bytes(), 20));
            window.take(FILE_HEADER_BYTES);
            self.has_header = true;
            self.is_plain = !self.is_big_endian && self.link == LinkType::Ethernet;
        }
        if !window.has(RECORD_HEADER_BYTES) {
            return if window.is_empty() && window.fault().is_none() {
                Step::End
            } else {
                broken(
                    window,
                    window.offset(),
                    "the file ends inside a packet header",
                )
            };
        }
        let header = window.bytes();
        let seconds = u64::from(self.u32_at(header, 0));
        let units = u64::from(self.u32_at(header, 4));
        let captured_bytes = self.u32_at(header, 8) as usize;
        let original_bytes = self.u32_at(header, 12) as usize;
        let offset = window.offset();
        if captured_bytes > PACKET_BYTES_MAX {
            return if window.discard((RECORD_HEADER_BYTES + captured_bytes) as u64) {
                Step::Skipped(Skip::Oversized)
            } else {
                broken(
                    window,
                    offset,
                    &format!("a packet claims {captured_bytes} bytes, more than the file has"),
                )
            };
        }
        if !window.has(RECORD_HEADER_BYTES + captured_bytes) {
            return broken(window, offset, "the file ends inside a packet");
        }
        window.take(RECORD_HEADER_BYTES);
        Step::Frame {
            ts_recv: seconds * 1_000_000_000 + units * self.ns_per_unit,
            link: self.link,
            place: window.take(captured_bytes),
            is_whole: captured_bytes >= original_bytes,
        }
    }
}

/// The stream broke off at `offset`: by what the reader met, or by a fault below it.
pub(super) fn broken(window: &Window, offset: u64, why: &str) -> Step {
    Step::Broken {
        offset,
        why: match window.fault() {
            Some(fault) => format!("{why}: {fault}"),
            None => why.to_owned(),
        },
    }
}
