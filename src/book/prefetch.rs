//! A hint to the processor that a cache line will be read soon.

/// Does nothing but, perhaps, fetch.
#[inline(always)]
pub(super) fn prefetch<T>(_at: &T) {}
