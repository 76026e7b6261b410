//! A window over a stream of bytes: one large buffer of our own, slices out of it, no copy per packet.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::ops::Range;

/// Room at the start: large enough that the copy of a packet cut by the buffer's end does not show.
const WINDOW_BYTES: usize = 1 << 20;
/// What is looked at to tell what a file is.
pub(super) const PREFIX_BYTES: usize = 64 << 10;
/// Layers of compression one in the other.
const LAYERS_MAX: usize = 3;

/// Bytes read but not used yet, and where they are in the stream.
pub(super) struct Window {
    reader: Box<dyn Read + Send>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of `buffer[0]` in the (decompressed) stream.
    base: u64,
    ended: bool,
    fault: Option<String>,
}

/// A line of a text file.
pub(super) enum Line {
    /// With its end, which is not part of the place.
    Whole(Range<usize>),
    /// What stands behind the last line end: a file cut off, or one without a last line end.
    Last(Range<usize>),
    /// Longer than any line may be; gone.
    TooLong,
}

impl Window {
    /// Opens a file and takes off its layers of compression, told by their first bytes.
    pub(super) fn open(file: File) -> io::Result<Window> {
        let mut reader: Box<dyn Read + Send> = Box::new(file);
        let mut layers = 0;
        loop {
            let mut prefix = Vec::with_capacity(PREFIX_BYTES);
            let fault = (&mut reader)
                .take(PREFIX_BYTES as u64)
                .read_to_end(&mut prefix)
                .err();
            layers += 1;
            match prefix.as_slice() {
                _ if layers > LAYERS_MAX => return Ok(Window::new(prefix, reader, fault)),
                [0x1f, 0x8b, 8, ..] => {
                    let whole = Cursor::new(prefix).chain(reader);
                    reader = Box::new(flate2::read::MultiGzDecoder::new(whole));
                }
                [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
                    let whole = Cursor::new(prefix).chain(reader);
                    reader = Box::new(zstd::stream::read::Decoder::new(whole)?);
                }
                _ => return Ok(Window::new(prefix, reader, fault)),
            }
        }
    }

    fn new(prefix: Vec<u8>, reader: Box<dyn Read + Send>, fault: Option<io::Error>) -> Window {
        let end = prefix.len();
        Window {
            reader,
            buffer: prefix,
            start: 0,
            end,
            base: 0,
            // A prefix that is not full is the whole file; only larger ones get a large buffer.
            ended: fault.is_some() || end < PREFIX_BYTES,
            fault: fault.map(|fault| fault.to_string()),
        }
    }

    /// Everything that is there.
    #[inline]
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Bytes taken with [`Window::take`] or [`Window::line`], until more are asked for.
    #[inline]
    pub(super) fn taken(&self, place: Range<usize>) -> &[u8] {
        &self.buffer[place]
    }

    /// Where the next byte is in the (decompressed) stream.
    pub(super) fn offset(&self) -> u64 {
        self.base + self.start as u64
    }

    /// Why reading ended, when it was not the end of the file.
    pub(super) fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&mut self) -> bool {
        !self.has(1)
    }

    /// Takes `count` bytes, which must be there, and says where they are in the buffer.
    #[inline]
    pub(super) fn take(&mut self, count: usize) -> Range<usize> {
        debug_assert!(count <= self.end - self.start);
        let place = self.start..self.start + count;
        self.start += count;
        place
    }

    /// Takes a line without its end. `None` at the end of the stream.
    pub(super) fn line(&mut self, bytes_max: usize) -> Option<Line> {
        let mut looked_at = 0;
        loop {
            let bytes = self.bytes();
            if let Some(index) = bytes[looked_at..].iter().position(|byte| *byte == b'\n') {
                let count = looked_at + index;
                let mut place = self.take(count + 1);
                place.end -= 1;
                if self.buffer[place.clone()].last() == Some(&b'\r') {
                    place.end -= 1;
                }
                return Some(Line::Whole(place));
            }
            looked_at = bytes.len();
            if looked_at > bytes_max {
                self.discard_line();
                return Some(Line::TooLong);
            }
            if !self.has(looked_at + 1) {
                return (looked_at > 0).then(|| Line::Last(self.take(looked_at)));
            }
        }
    }

    /// Lets go of everything up to the end of the line.
    fn discard_line(&mut self) {
        while self.has(1) {
            let bytes = self.bytes();
            match bytes.iter().position(|byte| *byte == b'\n') {
                Some(index) => {
                    self.start += index + 1;
                    return;
                }
                None => self.start = self.end,
            }
        }
    }

    /// Lets go of `count` bytes that may not be read yet, without keeping them. False when the stream ends before.
    pub(super) fn discard(&mut self, mut count: u64) -> bool {
        loop {
            let here = count.min((self.end - self.start) as u64) as usize;
            self.start += here;
            count -= here as u64;
            if count == 0 {
                return true;
            }
            if !self.has(1) {
                return false;
            }
        }
    }

    /// Whether `count` bytes are there, reading as needed. The buffer grows only as bytes really come.
    #[inline]
    pub(super) fn has(&mut self, count: usize) -> bool {
        self.end - self.start >= count || self.fill(count)
    }

    #[cold]
    fn fill(&mut self, count: usize) -> bool {
        while self.end - self.start < count {
            if self.ended {
                return false;
            }
            if self.start > 0 {
                self.buffer.copy_within(self.start..self.end, 0);
                self.base += self.start as u64;
                self.end -= self.start;
                self.start = 0;
            }
            if self.end == self.buffer.len() {
                let bytes = (self.buffer.len() * 2).max(WINDOW_BYTES);
                self.buffer.resize(bytes, 0);
            }
            match self.reader.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(bytes) => self.end += bytes,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    self.ended = true;
                    self.fault = Some(error.to_string());
                }
            }
        }
        true
    }
}
