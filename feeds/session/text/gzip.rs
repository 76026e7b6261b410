//! Texts that come compressed (gzip, RFC 1952): one message is one whole member.

use crate::contract::DecodeError;
use flate2::{Decompress, FlushDecompress, Status};

/// Longest text a message may hold, in bytes; longer ones are refused.
pub const INFLATED_BYTES_MAX: usize = 16 << 20;

const HEAD_BYTES: usize = 10;
const TAIL_BYTES: usize = 8;
/// Deflate makes no text shorter than this part of it.
const RATIO_MAX: usize = 1_032;
/// Room behind the text, for the inflater to see its end in.
const SPARE_BYTES: usize = 64;

const HAS_HEADER_CRC: u8 = 1 << 1;
const HAS_EXTRA: u8 = 1 << 2;
const HAS_NAME: u8 = 1 << 3;
const HAS_COMMENT: u8 = 1 << 4;
const RESERVED: u8 = 0xE0;

/// Inflates messages one after the other; its buffers are kept.
#[derive(Debug)]
pub struct Inflater {
    state: Decompress,
    text: Vec<u8>,
}

impl Default for Inflater {
    fn default() -> Inflater {
        Inflater {
            state: Decompress::new(false),
            text: Vec::new(),
        }
    }
}

impl Inflater {
    /// The text in `bytes`: whole, of the length and with the checksum that stand behind it.
    ///
    /// # Errors
    /// [`DecodeError::NotThisProtocol`] when it is no gzip member, or one of more than [`INFLATED_BYTES_MAX`];
    /// [`DecodeError::Truncated`] when it is too short to be one.
    pub fn inflate(&mut self, bytes: &[u8]) -> Result<&[u8], DecodeError> {
        self.text.clear();
        let refused = DecodeError::NotThisProtocol;
        let body = after_head(bytes)?;
        let Some((body, &[c0, c1, c2, c3, l0, l1, l2, l3])) = body.split_last_chunk() else {
            return Err(truncated(bytes));
        };
        let crc = u32::from_le_bytes([c0, c1, c2, c3]);
        let length = u32::from_le_bytes([l0, l1, l2, l3]) as usize;
        if length > INFLATED_BYTES_MAX || length > body.len().saturating_mul(RATIO_MAX) {
            return Err(refused);
        }
        self.text.reserve(length + SPARE_BYTES);
        self.state.reset(false);
        let end = self
            .state
            .decompress_vec(body, &mut self.text, FlushDecompress::Finish);
        let is_whole = matches!(end, Ok(Status::StreamEnd))
            && self.state.total_in() == body.len() as u64
            && self.text.len() == length
            && crc32fast::hash(&self.text) == crc;
        if !is_whole {
            self.text.clear();
            return Err(refused);
        }
        Ok(&self.text)
    }

    /// What was inflated last; nothing when it was refused.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

fn truncated(bytes: &[u8]) -> DecodeError {
    DecodeError::Truncated {
        need_bytes: (HEAD_BYTES + TAIL_BYTES) as u32,
        have_bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX),
    }
}

/// Steps over the head, whatever it holds.
fn after_head(bytes: &[u8]) -> Result<&[u8], DecodeError> {
    let Some((&[id1, id2, method, flags, ..], mut rest)) = bytes.split_first_chunk::<HEAD_BYTES>()
    else {
        return Err(truncated(bytes));
    };
    if [id1, id2, method] != [0x1F, 0x8B, 8] || flags & RESERVED != 0 {
        return Err(DecodeError::NotThisProtocol);
    }
    let short = || truncated(bytes);
    if flags & HAS_EXTRA != 0 {
        let (length, behind) = rest.split_first_chunk().ok_or_else(short)?;
        let length = usize::from(u16::from_le_bytes(*length));
        rest = behind.get(length..).ok_or_else(short)?;
    }
    for flag in [HAS_NAME, HAS_COMMENT] {
        if flags & flag != 0 {
            let end = rest.iter().position(|&byte| byte == 0);
            rest = &rest[end.ok_or_else(short)? + 1..];
        }
    }
    if flags & HAS_HEADER_CRC != 0 {
        rest = rest.get(2..).ok_or_else(short)?;
    }
    Ok(rest)
}

/// The other direction, for simulators and tests: a member whose blocks are the text as it is.
pub fn deflate(text: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF];
    bytes.reserve(text.len() + text.len() / 8_192 + SPARE_BYTES);
    let mut rest = text;
    loop {
        let (block, behind) = rest.split_at(rest.len().min(usize::from(u16::MAX)));
        // Below 65,536.
        let length = block.len() as u16;
        bytes.push(u8::from(behind.is_empty()));
        bytes.extend_from_slice(&length.to_le_bytes());
        bytes.extend_from_slice(&(!length).to_le_bytes());
        bytes.extend_from_slice(block);
        rest = behind;
        if rest.is_empty() {
            break;
        }
    }
    bytes.extend_from_slice(&crc32fast::hash(text).to_le_bytes());
    bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &[u8]) {
        let mut inflater = Inflater::default();
        let packed = deflate(text);
        for _ in 0..2 {
            assert_eq!(inflater.inflate(&packed), Ok(text));
        }
        for length in 0..packed.len() {
            assert!(inflater.inflate(&packed[..length]).is_err(), "{length}");
            assert_eq!(inflater.text(), b"");
        }
    }

    #[test]
    fn texts_come_back_whole_or_not_at_all() {
        check(b"");
        check(b"{\"ping\":1492420473027}");
        check(&b"{\"ch\":\"market.btcusdt.mbp.150\"}".repeat(30));
        let long = b"0123456789".repeat(20_000);
        assert_eq!(Inflater::default().inflate(&deflate(&long)), Ok(&long[..]));
    }

    #[test]
    fn other_encoders_members_are_read_with_all_their_heads() {
        use std::io::Write as _;
        let text = b"{\"ping\":18212558000}".repeat(1_000);
        let mut encoder = flate2::GzBuilder::new()
            .filename("name")
            .comment("words")
            .extra(vec![1, 2, 3])
            .write(Vec::new(), flate2::Compression::best());
        encoder.write_all(&text).expect("memory");
        let packed = encoder.finish().expect("memory");
        assert_eq!(Inflater::default().inflate(&packed), Ok(&text[..]));
    }

    #[test]
    fn flipped_bits_and_lengths_that_lie_are_refused() {
        let text = b"0123456789".repeat(50);
        let packed = deflate(&text);
        let mut inflater = Inflater::default();
        for index in 10..packed.len() {
            for bit in 0..8 {
                let mut other = packed.clone();
                other[index] ^= 1 << bit;
                // A bit may mean nothing (padding), or another copy of the same bytes.
                let read = inflater.inflate(&other);
                assert!(read.is_err() || read == Ok(&text[..]), "{index}.{bit}");
            }
        }
    }

    #[test]
    fn more_than_the_bound_is_refused_without_room_being_made_for_it() {
        let packed = deflate(&vec![0; INFLATED_BYTES_MAX + 1]);
        let mut inflater = Inflater::default();
        assert_eq!(inflater.inflate(&packed), Err(DecodeError::NotThisProtocol));
        assert_eq!(inflater.text.capacity(), 0);
        assert!(
            inflater
                .inflate(&deflate(&vec![0; INFLATED_BYTES_MAX]))
                .is_ok()
        );
    }
}
