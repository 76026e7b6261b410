//! A hint to the processor that a cache line will be read soon.
//!
//! Safety argument: a prefetch reads nothing that the program can see, writes nothing, and never faults, whatever
//! the address. Here the address is that of a live reference besides. Books are bound by cache misses, and
//! overlapping those of several ticks is what looking ahead is for (`benches/book.rs`, `ours` against
//! `ours, one by one`). On other processors this does nothing.

#![allow(unsafe_code)]

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
