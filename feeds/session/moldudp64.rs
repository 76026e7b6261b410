//! MoldUDP64: framing of numbered messages in datagrams, and asking for them again.
//!
//! ```text
//!  header (20)                                  message block, `count` times
//! ┌────────────┬──────────────┬──────────┐     ┌──────────────┬─────────┐
//! │ session 10 │ sequence u64 │ count u16│  +  │ length u16   │ message │ …
//! └────────────┴──────────────┴──────────┘     └──────────────┴─────────┘
//! ```
//!
//! `sequence` is the number of the first message; in a heartbeat (`count` 0) and at the end of the session (`count`
//! 0xFFFF) it is the number the next message will have. A request has the header's layout, `count` being how many
//! messages are wanted. Everything is big endian.
//!
//! Source: MoldUDP64 Protocol Specification, "Downstream Packet", "Message Block", "Request Packet".

use std::collections::VecDeque;

/// Bytes of a packet header and of a request.
pub const HEADER_BYTES: usize = 20;
/// Bytes of a session's name.
pub const SESSION_BYTES: usize = 10;
/// `count` of the packets that end a session.
pub const END_OF_SESSION: u16 = 0xFFFF;
/// Payload of the datagrams a [`Packetizer`] makes at most, header included: fits a 1,500-byte frame with room for tunnels.
pub const PAYLOAD_BYTES_MAX: usize = 1_400;

/// A session's name as sent.
pub type SessionId = [u8; SESSION_BYTES];

/// A packet's header, or a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The session.
    pub session: SessionId,
    /// Number of the first message, or of the next one when there is none.
    pub sequence: u64,
    /// How many messages follow, 0 for a heartbeat, [`END_OF_SESSION`].
    pub count: u16,
}

impl Header {
    /// The header at the start of a datagram and the message blocks behind it; `None` when it is too short.
    #[inline(always)]
    pub fn split(bytes: &[u8]) -> Option<(Header, &[u8])> {
        let (session, rest) = bytes.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (count, body) = rest.split_first_chunk()?;
        let header = Header {
            session: *session,
            sequence: u64::from_be_bytes(*sequence),
            count: u16::from_be_bytes(*count),
        };
        Some((header, body))
    }

    /// The header's bytes.
    pub fn to_bytes(self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..10].copy_from_slice(&self.session);
        bytes[10..18].copy_from_slice(&self.sequence.to_be_bytes());
        bytes[18..].copy_from_slice(&self.count.to_be_bytes());
        bytes
    }

    /// Whether the packet only says that the line is alive.
    #[inline(always)]
    pub const fn is_heartbeat(&self) -> bool {
        self.count == 0
    }

    /// Whether the packet ends the session.
    #[inline(always)]
    pub const fn is_end_of_session(&self) -> bool {
        self.count == END_OF_SESSION
    }
}

/// The first message block and what is behind it; `None` when it is not whole.
#[inline(always)]
pub fn split_message(blocks: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = blocks.split_first_chunk()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// The messages of a packet: at most `count`, and none that is not whole.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    rest: &'a [u8],
    left: u64,
}

impl<'a> Messages<'a> {
    /// The first `count` message blocks of `blocks`.
    pub fn new(blocks: &'a [u8], count: u64) -> Messages<'a> {
        Messages {
            rest: blocks,
            left: count,
        }
    }

    /// Bytes not walked yet.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.left = self.left.checked_sub(1)?;
        let (message, rest) = split_message(self.rest)?;
        self.rest = rest;
        Some(message)
    }
}

/// How many of the `count` messages a header promises are whole in `blocks`.
pub fn whole_count(blocks: &[u8], count: u16) -> u64 {
    Messages::new(blocks, u64::from(count)).count() as u64
}

/// The datagram that asks for `count` messages from `first` on. Counts beyond `u16` are cut: the server may answer with fewer anyway.
pub fn request(session: SessionId, first: u64, count: u64) -> [u8; HEADER_BYTES] {
    let count = u16::try_from(count).unwrap_or(END_OF_SESSION - 1);
    Header {
        session,
        sequence: first,
        count,
    }
    .to_bytes()
}

/// Packs messages into datagrams.
#[derive(Debug)]
pub struct Packetizer {
    session: SessionId,
    first: u64,
    count: u16,
    payload_bytes_max: usize,
    datagram: Vec<u8>,
}

