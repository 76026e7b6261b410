//! Bounded channels from other threads into the graph, and the wake-up that goes with them.
//!
//! | want | take | when it is full |
//! |---|---|---|
//! | every message, one sender | [`channel`] | the sender's choice: an error, or waiting for room |
//! | every message, many senders | [`channel_many`] | as above, for each sender by itself |
//! | the newest messages | [`overwriting_channel`] | the oldest goes, counted |
//! | large messages | any of these, of a [`Pool`]'s [`Loan`]s | an error when all are lent out |
//! | that a node runs | [`Notifier`] | cannot be: calls before a run are one |
//!
//! Nothing here allocates after building, adding a sender apart. [`channel`] and [`channel_many`]
//! are wait-free on both sides: `rtrb`'s ring, one for each sender.
//!
//! *The end.* A stream ends when its sender (all of them, and all handles) is dropped or closed.
//! The receiver gets everything sent before, then [`TryReceiveError::Closed`]; a receiving node is
//! run once more for that. When the receiver is gone, a send is an error that hands the message
//! back.
//!
//! Two protocols are the heart of it, each argued where it stands and run through every
//! interleaving by a model checker: no wake-up is lost (`wake.rs`), no ready channel is overlooked
//! (`ready.rs`).

mod error;
#[cfg(all(test, loom))]
mod loom_tests;
mod many;
mod notify;
mod overwrite;
mod pool;
mod ready;
mod spsc;
mod sync;
#[cfg(all(test, not(loom)))]
mod tests;
mod wake;

pub use error::{AddSenderError, Closed, TryReceiveError, TrySendError};
pub use many::{ChannelHandle, MultiReceiver, channel_many};
pub use notify::Notifier;
pub(super) use notify::Raised;
pub use overwrite::{OverwritingReceiver, OverwritingSender, overwriting_channel};
pub use pool::{Loan, Pool, PoolEmpty};
pub(super) use ready::{HasWork, Mark, Ready};
pub use spsc::{Receiver, Sender, channel};
pub(super) use wake::Bell;
pub use wake::Wake;

use std::cell::RefCell;

/// What a node receives from: one of the receivers of this folder.
pub(super) trait Inbox: 'static {
    /// Whether the node has something to do: a message, or the end of the stream not yet told.
    fn has_work(&self) -> bool;
    /// Called before each run of the node.
    fn before_run(&mut self);
}

macro_rules! inbox {
    ($($receiver:ident),*) => {$(
        impl<M: 'static> Inbox for $receiver<M> {
            #[inline]
            fn has_work(&self) -> bool {
                $receiver::has_work(self)
            }

            #[inline]
            fn before_run(&mut self) {
                $receiver::before_run(self);
            }
        }
    )*};
}

inbox!(Receiver, MultiReceiver, OverwritingReceiver);

impl<R: Inbox> HasWork for RefCell<R> {
    #[inline]
    fn has_work(&self) -> bool {
        // Borrowed only while the node runs, when nobody asks.
        self.try_borrow().is_ok_and(|inbox| inbox.has_work())
    }
}
