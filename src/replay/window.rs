//! A window over a stream of bytes: a mapped file, or one large buffer of our own; slices out of it, no copy per packet.

use super::mapped::Mapped;
use std::fs::File;
use std::io::{self, Cursor, Read};
use std::ops::Range;

/// Room at the start: large enough that the copy of a packet cut by the buffer's end does not show, small enough that what
/// the system copies in is still in the nearest caches when it is read.
const WINDOW_BYTES: usize = 128 << 10;
/// What is looked at to tell what a file is.
pub(super) const PREFIX_BYTES: usize = 64 << 10;
/// Layers of compression one in the other.
const LAYERS_MAX: usize = 3;

/// Where bytes that are there lie.
enum Store {
    /// In a buffer that is filled from a reader, again and again.
    Buffer(Vec<u8>),
    /// In the file itself, all of it.
    Map(Mapped),
}

impl Store {
    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        match self {
            Store::Map(map) => map,
            Store::Buffer(buffer) => buffer,
        }
    }
}

/// Bytes read but not used yet, and where they are in the stream.
pub(super) struct Window {
    reader: Box<dyn Read + Send>,
    store: Store,
    start: usize,
    end: usize,
    /// Offset of the store's first byte in the (decompressed) stream.
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
    /// Opens a file, at its start, and takes off its layers of compression, told by their first bytes.
    ///
    /// A settled file without any is mapped (see [`super::mapped`]); everything else is read.
    pub(super) fn open(file: File) -> io::Result<Window> {
        if let Some(map) = Mapped::of(&file).filter(|map| compression_of(map).is_none()) {
            return Ok(Window::over(map));
        }
        let mut reader: Box<dyn Read + Send> = Box::new(file);
        let mut layers = 0;
        loop {
            let mut prefix = Vec::with_capacity(PREFIX_BYTES);
            let fault = (&mut reader)
                .take(PREFIX_BYTES as u64)
                .read_to_end(&mut prefix)
                .err();
            layers += 1;
            match compression_of(&prefix) {
                Some(compression) if layers <= LAYERS_MAX => {
                    let whole = Cursor::new(prefix).chain(reader);
                    reader = match compression {
                        Compression::Gzip => Box::new(flate2::read::MultiGzDecoder::new(whole)),
                        Compression::Zstd => Box::new(zstd::stream::read::Decoder::new(whole)?),
                    };
                }
                _ => return Ok(Window::new(prefix, reader, fault)),
            }
        }
    }

    /// All of a mapped file.
    fn over(mut map: Mapped) -> Window {
        Window {
            reader: Box::new(io::empty()),
            end: map.extend(),
            store: Store::Map(map),
            start: 0,
            base: 0,
            ended: false,
            fault: None,
        }
    }

    fn new(prefix: Vec<u8>, reader: Box<dyn Read + Send>, fault: Option<io::Error>) -> Window {
        let end = prefix.len();
        Window {
            reader,
            store: Store::Buffer(prefix),
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
        &self.store.bytes()[self.start..self.end]
    }

    /// Bytes taken with [`Window::take`] or [`Window::line`], until more are asked for.
    #[inline]
    pub(super) fn taken(&self, place: Range<usize>) -> &[u8] {
        &self.store.bytes()[place]
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

    /// Takes `count` bytes, which must be there, and says where they are. Of a mapped file as many are fetched for later.
    #[inline(always)]
    pub(super) fn take(&mut self, count: usize) -> Range<usize> {
        debug_assert!(count <= self.end - self.start);
        let place = self.start..self.start + count;
        self.start += count;
        if let Store::Map(map) = &self.store {
            map.fetch_behind(place.clone());
        }
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
                if self.store.bytes()[place.clone()].last() == Some(&b'\r') {
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

    /// Whether `count` bytes are there, reading as needed. A buffer grows only as bytes really come.
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
            let buffer = match &mut self.store {
                Store::Buffer(buffer) => buffer,
                Store::Map(map) => {
                    let end = map.extend();
                    self.ended = end == self.end;
                    self.end = end;
                    continue;
                }
            };
            if self.start > 0 {
                buffer.copy_within(self.start..self.end, 0);
                self.base += self.start as u64;
                self.end -= self.start;
                self.start = 0;
            }
            if self.end == buffer.len() {
                let bytes = (buffer.len() * 2).max(WINDOW_BYTES);
                buffer.resize(bytes, 0);
            }
            match self.reader.read(&mut buffer[self.end..]) {
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

/// A layer of compression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Compression {
    Gzip,
    Zstd,
}

/// The layer that a stream with these first bytes is in, if any.
fn compression_of(prefix: &[u8]) -> Option<Compression> {
    match prefix {
        [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
        // A frame, or one that is to be skipped.
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            Some(Compression::Zstd)
        }
        _ => None,
    }
}
