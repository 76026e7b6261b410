//! Times that a switch or a tap put into captured frames.
//!
//! ```text
//!  Metamako, Arista 7130: behind the packet and its padding
//!      FCS as it was 4 │ extensions │ s 4 │ ns 4 │ flags 1 │ device 2 │ port 1 │ [FCS 4]
//!  Exablaze, Cisco Nexus 3550: behind the packet and its padding
//!      FCS as it was 4 │ device 1 │ port 1 │ s 4 │ s/2⁴⁰ 5 │ reserved 1 │ [FCS 4]
//!  Arista 7280, 7500: behind the addresses
//!      0xd28b │ subtype 2 │ version 2 │ s 4 or 2 │ ns 4 │ the frame's own type │ …
//! ```
//!
//! All big-endian. Which of them is in a capture is said by whoever replays it, never guessed:
//! trailers have no mark. A time is believed when it is near the capture's own; everything else is
//! counted, and the capture's time stands, labelled as such.
//!
//! Not read: the four-byte counters of Arista 7150 and of ExaLINK Fusion, which mean nothing
//! without the key frames they refer to.
//!
//! Sources: the dissectors of Wireshark (Metamako, Exablaze) and tcpdump (Arista), whose layouts
//! are the vendors' own.

use super::link::{ETHERTYPE_ARISTA, arista_header};

/// Who stamped the frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailerForm {
    /// Metamako, later Arista 7130 (MetaWatch).
    Metamako,
    /// Exablaze, later Cisco Nexus 3550: the trailer with a whole time in it.
    Exablaze,
    /// Arista 7280 and 7500: a header behind the addresses.
    Arista,
}

/// What became of the frames that should be stamped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TrailerCounters {
    /// Times taken.
    pub read: u64,
    /// Of these, times the device itself called degraded (Metamako).
    pub degraded: u64,
    /// Frames without room for a trailer, without the header, or of an unknown version.
    pub absent: u64,
    /// Frames whose time is far from the capture's, or no time.
    pub implausible: u64,
}

/// A time read from a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    /// In ns since the Unix epoch, UTC.
    pub(super) at: u64,
    /// The device said that its clock was not what it should be.
    pub(super) is_degraded: bool,
}

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoStamp {
    Absent,
    Implausible,
}

const NS_PER_S: u64 = 1_000_000_000;
const FCS_BYTES: usize = 4;
const TRAILER_BYTES: usize = 16;
/// How far a time may be from the capture's own: clocks in one rack differ by less, but the
/// capturing machine's zone may be wrong.
const DISTANCE_NS_MAX: u64 = 86_400 * NS_PER_S;
/// The same where only the low bits of the seconds are there, and the capture's time gives the
/// others.
const SHORT_DISTANCE_NS_MAX: u64 = 3_600 * NS_PER_S;
/// International atomic time less UTC in seconds, from these Unix seconds on (IERS Bulletin C).
const TAI_LESS_UTC: [(u64, u64); 4] = [
    (1_483_228_800, 37),
    (1_435_708_800, 36),
    (1_341_100_800, 35),
    (1_230_768_000, 34),
];
const METAMAKO_DEGRADED: u8 = 0x10;

impl TrailerForm {
    /// Every form.
    pub const ALL: [TrailerForm; 3] = [
        TrailerForm::Metamako,
        TrailerForm::Exablaze,
        TrailerForm::Arista,
    ];