impl Packetizer {
    /// An empty packet of `session` whose first message will have number `first`.
    pub fn new(session: SessionId, first: u64) -> Packetizer {
        Packetizer {
            session,
            first,
            count: 0,
            payload_bytes_max: PAYLOAD_BYTES_MAX,
            datagram: vec![0; HEADER_BYTES],
        }
    }

    /// Sets how large a datagram may become, header included.
    pub fn with_payload_bytes_max(mut self, payload_bytes_max: usize) -> Packetizer {
        self.payload_bytes_max = payload_bytes_max;
        self
    }

    /// Number the next message will have.
    pub fn next_sequence(&self) -> u64 {
        self.first + u64::from(self.count)
    }

    /// Adds a message. Where it does not fit, `emit` is given the full datagram first. Messages beyond 65,535 bytes are refused
    /// with `false`; a message larger than the datagram's bound travels alone.
    pub fn append(&mut self, message: &[u8], emit: &mut dyn FnMut(&[u8])) -> bool {
        let Ok(length) = u16::try_from(message.len()) else {
            return false;
        };
        let is_full = self.datagram.len() + 2 + message.len() > self.payload_bytes_max
            || self.count == END_OF_SESSION - 1;
        if is_full {
            self.flush(emit);
        }
        self.datagram.extend_from_slice(&length.to_be_bytes());
        self.datagram.extend_from_slice(message);
        self.count += 1;
        true
    }

    /// Gives what there is to `emit`; nothing when there is nothing.
    pub fn flush(&mut self, emit: &mut dyn FnMut(&[u8])) {
        if self.count == 0 {
            return;
        }
        let header = self.header(self.count).to_bytes();
        self.datagram[..HEADER_BYTES].copy_from_slice(&header);
        emit(&self.datagram);
        self.first += u64::from(self.count);
        self.count = 0;
        self.datagram.truncate(HEADER_BYTES);
    }

    /// A heartbeat. Flush first: it names the next message, packed or not.
    pub fn heartbeat(&self) -> [u8; HEADER_BYTES] {
        let mut header = self.header(0);
        header.sequence = self.next_sequence();
        header.to_bytes()
    }

    /// The packet that ends the session.
    pub fn end_of_session(&self) -> [u8; HEADER_BYTES] {
        let mut header = self.header(END_OF_SESSION);
        header.sequence = self.next_sequence();
        header.to_bytes()
    }

    fn header(&self, count: u16) -> Header {
        Header {
            session: self.session,
            sequence: self.first,
            count,
        }
    }
}

/// What a retransmission server remembers, and what it answers: the newest messages of one session, bounded in bytes.
#[derive(Debug)]
pub struct RetransmitStore {
    session: SessionId,
    first: u64,
    /// Message blocks, one after the other.
    blocks: VecDeque<u8>,
    /// Where each block ends, in bytes since the session began.
    ends: VecDeque<u64>,
    /// Bytes of blocks that were forgotten.
    forgotten_bytes: u64,
    bytes_max: usize,
}

impl RetransmitStore {
    /// An empty store of at most `bytes_max` bytes whose first message will have number `first`.
    pub fn new(session: SessionId, first: u64, bytes_max: usize) -> RetransmitStore {
        RetransmitStore {
            session,
            first,
            blocks: VecDeque::new(),
            ends: VecDeque::new(),
            forgotten_bytes: 0,
            bytes_max,
        }
    }

    /// Remembers the next message; the oldest are forgotten where the bound asks for it. Messages beyond 65,535 bytes
    /// are remembered as empty, so that the numbers stay true.
    pub fn append(&mut self, message: &[u8]) {
        let message = if message.len() > usize::from(u16::MAX) {
            &[]
        } else {
            message
        };
        self.blocks.extend((message.len() as u16).to_be_bytes());
        self.blocks.extend(message);
        self.ends
            .push_back(self.forgotten_bytes + self.blocks.len() as u64);
        while self.blocks.len() > self.bytes_max {
            let Some(end) = self.ends.pop_front() else {
                break;
            };
            self.blocks.drain(..(end - self.forgotten_bytes) as usize);
            self.forgotten_bytes = end;
            self.first += 1;
        }
    }

    /// Number of the oldest message remembered.
    pub fn first_sequence(&self) -> u64 {
        self.first
    }

    /// Number the next message will have.
    pub fn next_sequence(&self) -> u64 {
        self.first + self.ends.len() as u64
    }

