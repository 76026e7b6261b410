//! The atomics and locks of this folder: the standard library's, or those of the model checker.
//!
//! Built with `--cfg loom`, all that two threads share here is run through every interleaving by
//! the tests of `tests/loom.rs`.

#[cfg(loom)]
pub(super) use loom::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, fence};
#[cfg(loom)]
pub(super) use loom::sync::{Mutex, MutexGuard};
#[cfg(not(loom))]
pub(super) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, fence};
#[cfg(not(loom))]
pub(super) use std::sync::{Mutex, MutexGuard};

pub(super) use std::sync::atomic::Ordering;

/// Locks, also after a panic of another holder: what the locks of this folder guard is whole at
/// every moment at which a holder can panic.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}
