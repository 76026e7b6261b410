//! SoupBinTCP 3.00: framing, login and heartbeats of a connection that carries numbered messages. Big endian.
//!
//! A packet is `[u16 length][type][payload]`, the length counting type and payload. Messages have no numbers on the wire: the
//! server says with `A` which one comes first.

use crate::contract::DecodeError;

/// Either side says something at least this often, in ns (section 1.3).
pub const HEARTBEAT_NS: u64 = 1_000_000_000;

/// What a server sends (section 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromServer<'a> {
    /// Logged in; the next message has this number.
    Accepted {
        /// The session, as sent.
        session: [u8; 10],
        /// Number of the next message.
        sequence: u64,
    },
    /// Refused: `A` not authorised, `S` no such session.
    Rejected(u8),
    /// A numbered message.
    Sequenced(&'a [u8]),
    /// A message without a number.
    Unsequenced(&'a [u8]),
    /// It is alive.
    Heartbeat,
    /// No message follows.
    EndOfSession,
    /// Text for people, or a type this module does not know.
    Other,
}

impl<'a> FromServer<'a> {
    fn read(packet: &'a [u8]) -> Result<FromServer<'a>, DecodeError> {
        let Some((&kind, payload)) = packet.split_first() else {
            return Err(bad(0, 0));
        };
        Ok(match kind {
            b'A' => {
                let (session, rest) = payload.split_first_chunk().ok_or(bad(kind, 1))?;
                let digits = rest.get(..20).ok_or(bad(kind, 11))?;
                FromServer::Accepted {
                    session: *session,
                    sequence: number(digits).ok_or(bad(kind, 11))?,
                }
            }
            b'J' => FromServer::Rejected(*payload.first().ok_or(bad(kind, 1))?),
            b'S' => FromServer::Sequenced(payload),
            b'U' => FromServer::Unsequenced(payload),
            b'H' => FromServer::Heartbeat,
            b'Z' => FromServer::EndOfSession,
            _ => FromServer::Other,
        })
    }
}

fn bad(kind: u8, offset: u32) -> DecodeError {
    DecodeError::BadField {
        tag: u32::from(kind),
        offset,
    }
}

/// A right-justified number, padded with blanks (or zeros) on the left. Blank is 0.
pub fn number(digits: &[u8]) -> Option<u64> {
    let text = digits.trim_ascii();
    text.iter().try_fold(0u64, |value, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

/// The bytes of a connection, cut into packets. A packet has at most 65,535 bytes, which bounds what is kept.
#[derive(Debug, Default)]
pub struct Packets {
    bytes: Vec<u8>,
    at: usize,
}

impl Packets {
    /// Adds what was received. Take the packets with [`Packets::next_packet`] before adding more.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.drain(..self.at);
        self.at = 0;
        self.bytes.extend_from_slice(bytes);
    }

    /// A new connection.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.at = 0;
    }

    /// The next whole packet: its type and payload.
    pub fn next_packet(&mut self) -> Option<&[u8]> {
        let rest = self.bytes.get(self.at..)?;
        let (length, rest) = rest.split_first_chunk()?;
        let packet = rest.get(..usize::from(u16::from_be_bytes(*length)))?;
        self.at += 2 + packet.len();
        Some(packet)
    }

    /// The next whole packet of a server.
    ///
    /// # Errors
    /// It is not what a server sends.
    pub fn next_from_server(&mut self) -> Option<Result<FromServer<'_>, DecodeError>> {
        self.next_packet().map(FromServer::read)
    }
}

/// A packet of either side. `payload` has at most 65,534 bytes; a longer one is cut.
pub fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
    let payload = &payload[..payload.len().min(usize::from(u16::MAX) - 1)];
    let mut bytes = Vec::with_capacity(3 + payload.len());
    bytes.extend_from_slice(&(payload.len() as u16 + 1).to_be_bytes());
    bytes.push(kind);
    bytes.extend_from_slice(payload);
    bytes
}

/// Asks to log in (section 2.3.1). An empty session is the current one; message 1 is the first, 0 the newest.
pub fn login_request(user: &str, password: &str, session: &[u8], sequence: u64) -> Vec<u8> {
    let mut payload = [b' '; 46];
    fill_left(&mut payload[..6], user.as_bytes());
    fill_left(&mut payload[6..16], password.as_bytes());
    let session = &session[..session.len().min(10)];
    payload[26 - session.len()..26].copy_from_slice(session);
    payload[26..].copy_from_slice(&right_justified(sequence));
    packet(b'L', &payload)
}

/// Grants a login (section 2.2.1).
pub fn login_accepted(session: [u8; 10], sequence: u64) -> Vec<u8> {
    let mut payload = [b' '; 30];
    payload[..10].copy_from_slice(&session);
    payload[10..].copy_from_slice(&right_justified(sequence));
    packet(b'A', &payload)
}

/// A number of twenty characters.
pub fn right_justified(value: u64) -> [u8; 20] {
    let mut text = [b' '; 20];
    let digits = value.to_string();
    text[20 - digits.len()..].copy_from_slice(digits.as_bytes());
    text
}

fn fill_left(field: &mut [u8], text: &[u8]) {
    let count = text.len().min(field.len());
    field[..count].copy_from_slice(&text[..count]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packets_are_whole_however_the_bytes_come() {
        let mut sent = login_accepted(*b"      0042", 7);
        sent.extend(packet(b'S', b"first"));
        sent.extend(packet(b'H', b""));
        sent.extend(packet(b'Z', b""));
        let expected = [
            FromServer::Accepted {
                session: *b"      0042",
                sequence: 7,
            },
            FromServer::Sequenced(b"first"),
            FromServer::Heartbeat,
            FromServer::EndOfSession,
        ];
        for step in 1..sent.len() {
            let (mut packets, mut seen) = (Packets::default(), 0);
            for bytes in sent.chunks(step) {
                packets.push(bytes);
                while let Some(packet) = packets.next_from_server() {
                    assert_eq!(packet, Ok(expected[seen]), "in steps of {step}");
                    seen += 1;
                }
            }
            assert_eq!(seen, expected.len());
        }
    }

    #[test]
    fn a_login_has_the_fields_of_the_specification() {
        let bytes = login_request("USER", "SECRET", b"", 1);
        assert_eq!(bytes.len(), 49);
        assert_eq!(&bytes[..9], b"\x00\x2fLUSER  ");
        assert_eq!(&bytes[9..19], b"SECRET    ");
        assert_eq!(number(&bytes[29..49]), Some(1));
    }

    #[test]
    fn what_no_server_sends_is_an_error() {
        let mut packets = Packets::default();
        packets.push(&[0, 0]);
        assert!(
            packets
                .next_from_server()
                .is_some_and(|packet| packet.is_err())
        );
        packets.push(&packet(b'A', b"short"));
        assert!(
            packets
                .next_from_server()
                .is_some_and(|packet| packet.is_err())
        );
        assert_eq!(number(b"      12x"), None);
        assert_eq!(number(b"99999999999999999999"), None);
    }
}
