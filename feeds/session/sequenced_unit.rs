//! The Sequenced Unit Header: framing of PITCH over UDP multicast and TCP. Little endian.
//!
//! A packet is an 8-byte header and messages, each behind its length: `[u8 length][u8 type][body]`,
//! where the length counts itself. A unit is a part of the venue's symbols with a sequence of its
//! own, from 1 each day. The header names the unit and the number of its first message. A packet
//! without messages is a heartbeat whose number is that of the next message, or 0 where the venue
//! does not say: outside of trading hours, and on the groups that carry answers. Messages behind
//! the number 0 are not sequenced.
//!
//! Source: Cboe US Equities/Options Multicast PITCH specification, "Sequenced Unit Header".

use super::layout::LittleEndian;
use crate::contract::DecodeError;

/// Bytes of the header.
pub const HEADER_BYTES: usize = 8;
/// Bytes of a message in front of its body: length and type.
pub const MESSAGE_HEADER_BYTES: usize = 2;
/// Most bytes of a packet this module packs, header included: what one Ethernet frame carries.
pub const PAYLOAD_BYTES_MAX: usize = 1_472;

crate::layout! {
    /// The header of a packet.
    pub struct SequencedUnitHeader(8) "sequenced_unit_header" {
        0 length: LittleEndian<u16>,
        2 count: LittleEndian<u8>,
        3 unit: LittleEndian<u8>,
        4 sequence: LittleEndian<u32>,
    }
}

/// A header, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Bytes of the packet, header included.
    pub length: u16,
    /// Messages in it.
    pub count: u8,
    /// Unit its messages belong to; 0 for what concerns no unit.
    pub unit: u8,
    /// Number of the first message; 0 where messages are not sequenced.
    pub sequence: u32,
}

impl Header {
    /// The header and what of its messages is there; `None` when there is no whole header, or it
    /// names a length below its own.
    #[inline]
    pub fn split(bytes: &[u8]) -> Option<(Header, &[u8])> {
        let view = SequencedUnitHeader::of(bytes)?;
        let header = Header {
            length: view.length(),
            count: view.count(),
            unit: view.unit(),
            sequence: view.sequence(),
        };
        let end = usize::from(header.length).min(bytes.len());
        Some((header, bytes.get(HEADER_BYTES..end)?))
    }

    /// The header's bytes.
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        SequencedUnitHeader::put_length(&mut bytes, self.length);
        SequencedUnitHeader::put_count(&mut bytes, self.count);
        SequencedUnitHeader::put_unit(&mut bytes, self.unit);
        SequencedUnitHeader::put_sequence(&mut bytes, self.sequence);
        bytes
    }

    /// Whether it carries no message.
    pub const fn is_heartbeat(&self) -> bool {
        self.count == 0
    }

    /// Number behind its last message.
    pub const fn next_sequence(&self) -> u64 {
        self.sequence as u64 + self.count as u64
    }
}

/// The first message (its type and its body, without its length) and what is behind it; `None` when
/// it is not whole.
#[inline(always)]
pub fn split_message(blocks: &[u8]) -> Option<(&[u8], &[u8])> {
    let length = usize::from(*blocks.first()?);
    if length < MESSAGE_HEADER_BYTES {
        return None;
    }
    let (message, rest) = blocks.split_at_checked(length)?;
    Some((&message[1..], rest))
}

/// How many of the first `count` messages are whole.
pub fn whole_count(mut blocks: &[u8], count: u8) -> u64 {
    let mut whole = 0;
    while whole < u64::from(count)
        && let Some((_, rest)) = split_message(blocks)
    {
        blocks = rest;
        whole += 1;
    }
    whole
}

/// Packs the messages of one unit into packets.
#[derive(Debug)]
pub struct Packetizer {
    unit: u8,
    first: u32,
    count: u8,
    packet: Vec<u8>,
}

impl Packetizer {
    /// An empty packet of `unit` whose first message will have number `first`.
    pub fn new(unit: u8, first: u32) -> Packetizer {
        Packetizer {
            unit,
            first,
            count: 0,
            packet: vec![0; HEADER_BYTES],
        }
    }

    /// Number the next message will have.
    pub fn next_sequence(&self) -> u32 {
        self.first.wrapping_add(u32::from(self.count))
    }

