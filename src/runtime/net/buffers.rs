//! Bytes on their way in and out: bounded, reused, without I/O of their own but for the flush.

use std::io::{self, Write};

use super::connection::SendError;

/// First allocation of an [`Inbox`], and the least room of a read.
const READ_BYTES_MIN: usize = 8 * 1024;

/// Bytes received and not yet cut into frames, and those of the frames of this cycle.
///
/// ```text
///  0          start            end       len        limit
///  | this cycle's frames | unread | free  | not allocated |
/// ```
///
/// Frames stay where they were read until [`Inbox::begin_cycle`]: nothing is copied but the
/// unread rest, once a cycle. The buffer grows by need up to its limit and does not shrink.
#[derive(Debug, Default)]
pub struct Inbox {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    limit: usize,
}

impl Inbox {
    /// An empty buffer that holds up to `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            limit,
            ..Self::default()
        }
    }

    pub(super) fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Bytes received that no frame has taken yet, oldest first.
    #[must_use]
    pub fn unread(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// All bytes of the cycle; frames are places in it.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    /// Takes the first `count` unread bytes (at most all); returns where in [`Inbox::bytes`] they
    /// begin. They stay readable until the next cycle.
    pub fn consume(&mut self, count: usize) -> usize {
        let start = self.start;
        self.start = start.saturating_add(count).min(self.end);
        start
    }

    /// Adds received bytes; returns how many there was room for.
    pub fn fill(&mut self, bytes: &[u8]) -> usize {
        let mut added = 0;
        while added < bytes.len() {
            let rest = &bytes[added..];
            let room = self.room(rest.len());
            if room.is_empty() {
                break;
            }
            let count = room.len().min(rest.len());
            room[..count].copy_from_slice(&rest[..count]);
            self.filled(count);
            added += count;
        }
        added
    }

    /// Room to read up to `wanted` bytes into; empty when the buffer is full.
    pub(super) fn room(&mut self, wanted: usize) -> &mut [u8] {
        let needed = self.end.saturating_add(wanted.clamp(1, READ_BYTES_MIN));
        if needed > self.bytes.len() && self.bytes.len() < self.limit {
            let grown = needed
                .max(self.bytes.len().saturating_mul(2))
                .min(self.limit);
            self.bytes.resize(grown, 0);
        }
        let end = self.end.saturating_add(wanted).min(self.bytes.len());
        &mut self.bytes[self.end..end]
    }

    pub(super) fn filled(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(self.bytes.len());
    }

    /// Forgets the frames of the last cycle and moves the unread rest to the front.
    pub fn begin_cycle(&mut self) {
        if self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.start = 0;
        self.end = 0;
    }
}

/// Bytes accepted for sending and not yet taken by the operating system.
#[derive(Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    start: usize,
    limit: usize,
}

impl Outbox {
    /// An empty buffer that holds up to `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self {
            bytes: Vec::new(),
            start: 0,
            limit,
        }
    }

    /// Bytes waiting.
    #[must_use]
    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes there is still room for.
    #[must_use]
    pub fn room(&self) -> usize {
        self.limit.saturating_sub(self.len())
    }

    /// The bytes waiting, oldest first.
    #[must_use]
    pub fn waiting(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// Says whether `count` more bytes fit.
    ///
    /// # Errors
    ///
    /// [`SendError::TooLong`] for what would never fit, [`SendError::Full`] for what does not now.
    pub fn reserve(&self, count: usize) -> Result<(), SendError> {
        if count > self.limit {
            Err(SendError::TooLong)
        } else if count > self.room() {
            Err(SendError::Full)
        } else {
            Ok(())
        }
    }

    /// Adds bytes; the caller has asked [`Outbox::reserve`]. What does not fit is cut off, which
    /// would break a frame.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 && self.bytes.len() + bytes.len() > self.bytes.capacity() {
            self.bytes.copy_within(self.start.., 0);
            self.bytes.truncate(self.bytes.len() - self.start);
            self.start = 0;
        }
        let count = bytes.len().min(self.room());
        self.bytes.extend_from_slice(&bytes[..count]);
    }

    /// Forgets the first `count` bytes: they are sent.
    pub fn sent(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.bytes.len());
        if self.start == self.bytes.len() {
            self.clear();
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.start = 0;
    }

    /// Writes until nothing waits or `writer` would block; the count is that of bytes written,
    /// also before an error.
    pub(super) fn flush(&mut self, writer: &mut impl Write) -> (usize, io::Result<()>) {
        let mut written = 0;
        while !self.is_empty() {
            match writer.write(self.waiting()) {
                Ok(0) => return (written, Err(io::ErrorKind::WriteZero.into())),
                Ok(count) => {
                    self.sent(count);
                    written += count;
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (written, Err(error)),
            }
        }
        (written, Ok(()))
    }
}
