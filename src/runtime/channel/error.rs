//! Why a send or a receive did not happen.

use std::fmt;

/// Why a message was not sent; it is handed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrySendError<M> {
    /// The ring is full: count it, or try again later.
    Full(M),
    /// The receiving node is gone and will not be back.
    Closed(M),
}

impl<M> fmt::Display for TrySendError<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Full(_) => "the channel is full",
            Self::Closed(_) => "the receiving node is gone",
        })
    }
}

impl<M: fmt::Debug> std::error::Error for TrySendError<M> {}

/// The receiving node is gone; the message is handed back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closed<M>(pub M);

impl<M> fmt::Display for Closed<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the receiving node is gone")
    }
}

impl<M: fmt::Debug> std::error::Error for Closed<M> {}

/// Why nothing was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TryReceiveError {
    /// Nothing is waiting; more may come.
    Empty,
    /// Nothing is waiting and nothing will come any more: the stream has ended.
    Closed,
}

impl fmt::Display for TryReceiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the channel is empty",
            Self::Closed => "the stream has ended",
        })
    }
}

impl std::error::Error for TryReceiveError {}

/// Why no sender was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddSenderError {
    /// There are as many senders as the channel was built for.
    TooMany,
    /// The receiving node is gone and will not be back.
    Closed,
}

impl fmt::Display for AddSenderError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooMany => "the channel has as many senders as it was built for",
            Self::Closed => "the receiving node is gone",
        })
    }
}

impl std::error::Error for AddSenderError {}