    /// Adds a message with its length in front. `false` when the packet must be taken before.
    pub fn push(&mut self, message: &[u8]) -> bool {
        if self.count == u8::MAX || self.packet.len() + message.len() > PAYLOAD_BYTES_MAX {
            return false;
        }
        self.packet.extend_from_slice(message);
        self.count += 1;
        true
    }

    /// Whether nothing is collected.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Takes what is collected as a packet; a heartbeat when that is nothing.
    pub fn packet(&mut self) -> Vec<u8> {
        let header = Header {
            length: self.packet.len() as u16,
            count: self.count,
            unit: self.unit,
            sequence: self.first,
        };
        self.packet[..HEADER_BYTES].copy_from_slice(&header.to_bytes());
        self.first = self.next_sequence();
        self.count = 0;
        std::mem::replace(&mut self.packet, vec![0; HEADER_BYTES])
    }
}

/// Messages one behind the other as packets of `unit` without numbers.
pub fn unsequenced(unit: u8, mut blocks: &[u8]) -> Vec<Vec<u8>> {
    let mut said = Vec::new();
    let mut packets = Packetizer::new(unit, 0);
    while let Some((_, rest)) = split_message(blocks) {
        let message = &blocks[..blocks.len() - rest.len()];
        blocks = rest;
        if !packets.push(message) {
            said.push(packets.packet());
            packets = Packetizer::new(unit, 0);
            packets.push(message);
        }
    }
    if !packets.is_empty() {
        said.push(packets.packet());
    }
    said
}

/// The bytes of a connection, cut into packets. A packet has at most 65,535 bytes, which bounds
/// what is kept between two pushes.
#[derive(Debug, Default)]
pub struct Packets {
    bytes: Vec<u8>,
    at: usize,
}

impl Packets {
    /// Another connection begins.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.at = 0;
    }

    /// Adds what came.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// Header and messages of the next whole packet.
    ///
    /// # Errors
    /// A header names a length below its own: nothing behind it can be read.
    #[expect(
        clippy::should_implement_trait,
        reason = "what it returns borrows from it"
    )]
    pub fn next(&mut self) -> Option<Result<(Header, &[u8]), DecodeError>> {
        let rest = &self.bytes[self.at..];
        let length = usize::from(u16::from_le_bytes(*rest.first_chunk()?));
        if length < HEADER_BYTES {
            return Some(Err(DecodeError::BadField { tag: 0, offset: 0 }));
        }
        let packet = rest.get(..length)?;
        self.at += length;
        Header::split(packet).map(Ok)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_packet_holds_what_was_pushed_and_the_next_one_counts_on() {
        let mut packets = Packetizer::new(3, 7);
        assert!(packets.push(&[3, 0x20, 9]) && packets.push(&[2, 0x21]));
        assert_eq!(packets.next_sequence(), 9);
        let packet = packets.packet();
        let (header, body) = Header::split(&packet).unwrap();
        assert_eq!((header.length, header.count), (13, 2));
        assert_eq!((header.unit, header.sequence), (3, 7));
        assert_eq!(header.next_sequence(), 9);
        assert_eq!(whole_count(body, 2), 2);
        assert_eq!(split_message(body), Some((&[0x20, 9][..], &[2, 0x21][..])));
        let heartbeat = packets.packet();
        let (header, body) = Header::split(&heartbeat).unwrap();
        assert!(header.is_heartbeat() && body.is_empty());
        assert_eq!(header.sequence, 9);
    }

    #[test]
    fn a_full_packet_is_refused_by_bytes_and_by_count() {
        let mut packets = Packetizer::new(1, 1);
        for _ in 0..255 {
            assert!(packets.push(&[2, 0]));
        }
        assert!(!packets.push(&[2, 0]));
        packets.packet();
        while packets.push(&[9; 200]) {}
        assert!(packets.packet().len() <= PAYLOAD_BYTES_MAX);
    }

    #[test]
    fn a_message_that_is_not_whole_is_not_walked() {
        assert_eq!(split_message(&[]), None);
        assert_eq!(split_message(&[0, 1]), None);
        assert_eq!(split_message(&[1, 1]), None);
        assert_eq!(split_message(&[3, 1]), None);
        assert_eq!(whole_count(&[2, 1, 3, 1, 1, 9], 5), 2);
        assert!(Header::split(&[0; 7]).is_none());
        assert!(Header::split(&[7, 0, 0, 1, 0, 0, 0, 0]).is_none());
    }
}
