//! The header of a datagram, and the frames behind it.

use super::generated::MessageHeader;
use super::truncated;
use crate::contract::DecodeError;
use crate::session::layout::LittleEndian;
use crate::session::sbe::HeaderShape;

/// Most bytes of a datagram.
pub const PACKET_BYTES_MAX: usize = 1_400;
/// Bytes of the length before every message; it counts itself and what fills the frame up.
pub const SIZE_BYTES: usize = 2;
/// The venue fills frames up to a multiple of so many bytes.
pub const FRAME_ALIGNMENT: usize = 8;
/// Bit of [`Header::flags`]: messages of the sequence.
pub const INCREMENTAL: u8 = 1;
/// Bit of [`Header::flags`]: messages of a snapshot.
pub const SNAPSHOT: u8 = 2;
/// Bit of [`Header::flags`]: an answer of a retransmission server.
pub const RETRANSMIT: u8 = 4;

crate::layout! {
    /// What stands before the messages of a datagram.
    pub struct PacketHeader(24) "packet_header" {
        0 sending_time: LittleEndian<i64>,
        8 seq_num: LittleEndian<i64>,
        16 channel_id: LittleEndian<u16>,
        18 packet_flags: LittleEndian<u8>,
        19 message_count: LittleEndian<u8>,
        20 snapshot_instrument_id: LittleEndian<i32>,
    }
}

/// A header, read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Header {
    /// When it was sent, ns since the Unix epoch.
    pub sent_ns: u64,
    /// Number of the first message, or of the next one where there is none; of a snapshot: of the last message it has.
    pub sequence: u64,
    /// Which channel.
    pub channel: u16,
    /// What it is: [`INCREMENTAL`], [`SNAPSHOT`], [`RETRANSMIT`].
    pub flags: u8,
    /// Messages in it.
    pub count: u8,
    /// The instrument a snapshot is of; else 0.
    pub instrument: i32,
}

impl Header {
    /// Bytes on the wire.
    pub const LEN: usize = PacketHeader::LEN;

    /// The header of a datagram, and its messages.
    ///
    /// # Errors
    /// It is shorter than its header, or a number of it is negative.
    #[inline]
    pub fn split(bytes: &[u8]) -> Result<(Header, &[u8]), DecodeError> {
        let (Some(view), Some(body)) = (PacketHeader::of(bytes), bytes.get(Self::LEN..)) else {
            return Err(truncated(Self::LEN, bytes.len()));
        };
        let bad = |offset| DecodeError::BadField { tag: 0, offset };
        let header = Header {
            sent_ns: u64::try_from(view.sending_time()).map_err(|_| bad(0))?,
            sequence: u64::try_from(view.seq_num()).map_err(|_| bad(8))?,
            channel: view.channel_id(),
            flags: view.packet_flags(),
            count: view.message_count(),
            instrument: view.snapshot_instrument_id(),
        };
        Ok((header, body))
    }

    /// The header's bytes.
    pub fn to_bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        PacketHeader::put_sending_time(&mut bytes, signed(self.sent_ns));
        PacketHeader::put_seq_num(&mut bytes, signed(self.sequence));
        PacketHeader::put_channel_id(&mut bytes, self.channel);
        PacketHeader::put_packet_flags(&mut bytes, self.flags);
        PacketHeader::put_message_count(&mut bytes, self.count);
        PacketHeader::put_snapshot_instrument_id(&mut bytes, self.instrument);
        bytes
    }

    /// Whether its messages are those of a snapshot.
    pub const fn is_snapshot(&self) -> bool {
        self.flags & SNAPSHOT != 0
    }
}

/// A number as the venue writes it; one that does not fit is the greatest.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// The first message, its length left out, and what follows it; `None` when it is not whole.
#[inline]
pub fn split_message(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let size = usize::from(u16::from_le_bytes(*body.first_chunk()?));
    if size < SIZE_BYTES + MessageHeader::LEN {
        return None;
    }
    let (message, rest) = body.split_at_checked(size)?;
    Some((&message[SIZE_BYTES..], rest))
}

/// How many of the first `count` messages are whole.
pub fn whole_count(mut body: &[u8], count: u64) -> u64 {
    let mut whole = 0;
    while whole < count
        && let Some((_, rest)) = split_message(body)
    {
        body = rest;
        whole += 1;
    }
    whole
}
