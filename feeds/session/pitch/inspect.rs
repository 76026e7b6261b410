//! Packets as `inspect` shows them, and the key that tells channels apart.

use super::normalize::Market;
use crate::contract::{DecodeError, Form, MessageSink, Packet, SessionKey};
use crate::session::sequenced_unit::{HEADER_BYTES, Header, split_message};

/// The unit. All lines of a channel carry the same one; so do those of another exchange of the
/// operator, which must be kept apart by configured channels.
pub fn session_key(bytes: &[u8]) -> Option<SessionKey> {
    let (header, _) = Header::split(bytes)?;
    let mut key = [0; 16];
    key[0] = header.unit;
    (header.unit != 0).then_some(SessionKey(key))
}

/// Shows every message of a packet: `channel` is the unit, sequence numbers run on from the
/// header's, and messages behind the number 0 have none.
///
/// Unknown types and messages shorter than their type are not shown.
///
/// # Errors
/// The packet is shorter than its header promises; the whole messages before that are shown.
pub fn inspect<M: Market>(
    packet: &Packet<'_>,
    sink: &mut dyn MessageSink,
) -> Result<(), DecodeError> {
    let truncated = |need_bytes: usize| DecodeError::Truncated {
        need_bytes: need_bytes as u32,
        have_bytes: packet.bytes.len() as u32,
    };
    if packet.form != Form::Datagram {
        return Err(DecodeError::NotThisProtocol);
    }
    let (header, mut blocks) = Header::split(packet.bytes).ok_or(truncated(HEADER_BYTES))?;
    let channel = header.unit.to_string();
    for index in 0..u64::from(header.count) {
        let need_bytes = usize::from(header.length).max(packet.bytes.len() + 1);
        let (message, rest) = split_message(blocks).ok_or(truncated(need_bytes))?;
        blocks = rest;
        let sequence = (header.sequence != 0).then(|| u64::from(header.sequence) + index);
        M::inspect(message, &mut |fields| {
            sink.message(&channel, sequence, fields);
        });
    }
    Ok(())
}
