//! IEX-TP 1: the framing of the IEX Transport Protocol over UDP. Little endian.
//!
//! A segment is a 40-byte header and messages, each behind its length: `[u16 length][type + body]`.
//! Messages are numbered from 1 within a session; the header names the number of the first. A
//! segment without messages is a heartbeat whose number is that of the next message.
//!
//! A protocol over it is a `Dialect`: its own message types. The channel (which session, which
//! restart), the messages that all the protocols share, their encoder and the simulated venue's
//! segments are here, once.

pub mod channel;
pub mod encode;
pub mod messages;
pub(crate) mod normalize;
pub mod venue;

#[cfg(test)]
pub(crate) mod testing;

use crate::contract::SessionKey;

/// Bytes of a segment header.
pub const HEADER_BYTES: usize = 40;
/// The transport version this module reads.
pub const VERSION: u8 = 1;

crate::layout! {
    /// The header of a segment.
    pub struct SegmentHeader(40) "segment_header" {
        0 version: LittleEndian<u8>,
        1 reserved: Reserved<1>,
        2 message_protocol_id: LittleEndian<u16>,
        4 channel_id: LittleEndian<u32>,
        8 session_id: LittleEndian<u32>,
        12 payload_length: LittleEndian<u16>,
        14 message_count: LittleEndian<u16>,
        16 stream_offset: LittleEndian<i64>,
        24 first_message_sequence_number: LittleEndian<i64>,
        32 send_time: LittleEndian<i64>,
    }
}

use crate::session::layout::{LittleEndian, Reserved};

/// A segment header, read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which protocol the messages speak.
    pub protocol: u16,
    /// Which channel of the protocol.
    pub channel: u32,
    /// Which session (usually a day).
    pub session: u32,
    /// Bytes of messages behind the header.
    pub payload_bytes: u16,
    /// Messages in them.
    pub count: u16,
    /// Bytes of messages of the session before this segment.
    pub stream_offset: u64,
    /// Number of the first message, or of the next one in a heartbeat.
    pub sequence: u64,
    /// When it was sent: ns since the Unix epoch, venue's clock.
    pub send_time_ns: u64,
}

impl Header {
    /// The header and what of its payload is there; `None` when it is shorter than a header or of
    /// another version.
    #[inline]
    pub fn split(bytes: &[u8]) -> Option<(Header, &[u8])> {
        let view = SegmentHeader::of(bytes)?;
        if view.version() != VERSION {
            return None;
        }
        let header = Header {
            protocol: view.message_protocol_id(),
            channel: view.channel_id(),
            session: view.session_id(),
            payload_bytes: view.payload_length(),
            count: view.message_count(),
            stream_offset: view.stream_offset() as u64,
            sequence: view.first_message_sequence_number() as u64,
            send_time_ns: view.send_time() as u64,
        };
        let rest = &bytes[HEADER_BYTES..];
        let count = rest.len().min(usize::from(header.payload_bytes));
        Some((header, &rest[..count]))
    }

    /// Whether it carries no message.
    pub const fn is_heartbeat(&self) -> bool {
        self.count == 0
    }

    /// The header as sent.
    pub fn bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        SegmentHeader::put_version(&mut bytes, VERSION);
        SegmentHeader::put_message_protocol_id(&mut bytes, self.protocol);
        SegmentHeader::put_channel_id(&mut bytes, self.channel);
        SegmentHeader::put_session_id(&mut bytes, self.session);
        SegmentHeader::put_payload_length(&mut bytes, self.payload_bytes);
        SegmentHeader::put_message_count(&mut bytes, self.count);
        SegmentHeader::put_stream_offset(&mut bytes, self.stream_offset as i64);
        SegmentHeader::put_first_message_sequence_number(&mut bytes, self.sequence as i64);
        SegmentHeader::put_send_time(&mut bytes, self.send_time_ns as i64);
        bytes
    }

    /// Session and channel as one key.
    pub fn session_key(&self) -> SessionKey {
        let mut key = [0; 16];
        key[..4].copy_from_slice(&self.session.to_le_bytes());
        key[4..8].copy_from_slice(&self.channel.to_le_bytes());
        SessionKey(key)
    }
}

