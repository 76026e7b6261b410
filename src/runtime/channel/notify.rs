//! A call from any thread that has a node run.

use std::sync::Arc;

use super::ready::HasWork;
use super::sync::{AtomicBool, Ordering};
use super::wake::Bell;

/// Schedules a node from any thread; calls between two runs of the node are one.
///
/// There is no queue of notifications, so none can be full: a notification is a flag of the node,
/// raised by any number of callers and lowered by the run.
#[derive(Debug, Clone)]
pub struct Notifier {
    raised: Raised,
    bell: Bell,
}

impl Notifier {
    pub(in crate::runtime) fn new(raised: Raised, bell: Bell) -> Self {
        Self { raised, bell }
    }

    /// Has the node run in the next cycle. What the caller wrote before is visible to that run.
    pub fn notify(&self) {
        // An exchange like that of the run: each of the two sees what the other left.
        self.raised.0.swap(true, Ordering::AcqRel);
        self.bell.ring();
    }
}

/// The flag of a node with a notifier, as the graph holds it.
#[derive(Debug, Clone)]
pub(in crate::runtime) struct Raised(Arc<AtomicBool>);

impl Raised {
    pub(in crate::runtime) fn new() -> Self {
        Self(Arc::new(AtomicBool::new(false)))
    }

    /// Called before the run: a call during it makes the node run again.
    pub(in crate::runtime) fn lower(&self) {
        self.0.swap(false, Ordering::AcqRel);
    }
}

impl HasWork for Raised {
    fn has_work(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}
