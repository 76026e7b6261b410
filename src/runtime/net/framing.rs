//! Where one frame ends and the next begins, in a stream of bytes. No I/O here.
//!
//! ```text
//!  Raw      whatever a cycle brought, as one frame
//!  Fixed    |----n----|----n----|
//!  Lines    bytes \n   bytes \r\n        (the end of the line is not part of the frame)
//!  Length   |len|--len bytes--|len|--len bytes--|    (len does not count itself)
//! ```
//!
//! Every framing has a bound, and a frame beyond it ends the connection before it is buffered.

use super::buffers::{Inbox, Outbox};
use super::connection::{CloseReason, Protocol, SendError, Step};

/// Width and order of a length prefix; the length is unsigned and does not count the prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LengthPrefix {
    /// One byte.
    U8,
    /// Two bytes, big end first.
    U16Be,
    /// Two bytes, little end first.
    U16Le,
    /// Four bytes, big end first.
    U32Be,
    /// Four bytes, little end first.
    U32Le,
}

impl LengthPrefix {
    /// Bytes of the prefix itself.
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::U16Be | Self::U16Le => 2,
            Self::U32Be | Self::U32Le => 4,
        }
    }

    /// The largest length the prefix can say, in bytes.
    #[must_use]
    pub const fn length_max(self) -> usize {
        match self {
            Self::U8 => u8::MAX as usize,
            Self::U16Be | Self::U16Le => u16::MAX as usize,
            Self::U32Be | Self::U32Le => u32::MAX as usize,
        }
    }

    /// Reads a length off the front of `bytes`; `None` where the prefix is not all there.
    #[must_use]
    pub fn read(self, bytes: &[u8]) -> Option<usize> {
        match self {
            Self::U8 => bytes.first().map(|&length| usize::from(length)),
            Self::U16Be => bytes
                .first_chunk()
                .map(|&b| usize::from(u16::from_be_bytes(b))),
            Self::U16Le => bytes
                .first_chunk()
                .map(|&b| usize::from(u16::from_le_bytes(b))),
            Self::U32Be => bytes.first_chunk().map(|&b| u32::from_be_bytes(b) as usize),
            Self::U32Le => bytes.first_chunk().map(|&b| u32::from_le_bytes(b) as usize),
        }
    }

    /// Writes `length`, which must not be above [`LengthPrefix::length_max`].
    fn write(self, length: usize, outbox: &mut Outbox) {
        // Four bytes hold every length the caller lets through.
        let length = u32::try_from(length).unwrap_or(u32::MAX);
        match self {
            Self::U8 => outbox.push(&length.to_be_bytes()[3..]),
            Self::U16Be => outbox.push(&length.to_be_bytes()[2..]),
            Self::U16Le => outbox.push(&length.to_le_bytes()[..2]),
            Self::U32Be => outbox.push(&length.to_be_bytes()),
            Self::U32Le => outbox.push(&length.to_le_bytes()),
        }
    }
}

/// How frames are cut out of a stream of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Framing {
    /// No frames: the bytes a read brought are one frame, so where it is cut means nothing.
    Raw,
    /// Frames of this many bytes; 0 counts as 1.
    Fixed(usize),
    /// Frames that end with `\n`; a `\r` before it is taken off.
    Lines {
        /// Longest line, in bytes, without its end.
        bytes_max: usize,
    },
    /// Frames after a length prefix.
    Length {
        /// The prefix.
        prefix: LengthPrefix,
        /// Longest frame, in bytes, without its prefix.
        bytes_max: usize,
    },
}

impl Framing {
    /// Bytes of the longest frame with all that belongs to it.
    #[must_use]
    pub const fn whole_bytes_max(self) -> usize {
        match self {
            Self::Raw => 0,
            Self::Fixed(0) => 1,
            Self::Fixed(bytes) => bytes,
            Self::Lines { bytes_max } => bytes_max.saturating_add(2),
            Self::Length { prefix, bytes_max } => bytes_max.saturating_add(prefix.bytes()),
        }
    }
}

/// A frame's place in the buffer of its cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    start: usize,
    end: usize,
}

/// [`Protocol`] of a plain TCP stream: a [`Framing`], and how far it has looked already.
#[derive(Debug, Clone)]
pub struct Framed {
    framing: Framing,
    /// Unread bytes known to hold no end of line: a line that comes byte by byte is read once.
    scanned: usize,
}