/// The first message of `payload`, type byte included, and what is behind it; `None` when it is not
/// whole.
#[inline(always)]
pub fn split_message(payload: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = payload.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*length)))
}

/// Whole messages at the start of `payload`, at most `count`.
pub fn whole_count(mut payload: &[u8], count: u16) -> u64 {
    let mut whole = 0;
    while whole < u64::from(count) {
        let Some((_, rest)) = split_message(payload) else {
            break;
        };
        payload = rest;
        whole += 1;
    }
    whole
}

/// Puts messages into segments, for simulators and tests.
#[derive(Clone, Debug)]
pub struct Packetizer {
    header: Header,
    payload: Vec<u8>,
}

impl Packetizer {
    /// Most bytes of messages in one segment.
    pub const PAYLOAD_BYTES_MAX: usize = 1_400;

    /// A session that has said nothing.
    pub fn new(protocol: u16, channel: u32, session: u32) -> Packetizer {
        Packetizer {
            header: Header {
                protocol,
                channel,
                session,
                payload_bytes: 0,
                count: 0,
                stream_offset: 0,
                sequence: 1,
                send_time_ns: 0,
            },
            payload: Vec::new(),
        }
    }

    /// Adds a message (type byte first). `false`, and nothing is added, when the segment must be
    /// sent before.
    pub fn push(&mut self, message: &[u8]) -> bool {
        let bytes = self.payload.len() + 2 + message.len();
        let Ok(length) = u16::try_from(message.len()) else {
            return false;
        };
        if bytes > Self::PAYLOAD_BYTES_MAX {
            return false;
        }
        self.payload.extend_from_slice(&length.to_le_bytes());
        self.payload.extend_from_slice(message);
        self.header.count += 1;
        true
    }

    /// The segment with what was added since the last one; a heartbeat when that is nothing.
    pub fn segment(&mut self, send_time_ns: u64) -> Vec<u8> {
        self.header.send_time_ns = send_time_ns;
        self.header.payload_bytes = self.payload.len() as u16;
        let mut bytes = self.header.bytes().to_vec();
        bytes.append(&mut self.payload);
        self.header.sequence += u64::from(self.header.count);
        self.header.stream_offset += u64::from(self.header.payload_bytes);
        self.header.count = 0;
        bytes
    }

    /// Number of the next message.
    pub fn next_sequence(&self) -> u64 {
        self.header.sequence + u64::from(self.header.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_number_their_messages_and_bytes() {
        let mut packetizer = Packetizer::new(0x8004, 1, 7);
        assert!(packetizer.push(b"abc"));
        assert!(packetizer.push(b"d"));
        let bytes = packetizer.segment(99);
        let (header, payload) = Header::split(&bytes).expect("a whole header");
        assert_eq!(
            (header.sequence, header.count, header.payload_bytes),
            (1, 2, 8)
        );
        assert_eq!(whole_count(payload, header.count), 2);
        assert_eq!(
            split_message(payload).map(|(message, _)| message),
            Some(&b"abc"[..])
        );
        let bytes = packetizer.segment(100);
        let (header, payload) = Header::split(&bytes).expect("a whole header");
        assert!(header.is_heartbeat() && payload.is_empty());
        assert_eq!((header.sequence, header.stream_offset), (3, 8));
    }

    #[test]
    fn a_message_longer_than_the_payload_is_not_whole() {
        assert!(split_message(&[4, 0, 1, 2, 3]).is_none());
        assert!(split_message(&[4]).is_none());
        assert!(Header::split(&[1; 39]).is_none());
        assert!(Header::split(&[2; 40]).is_none());
    }
}