    /// Name on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            TrailerForm::Metamako => "metamako",
            TrailerForm::Exablaze => "exablaze",
            TrailerForm::Arista => "arista",
        }
    }

    /// The time in a whole Ethernet frame whose IP datagram ends at `end`. `ts_capture` is the
    /// capture's own time.
    pub(super) fn read(self, frame: &[u8], end: usize, ts_capture: u64) -> Result<Stamp, NoStamp> {
        match self {
            TrailerForm::Metamako => {
                let trailer = trailer(frame, end)?;
                let (s, ns) = (be32(trailer, 4), be32(trailer, 8));
                let at = near(seconds(s, ns)?, ts_capture, DISTANCE_NS_MAX)?;
                let is_degraded = trailer[12] & METAMAKO_DEGRADED != 0;
                Ok(Stamp { at, is_degraded })
            }
            TrailerForm::Exablaze => {
                let trailer = trailer(frame, end)?;
                let fraction = u64::from(be32(trailer, 10)) << 8 | u64::from(trailer[14]);
                // 40 bits times 30 fit into 128.
                let ns = (u128::from(fraction) * u128::from(NS_PER_S)) >> 40;
                let at = seconds(be32(trailer, 6), ns as u32)?;
                let at = near(at, ts_capture, DISTANCE_NS_MAX)?;
                let is_degraded = false;
                Ok(Stamp { at, is_degraded })
            }
            TrailerForm::Arista => arista(frame, ts_capture),
        }
    }
}

/// The sixteen bytes at the end of a frame, before its check sequence where the capture kept that.
fn trailer(frame: &[u8], end: usize) -> Result<&[u8; TRAILER_BYTES], NoStamp> {
    let behind = frame.get(end..).ok_or(NoStamp::Absent)?;
    // Whether a check sequence was kept is not said in the frame, but it proves itself; only what
    // could be a trailer is computed over.
    let has_fcs = behind.len() >= TRAILER_BYTES + FCS_BYTES
        && frame
            .split_last_chunk::<FCS_BYTES>()
            .is_some_and(|(rest, fcs)| crc32(rest) == u32::from_le_bytes(*fcs));
    let kept = behind.len() - if has_fcs { FCS_BYTES } else { 0 };
    behind[..kept].last_chunk().ok_or(NoStamp::Absent)
}

fn arista(frame: &[u8], ts_capture: u64) -> Result<Stamp, NoStamp> {
    let ethertype = frame.get(12..14).ok_or(NoStamp::Absent)?;
    if ethertype != ETHERTYPE_ARISTA.to_be_bytes() {
        return Err(NoStamp::Absent);
    }
    let header = arista_header(frame, 14).ok_or(NoStamp::Absent)?;
    let time = frame.get(header.time).ok_or(NoStamp::Absent)?;
    let (at, distance_max) = match *time {
        [a, b, c, d, e, f, g, h] => {
            let (s, ns) = ([a, b, c, d], [e, f, g, h]);
            let at = seconds(u32::from_be_bytes(s), u32::from_be_bytes(ns))?;
            (from_scale(at, header.is_tai), DISTANCE_NS_MAX)
        }
        [a, b, c, d, e, f] => {
            let ns = u32::from_be_bytes([c, d, e, f]);
            // The seconds of the scale nearest to the capture's that end in these sixteen bits.
            let here = ts_capture / NS_PER_S
                + if header.is_tai {
                    tai_less_utc(ts_capture)
                } else {
                    0
                };
            let behind = here.wrapping_sub(u64::from(u16::from_be_bytes([a, b]))) & 0xffff;
            let s = if behind < 0x8000 {
                here.saturating_sub(behind)
            } else {
                here.saturating_add(0x1_0000 - behind)
            };
            let s = u32::try_from(s).map_err(|_| NoStamp::Implausible)?;
            let at = from_scale(seconds(s, ns)?, header.is_tai);
            (at, SHORT_DISTANCE_NS_MAX)
        }
        _ => return Err(NoStamp::Absent),
    };
    let at = near(at, ts_capture, distance_max)?;
    let is_degraded = false;
    Ok(Stamp { at, is_degraded })
}

fn tai_less_utc(utc_ns: u64) -> u64 {
    let s = utc_ns / NS_PER_S;
    let mut since = TAI_LESS_UTC.iter();
    since
        .find(|(from, _)| s >= *from)
        .map_or(0, |&(_, offset)| offset)
}

/// UTC of a time of either scale.
fn from_scale(at: u64, is_tai: bool) -> u64 {
    if is_tai {
        at.saturating_sub(tai_less_utc(at) * NS_PER_S)
    } else {
        at
    }
}