impl Framed {
    /// The protocol of this framing.
    #[must_use]
    pub const fn new(framing: Framing) -> Self {
        Self {
            framing,
            scanned: 0,
        }
    }

    /// The framing.
    #[must_use]
    pub const fn framing(&self) -> Framing {
        self.framing
    }

    fn line(&mut self, inbox: &mut Inbox, bytes_max: usize) -> Result<Option<Span>, CloseReason> {
        let unread = inbox.unread();
        let Some(found) = unread[self.scanned..]
            .iter()
            .position(|&byte| byte == b'\n')
        else {
            self.scanned = unread.len();
            // One byte more may be the `\r` of an end that is still to come.
            return if unread.len() > bytes_max.saturating_add(1) {
                Err(CloseReason::FrameTooLong {
                    bytes: unread.len(),
                    bytes_max,
                })
            } else {
                Ok(None)
            };
        };
        let line_bytes = self.scanned + found;
        let bytes = line_bytes - usize::from(unread[..line_bytes].ends_with(b"\r"));
        if bytes > bytes_max {
            return Err(CloseReason::FrameTooLong { bytes, bytes_max });
        }
        self.scanned = 0;
        let start = inbox.consume(line_bytes + 1);
        Ok(Some(Span {
            start,
            end: start + bytes,
        }))
    }

    fn cut(&mut self, inbox: &mut Inbox) -> Result<Option<Span>, CloseReason> {
        let unread = inbox.unread();
        let (skipped, bytes) = match self.framing {
            Framing::Raw if unread.is_empty() => return Ok(None),
            Framing::Raw => (0, unread.len()),
            Framing::Fixed(bytes) => (0, bytes.max(1)),
            Framing::Lines { bytes_max } => return self.line(inbox, bytes_max),
            Framing::Length { prefix, bytes_max } => {
                let Some(bytes) = prefix.read(unread) else {
                    return Ok(None);
                };
                if bytes > bytes_max {
                    return Err(CloseReason::FrameTooLong { bytes, bytes_max });
                }
                (prefix.bytes(), bytes)
            }
        };
        if unread.len() < skipped + bytes {
            return Ok(None);
        }
        let start = inbox.consume(skipped + bytes) + skipped;
        Ok(Some(Span {
            start,
            end: start + bytes,
        }))
    }
}

impl Protocol for Framed {
    type Frame = Span;
    type View<'a> = &'a [u8];
    type Message<'a> = &'a [u8];

    fn open(&mut self, _outbox: &mut Outbox) -> Result<bool, CloseReason> {
        self.scanned = 0;
        Ok(true)
    }

    fn unread_bytes_max(&self) -> usize {
        self.framing.whole_bytes_max()
    }

    fn next(&mut self, inbox: &mut Inbox, _outbox: &mut Outbox) -> Result<Step<Span>, CloseReason> {
        Ok(self.cut(inbox)?.map_or(Step::NeedMore, Step::Frame))
    }

    fn view<'a>(frame: &'a Span, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[frame.start..frame.end]
    }

    fn unfinished_bytes(&self, inbox: &Inbox) -> usize {
        inbox.unread().len()
    }

    fn encode(&mut self, payload: &[u8], outbox: &mut Outbox) -> Result<(), SendError> {
        match self.framing {
            Framing::Raw => outbox.reserve(payload.len())?,
            Framing::Fixed(bytes) if bytes.max(1) == payload.len() => {
                outbox.reserve(payload.len())?;
            }
            Framing::Fixed(_) => return Err(SendError::Invalid),
            Framing::Lines { bytes_max } => {
                if payload.len() > bytes_max {
                    return Err(SendError::TooLong);
                }
                // A line end inside would make two frames of one; at the end, `\r` would be lost.
                if payload.contains(&b'\n') || payload.ends_with(b"\r") {
                    return Err(SendError::Invalid);
                }
                outbox.reserve(payload.len().saturating_add(1))?;
            }
            Framing::Length { prefix, bytes_max } => {
                if payload.len() > bytes_max.min(prefix.length_max()) {
                    return Err(SendError::TooLong);
                }
                outbox.reserve(payload.len().saturating_add(prefix.bytes()))?;
                prefix.write(payload.len(), outbox);
            }
        }
        outbox.push(payload);
        if matches!(self.framing, Framing::Lines { .. }) {
            outbox.push(b"\n");
        }
        Ok(())
    }
}
