//! A capture file mapped into memory: its bytes without a copy.
//!
//! Reading copies every byte out of the page cache, which costs more than walking the packets that lie there. A map
//! shows the pages themselves. They are made present a [`STEP_BYTES`] at a time, so that a page costs no fault of
//! its own; pages behind the reader are the system's to take back.
//!
//! What copying does on the side is to bring the bytes near: the processor sees a long run of reads. Walking a chain of message
//! lengths it sees one at a time, and each line of the page cache would be waited for. So lines are fetched ahead, as many
//! as are taken: on a busy machine packets of 42 messages took 24 ns a message without, 12 with, where bare copying took 17.
//!
//! Safety argument of fetching ahead: a prefetch reads nothing that the program can see, writes nothing and never faults.
//!
//! Safety argument of the map: the map is private and never written through, so nothing here changes a file. What is left
//! is that the file itself changes while it is looked at.
//! - Another process cuts it off: reading behind its new end is SIGBUS, and the process ends.
//! - Another process writes over it: bytes change under a slice.
//!
//! Neither can be prevented, and files that are still being written are where it happens. So only a regular file is
//! mapped whose last change is at least [`SETTLED`] ago and not ahead of the clock; every other one is read.
//! Whoever cuts off or overwrites a finished capture during its replay must expect the replay to end or to read what
//! was never sent; all that is read is checked as hostile anyway, and lengths are taken once and then held against the map's.

#![allow(unsafe_code)]

use crate::sys::clock::unix_now_ns;
use memmap2::{Advice, Mmap, MmapOptions};
use std::fs::File;
use std::ops::{Deref, Range};
use std::time::{Duration, UNIX_EPOCH};

/// How long ago a file's last change must be.
const SETTLED: Duration = Duration::from_secs(10);
/// Files below this are read: a map costs more to make than a few copies.
const FILE_BYTES_MIN: u64 = 256 << 10;
/// What is made present at once, in bytes; a multiple of every page size.
const STEP_BYTES: usize = 2 << 20;
/// How far ahead lines are fetched: four full packets, well within the nearest cache.
const AHEAD_BYTES: usize = 6 << 10;
/// Bytes of a line of the cache.
const LINE_BYTES: usize = 64;

/// A file's bytes, as long as it was when it was opened.
pub(super) struct Mapped {
    map: Mmap,
    /// Bytes from the start that are asked for.
    ready: usize,
}

impl Mapped {
    /// Maps a settled regular file; `None` for every other one, and where the system does not map it.
    pub(super) fn of(file: &File) -> Option<Mapped> {
        let facts = file.metadata().ok()?;
        let changed = facts.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        let age = Duration::from_nanos(unix_now_ns()).checked_sub(changed);
        let is_settled = age.is_some_and(|age| age >= SETTLED);
        if !facts.is_file() || facts.len() < FILE_BYTES_MIN || !is_settled {
            return None;
        }
        let length = usize::try_from(facts.len()).ok()?;
        // SAFETY: see the module's head: private, never written through, and the file is a settled one.
        let map = unsafe { MmapOptions::new().len(length).map_copy_read_only(file) }.ok()?;
        // Advice: if it is refused, pages come one by one.
        let _ = map.advise(Advice::Sequential);
        Some(Mapped { map, ready: 0 })
    }

    /// Starts to fetch what lies as far behind `place` as is fetched ahead.
    #[inline(always)]
    pub(super) fn fetch_behind(&self, place: Range<usize>) {
        #[cfg(target_arch = "x86_64")]
        if let Some(ahead) = self
            .map
            .get(place.start + AHEAD_BYTES..place.end + AHEAD_BYTES)
        {
            use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
            for line in ahead.chunks(LINE_BYTES) {
                // SAFETY: a prefetch cannot fault or change anything, and SSE, which has it, is part of every x86-64.
                unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
            }
        }
        #[cfg(not(target_arch = "x86_64"))]
        let _ = place;
    }

    /// Makes the next step of pages present and returns how many bytes from the start are; the length once all are.
    #[cold]
    pub(super) fn extend(&mut self) -> usize {
        let count = STEP_BYTES.min(self.map.len() - self.ready);
        if count > 0 {
            let here = self
                .map
                .advise_range(Advice::PopulateRead, self.ready, count);
            if here.is_err() {
                // An older kernel: at least the disk is asked early.
                let _ = self.map.advise_range(Advice::WillNeed, self.ready, count);
            }
            self.ready += count;
        }
        self.ready
    }
}

impl Deref for Mapped {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        &self.map
    }
}
