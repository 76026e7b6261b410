//! pcapng: sections of either byte order, several interfaces, resolutions of their own, drop counts.
//!
//! Source: draft-ietf-opsawg-pcapng, §4 "Block Definitions"; the obsolete Packet Block is its appendix A.

use super::link::{LinkType, Skip};
use super::pcap::{PACKET_BYTES_MAX, Step, broken};
use super::window::Window;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

const BLOCK_BYTES_MIN: usize = 12;
/// A packet, its headers and generous options.
const BLOCK_BYTES_MAX: usize = PACKET_BYTES_MAX + 64 * 1024;
/// Interfaces of one section; packets of further ones are counted and left out.
const INTERFACES_MAX: usize = 4_096;

const OPTION_TIME_RESOLUTION: u16 = 9;
const OPTION_TIME_OFFSET: u16 = 14;
const OPTION_INTERFACE_DROPS: u16 = 5;
const OPTION_SYSTEM_DROPS: u16 = 7;

struct Interface {
    link: LinkType,
    snap_bytes: u32,
    clock: Clock,
    drops: u64,
}

/// How an interface counts time.
struct Clock {
    units_per_second: u128,
    offset_seconds: i64,
}

impl Clock {
    /// Nanoseconds since the Unix epoch; all bits set when they do not fit.
    fn nanoseconds(&self, units: u64) -> u64 {
        let since = match self.units_per_second {
            1_000_000 => u128::from(units) * 1_000,
            1_000_000_000 => u128::from(units),
            // Whole seconds first, so that the finest resolutions do not overflow.
            rate => {
                let units = u128::from(units);
                units / rate * 1_000_000_000 + (units % rate) * 1_000_000_000 / rate
            }
        };
        i128::try_from(since)
            .ok()
            .map(|since| since + i128::from(self.offset_seconds) * 1_000_000_000)
            .and_then(|since| u64::try_from(since).ok())
            .unwrap_or(u64::MAX)
    }
}

/// Reader of one file.
pub(super) struct PcapNg {
    is_big_endian: bool,
    interfaces: Vec<Interface>,
    drops_of_past_sections: u64,
}

impl PcapNg {
    /// A reader, when the file's first bytes say that it is one of these.
    pub(super) fn recognise(prefix: &[u8]) -> Option<PcapNg> {
        (prefix.first_chunk()? == &SECTION_HEADER.to_be_bytes()).then_some(PcapNg {
            is_big_endian: false,
            interfaces: Vec::new(),
            drops_of_past_sections: 0,
        })
    }

    /// Packets that the capturing machine says it lost.
    pub(super) fn drops(&self) -> u64 {
        self.interfaces
            .iter()
            .fold(self.drops_of_past_sections, |sum, interface| {
                sum.saturating_add(interface.drops)
            })
    }

    #[inline]
    fn u16_at(&self, bytes: &[u8], at: usize) -> Option<u16> {
        let word = *bytes.get(at..)?.first_chunk()?;
        Some(if self.is_big_endian {
            u16::from_be_bytes(word)
        } else {
            u16::from_le_bytes(word)
        })
    }

    #[inline]
    fn u32_at(&self, bytes: &[u8], at: usize) -> Option<u32> {
        let word = *bytes.get(at..)?.first_chunk()?;
        Some(if self.is_big_endian {
            u32::from_be_bytes(word)
        } else {
            u32::from_le_bytes(word)
        })
    }

    #[inline]
    fn u64_at(&self, bytes: &[u8], at: usize) -> Option<u64> {
        let word = *bytes.get(at..)?.first_chunk()?;
        Some(if self.is_big_endian {
            u64::from_be_bytes(word)
        } else {
            u64::from_le_bytes(word)
        })
    }

    /// The next block.
    pub(super) fn step(&mut self, window: &mut Window) -> Step {
        let offset = window.offset();
        if !window.has(BLOCK_BYTES_MIN) {
            return if window.is_empty() && window.fault().is_none() {
                Step::End
            } else {
                broken(window, offset, "the file ends inside a block header")
            };
        }
        let head = window.bytes();
        // The section header reads the same in both orders; what follows it says which one the section has.
        if head.first_chunk() == Some(&SECTION_HEADER.to_be_bytes()) {
            self.is_big_endian = match head[8..12] {
                [0x1a, 0x2b, 0x3c, 0x4d] => true,
                [0x4d, 0x3c, 0x2b, 0x1a] => false,
                _ => return broken(window, offset, "a section without a byte order"),
            };
        }
        let kind = self.u32_at(head, 0).unwrap_or_default();
        let block_bytes = self.u32_at(head, 4).unwrap_or_default() as usize;
        if block_bytes < BLOCK_BYTES_MIN || !block_bytes.is_multiple_of(4) {
            let why = format!("a block claims {block_bytes} bytes, which no block can have");
            return broken(window, offset, &why);
        }
        let is_packet = matches!(kind, OBSOLETE_PACKET | SIMPLE_PACKET | ENHANCED_PACKET);
        if block_bytes > BLOCK_BYTES_MAX {
            return match window.discard(block_bytes as u64) {
                true if is_packet => Step::Skipped(Skip::Oversized),
                true => Step::Nothing,
                false => {
                    let why = format!("a block claims {block_bytes} bytes, more than the file has");
                    broken(window, offset, &why)
                }
            };
        }
        if !window.has(block_bytes) {
            return broken(window, offset, "the file ends inside a block");
        }
        let place = window.take(block_bytes);
        let block = window.taken(place.clone());
        if self.u32_at(block, block_bytes - 4) != Some(block_bytes as u32) {
            return if is_packet {
                Step::Skipped(Skip::BadRecord)
            } else {
                Step::Nothing
            };
        }
        let body = &block[8..block_bytes - 4];
        match kind {
            ENHANCED_PACKET | OBSOLETE_PACKET | SIMPLE_PACKET => {
                match self.packet(kind, body, place.start + 8) {
                    Some(frame) => frame,
                    None => Step::Skipped(Skip::BadRecord),
                }
            }
            SECTION_HEADER => {
                self.drops_of_past_sections = self.drops();
                self.interfaces.clear();
                Step::Nothing
            }
            INTERFACE_DESCRIPTION => {
                if self.interfaces.len() < INTERFACES_MAX {
                    let interface = self.interface(body);
                    self.interfaces.push(interface);
                }
                Step::Nothing
            }
            INTERFACE_STATISTICS => {
                self.statistics(body);
                Step::Nothing
            }
            _ => Step::Nothing,
        }
    }

