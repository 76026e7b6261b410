//! The system's allocator, with a count of what each thread asks of it.
//!
//! A test that counts names this file with `#[path]` and installs [`Counting`]; the threads of the test harness and of
//! peers have counts of their own.
#![allow(dead_code)]
// A counting allocator can only be installed through an unsafe trait.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// The allocator: `#[global_allocator] static ALLOCATOR: Counting = Counting;`.
pub(crate) struct Counting;

thread_local! {
    static ASKED: Cell<u64> = const { Cell::new(0) };
    static GIVEN_BACK: Cell<u64> = const { Cell::new(0) };
    static IS_TRACED: Cell<bool> = const { Cell::new(false) };
}

/// How often this thread has asked for memory.
pub(crate) fn asked() -> u64 {
    ASKED.get()
}

/// How often this thread has asked for memory or given it back.
pub(crate) fn calls() -> u64 {
    ASKED.get() + GIVEN_BACK.get()
}

/// Prints whence memory is asked for by this thread, where `WAVELETD_ALLOCATIONS_TRACE` is set.
pub(crate) fn trace(on: bool) {
    IS_TRACED.set(on && std::env::var_os("WAVELETD_ALLOCATIONS_TRACE").is_some());
}

fn count() {
    // A thread at its end has no counter any more; nothing is measured there.
    let _ = ASKED.try_with(|count| count.set(count.get() + 1));
    if IS_TRACED.try_with(Cell::get).unwrap_or(false) {
        IS_TRACED.set(false);
        let whence = std::backtrace::Backtrace::force_capture();
        eprintln!("memory was asked for:\n{whence}");
        IS_TRACED.set(true);
    }
}

// SAFETY: every call is passed on to the system's allocator unchanged; the counters are plain cells of the thread, which
// need no memory and no destructor.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller's promises are passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        let _ = GIVEN_BACK.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}