    /// The answer to a request: as many of the messages as one datagram holds. `None` when the bytes are no request, the session
    /// is another, or the first message asked for is not there; a server of this protocol stays silent then.
    pub fn answer(&self, request: &[u8]) -> Option<Vec<u8>> {
        let (header, _) = Header::split(request)?;
        if header.session != self.session || header.is_heartbeat() {
            return None;
        }
        let index = usize::try_from(header.sequence.checked_sub(self.first)?).ok()?;
        if index >= self.ends.len() {
            return None;
        }
        let start = match index.checked_sub(1) {
            Some(before) => self.ends[before],
            None => self.forgotten_bytes,
        };
        let (mut bytes, mut count) = (0usize, 0u16);
        for &end in self.ends.range(index..) {
            let with_block = (end - start) as usize;
            let fits = HEADER_BYTES + with_block <= PAYLOAD_BYTES_MAX || count == 0;
            if !fits || count == header.count || count == END_OF_SESSION - 1 {
                break;
            }
            bytes = with_block;
            count += 1;
        }
        let start = (start - self.forgotten_bytes) as usize;
        let mut answer = Header { count, ..header }.to_bytes().to_vec();
        answer.extend(self.blocks.range(start..start + bytes));
        Some(answer)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SESSION: SessionId = *b"000010059B";

    #[test]
    fn datagrams_hold_what_was_appended_in_order_and_within_the_bound() {
        let mut packetizer = Packetizer::new(SESSION, 1);
        let mut datagrams: Vec<Vec<u8>> = Vec::new();
        for index in 0..500u16 {
            let message = vec![index as u8; usize::from(index % 40)];
            assert!(packetizer.append(&message, &mut |bytes| datagrams.push(bytes.to_vec())));
        }
        packetizer.flush(&mut |bytes| datagrams.push(bytes.to_vec()));
        let mut next = 1;
        for datagram in &datagrams {
            assert!(datagram.len() <= PAYLOAD_BYTES_MAX);
            let (header, body) = Header::split(datagram).unwrap();
            assert_eq!((header.session, header.sequence), (SESSION, next));
            let mut messages = Messages::new(body, u64::from(header.count));
            for message in messages.by_ref() {
                let index = next - 1;
                assert_eq!(
                    message,
                    vec![index as u8; usize::try_from(index % 40).unwrap()]
                );
                next += 1;
            }
            assert!(messages.rest().is_empty());
        }
        assert_eq!((next, packetizer.next_sequence()), (501, 501));
        let (heartbeat, _) = Header::split(&packetizer.heartbeat())
            .map(|(h, b)| (h, b.len()))
            .unwrap();
        assert!(heartbeat.is_heartbeat() && heartbeat.sequence == 501);
        let end = packetizer.end_of_session();
        assert!(Header::split(&end).unwrap().0.is_end_of_session());
    }

    #[test]
    fn a_message_that_is_not_whole_is_not_walked() {
        let blocks = [0, 2, 1, 2, 0, 3, 9, 9];
        assert_eq!(whole_count(&blocks, 5), 1);
        assert_eq!(whole_count(&blocks, 0), 0);
        assert_eq!(whole_count(&[0], 1), 0);
        assert!(Header::split(&[0; 19]).is_none());
    }

    #[test]
    fn a_server_answers_with_what_it_remembers_and_one_datagram_holds() {
        let mut store = RetransmitStore::new(SESSION, 1, 10_000);
        for index in 0..200u8 {
            store.append(&[index; 98]);
        }
        assert_eq!((store.first_sequence(), store.next_sequence()), (101, 201));
        let answer = store.answer(&request(SESSION, 150, 1_000)).unwrap();
        let (header, body) = Header::split(&answer).unwrap();
        assert_eq!((header.sequence, header.count), (150, 13));
        assert_eq!(Messages::new(body, 13).next().unwrap(), [149; 98]);
        assert!(answer.len() <= PAYLOAD_BYTES_MAX);
        let last = store.answer(&request(SESSION, 199, 50)).unwrap();
        assert_eq!(Header::split(&last).unwrap().0.count, 2);
    }

    #[test]
    fn a_server_is_silent_when_it_cannot_help() {
        let mut store = RetransmitStore::new(SESSION, 5, 10_000);
        store.append(b"x");
        for (session, first, count) in [
            (*b"other     ", 5, 1),
            (SESSION, 4, 1),
            (SESSION, 6, 1),
            (SESSION, 5, 0),
        ] {
            assert_eq!(
                store.answer(&request(session, first, count)),
                None,
                "{first} {count}"
            );
        }
        assert_eq!(store.answer(b"short"), None);
    }
}