    /// A packet of one of the three forms; `at` is where its block's body is in the window.
    fn packet(&self, kind: u32, body: &[u8], at: usize) -> Option<Step> {
        let (interface_index, units, captured_bytes, original_bytes, data_at) = match kind {
            SIMPLE_PACKET => (0, None, None, self.u32_at(body, 0)?, 4),
            _ => {
                let index = match kind {
                    ENHANCED_PACKET => self.u32_at(body, 0)? as usize,
                    _ => usize::from(self.u16_at(body, 0)?),
                };
                let high = u64::from(self.u32_at(body, 4)?);
                let low = u64::from(self.u32_at(body, 8)?);
                let captured_bytes = self.u32_at(body, 12)? as usize;
                let units = Some(high << 32 | low);
                (
                    index,
                    units,
                    Some(captured_bytes),
                    self.u32_at(body, 16)?,
                    20,
                )
            }
        };
        let interface = self.interfaces.get(interface_index)?;
        let captured_bytes = captured_bytes.unwrap_or_else(|| {
            let snap_bytes = match interface.snap_bytes {
                0 => u32::MAX,
                bytes => bytes,
            };
            // A simple packet does not say how much was kept: all of it, unless the interface or the block is shorter.
            (original_bytes.min(snap_bytes) as usize).min(body.len() - data_at)
        });
        if captured_bytes > body.len().checked_sub(data_at)? {
            return None;
        }
        Some(Step::Frame {
            ts_recv: units.map_or(u64::MAX, |units| interface.clock.nanoseconds(units)),
            link: interface.link,
            place: at + data_at..at + data_at + captured_bytes,
            is_whole: captured_bytes >= original_bytes as usize,
        })
    }

    fn interface(&self, body: &[u8]) -> Interface {
        let mut interface = Interface {
            link: self
                .u16_at(body, 0)
                .map_or(LinkType::Other(u32::MAX), |number| {
                    LinkType::from_number(u32::from(number))
                }),
            snap_bytes: self.u32_at(body, 4).unwrap_or(0),
            clock: Clock {
                units_per_second: 1_000_000,
                offset_seconds: 0,
            },
            drops: 0,
        };
        self.options(body, 8, |code, value| match (code, value) {
            (OPTION_TIME_RESOLUTION, &[resolution, ..]) => {
                let exponent = u32::from(resolution & 0x7f);
                let rate = if resolution & 0x80 == 0 {
                    10u128.checked_pow(exponent)
                } else {
                    2u128.checked_pow(exponent)
                };
                // Finer than any clock there is: kept as the finest that can be computed with.
                interface.clock.units_per_second =
                    rate.filter(|rate| *rate < 1 << 96).unwrap_or(1 << 96);
            }
            (OPTION_TIME_OFFSET, value) => {
                interface.clock.offset_seconds = self.u64_at(value, 0).unwrap_or(0) as i64;
            }
            _ => {}
        });
        interface
    }

    fn statistics(&mut self, body: &[u8]) {
        let mut drops = 0u64;
        self.options(body, 12, |code, value| {
            if matches!(code, OPTION_INTERFACE_DROPS | OPTION_SYSTEM_DROPS) {
                drops = drops.saturating_add(self.u64_at(value, 0).unwrap_or(0));
            }
        });
        let index = self
            .u32_at(body, 0)
            .map_or(usize::MAX, |index| index as usize);
        if let Some(interface) = self.interfaces.get_mut(index) {
            // Totals since the start of the capture, repeated with every block.
            interface.drops = drops;
        }
    }

    fn options(&self, body: &[u8], mut at: usize, mut each: impl FnMut(u16, &[u8])) {
        while let (Some(code), Some(bytes)) = (self.u16_at(body, at), self.u16_at(body, at + 2)) {
            let Some(value) = body.get(at + 4..at + 4 + usize::from(bytes)) else {
                return;
            };
            if code == 0 {
                return;
            }
            each(code, value);
            at += 4 + usize::from(bytes).next_multiple_of(4);
        }
    }
}