fn seconds(s: u32, ns: u32) -> Result<u64, NoStamp> {
    if u64::from(ns) >= NS_PER_S {
        return Err(NoStamp::Implausible);
    }
    Ok(u64::from(s) * NS_PER_S + u64::from(ns))
}

fn near(at: u64, ts_capture: u64, distance_max: u64) -> Result<u64, NoStamp> {
    if at.abs_diff(ts_capture) <= distance_max {
        Ok(at)
    } else {
        Err(NoStamp::Implausible)
    }
}

fn be32(bytes: &[u8; TRAILER_BYTES], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0u32; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut value, mut bit) = (byte as u32, 0);
        while bit < 8 {
            let is_odd = value & 1 == 1;
            value >>= 1;
            if is_odd {
                value ^= 0xedb8_8320;
            }
            bit += 1;
        }
        table[byte] = value;
        byte += 1;
    }
    table
};

/// The check sequence of IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        let index = (crc ^ u32::from(*byte)) & 0xff;
        CRC_TABLE[index as usize] ^ (crc >> 8)
    };
    !bytes.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// 2023-11-14 22:13:20 UTC, and some nanoseconds.
    const S: u32 = 1_700_000_000;
    const NS: u32 = 123_456_789;
    const AT: u64 = S as u64 * NS_PER_S + NS as u64;
    /// The capturing machine is a little behind.
    const CAPTURED: u64 = AT + 40_000;
    const PACKET: &[u8] = &[0x55; 60];

    fn metamako(s: u32, ns: u32, flags: u8) -> Vec<u8> {
        let mut out = vec![0xf0, 0xf1, 0xf2, 0xf3];
        out.extend(s.to_be_bytes());
        out.extend(ns.to_be_bytes());
        out.extend([flags, 0x12, 0x34, 7]);
        out
    }

    fn exablaze(s: u32, fraction: u64) -> Vec<u8> {
        let mut out = vec![0xf0, 0xf1, 0xf2, 0xf3, 3, 9];
        out.extend(s.to_be_bytes());
        out.extend(&fraction.to_be_bytes()[3..]);
        out.push(0);
        out
    }

    fn with_fcs(mut frame: Vec<u8>) -> Vec<u8> {
        let fcs = crc32(&frame);
        frame.extend(fcs.to_le_bytes());
        frame
    }

    #[track_caller]
    fn check(form: TrailerForm, frame: &[u8], captured: u64, expected: Result<u64, NoStamp>) {
        let told = form.read(frame, PACKET.len(), captured);
        assert_eq!(told.map(|stamp| stamp.at), expected);
    }

    #[test]
    fn the_check_sequence_is_that_of_ethernet() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_trailer_is_read_with_and_without_the_check_sequence_and_behind_padding() {
        let fraction = (u128::from(NS) << 40).div_ceil(u128::from(NS_PER_S)) as u64;
        for (form, trailer) in [
            (TrailerForm::Metamako, metamako(S, NS, 1)),
            (TrailerForm::Exablaze, exablaze(S, fraction)),
        ] {
            for padding in [0, 1, 18] {
                let frame = [PACKET, &vec![0; padding], &trailer].concat();
                check(form, &frame, CAPTURED, Ok(AT));
                check(form, &with_fcs(frame), CAPTURED, Ok(AT));
            }
        }
    }

    #[test]
    fn extensions_and_a_degraded_clock_of_metamako_are_understood() {
        let mut trailer = metamako(S, NS, 1 | 2 | METAMAKO_DEGRADED);
        trailer.splice(4..4, [1, 2, 3, 0x61, 0, 0, 0, 0x20]);
        let frame = [PACKET, &trailer].concat();
        let stamp = TrailerForm::Metamako.read(&frame, PACKET.len(), CAPTURED);
        let expected = Stamp {
            at: AT,
            is_degraded: true,
        };
        assert_eq!(stamp, Ok(expected));
    }

    #[test]
    fn the_fraction_of_a_second_is_never_a_whole_one() {
        let frame = [PACKET, &exablaze(S, (1 << 40) - 1)].concat();
        let at = u64::from(S) * NS_PER_S + 999_999_999;
        check(TrailerForm::Exablaze, &frame, CAPTURED, Ok(at));
    }

    #[test]
    fn what_is_not_there_is_absent_and_what_cannot_be_is_implausible() {
        use NoStamp::{Absent, Implausible};
        for form in [TrailerForm::Metamako, TrailerForm::Exablaze] {
            check(form, PACKET, CAPTURED, Err(Absent));
            // A check sequence alone, a counter, fifteen bytes.
            for behind in [4, 8, 15] {
                let frame = [PACKET, &vec![0xab; behind]].concat();
                check(form, &frame, CAPTURED, Err(Absent));
            }
            check(form, &PACKET[..50], CAPTURED, Err(Absent));
            let padding = [PACKET, &[0; 18]].concat();
            check(form, &padding, CAPTURED, Err(Implausible));
        }
        let day = DISTANCE_NS_MAX;
        let frame = [PACKET, &metamako(S, NS, 1)].concat();
        check(TrailerForm::Metamako, &frame, AT + day, Ok(AT));
        check(
            TrailerForm::Metamako,
            &frame,
            AT + day + 1,
            Err(Implausible),
        );
        check(
            TrailerForm::Metamako,
            &frame,
            AT - day - 1,
            Err(Implausible),
        );
        let frame = [PACKET, &metamako(S, 1_000_000_000, 1)].concat();
        check(TrailerForm::Metamako, &frame, CAPTURED, Err(Implausible));
    }

    #[test]
    fn the_header_of_arista_is_read_in_both_lengths_and_scales() {
        let frame = |version: u16, time: &[u8]| {
            let mut frame = vec![0; 12];
            for field in [ETHERTYPE_ARISTA, 1, version] {
                frame.extend(field.to_be_bytes());
            }
            frame.extend(time);
            frame.extend([0x08, 0]);
            frame.extend([0; 60]);
            frame
        };
        let long = |s: u32| [s.to_be_bytes(), NS.to_be_bytes()].concat();
        let short = |s: u32| {
            let mut out = (s as u16).to_be_bytes().to_vec();
            out.extend(NS.to_be_bytes());
            out
        };
        let form = TrailerForm::Arista;
        for hardware in [0, 1] {
            check(form, &frame(0x0110 | hardware, &long(S)), CAPTURED, Ok(AT));
            check(
                form,
                &frame(0x0010 | hardware, &long(S + 37)),
                CAPTURED,
                Ok(AT),
            );
            check(form, &frame(0x0120 | hardware, &short(S)), CAPTURED, Ok(AT));
            check(
                form,
                &frame(0x0020 | hardware, &short(S + 37)),
                CAPTURED,
                Ok(AT),
            );
        }
        // The sixteen bits turn over between the two clocks.
        let turn = (S / 0x1_0000 + 1) * 0x1_0000;
        let at = u64::from(turn) * NS_PER_S;
        let stamped = frame(0x0120, &short(turn));
        check(form, &stamped, at - 1, Ok(at + u64::from(NS)));
        let stamped = frame(0x0120, &short(turn - 1));
        check(form, &stamped, at + 5, Ok(at - NS_PER_S + u64::from(NS)));
        let far = AT + 2 * SHORT_DISTANCE_NS_MAX;
        let implausible = Err(NoStamp::Implausible);
        check(form, &frame(0x0120, &short(S)), far, implausible);
        // Unknown: scale, length, subtype; and a frame of another kind.
        for version in [0x0210, 0x0130] {
            check(
                form,
                &frame(version, &long(S)),
                CAPTURED,
                Err(NoStamp::Absent),
            );
        }
        let mut other = frame(0x0110, &long(S));
        other[15] = 2;
        check(form, &other, CAPTURED, Err(NoStamp::Absent));
        check(form, PACKET, CAPTURED, Err(NoStamp::Absent));
        for length in 0..26 {
            let cut = &frame(0x0110, &long(S))[..length];
            assert!(form.read(cut, length, CAPTURED).is_err() || length >= 24);
        }
    }
}
