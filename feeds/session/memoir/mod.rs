//! MEMOIR over MEMX-UDP: what the feeds of this family share.
//!
//! ```text
//!  type │ header length │ session │ number │ count │ length message │ length message │ ...
//!   1         1              8        8        2       2
//! ```
//!
//! Big endian. The number is that of the first message; a heartbeat (type 0) and the end of a
//! session (type 1) have neither count nor messages, and their number is taken for the one that the
//! next message will have. What follows the header begins where its length says, so that a longer
//! header is read too. A message is a header of Simple Binary Encoding and a block.
//!
//! The venue sends missing messages again, and snapshots, over a connection whose layout is not
//! among the tables at hand: neither is asked for here.

pub mod channel;
pub mod encode;
pub mod normalize;
pub mod venue;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

use crate::contract::DecodeError;

/// Bytes of a header without anything that came later.
pub const HEADER_BYTES: usize = 18;
/// Bytes of the number of messages behind the header.
pub const COUNT_BYTES: usize = 2;
/// Bytes of the length before a message.
pub const LENGTH_BYTES: usize = 2;

/// Type of a packet that only says that the venue is alive.
pub const HEARTBEAT: u8 = 0;
/// Type of the packet that ends a session.
pub const SHUTDOWN: u8 = 1;
/// Type of a packet with messages.
pub const SEQUENCED: u8 = 2;

/// What stands before the messages of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// [`HEARTBEAT`], [`SHUTDOWN`] or [`SEQUENCED`].
    pub kind: u8,
    /// Which session.
    pub session: u64,
    /// Number of the first message, or of the next one where there is none.
    pub sequence: u64,
    /// Messages that follow; 0 unless sequenced.
    pub count: u16,
}

impl Header {
    /// The header of a packet and what of its messages is there.
    ///
    /// # Errors
    /// The bytes are too few, or the type or the header's length is none of this transport.
    #[inline]
    pub fn split(bytes: &[u8]) -> Result<(Header, &[u8]), DecodeError> {
        let Some((head, _)) = bytes.split_first_chunk::<HEADER_BYTES>() else {
            return Err(truncated(HEADER_BYTES, bytes.len()));
        };
        let [kind, length, rest @ ..] = *head;
        let length = usize::from(length);
        if kind > SEQUENCED || length < HEADER_BYTES {
            return Err(DecodeError::NotThisProtocol);
        }
        let [a, b, c, d, e, f, g, h, sequence @ ..] = rest;
        let mut header = Header {
            kind,
            session: u64::from_be_bytes([a, b, c, d, e, f, g, h]),
            sequence: u64::from_be_bytes(sequence),
            count: 0,
        };
        let Some(body) = bytes.get(length..) else {
            return Err(truncated(length, bytes.len()));
        };
        if kind != SEQUENCED {
            return Ok((header, &[]));
        }
        let Some((count, body)) = body.split_first_chunk::<COUNT_BYTES>() else {
            return Err(truncated(length + COUNT_BYTES, bytes.len()));
        };
        header.count = u16::from_be_bytes(*count);
        Ok((header, body))
    }
}

/// The next message and what is behind it; `None` when it is not whole.
#[inline]
pub fn split_message(body: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = body.split_first_chunk::<LENGTH_BYTES>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// How many of the first `count` messages of `body` are whole.
pub fn whole_count(mut body: &[u8], count: u64) -> u64 {
    for index in 0..count {
        let Some((_, rest)) = split_message(body) else {
            return index;
        };
        body = rest;
    }
    count
}

fn truncated(need: usize, have: usize) -> DecodeError {
    DecodeError::Truncated {
        need_bytes: u32::try_from(need).unwrap_or(u32::MAX),
        have_bytes: u32::try_from(have).unwrap_or(u32::MAX),
    }
}
