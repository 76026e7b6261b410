//! Hints about memory: that a cache line will be read soon, and that an array will be read all over.
//!
//! Safety argument: a prefetch reads nothing that the program can see, writes nothing, and never faults, whatever
//! the address. Here the address is that of a live reference besides. Books are bound by cache misses, and
//! overlapping those of several ticks is what looking ahead is for (`benches/book.rs`, `ours` against
//! `ours, one by one`). On other processors this does nothing.
//!
//! Large pages are asked for as advice on memory that is allocated and not yet used. The kernel may follow it or not;
//! what the memory holds is the same. Without them, most reads of the order table miss the address translation too,
//! and a prefetch waits for that.

#![allow(unsafe_code)]

/// The smallest page of any kernel this runs on may be larger; then the advice is refused, which does no harm.
#[cfg(target_os = "linux")]
const PAGE_BYTES: usize = 4096;

/// An array with room for `count` values, in large pages where the system has them.
pub(super) fn with_large_pages<T>(count: usize) -> Vec<T> {
    let mut values = Vec::with_capacity(count);
    #[cfg(target_os = "linux")]
    {
        use nix::sys::mman::{MmapAdvise, madvise};
        let room = values.spare_capacity_mut();
        let bytes = size_of_val(room);
        let start = room.as_mut_ptr().cast::<std::ffi::c_void>();
        let skipped = start.align_offset(PAGE_BYTES);
        let inside = bytes.saturating_sub(skipped) / PAGE_BYTES * PAGE_BYTES;
        if let Some(first) = std::ptr::NonNull::new(start.wrapping_byte_add(skipped))
            && inside > 0
        {
            // SAFETY: the range lies inside of one live allocation of ours. The advice changes how pages are laid out,
            // never what is in them. If it is refused, all stays as it was.
            let _ = unsafe { madvise(first, inside, MmapAdvise::MADV_HUGEPAGE) };
        }
    }
    values
}

/// Starts to fetch the cache line in which `at` begins.
#[inline(always)]
pub(super) fn prefetch<T>(at: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: prefetching cannot fault or change anything, and SSE, which has it, is part of every x86-64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(at).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = at;
}
